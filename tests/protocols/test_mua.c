/*
 * The mail client on a simulated network: alice-pc by a router to a host that is her site's DNS,
 * SMTP, POP3 and IMAP server at once.
 */
#include <check.h>
#include <stdlib.h>
#include "protocols/dns/daemon.h"
#include "protocols/imap/names.h"
#include "protocols/imap/server.h"
#include "protocols/layer.h"
#include "protocols/pop3/names.h"
#include "protocols/pop3/server.h"
#include "protocols/programs/mail_server.h"
#include "protocols/programs/mua.h"
#include "stack/tcp/names.h"
#include "tests/wiretest.h"

struct office {
	struct wiretest wire;
	struct dns_daemon *dns;
	struct dns_resolver *resolver, *server_resolver;
	struct mail_store *store;
	struct mail_server *smtp;
	struct pop3_server *pop3;
	struct imap_server *imap;
	struct mua *alice, *bob;
	GString *log; /* "outcome: text\n" of each action that ended */
};

static const char *const domains[] = { "office.example" };

static const struct mail_server_port smtp_ports[] = {
	{.port = 25            },
	{ .port = 587, .is_submission = true },
};

static struct dns_zone *office_zone(void)
{
	struct dns_zone *zone = dns_zone_new("office.example");

	ck_assert(dns_zone_add(zone, "office.example", DNS_SOA, 3600,
			       "dns.office.example. root.office.example. 1 2 3 4 5"));
	ck_assert(dns_zone_add(zone, "office.example", DNS_MX, 3600, "10 mail.office.example."));
	ck_assert(dns_zone_add(zone, "mail.office.example", DNS_A, 3600, "192.0.2.70"));
	ck_assert(
	    dns_zone_add(zone, "smtp.office.example", DNS_CNAME, 3600, "mail.office.example."));
	ck_assert(dns_zone_add(zone, "text.office.example", DNS_TXT, 3600, "\"no address\""));
	return zone;
}

/* What the IMAP server of the next office does not offer. */
static imap_capability_set imap_without;

static void start_doors(struct office *office)
{
	struct host *host = office->wire.bob;

	office->pop3 = pop3_server_start(host, &(struct pop3_server_config) {
						   .store = office->store,
						   .software = "mailwire",
					       });
	office->imap = imap_server_start(host, &(struct imap_server_config) {
						   .store = office->store,
						   .software = "mailwire",
						   .without = imap_without,
					       });
}

static void start_servers(struct office *office)
{
	struct dns_zone *zones[] = { office_zone() };
	struct host *host = office->wire.bob;

	office->dns =
	    dns_daemon_start(host, &(struct dns_daemon_config) { .zones = zones, .zone_count = 1 });
	office->server_resolver =
	    dns_resolver_new(host, office->wire.bob_address, DNS_ASKER_LIBRARY);
	office->store = mail_store_new(host_node(host));
	mail_store_add_account(office->store, "alice@office.example", "wonderland");
	mail_store_add_account(office->store, "bob@office.example", "builder");
	office->smtp = mail_server_new(host, &(struct mail_server_config) {
						 .host_name = "mail.office.example",
						 .domains = domains,
						 .domain_count = 1,
						 .ports = smtp_ports,
						 .port_count = G_N_ELEMENTS(smtp_ports),
						 .resolver = office->server_resolver,
						 .store = office->store,
					     });
	start_doors(office);
	ck_assert(office->dns && office->smtp && office->pop3 && office->imap);
}

static struct mua_config alice_config(enum mua_protocol protocol)
{
	return (struct mua_config) {
		.address = "alice@office.example",
		.full_name = "Alice Liddell",
		.login = "alice@office.example",
		.password = "wonderland",
		.host_name = "alice-pc.office.example",
		.protocol = protocol,
		.incoming_server = "mail.office.example",
		.incoming_port = protocol == MUA_POP3 ? 110 : 143,
		.outgoing_server = "smtp.office.example",
		.outgoing_ports = { 587 },
		.authenticates = true,
		.leave_ns = TIME_NEVER,
		.check_every_ns = TIME_NEVER,
		.is_online = true,
		.asks_aaaa = true,
		.wakeup_ns = 50 * NS_PER_US,
	};
}

/* Of the next office. */
static uint64_t wire_seed;

static void office_init(struct office *office, const struct mua_config *config)
{
	struct mua_config bob = alice_config(MUA_POP3);

	*office = (struct office) { .log = g_string_new(NULL) };
	wiretest_init(&office->wire, &(struct wiretest_config) { .seed = wire_seed });
	start_servers(office);
	office->resolver =
	    dns_resolver_new(office->wire.alice, office->wire.bob_address, DNS_ASKER_LIBRARY);
	office->alice = mua_new(office->wire.alice, office->resolver, config);
	bob.address = bob.login = "bob@office.example";
	bob.full_name = NULL;
	bob.password = "builder";
	office->bob = mua_new(office->wire.alice, office->resolver, &bob);
}

static void office_clear(struct office *office)
{
	mua_free(office->alice);
	mua_free(office->bob);
	dns_resolver_free(office->resolver);
	pop3_server_stop(office->pop3);
	imap_server_stop(office->imap);
	mail_server_free(office->smtp);
	mail_store_free(office->store);
	dns_resolver_free(office->server_resolver);
	dns_daemon_stop(office->dns);
	wiretest_clear(&office->wire);
	g_string_free(office->log, TRUE);
}

static void note_done(void *owner, enum mua_outcome outcome, const char *text)
{
	struct office *office = owner;

	g_string_append_printf(office->log, "%s: %s\n", mua_outcome_names[outcome], text);
}

static struct mua_callback to_log(struct office *office)
{
	return (struct mua_callback) { note_done, office };
}

/* Runs until quiet; then the log must be `expected`, which is forgotten. */
static void expect_log(struct office *office, const char *expected)
{
	wiretest_run(&office->wire);
	ck_assert_str_eq(office->log->str, expected);
	g_string_truncate(office->log, 0);
}

static const struct mua_letter to_bob = {
	.to = "bob@office.example",
	.subject = "Hello",
	.text = "Dear Bob,\n\nhow are you?\n",
};

static void deliver(struct office *office, const char *address, const char *subject)
{
	char *text = g_strdup_printf("From: Bob <bob@office.example>\r\nTo: %s, carol@x.example\r\n"
				     "Subject: %s\r\nMessage-ID: <%s@x>\r\nDate: today\r\n\r\n"
				     "text of %s\r\n",
				     address, subject, subject, subject);
	struct message *message = message_new(g_bytes_new_take(text, strlen(text)), 0);

	mailbox_append(account_find_mailbox(mail_store_find(office->store, address), "INBOX"),
		       message, 0, 0);
	message_free(message);
}

static unsigned held(struct account *account, const char *folder)
{
	struct mailbox *mailbox = account_find_mailbox(account, folder);

	return mailbox != NULL ? mailbox->entries->len : 0;
}

static unsigned held_by_server(struct office *office, const char *address, const char *folder)
{
	return held(mail_store_find(office->store, address), folder);
}

static unsigned mail_records(const struct office *office, enum mail_detail detail)
{
	return wiretest_count(&office->wire, TRACE_MAIL, LAYER_MAIL, detail);
}

