/*
 * The network of a scenario at work: its hosts, routers, switches and cables, built from the
 * scenario in the order of declaration.
 */
#pragma once
#include "app/attachment.h"
#include "app/scenario.h"
#include "sim/world.h"
#include "stack/host.h"

struct network;

/* What is plugged in from outside. */
struct network_attachments {
	const struct attachment_config *configs;
	size_t count;
};

/*
 * Builds all of it in `world`; impairments take effect by themselves as time passes. The first
 * switch of a LAN gets a port more for each of `attachments` to it, behind all others.
 */
struct network *network_new(struct world *world, const struct scenario *scenario,
			    const struct network_attachments *attachments);

/* Takes the cables away and frees every node. Programs on the hosts must be gone. */
void network_free(struct network *network);

/* The running host or router of `node`. */
struct host *network_host(const struct network *network, const struct scenario_node *node);

/* The attachment made from the config of this index. */
struct attachment *network_attachment(const struct network *network, size_t index);

/* Lets every table record what has aged by now, as if all of its rows were looked at. */
void network_age(const struct network *network);

/* Cuts or mends every cable that `link` means. */
void network_cut(struct network *network, const struct scenario_link *link);
void network_mend(struct network *network, const struct scenario_link *link);
