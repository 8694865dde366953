/*
 * The discrete-event engine: a clock and a queue of timers.
 *
 * Events run in the order (time, executing node, class, interface, sequence), which no queue and
 * no machine can change. Timers are embedded in their owner: arming one allocates nothing in the
 * steady state. While an event runs, the engine holds its context: the trace record and the user
 * action that led to it; timers and deferred work armed meanwhile inherit it.
 */
#pragma once
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include "sim/time.h"

struct engine;

enum event_class {
	EVENT_ARRIVAL, /* a frame reaches an interface */
	EVENT_TIMER,   /* a timer of a protocol or program */
	EVENT_ACTION,  /* a user's action or a scenario's impairment switch */
};

/* What led to what is happening now; copied into every record, packet, timer and deferred work. */
struct context {
	uint64_t cause;    /* id of the trace record that led here; 0: nothing did */
	uint64_t root;     /* id of the user action or message behind it; 0: none */
	uint32_t crossing; /* the pass through a node under way; 0: none */
	uint8_t
	    actor; /* the program of this node whose doing it is; 0: none. No packet carries it */
};

struct timer {
	void (*fire)(void *owner);
	void *owner;
	int64_t deadline_ns;  /* TIME_NEVER: not armed */
	int64_t queued_ns;    /* time of its queue entry, never after the deadline */
	uint64_t sequence;    /* order key, fixed when armed */
	uint64_t cause, root; /* context in which it was armed */
	uint32_t node;        /* index of the executing node */
	uint32_t slot;        /* in the engine's slot table; 0: no queue entry */
	uint16_t interface;   /* order key of arrivals */
	uint8_t class;        /* enum event_class */
	uint8_t actor;        /* likewise of the context */
	bool is_background;   /* ignored by "until quiet": keepalive, ageing */
};

/* Deferred local work: runs before the present event ends, at the same time, in the order queued. */
struct work {
	struct work *next;
	void (*run)(void *owner);
	void *owner;
	struct context context;
	bool is_queued;
};

struct engine *engine_new(void);
void engine_free(struct engine *engine); /* timers still armed are forgotten, not fired */

/* The present virtual time in ns. */
int64_t engine_now(const struct engine *engine);

/* Where the engine keeps it, for those that ask often; as long as the engine lives. */
const int64_t *engine_clock(const struct engine *engine);

/* The context of the running event; changes last until the event ends. Never NULL. */
struct context *engine_context(struct engine *engine);

/* Prepares an embedded timer of class EVENT_TIMER that runs at `node`. Not yet armed. */
void timer_init(struct timer *timer, uint32_t node, void (*fire)(void *owner), void *owner);

/*
 * Arms `timer` for `deadline_ns`, or moves it there when it is armed. A deadline in the past is
 * now. Its place among events of the same time is fixed by this call.
 */
void timer_schedule(struct engine *engine, struct timer *timer, int64_t deadline_ns);

/*
 * The same with an explicit order key: for arrivals, `sequence` counts frames per link direction. The
 * context is empty when it fires: cause and root come with the frame, and the receiver sets them. Whose
 * doing it was at the sender means nothing here.
 */
void timer_schedule_arrival(struct engine *engine, struct timer *timer, int64_t deadline_ns,
			    uint64_t sequence);

/* Disarms `timer`; nothing happens when it is not armed. Must precede freeing the owner. */
void timer_cancel(struct engine *engine, struct timer *timer);

/*
 * Disarms `timer` but keeps its queue entry, so that arming it again for a later time costs next
 * to nothing: for timers that are stopped and restarted all the time (TCP's retransmission). A
 * paused timer must still be cancelled before its owner is freed.
 */
void timer_pause(struct engine *engine, struct timer *timer);

/* Sets whether "until quiet" ignores `timer`, armed or not. */
void timer_set_background(struct engine *engine, struct timer *timer, bool is_background);

static inline bool timer_is_armed(const struct timer *timer)
{
	return timer->deadline_ns != TIME_NEVER;
}

void work_init(struct work *work, void (*run)(void *owner), void *owner);

/* Queues `work` behind the present event with the present context; once, however often called. */
void work_defer(struct engine *engine, struct work *work);

/* Takes `work` out of the queue. Must precede freeing the owner. */
void work_cancel(struct engine *engine, struct work *work);

/* How engine_run() ended. */
enum engine_outcome {
	ENGINE_QUIET,    /* no foreground event is left */
	ENGINE_DEADLINE, /* the next event is later than `until_ns`; the clock stands at `until_ns` */
	ENGINE_STOPPED,  /* engine_stop() was called, or the watched flag is set */
	ENGINE_LIVELOCK, /* one event deferred more than ENGINE_WORK_LIMIT pieces of work */
};

#define ENGINE_WORK_LIMIT 1000000

/* Runs events in order until one of the above. May be called again, e.g. with a later `until_ns`. */
enum engine_outcome engine_run(struct engine *engine, int64_t until_ns);

/* Makes engine_run() return after the present timestamp's events. */
void engine_stop(struct engine *engine);

/*
 * As engine_stop(), for signal handlers, which may only set a flag: while `*flag` is not 0,
 * engine_run() returns ENGINE_STOPPED. The caller owns the flag and clears it. NULL: none (again).
 */
void engine_watch(struct engine *engine, const volatile sig_atomic_t *flag);

/* Events executed so far, for statistics. */
uint64_t engine_events(const struct engine *engine);

/* Entries in the queue: one for each armed timer, and what cancelled ones left behind. */
uint64_t engine_entries(const struct engine *engine);

/* Time of the next pending event, or TIME_NEVER. A lazy entry may make it earlier than true. */
int64_t engine_next(struct engine *engine);
