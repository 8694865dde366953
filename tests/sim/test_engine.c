/* The engine against a plain model: order, laziness, cancellation, deferred work, quiet. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "sim/engine.h"
#include "sim/random.h"

#define TIMER_COUNT 200
#define FEW         12

struct probe {
	struct timer timer;
	struct fixture *fixture;
	/* The model: when this timer must fire, and its rank among equals. */
	int64_t expected_ns;
	uint64_t expected_sequence;
};

struct fixture {
	struct engine *engine;
	struct random_stream random;
	struct probe probes[TIMER_COUNT];
	uint64_t sequence;
	int64_t last_ns;
	unsigned fired, changes_left;
};

static void probe_arm(struct probe *probe, int64_t at_ns)
{
	timer_schedule(probe->fixture->engine, &probe->timer, at_ns);
	probe->expected_ns = MAX(at_ns, engine_now(probe->fixture->engine));
	probe->expected_sequence = ++probe->fixture->sequence;
}

static void probe_disarm(struct probe *probe, bool pause)
{
	if (pause)
		timer_pause(probe->fixture->engine, &probe->timer);
	else
		timer_cancel(probe->fixture->engine, &probe->timer);
	probe->expected_ns = TIME_NEVER;
}

static bool probe_precedes(const struct probe *a, const struct probe *b)
{
	if (a->expected_ns != b->expected_ns)
		return a->expected_ns < b->expected_ns;
	if (a->timer.node != b->timer.node)
		return a->timer.node < b->timer.node;
	return a->expected_sequence < b->expected_sequence;
}

/* Timers come in waves: many are in use, then few, as the queue treats the two differently. */
static struct probe *any_probe(struct fixture *fixture)
{
	bool are_few = fixture->changes_left / 2000 % 2 == 1;

	return &fixture->probes[random_below(&fixture->random, are_few ? FEW : TIMER_COUNT)];
}

/* Fires: the model's first timer must be this one. Then changes some timers at random. */
static void probe_fired(void *owner)
{
	struct probe *probe = owner;
	struct fixture *fixture = probe->fixture;

	ck_assert_int_eq(engine_now(fixture->engine), probe->expected_ns);
	int earlier = -1;

	for (int i = 0; i < TIMER_COUNT; i++)
		if (fixture->probes[i].expected_ns != TIME_NEVER && &fixture->probes[i] != probe &&
		    probe_precedes(&fixture->probes[i], probe))
			earlier = i;
	ck_assert_msg(earlier < 0, "timer %d should have fired before", earlier);
	probe->expected_ns = TIME_NEVER;
	fixture->fired++;

	if (probe == &fixture->probes[0] && fixture->changes_left > 0)
		probe_arm(probe, engine_now(fixture->engine) + 1000);
	for (int i = 0; i < 3 && fixture->changes_left > 0; i++, fixture->changes_left--) {
		struct probe *other = any_probe(fixture);
		uint64_t what = random_below(&fixture->random, 10);
		int64_t span = INT64_C(1) << random_below(&fixture->random, 40);

		if (what < 2 && other != &fixture->probes[0]) /* which keeps the wave going */
			probe_disarm(other, what == 1);
		else
			probe_arm(other,
				  engine_now(fixture->engine) +
				      (int64_t)random_below(&fixture->random, (uint64_t)span));
	}
}

START_TEST(events_run_in_the_order_of_a_plain_model)
{
	struct fixture fixture = { .engine = engine_new(), .changes_left = 20000 };

	random_init(&fixture.random, (uint64_t)_i, "test", "engine");
	for (int i = 0; i < TIMER_COUNT; i++) {
		struct probe *probe = &fixture.probes[i];

		probe->fixture = &fixture;
		timer_init(&probe->timer, (uint32_t)random_below(&fixture.random, 5), probe_fired,
			   probe);
		probe_arm(probe, (int64_t)random_below(&fixture.random, 1000));
	}
	/* Stops between timestamps must not disturb the order. */
	for (int64_t until = 0; engine_run(fixture.engine, until) != ENGINE_QUIET;
	     until += 1 + until / 2)
		ck_assert_int_eq(engine_now(fixture.engine), until);
	for (int i = 0; i < TIMER_COUNT; i++)
		ck_assert(!timer_is_armed(&fixture.probes[i].timer));
	ck_assert_uint_gt(fixture.fired, 5000);
	engine_free(fixture.engine);
}
END_TEST

