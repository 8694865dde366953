/*
 * Reads captures: pcapng of any byte order and time resolution, and classic pcap. Any bytes are
 * fine; what is not understood is skipped where the format allows it, or else ends the reading.
 *
 * The reader works on the whole file in memory (map it), and everything it returns borrows from it.
 */
#pragma once
#include <glib.h>
#include "sim/bytes.h"
#include "views/capture.h"

#define CAPTURE_READER_INTERFACES_MAX 65536
#define CAPTURE_READER_NAMES_MAX      65536
#define CAPTURE_READER_SECRETS_MAX    1024

struct capture_reader;

struct captured_interface {
	struct bytes name, description; /* UTF-8, not ended by NUL; empty: not said */
	uint16_t link_type;             /* 1: Ethernet */
	uint8_t fcs_bytes;              /* at the end of each frame; 0: none, or not said */
	uint8_t resolution;             /* if_tsresol */
	uint32_t snapshot_bytes;        /* 0: no limit */
	int64_t offset_s;               /* to be added to times */
};

struct captured_name {
	uint32_t address;
	struct bytes name;
};

struct captured_secrets {
	uint32_t type;
	struct bytes bytes;
};

struct captured_frame {
	int64_t time_ns;          /* since 1970-01-01 UTC */
	uint32_t interface;       /* index for capture_reader_interface() */
	struct bytes bytes;       /* without FCS where it is known to be there */
	uint32_t original_length; /* on the wire, with what was captured of the FCS */
	bool has_fcs;
	uint32_t fcs;         /* CRC-32 value */
	uint8_t direction;    /* enum capture_direction */
	struct bytes comment; /* the first one; empty: none */
	uint64_t packet_id;   /* 0: none */
};

enum capture_read {
	CAPTURE_READ_FRAME,
	CAPTURE_READ_END,
	CAPTURE_READ_BAD, /* malformed from here on: capture_reader_complaint() */
};

/* A reader of the file `file`, borrowed until capture_reader_free(). Never NULL. */
struct capture_reader *capture_reader_new(struct bytes file);
void capture_reader_free(struct capture_reader *reader);

/* Reads on to the next frame. After END or BAD it stays so. */
enum capture_read capture_reader_next(struct capture_reader *reader, struct captured_frame *frame);

/* What is wrong, for people, and where in the file; NULL when nothing is. */
const char *capture_reader_complaint(const struct capture_reader *reader, size_t *offset);

/* What was described up to the frame read last. */
size_t capture_reader_interface_count(const struct capture_reader *reader);
const struct captured_interface *capture_reader_interface(const struct capture_reader *reader,
							  size_t index);
size_t capture_reader_name_count(const struct capture_reader *reader);
const struct captured_name *capture_reader_name(const struct capture_reader *reader, size_t index);
size_t capture_reader_secrets_count(const struct capture_reader *reader);
const struct captured_secrets *capture_reader_secrets(const struct capture_reader *reader,
						      size_t index);
