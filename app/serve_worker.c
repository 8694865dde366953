#include "app/serve_worker.h"

#include <json-glib/json-glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include "app/command.h"
#include "app/expect.h"
#include "app/history_record.h"
#include "app/page_make.h"
#include "app/scenario_offer.h"

/* ---- What this process may use ---- */

static void limit(int resource, uint64_t most)
{
	struct rlimit current;

	if (getrlimit(resource, &current) != 0)
		return;
	current.rlim_cur = MIN((rlim_t)most, current.rlim_max);
	current.rlim_max = current.rlim_cur;
	setrlimit(resource, &current);
}

static void limit_all(const struct serve_limits *limits)
{
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* the server is gone: nobody waits */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#endif
	signal(SIGXFSZ, SIG_IGN);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, 0); /* no file is written */
	limit(RLIMIT_NOFILE, 32);
	limit(RLIMIT_CPU, limits->seconds);
	if (limits->memory_bytes != 0)
		limit(RLIMIT_AS, limits->memory_bytes);
}

/* ---- The line of JSON ---- */

static void add_text(JsonBuilder *builder, const char *name, const char *text)
{
	g_autofree char *valid = text == NULL ? NULL : g_utf8_make_valid(text, -1);

	if (valid == NULL)
		return;
	json_builder_set_member_name(builder, name);
	json_builder_add_string_value(builder, valid);
}

static void add_number(JsonBuilder *builder, const char *name, unsigned number)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_int_value(builder, number);
}

static void add_truth(JsonBuilder *builder, const char *name, bool truth)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_boolean_value(builder, truth);
}

static void add_mark(JsonBuilder *builder, struct mark mark)
{
	add_number(builder, "line", mark.line);
	add_number(builder, "column", mark.column);
	add_number(builder, "length", MAX(mark.length, 1));
}

static JsonBuilder *begin_line(void)
{
	JsonBuilder *builder = json_builder_new();

	json_builder_begin_object(builder);
	return builder;
}

static void end_line(JsonBuilder *builder)
{
	JsonNode *root;
	char *text;

	json_builder_end_object(builder);
	root = json_builder_get_root(builder);
	text = json_to_string(root, FALSE);
	puts(text);
	g_free(text);
	json_node_unref(root);
	g_object_unref(builder);
}

