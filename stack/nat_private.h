/* The inside of the translator, for the files that make it up. */
#pragma once
#include "sim/engine.h"
#include "stack/flow.h"
#include "stack/key_map.h"
#include "stack/nat.h"

/* A port of the outside address, and whose it is. */
struct nat_mapping {
	struct endpoint inside;
	uint16_t port;
	uint8_t protocol;
	bool is_forwarded; /* by nat_forward_port(): it stays, and lets everybody in */
	unsigned flows;    /* that go through it; without any it ends */
};

/* A SYN that waits whether the inside sends one the other way. */
struct nat_held {
	struct packet *packet; /* NULL: it was forgotten */
	struct endpoint remote;
	uint16_t port;
	int64_t until_ns;
};

struct nat {
	struct host *host;
	const struct interface *outside;
	struct key_map by_inside; /* protocol << 48 | inside endpoint to struct nat_mapping * */
	struct key_map by_port;   /* protocol << 16 | outside port to the same */
	unsigned mappings;        /* that may end */
	struct flows flows;       /* of struct nat_mapping */
	GQueue held;              /* of struct nat_held *, oldest first */
	struct timer timer;       /* of the oldest */
};

/* nat_mapping.c */
struct nat_mapping *nat_mapping_inside(const struct nat *nat, uint8_t protocol,
				       struct endpoint inside);
struct nat_mapping *nat_mapping_outside(const struct nat *nat, uint8_t protocol, uint16_t port);

/* Whether a program of the router itself has the port, or ICMP identifier. */
bool nat_is_of_router(const struct nat *nat, uint8_t protocol, uint16_t port);

/*
 * A mapping with a free port: that of the inside endpoint itself, or the next one of the same parity
 * in the same range (RFC 4787 REQ-3, REQ-4). NULL: there is none.
 */
struct nat_mapping *nat_mapping_new(struct nat *nat, uint8_t protocol, struct endpoint inside);
void nat_mapping_remove(struct nat *nat, struct nat_mapping *mapping);
void nat_mappings_clear(struct nat *nat);

/* nat_held.c: SYNs from outside that nobody asked for (RFC 5382 REQ-4). */
void nat_held_init(struct nat *nat);
void nat_held_clear(struct nat *nat);
enum nat_outcome nat_hold(struct nat *nat, struct packet *packet, const struct flow_packet *seen);

/* The inside has opened a connection from `port` to `remote`: a SYN that waits is dropped. */
void nat_held_forget(struct nat *nat, uint16_t port, struct endpoint remote);

/* nat.c: drops `packet` (taken); always NAT_GONE. */
enum nat_outcome nat_drop(const struct nat *nat, struct packet *packet, enum nat_detail detail,
			  uint64_t object);
