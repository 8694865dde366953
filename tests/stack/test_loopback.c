/* The way from a host to itself: what its records tell. That it delivers is tested with TCP. */
#include <check.h>
#include <stdlib.h>
#include "stack/loopback.h"
#include "stack/socket.h"
#include "tests/onehost.h"

#define PAYLOAD_BYTES 100

static void note_round_trip(void *owner, int64_t round_trip_ns)
{
	*(int64_t *)owner = round_trip_ns;
}

static const struct trace_record *loopback_record(const struct onehost *test, unsigned index)
{
	const struct wanted wanted = { TRACE_LOOPBACK, LAYER_IPV4, ANY, host_node(test->host) };

	return recorder_find(&test->recorder, wanted, index);
}

static const struct trace_record *record_of_id(const struct onehost *test, uint64_t id)
{
	const GArray *records = test->recorder.records;

	for (unsigned i = 0; i < records->len; i++)
		if (g_array_index(records, struct trace_record, i).id == id)
			return &g_array_index(records, struct trace_record, i);
	return NULL;
}

/* The nearest LOOPBACK record among what led to `record`; NULL: none did. */
static const struct trace_record *loopback_before(const struct onehost *test,
						  const struct trace_record *record)
{
	do
		record = record_of_id(test, record->cause);
	while (record != NULL && record->kind != TRACE_LOOPBACK);
	return record;
}

static void check_datagram(const struct onehost *test, const struct trace_record *record,
			   uint8_t icmp_type)
{
	struct bytes datagram = recorder_bytes(&test->recorder, record), payload, data;
	struct ipv4_header ipv4;
	struct icmp_header icmp;

	ck_assert_int_eq(ipv4_header_parse(datagram, &ipv4, &payload), PARSE_OK);
	ck_assert_uint_eq(datagram.length, IPV4_HEADER_BYTES + ICMP_HEADER_BYTES + PAYLOAD_BYTES);
	ck_assert_uint_eq(record->total_bytes, datagram.length);
	ck_assert_uint_eq(ipv4.source, ONEHOST_US);
	ck_assert_uint_eq(ipv4.destination, ONEHOST_US);
	ck_assert_int_eq(icmp_header_parse(payload, &icmp, &data), PARSE_OK);
	ck_assert_uint_eq(icmp.type, icmp_type);
}

/* Records `index`, where the datagram leaves, and the next, where it arrives. */
static void check_way(const struct onehost *test, unsigned index, uint8_t icmp_type)
{
	const struct trace_record *sent = loopback_record(test, index);
	const struct trace_record *arrived = loopback_record(test, index + 1);

	ck_assert_ptr_nonnull(sent);
	ck_assert_ptr_nonnull(arrived);
	ck_assert_uint_eq(sent->flags, 0);
	ck_assert_uint_eq(arrived->flags, TRACE_INBOUND);
	check_datagram(test, sent, icmp_type);
	check_datagram(test, arrived, icmp_type);
	ck_assert_uint_eq(arrived->cause, sent->id);
	ck_assert_uint_eq(arrived->packet, sent->packet);
	ck_assert_uint_ne(arrived->crossing, sent->crossing);
	ck_assert_int_eq(arrived->time_ns, sent->time_ns + LOOPBACK_DELAY_NS);
	const struct trace_record *cause = record_of_id(test, sent->cause);

	ck_assert_ptr_nonnull(cause);
	ck_assert_int_eq(cause->kind, TRACE_ENCAPSULATE);
}

START_TEST(a_datagram_to_oneself_is_recorded_where_it_leaves_and_arrives)
{
	struct onehost test;
	int64_t round_trip_ns = -1;

	onehost_init(&test, NODE_HOST);
	icmp_ping(test.host, ONEHOST_US, PAYLOAD_BYTES, NS_PER_S, note_round_trip, &round_trip_ns);
	onehost_run_until(&test, NS_PER_S);
	ck_assert_int_eq(round_trip_ns, 2 * LOOPBACK_DELAY_NS);
	check_way(&test, 0, ICMP_ECHO_REQUEST);
	check_way(&test, 2, ICMP_ECHO_REPLY);
	ck_assert_ptr_null(loopback_record(&test, 4));
	ck_assert_ptr_null(loopback_before(&test, loopback_record(&test, 0)));
	ck_assert_ptr_eq(loopback_before(&test, loopback_record(&test, 2)),
			 loopback_record(&test, 1));
	ck_assert_uint_eq(onehost_count(&test, TRACE_TRANSMIT, ANY, ANY), 0);
	ck_assert_uint_eq(test.sent->len, 0); /* not even ARP */
	onehost_clear(&test);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loopback");
	TCase *tests = tcase_create("loopback");

	tcase_add_test(tests, a_datagram_to_oneself_is_recorded_where_it_leaves_and_arrives);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
