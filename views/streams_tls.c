/* TLS in a stream: its records, and in place of those that can be decrypted what is in them. */
#include <stdio.h>
#include "protocols/tls/dissect.h"
#include "views/pieces.h"
#include "views/streams_private.h"

/* Bytes of a direction on their way through the dissector of TLS and the decrypter. */
struct reading {
	struct streams *streams;
	struct model_direction *direction;
	uint64_t base; /* stream offset of the bytes */
	struct bytes bytes;
	size_t count, shown; /* of streams->records: all, and those that have been told of */
};

void stream_forget_tls(struct streams *streams, struct flow *flow)
{
	if (flow->decrypter == NULL)
		return;
	streams->held_bytes -= tls_decrypter_held(flow->decrypter);
	tls_decrypter_free(flow->decrypter);
	flow->decrypter = NULL;
}

static bool has_room(const struct streams *streams)
{
	return streams->found_count < STREAM_UNITS_MAX;
}

/* A record as what it is. */
static void show_record(struct reading *reading, const struct dissect_unit *unit, bool is_encrypted)
{
	struct streams *streams = reading->streams;
	const struct stream_source source = { &tls_dissector, reading->base, is_encrypted,
					      reading->bytes };

	if (!has_room(streams))
		return;
	streams->found[streams->found_count] = *unit;
	stream_add_found(streams, reading->direction, 1, &source);
}

static void say_why_not(struct dissect_unit *unit, const char *why)
{
	size_t used = strlen(unit->summary);

	snprintf(unit->summary + used, sizeof unit->summary - used, ": %s", why);
}

/* Only who wants to decrypt wants to know why that cannot be done. */
static bool has_secrets(const struct reading *reading)
{
	return tls_secrets_count(tls_decryption_secrets(reading->streams->decryption)) > 0;
}

/* What the protocol above says in a record of application data. */
static void show_plaintext(struct reading *reading, const struct tls_opened *opened)
{
	struct streams *streams = reading->streams;
	struct model_direction *direction = reading->direction;
	struct model_connection *connection = direction->connection;
	uint64_t begin = reading->base + opened->end - opened->wire_bytes + opened->prefix_bytes;
	size_t kept = pieces_length(direction), unfinished = 0;
	size_t room = STREAM_UNITS_MAX - streams->found_count, count;
	struct dissect_unit *found = streams->found + streams->found_count;
	struct stream_source source = {
		connection->dissector, begin - kept, true, {NULL, 0}
	};
	bool may_keep = streams->held_bytes + opened->plaintext.length <= STREAMS_HELD_BYTES_MAX;
	struct dissect_input input = {
		.bytes = pieces_join(direction, opened->plaintext),
		.is_from_server = direction->is_from_server,
		.is_stream = true,
		.is_outline = streams->is_outline,
		.state = &connection->state,
		.unfinished = may_keep ? &unfinished : NULL,
	};

	source.bytes = input.bytes;
	count = connection->dissector->dissect(&input, found, room);
	for (size_t i = 0; i < MIN(count, room); i++)
		pieces_trim(&found[i], kept);
	stream_add_found(streams, direction, count, &source);
	pieces_keep(direction, input.bytes, unfinished);
	streams->held_bytes += pieces_length(direction);
	streams->held_bytes -= kept;
}

/* The record that `unit` stands for, or the last piece of it, was opened; or not. */
static void show_opened(struct reading *reading, const struct dissect_unit *unit,
			const struct tls_opened *opened)
{
	struct dissect_unit shown = *unit;

	if (!opened->is_encrypted) {
		show_record(reading, unit, false);
		return;
	}
	reading->streams->opened_count += opened->problem == NULL;
	reading->streams->closed_count += opened->problem != NULL;
	if (opened->problem != NULL) {
		if (has_secrets(reading))
			say_why_not(&shown, opened->problem);
		show_record(reading, &shown, true);
	} else if (opened->content == TLS_APPLICATION_DATA &&
		   reading->direction->connection->dissector != NULL) {
		show_plaintext(reading, opened);
	} else {
		tls_dissect_content(opened->content, opened->plaintext, true, &shown);
		shown.offset = unit->offset;
		shown.length = unit->length;
		shown.is_complete = unit->is_complete;
		show_record(reading, &shown, true);
	}
}

/* Pieces that are in front of the record's end are no more than that; then comes its own. */
static void take_opened(void *owner, const struct tls_opened *opened)
{
	struct reading *reading = owner;
	const struct dissect_unit *records = reading->streams->records;

	while (reading->shown < reading->count) {
		const struct dissect_unit *unit = &records[reading->shown++];

		if (unit->offset + unit->length >= opened->end) {
			show_opened(reading, unit, opened);
			return;
		}
		show_record(reading, unit, false);
	}
}

/* Records of which only a piece is here; and those that the decrypter has given up. */
static void show_rest(struct reading *reading, const char *lost)
{
	for (; reading->shown < reading->count; reading->shown++) {
		struct dissect_unit unit = reading->streams->records[reading->shown];
		bool is_data = unit.kind == TLS_RECORD_APPLICATION_DATA;

		reading->streams->closed_count += lost != NULL && is_data;
		if (lost != NULL && is_data && has_secrets(reading))
			say_why_not(&unit, lost);
		show_record(reading, &unit, is_data);
	}
}

/* What was half said in clear will not go on. */
static void begin(struct streams *streams, struct flow *flow)
{
	flow->decrypter = tls_decrypter_new(streams->decryption);
	for (unsigned i = 0; i < 2; i++) {
		streams->held_bytes -= pieces_length(&flow->connection.directions[i]);
		pieces_forget(&flow->connection.directions[i]);
	}
}

void stream_read_tls(struct streams *streams, struct flow *flow, unsigned index, struct bytes bytes,
		     uint64_t missing)
{
	struct model_direction *direction = &flow->connection.directions[index];
	struct reading reading = { streams, direction, direction->fed_bytes, bytes, 0, 0 };
	struct dissect_input input = {
		.bytes = bytes,
		.is_from_server = direction->is_from_server,
		.is_stream = true,
		.state = &flow->connection.tls_state,
		.missing = missing,
	};

	direction->fed_bytes += bytes.length;
	if (bytes.length == 0)
		return;
	if (flow->decrypter == NULL)
		begin(streams, flow);
	reading.count = tls_dissector.dissect(&input, streams->records, STREAM_UNITS_MAX);
	reading.count = MIN(reading.count, STREAM_UNITS_MAX);
	streams->held_bytes -= tls_decrypter_held(flow->decrypter);
	tls_decrypter_feed(flow->decrypter, index == 1, bytes, missing, take_opened, &reading);
	if (streams->held_bytes + tls_decrypter_held(flow->decrypter) > STREAMS_HELD_BYTES_MAX)
		tls_decrypter_give_up(flow->decrypter);
	streams->held_bytes += tls_decrypter_held(flow->decrypter);
	show_rest(&reading, tls_decrypter_lost(flow->decrypter, index == 1));
}
