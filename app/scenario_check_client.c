/* What is wrong with mail clients: whether the servers they turn to are there, and listen. */
#include <string.h>
#include "app/scenario_private.h"
#include "protocols/dns/record.h"
#include "protocols/http/message.h"

/* ---- Clients ---- */

static void offer_owners(const struct scenario *scenario, struct suggestion *suggestion)
{
	for (unsigned i = 0; i < scenario->zones->len; i++) {
		const struct scenario_zone *zone = g_ptr_array_index(scenario->zones, i);

		for (unsigned j = 0; j < zone->records->len; j++) {
			const struct scenario_record *record = g_ptr_array_index(zone->records, j);

			if (record->owner != NULL && record->type == DNS_A)
				suggest_offer(suggestion, record->owner);
		}
	}
}

/* The host that answers at an address and port: behind a router that forwards it another one. */
static const struct scenario_node *find_listener(const struct scenario_interface *interface,
						 uint64_t port, uint64_t *own_port)
{
	const struct scenario_nat *nat = &interface->node->nat;

	*own_port = port;
	for (unsigned i = 0; nat->uplink == interface->network && i < nat->forwards->len; i++) {
		const struct scenario_forward *forward = g_ptr_array_index(nat->forwards, i);

		if (forward->port == port && forward->protocol == TRANSPORT_TCP) {
			*own_port = forward->to_port;
			return forward->to;
		}
	}
	return interface->node;
}

/* Somebody who expects a refusal means the port to be closed. */
static bool is_meant_closed(const struct scenario *scenario, uint64_t port)
{
	for (unsigned i = 0; i < scenario->expectations->len; i++) {
		const struct scenario_expectation *expectation =
		    g_ptr_array_index(scenario->expectations, i);

		if (expectation->kind == EXPECT_CONNECTION &&
		    expectation->outcome == OUTCOME_REFUSED && expectation->port == port)
			return true;
	}
	return false;
}

/* Whether a mail server or a webmail site on `node` listens on `port`. */
static bool is_open(const struct scenario *scenario, const struct scenario_node *node,
		    uint64_t port)
{
	for (unsigned i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = g_ptr_array_index(scenario->domains, i);
		bool is_https = scenario_tls_is_given(&domain->webmail_tls) && port == HTTPS_PORT;

		if (domain->webmail == node && (is_https || port == HTTP_PORT))
			return true;
	}
	return scenario_listens(scenario_server_on(scenario, node), port);
}

static void check_port(struct load *load, const struct scenario_interface *interface, uint64_t port,
		       struct mark mark)
{
	uint64_t own_port;
	const struct scenario_node *node = find_listener(interface, port, &own_port);

	if (node == NULL || is_open(load->scenario, node, own_port))
		return;
	if (load->receive != NULL && port == scenario_usual_port(*load->receive)) {
		load_error(load, mark, "`%s` does not listen on port %u", node->item.name,
			   (unsigned)own_port);
		load_hint(load, "add `%s` to the `services` of `%s`, or leave out `--receive`",
			  *load->receive == PROTOCOL_IMAP ? "imap" : "pop3", node->item.name);
	} else if (!is_meant_closed(load->scenario, port))
		load_warning(load, mark, "`%s` does not listen on port %u: connections are refused",
			     node->item.name, (unsigned)own_port);
}

static void check_server_name(struct load *load, const struct scenario_client *client,
			      const char *name, const uint64_t *ports, size_t port_count,
			      const void *field)
{
	const struct scenario *scenario = load->scenario;
	struct mark mark = load_mark(load, field, client);
	uint32_t address = name == NULL ? 0 : scenario_resolve_name(scenario, name);
	const struct scenario_interface *interface = scenario_find_address(scenario, address);
	struct suggestion suggestion = { .word = name };

	/* Without a mail server that is the error, and its default names are not. */
	if (name == NULL || client->account == NULL || !load->is_sound ||
	    (client->account->domain->mail == NULL && !load_is_given(load, field)))
		return;
	if (address == 0) {
		load_error(load, mark, "no zone has an address for the server `%s`", name);
		offer_owners(scenario, &suggestion);
		if (suggestion.best != NULL)
			load_hint(load, "did you mean `%s`?", suggestion.best);
	} else if (interface == NULL) {
		load_warning(
		    load, mark,
		    "the address of `%s` is that of no host: only something plugged in from "
		    "outside (`mailwire live`) could answer",
		    name);
	} else {
		for (size_t i = 0; i < port_count; i++)
			check_port(load, interface, ports[i], mark);
	}
}

static void check_incoming(struct load *load, const struct scenario_client *client)
{
	const struct scenario_incoming *incoming = &client->incoming;

	if (incoming->protocol != PROTOCOL_POP3 && incoming->leave != LEAVE_NOTHING)
		load_error(
		    load, load_mark(load, &incoming->leave, client),
		    "`leave-on-server` is for pop3: otherwise mail stays on the server anyway");
	if (incoming->protocol != PROTOCOL_POP3 && incoming->pipelines)
		load_error(load, load_mark(load, &incoming->pipelines, client),
			   "`pipelining` is for pop3: imap always may, webmail has no use for it");
	if (incoming->protocol == PROTOCOL_POP3 && incoming->stay_ns != 0)
		load_error(load, load_mark(load, &incoming->stay_ns, client),
			   "`stay` is for imap: a pop3 session sees no mail that comes later");
	if (incoming->leave_for_ns != TIME_NEVER && incoming->leave != LEAVE_ALL)
		load_error(load, load_mark(load, &incoming->leave_for_ns, client),
			   "`leave-for` goes only with `leave-on-server: yes`");
	if (incoming->protocol == PROTOCOL_WEBMAIL && incoming->security != SECURITY_NONE &&
	    incoming->security != SECURITY_TLS)
		load_error(
		    load, load_mark(load, &incoming->security, client),
		    "webmail is in clear (`none`) or by HTTPS (`tls`): a site has no STARTTLS");
	check_server_name(load, client, incoming->server, &incoming->port, 1, &incoming->server);
}

static void check_outgoing(struct load *load, const struct scenario_client *client)
{
	const struct scenario_outgoing *outgoing = &client->outgoing;
	uint64_t ports[OUTGOING_PORTS_MAX];
	size_t count = MIN(outgoing->ports->len, OUTGOING_PORTS_MAX);

	if (outgoing->ports->len > OUTGOING_PORTS_MAX)
		load_error(load, load_mark(load, &outgoing->ports, client),
			   "a client has at most %d ports to try", OUTGOING_PORTS_MAX);
	for (size_t i = 0; i < count; i++)
		ports[i] = ((const struct scenario_port *)outgoing->ports->pdata[i])->port;
	check_server_name(load, client, outgoing->server, ports, count, &outgoing->server);
}

void scenario_check_client(struct load *load, const struct scenario_client *client)
{
	const struct scenario_item *host =
	    scenario_lookup(load->scenario, SCENARIO_HOST, client->item.name);

	if (host != NULL && client->host != NULL && host != &client->host->item)
		load_error(load, client->item.mark,
			   "the client `%s` is called like a host that it is not on",
			   client->item.name);
	if (client->host != NULL && client->host->resolver == NULL && load->is_sound) {
		load_error(load, load_mark(load, &client->host->resolver, client),
			   "the client `%s` cannot look up its servers: its host has no DNS server",
			   client->item.name);
		load_hint(load, "write `dns: NAME` for the host `%s`; NAME is one of `resolvers`",
			  client->host->item.name);
	}
	check_incoming(load, client);
	if (client->incoming.protocol != PROTOCOL_WEBMAIL)
		check_outgoing(load, client);
}
