/*
 * Shared by tests of what a router does to packets on their way: a router whose networks are the test
 * itself. Datagrams go in and come out as they are on the wire; neighbours answer ARP unseen.
 *
 *     inside 10.0.0.1/24, hosts 10.0.0.10 and 10.0.0.11 -- router -- outside 198.51.100.1/24
 */
#pragma once
#include "stack/flow.h"
#include "stack/host.h"
#include "stack/ipv4.h"
#include "stack/middlebox.h"
#include "stack/standalone.h"
#include "stack/wire/icmp.h"
#include "stack/wire/tcp.h"
#include "stack/wire/udp.h"
#include "tests/recorder.h"

#define ROUTER_INSIDE  UINT32_C(0x0a000001) /* 10.0.0.1 */
#define ROUTER_OUTSIDE UINT32_C(0xc6336401) /* 198.51.100.1 */
#define ROUTER_ALICE   UINT32_C(0x0a00000a) /* 10.0.0.10 */
#define ROUTER_BOB     UINT32_C(0x0a00000b) /* 10.0.0.11 */
#define ROUTER_SERVER  UINT32_C(0xc6336402) /* 198.51.100.2, outside */
#define ROUTER_OTHER   UINT32_C(0xc6336403) /* 198.51.100.3, outside */

enum { INSIDE, OUTSIDE };

struct router {
	struct standalone *standalone;
	struct host *host;
	struct interface *inside, *outside;
	struct recorder recorder;
};

void router_init(struct router *router);
void router_clear(struct router *router);

/* A packet by its ends. ICMP echo messages: the port that is not 0 is the identifier. */
struct probe {
	uint8_t protocol; /* 0: TCP */
	struct endpoint source, destination;
	uint8_t tcp_flags;
	uint8_t ttl; /* 0: 64 */
	bool dont_fragment;
	bool has_no_checksum;         /* UDP */
	const struct probe *quotes;   /* an ICMP error about this one; ports do not matter then */
	uint8_t icmp_type, icmp_code; /* of that error */
	size_t payload_bytes;
	const char *payload; /* of TCP or UDP, in place of bytes that say nothing */
};

/* Lets it arrive on an interface, INSIDE or OUTSIDE. */
void router_give(struct router *router, unsigned interface, const struct probe *probe);

/* Writes the datagram at `out`, which has room for 2000 bytes; returns its length. */
size_t probe_write(const struct probe *probe, uint8_t *out);

/*
 * The next packet sent, which must have left by `interface`, with every checksum right; ends in
 * `seen`. Fails the test when there is none. The bytes are valid until the next call.
 */
struct bytes router_take(struct router *router, unsigned interface, struct flow_packet *seen);

/* True when nothing was sent. */
bool router_is_silent(struct router *router);

/* Lets so many seconds pass. */
void router_wait(struct router *router, unsigned seconds);

unsigned router_count(const struct router *router, enum trace_kind kind, int layer, int detail);

/* Fails unless `ends` are these. */
void check_ends(struct flow_ends ends, uint32_t source, uint16_t source_port, uint32_t destination,
		uint16_t destination_port);
