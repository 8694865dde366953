/* The blocks of the log: a title, and a line for each layer, read from the bytes. */
#include "protocols/layer.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/udp.h"
#include "views/log_private.h"
#include "views/middlebox.h"
#include "views/names.h"
#include "views/sentence.h"

#define SIZE_COLUMNS 8 /* "   185 B" */

/* Lines. */

/* What is too long for its place goes on below. */
static void append_size(struct log *log, size_t size_bytes)
{
	unsigned column = log_size_column(log) - SIZE_COLUMNS;

	if (log->options.columns != 0)
		columns_break(log->line, LOG_TEXT_COLUMN, column, log->rest);
	columns_pad(log->line, 0, column);
	g_string_append_printf(log->line, "%6zu B", size_bytes);
}

static void begin_line(struct log *log, const char *action, unsigned layer)
{
	GString *line = log->line;

	g_string_append_printf(line, "  %-12s", action);
	log_colour(line, log->options.colour, layer);
	g_string_append_printf(line, "%-9s", view_layer_name(layer));
}

static void append_change(struct log *log, char sign, size_t header_bytes)
{
	if (header_bytes > 0)
		g_string_append_printf(log->line, "%c %2zu B", sign, header_bytes);
	log_plain(log->line, log->options.colour);
	columns_pad(log->line, 0, LOG_TEXT_COLUMN);
}

/* Why it is said: the first time that a command or reply of this kind is seen. */
static void print_purpose(struct log *log, unsigned layer, const struct model_unit *unit)
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
	columns_pad(log->line, 0, LOG_TEXT_COLUMN);
	if (log->options.colour)
		g_string_append(log->line, "\033[3m");
	g_string_append(log->line, unit->purpose);
	log_plain(log->line, log->options.colour);
	log_print_line(log, LOG_TEXT_COLUMN);
}

/* What application bytes a segment carries: a line for each command, reply or piece of one. */
static void print_stream_units(struct log *log, const char *action,
			       const struct model_segment *segment)
{
	const struct model_direction *direction = segment->direction;
	const struct dissector *dissector = segment->connection->dissector;
	int layer = dissector == NULL ? -1 : view_layer_find(dissector->key);
	uint64_t end = segment->offset + segment->length;

	if (layer < 0 || !log_shows_layer(log, (unsigned)layer))
		return;
	for (unsigned i = model_unit_index(direction, segment->offset); i < direction->units->len;
	     i++) {
		const struct model_unit *unit = direction->units->pdata[i];

		if (unit->offset >= end)
			break;
		begin_line(log, action, (unsigned)layer);
		append_change(log, ' ', 0);
		g_string_append(log->line, unit->summary);
		append_size(log, MIN(end, unit->offset + unit->length) -
				     MAX(segment->offset, unit->offset));
		log_print_line(log, LOG_TEXT_COLUMN);
		print_purpose(log, (unsigned)layer, unit);
	}
}

/* The application data of a datagram, where a dissector knows its port. */
static void print_datagram_unit(struct log *log, const char *action, struct bytes frame)
{
	struct ethernet_header ethernet;
	struct ipv4_header ipv4;
	struct udp_header udp;
	struct bytes l3, l4, data;
	struct dissect_unit unit;

	if (ethernet_header_parse(frame, &ethernet, &l3) != PARSE_OK ||
	    ipv4_header_parse(l3, &ipv4, &l4) != PARSE_OK || ipv4.protocol != 17 ||
	    udp_header_parse(l4, &udp, &data) != PARSE_OK)
		return;
	for (const struct dissector *const *at = log->options.dissectors; *at != NULL; at++) {
		bool is_from_server = udp.source_port == (*at)->udp_ports[0];
		int layer = view_layer_find((*at)->key);

		if ((*at)->udp_ports[0] == 0 || layer < 0 ||
		    !log_shows_layer(log, (unsigned)layer) ||
		    (!is_from_server && udp.destination_port != (*at)->udp_ports[0]))
			continue;
		if ((*at)->dissect(&(struct dissect_input) { data, is_from_server, false, NULL },
				   &unit, 1) == 0)
			continue;
		begin_line(log, action, (unsigned)layer);
		append_change(log, ' ', 0);
		g_string_append(log->line, unit.summary);
		append_size(log, data.length);
		log_print_line(log, LOG_TEXT_COLUMN);
		return;
	}
}

