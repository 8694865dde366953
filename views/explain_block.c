/* A packet as a block of lines: a title, and one line for each layer. */
#include "protocols/layer.h"
#include "sim/ascii.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/ipv6.h"
#include "stack/wire/tcp.h"
#include "views/describe.h"
#include "views/explain_private.h"
#include "views/names.h"
#include "views/sentence.h"
#include "views/text.h"

#define LABEL_COLUMNS    16
#define DATA_BYTES_SHOWN 16

/* In which order layers are told of, and in which words. */
enum way {
	WAY_UNKNOWN, /* as the bytes stand, from the link up */
	WAY_SENT,    /* as the sender wraps it: from the application down */
	WAY_RECEIVED,
	WAY_TRANSIT, /* passed on by a router or switch: as unknown */
};

/*
 * Whether an interface that says no addresses, such as a port of a switch, is called after another
 * node than the one that has `mac`: "client-lan:port3", and the MAC address is alice-pc's.
 */
static bool is_of_another(const struct explained *packet, struct mac mac)
{
	struct bytes label = packet->interface->name;
	const char *owner = packet->account.names->of_mac(packet->account.names->owner, mac);
	size_t length = owner == NULL ? 0 : strlen(owner);

	return length > 0 && bytes_find_byte(label, ':') != NULL &&
	       (label.length <= length || memcmp(label.data, owner, length) != 0 ||
		label.data[length] != ':');
}

/* Between hosts, as the interface shows that captured it: its addresses are not those of the end. */
static bool is_in_transit(const struct explained *packet)
{
	static const struct mac none;
	const struct captured_interface *interface = packet->interface;
	const struct decode *decode = packet->account.decode;
	bool is_sent = packet->direction == CAPTURE_OUTBOUND;
	struct ip_address end = is_sent ? decode->source : decode->destination;
	struct ethernet_header header;
	struct bytes payload;

	if (decode_find(decode, DECODE_ETHERNET) != NULL &&
	    ethernet_header_parse(decode->frame, &header, &payload) == PARSE_OK) {
		struct mac mac = is_sent ? header.source : header.destination;

		if (mac_is_group(mac))
			return false;
		if (mac_equal(interface->mac, none) ? is_of_another(packet, mac)
						    : !mac_equal(mac, interface->mac))
			return true;
	}
	return interface->address != 0 && decode->has_addresses && ip_address_is_ipv4(end) &&
	       ip_address_ipv4(end) != interface->address;
}

static enum way way_of(const struct explained *packet)
{
	if (packet->direction == CAPTURE_DIRECTION_UNKNOWN)
		return WAY_UNKNOWN;
	if (is_in_transit(packet))
		return WAY_TRANSIT;
	return packet->direction == CAPTURE_OUTBOUND ? WAY_SENT : WAY_RECEIVED;
}

struct block {
	struct explain *explain;
	const struct explained *packet;
	enum way way;
	bool has_told;         /* what the packet itself carries, as lines of an application */
	struct bytes sentence; /* about the packet */
	size_t ascii_bytes;    /* of it are printable ASCII, up to the first that is not */
};

/* The layer whose colour a header of a capture has; of what is no header LAYER_COUNT: none. */
static unsigned colour_layer(const struct decode_layer *layer)
{
	switch ((enum decode_protocol)layer->protocol) {
	case DECODE_FRAGMENT:
	case DECODE_APPLICATION:
	case DECODE_DATA:
	case DECODE_PADDING:
		return LAYER_COUNT;
	default:
		return decode_stack_layer(layer);
	}
}

/* The place of a layer in the stack, where the capture does not say which way the packet went. */
static const char *role_of(const struct decode_layer *layer)
{
	switch (colour_layer(layer)) {
	case LAYER_ETHERNET:
		return "link";
	case LAYER_ARP:
	case LAYER_IPV4:
		return "network";
	case LAYER_ICMP:
		return "control";
	case LAYER_UDP:
	case LAYER_TCP:
		return "transport";
	default:
		return "data";
	}
}

/* In place of a header of the link, from who captured it: no host wraps or unwraps it. */
static bool is_of_capture(const struct decode_layer *layer)
{
	return layer->protocol == DECODE_COOKED || layer->protocol == DECODE_COOKED_V2 ||
	       layer->protocol == DECODE_LOOPBACK;
}

