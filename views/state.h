/*
 * The state of hosts, routers and switches at a moment: sockets, ARP, MAC, route and DNS cache tables,
 * mail queues and mailboxes; folded from the records up to that moment alone.
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
