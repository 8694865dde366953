/* Layers and fields of a frame from the link down; decode_ip.c and decode_transport.c go on. */
#include "stack/wire/cooked.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/option.h"
#include "stack/wire/vlan.h"
#include "views/decode_private.h"

struct decode_layer *walk_add_layer(struct walk *walk, enum decode_protocol protocol,
				    const char *name, struct range range, size_t header_bytes)
{
	struct decode *decode = walk->decode;
	struct decode_layer *layer = &decode->layers[decode->layer_count];

	g_assert(decode->layer_count < DECODE_LAYERS_MAX);
	decode->layer_count++;
	header_bytes = MIN(header_bytes, range_length(range));
	*layer = (struct decode_layer) {
		.protocol = (uint8_t)protocol,
		.name = name,
		.is_quoted = walk->is_quoted,
		.start = range.start,
		.header_bytes = (uint32_t)header_bytes,
		.payload_bytes = range_length(range) - (uint32_t)header_bytes,
		.cut_payload_bytes = walk->cut_bytes,
		.first_field = decode->field_count,
	};
	return layer;
}

void walk_add_data(struct walk *walk, enum decode_protocol protocol, const char *name,
		   struct range range)
{
	bool is_cut = walk->cut_bytes > 0 && !walk->is_quoted && protocol != DECODE_PADDING;
	struct decode_layer *layer;

	if (range_length(range) == 0 && !is_cut)
		return;
	layer = walk_add_layer(walk, protocol, name, range, range_length(range));
	layer->cut_header_bytes = is_cut ? walk->cut_bytes : 0;
	layer->cut_payload_bytes = 0;
}

/* Adds one field of a structure, unless the frame ends before it, or there is no more room. */
static void add_field(struct walk *walk, struct decode_layer *layer,
		      const struct field_table *table, const struct field *field,
		      struct range structure, uint32_t shift)
{
	struct decode *decode = walk->decode;
	struct bytes bytes = bytes_from(walk_bytes(walk, structure), shift);
	size_t first_byte = field->bit_offset / 8;

	if (first_byte >= bytes.length || decode->field_count == DECODE_FIELDS_MAX)
		return;

	struct decode_field *added = &decode->fields[decode->field_count++];
	size_t rest_bits = (bytes.length - first_byte) * 8;

	layer->field_count++;
	*added = (struct decode_field) {
		.field = field,
		.table = table,
		.structure = structure.start,
		.structure_bytes = range_length(structure),
		.shift = shift,
		.bit_offset = (structure.start + shift) * 8 + field->bit_offset,
		.bit_width = field->bit_width ? field->bit_width : (uint32_t)rest_bits,
	};
	added->is_missing = field_value(field, bytes, &added->value) == PARSE_TRUNCATED;
}

/* Adds all fields of a structure; those that repeat as often as there are bytes for them. */
void walk_add_structure(struct walk *walk, struct decode_layer *layer,
			const struct field_table *table, struct range structure)
{
	if (!walk->wants_fields)
		return;

	unsigned fixed = table->repeat_bytes ? table->repeat_first : table->field_count;
	uint32_t length = range_length(structure);

	for (unsigned i = 0; i < fixed; i++)
		add_field(walk, layer, table, &table->fields[i], structure, 0);
	if (table->repeat_bytes == 0)
		return;

	uint32_t begin = table->fields[table->repeat_first].bit_offset / 8;

	for (uint32_t shift = 0; begin + shift < length; shift += table->repeat_bytes) {
		for (unsigned i = fixed; i < table->field_count; i++)
			add_field(walk, layer, table, &table->fields[i], structure, shift);
	}
}

void walk_add_header(struct walk *walk, struct decode_layer *layer, const struct field_table *table,
		     size_t header_bytes)
{
	uint32_t end = layer->start + (uint32_t)MIN(header_bytes, layer->header_bytes);

	layer->table = table;
	walk_add_structure(walk, layer, table, (struct range) { layer->start, end });
}

