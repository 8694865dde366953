/*
 * mailwire claims: all statements are there, verdicts come from the runs, and change when the decisive
 * setting does; mailwire glossary has what they point to.
 */
#include <check.h>
#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>
#include "app/claims.h"
#include "app/glossary.h"
#include "tests/app/program.h"

static const unsigned statements_of_texts[] = { 28, 26, 27, 13, 9 };

static struct claims *list; /* that which comes with the program */

/* Fails the test with what is wrong. */
static void fail_with(const struct diagnostics *diagnostics)
{
	g_autofree char *text = diagnostics_print(diagnostics);

	ck_abort_msg("%s", text);
}

static struct claims *load_text(const char *text)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct claims *claims = claims_load_bytes(bytes_of(text), "t", diagnostics);

	if (claims == NULL)
		fail_with(diagnostics);
	diagnostics_free(diagnostics);
	return claims;
}

/* Outcomes of `wanted`, or of one claim. */
static GPtrArray *run(const struct claims *claims, const GPtrArray *wanted, bool is_altered,
		      unsigned *runs)
{
	struct claims_run_options options = { .is_altered = is_altered };
	struct diagnostics *diagnostics = diagnostics_new();
	GPtrArray *outcomes = claims_run(claims, wanted, &options, diagnostics, runs);

	if (outcomes == NULL)
		fail_with(diagnostics);
	diagnostics_free(diagnostics);
	return outcomes;
}

static GPtrArray *run_one(const struct claims *claims, struct claim *claim, bool is_altered)
{
	g_autoptr(GPtrArray) wanted = g_ptr_array_new();
	unsigned runs;

	g_ptr_array_add(wanted, claim);
	return run(claims, wanted, is_altered, &runs);
}

START_TEST(every_statement_has_its_place)
{
	guint at = 0;

	for (unsigned text = 0; text < G_N_ELEMENTS(statements_of_texts); text++) {
		for (unsigned number = 1; number <= statements_of_texts[text]; number++, at++) {
			g_autofree char *id = g_strdup_printf("T%u-%u", text, number);

			ck_assert_uint_lt(at, list->list->len);
			ck_assert_str_eq(((struct claim *)list->list->pdata[at])->id, id);
		}
	}
	ck_assert_uint_eq(at, list->list->len);
	ck_assert_uint_eq(at, 103);
}
END_TEST

START_TEST(every_term_it_points_to_is_in_the_glossary)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct glossary *glossary = glossary_load(diagnostics);

	if (glossary == NULL)
		fail_with(diagnostics);
	for (guint i = 0; i < list->list->len; i++) {
		const struct claim *claim = list->list->pdata[i];

		ck_assert_msg(claim->glossary == NULL ||
				  glossary_find(glossary, claim->glossary) != NULL,
			      "%s: %s", claim->id, claim->glossary);
	}
	glossary_free(glossary);
	diagnostics_free(diagnostics);
}
END_TEST

START_TEST(a_contradiction_is_told_on_both_sides)
{
	for (guint i = 0; i < list->list->len; i++) {
		const struct claim *claim = list->list->pdata[i];

		for (guint k = 0; k < claim->contradicts->len; k++) {
			const struct claim *other = claims_find(list, claim->contradicts->pdata[k]);
			bool is_told = false;

			for (guint m = 0; m < other->contradicts->len; m++)
				is_told |= strcmp(other->contradicts->pdata[m], claim->id) == 0;
			ck_assert_msg(is_told, "%s says so of %s", claim->id, other->id);
		}
	}
}
END_TEST

static bool case_holds(const struct claim_outcome *outcome, unsigned index)
{
	return g_array_index(outcome->cases, struct case_outcome, index).holds;
}

