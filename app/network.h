/*
 * The network of a scenario at work: its hosts, routers, switches and cables, built from the
 * scenario in the order of declaration.
 */
#pragma once
#include "app/scenario.h"
#include "sim/world.h"
#include "stack/host.h"

struct network;

/* Builds all of it in `world`; impairments take effect by themselves as time passes. */
struct network *network_new(struct world *world, const struct scenario *scenario);

/* Takes the cables away and frees every node. Programs on the hosts must be gone. */
void network_free(struct network *network);

/* The running host or router of `node`. */
struct host *network_host(const struct network *network, const struct scenario_node *node);

/* Cuts or mends every cable that `link` means. */
void network_cut(struct network *network, const struct scenario_link *link);
void network_mend(struct network *network, const struct scenario_link *link);
