/*
 * The packet filter of a router: rules, of which the first that fits a packet decides. What no rule
 * is about passes. Rules judge whoever opens a flow, every packet of it: a rule that comes into force
 * stops connections that are open. Answers to what was let through pass without a rule, and so do
 * ICMP errors about it. What is for the router itself, or from it, is not judged. Where addresses
 * are translated, rules see the inside ones; but what goes from inside to inside by the outside
 * address (hairpinning) has that as its source already.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sim/packet.h"
#include "stack/names.h"

struct filter;
struct host;
struct interface;
struct ipv4_header;

#define FILTER_RULES_MAX 1000

struct filter_rule {
	enum filter_verdict verdict;
	uint8_t protocol;                  /* enum ip_protocol; 0: any */
	uint16_t port_least, port_most;    /* destination ports of TCP and UDP; 0 and 0: any */
	const struct interface *interface; /* `directions` are seen from it; NULL: any */
	uint8_t directions;                /* set of enum filter_direction */
	uint32_t source, destination;      /* networks; with length 0 any */
	uint8_t source_length, destination_length;
	int64_t from_ns, to_ns; /* it is in force in [from, to) */
	/* FILTER_REJECT of TCP: answered by a segment with RST, else by ICMP as all else. */
	bool resets;
};

struct filter *filter_new(struct host *host);
void filter_free(struct filter *filter); /* NULL is fine */

/* Appends a rule, of which a TABLE record is emitted. False: there are FILTER_RULES_MAX. */
bool filter_add(struct filter *filter, const struct filter_rule *rule);

/*
 * Judges a datagram, no fragment, that is to leave by `out`. False: it was dropped (`packet` taken),
 * and answered where the rule says so.
 */
bool filter_pass(struct filter *filter, struct packet *packet, const struct interface *out);
