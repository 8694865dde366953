/*
 * A resolver's cache: record sets and proofs of absence, each until its time is over (RFC 1034
 * section 5.3.2, RFC 2181 section 5.4.1, RFC 2308). Bounded: the entry used longest ago goes first.
 * Pure: time comes in by call. Expired entries are found, and reported gone, when looked at.
 */
#pragma once
#include "protocols/dns/record.h"
#include "sim/time.h"

#define DNS_CACHE_ENTRIES        4096  /* the default bound */
#define DNS_CACHE_TTL_S          86400 /* longer TTLs count as this, as in unbound */
#define DNS_CACHE_NEGATIVE_TTL_S 3600  /* likewise for proofs of absence */
#define DNS_CACHE_FAILURE_TTL_S  5     /* 1 s to 5 min by RFC 9520 section 3.2 */

struct dns_cache;

/* What an entry says about its name and type. */
enum dns_cache_kind {
	DNS_CACHE_RECORDS, /* these are the records */
	DNS_CACHE_NO_DATA, /* there are none; the record is the SOA that proves it, if any */
	DNS_CACHE_NO_NAME, /* not even the name; kept under type 0 */
	DNS_CACHE_FAILURE, /* it could not be found out */
};

/* How much an entry is worth: never replaced by one of less (RFC 2181 section 5.4.1). */
enum dns_trust {
	DNS_TRUST_ADDITIONAL, /* came along: good for reaching servers, not for answering */
	DNS_TRUST_REFERRAL,   /* NS records of the parent zone */
	DNS_TRUST_ANSWER,     /* what was asked for */
};

/* An entry, borrowed from the cache until the cache is next called. */
struct dns_cache_entry {
	uint64_t number; /* serial number in this cache, from 1 */
	struct dns_name name;
	uint16_t type;
	uint8_t kind;  /* enum dns_cache_kind */
	uint8_t trust; /* enum dns_trust */
	int64_t expires_ns;
	unsigned count;
	struct dns_record *records; /* with the TTLs they came with, cut to the entry's */
};

/* Why the cache changed. */
enum dns_cache_change { DNS_CACHE_ADDED, DNS_CACHE_EXPIRED, DNS_CACHE_EVICTED, DNS_CACHE_REPLACED };

/* Told of every change; the entry is there already or still, and borrowed. */
typedef void dns_cache_changed_fn(void *owner, enum dns_cache_change change,
				  const struct dns_cache_entry *entry);

/* `changed` may be NULL. */
struct dns_cache *dns_cache_new(unsigned entries_max, dns_cache_changed_fn *changed, void *owner);
void dns_cache_free(struct dns_cache *cache); /* without a report; NULL is fine */

unsigned dns_cache_count(const struct dns_cache *cache);

/*
 * Keeps `set` (copied) for its type, or a negative entry with `set` as the SOA or empty, until
 * `ttl_s` seconds from now, cut to the limits above. With a TTL of 0 nothing is kept. An entry that
 * lives and is worth more stays.
 */
void dns_cache_put(struct dns_cache *cache, int64_t now_ns, const struct dns_cache_entry *entry,
		   uint32_t ttl_s);

/*
 * What is known of `name` and `type` with at least `trust`: an entry of that type, or
 * DNS_CACHE_NO_NAME of it or of a name above it, below which there is nothing (RFC 8020); NULL when
 * nothing is.
 */
const struct dns_cache_entry *dns_cache_find(struct dns_cache *cache, int64_t now_ns,
					     struct dns_name name, uint16_t type,
					     enum dns_trust trust);

/* Whole seconds that the entry has left, for the TTL of its records in an answer. */
uint32_t dns_cache_ttl(const struct dns_cache_entry *entry, int64_t now_ns);