/* What a host does with the header: '+' puts it on, '-' takes it off; ' ': it is there. */
static char change_of(const struct block *block, const struct decode_layer *layer)
{
	if (layer->is_quoted || is_of_capture(layer))
		return ' ';
	return block->way == WAY_SENT ? '+' : block->way == WAY_RECEIVED ? '-' : ' ';
}

static const char *action_of(const struct block *block, const struct decode_layer *layer)
{
	char change = change_of(block, layer);

	if (layer->is_quoted)
		return "  quoted";
	if (change == ' ')
		return role_of(layer);
	return change == '+' ? "encapsulate" : "decapsulate";
}

static const char *layer_name(const struct decode_layer *layer)
{
	if (layer->protocol != DECODE_IPV6_EXTENSION)
		return layer->name;
	return layer->table == ipv6_extension_fields(IP_PROTOCOL_AUTHENTICATION) ? "AH"
										 : "IPv6 ext";
}

/* Behind what there is to say of a header; `begin` is where that began: of a malformed one it may be nothing. */
static void append_alarm(struct layout *layout, size_t begin, const char *text)
{
	text_append(layout->line, layout->line->len > begin ? ", " : "");
	layout_look(layout, LAYOUT_ALARM);
	text_append(layout->line, text);
	layout_plain(layout);
}

static void print_line(struct explain *explain)
{
	layout_print(&explain->layout, LAYOUT_TEXT_COLUMN);
}

/* A line in between, below what the one before says. */
static void print_aside(struct explain *explain, const char *text)
{
	layout_pad(&explain->layout, LAYOUT_TEXT_COLUMN);
	layout_look(&explain->layout, LAYOUT_ITALIC);
	text_append(explain->layout.line, text);
	layout_plain(&explain->layout);
	print_line(explain);
}

/* The line about a header, without the size at its end. */
static void make_header(struct block *block, const struct decode_layer *layer)
{
	struct layout *layout = &block->explain->layout;
	const char *complaint = decode_complaint(layer);
	size_t begin;

	layout_begin(layout, &(struct layout_front) {
				 .action = action_of(block, layer),
				 .name = layer_name(layer),
				 .layer = colour_layer(layer),
				 .sign = change_of(block, layer),
				 .header_bytes = layer->header_bytes + layer->cut_header_bytes,
			     });
	begin = layout->line->len;
	describe_layer(layout->line, &block->packet->account, layer);
	if (layer->protocol == DECODE_TCP && !layer->is_quoted &&
	    block->packet->account.segment != NULL)
		explain_append_order(layout->line, block->packet->account.segment);
	if (complaint != NULL && layer->checksum != CHECKSUM_UNFINISHED)
		append_alarm(layout, begin, complaint);
}

/* What is left behind the header, or what the packet has grown to. */
static size_t size_behind(const struct block *block, const struct decode_layer *layer)
{
	size_t payload = (size_t)layer->payload_bytes + layer->cut_payload_bytes;

	if (change_of(block, layer) != '+')
		return payload;
	if (layer->start == 0)
		return block->explain->decode.frame.length + layer->cut_payload_bytes;
	return payload + layer->header_bytes + layer->cut_header_bytes;
}

static void print_header(struct block *block, const struct decode_layer *layer)
{
	struct explain *explain = block->explain;
	struct explain_again key;
	bool may_come_again = explain_again_key(explain, layer, (uint8_t)block->way, &key);
	size_t size_bytes = size_behind(block, layer);

	if (may_come_again && explain_again_print(explain, &key, size_bytes))
		return;
	make_header(block, layer);
	if (may_come_again)
		explain_again_keep(explain, &key);
	layout_size(&explain->layout, size_bytes);
	print_line(explain);
	if (layer->checksum == CHECKSUM_UNFINISHED && explain->unfinished++ == 0)
		print_aside(explain,
			    "Its checksum is not finished: that is left to the network card, which "
			    "the packet had not reached.");
}

/* What a kind of command or reply is for: said the first time. */
static void print_purpose(struct explain *explain, const struct dissector *dissector, uint16_t kind,
			  const char *purpose)
{
	const struct dissector *const *all = explain->options->dissectors;
	unsigned index = 1;

	while (all[index - 1] != NULL && all[index - 1] != dissector)
		index++;

	gpointer key = GUINT_TO_POINTER(index << 16 | kind);

	if (purpose == NULL || g_hash_table_contains(explain->purposes, key))
		return;
	g_hash_table_add(explain->purposes, key);
	print_aside(explain, purpose);
}

