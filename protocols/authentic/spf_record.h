/* SPF records: what they say, and the macros in them (RFC 7208 sections 4.6, 5, 6, 7 and 12). Pure. */
#pragma once
#include "protocols/authentic/dns_view.h"

/* The result of check_host() (section 2.6). */
enum spf_result {
	SPF_NONE,      /* no record, or no domain to look for one */
	SPF_NEUTRAL,   /* the domain says nothing about this address */
	SPF_PASS,      /* the address may send for the domain */
	SPF_FAIL,      /* it may not */
	SPF_SOFTFAIL,  /* it probably may not */
	SPF_TEMPERROR, /* DNS failed: a later attempt may tell */
	SPF_PERMERROR, /* the record cannot be interpreted */
	SPF_RESULT_COUNT,
};

extern const char *const spf_result_names[SPF_RESULT_COUNT]; /* "none", "neutral", ... */

enum spf_mechanism {
	SPF_ALL,
	SPF_INCLUDE,
	SPF_A,
	SPF_MX,
	SPF_PTR,
	SPF_IP4,
	SPF_IP6,
	SPF_EXISTS,
	SPF_MECHANISM_COUNT,
};

/* A mechanism with its qualifier, as "-ip4:192.0.2.0/24". */
struct spf_term {
	enum spf_mechanism mechanism;
	enum spf_result qualifier;     /* the result when it matches */
	char *text;                    /* as written */
	char *domain_spec;             /* NULL: the current domain */
	struct client_address network; /* of ip4 and ip6 */
	unsigned prefix_v4, prefix_v6; /* bits that count */
};

struct spf_record {
	GArray *terms;                /* of struct spf_term, in order */
	char *redirect, *explanation; /* domain-specs of the modifiers; NULL: none */
};

/* True for a TXT record that is an SPF record: its version section is exactly "v=spf1". */
bool spf_record_is_one(const GString *text);

/*
 * Reads a record. NULL when it breaks the grammar, and `*problem`, which the caller frees, says
 * where.
 */
struct spf_record *spf_record_parse(const GString *text, char **problem);
void spf_record_free(struct spf_record *record); /* NULL is fine */

/* What macros stand for (section 7.2). */
struct spf_macro_values {
	const char *sender, *domain, *helo;  /* s, l and o; d; h. The sender has a local part */
	const struct client_address *client; /* i, v, c */
	const char *validated;               /* p; NULL: "unknown" */
	const char *receiver;                /* r, in explanations only */
	int64_t unix_time;                   /* t, likewise */
	bool is_explanation;
};

/* True when `text` is a macro-string; spaces count in explanations only. */
bool spf_macro_is_valid(const char *text, bool is_explanation);

/* True when the expansion of `text` needs the client's validated name. */
bool spf_macro_needs_name(const char *text);

/* Expands `text`, which is valid. Explanations come as text, other strings as domain names, cut from the left to 253 bytes. The caller frees it. */
char *spf_macro_expand(const char *text, const struct spf_macro_values *values);
