/* Runs side by side: what went over the wires, and what that took of time and money. */
#include "views/compare_private.h"

#include "protocols/layer.h"
#include "stack/wire/ethernet.h"
#include "views/lines.h"
#include "views/names.h"

/* clang-format off */
static const struct figure_kind wire_bytes = { "wire_bytes", "bytes sent: %s", FIGURE_BYTES, FIGURE_LESS, "On the wires" };
static const struct figure_kind packets = { "packets", "packets", FIGURE_COUNT, FIGURE_LESS, "On the wires" };
static const struct figure_kind connections = { "connections", "TCP connections", FIGURE_COUNT, FIGURE_LESS, "On the wires" };
static const struct figure_kind round_trips = { "round_trips", "round trips", FIGURE_COUNT, FIGURE_LESS, "On the wires" };
static const struct figure_kind online = { "online", "online: %s", FIGURE_MINUTES, FIGURE_LESS, "Time and money" };
static const struct figure_kind line_time = { "line_time", "minutes on dial-up lines", FIGURE_MINUTES, FIGURE_LESS, "Time and money" };
static const struct figure_kind dial_up_cost = { "line_cost", "cost of dial-up lines", FIGURE_MONEY, FIGURE_LESS, "Time and money" };
static const struct figure_kind first_reading = { "first_reading", "waits to read, 1st time", FIGURE_TIME, FIGURE_LESS, "Time and money" };
static const struct figure_kind second_reading = { "second_reading", "waits to read, 2nd time", FIGURE_TIME, FIGURE_LESS, "Time and money" };
static const struct figure_kind in_vain = { "in_vain", "requests that failed", FIGURE_COUNT, FIGURE_LESS, "Time and money" };
/* clang-format on */

struct figure *compare_add(GArray *figures, const struct figure_kind *kind, const char *subject,
			   uint64_t value, uint64_t of)
{
	struct figure figure = {
		.kind = kind,
		.subject = g_strdup(subject),
		.is_known = true,
		.value = value,
		.of = of,
	};

	g_array_append_val(figures, figure);
	return &g_array_index(figures, struct figure, figures->len - 1);
}

/* The FCS ends each frame on a wire, and is Ethernet's. */
static void add_wire(const struct compare *compare, GArray *figures)
{
	struct report_totals totals = report_totals(compare->report);
	uint64_t sum = 0;

	totals.layer_bytes[LAYER_ETHERNET] += totals.packets * ETHERNET_FCS_BYTES;
	for (unsigned layer = 0; layer < REPORT_LAYERS; layer++)
		sum += totals.layer_bytes[layer];
	compare_add(figures, &wire_bytes, "all", sum, 0);
	for (unsigned layer = 0; layer < REPORT_LAYERS; layer++)
		if (totals.layer_bytes[layer] > 0)
			compare_add(figures, &wire_bytes,
				    layer == LAYER_COUNT ? "other" : view_layer_name(layer),
				    totals.layer_bytes[layer], 0);
	compare_add(figures, &packets, "", totals.packets, 0);
	compare_add(figures, &connections, "", totals.connections, 0);
	compare_add(figures, &round_trips, "", totals.round_trips, 0);
}

/* A connection that both ended, or one reset, is over with its last segment. */
static int64_t end_of(const struct compare *compare, const struct model_connection *connection)
{
	bool is_over = connection->fins == 3 || connection->was_reset;

	return is_over ? connection->closed_ns : compare->end_ns;
}

/* How long at least one connection that the node opened, and that was answered, was there. */
static uint64_t online_ns(const struct compare *compare, const char *node)
{
	int64_t until_ns = 0, sum_ns = 0;

	/* In order of opening: what is behind `until_ns` is not counted yet. */
	for (unsigned i = 0; i < model_connection_count(compare->model); i++) {
		const struct model_connection *connection = model_connection(compare->model, i);
		const char *name =
		    model_name_of_address(compare->model, connection->client.address);
		int64_t from_ns = MAX(connection->opened_ns, until_ns);
		int64_t to_ns = end_of(compare, connection);

		if (!connection->directions[1].has_initial_sequence)
			continue; /* nobody answered */
		if (g_strcmp0(name, node) != 0 || to_ns <= from_ns)
			continue;
		sum_ns += to_ns - from_ns;
		until_ns = to_ns;
	}
	return (uint64_t)sum_ns;
}

static void add_online(const struct compare *compare, GArray *figures, struct compare_sums *sums)
{
	for (guint node = 1; node < compare->stored->len; node++) {
		const char *name = model_node_name(compare->model, node);

		if (!g_array_index(compare->stored, struct compare_stored, node).has_mailboxes ||
		    compare_listens(compare, node))
			continue;
		sums->online_ns +=
		    compare_add(figures, &online, name, online_ns(compare, name), 0)->value;
	}
}

static void add_lines(const struct compare *compare, GArray *figures)
{
	const struct lines *lines = model_lines(compare->model);
	uint64_t up_ns = 0, cost = 0;
	bool is_known = lines_count(lines) > 0;

	for (unsigned i = 0; i < lines_count(lines); i++) {
		up_ns += (uint64_t)line_up_ns(lines_get(lines, i), compare->end_ns);
		cost += line_cost(lines_get(lines, i), compare->end_ns);
	}
	compare_add(figures, &line_time, "", up_ns, 0)->is_known = is_known;
	compare_add(figures, &dial_up_cost, "", cost, 0)->is_known = is_known;
}

/* The mean of what users waited for, of the `nth` reading (from 0) of each message. */
static void add_reading(const struct compare *compare, GArray *figures,
			const struct figure_kind *kind, unsigned nth)
{
	GHashTable *times = g_hash_table_new(g_int64_hash, g_int64_equal);
	uint64_t sum_ns = 0, count = 0;

	for (guint i = 0; i < compare->readings->len; i++) {
		struct compare_reading *reading =
		    &g_array_index(compare->readings, struct compare_reading, i);
		unsigned before = GPOINTER_TO_UINT(g_hash_table_lookup(times, &reading->root));

		g_hash_table_replace(times, &reading->root, GUINT_TO_POINTER(before + 1));
		if (before != nth || reading->waited_ns == TIME_NEVER)
			continue;
		sum_ns += (uint64_t)reading->waited_ns;
		count++;
	}
	g_hash_table_unref(times);
	compare_add(figures, kind, "", count > 0 ? sum_ns / count : 0, 0)->is_known = count > 0;
}

void compare_figures(struct compare *compare, GArray *figures, struct compare_sums *sums)
{
	add_wire(compare, figures);
	add_online(compare, figures, sums);
	add_lines(compare, figures);
	add_reading(compare, figures, &first_reading, 0);
	add_reading(compare, figures, &second_reading, 1);
	compare_add(figures, &in_vain, "", compare->in_vain, 0);
	compare_figures_mail(compare, figures, sums);
}
