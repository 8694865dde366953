/* Zones, and the server's answers out of them. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "protocols/dns/server.h"

/* What the zones are; each row is one dns_zone_add(). */
static const struct {
	const char *owner;
	uint16_t type;
	const char *data;
} office_records[] = {
	{"office.example",             DNS_SOA,
         "dns.office.example hostmaster.office.example 1 7200 3600 1209600 300"},
	{ "office.example",            DNS_NS,    "dns.office.example"         },
	{ "dns.office.example",        DNS_A,     "192.0.2.53"                 },
	{ "office.example",            DNS_MX,    "20 backup.office.example"   },
	{ "office.example",            DNS_MX,    "10 mail.office.example"     },
	{ "mail.office.example",       DNS_A,     "192.0.2.10"                 },
	{ "backup.office.example",     DNS_A,     "192.0.2.11"                 },
	{ "office.example",            DNS_TXT,   "\"v=spf1 mx -all\""         },
	{ "imap.office.example",       DNS_CNAME, "mail.office.example"        },
	{ "away.office.example",       DNS_CNAME, "www.remote.example"         },
	{ "loop.office.example",       DNS_CNAME, "pool.office.example"        },
	{ "pool.office.example",       DNS_CNAME, "loop.office.example"        },
	{ "*.wild.office.example",     DNS_A,     "192.0.2.99"                 },
	{ "exact.wild.office.example", DNS_TXT,   "here"                       },
	{ "a.b.deep.office.example",   DNS_A,     "192.0.2.98"                 },
	{ "lab.office.example",        DNS_NS,    "ns.lab.office.example"      },
	{ "ns.lab.office.example",     DNS_A,     "192.0.2.200"                },
};

static struct dns_zone *make_office(void)
{
	struct dns_zone *zone = dns_zone_new("office.example");

	for (size_t i = 0; i < G_N_ELEMENTS(office_records); i++)
		ck_assert_msg(dns_zone_add(zone, office_records[i].owner, office_records[i].type,
					   3600, office_records[i].data),
			      "%s", office_records[i].owner);
	return zone;
}

/* A server with the zone, and its last reply. */
struct fixture {
	struct dns_authority *authority;
	struct dns_server *server;
	struct dns_message *reply; /* NULL: none came */
	size_t reply_bytes;
};

static void take_reply(void *owner, const struct dns_client *client, struct bytes message)
{
	struct fixture *fixture = owner;

	(void)client;
	ck_assert_ptr_null(fixture->reply);
	ck_assert_int_eq(dns_message_parse(message, &fixture->reply), PARSE_OK);
	fixture->reply_bytes = message.length;
}

static void set_up(struct fixture *fixture)
{
	*fixture = (struct fixture) { .authority = dns_authority_new() };
	ck_assert(dns_authority_add(fixture->authority, make_office()));
	fixture->server = dns_server_new(&(struct dns_server_config) {
	    .authority = fixture->authority,
	    .reply = take_reply,
	    .owner = fixture,
	});
}

static void tear_down(struct fixture *fixture)
{
	dns_message_free(fixture->reply);
	dns_server_free(fixture->server);
	dns_authority_free(fixture->authority);
}

static void receive(struct fixture *fixture, const struct dns_message *query, bool over_tcp)
{
	uint8_t bytes[DNS_UDP_BYTES];
	size_t length = dns_message_emit(query, sizeof bytes, bytes);
	const struct dns_client client = {
		.address = {0xc6336401, 5353},
		.connection = over_tcp,
	};

	g_clear_pointer(&fixture->reply, dns_message_free);
	dns_server_receive(fixture->server, 0, &client, (struct bytes) { bytes, length });
}

static struct dns_message *new_query(const char *name, uint16_t type)
{
	struct dns_message *query = dns_message_new();
	struct dns_name_buffer buffer;
	struct dns_question question = { .type = type, .class = DNS_IN };

	ck_assert(dns_name_from_text(name, &buffer, &question.name));
	query->id = 4711;
	dns_message_ask(query, &question);
	return query;
}

