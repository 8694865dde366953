/*
 * What one direction of a cable does to frames besides carrying them: loss, corruption, duplication,
 * reordering, jitter, times of being down. Chances are drawn from a stream of the sender, in the
 * order of transmission, the same draws for each frame whatever comes of them.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sim/random.h"

struct impairment_period {
	int64_t from_ns, to_ns; /* down in [from, to) */
};

/* Chances are parts per million of frames. Zero everywhere is a perfect cable. */
struct impairment {
	uint32_t loss_ppm;
	uint32_t corrupt_ppm; /* 1 to 3 bits flip on the cable: the FCS sees it */
	uint32_t
	    corrupt_deep_ppm; /* the same behind the FCS check, in a faulty device: only IP, UDP
	                              and TCP checksums can see it */
	uint32_t duplicate_ppm;
	uint32_t reorder_ppm; /* the frame is held back by `reorder_ns`: later ones overtake */
	int64_t reorder_ns;
	int64_t jitter_ns;      /* extra delay, uniform in [0, jitter_ns]; keeps the order */
	const uint64_t *picked; /* numbers of frames to drop, ascending; the first frame is 1 */
	size_t picked_count;
	const struct impairment_period *down; /* ascending, not overlapping */
	size_t down_count;
};

/* A direction's impairment at work. */
struct impairer;

/* Copies `config` and the lists it points to. `stream` is copied. */
struct impairer *impairer_new(const struct impairment *config, const struct random_stream *stream);
void impairer_free(struct impairer *impairer);

/* Replaces the configuration; the random stream goes on. */
void impairer_configure(struct impairer *impairer, const struct impairment *config);

#define IMPAIRER_FLIPS_MAX 3

/* What happens to one frame. */
struct verdict {
	bool is_lost;
	bool is_picked;
	bool is_duplicated;
	bool is_held_back;
	bool is_deep; /* the flipped bits are behind the FCS check */
	unsigned flip_count;
	uint32_t flips[IMPAIRER_FLIPS_MAX]; /* bit offsets in the frame; different */
	int64_t jitter_ns;                  /* extra delay that keeps the order */
	int64_t held_back_ns;               /* extra delay that does not */
};

/*
 * The fate of frame `number` of this direction: `frame_bytes` and behind them `fcs_bytes`, in which
 * bits may flip as well. Deep flips spare the FCS and the first `spared_bytes`.
 */
struct verdict impairer_judge(struct impairer *impairer, uint64_t number, size_t frame_bytes,
			      size_t fcs_bytes, size_t spared_bytes);

/* True when the cable is down at any time in [from, to]. */
bool impairer_is_down(const struct impairer *impairer, int64_t from_ns, int64_t to_ns);
