/* Pictures of graphs, laid out by Graphviz where mailwire was built with it. */
#pragma once
#include <glib.h>
#include <stdbool.h>

/* The SVG of a graph in DOT; NULL with `error` set. The caller frees it. */
char *picture_svg(const char *dot, GError **error);

struct picture_place {
	double x, y; /* its middle in points, to the right and down */
};

/*
 * Lays out a graph in DOT by the engine of that name, and puts the place of node "nN" into places[N], for
 * N from 1 to `count`. False with `error` set when it cannot; `places` is untouched then.
 */
bool picture_lay_out(const char *dot, const char *engine, struct picture_place *places,
		     unsigned count, GError **error);
