/* Pictures of a run as SVG: frames as nested boxes, conversations as ladders. From bytes and the model. */
#pragma once
#include "views/boxes.h"

/* A frame, or one beside the other with what changed marked. */
struct figure_boxes {
	struct bytes before, after; /* Ethernet frames; `before` may be empty */
	const char *before_title, *after_title;
};

/* A row that is drawn: a header with its length, a field of it, or a line of what is carried. */
struct figure_row {
	bool is_before; /* in that frame */
	const struct box *box;
	const struct box_field *field; /* NULL: none */
	const char *line;              /* NULL: none; neither: the header */
};

/* Calls `row` for each that figure_boxes() draws, in order. */
void figure_boxes_rows(const struct model *model, const struct figure_boxes *figure,
		       void (*row)(void *owner, const struct figure_row *row), void *owner);

/* The SVG; the caller frees it. */
char *figure_boxes(const struct model *model, const struct figure_boxes *boxes);

/* One arrow of a ladder. */
struct figure_step {
	bool is_from_server;
	bool is_lost;
	uint8_t layer; /* its colour */
	const char *time, *frame;
	const char *text; /* may hold anything */
};

struct figure_ladder {
	const char *client, *server; /* names of the two ends */
	const struct figure_step *steps;
	size_t step_count;
	bool has_more; /* steps behind those, which are not drawn */
};

char *figure_ladder(const struct figure_ladder *ladder);

/* The network as a graph in DOT, for Graphviz; the caller frees it. */
char *figure_network_dot(const struct model *model);
