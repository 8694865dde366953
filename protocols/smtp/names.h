/* What trace records of SMTP sessions (RFC 5321) talk about: units on the wire and states. */
#pragma once
#include "stack/layer.h"

/*
 * Details of TRACE_UNIT records: what a range of a stream is. A reply's kind is its first digit
 * (RFC 5321 section 4.2.1). SMTP_STATE is the detail of TRACE_STATE records.
 */
enum smtp_detail {
	SMTP_EHLO,
	SMTP_HELO,
	SMTP_AUTH,
	SMTP_MAIL,
	SMTP_RCPT,
	SMTP_DATA,
	SMTP_BDAT,
	SMTP_RSET,
	SMTP_NOOP,
	SMTP_VRFY,
	SMTP_EXPN,
	SMTP_HELP,
	SMTP_STARTTLS,
	SMTP_QUIT,
	SMTP_UNKNOWN,     /* a line that is no command we know */
	SMTP_CREDENTIALS, /* the client's answer to a 334 challenge */
	SMTP_MESSAGE,     /* mail data up to and with the line of a single dot */
	SMTP_CHUNK,       /* mail data behind BDAT (RFC 3030) */
	SMTP_GREETING,    /* the server's first reply */
	SMTP_COMPLETED,   /* reply 2yz */
	SMTP_CONTINUE,    /* reply 3yz: the server waits for more */
	SMTP_TRY_LATER,   /* reply 4yz */
	SMTP_REFUSED,     /* reply 5yz */
	SMTP_STATE,
	SMTP_DETAIL_COUNT,
};

/* Where a session stands, at the server and, as it knows, at the client: before and after of STATE. */
enum smtp_state {
	SMTP_CONNECTED,     /* no greeting yet */
	SMTP_GREETED,       /* 220 was sent; EHLO is to come */
	SMTP_READY,         /* EHLO or HELO was accepted; no mail transaction */
	SMTP_IN_AUTH,       /* 334 was sent: credentials are to come */
	SMTP_HAS_SENDER,    /* MAIL was accepted */
	SMTP_HAS_RECIPIENT, /* at least one RCPT was accepted */
	SMTP_IN_DATA,       /* 354 was sent: the message is to come */
	SMTP_IN_CHUNK,      /* BDAT was read: its octets are to come */
	SMTP_HAS_CHUNK,     /* a chunk that was not the last has come */
	SMTP_OVER,          /* QUIT, or given up */
	SMTP_STATE_COUNT,
};

extern const struct layer_names smtp_layer_names;
extern const char *const smtp_state_names[SMTP_STATE_COUNT];

/* The kind of a reply with this code: SMTP_COMPLETED to SMTP_REFUSED. */
static inline enum smtp_detail smtp_reply_detail(unsigned code)
{
	switch (code / 100) {
	case 2:
		return SMTP_COMPLETED;
	case 3:
		return SMTP_CONTINUE;
	case 4:
		return SMTP_TRY_LATER;
	default:
		return SMTP_REFUSED;
	}
}