static const struct dns_message *ask(struct fixture *fixture, const char *name, uint16_t type)
{
	struct dns_message *query = new_query(name, type);

	receive(fixture, query, false);
	dns_message_free(query);
	ck_assert_ptr_nonnull(fixture->reply);
	return fixture->reply;
}

/* The records of a section as text, one a line: "name ttl type data". */
static char *section_text(const struct dns_message *message, enum dns_section_index section)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < message->sections[section].count; i++) {
		const struct dns_record *record = &message->sections[section].records[i];
		char name[DNS_NAME_TEXT_BYTES], type[DNS_TYPE_TEXT_BYTES];

		g_string_append_printf(text, "%s %u %s ", dns_name_print(record->name, name),
				       record->ttl_s, dns_type_print(record->type, type));
		dns_data_print(record, text);
		g_string_append_c(text, '\n');
	}
	return g_string_free(text, FALSE);
}

#define SOA_LINE                                                                                   \
	"office.example 300 SOA dns.office.example hostmaster.office.example 1 7200 3600 1209600 " \
	"300\n"

static const struct {
	const char *name;
	uint16_t type;
	uint16_t rcode;
	bool is_authoritative;
	const char *answer, *authority, *additional;
} questions[] = {
	{"mail.office.example",            DNS_A,     DNS_NOERROR,  true,
         "mail.office.example 3600 A 192.0.2.10\n",                            "",       ""                                          },
 /* Fact 6: an MX answer carries the addresses. */
	{ "office.example",                DNS_MX,    DNS_NOERROR,  true,
         "office.example 3600 MX 20 backup.office.example\n"
	  "office.example 3600 MX 10 mail.office.example\n",		   "",
         "backup.office.example 3600 A 192.0.2.11\n"
	  "mail.office.example 3600 A 192.0.2.10\n"										  },
	{ "office.example",                DNS_NS,    DNS_NOERROR,  true,
         "office.example 3600 NS dns.office.example\n",                        "",
         "dns.office.example 3600 A 192.0.2.53\n"										    },
	{ "office.example",                DNS_TXT,   DNS_NOERROR,  true,
         "office.example 3600 TXT \"v=spf1 mx -all\"\n",                       "",       ""                                          },
 /* Fact 5: no AAAA is NOERROR without records. */
	{ "mail.office.example",           DNS_AAAA,  DNS_NOERROR,  true,  "", SOA_LINE, ""                                          },
	{ "nosuch.office.example",         DNS_A,     DNS_NXDOMAIN, true,  "", SOA_LINE, ""                                          },
 /* An empty name between others exists. */
	{ "b.deep.office.example",         DNS_A,     DNS_NOERROR,  true,  "", SOA_LINE, ""                                          },
	{ "imap.office.example",           DNS_A,     DNS_NOERROR,  true,
         "imap.office.example 3600 CNAME mail.office.example\n"
	  "mail.office.example 3600 A 192.0.2.10\n",			   "",       ""					  },
	{ "imap.office.example",           DNS_CNAME, DNS_NOERROR,  true,
         "imap.office.example 3600 CNAME mail.office.example\n",               "",       ""                                          },
	{ "imap.office.example",           DNS_AAAA,  DNS_NOERROR,  true,
         "imap.office.example 3600 CNAME mail.office.example\n",               SOA_LINE, ""                                          },
	{ "away.office.example",           DNS_A,     DNS_NOERROR,  true,
         "away.office.example 3600 CNAME www.remote.example\n",                "",       ""                                          },
	{ "loop.office.example",           DNS_A,     DNS_NOERROR,  true,
         "loop.office.example 3600 CNAME pool.office.example\n"
	  "pool.office.example 3600 CNAME loop.office.example\n",	      "",       ""					  },
	{ "any.thing.wild.office.example", DNS_A,     DNS_NOERROR,  true,
         "any.thing.wild.office.example 3600 A 192.0.2.99\n",                  "",       ""                                          },
	{ "any.wild.office.example",       DNS_MX,    DNS_NOERROR,  true,  "", SOA_LINE, ""                                          },
 /* What exists is not covered by the wildcard (RFC 4592 section 2.2.1). */
	{ "exact.wild.office.example",     DNS_A,     DNS_NOERROR,  true,  "", SOA_LINE, ""                                          },
	{ "x.exact.wild.office.example",   DNS_A,     DNS_NXDOMAIN, true,  "", SOA_LINE, ""                                          },
	{ "host.lab.office.example",       DNS_A,     DNS_NOERROR,  false, "",
         "lab.office.example 3600 NS ns.lab.office.example\n",			   "ns.lab.office.example 3600 A 192.0.2.200\n"},
	{ "lab.office.example",            DNS_NS,    DNS_NOERROR,  false, "",
         "lab.office.example 3600 NS ns.lab.office.example\n",			   "ns.lab.office.example 3600 A 192.0.2.200\n"},
	{ "MAIL.Office.EXAMPLE",           DNS_A,     DNS_NOERROR,  true,
         "mail.office.example 3600 A 192.0.2.10\n",                            "",       ""                                          },
	{ "www.remote.example",            DNS_A,     DNS_REFUSED,  false, "", "",       ""                                          },
	{ "office.example",                DNS_AXFR,  DNS_REFUSED,  false, "", "",       ""                                          },
};