static void print_application(struct log *log, const char *action, struct bytes frame)
{
	struct model_segment segment;

	if (model_find_segment(log->model, frame, &segment))
		print_stream_units(log, action, &segment);
	else
		print_datagram_unit(log, action, frame);
}

/* The detail's name says both what it is and why: "retransmission: timeout". */
static void append_retransmission(GString *line, const char *detail)
{
	const char *why = strstr(detail, ": ");

	g_string_append_printf(line, ", RETRANSMISSION%s", why == NULL ? "" : why);
}

static void print_header(struct log *log, const struct crossing *crossing,
			 const struct trace_record *record, struct bytes frame)
{
	bool is_added = record->kind == TRACE_ENCAPSULATE;
	struct log_measure size = {
		.header_bytes = record->header_bytes,
		.size_bytes = record->total_bytes,
	};
	size_t left_bytes;
	GString *text;

	if (!log_shows_layer(log, record->layer))
		return;
	text = g_string_new(NULL);
	log_describe(text, log->model, record->layer, frame, &size);
	begin_line(log, view_kind_name((enum trace_kind)record->kind), record->layer);
	append_change(log, is_added ? '+' : '-', size.header_bytes);
	g_string_append(log->line, text->str);
	if (record->flags & TRACE_RETRANSMIT)
		append_retransmission(log->line, view_detail_name(record));
	left_bytes = size.size_bytes - MIN(size.header_bytes + size.padding_bytes, size.size_bytes);
	append_size(log, is_added ? size.size_bytes : left_bytes);
	if (is_added && record->layer == LAYER_ETHERNET && crossing->sent != NULL)
		g_string_append(log->line, " + FCS ▶");
	log_print_line(log, LOG_TEXT_COLUMN);
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
	begin_line(log, "forward", record->layer);
	append_change(log, ' ', 0);
	if (middlebox_is_told(record)) {
		middlebox_describe(log->line, log->model, record);
	} else if (record->layer == LAYER_IPV4) {
		if (crossing->received != NULL && crossing->sent != NULL)
			log_describe_forward(log->line, crossing_received(crossing),
					     crossing_sent(crossing));
		else
			g_string_append_printf(log->line, "TTL %u → %u", (unsigned)record->before,
					       (unsigned)record->after);
		char address[IPV4_TEXT_BYTES];

		if (record->object != 0) {
			g_string_append_printf(log->line, "; route %s/%u by ",
					       ipv4_print((uint32_t)(record->object >> 8), address),
					       (unsigned)(record->object & 0xff));
			append_interface(log->line, log, crossing->node, record->interface);
		}
	} else {
		g_string_append_printf(log->line, "port %u → %u (%s), nothing added or removed",
				       (unsigned)record->before, (unsigned)record->after,
				       view_detail_name(record));
	}
	append_size(log, record->total_bytes);
	log_print_line(log, LOG_TEXT_COLUMN);
}

static void print_remark(struct log *log, const struct crossing *crossing,
			 const struct trace_record *record)
{
	if (!log_shows_layer(log, record->layer))
		return;
	bool is_ignored = record->kind == TRACE_DROP && view_drop_is_ordinary(record);

	begin_line(log, is_ignored ? "ignore" : view_kind_name((enum trace_kind)record->kind),
		   record->layer);
	append_change(log, ' ', 0);
	if (record->kind == TRACE_DROP && !is_ignored && log->options.colour)
		g_string_append(log->line, "\033[1;31m");
	if (middlebox_is_told(record))
		middlebox_describe(log->line, log->model, record);
	else
		g_string_append(log->line, view_detail_name(record));
	log_plain(log->line, log->options.colour);
	if (record->kind == TRACE_WAIT && crossing->last_ns > record->time_ns)
		g_string_append_printf(log->line, " (for %.3f ms)",
				       (double)(crossing->last_ns - record->time_ns) / 1e6);
	if (record->total_bytes > 0)
		append_size(log, record->total_bytes);
	log_print_line(log, LOG_TEXT_COLUMN);
}

