#include "views/explain_private.h"

#include "sim/ascii.h"
#include "stack/wire/cooked.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/tcp.h"
#include "views/lru_table.h"
#include "views/text.h"

const char *explain_label(struct explain *explain, const struct explained *packet)
{
	const struct captured_interface *interface = packet->interface;
	struct bytes name = interface->name.length > 0 ? interface->name : interface->description;
	uint32_t index = packet->frame->interface;
	char *label = explain->labels[index % EXPLAIN_LABELS].text;
	GString *text;

	if (explain->labels[index % EXPLAIN_LABELS].interface == index + 1)
		return label;
	text = g_string_new(NULL);
	explain_append_text(text, bytes_first(name, EXPLAIN_LABEL_BYTES / 4));
	g_strlcpy(label, text->str, EXPLAIN_LABEL_BYTES);
	g_string_free(text, TRUE);
	explain->labels[index % EXPLAIN_LABELS].interface = index + 1;
	return label;
}

/* Appends the character at the beginning, no printable ASCII; returns how many bytes it has. */
static size_t append_other(GString *out, struct bytes text)
{
	static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */
	const char *at = (const char *)text.data;
	gunichar character;
	size_t length;

	character = g_utf8_get_char_validated(at, (gssize)text.length);
	if (character >= (gunichar)-2) {
		text_append(out, replacement);
		return 1;
	}
	length = (size_t)(g_utf8_next_char(at) - at);
	if (character == '\n' || character == '\t')
		text_append(out, " ");
	else if (g_unichar_iscntrl(character))
		text_append(out, replacement);
	else
		text_append_bytes(out, at, length);
	return length;
}

void explain_append_text(GString *out, struct bytes text)
{
	while (text.length > 0) {
		size_t plain = ascii_printable_bytes(text);

		text_append_bytes(out, (const char *)text.data, plain);
		text = bytes_from(text, plain);
		if (text.length > 0)
			text = bytes_from(text, append_other(out, text));
	}
}

/* What a frame's end shows: true when its FCS was captured and is wrong. */
static bool is_fcs_wrong(const struct captured_frame *frame)
{
	return frame->has_fcs && ethernet_fcs(frame->bytes) != frame->fcs;
}

void explain_append_order(GString *out, const struct model_segment *segment)
{
	const struct model_direction *direction = segment->direction;

	switch ((enum segment_order)segment->order) {
	case SEGMENT_IN_ORDER:
		break;
	case SEGMENT_REPEATED:
		text_append(out, ", RETRANSMISSION");
		break;
	case SEGMENT_ELSEWHERE:
		text_append(out, ", seen before at another interface");
		break;
	case SEGMENT_KEEPALIVE:
		text_append(out, ", keep-alive");
		break;
	case SEGMENT_PROBE:
		text_append(out, ", window probe");
		break;
	case SEGMENT_EARLY:
		g_string_append_printf(
		    out, ", OUT OF ORDER: %" G_GUINT64_FORMAT " B before it have not come yet",
		    segment->offset - direction->fed_bytes);
		break;
	case SEGMENT_FILLS_GAP:
		text_append(out, ", fills a gap");
		break;
	case SEGMENT_AFTER_LOSS:
		g_string_append_printf(
		    out, ", MISSING in the capture: %" G_GUINT64_FORMAT " B before it",
		    segment->missing_bytes);
		break;
	case SEGMENT_BEFORE:
		text_append(out, ", from before what is known of this stream");
		break;
	case SEGMENT_DAMAGED:
		text_append(out, ", DAMAGED: not taken in");
		break;
	}
	if (segment->other_missing_bytes > 0)
		g_string_append_printf(out, ", MISSING in the capture: %" G_GUINT64_FORMAT " B %s",
				       segment->other_missing_bytes,
				       segment->flags & TCP_RST ? "of the other side"
								: "that it acknowledges");
}

/* Secrets that the capture has brought along up to here. */
static void read_secrets(struct explain *explain)
{
	size_t count = capture_reader_secrets_count(explain->reader);

	for (; explain->secrets_read < count; explain->secrets_read++) {
		const struct captured_secrets *secrets =
		    capture_reader_secrets(explain->reader, explain->secrets_read);

		if (secrets->type == CAPTURE_SECRETS_TLS)
			tls_secrets_add(streams_secrets(explain->streams), secrets->bytes);
	}
}

/* A cooked header of Linux says which way the packet went, and version 2 by which interface; false: there is none. */
static bool read_cooked(const struct decode *decode, struct cooked_header *header)
{
	unsigned protocol = decode->layer_count > 0 ? decode->layers[0].protocol : DECODE_DATA;
	struct bytes payload;

	if (protocol == DECODE_COOKED)
		return cooked_header_parse(decode->frame, header, &payload) == PARSE_OK;
	return protocol == DECODE_COOKED_V2 &&
	       cooked_v2_header_parse(decode->frame, header, &payload) == PARSE_OK;
}