void walk_add_options(struct walk *walk, struct decode_layer *layer, size_t fixed_bytes,
		      const struct field_table *(*table_of)(uint8_t kind))
{
	struct range header = { layer->start, layer->start + layer->header_bytes };
	struct range range = range_from(header, fixed_bytes);

	while (range_length(range) > 0) {
		struct bytes rest = walk_bytes(walk, range);
		struct option option;

		if (option_next(&rest, &option) != PARSE_OK) {
			layer->note = DECODE_NOTE_OPTIONS_BAD;
			return;
		}

		/* Behind the end of the list there is only padding, and its table takes that in. */
		bool is_end = option.kind == OPTION_END;
		size_t length = is_end ? range_length(range) : option.whole.length;
		struct range next = range_from(range, length);

		if (walk->wants_fields)
			walk_add_structure(walk, layer, table_of(option.kind),
					   (struct range) { range.start, next.start });
		range = next;
	}
}

/* What a type of Ethernet announces; behind VLAN tags, what they announce. */
static uint32_t decode_tagged(struct walk *walk, uint16_t ethertype, struct range range,
			      unsigned tags)
{
	struct vlan_tag tag;
	struct bytes payload;
	enum parse_status status;
	struct decode_layer *layer;
	uint32_t end;

	if (!vlan_is_type(ethertype) || tags == DECODE_VLAN_TAGS_MAX)
		return walk_network(walk, ethertype, range);
	status = vlan_tag_parse(walk_bytes(walk, range), &tag, &payload);
	layer = walk_add_layer(walk, DECODE_VLAN, "VLAN", range, VLAN_TAG_BYTES);
	layer->status = (uint8_t)status;
	walk_add_header(walk, layer, &vlan_fields, VLAN_TAG_BYTES);
	range = range_from(range, VLAN_TAG_BYTES);
	if (status != PARSE_OK)
		return range.start;
	end = decode_tagged(walk, tag.type, range, tags + 1);
	layer->payload_bytes = end - range.start;
	return end;
}

/* The packet behind a link-layer header `layer`, and what pads it. */
static void decode_behind(struct walk *walk, struct decode_layer *layer, uint16_t ethertype)
{
	struct range inner = { layer->start + layer->header_bytes,
			       (uint32_t)walk->decode->frame.length };

	if (layer->status != PARSE_OK) {
		walk_add_data(walk, DECODE_DATA, "data", inner);
		return;
	}
	uint32_t end = decode_tagged(walk, ethertype, inner, 0);

	layer->payload_bytes = end - inner.start;
	walk_add_data(walk, DECODE_PADDING, "padding", (struct range) { end, inner.end });
}

/* A frame with a length: what is behind its end is padding. */
static void decode_length(struct walk *walk, struct range range, uint16_t length_bytes)
{
	struct decode_layer *layer =
	    walk_add_layer(walk, DECODE_ETHERNET, "Ethernet", range, ETHERNET_HEADER_BYTES);
	struct range inner = range_from(range, ETHERNET_HEADER_BYTES);
	struct range padding = range_from(inner, length_bytes);

	walk_add_header(walk, layer, &ethernet_length_fields, ETHERNET_HEADER_BYTES);
	if (length_bytes > range_length(inner))
		layer->status = PARSE_TRUNCATED;
	inner.end = padding.start;
	layer->payload_bytes = range_length(inner);
	walk_add_data(walk, DECODE_DATA, "LLC", inner);
	walk_add_data(walk, DECODE_PADDING, "padding", padding);
}

static void decode_ethernet(struct walk *walk, struct range range)
{
	uint16_t length_bytes;

	if (ethernet_length(walk_bytes(walk, range), &length_bytes)) {
		decode_length(walk, range, length_bytes);
		return;
	}

	struct ethernet_header header = { .type = 0 };
	struct bytes payload;
	enum parse_status status =
	    ethernet_header_parse(walk_bytes(walk, range), &header, &payload);
	struct decode_layer *layer =
	    walk_add_layer(walk, DECODE_ETHERNET, "Ethernet", range, ETHERNET_HEADER_BYTES);

	layer->status = (uint8_t)status;
	walk_add_header(walk, layer, &ethernet_fields, ETHERNET_HEADER_BYTES);
	decode_behind(walk, layer, header.type);
}

static void decode_cooked(struct walk *walk, struct range range)
{
	struct cooked_header header = { .protocol = 0 };
	struct bytes payload;
	enum parse_status status = cooked_header_parse(walk_bytes(walk, range), &header, &payload);
	struct decode_layer *layer =
	    walk_add_layer(walk, DECODE_COOKED, "Cooked", range, COOKED_HEADER_BYTES);

	layer->status = (uint8_t)status;
	walk_add_header(walk, layer, &cooked_fields, COOKED_HEADER_BYTES);
	decode_behind(walk, layer, header.protocol);
}

