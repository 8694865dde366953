/* Mail servers that talk to each other, from submission to mailbox, over a scripted network. */
#include <check.h>
#include <stdlib.h>
#include "protocols/adapter.h"
#include "protocols/mail/names.h"
#include "protocols/programs/aliases.h"
#include "protocols/programs/mail_server.h"
#include "protocols/smtp/client.h"
#include "protocols/smtp/server.h"
#include "tests/protocols/scripted_network.h"

#define OFFICE_ADDRESS UINT32_C(0xc0000246) /* 192.0.2.70 */
#define REMOTE_ADDRESS UINT32_C(0xcb007146) /* 203.0.113.70 */
#define BACKUP_ADDRESS UINT32_C(0xcb007147)
#define ALICE_ADDRESS  UINT32_C(0xc000020b) /* 192.0.2.11 */

/* An office and a remote site, and all MAIL records as "node detail text". */
struct stage {
	struct network network;
	struct host *alice, *office_host, *remote_host, *backup_host;
	struct mail_store *office_store, *remote_store;
	struct mail_server *office, *remote;
	struct sasl_keys *keys; /* of alice's client */
	struct trace_sink sink;
	GPtrArray *records;  /* of char *; what becomes of messages, not each step to it */
	GString *way;        /* of all steps: "node actor step", a line for each */
	GString *replies;    /* what alice's client was told, a line per recipient */
	int64_t next_ns[64]; /* of MAIL_DEFERRED, in order */
	unsigned deferrals;
	/* of the office's server; 0: the defaults */
	unsigned session_limit, per_address_limit, queue_limit;
	const struct screen_stage_config *stages;
	unsigned stage_count;
};

/* Steps that leave a message where it was; of checks, those of the server's own policy. */
static bool is_step_alone(unsigned detail, const char *text)
{
	return detail == MAIL_CONNECTS || detail == MAIL_TRANSFERS || detail == MAIL_ARRIVED ||
	       (detail == MAIL_CHECKED && strcmp(text, "policy") == 0);
}

static void record(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct stage *stage = owner;
	char *text = g_strndup((const char *)bytes.data, bytes.length);

	ck_assert_uint_ne(record->root, 0);
	ck_assert_uint_ne(record->object, 0);
	ck_assert_uint_ne(record->actor, ACTOR_NONE);
	g_string_append_printf(stage->way, "%u %s %s\n", trace_node_of(record->id),
			       actor_name(record->actor),
			       mail_step_names[mail_step_of(record->detail)]);
	if (is_step_alone(record->detail, text)) {
		g_free(text);
		return;
	}
	if (record->detail == MAIL_DEFERRED)
		stage->next_ns[stage->deferrals++ % 64] = (int64_t)record->after;
	g_ptr_array_add(stage->records, g_strdup_printf("%u %u %s", trace_node_of(record->id),
							record->detail, text));
	g_free(text);
}

static const struct mail_server_port ports[] = {
	{.port = 25            },
	{ .port = 587, .is_submission = true },
};

static struct mail_server *start(struct stage *stage, struct host *host, const char *name,
				 const char *domain, struct mail_store *store)
{
	return mail_server_new(host, &(struct mail_server_config) {
					 .host_name = name,
					 .domains = &domain,
					 .domain_count = 1,
					 .ports = ports,
					 .port_count = 2,
					 .resolver = (struct dns_resolver *)stage->alice,
					 .store = store,
					 .size_limit = 10485760,
					 .wakeup_ns = 50 * NS_PER_US,
					 .pickup_ns = 10 * NS_PER_MS,
					 .session_limit = stage->session_limit,
					 .per_address_limit = stage->per_address_limit,
					 .queue_limit = stage->queue_limit,
					 .stages = stage->stages,
					 .stage_count = stage->stage_count,
				     });
}

static void start_remote(struct stage *stage)
{
	stage->remote = start(stage, stage->remote_host, "mail.remote.example", "remote.example",
			      stage->remote_store);
}

static void set_up_with(struct stage *stage, unsigned session_limit, unsigned per_address_limit,
			unsigned queue_limit, const struct screen_stage_config *stages,
			unsigned stage_count)
{
	*stage = (struct stage) { .replies = g_string_new(NULL),
				  .way = g_string_new(NULL),
				  .stages = stages,
				  .stage_count = stage_count };
	network_init(&stage->network);
	stage->records = g_ptr_array_new_with_free_func(g_free);
	stage->sink = (struct trace_sink) { .kinds = TRACE_BIT(TRACE_MAIL),
					    .owner = stage,
					    .record = record };
	trace_add_sink(&stage->network.world->trace, &stage->sink);

	stage->alice = network_add_host(&stage->network, "alice-pc", ALICE_ADDRESS);
	stage->office_host = network_add_host(&stage->network, "mail", OFFICE_ADDRESS);
	stage->remote_host = network_add_host(&stage->network, "rmail", REMOTE_ADDRESS);
	stage->backup_host = network_add_host(&stage->network, "backup", BACKUP_ADDRESS);
	network_add_record(&stage->network, "11.2.0.192.in-addr.arpa", DNS_PTR,
			   "alice-pc.office.example");
	network_add_record(&stage->network, "alice-pc.office.example", DNS_A, "192.0.2.11");
	network_add_record(&stage->network, "70.2.0.192.in-addr.arpa", DNS_PTR,
			   "mail.office.example");
	network_add_record(&stage->network, "mail.office.example", DNS_A, "192.0.2.70");
	network_add_record(&stage->network, "mail.remote.example", DNS_A, "203.0.113.70");
	network_add_record(&stage->network, "backup.remote.example", DNS_A, "203.0.113.71");

	stage->office_store = mail_store_new(&stage->office_host->node);
	mail_store_add_account(stage->office_store, "alice@office.example", "wonderland");
	mail_store_add_account(stage->office_store, "carol@office.example", "secret");
	stage->remote_store = mail_store_new(&stage->remote_host->node);
	mail_store_add_account(stage->remote_store, "bob@remote.example", "builder");
	mail_store_add_account(stage->remote_store, "dora@remote.example", "explorer");
	stage->session_limit = session_limit;
	stage->per_address_limit = per_address_limit;
	stage->queue_limit = queue_limit;
	stage->office = start(stage, stage->office_host, "mail.office.example", "office.example",
			      stage->office_store);
	stage->session_limit = stage->per_address_limit = stage->queue_limit = 0;
	stage->stages = NULL;
	stage->stage_count = 0;
	start_remote(stage);
}