/* What passes the loopback interface is sent and received at once. */
static enum capture_direction direction_of(const struct cooked_header *header)
{
	if (header->hardware_type == COOKED_HARDWARE_LOOPBACK)
		return CAPTURE_DIRECTION_UNKNOWN;
	switch (header->packet_type) {
	case COOKED_TO_US:
	case COOKED_BROADCAST:
	case COOKED_MULTICAST:
		return CAPTURE_INBOUND;
	case COOKED_FROM_US:
		return CAPTURE_OUTBOUND;
	default:
		return CAPTURE_DIRECTION_UNKNOWN;
	}
}

/*
 * Notes which way the packet went; returns where it was captured, as a number: a router that listens at
 * all of its interfaces has each packet twice, in and out.
 */
static uint32_t note_place(const struct decode *decode, struct explained *packet)
{
	struct cooked_header header;

	packet->direction = packet->frame->direction;
	if (!read_cooked(decode, &header))
		return packet->frame->interface;
	if (packet->direction == CAPTURE_DIRECTION_UNKNOWN)
		packet->direction = direction_of(&header);
	return header.interface_index << 1 | (header.packet_type == COOKED_FROM_US);
}

/* Takes in one frame: every frame, shown or not, belongs to a stream and may name someone. */
static void follow(struct explain *explain, const struct captured_frame *frame,
		   struct explained *packet)
{
	const struct captured_interface *interface =
	    capture_reader_interface(explain->reader, frame->interface);
	const struct explain_options *options = explain->options;
	bool wants_fields = options->json || options->packet != 0;

	packet->frame = frame;
	packet->interface = interface;
	packet->is_fcs_wrong = is_fcs_wrong(frame);
	packet->account = (struct account) {
		.decode = &explain->decode,
		.names = address_names_view(explain->names),
		.dissectors = options->dissectors,
	};
	address_names_read(explain->names, explain->reader);
	read_secrets(explain);
	decode_packet(
	    frame->bytes,
	    &(struct decode_options) { interface->link_type, wants_fields, NULL,
				       frame->original_length - (frame->has_fcs ? 4 : 0) },
	    &explain->decode);
	if (streams_follow(explain->streams, &explain->decode,
			   &(struct stream_packet) { frame->time_ns,
						     note_place(&explain->decode, packet),
						     packet->is_fcs_wrong },
			   &packet->segment))
		packet->account.segment = &packet->segment;
	address_names_learn(explain->names, &explain->decode);
}

static bool is_wanted(const struct explain *explain, const struct explained *packet)
{
	const struct explain_options *options = explain->options;

	if (options->packet != 0)
		return explain->frame == options->packet;
	return options->filter == NULL ||
	       packet_filter_passes(options->filter, packet->interface->link_type,
				    packet->frame->bytes, packet->frame->original_length);
}

static void tell(struct explain *explain, const struct explained *packet)
{
	if (explain->options->json)
		explain_json(explain, packet);
	else if (explain->options->packet != 0)
		explain_in_full(explain, packet);
	else
		explain_block(explain, packet);
}

static struct explain_result read_all(struct explain *explain)
{
	const struct explain_options *options = explain->options;
	struct explain_result result = { 0 };
	struct captured_frame frame;
	struct explained packet;
	enum capture_read read = CAPTURE_READ_END;

	while (!ferror(options->out) && (options->packet == 0 || result.shown == 0)) {
		read = capture_reader_next(explain->reader, &frame);
		if (read != CAPTURE_READ_FRAME)
			break;
		explain->frame = ++result.frames;
		if (result.frames == 1)
			explain->first_ns = frame.time_ns;
		follow(explain, &frame, &packet);
		if (!is_wanted(explain, &packet))
			continue;
		result.shown++;
		packet.account.datagram = account_unit(&packet.account, &packet.datagram);
		tell(explain, &packet);
	}
	result.is_damaged = read == CAPTURE_READ_BAD;
	return result;
}

/* While the file keeps us waiting, all that is known so far is there to be seen. */
static void show(void *owner)
{
	struct explain *explain = owner;

	layout_flush(&explain->layout);
	fflush(explain->options->out);
}

struct explain_result explain(struct capture_reader *reader, const struct explain_options *options)
{
	struct explain *explain = g_new0(struct explain, 1);
	struct explain_result result;

	explain->options = options;
	explain->reader = reader;
	explain->names = address_names_new();
	explain->streams = streams_new(options->dissectors);
	if (!options->json && options->packet == 0)
		streams_outline(explain->streams);
	tls_secrets_add(streams_secrets(explain->streams), options->key_log);
	layout_init(&explain->layout, options->out, options->columns, options->colour);
	explain->text = g_string_new(NULL);
	explain->purposes = g_hash_table_new(NULL, NULL);
	explain->again = lru_table_new(sizeof(struct explain_again), sizeof(struct explain_kept),
				       EXPLAIN_AGAIN_MAX, NULL, NULL);
	capture_reader_before_read(reader, show, explain);
	result = read_all(explain);
	capture_reader_before_read(reader, NULL, NULL);
	if (!options->json && options->packet == 0 && (result.frames > 0 || !result.is_damaged))
		explain_summary(explain, &result);
	lru_table_free(explain->again);
	g_hash_table_destroy(explain->purposes);
	g_string_free(explain->text, TRUE);
	layout_clear(&explain->layout);
	streams_free(explain->streams);
	address_names_free(explain->names);
	g_free(explain);
	return result;
}
