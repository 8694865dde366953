/*
 * Appending to texts without a format: blocks about packets are made of many short pieces, by the
 * million.
 */
#pragma once
#include <glib.h>
#include <stdint.h>
#include <string.h>

/* As g_string_append_len() and g_string_append(), but inline. */
static inline void text_append_bytes(GString *out, const char *text, size_t length)
{
	if (out->len + length < out->allocated_len) {
		memcpy(out->str + out->len, text, length);
		out->len += length;
		out->str[out->len] = '\0';
	} else {
		g_string_append_len(out, text, (gssize)length);
	}
}

static inline void text_append(GString *out, const char *text)
{
	text_append_bytes(out, text, strlen(text));
}

/* A number in decimal, as it is, or in front filled up with `fill` to at least `width` digits. */
void text_number(GString *out, uint64_t number);
void text_number_right(GString *out, uint64_t number, unsigned width, char fill);

/* `text`, plain ASCII, filled up behind to at least `width` columns. */
void text_left(GString *out, const char *text, size_t width);
void text_spaces(GString *out, size_t count);
