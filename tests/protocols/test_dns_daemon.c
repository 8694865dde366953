/*
 * DNS over the simulated network: a client, the resolver of its site, a root server and the server
 * of a remote site, each on a host of its own.
 *
 *     alice .10, dns .53 -- left -- gw -- right -- bob .70 (remote.example), root .100
 */
#include <check.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "protocols/dns/daemon.h"
#include "protocols/dns/names.h"
#include "protocols/dns/resolver.h"
#include "tests/wiretest.h"

#define S            NS_PER_S

#define DNS_ADDRESS  UINT32_C(0xc0000235) /* 192.0.2.53 */
#define ROOT_ADDRESS UINT32_C(0xc0000264) /* 192.0.2.100 */

struct fixture {
	struct wiretest net;
	struct host *dns, *root;
	struct link *dns_cable, *root_cable;
	struct dns_daemon *office, *world, *remote;
	struct dns_resolver *resolver;
	unsigned answers;
	enum dns_outcome outcome;
	int64_t answered_ns;
	GString *records; /* of the last answer: "name type data; ..." */
};

static struct host *add_host(struct fixture *fixture, const char *name, uint32_t address,
			     struct switch_node *lan, uint32_t gateway, struct link **cable)
{
	struct host *host = host_new(fixture->net.world, name, NODE_HOST);
	struct interface_config config = { .address = address, .prefix_length = 26 };
	static const struct link_config plain;

	config.mac.octets[0] = 0x02;
	put_be32(config.mac.octets + 2, address);
	*cable = link_new(host_add_interface(host, &config), switch_port(lan, 3), name, &plain);
	host_add_route(host, 0, 0, gateway, NULL);
	return host;
}

struct zone_record {
	const char *owner;
	uint16_t type;
	const char *data;
};

static const struct zone_record root_zone[] = {
	{".",		     DNS_SOA, "root host 1 2 3 4 60" },
	{ ".", DNS_NS, "root" },
	{ "root",		    DNS_A, "192.0.2.100" },
	{ "office.example",                 DNS_NS, "dns.office.example" },
	{ "dns.office.example",                 DNS_A, "192.0.2.53" },
	{ "remote.example",          DNS_NS, "dns.remote.example" },
	{ "dns.remote.example",       DNS_A, "192.0.2.70" },
	{ "2.0.192.in-addr.arpa",   DNS_NS, "dns.remote.example" },
	{ 0  },
};

static const struct zone_record office_zone[] = {
	{"office.example",                      DNS_SOA, "dns.office.example host 1 2 3 4 60" },
	{ "office.example", DNS_NS, "dns.office.example" },
	{ "dns.office.example",                     DNS_A, "192.0.2.53" },
	{ "imap.office.example",                 DNS_CNAME, "mail.office.example" },
	{ "mail.office.example",                 DNS_A, "192.0.2.12" },
	{ "shop.office.example",                         DNS_CNAME, "www.remote.example" },
	{ 0	       },
};

static const struct zone_record remote_zone[] = {
	{"remote.example",                      DNS_SOA, "dns.remote.example host 1 2 3 4 60" },
	{ "remote.example", DNS_NS, "dns.remote.example" },
	{ "dns.remote.example",                     DNS_A, "192.0.2.70" },
	{ "remote.example",                 DNS_MX, "10 mail.remote.example" },
	{ "mail.remote.example",                 DNS_A, "192.0.2.71" },
	{ "www.remote.example",                         DNS_A, "192.0.2.72" },
	{ 0		    },
};

static const struct zone_record reverse_zone[] = {
	{"2.0.192.in-addr.arpa",                DNS_SOA, "dns.remote.example host 1 2 3 4 60" },
	{ "71.2.0.192.in-addr.arpa", DNS_PTR, "mail.remote.example" },
	{ 0           },
};

static struct dns_zone *make_zone(const char *origin, const struct zone_record *records)
{
	struct dns_zone *zone = dns_zone_new(origin);

	for (; records->owner != NULL; records++)
		ck_assert(dns_zone_add(zone, records->owner, records->type, 300, records->data));
	return zone;
}

