/* Resource records: types, and their data in wire form, fields and text (RFC 1035 section 3.3). */
#pragma once
#include <glib.h>
#include "protocols/dns/name.h"

/* Types that are understood; others are carried as opaque bytes (RFC 3597). */
enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28, /* RFC 3596 */
	DNS_SRV = 33,  /* RFC 2782 */
	DNS_OPT = 41,  /* RFC 6891; lives in struct dns_message, never in a section */
	DNS_AXFR = 252,
	DNS_ANY = 255, /* questions only */
};

enum dns_class {
	DNS_IN = 1,
	DNS_CLASS_NONE = 254, /* this and ANY in updates (RFC 2136) */
	DNS_CLASS_ANY = 255,
};

/*
 * A record, borrowed from whoever holds it (message, zone, cache). `data` is RDATA with its names
 * uncompressed, and well formed for the types above; read it with the functions below.
 */
struct dns_record {
	struct dns_name name; /* the owner */
	uint16_t type;        /* enum dns_type, or any other */
	uint16_t class;       /* enum dns_class */
	uint32_t ttl_s;       /* below 2^31 (RFC 2181 section 8) */
	struct bytes data;
};

/* The fields of SOA; all times in seconds. */
struct dns_soa {
	struct dns_name primary; /* MNAME */
	struct dns_name mailbox; /* RNAME, "." for "@" */
	uint32_t serial;
	uint32_t refresh_s, retry_s, expire_s;
	uint32_t minimum_s; /* TTL of negative answers (RFC 2308 section 4) */
};

/* Read a record's data. False, outputs untouched, when the record is of another type. */
bool dns_record_address(const struct dns_record *record, uint32_t *address);  /* A */
bool dns_record_host(const struct dns_record *record, struct dns_name *host); /* NS, CNAME, PTR */
bool dns_record_mx(const struct dns_record *record, uint16_t *preference,
		   struct dns_name *exchange);
bool dns_record_soa(const struct dns_record *record, struct dns_soa *soa);

/* Equal in owner, type, class and data; the TTL does not count (RFC 2181 section 5). */
bool dns_record_equal(const struct dns_record *a, const struct dns_record *b);

/*
 * Reads the `length` bytes of RDATA at `offset` of `message` as data of `type`, appends them to
 * `out` with the names of RFC 1035's types uncompressed. On an error `out` may hold a part.
 */
enum parse_status dns_data_parse(struct bytes message, size_t offset, size_t length, uint16_t type,
				 GByteArray *out);

/*
 * Appends data of `type` written as in a zone file ("10 mail.remote.example", "192.0.2.1",
 * "\"v=spf1 -all\""; RFC 1035 section 5.1, unknown types "\# 2 beef", RFC 3597 section 5). Names
 * are absolute, with or without the final dot. False, `out` untouched, when that is no such data.
 */
bool dns_data_from_text(uint16_t type, const char *text, GByteArray *out);

/* Appends the data as text, in the form dns_data_from_text() reads. */
void dns_data_print(const struct dns_record *record, GString *out);

/*
 * The layout of the data of `type`, for codec and dissector alike: one letter per field. n: name
 * that may be compressed, N: name that may not, 2 and 4: integers of so many bytes, a: IPv4
 * address, 6: IPv6 address, s: character strings up to the end, x: opaque up to the end.
 */
const char *dns_data_layout(uint16_t type);

/* The length of the field `kind` of a layout at the front of `data`, which is well formed. */
size_t dns_field_length(char kind, struct bytes data);

#define DNS_TYPE_TEXT_BYTES 12

/* "MX", or "TYPE65280" (RFC 3597 section 5), into `out`, which it returns. */
char *dns_type_print(uint16_t type, char out[DNS_TYPE_TEXT_BYTES]);

/* The type called `text` in any case; false when there is none. Knows ANY and TYPEnnn. */
bool dns_type_from_text(const char *text, uint16_t *type);
