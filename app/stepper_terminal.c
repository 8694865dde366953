/* The stepper on a terminal: ncurses shows the canvas and reads the keys, and nothing else. */
#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "app/stepper.h"
#include "protocols/layer.h"
#include "views/layout.h"

#define ESCAPE_WAIT_MS   50 /* the rest of a key's sequence comes at once */
#define KEY_END_OF_INPUT 4  /* ^D */
#define KEY_REDRAW       12 /* ^L */

/*
 * Signals that end or suspend the program do it from here: the terminal is to be as it was meanwhile.
 * They are taken before ncurses would, and wait until a key is waited for.
 */
static const int taken[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
#define TAKEN (sizeof taken / sizeof taken[0])

static volatile sig_atomic_t signalled; /* by which of them; 0: none */

struct terminal {
	SCREEN *screen;
	struct sigaction before[TAKEN];
	sigset_t mask_before;
	bool colour;
};

static void on_signal(int number)
{
	signalled = number;
}

static void take_signals(struct terminal *terminal)
{
	sigset_t set;

	sigemptyset(&set);
	signalled = 0;
	for (size_t i = 0; i < TAKEN; i++) {
		struct sigaction action = { .sa_handler = on_signal };

		sigemptyset(&action.sa_mask);
		sigaction(taken[i], &action, &terminal->before[i]);
		sigaddset(&set, taken[i]);
	}
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, &terminal->mask_before);
}

static void give_signals_back(const struct terminal *terminal)
{
	for (size_t i = 0; i < TAKEN; i++)
		sigaction(taken[i], &terminal->before[i], NULL);
	sigprocmask(SIG_SETMASK, &terminal->mask_before, NULL);
}

/* The terminal is given back until the program is continued. */
static void suspend(struct terminal *terminal)
{
	endwin();
	give_signals_back(terminal);
	raise(SIGTSTP);
	take_signals(terminal);
	clearok(curscr, TRUE);
	refresh();
}

/* Of 8 colours the one that comes nearest to one of 256. */
static short nearest_colour(unsigned layer)
{
	switch (layer) {
	case LAYER_ETHERNET:
	case LAYER_ARP:
	case LAYER_NAT:
		return COLOR_YELLOW;
	case LAYER_IPV4:
	case LAYER_TLS:
		return COLOR_GREEN;
	case LAYER_TCP:
		return COLOR_BLUE;
	case LAYER_UDP:
	case LAYER_DNS:
		return COLOR_CYAN;
	case LAYER_FILTER:
		return COLOR_RED;
	default:
		return COLOR_MAGENTA;
	}
}

static void take_colours(struct terminal *terminal)
{
	if (!terminal->colour || !has_colors() || start_color() == ERR ||
	    use_default_colors() == ERR) {
		terminal->colour = false;
		return;
	}
	for (unsigned layer = 0; layer < LAYER_COUNT; layer++)
		if (layout_layer_colour(layer) != 0)
			init_pair((short)(layer + 1),
				  COLORS >= 256 ? (short)layout_layer_colour(layer)
						: nearest_colour(layer),
				  -1);
}

