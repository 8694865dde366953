/* The parts of a report; for views/report*.c only. */
#pragma once
#include "views/crossing.h"
#include "views/mailboxes.h"
#include "views/report.h"

/* A station in a message's life. */
struct station {
	struct trace_record record;
	char *text;      /* what came with the record, when it is text; NULL: not */
	char *recipient; /* the one it is about; NULL: of no one in particular */
};

/* What one node did to the bytes that carried one message, in one role. */
struct ledger_row {
	uint32_t node;
	bool is_sending, is_receiving; /* the stack of a host; neither: passing on */
	uint64_t frames;
	uint64_t in, removed, rewritten, added, out; /* bytes; in - removed + added = out */
};

/* All that is known of one message, or of another action. */
struct report_account {
	GArray *stations; /* of struct station, in order of time */
	GArray *ledger;   /* of struct ledger_row, in order of first use */
};

struct report {
	const struct model *model;
	const struct dissector *const *dissectors;
	struct crossings *crossings;
	struct mailboxes *mailboxes;
	GHashTable *accounts; /* root to struct report_account *; look-ups only */
	/*
	 * Mail that no simulated mail program wrote, from a program in mailwire shell or typed in by
	 * hand, as struct model_mail in order of arrival: `number` 0, `from` and `to` are those of the
	 * envelope, `subject` is how it came, `composed_ns` when.
	 */
	GPtrArray *strangers;
	uint64_t frames, frame_bytes, drops;
	uint64_t loopback;                   /* datagrams that hosts sent themselves */
	uint64_t layer_bytes[REPORT_LAYERS]; /* of packets where they were first sent */
	uint64_t unbalanced;                 /* crossings whose columns did not add up */
	int64_t end_ns;
};

/* Times that the direction of speech changed from client to server: each costs a round trip. */
unsigned report_turns(const struct model_connection *connection);

/* The payload that the transport carries in `frame`; empty where there is no whole one. */
struct bytes report_payload(struct bytes frame);

/* Zeros behind the datagram or ARP packet that bring a short frame to the Ethernet minimum. */
size_t report_padding_bytes(struct bytes frame);

/* Adds what each layer has in `frame`, which is on a wire for the first time. */
void report_count_layers(struct report *report, struct bytes frame);

/* The account of `root`; NULL when nothing is known of it. */
const struct report_account *report_account(const struct report *report, uint64_t root);

/*
 * Appends to a line about `mail` what became of it: ": delivered at mail, 0.3 s after it was
 * written", or further lines, one for each of several recipients and for each host that fetched it.
 */
void report_print_outcome(const struct report *report, FILE *out, const struct model_mail *mail);
