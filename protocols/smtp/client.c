#include "protocols/smtp/client_session.h"

const char *const smtp_stage_names[SMTP_STAGE_COUNT] = {
	[SMTP_STAGE_CONNECT] = "connecting",
	[SMTP_STAGE_GREETING] = "receiving the initial server greeting",
	[SMTP_STAGE_HELLO] = "performing the EHLO handshake",
	[SMTP_STAGE_TLS] = "starting TLS",
	[SMTP_STAGE_AUTH] = "authenticating",
	[SMTP_STAGE_MAIL] = "sending MAIL FROM",
	[SMTP_STAGE_RCPT] = "sending RCPT TO",
	[SMTP_STAGE_DATA] = "sending DATA command",
	[SMTP_STAGE_CONTENT] = "sending end of data -- message may be sent more than once",
};

void smtp_client_enter(struct smtp_client *client, enum smtp_state state)
{
	if (state == client->state)
		return;
	session_note(&client->session, &(struct note) {
					   .kind = TRACE_STATE,
					   .detail = SMTP_STATE,
					   .before = client->state,
					   .after = state,
				       });
	client->state = state;
}

void smtp_client_note_phase(struct smtp_client *client, enum session_phase phase)
{
	session_note(&client->session,
		     &(struct note) { .kind = TRACE_PHASE, .detail = (uint16_t)phase });
}

void smtp_client_say(struct smtp_client *client, struct smtp_expectation expectation,
		     const char *format, ...)
{
	struct session *session = &client->session;
	uint64_t from = session->produced_bytes;
	va_list arguments;

	va_start(arguments, format);
	char *line = g_strdup_vprintf(format, arguments);
	va_end(arguments);

	session_write(session, bytes_of(line));
	session_note_output(session, expectation.command, from);
	g_array_append_val(client->expected, expectation);
	g_free(line);
}

static struct smtp_expectation next_expectation(const struct smtp_client *client)
{
	return g_array_index(client->expected, struct smtp_expectation, client->answered);
}

/* What comes next. */

static void say_quit(struct smtp_client *client)
{
	client->has_quit = client->wants_quit = true;
	smtp_client_say(client, (struct smtp_expectation) { .command = SMTP_QUIT }, "QUIT\r\n");
}

/* Like Postfix, a client that pipelines sends QUIT with the end of its last message. */
static bool wants_quit(const struct smtp_client *client)
{
	const struct smtp_client_config *config = &client->config;

	if (client->wants_quit || config->has_more == NULL || client->job == NULL)
		return client->wants_quit;
	return smtp_job_is_written(client->job) && !config->has_more(config->owner);
}

static bool may_quit(const struct smtp_client *client)
{
	bool is_pipelined = client->config.pipelines && client->offer.has_pipelining;
	bool has_said_all =
	    client->job == NULL || (smtp_job_is_written(client->job) && is_pipelined);

	return !client->has_quit && has_said_all && (client->is_ready || client->is_doomed) &&
	       (is_pipelined || !smtp_client_expects(client)) && wants_quit(client);
}

void smtp_client_advance(struct smtp_client *client)
{
	if (client->state == SMTP_OVER)
		return;
	if (client->is_ready && client->job != NULL && !client->is_doomed && !client->has_quit)
		smtp_client_say_envelope(client);
	if (may_quit(client))
		say_quit(client);
}

/* Timeouts. */

/* RFC 5321 section 4.5.3.2, per awaited reply; EHLO, AUTH and QUIT as MAIL. */
static int64_t patience_s(const struct smtp_client *client)
{
	if (client->job != NULL && client->job->is_writing)
		return 180;
	if (client->session.wants_tls)
		return 300;
	if (!smtp_client_expects(client))
		return 0;
	switch (next_expectation(client).command) {
	case SMTP_DATA:
		return 120;
	case SMTP_MESSAGE:
		return 600;
	default:
		return 300;
	}
}

void smtp_client_arm(struct smtp_client *client)
{
	struct session *session = &client->session;
	int64_t seconds = patience_s(client);

	session->deadline_ns = seconds == 0 || session_is_over(session)
				   ? TIME_NEVER
				   : session->now_ns + seconds * NS_PER_S;
}

/* The end. */

static void hang_up(struct smtp_client *client)
{
	struct session *session = &client->session;

	smtp_client_enter(client, SMTP_OVER);
	if (session->output != NULL)
		g_byte_array_set_size(session->output, 0);
	session->is_closing = true;
}

