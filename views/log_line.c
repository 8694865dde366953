/* The lines of the log: colours, times, and how a line is broken for a narrow terminal. */
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
		[LAYER_FILTER] = "38;5;160",
		[LAYER_NAT] = "38;5;178",
		[LAYER_DNS] = "38;5;72",
		[LAYER_SMTP] = "38;5;134",
		[LAYER_POP3] = "38;5;134",
		[LAYER_IMAP] = "38;5;134",
		[LAYER_HTTP] = "38;5;134",
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

void log_print_line(struct log *log, unsigned indent)
{
	columns_print(log->options.out, log->line, indent, log_width(log));
	g_string_truncate(log->line, 0);
	if (log->rest->len == 0)
		return;
	columns_pad(log->line, 0, indent);
	g_string_append(log->line, log->rest->str);
	g_string_truncate(log->rest, 0);
	columns_print(log->options.out, log->line, indent, log_width(log) - LOG_MARK_COLUMNS);
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
