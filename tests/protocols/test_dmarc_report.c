/* Aggregate reports: what is counted, and the XML of RFC 9990, which gzip reads. */
#include <check.h>
#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "protocols/authentic/dmarc_report.h"
#include "tests/protocols/fake_dns.h"

static struct fake_dns *dns;
static struct dmarc_reports *reports;
static GString *told;      /* what was handed out */
static GBytes *compressed; /* of the last report */

static void setup(void)
{
	dns = fake_dns_new();
	reports = dmarc_reports_new();
	told = g_string_new(NULL);
	fake_dns_add(dns, "shop.example", DNS_A, "192.0.2.1");
}

static void teardown(void)
{
	g_clear_pointer(&compressed, g_bytes_unref);
	g_string_free(told, TRUE);
	dmarc_reports_free(reports);
	fake_dns_free(dns);
}

static void answer(void *owner, const struct dns_answer *with)
{
	dmarc_check_answer(owner, with);
}

/* Judges a message from `from` that passed SPF as `spf`, sent by `client`, and counts it. */
static bool count(const char *from, const char *spf, const char *client,
		  enum dmarc_policy disposition)
{
	struct dmarc_check *check =
	    dmarc_check_new(&(struct dmarc_request) { .from_domain = from, .spf_domain = spf });
	struct dmarc_judgement judgement = { .disposition = disposition };
	bool is_counted;

	while (dmarc_check_wish(check) != NULL)
		fake_dns_answer(dns, dmarc_check_wish(check), answer, check);
	ck_assert(client_address_parse(client, &judgement.client));
	judgement.dmarc = dmarc_check_outcome(check);
	is_counted = dmarc_reports_add(reports, &judgement);
	dmarc_check_free(check);
	return is_counted;
}

static void take(void *owner, const struct dmarc_report *report)
{
	(void)owner;
	g_clear_pointer(&compressed, g_bytes_unref);
	compressed = g_bytes_ref(report->compressed);
	g_string_append_printf(told, "%s to %s: %s\n%s\n%s\n", report->domain, report->addresses[0],
			       report->subject, report->file_name, report->xml);
}

static void take_all(void)
{
	g_string_truncate(told, 0);
	dmarc_reports_take(reports,
			   &(struct dmarc_reporter) { .organization = "mail.remote.example",
						      .email = "postmaster@remote.example",
						      .software = "mailwire <1>",
						      .begin = 1767600000,
						      .end = 1767603600 },
			   take, NULL);
}

static void publish(const char *domain, const char *record)
{
	char *name = g_strconcat("_dmarc.", domain, NULL);

	fake_dns_add_text(dns, name, record);
	g_free(name);
}

