#include "protocols/smtp/server_session.h"

/* Notes. */

void smtp_server_enter(struct smtp_server *server, enum smtp_state state)
{
	if (state == server->state)
		return;
	session_note(&server->session, &(struct note) {
					   .kind = TRACE_STATE,
					   .detail = SMTP_STATE,
					   .before = server->state,
					   .after = state,
				       });
	server->state = state;
}

void smtp_server_note_phase(struct smtp_server *server, enum session_phase phase)
{
	session_note(&server->session,
		     &(struct note) { .kind = TRACE_PHASE, .detail = (uint16_t)phase });
}

void smtp_server_note_since(struct smtp_server *server, enum smtp_detail detail, uint64_t from,
			    size_t length)
{
	session_note(&server->session, &(struct note) {
					   .kind = TRACE_UNIT,
					   .detail = (uint16_t)detail,
					   .flags = TRACE_INBOUND,
					   .before = from,
					   .after = server->session.received_bytes + length - from,
				       });
}

/* Replies. */

static unsigned code_of(const char *reply)
{
	return (unsigned)g_ascii_strtoull(reply, NULL, 10);
}

/* Who did not offer ENHANCEDSTATUSCODES uses none (RFC 2034 section 3). */
static void drop_status(char *reply)
{
	size_t length = strlen(reply) > 4 ? smtp_status_length(bytes_of(reply + 4)) : 0;

	if (length > 0 && reply[4 + length] == ' ')
		memmove(reply + 4, reply + 5 + length, strlen(reply + 5 + length) + 1);
}

void smtp_server_reply(struct smtp_server *server, const char *format, ...)
{
	struct session *session = &server->session;
	uint64_t from = session->produced_bytes;
	va_list arguments;

	va_start(arguments, format);
	char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);

	unsigned code = code_of(text);

	if (!(server->config->capabilities & SMTP_CAN_STATUS))
		drop_status(text);
	session_printf(session, "%s\r\n", text);
	session_note_output(session, smtp_reply_detail(code), from);
	if (code >= 400)
		server->errors++;
	g_free(text);
}

void smtp_server_give_up(struct smtp_server *server, const char *status_and_reason)
{
	const char *reason = strchr(status_and_reason, ' ') + 1;

	smtp_server_reply(server, "421 %.*s %s %s", (int)(reason - 1 - status_and_reason),
			  status_and_reason, server->config->host_name, reason);
	smtp_server_note_phase(server, PHASE_FAILED);
	smtp_server_enter(server, SMTP_OVER);
	server->session.is_closing = true;
}

static void clear_wish(gpointer data)
{
	g_clear_pointer(&((struct smtp_recipient_wish *)data)->original, g_free);
}

void smtp_server_clear_wishes(struct smtp_server *server)
{
	g_free((char *)server->wish.envelope_id);
	server->wish = (struct smtp_message_wish) { 0 };
	clear_wish(&server->asked_wish);
	g_clear_pointer(&server->wishes, g_array_unref);
}

void smtp_server_reset(struct smtp_server *server)
{
	smtp_server_clear_wishes(server);
	g_clear_pointer(&server->sender, g_free);
	g_clear_pointer(&server->recipients, g_ptr_array_unref);
	g_clear_pointer(&server->asked_recipient, g_free);
	g_clear_pointer(&server->data, g_byte_array_unref);
	server->was_recipient_refused = false;
	server->is_8bit = false;
	server->declared_bytes = 0;
	server->is_oversized = false;
	server->resets_message = false;
	server->chunk_refusal = NULL;
	if (server->state >= SMTP_HAS_SENDER && server->state != SMTP_OVER)
		smtp_server_enter(server, SMTP_READY);
}

/* Life of the session. */

static void arm_timeout(struct smtp_server *server)
{
	struct session *session = &server->session;

	if (server->question == SMTP_ASKED_PATIENCE)
		session->deadline_ns = server->patience_ns;
	else if (session->is_waiting || session_is_over(session))
		session->deadline_ns = TIME_NEVER;
	else
		session->deadline_ns = session->now_ns + server->config->timeout_ns;
}

