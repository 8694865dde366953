/* SPF against the examples of RFC 7208: section 7.4 and Appendix A; limits; evidence. */
#include <check.h>
#include <stdlib.h>
#include "protocols/authentic/spf.h"
#include "tests/protocols/fake_dns.h"

static struct fake_dns *dns;

static void answer(void *owner, const struct dns_answer *with)
{
	spf_check_answer(owner, with);
}

/* Runs a check to its end. */
static struct spf_check *check_host(const char *client, const char *sender)
{
	struct spf_request request = { .helo = "mx.example.org",
				       .sender = sender,
				       .receiver = "mx.receiver.example",
				       .unix_time = 1795000000 };
	struct spf_check *check;

	ck_assert(client_address_parse(client, &request.client));
	check = spf_check_new(&request);
	while (spf_check_wish(check) != NULL)
		fake_dns_answer(dns, spf_check_wish(check), answer, check);
	return check;
}

static void expect(const char *client, const char *sender, const char *result)
{
	struct spf_check *check = check_host(client, sender);
	const struct spf_outcome *outcome = spf_check_outcome(check);

	ck_assert_msg(strcmp(spf_result_names[outcome->result], result) == 0,
		      "%s for %s: %s, not %s (%s)", client, sender,
		      spf_result_names[outcome->result], result, outcome->problem);
	spf_check_free(check);
}

/* The zones of Appendix A. */
static const struct {
	const char *name;
	uint16_t type;
	const char *data;
} appendix[] = {
	{"example.com",               DNS_MX,  "10 mail-a.example.com"},
	{ "example.com",              DNS_MX,  "20 mail-b.example.com"},
	{ "example.com",              DNS_A,   "192.0.2.10"           },
	{ "example.com",              DNS_A,   "192.0.2.11"           },
	{ "amy.example.com",          DNS_A,   "192.0.2.65"           },
	{ "bob.example.com",          DNS_A,   "192.0.2.66"           },
	{ "mail-a.example.com",       DNS_A,   "192.0.2.129"          },
	{ "mail-b.example.com",       DNS_A,   "192.0.2.130"          },
	{ "example.org",              DNS_MX,  "10 mail-c.example.org"},
	{ "mail-c.example.org",       DNS_A,   "192.0.2.140"          },
	{ "10.2.0.192.in-addr.arpa",  DNS_PTR, "example.com"          },
	{ "11.2.0.192.in-addr.arpa",  DNS_PTR, "example.com"          },
	{ "65.2.0.192.in-addr.arpa",  DNS_PTR, "amy.example.com"      },
	{ "66.2.0.192.in-addr.arpa",  DNS_PTR, "bob.example.com"      },
	{ "129.2.0.192.in-addr.arpa", DNS_PTR, "mail-a.example.com"   },
	{ "140.2.0.192.in-addr.arpa", DNS_PTR, "mail-c.example.org"   },
	{ "4.0.0.10.in-addr.arpa",    DNS_PTR, "bob.example.com"      },
};

static void setup(void)
{
	dns = fake_dns_new();
	for (size_t i = 0; i < G_N_ELEMENTS(appendix); i++)
		fake_dns_add(dns, appendix[i].name, appendix[i].type, appendix[i].data);
}

static void teardown(void)
{
	fake_dns_free(dns);
}

static void publish(const char *domain, const char *record)
{
	fake_dns_add_text(dns, domain, record);
}

/* Appendix A.1: a record, and who passes or fails by it. */
static const struct {
	const char *record, *client, *result;
} simple_examples[] = {
	{"v=spf1 +all",			  "203.0.113.1", "pass"     },
	{ "v=spf1 a -all",                       "192.0.2.10",  "pass"     },
	{ "v=spf1 a -all",                       "192.0.2.11",  "pass"     },
	{ "v=spf1 a -all",                       "192.0.2.65",  "fail"     },
	{ "v=spf1 a:example.org -all",           "192.0.2.10",  "fail"     },
	{ "v=spf1 mx -all",                      "192.0.2.129", "pass"     },
	{ "v=spf1 mx -all",                      "192.0.2.130", "pass"     },
	{ "v=spf1 mx -all",                      "192.0.2.140", "fail"     },
	{ "v=spf1 mx:example.org -all",          "192.0.2.140", "pass"     },
	{ "v=spf1 mx mx:example.org -all",       "192.0.2.130", "pass"     },
	{ "v=spf1 mx mx:example.org -all",       "192.0.2.140", "pass"     },
	{ "v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.131", "pass"     },
	{ "v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.143", "pass"     },
	{ "v=spf1 mx/30 mx:example.org/30 -all", "192.0.2.132", "fail"     },
	{ "v=spf1 ptr -all",                     "192.0.2.65",  "pass"     },
	{ "v=spf1 ptr -all",                     "192.0.2.140", "fail"     },
	{ "v=spf1 ptr -all",                     "10.0.0.4",    "fail"     },
	{ "v=spf1 ip4:192.0.2.128/28 -all",      "192.0.2.65",  "fail"     },
	{ "v=spf1 ip4:192.0.2.128/28 -all",      "192.0.2.129", "pass"     },
	{ "v=spf1 ip6:2001:db8::/32 ~all",       "2001:db8::1", "pass"     },
	{ "v=spf1 ip6:2001:db8::/32 ~all",       "2001:db9::1", "softfail" },
	{ "v=spf1 ?all",			 "2001:db9::1", "neutral"  },
	{ "v=spf1 mx",			   "203.0.113.1", "neutral"  },
	{ "v=spf1 mx everyone",                  "192.0.2.129", "permerror"},
	{ "v=spf10 -all",                        "192.0.2.129", "none"     },
};