/* Adds a set of 80 addresses: too much for a datagram. */
static void add_crowd(struct dns_zone *zone)
{
	for (int i = 0; i < 80; i++) {
		char address[IPV4_TEXT_BYTES];

		ipv4_print(UINT32_C(0xc6336400) + (uint32_t)i, address);
		ck_assert(dns_zone_add(zone, "crowd.remote.example", DNS_A, 300, address));
	}
}

static void set_up(struct fixture *fixture)
{
	static const struct dns_root_hint hint = { "root", ROOT_ADDRESS };
	static const struct dns_prefix everybody_left = { UINT32_C(0xc0000200), 26 };
	struct dns_zone *zones[2];

	*fixture = (struct fixture) { .records = g_string_new(NULL) };
	wiretest_init(&fixture->net, NULL);
	fixture->dns = add_host(fixture, "dns", DNS_ADDRESS, fixture->net.left, WIRETEST_LEFT,
				&fixture->dns_cable);
	fixture->root = add_host(fixture, "root", ROOT_ADDRESS, fixture->net.right, WIRETEST_RIGHT,
				 &fixture->root_cable);
	zones[0] = make_zone("office.example", office_zone);
	fixture->office = dns_daemon_start(fixture->dns, &(struct dns_daemon_config) {
							     .zones = zones,
							     .zone_count = 1,
							     .offers_recursion = true,
							     .recursion_for = &everybody_left,
							     .recursion_for_count = 1,
							     .root_hints = &hint,
							     .root_hint_count = 1,
							     .wakeup_ns = 50 * NS_PER_US,
							 });
	zones[0] = make_zone(".", root_zone);
	fixture->world = dns_daemon_start(
	    fixture->root, &(struct dns_daemon_config) { .zones = zones, .zone_count = 1 });
	zones[0] = make_zone("remote.example", remote_zone);
	zones[1] = make_zone("2.0.192.in-addr.arpa", reverse_zone);
	add_crowd(zones[0]);
	fixture->remote = dns_daemon_start(
	    fixture->net.bob, &(struct dns_daemon_config) { .zones = zones, .zone_count = 2 });
	ck_assert(fixture->office != NULL && fixture->world != NULL && fixture->remote != NULL);
	fixture->resolver = dns_resolver_new(fixture->net.alice, DNS_ADDRESS, DNS_ASKER_LIBRARY);
}

static void tear_down(struct fixture *fixture)
{
	dns_resolver_free(fixture->resolver);
	dns_daemon_stop(fixture->office);
	dns_daemon_stop(fixture->world);
	dns_daemon_stop(fixture->remote);
	link_free(fixture->dns_cable);
	link_free(fixture->root_cable);
	host_free(fixture->dns);
	host_free(fixture->root);
	wiretest_clear(&fixture->net);
	g_string_free(fixture->records, TRUE);
}

static void take_answer(void *owner, const struct dns_answer *answer)
{
	struct fixture *fixture = owner;
	const struct dns_section *section;

	fixture->answers++;
	fixture->outcome = answer->outcome;
	fixture->answered_ns = engine_now(fixture->net.world->engine);
	g_string_truncate(fixture->records, 0);
	if (answer->message == NULL)
		return;
	section = &answer->message->sections[DNS_ANSWER];
	for (unsigned i = 0; i < section->count; i++) {
		char name[DNS_NAME_TEXT_BYTES], type[DNS_TYPE_TEXT_BYTES];

		g_string_append_printf(fixture->records, "%s%s %s ", i > 0 ? "; " : "",
				       dns_name_print(section->records[i].name, name),
				       dns_type_print(section->records[i].type, type));
		dns_data_print(&section->records[i], fixture->records);
	}
}

static void ask(struct fixture *fixture, const char *name, uint16_t type)
{
	unsigned before = fixture->answers;

	ck_assert_ptr_nonnull(dns_resolve(fixture->resolver, name, type, take_answer, fixture));
	ck_assert_uint_eq(fixture->answers, before);
	wiretest_run(&fixture->net);
	ck_assert_uint_eq(fixture->answers, before + 1);
}

