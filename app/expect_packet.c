/* Expectations about packets and their headers. */
#include <inttypes.h>
#include "app/expect_private.h"
#include "app/mail_actions.h"
#include "protocols/layer.h"
#include "stack/names.h"
#include "stack/tcp/names.h"

/* ---- Drops ---- */

struct drop_reason {
	uint8_t layer;
	uint16_t detail;
	enum scenario_drop_reason reason;
};

static const struct drop_reason drop_reasons[] = {
	{LAYER_LINK,      LINK_LOST,             DROP_LOSS     },
	{ LAYER_LINK,     LINK_PICKED,           DROP_LOSS     },
	{ LAYER_LINK,     LINK_QUEUE_FULL,       DROP_QUEUE    },
	{ LAYER_LINK,     LINK_DOWN,             DROP_DOWN     },
	{ LAYER_LINK,     LINK_ON_HOOK,          DROP_DOWN     },
	{ LAYER_ETHERNET, ETHERNET_BAD_FCS,      DROP_FCS      },
	{ LAYER_IPV4,     IPV4_BAD_CHECKSUM,     DROP_CHECKSUM },
	{ LAYER_ICMP,     ICMP_BAD_CHECKSUM,     DROP_CHECKSUM },
	{ LAYER_UDP,      UDP_BAD_CHECKSUM,      DROP_CHECKSUM },
	{ LAYER_TCP,      TCP_DROP_BAD_CHECKSUM, DROP_CHECKSUM },
	{ LAYER_IPV4,     IPV4_TTL_EXPIRED,      DROP_TTL      },
	{ LAYER_IPV4,     IPV4_NO_ROUTE,         DROP_NO_ROUTE },
	{ LAYER_ARP,      ARP_NO_ANSWER,         DROP_NO_ANSWER},
	{ LAYER_FILTER,   FILTER_DENIED,         DROP_FILTER   },
	{ LAYER_FILTER,   FILTER_REJECTED,       DROP_FILTER   },
	{ LAYER_NAT,      NAT_UNSOLICITED,       DROP_NAT      },
	{ LAYER_NAT,      NAT_FILTERED,          DROP_NAT      },
	{ LAYER_NAT,      NAT_NO_MAPPING,        DROP_NAT      },
};

static enum scenario_drop_reason reason_of(const struct trace_record *record)
{
	for (size_t i = 0; i < G_N_ELEMENTS(drop_reasons); i++)
		if (drop_reasons[i].layer == record->layer &&
		    drop_reasons[i].detail == record->detail)
			return drop_reasons[i].reason;
	return DROP_OTHER;
}

static void observe_drop(struct expect *expect, struct judge *judge,
			 const struct trace_record *record, struct bytes bytes)
{
	const struct scenario_expectation *expectation = judge->expectation;

	if (!expect_is_at(expect, record->id, expectation->node))
		return;
	if ((expectation->reason == DROP_ANY || expectation->reason == reason_of(record)) &&
	    (expectation->rule == 0 ||
	     (record->layer == LAYER_FILTER && record->object == expectation->rule)))
		expect_count(expect, judge, record, bytes, 1);
	else
		expect_witness(expect, judge, record, bytes, true);
}

/* Behind "dropped". */
static const char *const reason_words[] = {
	[DROP_ANY] = "",
	[DROP_LOSS] = " by loss",
	[DROP_FCS] = " for a bad FCS",
	[DROP_CHECKSUM] = " for a bad checksum",
	[DROP_QUEUE] = " by a full queue",
	[DROP_DOWN] = " by a cable that is down",
	[DROP_TTL] = " for want of TTL",
	[DROP_NO_ROUTE] = " for want of a route",
	[DROP_NO_ANSWER] = " for want of an ARP answer",
	[DROP_FILTER] = " by a packet filter",
	[DROP_NAT] = " by address translation",
	[DROP_OTHER] = " for another reason",
};

static void describe_dropped(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append(text, "dropped");
	if (expectation->rule != 0)
		g_string_append_printf(text, " by rule %" PRIu64, expectation->rule);
	else
		g_string_append(text, reason_words[expectation->reason]);
}

const struct predicate predicate_dropped = {
	.kinds = TRACE_BIT(TRACE_DROP),
	.range = PREDICATE_RANGE(count),
	.observe = observe_drop,
	.describe = describe_dropped,
};

/* ---- Retransmissions and translations ---- */

static void observe_retransmission(struct expect *expect, struct judge *judge,
				   const struct trace_record *record, struct bytes bytes)
{
	if (judge->segments == NULL)
		judge->segments = sent_segments_new();
	if (sent_segments_repeat(judge->segments, record, bytes) &&
	    expect_is_at(expect, record->id, judge->expectation->node))
		expect_count(expect, judge, record, bytes, 1);
}

