/*
 * schema.json and the reference in docs/SCENARIO.md are what the tables say, and an outside
 * validator finds the scenarios valid. MAILWIRE_UPDATE=1 writes both files anew.
 */
#include <check.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/wait.h>
#include "app/scenario.h"
#include "app/scenario_table.h"
#include "tests/app/scenario_test.h"

#define SCHEMA    "scenarios/schema.json"
#define REFERENCE "docs/SCENARIO.md"
#define MARKER    "<!-- What follows is made from the tables of the program. -->\n"

enum { EXIT_SKIPPED = 77 };

static char *read_text(const char *path)
{
	char *text = NULL;

	ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s cannot be read", path);
	return text;
}

static void check_fresh(const char *path, const char *found, const char *expected)
{
	if (g_getenv("MAILWIRE_UPDATE") != NULL) {
		ck_assert(g_file_set_contents(path, expected, -1, NULL));
		return;
	}
	ck_assert_msg(strcmp(found, expected) == 0,
		      "%s is stale: run this test with MAILWIRE_UPDATE=1", path);
}

START_TEST(the_schema_is_what_the_tables_say)
{
	g_autofree char *found = read_text(SCHEMA);
	g_autofree char *expected = scenario_schema();

	check_fresh(SCHEMA, found, expected);
}
END_TEST

START_TEST(the_reference_is_what_the_tables_say)
{
	g_autofree char *found = read_text(REFERENCE);
	g_autofree char *tables = scenario_reference();
	g_auto(GStrv) parts = g_strsplit(found, MARKER, 2);

	ck_assert_msg(g_strv_length(parts) == 2, "%s has no line %s", REFERENCE, MARKER);
	g_autofree char *expected = g_strconcat(parts[0], MARKER "\n", tables, NULL);

	check_fresh(REFERENCE, found, expected);
}
END_TEST

/* What editors would be told wrongly: variants beyond the words, required keys that are absent. */
static void check_mapping(const struct mapping *mapping, GPtrArray *seen)
{
	unsigned variants = 0;

	if (g_ptr_array_find(seen, mapping, NULL))
		return;
	g_ptr_array_add(seen, (void *)mapping);
	for (unsigned i = 0; i < mapping->key_count; i++) {
		const struct key *key = &mapping->keys[i];

		ck_assert_msg(mapping_key(mapping, key->name) == key, "%s.%s stands twice",
			      mapping->title, key->name);
		ck_assert_msg(key->meaning != NULL && key->meaning[0] != '\0', "%s.%s says nothing",
			      mapping->title, key->name);
		ck_assert_msg((key->required_in & ~key->variants) == 0 || key->variants == 0,
			      "%s.%s is required where it is not", mapping->title, key->name);
		ck_assert_uint_lt(key->offset, mapping->size);
		ck_assert(key->type != KEY_WORD || key->words != NULL);
		variants += (key->flags & KEY_SELECTS) != 0;
		/* The writer and messages find a word by its value as an index. */
		for (unsigned j = 0;
		     mapping->variant_is_word && key->offset == mapping->variant_offset &&
		     key->words[j].text != NULL;
		     j++)
			ck_assert_int_eq(key->words[j].value, (int)j);
		if (key->mapping != NULL)
			check_mapping(key->mapping, seen);
	}
	ck_assert(variants == 0 || mapping->has_variants);
}

START_TEST(the_tables_are_sound)
{
	g_autoptr(GPtrArray) seen = g_ptr_array_new();

	check_mapping(&scenario_mapping, seen);
	ck_assert_uint_gt(seen->len, 20);
}
END_TEST

/* ---- An outside judge ---- */

static const char *const invalid[] = {
	"mailwire: 1\nnetworks: {lan: {dealy: 10ms}}\n",
	"mailwire: 1\nnetworks: {lan: {delay: 10}}\n",
	"mailwire: 1\nnetworks: {Lan: {}}\n",
	"title: x\n",
	"mailwire: 2\n",
	"mailwire: 1\ntimeline: [{at: 1s, who: a, do: snd}]\n",
	"mailwire: 1\ntimeline: [{at: 1s, who: a, do: move}]\n",
	"mailwire: 1\ntimeline: [{at: 1s, who: a, do: check, to: b}]\n",
	"mailwire: 1\nexpect: [{messages: 1}]\n",
	"mailwire: 1\nexpect: [{message: x}]\n",
	"mailwire: 1\nexpect: [{dropped: 3..1x}]\n",
	"mailwire: 1\nclients: {a: {incoming: imap}}\n",
	"mailwire: 1\nservers: {m: {services: [{service: imap, port: 70000}]}}\n",
};

static char *write_file(const char *folder, unsigned number, const char *text)
{
	g_autofree char *name = g_strdup_printf("%u.yaml", number);
	char *path = g_build_filename(folder, name, NULL);

	ck_assert(g_file_set_contents(path, text, -1, NULL));
	return path;
}

/* Every scenario, what show makes of it, and the template; then what must be refused. */
static GPtrArray *judge_arguments(const char *folder)
{
	GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) paths = all_scenarios();
	g_autofree char *template = scenario_template("first");
	unsigned number = 0;

	g_ptr_array_add(arguments, g_strdup("python3"));
	g_ptr_array_add(arguments, g_strdup("tests/app/validate_scenarios.py"));
	g_ptr_array_add(arguments, g_strdup(SCHEMA));
	for (unsigned i = 0; i < paths->len; i++) {
		struct scenario *scenario = load_good_file(paths->pdata[i]);
		g_autofree char *shown = scenario_print(scenario);

		g_ptr_array_add(arguments, g_strdup(paths->pdata[i]));
		g_ptr_array_add(arguments, write_file(folder, number++, shown));
		scenario_free(scenario);
	}
	g_ptr_array_add(arguments, write_file(folder, number++, template));
	g_ptr_array_add(arguments, g_strdup("INVALID"));
	for (unsigned i = 0; i < G_N_ELEMENTS(invalid); i++)
		g_ptr_array_add(arguments, write_file(folder, number++, invalid[i]));
	g_ptr_array_add(arguments, NULL);
	return arguments;
}

static void remove_folder(const char *folder)
{
	g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
	const char *name;

	while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		g_remove(path);
	}
	g_rmdir(folder);
}

START_TEST(an_outside_validator_agrees)
{
	g_autofree char *folder = g_dir_make_tmp("scenario-XXXXXX", NULL);
	g_autoptr(GPtrArray) arguments = judge_arguments(folder);
	g_autofree char *output = NULL;
	int status = 0;
	bool has_run = g_spawn_sync(NULL, (char **)arguments->pdata, NULL, G_SPAWN_SEARCH_PATH,
				    NULL, NULL, &output, NULL, &status, NULL);

	remove_folder(folder);
	if (!has_run || g_spawn_check_wait_status(status, NULL) == FALSE) {
		bool is_skipped =
		    !has_run || (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED);

		ck_assert_msg(is_skipped, "%s", output);
		printf("skipped an_outside_validator_agrees: %s",
		       has_run ? output : "there is no python3\n");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scenario_schema");
	TCase *tests = tcase_create("scenario_schema");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, the_tables_are_sound);
	tcase_add_test(tests, the_schema_is_what_the_tables_say);
	tcase_add_test(tests, the_reference_is_what_the_tables_say);
	tcase_add_test(tests, an_outside_validator_agrees);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
