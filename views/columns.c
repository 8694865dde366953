#include "views/columns.h"

#include "sim/bytes.h"
#include "views/text.h"

#define WIDTH_MIN 20 /* narrower terminals get lines of this length */

#define PLAIN     "\033[0m"

/* The end of the escape sequence at `text`. */
static const char *behind_escape(const char *text)
{
	const char *end = strchr(text, 'm');

	return end == NULL ? text + strlen(text) : end + 1;
}

/* Columns that the character at `text` takes on a terminal. */
static unsigned width_of(const char *text)
{
	unsigned char first = (unsigned char)text[0], second = (unsigned char)text[1];

	/* Up to U+02FF, and arrows: these are frequent, and looking them up takes long. */
	if (first < 0xcc || (first == 0xe2 && (second == 0x86 || second == 0x87)))
		return 1;
	gunichar character = g_utf8_get_char(text);

	return g_unichar_iszerowidth(character) ? 0 : g_unichar_iswide(character) ? 2 : 1;
}

/* How many of eight bytes are ASCII, up to the first other or the begin of an escape sequence. */
static unsigned simple_bytes(const char *text)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word, escapes, others;

	memcpy(&word, text, sizeof word);
	word = GUINT64_FROM_LE(word);
	escapes = word ^ ones * '\033';
	others = (word | ((escapes - ones) & ~escapes)) & ones * 0x80;
	return others == 0 ? 8 : (unsigned)__builtin_ctzll(others) / 8;
}

/* Bytes that are looked at together. */
#define RUN_BYTES 16
typedef int8_t run __attribute__((vector_size(RUN_BYTES)));

static run run_of(const char *text)
{
	run bytes;

	memcpy(&bytes, text, sizeof bytes);
	return bytes;
}

static bool is_nowhere(run mask)
{
	uint64_t words[2];

	memcpy(words, &mask, sizeof words);
	return (words[0] | words[1]) == 0;
}

/* In how many bytes of it a mask of ones is set. */
static unsigned places(run mask)
{
	uint64_t words[2];

	mask &= 1;
	memcpy(words, &mask, sizeof words);
	return (unsigned)((words[0] + words[1]) * UINT64_C(0x0101010101010101) >> 56);
}

/* True when these bytes are ASCII without an escape sequence, as almost all are. */
static inline bool is_plain(run bytes)
{
	const run zero = { 0 };

	return is_nowhere((run)(bytes < zero) | (run)(bytes == zero + '\033'));
}

/*
 * Of some bytes at `text` that are not plain, RUN_BYTES with zeros in place of those that do not count, and a
 * byte behind them, the columns of the characters that begin there; -1: to be looked up.
 */
static int columns_of_run(const char *text, run bytes)
{
	enum { BEYOND = 0xcc - 0x100, ARROW = 0xe2 - 0x100, ARROWS = 0x86 - 0x100 };
	const run zero = { 0 };
	run arrows = (run)(bytes == zero + ARROW) & (run)((run_of(text + 1) & ~1) == zero + ARROWS);
	run others = (run)(bytes < zero) & (run)(bytes >= zero + BEYOND) & ~arrows;

	if (!is_nowhere(others | (run)(bytes == zero + '\033')))
		return -1;
	return RUN_BYTES - (int)places((run)(bytes < zero + (0xc0 - 0x100)));
}

/* The columns of the next RUN_BYTES; -1: to be looked up. */
static inline int columns_of_next(const char *text)
{
	run bytes = run_of(text);

	return is_plain(bytes) ? RUN_BYTES : columns_of_run(text, bytes);
}

/* The same of the last `length` bytes in front of `end`, fewer; of the text that begins at `front`. */
static inline int columns_of_last(const char *front, const char *end, size_t length)
{
	static const run place = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	const run zero = { 0 };
	int others = RUN_BYTES - (int)length, columns = RUN_BYTES;
	char copy[RUN_BYTES + 1] = { 0 };

	if (end - front < RUN_BYTES) {
		memcpy(copy + others, end - length, length);
		end = copy + RUN_BYTES;
	}
	const char *text = end - RUN_BYTES;
	run bytes = run_of(text) & (run)(place >= zero + (int8_t)others);

	if (!is_plain(bytes))
		columns = columns_of_run(text, bytes);
	return columns < 0 ? -1 : columns - others;
}

