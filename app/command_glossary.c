/* mailwire glossary: terms, history and analogies. */
#include <stdio.h>
#include "app/command.h"

int command_glossary(const struct command *command, int argc, char **argv)
{
	(void)command;
	(void)argc;
	(void)argv;
	return EXIT_OK;
}
