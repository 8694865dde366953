/* One scenario with another protocol between clients and their servers: the switch --receive. */
#include "app/scenario_private.h"

/* What the file says of the protocol that is replaced cannot be meant for the other. */
static void replace(struct load *load, struct scenario_client *client)
{
	struct scenario_incoming *incoming = &client->incoming;
	bool is_imap = *load->receive == PROTOCOL_IMAP;
	const char *name = is_imap ? "imap" : "pop3";

	if (incoming->protocol == *load->receive)
		return;
	if (load_is_given(load, &incoming->port)) {
		load_error(load, load_mark(load, &incoming->port, client),
			   "port %u of `%s` is not for %s", (unsigned)incoming->port,
			   client->item.name, name);
		load_hint(load, "leave `port` out: the usual one of each protocol is then taken");
	}
	if (is_imap && incoming->leave != LEAVE_NOTHING) {
		load_error(load, load_mark(load, &incoming->leave, client),
			   "`leave-on-server` of `%s` is not for imap", client->item.name);
		load_hint(load, "leave it out, or write a scenario of its own for imap and name "
				"both files");
		incoming->leave = LEAVE_NOTHING;
		incoming->leave_for_ns = TIME_NEVER;
	}
	if (is_imap)
		incoming->pipelines = false;
	incoming->protocol = *load->receive;
}

void scenario_receive(struct load *load)
{
	const struct scenario *scenario = load->scenario;

	if (scenario->clients->len == 0) {
		load_error(load, scenario->item.mark, "there is no client to receive mail");
		load_hint(load, "leave out `--receive`, or write some in `clients`");
	}
	for (unsigned i = 0; i < scenario->clients->len; i++)
		replace(load, g_ptr_array_index(scenario->clients, i));
}
