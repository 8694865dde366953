/*
 * The page: a run as one HTML file that opens from disk and asks the network for nothing. It holds the
 * front end (views/page/) and the history of the run as JSON: columns of numbers and one table of
 * texts. What fields are called and are for, what happens at a hop and why, comes from the codecs'
 * tables and the history; the front end knows no protocol. docs/PAGE.md describes both.
 */
#pragma once
#include "views/history.h"
#include "views/output.h"

/*
 * What a page holds at most. Beyond it something is left out, and the page says what: hops (with the
 * events and packets that begin behind the last one), bytes of frames, bytes of stored messages.
 */
#define PAGE_HOPS_MAX          250000
#define PAGE_FRAME_BYTES_MAX   ((uint64_t)8 << 20) /* of all frames, else each is cut to: */
#define PAGE_FRAME_BYTES_CUT   160
#define PAGE_MESSAGE_BYTES_MAX 16384               /* of one message */
#define PAGE_MESSAGES_BYTES    ((uint64_t)4 << 20) /* of all of them */

/* Where a node is drawn: its middle, in points, to the right and down. */
struct page_place {
	double x, y;
};

struct page_options {
	const char *title;    /* of the scenario; NULL: it has none */
	const char *file;     /* the scenario as the user called it */
	uint64_t seed;        /* of the run */
	const char *left_out; /* what the history does not hold, as a sentence; NULL: nothing */
	const struct page_place *places; /* by node, as many as model_node_count() + 1 */
};

/* Writes the page of `history`, which is finished, to `output`, whose errors its owner handles. */
void page_write(struct output *output, struct history *history, const struct page_options *options);

/*
 * The graph of nodes and cables in DOT, for who lays it out: node N is called "nN". The caller frees it,
 * and what follows: places without a lay-out, in columns.
 */
char *page_graph(const struct history *history);
struct page_place *page_places_plain(const struct history *history);
