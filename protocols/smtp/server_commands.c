/* The commands of an SMTP server and when they are allowed (RFC 5321 sections 4.1.1 and 4.1.4). */
#include "protocols/smtp/server_session.h"

struct command {
	enum smtp_detail verb;
	unsigned allowed_states; /* set of 1u << enum smtp_state */
	void (*run)(struct smtp_server *server, struct bytes argument);
};

static bool refuse_argument(struct smtp_server *server, struct bytes argument, const char *verb)
{
	if (argument.length == 0)
		return false;
	smtp_server_reply(server, "501 5.5.4 Syntax: %s", verb);
	return true;
}

/* EHLO and HELO. */

static void list_capabilities(struct smtp_server *server, GString *out)
{
	const struct smtp_server_config *config = server->config;
	unsigned offered = config->capabilities;

	if (offered & SMTP_CAN_PIPELINE)
		g_string_append(out, "250-PIPELINING\r\n");
	if (offered & SMTP_CAN_SIZE && config->size_limit == 0)
		g_string_append(out, "250-SIZE\r\n");
	else if (offered & SMTP_CAN_SIZE)
		g_string_append_printf(out, "250-SIZE %" G_GUINT64_FORMAT "\r\n",
				       config->size_limit);
	if (offered & SMTP_CAN_VRFY)
		g_string_append(out, "250-VRFY\r\n");
	if (smtp_server_offers_tls(server))
		g_string_append(out, "250-STARTTLS\r\n");
	if (smtp_server_offers_auth(server)) {
		g_string_append(out, "250-AUTH");
		sasl_append_names(smtp_server_mechanisms(server), " ", out);
		g_string_append(out, "\r\n");
	}
	if (offered & SMTP_CAN_STATUS)
		g_string_append(out, "250-ENHANCEDSTATUSCODES\r\n");
	if (offered & SMTP_CAN_8BIT)
		g_string_append(out, "250-8BITMIME\r\n");
	if (offered & SMTP_CAN_DSN)
		g_string_append(out, "250-DSN\r\n");
	if (offered & SMTP_CAN_UTF8)
		g_string_append(out, "250-SMTPUTF8\r\n");
	if (offered & SMTP_CAN_CHUNK)
		g_string_append(out, "250-CHUNKING\r\n");
}

/* The last line of a reply has a blank behind the code, the others a hyphen (section 4.2.1). */
static void mark_last_line(GString *reply)
{
	gsize line = reply->len - 2;

	while (line > 0 && reply->str[line - 1] != '\n')
		line--;
	reply->str[line + 3] = ' ';
}

static void greet_back(struct smtp_server *server, struct bytes argument, bool is_extended)
{
	struct session *session = &server->session;
	uint64_t from = session->produced_bytes;
	GString *reply = g_string_new(NULL);

	g_free(server->helo);
	server->helo = g_strndup((const char *)argument.data, argument.length);
	g_strcanon(server->helo,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]:", '?');
	server->is_extended = is_extended;
	smtp_server_reset(server);

	g_string_append_printf(reply, "250-%s\r\n", server->config->host_name);
	if (is_extended)
		list_capabilities(server, reply);
	mark_last_line(reply);
	session_write(session, (struct bytes) { (const uint8_t *)reply->str, reply->len });
	g_string_free(reply, TRUE);
	session_note_output(session, SMTP_COMPLETED, from);
	if (server->state == SMTP_GREETED)
		smtp_server_note_phase(server, PHASE_GREETED);
	smtp_server_enter(server, SMTP_READY);
}

static void run_ehlo(struct smtp_server *server, struct bytes argument)
{
	if (argument.length == 0)
		smtp_server_reply(server, "501 Syntax: EHLO hostname");
	else
		greet_back(server, argument, true);
}

static void run_helo(struct smtp_server *server, struct bytes argument)
{
	if (argument.length == 0)
		smtp_server_reply(server, "501 Syntax: HELO hostname");
	else
		greet_back(server, argument, false);
}

/* MAIL. */