void smtp_server_greet(struct smtp_server *server)
{
	struct session *session = &server->session;
	uint64_t from = session->produced_bytes;

	session_printf(session, "220 %s ESMTP %s\r\n", server->config->host_name,
		       server->config->software);
	session_note_output(session, SMTP_GREETING, from);
	smtp_server_enter(server, SMTP_GREETED);
	arm_timeout(server);
}

static void greet(struct smtp_server *server)
{
	if (!smtp_server_meet_fault(server, SMTP_GREETING, NULL, (struct bytes) { NULL, 0 }))
		smtp_server_greet(server);
	arm_timeout(server);
}

void smtp_server_ask(struct smtp_server *server, enum smtp_question question)
{
	server->question = question;
	server->session.is_waiting = true;
	arm_timeout(server);
}

static void server_opened(struct session *session)
{
	struct smtp_server *server = smtp_server_of(session);
	const struct smtp_server_config *config = server->config;

	if (server->why_turned_away != NULL) {
		smtp_server_give_up(server, server->why_turned_away);
		return;
	}
	if (config->environment->name_client == NULL) {
		greet(server);
		return;
	}
	smtp_server_ask(server, SMTP_ASKED_NAME);
	config->environment->name_client(server->owner, server);
}

/* Reads a line that is too long to its end, then says so. */
static size_t skip_line(struct smtp_server *server, struct bytes in)
{
	const uint8_t *feed = bytes_find_byte(in, '\n');
	size_t length = feed == NULL ? in.length : (size_t)(feed + 1 - in.data);

	if (!server->is_skipping_line)
		server->skipped_from = server->session.received_bytes;
	server->is_skipping_line = feed == NULL;
	if (feed != NULL) {
		smtp_server_note_since(server, SMTP_UNKNOWN, server->skipped_from, length);
		smtp_server_reply(server, "500 5.5.2 Error: line too long");
		if (server->state == SMTP_IN_AUTH) {
			g_clear_pointer(&server->sasl, sasl_server_free);
			smtp_server_enter(server, SMTP_READY);
		}
	}
	return length;
}

/* The address in MAIL or RCPT, as well as it can be told. */
static const char *address_in(const struct smtp_command *command, char address[SMTP_PATH_MAX])
{
	struct bytes rest = command->argument;

	if (command->verb != SMTP_MAIL && command->verb != SMTP_RCPT)
		return NULL;
	smtp_skip(rest, command->verb == SMTP_MAIL ? "FROM:" : "TO:", &rest);
	return smtp_path_parse(rest, true, address, &rest) == SMTP_PATH_OK ? address : NULL;
}

static void run_line(struct smtp_server *server, struct bytes line)
{
	struct smtp_command command = smtp_command_parse(line);
	char address[SMTP_PATH_MAX];

	if (!smtp_server_meet_fault(server, command.verb, address_in(&command, address), line))
		smtp_server_run(server, line);
}

static size_t receive_line(struct smtp_server *server, struct bytes in)
{
	size_t limit = server->state == SMTP_IN_AUTH ? SMTP_CREDENTIALS_MAX : SMTP_COMMAND_MAX;
	struct bytes line;
	size_t length = session_line(in, true, &line);

	if (server->is_skipping_line || length > limit || (length == 0 && in.length >= limit))
		return skip_line(server, in);
	if (length == 0)
		return 0;

	if (server->state == SMTP_IN_AUTH) {
		session_note_input(&server->session, SMTP_CREDENTIALS, 0, length);
		smtp_server_credentials(server, line);
	} else {
		session_note_input(&server->session, smtp_command_parse(line).verb, 0, length);
		run_line(server, line);
	}
	return length;
}

