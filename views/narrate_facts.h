/*
 * Pieces for sentences, each with the place in the trace where it is found. A fact whose record is not
 * there has no text and no evidence: whoever tells of it asks for the record first.
 */
#pragma once
#include "views/decode.h"
#include "views/narrate_private.h"

/* A word without evidence: plain, or as it is typed. */
struct story_fact fact_word(const char *text);
struct story_fact fact_code(const char *text);

/* The sentence rests on this record, which it does not quote. */
struct story_fact fact_because(const struct trace_record *record);

/* Name of a node, from the record that says it exists. */
struct story_fact fact_node(struct narrator *narrator, uint32_t node);

/* When: "1.079 s"; how long from one record to the other: "77.7 ms". */
struct story_fact fact_time(struct narrator *narrator, const struct trace_record *record);
struct story_fact fact_interval(struct narrator *narrator, const struct trace_record *from,
				const struct trace_record *to);

/* When to the microsecond, whatever the level: "1.078712 s". */
struct story_fact fact_instant(struct narrator *narrator, const struct trace_record *record);

/* A number of a record: STORY_LENGTH, STORY_HEADER, STORY_BEFORE, STORY_AFTER, STORY_OBJECT. */
struct story_fact fact_number(struct narrator *narrator, const struct trace_record *record,
			      enum story_source source);

/* The number of the frame that carries a packet. `transmit`: its first TRANSMIT record. */
struct story_fact fact_frame(struct narrator *narrator, const struct trace_record *transmit);

/* A field of the frame (or other bytes) of a record: as a number, an address. */
struct story_fact fact_bits(struct narrator *narrator, const struct trace_record *record,
			    uint32_t bit, uint32_t bits, enum story_form form);

/* The field `name` of the header of `protocol` in the frame of a record. */
struct story_fact fact_field(struct narrator *narrator, const struct trace_record *record,
			     enum decode_protocol protocol, const char *name, enum story_form form);

/* The same number as `text` says it, in whichever form that is; no text where it is none. */
struct story_fact fact_value(struct narrator *narrator, const struct trace_record *record,
			     uint32_t bit, uint32_t bits, const char *text);

/* Length of the header of `protocol`, from its own record ENCAPSULATE or DECAPSULATE. */

/* A quotation of the record's bytes, cleaned, with the look of code or of words. */
struct story_fact fact_quote(struct narrator *narrator, const struct trace_record *record,
			     struct bytes text, enum story_look look);

/* A header field of the message in the record's bytes, decoded. */
struct story_fact fact_header(struct narrator *narrator, const struct trace_record *record,
			      const char *name, const char *decoded);

/* How many records fit, or their bytes together. `first` is one of them. */
struct story_fact fact_count(struct narrator *narrator, const struct story_query *query,
			     const struct trace_record *first);
struct story_fact fact_sum(struct narrator *narrator, const struct story_query *query,
			   const struct trace_record *first);

/* The value of a query, in the same way as the facts. */
uint64_t narrate_count(const struct narrator *narrator, const struct story_query *query);

/* "12,345" */
void narrate_append_number(GString *out, uint64_t number);
