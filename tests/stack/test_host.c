/* Hosts: interfaces and routes by name and number, names of layers, path MTU, determinism. */
#include <check.h>
#include <stdlib.h>
#include "stack/layer.h"
#include "stack/path_mtu.h"
#include "stack/socket.h"
#include "tests/onehost.h"
#include "tests/wiretest.h"

START_TEST(interfaces_are_found_by_number_and_name)
{
	struct onehost test;

	onehost_init(&test, NODE_ROUTER);
	ck_assert(host_forwards(test.host));
	ck_assert_uint_eq(host_interface_count(test.host), 2);
	ck_assert_ptr_eq(host_interface(test.host, 1), test.eth0);
	ck_assert_ptr_eq(host_interface_named(test.host, "eth1"), test.eth1);
	ck_assert_ptr_null(host_interface(test.host, 0));
	ck_assert_ptr_null(host_interface(test.host, 3));
	ck_assert_ptr_null(host_interface_named(test.host, "eth2"));
	onehost_clear(&test);
}
END_TEST

static const struct {
	const char *name;
	uint32_t gateway;
	bool works;
} gateways[] = {
	{"on the link",                      0xc0000205,  true },
	{ "behind another gateway",          ONEHOST_FAR, false},
	{ "ourselves",		       ONEHOST_US,  false},
	{ "our network's broadcast address", 0xc000023f,  false},
	{ "none, and no interface",          0,           false},
};

START_TEST(a_gateway_must_be_on_a_link)
{
	struct onehost test;

	onehost_init(&test, NODE_HOST);
	ck_assert_msg(host_add_route(test.host, 0x0a000000, 8, gateways[_i].gateway, NULL) ==
			  gateways[_i].works,
		      "%s", gateways[_i].name);
	onehost_clear(&test);
}
END_TEST

START_TEST(routes_are_recorded_when_they_come_change_and_go)
{
	struct onehost test;
	struct wanted rows = { TRACE_TABLE, LAYER_IPV4, IPV4_ROUTE, NULL };

	onehost_init(&test, NODE_HOST);
	/* The connected network and the default route: local and broadcast addresses are no news. */
	ck_assert_uint_eq(recorder_count(&test.recorder, rows), 2);
	ck_assert_uint_eq(recorder_find(&test.recorder, rows, 0)->object,
			  UINT64_C(0xc0000200) << 8 | 26);
	ck_assert_uint_eq(recorder_find(&test.recorder, rows, 0)->after, 1);
	recorder_forget(&test.recorder);

	host_add_route(test.host, 0x0a000000, 8, 0xc0000205, NULL);
	host_add_route(test.host, 0x0a000000, 8, 0xc0000206, NULL);
	ck_assert(host_remove_route(test.host, 0x0a000000, 8));
	ck_assert(!host_remove_route(test.host, 0x0a000000, 8));
	ck_assert_uint_eq(recorder_count(&test.recorder, rows), 3);
	for (unsigned i = 0; i < 3; i++) {
		static const uint64_t values[] = { 0, UINT64_C(0xc0000205) << 32 | 1,
						   UINT64_C(0xc0000206) << 32 | 1, 0 };
		const struct trace_record *row = recorder_find(&test.recorder, rows, i);

		ck_assert_uint_eq(row->object, UINT64_C(0x0a000000) << 8 | 8);
		ck_assert_uint_eq(row->before, values[i]);
		ck_assert_uint_eq(row->after, values[i + 1]);
	}
	onehost_clear(&test);
}
END_TEST

START_TEST(every_detail_of_every_layer_has_a_name)
{
	ck_assert_uint_eq(stack_layer_names_count, LAYER_TAMPER - LAYER_USER);
	for (unsigned i = 0; i < stack_layer_names_count; i++) {
		const struct layer_names *names = stack_layer_names[i];

		ck_assert_uint_eq(names->layer, LAYER_LINK + i);
		ck_assert_ptr_nonnull(names->name);
		ck_assert_ptr_nonnull(names->key);
		for (unsigned k = 1; k < names->detail_count; k++)
			ck_assert_msg(names->details[k] != NULL, "%s %u", names->name, k);
	}
	for (unsigned i = 0; i < ARP_STATE_COUNT; i++)
		ck_assert_ptr_nonnull(arp_state_names[i]);
}
END_TEST

