/* The frame of a POP3 server session: lines, the command table, states, time. */
#include "protocols/pop3/private.h"

struct command {
	enum pop3_detail verb;
	unsigned allowed_states; /* set of 1u << enum pop3_state */
	unsigned needs;          /* enum pop3_offer; 0: it is always there */
	void (*run)(struct pop3_session *session, const char *argument);
};

static void pop3_noop(struct pop3_session *session, const char *argument)
{
	(void)argument;
	pop3_ok(session, "%s", "");
}

static void pop3_quit(struct pop3_session *session, const char *argument)
{
	unsigned removed = 0;

	(void)argument;
	if (session->state == POP3_TRANSACTION) {
		pop3_enter(session, POP3_UPDATE);
		removed = pop3_update(session);
	}
	pop3_phase(session, PHASE_QUIT);
	pop3_ok(session, "%s", removed > 0 ? "Logging out, messages deleted." : "Logging out.");
	pop3_enter(session, POP3_OVER);
	session->base.is_closing = true;
}

#define IN(state)    (1u << (state))
#define BEFORE_LOGIN (IN(POP3_AUTHORIZATION) | IN(POP3_HAS_USER))
#define LOGGED_IN    IN(POP3_TRANSACTION)

static const struct command commands[] = {
	{POP3_CAPA,  BEFORE_LOGIN | LOGGED_IN, 0,                pop3_capa},
	{ POP3_USER, BEFORE_LOGIN,             POP3_OFFERS_USER, pop3_user},
	{ POP3_PASS, BEFORE_LOGIN,             POP3_OFFERS_USER, pop3_pass},
	{ POP3_APOP, BEFORE_LOGIN,             POP3_OFFERS_APOP, pop3_apop},
	{ POP3_AUTH, BEFORE_LOGIN,             0,                pop3_auth},
	{ POP3_STLS, BEFORE_LOGIN,             0,                pop3_stls},
	{ POP3_UTF8, BEFORE_LOGIN,             POP3_OFFERS_UTF8, pop3_utf8},
	{ POP3_LANG, BEFORE_LOGIN | LOGGED_IN, POP3_OFFERS_LANG, pop3_lang},
	{ POP3_STAT, LOGGED_IN,                0,                pop3_stat},
	{ POP3_LIST, LOGGED_IN,                0,                pop3_list},
	{ POP3_UIDL, LOGGED_IN,                POP3_OFFERS_UIDL, pop3_uidl},
	{ POP3_RETR, LOGGED_IN,                0,                pop3_retr},
	{ POP3_TOP,  LOGGED_IN,                POP3_OFFERS_TOP,  pop3_top },
	{ POP3_DELE, LOGGED_IN,                0,                pop3_dele},
	{ POP3_RSET, LOGGED_IN,                0,                pop3_rset},
	{ POP3_NOOP, LOGGED_IN,                0,                pop3_noop},
	{ POP3_QUIT, BEFORE_LOGIN | LOGGED_IN, 0,                pop3_quit},
};

void pop3_enter(struct pop3_session *session, enum pop3_state state)
{
	session_note(&session->base, &(struct note) {
					 .kind = TRACE_STATE,
					 .detail = POP3_STATE,
					 .before = session->state,
					 .after = state,
				     });
	session->state = state;
}

void pop3_phase(struct pop3_session *session, enum session_phase phase)
{
	session_note(&session->base,
		     &(struct note) { .kind = TRACE_PHASE, .detail = (uint16_t)phase });
}

static void hang_up(struct pop3_session *session)
{
	pop3_phase(session, PHASE_FAILED);
	pop3_enter(session, POP3_OVER);
	session->base.is_closing = true;
}

static void write_line(struct pop3_session *session, enum pop3_detail detail, const char *word,
		       const char *format, va_list arguments)
{
	uint64_t from = session->base.produced_bytes;
	char *text = g_strdup_vprintf(format, arguments);

	session_printf(&session->base, "%s%s%s\r\n", word, text[0] != '\0' ? " " : "", text);
	session_note_output(&session->base, detail, from);
	g_free(text);
}

