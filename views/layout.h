/* How lines about packets are laid out on a terminal: columns, colours, times. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LAYOUT_TEXT_COLUMN  30 /* where the description of a header begins */
#define LAYOUT_SIZE_COLUMN  112
#define LAYOUT_FRAME_COLUMN (LAYOUT_SIZE_COLUMN - 10) /* where a title ends with the frame */

/* "   1.004 812 s ": seconds with milliseconds and microseconds apart. */
void layout_time(GString *out, int64_t time_ns);

/* As g_string_append_len() and g_string_append(), but inline: blocks are made of many short texts. */
static inline void layout_append_bytes(GString *line, const char *text, size_t length)
{
	if (line->len + length < line->allocated_len) {
		memcpy(line->str + line->len, text, length);
		line->len += length;
		line->str[line->len] = '\0';
	} else {
		g_string_append_len(line, text, (gssize)length);
	}
}

static inline void layout_append(GString *line, const char *text)
{
	layout_append_bytes(line, text, strlen(text));
}

/* Appends a number; much faster than printing with a format. */
void layout_number(GString *line, uint64_t number);

/* Begins a line: what happens, and in the layer's colour its name. */
void layout_begin(GString *line, bool colour, const char *action, unsigned layer, const char *name);

/* Goes on with how many bytes of header are added ('+'), taken off ('-') or there (' '); 0: none. */
void layout_change(GString *line, bool colour, char sign, size_t header_bytes);

/* Ends a line with a size. */
void layout_size(GString *line, size_t size_bytes);

/* Appends the escape sequence of the layer's colour, or nothing. */
void layout_colour(GString *out, bool colour, unsigned layer);
void layout_plain(GString *out, bool colour);

/* Pads `line` from byte `from` on, which may hold UTF-8 and colours, with spaces to `column`. */
void layout_pad(GString *line, size_t from, unsigned column);

/* Cuts `line` to `column` columns; what is cut off is told by an ellipsis. */
void layout_cut(GString *line, unsigned column);