static void count_up(void *owner)
{
	++*(int *)owner;
}

START_TEST(background_timers_do_not_keep_the_world_awake)
{
	struct engine *engine = engine_new();
	struct timer ageing, probe;
	int aged = 0, probed = 0;

	timer_init(&ageing, 1, count_up, &aged);
	ageing.is_background = true;
	timer_init(&probe, 1, count_up, &probed);
	timer_schedule(engine, &ageing, 100);
	timer_schedule(engine, &probe, 50);
	ck_assert_int_eq(engine_run(engine, TIME_NEVER - 1), ENGINE_QUIET);
	ck_assert_int_eq(probed, 1);
	ck_assert_int_eq(aged, 0);
	ck_assert_int_eq(engine_now(engine), 50);
	timer_schedule(engine, &probe, 150);
	engine_run(engine, TIME_NEVER - 1);
	ck_assert_int_eq(aged, 1);
	timer_cancel(engine, &ageing);
	engine_free(engine);
}
END_TEST

START_TEST(an_armed_timer_may_go_to_the_background_and_back)
{
	struct engine *engine = engine_new();
	struct timer timer;
	int fired = 0;

	timer_init(&timer, 1, count_up, &fired);
	timer_schedule(engine, &timer, 50);
	timer_set_background(engine, &timer, true);
	ck_assert_int_eq(engine_run(engine, TIME_NEVER - 1), ENGINE_QUIET);
	ck_assert_int_eq(engine_now(engine), 0);
	timer_set_background(engine, &timer, true); /* as it is: nothing changes */
	timer_set_background(engine, &timer, false);
	ck_assert_int_eq(engine_run(engine, TIME_NEVER - 1), ENGINE_QUIET);
	ck_assert_int_eq(fired, 1);
	ck_assert_int_eq(engine_now(engine), 50);
	timer_set_background(engine, &timer, true); /* not armed: counts for nothing */
	timer_set_background(engine, &timer, false);
	ck_assert_int_eq(engine_run(engine, TIME_NEVER - 1), ENGINE_QUIET);
	engine_free(engine);
}
END_TEST

START_TEST(a_deadline_in_the_past_is_now)
{
	struct engine *engine = engine_new();
	struct timer late;
	int fired = 0;

	ck_assert_int_eq(engine_run(engine, 1000), ENGINE_QUIET);
	timer_init(&late, 1, count_up, &fired);
	timer_schedule(engine, &late, 2000);
	ck_assert_int_eq(engine_run(engine, 1500), ENGINE_DEADLINE);
	ck_assert_int_eq(engine_now(engine), 1500);
	timer_schedule(engine, &late, 3);
	ck_assert_int_eq(engine_run(engine, TIME_NEVER - 1), ENGINE_QUIET);
	ck_assert_int_eq(fired, 1);
	ck_assert_int_eq(engine_now(engine), 1500);
	engine_free(engine);
}
END_TEST

/* A signal that arrives during an event of the first instant. */
static void set_flag(void *owner)
{
	*(volatile sig_atomic_t *)owner = 1;
}

START_TEST(a_watched_flag_ends_the_run_after_the_present_instant)
{
	struct engine *engine = engine_new();
	volatile sig_atomic_t flag = 0;
	struct timer signal, same_instant, later;
	int fired = 0;

	timer_init(&signal, 1, set_flag, (void *)&flag);
	timer_init(&same_instant, 2, count_up, &fired);
	timer_init(&later, 1, count_up, &fired);
	timer_schedule(engine, &signal, 10);
	timer_schedule(engine, &same_instant, 10);
	timer_schedule(engine, &later, 11);
	engine_watch(engine, &flag);
	ck_assert_int_eq(engine_run(engine, 100), ENGINE_STOPPED);
	ck_assert_int_eq(fired, 1);
	ck_assert_int_eq(engine_run(engine, 100), ENGINE_STOPPED);
	ck_assert_int_eq(fired, 1);
	flag = 0;
	ck_assert_int_eq(engine_run(engine, 100), ENGINE_QUIET);
	ck_assert_int_eq(fired, 2);
	engine_free(engine);
}
END_TEST

struct chain {
	struct engine *engine;
	struct work first, second;
	GString *log;
	bool endless;
};

static void chain_second(void *owner)
{
	struct chain *chain = owner;

	g_string_append(chain->log, "2");
	if (chain->endless)
		work_defer(chain->engine, &chain->second);
}

