#include "app/expect.h"

#include <inttypes.h>
#include "app/expect_describe.h"
#include "app/mail_actions.h"
#include "protocols/dns/names.h"
#include "protocols/dns/record.h"
#include "protocols/layer.h"
#include "protocols/mail/mailbox.h"
#include "protocols/mail/names.h"
#include "stack/names.h"
#include "stack/tcp/names.h"
#include "views/lines.h"
#include "views/mailboxes.h"
#include "views/names.h"

struct mail {
	uint64_t root;
	int64_t composed_ns;
	char *subject, *message_id;
	int64_t last_ns[STATION_COUNT]; /* when it last came there; TIME_NEVER: not yet */
};

/* What a user did. */
struct action {
	uint64_t id;   /* of its record: the root of what it caused */
	uint64_t verb; /* enum user_verb */
};

/* What one expectation has seen so far. */
struct judge {
	const struct scenario_expectation *expectation;
	uint64_t count; /* of what happened */
	bool is_judged; /* at its own moment; `found` holds the count then */
	uint64_t found;
	struct judge *step_before; /* of EXPECT_WAY: the line that must be met first; NULL: none */
	int64_t reached_ns; /* when the count last came into the range; TIME_NEVER: it is not */
	char *
	    other_answer; /* of EXPECT_DIG: the data of the last that did not count, commas between */
	enum scenario_answer other_outcome;
};

struct expect {
	const struct scenario *scenario;
	struct trace_sink sink;
	GPtrArray *nodes; /* of char *: names by index - 1 */
	struct mailboxes *mailboxes;
	GArray *mails; /* of struct mail */
	struct lines *lines;
	GHashTable *actions; /* id -> struct action *: look-ups only */
	struct judge *judges;
	int64_t now_ns;
	struct expect_tick tick; /* of the last step that met its line */
	int64_t next_moment_ns;  /* no expectation has a moment of its own before; 0: not known */
};

static void observe(void *owner, const struct trace_record *record, struct bytes bytes);

/* The kinds of records that the kinds of expectations need. */
static uint64_t kinds_needed(const struct scenario *scenario)
{
	static const uint64_t needed[EXPECT_COUNT] = {
		[EXPECT_MAILBOX] = TRACE_BIT(TRACE_MAILBOX) | TRACE_BIT(TRACE_NODE),
		[EXPECT_MESSAGE] = TRACE_BIT(TRACE_MAIL),
		[EXPECT_CONNECTION] = TRACE_BIT(TRACE_STATE),
		[EXPECT_RETRANSMISSIONS] = TRACE_BIT(TRACE_ENCAPSULATE),
		[EXPECT_DROPPED] = TRACE_BIT(TRACE_DROP),
		[EXPECT_DUPLICATES] = TRACE_BIT(TRACE_MAIL),
		[EXPECT_TRANSLATED] = TRACE_BIT(TRACE_FORWARD),
		[EXPECT_BYTES] = TRACE_BIT(TRACE_ENCAPSULATE) | TRACE_BIT(TRACE_DECAPSULATE),
		[EXPECT_PING] = TRACE_BIT(TRACE_STATE),
		[EXPECT_DIG] = TRACE_BIT(TRACE_STATE),
		/* Frames tell how far time has gone while a call lasts. */
		[EXPECT_MINUTES] =
		    TRACE_BIT(TRACE_LINK) | TRACE_BIT(TRACE_STATE) | TRACE_BIT(TRACE_TRANSMIT),
		[EXPECT_COST] =
		    TRACE_BIT(TRACE_LINK) | TRACE_BIT(TRACE_STATE) | TRACE_BIT(TRACE_TRANSMIT),
		[EXPECT_PACKETS] = TRACE_BIT(TRACE_ACTION) | TRACE_BIT(TRACE_TRANSMIT),
		[EXPECT_DEVICE] = TRACE_BIT(TRACE_MAILBOX),
		[EXPECT_HEARD] = TRACE_BIT(TRACE_STATE),
		[EXPECT_WAY] = TRACE_BIT(TRACE_MAIL),
	};
	uint64_t kinds = 0;

	for (guint i = 0; i < scenario->expectations->len; i++)
		kinds |=
		    needed[((struct scenario_expectation *)scenario->expectations->pdata[i])->kind];
	return kinds == 0 ? 0 : kinds | TRACE_BIT(TRACE_NODE);
}