/*
 * Passes by a character, or an escape sequence; returns its columns. None are those of a character's later
 * bytes.
 */
static unsigned pass(const char **text)
{
	unsigned columns = 0;

	if (**text == '\033') {
		*text = behind_escape(*text);
	} else if ((**text & 0xc0) == 0x80) {
		++*text;
	} else {
		columns = width_of(*text);
		*text = g_utf8_next_char(*text);
	}
	return columns;
}

/* The columns of what is between `text` and `end`, where a NUL stands; `front` is where all of it begins. */
static unsigned width_between(const char *front, const char *text, const char *end)
{
	unsigned count = 0, simple;

	while (text < end) {
		size_t length = MIN((size_t)(end - text), RUN_BYTES);
		int columns = length == RUN_BYTES ? columns_of_next(text)
						  : columns_of_last(front, end, length);

		if (columns >= 0) {
			count += (unsigned)columns;
			text += length;
			continue;
		}
		simple = length >= 8 ? simple_bytes(text) : 0;
		text += simple;
		count += simple;
		if (simple < 8)
			count += pass(&text);
	}
	return count;
}

void columns_measure(struct columns_mark *mark, const GString *line)
{
	if (line->len == mark->bytes)
		return;
	if (line->len < mark->bytes)
		*mark = (struct columns_mark) { 0 };
	mark->columns += width_between(line->str, line->str + mark->bytes, line->str + line->len);
	mark->bytes = line->len;
}

unsigned columns_of(const char *text)
{
	return width_between(text, text, text + strlen(text));
}

static unsigned width_of_line(const GString *line)
{
	return width_between(line->str, line->str, line->str + line->len);
}

/* How many bytes of `text` fit into `limit` columns. */
static size_t bytes_within(const char *text, const char *end, unsigned limit)
{
	const char *at = text, *before;
	unsigned count = 0;

	while (at < end) {
		int columns = -1;

		if (end - at >= RUN_BYTES && is_plain(run_of(at))) {
			unsigned step = MIN(limit - count, RUN_BYTES);

			if (step == 0)
				break;
			count += step;
			at += step;
			continue;
		}
		if (end - at >= RUN_BYTES && count + RUN_BYTES <= limit)
			columns = columns_of_next(at);
		if (columns >= 0) {
			count += (unsigned)columns;
			at += RUN_BYTES;
			continue;
		}
		before = at;
		count += pass(&at);
		if (count > limit)
			return (size_t)(before - text);
	}
	return (size_t)(MIN(at, end) - text);
}

/* The look of the text at byte `end` of `line`: its last escape sequence; NULL: it is plain. */
static char *look_at(const GString *line, size_t end)
{
	const char *escape = memrchr(line->str, '\033', end);

	if (escape == NULL || g_str_has_prefix(escape, PLAIN))
		return NULL;
	return g_strndup(escape, (gsize)(behind_escape(escape) - escape));
}

void columns_cut(GString *line, unsigned column)
{
	char *look;

	if (width_of_line(line) <= column)
		return;
	g_string_truncate(line, bytes_within(line->str, line->str + line->len, column - 1));
	look = look_at(line, line->len);
	text_append(line, "…");
	text_append(line, look == NULL ? "" : PLAIN);
	g_free(look);
}

void columns_pad(GString *line, size_t from, unsigned column)
{
	unsigned now = width_between(line->str, line->str + from, line->str + line->len);

	if (now < column)
		text_spaces(line, column - now);
}

/*
 * How many bytes of `text` make a line of `columns`, which ends at a space behind its first `least`
 * columns where there is one; 0: all of it fits.
 */
