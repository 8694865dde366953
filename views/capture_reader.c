#include "views/capture_reader.h"
#include <errno.h>
#include <unistd.h>
#include "sim/time.h"
#include "views/pcapng.h"

#define CLASSIC_MICROSECONDS UINT32_C(0xa1b2c3d4)
#define CLASSIC_NANOSECONDS  UINT32_C(0xa1b23c4d)

enum {
	BLOCK_MIN_BYTES = 12, /* type, length, length */
	CLASSIC_HEADER_BYTES = 24,
	CLASSIC_RECORD_BYTES = 16,
	OBSOLETE_PACKET_BLOCK = 2,
	RESOLUTION_MICROSECONDS = 6, /* the default of both formats */
	RESOLUTION_NANOSECONDS = 9,
	RESOLUTION_IS_BINARY = 0x80,
};

struct capture_reader {
	void (*before_read)(void *owner); /* NULL: nobody wants to know */
	void *owner;
	struct bytes rest; /* in memory, not yet read */
	uint64_t offset;   /* of `rest` in the file */
	int descriptor;    /* where more comes from; -1: all is in memory */
	uint8_t *buffer;   /* holds `rest` if there is a descriptor */
	size_t buffer_bytes;
	const char *complaint;
	const char *first_skipped; /* what is wrong with the first packet that was skipped, */
	uint64_t skipped_offset;   /* where it ends, */
	uint64_t skipped_count;    /* and how many there are */
	bool is_begun;
	bool is_capture; /* it begins like one */
	bool is_classic;
	bool is_big_endian;
	size_t section_interface; /* interface 0 of the present section */
	GArray *interfaces, *names, *secrets;
	GStringChunk *kept; /* texts and secrets, which outlive the buffer */
	size_t kept_bytes;
};

/* One option or record of a list. */
struct item {
	uint16_t code;
	struct bytes value;
};

static uint16_t get16(const struct capture_reader *reader, const uint8_t *p)
{
	return reader->is_big_endian ? get_be16(p) : (uint16_t)(p[1] << 8 | p[0]);
}

static uint32_t get32(const struct capture_reader *reader, const uint8_t *p)
{
	return reader->is_big_endian ? get_be32(p) : __builtin_bswap32(get_be32(p));
}

static uint64_t get64(const struct capture_reader *reader, const uint8_t *p)
{
	return reader->is_big_endian ? get_be64(p) : __builtin_bswap64(get_be64(p));
}

/* Room for `length` bytes in the buffer, with `rest` at its front. */
static void make_room(struct capture_reader *reader, size_t length)
{
	memmove(reader->buffer, reader->rest.data, reader->rest.length);
	if (reader->buffer_bytes < length) {
		reader->buffer_bytes = MAX(length, reader->buffer_bytes * 2);
		reader->buffer = g_realloc(reader->buffer, reader->buffer_bytes);
	}
	reader->rest.data = reader->buffer;
}

static void complain_of_errno(struct capture_reader *reader)
{
	char text[256];

	g_snprintf(text, sizeof text, "reading failed: %s", g_strerror(errno));
	reader->complaint = g_string_chunk_insert(reader->kept, text);
}

/* Reads what comes next into the buffer; false at the end, or on an error, which is complained of. */
static bool read_more(struct capture_reader *reader)
{
	size_t used = (size_t)(reader->rest.data - reader->buffer) + reader->rest.length;
	ssize_t count;

	if (reader->before_read != NULL)
		reader->before_read(reader->owner);
	do
		count =
		    read(reader->descriptor, reader->buffer + used, reader->buffer_bytes - used);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		complain_of_errno(reader);
	if (count <= 0)
		return false;
	reader->rest.length += (size_t)count;
	return true;
}

/*
 * Sees to it that the next `length` bytes of the file are in `rest`; false when it ends before, or
 * when that is more than CAPTURE_READER_BLOCK_MAX. The buffer grows as bytes come, not before: a
 * length alone is believed nothing.
 */
