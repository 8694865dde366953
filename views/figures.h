/* Pictures of a run as SVG: frames as nested boxes, conversations as ladders. From bytes and the model. */
#pragma once
#include "views/boxes.h"

/* A frame, or one beside the other with what changed marked. */
struct figure_boxes {
	struct bytes before, after; /* Ethernet frames; `before` may be empty */
	const char *before_title, *after_title;
};

/* The SVG; the caller frees it. */
char *figure_boxes(const struct model *model, const struct figure_boxes *boxes);

/* One arrow of a ladder. */
struct figure_step {
	bool is_from_server;
	bool is_lost;
	uint8_t layer;  /* its colour */
	uint64_t frame; /* 0: none */
	int64_t time_ns;
	const char *text; /* may hold anything */
};

struct figure_ladder {
	const char *client, *server; /* names of the two ends */
	const struct figure_step *steps;
	size_t step_count;
	size_t left_out; /* steps behind those that are not drawn */
};

char *figure_ladder(const struct figure_ladder *ladder);

/* The network as a graph in DOT, for Graphviz; the caller frees it. */
char *figure_network_dot(const struct model *model);
