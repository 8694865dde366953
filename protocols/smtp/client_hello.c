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

void smtp_client_hear_greeting(struct smtp_client *client, unsigned code, const char *text)
{
	if (code != 220) {
		be_turned_away(client, SMTP_STAGE_GREETING, code, text);
		return;
	}
	smtp_client_enter(client, SMTP_GREETED);
	smtp_client_say(client, (struct smtp_expectation) { .command = SMTP_EHLO }, "EHLO %s\r\n",
			client->config.host_name);
}

static void hear_mechanisms(struct smtp_client *client, struct bytes list)
{
	struct smtp_parameter mechanism;

	while (smtp_parameter_next(&list, &mechanism)) {
		if (smtp_keyword_is(mechanism.keyword, "PLAIN"))
			client->offer.has_plain = true;
		else if (smtp_keyword_is(mechanism.keyword, "LOGIN"))
			client->offer.has_login = true;
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
	else if (smtp_keyword_is(keyword.keyword, "AUTH"))
		hear_mechanisms(client, line);
	else if (smtp_keyword_is(keyword.keyword, "SIZE")) {
		offer->has_size = true;
		smtp_number_parse(line, &offer->size_limit);
	}
}

static void say_auth(struct smtp_client *client)
{
	const struct smtp_client_config *config = &client->config;
	struct smtp_expectation expectation = { .command = SMTP_AUTH };

	if (client->offer.has_plain) {
		char *response = smtp_plain_encode(config->login, config->password);

		smtp_client_say(client, expectation, "AUTH PLAIN %s\r\n", response);
		g_free(response);
	} else if (client->offer.has_login) {
		smtp_client_say(client, expectation, "AUTH LOGIN\r\n");
	} else {
		smtp_client_give_up(client, SMTP_DEFERRED, SMTP_STAGE_AUTH, 0,
				    "the server offers no way to authenticate that we know", true);
	}
}

void smtp_client_hear_hello(struct smtp_client *client, enum smtp_detail command, unsigned code,
			    const char *text)
{
	if (code == 250) {
		smtp_client_note_phase(client, PHASE_GREETED);
		if (client->config.login != NULL)
			say_auth(client);
		else
			become_ready(client);
	} else if (command == SMTP_EHLO && code / 100 == 5) {
		/* RFC 5321 section 3.2: an old server, which knows no extensions. */
		smtp_client_say(client, (struct smtp_expectation) { .command = SMTP_HELO },
				"HELO %s\r\n", client->config.host_name);
	} else {
		be_turned_away(client, SMTP_STAGE_HELLO, code, text);
	}
}

/* LOGIN: the first challenge asks for the name, the second for the password. */
static void answer_challenge(struct smtp_client *client)
{
	const char *word =
	    client->auth_step++ == 0 ? client->config.login : client->config.password;
	char *encoded = g_base64_encode((const guchar *)word, strlen(word));

	smtp_client_enter(client, SMTP_IN_AUTH);
	smtp_client_say(client, (struct smtp_expectation) { .command = SMTP_CREDENTIALS }, "%s\r\n",
			encoded);
	g_free(encoded);
}

void smtp_client_hear_auth(struct smtp_client *client, unsigned code, const char *text)
{
	if (code == 235) {
		smtp_client_note_phase(client, PHASE_AUTHENTICATED);
		become_ready(client);
	} else if (code == 334 && !client->offer.has_plain && client->auth_step < 2) {
		answer_challenge(client);
	} else {
		smtp_client_give_up(client, smtp_outcome_of(code), SMTP_STAGE_AUTH, code, text,
				    true);
	}
}