START_TEST(equal_messages_are_one_row)
{
	publish("shop.example", "v=DMARC1; p=reject; sp=none; adkim=s; rua=mailto:r@shop.example");
	ck_assert(count("shop.example", "shop.example", "192.0.2.1", DMARC_POLICY_NONE));
	ck_assert(count("shop.example", "shop.example", "192.0.2.1", DMARC_POLICY_NONE));
	ck_assert(count("shop.example", NULL, "192.0.2.9", DMARC_POLICY_REJECT));
	take_all();
	ck_assert_str_eq(
	    told->str,
	    "shop.example to r@shop.example: Report Domain: shop.example Submitter: "
	    "mail.remote.example Report-ID: "
	    "<shop.example.1767600000.1767603600@mail.remote.example>\n"
	    "mail.remote.example!shop.example!1767600000!1767603600.xml.gz\n"
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">\n"
	    "  <version>1.0</version>\n"
	    "  <report_metadata>\n"
	    "    <org_name>mail.remote.example</org_name>\n"
	    "    <email>postmaster@remote.example</email>\n"
	    "    <report_id>shop.example.1767600000.1767603600@mail.remote.example</report_id>\n"
	    "    <date_range>\n"
	    "      <begin>1767600000</begin>\n"
	    "      <end>1767603600</end>\n"
	    "    </date_range>\n"
	    "    <generator>mailwire &lt;1&gt;</generator>\n"
	    "  </report_metadata>\n"
	    "  <policy_published>\n"
	    "    <domain>shop.example</domain>\n"
	    "    <discovery_method>treewalk</discovery_method>\n"
	    "    <p>reject</p>\n"
	    "    <sp>none</sp>\n"
	    "    <np>none</np>\n"
	    "    <adkim>s</adkim>\n"
	    "    <aspf>r</aspf>\n"
	    "    <testing>n</testing>\n"
	    "  </policy_published>\n"
	    "  <record>\n"
	    "    <row>\n"
	    "      <source_ip>192.0.2.1</source_ip>\n"
	    "      <count>2</count>\n"
	    "      <policy_evaluated>\n"
	    "        <disposition>pass</disposition>\n"
	    "        <dkim>fail</dkim>\n"
	    "        <spf>pass</spf>\n"
	    "      </policy_evaluated>\n"
	    "    </row>\n"
	    "    <identifiers>\n"
	    "      <header_from>shop.example</header_from>\n"
	    "    </identifiers>\n"
	    "    <auth_results>\n"
	    "    </auth_results>\n"
	    "  </record>\n"
	    "  <record>\n"
	    "    <row>\n"
	    "      <source_ip>192.0.2.9</source_ip>\n"
	    "      <count>1</count>\n"
	    "      <policy_evaluated>\n"
	    "        <disposition>reject</disposition>\n"
	    "        <dkim>fail</dkim>\n"
	    "        <spf>fail</spf>\n"
	    "      </policy_evaluated>\n"
	    "    </row>\n"
	    "    <identifiers>\n"
	    "      <header_from>shop.example</header_from>\n"
	    "    </identifiers>\n"
	    "    <auth_results>\n"
	    "    </auth_results>\n"
	    "  </record>\n"
	    "</feedback>\n"
	    "\n");
}
END_TEST

START_TEST(subdomains_are_in_the_report_of_their_policy)
{
	publish("shop.example", "v=DMARC1; p=none; rua=mailto:r@shop.example");
	fake_dns_add(dns, "www.shop.example", DNS_A, "192.0.2.1");
	ck_assert(count("www.shop.example", NULL, "192.0.2.1", DMARC_POLICY_NONE));
	take_all();
	ck_assert(g_str_has_prefix(told->str, "shop.example to r@shop.example"));
	ck_assert_ptr_nonnull(strstr(told->str, "<header_from>www.shop.example</header_from>"));
}
END_TEST

START_TEST(less_than_the_policy_has_a_reason)
{
	publish("shop.example", "v=DMARC1; p=reject; t=y; rua=mailto:r@shop.example");
	publish("bank.example", "v=DMARC1; p=reject; rua=mailto:r@bank.example");
	count("shop.example", NULL, "192.0.2.1", DMARC_POLICY_QUARANTINE);
	count("bank.example", NULL, "192.0.2.1", DMARC_POLICY_NONE);
	take_all();
	ck_assert_ptr_nonnull(strstr(told->str, "<type>policy_test_mode</type>"));
	ck_assert_ptr_nonnull(strstr(told->str, "<type>local_policy</type>"));
}
END_TEST

START_TEST(nobody_gets_what_was_not_asked_for)
{
	publish("shop.example", "v=DMARC1; p=reject");
	ck_assert(!count("shop.example", NULL, "192.0.2.1", DMARC_POLICY_REJECT));
	ck_assert(!count("bank.example", NULL, "192.0.2.1", DMARC_POLICY_NONE));
	take_all();
	ck_assert_str_eq(told->str, "");
}
END_TEST

START_TEST(what_was_reported_is_forgotten)
{
	publish("shop.example", "v=DMARC1; p=reject; rua=mailto:r@shop.example");
	count("shop.example", NULL, "192.0.2.1", DMARC_POLICY_REJECT);
	take_all();
	take_all();
	ck_assert_str_eq(told->str, "");
}
END_TEST

/* Whether xmllint accepts `xml`: by `schema`, or when that is NULL, as well-formed. */
static bool is_accepted(const char *xml, const char *schema)
{
	const char *const command[] = {
		"xmllint", "--noout", "--nonet", "-", schema != NULL ? "--schema" : NULL,
		schema,    NULL
	};
	g_autoptr(GSubprocess) process =
	    g_subprocess_newv(command,
			      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE |
				  G_SUBPROCESS_FLAGS_STDERR_SILENCE,
			      NULL);

	ck_assert_ptr_nonnull(process);
	ck_assert(g_subprocess_communicate_utf8(process, xml, NULL, NULL, NULL, NULL));
	return g_subprocess_get_successful(process);
}