void smtp_client_give_up(struct smtp_client *client, enum smtp_outcome outcome,
			 enum smtp_stage stage, unsigned code, const char *text, bool says_quit)
{
	client->is_doomed = true;
	smtp_client_note_phase(client, PHASE_FAILED);
	if (!says_quit)
		hang_up(client);
	else
		client->wants_quit = true;
	smtp_client_finish_job(client, outcome, stage, code, text);
}

/* How far we are, for what is said about a connection that was lost. */
static enum smtp_stage present_stage(const struct smtp_client *client)
{
	if (client->job != NULL && client->job->is_writing)
		return SMTP_STAGE_CONTENT;
	if (client->session.wants_tls)
		return SMTP_STAGE_TLS;
	if (!smtp_client_expects(client))
		return client->is_ready ? SMTP_STAGE_MAIL : SMTP_STAGE_CONNECT;
	switch (next_expectation(client).command) {
	case SMTP_GREETING:
		return SMTP_STAGE_GREETING;
	case SMTP_EHLO:
	case SMTP_HELO:
		return SMTP_STAGE_HELLO;
	case SMTP_STARTTLS:
		return SMTP_STAGE_TLS;
	case SMTP_AUTH:
	case SMTP_CREDENTIALS:
		return SMTP_STAGE_AUTH;
	case SMTP_RCPT:
		return SMTP_STAGE_RCPT;
	case SMTP_DATA:
		return SMTP_STAGE_DATA;
	case SMTP_MESSAGE:
		return SMTP_STAGE_CONTENT;
	default:
		return SMTP_STAGE_MAIL;
	}
}

static void lose(struct smtp_client *client, const char *what)
{
	enum smtp_stage stage = present_stage(client);
	char *text;

	if (client->state == SMTP_OVER)
		return;
	if (client->has_quit && client->job == NULL) {
		hang_up(client); /* nothing was left to say but goodbye */
		return;
	}
	text = g_strdup_printf("%s while %s", what, smtp_stage_names[stage]);
	smtp_client_give_up(client, SMTP_DEFERRED, stage, 0, text, false);
	g_free(text);
}

/* Replies. */

static void hear(struct smtp_client *client, unsigned code, const char *text)
{
	struct smtp_expectation expectation;

	if (code == 421 || !smtp_client_expects(client)) {
		/* Section 3.8: the server closes, whatever it was asked. Or it has lost its way. */
		smtp_client_give_up(client, SMTP_DEFERRED, present_stage(client), code, text,
				    false);
		return;
	}
	expectation = next_expectation(client);
	client->answered++;
	if (!smtp_client_expects(client)) {
		g_array_set_size(client->expected, 0);
		client->answered = 0;
	}
	switch (expectation.command) {
	case SMTP_GREETING:
		smtp_client_hear_greeting(client, code, text);
		break;
	case SMTP_EHLO:
	case SMTP_HELO:
		smtp_client_hear_hello(client, expectation.command, code, text);
		break;
	case SMTP_AUTH:
	case SMTP_CREDENTIALS:
		smtp_client_hear_auth(client, code, text);
		break;
	case SMTP_STARTTLS:
		smtp_client_hear_starttls(client, code, text);
		break;
	case SMTP_QUIT:
		smtp_client_note_phase(client, PHASE_QUIT);
		hang_up(client);
		break;
	case SMTP_RSET:
		break;
	default:
		if (client->job != NULL)
			smtp_client_hear_mail(client, expectation, code, text);
		break;
	}
	smtp_client_advance(client);
}

static bool awaits(const struct smtp_client *client, enum smtp_detail command)
{
	return smtp_client_expects(client) && next_expectation(client).command == command;
}

/* The reply is complete: notes it, acts on it. */
static void finish_reply(struct smtp_client *client, unsigned code, size_t length)
{
	struct session *session = &client->session;
	char *text = g_string_free(g_steal_pointer(&client->reply), FALSE);
	enum smtp_detail detail =
	    awaits(client, SMTP_GREETING) ? SMTP_GREETING : smtp_reply_detail(code);

	session_note(session, &(struct note) {
				  .kind = TRACE_UNIT,
				  .detail = (uint16_t)detail,
				  .flags = TRACE_INBOUND,
				  .before = client->reply_from,
				  .after = session->received_bytes + length - client->reply_from,
			      });
	hear(client, code, text);
	g_free(text);
}

