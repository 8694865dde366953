/*
 * tshark's verdict on the default capture of every scenario, with every checksum and FCS validated:
 * nothing malformed, nothing bad, and nothing to remark on but what the scenario itself brought about.
 */
#include <check.h>
#include "tests/app/program.h"
#include "tests/app/scenario_test.h"
#include "tests/app/watched.h"
#include "tests/views/tshark.h"

/* tshark's severities of its remarks ("expert information"). */
enum { SEVERITY_COMMENT = 0x00100000 };

/* What every TCP connection gives tshark to remark on. */
static const char *const ordinary[] = {
	"Connection establish request (SYN)",
	"Connection establish acknowledge (SYN+ACK)",
	"Connection finish (FIN)",
	"This frame initiates the connection closing",
	"This frame undergoes the connection closing",
	/* UDP to a port from 33434 on: that of a question to DNS, too. */
	"Possible traceroute",
	NULL,
};

/* What bad cables, closed ports and absent hosts bring about besides. */
static const char *const troubles[] = {
	"This frame is a (suspected) ",
	"This frame is a (suspected) fast retransmission",
	"This frame is a (suspected) spurious retransmission",
	"Duplicate ACK",
	"D-SACK Sequence",
	"Previous segment(s) not captured",
	"ACKed segment that wasn't captured",
	"A new tcp session is started with the same ports",
	"TCP keep-alive segment",
	"ACK to a TCP keep-alive segment",
	"Connection reset (RST)",
	"DNS query retransmission",
	"DNS response retransmission",
	"No response found to ICMP request",
	"The SYN packet does not contain",
	/* What is said by telnet need not be of the protocol. */
	"Trailing stray characters",
	NULL,
};

enum column {
	FCS,
	IP,
	TCP,
	UDP,
	ICMP,
	MALFORMED,
	SEVERITY,
	MESSAGE,
	RETRANSMISSION,
	PORT,
	COLUMN_COUNT
};

static const char *const fields[COLUMN_COUNT] = {
	[FCS] = "eth.fcs.status",
	[IP] = "ip.checksum.status",
	[TCP] = "tcp.checksum.status",
	[UDP] = "udp.checksum.status",
	[ICMP] = "icmp.checksum.status",
	[MALFORMED] = "_ws.malformed",
	[SEVERITY] = "_ws.expert.severity",
	[MESSAGE] = "_ws.expert.message",
	[RETRANSMISSION] = "tcp.analysis.retransmission",
	[PORT] = "tcp.srcport",
};

static GPtrArray *paths;

static char *judge(const char *capture)
{
	static const char *const preferences[] = {
		"eth.check_fcs:TRUE",
		"ip.check_checksum:TRUE",
		"tcp.check_checksum:TRUE",
		"udp.check_checksum:TRUE",
		/* Else it remarks on AUTH PLAIN that it is not allowed to decode base64. */
		"smtp.decryption:TRUE",
	};
	g_autoptr(GPtrArray) arguments = g_ptr_array_new();

	for (size_t i = 0; i < G_N_ELEMENTS(preferences); i++) {
		g_ptr_array_add(arguments, (char *)"-o");
		g_ptr_array_add(arguments, (char *)preferences[i]);
	}
	g_ptr_array_add(arguments, (char *)"-T");
	g_ptr_array_add(arguments, (char *)"fields");
	g_ptr_array_add(arguments, (char *)"-E");
	g_ptr_array_add(arguments, (char *)"aggregator=\x1f");
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		g_ptr_array_add(arguments, (char *)"-e");
		g_ptr_array_add(arguments, (char *)fields[i]);
	}
	g_ptr_array_add(arguments, (char *)"-r");
	g_ptr_array_add(arguments, NULL);
	return tshark_run("tshark", (const char *const *)arguments->pdata, capture);
}

static bool is_listed(const char *const *list, const char *message)
{
	while (*list != NULL && !g_str_has_prefix(message, *list))
		list++;
	return *list != NULL;
}

