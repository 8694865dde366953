/* TCP connections as they are found in the bytes of the frames, and what was said in them. */
#include "protocols/layer.h"
#include "protocols/tls/dissect.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp.h"
#include "views/model_private.h"
#include "views/pieces.h"
#include "views/window.h"

#define UNITS_PER_SEGMENT 64 /* without asking for memory */

/* Both directions of a connection have the same key: the lower endpoint comes first. */
struct conversation_key {
	struct endpoint low, high;
};

/* A range of a stream direction that belongs to a message; kept in order of offset. */
struct root_range {
	uint64_t offset, end, root;
	uint64_t reach; /* the furthest end of all ranges up to this one */
};

/* What a frame says about its segment. */
struct segment_view {
	struct endpoint source, destination; /* inside ones where a router translates */
	uint16_t service_port;               /* the destination port in the frame */
	struct tcp_header header;
	struct bytes payload;
};

/* Bytes of a stream that no segment carried before. */
struct stream_part {
	const struct trace_record *record; /* of the frame that carried them */
	uint64_t object;                   /* the stream direction; 0: unknown */
	uint64_t object_offset;            /* of the bytes in that */
	uint64_t offset;                   /* of the bytes, or what stands for them, on the wire */
	struct bytes bytes;
	bool is_encrypted; /* they are what TLS made of others */
};

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

static guint endpoint_hash(struct endpoint endpoint)
{
	return endpoint.address * 2654435761u ^ endpoint.port;
}

static guint key_hash(gconstpointer data)
{
	const struct conversation_key *key = data;

	return endpoint_hash(key->low) * 31 + endpoint_hash(key->high);
}

static bool endpoint_equal(struct endpoint a, struct endpoint b)
{
	return a.address == b.address && a.port == b.port;
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
	const struct conversation_key *left = a, *right = b;

	return endpoint_equal(left->low, right->low) && endpoint_equal(left->high, right->high);
}

static struct conversation_key key_of(struct endpoint a, struct endpoint b)
{
	bool in_order = a.address < b.address || (a.address == b.address && a.port <= b.port);

	return in_order ? (struct conversation_key) { a, b } : (struct conversation_key) { b, a };
}

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

static void ranges_free(gpointer data)
{
	g_array_free(data, TRUE);
}

void conversations_init(struct conversations *conversations,
			const struct dissector *const *dissectors)
{
	conversations->dissectors = dissectors;
	conversations->connections = g_ptr_array_new();
	conversations->by_endpoints = g_hash_table_new_full(key_hash, key_equal, g_free, NULL);
	conversations->roots =
	    g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, ranges_free);
	conversations->protected =
	    g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, protected_free);
	conversations->objects = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	conversations->translations =
	    g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
}

static void unit_free(gpointer data)
{
	struct model_unit *unit = data;

	g_free(unit->summary);
	if (unit->bytes != NULL)
		g_bytes_unref(unit->bytes);
	g_free(unit);
}

void conversations_clear(struct conversations *conversations)
{
	for (guint i = 0; i < conversations->connections->len; i++) {
		struct model_connection *connection = conversations->connections->pdata[i];

		pieces_forget(&connection->directions[0]);
		pieces_forget(&connection->directions[1]);
		g_ptr_array_free(connection->directions[0].units, TRUE);
		g_ptr_array_free(connection->directions[1].units, TRUE);
		g_free(connection);
	}
	g_ptr_array_free(conversations->connections, TRUE);
	g_hash_table_destroy(conversations->by_endpoints);
	g_hash_table_destroy(conversations->roots);
	g_hash_table_destroy(conversations->protected);
	g_hash_table_destroy(conversations->objects);
	g_hash_table_destroy(conversations->translations);
}

void conversations_translate(struct conversations *conversations, struct endpoint outside,
			     uint64_t inside)
{
	uint64_t key = (uint64_t)outside.address << 16 | outside.port;

	g_hash_table_replace(conversations->translations, g_memdup2(&key, sizeof key),
			     g_memdup2(&inside, sizeof inside));
}

