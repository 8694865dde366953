/* Impairments by cable, direction and time. */
#include <check.h>
#include "app/scenario.h"
#include "tests/app/scenario_test.h"

/* Two LANs, joined by a cable between two routers. */
#define WORLD                                                                                      \
	"mailwire: 1\n"                                                                            \
	"networks: {lan: , wire: {kind: link}, far: }\n"                                           \
	"routers: {r: {interfaces: [lan, wire]}, s: {interfaces: [wire, far]}}\n"                  \
	"hosts: {a: {network: lan}, b: {network: lan}}\n"

struct question {
	const char *impairments;
	const char *node;
	unsigned interface;
	bool is_out;
	int64_t at_ns;
	uint32_t loss_ppm;
};

static const struct question questions[] = {
	{"{link: a, loss: 1%}",                            "a", 0, true,  0,                10000},
	{ "{link: a, loss: 1%}",                           "a", 0, false, 0,                10000},
	{ "{link: a, loss: 1%}",                           "b", 0, true,  0,                0    },
	{ "{link: a, direction: out, loss: 1%}",           "a", 0, true,  0,                10000},
	{ "{link: a, direction: out, loss: 1%}",           "a", 0, false, 0,                0    },
	{ "{link: a, direction: in, loss: 1%}",            "a", 0, false, 0,                10000},
	{ "{link: lan, loss: 1%}",                         "b", 0, true,  0,                10000},
	{ "{link: lan, loss: 1%}",                         "s", 1, true,  0,                0    },
	{ "{link: all, loss: 1%}",                         "s", 1, true,  0,                10000},
 /* What r sends on the cable is what s is sent. */
	{ "{link: \"r:wire\", direction: out, loss: 1%}",  "r", 1, true,  0,                10000},
	{ "{link: \"r:wire\", direction: out, loss: 1%}",  "s", 0, false, 0,                10000},
	{ "{link: \"r:wire\", direction: out, loss: 1%}",  "s", 0, true,  0,                0    },
	{ "{link: wire, loss: 1%}",                        "s", 0, true,  0,                10000},
 /* From its beginning on, and no longer at its end. */
	{ "{link: a, loss: 1%, from: 1s, to: 2s}",         "a", 0, true,  NS_PER_S - 1,     0    },
	{ "{link: a, loss: 1%, from: 1s, to: 2s}",         "a", 0, true,  NS_PER_S,         10000},
	{ "{link: a, loss: 1%, from: 1s, to: 2s}",         "a", 0, true,  2 * NS_PER_S - 1, 10000},
	{ "{link: a, loss: 1%, from: 1s, to: 2s}",         "a", 0, true,  2 * NS_PER_S,     0    },
 /* The last that says something about a value. */
	{ "{link: all, loss: 1%}, {link: a, loss: 3%}",    "a", 0, true,  0,                30000},
	{ "{link: all, loss: 1%}, {link: a, loss: 3%}",    "b", 0, true,  0,                10000},
	{ "{link: all, loss: 1%}, {link: a, corrupt: 3%}", "a", 0, true,  0,                10000},
};

START_TEST(an_impairment_holds_where_and_when_it_says)
{
	const struct question *question = &questions[_i];
	g_autofree char *yaml = g_strdup_printf(WORLD "impairments: [%s]\n", question->impairments);
	struct scenario *scenario = load_good(yaml);
	const struct scenario_node *node = (const struct scenario_node *)scenario_lookup(
	    scenario, SCENARIO_HOST | SCENARIO_ROUTER, question->node);
	struct scenario_way way = {
		.interface = node->interfaces->pdata[question->interface],
		.is_out = question->is_out,
	};
	g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct scenario_impairment effect;

	scenario_impair(scenario, &way, question->at_ns, &effect, frames);
	ck_assert_uint_eq(effect.loss_ppm, question->loss_ppm);
	ck_assert_uint_eq(frames->len, 0);
	scenario_free(scenario);
}
END_TEST

/* Something outside that is plugged into a LAN is at neither an interface nor an uplink. */
START_TEST(what_is_plugged_in_from_outside_is_impaired_with_its_network)
{
	struct scenario *scenario = load_good(WORLD "impairments: [{link: lan, loss: 1%}]\n");
	struct scenario_way way = { .network = scenario->networks->pdata[0], .is_out = true };
	g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct scenario_impairment effect;

	scenario_impair(scenario, &way, 0, &effect, frames);
	ck_assert_uint_eq(effect.loss_ppm, 10000);
	way.network = scenario->networks->pdata[1];
	scenario_impair(scenario, &way, 0, &effect, frames);
	ck_assert_uint_eq(effect.loss_ppm, 0);
	scenario_free(scenario);
}
END_TEST

START_TEST(values_of_several_come_together)
{
	struct scenario *scenario =
	    load_good(WORLD "impairments: [{link: a, drop-frames: [9, 3], jitter: 2ms}, {link: "
			    "all, drop-frames: 5,\n"
			    "  reorder: 1%, reorder-by: 7ms}, {link: lan, down: yes}]\n");
	struct scenario_way way = {
		.interface = &((struct scenario_node *)scenario->hosts->pdata[0])->own,
		.is_out = true,
	};
	g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct scenario_impairment effect;

	scenario_impair(scenario, &way, 0, &effect, frames);
	ck_assert_int_eq(effect.jitter_ns, 2 * NS_PER_MS);
	ck_assert_uint_eq(effect.reorder_ppm, 10000);
	ck_assert_int_eq(effect.reorder_ns, 7 * NS_PER_MS);
	ck_assert(effect.is_down);
	ck_assert_uint_eq(frames->len, 3);
	ck_assert_uint_eq(g_array_index(frames, uint64_t, 0), 3);
	ck_assert_uint_eq(g_array_index(frames, uint64_t, 1), 5);
	ck_assert_uint_eq(g_array_index(frames, uint64_t, 2), 9);
	scenario_free(scenario);
}
END_TEST

START_TEST(the_uplink_of_a_switch_is_a_cable_too)
{
	struct scenario *scenario =
	    load_good("mailwire: 1\nnetworks: {lan: }\n"
		      "switches: {core: {network: lan}, floor: {network: lan}}\nhosts: {a: }\n"
		      "impairments: [{link: floor, direction: in, loss: 2%}]\n");
	struct scenario_way way = { .uplink = scenario->switches->pdata[1] };
	struct scenario_way other = {
		.interface = &((struct scenario_node *)scenario->hosts->pdata[0])->own,
	};
	g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	struct scenario_impairment effect;

	scenario_impair(scenario, &way, 0, &effect, frames);
	ck_assert_uint_eq(effect.loss_ppm, 20000);
	way.is_out = true;
	scenario_impair(scenario, &way, 0, &effect, frames);
	ck_assert_uint_eq(effect.loss_ppm, 0);
	scenario_impair(scenario, &other, 0, &effect, frames);
	ck_assert_uint_eq(effect.loss_ppm, 0);
	scenario_free(scenario);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scenario_impair");
	TCase *tests = tcase_create("scenario_impair");

	tcase_add_loop_test(tests, an_impairment_holds_where_and_when_it_says, 0,
			    G_N_ELEMENTS(questions));
	tcase_add_test(tests, what_is_plugged_in_from_outside_is_impaired_with_its_network);
	tcase_add_test(tests, values_of_several_come_together);
	tcase_add_test(tests, the_uplink_of_a_switch_is_a_cable_too);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
