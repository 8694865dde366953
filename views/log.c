#include "views/log.h"

#include "protocols/actor.h"
#include "protocols/layer.h"
#include "protocols/tls/names.h"
#include "protocols/mail/names.h"
#include "sim/time.h"
#include "stack/names.h"
#include "stack/tcp/names.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp.h"
#include "stack/wire/udp.h"
#include "views/log_private.h"
#include "views/describe.h"
#include "views/middlebox.h"
#include "views/names.h"
#include "views/record_text.h"

static const char *const fold_names[] = {
	[FOLD_ARP] = "ARP",
	[FOLD_SWITCH] = "at switches",
	[FOLD_ROUTER] = "at routers",
	[FOLD_CONTROL] = "of TCP without data",
};

/* What is shown at all. */

bool log_shows_layer(const struct log *log, unsigned layer)
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

/* "3 ARP, 2 at switches"; false when nothing was folded. */
static bool append_folded(GString *out, const unsigned *folded)
{
	bool has_any = false;

	for (int i = 0; i < FOLD_COUNT; i++) {
		if (folded[i] == 0)
			continue;
		g_string_append_printf(out, "%s%u %s", has_any ? ", " : "", folded[i],
				       fold_names[i]);
		has_any = true;
	}
	return has_any;
}

/* Of what is folded away nothing else is to be missed. */
static void append_folded_queue(struct log *log, GString *out)
{
	if (log->folded_queue_ns >= LOG_QUEUE_NS) {
		g_string_append(out, "; frames queued up to ");
		log_append_duration(out, log->folded_queue_ns);
	}
	log->folded_queue_ns = 0;
}

void log_print_folded(struct log *log)
{
	GString *what = g_string_new(NULL);

	if (append_folded(what, log->folded)) {
		append_folded_queue(log, what);
		layout_look(&log->layout, LAYOUT_FAINT);
		g_string_append_printf(log->layout.line, "                  … folded: %s",
				       what->str);
		layout_plain(&log->layout);
		layout_print(&log->layout, LAYOUT_EVENT_COLUMN);
		layout_print_blank(&log->layout);
	}
	for (int i = 0; i < FOLD_COUNT; i++) {
		log->folded_total[i] += log->folded[i];
		log->folded[i] = 0;
	}
	g_string_free(what, TRUE);
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
		if (record->kind == TRACE_DROP)
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
		if (record->layer == LAYER_FILTER) /* which rule */
			g_string_append_printf(text, ".%" G_GUINT64_FORMAT, record->object);
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
	return model_node(log->model, crossing->node)->kind == NODE_SWITCH ? FOLD_SWITCH
									   : FOLD_ROUTER;
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
	enum fold kind = kind_of_repetition(log, crossing);

	/* Who names a switch or router wants to see what it does. */
	if (log->options.nodes != NULL && kind != FOLD_CONTROL)
		return FOLD_NOT;
	key = signature(log, crossing);
	if (g_hash_table_contains(log->seen, key)) {
		g_free(key);
		return kind;
	}
	g_hash_table_add(log->seen, key);
	return FOLD_NOT;
}

static void add_layer(void *owner, const struct application_line *line)
{
	int layer = view_layer_find(line->dissector->key);

	if (layer >= 0)
		*(uint64_t *)owner |= UINT64_C(1) << layer;
}

/* In a connection with TLS a segment carries records, in the clear or around what is said. */
static uint64_t layers_inside_tls(const struct log *log, struct bytes frame,
				  const struct model_segment *segment)
{
	uint64_t layers = 0;
	struct decode decode;
	struct model_segment again;
	struct account account;

	if (segment->length > model_unit_bytes(segment, NULL))
		layers |= UINT64_C(1) << LAYER_TLS;
	model_account(log->model, frame, &decode, &again, &account);
	describe_application(&account, add_layer, &layers);
	return layers;
}

/* Application lines are printed only where the bytes are made or used up. */
static uint64_t application_layers(const struct log *log, const struct crossing *crossing)
{
	struct model_segment segment;

	if (crossing->received != NULL && (!crossing_was_delivered(crossing) || log_is_early(log)))
		return 0;
	if (!model_find_segment(log->model, crossing_frame(crossing), &segment))
		return 0;
	if (segment.length == 0 || segment.connection->dissector == NULL)
		return 0;
	if (segment.connection->is_tls)
		return layers_inside_tls(log, crossing_frame(crossing), &segment);
	return UINT64_C(1) << view_layer_find(segment.connection->dissector->key);
}

/* The layers of which a crossing has lines; those of the application only where they are asked for. */
static uint64_t layers_of(const struct log *log, const struct crossing *crossing)
{
	uint64_t layers = 0;

	for (guint i = 0; i < crossing->records->len; i++)
		if (crossing_record(crossing, i)->kind != TRACE_DERIVE)
			layers |= UINT64_C(1) << crossing_record(crossing, i)->layer;
	if (log->options.layers == 0)
		return layers;
	if (layers & UINT64_C(1) << LAYER_UDP) /* what is in a datagram here is DNS */
		layers |= UINT64_C(1) << LAYER_DNS;
	return layers | application_layers(log, crossing);
}

