/* The mail exchangers of a domain, in the order in which they are tried (RFC 5321 section 5.1). */
#pragma once
#include <glib.h>
#include "protocols/dns/resolver.h"
#include "sim/random.h"

struct exchanger {
	char *host;          /* lower case, without the final dot */
	uint16_t preference; /* the lowest first */
};

/* What the answer to an MX question means. */
enum exchangers_outcome {
	EXCHANGERS_FOUND,
	EXCHANGERS_NULL,      /* null MX: the domain takes no mail (RFC 7505) */
	EXCHANGERS_LOOP,      /* we are the best exchanger, yet the domain is not ours */
	EXCHANGERS_NO_DOMAIN, /* there is no such domain */
	EXCHANGERS_UNKNOWN,   /* DNS could not say */
};

/* An empty list, of struct exchanger; freed with g_array_unref(). */
GArray *exchangers_new(void);

/*
 * Fills `list` from the answer to the MX question for `domain`. Without MX records the domain is
 * its own exchanger. Those of equal preference are put into random order, to spread the load; we
 * ourselves, `own_name`, and all that are not better go.
 */
enum exchangers_outcome exchangers_read(const struct dns_answer *answer, const char *domain,
					const char *own_name, struct random_stream *random,
					GArray *list);