static void chain_first(void *owner)
{
	struct chain *chain = owner;

	g_string_append(chain->log, "1");
	work_defer(chain->engine, &chain->second);
	work_defer(chain->engine, &chain->second);
}

static void chain_event(void *owner)
{
	struct chain *chain = owner;

	engine_context(chain->engine)->cause = 77;
	work_defer(chain->engine, &chain->first);
	g_string_append(chain->log, "e");
}

START_TEST(deferred_work_runs_once_before_the_event_ends)
{
	struct chain chain = { .engine = engine_new(), .log = g_string_new(NULL) };
	struct timer event;

	work_init(&chain.first, chain_first, &chain);
	work_init(&chain.second, chain_second, &chain);
	timer_init(&event, 1, chain_event, &chain);
	timer_schedule(chain.engine, &event, 5);
	ck_assert_int_eq(engine_run(chain.engine, TIME_NEVER - 1), ENGINE_QUIET);
	ck_assert_str_eq(chain.log->str, "e12");
	ck_assert_uint_eq(chain.second.context.cause, 77);
	g_string_free(chain.log, TRUE);
	engine_free(chain.engine);
}
END_TEST

/* What an event finds in its context. */
struct finding {
	struct engine *engine;
	struct timer later;
	uint64_t cause, actor;
};

static void find(void *owner)
{
	struct finding *finding = owner;

	finding->cause = engine_context(finding->engine)->cause;
	finding->actor = engine_context(finding->engine)->actor;
}

static void arm_both(void *owner)
{
	struct finding *findings = owner;
	struct context *context = engine_context(findings[0].engine);

	context->cause = 77;
	context->actor = 3;
	timer_schedule(findings[0].engine, &findings[0].later, 10);
	timer_schedule_arrival(findings[0].engine, &findings[1].later, 10, 1);
}

START_TEST(a_timer_inherits_cause_and_actor_and_an_arrival_neither)
{
	struct engine *engine = engine_new();
	struct finding findings[2] = { { .engine = engine }, { .engine = engine } };
	struct timer first;

	timer_init(&first, 1, arm_both, findings);
	timer_init(&findings[0].later, 1, find, &findings[0]);
	timer_init(&findings[1].later, 1, find, &findings[1]);
	findings[1].later.class = EVENT_ARRIVAL;
	findings[1].actor = 99;
	timer_schedule(engine, &first, 5);
	engine_run(engine, TIME_NEVER - 1);
	ck_assert_uint_eq(findings[0].cause, 77);
	ck_assert_uint_eq(findings[0].actor, 3);
	ck_assert_uint_eq(findings[1].cause, 0);
	ck_assert_uint_eq(findings[1].actor, 0);
	engine_free(engine);
}
END_TEST

START_TEST(endless_deferred_work_is_reported)
{
	struct chain chain = { .engine = engine_new(), .log = g_string_new(NULL), .endless = true };
	struct timer event;

	work_init(&chain.first, chain_first, &chain);
	work_init(&chain.second, chain_second, &chain);
	timer_init(&event, 1, chain_event, &chain);
	timer_schedule(chain.engine, &event, 5);
	ck_assert_int_eq(engine_run(chain.engine, TIME_NEVER - 1), ENGINE_LIVELOCK);
	g_string_free(chain.log, TRUE);
	engine_free(chain.engine);
}
END_TEST

START_TEST(cancelled_work_does_not_run)
{
	struct chain chain = { .engine = engine_new(), .log = g_string_new(NULL) };

	work_init(&chain.first, chain_first, &chain);
	work_init(&chain.second, chain_second, &chain);
	work_defer(chain.engine, &chain.first);
	work_defer(chain.engine, &chain.second);
	work_cancel(chain.engine, &chain.second);
	work_cancel(chain.engine, &chain.first);
	engine_run(chain.engine, 10);
	ck_assert_str_eq(chain.log->str, "");
	work_defer(chain.engine, &chain.second);
	engine_run(chain.engine, 20);
	ck_assert_str_eq(chain.log->str, "2");
	g_string_free(chain.log, TRUE);
	engine_free(chain.engine);
}
END_TEST

struct firing {
	struct engine *engine;
	int64_t last_ns;
	unsigned count;
};

static void note_firing(void *owner)
{
	struct firing *firing = owner;

	ck_assert_int_ge(engine_now(firing->engine), firing->last_ns);
	firing->last_ns = engine_now(firing->engine);
	firing->count++;
}

