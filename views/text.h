/*
 * Appending to texts without a format: blocks about packets are made of many short pieces, by the
 * million.
 */
#pragma once
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include "sim/bytes.h"
#include "sim/plural.h"

/* Room for `length` bytes at the end of `out`, of which text_grow() says how many were written. */
static inline char *text_room(GString *out, size_t length)
{
	size_t before = out->len;

	if (before + length >= out->allocated_len) {
		g_string_set_size(out, before + length);
		out->len = before;
	}
	return out->str + before;
}

static inline void text_grow(GString *out, size_t length)
{
	out->len += length;
	out->str[out->len] = '\0';
}

static inline void text_empty(GString *out)
{
	out->len = 0;
	out->str[0] = '\0';
}

/* As g_string_append_len() and g_string_append(), but inline. */
static inline void text_append_bytes(GString *out, const char *text, size_t length)
{
	memcpy(text_room(out, length), text, length);
	text_grow(out, length);
}

static inline void text_append(GString *out, const char *text)
{
	text_append_bytes(out, text, strlen(text));
}

/* What is in it, as long as it does not change. */
static inline struct bytes text_bytes(const GString *text)
{
	return (struct bytes) { (const uint8_t *)text->str, text->len };
}

/* A number in decimal, as it is, or in front filled up with spaces to at least `width` columns. */
void text_number(GString *out, uint64_t number);
void text_number_right(GString *out, uint64_t number, unsigned width);

/* Microseconds of a second, with milliseconds apart: ".004 812". */
void text_microseconds(GString *out, uint32_t us);

/* A number between two texts: text_count(out, ", TTL ", 64, ""). Inline: they are constants. */
static inline void text_count(GString *out, const char *before, uint64_t number, const char *behind)
{
	text_append(out, before);
	text_number(out, number);
	if (*behind != '\0')
		text_append(out, behind);
}

/* "2 bytes", "1 byte": a number of things, of which `thing` is one. Inline as well. */
static inline void text_things(GString *out, uint64_t number, const char *thing)
{
	text_number(out, number);
	text_append(out, " ");
	text_append(out, thing);
	text_append(out, plural(number));
}

/* Texts one behind the other: text_words(out, from, " to ", to). */
void text_list(GString *out, const char *const *words); /* ends with NULL */
#define text_words(out, ...) text_list(out, (const char *const[]) { __VA_ARGS__, NULL })

/* `text`, plain ASCII, filled up behind to at least `width` columns, 32 at most. */
void text_left(GString *out, const char *text, size_t width);
void text_spaces(GString *out, size_t count);

/*
 * A line from outside as people read it: a tab is a blank, and a dot stands for what is not UTF-8, for
 * controls of terminals (C0 and C1), and for those that turn the direction of writing (Unicode TR 36).
 */
void text_append_printable(GString *out, struct bytes line);

/* The same of a string. The caller frees the result. */
char *text_printable(const char *text);

/*
 * Appends `text` as a string of JSON (RFC 8259 section 7), quotes included: what is no UTF-8 becomes
 * U+FFFD, and it may stand in a script element of HTML too.
 */
void text_json(GString *out, const char *text, size_t length);
