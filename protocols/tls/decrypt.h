/*
 * Decryption of captured TLS connections (RFC 8446, RFC 5246) by secrets that were logged: follows the
 * handshake of a connection and opens its records. It takes no part in a connection, and knows of it
 * only what the bytes on the wire say. Any bytes are fine.
 */
#pragma once
#include "protocols/tls/secrets.h"

/* What all connections have in common: algorithms and secrets. */
struct tls_decryption;

struct tls_decryption *tls_decryption_new(void);
void tls_decryption_free(struct tls_decryption *decryption); /* NULL is fine */

/* Its secrets, for tls_secrets_add(): they may come as late as the records that need them. */
struct tls_secrets *tls_decryption_secrets(struct tls_decryption *decryption);

/* One connection. */
struct tls_decrypter;

/* Borrows `decryption`. */
struct tls_decrypter *tls_decrypter_new(struct tls_decryption *decryption);
void tls_decrypter_free(struct tls_decrypter *decrypter); /* NULL is fine */

/* A record that has come as a whole. */
struct tls_opened {
	unsigned content;  /* enum tls_content; where it was opened the real one */
	bool is_encrypted; /* on the wire */
	uint32_t wire_bytes,
	    prefix_bytes;       /* with its header; in front of the plaintext's first byte */
	size_t end;             /* how many bytes of those fed are up to its end */
	struct bytes plaintext; /* borrowed for the call; empty where it could not be read */
	const char *problem;    /* constant: why not; NULL: it could */
};

/*
 * Takes the next bytes of a direction, in front of which `missing` were lost, and calls `opened` for
 * each record that ends in them, in order. At most one record of each direction is kept meanwhile.
 */
void tls_decrypter_feed(struct tls_decrypter *decrypter, bool is_from_server, struct bytes bytes,
			uint64_t missing,
			void (*opened)(void *owner, const struct tls_opened *record), void *owner);

/* How many bytes it keeps. */
size_t tls_decrypter_held(const struct tls_decrypter *decrypter);

/* Why nothing more of a direction can be read, constant; NULL: it can. */
const char *tls_decrypter_lost(const struct tls_decrypter *decrypter, bool is_from_server);

/* Lets go of what it keeps, and reads nothing more of this connection. */
void tls_decrypter_give_up(struct tls_decrypter *decrypter);
