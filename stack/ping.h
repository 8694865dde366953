/* Echo requests that wait for their reply: what is behind icmp_ping() of stack/socket.h. */
#pragma once
#include "stack/icmp.h"
#include "stack/socket.h"

struct ping_table;

void ping_table_free(struct ping_table *pings);

/* Whether a ping of the host itself, not over yet, has the identifier. */
bool ping_uses(struct host *host, uint16_t identifier);

/* An echo reply came from `source`; false when no ping waits for it, or wants to hear of a second. */
bool ping_reply(struct host *host, uint32_t source, const struct icmp_header *reply);

/* An ICMP error quotes the ICMP message `original`. */
void ping_error(struct host *host, struct bytes original);
