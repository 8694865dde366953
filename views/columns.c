#include "views/columns.h"

#define WIDTH_MIN 20 /* narrower terminals get lines of this length */

/* The end of the escape sequence at `text`. */
static const char *behind_escape(const char *text)
{
	const char *end = strchr(text, 'm');

	return end == NULL ? text + strlen(text) : end + 1;
}

/* Columns that the character at `text` takes on a terminal. */
static unsigned width_of(const char *text)
{
	gunichar character = g_utf8_get_char(text);

	return g_unichar_iszerowidth(character) ? 0 : g_unichar_iswide(character) ? 2 : 1;
}

unsigned columns_of(const char *text)
{
	unsigned count = 0;

	while (*text != '\0') {
		if (*text == '\033') {
			text = behind_escape(text);
			continue;
		}
		count += width_of(text);
		text = g_utf8_next_char(text);
	}
	return count;
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

void columns_cut(GString *line, unsigned column)
{
	if (columns_of(line->str) <= column)
		return;
	g_string_truncate(line, bytes_within(line->str, column - 1));
	g_string_append(line, "…");
}

void columns_pad(GString *line, size_t from, unsigned column)
{
	unsigned now = columns_of(line->str + from);

	for (; now < column; now++)
		g_string_append_c(line, ' ');
}

bool columns_break(GString *line, unsigned indent, unsigned column, GString *rest)
{
	size_t least, end;

	if (columns_of(line->str) <= column)
		return false;
	least = bytes_within(line->str, indent);
	end = bytes_within(line->str, column);
	while (end > least && line->str[end] != ' ')
		end--;
	if (end <= least)
		end = bytes_within(line->str, column);
	g_string_assign(rest, line->str + end + (line->str[end] == ' '));
	g_string_truncate(line, end);
	return true;
}

void columns_print(FILE *out, GString *text, unsigned indent, unsigned width)
{
	GString *rest = g_string_new(NULL);

	if (width > 0) {
		width = MAX(width, WIDTH_MIN);
		indent = MIN(indent, width * 2 / 3); /* so that each line takes some of the text */
	}
	while (width > 0 && columns_break(text, indent, width, rest)) {
		fprintf(out, "%s\n", text->str);
		g_string_truncate(text, 0);
		columns_pad(text, 0, indent);
		g_string_append(text, rest->str);
	}
	fprintf(out, "%s\n", text->str);
	g_string_free(rest, TRUE);
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