/* What its receiver makes of a segment; all 0: nothing worth telling. */
static void look_for_held(struct log *log, const struct crossing *crossing)
{
	log->news = (struct held_news) { 0 };
	for (guint i = 0; i < crossing->records->len; i++) {
		const struct trace_record *record = crossing_record(crossing, i);

		if (record->kind == TRACE_DECAPSULATE && record->layer == LAYER_TCP)
			held_feed(log->held, record, &log->news);
	}
}

void log_account(const struct log *log, const struct crossing *crossing, struct bytes frame,
		 struct decode *decode, struct model_segment *segment, struct account *account)
{
	model_account_packet(log->model, crossing->packet, frame, decode, segment, account);
	if (account->segment == NULL)
		return;
	if (log_is_early(log))
		segment->order = SEGMENT_EARLY;
	if (log->news.released_end > model_segment_end(segment))
		segment->released_bytes = log->news.released_end - model_segment_end(segment);
}

int64_t log_queue_ns(const struct crossing *crossing)
{
	uint64_t longest_ns = 0;

	for (guint i = 0; i < crossing->records->len; i++)
		if (crossing_record(crossing, i)->kind == TRACE_TRANSMIT)
			longest_ns = MAX(longest_ns, crossing_record(crossing, i)->before);
	return (int64_t)longest_ns;
}

static void fold_away(struct log *log, const struct crossing *crossing, enum fold fold)
{
	log->folded[fold]++;
	log->folded_queue_ns = MAX(log->folded_queue_ns, log_queue_ns(crossing));
}

static void print_or_fold(void *owner, const struct crossing *crossing)
{
	struct log *log = owner;

	look_for_held(log, crossing);
	if (!node_is_shown(log, crossing->node) ||
	    !belongs_to_message(log, crossing->root, crossing_frame(crossing)) ||
	    !view_found_note(&log->found, layers_of(log, crossing), log->options.layers))
		return;
	enum fold fold = how_to_fold(log, crossing);

	if (fold == FOLD_NOT)
		log_print_crossing(log, crossing);
	else
		fold_away(log, crossing, fold);
}

struct log *log_new(const struct model *model, const struct log_options *options)
{
	struct log *log = g_new0(struct log, 1);

	log->model = model;
	log->options = *options;
	log->crossings = crossings_new(print_or_fold, log);
	log->held = held_new();
	log->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	log->actors = g_hash_table_new_full(trace_id_hash, g_int64_equal, g_free, g_free);
	layout_init(&log->layout, options->out, options->columns, options->colour);
	log->later = g_array_new(FALSE, FALSE, sizeof(struct later_event));
	return log;
}

/* Events of programs and users. */

static void keep_actor(struct log *log, const struct trace_record *record, struct bytes bytes)
{
	char *who = record_text_who(bytes);

	if (who != NULL)
		g_hash_table_insert(log->actors, g_memdup2(&record->id, sizeof record->id), who);
}

/* What the stack does for a program is still the stack's. */
static bool is_of_program(const struct trace_record *record)
{
	return record->layer == LAYER_USER || record->layer >= LAYER_STACK_COUNT;
}

static void begin_event(struct log *log, const struct trace_record *record, const char *mark)
{
	GString *place = g_string_new(NULL);

	layout_time(&log->layout, record->time_ns);
	view_append_place(place, model_node_name(log->model, trace_node_of(record->id)),
			  is_of_program(record) ? record->actor : ACTOR_NONE);
	g_string_append_printf(log->layout.line, " %-16s ", place->str);
	g_string_free(place, TRUE);
	layout_colour(&log->layout, record->kind == TRACE_ACTION ? LAYER_USER : record->layer);
	g_string_append(log->layout.line, mark);
}

static bool is_line(const struct trace_record *record)
{
	return record->kind == TRACE_STATE && record->layer == LAYER_LINK &&
	       (record->detail == LINK_TARIFF || record->detail == LINK_LINE);
}

static void end_event(struct log *log, const struct trace_record *record)
{
	layout_print(&log->layout, LAYOUT_EVENT_COLUMN);
	if (record->kind == TRACE_ACTION)
		layout_print_blank(&log->layout);
	layout_flush(&log->layout);
	if (log->options.event_printed != NULL)
		log->options.event_printed(log->options.owner, record);
}

/* Prints the blocks that are complete, then what happened in the midst of them. */
static void settle(struct log *log)
{
	crossings_settle(log->crossings);
	for (guint i = 0; i < log->later->len; i++) {
		struct later_event *event = &g_array_index(log->later, struct later_event, i);

		g_string_append(log->layout.line, event->text);
		end_event(log, &event->record);
		g_free(event->text);
	}
	g_array_set_size(log->later, 0);
}

