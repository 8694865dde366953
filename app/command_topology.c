/* mailwire topology: what a scenario's world consists of, as text, as DOT or as a picture. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>
#include "app/command.h"
#include "app/picture.h"

static void heading(const char *text, bool colour)
{
	printf(colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", text);
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

static void print_networks(const struct scenario *scenario)
{
	for (guint i = 0; i < scenario->networks->len; i++) {
		const struct scenario_network *network = scenario->networks->pdata[i];
		char address[IPV4_TEXT_BYTES], rate[24];

		printf("  %-16s %s/%u  %s, %g ms, MTU %" PRIu64 ", %s, %u members\n",
		       network->item.name, ipv4_print(network->subnet.address, address),
		       network->subnet.length, print_rate(network->rate_bps, rate),
		       (double)network->delay_ns / 1e6, network->mtu_bytes,
		       scenario_is_dialled(network)    ? "a dial-up line"
		       : network->kind == NETWORK_LINK ? "one cable"
		       : network->switches->len == 1   ? "a switch"
						       : "switches",
		       network->interfaces->len);
	}
}

static void print_interfaces(const struct scenario_node *node)
{
	for (guint i = 0; i < node->interfaces->len; i++) {
		const struct scenario_interface *interface = node->interfaces->pdata[i];
		char address[IPV4_TEXT_BYTES], mac[MAC_TEXT_BYTES];

		printf("  %-12s %-5s %15s/%-2u  %s  on %s\n", i == 0 ? node->item.name : "",
		       interface->item.name, ipv4_print(interface->address, address),
		       interface->network->subnet.length, mac_print(interface->mac, mac),
		       interface->network->item.name);
	}
}

static void print_routes(const struct scenario_node *node)
{
	char to[IPV4_TEXT_BYTES], via[IPV4_TEXT_BYTES];

	if (node->gateway != NULL)
		printf("  %-12s route default by %s (%s)\n", "",
		       ipv4_print(node->gateway->address, via), node->gateway->node->item.name);
	for (guint i = 0; node->routes != NULL && i < node->routes->len; i++) {
		const struct scenario_route *route = node->routes->pdata[i];

		printf("  %-12s route %s/%u by %s (%s)\n", "", ipv4_print(route->to.address, to),
		       route->to.length, ipv4_print(route->via->address, via),
		       route->via->node->item.name);
	}
}

static const char *protocol_name(enum scenario_protocol protocol)
{
	static const char *const names[] = {
		[PROTOCOL_SMTP] = "SMTP",
		[PROTOCOL_SUBMISSION] = "submission",
		[PROTOCOL_POP3] = "POP3",
		[PROTOCOL_IMAP] = "IMAP",
	};

	return names[protocol];
}

/* The daemons on a host, with the ports they listen on. */
static void print_daemons(const struct scenario *scenario, const struct scenario_node *node)
{
	bool is_resolver = false;
	GString *zones = g_string_new(NULL);

	for (guint i = 0; i < scenario->servers->len; i++) {
		const struct scenario_server *server = scenario->servers->pdata[i];

		if (server->host != node)
			continue;
		printf("  %-12s mail server:", "");
		for (guint k = 0; k < server->services->len; k++) {
			const struct scenario_service *service = server->services->pdata[k];

			printf("%s %s %" PRIu64, k == 0 ? "" : ",",
			       protocol_name(service->protocol), service->port);
		}
		printf("\n");
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
		printf("  %-12s DNS server, port 53:%s%s%s\n", "",
		       is_resolver ? " resolves for others" : "",
		       is_resolver && zones->len > 0 ? ";" : "", zones->len > 0 ? " zones " : "");
	if (zones->len > 0)
		printf("  %-12s   %s\n", "", zones->str);
	g_string_free(zones, TRUE);
}

static void print_nodes(const struct scenario *scenario, const GPtrArray *nodes)
{
	for (guint i = 0; i < nodes->len; i++) {
		const struct scenario_node *node = nodes->pdata[i];

		print_interfaces(node);
		print_routes(node);
		if (node->resolver != NULL)
			printf("  %-12s asks the DNS server on %s\n", "",
			       node->resolver->item.name);
		print_daemons(scenario, node);
	}
}

static void print_domains(const struct scenario *scenario)
{
	for (guint i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = scenario->domains->pdata[i];

		printf("  %-20s mail on %s, DNS on %s\n", domain->item.name,
		       domain->mail == NULL ? "no host" : domain->mail->item.name,
		       domain->dns == NULL ? "no host" : domain->dns->item.name);
		for (guint k = 0; k < domain->accounts->len; k++) {
			const struct scenario_account *account = domain->accounts->pdata[k];

			printf("    %s\n", account->address);
		}
	}
}

static void print_clients(const struct scenario *scenario)
{
	for (guint i = 0; i < scenario->clients->len; i++) {
		const struct scenario_client *client = scenario->clients->pdata[i];

		printf("  %-12s on %s, account %s: reads by %s from %s:%" PRIu64
		       ", sends by %s:%" PRIu64 "\n",
		       client->item.name, client->host->item.name, client->account->address,
		       protocol_name(client->incoming.protocol), client->incoming.server,
		       client->incoming.port, client->outgoing.server, client->outgoing.port);
	}
}

static void print_text(const struct scenario *scenario)
{
	bool colour = command_colours(STDOUT_FILENO);

	printf("%s\n", scenario->title == NULL ? "(no title)" : scenario->title);
	heading("Networks", colour);
	print_networks(scenario);
	heading("Routers", colour);
	print_nodes(scenario, scenario->routers);
	heading("Hosts", colour);
	print_nodes(scenario, scenario->hosts);
	heading("Mail domains and accounts", colour);
	print_domains(scenario);
	heading("Mail clients", colour);
	print_clients(scenario);
}

/* DOT, the language of Graphviz. Names need quoting: hosts may be called "node" or have dashes. */

static void append_node(GString *dot, const struct scenario_node *node, const char *shape)
{
	g_string_append_printf(dot, "  \"%s\" [shape=%s, label=\"%s", node->item.name, shape,
			       node->item.name);
	for (guint i = 0; i < node->interfaces->len; i++) {
		char address[IPV4_TEXT_BYTES];

		g_string_append_printf(
		    dot, "\\n%s",
		    ipv4_print(((struct scenario_interface *)node->interfaces->pdata[i])->address,
			       address));
	}
	g_string_append(dot, "\"];\n");
}

static void append_network(GString *dot, const struct scenario_network *network)
{
	char address[IPV4_TEXT_BYTES];

	if (network->kind == NETWORK_LINK) {
		const struct scenario_interface *a = network->interfaces->pdata[0];
		const struct scenario_interface *b = network->interfaces->pdata[1];

		g_string_append_printf(dot, "  \"%s\" -- \"%s\" [label=\"%s\"];\n",
				       a->node->item.name, b->node->item.name, network->item.name);
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

		g_string_append_printf(dot, "  \"%s\" -- \"%s\" [taillabel=\"%s\"];\n",
				       interface->node->item.name, interface->switch_->item.name,
				       interface->item.name);
	}
}

static char *make_dot(const struct scenario *scenario)
{
	GString *dot = g_string_new(
	    "graph mailwire {\n"
	    "  graph [layout=neato, overlap=false, splines=true, fontname=\"sans-serif\"];\n"
	    "  node [fontname=\"sans-serif\", fontsize=11];\n"
	    "  edge [fontname=\"sans-serif\", fontsize=9, color=\"#8a8578\"];\n");

	for (guint i = 0; i < scenario->routers->len; i++)
		append_node(dot, scenario->routers->pdata[i], "circle");
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
		print_text(scenario);
	g_free(dot);
	scenario_free(scenario);
	return status == EXIT_OK ? command_flush() : status;
}