static bool is_well_formed(const char *xml)
{
	return is_accepted(xml, NULL);
}

static bool is_valid(const char *xml)
{
	return is_accepted(xml, "tests/protocols/dmarc_report.xsd");
}

/* The schema is worth something only if it refuses what is wrong. */
static const struct {
	const char *right, *wrong;
} mistakes[] = {
	{">1.0<",					  ">2.0<"			   },
	{ "<p>reject</p>",				 "<p>delete</p>"                   },
	{ "<discovery_method>treewalk</discovery_method>",
         "<discovery_method>luck</discovery_method>"                                         },
	{ "<source_ip>192.0.2.1</source_ip>",              "<source_ip>shop</source_ip>"     },
	{ "<count>1</count>",			      "<count>0</count>"                },
	{ "<disposition>none</disposition>",               "<disposition>maybe</disposition>"},
	{ "<type>policy_test_mode</type>",                 "<type>mood</type>"               },
	{ "<identifiers>",				 "<spf>pass</spf><identifiers>"    },
	{ "xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\"",    ""                                },
};

START_TEST(reports_are_valid_by_the_schema)
{
	g_autofree char *program = g_find_program_in_path("xmllint");
	const char *xml;

	if (program == NULL) {
		puts("skipped: xmllint is not installed");
		ck_assert_ptr_null(g_getenv("MAILWIRE_CI"));
		return;
	}
	publish("shop.example", "v=DMARC1; p=reject; t=y; adkim=s; rua=mailto:r@shop.example");
	count("shop.example", "shop.example", "2001:db8::1", DMARC_POLICY_NONE);
	count("shop.example", "other.example", "192.0.2.1", DMARC_POLICY_NONE);
	take_all();
	xml = strstr(told->str, "<?xml");
	ck_assert(is_valid(xml));
	for (unsigned i = 0; i < G_N_ELEMENTS(mistakes); i++) {
		g_auto(GStrv) parts = g_strsplit(xml, mistakes[i].right, 2);
		g_autofree char *changed = g_strjoinv(mistakes[i].wrong, parts);

		ck_assert_msg(g_strv_length(parts) == 2, "no %s", mistakes[i].right);
		ck_assert_msg(is_well_formed(changed), "%s is not well-formed", mistakes[i].wrong);
		ck_assert_msg(!is_valid(changed), "%s is valid", mistakes[i].wrong);
	}
}
END_TEST

START_TEST(gzip_reads_the_same_text)
{
	char *folder = g_dir_make_tmp("mailwire-XXXXXX", NULL);
	char *file = g_build_filename(folder, "report.xml.gz", NULL);
	char *command = g_strdup_printf("gzip -dc %s", file), *text;
	gsize length;

	publish("shop.example", "v=DMARC1; p=reject; rua=mailto:r@shop.example");
	count("shop.example", NULL, "192.0.2.1", DMARC_POLICY_REJECT);
	take_all();
	ck_assert(g_file_set_contents(file, g_bytes_get_data(compressed, &length),
				      (gssize)g_bytes_get_size(compressed), NULL));
	ck_assert(g_spawn_command_line_sync(command, &text, NULL, NULL, NULL));
	ck_assert_ptr_nonnull(strstr(told->str, text));
	ck_assert_uint_gt(strlen(text), 500);
	unlink(file);
	rmdir(folder);
	g_free(text);
	g_free(command);
	g_free(file);
	g_free(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dmarc reports");
	TCase *tests = tcase_create("reports");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, equal_messages_are_one_row);
	tcase_add_test(tests, subdomains_are_in_the_report_of_their_policy);
	tcase_add_test(tests, less_than_the_policy_has_a_reason);
	tcase_add_test(tests, nobody_gets_what_was_not_asked_for);
	tcase_add_test(tests, what_was_reported_is_forgotten);
	tcase_add_test(tests, reports_are_valid_by_the_schema);
	tcase_add_test(tests, gzip_reads_the_same_text);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
