/* Runs side by side: what is noted of each run while it goes on. */
#include "views/compare_private.h"

#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "stack/tcp/names.h"
#include "views/names.h"

static void delivery_clear(gpointer data)
{
	g_free(((struct compare_delivery *)data)->owner);
}

struct compare *compare_new(const char *title, const struct dissector *const *dissectors)
{
	struct compare *compare = g_new0(struct compare, 1);

	compare->title = g_strdup(title);
	compare->model = model_new(dissectors);
	compare->report = report_new(compare->model, dissectors);
	compare->mailboxes = mailboxes_new();
	compare->listens = g_array_new(FALSE, TRUE, sizeof(bool));
	compare->stored = g_array_new(FALSE, TRUE, sizeof(struct compare_stored));
	compare->appended = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	compare->actions = g_array_new(FALSE, FALSE, sizeof(struct compare_action));
	compare->readings = g_array_new(FALSE, FALSE, sizeof(struct compare_reading));
	compare->deliveries = g_array_new(FALSE, FALSE, sizeof(struct compare_delivery));
	g_array_set_clear_func(compare->deliveries, delivery_clear);
	compare->marked = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	compare->notices = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	compare->undelivered = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	compare->troubled = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	return compare;
}

static void compare_free(struct compare *compare)
{
	report_free(compare->report);
	mailboxes_free(compare->mailboxes);
	model_free(compare->model);
	g_array_unref(compare->listens);
	g_array_unref(compare->stored);
	g_hash_table_unref(compare->appended);
	g_array_unref(compare->actions);
	g_array_unref(compare->readings);
	g_array_unref(compare->deliveries);
	g_hash_table_unref(compare->marked);
	g_hash_table_unref(compare->notices);
	g_hash_table_unref(compare->undelivered);
	g_array_unref(compare->troubled);
	g_free(compare->title);
	g_free(compare);
}

/* The element of `array` for a node; the array grows as needed. */
static void *of_node(GArray *array, uint32_t node)
{
	if (array->len <= node)
		g_array_set_size(array, node + 1);
	return array->data + (size_t)node * g_array_get_element_size(array);
}

bool compare_listens(const struct compare *compare, uint32_t node)
{
	return node < compare->listens->len && g_array_index(compare->listens, bool, node);
}

static uint64_t *new_number(uint64_t number)
{
	uint64_t *copy = g_new(uint64_t, 1);

	*copy = number;
	return copy;
}

/* Mailboxes. */

static uint64_t mailbox_bytes(const struct compare *compare, uint64_t id)
{
	const struct mailbox_state *mailbox = mailboxes_find(compare->mailboxes, id);

	return mailbox != NULL ? mailbox->bytes : 0;
}

static void feed_mailbox(struct compare *compare, const struct trace_record *record,
			 struct bytes bytes)
{
	struct compare_stored *stored = of_node(compare->stored, trace_node_of(record->id));
	uint64_t before = mailbox_bytes(compare, record->object);

	mailboxes_feed(compare->mailboxes, record, bytes);
	stored->has_mailboxes = true;
	stored->bytes += mailbox_bytes(compare, record->object);
	stored->bytes -= before;
	stored->most_bytes = MAX(stored->most_bytes, stored->bytes);
	if (record->detail == MAILBOX_APPENDED)
		g_hash_table_replace(compare->appended, new_number(record->root),
				     new_number(record->object));
	if (record->detail == MAILBOX_FLAGS && mailbox_is_seen((uint32_t)record->after) &&
	    compare_listens(compare, trace_node_of(record->id)) &&
	    !g_hash_table_contains(compare->marked, &record->root))
		g_hash_table_insert(compare->marked, new_number(record->root),
				    new_number((uint64_t)record->time_ns));
}

/* Messages. */

/* The MDA tells of a delivery behind the mailbox's own record. */
static void add_delivery(struct compare *compare, const struct trace_record *record)
{
	const uint64_t *id = g_hash_table_lookup(compare->appended, &record->root);
	const struct mailbox_state *mailbox =
	    id != NULL ? mailboxes_find(compare->mailboxes, *id) : NULL;

	if (mailbox == NULL || g_hash_table_contains(compare->notices, &record->root))
		return;
	struct compare_delivery delivery = { g_strdup(mailbox->owner), record->root };

	g_array_append_val(compare->deliveries, delivery);
}

/* `why` is taken; the first reason stays. */
static void add_trouble(struct compare *compare, uint64_t root, char *why)
{
	if (g_hash_table_contains(compare->undelivered, &root)) {
		g_free(why);
		return;
	}
	g_hash_table_insert(compare->undelivered, new_number(root), why);
	g_array_append_val(compare->troubled, root);
}