#define TRANSLATIONS_IN_A_ROW_MAX 8

/* Who really has an endpoint; routers that translate may stand one behind the other. */
static struct endpoint find_inside(const struct conversations *conversations,
				   struct endpoint endpoint)
{
	for (int i = 0; i < TRANSLATIONS_IN_A_ROW_MAX; i++) {
		uint64_t key = (uint64_t)endpoint.address << 16 | endpoint.port;
		const uint64_t *inside = g_hash_table_lookup(conversations->translations, &key);

		if (inside == NULL)
			break;
		endpoint = (struct endpoint) { (uint32_t)(*inside >> 16), (uint16_t)*inside };
	}
	return endpoint;
}

/* Reads the segment in `frame`; false when it holds none, or a fragment. */
static bool segment_view(const struct conversations *conversations, struct bytes frame,
			 struct segment_view *view)
{
	struct ethernet_header ethernet;
	struct ipv4_header ipv4;
	struct bytes datagram, segment;

	if (ethernet_header_parse(frame, &ethernet, &datagram) != PARSE_OK ||
	    ethernet.type != ETHERTYPE_IPV4 ||
	    ipv4_header_parse(datagram, &ipv4, &segment) != PARSE_OK ||
	    ipv4.protocol != IP_PROTOCOL_NUMBER_TCP || ipv4.more_fragments ||
	    ipv4.fragment_offset_bytes != 0 ||
	    tcp_header_parse(segment, &view->header, &view->payload) != PARSE_OK)
		return false;
	view->source =
	    find_inside(conversations, (struct endpoint) { ipv4.source, view->header.source_port });
	view->destination = find_inside(
	    conversations, (struct endpoint) { ipv4.destination, view->header.destination_port });
	view->service_port = view->header.destination_port;
	return true;
}

static const struct dissector *dissector_of(const struct conversations *conversations,
					    uint16_t port)
{
	for (const struct dissector *const *at = conversations->dissectors; *at != NULL; at++)
		for (int i = 0; i < DISSECT_PORTS_MAX && (*at)->tcp_ports[i] != 0; i++)
			if ((*at)->tcp_ports[i] == port)
				return *at;
	return NULL;
}

static void direction_init(struct model_connection *connection, bool is_from_server)
{
	connection->directions[is_from_server] = (struct model_direction) {
		.connection = connection,
		.is_from_server = is_from_server,
		.units = g_ptr_array_new_with_free_func(unit_free),
	};
}

static struct model_connection *connection_new(struct conversations *conversations,
					       const struct segment_view *view, int64_t time_ns)
{
	struct model_connection *connection = g_new0(struct model_connection, 1);
	struct conversation_key *key = g_new(struct conversation_key, 1);

	g_ptr_array_add(conversations->connections, connection);
	connection->number = conversations->connections->len;
	connection->client = view->source;
	connection->server = view->destination;
	connection->dissector = dissector_of(conversations, view->service_port);
	connection->opened_ns = time_ns;
	direction_init(connection, false);
	direction_init(connection, true);
	*key = key_of(view->source, view->destination);
	g_hash_table_replace(conversations->by_endpoints, key, connection);
	return connection;
}

static struct model_connection *connection_find(const struct conversations *conversations,
						const struct segment_view *view)
{
	struct conversation_key key = key_of(view->source, view->destination);

	return g_hash_table_lookup(conversations->by_endpoints, &key);
}

static struct model_direction *direction_of(struct model_connection *connection,
					    const struct segment_view *view)
{
	return &connection->directions[endpoint_equal(view->source, connection->server)];
}

