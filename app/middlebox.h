/* Puts a scenario's packet filter and address translation in the way of packets through a router. */
#pragma once
#include "app/scenario.h"
#include "stack/host.h"

/* `host` is the router, with all its interfaces; hosts inside need not exist yet. */
void middlebox_start(struct host *host, const struct scenario_node *router);