static char *bounce_reason(struct bytes bytes)
{
	char *recipient = bytes_to_text(bytes);
	char *reason = bytes_to_text(bytes_from(bytes, MIN(bytes.length, strlen(recipient) + 1)));

	g_free(recipient);
	return reason;
}

static void feed_mail(struct compare *compare, const struct trace_record *record,
		      struct bytes bytes)
{
	struct compare_reading reading = { trace_node_of(record->id), record->root, record->time_ns,
					   TIME_NEVER };

	switch (record->detail) {
	case MAIL_NOTIFIED:
		g_hash_table_add(compare->notices, new_number(record->root));
		break;
	case MAIL_DELIVERED:
		add_delivery(compare, record);
		break;
	case MAIL_READ:
		g_array_append_val(compare->readings, reading);
		break;
	case MAIL_DEFERRED:
	case MAIL_REFUSED:
		add_trouble(compare, record->root, bytes_to_text(bytes));
		break;
	case MAIL_BOUNCED:
		add_trouble(compare, record->root, bounce_reason(bytes));
		break;
	default:
		break;
	}
}

/* What users do. */

/*
 * An action is over: what was read at its node since it began, and is not accounted for, was read for
 * it. A client does one thing with its folders at a time; composing is done beside that.
 */
static void end_action(struct compare *compare, const struct trace_record *record)
{
	guint i = 0;

	compare->in_vain += record->after != 0;
	while (i < compare->actions->len &&
	       g_array_index(compare->actions, struct compare_action, i).id != record->object)
		i++;
	if (i == compare->actions->len)
		return;
	struct compare_action action = g_array_index(compare->actions, struct compare_action, i);

	g_array_remove_index(compare->actions, i);
	if (model_mail_by_root(compare->model, action.id) != NULL)
		return;
	for (guint k = compare->readings->len; k > 0; k--) {
		struct compare_reading *reading =
		    &g_array_index(compare->readings, struct compare_reading, k - 1);

		if (reading->read_ns < action.began_ns)
			break;
		if (reading->node == action.node && reading->waited_ns == TIME_NEVER)
			reading->waited_ns = reading->read_ns - action.began_ns;
	}
}

static void begin_action(struct compare *compare, const struct trace_record *record)
{
	struct compare_action action = { record->id, trace_node_of(record->id), record->time_ns };

	g_array_append_val(compare->actions, action);
}

static void feed_state(struct compare *compare, const struct trace_record *record)
{
	if (record->layer == LAYER_USER && record->detail == USER_DONE)
		end_action(compare, record);
}

void compare_feed(struct compare *compare, const struct trace_record *record, struct bytes bytes)
{
	model_feed(compare->model, record, bytes);
	report_feed(compare->report, record, bytes);
	compare->end_ns = record->time_ns;
	switch (record->kind) {
	case TRACE_TABLE:
		if (record->layer == LAYER_TCP && record->after != 0)
			*(bool *)of_node(compare->listens, trace_node_of(record->id)) = true;
		break;
	case TRACE_MAILBOX:
		feed_mailbox(compare, record, bytes);
		break;
	case TRACE_MAIL:
		feed_mail(compare, record, bytes);
		break;
	case TRACE_ACTION:
		begin_action(compare, record);
		break;
	case TRACE_STATE:
		feed_state(compare, record);
		break;
	default:
		break;
	}
}

/* The result. */

static void figure_clear(gpointer data)
{
	g_free(((struct figure *)data)->subject);
}

struct compare_result *compare_finish(struct compare *compare)
{
	struct compare_result *result = g_new0(struct compare_result, 1);
	struct compare_sums sums = { 0 };

	result->title = g_strdup(compare->title);
	result->figures = g_array_new(FALSE, FALSE, sizeof(struct figure));
	g_array_set_clear_func(result->figures, figure_clear);
	compare_figures(compare, result->figures, &sums);
	compare_answer_all(&sums, result->answers);
	compare_free(compare);
	return result;
}

void compare_result_free(struct compare_result *result)
{
	if (result == NULL)
		return;
	for (unsigned i = 0; i < COMPARE_ANSWERS; i++) {
		g_free(result->answers[i].answer);
		g_free(result->answers[i].evidence);
	}
	g_array_unref(result->figures);
	g_free(result->title);
	g_free(result);
}

const struct figure *compare_find(const struct compare_result *result, const char *key,
				  const char *subject)
{
	for (guint i = 0; i < result->figures->len; i++) {
		const struct figure *figure = &g_array_index(result->figures, struct figure, i);

		if (strcmp(figure->kind->key, key) == 0 && strcmp(figure->subject, subject) == 0)
			return figure;
	}
	return NULL;
}