/* With it changed, the case comes out the other way: not one of its lines alone. */
START_TEST(the_decisive_setting_decides)
{
	struct claim *claim = list->list->pdata[_i];
	g_autoptr(GPtrArray) before = run_one(list, claim, false);
	g_autoptr(GPtrArray) after = NULL;

	if (claim->cases->len == 0)
		return; /* told by the glossary */
	after = run_one(list, claim, true);
	bool held = case_holds(before->pdata[0], claim->decisive_case);
	bool holds = case_holds(after->pdata[0], claim->decisive_case);

	ck_assert_msg(held != holds, "%s, case %u: %s before and after", claim->id,
		      claim->decisive_case + 1, held ? "holds" : "does not hold");
}
END_TEST

/* What is expected and not seen must have been looked for where something can be seen. */
START_TEST(what_was_met_has_evidence)
{
	struct claim *claim = list->list->pdata[_i];
	g_autoptr(GPtrArray) outcomes = run_one(list, claim, false);
	const struct claim_outcome *outcome = outcomes->pdata[0];

	for (guint i = 0; i < outcome->cases->len; i++) {
		const GPtrArray *judgements =
		    g_array_index(outcome->cases, struct case_outcome, i).judgements;

		for (guint k = 0; k < judgements->len; k++) {
			const struct expect_judgement *judgement = judgements->pdata[k];

			ck_assert_msg(!judgement->is_met || judgement->range.least == 0 ||
					  judgement->counted->len > 0,
				      "%s: %s", claim->id, judgement->expected);
		}
	}
}
END_TEST

static const struct {
	const char *cases;
	enum claim_verdict verdict;
} verdicts[] = {
	{"[{scenario: hello, expect: {more: {bytes: 0.., node: bob-pc}, than: {stored: 0, node: "
	  "mail}}}]",								CLAIM_TRUE       },
	{ "[{scenario: hello, expect: {more: {stored: 0.., node: mail}, than: {bytes: 0.., node: "
	  "bob-pc}}}]",							      CLAIM_FALSE      },
	{ "[{scenario: hello, expect: {more: {bytes: 0.., node: bob-pc}, than: {bytes: 0.., node: "
	  "bob-pc}}}]",							      CLAIM_FALSE      },
	{ "[{scenario: hello, expect: {dropped: 0}}]\n    untested: why",                     CLAIM_PARTLY     },
	{ "[{scenario: hello, expect: {dropped: 1..}}]\n    untested: why",                   CLAIM_FALSE      },
	{ "[{scenario: hello, expect: {message: Hello, is: retrieved, by: bob}}]",            CLAIM_TRUE       },
	{ "[{scenario: hello, expect: {message: Hello, is: retrieved, times: 0}}]",           CLAIM_FALSE      },
	{ "[{scenario: hello, when: a, expect: {retransmissions: 0}},"
	  " {scenario: hello, when: b, set: {clients/bob/incoming: imap},"
	  "  expect: {message: Hello, is: retrieved, by: bob}}]",		    CLAIM_CONDITIONAL},
	{ "[{scenario: hello, expect: [{retransmissions: 0}, {retransmissions: 1..}]}]",
         CLAIM_FALSE											   },
	{ "[{scenario: hello, when: a, expect: {said: RETR, by: bob}},"
	  " {scenario: hello, when: b, expect: {said: LIST, by: bob, times: 0..}}]", CLAIM_TRUE       },
};

START_TEST(verdicts_come_from_the_cases)
{
	g_autofree char *text = g_strdup_printf("claims: 1\nstatements:\n  A-1:\n"
						"    statement: s\n    cases: %s\n"
						"    decisive: {set: {seed: 2}}\n",
						verdicts[_i].cases);
	struct claims *claims = load_text(text);
	g_autoptr(GPtrArray) outcomes = run_one(claims, claims->list->pdata[0], false);

	ck_assert_int_eq(((struct claim_outcome *)outcomes->pdata[0])->verdict,
			 verdicts[_i].verdict);
	g_clear_pointer(&outcomes, g_ptr_array_unref);
	claims_free(claims);
}
END_TEST

