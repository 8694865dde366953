/*
 * Where something outside is plugged into a simulated network: a node with one interface, from
 * which a cable like all others leads to a switch. What comes in from outside is sent by this node;
 * what the switch sends it goes out. So traces, captures, rates and impairments hold for it too.
 */
#pragma once
#include "app/scenario.h"
#include "sim/world.h"
#include "stack/interface.h"

struct attachment;

/* Takes a frame that leaves the simulation: padded, without FCS, borrowed. */
typedef void attachment_send_fn(void *owner, struct bytes frame);

struct attachment_config {
	const char *name; /* of the node: "tap0"; borrowed as long as it lives */
	const struct scenario_network *network; /* a LAN */
	struct mac mac; /* as far as they are known; what the outside uses */
	uint32_t address;
	attachment_send_fn *send; /* NULL: frames that leave are gone */
	void *owner;
};

struct attachment *attachment_new(struct world *world, const struct attachment_config *config);

/* The cable must be gone. NULL is fine. */
void attachment_free(struct attachment *attachment);

/* Its end of the cable. */
struct interface *attachment_interface(struct attachment *attachment);

/*
 * A frame without FCS comes in from outside now. Those that no Ethernet carries, shorter than a
 * header or longer than a packet can be, are ignored and false is returned.
 */
bool attachment_receive(struct attachment *attachment, struct bytes frame);
