/* The stub resolver of a host (RFC 1034 section 5.3.1): asks its site's DNS server, with retries. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "protocols/dns/message.h"
#include "stack/socket.h"

struct dns_resolver;
struct dns_query;

enum dns_outcome {
	DNS_FOUND,   /* at least one record of the type, CNAMEs followed */
	DNS_NO_NAME, /* NXDOMAIN */
	DNS_NO_DATA, /* the name exists without records of the type */
	DNS_FAILED,  /* SERVFAIL, REFUSED, malformed or no answer: try again later */
};

/* An answer; borrowed during the call. `message` is NULL when no usable answer came. */
struct dns_answer {
	enum dns_outcome outcome;
	const struct dns_message
	    *message; /* all sections; records of the type asked are in answers */
};

typedef void dns_done_fn(void *owner, const struct dns_answer *answer);

/* A resolver on `host` that asks `server` (IPv4, host order) at port 53. */
struct dns_resolver *dns_resolver_new(struct host *host, uint32_t server);
void dns_resolver_free(struct dns_resolver *resolver); /* pending queries are forgotten */

/*
 * Asks for `type` records of `name` (text, with or without the final dot). `done` is called once,
 * never before this call returned. The result is NULL only when `name` is not a valid domain name.
 */
struct dns_query *dns_resolve(struct dns_resolver *resolver, const char *name, uint16_t type,
			      dns_done_fn *done, void *owner);

/* Forgets the query; `done` is not called. */
void dns_cancel(struct dns_query *query);
