/* One packet in full: every field of every layer, and its bytes. */
#include "sim/time.h"
#include "views/explain_private.h"
#include "views/layout.h"
#include "views/sentence.h"

#define VALUE_COLUMN   50
#define PURPOSE_COLUMN 80
#define HEX_ROW_BYTES  16

static void print_heading(struct explain *explain, const char *name, uint32_t start,
			  uint32_t length, const char *purpose)
{
	bool colour = explain->options->colour;
	GString *line = explain->line;

	g_string_append_printf(line, "\n%s%s%s, ", colour ? "\033[1m" : "", name,
			       colour ? "\033[0m" : "");
	if (length == 0)
		g_string_append_printf(line, "no bytes at %u", start);
	else
		g_string_append_printf(line, "bytes %u to %u", start, start + length - 1);
	if (purpose != NULL)
		g_string_append_printf(line, ": %s", purpose);
	explain_print_line(explain);
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

static void print_field(struct explain *explain, const struct explained *packet,
			const struct decode_field *field)
{
	GString *line = explain->line;
	char text[FIELD_TEXT_BYTES];
	const char *name = name_of(packet, field);

	g_string_append_printf(line, "%6u %4u   ", field->bit_offset, field->bit_width);
	g_string_append(line, field->field->name);
	layout_pad(line, 0, VALUE_COLUMN);
	g_string_append_printf(line, " %s", decode_field_print(&explain->decode, field, text));
	if (name != NULL)
		g_string_append_printf(line, " (%s)", name);
	layout_pad(line, 0, PURPOSE_COLUMN);
	if (explain->options->colour)
		g_string_append(line, "\033[2m");
	if (field->field->purpose != NULL)
		g_string_append_printf(line, " %s", field->field->purpose);
	if (field->field->reference != NULL)
		g_string_append_printf(line, " [%s]", field->field->reference);
	layout_plain(line, explain->options->colour);
	explain_print_line(explain);
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
		g_string_append_printf(explain->line, "  !! %s", complaint);
		explain_print_line(explain);
	} else if (layer->checksum == CHECKSUM_RIGHT) {
		g_string_append(explain->line, "  checksum right");
		explain_print_line(explain);
	}
	for (unsigned i = 0; i < layer->field_count; i++) {
		const struct decode_field *field = &explain->decode.fields[layer->first_field + i];

		if (field->table != NULL &&
		    (field->table != last || field->structure != structure)) {
			g_string_append_printf(
			    explain->line, "  %s%s%s", field->table->name,
			    field->table->purpose == NULL ? "" : ": ",
			    field->table->purpose == NULL ? "" : field->table->purpose);
			explain_print_line(explain);
		}
		last = field->table;
		structure = field->structure;
		print_field(explain, packet, field);
	}
}

static void print_unit(struct explain *explain, const struct dissect_unit *unit, uint64_t offset,
		       bool is_held)
{
	GString *line = explain->line;

	g_string_append_printf(line, "  %*s%s%s, %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
			       2 * unit->depth, "", is_held ? "held before: " : "", unit->name,
			       offset, offset + unit->length - (unit->length > 0));
	layout_pad(line, 0, VALUE_COLUMN);
	g_string_append_printf(line, " %s%s", unit->summary, unit->is_complete ? "" : " (a piece)");
	explain_print_line(explain);
	if (unit->purpose == NULL && unit->reference == NULL)
		return;
	layout_pad(line, 0, VALUE_COLUMN);
	if (explain->options->colour)
		g_string_append(line, "\033[2m");
	g_string_append_printf(line, " %s%s%s%s%s", unit->purpose == NULL ? "" : unit->purpose,
			       unit->purpose == NULL ? "" : " ", unit->reference == NULL ? "" : "[",
			       unit->reference == NULL ? "" : unit->reference,
			       unit->reference == NULL ? "" : "]");
	layout_plain(line, explain->options->colour);
	explain_print_line(explain);
}

static void print_stream(struct explain *explain, const struct model_segment *segment)
{
	const struct dissector *dissector = segment->connection->dissector;
	GString *line = explain->line;

	g_string_append_printf(
	    line, "\n%s%s%s, connection %u", explain->options->colour ? "\033[1m" : "",
	    dissector == NULL ? "stream" : dissector->name,
	    explain->options->colour ? "\033[0m" : "", segment->connection->number);
	if (segment->length > 0)
		g_string_append_printf(line,
				       ", bytes %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
				       " of what the %s sends",
				       segment->offset, segment->offset + segment->length - 1,
				       segment->direction->is_from_server ? "server" : "client");
	else
		g_string_append(line, ", no data");
	explain_append_order(line, segment);
	explain_print_line(explain);
	for (unsigned i = 0; i < flows_unit_count(explain->flows); i++) {
		struct flow_unit unit = flows_unit(explain->flows, i);

		print_unit(explain, unit.unit, unit.offset, !unit.is_of_segment);
	}
}

