/* The stub resolver of a host (RFC 1034 section 5.3.1), or dig on it: asks a server, with retries. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "protocols/dns/message.h"
#include "protocols/dns/stub.h"
#include "stack/socket.h"

struct dns_resolver;

/* A resolver on `host` that asks `server` (IPv4, host order) at port 53, as `asker` would. */
struct dns_resolver *dns_resolver_new(struct host *host, uint32_t server, enum dns_asker asker);
void dns_resolver_free(struct dns_resolver *resolver); /* pending queries are forgotten */

/*
 * Asks for `type` records of `name` (text, with or without the final dot). `done` is called once,
 * never before this call returned. The result is NULL only when `name` is not a valid domain name.
 * It is forgotten by dns_cancel() of stub.h.
 */
struct dns_query *dns_resolve(struct dns_resolver *resolver, const char *name, uint16_t type,
			      dns_done_fn *done, void *owner);

/*
 * Asks `resolver` for another type of the name that `first`, not answered yet, asks for: by the same socket, as
 * glibc asks for A and AAAA. The rest as in dns_resolve().
 */
struct dns_query *dns_resolve_too(struct dns_resolver *resolver, struct dns_query *first,
				  uint16_t type, dns_done_fn *done, void *owner);