/* Datagrams that the programs of a host sent and did not send back. */
static unsigned sent_by(const struct fixture *fixture, struct host *host)
{
	return recorder_count(&fixture->net.recorder, (struct wanted) {
							  .kind = TRACE_ENCAPSULATE,
							  .layer = LAYER_UDP,
							  .detail = ANY,
							  .node = host_node(host),
						      });
}

static const struct {
	const char *name;
	uint16_t type;
	enum dns_outcome outcome;
	const char *records;
	unsigned root_asked, remote_asked;
} lookups[] = {
	{"remote.example",           DNS_MX,   DNS_FOUND,   "remote.example MX 10 mail.remote.example", 1, 1},
	{ "www.remote.example.",     DNS_A,    DNS_FOUND,   "www.remote.example A 192.0.2.72",          1, 1},
	{ "www.remote.example",      DNS_AAAA, DNS_NO_DATA, "",                                         1, 1},
	{ "nosuch.remote.example",   DNS_A,    DNS_NO_NAME, "",                                         1, 1},
	{ "nosuch.test",             DNS_A,    DNS_NO_NAME, "",                                         1, 0},
	{ "71.2.0.192.in-addr.arpa", DNS_PTR,  DNS_FOUND,
         "71.2.0.192.in-addr.arpa PTR mail.remote.example",                                             1, 1},
	{ "imap.office.example",     DNS_A,    DNS_FOUND,
         "imap.office.example CNAME mail.office.example; mail.office.example A 192.0.2.12",             0, 0},
	{ "shop.office.example",     DNS_A,    DNS_FOUND,
         "shop.office.example CNAME www.remote.example; www.remote.example A 192.0.2.72",               1, 1},
};

START_TEST(a_name_is_found_by_packets_alone)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, lookups[_i].name, lookups[_i].type);
	ck_assert_int_eq(fixture.outcome, lookups[_i].outcome);
	ck_assert_str_eq(fixture.records->str, lookups[_i].records);
	ck_assert_uint_eq(sent_by(&fixture, fixture.root), lookups[_i].root_asked);
	ck_assert_uint_eq(sent_by(&fixture, fixture.net.bob), lookups[_i].remote_asked);
	ck_assert_uint_eq(sent_by(&fixture, fixture.net.alice), 1);

	/* Asked once more, what came from elsewhere is in the cache. */
	recorder_forget(&fixture.net.recorder);
	ask(&fixture, lookups[_i].name, lookups[_i].type);
	ck_assert_int_eq(fixture.outcome, lookups[_i].outcome);
	ck_assert_str_eq(fixture.records->str, lookups[_i].records);
	ck_assert_uint_eq(sent_by(&fixture, fixture.root), 0);
	ck_assert_uint_eq(sent_by(&fixture, fixture.net.bob), 0);
	ck_assert_uint_eq(sent_by(&fixture, fixture.dns), 1);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_long_answer_comes_over_tcp)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "crowd.remote.example", DNS_A);
	ck_assert_int_eq(fixture.outcome, DNS_FOUND);
	ck_assert(g_str_has_suffix(fixture.records->str, "crowd.remote.example A 198.51.100.79"));
	/* alice asked dns, and dns bob, each by one query and one response in a stream. */
	ck_assert_uint_eq(wiretest_count(&fixture.net, TRACE_UNIT, LAYER_DNS, DNS_UNIT_QUERY), 4);
	ck_assert_uint_eq(wiretest_count(&fixture.net, TRACE_UNIT, LAYER_DNS, DNS_UNIT_RESPONSE),
			  4);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_cable_that_is_mended_in_time_costs_only_time)
{
	struct fixture fixture;

	set_up(&fixture);
	link_cut(fixture.net.bob_cable);
	ck_assert_ptr_nonnull(
	    dns_resolve(fixture.resolver, "www.remote.example", DNS_A, take_answer, &fixture));
	wiretest_run_until(&fixture.net, 2 * S);
	ck_assert_uint_eq(fixture.answers, 0);
	link_mend(fixture.net.bob_cable);
	wiretest_run(&fixture.net);
	ck_assert_uint_eq(fixture.answers, 1);
	ck_assert_int_eq(fixture.outcome, DNS_FOUND);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_dead_resolver_is_given_up_after_two_attempts_of_5_seconds)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "mail.office.example", DNS_A);
	recorder_forget(&fixture.net.recorder);
	dns_daemon_stop(fixture.office);
	fixture.office = NULL;
	link_cut(fixture.dns_cable);
	int64_t asked_ns = engine_now(fixture.net.world->engine);
	ask(&fixture, "mail.office.example", DNS_A);
	ck_assert_int_eq(fixture.outcome, DNS_FAILED);
	ck_assert_int_eq(fixture.answered_ns - asked_ns, 10 * S);
	ck_assert_uint_eq(sent_by(&fixture, fixture.net.alice), 2);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_closed_port_is_noticed_at_once)
{
	struct fixture fixture;

	set_up(&fixture);
	dns_daemon_stop(fixture.office);
	fixture.office = NULL;
	ask(&fixture, "mail.office.example", DNS_A);
	ck_assert_int_eq(fixture.outcome, DNS_FAILED);
	ck_assert_int_lt(fixture.answered_ns, 1 * S);
	tear_down(&fixture);
}
END_TEST

