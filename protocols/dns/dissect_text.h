/* Summaries of DNS messages and their records, for dissect.c alone. */
#pragma once
#include <glib.h>
#include "protocols/dissect.h"
#include "protocols/dns/message.h"

/* Text under way in a fixed room; what does not fit is cut. */
struct dns_text {
	char *out;
	size_t room, length;
};

/* A record or question, where its parts are in the message. */
struct dns_part {
	struct dns_name_buffer buffer;
	struct dns_name name;
	size_t start, name_end, data, end;
	uint16_t type, class;
	uint32_t ttl_s;
};

/* False: it is a record of an update that means all data, or none (RFC 2136 sections 2.4 and 2.5). */
static inline bool dns_part_has_data(const struct dns_part *part)
{
	return part->data < part->end ||
	       (part->class != DNS_CLASS_ANY && part->class != DNS_CLASS_NONE);
}

/* What the summary of a message needs. */
struct dns_overview {
	struct dns_part question, first[DNS_SECTIONS];
	unsigned counts[DNS_SECTIONS]; /* without OPT */
	unsigned questions, opcode;
	unsigned rcode; /* with the upper bits that OPT has */
	bool is_malformed;
	bool is_cut; /* not all of it is here: what is missing is not known to be absent */
};

void dns_text_print(struct dns_text *text, const char *format, ...) G_GNUC_PRINTF(2, 3);

/*
 * Prints the field `kind` of a layout at `*at` of `message`, which ends where the data does, and
 * moves `*at` behind it. False: it is cut short, or malformed.
 */
bool dns_text_print_field(struct dns_text *text, char kind, struct bytes message, size_t *at);

/* Prints a record's data, its fields with blanks between. */
void dns_text_print_bare_data(struct dns_text *text, struct bytes message,
			      const struct dns_part *part);

#define DNS_ADDRESS_TEXT_BYTES 46

/* Writes the address of `length` bytes, 4 or 16, into `out`, which it returns. */
const char *dns_address_print(const uint8_t *address, size_t length,
			      char out[DNS_ADDRESS_TEXT_BYTES]);

/* The same with a blank in front. */
void dns_text_print_data(struct dns_text *text, struct bytes message, const struct dns_part *part);

/* "remote.example MX 10 mail.remote.example" */
void dns_text_print_record(struct dns_text *text, struct bytes message,
			   const struct dns_part *part);

/* "asks for MX of remote.example"; `message` holds a whole header. */
void dns_text_print_summary(struct dns_text *text, struct bytes message,
			    const struct dns_overview *overview);