static void decode_cooked_v2(struct walk *walk, struct range range)
{
	struct cooked_header header = { .protocol = 0 };
	struct bytes payload;
	enum parse_status status =
	    cooked_v2_header_parse(walk_bytes(walk, range), &header, &payload);
	struct decode_layer *layer =
	    walk_add_layer(walk, DECODE_COOKED_V2, "Cooked", range, COOKED_V2_HEADER_BYTES);

	layer->status = (uint8_t)status;
	walk_add_header(walk, layer, &cooked_v2_fields, COOKED_V2_HEADER_BYTES);
	decode_behind(walk, layer, header.protocol);
}

static void decode_loopback(struct walk *walk, struct range range)
{
	uint16_t ethertype = 0;
	struct bytes payload;
	enum parse_status status =
	    loopback_header_parse(walk_bytes(walk, range), &ethertype, &payload);
	struct decode_layer *layer =
	    walk_add_layer(walk, DECODE_LOOPBACK, "Loopback", range, LOOPBACK_HEADER_BYTES);

	layer->status = (uint8_t)status;
	walk_add_header(walk, layer, &loopback_fields, LOOPBACK_HEADER_BYTES);
	decode_behind(walk, layer, ethertype);
}

static void decode_raw(struct walk *walk, struct range range)
{
	range.start = walk_ip(walk, range);
	walk_add_data(walk, DECODE_PADDING, "padding", range);
}

static void decode_unknown(struct walk *walk, struct range range)
{
	walk_add_data(walk, DECODE_DATA, "data", range);
}

/* clang-format off */
static const struct {
	uint16_t link_type;
	const char *name;
	void (*decode)(struct walk *walk, struct range range);
} links[] = {
	{ DECODE_LINK_ETHERNET, "Ethernet", decode_ethernet },
	{ DECODE_LINK_COOKED, "Linux cooked capture", decode_cooked },
	{ DECODE_LINK_COOKED_V2, "Linux cooked capture v2", decode_cooked_v2 },
	{ DECODE_LINK_RAW_12, "raw IP", decode_raw },
	{ DECODE_LINK_RAW_14, "raw IP", decode_raw },
	{ DECODE_LINK_RAW, "raw IP", decode_raw },
	{ DECODE_LINK_IPV4, "raw IPv4", decode_raw },
	{ DECODE_LINK_IPV6, "raw IPv6", decode_raw },
	{ DECODE_LINK_NULL, "BSD loopback", decode_loopback },
	{ DECODE_LINK_LOOP, "OpenBSD loopback", decode_loopback },
};
/* clang-format on */

static void (*decoder_of(uint16_t link_type))(struct walk *walk, struct range range)
{
	for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
		if (links[i].link_type == link_type)
			return links[i].decode;
	return decode_unknown;
}

const char *decode_link_name(uint16_t link_type)
{
	for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
		if (links[i].link_type == link_type)
			return links[i].name;
	return NULL;
}

bool decode_knows_link(uint16_t link_type)
{
	return decode_link_name(link_type) != NULL;
}

void decode_packet(struct bytes packet, const struct decode_options *options, struct decode *decode)
{
	struct walk walk = {
		.decode = decode,
		.dissectors = options->dissectors,
		.wants_fields = options->wants_fields,
	};

	decode->frame = bytes_first(packet, DECODE_BYTES_MAX);
	if (options->original_bytes > packet.length) {
		walk.is_snapped = true;
		walk.cut_bytes =
		    (uint32_t)MIN(options->original_bytes - packet.length, DECODE_BYTES_MAX);
	}
	decode->layer_count = decode->field_count = decode->unit_count = 0;
	decode->unit_total = 0;
	decode->has_addresses = decode->has_ports = false;
	decoder_of(options->link_type)(&walk, (struct range) { 0, (uint32_t)decode->frame.length });
}

void decode_frame(struct bytes frame, const struct dissector *const *dissectors,
		  struct decode *decode)
{
	decode_packet(frame, &(struct decode_options) { DECODE_LINK_ETHERNET, true, dissectors, 0 },
		      decode);
}

void decode_datagram(struct bytes datagram, const struct dissector *const *dissectors,
		     struct decode *decode)
{
	decode_packet(datagram, &(struct decode_options) { DECODE_LINK_RAW, true, dissectors, 0 },
		      decode);
}
