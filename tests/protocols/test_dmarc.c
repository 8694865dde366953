/* DMARC: records, tree walks with the examples of RFC 9989 section 4.10, alignment, policies. */
#include <check.h>
#include <stdlib.h>
#include "protocols/authentic/dmarc.h"
#include "tests/protocols/fake_dns.h"

static struct fake_dns *dns;

static void setup(void)
{
	dns = fake_dns_new();
	fake_dns_add(dns, "example.com", DNS_A, "192.0.2.1");
	fake_dns_add(dns, "mail.example.com", DNS_A, "192.0.2.1");
}

static void teardown(void)
{
	fake_dns_free(dns);
}

static void answer(void *owner, const struct dns_answer *with)
{
	dmarc_check_answer(owner, with);
}

static void publish(const char *domain, const char *record)
{
	char *name = g_strconcat("_dmarc.", domain, NULL);

	fake_dns_add_text(dns, name, record);
	g_free(name);
}

/* A message from `from` for which SPF passed as `spf`, and DKIM as `dkim`; NULL: it did not. */
static struct dmarc_check *check_message(const char *from, const char *spf, const char *dkim)
{
	struct dmarc_check *check = dmarc_check_new(&(struct dmarc_request) {
	    .from_domain = from,
	    .spf_domain = spf,
	    .dkim_domains = &dkim,
	    .dkim_count = dkim != NULL,
	});

	while (dmarc_check_wish(check) != NULL)
		fake_dns_answer(dns, dmarc_check_wish(check), answer, check);
	return check;
}

static void expect(const char *from, const char *spf, const char *dkim, enum dmarc_result result,
		   enum dmarc_policy disposition)
{
	struct dmarc_check *check = check_message(from, spf, dkim);
	const struct dmarc_outcome *outcome = dmarc_check_outcome(check);

	ck_assert_msg(outcome->result == result && outcome->disposition == disposition,
		      "%s, %s: %s (%s)", from, dmarc_result_names[outcome->result],
		      dmarc_policy_names[outcome->disposition], outcome->problem);
	dmarc_check_free(check);
}

static void expect_organization(const char *from, const char *organization, unsigned questions)
{
	unsigned before = fake_dns_questions(dns);
	struct dmarc_check *check = check_message(from, NULL, NULL);

	ck_assert_str_eq(dmarc_check_outcome(check)->organization, organization);
	ck_assert_uint_eq(fake_dns_questions(dns) - before, questions);
	dmarc_check_free(check);
}

/* The examples of section 4.10.2. */

START_TEST(the_shortest_name_with_a_record_is_the_organization)
{
	publish("mail.example.com", "v=DMARC1; p=none");
	publish("example.com", "v=DMARC1; p=none");
	expect_organization("a.mail.example.com", "example.com", 4);
}
END_TEST

START_TEST(psd_n_names_the_organization_and_ends_the_walk)
{
	publish("mail.example.com", "v=DMARC1; p=none; psd=n");
	publish("example.com", "v=DMARC1; p=none");
	expect_organization("a.mail.example.com", "mail.example.com", 2);
}
END_TEST

START_TEST(below_a_public_suffix_is_the_organization)
{
	publish("com", "v=DMARC1; p=none; psd=y");
	expect_organization("a.mail.example.com", "example.com", 4);
}
END_TEST

START_TEST(without_records_the_domain_is_its_own_organization)
{
	expect_organization("a.mail.example.com", "a.mail.example.com", 4);
}
END_TEST

/* Section 4.10: of a long name the last seven labels follow; never more than eight questions. */
START_TEST(a_long_name_takes_eight_questions)
{
	publish("d.e.f.g.h.example.com", "v=DMARC1; p=none; psd=n");
	expect_organization("a.b.c.d.e.f.g.h.example.com", "d.e.f.g.h.example.com", 2);
	expect_organization("a.b.c.d.e.f.g.h.i.j.mail.example.org",
			    "a.b.c.d.e.f.g.h.i.j.mail.example.org", 8);
}
END_TEST

/* Policies. */

