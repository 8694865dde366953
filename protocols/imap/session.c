#include "protocols/imap/command.h"

#define NEWS_DELAY_NS (500 * NS_PER_MS) /* IDLE gathers changes for so long before it tells */

/* Table of commands. */

#define IN(state)       (1u << (state))
#define ANYWHERE        (IN(IMAP_NOT_AUTHENTICATED) | AUTHENTICATED)
#define AUTHENTICATED   (IN(IMAP_AUTHENTICATED) | IN(IMAP_SELECTED))
#define UNAUTHENTICATED IN(IMAP_NOT_AUTHENTICATED)
#define SELECTED        IN(IMAP_SELECTED)

enum command_flag {
	TAKES_UID = 1,     /* also behind UID */
	KEEPS_NUMBERS = 2, /* no EXPUNGE while it runs (RFC 3501 section 7.4.1), but behind UID */
};

struct imap_command {
	const char *name;
	unsigned states; /* set of IN(enum imap_state) where it is allowed */
	unsigned flags;  /* enum command_flag */
	imap_run_fn *run;
};

static const struct imap_command commands[] = {
	{"CAPABILITY",    ANYWHERE,        0,                         imap_run_capability  },
	{ "NOOP",         ANYWHERE,        0,                         imap_run_noop        },
	{ "LOGOUT",       ANYWHERE,        0,                         imap_run_logout      },
	{ "ID",           ANYWHERE,        0,                         imap_run_id          },
	{ "AUTHENTICATE", UNAUTHENTICATED, 0,                         imap_run_authenticate},
	{ "LOGIN",        UNAUTHENTICATED, 0,                         imap_run_login       },
	{ "ENABLE",       AUTHENTICATED,   0,                         imap_run_enable      },
	{ "NAMESPACE",    AUTHENTICATED,   0,                         imap_run_namespace   },
	{ "SELECT",       AUTHENTICATED,   0,                         imap_run_select      },
	{ "EXAMINE",      AUTHENTICATED,   0,                         imap_run_examine     },
	{ "CREATE",       AUTHENTICATED,   0,                         imap_run_create      },
	{ "DELETE",       AUTHENTICATED,   0,                         imap_run_delete      },
	{ "RENAME",       AUTHENTICATED,   0,                         imap_run_rename      },
	{ "SUBSCRIBE",    AUTHENTICATED,   0,                         imap_run_subscribe   },
	{ "UNSUBSCRIBE",  AUTHENTICATED,   0,                         imap_run_unsubscribe },
	{ "LIST",         AUTHENTICATED,   0,                         imap_run_list        },
	{ "LSUB",         AUTHENTICATED,   0,                         imap_run_lsub        },
	{ "STATUS",       AUTHENTICATED,   0,                         imap_run_status      },
	{ "APPEND",       AUTHENTICATED,   0,                         imap_run_append      },
	{ "IDLE",         AUTHENTICATED,   0,                         imap_run_idle        },
	{ "CHECK",        SELECTED,        0,                         imap_run_check       },
	{ "CLOSE",        SELECTED,        0,                         imap_run_close       },
	{ "UNSELECT",     SELECTED,        0,                         imap_run_unselect    },
	{ "EXPUNGE",      SELECTED,        TAKES_UID,                 imap_run_expunge     },
	{ "SEARCH",       SELECTED,        TAKES_UID | KEEPS_NUMBERS, imap_run_search      },
	{ "FETCH",        SELECTED,        TAKES_UID | KEEPS_NUMBERS, imap_run_fetch       },
	{ "STORE",        SELECTED,        TAKES_UID | KEEPS_NUMBERS, imap_run_store       },
	{ "COPY",         SELECTED,        TAKES_UID,                 imap_run_copy        },
	{ "MOVE",         SELECTED,        TAKES_UID,                 imap_run_move        },
};

const char *imap_capabilities(const struct imap_session *session)
{
	if (session->state == IMAP_NOT_AUTHENTICATED)
		return "IMAP4rev1 SASL-IR ID ENABLE IDLE LITERAL+ AUTH=PLAIN AUTH=LOGIN";
	return "IMAP4rev1 SASL-IR ID ENABLE IDLE UNSELECT CHILDREN NAMESPACE UIDPLUS MOVE "
	       "LITERAL+ SPECIAL-USE";
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
	    command != NULL && (!(command->flags & KEEPS_NUMBERS) || session->is_uid);
	GString *text = g_string_new(NULL);

	imap_view_sync(&session->view, may_expunge, text);
	g_string_append_printf(text, "%s %s ", session->tag != NULL ? session->tag : "*",
			       condition);
	g_string_append_vprintf(text, format, arguments);
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

static const struct imap_command *find_command(struct bytes verb)
{
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		if (imap_is(verb, commands[i].name))
			return &commands[i];
	return NULL;
}

static void refuse_state(struct imap_session *session)
{
	if (session->state == IMAP_NOT_AUTHENTICATED)
		imap_bad(session, "Please log in first.");
	else if (session->command->states & SELECTED)
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
	const struct imap_command *command = find_command(verb);
	session->command = command;
	if (command == NULL || (session->is_uid && !(command->flags & TAKES_UID))) {
		refuse_unknown(session, verb);
		return;
	}
	session->unknown_commands = 0;
	if (!(command->states & IN(session->state)))
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

	if (reader->literal_bytes <= limit && reader->literals_bytes <= IMAP_LINE_BYTES_MAX) {
		if (reader->is_synchronizing)
			imap_sendf(session, "+ OK\r\n");
		imap_reader_accept(reader);
		return;
	}
	keep_tag(session);
	session->refusal = is_message ? "[TOOBIG] The message is larger than the server takes."
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
	imap_sendf(session, "* OK [CAPABILITY %s] %s ready.\r\n", imap_capabilities(session),
		   session->config.software);
	imap_enter_phase(session, PHASE_GREETED);
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
	g_free(session->tag);
	g_free(session->user);
	g_free((char *)session->config.why_turned_away);
	session_clear(base);
	g_free(session);
}

static const struct session_operations operations = {
	.opened = session_opened,
	.receive = session_receive,
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
