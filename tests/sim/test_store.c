/* The trace and its store: identity, causes, sharing of bytes, spooling. */
#include <check.h>
#include <stdlib.h>
#include "sim/store.h"
#include "sim/world.h"

START_TEST(records_take_identity_from_packet_and_context)
{
	struct world *world = world_new(1, 0);
	struct trace_store *store = trace_store_new(TRACE_STORE_MEMORY_BYTES);
	struct node node;

	trace_add_sink(&world->trace, trace_store_sink(store));
	node_init(&node, world, "alice-pc", NODE_HOST);
	*engine_context(world->engine) = (struct context) { .cause = 5, .root = 6, .crossing = 7 };
	struct packet *packet = node_new_packet(&node, 10);

	engine_context(world->engine)->root = 99;
	uint64_t id = trace_emit(&node, packet, &(struct trace_record) { .kind = TRACE_TRANSMIT },
				 packet_bytes(packet));

	ck_assert_uint_eq(trace_store_count(store), 2);
	ck_assert_uint_eq(trace_store_find(store, id), 1);
	const struct trace_record *named = trace_store_record(store, 0);
	const struct trace_record *sent = trace_store_record(store, 1);

	ck_assert_uint_eq(named->kind, TRACE_NODE);
	ck_assert(bytes_equal(trace_store_bytes(store, named), bytes_of("alice-pc")));
	ck_assert_uint_eq(trace_node_of(sent->id), 1);
	ck_assert_uint_eq(sent->cause, 5);
	ck_assert_uint_eq(sent->root, 6);
	ck_assert_uint_eq(sent->crossing, packet->crossing);
	ck_assert_uint_eq(sent->total_bytes, 10);
	ck_assert_uint_eq(trace_store_find(store, 12345), UINT64_MAX);
	packet_free(packet);
	world_free(world);
	trace_store_free(store);
}
END_TEST

START_TEST(ids_advance_alike_with_tracing_on_or_off)
{
	struct world *dark = world_new(1, 0), *lit = world_new(1, 0);
	struct trace_store *store = trace_store_new(TRACE_STORE_MEMORY_BYTES);
	struct node in_dark, in_lit;
	uint64_t last_dark = 0, last_lit = 0;

	trace_add_sink(&lit->trace, trace_store_sink(store));
	node_init(&in_dark, dark, "n", NODE_HOST);
	node_init(&in_lit, lit, "n", NODE_HOST);
	for (int i = 0; i < 5; i++) {
		struct trace_record record = { .kind = TRACE_STATE };

		last_dark = trace_emit(&in_dark, NULL, &record, (struct bytes) { 0 });
		last_lit = trace_emit(&in_lit, NULL, &record, (struct bytes) { 0 });
	}
	ck_assert_uint_eq(last_dark, last_lit);
	world_free(dark);
	world_free(lit);
	trace_store_free(store);
}
END_TEST

/* Loop test: 0 in memory, 1 nearly all in the spool file. */
START_TEST(a_long_trace_reads_back_as_written)
{
	struct trace_store *store = trace_store_new(_i ? 1 : TRACE_STORE_MEMORY_BYTES);
	struct trace_sink *sink = trace_store_sink(store);
	uint8_t bytes[1500];

	for (uint32_t i = 0; i < 100000; i++) {
		struct trace_record record = {
			.id = i + 1, .packet = i / 4, .time_ns = i, .blob_bytes = i % 1500
		};

		/* Packets of four records share bytes or not, by turns. */
		memset(bytes, (int)(i % 8 < 4 ? i / 4 : i), sizeof bytes);
		record.blob_bytes = i % 8 < 4 ? 300 : i % 1500;
		sink->record(sink->owner, &record, (struct bytes) { bytes, record.blob_bytes });
	}
	ck_assert_msg(trace_store_error(store) == NULL, "%s", trace_store_error(store));
	ck_assert_uint_eq(trace_store_count(store), 100000);
	for (uint32_t i = 0; i < 100000; i++) {
		const struct trace_record *record = trace_store_record(store, i);
		struct bytes kept = trace_store_bytes(store, record);

		ck_assert_int_eq(record->time_ns, i);
		ck_assert_uint_eq(kept.length, i % 8 < 4 ? 300 : i % 1500);
		if (kept.length > 0) {
			ck_assert_uint_eq(kept.data[0], (uint8_t)(i % 8 < 4 ? i / 4 : i));
			ck_assert_uint_eq(kept.data[kept.length - 1], kept.data[0]);
		}
	}
	trace_store_free(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *tests = tcase_create("store");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, records_take_identity_from_packet_and_context);
	tcase_add_test(tests, ids_advance_alike_with_tracing_on_or_off);
	tcase_add_loop_test(tests, a_long_trace_reads_back_as_written, 0, 2);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
