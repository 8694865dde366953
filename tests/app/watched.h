/* A scenario run inside the test, with the views that look at all of it. */
#pragma once
#include "app/observer.h"
#include "app/simulation.h"
#include "views/mailboxes.h"

struct watched {
	struct scenario *scenario;
	struct observer observer; /* model and report; log where it was asked for */
	struct trace_sink tally;
	struct mailboxes *mailboxes;
	uint64_t mails[32];       /* TRACE_MAIL records by detail (enum mail_detail) */
	uint64_t retransmissions; /* TCP encapsulate records flagged so */
	uint64_t drops;           /* DROP records of any layer */
	GPtrArray *composed;      /* of GBytes *: messages as composed, in order */
	GPtrArray *retrieved;     /* of GBytes *: messages as clients got them */
	int64_t end_ns;
	bool is_over; /* what is recorded now is the world being taken down */
	enum engine_outcome outcome;
};

/*
 * Runs `scenario` (taken) with `seed` until all is quiet or `until_ns`; `log` gets the unfolded log,
 * NULL: none is made. With `has_views` false the model and the report are left out, which is faster.
 */
struct watched *watched_run(struct scenario *scenario, uint64_t seed, int64_t until_ns, FILE *log,
			    bool has_views);
void watched_free(struct watched *watched);

/*
 * The scenario at `path` with all defaults written out and `impairment` added, one flow mapping:
 * "{link: every, loss: 5%}". The caller frees it.
 */
char *impaired_text(const char *path, const char *impairment);

/* `text`, read with the attachments of scenarios/; fails the test when it is wrong. */
struct scenario *scenario_of_text(const char *text);