static bool need(struct capture_reader *reader, size_t length)
{
	if (reader->rest.length >= length)
		return true;
	if (reader->descriptor < 0 || length > CAPTURE_READER_BLOCK_MAX)
		return false;
	make_room(reader, CAPTURE_READER_BUFFER_BYTES);
	while (reader->rest.length < length) {
		if (reader->rest.length == reader->buffer_bytes)
			make_room(reader, reader->buffer_bytes + 1);
		if (!read_more(reader))
			return false;
	}
	return true;
}

static void advance(struct capture_reader *reader, size_t length)
{
	reader->rest = bytes_from(reader->rest, length);
	reader->offset += length;
}

/* A copy that lives as long as the reader; empty when there are too many. */
static struct bytes keep(struct capture_reader *reader, struct bytes bytes)
{
	if (bytes.length > CAPTURE_READER_KEPT_BYTES_MAX - reader->kept_bytes)
		return (struct bytes) { NULL, 0 };
	reader->kept_bytes += bytes.length;
	return (struct bytes) {
		(const uint8_t *)g_string_chunk_insert_len(reader->kept, (const char *)bytes.data,
							   (gssize)bytes.length),
		bytes.length,
	};
}

static enum capture_read complain(struct capture_reader *reader, const char *complaint)
{
	if (reader->complaint == NULL)
		reader->complaint = complaint;
	return CAPTURE_READ_BAD;
}

/*
 * Takes the next item off `list`; false at its end. An item that is longer than the list ends it
 * too: options are never essential.
 */
static bool item_next(const struct capture_reader *reader, struct bytes *list, struct item *item)
{
	if (list->length < 4)
		return false;

	size_t length = get16(reader, list->data + 2);
	size_t padded = (length + 3) & ~(size_t)3;

	item->code = get16(reader, list->data);
	if (item->code == PCAPNG_OPTION_END || length > list->length - 4)
		return false;
	item->value = (struct bytes) { list->data + 4, length };
	*list = bytes_from(*list, 4 + padded);
	return true;
}

/*
 * Ticks since 1970 to nanoseconds. False when the time is more than 146 years away, which is an error of
 * the file: so the time between any two frames can be told.
 */
static bool time_of(const struct captured_interface *interface, uint64_t ticks, int64_t *time_ns)
{
	unsigned exponent = interface->resolution & 0x7f;
	unsigned __int128 ns = ticks;
	__int128 total;

	if (interface->resolution & RESOLUTION_IS_BINARY) {
		ns = ns * (unsigned)NS_PER_S >> exponent;
	} else {
		for (; exponent < RESOLUTION_NANOSECONDS; exponent++)
			ns *= 10;
		for (; exponent > RESOLUTION_NANOSECONDS && ns > 0; exponent--)
			ns /= 10;
	}
	total = (__int128)ns + (__int128)interface->offset_s * NS_PER_S;
	if (total < INT64_MIN / 2 || total > INT64_MAX / 2)
		return false;
	*time_ns = (int64_t)total;
	return true;
}

/* Parts the FCS from the end of the frame, where the whole of it was captured. */
static void split_fcs(struct captured_frame *frame, unsigned fcs_bytes)
{
	if (fcs_bytes != 4 || frame->bytes.length < 4 ||
	    frame->bytes.length < frame->original_length)
		return;
	frame->bytes.length -= 4;
	frame->has_fcs = true;
	frame->fcs = __builtin_bswap32(get_be32(frame->bytes.data + frame->bytes.length));
}

/* The options of an enhanced packet; returns the length of the FCS that they or `fcs_bytes` give. */
static unsigned read_packet_options(const struct capture_reader *reader, struct bytes options,
				    struct captured_frame *frame, unsigned fcs_bytes)
{
	struct item item;

	while (item_next(reader, &options, &item)) {
		if (item.code == PCAPNG_OPTION_COMMENT &&
		    frame->comment_count < CAPTURE_COMMENTS_MAX) {
			frame->comments[frame->comment_count++] = item.value;
		} else if (item.code == PCAPNG_EPB_FLAGS && item.value.length == 4) {
			uint32_t flags = get32(reader, item.value.data);
			unsigned direction = flags & 3;

			frame->direction = (uint8_t)(direction == 3 ? 0 : direction);
			if ((flags >> 5 & 15) != 0)
				fcs_bytes = flags >> 5 & 15;
		} else if (item.code == PCAPNG_EPB_PACKETID && item.value.length == 8) {
			frame->packet_id = get64(reader, item.value.data);
		}
	}
	return fcs_bytes;
}

