/*
 * CUBIC's window (RFC 9438): after a loss it rises fast, flattens near the window at which the loss
 * came, then probes beyond. Integers only, so that every machine computes the same.
 */
#include "stack/tcp/congestion.h"

#include <glib.h>
#include "sim/time.h"
#include "stack/tcp/hystart.h"

/* C = 0.4 segments per s^3, beta = 0.7 (sections 5.1, 4.6), as fractions. */
enum { C_NUMERATOR = 4, C_DENOMINATOR = 10, BETA_NUMERATOR = 7, BETA_DENOMINATOR = 10 };

/* alpha = 3 (1 - beta) / (1 + beta): Reno's growth for a decrease of beta (section 4.3). */
enum { ALPHA_NUMERATOR = 9, ALPHA_DENOMINATOR = 17 };

struct cubic { /* RFC 9438 section 4.1.2 */
	uint32_t w_max;
	uint32_t cwnd_prior;
	uint32_t w_est;  /* what Reno would have reached */
	uint32_t origin; /* window at the plateau of the cubic function */
	uint32_t k_ms;   /* from the epoch's start to the plateau */
	uint32_t epoch_start_ms;
	bool has_epoch;
	struct hystart hystart;
};

static struct cubic *cubic_of(struct congestion *congestion)
{
	return congestion_state(congestion, sizeof(struct cubic));
}

#define CUBED_MAX_MS 1000000 /* |t - K| beyond this changes nothing that can be sent */

/* The integer cube root, by bits. */
static uint32_t cube_root(uint64_t value)
{
	uint64_t root = 0;

	for (int bit = 21; bit >= 0; bit--) {
		uint64_t candidate = root | UINT64_C(1) << bit;

		if (candidate <= 2642245 && candidate * candidate * candidate <= value)
			root = candidate;
	}
	return (uint32_t)root;
}

/* W_cubic(t) - W_max = C (t - K)^3, in bytes (equation 1). */
static int64_t cubic_offset(int64_t t_minus_k_ms, uint32_t mss)
{
	int64_t d = CLAMP(t_minus_k_ms, -CUBED_MAX_MS, CUBED_MAX_MS);

	return d * d * d / 1000 * (C_NUMERATOR * (int64_t)mss) / (C_DENOMINATOR * INT64_C(1000000));
}

/* The first acknowledgment in congestion avoidance starts an epoch (section 4.2, figure 2). */
static void cubic_begin_epoch(struct congestion *congestion, const struct congestion_sample *sample)
{
	struct cubic *cubic = cubic_of(congestion);

	cubic->has_epoch = true;
	cubic->epoch_start_ms = (uint32_t)(sample->now_ns / NS_PER_MS);
	cubic->w_est = congestion->window;
	cubic->k_ms = 0;
	cubic->origin = congestion->window;
	if (congestion->window < cubic->w_max) {
		uint64_t below = cubic->w_max - congestion->window;

		cubic->origin = cubic->w_max;
		/* K = cbrt((W_max - cwnd) / C) seconds; 10^9 ms^3 are a s^3. */
		cubic->k_ms = cube_root(
		    below * (UINT64_C(1000000000) / C_NUMERATOR * C_DENOMINATOR) / sample->mss);
	}
}

/* What Reno would have by now (section 4.3, equation 4). */
static void cubic_grow_estimate(struct congestion *congestion,
				const struct congestion_sample *sample, uint32_t bytes)
{
	struct cubic *cubic = cubic_of(congestion);
	uint64_t growth = (uint64_t)sample->mss * bytes / congestion->window;

	if (cubic->w_est < cubic->cwnd_prior)
		growth = growth * ALPHA_NUMERATOR / ALPHA_DENOMINATOR;
	cubic->w_est += (uint32_t)growth;
}

/* Before the first loss, how far slow start may go is not known (section 4.10). */
static uint32_t cubic_slow_start(struct congestion *congestion,
				 const struct congestion_sample *sample)
{
	uint32_t bytes = sample->acknowledged_bytes;

	if (congestion->threshold == UINT32_MAX)
		bytes = hystart_growth(&cubic_of(congestion)->hystart, congestion, sample);
	return congestion_slow_start(congestion, bytes);
}

static void cubic_acknowledged(struct congestion *congestion,
			       const struct congestion_sample *sample)
{
	struct cubic *cubic = cubic_of(congestion);
	uint32_t bytes = sample->acknowledged_bytes;

	if (congestion_in_slow_start(congestion))
		bytes = cubic_slow_start(congestion, sample);
	if (bytes == 0)
		return;
	if (!cubic->has_epoch)
		cubic_begin_epoch(congestion, sample);
	cubic_grow_estimate(congestion, sample, bytes);

	/* Where the cubic function will be one round trip from now (section 4.4). */
	uint32_t elapsed_ms = (uint32_t)(sample->now_ns / NS_PER_MS) - cubic->epoch_start_ms;
	int64_t ahead_ms = (int64_t)elapsed_ms + sample->round_trip_us / 1000 - cubic->k_ms;
	int64_t target = cubic->origin + cubic_offset(ahead_ms, sample->mss);

	target = CLAMP(target, (int64_t)congestion->window, (int64_t)congestion->window * 3 / 2);
	uint64_t growth = (uint64_t)(target - congestion->window) * bytes / congestion->window;

	congestion->window += (uint32_t)growth;
	if (congestion->window < cubic->w_est)
		congestion->window = cubic->w_est; /* the Reno-friendly region (section 4.3) */
}

static uint32_t cubic_lost(struct congestion *congestion, uint32_t mss)
{
	struct cubic *cubic = cubic_of(congestion);
	uint32_t window = congestion->window;

	/* Fast convergence (section 4.7): below the last maximum, make room for newcomers. */
	if (window < cubic->w_max)
		cubic->w_max = (uint32_t)((uint64_t)window * (BETA_DENOMINATOR + BETA_NUMERATOR) /
					  (2 * BETA_DENOMINATOR));
	else
		cubic->w_max = window;
	cubic->cwnd_prior = window;
	cubic->has_epoch = false;
	uint32_t reduced = (uint32_t)((uint64_t)window * BETA_NUMERATOR / BETA_DENOMINATOR);

	return MAX(reduced, 2 * mss);
}

static void cubic_restarted(struct congestion *congestion)
{
	if (congestion->state != NULL)
		cubic_of(congestion)->has_epoch = false;
}

const struct congestion_control congestion_cubic = {
	.name = "cubic",
	.acknowledged = cubic_acknowledged,
	.lost = cubic_lost,
	.restarted = cubic_restarted,
};