void pop3_ok(struct pop3_session *session, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line(session, POP3_OK, "+OK", format, arguments);
	va_end(arguments);
	session->bad_commands = 0;
}

void pop3_err(struct pop3_session *session, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line(session, POP3_ERR, "-ERR", format, arguments);
	va_end(arguments);
	if (++session->bad_commands >= POP3_BAD_COMMANDS_MAX)
		hang_up(session);
}

/* NULL: there is none, or it is not offered. */
static const struct command *find_command(const struct pop3_session *session, enum pop3_detail verb)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++)
		if (commands[i].verb == verb && (commands[i].needs & ~session->offers) == 0)
			return &commands[i];
	return NULL;
}

/* Before the login the server has little patience with a client that does not speak POP3. */
static void refuse_unknown(struct pop3_session *session)
{
	/* USER is forgotten by anything but PASS (RFC 1939 section 7, USER). */
	if (session->state == POP3_HAS_USER)
		pop3_forget_user(session);
	pop3_err(session, "Unknown command.");
	if (++session->unknown_commands < POP3_UNKNOWN_COMMANDS_MAX)
		return;
	pop3_err(session, "Too many invalid bad commands.");
	hang_up(session);
}

static void run_command(struct pop3_session *session, enum pop3_detail verb, const char *line)
{
	const struct command *command = find_command(session, verb);
	const char *argument = line + strcspn(line, " ");

	if (command != NULL && command->allowed_states & IN(session->state)) {
		session->unknown_commands = 0;
		command->run(session, argument + strspn(argument, " "));
		return;
	}
	if (session->state == POP3_TRANSACTION)
		pop3_err(session, "Unknown command: %.*s", (int)strcspn(line, " "), line);
	else
		refuse_unknown(session);
}

static void set_autologout(struct pop3_session *session)
{
	session->base.deadline_ns = session->base.now_ns + POP3_AUTOLOGOUT_NS;
	session->base.deadline_is_background = true;
}

/* A line without its end. NULs cannot be in a command; they would hide what follows. */
static void run_line(struct pop3_session *session, struct bytes line, size_t length)
{
	enum pop3_detail verb =
	    session->state == POP3_IN_AUTH ? POP3_CREDENTIALS : pop3_command_of(line);
	bool is_text = bytes_find_byte(line, '\0') == NULL;
	char *text = g_strndup((const char *)line.data, line.length);

	session_note_input(&session->base, (uint16_t)verb, 0, length);
	set_autologout(session);
	if (verb == POP3_CREDENTIALS)
		pop3_credentials(session, line);
	else if (is_text)
		run_command(session, verb, text);
	else if (session->state != POP3_TRANSACTION)
		refuse_unknown(session);
	else
		pop3_err(session, "NUL characters are not allowed.");
	g_free(text);
}

/* Takes what is there of a line that is too long; answers once it ends. */
static size_t skip_line(struct pop3_session *session, struct bytes in)
{
	const uint8_t *feed = bytes_find_byte(in, '\n');
	size_t length = feed != NULL ? (size_t)(feed - in.data) + 1 : in.length;

	session_note_input(&session->base, POP3_UNKNOWN, 0, length);
	session->is_skipping = feed == NULL;
	if (feed == NULL)
		return length;
	set_autologout(session);
	if (session->state == POP3_IN_AUTH || session->state == POP3_HAS_USER)
		pop3_forget_user(session);
	pop3_err(session, "Command line too long.");
	return length;
}

static size_t receive(struct session *base, struct bytes in)
{
	struct pop3_session *session = (struct pop3_session *)base;
	struct bytes line;

	if (session->is_skipping)
		return skip_line(session, in);

	/* RFC 5034 section 4: answers to challenges may be longer than commands. */
	size_t limit = session->state == POP3_IN_AUTH ? SASL_MESSAGE_MAX : POP3_LINE_BYTES_MAX;
	size_t length = session_line(bytes_first(in, limit), true, &line);
	if (length == 0)
		return in.length < limit ? 0 : skip_line(session, in);
	run_line(session, line, length);
	return length;
}

