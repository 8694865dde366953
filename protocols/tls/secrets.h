/*
 * Secrets of TLS connections as browsers and libraries log them, for decryption of what was captured:
 * the NSS key log (draft-ietf-tls-keylogfile), a line for each secret. Any bytes are fine. Pure.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "sim/bytes.h"

#define TLS_RANDOM_BYTES       32    /* of a hello (RFC 8446 section 4.1.2) */
#define TLS_SECRET_BYTES_MAX   64    /* that of the longest hash */
#define TLS_SECRETS_MAX        65536 /* connections that secrets are kept of; more are counted */
#define TLS_SECRETS_LINE_BYTES 512   /* longer lines are none of ours */

enum tls_secret_kind {
	TLS_SECRET_MASTER,           /* CLIENT_RANDOM: the master secret of TLS 1.2 and older */
	TLS_SECRET_CLIENT_HANDSHAKE, /* CLIENT_HANDSHAKE_TRAFFIC_SECRET, and so on */
	TLS_SECRET_SERVER_HANDSHAKE,
	TLS_SECRET_CLIENT_TRAFFIC,
	TLS_SECRET_SERVER_TRAFFIC,
	TLS_SECRET_KIND_COUNT,
};

struct tls_secrets;

struct tls_secrets *tls_secrets_new(void);
void tls_secrets_free(struct tls_secrets *secrets); /* NULL is fine */

/* Takes in the lines of `text`. What is no secret, comments among it, is passed over. */
void tls_secrets_add(struct tls_secrets *secrets, struct bytes text);

/* How many were taken in, those that had no room included. */
size_t tls_secrets_count(const struct tls_secrets *secrets);

/*
 * A secret of the connection whose ClientHello has this `random`, of TLS_RANDOM_BYTES. Borrowed until
 * the next tls_secrets_add(); empty: it is not known.
 */
struct bytes tls_secrets_find(const struct tls_secrets *secrets, const uint8_t *random,
			      enum tls_secret_kind kind);
