/* The DKIM-Signature field and the key record in DNS: what they say (RFC 6376 sections 3.5, 3.6). Pure. */
#pragma once
#include "protocols/authentic/dkim_canonical.h"
#include "protocols/authentic/dkim_key.h"

#define DKIM_SIGNATURE_FIELD "DKIM-Signature"

/* A DKIM-Signature. Strings and data are its own. */
struct dkim_signature {
	char *domain, *selector; /* d=, s= */
	char *identity;          /* i=; "@domain" when it is not there */
	bool is_sha1;            /* a=rsa-sha1, which counts no more (RFC 8301 section 3.1) */
	enum dkim_algorithm algorithm;
	enum dkim_form header_form, body_form; /* c= */
	char **fields;                         /* h=, names as written */
	GByteArray *body_hash, *data;          /* bh=, b= */
	char *data_text;                       /* b= in base64 */
	bool has_length;                       /* l= */
	uint64_t length_bytes;
	int64_t signed_at, expires_at; /* t=, x= in Unix time; -1: not there */
};

/*
 * Reads the value of the field. NULL when it breaks the grammar, lacks a tag or has tags that
 * contradict each other; `*problem` says why (static).
 */
struct dkim_signature *dkim_signature_parse(struct bytes value, const char **problem);
void dkim_signature_free(struct dkim_signature *signature); /* NULL is fine */

/* Appends the field `raw` with the value of its b= taken out (section 3.7), canonical, without the CRLF. */
void dkim_signature_canonicalize(enum dkim_form form, struct bytes raw, GString *out);

/* A key record: TXT at selector._domainkey.domain. */
struct dkim_key_record {
	struct dkim_key *key;
	bool is_testing;        /* t=y: the domain only tries DKIM */
	bool wants_same_domain; /* t=s: i= must be in d= itself, not below */
};

/*
 * Reads a record that is to verify signatures of this algorithm. False, and `*problem` says why
 * (static), when it is none, revoked, or for something else. Clear with dkim_key_free(record->key).
 */
bool dkim_key_record_parse(const char *text, enum dkim_algorithm algorithm,
			   struct dkim_key_record *record, const char **problem);

/* The text of a record for the public half of `key`. The caller frees it. */
char *dkim_key_record_emit(const struct dkim_key *key);

/* Decodes base64 in which white space may stand; NULL: it is none. For g_byte_array_unref(). */
GByteArray *dkim_base64_decode(const char *text);
