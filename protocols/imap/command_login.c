/* LOGIN and AUTHENTICATE (RFC 3501 section 6.2; SASL PLAIN RFC 4616, LOGIN as everybody does it). */
#include "protocols/imap/command.h"

#define CHALLENGE_USER     "VXNlcm5hbWU6" /* "Username:" */
#define CHALLENGE_PASSWORD "UGFzc3dvcmQ6" /* "Password:" */

/* Why the right password does not help; NULL: it does. The caller frees it. */
static char *refuse_login(const struct imap_session *session, const struct account *account)
{
	const struct imap_session_config *config = &session->config;

	return config->refuse_login != NULL ? config->refuse_login(config->owner, account) : NULL;
}

/* Ends the command. */
static void authenticate(struct imap_session *session, const char *user, const char *password)
{
	struct account *account = mail_store_authenticate(session->config.store, user, password);

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

/* True after an answer: logging in would show the password to everybody on the way. */
static bool refuse_plaintext(struct imap_session *session)
{
	if (imap_may_log_in(session))
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
		authenticate(session, user, password);
	else
		imap_bad_arguments(session, parser);
	g_free(user);
	g_free(password);
}

static void finish(struct imap_session *session)
{
	session->expects = IMAP_EXPECTS_COMMAND;
	g_clear_pointer(&session->user, g_free);
}

/* The bytes that `line` encodes, with a NUL behind them; NULL when it is not base64. */
static char *decode(struct bytes line, size_t *length)
{
	char *text = g_strndup((const char *)line.data, line.length);
	guchar *decoded = NULL;

	if (line.length % 4 == 0 && strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
						 "uvwxyz0123456789+/=") == line.length) {
		decoded = g_base64_decode(text, length);
		decoded = g_realloc(decoded, *length + 1);
		decoded[*length] = '\0';
	}
	g_free(text);
	return (char *)decoded;
}

/* message = [authzid] UTF8NUL authcid UTF8NUL passwd (RFC 4616 section 2) */
static void take_plain(struct imap_session *session, const char *message, size_t length)
{
	const char *user = memchr(message, '\0', length);
	const char *end = message + length;
	const char *password =
	    user != NULL ? memchr(user + 1, '\0', (size_t)(end - user - 1)) : NULL;

	finish(session);
	if (password == NULL || memchr(password + 1, '\0', (size_t)(end - password - 1)) != NULL)
		imap_bad(session, "Invalid PLAIN message.");
	else
		authenticate(session, user + 1, password + 1);
}

static void take_response(struct imap_session *session, const char *message, size_t length)
{
	if (session->expects == IMAP_EXPECTS_PLAIN) {
		take_plain(session, message, length);
	} else if (session->expects == IMAP_EXPECTS_USER) {
		session->user = g_strdup(message);
		session->expects = IMAP_EXPECTS_PASSWORD;
		imap_sendf(session, "+ " CHALLENGE_PASSWORD "\r\n");
	} else {
		char *user = g_steal_pointer(&session->user);

		finish(session);
		authenticate(session, user, message);
		g_free(user);
	}
}

/* A line with base64, or "*" to give up. */
void imap_continue_authenticate(struct imap_session *session, struct bytes line)
{
	size_t length = 0;

	if (imap_is(line, "*")) {
		finish(session);
		imap_bad(session, "Authentication aborted.");
		return;
	}
	char *message = decode(line, &length);
	if (message != NULL) {
		take_response(session, message, length);
	} else {
		finish(session);
		imap_bad(session, "Invalid base64 data in response.");
	}
	g_free(message);
}

/* authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")] *(CRLF base64) (RFC 4959) */
void imap_run_authenticate(struct imap_session *session, struct imap_parser *parser)
{
	struct bytes mechanism;

	if (refuse_plaintext(session))
		return;
	if (!imap_parse_space(parser) || !imap_parse_atom(parser, &mechanism)) {
		imap_bad_arguments(session, parser);
		return;
	}
	if (imap_is(mechanism, "PLAIN") && imap_offers(session, IMAP_CAN_AUTH_PLAIN)) {
		session->expects = IMAP_EXPECTS_PLAIN;
	} else if (imap_is(mechanism, "LOGIN") && imap_offers(session, IMAP_CAN_AUTH_LOGIN)) {
		session->expects = IMAP_EXPECTS_USER;
	} else {
		imap_no(session, "Unsupported authentication mechanism.");
		return;
	}
	if (imap_offers(session, IMAP_CAN_SASL_IR) && imap_skip(parser, ' ')) {
		struct bytes response = imap_parser_rest(parser);

		if (imap_is(response, "="))
			response.length = 0;
		imap_continue_authenticate(session, response);
	} else if (!imap_parse_end(parser)) {
		finish(session);
		imap_bad_arguments(session, parser);
	} else if (session->expects == IMAP_EXPECTS_USER) {
		imap_sendf(session, "+ " CHALLENGE_USER "\r\n");
	} else {
		imap_sendf(session, "+ \r\n");
	}
}
