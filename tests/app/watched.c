#include "tests/app/watched.h"

#include <check.h>
#include "app/dissectors.h"
#include "protocols/layer.h"
#include "tests/app/scenario_test.h"

static void tally(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct watched *watched = owner;

	if (watched->is_over)
		return;
	watched->end_ns = record->time_ns;
	if (record->kind == TRACE_MAILBOX)
		mailboxes_feed(watched->mailboxes, record, bytes);
	if (record->kind == TRACE_DROP)
		watched->drops++;
	if (record->kind == TRACE_ENCAPSULATE && record->layer == LAYER_TCP &&
	    record->flags & TRACE_RETRANSMIT)
		watched->retransmissions++;
	if (record->kind != TRACE_MAIL)
		return;
	ck_assert_uint_lt(record->detail, G_N_ELEMENTS(watched->mails));
	watched->mails[record->detail]++;
	if (record->detail == MAIL_COMPOSED)
		g_ptr_array_add(watched->composed, g_bytes_new(bytes.data, bytes.length));
	if (record->detail == MAIL_RETRIEVED)
		g_ptr_array_add(watched->retrieved, g_bytes_new(bytes.data, bytes.length));
}

static void open_views(struct watched *watched, FILE *log)
{
	struct observer *observer = &watched->observer;

	if (log != NULL)
		observer->log = log_new(observer->model, &(struct log_options) {
							     .out = log,
							     .unfold = true,
							     .dissectors = all_dissectors,
							 });
	observer->report = report_new(observer->model, all_dissectors);
	observer_start(observer);
}

struct watched *watched_run(struct scenario *scenario, uint64_t seed, int64_t until_ns, FILE *log,
			    bool has_views)
{
	struct watched *watched = g_new0(struct watched, 1);
	struct trace_sink *sinks[] = { &watched->tally, &watched->observer.sink };
	uint64_t kinds = TRACE_BIT(TRACE_MAILBOX) | TRACE_BIT(TRACE_MAIL) | TRACE_BIT(TRACE_DROP) |
			 TRACE_BIT(TRACE_ENCAPSULATE);
	struct simulation *simulation;

	watched->scenario = scenario;
	watched->mailboxes = mailboxes_new();
	watched->composed = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	watched->retrieved = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	watched->tally = (struct trace_sink) { .kinds = kinds, .owner = watched, .record = tally };
	if (has_views)
		observer_init(&watched->observer, TRACE_ALL);
	simulation = simulation_new(scenario, &(struct simulation_options) {
						  .seed = seed,
						  .sinks = sinks,
						  .sink_count = has_views ? 2 : 1,
					      });
	if (has_views)
		open_views(watched, log);
	watched->outcome = simulation_run(simulation, until_ns);
	watched->is_over = true;
	if (has_views)
		observer_stop(&watched->observer);
	simulation_free(simulation);
	if (watched->observer.log != NULL)
		log_finish(watched->observer.log);
	return watched;
}

void watched_free(struct watched *watched)
{
	if (watched->observer.model != NULL) {
		report_free(watched->observer.report);
		observer_clear(&watched->observer);
	}
	mailboxes_free(watched->mailboxes);
	g_ptr_array_free(watched->composed, TRUE);
	g_ptr_array_free(watched->retrieved, TRUE);
	scenario_free(watched->scenario);
	g_free(watched);
}

char *impaired_text(const char *path, const char *impairment)
{
	struct scenario *scenario = load_good_file(path);
	char *plain = scenario_print(scenario);
	char *own = strstr(plain, "\nimpairments:\n");
	char *text;

	scenario_free(scenario);
	if (own == NULL) {
		text = g_strdup_printf("%simpairments:\n  - %s\n", plain, impairment);
	} else {
		own += strlen("\nimpairments:\n");
		text =
		    g_strdup_printf("%.*s  - %s\n%s", (int)(own - plain), plain, impairment, own);
	}
	g_free(plain);
	return text;
}

struct scenario *scenario_of_text(const char *text)
{
	return load_good(text);
}
