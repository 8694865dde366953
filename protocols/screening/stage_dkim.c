/*
 * DKIM (RFC 6376) of the message as it came. One that has no signature passes by: only DMARC can tell
 * whether there had to be one. It fails when every signature fails.
 */
#include "protocols/authentic/authentication_results.h"
#include "protocols/authentic/dkim_verify.h"
#include "protocols/screening/inquiry.h"

static enum screen_verdict verdict_of(enum dkim_result result)
{
	switch (result) {
	case DKIM_PASS:
		return SCREEN_PASSED;
	case DKIM_FAIL:
	case DKIM_PERMERROR:
	case DKIM_POLICY:
		return SCREEN_FAILED;
	default:
		return SCREEN_SKIPPED;
	}
}

/* Of the signature that decides: the first with the result of the whole. */
static const struct dkim_finding *decisive(const struct dkim_check *check)
{
	unsigned count;
	const struct dkim_finding *findings = dkim_check_findings(check, &count);

	for (unsigned i = 0; i < count; i++)
		if (findings[i].result == dkim_check_result(check))
			return &findings[i];
	return NULL;
}

static char *evidence_of(const struct dkim_check *check)
{
	const struct dkim_finding *finding = decisive(check);
	GString *evidence = g_string_new(NULL);
	unsigned count;

	dkim_check_findings(check, &count);
	evidence_append(evidence, "result", dkim_result_names[dkim_check_result(check)]);
	evidence_append_count(evidence, "signatures", count);
	if (finding != NULL && finding->domain != NULL) {
		evidence_append(evidence, "d", finding->domain);
		evidence_append(evidence, "s", finding->selector);
		evidence_append(evidence, "a", finding->algorithm);
	}
	if (finding != NULL && finding->problem != NULL)
		evidence_append(evidence, "problem", finding->problem);
	return g_string_free(evidence, FALSE);
}

/* header.b is the start of the signature, which tells several apart (RFC 6008). */
static void add_finding(struct authentication_results *results, const struct dkim_finding *finding)
{
	struct authentication_result *result = authentication_results_add(
	    results, "dkim", dkim_result_names[finding->result], finding->problem);
	char *start;

	if (finding->domain == NULL)
		return;
	start = g_strndup(finding->data, 8);
	authentication_result_add_property(result, "header", "d", finding->domain);
	authentication_result_add_property(result, "header", "s", finding->selector);
	authentication_result_add_property(result, "header", "a", finding->algorithm);
	authentication_result_add_property(result, "header", "b", start);
	g_free(start);
}

static char *fields_of(const struct stage *stage, const struct dkim_check *check)
{
	struct authentication_results *results = authentication_results_new(stage_host_name(stage));
	unsigned count;
	const struct dkim_finding *findings = dkim_check_findings(check, &count);
	char *field;

	for (unsigned i = 0; i < count; i++)
		add_finding(results, &findings[i]);
	if (count == 0)
		authentication_results_add(results, "dkim", dkim_result_names[DKIM_NONE], NULL);
	field = authentication_results_emit(results);
	authentication_results_free(results);
	return field;
}

/* Status of RFC 7372 section 3.1. */
static char *reply_of(const struct dkim_check *check)
{
	const struct dkim_finding *finding = decisive(check);

	if (verdict_of(dkim_check_result(check)) != SCREEN_FAILED)
		return NULL;
	return g_strdup_printf("550 5.7.20 No passing DKIM signature found: %s", finding->problem);
}

static const struct dns_wish *wish(const void *check)
{
	return dkim_check_wish(check);
}

static void answer(void *check, const struct dns_answer *with)
{
	dkim_check_answer(check, with);
}

static void free_check(void *check)
{
	dkim_check_free(check);
}

static void done(struct stage *stage, struct screen_run *run, void *check)
{
	stage_keep(run, check, free_check);
	stage_answer(run, (struct stage_answer) {
			      .verdict = verdict_of(dkim_check_result(check)),
			      .evidence = evidence_of(check),
			      .fields = fields_of(stage, check),
			      .reply = reply_of(check),
			  });
}

static const struct inquiry_check inquiry = { wish, answer, done, free_check };

static void dkim_look(struct stage *stage, struct screen_run *run)
{
	const struct screen_case *subject = stage_case(run);
	gsize length;
	const uint8_t *data = g_bytes_get_data(subject->data, &length);

	if (subject->login != NULL)
		stage_answer_trusted(run);
	else
		inquiry_start(stage, run, &inquiry,
			      dkim_check_new((struct bytes) { data, length }, subject->unix_time));
}

static struct stage *dkim_new(const struct screen_stage_config *config)
{
	(void)config;
	return g_new0(struct stage, 1);
}

const struct stage_type dkim_stage = {
	.kind = SCREEN_DKIM,
	.moments = SCREEN_AT_MESSAGE,
	.fields = { { .name = AUTHENTICATION_RESULTS_FIELD, .names_the_host = true } },
	.create = dkim_new,
	.check = dkim_look,
	.forget = inquiry_forget,
};
