/* mailwire state and mailbox: what the trace says of a moment. */
#include <stdio.h>
#include <unistd.h>
#include "app/command.h"
#include "app/dissectors.h"
#include "app/node_names.h"
#include "app/simulation.h"
#include "views/state.h"

/* A run up to a moment, watched by what the moment is to be told from. */
struct moment {
	struct trace_sink sink;
	struct scenario *scenario;
	struct model *model;
	struct state *state;
	struct mailboxes *mailboxes;
	int64_t at_ns;
	bool is_over; /* what taking the world down records is not of this moment */
};

static void observe(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct moment *moment = owner;

	if (moment->is_over || record->time_ns > moment->at_ns)
		return;
	model_feed(moment->model, record, bytes);
	state_feed(moment->state, record, bytes);
	mailboxes_feed(moment->mailboxes, record, bytes);
}

/* Loads `file` and runs it up to `at`; EXIT_OK, or the status to end with after complaining. */
static int moment_init(struct moment *moment, const char *file, const char *at)
{
	struct trace_sink *sinks[] = { &moment->sink };
	struct simulation *simulation;

	*moment = (struct moment) { .at_ns = 0 };
	if (at == NULL) {
		command_complain("say of which moment: --at TIME, such as --at 2.5s");
		return EXIT_USAGE;
	}
	if (!command_parse_time("--at", at, &moment->at_ns))
		return EXIT_USAGE;
	moment->scenario = command_load(file);
	if (moment->scenario == NULL)
		return EXIT_USAGE;
	moment->sink =
	    (struct trace_sink) { .kinds = TRACE_ALL, .owner = moment, .record = observe };
	moment->model = model_new(all_dissectors);
	moment->state = state_new(moment->model);
	moment->mailboxes = mailboxes_new();
	simulation = simulation_new(moment->scenario, &(struct simulation_options) {
							  .seed = moment->scenario->seed,
							  .sinks = sinks,
							  .sink_count = 1,
						      });
	/* Beyond the end of the run too: what ages in the background goes on. */
	if (simulation_run(simulation, moment->at_ns) != ENGINE_LIVELOCK)
		simulation_advance(simulation, MIN(moment->at_ns, moment->scenario->until_ns));
	network_age(simulation_network(simulation));
	moment->is_over = true;
	simulation_free(simulation);
	return EXIT_OK;
}

static void moment_clear(struct moment *moment)
{
	state_free(moment->state);
	mailboxes_free(moment->mailboxes);
	model_free(moment->model);
	scenario_free(moment->scenario);
}

int command_state(const struct command *command, int argc, char **argv)
{
	char *at = NULL, *hosts = NULL;
	const GOptionEntry entries[] = {
		{"at", 0, 0, G_OPTION_ARG_STRING, &at, "The moment", "TIME" },
		{ "host",   0, 0, G_OPTION_ARG_STRING, &hosts, "Only these hosts, routers, switches",
                 "NAMES" },
		{ 0}
	};
	const char *file;
	struct moment moment = { 0 };
	bool *nodes = NULL;
	int status = command_parse(command, argc, argv, entries, 1, &file);

	if (status < 0) {
		status = moment_init(&moment, file, at);
		if (status == EXIT_OK && !node_names_choose(moment.model, hosts, file, &nodes))
			status = EXIT_USAGE;
		if (status == EXIT_OK) {
			struct page page;

			state_print(moment.state,
				    page_begin(&page, stdout, command_columns(STDOUT_FILENO)),
				    moment.at_ns, nodes, command_colours(STDOUT_FILENO));
			page_end(&page);
			status = command_flush();
		}
		moment_clear(&moment);
	}
	g_free(nodes);
	g_free(at);
	g_free(hosts);
	return status;
}

/* mailwire mailbox */

static bool is_user(const struct mailbox_state *mailbox, const char *user)
{
	const char *at = strchr(mailbox->owner, '@');

	return g_ascii_strcasecmp(mailbox->owner, user) == 0 ||
	       (at != NULL && strlen(user) == (size_t)(at - mailbox->owner) &&
		g_ascii_strncasecmp(mailbox->owner, user, strlen(user)) == 0);
}

