/* What the SASL mechanisms PLAIN (RFC 4616) and LOGIN put on the wire of SMTP (RFC 4954). */
#pragma once
#include <glib.h>
#include "sim/bytes.h"

enum smtp_mechanism { SMTP_AUTH_NONE, SMTP_AUTH_PLAIN, SMTP_AUTH_LOGIN };

#define SMTP_CHALLENGE_LOGIN    "VXNlcm5hbWU6" /* "Username:" */
#define SMTP_CHALLENGE_PASSWORD "UGFzc3dvcmQ6" /* "Password:" */

/*
 * Decodes base64 text (RFC 4648 section 4, padding required). NULL when it is malformed; else the
 * octets and a NUL behind them, the caller frees them. "=" stands for no octets (RFC 4954).
 */
char *smtp_base64_decode(struct bytes text, size_t *length);

/* The base64 of a PLAIN response: NUL login NUL password. The caller frees it. */
char *smtp_plain_encode(const char *login, const char *password);

/* Splits a decoded PLAIN response: [authzid] NUL authcid NUL passwd. Borrows from `response`. */
bool smtp_plain_split(const char *response, size_t length, const char **login,
		      const char **password);
