/*
 * The recursive resolver against servers that answer by script: what it asks whom, in which order,
 * what it believes, and what it does when nothing comes.
 */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "protocols/dns/recursion.h"
#include "protocols/dns/timing.h"

#define MS NS_PER_MS
#define S  NS_PER_S

/* Addresses in the stories. */
enum {
	ROOT = 0xc6290004, /* 198.41.0.4 */
	ROOT_TWO = 0xc6290005,
	TLD = 0xcb007101,    /* 203.0.113.1, of example */
	REMOTE = 0xcb007135, /* 203.0.113.53, of remote.example */
	REMOTE_TWO = 0xcb007136,
	EVIL = 0xc0000266,
};

struct sent {
	uint64_t exchange;
	struct endpoint server;
	bool over_tcp, is_closed;
	struct dns_message *query;
};

struct fixture {
	struct dns_cache *cache;
	struct dns_recursion *recursion;
	struct dns_authority *authority;
	int64_t now_ns;
	GArray *sent;   /* of struct sent */
	guint answered; /* sent queries that expect_query() has taken */
	unsigned drops;
	struct dns_message *result; /* a copy of the last one */
	unsigned results;
	GString *states;
	unsigned spent; /* lookups that failed because the client's queries were used up */
};

static void send_query(void *owner, uint64_t exchange, struct endpoint server, bool over_tcp,
		       struct bytes message)
{
	struct fixture *fixture = owner;
	struct sent sent = { .exchange = exchange, .server = server, .over_tcp = over_tcp };

	ck_assert_int_eq(dns_message_parse(message, &sent.query), PARSE_OK);
	g_array_append_val(fixture->sent, sent);
}

static void close_exchange(void *owner, uint64_t exchange)
{
	struct fixture *fixture = owner;

	for (guint i = 0; i < fixture->sent->len; i++) {
		struct sent *sent = &g_array_index(fixture->sent, struct sent, i);

		if (sent->exchange == exchange)
			sent->is_closed = true;
	}
}

static void note_state(void *owner, const struct dns_lookup_note *note)
{
	struct fixture *fixture = owner;
	char zone[DNS_NAME_TEXT_BYTES] = "";

	fixture->spent += note->detail == DNS_LOOKUP_SPENT;
	if (note->zone.length > 0)
		dns_name_print(note->zone, zone);
	g_string_append_printf(fixture->states, "%s %s, ", dns_lookup_state_names[note->after],
			       zone);
}

static void note_drop(void *owner, enum dns_detail why, struct bytes message)
{
	(void)why;
	(void)message;
	((struct fixture *)owner)->drops++;
}

static const struct dns_network network = {
	.send = send_query,
	.close = close_exchange,
	.entered = note_state,
	.dropped = note_drop,
};

static void take_result(void *owner, const struct dns_message *result)
{
	struct fixture *fixture = owner;
	uint8_t *bytes = g_malloc(DNS_TCP_BYTES);
	size_t length = dns_message_emit(result, DNS_TCP_BYTES, bytes);

	dns_message_free(fixture->result);
	ck_assert_int_eq(dns_message_parse((struct bytes) { bytes, length }, &fixture->result),
			 PARSE_OK);
	fixture->results++;
	g_free(bytes);
}

static void set_up_with(struct fixture *fixture, unsigned hints, struct dns_zone *zone)
{
	const struct dns_root_hint root_hints[] = {
		{"a.root-servers.example",  ROOT    },
		{ "b.root-servers.example", ROOT_TWO},
	};
	struct dns_recursion_config config = {
		.root_hints = root_hints,
		.root_hint_count = hints,
		.network = &network,
		.owner = fixture,
	};

	*fixture = (struct fixture) { .now_ns = 100 * S };
	if (zone != NULL) {
		fixture->authority = dns_authority_new();
		ck_assert(dns_authority_add(fixture->authority, zone));
	}
	fixture->cache = dns_cache_new(100, NULL, NULL);
	fixture->sent = g_array_new(FALSE, FALSE, sizeof(struct sent));
	fixture->states = g_string_new(NULL);
	config.cache = fixture->cache;
	config.authority = fixture->authority;
	random_init(&config.random, 1, "dns", "dns.recursion");
	fixture->recursion = dns_recursion_new(&config);
}

static void set_up(struct fixture *fixture)
{
	set_up_with(fixture, 1, NULL);
}

static void tear_down(struct fixture *fixture)
{
	dns_recursion_free(fixture->recursion);
	dns_cache_free(fixture->cache);
	dns_authority_free(fixture->authority);
	dns_message_free(fixture->result);
	for (guint i = 0; i < fixture->sent->len; i++)
		dns_message_free(g_array_index(fixture->sent, struct sent, i).query);
	g_array_free(fixture->sent, TRUE);
	g_string_free(fixture->states, TRUE);
}

static void ask(struct fixture *fixture, const char *name, uint16_t type)
{
	struct dns_name_buffer buffer;
	struct dns_question question = { .type = type, .class = DNS_IN };

	ck_assert(dns_name_from_text(name, &buffer, &question.name));
	dns_recursion_ask(fixture->recursion, fixture->now_ns, &question, take_result, fixture);
}

