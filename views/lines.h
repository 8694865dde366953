/* Dial-up lines as the trace tells of them: calls, begun minutes, cost. A view's part. */
#pragma once
#include <glib.h>
#include "sim/trace.h"
#include "stack/names.h"

struct lines;

struct dial_line {
	uint64_t link; /* trace object */
	char *network;
	uint64_t price_per_minute; /* millionths, for each begun minute of a call */
	int64_t idle_ns;
	enum link_line state;
	int64_t since_ns; /* when the call under way stood; with LINE_UP */
	unsigned calls;   /* that stood, the one under way included */
	int64_t up_ns;    /* of calls that are over */
	uint64_t minutes; /* begun, of calls that are over */
};

struct lines *lines_new(void);
void lines_free(struct lines *lines);

/* Reads LINK, and STATE of the link layer; ignores all others. */
void lines_feed(struct lines *lines, const struct trace_record *record, struct bytes bytes);

unsigned lines_count(const struct lines *lines);
const struct dial_line *lines_get(const struct lines *lines, unsigned index);

/* The line of the link `object`; NULL: that is no dial-up line. */
const struct dial_line *lines_find(const struct lines *lines, uint64_t object);

/* Up to `now_ns`, the call under way included; cost in millionths. */
uint64_t line_minutes(const struct dial_line *line, int64_t now_ns);
uint64_t line_cost(const struct dial_line *line, int64_t now_ns);
int64_t line_up_ns(const struct dial_line *line, int64_t now_ns);

/* Appends "2 calls, 3 begun minutes, 124.320 s up, cost 0.15". */
void line_append(GString *out, const struct dial_line *line, int64_t now_ns);
