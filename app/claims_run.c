/* Running what tests claims: cases with the same scenario and settings share a run. */
#include <inttypes.h>
#include <string.h>
#include "app/claims.h"
#include "app/simulation.h"

/* A case in a run, and where its expectations stand among those of the run. */
struct member {
	struct case_outcome *outcome;
	const struct claim_case *test;
	unsigned first;
};

struct group {
	const char *scenario;
	GArray *settings;  /* of struct claim_setting */
	GPtrArray *expect; /* of const struct yaml_node *: those of all members */
	GArray *members;   /* of struct member */
};

struct running {
	const struct claims *claims;
	const struct claims_run_options *options;
	struct diagnostics *diagnostics;
	GPtrArray *groups;  /* of struct group *, in order of their first member */
	GHashTable *by_key; /* char *: scenario and settings -> struct group * */
};

static void group_free(void *data)
{
	struct group *group = data;

	g_array_free(group->settings, TRUE);
	g_ptr_array_unref(group->expect);
	g_array_free(group->members, TRUE);
	g_free(group);
}

static void judgement_free(void *data)
{
	expect_judgement_free(data);
}

static void outcome_free(void *data)
{
	struct claim_outcome *outcome = data;

	for (guint i = 0; i < outcome->cases->len; i++)
		g_ptr_array_unref(g_array_index(outcome->cases, struct case_outcome, i).judgements);
	g_array_free(outcome->cases, TRUE);
	g_free(outcome);
}

/* A tree as text by which equal ones are known; lengths keep texts apart. */
static void append_key(GString *key, const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR) {
		g_string_append_printf(key, "%zu:%s,", strlen(node->text), node->text);
		return;
	}
	g_string_append_c(key, node->kind == YAML_SEQUENCE ? '[' : '{');
	for (guint i = 0; i < node->children->len; i++)
		append_key(key, g_ptr_array_index(node->children, i));
	g_string_append_c(key, ']');
}

/* Whether lines of it depend on those before: `way` lines are met in their order. */
static bool is_in_order(const struct claim_case *test)
{
	for (guint i = 0; i < test->expect->len; i++) {
		const struct yaml_node *line = test->expect->pdata[i];

		if (line->kind == YAML_MAPPING && yaml_get(line, "way") != NULL)
			return true;
	}
	return false;
}

/* The run for a case with `settings`; it shares none when its lines depend on each other. */
static struct group *group_for(struct running *running, const struct claim_case *test,
			       const GArray *settings)
{
	GString *key = g_string_new(test->scenario);
	struct group *group;

	if (is_in_order(test))
		g_string_append_printf(key, "\n%p", (const void *)test);

	for (guint i = 0; i < settings->len; i++) {
		const struct claim_setting *setting =
		    &g_array_index(settings, struct claim_setting, i);

		g_string_append_c(key, '\n');
		append_key(key, setting->path);
		append_key(key, setting->value);
	}
	group = g_hash_table_lookup(running->by_key, key->str);
	if (group == NULL) {
		group = g_new0(struct group, 1);
		group->scenario = test->scenario;
		group->settings = g_array_copy((GArray *)settings);
		group->expect = g_ptr_array_new();
		group->members = g_array_new(FALSE, FALSE, sizeof(struct member));
		g_ptr_array_add(running->groups, group);
		g_hash_table_insert(running->by_key, g_strdup(key->str), group);
	}
	g_string_free(key, TRUE);
	return group;
}

/* Puts a case into its run. */
static void add_case(struct running *running, const struct claim *claim, unsigned index,
		     struct case_outcome *outcome)
{
	const struct claim_case *test = claim->cases->pdata[index];
	GArray *settings = g_array_copy(test->settings);
	struct member member = { .outcome = outcome, .test = test };
	struct group *group;

	if (running->options->is_altered && index == claim->decisive_case)
		g_array_append_vals(settings, claim->decisive->data, claim->decisive->len);
	group = group_for(running, test, settings);
	g_array_free(settings, TRUE);
	member.first = group->expect->len;
	for (guint i = 0; i < test->expect->len; i++)
		g_ptr_array_add(group->expect, test->expect->pdata[i]);
	g_array_append_val(group->members, member);
}

static struct claim_outcome *outcome_new(const struct claim *claim)
{
	struct claim_outcome *outcome = g_new0(struct claim_outcome, 1);

	outcome->claim = claim;
	outcome->cases = g_array_new(FALSE, TRUE, sizeof(struct case_outcome));
	g_array_set_size(outcome->cases, claim->cases->len);
	for (guint i = 0; i < claim->cases->len; i++)
		g_array_index(outcome->cases, struct case_outcome, i).judgements =
		    g_ptr_array_new_with_free_func(judgement_free);
	return outcome;
}

static struct scenario *load(struct running *running, const struct group *group)
{
	struct scenario_settings *settings =
	    scenario_settings_new(running->claims->file.path, running->claims->file.source);
	struct scenario_changes changes = { .settings = settings, .expect = group->expect };
	g_autofree char *path = scenario_find(group->scenario, running->diagnostics);
	struct scenario *scenario = NULL;

	for (guint i = 0; i < group->settings->len; i++) {
		const struct claim_setting *setting =
		    &g_array_index(group->settings, struct claim_setting, i);

		scenario_settings_add(settings, setting->path->text, setting->path->mark,
				      setting->value);
	}
	if (path != NULL)
		scenario = scenario_load_changed(path, &changes, running->diagnostics);
	scenario_settings_free(settings);
	return scenario;
}

