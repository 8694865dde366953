/*
 * APPEND (RFC 3501 section 6.3.11) of one message or several (RFC 3502), also with bytes of any value
 * (RFC 3516); with the APPENDUID of RFC 4315.
 */
#include "protocols/imap/command.h"
#include "protocols/imap/date.h"
#include "protocols/imap/flags.h"
#include "protocols/mail/binary.h"
#include "protocols/mail/lines.h"

#define MESSAGES_MAX 1000 /* in one command */

struct appended {
	struct imap_flags flags;
	int64_t internal_date;
	struct bytes text; /* inside the command */
	bool is_binary;
	GBytes *message; /* as it is stored; NULL: not made yet */
};

struct append {
	char *mailbox;
	GArray *messages; /* of struct appended */
	uint64_t bytes;   /* of all of them */
};

static void appended_clear(void *data)
{
	struct appended *appended = data;

	imap_flags_clear(&appended->flags);
	g_clear_pointer(&appended->message, g_bytes_unref);
}

/* literal = "{" ...; literal8 = "~{" number ["+"] "}" CRLF *OCTET (RFC 3516 section 7) */
static bool parse_literal(struct imap_session *session, struct imap_parser *parser,
			  struct appended *appended)
{
	if (imap_offers(session, IMAP_CAN_BINARY))
		appended->is_binary = imap_skip(parser, '~');
	if (imap_peek(parser) != '{')
		return imap_parser_fail(parser, "Missing literal");
	return imap_parse_string(parser, &appended->text);
}

/* append-message = [SP flag-list] [SP date-time] SP append-data */
static bool parse_message(struct imap_session *session, struct imap_parser *parser,
			  struct appended *appended)
{
	if (!imap_parse_space(parser))
		return false;
	if (imap_peek(parser) == '(' &&
	    (!imap_parse_flags(parser, false, false, &appended->flags) ||
	     !imap_parse_space(parser)))
		return false;
	if (imap_peek(parser) == '"' &&
	    (!imap_parse_date_time(parser, &appended->internal_date) || !imap_parse_space(parser)))
		return false;
	return parse_literal(session, parser, appended);
}

/* append = "APPEND" SP mailbox 1*append-message */
static bool parse_append(struct imap_session *session, struct imap_parser *parser,
			 struct append *append)
{
	if (!imap_parse_mailbox(session, parser, &append->mailbox))
		return false;
	do {
		struct appended appended = { .internal_date = session->base.unix_time };
		bool is_read = append->messages->len < MESSAGES_MAX
				   ? parse_message(session, parser, &appended)
				   : imap_parser_fail(parser, "Too many messages");

		g_array_append_val(append->messages, appended);
		append->bytes += appended.text.length;
		if (!is_read)
			return false;
	} while (imap_offers(session, IMAP_CAN_MULTIAPPEND) && imap_peek(parser) == ' ');
	return imap_parse_end(parser);
}

/* The text of a literal has lines, that of a literal8 may be a file. */
static GBytes *received(const struct appended *appended)
{
	if (appended->is_binary)
		return message_without_binary(
		    g_bytes_new(appended->text.data, appended->text.length));

	GByteArray *text = g_byte_array_sized_new((guint)appended->text.length);

	lines_append(text, appended->text);
	return g_byte_array_free_to_bytes(text);
}

/*
 * What shall be stored. A part with bytes of any value is stored in base64, for BODY[] must not show
 * NUL (RFC 3516 section 4.4). NULL: the reason why it cannot be is in `why`.
 */
static GBytes *storable(const struct appended *appended, const char **why)
{
	GBytes *message;

	*why = NULL;
	if (appended->text.length == 0) {
		*why = "Can't save a zero byte message.";
		return NULL;
	}
	message = received(appended);

	gsize length;
	const uint8_t *data = g_bytes_get_data(message, &length);
	if (memchr(data, '\0', length) != NULL) {
		*why = "[UNKNOWN-CTE] NUL where the encoding is not binary.";
		g_clear_pointer(&message, g_bytes_unref);
	}
	return message;
}

/* All or nothing (RFC 3502 section 4). */
static const char *prepare(struct append *append)
{
	const char *why = NULL;

	for (unsigned i = 0; why == NULL && i < append->messages->len; i++) {
		struct appended *appended = &g_array_index(append->messages, struct appended, i);

		appended->message = storable(appended, &why);
	}
	return why;
}

static void store_one(struct mailbox *mailbox, struct appended *appended, uint32_t permitted,
		      struct imap_sequence_set *uids)
{
	struct message *message = message_new(g_steal_pointer(&appended->message), 0);
	struct mailbox_entry *entry = mailbox_append(
	    mailbox, message, appended->flags.flags & permitted, appended->internal_date);

	imap_sequence_add(uids, entry->uid);
	if (appended->flags.keywords != NULL && permitted & MAILBOX_FLAGGED)
		mailbox_set_flags(mailbox, entry, entry->flags, appended->flags.keywords, NULL);
	message_free(message);
}

static void store(struct imap_session *session, struct mailbox *mailbox, struct append *append)
{
	uint32_t permitted = imap_permitted_flags(session, mailbox);
	struct imap_sequence_set uids = IMAP_SEQUENCE_INIT;
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < append->messages->len; i++)
		store_one(mailbox, &g_array_index(append->messages, struct appended, i), permitted,
			  &uids);
	if (imap_offers(session, IMAP_CAN_UIDPLUS)) {
		g_string_append_printf(text, "[APPENDUID %u ", mailbox->uid_validity);
		imap_sequence_print(&uids, text);
		g_string_append(text, "] ");
	}
	imap_ok(session, "%sAppend completed.", text->str);
	g_string_free(text, TRUE);
	imap_sequence_clear(&uids);
}

void imap_run_append(struct imap_session *session, struct imap_parser *parser)
{
	struct append append = { .messages = g_array_new(FALSE, FALSE, sizeof(struct appended)) };
	struct mailbox *mailbox;
	const char *why;

	g_array_set_clear_func(append.messages, appended_clear);
	if (!parse_append(session, parser, &append))
		imap_bad_arguments(session, parser);
	else if ((mailbox = imap_find_mailbox(session, append.mailbox)) == NULL)
		imap_no_mailbox(session, "TRYCREATE", append.mailbox);
	else if (!imap_require(session, mailbox, RIGHT_INSERT))
		;
	else if (!account_has_room(mailbox->account, append.bytes))
		imap_no(session, "[OVERQUOTA] Quota exceeded (mailbox for user is full).");
	else if ((why = prepare(&append)) != NULL)
		imap_no(session, "%s", why);
	else
		store(session, mailbox, &append);
	g_free(append.mailbox);
	g_array_unref(append.messages);
}
