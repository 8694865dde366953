#include "views/log.h"

#include "protocols/layer.h"
#include "sim/time.h"
#include "stack/names.h"
#include "stack/tcp/names.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp.h"
#include "stack/wire/udp.h"
#include "views/log_private.h"
#include "views/names.h"
#include "views/sentence.h"

/* Why a block is folded away. */
enum fold {
	FOLD_NOT,
	FOLD_ARP,      /* address resolution: the block that waited for it says so */
	FOLD_SWITCH,   /* a switch that was seen at work before */
	FOLD_ROUTER,   /* likewise a router */
	FOLD_CONTROL,  /* acknowledgements, handshakes and the like, as shown before */
	FOLD_COUNT,
};

static const char *const fold_names[] = {
	[FOLD_ARP] = "ARP",
	[FOLD_SWITCH] = "at switches",
	[FOLD_ROUTER] = "at routers",
	[FOLD_CONTROL] = "of TCP without data",
};

struct log {
	const struct model *model;
	struct log_options options;
	struct crossings *crossings;
	GHashTable *seen;       /* signatures of blocks shown in full already */
	unsigned folded[FOLD_COUNT]; /* since the last block, and in all */
	unsigned folded_total[FOLD_COUNT];
	GString *line;
};

/* What is shown at all. */

static bool layer_is_shown(const struct log *log, unsigned layer)
{
	return log->options.layers == 0 || (log->options.layers & UINT64_C(1) << layer) != 0;
}

static bool node_is_shown(const struct log *log, uint32_t node)
{
	return log->options.nodes == NULL || log->options.nodes[node];
}

/* Does this root, or a unit that the segment carries, belong to the mail that was asked for? */
static bool belongs_to_message(const struct log *log, uint64_t root, struct bytes frame)
{
	const struct model_mail *wanted = model_mail(log->model, log->options.message - 1);
	struct model_segment segment;

	if (log->options.message == 0)
		return true;
	if (wanted == NULL)
		return false;
	if (root == wanted->root)
		return true;
	if (frame.length == 0 || !model_find_segment(log->model, frame, &segment))
		return false;
	for (unsigned i = model_unit_index(segment.direction, segment.offset);
	     i < segment.direction->units->len; i++) {
		const struct model_unit *unit = segment.direction->units->pdata[i];

		if (unit->offset >= segment.offset + segment.length)
			break;
		if (unit->root == wanted->root)
			return true;
	}
	return false;
}

/* Lines. */

static void print_line(struct log *log)
{
	fprintf(log->options.out, "%s\n", log->line->str);
	g_string_truncate(log->line, 0);
}

/* "1.004 812 s": seconds with milliseconds and microseconds apart. */
static void append_time(GString *out, int64_t time_ns)
{
	int64_t us = time_ns / NS_PER_US;

	g_string_append_printf(out, "%4" G_GINT64_FORMAT ".%03d %03d s ", us / 1000000,
	                       (int)(us / 1000 % 1000), (int)(us % 1000));
}

static void append_size(GString *line, size_t size_bytes)
{
	log_pad(line, 0, LOG_SIZE_COLUMN - 8);
	g_string_append_printf(line, "%6zu B", size_bytes);
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
	log_pad(log->line, 0, LOG_TEXT_COLUMN);
}

/* Why it is said: the first time that a command or reply of this kind is seen. */
static void print_purpose(struct log *log, unsigned layer, const struct model_unit *unit)
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
	log_pad(log->line, 0, LOG_TEXT_COLUMN);
	if (log->options.colour)
		g_string_append(log->line, "\033[3m");
	g_string_append(log->line, unit->purpose);
	log_plain(log->line, log->options.colour);
	print_line(log);
}

