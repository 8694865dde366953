/*
 * MTA-STS (RFC 8461): what a domain says of TLS towards its mail servers, in a TXT record and in a policy
 * file. Pure. Any bytes are fine.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include "sim/bytes.h"

#define MTA_STS_ID_BYTES     33       /* of an id, with its NUL (section 3.1) */
#define MTA_STS_POLICY_BYTES 65536    /* of a policy file; longer ones are none (section 3.3) */
#define MTA_STS_MX_MAX       100      /* patterns in it; more are left out */
#define MTA_STS_MAX_AGE_S    31557600 /* about one year (section 3.2) */
#define MTA_STS_PATH         "/.well-known/mta-sts.txt"

enum mta_sts_mode {
	MTA_STS_NONE,    /* the domain has no policy any more */
	MTA_STS_TESTING, /* what would be wrong is noted, and mail goes out all the same */
	MTA_STS_ENFORCE, /* mail goes to servers that the policy names and that prove it, or waits */
};

extern const char *const mta_sts_mode_names[]; /* "enforce" */

struct mta_sts_policy {
	enum mta_sts_mode mode;
	int64_t max_age_s;
	GPtrArray *mx; /* of char *: patterns, in lower case */
};

/* The id in a TXT record "v=STSv1; id=20160831085700Z;". False: it is no such record. */
bool mta_sts_record_parse(struct bytes text, char id[MTA_STS_ID_BYTES]);

/* Reads a policy file; NULL: it is none, and `why` (constant) says what is wrong. The caller unrefs it. */
struct mta_sts_policy *mta_sts_policy_parse(struct bytes text, const char **why);

/* A policy is shared: it goes with its last reference. NULL is fine. */
struct mta_sts_policy *mta_sts_policy_ref(struct mta_sts_policy *policy);
void mta_sts_policy_unref(struct mta_sts_policy *policy);

/* "version: STSv1" and so on, as a site serves it; the caller frees it. */
char *mta_sts_policy_emit(const struct mta_sts_policy *policy);

/* Whether the policy names this host (section 4.1): "*.example.net" stands for one label more. */
bool mta_sts_policy_names(const struct mta_sts_policy *policy, const char *host);
