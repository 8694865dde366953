/* One packet in full: every field of every layer, and its bytes. */
#include "sim/ascii.h"
#include "sim/time.h"
#include "views/explain_private.h"
#include "views/sentence.h"
#include "views/text.h"

#define ABOUT_COLUMN   13 /* where it says what is known of the frame */
#define NAME_COLUMN    14 /* where names of fields begin */
#define VALUE_COLUMN   51
#define PURPOSE_COLUMN 81
#define WIDTH_MIN      122 /* on narrower terminals purposes have lines of their own */
#define HEX_ROW_BYTES  16

static void begin_heading(struct explain *explain, const char *name)
{
	layout_print_blank(&explain->layout);
	layout_look(&explain->layout, LAYOUT_BOLD);
	text_append(explain->layout.line, name);
	layout_plain(&explain->layout);
}

static void print_line(struct explain *explain, unsigned indent)
{
	layout_print(&explain->layout, indent);
}

static void print_heading(struct explain *explain, const char *name, uint32_t start,
			  uint32_t length, const char *purpose)
{
	GString *line = explain->layout.line;

	begin_heading(explain, name);
	if (length == 0)
		g_string_append_printf(line, ", no bytes at %u", start);
	else
		g_string_append_printf(line, ", bytes %u to %u", start, start + length - 1);
	if (purpose != NULL)
		g_string_append_printf(line, ": %s", purpose);
	print_line(explain, 4);
}

/* Who has the address that a field holds. */
static const char *name_of(const struct explained *packet, const struct decode_field *field)
{
	const struct view_names *names = packet->account.names;
	struct ip_address address;

	switch (field->field->format) {
	case FIELD_MAC:
		return names->of_mac(names->owner, mac_from_number(field->value));
	case FIELD_IPV4:
		return names->of_address(names->owner,
					 ip_address_from_ipv4((uint32_t)field->value));
	case FIELD_IPV6:
		if (field->bit_offset / 8 + 16 > packet->account.decode->frame.length)
			return NULL;
		memcpy(address.octets, packet->account.decode->frame.data + field->bit_offset / 8,
		       sizeof address.octets);
		return names->of_address(names->owner, address);
	default:
		return NULL;
	}
}

/* What a field or a command is for, and where that is written. */
static void print_purpose(struct explain *explain, unsigned column, const char *purpose,
			  const char *reference)
{
	struct layout *layout = &explain->layout;

	if (purpose == NULL && reference == NULL) {
		if (layout->line->len > 0)
			print_line(explain, column);
		return;
	}
	layout_pad(layout, column);
	layout_look(layout, LAYOUT_FAINT);
	if (purpose != NULL)
		text_append(layout->line, purpose);
	if (reference != NULL)
		g_string_append_printf(layout->line, "%s[%s]", purpose == NULL ? "" : " ",
				       reference);
	layout_plain(layout);
	print_line(explain, column);
}

/* A value that reaches the next column has its line for itself. */
static bool is_too_long(const char *text, const char *name)
{
	size_t length = strlen(text) + (name == NULL ? 0 : strlen(name) + strlen(" ()"));

	return length >= PURPOSE_COLUMN - VALUE_COLUMN;
}

static void print_field(struct explain *explain, const struct explained *packet,
			const struct decode_field *field)
{
	struct layout *layout = &explain->layout;
	GString *line = layout->line;
	char text[FIELD_TEXT_BYTES];
	const char *name = name_of(packet, field);
	bool is_narrow = layout->columns != 0 && layout->columns < WIDTH_MIN;

	g_string_append_printf(line, "%6u %4u   ", field->bit_offset, field->bit_width);
	text_append(line, field->field->name);
	layout_pad(layout, VALUE_COLUMN - 1);
	decode_field_print(&explain->decode, field, text);
	g_string_append_printf(line, " %s", text);
	if (name != NULL)
		g_string_append_printf(line, " (%s)", name);
	if (is_narrow || is_too_long(text, name))
		print_line(explain, VALUE_COLUMN);
	print_purpose(explain, is_narrow ? NAME_COLUMN : PURPOSE_COLUMN, field->field->purpose,
		      field->field->reference);
}

