/*
 * DMARC (RFC 9989), by what the stages "spf" and "dkim" before it have found. What is done with a
 * message that fails is the policy of the domain in From, and never more than the stage's own action.
 */
#include "protocols/authentic/authentication_results.h"
#include "protocols/authentic/dkim_verify.h"
#include "protocols/authentic/dmarc_report.h"
#include "protocols/authentic/spf.h"
#include "protocols/screening/inquiry.h"

static enum screen_verdict verdict_of(enum dmarc_result result)
{
	if (result == DMARC_PASS)
		return SCREEN_PASSED;
	return result == DMARC_FAIL ? SCREEN_FAILED : SCREEN_SKIPPED;
}

static char *evidence_of(const struct dmarc_outcome *outcome)
{
	GString *evidence = g_string_new(NULL);

	evidence_append(evidence, "result", dmarc_result_names[outcome->result]);
	if (outcome->from_domain != NULL)
		evidence_append(evidence, "from", outcome->from_domain);
	if (outcome->aligned_spf != NULL)
		evidence_append(evidence, "spf", outcome->aligned_spf);
	if (outcome->aligned_dkim != NULL)
		evidence_append(evidence, "dkim", outcome->aligned_dkim);
	if (outcome->record != NULL) {
		evidence_append(evidence, "record", outcome->policy_domain);
		evidence_append(evidence, outcome->policy_tag, dmarc_policy_names[outcome->policy]);
		if (outcome->record->is_testing)
			evidence_append(evidence, "t", "y");
	}
	if (outcome->problem != NULL)
		evidence_append(evidence, "problem", outcome->problem);
	return g_string_free(evidence, FALSE);
}

static char *fields_of(const struct stage *stage, const struct dmarc_outcome *outcome)
{
	struct authentication_results *results = authentication_results_new(stage_host_name(stage));
	struct authentication_result *result = authentication_results_add(
	    results, "dmarc", dmarc_result_names[outcome->result], outcome->problem);
	char *field;

	if (outcome->from_domain != NULL)
		authentication_result_add_property(result, "header", "from", outcome->from_domain);
	if (outcome->record != NULL) {
		authentication_result_add_property(result, "polrec", outcome->policy_tag,
						   dmarc_policy_names[outcome->policy]);
		authentication_result_add_property(result, "polrec", "domain",
						   outcome->policy_domain);
	}
	field = authentication_results_emit(results);
	authentication_results_free(results);
	return field;
}

static char *reply_of(const struct dmarc_outcome *outcome)
{
	if (outcome->result != DMARC_FAIL)
		return NULL;
	return g_strdup_printf("550 5.7.1 Email rejected per DMARC policy for %s",
			       outcome->policy_domain);
}

static enum screen_action action_of(const struct dmarc_outcome *outcome)
{
	static const enum screen_action actions[] = {
		[DMARC_POLICY_NONE] = SCREEN_ACCEPT,
		[DMARC_POLICY_QUARANTINE] = SCREEN_QUARANTINE,
		[DMARC_POLICY_REJECT] = SCREEN_REJECT,
	};

	return actions[outcome->disposition];
}

/* What was done, in the words of a policy: where it was refused or put away for less, that was so. */
static enum dmarc_policy disposition_of(const struct stage *stage,
					const struct dmarc_outcome *outcome)
{
	enum screen_action done = stage_limited(stage, action_of(outcome));

	if (outcome->result != DMARC_FAIL || done < SCREEN_QUARANTINE)
		return DMARC_POLICY_NONE;
	return done == SCREEN_QUARANTINE ? DMARC_POLICY_QUARANTINE : DMARC_POLICY_REJECT;
}

/* For the domain's report. Without a policy, or an answer, there is nothing to tell. */
static void tell(const struct stage *stage, const struct screen_run *run,
		 const struct dmarc_outcome *outcome)
{
	if (outcome->result != DMARC_PASS && outcome->result != DMARC_FAIL)
		return;
	stage_judged(stage, &(struct dmarc_judgement) {
				.client = client_address_v4(stage_case(run)->client_address),
				.dmarc = outcome,
				.spf = stage_kept(run, SCREEN_SPF),
				.dkim = stage_kept(run, SCREEN_DKIM),
				.disposition = disposition_of(stage, outcome),
			    });
}

static const struct dns_wish *wish(const void *check)
{
	return dmarc_check_wish(check);
}

static void answer(void *check, const struct dns_answer *with)
{
	dmarc_check_answer(check, with);
}

static void free_check(void *check)
{
	dmarc_check_free(check);
}

static void done(struct stage *stage, struct screen_run *run, void *check)
{
	const struct dmarc_outcome *outcome = dmarc_check_outcome(check);
	struct stage_answer found = {
		.verdict = verdict_of(outcome->result),
		.evidence = evidence_of(outcome),
		.fields = fields_of(stage, outcome),
		.reply = reply_of(outcome),
		.is_limited = true,
		.limit = action_of(outcome),
	};

	tell(stage, run, outcome);
	dmarc_check_free(check);
	stage_answer(run, found);
}

static const struct inquiry_check inquiry = { wish, answer, done, free_check };

/* Section 5.3.2: only MAIL FROM counts, and for a bounce the HELO name. */
static void take_spf(const struct spf_check *check, struct dmarc_request *request)
{
	const struct spf_outcome *outcome;

	if (check == NULL)
		return;
	outcome = spf_check_outcome(check);
	request->spf_domain = outcome->result == SPF_PASS ? outcome->domain : NULL;
	request->spf_may_pass_later = outcome->result == SPF_TEMPERROR;
}

static void take_dkim(const struct dkim_check *check, struct dmarc_request *request,
		      GPtrArray *domains)
{
	const struct dkim_finding *findings;
	unsigned count = 0;

	if (check == NULL)
		return;
	findings = dkim_check_findings(check, &count);
	for (unsigned i = 0; i < count; i++) {
		if (findings[i].result == DKIM_PASS)
			g_ptr_array_add(domains, (gpointer)findings[i].domain);
		request->dkim_may_pass_later |= findings[i].result == DKIM_TEMPERROR;
	}
	request->dkim_domains = (const char *const *)domains->pdata;
	request->dkim_count = domains->len;
}

static void dmarc_look(struct stage *stage, struct screen_run *run)
{
	const struct screen_case *subject = stage_case(run);
	struct dmarc_request request = { .spf_domain = NULL };
	GPtrArray *domains;
	char *from;
	gsize length;
	const uint8_t *data = g_bytes_get_data(subject->data, &length);

	if (subject->login != NULL) {
		stage_answer_trusted(run);
		return;
	}
	from = dmarc_from_domain((struct bytes) { data, length });
	domains = g_ptr_array_new();
	request.from_domain = from;
	take_spf(stage_kept(run, SCREEN_SPF), &request);
	take_dkim(stage_kept(run, SCREEN_DKIM), &request, domains);
	inquiry_start(stage, run, &inquiry, dmarc_check_new(&request));
	g_ptr_array_unref(domains);
	g_free(from);
}

static struct stage *dmarc_new(const struct screen_stage_config *config)
{
	(void)config;
	return g_new0(struct stage, 1);
}

const struct stage_type dmarc_stage = {
	.kind = SCREEN_DMARC,
	.moments = SCREEN_AT_MESSAGE,
	.fields = { { .name = AUTHENTICATION_RESULTS_FIELD, .names_the_host = true } },
	.create = dmarc_new,
	.check = dmarc_look,
	.forget = inquiry_forget,
};
