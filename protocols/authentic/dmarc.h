/*
 * DMARC: does what SPF and DKIM have shown speak for the domain that readers see in From, and what
 * does that domain want done when it does not (RFC 9989)? A pure machine that asks DNS; policies and
 * organizational domains are found by walking up the tree (section 4.10).
 */
#pragma once
#include "protocols/authentic/dmarc_record.h"
#include "protocols/authentic/dns_view.h"

#define DMARC_WALK_MAX 8 /* names asked for in one walk (section 4.10) */

/* The results of RFC 8601 section 2.7 and RFC 9989 section 9.1. */
enum dmarc_result {
	DMARC_NONE,      /* the domain publishes no policy */
	DMARC_PASS,      /* SPF or DKIM speaks for it */
	DMARC_FAIL,      /* neither does */
	DMARC_TEMPERROR, /* DNS did not answer */
	DMARC_PERMERROR, /* From names no domain, or several */
	DMARC_RESULT_COUNT,
};

extern const char *const dmarc_result_names[DMARC_RESULT_COUNT]; /* "none", ... */

struct dmarc_request {
	const char *from_domain;         /* of From: dmarc_from_domain(); NULL: there is not one */
	const char *spf_domain;          /* that passed SPF as MAIL FROM or HELO; NULL: none */
	const char *const *dkim_domains; /* d= of signatures that pass */
	unsigned dkim_count;
	bool spf_may_pass_later, dkim_may_pass_later; /* temperror there */
};

/* What was found. Strings and the record are the check's. */
struct dmarc_outcome {
	enum dmarc_result result;
	enum dmarc_policy policy;      /* that the domain publishes for such a message */
	enum dmarc_policy disposition; /* what is to be done: t= weakens it; none unless it fails */
	const char *from_domain;
	const char *policy_domain; /* where the record was found; NULL: nowhere */
	const char *policy_tag;    /* "p", "sp" or "np": which one applies */
	const char *organization;  /* the organizational domain of From */
	const char *aligned_spf;   /* the domain of SPF that aligns; NULL: none */
	const char *aligned_dkim;  /* the d= that aligns; NULL: none */
	const struct dmarc_record *record;
	const char *problem; /* of temperror and permerror */
};

struct dmarc_check;

/* Starts a check; strings are copied. */
struct dmarc_check *dmarc_check_new(const struct dmarc_request *request);
void dmarc_check_free(struct dmarc_check *check); /* NULL is fine */

/* The question the check waits with, borrowed; NULL: it is done. */
const struct dns_wish *dmarc_check_wish(const struct dmarc_check *check);

/* Gives the check the answer to its question. */
void dmarc_check_answer(struct dmarc_check *check, const struct dns_answer *answer);

/* Once it is done. Borrowed. */
const struct dmarc_outcome *dmarc_check_outcome(const struct dmarc_check *check);

/*
 * The one domain in the From of a message whose header is `header`, in lower case; NULL: From is
 * missing, there are several, or they name several domains. The caller frees it.
 */
char *dmarc_from_domain(struct bytes header);
