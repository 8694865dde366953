/* The computations and messages of SCRAM-SHA-256 (RFC 5802 sections 3, 5 and 7), for both sides. */
#pragma once
#include "protocols/sasl/sasl.h"

#define SCRAM_HASH_BYTES 32
#define SCRAM_SALT_MAX   64 /* octets of a salt */

/* What one password and salt give (section 3). */
struct scram_keys {
	uint8_t salted[SCRAM_HASH_BYTES];
	uint8_t client[SCRAM_HASH_BYTES], stored[SCRAM_HASH_BYTES], server[SCRAM_HASH_BYTES];
};

/* Computes them, or takes them from `cache` (which may be NULL). */
void scram_derive(struct sasl_keys *cache, const char *password, struct bytes salt,
		  unsigned iterations, struct scram_keys *keys);

/* HMAC-SHA-256 of the AuthMessage with one of the keys. */
void scram_sign(const uint8_t key[SCRAM_HASH_BYTES], const char *message,
		uint8_t signature[SCRAM_HASH_BYTES]);

void scram_hash(const uint8_t in[SCRAM_HASH_BYTES], uint8_t hash[SCRAM_HASH_BYTES]);

/* The value of the attribute `name` that `*in` begins with, taken off with its comma; or NULL. */
char *scram_take(const char **in, char name);

/* A saslname with ',' and '=' escaped; and back, NULL when it is malformed. The caller frees. */
char *scram_escape(const char *name);
char *scram_unescape(const char *name);
