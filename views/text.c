#include "views/text.h"

#include "sim/ascii.h"

#define PIECE_BYTES 32 /* copied at once, whatever of it counts: faster than to copy any number */

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
	struct bytes bytes = bytes_of(text);
	char *at = text_room(out, MAX(bytes.length, PIECE_BYTES));

	g_assert(width <= PIECE_BYTES);
	memset(at, ' ', PIECE_BYTES);
	memcpy(at, bytes.data, bytes.length);
	text_grow(out, MAX(bytes.length, width));
}

#define FOUR_DIGITS  10000u /* the first number with more */
#define EIGHT_DIGITS 100000000u
#define ZEROS        UINT64_C(0x3030303030303030) /* "00000000" */

/* The digits of one or two numbers below FOUR_DIGITS, the first in the lowest byte: all divided at once. */
static inline uint64_t digits_of_halves(uint64_t halves)
{
	uint64_t hundreds = (halves * 10486 >> 20) & UINT64_C(0x0000007f0000007f);
	uint64_t quarters = hundreds | (halves - hundreds * 100) << 16;
	uint64_t tens = (quarters * 103 >> 10) & UINT64_C(0x000f000f000f000f);

	return tens | (quarters - tens * 10) << 8;
}

/* The eight last digits of a number below EIGHT_DIGITS as characters, the first in the lowest byte. */
static inline uint64_t last_eight(uint32_t number)
{
	if (number < FOUR_DIGITS) /* most are */
		return digits_of_halves((uint64_t)number << 32) | ZEROS;
	return digits_of_halves(number / FOUR_DIGITS | (uint64_t)(number % FOUR_DIGITS) << 32) |
	       ZEROS;
}

/* Of a number below EIGHT_DIGITS: hardly a jump, nobody could foretell which. */
static inline unsigned count_digits(uint32_t number)
{
	if (number < FOUR_DIGITS)
		return 1u + (number >= 10) + (number >= 100) + (number >= 1000);
	return 5u + (number >= 100000) + (number >= 1000000) + (number >= 10000000);
}

static inline void append_eight(GString *out, uint64_t characters, unsigned count)
{
	characters = GUINT64_TO_LE(characters >> (8 - count) * 8);
	memcpy(text_room(out, sizeof characters), &characters, sizeof characters);
	text_grow(out, count);
}

/* A number with more digits: those in front of the last eight, and these. */
static void append_large(GString *out, uint64_t number, unsigned width)
{
	text_number_right(out, number / EIGHT_DIGITS, width < 8 ? 0 : width - 8);
	append_eight(out, last_eight((uint32_t)(number % EIGHT_DIGITS)), 8);
}

void text_number(GString *out, uint64_t number)
{
	if (number < EIGHT_DIGITS)
		append_eight(out, last_eight((uint32_t)number), count_digits((uint32_t)number));
	else
		append_large(out, number, 0);
}

void text_number_right(GString *out, uint64_t number, unsigned width)
{
	const uint64_t from_zero_to_blank = UINT64_C(0x1010101010101010);
	unsigned count;

	if (number >= EIGHT_DIGITS) {
		append_large(out, number, width);
		return;
	}
	if (width > 8)
		text_spaces(out, width - 8);
	count = count_digits((uint32_t)number);
	append_eight(out,
		     last_eight((uint32_t)number) -
			 (from_zero_to_blank & ((UINT64_C(1) << (8 - count) * 8) - 1)),
		     MAX(count, MIN(width, 8)));
}

void text_microseconds(GString *out, uint32_t us)
{
	uint64_t digits = last_eight(us) >> 16, milliseconds = digits & 0xffffff;

	append_eight(out, '.' | milliseconds << 8 | (uint64_t)' ' << 32 | (digits >> 24) << 40, 8);
}

void text_list(GString *out, const char *const *words)
{
	for (; *words != NULL; words++)
		text_append(out, *words);
}

/* Controls of terminals, and of the direction of writing, that would act on what stands around them. */
static bool is_printable(gunichar character)
{
	switch (g_unichar_type(character)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
		return false;
	default:
		return character != 0x061c && (character < 0x200e || character > 0x200f) &&
		       (character < 0x202a || character > 0x202e) &&
		       (character < 0x2066 || character > 0x2069);
	}
}

/* Valid UTF-8 up to `end`. */
static void append_valid(GString *out, const char *at, const char *end)
{
	while (at < end) {
		const char *next = g_utf8_next_char(at);

		if (*at == '\t')
			g_string_append_c(out, ' ');
		else if (is_printable(g_utf8_get_char(at)))
			g_string_append_len(out, at, next - at);
		else
			g_string_append_c(out, '.');
		at = next;
	}
}

void text_append_printable(GString *out, struct bytes line)
{
	size_t plain = ascii_printable_bytes(line); /* of most lines it is all */

	g_string_append_len(out, (const char *)line.data, (gssize)plain);
	line = bytes_from(line, plain);
	while (line.length > 0) {
		const char *end;

		g_utf8_validate((const char *)line.data, (gssize)line.length, &end);
		append_valid(out, (const char *)line.data, end);
		line = bytes_from(line, (size_t)(end - (const char *)line.data));
		if (line.length > 0)
			g_string_append_c(out, '.');
		line = bytes_from(line, 1);
	}
}

char *text_printable(const char *text)
{
	GString *out = g_string_new(NULL);

	text_append_printable(out, bytes_of(text));
	return g_string_free(out, FALSE);
}

static void append_json_character(GString *out, gunichar character)
{
	switch (character) {
	case '"':
	case '\\':
		g_string_append_c(out, '\\');
		g_string_append_c(out, (char)character);
		return;
	case '\n':
		text_append(out, "\\n");
		return;
	case '<': /* neither an end of the script element nor a comment can be written */
	case '>':
	case '&':
	case 0x7f:
	case 0x2028:
	case 0x2029:
		g_string_append_printf(out, "\\u%04x", character);
		return;
	default:
		if (character < 0x20)
			g_string_append_printf(out, "\\u%04x", character);
		else
			g_string_append_unichar(out, character);
	}
}

void text_json(GString *out, const char *text, size_t length)
{
	const char *end = text + length;

	g_string_append_c(out, '"');
	while (text < end) {
		gunichar character = g_utf8_get_char_validated(text, end - text);

		if (*text == '\0' || character == (gunichar)-1 || character == (gunichar)-2) {
			append_json_character(out, *text == '\0' ? 0 : 0xfffd);
			text++;
		} else {
			append_json_character(out, character);
			text = g_utf8_next_char(text);
		}
	}
	g_string_append_c(out, '"');
}