static void set_up_limited(struct stage *stage, unsigned session_limit, unsigned per_address_limit,
			   unsigned queue_limit)
{
	set_up_with(stage, session_limit, per_address_limit, queue_limit, NULL, 0);
}

/* The office screens what it takes. */
static void set_up_screened(struct stage *stage, const struct screen_stage_config *stages,
			    unsigned count)
{
	set_up_with(stage, 0, 0, 0, stages, count);
}

static void set_up(struct stage *stage)
{
	set_up_limited(stage, 0, 0, 0);
}

static void tear_down(struct stage *stage)
{
	mail_server_free(stage->office);
	mail_server_free(stage->remote);
	mail_store_free(stage->office_store);
	mail_store_free(stage->remote_store);
	g_ptr_array_unref(stage->records);
	g_string_free(stage->way, TRUE);
	g_string_free(stage->replies, TRUE);
	network_clear(&stage->network);
	sasl_keys_free(stage->keys);
}

static void client_sent(void *owner, struct smtp_client *client, const struct smtp_result *results,
			unsigned count)
{
	struct stage *stage = owner;

	(void)client;
	for (unsigned i = 0; i < count; i++)
		g_string_append_printf(stage->replies, "%s\n", results[i].text);
}

/* A client at alice's PC sends `text`; recipients are separated by blanks. */
static void submit(struct stage *stage, uint32_t server, uint16_t port, const char *login,
		   const char *sender, const char *recipients, const char *text)
{
	char **list = g_strsplit(recipients, " ", -1);
	GBytes *data = g_bytes_new(text, strlen(text));
	if (stage->keys == NULL)
		stage->keys = sasl_keys_new();

	struct session *session = smtp_client_new(&(struct smtp_client_config) {
	    .host_name = "alice-pc",
	    .login = login,
	    .password = "wonderland",
	    .keys = stage->keys,
	    .sent = client_sent,
	    .owner = stage,
	});
	struct stream *stream =
	    tcp_connect(stage->alice, (struct endpoint) { server, port }, NULL, NULL);

	smtp_client_send(smtp_client_of(session), &(struct smtp_transfer) {
						      .sender = sender,
						      .recipients = (const char *const *)list,
						      .recipient_count = g_strv_length(list),
						      .data = data,
						  });
	smtp_client_quit(smtp_client_of(session));
	adapter_new(stage->alice, stream, session, false,
		    &(struct adapter_config) { .layer = LAYER_SMTP, .wakeup_ns = 50 * NS_PER_US });
	g_bytes_unref(data);
	g_strfreev(list);
}

static const char letter[] = "Date: Sun, 22 Nov 2026 01:14:58 +0000\r\n"
			     "Message-Id: <1@alice-pc>\r\nSubject: Report\r\n\r\nHello.\r\n";

static void submit_letter(struct stage *stage, const char *recipients)
{
	submit(stage, OFFICE_ADDRESS, 587, "alice@office.example", "alice@office.example",
	       recipients, letter);
}

static void run(struct stage *stage, int64_t until_ns)
{
	ck_assert_int_ne(engine_run(stage->network.world->engine, until_ns), ENGINE_LIVELOCK);
}

static struct mailbox *inbox_of(struct mail_store *store, const char *address)
{
	return account_find_mailbox(mail_store_find(store, address), "INBOX");
}

static unsigned inbox_count(struct mail_store *store, const char *address)
{
	return inbox_of(store, address)->entries->len;
}

static char *inbox_text(struct mail_store *store, const char *address, unsigned index)
{
	const struct mailbox_entry *entry = inbox_of(store, address)->entries->pdata[index];
	struct bytes bytes = message_bytes(entry->message);

	return g_strndup((const char *)bytes.data, bytes.length);
}

static unsigned count_records(const struct stage *stage, unsigned detail)
{
	char *key = g_strdup_printf(" %u ", detail);
	unsigned count = 0;

	for (guint i = 0; i < stage->records->len; i++) {
		const char *text = g_ptr_array_index(stage->records, i);

		count += strncmp(strchr(text, ' '), key, strlen(key)) == 0;
	}
	g_free(key);
	return count;
}

static void expect_records(const struct stage *stage, const char *const *wanted, unsigned count)
{
	for (unsigned i = 0; i < count && i < stage->records->len; i++)
		ck_assert_str_eq(g_ptr_array_index(stage->records, i), wanted[i]);
	ck_assert_uint_eq(stage->records->len, count);
}

