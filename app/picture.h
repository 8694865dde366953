/* Pictures of graphs, laid out by Graphviz where mailwire was built with it. */
#pragma once
#include <glib.h>

/* The SVG of a graph in DOT; NULL with `error` set. The caller frees it. */
char *picture_svg(const char *dot, GError **error);
