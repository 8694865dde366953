/* mailwire topology: what a scenario's world consists of, as text, as DOT or as a picture. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include "app/command.h"
#include "app/picture.h"

static void heading(FILE *out, const char *text, bool colour)
{
	fprintf(out, colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
}

static char *print_rate(uint64_t rate_bps, char out[24])
{
	if (rate_bps % 1000000000 == 0)
		g_snprintf(out, 24, "%" PRIu64 " Gbit/s", rate_bps / 1000000000);
	else if (rate_bps % 1000000 == 0)
		g_snprintf(out, 24, "%" PRIu64 " Mbit/s", rate_bps / 1000000);
	else
		g_snprintf(out, 24, "%" PRIu64 " kbit/s", rate_bps / 1000);
	return out;
}

static void print_networks(FILE *out, const struct scenario *scenario)
{
	for (guint i = 0; i < scenario->networks->len; i++) {
		const struct scenario_network *network = scenario->networks->pdata[i];
		char address[IPV4_TEXT_BYTES], rate[24];

		fprintf(out, "  %-12s %15s/%-2u  %s, %g ms, MTU %" PRIu64 ", %s, %u members%s%s\n",
			network->item.name, ipv4_print(network->subnet.address, address),
			network->subnet.length, print_rate(network->rate_bps, rate),
			(double)network->delay_ns / 1e6, network->mtu_bytes,
			scenario_is_dialled(network)    ? "a dial-up line"
			: network->kind == NETWORK_LINK ? "one cable"
			: network->switches->len == 1   ? "a switch"
							: "switches",
			network->interfaces->len, network->mirror == NULL ? "" : ", mirrored to ",
			network->mirror == NULL ? "" : network->mirror->item.name);
	}
}

static void print_interfaces(FILE *out, const struct scenario_node *node)
{
	for (guint i = 0; i < node->interfaces->len; i++) {
		const struct scenario_interface *interface = node->interfaces->pdata[i];
		char address[IPV4_TEXT_BYTES], mac[MAC_TEXT_BYTES];

		fprintf(out, "  %-12s %-5s %15s/%-2u  %s  on %s\n", i == 0 ? node->item.name : "",
			interface->item.name, ipv4_print(interface->address, address),
			interface->network->subnet.length, mac_print(interface->mac, mac),
			interface->network->item.name);
	}
}

static void print_routes(FILE *out, const struct scenario_node *node)
{
	char to[IPV4_TEXT_BYTES], via[IPV4_TEXT_BYTES];

	if (node->gateway != NULL)
		fprintf(out, "  %-12s route default by %s (%s)\n", "",
			ipv4_print(node->gateway->address, via), node->gateway->node->item.name);
	for (guint i = 0; node->routes != NULL && i < node->routes->len; i++) {
		const struct scenario_route *route = node->routes->pdata[i];

		fprintf(out, "  %-12s route %s/%u by %s (%s)\n", "",
			ipv4_print(route->to.address, to), route->to.length,
			ipv4_print(route->via->address, via), route->via->node->item.name);
	}
}

static const char *protocol_name(enum scenario_protocol protocol)
{
	static const char *const names[] = {
		[PROTOCOL_SMTP] = "SMTP",       [PROTOCOL_SUBMISSION] = "submission",
		[PROTOCOL_POP3] = "POP3",       [PROTOCOL_IMAP] = "IMAP",
		[PROTOCOL_WEBMAIL] = "webmail", [PROTOCOL_SUBMISSIONS] = "submissions",
		[PROTOCOL_POP3S] = "POP3S",     [PROTOCOL_IMAPS] = "IMAPS",
	};

	return names[protocol];
}

/* Which program of a mail server listens for a protocol. */
static enum actor actor_of(enum scenario_protocol protocol)
{
	switch (protocol) {
	case PROTOCOL_SMTP:
		return ACTOR_MTA;
	case PROTOCOL_SUBMISSION:
	case PROTOCOL_SUBMISSIONS:
		return ACTOR_MSA;
	case PROTOCOL_WEBMAIL:
		return ACTOR_WEBMAIL;
	default:
		return ACTOR_MAILBOX;
	}
}

