/* Classic pcap: records one behind the other, and where the next one begins behind what makes no sense. */
#include "sim/time.h"
#include "views/capture_reader_private.h"

#define CLASSIC_MICROSECONDS UINT32_C(0xa1b2c3d4)
#define CLASSIC_NANOSECONDS  UINT32_C(0xa1b23c4d)
#define CLASSIC_PATCHED      UINT32_C(0xa1b2cd34) /* old tcpdump of Linux: longer headers */
#define SECONDS_NEAR_MAX     86400                /* between one record and the next, mostly */

enum {
	FILE_HEADER_BYTES = 24,
	RECORD_BYTES = 16,
	PATCHED_RECORD_BYTES = 24, /* behind the same fields interface, protocol and packet type */
};

/* The header of a record. */
struct record {
	uint32_t seconds;
	uint32_t fraction; /* micro- or nanoseconds, as the file says */
	uint32_t captured; /* bytes that follow */
	uint32_t original; /* bytes on the wire */
};

static bool is_magic(uint32_t magic)
{
	return magic == CLASSIC_MICROSECONDS || magic == CLASSIC_NANOSECONDS ||
	       magic == CLASSIC_PATCHED;
}

bool capture_is_classic(uint32_t magic)
{
	return is_magic(magic) || is_magic(__builtin_bswap32(magic));
}

bool capture_begin_classic(struct capture_reader *reader)
{
	if (!capture_window_has(&reader->window, FILE_HEADER_BYTES))
		return false;

	const uint8_t *header = reader->window.rest.data;
	uint32_t magic = get_be32(header);

	if (!capture_is_classic(magic))
		return false;
	reader->is_big_endian = is_magic(magic);
	reader->record_bytes =
	    capture_get32(reader, header) == CLASSIC_PATCHED ? PATCHED_RECORD_BYTES : RECORD_BYTES;

	/* The upper 6 bits of the link type may say how long the FCS is, in units of 2 bytes. */
	uint32_t link = capture_get32(reader, header + 20);
	bool is_nano = capture_get32(reader, header) == CLASSIC_NANOSECONDS;
	struct captured_interface interface = {
		.link_type = (uint16_t)link,
		.fcs_bytes = (uint8_t)(link & 0x04000000 ? (link >> 28) * 2 : 0),
		.resolution =
		    is_nano ? CAPTURE_RESOLUTION_NANOSECONDS : CAPTURE_RESOLUTION_MICROSECONDS,
		.snapshot_bytes = capture_get32(reader, header + 16),
	};

	g_array_append_val(reader->interfaces, interface);
	capture_window_advance(&reader->window, FILE_HEADER_BYTES);
	return true;
}

/* The header that stands `at` bytes from here; they are there. */
static struct record record_at(const struct capture_reader *reader, size_t at)
{
	const uint8_t *p = reader->window.rest.data + at;

	return (struct record) {
		.seconds = capture_get32(reader, p),
		.fraction = capture_get32(reader, p + 4),
		.captured = capture_get32(reader, p + 8),
		.original = capture_get32(reader, p + 12),
	};
}

static uint32_t second_of(const struct capture_reader *reader)
{
	return capture_reader_interface(reader, 0)->resolution == CAPTURE_RESOLUTION_NANOSECONDS
		   ? (uint32_t)NS_PER_S
		   : (uint32_t)(NS_PER_S / NS_PER_US);
}

static bool is_near(uint32_t a, uint32_t b)
{
	return (a > b ? a - b : b - a) <= SECONDS_NEAR_MAX;
}

/* Whether this is how every program writes a header. */
static bool is_sound(const struct capture_reader *reader, const struct record *record)
{
	uint32_t snapshot_bytes = capture_reader_interface(reader, 0)->snapshot_bytes;

	return record->original > 0 && record->original <= CAPTURE_READER_BLOCK_MAX &&
	       record->captured <= record->original &&
	       (snapshot_bytes == 0 || record->captured <= snapshot_bytes) &&
	       record->fraction < second_of(reader);
}

/* Whether some program may have written it: they differ in what they call a snap length, and in how they count. */
static bool is_possible(const struct record *record)
{
	return record->captured > 0 && record->captured <= CAPTURE_READER_BLOCK_MAX &&
	       record->original > 0 && record->original <= CAPTURE_READER_BLOCK_MAX &&
	       record->fraction < NS_PER_S;
}

