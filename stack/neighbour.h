/*
 * The neighbours of a host: rows of its ARP table, their states after RFC 4861 section 7.3.2, and
 * the packets that wait for them. What ARP says on the wire is in stack/arp.c.
 */
#pragma once
#include "stack/arp.h"

struct neighbour;

/* Everything below works on the table of one host, as made by arp_new(). */

/* The row of `address` on `interface`, or NULL. */
struct neighbour *neighbour_find(struct arp *arp, struct interface *interface, uint32_t address);

/*
 * The same, made if it is not there; NULL when the table is full. A new row is in state ARP_NONE:
 * the caller tells it a MAC address, or sends by it, at once.
 */
struct neighbour *neighbour_make(struct arp *arp, struct interface *interface, uint32_t address);

/*
 * Sends `packet` (taken), an IPv4 datagram, to the neighbour, or keeps it while its MAC address is
 * asked for. A stale row is used, and checked a little later.
 */
void neighbour_send(struct neighbour *neighbour, struct packet *packet);

/* A MAC address for the row: ARP_REACHABLE if it came as an answer, else ARP_STALE. */
void neighbour_learn(struct neighbour *neighbour, enum arp_state state, struct mac mac);

/* The neighbour is known to have got something just now. */
void neighbour_confirm(struct neighbour *neighbour);

/* True when the MAC address is known. */
bool neighbour_is_known(const struct neighbour *neighbour);

/* When the MAC address was last set to another. */
int64_t neighbour_changed_ns(const struct neighbour *neighbour);

struct arp_row neighbour_row(const struct neighbour *neighbour);

/* The host whose table it is. */
struct host *neighbour_host(const struct arp *arp);