static bool refuse_path(struct smtp_server *server, enum smtp_path_status status,
			const char *syntax, const char *bad)
{
	if (status == SMTP_PATH_OK)
		return false;
	if (status == SMTP_PATH_FOREIGN)
		smtp_server_reply(server,
				  "553 5.6.7 Must declare SMTPUTF8 to permit unicode address");
	else
		smtp_server_reply(server, "%s", status == SMTP_PATH_MISSING ? syntax : bad);
	return true;
}

static bool take_size(struct smtp_server *server, struct bytes value)
{
	uint64_t limit = server->config->size_limit;
	uint64_t size;

	if (!smtp_number_parse(value, &size)) {
		smtp_server_reply(server, "501 5.5.4 Bad message size syntax");
		return false;
	}
	if (limit != 0 && size > limit) {
		smtp_server_reply(server, "552 5.3.4 Message size exceeds fixed limit");
		return false;
	}
	server->declared_bytes = size;
	return true;
}

static bool take_body(struct smtp_server *server, struct bytes value)
{
	server->is_8bit = smtp_keyword_is(value, "8BITMIME");
	if (server->is_8bit || smtp_keyword_is(value, "7BIT"))
		return true;
	smtp_server_reply(server, "501 5.5.4 Syntax: BODY=7BIT or BODY=8BITMIME");
	return false;
}

/* SMTPUTF8 has no value (RFC 6531 section 3.4). */
static bool take_utf8(struct smtp_server *server, struct bytes value)
{
	server->wish.is_utf8 = value.data == NULL;
	if (!server->wish.is_utf8)
		smtp_server_reply(server, "501 5.5.4 SMTPUTF8 takes no value");
	return server->wish.is_utf8;
}

/* "RET=" ( "FULL" / "HDRS" ), once (RFC 3461 section 4.3) */
static bool take_ret(struct smtp_server *server, struct bytes value)
{
	bool is_first = server->wish.returns == SMTP_RETURN_UNSAID;

	if (is_first && smtp_keyword_is(value, "FULL"))
		server->wish.returns = SMTP_RETURN_FULL;
	else if (is_first && smtp_keyword_is(value, "HDRS"))
		server->wish.returns = SMTP_RETURN_HEADERS;
	else {
		smtp_server_reply(server, "501 5.5.4 Syntax: RET=FULL or RET=HDRS");
		return false;
	}
	return true;
}

/* "ENVID=" xtext, once (section 4.4) */
static bool take_envid(struct smtp_server *server, struct bytes value)
{
	if (value.length == 0 || value.length > SMTP_ENVID_MAX || !smtp_xtext_is_valid(value) ||
	    server->wish.envelope_id != NULL) {
		smtp_server_reply(server, "501 5.5.4 Syntax: ENVID=xtext");
		return false;
	}
	server->wish.envelope_id = g_strndup((const char *)value.data, value.length);
	return true;
}

static void refuse_parameter(struct smtp_server *server, const struct smtp_parameter *parameter)
{
	smtp_server_reply(server, "555 5.5.4 Unsupported option: %.*s",
			  (int)parameter->keyword.length, (const char *)parameter->keyword.data);
}

/* Takes the parameters of MAIL that belong to what was offered; refuses the first that does not. */
static bool take_mail_parameters(struct smtp_server *server, struct bytes rest)
{
	unsigned offered = server->is_extended ? server->config->capabilities : 0;
	struct smtp_parameter parameter;

	while (smtp_parameter_next(&rest, &parameter)) {
		bool is_taken;

		if (offered & SMTP_CAN_SIZE && smtp_keyword_is(parameter.keyword, "SIZE"))
			is_taken = take_size(server, parameter.value);
		else if (offered & SMTP_CAN_8BIT && smtp_keyword_is(parameter.keyword, "BODY"))
			is_taken = take_body(server, parameter.value);
		else if (smtp_server_offers_auth(server) &&
			 smtp_keyword_is(parameter.keyword, "AUTH"))
			is_taken = true; /* RFC 4954 section 5: we trust nobody's word, and may */
		else if (offered & SMTP_CAN_UTF8 && smtp_keyword_is(parameter.keyword, "SMTPUTF8"))
			is_taken = take_utf8(server, parameter.value);
		else if (offered & SMTP_CAN_DSN && smtp_keyword_is(parameter.keyword, "RET"))
			is_taken = take_ret(server, parameter.value);
		else if (offered & SMTP_CAN_DSN && smtp_keyword_is(parameter.keyword, "ENVID"))
			is_taken = take_envid(server, parameter.value);
		else {
			refuse_parameter(server, &parameter);
			is_taken = false;
		}
		if (!is_taken)
			return false;
	}
	if (rest.length > 0)
		smtp_server_reply(server, "501 5.5.4 Syntax: MAIL FROM:<address>");
	return rest.length == 0;
}

