/* A switch with four ports, three of which lead to the test. */
#include <check.h>
#include <stdlib.h>
#include "stack/interface.h"
#include "stack/names.h"
#include "stack/switch.h"
#include "stack/wire/ethernet.h"
#include "tests/recorder.h"
#include "tests/wiretest.h"

#define PORTS 4

struct bench {
	struct world *world;
	struct switch_node *device;
	struct recorder recorder;
	unsigned seen[PORTS + 1]; /* frames that came out, by port */
	struct packet *last;      /* of them; a reference */
};

static void take(struct bench *bench, unsigned port, struct packet *frame)
{
	bench->seen[port]++;
	packet_free(bench->last);
	bench->last = frame;
}

static void take_1(void *bench, struct packet *frame)
{
	take(bench, 1, frame);
}

static void take_2(void *bench, struct packet *frame)
{
	take(bench, 2, frame);
}

static void take_3(void *bench, struct packet *frame)
{
	take(bench, 3, frame);
}

static void bench_init(struct bench *bench)
{
	*bench = (struct bench) { .world = world_new(1, 0) };
	recorder_init(&bench->recorder, bench->world);
	bench->device = switch_new(bench->world, "switch", PORTS);
	interface_attach(switch_port(bench->device, 1), take_1, bench);
	interface_attach(switch_port(bench->device, 2), take_2, bench);
	interface_attach(switch_port(bench->device, 3), take_3, bench); /* 4 stays free */
}

static void bench_clear(struct bench *bench)
{
	packet_free(bench->last);
	switch_free(bench->device);
	ck_assert_uint_eq(packet_pool_in_use(bench->world->packets), 0);
	world_free(bench->world);
	recorder_clear(&bench->recorder);
}

static struct mac mac_of(uint8_t last)
{
	return (struct mac) {
		{2, 0, 0, 0, 0, last}
	};
}

static void give(struct bench *bench, unsigned port, struct mac from, struct mac to)
{
	struct packet *frame = packet_new(bench->world->packets, 60);
	struct ethernet_header header = { to, from, ETHERTYPE_IPV4 };

	memset(packet_data(frame), 0, 60);
	ethernet_header_emit(&header, packet_data(frame));
	memset(bench->seen, 0, sizeof bench->seen);
	interface_receive(switch_port(bench->device, port), frame, 0);
}

static void check_seen(const struct bench *bench, unsigned one, unsigned two, unsigned three)
{
	ck_assert_uint_eq(bench->seen[1], one);
	ck_assert_uint_eq(bench->seen[2], two);
	ck_assert_uint_eq(bench->seen[3], three);
}

static unsigned count(const struct bench *bench, enum trace_kind kind, int detail)
{
	return recorder_count(&bench->recorder,
			      (struct wanted) { kind, LAYER_ETHERNET, detail, NULL });
}

START_TEST(unknown_addresses_are_flooded_and_known_ones_are_not)
{
	struct bench bench;

	bench_init(&bench);
	give(&bench, 1, mac_of(1), mac_of(2));
	check_seen(&bench, 0, 1, 1);
	ck_assert_uint_eq(count(&bench, TRACE_FORWARD, ETHERNET_FLOODED), 2);
	give(&bench, 2, mac_of(2), mac_of(1));
	check_seen(&bench, 1, 0, 0);
	ck_assert_uint_eq(count(&bench, TRACE_FORWARD, ETHERNET_KNOWN_PORT), 1);
	give(&bench, 1, mac_of(1), mac_of(2));
	check_seen(&bench, 0, 1, 0);
	bench_clear(&bench);
}
END_TEST

START_TEST(a_mirrored_port_gets_a_copy_of_each_frame_and_gives_nothing)
{
	struct bench bench;

	bench_init(&bench);
	switch_mirror(bench.device, 3);
	give(&bench, 1, mac_of(1), mac_of(2)); /* flooded, but there only once */
	check_seen(&bench, 0, 1, 1);
	give(&bench, 2, mac_of(2), mac_of(1)); /* known */
	check_seen(&bench, 1, 0, 1);
	give(&bench, 1, mac_of(4), mac_of(1)); /* goes nowhere */
	check_seen(&bench, 0, 0, 1);
	ck_assert_uint_eq(count(&bench, TRACE_FORWARD, ETHERNET_MIRRORED), 3);
	ck_assert_uint_eq(count(&bench, TRACE_FORWARD, ETHERNET_FLOODED), 1);
	ck_assert_uint_eq(count(&bench, TRACE_FORWARD, ETHERNET_KNOWN_PORT), 1);
	give(&bench, 3, mac_of(3), mac_of(1));
	check_seen(&bench, 0, 0, 0);
	ck_assert_uint_eq(count(&bench, TRACE_DROP, ETHERNET_MIRROR_PORT), 1);
	give(&bench, 1, mac_of(1), mac_of(3)); /* it was not learned either */
	check_seen(&bench, 0, 1, 1);
	bench_clear(&bench);
}
END_TEST

START_TEST(broadcast_and_multicast_are_always_flooded)
{
	static const struct mac groups[] = { { { 255, 255, 255, 255, 255, 255 } },
					     { { 0x01, 0, 0x5e, 0, 0, 1 } } };
	struct bench bench;

	bench_init(&bench);
	give(&bench, 1, mac_of(1), groups[_i]);
	give(&bench, 2, mac_of(2), groups[_i]);
	check_seen(&bench, 1, 0, 1);
	bench_clear(&bench);
}
END_TEST