/* An enhanced packet, or its obsolete form, where the number of the interface is shorter. */
static enum capture_read read_packet(struct capture_reader *reader, uint32_t type,
				     struct bytes body, struct captured_frame *frame)
{
	if (body.length < 20)
		return complain(reader, "packet block too short");

	size_t index =
	    reader->section_interface +
	    (type == OBSOLETE_PACKET_BLOCK ? get16(reader, body.data) : get32(reader, body.data));
	uint32_t captured = get32(reader, body.data + 12);
	size_t padded = ((size_t)captured + 3) & ~(size_t)3;

	if (index >= reader->interfaces->len)
		return complain(reader, "packet of an interface that is not described");
	if (captured > body.length - 20)
		return complain(reader, "packet longer than its block");

	const struct captured_interface *interface = capture_reader_interface(reader, index);
	uint64_t ticks =
	    (uint64_t)get32(reader, body.data + 4) << 32 | get32(reader, body.data + 8);

	*frame = (struct captured_frame) {
		.interface = (uint32_t)index,
		.bytes = bytes_first(bytes_from(body, 20), captured),
		.original_length = get32(reader, body.data + 16),
	};
	if (!time_of(interface, ticks, &frame->time_ns))
		return complain(reader, "packet with an impossible time");
	split_fcs(frame, read_packet_options(reader, bytes_from(body, 20 + padded), frame,
					     interface->fcs_bytes));
	return CAPTURE_READ_FRAME;
}

static enum capture_read read_simple_packet(struct capture_reader *reader, struct bytes body,
					    struct captured_frame *frame)
{
	size_t index = reader->section_interface;

	if (body.length < 4)
		return complain(reader, "packet block too short");
	if (index >= reader->interfaces->len)
		return complain(reader, "packet of an interface that is not described");

	const struct captured_interface *interface = capture_reader_interface(reader, index);
	uint32_t length = get32(reader, body.data);
	uint32_t captured = length;

	if (interface->snapshot_bytes != 0)
		captured = MIN(captured, interface->snapshot_bytes);
	if (captured > body.length - 4)
		return complain(reader, "packet longer than its block");
	*frame = (struct captured_frame) {
		.interface = (uint32_t)index,
		.bytes = bytes_first(bytes_from(body, 4), captured),
		.original_length = length,
	};
	split_fcs(frame, interface->fcs_bytes);
	return CAPTURE_READ_FRAME;
}

static bool read_interface(struct capture_reader *reader, struct bytes body)
{
	if (body.length < 8 || reader->interfaces->len >= CAPTURE_READER_INTERFACES_MAX)
		return false;

	struct captured_interface interface = {
		.link_type = get16(reader, body.data),
		.snapshot_bytes = get32(reader, body.data + 4),
		.resolution = RESOLUTION_MICROSECONDS,
	};
	struct bytes options = bytes_from(body, 8);
	struct item item;

	while (item_next(reader, &options, &item)) {
		if (item.code == PCAPNG_IF_NAME)
			interface.name = keep(reader, item.value);
		else if (item.code == PCAPNG_IF_DESCRIPTION)
			interface.description = keep(reader, item.value);
		else if (item.code == PCAPNG_IF_IPV4ADDR && item.value.length == 8 &&
			 interface.address == 0)
			interface.address = get_be32(item.value.data);
		else if (item.code == PCAPNG_IF_MACADDR && item.value.length == 6)
			interface.mac = mac_from_number((uint64_t)get_be16(item.value.data) << 32 |
							get_be32(item.value.data + 2));
		else if (item.code == PCAPNG_IF_TSRESOL && item.value.length == 1)
			interface.resolution = item.value.data[0];
		else if (item.code == PCAPNG_IF_FCSLEN && item.value.length == 1)
			interface.fcs_bytes = item.value.data[0];
		else if (item.code == PCAPNG_IF_TSOFFSET && item.value.length == 8)
			interface.offset_s = (int64_t)get64(reader, item.value.data);
	}
	g_array_append_val(reader->interfaces, interface);
	return true;
}

