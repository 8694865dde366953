#include "app/expect_describe.h"

#include <inttypes.h>
#include "app/scenario_table.h"
#include "protocols/dns/record.h"

const struct scenario_range *expect_range(const struct scenario_expectation *expectation)
{
	switch (expectation->kind) {
	case EXPECT_MAILBOX:
	case EXPECT_DEVICE:
		return &expectation->messages;
	case EXPECT_RETRANSMISSIONS:
	case EXPECT_DROPPED:
	case EXPECT_DUPLICATES:
	case EXPECT_TRANSLATED:
	case EXPECT_BYTES:
	case EXPECT_MINUTES:
	case EXPECT_COST:
	case EXPECT_PACKETS:
		return &expectation->count;
	default:
		return &expectation->times;
	}
}

void expect_append_count(GString *out, const struct scenario_expectation *expectation,
			 uint64_t count)
{
	if (expectation->kind == EXPECT_COST)
		g_string_append_printf(out, "%g", (double)count / 1e6);
	else
		g_string_append_printf(out, "%" PRIu64, count);
}

static void append_range(GString *out, const struct scenario_expectation *expectation,
			 const struct scenario_range *range)
{
	if (range->most == UINT64_MAX)
		g_string_append(out, "at least ");
	expect_append_count(out, expectation, range->least);
	if (range->most == range->least || range->most == UINT64_MAX)
		return;
	g_string_append(out, " to ");
	expect_append_count(out, expectation, range->most);
}

/* " by bob"; nothing where the condition is not set. */
static void append_condition(GString *out, const char *word, const char *value)
{
	if (value != NULL)
		g_string_append_printf(out, " %s %s", word, value);
}

static const char *name_of(const struct scenario_node *node)
{
	return node == NULL ? NULL : node->item.name;
}

static const char *const station_words[] = {
	[STATION_COMPOSED] = "composed",
	[STATION_SUBMITTED] = "submitted",
	[STATION_QUEUED] = "queued",
	[STATION_TRANSFERRED] = "transferred",
	[STATION_DEFERRED] = "deferred",
	[STATION_BOUNCED] = "bounced",
	[STATION_DELIVERED] = "delivered",
	[STATION_RETRIEVED] = "retrieved",
	[STATION_READ] = "read",
	[STATION_DELETED] = "deleted",
	[STATION_REFUSED] = "refused",
	[STATION_LISTED] = "listed",
	[STATION_SHOWN_READ] = "shown as read",
	[STATION_UNLISTED] = "no longer listed",
};

static const char *const outcome_words[] = {
	[OUTCOME_ESTABLISHED] = "established",
	[OUTCOME_REFUSED] = "refused",
	[OUTCOME_RESET] = "reset",
	[OUTCOME_TIMED_OUT] = "timed out",
	[OUTCOME_UNREACHABLE] = "unreachable",
};

static const char *const ping_words[] = {
	[PING_ANSWERED] = "answered",
	[PING_LOST] = "lost",
	[PING_UNREACHABLE] = "unreachable",
};

static const char *const answer_words[] = {
	[ANSWER_FOUND] = "found",          [ANSWER_NO_NAME] = "no such name",
	[ANSWER_NO_DATA] = "no such data", [ANSWER_FAILED] = "failed",
	[ANSWER_REFERRAL] = "a referral",
};

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

static void describe_mailbox(GString *text, const struct scenario_expectation *expectation)
{
	bool is_local = expectation->kind == EXPECT_DEVICE;

	g_string_append_printf(
	    text, "%s %s %s holds%s", expectation->folder, is_local ? "at" : "of",
	    is_local ? expectation->device->item.name : expectation->account->address,
	    expectation->only_unseen ? " unseen" : "");
	if (expectation->subject != NULL)
		g_string_append_printf(text, " \"%s\"", expectation->subject);
}

static void describe_message(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append_printf(text, "message \"%s\" %s",
			       expectation->subject == NULL ? "(any)" : expectation->subject,
			       station_words[expectation->station]);
	append_condition(text, "for", expectation->recipient);
	append_condition(text, "by", expectation->by == NULL ? NULL : expectation->by->name);
}

static void describe_connection(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append(text, "connections");
	append_condition(text, "from", name_of(expectation->from));
	append_condition(text, "to", name_of(expectation->to));
	if (expectation->port != 0)
		g_string_append_printf(text, "%s port %" PRIu64,
				       expectation->to == NULL ? " to" : "", expectation->port);
	g_string_append_printf(text, " %s", outcome_words[expectation->outcome]);
}

static void describe_ping(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append(text, "pings");
	append_condition(text, "from", name_of(expectation->from));
	append_condition(text, "to", name_of(expectation->to));
	g_string_append_printf(text, " %s", ping_words[expectation->ping]);
}

