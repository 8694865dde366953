#include "views/layout.h"

#include "protocols/layer.h"
#include "sim/ascii.h"
#include "sim/time.h"
#include "views/text.h"

#define COLUMNS_MIN   60 /* lines are laid out for no less; narrower terminals break them again */
#define MARK_COLUMNS  8  /* " + FCS ▶" behind a size */
#define SIZE_COLUMNS  8  /* "   185 B" */
#define PAGE_BYTES    (1u << 15)
#define FRAME_COLUMNS 10 /* " frame 123" in front of the last column of sizes */

void layout_init(struct layout *layout, FILE *out, unsigned columns, bool colour)
{
	*layout = (struct layout) {
		.out = out,
		.columns = columns == 0 ? 0 : MAX(columns, COLUMNS_MIN),
		.width = columns,
		.colour = colour,
		.line = g_string_new(NULL),
		.rest = g_string_new(NULL),
		.page = g_string_sized_new(2 * PAGE_BYTES),
	};
}

void layout_clear(struct layout *layout)
{
	layout_flush(layout);
	g_string_free(layout->page, TRUE);
	g_string_free(layout->line, TRUE);
	g_string_free(layout->rest, TRUE);
}

unsigned layout_layer_colour(unsigned layer)
{
	static const uint8_t colours[LAYER_COUNT] = {
		[LAYER_ETHERNET] = 137, [LAYER_ARP] = 172,    [LAYER_IPV4] = 35,
		[LAYER_ICMP] = 168,     [LAYER_UDP] = 38,     [LAYER_TCP] = 33,
		[LAYER_FILTER] = 160,   [LAYER_NAT] = 178,    [LAYER_DNS] = 72,
		[LAYER_SMTP] = 134,     [LAYER_POP3] = 134,   [LAYER_IMAP] = 134,
		[LAYER_HTTP] = 134,     [LAYER_TAMPER] = 160, [LAYER_TLS] = 28,
		[LAYER_MAIL] = 134,
	};

	return layer < LAYER_COUNT ? colours[layer] : 0;
}