/* The next query that was sent, which must be this one. */
static struct sent expect_query(struct fixture *fixture, uint32_t server, const char *name,
				uint16_t type)
{
	char text[DNS_NAME_TEXT_BYTES], address[IPV4_TEXT_BYTES];

	ck_assert_msg(fixture->answered < fixture->sent->len, "no query for %s was sent", name);
	struct sent sent = g_array_index(fixture->sent, struct sent, fixture->answered++);
	ck_assert_msg(sent.server.address == server, "asked %s for %s",
		      ipv4_print(sent.server.address, address),
		      dns_name_print(sent.query->question.name, text));
	ck_assert_uint_eq(sent.server.port, 53);
	ck_assert_str_eq(dns_name_print(sent.query->question.name, text), name);
	ck_assert_uint_eq(sent.query->question.type, type);
	ck_assert(!sent.query->recursion_desired);
	return sent;
}

static void expect_silence(const struct fixture *fixture)
{
	ck_assert_uint_eq(fixture->answered, fixture->sent->len);
}

/* A response to `sent` that is built up by add(). */
static struct dns_message *respond(const struct sent *sent)
{
	struct dns_message *response = dns_message_new();

	response->id = sent->query->id;
	response->is_response = true;
	dns_message_ask(response, &sent->query->question);
	return response;
}

static void add(struct dns_message *response, enum dns_section_index section, const char *name,
		uint16_t type, uint32_t ttl_s, const char *data)
{
	struct dns_name_buffer buffer;
	struct dns_record record = { .type = type, .class = DNS_IN, .ttl_s = ttl_s };
	GByteArray *bytes = g_byte_array_new();

	ck_assert(dns_name_from_text(name, &buffer, &record.name));
	ck_assert(dns_data_from_text(type, data, bytes));
	record.data = (struct bytes) { bytes->data, bytes->len };
	dns_message_add(response, section, &record);
	g_byte_array_free(bytes, TRUE);
}

/* Lets `response` (taken) arrive from `from`, 20 ms later. */
static void deliver_from(struct fixture *fixture, const struct sent *sent, struct endpoint from,
			 struct dns_message *response)
{
	uint8_t *bytes = g_malloc(DNS_TCP_BYTES);
	size_t length = dns_message_emit(response, DNS_TCP_BYTES, bytes);

	fixture->now_ns += 20 * MS;
	dns_recursion_receive(fixture->recursion, fixture->now_ns, sent->exchange, from,
			      (struct bytes) { bytes, length });
	dns_message_free(response);
	g_free(bytes);
}

static void deliver(struct fixture *fixture, const struct sent *sent, struct dns_message *response)
{
	deliver_from(fixture, sent, sent->server, response);
}

/* Lets the clock run to the next deadline. */
static void wait_in_vain(struct fixture *fixture)
{
	fixture->now_ns = dns_recursion_deadline(fixture->recursion);
	ck_assert_int_ne(fixture->now_ns, TIME_NEVER);
	dns_recursion_expire(fixture->recursion, fixture->now_ns);
}

/* The root refers `sent` to the servers of example, with glue. */
static void refer_to_example(struct fixture *fixture, const struct sent *sent)
{
	struct dns_message *response = respond(sent);

	add(response, DNS_AUTHORITY, "example", DNS_NS, 3600, "ns.example");
	add(response, DNS_ADDITIONAL, "ns.example", DNS_A, 3600, "203.0.113.1");
	deliver(fixture, sent, response);
}

static void refer_to_remote(struct fixture *fixture, const struct sent *sent)
{
	struct dns_message *response = respond(sent);

	add(response, DNS_AUTHORITY, "remote.example", DNS_NS, 600, "dns.remote.example");
	add(response, DNS_ADDITIONAL, "dns.remote.example", DNS_A, 600, "203.0.113.53");
	deliver(fixture, sent, response);
}

/* Leads a lookup of `name` to the server of remote.example, whose query is returned. */
static struct sent walk_to_remote(struct fixture *fixture, const char *name, uint16_t type)
{
	struct sent sent = expect_query(fixture, ROOT, name, type);

	refer_to_example(fixture, &sent);
	sent = expect_query(fixture, TLD, name, type);
	refer_to_remote(fixture, &sent);
	return expect_query(fixture, REMOTE, name, type);
}

static void answer_address(struct fixture *fixture, const struct sent *sent, const char *name,
			   uint32_t ttl_s, const char *address)
{
	struct dns_message *response = respond(sent);

	response->is_authoritative = true;
	add(response, DNS_ANSWER, name, DNS_A, ttl_s, address);
	deliver(fixture, sent, response);
}

/* The records of a section of the result as text: "name type data". */
static void expect_records(struct fixture *fixture, enum dns_section_index section,
			   const char *expected)
{
	GString *text = g_string_new(NULL);

	ck_assert_ptr_nonnull(fixture->result);
	for (unsigned i = 0; i < fixture->result->sections[section].count; i++) {
		const struct dns_record *record = &fixture->result->sections[section].records[i];
		char name[DNS_NAME_TEXT_BYTES], type[DNS_TYPE_TEXT_BYTES];

		g_string_append_printf(text, "%s%s %s ", i > 0 ? "; " : "",
				       dns_name_print(record->name, name),
				       dns_type_print(record->type, type));
		dns_data_print(record, text);
	}
	ck_assert_str_eq(text->str, expected);
	g_string_free(text, TRUE);
}