/* The daemons on a host, with the ports they listen on. */
static void print_daemons(FILE *out, const struct scenario *scenario,
			  const struct scenario_node *node)
{
	bool is_resolver = false;
	GString *zones = g_string_new(NULL);

	for (guint i = 0; i < scenario->servers->len; i++) {
		const struct scenario_server *server = scenario->servers->pdata[i];

		if (server->host != node)
			continue;
		fprintf(out, "  %-12s mail server:", "");
		for (guint k = 0; k < server->services->len; k++) {
			const struct scenario_service *service = server->services->pdata[k];

			fprintf(out, "%s %s %" PRIu64 " (%s)", k == 0 ? "" : ",",
				protocol_name(service->protocol), service->port,
				actor_name((uint8_t)actor_of(service->protocol)));
		}
		fprintf(out, ", and MDA\n");
	}
	for (guint i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = scenario->domains->pdata[i];

		if (domain->webmail == node)
			fprintf(out, "  %-12s webmail of %s: HTTP 80%s\n", "", domain->item.name,
				scenario_tls_is_given(&domain->webmail_tls) ? ", HTTPS 443" : "");
	}
	for (guint i = 0; i < scenario->resolvers->len; i++)
		is_resolver |=
		    ((struct scenario_resolver *)scenario->resolvers->pdata[i])->host == node;
	for (guint i = 0; i < scenario->zones->len; i++) {
		const struct scenario_zone *zone = scenario->zones->pdata[i];

		if (zone->server == node)
			g_string_append_printf(zones, "%s%s", zones->len > 0 ? ", " : "",
					       zone->item.name);
	}
	if (is_resolver || zones->len > 0)
		fprintf(out, "  %-12s DNS server, port 53:%s%s%s%s\n", "",
			is_resolver ? " resolves for others" : "",
			is_resolver && zones->len > 0 ? ";" : "", zones->len > 0 ? " zones " : "",
			zones->str);
	g_string_free(zones, TRUE);
}

static const char *transport_name(enum scenario_transport transport)
{
	static const char *const names[] = {
		[TRANSPORT_ANY] = "any",
		[TRANSPORT_TCP] = "TCP",
		[TRANSPORT_UDP] = "UDP",
		[TRANSPORT_ICMP] = "ICMP",
	};

	return names[transport];
}

static void print_nat(FILE *out, const struct scenario_node *node)
{
	if (node->nat.uplink == NULL)
		return;
	fprintf(out, "  %-12s translates private addresses at %s (NAT)\n", "",
		node->nat.uplink->item.name);
	for (guint i = 0; i < node->nat.forwards->len; i++) {
		const struct scenario_forward *forward = node->nat.forwards->pdata[i];

		fprintf(out, "  %-12s   forwards %s port %" PRIu64 " to %s port %" PRIu64 "\n", "",
			transport_name(forward->protocol), forward->port, forward->to->item.name,
			forward->to_port);
	}
}

static void print_rule(FILE *out, const struct scenario_rule *rule, unsigned number)
{
	static const char *const verdicts[] = { "allow", "deny", "reject" };
	static const char *const directions[] = { "", " out", " in" };

	fprintf(out, "  %-12s rule %u: %s %s", "", number, verdicts[rule->verdict],
		transport_name(rule->protocol));
	if (rule->ports.most != UINT64_MAX)
		fprintf(out, " to port %" PRIu64, rule->ports.least);
	if (rule->ports.most != UINT64_MAX && rule->ports.most != rule->ports.least)
		fprintf(out, " to %" PRIu64, rule->ports.most);
	if (rule->source != NULL)
		fprintf(out, " from %s", rule->source->name);
	if (rule->destination != NULL)
		fprintf(out, " to %s", rule->destination->name);
	if (rule->network != NULL)
		fprintf(out, ",%s at %s", directions[rule->direction], rule->network->item.name);
	if (rule->from_ns > 0)
		fprintf(out, ", from %g s on", (double)rule->from_ns / 1e9);
	if (rule->to_ns != TIME_NEVER)
		fprintf(out, ", until %g s", (double)rule->to_ns / 1e9);
	fprintf(out, "\n");
}

static void print_tampering(FILE *out, const struct scenario_tampering *tampering)
{
	fprintf(out, "  %-12s attacker: overwrites \"%s\" by \"%s\"", "", tampering->replace,
		tampering->by);
	if (tampering->ports.most != UINT64_MAX)
		fprintf(out, " at port %" PRIu64, tampering->ports.least);
	if (tampering->ports.most != UINT64_MAX && tampering->ports.most != tampering->ports.least)
		fprintf(out, " to %" PRIu64, tampering->ports.most);
	fprintf(out, "\n");
}

