/* pcapng: blocks in sections, and where the next one begins behind what makes no sense. */
#include "sim/time.h"
#include "views/capture_reader_private.h"
#include "views/pcapng.h"

enum {
	BLOCK_MIN_BYTES = 12, /* type, length, length */
	OBSOLETE_PACKET_BLOCK = 2,
	RESOLUTION_IS_BINARY = 0x80,
};

/* One option or record of a list. */
struct item {
	uint16_t code;
	struct bytes value;
};

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

/*
 * Takes the next item off `list`; false at its end. An item that is longer than the list ends it
 * too: options are never essential.
 */
static bool item_next(const struct capture_reader *reader, struct bytes *list, struct item *item)
{
	if (list->length < 4)
		return false;

	size_t length = capture_get16(reader, list->data + 2);
	size_t padded = (length + 3) & ~(size_t)3;

	item->code = capture_get16(reader, list->data);
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
		for (; exponent < CAPTURE_RESOLUTION_NANOSECONDS; exponent++)
			ns *= 10;
		for (; exponent > CAPTURE_RESOLUTION_NANOSECONDS && ns > 0; exponent--)
			ns /= 10;
	}
	total = (__int128)ns + (__int128)interface->offset_s * NS_PER_S;
	if (total < INT64_MIN / 2 || total > INT64_MAX / 2)
		return false;
	*time_ns = (int64_t)total;
	return true;
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
			uint32_t flags = capture_get32(reader, item.value.data);
			unsigned direction = flags & 3;

			frame->direction = (uint8_t)(direction == 3 ? 0 : direction);
			if ((flags >> 5 & 15) != 0)
				fcs_bytes = flags >> 5 & 15;
		} else if (item.code == PCAPNG_EPB_PACKETID && item.value.length == 8) {
			frame->packet_id = capture_get64(reader, item.value.data);
		}
	}
	return fcs_bytes;
}

/* An enhanced packet, or its obsolete form, where the number of the interface is shorter. Returns what is wrong; NULL: nothing. */
static const char *read_packet(const struct capture_reader *reader, uint32_t type,
			       struct bytes body, struct captured_frame *frame)
{
	if (body.length < 20)
		return "packet block too short";

	size_t index = reader->section_interface + (type == OBSOLETE_PACKET_BLOCK
							? capture_get16(reader, body.data)
							: capture_get32(reader, body.data));
	uint32_t captured = capture_get32(reader, body.data + 12);
	size_t padded = ((size_t)captured + 3) & ~(size_t)3;

	if (index >= reader->interfaces->len)
		return "packet of an interface that is not described";
	if (captured > body.length - 20)
		return "packet longer than its block";

	const struct captured_interface *interface = capture_reader_interface(reader, index);
	uint64_t ticks = (uint64_t)capture_get32(reader, body.data + 4) << 32 |
			 capture_get32(reader, body.data + 8);

	*frame = (struct captured_frame) {
		.interface = (uint32_t)index,
		.bytes = bytes_first(bytes_from(body, 20), captured),
		.original_length = capture_get32(reader, body.data + 16),
	};
	if (!time_of(interface, ticks, &frame->time_ns))
		return "packet with an impossible time";
	capture_split_fcs(frame, read_packet_options(reader, bytes_from(body, 20 + padded), frame,
						     interface->fcs_bytes));
	return NULL;
}

static const char *read_simple_packet(const struct capture_reader *reader, struct bytes body,
				      struct captured_frame *frame)
{
	size_t index = reader->section_interface;

	if (body.length < 4)
		return "packet block too short";
	if (index >= reader->interfaces->len)
		return "packet of an interface that is not described";

	const struct captured_interface *interface = capture_reader_interface(reader, index);
	uint32_t length = capture_get32(reader, body.data);
	uint32_t captured = length;

	if (interface->snapshot_bytes != 0)
		captured = MIN(captured, interface->snapshot_bytes);
	if (captured > body.length - 4)
		return "packet longer than its block";
	*frame = (struct captured_frame) {
		.interface = (uint32_t)index,
		.bytes = bytes_first(bytes_from(body, 4), captured),
		.original_length = length,
	};
	capture_split_fcs(frame, interface->fcs_bytes);
	return NULL;
}

static bool read_interface(struct capture_reader *reader, struct bytes body)
{
	if (body.length < 8 || reader->interfaces->len >= CAPTURE_READER_INTERFACES_MAX)
		return false;

	struct captured_interface interface = {
		.link_type = capture_get16(reader, body.data),
		.snapshot_bytes = capture_get32(reader, body.data + 4),
		.resolution = CAPTURE_RESOLUTION_MICROSECONDS,
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
			interface.offset_s = (int64_t)capture_get64(reader, item.value.data);
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
		capture_get32(reader, body.data),
		keep(reader,
		     bytes_first(bytes_from(body, 8), capture_get32(reader, body.data + 4))),
	};

	g_array_append_val(reader->secrets, secrets);
}

