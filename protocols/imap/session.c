#include "protocols/imap/command.h"

#define NEWS_DELAY_NS (500 * NS_PER_MS) /* IDLE gathers changes for so long before it tells */

char *imap_capabilities(const struct imap_session *session)
{
	GString *text = g_string_new(NULL);
	imap_capability_set offered = session->offered;
	bool is_authenticated = session->state != IMAP_NOT_AUTHENTICATED;

	if (!imap_may_show_password(session))
		offered &= ~(imap_capability_bit(IMAP_CAN_AUTH_PLAIN) |
			     imap_capability_bit(IMAP_CAN_AUTH_LOGIN));
	imap_capabilities_print(text, offered, is_authenticated);
	if (!is_authenticated && imap_offers_tls(session))
		g_string_append(text, " STARTTLS");
	if (!is_authenticated && !imap_may_show_password(session))
		g_string_append(text, " LOGINDISABLED");
	return g_string_free(text, FALSE);
}

/* Notes. */

void imap_enter(struct imap_session *session, enum imap_state state)
{
	session_note(&session->base, &(struct note) {
					 .kind = TRACE_STATE,
					 .detail = IMAP_STATE,
					 .before = session->state,
					 .after = state,
				     });
	session->state = state;
}

void imap_enter_phase(struct imap_session *session, enum session_phase phase)
{
	if (session->phase == (int)phase)
		return;
	session->phase = (int)phase;
	session_note(&session->base,
		     &(struct note) { .kind = TRACE_PHASE, .detail = (uint16_t)phase });
}

void imap_note_mail(struct imap_session *session, enum mail_detail detail,
		    const struct message *message)
{
	session_note(&session->base, &(struct note) {
					 .kind = TRACE_MAIL,
					 .detail = (uint16_t)detail,
					 .root = message->root,
				     });
}

/* Output. */

void imap_send(struct imap_session *session, struct bytes text, uint64_t root)
{
	imap_output(&session->base, &session->tiler, text, root);
}

void imap_send_string(struct imap_session *session, GString *text)
{
	imap_send(session, (struct bytes) { (const uint8_t *)text->str, text->len }, 0);
	g_string_free(text, TRUE);
}

void imap_sendf(struct imap_session *session, const char *format, ...)
{
	GString *text = g_string_new(NULL);
	va_list arguments;

	va_start(arguments, format);
	g_string_append_vprintf(text, format, arguments);
	va_end(arguments);
	imap_send_string(session, text);
}

void imap_bye(struct imap_session *session, const char *text)
{
	imap_sendf(session, "* BYE %s\r\n", text);
	imap_enter(session, IMAP_LOGGED_OUT);
	imap_view_close(&session->view);
	session->base.is_closing = true;
}

static void bye_if_deleted(struct imap_session *session)
{
	if (session->view.was_deleted && !session->base.is_closing)
		imap_bye(session, "Selected mailbox was deleted, have to disconnect.");
}

/* The tagged reply, behind all that it makes known. */
static void reply(struct imap_session *session, const char *condition, const char *format,
		  va_list arguments)
{
	const struct imap_command *command = session->command;
	bool may_expunge =
	    command != NULL && (!(command->flags & IMAP_KEEPS_NUMBERS) || session->is_uid);
	GString *text = g_string_new(NULL);

	imap_view_sync(&session->view, may_expunge, text);
	imap_print_safe_modseq(session, text);
	g_string_append_printf(text, "%s %s ", session->tag != NULL ? session->tag : "*",
			       condition);
	g_string_append_vprintf(text, format, arguments);
	if (text->str[text->len - 1] == '}') /* no reader shall take "a{3}" for a literal */
		g_string_append_c(text, '.');
	g_string_append(text, "\r\n");
	imap_send_string(session, text);
	g_clear_pointer(&session->tag, g_free);
	session->command = NULL;
	session->is_uid = false;
	bye_if_deleted(session);
}

void imap_ok(struct imap_session *session, const char *format, ...)
{
	va_list arguments;

	session->bad_commands = 0;
	va_start(arguments, format);
	reply(session, "OK", format, arguments);
	va_end(arguments);
}

void imap_no(struct imap_session *session, const char *format, ...)
{
	va_list arguments;

	session->bad_commands = 0;
	va_start(arguments, format);
	reply(session, "NO", format, arguments);
	va_end(arguments);
}