START_TEST(a_letter_reaches_the_other_site_with_its_way_in_the_header)
{
	/* By hand, in the form of the reality transcripts; the epoch is 2026-11-22 01:14:58 UTC. */
	static const char wanted[] =
	    "Return-Path: <alice@office.example>\r\n"
	    "Delivered-To: bob@remote.example\r\n"
	    "Received: from mail.office.example (mail.office.example [192.0.2.70])\r\n"
	    "\tby mail.remote.example (mailwire) with ESMTP id %s\r\n"
	    "\tfor <bob@remote.example>; Sun, 22 Nov 2026 01:14:58 +0000 (UTC)\r\n"
	    "Received: from alice-pc (alice-pc.office.example [192.0.2.11])\r\n"
	    "\tby mail.office.example (mailwire) with ESMTPA id %s\r\n"
	    "\tfor <bob@remote.example>; Sun, 22 Nov 2026 01:14:58 +0000 (UTC)\r\n"
	    "%s";
	struct stage stage;
	char *expected, *text, *office_id, *remote_id;

	set_up(&stage);
	network_add_record(&stage.network, "remote.example", DNS_MX, "10 mail.remote.example");
	submit_letter(&stage, "bob@remote.example");
	run(&stage, NS_PER_S / 2);
	ck_assert_uint_eq(inbox_count(stage.remote_store, "bob@remote.example"), 1);
	office_id = g_strdup(strrchr(g_ptr_array_index(stage.records, 0), ' ') + 1);
	remote_id = g_strdup(strrchr(g_ptr_array_index(stage.records, 3), ' ') + 1);
	expected = g_strdup_printf(wanted, remote_id, office_id, letter);
	text = inbox_text(stage.remote_store, "bob@remote.example", 0);
	ck_assert_str_eq(text, expected);
	ck_assert_uint_eq(count_records(&stage, MAIL_SUBMITTED), 1);
	ck_assert_uint_eq(count_records(&stage, MAIL_RECEIVED), 1);
	ck_assert_uint_eq(count_records(&stage, MAIL_TRANSFERRED), 1);
	ck_assert_uint_eq(count_records(&stage, MAIL_DELIVERED), 1);
	g_free(expected);
	g_free(text);
	g_free(office_id);
	g_free(remote_id);
	tear_down(&stage);
}
END_TEST

START_TEST(a_letter_to_a_colleague_never_leaves)
{
	struct stage stage;

	set_up(&stage);
	submit_letter(&stage, "carol@office.example CAROL@Office.Example");
	run(&stage, NS_PER_S);
	ck_assert_uint_eq(stage.network.connections, 1);
	ck_assert_uint_ge(inbox_count(stage.office_store, "carol@office.example"), 1);
	tear_down(&stage);
}
END_TEST

static const char *const postmasters[] = {
	"postmaster",
	"PostMaster",
	"postmaster@office.example",
	"Postmaster@OFFICE.example",
};

/* RFC 5321 section 4.5.1; without an account of that name the domain's first reads it. */
START_TEST(a_postmaster_is_always_there)
{
	struct stage stage;

	set_up(&stage);
	submit_letter(&stage, postmasters[_i]);
	run(&stage, NS_PER_S);
	ck_assert_msg(g_str_has_prefix(stage.replies->str, "2"), "%s", stage.replies->str);
	ck_assert_uint_eq(inbox_count(stage.office_store, "alice@office.example"), 1);
	tear_down(&stage);
}
END_TEST

START_TEST(recipients_of_a_domain_share_a_connection)
{
	struct stage stage;

	set_up(&stage);
	network_add_record(&stage.network, "remote.example", DNS_MX, "10 mail.remote.example");
	submit_letter(&stage, "bob@remote.example carol@office.example dora@remote.example");
	run(&stage, NS_PER_S);
	ck_assert_uint_eq(stage.network.connections, 2);
	ck_assert_uint_eq(inbox_count(stage.remote_store, "bob@remote.example"), 1);
	ck_assert_uint_eq(inbox_count(stage.remote_store, "dora@remote.example"), 1);
	ck_assert_uint_eq(inbox_count(stage.office_store, "carol@office.example"), 1);
	tear_down(&stage);
}
END_TEST

START_TEST(an_unknown_remote_user_comes_back_as_a_notification)
{
	struct stage stage;
	char *text;

	set_up(&stage);
	network_add_record(&stage.network, "remote.example", DNS_MX, "10 mail.remote.example");
	submit_letter(&stage, "nosuch@remote.example");
	run(&stage, NS_PER_S);
	ck_assert_uint_eq(inbox_count(stage.office_store, "alice@office.example"), 1);
	text = inbox_text(stage.office_store, "alice@office.example", 0);
	ck_assert(
	    g_str_has_prefix(text, "Return-Path: <>\r\nDelivered-To: alice@office.example\r\n"));
	ck_assert_ptr_nonnull(strstr(text, "\r\nStatus: 5.1.1\r\n"));
	ck_assert_ptr_nonnull(strstr(text, "\r\nRemote-MTA: dns; mail.remote.example\r\n"));
	ck_assert_ptr_nonnull(
	    strstr(text, "\r\nFinal-Recipient: rfc822; nosuch@remote.example\r\n"));
	ck_assert_uint_eq(count_records(&stage, MAIL_REFUSED), 1);
	ck_assert_uint_eq(count_records(&stage, MAIL_BOUNCED), 1);
	ck_assert_uint_eq(count_records(&stage, MAIL_NOTIFIED), 1);
	g_free(text);
	tear_down(&stage);
}
END_TEST

START_TEST(a_notification_is_never_returned)
{
	struct stage stage;

	set_up(&stage);
	network_add_record(&stage.network, "remote.example", DNS_MX, "10 mail.remote.example");
	submit(&stage, OFFICE_ADDRESS, 587, "alice@office.example", "ghost@remote.example",
	       "nosuch@remote.example", letter);
	run(&stage, 10 * NS_PER_S);
	ck_assert_uint_eq(count_records(&stage, MAIL_NOTIFIED), 1);
	ck_assert_uint_eq(count_records(&stage, MAIL_BOUNCED), 2);
	tear_down(&stage);
}
END_TEST