/* The end of a direction, and where in the stream that is: it takes a sequence number itself. */
static void note_fin(struct model_direction *direction, const struct segment_view *view)
{
	uint32_t end = view->header.sequence + (uint32_t)view->payload.length -
		       direction->initial_sequence - 1;

	direction->connection->fins |= direction->is_from_server ? 2 : 1;
	direction->has_fin = true;
	direction->fin_offset =
	    direction->fed_bytes + (uint64_t)(int32_t)(end - (uint32_t)direction->fed_bytes);
}

/* A SYN with a sequence number not seen before opens a connection anew. */
static struct model_direction *direction_for(struct conversations *conversations,
					     const struct segment_view *view, int64_t time_ns)
{
	struct model_connection *connection = connection_find(conversations, view);
	struct model_direction *direction;
	bool is_opening = (view->header.flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;

	if (connection == NULL && !is_opening)
		return NULL;
	if (connection == NULL)
		connection = connection_new(conversations, view, time_ns);
	direction = direction_of(connection, view);
	if (is_opening && direction->has_initial_sequence &&
	    direction->initial_sequence != view->header.sequence) {
		connection = connection_new(conversations, view, time_ns);
		direction = direction_of(connection, view);
	}
	if (view->header.flags & TCP_SYN) {
		direction->initial_sequence = view->header.sequence;
		direction->has_initial_sequence = true;
		window_learn(direction, &view->header);
	} else if (!direction->has_initial_sequence) { /* a refusal: counted as Wireshark does */
		direction->initial_sequence = view->header.sequence - 1;
	}
	connection->closed_ns = time_ns;
	if (view->header.flags & TCP_RST)
		connection->was_reset = true;
	if (view->header.flags & TCP_FIN)
		note_fin(direction, view);
	return direction;
}

static struct root_range *range_at(const GArray *ranges, guint index)
{
	return &g_array_index(ranges, struct root_range, index);
}

/* How many ranges begin at or before `offset`. */
static guint ranges_until(const GArray *ranges, uint64_t offset)
{
	guint low = 0, high = ranges->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (range_at(ranges, middle)->offset > offset)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The root of the innermost range around `offset`; 0: there is none. */
static uint64_t root_at(const struct conversations *conversations, uint64_t object, uint64_t offset)
{
	const GArray *ranges = g_hash_table_lookup(conversations->roots, &object);

	for (guint i = ranges == NULL ? 0 : ranges_until(ranges, offset); i > 0; i--) {
		const struct root_range *range = range_at(ranges, i - 1);

		if (range->reach <= offset)
			break;
		if (offset < range->end)
			return range->root;
	}
	return 0;
}

/* Sessions tell of a stream in its order, nearly: few ranges are put in before others. */
static void add_range(GArray *ranges, struct root_range range)
{
	guint index = ranges_until(ranges, range.offset);

	g_array_insert_val(ranges, index, range);
	for (; index < ranges->len; index++) {
		struct root_range *at = range_at(ranges, index);
		uint64_t reach = index == 0 ? 0 : range_at(ranges, index - 1)->reach;

		at->reach = MAX(reach, at->end);
	}
}

/* Keeps what a dissector found; parts of a unit are not kept apart. */
static void keep_unit(struct conversations *conversations, struct model_direction *direction,
		      const struct stream_part *part, const struct dissector *dissector,
		      const struct dissect_unit *found)
{
	struct model_unit *unit = g_new(struct model_unit, 1);

	*unit = (struct model_unit) {
		.offset = part->offset + found->offset,
		.length = found->length,
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
	unit->root = root_at(conversations, part->object, part->object_offset + found->offset);
	if (unit->root == 0)
		unit->root = part->record->root;
	g_ptr_array_add(direction->units, unit);
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
		/* Records of TLS are what they are: pieces of lines in them are not joined. */
		.unfinished = part->is_encrypted ? NULL : &unfinished,
	};
	struct dissect_unit few[UNITS_PER_SEGMENT], *units = few;
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
		if (units[i].depth == 0)
			keep_unit(conversations, direction, &whole, dissector, &units[i]);
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
		direction->connection->is_tls = true;
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

static void add_units(struct conversations *conversations, struct model_direction *direction,
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

/* The stream direction that the segment was made from; asked for once, at its first wire. */
static uint64_t take_object(struct conversations *conversations, uint64_t packet)
{
	const uint64_t *found = g_hash_table_lookup(conversations->objects, &packet);
	uint64_t object = found == NULL ? 0 : *found;

	g_hash_table_remove(conversations->objects, &packet);
	return object;
}

void conversations_feed_frame(struct conversations *conversations,
			      const struct trace_record *record, struct bytes frame)
{
	struct segment_view view;
	struct model_direction *direction;
	struct stream_part part = {
		.record = record,
		.object = take_object(conversations, record->packet),
	};

	if (!segment_view(conversations, frame, &view))
		return;
	direction = direction_for(conversations, &view, record->time_ns);
	if (direction == NULL)
		return;
	direction->segments++;
	if (view.payload.length == 0)
		return;
	uint32_t offset = view.header.sequence - direction->initial_sequence - 1;
	uint32_t known = (uint32_t)direction->fed_bytes;

	/* A sender puts its stream on the wire in order, but for what it repeats. */
	if ((int32_t)(offset + (uint32_t)view.payload.length - known) <= 0) {
		direction->retransmissions++;
		return;
	}
	if ((int32_t)(offset - known) < 0) {
		direction->retransmissions++;
		view.payload = bytes_from(view.payload, known - offset);
	}
	if ((int32_t)(offset - known) > 0) {
		pieces_forget(direction);
		direction->missing_bytes += offset - known;
		direction->fed_bytes += offset - known;
	}
	part.bytes = view.payload;
	part.offset = part.object_offset = direction->fed_bytes;
	add_units(conversations, direction, &part);
	direction->fed_bytes += view.payload.length;
	direction->bytes_sent += view.payload.length;
}

void conversations_feed_unit(struct conversations *conversations, const struct trace_record *record)
{
	struct root_range range = {
		.offset = record->before,
		.end = record->before + record->after,
		.root = record->root,
	};
	GArray *ranges = g_hash_table_lookup(conversations->roots, &record->object);

	if (record->root == 0)
		return;
	if (ranges == NULL) {
		uint64_t *key = g_new(uint64_t, 1);

		*key = record->object;
		ranges = g_array_new(FALSE, FALSE, sizeof(struct root_range));
		g_hash_table_insert(conversations->roots, key, ranges);
	}
	add_range(ranges, range);
}

void conversations_feed_segment(struct conversations *conversations,
				const struct trace_record *record)
{
	uint64_t *key = g_new(uint64_t, 1), *object = g_new(uint64_t, 1);

	*key = record->packet;
	*object = record->object;
	g_hash_table_insert(conversations->objects, key, object);
}

bool conversations_find(const struct conversations *conversations, struct bytes frame,
			struct model_segment *segment)
{
	struct segment_view view;
	struct model_connection *connection;
	const struct model_direction *direction, *other;

	if (!segment_view(conversations, frame, &view))
		return false;
	connection = connection_find(conversations, &view);
	if (connection == NULL)
		return false;
	direction = direction_of(connection, &view);
	other = &connection->directions[!direction->is_from_server];
	uint32_t relative = view.header.sequence - direction->initial_sequence;
	bool has_syn = (view.header.flags & TCP_SYN) != 0;

	*segment = (struct model_segment) {
		.connection = connection,
		.direction = direction,
		.offset = has_syn ? 0 : relative - 1,
		.length = view.payload.length,
		.sequence = relative,
		.acknowledgment = view.header.flags & TCP_ACK
				      ? view.header.acknowledgment - other->initial_sequence
				      : 0,
		.flags = view.header.flags,
	};
	window_find(segment, &view.header);
	return true;
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

const char *model_protocol(const struct model_connection *connection)
{
	if (connection->is_tls)
		return tls_dissector.name;
	return connection->dissector != NULL ? connection->dissector->name : "stream";
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
