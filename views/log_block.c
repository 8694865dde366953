/* The blocks of the log: a title, and a line for each layer, read from the bytes. */
#include "protocols/layer.h"
#include "sim/time.h"
#include "stack/names.h"
#include "stack/tcp/names.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "views/describe.h"
#include "views/log_private.h"
#include "views/middlebox.h"
#include "views/names.h"
#include "views/sentence.h"
#include "views/text.h"

/* Lines. */

static void begin_line(struct log *log, const char *action, unsigned layer, char sign,
		       size_t header_bytes)
{
	layout_begin(&log->layout, &(struct layout_front) { action, view_layer_name(layer), layer,
							    sign, header_bytes });
}

static void end_line(struct log *log)
{
	layout_print(&log->layout, LAYOUT_TEXT_COLUMN);
}

/* Why it is said: the first time that a command or reply of this kind is seen. */
static void print_purpose(struct log *log, unsigned layer, const struct application_line *unit)
{
	char *key;

	if (unit->purpose == NULL)
		return;
	key = g_strdup_printf("why %u %u", layer, unit->kind);
	if (!log->options.repeat_purposes && g_hash_table_contains(log->seen, key)) {
		g_free(key);
		return;
	}
	g_hash_table_add(log->seen, key);
	layout_pad(&log->layout, LAYOUT_TEXT_COLUMN);
	layout_look(&log->layout, LAYOUT_ITALIC);
	g_string_append(log->layout.line, unit->purpose);
	layout_plain(&log->layout);
	end_line(log);
}

/* What TCP says of a segment that neither carries something new nor acknowledges what has just come. */
static bool is_told(unsigned detail)
{
	switch (detail) {
	case TCP_ACK_DUPLICATE:
	case TCP_ACK_WINDOW:
	case TCP_ACK_CHALLENGE:
	case TCP_PROBE_TAIL:
	case TCP_PROBE_WINDOW:
	case TCP_PROBE_KEEPALIVE:
		return true;
	default:
		return false;
	}
}

/* What one end of a crossing does with application data. */
struct application {
	struct log *log;
	const char *action;
};

static void print_application_line(void *owner, const struct application_line *line)
{
	const struct application *application = owner;
	struct log *log = application->log;
	int layer = view_layer_find(line->dissector->key);

	if (layer < 0 || !log_shows_layer(log, (unsigned)layer))
		return;
	begin_line(log, line->is_from_earlier ? "  held" : application->action, (unsigned)layer,
		   ' ', 0);
	g_string_append(log->layout.line, line->summary);
	if (line->changed != NULL) {
		layout_look(&log->layout, LAYOUT_ALARM);
		g_string_append_printf(log->layout.line, "; changed on the way: %s", line->changed);
		layout_plain(&log->layout);
	}
	layout_size(&log->layout, line->length);
	end_line(log);
	print_purpose(log, (unsigned)layer, line);
}

/* What TLS puts around the lines above it, or took off those below. */
static void print_records(struct log *log, const struct crossing *crossing, bool is_sent,
			  struct bytes frame)
{
	struct decode decode;
	struct model_segment segment;
	struct account account;
	uint64_t around;

	if (!log_shows_layer(log, LAYER_TLS))
		return;
	log_account(log, crossing, frame, &decode, &segment, &account);
	if (account.segment == NULL)
		return;
	segment.length += segment.released_bytes;
	around = model_record_bytes(&segment);
	if (around == 0)
		return;
	begin_line(log, is_sent ? "encapsulate" : "decapsulate", LAYER_TLS, is_sent ? '+' : '-',
		   around);
	g_string_append(log->layout.line,
			is_sent ? "application data, encrypted: headers and tags of records"
				: "application data, decrypted: headers and tags of records");
	layout_size(&log->layout, is_sent ? segment.length : segment.length - around);
	end_line(log);
}

/* A line for each command, reply, message or piece of one. */
static void print_application(struct log *log, const struct crossing *crossing, const char *action,
			      struct bytes frame)
{
	struct application application = { log, action };
	struct decode decode;
	struct model_segment segment;
	struct account account;

