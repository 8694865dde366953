/* The way from a host to itself: 127.0.0.0/8 and its own addresses. No Ethernet is involved. */
#pragma once
#include "sim/packet.h"

struct host;
struct loopback;

#define LOOPBACK_ADDRESS   UINT32_C(0x7f000001)
#define LOOPBACK_MTU_BYTES 65535
#define LOOPBACK_DELAY_NS  INT64_C(10000)

void loopback_free(struct loopback *loopback);

/* Delivers `packet` (taken), an IPv4 datagram, to its own host a little later, in order. */
void loopback_send(struct host *host, struct packet *packet, uint64_t cause);
