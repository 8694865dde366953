/* The parts of the log that its own files share. */
#pragma once
#include "views/log.h"

#define LOG_TEXT_COLUMN 30 /* where the description of a header begins */
#define LOG_SIZE_COLUMN 100

/* One record of a crossing, copied. */
struct crossing_record {
	struct trace_record record;
	char *text;            /* of records whose bytes are text; NULL: none */
};

/* A pass of one packet through one node. */
struct crossing {
	uint32_t node, number;
	int64_t time_ns, last_ns;
	uint64_t packet, root;
	GArray *records;       /* of struct crossing_record */
	GByteArray *received;  /* the frame as it came in; NULL: it was made here */
	GByteArray *sent;      /* the frame as it went out; NULL: it stayed here */
	bool is_waiting;       /* for ARP or other fragments: it may end much later */
	bool is_finished;      /* sent, dropped or delivered */
};

/*
 * The description of the header of `layer` in `frame`, e.g. "192.0.2.10 → 192.0.2.70 (mail), TTL 64",
 * and in `size_bytes` what is left from there to the end of the packet, padding not counted.
 * False when the frame has no such header.
 */
bool log_describe(GString *out, const struct model *model, unsigned layer, struct bytes frame,
                  size_t *header_bytes, size_t *size_bytes);

/* What happened to the IPv4 header between `in` and `out`: TTL and checksum. */
void log_describe_forward(GString *out, struct bytes in, struct bytes out_frame);

/* Appends the escape sequence of the layer's colour, or nothing. */
void log_colour(GString *out, bool colour, unsigned layer);
void log_plain(GString *out, bool colour);

/* Pads `line`, which may hold UTF-8 and colours, with spaces to `column`. */
void log_pad(GString *line, size_t from, unsigned column);