START_TEST(it_asks_its_way_down_from_the_root)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "remote.example", DNS_MX);
	struct sent sent = walk_to_remote(&fixture, "remote.example", DNS_MX);
	struct dns_message *response = respond(&sent);
	response->is_authoritative = true;
	add(response, DNS_ANSWER, "remote.example", DNS_MX, 600, "10 mail.remote.example");
	add(response, DNS_ADDITIONAL, "mail.remote.example", DNS_A, 600, "203.0.113.10");
	ck_assert_uint_eq(fixture.results, 0);
	deliver(&fixture, &sent, response);

	expect_silence(&fixture);
	ck_assert_uint_eq(fixture.results, 1);
	ck_assert_uint_eq(fixture.result->rcode, DNS_NOERROR);
	expect_records(&fixture, DNS_ANSWER, "remote.example MX 10 mail.remote.example");
	expect_records(&fixture, DNS_ADDITIONAL, "mail.remote.example A 203.0.113.10");
	ck_assert_uint_eq(dns_recursion_lookups(fixture.recursion), 0);
	ck_assert_int_eq(dns_recursion_deadline(fixture.recursion), TIME_NEVER);
	ck_assert_str_eq(fixture.states->str,
			 "asking ., asking example, asking remote.example, answered , ");
	for (guint i = 0; i < fixture.sent->len; i++)
		ck_assert(g_array_index(fixture.sent, struct sent, i).is_closed);
	tear_down(&fixture);
}
END_TEST

START_TEST(an_answer_is_given_from_the_cache_until_it_expires)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "www.remote.example", DNS_A);
	struct sent sent = walk_to_remote(&fixture, "www.remote.example", DNS_A);
	answer_address(&fixture, &sent, "www.remote.example", 60, "203.0.113.80");
	int64_t learned_ns = fixture.now_ns;

	fixture.now_ns = learned_ns + 59 * S;
	ask(&fixture, "WWW.remote.example", DNS_A);
	expect_silence(&fixture);
	ck_assert_uint_eq(fixture.results, 2);
	ck_assert_uint_eq(fixture.result->sections[DNS_ANSWER].records[0].ttl_s, 1);

	fixture.now_ns = learned_ns + 60 * S;
	ask(&fixture, "www.remote.example", DNS_A);
	/* The delegation lives longer: straight to the server of the zone. */
	expect_query(&fixture, REMOTE, "www.remote.example", DNS_A);
	tear_down(&fixture);
}
END_TEST

START_TEST(an_address_that_came_along_is_asked_for_again)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "dns.remote.example", DNS_A);
	struct sent sent = walk_to_remote(&fixture, "dns.remote.example", DNS_A);
	answer_address(&fixture, &sent, "dns.remote.example", 60, "203.0.113.53");
	ck_assert_uint_eq(fixture.results, 1);
	tear_down(&fixture);
}
END_TEST

/* Answers "there is none" with the zone's SOA, whose minimum is 30 s. */
static void deny(struct fixture *fixture, const struct sent *sent, enum dns_rcode rcode)
{
	struct dns_message *response = respond(sent);

	response->is_authoritative = true;
	response->rcode = (uint16_t)rcode;
	add(response, DNS_AUTHORITY, "remote.example", DNS_SOA, 600,
	    "dns.remote.example hostmaster.remote.example 1 2 3 4 30");
	deliver(fixture, sent, response);
}

START_TEST(absence_is_cached_as_long_as_the_soa_says)
{
	struct fixture fixture;
	const enum dns_rcode rcode = _i == 0 ? DNS_NOERROR : DNS_NXDOMAIN;

	set_up(&fixture);
	ask(&fixture, "nosuch.remote.example", DNS_A);
	struct sent sent = walk_to_remote(&fixture, "nosuch.remote.example", DNS_A);
	deny(&fixture, &sent, rcode);
	ck_assert_uint_eq(fixture.results, 1);
	ck_assert_uint_eq(fixture.result->rcode, rcode);
	ck_assert_uint_eq(fixture.result->sections[DNS_AUTHORITY].count, 1);
	ck_assert_uint_eq(fixture.result->sections[DNS_AUTHORITY].records[0].ttl_s, 30);

	fixture.now_ns += 29 * S;
	ask(&fixture, "nosuch.remote.example", DNS_A);
	expect_silence(&fixture);
	ck_assert_uint_eq(fixture.result->rcode, rcode);
	ck_assert_uint_eq(fixture.result->sections[DNS_AUTHORITY].records[0].ttl_s, 1);
	/* That there is no name holds for every type; that there is no A only for A. */
	ask(&fixture, "nosuch.remote.example", DNS_MX);
	ck_assert_uint_eq(fixture.results, rcode == DNS_NXDOMAIN ? 3 : 2);
	/* Nor is there a name below it (RFC 8020). */
	if (rcode == DNS_NXDOMAIN) {
		ask(&fixture, "sub.nosuch.remote.example", DNS_A);
		expect_silence(&fixture);
		ck_assert_uint_eq(fixture.result->rcode, DNS_NXDOMAIN);
	}
	fixture.now_ns += 1 * S;
	ask(&fixture, "nosuch.remote.example", DNS_A);
	ck_assert_uint_gt(fixture.sent->len, fixture.answered);
	tear_down(&fixture);
}
END_TEST

