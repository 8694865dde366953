/* What is told of a message outside of sessions: how it is written, checked, queued, filed and read. */
#include <string.h>
#include "protocols/actor.h"
#include "protocols/mail/names.h"
#include "protocols/screening/names.h"
#include "protocols/smtp/dissect.h"
#include "protocols/smtp/names.h"
#include "views/names.h"
#include "views/narrate_parts.h"

#define PHRASES_OF_ROLES 3 /* in narrator->phrases */

/* "MSA (mail submission agent)" where it comes first. */
static const char *role_of(struct narrator *narrator, uint8_t actor)
{
	static const char *const long_names[ACTOR_COUNT] = {
		[ACTOR_MUA] = "MUA (mail user agent)",
		[ACTOR_MSA] = "MSA (mail submission agent)",
		[ACTOR_MTA] = "MTA (mail transfer agent)",
		[ACTOR_MDA] = "MDA (mail delivery agent)",
	};
	uint64_t bit = UINT64_C(1) << actor;
	bool is_new = !(narrator->phrases[PHRASES_OF_ROLES] & bit);

	narrator->phrases[PHRASES_OF_ROLES] |= bit;
	if (actor < ACTOR_COUNT && is_new && long_names[actor] != NULL)
		return long_names[actor];
	return actor == ACTOR_NONE ? "program" : actor_name(actor);
}

static struct story_fact fact_role(struct narrator *narrator, const struct trace_record *record)
{
	return fact_word(role_of(narrator, record->actor));
}

static struct story_fact fact_host(struct narrator *narrator, const struct trace_record *record)
{
	return fact_node(narrator, trace_node_of(record->id));
}

static struct story_fact fact_text(struct narrator *narrator, const struct trace_record *record,
				   unsigned place)
{
	return fact_quote(narrator, record, narrate_mail_text(narrator, record, place), STORY_CODE);
}

static struct story_fact fact_fact(struct narrator *narrator, const struct trace_record *record,
				   const char *name)
{
	return fact_quote(narrator, record, narrate_mail_fact(narrator, record, name), STORY_CODE);
}

/* A line of the message in a record that begins with `start`, in any case; empty: there is none. */
static struct bytes header_line(const struct narrator *narrator, const struct trace_record *record,
				const char *start)
{
	struct bytes message = narrate_bytes(narrator, record);
	size_t length = strlen(start);

	for (size_t i = 0; i + length <= message.length; i++) {
		const uint8_t *end;

		if ((i > 0 && message.data[i - 1] != '\n') ||
		    g_ascii_strncasecmp((const char *)message.data + i, start, length) != 0)
			continue;
		end = memchr(message.data + i, '\r', message.length - i);
		return (struct bytes) { message.data + i, end == NULL
							      ? message.length - i
							      : (size_t)(end - message.data) - i };
	}
	return (struct bytes) { NULL, 0 };
}

/* What a notification says, in the words that programs read (RFC 3464). */
static void tell_report(struct narrator *narrator, const struct trace_record *record,
			struct story_block *paragraph)
{
	struct bytes recipient = header_line(narrator, record, "Final-Recipient: ");
	struct bytes action = header_line(narrator, record, "Action: ");
	struct bytes status = header_line(narrator, record, "Status: ");
	struct bytes headers = header_line(narrator, record, "Content-Type: text/rfc822-headers");

	if (recipient.length == 0 || action.length == 0 || status.length == 0)
		return;
	SAY(paragraph,
	    "It says what happened twice, once for people and once for programs: {}, {}, {}.",
	    fact_quote(narrator, record, recipient, STORY_CODE),
	    fact_quote(narrator, record, action, STORY_CODE),
	    fact_quote(narrator, record, status, STORY_CODE));
	if (memmem(action.data, action.length, "delayed", strlen("delayed")) != NULL)
		SAY(paragraph, "It is a warning only: the message is still in the queue.",
		    fact_because(record));
	SAY(paragraph, "{}",
	    fact_word(headers.length > 0
			  ? "Of the message itself it returns the header."
			  : "It returns the message, or the first part of a long one."),
	    fact_because(record));
}

