/* What every view tells of a screening: log, report, JSON, comments in a capture, and expectations. */
#include <check.h>
#include "tests/app/program.h"
#include "tests/app/scenario_test.h"

#define SCENARIO "scenarios/screen-virus-fail.yaml"
#define EVIDENCE                                                                                   \
	"signature=Eicar-Signature; part=2; type=application/octet-stream; encoding=base64; "      \
	"file=invoice.com; scanned=2"

static void expect_in(const char *text, const char *wanted)
{
	ck_assert_msg(strstr(text, wanted) != NULL, "no \"%s\" in: %.3000s", wanted, text);
}

START_TEST(the_log_and_the_report_tell_who_found_what)
{
	struct outcome *log = program_run("run", SCENARIO, "--columns", "400", NULL);
	struct outcome *report = program_run("run", SCENARIO, "-q", "--report", NULL);

	ck_assert_status(log, 0);
	expect_in(log->out,
		  "mail (MSA)       ✉ mail 1  checked  virus failed, reject: " EVIDENCE "\n");
	expect_in(log->out,
		  "remote-mail (MTA) ✉ mail 2  checked  virus failed, quarantine: " EVIDENCE "\n");
	expect_in(log->out, "mail (MSA)       ✉ mail 3  checked  virus passed: scanned=1\n");
	expect_in(report->out, "virus failed, quarantine: " EVIDENCE "\n");
	outcome_free(report);
	outcome_free(log);
}
END_TEST

START_TEST(json_has_stage_verdict_action_and_evidence)
{
	struct outcome *json = program_run("run", SCENARIO, "--format", "json", NULL);

	ck_assert_status(json, 0);
	expect_in(json->out, "\"stage\":\"virus\",\"verdict\":\"failed\",\"action\":\"reject\","
			     "\"evidence\":\"" EVIDENCE "\"");
	expect_in(json->out, "\"stage\":\"virus\",\"verdict\":\"passed\",\"action\":\"accept\"");
	outcome_free(json);
}
END_TEST

/* It stands in the block of that packet, behind its bytes. */
START_TEST(the_reply_in_a_capture_has_the_finding_as_its_comment)
{
	char *folder = folder_new(), *path = path_in(folder, "x.pcapng");
	struct outcome *run = program_run("run", SCENARIO, "-q", "--pcap", path, NULL);

	ck_assert_status(run, 0);
	GBytes *bytes = file_read(path);
	gsize length;
	const char *capture = g_bytes_get_data(bytes, &length);

	const char *said = memmem(capture, length, "550 5.7.1 Virus found: Eicar-Signature", 38);
	const char *comment = memmem(capture, length, "; screening: virus failed, reject: ", 35);

	ck_assert_ptr_nonnull(said);
	ck_assert_ptr_nonnull(comment);
	ck_assert_int_gt(comment - said, 0);
	ck_assert_int_lt(comment - said, 400);
	g_bytes_unref(bytes);
	outcome_free(run);
	g_free(path);
	folder_remove(folder);
}
END_TEST

#define WORLD                                                                                      \
	"mailwire: 1\n"                                                                            \
	"networks: {lan: {subnet: 192.0.2.0/24}}\n"                                                \
	"hosts: {a-pc: {network: lan}, mail: {network: lan}}\n"                                    \
	"domains: {d.example: {accounts: {a: , b: }}}\n"                                           \
	"servers: {mail: {screening: [virus, spam]}}\n"                                            \
	"clients: {a: {host: a-pc}}\n"                                                             \
	"timeline: [{at: 1s, who: a, do: send, to: b, subject: Hello}]\n"                          \
	"expect:\n  - "

/* What an expectation names must be so, each for itself. */
static const struct {
	const char *line;
	int status;
} expectations[] = {
	{"{screening: virus, verdict: passed, times: 1}",                              0},
	{ "{screening: virus, verdict: failed}",                                       1},
	{ "{screening: content, verdict: passed}",                                     1},
	{ "{screening: virus, verdict: passed, action: accept, times: 1}",             0},
	{ "{screening: virus, verdict: passed, action: tag}",                          1},
	{ "{screening: spam, verdict: passed, evidence: tests=ALL_TRUSTED, times: 1}", 0},
	{ "{screening: spam, verdict: passed, evidence: tests=GTUBE}",                 1},
	{ "{screening: virus, verdict: passed, by: mail, subject: Hello, times: 1}",   0},
	{ "{screening: virus, verdict: passed, by: a}",                                1},
};

START_TEST(an_expectation_counts_what_it_names)
{
	char *folder = folder_new();
	char *yaml = g_strconcat(WORLD, expectations[_i].line, "\n", NULL);
	char *path = scenario_write(folder, yaml);
	struct outcome *run = program_run("run", path, "-q", NULL);

	ck_assert_status(run, expectations[_i].status);
	outcome_free(run);
	g_free(path);
	g_free(yaml);
	folder_remove(folder);
}
END_TEST

/* RFC 9990 section 4: who consents to take reports may say where, on the same host and nowhere else. */
START_TEST(consent_may_name_another_address)
{
	struct outcome *run = program_run(
	    "run", "scenarios/dmarc-reports.yaml", "-q", "--set",
	    "domains/watch.example/records=[{name: shop.example._report._dmarc, type: TXT, "
	    "value: \"v=DMARC1; rua=mailto:other@watch.example,mailto:bob@remote.example\"}]",
	    "--set", "domains/watch.example/accounts/other=x", "--set",
	    "expect=[{mailbox: other@watch.example, messages: 1}, {mailbox: shop@watch.example, "
	    "messages: 0}, {mailbox: alice@bank.example, messages: 1}, "
	    "{mailbox: bob@remote.example, messages: 3}]",
	    NULL);

	ck_assert_status(run, 0);
	outcome_free(run);
}
END_TEST

/* The shop names two addresses of watch.example, and one of them twice; both are to go to a third. */
START_TEST(a_report_goes_to_an_address_once)
{
	struct outcome *run = program_run(
	    "run", "scenarios/dmarc-reports.yaml", "-q", "--set",
	    "domains/watch.example/records=[{name: shop.example._report._dmarc, type: TXT, "
	    "value: \"v=DMARC1; rua=mailto:other@watch.example,mailto:Other@watch.example\"}]",
	    "--set",
	    "domains/shop.example/records=[{type: TXT, value: \"v=spf1 mx ~all\"}, {name: _dmarc, "
	    "type: TXT, value: \"v=DMARC1; p=quarantine; rua=mailto:shop@watch.example,"
	    "mailto:two@watch.example,mailto:carol@shop.example,mailto:carol@shop.example\"}]",
	    "--set", "domains/watch.example/accounts/other=x", "--set",
	    "expect=[{said: \"RCPT TO:<other@\", times: 1}, {mailbox: other@watch.example, "
	    "messages: 1}, {mailbox: carol@shop.example, messages: 1}]",
	    NULL);

	ck_assert_status(run, 0);
	outcome_free(run);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("screened");
	TCase *views = tcase_create("views");

	tcase_set_timeout(views, 120);
	tcase_add_test(views, the_log_and_the_report_tell_who_found_what);
	tcase_add_test(views, json_has_stage_verdict_action_and_evidence);
	tcase_add_test(views, the_reply_in_a_capture_has_the_finding_as_its_comment);
	tcase_add_loop_test(views, an_expectation_counts_what_it_names, 0,
			    G_N_ELEMENTS(expectations));
	tcase_add_test(views, consent_may_name_another_address);
	tcase_add_test(views, a_report_goes_to_an_address_once);
	suite_add_tcase(suite, views);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
