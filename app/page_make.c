#include "app/page_make.h"

#include "app/picture.h"

/* Laid out by Graphviz where it is there. */
static struct page_place *place_nodes(const struct history *history)
{
	unsigned count = model_node_count(history_model(history));
	struct page_place *places = page_places_plain(history);
	g_autofree struct picture_place *laid_out = g_new0(struct picture_place, count + 1);
	g_autofree char *dot = page_graph(history);

	if (!picture_lay_out(dot, "dot", laid_out, count, NULL))
		return places;
	for (unsigned i = 1; i <= count; i++)
		places[i] = (struct page_place) { laid_out[i].x, laid_out[i].y };
	return places;
}

void page_make(struct output *output, struct history *history, struct page_options options)
{
	struct page_place *places = place_nodes(history);

	options.places = places;
	page_write(output, history, &options);
	g_free(places);
}