void expect_free(struct expect *expect)
{
	if (expect == NULL)
		return;
	for (guint i = 0; i < expect->mails->len; i++) {
		g_free(g_array_index(expect->mails, struct mail, i).subject);
		g_free(g_array_index(expect->mails, struct mail, i).message_id);
	}
	g_ptr_array_free(expect->nodes, TRUE);
	mailboxes_free(expect->mailboxes);
	lines_free(expect->lines);
	g_hash_table_unref(expect->actions);
	g_array_free(expect->mails, TRUE);
	for (guint i = 0; i < expect->scenario->expectations->len; i++)
		g_free(expect->judges[i].other_answer);
	g_free(expect->judges);
	g_free(expect);
}

struct trace_sink *expect_sink(struct expect *expect)
{
	return &expect->sink;
}

static const char *node_name(const struct expect *expect, uint32_t node)
{
	return node == 0 || node > expect->nodes->len ? "" : expect->nodes->pdata[node - 1];
}

static bool is_at(const struct expect *expect, uint64_t id, const struct scenario_node *node)
{
	return node == NULL || strcmp(node_name(expect, trace_node_of(id)), node->item.name) == 0;
}

static bool is_named(const struct expect *expect, uint64_t id, const struct scenario_item *item)
{
	return item == NULL || strcmp(node_name(expect, trace_node_of(id)), item->name) == 0;
}

static char *subject_of(struct bytes message)
{
	char *raw = message_header(message_header_section(message), "Subject");
	char *subject = raw == NULL ? g_strdup("") : message_decode_words(raw);

	g_free(raw);
	return subject;
}

static bool in_range(const struct scenario_range *range, uint64_t count)
{
	return count >= range->least && count <= range->most;
}

/* Whether it counts what a mailbox holds, on the server or at a client. */
static bool is_of_mailbox(const struct scenario_expectation *expectation)
{
	return expectation->kind == EXPECT_MAILBOX || expectation->kind == EXPECT_DEVICE;
}

/* Keeps when the count came into the range, and left it again. */
static void count_to(struct expect *expect, struct judge *judge, uint64_t count)
{
	bool was_in = judge->reached_ns != TIME_NEVER;
	bool is_in = in_range(expect_range(judge->expectation), count);

	judge->count = count;
	if (is_in && !was_in)
		judge->reached_ns = expect->now_ns;
	if (!is_in)
		judge->reached_ns = TIME_NEVER;
}

/* A step of a message's way that is to be taken. */
static bool is_step(const struct scenario_expectation *expectation)
{
	return expectation->kind == EXPECT_WAY && expectation->times.least > 0;
}

/* The line before that is about the way of the same message. */
static struct judge *find_step_before(struct expect *expect, guint index)
{
	const struct scenario_expectation *own = expect->judges[index].expectation;

	for (guint i = index; i > 0 && is_step(own); i--) {
		struct judge *other = &expect->judges[i - 1];

		if (is_step(other->expectation) &&
		    strcmp(other->expectation->subject, own->subject) == 0)
			return other;
	}
	return NULL;
}

struct expect *expect_new(const struct scenario *scenario)
{
	struct expect *expect = g_new0(struct expect, 1);

	expect->scenario = scenario;
	expect->sink = (struct trace_sink) { .kinds = kinds_needed(scenario),
					     .owner = expect,
					     .record = observe };
	expect->nodes = g_ptr_array_new_with_free_func(g_free);
	expect->mailboxes = mailboxes_new();
	expect->lines = lines_new();
	expect->actions = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	expect->mails = g_array_new(FALSE, FALSE, sizeof(struct mail));
	expect->judges = g_new0(struct judge, scenario->expectations->len + 1);
	for (guint i = 0; i < scenario->expectations->len; i++) {
		expect->judges[i].expectation = scenario->expectations->pdata[i];
		expect->judges[i].reached_ns = TIME_NEVER;
		count_to(expect, &expect->judges[i], 0);
		expect->judges[i].step_before = find_step_before(expect, i);
	}
	return expect;
}