/* The names behind the address of a record, each ended by NUL. */
static void read_name_record(struct capture_reader *reader, struct ip_address address,
			     struct bytes names)
{
	while (names.length > 0 && reader->names->len < CAPTURE_READER_NAMES_MAX) {
		struct bytes name =
		    bytes_first(names, strnlen((const char *)names.data, names.length));
		struct captured_name kept = { address, keep(reader, name) };

		g_array_append_val(reader->names, kept);
		names = bytes_from(names, name.length + 1);
	}
}

static void read_names(struct capture_reader *reader, struct bytes body)
{
	struct item item;

	while (item_next(reader, &body, &item)) {
		struct ip_address address;

		if (item.code == PCAPNG_NRB_IPV4 && item.value.length >= 4) {
			address = ip_address_from_ipv4(get_be32(item.value.data));
			read_name_record(reader, address, bytes_from(item.value, 4));
		} else if (item.code == PCAPNG_NRB_IPV6 && item.value.length >= 16) {
			memcpy(address.octets, item.value.data, sizeof address.octets);
			read_name_record(reader, address, bytes_from(item.value, 16));
		}
	}
}

static void read_secrets(struct capture_reader *reader, struct bytes body)
{
	if (body.length < 8 || reader->secrets->len >= CAPTURE_READER_SECRETS_MAX)
		return;

	struct captured_secrets secrets = {
		get32(reader, body.data),
		keep(reader, bytes_first(bytes_from(body, 8), get32(reader, body.data + 4))),
	};

	g_array_append_val(reader->secrets, secrets);
}

/* A section may change the byte order, and numbers its interfaces anew. */
static bool begin_section(struct capture_reader *reader)
{
	static const uint8_t big_endian_magic[4] = { 0x1a, 0x2b, 0x3c, 0x4d };
	static const uint8_t little_endian_magic[4] = { 0x4d, 0x3c, 0x2b, 0x1a };
	struct bytes magic = bytes_first(bytes_from(reader->rest, 8), 4); /* next_block() has 12 */

	if (magic.length < 4)
		return false;
	if (memcmp(magic.data, big_endian_magic, 4) == 0)
		reader->is_big_endian = true;
	else if (memcmp(magic.data, little_endian_magic, 4) == 0)
		reader->is_big_endian = false;
	else
		return false;
	reader->section_interface = reader->interfaces->len;
	return true;
}

/* Takes the next block off the rest of the file; `body` is without its type and lengths. */
static bool next_block(struct capture_reader *reader, uint32_t *type, struct bytes *body)
{
	if (!need(reader, BLOCK_MIN_BYTES))
		return false;
	if (get_be32(reader->rest.data) == PCAPNG_SECTION && !begin_section(reader))
		return false;

	uint32_t length = get32(reader, reader->rest.data + 4);

	if (length < BLOCK_MIN_BYTES || length % 4 != 0 || !need(reader, length) ||
	    get32(reader, reader->rest.data + length - 4) != length)
		return false;
	*type = get32(reader, reader->rest.data);
	*body = (struct bytes) { reader->rest.data + 8, length - BLOCK_MIN_BYTES };
	advance(reader, length);
	return true;
}

/* A packet block that makes no sense does not hide the blocks behind it. */
static void skip_packet(struct capture_reader *reader)
{
	if (reader->skipped_count++ == 0) {
		reader->first_skipped = reader->complaint;
		reader->skipped_offset = reader->offset;
	}
	reader->complaint = NULL;
}

static enum capture_read end_of_blocks(struct capture_reader *reader)
{
	if (reader->complaint == NULL && reader->skipped_count == 0)
		return CAPTURE_READ_END;
	if (reader->complaint == NULL) {
		reader->complaint = reader->first_skipped;
		reader->offset = reader->skipped_offset;
	}
	return CAPTURE_READ_BAD;
}

