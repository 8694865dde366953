/* The lingering close: how long it waits, and for what. */
#include <check.h>
#include <stdlib.h>
#include "protocols/linger.h"

/* A stream whose peer has `waiting` bytes to say. */
struct wire {
	struct stream stream; /* first */
	size_t waiting;
	bool is_shut, is_released, is_aborted;
};

static struct bytes wire_peek(struct stream *stream)
{
	static const uint8_t text[100];

	return (struct bytes) { text, MIN(((struct wire *)stream)->waiting, sizeof text) };
}

static void wire_consume(struct stream *stream, size_t length)
{
	((struct wire *)stream)->waiting -= length;
}

static void wire_shutdown(struct stream *stream)
{
	((struct wire *)stream)->is_shut = true;
}

static void wire_abort(struct stream *stream)
{
	((struct wire *)stream)->is_aborted = true;
}

static void wire_release(struct stream *stream)
{
	ck_assert_uint_eq(((struct wire *)stream)->waiting, 0);
	((struct wire *)stream)->is_released = true;
}

static const struct stream_operations operations = {
	.peek = wire_peek,
	.consume = wire_consume,
	.shutdown = wire_shutdown,
	.abort = wire_abort,
	.release = wire_release,
};

struct bench {
	struct world *world;
	struct node node;
	struct linger_pool *pool;
	struct wire wire;
};

static void set_up(struct bench *bench)
{
	*bench = (struct bench) { .world = world_new(1, 0) };
	node_init(&bench->node, bench->world, "host", NODE_HOST);
	bench->pool = linger_pool_new(&bench->node);
	bench->wire = (struct wire) { .stream.operations = &operations, .waiting = 250 };
	linger_close(bench->pool, &bench->wire.stream);
	ck_assert(bench->wire.is_shut);
	ck_assert(!bench->wire.is_released);
	ck_assert_uint_eq(bench->wire.waiting, 0);
}

static void tear_down(struct bench *bench)
{
	linger_pool_free(bench->pool);
	world_free(bench->world);
}

static int64_t run(struct bench *bench, int64_t until_ns)
{
	engine_run(bench->world->engine, until_ns);
	return engine_now(bench->world->engine);
}

START_TEST(a_silent_peer_is_left_soon)
{
	struct bench bench;

	set_up(&bench);
	ck_assert_int_eq(run(&bench, TIME_NEVER - 1), LINGER_SILENCE_NS);
	ck_assert(bench.wire.is_released);
	tear_down(&bench);
}
END_TEST

START_TEST(a_peer_that_ends_is_left_at_once)
{
	struct bench bench;

	set_up(&bench);
	bench.wire.stream.events->ended(bench.wire.stream.owner);
	ck_assert(bench.wire.is_released);
	ck_assert_int_eq(run(&bench, TIME_NEVER - 1), 0);
	tear_down(&bench);
}
END_TEST

START_TEST(a_peer_that_talks_on_is_left_too)
{
	struct bench bench;
	int64_t now_ns = 0;

	set_up(&bench);
	while (!bench.wire.is_released && now_ns < 2 * LINGER_MOST_NS) {
		bench.wire.waiting = 1000;
		bench.wire.stream.events->readable(bench.wire.stream.owner);
		ck_assert_uint_eq(bench.wire.waiting, 0);
		now_ns += NS_PER_S;
		engine_run(bench.world->engine, now_ns);
	}
	ck_assert(bench.wire.is_released);
	ck_assert_int_eq(now_ns, LINGER_MOST_NS);
	tear_down(&bench);
}
END_TEST

START_TEST(the_oldest_makes_room)
{
	struct wire wires[LINGER_STREAMS];
	struct bench bench;

	set_up(&bench);
	for (unsigned i = 0; i < LINGER_STREAMS; i++) {
		ck_assert(!bench.wire.is_released);
		wires[i] = (struct wire) { .stream.operations = &operations };
		linger_close(bench.pool, &wires[i].stream);
	}
	ck_assert(bench.wire.is_released);
	ck_assert(!wires[0].is_released);
	tear_down(&bench);
}
END_TEST

START_TEST(a_stream_that_is_lost_is_forgotten)
{
	struct bench bench;

	set_up(&bench);
	bench.wire.stream.events->failed(bench.wire.stream.owner, STREAM_RESET);
	run(&bench, TIME_NEVER - 1);
	ck_assert(!bench.wire.is_released);
	tear_down(&bench);
	ck_assert(!bench.wire.is_aborted);
}
END_TEST

START_TEST(who_lingers_at_the_end_is_reset)
{
	struct bench bench;

	set_up(&bench);
	tear_down(&bench);
	ck_assert(bench.wire.is_aborted);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("linger");
	TCase *tcase = tcase_create("linger");

	tcase_add_test(tcase, a_silent_peer_is_left_soon);
	tcase_add_test(tcase, a_peer_that_ends_is_left_at_once);
	tcase_add_test(tcase, a_peer_that_talks_on_is_left_too);
	tcase_add_test(tcase, the_oldest_makes_room);
	tcase_add_test(tcase, a_stream_that_is_lost_is_forgotten);
	tcase_add_test(tcase, who_lingers_at_the_end_is_reset);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
