#include "views/text.h"

#define PIECE_BYTES  32 /* copied at once, whatever of it counts: faster than to copy any number */
#define NUMBER_BYTES 20 /* digits of the largest number */

void text_spaces(GString *out, size_t count)
{
	for (; count > PIECE_BYTES; count -= PIECE_BYTES) {
		memset(text_room(out, PIECE_BYTES), ' ', PIECE_BYTES);
		text_grow(out, PIECE_BYTES);
	}
	memset(text_room(out, PIECE_BYTES), ' ', PIECE_BYTES);
	text_grow(out, count);
}

void text_left(GString *out, const char *text, size_t width)
{
	size_t length = strlen(text);

	text_append_bytes(out, text, length);
	if (length < width)
		text_spaces(out, width - length);
}

/* Writes a number in decimal so that it ends at `end`; returns where it begins. Two digits at a time. */
static char *write_digits(uint64_t number, char *end)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";

	for (; number >= 100; number /= 100)
		memcpy(end -= 2, pairs + 2 * (number % 100), 2);
	if (number >= 10)
		return memcpy(end - 2, pairs + 2 * number, 2);
	*--end = (char)('0' + number);
	return end;
}

void text_number_right(GString *out, uint64_t number, unsigned width, char fill)
{
	char room[2 * NUMBER_BYTES] = { 0 }, *end = room + NUMBER_BYTES;
	char *first = write_digits(number, end);
	size_t length = (size_t)(end - first), padding = width > length ? width - length : 0;
	char *at = text_room(out, padding + NUMBER_BYTES);

	for (size_t i = 0; i < padding; i++)
		*at++ = fill;
	memcpy(at, first, NUMBER_BYTES); /* a copy of fixed length is faster; only digits count */
	text_grow(out, padding + length);
}

void text_number(GString *out, uint64_t number)
{
	text_number_right(out, number, 0, ' ');
}

void text_list(GString *out, const char *const *words)
{
	for (; *words != NULL; words++)
		text_append(out, *words);
}

void text_count(GString *out, const char *before, uint64_t number, const char *behind)
{
	text_append(out, before);
	text_number(out, number);
	text_append(out, behind);
}