/* Without QUIT nothing is removed, however the session ends (RFC 1939 section 6). */
static void end_without_update(struct pop3_session *session)
{
	if (session->state == POP3_OVER)
		return;
	pop3_phase(session, PHASE_FAILED);
	pop3_enter(session, POP3_OVER);
}

static void opened(struct session *base)
{
	struct pop3_session *session = (struct pop3_session *)base;

	if (session->is_turned_away) { /* SYS/TEMP: RFC 3206 section 4 */
		pop3_err(session, "[SYS/TEMP] Too many connections.");
		end_without_update(session);
		base->is_closing = true;
		return;
	}
	session_printf(base, "+OK %s ready.%s%s\r\n", session->software,
		       session->timestamp != NULL ? " " : "",
		       session->timestamp != NULL ? session->timestamp : "");
	session_note_output(base, POP3_GREETING, 0);
	pop3_enter(session, POP3_AUTHORIZATION);
	pop3_phase(session, PHASE_GREETED);
	set_autologout(session);
}

/* Who the client said it was before TLS, somebody else may have said (RFC 2595 section 4). */
static void secured(struct session *base)
{
	struct pop3_session *session = (struct pop3_session *)base;

	pop3_forget_user(session);
	set_autologout(session);
}

static void ended(struct session *base)
{
	end_without_update((struct pop3_session *)base);
	base->is_closing = true;
}

static void failed(struct session *base, enum stream_failure why)
{
	(void)why;
	end_without_update((struct pop3_session *)base);
}

/* Silence for too long: the server hangs up without a word (RFC 1939 section 3). */
static void expired(struct session *base)
{
	struct pop3_session *session = (struct pop3_session *)base;

	if (session->must_refuse) {
		set_autologout(session);
		pop3_refuse(session);
		return;
	}
	end_without_update(session);
	base->is_closing = true;
}

static void refill(struct session *base)
{
	struct pop3_session *session = (struct pop3_session *)base;

	if (base->is_busy) {
		pop3_transfer_more(session);
		set_autologout(session);
	}
}

static void entry_clear(gpointer entry)
{
	message_free(((struct pop3_entry *)entry)->message);
}

static void session_destroy(struct session *base)
{
	struct pop3_session *session = (struct pop3_session *)base;

	if (session->account != NULL)
		account_unlock_maildrop(session->account);
	g_array_unref(session->maildrop);
	sasl_server_free(session->sasl);
	g_free(session->timestamp);
	g_free(session->user);
	session_clear(base);
	g_free(session);
}

static const struct session_operations operations = {
	.opened = opened,
	.receive = receive,
	.secured = secured,
	.ended = ended,
	.expired = expired,
	.failed = failed,
	.refill = refill,
	.free = session_destroy,
};

struct session *pop3_session_new(const struct pop3_session_config *config)
{
	struct pop3_session *session = g_new0(struct pop3_session, 1);

	session_init(&session->base, &operations);
	session->store = config->store;
	session->software = config->software;
	session->offers = POP3_OFFERS_ALL & ~config->without;
	if (session->offers & POP3_OFFERS_APOP)
		session->timestamp = g_strdup(config->timestamp);
	session->sasl_setting = config->sasl;
	session->mechanisms = SASL_ALL & ~config->no_mechanisms;
	session->refusal_delay_ns = config->refusal_delay_ns;
	session->is_turned_away = config->is_turned_away;
	session->offers_tls = config->offers_tls;
	session->hides_login = config->hides_login;
	session->base.send_timeout_ns = POP3_AUTOLOGOUT_NS;
	session->maildrop = g_array_new(FALSE, TRUE, sizeof(struct pop3_entry));
	g_array_set_clear_func(session->maildrop, entry_clear);
	return &session->base;
}