static void print_layer(struct explain *explain, const struct explained *packet,
			const struct decode_layer *layer)
{
	const char *complaint = decode_complaint(layer);
	const struct field_table *last = layer->table;
	uint32_t structure = layer->start;
	char name[80];

	g_snprintf(name, sizeof name, "%s%s", layer->is_quoted ? "quoted " : "",
		   layer->table != NULL ? layer->table->name : layer->name);
	print_heading(explain, name, layer->start, layer->header_bytes,
		      layer->table == NULL ? NULL : layer->table->purpose);
	if (complaint != NULL) {
		g_string_append_printf(explain->layout.line, "  !! %s", complaint);
		print_line(explain, 4);
	} else if (layer->checksum == CHECKSUM_RIGHT) {
		g_string_append(explain->layout.line, "  checksum right");
		print_line(explain, 4);
	}
	for (unsigned i = 0; i < layer->field_count; i++) {
		const struct decode_field *field = &explain->decode.fields[layer->first_field + i];

		if (field->table != NULL &&
		    (field->table != last || field->structure != structure)) {
			g_string_append_printf(
			    explain->layout.line, "  %s%s%s", field->table->name,
			    field->table->purpose == NULL ? "" : ": ",
			    field->table->purpose == NULL ? "" : field->table->purpose);
			print_line(explain, 4);
		}
		last = field->table;
		structure = field->structure;
		print_field(explain, packet, field);
	}
}

static void print_unit(struct explain *explain, const struct dissect_unit *unit, uint64_t offset,
		       bool is_held, bool is_encrypted)
{
	GString *line = explain->layout.line;

	g_string_append_printf(line, "  %*s%s%s, %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
			       2 * unit->depth, "", is_held ? "held before: " : "", unit->name,
			       offset, offset + unit->length - (unit->length > 0));
	if (unit->bits == 1)
		g_string_append_printf(line, ", bit %u", unit->bit);
	else if (unit->bits > 0)
		g_string_append_printf(line, ", bits %u to %u", unit->bit,
				       unit->bit + unit->bits - 1);
	layout_pad(&explain->layout, VALUE_COLUMN - 1);
	g_string_append_printf(line, " %s%s%s", unit->summary,
			       unit->is_complete ? "" : " (a piece)",
			       is_encrypted ? " (encrypted on the wire)" : "");
	print_line(explain, VALUE_COLUMN);
	print_purpose(explain, VALUE_COLUMN, unit->purpose, unit->reference);
}

static void print_stream(struct explain *explain, const struct model_segment *segment)
{
	GString *line = explain->layout.line;

	begin_heading(explain, model_protocol(segment->connection));
	g_string_append_printf(line, ", connection %u", segment->connection->number);
	if (model_segment_end(segment) > segment->offset)
		g_string_append_printf(line,
				       ", bytes %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
				       " of what the %s sends",
				       segment->offset, model_segment_end(segment) - 1,
				       segment->direction->is_from_server ? "server" : "client");
	else
		g_string_append(line, segment->length == 0 ? ", no data" : ", no new data");
	explain_append_order(line, segment);
	print_line(explain, 4);
	for (unsigned i = 0; i < streams_unit_count(explain->streams); i++) {
		struct stream_unit unit = streams_unit(explain->streams, i);

		print_unit(explain, unit.unit, unit.offset, !unit.is_of_segment,
			   unit.is_encrypted && unit.dissector == segment->connection->dissector);
	}
}

static void print_datagram(struct explain *explain, const struct explained *packet)
{
	struct dissect_unit units[STREAM_UNITS_MAX];
	struct dissect_input input;
	const struct dissector *dissector = account_datagram(&packet->account, &input);
	size_t count;

	if (dissector == NULL)
		return;
	begin_heading(explain, dissector->name);
	g_string_append_printf(explain->layout.line, ", %zu byte%s", input.bytes.length,
			       plural(input.bytes.length));
	print_line(explain, 4);
	count = dissector->dissect(&input, units, STREAM_UNITS_MAX);
	count = MIN(count, STREAM_UNITS_MAX);
	for (size_t i = 0; i < count; i++)
		print_unit(explain, &units[i], units[i].offset, false, false);
}

