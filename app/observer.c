#include "app/observer.h"

#include "app/dissectors.h"

struct early_record {
	struct trace_record record;
	guint offset, length; /* of its bytes in early_bytes */
};

static void feed_views(struct observer *observer, const struct trace_record *record,
		       struct bytes bytes)
{
	if (observer->recorder != NULL)
		recorder_feed(observer->recorder, record, bytes);
	if (observer->log != NULL)
		log_feed(observer->log, record, bytes);
	if (observer->json != NULL)
		json_view_feed(observer->json, record, bytes);
	if (observer->key_log != NULL)
		key_log_feed(observer->key_log, record, bytes);
	if (observer->eavesdrop != NULL)
		eavesdrop_feed(observer->eavesdrop, record, bytes);
	if (observer->report != NULL)
		report_feed(observer->report, record, bytes);
}

static void keep_early(struct observer *observer, const struct trace_record *record,
		       struct bytes bytes)
{
	struct early_record early = { *record, observer->early_bytes->len, (guint)bytes.length };

	g_array_append_val(observer->early, early);
	g_byte_array_append(observer->early_bytes, bytes.data, (guint)bytes.length);
}

static void observe(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct observer *observer = owner;

	if (observer->is_stopped)
		return;
	model_feed(observer->model, record, bytes);
	if (observer->early != NULL)
		keep_early(observer, record, bytes);
	else
		feed_views(observer, record, bytes);
}

void observer_init(struct observer *observer, uint64_t kinds)
{
	*observer = (struct observer) {
		.sink = {.kinds = kinds, .owner = observer, .record = observe},
		.model = model_new(all_dissectors),
		.early = g_array_new(FALSE, FALSE, sizeof(struct early_record)),
		.early_bytes = g_byte_array_new(),
	};
}

static void drop_early(struct observer *observer)
{
	if (observer->early == NULL)
		return;
	g_array_free(observer->early, TRUE);
	g_byte_array_unref(observer->early_bytes);
	observer->early = NULL;
}

void observer_start(struct observer *observer)
{
	for (guint i = 0; i < observer->early->len; i++) {
		const struct early_record *early =
		    &g_array_index(observer->early, struct early_record, i);

		feed_views(
		    observer, &early->record,
		    (struct bytes) { observer->early_bytes->data + early->offset, early->length });
	}
	drop_early(observer);
}

void observer_stop(struct observer *observer)
{
	observer->is_stopped = true;
}

void observer_clear(struct observer *observer)
{
	drop_early(observer);
	model_free(observer->model);
}