START_TEST(aliases_are_followed_into_other_zones)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "www.remote.example", DNS_A);
	struct sent sent = walk_to_remote(&fixture, "www.remote.example", DNS_A);
	struct dns_message *response = respond(&sent);
	response->is_authoritative = true;
	add(response, DNS_ANSWER, "www.remote.example", DNS_CNAME, 600, "web.remote.example");
	add(response, DNS_ANSWER, "web.remote.example", DNS_CNAME, 600, "host.other.example");
	/* Not for this server to say. */
	add(response, DNS_ANSWER, "host.other.example", DNS_A, 600, "192.0.2.102");
	deliver(&fixture, &sent, response);

	sent = expect_query(&fixture, TLD, "host.other.example", DNS_A);
	answer_address(&fixture, &sent, "host.other.example", 600, "203.0.113.99");
	expect_records(&fixture, DNS_ANSWER,
		       "www.remote.example CNAME web.remote.example; "
		       "web.remote.example CNAME host.other.example; "
		       "host.other.example A 203.0.113.99");
	ask(&fixture, "www.remote.example", DNS_A);
	expect_silence(&fixture);
	expect_records(&fixture, DNS_ANSWER,
		       "www.remote.example CNAME web.remote.example; "
		       "web.remote.example CNAME host.other.example; "
		       "host.other.example A 203.0.113.99");
	tear_down(&fixture);
}
END_TEST

START_TEST(aliases_in_a_ring_end_in_failure)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "a.remote.example", DNS_A);
	struct sent sent = walk_to_remote(&fixture, "a.remote.example", DNS_A);
	struct dns_message *response = respond(&sent);
	response->is_authoritative = true;
	add(response, DNS_ANSWER, "a.remote.example", DNS_CNAME, 600, "b.remote.example");
	add(response, DNS_ANSWER, "b.remote.example", DNS_CNAME, 600, "a.remote.example");
	deliver(&fixture, &sent, response);
	ck_assert_uint_eq(fixture.results, 1);
	ck_assert_uint_eq(fixture.result->rcode, DNS_SERVFAIL);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_lost_query_is_repeated_with_a_new_id_and_more_patience)
{
	struct fixture fixture;
	static const int64_t waits_ms[] = { 376, 752, 1504, 3008, 6000 };
	uint16_t last_id = 0;

	set_up(&fixture);
	ask(&fixture, "remote.example", DNS_A);
	for (size_t i = 0; i < G_N_ELEMENTS(waits_ms); i++) {
		struct sent sent = expect_query(&fixture, ROOT, "remote.example", DNS_A);

		ck_assert(i == 0 || sent.query->id != last_id);
		last_id = sent.query->id;
		ck_assert_int_eq(dns_recursion_deadline(fixture.recursion) - fixture.now_ns,
				 waits_ms[i] * MS);
		wait_in_vain(&fixture);
	}
	expect_silence(&fixture);
	ck_assert_uint_eq(fixture.results, 1);
	ck_assert_uint_eq(fixture.result->rcode, DNS_SERVFAIL);

	/* Asked again at once, the failure is remembered; after 5 s it is tried again. */
	ask(&fixture, "remote.example", DNS_A);
	expect_silence(&fixture);
	ck_assert_uint_eq(fixture.results, 2);
	fixture.now_ns += 5 * S;
	ask(&fixture, "remote.example", DNS_A);
	expect_query(&fixture, ROOT, "remote.example", DNS_A);
	tear_down(&fixture);
}
END_TEST

START_TEST(one_lost_answer_does_not_matter)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "www.remote.example", DNS_A);
	struct sent late = walk_to_remote(&fixture, "www.remote.example", DNS_A);
	wait_in_vain(&fixture);
	struct sent sent = expect_query(&fixture, REMOTE, "www.remote.example", DNS_A);
	/* The late answer is for a socket that is closed. */
	answer_address(&fixture, &late, "www.remote.example", 60, "203.0.113.80");
	ck_assert_uint_eq(fixture.drops, 1);
	ck_assert_uint_eq(fixture.results, 0);
	answer_address(&fixture, &sent, "www.remote.example", 60, "203.0.113.80");
	ck_assert_uint_eq(fixture.results, 1);
	tear_down(&fixture);
}
END_TEST

START_TEST(the_other_server_is_asked_when_one_is_dead)
{
	struct fixture fixture;
	unsigned asked[2] = { 0, 0 };

	set_up_with(&fixture, 2, NULL);
	ask(&fixture, "remote.example", DNS_A);
	for (int i = 0; i < 10; i++) {
		struct sent sent = g_array_index(fixture.sent, struct sent, fixture.answered++);

		asked[sent.server.address == ROOT]++;
		wait_in_vain(&fixture);
	}
	ck_assert_uint_eq(asked[0], 5);
	ck_assert_uint_eq(asked[1], 5);
	ck_assert_uint_eq(fixture.result->rcode, DNS_SERVFAIL);
	tear_down(&fixture);
}
END_TEST

/* What is wrong with a response that must not be believed. */
enum forgery {
	WRONG_ID,
	WRONG_NAME,
	WRONG_TYPE,
	WRONG_SENDER,
	WRONG_PORT,
	NOT_A_RESPONSE,
	NO_QUESTION,
	FORGERIES,
};