/* Mailboxes. */

static bool is_meant(const struct expect *expect, const struct mailbox_state *mailbox,
		     const struct scenario_expectation *expectation)
{
	const struct scenario_account *account = expectation->kind == EXPECT_DEVICE
						     ? expectation->device->account
						     : expectation->account;
	const struct scenario_node *server =
	    expectation->kind == EXPECT_DEVICE ? expectation->device->host : account->domain->mail;

	return server != NULL && strcmp(node_name(expect, mailbox->node), server->item.name) == 0 &&
	       g_ascii_strcasecmp(mailbox->owner, account->address) == 0 &&
	       strcmp(mailbox->name, expectation->folder) == 0;
}

static uint64_t count_held(const struct expect *expect,
			   const struct scenario_expectation *expectation)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < mailboxes_count(expect->mailboxes); i++) {
		const struct mailbox_state *mailbox = mailboxes_get(expect->mailboxes, i);

		if (!is_meant(expect, mailbox, expectation))
			continue;
		for (guint k = 0; k < mailbox->messages->len; k++) {
			const struct mailbox_message *message = mailbox->messages->pdata[k];

			count += (expectation->subject == NULL ||
				  strcmp(message->subject, expectation->subject) == 0) &&
				 !(expectation->only_unseen && message->flags & MAILBOX_SEEN);
		}
	}
	return count;
}

/* What changes the messages of one mailbox concerns only those who expect something of it. */
static bool changes_one(const struct trace_record *record)
{
	return record->detail != MAILBOX_CREATED && record->detail != MAILBOX_REMOVED &&
	       record->detail != MAILBOX_RENAMED;
}

static void observe_mailbox(struct expect *expect, const struct trace_record *record,
			    struct bytes bytes)
{
	mailboxes_feed(expect->mailboxes, record, bytes);
	const struct mailbox_state *changed =
	    changes_one(record) ? mailboxes_find(expect->mailboxes, record->object) : NULL;

	for (guint i = 0; i < expect->scenario->expectations->len; i++) {
		struct judge *judge = &expect->judges[i];

		if (is_of_mailbox(judge->expectation) &&
		    (changed == NULL || is_meant(expect, changed, judge->expectation)))
			count_to(expect, judge, count_held(expect, judge->expectation));
	}
}

/* Messages. */

static struct mail *mail_of(const struct expect *expect, const struct trace_record *record,
			    struct bytes bytes)
{
	struct bytes id = mail_record_message_id(record->detail, bytes);

	for (guint i = 0; i < expect->mails->len; i++) {
		struct mail *mail = &g_array_index(expect->mails, struct mail, i);

		if (id.data == NULL ? mail->root == record->root
				    : bytes_equal(id, bytes_of(mail->message_id)))
			return mail;
	}
	return NULL;
}

/* The stations in the order of enum scenario_station. */
static const uint16_t station_details[] = {
	[STATION_COMPOSED] = MAIL_COMPOSED,
	[STATION_SUBMITTED] = MAIL_SUBMITTED,
	[STATION_QUEUED] = MAIL_QUEUED,
	[STATION_TRANSFERRED] = MAIL_TRANSFERRED,
	[STATION_DEFERRED] = MAIL_DEFERRED,
	[STATION_BOUNCED] = MAIL_BOUNCED,
	[STATION_DELIVERED] = MAIL_DELIVERED,
	[STATION_RETRIEVED] = MAIL_RETRIEVED,
	[STATION_READ] = MAIL_READ,
	[STATION_DELETED] = MAIL_DELETED,
	[STATION_REFUSED] = MAIL_REFUSED,
	[STATION_LISTED] = MAIL_LISTED,
	[STATION_SHOWN_READ] = MAIL_SHOWN_READ,
	[STATION_UNLISTED] = MAIL_UNLISTED,
};

/* True when one of the NUL-separated parts of `bytes` is this recipient. */
static bool names_recipient(struct bytes bytes, const char *recipient)
{
	size_t length = recipient == NULL ? 0 : strlen(recipient);

	if (recipient == NULL)
		return true;
	for (size_t i = 0; i + length <= bytes.length; i++)
		if ((i == 0 || bytes.data[i - 1] == '\0') &&
		    (i + length == bytes.length || bytes.data[i + length] == '\0') &&
		    g_ascii_strncasecmp((const char *)bytes.data + i, recipient, length) == 0)
			return true;
	return false;
}

