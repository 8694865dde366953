/* What the parts of the reader of captures share: its state, and numbers in the order of the file. */
#pragma once
#include "views/capture_reader.h"
#include "views/capture_window.h"

enum {
	CAPTURE_RESOLUTION_MICROSECONDS = 6, /* the default of both formats */
	CAPTURE_RESOLUTION_NANOSECONDS = 9,
	CAPTURE_SEARCHED_BYTES_MAX =
	    1 << 19, /* of a block or record that is looked for behind damage */
};

struct capture_reader {
	struct capture_window window;
	struct capture_damage damage;
	char *first_damage; /* what `damage` says of it */
	char *end_damage;
	uint64_t frame_count; /* read */
	uint64_t told_bytes;  /* of what was passed over: in front of the frames that were read */
	bool is_begun;
	bool is_over;
	bool is_capture; /* it begins like one */
	bool is_classic;
	bool is_big_endian;
	size_t record_bytes;      /* of classic files: how long the header of a record is */
	bool has_time;            /* of classic files: a record was read, */
	uint32_t time_s;          /* at that time */
	size_t section_interface; /* of pcapng: interface 0 of the present section */
	GArray *interfaces, *names, *secrets;
	GStringChunk *kept; /* texts and secrets, which outlive the buffer */
	size_t kept_bytes;
};

static inline uint32_t capture_order32(bool is_big_endian, const uint8_t *p)
{
	return is_big_endian ? get_be32(p) : __builtin_bswap32(get_be32(p));
}

static inline uint16_t capture_get16(const struct capture_reader *reader, const uint8_t *p)
{
	return reader->is_big_endian ? get_be16(p) : (uint16_t)((unsigned)p[1] << 8 | p[0]);
}

static inline uint32_t capture_get32(const struct capture_reader *reader, const uint8_t *p)
{
	return capture_order32(reader->is_big_endian, p);
}

static inline uint64_t capture_get64(const struct capture_reader *reader, const uint8_t *p)
{
	return reader->is_big_endian ? get_be64(p) : __builtin_bswap64(get_be64(p));
}

/* Parts the FCS from the end of the frame, where the whole of it was captured. */
void capture_split_fcs(struct captured_frame *frame, unsigned fcs_bytes);

/* Notes that what stands from `offset` up to where the window is could not be read, and why. */
void capture_pass_over(struct capture_reader *reader, const char *reason, uint64_t offset);

/* Notes that nothing from `offset` on can be read, and why. */
void capture_give_up(struct capture_reader *reader, const char *reason, uint64_t offset);

/* pcapng: the next packet. False: there is none; what is wrong was noted. */
bool capture_next_in_blocks(struct capture_reader *reader, struct captured_frame *frame);

/* Classic pcap: reads the header of the file; false: this is none, and nothing was read. */
bool capture_begin_classic(struct capture_reader *reader);
/* Whether this is what a classic file begins with, in either order of bytes. */
bool capture_is_classic(uint32_t magic);
/* The next record; as capture_next_in_blocks(). */
bool capture_next_in_records(struct capture_reader *reader, struct captured_frame *frame);