START_TEST(cases_with_the_same_settings_share_a_run)
{
	struct claims *claims =
	    load_text("claims: 1\nstatements:\n"
		      "  A-1: {statement: s, cases: [{scenario: hello, set: {seed: 2}, expect: "
		      "{dropped: 0}}], decisive: {set: {seed: 3}}}\n"
		      "  A-2: {statement: s, cases: [{scenario: hello, set: {seed: 2}, expect: "
		      "{retransmissions: 0}}], decisive: {set: {seed: 3}}}\n"
		      "  A-3: {statement: s, cases: [{scenario: hello, expect: "
		      "{retransmissions: 0}}], decisive: {set: {seed: 3}}}\n");
	unsigned runs = 0;
	g_autoptr(GPtrArray) outcomes = run(claims, claims->list, false, &runs);

	ck_assert_uint_eq(runs, 2);
	ck_assert_uint_eq(outcomes->len, 3);
	g_clear_pointer(&outcomes, g_ptr_array_unref);
	claims_free(claims);
}
END_TEST

/* `way` lines are met one after the other: those of another claim would hold them up. */
START_TEST(lines_in_order_have_a_run_of_their_own)
{
	struct claims *claims = load_text(
	    "claims: 1\nstatements:\n"
	    "  A-1: {statement: s, cases: [{scenario: nine-steps, expect: {way: Nine steps, step: "
	    "deliver}}], decisive: {set: {seed: 3}}}\n"
	    "  A-2: {statement: s, cases: [{scenario: nine-steps, expect: {way: Nine steps, step: "
	    "compose}}], decisive: {set: {seed: 3}}}\n");
	unsigned runs = 0;
	g_autoptr(GPtrArray) outcomes = run(claims, claims->list, false, &runs);

	ck_assert_uint_eq(runs, 2);
	for (guint i = 0; i < outcomes->len; i++)
		ck_assert_int_eq(((struct claim_outcome *)outcomes->pdata[i])->verdict, CLAIM_TRUE);
	g_clear_pointer(&outcomes, g_ptr_array_unref);
	claims_free(claims);
}
END_TEST

/* The README shows this frame: it is the one that Wireshark numbers so. */
START_TEST(evidence_names_the_frame)
{
	struct claims *claims =
	    load_text("claims: 1\nstatements:\n"
		      "  A-1: {statement: s, cases: [{scenario: office, expect: "
		      "{said: EHLO alice-pc, port: 587}}], decisive: {set: {seed: 3}}}\n");
	g_autoptr(GPtrArray) outcomes = run_one(claims, claims->list->pdata[0], false);
	const struct claim_outcome *outcome = outcomes->pdata[0];
	const struct expect_judgement *judgement =
	    g_array_index(outcome->cases, struct case_outcome, 0).judgements->pdata[0];
	const struct evidence *evidence = &g_array_index(judgement->counted, struct evidence, 0);

	ck_assert_uint_eq(evidence->frame, 28);
	ck_assert_int_eq(evidence->time_ns / 1000, 1076965);
	ck_assert_str_eq(evidence->text, "alice-pc → mail port 587: EHLO alice-pc.office.example");
	g_clear_pointer(&outcomes, g_ptr_array_unref);
	claims_free(claims);
}
END_TEST

