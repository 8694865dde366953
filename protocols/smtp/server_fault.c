/* What goes wrong at a server because the scenario says so: delays, wrong replies, resets. */
#include "protocols/smtp/server_session.h"

static void reset_connection(struct smtp_server *server)
{
	smtp_server_note_phase(server, PHASE_FAILED);
	smtp_server_enter(server, SMTP_OVER);
	server->session.is_aborted = true;
}

/* Says what is wrong in place of the right answer, and does what goes with that. */
static void refuse(struct smtp_server *server, enum smtp_detail command, const char *reply)
{
	smtp_server_reply(server, "%s", reply);
	if (command == SMTP_RCPT)
		server->was_recipient_refused = true;
	if (command == SMTP_MESSAGE)
		smtp_server_reset(server);
	if (command == SMTP_GREETING || g_str_has_prefix(reply, "421")) {
		smtp_server_note_phase(server, PHASE_FAILED);
		smtp_server_enter(server, SMTP_OVER);
		server->session.is_closing = true;
	}
}

static void wait_for(struct smtp_server *server, const struct smtp_fault *fault,
		     enum smtp_detail command, struct bytes line)
{
	smtp_server_ask(server, SMTP_ASKED_PATIENCE);
	server->patience_ns = server->session.now_ns + fault->delay_ns;
	server->faulty = command;
	server->held_line = g_bytes_new(line.data, line.length);
	server->held_reply = g_strdup(fault->reply);
	server->resets_then = fault->resets;
}

bool smtp_server_meet_fault(struct smtp_server *server, enum smtp_detail command,
			    const char *address, struct bytes line)
{
	const struct smtp_environment *environment = server->config->environment;
	struct smtp_fault fault = { 0 };

	if (environment->find_fault == NULL ||
	    !environment->find_fault(server->owner, server, command, address, &fault))
		return false;
	/* It breaks while the message comes, which is known when DATA or BDAT is. */
	if (fault.resets && (command == SMTP_DATA || command == SMTP_BDAT)) {
		server->resets_message = true;
		server->reset_after = fault.reset_after;
		return false;
	}
	if (fault.delay_ns > 0)
		wait_for(server, &fault, command, line);
	else if (fault.resets)
		reset_connection(server);
	else if (fault.reply != NULL)
		refuse(server, command, fault.reply);
	return fault.delay_ns > 0 || fault.resets || fault.reply != NULL;
}

/* Goes on with what was held. */
static void resume(struct smtp_server *server, struct bytes line)
{
	switch (server->faulty) {
	case SMTP_GREETING:
		smtp_server_greet(server);
		break;
	case SMTP_MESSAGE:
		smtp_server_finish_message(server);
		break;
	default:
		smtp_server_run(server, line);
		break;
	}
}

void smtp_server_end_delay(struct smtp_server *server)
{
	GBytes *line = g_steal_pointer(&server->held_line);
	char *reply = g_steal_pointer(&server->held_reply);
	gsize length;
	const uint8_t *octets = g_bytes_get_data(line, &length);

	server->question = SMTP_ASKED_NOTHING;
	server->session.is_waiting = false;
	if (server->resets_then)
		reset_connection(server);
	else if (reply != NULL)
		refuse(server, server->faulty, reply);
	else
		resume(server, (struct bytes) { octets, length });
	g_free(reply);
	g_bytes_unref(line);
}