void imap_bad(struct imap_session *session, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	reply(session, "BAD", format, arguments);
	va_end(arguments);
	if (++session->bad_commands >= IMAP_BAD_COMMANDS_MAX && !session->base.is_closing)
		imap_bye(session, "Too many invalid IMAP commands.");
}

void imap_bad_arguments(struct imap_session *session, const struct imap_parser *parser)
{
	imap_bad(session, "Error in IMAP command %s: %s.", session->command->name,
		 parser->error != NULL ? parser->error : "Invalid arguments");
}

/* Dispatch. */

static void refuse_state(struct imap_session *session)
{
	if (session->state == IMAP_NOT_AUTHENTICATED)
		imap_bad(session, "Please log in first.");
	else if (session->command->states & IMAP_IN(IMAP_SELECTED))
		imap_bad(session, "No mailbox selected.");
	else
		imap_bad(session, "Already logged in.");
}

/*
 * What is no command; `verb` is empty where there is none. Before the login, as Dovecot does it,
 * verbs are not repeated, and a client that goes on so is sent away.
 */
static void refuse_unknown(struct imap_session *session, struct bytes verb)
{
	bool is_known_client = session->state != IMAP_NOT_AUTHENTICATED;

	if (!is_known_client && ++session->unknown_commands >= IMAP_UNKNOWN_COMMANDS_MAX)
		imap_bye(session, "Too many invalid IMAP commands.");
	else if (verb.length > 0 && is_known_client)
		imap_bad(session, "Error in IMAP command %.*s: Unknown command.",
			 (int)MIN(verb.length, 64), (const char *)verb.data);
	else
		imap_bad(session, "Error in IMAP command received by server.");
}

/* command = tag SP (command-any / command-auth / command-nonauth / command-select) CRLF */
static void run_command(struct imap_session *session)
{
	struct bytes text = imap_reader_command(&session->reader), tag, verb;
	struct imap_parser parser;

	imap_parser_init(&parser, (uint8_t *)text.data, text.length);
	bool has_tag = imap_parse_tag(&parser, &tag) &&
		       (imap_peek(&parser) == ' ' || imap_peek(&parser) == -1);

	if (has_tag)
		session->tag = g_strndup((const char *)tag.data, tag.length);
	if (!has_tag || !imap_skip(&parser, ' ')) {
		refuse_unknown(session, bytes_of(""));
		return;
	}
	if (imap_skip_word(&parser, "UID"))
		session->is_uid = imap_skip(&parser, ' ');
	if (!imap_parse_atom(&parser, &verb)) {
		refuse_unknown(session, bytes_of(""));
		return;
	}
	const struct imap_command *command = imap_find_command(session, verb);
	session->command = command;
	if (command == NULL) {
		refuse_unknown(session, verb);
		return;
	}
	session->unknown_commands = 0;
	if (!(command->states & IMAP_IN(session->state)))
		refuse_state(session);
	else
		command->run(session, &parser);
}

static void take_line(struct imap_session *session)
{
	switch (session->expects) {
	case IMAP_EXPECTS_COMMAND:
		run_command(session);
		break;
	case IMAP_EXPECTS_DONE:
		imap_continue_idle(session, imap_reader_line(&session->reader));
		break;
	default:
		imap_continue_authenticate(session, imap_reader_line(&session->reader));
	}
}

/* Literals. */

static bool is_append(const struct imap_session *session)
{
	struct bytes text = imap_reader_command(&session->reader), tag;
	struct imap_parser parser;

	imap_parser_init(&parser, (uint8_t *)text.data, text.length);
	return session->account != NULL && imap_parse_tag(&parser, &tag) &&
	       imap_skip(&parser, ' ') && imap_skip_word(&parser, "APPEND");
}

/* Keeps the tag for the reply to a command that is not read to its end. */
static void keep_tag(struct imap_session *session)
{
	struct bytes text = imap_reader_command(&session->reader), tag;
	struct imap_parser parser;

	imap_parser_init(&parser, (uint8_t *)text.data, text.length);
	if (session->tag == NULL && imap_parse_tag(&parser, &tag))
		session->tag = g_strndup((const char *)tag.data, tag.length);
}

