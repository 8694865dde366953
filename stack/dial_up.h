/*
 * A dial-up line: a cable that carries frames only while one end has called the other. The caller's
 * first frame places the call, silence ends it, and each begun minute has its price.
 *
 * What a modem and PPP do (dialling, training, LCP, IPCP, compression) is one setup time; frames
 * are Ethernet as everywhere. Used by stack/link.c alone.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sim/engine.h"
#include "stack/interface.h"
#include "stack/names.h"

struct dial_up_config {
	int64_t setup_ns;          /* from placing the call to the first bit */
	int64_t idle_ns;           /* without a frame either way: then the line is hung up */
	uint64_t price_per_minute; /* for each begun minute, in millionths of a currency unit */
};

struct dial_up;

/*
 * A line that is down, called by the node of `caller` (borrowed), of the cable `object`. Emits a
 * LINK_TARIFF record, and LINK_LINE records from then on, all at that node.
 */
struct dial_up *dial_up_new(const struct interface *caller, uint64_t object,
			    const struct dial_up_config *config);
void dial_up_free(struct dial_up *line); /* NULL is fine */

/*
 * Somebody wants to send; the caller, when `is_caller`. Places the call when the line is down.
 * Returns when the line can carry the frame at the earliest, or TIME_NEVER: it is down, and the
 * called end cannot call.
 */
int64_t dial_up_demand(struct dial_up *line, bool is_caller);

/* The line carries a frame until `until_ns`. */
void dial_up_occupy(struct dial_up *line, int64_t until_ns);

/* The cable was cut: the call is over at once. */
void dial_up_hang_up(struct dial_up *line);