static const struct {
	const char *record, *from;
	enum dmarc_policy policy;
	const char *tag;
} policies[] = {
	{"v=DMARC1; p=reject",                            "example.com",      DMARC_POLICY_REJECT,     "p" },
	{ "v=DMARC1; p=reject",                           "mail.example.com", DMARC_POLICY_REJECT,     "sp"},
	{ "v=DMARC1; p=reject; sp=quarantine",            "mail.example.com", DMARC_POLICY_QUARANTINE, "sp"},
	{ "v=DMARC1; p=reject; sp=quarantine; np=none",   "mail.example.com", DMARC_POLICY_QUARANTINE,
         "sp"											      },
	{ "v=DMARC1; p=reject; sp=quarantine; np=none",   "nono.example.com", DMARC_POLICY_NONE,
         "np"											      },
	{ "v=DMARC1; p=none; sp=none; np=reject",         "nono.example.com", DMARC_POLICY_REJECT,     "np"},
	{ "v=DMARC1; sp=reject",                          "example.com",      DMARC_POLICY_NONE,       "p" },
	{ "v=DMARC1;p=REJECT;",                           "example.com",      DMARC_POLICY_REJECT,     "p" },
	{ "v=DMARC1; p=nonsense; rua=mailto:a@b.example", "example.com",      DMARC_POLICY_NONE,       "p" },
};

START_TEST(the_policy_is_that_of_the_domain_or_of_its_organization)
{
	struct dmarc_check *check;

	publish("example.com", policies[_i].record);
	check = check_message(policies[_i].from, NULL, NULL);
	ck_assert_int_eq(dmarc_check_outcome(check)->result, DMARC_FAIL);
	ck_assert_int_eq(dmarc_check_outcome(check)->policy, policies[_i].policy);
	ck_assert_int_eq(dmarc_check_outcome(check)->disposition, policies[_i].policy);
	ck_assert_str_eq(dmarc_check_outcome(check)->policy_tag, policies[_i].tag);
	dmarc_check_free(check);
}
END_TEST

START_TEST(a_public_suffix_speaks_for_those_who_say_nothing)
{
	publish("com", "v=DMARC1; p=reject; psd=y");
	expect("mail.example.com", NULL, NULL, DMARC_FAIL, DMARC_POLICY_REJECT);
}
END_TEST

START_TEST(testing_weakens_the_policy)
{
	publish("example.com", "v=DMARC1; p=reject; t=y");
	publish("example.org", "v=DMARC1; p=quarantine; t=y");
	expect("example.com", NULL, NULL, DMARC_FAIL, DMARC_POLICY_QUARANTINE);
	expect("example.org", NULL, NULL, DMARC_FAIL, DMARC_POLICY_NONE);
}
END_TEST

static const char *const no_records[] = {
	"v=spf1 -all",        "v=DMARC2; p=reject",      "p=reject; v=DMARC1",
	"v=dmarc1; p=reject", "v=DMARC1; p=nonsense",    "v=DMARC1; p=reject; sp=nonsense",
	"v=DMARC1 p=reject",  "v=DMARC1; p=reject; p=x",
};

START_TEST(texts_that_are_no_record_set_no_policy)
{
	publish("example.com", no_records[_i]);
	expect("example.com", NULL, NULL, DMARC_NONE, DMARC_POLICY_NONE);
}
END_TEST

START_TEST(several_records_are_as_none)
{
	publish("example.com", "v=DMARC1; p=reject");
	publish("example.com", "v=DMARC1; p=none");
	expect("example.com", NULL, NULL, DMARC_NONE, DMARC_POLICY_NONE);
}
END_TEST

/* Alignment. */

static const struct {
	const char *record, *spf, *dkim;
	enum dmarc_result result;
} alignments[] = {
	{"v=DMARC1; p=reject",           "example.com",      NULL,               DMARC_PASS},
	{ "v=DMARC1; p=reject",          NULL,               "example.com",      DMARC_PASS},
	{ "v=DMARC1; p=reject",          "EXAMPLE.com",      NULL,               DMARC_PASS},
	{ "v=DMARC1; p=reject",          "mail.example.com", NULL,               DMARC_PASS},
	{ "v=DMARC1; p=reject",          NULL,               "mail.example.com", DMARC_PASS},
	{ "v=DMARC1; p=reject; aspf=s",  "mail.example.com", NULL,               DMARC_FAIL},
	{ "v=DMARC1; p=reject; adkim=s", NULL,               "mail.example.com", DMARC_FAIL},
	{ "v=DMARC1; p=reject; aspf=s",  NULL,               "mail.example.com", DMARC_PASS},
	{ "v=DMARC1; p=reject",          "evil.example",     NULL,               DMARC_FAIL},
	{ "v=DMARC1; p=reject",          "evil.example",     "evil.example",     DMARC_FAIL},
	{ "v=DMARC1; p=reject",          "badexample.com",   NULL,               DMARC_FAIL},
};

START_TEST(what_aligns_passes)
{
	publish("example.com", alignments[_i].record);
	expect("example.com", alignments[_i].spf, alignments[_i].dkim, alignments[_i].result,
	       alignments[_i].result == DMARC_PASS ? DMARC_POLICY_NONE : DMARC_POLICY_REJECT);
}
END_TEST

