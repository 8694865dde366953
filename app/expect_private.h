/*
 * What judges expectations: for app/expect*.c only. Each kind of expectation is a predicate, in the file
 * of its kin; app/expect.c has the table of them and hands them the records they ask for.
 */
#pragma once
#include "app/expect.h"
#include "views/lines.h"
#include "views/mailboxes.h"
#include "views/model.h"
#include "views/sent_segments.h"

struct expect_tap;
struct predicate;

/* What one expectation has seen so far. */
struct judge {
	const struct scenario_expectation *expectation;
	const struct predicate *predicate;
	uint64_t count; /* of what happened */
	bool is_judged; /* at its own moment; `found` holds the count then */
	uint64_t found;
	int64_t reached_ns; /* when the count last came into the range; TIME_NEVER: it is not */
	char *
	    other_answer; /* of EXPECT_DIG: the data of the last that did not count, commas between */
	enum scenario_answer other_outcome;
	uint64_t step_record;           /* of EXPECT_WAY: that met it; 0: none has yet */
	struct expect_tap *tap;         /* of EXPECT_PASSWORD; NULL: nothing was heard yet */
	struct sent_segments *segments; /* of EXPECT_RETRANSMISSIONS; NULL: nothing was sent yet */
	GArray *counted, *contrary;     /* of struct evidence; NULL: none is kept */
};

/* What a kind of expectation looks at. */
struct predicate {
	uint64_t kinds;   /* set of TRACE_BIT(kind): records for `observe` */
	bool needs_model; /* asks the model, which is then fed all records */
	bool may_fall;    /* what it counts can become less again */
	size_t range;     /* offset in struct scenario_expectation of what the count shall be */
	/* Looks at a record; NULL: only `recount` counts. */
	void (*observe)(struct expect *expect, struct judge *judge,
			const struct trace_record *record, struct bytes bytes);
	/* Counts all up to a moment, when that is to be judged; NULL: it is counted all the time. */
	void (*recount)(struct expect *expect, struct judge *judge, int64_t now_ns);
	/* What is counted, in words: "INBOX of alice@office.example holds". */
	void (*describe)(GString *text, const struct scenario_expectation *expectation);
};

#define PREDICATE_RANGE(field) offsetof(struct scenario_expectation, field)

/* expect_mail.c */
extern const struct predicate predicate_mailbox, predicate_device, predicate_stored;
extern const struct predicate predicate_message, predicate_screening, predicate_duplicates;
/* expect_way.c */
extern const struct predicate predicate_way;
/* expect_stream.c */
extern const struct predicate predicate_connection, predicate_bytes, predicate_said;
extern const struct predicate predicate_connected, predicate_connections_at_once;
/* expect_packet.c */
extern const struct predicate predicate_retransmissions, predicate_dropped, predicate_translated;
extern const struct predicate predicate_tampered;
extern const struct predicate predicate_layer, predicate_packets;
/* expect_user.c */
extern const struct predicate predicate_ping, predicate_dig, predicate_heard, predicate_waited;
/* expect_world.c */
extern const struct predicate predicate_minutes, predicate_cost, predicate_parts;

/* expect_tap.c */
extern const struct predicate predicate_password;
void expect_tap_free(struct expect_tap *tap); /* NULL is fine */

/* The table of all. */
const struct predicate *predicate_of(const struct scenario_expectation *expectation);

/* A message on its way. */
struct expect_mail {
	uint64_t root;
	int64_t composed_ns;
	char *subject, *message_id;
	int64_t last_ns[STATION_COUNT]; /* when it last came there; TIME_NEVER: not yet */
};

/* What a user did. */
struct expect_action {
	uint64_t id;   /* of its record: the root of what it caused */
	uint64_t verb; /* enum user_verb */
	int64_t time_ns;
	char *text; /* in words */
};

struct expect {
	const struct scenario *scenario;
	struct trace_sink sink;
	GPtrArray *nodes; /* of char *: names by index - 1 */
	struct mailboxes *mailboxes;
	GArray *mails; /* of struct expect_mail */
	struct lines *lines;
	GHashTable *actions; /* id -> struct expect_action *: look-ups only */
	struct model *model; /* NULL: nobody needs it */
	GPtrArray *packets;  /* by node - 1: GArray of uint64_t, the packet that led to a record, by
	                       the record's number; NULL: no evidence is kept */
	struct judge *judges;
	int64_t now_ns;
	int64_t next_moment_ns; /* no expectation has a moment of its own before; 0: not known */
};

/* ---- Counting: expect.c ---- */

/* Counts `more` that `record` gives. */
void expect_count(struct expect *expect, struct judge *judge, const struct trace_record *record,
		  struct bytes bytes, uint64_t more);

/* Sets the count. */
void expect_count_to(struct expect *expect, struct judge *judge, uint64_t count);

/* ---- Who and where: expect.c ---- */

const char *expect_node_name(const struct expect *expect, uint32_t node);

/* Whether the record `id` is of this node; of any when it is NULL. */
bool expect_is_at(const struct expect *expect, uint64_t id, const struct scenario_item *node);

/* Whether it is of the host of the client `by`, or of that host; of any when it is NULL. */
bool expect_is_by(const struct expect *expect, uint64_t id, const struct scenario_item *by);

/* The host of a client, or the host itself. NULL for NULL. */
const char *expect_host_name(const struct scenario_item *by);

/* What a node begins with; NULL for NULL. */
const struct scenario_item *expect_item_of(const struct scenario_node *node);

/* Whether it is an address of the node; any is when that is NULL. */
bool expect_has_address(const struct scenario_node *node, uint32_t address);

/* True when one of the NUL-separated parts of `bytes` is `part`, in whatever case; or that is NULL. */
bool expect_has_part(struct bytes bytes, const char *part);

/* ---- Messages, before and after the judges look at a record: expect_mail.c ---- */

void expect_mail_begin(struct expect *expect, const struct trace_record *record,
		       struct bytes bytes);
/* The message that the record is about; NULL: nobody composed it. */
struct expect_mail *expect_mail_of(const struct expect *expect, const struct trace_record *record,
				   struct bytes bytes);

void expect_mail_end(struct expect *expect, const struct trace_record *record, struct bytes bytes);

/* ---- Evidence: expect_evidence.c ---- */

/* Keeps `record` as one that counts, or as one that happened instead, in words. */
void expect_witness(struct expect *expect, struct judge *judge, const struct trace_record *record,
		    struct bytes bytes, bool is_contrary);

/* The same where it is known in words already. `packet` may be 0. */
void expect_witness_text(struct judge *judge, int64_t time_ns, uint64_t packet, bool is_contrary,
			 const char *text);

/* Numbers the frames of a list of evidence, at the end of the run; NULL is fine. */
void expect_find_frames(const struct expect *expect, GArray *list);

/* Notes which packet led to the record, where evidence is kept. */
void expect_trace_packet(struct expect *expect, const struct trace_record *record);
uint64_t expect_packet_of(const struct expect *expect, uint64_t id);

/* ---- Words: expect_describe.c ---- */

/* Appends a count as `expectation` counts: money as an amount, all else as a number. */
void expect_append_count(GString *out, const struct scenario_expectation *expectation,
			 uint64_t count);

/* " by bob"; nothing where the condition is not set. */
void expect_append_condition(GString *out, const char *word, const char *value);

/* The name of an item, or NULL where there is none. */
const char *expect_name_of(const struct scenario_item *item);

/* What the key with words of the mapping calls `value`. */
const char *expect_word(const char *key, int value);
