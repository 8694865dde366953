/* AUTH of a POP3 server (RFC 5034): what SASL says, in base64 behind "+ ". */
#include "protocols/pop3/private.h"

/* Those a client may use now. */
static unsigned usable_mechanisms(const struct pop3_session *session)
{
	unsigned hidden = pop3_may_show_password(session) ? 0 : SASL_PLAINTEXT;

	return session->mechanisms & ~hidden;
}

void pop3_offer_mechanisms(struct pop3_session *session)
{
	unsigned mechanisms = usable_mechanisms(session);
	GString *names;

	if (mechanisms == 0)
		return;
	names = g_string_new(NULL);
	sasl_append_names(mechanisms, " ", names);
	session_printf(&session->base, "SASL%s\r\n", names->str);
	g_string_free(names, TRUE);
}

/* AUTH alone lists the mechanisms: an older habit than CAPA (RFC 1734). */
static void list_mechanisms(struct pop3_session *session)
{
	GString *names = g_string_new(NULL);
	uint64_t from;

	pop3_ok(session, "%s", "");
	from = session->base.produced_bytes;
	sasl_append_names(usable_mechanisms(session), "\r\n", names);
	if (names->len > 0)
		session_printf(&session->base, "%s\r\n", names->str + strlen("\r\n"));
	session_write(&session->base, bytes_of(".\r\n"));
	session_note_output(&session->base, POP3_LISTING, from);
	g_string_free(names, TRUE);
}

static void challenge(struct pop3_session *session, const char *text)
{
	uint64_t from = session->base.produced_bytes;

	session_printf(&session->base, "+ %s\r\n", text);
	session_note_output(&session->base, POP3_CONTINUE, from);
	if (session->state != POP3_IN_AUTH)
		pop3_enter(session, POP3_IN_AUTH);
}

static void fail(struct pop3_session *session, const char *text)
{
	pop3_forget_user(session);
	pop3_err(session, "%s", text);
}

/* Does what a step of the exchange came to; `text` is what it wants to be said. */
static void go_on(struct pop3_session *session, enum sasl_status status, const char *text)
{
	switch (status) {
	case SASL_SAY:
		challenge(session, text);
		break;
	case SASL_SUCCEEDED:
		pop3_log_in(session, mail_store_find_login(session->store,
							   sasl_server_login(session->sasl)));
		break;
	case SASL_REFUSED:
		pop3_log_in(session, NULL);
		break;
	case SASL_ASK: /* users_of() was asked */
	case SASL_MALFORMED:
		fail(session, "Invalid response.");
		break;
	}
}

static const char *find_password(void *owner, const char *login, const char *authorization)
{
	const struct pop3_session *session = owner;
	const struct account *account =
	    mail_store_find_identity(session->store, login, authorization);

	return account != NULL ? account->password : NULL;
}

static struct sasl_users users_of(struct pop3_session *session)
{
	return (struct sasl_users) { find_password, session };
}

void pop3_credentials(struct pop3_session *session, struct bytes line)
{
	struct sasl_users users = users_of(session);
	GString *text = g_string_new(NULL);

	if (bytes_equal(line, bytes_of("*")))
		fail(session, "Authentication aborted by client.");
	else
		go_on(session, sasl_server_step_text(session->sasl, &users, line, text), text->str);
	g_string_free(text, TRUE);
}

static void begin(struct pop3_session *session, enum sasl_mechanism mechanism, const char *initial)
{
	struct sasl_users users = users_of(session);
	struct bytes response = bytes_of(initial != NULL ? initial : "");
	GString *text = g_string_new(NULL);

	session->sasl = sasl_server_begin(mechanism, &session->sasl_setting);
	go_on(
	    session,
	    sasl_server_start_text(session->sasl, &users, initial != NULL ? &response : NULL, text),
	    text->str);
	g_string_free(text, TRUE);
}

/* AUTH mechanism [initial-response] (RFC 5034 section 4); "=" stands for an empty response. */
void pop3_auth(struct pop3_session *session, const char *argument)
{
	char **words = g_strsplit(argument, " ", 2);
	enum sasl_mechanism mechanism = SASL_MECHANISM_COUNT;

	pop3_forget_user(session);
	if (words[0] != NULL)
		mechanism = sasl_mechanism_parse(bytes_of(words[0]));
	if (words[0] == NULL)
		list_mechanisms(session);
	else if (mechanism == SASL_MECHANISM_COUNT || !(session->mechanisms & SASL_BIT(mechanism)))
		pop3_err(session, "Unsupported authentication mechanism.");
	else if (!(SASL_BIT(mechanism) & SASL_PLAINTEXT) || !pop3_refuse_plaintext(session))
		begin(session, mechanism, words[1]);
	g_strfreev(words);
}
