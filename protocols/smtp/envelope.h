/*
 * What goes along with the addresses of an envelope: wishes about notifications (DSN, RFC 3461) and
 * what the message needs of servers (8BITMIME, SMTPUTF8). Pure.
 */
#pragma once
#include <glib.h>
#include "sim/bytes.h"

/* When the sender wants to be told, a set; 0: nothing was said, which means failure and delay. */
enum smtp_notify {
	SMTP_NOTIFY_NEVER = 1,
	SMTP_NOTIFY_SUCCESS = 2,
	SMTP_NOTIFY_FAILURE = 4,
	SMTP_NOTIFY_DELAY = 8,
};

/* How much of the message goes back with a notification. */
enum smtp_return { SMTP_RETURN_UNSAID, SMTP_RETURN_FULL, SMTP_RETURN_HEADERS };

#define SMTP_ENVID_MAX    100 /* characters (RFC 3461 section 4.4) */
#define SMTP_ORIGINAL_MAX 500 /* characters (section 4.2) */

/* Of one recipient. */
struct smtp_recipient_wish {
	unsigned notify; /* set of enum smtp_notify */
	char *original;  /* ORCPT as it is on the wire, "rfc822;bob+2Btag@x.test"; NULL: unsaid */
};

/* Of a message as a whole. Zero: nothing special. */
struct smtp_message_wish {
	enum smtp_return returns;
	const char *envelope_id; /* ENVID as it is on the wire; NULL: unsaid */
	bool is_utf8;            /* addresses or header fields are in UTF-8 (RFC 6531) */
};

/* notify-list = "NEVER" / 1*( "SUCCESS" / "FAILURE" / "DELAY", with commas ). 0: malformed. */
unsigned smtp_notify_parse(struct bytes value);

/* Appends "SUCCESS,DELAY" and so on. */
void smtp_notify_print(unsigned notify, GString *out);

/*
 * xtext (section 4): printable ASCII, "+2B" for "+", "=" and what is not. False: malformed. The
 * decoded text is a fresh string, NULL when malformed or when a control character is inside.
 */
bool smtp_xtext_is_valid(struct bytes text);
char *smtp_xtext_decode(const char *text);
char *smtp_xtext_encode(const char *text);

/* original-recipient-address = addr-type ";" xtext */
bool smtp_original_is_valid(struct bytes value);

/* True when some octet is above 127. */
bool smtp_has_8bit(struct bytes text);
