/* Expectations about TCP connections and what is said in them. */
#include <inttypes.h>
#include <string.h>
#include "app/expect_private.h"
#include "protocols/layer.h"
#include "stack/tcp/names.h"

/* ---- What came of connections ---- */

static bool connection_outcome(const struct trace_record *record, enum scenario_outcome *outcome)
{
	if (record->after == TCP_ESTABLISHED) {
		*outcome = OUTCOME_ESTABLISHED;
		return true;
	}
	if (record->after != TCP_CLOSED)
		return false;
	switch (record->detail) {
	case TCP_BY_RESET:
		*outcome = record->before == TCP_SYN_SENT ? OUTCOME_REFUSED : OUTCOME_RESET;
		return true;
	case TCP_BY_TIMEOUT:
		*outcome = OUTCOME_TIMED_OUT;
		return record->before != TCP_TIME_WAIT;
	case TCP_BY_ICMP:
		*outcome = OUTCOME_UNREACHABLE;
		return true;
	default:
		return false;
	}
}

/* Seen at the host that opened it, so that each connection counts once. */
static void observe_connection(struct expect *expect, struct judge *judge,
			       const struct trace_record *record, struct bytes bytes)
{
	const struct scenario_expectation *expectation = judge->expectation;
	enum scenario_outcome outcome;

	if (record->layer != LAYER_TCP || bytes.length != TCP_STATE_RECORD_BYTES ||
	    !connection_outcome(record, &outcome) ||
	    (outcome == OUTCOME_ESTABLISHED && record->before != TCP_SYN_SENT) ||
	    !expect_is_at(expect, record->id, expect_item_of(expectation->from)) ||
	    !expect_has_address(expectation->to, get_be32(bytes.data + 6)) ||
	    (expectation->port != 0 && get_be16(bytes.data + 10) != expectation->port))
		return;
	if (outcome == expectation->outcome)
		expect_count(expect, judge, record, bytes, 1);
	else
		expect_witness(expect, judge, record, bytes, true);
}

static void append_port(GString *text, const struct scenario_expectation *expectation)
{
	if (expectation->port != 0)
		g_string_append_printf(text, "%s port %" PRIu64,
				       expectation->to == NULL ? " to" : "", expectation->port);
}

static void describe_connection(GString *text, const struct scenario_expectation *expectation)
{
	enum scenario_outcome outcome = expectation->outcome;

	g_string_append(text, "connections");
	expect_append_condition(text, "from", expect_name_of(expect_item_of(expectation->from)));
	expect_append_condition(text, "to", expect_name_of(expect_item_of(expectation->to)));
	append_port(text, expectation);
	g_string_append_printf(
	    text, " %s",
	    outcome == OUTCOME_TIMED_OUT ? "timed out" : expect_word("connection", (int)outcome));
}

const struct predicate predicate_connection = {
	.kinds = TRACE_BIT(TRACE_STATE),
	.range = PREDICATE_RANGE(times),
	.observe = observe_connection,
	.describe = describe_connection,
};

/* ---- Bytes ---- */

/* TCP payload that leaves a node for the first time, or arrives there. */
static void observe_bytes(struct expect *expect, struct judge *judge,
			  const struct trace_record *record, struct bytes bytes)
{
	uint64_t port = judge->expectation->port;
	bool is_first = record->kind == TRACE_DECAPSULATE || !(record->flags & TRACE_RETRANSMIT);

	if (record->layer != LAYER_TCP || !is_first || bytes.length < 4 ||
	    record->total_bytes <= record->header_bytes ||
	    !expect_is_at(expect, record->id, judge->expectation->node))
		return;
	if (port == 0 || get_be16(bytes.data) == port || get_be16(bytes.data + 2) == port)
		expect_count(expect, judge, record, bytes,
			     record->total_bytes - record->header_bytes);
}

static void describe_bytes(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append(text, "bytes of TCP");
	if (expectation->port != 0)
		g_string_append_printf(text, " by port %" PRIu64, expectation->port);
}