static enum capture_read next_in_blocks(struct capture_reader *reader, struct captured_frame *frame)
{
	while (need(reader, 1)) {
		uint32_t type;
		struct bytes body;

		if (!next_block(reader, &type, &body))
			return complain(reader, "malformed or truncated block");
		switch (type) {
		case PCAPNG_PACKET:
		case OBSOLETE_PACKET_BLOCK:
			if (read_packet(reader, type, body, frame) == CAPTURE_READ_FRAME)
				return CAPTURE_READ_FRAME;
			skip_packet(reader);
			break;
		case PCAPNG_SIMPLE_PACKET:
			if (read_simple_packet(reader, body, frame) == CAPTURE_READ_FRAME)
				return CAPTURE_READ_FRAME;
			skip_packet(reader);
			break;
		case PCAPNG_INTERFACE:
			if (!read_interface(reader, body))
				return complain(reader, "malformed interface, or too many");
			break;
		case PCAPNG_NAMES:
			read_names(reader, body);
			break;
		case PCAPNG_SECRETS:
			read_secrets(reader, body);
			break;
		default:
			break; /* sections are begun already; others are meant to be skipped */
		}
	}
	return end_of_blocks(reader);
}

static enum capture_read next_in_records(struct capture_reader *reader,
					 struct captured_frame *frame)
{
	const struct captured_interface *interface = capture_reader_interface(reader, 0);

	if (!need(reader, 1))
		return reader->complaint == NULL ? CAPTURE_READ_END : CAPTURE_READ_BAD;
	if (!need(reader, CLASSIC_RECORD_BYTES))
		return complain(reader, "truncated record");

	size_t captured = get32(reader, reader->rest.data + 8);

	if (captured > CAPTURE_READER_BLOCK_MAX || !need(reader, CLASSIC_RECORD_BYTES + captured))
		return complain(reader, "truncated record");

	const uint8_t *record = reader->rest.data;
	bool is_nano = interface->resolution == RESOLUTION_NANOSECONDS;
	int64_t fraction = get32(reader, record + 4);

	*frame = (struct captured_frame) {
		.time_ns = get32(reader, record) * NS_PER_S + fraction * (is_nano ? 1 : NS_PER_US),
		.bytes = {record + CLASSIC_RECORD_BYTES, captured},
		.original_length = get32(reader, record + 12),
	};
	split_fcs(frame, interface->fcs_bytes);
	advance(reader, CLASSIC_RECORD_BYTES + captured);
	return CAPTURE_READ_FRAME;
}

static bool is_classic_magic(uint32_t magic)
{
	return magic == CLASSIC_MICROSECONDS || magic == CLASSIC_NANOSECONDS;
}

static bool begin_classic(struct capture_reader *reader)
{
	if (!need(reader, CLASSIC_HEADER_BYTES))
		return false;

	struct bytes file = reader->rest;
	uint32_t magic = get_be32(file.data), swapped = __builtin_bswap32(magic);

	reader->is_big_endian = is_classic_magic(magic);
	if (!reader->is_big_endian && !is_classic_magic(swapped))
		return false;

	/* The upper 6 bits of the link type may say how long the FCS is, in units of 2 bytes. */
	uint32_t link = get32(reader, file.data + 20);
	bool is_nano = magic == CLASSIC_NANOSECONDS || swapped == CLASSIC_NANOSECONDS;
	struct captured_interface interface = {
		.link_type = (uint16_t)link,
		.fcs_bytes = (uint8_t)(link & 0x04000000 ? (link >> 28) * 2 : 0),
		.resolution = is_nano ? RESOLUTION_NANOSECONDS : RESOLUTION_MICROSECONDS,
		.snapshot_bytes = get32(reader, file.data + 16),
	};

	g_array_append_val(reader->interfaces, interface);
	advance(reader, CLASSIC_HEADER_BYTES);
	return true;
}

static struct capture_reader *reader_new(struct bytes file, int descriptor)
{
	struct capture_reader *reader = g_new0(struct capture_reader, 1);

	reader->rest = file;
	reader->descriptor = descriptor;
	reader->interfaces = g_array_new(FALSE, FALSE, sizeof(struct captured_interface));
	reader->names = g_array_new(FALSE, FALSE, sizeof(struct captured_name));
	reader->secrets = g_array_new(FALSE, FALSE, sizeof(struct captured_secrets));
	reader->kept = g_string_chunk_new(4096);
	return reader;
}

struct capture_reader *capture_reader_new(struct bytes file)
{
	return reader_new(file, -1);
}

