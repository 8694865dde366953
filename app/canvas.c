#include "app/canvas.h"

#include <string.h>

#define ELLIPSIS 0x2026

struct canvas *canvas_new(unsigned columns, unsigned rows)
{
	struct canvas *canvas = g_new0(struct canvas, 1);

	canvas->columns = columns;
	canvas->rows = rows;
	canvas->cells = g_new(struct canvas_cell, (gsize)columns * rows);
	for (gsize i = 0; i < (gsize)columns * rows; i++)
		canvas->cells[i] = (struct canvas_cell) { ' ', CANVAS_NO_LAYER, CANVAS_PLAIN };
	return canvas;
}

void canvas_free(struct canvas *canvas)
{
	if (canvas == NULL)
		return;
	g_free(canvas->cells);
	g_free(canvas);
}

/* The next character of `*text`, made printable; 0: the end. */
static gunichar next_character(const char **text)
{
	gunichar character = g_utf8_get_char_validated(*text, -1);

	if (**text == '\0')
		return 0;
	if (character == (gunichar)-1 || character == (gunichar)-2) {
		++*text;
		return '.';
	}
	*text = g_utf8_next_char(*text);
	if (character == '\t' || character == '\n')
		return ' ';
	if (!g_unichar_isprint(character) || g_unichar_iszerowidth(character))
		return '.';
	return character;
}

static unsigned width_of(gunichar character)
{
	return g_unichar_iswide(character) ? 2 : 1;
}

static unsigned columns_needed(const char *text, unsigned limit)
{
	unsigned columns = 0;
	gunichar character;

	while (columns <= limit && (character = next_character(&text)) != 0)
		columns += width_of(character);
	return columns;
}

static void put(struct canvas *canvas, unsigned row, unsigned column, gunichar character,
		unsigned look, unsigned layer)
{
	*canvas_cell(canvas, row, column) =
	    (struct canvas_cell) { character, (uint8_t)layer, (uint8_t)look };
}

unsigned canvas_write(struct canvas *canvas, unsigned row, unsigned column, unsigned width,
		      unsigned look, unsigned layer, const char *text)
{
	unsigned at = 0;
	bool is_cut;
	gunichar character;

	if (row >= canvas->rows || column >= canvas->columns)
		return 0;
	width = MIN(width, canvas->columns - column);
	is_cut = columns_needed(text, width) > width;
	while ((character = next_character(&text)) != 0) {
		unsigned wide = width_of(character);

		if (at + wide + is_cut > width)
			break;
		put(canvas, row, column + at, character, look, layer);
		if (wide == 2)
			put(canvas, row, column + at + 1, 0, look, layer);
		at += wide;
	}
	if (is_cut && at < width)
		put(canvas, row, column + at++, ELLIPSIS, look, layer);
	return at;
}

void canvas_fill(struct canvas *canvas, unsigned row, unsigned column, unsigned width,
		 gunichar character)
{
	for (unsigned i = column; row < canvas->rows && i < column + width && i < canvas->columns;
	     i++)
		put(canvas, row, i, character, CANVAS_PLAIN, CANVAS_NO_LAYER);
}

void canvas_mark(struct canvas *canvas, unsigned row, unsigned column, unsigned width,
		 unsigned look)
{
	for (unsigned i = column; row < canvas->rows && i < column + width && i < canvas->columns;
	     i++)
		canvas_cell(canvas, row, i)->look |= (uint8_t)look;
}

/* How many bytes of `text` are a line of at most `width` columns. */
static size_t line_bytes(const char *text, unsigned width)
{
	const char *at = text, *space = NULL;
	unsigned columns = 0;

	while (*at != '\0') {
		const char *before = at;
		gunichar character = next_character(&at);

		columns += width_of(character);
		if (columns > width)
			return space != NULL ? (size_t)(space - text)
					     : MAX((size_t)(before - text), 1);
		if (character == ' ')
			space = before;
	}
	return (size_t)(at - text);
}

unsigned canvas_paragraph(struct canvas *canvas, unsigned row, unsigned column, unsigned width,
			  unsigned rows, const char *text, const char *more)
{
	unsigned used = 0;

	while (*text != '\0' && used < rows && width > 0) {
		size_t bytes = line_bytes(text, width);
		bool is_cut = used + 1 == rows && text[bytes] != '\0';
		unsigned room = is_cut && more != NULL
				    ? width - MIN(width, columns_needed(more, width) + 1)
				    : width;
		g_autofree char *line = g_strndup(text, bytes);

		canvas_write(canvas, row + used, column, room, CANVAS_PLAIN, CANVAS_NO_LAYER,
			     is_cut ? text : line);
		if (is_cut && more != NULL)
			canvas_write(canvas, row + used, column + room + 1, width - room,
				     CANVAS_FAINT, CANVAS_NO_LAYER, more);
		text += bytes;
		text += strspn(text, " ");
		used++;
	}
	return used;
}

char *canvas_row(const struct canvas *canvas, unsigned row)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; row < canvas->rows && i < canvas->columns; i++)
		if (canvas_cell(canvas, row, i)->character != 0)
			g_string_append_unichar(text, canvas_cell(canvas, row, i)->character);
	return g_strchomp(g_string_free(text, FALSE));
}