/* 1 is good; what an ICMP error quotes is cut and cannot be checked (2, 3). */
static bool is_good(const char *statuses)
{
	return *statuses == '\0' || (*statuses == '1' && strchr(statuses, '0') == NULL);
}

static char *complaint_about(char **column, bool may_be_troubled)
{
	g_auto(GStrv) severities = g_strsplit(column[SEVERITY], "\x1f", -1);
	g_auto(GStrv) messages = g_strsplit(column[MESSAGE], "\x1f", -1);

	bool is_quoted = column[ICMP][0] != '\0' && column[TCP][0] != '\0';

	/* Of a segment that an ICMP error quotes in part tshark sums up what is there. */
	if (is_quoted)
		column[TCP][0] = '\0';
	for (enum column i = FCS; i <= ICMP; i++)
		if (!is_good(column[i]))
			return g_strdup_printf("%s is %s", fields[i], column[i]);
	if (column[FCS][0] != '1')
		return g_strdup("the frame has no FCS");
	if (column[MALFORMED][0] != '\0')
		return g_strdup("malformed");
	for (guint i = 0; messages[i] != NULL; i++) {
		if (severities[i] != NULL && strtoul(severities[i], NULL, 0) == SEVERITY_COMMENT)
			continue;
		if (is_quoted && g_str_has_prefix(messages[i], "Bad checksum"))
			continue;
		if (!is_listed(ordinary, messages[i]) &&
		    !(may_be_troubled && is_listed(troubles, messages[i])))
			return g_strdup(messages[i]);
	}
	return NULL;
}

/* What tshark has against the capture, or NULL; counts what it takes for retransmissions. */
static char *verdict(const char *capture, bool may_be_troubled, unsigned *retransmissions)
{
	g_autofree char *text = judge(capture);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	char *complaint = NULL;

	*retransmissions = 0;
	for (guint i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++) {
		g_auto(GStrv) column = g_strsplit(lines[i], "\t", -1);
		char *here;

		ck_assert_uint_eq(g_strv_length(column), COLUMN_COUNT);
		*retransmissions += column[RETRANSMISSION][0] != '\0';
		here = complaint_about(column, may_be_troubled);
		if (here != NULL && complaint == NULL)
			complaint = g_strdup_printf("frame %u: %s", i + 1, here);
		g_free(here);
	}
	return complaint;
}

/* Whether the scenario itself cuts, spoils, breaks off or refuses something, or is as slow as a modem. */
static bool causes_trouble(const struct scenario *scenario)
{
	bool does = scenario->impairments->len > 0;

	for (guint i = 0; i < scenario->networks->len; i++)
		does |= scenario_is_dialled(scenario->networks->pdata[i]);
	for (guint i = 0; i < scenario->timeline->len; i++) {
		const struct scenario_action *action = scenario->timeline->pdata[i];

		does |= action->verb == DO_CUT || action->verb == DO_CRASH ||
			action->verb == DO_LOSE_DISK || action->verb == DO_TELNET;
	}
	for (guint i = 0; i < scenario->expectations->len; i++) {
		const struct scenario_expectation *expectation = scenario->expectations->pdata[i];

		does |= expectation->kind == EXPECT_CONNECTION || expectation->kind == EXPECT_PING;
	}
	return does;
}

/* Runs what is at `path` and lets tshark judge it; the trace must have counted the same. */
static char *verdict_on(const char *path, bool may_be_troubled, uint64_t expected)
{
	char *folder = folder_new(), *capture = path_in(folder, "run.pcapng");
	struct outcome *outcome = program_run("run", path, "--quiet", "--pcap", capture, NULL);
	unsigned retransmissions;
	char *complaint;

	ck_assert_msg(outcome->status <= 1, "%s: status %d: %.1000s", path, outcome->status,
		      outcome->err);
	complaint = verdict(capture, may_be_troubled, &retransmissions);
	ck_assert_msg(retransmissions == expected,
		      "%s: tshark counts %u retransmissions, the trace %u", path, retransmissions,
		      (unsigned)expected);
	outcome_free(outcome);
	g_free(capture);
	folder_remove(folder);
	return complaint;
}