static void tell_mime(struct narrator *narrator, const struct trace_record *record,
		      struct story_block *paragraph)
{
	struct bytes encoding = header_line(narrator, record, "Content-Transfer-Encoding: base64");

	if (encoding.length == 0 || !narrate_is_new(narrator, CONCEPT_MIME))
		return;
	SAY(paragraph,
	    "Mail carries text, so MIME has turned the file in it into letters and digits: {} "
	    "makes "
	    "four characters of every three bytes.",
	    fact_quote(narrator, record, encoding, STORY_CODE));
}

void narrate_compose(struct narrator *narrator, const struct scene *scene)
{
	const struct trace_record *record = narrate_station(narrator, scene, MAIL_COMPOSED, 0);
	struct story_block *paragraph = story_paragraph(narrator->story);
	struct bytes id;

	if (record == NULL)
		record = narrate_station(narrator, scene, MAIL_NOTIFIED, 0);
	if (record == NULL)
		return;
	id = header_line(narrator, record, "Message-ID: ");
	if (record->detail == MAIL_NOTIFIED)
		SAY(paragraph, "No user writes this one: the {} on {} does, {} bytes.",
		    fact_role(narrator, record), fact_host(narrator, record),
		    fact_number(narrator, record, STORY_LENGTH));
	else
		SAY(paragraph,
		    "{} presses Send. The {} on {} writes the message down as {} bytes of text, "
		    "header and body.",
		    fact_word(narrate_person(narrator, scene)), fact_role(narrator, record),
		    fact_host(narrator, record), fact_number(narrator, record, STORY_LENGTH));
	if (record->detail == MAIL_NOTIFIED)
		tell_report(narrator, record, paragraph);
	if (id.length > 0 && narrate_is_new(narrator, CONCEPT_MESSAGE_ID))
		SAY(paragraph, "Its header names it once and for all: {}.",
		    fact_quote(narrator, record, id, STORY_CODE));
	tell_mime(narrator, record, paragraph);
}

/* Checks. */

/* The piece of a server's own policy's evidence that holds `text`; empty: none. */
static struct bytes piece_with(struct bytes evidence, const char *text)
{
	while (evidence.length > 0) {
		const uint8_t *end = memmem(evidence.data, evidence.length, "; ", 2);
		size_t length = end == NULL ? evidence.length : (size_t)(end - evidence.data);

		if (memmem(evidence.data, length, text, strlen(text)) != NULL)
			return bytes_first(evidence, length);
		evidence = bytes_from(evidence, MIN(length + 2, evidence.length));
	}
	return evidence;
}

/* The reasons for which a server takes a message, told once of users and once of strangers. */
static void tell_policy(struct narrator *narrator, const struct trace_record *record,
			struct bytes evidence, struct story_block *paragraph)
{
	struct bytes login = piece_with(evidence, "authenticated as ");
	struct bytes stranger = piece_with(evidence, "not authenticated");
	struct bytes size = piece_with(evidence, " octets of ");
	struct bytes local = piece_with(evidence, " local");

	if (login.length > 0 && size.length > 0 && narrate_is_new(narrator, CONCEPT_POLICY_LOGIN))
		SAY(paragraph,
		    "Before it agreed, {} looked whether it may: it knows who is asking ({}), and "
		    "the "
		    "message is not too large ({}).",
		    fact_host(narrator, record), fact_quote(narrator, record, login, STORY_CODE),
		    fact_quote(narrator, record, size, STORY_CODE));
	else if (stranger.length > 0 && local.length > 0 &&
		 narrate_is_new(narrator, CONCEPT_POLICY_LOCAL))
		SAY(paragraph,
		    "{} looked, too, before it agreed. Whoever brings the message has not logged "
		    "in "
		    "({}); it may pass all the same, because its recipient is at home here ({}).",
		    fact_host(narrator, record), fact_quote(narrator, record, stranger, STORY_CODE),
		    fact_quote(narrator, record, local, STORY_CODE));
}

