/* Steps on a full screen: the one at hand at its foot, those before it above; a key leads on. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "app/steps.h"
#include "app/terminal.h"

#define FOOT_ROWS        2 /* where one is, and what the keys do */
#define GUTTER_COLUMNS   2 /* in front of the text: a bar beside the step at hand */
#define PROMPT_BYTES_MAX 200

#define BAR              "\033[1;38;5;33m▌\033[0m "
#define PLAIN_BAR        "▌ "
#define NO_BAR           "  "

static const char keys_line[] =
    "→ next  ← back  n next host  m next mail command  / search  ? help  q quit";

static const char *const help[] = {
	"",
	"A step is one pass of one packet through one node, or something that a",
	"person or a program did. The bar marks the step at hand; those before it",
	"stand above.",
	"",
	"  → ↓ Enter Space    next step",
	"  ← ↑ Backspace b    the step before",
	"  n  N               next step at another host, router or switch; or back",
	"  m  M               next mail command or reply that is sent; or back",
	"  Home  End          first step, last step",
	"  12 Enter           step number 12",
	"  /text Enter        next step that says \"text\"; / Enter: once more",
	"  PgUp PgDn          the rest of a step that is longer than the screen",
	"  q                  quit",
	"",
	"Any key leads back.",
};

struct screen {
	struct steps *steps;
	const struct scenario *scenario;
	bool colour;
	guint index;
	unsigned columns, rows; /* of the terminal */
	unsigned scrolled;      /* lines of the step at hand that are above the screen */
	const char *message;    /* instead of the keys, until the next one; NULL: none */
	GString *prompt;        /* "/text" or a number being typed; empty: none */
	char *searched;         /* what was looked for last */
	bool has_help;
};

static unsigned body_rows(const struct screen *screen)
{
	return screen->rows > FOOT_ROWS ? screen->rows - FOOT_ROWS : 1;
}

/* Cleared in front: behind a row that is full the cursor stands on its last character. */
static void begin_row(GString *out, const char *gutter)
{
	g_string_append_printf(out, "\033[K%s", gutter);
}

static void end_row(GString *out)
{
	g_string_append(out, "\033[0m\r\n");
}

/* A line of a step that is past: its colours give way to dimness. */
static void append_past(GString *out, const struct screen *screen, const char *line)
{
	if (screen->colour)
		g_string_append(out, "\033[2m");
	for (; *line != '\0'; line++) {
		if (*line != '\033')
			g_string_append_c(out, *line);
		else if (strchr(line, 'm') != NULL)
			line = strchr(line, 'm');
	}
}

/* Rows of the steps before the one at hand, as many as there is room for above it. */
static void append_past_rows(GString *out, const struct screen *screen, unsigned room)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	for (guint i = screen->index; i > 0 && lines->len < room; i--) {
		g_auto(GStrv) text = g_strsplit(steps_at(screen->steps, i - 1)->text, "\n", -1);

		g_ptr_array_add(lines, g_strdup(""));
		for (guint line = g_strv_length(text); line > 0; line--)
			g_ptr_array_add(lines, g_strdup(text[line - 1]));
	}
	for (unsigned row = room; row > 0; row--) {
		begin_row(out, NO_BAR);
		if (row <= lines->len)
			append_past(out, screen, lines->pdata[row - 1]);
		end_row(out);
	}
	g_ptr_array_free(lines, TRUE);
}

static void append_body(GString *out, struct screen *screen)
{
	g_auto(GStrv) lines = g_strsplit(steps_at(screen->steps, screen->index)->text, "\n", -1);
	unsigned count = g_strv_length(lines), room = body_rows(screen), shown = count;

	screen->scrolled = count > room ? MIN(screen->scrolled, count - room + 1) : 0;
	if (count > room)
		shown = MIN(room - 1, count - screen->scrolled);
	else
		append_past_rows(out, screen, room - count);
	for (unsigned i = 0; i < shown; i++) {
		begin_row(out, screen->colour ? BAR : PLAIN_BAR);
		g_string_append(out, lines[screen->scrolled + i]);
		end_row(out);
	}
	if (count > room) {
		begin_row(out, NO_BAR);
		g_string_append_printf(out, "… lines %u to %u of %u: PgUp, PgDn",
				       screen->scrolled + 1, screen->scrolled + shown, count);
		end_row(out);
	}
}

static void append_help(GString *out, const struct screen *screen)
{
	for (unsigned row = 0; row < body_rows(screen); row++) {
		begin_row(out, " ");
		if (row < G_N_ELEMENTS(help))
			g_string_append(out, help[row]);
		end_row(out);
	}
}

/* "step 12 of 843   1.000 222 s   mail:eth0   frame 12", and the scenario at the right. */
static void append_status(GString *out, const struct screen *screen)
{
	const struct step *step = steps_at(screen->steps, screen->index);
	int64_t us = step->time_ns / 1000;
	g_autofree char *frame =
	    step->frame == 0 ? g_strdup("") : g_strdup_printf(" │ frame %" PRIu64, step->frame);
	g_autofree char *left =
	    g_strdup_printf(" step %u of %u │ %" PRId64 ".%03d %03d s │ %s%s", screen->index + 1,
			    steps_count(screen->steps), us / 1000000, (int)(us / 1000 % 1000),
			    (int)(us % 1000), step->where, frame);
	const char *title = screen->scenario->title == NULL ? "" : screen->scenario->title;
	glong used = g_utf8_strlen(left, -1), room = (glong)screen->columns - used - 2;

	g_string_append_printf(out, "\033[7m%s", left);
	if (room > g_utf8_strlen(title, -1))
		g_string_append_printf(out, "%*s%s ", (int)(room - g_utf8_strlen(title, -1) + 1),
				       "", title);
	else
		g_string_append_printf(out, "%*s", (int)MAX(room + 2, 0), "");
	g_string_append(out, "\033[0m\r\n");
}