/* Characters beyond ASCII need a locale of UTF-8; what the views print is that, whatever the locale. */
static void take_locale(void)
{
	setlocale(LC_CTYPE, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

static bool terminal_open(struct terminal *terminal)
{
	const char *kind = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || kind == NULL || *kind == '\0' ||
	    strcmp(kind, "dumb") == 0)
		return false;
	take_locale();
	take_signals(terminal);
	terminal->screen = newterm(NULL, stdout, stdin);
	if (terminal->screen == NULL) {
		give_signals_back(terminal);
		return false;
	}
	set_escdelay(ESCAPE_WAIT_MS);
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	take_colours(terminal);
	return true;
}

static void terminal_close(struct terminal *terminal)
{
	endwin();
	delscreen(terminal->screen);
	give_signals_back(terminal);
}

static void show_cell(const struct terminal *terminal, unsigned row, unsigned column,
		      const struct canvas_cell *cell)
{
	bool has_colour = terminal->colour && cell->layer != CANVAS_NO_LAYER &&
			  layout_layer_colour(cell->layer) != 0;
	wchar_t text[2] = { (wchar_t)cell->character, L'\0' };
	attr_t look = A_NORMAL;
	cchar_t character;

	look |= cell->look & CANVAS_BOLD ? A_BOLD : A_NORMAL;
	look |= cell->look & CANVAS_REVERSE ? A_REVERSE : A_NORMAL;
	look |= cell->look & CANVAS_FAINT ? A_DIM : A_NORMAL;
	look |= cell->look & CANVAS_UNDERLINE ? A_UNDERLINE : A_NORMAL;
	setcchar(&character, text, look, has_colour ? (short)(cell->layer + 1) : 0, NULL);
	mvadd_wch((int)row, (int)column, &character);
}

static void show(const struct terminal *terminal, struct stepper *stepper)
{
	struct canvas *canvas = canvas_new((unsigned)COLS, (unsigned)LINES);

	stepper_draw(stepper, canvas);
	for (unsigned row = 0; row < canvas->rows; row++)
		for (unsigned column = 0; column < canvas->columns; column++)
			if (canvas_cell(canvas, row, column)->character != 0)
				show_cell(terminal, row, column, canvas_cell(canvas, row, column));
	canvas_free(canvas);
	refresh();
}

static unsigned key_of(wint_t code)
{
	switch (code) {
	case KEY_LEFT:
		return STEPPER_LEFT;
	case KEY_RIGHT:
		return STEPPER_RIGHT;
	case KEY_UP:
		return STEPPER_UP;
	case KEY_DOWN:
		return STEPPER_DOWN;
	case KEY_SLEFT:
		return STEPPER_SHIFT_LEFT;
	case KEY_SRIGHT:
		return STEPPER_SHIFT_RIGHT;
	case KEY_PPAGE:
		return STEPPER_PAGE_UP;
	case KEY_NPAGE:
		return STEPPER_PAGE_DOWN;
	case KEY_HOME:
		return STEPPER_HOME;
	case KEY_END:
		return STEPPER_END;
	case KEY_ENTER:
		return STEPPER_ENTER;
	case KEY_BACKSPACE:
	case KEY_DC:
		return STEPPER_BACKSPACE;
	case KEY_BTAB:
		return STEPPER_TAB;
	default:
		return STEPPER_ESCAPE;
	}
}

static unsigned key_of_character(wint_t character)
{
	switch (character) {
	case '\r':
	case '\n':
		return STEPPER_ENTER;
	case '\t':
		return STEPPER_TAB;
	case '\033':
		return STEPPER_ESCAPE;
	case '\b':
	case 0x7f:
		return STEPPER_BACKSPACE;
	default:
		return character;
	}
}

/* Takes all keys that are there. False: the user quits, or the terminal is gone. */
static bool take_keys(struct stepper *stepper)
{
	wint_t code;
	int kind;

	while ((kind = get_wch(&code)) != ERR) {
		if (kind == KEY_CODE_YES && code == KEY_RESIZE)
			continue;
		if (kind == OK && code == KEY_REDRAW)
			clearok(curscr, TRUE);
		else if ((kind == OK && code == KEY_END_OF_INPUT) ||
			 !stepper_press(stepper, kind == KEY_CODE_YES ? key_of(code)
								      : key_of_character(code)))
			return false;
	}
	return true;
}

/* Waits for a key, a signal, or until the stepper runs on by itself. False: it is over. */
static bool wait_and_take(struct terminal *terminal, struct stepper *stepper)
{
	struct pollfd source = { .fd = STDIN_FILENO, .events = POLLIN };
	int wait_ms = stepper_wait_ms(stepper);
	struct timespec wait = { wait_ms / 1000, wait_ms % 1000 * 1000000L };
	int ready = ppoll(&source, 1, wait_ms < 0 ? NULL : &wait, &terminal->mask_before);

	if (signalled == SIGTSTP)
		suspend(terminal);
	else if (signalled != 0 || (ready < 0 && errno != EINTR))
		return false;
	if (ready > 0 && (source.revents != POLLIN))
		return false; /* the terminal is gone: with POLLIN too, and then nothing can be read */
	if (ready == 0)
		stepper_tick(stepper);
	return take_keys(stepper);
}

bool stepper_on_terminal(struct history *history, const char *title, bool colour)
{
	struct terminal terminal = { .colour = colour };
	struct stepper *stepper;

	if (!terminal_open(&terminal))
		return false;
	stepper = stepper_new(history, title);
	do
		show(&terminal, stepper);
	while (wait_and_take(&terminal, stepper));
	stepper_free(stepper);
	terminal_close(&terminal);
	if (signalled != 0)
		raise(signalled); /* as it would have ended without us */
	return true;
}
