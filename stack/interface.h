/*
 * A network interface of a host or router, or a port of a switch: frames in, frames out, its MAC
 * filter and its counters (IEEE 802.3).
 *
 * The struct is open to the stack's own modules; all else uses the functions.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sim/packet.h"
#include "stack/address.h"

struct link;
struct neighbour;
struct node;
struct interface;

#define INTERFACE_NAME_BYTES      12
#define INTERFACE_MTU_LEAST_BYTES 68 /* RFC 791 section 3.2 */

struct interface_counters {
	uint64_t sent_frames, sent_bytes; /* without FCS; frames given to the cable */
	uint64_t received_frames, received_bytes;
	uint64_t dropped_frames;  /* to be sent, but the queue was full or the cable cut */
	uint64_t bad_frames;      /* received with a wrong FCS */
	uint64_t filtered_frames; /* received, but for another MAC address */
};

/* Takes a frame that passed FCS and filter; it starts at its Ethernet header. */
typedef void interface_receive_fn(void *owner, struct interface *interface, struct packet *packet);

/* Takes a frame that leaves the simulated world, padded, without FCS. */
typedef void interface_outside_fn(void *owner, struct packet *packet);

/* Told that the cable was cut, and no signal comes from its other end any more. */
typedef void interface_cut_fn(void *owner, struct interface *interface);

/* In the order of use: what a frame touches comes first. */
struct interface {
	struct node *node;
	interface_receive_fn *receive;
	void *owner;                 /* handed to `receive` */
	struct link *link;           /* NULL: no cable */
	struct neighbour *neighbour; /* the one last sent to; a shortcut of stack/neighbour.c */
	uint32_t processing_ns;      /* from deciding to send until the frame is ready to go out */
	uint32_t index;              /* at its node, from 1 */
	uint32_t address;            /* IPv4; 0: none (a port of a switch) */
	uint32_t broadcast; /* the directed broadcast address of its network, if it has one */
	uint16_t mtu_bytes;
	struct mac mac;
	uint8_t prefix_length;
	uint8_t side;   /* enum link_side: which end of the cable it is */
	bool takes_all; /* no MAC filter: a port of a switch */
	struct interface_counters counters;
	interface_cut_fn *cut; /* NULL: its owner does not care; set by it after interface_init() */
	interface_outside_fn *outside; /* NULL unless attached to something that is no cable */
	void *outside_owner;
	char name[INTERFACE_NAME_BYTES]; /* "eth0" */
};

/* What an interface is created with. */
struct interface_config {
	const char *name; /* NULL: "eth" and its index less one */
	struct mac mac;
	uint32_t address; /* IPv4; 0: none */
	uint8_t prefix_length;
	uint16_t mtu_bytes; /* 0: 1500; at least 68 */
	uint32_t processing_ns;
	bool takes_all; /* no MAC filter */
};

/*
 * Prepares interface `index` of `node` and emits its TRACE_INTERFACE record; `receive` takes what
 * arrives. Interfaces live embedded in their owner; nothing needs to be cleared.
 */
void interface_init(struct interface *interface, struct node *node, uint32_t index,
		    const struct interface_config *config, interface_receive_fn *receive,
		    void *owner);

/*
 * Joins the interface to something outside instead of a cable: a TAP device, a test. Frames it
 * sends go to `send` at once; frames for it are given to interface_receive().
 */
void interface_attach(struct interface *interface, interface_outside_fn *send, void *owner);

/*
 * Puts an Ethernet header with our address in front of `packet` (taken), pads it to the minimum
 * and sends it. A VLAN tag would go between the two at this place.
 */
void interface_send(struct interface *interface, struct mac destination, uint16_t type,
		    struct packet *packet);

/*
 * Puts a whole frame (taken) on the cable; `flags` are added to those of its TRANSMIT record. A
 * frame with several references is not changed.
 */
void interface_transmit(struct interface *interface, struct packet *frame, uint8_t flags);

/* How long a frame sent now would wait for those before it, in ns; 0 without a cable. */
int64_t interface_backlog_ns(const struct interface *interface);

/*
 * Takes a frame whose last bit has just arrived; `cause` is the record that sent it. Begins a new
 * crossing of the node, makes the RECEIVE record the cause of what follows, checks FCS and MAC
 * address, and hands the frame to the interface's owner.
 */
void interface_receive(struct interface *interface, struct packet *frame, uint64_t cause);

/* The interface's number as records, packets and order keys hold it: indexes above 65,535 are 65,535. */
static inline uint16_t interface_number(const struct interface *interface)
{
	return interface->index < UINT16_MAX ? (uint16_t)interface->index : UINT16_MAX;
}
