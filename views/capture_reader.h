/*
 * Reads captures: pcapng of any byte order and time resolution, and classic pcap, as they are or packed by
 * gzip. Any bytes are fine: what makes no sense is passed over up to the next packet that does, and counted.
 *
 * It reads on as frames are asked for, through a buffer that holds one block, so that the size of the
 * file does not matter, and a pipe will do.
 */
#pragma once
#include <glib.h>
#include "sim/bytes.h"
#include "stack/wire/ipv6.h"
#include "views/capture.h"

#define CAPTURE_READER_INTERFACES_MAX 65536
#define CAPTURE_READER_NAMES_MAX      65536
#define CAPTURE_READER_SECRETS_MAX    262144
#define CAPTURE_READER_KEPT_BYTES_MAX (16u << 20) /* of texts, names and secrets in all */
#define CAPTURE_READER_BLOCK_MAX      (16u << 20) /* a block or record; longer ones are malformed */
#define CAPTURE_COMMENTS_MAX          8           /* of one frame */

struct capture_reader;

struct captured_interface {
	struct bytes name, description; /* UTF-8, not ended by NUL; empty: not said */
	struct mac mac;                 /* zeros: not said */
	uint32_t address;               /* IPv4, the first of several; 0: not said */
	uint16_t link_type;             /* 1: Ethernet */
	uint8_t fcs_bytes;              /* at the end of each frame; 0: none, or not said */
	uint8_t resolution;             /* if_tsresol */
	uint32_t snapshot_bytes;        /* 0: no limit */
	int64_t offset_s;               /* to be added to times */
};

struct captured_name {
	struct ip_address address;
	struct bytes name;
};

struct captured_secrets {
	uint32_t type;
	struct bytes bytes;
};

/* Its bytes are valid until the next frame is read. */
struct captured_frame {
	int64_t time_ns;          /* since 1970-01-01 UTC */
	uint32_t interface;       /* index for capture_reader_interface() */
	struct bytes bytes;       /* without FCS where it is known to be there */
	uint32_t original_length; /* on the wire, with what was captured of the FCS */
	bool has_fcs;
	uint32_t fcs;      /* CRC-32 value */
	uint8_t direction; /* enum capture_direction */
	uint8_t comment_count;
	struct bytes comments[CAPTURE_COMMENTS_MAX]; /* UTF-8, not ended by NUL */
	uint64_t packet_id;                          /* 0: none */
	uint64_t passed_bytes; /* in front of it, which made no sense and were passed over */
};

enum capture_read {
	CAPTURE_READ_FRAME,
	CAPTURE_READ_END,
	CAPTURE_READ_BAD, /* the end too, but not all could be read: see capture_reader_damage() */
};

/* What could not be read, for people. */
struct capture_damage {
	uint64_t places;      /* where bytes were passed over; 0: nowhere */
	uint64_t bytes;       /* that were, in all */
	uint64_t first_frame; /* how many frames came before the first place */
	const char *first;    /* what is wrong there, and at which byte; NULL: nothing */
	const char
	    *end; /* why nothing follows, though the file goes on or ought to; NULL: it is whole */
};

/* A reader of a file in memory, borrowed until capture_reader_free(); of a file or pipe that is
 * open, which stays the caller's. Never NULL. */
struct capture_reader *capture_reader_new(struct bytes file);
struct capture_reader *capture_reader_open(int descriptor);
void capture_reader_free(struct capture_reader *reader);

/* Has `before` called each time before the file is read on, which may take as long as it likes. */
void capture_reader_before_read(struct capture_reader *reader, void (*before)(void *owner),
				void *owner);

/* Reads on to the next frame. After END or BAD it stays so. */
enum capture_read capture_reader_next(struct capture_reader *reader, struct captured_frame *frame);

/* False as long as nothing was read, and for files that begin like neither format, unpacked. */
bool capture_reader_is_capture(const struct capture_reader *reader);

/* What could not be read so far; texts live as long as the reader. */
const struct capture_damage *capture_reader_damage(const struct capture_reader *reader);

/* What was described up to the frame read last; it lives as long as the reader. */
size_t capture_reader_interface_count(const struct capture_reader *reader);
const struct captured_interface *capture_reader_interface(const struct capture_reader *reader,
							  size_t index);
size_t capture_reader_name_count(const struct capture_reader *reader);
const struct captured_name *capture_reader_name(const struct capture_reader *reader, size_t index);
size_t capture_reader_secrets_count(const struct capture_reader *reader);
const struct captured_secrets *capture_reader_secrets(const struct capture_reader *reader,
						      size_t index);