/* What a program writes is in no packet yet: the frame is the one that carries it, as in the capture. */
START_TEST(what_is_written_names_the_frame_that_carries_it)
{
	static const char *const lines[] = {
		"frame 28, 1.076965 s  alice-pc  SMTP: unit, EHLO\n",
		"frame 31, 1.077185 s  alice-pc  SMTP: unit, AUTH\n",
		"frame 26, 1.076837 s  mail  SMTP: unit, greeting\n",
		"frame 30, 1.077052 s  mail  SMTP: unit, completed\n",
	};
	struct outcome *outcome = program_run("claims", "T0-6", NULL);

	ck_assert_status(outcome, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
		ck_assert_msg(strstr(outcome->out, lines[i]) != NULL, "%s", lines[i]);
	outcome_free(outcome);
}
END_TEST

/* The frame of the first evidence for an expectation. */
static uint64_t first_frame(const struct claim_outcome *outcome, guint index)
{
	const GPtrArray *judgements =
	    g_array_index(outcome->cases, struct case_outcome, 0).judgements;
	const struct expect_judgement *judgement = judgements->pdata[index];

	ck_assert_uint_gt(judgement->counted->len, 0);
	return g_array_index(judgement->counted, struct evidence, 0).frame;
}

/* In TLS likewise: what the layer tells and what is said are in the same frame. */
START_TEST(in_tls_it_names_the_same_frame)
{
	struct claims *claims = load_text(
	    "claims: 1\nstatements:\n"
	    "  A-1: {statement: s, cases: [{scenario: office, set: {servers/mail/tls: valid, "
	    "clients/alice/security: tls}, expect: ["
	    "{layer: smtp, node: alice-pc, passage: put-on}, "
	    "{said: EHLO, by: alice-pc, port: 465}]}], decisive: {set: {seed: 3}}}\n");
	g_autoptr(GPtrArray) outcomes = run_one(claims, claims->list->pdata[0], false);
	uint64_t frame = first_frame(outcomes->pdata[0], 0);

	ck_assert_uint_gt(frame, 0);
	ck_assert_uint_eq(frame, first_frame(outcomes->pdata[0], 1));
	g_clear_pointer(&outcomes, g_ptr_array_unref);
	claims_free(claims);
}
END_TEST

/* One more router on the way, and "a single router" does not hold. */
START_TEST(a_second_router_is_noticed)
{
	g_autofree char *text = NULL;
	g_autoptr(GString) changed = NULL;

	ck_assert(g_file_get_contents("scenarios/claims.yaml", &text, NULL, NULL));
	changed = g_string_new(text);
	ck_assert_uint_eq(
	    g_string_replace(changed, "{networks/guests: {}, routers/gw/interfaces/+: guests}",
			     "{networks/inner: {}, routers/second: {interfaces: [client-lan, "
			     "inner]}, routers/gw/interfaces: [inner, server-lan, uplink]}",
			     1),
	    1);
	struct claims *claims = load_text(changed->str);
	struct claim *claim = (struct claim *)claims_find(claims, "T0-4");
	g_autoptr(GPtrArray) before = run_one(claims, claim, false);
	g_autoptr(GPtrArray) after = run_one(claims, claim, true);

	ck_assert_int_eq(((struct claim_outcome *)before->pdata[0])->verdict, CLAIM_TRUE);
	ck_assert_int_eq(((struct claim_outcome *)after->pdata[0])->verdict, CLAIM_FALSE);
	g_clear_pointer(&before, g_ptr_array_unref);
	g_clear_pointer(&after, g_ptr_array_unref);
	claims_free(claims);
}
END_TEST

/* A command that is too long for a line ends it with a backslash, so that a shell goes on. */
START_TEST(commands_can_be_copied)
{
	struct outcome *outcome = program_run("claims", "T0-27", NULL);
	const char *command = strstr(outcome->out, "mailwire run port-25-587 --set ");

	ck_assert_ptr_nonnull(command);
	g_autofree char *two = g_strndup(command, strcspn(strchr(command, '\n') + 1, "\n") +
						      strcspn(command, "\n") + 1);
	ck_assert_str_eq(two, "mailwire run port-25-587 --set servers/mail/tls=valid \\\n"
			      "             --set clients/alice/security=tls");
	outcome_free(outcome);
}
END_TEST

static const char *const refused[][2] = {
	{"claims: 2\nstatements: {}",							     "it starts with the line `claims: 1`"      },
	{ "claims: 1\nstatements: {A-1: {statement: s, verdict: true}}",
         "a claim has no key `verdict`"												      },
	{ "claims: 1\nstatements: {A-1: {statement: s}}",
         "needs `cases` that test it, or `glossary`"											 },
	{ "claims: 1\nstatements: {A-1: {statement: s, glossary: x, see: A-2}}",
         "there is no claim `A-2`"													   },
	{ "claims: 1\nstatements: {A-1: {statement: s, cases: [{scenario: hello, expect: "
	  "{dropped: 0}}]}}",							    "needs the key `decisive`"                 },
	{ "claims: 1\nstatements: {A-1: {statement: s, cases: [{scenario: hello, expct: "
	  "{dropped: 0}}], decisive: {set: {seed: 1}}}}",				"did you mean `expect`?"                   },
	{ "claims: 1\nstatements: {A-1: {statement: s, cases: [{scenario: hello, expect: {dropped: "
	  "0}}, {scenario: hello, expect: {dropped: 0}}], decisive: {set: {seed: 1}}}}", "needs the key `when`"                     },
	{ "claims: 1\nstatements: {A-1: {statement: s, cases: [{scenario: hello, expect: {dropped: "
	  "0}}], decisive: {case: 2, set: {seed: 1}}}}",				 "there is no case 2"                       },
	{ "claims: 1\nstatements: {A-1: {statement: s, cases: [{scenario: hello, expect: {more: "
	  "{dropped: 0}}}], decisive: {set: {seed: 1}}}}",			       "a comparison needs both `more` and `than`"},
	{ "claims: 1\nstatements: [",							     "not YAML"                                 },
};

START_TEST(a_wrong_list_is_refused)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct claims *claims = claims_load_bytes(bytes_of(refused[_i][0]), "t", diagnostics);
	g_autofree char *text = diagnostics_print(diagnostics);

	ck_assert_ptr_null(claims);
	ck_assert_msg(strstr(text, refused[_i][1]) != NULL, "%s", text);
	diagnostics_free(diagnostics);
}
END_TEST

