/*
 * The full-screen stepper without its terminal: where one is in a run, what is shown of it, and what
 * keys do. Everything it shows comes from a history (views/history.h), so back is as cheap as forth.
 */
#pragma once
#include "app/canvas.h"
#include "app/scenario.h"
#include "views/history.h"

/* Keys that are no character. */
enum stepper_key {
	STEPPER_LEFT = 0x110000,
	STEPPER_RIGHT,
	STEPPER_UP,
	STEPPER_DOWN,
	STEPPER_SHIFT_LEFT,
	STEPPER_SHIFT_RIGHT,
	STEPPER_PAGE_UP,
	STEPPER_PAGE_DOWN,
	STEPPER_HOME,
	STEPPER_END,
	STEPPER_ENTER,
	STEPPER_ESCAPE,
	STEPPER_BACKSPACE,
	STEPPER_TAB,
};

struct stepper;

/* At the first step of `history`, which must outlive it; `title` is the scenario's. */
struct stepper *stepper_new(struct history *history, const char *title);
void stepper_free(struct stepper *stepper);

/* A key was pressed: a Unicode character, or one of enum stepper_key. False: the user quits. */
bool stepper_press(struct stepper *stepper, unsigned key);

/* In how many milliseconds stepper_tick() is to be called, as it runs by itself; -1: it does not. */
int stepper_wait_ms(const struct stepper *stepper);
void stepper_tick(struct stepper *stepper);

/* Draws all of it; `canvas` may be of any size. */
void stepper_draw(struct stepper *stepper, struct canvas *canvas);

/*
 * Shows `history` on the terminal of standard input and output until the user quits. False: nothing
 * was done, for these are no terminals that can show it. app/stepper_terminal.c.
 */
bool stepper_on_terminal(struct history *history, const char *title, bool colour);
