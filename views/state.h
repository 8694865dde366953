/*
 * The state of hosts, routers and switches at a moment: sockets and what waits in them, queues of interfaces,
 * ARP, MAC, route and DNS cache tables, mail queues and mailboxes; folded from the records up to that moment alone.
 */
#pragma once
#include <stdio.h>
#include "views/mailboxes.h"
#include "views/model.h"

struct state;

/* `model` must be fed each record before the state is. */
struct state *state_new(const struct model *model);
void state_free(struct state *state);
void state_feed(struct state *state, const struct trace_record *record, struct bytes bytes);

/* Prints it as of `now_ns`; `nodes` (by index) limits it, NULL: all. */
void state_print(const struct state *state, FILE *out, int64_t now_ns, const bool *nodes,
		 bool colour);

/* A row of a table as it is behind the record that was fed last. */
struct state_change {
	unsigned section; /* which table */
	uint32_t node;
	uint32_t row;     /* which row, counted from 0 over all tables; over all queues for those */
	int64_t until_ns; /* it goes by itself then; TIME_NEVER: it does not */
};

/*
 * The row that the last record changed, and its text without what changes by time alone; empty: it is no
 * longer there. False: the record changed none.
 */
bool state_last_change(const struct state *state, struct state_change *change, GString *text);

/* Tables in the order in which they are shown: "ARP table". */
unsigned state_section_count(void);
const char *state_section_title(unsigned section);