/* What application bytes a segment carries: a line for each command, reply or piece of one. */
static void print_stream_units(struct log *log, const char *action,
                               const struct model_segment *segment)
{
	const struct model_direction *direction = segment->direction;
	const struct dissector *dissector = segment->connection->dissector;
	int layer = dissector == NULL ? -1 : view_layer_find(dissector->key);
	uint64_t end = segment->offset + segment->length;

	if (layer < 0 || !layer_is_shown(log, (unsigned)layer))
		return;
	for (unsigned i = model_unit_index(direction, segment->offset);
	     i < direction->units->len; i++) {
		const struct model_unit *unit = direction->units->pdata[i];

		if (unit->offset >= end)
			break;
		begin_line(log, action, (unsigned)layer);
		append_change(log, ' ', 0);
		g_string_append(log->line, unit->summary);
		append_size(log->line, MIN(end, unit->offset + unit->length) -
		                           MAX(segment->offset, unit->offset));
		print_line(log);
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

		if ((*at)->udp_ports[0] == 0 || layer < 0 || !layer_is_shown(log, (unsigned)layer) ||
		    (!is_from_server && udp.destination_port != (*at)->udp_ports[0]))
			continue;
		if ((*at)->dissect(&(struct dissect_input) { data, is_from_server, false, NULL },
		                   &unit, 1) == 0)
			continue;
		begin_line(log, action, (unsigned)layer);
		append_change(log, ' ', 0);
		g_string_append(log->line, unit.summary);
		append_size(log->line, data.length);
		print_line(log);
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
	size_t header_bytes = record->header_bytes, size_bytes = record->total_bytes;
	GString *text;

	if (!layer_is_shown(log, record->layer))
		return;
	text = g_string_new(NULL);
	log_describe(text, log->model, record->layer, frame, &header_bytes, &size_bytes);
	begin_line(log, view_kind_name((enum trace_kind)record->kind), record->layer);
	append_change(log, is_added ? '+' : '-', header_bytes);
	g_string_append(log->line, text->str);
	if (record->flags & TRACE_RETRANSMIT)
		append_retransmission(log->line, view_detail_name(record));
	append_size(log->line, is_added ? size_bytes : size_bytes - MIN(header_bytes, size_bytes));
	if (is_added && record->layer == LAYER_ETHERNET && crossing->sent != NULL)
		g_string_append(log->line, " ▶");
	print_line(log);
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
	if (!layer_is_shown(log, record->layer))
		return;
	begin_line(log, "forward", record->layer);
	append_change(log, ' ', 0);
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
	append_size(log->line, record->total_bytes);
	print_line(log);
}

static void print_remark(struct log *log, const struct crossing *crossing,
                         const struct trace_record *record)
{
	if (!layer_is_shown(log, record->layer))
		return;
	begin_line(log, view_kind_name((enum trace_kind)record->kind), record->layer);
	append_change(log, ' ', 0);
	if (record->kind == TRACE_DROP && log->options.colour)
		g_string_append(log->line, "\033[1;31m");
	g_string_append(log->line, view_detail_name(record));
	log_plain(log->line, log->options.colour);
	if (record->kind == TRACE_WAIT && crossing->last_ns > record->time_ns)
		g_string_append_printf(log->line, " (for %.3f ms)",
		                       (double)(crossing->last_ns - record->time_ns) / 1e6);
	if (record->total_bytes > 0)
		append_size(log->line, record->total_bytes);
	print_line(log);
}

/* Blocks. */

/* What the bytes are for is a line of its own in the block. */
static void append_first_sentence(struct log *log, struct bytes frame)
{
	GString *text = g_string_new(NULL);
	char *end;

	sentence_append(text, log->model, frame, log->options.dissectors);
	end = strstr(text->str, ". ");
	g_string_append_len(log->line, text->str, end == NULL ? (gssize)text->len : end - text->str);
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

	append_time(line, crossing->last_ns);
	if (log->options.colour)
		g_string_append(line, "\033[1m");
	g_string_append_printf(line, " %-16s ",
	                       interface != NULL ? interface->label
	                                         : model_node_name(log->model, crossing->node));
	append_title(log, crossing);
	log_plain(line, log->options.colour);
	if (frame != 0) {
		log_pad(line, 0, LOG_SIZE_COLUMN - 10);
		g_string_append_printf(line, " frame %" G_GUINT64_FORMAT, frame);
	}
	print_line(log);
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

/* "3 ARP, 2 at switches"; false when nothing was folded. */
static bool append_folded(GString *out, const unsigned *folded)
{
	bool has_any = false;

	for (int i = 0; i < FOLD_COUNT; i++) {
		if (folded[i] == 0)
			continue;
		g_string_append_printf(out, "%s%u %s", has_any ? ", " : "", folded[i], fold_names[i]);
		has_any = true;
	}
	return has_any;
}

static void print_folded(struct log *log)
{
	GString *what = g_string_new(NULL);

	if (append_folded(what, log->folded)) {
		if (log->options.colour)
			g_string_append(log->line, "\033[2m");
		g_string_append_printf(log->line, "                  … %s", what->str);
		log_plain(log->line, log->options.colour);
		print_line(log);
		fputc('\n', log->options.out);
	}
	for (int i = 0; i < FOLD_COUNT; i++) {
		log->folded_total[i] += log->folded[i];
		log->folded[i] = 0;
	}
	g_string_free(what, TRUE);
}

void log_print_crossing(struct log *log, const struct crossing *crossing)
{
	print_folded(log);
	print_title(log, crossing);
	if (crossing->received == NULL)
		print_application(log, "send", crossing_frame(crossing));
	for (guint i = 0; i < crossing->records->len; i++)
		print_record(log, crossing, crossing_record(crossing, i));
	if (crossing->received != NULL && crossing_was_delivered(crossing))
		print_application(log, "deliver", crossing_received(crossing));
	fputc('\n', log->options.out);
}

/* Folding: what repeats is shown the first time only. */

static bool carries_application_data(const struct log *log, struct bytes frame)
{
	struct model_segment segment;
	struct ethernet_header ethernet;
	struct ipv4_header ipv4;
	struct bytes l3, l4;

	if (model_find_segment(log->model, frame, &segment))
		return segment.length > 0;
	return ethernet_header_parse(frame, &ethernet, &l3) == PARSE_OK &&
	       ipv4_header_parse(l3, &ipv4, &l4) == PARSE_OK;
}

static bool is_remarkable(const struct crossing *crossing)
{
	for (guint i = 0; i < crossing->records->len; i++) {
		const struct trace_record *record = crossing_record(crossing, i);

		if (record->flags & (TRACE_RETRANSMIT | TRACE_CORRUPTED))
			return true;
		if (record->kind == TRACE_IMPAIR)
			return true;
		if (record->kind == TRACE_DROP && !view_drop_is_ordinary(record))
			return true;
	}
	return false;
}

/* What makes two blocks alike: the node, what was done at which layers, the kind of segment. */
static char *signature(const struct log *log, const struct crossing *crossing)
{
	GString *text = g_string_new(NULL);
	struct model_segment segment;

	g_string_append_printf(text, "%u", crossing->node);
	for (guint i = 0; i < crossing->records->len; i++) {
		const struct trace_record *record = crossing_record(crossing, i);

		if (record->kind != TRACE_TRANSMIT && record->kind != TRACE_RECEIVE &&
		    record->kind != TRACE_WAIT)
			g_string_append_printf(text, " %u.%u.%u", record->kind, record->layer,
			                       record->detail);
	}
	if (crossing->received == NULL || crossing->sent == NULL)
		if (model_find_segment(log->model, crossing_frame(crossing), &segment))
			g_string_append_printf(text, " flags %u", segment.flags);
	return g_string_free(text, FALSE);
}

static bool is_arp(struct bytes frame)
{
	struct ethernet_header ethernet;
	struct bytes payload;

	return ethernet_header_parse(frame, &ethernet, &payload) == PARSE_OK &&
	       ethernet.type == ETHERTYPE_ARP;
}

static enum fold kind_of_repetition(const struct log *log, const struct crossing *crossing)
{
	if (crossing->received == NULL || crossing->sent == NULL)
		return FOLD_CONTROL;
	return model_node(log->model, crossing->node)->kind == NODE_SWITCH ? FOLD_SWITCH : FOLD_ROUTER;
}

static enum fold how_to_fold(struct log *log, const struct crossing *crossing)
{
	bool is_at_end = crossing->received == NULL || crossing->sent == NULL;
	char *key;

	if (log->options.unfold || log->options.layers & UINT64_C(1) << LAYER_ARP)
		return FOLD_NOT;
	if (is_arp(crossing_frame(crossing)))
		return FOLD_ARP;
	if (is_remarkable(crossing) ||
	    (is_at_end && carries_application_data(log, crossing_frame(crossing))))
		return FOLD_NOT;
	key = signature(log, crossing);
	if (g_hash_table_contains(log->seen, key)) {
		g_free(key);
		return kind_of_repetition(log, crossing);
	}
	g_hash_table_add(log->seen, key);
	return FOLD_NOT;
}

/* Application lines are printed only where the bytes are made or used up. */
static bool shows_application(const struct log *log, const struct crossing *crossing)
{
	struct model_segment segment;

	if (crossing->received != NULL && !crossing_was_delivered(crossing))
		return false;
	if (!model_find_segment(log->model, crossing_frame(crossing), &segment))
		return layer_is_shown(log, LAYER_DNS);
	return segment.length > 0 && segment.connection->dissector != NULL &&
	       layer_is_shown(log, (unsigned)view_layer_find(segment.connection->dissector->key));
}

static bool has_shown_layer(const struct log *log, const struct crossing *crossing)
{
	for (guint i = 0; i < crossing->records->len; i++)
		if (layer_is_shown(log, crossing_record(crossing, i)->layer))
			return true;
	return shows_application(log, crossing);
}

static void print_or_fold(void *owner, const struct crossing *crossing)
{
	struct log *log = owner;

	if (!node_is_shown(log, crossing->node) ||
	    !belongs_to_message(log, crossing->root, crossing_frame(crossing)) ||
	    !has_shown_layer(log, crossing))
		return;
	enum fold fold = how_to_fold(log, crossing);

	if (fold == FOLD_NOT)
		log_print_crossing(log, crossing);
	else
		log->folded[fold]++;
}

struct log *log_new(const struct model *model, const struct log_options *options)
{
	struct log *log = g_new0(struct log, 1);

	log->model = model;
	log->options = *options;
	log->crossings = crossings_new(print_or_fold, log);
	log->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	log->line = g_string_new(NULL);
	return log;
}

/* Events of programs and users. */

static const char *mail_actor(const struct trace_record *record)
{
	switch (record->detail) {
	case MAIL_COMPOSED:
	case MAIL_OUTBOX:
	case MAIL_RETRIEVED:
	case MAIL_READ:
		return "MUA";
	case MAIL_SUBMITTED:
	case MAIL_CHECKED:
		return "MSA";
	case MAIL_DELIVERED:
	case MAIL_DUPLICATE:
		return "MDA";
	default:
		return "MTA";
	}
}

/* Bytes of a record as one line of text; NULs part what they hold. */
static void append_text(GString *out, struct bytes bytes)
{
	for (size_t i = 0; i < bytes.length && i < 60; i++)
		g_string_append_c(out, bytes.data[i] == '\0'                                 ? ' '
		                       : bytes.data[i] < 0x20 || bytes.data[i] >= 0x7f ? '.'
		                                                                       : (char)bytes.data[i]);
}

static void begin_event(struct log *log, const struct trace_record *record, const char *mark)
{
	append_time(log->line, record->time_ns);
	g_string_append_printf(log->line, " %-16s ",
	                       model_node_name(log->model, trace_node_of(record->id)));
	log_colour(log->line, log->options.colour,
	           record->kind == TRACE_ACTION ? LAYER_USER : record->layer);
	g_string_append(log->line, mark);
}

static void print_mail(struct log *log, const struct trace_record *record, struct bytes bytes)
{
	const struct model_mail *mail = model_mail_by_root(log->model, record->root);

	begin_event(log, record, "✉ ");
	if (mail != NULL)
		g_string_append_printf(log->line, "mail %u  ", mail->number);
	g_string_append_printf(log->line, "%s: %s", mail_actor(record), view_detail_name(record));
	if (mail != NULL && (record->detail == MAIL_COMPOSED || record->detail == MAIL_NOTIFIED)) {
		g_string_append_printf(log->line, "  %s → %s  \"%s\"", mail->from, mail->to,
		                       mail->subject);
	} else if (record->detail != MAIL_RETRIEVED && record->detail != MAIL_OUTBOX) {
		g_string_append(log->line, "  ");
		append_text(log->line, bytes);
	}
}

/* Events of programs and users: a line of their own between the blocks. */
static void feed_event(struct log *log, const struct trace_record *record, struct bytes bytes)
{
	crossings_settle(log->crossings);
	if (!node_is_shown(log, trace_node_of(record->id)) || !layer_is_shown(log, record->layer) ||
	    !belongs_to_message(log, record->root, (struct bytes) { 0 }))
		return;
	if (record->kind == TRACE_ACTION)
		print_folded(log);
	switch (record->kind) {
	case TRACE_ACTION:
		begin_event(log, record, "● ");
		append_text(log->line, bytes);
		break;
	case TRACE_MAIL:
		print_mail(log, record, bytes);
		break;
	case TRACE_PHASE:
		begin_event(log, record, "◦ ");
		g_string_append_printf(log->line, "%s session: %s", view_layer_name(record->layer),
		                       view_detail_name(record));
		break;
	default:
		begin_event(log, record, "· ");
		g_string_append_printf(log->line, "%s %s: %s", view_layer_name(record->layer),
		                       view_kind_name((enum trace_kind)record->kind),
		                       view_detail_name(record));
		break;
	}
	log_plain(log->line, log->options.colour);
	print_line(log);
	if (record->kind == TRACE_ACTION)
		fputc('\n', log->options.out);
}

void log_feed(struct log *log, const struct trace_record *record, struct bytes bytes)
{
	switch (record->kind) {
	case TRACE_ACTION:
	case TRACE_PHASE:
	case TRACE_MAIL:
		feed_event(log, record, bytes);
		break;
	case TRACE_STATE:
	case TRACE_TABLE:
		if (log->options.unfold)
			feed_event(log, record, bytes);
		break;
	default:
		crossings_feed(log->crossings, record, bytes);
		break;
	}
}

void log_finish(struct log *log)
{
	crossings_finish(log->crossings);
	print_folded(log);
	if (append_folded(log->line, log->folded_total)) {
		g_string_prepend(log->line, "folded away as repetitions: ");
		g_string_append(log->line, " (--unfold shows them)");
		print_line(log);
	}
	crossings_free(log->crossings);
	g_hash_table_destroy(log->seen);
	g_string_free(log->line, TRUE);
	g_free(log);
}