static void count_loss(void *owner, enum stream_failure why)
{
	ck_assert_int_eq(why, STREAM_RESET);
	++*(unsigned *)owner;
}

START_TEST(one_connection_too_many_is_reset)
{
	static const struct stream_events events = { .failed = count_loss };
	struct stream *streams[DNS_TCP_CLIENTS_MAX];
	struct fixture fixture;
	unsigned lost = 0;

	set_up(&fixture);
	for (unsigned i = 0; i < DNS_TCP_CLIENTS_MAX; i++) {
		streams[i] = tcp_connect(fixture.net.alice, (struct endpoint) { DNS_ADDRESS, 53 },
					 &events, &lost);
		wiretest_run_until(&fixture.net, (i + 1) * NS_PER_MS);
	}
	ck_assert_uint_eq(lost, 0);
	tcp_connect(fixture.net.alice, (struct endpoint) { DNS_ADDRESS, 53 }, &events, &lost);
	wiretest_run_until(&fixture.net, S);
	ck_assert_uint_eq(lost, 1);
	for (unsigned i = 0; i < DNS_TCP_CLIENTS_MAX; i++)
		stream_abort(streams[i]);
	ask(&fixture, "crowd.remote.example", DNS_A);
	ck_assert_int_eq(fixture.outcome, DNS_FOUND);
	tear_down(&fixture);
}
END_TEST

START_TEST(recursion_is_for_the_site_only)
{
	struct fixture fixture;
	struct dns_resolver *outside;

	set_up(&fixture);
	outside = dns_resolver_new(fixture.root, DNS_ADDRESS, DNS_ASKER_LIBRARY);
	dns_resolve(outside, "www.remote.example", DNS_A, take_answer, &fixture);
	wiretest_run(&fixture.net);
	ck_assert_int_eq(fixture.outcome, DNS_FAILED);
	dns_resolve(outside, "mail.office.example", DNS_A, take_answer, &fixture);
	wiretest_run(&fixture.net);
	ck_assert_int_eq(fixture.outcome, DNS_FOUND);
	dns_resolver_free(outside);
	tear_down(&fixture);
}
END_TEST

static void free_resolver(void *owner, const struct dns_answer *answer)
{
	struct fixture *fixture = owner;

	take_answer(owner, answer);
	g_clear_pointer(&fixture->resolver, dns_resolver_free);
}

