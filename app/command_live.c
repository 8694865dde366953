/* mailwire live: a scenario in real time, with Linux interfaces plugged into its networks. */
#include <string.h>
#include "app/live.h"

struct live_options {
	char **attach;
	gboolean is_alone; /* nothing needs to be plugged in */
	char *pages;       /* see live_pages_new(); NULL: none are asked for */
	struct live live;
};

static bool is_attached(const struct live *live, const char *name)
{
	for (guint i = 0; i < live->attachments->len; i++)
		if (strcmp(((struct live_attachment *)live->attachments->pdata[i])->config.name,
			   name) == 0)
			return true;
	return false;
}

/* Plugs in what "IFACE=NETWORK" says; `text` is cut up and borrowed. */
static int attach(struct live_options *options, const struct run_setup *setup, char *text)
{
	const struct scenario_network *network;
	struct live_device *device;
	GError *error = NULL;
	char *equals = strchr(text, '=');

	if (equals == NULL || equals == text || equals[1] == '\0') {
		command_complain(
		    "--attach: \"%s\" should be IFACE=NETWORK, such as tap0=%s", text,
		    ((struct scenario_network *)setup->scenario->networks->pdata[0])->item.name);
		return EXIT_USAGE;
	}
	*equals = '\0';
	network = live_find_network(setup->scenario, setup->file, "--attach", equals + 1);
	if (network == NULL)
		return EXIT_USAGE;
	if (is_attached(&options->live, text)) {
		command_complain("--attach: %s is plugged in already; an interface is one cable",
				 text);
		return EXIT_USAGE;
	}
	if (scenario_lookup(setup->scenario, SCENARIO_HOST | SCENARIO_ROUTER | SCENARIO_SWITCH,
			    text) != NULL) {
		command_complain(
		    "--attach: there is a \"%s\" in the simulation already; give the interface "
		    "another name: ip link set %s name NAME",
		    text, text);
		return EXIT_USAGE;
	}
	device = live_device_open(text, network->mtu_bytes, &error);
	if (device == NULL) {
		command_complain("--attach: %s", error->message);
		g_error_free(error);
		return EXIT_USAGE;
	}
	if (!live_device_is_up(device))
		command_complain("warning: %s is down; nothing passes before: ip link set %s up",
				 text, text);
	live_add(&options->live, device,
		 &(struct attachment_config) { .name = text, .network = network });
	return EXIT_OK;
}

static int drive(void *owner, const struct run_session *session)
{
	struct live_options *options = owner;

	return live_drive(&options->live, session);
}

static int prepare(void *owner, struct run_setup *setup)
{
	struct live_options *options = owner;

	if (options->attach == NULL && !options->is_alone) {
		command_complain("live needs an interface to plug in: --attach IFACE=NETWORK");
		return EXIT_USAGE;
	}
	if (!live_speed_is_valid(options->live.speed)) {
		command_complain("--speed: must be more than 0 and at most %d", LIVE_SPEED_MAX);
		return EXIT_USAGE;
	}
	if (options->pages != NULL) {
		options->live.pages = live_pages_new(options->pages);
		if (options->live.pages == NULL) {
			command_complain(
			    "--pages: FD:RECORDS:SECONDS:MEGABYTES, as mailwire serve says it");
			return EXIT_USAGE;
		}
	}
	for (char **text = options->attach; text != NULL && *text != NULL; text++) {
		int status = attach(options, setup, *text);

		if (status != EXIT_OK)
			return status;
	}
	if (options->live.pages != NULL) {
		live_pages_describe(options->live.pages, setup);
		setup->sink = live_pages_sink(options->live.pages);
	}
	setup->drive = drive;
	return live_prepare(&options->live, setup);
}

int command_live(const struct command *command, int argc, char **argv)
{
	struct live_options options = { 0 };
	const GOptionEntry entries[] = {
		{"attach",    0, 0,                    G_OPTION_ARG_STRING_ARRAY, &options.attach,
                 "Plug the interface IFACE (TAP, veth) into the switch of NETWORK; may be "
		  "repeated",																    "IFACE=NETWORK"               },
		{ "speed",    0, 0,                    G_OPTION_ARG_DOUBLE,       &options.live.speed,
                 "Virtual seconds per real second (default 1)",												  "N"                           },
		{ "record",   0, 0,                    G_OPTION_ARG_FILENAME,     &options.live.record_path,
                 "Record what comes in, for mailwire run --replay PATH",											 "PATH"                        },
		{ "alone",    0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE,         &options.is_alone,
                 "In real time, with nothing plugged in",													NULL                          },
		{ "pages",    0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING,       &options.pages,
                 "Answer by pages at a descriptor",													      "FD:RECORDS:SECONDS:MEGABYTES"},
		{ "services", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING,
                 &options.live.services_host,								"Echo, discard, chargen and the like on this host",
                 "HOST"																					},
	};
	int status;

	live_init(&options.live);
	status = run_with(command, argc, argv,
			  &(struct run_driver) {
			      .options = entries,
			      .option_count = G_N_ELEMENTS(entries),
			      .record_path = &options.live.record_path,
			      .prepare = prepare,
			      .owner = &options,
			  });
	live_pages_free(options.live.pages);
	live_clear(&options.live);
	g_strfreev(options.attach);
	g_free(options.pages);
	return status;
}
