/* Answers out of the zones a server is the authority for (RFC 1034 section 4.3.2, RFC 2308). */
#pragma once
#include "protocols/dns/message.h"
#include "protocols/dns/zone.h"

/* A set of zones. */
struct dns_authority;

struct dns_authority *dns_authority_new(void);
void dns_authority_free(struct dns_authority *authority); /* and its zones */

/* Adds `zone` (taken); false, and the zone freed, when one of the same origin is there. */
bool dns_authority_add(struct dns_authority *authority, struct dns_zone *zone);

/* The deepest zone that `name` is within, or NULL. */
const struct dns_zone *dns_authority_zone(const struct dns_authority *authority,
					  struct dns_name name);

enum dns_authority_result {
	DNS_AUTHORITY_NONE,     /* no zone holds the name: nothing was added */
	DNS_AUTHORITY_ANSWER,   /* an answer, or the proof that there is none; AA set */
	DNS_AUTHORITY_REFERRAL, /* NS records of a zone cut, and glue; after aliases perhaps */
	DNS_AUTHORITY_ALIAS,    /* CNAMEs that lead to a name which no zone holds */
};

/*
 * Adds to `response` all that the zones say about its question: answers with CNAMEs followed, or a
 * referral, or the SOA of a negative answer; rcode and AA; addresses of what MX, NS and SRV name.
 */
enum dns_authority_result dns_authority_answer(const struct dns_authority *authority,
					       struct dns_message *response);

/*
 * Adds to `response` what dns_zone_lookup() found for `name`: records or a CNAME as answer, the NS
 * records of a referral, or the SOA that goes with a negative answer. Sets no rcode and no AA.
 */
void dns_authority_add_found(const struct dns_zone *zone, struct dns_name name,
			     enum dns_zone_result result, struct dns_record_set found,
			     struct dns_message *response);

/* Adds the addresses that the zones have for the hosts named by MX, NS and SRV of `section`. */
void dns_authority_add_addresses(const struct dns_authority *authority,
				 enum dns_section_index section, struct dns_message *response);
