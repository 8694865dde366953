/*
 * ARP: finding the MAC address of a neighbour (RFC 826, RFC 1122 section 2.3.2), with rows that age
 * and are probed as Linux does (after RFC 4861 section 7.3).
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sim/packet.h"
#include "stack/address.h"
#include "stack/names.h"

struct host;
struct interface;

#define ARP_RETRY_NS     INT64_C(1000000000) /* between requests (RFC 1122 section 2.3.2.1) */
#define ARP_TRIES        3
#define ARP_REACHABLE_NS (30 * INT64_C(1000000000)) /* mean; each row 50 to 150 % of it */
#define ARP_DELAY_NS     (5 * INT64_C(1000000000))  /* from using a stale row to probing it */
#define ARP_LOCK_NS      INT64_C(1000000000)        /* a row changed less than this ago stays */
#define ARP_FAILED_NS                                                                              \
	(60 * INT64_C(1000000000)) /* a row without an answer is kept for a late one */
#define ARP_FAILED_MAX 128         /* so many at a time */
#define ARP_QUEUE_MAX  64     /* packets waiting for one address: a datagram in fragments fits */
#define ARP_ROWS_MAX   262144 /* when full, requests are answered but not learned from */

/* The ARP table of a host; made and freed by it. */
struct arp;
struct arp *arp_new(struct host *host);
void arp_free(struct arp *arp);

/*
 * Sends `packet` (taken), an IPv4 datagram, to the neighbour `next_hop` on `interface`; keeps it
 * while the address is being asked for. When nobody answers, ICMP host unreachable goes to the source.
 */
void arp_send(struct arp *arp, struct interface *interface, uint32_t next_hop,
	      struct packet *packet);

/* Takes an ARP packet that came in on `interface`; it starts behind the Ethernet header. */
void arp_receive(struct arp *arp, struct interface *interface, struct packet *packet);

/* Asks for the MAC address of `address`: everybody, or the one at `mac`. */
void arp_ask(struct interface *interface, uint32_t address, const struct mac *mac);

/* Tells the network our address by a gratuitous request (RFC 5227 section 3). */
void arp_announce(struct interface *interface);

/*
 * A layer above knows that `next_hop` got what we sent lately (RFC 1122 section 2.3.2.1): then the
 * row needs no probe.
 */
void arp_confirm(struct arp *arp, struct interface *interface, uint32_t next_hop);

/*
 * Forgets all neighbours on `interface`, whose cable is cut, with the packets that wait for them (Linux does
 * so too). Routes stay: what is sent now asks anew, and is reported as unreachable when nobody answers.
 */
void arp_forget(struct arp *arp, const struct interface *interface);

/* A row of the table, for statistics and tests. */
struct arp_row {
	struct interface *interface;
	uint32_t address;
	struct mac mac; /* zero while incomplete */
	enum arp_state state;
	unsigned waiting; /* packets */
};

/* The row of `address` on `interface`; false when there is none. */
bool arp_find(const struct arp *arp, const struct interface *interface, uint32_t address,
	      struct arp_row *row);

/* Calls `each` for every row, in the order of interface and address. */
void arp_each(const struct arp *arp, void (*each)(void *owner, const struct arp_row *row),
	      void *owner);

/* Records now what has aged and would be noticed at its next use only: for whoever looks. */
void arp_age(struct arp *arp);