/* True when the record `id` is of the host of the client `by`, or of that host. */
static bool is_by_node(const struct expect *expect, uint64_t id, const struct scenario_item *by)
{
	const char *name;

	if (by == NULL)
		return true;
	name = by->kind == SCENARIO_CLIENT
		   ? ((const struct scenario_client *)(const void *)by)->host->item.name
		   : by->name;
	return strcmp(node_name(expect, trace_node_of(id)), name) == 0;
}

static bool is_by(const struct expect *expect, const struct trace_record *record,
		  const struct scenario_item *by)
{
	return is_by_node(expect, record->id, by);
}

/* Where `within` is counted from; TIME_NEVER: the mail has not been there. */
static int64_t base_of(const struct mail *mail, const struct scenario_expectation *expectation)
{
	return expectation->since == STATION_COMPOSED ? mail->composed_ns
						      : mail->last_ns[expectation->since];
}

/* Text among the bytes, wherever it stands. */
static bool holds_text(struct bytes bytes, const char *text)
{
	return text == NULL ||
	       (bytes.length > 0 && memmem(bytes.data, bytes.length, text, strlen(text)) != NULL);
}

static bool is_message(const struct expect *expect, const struct trace_record *record,
		       struct bytes bytes, const struct scenario_expectation *expectation)
{
	const struct mail *mail = mail_of(expect, record, bytes);

	return record->detail == station_details[expectation->station] && mail != NULL &&
	       base_of(mail, expectation) != TIME_NEVER &&
	       (expectation->subject == NULL || strcmp(mail->subject, expectation->subject) == 0) &&
	       names_recipient(bytes, expectation->recipient) &&
	       is_by(expect, record, expectation->by) &&
	       record->time_ns - base_of(mail, expectation) <= expectation->within_ns;
}

/* True when the record is the step that this line is about, and those before it have been taken. */
static bool is_on_way(const struct expect *expect, const struct trace_record *record,
		      struct bytes bytes, const struct judge *judge)
{
	const struct scenario_expectation *expectation = judge->expectation;
	const struct mail *mail = mail_of(expect, record, bytes);
	const struct judge *before = judge->step_before;

	return expectation->kind == EXPECT_WAY && mail != NULL &&
	       mail_step_of(record->detail) == expectation->step &&
	       (expectation->actor == ACTOR_NONE || record->actor == expectation->actor) &&
	       strcmp(mail->subject, expectation->subject) == 0 &&
	       names_recipient(bytes, expectation->recipient) &&
	       is_by(expect, record, expectation->by) && holds_text(bytes, expectation->evidence) &&
	       (before == NULL || before->count >= before->expectation->times.least);
}

/* Which of the lines about its message's way this one is, and how many there are. */
static void tick(struct expect *expect, const struct judge *met, const struct trace_record *record)
{
	expect->tick = (struct expect_tick) { .record = record->id, .number = 1 };
	for (const struct judge *at = met->step_before; at != NULL; at = at->step_before)
		expect->tick.number++;
	for (guint i = 0; i < expect->scenario->expectations->len; i++) {
		const struct scenario_expectation *other = expect->judges[i].expectation;

		expect->tick.count +=
		    is_step(other) && strcmp(other->subject, met->expectation->subject) == 0;
	}
}

/* Lines are asked from the last to the first: one record is not two steps. */
static void observe_way(struct expect *expect, const struct trace_record *record,
			struct bytes bytes)
{
	for (guint i = expect->scenario->expectations->len; i > 0; i--) {
		struct judge *judge = &expect->judges[i - 1];

		if (!is_on_way(expect, record, bytes, judge))
			continue;
		count_to(expect, judge, judge->count + 1);
		if (judge->count == judge->expectation->times.least)
			tick(expect, judge, record);
	}
}