START_TEST(simple_examples_of_appendix_a)
{
	publish("example.com", simple_examples[_i].record);
	expect(simple_examples[_i].client, "strong-bad@example.com", simple_examples[_i].result);
}
END_TEST

START_TEST(several_domains_share_records)
{
	publish("example.org", "v=spf1 include:example.com include:example.net -all");
	publish("la.example.org", "v=spf1 redirect=example.org");
	publish("example.com", "v=spf1 mx -all");
	publish("example.net", "v=spf1 ip4:198.51.100.0/24 -all");
	expect("192.0.2.129", "a@example.org", "pass");
	expect("198.51.100.7", "a@la.example.org", "pass");
	expect("203.0.113.7", "a@la.example.org", "fail");
}
END_TEST

START_TEST(users_of_appendix_a3_are_found_by_macros)
{
	publish("example.com", "v=spf1 mx include:mobile-users._spf.%{d} "
			       "include:remote-users._spf.%{d} -all");
	publish("mobile-users._spf.example.com", "v=spf1 exists:%{l1r+}.%{d}");
	publish("remote-users._spf.example.com", "v=spf1 exists:%{ir}.%{l1r+}.%{d}");
	fake_dns_add(dns, "mary.mobile-users._spf.example.com", DNS_A, "127.0.0.2");
	fake_dns_add(dns, "15.15.168.192.joel.remote-users._spf.example.com", DNS_A, "127.0.0.2");
	expect("203.0.113.1", "mary+news@example.com", "pass");
	expect("192.168.15.15", "joel@example.com", "pass");
	expect("192.168.15.16", "joel@example.com", "fail");
}
END_TEST

START_TEST(requirements_of_appendix_a4_must_all_hold)
{
	publish("example.com", "v=spf1 -include:ip4._spf.%{d} -include:ptr._spf.%{d} +all");
	publish("ip4._spf.example.com", "v=spf1 -ip4:192.0.2.0/24 +all");
	publish("ptr._spf.example.com", "v=spf1 -ptr:example.com +all");
	expect("192.0.2.65", "a@example.com", "pass");
	expect("192.0.2.140", "a@example.com", "fail"); /* by its name */
	expect("10.0.0.4", "a@example.com", "fail");    /* by its address */
}
END_TEST

/* Section 7.4. */
static const struct {
	const char *macro, *expansion;
} macros[] = {
	{"%{s}",			       "strong-bad@email.example.com"                    },
	{ "%{o}",			      "email.example.com"                               },
	{ "%{d}",			      "email.example.com"                               },
	{ "%{d4}",			     "email.example.com"                               },
	{ "%{d3}",			     "email.example.com"                               },
	{ "%{d2}",			     "example.com"				     },
	{ "%{d1}",			     "com"					     },
	{ "%{dr}",			     "com.example.email"                               },
	{ "%{d2r}",			    "example.email"                                   },
	{ "%{l}",			      "strong-bad"				      },
	{ "%{l-}",			     "strong.bad"				      },
	{ "%{lr}",			     "strong-bad"				      },
	{ "%{lr-}",			    "bad.strong"				      },
	{ "%{l1r-}",			   "strong"					  },
	{ "%{ir}.%{v}._spf.%{d2}",             "3.2.0.192.in-addr._spf.example.com"              },
	{ "%{lr-}.lp._spf.%{d2}",              "bad.strong.lp._spf.example.com"                  },
	{ "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",   "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
	{ "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}",  "3.2.0.192.in-addr.strong.lp._spf.example.com"    },
	{ "%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"         },
	{ "a%%b%_c%-d",			"a%b c%20d"				       },
	{ "%{S}",			      "strong-bad%40email.example.com"                  },
};

START_TEST(macros_of_section_7_4)
{
	struct client_address client = client_address_v4(0xc0000203);
	struct spf_macro_values values = { .sender = "strong-bad@email.example.com",
					   .domain = "email.example.com",
					   .helo = "mx.example.org",
					   .client = &client };
	char *text;

	ck_assert(spf_macro_is_valid(macros[_i].macro, false));
	text = spf_macro_expand(macros[_i].macro, &values);
	ck_assert_str_eq(text, macros[_i].expansion);
	g_free(text);
}
END_TEST

START_TEST(an_ipv6_client_expands_to_nibbles)
{
	struct spf_macro_values values = { .sender = "strong-bad@email.example.com",
					   .domain = "email.example.com",
					   .helo = "mx.example.org" };
	struct client_address client;
	char *text;

	ck_assert(client_address_parse("2001:db8::cb01", &client));
	values.client = &client;
	text = spf_macro_expand("%{ir}.%{v}._spf.%{d2}", &values);
	ck_assert_str_eq(text, "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
			       "ip6._spf.example.com");
	g_free(text);
}
END_TEST

/* Limits. */

static void publish_includes(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char *name = g_strdup_printf("i%u.example.net", i);
		char *record = g_strdup_printf("v=spf1 include:i%u.example.net -all", i + 1);

		publish(name, i + 1 < count ? record : "v=spf1 +all");
		g_free(record);
		g_free(name);
	}
}