START_TEST(a_server_that_is_down_is_tried_again_and_again)
{
	/* Pauses of 300, 600, 1200, 2400, 4000, 4000 s behind attempts that fail at once. */
	static const int64_t at_s[] = { 300, 900, 2100, 4500, 8500, 12500 };
	struct stage stage;

	set_up(&stage);
	network_add_record(&stage.network, "remote.example", DNS_MX, "10 mail.remote.example");
	mail_server_free(stage.remote);
	submit_letter(&stage, "bob@remote.example");
	run(&stage, 10000 * NS_PER_S);
	ck_assert_uint_eq(stage.deferrals, 6);
	for (unsigned i = 0; i < stage.deferrals; i++)
		ck_assert_int_eq(stage.next_ns[i] / NS_PER_S, at_s[i]);
	start_remote(&stage);
	run(&stage, 20000 * NS_PER_S);
	ck_assert_uint_eq(inbox_count(stage.remote_store, "bob@remote.example"), 1);
	ck_assert_uint_eq(stage.deferrals, 6);
	tear_down(&stage);
}
END_TEST

START_TEST(after_five_days_the_letter_comes_back)
{
	struct stage stage;
	char *text;

	set_up(&stage);
	network_add_record(&stage.network, "remote.example", DNS_MX, "10 mail.remote.example");
	stage.remote_host->is_down = true;
	submit_letter(&stage, "bob@remote.example");
	run(&stage, 5 * 86400 * NS_PER_S);
	ck_assert_uint_eq(inbox_count(stage.office_store, "alice@office.example"), 0);
	run(&stage, (5 * 86400 + 4100) * NS_PER_S);
	ck_assert_uint_eq(inbox_count(stage.office_store, "alice@office.example"), 1);
	text = inbox_text(stage.office_store, "alice@office.example", 0);
	ck_assert_ptr_nonnull(strstr(text, "\r\nAction: failed\r\nStatus: 4.4.1\r\n"));
	g_free(text);
	tear_down(&stage);
}
END_TEST

START_TEST(the_next_exchanger_is_tried_when_one_is_dead)
{
	struct stage stage;
	struct mail_server *backup;

	set_up(&stage);
	network_add_record(&stage.network, "remote.example", DNS_MX, "10 dead.remote.example");
	network_add_record(&stage.network, "remote.example", DNS_MX, "20 mail.remote.example");
	network_add_record(&stage.network, "remote.example", DNS_MX, "30 backup.remote.example");
	network_add_record(&stage.network, "dead.remote.example", DNS_A, "203.0.113.99");
	stage.remote_host->is_down = true;
	backup = start(&stage, stage.backup_host, "backup.remote.example", "remote.example",
		       stage.remote_store);
	submit_letter(&stage, "bob@remote.example");
	run(&stage, 10 * NS_PER_S);
	ck_assert_uint_eq(inbox_count(stage.remote_store, "bob@remote.example"), 1);
	ck_assert_uint_eq(count_records(&stage, MAIL_LOOKED_UP), 3);
	ck_assert_uint_eq(stage.deferrals, 0);
	mail_server_free(backup);
	tear_down(&stage);
}
END_TEST

/* What DNS says about remote.example, and the status that comes back; "": delivered. */
static const struct {
	const char *type_and_data, *status;
} domains[] = {
	{"A 203.0.113.70",                ""      }, /* no MX: the address itself */
	{ "MX 0 .",		       "5.1.10"}, /* RFC 7505 */
	{ "MX 10 mail.office.example",    "5.4.6" }, /* points back at the sender */
	{ "MX 10 nowhere.remote.example", "5.4.4" }, /* an exchanger without address */
	{ "",			     "5.4.4" }, /* no such domain */
};

START_TEST(the_domain_decides_where_mail_goes)
{
	struct stage stage;
	const char *entry = domains[_i].type_and_data;

	set_up(&stage);
	if (entry[0] != '\0')
		network_add_record(&stage.network, "remote.example",
				   entry[0] == 'A' ? DNS_A : DNS_MX, strchr(entry, ' ') + 1);
	submit_letter(&stage, "bob@remote.example");
	run(&stage, NS_PER_S);
	if (domains[_i].status[0] == '\0') {
		ck_assert_uint_eq(inbox_count(stage.remote_store, "bob@remote.example"), 1);
	} else {
		char *text, *line = g_strdup_printf("\r\nStatus: %s\r\n", domains[_i].status);

		ck_assert_uint_eq(inbox_count(stage.office_store, "alice@office.example"), 1);
		text = inbox_text(stage.office_store, "alice@office.example", 0);
		ck_assert_ptr_nonnull(strstr(text, line));
		g_free(text);
		g_free(line);
	}
	tear_down(&stage);
}
END_TEST

START_TEST(a_literal_address_needs_no_dns)
{
	struct stage stage;

	set_up(&stage);
	submit_letter(&stage, "bob@[203.0.113.70]");
	run(&stage, NS_PER_S);
	/* The other server does not know the literal as its domain, and says so. */
	ck_assert_uint_eq(count_records(&stage, MAIL_REFUSED), 1);
	tear_down(&stage);
}
END_TEST