static void print_datagram(struct explain *explain, const struct explained *packet)
{
	struct dissect_unit units[FLOW_UNITS_MAX];
	struct bytes data = { NULL, 0 };
	bool is_from_server = false;
	const struct dissector *dissector =
	    account_datagram(&packet->account, &data, &is_from_server);
	struct dissect_input input = { data, is_from_server, false, NULL };
	size_t count;

	if (dissector == NULL)
		return;
	g_string_append_printf(explain->line, "\n%s%s%s, %zu bytes",
			       explain->options->colour ? "\033[1m" : "", dissector->name,
			       explain->options->colour ? "\033[0m" : "", data.length);
	explain_print_line(explain);
	count = dissector->dissect(&input, units, FLOW_UNITS_MAX);
	count = MIN(count, FLOW_UNITS_MAX);
	for (size_t i = 0; i < count; i++)
		print_unit(explain, &units[i], units[i].offset, false);
}

static void print_bytes(struct explain *explain, struct bytes bytes)
{
	GString *line = explain->line;

	g_string_append(line, "\nbytes");
	explain_print_line(explain);
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
		for (size_t i = 0; i < part.length; i++)
			g_string_append_c(line, part.data[i] >= 0x20 && part.data[i] < 0x7f
						    ? (char)part.data[i]
						    : '.');
		explain_print_line(explain);
	}
}

static void append_time(GString *out, int64_t time_ns)
{
	GDateTime *time = g_date_time_new_from_unix_utc(time_ns / NS_PER_S);
	char *text = time == NULL ? NULL : g_date_time_format(time, "%Y-%m-%d %H:%M:%S");

	g_string_append_printf(out, "%s.%09d UTC", text == NULL ? "?" : text,
			       (int)(time_ns % NS_PER_S));
	g_free(text);
	if (time != NULL)
		g_date_time_unref(time);
}

static void print_frame(struct explain *explain, const struct explained *packet)
{
	static const char *const directions[] = { "", ", received", ", sent" };
	const struct captured_frame *frame = packet->frame;
	GString *line = explain->line;
	const char *label = explain_label(explain, packet);
	char time[TIME_TEXT_BYTES];
	size_t captured = frame->bytes.length + (frame->has_fcs ? 4 : 0);

	sentence_append_account(line, &packet->account);
	explain_print_line(explain);
	g_string_append_printf(line, "\n  frame      %" G_GUINT64_FORMAT ", %u bytes",
			       explain->frame, frame->original_length);
	if (captured < frame->original_length)
		g_string_append_printf(line, ", of which the first %zu were captured", captured);
	if (frame->has_fcs)
		g_string_append_printf(line, ", with 4 of FCS: 0x%08x, %s", frame->fcs,
				       explain_fcs_is_wrong(frame) ? "WRONG" : "right");
	explain_print_line(explain);
	g_string_append(line, "  time       ");
	append_time(line, frame->time_ns);
	g_string_append_printf(line, ", %s s after the first frame",
			       time_print(frame->time_ns - explain->first_ns, time));
	explain_print_line(explain);
	g_string_append_printf(line, "  interface  %s%s(link type %u)%s", label,
			       *label == '\0' ? "" : " ", packet->interface->link_type,
			       directions[frame->direction < 3 ? frame->direction : 0]);
	explain_print_line(explain);
	for (unsigned i = 0; i < frame->comment_count; i++) {
		g_string_append(line, "  comment    ");
		explain_append_text(line, frame->comments[i]);
		explain_print_line(explain);
	}
}

/* The payload is told of by its application. */
static bool is_told(const struct explain *explain, const struct explained *packet)
{
	struct bytes data = { NULL, 0 };
	bool is_from_server = false;

	if (packet->account.segment != NULL)
		return flows_unit_count(explain->flows) > 0;
	return account_datagram(&packet->account, &data, &is_from_server) != NULL;
}

void explain_in_full(struct explain *explain, const struct explained *packet)
{
	print_frame(explain, packet);
	g_string_append(explain->line, "\n   bit  width field");
	layout_pad(explain->line, 0, VALUE_COLUMN + 1);
	g_string_append(explain->line, " value");
	explain_print_line(explain);
	for (unsigned i = 0; i < explain->decode.layer_count; i++)
		if (explain->decode.layers[i].protocol != DECODE_DATA || !is_told(explain, packet))
			print_layer(explain, packet, &explain->decode.layers[i]);
	if (packet->account.segment != NULL)
		print_stream(explain, packet->account.segment);
	else
		print_datagram(explain, packet);
	print_bytes(explain, packet->frame->bytes);
}
