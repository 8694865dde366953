/*
 * What a stage of the chain is. A file stage_*.c each has those that need nothing but the message; one
 * that asks others, such as DNS, may be made elsewhere and is handed to the chain by its type.
 */
#pragma once
#include "protocols/screening/parts.h"
#include "protocols/screening/screening.h"

struct screen_run;

/* A configured stage. What a kind keeps for itself it embeds this in. */
struct stage {
	const struct stage_type *type;
	const struct screening *screening;
	unsigned index; /* in the chain */
	enum screen_action action;
	char *subject_prefix; /* NULL: none */
};

/* A header field that is this server's alone to write. */
struct stage_field {
	const char *name;    /* "X-Spam-Flag" */
	bool names_the_host; /* only when its value begins with our name (RFC 8601 section 5) */
};

#define STAGE_FIELDS_MAX 5

struct stage_type {
	enum screen_kind kind;
	unsigned moments; /* set of enum screen_moment */
	/* At SCREEN_AT_RECIPIENT: once a transaction has passed it is not asked again. */
	bool is_of_sender;
	struct stage_field fields[STAGE_FIELDS_MAX]; /* which it writes; ends with a NULL name */
	struct stage *(*create)(const struct screen_stage_config *config);
	/* Looks at the run's case, and answers by stage_answer() at once or later. */
	void (*check)(struct stage *stage, struct screen_run *run);
	/* The run that waits for an answer is given up. NULL: this kind answers at once. */
	void (*forget)(struct stage *stage, struct screen_run *run);
	void (*free)(struct stage *stage); /* NULL: g_free() */
};

extern const struct stage_type sender_stage, greylist_stage, virus_stage, content_stage, spam_stage,
    spf_stage, dkim_stage, dmarc_stage;

/* An answer. Strings are taken. */
struct stage_answer {
	enum screen_verdict verdict;
	char *evidence;  /* by evidence_append(); required */
	char *fields;    /* header fields, each with its CRLF; NULL: none */
	char *reply;     /* "550 5.7.1 ...": required when the verdict is SCREEN_FAILED */
	bool is_limited; /* what is done with a message that fails is at most `limit` */
	enum screen_action limit;
};

void stage_answer(struct screen_run *run, struct stage_answer answer);

/* The same for a client who logged in, and whom the stage does not check: "login=alice". */
void stage_answer_trusted(struct screen_run *run);

/* What the asked stage holds until it answers: its own, and freed by its forget(). */
void stage_set_state(struct screen_run *run, void *state);
void *stage_state(const struct screen_run *run);

/*
 * Keeps what the asked stage found (taken) up to the end of the transaction, for stages behind it;
 * and what the first stage of `kind` so kept: NULL for nothing.
 */
void stage_keep(struct screen_run *run, void *kept, GDestroyNotify free);
const void *stage_kept(const struct screen_run *run, enum screen_kind kind);

/* Tells the server of a message that DMARC has judged. */
void stage_judged(const struct stage *stage, const struct dmarc_judgement *judgement);

/* What is done with a message that fails, when at most `limit` is to be done. */
enum screen_action stage_limited(const struct stage *stage, enum screen_action limit);

/*
 * Asks DNS by the server's resolver; `done` never comes before this returned. NULL: there is none.
 * Forgotten by dns_cancel().
 */
struct dns_query *stage_ask(const struct stage *stage, const char *name, uint16_t type,
			    dns_done_fn *done, void *owner);

const struct screen_case *stage_case(const struct screen_run *run);

/* The parts of the message, decoded once for all stages. Only at SCREEN_AT_MESSAGE. Borrowed. */
const struct screen_parts *stage_parts(struct screen_run *run);

const char *stage_host_name(const struct stage *stage);
bool stage_is_local(const struct stage *stage, const char *domain);
bool stage_owns(const struct stage *stage, const char *login, const char *address);

/*
 * Evidence is a list of "name=value", with "; " between. A value that came from outside is printable
 * ASCII of at most EVIDENCE_VALUE_MAX characters: other octets are written as \xNN.
 */
#define EVIDENCE_VALUE_MAX 80

void evidence_append(GString *evidence, const char *name, const char *value);
void evidence_append_count(GString *evidence, const char *name, uint64_t value);

/* "part=2; type=application/pdf; encoding=BASE64; file=minutes.pdf" */
void evidence_append_part(GString *evidence, const struct screen_part *part);

/* `value` as evidence_append() writes it. The caller frees it. */
char *evidence_value(const char *value);
