#include "views/window.h"

#include "stack/wire/tcp_options.h"

void window_learn(struct model_direction *direction, const struct tcp_header *header)
{
	struct tcp_options options = { 0 };

	if (tcp_options_parse(header->options, &options) != PARSE_OK)
		options = (struct tcp_options) { 0 };
	direction->has_syn = true;
	direction->has_window_scale = options.has_window_scale;
	direction->window_shift = MIN(options.window_scale, TCP_WINDOW_SCALE_MAX);
}

/* All segments are scaled but SYNs, and only when both SYNs offered it. Zero is zero at any scale. */
void window_find(struct model_segment *segment, const struct tcp_header *header)
{
	const struct model_direction *direction = segment->direction;
	const struct model_direction *other =
	    &segment->connection->directions[!direction->is_from_server];
	bool is_syn = (header->flags & TCP_SYN) != 0;
	bool has_handshake = direction->has_syn && other->has_syn;
	bool is_scaled =
	    !is_syn && has_handshake && direction->has_window_scale && other->has_window_scale;

	segment->is_window_known = is_syn || has_handshake || header->window == 0;
	segment->window_bytes = (uint32_t)header->window
				<< (is_scaled ? direction->window_shift : 0);
}
