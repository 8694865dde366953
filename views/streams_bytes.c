/* The bytes of a stream direction: read in order, held where they are early, passed over where missing. */
#include "protocols/tls/dissect.h"
#include "views/pieces.h"
#include "views/streams_private.h"

/* A unit of its own is shown among the units of its direction. */
static void show_unit(struct streams *streams, struct model_direction *direction, unsigned index)
{
	const struct dissect_unit *found = &streams->found[index];
	struct model_unit *unit = &streams->shown[index];

	*unit = (struct model_unit) {
		.offset = streams->about[index].base + found->offset,
		.length = found->length,
		.name = found->name,
		.dissector = streams->about[index].dissector,
		.kind = found->kind,
		.is_complete = found->is_complete,
		.is_encrypted = streams->about[index].is_encrypted,
		.summary = (char *)found->summary,
		.purpose = found->purpose,
	};
	g_ptr_array_add(direction->units, unit);
}

/* Lines that have not come to their end are told of when they have. */
static void let_hear(struct streams *streams, const struct model_direction *direction,
		     unsigned index, struct bytes bytes)
{
	const struct dissect_unit *found = &streams->found[index];

	if (streams->hear == NULL || found->depth > 0 || found->kind == DISSECT_PART)
		return;
	streams->hear(streams->hear_owner,
		      &(struct stream_said) {
			  .connection = direction->connection,
			  .is_from_server = direction->is_from_server,
			  .dissector = streams->about[index].dissector,
			  .unit = found,
			  .bytes = bytes_first(bytes_from(bytes, found->offset), found->length),
		      });
}

void stream_add_found(struct streams *streams, struct model_direction *direction, size_t count,
		      const struct stream_source *source)
{
	count = MIN(count, (size_t)STREAM_UNITS_MAX - streams->found_count);
	for (; count > 0; count--) {
		unsigned index = streams->found_count++;

		streams->about[index].base = source->base;
		streams->about[index].dissector = source->dissector;
		streams->about[index].is_from_server = direction->is_from_server;
		streams->about[index].is_encrypted = source->is_encrypted;
		let_hear(streams, direction, index, source->bytes);
		if (streams->found[index].depth == 0)
			show_unit(streams, direction, index);
	}
}

/* TLS from the first ClientHello on, wherever that comes. */
static bool is_tls(struct model_direction *direction, struct bytes bytes)
{
	struct model_connection *connection = direction->connection;

	connection->is_tls |=
	    tls_begins(bytes) || (direction->fed_bytes == 0 && tls_is_record(bytes));
	return connection->is_tls;
}

/*
 * Lets the connection's dissector read `bytes`, the next of the stream behind `missing` that nobody has,
 * and keeps what it finds. What is cut off behind them is not to be waited for.
 */
static void read_bytes(struct streams *streams, struct model_direction *direction,
		       struct bytes bytes, uint64_t missing, bool is_cut)
{
	struct model_connection *connection = direction->connection;
	struct dissect_unit *found = streams->found + streams->found_count;
	size_t room = STREAM_UNITS_MAX - streams->found_count, count, unfinished = 0;
	size_t kept = pieces_length(direction);
	struct stream_source source = {
		connection->dissector, direction->fed_bytes - kept, false, {NULL, 0}
	};
	bool may_keep = !is_cut && streams->held_bytes + bytes.length <= STREAMS_HELD_BYTES_MAX;
	struct dissect_input input = {
		.bytes = pieces_join(direction, bytes),
		.is_from_server = direction->is_from_server,
		.is_stream = true,
		.is_outline = streams->is_outline,
		.state = &connection->state,
		.missing = missing,
		.unfinished = may_keep ? &unfinished : NULL,
	};

	source.bytes = input.bytes;
	direction->fed_bytes += bytes.length;
	if (connection->dissector == NULL || bytes.length == 0)
		return;
	count = connection->dissector->dissect(&input, found, room);
	for (size_t i = 0; i < MIN(count, room); i++)
		pieces_trim(&found[i], kept);
	stream_add_found(streams, direction, count, &source);
	pieces_keep(direction, input.bytes, unfinished);
	streams->held_bytes += pieces_length(direction);
	streams->held_bytes -= kept;
}

static void forget_line(struct streams *streams, struct model_direction *direction)
{
	streams->held_bytes -= pieces_length(direction);
	pieces_forget(direction);
}

void stream_read(struct streams *streams, struct flow *flow, unsigned index,
		 const struct stream_piece *piece)
{
	struct model_direction *stream = &flow->connection.directions[index];
	uint64_t end = piece->offset + piece->length;
	uint64_t missing = stream->missing_bytes;

	if (end <= stream->fed_bytes)
		return;
	struct bytes bytes = bytes_from(piece->bytes, stream->fed_bytes - piece->offset);
	uint64_t cut = end - stream->fed_bytes - bytes.length;

	if (is_tls(stream, bytes))
		stream_read_tls(streams, flow, index, bytes, missing);
	else
		read_bytes(streams, stream, bytes, missing, cut > 0);
	stream->missing_bytes = bytes.length > 0 ? cut : missing + cut;
	stream->fed_bytes = end; /* what was not captured is passed over */
}

