/* The blocks of the log: a title, and a line for each layer, read from the bytes. */
#include "protocols/layer.h"
#include "stack/wire/ipv4.h"
#include "views/describe.h"
#include "views/log_private.h"
#include "views/names.h"
#include "views/sentence.h"

/* Lines. */

void log_print_line(struct log *log)
{
	fprintf(log->options.out, "%s\n", log->line->str);
	g_string_truncate(log->line, 0);
}

/* Why it is said: the first time that a command or reply of this kind is seen. */
static void print_purpose(struct log *log, unsigned layer, const struct application_line *unit)
{
	char *key;

	if (unit->purpose == NULL)
		return;
	key = g_strdup_printf("why %u %u", layer, unit->kind);
	if (g_hash_table_contains(log->seen, key)) {
		g_free(key);
		return;
	}
	g_hash_table_add(log->seen, key);
	layout_pad(log->line, 0, LAYOUT_TEXT_COLUMN);
	if (log->options.colour)
		g_string_append(log->line, "\033[3m");
	g_string_append(log->line, unit->purpose);
	layout_plain(log->line, log->options.colour);
	log_print_line(log);
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
	layout_begin(log->line, log->options.colour, application->action, (unsigned)layer,
		     view_layer_name((unsigned)layer));
	layout_change(log->line, log->options.colour, ' ', 0);
	g_string_append(log->line, line->summary);
	layout_size(log->line, line->length);
	log_print_line(log);
	print_purpose(log, (unsigned)layer, line);
}

/* A line for each command, reply, message or piece of one. */
static void print_application(struct log *log, const char *action, struct bytes frame)
{
	struct application application = { log, action };
	struct decode decode;
	struct model_segment segment;
	struct account account;

	model_account(log->model, frame, &decode, &segment, &account);
	describe_application(&account, print_application_line, &application);
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
	layout_begin(log->line, log->options.colour, view_kind_name((enum trace_kind)record->kind),
		     record->layer, view_layer_name(record->layer));
	layout_change(log->line, log->options.colour, is_added ? '+' : '-', size.header_bytes);
	g_string_append(log->line, text->str);
	if (record->flags & TRACE_RETRANSMIT)
		append_retransmission(log->line, view_detail_name(record));
	left_bytes = size.size_bytes - MIN(size.header_bytes + size.padding_bytes, size.size_bytes);
	layout_size(log->line, is_added ? size.size_bytes : left_bytes);
	if (is_added && record->layer == LAYER_ETHERNET && crossing->sent != NULL)
		g_string_append(log->line, " + FCS ▶");
	log_print_line(log);
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
	layout_begin(log->line, log->options.colour, "forward", record->layer,
		     view_layer_name(record->layer));
	layout_change(log->line, log->options.colour, ' ', 0);
	if (record->layer == LAYER_IPV4) {
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
	layout_size(log->line, record->total_bytes);
	log_print_line(log);
}

static void print_remark(struct log *log, const struct crossing *crossing,
			 const struct trace_record *record)
{
	if (!log_shows_layer(log, record->layer))
		return;
	bool is_ignored = record->kind == TRACE_DROP && view_drop_is_ordinary(record);

	layout_begin(log->line, log->options.colour,
		     is_ignored ? "ignore" : view_kind_name((enum trace_kind)record->kind),
		     record->layer, view_layer_name(record->layer));
	layout_change(log->line, log->options.colour, ' ', 0);
	if (record->kind == TRACE_DROP && !is_ignored && log->options.colour)
		g_string_append(log->line, "\033[1;31m");
	g_string_append(log->line, view_detail_name(record));
	layout_plain(log->line, log->options.colour);
	if (record->kind == TRACE_WAIT && crossing->last_ns > record->time_ns)
		g_string_append_printf(log->line, " (for %.3f ms)",
				       (double)(crossing->last_ns - record->time_ns) / 1e6);
	if (record->total_bytes > 0)
		layout_size(log->line, record->total_bytes);
	log_print_line(log);
}

/* Blocks. */

/* What the bytes are for is a line of its own in the block. */
static void append_first_sentence(struct log *log, struct bytes frame)
{
	GString *text = g_string_new(NULL);
	char *end;

	sentence_append(text, log->model, frame);
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

static void print_title(struct log *log, const struct crossing *crossing)
{
	const struct model_interface *interface =
	    model_interface(log->model, crossing->node, crossing_interface(crossing));
	uint64_t frame = model_frame(log->model, crossing->packet);
	GString *line = log->line;

	layout_time(line, crossing->last_ns);
	if (log->options.colour)
		g_string_append(line, "\033[1m");
	g_string_append_printf(line, " %-16s ",
			       interface != NULL ? interface->label
						 : model_node_name(log->model, crossing->node));
	append_title(log, crossing);
	layout_cut(line, LAYOUT_FRAME_COLUMN);
	layout_plain(line, log->options.colour);
	if (frame != 0) {
		layout_pad(line, 0, LAYOUT_FRAME_COLUMN);
		g_string_append_printf(line, " frame %" G_GUINT64_FORMAT, frame);
	}
	log_print_line(log);
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
}
