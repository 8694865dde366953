/*
 * A DNS server as a pure machine: queries in, responses out (RFC 1034 section 4.3, RFC 1035, RFC
 * 6891, RFC 7766). Answers from own zones with AA; looks for the rest where recursion is offered.
 */
#pragma once
#include "protocols/dns/authority.h"
#include "protocols/dns/recursion.h"

#define DNS_PENDING_MAX 4096 /* queries waiting for recursion; further ones get SERVFAIL */

struct dns_server;

/* Who asked, and how the response gets back. */
struct dns_client {
	struct endpoint address;
	uint64_t connection; /* 0: UDP; else the owner's number for a TCP connection */
	uint64_t root;       /* for the owner's use: what the query was asked for */
};

/* Addresses `address`/`length`, host order. */
struct dns_prefix {
	uint32_t address;
	unsigned length;
};

struct dns_server_config {
	const struct dns_authority *authority;  /* own zones, may be NULL; outlives the server */
	struct dns_recursion *recursion;        /* NULL: none is offered; outlives the server */
	const struct dns_prefix *recursion_for; /* clients that get it; copied */
	unsigned recursion_for_count;           /* 0: everybody */
	/* Sends a response to a client; `message` is borrowed. */
	void (*reply)(void *owner, const struct dns_client *client, struct bytes message);
	void *owner;
};

struct dns_server *dns_server_new(const struct dns_server_config *config);
void dns_server_free(struct dns_server *server); /* pending queries get no answer */

/* A message came from a client. The reply may come at once, or later out of the recursion. */
void dns_server_receive(struct dns_server *server, int64_t now_ns, const struct dns_client *client,
			struct bytes message);

/* The connection is gone: no reply is wanted on it any more. */
void dns_server_forget(struct dns_server *server, uint64_t connection);
