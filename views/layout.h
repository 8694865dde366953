/*
 * How lines about packets are laid out, in the log of a run and where captures are explained: columns,
 * colours, times; and how they are broken where the terminal is narrow.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "sim/bytes.h"
#include "views/columns.h"

#define LAYOUT_TEXT_COLUMN  30  /* where the description of a header begins */
#define LAYOUT_EVENT_COLUMN 33  /* where the title of a block and the text of an event begin */
#define LAYOUT_SIZE_COLUMN  112 /* where sizes end, on a terminal that is wide enough */

/*
 * How the line about a header or a command begins, up to LAYOUT_TEXT_COLUMN. Its texts are constants, which
 * are told by their addresses.
 */
struct layout_front {
	const char *action; /* what happens */
	const char *name;   /* of the layer, in its colour */
	unsigned layer;
	char sign; /* how many bytes of header are added ('+'), taken off ('-') or there (' ') */
	size_t header_bytes; /* 0: none */
};

/* One as it was made: few there are, and they come again and again. */
#define LAYOUT_FRONTS      64
#define LAYOUT_FRONT_BYTES 62 /* longer ones are not kept */
struct layout_kept_front {
	struct layout_front front; /* an action of NULL: there is none */
	uint8_t length, columns;
	char text[LAYOUT_FRONT_BYTES];
};

struct layout {
	FILE *out;        /* not closed */
	unsigned columns; /* of a line, longer ones are broken; 0: one line each, however long */
	unsigned width; /* of the terminal: less than `columns` where that is too narrow for them */
	bool colour;    /* one colour per layer */
	GString *line;  /* being made: appended to alone; the layout's own */
	GString *rest;  /* of the line, where it was broken for the size at its end; likewise */
	struct columns_mark mark; /* of the line */
	GString *page;            /* lines that were printed, but not written yet */
	struct layout_kept_front fronts[LAYOUT_FRONTS];
};

/* One colour per layer everywhere: its number among the 256 of terminals; 0: none. */
unsigned layout_layer_colour(unsigned layer);

void layout_init(struct layout *layout, FILE *out, unsigned columns, bool colour);

/* Writes what was printed, then frees what the layout holds. */
void layout_clear(struct layout *layout);

/* "   1.004 812 s ": seconds with milliseconds and microseconds apart. */
void layout_time(struct layout *layout, int64_t time_ns);

/* Begins a line. */
void layout_begin(struct layout *layout, const struct layout_front *front);

/* The columns that the line takes so far. */
unsigned layout_width(struct layout *layout);

/* Ends a line with a size. What is too long for its place goes on below. */
void layout_size(struct layout *layout, size_t size_bytes);

/* Pads a line to where its size begins. False: it may have to be broken, and nothing was done. */
bool layout_pad_to_size(struct layout *layout);

/*
 * Prints a line that is kept as it was then, with another size behind it, as layout_size() and
 * layout_print() would. No other line has been begun.
 */
void layout_print_again(struct layout *layout, const char *text, size_t length, size_t size_bytes);

/*
 * Ends a title with the number of its frame, above the sizes; 0: none. A title too long for its place
 * goes on in the lines below.
 */
void layout_frame(struct layout *layout, uint64_t frame);

/* Appends the escape sequence of the layer's colour, or nothing. */
void layout_colour(struct layout *layout, unsigned layer);

/* Likewise of other looks, until layout_plain(). */
#define LAYOUT_BOLD   "1"
#define LAYOUT_FAINT  "2"
#define LAYOUT_ITALIC "3"
#define LAYOUT_ALARM  "1;31"
void layout_look(struct layout *layout, const char *look);
void layout_plain(struct layout *layout);

/* Pads the line with spaces to `column`. */
void layout_pad(struct layout *layout, unsigned column);

/* Goes on with text; what is all printable ASCII need not be measured later. */
void layout_text(struct layout *layout, struct bytes text);

/* The same of text that is known to be so. */
void layout_ascii(struct layout *layout, struct bytes text);

/* Goes on with `text` in at least so many columns. */
void layout_field(struct layout *layout, const char *text, unsigned columns);

/* The line so far, which is empty then. The caller frees it. */
char *layout_take(struct layout *layout);

/*
 * Prints the line and its rest, and empties them. Where they are longer than they may be they go on
 * below, from column `indent` on. They are written when the page is full, or by layout_flush().
 */
void layout_print(struct layout *layout, unsigned indent);
void layout_print_blank(struct layout *layout);
void layout_flush(struct layout *layout);