	log_account(log, crossing, frame, &decode, &segment, &account);
	describe_application(&account, print_application_line, &application);
}

/* The detail's name says both what it is and why: "retransmission: timeout". */
static void append_retransmission(struct log *log, const struct trace_record *record)
{
	const char *why = strstr(view_detail_name(record), ": ");

	g_string_append_printf(log->layout.line, ", %s%s",
			       model_is_again(log->model, record->packet)
				   ? "RETRANSMISSION"
				   : "made again, on no wire before",
			       why == NULL ? "" : why);
}

/* What its sender says of a segment, or what its receiver makes of it. */
static void append_remark(struct log *log, const struct trace_record *record)
{
	GString *line = log->layout.line;

	if (record->layer != LAYER_TCP)
		return;
	if (record->flags & TRACE_RETRANSMIT)
		append_retransmission(log, record);
	else if (record->kind == TRACE_ENCAPSULATE && is_told(record->detail))
		g_string_append_printf(line, ", %s", view_detail_name(record));
	else if (record->kind == TRACE_DECAPSULATE && log->news.released_end > 0)
		g_string_append_printf(
		    line, ", fills a gap: %" G_GUINT64_FORMAT " B held behind it follow",
		    log->news.released_end - record->before - record->after);
}

/* Why what came is not handed on. */
static void print_held(struct log *log, const struct trace_record *record)
{
	if (record->kind != TRACE_DECAPSULATE || record->layer != LAYER_TCP || !log_is_early(log))
		return;
	begin_line(log, "hold", LAYER_TCP, ' ', 0);
	g_string_append_printf(log->layout.line,
			       "OUT OF ORDER: held until bytes %" G_GUINT64_FORMAT
			       " to %" G_GUINT64_FORMAT " have come",
			       log->news.missing_begin + 1, log->news.missing_end);
	layout_size(&log->layout, record->after);
	end_line(log);
}

static void print_header(struct log *log, const struct crossing *crossing,
			 const struct trace_record *record, struct bytes frame)
{
	bool is_added = record->kind == TRACE_ENCAPSULATE;
	struct log_measure size = {
		.header_bytes = record->header_bytes,
		.size_bytes = record->total_bytes,
	};
	struct decode decode;
	struct model_segment segment;
	struct account account;
	size_t left_bytes;
	GString *text;

	if (!log_shows_layer(log, record->layer))
		return;
	text = g_string_new(NULL);
	log_account(log, crossing, frame, &decode, &segment, &account);
	log_describe(text, &account, record->layer, &size);
	begin_line(log, view_kind_name((enum trace_kind)record->kind), record->layer,
		   is_added ? '+' : '-', size.header_bytes);
	g_string_append(log->layout.line, text->str);
	append_remark(log, record);
	left_bytes = size.size_bytes - MIN(size.header_bytes + size.padding_bytes, size.size_bytes);
	layout_size(&log->layout, is_added ? size.size_bytes : left_bytes);
	if (is_added && record->layer == LAYER_ETHERNET && crossing->sent != NULL)
		g_string_append(log->layout.line, " + FCS ▶");
	end_line(log);
	print_held(log, record);
	g_string_free(text, TRUE);
}

static void append_interface(GString *out, const struct log *log, uint32_t node, unsigned index)
{
	const struct model_interface *interface = model_interface(log->model, node, index);

	g_string_append(out, interface == NULL ? "?" : interface->name);
}

