/* The parts of an explanation that its own files share. */
#pragma once
#include "views/address_names.h"
#include "views/explain.h"
#include "views/streams.h"
#include "views/layout.h"

#define EXPLAIN_LABEL_BYTES 128 /* of an interface's name, with its NUL */
#define EXPLAIN_LABELS      64  /* kept; others are made again */

struct explain {
	const struct explain_options *options;
	struct capture_reader *reader;
	struct address_names *names;
	struct streams *streams;
	struct decode decode;
	int64_t first_ns; /* time of the first frame */
	uint64_t frame;   /* number of the present one, from 1 */
	struct layout layout;
	GString *text;
	struct {
		uint32_t interface; /* 1 + its index; 0: none */
		char text[EXPLAIN_LABEL_BYTES];
	} labels[EXPLAIN_LABELS]; /* as they were used last, by the index */
	uint64_t unfinished;      /* packets with a checksum left to the network card */
	size_t secrets_read;      /* blocks of secrets in the capture */
	GHashTable *purposes;     /* of kinds of commands and replies that were said already */
	struct lru_table *again;  /* of lines that may come again: views/explain_again.c */
};

/* A packet with all that is known of it. */
struct explained {
	const struct captured_frame *frame;
	const struct captured_interface *interface;
	enum capture_direction direction; /* as the capture says, or a cooked header in it */
	bool is_fcs_wrong;                /* captured, and not that of the frame's bytes */
	struct account account;
	struct model_segment segment;     /* of account.segment */
	struct account_datagram datagram; /* of account.datagram */
};

/* "alice-pc:eth0", the description where there is no name; "" where there is neither. */
const char *explain_label(struct explain *explain, const struct explained *packet);

/* Text from outside, made fit for terminals and JSON: valid UTF-8 without control characters. */
void explain_append_text(GString *out, struct bytes text);

/* What is said of a segment's place in its stream, behind a comma; nothing when all is well. */
void explain_append_order(GString *out, const struct model_segment *segment);

/* Whether a comment says what `sentence` does, and at most names the programs that act: "mail (MTA)". */
bool explain_comment_agrees(struct bytes comment, struct bytes sentence);

/* The three ways to tell. */
void explain_block(struct explain *explain, const struct explained *packet);
void explain_in_full(struct explain *explain, const struct explained *packet);
void explain_json(struct explain *explain, const struct explained *packet);

/*
 * What is said of the headers of link and network hardly changes within a conversation. All that such
 * a line depends on but for the size at its end, so that it need not be made anew.
 */
#define EXPLAIN_AGAIN_MAX   1024 /* lines that are kept */
#define EXPLAIN_AGAIN_BYTES 248  /* of such a line; longer ones are not kept */
struct explain_again {
	uint32_t padding_bytes; /* behind the packet; none in here: compared as bytes */
	uint8_t protocol, way;
	uint8_t zero[2];
	uint64_t header[3]; /* pieces of it, which may overlap */
};

struct explain_kept {
	uint64_t changes; /* of names, when its own were looked up last */
	uint32_t names[2];
	unsigned length;
	char text[EXPLAIN_AGAIN_BYTES];
};

/* Fills in `key` for the line about `layer`; false: it hardly comes again, or says what is wrong. */
bool explain_again_key(const struct explain *explain, const struct decode_layer *layer, uint8_t way,
		       struct explain_again *key);

/* Prints the line as it was kept, with a size at its end. False: it was not. */
bool explain_again_print(struct explain *explain, const struct explain_again *key,
			 size_t size_bytes);

/* Keeps the line that is there but for its size, unless it is too long. */
void explain_again_keep(struct explain *explain, const struct explain_again *key);

/* The last lines of the text: what was in the capture. */
void explain_summary(struct explain *explain, const struct explain_result *result);
