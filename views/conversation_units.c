/* What is said in a conversation: the units that dissectors find, with TLS around them or without. */
#include "protocols/layer.h"
#include "protocols/tls/dissect.h"
#include "views/conversation_private.h"
#include "views/pieces.h"

#define UNITS_PER_SEGMENT 64 /* without asking for memory */

/* A record that one end of a TLS connection has sent, and what is in it. */
struct tls_record {
	uint64_t offset, end;      /* on the wire */
	uint64_t plaintext_offset; /* of application data, in the stream of the protocol above */
	uint32_t prefix_bytes;     /* in front of the byte that stands for the first of plaintext */
	unsigned content;          /* enum tls_content */
	bool is_encrypted;
	GBytes *plaintext;
};

/* A TCP stream direction with TLS on it, as its sender tells of it. */
struct protected_stream {
	uint64_t object;          /* the stream direction of the protocol above */
	uint64_t plaintext_bytes; /* of it so far */
	GArray *records;          /* of struct tls_record: those not on the wire as a whole yet */
};

static void clear_record(gpointer data)
{
	g_bytes_unref(((struct tls_record *)data)->plaintext);
}

static void protected_free(gpointer data)
{
	struct protected_stream *stream = data;

	g_array_free(stream->records, TRUE);
	g_free(stream);
}

static void unit_free(gpointer data)
{
	struct model_unit *unit = data;

	g_free(unit->summary);
	if (unit->bytes != NULL)
		g_bytes_unref(unit->bytes);
	g_free(unit);
}

void conversation_units_init(struct conversations *conversations)
{
	conversations->protected =
	    g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, protected_free);
}

GPtrArray *conversation_units_new(void)
{
	return g_ptr_array_new_with_free_func(unit_free);
}

/* Keeps what a dissector found; parts of a unit are not kept apart. */
static struct model_unit *keep_unit(struct conversations *conversations,
				    struct model_direction *direction,
				    const struct stream_part *part,
				    const struct dissector *dissector,
				    const struct dissect_unit *found)
{
	struct model_unit *unit = g_new(struct model_unit, 1);

	*unit = (struct model_unit) {
		.offset = part->offset + found->offset,
		.length = found->length,
		.said_offset = part->object_offset + found->offset,
		.object = part->object,
		.name = found->name,
		.dissector = dissector,
		.kind = found->kind,
		.is_complete = found->is_complete,
		.is_encrypted = part->is_encrypted,
		.summary = g_strdup(found->summary),
		.purpose = found->purpose,
		.bytes = found->length <= MODEL_UNIT_BYTES_MAX && dissector != &tls_dissector
			     ? g_bytes_new(part->bytes.data + found->offset, found->length)
			     : NULL,
		.time_ns = part->record->time_ns,
		.packet = part->record->packet,
	};
	unit->root =
	    conversation_root_at(conversations, part->object, part->object_offset + found->offset);
	if (unit->root == 0)
		unit->root = part->record->root;
	g_ptr_array_add(direction->units, unit);
	return unit;
}

/*
 * A line in TLS that began before byte `here` is told of with its last piece, and stands there on
 * the wire: between the pieces may be what records add, which is no part of it.
 */
static void end_here(struct model_unit *unit, uint64_t here)
{
	uint64_t end = unit->offset + unit->length;

	if (unit->offset >= here)
		return;
	unit->length = end > here ? (uint32_t)(end - here) : 0;
	unit->offset = here;
}

static void dissect_part(struct conversations *conversations, struct model_direction *direction,
			 const struct stream_part *part, const struct dissector *dissector,
			 struct dissect_state *state)
{
	const struct dissect_state before = *state;
	size_t kept = pieces_length(direction), unfinished = 0;
	struct stream_part whole = *part;
	struct dissect_input input = {
		.is_from_server = direction->is_from_server,
		.is_stream = true,
		.state = state,
		.missing = direction->missing_bytes,
		.unfinished = &unfinished,
	};
	struct dissect_unit few[UNITS_PER_SEGMENT], *units = few;
	struct model_unit *unit;
	size_t count;