/* The order of bytes that a section header gives by its magic; false: this is none. */
static bool order_of_section(const uint8_t *block, bool *is_big_endian)
{
	*is_big_endian = get_be32(block + 8) == PCAPNG_BYTE_ORDER_MAGIC;
	return *is_big_endian || __builtin_bswap32(get_be32(block + 8)) == PCAPNG_BYTE_ORDER_MAGIC;
}

/* What a block of a type that is known is at least long; 0: it is not known. */
static uint32_t least_length(uint32_t type)
{
	switch (type) {
	case PCAPNG_SECTION:
		return 28;
	case PCAPNG_INTERFACE:
	case PCAPNG_NAMES:
	case PCAPNG_SECRETS:
		return 20;
	case PCAPNG_STATISTICS:
		return 24;
	case PCAPNG_PACKET:
	case OBSOLETE_PACKET_BLOCK:
		return 32;
	case PCAPNG_SIMPLE_PACKET:
		return 16;
	default:
		return 0;
	}
}

/* Whether a block stands here, of a type that is known, as long as it says in front and behind. */
static bool is_block(struct capture_reader *reader)
{
	const uint8_t *block = reader->window.rest.data; /* find_block() saw to the least of it */
	bool is_big_endian = reader->is_big_endian;
	uint32_t length, least;

	if (get_be32(block) == PCAPNG_SECTION && !order_of_section(block, &is_big_endian))
		return false;
	length = capture_order32(is_big_endian, block + 4);
	least = least_length(capture_order32(is_big_endian, block));
	return least != 0 && length >= least && length % 4 == 0 &&
	       length <= CAPTURE_SEARCHED_BYTES_MAX &&
	       capture_window_has(&reader->window, length) &&
	       capture_order32(is_big_endian, reader->window.rest.data + length - 4) == length;
}

/*
 * Passes over what makes no sense here up to the next block; false: none follows, for `reason`. Where bytes were
 * lost or came in between blocks stand at any offset. Each place is looked at once, and blocks that may stand
 * there are short: this takes no longer than reading, whatever the bytes are.
 */
static bool find_block(struct capture_reader *reader, const char *reason)
{
	uint64_t offset = reader->window.offset;

	for (capture_window_advance(&reader->window, 1);
	     capture_window_has(&reader->window, BLOCK_MIN_BYTES);
	     capture_window_advance(&reader->window, 1))
		if (is_block(reader)) {
			capture_pass_over(reader, "malformed block", offset);
			return true;
		}
	capture_give_up(reader, reason, offset);
	return false;
}

/*
 * The length of the block that stands here, and is all there. NULL, or what is wrong. A section may change the
 * byte order, and numbers its interfaces anew.
 */
static const char *measure_block(struct capture_reader *reader, uint32_t *length)
{
	struct capture_window *window = &reader->window;
	bool is_big_endian;

	if (!capture_window_has(window, BLOCK_MIN_BYTES))
		return "truncated block";
	if (get_be32(window->rest.data) == PCAPNG_SECTION) {
		if (!order_of_section(window->rest.data, &is_big_endian))
			return "malformed block";
		reader->is_big_endian = is_big_endian;
		reader->section_interface = reader->interfaces->len;
	}
	*length = capture_get32(reader, window->rest.data + 4);
	if (*length < BLOCK_MIN_BYTES || *length % 4 != 0)
		return "malformed block";
	if (*length > CAPTURE_READER_BLOCK_MAX)
		return "too long a block";
	if (!capture_window_has(window, *length))
		return "truncated block";
	return capture_get32(reader, window->rest.data + *length - 4) == *length
		   ? NULL
		   : "malformed block";
}

/* Reads one block. True: it is a packet. What is wrong with it is left at `problem`. */
static bool read_block(struct capture_reader *reader, uint32_t type, struct bytes body,
		       struct captured_frame *frame, const char **problem)
{
	*problem = NULL;
	switch (type) {
	case PCAPNG_PACKET:
	case OBSOLETE_PACKET_BLOCK:
		*problem = read_packet(reader, type, body, frame);
		return *problem == NULL;
	case PCAPNG_SIMPLE_PACKET:
		*problem = read_simple_packet(reader, body, frame);
		return *problem == NULL;
	case PCAPNG_INTERFACE:
		*problem = read_interface(reader, body) ? NULL : "malformed interface, or too many";
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
	return false;
}

bool capture_next_in_blocks(struct capture_reader *reader, struct captured_frame *frame)
{
	while (capture_window_has(&reader->window, 1)) {
		uint64_t offset = reader->window.offset;
		uint32_t length;
		const char *problem = measure_block(reader, &length);
		bool is_packet;

		if (problem != NULL) {
			if (!find_block(reader, problem))
				return false;
			continue;
		}

		const uint8_t *block = reader->window.rest.data;
		struct bytes body = { block + 8, length - BLOCK_MIN_BYTES };

		capture_window_advance(&reader->window, length);
		is_packet = read_block(reader, capture_get32(reader, block), body, frame, &problem);
		if (problem != NULL)
			capture_pass_over(reader, problem, offset);
		if (is_packet)
			return true;
	}
	return false;
}