/* Port, login, recipient, and how the reply begins. */
static const struct {
	uint16_t port;
	const char *login, *recipient, *reply;
} refusals[] = {
	{25,   NULL,                   "carol@office.example",  "250 2.0.0 Ok: queued as"                            },
	{ 25,  NULL,                   "bob@remote.example",    "554 5.7.1 <bob@remote.example>: Relay access denied"},
	{ 25,  NULL,                   "nosuch@office.example", "550 5.1.1 <nosuch@office.example>"                  },
	{ 587, NULL,                   "carol@office.example",  "530 5.7.0 Authentication required"                  },
	{ 587, "alice@office.example", "nosuch@office.example", "550 5.1.1 "                                         },
	{ 587, "carol@office.example", "bob@remote.example",    "535 5.7.8 "                                         },
	{ 587, "alice",                "carol@office.example",  "250 2.0.0 Ok: queued as"                            },
};

START_TEST(who_may_send_to_whom)
{
	struct stage stage;

	set_up(&stage);
	submit(&stage, OFFICE_ADDRESS, refusals[_i].port, refusals[_i].login,
	       "alice@office.example", refusals[_i].recipient, letter);
	run(&stage, NS_PER_S);
	ck_assert_msg(g_str_has_prefix(stage.replies->str, refusals[_i].reply), "%s",
		      stage.replies->str);
	tear_down(&stage);
}
END_TEST

/* Breaks the connection instead of the second reply to a final dot: the first is alice's. */
static bool breaks_second(void *owner, struct bytes said)
{
	static const char reply[] = "250 2.0.0 Ok: queued as";
	unsigned *replies = owner;

	return said.length > strlen(reply) && memcmp(said.data, reply, strlen(reply)) == 0 &&
	       ++*replies == 2;
}

START_TEST(a_second_delivery_is_recognised)
{
	struct stage stage;
	unsigned replies = 0;

	set_up(&stage);
	network_add_record(&stage.network, "remote.example", DNS_MX, "10 mail.remote.example");
	stage.network.breaks = breaks_second;
	stage.network.owner = &replies;
	submit_letter(&stage, "bob@remote.example");
	run(&stage, 1000 * NS_PER_S);
	ck_assert_uint_eq(replies, 3);
	ck_assert_uint_eq(stage.deferrals, 1);
	ck_assert_uint_eq(inbox_count(stage.remote_store, "bob@remote.example"), 1);
	ck_assert_uint_eq(count_records(&stage, MAIL_DUPLICATE), 1);
	tear_down(&stage);
}
END_TEST

START_TEST(missing_fields_are_added_at_submission)
{
	struct stage stage;
	char *text;

	set_up(&stage);
	submit(&stage, OFFICE_ADDRESS, 587, "alice@office.example", "alice@office.example",
	       "carol@office.example", "Subject: bare\r\n\r\nx\r\n");
	run(&stage, NS_PER_S);
	text = inbox_text(stage.office_store, "carol@office.example", 0);
	ck_assert_ptr_nonnull(strstr(text, "\r\nDate: Sun, 22 Nov 2026 01:14:58 +0000\r\n"));
	ck_assert_ptr_nonnull(strstr(text, "\r\nMessage-Id: <20261122011458."));
	g_free(text);
	tear_down(&stage);
}
END_TEST

/* Loop test: 50 servers are taken for a long way, 51 for a loop. */
START_TEST(a_message_with_too_many_hops_is_refused)
{
	struct stage stage;
	GString *text = g_string_new(NULL);

	set_up(&stage);
	for (int i = 0; i < 50 + _i; i++)
		g_string_append(text, "Received: by somebody\r\n\tfolded\r\n");
	g_string_append(text, "\r\nReceived: in the body\r\n");
	submit(&stage, OFFICE_ADDRESS, 25, NULL, "x@remote.example", "carol@office.example",
	       text->str);
	run(&stage, NS_PER_S);
	ck_assert_msg(
	    g_str_has_prefix(stage.replies->str, _i == 0 ? "250" : "554 5.4.0 Error: too many"),
	    "%s", stage.replies->str);
	g_string_free(text, TRUE);
	tear_down(&stage);
}
END_TEST

START_TEST(a_server_can_be_freed_at_any_moment)
{
	struct stage stage;

	set_up(&stage);
	network_add_record(&stage.network, "remote.example", DNS_MX, "10 mail.remote.example");
	submit_letter(&stage, "bob@remote.example carol@office.example");
	run(&stage, _i * NS_PER_MS / 2);
	g_clear_pointer(&stage.office, mail_server_free);
	run(&stage, NS_PER_S);
	tear_down(&stage);
}
END_TEST

START_TEST(each_step_of_the_way_is_recorded_by_who_takes_it)
{
	struct stage stage;

	set_up(&stage);
	network_add_record(&stage.network, "remote.example", DNS_MX, "10 mail.remote.example");
	submit_letter(&stage, "bob@remote.example");
	run(&stage, NS_PER_S);
	ck_assert_str_eq(stage.way->str, "2 MSA receive\n"
					 "2 MSA check\n"
					 "2 MSA accept\n"
					 "2 MTA queue\n"
					 "2 MTA look up\n"
					 "2 MTA connect\n"
					 "2 MTA transfer\n"
					 "3 MTA receive\n"
					 "3 MTA check\n"
					 "3 MTA accept\n"
					 "3 MTA queue\n"
					 "2 MTA hand over\n"
					 "3 MDA deliver\n");
	tear_down(&stage);
}
END_TEST

START_TEST(a_refused_recipient_is_a_check_that_failed)
{
	struct stage stage;

	set_up(&stage);
	submit_letter(&stage, "nobody@office.example");
	run(&stage, NS_PER_S);
	ck_assert_str_eq(stage.way->str, "2 MSA check\n");
	tear_down(&stage);
}
END_TEST

