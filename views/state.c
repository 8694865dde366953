#include "views/state_private.h"

#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "stack/names.h"
#include "views/names.h"

static guint row_hash(gconstpointer data)
{
	const struct row *row = data;
	uint64_t hash = row->object * UINT64_C(0x9e3779b97f4a7c15);

	return (guint)(hash >> 32) ^ row->node * 31 ^ (guint)row->layer << 8 ^ row->table ^
	       (guint)row->interface << 16;
}

static gboolean row_equal(gconstpointer a, gconstpointer b)
{
	const struct row *x = a, *y = b;

	return x->object == y->object && x->node == y->node && x->layer == y->layer &&
	       x->table == y->table && x->interface == y->interface;
}

static void row_free(gpointer data)
{
	struct row *row = data;

	g_bytes_unref(row->bytes);
	g_free(row);
}

static void queued_free(gpointer data)
{
	struct queued *queued = data;

	g_free(queued->queue_id);
	g_free(queued->recipient);
	g_free(queued->reason);
	g_free(queued);
}

struct state *state_new(const struct model *model)
{
	struct state *state = g_new0(struct state, 1);

	state->model = model;
	state->mailboxes = mailboxes_new();
	state->backlog = backlog_new();
	state->rows = g_ptr_array_new_with_free_func(row_free);
	state->index = g_hash_table_new(row_hash, row_equal);
	state->queued = g_ptr_array_new_with_free_func(queued_free);
	return state;
}

void state_free(struct state *state)
{
	if (state == NULL)
		return;
	mailboxes_free(state->mailboxes);
	backlog_free(state->backlog);
	g_hash_table_destroy(state->index);
	g_ptr_array_free(state->rows, TRUE);
	g_ptr_array_free(state->queued, TRUE);
	g_free(state);
}

static uint16_t table_of(const struct trace_record *record)
{
	if (record->kind == TRACE_STATE)
		return TABLE_STATE;
	if (record->kind == TRACE_CONGESTION)
		return TABLE_CONGESTION;
	if (record->layer == LAYER_IPV4)
		return record->detail == IPV4_ROUTE ? TABLE_ROUTE : TABLE_PATH_MTU;
	return TABLE_ONLY;
}

static void feed_row(struct state *state, const struct trace_record *record, struct bytes bytes)
{
	struct row key = {
		.node = trace_node_of(record->id),
		.interface = record->layer == LAYER_ARP ? record->interface : 0,
		.layer = record->layer,
		.table = table_of(record),
		.object = record->object,
	};
	struct row *row = g_hash_table_lookup(state->index, &key);

	if (row == NULL) {
		row = g_new(struct row, 1);
		*row = key;
		row->bytes = NULL;
		row->packets = 0;
		row->number = state->rows->len;
		g_ptr_array_add(state->rows, row);
		g_hash_table_add(state->index, row);
	}
	if (row->bytes != NULL)
		g_bytes_unref(row->bytes);
	row->of_interface = record->interface;
	row->actor = record->actor;
	row->time_ns = record->time_ns;
	row->before = record->before;
	row->after = record->after;
	row->bytes = g_bytes_new(bytes.data, bytes.length);
	state->last_row = row;
}

const struct row *state_find_row(const struct state *state, const struct row *key)
{
	return g_hash_table_lookup(state->index, key);
}

/* A rule of a packet filter has decided about a packet, or one of an attacker has changed it. */
static void count_decision(struct state *state, const struct trace_record *record)
{
	struct row key = {
		.node = trace_node_of(record->id),
		.layer = record->layer,
		.object = record->object,
	};
	struct row *row = g_hash_table_lookup(state->index, &key);

	if ((record->layer == LAYER_FILTER || record->layer == LAYER_TAMPER) && row != NULL)
		row->packets++;
}

/* Queues: a recipient is in one from QUEUED until it was transferred, delivered or given up. */

static struct queued *find_queued(const struct state *state, const struct trace_record *record,
				  const char *recipient)
{
	for (guint i = 0; i < state->queued->len; i++) {
		struct queued *queued = state->queued->pdata[i];

		if (queued->node == trace_node_of(record->id) && queued->object == record->object &&
		    (recipient == NULL || g_ascii_strcasecmp(queued->recipient, recipient) == 0))
			return queued;
	}
	return NULL;
}

static void leave_queue(struct state *state, struct queued *queued)
{
	state->left_queue = queued->number + 1;
	state->left_node = queued->node;
	g_ptr_array_remove(state->queued, queued);
}

static void feed_mail(struct state *state, const struct trace_record *record, struct bytes bytes)
{
	char *first = bytes_to_text(bytes);
	struct bytes rest = bytes_from(bytes, strlen(first) + 1);
	struct queued *queued;

	switch (record->detail) {
	case MAIL_QUEUED:
		queued = g_new0(struct queued, 1);
		queued->node = trace_node_of(record->id);
		queued->object = record->object;
		queued->queue_id = g_strdup(first);
		queued->recipient = bytes_to_text(rest);
		queued->since_ns = record->time_ns;
		queued->next_ns = TIME_NEVER;
		queued->number = state->queued_count++;
		g_ptr_array_add(state->queued, queued);
		state->last_queued = queued;
		break;
	case MAIL_DEFERRED:
		queued = find_queued(state, record, NULL);
		if (queued != NULL) {
			queued->next_ns = (int64_t)record->after;
			g_free(queued->reason);
			queued->reason = g_strdup(first);
			state->last_queued = queued;
		}
		break;
	case MAIL_TRANSFERRED:
	case MAIL_DELIVERED:
	case MAIL_DUPLICATE:
	case MAIL_BOUNCED:
		queued = find_queued(state, record, first);
		if (queued != NULL)
			leave_queue(state, queued);
		break;
	default:
		break;
	}
	g_free(first);
}

void state_feed(struct state *state, const struct trace_record *record, struct bytes bytes)
{
	state->last_row = NULL;
	state->last_queued = NULL;
	state->left_queue = 0;
	backlog_feed(state->backlog, record, bytes);
	switch (record->kind) {
	case TRACE_TABLE:
	case TRACE_STATE:
	case TRACE_CONGESTION:
		feed_row(state, record, bytes);
		break;
	case TRACE_FORWARD:
	case TRACE_DROP:
		count_decision(state, record);
		break;
	case TRACE_MAIL:
		feed_mail(state, record, bytes);
		break;
	case TRACE_MAILBOX:
		mailboxes_feed(state->mailboxes, record, bytes);
		break;
	default:
		break;
	}
}
