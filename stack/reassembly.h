/*
 * Reassembly of fragmented datagrams (RFC 791 section 3.2, RFC 815). Datagrams whose fragments overlap
 * are given up, as RFC 5722 demands for IPv6 and Linux does for both.
 */
#pragma once
#include <stdint.h>
#include "sim/packet.h"
#include "stack/wire/ipv4.h"

struct host;
struct reassembly;

#define REASSEMBLY_TIMEOUT_NS    (30 * INT64_C(1000000000)) /* as Linux; RFC 1122 3.3.2: 60 to 120 s */
#define REASSEMBLY_BYTES_MAX     (4 << 20) /* of buffers in unfinished datagrams, as Linux */
#define REASSEMBLY_DATAGRAMS_MAX 256

void reassembly_free(struct reassembly *reassembly);

/*
 * Takes a fragment for this host, which starts at its IPv4 header `header`. Returns the whole
 * datagram when this was the last missing one, else NULL. What does not come within the timeout is
 * answered by ICMP time exceeded.
 */
struct packet *reassembly_add(struct host *host, struct packet *fragment,
			      const struct ipv4_header *header);
