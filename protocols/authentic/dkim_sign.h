/* Signs messages by DKIM (RFC 6376 section 5). Pure. */
#pragma once
#include "protocols/authentic/dkim_signature.h"

struct dkim_signer {
	const char *domain, *selector;
	const struct dkim_key *key;
	enum dkim_form header_form, body_form;
	int64_t lifetime_s; /* from t= to x=; 0: no x= */
};

/*
 * The field that signs `message` at `unix_time`, "DKIM-Signature: ...", with a CRLF at its end, to
 * be put in front of it. Signed are the fields that section 5.4.1 recommends, and once more From, To,
 * Cc, Subject, Date and others of which there may be only one, so that none can be added
 * ("oversigning", section 8.15). NULL: the message has no From. The caller frees it.
 */
char *dkim_sign(const struct dkim_signer *signer, struct bytes message, int64_t unix_time);

/* As it is in h=, for tests: signs exactly these fields, which `names` (NULL at its end) lists. */
char *dkim_sign_fields(const struct dkim_signer *signer, struct bytes message, int64_t unix_time,
		       const char *const *names);