START_TEST(the_resolver_may_be_freed_by_whom_it_tells)
{
	static const char *const names[] = { "mail.office.example", "crowd.remote.example" };
	struct fixture fixture;

	set_up(&fixture);
	dns_resolve(fixture.resolver, names[_i], DNS_A, free_resolver, &fixture);
	dns_resolve(fixture.resolver, "nosuch.test", DNS_A, take_answer, &fixture);
	wiretest_run(&fixture.net);
	ck_assert_uint_ge(fixture.answers, 1);
	ck_assert_ptr_null(fixture.resolver);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_cancelled_query_is_not_answered)
{
	struct fixture fixture;

	set_up(&fixture);
	struct dns_query *query =
	    dns_resolve(fixture.resolver, "mail.office.example", DNS_A, take_answer, &fixture);
	dns_resolve(fixture.resolver, "imap.office.example", DNS_A, take_answer, &fixture);
	dns_cancel(query);
	wiretest_run(&fixture.net);
	ck_assert_uint_eq(fixture.answers, 1);
	ck_assert_ptr_null(dns_resolve(fixture.resolver, "a..b", DNS_A, take_answer, &fixture));
	tear_down(&fixture);
}
END_TEST

START_TEST(programs_may_stop_in_the_middle)
{
	struct fixture fixture;

	set_up(&fixture);
	dns_resolve(fixture.resolver, "crowd.remote.example", DNS_A, take_answer, &fixture);
	/* Loop test: at different moments of the exchange. */
	wiretest_run_until(&fixture.net, _i * 20 * NS_PER_US);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_port_is_taken_once)
{
	struct fixture fixture;
	struct dns_zone *zone;

	set_up(&fixture);
	ck_assert_ptr_null(dns_daemon_start(fixture.dns, &(struct dns_daemon_config) { 0 }));
	zone = dns_zone_new("a.example");
	ck_assert_ptr_null(
	    dns_daemon_start(fixture.net.alice,
			     &(struct dns_daemon_config) {
				 .zones = (struct dns_zone *[]) {zone, dns_zone_new("A.Example")},
				 .zone_count = 2,
        }));
	tear_down(&fixture);
}
END_TEST

/* The row of the trace that adds `name` and `type` to the cache; ck_assert fails when there is none. */
static const struct trace_record *find_row(const struct fixture *fixture, const char *name,
					   uint16_t type)
{
	for (unsigned i = 0;; i++) {
		const struct trace_record *row =
		    wiretest_record(&fixture->net, TRACE_TABLE, LAYER_DNS, DNS_ROW_ADDED, i);
		GArray *records = g_array_new(FALSE, FALSE, sizeof(struct dns_record));
		struct dns_cache_entry entry;
		char text[DNS_NAME_TEXT_BYTES];

		ck_assert_msg(row != NULL, "no row for %s", name);
		ck_assert_int_eq(dns_row_parse(wiretest_bytes(&fixture->net, row), &entry, records),
				 PARSE_OK);
		bool is_found =
		    entry.type == type && strcmp(dns_name_print(entry.name, text), name) == 0;
		g_array_free(records, TRUE);
		if (is_found)
			return row;
	}
}

START_TEST(the_trace_tells_the_cache_and_the_lookup)
{
	struct fixture fixture;
	static const char *const zones[] = { ".", "remote.example" };

	set_up(&fixture);
	ask(&fixture, "remote.example", DNS_MX);
	const struct trace_record *row = find_row(&fixture, "remote.example", DNS_MX);
	ck_assert_uint_eq(row->before, 0);
	ck_assert_int_eq((int64_t)row->after, row->time_ns + 300 * S);
	find_row(&fixture, "remote.example", DNS_NS);
	find_row(&fixture, "dns.remote.example", DNS_A);
	find_row(&fixture, "mail.remote.example", DNS_A);

	for (unsigned i = 0; i < 2; i++) {
		const struct trace_record *state =
		    wiretest_record(&fixture.net, TRACE_STATE, LAYER_DNS, DNS_LOOKUP, i);
		struct dns_name name, zone;
		uint16_t type;
		char text[DNS_NAME_TEXT_BYTES];

		ck_assert_ptr_nonnull(state);
		ck_assert_uint_eq(state->after, DNS_LOOKUP_ASKING);
		ck_assert_int_eq(
		    dns_question_parse(wiretest_bytes(&fixture.net, state), &name, &type, &zone),
		    PARSE_OK);
		ck_assert_uint_eq(type, DNS_MX);
		ck_assert_str_eq(dns_name_print(name, text), "remote.example");
		ck_assert_str_eq(dns_name_print(zone, text), zones[i]);
	}
	ck_assert_uint_eq(wiretest_count(&fixture.net, TRACE_STATE, LAYER_DNS, DNS_QUERY_OF_HOST),
			  2);
	tear_down(&fixture);
}
END_TEST

