#include "views/window.h"

#include "stack/wire/tcp_options.h"

void window_learn(struct model_direction *direction, const struct tcp_header *header)
{
	struct tcp_options options = { 0 };
	size_t options_bytes = header->header_bytes - (size_t)TCP_HEADER_BYTES;

	if (tcp_options_parse(header->options, &options) != PARSE_OK)
		options = (struct tcp_options) { 0 };
	direction->has_syn = true;
	direction->is_answer = (header->flags & TCP_ACK) != 0;
	direction->is_scale_cut = header->options.length < options_bytes;
	direction->has_window_scale = options.has_window_scale && !direction->is_scale_cut;
	direction->window_shift = MIN(options.window_scale, TCP_WINDOW_SCALE_MAX);
}

/* Its SYN was captured whole, and says that no window is scaled. */
static bool forbids_scaling(const struct model_direction *direction)
{
	return direction->has_syn && !direction->is_scale_cut && !direction->has_window_scale;
}

/*
 * All segments are scaled but SYNs, and only when both SYNs offered it. Where only the sender's own SYN
 * was seen, it is taken that the other's has the option, too: an answer has it only then, and hosts
 * that lack it are rare. Zero is zero at any scale.
 */
void window_find(struct model_segment *segment, const struct tcp_header *header)
{
	const struct model_direction *direction = segment->direction;
	const struct model_direction *other =
	    &segment->connection->directions[!direction->is_from_server];
	bool is_syn = (header->flags & TCP_SYN) != 0;
	bool is_forbidden = forbids_scaling(direction) || forbids_scaling(other);
	bool is_scaled = !is_syn && !is_forbidden && direction->has_window_scale;

	segment->is_window_known = is_syn || is_forbidden || is_scaled || header->window == 0;
	segment->window_bytes = (uint32_t)header->window
				<< (is_scaled ? direction->window_shift : 0);
}
