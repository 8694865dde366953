/* Expectations about messages and where they are kept. */
#include <inttypes.h>
#include <string.h>
#include "app/expect_private.h"
#include "protocols/layer.h"
#include "protocols/mail/message.h"
#include "protocols/mail/names.h"
#include "protocols/screening/names.h"
#include "views/names.h"

/* ---- Mailboxes, on the server or at a client ---- */

static bool is_meant(const struct expect *expect, const struct mailbox_state *mailbox,
		     const struct scenario_expectation *expectation)
{
	const struct scenario_account *account = expectation->kind == EXPECT_DEVICE
						     ? expectation->device->account
						     : expectation->account;
	const struct scenario_node *server =
	    expectation->kind == EXPECT_DEVICE ? expectation->device->host : account->domain->mail;

	return server != NULL &&
	       strcmp(expect_node_name(expect, mailbox->node), server->item.name) == 0 &&
	       g_ascii_strcasecmp(mailbox->owner, account->address) == 0 &&
	       strcmp(mailbox->name, expectation->folder) == 0;
}

static bool holds_text(const struct mailbox_message *message, const char *text)
{
	gsize length;
	const void *bytes = g_bytes_get_data(message->bytes, &length);

	return text == NULL || memmem(bytes, length, text, strlen(text)) != NULL;
}

static bool is_counted(const struct mailbox_message *message,
		       const struct scenario_expectation *expectation)
{
	return (expectation->subject == NULL ||
		strcmp(message->subject, expectation->subject) == 0) &&
	       !(expectation->only_unseen && mailbox_is_seen(message->flags)) &&
	       holds_text(message, expectation->containing);
}

static uint64_t count_held(const struct expect *expect,
			   const struct scenario_expectation *expectation)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < mailboxes_count(expect->mailboxes); i++) {
		const struct mailbox_state *mailbox = mailboxes_get(expect->mailboxes, i);

		if (!is_meant(expect, mailbox, expectation))
			continue;
		for (guint k = 0; k < mailbox->messages->len; k++)
			count += is_counted(mailbox->messages->pdata[k], expectation);
	}
	return count;
}

/* What changes the messages of one mailbox concerns only those who expect something of it. */
static bool changes_one(const struct trace_record *record)
{
	return record->detail != MAILBOX_CREATED && record->detail != MAILBOX_REMOVED &&
	       record->detail != MAILBOX_RENAMED;
}

/* What made the count rise is evidence for it, what made it fall against. */
static void change_to(struct expect *expect, struct judge *judge, const struct trace_record *record,
		      struct bytes bytes, uint64_t count)
{
	if (count != judge->count)
		expect_witness(expect, judge, record, bytes, count < judge->count);
	expect_count_to(expect, judge, count);
}

static void observe_mailbox(struct expect *expect, struct judge *judge,
			    const struct trace_record *record, struct bytes bytes)
{
	const struct mailbox_state *changed =
	    record->kind == TRACE_MAILBOX && changes_one(record)
		? mailboxes_find(expect->mailboxes, record->object)
		: NULL;

	if (record->kind == TRACE_MAILBOX &&
	    (changed == NULL || is_meant(expect, changed, judge->expectation)))
		change_to(expect, judge, record, bytes, count_held(expect, judge->expectation));
}

static void describe_mailbox(GString *text, const struct scenario_expectation *expectation)
{
	bool is_local = expectation->kind == EXPECT_DEVICE;

	g_string_append_printf(
	    text, "%s %s %s holds%s", expectation->folder, is_local ? "at" : "of",
	    is_local ? expectation->device->item.name : expectation->account->address,
	    expectation->only_unseen ? " unseen" : "");
	if (expectation->subject != NULL)
		g_string_append_printf(text, " \"%s\"", expectation->subject);
	if (expectation->containing != NULL)
		g_string_append_printf(text, " that contains \"%s\"", expectation->containing);
}

const struct predicate predicate_mailbox = {
	.kinds = TRACE_BIT(TRACE_MAILBOX),
	.may_fall = true,
	.range = PREDICATE_RANGE(messages),
	.observe = observe_mailbox,
	.describe = describe_mailbox,
};

const struct predicate predicate_device = {
	.kinds = TRACE_BIT(TRACE_MAILBOX),
	.may_fall = true,
	.range = PREDICATE_RANGE(messages),
	.observe = observe_mailbox,
	.describe = describe_mailbox,
};

/* ---- Bytes of mail kept at a host ---- */

static bool is_stored(const struct expect *expect, const struct mailbox_state *mailbox,
		      const struct scenario_expectation *expectation)
{
	return strcmp(expect_node_name(expect, mailbox->node), expectation->node->name) == 0 &&
	       (expectation->owner == NULL ||
		g_ascii_strcasecmp(mailbox->owner, expectation->owner->address) == 0);
}