START_TEST(ten_lookups_are_allowed)
{
	publish_includes(11);
	expect("192.0.2.1", "a@i0.example.net", "pass");
}
END_TEST

START_TEST(an_eleventh_lookup_is_an_error)
{
	struct spf_check *check;

	publish_includes(12);
	check = check_host("192.0.2.1", "a@i0.example.net");
	ck_assert_int_eq(spf_check_outcome(check)->result, SPF_PERMERROR);
	ck_assert_uint_eq(spf_check_outcome(check)->lookups, 11);
	spf_check_free(check);
	ck_assert_uint_eq(fake_dns_questions(dns), 11); /* the last one was not asked */
}
END_TEST

START_TEST(a_loop_of_includes_ends)
{
	publish("example.net", "v=spf1 include:example.net -all");
	expect("192.0.2.1", "a@example.net", "permerror");
}
END_TEST

START_TEST(a_third_void_lookup_is_an_error)
{
	publish("two.example.net", "v=spf1 a:x.example.net a:y.example.net +all");
	publish("three.example.net", "v=spf1 a:x.example.net a:y.example.net a:z.example.net +all");
	expect("192.0.2.1", "a@two.example.net", "pass");
	expect("192.0.2.1", "a@three.example.net", "permerror");
}
END_TEST

START_TEST(a_server_that_does_not_answer_is_a_temporary_error)
{
	fake_dns_time_out(dns, "example.net");
	expect("192.0.2.1", "a@example.net", "temperror");
}
END_TEST

/* Evidence. */

START_TEST(a_fail_is_explained_by_its_domain)
{
	struct spf_check *check;

	publish("example.net", "v=spf1 mx -all exp=explain._spf.%{d}");
	publish("explain._spf.example.net", "%{i} is not one of %{d}'s; asked by %{r}, for %{p}");
	check = check_host("192.0.2.65", "a@example.net");
	ck_assert_int_eq(spf_check_outcome(check)->result, SPF_FAIL);
	ck_assert(spf_check_outcome(check)->is_explained);
	ck_assert_str_eq(spf_check_outcome(check)->explanation,
			 "192.0.2.65 is not one of example.net's; asked by mx.receiver.example, "
			 "for amy.example.com");
	ck_assert_str_eq(spf_check_outcome(check)->mechanism, "-all");
	spf_check_free(check);
}
END_TEST

START_TEST(a_fail_without_explanation_has_the_default)
{
	struct spf_check *check;

	publish("example.net", "v=spf1 -all exp=nothing.example.net");
	check = check_host("192.0.2.65", "a@example.net");
	ck_assert(!spf_check_outcome(check)->is_explained);
	ck_assert_str_eq(spf_check_outcome(check)->explanation, SPF_DEFAULT_EXPLANATION);
	spf_check_free(check);
}
END_TEST

START_TEST(the_null_sender_is_checked_by_the_helo_name)
{
	struct spf_check *check;

	publish("mx.example.org", "v=spf1 ip4:192.0.2.140 -all");
	check = check_host("192.0.2.140", "");
	ck_assert_int_eq(spf_check_outcome(check)->result, SPF_PASS);
	ck_assert_str_eq(spf_check_outcome(check)->domain, "mx.example.org");
	ck_assert_str_eq(spf_check_outcome(check)->mechanism, "ip4:192.0.2.140");
	spf_check_free(check);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spf");
	TCase *tests = tcase_create("spf");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, simple_examples_of_appendix_a, 0, G_N_ELEMENTS(simple_examples));
	tcase_add_test(tests, several_domains_share_records);
	tcase_add_test(tests, users_of_appendix_a3_are_found_by_macros);
	tcase_add_test(tests, requirements_of_appendix_a4_must_all_hold);
	tcase_add_loop_test(tests, macros_of_section_7_4, 0, G_N_ELEMENTS(macros));
	tcase_add_test(tests, an_ipv6_client_expands_to_nibbles);
	tcase_add_test(tests, ten_lookups_are_allowed);
	tcase_add_test(tests, an_eleventh_lookup_is_an_error);
	tcase_add_test(tests, a_loop_of_includes_ends);
	tcase_add_test(tests, a_third_void_lookup_is_an_error);
	tcase_add_test(tests, a_server_that_does_not_answer_is_a_temporary_error);
	tcase_add_test(tests, a_fail_is_explained_by_its_domain);
	tcase_add_test(tests, a_fail_without_explanation_has_the_default);
	tcase_add_test(tests, the_null_sender_is_checked_by_the_helo_name);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
