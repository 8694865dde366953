/* mailwire shell: a shell, or any command, on a computer of its own in a simulated network. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "app/live.h"
#include "app/shell_namespace.h"

#define NODE_NAME "shell"

/* As for hosts (docs/SCENARIO.md): from the tenth on, where there is room for that. */
#define FIRST_ADDRESS   10
#define ROOM_PREFIX_MAX 27

struct shell_options {
	char *network_name;
	char **command;
	struct live live;
	char *host_name;
	const struct scenario_network *joined;
	struct shell_network network;
	struct shell_process process;
};

/* ---- Where, and as whom ---- */

static bool address_is_free(const struct scenario_network *network, uint32_t address)
{
	for (guint i = 0; i < network->interfaces->len; i++)
		if (((struct scenario_interface *)network->interfaces->pdata[i])->address ==
		    address)
			return false;
	return true;
}

/* A free address of the subnet; 0: there is none. */
static uint32_t choose_address(const struct scenario_network *network)
{
	bool has_room = network->subnet.length <= ROOM_PREFIX_MAX;
	uint32_t first = has_room ? network->subnet.address + FIRST_ADDRESS
				  : scenario_first_host(network->subnet);

	for (uint32_t address = first; address <= scenario_last_host(network->subnet); address++)
		if (address_is_free(network, address))
			return address;
	return 0;
}

static bool is_lan_with_room(const struct scenario_network *network)
{
	return network->kind == NETWORK_LAN && choose_address(network) != 0;
}

/*
 * Where users are, unless the user says otherwise: the network of the first client on a LAN with a
 * free address, else the first such LAN.
 */
static const struct scenario_network *choose_network(const struct shell_options *options,
						     const struct run_setup *setup)
{
	const struct scenario *scenario = setup->scenario;
	const struct scenario_network *network;

	if (options->network_name != NULL) {
		network =
		    live_find_network(scenario, setup->file, "--network", options->network_name);
		return network;
	}
	for (guint i = 0; i < scenario->clients->len; i++) {
		const struct scenario_client *client = scenario->clients->pdata[i];

		if (is_lan_with_room(client->host->own.network))
			return client->host->own.network;
	}
	for (guint i = 0; i < scenario->networks->len; i++) {
		network = scenario->networks->pdata[i];
		if (is_lan_with_room(network))
			return network;
	}
	command_complain("%s has no LAN with a free address to be on", setup->file);
	return NULL;
}

/* Made like those of hosts. */
static struct mac choose_mac(const struct scenario_network *network, uint32_t address)
{
	uint32_t number = network->index + 1, offset = address - network->subnet.address;

	return (struct mac) {
		{0x02, (uint8_t)(offset >> 16), (uint8_t)(number >> 8), (uint8_t)number,
                 (uint8_t)(offset >> 8), (uint8_t)offset}
	};
}

static uint32_t address_of(const struct scenario_node *node)
{
	return ((struct scenario_interface *)node->interfaces->pdata[0])->address;
}

/* Router, DNS server and domain as the others on this network have them. */
static void ask_neighbours(struct shell_network *network, const struct scenario *scenario,
			   const struct scenario_network *joined)
{
	for (guint i = 0; i < joined->interfaces->len; i++) {
		const struct scenario_interface *neighbour = joined->interfaces->pdata[i];
		const struct scenario_node *node = neighbour->node;

		if (network->gateway == 0 && node->item.kind == SCENARIO_ROUTER)
			network->gateway = neighbour->address;
		if (network->name_server == 0 && node->resolver != NULL)
			network->name_server = address_of(node->resolver);
		if (network->domain == NULL && node->domain != NULL)
			network->domain = node->domain->item.name;
	}
	if (network->name_server == 0 && scenario->resolvers->len > 0)
		network->name_server =
		    address_of(((struct scenario_resolver *)scenario->resolvers->pdata[0])->host);
}

/* "shell", or when the scenario has one already "shell2" and so on. */
static char *choose_name(const struct scenario *scenario)
{
	char *name = g_strdup(NODE_NAME);

	for (unsigned number = 2;
	     scenario_lookup(scenario, SCENARIO_HOST | SCENARIO_ROUTER | SCENARIO_SWITCH, name) !=
	     NULL;
	     number++) {
		g_free(name);
		name = g_strdup_printf(NODE_NAME "%u", number);
	}
	return name;
}

static void tell(const struct shell_options *options)
{
	const struct shell_network *network = &options->network;
	char own[IPV4_TEXT_BYTES], gateway[IPV4_TEXT_BYTES], server[IPV4_TEXT_BYTES];

	fprintf(stderr, "mailwire: %s has address %s/%u on %s, gateway %s, DNS server %s\n",
		network->host_name, ipv4_print(network->address, own), network->prefix_length,
		options->joined->item.name,
		network->gateway == 0 ? "none" : ipv4_print(network->gateway, gateway),
		network->name_server == 0 ? "none" : ipv4_print(network->name_server, server));
}

