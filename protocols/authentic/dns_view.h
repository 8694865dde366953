/*
 * What the checks of senders ask of DNS, and what they read from its answers. The checks are pure
 * machines: each names its next question, and is given the answer.
 */
#pragma once
#include <glib.h>
#include "protocols/dns/stub.h"

/* A question that a check waits with. */
struct dns_wish {
	char name[DNS_NAME_TEXT_BYTES]; /* a valid domain name, without the final dot */
	uint16_t type;                  /* enum dns_type */
};

#define AUTHENTIC_NAME_BYTES 253 /* the longest domain name in text */

/* Fills in `wish`; false, and nothing done, when `name` is no domain name. */
bool dns_wish_set(struct dns_wish *wish, const char *name, uint16_t type);

/* True when no answer came: time-out, SERVFAIL and the like. */
bool dns_view_has_failed(const struct dns_answer *answer);

/*
 * The TXT records of an answer, of GString *, each with its character strings joined without
 * spaces (RFC 7208 section 3.3, RFC 6376 section 3.6.2.2). Never NULL; for g_ptr_array_unref().
 */
GPtrArray *dns_view_texts(const struct dns_answer *answer);

/* The names that MX or PTR records of an answer hold, of char *, in their order. Never NULL. */
GPtrArray *dns_view_hosts(const struct dns_answer *answer);

/* An address of either family. */
struct client_address {
	bool is_v6;
	uint8_t octets[16]; /* the first 4 for IPv4 */
};

struct client_address client_address_v4(uint32_t address);

/* Reads "192.0.2.1" or "2001:db8::1"; an IPv4-mapped IPv6 address is IPv4 (RFC 7208 section 5). */
bool client_address_parse(const char *text, struct client_address *address);

#define CLIENT_ADDRESS_TEXT_BYTES 46

/* Into `out`, which it returns. */
const char *client_address_print(const struct client_address *address,
				 char out[CLIENT_ADDRESS_TEXT_BYTES]);

/* True when both are of one family and equal in their first `prefix_length` bits. */
bool client_address_matches(const struct client_address *a, const struct client_address *b,
			    unsigned prefix_length);

/* True when the answer holds an A or AAAA record that matches `address` in that many bits. */
bool dns_view_has_address(const struct dns_answer *answer, const struct client_address *address,
			  unsigned prefix_length);
