/* The mailwire command: finds the subcommand and runs it. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "app/command.h"

/* clang-format off */
static const struct command commands[] = {
	{ "run", "FILE [OPTION...]", "Runs a scenario and prints its log.",
	  "mailwire run office --pcap office.pcapng", command_run },
	{ "check", "FILE", "Says ok, or everything that is wrong with a scenario.",
	  "mailwire check scenarios/office.yaml", command_check },
	{ "show", "FILE", "Prints a scenario with every default written out.",
	  "mailwire show hello > hello-in-full.yaml", command_show },
	{ "topology", "FILE [OPTION...]", "Prints nodes, addresses, routes, services and accounts.",
	  "mailwire topology office --svg > office.svg", command_topology },
	{ "state", "FILE --at TIME [OPTION...]", "Prints tables, sockets, queues and mailboxes at a moment.",
	  "mailwire state office --at 2.5s --host mail", command_state },
	{ "mailbox", "FILE --user NAME --at TIME [OPTION...]", "Prints what a user's folders hold at a moment.",
	  "mailwire mailbox office --user bob --at 10s --raw 1", command_mailbox },
	{ "step", "FILE [OPTION...]", "Steps through a run, forwards and backwards.",
	  "mailwire step office", command_step },
	{ "html", "FILE -o PAGE [OPTION...]", "Writes a run as a page to look at in a browser.",
	  "mailwire html office -o office.html", command_html },
	{ "serve", "FILE... [OPTION...]",
	  "Serves scenarios to edit, run and look at in a browser, on this machine alone.",
	  "mailwire serve office", command_serve },
	{ "live", "FILE --attach IFACE=NETWORK [OPTION...]",
	  "Runs a scenario in real time, joined to Linux interfaces.",
	  "mailwire live office --attach tap0=client-lan --pcap office.pcapng", command_live },
	{ "shell", "FILE [OPTION...] [-- COMMAND...]",
	  "A shell, or a command, on a simulated network.",
	  "mailwire shell office -- curl smtp://mail.office.example", command_shell },
	{ "explain", "TRACE [OPTION...]",
	  "Explains a capture, pcap or pcapng, also packed by gzip, packet by packet and layer by "
	  "layer; - reads standard input.",
	  "mailwire explain office.pcapng --filter 'tcp port 25'", command_explain },
	{ "compare", "FILE... [OPTION...]", "Runs scenarios and prints what came of each, side by side.",
	  "mailwire compare two-devices --receive pop3,imap", command_compare },
	{ "claims", "[ID...] [OPTION...]",
	  "Tests what courses say about email, and prints true or false, with evidence.",
	  "mailwire claims T1-15", command_claims },
	{ "glossary", "[TERM]", "Explains terms, history and analogies, and where these break.",
	  "mailwire glossary post-office", command_glossary },
	{ "narrate", "FILE [OPTION...]", "Writes the explanation of a run, from its trace.",
	  "mailwire narrate office -o office.html", command_narrate },
	{ "quiz", "FILE [OPTION...]", "Draws questions from a run, with answers and proofs.",
	  "mailwire quiz office --count 20 --format gift > office.gift", command_quiz },
	{ "list", "", "Lists the scenarios that came with mailwire.",
	  "mailwire list", command_list },
	{ "new", "NAME", "Writes a commented scenario to start from to NAME.yaml.",
	  "mailwire new mine && mailwire run mine.yaml", command_new },
};
/* clang-format on */

static void print_usage(FILE *out)
{
	fputs("mailwire simulates email byte by byte, from the mail client down to Ethernet.\n\n"
	      "Usage: mailwire COMMAND ...\n\n",
	      out);
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		fprintf(out, "  %-10s%s\n", commands[i].name, commands[i].summary);
	fputs("\nmailwire COMMAND --help, or mailwire help COMMAND, tells more of each. A good "
	      "start: mailwire run office\n",
	      out);
}

static int unknown_command(const char *name)
{
	struct suggestion suggestion = { .word = name };

	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		suggest_offer(&suggestion, commands[i].name);
	if (suggestion.best != NULL)
		command_complain("there is no command \"%s\"; did you mean \"%s\"?", name,
				 suggestion.best);
	else
		command_complain("there is no command \"%s\"; mailwire --help lists them", name);
	return EXIT_USAGE;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

static int print_overview(void)
{
	print_usage(stdout);
	return command_flush();
}

/* "mailwire help run" is "mailwire run --help". */
static int help(int argc, char **argv)
{
	const struct command *command = argc > 2 ? find_command(argv[2]) : NULL;
	char *words[] = { argc > 2 ? argv[2] : NULL, (char[]) { "--help" }, NULL };

	if (argc == 2)
		return print_overview();
	if (argc > 3) {
		command_complain("help has an argument too many: say help COMMAND");
		return EXIT_USAGE;
	}
	return command == NULL ? unknown_command(argv[2]) : command->run(command, 2, words);
}

/* Wireshark names no subcommand; every call of its kind has an option that begins with its name. */
static bool is_extcap(int argc, char **argv)
{
	bool is_called = false;

	for (int i = 1; i < argc; i++)
		is_called = is_called || g_str_has_prefix(argv[i], "--extcap-");
	return is_called && g_str_has_prefix(argv[1], "--");
}

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN); /* a reader that goes away is an error of writing, not our end */
	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return print_overview();
	if (strcmp(argv[1], "help") == 0)
		return help(argc, argv);
	if (strcmp(argv[1], "--version") == 0) {
		puts("mailwire " MAILWIRE_VERSION);
		return command_flush();
	}
	if (is_extcap(argc, argv))
		return command_extcap(argc, argv);
	const struct command *command = find_command(argv[1]);

	return command == NULL ? unknown_command(argv[1])
			       : command->run(command, argc - 1, argv + 1);
}
