/* APPEND (RFC 3501 section 6.3.11, with the APPENDUID of RFC 4315). */
#include "protocols/imap/command.h"
#include "protocols/imap/date.h"
#include "protocols/imap/flags.h"

struct append {
	char *mailbox;
	struct imap_flags flags;
	int64_t internal_date;
	struct bytes message; /* inside the command */
};

/* append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP literal */
static bool parse_append(struct imap_parser *parser, struct append *append)
{
	if (!imap_parse_mailbox(parser, &append->mailbox) || !imap_parse_space(parser))
		return false;
	if (imap_peek(parser) == '(' &&
	    (!imap_parse_flags(parser, false, false, &append->flags) || !imap_parse_space(parser)))
		return false;
	if (imap_peek(parser) == '"' &&
	    (!imap_parse_date_time(parser, &append->internal_date) || !imap_parse_space(parser)))
		return false;
	if (imap_peek(parser) != '{')
		return imap_parser_fail(parser, "Missing literal");
	return imap_parse_string(parser, &append->message) && imap_parse_end(parser);
}

static void store(struct imap_session *session, struct mailbox *mailbox, struct append *append)
{
	struct message *message =
	    message_new(g_bytes_new(append->message.data, append->message.length), 0);
	struct mailbox_entry *entry =
	    mailbox_append(mailbox, message, append->flags.flags, append->internal_date);
	uint32_t uid = entry->uid, validity = mailbox->uid_validity;

	if (append->flags.keywords != NULL)
		mailbox_set_flags(mailbox, entry, entry->flags, append->flags.keywords, NULL);
	message_free(message);
	imap_ok(session, "[APPENDUID %u %u] Append completed.", validity, uid);
}

void imap_run_append(struct imap_session *session, struct imap_parser *parser)
{
	struct append append = { .internal_date = session->base.unix_time };
	struct mailbox *mailbox;

	if (!parse_append(parser, &append))
		imap_bad_arguments(session, parser);
	else if ((mailbox = account_find_mailbox(session->account, append.mailbox)) == NULL)
		imap_no_mailbox(session, "TRYCREATE", append.mailbox);
	else if (!account_has_room(session->account, append.message.length))
		imap_no(session, "[OVERQUOTA] Quota exceeded (mailbox for user is full).");
	else
		store(session, mailbox, &append);
	g_free(append.mailbox);
	imap_flags_clear(&append.flags);
}
