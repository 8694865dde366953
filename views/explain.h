/*
 * Captures explained: a block for each packet, as the log of a run has them, or one packet down to
 * every field, or one JSON object per packet. Memory is bounded whatever is read: see the limits of
 * views/streams.h, views/address_names.h and views/capture_reader.h.
 */
#pragma once
#include <stdio.h>
#include "views/capture_reader.h"
#include "views/packet_filter.h"

struct explain_options {
	FILE *out; /* not closed */
	bool colour;
	unsigned columns;             /* of a line, longer ones are broken; 0: however long */
	bool json;                    /* else text */
	uint64_t packet;              /* only this one, with every field; 0: all */
	struct packet_filter *filter; /* which are shown; all are followed. NULL: all */
	struct bytes key_log; /* of --keylog: secrets beside those in the capture; may be empty */
	const struct dissector *const *dissectors;
};

struct explain_result {
	uint64_t frames; /* read, */
	uint64_t shown;  /* and shown */
	bool is_damaged; /* the reader has a complaint */
};

/* Reads to the end, to the packet asked for, or until `out` fails. */
struct explain_result explain(struct capture_reader *reader, const struct explain_options *options);