static void print_forward(struct log *log, const struct crossing *crossing,
			  const struct trace_record *record)
{
	if (!log_shows_layer(log, record->layer))
		return;
	begin_line(log, "forward", record->layer, ' ', 0);
	if (middlebox_is_told(record)) {
		middlebox_describe(log->layout.line, log->model, record);
	} else if (record->layer == LAYER_IPV4) {
		if (crossing->received != NULL && crossing_outgoing(crossing).length > 0)
			log_describe_forward(log->layout.line, crossing_received(crossing),
					     crossing_outgoing(crossing));
		else
			g_string_append_printf(log->layout.line, "TTL %u → %u",
					       (unsigned)record->before, (unsigned)record->after);
		char address[IPV4_TEXT_BYTES];

		if (record->object != 0) {
			g_string_append_printf(log->layout.line, "; route %s/%u by ",
					       ipv4_print((uint32_t)(record->object >> 8), address),
					       (unsigned)(record->object & 0xff));
			append_interface(log->layout.line, log, crossing->node, record->interface);
		}
	} else {
		g_string_append_printf(
		    log->layout.line, "port %u → %u (%s), nothing added or removed",
		    (unsigned)record->before, (unsigned)record->after, view_detail_name(record));
	}
	layout_size(&log->layout, record->total_bytes);
	end_line(log);
}

void log_append_duration(GString *line, int64_t duration_ns)
{
	bool is_long = duration_ns >= NS_PER_S;

	g_string_append_printf(line, "%.3f %s",
			       (double)duration_ns / (double)(is_long ? NS_PER_S : NS_PER_MS),
			       is_long ? "s" : "ms");
}

static void print_remark(struct log *log, const struct crossing *crossing,
			 const struct trace_record *record)
{
	if (!log_shows_layer(log, record->layer))
		return;
	begin_line(log, view_kind_name((enum trace_kind)record->kind), record->layer, ' ', 0);
	if (record->kind == TRACE_DROP)
		layout_look(&log->layout, LAYOUT_ALARM);
	if (middlebox_is_told(record))
		middlebox_describe(log->layout.line, log->model, record);
	else
		g_string_append(log->layout.line, view_detail_name(record));
	layout_plain(&log->layout);
	if (record->kind == TRACE_WAIT && crossing->last_ns > record->time_ns) {
		g_string_append(log->layout.line, " (for ");
		log_append_duration(log->layout.line, crossing->last_ns - record->time_ns);
		g_string_append_c(log->layout.line, ')');
	}
	if (record->total_bytes > 0)
		layout_size(&log->layout, record->total_bytes);
	end_line(log);
}

/* Whether the cable there is a dial-up line. */
static bool is_dialled(const struct log *log, const struct trace_record *record)
{
	const struct model_interface *interface =
	    model_interface(log->model, trace_node_of(record->id), record->interface);

	return interface != NULL && lines_find(model_lines(log->model), interface->link) != NULL;
}

/* A frame waits until those in front of it are on the wire. */
static void print_queued(struct log *log, const struct crossing *crossing,
			 const struct trace_record *record)
{
	bool is_long = (int64_t)record->before >= LOG_QUEUE_NS;
	GString *line = log->layout.line;

	if (record->before == 0 || (!is_long && !log->options.unfold) ||
	    !log_shows_layer(log, LAYER_LINK))
		return;
	begin_line(log, "queue", LAYER_LINK, ' ', 0);
	log_append_duration(line, (int64_t)record->before);
	g_string_append(line, is_dialled(log, record) ? " for the line, or behind other frames"
						      : " behind other frames");
	if (model_node(log->model, crossing->node)->kind == NODE_SWITCH) {
		g_string_append(line, " at ");
		append_interface(line, log, crossing->node, record->interface);
	}
	end_line(log);
}

/* A datagram was cut into fragments, or put together from them: said once, with the last. */
static void print_derived(struct log *log, const struct crossing *crossing,
			  const struct trace_record *record)
{
	bool is_cut = record->detail == IPV4_FRAGMENT;
	struct bytes frame = is_cut ? crossing_sent(crossing) : crossing_received(crossing);
	unsigned number = 0, count = 0;

	if (record->layer != LAYER_IPV4 || !crossing->is_off_wire ||
	    !log_shows_layer(log, LAYER_IPV4))
		return;
	for (guint i = 0; i < crossing->records->len; i++) {
		const struct trace_record *other = crossing_record(crossing, i);

		if (other->kind != TRACE_DERIVE || other->detail != record->detail)
			continue;
		count++;
		number += other->id <= record->id;
	}
	if (number < count)
		return;
	begin_line(log, is_cut ? "fragment" : "reassemble", LAYER_IPV4, ' ', 0);
	g_string_append_printf(log->layout.line, is_cut ? "more than the MTU: " : "whole again: ");
	log_describe_fragments(log->layout.line, frame, count);
	layout_size(&log->layout, frame.length - ETHERNET_HEADER_BYTES);
	end_line(log);
}