static uint64_t root_of(const struct office *office, enum mail_detail detail, unsigned index)
{
	const struct trace_record *record =
	    wiretest_record(&office->wire, TRACE_MAIL, LAYER_MAIL, detail, index);

	ck_assert_ptr_nonnull(record);
	return record->root;
}

static unsigned frames_by_alice(const struct office *office)
{
	return recorder_count(
	    &office->wire.recorder,
	    (struct wanted) { TRACE_TRANSMIT, ANY, ANY, host_node(office->wire.alice) });
}

static void check_with(struct office *office, unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		mua_check(office->alice, NULL, to_log(office));
		wiretest_run(&office->wire);
	}
}

/* Sending. */

START_TEST(a_letter_goes_from_client_to_client)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct office office;

	office_init(&office, &config);
	mua_send(office.alice, &to_bob, to_log(&office));
	expect_log(&office, "done: \n");
	ck_assert_uint_eq(held_by_server(&office, "bob@office.example", "INBOX"), 1);
	ck_assert_uint_eq(held(mua_account(office.alice), "Outbox"), 0);

	mua_check(office.bob, NULL, to_log(&office));
	expect_log(&office, "done: 1 new message\n");
	ck_assert_uint_eq(held_by_server(&office, "bob@office.example", "INBOX"), 0);
	ck_assert_uint_eq(held(mua_account(office.bob), "INBOX"), 1);

	mua_read(office.bob, &(struct mua_choice) { .pick = MUA_NEWEST }, to_log(&office));
	expect_log(&office, "done: \n");
	office_clear(&office);
}
END_TEST

START_TEST(every_station_of_a_message_has_its_root)
{
	static const enum mail_detail stations[] = {
		MAIL_COMPOSED,  MAIL_SUBMITTED, MAIL_QUEUED, MAIL_DELIVERED,
		MAIL_RETRIEVED, MAIL_DELETED,   MAIL_READ,
	};
	struct mua_config config = alice_config(MUA_POP3);
	struct office office;

	office_init(&office, &config);
	for (unsigned i = 0; i < 2; i++)
		mua_send(office.alice, &to_bob, to_log(&office));
	wiretest_run(&office.wire);
	mua_check(office.bob, NULL, to_log(&office));
	wiretest_run(&office.wire);
	mua_read(office.bob, &(struct mua_choice) { .pick = MUA_ALL }, to_log(&office));
	wiretest_run(&office.wire);

	for (unsigned k = 0; k < 2; k++) {
		uint64_t root = root_of(&office, MAIL_COMPOSED, k);
		const struct trace_record *action =
		    wiretest_record(&office.wire, TRACE_ACTION, LAYER_USER, USER_ACTS, k);

		ck_assert_uint_eq(action->id, root);
		for (unsigned i = 0; i < G_N_ELEMENTS(stations); i++) {
			ck_assert_uint_eq(mail_records(&office, stations[i]), 2);
			ck_assert_msg(root_of(&office, stations[i], k) == root, "station %u",
				      stations[i]);
		}
	}
	office_clear(&office);
}
END_TEST

START_TEST(an_imap_reader_knows_the_root_too)
{
	struct mua_config config = alice_config(MUA_IMAP);
	struct mua_letter letter = to_bob;
	struct office office;

	config.stay_ns = _i == 0 ? 0 : TIME_NEVER;
	letter.to = "alice@office.example";
	office_init(&office, &config);
	if (_i == 1)
		check_with(&office, 1);
	mua_send(office.bob, &letter, to_log(&office));
	mua_send(office.bob, &letter, to_log(&office));
	wiretest_run(&office.wire);
	mua_read(office.alice, &(struct mua_choice) { .pick = MUA_ALL }, to_log(&office));
	wiretest_run(&office.wire);
	ck_assert_uint_eq(mail_records(&office, MAIL_RETRIEVED), 2);
	for (unsigned k = 0; k < 2; k++) {
		uint64_t root = root_of(&office, MAIL_COMPOSED, k);
		unsigned read = 0;

		for (unsigned i = 0; i < mail_records(&office, MAIL_READ); i++) {
			const struct trace_record *record =
			    wiretest_record(&office.wire, TRACE_MAIL, LAYER_MAIL, MAIL_READ, i);

			read += trace_node_of(record->id) == host_node(office.wire.alice)->index &&
				record->root == root;
		}
		ck_assert_uint_eq(read, 1);
		ck_assert_uint_eq(root_of(&office, MAIL_RETRIEVED, k), root);
	}
	office_clear(&office);
}
END_TEST

static void impair(struct office *office)
{
	const struct impairment bad = {
		.loss_ppm = 60000,
		.duplicate_ppm = 20000,
		.reorder_ppm = 100000,
		.reorder_ns = 2 * NS_PER_MS,
	};

	link_impair(office->wire.alice_cable, LINK_A, &bad);
	link_impair(office->wire.alice_cable, LINK_B, &bad);
	link_impair(office->wire.bob_cable, LINK_A, &bad);
	link_impair(office->wire.bob_cable, LINK_B, &bad);
}

/* Two letters with 40 segments each, fetched by POP3 (even) or IMAP (odd) over bad cables. */
START_TEST(a_message_keeps_its_root_whatever_happens_to_its_segments)
{
	struct mua_config config = alice_config(_i % 2 == 0 ? MUA_POP3 : MUA_IMAP);
	char *text = g_strnfill(60000, 'x');
	struct mua_letter letter = { .to = "alice@office.example", .text = text };
	struct office office;

	for (size_t i = 70; i < 60000; i += 71)
		text[i] = '\n';
	wire_seed = (uint64_t)_i;
	office_init(&office, &config);
	wire_seed = 0;
	for (unsigned k = 0; k < 2; k++) {
		letter.subject = k == 0 ? "one" : "two";
		mua_send(office.bob, &letter, to_log(&office));
	}
	wiretest_run(&office.wire);
	impair(&office);
	mua_check(office.alice, NULL, to_log(&office));
	wiretest_run(&office.wire);
	mua_read(office.alice, &(struct mua_choice) { .pick = MUA_ALL }, to_log(&office));
	wiretest_run(&office.wire);
	ck_assert_uint_eq(mail_records(&office, MAIL_RETRIEVED), 2);
	ck_assert_uint_eq(root_of(&office, MAIL_RETRIEVED, 0), root_of(&office, MAIL_COMPOSED, 0));
	ck_assert_uint_eq(root_of(&office, MAIL_RETRIEVED, 1), root_of(&office, MAIL_COMPOSED, 1));
	g_free(text);
	office_clear(&office);
}
END_TEST