static void describe_retransmissions(GString *text, const struct scenario_expectation *expectation)
{
	(void)expectation;
	g_string_append(text, "retransmissions");
}

const struct predicate predicate_retransmissions = {
	.kinds = SENT_SEGMENTS_KINDS,
	.range = PREDICATE_RANGE(count),
	.observe = observe_retransmission,
	.describe = describe_retransmissions,
};

static void observe_translation(struct expect *expect, struct judge *judge,
				const struct trace_record *record, struct bytes bytes)
{
	if (record->layer == LAYER_NAT &&
	    expect_is_at(expect, record->id, judge->expectation->node))
		expect_count(expect, judge, record, bytes, 1);
}

static void describe_translated(GString *text, const struct scenario_expectation *expectation)
{
	(void)expectation;
	g_string_append(text, "translated");
}

const struct predicate predicate_translated = {
	.kinds = TRACE_BIT(TRACE_FORWARD),
	.range = PREDICATE_RANGE(count),
	.observe = observe_translation,
	.describe = describe_translated,
};

static void observe_tampering(struct expect *expect, struct judge *judge,
			      const struct trace_record *record, struct bytes bytes)
{
	if (record->layer == LAYER_TAMPER &&
	    expect_is_at(expect, record->id, judge->expectation->node))
		expect_count(expect, judge, record, bytes, 1);
}

static void describe_tampered(GString *text, const struct scenario_expectation *expectation)
{
	(void)expectation;
	g_string_append(text, "changed on the way by an attacker");
}

const struct predicate predicate_tampered = {
	.kinds = TRACE_BIT(TRACE_FORWARD),
	.range = PREDICATE_RANGE(count),
	.observe = observe_tampering,
	.describe = describe_tampered,
};

/* ---- Layers ---- */

/* What is done with the layer of the record: put on or written, taken off or read, passed on. */
static enum scenario_passage passage_of(const struct trace_record *record)
{
	switch (record->kind) {
	case TRACE_UNIT:
		return record->flags & TRACE_INBOUND ? PASSAGE_TAKEN_OFF : PASSAGE_PUT_ON;
	case TRACE_ENCAPSULATE:
		return PASSAGE_PUT_ON;
	case TRACE_DECAPSULATE:
		return PASSAGE_TAKEN_OFF;
	default:
		return PASSAGE_PASSED_ON;
	}
}

static void observe_layer(struct expect *expect, struct judge *judge,
			  const struct trace_record *record, struct bytes bytes)
{
	const struct scenario_expectation *expectation = judge->expectation;

	if (record->layer == expectation->layer &&
	    (expectation->passage == PASSAGE_ANY || expectation->passage == passage_of(record)) &&
	    expect_is_at(expect, record->id, expectation->node))
		expect_count(expect, judge, record, bytes, 1);
}

static void describe_layer(GString *text, const struct scenario_expectation *expectation)
{
	static const char *const words[] = {
		[PASSAGE_ANY] = "handled",
		[PASSAGE_PUT_ON] = "put on",
		[PASSAGE_TAKEN_OFF] = "taken off",
		[PASSAGE_PASSED_ON] = "passed on",
	};

	g_string_append_printf(text, "layer %s %s", expect_word("layer", (int)expectation->layer),
			       words[expectation->passage]);
}

const struct predicate predicate_layer = {
	.kinds = TRACE_BIT(TRACE_ENCAPSULATE) | TRACE_BIT(TRACE_DECAPSULATE) |
		 TRACE_BIT(TRACE_FORWARD) | TRACE_BIT(TRACE_UNIT),
	.range = PREDICATE_RANGE(times),
	.observe = observe_layer,
	.describe = describe_layer,
};

/* ---- Packets by what caused them ---- */

/* A packet counts once, where it is first put on a wire. */
static void observe_packet(struct expect *expect, struct judge *judge,
			   const struct trace_record *record, struct bytes bytes)
{
	const struct scenario_expectation *expectation = judge->expectation;
	const struct expect_action *action;

	if (record->kind != TRACE_TRANSMIT || !(record->flags & TRACE_FIRST))
		return;
	action = g_hash_table_lookup(expect->actions, &record->root);
	if (action != NULL && action->verb == action_user_verb(expectation->verb) &&
	    expect_is_by(expect, action->id, expectation->by))
		expect_count(expect, judge, record, bytes, 1);
}

static void describe_packets(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append_printf(text, "packets caused by `%s`",
			       expect_word("of", (int)expectation->verb));
	expect_append_condition(text, "of", expect_name_of(expectation->by));
}

const struct predicate predicate_packets = {
	.kinds = TRACE_BIT(TRACE_ACTION) | TRACE_BIT(TRACE_TRANSMIT),
	.range = PREDICATE_RANGE(count),
	.observe = observe_packet,
	.describe = describe_packets,
};