static void observe_stored(struct expect *expect, struct judge *judge,
			   const struct trace_record *record, struct bytes bytes)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < mailboxes_count(expect->mailboxes); i++) {
		const struct mailbox_state *mailbox = mailboxes_get(expect->mailboxes, i);

		if (is_stored(expect, mailbox, judge->expectation))
			count += mailbox->bytes;
	}
	change_to(expect, judge, record, bytes, count);
}

static void describe_stored(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append(text, "bytes of mail stored");
	expect_append_condition(text, "of",
				expectation->owner == NULL ? NULL : expectation->owner->address);
}

const struct predicate predicate_stored = {
	.kinds = TRACE_BIT(TRACE_MAILBOX),
	.may_fall = true,
	.range = PREDICATE_RANGE(count),
	.observe = observe_stored,
	.describe = describe_stored,
};

/* ---- Messages ---- */

struct expect_mail *expect_mail_of(const struct expect *expect, const struct trace_record *record,
				   struct bytes bytes)
{
	struct bytes id = mail_record_message_id(record->detail, bytes);

	for (guint i = 0; i < expect->mails->len; i++) {
		struct expect_mail *mail = &g_array_index(expect->mails, struct expect_mail, i);

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

static char *subject_of(struct bytes message)
{
	char *raw = message_header(message_header_section(message), "Subject");
	char *subject = raw == NULL ? g_strdup("") : message_decode_words(raw);

	g_free(raw);
	return subject;
}

static void meet_mail(struct expect *expect, const struct trace_record *record, struct bytes bytes)
{
	char *message_id = message_header(message_header_section(bytes), "Message-ID");
	struct expect_mail mail = { .root = record->root,
				    .composed_ns = record->time_ns,
				    .subject = subject_of(bytes),
				    .message_id = message_id != NULL ? message_id : g_strdup("") };

	for (unsigned i = 0; i < STATION_COUNT; i++)
		mail.last_ns[i] = TIME_NEVER;
	g_array_append_val(expect->mails, mail);
}

/* A message is known from its first record on, ... */
void expect_mail_begin(struct expect *expect, const struct trace_record *record, struct bytes bytes)
{
	if (record->kind == TRACE_MAIL &&
	    (record->detail == MAIL_COMPOSED || record->detail == MAIL_NOTIFIED) &&
	    expect_mail_of(expect, record, bytes) == NULL)
		meet_mail(expect, record, bytes);
}

/* ... and was last at a station when those were judged that count from then. */
void expect_mail_end(struct expect *expect, const struct trace_record *record, struct bytes bytes)
{
	struct expect_mail *mail =
	    record->kind == TRACE_MAIL ? expect_mail_of(expect, record, bytes) : NULL;

	for (unsigned i = 0; i < STATION_COUNT && mail != NULL; i++)
		if (station_details[i] == record->detail)
			mail->last_ns[i] = record->time_ns;
}

/* Where `within` is counted from; TIME_NEVER: the mail has not been there. */
static int64_t base_of(const struct expect_mail *mail,
		       const struct scenario_expectation *expectation)
{
	return expectation->since == STATION_COMPOSED ? mail->composed_ns
						      : mail->last_ns[expectation->since];
}

static bool is_message(const struct expect *expect, const struct trace_record *record,
		       struct bytes bytes, const struct expect_mail *mail,
		       const struct scenario_expectation *expectation)
{
	return record->detail == station_details[expectation->station] &&
	       base_of(mail, expectation) != TIME_NEVER &&
	       expect_has_part(bytes, expectation->recipient) &&
	       expect_is_by(expect, record->id, expectation->by) &&
	       record->time_ns - base_of(mail, expectation) <= expectation->within_ns;
}

static bool has_subject(const struct expect_mail *mail,
			const struct scenario_expectation *expectation)
{
	return mail != NULL &&
	       (expectation->subject == NULL || strcmp(mail->subject, expectation->subject) == 0);
}

/* What a user wished in vain tells why a message did not come to a station. */
static void observe_failure(struct expect *expect, struct judge *judge,
			    const struct trace_record *record, struct bytes bytes)
{
	const struct scenario_expectation *expectation = judge->expectation;
	const struct expect_action *action;

	if (record->layer != LAYER_USER || record->detail != USER_DONE || record->after == 0 ||
	    !expect_is_by(expect, record->id, expectation->by))
		return;
	action = g_hash_table_lookup(expect->actions, &record->object);
	if (action != NULL && expectation->subject != NULL &&
	    strstr(action->text, expectation->subject) != NULL)
		expect_witness(expect, judge, record, bytes, true);
}

static void observe_message(struct expect *expect, struct judge *judge,
			    const struct trace_record *record, struct bytes bytes)
{
	const struct scenario_expectation *expectation = judge->expectation;
	const struct expect_mail *mail;

	if (record->kind == TRACE_STATE) {
		observe_failure(expect, judge, record, bytes);
		return;
	}
	mail = expect_mail_of(expect, record, bytes);
	if (!has_subject(mail, expectation))
		return;
	if (is_message(expect, record, bytes, mail, expectation))
		expect_count(expect, judge, record, bytes, 1);
	else
		expect_witness(expect, judge, record, bytes, true);
}

static void describe_message(GString *text, const struct scenario_expectation *expectation)
{
	static const char *const words[] = {
		[STATION_SHOWN_READ] = "shown as read",
		[STATION_UNLISTED] = "no longer listed",
	};
	unsigned station = expectation->station;

	g_string_append_printf(text, "message \"%s\" %s",
			       expectation->subject == NULL ? "(any)" : expectation->subject,
			       station < G_N_ELEMENTS(words) && words[station] != NULL
				   ? words[station]
				   : expect_word("is", (int)station));
	expect_append_condition(text, "for", expectation->recipient);
	expect_append_condition(text, "by", expect_name_of(expectation->by));
}

const struct predicate predicate_message = {
	.kinds = TRACE_BIT(TRACE_MAIL) | TRACE_BIT(TRACE_STATE),
	.range = PREDICATE_RANGE(times),
	.observe = observe_message,
	.describe = describe_message,
};

/* ---- Screening ---- */

static bool has_evidence(struct bytes evidence, const char *text)
{
	return text == NULL || (evidence.length > 0 &&
				memmem(evidence.data, evidence.length, text, strlen(text)) != NULL);
}

static bool is_screening(const struct trace_record *record, struct bytes evidence,
			 const struct scenario_expectation *expectation)
{
	return record->before == (uint64_t)expectation->verdict &&
	       (expectation->screen_action == SCREEN_ACTION_COUNT ||
		record->after == (uint64_t)expectation->screen_action) &&
	       has_evidence(evidence, expectation->evidence);
}

/* Of a message that nobody composed the subject is not known: only who asks for none means it. */
static void observe_screening(struct expect *expect, struct judge *judge,
			      const struct trace_record *record, struct bytes bytes)
{
	const struct scenario_expectation *expectation = judge->expectation;
	struct bytes stage, evidence;

	if (record->detail != MAIL_CHECKED || !expect_is_by(expect, record->id, expectation->by) ||
	    (expectation->subject != NULL &&
	     !has_subject(expect_mail_of(expect, record, bytes), expectation)))
		return;
	screen_record_split(bytes, &stage, &evidence);
	if (!bytes_equal(stage, bytes_of(screen_kind_names[expectation->stage])))
		return;
	if (is_screening(record, evidence, expectation))
		expect_count(expect, judge, record, bytes, 1);
	else
		expect_witness(expect, judge, record, bytes, true);
}

/* "screening (virus) of "Invoice" by mail failed, reject" */
static void describe_screening(GString *text, const struct scenario_expectation *expectation)
{
	g_string_append_printf(text, "screening (%s)", screen_kind_names[expectation->stage]);
	if (expectation->subject != NULL)
		g_string_append_printf(text, " of \"%s\"", expectation->subject);
	expect_append_condition(text, "by", expect_name_of(expectation->by));
	g_string_append_printf(text, " %s", screen_verdict_names[expectation->verdict]);
	if (expectation->screen_action != SCREEN_ACTION_COUNT)
		g_string_append_printf(text, ", %s",
				       screen_action_names[expectation->screen_action]);
	expect_append_condition(text, "with", expectation->evidence);
}

const struct predicate predicate_screening = {
	.kinds = TRACE_BIT(TRACE_MAIL),
	.range = PREDICATE_RANGE(times),
	.observe = observe_screening,
	.describe = describe_screening,
};

static void observe_duplicate(struct expect *expect, struct judge *judge,
			      const struct trace_record *record, struct bytes bytes)
{
	if (record->detail == MAIL_DUPLICATE &&
	    expect_is_at(expect, record->id, judge->expectation->node))
		expect_count(expect, judge, record, bytes, 1);
}

static void describe_duplicates(GString *text, const struct scenario_expectation *expectation)
{
	(void)expectation;
	g_string_append(text, "second deliveries recognised");
}

const struct predicate predicate_duplicates = {
	.kinds = TRACE_BIT(TRACE_MAIL),
	.range = PREDICATE_RANGE(count),
	.observe = observe_duplicate,
	.describe = describe_duplicates,
};