START_TEST(path_mtus_are_kept_for_ten_minutes_and_only_lowered)
{
	struct path_mtu *path_mtu = path_mtu_new();

	ck_assert_uint_eq(path_mtu_find(NULL, 1, 0).mtu_bytes, 0);
	ck_assert_uint_eq(path_mtu_find(path_mtu, 1, 0).mtu_bytes, 0);
	ck_assert(path_mtu_lower(path_mtu, 1, 1400, 0));
	ck_assert(!path_mtu_lower(path_mtu, 1, 1450, 5));
	ck_assert(path_mtu_lower(path_mtu, 1, 1300, 10));
	ck_assert_uint_eq(path_mtu_find(path_mtu, 1, 9 + PATH_MTU_LIFETIME_NS).mtu_bytes, 1300);
	ck_assert_uint_eq(path_mtu_find(path_mtu, 1, 10 + PATH_MTU_LIFETIME_NS).mtu_bytes, 0);
	ck_assert_uint_eq(path_mtu_find(path_mtu, 2, 0).mtu_bytes, 0);
	ck_assert(!path_mtu_find(path_mtu, 1, 10).is_locked);
	ck_assert(path_mtu_lower(path_mtu, 3, PATH_MTU_LEAST_BYTES, 0));
	ck_assert(!path_mtu_find(path_mtu, 3, 0).is_locked);
	ck_assert(path_mtu_lower(path_mtu, 3, 5, 0));
	ck_assert_uint_eq(path_mtu_find(path_mtu, 3, 0).mtu_bytes, PATH_MTU_LEAST_BYTES);
	ck_assert(path_mtu_find(path_mtu, 3, 0).is_locked);
	ck_assert(!path_mtu_lower(path_mtu, 3, 296, 0));
	path_mtu_free(path_mtu);
}
END_TEST

START_TEST(a_full_path_mtu_table_forgets_what_ends_first)
{
	struct path_mtu *path_mtu = path_mtu_new();

	for (uint32_t i = 0; i < PATH_MTU_ENTRIES_MAX; i++)
		path_mtu_lower(path_mtu, i, 1000, 100 + i);
	path_mtu_lower(path_mtu, 0, 900, 5000); /* now 1 is the oldest */
	path_mtu_lower(path_mtu, 99999, 1000, 6000);
	ck_assert_uint_eq(path_mtu_find(path_mtu, 0, 6000).mtu_bytes, 900);
	ck_assert_uint_eq(path_mtu_find(path_mtu, 1, 6000).mtu_bytes, 0);
	ck_assert_uint_eq(path_mtu_find(path_mtu, 2, 6000).mtu_bytes, 1000);
	ck_assert_uint_eq(path_mtu_find(path_mtu, 99999, 6000).mtu_bytes, 1000);
	path_mtu_free(path_mtu);
}
END_TEST

/* RFC 1191 section 7.1, the plateau table. */
START_TEST(unknown_mtus_are_guessed_by_plateaus)
{
	static const uint16_t guesses[][2] = {
		{65535, 32000},
                { 1500, 1492 },
                { 1492, 1006 },
                { 576,  508  },
                { 100,  68   },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(guesses); i++)
		ck_assert_uint_eq(path_mtu_guess(guesses[i][0]), guesses[i][1]);
}
END_TEST

static void ignore_ping(void *owner, int64_t round_trip_ns)
{
	(void)owner;
	(void)round_trip_ns;
}

/* Runs something with much chance in it; returns a hash of the whole trace. */
static char *run_and_hash(uint64_t seed)
{
	struct impairment impairment = {
		.loss_ppm = 50000,
		.corrupt_ppm = 50000,
		.duplicate_ppm = 50000,
		.reorder_ppm = 50000,
		.reorder_ns = NS_PER_MS,
		.jitter_ns = NS_PER_US,
	};
	struct wiretest test;
	GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);

	wiretest_init(&test, &(struct wiretest_config) { .seed = seed });
	link_impair(test.alice_cable, LINK_A, &impairment);
	link_impair(test.bob_cable, LINK_A, &impairment);
	for (unsigned i = 0; i < 100; i++) {
		icmp_ping(test.alice, WIRETEST_BOB, 3000, NS_PER_S, ignore_ping, NULL);
		wiretest_run_until(&test, (int64_t)i * 100 * NS_PER_MS);
	}
	g_checksum_update(checksum, (const guchar *)test.recorder.records->data,
			  (gssize)(test.recorder.records->len * sizeof(struct trace_record)));
	g_checksum_update(checksum, test.recorder.bytes->data, (gssize)test.recorder.bytes->len);
	wiretest_clear(&test);

	char *hash = g_strdup(g_checksum_get_string(checksum));

	g_checksum_free(checksum);
	return hash;
}

START_TEST(a_run_depends_on_the_seed_alone)
{
	char *first = run_and_hash(1), *again = run_and_hash(1), *other = run_and_hash(2);

	ck_assert_str_eq(first, again);
	ck_assert_str_ne(first, other);
	g_free(first);
	g_free(again);
	g_free(other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("host");
	TCase *tcase = tcase_create("host");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tcase, interfaces_are_found_by_number_and_name);
	tcase_add_loop_test(tcase, a_gateway_must_be_on_a_link, 0, G_N_ELEMENTS(gateways));
	tcase_add_test(tcase, routes_are_recorded_when_they_come_change_and_go);
	tcase_add_test(tcase, every_detail_of_every_layer_has_a_name);
	tcase_add_test(tcase, path_mtus_are_kept_for_ten_minutes_and_only_lowered);
	tcase_add_test(tcase, a_full_path_mtu_table_forgets_what_ends_first);
	tcase_add_test(tcase, unknown_mtus_are_guessed_by_plateaus);
	tcase_add_test(tcase, a_run_depends_on_the_seed_alone);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