	if (dissector == NULL || part->bytes.length == 0)
		return;
	direction->missing_bytes = 0;
	input.bytes = whole.bytes = pieces_join(direction, part->bytes);
	whole.offset -= kept;
	whole.object_offset -= kept;
	count = dissector->dissect(&input, few, UNITS_PER_SEGMENT);
	if (count > UNITS_PER_SEGMENT) {
		/* Pipelined commands, listings: once more with room for all of them. */
		units = g_new(struct dissect_unit, count);
		*state = before;
		count = dissector->dissect(&input, units, count);
	}
	for (size_t i = 0; i < count; i++) {
		pieces_trim(&units[i], kept);
		if (units[i].depth > 0)
			continue;
		unit = keep_unit(conversations, direction, &whole, dissector, &units[i]);
		if (part->is_encrypted)
			end_here(unit, part->offset);
	}
	pieces_keep(direction, input.bytes, unfinished);
	if (units != few)
		g_free(units);
}

/* TLS: what its ends say is in their records, as far as they are on the wire now. */

/* The piece of application data that `part` carries of the record. */
static void add_plaintext(struct conversations *conversations, struct model_direction *direction,
			  const struct stream_part *part, const struct protected_stream *stream,
			  const struct tls_record *record)
{
	struct model_connection *connection = direction->connection;
	uint64_t begin = record->offset + record->prefix_bytes;
	uint64_t end = begin + g_bytes_get_size(record->plaintext);
	uint64_t from = MAX(begin, part->offset);
	uint64_t to = MIN(end, part->offset + part->bytes.length);
	struct stream_part piece = *part;

	if (from >= to)
		return;
	piece.offset = from;
	piece.object = stream->object;
	piece.object_offset = record->plaintext_offset + (from - begin);
	piece.is_encrypted = true;
	piece.bytes = (struct bytes) {
		(const uint8_t *)g_bytes_get_data(record->plaintext, NULL) + (from - begin),
		to - from,
	};
	dissect_part(conversations, direction, &piece, connection->dissector, &connection->state);
}

/* A record that is TLS's own: a handshake message, an alert. */
static void add_record(struct conversations *conversations, struct model_direction *direction,
		       const struct stream_part *part, const struct tls_record *record)
{
	gsize length;
	const uint8_t *data = g_bytes_get_data(record->plaintext, &length);
	uint64_t from = MAX(record->offset, part->offset);
	uint64_t to = MIN(record->end, part->offset + part->bytes.length);
	struct stream_part piece = *part;
	struct dissect_unit unit;

	tls_dissect_content(record->content, (struct bytes) { data, length }, record->is_encrypted,
			    &unit);
	unit.is_complete = from == record->offset && to == record->end;
	unit.offset = 0;
	unit.length = (uint32_t)(to - from);
	piece.offset = from;
	piece.is_encrypted = record->is_encrypted;
	keep_unit(conversations, direction, &piece, &tls_dissector, &unit);
}

/* What was said before the first of the records is plaintext on the wire. */
static void add_unprotected(struct conversations *conversations, struct model_direction *direction,
			    const struct stream_part *part, const struct protected_stream *stream)
{
	struct model_connection *connection = direction->connection;
	uint64_t begin = part->offset + part->bytes.length;
	struct stream_part piece = *part;

	if (stream->records->len > 0)
		begin = MIN(begin, g_array_index(stream->records, struct tls_record, 0).offset);
	if (connection->is_tls || begin <= part->offset)
		return;
	piece.bytes = bytes_first(part->bytes, begin - part->offset);
	dissect_part(conversations, direction, &piece, connection->dissector, &connection->state);
}

/* What was half said in clear will not go on. */
static void begin_tls(struct model_connection *connection)
{
	if (connection->is_tls)
		return;
	connection->is_tls = true;
	pieces_forget(&connection->directions[0]);
	pieces_forget(&connection->directions[1]);
}

static void add_protected(struct conversations *conversations, struct model_direction *direction,
			  const struct stream_part *part, struct protected_stream *stream)
{
	uint64_t end = part->offset + part->bytes.length;
	guint done = 0;

	add_unprotected(conversations, direction, part, stream);
	for (guint i = 0; i < stream->records->len; i++) {
		const struct tls_record *record =
		    &g_array_index(stream->records, struct tls_record, i);

		if (record->offset >= end)
			break;
		begin_tls(direction->connection);
		if (record->end > part->offset && record->content == TLS_APPLICATION_DATA &&
		    direction->connection->dissector != NULL)
			add_plaintext(conversations, direction, part, stream, record);
		else if (record->end > part->offset)
			add_record(conversations, direction, part, record);
		done += record->end <= end;
	}
	if (done > 0)
		g_array_remove_range(stream->records, 0, done);
}