static void reply_refusal(struct imap_session *session)
{
	const char *refusal = session->refusal;

	session->refusal = NULL;
	if (g_str_has_prefix(refusal, "["))
		imap_no(session, "%s", refusal);
	else
		imap_bad(session, "%s", refusal);
}

/* A line ended in {n}: the client wants to send a literal, or sends it unasked with {n+}. */
static void take_announcement(struct imap_session *session)
{
	struct imap_reader *reader = &session->reader;
	bool is_message = is_append(session);
	size_t limit = is_message ? session->config.message_bytes_max : IMAP_LINE_BYTES_MAX;

	size_t total_limit = is_message ? IMAP_APPEND_BYTES_MAX : IMAP_LINE_BYTES_MAX;
	bool is_allowed = reader->is_synchronizing || imap_offers(session, IMAP_CAN_LITERAL_PLUS);

	if (is_allowed && reader->literal_bytes <= limit && reader->literals_bytes <= total_limit) {
		if (reader->is_synchronizing)
			imap_sendf(session, "+ OK\r\n");
		imap_reader_accept(reader);
		return;
	}
	keep_tag(session);
	session->refusal = !is_allowed  ? "Error in IMAP command: Invalid literal."
			   : is_message ? "[TOOBIG] The message is larger than the server takes."
					: "Error in IMAP command: Too large literal.";
	bool waits = reader->is_synchronizing;
	imap_reader_refuse(reader);
	if (waits)
		reply_refusal(session);
}

static void note_literal(struct imap_session *session)
{
	session_note(&session->base, &(struct note) {
					 .kind = TRACE_UNIT,
					 .detail = IMAP_LITERAL,
					 .flags = TRACE_INBOUND,
					 .before = session->literal_from,
					 .after = session->reader.literal_bytes,
				     });
}

/* Input. */

static size_t session_receive(struct session *base, struct bytes in)
{
	struct imap_session *session = (struct imap_session *)base;
	struct imap_reader *reader = &session->reader;
	enum imap_reader_event event;
	bool was_literal = reader->is_literal, is_first = reader->line_bytes == 0;
	size_t consumed = imap_reader_feed(reader, in, &event);

	session->autologout_ns = base->now_ns + IMAP_AUTOLOGOUT_NS;
	if (consumed > 0 && !was_literal)
		session_note_input(base, is_first ? (uint16_t)imap_name_line(in, false) : IMAP_REST,
				   0, consumed);
	if (event == IMAP_READ_ANNOUNCED && session->expects != IMAP_EXPECTS_COMMAND)
		event = IMAP_READ_COMPLETE;

	switch (event) {
	case IMAP_READ_MORE:
		break;
	case IMAP_READ_ANNOUNCED:
		take_announcement(session);
		break;
	case IMAP_READ_LITERAL:
		note_literal(session);
		if (consumed == 0)
			consumed = session_receive(base, in);
		break;
	case IMAP_READ_TOO_LONG:
		imap_bad(session, "Error in IMAP command: Too long line.");
		imap_reader_reset(reader);
		break;
	case IMAP_READ_COMPLETE:
		if (session->refusal != NULL)
			reply_refusal(session);
		else
			take_line(session);
		imap_reader_reset(reader);
		break;
	}
	if (!was_literal && reader->is_literal)
		session->literal_from = base->received_bytes + consumed;
	imap_arm(session);
	return consumed;
}

/* Time, and what others do. */

void imap_arm(struct imap_session *session)
{
	if (session->base.is_closing) {
		session->base.deadline_ns = TIME_NEVER;
		return;
	}
	session->base.deadline_ns = MIN(session->autologout_ns, session->news_ns);
	session->base.deadline_is_background = session->news_ns == TIME_NEVER;
}

static void tell_news(struct imap_session *session)
{
	GString *news = g_string_new(NULL);

	session->news_ns = TIME_NEVER;
	if (session->expects == IMAP_EXPECTS_DONE)
		imap_view_sync(&session->view, true, news);
	imap_send_string(session, news);
}

static void session_expired(struct session *base)
{
	struct imap_session *session = (struct imap_session *)base;

	if (session->news_ns <= base->now_ns)
		tell_news(session);
	if (session->autologout_ns <= base->now_ns) {
		/* A client that still reads an answer is not idle; one that does not, `send_timeout_ns`
		 * sends away. */
		if (session->fetch == NULL)
			imap_bye(session, "Disconnected for inactivity.");
		else
			session->autologout_ns = base->now_ns + IMAP_AUTOLOGOUT_NS;
	}
	imap_arm(session);
}

