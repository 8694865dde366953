/*
 * Writing captures: the small interface that the pcapng and the classic pcap writer share.
 *
 * A capture goes to a temporary file beside `path`, which gets its name at capture_close(): a run
 * that is interrupted leaves no half file that looks whole. "-" is standard output. The first
 * error is kept, later frames are ignored, and capture_close() reports it.
 */
#pragma once
#include <glib.h>
#include "sim/bytes.h"
#include "stack/wire/address.h"

struct capture;

struct capture_interface {
	const char *name;        /* "alice-pc:eth0" */
	const char *description; /* NULL: none */
	struct mac mac;
	uint32_t address; /* IPv4; 0: none */
	uint8_t prefix_length;
	uint64_t rate_bps; /* 0: not said */
};

struct capture_name {
	uint32_t address;
	const char *name;
};

/* What is known before the first frame; borrowed during capture_open() only. */
struct capture_config {
	const struct capture_interface *interfaces;
	size_t interface_count;
	const struct capture_name *names; /* hosts; addresses and names may repeat */
	size_t name_count;
	int64_t epoch_s; /* virtual time 0, as seconds since 1970 */
};

enum capture_format {
	CAPTURE_PCAPNG, /* interfaces, FCS, direction, comments, names */
	CAPTURE_PCAP,   /* none of these: bytes without FCS, and their time */
};

/* As the interface sees it; the values are those of the pcapng epb_flags. */
enum capture_direction {
	CAPTURE_DIRECTION_UNKNOWN,
	CAPTURE_INBOUND,
	CAPTURE_OUTBOUND,
};

struct capture_frame {
	uint32_t interface;  /* index in capture_config.interfaces */
	uint8_t direction;   /* enum capture_direction */
	bool has_fcs;        /* `fcs` is as received, maybe wrong; else it is computed */
	uint32_t fcs;        /* CRC-32 value */
	int64_t time_ns;     /* virtual, not negative */
	uint64_t packet_id;  /* trace identity, kept across hops; 0: not said */
	struct bytes bytes;  /* the frame without FCS; borrowed */
	const char *comment; /* UTF-8, one sentence; NULL: none */
};

/* The format that a path's ending asks for: ".pcap" and ".cap" classic, all else pcapng. */
enum capture_format capture_format_of(const char *path);

/* Opens a capture; NULL with `error` set when it cannot be written there. */
struct capture *capture_open(const char *path, enum capture_format format,
			     const struct capture_config *config, GError **error);

/* Appends one frame; frames should come in order of time. */
void capture_frame(struct capture *capture, const struct capture_frame *frame);

/*
 * Appends secrets that let a reader decrypt later frames, e.g. lines of a TLS key log
 * (CAPTURE_SECRETS_TLS). Classic pcap cannot hold them: nothing happens.
 */
#define CAPTURE_SECRETS_TLS UINT32_C(0x544c534b)
void capture_secrets(struct capture *capture, uint32_t type, struct bytes secrets);

/* Hands what is buffered to the system, e.g. for a reader at the other end of a pipe. */
void capture_flush(struct capture *capture);

/* Bytes and frames written so far. */
uint64_t capture_bytes(const struct capture *capture);
uint64_t capture_frames(const struct capture *capture);

/*
 * Writes what is left, gives the file its name and frees the capture. False with `error` set when
 * anything since the opening went wrong; then no file of that name is made or replaced.
 */
bool capture_close(struct capture *capture, GError **error);

/* Frees the capture and removes what was written. */
void capture_abandon(struct capture *capture);