void conversation_add_units(struct conversations *conversations, struct model_direction *direction,
			    const struct stream_part *part)
{
	struct model_connection *connection = direction->connection;
	struct protected_stream *stream =
	    g_hash_table_lookup(conversations->protected, &part->object);

	if (stream != NULL) {
		add_protected(conversations, direction, part, stream);
		return;
	}
	connection->is_tls |= tls_begins(part->bytes); /* by somebody from outside */
	if (connection->is_tls)
		dissect_part(conversations, direction, part, &tls_dissector,
			     &connection->tls_state);
	else
		dissect_part(conversations, direction, part, connection->dissector,
			     &connection->state);
}

static void begin_protected(struct conversations *conversations, const struct trace_record *record)
{
	struct protected_stream *stream = g_new0(struct protected_stream, 1);

	stream->object = record->object;
	stream->records = g_array_new(FALSE, FALSE, sizeof(struct tls_record));
	g_array_set_clear_func(stream->records, clear_record);
	g_hash_table_replace(conversations->protected,
			     g_memdup2(&record->before, sizeof record->before), stream);
}

static unsigned content_of(const struct trace_record *record)
{
	static const unsigned contents[] = {
		[TLS_RECORD_CHANGE_CIPHER_SPEC] = TLS_CHANGE_CIPHER_SPEC,
		[TLS_RECORD_ALERT] = TLS_ALERT,
		[TLS_RECORD_HANDSHAKE] = TLS_HANDSHAKE,
		[TLS_RECORD_APPLICATION_DATA] = TLS_APPLICATION_DATA,
	};

	return record->detail < G_N_ELEMENTS(contents) ? contents[record->detail] : 0;
}

void conversations_feed_tls(struct conversations *conversations, const struct trace_record *record,
			    struct bytes bytes)
{
	struct protected_stream *stream;

	if (record->kind == TRACE_STATE && record->detail == TLS_BEGINS)
		begin_protected(conversations, record);
	if (record->kind != TRACE_UNIT || record->flags & TRACE_INBOUND)
		return;
	stream = g_hash_table_lookup(conversations->protected, &record->object);
	if (stream == NULL)
		return;
	struct tls_record added = {
		.offset = record->before,
		.end = record->before + record->after,
		.plaintext_offset = stream->plaintext_bytes,
		.prefix_bytes = record->header_bytes,
		.content = content_of(record),
		.is_encrypted = (record->flags & TRACE_ENCRYPTED) != 0,
		.plaintext = g_bytes_new(bytes.data, bytes.length),
	};

	if (added.content == TLS_APPLICATION_DATA)
		stream->plaintext_bytes += bytes.length;
	g_array_append_val(stream->records, added);
}

unsigned model_unit_index(const struct model_direction *direction, uint64_t offset)
{
	unsigned low = 0, high = direction->units->len;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		const struct model_unit *unit = direction->units->pdata[middle];

		if (unit->offset + unit->length > offset)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

uint64_t model_unit_bytes(const struct model_segment *segment, const struct dissector *without)
{
	const GPtrArray *units = segment->direction->units;
	uint64_t end = segment->offset + segment->length, sum = 0;

	for (unsigned i = model_unit_index(segment->direction, segment->offset); i < units->len;
	     i++) {
		const struct model_unit *unit = units->pdata[i];

		if (unit->offset >= end)
			break;
		if (unit->dissector != without)
			sum += MIN(end, unit->offset + unit->length) -
			       MAX(segment->offset, unit->offset);
	}
	return sum;
}

uint64_t model_tls_bytes(const struct model_segment *segment)
{
	if (!segment->connection->is_tls)
		return 0;
	return segment->length - model_unit_bytes(segment, &tls_dissector);
}

uint64_t model_record_bytes(const struct model_segment *segment)
{
	if (!segment->connection->is_tls)
		return 0;
	return segment->length - model_unit_bytes(segment, NULL);
}
