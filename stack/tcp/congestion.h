/*
 * Congestion control: how large the congestion window is (RFC 5681, RFC 9438). All sizes are bytes.
 * What was lost and what to send again is decided elsewhere (flight.h, recovery.c).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct congestion;

/* An acknowledgment of new data, while the window was fully used. */
struct congestion_sample {
	int64_t now_ns;
	uint32_t acknowledged_bytes;
	uint32_t round_trip_us;        /* smoothed; 0: not known */
	uint32_t latest_round_trip_us; /* of the newest segment acknowledged; 0: not known */
	uint32_t snd_una, snd_nxt;
	uint32_t mss;
};

struct congestion_control {
	const char *name;
	/* Grows congestion->window. */
	void (*acknowledged)(struct congestion *congestion, const struct congestion_sample *sample);
	/* A loss was seen: the new slow start threshold, at least two segments. */
	uint32_t (*lost)(struct congestion *congestion, uint32_t mss);
	/* Nothing was sent for a while, or a timeout ended the old measurements. */
	void (*restarted)(struct congestion *congestion);
};

extern const struct congestion_control congestion_reno;  /* RFC 5681, RFC 6582 */
extern const struct congestion_control congestion_cubic; /* RFC 9438 */

/* The control called `name` ("reno", "cubic"), or NULL. */
const struct congestion_control *congestion_control_find(const char *name);

struct congestion {
	const struct congestion_control *control;
	uint32_t window;                      /* cwnd */
	uint32_t threshold;                   /* ssthresh */
	uint32_t told_window, told_threshold; /* as the trace last said; 0: nothing yet */
	void *state; /* the control's own, made when it first needs it; NULL: none */
};

/* Starts with `initial_window` bytes and no threshold. */
void congestion_init(struct congestion *congestion, const struct congestion_control *control,
		     uint32_t initial_window);

static inline bool congestion_in_slow_start(const struct congestion *congestion)
{
	return congestion->window < congestion->threshold;
}

/* True when the trace has not been told how it is now. */
static inline bool congestion_is_untold(const struct congestion *congestion)
{
	return congestion->window != congestion->told_window ||
	       congestion->threshold != congestion->told_threshold;
}

void congestion_clear(struct congestion *congestion);

/* The control's own state of `bytes`, zeroed when it is new. */
void *congestion_state(struct congestion *congestion, size_t bytes);

/*
 * Slow start (RFC 5681 section 3.1, RFC 3465): grows the window by what was acknowledged, up to
 * the threshold; returns the bytes acknowledged that are left over for congestion avoidance.
 */
uint32_t congestion_slow_start(struct congestion *congestion, uint32_t acknowledged_bytes);
