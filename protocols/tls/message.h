/* Handshake messages and alerts in words (RFC 8446 section 4, RFC 5246 section 7.4). Pure. */
#pragma once
#include "protocols/dissect.h"

/* "ClientHello to mail.office.example, TLS 1.3"; several messages one behind the other. */
void tls_messages_print(struct bytes handshake, char out[DISSECT_TEXT_BYTES]);

/* "fatal certificate_expired" */
void tls_alert_print(struct bytes alert, char out[DISSECT_TEXT_BYTES]);