static void print_bytes(struct explain *explain, struct bytes bytes)
{
	GString *line = explain->layout.line;

	begin_heading(explain, "bytes");
	print_line(explain, 4);
	for (size_t row = 0; row < bytes.length; row += HEX_ROW_BYTES) {
		struct bytes part = bytes_first(bytes_from(bytes, row), HEX_ROW_BYTES);

		g_string_append_printf(line, "  %04zx  ", row);
		for (size_t i = 0; i < HEX_ROW_BYTES; i++) {
			if (i < part.length)
				g_string_append_printf(line, "%02x ", part.data[i]);
			else
				g_string_append(line, "   ");
			if (i == HEX_ROW_BYTES / 2 - 1)
				g_string_append_c(line, ' ');
		}
		g_string_append_c(line, ' ');
		ascii_print(part, text_room(line, part.length));
		text_grow(line, part.length);
		print_line(explain, 4);
	}
}

static void append_time(GString *out, int64_t time_ns)
{
	int64_t part_ns = (time_ns % NS_PER_S + NS_PER_S) % NS_PER_S; /* before 1970, too */
	GDateTime *time = g_date_time_new_from_unix_utc((time_ns - part_ns) / NS_PER_S);
	char *text = time == NULL ? NULL : g_date_time_format(time, "%Y-%m-%d %H:%M:%S");

	g_string_append_printf(out, "%s.%09d UTC", text == NULL ? "?" : text, (int)part_ns);
	g_free(text);
	if (time != NULL)
		g_date_time_unref(time);
}

static void print_frame(struct explain *explain, const struct explained *packet)
{
	static const char *const directions[] = { "", ", received", ", sent" };
	const struct captured_frame *frame = packet->frame;
	GString *line = explain->layout.line;
	const char *label = explain_label(explain, packet);
	const char *link = decode_link_name(packet->interface->link_type);
	char time[TIME_TEXT_BYTES];
	size_t captured = frame->bytes.length + (frame->has_fcs ? 4 : 0);

	sentence_append_account(line, &packet->account);
	print_line(explain, 4);
	layout_print_blank(&explain->layout);
	g_string_append_printf(line, "  frame      %" G_GUINT64_FORMAT ", %u bytes", explain->frame,
			       frame->original_length);
	if (captured < frame->original_length)
		g_string_append_printf(line, ", of which the first %zu were captured", captured);
	if (frame->has_fcs)
		g_string_append_printf(line, ", with 4 of FCS: 0x%08x, %s", frame->fcs,
				       packet->is_fcs_wrong ? "WRONG" : "right");
	print_line(explain, ABOUT_COLUMN);
	g_string_append(line, "  time       ");
	append_time(line, frame->time_ns);
	g_string_append_printf(line, ", %s s after the first frame",
			       time_print(frame->time_ns - explain->first_ns, time));
	print_line(explain, ABOUT_COLUMN);
	g_string_append_printf(line, "  interface  %s%slink type %u (%s)%s", label,
			       *label == '\0' ? "" : ", ", packet->interface->link_type,
			       link == NULL ? "not known here" : link,
			       directions[packet->direction]);
	print_line(explain, ABOUT_COLUMN);
	for (unsigned i = 0; i < frame->comment_count; i++) {
		g_string_append(line, "  comment    ");
		explain_append_text(line, frame->comments[i]);
		print_line(explain, ABOUT_COLUMN);
	}
}

/* The payload is told of by its application. */
static bool is_told(const struct explain *explain, const struct explained *packet)
{
	struct dissect_input input;

	if (packet->account.segment != NULL)
		return streams_unit_count(explain->streams) > 0;
	return account_datagram(&packet->account, &input) != NULL;
}

void explain_in_full(struct explain *explain, const struct explained *packet)
{
	print_frame(explain, packet);
	layout_print_blank(&explain->layout);
	text_append(explain->layout.line, "   bit  width field");
	layout_pad(&explain->layout, VALUE_COLUMN);
	text_append(explain->layout.line, "value");
	print_line(explain, 4);
	for (unsigned i = 0; i < explain->decode.layer_count; i++)
		if (explain->decode.layers[i].protocol != DECODE_DATA || !is_told(explain, packet))
			print_layer(explain, packet, &explain->decode.layers[i]);
	if (packet->account.segment != NULL)
		print_stream(explain, packet->account.segment);
	else
		print_datagram(explain, packet);
	print_bytes(explain, packet->frame->bytes);
}