static size_t server_receive(struct session *session, struct bytes in)
{
	struct smtp_server *server = smtp_server_of(session);
	size_t taken;

	if (server->state == SMTP_IN_DATA)
		taken = smtp_server_receive_data(server, in);
	else if (server->state == SMTP_IN_CHUNK)
		taken = smtp_server_receive_chunk(server, in);
	else
		taken = receive_line(server, in);

	if (server->errors >= server->config->error_limit && !session->is_waiting &&
	    server->state != SMTP_OVER)
		smtp_server_give_up(server, "4.7.0 Error: too many errors");
	arm_timeout(server);
	return taken;
}

static void server_ended(struct session *session)
{
	struct smtp_server *server = smtp_server_of(session);

	if (server->state != SMTP_OVER)
		smtp_server_note_phase(server, PHASE_FAILED);
	smtp_server_enter(server, SMTP_OVER);
	session->is_closing = true;
}

/* What was said before is forgotten: somebody on the way may have said it (RFC 3207 section 4.2). */
static void server_secured(struct session *session)
{
	struct smtp_server *server = smtp_server_of(session);

	smtp_server_reset(server);
	g_clear_pointer(&server->helo, g_free);
	g_clear_pointer(&server->login, g_free);
	server->is_extended = false;
	smtp_server_enter(server, SMTP_GREETED);
	arm_timeout(server);
}

static void server_expired(struct session *session)
{
	struct smtp_server *server = smtp_server_of(session);

	if (server->question != SMTP_ASKED_PATIENCE) {
		smtp_server_give_up(server, "4.4.2 Error: timeout exceeded");
		return;
	}
	smtp_server_end_delay(server);
	arm_timeout(server);
}

static void server_failed(struct session *session, enum stream_failure why)
{
	struct smtp_server *server = smtp_server_of(session);

	(void)why;
	if (server->state != SMTP_OVER)
		smtp_server_note_phase(server, PHASE_FAILED);
	smtp_server_enter(server, SMTP_OVER);
}

static void server_free(struct session *session)
{
	struct smtp_server *server = smtp_server_of(session);

	smtp_server_reset(server);
	g_free(server->why_turned_away);
	g_free(server->client_name);
	g_free(server->helo);
	g_free(server->login);
	sasl_server_free(server->sasl);
	g_clear_pointer(&server->held_line, g_bytes_unref);
	g_free(server->held_reply);
	session_clear(session);
	g_free(server);
}

static const struct session_operations server_operations = {
	.opened = server_opened,
	.receive = server_receive,
	.secured = server_secured,
	.ended = server_ended,
	.expired = server_expired,
	.failed = server_failed,
	.free = server_free,
};

struct session *smtp_server_new(const struct smtp_server_config *config, uint32_t client_address,
				void *owner)
{
	struct smtp_server *server = g_new0(struct smtp_server, 1);

	session_init(&server->session, &server_operations);
	server->session.send_timeout_ns = config->timeout_ns;
	server->config = config;
	server->client_address = client_address;
	server->owner = owner;
	return &server->session;
}

void smtp_server_turn_away(struct smtp_server *server, const char *status_and_reason)
{
	g_free(server->why_turned_away);
	server->why_turned_away = g_strdup(status_and_reason);
}

uint32_t smtp_server_client_address(const struct smtp_server *server)
{
	return server->client_address;
}

bool smtp_server_is_verifying(const struct smtp_server *server)
{
	return server->question == SMTP_ASKED_VRFY;
}

uint64_t smtp_server_declared_bytes(const struct smtp_server *server)
{
	return server->sender != NULL ? server->declared_bytes : 0;
}

const char *smtp_server_login(const struct smtp_server *server)
{
	return server->login;
}

/* Answers. */

static void begin_answer(struct smtp_server *server, enum smtp_question question)
{
	g_assert(server->question == question);
	server->question = SMTP_ASKED_NOTHING;
	server->session.is_waiting = false;
	session_tick(&server->session);
}

