/* AUTH at the server (RFC 4954): PLAIN with or without initial response, and LOGIN. */
#include "protocols/smtp/server_session.h"

static void challenge(struct smtp_server *server, const char *text)
{
	smtp_server_reply(server, "334 %s", text);
	smtp_server_enter(server, SMTP_IN_AUTH);
}

static void fail(struct smtp_server *server, const char *reply)
{
	g_clear_pointer(&server->claimed_login, g_free);
	smtp_server_enter(server, SMTP_READY);
	smtp_server_reply(server, "%s", reply);
}

static void ask(struct smtp_server *server, const char *password)
{
	const struct smtp_server_config *config = server->config;
	char *login = g_strdup(server->claimed_login);

	smtp_server_ask(server, SMTP_ASKED_LOGIN);
	config->environment->check_login(server->owner, server, login, password);
	g_free(login);
}

static void take_plain(struct smtp_server *server, const char *response, size_t length)
{
	const char *login, *password;

	if (!smtp_plain_split(response, length, &login, &password)) {
		fail(server, "501 5.5.2 Error: malformed PLAIN response");
		return;
	}
	server->claimed_login = g_strdup(login);
	ask(server, password);
}

/* The first response of LOGIN is the name, the second the password. */
static void take_login(struct smtp_server *server, const char *response)
{
	if (server->claimed_login != NULL) {
		ask(server, response);
		return;
	}
	server->claimed_login = g_strdup(response);
	challenge(server, SMTP_CHALLENGE_PASSWORD);
}

void smtp_server_credentials(struct smtp_server *server, struct bytes line)
{
	size_t length;
	char *response;

	if (bytes_equal(line, bytes_of("*"))) {
		fail(server, "501 5.7.0 Authentication aborted");
		return;
	}
	response = smtp_base64_decode(line, &length);
	if (response == NULL)
		fail(server, "501 5.5.2 Error: malformed authentication response");
	else if (server->mechanism == SMTP_AUTH_PLAIN)
		take_plain(server, response, length);
	else
		take_login(server, response);
	g_free(response);
}

void smtp_server_auth(struct smtp_server *server, struct bytes argument)
{
	struct smtp_parameter mechanism;

	if (!(server->config->capabilities & SMTP_CAN_AUTH)) {
		smtp_server_reply(server, "503 5.5.1 Error: authentication not enabled");
		return;
	}
	if (server->login != NULL) {
		smtp_server_reply(server, "503 5.5.1 Error: already authenticated");
		return;
	}
	if (!smtp_parameter_next(&argument, &mechanism)) {
		smtp_server_reply(server, "501 5.5.4 Syntax: AUTH mechanism");
		return;
	}
	if (smtp_keyword_is(mechanism.keyword, "PLAIN"))
		server->mechanism = SMTP_AUTH_PLAIN;
	else if (smtp_keyword_is(mechanism.keyword, "LOGIN"))
		server->mechanism = SMTP_AUTH_LOGIN;
	else {
		smtp_server_reply(server, "504 5.5.4 Unrecognized authentication type");
		return;
	}

	while (argument.length > 0 && argument.data[0] == ' ')
		argument = bytes_from(argument, 1);
	if (argument.length > 0)
		smtp_server_credentials(server, argument);
	else
		challenge(server, server->mechanism == SMTP_AUTH_PLAIN ? "" : SMTP_CHALLENGE_LOGIN);
}