START_TEST(local_mail_waits_while_the_delivery_agent_is_stopped)
{
	struct stage stage;
	unsigned deferrals;

	set_up(&stage);
	mail_server_suspend(stage.office, ACTOR_MDA);
	submit_letter(&stage, "carol@office.example");
	run(&stage, NS_PER_S);
	ck_assert_uint_eq(mail_queue_length(mail_server_queue(stage.office)), 1);
	ck_assert_ptr_null(strstr(stage.way->str, "deliver"));
	ck_assert_uint_eq(stage.deferrals, 1);
	mail_server_resume(stage.office, ACTOR_MDA);
	deferrals = stage.deferrals;
	run(&stage, 3600 * NS_PER_S);
	ck_assert_uint_eq(stage.deferrals, deferrals);
	ck_assert_ptr_nonnull(strstr(stage.way->str, "2 MDA deliver"));
	ck_assert_uint_eq(mail_queue_length(mail_server_queue(stage.office)), 0);
	tear_down(&stage);
}
END_TEST

START_TEST(stations_are_recorded_in_order)
{
	struct stage stage;
	char *office_id, *queued;

	set_up(&stage);
	submit_letter(&stage, "carol@office.example");
	run(&stage, NS_PER_S);
	office_id = g_strdup(strrchr(g_ptr_array_index(stage.records, 0), ' ') + 1);
	queued = g_strdup_printf("2 %u %s", MAIL_SUBMITTED, office_id);
	ck_assert_str_eq(g_ptr_array_index(stage.records, 0), queued);
	g_free(queued);
	queued = g_strdup_printf("2 %u %s", MAIL_QUEUED, office_id);

	char *delivered = g_strdup_printf("2 %u carol@office.example", MAIL_DELIVERED);

	expect_records(
	    &stage,
	    (const char *const[]) { g_ptr_array_index(stage.records, 0), queued, delivered }, 3);
	g_free(delivered);
	g_free(queued);
	g_free(office_id);
	tear_down(&stage);
}
END_TEST

/* Limits. */

/* A client that listens: the first line it hears, and the time. */
struct caller {
	struct stream *stream;
	char line[128];
};

static void hear_line(void *owner)
{
	struct caller *caller = owner;
	struct bytes heard = stream_peek(caller->stream);

	if (caller->line[0] == '\0')
		g_snprintf(caller->line, sizeof caller->line, "%.*s", (int)heard.length,
			   (const char *)heard.data);
	stream_consume(caller->stream, heard.length);
}

static void hang_up(void *owner)
{
	struct caller *caller = owner;

	stream_release(g_steal_pointer(&caller->stream));
}

static void do_nothing(void *owner)
{
	(void)owner;
}

static void lose(void *owner, enum stream_failure why)
{
	(void)why;
	((struct caller *)owner)->stream = NULL;
}

static const struct stream_events caller_events = {
	.opened = do_nothing, .readable = hear_line, .ended = hang_up, .failed = lose
};

static void call(struct stage *stage, struct host *from, struct caller *caller)
{
	*caller = (struct caller) { .stream = NULL };
	caller->stream =
	    tcp_connect(from, (struct endpoint) { OFFICE_ADDRESS, 25 }, &caller_events, caller);
	run(stage, engine_now(stage->network.world->engine) + NS_PER_S);
}

START_TEST(clients_beyond_the_limits_are_sent_away)
{
	static const char per_address[] =
	    "421 4.7.0 mail.office.example Error: too many connections from 192.0.2.11\r\n";
	static const char in_all[] = "421 4.3.2 mail.office.example All server ports are busy\r\n";
	struct caller callers[6];
	struct stage stage;

	set_up_limited(&stage, 3, 2, 0);
	call(&stage, stage.alice, &callers[0]);
	call(&stage, stage.alice, &callers[1]);
	call(&stage, stage.alice, &callers[2]);
	call(&stage, stage.remote_host, &callers[3]);
	call(&stage, stage.backup_host, &callers[4]);
	ck_assert(g_str_has_prefix(callers[1].line, "220 "));
	ck_assert_str_eq(callers[2].line, per_address);
	ck_assert_ptr_null(callers[2].stream); /* the server hung up */
	ck_assert(g_str_has_prefix(callers[3].line, "220 "));
	ck_assert_str_eq(callers[4].line, in_all);
	hang_up(&callers[0]);
	run(&stage, engine_now(stage.network.world->engine) + NS_PER_S);
	call(&stage, stage.alice, &callers[5]);
	ck_assert(g_str_has_prefix(callers[5].line, "220 "));
	hang_up(&callers[1]);
	hang_up(&callers[3]);
	hang_up(&callers[5]);
	run(&stage, engine_now(stage.network.world->engine) + NS_PER_S);
	tear_down(&stage);
}
END_TEST

/* To bob; messages of one number are the same. */
static void submit_numbered(struct stage *stage, int number)
{
	char *text = g_strdup_printf("Message-Id: <%d@alice-pc>\r\n\r\nHello.\r\n", number);

	submit(stage, OFFICE_ADDRESS, 587, "alice@office.example", "alice@office.example",
	       "bob@remote.example", text);
	g_free(text);
}

