/* A packet as one JSON object on one line; docs/EXPLAIN.md describes its members. */
#include "stack/wire/tcp.h"
#include "views/describe.h"
#include "views/explain_private.h"
#include "views/sentence.h"

/* The text with a backslash before each quote and backslash: moved to its place from behind, once. */
static void escape(GString *out, size_t from)
{
	size_t end = out->len, count = 0;

	for (size_t i = from; i < end; i++)
		count += out->str[i] == '"' || out->str[i] == '\\';
	if (count == 0)
		return;
	g_string_set_size(out, end + count);
	for (size_t i = end, at = end + count; i-- > from;) {
		char character = out->str[i];

		out->str[--at] = character;
		if (character == '"' || character == '\\')
			out->str[--at] = '\\';
	}
}

static void append_string(GString *out, struct bytes text)
{
	size_t from;

	g_string_append_c(out, '"');
	from = out->len;
	explain_append_text(out, text);
	escape(out, from);
	g_string_append_c(out, '"');
}

static void append_member(GString *out, const char *key, const char *text)
{
	if (text == NULL)
		return;
	g_string_append_printf(out, ",\"%s\":", key);
	append_string(out, bytes_of(text));
}

static void append_number(GString *out, const char *key, uint64_t value)
{
	g_string_append_printf(out, ",\"%s\":%" G_GUINT64_FORMAT, key, value);
}

static void append_field(struct explain *explain, const struct decode_field *field)
{
	GString *out = explain->layout.line;
	char text[FIELD_TEXT_BYTES];
	bool has_number = !field->is_missing && field->bit_width <= 64 && field->bit_width > 0 &&
			  field->field->format != FIELD_BYTES;

	g_string_append(out, "{\"name\":");
	append_string(out, bytes_of(field->field->name));
	append_number(out, "bit", field->bit_offset);
	append_number(out, "bits", field->bit_width);
	if (has_number)
		append_number(out, "value", field->value);
	append_member(out, "text", decode_field_print(&explain->decode, field, text));
	g_string_append_c(out, '}');
}

static void append_layer(struct explain *explain, const struct explained *packet,
			 const struct decode_layer *layer)
{
	GString *out = explain->layout.line;

	g_string_append(out, "{\"name\":");
	append_string(out, bytes_of(layer->name));
	append_number(out, "start", layer->start);
	append_number(out, "header_bytes", layer->header_bytes + layer->cut_header_bytes);
	append_number(out, "payload_bytes", layer->payload_bytes + layer->cut_payload_bytes);
	if (layer->cut_header_bytes + layer->cut_payload_bytes > 0)
		append_number(out, "cut_bytes", layer->cut_header_bytes + layer->cut_payload_bytes);
	if (layer->is_quoted)
		g_string_append(out, ",\"quoted\":true");
	g_string_truncate(explain->text, 0);
	describe_layer(explain->text, &packet->account, layer);
	append_member(out, "text", explain->text->str);
	append_member(out, "problem", decode_complaint(layer));
	if (layer->field_count > 0) {
		g_string_append(out, ",\"fields\":[");
		for (unsigned i = 0; i < layer->field_count; i++) {
			if (i > 0)
				g_string_append_c(out, ',');
			append_field(explain, &explain->decode.fields[layer->first_field + i]);
		}
		g_string_append_c(out, ']');
	}
	g_string_append_c(out, '}');
}

static void append_stream(GString *out, const struct model_segment *segment)
{
	static const char *const orders[] = {
		[SEGMENT_IN_ORDER] = NULL,           [SEGMENT_REPEATED] = "repeated",
		[SEGMENT_ELSEWHERE] = "elsewhere",   [SEGMENT_KEEPALIVE] = "keep-alive",
		[SEGMENT_EARLY] = "early",           [SEGMENT_FILLS_GAP] = "fills a gap",
		[SEGMENT_AFTER_LOSS] = "after loss", [SEGMENT_BEFORE] = "before",
		[SEGMENT_DAMAGED] = "damaged",       [SEGMENT_PROBE] = "window probe",
	};

	g_string_append_printf(out, ",\"stream\":{\"connection\":%u,\"from\":\"%s\"",
			       segment->connection->number,
			       segment->direction->is_from_server ? "server" : "client");
	append_number(out, "offset", segment->offset);
	append_number(out, "length", segment->length);
	append_number(out, "sequence", segment->sequence);
	if (segment->flags & TCP_ACK)
		append_number(out, "acknowledgment", segment->acknowledgment);
	if (segment->is_window_known)
		append_number(out, "window_bytes", segment->window_bytes);
	append_member(out, "order", orders[segment->order]);
	if (segment->missing_bytes > 0)
		append_number(out, "missing_bytes", segment->missing_bytes);
	if (segment->other_missing_bytes > 0)
		append_number(out, "other_missing_bytes", segment->other_missing_bytes);
	g_string_append_c(out, '}');
}

