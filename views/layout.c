#include "views/layout.h"

#include "protocols/layer.h"
#include "sim/time.h"
#include "views/columns.h"
#include "views/text.h"

#define COLUMNS_MIN   60 /* narrower terminals get lines of this length */
#define MARK_COLUMNS  8  /* " + FCS ▶" behind a size */
#define SIZE_COLUMNS  8  /* "   185 B" */
#define FRAME_COLUMNS 10 /* " frame 123" in front of the last column of sizes */

void layout_init(struct layout *layout, FILE *out, unsigned columns, bool colour)
{
	*layout = (struct layout) {
		.out = out,
		.columns = columns == 0 ? 0 : MAX(columns, COLUMNS_MIN),
		.colour = colour,
		.line = g_string_new(NULL),
		.rest = g_string_new(NULL),
	};
}

void layout_clear(struct layout *layout)
{
	g_string_free(layout->line, TRUE);
	g_string_free(layout->rest, TRUE);
}

/* One colour per layer everywhere: the escape sequences of 256-colour terminals. */
void layout_colour(struct layout *layout, unsigned layer)
{
	static const char *const colours[LAYER_COUNT] = {
		[LAYER_USER] = "1",        [LAYER_LINK] = "2",        [LAYER_ETHERNET] = "38;5;137",
		[LAYER_ARP] = "38;5;172",  [LAYER_IPV4] = "38;5;35",  [LAYER_ICMP] = "38;5;168",
		[LAYER_UDP] = "38;5;38",   [LAYER_TCP] = "38;5;33",   [LAYER_FILTER] = "38;5;160",
		[LAYER_NAT] = "38;5;178",  [LAYER_DNS] = "38;5;72",   [LAYER_SMTP] = "38;5;134",
		[LAYER_POP3] = "38;5;134", [LAYER_IMAP] = "38;5;134", [LAYER_MAIL] = "1;38;5;134",
	};

	if (layer < LAYER_COUNT && colours[layer] != NULL)
		layout_look(layout, colours[layer]);
}

void layout_look(struct layout *layout, const char *look)
{
	if (!layout->colour)
		return;
	text_append(layout->line, "\033[");
	text_append(layout->line, look);
	text_append(layout->line, "m");
}

void layout_plain(struct layout *layout)
{
	layout_look(layout, "0");
}

void layout_pad(struct layout *layout, unsigned column)
{
	columns_pad(layout->line, 0, column);
}

void layout_time(struct layout *layout, int64_t time_ns)
{
	int64_t us = time_ns / NS_PER_US;
	uint64_t magnitude = (uint64_t)(us < 0 ? -us : us);

	if (us < 0)
		text_append(layout->line, "-");
	text_number_right(layout->line, magnitude / 1000000, us < 0 ? 3 : 4, ' ');
	text_append(layout->line, ".");
	text_number_right(layout->line, magnitude / 1000 % 1000, 3, '0');
	text_append(layout->line, " ");
	text_number_right(layout->line, magnitude % 1000, 3, '0');
	text_append(layout->line, " s ");
}

void layout_begin(struct layout *layout, const char *action, unsigned layer, const char *name)
{
	text_append(layout->line, "  ");
	text_left(layout->line, action, 12);
	layout_colour(layout, layer);
	text_left(layout->line, name, 9);
}

void layout_change(struct layout *layout, char sign, size_t header_bytes)
{
	if (header_bytes > 0) {
		text_append_bytes(layout->line, (const char[]) { sign, ' ' }, 2);
		text_number_right(layout->line, header_bytes, 2, ' ');
		text_append(layout->line, " B");
	}
	layout_plain(layout);
	layout_pad(layout, LAYOUT_TEXT_COLUMN);
}

/* Where the sizes end. */
static unsigned size_column(const struct layout *layout)
{
	return layout->columns == 0 ? LAYOUT_SIZE_COLUMN
				    : MIN(layout->columns - MARK_COLUMNS, LAYOUT_SIZE_COLUMN);
}

void layout_size(struct layout *layout, size_t size_bytes)
{
	unsigned column = size_column(layout) - SIZE_COLUMNS;

	if (layout->columns != 0)
		columns_break(layout->line, LAYOUT_TEXT_COLUMN, column, layout->rest);
	layout_pad(layout, column);
	text_number_right(layout->line, size_bytes, 6, ' ');
	text_append(layout->line, " B");
}

void layout_frame(struct layout *layout, uint64_t frame)
{
	unsigned end = size_column(layout), column = end - FRAME_COLUMNS;

	layout_plain(layout);
	if (end < LAYOUT_SIZE_COLUMN &&
	    columns_break(layout->line, LAYOUT_EVENT_COLUMN, column, layout->rest))
		columns_cut(layout->rest, end - LAYOUT_EVENT_COLUMN);
	columns_cut(layout->line, column);
	if (frame == 0)
		return;
	layout_pad(layout, column);
	text_append(layout->line, " frame ");
	text_number(layout->line, frame);
}

void layout_print(struct layout *layout, unsigned indent)
{
	columns_print(layout->out, layout->line, indent, layout->columns);
	g_string_truncate(layout->line, 0);
	if (layout->rest->len == 0)
		return;
	layout_pad(layout, indent);
	text_append_bytes(layout->line, layout->rest->str, layout->rest->len);
	g_string_truncate(layout->rest, 0);
	columns_print(layout->out, layout->line, indent, layout->columns - MARK_COLUMNS);
	g_string_truncate(layout->line, 0);
}