START_TEST(a_full_queue_puts_the_next_message_off)
{
	struct stage stage;

	set_up_limited(&stage, 0, 0, 2);
	network_add_record(&stage.network, "remote.example", DNS_MX, "10 mail.remote.example");
	stage.remote_host->is_down = true;
	for (int i = 0; i < 3; i++) {
		submit_numbered(&stage, i);
		run(&stage, (i + 1) * NS_PER_S);
	}
	ck_assert_ptr_nonnull(strstr(stage.replies->str, "452 4.3.1 Insufficient system storage"));
	ck_assert_uint_eq(mail_queue_length(mail_server_queue(stage.office)), 2);
	stage.remote_host->is_down = false;
	run(&stage, 600 * NS_PER_S);
	submit_numbered(&stage, 3);
	run(&stage, 601 * NS_PER_S);
	ck_assert_uint_eq(inbox_count(stage.remote_store, "bob@remote.example"), 3);
	tear_down(&stage);
}
END_TEST

/* All arrive at the sender at once; the other server takes no more than 50 clients of one address. */
START_TEST(many_messages_for_a_domain_take_turns)
{
	struct stage stage;

	set_up_limited(&stage, 200, 200, 0);
	network_add_record(&stage.network, "remote.example", DNS_MX, "10 mail.remote.example");
	for (int i = 0; i < 120; i++)
		submit_numbered(&stage, i);
	run(&stage, 10 * NS_PER_S);
	ck_assert_uint_eq(count_records(&stage, MAIL_DEFERRED), 0);
	ck_assert_uint_eq(inbox_count(stage.remote_store, "bob@remote.example"), 120);
	tear_down(&stage);
}
END_TEST

/* Screening. */

#define GTUBE "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

START_TEST(quarantine_makes_junk_and_files_there)
{
	const struct screen_stage_config spam = { .kind = SCREEN_SPAM,
						  .action = SCREEN_QUARANTINE,
						  .subject_prefix = "[SPAM] " };
	struct stage stage;

	set_up_screened(&stage, &spam, 1);
	submit(&stage, OFFICE_ADDRESS, 25, NULL, "x@remote.example", "carol@office.example",
	       "Subject: one\r\n\r\n" GTUBE "\r\n");
	submit(&stage, OFFICE_ADDRESS, 25, NULL, "x@remote.example", "carol@office.example",
	       "Subject: two\r\n\r\n" GTUBE "\r\n");
	submit_letter(&stage, "carol@office.example");
	run(&stage, NS_PER_S);

	struct account *carol = mail_store_find(stage.office_store, "carol@office.example");
	const struct mailbox *junk = account_find_mailbox(carol, "Junk");

	ck_assert_ptr_nonnull(junk);
	ck_assert_uint_eq(junk->entries->len, 2);
	ck_assert(account_is_subscribed(carol, "Junk"));
	ck_assert_uint_eq(inbox_count(stage.office_store, "carol@office.example"), 1);
	const struct mailbox_entry *entry = junk->entries->pdata[0];
	char *text = g_strndup((const char *)message_bytes(entry->message).data,
			       message_bytes(entry->message).length);

	ck_assert_ptr_nonnull(strstr(text, "\r\nX-Spam-Flag: YES\r\n"));
	ck_assert_ptr_nonnull(strstr(text, "\r\nSubject: [SPAM] one\r\n"));
	ck_assert(strstr(text, "Received:") < strstr(text, "X-Spam-Flag:"));
	g_free(text);
	ck_assert_uint_eq(count_records(&stage, MAIL_CHECKED), 3);
	ck_assert_uint_eq(count_records(&stage, MAIL_DELIVERED), 3);
	tear_down(&stage);
}
END_TEST

static void let_pass(void *owner)
{
	(void)owner;
}

/* The clock stands still when all is quiet. */
static void wait_until(struct stage *stage, int64_t until_ns)
{
	struct timer timer;

	timer_init(&timer, host_node(stage->alice)->index, let_pass, NULL);
	timer_schedule(stage->network.world->engine, &timer, until_ns);
	run(stage, until_ns);
}

/* Each recipient is put off by itself. */
START_TEST(a_greylisted_message_passes_when_it_comes_again)
{
	const struct screen_stage_config greylist = { .kind = SCREEN_GREYLIST,
						      .action = SCREEN_DEFER,
						      .delay_ns = 100 * NS_PER_S };
	struct stage stage;

	set_up_screened(&stage, &greylist, 1);
	submit(&stage, OFFICE_ADDRESS, 25, NULL, "bob@remote.example",
	       "alice@office.example carol@office.example", letter);
	run(&stage, 2 * NS_PER_S);
	ck_assert_str_eq(stage.replies->str,
			 "450 4.7.1 <alice@office.example>: Recipient address rejected: "
			 "Greylisted for 100 seconds\n"
			 "450 4.7.1 <carol@office.example>: Recipient address rejected: "
			 "Greylisted for 100 seconds\n");
	ck_assert_uint_eq(count_records(&stage, MAIL_CHECKED), 2);
	wait_until(&stage, 110 * NS_PER_S);
	submit(&stage, OFFICE_ADDRESS, 25, NULL, "bob@remote.example",
	       "alice@office.example carol@office.example", letter);
	run(&stage, 120 * NS_PER_S);
	ck_assert_uint_eq(inbox_count(stage.office_store, "alice@office.example"), 1);
	ck_assert_uint_eq(inbox_count(stage.office_store, "carol@office.example"), 1);
	tear_down(&stage);
}
END_TEST

static void say(struct stage *stage, struct caller *caller, const char *text)
{
	caller->line[0] = '\0';
	stream_write(caller->stream, bytes_of(text), false);
	run(stage, engine_now(stage->network.world->engine) + NS_PER_S);
}