START_TEST(the_segments_of_a_message_belong_to_it)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct office office;

	office_init(&office, &config);
	mua_send(office.alice, &to_bob, to_log(&office));
	wiretest_run(&office.wire);
	uint64_t root = root_of(&office, MAIL_COMPOSED, 0);
	recorder_forget(&office.wire.recorder);
	mua_check(office.bob, NULL, to_log(&office));
	wiretest_run(&office.wire);

	const struct trace_record *check =
	    wiretest_record(&office.wire, TRACE_ACTION, LAYER_USER, USER_ACTS, 0);
	const struct trace_record *message =
	    wiretest_record(&office.wire, TRACE_UNIT, LAYER_POP3, POP3_MESSAGE, 0);
	const struct trace_record *stat =
	    wiretest_record(&office.wire, TRACE_UNIT, LAYER_POP3, POP3_STAT, 0);
	const struct trace_record *quit =
	    wiretest_record(&office.wire, TRACE_UNIT, LAYER_POP3, POP3_QUIT, 0);
	ck_assert_uint_eq(message->root, root);
	ck_assert_uint_eq(stat->root, check->id);
	ck_assert_uint_eq(quit->root, check->id);

	/* Of the segments that carry payload from the server, some belong to it and some do not. */
	unsigned own = 0, other = 0;
	for (guint i = 0; i < office.wire.recorder.records->len; i++) {
		const struct trace_record *record =
		    &g_array_index(office.wire.recorder.records, struct trace_record, i);

		if (record->kind != TRACE_ENCAPSULATE || record->layer != LAYER_TCP ||
		    record->after == 0 ||
		    trace_node_of(record->id) != host_node(office.wire.bob)->index)
			continue;
		own += record->root == root;
		other += record->root == check->id;
	}
	ck_assert_uint_ge(own, 1);
	ck_assert_uint_ge(other, 5);
	office_clear(&office);
}
END_TEST

START_TEST(several_letters_share_a_connection)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct office office;

	office_init(&office, &config);
	for (unsigned i = 0; i < 3; i++)
		mua_send(office.alice, &to_bob, to_log(&office));
	expect_log(&office, "done: \ndone: \ndone: \n");
	ck_assert_uint_eq(held_by_server(&office, "bob@office.example", "INBOX"), 3);
	ck_assert_uint_eq(wiretest_count(&office.wire, TRACE_PHASE, LAYER_SMTP, PHASE_CONNECT), 2);
	office_clear(&office);
}
END_TEST

START_TEST(offline_a_letter_waits_in_the_outbox)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct office office;

	config.is_online = false;
	config.files_sent = true;
	office_init(&office, &config);
	mua_send(office.alice, &to_bob, to_log(&office));
	mua_check(office.alice, NULL, to_log(&office));
	expect_log(&office, "kept in the outbox: \noffline: \n");
	ck_assert_uint_eq(held(mua_account(office.alice), "Outbox"), 1);
	ck_assert_uint_eq(mail_records(&office, MAIL_OUTBOX), 1);
	ck_assert_uint_eq(frames_by_alice(&office), 0);

	mua_go_online(office.alice, to_log(&office));
	expect_log(&office, "done: \n");
	ck_assert_uint_eq(held(mua_account(office.alice), "Outbox"), 0);
	ck_assert_uint_eq(held(mua_account(office.alice), "Sent"), 1);
	ck_assert_uint_eq(held_by_server(&office, "bob@office.example", "INBOX"), 1);
	ck_assert_uint_eq(root_of(&office, MAIL_DELIVERED, 0), root_of(&office, MAIL_COMPOSED, 0));
	office_clear(&office);
}
END_TEST

START_TEST(going_offline_in_the_middle_keeps_the_letter)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct office office;

	office_init(&office, &config);
	mua_send(office.alice, &to_bob, to_log(&office));
	mua_check(office.alice, NULL, to_log(&office));
	wiretest_run_until(&office.wire, 300 * NS_PER_US * (_i + 1));
	mua_go_offline(office.alice, to_log(&office));
	wiretest_run(&office.wire);
	ck_assert_uint_eq(held(mua_account(office.alice), "Outbox") == 1 ||
			      held_by_server(&office, "bob@office.example", "INBOX") == 1,
			  1);
	g_string_truncate(office.log, 0);
	mua_go_online(office.alice, to_log(&office));
	expect_log(&office, "done: \n");
	ck_assert_uint_eq(held(mua_account(office.alice), "Outbox"), 0);
	ck_assert_uint_ge(held_by_server(&office, "bob@office.example", "INBOX"), 1);
	office_clear(&office);
}
END_TEST

/* What can go wrong. */

struct failure {
	const char *outgoing, *incoming; /* server names; NULL: the right one */
	uint16_t port;                   /* 0: the right one */
	const char *password;            /* NULL: the right one */
	const char *sent, *checked;      /* what the log says */
};

static const struct failure failures[] = {
	{.outgoing = "nosuch.office.example",
         .incoming = "nosuch.office.example",
         .sent = "server name not found: no such name\n",
         .checked = "server name not found: no such name\n" },
	{ .outgoing = "text.office.example",
         .incoming = "text.office.example",
         .sent = "server name not found: no IPv4 address\n",
         .checked = "server name not found: no IPv4 address\n" },
	{ .outgoing = "bad..name",
         .incoming = "bad..name",
         .sent = "server name not found: not a domain name\n",
         .checked = "server name not found: not a domain name\n" },
	{ .port = 4444,
         .sent = "no connection: connection refused\n",
         .checked = "no connection: connection refused\n"                       },
	{ .password = "wrong",
         .sent = "login refused: 535 5.7.8 Error: authentication failed: (reason unavailable)\n",
         .checked = "login refused: "        },
};

static void meet(const struct failure *failure, enum mua_protocol protocol)
{
	struct mua_config config = alice_config(protocol);
	struct office office;

	if (failure->outgoing != NULL)
		config.outgoing_server = failure->outgoing;
	if (failure->incoming != NULL)
		config.incoming_server = failure->incoming;
	if (failure->port != 0)
		config.outgoing_ports[0] = config.incoming_port = failure->port;
	if (failure->password != NULL)
		config.password = failure->password;
	office_init(&office, &config);
	mua_send(office.alice, &to_bob, to_log(&office));
	expect_log(&office, failure->sent);
	ck_assert_uint_eq(held(mua_account(office.alice), "Outbox"), 1);
	config.is_online = false; /* the outbox is not tried again by the check */
	mua_read(office.alice, &(struct mua_choice) { .pick = MUA_NEWEST }, to_log(&office));
	wiretest_run(&office.wire);
	if (protocol == MUA_IMAP) {
		ck_assert_msg(g_str_has_prefix(office.log->str, failure->checked), "%s",
			      office.log->str);
	}
	g_string_truncate(office.log, 0);
	mua_check(office.alice, NULL, to_log(&office));
	wiretest_run(&office.wire);
	ck_assert_msg(g_str_has_prefix(office.log->str, failure->checked), "%s", office.log->str);
	ck_assert_uint_eq(wiretest_count(&office.wire, TRACE_STATE, LAYER_USER, USER_DONE), 3);
	office_clear(&office);
}

START_TEST(failures_are_told_with_pop3)
{
	meet(&failures[_i], MUA_POP3);
}
END_TEST

START_TEST(failures_are_told_with_imap)
{
	meet(&failures[_i], MUA_IMAP);
}
END_TEST

/* What may pass. */

static unsigned retries(const struct office *office)
{
	return wiretest_count(&office->wire, TRACE_STATE, LAYER_USER, USER_RETRIES);
}

static void stop_dns(struct office *office)
{
	dns_daemon_stop(office->dns);
	office->dns = NULL;
	link_cut(office->wire.bob_cable);
}

