#include "protocols/tls/dissect.h"

#include <glib.h>
#include <stdio.h>
#include "protocols/tls/message.h"

#define HEADER_BYTES     5
#define RECORD_BYTES_MAX (16384 + 2048) /* RFC 5246 section 6.2.3; less in TLS 1.3 */
#define CLIENT_HELLO     1

/*
 * What is remembered of a direction. In `words[direction]`: bytes still to come of the record, its
 * content, whether records are encrypted from here on, and how much of a header came; in `words[2 +
 * direction]` that header.
 */
struct memory {
	uint32_t remaining;
	uint8_t content;
	bool is_encrypted;
	uint8_t header_length;
	uint8_t header[HEADER_BYTES];
};

static struct memory remember(const struct dissect_state *state, unsigned direction)
{
	struct memory memory = { 0 };

	if (state == NULL)
		return memory;
	memory.remaining = (uint32_t)state->words[direction];
	memory.content = (uint8_t)(state->words[direction] >> 32);
	memory.is_encrypted = (state->words[direction] >> 40 & 1) != 0;
	memory.header_length = (uint8_t)(state->words[direction] >> 48);
	for (unsigned i = 0; i < HEADER_BYTES; i++)
		memory.header[i] = (uint8_t)(state->words[2 + direction] >> 8 * i);
	return memory;
}

static void keep(struct dissect_state *state, unsigned direction, const struct memory *memory)
{
	if (state == NULL)
		return;
	state->words[direction] = memory->remaining | (uint64_t)memory->content << 32 |
				  (uint64_t)memory->is_encrypted << 40 |
				  (uint64_t)memory->header_length << 48;
	state->words[2 + direction] = 0;
	for (unsigned i = 0; i < HEADER_BYTES; i++)
		state->words[2 + direction] |= (uint64_t)memory->header[i] << 8 * i;
}

static bool header_is_valid(const uint8_t *header)
{
	return header[0] >= TLS_CHANGE_CIPHER_SPEC && header[0] <= TLS_APPLICATION_DATA &&
	       header[1] == 3 && header[2] <= 4 && get_be16(header + 3) <= RECORD_BYTES_MAX;
}

bool tls_is_record(struct bytes in)
{
	return in.length >= HEADER_BYTES && header_is_valid(in.data);
}

bool tls_begins(struct bytes in)
{
	return in.length > HEADER_BYTES && header_is_valid(in.data) &&
	       in.data[0] == TLS_HANDSHAKE && in.data[HEADER_BYTES] == CLIENT_HELLO;
}

/* What a record is. */

struct meaning {
	const char *name, *purpose, *reference;
};

static struct meaning meaning_of(enum tls_detail detail)
{
	static const struct meaning meanings[] = {
		[TLS_RECORD_CHANGE_CIPHER_SPEC] = {"Change cipher spec",
                                                   "From here on this side encrypts; in TLS 1.3 "
						    "it says nothing and is only for old devices.",               "RFC 8446 section 5"  },
		[TLS_RECORD_ALERT] = { "Alert",             "The connection ends, or cannot go on.",
						   "RFC 8446 section 6"								 },
		[TLS_RECORD_HANDSHAKE] = { "Handshake",
						   "Both sides agree on keys, and the server proves who "
					   "it is.",							      "RFC 8446 section 4"  },
		[TLS_RECORD_APPLICATION_DATA] = { "Application data",
						   "Only the two ends can read it.",                              "RFC 8446 section 5.1"},
		[TLS_RECORD_OTHER] = { "Record",            NULL,                                    NULL                  },
	};

	return meanings[detail <= TLS_RECORD_OTHER ? detail : TLS_RECORD_OTHER];
}

void tls_dissect_content(unsigned content, struct bytes plaintext, bool is_encrypted,
			 struct dissect_unit *unit)
{
	enum tls_detail detail = tls_record_detail(content);
	struct meaning meaning = meaning_of(detail);
	char text[DISSECT_TEXT_BYTES];

