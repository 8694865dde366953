#include "app/picture.h"

#include <string.h>

#ifdef HAVE_GRAPHVIZ
#include <graphviz/gvc.h>

/* The graph laid out by `engine` and told of in `format`; NULL with `error` set. */
static char *render(const char *dot, const char *engine, const char *format, GError **error)
{
	GVC_t *context = gvContext();
	Agraph_t *graph = agmemread(dot);
	char *rendered = NULL, *text = NULL;
	unsigned length;

	if (graph != NULL && gvLayout(context, graph, engine) == 0) {
		if (gvRenderData(context, graph, format, &rendered, &length) == 0) {
			text = g_strndup(rendered, length);
			gvFreeRenderData(rendered);
		}
		gvFreeLayout(context, graph);
	}
	if (graph != NULL)
		agclose(graph);
	gvFreeContext(context);
	if (text == NULL)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
			    "Graphviz could not lay the graph out");
	return text;
}
#else
static char *render(const char *dot, const char *engine, const char *format, GError **error)
{
	(void)dot;
	(void)engine;
	(void)format;
	g_set_error(
	    error, G_FILE_ERROR, G_FILE_ERROR_NOSYS,
	    "this mailwire was built without Graphviz; install libgraphviz-dev and build it "
	    "again, or use --dot and a Graphviz of your own");
	return NULL;
}
#endif

char *picture_svg(const char *dot, GError **error)
{
	return render(dot, "neato", "svg", error);
}

#define POINTS_PER_INCH 72

/* Reads a line such as "node n3 1.25 0.5 ...": inches, from the left and from below. */
static void read_place(const char *line, struct picture_place *places, unsigned count)
{
	g_auto(GStrv) words = g_strsplit(line, " ", 5);
	guint64 number;

	if (g_strv_length(words) < 4 || strcmp(words[0], "node") != 0 || words[1][0] != 'n' ||
	    !g_ascii_string_to_unsigned(words[1] + 1, 10, 1, count, &number, NULL))
		return;
	places[number].x = POINTS_PER_INCH * g_ascii_strtod(words[2], NULL);
	places[number].y = -POINTS_PER_INCH * g_ascii_strtod(words[3], NULL);
}

bool picture_lay_out(const char *dot, const char *engine, struct picture_place *places,
		     unsigned count, GError **error)
{
	g_autofree char *plain = render(dot, engine, "plain", error);
	g_auto(GStrv) lines = NULL;

	if (plain == NULL)
		return false;
	lines = g_strsplit(plain, "\n", -1);
	for (char **line = lines; *line != NULL; line++)
		read_place(*line, places, count);
	return true;
}
