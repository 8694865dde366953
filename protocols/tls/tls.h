/*
 * TLS 1.3 (RFC 8446) and 1.2 (RFC 5246) as a stream that wraps a stream, by OpenSSL.
 *
 * One library for a world, one authority that signs certificates in it, one context for each
 * program that speaks TLS, one stream for each connection. Nothing comes from outside the world:
 * keys, serial numbers and all else that is random are drawn from the node's own streams, and
 * certificates are judged by virtual time. There are no session tickets (they hold a clock of their
 * own), no session cache, no compression and no renegotiation.
 *
 * OpenSSL is used behind this header alone. What it forces on a process: an error queue for each
 * thread, emptied around every call, and that its configuration file is not read.
 */
#pragma once
#include <glib.h>
#include "protocols/tls/names.h"
#include "sim/world.h"
#include "stack/stream.h"

/* The library: OpenSSL with a source of random numbers that is ours. */

struct tls_library;

struct tls_library *tls_library_new(void);

/* Everything made with it must have been freed before; NULL is fine. */
void tls_library_free(struct tls_library *library);

/* Certificates. */

enum tls_key_kind { TLS_KEY_ECDSA_P256, TLS_KEY_RSA_2048 };

enum tls_issuer {
	TLS_ISSUED_BY_AUTHORITY,
	TLS_ISSUED_BY_ITSELF, /* self-signed: nobody vouches for it */
};

/* What a certificate shall say. */
struct tls_certificate {
	const char *const
	    *names; /* subjectAltName (RFC 6125); the first is the subject's CN, too */
	unsigned name_count;
	enum tls_key_kind key;
	enum tls_issuer issuer;
	int64_t not_before_s, not_after_s; /* seconds since 1970 */
	bool is_revoked;                   /* on the authority's list of revoked certificates */
	const char *series; /* key and serial number are drawn by it and the first name; NULL: "" */
};

/* A certificate with its private key. */
struct tls_credential;

/* A certificate authority, trusted by whoever is told to. */
struct tls_authority;

/*
 * Makes an authority whose own certificate is called `name` and valid for `valid_from_s` to
 * `valid_to_s`. Its keys, and those it issues, follow from `seed` and the names in them.
 */
struct tls_authority *tls_authority_new(struct tls_library *library, uint64_t seed,
					const char *name, int64_t valid_from_s, int64_t valid_to_s);
void tls_authority_free(struct tls_authority *authority); /* and all it issued; NULL is fine */

/* Issues a certificate. It belongs to the authority. */
const struct tls_credential *tls_authority_issue(struct tls_authority *authority,
						 const struct tls_certificate *wish);

/* The authority's own certificate as PEM (RFC 7468), for real clients. The caller frees it. */
char *tls_authority_pem(const struct tls_authority *authority);

/* The certificate, and behind it its private key (PKCS #8), likewise. The caller frees it. */
char *tls_credential_pem(const struct tls_credential *credential);

/* Contexts: what all TLS connections of a program have in common. */

struct tls_context;

enum tls_verify {
	TLS_VERIFY_NOT,  /* go on whoever it is, and note what is wrong with the certificate */
	TLS_VERIFY_PEER, /* chain, validity, revocation and name must be right, else no connection */
};

struct tls_context_config {
	const struct tls_credential *credential; /* a server's; NULL: this is a client */
	const struct tls_authority *trusted;     /* a client's; NULL: it trusts nobody */
	enum tls_verify verify;                  /* a client's */
	enum tls_version oldest, newest;         /* 0: TLS 1.2, TLS 1.3 */
};

/* Makes a context for programs on `node`. Borrows what `config` points to for as long as it lives. */
struct tls_context *tls_context_new(struct tls_library *library, struct node *node,
				    const struct tls_context_config *config);

/* Resets the connections that still live with it; NULL is fine. */
void tls_context_free(struct tls_context *context);

bool tls_context_is_server(const struct tls_context *context);

/* Connections. */

/*
 * Wraps `below` (taken). The handshake begins at once, or when `below` opens if it is still
 * connecting; when it is done, `opened` is told at either end. Before that nothing can be read or
 * written. `name` is what a client calls the server: for SNI (RFC 6066 section 3) and to be found
 * in its certificate; NULL: not known, and then no certificate has the right name.
 *
 * Between bytes arriving below and the program reading them `wakeup_ns` pass.
 *
 * How it ends: the peer's close_notify alert is `ended`. A stream below that ends without one is
 * `failed` with STREAM_TRUNCATED (RFC 8446 section 6.1), a handshake that comes to nothing with
 * STREAM_INSECURE; `stream->failure` says in words why. stream_shutdown() and stream_release() say
 * close_notify.
 */
struct stream *tls_stream_new(struct tls_context *context, struct stream *below, bool is_open,
			      const char *name, int64_t wakeup_ns);