static uint64_t retransmissions_of(struct scenario *scenario)
{
	struct watched *watched = watched_run(scenario, scenario->seed, TIME_NEVER, NULL, false);
	uint64_t count = watched->retransmissions;

	watched_free(watched);
	return count;
}

START_TEST(tshark_has_nothing_against_it)
{
	struct scenario *scenario;
	bool may_be_troubled;
	char *complaint;

	if (!tshark_has_program("tshark"))
		return;
	scenario = load_good_file(paths->pdata[_i]);
	may_be_troubled = causes_trouble(scenario);
	complaint = verdict_on(paths->pdata[_i], may_be_troubled, retransmissions_of(scenario));
	ck_assert_msg(complaint == NULL, "%s: %s", (char *)paths->pdata[_i], complaint);
}
END_TEST

static const char *const bad_cables[] = {
	"{link: all, loss: 3%}",
	"{link: all, loss: 2%, duplicate: 2%, reorder: 3%}",
	"{link: all, corrupt: 3%, jitter: 1ms}",
};

/* Every scenario on every kind of bad cables. */
START_TEST(on_bad_cables_it_counts_the_retransmissions_of_the_trace)
{
	const char *path = paths->pdata[_i / (int)G_N_ELEMENTS(bad_cables)];
	const char *cables = bad_cables[_i % (int)G_N_ELEMENTS(bad_cables)];
	char *text = impaired_text(path, cables);
	char *folder = folder_new(), *copy = scenario_write(folder, text);
	char *complaint;

	if (!tshark_has_program("tshark"))
		return;
	complaint = verdict_on(copy, true, retransmissions_of(scenario_of_text(text)));
	ck_assert_msg(complaint == NULL, "%s with %s: %s", path, cables, complaint);
	g_free(copy);
	g_free(text);
	folder_remove(folder);
}
END_TEST

/* Runs that must not pass: impairment, which frames are captured, what the complaint speaks of. */
static const struct {
	const char *cables, *capture, *complaint;
} corrupted[] = {
	{"{link: all, corrupt: 10%}",          "all",  "eth.fcs.status"             },
	{ "{link: uplink, corrupt-deep: 20%}", "all",  "checksum.status"            },
	{ "{link: all, corrupt: 10%}",         "sent", "This frame is a (suspected)"},
};

START_TEST(a_corrupted_run_does_not_pass)
{
	char *text = impaired_text("scenarios/office.yaml", corrupted[_i].cables);
	char *folder = folder_new(), *copy = scenario_write(folder, text);
	char *capture = path_in(folder, "run.pcapng"), *complaint;
	struct outcome *outcome = program_run("run", copy, "--quiet", "--pcap", capture,
					      "--capture", corrupted[_i].capture, NULL);
	unsigned retransmissions;

	if (!tshark_has_program("tshark"))
		return;
	ck_assert_msg(outcome->status <= 1, "%s", outcome->err);
	complaint = verdict(capture, _i < 2, &retransmissions);
	ck_assert_ptr_nonnull(complaint);
	ck_assert_msg(strstr(complaint, corrupted[_i].complaint) != NULL, "%s", complaint);
	outcome_free(outcome);
	g_free(complaint);
	g_free(capture);
	g_free(copy);
	g_free(text);
	folder_remove(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verdict");
	TCase *tests = tcase_create("verdict");

	paths = all_scenarios();
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, tshark_has_nothing_against_it, 0, (int)paths->len);
	tcase_add_loop_test(tests, on_bad_cables_it_counts_the_retransmissions_of_the_trace, 0,
			    (int)(paths->len * G_N_ELEMENTS(bad_cables)));
	tcase_add_loop_test(tests, a_corrupted_run_does_not_pass, 0, (int)G_N_ELEMENTS(corrupted));
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	g_ptr_array_free(paths, TRUE);
	return failed ? 1 : 0;
}