/* One line of a reply; the first gives the code and is the start of the text. */
static void take_line(struct smtp_client *client, const struct smtp_reply_line *line, size_t length)
{
	struct session *session = &client->session;
	bool is_first = client->reply == NULL;

	if (is_first) {
		client->reply = g_string_new(NULL);
		client->reply_from = session->received_bytes;
		g_string_append_printf(client->reply, "%u", line->code);
	} else if (awaits(client, SMTP_EHLO)) {
		smtp_client_hear_capability(client, line->text);
	}
	if (line->text.length > 0 && client->reply->len + line->text.length < SMTP_REPLY_TEXT_MAX) {
		g_string_append_c(client->reply, ' ');
		g_string_append_len(client->reply, (const char *)line->text.data,
				    (gssize)line->text.length);
	}
	if (line->is_last)
		finish_reply(client, line->code, length);
}

static size_t client_receive(struct session *session, struct bytes in)
{
	struct smtp_client *client = smtp_client_of(session);
	struct smtp_reply_line reply;
	struct bytes line;
	size_t length = session_line(in, true, &line);

	if (length == 0 && in.length < SMTP_REPLY_LINE_MAX)
		return 0;
	if (length == 0 || length > SMTP_REPLY_LINE_MAX ||
	    smtp_reply_line_parse(line, &reply) != PARSE_OK) {
		lose(client, "server sent what is no SMTP reply");
		length = in.length;
	} else {
		take_line(client, &reply, length);
	}
	smtp_client_arm(client);
	return length;
}

/* Life. */

static void client_opened(struct session *session)
{
	struct smtp_client *client = smtp_client_of(session);
	struct smtp_expectation expectation = { .command = SMTP_GREETING };

	g_array_append_val(client->expected, expectation);
	smtp_client_arm(client);
}

static void client_ended(struct session *session)
{
	lose(smtp_client_of(session), "lost connection");
	session->is_closing = true;
}

static void client_expired(struct session *session)
{
	lose(smtp_client_of(session), "conversation timed out");
	session->is_closing = true;
}

static void client_failed(struct session *session, enum stream_failure why)
{
	static const char *const names[] = {
		[STREAM_REFUSED] = "connection refused",
		[STREAM_RESET] = "lost connection",
		[STREAM_TIMED_OUT] = "connection timed out",
		[STREAM_UNREACHABLE] = "network is unreachable",
		[STREAM_TRUNCATED] = "connection was cut off",
		[STREAM_INSECURE] = "TLS failed",
	};

	lose(smtp_client_of(session), session->failure != NULL ? session->failure : names[why]);
}

/* RFC 3207 section 4.2: what the server said before is forgotten. */
static void client_secured(struct session *session)
{
	struct smtp_client *client = smtp_client_of(session);

	smtp_client_say_hello(client);
	smtp_client_arm(client);
}

static void client_refill(struct session *session)
{
	struct smtp_client *client = smtp_client_of(session);

	if (client->job == NULL)
		return;
	if (!client->job->is_writing) {
		smtp_client_advance(client);
		return;
	}
	smtp_client_write_content(client);
	smtp_client_arm(client);
}

static void client_free(struct session *session)
{
	struct smtp_client *client = smtp_client_of(session);

	smtp_job_free(client->job);
	sasl_client_free(client->sasl);
	g_array_free(client->expected, TRUE);
	if (client->reply != NULL)
		g_string_free(client->reply, TRUE);
	session_clear(session);
	g_free(client);
}

static const struct session_operations client_operations = {
	.opened = client_opened,
	.receive = client_receive,
	.secured = client_secured,
	.ended = client_ended,
	.expired = client_expired,
	.failed = client_failed,
	.refill = client_refill,
	.free = client_free,
};

struct session *smtp_client_new(const struct smtp_client_config *config)
{
	struct smtp_client *client = g_new0(struct smtp_client, 1);

	session_init(&client->session, &client_operations);
	client->config = *config;
	client->expected = g_array_new(FALSE, FALSE, sizeof(struct smtp_expectation));
	return &client->session;
}

bool smtp_client_is_free(const struct smtp_client *client)
{
	return client->job == NULL && !client->is_doomed && !client->wants_quit &&
	       client->state != SMTP_OVER;
}

void smtp_client_send(struct smtp_client *client, const struct smtp_transfer *transfer)
{
	g_assert(smtp_client_is_free(client));
	session_tick(&client->session);
	client->job = smtp_job_new(transfer);
	smtp_client_advance(client);
	smtp_client_arm(client);
	session_wake(&client->session);
}

void smtp_client_quit(struct smtp_client *client)
{
	session_tick(&client->session);
	client->wants_quit = true;
	smtp_client_advance(client);
	smtp_client_arm(client);
	session_wake(&client->session);
}