static void start_dns(struct office *office)
{
	struct dns_zone *zones[] = { office_zone() };

	link_mend(office->wire.bob_cable);
	office->dns = dns_daemon_start(
	    office->wire.bob, &(struct dns_daemon_config) { .zones = zones, .zone_count = 1 });
}

/* Several ports. */

START_TEST(the_next_port_is_tried_and_the_one_that_worked_is_remembered)
{
	struct mua_config config = alice_config(MUA_IMAP);
	struct office office;

	config.outgoing_ports[0] = 4444;
	config.outgoing_ports[1] = 4445;
	config.outgoing_ports[2] = 587;
	config.files_sent = false;
	office_init(&office, &config);
	mua_send(office.alice, &to_bob, to_log(&office));
	expect_log(&office, "done: \n");
	ck_assert_uint_eq(retries(&office), 2);
	ck_assert_uint_eq(wiretest_count(&office.wire, TRACE_STATE, LAYER_TCP, TCP_BY_RESET), 2);
	mua_send(office.alice, &to_bob, to_log(&office));
	expect_log(&office, "done: \n");
	ck_assert_uint_eq(wiretest_count(&office.wire, TRACE_STATE, LAYER_TCP, TCP_BY_RESET), 2);
	ck_assert_uint_eq(held_by_server(&office, "bob@office.example", "INBOX"), 2);
	office_clear(&office);
}
END_TEST

START_TEST(when_each_port_has_failed_the_user_is_told_once)
{
	struct mua_config config = alice_config(MUA_IMAP);
	struct office office;

	config.outgoing_ports[0] = 4444;
	config.outgoing_ports[1] = 4445;
	office_init(&office, &config);
	mua_send(office.alice, &to_bob, to_log(&office));
	expect_log(&office, "no connection: connection refused\n");
	ck_assert_uint_eq(held(mua_account(office.alice), "Outbox"), 1);
	ck_assert_uint_eq(wiretest_count(&office.wire, TRACE_STATE, LAYER_TCP, TCP_BY_RESET), 2);
	/* Another attempt gives both another chance. */
	mua_check(office.alice, NULL, to_log(&office));
	wiretest_run(&office.wire);
	ck_assert_uint_eq(held(mua_account(office.alice), "Outbox"), 1);
	ck_assert_uint_eq(wiretest_count(&office.wire, TRACE_STATE, LAYER_TCP, TCP_BY_RESET), 4);
	office_clear(&office);
}
END_TEST

START_TEST(silence_is_told_after_some_tries)
{
	struct mua_config config = alice_config(_i == 0 ? MUA_POP3 : MUA_IMAP);
	struct office office;

	office_init(&office, &config);
	stop_dns(&office);
	mua_send(office.alice, &to_bob, to_log(&office));
	mua_check(office.alice, NULL, to_log(&office));
	wiretest_run(&office.wire);
	ck_assert_uint_eq(retries(&office), 2 * MUA_RETRIES);
	ck_assert_str_eq(office.log->str, "no answer from DNS: no answer from DNS\n"
					  "no answer from DNS: no answer from DNS\n");
	ck_assert_uint_eq(held(mua_account(office.alice), "Outbox"), 1);
	office_clear(&office);
}
END_TEST

START_TEST(one_who_gives_up_at_once_is_told_at_once)
{
	struct mua_config config = alice_config(_i == 0 ? MUA_POP3 : MUA_IMAP);
	struct office office;

	config.gives_up_at_once = true;
	office_init(&office, &config);
	stop_dns(&office);
	mua_send(office.alice, &to_bob, to_log(&office));
	mua_check(office.alice, NULL, to_log(&office));
	wiretest_run(&office.wire);
	ck_assert_uint_eq(retries(&office), 0);
	ck_assert_uint_eq(wiretest_count(&office.wire, TRACE_STATE, LAYER_USER, USER_DONE), 2);
	office_clear(&office);
}
END_TEST

START_TEST(what_passes_is_not_even_told)
{
	struct mua_config config = alice_config(_i == 0 ? MUA_POP3 : MUA_IMAP);
	struct office office;

	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	stop_dns(&office);
	mua_send(office.alice, &to_bob, to_log(&office));
	mua_check(office.alice, NULL, to_log(&office));
	wiretest_run_until(&office.wire, 30 * NS_PER_S);
	ck_assert_uint_gt(retries(&office), 0);
	ck_assert_uint_gt(mail_records(&office, MAIL_DEFERRED), 0);
	ck_assert_str_eq(office.log->str, "");
	start_dns(&office);
	wiretest_run(&office.wire);
	ck_assert(strstr(office.log->str, "done: \n") != NULL);
	ck_assert(strstr(office.log->str, "done: 1 new message\n") != NULL);
	ck_assert_uint_eq(held(mua_account(office.alice), "Outbox"), 0);
	ck_assert_uint_eq(held_by_server(&office, "bob@office.example", "INBOX"), 1);
	office_clear(&office);
}
END_TEST

START_TEST(offline_while_waiting_for_another_try)
{
	struct mua_config config = alice_config(_i == 0 ? MUA_POP3 : MUA_IMAP);
	struct office office;

	office_init(&office, &config);
	stop_dns(&office);
	mua_send(office.alice, &to_bob, to_log(&office));
	mua_check(office.alice, NULL, to_log(&office));
	wiretest_run_until(&office.wire, 12 * NS_PER_S);
	mua_go_offline(office.alice, to_log(&office));
	expect_log(&office, "kept in the outbox: \noffline: \ndone: \n");
	ck_assert_int_lt(engine_now(office.wire.world->engine), 40 * NS_PER_S);
	office_clear(&office);
}
END_TEST

START_TEST(a_broken_connection_is_made_again)
{
	struct mua_config config = alice_config(_i % 2 == 0 ? MUA_POP3 : MUA_IMAP);
	struct office office;

	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	deliver(&office, "alice@office.example", "two");
	mua_check(office.alice, NULL, to_log(&office));
	mua_delete(office.alice, &(struct mua_choice) { .pick = MUA_NEWEST }, to_log(&office));
	wiretest_run_until(&office.wire, 200 * NS_PER_US * (_i / 2 + 1));
	/* The servers hang up in the middle, and start again. */
	pop3_server_stop(office.pop3);
	imap_server_stop(office.imap);
	start_doors(&office);
	wiretest_run(&office.wire);
	if (config.protocol == MUA_POP3)
		ck_assert_uint_eq(held(mua_account(office.alice), "INBOX"), 2);
	else
		ck_assert_uint_eq(held_by_server(&office, "alice@office.example", "INBOX"), 1);
	ck_assert(strstr(office.log->str, "connection lost") == NULL);
	office_clear(&office);
}
END_TEST

START_TEST(a_refused_recipient_is_told_and_the_letter_kept_as_a_draft)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct mua_letter letter = to_bob;
	struct office office;

	letter.to = "nobody@office.example";
	office_init(&office, &config);
	mua_send(office.alice, &letter, to_log(&office));
	wiretest_run(&office.wire);
	ck_assert_msg(g_str_has_prefix(office.log->str, "refused: 550 5.1.1 "), "%s",
		      office.log->str);
	ck_assert_uint_eq(held(mua_account(office.alice), "Outbox"), 0);
	ck_assert_uint_eq(held(mua_account(office.alice), "Drafts"), 1);
	ck_assert_uint_eq(mail_records(&office, MAIL_REFUSED), 1);
	office_clear(&office);
}
END_TEST

