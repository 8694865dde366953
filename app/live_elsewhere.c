/* In place of live mode where it cannot be: interfaces and namespaces are Linux's. */
#include "app/command.h"

static int refuse(const struct command *command)
{
	command_complain(
	    "%s needs Linux: its interfaces and namespaces (on Windows use WSL, on macOS a "
	    "virtual machine)",
	    command->name);
	return EXIT_USAGE;
}

int command_live(const struct command *command, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return refuse(command);
}

int command_shell(const struct command *command, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return refuse(command);
}