/* Calls, their exit status, and what they say. */
static const struct {
	const char *arguments[5];
	int status;
	const char *said; /* on standard output, or error when the status is not 0 */
} calls[] = {
	{{ "claims", "T3-7" },                            0, "✗ false"					       },
	{ { "claims", "T3-7", "--alter" },                0, "with the setting that decides changed"                   },
	{ { "claims", "T2-2" },                           0, "No run can show: That most people do so"                 },
	{ { "claims", "T0-23" },                          0, "connections from mail to remote-mail established: 1 time"},
	{ { "claims", "T0-2" },                           0, "No run can show: That it is the only one"                },
	{ { "claims", "T1-16" },                          0, "◐ true under conditions"                               },
	{ { "claims", "T1-6" },                           0, "No run can show: That it is older"                       },
	{ { "claims", "T4-8", "T1-5" },                   0, "Contradicts T1-5"                                        },
	{ { "claims", "T1-13" },                          0, "1 claim, 0 runs: 1 in the glossary"                      },
	{ { "claims", "T4", "--list" },                   0, "T4-9   Whoever reads mail"                               },
	{ { "claims", "T9-1" },                           2, "there is no claim \"T9-1\"; did you mean T"              },
	{ { "claims", "--format", "xml" },                2, "none of text and json"                                   },
	{ { "claims", "--file", "scenarios/hello.yaml" },
         2,						  "it starts with the line `claims: 1`"                     },
	{ { "glossary" },				 0, "photocopy"					       },
	{ { "glossary", "post-office", "box" },           0, "Where it breaks: One can take copies"                    },
	{ { "glossary", "Flyer" },                        0, "photocopy, also flier"                                   },
	{ { "glossary", "postmen" },                      2, "did you mean \"postman\"?"                               },
};