static bool has_room(const struct smtp_server *server)
{
	const struct smtp_environment *environment = server->config->environment;

	return environment->has_room == NULL || environment->has_room(server->owner);
}

static bool offers_utf8(const struct smtp_server *server)
{
	return server->is_extended && server->config->capabilities & SMTP_CAN_UTF8;
}

/* For an address without the parameter SMTPUTF8. */
static enum smtp_path_status utf8_status(const char *address)
{
	return smtp_has_8bit(bytes_of(address)) ? SMTP_PATH_FOREIGN : SMTP_PATH_OK;
}

static void run_mail(struct smtp_server *server, struct bytes argument)
{
	static const char syntax[] = "501 5.5.4 Syntax: MAIL FROM:<address>";
	char address[SMTP_PATH_MAX];
	struct bytes rest;
	enum smtp_path_status status = SMTP_PATH_MISSING;

	if (smtp_skip(argument, "FROM:", &rest))
		status = smtp_path_parse(rest, offers_utf8(server), address, &rest);
	if (refuse_path(server, status, syntax, "501 5.1.7 Bad sender address syntax"))
		return;
	server->is_8bit = false;
	server->declared_bytes = 0;
	smtp_server_clear_wishes(server);
	if (!take_mail_parameters(server, rest))
		return;
	if (!server->wish.is_utf8 && refuse_path(server, utf8_status(address), syntax, syntax))
		return;
	if (!has_room(server)) {
		smtp_server_reply(server, "%s", SMTP_NO_ROOM);
		return;
	}
	server->sender = g_strdup(address);
	server->transactions++;
	smtp_server_reply(server, "250 2.1.0 Ok");
	smtp_server_enter(server, SMTP_HAS_SENDER);
}

/* RCPT and VRFY. */

static void ask_recipient(struct smtp_server *server, enum smtp_question question,
			  const char *address)
{
	const struct smtp_server_config *config = server->config;

	server->asked_recipient = g_strdup(address);
	smtp_server_ask(server, question);
	config->environment->check_recipient(server->owner, server, server->asked_recipient);
}

/* "NOTIFY=" notify-list, once (RFC 3461 section 4.1) */
static bool take_notify(struct smtp_server *server, struct bytes value)
{
	unsigned notify = smtp_notify_parse(value);

	if (notify == 0 || server->asked_wish.notify != 0) {
		smtp_server_reply(server, "501 5.5.4 Syntax: NOTIFY=NEVER, or a list of "
					  "SUCCESS, FAILURE, DELAY");
		return false;
	}
	server->asked_wish.notify = notify;
	return true;
}

/* "ORCPT=" original-recipient-address, once (section 4.2) */
static bool take_original(struct smtp_server *server, struct bytes value)
{
	if (!smtp_original_is_valid(value) || server->asked_wish.original != NULL) {
		smtp_server_reply(server, "501 5.5.4 Syntax: ORCPT=type;xtext");
		return false;
	}
	server->asked_wish.original = g_strndup((const char *)value.data, value.length);
	return true;
}

static bool refuse_recipient_parameters(struct smtp_server *server, struct bytes rest)
{
	bool has_dsn = server->is_extended && server->config->capabilities & SMTP_CAN_DSN;
	struct smtp_parameter parameter;

	while (smtp_parameter_next(&rest, &parameter)) {
		if (has_dsn && smtp_keyword_is(parameter.keyword, "NOTIFY")) {
			if (!take_notify(server, parameter.value))
				return true;
		} else if (has_dsn && smtp_keyword_is(parameter.keyword, "ORCPT")) {
			if (!take_original(server, parameter.value))
				return true;
		} else {
			refuse_parameter(server, &parameter);
			return true;
		}
	}
	if (rest.length > 0)
		smtp_server_reply(server, "501 5.5.4 Syntax: RCPT TO:<address>");
	return rest.length > 0;
}

