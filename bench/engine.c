/*
 * Event queue operations per second in the hold model: N timers are pending; each that fires is armed
 * again at a random later time. One operation is a pop and a push.
 */
#include <glib.h>
#include <stdio.h>
#include "bench/bench.h"
#include "sim/engine.h"
#include "sim/random.h"

struct hold {
	struct engine *engine;
	struct random_stream random;
	uint64_t left;
};

struct held {
	struct timer timer;
	struct hold *hold;
};

static void fire(void *owner)
{
	struct held *held = owner;
	struct hold *hold = held->hold;

	if (hold->left == 0) {
		engine_stop(hold->engine);
		return;
	}
	hold->left--;
	timer_schedule(hold->engine, &held->timer,
		       engine_now(hold->engine) + 1 + (int64_t)(random_next(&hold->random) >> 34));
}

static void measure(uint64_t pending, uint64_t operations)
{
	struct hold hold = { .engine = engine_new(), .left = operations + pending };
	struct held *timers = g_new0(struct held, pending);
	double started, seconds;

	random_init(&hold.random, 1, "bench", "engine");
	for (uint64_t i = 0; i < pending; i++) {
		timers[i].hold = &hold;
		timer_init(&timers[i].timer, 1, fire, &timers[i]);
		fire(&timers[i]);
	}
	started = bench_seconds();
	while (hold.left > 0)
		engine_run(hold.engine, TIME_NEVER - 1);
	seconds = bench_seconds() - started;
	printf("engine pending=%" G_GUINT64_FORMAT " operations=%" G_GUINT64_FORMAT
	       " cpu=%.3f ops_per_s=%.0f ns_per_op=%.1f\n",
	       pending, operations, seconds, (double)operations / seconds,
	       seconds * 1e9 / (double)operations);
	engine_free(hold.engine);
	g_free(timers);
}

int main(void)
{
	measure(1000, 5000000);
	measure(100000, 5000000);
	measure(1000000, 5000000);
	return 0;
}