static struct held *held_at(const struct flow_direction *direction, guint index)
{
	return &g_array_index(direction->held, struct held, index);
}

static guint held_count(const struct flow_direction *direction)
{
	return direction->held == NULL ? 0 : direction->held->len;
}

static void release(struct streams *streams, struct flow_direction *direction, guint index)
{
	struct held *held = held_at(direction, index);
	size_t size = g_bytes_get_size(held->bytes);

	direction->held_bytes -= size;
	streams->held_bytes -= size;
	streams->waiting_bytes -= held->is_damaged ? 0 : held->length;
	g_bytes_unref(held->bytes);
	g_array_remove_index(direction->held, index);
}

void stream_forget(struct streams *streams, struct flow *flow, unsigned index)
{
	struct flow_direction *direction = &flow->directions[index];

	forget_line(streams, &flow->connection.directions[index]);
	for (guint count = held_count(direction); count > 0; count--) {
		struct held *held = held_at(direction, count - 1);

		if (!held->is_damaged)
			streams->untold_bytes += held->length;
		release(streams, direction, count - 1);
	}
	g_clear_pointer(&direction->held, g_array_unref);
}

void stream_read_held(struct streams *streams, struct flow *flow, unsigned index,
		      bool wants_damaged)
{
	struct flow_direction *direction = &flow->directions[index];
	const struct model_direction *stream = &flow->connection.directions[index];

	for (guint i = 0; i < held_count(direction);) {
		struct held *held = held_at(direction, i);
		bool is_over = held->offset + held->length <= stream->fed_bytes;
		size_t length;
		const uint8_t *data = g_bytes_get_data(held->bytes, &length);

		if (held->offset > stream->fed_bytes)
			break;
		if (held->is_damaged && !wants_damaged && !is_over) {
			i++;
			continue;
		}
		stream_read(streams, flow, index,
			    &(struct stream_piece) {
				.offset = held->offset,
				.length = held->length,
				.bytes = {data, length}
                });
		release(streams, direction, i);
	}
}

/* True when `whole` makes `part` needless; it does not begin behind it. */
static bool is_instead(const struct held *whole, const struct stream_piece *part)
{
	return part->offset + part->length <= whole->offset + whole->length &&
	       (part->is_damaged || !whole->is_damaged);
}

bool stream_hold(struct streams *streams, struct flow *flow, unsigned index,
		 const struct stream_piece *piece)
{
	struct flow_direction *direction = &flow->directions[index];
	struct held held = { piece->offset, piece->length, piece->is_damaged, NULL };
	guint at = held_count(direction);

	while (at > 0 && held_at(direction, at - 1)->offset > piece->offset)
		at--;
	if (at > 0 && is_instead(held_at(direction, at - 1), piece))
		return true; /* repeated before its turn */
	if (held_count(direction) >= STREAM_HELD_MAX ||
	    direction->held_bytes + piece->bytes.length > STREAM_HELD_BYTES_MAX ||
	    streams->held_bytes + piece->bytes.length > STREAMS_HELD_BYTES_MAX)
		return false;
	if (direction->held == NULL)
		direction->held = g_array_new(FALSE, FALSE, sizeof(struct held));
	held.bytes = g_bytes_new(piece->bytes.data, piece->bytes.length);
	direction->held_bytes += piece->bytes.length;
	streams->held_bytes += piece->bytes.length;
	streams->waiting_bytes += piece->is_damaged ? 0 : piece->length;
	g_array_insert_val(direction->held, at, held);
	return true;
}

uint64_t stream_held_begin(const struct flow_direction *direction)
{
	return held_count(direction) == 0 ? UINT64_MAX : held_at(direction, 0)->offset;
}

uint64_t stream_held_end(const struct flow_direction *direction)
{
	uint64_t end = 0;

	for (guint i = 0; i < held_count(direction); i++) {
		const struct held *held = held_at(direction, i);

		end = MAX(end, held->offset + held->length);
	}
	return end;
}

uint64_t stream_pass_over(struct streams *streams, struct flow *flow, unsigned index,
			  uint64_t offset)
{
	struct model_direction *stream = &flow->connection.directions[index];
	struct flow_direction *direction = &flow->directions[index];
	uint64_t missing = 0;

	while (stream->fed_bytes < offset) {
		uint64_t next = MIN(offset, stream_held_begin(direction));

		if (next > stream->fed_bytes) {
			forget_line(streams, stream);
			missing += next - stream->fed_bytes;
			stream->missing_bytes += next - stream->fed_bytes;
			stream->fed_bytes = next;
		}
		stream_read_held(streams, flow, index, true);
	}
	return missing;
}