START_TEST(a_question_is_answered_out_of_the_zone)
{
	struct fixture fixture;

	set_up(&fixture);
	const struct dns_message *reply = ask(&fixture, questions[_i].name, questions[_i].type);
	char *answer = section_text(reply, DNS_ANSWER);
	char *authority = section_text(reply, DNS_AUTHORITY);
	char *additional = section_text(reply, DNS_ADDITIONAL);

	ck_assert_uint_eq(reply->id, 4711);
	ck_assert(reply->is_response);
	ck_assert(!reply->recursion_available);
	ck_assert_uint_eq(reply->rcode, questions[_i].rcode);
	ck_assert_int_eq(reply->is_authoritative, questions[_i].is_authoritative);
	ck_assert_str_eq(answer, questions[_i].answer);
	ck_assert_str_eq(authority, questions[_i].authority);
	ck_assert_str_eq(additional, questions[_i].additional);
	g_free(answer);
	g_free(authority);
	g_free(additional);
	tear_down(&fixture);
}
END_TEST

START_TEST(any_gives_all_records_of_a_name)
{
	struct fixture fixture;

	set_up(&fixture);
	ck_assert_uint_eq(ask(&fixture, "office.example", DNS_ANY)->sections[DNS_ANSWER].count, 5);
	tear_down(&fixture);
}
END_TEST

static const struct {
	const char *owner;
	uint16_t type;
	const char *data;
} refused_records[] = {
	{"remote.example",       DNS_A,     "192.0.2.1"                }, /* not in the zone */
	{ "mail.office.example", DNS_CNAME, "x.example"                }, /* other data is there */
	{ "imap.office.example", DNS_A,     "192.0.2.1"                }, /* a CNAME is there */
	{ "x.office.example",    DNS_A,     "192.0.2.256"              },
	{ "x.office.example",    DNS_A,     "192.0.2.1 192.0.2.2"      },
	{ "x.office.example",    DNS_A,     ""                         },
	{ "x.office.example",    DNS_MX,    "mail.office.example"      },
	{ "x.office.example",    DNS_MX,    "70000 mail.office.example"},
	{ "x.office.example",    DNS_TXT,   "\"open"                   },
	{ "x..office.example",   DNS_A,     "192.0.2.1"                },
	{ "office.example",      DNS_SOA,   "a b 1 2 3 4 5"            }, /* a second one */
	{ "x.office.example",    65280,     "\\# 3 beef"               },
};

START_TEST(a_bad_record_is_refused)
{
	struct dns_zone *zone = make_office();

	ck_assert_msg(!dns_zone_add(zone, refused_records[_i].owner, refused_records[_i].type, 60,
				    refused_records[_i].data),
		      "%s %s", refused_records[_i].owner, refused_records[_i].data);
	dns_zone_free(zone);
}
END_TEST

