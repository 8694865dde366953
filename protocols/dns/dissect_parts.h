/* The fields of a DNS message's questions and records as units, for dissect.c alone. */
#pragma once
#include "protocols/dns/dissect_text.h"

/* Where the units go: all are counted, those that fit are written. */
struct dns_output {
	struct dissect_unit *units;
	size_t capacity, count;
	bool is_cut;               /* the message goes on behind the end of the range */
	struct dissect_unit spare; /* stands in for a unit that does not fit */
};

/* A message being taken apart. `base` is where it starts in the range of the dissector. */
struct dns_walk {
	struct bytes message;
	size_t base;
	size_t at;
	struct dns_output *output;
};

struct dissect_unit *dns_output_add(struct dns_output *output, const struct dissect_unit *unit);

/* Counts `count` units that need not be made, as there is no room for them; false: there is some. */
bool dns_output_passes_over(struct dns_output *output, size_t count);

/* Where the summary of a unit is written. */
struct dns_text dns_summary_of(struct dissect_unit *unit);

/* How many units dns_add_question_fields() and dns_add_record_fields() add. */
#define DNS_QUESTION_FIELDS 3
size_t dns_record_field_count(struct bytes message, const struct dns_part *part);

/* Add units of depth 2: name, type, class, ...; below RDATA its fields, of OPT its options. */
void dns_add_question_fields(struct dns_walk *walk, const struct dns_part *part);
void dns_add_record_fields(struct dns_walk *walk, const struct dns_part *part);
