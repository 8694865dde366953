#include "stack/wire/tcp_options.h"
#include "stack/wire/tcp.h"

enum { /* whole lengths, with kind and length bytes */
       MSS_BYTES = 4,
       WINDOW_SCALE_BYTES = 3,
       SACK_PERMITTED_BYTES = 2,
       TIMESTAMPS_BYTES = 10,
       SACK_BLOCK_BYTES = 8,
};

static bool parse_sack(struct bytes data, struct tcp_options *options)
{
	size_t count = data.length / SACK_BLOCK_BYTES;

	if (data.length % SACK_BLOCK_BYTES != 0 || count == 0 || count > TCP_SACK_BLOCKS_MAX)
		return false;
	options->sack_count = (uint8_t)count;
	for (size_t i = 0; i < count; i++) {
		options->sack[i].left = get_be32(data.data + i * SACK_BLOCK_BYTES);
		options->sack[i].right = get_be32(data.data + i * SACK_BLOCK_BYTES + 4);
	}
	return true;
}

/* False when a known option has a length that its RFC does not allow. */
static bool parse_one(const struct option *option, struct tcp_options *options)
{
	size_t length = option->whole.length;
	const uint8_t *data = option->data.data;

	switch (option->kind) {
	case TCP_OPTION_MSS:
		if (length != MSS_BYTES)
			return false;
		options->has_mss = true;
		options->mss = get_be16(data);
		return true;
	case TCP_OPTION_WINDOW_SCALE:
		if (length != WINDOW_SCALE_BYTES)
			return false;
		options->has_window_scale = true;
		options->window_scale = data[0];
		return true;
	case TCP_OPTION_SACK_PERMITTED:
		options->has_sack_permitted = true;
		return length == SACK_PERMITTED_BYTES;
	case TCP_OPTION_SACK:
		return parse_sack(option->data, options);
	case TCP_OPTION_TIMESTAMPS:
		if (length != TIMESTAMPS_BYTES)
			return false;
		options->has_timestamps = true;
		options->timestamp_value = get_be32(data);
		options->timestamp_echo = get_be32(data + 4);
		return true;
	default:
		return true; /* RFC 9293 section 3.1, MUST-6: ignore what is not implemented */
	}
}

/* What nearly every segment carries: timestamps alone, aligned (RFC 7323 appendix A). */
static bool is_timestamps_alone(struct bytes in)
{
	static const uint8_t front[] = { TCP_OPTION_NOP, TCP_OPTION_NOP, TCP_OPTION_TIMESTAMPS,
					 TIMESTAMPS_BYTES };

	return in.length == sizeof front + 8 && memcmp(in.data, front, sizeof front) == 0;
}

enum parse_status tcp_options_parse(struct bytes in, struct tcp_options *options)
{
	struct tcp_options parsed = { 0 };

	if (is_timestamps_alone(in)) {
		*options = (struct tcp_options) {
			.has_timestamps = true,
			.timestamp_value = get_be32(in.data + 4),
			.timestamp_echo = get_be32(in.data + 8),
		};
		return PARSE_OK;
	}
	while (in.length > 0) {
		struct option option;
		enum parse_status status = option_next(&in, &option);

		if (status != PARSE_OK)
			return status;
		if (option.kind == TCP_OPTION_END)
			break;
		if (!parse_one(&option, &parsed))
			return PARSE_BAD_LENGTH;
	}
	*options = parsed;
	return PARSE_OK;
}

/* How many SACK blocks fit behind `length` bytes of other options, with two NOPs and a header. */
static size_t sack_that_fits(const struct tcp_options *options, size_t length)
{
	size_t room = (TCP_OPTIONS_MAX_BYTES - length - 4) / SACK_BLOCK_BYTES;

	return options->sack_count < room ? options->sack_count : room;
}

size_t tcp_options_length(const struct tcp_options *options)
{
	size_t length = 0;

	if (options->has_mss)
		length += MSS_BYTES;
	if (options->has_timestamps)
		length += 12; /* behind SACK-permitted or two NOPs */
	else if (options->has_sack_permitted)
		length += 4;
	if (options->has_window_scale)
		length += 4;
	if (options->sack_count > 0)
		length += 4 + sack_that_fits(options, length) * SACK_BLOCK_BYTES;
	return length;
}

/* SACK-permitted takes the place of the NOPs that align the timestamps, as in Linux. */
static uint32_t pair(bool is_sack_permitted)
{
	return is_sack_permitted ? TCP_OPTION_SACK_PERMITTED << 8 | SACK_PERMITTED_BYTES
				 : TCP_OPTION_NOP << 8 | TCP_OPTION_NOP;
}

static uint8_t *emit_timestamps(uint8_t *out, const struct tcp_options *options)
{
	uint32_t head = TCP_OPTION_TIMESTAMPS << 8 | TIMESTAMPS_BYTES;

	put_be32(out, pair(options->has_sack_permitted) << 16 | head);
	put_be32(out + 4, options->timestamp_value);
	put_be32(out + 8, options->timestamp_echo);
	return out + 12;
}

static uint8_t *emit_sack(uint8_t *out, const struct tcp_options *options, size_t count)
{
	uint32_t head = TCP_OPTION_SACK << 8 | (uint32_t)(2 + count * SACK_BLOCK_BYTES);

	put_be32(out, pair(false) << 16 | head);
	out += 4;
	for (size_t i = 0; i < count; i++, out += SACK_BLOCK_BYTES) {
		put_be32(out, options->sack[i].left);
		put_be32(out + 4, options->sack[i].right);
	}
	return out;
}

size_t tcp_options_emit(const struct tcp_options *options, uint8_t *out)
{
	uint8_t *at = out;

	if (options->has_mss) {
		at[0] = TCP_OPTION_MSS;
		at[1] = MSS_BYTES;
		put_be16(at + 2, options->mss);
		at += MSS_BYTES;
	}
	if (options->has_timestamps) {
		at = emit_timestamps(at, options);
	} else if (options->has_sack_permitted) {
		put_be32(at, pair(false) << 16 | pair(true));
		at += 4;
	}
	if (options->has_window_scale) {
		at[0] = TCP_OPTION_NOP;
		at[1] = TCP_OPTION_WINDOW_SCALE;
		at[2] = WINDOW_SCALE_BYTES;
		at[3] = options->window_scale;
		at += 4;
	}
	if (options->sack_count > 0)
		at = emit_sack(at, options, sack_that_fits(options, (size_t)(at - out)));
	return (size_t)(at - out);
}
