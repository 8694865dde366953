#include "stack/impairment.h"

#include <glib.h>

struct impairer {
	struct impairment config;    /* its lists are ours */
	struct random_stream stream; /* the same number of draws for each frame */
	struct random_stream places; /* of flipped bits: as many as it takes */
	size_t next_picked;
};

static void lists_free(struct impairer *impairer)
{
	g_free((void *)impairer->config.picked);
	g_free((void *)impairer->config.down);
}

void impairer_configure(struct impairer *impairer, const struct impairment *config)
{
	size_t picked_bytes = config->picked_count * sizeof *config->picked;
	size_t down_bytes = config->down_count * sizeof *config->down;
	struct impairment copy = *config;

	copy.picked = g_memdup2(config->picked, picked_bytes);
	copy.down = g_memdup2(config->down, down_bytes);
	lists_free(impairer);
	impairer->config = copy;
	impairer->next_picked = 0;
}

struct impairer *impairer_new(const struct impairment *config, const struct random_stream *stream)
{
	struct impairer *impairer = g_new0(struct impairer, 1);

	impairer->stream = *stream;
	for (unsigned i = 0; i < G_N_ELEMENTS(impairer->places.state); i++)
		impairer->places.state[i] = random_next(&impairer->stream);
	impairer_configure(impairer, config);
	return impairer;
}

void impairer_free(struct impairer *impairer)
{
	if (impairer == NULL)
		return;
	lists_free(impairer);
	g_free(impairer);
}

/* Frame numbers only grow, and so does the position in the list. */
static bool is_picked(struct impairer *impairer, uint64_t number)
{
	const struct impairment *config = &impairer->config;
	size_t *next = &impairer->next_picked;

	while (*next < config->picked_count && config->picked[*next] < number)
		++*next;
	return *next < config->picked_count && config->picked[*next] == number;
}

static bool has_flip(const struct verdict *verdict, uint32_t bit)
{
	for (unsigned i = 0; i < verdict->flip_count; i++)
		if (verdict->flips[i] == bit)
			return true;
	return false;
}

/* Chooses 1 to 3 bits from bit `first` on of a frame of `frame_bytes`. */
static void choose_flips(struct impairer *impairer, struct verdict *verdict, size_t first_byte,
			 size_t frame_bytes)
{
	unsigned wanted = 1 + (unsigned)random_below(&impairer->places, IMPAIRER_FLIPS_MAX);
	uint64_t bits = 8 * (frame_bytes - first_byte);

	while (verdict->flip_count < wanted) {
		uint32_t bit = (uint32_t)(8 * first_byte + random_below(&impairer->places, bits));

		if (!has_flip(verdict, bit))
			verdict->flips[verdict->flip_count++] = bit;
	}
}

struct verdict impairer_judge(struct impairer *impairer, uint64_t number, size_t frame_bytes,
			      size_t fcs_bytes, size_t spared_bytes)
{
	const struct impairment *config = &impairer->config;
	struct random_stream *stream = &impairer->stream;
	struct verdict verdict = { .is_picked = is_picked(impairer, number) };

	verdict.is_lost = random_chance(stream, config->loss_ppm);
	bool is_corrupted = random_chance(stream, config->corrupt_ppm);
	bool is_deep = random_chance(stream, config->corrupt_deep_ppm);

	verdict.is_duplicated = random_chance(stream, config->duplicate_ppm);
	verdict.is_held_back = random_chance(stream, config->reorder_ppm);
	verdict.jitter_ns = (int64_t)random_below(stream, (uint64_t)config->jitter_ns + 1);
	if (verdict.is_held_back)
		verdict.held_back_ns = config->reorder_ns;
	if (is_corrupted) {
		choose_flips(impairer, &verdict, 0, frame_bytes + fcs_bytes);
	} else if (is_deep && frame_bytes > spared_bytes) {
		verdict.is_deep = true;
		choose_flips(impairer, &verdict, spared_bytes, frame_bytes);
	}
	return verdict;
}

bool impairer_is_down(const struct impairer *impairer, int64_t from_ns, int64_t to_ns)
{
	const struct impairment *config = &impairer->config;

	for (size_t i = 0; i < config->down_count && config->down[i].from_ns <= to_ns; i++)
		if (from_ns < config->down[i].to_ns)
			return true;
	return false;
}