static void meet_mail(struct expect *expect, const struct trace_record *record, struct bytes bytes)
{
	char *message_id = message_header(message_header_section(bytes), "Message-ID");
	struct mail mail = { .root = record->root,
			     .composed_ns = record->time_ns,
			     .subject = subject_of(bytes),
			     .message_id = message_id != NULL ? message_id : g_strdup("") };

	for (unsigned i = 0; i < STATION_COUNT; i++)
		mail.last_ns[i] = TIME_NEVER;
	g_array_append_val(expect->mails, mail);
}

static void keep_time(struct expect *expect, const struct trace_record *record, struct bytes bytes)
{
	struct mail *mail = mail_of(expect, record, bytes);

	for (unsigned i = 0; i < STATION_COUNT && mail != NULL; i++)
		if (station_details[i] == record->detail)
			mail->last_ns[i] = record->time_ns;
}

static void observe_mail(struct expect *expect, const struct trace_record *record,
			 struct bytes bytes)
{
	if ((record->detail == MAIL_COMPOSED || record->detail == MAIL_NOTIFIED) &&
	    mail_of(expect, record, bytes) == NULL)
		meet_mail(expect, record, bytes);
	for (guint i = 0; i < expect->scenario->expectations->len; i++) {
		struct judge *judge = &expect->judges[i];
		const struct scenario_expectation *expectation = judge->expectation;

		if ((expectation->kind == EXPECT_MESSAGE &&
		     is_message(expect, record, bytes, expectation)) ||
		    (expectation->kind == EXPECT_DUPLICATES && record->detail == MAIL_DUPLICATE &&
		     is_named(expect, record->id, expectation->node)))
			count_to(expect, judge, judge->count + 1);
	}
	observe_way(expect, record, bytes);
	keep_time(expect, record, bytes);
}

/* Connections, pings, questions. */

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

static bool has_address(const struct scenario_node *node, uint32_t address)
{
	for (guint i = 0; node != NULL && i < node->interfaces->len; i++)
		if (((struct scenario_interface *)node->interfaces->pdata[i])->address == address)
			return true;
	return node == NULL;
}

/* Seen at the host that opened it, so that each connection counts once. */
static bool is_connection(const struct expect *expect, const struct trace_record *record,
			  struct bytes bytes, const struct scenario_expectation *expectation)
{
	enum scenario_outcome outcome;

	return record->layer == LAYER_TCP && bytes.length == TCP_STATE_RECORD_BYTES &&
	       connection_outcome(record, &outcome) && outcome == expectation->outcome &&
	       !(outcome == OUTCOME_ESTABLISHED && record->before != TCP_SYN_SENT) &&
	       is_at(expect, record->id, expectation->from) &&
	       has_address(expectation->to, get_be32(bytes.data + 6)) &&
	       (expectation->port == 0 || get_be16(bytes.data + 10) == expectation->port);
}

static bool is_ping(const struct expect *expect, const struct trace_record *record,
		    const struct scenario_expectation *expectation)
{
	return record->layer == LAYER_USER && record->detail == USER_PING_DONE &&
	       record->after == (uint64_t)expectation->ping &&
	       is_at(expect, record->id, expectation->from) &&
	       has_address(expectation->to, (uint32_t)record->before);
}

/* The name that was asked for comes first, then the data. */
static struct bytes data_of(struct bytes bytes)
{
	size_t name = 0;

	while (name < bytes.length && bytes.data[name] != '\0')
		name++;
	return bytes_from(bytes, MIN(name + 1, bytes.length));
}

/* `datum` may be written in any way that a zone file allows: it is compared as answers print it. */
static bool names_datum(struct bytes data, uint16_t type, const char *datum)
{
	GByteArray *wire = g_byte_array_new();
	GString *text = g_string_new(NULL);
	bool is_named;

	if (datum != NULL && dns_data_from_text(type, datum, wire))
		dns_data_print(
		    &(struct dns_record) {
			.type = type, .data = {wire->data, wire->len}
                },
		    text);
	else
		g_string_append(text, datum == NULL ? "" : datum);
	is_named = datum == NULL || names_recipient(data, text->str);
	g_string_free(text, TRUE);
	g_byte_array_unref(wire);
	return is_named;
}