const struct predicate predicate_bytes = {
	.kinds = TRACE_BIT(TRACE_ENCAPSULATE) | TRACE_BIT(TRACE_DECAPSULATE),
	.range = PREDICATE_RANGE(count),
	.observe = observe_bytes,
	.describe = describe_bytes,
};

/* ---- What is said ---- */

static const char *name_at(const struct expect *expect, struct endpoint endpoint)
{
	const char *name = model_name_of_address(expect->model, endpoint.address);

	return name == NULL ? "" : name;
}

static bool is_named(const struct expect *expect, struct endpoint endpoint,
		     const struct scenario_item *item)
{
	const char *name = expect_host_name(item);

	return name == NULL || strcmp(name_at(expect, endpoint), name) == 0;
}

/* A direction of a connection in which what is expected could be said. */
static bool is_listened_to(const struct expect *expect, const struct model_direction *direction,
			   const struct scenario_expectation *expectation)
{
	const struct model_connection *connection = direction->connection;
	struct endpoint speaker =
	    direction->is_from_server ? connection->server : connection->client;
	struct endpoint hearer =
	    direction->is_from_server ? connection->client : connection->server;

	return (expectation->port == 0 || connection->server.port == expectation->port) &&
	       is_named(expect, speaker, expectation->by) &&
	       is_named(expect, hearer, expect_item_of(expectation->to));
}

/* "alice-pc → mail port 587: EHLO alice-pc.office.example" */
static void witness_line(const struct expect *expect, struct judge *judge,
			 const struct model_direction *direction, const struct model_unit *unit,
			 const char *line, bool is_contrary)
{
	const struct model_connection *connection = direction->connection;
	const char *client = name_at(expect, connection->client);
	const char *server = name_at(expect, connection->server);
	bool is_reply = direction->is_from_server;
	g_autofree char *text = g_strdup_printf(
	    "%s → %s port %u%s: %.100s%s", is_reply ? server : client, is_reply ? client : server,
	    connection->server.port, unit->is_encrypted ? ", in TLS" : "", line,
	    strlen(line) > 100 ? "…" : "");

	expect_witness_text(judge, unit->time_ns, unit->packet, is_contrary, text);
}

/*
 * Counts the lines of a unit that are as expected. Instead of them was said the first line of others,
 * but for messages and the like, which begin with anything.
 */
static uint64_t count_lines(const struct expect *expect, struct judge *judge,
			    const struct model_direction *direction, const struct model_unit *unit)
{
	gsize length = 0;
	const char *bytes = unit->bytes == NULL ? "" : g_bytes_get_data(unit->bytes, &length);
	g_autofree char *text = g_utf8_make_valid(bytes, (gssize)length);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_autofree char *pattern = g_strconcat(judge->expectation->said, "*", NULL);
	uint64_t count = 0;

	for (char **line = lines; *line != NULL; line++) {
		bool is_it = *g_strchomp(*line) != '\0' && g_pattern_match_simple(pattern, *line);

		if (is_it || (line == lines && unit->purpose != NULL))
			witness_line(expect, judge, direction, unit, *line, !is_it);
		count += is_it;
	}
	return count;
}

static void recount_said(struct expect *expect, struct judge *judge, int64_t now_ns)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < model_connection_count(expect->model); i++) {
		const struct model_connection *connection = model_connection(expect->model, i);

		for (unsigned d = 0; d < G_N_ELEMENTS(connection->directions); d++) {
			const struct model_direction *direction = &connection->directions[d];

			if (!is_listened_to(expect, direction, judge->expectation))
				continue;
			for (guint k = 0; k < direction->units->len; k++) {
				const struct model_unit *unit = direction->units->pdata[k];

				if (unit->time_ns <= now_ns &&
				    !(judge->expectation->only_clear && unit->is_encrypted))
					count += count_lines(expect, judge, direction, unit);
			}
		}
	}
	expect_count_to(expect, judge, count);
}

