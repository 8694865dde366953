/* GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208). An account with a limit is one quota root, called by its address. */
#include "protocols/imap/command.h"
#include "protocols/imap/envelope.h"

#define UNIT_BYTES 1024 /* of STORAGE (section 5.1) */

/* quota-response = "QUOTA" SP quota-root-name SP "(" quota-resource *(SP quota-resource) ")" */
static void print_quota(GString *out, const struct account *account)
{
	g_string_append(out, "* QUOTA ");
	imap_print_astring(out, account->address);
	g_string_append_printf(out, " (STORAGE %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT ")\r\n",
			       (account->used_bytes + UNIT_BYTES - 1) / UNIT_BYTES,
			       account->quota_bytes / UNIT_BYTES);
}

/* The account that is the root, if the user may know of it: his own, or one that shares with him. */
static struct account *find_root(const struct imap_session *session, const char *root)
{
	struct account *account = mail_store_find(session->config.store, root);

	if (account == NULL || account->quota_bytes == 0)
		return NULL;
	for (unsigned i = 0; i < account->mailboxes->len; i++)
		if (imap_may(session, g_ptr_array_index(account->mailboxes, i), RIGHT_READ))
			return account;
	return NULL;
}

/* SP quota-root-name; ends the command when that is all wrong. */
static struct account *parse_root(struct imap_session *session, struct imap_parser *parser,
				  bool has_list)
{
	struct account *account = NULL;
	char *root = NULL;

	if (!imap_parse_space(parser) || !imap_parse_text(parser, &root) ||
	    (has_list &&
	     (!imap_parse_space(parser) || imap_peek(parser) != '(' || !imap_parse_any(parser))) ||
	    !imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
	} else {
		account = find_root(session, root);
		if (account == NULL)
			imap_no(session, "[NONEXISTENT] No such quota root.");
	}
	g_free(root);
	return account;
}

/* getquota = "GETQUOTA" SP quota-root-name */
void imap_run_getquota(struct imap_session *session, struct imap_parser *parser)
{
	const struct account *account = parse_root(session, parser, false);
	GString *text = g_string_new(NULL);

	if (account != NULL)
		print_quota(text, account);
	imap_send_string(session, text);
	if (account != NULL)
		imap_ok(session, "Getquota completed.");
}

/* getquotaroot = "GETQUOTAROOT" SP mailbox */
void imap_run_getquotaroot(struct imap_session *session, struct imap_parser *parser)
{
	char *name = NULL;
	const struct mailbox *mailbox = imap_parse_existing(session, parser, &name);

	if (mailbox != NULL && imap_require(session, mailbox, RIGHT_READ)) {
		char *wire = imap_encode_name(session, name);
		GString *text = g_string_new("* QUOTAROOT ");

		imap_print_astring(text, wire);
		if (mailbox->account->quota_bytes != 0) {
			g_string_append_c(text, ' ');
			imap_print_astring(text, mailbox->account->address);
		}
		g_string_append(text, "\r\n");
		if (mailbox->account->quota_bytes != 0)
			print_quota(text, mailbox->account);
		imap_send_string(session, text);
		imap_ok(session, "Getquotaroot completed.");
		g_free(wire);
	}
	g_free(name);
}

/* setquota = "SETQUOTA" SP quota-root-name SP setquota-list: QUOTASET is not offered to users. */
void imap_run_setquota(struct imap_session *session, struct imap_parser *parser)
{
	if (parse_root(session, parser, true) != NULL)
		imap_no(session, "[NOPERM] Permission denied.");
}
