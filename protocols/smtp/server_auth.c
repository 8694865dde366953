/* AUTH at the server (RFC 4954): what SASL says, in base64 behind 334. */
#include "protocols/smtp/server_session.h"

unsigned smtp_server_mechanisms(const struct smtp_server *server)
{
	return server->config->mechanisms != 0 ? server->config->mechanisms : SASL_ALL;
}

static void end(struct smtp_server *server)
{
	g_clear_pointer(&server->sasl, sasl_server_free);
	smtp_server_enter(server, SMTP_READY);
}

static void fail(struct smtp_server *server, const char *reply)
{
	end(server);
	smtp_server_reply(server, "%s", reply);
}

static void challenge(struct smtp_server *server, const GByteArray *message)
{
	char *encoded = g_base64_encode(message->data, message->len);

	smtp_server_reply(server, "334 %s", encoded);
	smtp_server_enter(server, SMTP_IN_AUTH);
	g_free(encoded);
}

static void ask(struct smtp_server *server)
{
	const struct smtp_server_config *config = server->config;
	char *login = g_strdup(sasl_server_login(server->sasl));
	char *authorization = g_strdup(sasl_server_authorization(server->sasl));

	smtp_server_ask(server, SMTP_ASKED_PASSWORD);
	config->environment->find_password(server->owner, server, login, authorization);
	g_free(authorization);
	g_free(login);
}

static void succeed(struct smtp_server *server)
{
	server->login = g_strdup(sasl_server_login(server->sasl));
	end(server);
	smtp_server_reply(server, "235 2.7.0 Authentication successful");
	smtp_server_note_phase(server, PHASE_AUTHENTICATED);
}

/* Does what a step came to; `message` (taken) is what it wants to be said. */
static void go_on(struct smtp_server *server, enum sasl_status status, GByteArray *message)
{
	switch (status) {
	case SASL_SAY:
		challenge(server, message);
		break;
	case SASL_ASK:
		ask(server);
		break;
	case SASL_SUCCEEDED:
		succeed(server);
		break;
	case SASL_REFUSED:
		fail(server, "535 5.7.8 Error: authentication failed: (reason unavailable)");
		break;
	case SASL_MALFORMED:
		fail(server, "501 5.5.2 Error: malformed authentication response");
		break;
	}
	g_byte_array_unref(message);
}

void smtp_server_take_password(struct smtp_server *server, const char *password)
{
	GByteArray *message = g_byte_array_new();

	go_on(server, sasl_server_answer(server->sasl, password, NULL, message), message);
}

/* The client's answer to a challenge; as an initial response, `is_initial`. */
static void take_response(struct smtp_server *server, struct bytes line, bool is_initial)
{
	size_t length;
	char *decoded = sasl_base64_decode(line, &length);
	struct bytes response = { (const uint8_t *)decoded, length };
	GByteArray *message;

	if (decoded == NULL) {
		fail(server, "501 5.5.2 Error: malformed authentication response");
		return;
	}
	message = g_byte_array_new();
	go_on(server,
	      is_initial ? sasl_server_start(server->sasl, &response, message)
			 : sasl_server_step(server->sasl, response, message),
	      message);
	g_free(decoded);
}

void smtp_server_credentials(struct smtp_server *server, struct bytes line)
{
	if (bytes_equal(line, bytes_of("*")))
		fail(server, "501 5.7.0 Authentication aborted");
	else
		take_response(server, line, false);
}

static void begin(struct smtp_server *server, enum sasl_mechanism mechanism, struct bytes initial)
{
	const struct smtp_server_config *config = server->config;
	char *nonce = sasl_nonce_new(config->random);

	server->sasl = sasl_server_new(mechanism, config->host_name, nonce, config->keys);
	g_free(nonce);
	if (initial.length > 0) {
		take_response(server, initial, true);
		return;
	}
	GByteArray *message = g_byte_array_new();

	go_on(server, sasl_server_start(server->sasl, NULL, message), message);
}

void smtp_server_auth(struct smtp_server *server, struct bytes argument)
{
	struct smtp_parameter word;
	enum sasl_mechanism mechanism;

	if (server->config->capabilities & SMTP_CAN_AUTH && !smtp_server_offers_auth(server)) {
		smtp_server_reply(server, "530 5.7.0 Must issue a STARTTLS command first");
		return;
	}
	if (!smtp_server_offers_auth(server)) {
		smtp_server_reply(server, "503 5.5.1 Error: authentication not enabled");
		return;
	}
	if (server->login != NULL) {
		smtp_server_reply(server, "503 5.5.1 Error: already authenticated");
		return;
	}
	if (!smtp_parameter_next(&argument, &word)) {
		smtp_server_reply(server, "501 5.5.4 Syntax: AUTH mechanism");
		return;
	}
	mechanism = sasl_mechanism_parse(word.keyword);
	if (mechanism == SASL_MECHANISM_COUNT ||
	    !(smtp_server_mechanisms(server) & SASL_BIT(mechanism))) {
		smtp_server_reply(server, "504 5.5.4 Unrecognized authentication type");
		return;
	}
	while (argument.length > 0 && argument.data[0] == ' ')
		argument = bytes_from(argument, 1);
	begin(server, mechanism, argument);
}