void layout_colour(struct layout *layout, unsigned layer)
{
	unsigned colour = layout_layer_colour(layer);
	char look[sizeof "1;38;5;255"];

	if (!layout->colour)
		return;
	if (layer == LAYER_USER || layer == LAYER_LINK) {
		layout_look(layout, layer == LAYER_USER ? "1" : "2");
	} else if (colour != 0) {
		g_snprintf(look, sizeof look, "%s38;5;%u",
			   layer == LAYER_MAIL || layer == LAYER_TAMPER ? "1;" : "", colour);
		layout_look(layout, look);
	}
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

/* What was appended last takes `columns`: it need not be measured. */
static void skip(struct layout *layout, unsigned columns)
{
	layout->mark.columns += columns;
	layout->mark.bytes = layout->line->len;
}

unsigned layout_width(struct layout *layout)
{
	columns_measure(&layout->mark, layout->line);
	return layout->mark.columns;
}

void layout_pad(struct layout *layout, unsigned column)
{
	unsigned now = layout_width(layout);

	if (now >= column)
		return;
	text_spaces(layout->line, column - now);
	skip(layout, column - now);
}

void layout_ascii(struct layout *layout, struct bytes text)
{
	bool is_measured = layout->mark.bytes == layout->line->len;

	text_append_bytes(layout->line, (const char *)text.data, text.length);
	if (is_measured)
		skip(layout, (unsigned)text.length);
}

void layout_text(struct layout *layout, struct bytes text)
{
	if (ascii_printable_bytes(text) == text.length)
		layout_ascii(layout, text);
	else
		text_append_bytes(layout->line, (const char *)text.data, text.length);
}

void layout_field(struct layout *layout, const char *text, unsigned columns)
{
	unsigned column = layout_width(layout) + columns;

	layout_text(layout, bytes_of(text));
	layout_pad(layout, column);
}

void layout_time(struct layout *layout, int64_t time_ns)
{
	int64_t us = time_ns / NS_PER_US;
	size_t from = layout->line->len;
	uint64_t magnitude = (uint64_t)(us < 0 ? -us : us);

	if (us < 0)
		text_append(layout->line, "-");
	text_number_right(layout->line, magnitude / 1000000, us < 0 ? 3 : 4);
	text_microseconds(layout->line, (uint32_t)(magnitude % 1000000));
	text_append(layout->line, " s ");
	skip(layout, (unsigned)(layout->line->len - from));
}

static void append_change(struct layout *layout, char sign, size_t header_bytes)
{
	size_t from = layout->line->len;

	if (header_bytes > 0) {
		text_append_bytes(layout->line, &sign, 1);
		text_number_right(layout->line, header_bytes, 3);
		text_append(layout->line, " B");
	}
	skip(layout, (unsigned)(layout->line->len - from));
}

static void make_front(struct layout *layout, const struct layout_front *front)
{
	GString *line = layout->line;
	size_t from = line->len, before_name;

	text_append(line, "  ");
	text_left(line, front->action, 12);
	skip(layout, (unsigned)(line->len - from));
	layout_colour(layout, front->layer);
	before_name = line->len;
	text_left(line, front->name, 9);
	skip(layout, (unsigned)(line->len - before_name));
	append_change(layout, front->sign, front->header_bytes);
	layout_plain(layout);
	if (layout_width(layout) >= LAYOUT_TEXT_COLUMN)
		text_append(layout->line, " ");
	layout_pad(layout, LAYOUT_TEXT_COLUMN);
}

static bool is_same_front(const struct layout_front *a, const struct layout_front *b)
{
	return a->action == b->action && a->name == b->name && a->layer == b->layer &&
	       a->sign == b->sign && a->header_bytes == b->header_bytes;
}

/* Keeps what is in the line. */
static void keep_front(struct layout *layout, const struct layout_front *front,
		       struct layout_kept_front *kept)
{
	const GString *line = layout->line;

	if (line->len > sizeof kept->text)
		return;
	*kept = (struct layout_kept_front) {
		.front = *front,
		.length = (uint8_t)line->len,
		.columns = (uint8_t)layout_width(layout),
	};
	memcpy(kept->text, line->str, line->len);
}

void layout_begin(struct layout *layout, const struct layout_front *front)
{
	size_t place = front->header_bytes + (uint8_t)front->name[0] + (uint8_t)front->sign;
	struct layout_kept_front *kept = &layout->fronts[place % LAYOUT_FRONTS];

	g_assert(layout->line->len == 0);
	if (is_same_front(&kept->front, front)) {
		text_append_bytes(layout->line, kept->text, kept->length);
		skip(layout, kept->columns);
	} else {
		make_front(layout, front);
		keep_front(layout, front, kept);
	}
}

/* Where the sizes end. */
static unsigned size_column(const struct layout *layout)
{
	return layout->columns == 0 ? LAYOUT_SIZE_COLUMN
				    : MIN(layout->columns - MARK_COLUMNS, LAYOUT_SIZE_COLUMN);
}

/* Breaks the line where it is longer than `column`. */
static void break_line(struct layout *layout, unsigned indent, unsigned column)
{
	struct columns_mark *mark = &layout->mark;

	if (mark->columns + layout->line->len - mark->bytes <= column)
		return; /* no character has more columns than bytes */
	if (mark->columns > indent)
		*mark = (struct columns_mark) { 0 };
	columns_break(layout->line, *mark, indent, column, layout->rest);
}

static void append_size(GString *out, size_t size_bytes)
{
	text_number_right(out, size_bytes, SIZE_COLUMNS - 2);
	text_append(out, " B");
}

void layout_size(struct layout *layout, size_t size_bytes)
{
	unsigned column = size_column(layout) - SIZE_COLUMNS;

	if (layout->columns != 0)
		break_line(layout, LAYOUT_TEXT_COLUMN, column);
	layout_pad(layout, column);
	append_size(layout->line, size_bytes);
}

bool layout_pad_to_size(struct layout *layout)
{
	unsigned column = size_column(layout) - SIZE_COLUMNS;

	if (layout->columns != 0 &&
	    (layout->columns != layout->width || layout_width(layout) > column))
		return false;
	layout_pad(layout, column);
	return true;
}

void layout_frame(struct layout *layout, uint64_t frame)
{
	unsigned end = size_column(layout), column = end - FRAME_COLUMNS;

	layout_plain(layout);
	break_line(layout, LAYOUT_EVENT_COLUMN, column);
	if (frame == 0)
		return;
	layout_pad(layout, column);
	text_append(layout->line, " frame ");
	text_number(layout->line, frame);
}

/* Once it is full. */
static void flush_page(struct layout *layout)
{
	if (layout->page->len >= PAGE_BYTES)
		layout_flush(layout);
}

static void print(struct layout *layout, unsigned indent, unsigned columns)
{
	columns_append(layout->page, layout->line, indent, columns);
	text_empty(layout->line);
	layout->mark = (struct columns_mark) { 0 };
	flush_page(layout);
}

char *layout_take(struct layout *layout)
{
	char *line;

	layout_plain(layout);
	line = g_strndup(layout->line->str, layout->line->len);
	text_empty(layout->line);
	layout->mark = (struct columns_mark) { 0 };
	return line;
}

void layout_print(struct layout *layout, unsigned indent)
{
	print(layout, indent, layout->width);
	if (layout->rest->len == 0)
		return;
	layout_pad(layout, indent);
	text_append_bytes(layout->line, layout->rest->str, layout->rest->len);
	text_empty(layout->rest);
	print(layout, indent, MIN(layout->width, layout->columns - MARK_COLUMNS));
}

void layout_print_again(struct layout *layout, const char *text, size_t length, size_t size_bytes)
{
	text_append_bytes(layout->page, text, length);
	append_size(layout->page, size_bytes);
	text_append(layout->page, "\n");
	flush_page(layout);
}

void layout_print_blank(struct layout *layout)
{
	text_append(layout->page, "\n");
}

void layout_flush(struct layout *layout)
{
	fwrite(layout->page->str, 1, layout->page->len, layout->out);
	text_empty(layout->page);
}
