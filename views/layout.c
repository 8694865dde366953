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
		g_string_append(out, "\033[0m");
}

/* Columns that `text` takes on a terminal: characters, but for escape sequences. */
static unsigned columns(const char *text)
{
	unsigned count = 0;

	while (*text != '\0') {
		if (*text == '\033') {
			text = strchr(text, 'm') + 1;
			continue;
		}
		text = g_utf8_next_char(text);
		count++;
	}
	return count;
}

void layout_cut(GString *line, unsigned column)
{
	const char *text = line->str;
	unsigned count = 0;

	if (columns(text) <= column)
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
	g_string_append(line, "…");
}

void layout_pad(GString *line, size_t from, unsigned column)
{
	unsigned now = columns(line->str + from);

	for (; now < column; now++)
		g_string_append_c(line, ' ');
}

/* "1.004 812 s": seconds with milliseconds and microseconds apart. */
void layout_time(GString *out, int64_t time_ns)
{
	int64_t us = time_ns / NS_PER_US;

	g_string_append_printf(out, "%4" G_GINT64_FORMAT ".%03d %03d s ", us / 1000000,
			       (int)(us / 1000 % 1000), (int)(us % 1000));
}

void layout_begin(GString *line, bool colour, const char *action, unsigned layer, const char *name)
{
	g_string_append_printf(line, "  %-12s", action);
	layout_colour(line, colour, layer);
	g_string_append_printf(line, "%-9s", name);
}

void layout_change(GString *line, bool colour, char sign, size_t header_bytes)
{
	if (header_bytes > 0)
		g_string_append_printf(line, "%c %2zu B", sign, header_bytes);
	layout_plain(line, colour);
	layout_pad(line, 0, LAYOUT_TEXT_COLUMN);
}

void layout_size(GString *line, size_t size_bytes)
{
	layout_pad(line, 0, LAYOUT_SIZE_COLUMN - 8);
	g_string_append_printf(line, "%6zu B", size_bytes);
}
