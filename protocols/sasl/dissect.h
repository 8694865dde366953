/*
 * What the lines of a SASL exchange say, for the dissectors of SMTP, POP3 and IMAP: which step of which
 * mechanism each is, and what base64 hides. Pure: follows an exchange from its lines alone.
 */
#pragma once
#include "protocols/dissect.h"

/* Where an exchange stands; all zero: nothing is known of it. Lives in the dissector's memory. */
struct sasl_watch {
	uint8_t
	    mechanism; /* 1 + enum sasl_mechanism; 1 + SASL_MECHANISM_COUNT: none that we know */
	uint8_t next;  /* step of it */
};

/*
 * The client asks for a mechanism: `argument` is what follows AUTH or AUTHENTICATE and a space, its
 * name and perhaps an initial response ("PLAIN AGFsaWNlAHB3"). Adds both as parts of the unit that
 * was added last, the command, and writes into its summary what the response says.
 */
void sasl_dissect_command(struct sasl_watch *watch, struct dissect_writer *writer,
			  struct bytes argument);

/*
 * A challenge, or a response, which is the text at the end of the line that was added last: names the
 * unit after its step, and writes into its summary what the base64 says.
 */
void sasl_dissect_line(struct sasl_watch *watch, struct dissect_writer *writer, bool is_from_server,
		       struct bytes text);

/* The exchange is over. */
void sasl_watch_end(struct sasl_watch *watch);

/* Whether one is under way, as far as was seen. */
bool sasl_watch_is_open(const struct sasl_watch *watch);
