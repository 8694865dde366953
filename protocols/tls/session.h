/*
 * One end of a TLS connection as a pure machine over OpenSSL: bytes from the wire in, bytes for the
 * wire out, plaintext at the other side. It knows no stream and no trace; what it finds out on the way
 * it tells by calls. For the files of this folder.
 */
#pragma once
#include "protocols/tls/context.h"

struct tls_session;

#define TLS_PLAINTEXT_MAX 16384 /* bytes in a record (RFC 8446 section 5.1) */

enum tls_session_state {
	TLS_SHAKING_HANDS,
	TLS_OPEN,   /* the handshake is done: plaintext may be read and written */
	TLS_ENDED,  /* the peer said close_notify; we may still write */
	TLS_FAILED, /* no way on; an alert for the peer may be in the output */
};

/* A record that was read or written. Borrowed. */
struct tls_record {
	bool is_inbound;
	bool is_encrypted;
	unsigned content;      /* enum tls_content, the real one */
	uint32_t wire_bytes;   /* with its header */
	uint32_t prefix_bytes; /* in front of the first byte that stands for plaintext */
	struct bytes plaintext;
};

struct tls_observer {
	void (*record)(void *owner, const struct tls_record *record);
	void (*secret)(void *owner, const char *line); /* of the NSS key log */
	void *owner;
};

/* `name` as for tls_stream_new(); `observer` is copied. A client says nothing before it starts. */
struct tls_session *tls_session_new(struct tls_context *context, const char *name,
				    const struct tls_observer *observer);
void tls_session_free(struct tls_session *session);

/* Begins the handshake. */
void tls_session_start(struct tls_session *session);

/*
 * Takes bytes from the wire, at most as many as lead to one record of plaintext, which is appended
 * to `plaintext`. Returns how many were taken; what is left is to be offered again.
 */
size_t tls_session_receive(struct tls_session *session, struct bytes in, GByteArray *plaintext);

/* Puts all of `plaintext` into records; TLS_OPEN or TLS_ENDED only. */
void tls_session_write(struct tls_session *session, struct bytes plaintext);

/* Says close_notify, once; later calls do nothing. */
void tls_session_close(struct tls_session *session);

enum tls_session_state tls_session_state(const struct tls_session *session);

/* Hands over the bytes for the wire so far; NULL: none. The caller frees them. */
GByteArray *tls_session_take_output(struct tls_session *session);

/* Of TLS_FAILED: why, in words. */
const char *tls_session_failure(const struct tls_session *session);

/* Once open: with what, "TLS 1.3, TLS_AES_128_GCM_SHA256, X25519". The caller frees it. */
char *tls_session_describe(const struct tls_session *session);
unsigned tls_session_version(const struct tls_session *session);
const char *tls_session_cipher(const struct tls_session *session);
int tls_session_cipher_bits(const struct tls_session *session);

/* What is wrong with the peer's certificate, in words; NULL: nothing, or the peer has none. */
const char *tls_session_distrust(const struct tls_session *session);

/* Has the sessions of these settings tell of their secrets. */
void tls_session_log_secrets(SSL_CTX *settings);

/* The BIO by which OpenSSL reads and writes the wire, for tls_library. */
BIO_METHOD *tls_session_wire_new(void);
void tls_session_wire_free(BIO_METHOD *wire);