/* "questions to DNS from bob-pc for MX of remote.example: found with 10 mail.remote.example" */
static void describe_dig(GString *text, const struct scenario_expectation *expectation)
{
	char type[DNS_TYPE_TEXT_BYTES];
	bool has_type = expectation->record_type != 0;

	g_string_append(text, "questions to DNS");
	append_condition(text, "from", name_of(expectation->from));
	if (has_type)
		append_condition(text, "for",
				 dns_type_print((uint16_t)expectation->record_type, type));
	append_condition(text, has_type ? "of" : "for", expectation->question);
	g_string_append_printf(text, ": %s", answer_words[expectation->answer]);
	append_condition(text, "with", expectation->value);
}

/* "way of \"Hello\": check by MSA at mail with \"authenticated\"" */
static void describe_way(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append_printf(text, "way of \"%s\": %s", expectation->subject,
			       mail_step_names[expectation->step]);
	append_condition(text, "of", expectation->recipient);
	if (expectation->actor != ACTOR_NONE)
		append_condition(text, "by", actor_name((uint8_t)expectation->actor));
	append_condition(text, "at", expectation->by == NULL ? NULL : expectation->by->name);
	if (expectation->evidence != NULL)
		g_string_append_printf(text, " with \"%s\"", expectation->evidence);
}

static void describe_line(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append_printf(
	    text, "%s of %s", expectation->kind == EXPECT_COST ? "cost" : "begun minutes",
	    expectation->network == NULL ? "all dial-up lines" : expectation->network->item.name);
}

static void describe_packets(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append_printf(text, "packets caused by `%s`",
			       mapping_key(&action_mapping, "do")->words[expectation->verb].text);
	append_condition(text, "of", expectation->by == NULL ? NULL : expectation->by->name);
}

static void describe_dropped(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append(text, "dropped");
	if (expectation->rule != 0)
		g_string_append_printf(text, " by rule %" PRIu64, expectation->rule);
	else
		g_string_append(text, reason_words[expectation->reason]);
}

static void describe_count(GString *text, const struct scenario_expectation *expectation)
{
	switch (expectation->kind) {
	case EXPECT_MAILBOX:
	case EXPECT_DEVICE:
		describe_mailbox(text, expectation);
		break;
	case EXPECT_MINUTES:
	case EXPECT_COST:
		describe_line(text, expectation);
		break;
	case EXPECT_PACKETS:
		describe_packets(text, expectation);
		break;
	case EXPECT_HEARD:
		g_string_append_printf(text, "heard \"%s\"", expectation->heard);
		append_condition(text, "by",
				 expectation->by == NULL ? NULL : expectation->by->name);
		break;
	case EXPECT_WAY:
		describe_way(text, expectation);
		break;
	case EXPECT_MESSAGE:
		describe_message(text, expectation);
		break;
	case EXPECT_CONNECTION:
		describe_connection(text, expectation);
		break;
	case EXPECT_RETRANSMISSIONS:
		g_string_append(text, "retransmissions");
		break;
	case EXPECT_DROPPED:
		describe_dropped(text, expectation);
		break;
	case EXPECT_TRANSLATED:
		g_string_append(text, "translated");
		break;
	case EXPECT_BYTES:
		g_string_append(text, "bytes of TCP");
		if (expectation->port != 0)
			g_string_append_printf(text, " by port %" PRIu64, expectation->port);
		break;
	case EXPECT_DUPLICATES:
		g_string_append(text, "second deliveries recognised");
		break;
	case EXPECT_PING:
		describe_ping(text, expectation);
		break;
	default:
		describe_dig(text, expectation);
		break;
	}
	append_condition(text, "at", expectation->node == NULL ? NULL : expectation->node->name);
}

char *expect_describe(const struct scenario_expectation *expectation)
{
	const struct scenario_range *range = expect_range(expectation);
	GString *text = g_string_new(NULL);

	describe_count(text, expectation);
	g_string_append(text, ": ");
	append_range(text, expectation, range);
	if (range == &expectation->messages)
		g_string_append(text, range->most == 1 ? " message" : " messages");
	else if (range == &expectation->times)
		g_string_append(text, range->least == 1 && range->most != 0 ? " time" : " times");
	if (expectation->within_ns != TIME_NEVER &&
	    (range == &expectation->messages || expectation->kind == EXPECT_MESSAGE))
		g_string_append_printf(text, ", within %g s", (double)expectation->within_ns / 1e9);
	if (expectation->kind == EXPECT_MESSAGE && expectation->since != STATION_COMPOSED)
		append_condition(text, "since", station_words[expectation->since]);
	if (expectation->at_ns != TIME_NEVER)
		g_string_append_printf(text, ", at %g s", (double)expectation->at_ns / 1e9);
	return g_string_free(text, FALSE);
}