/* What a stage of the screening is about, in the order of enum screen_kind. */
static const char *const stage_meanings[SCREEN_KIND_COUNT] = {
	[SCREEN_SENDER] = "A user may only send in names that are the user's own.",
	[SCREEN_GREYLIST] =
	    "The idea: a real mail server tries again after a while, and most senders of "
	    "spam do not.",
	[SCREEN_VIRUS] = "It looks for what is known to be harmful.",
	[SCREEN_CONTENT] = "It looks for words and files that the server's owner does not want.",
	[SCREEN_SPAM] = "It adds up points for what is typical of spam.",
	[SCREEN_SPF] =
	    "The owner of the sender's domain has published in DNS which hosts send mail for "
	    "it, and this client is none of them.",
	[SCREEN_DKIM] =
	    "A signature in the header is compared with a key that the domain has published "
	    "in DNS.",
	[SCREEN_DMARC] =
	    "It asks whether SPF or DKIM speak for the domain that the reader sees in From, "
	    "and does what that domain wishes.",
};

static void explain_stage(struct narrator *narrator, const struct trace_record *record,
			  struct bytes stage, struct story_block *paragraph)
{
	for (unsigned kind = 0; kind < SCREEN_KIND_COUNT; kind++) {
		uint64_t bit = UINT64_C(1) << (32 + kind);

		if (!bytes_equal(stage, bytes_of(screen_kind_names[kind])) ||
		    (narrator->phrases[PHRASES_OF_ROLES] & bit))
			continue;
		narrator->phrases[PHRASES_OF_ROLES] |= bit;
		SAY(paragraph, "{}", fact_word(stage_meanings[kind]), fact_because(record));
	}
}

static void tell_check(struct narrator *narrator, const struct trace_record *record,
		       struct story_block *paragraph)
{
	struct bytes stage, evidence;

	screen_record_split(narrate_bytes(narrator, record), &stage, &evidence);
	if (record->before == SCREEN_SKIPPED)
		return;
	if (record->before == SCREEN_PASSED && bytes_equal(stage, bytes_of("policy"))) {
		tell_policy(narrator, record, evidence, paragraph);
		return;
	}
	SAY(paragraph, "On {} the check called {} {} ({}){}.", fact_host(narrator, record),
	    fact_quote(narrator, record, stage, STORY_CODE),
	    fact_word(record->before == SCREEN_FAILED ? "fails" : "passes"),
	    fact_quote(narrator, record, evidence, STORY_CODE),
	    fact_word(record->after == SCREEN_REJECT  ? ", and the message is not taken"
		      : record->after == SCREEN_DEFER ? ", and the client is told to come again"
		      : record->after == SCREEN_QUARANTINE ? ", and the message goes to Junk"
		      : record->after == SCREEN_TAG        ? ", and the message is marked"
							   : ""));
	if (record->before == SCREEN_FAILED)
		explain_stage(narrator, record, stage, paragraph);
}

/* What to say of each kind of station. */

#define RECIPIENTS_MAX 3

/* The recipients that a server queues a message for, which follow its acceptance. */
static void list_recipients(struct narrator *narrator, const struct scene *scene, guint index,
			    struct story_sentence *sentence)
{
	const struct trace_record *accepted =
	    narrate_record(narrator, g_array_index(scene->stations, uint64_t, index));
	unsigned count = 0;

	for (guint i = index + 1; i < scene->stations->len; i++) {
		const struct trace_record *record =
		    narrate_record(narrator, g_array_index(scene->stations, uint64_t, i));

		if (record->time_ns != accepted->time_ns)
			return;
		if (record->detail != MAIL_QUEUED)
			continue;
		if (count++ == RECIPIENTS_MAX) {
			story_go_on(sentence, " and others", NULL, 0);
			return;
		}
		GO_ON(sentence, count == 1 ? " for {}" : ", {}", fact_text(narrator, record, 1));
	}
}

