/* How a client session begins: greeting, EHLO or HELO, AUTH. */
#include "protocols/smtp/client_session.h"

static void become_ready(struct smtp_client *client)
{
	client->is_ready = true;
	smtp_client_enter(client, SMTP_READY);
}

/* A server that will not talk may do so later, or another may, whatever its code (Postfix's way). */
static void be_turned_away(struct smtp_client *client, enum smtp_stage stage, unsigned code,
			   const char *text)
{
	smtp_client_give_up(client, SMTP_DEFERRED, stage, code, text, true);
}

void smtp_client_say_hello(struct smtp_client *client)
{
	client->offer = (struct smtp_offer) { 0 };
	smtp_client_say(client, (struct smtp_expectation) { .command = SMTP_EHLO }, "EHLO %s\r\n",
			client->config.host_name);
}

void smtp_client_hear_greeting(struct smtp_client *client, unsigned code, const char *text)
{
	if (code != 220) {
		be_turned_away(client, SMTP_STAGE_GREETING, code, text);
		return;
	}
	smtp_client_enter(client, SMTP_GREETED);
	smtp_client_say_hello(client);
}

static void hear_mechanisms(struct smtp_client *client, struct bytes list)
{
	struct smtp_parameter word;

	while (smtp_parameter_next(&list, &word)) {
		enum sasl_mechanism mechanism = sasl_mechanism_parse(word.keyword);

		if (mechanism != SASL_MECHANISM_COUNT)
			client->offer.mechanisms |= SASL_BIT(mechanism);
	}
}

/* ehlo-line = ehlo-keyword *( SP ehlo-param ) */
void smtp_client_hear_capability(struct smtp_client *client, struct bytes line)
{
	struct smtp_offer *offer = &client->offer;
	struct smtp_parameter keyword;

	if (!smtp_parameter_next(&line, &keyword))
		return;
	while (line.length > 0 && line.data[0] == ' ')
		line = bytes_from(line, 1);
	if (smtp_keyword_is(keyword.keyword, "PIPELINING"))
		offer->has_pipelining = true;
	else if (smtp_keyword_is(keyword.keyword, "8BITMIME"))
		offer->has_8bit = true;
	else if (smtp_keyword_is(keyword.keyword, "DSN"))
		offer->has_dsn = true;
	else if (smtp_keyword_is(keyword.keyword, "SMTPUTF8"))
		offer->has_utf8 = true;
	else if (smtp_keyword_is(keyword.keyword, "CHUNKING"))
		offer->has_chunking = true;
	else if (smtp_keyword_is(keyword.keyword, "STARTTLS"))
		offer->has_tls = true;
	else if (smtp_keyword_is(keyword.keyword, "AUTH"))
		hear_mechanisms(client, line);
	else if (smtp_keyword_is(keyword.keyword, "SIZE")) {
		offer->has_size = true;
		smtp_number_parse(line, &offer->size_limit);
	}
}

/* The strongest mechanism that both sides know, with its initial response where it has one. */
static void say_auth(struct smtp_client *client)
{
	const struct smtp_client_config *config = &client->config;
	struct smtp_expectation expectation = { .command = SMTP_AUTH };
	enum sasl_mechanism mechanism = sasl_strongest(client->offer.mechanisms);

	if (mechanism == SASL_MECHANISM_COUNT) {
		smtp_client_give_up(client, SMTP_DEFERRED, SMTP_STAGE_AUTH, 0,
				    "the server offers no way to authenticate that we know", true);
		return;
	}

	const char *name = sasl_mechanism_names[mechanism];
	char *nonce = sasl_nonce_new(config->random);
	GString *initial = g_string_new(NULL);

	client->sasl =
	    sasl_client_new(mechanism, config->login, config->password, nonce, config->keys);
	if (sasl_client_start_text(client->sasl, initial))
		smtp_client_say(client, expectation, "AUTH %s %s\r\n", name, initial->str);
	else
		smtp_client_say(client, expectation, "AUTH %s\r\n", name);
	g_string_free(initial, TRUE);
	g_free(nonce);
}

static bool wants_tls(const struct smtp_client *client)
{
	enum session_tls tls = client->config.tls;

	return client->session.protection == NULL &&
	       (tls == SESSION_TLS_REQUIRED ||
		(tls == SESSION_TLS_IF_OFFERED && client->offer.has_tls));
}

static void say_starttls(struct smtp_client *client)
{
	if (client->offer.has_tls)
		smtp_client_say(client, (struct smtp_expectation) { .command = SMTP_STARTTLS },
				"STARTTLS\r\n");
	else
		smtp_client_give_up(client, SMTP_DEFERRED, SMTP_STAGE_TLS, 0,
				    "TLS is required, but was not offered", true);
}

/* Both know each other, and the connection is as safe as it will be. */
static void go_on(struct smtp_client *client)
{
	if (wants_tls(client))
		say_starttls(client);
	else if (client->config.login != NULL)
		say_auth(client);
	else
		become_ready(client);
}

void smtp_client_hear_starttls(struct smtp_client *client, unsigned code, const char *text)
{
	if (code == 220)
		client->session.wants_tls = true;
	else if (client->config.tls == SESSION_TLS_REQUIRED)
		smtp_client_give_up(client, SMTP_DEFERRED, SMTP_STAGE_TLS, code, text, true);
	else if (client->config.login != NULL)
		say_auth(client);
	else
		become_ready(client);
}

void smtp_client_hear_hello(struct smtp_client *client, enum smtp_detail command, unsigned code,
			    const char *text)
{
	if (code == 250) {
		smtp_client_note_phase(client, PHASE_GREETED);
		go_on(client);
	} else if (command == SMTP_EHLO && code / 100 == 5) {
		/* RFC 5321 section 3.2: an old server, which knows no extensions. */
		smtp_client_say(client, (struct smtp_expectation) { .command = SMTP_HELO },
				"HELO %s\r\n", client->config.host_name);
	} else {
		be_turned_away(client, SMTP_STAGE_HELLO, code, text);
	}
}

/* What a challenge is answered with: base64, or "*" to break off (RFC 4954 section 4). */
static void answer_challenge(struct smtp_client *client, const char *text)
{
	struct smtp_expectation expectation = { .command = SMTP_CREDENTIALS };
	GString *answer = g_string_new(NULL);

	smtp_client_enter(client, SMTP_IN_AUTH);
	sasl_client_step_text(client->sasl, bytes_of(text), answer);
	smtp_client_say(client, expectation, "%s\r\n", answer->str);
	g_string_free(answer, TRUE);
}

void smtp_client_hear_auth(struct smtp_client *client, unsigned code, const char *text)
{
	if (code == 334) {
		answer_challenge(client, strlen(text) > 4 ? text + 4 : "");
	} else if (code == 235 && sasl_client_may_trust(client->sasl)) {
		smtp_client_note_phase(client, PHASE_AUTHENTICATED);
		become_ready(client);
	} else if (code == 235) {
		smtp_client_give_up(client, SMTP_DEFERRED, SMTP_STAGE_AUTH, 0,
				    "the server did not prove that it knows the password", true);
	} else {
		smtp_client_give_up(client, smtp_outcome_of(code), SMTP_STAGE_AUTH, code, text,
				    true);
	}
}