START_TEST(one_refused_recipient_does_not_stop_the_others)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct mua_letter letter = to_bob;
	struct office office;

	letter.cc = "nobody@office.example";
	letter.bcc = "alice@office.example, BOB@office.example";
	office_init(&office, &config);
	mua_send(office.alice, &letter, to_log(&office));
	wiretest_run(&office.wire);
	ck_assert(g_str_has_prefix(office.log->str, "refused: 550 5.1.1 "));
	ck_assert_uint_eq(held_by_server(&office, "bob@office.example", "INBOX"), 1);
	ck_assert_uint_eq(held_by_server(&office, "alice@office.example", "INBOX"), 1);
	ck_assert_uint_eq(held(mua_account(office.alice), "Drafts"), 0);

	/* Bcc is in the envelope alone. */
	struct mailbox *inbox =
	    account_find_mailbox(mail_store_find(office.store, "bob@office.example"), "INBOX");
	struct mailbox_entry *entry = g_ptr_array_index(inbox->entries, 0);
	struct bytes bytes = message_bytes(entry->message);
	ck_assert_ptr_null(message_header(message_header_section(bytes), "Bcc"));
	office_clear(&office);
}
END_TEST

START_TEST(bad_addresses_never_reach_the_network)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct mua_letter letter = to_bob;
	struct office office;

	office_init(&office, &config);
	letter.to = "bob";
	mua_send(office.alice, &letter, to_log(&office));
	letter.to = "bob@-office.example";
	mua_send(office.alice, &letter, to_log(&office));
	expect_log(&office, "bad address: no recipient\nbad address: bob@-office.example\n");
	office_clear(&office);
}
END_TEST

/* POP3. */

START_TEST(messages_left_on_the_server_are_fetched_once)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct office office;

	config.leave = MUA_LEAVE_ALL;
	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	check_with(&office, 1);
	deliver(&office, "alice@office.example", "two");
	check_with(&office, 2);
	expect_log(&office, "done: 1 new message\ndone: 1 new message\ndone: 0 new messages\n");
	ck_assert_uint_eq(held_by_server(&office, "alice@office.example", "INBOX"), 2);
	ck_assert_uint_eq(held(mua_account(office.alice), "INBOX"), 2);
	office_clear(&office);
}
END_TEST

START_TEST(messages_left_for_a_time_go_after_it)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct office office;

	config.leave = MUA_LEAVE_ALL;
	config.leave_ns = 3600 * NS_PER_S;
	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	check_with(&office, 1);
	wiretest_run_until(&office.wire, 1800 * NS_PER_S);
	check_with(&office, 1);
	ck_assert_uint_eq(held_by_server(&office, "alice@office.example", "INBOX"), 1);
	wiretest_run_until(&office.wire, 3700 * NS_PER_S);
	check_with(&office, 1);
	ck_assert_uint_eq(held_by_server(&office, "alice@office.example", "INBOX"), 0);
	ck_assert_uint_eq(held(mua_account(office.alice), "INBOX"), 1);
	office_clear(&office);
}
END_TEST

START_TEST(messages_go_from_the_server_when_the_user_deletes_them)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct office office;

	config.leave = MUA_LEAVE_UNTIL_DELETED;
	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	deliver(&office, "alice@office.example", "two");
	check_with(&office, 1);
	mua_move(office.alice, &(struct mua_choice) { .pick = MUA_SUBJECT, .subject = "one" },
		 "Old", to_log(&office));
	mua_delete(office.alice, &(struct mua_choice) { .folder = "Old", .pick = MUA_NEWEST },
		   to_log(&office));
	check_with(&office, 1);
	ck_assert_uint_eq(held_by_server(&office, "alice@office.example", "INBOX"), 1);
	ck_assert_uint_eq(held(mua_account(office.alice), "INBOX"), 1);
	ck_assert_uint_eq(held(mua_account(office.alice), "Old"), 0);
	office_clear(&office);
}
END_TEST

START_TEST(own_folders_need_no_packets)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct office office;

	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	deliver(&office, "alice@office.example", "two");
	check_with(&office, 1);
	recorder_forget(&office.wire.recorder);
	g_string_truncate(office.log, 0);

	struct mua_choice newest = { .pick = MUA_NEWEST };
	struct mua_choice missing = { .pick = MUA_SUBJECT, .subject = "three" };
	mua_search(office.alice, NULL, MUA_ANYWHERE, "TEXT OF", to_log(&office));
	mua_search(office.alice, NULL, MUA_IN_SUBJECT, "one", to_log(&office));
	mua_search(office.alice, NULL, MUA_IN_FROM, "bob", to_log(&office));
	mua_search(office.alice, "Nowhere", MUA_ANYWHERE, "x", to_log(&office));
	mua_read(office.alice, &newest, to_log(&office));
	mua_read(office.alice, &missing, to_log(&office));
	mua_move(office.alice, &newest, "Old", to_log(&office));
	mua_move(office.alice, &newest, "a//b", to_log(&office));
	mua_delete(office.alice, &newest, to_log(&office));
	mua_delete(office.alice, &newest, to_log(&office));
	expect_log(&office, "done: 2 found\ndone: 1 found\ndone: 2 found\n"
			    "not found: no such folder\ndone: \nnot found: \n"
			    "done: \nnot found: no valid folder name\ndone: \nnot found: \n");
	ck_assert_uint_eq(frames_by_alice(&office), 0);
	office_clear(&office);
}
END_TEST

START_TEST(an_answer_quotes_and_refers_to_the_message)
{
	struct mua_config config = alice_config(_i == 0 ? MUA_POP3 : MUA_IMAP);
	struct mua_letter letter = { .text = "Fine, thanks." };
	struct office office;

	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	check_with(&office, 1);
	mua_reply(office.alice, &(struct mua_choice) { .pick = MUA_NEWEST }, &letter, false,
		  to_log(&office));
	expect_log(&office, "done: 1 new message\ndone: \n");

	struct mailbox *inbox =
	    account_find_mailbox(mail_store_find(office.store, "bob@office.example"), "INBOX");
	ck_assert_uint_eq(inbox->entries->len, 1);
	struct mailbox_entry *entry = g_ptr_array_index(inbox->entries, 0);
	struct bytes header = message_header_section(message_bytes(entry->message));
	char *subject = message_header(header, "Subject");
	char *in_reply_to = message_header(header, "In-Reply-To");
	char *references = message_header(header, "References");
	char *text = message_part_text(entry->message, message_structure(entry->message));
	ck_assert_str_eq(subject, "Re: one");
	ck_assert_str_eq(in_reply_to, "<one@x>");
	ck_assert_str_eq(references, "<one@x>");
	ck_assert_str_eq(text, "Fine, thanks.\r\n\r\nOn today, Bob <bob@office.example> wrote:\r\n"
			       "> text of one\r\n");
	g_free(subject);
	g_free(in_reply_to);
	g_free(references);
	g_free(text);
	office_clear(&office);
}
END_TEST

