/* What TRACE_MAIL records of MAIL_CHECKED say: which stage looked, what it found, what was done. */
#pragma once
#include "sim/bytes.h"

/* `before` of the record. */
enum screen_verdict {
	SCREEN_PASSED,  /* nothing was found */
	SCREEN_FAILED,  /* something was; see the evidence */
	SCREEN_SKIPPED, /* the stage has nothing to say of this client or message */
	SCREEN_VERDICT_COUNT,
};

/* `after` of the record: what was done, and what a scenario asks for. */
enum screen_action {
	SCREEN_ACCEPT, /* the message goes on */
	SCREEN_TAG, /* with header fields that tell, and a mark in its subject if so configured */
	SCREEN_QUARANTINE, /* likewise, and the MDA files it in Junk */
	SCREEN_DEFER,      /* the client is told to come again: a 4xx reply */
	SCREEN_REJECT,     /* it is not taken: a 5xx reply */
	SCREEN_ACTION_COUNT,
};

enum screen_kind {
	SCREEN_SENDER,
	SCREEN_GREYLIST,
	SCREEN_VIRUS,
	SCREEN_CONTENT,
	SCREEN_SPAM,
	SCREEN_SPF,
	SCREEN_DKIM,
	SCREEN_DMARC,
	SCREEN_KIND_COUNT,
};

/* By the enums above: "failed", "quarantine", "greylist". */
extern const char *const screen_verdict_names[SCREEN_VERDICT_COUNT];
extern const char *const screen_action_names[SCREEN_ACTION_COUNT];
extern const char *const screen_kind_names[SCREEN_KIND_COUNT];

/* The bytes of such a record: the stage's name, NUL, its evidence. Both borrow from `bytes`. */
void screen_record_split(struct bytes bytes, struct bytes *stage, struct bytes *evidence);