START_TEST(a_flooded_frame_is_shared_not_copied)
{
	struct bench bench;

	bench_init(&bench);
	give(&bench, 1, mac_of(1), mac_broadcast);
	/* Two came out, one was freed: only one packet is in use. */
	ck_assert_uint_eq(packet_pool_in_use(bench.world->packets), 1);
	const struct trace_record *sent =
	    recorder_find(&bench.recorder, (struct wanted) { TRACE_TRANSMIT, ANY, ANY, NULL }, 0);

	ck_assert_uint_eq(sent->flags, TRACE_SHARED); /* and not FIRST: a host sent it first */
	bench_clear(&bench);
}
END_TEST

START_TEST(a_frame_for_its_own_port_is_dropped)
{
	struct bench bench;

	bench_init(&bench);
	give(&bench, 1, mac_of(1), mac_of(9));
	give(&bench, 1, mac_of(2), mac_of(1));
	check_seen(&bench, 0, 0, 0);
	ck_assert_uint_eq(count(&bench, TRACE_IGNORE, ETHERNET_SAME_PORT), 1);
	bench_clear(&bench);
}
END_TEST

START_TEST(a_host_that_moves_is_found_at_its_new_port)
{
	struct bench bench;

	bench_init(&bench);
	give(&bench, 1, mac_of(1), mac_broadcast);
	give(&bench, 3, mac_of(1), mac_broadcast);
	give(&bench, 2, mac_of(2), mac_of(1));
	check_seen(&bench, 0, 0, 1);

	const struct trace_record *moved = recorder_find(
	    &bench.recorder, (struct wanted) { TRACE_TABLE, ANY, ETHERNET_LEARNED, NULL }, 1);

	ck_assert_uint_eq(moved->object, 0x020000000001);
	ck_assert_uint_eq(moved->before, 1);
	ck_assert_uint_eq(moved->after, 3);
	bench_clear(&bench);
}
END_TEST

START_TEST(an_address_is_forgotten_after_300_seconds_of_silence)
{
	struct bench bench;

	bench_init(&bench);
	give(&bench, 1, mac_of(1), mac_broadcast);
	run_world_until(bench.world, 299 * NS_PER_S);
	give(&bench, 2, mac_of(2), mac_of(1));
	check_seen(&bench, 1, 0, 0);
	/* Frames for it do not keep it alive; it spoke at 0 s. The table counts in steps of 1 ms. */
	run_world_until(bench.world, 300 * NS_PER_S + 2 * NS_PER_MS);
	give(&bench, 2, mac_of(2), mac_of(1));
	check_seen(&bench, 1, 0, 1);
	ck_assert_uint_eq(count(&bench, TRACE_TABLE, ETHERNET_AGED), 1);
	bench_clear(&bench);
}
END_TEST

static void note_row(void *owner, const struct switch_row *row)
{
	g_array_append_val((GArray *)owner, *row);
}

START_TEST(the_table_lists_rows_by_address)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(struct switch_row));
	struct bench bench;

	bench_init(&bench);
	give(&bench, 3, mac_of(9), mac_broadcast);
	give(&bench, 1, mac_of(4), mac_broadcast);
	switch_each_address(bench.device, note_row, rows);
	ck_assert_uint_eq(rows->len, 2);
	ck_assert(mac_equal(g_array_index(rows, struct switch_row, 0).mac, mac_of(4)));
	ck_assert_uint_eq(g_array_index(rows, struct switch_row, 0).port, 1);
	ck_assert_uint_eq(g_array_index(rows, struct switch_row, 1).port, 3);
	g_array_free(rows, TRUE);
	bench_clear(&bench);
}
END_TEST

START_TEST(a_frame_with_a_group_source_is_dropped)
{
	struct bench bench;

	bench_init(&bench);
	give(&bench, 1, mac_broadcast, mac_of(1));
	check_seen(&bench, 0, 0, 0);
	ck_assert_uint_eq(count(&bench, TRACE_DROP, ETHERNET_MALFORMED), 1);
	bench_clear(&bench);
}
END_TEST

START_TEST(a_full_table_learns_no_more_but_forwards)
{
	struct bench bench;

	bench_init(&bench);
	bench.world->trace.kinds = 0;
	for (unsigned i = 0; i < SWITCH_ADDRESSES_MAX + 10; i++)
		give(&bench, 1,
		     (struct mac) {
			 {2, 1, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}
                },
		     mac_broadcast);
	give(&bench, 2, mac_of(2),
	     (struct mac) {
		 {2, 1, 0, 1, 0, 5}
        });
	check_seen(&bench, 1, 0, 1); /* the last ones are unknown: flooded */
	bench_clear(&bench);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("switch");
	TCase *tcase = tcase_create("switch");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tcase, unknown_addresses_are_flooded_and_known_ones_are_not);
	tcase_add_loop_test(tcase, broadcast_and_multicast_are_always_flooded, 0, 2);
	tcase_add_test(tcase, a_mirrored_port_gets_a_copy_of_each_frame_and_gives_nothing);
	tcase_add_test(tcase, a_flooded_frame_is_shared_not_copied);
	tcase_add_test(tcase, a_frame_for_its_own_port_is_dropped);
	tcase_add_test(tcase, a_host_that_moves_is_found_at_its_new_port);
	tcase_add_test(tcase, an_address_is_forgotten_after_300_seconds_of_silence);
	tcase_add_test(tcase, the_table_lists_rows_by_address);
	tcase_add_test(tcase, a_frame_with_a_group_source_is_dropped);
	tcase_add_test(tcase, a_full_table_learns_no_more_but_forwards);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