static void tell_accepted(struct narrator *narrator, const struct scene *scene, guint index,
			  struct story_block *paragraph)
{
	const struct trace_record *record =
	    narrate_record(narrator, g_array_index(scene->stations, uint64_t, index));
	struct story_sentence *sentence;

	if (record->detail == MAIL_SUBMITTED && narrate_is_new(narrator, CONCEPT_MSA))
		sentence =
		    SAY(paragraph,
			"{} plays several parts from now on. As {} it has taken the message and "
			"given it the queue id {}; as {} it keeps it in its queue",
			fact_host(narrator, record), fact_word(role_of(narrator, ACTOR_MSA)),
			fact_text(narrator, record, 0), fact_word(role_of(narrator, ACTOR_MTA)));
	else
		sentence = SAY(paragraph, "{} queues it as {}", fact_host(narrator, record),
			       fact_text(narrator, record, 0));
	list_recipients(narrator, scene, index, sentence);
	story_go_on(sentence, ".", NULL, 0);
}

/* A copy for another recipient, filed at the same moment, is told in few words. */
static bool is_further_copy(struct narrator *narrator, const struct trace_record *record)
{
	bool is_further = narrator->filed != NULL && narrator->filed->root == record->root &&
			  narrator->filed->time_ns == record->time_ns &&
			  trace_node_of(narrator->filed->id) == trace_node_of(record->id);

	narrator->filed = record;
	return is_further;
}

static void tell_delivered(struct narrator *narrator, const struct trace_record *record,
			   struct story_block *paragraph)
{
	const struct trace_record *written = narrate_mail_record(narrator, record->root);
	struct story_sentence *sentence;

	if (is_further_copy(narrator, record)) {
		SAY(paragraph, "{} gets a copy, too (message {}).", fact_text(narrator, record, 0),
		    fact_number(narrator, record, STORY_AFTER));
		return;
	}
	sentence = SAY(paragraph, "The {} on {} files it in {} of {} as message {}",
		       fact_role(narrator, record), fact_host(narrator, record),
		       fact_fact(narrator, record, "mailbox"), fact_text(narrator, record, 0),
		       fact_number(narrator, record, STORY_AFTER));

	if (written != NULL && written->time_ns == record->time_ns)
		GO_ON(sentence, ", at once.", fact_because(written));
	else if (written != NULL)
		GO_ON(sentence, ", {} after it was written.",
		      fact_interval(narrator, written, record));
	else
		story_go_on(sentence, ".", NULL, 0);
	if (narrate_is_new(narrator, CONCEPT_MDA))
		SAY(paragraph,
		    "There the mail has arrived, though nobody has read it: delivery means the "
		    "mailbox on the server, and not the screen of the recipient.",
		    fact_because(record));
}

static void tell_transferred(struct narrator *narrator, const struct trace_record *record,
			     struct story_block *paragraph)
{
	if (narrate_mail_fact(narrator, record, "server").length == 0)
		return;
	SAY(paragraph, "Once {} has said yes, {} strikes {} off its queue.",
	    fact_fact(narrator, record, "server"), fact_host(narrator, record),
	    fact_text(narrator, record, 0));
}

/* When the next try is due, in seconds of the run. */
static struct story_fact fact_next(struct narrator *narrator, const struct trace_record *record)
{
	struct story_fact next = fact_number(narrator, record, STORY_AFTER);
	g_autofree char *seconds = g_strdup_printf("%.0f", (double)record->after / 1e9);

	next.text = g_string_chunk_insert(narrator->story->texts, seconds);
	next.evidence.form = STORY_SECONDS;
	return next;
}

static void tell_deferred(struct narrator *narrator, const struct trace_record *record,
			  struct story_block *paragraph)
{
	struct story_sentence *sentence;

