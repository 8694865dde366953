/*
 * Keys of TLS records and what they open: AEAD of TLS 1.3 (RFC 8446 sections 5.2, 7.3) and 1.2 (RFC 5246
 * section 6.3; RFC 5288, RFC 7905), from secrets that were logged, by OpenSSL. For the files of this
 * folder.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include "protocols/tls/secrets.h"

/* OpenSSL's algorithms, looked up once. */
struct tls_algorithms;

struct tls_algorithms *tls_algorithms_new(void);
void tls_algorithms_free(struct tls_algorithms *algorithms);

#define TLS_RECORD_KEY_BYTES_MAX 32
#define TLS_NONCE_BYTES          12
#define TLS_TAG_BYTES            16

/* What a cipher suite means. */
struct tls_suite {
	uint16_t id;
	bool is_1_3;
	uint8_t cipher; /* of those in record_key.c */
	uint8_t key_bytes;
	uint8_t
	    salt_bytes; /* of the nonce that are part of the key; the others are in the record */
	const char *digest; /* OpenSSL's name */
	uint8_t digest_bytes;
};

/* NULL: it is not known here. */
const struct tls_suite *tls_suite_find(uint16_t id);

/* What records of one direction are opened with. */
struct tls_record_key {
	const struct tls_suite *suite;
	uint8_t key[TLS_RECORD_KEY_BYTES_MAX], iv[TLS_NONCE_BYTES];
	uint8_t secret[TLS_SECRET_BYTES_MAX]; /* TLS 1.3: what the key follows from */
};

/* TLS 1.3: from a traffic secret. False: its length is not that of the suite. */
bool tls_record_key_derive(struct tls_algorithms *algorithms, const struct tls_suite *suite,
			   struct bytes secret, struct tls_record_key *key);

/* TLS 1.3: the next key behind a KeyUpdate (RFC 8446 section 7.2). */
bool tls_record_key_update(struct tls_algorithms *algorithms, struct tls_record_key *key);

/* TLS 1.2: the client's key and the server's, from the master secret and the randoms of both hellos. */
bool tls_record_keys_expand(struct tls_algorithms *algorithms, const struct tls_suite *suite,
			    struct bytes master, const uint8_t *client_random,
			    const uint8_t *server_random, struct tls_record_key keys[2]);

/* How many bytes of a record are in front of the first that stands for plaintext, behind its header. */
static inline uint32_t tls_record_key_prefix(const struct tls_suite *suite)
{
	return TLS_NONCE_BYTES - suite->salt_bytes;
}

/*
 * Opens a record, header included, that is the `sequence`th with this key, and appends what is in it to
 * `plaintext`: in TLS 1.3 with its content type and padding. False: the key is not that it was made
 * with, or it was changed.
 */
bool tls_record_key_open(struct tls_algorithms *algorithms, const struct tls_record_key *key,
			 uint64_t sequence, struct bytes record, GByteArray *plaintext);
