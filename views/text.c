#include "views/text.h"

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

static unsigned digits_of(uint64_t number)
{
	unsigned count = 1;

	for (; number >= 10000; number /= 10000)
		count += 4;
	return count + (number >= 10) + (number >= 100) + (number >= 1000);
}

/* Writes a number so that it ends at `at`, two digits at a time. */
static void write_digits(char *at, uint64_t number)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";

	for (; number >= 100; number /= 100)
		memcpy(at -= 2, pairs + 2 * (number % 100), 2);
	if (number >= 10)
		memcpy(at - 2, pairs + 2 * number, 2);
	else
		at[-1] = (char)('0' + number);
}

void text_number_right(GString *out, uint64_t number, unsigned width)
{
	unsigned digits = digits_of(number), length = MAX(width, digits);
	char *at = text_room(out, MAX(length, PIECE_BYTES));

	g_assert(width <= PIECE_BYTES);
	memset(at, ' ', PIECE_BYTES);
	write_digits(at + length, number);
	text_grow(out, length);
}

void text_number(GString *out, uint64_t number)
{
	unsigned digits = digits_of(number);

	write_digits(text_room(out, digits) + digits, number);
	text_grow(out, digits);
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

/* How many bytes at the front are printable ASCII: of most lines it is all. */
static size_t plain_bytes(struct bytes line)
{
	size_t length = 0;

	while (length < line.length && line.data[length] >= 0x20 && line.data[length] < 0x7f)
		length++;
	return length;
}

void text_append_printable(GString *out, struct bytes line)
{
	size_t plain = plain_bytes(line);

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