	*unit = (struct dissect_unit) {
		.name = meaning.name,
		.purpose = meaning.purpose,
		.reference = meaning.reference,
		.kind = (uint16_t)detail,
		.is_complete = true,
	};
	if (detail == TLS_RECORD_HANDSHAKE && plaintext.length > 0)
		tls_messages_print(plaintext, text);
	else if (detail == TLS_RECORD_ALERT && plaintext.length > 0)
		tls_alert_print(plaintext, text);
	else
		snprintf(text, sizeof text, "%s", tls_layer_names.details[detail]);
	snprintf(unit->summary, sizeof unit->summary, "%.*s%s", DISSECT_TEXT_BYTES - 14, text,
		 is_encrypted ? ", encrypted" : "");
}

/* Taking a range apart. */

struct output {
	struct dissect_unit *units;
	size_t capacity, count;
};

static void emit(struct output *output, struct dissect_unit *unit, size_t offset, size_t length)
{
	unit->offset = (uint32_t)offset;
	unit->length = (uint32_t)length;
	if (output->count < output->capacity)
		output->units[output->count] = *unit;
	output->count++;
}

/* A piece of a record, of `length` bytes from `offset`; what can be read of it is in `plaintext`. */
static void emit_piece(struct output *output, const struct memory *memory, size_t offset,
		       size_t length, struct bytes plaintext, bool is_complete)
{
	bool is_encrypted = memory->is_encrypted || memory->content == TLS_APPLICATION_DATA;
	struct dissect_unit unit;

	tls_dissect_content(memory->content, is_encrypted ? bytes_first(plaintext, 0) : plaintext,
			    is_encrypted, &unit);
	unit.is_complete = is_complete;
	emit(output, &unit, offset, length);
}

/* What is no record: whoever sends it does not speak TLS. */
static void emit_unintelligible(struct output *output, size_t offset, size_t length)
{
	struct dissect_unit unit = { .name = "No TLS", .kind = TLS_RECORD_OTHER };

	snprintf(unit.summary, sizeof unit.summary, "%zu byte%s no TLS record", length,
		 length == 1 ? " that is" : "s that are");
	emit(output, &unit, offset, length);
}

/* The rest of a record that began before. */
static size_t continue_record(struct output *output, struct memory *memory, struct bytes in)
{
	size_t length = MIN(memory->remaining, in.length);

	memory->remaining -= (uint32_t)length;
	emit_piece(output, memory, 0, length, bytes_first(in, 0), false);
	if (memory->remaining == 0 && memory->content == TLS_CHANGE_CIPHER_SPEC)
		memory->is_encrypted = true;
	return length;
}

/* A record from its header on; part of that may have come before. Returns the bytes taken. */
static size_t begin_record(struct output *output, struct memory *memory, struct bytes in,
			   size_t offset)
{
	size_t wanted = HEADER_BYTES - memory->header_length;
	size_t header = MIN(wanted, in.length);
	bool was_cut = memory->header_length > 0;

	memcpy(memory->header + memory->header_length, in.data, header);
	memory->header_length = (uint8_t)(memory->header_length + header);
	if (memory->header_length < HEADER_BYTES) {
		emit_piece(output, memory, offset, in.length, bytes_first(in, 0), false);
		return in.length;
	}
	memory->header_length = 0;
	if (!header_is_valid(memory->header)) {
		emit_unintelligible(output, offset, in.length);
		return in.length;
	}
	memory->content = memory->header[0];
	memory->remaining = get_be16(memory->header + 3);

	struct bytes body = bytes_first(bytes_from(in, header), memory->remaining);

	memory->remaining -= (uint32_t)body.length;
	emit_piece(output, memory, offset, header + body.length, body,
		   !was_cut && memory->remaining == 0);
	if (memory->remaining == 0 && memory->content == TLS_CHANGE_CIPHER_SPEC)
		memory->is_encrypted = true;
	return header + body.length;
}

static size_t dissect(const struct dissect_input *input, struct dissect_unit *units,
		      size_t capacity)
{
	struct memory memory = remember(input->state, input->is_from_server);
	struct output output = { units, capacity, 0 };
	size_t offset = 0;

	if (memory.remaining > 0 && input->bytes.length > 0)
		offset = continue_record(&output, &memory, input->bytes);
	while (offset < input->bytes.length)
		offset += begin_record(&output, &memory, bytes_from(input->bytes, offset), offset);
	keep(input->state, input->is_from_server, &memory);
	return output.count;
}

const struct dissector tls_dissector = {
	.name = "TLS",
	.key = "tls",
	.dissect = dissect,
};
