/* What trace records of TLS (RFC 8446, RFC 5246) talk about: records, handshake messages, states. */
#pragma once
#include "stack/layer.h"

/* ContentType (RFC 8446 section 5.1). */
enum tls_content {
	TLS_CHANGE_CIPHER_SPEC = 20,
	TLS_ALERT = 21,
	TLS_HANDSHAKE = 22,
	TLS_APPLICATION_DATA = 23,
};

/* ProtocolVersion, as on the wire. */
enum tls_version { TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 };

/*
 * Details. TRACE_UNIT: a record on the wire, at `before` of TCP's stream direction `object`; bytes:
 * what is in it, decrypted; header_bytes: the bytes in front of that (header, explicit nonce), from
 * which on each byte of plaintext has its byte on the wire; flags: TRACE_ENCRYPTED where others
 * cannot read it.
 */
enum tls_detail {
	TLS_RECORD_CHANGE_CIPHER_SPEC,
	TLS_RECORD_ALERT,
	TLS_RECORD_HANDSHAKE,
	TLS_RECORD_APPLICATION_DATA,
	TLS_RECORD_OTHER,
	TLS_BEGINS, /* STATE: object: direction of the plaintext; before: that of TCP below it; after:
	                stream offset there at which records begin */
	TLS_SECURED,   /* STATE: the handshake is done; object: direction sent; before: tls_version;
	                bytes: in words, with what */
	TLS_BROKEN,    /* STATE: it came to nothing, or the connection was cut off; bytes: why */
	TLS_DISCARDED, /* STATE: plaintext behind STARTTLS was thrown away; after: how many bytes */
	TLS_SECRET,    /* STATE: a line of the NSS key log; bytes: it */
	TLS_DETAIL_COUNT,
};

extern const struct layer_names tls_layer_names;

/* The detail of a record with this content. */
enum tls_detail tls_record_detail(unsigned content);

/* "Certificate", by HandshakeType (RFC 8446 section 4); never NULL. */
const char *tls_handshake_name(unsigned type);

/* "certificate_expired", by AlertDescription (RFC 8446 section 6); never NULL. */
const char *tls_alert_name(unsigned description);

/* "TLS 1.3"; never NULL. */
const char *tls_version_name(unsigned version);