static void print_message(FILE *out, unsigned number, const struct mailbox_message *message)
{
	GString *flags = g_string_new(NULL);
	GDateTime *date = g_date_time_new_from_unix_utc(message->internal_date);
	char *when = g_date_time_format(date, "%Y-%m-%d %H:%M:%S");

	mailbox_flags_append(flags, message->flags);
	fprintf(out, "  %4u  UID %-4u %s  %6zu B  %-34s %s%s%s\n", number, message->uid, when,
		g_bytes_get_size(message->bytes), message->from, message->subject,
		flags->len > 0 ? "  " : "", flags->str);
	g_free(when);
	g_date_time_unref(date);
	g_string_free(flags, TRUE);
}

/* Folders of the user wherever they are kept; messages are numbered through all of them. */
static int print_mailboxes(const struct moment *moment, FILE *out, const char *user, uint64_t raw)
{
	unsigned number = 0;
	bool is_known = false;

	for (unsigned i = 0; i < mailboxes_count(moment->mailboxes); i++) {
		const struct mailbox_state *mailbox = mailboxes_get(moment->mailboxes, i);

		if (!is_user(mailbox, user))
			continue;
		is_known = true;
		if (raw == 0)
			fprintf(out, "%s of %s on %s: %u message%s\n", mailbox->name,
				mailbox->owner, model_node_name(moment->model, mailbox->node),
				mailbox->messages->len, mailbox->messages->len == 1 ? "" : "s");
		for (guint k = 0; k < mailbox->messages->len; k++) {
			const struct mailbox_message *message = mailbox->messages->pdata[k];

			if (raw == 0)
				print_message(out, ++number, message);
			else if (++number == raw)
				fwrite(g_bytes_get_data(message->bytes, NULL), 1,
				       g_bytes_get_size(message->bytes), out);
		}
	}
	if (!is_known) {
		command_complain(
		    "--user: nobody called \"%s\" has a mailbox; mailwire topology lists "
		    "the accounts",
		    user);
		return EXIT_USAGE;
	}
	if (raw > number) {
		command_complain("--raw: there %s %u message%s", number == 1 ? "is only" : "are",
				 number, number == 1 ? "" : "s");
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

/* The bytes of a message go out as they are. */
static int show_mailboxes(const struct moment *moment, const char *user, uint64_t raw)
{
	struct page page;
	unsigned columns = raw > 0 ? 0 : command_columns(STDOUT_FILENO);
	int status = print_mailboxes(moment, page_begin(&page, stdout, columns), user, raw);

	page_end(&page);
	return status == EXIT_OK ? command_flush() : status;
}

int command_mailbox(const struct command *command, int argc, char **argv)
{
	char *at = NULL, *user = NULL, *raw_text = NULL;
	uint64_t raw = 0;
	const GOptionEntry entries[] = {
		{"user", 0, 0, G_OPTION_ARG_STRING, &user, "Whose: alice or alice@office.example",
                 "NAME" },
		{ "at",     0, 0, G_OPTION_ARG_STRING, &at, "The moment", "TIME" },
		{ "raw", 0, 0, G_OPTION_ARG_STRING, &raw_text, "Print message N as its bytes",
                 "N" },
		{ 0}
	};
	const char *file;
	struct moment moment = { 0 };
	int status = command_parse(command, argc, argv, entries, 1, &file);

	if (status < 0 && user == NULL) {
		command_complain("say whose: --user NAME");
		status = EXIT_USAGE;
	}
	if (status < 0 && !command_parse_number("--raw", "messages are numbered from 1", raw_text,
						1, UINT_MAX, &raw))
		status = EXIT_USAGE;
	if (status < 0) {
		status = moment_init(&moment, file, at);
		if (status == EXIT_OK)
			status = show_mailboxes(&moment, user, raw);
		moment_clear(&moment);
	}
	g_free(at);
	g_free(user);
	g_free(raw_text);
	return status;
}
