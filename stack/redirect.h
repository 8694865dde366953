/*
 * ICMP redirects (RFC 792, RFC 1122 section 3.2.2.2, RFC 1812 section 5.2.7.2): a router tells a host on its
 * own network of a better first hop, and a host goes that way for a while, as Linux does.
 */
#pragma once
#include "stack/icmp.h"

struct interface;
struct redirects;
struct route;

/* A source that goes on as before is told so often, with pauses of 20 ms that double; then no more ... */
#define REDIRECT_NUMBER  9
#define REDIRECT_LOAD_NS INT64_C(20000000)
#define REDIRECT_SILENCE_NS                                                                        \
	(REDIRECT_LOAD_NS << (REDIRECT_NUMBER + 1)) /* ... until it was silent so long */

#define REDIRECT_LIFETIME_NS (300 * INT64_C(1000000000)) /* of the route that a host learns */
#define REDIRECT_ROUTES_MAX  64
#define REDIRECT_SOURCES_MAX 256 /* that a router keeps in mind; the one seen first is forgotten */

void redirects_free(struct redirects *redirects); /* NULL is fine */

/*
 * A router passes `packet`, with `header`, on by `route`, which leads out where it came in. Tells its source of
 * the next hop, if it is on that network too.
 */
void redirect_send(struct host *host, const struct packet *packet, const struct ipv4_header *header,
		   const struct route *route);

/*
 * A redirect about `original` came from `source`. Goes by it only when `source` is the gateway that is used
 * for that destination, and the new one is another on the same network (RFC 1122); false: not believed.
 */
bool redirect_receive(struct host *host, uint32_t source, const struct icmp_header *redirect,
		      const struct ipv4_header *original);
