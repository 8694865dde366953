/*
 * The DNS server program of a host, on UDP and TCP port 53: authority for its zones, recursive
 * resolver with a cache, or both, as sites run it.
 */
#pragma once
#include "protocols/dns/server.h"
#include "protocols/dns/zone.h"
#include "stack/socket.h"

struct dns_daemon;

#define DNS_TCP_CLIENTS_MAX 150 /* at once; a further one is reset. BIND's tcp-clients */

struct dns_daemon_config {
	struct dns_zone **zones; /* taken, the array is not */
	unsigned zone_count;
	bool offers_recursion;
	const struct dns_prefix *recursion_for; /* clients that get recursion; copied */
	unsigned recursion_for_count;           /* 0: everybody */
	const struct dns_root_hint *root_hints; /* where recursion starts; copied */
	unsigned root_hint_count;
	unsigned cache_entries; /* 0: DNS_CACHE_ENTRIES */
	int64_t wakeup_ns;      /* time between a message's arrival and the program reading it */
};

/*
 * Starts the program. NULL, and the zones freed, when port 53 is taken, two zones have the same
 * origin, or a root hint's name is not valid.
 */
struct dns_daemon *dns_daemon_start(struct host *host, const struct dns_daemon_config *config);
void dns_daemon_stop(struct dns_daemon *daemon); /* NULL is fine */
