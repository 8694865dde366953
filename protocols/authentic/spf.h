/*
 * SPF: may this address send mail for that domain (RFC 7208)? check_host() as a pure machine that
 * names its DNS questions one after the other.
 */
#pragma once
#include "protocols/authentic/spf_record.h"

#define SPF_LOOKUPS_MAX      10 /* terms that ask DNS (section 4.6.4) */
#define SPF_VOID_LOOKUPS_MAX 2  /* of their questions, those without an answer (likewise) */
#define SPF_HOSTS_MAX        10 /* exchangers of one "mx", names of the client (likewise) */

/* What RFC 7208 section 6.2 leaves to the receiver where the domain does not explain itself. */
#define SPF_DEFAULT_EXPLANATION "the domain does not authorize this host to send its mail"

struct spf_request {
	struct client_address client;
	const char *helo;     /* what the client called itself */
	const char *sender;   /* the reverse-path; "": postmaster at the HELO name (section 2.4) */
	const char *receiver; /* the checking host, for %{r} */
	int64_t unix_time;    /* for %{t} */
};

/* What the check has found. Strings are the check's. */
struct spf_outcome {
	enum spf_result result;
	const char *domain;      /* that was checked */
	const char *mechanism;   /* as written, that matched; NULL: none */
	const char *explanation; /* of a fail; never NULL then */
	const char *problem;     /* why none, temperror or permerror; else NULL */
	bool is_explained;       /* the explanation is the domain's own, not the default */
	unsigned lookups, void_lookups;
};

struct spf_check;

/* Starts a check; the strings are copied. */
struct spf_check *spf_check_new(const struct spf_request *request);
void spf_check_free(struct spf_check *check); /* NULL is fine */

/* The question the check waits with, borrowed; NULL: it is done. */
const struct dns_wish *spf_check_wish(const struct spf_check *check);

/* Gives the check the answer to its question. */
void spf_check_answer(struct spf_check *check, const struct dns_answer *answer);

/* The result, once the check is done. Borrowed from it. */
const struct spf_outcome *spf_check_outcome(const struct spf_check *check);
