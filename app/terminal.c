#include "app/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE_WAIT_US 50000 /* the rest of a key's sequence comes at once */

/* Its own screen, no cursor, lines that are too long are cut; and all that undone. */
static const char enter_text[] = "\033[?1049h\033[?25l\033[?7l\033[H\033[2J";
static const char leave_text[] = "\033[0m\033[?7h\033[?25h\033[?1049l";

/* Signal handlers reach the terminal by these alone. */
static struct termios before, during;
static volatile sig_atomic_t is_entered, must_redraw;

static void write_text(const char *text, size_t length)
{
	if (write(STDOUT_FILENO, text, length) < 0)
		return; /* a terminal that went away; reading will tell */
}

/* Async-signal-safe, as is the next. */
static void enter(void)
{
	tcsetattr(STDIN_FILENO, TCSADRAIN, &during);
	write_text(enter_text, sizeof enter_text - 1);
	is_entered = 1;
}

static void leave(void)
{
	if (!is_entered)
		return;
	is_entered = 0;
	write_text(leave_text, sizeof leave_text - 1);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

static void on_redraw(int number)
{
	(void)number;
	must_redraw = 1;
}

/* Ends, or stops, as the signal would have done without a handler. */
static void on_leave(int number)
{
	struct sigaction usual = { .sa_handler = SIG_DFL }, own;
	int error = errno;
	sigset_t set;

	leave();
	sigaction(number, &usual, &own);
	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigaction(number, &own, NULL); /* continued */
	errno = error;
}

static void on_continue(int number)
{
	int error = errno;

	(void)number;
	enter();
	must_redraw = 1;
	errno = error;
}

static const struct {
	int number;
	void (*handler)(int number);
} handled[] = {
	{SIGINT,    on_leave   },
        { SIGTERM,  on_leave   },
        { SIGHUP,   on_leave   },
	{ SIGQUIT,  on_leave   },
        { SIGABRT,  on_leave   },
        { SIGTSTP,  on_leave   },
	{ SIGCONT,  on_continue},
        { SIGWINCH, on_redraw  },
};

#define HANDLED (sizeof handled / sizeof handled[0])

/* The actions before, to be restored; and the signals that wait until a key is waited for. */
static struct sigaction actions[HANDLED];
static sigset_t mask_before;

static void take_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < HANDLED; i++) {
		struct sigaction action = { .sa_handler = handled[i].handler };

		sigemptyset(&action.sa_mask);
		sigaction(handled[i].number, &action, &actions[i]);
	}
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGCONT);
	sigprocmask(SIG_BLOCK, &set, &mask_before);
}

static void give_signals_back(void)
{
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
	for (size_t i = 0; i < HANDLED; i++)
		sigaction(handled[i].number, &actions[i], NULL);
}

bool terminal_open(void)
{
	const char *kind = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || kind == NULL || *kind == '\0' ||
	    strcmp(kind, "dumb") == 0 || tcgetattr(STDIN_FILENO, &before) != 0)
		return false;
	during = before;
	during.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	during.c_cc[VMIN] = 1;
	during.c_cc[VTIME] = 0;
	take_signals();
	enter();
	return true;
}

void terminal_close(void)
{
	leave();
	give_signals_back();
}

/* Waits for input, `wait` NULL: for ever. 1: there is some, 0: none in time, -1: a signal came. */
static int wait_for_input(const struct timespec *wait)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(STDIN_FILENO, &set);
	return pselect(STDIN_FILENO + 1, &set, NULL, NULL, wait, &mask_before);
}

/* One byte, or KEY_CLOSED. */
static int read_byte(void)
{
	unsigned char byte;

	return read(STDIN_FILENO, &byte, 1) == 1 ? byte : KEY_CLOSED;
}

static int sequence_key(int final, int number)
{
	switch (final) {
	case 'A':
		return KEY_UP;
	case 'B':
		return KEY_DOWN;
	case 'C':
		return KEY_RIGHT;
	case 'D':
		return KEY_LEFT;
	case 'H':
		return KEY_HOME;
	case 'F':
		return KEY_END;
	case '~':
		return number == 1 || number == 7   ? KEY_HOME
		       : number == 4 || number == 8 ? KEY_END
		       : number == 5                ? KEY_PAGE_UP
		       : number == 6                ? KEY_PAGE_DOWN
						    : KEY_OTHER;
	default:
		return KEY_OTHER;
	}
}

/* Behind an escape: "[A" or "OA" is a key, "[5~" too; nothing is the escape key itself. */
static int read_sequence(void)
{
	const struct timespec moment = { .tv_nsec = ESCAPE_WAIT_US * 1000 };
	int byte, number = 0;

	if (wait_for_input(&moment) <= 0)
		return KEY_ESCAPE;
	byte = read_byte();
	if (byte != '[' && byte != 'O')
		return byte == KEY_CLOSED ? KEY_CLOSED : KEY_OTHER;
	do {
		if (wait_for_input(&moment) <= 0)
			return KEY_OTHER;
		byte = read_byte();
		if (byte >= '0' && byte <= '9')
			number = number % 100 * 10 + byte - '0';
	} while ((byte >= '0' && byte <= '9') || byte == ';');
	return byte == KEY_CLOSED ? KEY_CLOSED : sequence_key(byte, number);
}

int terminal_key(void)
{
	int byte;

	while (wait_for_input(NULL) < 0) {
		if (errno != EINTR)
			return KEY_CLOSED;
		if (must_redraw) {
			must_redraw = 0;
			return KEY_REDRAW;
		}
	}
	byte = read_byte();
	switch (byte) {
	case '\033':
		return read_sequence();
	case '\r':
		return KEY_ENTER;
	case '\b':
		return KEY_BACKSPACE;
	case 4: /* ^D */
		return KEY_CLOSED;
	default:
		return byte;
	}
}

void terminal_size(unsigned *columns, unsigned *rows)
{
	struct winsize size = { .ws_col = 0 };

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	*columns = size.ws_col == 0 ? 80 : size.ws_col;
	*rows = size.ws_row == 0 ? 24 : size.ws_row;
}