START_TEST(an_answer_to_all_leaves_ourselves_out)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct mua_letter letter = { .text = "Yes." };
	struct office office;

	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	check_with(&office, 1);
	mua_reply(office.alice, &(struct mua_choice) { .pick = MUA_NEWEST }, &letter, true,
		  to_log(&office));
	const struct trace_record *composed =
	    wiretest_record(&office.wire, TRACE_MAIL, LAYER_MAIL, MAIL_COMPOSED, 0);
	char *to =
	    message_header(message_header_section(wiretest_bytes(&office.wire, composed)), "To");
	ck_assert_str_eq(to, "bob@office.example, carol@x.example");
	g_free(to);
	office_clear(&office);
}
END_TEST

START_TEST(mail_is_checked_by_itself)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct office office;

	config.check_every_ns = 60 * NS_PER_S;
	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	wiretest_run_until(&office.wire, 125 * NS_PER_S);
	ck_assert_uint_eq(held(mua_account(office.alice), "INBOX"), 1);
	ck_assert_uint_eq(wiretest_count(&office.wire, TRACE_ACTION, LAYER_USER, USER_ACTS), 2);
	office_clear(&office);
}
END_TEST

/* IMAP. */

START_TEST(messages_are_read_on_the_imap_server)
{
	struct mua_config config = alice_config(MUA_IMAP);
	struct office office;

	config.stay_ns = _i == 0 ? 0 : TIME_NEVER;
	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	deliver(&office, "alice@office.example", "two");
	struct mua_choice one = { .pick = MUA_SUBJECT, .subject = "one" };
	struct mua_choice all = { .pick = MUA_ALL };
	mua_check(office.alice, NULL, to_log(&office));
	mua_read(office.alice, &one, to_log(&office));
	mua_read(office.alice, &one, to_log(&office));
	mua_search(office.alice, NULL, MUA_IN_BODY, "of two", to_log(&office));
	mua_search(office.alice, NULL, MUA_IN_BODY,
		   "gr\xc3\xb6\xc3\x9f"
		   "e",
		   to_log(&office));
	mua_move(office.alice, &one, "Old", to_log(&office));
	mua_read(office.alice, &one, to_log(&office));
	mua_delete(office.alice, &all, to_log(&office));
	mua_check(office.alice, "Old", to_log(&office));
	mua_check(office.alice, "Nowhere", to_log(&office));
	wiretest_run(&office.wire);
	ck_assert_msg(
	    g_str_has_prefix(
		office.log->str,
		"done: 2 new messages\ndone: \ndone: \ndone: 1 found\n"
		"done: 0 found\ndone: \nnot found: \ndone: \ndone: 1 new message\nrefused: "),
	    "%s", office.log->str);
	ck_assert_uint_eq(held_by_server(&office, "alice@office.example", "INBOX"), 0);
	ck_assert_uint_eq(held_by_server(&office, "alice@office.example", "Old"), 1);
	/* Read twice, fetched once, by one connection. */
	ck_assert_uint_eq(mail_records(&office, MAIL_RETRIEVED), 1);
	ck_assert_uint_eq(wiretest_count(&office.wire, TRACE_PHASE, LAYER_IMAP, PHASE_CONNECT), 2);
	office_clear(&office);
}
END_TEST

START_TEST(seen_is_told_to_the_imap_server)
{
	struct mua_config config = alice_config(MUA_IMAP);
	struct office office;

	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	mua_read(office.alice, &(struct mua_choice) { .pick = MUA_NEWEST }, to_log(&office));
	expect_log(&office, "done: \n");
	struct mailbox *inbox =
	    account_find_mailbox(mail_store_find(office.store, "alice@office.example"), "INBOX");
	struct mailbox_entry *entry = g_ptr_array_index(inbox->entries, 0);
	ck_assert_uint_eq(entry->flags & MAILBOX_SEEN, MAILBOX_SEEN);
	office_clear(&office);
}
END_TEST

START_TEST(a_copy_of_what_was_sent_goes_to_the_imap_server)
{
	struct mua_config config = alice_config(MUA_IMAP);
	struct office office;

	config.files_sent = true;
	office_init(&office, &config);
	mua_send(office.alice, &to_bob, to_log(&office));
	mua_send(office.alice, &to_bob, to_log(&office));
	expect_log(&office, "done: \ndone: \n");
	ck_assert_uint_eq(held_by_server(&office, "alice@office.example", "Sent"), 2);
	ck_assert_uint_eq(held_by_server(&office, "bob@office.example", "INBOX"), 2);
	office_clear(&office);
}
END_TEST

START_TEST(idle_brings_news_without_asking)
{
	struct mua_config config = alice_config(MUA_IMAP);
	struct office office;

	config.stay_ns = TIME_NEVER;
	office_init(&office, &config);
	check_with(&office, 1);
	recorder_forget(&office.wire.recorder);
	deliver(&office, "alice@office.example", "one");
	wiretest_run(&office.wire);
	ck_assert_uint_ge(wiretest_count(&office.wire, TRACE_UNIT, LAYER_IMAP, IMAP_UID_FETCH), 1);
	mua_check(office.alice, NULL, to_log(&office));
	expect_log(&office, "done: 0 new messages\ndone: 0 new messages\n");
	mua_read(office.alice, &(struct mua_choice) { .pick = MUA_NEWEST }, to_log(&office));
	mua_go_offline(office.bob, to_log(&office));
	expect_log(&office, "done: \ndone: \n");
	mua_go_offline(office.alice, to_log(&office));
	expect_log(&office, "done: \n");
	office_clear(&office);
}
END_TEST

START_TEST(without_idle_an_open_folder_is_asked_about_first)
{
	struct mua_config config = alice_config(MUA_IMAP);
	struct office office;

	config.stay_ns = TIME_NEVER;
	imap_without = imap_capability_bit(IMAP_CAN_IDLE);
	office_init(&office, &config);
	imap_without = 0;
	check_with(&office, 1);
	deliver(&office, "alice@office.example", "one");
	wiretest_run(&office.wire);
	mua_read(office.alice, &(struct mua_choice) { .pick = MUA_NEWEST }, to_log(&office));
	expect_log(&office, "done: 0 new messages\ndone: \n");
	office_clear(&office);
}
END_TEST

/* That alice's client, and no other, showed messages in this way so many times. */
static void expect_shown(const struct office *office, enum mail_detail detail, unsigned times)
{
	ck_assert_uint_eq(mail_records(office, detail), times);
	for (unsigned i = 0; i < times; i++)
		ck_assert(
		    trace_node_of(
			wiretest_record(&office->wire, TRACE_MAIL, LAYER_MAIL, detail, i)->id) ==
		    host_node(office->wire.alice)->index);
}

