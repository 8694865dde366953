#include "views/boxes.h"

#include "protocols/layer.h"
#include "protocols/tls/dissect.h"
#include "sim/plural.h"
#include "views/crossing.h"
#include "views/describe.h"
#include "views/names.h"

static void field_clear(gpointer data)
{
	g_free(((struct box_field *)data)->value);
}

static void box_free(gpointer data)
{
	struct box *box = data;

	g_free(box->summary);
	g_array_unref(box->fields);
	g_ptr_array_unref(box->lines);
	g_free(box);
}

static struct box *add_box(GPtrArray *boxes, const char *name, unsigned layer)
{
	struct box *box = g_new0(struct box, 1);

	box->name = name;
	box->layer = (uint8_t)layer;
	box->fields = g_array_new(FALSE, FALSE, sizeof(struct box_field));
	g_array_set_clear_func(box->fields, field_clear);
	box->lines = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(boxes, box);
	return box;
}

/* Fields that are worth a place where there is little, by the names of the tables. */
static bool is_main(const struct decode_layer *layer, const char *name)
{
	static const struct {
		uint8_t protocol;
		const char *name;
	} mains[] = {
		{DECODE_ETHERNET,  "Destination Address"    },
		{ DECODE_ETHERNET, "Source Address"         },
		{ DECODE_IPV4,     "Time to Live"           },
		{ DECODE_IPV4,     "Header Checksum"        },
		{ DECODE_IPV4,     "Source Address"         },
		{ DECODE_IPV4,     "Destination Address"    },
		{ DECODE_UDP,      "Source Port"            },
		{ DECODE_UDP,      "Destination Port"       },
		{ DECODE_TCP,      "Source Port"            },
		{ DECODE_TCP,      "Destination Port"       },
		{ DECODE_TCP,      "Sequence Number"        },
		{ DECODE_TCP,      "Acknowledgment Number"  },
		{ DECODE_ICMP,     "Type"                   },
		{ DECODE_ICMP,     "Code"                   },
		{ DECODE_ARP,      "Operation"              },
		{ DECODE_ARP,      "Sender Protocol Address"},
		{ DECODE_ARP,      "Sender Hardware Address"},
		{ DECODE_ARP,      "Target Protocol Address"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(mains); i++)
		if (mains[i].protocol == layer->protocol && strcmp(mains[i].name, name) == 0)
			return true;
	return false;
}

static const char *who_has(const struct model *model, const struct decode_field *field)
{
	if (field->is_missing)
		return NULL;
	if (field->field->format == FIELD_MAC)
		return model_name_of_mac(model, mac_from_number(field->value));
	if (field->field->format == FIELD_IPV4)
		return model_name_of_address(model, (uint32_t)field->value);
	return NULL;
}

static void add_field(const struct model *model, struct box *box, const struct decode *decode,
		      const struct decode_layer *layer, const struct decode_field *decoded)
{
	char text[FIELD_TEXT_BYTES];
	struct box_field field = {
		.name = decoded->field->name,
		.value = g_strdup(decode_field_print(decode, decoded, text)),
		.who = who_has(model, decoded),
		.purpose = decoded->field->purpose,
		.reference = decoded->field->reference,
		.start_bit = decoded->bit_offset,
		.bits = decoded->bit_width,
		.is_main = is_main(layer, decoded->field->name),
	};

	g_array_append_val(box->fields, field);
}

/* A header, with its fields. */
static void add_header(GPtrArray *boxes, const struct model *model, const struct account *account,
		       const struct decode *decode, const struct decode_layer *layer)
{
	struct box *box = add_box(boxes, layer->name, decode_stack_layer(layer));
	GString *summary = g_string_new(NULL);

	describe_layer(summary, account, layer);
	box->summary = g_string_free(summary, FALSE);
	box->protocol = layer->protocol;
	box->is_quoted = layer->is_quoted;
	box->start = layer->start;
	box->header_bytes = layer->header_bytes;
	box->total_bytes = layer->header_bytes + layer->payload_bytes;
	box->complaint = decode_complaint(layer);
	for (unsigned i = 0; i < layer->field_count; i++)
		add_field(model, box, decode, layer, &decode->fields[layer->first_field + i]);
}

/* What Ethernet added to reach its least length belongs to its box. */
static void add_padding(GPtrArray *boxes, const struct decode_layer *layer)
{
	struct box *box = boxes->len > 0 ? boxes->pdata[0] : NULL;
	struct box_field field = {
		.name = "Padding",
		.purpose = "Fills the frame up to the least length that Ethernet allows.",
		.reference = "IEEE 802.3 section 3.2.7",
		.start_bit = layer->start * 8,
		.bits = layer->header_bytes * 8,
	};

	if (box == NULL)
		return;
	field.value =
	    g_strdup_printf("%u byte%s", layer->header_bytes, plural(layer->header_bytes));
	box->total_bytes = MAX(box->total_bytes, layer->start + layer->header_bytes);
	g_array_append_val(box->fields, field);
}

/* Applications. */

static void sum_up(struct box *box)
{
	box->summary = box->lines->len == 0 ? g_strdup_printf("%u byte%s", box->total_bytes,
							      plural(box->total_bytes))
		       : box->lines->len == 1
			   ? g_strdup(box->lines->pdata[0])
			   : g_strdup_printf("%s (and %u more)", (char *)box->lines->pdata[0],
					     box->lines->len - 1);
}

static struct box *add_application(GPtrArray *boxes, const char *name, unsigned layer,
				   uint32_t start, uint32_t bytes)
{
	struct box *box = add_box(boxes, name, layer);

	box->protocol = DECODE_APPLICATION;
	box->start = start;
	box->header_bytes = box->total_bytes = bytes;
	return box;
}

/* A datagram's message: its parts are fields, as the dissector tells them. */
static void add_datagram(GPtrArray *boxes, const struct decode *decode,
			 const struct decode_layer *layer)
{
	struct box *box = add_application(boxes, layer->name, decode_stack_layer(layer),
					  layer->start, layer->header_bytes);

	for (unsigned i = 0; i < decode->unit_count; i++) {
		const struct dissect_unit *unit = &decode->units[i];
		struct box_field field = {
			.name = unit->name,
			.value = g_strdup(unit->summary),
			.purpose = unit->purpose,
			.reference = unit->reference,
			.start_bit = (layer->start + unit->offset) * 8,
			.bits = unit->length * 8,
			.is_main = unit->depth == 0,
		};

		if (unit->depth == 0)
			g_ptr_array_add(box->lines, g_strdup(unit->summary));
		g_array_append_val(box->fields, field);
	}
	sum_up(box);
}

/* A part of a unit that is in this segment. */
static void add_unit(struct box *box, const struct model_segment *segment, uint32_t payload,
		     const struct model_unit *unit)
{
	uint64_t from = MAX(unit->offset, segment->offset);
	uint64_t to = MIN(unit->offset + unit->length, segment->offset + segment->length);
	struct box_field field = {
		.name = unit->name,
		.value = g_strdup(unit->summary),
		.purpose = unit->purpose,
		.start_bit = (uint32_t)(payload + (from - segment->offset)) * 8,
		.bits = (uint32_t)(to - from) * 8,
		.is_main = true,
	};

	g_ptr_array_add(box->lines, g_strdup(unit->summary));
	g_array_append_val(box->fields, field);
}

/* The units of a segment that `dissector` found, or with `others` that it did not find. */
static unsigned add_units(struct box *box, const struct model_segment *segment, uint32_t payload,
			  const struct dissector *dissector, bool others)
{
	const GPtrArray *units = segment->direction->units;
	unsigned count = 0;

	for (unsigned i = model_unit_index(segment->direction, segment->offset); i < units->len;
	     i++) {
		const struct model_unit *unit = units->pdata[i];

		if (unit->offset >= segment->offset + segment->length)
			break;
		if ((unit->dissector == dissector) == others)
			continue;
		add_unit(box, segment, payload, unit);
		box->is_encrypted = box->is_encrypted || unit->is_encrypted;
		count++;
	}
	return count;
}

/* What a segment carries: TLS around the mail protocol, or that alone. */
static void add_stream(GPtrArray *boxes, const struct model_segment *segment, uint32_t payload)
{
	const struct model_connection *connection = segment->connection;
	uint32_t length = (uint32_t)segment->length;
	uint32_t inside =
	    connection->is_tls ? (uint32_t)model_unit_bytes(segment, &tls_dissector) : 0;
	int layer =
	    connection->dissector == NULL ? -1 : view_layer_find(connection->dissector->key);
	struct box *box;

	if (connection->is_tls && model_tls_bytes(segment) > 0) {
		box = add_application(boxes, "TLS", LAYER_TLS, payload, length);
		box->header_bytes = length - inside;
		box->is_around = model_record_bytes(segment) > 0;
		if (add_units(box, segment, payload, &tls_dissector, false) == 0) {
			box->is_encrypted = true;
			box->summary = g_strdup_printf("application data, encrypted: %u bytes of "
						       "headers and tags around it",
						       length - inside);
		} else {
			sum_up(box);
		}
		if (inside == 0)
			return;
		length = inside;
	}
	box = add_application(boxes, layer < 0 ? "data" : connection->dissector->name,
			      layer < 0 ? LAYER_USER : (unsigned)layer, payload, length);
	if (layer < 0)
		box->protocol = DECODE_DATA;
	add_units(box, segment, payload, &tls_dissector, true);
	sum_up(box);
}

GPtrArray *boxes_new(const struct model *model, struct bytes frame)
{
	GPtrArray *boxes = g_ptr_array_new_with_free_func(box_free);
	struct decode decode;
	struct model_segment segment;
	struct account account;

	if (frame.length == 0)
		return boxes;
	model_account(model, frame, &decode, &segment, &account);
	decode_frame(frame, account.dissectors, &decode);
	for (unsigned i = 0; i < decode.layer_count; i++) {
		const struct decode_layer *layer = &decode.layers[i];
		bool is_payload = layer->protocol == DECODE_APPLICATION ||
				  (layer->protocol == DECODE_DATA && !layer->is_quoted);

		if (layer->protocol == DECODE_ETHERNET && crossing_is_wrapped(frame))
			continue;
		if (layer->protocol == DECODE_PADDING)
			add_padding(boxes, layer);
		else if (is_payload && account.segment != NULL && segment.length > 0)
			add_stream(boxes, &segment, layer->start);
		else if (layer->protocol == DECODE_APPLICATION)
			add_datagram(boxes, &decode, layer);
		else
			add_header(boxes, model, &account, &decode, layer);
	}
	return boxes;
}

void boxes_free(GPtrArray *boxes)
{
	if (boxes != NULL)
		g_ptr_array_unref(boxes);
}

/* Comparing. */

static struct box *box_at(const GPtrArray *boxes, guint index)
{
	return boxes->pdata[index];
}

static struct box_field *field_at(const struct box *box, guint index)
{
	return &g_array_index(box->fields, struct box_field, index);
}

/* Which field of its name it is. */
static unsigned turn_of(const struct box *box, guint index)
{
	unsigned turn = 0;

	for (guint i = 0; i < index; i++)
		turn += strcmp(field_at(box, i)->name, field_at(box, index)->name) == 0;
	return turn;
}

static struct box_field *find_field(const struct box *box, const char *name, unsigned turn)
{
	for (guint i = 0; i < box->fields->len; i++)
		if (strcmp(field_at(box, i)->name, name) == 0 && turn-- == 0)
			return field_at(box, i);
	return NULL;
}

/* Marks what `box` has that `other` has not, or has otherwise. */
static void compare_fields(struct box *box, const struct box *other, enum box_change alone)
{
	for (guint i = 0; i < box->fields->len; i++) {
		struct box_field *field = field_at(box, i);
		const struct box_field *match = find_field(other, field->name, turn_of(box, i));

		if (match == NULL)
			field->change = (uint8_t)alone;
		else
			field->change =
			    strcmp(match->value, field->value) == 0 ? BOX_SAME : BOX_CHANGED;
		if (field->change != BOX_SAME)
			box->change = BOX_CHANGED;
	}
}

static void mark_whole(struct box *box, enum box_change change)
{
	box->change = (uint8_t)change;
	for (guint i = 0; i < box->fields->len; i++)
		field_at(box, i)->change = (uint8_t)change;
}

static bool are_alike(const struct box *left, const struct box *right)
{
	return left->protocol == right->protocol && left->is_quoted == right->is_quoted &&
	       strcmp(left->name, right->name) == 0;
}

void boxes_compare(GPtrArray *before, GPtrArray *after)
{
	guint right = after->len;

	for (guint i = 0; i < before->len; i++)
		mark_whole(box_at(before, i), BOX_REMOVED);
	for (guint i = 0; i < after->len; i++)
		mark_whole(box_at(after, i), BOX_ADDED);
	for (guint i = before->len; i > 0 && right > 0; i--) {
		struct box *left = box_at(before, i - 1);
		guint found = right;

		while (found > 0 && !are_alike(left, box_at(after, found - 1)))
			found--;
		if (found == 0)
			continue;
		right = found - 1;
		left->change = box_at(after, right)->change = BOX_SAME;
		compare_fields(left, box_at(after, right), BOX_REMOVED);
		compare_fields(box_at(after, right), left, BOX_ADDED);
	}
}

const struct box_field *boxes_field_at(const GPtrArray *boxes, uint32_t byte,
				       const struct box **box)
{
	const struct box_field *found = NULL;

	*box = NULL;
	for (guint i = 0; i < boxes->len; i++) {
		const struct box *at = box_at(boxes, i);

		if (byte >= at->start && byte < at->start + at->header_bytes)
			*box = at;
		for (guint k = 0; k < at->fields->len; k++) {
			const struct box_field *field = field_at(at, k);

			if (field->bits == 0 || byte < field->start_bit / 8 ||
			    byte > (field->start_bit + field->bits - 1) / 8)
				continue;
			if (found == NULL || field->bits <= found->bits) {
				found = field;
				*box = at;
			}
		}
	}
	return found;
}