struct capture_reader *capture_reader_open(int descriptor)
{
	struct capture_reader *reader = reader_new((struct bytes) { NULL, 0 }, descriptor);

	reader->buffer = g_malloc(CAPTURE_READER_BUFFER_BYTES);
	reader->buffer_bytes = CAPTURE_READER_BUFFER_BYTES;
	reader->rest.data = reader->buffer;
	return reader;
}

void capture_reader_before_read(struct capture_reader *reader, void (*before)(void *owner),
				void *owner)
{
	reader->before_read = before;
	reader->owner = owner;
}

/* What begins like something else. */
static const char *what_else(struct capture_reader *reader)
{
	static const struct {
		uint8_t magic[5];
		uint8_t length;
		const char *complaint;
	} kinds[] = {
		{{ 0x1f, 0x8b },                2, "compressed by gzip: unpack it first" },
		{ { 0xfd, '7', 'z', 'X', 'Z' }, 5, "compressed by xz: unpack it first"   },
		{ { 0x28, 0xb5, 0x2f, 0xfd },   4, "compressed by zstd: unpack it first" },
		{ { 'B', 'Z', 'h' },            3, "compressed by bzip2: unpack it first"},
		{ { 0x04, 0x22, 0x4d, 0x18 },   4, "compressed by lz4: unpack it first"  },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (need(reader, kinds[i].length) &&
		    memcmp(reader->rest.data, kinds[i].magic, kinds[i].length) == 0)
			return kinds[i].complaint;
	if (reader->rest.length == 0)
		return "not a capture: it is empty";
	if (need(reader, 4) && (is_classic_magic(get_be32(reader->rest.data)) ||
				is_classic_magic(__builtin_bswap32(get_be32(reader->rest.data)))))
		return "not a capture: a pcap file that ends in its own header";
	return "not a capture: neither pcapng nor pcap";
}

/* Looks at the first bytes: which format is it? */
static void begin(struct capture_reader *reader)
{
	reader->is_begun = true;
	reader->is_classic = begin_classic(reader);
	reader->is_capture = reader->is_classic ||
			     (need(reader, 4) && get_be32(reader->rest.data) == PCAPNG_SECTION);
	if (!reader->is_capture)
		complain(reader, what_else(reader));
}

bool capture_reader_is_capture(const struct capture_reader *reader)
{
	return reader->is_capture;
}

void capture_reader_free(struct capture_reader *reader)
{
	if (reader == NULL)
		return;
	g_array_free(reader->interfaces, TRUE);
	g_array_free(reader->names, TRUE);
	g_array_free(reader->secrets, TRUE);
	g_string_chunk_free(reader->kept);
	g_free(reader->buffer);
	g_free(reader);
}

enum capture_read capture_reader_next(struct capture_reader *reader, struct captured_frame *frame)
{
	if (!reader->is_begun)
		begin(reader);
	if (reader->complaint != NULL)
		return CAPTURE_READ_BAD;
	return reader->is_classic ? next_in_records(reader, frame) : next_in_blocks(reader, frame);
}

const char *capture_reader_complaint(const struct capture_reader *reader, uint64_t *offset)
{
	*offset = reader->offset;
	return reader->complaint;
}

uint64_t capture_reader_skipped(const struct capture_reader *reader)
{
	return reader->skipped_count;
}

size_t capture_reader_interface_count(const struct capture_reader *reader)
{
	return reader->interfaces->len;
}

const struct captured_interface *capture_reader_interface(const struct capture_reader *reader,
							  size_t index)
{
	g_assert(index < reader->interfaces->len);
	return &g_array_index(reader->interfaces, struct captured_interface, index);
}

size_t capture_reader_name_count(const struct capture_reader *reader)
{
	return reader->names->len;
}

const struct captured_name *capture_reader_name(const struct capture_reader *reader, size_t index)
{
	g_assert(index < reader->names->len);
	return &g_array_index(reader->names, struct captured_name, index);
}

size_t capture_reader_secrets_count(const struct capture_reader *reader)
{
	return reader->secrets->len;
}

const struct captured_secrets *capture_reader_secrets(const struct capture_reader *reader,
						      size_t index)
{
	g_assert(index < reader->secrets->len);
	return &g_array_index(reader->secrets, struct captured_secrets, index);
}
