/*
 * Text in columns of a terminal: UTF-8, wide characters two columns, escape sequences none; and lines
 * broken at words where they would be longer than the terminal is wide.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

/* Columns that `text` takes. */
unsigned columns_of(const char *text);

/* How far a line that grows was measured: zero at its beginning. */
struct columns_mark {
	size_t bytes;
	unsigned columns;
};

/* Measures what has been appended to `line` since; anew when it was truncated. */
void columns_measure(struct columns_mark *mark, const GString *line);

/* Pads `line`, from its byte `from` on, with spaces to `column`. */
void columns_pad(GString *line, size_t from, unsigned column);

/* Cuts `line` to `column` columns; what is cut off is told by an ellipsis. Looks end with the line. */
void columns_cut(GString *line, unsigned column);

/*
 * Breaks `line` where it is longer than `column`, at a space behind column `indent` if there is one:
 * the rest is assigned to `rest`. `from`: how far it was measured, at most to `indent`; or zero. Both parts
 * have the look (bold, a colour) that the line has there.
 * False: it is not that long.
 */
bool columns_break(GString *line, struct columns_mark from, unsigned indent, unsigned column,
		   GString *rest);

/*
 * Appends `text` and a line end to `page`; where it is longer than `width` columns (0: however long) it
 * goes on below, from column `indent` on, but not in the last third. Leaves the last line in `text`.
 */
void columns_append(GString *page, GString *text, unsigned indent, unsigned width);

/* Prints lines, each no longer than `width` columns; what goes on below stands under its column. */
void columns_print_text(FILE *out, const char *text, unsigned width);
