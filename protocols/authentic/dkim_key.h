/*
 * Keys of DKIM, and what is done with them: rsa-sha256 (RFC 6376, 8301) and ed25519-sha256 (RFC
 * 8463). The only user of OpenSSL's libcrypto here; it draws nothing random of its own that a
 * signature depends on.
 */
#pragma once
#include <glib.h>
#include "sim/bytes.h"
#include "sim/random.h"

enum dkim_algorithm { DKIM_RSA_SHA256, DKIM_ED25519_SHA256 };

extern const char *const dkim_algorithm_names[]; /* "rsa-sha256", "ed25519-sha256" */

#define DKIM_HASH_BYTES   32   /* SHA-256 */
#define DKIM_RSA_BITS     2048 /* of keys that are made (RFC 8301 section 3.2) */
#define DKIM_RSA_BITS_MIN 1024 /* of keys that count (likewise) */
#define DKIM_RSA_BITS_MAX 4096 /* of keys that are tried: longer ones cost too much */

/* A private or public key. */
struct dkim_key;

/* A new private key; the same numbers make the same key. */
struct dkim_key *dkim_key_new(enum dkim_algorithm algorithm, struct random_stream *random);

/* The private key in PEM, as OpenSSL writes it; NULL: it is none that DKIM knows. */
struct dkim_key *dkim_key_from_pem(const char *pem);

/* The private Ed25519 key of these 32 bytes (RFC 8032 section 5.1.5). */
struct dkim_key *dkim_key_from_seed(const uint8_t seed[32]);

/*
 * The public key in the p= of a key record: an RSA key as SubjectPublicKeyInfo or as RSAPublicKey
 * (erratum 3017 of RFC 6376), an Ed25519 key as its 32 bytes. NULL: it is none.
 */
struct dkim_key *dkim_key_from_record(enum dkim_algorithm algorithm, struct bytes data);
void dkim_key_free(struct dkim_key *key); /* NULL is fine */

enum dkim_algorithm dkim_key_algorithm(const struct dkim_key *key);
unsigned dkim_key_bits(const struct dkim_key *key);

/* The value of p= for the public half. The caller frees it. */
char *dkim_key_public(const struct dkim_key *key);

/* The private key in PEM (PKCS #8). The caller frees it. */
char *dkim_key_to_pem(const struct dkim_key *key);

/* Signs `text` in base64. The caller frees it. */
char *dkim_key_sign(const struct dkim_key *key, struct bytes text);

/* True when `signature` is one of `text` by this key. */
bool dkim_key_verify(const struct dkim_key *key, struct bytes text, struct bytes signature);

/* SHA-256. */
void dkim_hash(struct bytes text, uint8_t hash[DKIM_HASH_BYTES]);