static void begin_data(struct block *block, const char *action, unsigned layer, const char *name)
{
	static const char *const actions[] = { "application", "send", "deliver", "application" };

	layout_begin(&block->explain->layout,
		     &(struct layout_front) {
			 .action = action != NULL ? action : actions[block->way],
			 .name = name,
			 .layer = layer,
			 .sign = ' ',
		     });
}

static void print_application_line(void *owner, const struct application_line *line)
{
	struct block *block = owner;
	int layer = -1;

	if (block->explain->options->colour)
		layer = view_layer_find(line->dissector->key);
	if (layer < 0)
		layer = LAYER_COUNT;
	block->has_told = block->has_told || !line->is_from_earlier;
	begin_data(block, line->is_from_earlier ? "  held" : NULL, (unsigned)layer,
		   line->dissector->name);
	layout_text(&block->explain->layout, bytes_of(line->summary));
	layout_size(&block->explain->layout, line->length);
	print_line(block->explain);
	print_purpose(block->explain, line->dissector, line->kind, line->purpose);
}

/* How unknown data begin, in hexadecimal and as text. */
static void append_start(GString *line, struct bytes data)
{
	static const char digits[] = "0123456789abcdef";
	struct bytes shown = bytes_first(data, DATA_BYTES_SHOWN);
	char *hex = text_room(line, 4 * shown.length + 1), *text = hex + 3 * shown.length + 1;

	for (size_t i = 0; i < shown.length; i++) {
		uint8_t byte = shown.data[i];

		*hex++ = digits[byte >> 4];
		*hex++ = digits[byte & 15];
		*hex++ = ' ';
	}
	*hex = ' ';
	ascii_print(shown, text);
	text_grow(line, 4 * shown.length + 1);
	if (shown.length < data.length)
		text_append(line, " …");
}

/* What becomes of a payload that is not told of with its packet. */
static const char *fate_of(const struct model_segment *segment)
{
	switch ((enum segment_order)segment->order) {
	case SEGMENT_EARLY:
		return ", held until those before them come";
	case SEGMENT_REPEATED:
	case SEGMENT_ELSEWHERE:
		return ", told of before";
	default:
		return "";
	}
}

/* "bytes 1 to 30 of what the client sends" */
static void append_place(GString *line, const struct model_segment *segment)
{
	text_append(line, "bytes ");
	text_number(line, segment->offset + 1);
	text_append(line, " to ");
	text_number(line, model_segment_end(segment));
	text_append(line, segment->direction->is_from_server ? " of what the server sends"
							     : " of what the client sends");
	text_append(line, fate_of(segment));
}

/* Payload that no dissector told of. */
static void print_data(struct block *block, const struct decode_layer *layer)
{
	const struct model_segment *segment = block->packet->account.segment;
	GString *line = block->explain->layout.line;

	begin_data(block, layer->is_quoted ? "  quoted" : NULL, LAYER_COUNT, "data");
	/* What a reset carries is of no stream, but for people (RFC 9293 section 3.5.3). */
	if (segment != NULL && model_segment_end(segment) > segment->offset && !layer->is_quoted &&
	    (segment->flags & TCP_RST) == 0)
		append_place(line, segment);
	else
		append_start(line,
			     bytes_first(bytes_from(block->explain->decode.frame, layer->start),
					 layer->header_bytes));
	layout_size(&block->explain->layout, layer->header_bytes + layer->cut_header_bytes);
	print_line(block->explain);
}

/* How much of the frame was captured, its FCS included. */
static size_t captured_bytes(const struct captured_frame *frame)
{
	return frame->bytes.length + (frame->has_fcs ? 4 : 0);
}

/* What of a payload is not here: for lack of room in the capture, or a header says more than the frame holds. */
static void print_cut(struct block *block, const struct decode_layer *layer)
{
	const struct captured_frame *frame = block->packet->frame;
	const char *where =
	    captured_bytes(frame) < frame->original_length ? "were captured" : "are in the frame";
	char text[80];

	if (layer->header_bytes == 0)
		g_snprintf(text, sizeof text, "None of these %u bytes %s.", layer->cut_header_bytes,
			   where);
	else
		g_snprintf(text, sizeof text, "Only %u of these %u bytes %s.", layer->header_bytes,
			   layer->header_bytes + layer->cut_header_bytes, where);
	print_aside(block->explain, text);
}

static bool is_data(const struct decode_layer *layer)
{
	return layer->protocol == DECODE_DATA || layer->protocol == DECODE_FRAGMENT;
}

