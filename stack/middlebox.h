/*
 * What stands in the way of packets through a router besides routing (RFC 3234): a packet filter, an
 * attacker, a translator of addresses. A host without has none of it, and pays one branch.
 */
#pragma once
#include "stack/filter.h"
#include "stack/nat.h"
#include "stack/tamper.h"

struct ipv4_header;

struct middlebox {
	struct filter *filter; /* NULL: all passes */
	struct nat *nat;       /* NULL: addresses stay as they are */
	struct tamper *tamper; /* NULL: nobody overwrites what passes */
};

/* The host's filter, made when there is none; its translator with `outside`, or NULL. */
struct filter *host_filter(struct host *host);

/* Makes the router translate addresses at `outside`, its interface. Once only. */
struct nat *host_translate(struct host *host, const struct interface *outside);

/* The attacker at the host, made when there is none. */
struct tamper *host_tamper(struct host *host);

void middlebox_free(struct middlebox *middlebox); /* NULL is fine */

/*
 * A datagram for an address of the host itself. NAT_UNTOUCHED: it is. NAT_REWRITTEN: it is for
 * somebody else, as `header` tells now. A fragment may be put together with others: `*packet` changes.
 */
enum nat_outcome middlebox_receive(struct host *host, struct packet **packet,
				   struct ipv4_header *header);

/*
 * A datagram that is to be forwarded by `out`. False: it went no further. Fragments are put together;
 * `*packet` and `header` may change.
 */
bool middlebox_forward(struct host *host, struct packet **packet, struct ipv4_header *header,
		       const struct interface *out);
