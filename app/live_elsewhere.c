/* In place of live mode where it cannot be: interfaces and namespaces are Linux's. */
#include "app/command.h"

static int refuse(const char *what)
{
	command_complain(
	    "%s needs Linux: its interfaces and namespaces (on Windows use WSL, on macOS a "
	    "virtual machine)",
	    what);
	return EXIT_USAGE;
}

int command_live(const struct command *command, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return refuse(command->name);
}

int command_shell(const struct command *command, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return refuse(command->name);
}

int command_extcap(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return refuse("capturing for Wireshark");
}
