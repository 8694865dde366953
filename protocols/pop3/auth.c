/*
 * AUTH of a POP3 server (RFC 5034): everything that knows of SASL mechanisms. Whoever brings others
 * replaces this file; the rest hears of the outcome by pop3_log_in() alone.
 */
#include "protocols/pop3/private.h"

#include <string.h>

void pop3_offer_mechanisms(struct pop3_session *session)
{
	session_write(&session->base, bytes_of("SASL PLAIN LOGIN\r\n"));
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
		pop3_forget_user(session);
		pop3_err(session, "Invalid PLAIN response.");
		return;
	}
	pop3_log_in(session, mail_store_authenticate(session->store, user + 1, password + 1));
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
		pop3_log_in(session,
			    mail_store_authenticate(session->store, session->user, decoded));
		break;
	}
}

void pop3_credentials(struct pop3_session *session, const char *line)
{
	size_t length;

	if (strcmp(line, "*") == 0) {
		pop3_forget_user(session);
		pop3_err(session, "Authentication aborted by client.");
		return;
	}
	char *decoded = decode(line, &length);
	if (decoded == NULL) {
		pop3_forget_user(session);
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
	if (pop3_refuse_plaintext(session))
		return;

	char **words = g_strsplit(argument, " ", 2);

	pop3_forget_user(session);
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