/* An answer to the question that is expected to be answered, whatever it says. */
static bool is_dig(const struct expect *expect, const struct trace_record *record,
		   struct bytes bytes, const struct scenario_expectation *expectation)
{
	size_t length = expectation->question == NULL ? 0 : strlen(expectation->question);

	return record->layer == LAYER_USER && record->detail == USER_DIG_DONE &&
	       is_at(expect, record->id, expectation->from) &&
	       (expectation->question == NULL ||
		names_recipient(bytes_first(bytes, length), expectation->question)) &&
	       (expectation->record_type == 0 || record->before == expectation->record_type);
}

/* Counts an answer as expected, or keeps it to be told. */
static void observe_dig(struct expect *expect, struct judge *judge,
			const struct trace_record *record, struct bytes bytes)
{
	const struct scenario_expectation *expectation = judge->expectation;
	struct bytes data = data_of(bytes);
	uint16_t type = record->after == ANSWER_REFERRAL ? DNS_NS : (uint16_t)record->before;

	if (record->after == (uint64_t)expectation->answer &&
	    names_datum(data, type, expectation->value)) {
		count_to(expect, judge, judge->count + 1);
		return;
	}
	g_free(judge->other_answer);
	judge->other_answer = g_strndup((const char *)data.data, data.length);
	for (size_t i = 0; i < data.length; i++)
		if (judge->other_answer[i] == '\0')
			judge->other_answer[i] = ',';
	judge->other_outcome = (enum scenario_answer)record->after;
}

static bool is_heard(const struct expect *expect, const struct trace_record *record,
		     struct bytes bytes, const struct scenario_expectation *expectation)
{
	size_t length = strlen(expectation->heard);

	return record->layer == LAYER_USER && record->detail == USER_HEARD &&
	       bytes.length >= length && memcmp(bytes.data, expectation->heard, length) == 0 &&
	       is_by(expect, record, expectation->by);
}

static void observe_state(struct expect *expect, const struct trace_record *record,
			  struct bytes bytes)
{
	for (guint i = 0; i < expect->scenario->expectations->len; i++) {
		struct judge *judge = &expect->judges[i];
		const struct scenario_expectation *expectation = judge->expectation;

		if ((expectation->kind == EXPECT_CONNECTION &&
		     is_connection(expect, record, bytes, expectation)) ||
		    (expectation->kind == EXPECT_PING && is_ping(expect, record, expectation)) ||
		    (expectation->kind == EXPECT_HEARD &&
		     is_heard(expect, record, bytes, expectation)))
			count_to(expect, judge, judge->count + 1);
		if (expectation->kind == EXPECT_DIG && is_dig(expect, record, bytes, expectation))
			observe_dig(expect, judge, record, bytes);
	}
}

/* Drops and retransmissions. */

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

static bool is_drop(const struct trace_record *record,
		    const struct scenario_expectation *expectation)
{
	return record->kind == TRACE_DROP &&
	       (expectation->reason == DROP_ANY || expectation->reason == reason_of(record)) &&
	       (expectation->rule == 0 ||
		(record->layer == LAYER_FILTER && record->object == expectation->rule));
}

static bool is_packet(const struct trace_record *record,
		      const struct scenario_expectation *expectation)
{
	switch (expectation->kind) {
	case EXPECT_DROPPED:
		return is_drop(record, expectation);
	case EXPECT_RETRANSMISSIONS:
		return record->kind == TRACE_ENCAPSULATE && record->layer == LAYER_TCP &&
		       record->flags & TRACE_RETRANSMIT;
	case EXPECT_TRANSLATED:
		return record->kind == TRACE_FORWARD && record->layer == LAYER_NAT;
	default:
		return false;
	}
}

/* TCP payload that leaves a node for the first time, or arrives there. */
static uint64_t payload_bytes(const struct trace_record *record, struct bytes bytes,
			      const struct scenario_expectation *expectation)
{
	bool is_first = record->kind == TRACE_DECAPSULATE || !(record->flags & TRACE_RETRANSMIT);

	if (expectation->kind != EXPECT_BYTES || record->layer != LAYER_TCP || !is_first ||
	    bytes.length < 4 || record->total_bytes <= record->header_bytes)
		return 0;
	if (expectation->port != 0 && get_be16(bytes.data) != expectation->port &&
	    get_be16(bytes.data + 2) != expectation->port)
		return 0;
	return record->total_bytes - record->header_bytes;
}