START_TEST(cancelled_timers_leave_little_behind_and_disturb_no_other)
{
	struct firing firing = { .engine = engine_new() };
	struct timer kept[50], churned;

	for (unsigned i = 0; i < 50; i++) {
		timer_init(&kept[i], 1, note_firing, &firing);
		timer_schedule(firing.engine, &kept[i], i * 37 % 50 * NS_PER_MS + 1);
	}
	timer_init(&churned, 1, note_firing, &firing);
	engine_run(firing.engine, 10 * NS_PER_MS);
	for (int64_t i = 0; i < 100000; i++) { /* far away, and about to come up */
		timer_schedule(firing.engine, &churned, 60 * NS_PER_S + i * NS_PER_US);
		timer_cancel(firing.engine, &churned);
		timer_schedule(firing.engine, &churned, engine_now(firing.engine) + 10 + i % 7);
		timer_cancel(firing.engine, &churned);
	}
	ck_assert_uint_le(engine_entries(firing.engine), 5000);
	engine_run(firing.engine, NS_PER_S);
	ck_assert_uint_eq(firing.count, 50);
	engine_free(firing.engine);
}
END_TEST

#define CROWD 20

/* Timers of one instant; the first of them cancels every other one, and lets the queue be swept. */
struct crowd {
	struct engine *engine;
	struct timer timers[CROWD], churned;
	GString *log;
};

struct member {
	struct crowd *crowd;
	unsigned number;
};

static void churn(struct crowd *crowd)
{
	for (unsigned i = 0; i < 100000; i++) {
		timer_schedule(crowd->engine, &crowd->churned,
			       engine_now(crowd->engine) + i % 2 * 60 * NS_PER_S);
		timer_cancel(crowd->engine, &crowd->churned);
	}
	ck_assert_uint_le(engine_entries(crowd->engine), 5000);
}

static void member_fired(void *owner)
{
	const struct member *member = owner;
	struct crowd *crowd = member->crowd;

	g_string_append_printf(crowd->log, "%u ", member->number);
	if (member->number != 0)
		return;
	for (unsigned i = 2; i < CROWD; i += 2)
		timer_cancel(crowd->engine, &crowd->timers[i]);
	churn(crowd);
}

START_TEST(a_sweep_amid_an_instant_leaves_what_is_still_to_come_in_order)
{
	struct crowd crowd = { .engine = engine_new(), .log = g_string_new(NULL) };
	struct member members[CROWD];

	timer_init(&crowd.churned, 1, member_fired, NULL);
	for (unsigned i = 0; i < CROWD; i++) {
		members[i] = (struct member) { &crowd, i };
		timer_init(&crowd.timers[i], 1 + i, member_fired, &members[i]);
	}
	for (unsigned i = CROWD; i > 0; i--) /* the node decides, not who was first */
		timer_schedule(crowd.engine, &crowd.timers[i - 1], 100);
	engine_run(crowd.engine, NS_PER_S);
	ck_assert_str_eq(crowd.log->str, "0 1 3 5 7 9 11 13 15 17 19 ");
	/* What comes after all that was cancelled finds none of it. */
	timer_schedule(crowd.engine, &crowd.timers[1], 100 * NS_PER_S);
	engine_run(crowd.engine, 200 * NS_PER_S);
	ck_assert_uint_eq(engine_entries(crowd.engine), 0);
	g_string_free(crowd.log, TRUE);
	engine_free(crowd.engine);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine");
	TCase *tests = tcase_create("engine");

	tcase_add_loop_test(tests, events_run_in_the_order_of_a_plain_model, 0, 20);
	tcase_add_test(tests, background_timers_do_not_keep_the_world_awake);
	tcase_add_test(tests, an_armed_timer_may_go_to_the_background_and_back);
	tcase_add_test(tests, a_deadline_in_the_past_is_now);
	tcase_add_test(tests, a_watched_flag_ends_the_run_after_the_present_instant);
	tcase_add_test(tests, deferred_work_runs_once_before_the_event_ends);
	tcase_add_test(tests, a_timer_inherits_cause_and_actor_and_an_arrival_neither);
	tcase_add_test(tests, endless_deferred_work_is_reported);
	tcase_add_test(tests, cancelled_work_does_not_run);
	tcase_add_test(tests, cancelled_timers_leave_little_behind_and_disturb_no_other);
	tcase_add_test(tests, a_sweep_amid_an_instant_leaves_what_is_still_to_come_in_order);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
