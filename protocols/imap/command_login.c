/* LOGIN and AUTHENTICATE (RFC 3501 section 6.2, RFC 4959): SASL in base64 behind "+ ". */
#include "protocols/imap/command.h"

/* Why the right password does not help; NULL: it does. The caller frees it. */
static char *refuse_login(const struct imap_session *session, const struct account *account)
{
	const struct imap_session_config *config = &session->config;

	return config->refuse_login != NULL ? config->refuse_login(config->owner, account) : NULL;
}

/* Ends the command. NULL: the proof failed, or there is no such user. */
static void log_in(struct imap_session *session, struct account *account)
{
	if (account == NULL) {
		imap_no(session, "[AUTHENTICATIONFAILED] Authentication failed.");
		return;
	}
	char *refusal = refuse_login(session, account);

	if (refusal != NULL) {
		imap_no(session, "%s", refusal);
		g_free(refusal);
		return;
	}
	session->account = account;
	imap_enter(session, IMAP_AUTHENTICATED);
	char *capabilities = imap_capabilities(session);
	imap_ok(session, "[CAPABILITY %s] Logged in", capabilities);
	g_free(capabilities);
	imap_enter_phase(session, PHASE_AUTHENTICATED);
}

/* What follows in plaintext is thrown away by whoever wraps the stream (RFC 3501 section 6.2.1). */
void imap_run_starttls(struct imap_session *session, struct imap_parser *parser)
{
	if (!imap_parse_end(parser)) {
		imap_bad_arguments(session, parser);
	} else if (!imap_offers_tls(session)) {
		imap_bad(session, "%s",
			 session->base.protection != NULL ? "TLS is already active."
							  : "TLS support isn't enabled.");
	} else {
		imap_ok(session, "Begin TLS negotiation now.");
		session->base.wants_tls = true;
	}
}

/* True after an answer: this way to log in would show the password to everybody on the way. */
static bool refuse_plaintext(struct imap_session *session)
{
	if (imap_may_show_password(session))
		return false;
	imap_no(session, "[PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure "
			 "(SSL/TLS) connections.");
	return true;
}

/* login = "LOGIN" SP userid SP password */
void imap_run_login(struct imap_session *session, struct imap_parser *parser)
{
	char *user = NULL, *password = NULL;

	if (refuse_plaintext(session))
		return;
	if (imap_parse_space(parser) && imap_parse_text(parser, &user) &&
	    imap_parse_space(parser) && imap_parse_text(parser, &password) &&
	    imap_parse_end(parser))
		log_in(session, mail_store_authenticate(session->config.store, user, password));
	else
		imap_bad_arguments(session, parser);
	g_free(user);
	g_free(password);
}

static const char *find_password(void *owner, const char *login, const char *authorization)
{
	const struct imap_session *session = owner;
	const struct account *account =
	    mail_store_find_identity(session->config.store, login, authorization);

	return account != NULL ? account->password : NULL;
}

static struct sasl_users users_of(struct imap_session *session)
{
	return (struct sasl_users) { find_password, session };
}

/* Ends the exchange; the tagged reply is the caller's. */
static void finish(struct imap_session *session)
{
	session->expects = IMAP_EXPECTS_COMMAND;
	g_clear_pointer(&session->sasl, sasl_server_free);
}

/* Does what a step of the exchange came to; `text` is what it wants to be said. */
static void go_on(struct imap_session *session, enum sasl_status status, const char *text)
{
	struct account *account = NULL;

	if (status == SASL_SAY) {
		session->expects = IMAP_EXPECTS_RESPONSE;
		imap_sendf(session, "+ %s\r\n", text);
		return;
	}
	if (status == SASL_SUCCEEDED)
		account =
		    mail_store_find_login(session->config.store, sasl_server_login(session->sasl));
	finish(session);
	if (status == SASL_MALFORMED)
		imap_bad(session, "Invalid response.");
	else
		log_in(session, account);
}

/* A line with base64, or "*" to give up. */
void imap_continue_authenticate(struct imap_session *session, struct bytes line)
{
	struct sasl_users users = users_of(session);
	GString *text = g_string_new(NULL);

	if (bytes_equal(line, bytes_of("*"))) {
		finish(session);
		imap_bad(session, "Authentication aborted.");
	} else {
		go_on(session, sasl_server_step_text(session->sasl, &users, line, text), text->str);
	}
	g_string_free(text, TRUE);
}

static void begin(struct imap_session *session, enum sasl_mechanism mechanism,
		  const struct bytes *initial)
{
	struct sasl_users users = users_of(session);
	GString *text = g_string_new(NULL);

	session->sasl = sasl_server_begin(mechanism, &session->config.sasl);
	go_on(session, sasl_server_start_text(session->sasl, &users, initial, text), text->str);
	g_string_free(text, TRUE);
}

static bool is_offered(const struct imap_session *session, enum sasl_mechanism mechanism)
{
	return mechanism != SASL_MECHANISM_COUNT &&
	       imap_offers(session, imap_capability_of_mechanism(mechanism));
}

/* authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")] *(CRLF base64) (RFC 4959) */
void imap_run_authenticate(struct imap_session *session, struct imap_parser *parser)
{
	enum sasl_mechanism mechanism;
	struct bytes name, initial;

	if (!imap_parse_space(parser) || !imap_parse_atom(parser, &name)) {
		imap_bad_arguments(session, parser);
		return;
	}
	mechanism = sasl_mechanism_parse(name);
	if (!is_offered(session, mechanism)) {
		imap_no(session, "Unsupported authentication mechanism.");
	} else if (SASL_BIT(mechanism) & SASL_PLAINTEXT && refuse_plaintext(session)) {
		return;
	} else if (imap_offers(session, IMAP_CAN_SASL_IR) && imap_skip(parser, ' ')) {
		initial = imap_parser_rest(parser);
		begin(session, mechanism, &initial);
	} else if (imap_parse_end(parser)) {
		begin(session, mechanism, NULL);
	} else {
		imap_bad_arguments(session, parser);
	}
}
