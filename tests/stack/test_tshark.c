/*
 * tshark as the judge of what hosts and routers put on the wire: ARP, fragments, ICMP errors, UDP.
 * Nothing malformed, no bad checksum; and one flipped bit must be noticed.
 */
#include <check.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include "stack/socket.h"
#include "tests/wiretest.h"

static void ignore(void *owner, struct endpoint from, struct bytes payload)
{
	(void)owner;
	(void)from;
	(void)payload;
}

static void ignore_ping(void *owner, int64_t round_trip_ns)
{
	(void)owner;
	(void)round_trip_ns;
}

/* Some of everything: echo in fragments, a closed port, an unreachable host, a path with less MTU. */
static void make_traffic(struct wiretest *test)
{
	static uint8_t payload[5000];
	struct udp_socket *socket = udp_open(test->alice, 0, ignore, NULL);

	udp_open(test->bob, 9, ignore, NULL);
	icmp_ping(test->alice, WIRETEST_BOB, 56, NS_PER_S, ignore_ping, NULL);
	icmp_ping(test->alice, WIRETEST_BOB, 4000, NS_PER_S, ignore_ping, NULL);
	icmp_ping(test->alice, WIRETEST_BOB + 1, 56, NS_PER_S, ignore_ping, NULL);
	udp_send(socket, (struct endpoint) { WIRETEST_BOB, 9 }, (struct bytes) { payload, 5000 });
	udp_send(socket, (struct endpoint) { WIRETEST_BOB, 9 }, (struct bytes) { payload, 1000 });
	udp_send(socket, (struct endpoint) { WIRETEST_BOB, 99 }, (struct bytes) { payload, 100 });
	wiretest_run_until(test, 60 * NS_PER_S);
}

/* What tshark prints of the packets in `path` that match `filter`. */
static char *tshark(const char *path, const char *filter)
{
	const char *arguments[] = {
		/* clang-format off */
		"tshark", "-n", "-r", path, "-o", "ip.check_checksum:TRUE",
		"-o", "udp.check_checksum:TRUE", "-Y", filter, NULL,
		/* clang-format on */
	};
	char *output = NULL;
	int status = 0;

	ck_assert(g_spawn_sync(NULL, (char **)arguments, NULL,
			       G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
			       &output, NULL, &status, NULL));
	ck_assert_int_eq(status, 0);
	return output;
}

/* 0 is "bad" among checksum states, 6291456 is a warning. */
static const char faults[] = "_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0 "
			     "|| icmp.checksum.status == 0 || _ws.expert.severity >= 6291456";

START_TEST(tshark_finds_no_fault_but_the_ones_we_make)
{
	/* Loop test: with _i = 1 one bit of a UDP payload is flipped behind the FCS. */
	struct wiretest test;
	char *path;
	int file = g_file_open_tmp("mailwire-XXXXXX.pcap", &path, NULL);

	ck_assert_int_ge(file, 0);
	wiretest_init(&test, &(struct wiretest_config) { .right_mtu_bytes = 1000 });
	make_traffic(&test);
	if (_i == 1) {
		unsigned index = 0;
		const struct trace_record *sent;

		do
			sent = wiretest_record(&test, TRACE_TRANSMIT, ANY, ANY, index++);
		while (!(sent->flags & TRACE_FIRST) || sent->blob_bytes < 1000 ||
		       wiretest_bytes(&test, sent).data[23] != 17 ||
		       (wiretest_bytes(&test, sent).data[20] & 0x3f) != 0);
		((uint8_t *)wiretest_bytes(&test, sent).data)[900] ^= 1;
	}
	ck_assert_uint_gt(recorder_write_pcap(&test.recorder, test.world, path), 20);

	char *found = tshark(path, faults);

	if (_i == 0)
		ck_assert_msg(*found == '\0', "%s", found);
	else
		ck_assert_str_ne(found, "");
	g_free(found);
	wiretest_clear(&test);
	g_unlink(path);
	g_free(path);
	g_close(file, NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tshark");
	TCase *tcase = tcase_create("tshark");
	SRunner *runner = srunner_create(suite);
	char *program = g_find_program_in_path("tshark");

	bool has_tshark = program != NULL;

	g_free(program);
	if (!has_tshark)
		printf("skipped: tshark is not installed\n");
	else
		tcase_add_loop_test(tcase, tshark_finds_no_fault_but_the_ones_we_make, 0, 2);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