START_TEST(a_forged_response_is_dropped_and_the_true_one_awaited)
{
	struct fixture fixture;
	struct dns_name_buffer buffer;

	set_up(&fixture);
	ask(&fixture, "www.remote.example", DNS_A);
	struct sent sent = walk_to_remote(&fixture, "www.remote.example", DNS_A);
	struct endpoint from = sent.server;
	struct dns_message *forged = respond(&sent);

	add(forged, DNS_ANSWER, "www.remote.example", DNS_A, 60, "192.0.2.102");
	switch ((enum forgery)_i) {
	case WRONG_ID:
		forged->id ^= 1;
		break;
	case WRONG_NAME:
		dns_name_from_text("xxx.remote.example", &buffer, &forged->question.name);
		break;
	case WRONG_TYPE:
		forged->question.type = DNS_MX;
		break;
	case WRONG_SENDER:
		from.address = EVIL;
		break;
	case WRONG_PORT:
		from.port = 5353;
		break;
	case NOT_A_RESPONSE:
		forged->is_response = false;
		break;
	case NO_QUESTION:
		forged->question.name.length = 0;
		break;
	case FORGERIES:
		break;
	}
	deliver_from(&fixture, &sent, from, forged);
	ck_assert_uint_eq(fixture.drops, 1);
	ck_assert_uint_eq(fixture.results, 0);
	answer_address(&fixture, &sent, "www.remote.example", 60, "203.0.113.80");
	expect_records(&fixture, DNS_ANSWER, "www.remote.example A 203.0.113.80");
	tear_down(&fixture);
}
END_TEST

START_TEST(nothing_out_of_bailiwick_is_believed)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "remote.example", DNS_MX);
	struct sent sent = walk_to_remote(&fixture, "remote.example", DNS_MX);
	struct dns_message *response = respond(&sent);
	response->is_authoritative = true;
	add(response, DNS_ANSWER, "remote.example", DNS_MX, 600, "10 mail.bank.example");
	/* The server of remote.example has no say about bank.example. */
	add(response, DNS_ADDITIONAL, "mail.bank.example", DNS_A, 600, "192.0.2.102");
	add(response, DNS_AUTHORITY, "bank.example", DNS_NS, 600, "ns.remote.example");
	add(response, DNS_ANSWER, "bank.example", DNS_A, 600, "192.0.2.102");
	deliver(&fixture, &sent, response);
	expect_records(&fixture, DNS_ANSWER, "remote.example MX 10 mail.bank.example");
	expect_records(&fixture, DNS_ADDITIONAL, "");
	ask(&fixture, "mail.bank.example", DNS_A);
	expect_query(&fixture, TLD, "mail.bank.example", DNS_A);
	ask(&fixture, "bank.example", DNS_A);
	expect_query(&fixture, TLD, "bank.example", DNS_A);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_referral_upwards_is_lame)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "www.remote.example", DNS_A);
	struct sent sent = walk_to_remote(&fixture, "www.remote.example", DNS_A);
	struct dns_message *response = respond(&sent);
	add(response, DNS_AUTHORITY, "example", DNS_NS, 600, "ns.evil.example");
	add(response, DNS_ADDITIONAL, "ns.evil.example", DNS_A, 600, "192.0.2.102");
	deliver(&fixture, &sent, response);
	expect_silence(&fixture);
	ck_assert_uint_eq(fixture.result->rcode, DNS_SERVFAIL);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_server_that_fails_is_left_for_another)
{
	static const enum dns_rcode rcodes[] = { DNS_SERVFAIL, DNS_REFUSED, DNS_NOTIMP };
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "www.remote.example", DNS_A);
	struct sent sent = expect_query(&fixture, ROOT, "www.remote.example", DNS_A);
	struct dns_message *response = respond(&sent);
	add(response, DNS_AUTHORITY, "remote.example", DNS_NS, 600, "one.remote.example");
	add(response, DNS_AUTHORITY, "remote.example", DNS_NS, 600, "two.remote.example");
	add(response, DNS_ADDITIONAL, "one.remote.example", DNS_A, 600, "203.0.113.53");
	add(response, DNS_ADDITIONAL, "two.remote.example", DNS_A, 600, "203.0.113.54");
	deliver(&fixture, &sent, response);

	sent = g_array_index(fixture.sent, struct sent, fixture.answered++);
	response = respond(&sent);
	response->rcode = (uint16_t)rcodes[_i];
	response->edns.is_present = true;
	deliver(&fixture, &sent, response);
	sent = expect_query(&fixture,
			    sent.server.address == REMOTE ? (uint32_t)REMOTE_TWO : (uint32_t)REMOTE,
			    "www.remote.example", DNS_A);
	answer_address(&fixture, &sent, "www.remote.example", 60, "203.0.113.80");
	ck_assert_uint_eq(fixture.result->rcode, DNS_NOERROR);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_server_without_edns_is_asked_again_without)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "www.remote.example", DNS_A);
	struct sent sent = walk_to_remote(&fixture, "www.remote.example", DNS_A);
	ck_assert(sent.query->edns.is_present);
	ck_assert_uint_eq(sent.query->edns.udp_bytes, 1232);
	struct dns_message *response = respond(&sent);
	response->rcode = DNS_FORMERR;
	response->question.name.length = 0; /* as old servers do */
	deliver(&fixture, &sent, response);
	sent = expect_query(&fixture, REMOTE, "www.remote.example", DNS_A);
	ck_assert(!sent.query->edns.is_present);
	answer_address(&fixture, &sent, "www.remote.example", 60, "203.0.113.80");
	ck_assert_uint_eq(fixture.results, 1);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_truncated_answer_is_fetched_over_tcp)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "www.remote.example", DNS_A);
	struct sent sent = walk_to_remote(&fixture, "www.remote.example", DNS_A);
	ck_assert(!sent.over_tcp);
	struct dns_message *response = respond(&sent);
	response->is_truncated = true;
	add(response, DNS_ANSWER, "www.remote.example", DNS_A, 60, "203.0.113.79");
	deliver(&fixture, &sent, response);
	ck_assert_uint_eq(fixture.results, 0);
	sent = expect_query(&fixture, REMOTE, "www.remote.example", DNS_A);
	ck_assert(sent.over_tcp);
	answer_address(&fixture, &sent, "www.remote.example", 60, "203.0.113.80");
	expect_records(&fixture, DNS_ANSWER, "www.remote.example A 203.0.113.80");
	tear_down(&fixture);
}
END_TEST