static void append_foot(GString *out, const struct screen *screen)
{
	append_status(out, screen);
	begin_row(out, " ");
	if (screen->prompt->len > 0)
		g_string_append_printf(out, "%s\033[7m \033[0m", screen->prompt->str);
	else
		g_string_append(out, screen->message != NULL ? screen->message : keys_line);
}

static void draw(struct screen *screen)
{
	GString *out = g_string_new("\033[H");

	if (screen->has_help)
		append_help(out, screen);
	else
		append_body(out, screen);
	append_foot(out, screen);
	fwrite(out->str, 1, out->len, stdout);
	fflush(stdout);
	g_string_free(out, TRUE);
}

/* Lines are broken for the width they were recorded for: another one needs other lines. */
static void resize(struct screen *screen)
{
	unsigned columns = screen->columns;

	terminal_size(&screen->columns, &screen->rows);
	if (columns == screen->columns && screen->steps != NULL)
		return;
	steps_free(screen->steps);
	screen->steps =
	    steps_record(screen->scenario, screen->columns - GUTTER_COLUMNS, screen->colour);
}

static void go(struct screen *screen, enum step_way way)
{
	static const char *const nowhere[] = {
		[STEP_NEXT] = "this is the last step",
		[STEP_BACK] = "this is the first step",
		[STEP_NEXT_HOST] = "no step at another host follows",
		[STEP_LAST_HOST] = "no step at another host comes before",
		[STEP_NEXT_UNIT] = "no mail command or reply follows",
		[STEP_LAST_UNIT] = "no mail command or reply comes before",
	};

	screen->scrolled = 0;
	if (!steps_follow(screen->steps, way, &screen->index))
		screen->message = nowhere[way];
}

static void enter_prompt(struct screen *screen)
{
	const char *text = screen->prompt->str;

	screen->scrolled = 0;
	if (*text != '/') {
		if (!steps_parse(screen->steps, text, &screen->index))
			screen->message = "there is no step of that number";
	} else {
		if (text[1] != '\0') {
			g_free(screen->searched);
			screen->searched = g_strdup(text + 1);
		}
		if (screen->searched == NULL ||
		    !steps_search(screen->steps, screen->searched, &screen->index))
			screen->message = "no step says that";
	}
	g_string_truncate(screen->prompt, 0);
}

/* The last character, whatever its bytes. */
static void erase_character(GString *text)
{
	do
		g_string_truncate(text, text->len - 1);
	while (text->len > 0 && !g_utf8_validate(text->str, (gssize)text->len, NULL));
}

static void edit_prompt(struct screen *screen, int key)
{
	if (key == KEY_ENTER)
		enter_prompt(screen);
	else if (key == KEY_ESCAPE)
		g_string_truncate(screen->prompt, 0);
	else if (key == KEY_BACKSPACE)
		erase_character(screen->prompt);
	else if (key >= ' ' && key <= 0xff && screen->prompt->len < PROMPT_BYTES_MAX)
		g_string_append_c(screen->prompt, (char)key);
}

/* False: quit. */
static bool press(struct screen *screen, int key)
{
	switch (key) {
	case KEY_ENTER:
	case ' ':
	case KEY_RIGHT:
	case KEY_DOWN:
		go(screen, STEP_NEXT);
		break;
	case 'b':
	case KEY_BACKSPACE:
	case KEY_LEFT:
	case KEY_UP:
		go(screen, STEP_BACK);
		break;
	case 'n':
		go(screen, STEP_NEXT_HOST);
		break;
	case 'N':
		go(screen, STEP_LAST_HOST);
		break;
	case 'm':
		go(screen, STEP_NEXT_UNIT);
		break;
	case 'M':
		go(screen, STEP_LAST_UNIT);
		break;
	case KEY_HOME:
		screen->index = 0;
		break;
	case KEY_END:
		screen->index = steps_count(screen->steps) - 1;
		break;
	case KEY_PAGE_DOWN:
		screen->scrolled += body_rows(screen) - 1;
		break;
	case KEY_PAGE_UP:
		screen->scrolled -= MIN(screen->scrolled, body_rows(screen) - 1);
		break;
	case '?':
		screen->has_help = true;
		break;
	case 'q':
	case KEY_CLOSED:
		return false;
	default:
		if (key == '/' || (key >= '0' && key <= '9'))
			g_string_append_c(screen->prompt, (char)key);
		else if (key != KEY_ESCAPE)
			screen->message = "that key does nothing; ? tells which do";
		break;
	}
	return true;
}

static bool react(struct screen *screen, int key)
{
	screen->message = NULL;
	if (key == KEY_REDRAW) {
		resize(screen);
		return true;
	}
	if (key == KEY_CLOSED)
		return false;
	if (screen->has_help) {
		screen->has_help = false;
		return true;
	}
	if (screen->prompt->len > 0) {
		edit_prompt(screen, key);
		return true;
	}
	return press(screen, key);
}

bool step_screen(const struct scenario *scenario, bool colour)
{
	struct screen screen = { .scenario = scenario, .colour = colour };

	if (!terminal_open())
		return false;
	screen.prompt = g_string_new(NULL);
	resize(&screen);
	if (steps_count(screen.steps) > 0)
		do
			draw(&screen);
		while (react(&screen, terminal_key()));
	terminal_close();
	if (steps_count(screen.steps) == 0)
		puts("nothing happens in this scenario");
	steps_free(screen.steps);
	g_string_free(screen.prompt, TRUE);
	g_free(screen.searched);
	return true;
}