/* VRFY is no mail; RSET ends a transaction, and what was found out in it is forgotten. */
START_TEST(only_transactions_are_screened_each_for_itself)
{
	const struct screen_stage_config stages[] = {
		{.kind = SCREEN_GREYLIST, .action = SCREEN_DEFER },
		{ .kind = SCREEN_SENDER,  .action = SCREEN_REJECT},
	};
	struct caller caller;
	struct stage stage;

	set_up_screened(&stage, stages, 2);
	call(&stage, stage.alice, &caller);
	say(&stage, &caller, "EHLO x\r\n");
	say(&stage, &caller, "VRFY <alice@office.example>\r\n");
	ck_assert_str_eq(caller.line, "252 2.0.0 alice@office.example\r\n");
	say(&stage, &caller, "MAIL FROM:<x@remote.example>\r\n");
	say(&stage, &caller, "VRFY <alice@office.example>\r\n");
	ck_assert_str_eq(caller.line, "252 2.0.0 alice@office.example\r\n");
	say(&stage, &caller, "RCPT TO:<nobody@office.example>\r\n");
	ck_assert(g_str_has_prefix(caller.line, "550 5.1.1"));
	ck_assert_uint_eq(count_records(&stage, MAIL_CHECKED), 0);
	say(&stage, &caller, "RCPT TO:<alice@office.example>\r\n");
	ck_assert(g_str_has_prefix(caller.line, "450 4.7.1"));
	ck_assert_uint_eq(count_records(&stage, MAIL_CHECKED), 1);
	run(&stage, engine_now(stage.network.world->engine) + 200 * NS_PER_S);
	say(&stage, &caller, "RSET\r\n");
	run(&stage, engine_now(stage.network.world->engine) + 200 * NS_PER_S);
	say(&stage, &caller, "MAIL FROM:<x@remote.example>\r\n");
	say(&stage, &caller, "RCPT TO:<alice@office.example>\r\n");
	ck_assert_str_eq(caller.line, "250 2.1.5 Ok\r\n");
	ck_assert_uint_eq(count_records(&stage, MAIL_CHECKED), 3);
	say(&stage, &caller, "RSET\r\n");
	say(&stage, &caller, "MAIL FROM:<carol@office.example>\r\n");
	say(&stage, &caller, "RCPT TO:<alice@office.example>\r\n");
	ck_assert(g_str_has_prefix(caller.line, "450 4.7.1")); /* greylisting comes first */
	hang_up(&caller);
	run(&stage, engine_now(stage.network.world->engine) + NS_PER_S);
	tear_down(&stage);
}
END_TEST

START_TEST(an_alias_that_stands_for_one_is_its_users)
{
	struct aliases *aliases = aliases_new();
	const char *const one[] = { "alice@office.example" };
	const char *const two[] = { "alice@office.example", "carol@office.example" };

	aliases_add(aliases, "sales@office.example", one, 1, NULL);
	aliases_add(aliases, "all@office.example", two, 2, NULL);
	aliases_add(aliases, "list@office.example", one, 1, "alice@office.example");
	ck_assert_str_eq(aliases_target(aliases, "Sales@office.example"), one[0]);
	ck_assert_ptr_null(aliases_target(aliases, "all@office.example"));
	ck_assert_ptr_null(aliases_target(aliases, "list@office.example"));
	ck_assert_ptr_null(aliases_target(aliases, "alice@office.example"));
	aliases_free(aliases);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mail server");
	TCase *tcase = tcase_create("mail server");

	tcase_add_test(tcase, a_letter_reaches_the_other_site_with_its_way_in_the_header);
	tcase_add_test(tcase, a_letter_to_a_colleague_never_leaves);
	tcase_add_loop_test(tcase, a_postmaster_is_always_there, 0, (int)G_N_ELEMENTS(postmasters));
	tcase_add_test(tcase, recipients_of_a_domain_share_a_connection);
	tcase_add_test(tcase, an_unknown_remote_user_comes_back_as_a_notification);
	tcase_add_test(tcase, a_notification_is_never_returned);
	tcase_add_test(tcase, a_server_that_is_down_is_tried_again_and_again);
	tcase_add_test(tcase, after_five_days_the_letter_comes_back);
	tcase_add_test(tcase, the_next_exchanger_is_tried_when_one_is_dead);
	tcase_add_loop_test(tcase, the_domain_decides_where_mail_goes, 0, G_N_ELEMENTS(domains));
	tcase_add_test(tcase, a_literal_address_needs_no_dns);
	tcase_add_loop_test(tcase, who_may_send_to_whom, 0, G_N_ELEMENTS(refusals));
	tcase_add_test(tcase, a_second_delivery_is_recognised);
	tcase_add_test(tcase, missing_fields_are_added_at_submission);
	tcase_add_loop_test(tcase, a_message_with_too_many_hops_is_refused, 0, 2);
	tcase_add_loop_test(tcase, a_server_can_be_freed_at_any_moment, 0, 100);
	tcase_add_test(tcase, each_step_of_the_way_is_recorded_by_who_takes_it);
	tcase_add_test(tcase, local_mail_waits_while_the_delivery_agent_is_stopped);
	tcase_add_test(tcase, a_refused_recipient_is_a_check_that_failed);
	tcase_add_test(tcase, stations_are_recorded_in_order);
	tcase_add_test(tcase, clients_beyond_the_limits_are_sent_away);
	tcase_add_test(tcase, a_full_queue_puts_the_next_message_off);
	tcase_add_test(tcase, many_messages_for_a_domain_take_turns);
	tcase_add_test(tcase, quarantine_makes_junk_and_files_there);
	tcase_add_test(tcase, a_greylisted_message_passes_when_it_comes_again);
	tcase_add_test(tcase, only_transactions_are_screened_each_for_itself);
	tcase_add_test(tcase, an_alias_that_stands_for_one_is_its_users);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
