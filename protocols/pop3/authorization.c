/* The AUTHORIZATION state of a POP3 server: CAPA, USER, PASS, APOP, AUTH. */
#include "protocols/pop3/private.h"

/* RFC 2449 section 5 and 6; USER and SASL tell how to log in, so they go once that is done. */
void pop3_capa(struct pop3_session *session, const char *argument)
{
	uint64_t from;

	(void)argument;
	pop3_ok(session, "%s", "");
	from = session->base.produced_bytes;
	session_write(&session->base, bytes_of("CAPA\r\n"
					       "TOP\r\n"
					       "UIDL\r\n"
					       "RESP-CODES\r\n"
					       "PIPELINING\r\n"
					       "AUTH-RESP-CODE\r\n"));
	if (session->state != POP3_TRANSACTION)
		session_write(&session->base, bytes_of("USER\r\nSASL PLAIN LOGIN\r\n"));
	session_write(&session->base, bytes_of(".\r\n"));
	session_note_output(&session->base, POP3_LISTING, from);
}

static void forget_user(struct pop3_session *session)
{
	g_clear_pointer(&session->user, g_free);
	if (session->state != POP3_AUTHORIZATION)
		pop3_enter(session, POP3_AUTHORIZATION);
}

void pop3_refuse(struct pop3_session *session)
{
	session->must_refuse = false;
	session->base.is_waiting = false;
	pop3_err(session, "[AUTH] Authentication failed.");
}

/* Makes guessing slow: the answer waits, and so does all the client has sent behind. */
static void refuse_later(struct pop3_session *session)
{
	forget_user(session);
	if (session->refusal_delay_ns == 0) {
		pop3_refuse(session);
		return;
	}
	session->must_refuse = true;
	session->base.is_waiting = true;
	session->base.deadline_ns = session->base.now_ns + session->refusal_delay_ns;
	session->base.deadline_is_background = false;
}

static void log_in(struct pop3_session *session, struct account *account)
{
	if (account == NULL) {
		refuse_later(session);
		return;
	}
	forget_user(session);
	if (!account_lock_maildrop(account)) {
		pop3_err(session, "[IN-USE] Maildrop is locked by another session.");
		return;
	}
	session->account = account;
	pop3_load(session);
	pop3_enter(session, POP3_TRANSACTION);
	pop3_phase(session, PHASE_AUTHENTICATED);
	pop3_ok(session, "Logged in.");
}

void pop3_user(struct pop3_session *session, const char *argument)
{
	if (argument[0] == '\0') {
		pop3_err(session, "Missing username.");
		return;
	}
	g_free(session->user);
	session->user = g_strdup(argument);
	pop3_enter(session, POP3_HAS_USER);
	pop3_ok(session, "%s", "");
}

void pop3_pass(struct pop3_session *session, const char *argument)
{
	if (session->state != POP3_HAS_USER) {
		pop3_err(session, "No username given.");
		return;
	}
	log_in(session, mail_store_authenticate(session->store, session->user, argument));
}

/* RFC 1939 section 7: the digest of time stamp and password proves that we know the password. */
static bool digest_fits(const struct pop3_session *session, const struct account *account,
			const char *digest)
{
	char *secret = g_strconcat(session->timestamp, account->password, NULL);
	char *expected = g_compute_checksum_for_string(G_CHECKSUM_MD5, secret, -1);
	bool fits = strcmp(expected, digest) == 0;

	g_free(expected);
	g_free(secret);
	return fits;
}

void pop3_apop(struct pop3_session *session, const char *argument)
{
	const char *space = strchr(argument, ' ');

	if (session->timestamp == NULL) {
		pop3_err(session, "APOP is not offered.");
		return;
	}
	if (space == NULL) {
		pop3_err(session, "Missing digest.");
		return;
	}
	char *name = g_strndup(argument, (gsize)(space - argument));
	struct account *account = mail_store_find_login(session->store, name);
	bool fits = account != NULL && digest_fits(session, account, space + 1);

	g_free(name);
	log_in(session, fits ? account : NULL);
}

