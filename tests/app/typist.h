/* Someone who sits at a terminal of 80 by 24 and runs the program on it, under a shell of sorts. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

struct typist {
	int keyboard; /* our side of the terminal */
	int terminal; /* the program's side, for looking at its settings */
	int statuses; /* what waitpid() told the shell, one int each */
	pid_t shell, program;
	GString *screen; /* all that came out since the last typist_type() */
	struct termios before;
};

/* Starts the program with `arguments` (ends with NULL) and TERM set to `kind`. */
void typist_start(struct typist *typist, const char *kind, const char *const *arguments);

/* Types `keys`, after forgetting what came out so far. */
void typist_type(struct typist *typist, const char *keys);

/* Waits until `text` has come out; fails the test when it does not in a while. */
void typist_expect(struct typist *typist, const char *text);

/* Takes in what comes out within this time. False: nothing. */
bool typist_look(struct typist *typist, int wait_ms);

/* Waits until the program has stopped or ended; returns its status as of waitpid(). */
int typist_wait(struct typist *typist);

/* True when the terminal is as it was when the program was started. */
bool typist_has_terminal_back(const struct typist *typist);

/* Makes the terminal this big; the program is told. */
void typist_resize(struct typist *typist, unsigned columns, unsigned rows);

void typist_clear(struct typist *typist);
