#include "app/picture.h"

#ifdef HAVE_GRAPHVIZ
#include <graphviz/gvc.h>

char *picture_svg(const char *dot, GError **error)
{
	GVC_t *context = gvContext();
	Agraph_t *graph = agmemread(dot);
	char *rendered = NULL, *svg = NULL;
	unsigned length;

	if (graph != NULL && gvLayout(context, graph, "neato") == 0) {
		if (gvRenderData(context, graph, "svg", &rendered, &length) == 0) {
			svg = g_strndup(rendered, length);
			gvFreeRenderData(rendered);
		}
		gvFreeLayout(context, graph);
	}
	if (graph != NULL)
		agclose(graph);
	gvFreeContext(context);
	if (svg == NULL)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
			    "Graphviz could not lay the graph out");
	return svg;
}
#else
char *picture_svg(const char *dot, GError **error)
{
	(void)dot;
	g_set_error(
	    error, G_FILE_ERROR, G_FILE_ERROR_NOSYS,
	    "this mailwire was built without Graphviz; install libgraphviz-dev and build it "
	    "again, or use --dot and a Graphviz of your own");
	return NULL;
}
#endif