/* ---- The run ---- */

static int drive(void *owner, const struct run_session *session)
{
	struct shell_options *options = owner;
	int status;

	tell(options);
	signal(SIGINT, SIG_IGN); /* what is typed is meant for the shell */
	signal(SIGQUIT, SIG_IGN);
	shell_process_go(&options->process);
	status = live_drive(&options->live, session);
	int command_status = shell_process_finish(&options->process);

	return status != EXIT_OK ? status : command_status;
}

static bool describe(struct shell_options *options, const struct run_setup *setup,
		     const struct scenario_network *joined)
{
	struct shell_network *network = &options->network;

	options->host_name = choose_name(setup->scenario);
	*network = (struct shell_network) {
		.host_name = options->host_name,
		.address = choose_address(joined),
		.prefix_length = joined->subnet.length,
		.mtu_bytes = (unsigned)joined->mtu_bytes,
	};
	if (network->address == 0) {
		command_complain("the subnet of the network \"%s\" has no address left; "
				 "--network NAME takes another",
				 joined->item.name);
		return false;
	}
	network->mac = choose_mac(joined, network->address);
	ask_neighbours(network, setup->scenario, joined);
	return true;
}

static char *const *command_to_run(const struct shell_options *options, char *shell[2])
{
	const char *users = getenv("SHELL");

	if (options->command != NULL)
		return options->command;
	shell[0] = (char *)(users != NULL && *users != '\0' ? users : "/bin/sh");
	shell[1] = NULL;
	return shell;
}

static int prepare(void *owner, struct run_setup *setup)
{
	struct shell_options *options = owner;
	const struct scenario_network *joined = choose_network(options, setup);
	GError *error = NULL;
	char *shell[2];

	if (joined == NULL || !describe(options, setup, joined))
		return EXIT_USAGE;
	if (!shell_process_start(&options->process, &options->network,
				 command_to_run(options, shell), &error)) {
		command_complain("%s", error->message);
		g_error_free(error);
		return EXIT_USAGE;
	}
	live_add(&options->live,
		 live_device_of_tap(options->process.tap, SHELL_INTERFACE, joined->mtu_bytes),
		 &(struct attachment_config) {
		     .name = options->host_name,
		     .network = joined,
		     .mac = options->network.mac,
		     .address = options->network.address,
		 });
	options->live.ended_descriptor = (int)syscall(SYS_pidfd_open, options->process.pid, 0);
	if (options->live.ended_descriptor < 0) {
		command_complain(
		    "the end of the command could not be seen: pidfd_open: %s; it needs "
		    "Linux 5.3, and a container that allows it",
		    g_strerror(errno));
		return EXIT_USAGE;
	}
	setup->drive = drive;
	options->joined = joined;
	return live_prepare(&options->live, setup);
}

/* Cuts the arguments at "--" and returns what is behind, or NULL. */
static char **split_command(int *argc, char **argv)
{
	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		*argc = i;
		argv[i] = NULL;
		return argv[i + 1] != NULL ? &argv[i + 1] : NULL;
	}
	return NULL;
}

int command_shell(const struct command *command, int argc, char **argv)
{
	struct shell_options options = { .process = { .pid = -1 } };
	const GOptionEntry entries[] = {
		{"network",   0, 0,                    G_OPTION_ARG_STRING,   &options.network_name,
                 "The network to be on (default: that of the first client on a LAN)",                                                                        "NAME"},
		{ "record",   0, 0,                    G_OPTION_ARG_FILENAME, &options.live.record_path,
                 "Record what comes in, for mailwire run --replay PATH",										     "PATH"},
		{ "services", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING,
                 &options.live.services_host,							    "Echo, discard, chargen and the like on this host",
                 "HOST"																	    },
	};
	int status;

	live_init(&options.live);
	options.live.is_silent = true;
	options.command = split_command(&argc, argv);
	status = run_with(command, argc, argv,
			  &(struct run_driver) {
			      .options = entries,
			      .option_count = G_N_ELEMENTS(entries),
			      .record_path = &options.live.record_path,
			      .is_quiet = true,
			      .prepare = prepare,
			      .owner = &options,
			  });
	if (options.process.pid >= 0) /* something went wrong before it was let go */
		shell_process_finish(&options.process);
	if (options.live.ended_descriptor >= 0)
		close(options.live.ended_descriptor);
	live_clear(&options.live);
	g_free(options.network_name);
	g_free(options.host_name);
	return status;
}