/* Blocks. */

/* What the bytes are for is a line of its own in the block. */
static void append_first_sentence(struct log *log, const struct crossing *crossing)
{
	GString *text = g_string_new(NULL);
	struct decode decode;
	struct model_segment segment;
	struct account account;

	log_account(log, crossing, crossing_frame(crossing), &decode, &segment, &account);
	sentence_append_account(text, &account);
	text_append_bytes(log->layout.line, text->str, sentence_short_bytes(text_bytes(text)));
	g_string_free(text, TRUE);
}

static void append_title(struct log *log, const struct crossing *crossing)
{
	const struct model_node *node = model_node(log->model, crossing->node);
	GString *line = log->layout.line;

	if (crossing->received == NULL || crossing->sent == NULL) {
		if (crossing_is_loopback(crossing))
			g_string_append(line, crossing->received != NULL ? "from itself: "
									 : "to itself: ");
		else if (crossing->received != NULL)
			g_string_append(line, "receives: ");
		else if (crossing->unsent != NULL)
			g_string_append(line, "never sent: ");
		append_first_sentence(log, crossing);
	} else if (node->kind == NODE_SWITCH) {
		g_string_append(line, "switch: passes the frame on as it is");
	} else if (crossing->is_off_wire) {
		g_string_append(line, "router: takes off the Ethernet header, makes fragments");
	} else {
		g_string_append(line, "router: takes off one Ethernet header, puts on another");
	}
}

static void print_title(struct log *log, const struct crossing *crossing)
{
	const struct model_interface *interface =
	    model_interface(log->model, crossing->node, crossing_interface(crossing));
	GString *line = log->layout.line;

	layout_time(&log->layout, crossing->last_ns);
	layout_look(&log->layout, LAYOUT_BOLD);
	g_string_append_printf(line, " %-16s ",
			       interface != NULL ? interface->label
						 : model_node_name(log->model, crossing->node));
	append_title(log, crossing);
	layout_frame(&log->layout, model_frame(log->model, crossing->packet));
	layout_print(&log->layout, LAYOUT_EVENT_COLUMN);
}

static void print_record(struct log *log, const struct crossing *crossing,
			 const struct trace_record *record)
{
	switch (record->kind) {
	case TRACE_ENCAPSULATE:
		print_header(log, crossing, record, crossing_frame(crossing));
		break;
	case TRACE_DECAPSULATE:
		print_header(log, crossing, record, crossing_received(crossing));
		break;
	case TRACE_FORWARD:
		print_forward(log, crossing, record);
		break;
	case TRACE_DROP:
	case TRACE_IGNORE:
	case TRACE_WAIT:
	case TRACE_IMPAIR:
		print_remark(log, crossing, record);
		break;
	case TRACE_DERIVE:
		print_derived(log, crossing, record);
		break;
	case TRACE_TRANSMIT:
		print_queued(log, crossing, record);
		break;
	default:
		break;
	}
}

void log_print_crossing(struct log *log, const struct crossing *crossing)
{
	log_print_folded(log);
	print_title(log, crossing);
	if (crossing->received == NULL) {
		print_application(log, crossing, "send", crossing_frame(crossing));
		print_records(log, crossing, true, crossing_frame(crossing));
	}
	for (guint i = 0; i < crossing->records->len; i++)
		print_record(log, crossing, crossing_record(crossing, i));
	if (crossing->received != NULL && crossing_was_delivered(crossing) && !log_is_early(log)) {
		print_records(log, crossing, false, crossing_received(crossing));
		print_application(log, crossing, "deliver", crossing_received(crossing));
	}
	layout_print_blank(&log->layout);
	layout_flush(&log->layout);
	if (log->options.crossing_printed != NULL)
		log->options.crossing_printed(log->options.owner, crossing);
}