static void run_rcpt(struct smtp_server *server, struct bytes argument)
{
	static const char syntax[] = "501 5.5.4 Syntax: RCPT TO:<address>";
	static const char bad[] = "501 5.1.3 Bad recipient address syntax";
	char address[SMTP_PATH_MAX];
	struct bytes rest;
	enum smtp_path_status status = SMTP_PATH_MISSING;

	g_clear_pointer(&server->asked_wish.original, g_free);
	server->asked_wish.notify = 0;
	if (smtp_skip(argument, "TO:", &rest))
		status = smtp_path_parse(rest, server->wish.is_utf8, address, &rest);
	if (status == SMTP_PATH_OK && address[0] == '\0')
		status = SMTP_PATH_BAD;
	if (refuse_path(server, status, syntax, bad) || refuse_recipient_parameters(server, rest)) {
		server->was_recipient_refused = true;
	} else if (server->config->requires_login && server->login == NULL) {
		server->was_recipient_refused = true;
		smtp_server_reply(server, "530 5.7.0 Authentication required");
	} else if (server->recipients != NULL &&
		   server->recipients->len >= server->config->recipient_limit) {
		smtp_server_reply(server, "452 4.5.3 Error: too many recipients");
	} else {
		ask_recipient(server, SMTP_ASKED_RECIPIENT, address);
	}
}

static void run_vrfy(struct smtp_server *server, struct bytes argument)
{
	char address[SMTP_PATH_MAX];
	struct bytes rest;

	if (argument.length == 0)
		smtp_server_reply(server, "501 5.5.4 Syntax: VRFY address");
	else if (!(server->config->capabilities & SMTP_CAN_VRFY))
		smtp_server_reply(server, "502 5.5.1 VRFY command is disabled");
	else if (server->config->requires_login && server->login == NULL)
		smtp_server_reply(server, "530 5.7.0 Authentication required");
	else if (smtp_path_parse(argument, false, address, &rest) != SMTP_PATH_OK ||
		 rest.length > 0 || address[0] == '\0')
		smtp_server_reply(server, "501 5.1.3 Bad recipient address syntax");
	else
		ask_recipient(server, SMTP_ASKED_VRFY, address);
}

/* The others. */

static void run_data(struct smtp_server *server, struct bytes argument)
{
	if (!refuse_argument(server, argument, "DATA"))
		smtp_server_begin_data(server);
}

static void run_bdat(struct smtp_server *server, struct bytes argument)
{
	if (server->config->capabilities & SMTP_CAN_CHUNK)
		smtp_server_begin_chunk(server, argument);
	else
		smtp_server_reply(server, "502 5.5.1 Error: command not implemented");
}

static void run_rset(struct smtp_server *server, struct bytes argument)
{
	if (refuse_argument(server, argument, "RSET"))
		return;
	smtp_server_reset(server);
	smtp_server_reply(server, "250 2.0.0 Ok");
}

/* NOOP ignores its argument (section 4.1.1.9). */
static void run_noop(struct smtp_server *server, struct bytes argument)
{
	(void)argument;
	smtp_server_reply(server, "250 2.0.0 Ok");
}

static void run_help(struct smtp_server *server, struct bytes argument)
{
	(void)argument;
	smtp_server_reply(server, "214 2.0.0 Commands are those of RFC 5321: EHLO HELO MAIL RCPT "
				  "DATA RSET NOOP VRFY QUIT");
}

/* What follows in plaintext is thrown away by whoever wraps the stream (RFC 3207 section 4). */
static void run_starttls(struct smtp_server *server, struct bytes argument)
{
	if (!(server->config->capabilities & SMTP_CAN_TLS) && server->session.protection == NULL) {
		smtp_server_reply(server, "502 5.5.1 Error: command not implemented");
	} else if (!refuse_argument(server, argument, "STARTTLS")) {
		if (server->session.protection != NULL) {
			smtp_server_reply(server, "554 5.5.1 Error: TLS already active");
			return;
		}
		smtp_server_reply(server, "220 2.0.0 Ready to start TLS");
		server->session.wants_tls = true;
	}
}

