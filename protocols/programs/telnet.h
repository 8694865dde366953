/*
 * A person at a terminal: connects to a port, says lines, each when the one before was answered or
 * after some patience, and hangs up at the end. Knows no protocol; what is heard is recorded.
 */
#pragma once
#include "stack/socket.h"

struct telnet;

#define TELNET_PATIENCE_NS (5 * NS_PER_S) /* how long an answer is awaited */
#define TELNET_LINE_MAX    4096           /* of what is heard; a longer line is cut there */

struct telnet_config {
	struct endpoint to;
	const char *text; /* lines, ended by LF; said with CRLF; copied */
	bool is_wide;     /* two octets for each character, the high one first (UTF-16) */
	unsigned layer;   /* enum protocol_layer that the port is for */
	uint64_t action;  /* id of the ACTION record that USER_HEARD and USER_DONE records name */
	/* It is over, and freed already. Not called by telnet_free(). May be NULL. */
	void (*done)(void *owner);
	void *owner;
};

/* Connects from `host`. */
struct telnet *telnet_new(struct host *host, const struct telnet_config *config);

/* Resets the connection and forgets it. NULL is fine. */
void telnet_free(struct telnet *telnet);
