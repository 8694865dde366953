/* The AUTHORIZATION state of a POP3 server: CAPA, USER, PASS, APOP; auth.c has AUTH. */
#include "protocols/pop3/private.h"

static bool offers_tls(const struct pop3_session *session)
{
	return session->offers_tls && session->base.protection == NULL;
}

/* What follows in plaintext is thrown away by whoever wraps the stream (RFC 2595 section 4). */
void pop3_stls(struct pop3_session *session, const char *argument)
{
	(void)argument;
	if (!offers_tls(session)) {
		pop3_err(session, session->base.protection != NULL ? "TLS is already active."
								   : "TLS support isn't enabled.");
		return;
	}
	pop3_ok(session, "Begin TLS negotiation now.");
	session->base.wants_tls = true;
}

bool pop3_refuse_plaintext(struct pop3_session *session)
{
	if (pop3_may_show_password(session))
		return false;
	pop3_err(session, "[AUTH] Plaintext authentication disallowed on non-secure (SSL/TLS) "
			  "connections.");
	return true;
}

/* RFC 2449 section 5 and 6; USER and SASL tell how to log in, so they go once that is done. */
void pop3_capa(struct pop3_session *session, const char *argument)
{
	static const struct {
		const char *line;
		unsigned needs; /* enum pop3_offer; 0: it is always there */
	} capabilities[] = {
		{"CAPA\r\n",            0                     },
		{ "TOP\r\n",            POP3_OFFERS_TOP       },
		{ "UIDL\r\n",           POP3_OFFERS_UIDL      },
		{ "RESP-CODES\r\n",     0                     },
		{ "PIPELINING\r\n",     POP3_OFFERS_PIPELINING},
		{ "AUTH-RESP-CODE\r\n", 0                     },
		{ "UTF8 USER\r\n",      POP3_OFFERS_UTF8      },
		{ "LANG\r\n",           POP3_OFFERS_LANG      },
	};
	bool is_logged_in = session->state == POP3_TRANSACTION;
	uint64_t from;

	(void)argument;
	pop3_ok(session, "%s", "");
	from = session->base.produced_bytes;
	for (size_t i = 0; i < G_N_ELEMENTS(capabilities); i++)
		if ((capabilities[i].needs & ~session->offers) == 0)
			session_write(&session->base, bytes_of(capabilities[i].line));
	if (!is_logged_in && offers_tls(session))
		session_write(&session->base, bytes_of("STLS\r\n"));
	if (!is_logged_in && pop3_may_show_password(session) && session->offers & POP3_OFFERS_USER)
		session_write(&session->base, bytes_of("USER\r\n"));
	if (!is_logged_in)
		pop3_offer_mechanisms(session);
	session_write(&session->base, bytes_of(".\r\n"));
	session_note_output(&session->base, POP3_LISTING, from);
}

void pop3_forget_user(struct pop3_session *session)
{
	g_clear_pointer(&session->user, g_free);
	g_clear_pointer(&session->sasl, sasl_server_free);
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
	pop3_forget_user(session);
	if (session->refusal_delay_ns == 0) {
		pop3_refuse(session);
		return;
	}
	session->must_refuse = true;
	session->base.is_waiting = true;
	session->base.deadline_ns = session->base.now_ns + session->refusal_delay_ns;
	session->base.deadline_is_background = false;
}

void pop3_log_in(struct pop3_session *session, struct account *account)
{
	if (account == NULL) {
		refuse_later(session);
		return;
	}
	pop3_forget_user(session);
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
	if (pop3_refuse_plaintext(session))
		return;
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
	pop3_log_in(session, mail_store_authenticate(session->store, session->user, argument));
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
	pop3_log_in(session, fits ? account : NULL);
}
