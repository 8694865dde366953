/*
 * Delivery status notifications: multipart/report (RFC 6522) with a text for people, a
 * message/delivery-status part (RFC 3464) and the message in question. Pure.
 */
#pragma once
#include <glib.h>
#include <stdint.h>
#include "protocols/smtp/envelope.h"

enum dsn_action {
	DSN_FAILED,
	DSN_DELAYED,
	DSN_SUCCEEDED, /* delivered; or relayed to a server that will not say more */
	DSN_ACTION_COUNT,
};

extern const char *const dsn_subjects[DSN_ACTION_COUNT]; /* of the notifications, as Postfix's */

struct dsn_recipient {
	const char *address;
	const char *original;    /* ORCPT as it came, "rfc822;..."; NULL: none */
	const char *status;      /* RFC 3463: "5.1.1" */
	const char *reason;      /* for people */
	const char *remote_host; /* that refused it; NULL: none did */
	const char *reply;       /* what it said, "550 5.1.1 ..."; NULL: nothing */
	bool is_relayed;         /* DSN_SUCCEEDED */
};

struct dsn {
	enum dsn_action action;
	const char *host_name; /* the server that reports */
	const char *software;
	const char *queue_id;     /* of the notification */
	const char *original_id;  /* of the message in question */
	const char *envelope_id;  /* its ENVID as it came; NULL: none */
	enum smtp_return returns; /* how much of it its sender wants back */
	const char *sender;       /* its reverse-path, to whom this goes */
	int64_t unix_time;
	int64_t arrived_unix_time;  /* of the message in question */
	int64_t given_up_unix_time; /* when it will be returned, for DSN_DELAYED */
	const struct dsn_recipient *recipients;
	unsigned recipient_count;
	GBytes
	    *original; /* it; with a failure it goes back, cut when it is long, else its header */
};

#define DSN_ORIGINAL_MAX 50000 /* octets that are sent back, as in Postfix; the rest is cut off */

/* The whole notification, with CRLF line ends. */
GBytes *dsn_compose(const struct dsn *dsn);
