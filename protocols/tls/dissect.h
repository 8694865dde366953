/*
 * Names TLS records (RFC 8446 section 5) and, where they can be read, the handshake messages and alerts
 * in them. TLS has no ports of its own: whoever follows a stream asks tls_begins().
 */
#pragma once
#include <stdbool.h>
#include "protocols/dissect.h"
#include "protocols/tls/names.h"

/* Its kinds are those of enum tls_detail. */
extern const struct dissector tls_dissector;

/* True when a stream begins, or goes on, with a ClientHello. */
bool tls_begins(struct bytes in);

/* True when `in` begins with the header of a record. */
bool tls_is_record(struct bytes in);

/*
 * What there is to say of a record with this content (enum tls_content), decrypted if need be; offset
 * and length are left to the caller.
 */
void tls_dissect_content(unsigned content, struct bytes plaintext, bool is_encrypted,
			 struct dissect_unit *unit);

/*
 * The names of hosts in the first certificate of a handshake message that is readable, with its header
 * (RFC 5280 section 4.2.1.6): "a.example, b.example"; "" where there are none.
 */
void tls_certificate_names(struct bytes message, char out[DISSECT_TEXT_BYTES]);
