/*
 * What packet filters and translators of addresses do, in words: for the log, and for the tables that
 * `mailwire state` prints.
 */
#pragma once
#include "views/model.h"

/* True for records of these two layers. */
bool middlebox_is_told(const struct trace_record *record);

/*
 * What became of a packet: "source 10.0.0.10:4000 (alice-pc) → 192.0.2.1:4000 (gw), TCP", "denied by
 * rule 1". For FORWARD, DROP and WAIT.
 */
void middlebox_describe(GString *out, const struct model *model, const struct trace_record *record);

/*
 * A row of a TABLE record, of which `after` and `bytes` are the last: "TCP port 4000 of 192.0.2.1 is
 * 10.0.0.10:4000 (alice-pc)"; "rule 1: deny TCP to port 25, out at internet". `node` made the record.
 */
void middlebox_describe_mapping(GString *out, const struct model *model, uint32_t node,
				unsigned interface, uint64_t object, uint64_t inside);
void middlebox_describe_rule(GString *out, const struct model *model, uint32_t node,
			     unsigned interface, uint64_t number, struct bytes bytes);

/* "rule 1: "STARTTLS" becomes "XXXXXXXX" at ports 25 to 587", from the TABLE record of an attacker. */
void middlebox_describe_tampering(GString *out, const struct trace_record *record,
				  struct bytes bytes);

/* The period in which a rule is in force: ", from 10 s on, until 20 s"; nothing when it always is. */
void middlebox_describe_period(GString *out, int64_t from_ns, int64_t to_ns);