START_TEST(the_screen_of_an_imap_client_is_in_the_trace)
{
	struct mua_config config = alice_config(MUA_IMAP);
	struct mua_letter letter = to_bob;
	struct office office;

	config.stay_ns = TIME_NEVER;
	letter.to = "alice@office.example";
	office_init(&office, &config);
	check_with(&office, 1);
	expect_shown(&office, MAIL_LISTED, 0);
	mua_send(office.bob, &letter, to_log(&office));
	wiretest_run(&office.wire);
	expect_shown(&office, MAIL_LISTED, 1);
	expect_shown(&office, MAIL_SHOWN_READ, 0);
	mua_read(office.alice, &(struct mua_choice) { .pick = MUA_NEWEST }, to_log(&office));
	wiretest_run(&office.wire);
	expect_shown(&office, MAIL_SHOWN_READ, 1);
	expect_shown(&office, MAIL_UNLISTED, 0);
	mua_delete(office.alice, &(struct mua_choice) { .pick = MUA_NEWEST }, to_log(&office));
	wiretest_run(&office.wire);
	expect_shown(&office, MAIL_LISTED, 1);
	expect_shown(&office, MAIL_SHOWN_READ, 1);
	expect_shown(&office, MAIL_UNLISTED, 1);
	office_clear(&office);
}
END_TEST

START_TEST(an_idle_connection_is_closed_after_a_while)
{
	struct mua_config config = alice_config(MUA_IMAP);
	struct office office;

	config.stay_ns = 30 * NS_PER_S;
	office_init(&office, &config);
	check_with(&office, 1);
	ck_assert_uint_eq(wiretest_count(&office.wire, TRACE_PHASE, LAYER_IMAP, PHASE_QUIT), 0);
	wiretest_run_until(&office.wire, 40 * NS_PER_S);
	ck_assert_uint_ge(wiretest_count(&office.wire, TRACE_PHASE, LAYER_IMAP, PHASE_QUIT), 1);
	deliver(&office, "alice@office.example", "one");
	check_with(&office, 1);
	expect_log(&office, "done: 0 new messages\ndone: 1 new message\n");
	office_clear(&office);
}
END_TEST

START_TEST(imap_actions_fail_offline_at_any_moment)
{
	struct mua_config config = alice_config(MUA_IMAP);
	struct office office;

	config.files_sent = true;
	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	mua_send(office.alice, &to_bob, to_log(&office));
	mua_read(office.alice, &(struct mua_choice) { .pick = MUA_NEWEST }, to_log(&office));
	wiretest_run_until(&office.wire, 300 * NS_PER_US * (_i + 1));
	mua_go_offline(office.alice, to_log(&office));
	mua_check(office.alice, NULL, to_log(&office));
	wiretest_run(&office.wire);
	ck_assert(g_str_has_suffix(office.log->str, "done: \noffline: \n"));
	mua_go_online(office.alice, to_log(&office));
	wiretest_run(&office.wire);
	ck_assert_uint_ge(held_by_server(&office, "alice@office.example", "Sent"), 1);
	office_clear(&office);
}
END_TEST

/* The disk. */

START_TEST(a_backup_brings_back_what_it_held_and_no_more)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct mua_choice one = { .pick = MUA_SUBJECT, .subject = "one" };
	struct office office;

	office_init(&office, &config);
	mua_restore(office.alice, to_log(&office));
	expect_log(&office, "not found: there is no copy\n");
	deliver(&office, "alice@office.example", "one");
	check_with(&office, 1);
	mua_read(office.alice, &one, to_log(&office));
	expect_log(&office, "done: 1 new message\ndone: \n");
	unsigned frames = frames_by_alice(&office);
	mua_back_up(office.alice, to_log(&office));
	ck_assert(g_str_has_prefix(office.log->str, "done: 1 message, "));
	g_string_truncate(office.log, 0);
	ck_assert_uint_eq(frames_by_alice(&office), frames);

	deliver(&office, "alice@office.example", "two");
	check_with(&office, 1);
	mua_lose_disk(office.alice, to_log(&office));
	expect_log(&office, "done: 1 new message\ndone: \n");
	ck_assert_uint_eq(held(mua_account(office.alice), "INBOX"), 0);
	ck_assert(!mua_is_online(office.alice));
	mua_restore(office.alice, to_log(&office));
	ck_assert_uint_eq(held(mua_account(office.alice), "INBOX"), 1);
	mua_read(office.alice, &one, to_log(&office));
	mua_read(office.alice, &(struct mua_choice) { .pick = MUA_SUBJECT, .subject = "two" },
		 to_log(&office));
	wiretest_run(&office.wire);
	ck_assert(g_str_has_suffix(office.log->str, "done: \nnot found: \n"));
	struct mailbox *inbox = account_find_mailbox(mua_account(office.alice), "INBOX");
	ck_assert(((struct mailbox_entry *)inbox->entries->pdata[0])->flags & MAILBOX_SEEN);
	office_clear(&office);
}
END_TEST

/* With the table of unique ids the client's memory of the server is lost, or comes back. */
START_TEST(what_is_known_of_the_server_is_on_the_disk)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct office office;

	config.leave = MUA_LEAVE_ALL;
	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	check_with(&office, 1);
	mua_back_up(office.alice, (struct mua_callback) { NULL, NULL });
	mua_lose_disk(office.alice, (struct mua_callback) { NULL, NULL });
	mua_go_online(office.alice, (struct mua_callback) { NULL, NULL });
	if (_i == 1)
		mua_restore(office.alice, (struct mua_callback) { NULL, NULL });
	check_with(&office, 1);
	expect_log(&office, _i == 1 ? "done: 1 new message\ndone: 0 new messages\n"
				    : "done: 1 new message\ndone: 1 new message\n");
	ck_assert_uint_eq(held(mua_account(office.alice), "INBOX"), 1);
	office_clear(&office);
}
END_TEST

START_TEST(the_outbox_dies_with_the_disk_but_not_with_the_program)
{
	struct mua_config config = alice_config(_i & 1 ? MUA_IMAP : MUA_POP3);
	bool loses = _i >= 2;
	struct office office;

	office_init(&office, &config);
	mua_go_offline(office.alice, to_log(&office));
	mua_send(office.alice, &to_bob, to_log(&office));
	if (loses)
		mua_lose_disk(office.alice, to_log(&office));
	else
		mua_crash(office.alice, to_log(&office));
	ck_assert_uint_eq(held(mua_account(office.alice), "Outbox"), !loses);
	mua_go_online(office.alice, to_log(&office));
	wiretest_run(&office.wire);
	ck_assert_uint_eq(held_by_server(&office, "bob@office.example", "INBOX"), !loses);
	office_clear(&office);
}
END_TEST

/* Loop test: the program dies a little later each time; no mail is lost and none comes twice. */
START_TEST(a_program_that_dies_loses_no_mail)
{
	struct mua_config config = alice_config(MUA_POP3);
	struct office office;

	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	mua_check(office.alice, NULL, to_log(&office));
	wiretest_run_until(&office.wire, 300 * NS_PER_US * (_i + 1));
	mua_crash(office.alice, to_log(&office));
	wiretest_run(&office.wire);
	ck_assert_uint_ge(held_by_server(&office, "alice@office.example", "INBOX") +
			      held(mua_account(office.alice), "INBOX"),
			  1);
	mua_go_online(office.alice, to_log(&office));
	check_with(&office, 1);
	ck_assert_uint_eq(held(mua_account(office.alice), "INBOX"), 1);
	ck_assert_uint_eq(held_by_server(&office, "alice@office.example", "INBOX"), 0);
	office_clear(&office);
}
END_TEST

