#include "app/scenario.h"

/* The other end of a cable between two interfaces; NULL where the cable leads to a switch. */
static const struct scenario_interface *peer_of(const struct scenario_interface *interface)
{
	const GPtrArray *ends = interface->network->interfaces;

	if (interface->network->kind != NETWORK_LINK || ends->len != 2)
		return NULL;
	return ends->pdata[0] == interface ? ends->pdata[1] : ends->pdata[0];
}

static bool is_direction(enum scenario_direction direction, bool is_out)
{
	return direction == DIRECTION_BOTH || (direction == DIRECTION_OUT) == is_out;
}

static bool covers(const struct scenario_impairment *impairment, const struct scenario_way *way)
{
	const struct scenario_link *link = &impairment->link;
	const struct scenario_interface *end = way->interface;
	const struct scenario_network *network = end != NULL           ? end->network
						 : way->uplink != NULL ? way->uplink->network
								       : way->network;

	switch (link->scope) {
	case LINK_EVERY:
		return is_direction(impairment->direction, way->is_out);
	case LINK_NETWORK:
		return link->network == network && is_direction(impairment->direction, way->is_out);
	case LINK_UPLINK:
		return link->switch_ == way->uplink &&
		       is_direction(impairment->direction, way->is_out);
	case LINK_INTERFACE:
		if (end == NULL)
			return false;
		/* What one end sends the other is sent. */
		return (link->interface == end &&
			is_direction(impairment->direction, way->is_out)) ||
		       (link->interface == peer_of(end) &&
			is_direction(impairment->direction, !way->is_out));
	case LINK_NOT_SET:
		return false;
	}
	return false;
}

static void take_chance(uint32_t *effect_ppm, uint32_t ppm)
{
	if (ppm != 0)
		*effect_ppm = ppm;
}

static void take(struct scenario_impairment *effect, const struct scenario_impairment *impairment)
{
	take_chance(&effect->loss_ppm, impairment->loss_ppm);
	take_chance(&effect->corrupt_ppm, impairment->corrupt_ppm);
	take_chance(&effect->corrupt_deep_ppm, impairment->corrupt_deep_ppm);
	take_chance(&effect->duplicate_ppm, impairment->duplicate_ppm);
	take_chance(&effect->reorder_ppm, impairment->reorder_ppm);
	if (impairment->reorder_ppm != 0)
		effect->reorder_ns = impairment->reorder_ns;
	if (impairment->jitter_ns != 0)
		effect->jitter_ns = impairment->jitter_ns;
	effect->is_down |= impairment->is_down;
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

void scenario_impair(const struct scenario *scenario, const struct scenario_way *way, int64_t at_ns,
		     struct scenario_impairment *effect, GArray *frames)
{
	*effect = (struct scenario_impairment) { .from_ns = at_ns, .to_ns = TIME_NEVER };
	for (unsigned i = 0; i < scenario->impairments->len; i++) {
		const struct scenario_impairment *impairment =
		    g_ptr_array_index(scenario->impairments, i);

		if (at_ns < impairment->from_ns || at_ns >= impairment->to_ns ||
		    !covers(impairment, way))
			continue;
		take(effect, impairment);
		for (unsigned j = 0; j < impairment->drop_frames->len; j++) {
			const struct scenario_frame_number *frame =
			    g_ptr_array_index(impairment->drop_frames, j);

			g_array_append_val(frames, frame->number);
		}
	}
	g_array_sort(frames, compare_numbers);
}
