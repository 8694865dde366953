/* Any bytes as a frame and as a datagram: decoded, and every field printed. */
#include <stdlib.h>
#include "stack/wire/tcp.h"
#include "stack/wire/tcp_options.h"
#include "views/decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The options as the stack reads them; what is read must be the same when written and read again. */
static void round_trip_options(struct bytes options)
{
	struct tcp_options read, again;
	uint8_t emitted[TCP_OPTIONS_MAX_BYTES];

	if (tcp_options_parse(options, &read) != PARSE_OK)
		return;
	struct bytes written = { emitted, tcp_options_emit(&read, emitted) };

	if (written.length != tcp_options_length(&read) || written.length > sizeof emitted ||
	    tcp_options_parse(written, &again) != PARSE_OK || again.mss != read.mss ||
	    again.timestamp_value != read.timestamp_value)
		abort();
}

static void check(const struct decode *decode)
{
	char text[FIELD_TEXT_BYTES];
	uint32_t end = 0;

	for (unsigned i = 0; i < decode->layer_count; i++) {
		const struct decode_layer *layer = &decode->layers[i];

		if (layer->start != end)
			abort();
		end += layer->header_bytes;
		decode_complaint(layer);
		decode_payload(decode, layer);
		if (layer->protocol == DECODE_TCP && layer->header_bytes > TCP_HEADER_BYTES)
			round_trip_options(
			    bytes_first(bytes_from(decode->frame, layer->start + TCP_HEADER_BYTES),
					layer->header_bytes - TCP_HEADER_BYTES));
	}
	if (end != decode->frame.length)
		abort();
	for (unsigned i = 0; i < decode->field_count; i++)
		decode_field_print(decode, &decode->fields[i], text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct decode decode;
	struct bytes bytes = { data, size };

	decode_frame(bytes, NULL, &decode);
	check(&decode);
	decode_datagram(bytes, NULL, &decode);
	if (size > 0)
		check(&decode);
	return 0;
}