START_TEST(imap_reads_offline_what_it_has_opened)
{
	struct mua_config config = alice_config(MUA_IMAP);
	struct mua_choice one = { .pick = MUA_SUBJECT, .subject = "one" };
	struct mua_choice two = { .pick = MUA_SUBJECT, .subject = "two" };
	struct office office;

	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	deliver(&office, "alice@office.example", "two");
	mua_read(office.alice, &one, to_log(&office));
	expect_log(&office, "done: \n");
	ck_assert_uint_eq(held(mua_account(office.alice), "INBOX"), 1);
	mua_go_offline(office.alice, to_log(&office));
	mua_read(office.alice, &one, to_log(&office));
	mua_read(office.alice, &two, to_log(&office));
	mua_search(office.alice, NULL, MUA_ANYWHERE, "text of", to_log(&office));
	mua_delete(office.alice, &one, to_log(&office));
	expect_log(&office, "done: \ndone: \noffline: \ndone: 1 found\noffline: \n");

	mua_go_online(office.alice, to_log(&office));
	mua_delete(office.alice, &one, to_log(&office));
	expect_log(&office, "done: \ndone: \n");
	ck_assert_uint_eq(held(mua_account(office.alice), "INBOX"), 0);
	ck_assert_uint_eq(held_by_server(&office, "alice@office.example", "INBOX"), 1);
	office_clear(&office);
}
END_TEST

START_TEST(imap_reads_its_copy_when_nothing_answers)
{
	struct mua_config config = alice_config(MUA_IMAP);
	struct mua_choice one = { .pick = MUA_SUBJECT, .subject = "one" };
	struct office office;

	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	mua_read(office.alice, &one, to_log(&office));
	expect_log(&office, "done: \n");
	link_cut(office.wire.alice_cable);
	mua_read(office.alice, &one, to_log(&office));
	expect_log(&office, "done: \n");
	ck_assert_uint_eq(mail_records(&office, MAIL_READ), 2);
	office_clear(&office);
}
END_TEST

START_TEST(a_dead_disk_takes_imap_nothing_but_copies)
{
	struct mua_config config = alice_config(MUA_IMAP);
	struct mua_choice all = { .pick = MUA_ALL };
	struct office office;

	config.stay_ns = _i == 0 ? 0 : TIME_NEVER;
	office_init(&office, &config);
	deliver(&office, "alice@office.example", "one");
	mua_read(office.alice, &all, to_log(&office));
	wiretest_run(&office.wire);
	mua_back_up(office.alice, to_log(&office));
	mua_restore(office.alice, to_log(&office));
	mua_lose_disk(office.alice, to_log(&office));
	expect_log(&office, "done: \nnot found: the mail is on the server\n"
			    "not found: the mail is on the server\ndone: \n");
	ck_assert_uint_eq(held(mua_account(office.alice), "INBOX"), 0);
	mua_go_online(office.alice, to_log(&office));
	mua_read(office.alice, &all, to_log(&office));
	expect_log(&office, "done: \ndone: \n");
	ck_assert_uint_eq(held(mua_account(office.alice), "INBOX"), 1);
	ck_assert_uint_eq(mail_records(&office, MAIL_RETRIEVED), 2);
	office_clear(&office);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mua");
	TCase *tests = tcase_create("all");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_letter_goes_from_client_to_client);
	tcase_add_test(tests, every_station_of_a_message_has_its_root);
	tcase_add_loop_test(tests, an_imap_reader_knows_the_root_too, 0, 2);
	tcase_add_loop_test(tests, a_message_keeps_its_root_whatever_happens_to_its_segments, 0,
			    40);
	tcase_add_test(tests, the_segments_of_a_message_belong_to_it);
	tcase_add_test(tests, several_letters_share_a_connection);
	tcase_add_test(tests, offline_a_letter_waits_in_the_outbox);
	tcase_add_loop_test(tests, going_offline_in_the_middle_keeps_the_letter, 0, 30);
	tcase_add_loop_test(tests, failures_are_told_with_pop3, 0, G_N_ELEMENTS(failures));
	tcase_add_loop_test(tests, failures_are_told_with_imap, 0, G_N_ELEMENTS(failures));
	tcase_add_test(tests, the_next_port_is_tried_and_the_one_that_worked_is_remembered);
	tcase_add_test(tests, when_each_port_has_failed_the_user_is_told_once);
	tcase_add_loop_test(tests, silence_is_told_after_some_tries, 0, 2);
	tcase_add_loop_test(tests, one_who_gives_up_at_once_is_told_at_once, 0, 2);
	tcase_add_loop_test(tests, what_passes_is_not_even_told, 0, 2);
	tcase_add_loop_test(tests, offline_while_waiting_for_another_try, 0, 2);
	tcase_add_loop_test(tests, a_broken_connection_is_made_again, 0, 40);
	tcase_add_test(tests, a_refused_recipient_is_told_and_the_letter_kept_as_a_draft);
	tcase_add_test(tests, one_refused_recipient_does_not_stop_the_others);
	tcase_add_test(tests, bad_addresses_never_reach_the_network);
	tcase_add_test(tests, messages_left_on_the_server_are_fetched_once);
	tcase_add_test(tests, messages_left_for_a_time_go_after_it);
	tcase_add_test(tests, messages_go_from_the_server_when_the_user_deletes_them);
	tcase_add_test(tests, own_folders_need_no_packets);
	tcase_add_loop_test(tests, an_answer_quotes_and_refers_to_the_message, 0, 2);
	tcase_add_test(tests, an_answer_to_all_leaves_ourselves_out);
	tcase_add_test(tests, mail_is_checked_by_itself);
	tcase_add_loop_test(tests, messages_are_read_on_the_imap_server, 0, 2);
	tcase_add_test(tests, seen_is_told_to_the_imap_server);
	tcase_add_test(tests, a_copy_of_what_was_sent_goes_to_the_imap_server);
	tcase_add_test(tests, idle_brings_news_without_asking);
	tcase_add_test(tests, without_idle_an_open_folder_is_asked_about_first);
	tcase_add_test(tests, the_screen_of_an_imap_client_is_in_the_trace);
	tcase_add_test(tests, an_idle_connection_is_closed_after_a_while);
	tcase_add_loop_test(tests, imap_actions_fail_offline_at_any_moment, 0, 30);
	tcase_add_test(tests, a_backup_brings_back_what_it_held_and_no_more);
	tcase_add_loop_test(tests, what_is_known_of_the_server_is_on_the_disk, 0, 2);
	tcase_add_loop_test(tests, the_outbox_dies_with_the_disk_but_not_with_the_program, 0, 4);
	tcase_add_loop_test(tests, a_program_that_dies_loses_no_mail, 0, 40);
	tcase_add_test(tests, imap_reads_offline_what_it_has_opened);
	tcase_add_test(tests, imap_reads_its_copy_when_nothing_answers);
	tcase_add_loop_test(tests, a_dead_disk_takes_imap_nothing_but_copies, 0, 2);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0 ? 1 : 0;
}
