#include "app/command.h"
int command_shell(const struct command *command, int argc, char **argv)
{
	(void)command; (void)argc; (void)argv;
	return EXIT_USAGE;
}