START_TEST(a_delegated_part_of_the_tree_does_not_align)
{
	publish("example.com", "v=DMARC1; p=reject");
	publish("lab.example.com", "v=DMARC1; p=none; psd=n");
	expect("example.com", "host.lab.example.com", NULL, DMARC_FAIL, DMARC_POLICY_REJECT);
}
END_TEST

/* Errors. */

START_TEST(dns_that_fails_is_a_temporary_error)
{
	fake_dns_time_out(dns, "_dmarc.example.com");
	expect("example.com", "example.com", NULL, DMARC_TEMPERROR, DMARC_POLICY_NONE);
}
END_TEST

START_TEST(what_may_pass_later_is_not_refused)
{
	struct dmarc_request request = { .from_domain = "example.com",
					 .dkim_may_pass_later = true };
	struct dmarc_check *check;

	publish("example.com", "v=DMARC1; p=reject");
	check = dmarc_check_new(&request);
	while (dmarc_check_wish(check) != NULL)
		fake_dns_answer(dns, dmarc_check_wish(check), answer, check);
	ck_assert_int_eq(dmarc_check_outcome(check)->result, DMARC_TEMPERROR);
	ck_assert_int_eq(dmarc_check_outcome(check)->disposition, DMARC_POLICY_NONE);
	dmarc_check_free(check);
}
END_TEST

static const struct {
	const char *header, *domain;
} headers[] = {
	{"From: Alice <alice@Office.Example>\r\nTo: b@c.example\r\n\r\n", "office.example"},
	{ "From: \"a@b.example\" <c@d.example>\r\n\r\n",                  "d.example"     },
	{ "From: a@b.example, c@B.example\r\n\r\n",                       "b.example"     },
	{ "From: a@b.example, c@d.example\r\n\r\n",                       NULL            },
	{ "From: a@b.example\r\nFrom: c@d.example\r\n\r\n",               NULL            },
	{ "From: nobody\r\n\r\n",					 NULL            },
	{ "To: a@b.example\r\n\r\n",				      NULL            },
};

START_TEST(from_names_one_domain)
{
	char *domain = dmarc_from_domain(bytes_of(headers[_i].header));

	ck_assert_pstr_eq(domain, headers[_i].domain);
	g_free(domain);
}
END_TEST

START_TEST(without_a_domain_there_is_no_answer)
{
	expect(NULL, "example.com", NULL, DMARC_PERMERROR, DMARC_POLICY_NONE);
}
END_TEST

START_TEST(reports_are_asked_for_by_mail)
{
	struct dmarc_record *record = dmarc_record_parse(
	    "v=DMARC1; rua=mailto:a@b.example!10m, https://c.example, mailto:d@e.example");

	ck_assert_uint_eq(g_strv_length(record->report_addresses), 2);
	ck_assert_str_eq(record->report_addresses[0], "a@b.example");
	ck_assert_str_eq(record->report_addresses[1], "d@e.example");
	dmarc_record_free(record);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dmarc");
	TCase *tests = tcase_create("dmarc");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_shortest_name_with_a_record_is_the_organization);
	tcase_add_test(tests, psd_n_names_the_organization_and_ends_the_walk);
	tcase_add_test(tests, below_a_public_suffix_is_the_organization);
	tcase_add_test(tests, without_records_the_domain_is_its_own_organization);
	tcase_add_test(tests, a_long_name_takes_eight_questions);
	tcase_add_loop_test(tests, the_policy_is_that_of_the_domain_or_of_its_organization, 0,
			    G_N_ELEMENTS(policies));
	tcase_add_test(tests, a_public_suffix_speaks_for_those_who_say_nothing);
	tcase_add_test(tests, testing_weakens_the_policy);
	tcase_add_loop_test(tests, texts_that_are_no_record_set_no_policy, 0,
			    G_N_ELEMENTS(no_records));
	tcase_add_test(tests, several_records_are_as_none);
	tcase_add_loop_test(tests, what_aligns_passes, 0, G_N_ELEMENTS(alignments));
	tcase_add_test(tests, a_delegated_part_of_the_tree_does_not_align);
	tcase_add_test(tests, dns_that_fails_is_a_temporary_error);
	tcase_add_test(tests, what_may_pass_later_is_not_refused);
	tcase_add_loop_test(tests, from_names_one_domain, 0, G_N_ELEMENTS(headers));
	tcase_add_test(tests, without_a_domain_there_is_no_answer);
	tcase_add_test(tests, reports_are_asked_for_by_mail);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