static size_t break_at(const char *text, const char *text_end, unsigned least, unsigned columns)
{
	size_t end = bytes_within(text, text_end, columns), space = end, least_bytes;

	if (text + end == text_end)
		return 0;
	least_bytes = bytes_within(text, text_end, least);
	if (text[space] != ' ') {
		const char *last = memrchr(text, ' ', space);

		space = last == NULL ? 0 : (size_t)(last - text);
	}
	return space > least_bytes ? space : end;
}

bool columns_break(GString *line, struct columns_mark from, unsigned indent, unsigned column,
		   GString *rest)
{
	size_t end = break_at(line->str + from.bytes, line->str + line->len, indent - from.columns,
			      column - from.columns);
	char *look;

	if (end == 0)
		return false;
	end += from.bytes;
	look = look_at(line, end);
	text_empty(rest);
	text_append(rest, look == NULL ? "" : look);
	text_append(rest, line->str + end + (line->str[end] == ' '));
	line->len = end;
	text_append(line, look == NULL ? "" : PLAIN);
	g_free(look);
	return true;
}

static void append_line(GString *page, const GString *line)
{
	text_append_bytes(page, line->str, line->len);
	text_append(page, "\n");
}

/* The look behind `length` bytes of `line`, which begins with `look`; no bytes: it is plain. */
static struct bytes look_behind(const char *line, size_t length, struct bytes look)
{
	const char *escape = memrchr(line, '\033', length);

	if (escape == NULL)
		return look;
	if (g_str_has_prefix(escape, PLAIN))
		return (struct bytes) { NULL, 0 };
	return (struct bytes) { (const uint8_t *)escape, (size_t)(behind_escape(escape) - escape) };
}

/* Every byte is looked at a few times only, however long the text is. */
static void append_broken(GString *page, const GString *text, unsigned indent, unsigned width)
{
	const char *at = text->str, *end = text->str + text->len;
	struct bytes look = { NULL, 0 };
	unsigned least = indent, columns = width;
	size_t length;

	while ((length = break_at(at, end, least, columns)) > 0) {
		text_append_bytes(page, at, length);
		look = look_behind(at, length, look);
		text_append(page, look.length == 0 ? "\n" : PLAIN "\n");
		at += length + (at[length] == ' ');
		text_spaces(page, indent);
		if (look.length > 0)
			text_append_bytes(page, (const char *)look.data, look.length);
		least = 0;
		columns = width - indent;
	}
	text_append(page, at);
	text_append(page, "\n");
}

void columns_append(GString *page, GString *text, unsigned indent, unsigned width)
{
	width = width == 0 ? 0 : MAX(width, WIDTH_MIN);
	if (width > 0 && text->len > width) /* no character has more columns than bytes */
		append_broken(page, text, MIN(indent, width * 2 / 3), width);
	else
		append_line(page, text);
}

/*
 * Where a line that is too long goes on: behind the last gap of two spaces or more in its first half,
 * which is where its last column begins; else four columns behind its own beginning.
 */
static unsigned hang(const char *line, unsigned width)
{
	size_t end = bytes_within(line, line + strlen(line), width / 2), own = strspn(line, " "),
	       found = 0;

	for (size_t i = own; i + 2 < end; i++)
		if (line[i] == ' ' && line[i + 1] == ' ' && line[i + 2] != ' ')
			found = i + 2;
	if (found == 0)
		return (unsigned)own + 4;
	char *before = g_strndup(line, found);
	unsigned column = columns_of(before);

	g_free(before);
	return column;
}

void columns_print_text(FILE *out, const char *text, unsigned width)
{
	GString *line = g_string_new(NULL), *page = g_string_new(NULL);
	const char *end;

	for (; (end = strchr(text, '\n')) != NULL; text = end + 1) {
		g_string_append_len(line, text, end - text);
		columns_append(page, line, hang(line->str, width), width);
		g_string_truncate(line, 0);
	}
	fwrite(page->str, 1, page->len, out);
	fputs(text, out);
	g_string_free(line, TRUE);
	g_string_free(page, TRUE);
}