static void add_messages(JsonBuilder *builder, const struct diagnostics *diagnostics)
{
	struct diagnostic shown[DIAGNOSTICS_SHOWN_MAX];
	unsigned count = diagnostics_list(diagnostics, shown);

	json_builder_set_member_name(builder, "messages");
	json_builder_begin_array(builder);
	for (unsigned i = 0; i < MIN(count, DIAGNOSTICS_SHOWN_MAX); i++) {
		json_builder_begin_object(builder);
		add_text(builder, "severity",
			 shown[i].severity == SEVERITY_ERROR ? "error" : "warning");
		add_mark(builder, shown[i].mark);
		add_text(builder, "text", shown[i].text);
		add_text(builder, "hint", shown[i].hint);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	if (count > DIAGNOSTICS_SHOWN_MAX)
		add_number(builder, "more", count - DIAGNOSTICS_SHOWN_MAX);
	add_truth(builder, "error", diagnostics_count(diagnostics, SEVERITY_ERROR) > 0);
}

/* ---- The work ---- */

/* All of standard input, which the parent has limited. */
static GByteArray *read_input(void)
{
	GByteArray *input = g_byte_array_new();
	uint8_t buffer[65536];
	size_t length;

	while ((length = fread(buffer, 1, sizeof buffer, stdin)) > 0)
		g_byte_array_append(input, buffer, (guint)length);
	return input;
}

static struct scenario *load(const struct serve_work *work, struct bytes text,
			     struct diagnostics *diagnostics)
{
	g_autofree char *folder = g_path_get_dirname(work->file);
	g_autofree char *name = g_path_get_basename(work->file);

	return scenario_load_bytes(text, name, folder, diagnostics);
}

static void check(const struct serve_work *work, struct bytes text)
{
	struct diagnostics *diagnostics = diagnostics_new();
	JsonBuilder *builder = begin_line();

	scenario_free(load(work, text, diagnostics));
	add_messages(builder, diagnostics);
	end_line(builder);
	diagnostics_free(diagnostics);
}

static void offer(const struct serve_work *work, struct bytes text)
{
	struct scenario_offers *offers = scenario_offer(text, work->line, work->column);
	JsonBuilder *builder = begin_line();

	json_builder_set_member_name(builder, "offers");
	json_builder_begin_object(builder);
	add_number(builder, "column", offers->column);
	add_number(builder, "length", offers->length);
	add_text(builder, "hint", offers->hint);
	json_builder_set_member_name(builder, "words");
	json_builder_begin_array(builder);
	for (guint i = 0; i < offers->list->len; i++) {
		const struct scenario_offer *word = offers->list->pdata[i];

		json_builder_begin_object(builder);
		add_text(builder, "word", word->word);
		add_truth(builder, "key", word->is_key);
		add_text(builder, "meaning", word->meaning);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	end_line(builder);
	scenario_offers_free(offers);
}

static void add_expectations(JsonBuilder *builder, const struct scenario *scenario,
			     struct expect *expect)
{
	expect_close(expect);
	json_builder_set_member_name(builder, "expect");
	json_builder_begin_array(builder);
	for (guint i = 0; i < scenario->expectations->len; i++) {
		const struct scenario_expectation *expectation = scenario->expectations->pdata[i];
		struct expect_judgement *judgement = expect_take_judgement(expect, i);

		json_builder_begin_object(builder);
		add_mark(builder, expectation->item.mark);
		add_truth(builder, "met", judgement->is_met);
		add_text(builder, "expected", judgement->expected);
		add_text(builder, "found", judgement->found_text);
		json_builder_end_object(builder);
		expect_judgement_free(judgement);
	}
	json_builder_end_array(builder);
}

/* Why a run ended before its end; NULL: it did not. */
static char *why_cut(const struct serve_work *work, enum engine_outcome outcome, int64_t end_ns)
{
	switch (outcome) {
	case ENGINE_STOPPED:
		return g_strdup_printf(
		    "The run was cut off behind %" G_GUINT64_FORMAT
		    " records of its trace, at %.6f s: this server allows no more. Give the "
		    "scenario an earlier `until`, or start the server with --records.",
		    work->limits.records, (double)end_ns / 1e9);
	case ENGINE_LIVELOCK:
		return g_strdup("The run does not advance any more: a program goes round in "
				"circles. Please report this scenario.");
	case ENGINE_DEADLINE:
		return g_strdup_printf("The run was cut off after %d days of its own time: this "
				       "server allows no more. Give the scenario an earlier "
				       "`until`.",
				       SERVE_SIMULATED_DAYS_MAX);
	case ENGINE_QUIET:
		break;
	}
	return NULL;
}

static void write_page(struct history *history, const struct serve_work *work,
		       const struct scenario *scenario)
{
	g_autofree char *name = g_path_get_basename(work->file);
	struct output *output;

	fflush(stdout);
	output = output_open("-", NULL);
	if (output == NULL)
		return;
	page_make(output, history,
		  (struct page_options) {
		      .title = scenario->title, .file = name, .seed = scenario->seed });
	output_close(output, NULL);
}

static void run(const struct serve_work *work, const struct scenario *scenario,
		JsonBuilder *builder)
{
	int64_t longest_ns = SERVE_SIMULATED_DAYS_MAX * (int64_t)86400 * NS_PER_S;
	struct expect *expect = expect_new_with_evidence(scenario);
	enum engine_outcome outcome;
	struct history *history = history_record(scenario, (struct history_options) {
							       .seed = scenario->seed,
							       .until_ns = longest_ns,
							       .records_max = work->limits.records,
							       .sink = expect_sink(expect),
							       .outcome = &outcome,
							   });
	const struct trace_store *store = history_store(history);
	uint64_t count = trace_store_count(store);
	int64_t end_ns = count == 0 ? 0 : trace_store_record(store, count - 1)->time_ns;
	bool is_own_end = outcome == ENGINE_DEADLINE && scenario->until_ns <= longest_ns;
	g_autofree char *notice = is_own_end ? NULL : why_cut(work, outcome, end_ns);

	add_text(builder, "notice", notice);
	if (notice == NULL)
		add_expectations(builder, scenario, expect);
	end_line(builder);
	write_page(history, work, scenario);
	history_free(history);
	expect_free(expect);
}

static void page(const struct serve_work *work, struct bytes text)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct scenario *scenario = load(work, text, diagnostics);
	JsonBuilder *builder = begin_line();

	add_messages(builder, diagnostics);
	if (scenario == NULL)
		end_line(builder);
	else
		run(work, scenario, builder);
	diagnostics_free(diagnostics);
	scenario_free(scenario);
}

int serve_worker(const struct serve_work *work)
{
	static const struct {
		const char *name;
		void (*run)(const struct serve_work *work, struct bytes text);
	} works[] = {
		{SERVE_WORK_CHECK,  check},
                { SERVE_WORK_OFFER, offer},
                { SERVE_WORK_PAGE,  page }
	};
	GByteArray *input;

	limit_all(&work->limits);
	input = read_input();
	for (size_t i = 0; i < G_N_ELEMENTS(works); i++)
		if (strcmp(works[i].name, work->work) == 0)
			works[i].run(work, (struct bytes) { input->data, input->len });
	g_byte_array_unref(input);
	return command_flush();
}