START_TEST(data_goes_from_text_to_the_wire_and_back)
{
	static const struct {
		uint16_t type;
		const char *text, *bytes;
		size_t length;
		const char *printed; /* NULL: as the text */
	} rows[] = {
		{DNS_A,     "192.0.2.1",          "\xc0\0\2\1",                                         4,  NULL           },
		{ DNS_AAAA, "2001:db8::1",        "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1",              16, NULL           },
		{ DNS_MX,   "10 m.x.",            "\0\12\1m\1x",                                        7,  "10 m.x"       },
		{ DNS_MX,   "0 .",                "\0\0",					       3,  NULL           }, /* null MX (RFC 7505) */
		{ DNS_SRV,  "1 2 587 m.x",        "\0\1\0\2\2\x4b\1m\1x",                               11, NULL           },
		{ DNS_TXT,  "\"a b\" c",          "\3a b\1c",                                           6,  "\"a b\" \"c\""},
		{ DNS_TXT,  "\"q\\\"\\\\\\007\"", "\4q\"\\\7",                                          5,  NULL           },
		{ DNS_SOA,  "a b 1 2 3 4 5",      "\1a\0\1b\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5",
                 26,											NULL           },
		{ 65280,    "\\# 2 beef",         "\xbe\xef",                                           2,  NULL           },
		{ 65280,    "\\# 0",              "",						   0,  NULL           },
	};
	GByteArray *bytes = g_byte_array_new();
	GString *printed = g_string_new(NULL);

	ck_assert(dns_data_from_text(rows[_i].type, rows[_i].text, bytes));
	ck_assert_uint_eq(bytes->len, rows[_i].length);
	if (bytes->len > 0)
		ck_assert_mem_eq(bytes->data, rows[_i].bytes, bytes->len);
	dns_data_print(
	    &(struct dns_record) {
		.type = rows[_i].type, .data = {bytes->data, bytes->len}
        },
	    printed);
	ck_assert_str_eq(printed->str, rows[_i].printed == NULL ? rows[_i].text : rows[_i].printed);
	g_string_free(printed, TRUE);
	g_byte_array_free(bytes, TRUE);
}
END_TEST

START_TEST(a_reverse_zone_names_addresses)
{
	struct fixture fixture;
	struct dns_zone *zone = dns_zone_new("2.0.192.in-addr.arpa.");

	set_up(&fixture);
	ck_assert(
	    dns_zone_add(zone, "10.2.0.192.in-addr.arpa", DNS_PTR, 60, "mail.office.example"));
	ck_assert(dns_authority_add(fixture.authority, zone));
	ck_assert(!dns_authority_add(fixture.authority, dns_zone_new("2.0.192.IN-ADDR.ARPA")));
	char *text = section_text(ask(&fixture, "10.2.0.192.in-addr.arpa", DNS_PTR), DNS_ANSWER);
	ck_assert_str_eq(text, "10.2.0.192.in-addr.arpa 60 PTR mail.office.example\n");
	g_free(text);
	tear_down(&fixture);
}
END_TEST

START_TEST(edns_is_answered_with_edns)
{
	struct fixture fixture;
	struct dns_message *query = new_query("mail.office.example", DNS_A);

	set_up(&fixture);
	query->edns = (struct dns_edns) { .is_present = true, .udp_bytes = 4096 };
	receive(&fixture, query, false);
	ck_assert(fixture.reply->edns.is_present);
	ck_assert_uint_eq(fixture.reply->edns.udp_bytes, 1232);
	query->edns.version = 1;
	receive(&fixture, query, false);
	ck_assert_uint_eq(fixture.reply->rcode, DNS_BADVERS);
	ck_assert_uint_eq(fixture.reply->sections[DNS_ANSWER].count, 0);
	dns_message_free(query);
	tear_down(&fixture);
}
END_TEST

/* Rows: the asker's EDNS limit or 0, whether over TCP, the most that may come, whether all does. */
static const struct {
	uint16_t udp_bytes;
	bool over_tcp;
	size_t limit;
	bool is_whole;
} limits[] = {
	{0,     false, 512,   false},
        { 100,  false, 512,   false},
        { 1000, false, 1000,  false},
	{ 4096, false, 1232,  false},
        { 0,    true,  65535, true },
};

