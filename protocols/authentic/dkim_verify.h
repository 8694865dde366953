/*
 * Verifies the DKIM signatures of a message (RFC 6376 section 6): a pure machine that asks DNS for
 * the key of each.
 */
#pragma once
#include "protocols/authentic/dkim_signature.h"
#include "protocols/authentic/dns_view.h"

#define DKIM_SIGNATURES_MAX 10 /* of one message that are verified, from the top (section 8.4) */

/* The results of RFC 8601 section 2.7.1. */
enum dkim_result {
	DKIM_NONE,   /* not signed */
	DKIM_PASS,   /* signed, and unchanged */
	DKIM_FAIL,   /* changed, forged or expired */
	DKIM_POLICY, /* verifies, but is not good enough here: rsa-sha1, short keys, unsigned text */
	DKIM_NEUTRAL,   /* the signature cannot be understood */
	DKIM_TEMPERROR, /* DNS did not answer */
	DKIM_PERMERROR, /* there is no usable key */
	DKIM_RESULT_COUNT,
};

extern const char *const dkim_result_names[DKIM_RESULT_COUNT]; /* "none", ... */

/* What was found of one signature. Strings are the machine's; NULL where it is not readable. */
struct dkim_finding {
	enum dkim_result result;
	const char *problem; /* NULL when it passes */
	const char *domain, *selector, *identity;
	const char *algorithm; /* "rsa-sha256" */
	const char *data;      /* b= in base64 */
	unsigned key_bits;     /* 0: no key */
	bool is_testing;       /* the domain only tries DKIM */
};

struct dkim_check;

/* Starts with `message`, which is borrowed until the check is done; `unix_time` is now. */
struct dkim_check *dkim_check_new(struct bytes message, int64_t unix_time);
void dkim_check_free(struct dkim_check *check); /* NULL is fine */

/* The question the check waits with, borrowed; NULL: it is done. */
const struct dns_wish *dkim_check_wish(const struct dkim_check *check);

/* Gives the check the answer to its question. */
void dkim_check_answer(struct dkim_check *check, const struct dns_answer *answer);

/* Once it is done: of each signature, from the top. Borrowed. */
const struct dkim_finding *dkim_check_findings(const struct dkim_check *check, unsigned *count);

/* The best result: a pass counts whatever the others say (section 6.1). DKIM_NONE: no signature. */
enum dkim_result dkim_check_result(const struct dkim_check *check);
