/* Names of layers, kinds and details, for every view. */
#pragma once
#include <glib.h>
#include <stdint.h>
#include "sim/trace.h"

/* The layer's name as people write it ("IPv4"), its key for options and JSON ("ipv4"). */
const char *view_layer_name(unsigned layer);
const char *view_layer_key(unsigned layer);

/* The layer with this key, or -1. */
int view_layer_find(const char *key);

/* All keys, comma-separated, for messages; the caller frees it. */
char *view_layer_keys(void);

/* The keys of a set of 1 << layer, likewise. */
char *view_layer_list(uint64_t layers);

/* "encapsulate", "drop": the kind in lower case. */
const char *view_kind_name(enum trace_kind kind);

/* What the record's detail says in words; "" when it has no name. */
const char *view_detail_name(const struct trace_record *record);

/* Appends who did something where: "mail (MSA)"; the host alone when `actor` is none. */
void view_append_place(GString *out, const char *host, uint8_t actor);
/* What a record of MAIL_CHECKED says: a stage of a screening looked at a message. */
struct view_check {
	char *stage;         /* "virus" */
	const char *verdict; /* "failed" */
	const char *action;  /* what was done: "reject" */
	char *evidence;      /* "signature=Eicar-Signature; part=2" */
};

#define VIEW_EVIDENCE_MAX 1024 /* longer evidence is cut */

void view_check_read(struct view_check *check, const struct trace_record *record,
		     struct bytes bytes);
void view_check_clear(struct view_check *check);

/* The same in words: "virus failed, reject: signature=...". */
void view_append_check(GString *out, const struct trace_record *record, struct bytes bytes);

/* The bytes as a string, NUL behind them; "" for none. Ends at a NUL within. The caller frees it. */
char *bytes_to_text(struct bytes bytes);
