/* Arguments that name mailboxes and messages. */
#include "protocols/imap/command.h"
#include "protocols/imap/flags.h"
#include "protocols/imap/utf7.h"

/* The name of a mailbox on the wire: modified UTF-7, or once IMAP4rev2 is enabled UTF-8. */
char *imap_encode_name(const struct imap_session *session, const char *name)
{
	if (imap_has_enabled(session, IMAP_CAN_REV2))
		return g_strdup(name);
	return imap_utf7_encode(name);
}

char *imap_decode_name(const struct imap_session *session, struct bytes wire)
{
	char *name;

	if (!imap_has_enabled(session, IMAP_CAN_REV2))
		return imap_utf7_decode(wire);
	if (bytes_find_byte(wire, '\0') != NULL ||
	    !g_utf8_validate((const char *)wire.data, (gssize)wire.length, NULL))
		return NULL;
	name = g_strndup((const char *)wire.data, wire.length);
	return name;
}

bool imap_parse_mailbox(struct imap_session *session, struct imap_parser *parser, char **name)
{
	struct bytes wire;

	if (!imap_parse_space(parser) || !imap_parse_astring(parser, &wire))
		return false;
	if (wire.length > 0 && wire.data[wire.length - 1] == '/')
		wire.length--; /* "name/" announces names below it (RFC 3501 section 6.3.3) */
	*name = imap_decode_name(session, wire);
	if (*name == NULL) {
		imap_parser_fail(parser, "Mailbox name is not valid modified UTF-7");
		return false;
	}
	if (g_ascii_strcasecmp(*name, "INBOX") == 0 || g_ascii_strncasecmp(*name, "INBOX/", 6) == 0)
		memcpy(*name, "INBOX", 5); /* it has no case, not even above others */
	return true;
}

/* Whose mailbox the name is of, and what the owner calls it. NULL: nobody's. */
struct account *imap_locate(const struct imap_session *session, const char *name,
			    const char **local)
{
	*local = name;
	if (!imap_offers(session, IMAP_CAN_ACL) ||
	    strncmp(name, IMAP_SHARED_PREFIX, strlen(IMAP_SHARED_PREFIX)) != 0)
		return session->account;

	const char *owner = name + strlen(IMAP_SHARED_PREFIX);
	const char *slash = strchr(owner, '/');
	if (slash == NULL)
		return NULL;
	char *address = g_strndup(owner, (size_t)(slash - owner));
	struct account *account = mail_store_find(session->config.store, address);
	g_free(address);
	*local = slash + 1;
	return account != session->account ? account : NULL;
}

struct mailbox *imap_find_mailbox(const struct imap_session *session, const char *name)
{
	const char *local;
	struct account *account = imap_locate(session, name, &local);
	struct mailbox *mailbox = account != NULL ? account_find_mailbox(account, local) : NULL;

	/* To those who may not look it up it does not exist (RFC 4314 section 4). */
	if (mailbox == NULL || !imap_may(session, mailbox, RIGHT_LOOKUP))
		return NULL;
	return mailbox;
}

bool imap_may(const struct imap_session *session, const struct mailbox *mailbox, uint32_t rights)
{
	return mailbox->account == session->account ||
	       (mailbox_rights_of(mailbox, session->account->address) & rights) == rights;
}

bool imap_require(struct imap_session *session, const struct mailbox *mailbox, uint32_t rights)
{
	if (imap_may(session, mailbox, rights))
		return true;
	imap_no(session, "[NOPERM] Permission denied.");
	return false;
}

/* \Seen takes the right s, \Deleted t, all others w (RFC 4314 section 4). */
uint32_t imap_permitted_flags(const struct imap_session *session, const struct mailbox *mailbox)
{
	uint32_t flags = IMAP_FLAGS_SETTABLE;

	if (!imap_may(session, mailbox, RIGHT_SEEN))
		flags &= ~(uint32_t)MAILBOX_SEEN;
	if (!imap_may(session, mailbox, RIGHT_DELETE))
		flags &= ~(uint32_t)MAILBOX_DELETED;
	if (!imap_may(session, mailbox, RIGHT_WRITE))
		flags &= MAILBOX_SEEN | MAILBOX_DELETED;
	return flags;
}

void imap_no_mailbox(struct imap_session *session, const char *code, const char *name)
{
	char *wire = imap_encode_name(session, name);

	imap_no(session, "[%s] Mailbox doesn't exist: %s", code, wire);
	g_free(wire);
}

struct mailbox *imap_parse_existing(struct imap_session *session, struct imap_parser *parser,
				    char **name)
{
	struct mailbox *mailbox = NULL;

	if (!imap_parse_mailbox(session, parser, name) || !imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
	} else {
		mailbox = imap_find_mailbox(session, *name);
		if (mailbox == NULL)
			imap_no_mailbox(session, "NONEXISTENT", *name);
	}
	return mailbox;
}

bool imap_parse_saved(const struct imap_session *session, struct imap_parser *parser, bool is_uids,
		      struct imap_sequence_set *set)
{
	if (!imap_offers(session, IMAP_CAN_SEARCHRES) || !imap_skip(parser, '$'))
		return false;
	set->ranges = g_array_new(FALSE, FALSE, sizeof(struct imap_range));
	for (uint32_t uid = 0; (uid = imap_sequence_next(&session->saved, uid + 1)) != 0;) {
		uint32_t number = imap_view_number_of(&session->view, uid);

		if (number <= imap_view_count(&session->view) &&
		    imap_view_at(&session->view, number)->uid == uid)
			imap_sequence_add(set, is_uids ? uid : number);
		if (uid == UINT32_MAX)
			break;
	}
	return true;
}

bool imap_parse_messages(struct imap_session *session, struct imap_parser *parser,
			 struct imap_sequence_set *set)
{
	uint32_t count = imap_view_count(&session->view);
	uint32_t largest = count;

	if (session->is_uid && count > 0)
		largest = imap_view_at(&session->view, count)->uid;
	if (!imap_parse_space(parser))
		return false;
	if (imap_parse_saved(session, parser, session->is_uid, set))
		return true;
	if (!imap_parse_sequence_set(parser, set))
		return false;
	imap_sequence_resolve(set, largest);
	if (!session->is_uid && (count == 0 || imap_sequence_largest(set) > count))
		return imap_parser_fail(parser, "Invalid messageset");
	return true;
}

uint32_t imap_next_message(const struct imap_session *session, const struct imap_sequence_set *set,
			   uint32_t number)
{
	const struct imap_view *view = &session->view;

	while (++number <= imap_view_count(view)) {
		uint32_t key = session->is_uid ? imap_view_at(view, number)->uid : number;
		uint32_t next = imap_sequence_next(set, key);

		if (next == key)
			return number;
		if (next == 0)
			return 0;
		number = (session->is_uid ? imap_view_number_of(view, next) : next) - 1;
	}
	return 0;
}

/* "(" name [SP value] *(SP name [SP value]) ")": the options of RFC 4466. */
bool imap_parse_options(struct imap_parser *parser,
			bool (*take)(void *owner, struct imap_parser *parser, struct bytes name),
			void *owner)
{
	struct bytes name;

	if (!imap_parse_char(parser, '('))
		return false;
	if (imap_skip(parser, ')'))
		return true;
	do {
		if (!imap_parse_atom(parser, &name) || !take(owner, parser, name))
			return imap_parser_fail(parser, "Unknown parameter");
	} while (imap_skip(parser, ' '));
	return imap_parse_char(parser, ')');
}
