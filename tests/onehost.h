/*
 * Shared by tests: one host or router whose interfaces lead to the test itself, which sees every
 * frame that comes out and gives it any frame it likes.
 *
 *     eth0 192.0.2.10/26, where the test plays 192.0.2.1 and the default gateway
 *     eth1 198.51.100.1/24, only of a router, where the test plays 198.51.100.2
 */
#pragma once
#include "stack/host.h"
#include "stack/names.h"
#include "stack/wire/arp.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmp.h"
#include "stack/wire/ipv4.h"
#include "tests/recorder.h"

#define ONEHOST_US    UINT32_C(0xc000020a) /* 192.0.2.10 */
#define ONEHOST_PEER  UINT32_C(0xc0000201) /* 192.0.2.1 */
#define ONEHOST_OTHER UINT32_C(0xc6336402) /* 198.51.100.2 */
#define ONEHOST_FAR   UINT32_C(0xcb007105) /* 203.0.113.5, behind the peer */

extern const struct mac onehost_our_mac;   /* of eth0: 02:00:00:00:00:10 */
extern const struct mac onehost_peer_mac;  /* of 192.0.2.1: 02:00:00:00:00:01 */
extern const struct mac onehost_other_mac; /* of 198.51.100.2: 02:00:00:00:01:02 */

struct onehost {
	struct world *world;
	struct host *host;
	struct interface *eth0, *eth1; /* eth1: NULL unless a router */
	struct recorder recorder;
	GPtrArray *sent; /* of struct packet *: frames that came out, oldest first */
};

/* NODE_HOST or NODE_ROUTER. Cleared by onehost_clear(), which checks for leaks. */
void onehost_init(struct onehost *test, enum node_kind kind);
void onehost_clear(struct onehost *test);

/* Gives a frame to an interface. */
void onehost_give(struct onehost *test, struct interface *interface, struct bytes frame);

/* Lets time pass, background timers included. */
void onehost_run_until(struct onehost *test, int64_t until_ns);

/* Frame `index` of those that came out; fails the test when there is none. */
struct bytes onehost_sent(const struct onehost *test, unsigned index);

/* The ARP packet, the IPv4 header in it; fail the test when it is none. */
struct arp_packet onehost_sent_arp(const struct onehost *test, unsigned index);
struct ipv4_header onehost_sent_ipv4(const struct onehost *test, unsigned index,
				     struct bytes *payload);
struct icmp_header onehost_sent_icmp(const struct onehost *test, unsigned index,
				     struct bytes *payload);

/* Gives eth0 an ARP packet from the peer's MAC address, broadcast or to us. */
void onehost_give_arp(struct onehost *test, const struct arp_packet *packet, bool is_broadcast);

/* The peer answers requests for its address: makes it known and forgets the frames about it. */
void onehost_resolve_peer(struct onehost *test);

/*
 * Gives eth0 a datagram from the peer's MAC address: `header` with its length and checksum
 * completed, then `payload`.
 */
void onehost_give_ipv4(struct onehost *test, const struct ipv4_header *header,
		       struct bytes payload);

/* How many records of this kind, layer and detail were made. */
unsigned onehost_count(const struct onehost *test, enum trace_kind kind, int layer, int detail);
