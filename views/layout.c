#include "views/layout.h"

#include "protocols/layer.h"
#include "sim/time.h"

/* One colour per layer everywhere: the escape sequences of 256-colour terminals. */
void layout_colour(GString *out, bool colour, unsigned layer)
{
	static const char *const colours[LAYER_COUNT] = {
		[LAYER_USER] = "1",
		[LAYER_LINK] = "2",
		[LAYER_ETHERNET] = "38;5;137",
		[LAYER_ARP] = "38;5;172",
		[LAYER_IPV4] = "38;5;35",
		[LAYER_ICMP] = "38;5;168",
		[LAYER_UDP] = "38;5;38",
		[LAYER_TCP] = "38;5;33",
		[LAYER_DNS] = "38;5;72",
		[LAYER_SMTP] = "38;5;134",
		[LAYER_POP3] = "38;5;134",
		[LAYER_IMAP] = "38;5;134",
		[LAYER_MAIL] = "1;38;5;134",
	};

	if (colour && layer < LAYER_COUNT && colours[layer] != NULL)
		g_string_append_printf(out, "\033[%sm", colours[layer]);
}

void layout_plain(GString *out, bool colour)
{
	if (colour)
		layout_append(out, "\033[0m");
}

/* Characters in `length` bytes of UTF-8: the bytes that do not continue one, eight at a time. */
static unsigned characters(const char *text, size_t length)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	unsigned count = (unsigned)length;

	for (; length >= 8; length -= 8, text += 8) {
		uint64_t word;

		memcpy(&word, text, sizeof word);
		count -= (unsigned)((word >> 7 & ~(word >> 6) & ones) * ones >> 56);
	}
	for (; length > 0; length--, text++)
		count -= ((unsigned char)*text & 0xc0) == 0x80;
	return count;
}

/*
 * Columns that the `length` bytes of `text` take on a terminal: characters, but for escape
 * sequences.
 */
static unsigned columns(const char *text, size_t length)
{
	const char *end = text + length;
	unsigned count = 0;

	while (text < end) {
		const char *escape = memchr(text, '\033', (size_t)(end - text));
		const char *stop = escape == NULL ? end : escape;

		count += characters(text, (size_t)(stop - text));
		text = stop;
		if (escape != NULL)
			text = strchr(escape, 'm') + 1;
	}
	return count;
}

static void append_spaces(GString *line, size_t count)
{
	size_t from = line->len;

	g_string_set_size(line, from + count);
	memset(line->str + from, ' ', count);
}

/* `text` in at least `width` columns; plain ASCII. */
static void append_left(GString *line, const char *text, size_t width)
{
	size_t length = strlen(text);

	layout_append_bytes(line, text, (gssize)length);
	if (length < width)
		append_spaces(line, width - length);
}

/* `number` in at least `width` columns, filled up in front with `fill`. */
static void append_right(GString *line, uint64_t number, size_t width, char fill)
{
	char digits[24];
	size_t at = sizeof digits;

	do
		digits[--at] = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	for (size_t length = sizeof digits - at; length < width; length++)
		g_string_append_c(line, fill);
	layout_append_bytes(line, digits + at, (gssize)(sizeof digits - at));
}

void layout_number(GString *line, uint64_t number)
{
	append_right(line, number, 0, ' ');
}

void layout_cut(GString *line, unsigned column)
{
	const char *text = line->str;
	unsigned count = 0;

	if (columns(text, line->len) <= column)
		return;
	while (count < column - 1) {
		if (*text == '\033') {
			text = strchr(text, 'm') + 1;
			continue;
		}
		text = g_utf8_next_char(text);
		count++;
	}
	g_string_truncate(line, (gsize)(text - line->str));
	layout_append(line, "…");
}

void layout_pad(GString *line, size_t from, unsigned column)
{
	unsigned now = columns(line->str + from, line->len - from);

	if (now < column)
		append_spaces(line, column - now);
}

/* "1.004 812 s": seconds with milliseconds and microseconds apart. */
void layout_time(GString *out, int64_t time_ns)
{
	int64_t us = time_ns / NS_PER_US;

	uint64_t rest = (uint64_t)(us < 0 ? -us : us);

	if (us < 0)
		g_string_append_c(out, '-');
	append_right(out, rest / 1000000, us < 0 ? 3 : 4, ' ');
	g_string_append_c(out, '.');
	append_right(out, rest / 1000 % 1000, 3, '0');
	g_string_append_c(out, ' ');
	append_right(out, rest % 1000, 3, '0');
	layout_append(out, " s ");
}

void layout_begin(GString *line, bool colour, const char *action, unsigned layer, const char *name)
{
	append_spaces(line, 2);
	append_left(line, action, 12);
	layout_colour(line, colour, layer);
	append_left(line, name, 9);
}

void layout_change(GString *line, bool colour, char sign, size_t header_bytes)
{
	if (header_bytes > 0) {
		g_string_append_c(line, sign);
		g_string_append_c(line, ' ');
		append_right(line, header_bytes, 2, ' ');
		layout_append(line, " B");
	}
	layout_plain(line, colour);
	layout_pad(line, 0, LAYOUT_TEXT_COLUMN);
}

void layout_size(GString *line, size_t size_bytes)
{
	layout_pad(line, 0, LAYOUT_SIZE_COLUMN - 8);
	append_right(line, size_bytes, 6, ' ');
	layout_append(line, " B");
}
