/* Echo requests that wait for their reply: what is behind icmp_ping() of stack/socket.h. */
#pragma once
#include "stack/icmp.h"
#include "stack/socket.h"

struct ping_table;

void ping_table_free(struct ping_table *pings);

/* The identifier of all pings that the host itself sends. */
uint16_t ping_identifier(struct host *host);

/* An echo reply came from `source`; false when no ping waits for it. */
bool ping_reply(struct host *host, uint32_t source, const struct icmp_header *reply);

/* An ICMP error quotes the ICMP message `original`. */
void ping_error(struct host *host, struct bytes original);
