/*
 * An attacker at a router, who overwrites text in what TCP carries: "STARTTLS" by "XXXXXXXX". What is
 * overwritten keeps its length, so that sequence numbers stay true; checksums are made right again (RFC
 * 1624), so that nobody at either end can tell. Each segment is looked at by itself: text that two of
 * them share goes through as it is.
 */
#pragma once
#include <stdint.h>
#include "sim/packet.h"
#include "stack/names.h"

struct host;
struct tamper;

#define TAMPER_TEXT_MAX  64 /* bytes */
#define TAMPER_RULES_MAX 100

struct tamper_rule {
	const char *replace, *by;       /* of the same length, 1 to TAMPER_TEXT_MAX; copied */
	uint16_t port_least, port_most; /* of either end of TCP; 0 and 0: any */
};

struct tamper *tamper_new(struct host *host);
void tamper_free(struct tamper *tamper); /* NULL is fine */

/* Appends a rule, of which a TABLE record is emitted. False: there are TAMPER_RULES_MAX. */
bool tamper_add(struct tamper *tamper, const struct tamper_rule *rule);

/*
 * Does to a datagram, in place, what the rules say, in their order: a FORWARD record tells of each that
 * did something. Whatever is no TCP, or a later fragment, stays as it is.
 */
void tamper_rewrite(struct tamper *tamper, struct packet *packet);
