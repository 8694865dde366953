/*
 * Translation of addresses and ports by a router (RFC 3022 NAPT), as BEHAVE asks for it: RFC 4787
 * (UDP), 5382 (TCP), 5508 (ICMP). What private hosts send out by the outside interface gets its
 * address; and one port, or ICMP identifier, for each inside endpoint whatever it writes to
 * (endpoint-independent mapping). From outside only those get in to whom that endpoint wrote (address-
 * and-port-dependent filtering, stricter than the RFCs' advice), but for ports that are forwarded.
 * Hosts inside that write to the outside address are sent back in (hairpinning), with outside
 * addresses on both ends. Ports that the router's own programs have stay theirs.
 *
 * Fragments are reassembled before they are translated. There are no application level gateways.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sim/packet.h"
#include "stack/address.h"
#include "stack/names.h"

struct host;
struct interface;
struct nat;

#define NAT_MAPPINGS_MAX 8192 /* without forwarded ports */
#define NAT_HELD_MAX     64   /* unsolicited SYNs that wait; more are dropped */
#define NAT_HELD_NS      (INT64_C(6) * 1000000000) /* RFC 5382 REQ-4 */
#define NAT_LEAST_FREE_PORT                                                                        \
	1024 /* ports from here on are given for such, those below for those below */

/* `outside` belongs to `host` and has the address that all inside ones become. */
struct nat *nat_new(struct host *host, const struct interface *outside);
void nat_free(struct nat *nat); /* NULL is fine */

/*
 * Makes a port of the outside address that of `inside`, for ever and for everybody. False when it is
 * taken, or `inside` has the outside address. `protocol` is TCP or UDP.
 */
bool nat_forward_port(struct nat *nat, uint8_t protocol, uint16_t port, struct endpoint inside);

/* The addresses that are translated: private ones (RFC 1918), and those of RFC 6598. */
bool nat_address_is_private(uint32_t address);

/* The address of the outside interface. */
uint32_t nat_outside_address(const struct nat *nat);

/* What became of a packet. */
enum nat_outcome {
	NAT_UNTOUCHED,
	NAT_REWRITTEN,
	NAT_GONE, /* dropped, or held back: `packet` was taken */
};

/* A datagram, no fragment, that came in for the outside address: finds out for whom it really is. */
enum nat_outcome nat_receive(struct nat *nat, struct packet *packet);

/* A datagram, no fragment, that is to leave by `out`: gives it the outside address. */
enum nat_outcome nat_send(struct nat *nat, struct packet *packet, const struct interface *out);

/*
 * Undoes nat_receive() in a copy of a datagram that may be cut short, where `host` is a router that
 * translates: for errors about it, whose receiver knows the outside address alone.
 */
void nat_restore(const struct host *host, uint8_t *datagram, size_t length);

/* Whether `host` is a router that translates, and an ICMP query from inside has this identifier outside. */
bool nat_has_query(const struct host *host, uint16_t identifier);
