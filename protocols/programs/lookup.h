/* Finds the address of a server by its name as programs do: A, and AAAA at the same time. */
#pragma once
#include "protocols/dns/resolver.h"

struct lookup;

enum lookup_outcome {
	LOOKUP_FOUND,
	LOOKUP_NO_NAME, /* the name does not exist */
	LOOKUP_NO_DATA, /* it has no IPv4 address */
	LOOKUP_FAILED,  /* the DNS server failed, or did not answer */
};

extern const char *const lookup_outcome_names[]; /* "no such name", ... */

/* `address` is in host order, 0 unless found. The lookup is gone when this is called. */
typedef void lookup_done_fn(void *owner, enum lookup_outcome outcome, uint32_t address);

/*
 * Asks `resolver` for `name`. With `asks_aaaa` also for its IPv6 addresses, which nothing here uses:
 * like getaddrinfo() it waits for both answers. `done` is called once, never before this returned.
 * NULL: `name` is no domain name.
 */
struct lookup *lookup_new(struct dns_resolver *resolver, const char *name, bool asks_aaaa,
			  lookup_done_fn *done, void *owner);

/* Forgets it; NULL is fine. */
void lookup_free(struct lookup *lookup);