/* Blocks. */

/* What the bytes are for is a line of its own in the block. */
static void append_first_sentence(struct log *log, struct bytes frame)
{
	GString *text = g_string_new(NULL);
	char *end;

	sentence_append(text, log->model, frame, log->options.dissectors);
	end = strstr(text->str, SENTENCE_DASH);
	g_string_append_len(log->line, text->str,
			    end == NULL ? (gssize)text->len : end - text->str);
	g_string_free(text, TRUE);
}

static void append_title(struct log *log, const struct crossing *crossing)
{
	const struct model_node *node = model_node(log->model, crossing->node);
	GString *line = log->line;

	if (crossing->received == NULL || crossing->sent == NULL) {
		if (crossing->received != NULL)
			g_string_append(line, "receives: ");
		append_first_sentence(log, crossing_frame(crossing));
	} else if (node->kind == NODE_SWITCH) {
		g_string_append(line, "switch: passes the frame on as it is");
	} else {
		g_string_append(line, "router: takes off one Ethernet header, puts on another");
	}
}

#define FRAME_COLUMNS 10 /* " frame 123" in front of the last column of sizes */

/* The frame number stands above the sizes; on a narrow terminal the title may take two lines. */
static void append_frame(struct log *log, uint64_t frame)
{
	unsigned column = log_size_column(log) - FRAME_COLUMNS;

	if (log_size_column(log) < LOG_SIZE_COLUMN &&
	    columns_break(log->line, LOG_EVENT_COLUMN, column, log->rest))
		columns_cut(log->rest, log_size_column(log) - LOG_EVENT_COLUMN);
	columns_cut(log->line, column);
	log_plain(log->line, log->options.colour);
	if (frame == 0)
		return;
	columns_pad(log->line, 0, column);
	g_string_append_printf(log->line, " frame %" G_GUINT64_FORMAT, frame);
}

static void print_title(struct log *log, const struct crossing *crossing)
{
	const struct model_interface *interface =
	    model_interface(log->model, crossing->node, crossing_interface(crossing));
	GString *line = log->line;

	log_append_time(line, crossing->last_ns);
	if (log->options.colour)
		g_string_append(line, LOG_BOLD);
	g_string_append_printf(line, " %-16s ",
			       interface != NULL ? interface->label
						 : model_node_name(log->model, crossing->node));
	append_title(log, crossing);
	append_frame(log, model_frame(log->model, crossing->packet));
	if (log->rest->len > 0 && log->options.colour) {
		g_string_prepend(log->rest, LOG_BOLD);
		log_plain(log->rest, true);
	}
	log_print_line(log, LOG_EVENT_COLUMN);
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
	case TRACE_WAIT:
	case TRACE_IMPAIR:
		print_remark(log, crossing, record);
		break;
	default:
		break;
	}
}

void log_print_crossing(struct log *log, const struct crossing *crossing)
{
	log_print_folded(log);
	print_title(log, crossing);
	if (crossing->received == NULL)
		print_application(log, "send", crossing_frame(crossing));
	for (guint i = 0; i < crossing->records->len; i++)
		print_record(log, crossing, crossing_record(crossing, i));
	if (crossing->received != NULL && crossing_was_delivered(crossing))
		print_application(log, "deliver", crossing_received(crossing));
	fputc('\n', log->options.out);
	if (log->options.crossing_printed != NULL)
		log->options.crossing_printed(log->options.owner, crossing);
}