static void end_answer(struct smtp_server *server)
{
	arm_timeout(server);
	session_wake(&server->session);
}

void smtp_server_answer_name(struct smtp_server *server, const char *name)
{
	begin_answer(server, SMTP_ASKED_NAME);
	server->client_name = g_strdup(name);
	greet(server);
	end_answer(server);
}

void smtp_server_answer_password(struct smtp_server *server, const char *password)
{
	begin_answer(server, SMTP_ASKED_PASSWORD);
	smtp_server_take_password(server, password);
	end_answer(server);
}

static void refuse_recipient(struct smtp_server *server, enum smtp_verdict verdict)
{
	/* clang-format off */
	static const char *const texts[] = {
		[SMTP_RECIPIENT_UNKNOWN] = "550 5.1.1 <%s>: Recipient address rejected: "
		                           "User unknown in virtual mailbox table",
		[SMTP_RECIPIENT_FOREIGN] = "554 5.7.1 <%s>: Relay access denied",
		[SMTP_RECIPIENT_FULL] =    "452 4.2.2 <%s>: Recipient address rejected: "
		                           "Mailbox is full",
		[SMTP_RECIPIENT_LATER] =   "451 4.3.0 <%s>: Temporary lookup failure",
	};
	/* clang-format on */
	char **parts = g_strsplit(texts[verdict], "%s", 2);

	smtp_server_reply(server, "%s%s%s", parts[0], server->asked_recipient, parts[1]);
	g_strfreev(parts);
}

static void add_recipient(struct smtp_server *server)
{
	if (server->recipients == NULL) {
		server->recipients = g_ptr_array_new_with_free_func(g_free);
		server->wishes = g_array_new(FALSE, FALSE, sizeof(struct smtp_recipient_wish));
		g_array_set_clear_func(server->wishes, clear_wish);
	}
	g_array_append_val(server->wishes, server->asked_wish);
	server->asked_wish = (struct smtp_recipient_wish) { 0 };
	g_ptr_array_add(server->recipients, g_steal_pointer(&server->asked_recipient));
	smtp_server_reply(server, "250 2.1.5 Ok");
	if (server->state == SMTP_HAS_SENDER)
		smtp_server_note_phase(server, PHASE_RECIPIENT);
	smtp_server_enter(server, SMTP_HAS_RECIPIENT);
}

void smtp_server_answer_recipient(struct smtp_server *server, enum smtp_verdict verdict)
{
	bool is_vrfy = server->question == SMTP_ASKED_VRFY;

	begin_answer(server, server->question);
	if (verdict != SMTP_RECIPIENT_OK) {
		server->was_recipient_refused = !is_vrfy;
		refuse_recipient(server, verdict);
	} else if (is_vrfy) {
		smtp_server_reply(server, "252 2.0.0 %s", server->asked_recipient);
	} else {
		add_recipient(server);
	}
	g_clear_pointer(&server->asked_recipient, g_free);
	clear_wish(&server->asked_wish);
	end_answer(server);
}

void smtp_server_answer_recipient_refused(struct smtp_server *server, const char *reply)
{
	begin_answer(server, SMTP_ASKED_RECIPIENT);
	server->was_recipient_refused = true;
	smtp_server_reply(server, "%s", reply);
	g_clear_pointer(&server->asked_recipient, g_free);
	clear_wish(&server->asked_wish);
	end_answer(server);
}

void smtp_server_answer_accepted(struct smtp_server *server, const char *queue_id)
{
	begin_answer(server, SMTP_ASKED_MESSAGE);
	smtp_server_reply(server, "250 2.0.0 Ok: queued as %s", queue_id);
	smtp_server_reset(server);
	end_answer(server);
}

void smtp_server_answer_refused(struct smtp_server *server, const char *reply)
{
	begin_answer(server, SMTP_ASKED_MESSAGE);
	smtp_server_reply(server, "%s", reply);
	smtp_server_reset(server);
	end_answer(server);
}
