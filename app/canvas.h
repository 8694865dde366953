/*
 * A screen of characters to draw on, without a terminal: what is drawn can be looked at by tests, and
 * is shown on a terminal elsewhere. Nothing but printable characters gets into it.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define CANVAS_NO_LAYER 0xff

enum canvas_look {
	CANVAS_PLAIN = 0,
	CANVAS_BOLD = 1,
	CANVAS_REVERSE = 2,
	CANVAS_FAINT = 4,
	CANVAS_UNDERLINE = 8,
};

struct canvas_cell {
	gunichar character; /* 0: the right half of the wide one before it */
	uint8_t layer;      /* whose colour; CANVAS_NO_LAYER: none */
	uint8_t look;       /* set of enum canvas_look */
};

struct canvas {
	unsigned columns, rows;
	struct canvas_cell *cells; /* by rows */
};

/* Empty: spaces all over. */
struct canvas *canvas_new(unsigned columns, unsigned rows);
void canvas_free(struct canvas *canvas);

static inline struct canvas_cell *canvas_cell(const struct canvas *canvas, unsigned row,
					      unsigned column)
{
	return &canvas->cells[(size_t)row * canvas->columns + column];
}

/*
 * Writes `text` (UTF-8, any bytes) into at most `width` columns from `column` on; where it is longer it
 * ends with an ellipsis. What cannot be printed becomes a dot. Returns the columns that it took.
 */
unsigned canvas_write(struct canvas *canvas, unsigned row, unsigned column, unsigned width,
		      unsigned look, unsigned layer, const char *text);

/* Fills a part of a row with a character. */
void canvas_fill(struct canvas *canvas, unsigned row, unsigned column, unsigned width,
		 gunichar character);

/* Adds a look to a part of a row. */
void canvas_mark(struct canvas *canvas, unsigned row, unsigned column, unsigned width,
		 unsigned look);

/*
 * Writes `text` in lines broken at words into at most `rows` rows; when it is longer, `more` (or an
 * ellipsis, NULL) ends the last. Returns the rows that it took.
 */
unsigned canvas_paragraph(struct canvas *canvas, unsigned row, unsigned column, unsigned width,
			  unsigned rows, const char *text, const char *more);

/* A row as text, without the spaces at its end; to be freed. */
char *canvas_row(const struct canvas *canvas, unsigned row);
