/* The inside of a host, for the layers that make it up. */
#pragma once
#include "stack/arp.h"
#include "stack/host.h"
#include "stack/icmp.h"
#include "stack/route.h"
#include "stack/udp.h"

struct loopback;
struct path_mtu;
struct reassembly;

struct host {
	struct node node;
	char *name;
	struct interface **interfaces; /* by index - 1 */
	uint32_t interface_count;
	bool forwards;
	int64_t processing_ns;
	struct route_table *routes;
	struct arp *arp;

	/* Made at their first use. */
	struct tcp *tcp;
	struct udp *udp;
	struct icmp *icmp;
	struct loopback *loopback;
	struct reassembly *reassembly;
	struct path_mtu *path_mtu;
	uint64_t identification_key; /* of IPv4 identifications; 0: not drawn yet */
	uint32_t identifications;    /* given out so far */
};
