/* The inside of a host, for the layers that make it up. */
#pragma once
#include "stack/arp.h"
#include "stack/host.h"
#include "stack/icmp.h"
#include "stack/route.h"
#include "stack/udp.h"

struct loopback;
struct middlebox;
struct path_mtu;
struct reassembly;
struct redirects;

/* In the order of use: what a packet touches comes first. */
struct host {
	struct node node;
	struct tcp *tcp; /* this and those below: made at their first use */
	struct route_table routes;
	struct middlebox *middlebox; /* NULL: packets pass as routes say, and as they are */
	struct arp *arp;
	struct path_mtu *path_mtu;
	struct udp *udp;
	struct icmp *icmp;
	struct loopback *loopback;
	struct reassembly *reassembly;
	struct redirects *redirects;
	struct interface **interfaces; /* by index - 1 */
	uint32_t interface_count;
	uint32_t processing_ns;
	uint64_t identification_key; /* of IPv4 identifications; 0: not drawn yet */
	uint32_t identifications;    /* given out so far */
	bool forwards;
	char *name;
};
