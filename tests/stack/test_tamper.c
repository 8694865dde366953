/* An attacker at a router: what is overwritten, and that nobody at the ends can tell. */
#include <check.h>
#include <stdlib.h>
#include "stack/nat.h"
#include "tests/router.h"

static struct router router;

static void setup(void)
{
	router_init(&router);
}

static void teardown(void)
{
	router_clear(&router);
}

static void add(const char *replace, const char *by, uint16_t least, uint16_t most)
{
	ck_assert(tamper_add(host_tamper(router.host), &(struct tamper_rule) {
							   .replace = replace,
							   .by = by,
							   .port_least = least,
							   .port_most = most,
						       }));
}

/* Sends it by `port` of the server's and returns what came out; router_take() checks every checksum. */
static struct bytes pass(uint8_t protocol, uint16_t port, const char *payload)
{
	struct flow_packet seen;
	struct bytes datagram;

	router_give(&router, OUTSIDE,
		    &(struct probe) {
			.protocol = protocol,
			.source = {ROUTER_SERVER, port},
			.destination = { ROUTER_ALICE, 4000},
			.tcp_flags = TCP_ACK,
			.payload = payload,
        });
	datagram = router_take(&router, INSIDE, &seen);
	return bytes_from(datagram,
			  IPV4_HEADER_BYTES +
			      (protocol == IP_PROTOCOL_UDP ? UDP_HEADER_BYTES : TCP_HEADER_BYTES));
}

static unsigned rewrites(void)
{
	return router_count(&router, TRACE_FORWARD, LAYER_TAMPER, TAMPER_OVERWRITTEN);
}

static const struct {
	const char *name, *sent, *received;
} payloads[] = {
	{"at an even place",           "250-STARTTLS\r\n",     "250-XXXXXXXX\r\n"    },
	{ "at an odd place",           "250 STARTTLS and\r\n", "250 XXXXXXXX and\r\n"},
	{ "at the front",              "STARTTLS\r\n",         "XXXXXXXX\r\n"        },
	{ "at the end of odd length",  ".STARTTLS",            ".XXXXXXXX"           },
	{ "at the end of even length", "STARTTLS",             "XXXXXXXX"            },
	{ "odd, at an odd place",      "a STARTTLS",           "a XXXXXXXX"          },
	{ "twice",		     "STARTTLS STARTTLS",    "XXXXXXXX XXXXXXXX"   },
	{ "without a gap",             "STARTTLSSTARTTLS",     "XXXXXXXXXXXXXXXX"    },
	{ "cut off",                   "250-STARTTL",          "250-STARTTL"         },
	{ "in lower case",             "250-starttls\r\n",     "250-starttls\r\n"    },
	{ "nothing at all",            "",                     ""                    },
	{ "another text",              "250-PIPELINING\r\n",   "250-PIPELINING\r\n"  },
};

START_TEST(what_is_overwritten_keeps_its_length_and_checksum)
{
	add("STARTTLS", "XXXXXXXX", 0, 0);
	struct bytes received = pass(IP_PROTOCOL_TCP, 587, payloads[_i].sent);
	bool is_changed = strcmp(payloads[_i].sent, payloads[_i].received) != 0;

	ck_assert_msg(bytes_equal(received, bytes_of(payloads[_i].received)), "%s: %.*s",
		      payloads[_i].name, (int)received.length, received.data);
	ck_assert_uint_eq(rewrites(), is_changed);
}
END_TEST

START_TEST(only_the_ports_of_a_rule_are_meant)
{
	add("STLS", "XXXX", 110, 143);
	ck_assert(bytes_equal(pass(IP_PROTOCOL_TCP, 109, "STLS"), bytes_of("STLS")));
	ck_assert(bytes_equal(pass(IP_PROTOCOL_TCP, 110, "STLS"), bytes_of("XXXX")));
	ck_assert(bytes_equal(pass(IP_PROTOCOL_TCP, 143, "STLS"), bytes_of("XXXX")));
	ck_assert(bytes_equal(pass(IP_PROTOCOL_TCP, 144, "STLS"), bytes_of("STLS")));
	ck_assert(bytes_equal(pass(IP_PROTOCOL_UDP, 110, "STLS"), bytes_of("STLS")));
	ck_assert_uint_eq(rewrites(), 2);
}
END_TEST

START_TEST(rules_are_applied_in_their_order)
{
	add("one", "two", 0, 0);
	add("two", "six", 0, 0);
	ck_assert(bytes_equal(pass(IP_PROTOCOL_TCP, 25, "one two"), bytes_of("six six")));
	ck_assert_uint_eq(rewrites(), 2);
	ck_assert_uint_eq(router_count(&router, TRACE_TABLE, LAYER_TAMPER, TAMPER_RULE), 2);
}
END_TEST

/* The record tells where, how often, and by what. */
START_TEST(the_record_tells_of_it)
{
	const struct trace_record *record;

	add("STARTTLS", "XXXXXXXX", 0, 0);
	pass(IP_PROTOCOL_TCP, 25, "250-STARTTLS and STARTTLS");
	record = recorder_find(&router.recorder,
			       (struct wanted) { TRACE_FORWARD, LAYER_TAMPER, ANY, NULL }, 0);
	ck_assert_ptr_nonnull(record);
	ck_assert_uint_eq(record->object, 1);
	ck_assert_uint_eq(record->before, 4);
	ck_assert_uint_eq(record->after, 2);
	ck_assert(bytes_equal(recorder_bytes(&router.recorder, record), bytes_of("XXXXXXXX")));
}
END_TEST

/* Together with address translation: both change the checksum, and it is right in the end. */
START_TEST(translation_goes_on_behind_it)
{
	struct flow_packet seen;
	struct bytes datagram;

	host_translate(router.host, router.outside);
	add("STARTTLS", "XXXXXXXX", 0, 0);
	router_give(&router, INSIDE,
		    &(struct probe) {
			.source = {ROUTER_ALICE,   4000},
			.destination = { ROUTER_SERVER, 587 },
			.tcp_flags = TCP_SYN,
			.payload = "STARTTLS\r\n",
        });
	datagram = router_take(&router, OUTSIDE, &seen);
	ck_assert_uint_eq(seen.ends.source.address, ROUTER_OUTSIDE);
	ck_assert(bytes_equal(bytes_from(datagram, IPV4_HEADER_BYTES + TCP_HEADER_BYTES),
			      bytes_of("XXXXXXXX\r\n")));
}
END_TEST

START_TEST(there_are_so_many_rules_at_most)
{
	for (unsigned i = 0; i < TAMPER_RULES_MAX; i++)
		add("a", "b", 0, 0);
	ck_assert(!tamper_add(host_tamper(router.host),
			      &(struct tamper_rule) { .replace = "a", .by = "b" }));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tamper");
	TCase *tcase = tcase_create("tamper");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, what_is_overwritten_keeps_its_length_and_checksum, 0,
			    (int)G_N_ELEMENTS(payloads));
	tcase_add_test(tcase, only_the_ports_of_a_rule_are_meant);
	tcase_add_test(tcase, rules_are_applied_in_their_order);
	tcase_add_test(tcase, the_record_tells_of_it);
	tcase_add_test(tcase, translation_goes_on_behind_it);
	tcase_add_test(tcase, there_are_so_many_rules_at_most);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
