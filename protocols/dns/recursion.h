/*
 * The recursive resolver as a pure machine (RFC 1034 section 5.3.3): questions and responses come in
 * by call, queries go out by struct dns_network. From the root's servers it follows the delegations
 * down, by NS records and glue, through a cache; it knows of no zone but those it is the authority
 * for and what it was told by packets. Time comes in by call, the next deadline goes out by value.
 *
 * Left out on purpose, so that every query shows the whole question and its reason: asking the root
 * for its own servers first (priming, RFC 8109), and hiding the name's beginning from servers far up
 * (RFC 9156).
 */
#pragma once
#include "protocols/dns/authority.h"
#include "protocols/dns/cache.h"
#include "protocols/dns/exchange.h"
#include "sim/random.h"

#define DNS_QUERIES_MAX 32 /* sent for one lookup, as in unbound */
/*
 * Sent for one question of a client, all lookups of server addresses included: without this a zone
 * whose servers have no glue, in zones of the same kind, makes one question cost thousands of queries.
 * As unbound's max-global-quota and BIND's max-query-count.
 */
#define DNS_CLIENT_QUERIES_MAX 200
#define DNS_ATTEMPTS_MAX       5    /* queries to one server for one question, likewise */
#define DNS_REFERRALS_MAX      30   /* followed for one question */
#define DNS_DEPTH_MAX          4    /* lookups of server addresses inside one another */
#define DNS_LOOKUPS_MAX        1024 /* under way at once; further questions fail at once */
#define DNS_TCP_WAIT_NS        (5 * NS_PER_S)

struct dns_recursion;

/* A server of the root zone that is known from the start. */
struct dns_root_hint {
	const char *name;
	uint32_t address; /* IPv4, host order */
};

struct dns_recursion_config {
	const struct dns_root_hint *root_hints; /* copied */
	unsigned root_hint_count;
	const struct dns_authority *authority; /* own zones, asked first; may be NULL */
	struct dns_cache *cache;               /* outlives the machine */
	struct random_stream random;           /* for ids and the choice of servers */
	const struct dns_network *network;     /* outlives the machine */
	void *owner;                           /* handed to the network's functions */
};

/*
 * The result: rcode, answers with CNAMEs in front, the SOA of a negative answer, addresses of mail
 * exchangers; borrowed. rcode is DNS_SERVFAIL when nothing could be found out.
 */
typedef void dns_recursion_done_fn(void *owner, const struct dns_message *result);

/* NULL when a root hint's name is not valid. */
struct dns_recursion *dns_recursion_new(const struct dns_recursion_config *config);
void dns_recursion_free(struct dns_recursion *recursion); /* calls nobody; NULL is fine */

/* Looks for an answer; `done` is called once, perhaps before this call returns. */
void dns_recursion_ask(struct dns_recursion *recursion, int64_t now_ns,
		       const struct dns_question *question, dns_recursion_done_fn *done,
		       void *owner);

/* Forgets who asked with `owner`; the lookup goes on for the cache's sake. */
void dns_recursion_forget(struct dns_recursion *recursion, void *owner);

/* A message came for `exchange`. */
void dns_recursion_receive(struct dns_recursion *recursion, int64_t now_ns, uint64_t exchange,
			   struct endpoint from, struct bytes message);

/* The exchange cannot succeed: port unreachable, connection refused or lost. */
void dns_recursion_failed(struct dns_recursion *recursion, int64_t now_ns, uint64_t exchange);

/* When dns_recursion_expire() is wanted; TIME_NEVER for never. */
int64_t dns_recursion_deadline(const struct dns_recursion *recursion);

/* The deadline has come: servers that did not answer are asked again, or others. */
void dns_recursion_expire(struct dns_recursion *recursion, int64_t now_ns);

/* Questions being looked up. */
unsigned dns_recursion_lookups(const struct dns_recursion *recursion);