static void describe_said(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append_printf(text, "\"%s\" said%s", expectation->said,
			       expectation->only_clear ? " in clear" : "");
	expect_append_condition(text, "by", expect_name_of(expectation->by));
	expect_append_condition(text, "to", expect_name_of(expect_item_of(expectation->to)));
	if (expectation->port != 0)
		g_string_append_printf(text, " at port %" PRIu64, expectation->port);
}

const struct predicate predicate_said = {
	.needs_model = true,
	.range = PREDICATE_RANGE(times),
	.recount = recount_said,
	.describe = describe_said,
};

/* ---- How long, and how many at once ---- */

static bool is_between(const struct expect *expect, const struct model_connection *connection,
		       const struct scenario_expectation *expectation)
{
	return connection->directions[1].has_syn &&
	       (expectation->port == 0 || connection->server.port == expectation->port) &&
	       (is_named(expect, connection->client, expectation->node) ||
		is_named(expect, connection->server, expectation->node));
}

/* When its last segment was seen, or now where it is still open. */
static int64_t end_of(const struct model_connection *connection, int64_t now_ns)
{
	bool is_over = connection->fins == 3 || connection->was_reset;

	return is_over ? MIN(connection->closed_ns, now_ns) : now_ns;
}

static void witness_connection(const struct expect *expect, struct judge *judge,
			       const struct model_connection *connection, int64_t now_ns)
{
	g_autofree char *text =
	    g_strdup_printf("%s → %s port %u: open for %.3f s", name_at(expect, connection->client),
			    name_at(expect, connection->server), connection->server.port,
			    time_seconds(end_of(connection, now_ns) - connection->opened_ns));

	expect_witness_text(judge, connection->opened_ns, 0, false, text);
}

static void recount_connected(struct expect *expect, struct judge *judge, int64_t now_ns)
{
	int64_t open_ns = 0;

	for (unsigned i = 0; i < model_connection_count(expect->model); i++) {
		const struct model_connection *connection = model_connection(expect->model, i);

		if (!is_between(expect, connection, judge->expectation))
			continue;
		open_ns += end_of(connection, now_ns) - connection->opened_ns;
		witness_connection(expect, judge, connection, now_ns);
	}
	expect_count_to(expect, judge, (uint64_t)(open_ns / NS_PER_S));
}

static void describe_connected(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append(text, "whole seconds of TCP connections");
	append_port(text, expectation);
}

const struct predicate predicate_connected = {
	.needs_model = true,
	.range = PREDICATE_RANGE(count),
	.recount = recount_connected,
	.describe = describe_connected,
};

/* How many are open when the one of this index opens. */
static uint64_t open_beside(const struct expect *expect, unsigned index,
			    const struct scenario_expectation *expectation, int64_t now_ns)
{
	int64_t at_ns = model_connection(expect->model, index)->opened_ns;
	uint64_t count = 0;

	for (unsigned i = 0; i <= index; i++) {
		const struct model_connection *connection = model_connection(expect->model, i);

		count += is_between(expect, connection, expectation) &&
			 end_of(connection, now_ns) >= at_ns;
	}
	return count;
}

static void recount_at_once(struct expect *expect, struct judge *judge, int64_t now_ns)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < model_connection_count(expect->model); i++) {
		const struct model_connection *connection = model_connection(expect->model, i);
		uint64_t count;

		if (!is_between(expect, connection, judge->expectation))
			continue;
		count = open_beside(expect, i, judge->expectation, now_ns);
		if (count > most)
			witness_connection(expect, judge, connection, now_ns);
		most = MAX(most, count);
	}
	expect_count_to(expect, judge, most);
}

static void describe_at_once(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append(text, "TCP connections open at once");
	append_port(text, expectation);
}

const struct predicate predicate_connections_at_once = {
	.needs_model = true,
	.range = PREDICATE_RANGE(count),
	.recount = recount_at_once,
	.describe = describe_at_once,
};