static void part(struct smtp_server *server, const char *reply, enum session_phase phase)
{
	smtp_server_reset(server);
	smtp_server_reply(server, "%s", reply);
	smtp_server_note_phase(server, phase);
	smtp_server_enter(server, SMTP_OVER);
	server->session.is_closing = true;
}

static void run_quit(struct smtp_server *server, struct bytes argument)
{
	if (!refuse_argument(server, argument, "QUIT"))
		part(server, "221 2.0.0 Bye", PHASE_QUIT);
}

static void run_not_implemented(struct smtp_server *server, struct bytes argument)
{
	(void)argument;
	smtp_server_reply(server, "502 5.5.1 Error: command not implemented");
}

/* The request of a browser or proxy, whose next lines, perhaps a stranger's, are no commands. */
static bool is_http(struct bytes line)
{
	static const char *const methods[] = { "CONNECT ", "GET ", "POST " };
	struct bytes rest;

	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++)
		if (smtp_skip(line, methods[i], &rest))
			return true;
	return false;
}

static void run_unknown(struct smtp_server *server, struct bytes argument)
{
	if (is_http(argument))
		part(server, "221 2.7.0 Error: this is SMTP, not HTTP", PHASE_FAILED);
	else if (argument.length == 0)
		smtp_server_reply(server, "500 5.5.2 Error: bad syntax");
	else
		smtp_server_reply(server, "500 5.5.2 Error: command not recognized");
}

#define IN(state) (1u << (state))
#define ANYWHERE  (~0u)

/* clang-format off */
static const struct command commands[] = {
	{ SMTP_EHLO,     ANYWHERE,                                   run_ehlo },
	{ SMTP_HELO,     ANYWHERE,                                   run_helo },
	{ SMTP_AUTH,     IN(SMTP_READY),                             smtp_server_auth },
	{ SMTP_MAIL,     IN(SMTP_READY),                             run_mail },
	{ SMTP_RCPT,     IN(SMTP_HAS_SENDER) | IN(SMTP_HAS_RECIPIENT), run_rcpt },
	{ SMTP_DATA,     IN(SMTP_HAS_RECIPIENT),                     run_data },
	{ SMTP_BDAT,     ANYWHERE,                                   run_bdat },
	{ SMTP_RSET,     ANYWHERE,                                   run_rset },
	{ SMTP_NOOP,     ANYWHERE,                                   run_noop },
	{ SMTP_VRFY,     ANYWHERE,                                   run_vrfy },
	{ SMTP_EXPN,     ANYWHERE,                                   run_not_implemented },
	{ SMTP_HELP,     ANYWHERE,                                   run_help },
	{ SMTP_STARTTLS, ANYWHERE,                                   run_starttls },
	{ SMTP_QUIT,     ANYWHERE,                                   run_quit },
	{ SMTP_UNKNOWN,  ANYWHERE,                                   run_unknown },
};
/* clang-format on */

/* What to say to a command that is not allowed in the present state. */
static const char *out_of_order(const struct smtp_server *server, enum smtp_detail verb)
{
	if (server->state == SMTP_GREETED)
		return "503 5.5.1 Error: send HELO/EHLO first";
	if (server->state == SMTP_HAS_CHUNK)
		return "503 5.5.1 Error: BDAT is under way";
	switch (verb) {
	case SMTP_AUTH:
		return "503 5.5.1 Error: MAIL transaction in progress";
	case SMTP_MAIL:
		return "503 5.5.1 Error: nested MAIL command";
	case SMTP_RCPT:
		return "503 5.5.1 Error: need MAIL command";
	default:
		return server->was_recipient_refused ? "554 5.5.1 Error: no valid recipients"
						     : "503 5.5.1 Error: need RCPT command";
	}
}

void smtp_server_run(struct smtp_server *server, struct bytes line)
{
	struct smtp_command parsed = smtp_command_parse(line);

	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		const struct command *command = &commands[i];

		if (command->verb != parsed.verb)
			continue;
		if (command->allowed_states & IN(server->state))
			command->run(server, parsed.argument);
		else
			smtp_server_reply(server, "%s", out_of_order(server, parsed.verb));
		return;
	}
}
