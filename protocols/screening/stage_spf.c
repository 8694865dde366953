/*
 * SPF (RFC 7208) at RCPT, of the domain in MAIL FROM, or of the HELO name for a bounce. Only the result
 * "fail" fails; who logged in is not checked, for that is no mail from another server.
 */
#include "protocols/authentic/authentication_results.h"
#include "protocols/authentic/spf.h"
#include "protocols/mail/address.h"
#include "protocols/screening/inquiry.h"

static enum screen_verdict verdict_of(enum spf_result result)
{
	if (result == SPF_PASS)
		return SCREEN_PASSED;
	return result == SPF_FAIL ? SCREEN_FAILED : SCREEN_SKIPPED;
}

static char *evidence_of(const struct screen_case *subject, const struct spf_outcome *outcome)
{
	struct client_address client = client_address_v4(subject->client_address);
	GString *evidence = g_string_new(NULL);
	char text[CLIENT_ADDRESS_TEXT_BYTES];

	evidence_append(evidence, "result", spf_result_names[outcome->result]);
	evidence_append(evidence, subject->sender[0] != '\0' ? "mailfrom" : "helo",
			outcome->domain);
	evidence_append(evidence, "client", client_address_print(&client, text));
	if (outcome->mechanism != NULL)
		evidence_append(evidence, "mechanism", outcome->mechanism);
	if (outcome->problem != NULL)
		evidence_append(evidence, "problem", outcome->problem);
	evidence_append_count(evidence, "lookups", outcome->lookups);
	return g_string_free(evidence, FALSE);
}

static char *fields_of(const struct stage *stage, const struct screen_case *subject,
		       const struct spf_outcome *outcome)
{
	struct authentication_results *results = authentication_results_new(stage_host_name(stage));
	bool is_bounce = subject->sender[0] == '\0';
	char *field;

	authentication_result_add_property(
	    authentication_results_add(results, "spf", spf_result_names[outcome->result],
				       outcome->problem),
	    "smtp", is_bounce ? "helo" : "mailfrom", is_bounce ? outcome->domain : subject->sender);
	field = authentication_results_emit(results);
	authentication_results_free(results);
	return field;
}

/* Status of RFC 7372 section 3.2; an explanation is named as its domain's (RFC 7208 section 8.4). */
static char *reply_of(const struct screen_case *subject, const struct spf_outcome *outcome)
{
	char *explanation, *reply;

	if (outcome->result != SPF_FAIL)
		return NULL;
	explanation = evidence_value(outcome->explanation);
	reply = g_strdup_printf("550 5.7.23 <%s>: Recipient address rejected: SPF validation "
				"failed: %s%s%s",
				subject->recipient, outcome->is_explained ? outcome->domain : "",
				outcome->is_explained ? " explains: " : "", explanation);
	g_free(explanation);
	return reply;
}

static const struct dns_wish *wish(const void *check)
{
	return spf_check_wish(check);
}

static void answer(void *check, const struct dns_answer *with)
{
	spf_check_answer(check, with);
}

static void free_check(void *check)
{
	spf_check_free(check);
}

static void done(struct stage *stage, struct screen_run *run, void *check)
{
	const struct screen_case *subject = stage_case(run);
	const struct spf_outcome *outcome = spf_check_outcome(check);

	stage_keep(run, check, free_check);
	stage_answer(run, (struct stage_answer) {
			      .verdict = verdict_of(outcome->result),
			      .evidence = evidence_of(subject, outcome),
			      .fields = fields_of(stage, subject, outcome),
			      .reply = reply_of(subject, outcome),
			  });
}

static const struct inquiry_check inquiry = { wish, answer, done, free_check };

static void spf_look(struct stage *stage, struct screen_run *run)
{
	const struct screen_case *subject = stage_case(run);

	if (subject->login != NULL) {
		stage_answer_trusted(run);
		return;
	}
	inquiry_start(stage, run, &inquiry,
		      spf_check_new(&(struct spf_request) {
			  .client = client_address_v4(subject->client_address),
			  .helo = subject->helo,
			  .sender = subject->sender,
			  .receiver = stage_host_name(stage),
			  .unix_time = subject->unix_time,
		      }));
}

static struct stage *spf_new(const struct screen_stage_config *config)
{
	(void)config;
	return g_new0(struct stage, 1);
}

const struct stage_type spf_stage = {
	.kind = SCREEN_SPF,
	.moments = SCREEN_AT_RECIPIENT,
	.is_of_sender = true,
	.fields = { { .name = AUTHENTICATION_RESULTS_FIELD, .names_the_host = true } },
	.create = spf_new,
	.check = spf_look,
	.forget = inquiry_forget,
};
