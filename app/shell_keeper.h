/*
 * What stands above the command of `mailwire shell`: it waits for the command, and ends with it whatever
 * the command has left behind, daemons as well.
 */
#pragma once

#define SHELL_NOT_RUN 126 /* exit status, as of shells: found, but not to be run */
#define SHELL_MISSING 127 /* and not found */

/*
 * Runs `command` (NULL-terminated) in a process below this one, and exits with its status, as shells give
 * it: 128 and the signal's number when one killed it. SIGTERM and SIGHUP, also when its own parent is
 * gone, ask the command to end, and force it to after a second.
 */
_Noreturn void shell_keeper_run(char *const *command);
