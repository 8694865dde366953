/* Names the parts of DNS messages, in datagrams and in TCP streams, for views. Pure. */
#pragma once
#include "protocols/dissect.h"
#include "protocols/dns/names.h"
#include "stack/wire/field.h"

/* The header of every message (RFC 1035 section 4.1.1), 12 bytes. */
extern const struct field_table dns_header_fields;

/* "NXDOMAIN", ...; "unknown" for an RCODE that has no name there. */
const char *dns_rcode_name(unsigned rcode);

/*
 * Units of depth 0 are messages, over TCP with their length prefix; their kind is DNS_UNIT_QUERY or
 * DNS_UNIT_RESPONSE, their summary one sentence: "asks for MX of remote.example". Depth 1: header,
 * question and each record; depth 2: the fields of these. A message that spans segments is told as
 * a whole only where all of it is in the range.
 */
extern const struct dissector dns_dissector;