	if (narrator->is_repeating)
		return;
	sentence = SAY(paragraph, "At {} {} cannot get rid of it ({}) and keeps the message",
		       fact_time(narrator, record), fact_host(narrator, record),
		       fact_quote(narrator, record, narrate_bytes(narrator, record), STORY_CODE));
	if (record->after != 0)
		GO_ON(sentence, ", to try again at second {} of the run",
		      fact_next(narrator, record));
	story_go_on(sentence, ".", NULL, 0);
	if (narrate_is_new(narrator, CONCEPT_DEFERRAL))
		SAY(paragraph,
		    "Mail is store and forward: a server that is away, or says no for now, "
		    "delays a message and does not lose it.",
		    fact_because(record));
}

/* Why no report is written, where the sender has asked for none (RFC 3461). */
static void tell_silence(struct narrator *narrator, const struct trace_record *record,
			 struct story_block *paragraph)
{
	struct bytes text = narrate_mail_text(narrator, record, 0);
	g_autofree char *recipient = g_strndup((const char *)text.data, text.length);
	uint32_t scene = narrate_scene_of(narrator, record);

	if (text.length == 0 || scene == SCENE_NONE)
		return;
	for (guint i = 0; i < narrator->legs->len; i++) {
		const struct leg *leg = narrate_leg(narrator, i);
		g_autoptr(GArray) sayings = NULL;

		if (leg->connection->dissector != &smtp_dissector)
			continue;
		sayings = narrate_sayings(narrator, leg, scene, false);
		for (guint k = 0; k < sayings->len; k++) {
			const struct saying *rcpt = &g_array_index(sayings, struct saying, k);

			if (rcpt->is_from_server || rcpt->unit->kind != SMTP_RCPT ||
			    !saying_has(rcpt, recipient) || !saying_has(rcpt, "NOTIFY=NEVER"))
				continue;
			SAY(paragraph,
			    "Here it writes nothing, for the sender wished so: {} (frame {}).",
			    fact_line(narrator, rcpt, 0), fact_saying_frame(narrator, rcpt));
			return;
		}
	}
}

static void tell_bounced(struct narrator *narrator, const struct trace_record *record,
			 struct story_block *paragraph)
{
	struct bytes reason = narrate_mail_text(narrator, record, 1);

	if (memmem(reason.data, reason.length, " said: ", strlen(" said: ")) != NULL)
		SAY(paragraph, "So {} gives up on {} at {}.", fact_host(narrator, record),
		    fact_text(narrator, record, 0), fact_time(narrator, record));
	else
		SAY(paragraph, "{} gives up on {} at {}: {}.", fact_host(narrator, record),
		    fact_text(narrator, record, 0), fact_time(narrator, record),
		    fact_text(narrator, record, 1));
	if (narrate_is_new(narrator, CONCEPT_BOUNCE))
		SAY(paragraph,
		    "A server that has taken a message may not drop it in silence: it writes "
		    "to the sender, from an empty address, so that no answer to this can "
		    "start a loop.",
		    fact_because(record));
	tell_silence(narrator, record, paragraph);
}

static void tell_refused(struct narrator *narrator, const struct trace_record *record,
			 struct story_block *paragraph)
{
	if (record->actor == ACTOR_MTA) /* what it does then is told, with the reply */
		return;
	SAY(paragraph, "So {} knows at {} that the message is refused: {}.",
	    fact_host(narrator, record), fact_time(narrator, record),
	    fact_quote(narrator, record, narrate_bytes(narrator, record), STORY_CODE));
}

static void tell_outbox(struct narrator *narrator, const struct trace_record *record,
			struct story_block *paragraph)
{
	SAY(paragraph, "{} has no connection at the moment: the message waits in its outbox.",
	    fact_host(narrator, record), fact_because(record));
}

static void tell_signed(struct narrator *narrator, const struct trace_record *record,
			struct story_block *paragraph)
{
	SAY(paragraph, "{} signs it by DKIM ({}), so that others can check who answers for it.",
	    fact_host(narrator, record),
	    fact_quote(narrator, record, narrate_bytes(narrator, record), STORY_CODE));
}

/* Says behind "the message" which one, by its subject, where that is known. */
static void name_message(struct narrator *narrator, const struct trace_record *written,
			 struct story_sentence *sentence)
{
	const struct model_mail *mail =
	    written == NULL ? NULL : model_mail_by_root(narrator->model, written->root);

