/*
 * Who acts on a host: the programs that move mail, and those that help or look on. Every record that
 * is a program's doing names it (`actor` of struct trace_record), beside the host it runs on.
 *
 * A mail server is several of them in one process (RFC 5598 section 4): what is said on a submission
 * port is the MSA's, on port 25 the MTA's; queue, look-up and transfer are the MTA's, filing is
 * the MDA's. POP3 and IMAP are how the mailbox is reached.
 */
#pragma once
#include <stdint.h>
#include "sim/bytes.h"

enum actor {
	ACTOR_NONE,    /* nobody in particular: the operating system, the network, a person */
	ACTOR_MUA,     /* mail user agent: composes, submits, fetches, shows */
	ACTOR_MSA,     /* mail submission agent (RFC 6409) */
	ACTOR_MTA,     /* mail transfer agent (RFC 5321): receives, queues, looks up, transfers */
	ACTOR_MDA,     /* mail delivery agent: puts a message into its mailbox */
	ACTOR_MAILBOX, /* the mail store behind its POP3 and IMAP servers */
	ACTOR_BROWSER, /* a web browser: with a webmail site it is what an MUA is elsewhere */
	ACTOR_WEBMAIL, /* that site: an HTTP server, and an MUA towards the mail server */
	ACTOR_DNS,     /* a name server or recursive resolver */
	ACTOR_TELNET,  /* a person at a terminal */
	ACTOR_DIG,
	ACTOR_PING,
	ACTOR_COUNT,
};

/* "MSA"; "" for ACTOR_NONE. */
const char *actor_name(uint8_t actor);

/* Whether that is what an actor is called, letter by letter. */
bool actor_is_name(struct bytes text);

/* The actor with this name, in upper or lower case; ACTOR_NONE: there is none. */
enum actor actor_find(const char *name);