/* Keeps the line for the end of the block that it happens in. */
static void append_later(struct log *log, const struct trace_record *record)
{
	struct later_event event = { *record, layout_take(&log->layout) };

	g_array_append_val(log->later, event);
}

static bool event_is_shown(struct log *log, const struct trace_record *record)
{
	return node_is_shown(log, trace_node_of(record->id)) &&
	       belongs_to_message(log, record->root, (struct bytes) { 0 }) &&
	       view_found_note(&log->found, UINT64_C(1) << record->layer, log->options.layers);
}

/* A change of TCP's state happens while a segment crosses: it is told behind the block. */
static void feed_state(struct log *log, const struct trace_record *record, struct bytes bytes)
{
	if (!event_is_shown(log, record))
		return;
	begin_event(log, record, "· ");
	record_text_append(log->layout.line, log->model, record, bytes, NULL);
	append_later(log, record);
}

/* Rules of a packet filter, ports that a translator gives and takes away: told behind the block. */
static void feed_middlebox(struct log *log, const struct trace_record *record, struct bytes bytes)
{
	if (!event_is_shown(log, record))
		return;
	begin_event(log, record, "⇄ ");
	record_text_append(log->layout.line, log->model, record, bytes, NULL);
	append_later(log, record);
}

/* What comes of a handshake, and what else TLS does that no packet shows. */
static bool is_tls_event(const struct trace_record *record)
{
	return record->kind == TRACE_STATE && record->layer == LAYER_TLS &&
	       (record->detail == TLS_SECURED || record->detail == TLS_BROKEN ||
		record->detail == TLS_DISCARDED);
}

static const char *mark_of(const struct trace_record *record)
{
	switch (record->kind) {
	case TRACE_ACTION:
		return "● ";
	case TRACE_MAIL:
		return "✉ ";
	case TRACE_PHASE:
		return "◦ ";
	default:
		return "○ ";
	}
}

/*
 * Events of programs and users: a line of their own between the blocks. A dial-up line does what it does
 * while a frame goes out to it: that is told behind the block.
 */
static void feed_event(struct log *log, const struct trace_record *record, struct bytes bytes)
{
	if (!is_line(record))
		settle(log);
	if (record->kind == TRACE_ACTION)
		keep_actor(log, record, bytes);
	if (!event_is_shown(log, record))
		return;
	if (record->kind == TRACE_ACTION)
		log_print_folded(log);
	begin_event(log, record, mark_of(record));
	record_text_append(log->layout.line, log->model, record, bytes,
			   g_hash_table_lookup(log->actors, &record->object));
	if (log->options.append_remark != NULL)
		log->options.append_remark(log->options.owner, record, log->layout.line);
	if (is_line(record)) {
		append_later(log, record);
		return;
	}
	layout_plain(&log->layout);
	end_event(log, record);
}

/* True when time has gone on since the events that wait behind a crossing. */
static bool is_later(const struct log *log, int64_t time_ns)
{
	const GArray *later = log->later;

	return later->len > 0 &&
	       time_ns > g_array_index(later, struct later_event, later->len - 1).record.time_ns;
}

void log_feed(struct log *log, const struct trace_record *record, struct bytes bytes)
{
	if (is_later(log, record->time_ns))
		settle(log);
	switch (record->kind) {
	case TRACE_ACTION:
	case TRACE_PHASE:
	case TRACE_MAIL:
		feed_event(log, record, bytes);
		break;
	case TRACE_STATE:
		if (record->layer == LAYER_USER || is_line(record) || is_tls_event(record))
			feed_event(log, record, bytes);
		else if (log->options.unfold && record->layer == LAYER_TCP)
			feed_state(log, record, bytes);
		break;
	case TRACE_CONGESTION:
		if (log->options.unfold)
			feed_state(log, record, bytes);
		break;
	case TRACE_TABLE:
		if (middlebox_is_told(record))
			feed_middlebox(log, record, bytes);
		break;
	default:
		crossings_feed(log->crossings, record, bytes);
		break;
	}
}

struct view_found log_finish(struct log *log)
{
	struct view_found found;

	crossings_finish(log->crossings);
	settle(log);
	log_print_folded(log);
	if (append_folded(log->layout.line, log->folded_total)) {
		g_string_prepend(log->layout.line, "folded away as repetitions: ");
		g_string_append(log->layout.line, " (--unfold shows them)");
		layout_print(&log->layout, 4);
	}
	crossings_free(log->crossings);
	held_free(log->held);
	g_hash_table_destroy(log->seen);
	g_hash_table_destroy(log->actors);
	layout_clear(&log->layout);
	g_array_free(log->later, TRUE);
	found = log->found;
	g_free(log);
	return found;
}
