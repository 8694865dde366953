#include "views/columns.h"

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

/* True when eight bytes are ASCII and no escape sequence begins among them. */
static bool is_simple(const char *text)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word, escapes;

	memcpy(&word, text, sizeof word);
	escapes = word ^ ones * '\033';
	return ((word | ((escapes - ones) & ~escapes)) & ones * 0x80) == 0;
}

static unsigned width_between(const char *text, const char *end)
{
	unsigned count = 0;

	while (text < end) {
		if (end - text >= 8 && is_simple(text)) {
			count += 8;
			text += 8;
		} else if (*text == '\033') {
			text = behind_escape(text);
		} else {
			count += width_of(text);
			text = g_utf8_next_char(text);
		}
	}
	return count;
}

unsigned columns_of(const char *text)
{
	return width_between(text, text + strlen(text));
}

static unsigned width_of_line(const GString *line)
{
	return width_between(line->str, line->str + line->len);
}

/* How many bytes of `text` fit into `limit` columns. */
static size_t bytes_within(const char *text, unsigned limit)
{
	const char *at = text;
	unsigned count = 0;

	while (*at != '\0') {
		if (*at == '\033') {
			at = behind_escape(at);
			continue;
		}
		count += width_of(at);
		if (count > limit)
			break;
		at = g_utf8_next_char(at);
	}
	return (size_t)(at - text);
}

/* The look of the text at byte `end` of `line`: its last escape sequence; NULL: it is plain. */
static char *look_at(const GString *line, size_t end)
{
	const char *escape = g_strrstr_len(line->str, (gssize)end, "\033");

	if (escape == NULL || g_str_has_prefix(escape, PLAIN))
		return NULL;
	return g_strndup(escape, (gsize)(behind_escape(escape) - escape));
}

void columns_cut(GString *line, unsigned column)
{
	char *look;

	if (width_of_line(line) <= column)
		return;
	g_string_truncate(line, bytes_within(line->str, column - 1));
	look = look_at(line, line->len);
	text_append(line, "…");
	text_append(line, look == NULL ? "" : PLAIN);
	g_free(look);
}

void columns_pad(GString *line, size_t from, unsigned column)
{
	unsigned now = width_between(line->str + from, line->str + line->len);

	if (now < column)
		text_spaces(line, column - now);
}

bool columns_break(GString *line, unsigned indent, unsigned column, GString *rest)
{
	size_t least, end;
	char *look;

	if (width_of_line(line) <= column)
		return false;
	least = bytes_within(line->str, indent);
	end = bytes_within(line->str, column);
	while (end > least && line->str[end] != ' ')
		end--;
	if (end <= least)
		end = bytes_within(line->str, column);
	look = look_at(line, end);
	g_string_assign(rest, look == NULL ? "" : look);
	text_append(rest, line->str + end + (line->str[end] == ' '));
	g_string_truncate(line, end);
	text_append(line, look == NULL ? "" : PLAIN);
	g_free(look);
	return true;
}

static void print_line(FILE *out, GString *line)
{
	g_string_append_c(line, '\n');
	fwrite(line->str, 1, line->len, out);
	g_string_truncate(line, line->len - 1);
}

static void print_broken(FILE *out, GString *text, unsigned indent, unsigned width)
{
	GString *rest = g_string_new(NULL);

	while (columns_break(text, indent, width, rest)) {
		print_line(out, text);
		g_string_truncate(text, 0);
		columns_pad(text, 0, indent);
		text_append(text, rest->str);
	}
	g_string_free(rest, TRUE);
}

void columns_print(FILE *out, GString *text, unsigned indent, unsigned width)
{
	width = width == 0 ? 0 : MAX(width, WIDTH_MIN);
	if (width > 0 && text->len > width) /* no character has more columns than bytes */
		print_broken(out, text, MIN(indent, width * 2 / 3), width);
	print_line(out, text);
}

/*
 * Where a line that is too long goes on: behind the last gap of two spaces or more in its first half,
 * which is where its last column begins; else four columns behind its own beginning.
 */
static unsigned hang(const char *line, unsigned width)
{
	size_t end = bytes_within(line, width / 2), own = strspn(line, " "), found = 0;

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
	GString *line = g_string_new(NULL);
	const char *end;

	for (; (end = strchr(text, '\n')) != NULL; text = end + 1) {
		g_string_append_len(line, text, end - text);
		columns_print(out, line, hang(line->str, width), width);
		g_string_truncate(line, 0);
	}
	fputs(text, out);
	g_string_free(line, TRUE);
}
