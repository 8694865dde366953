/* Expectations about what the world is made of, and what its lines cost. */
#include "app/expect_private.h"
#include "protocols/layer.h"
#include "sim/world.h"
#include "stack/names.h"

/* ---- Dial-up lines ---- */

/* Time goes on while a call lasts, so they are counted when that is asked. */
static void recount_lines(struct expect *expect, struct judge *judge, int64_t now_ns)
{
	const struct scenario_expectation *expectation = judge->expectation;
	uint64_t count = 0;

	for (unsigned i = 0; i < lines_count(expect->lines); i++) {
		const struct dial_line *line = lines_get(expect->lines, i);

		if (expectation->network == NULL ||
		    g_strcmp0(line->network, expectation->network->item.name) == 0)
			count += expectation->kind == EXPECT_COST ? line_cost(line, now_ns)
								  : line_minutes(line, now_ns);
	}
	expect_count_to(expect, judge, count);
}

/* The line is up, or hung up. */
static void observe_line(struct expect *expect, struct judge *judge,
			 const struct trace_record *record, struct bytes bytes)
{
	const struct dial_line *line = lines_find(expect->lines, record->object);
	const struct scenario_network *network = judge->expectation->network;

	if (record->kind != TRACE_STATE || record->layer != LAYER_LINK || line == NULL ||
	    record->detail != LINK_LINE || record->after == LINE_DIALLING ||
	    (network != NULL && g_strcmp0(line->network, network->item.name) != 0))
		return;
	(void)bytes;
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "dial-up line %s: %s; ", line->network,
			       record->after == LINE_UP ? "up" : "down");
	line_append(text, line, record->time_ns);
	expect_witness_text(judge, record->time_ns, 0, false, text->str);
	g_string_free(text, TRUE);
}

static void describe_lines(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append_printf(
	    text, "%s of %s", expectation->kind == EXPECT_COST ? "cost" : "begun minutes",
	    expectation->network == NULL ? "all dial-up lines" : expectation->network->item.name);
}

/* Frames tell how far time has gone while a call lasts. */
#define OF_LINES TRACE_BIT(TRACE_LINK) | TRACE_BIT(TRACE_STATE) | TRACE_BIT(TRACE_TRANSMIT)

const struct predicate predicate_minutes = {
	.kinds = OF_LINES,
	.range = PREDICATE_RANGE(count),
	.observe = observe_line,
	.recount = recount_lines,
	.describe = describe_lines,
};

const struct predicate predicate_cost = {
	.kinds = OF_LINES,
	.range = PREDICATE_RANGE(count),
	.observe = observe_line,
	.recount = recount_lines,
	.describe = describe_lines,
};

/* ---- Parts ---- */

#define INTERFACE_NAME_START 11 /* in the bytes of a TRACE_INTERFACE record */

static bool is_part(const struct trace_record *record, enum scenario_part part)
{
	switch (part) {
	case PART_HOST:
		return record->kind == TRACE_NODE && record->detail == NODE_HOST;
	case PART_ROUTER:
		return record->kind == TRACE_NODE && record->detail == NODE_ROUTER;
	case PART_SWITCH:
		return record->kind == TRACE_NODE && record->detail == NODE_SWITCH;
	case PART_INTERFACE:
		return record->kind == TRACE_INTERFACE;
	default:
		return record->kind == TRACE_LINK;
	}
}

/* "gw:eth0" of an interface, "gw" of a node, "gw — isp" of a cable. */
static char *part_name(const struct expect *expect, const struct trace_record *record,
		       struct bytes bytes)
{
	const char *node = expect_node_name(expect, trace_node_of(record->id));
	struct bytes name = bytes_from(bytes, MIN(INTERFACE_NAME_START, bytes.length));

	if (record->kind == TRACE_LINK)
		return g_strdup_printf("%s — %s",
				       expect_node_name(expect, (uint32_t)(record->before >> 16)),
				       expect_node_name(expect, (uint32_t)(record->after >> 16)));
	if (record->kind == TRACE_INTERFACE)
		return g_strdup_printf("%s:%.*s", node, (int)name.length, (const char *)name.data);
	return g_strdup(node);
}

static void observe_part(struct expect *expect, struct judge *judge,
			 const struct trace_record *record, struct bytes bytes)
{
	const struct scenario_expectation *expectation = judge->expectation;

	if (!is_part(record, expectation->part) ||
	    (record->kind != TRACE_LINK && !expect_is_at(expect, record->id, expectation->node)))
		return;
	g_autofree char *name = part_name(expect, record, bytes);
	g_autofree char *text =
	    g_strdup_printf("%s %s", expect_word("kind", (int)expectation->part), name);

	expect_count_to(expect, judge, judge->count + 1);
	expect_witness_text(judge, record->time_ns, 0, false, text);
}

static void describe_parts(GString *text, const struct scenario_expectation *expectation)
{
	static const char *const words[] = {
		[PART_HOST] = "hosts",           [PART_ROUTER] = "routers",
		[PART_SWITCH] = "switches",      [PART_CABLE] = "cables",
		[PART_INTERFACE] = "interfaces",
	};

	g_string_append(text, words[expectation->part]);
}

const struct predicate predicate_parts = {
	.kinds = TRACE_BIT(TRACE_NODE) | TRACE_BIT(TRACE_INTERFACE) | TRACE_BIT(TRACE_LINK),
	.range = PREDICATE_RANGE(count),
	.observe = observe_part,
	.describe = describe_parts,
};