START_TEST(the_commands_answer)
{
	struct outcome *outcome = program_run_in(
	    NULL, (const char *const[]) { calls[_i].arguments[0], calls[_i].arguments[1],
					  calls[_i].arguments[2], calls[_i].arguments[3], NULL });
	const char *said = calls[_i].status == 0 ? outcome->out : outcome->err;

	ck_assert_status(outcome, calls[_i].status);
	ck_assert_msg(strstr(said, calls[_i].said) != NULL, "%s", said);
	outcome_free(outcome);
}
END_TEST

START_TEST(lines_fit_the_page)
{
	struct outcome *outcome = program_run("claims", "T1", NULL);
	g_auto(GStrv) lines = g_strsplit(outcome->out, "\n", -1);

	ck_assert_status(outcome, 0);
	for (char **line = lines; *line != NULL; line++)
		ck_assert_msg(g_utf8_strlen(*line, -1) <= 80, "%s", *line);
	outcome_free(outcome);
}
END_TEST

START_TEST(programs_get_the_same_and_each_time)
{
	struct outcome *once = program_run("claims", "T0", "T3", "--format", "json", NULL);
	struct outcome *again = program_run("claims", "T0", "T3", "--format", "json", NULL);
	g_autoptr(JsonParser) parser = json_parser_new();
	g_autoptr(GError) error = NULL;

	ck_assert_status(once, 0);
	ck_assert_str_eq(once->out, again->out);
	ck_assert_msg(json_parser_load_from_data(parser, once->out, -1, &error), "%s",
		      error == NULL ? "" : error->message);
	JsonArray *claims = json_node_get_array(json_parser_get_root(parser));

	ck_assert_uint_eq(json_array_get_length(claims), 28 + 13);
	ck_assert_str_eq(
	    json_object_get_string_member(json_array_get_object_element(claims, 0), "verdict"),
	    "true");
	for (const char *at = once->out; *at != '\0'; at++)
		ck_assert_msg(*at == '\n' || !g_ascii_iscntrl(*at), "a control character: %d", *at);
	outcome_free(once);
	outcome_free(again);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, every_statement_has_its_place);
	tcase_add_test(tests, every_term_it_points_to_is_in_the_glossary);
	tcase_add_test(tests, a_contradiction_is_told_on_both_sides);
	tcase_add_loop_test(tests, the_decisive_setting_decides, 0, (int)list->list->len);
	tcase_add_loop_test(tests, what_was_met_has_evidence, 0, (int)list->list->len);
	tcase_add_loop_test(tests, verdicts_come_from_the_cases, 0, G_N_ELEMENTS(verdicts));
	tcase_add_test(tests, cases_with_the_same_settings_share_a_run);
	tcase_add_test(tests, lines_in_order_have_a_run_of_their_own);
	tcase_add_test(tests, evidence_names_the_frame);
	tcase_add_test(tests, what_is_written_names_the_frame_that_carries_it);
	tcase_add_test(tests, in_tls_it_names_the_same_frame);
	tcase_add_test(tests, a_second_router_is_noticed);
	tcase_add_test(tests, commands_can_be_copied);
	tcase_add_loop_test(tests, a_wrong_list_is_refused, 0, G_N_ELEMENTS(refused));
	tcase_add_loop_test(tests, the_commands_answer, 0, G_N_ELEMENTS(calls));
	tcase_add_test(tests, lines_fit_the_page);
	tcase_add_test(tests, programs_get_the_same_and_each_time);
}

int main(void)
{
	Suite *suite = suite_create("claims");
	TCase *tests = tcase_create("claims");
	struct diagnostics *diagnostics = diagnostics_new();

	list = claims_load("scenarios/claims.yaml", diagnostics);
	if (list == NULL) {
		g_autofree char *text = diagnostics_print(diagnostics);

		g_error("%s", text);
	}
	diagnostics_free(diagnostics);
	tcase_set_timeout(tests, 120);
	add_tests(tests);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	claims_free(list);
	return failed ? 1 : 0;
}
