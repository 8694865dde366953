/*
 * A run depends on the scenario and the seed alone: whatever the machine's zone, language, home,
 * folder, memory and addresses, the log, the JSON trace and the capture are the same bytes.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include "tests/app/program.h"
#include "tests/app/scenario_test.h"

/* Two machines' worth of difference. */
static const char *const here[] = { "TZ=UTC",     "LC_ALL=C",          "LANG=C",
				    "HOME=/root", "MALLOC_PERTURB_=0", NULL };
static const char *const elsewhere[] = { "TZ=Asia/Kathmandu",
					 "LC_ALL=de_DE.UTF-8",
					 "LANG=tr_TR.UTF-8",
					 "HOME=/nonexistent",
					 "MALLOC_PERTURB_=165",
					 "MALLOC_ARENA_MAX=1",
					 "G_SLICE=always-malloc",
					 "USER=somebody",
					 "COLUMNS=40",
					 NULL };

enum { MACHINES = 2, OUTPUTS = 3 };

/* What is compared: the log, the JSON trace, everything at every interface; the default capture below. */
static const struct {
	const char *name;
	const char *const arguments[6];
} outputs[OUTPUTS] = {
	{"text log",        { "--unfold", "--report", NULL }                      },
	{ "JSON trace",     { "--format", "json", NULL }                          },
	{ "capture of all", { "--quiet", "--pcap", "-", "--capture", "all", NULL }},
};

static GPtrArray *paths;

static struct outcome *run_on(const struct surroundings *machine, const char *path,
			      const char *const *more)
{
	const char *arguments[12] = { "run", path };
	size_t count = 2;
	struct outcome *outcome;

	while (*more != NULL && count < G_N_ELEMENTS(arguments) - 1)
		arguments[count++] = *more++;
	outcome = program_run_in(machine, arguments);
	ck_assert_status(outcome, 0);
	ck_assert_uint_gt(outcome->out_bytes, 0);
	return outcome;
}

static void assert_same(const struct outcome *a, const struct outcome *b, const char *what)
{
	gsize at = 0;

	while (at < a->out_bytes && at < b->out_bytes && a->out[at] == b->out[at])
		at++;
	ck_assert_msg(at == a->out_bytes && at == b->out_bytes,
		      "%s: differs at byte %zu of %zu and %zu", what, at, a->out_bytes,
		      b->out_bytes);
}

/* Without address randomisation where the system lets us; it is on elsewhere. */
static const char *const *fixed_addresses(void)
{
	static const char *const wrapper[] = { "setarch", "-R", NULL };
	static const char *const none[] = { NULL };
	bool works = system("setarch -R true 2>/dev/null") == 0;

	if (!works)
		puts("skipped: setarch -R is not allowed here, both runs have random addresses");
	return works ? wrapper : none;
}

START_TEST(the_environment_leaves_no_mark)
{
	const char *given = paths->pdata[_i / OUTPUTS];
	char *path = g_canonicalize_filename(given, NULL), *folder = folder_new();
	const struct surroundings machines[MACHINES] = {
		{.environment = here          },
		{ .environment = elsewhere, .folder = folder, .wrapper = fixed_addresses() },
	};
	const int output = _i % OUTPUTS;
	struct outcome *a = run_on(&machines[0], path, outputs[output].arguments);
	struct outcome *b = run_on(&machines[1], path, outputs[output].arguments);

	assert_same(a, b, outputs[output].name);
	outcome_free(a);
	outcome_free(b);
	g_free(path);
	folder_remove(folder);
}
END_TEST

static GBytes *capture_of(const struct surroundings *machine, const char *path,
			  const char *const *more)
{
	char *folder = folder_new(), *capture = path_in(folder, "run.pcapng");
	const char *arguments[12] = { "run", path, "--pcap", capture };
	size_t count = 4;
	struct outcome *outcome;
	GBytes *bytes;

	while (*more != NULL && count < G_N_ELEMENTS(arguments) - 1)
		arguments[count++] = *more++;
	outcome = program_run_in(machine, arguments);
	ck_assert_status(outcome, 0);
	bytes = file_read(capture);
	outcome_free(outcome);
	g_free(capture);
	folder_remove(folder);
	return bytes;
}

/* Two ways for each scenario: all have their turn many times. */
START_TEST(looking_changes_nothing_elsewhere_either)
{
	static const char *const quiet[] = { "--quiet", NULL };
	static const char *const other_seed[] = { "--quiet", "--seed", "1002", NULL };
	static const char *const ways[][4] = {
		{"--unfold",  "--report", NULL},
		{ "--format", "json",     NULL},
		{ "--dialog", NULL      },
		{ "--layer",      "tcp",       NULL    },
		{ "--message",        "1",       NULL},
	};
	const struct surroundings machine = { .environment = here };
	const struct surroundings other_machine = { .environment = elsewhere };
	g_autofree char *path = g_canonicalize_filename(paths->pdata[_i], NULL);
	g_autoptr(GBytes) first = capture_of(&machine, path, quiet);
	g_autoptr(GBytes) other_run = capture_of(&machine, path, other_seed);

	for (int i = 0; i < 2; i++) {
		const char *const *way = ways[(2 * _i + i) % (int)G_N_ELEMENTS(ways)];
		g_autoptr(GBytes) other = capture_of(&other_machine, path, way);

		ck_assert_msg(g_bytes_equal(first, other), "%s changes the capture", way[0]);
	}
	ck_assert_msg(!g_bytes_equal(first, other_run), "another seed changes nothing");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("determinism");
	TCase *tests = tcase_create("determinism");

	paths = all_scenarios();
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, the_environment_leaves_no_mark, 0, (int)paths->len * OUTPUTS);
	tcase_add_loop_test(tests, looking_changes_nothing_elsewhere_either, 0, (int)paths->len);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	g_ptr_array_free(paths, TRUE);
	return failed ? 1 : 0;
}