static void observe_packet(struct expect *expect, const struct trace_record *record,
			   struct bytes bytes)
{
	for (guint i = 0; i < expect->scenario->expectations->len; i++) {
		struct judge *judge = &expect->judges[i];
		const struct scenario_expectation *expectation = judge->expectation;

		uint64_t payload = payload_bytes(record, bytes, expectation);
		uint64_t more = is_packet(record, expectation) ? 1 : payload;

		if (more > 0 && is_named(expect, record->id, expectation->node))
			count_to(expect, judge, judge->count + more);
	}
}

/* Dial-up lines: time goes on while a call lasts, so they are counted when that is asked. */
static void count_lines(struct expect *expect, struct judge *judge, int64_t now_ns)
{
	const struct scenario_expectation *expectation = judge->expectation;
	uint64_t count = 0;

	if (expectation->kind != EXPECT_MINUTES && expectation->kind != EXPECT_COST)
		return;
	for (unsigned i = 0; i < lines_count(expect->lines); i++) {
		const struct dial_line *line = lines_get(expect->lines, i);

		if (expectation->network == NULL ||
		    g_strcmp0(line->network, expectation->network->item.name) == 0)
			count += expectation->kind == EXPECT_COST ? line_cost(line, now_ns)
								  : line_minutes(line, now_ns);
	}
	count_to(expect, judge, count);
}

static void observe_action(struct expect *expect, const struct trace_record *record)
{
	struct action *action = g_new(struct action, 1);

	*action = (struct action) { record->id, record->after };
	g_hash_table_replace(expect->actions, &action->id, action);
}

/* A packet counts once, where it is first put on a wire. */
static void observe_transmit(struct expect *expect, const struct trace_record *record)
{
	const struct action *action;

	if (!(record->flags & TRACE_FIRST) ||
	    (action = g_hash_table_lookup(expect->actions, &record->root)) == NULL)
		return;
	for (guint i = 0; i < expect->scenario->expectations->len; i++) {
		struct judge *judge = &expect->judges[i];
		const struct scenario_expectation *expectation = judge->expectation;

		if (expectation->kind == EXPECT_PACKETS &&
		    action->verb == action_user_verb(expectation->verb) &&
		    is_by_node(expect, action->id, expectation->by))
			count_to(expect, judge, judge->count + 1);
	}
}

/* Those with a moment of their own are judged when the trace has passed it. */
static void judge_moments(struct expect *expect, int64_t now_ns)
{
	int64_t next_ns = TIME_NEVER;

	if (expect->next_moment_ns >= now_ns)
		return;
	for (guint i = 0; i < expect->scenario->expectations->len; i++) {
		struct judge *judge = &expect->judges[i];

		if (!judge->is_judged && judge->expectation->at_ns < now_ns) {
			judge->is_judged = true;
			count_lines(expect, judge, judge->expectation->at_ns);
			judge->found = judge->count;
		}
		if (!judge->is_judged)
			next_ns = MIN(next_ns, judge->expectation->at_ns);
	}
	expect->next_moment_ns = next_ns;
}

static void observe(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct expect *expect = owner;

	if (record->time_ns > expect->now_ns)
		judge_moments(expect, record->time_ns);
	expect->now_ns = record->time_ns;
	lines_feed(expect->lines, record, bytes);
	switch (record->kind) {
	case TRACE_ACTION:
		observe_action(expect, record);
		break;
	case TRACE_TRANSMIT:
		observe_transmit(expect, record);
		break;
	case TRACE_LINK:
		break;
	case TRACE_NODE:
		g_ptr_array_add(expect->nodes, bytes_to_text(bytes));
		break;
	case TRACE_MAILBOX:
		observe_mailbox(expect, record, bytes);
		break;
	case TRACE_MAIL:
		observe_mail(expect, record, bytes);
		break;
	case TRACE_STATE:
		observe_state(expect, record, bytes);
		break;
	default:
		observe_packet(expect, record, bytes);
		break;
	}
}

