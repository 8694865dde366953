/* A zone: the records a server is the authority for, and how names are found in it (RFC 1034 4.3.2). */
#pragma once
#include "protocols/dns/record.h"

struct dns_zone;

/* A run of records with the same owner and type (or of all types), borrowed from the zone. */
struct dns_record_set {
	const struct dns_record *records;
	unsigned count;
};

/* A new empty zone called `origin`, or NULL when that is no name. It needs an SOA and NS to serve. */
struct dns_zone *dns_zone_new(const char *origin);
void dns_zone_free(struct dns_zone *zone); /* NULL is fine */

struct dns_name dns_zone_origin(const struct dns_zone *zone);

/*
 * Adds a record written as text: the owner as an absolute name, with or without the final dot, the
 * data as in a zone file ("10 mail.office.example"). Equal records are kept once. False, and
 * nothing added, when a text is wrong, the owner is not in the zone, there is a second SOA, or a
 * CNAME would share its name with other data (RFC 1034 section 3.6.2).
 */
bool dns_zone_add(struct dns_zone *zone, const char *owner, uint16_t type, uint32_t ttl_s,
		  const char *data);

/* The same with a record, which is copied. */
bool dns_zone_add_record(struct dns_zone *zone, const struct dns_record *record);

/* What a zone knows about a question. */
enum dns_zone_result {
	DNS_ZONE_ANSWER,   /* `found`: the records asked for */
	DNS_ZONE_ALIAS,    /* `found`: a CNAME instead */
	DNS_ZONE_REFERRAL, /* `found`: the NS records of a zone cut above the name */
	DNS_ZONE_NO_DATA,  /* the name exists, without such records */
	DNS_ZONE_NO_NAME,  /* the name does not exist */
};

/*
 * Looks up `name`, which is within the zone, for records of `type` (DNS_ANY: all). Records found
 * by a wildcard (RFC 4592) have the wildcard as their owner; the answer's owner is `name`.
 */
enum dns_zone_result dns_zone_lookup(const struct dns_zone *zone, struct dns_name name,
				     uint16_t type, struct dns_record_set *found);

/* The records at exactly `name`, glue below a zone cut included, no wildcard; or none. */
struct dns_record_set dns_zone_find(const struct dns_zone *zone, struct dns_name name,
				    uint16_t type);

/* The zone's SOA, or NULL. */
const struct dns_record *dns_zone_soa(const struct dns_zone *zone);