static void print_payload(struct block *block)
{
	const struct decode *decode = &block->explain->decode;

	describe_application(&block->packet->account, print_application_line, block);
	for (unsigned i = 0; i < decode->layer_count; i++) {
		const struct decode_layer *layer = &decode->layers[i];

		if (!is_data(layer))
			continue;
		if (!block->has_told)
			print_data(block, layer);
		if (layer->cut_header_bytes > 0)
			print_cut(block, layer);
	}
}

/* The bytes of the segment itself are told of with it. */
static bool is_told_now(const struct model_segment *segment)
{
	return segment->order == SEGMENT_IN_ORDER || segment->order == SEGMENT_FILLS_GAP ||
	       segment->order == SEGMENT_AFTER_LOSS || segment->order == SEGMENT_PROBE;
}

/* What TLS puts around what was decrypted: the application says the rest of the payload. */
static void print_records(struct block *block)
{
	static const char *const actions[] = { "application", "encapsulate", "decapsulate",
					       "application" };
	const struct model_segment *segment = block->packet->account.segment;
	struct layout *layout = &block->explain->layout;
	bool is_sent = block->way == WAY_SENT;
	uint64_t around;

	if (segment == NULL || segment->direction->units->len == 0 || !is_told_now(segment))
		return;
	around = model_record_bytes(segment);
	if (around == 0)
		return;
	layout_begin(layout, &(struct layout_front) {
				 .action = actions[block->way],
				 .name = "TLS",
				 .layer = LAYER_TLS,
				 .sign = is_sent                      ? '+'
					 : block->way == WAY_RECEIVED ? '-'
								      : ' ',
				 .header_bytes = around,
			     });
	text_append(layout->line, is_sent
				      ? "application data, encrypted: headers and tags of records"
				      : "application data, decrypted: headers and tags of records");
	layout_size(layout, is_sent ? segment->length : segment->length - around);
	print_line(block->explain);
}

static void print_layers(struct block *block)
{
	const struct decode *decode = &block->explain->decode;
	unsigned count = decode->layer_count;

	if (block->way == WAY_SENT) {
		print_payload(block);
		print_records(block);
	}
	for (unsigned i = 0; i < count; i++) {
		/* What an error quotes is read from the outside in, whoever sends it. */
		const struct decode_layer *layer =
		    &decode->layers[block->way == WAY_SENT ? count - 1 - i : i];

		if (!is_data(layer) && layer->protocol != DECODE_PADDING)
			print_header(block, layer);
	}
	if (block->way != WAY_SENT) {
		print_records(block);
		print_payload(block);
	}
}

/* A run's own comment knows the sentence better: which programs act. */
static void make_sentence(struct block *block)
{
	const struct captured_frame *frame = block->packet->frame;
	GString *text = block->explain->text;

	text_empty(text);
	sentence_append_account(text, &block->packet->account);
	block->sentence = text_bytes(text);
	if (frame->comment_count > 0 && frame->comments[0].length > text->len &&
	    explain_comment_agrees(frame->comments[0], block->sentence))
		block->sentence = frame->comments[0];
	block->ascii_bytes = ascii_printable_bytes(block->sentence);
	if (block->ascii_bytes == block->sentence.length ||
	    block->sentence.data == (const uint8_t *)text->str)
		return;
	text_empty(text);
	explain_append_text(text, block->sentence);
	block->sentence = text_bytes(text);
}

/* What comes behind the dash is told elsewhere. */
static void append_short(struct layout *layout, const struct block *block)
{
	struct bytes title = block->sentence;

	if (block->ascii_bytes < title.length) /* else there is no dash either */
		title = bytes_first(title, sentence_short_bytes(title));
	if (title.length <= block->ascii_bytes)
		layout_ascii(layout, title);
	else
		text_append_bytes(layout->line, (const char *)title.data, title.length);
}

static void print_title(struct block *block)
{
	static const char *const beginnings[] = {
		[WAY_UNKNOWN] = " ",
		[WAY_SENT] = " ",
		[WAY_RECEIVED] = " receives: ",
		[WAY_TRANSIT] = " on its way: ",
	};
	struct explain *explain = block->explain;
	struct layout *layout = &explain->layout;

	layout_time(layout, block->packet->frame->time_ns - explain->first_ns);
	layout_look(layout, LAYOUT_BOLD);
	layout_ascii(layout, bytes_of(" "));
	layout_field(layout, explain_label(explain, block->packet), LABEL_COLUMNS);
	layout_ascii(layout, bytes_of(beginnings[block->way]));
	append_short(layout, block);
	layout_frame(layout, explain->frame);
	layout_print(layout, LAYOUT_EVENT_COLUMN);
}

