/* Reno's window (RFC 5681): plus one segment per round trip, half after a loss. */
#include "stack/tcp/congestion.h"

#include <glib.h>

struct reno {
	uint32_t acknowledged_bytes; /* since the window last grew */
};

static void reno_acknowledged(struct congestion *congestion, const struct congestion_sample *sample)
{
	uint32_t bytes = sample->acknowledged_bytes;

	if (congestion_in_slow_start(congestion))
		bytes = congestion_slow_start(congestion, bytes);
	if (bytes == 0)
		return;

	/* Appropriate byte counting (RFC 3465 section 2.1): one segment per window acknowledged. */
	struct reno *reno = congestion_state(congestion, sizeof *reno);

	reno->acknowledged_bytes += bytes;
	if (reno->acknowledged_bytes >= congestion->window) {
		reno->acknowledged_bytes -= congestion->window;
		congestion->window += sample->mss;
	}
}

static void reno_restarted(struct congestion *congestion)
{
	congestion_clear(congestion);
}

static uint32_t reno_lost(struct congestion *congestion, uint32_t mss)
{
	reno_restarted(congestion);
	return MAX(congestion->window / 2, 2 * mss);
}

const struct congestion_control congestion_reno = {
	.name = "reno",
	.acknowledged = reno_acknowledged,
	.lost = reno_lost,
	.restarted = reno_restarted,
};