static void print_middlebox(FILE *out, const struct scenario_node *node)
{
	if (node->item.kind != SCENARIO_ROUTER)
		return;
	print_nat(out, node);
	for (guint i = 0; i < node->filter->len; i++)
		print_rule(out, node->filter->pdata[i], i + 1);
	for (guint i = 0; i < node->tamper->len; i++)
		print_tampering(out, node->tamper->pdata[i]);
}

static void print_nodes(FILE *out, const struct scenario *scenario, const GPtrArray *nodes)
{
	for (guint i = 0; i < nodes->len; i++) {
		const struct scenario_node *node = nodes->pdata[i];

		print_interfaces(out, node);
		print_routes(out, node);
		print_middlebox(out, node);
		if (node->resolver != NULL)
			fprintf(out, "  %-12s asks the DNS server on %s\n", "",
				node->resolver->item.name);
		print_daemons(out, scenario, node);
	}
}

static void print_domains(FILE *out, const struct scenario *scenario)
{
	for (guint i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = scenario->domains->pdata[i];

		fprintf(out, "  %-20s mail on %s, DNS on %s\n", domain->item.name,
			domain->mail == NULL ? "no host" : domain->mail->item.name,
			domain->dns == NULL ? "no host" : domain->dns->item.name);
		for (guint k = 0; k < domain->accounts->len; k++) {
			const struct scenario_account *account = domain->accounts->pdata[k];

			fprintf(out, "    %s\n", account->address);
		}
	}
}

static void print_clients(FILE *out, const struct scenario *scenario)
{
	for (guint i = 0; i < scenario->clients->len; i++) {
		const struct scenario_client *client = scenario->clients->pdata[i];

		fprintf(out,
			"  %-12s on %s (%s), account %s: reads by %s from %s:%" PRIu64
			", sends by %s",
			client->item.name, client->host->item.name,
			client->incoming.protocol == PROTOCOL_WEBMAIL ? "browser" : "MUA",
			client->account->address, protocol_name(client->incoming.protocol),
			client->incoming.server, client->incoming.port, client->outgoing.server);
		for (guint k = 0; k < client->outgoing.ports->len; k++)
			fprintf(out, "%s%" PRIu64, k == 0 ? ":" : ", ",
				((struct scenario_port *)client->outgoing.ports->pdata[k])->port);
		fprintf(out, "\n");
	}
}

static void print_text(FILE *out, const struct scenario *scenario)
{
	bool colour = command_colours(STDOUT_FILENO);

	fprintf(out, "%s\n", scenario->title == NULL ? "(no title)" : scenario->title);
	heading(out, "Networks", colour);
	print_networks(out, scenario);
	heading(out, "Routers", colour);
	print_nodes(out, scenario, scenario->routers);
	heading(out, "Hosts", colour);
	print_nodes(out, scenario, scenario->hosts);
	heading(out, "Mail domains and accounts", colour);
	print_domains(out, scenario);
	heading(out, "Mail clients", colour);
	print_clients(out, scenario);
}

static void print_page(const struct scenario *scenario)
{
	struct page page;

	print_text(page_begin(&page, stdout, command_columns(STDOUT_FILENO)), scenario);
	page_end(&page);
}

/* DOT, the language of Graphviz. Names need quoting: hosts may be called "node" or have dashes. */

/* Interfaces stand in the node: labels at the ends of edges would lie across other things. */
static void append_node(GString *dot, const struct scenario_node *node, const char *shape)
{
	g_string_append_printf(dot, "  \"%s\" [shape=%s, label=\"%s", node->item.name, shape,
			       node->item.name);
	for (guint i = 0; i < node->interfaces->len; i++) {
		const struct scenario_interface *interface = node->interfaces->pdata[i];
		char address[IPV4_TEXT_BYTES];

		g_string_append_printf(dot, "\\n%s %s", interface->item.name,
				       ipv4_print(interface->address, address));
	}
	if (node->nat.uplink != NULL)
		g_string_append(dot, "\\nNAT");
	if (node->item.kind == SCENARIO_ROUTER && node->filter->len > 0)
		g_string_append(dot, "\\nfilter");
	g_string_append(dot, "\"];\n");
}