/* Base64, with the NULs of PLAIN inside; NULL when it is none. Ends with a NUL. */
static char *decode(const char *text, size_t *length)
{
	size_t text_length = strlen(text);
	gsize decoded_length;

	if (text_length % 4 != 0 ||
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") !=
		text_length)
		return NULL;

	guchar *decoded = g_base64_decode(text, &decoded_length);
	char *result = g_malloc(decoded_length + 1);
	if (decoded_length > 0)
		memcpy(result, decoded, decoded_length);
	result[decoded_length] = '\0';
	g_free(decoded);
	*length = decoded_length;
	return result;
}

static void challenge(struct pop3_session *session, enum pop3_mechanism mechanism, const char *text)
{
	uint64_t from = session->base.produced_bytes;

	session->mechanism = mechanism;
	session_printf(&session->base, "+ %s\r\n", text);
	session_note_output(&session->base, POP3_CONTINUE, from);
	if (session->state != POP3_IN_AUTH)
		pop3_enter(session, POP3_IN_AUTH);
}

/* message = [authzid] NUL authcid NUL passwd (RFC 4616 section 2) */
static void plain_response(struct pop3_session *session, const char *response, size_t length)
{
	const char *end = response + length;
	const char *user = memchr(response, '\0', length);
	const char *password =
	    user != NULL ? memchr(user + 1, '\0', (size_t)(end - user - 1)) : NULL;

	if (password == NULL) {
		forget_user(session);
		pop3_err(session, "Invalid PLAIN response.");
		return;
	}
	log_in(session, mail_store_authenticate(session->store, user + 1, password + 1));
}

static void response(struct pop3_session *session, const char *decoded, size_t length)
{
	switch (session->mechanism) {
	case POP3_PLAIN:
		plain_response(session, decoded, length);
		break;
	case POP3_LOGIN_NAME:
		g_free(session->user);
		session->user = g_strdup(decoded);
		challenge(session, POP3_LOGIN_PASSWORD, "UGFzc3dvcmQ6"); /* Password: */
		break;
	case POP3_LOGIN_PASSWORD:
		log_in(session, mail_store_authenticate(session->store, session->user, decoded));
		break;
	}
}

void pop3_credentials(struct pop3_session *session, const char *line)
{
	size_t length;

	if (strcmp(line, "*") == 0) {
		forget_user(session);
		pop3_err(session, "Authentication aborted by client.");
		return;
	}
	char *decoded = decode(line, &length);
	if (decoded == NULL) {
		forget_user(session);
		pop3_err(session, "Invalid base64 data.");
		return;
	}
	response(session, decoded, length);
	g_free(decoded);
}

static void list_mechanisms(struct pop3_session *session)
{
	uint64_t from;

	pop3_ok(session, "%s", "");
	from = session->base.produced_bytes;
	session_write(&session->base, bytes_of("PLAIN\r\nLOGIN\r\n.\r\n"));
	session_note_output(&session->base, POP3_LISTING, from);
}

static bool find_mechanism(const char *name, enum pop3_mechanism *mechanism)
{
	bool is_plain = g_ascii_strcasecmp(name, "PLAIN") == 0;

	*mechanism = is_plain ? POP3_PLAIN : POP3_LOGIN_NAME;
	return is_plain || g_ascii_strcasecmp(name, "LOGIN") == 0;
}

/* AUTH mechanism [initial-response] (RFC 5034 section 4); "=" stands for an empty response. */
void pop3_auth(struct pop3_session *session, const char *argument)
{
	char **words = g_strsplit(argument, " ", 2);

	forget_user(session);
	if (words[0] == NULL)
		list_mechanisms(session);
	else if (!find_mechanism(words[0], &session->mechanism))
		pop3_err(session, "Unsupported authentication mechanism.");
	else if (words[1] != NULL)
		pop3_credentials(session, strcmp(words[1], "=") == 0 ? "" : words[1]);
	else if (session->mechanism == POP3_PLAIN)
		challenge(session, POP3_PLAIN, "");
	else
		challenge(session, POP3_LOGIN_NAME, "VXNlcm5hbWU6"); /* Username: */
	g_strfreev(words);
}