	if (mail != NULL && mail->subject != NULL && *mail->subject != '\0')
		GO_ON(sentence, " \"{}\"",
		      fact_header(narrator, written, "Subject", mail->subject));
}

static void tell_retrieved(struct narrator *narrator, const struct trace_record *record,
			   struct story_block *paragraph)
{
	const struct trace_record *written = narrate_mail_record(narrator, record->root);
	const char *protocol = record->before == LAYER_POP3 || record->before == LAYER_IMAP
				   ? view_layer_name((unsigned)record->before)
				   : "another way";
	struct story_sentence *sentence;

	sentence = SAY(paragraph, "With this {} has the message", fact_host(narrator, record));
	name_message(narrator, written, sentence);
	if (written == NULL)
		GO_ON(sentence, ", {} bytes, by {}.", fact_number(narrator, record, STORY_LENGTH),
		      fact_word(protocol));
	else
		GO_ON(sentence, ", by {}, {} after it was written.", fact_word(protocol),
		      fact_interval(narrator, written, record));
	if (written != NULL && record->total_bytes > written->total_bytes &&
	    narrate_is_new(narrator, CONCEPT_GROWTH))
		SAY(paragraph,
		    "It was {} bytes when it was written and is {} now: every server on the way "
		    "has put lines of its own on top.",
		    fact_number(narrator, written, STORY_LENGTH),
		    fact_number(narrator, record, STORY_LENGTH));
}

static void tell_deleted(struct narrator *narrator, const struct trace_record *record,
			 struct story_block *paragraph)
{
	struct story_sentence *sentence =
	    SAY(paragraph, "On {} the message", fact_host(narrator, record));

	name_message(narrator, narrate_mail_record(narrator, record->root), sentence);
	GO_ON(sentence, " is deleted at {}.", fact_time(narrator, record));
}

static void tell_duplicate(struct narrator *narrator, const struct trace_record *record,
			   struct story_block *paragraph)
{
	SAY(paragraph,
	    "The {} on {} sees that it has filed this message already, and drops the copy.",
	    fact_role(narrator, record), fact_host(narrator, record));
}

static const struct {
	unsigned detail;
	void (*tell)(struct narrator *narrator, const struct trace_record *record,
		     struct story_block *paragraph);
} stations[] = {
	{MAIL_OUTBOX,       tell_outbox     },
        { MAIL_CHECKED,     tell_check      },
	{ MAIL_SIGNED,      tell_signed     },
        { MAIL_TRANSFERRED, tell_transferred},
	{ MAIL_DEFERRED,    tell_deferred   },
        { MAIL_BOUNCED,     tell_bounced    },
	{ MAIL_DELIVERED,   tell_delivered  },
        { MAIL_DUPLICATE,   tell_duplicate  },
	{ MAIL_RETRIEVED,   tell_retrieved  },
        { MAIL_DELETED,     tell_deleted    },
	{ MAIL_REFUSED,     tell_refused    },
};

void narrate_stations(struct narrator *narrator, const struct scene *scene, guint *at,
		      uint64_t until)
{
	struct story_block *paragraph = story_paragraph(narrator->story);

	for (; *at < scene->stations->len; (*at)++) {
		uint64_t index = g_array_index(scene->stations, uint64_t, *at);
		const struct trace_record *record = narrate_record(narrator, index);

		if (index >= until)
			return;
		if (record->detail == MAIL_SUBMITTED || record->detail == MAIL_RECEIVED)
			tell_accepted(narrator, scene, *at, paragraph);
		if (record->detail == MAIL_CHECKED && record->before != SCREEN_SKIPPED)
			narrate_texts(narrator, scene, trace_node_of(record->id), index, paragraph);
		for (size_t i = 0; i < G_N_ELEMENTS(stations); i++)
			if (stations[i].detail == record->detail)
				stations[i].tell(narrator, record, paragraph);
	}
}