/* The view has changed under us: IDLE tells it soon, otherwise the next command does. */
static void session_has_news(void *owner)
{
	struct imap_session *session = owner;
	bool is_idle = session->expects == IMAP_EXPECTS_DONE;

	if (session->view.was_deleted && session->fetch == NULL) {
		session_tick(&session->base);
		bye_if_deleted(session);
		imap_arm(session);
		session_wake(&session->base);
	} else if (is_idle && session->news_ns == TIME_NEVER) {
		session_tick(&session->base);
		session->news_ns = session->base.now_ns + NEWS_DELAY_NS;
		imap_arm(session);
		session_wake(&session->base);
	}
}

/* Life. */

static void session_opened(struct session *base)
{
	struct imap_session *session = (struct imap_session *)base;

	if (session->config.why_turned_away != NULL) {
		imap_bye(session, session->config.why_turned_away);
		return;
	}
	imap_enter(session, IMAP_NOT_AUTHENTICATED);
	char *capabilities = imap_capabilities(session);
	imap_sendf(session, "* OK [CAPABILITY %s] %s ready.\r\n", capabilities,
		   session->config.software);
	g_free(capabilities);
	imap_enter_phase(session, PHASE_GREETED);
	session->autologout_ns = base->now_ns + IMAP_AUTOLOGOUT_NS;
	imap_arm(session);
}

/* The client asks anew what is offered, unless it trusts what it heard (RFC 3501 section 6.2.1). */
static void session_secured(struct session *base)
{
	struct imap_session *session = (struct imap_session *)base;

	imap_reader_reset(&session->reader);
	session->autologout_ns = base->now_ns + IMAP_AUTOLOGOUT_NS;
	imap_arm(session);
}

static void session_refill(struct session *base)
{
	struct imap_session *session = (struct imap_session *)base;

	if (session->fetch != NULL)
		imap_fetch_continue(session);
}

static void session_ended(struct session *base)
{
	struct imap_session *session = (struct imap_session *)base;

	if (session->state != IMAP_LOGGED_OUT)
		imap_enter(session, IMAP_LOGGED_OUT);
	imap_view_close(&session->view);
	base->is_closing = true;
}

static void session_failed(struct session *base, enum stream_failure why)
{
	struct imap_session *session = (struct imap_session *)base;

	(void)why;
	if (session->state != IMAP_LOGGED_OUT)
		imap_enter_phase(session, PHASE_FAILED);
	imap_view_close(&session->view);
}

static void free_session(struct session *base)
{
	struct imap_session *session = (struct imap_session *)base;

	g_clear_pointer(&session->fetch, imap_fetch_free);
	imap_view_close(&session->view);
	imap_reader_clear(&session->reader);
	imap_sequence_clear(&session->saved);
	g_free(session->tag);
	sasl_server_free(session->sasl);
	g_free((char *)session->config.why_turned_away);
	session_clear(base);
	g_free(session);
}

static const struct session_operations operations = {
	.opened = session_opened,
	.receive = session_receive,
	.secured = session_secured,
	.ended = session_ended,
	.expired = session_expired,
	.failed = session_failed,
	.refill = session_refill,
	.free = free_session,
};

const struct account *imap_session_account(const struct session *session)
{
	return ((const struct imap_session *)session)->account;
}

struct session *imap_session_new(const struct imap_session_config *config)
{
	struct imap_session *session = g_new0(struct imap_session, 1);

	session_init(&session->base, &operations);
	session->config = *config;
	session->config.why_turned_away = g_strdup(config->why_turned_away);
	session->offered = imap_capabilities_without(config->without);
	if (session->config.message_bytes_max == 0)
		session->config.message_bytes_max = IMAP_MESSAGE_BYTES_DEFAULT;
	session->state = IMAP_CONNECTED;
	session->phase = -1;
	session->news_ns = TIME_NEVER;
	session->autologout_ns = TIME_NEVER;
	session->base.send_timeout_ns = IMAP_AUTOLOGOUT_NS;
	session->tiler.is_server = true;
	session->view.news = session_has_news;
	session->view.owner = session;
	imap_reader_init(&session->reader, IMAP_LINE_BYTES_MAX);
	return &session->base;
}