/* What stands behind the record here. */
enum following {
	FOLLOWED_BY_NOTHING,
	FOLLOWED_BY_RECORD,
	FOLLOWED_BY_PIECE, /* of a header: the file was cut there */
	FOLLOWED_BY_LESS,  /* the record itself is not all here */
};

static enum following look_behind(struct capture_reader *reader, const struct record *record,
				  struct record *next)
{
	size_t length = reader->record_bytes + record->captured;

	if (!capture_window_has(&reader->window, length))
		return FOLLOWED_BY_LESS;
	if (!capture_window_has(&reader->window, length + 1))
		return FOLLOWED_BY_NOTHING;
	if (!capture_window_has(&reader->window, length + reader->record_bytes))
		return FOLLOWED_BY_PIECE;
	*next = record_at(reader, length);
	return FOLLOWED_BY_RECORD;
}

/* A header that is odd is believed where what follows speaks for it: so no damage is seen where none is. */
static bool is_believed(struct capture_reader *reader, const struct record *record)
{
	struct record next;

	if (is_sound(reader, record) &&
	    (!reader->has_time || is_near(record->seconds, reader->time_s)))
		return true;
	if (!is_possible(record))
		return false;
	switch (look_behind(reader, record, &next)) {
	case FOLLOWED_BY_NOTHING:
	case FOLLOWED_BY_PIECE:
		return true;
	case FOLLOWED_BY_RECORD:
		return is_possible(&next);
	default:
		return false;
	}
}

/* Whether a record stands here: sound, of about the time of the last one, and with another such behind it. */
static bool is_record(struct capture_reader *reader)
{
	struct record record = record_at(reader, 0), next; /* find_record() saw to its header */

	if (!is_sound(reader, &record) || record.captured == 0 ||
	    record.captured > CAPTURE_SEARCHED_BYTES_MAX ||
	    (reader->has_time && !is_near(record.seconds, reader->time_s)))
		return false;
	switch (look_behind(reader, &record, &next)) {
	case FOLLOWED_BY_NOTHING:
		return true;
	case FOLLOWED_BY_RECORD:
		return is_sound(reader, &next) && is_near(next.seconds, record.seconds);
	default:
		return false;
	}
}

/* As find_block() of pcapng. */
static bool find_record(struct capture_reader *reader, const char *reason)
{
	uint64_t offset = reader->window.offset;

	for (capture_window_advance(&reader->window, 1);
	     capture_window_has(&reader->window, reader->record_bytes);
	     capture_window_advance(&reader->window, 1))
		if (is_record(reader)) {
			capture_pass_over(reader, "malformed record", offset);
			return true;
		}
	capture_give_up(reader, reason, offset);
	return false;
}

/* NULL, or what is wrong with the record that stands here. */
static const char *measure_record(struct capture_reader *reader, struct record *record)
{
	if (!capture_window_has(&reader->window, reader->record_bytes))
		return "truncated record";
	*record = record_at(reader, 0);
	if (!is_believed(reader, record))
		return "malformed record";
	return capture_window_has(&reader->window, reader->record_bytes + record->captured)
		   ? NULL
		   : "truncated record";
}

bool capture_next_in_records(struct capture_reader *reader, struct captured_frame *frame)
{
	const struct captured_interface *interface = capture_reader_interface(reader, 0);
	struct record record;
	const char *problem;

	if (!capture_window_has(&reader->window, 1))
		return false;
	while ((problem = measure_record(reader, &record)) != NULL)
		if (!find_record(reader, problem))
			return false;
	*frame = (struct captured_frame) {
		.time_ns = record.seconds * NS_PER_S +
			   (int64_t)record.fraction * (NS_PER_S / second_of(reader)),
		.bytes = {reader->window.rest.data + reader->record_bytes, record.captured},
		.original_length = record.original,
	};
	reader->has_time = true;
	reader->time_s = record.seconds;
	capture_split_fcs(frame, interface->fcs_bytes);
	capture_window_advance(&reader->window, reader->record_bytes + record.captured);
	return true;
}