START_TEST(a_large_answer_is_truncated_to_what_the_client_takes)
{
	struct fixture fixture;
	struct dns_zone *zone = dns_zone_new("large.example");

	set_up(&fixture);
	for (unsigned i = 0; i < 100; i++) {
		char *address = g_strdup_printf("198.51.100.%u", i);

		ck_assert(dns_zone_add(zone, "large.example", DNS_A, 60, address));
		g_free(address);
	}
	ck_assert(dns_authority_add(fixture.authority, zone));
	struct dns_message *query = new_query("large.example", DNS_A);
	query->edns =
	    (struct dns_edns) { limits[_i].udp_bytes > 0, .udp_bytes = limits[_i].udp_bytes };
	receive(&fixture, query, limits[_i].over_tcp);
	ck_assert_uint_le(fixture.reply_bytes, limits[_i].limit);
	ck_assert_uint_ge(fixture.reply_bytes + 16, MIN(limits[_i].limit, 1600));
	ck_assert_int_eq(fixture.reply->is_truncated, !limits[_i].is_whole);
	ck_assert_int_eq(fixture.reply->sections[DNS_ANSWER].count == 100, limits[_i].is_whole);
	dns_message_free(query);
	tear_down(&fixture);
}
END_TEST

static const struct {
	const char *what;
	const char *bytes;
	size_t length;
	int rcode; /* -1: no answer at all */
} odd_messages[] = {
	{"nothing",               "",					    0,  -1         },
	{ "half a header",        "\1\2\3\4\5\6",                                6,  -1         },
	{ "a response",           "\x12\x34\x80\0\0\0\0\0\0\0\0\0",              12, -1         },
	{ "a malformed response", "\x12\x34\x80\0\0\1\0\0\0\0\0\0",              12, -1         },
	{ "no question",          "\x12\x34\1\0\0\0\0\0\0\0\0\0",                12, DNS_FORMERR},
	{ "a question cut short", "\x12\x34\1\0\0\1\0\0\0\0\0\0\4ma",            15, DNS_FORMERR},
	{ "an update",            "\x12\x34\x28\0\0\1\0\0\0\0\0\0\1x\0\0\6\0\1", 19, DNS_NOTIMP },
	{ "class CHAOS",          "\x12\x34\0\0\0\1\0\0\0\0\0\0\1x\0\0\1\0\3",   19, DNS_REFUSED},
};

START_TEST(odd_messages_are_answered_with_an_error_or_not_at_all)
{
	struct fixture fixture;
	const struct dns_client client = {
		.address = {0xc6336401, 5353}
	};
	uint8_t *copy = g_memdup2(odd_messages[_i].bytes, odd_messages[_i].length);

	set_up(&fixture);
	dns_server_receive(fixture.server, 0, &client,
			   (struct bytes) { copy, odd_messages[_i].length });
	if (odd_messages[_i].rcode < 0) {
		ck_assert_msg(fixture.reply == NULL, "%s", odd_messages[_i].what);
	} else {
		ck_assert_msg(fixture.reply != NULL, "%s", odd_messages[_i].what);
		ck_assert_int_eq(fixture.reply->rcode, odd_messages[_i].rcode);
		ck_assert_uint_eq(fixture.reply->id, 0x1234);
	}
	g_free(copy);
	tear_down(&fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dns zone");
	TCase *tcase = tcase_create("zone");

	tcase_add_loop_test(tcase, a_question_is_answered_out_of_the_zone, 0,
			    G_N_ELEMENTS(questions));
	tcase_add_test(tcase, any_gives_all_records_of_a_name);
	tcase_add_loop_test(tcase, a_bad_record_is_refused, 0, G_N_ELEMENTS(refused_records));
	tcase_add_loop_test(tcase, data_goes_from_text_to_the_wire_and_back, 0, 10);
	tcase_add_test(tcase, a_reverse_zone_names_addresses);
	tcase_add_test(tcase, edns_is_answered_with_edns);
	tcase_add_loop_test(tcase, a_large_answer_is_truncated_to_what_the_client_takes, 0,
			    G_N_ELEMENTS(limits));
	tcase_add_loop_test(tcase, odd_messages_are_answered_with_an_error_or_not_at_all, 0,
			    G_N_ELEMENTS(odd_messages));
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