static void append_network(GString *dot, const struct scenario_network *network)
{
	char address[IPV4_TEXT_BYTES];

	if (network->kind == NETWORK_LINK) {
		const struct scenario_interface *a = network->interfaces->pdata[0];
		const struct scenario_interface *b = network->interfaces->pdata[1];

		/* Its name is a node of its own, which nothing is laid across. */
		g_string_append_printf(
		    dot,
		    "  \"cable:%s\" [shape=plaintext, fontsize=9, height=0.2, label=\"%s\"];\n"
		    "  \"%s\" -- \"cable:%s\" -- \"%s\";\n",
		    network->item.name, network->item.name, a->node->item.name, network->item.name,
		    b->node->item.name);
		return;
	}
	for (guint i = 0; i < network->switches->len; i++) {
		const struct scenario_switch *sw = network->switches->pdata[i];

		g_string_append_printf(
		    dot,
		    "  \"%s\" [shape=box, style=\"rounded,filled\", fillcolor=\"#efece6\", "
		    "label=\"%s\\n%s/%u\"];\n",
		    sw->item.name, sw->item.name, ipv4_print(network->subnet.address, address),
		    network->subnet.length);
		if (sw->uplink != NULL)
			g_string_append_printf(dot, "  \"%s\" -- \"%s\";\n", sw->item.name,
					       sw->uplink->item.name);
	}
	for (guint i = 0; i < network->interfaces->len; i++) {
		const struct scenario_interface *interface = network->interfaces->pdata[i];

		g_string_append_printf(dot, "  \"%s\" -- \"%s\";\n", interface->node->item.name,
				       interface->switch_->item.name);
	}
}

static char *make_dot(const struct scenario *scenario)
{
	GString *dot =
	    g_string_new("graph mailwire {\n"
			 "  graph [layout=neato, overlap=false, sep=\"+12\", splines=true, "
			 "fontname=\"sans-serif\"];\n"
			 "  node [fontname=\"sans-serif\", fontsize=11];\n"
			 "  edge [fontname=\"sans-serif\", fontsize=9, color=\"#8a8578\"];\n");

	for (guint i = 0; i < scenario->routers->len; i++)
		append_node(dot, scenario->routers->pdata[i], "ellipse");
	for (guint i = 0; i < scenario->hosts->len; i++)
		append_node(dot, scenario->hosts->pdata[i], "box");
	for (guint i = 0; i < scenario->networks->len; i++)
		append_network(dot, scenario->networks->pdata[i]);
	g_string_append(dot, "}\n");
	return g_string_free(dot, FALSE);
}

static int print_picture(const char *dot)
{
	GError *error = NULL;
	char *svg = picture_svg(dot, &error);

	if (svg == NULL) {
		command_complain("--svg: %s", error->message);
		g_error_free(error);
		return EXIT_OUTPUT;
	}
	fputs(svg, stdout);
	g_free(svg);
	return EXIT_OK;
}

int command_topology(const struct command *command, int argc, char **argv)
{
	gboolean wants_dot = FALSE, wants_svg = FALSE;
	const GOptionEntry entries[] = {
		{"dot",       0, 0, G_OPTION_ARG_NONE, &wants_dot, "Print it as DOT, for Graphviz",
                 NULL },
		{ "svg",          0, 0, G_OPTION_ARG_NONE, &wants_svg, "Print it as a picture in SVG",
                 NULL },
		{ 0}
	};
	const char *file;
	int status = command_parse(command, argc, argv, entries, 1, &file);
	struct scenario *scenario;
	char *dot;

	if (status >= 0)
		return status;
	if (wants_dot && wants_svg) {
		command_complain(
		    "--dot, --svg: it is printed in one of the two; leave the other out");
		return EXIT_USAGE;
	}
	scenario = command_load(file);
	if (scenario == NULL)
		return EXIT_USAGE;
	dot = make_dot(scenario);
	status = EXIT_OK;
	if (wants_svg)
		status = print_picture(dot);
	else if (wants_dot)
		fputs(dot, stdout);
	else
		print_page(scenario);
	g_free(dot);
	scenario_free(scenario);
	return status == EXIT_OK ? command_flush() : status;
}
