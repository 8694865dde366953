/* Where nodes stand: from left to right as far as they are from the first that acts. */
#include "protocols/layer.h"
#include "sim/world.h"
#include "views/page_private.h"
#include "views/text.h"

#define COLUMN_POINTS 120.0
#define ROW_POINTS    56.0

struct ranks {
	const struct model *model;
	uint32_t count;  /* nodes */
	uint32_t *order; /* as they are reached, from the first */
	int *rank;       /* by node; -1: not reached */
	uint32_t first;
};

/* Where the first action happens; 0: there are no nodes. */
static uint32_t first_node(const struct history *history)
{
	for (uint32_t i = 0; i < history_event_count(history); i++) {
		const struct history_event *event = history_event(history, i);

		if (event->kind == HISTORY_ACTION && event->node != 0)
			return event->node;
	}
	return model_node_count(history_model(history)) > 0 ? 1 : 0;
}

static uint32_t peer_of(const struct model_node *node, guint index)
{
	const struct model_interface *interface = node->interfaces->pdata[index];

	return interface == NULL ? 0 : (uint32_t)(interface->peer >> 16);
}

/* Reaches all that can be reached from `start`, breadth first. */
static uint32_t reach(struct ranks *ranks, uint32_t start, uint32_t reached)
{
	uint32_t next = reached;

	ranks->rank[start] = 0;
	ranks->order[reached++] = start;
	while (next < reached) {
		uint32_t number = ranks->order[next++];
		const struct model_node *node = model_node(ranks->model, number);

		for (guint i = 0; i < node->interfaces->len; i++) {
			uint32_t peer = peer_of(node, i);

			if (peer == 0 || ranks->rank[peer] >= 0)
				continue;
			ranks->rank[peer] = ranks->rank[number] + 1;
			ranks->order[reached++] = peer;
		}
	}
	return reached;
}

static unsigned degree(const struct model_node *node)
{
	unsigned count = 0;

	for (guint i = 0; i < node->interfaces->len; i++)
		count += peer_of(node, i) != 0;
	return count;
}

/* By node, whether a user acts there. */
static bool *nodes_of_users(const struct history *history)
{
	bool *is_user = g_new0(bool, model_node_count(history_model(history)) + 1);

	for (uint32_t i = 0; i < history_event_count(history); i++) {
		const struct history_event *event = history_event(history, i);

		is_user[event->node] |= event->kind == HISTORY_ACTION;
	}
	return is_user;
}

/* Other users with one cable, to the node that the first has one to, stand below the first. */
static void line_up(struct ranks *ranks, const bool *is_user)
{
	uint32_t neighbour = 0;
	const struct model_node *first = model_node(ranks->model, ranks->first);

	for (guint i = 0; i < first->interfaces->len && neighbour == 0; i++)
		neighbour = peer_of(first, i);
	for (uint32_t i = 1; i <= ranks->count; i++) {
		const struct model_node *node = model_node(ranks->model, i);

		if (node != NULL && is_user[i] && ranks->rank[i] == 2 && degree(node) == 1 &&
		    peer_of(node, 0) == neighbour)
			ranks->rank[i] = 0;
	}
}

static void ranks_init(struct ranks *ranks, const struct history *history)
{
	uint32_t reached = 0;

	ranks->model = history_model(history);
	ranks->count = model_node_count(ranks->model);
	ranks->order = g_new0(uint32_t, ranks->count + 1);
	ranks->rank = g_new0(int, ranks->count + 1);
	ranks->first = first_node(history);
	for (uint32_t i = 0; i <= ranks->count; i++)
		ranks->rank[i] = -1;
	if (ranks->first != 0 && model_node(ranks->model, ranks->first) != NULL) {
		reached = reach(ranks, ranks->first, 0);
		bool *is_user = nodes_of_users(history);

		line_up(ranks, is_user);
		g_free(is_user);
	}
	for (uint32_t i = 1; i <= ranks->count; i++)
		if (ranks->rank[i] < 0 && model_node(ranks->model, i) != NULL)
			reached = reach(ranks, i, reached);
	ranks->count = reached;
}

static void ranks_clear(struct ranks *ranks)
{
	g_free(ranks->order);
	g_free(ranks->rank);
}

/* Inches of its box, as wide as its name. */
static double width_of(const struct model_node *node)
{
	return 0.5 + 0.09 * (double)g_utf8_strlen(node->name, -1);
}

static void append_node(GString *dot, const struct ranks *ranks, uint32_t number)
{
	int hundredths = (int)(100 * width_of(model_node(ranks->model, number)));

	g_string_append_printf(dot, "n%u [width=%d.%02d];\n", number, hundredths / 100,
			       hundredths % 100);
}

/* Each cable once, from the node on the left to that on the right. */
static void append_edges(GString *dot, const struct ranks *ranks, uint32_t number)
{
	const struct model_node *node = model_node(ranks->model, number);

	for (guint i = 0; i < node->interfaces->len; i++) {
		uint32_t peer = peer_of(node, i);

		if (peer == 0 || ranks->rank[peer] < ranks->rank[number])
			continue;
		if (peer < number && ranks->rank[peer] == ranks->rank[number])
			continue;
		g_string_append_printf(dot, "n%u -- n%u;\n", number, peer);
	}
}

char *page_graph(const struct history *history)
{
	GString *dot = g_string_new("graph mailwire {\n"
				    "graph [rankdir=LR, nodesep=0.3, ranksep=0.55];\n"
				    "node [shape=box, fixedsize=true, height=0.5];\n");
	struct ranks ranks;

	ranks_init(&ranks, history);
	for (uint32_t i = 0; i < ranks.count; i++)
		append_node(dot, &ranks, ranks.order[i]);
	for (uint32_t i = 0; i < ranks.count; i++)
		append_edges(dot, &ranks, ranks.order[i]);
	ranks_clear(&ranks);
	g_string_append(dot, "}\n");
	return g_string_free(dot, FALSE);
}

struct page_place *page_places_plain(const struct history *history)
{
	struct page_place *places =
	    g_new0(struct page_place, model_node_count(history_model(history)) + 1);
	struct ranks ranks;
	int *used;

	ranks_init(&ranks, history);
	used = g_new0(int, ranks.count + 1);
	for (uint32_t i = 0; i < ranks.count; i++) {
		int rank = ranks.rank[ranks.order[i]];

		places[ranks.order[i]] = (struct page_place) {
			.x = COLUMN_POINTS * rank,
			.y = ROW_POINTS * used[rank]++ + 0.25 * ROW_POINTS * (rank % 2),
		};
	}
	g_free(used);
	ranks_clear(&ranks);
	return places;
}
