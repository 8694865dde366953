/*
 * What DNS puts into trace records: details, states and the bytes beside them. Pure: for views too.
 */
#pragma once
#include "protocols/dns/cache.h"
#include "protocols/layer.h"

/* Details of LAYER_DNS records. */
enum dns_detail {
	DNS_DETAIL_NONE,

	/*
	 * TRACE_TABLE: a row of the cache. object: its number at this node; before, after: when it
	 * expires in ns, 0 where there is no row; bytes: dns_row_emit(). Rows age lazily: one whose
	 * time is over is gone, whether or not DNS_ROW_EXPIRED came.
	 */
	DNS_ROW_ADDED,    /* before 0 */
	DNS_ROW_EXPIRED,  /* after 0, as in the following */
	DNS_ROW_EVICTED,  /* the cache was full */
	DNS_ROW_REPLACED, /* newer or better data comes */

	/*
	 * TRACE_STATE: object: the lookup or query; before, after: enum dns_lookup_state; bytes:
	 * name and type asked for, then for DNS_LOOKUP_ASKING the zone whose server is asked
	 * (dns_question_parse()).
	 */
	DNS_LOOKUP,        /* of the resolver, from zone to zone */
	DNS_LOOKUP_SPENT,  /* likewise; it failed as its client's queries are used up */
	DNS_QUERY_OF_HOST, /* of a program on a host, to its resolver */

	/* TRACE_UNIT: a message with its length prefix in a TCP stream. */
	DNS_UNIT_QUERY,
	DNS_UNIT_RESPONSE,

	/* TRACE_DROP: why a message was not used; bytes: the message. */
	DNS_DROP_MALFORMED, /* it cannot be parsed */
	DNS_DROP_FORGED,    /* id, question or sender are not those of the query (RFC 5452) */
	DNS_DROP_LATE,      /* nobody waits for it any more */
	DNS_DETAIL_COUNT,
};

/* Where a lookup or query stands. */
enum dns_lookup_state {
	DNS_LOOKUP_NONE,
	DNS_LOOKUP_ASKING,   /* a server was asked, or asked again */
	DNS_LOOKUP_WAITING,  /* for the address of a server */
	DNS_LOOKUP_ANSWERED, /* with records, or the proof that there are none */
	DNS_LOOKUP_FAILED,   /* no server gave an answer */
	DNS_LOOKUP_STATE_COUNT,
};

extern const struct layer_names dns_layer_names;

/* "asking", ...; for views. */
extern const char *const dns_lookup_state_names[DNS_LOOKUP_STATE_COUNT];
extern const char *const dns_cache_kind_names[]; /* by enum dns_cache_kind: "records", ... */

/* Writes kind, trust, type, name and records of `entry` for a TRACE_TABLE record. */
void dns_row_emit(const struct dns_cache_entry *entry, GByteArray *out);

/*
 * Reads what dns_row_emit() wrote into `entry`, whose names and data borrow `in`; `records` is an
 * array of struct dns_record that holds its records. The number and expiry are in the trace record.
 */
enum parse_status dns_row_parse(struct bytes in, struct dns_cache_entry *entry, GArray *records);

/* Writes name, type and, unless its length is 0, zone for a TRACE_STATE record. */
void dns_question_emit(struct dns_name name, uint16_t type, struct dns_name zone, GByteArray *out);

/* Reads that; `zone->length` is 0 when there is none. The names borrow `in`. */
enum parse_status dns_question_parse(struct bytes in, struct dns_name *name, uint16_t *type,
				     struct dns_name *zone);
