/* The lines of the log: colours, columns, and how a line is broken for a narrow terminal. */
#include "protocols/layer.h"
#include "sim/time.h"
#include "views/log_private.h"

#define COLUMNS_MIN 60 /* narrower terminals get lines of this length */

/* One colour per layer everywhere: the escape sequences of 256-colour terminals. */
void log_colour(GString *out, bool colour, unsigned layer)
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

void log_plain(GString *out, bool colour)
{
	if (colour)
		g_string_append(out, "\033[0m");
}

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

/* Columns that `text` takes on a terminal, escape sequences none. */
static unsigned columns(const char *text)
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

void log_cut(GString *line, unsigned column)
{
	if (columns(line->str) <= column)
		return;
	g_string_truncate(line, bytes_within(line->str, column - 1));
	g_string_append(line, "…");
}

void log_pad(GString *line, size_t from, unsigned column)
{
	unsigned now = columns(line->str + from);

	for (; now < column; now++)
		g_string_append_c(line, ' ');
}

bool log_break(GString *line, unsigned indent, unsigned column, GString *rest)
{
	size_t least, end;

	if (columns(line->str) <= column)
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

/* Prints `text` in lines of at most `width` columns, all but the first indented. */
static void print_wrapped(FILE *out, GString *text, unsigned indent, unsigned width)
{
	GString *rest = g_string_new(NULL);

	while (width > 0 && log_break(text, indent, width, rest)) {
		fprintf(out, "%s\n", text->str);
		g_string_truncate(text, 0);
		log_pad(text, 0, indent);
		g_string_append(text, rest->str);
	}
	fprintf(out, "%s\n", text->str);
	g_string_free(rest, TRUE);
}

void log_print_line(struct log *log, unsigned indent)
{
	print_wrapped(log->options.out, log->line, indent, log_width(log));
	g_string_truncate(log->line, 0);
	if (log->rest->len == 0)
		return;
	log_pad(log->line, 0, indent);
	g_string_append(log->line, log->rest->str);
	g_string_truncate(log->rest, 0);
	print_wrapped(log->options.out, log->line, indent, log_width(log) - LOG_MARK_COLUMNS);
	g_string_truncate(log->line, 0);
}

unsigned log_width(const struct log *log)
{
	return log->options.columns == 0 ? 0 : MAX(log->options.columns, COLUMNS_MIN);
}

unsigned log_size_column(const struct log *log)
{
	return log->options.columns == 0 ? LOG_SIZE_COLUMN
					 : MIN(log_width(log) - LOG_MARK_COLUMNS, LOG_SIZE_COLUMN);
}

/* "1.004 812 s": seconds with milliseconds and microseconds apart. */
void log_append_time(GString *out, int64_t time_ns)
{
	int64_t us = time_ns / NS_PER_US;

	g_string_append_printf(out, "%4" G_GINT64_FORMAT ".%03d %03d s ", us / 1000000,
			       (int)(us / 1000 % 1000), (int)(us % 1000));
}
