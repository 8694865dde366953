/* SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS (RFC 4314). */
#include "protocols/imap/command.h"
#include "protocols/imap/envelope.h"

struct request {
	char *name; /* of the mailbox */
	char *identifier;
	char *rights;
	struct mailbox *mailbox; /* NULL: the command has ended */
	bool is_owner;           /* the identifier is */
};

static void request_clear(struct request *request)
{
	g_free(request->name);
	g_free(request->identifier);
	g_free(request->rights);
}

/* The mailbox, when there is one and the user may do what takes `rights`; else ends the command. */
static struct mailbox *open_target(struct imap_session *session, const char *name, uint32_t rights)
{
	struct mailbox *mailbox = imap_find_mailbox(session, name);

	if (mailbox == NULL)
		imap_no_mailbox(session, "NONEXISTENT", name);
	else if (!imap_require(session, mailbox, rights))
		return NULL;
	return mailbox;
}

/*
 * The identifier as the list has it: an address in full, or "anyone", with "-" in front of either.
 * NULL: there is no such user.
 */
static char *full_identifier(const struct imap_session *session, const char *identifier)
{
	bool is_negative = identifier[0] == '-';
	const char *login = identifier + is_negative;
	const struct account *account = mail_store_find_login(session->config.store, login);

	if (strcmp(login, "anyone") == 0)
		return g_strdup(identifier);
	return account != NULL ? g_strconcat(is_negative ? "-" : "", account->address, NULL) : NULL;
}

/* SP mailbox SP identifier [SP rights] */
static bool parse_request(struct imap_session *session, struct imap_parser *parser, bool has_rights,
			  struct request *request)
{
	char *given = NULL;

	if (!imap_parse_mailbox(session, parser, &request->name) || !imap_parse_space(parser) ||
	    !imap_parse_text(parser, &given) ||
	    (has_rights &&
	     (!imap_parse_space(parser) || !imap_parse_text(parser, &request->rights))) ||
	    !imap_parse_end(parser)) {
		g_free(given);
		imap_bad_arguments(session, parser);
		return false;
	}
	request->identifier = full_identifier(session, given);
	g_free(given);
	request->mailbox = open_target(session, request->name, RIGHT_ADMINISTER);
	if (request->mailbox == NULL)
		return false;
	if (request->identifier == NULL) {
		imap_no(session, "[NONEXISTENT] No such user.");
		return false;
	}
	request->is_owner =
	    g_ascii_strcasecmp(request->identifier, request->mailbox->account->address) == 0;
	return true;
}

static void change(struct imap_session *session, const struct request *request, uint32_t rights)
{
	if (request->is_owner)
		imap_no(session, "[CANNOT] The owner has all rights.");
	else if (!mailbox_grant(request->mailbox, request->identifier, rights))
		imap_no(session, "[LIMIT] Too many identifiers.");
	else
		imap_ok(session, "%s completed.", request->rights != NULL ? "Setacl" : "Deleteacl");
}

/* setacl = "SETACL" SP mailbox SP identifier SP mod-rights; mod-rights = [+/-] rights */
void imap_run_setacl(struct imap_session *session, struct imap_parser *parser)
{
	struct request request = { 0 };

	if (parse_request(session, parser, true, &request)) {
		char sign = request.rights[0];
		bool has_sign = sign == '+' || sign == '-';
		uint32_t before = mailbox_granted(request.mailbox, request.identifier);
		uint32_t rights = 0;

		if (!mailbox_rights_parse(request.rights + has_sign, &rights))
			imap_bad(session, "Error in IMAP command SETACL: Unknown right.");
		else
			change(session, &request,
			       sign == '+'   ? before | rights
			       : sign == '-' ? before & ~rights
					     : rights);
	}
	request_clear(&request);
}

/* deleteacl = "DELETEACL" SP mailbox SP identifier */
void imap_run_deleteacl(struct imap_session *session, struct imap_parser *parser)
{
	struct request request = { 0 };

	if (parse_request(session, parser, false, &request))
		change(session, &request, 0);
	request_clear(&request);
}

static void begin(GString *out, const struct imap_session *session, const char *response,
		  const char *name)
{
	char *wire = imap_encode_name(session, name);

	g_string_append_printf(out, "* %s ", response);
	imap_print_astring(out, wire);
	g_free(wire);
}

static void print_entry(GString *out, const char *identifier, uint32_t rights)
{
	g_string_append_c(out, ' ');
	imap_print_astring(out, identifier);
	g_string_append_c(out, ' ');
	mailbox_rights_print(out, rights);
}

/* getacl = "GETACL" SP mailbox; acl-data = "ACL" SP mailbox *(SP identifier SP rights) */
void imap_run_getacl(struct imap_session *session, struct imap_parser *parser)
{
	char *name = NULL;
	const struct mailbox *mailbox = imap_parse_existing(session, parser, &name);

	if (mailbox != NULL && imap_require(session, mailbox, RIGHT_ADMINISTER)) {
		GString *text = g_string_new(NULL);

		begin(text, session, "ACL", name);
		print_entry(text, mailbox->account->address, RIGHTS_ALL);
		for (unsigned i = 0; mailbox->grants != NULL && i < mailbox->grants->len; i++) {
			const struct mailbox_grant *grant = g_ptr_array_index(mailbox->grants, i);

			print_entry(text, grant->identifier, grant->rights);
		}
		g_string_append(text, "\r\n");
		imap_send_string(session, text);
		imap_ok(session, "Getacl completed.");
	}
	g_free(name);
}

/* What is always granted, then what may be, right by right; the owner has all always. */
static void print_choices(GString *out, bool is_owner)
{
	if (is_owner) {
		mailbox_rights_print(out, RIGHTS_ALL);
		return;
	}
	g_string_append(out, "\"\"");
	for (const char *letter = MAILBOX_RIGHT_LETTERS; *letter != '\0'; letter++)
		g_string_append_printf(out, " %c", *letter);
	g_string_append(out, " c d");
}

/* listrights = "LISTRIGHTS" SP mailbox SP identifier */
void imap_run_listrights(struct imap_session *session, struct imap_parser *parser)
{
	struct request request = { 0 };

	if (parse_request(session, parser, false, &request)) {
		GString *text = g_string_new(NULL);

		begin(text, session, "LISTRIGHTS", request.name);
		g_string_append_c(text, ' ');
		imap_print_astring(text, request.identifier);
		g_string_append_c(text, ' ');
		print_choices(text, request.is_owner);
		g_string_append(text, "\r\n");
		imap_send_string(session, text);
		imap_ok(session, "Listrights completed.");
	}
	request_clear(&request);
}

/* myrights = "MYRIGHTS" SP mailbox */
void imap_run_myrights(struct imap_session *session, struct imap_parser *parser)
{
	char *name = NULL;
	const struct mailbox *mailbox = imap_parse_existing(session, parser, &name);

	if (mailbox != NULL) {
		GString *text = g_string_new(NULL);

		begin(text, session, "MYRIGHTS", name);
		g_string_append_c(text, ' ');
		mailbox_rights_print(text, mailbox_rights_of(mailbox, session->account->address));
		g_string_append(text, "\r\n");
		imap_send_string(session, text);
		imap_ok(session, "Myrights completed.");
	}
	g_free(name);
}