/* Runs tshark over the frames and returns what it prints. */
static char *tshark(const char *path, const char *arguments)
{
	char *command = g_strdup_printf("sh -c 'tshark -r %s %s 2>/dev/null'", path, arguments);
	char *output = NULL;

	ck_assert(g_spawn_command_line_sync(command, &output, NULL, NULL, NULL));
	g_free(command);
	return output;
}

START_TEST(tshark_reads_every_message)
{
	struct fixture fixture;
	char path[] = "/tmp/mailwire-dns-XXXXXX";
	char *program = g_find_program_in_path("tshark");

	if (program == NULL) {
		printf("skipped: tshark_reads_every_message: tshark is not installed\n");
		return;
	}
	g_free(program);
	set_up(&fixture);
	for (size_t i = 0; i < G_N_ELEMENTS(lookups); i++)
		ask(&fixture, lookups[i].name, lookups[i].type);
	ask(&fixture, "crowd.remote.example", DNS_A);
	close(mkstemp(path));
	ck_assert_uint_gt(recorder_write_pcap(&fixture.net.recorder, fixture.net.world, path), 0);

	char *malformed = tshark(path, "-Y \"_ws.malformed or _ws.expert.severity >= 0x600000\"");
	ck_assert_str_eq(malformed, "");
	g_free(malformed);
	char *first = tshark(path, "-Y dns -T fields -e _ws.col.Info -c 14");
	/* The ids are random; the rest is what Wireshark shows of such an exchange (fact 6). */
	GRegex *hex = g_regex_new("0x[0-9a-f]{4}", 0, 0, NULL);
	char *lines = g_regex_replace_literal(hex, first, -1, 0, "ID", 0, NULL);
	ck_assert_msg(g_str_has_prefix(
			  lines,
			  "Standard query ID MX remote.example\n"
			  "Standard query ID MX remote.example OPT\n"
			  "Standard query response ID MX remote.example NS dns.remote.example "
			  "A 192.0.2.70 OPT\n"
			  "Standard query ID MX remote.example OPT\n"
			  "Standard query response ID MX remote.example MX 10 mail.remote.example "
			  "A 192.0.2.71 OPT\n"
			  "Standard query response ID MX remote.example MX 10 mail.remote.example "
			  "A 192.0.2.71\n"),
		      "%s", lines);
	g_free(lines);
	g_free(first);
	g_regex_unref(hex);
	unlink(path);
	tear_down(&fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dns daemon");
	TCase *tcase = tcase_create("daemon");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_name_is_found_by_packets_alone, 0, G_N_ELEMENTS(lookups));
	tcase_add_test(tcase, one_connection_too_many_is_reset);
	tcase_add_test(tcase, a_long_answer_comes_over_tcp);
	tcase_add_test(tcase, a_cable_that_is_mended_in_time_costs_only_time);
	tcase_add_test(tcase, a_dead_resolver_is_given_up_after_two_attempts_of_5_seconds);
	tcase_add_test(tcase, a_closed_port_is_noticed_at_once);
	tcase_add_test(tcase, recursion_is_for_the_site_only);
	tcase_add_loop_test(tcase, the_resolver_may_be_freed_by_whom_it_tells, 0, 2);
	tcase_add_test(tcase, a_cancelled_query_is_not_answered);
	tcase_add_loop_test(tcase, programs_may_stop_in_the_middle, 0, 40);
	tcase_add_test(tcase, a_port_is_taken_once);
	tcase_add_test(tcase, the_trace_tells_the_cache_and_the_lookup);
	tcase_add_test(tcase, tshark_reads_every_message);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