START_TEST(a_refused_connection_gives_the_server_up)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "www.remote.example", DNS_A);
	struct sent sent = walk_to_remote(&fixture, "www.remote.example", DNS_A);
	dns_recursion_failed(fixture.recursion, fixture.now_ns, sent.exchange);
	expect_silence(&fixture);
	ck_assert_uint_eq(fixture.result->rcode, DNS_SERVFAIL);
	tear_down(&fixture);
}
END_TEST

/* The root refers to servers of remote.example whose names are elsewhere: no glue. */
static void refer_without_glue(struct fixture *fixture, const struct sent *sent, const char *zone,
			       const char *server)
{
	struct dns_message *response = respond(sent);

	add(response, DNS_AUTHORITY, zone, DNS_NS, 600, server);
	deliver(fixture, sent, response);
}

START_TEST(the_address_of_a_server_without_glue_is_looked_up)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "www.remote.example", DNS_A);
	struct sent sent = expect_query(&fixture, ROOT, "www.remote.example", DNS_A);
	refer_without_glue(&fixture, &sent, "remote.example", "ns.host.test");
	sent = expect_query(&fixture, ROOT, "ns.host.test", DNS_A);
	answer_address(&fixture, &sent, "ns.host.test", 600, "203.0.113.53");
	sent = expect_query(&fixture, REMOTE, "www.remote.example", DNS_A);
	answer_address(&fixture, &sent, "www.remote.example", 60, "203.0.113.80");
	ck_assert_uint_eq(fixture.results, 1);
	ck_assert_str_eq(fixture.states->str,
			 "asking ., waiting for a server's address , asking ., answered , "
			 "asking remote.example, answered , ");
	tear_down(&fixture);
}
END_TEST

START_TEST(zones_that_wait_for_each_other_fail)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "www.one.test", DNS_A);
	while (fixture.results == 0) {
		ck_assert_uint_lt(fixture.answered, fixture.sent->len);
		ck_assert_uint_lt(fixture.sent->len, 64);
		struct sent sent = g_array_index(fixture.sent, struct sent, fixture.answered++);
		struct dns_name_buffer buffer;
		struct dns_name one;

		dns_name_from_text("one.test", &buffer, &one);
		if (dns_name_is_within(sent.query->question.name, one))
			refer_without_glue(&fixture, &sent, "one.test", "ns.two.test");
		else
			refer_without_glue(&fixture, &sent, "two.test", "ns.one.test");
	}
	ck_assert_uint_eq(fixture.result->rcode, DNS_SERVFAIL);
	ck_assert_uint_eq(dns_recursion_lookups(fixture.recursion), 0);
	tear_down(&fixture);
}
END_TEST

START_TEST(referrals_without_end_fail)
{
	struct fixture fixture;

	set_up(&fixture);
	/* 40 labels: enough for a referral at each. */
	ask(&fixture,
	    "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a",
	    DNS_A);
	for (unsigned depth = 1; fixture.results == 0; depth++) {
		struct sent sent = g_array_index(fixture.sent, struct sent, fixture.answered++);
		struct dns_message *response = respond(&sent);
		struct dns_name zone = sent.query->question.name;
		char text[DNS_NAME_TEXT_BYTES];

		while (dns_name_labels(zone) > depth)
			zone = dns_name_parent(zone);
		add(response, DNS_AUTHORITY, dns_name_print(zone, text), DNS_NS, 600, text);
		add(response, DNS_ADDITIONAL, text, DNS_A, 600, "203.0.113.53");
		deliver(&fixture, &sent, response);
	}
	ck_assert_uint_le(fixture.sent->len, DNS_QUERIES_MAX);
	ck_assert_uint_eq(fixture.result->rcode, DNS_SERVFAIL);
	tear_down(&fixture);
}
END_TEST

/*
 * A hostile zone: every name is delegated to ten servers without glue, each in a zone of its own that
 * does the same. One question would ask the root for 10,000 of them.
 */
static void answer_with_ten_servers(struct fixture *fixture)
{
	struct sent sent = g_array_index(fixture->sent, struct sent, fixture->answered++);
	struct dns_message *response = respond(&sent);
	char zone[DNS_NAME_TEXT_BYTES];

	dns_name_print(sent.query->question.name, zone);
	for (unsigned i = 0; i < 10; i++) {
		char server[64];

		g_snprintf(server, sizeof server, "ns.zone-%u-%u.test", fixture->answered, i);
		add(response, DNS_AUTHORITY, zone, DNS_NS, 600, server);
	}
	deliver(fixture, &sent, response);
}