static void append_unit(GString *out, const char *protocol, const struct dissect_unit *unit,
			uint64_t offset, bool is_held, bool is_encrypted)
{
	g_string_append(out, "{\"protocol\":");
	append_string(out, bytes_of(protocol));
	append_member(out, "name", unit->name);
	append_member(out, "text", unit->summary);
	append_member(out, "purpose", unit->purpose);
	append_member(out, "reference", unit->reference);
	append_number(out, "depth", unit->depth);
	append_number(out, "offset", offset);
	append_number(out, "length", unit->length);
	if (unit->bits > 0) {
		append_number(out, "bit", unit->bit);
		append_number(out, "bits", unit->bits);
	}
	if (!unit->is_complete)
		g_string_append(out, ",\"piece\":true");
	if (is_held)
		g_string_append(out, ",\"held\":true");
	if (is_encrypted)
		g_string_append(out, ",\"encrypted\":true");
	g_string_append_c(out, '}');
}

static void append_datagram(GString *out, const struct explained *packet)
{
	struct dissect_unit units[STREAM_UNITS_MAX];
	struct dissect_input input;
	const struct dissector *dissector = account_datagram(&packet->account, &input);
	size_t count = 0;

	if (dissector != NULL)
		count = dissector->dissect(&input, units, STREAM_UNITS_MAX);
	count = MIN(count, STREAM_UNITS_MAX);
	for (size_t i = 0; i < count; i++) {
		g_string_append(out, i == 0 ? ",\"application\":[" : ",");
		append_unit(out, dissector->name, &units[i], units[i].offset, false, false);
	}
	if (count > 0)
		g_string_append_c(out, ']');
}

static void append_application(struct explain *explain, const struct explained *packet)
{
	const struct model_segment *segment = packet->account.segment;
	unsigned count = streams_unit_count(explain->streams);
	GString *out = explain->layout.line;

	if (segment == NULL) {
		append_datagram(out, packet);
		return;
	}
	append_stream(out, segment);
	for (unsigned i = 0; i < count; i++) {
		struct stream_unit unit = streams_unit(explain->streams, i);

		g_string_append(out, i == 0 ? ",\"application\":[" : ",");
		append_unit(out, unit.dissector->name, unit.unit, unit.offset, !unit.is_of_segment,
			    unit.is_encrypted);
	}
	if (count > 0)
		g_string_append_c(out, ']');
}

static void append_frame(struct explain *explain, const struct explained *packet)
{
	static const char *const directions[] = { NULL, "received", "sent" };
	const struct captured_frame *frame = packet->frame;
	GString *out = explain->layout.line;

	g_string_append_printf(out,
			       "{\"frame\":%" G_GUINT64_FORMAT ",\"time_ns\":%" G_GINT64_FORMAT,
			       explain->frame, frame->time_ns);
	append_member(out, "interface", explain_label(explain, packet));
	append_number(out, "link_type", packet->interface->link_type);
	append_member(out, "direction", directions[packet->direction]);
	append_number(out, "wire_bytes", frame->original_length);
	append_number(out, "captured_bytes", frame->bytes.length + (frame->has_fcs ? 4 : 0));
	if (frame->has_fcs) {
		append_number(out, "fcs", frame->fcs);
		if (packet->is_fcs_wrong)
			g_string_append(out, ",\"fcs_wrong\":true");
	}
	if (frame->passed_bytes > 0)
		append_number(out, "passed_bytes", frame->passed_bytes);
	for (unsigned i = 0; i < frame->comment_count; i++) {
		g_string_append(out, i == 0 ? ",\"comments\":[" : ",");
		append_string(out, frame->comments[i]);
	}
	if (frame->comment_count > 0)
		g_string_append_c(out, ']');
}

void explain_json(struct explain *explain, const struct explained *packet)
{
	GString *out = explain->layout.line;

	append_frame(explain, packet);
	g_string_truncate(explain->text, 0);
	sentence_append_account(explain->text, &packet->account);
	append_member(out, "summary", explain->text->str);
	g_string_append(out, ",\"layers\":[");
	for (unsigned i = 0; i < explain->decode.layer_count; i++) {
		if (i > 0)
			g_string_append_c(out, ',');
		append_layer(explain, packet, &explain->decode.layers[i]);
	}
	g_string_append_c(out, ']');
	append_application(explain, packet);
	g_string_append_c(out, '}');
	layout_print(&explain->layout, 0);
}
