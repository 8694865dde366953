/*
 * A terminal that gives single keys and shows full screens. What it was before comes back when it is
 * closed, when a signal ends the program, and while the program is suspended.
 */
#pragma once
#include <stdbool.h>

/* What is pressed: a byte of a character, or one of these. */
enum terminal_key {
	KEY_ENTER = '\n',
	KEY_ESCAPE = 0x1b,
	KEY_BACKSPACE = 0x7f,
	KEY_UP = 0x100,
	KEY_DOWN,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_HOME,
	KEY_END,
	KEY_REDRAW, /* none: the screen is to be drawn again, at a new size perhaps */
	KEY_CLOSED, /* none: there is no more input */
	KEY_OTHER,  /* one that has no name here */
};

/* Takes over the terminal that standard input and output are. False: they are none, or a dumb one. */
bool terminal_open(void);
void terminal_close(void);

/* Waits for a key. */
int terminal_key(void);

void terminal_size(unsigned *columns, unsigned *rows);