START_TEST(a_question_has_one_budget_with_all_it_leads_to)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "www.hostile.test", DNS_A);
	while (fixture.results == 0 && fixture.sent->len <= 1000)
		answer_with_ten_servers(&fixture);
	ck_assert_uint_eq(fixture.sent->len, DNS_CLIENT_QUERIES_MAX);
	ck_assert_uint_eq(fixture.result->rcode, DNS_SERVFAIL);
	ck_assert_uint_ge(fixture.spent, 1);
	ck_assert_uint_eq(dns_recursion_lookups(fixture.recursion), 0);

	/* Asked again, it fails at once; the names it dragged in are not to blame. */
	ask(&fixture, "www.hostile.test", DNS_A);
	ck_assert_uint_eq(fixture.results, 2);
	expect_silence(&fixture);
	ask(&fixture, "www.remote.example", DNS_A);
	struct sent sent = walk_to_remote(&fixture, "www.remote.example", DNS_A);
	answer_address(&fixture, &sent, "www.remote.example", 60, "203.0.113.80");
	ck_assert_uint_eq(fixture.result->rcode, DNS_NOERROR);
	tear_down(&fixture);
}
END_TEST

/* The last lookup under way when the budget is used up is for a name that others may want. */
START_TEST(a_name_that_a_spent_question_dragged_in_is_not_held_to_fail)
{
	char last[DNS_NAME_TEXT_BYTES];
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "www.hostile.test", DNS_A);
	while (fixture.results == 0 && fixture.sent->len <= 1000)
		answer_with_ten_servers(&fixture);
	struct sent sent = g_array_index(fixture.sent, struct sent, fixture.sent->len - 1);
	dns_name_print(sent.query->question.name, last);
	ask(&fixture, last, DNS_A);
	ck_assert_uint_eq(fixture.results, 1);
	tear_down(&fixture);
}
END_TEST

/* Servers without addresses up to `most` queries; the last query answers with an alias to a stranger. */
static void answer_with_alias_at_last(struct fixture *fixture, unsigned most)
{
	struct sent sent = g_array_index(fixture->sent, struct sent, fixture->answered++);
	struct dns_message *response = respond(&sent);
	char name[DNS_NAME_TEXT_BYTES];

	dns_name_print(sent.query->question.name, name);
	if (sent.server.address == EVIL) {
		add(response, DNS_ANSWER, name, DNS_CNAME, 600, "www.remote.example");
	} else if (fixture->sent->len == DNS_CLIENT_QUERIES_MAX - 1 &&
		   g_str_has_prefix(name, "ns.zone-1-")) {
		add(response, DNS_ANSWER, name, DNS_A, 600, "192.0.2.102");
	} else if (fixture->sent->len < most) {
		for (unsigned i = 0; i < 10; i++) {
			char server[64];

			g_snprintf(server, sizeof server, "ns.zone-%u-%u.test", fixture->answered,
				   i);
			add(response, DNS_AUTHORITY, name, DNS_NS, 600, server);
		}
	} else {
		response->rcode = DNS_NXDOMAIN;
	}
	deliver(fixture, &sent, response);
}

/* How far the servers without addresses go decides which query is the last: that of the alias once. */
START_TEST(the_target_of_a_spent_questions_alias_is_not_held_to_fail)
{
	unsigned tried = 0;

	for (unsigned most = 20; most < DNS_CLIENT_QUERIES_MAX - 1 && tried == 0; most++) {
		struct fixture fixture;

		set_up(&fixture);
		ask(&fixture, "www.hostile.test", DNS_A);
		while (fixture.results == 0 && fixture.sent->len <= 1000)
			answer_with_alias_at_last(&fixture, most);
		struct sent last = g_array_index(fixture.sent, struct sent, fixture.sent->len - 1);

		if (last.server.address == EVIL) {
			tried++;
			ask(&fixture, "www.remote.example", DNS_A);
			ck_assert_uint_eq(fixture.results, 1); /* it is being asked for */
		}
		tear_down(&fixture);
	}
	ck_assert_uint_ge(tried, 1);
}
END_TEST

START_TEST(the_same_question_is_asked_once_for_all)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "www.remote.example", DNS_A);
	ask(&fixture, "WWW.Remote.Example", DNS_A);
	ask(&fixture, "www.remote.example", DNS_A);
	struct sent sent = walk_to_remote(&fixture, "www.remote.example", DNS_A);
	answer_address(&fixture, &sent, "www.remote.example", 60, "203.0.113.80");
	expect_silence(&fixture);
	ck_assert_uint_eq(fixture.results, 3);
	tear_down(&fixture);
}
END_TEST

START_TEST(who_is_forgotten_is_not_told)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "www.remote.example", DNS_A);
	dns_recursion_forget(fixture.recursion, &fixture);
	struct sent sent = walk_to_remote(&fixture, "www.remote.example", DNS_A);
	answer_address(&fixture, &sent, "www.remote.example", 60, "203.0.113.80");
	ck_assert_uint_eq(fixture.results, 0);
	ck_assert_uint_eq(dns_recursion_lookups(fixture.recursion), 0);
	tear_down(&fixture);
}
END_TEST