static bool is_met(const struct judge *judge, uint64_t found)
{
	const struct scenario_expectation *expectation = judge->expectation;

	if (!in_range(expect_range(expectation), found))
		return false;
	return !is_of_mailbox(expectation) || expectation->within_ns == TIME_NEVER ||
	       judge->reached_ns <= expectation->within_ns;
}

enum verdict {
	MET,
	NOT_MET,
	NOT_JUDGED,
};

static const struct {
	const char *text, *colour;
} verdicts[] = {
	[MET] = {"as expected",      "\033[32m"  },
	[NOT_MET] = { "NOT AS EXPECTED", "\033[1;31m"},
	[NOT_JUDGED] = { "not judged",      "\033[33m"  },
};

/* What happened can only become more; what a mailbox holds can change either way. */
static bool may_change(const struct judge *judge, const struct expect_ending *ending)
{
	const struct scenario_expectation *expectation = judge->expectation;
	const struct scenario_range *range = expect_range(expectation);

	if (ending->cut_ns == TIME_NEVER || expectation->at_ns <= ending->cut_ns)
		return false;
	if (expectation->at_ns != TIME_NEVER || is_of_mailbox(expectation))
		return true;
	return judge->count <= range->most &&
	       !(judge->count >= range->least && range->most == UINT64_MAX);
}

static enum verdict judge(const struct judge *judge, const struct expect_ending *ending,
			  uint64_t *found)
{
	*found = judge->is_judged ? judge->found : judge->count;
	if (may_change(judge, ending))
		return NOT_JUDGED;
	return is_met(judge, *found) ? MET : NOT_MET;
}

/* "; the answer was 10 mail.school.example": what came in place of the answer expected. */
static void print_other_answer(FILE *out, const struct judge *judge)
{
	static const char *const outcomes[] = {
		[ANSWER_FOUND] = "",
		[ANSWER_NO_NAME] = "no such name",
		[ANSWER_NO_DATA] = "no such data",
		[ANSWER_FAILED] = "none that is usable",
		[ANSWER_REFERRAL] = "a referral to ",
	};

	if (judge->other_answer != NULL)
		fprintf(out, "; the answer was %s%s", outcomes[judge->other_outcome],
			judge->other_answer);
}

static void print_verdict(const struct expect_ending *ending, const struct judge *judge,
			  enum verdict verdict, uint64_t found)
{
	char *text = expect_describe(judge->expectation);

	fprintf(ending->out, "  %s%s%s  %s:%u  %s", ending->colour ? verdicts[verdict].colour : "",
		verdicts[verdict].text, ending->colour ? "\033[0m" : "", ending->file,
		judge->expectation->item.mark.line, text);
	if (verdict == NOT_MET) {
		GString *there = g_string_new(found == 1 ? "; there was " : "; there were ");

		expect_append_count(there, judge->expectation, found);
		fputs(there->str, ending->out);
		g_string_free(there, TRUE);
	}
	if (verdict == NOT_MET)
		print_other_answer(ending->out, judge);
	if (verdict == NOT_JUDGED)
		fprintf(ending->out, " (%s)", ending->cut_by);
	fputc('\n', ending->out);
	g_free(text);
}

/* Lines are counted up to the moment at which they are judged: time goes on behind the last record. */
static void count_until(struct expect *expect, struct judge *judge,
			const struct expect_ending *ending)
{
	int64_t end_ns = ending->cut_ns == TIME_NEVER ? expect->now_ns : ending->cut_ns;

	if (!judge->is_judged)
		count_lines(expect, judge, MIN(end_ns, judge->expectation->at_ns));
}

unsigned expect_finish(struct expect *expect, const struct expect_ending *ending)
{
	unsigned count = expect->scenario->expectations->len, unmet = 0;

	for (unsigned i = 0; i < count; i++) {
		uint64_t found;

		count_until(expect, &expect->judges[i], ending);
		enum verdict verdict = judge(&expect->judges[i], ending, &found);

		unmet += verdict == NOT_MET;
		if (verdict == NOT_MET || !ending->is_quiet)
			print_verdict(ending, &expect->judges[i], verdict, found);
	}
	return unmet;
}

const struct expect_tick *expect_tick(const struct expect *expect, uint64_t record)
{
	return expect->tick.record == record ? &expect->tick : NULL;
}
