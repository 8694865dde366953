/*
 * What a server's response means to the resolver that asked (RFC 1034 section 5.3.3, RFC 2308,
 * RFC 2181 section 5.4.1). Nothing outside the bailiwick, the zone whose server was asked, counts.
 * Pure.
 */
#pragma once
#include "protocols/dns/cache.h"
#include "protocols/dns/message.h"

enum dns_meaning {
	DNS_MEANS_ANSWER,   /* the records asked for, at `name` */
	DNS_MEANS_ALIAS,    /* CNAMEs, that end at `name` */
	DNS_MEANS_NO_DATA,  /* `name` has no such records */
	DNS_MEANS_NO_NAME,  /* `name` does not exist */
	DNS_MEANS_REFERRAL, /* servers of the zone `name` know more */
	DNS_MEANS_NOTHING,  /* the server failed, refuses, or is not responsible (lame) */
};

struct dns_reading {
	enum dns_meaning meaning;
	struct dns_name name;         /* borrowed from the response or the call */
	unsigned aliases;             /* CNAMEs on the way to `name` */
	const struct dns_record *soa; /* of a negative answer; NULL: none came */
};

/* Reads `response` of a server of `zone` to the question for `name` and `type`. */
struct dns_reading dns_read(const struct dns_message *response, struct dns_name zone,
			    struct dns_name name, uint16_t type);

/*
 * Puts into the cache what `reading` found: answers and aliases, proofs of absence, or the servers
 * of a referral; and addresses that came along for servers and mail exchangers.
 */
void dns_read_into_cache(const struct dns_message *response, const struct dns_reading *reading,
			 struct dns_name zone, struct dns_name name, uint16_t type,
			 struct dns_cache *cache, int64_t now_ns);

/*
 * Adds what `reading` found to `result`, to be passed on: aliases and the records asked for as
 * answer, or the SOA of a negative answer.
 */
void dns_read_into_result(const struct dns_message *response, const struct dns_reading *reading,
			  struct dns_name name, uint16_t type, struct dns_message *result);
