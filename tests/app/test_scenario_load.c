/* Scenarios that are right: what is filled in, what names lead to, and that show is faithful. */
#include <check.h>
#include "app/scenario.h"
#include "protocols/dns/record.h"
#include "tests/app/scenario_test.h"

#define LOOKUP(type, kind, name)                                                                   \
	((struct scenario_##type *)scenario_lookup(scenario, SCENARIO_##kind, name))

static uint32_t ipv4(const char *text)
{
	uint32_t address = 0;

	ck_assert(ipv4_parse(text, &address));
	return address;
}

static void check_mac(const struct scenario_interface *interface, const char *expected)
{
	char text[MAC_TEXT_BYTES];

	ck_assert_str_eq(mac_print(interface->mac, text), expected);
}

/* ---- The smallest scenario ---- */

START_TEST(the_smallest_scenario_gets_a_world)
{
	struct scenario *scenario = load_good_file("scenarios/hello.yaml");
	const struct scenario_node *alice = LOOKUP(node, HOST, "alice-pc");
	const struct scenario_network *lan = LOOKUP(network, NETWORK, "lan");

	ck_assert_uint_eq(scenario->networks->len, 1);
	ck_assert_uint_eq(lan->subnet.address, ipv4("192.0.2.0"));
	ck_assert_uint_eq(lan->subnet.length, 24);
	ck_assert_uint_eq(lan->interfaces->len, 5);
	ck_assert_ptr_eq(alice->own.network, lan);
	ck_assert_uint_eq(alice->own.address, ipv4("192.0.2.10"));
	check_mac(&alice->own, "02:00:00:01:00:0a");
	ck_assert_ptr_null(alice->gateway);
	ck_assert_str_eq(alice->fqdn, "alice-pc.hello.example");
	scenario_free(scenario);
}
END_TEST

START_TEST(dns_and_root_are_made_up_when_a_domain_needs_them)
{
	struct scenario *scenario = load_good_file("scenarios/hello.yaml");
	const struct scenario_node *dns = LOOKUP(node, HOST, "dns");
	const struct scenario_node *root = LOOKUP(node, HOST, "root");
	const struct scenario_node *alice = LOOKUP(node, HOST, "alice-pc");

	ck_assert_ptr_nonnull(dns);
	ck_assert_ptr_eq(scenario->root_server, root);
	ck_assert_ptr_eq(alice->resolver, dns);
	ck_assert_ptr_null(root->resolver);
	ck_assert_uint_eq(scenario->resolvers->len, 1);
	scenario_free(scenario);
}
END_TEST

START_TEST(a_scenario_without_mail_has_no_name_servers)
{
	struct scenario *scenario =
	    load_good("mailwire: 1\nhosts: {a: , b: }\n"
		      "timeline: [{at: 1s, who: a, do: ping, target: b}]\n");
	const struct scenario_action *ping = scenario->timeline->pdata[0];

	ck_assert_uint_eq(scenario->hosts->len, 2);
	ck_assert_uint_eq(scenario->zones->len, 0);
	ck_assert_ptr_null(scenario->root_server);
	ck_assert_uint_eq(ping->target_address, ipv4("192.0.2.11"));
	ck_assert_ptr_eq(ping->host, LOOKUP(node, HOST, "a"));
	ck_assert_uint_eq(ping->count, 4);
	scenario_free(scenario);
}
END_TEST

/* ---- The office ---- */

static struct scenario *scenario; /* of the tests below; made anew for each */

static void open_office(void)
{
	scenario = load_good_file("scenarios/office.yaml");
}

static void close_office(void)
{
	scenario_free(scenario);
}

START_TEST(clients_and_servers_are_on_networks_of_their_own)
{
	ck_assert_str_eq(LOOKUP(node, HOST, "alice-pc")->own.network->item.name, "client-lan");
	ck_assert_str_eq(LOOKUP(node, HOST, "carol-pc")->own.network->item.name, "client-lan");
	ck_assert_str_eq(LOOKUP(node, HOST, "mail")->own.network->item.name, "server-lan");
	ck_assert_str_eq(LOOKUP(node, HOST, "dns")->own.network->item.name, "server-lan");
	ck_assert_uint_eq(LOOKUP(node, ROUTER, "gw")->interfaces->len, 3);
	ck_assert_str_eq(LOOKUP(node, HOST, "mail")->fqdn, "mail.office.example");
	ck_assert_str_eq(LOOKUP(node, HOST, "remote-mail")->fqdn, "mail.remote.example");
	ck_assert_str_eq(LOOKUP(node, HOST, "root")->own.network->item.name, "internet");
}
END_TEST

START_TEST(all_addresses_are_for_documentation)
{
	for (unsigned i = 0; i < scenario->networks->len; i++) {
		const struct scenario_network *network = scenario->networks->pdata[i];
		uint32_t slash_24 = network->subnet.address & ipv4_mask(24);

		ck_assert(network->subnet.length >= 24);
		ck_assert(slash_24 == ipv4("192.0.2.0") || slash_24 == ipv4("198.51.100.0") ||
			  slash_24 == ipv4("203.0.113.0"));
	}
}
END_TEST

START_TEST(every_router_knows_every_network)
{
	for (unsigned i = 0; i < scenario->routers->len; i++) {
		const struct scenario_node *router = scenario->routers->pdata[i];

		ck_assert_uint_eq(router->interfaces->len + router->routes->len,
				  scenario->networks->len);
	}
	const struct scenario_node *gw = LOOKUP(node, ROUTER, "gw");
	const struct scenario_route *route = gw->routes->pdata[0];

	ck_assert_uint_eq(route->to.address, ipv4("203.0.113.0"));
	ck_assert_uint_eq(route->via->address, ipv4("198.51.100.2"));
	ck_assert_str_eq(route->via->node->item.name, "isp");
}
END_TEST

START_TEST(hosts_ask_the_resolver_of_their_own_site)
{
	ck_assert_str_eq(LOOKUP(node, HOST, "carol-pc")->resolver->item.name, "dns");
	ck_assert_str_eq(LOOKUP(node, HOST, "mail")->resolver->item.name, "dns");
	ck_assert_str_eq(LOOKUP(node, HOST, "bob-pc")->resolver->item.name, "remote-dns");
	ck_assert_str_eq(LOOKUP(node, HOST, "remote-mail")->resolver->item.name, "remote-dns");
}
END_TEST

static const struct scenario_record *find_record(const char *origin, const char *owner,
						 unsigned type)
{
	for (unsigned i = 0; i < scenario->zones->len; i++) {
		const struct scenario_zone *zone = scenario->zones->pdata[i];

		for (unsigned j = 0; j < zone->records->len; j++) {
			const struct scenario_record *record = zone->records->pdata[j];

			if (strcmp(zone->item.name, origin) == 0 && record->type == type &&
			    strcmp(record->owner, owner) == 0)
				return record;
		}
	}
	return NULL;
}

static const struct {
	const char *zone, *owner;
	unsigned type;
	const char *value;
} office_records[] = {
	{"office.example",  "office.example",          DNS_MX,  "10 mail.office.example."},
	{ "office.example", "office.example",          DNS_NS,  "dns.office.example."    },
	{ "office.example", "mail.office.example",     DNS_A,   "192.0.2.74"             },
	{ "office.example", "imap.office.example",     DNS_A,   "192.0.2.74"             },
	{ "office.example", "smtp.office.example",     DNS_A,   "192.0.2.74"             },
	{ "remote.example", "remote.example",          DNS_MX,  "10 mail.remote.example."},
	{ "remote.example", "pop.remote.example",      DNS_A,   "203.0.113.74"           },
	{ ".",              ".",		       DNS_NS,  "a.root-servers.example."},
	{ ".",              "office.example",          DNS_NS,  "dns.office.example."    },
	{ ".",              "dns.office.example",      DNS_A,   "192.0.2.75"             }, /* glue */
	{ ".",              "remote.example",          DNS_NS,  "dns.remote.example."    },
	{ ".",              "dns.remote.example",      DNS_A,   "203.0.113.75"           },
	{ ".",              "in-addr.arpa",            DNS_NS,  "a.root-servers.example."},
	{ "in-addr.arpa",   "74.2.0.192.in-addr.arpa", DNS_PTR, "mail.office.example."   },
};

START_TEST(zones_hold_what_mail_needs)
{
	const struct scenario_record *record =
	    find_record(office_records[_i].zone, office_records[_i].owner, office_records[_i].type);

	ck_assert_msg(record != NULL, "%s is missing", office_records[_i].owner);
	ck_assert_str_eq(record->value, office_records[_i].value);
}
END_TEST

START_TEST(no_zone_knows_the_other_sites_names)
{
	ck_assert_ptr_null(find_record("office.example", "mail.remote.example", DNS_A));
	ck_assert_ptr_null(find_record("remote.example", "mail.office.example", DNS_A));
	ck_assert_ptr_null(find_record(".", "mail.office.example", DNS_A));
	for (unsigned i = 0; i < scenario->zones->len; i++) {
		const struct scenario_zone *zone = scenario->zones->pdata[i];

		ck_assert_uint_eq(((struct scenario_record *)zone->records->pdata[0])->type,
				  DNS_SOA);
	}
}
END_TEST

START_TEST(clients_name_their_servers)
{
	const struct scenario_client *alice = LOOKUP(client, CLIENT, "alice");
	const struct scenario_client *bob = LOOKUP(client, CLIENT, "bob");

	ck_assert_str_eq(alice->incoming.server, "imap.office.example");
	ck_assert_int_eq(alice->incoming.protocol, PROTOCOL_IMAP);
	ck_assert_uint_eq(alice->incoming.port, 143);
	ck_assert_str_eq(alice->outgoing.server, "smtp.office.example");
	ck_assert_uint_eq(alice->outgoing.ports->len, 1);
	ck_assert_uint_eq(((struct scenario_port *)alice->outgoing.ports->pdata[0])->port, 587);
	ck_assert(alice->outgoing.has_login);
	ck_assert_str_eq(alice->login, "alice@office.example");
	ck_assert_str_eq(alice->password, "wonderland");
	ck_assert_int_eq(bob->incoming.protocol, PROTOCOL_POP3);
	ck_assert_int_eq(bob->incoming.leave, LEAVE_NOTHING);
}
END_TEST

START_TEST(the_timeline_is_as_told)
{
	const struct scenario_action *send = scenario->timeline->pdata[0];
	const struct scenario_action *document = scenario->timeline->pdata[6];
	const struct scenario_recipient *recipient = send->to->pdata[0];
	const struct scenario_attachment *attachment = document->attachments->pdata[0];

	ck_assert_int_eq(send->verb, DO_SEND);
	ck_assert_int_eq(send->at_ns, NS_PER_S);
	ck_assert_ptr_eq(send->client, LOOKUP(client, CLIENT, "alice"));
	ck_assert_ptr_eq(recipient->account, LOOKUP(account, ACCOUNT, "bob@remote.example"));
	ck_assert(g_str_has_prefix(send->text, "Dear Bob,\n\n"));
	ck_assert_str_eq(attachment->shown_name, "minutes.pdf");
	ck_assert_str_eq(attachment->type, "application/pdf");
	ck_assert_mem_eq(g_bytes_get_data(attachment->content, NULL), "%PDF-1.4\n", 9);
}
END_TEST

START_TEST(expectations_say_what_they_count)
{
	const struct scenario_expectation *delivered = scenario->expectations->pdata[0];
	const struct scenario_expectation *empty = scenario->expectations->pdata[4];

	ck_assert_int_eq(delivered->kind, EXPECT_MESSAGE);
	ck_assert_int_eq(delivered->station, STATION_DELIVERED);
	ck_assert_str_eq(delivered->recipient, "bob@remote.example");
	ck_assert_int_eq(delivered->within_ns, 2 * NS_PER_S);
	ck_assert_int_eq(delivered->at_ns, TIME_NEVER);
	ck_assert_int_eq(empty->kind, EXPECT_MAILBOX);
	ck_assert_uint_eq(empty->messages.least, 0);
	ck_assert_uint_eq(empty->messages.most, 0);
}
END_TEST

/* ---- Pieces ---- */

START_TEST(several_networks_get_subnets_that_do_not_overlap)
{
	struct scenario *world =
	    load_good("mailwire: 1\n"
		      "networks: {a: , b: {subnet: 192.0.2.64/27}, c: , d: {kind: link}}\n"
		      "routers: {r: {interfaces: [a, b, c, d]}, s: {interfaces: [d]}}\n"
		      "hosts: {h: {network: a}}\n");
	static const char *const expected[] = { "192.0.2.0", "192.0.2.64", "192.0.2.128",
						"192.0.2.96" };

	for (unsigned i = 0; i < world->networks->len; i++)
		ck_assert_uint_eq(
		    ((struct scenario_network *)world->networks->pdata[i])->subnet.address,
		    ipv4(expected[i]));
	scenario_free(world);
}
END_TEST

START_TEST(routes_take_the_shortest_way_and_then_the_first_declared)
{
	/* r1 and r2 both join a and b; c is behind r3. From r0, on a, b is reached by r1. */
	struct scenario *world = load_good("mailwire: 1\n"
					   "networks: {x: , a: , b: , c: }\n"
					   "routers:\n"
					   "  r0: {interfaces: [x, a]}\n"
					   "  r1: {interfaces: [a, b]}\n"
					   "  r2: {interfaces: [a, b]}\n"
					   "  r3: {interfaces: [b, c]}\n");
	const struct scenario_node *r0 = world->routers->pdata[0];
	const struct scenario_route *to_b = r0->routes->pdata[0];
	const struct scenario_route *to_c = r0->routes->pdata[1];

	ck_assert_uint_eq(r0->routes->len, 2);
	ck_assert_str_eq(to_b->via->node->item.name, "r1");
	ck_assert_str_eq(to_c->via->node->item.name, "r1");
	scenario_free(world);
}
END_TEST

START_TEST(records_of_a_domain_join_its_zone)
{
	scenario = load_good("mailwire: 1\n"
			     "hosts: {mail: }\n"
			     "domains:\n"
			     "  d.example:\n"
			     "    accounts: {a: secret}\n"
			     "    records:\n"
			     "      - {name: www, type: CNAME, value: mail}\n"
			     "      - {type: TXT, value: v=spf1 mx -all}\n"
			     "      - {type: MX, value: 20 mail.d.example.}\n");
	ck_assert_str_eq(find_record("d.example", "www.d.example", DNS_CNAME)->value,
			 "mail.d.example.");
	ck_assert_str_eq(find_record("d.example", "d.example", DNS_TXT)->value,
			 "\"v=spf1 mx -all\"");
	ck_assert_str_eq(LOOKUP(account, ACCOUNT, "a")->password, "secret");
	scenario_free(scenario);
}
END_TEST

START_TEST(a_long_text_is_cut_into_character_strings)
{
	g_autofree char *long_text = g_strnfill(300, 'k');
	g_autofree char *yaml =
	    g_strdup_printf("mailwire: 1\nhosts: {mail: }\ndomains:\n  d.example:\n"
			    "    records: [{name: k, type: TXT, value: %s}]\n",
			    long_text);

	scenario = load_good(yaml);
	const char *value = find_record("d.example", "k.d.example", DNS_TXT)->value;

	ck_assert_uint_eq(strlen(value), 300 + 2 + 3);
	ck_assert_mem_eq(value + 1 + 255, "\" \"", 3);
	scenario_free(scenario);
}
END_TEST

START_TEST(domains_below_domains_are_delegated_from_above)
{
	scenario = load_good("mailwire: 1\n"
			     "hosts: {m: , n: , d: , e: }\n"
			     "domains:\n"
			     "  up.example: {mail: m, dns: d}\n"
			     "  sub.up.example: {mail: n, dns: e}\n");
	ck_assert_str_eq(find_record("up.example", "sub.up.example", DNS_NS)->value,
			 "e.sub.up.example.");
	ck_assert_ptr_nonnull(find_record("up.example", "e.sub.up.example", DNS_A));
	ck_assert_ptr_null(find_record(".", "sub.up.example", DNS_NS));
	ck_assert_ptr_null(find_record("up.example", "n.sub.up.example", DNS_A));
	scenario_free(scenario);
}
END_TEST

START_TEST(switches_form_a_tree)
{
	scenario = load_good("mailwire: 1\n"
			     "networks: {lan: }\n"
			     "switches: {core: {network: lan}, floor: {network: lan}}\n"
			     "hosts: {a: {switch: floor}, b: }\n"
			     "timeline: [{at: 1s, do: cut, link: floor}]\n");
	const struct scenario_action *cut = scenario->timeline->pdata[0];

	ck_assert_ptr_null(LOOKUP(switch, SWITCH, "core")->uplink);
	ck_assert_str_eq(LOOKUP(switch, SWITCH, "floor")->uplink->item.name, "core");
	ck_assert_str_eq(LOOKUP(node, HOST, "a")->own.switch_->item.name, "floor");
	ck_assert_str_eq(LOOKUP(node, HOST, "b")->own.switch_->item.name, "core");
	ck_assert_int_eq(cut->link.scope, LINK_UPLINK);
	scenario_free(scenario);
}
END_TEST

START_TEST(a_written_mac_is_not_handed_out_again)
{
	scenario = load_good("mailwire: 1\nhosts: {a: , b: {mac: 02:00:00:01:00:0a}}\n");
	check_mac(&LOOKUP(node, HOST, "a")->own, "02:01:00:01:00:0a");
	check_mac(&LOOKUP(node, HOST, "b")->own, "02:00:00:01:00:0a");
	scenario_free(scenario);
}
END_TEST

/* ---- Show ---- */

static void check_faithful(struct scenario *first, const char *directory)
{
	g_autofree char *printed = scenario_print(first);
	struct diagnostics *diagnostics = diagnostics_new();
	struct scenario *second =
	    scenario_load_bytes(bytes_of(printed), "show", directory, diagnostics);
	g_autofree char *complaints = diagnostics_print(diagnostics);

	ck_assert_msg(second != NULL, "%s", complaints);
	g_autofree char *again = scenario_print(second);

	ck_assert_str_eq(printed, again);
	scenario_free(second);
	diagnostics_free(diagnostics);
}

START_TEST(showing_what_show_printed_prints_the_same)
{
	g_autoptr(GPtrArray) paths = all_scenarios();

	ck_assert_uint_ge(paths->len, 2);
	for (unsigned i = 0; i < paths->len; i++) {
		struct scenario *world = load_good_file(paths->pdata[i]);

		check_faithful(world, "scenarios");
		scenario_free(world);
	}
}
END_TEST

START_TEST(every_key_survives_show)
{
	struct scenario *world = load_good(
	    "mailwire: 1\n"
	    "title: \"Quotes: \\\"a\\\", # and \\\\\"\n"
	    "until: 2h\n"
	    "networks:\n"
	    "  lan: {rate: 56kbps, delay: 1.5ms, queue: 64KiB, mtu: 576B}\n"
	    "  far: \n"
	    "  wire: {kind: link}\n"
	    "switches: {lan: {network: lan}, floor: {network: lan}}\n"
	    "routers:\n"
	    "  r: {interfaces: [{network: lan, switch: floor}, wire]}\n"
	    "  s: {interfaces: [wire, far], routes: [{to: default, via: r}]}\n"
	    "hosts:\n"
	    "  a: {network: lan, gateway: none, dns: none, switch: floor}\n"
	    "  b: {network: lan, domain: none, fqdn: other.example}\n"
	    "  mail: {network: far}\n"
	    "  dns: {network: far}\n"
	    "domains:\n"
	    "  d.example:\n"
	    "    accounts:\n"
	    "      x: {password: \"1234\", quota: 5MB, folders: [Work, \"Old: mail\"]}\n"
	    "      y:\n"
	    "    records: [{name: _dmarc, type: TXT, value: 'v=DMARC1; p=\"none\"', ttl: 1d}]\n"
	    "servers: {mail: {services: [imap, {service: imap, port: 1143}, submission, pop3]}}\n"
	    "clients:\n"
	    "  x: {host: b, online: no, incoming: {protocol: pop3, leave-on-server: yes,\n"
	    "      leave-for: 7d, check-every: 5min}}\n"
	    "  y: {host: b, password: wrong, outgoing: {port: 2525, login: no}}\n"
	    "impairments:\n"
	    "  - {link: all, loss: 0.25%}\n"
	    "  - {link: \"s:far\", direction: out, drop-frames: [3, 1], jitter: 2ms}\n"
	    "  - {link: floor, down: yes, from: 1s, to: 2s}\n"
	    "timeline:\n"
	    "  - {at: 0s, who: x, do: online}\n"
	    "  - {at: 1s, every: 10s, times: 3, who: x, do: send, to: [y, z@q.example], cc: y,\n"
	    "     bcc: x, unknown-recipients: yes, subject: \"A: b\", text: \"l1\\nl2\"}\n"
	    "  - {at: 2s, who: y, do: move, message: \"A: b\", into: Done}\n"
	    "  - {at: 2s, who: y, do: search, for: l1, in: body}\n"
	    "  - {at: 3s, who: b, do: dig, name: d.example, type: MX, server: dns}\n"
	    "  - {at: 3s, who: r, do: ping, target: 192.0.2.1, size: 4000B, count: 1}\n"
	    "  - {at: 4s, do: cut, link: wire}\n"
	    "expect:\n"
	    "  - {mailbox: x, folder: Work, messages: 1.., at: 5s}\n"
	    "  - {connection: refused, from: b, to: mail, port: 25, times: 0}\n"
	    "  - {dropped: 1.., node: floor, reason: down}\n"
	    "  - {duplicates: 0}\n"
	    "  - {ping: lost, from: r, times: ..3}\n"
	    "  - {dig: found, name: d.example, type: MX, answer: 10 mail.d.example.}\n"
	    "capture: {record: all, interfaces: [b, \"r:wire\"], comments: no}\n");

	check_faithful(world, "scenarios");
	scenario_free(world);
}
END_TEST

START_TEST(the_template_is_a_scenario)
{
	g_autofree char *template = scenario_template("my-first");
	struct scenario *world = load_good(template);

	ck_assert_str_eq(world->title, "my-first");
	check_faithful(world, NULL);
	scenario_free(world);
}
END_TEST

/* The commented lines of the template are right too, once they are no comments. */
START_TEST(what_the_template_leaves_out_is_right_too)
{
	g_autofree char *template = scenario_template("my-first");
	g_auto(GStrv) lines = g_strsplit(template, "\n", -1);
	GString *all = g_string_new(NULL);
	bool has_begun = false;

	for (unsigned i = 0; lines[i] != NULL; i++) {
		const char *text = lines[i] + strspn(lines[i], " ");
		bool is_code = g_str_has_prefix(text, "# ") &&
			       (strchr(text, '{') != NULL || strchr(text, ':') != NULL) &&
			       !g_ascii_isupper(text[2]) && !g_str_has_prefix(text, "# ping");

		has_begun |= g_str_has_prefix(text, "title:");
		if (has_begun && is_code)
			g_string_append_printf(all, "%.*s%s\n", (int)(text - lines[i]), lines[i],
					       text + 2);
		else
			g_string_append_printf(all, "%s\n", lines[i]);
	}
	ck_assert_ptr_nonnull(strstr(all->str, "\nimpairments:\n"));
	ck_assert_ptr_nonnull(strstr(all->str, "\nservers:\n"));
	scenario_free(load_good(all->str));
	g_string_free(all, TRUE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scenario_load");
	TCase *pieces = tcase_create("pieces"), *office = tcase_create("office");

	tcase_add_test(pieces, the_smallest_scenario_gets_a_world);
	tcase_add_test(pieces, dns_and_root_are_made_up_when_a_domain_needs_them);
	tcase_add_test(pieces, a_scenario_without_mail_has_no_name_servers);
	tcase_add_test(pieces, several_networks_get_subnets_that_do_not_overlap);
	tcase_add_test(pieces, routes_take_the_shortest_way_and_then_the_first_declared);
	tcase_add_test(pieces, records_of_a_domain_join_its_zone);
	tcase_add_test(pieces, a_long_text_is_cut_into_character_strings);
	tcase_add_test(pieces, domains_below_domains_are_delegated_from_above);
	tcase_add_test(pieces, switches_form_a_tree);
	tcase_add_test(pieces, a_written_mac_is_not_handed_out_again);
	tcase_add_test(pieces, showing_what_show_printed_prints_the_same);
	tcase_add_test(pieces, every_key_survives_show);
	tcase_add_test(pieces, the_template_is_a_scenario);
	tcase_add_test(pieces, what_the_template_leaves_out_is_right_too);
	suite_add_tcase(suite, pieces);

	tcase_add_checked_fixture(office, open_office, close_office);
	tcase_add_test(office, clients_and_servers_are_on_networks_of_their_own);
	tcase_add_test(office, all_addresses_are_for_documentation);
	tcase_add_test(office, every_router_knows_every_network);
	tcase_add_test(office, hosts_ask_the_resolver_of_their_own_site);
	tcase_add_loop_test(office, zones_hold_what_mail_needs, 0, G_N_ELEMENTS(office_records));
	tcase_add_test(office, no_zone_knows_the_other_sites_names);
	tcase_add_test(office, clients_name_their_servers);
	tcase_add_test(office, the_timeline_is_as_told);
	tcase_add_test(office, expectations_say_what_they_count);
	suite_add_tcase(suite, office);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