START_TEST(own_zones_come_first_and_lead_to_delegations)
{
	struct fixture fixture;
	struct dns_zone *zone = dns_zone_new("example");

	ck_assert(dns_zone_add(zone, "example", DNS_SOA, 60, "ns.example h.example 1 2 3 4 5"));
	ck_assert(dns_zone_add(zone, "www.example", DNS_CNAME, 60, "web.remote.example"));
	ck_assert(dns_zone_add(zone, "remote.example", DNS_NS, 60, "dns.remote.example"));
	ck_assert(dns_zone_add(zone, "dns.remote.example", DNS_A, 60, "203.0.113.53"));
	set_up_with(&fixture, 1, zone);
	ask(&fixture, "www.example", DNS_A);
	struct sent sent = expect_query(&fixture, REMOTE, "web.remote.example", DNS_A);
	answer_address(&fixture, &sent, "web.remote.example", 60, "203.0.113.80");
	expect_records(&fixture, DNS_ANSWER,
		       "www.example CNAME web.remote.example; web.remote.example A 203.0.113.80");
	ck_assert(fixture.result->is_authoritative); /* for the first owner name */
	ask(&fixture, "web.remote.example", DNS_A);
	ck_assert(!fixture.result->is_authoritative);
	ask(&fixture, "nosuch.example", DNS_A);
	ck_assert_uint_eq(fixture.result->rcode, DNS_NXDOMAIN);
	expect_silence(&fixture);
	tear_down(&fixture);
}
END_TEST

START_TEST(glue_that_expired_is_fetched_from_the_parent)
{
	struct fixture fixture;

	set_up(&fixture);
	ask(&fixture, "www.remote.example", DNS_A);
	struct sent sent = expect_query(&fixture, ROOT, "www.remote.example", DNS_A);
	struct dns_message *response = respond(&sent);
	add(response, DNS_AUTHORITY, "remote.example", DNS_NS, 600, "dns.remote.example");
	add(response, DNS_ADDITIONAL, "dns.remote.example", DNS_A, 10, "203.0.113.53");
	deliver(&fixture, &sent, response);
	sent = expect_query(&fixture, REMOTE, "www.remote.example", DNS_A);
	answer_address(&fixture, &sent, "www.remote.example", 5, "203.0.113.80");
	fixture.now_ns += 20 * S;
	ask(&fixture, "www.remote.example", DNS_A);
	expect_query(&fixture, ROOT, "www.remote.example", DNS_A);
	tear_down(&fixture);
}
END_TEST

START_TEST(patience_follows_the_servers_speed)
{
	struct dns_timing timing = { 0 };

	ck_assert_int_eq(dns_timing_timeout(&timing, ROOT), 376 * MS);
	/* 100 ms: smoothed 100, variation 50, so 300 (RFC 6298 section 2.2). */
	dns_timing_answered(&timing, ROOT, 100 * MS);
	ck_assert_int_eq(dns_timing_timeout(&timing, ROOT), 300 * MS);
	/* Again 100 ms: variation 37.5, so 250. */
	dns_timing_answered(&timing, ROOT, 100 * MS);
	ck_assert_int_eq(dns_timing_timeout(&timing, ROOT), 250 * MS);
	dns_timing_lost(&timing, ROOT);
	ck_assert_int_eq(dns_timing_timeout(&timing, ROOT), 500 * MS);
	ck_assert_int_eq(dns_timing_timeout(&timing, TLD), 376 * MS);
	dns_timing_answered(&timing, TLD, 1 * MS);
	ck_assert_int_eq(dns_timing_timeout(&timing, TLD), 50 * MS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dns recursion");
	TCase *tcase = tcase_create("recursion");

	tcase_add_test(tcase, it_asks_its_way_down_from_the_root);
	tcase_add_test(tcase, an_answer_is_given_from_the_cache_until_it_expires);
	tcase_add_test(tcase, an_address_that_came_along_is_asked_for_again);
	tcase_add_loop_test(tcase, absence_is_cached_as_long_as_the_soa_says, 0, 2);
	tcase_add_test(tcase, aliases_are_followed_into_other_zones);
	tcase_add_test(tcase, aliases_in_a_ring_end_in_failure);
	tcase_add_test(tcase, a_lost_query_is_repeated_with_a_new_id_and_more_patience);
	tcase_add_test(tcase, one_lost_answer_does_not_matter);
	tcase_add_test(tcase, the_other_server_is_asked_when_one_is_dead);
	tcase_add_loop_test(tcase, a_forged_response_is_dropped_and_the_true_one_awaited, 0,
			    FORGERIES);
	tcase_add_test(tcase, nothing_out_of_bailiwick_is_believed);
	tcase_add_test(tcase, a_referral_upwards_is_lame);
	tcase_add_loop_test(tcase, a_server_that_fails_is_left_for_another, 0, 3);
	tcase_add_test(tcase, a_server_without_edns_is_asked_again_without);
	tcase_add_test(tcase, a_truncated_answer_is_fetched_over_tcp);
	tcase_add_test(tcase, a_refused_connection_gives_the_server_up);
	tcase_add_test(tcase, the_address_of_a_server_without_glue_is_looked_up);
	tcase_add_test(tcase, zones_that_wait_for_each_other_fail);
	tcase_add_test(tcase, referrals_without_end_fail);
	tcase_add_test(tcase, a_question_has_one_budget_with_all_it_leads_to);
	tcase_add_test(tcase, a_name_that_a_spent_question_dragged_in_is_not_held_to_fail);
	tcase_add_test(tcase, the_target_of_a_spent_questions_alias_is_not_held_to_fail);
	tcase_add_test(tcase, the_same_question_is_asked_once_for_all);
	tcase_add_test(tcase, who_is_forgotten_is_not_told);
	tcase_add_test(tcase, own_zones_come_first_and_lead_to_delegations);
	tcase_add_test(tcase, glue_that_expired_is_fetched_from_the_parent);
	tcase_add_test(tcase, patience_follows_the_servers_speed);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
