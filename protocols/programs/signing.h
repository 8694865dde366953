/* A mail server signs what its users submit, by DKIM (RFC 6376 section 5.1): the business of its MSA. */
#pragma once
#include "protocols/authentic/dkim_sign.h"

/* A domain's key at this server. A domain may have several: each signs. */
struct mail_server_signer {
	const char *domain;   /* of From, whose messages are signed */
	const char *selector; /* the public key is at selector._domainkey.domain */
	const struct dkim_key *key;
	enum dkim_form form; /* of header and body */
	int64_t lifetime_s;  /* 0: the signature does not expire */
};

struct signing;

/* The strings are copied; the keys are borrowed, and must outlive it. NULL for no signers. */
struct signing *signing_new(const struct mail_server_signer *signers, unsigned count);
void signing_free(struct signing *signing); /* NULL is fine */

/*
 * The message with a DKIM-Signature for each signer of the domain in its From; `evidence` gets "d=...;
 * s=...; a=...". NULL: there is no such signer. The caller owns both.
 */
GBytes *signing_apply(const struct signing *signing, GBytes *message, int64_t unix_time,
		      char **evidence);