/* "bytes of TCP by port 143 at ivan-pc", of a judgement that says how many besides. */
static char *counted_thing(const struct expect_judgement *judgement)
{
	const char *end = g_strrstr(judgement->expected, ": ");

	return end == NULL ? g_strdup(judgement->expected)
			   : g_strndup(judgement->expected, (gsize)(end - judgement->expected));
}

/* Makes of two judgements one: that the first counts more than the second, which is freed. */
static void compare(struct expect_judgement *more, struct expect_judgement *than)
{
	g_autofree char *first = counted_thing(more), *second = counted_thing(than);

	g_free(more->expected);
	g_free(more->found_text);
	more->is_met = more->found > than->found;
	more->range = (struct scenario_range) { 1, UINT64_MAX };
	more->expected = g_strdup_printf("%s: more than %s", first, second);
	more->found_text =
	    g_strdup_printf("%" PRIu64 " against %" PRIu64, more->found, than->found);
	expect_judgement_free(than);
}

/* Hands a case what came of its expectations and comparisons. */
static void judge_member(const struct member *member, struct expect *expect)
{
	const GArray *comparisons = member->test->comparisons;
	guint compared = 0;

	member->outcome->holds = true;
	for (guint i = 0; i < member->test->expect->len; i++) {
		struct expect_judgement *judgement =
		    expect_take_judgement(expect, member->first + i);

		if (compared < comparisons->len &&
		    g_array_index(comparisons, guint, compared) == i) {
			compare(judgement, expect_take_judgement(expect, member->first + ++i));
			compared++;
		}
		member->outcome->holds = member->outcome->holds && judgement->is_met;
		g_ptr_array_add(member->outcome->judgements, judgement);
	}
}

static void judge_members(const struct group *group, struct expect *expect)
{
	expect_close(expect);
	for (guint i = 0; i < group->members->len; i++)
		judge_member(&g_array_index(group->members, struct member, i), expect);
}

/* False, with an error, when the scenario is not right or does not come to an end. */
static bool run_group(struct running *running, const struct group *group)
{
	struct scenario *scenario = load(running, group);
	struct simulation *simulation;
	enum engine_outcome outcome;
	struct expect *expect;

	if (scenario == NULL)
		return false;
	diagnostics_clear(running->diagnostics); /* warnings about what is altered on purpose */
	expect = expect_new_with_evidence(scenario);
	struct trace_sink *sinks[] = { expect_sink(expect) };

	simulation = simulation_new(scenario, &(struct simulation_options) {
						  .seed = scenario->seed,
						  .sinks = sinks,
						  .sink_count = 1,
					      });
	outcome = simulation_run(simulation, TIME_NEVER);
	if (outcome == ENGINE_LIVELOCK)
		diagnostics_add(running->diagnostics, SEVERITY_ERROR, (struct mark) { 0 },
				"%s does not advance any more: a program goes round in circles",
				group->scenario);
	else
		judge_members(group, expect);
	simulation_free(simulation);
	expect_free(expect);
	scenario_free(scenario);
	return outcome != ENGINE_LIVELOCK;
}

static bool run_groups(struct running *running)
{
	FILE *progress = running->options->progress;
	bool is_good = true;

	for (guint i = 0; i < running->groups->len && is_good; i++) {
		const struct group *group = running->groups->pdata[i];

		if (progress != NULL)
			fprintf(progress, "\r\033[Krun %u of %u: %s", i + 1, running->groups->len,
				group->scenario);
		is_good = run_group(running, group);
	}
	if (progress != NULL)
		fputs("\r\033[K", progress);
	return is_good;
}

static enum claim_verdict verdict_of(const struct claim_outcome *outcome)
{
	guint holding = 0;

	for (guint i = 0; i < outcome->cases->len; i++)
		holding += g_array_index(outcome->cases, struct case_outcome, i).holds;
	if (outcome->cases->len == 0)
		return CLAIM_TOLD;
	if (holding == outcome->cases->len)
		return outcome->claim->untested == NULL ? CLAIM_TRUE : CLAIM_PARTLY;
	return holding > 0 ? CLAIM_CONDITIONAL : CLAIM_FALSE;
}

GPtrArray *claims_run(const struct claims *claims, const GPtrArray *wanted,
		      const struct claims_run_options *options, struct diagnostics *diagnostics,
		      unsigned *runs)
{
	GPtrArray *outcomes = g_ptr_array_new_with_free_func(outcome_free);
	struct running running = {
		.claims = claims,
		.options = options,
		.diagnostics = diagnostics,
		.groups = g_ptr_array_new_with_free_func(group_free),
		.by_key = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
	};

	for (guint i = 0; i < wanted->len; i++) {
		struct claim_outcome *outcome = outcome_new(wanted->pdata[i]);

		g_ptr_array_add(outcomes, outcome);
		for (guint k = 0; k < outcome->cases->len; k++)
			add_case(&running, outcome->claim, k,
				 &g_array_index(outcome->cases, struct case_outcome, k));
	}
	*runs = running.groups->len;
	if (!run_groups(&running))
		g_clear_pointer(&outcomes, g_ptr_array_unref);
	for (guint i = 0; outcomes != NULL && i < outcomes->len; i++) {
		struct claim_outcome *outcome = outcomes->pdata[i];

		outcome->verdict = verdict_of(outcome);
		outcome->is_altered = options->is_altered;
	}
	g_hash_table_unref(running.by_key);
	g_ptr_array_unref(running.groups);
	return outcomes;
}