/* A line about the packet as a whole. */
static void begin_note(struct explain *explain, const char *about)
{
	text_append(explain->layout.line, about);
	layout_pad(&explain->layout, LAYOUT_TEXT_COLUMN);
}

/* Comments that say more than the sentence does. */
static void print_comments(struct block *block)
{
	const struct captured_frame *frame = block->packet->frame;
	struct explain *explain = block->explain;

	for (unsigned i = 0; i < frame->comment_count; i++) {
		if (frame->comments[i].data == block->sentence.data ||
		    bytes_equal(frame->comments[i], block->sentence))
			continue;
		begin_note(explain, "  comment");
		explain_append_text(explain->layout.line, frame->comments[i]);
		print_line(explain);
	}
}

/* What of the frame is not here, or not right. */
static void print_damage(struct block *block)
{
	const struct captured_frame *frame = block->packet->frame;
	struct explain *explain = block->explain;
	size_t captured = captured_bytes(frame);

	if (frame->passed_bytes > 0) {
		begin_note(explain, "  damaged");
		g_string_append_printf(explain->layout.line,
				       "the capture, in front of this: %" G_GUINT64_FORMAT
				       " byte%s passed over",
				       frame->passed_bytes, plural(frame->passed_bytes));
		print_line(explain);
	}
	if (captured < frame->original_length) {
		begin_note(explain, "  captured");
		g_string_append_printf(explain->layout.line, "only the first %zu of %u bytes",
				       captured, frame->original_length);
		print_line(explain);
	}
	if (block->packet->is_fcs_wrong) {
		begin_note(explain, "  damaged");
		g_string_append_printf(explain->layout.line,
				       "the FCS 0x%08x is not that of these bytes: they changed "
				       "on the way",
				       frame->fcs);
		print_line(explain);
	}
	if (!decode_knows_link(block->packet->interface->link_type)) {
		g_string_append_printf(explain->layout.line, "  link type %u is not known here",
				       block->packet->interface->link_type);
		print_line(explain);
	}
}

void explain_block(struct explain *explain, const struct explained *packet)
{
	struct block block = { .explain = explain, .packet = packet, .way = way_of(packet) };

	make_sentence(&block);
	print_title(&block);
	print_comments(&block);
	print_damage(&block);
	print_layers(&block);
	layout_print_blank(&explain->layout);
}

static void append_decrypted(struct explain *explain)
{
	struct streams_decrypted records = streams_decrypted(explain->streams);
	GString *line = explain->layout.line;

	g_string_append_printf(line, "; %" G_GUINT64_FORMAT " TLS record%s decrypted", records.read,
			       plural(records.read));
	if (records.unread > 0)
		g_string_append_printf(
		    line, ", %" G_GUINT64_FORMAT " could not be: the secrets here do not fit",
		    records.unread);
}

void explain_summary(struct explain *explain, const struct explain_result *result)
{
	GString *line = explain->layout.line;

	g_string_append_printf(line, "%" G_GUINT64_FORMAT " frame%s", result->frames,
			       plural(result->frames));
	if (result->shown < result->frames)
		g_string_append_printf(line, ", %" G_GUINT64_FORMAT " of them shown",
				       result->shown);
	g_string_append_printf(line, "; %u TCP connection%s", streams_count(explain->streams),
			       plural(streams_count(explain->streams)));
	if (streams_forgotten(explain->streams) > 0)
		g_string_append_printf(
		    line,
		    " (%zu were forgotten for lack of room, and count again where they went on)",
		    streams_forgotten(explain->streams));
	if (streams_untold(explain->streams) > 0)
		g_string_append_printf(
		    line,
		    "; %" G_GUINT64_FORMAT " byte%s held to the end: those before them never came",
		    streams_untold(explain->streams), plural(streams_untold(explain->streams)));
	if (explain->unfinished > 0)
		g_string_append_printf(line,
				       "; %" G_GUINT64_FORMAT " checksum%s left to network cards",
				       explain->unfinished, plural(explain->unfinished));
	if (tls_secrets_count(streams_secrets(explain->streams)) > 0)
		append_decrypted(explain);
	layout_print(&explain->layout, 4);
}
