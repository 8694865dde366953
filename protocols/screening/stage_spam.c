/*
 * The spam filter: each rule that hits adds its points, and from a sum on the message is spam
 * (spam_rules.c). As in SpamAssassin, whose header fields these are: X-Spam-Flag, X-Spam-Level with
 * a star for each point, X-Spam-Status with the rules that hit. The reply is that of rspamd.
 */
#include <stdlib.h>
#include "protocols/screening/spam_rules.h"
#include "protocols/screening/stage.h"

#define REQUIRED_POINTS 5 /* SpamAssassin's required_score */
#define LEVEL_MAX       50
#define FIELD_LINE_MAX  76

struct spam_filter {
	struct stage stage;
	struct spam_patterns *patterns;
	int required_tenths;
};

static void append_points(GString *out, int tenths)
{
	g_string_append_printf(out, "%s%d.%d", tenths < 0 ? "-" : "", abs(tenths) / 10,
			       abs(tenths) % 10);
}

/* The rules that hit, commas between; returns their sum. */
static int score(struct spam_filter *filter, struct screen_run *run, GString *tests)
{
	struct spam_facts facts;
	int tenths = 0;

	spam_facts_init(&facts, filter->patterns, stage_case(run), stage_parts(run));
	for (unsigned i = 0; i < spam_rule_count; i++) {
		if (!spam_rules[i].hits(&facts))
			continue;
		tenths += spam_rules[i].tenths;
		g_string_append_printf(tests, "%s%s", tests->len > 0 ? "," : "",
				       spam_rules[i].name);
	}
	spam_facts_clear(&facts);
	if (tests->len == 0)
		g_string_append(tests, "none");
	return tenths;
}

/* "tests=GTUBE,MISSING_DATE", broken behind commas. */
static void append_tests(GString *out, const char *tests)
{
	char **names = g_strsplit(tests, ",", -1);
	size_t line = strlen("tests=");

	g_string_append(out, "\r\n\ttests=");
	for (char **name = names; *name != NULL; name++) {
		size_t length = strlen(*name) + 1;

		if (line + length > FIELD_LINE_MAX) {
			g_string_append(out, "\r\n\t");
			line = 0;
		}
		g_string_append_printf(out, "%s%s", *name, name[1] != NULL ? "," : "");
		line += length;
	}
	g_strfreev(names);
}

static char *fields_of(const struct spam_filter *filter, int tenths, const char *tests)
{
	bool is_spam = tenths >= filter->required_tenths;
	GString *out = g_string_new(is_spam ? "X-Spam-Flag: YES\r\n" : NULL);

	if (tenths >= 10) {
		g_string_append(out, "X-Spam-Level: ");
		for (int i = 0; i < MIN(tenths / 10, LEVEL_MAX); i++)
			g_string_append_c(out, '*');
		g_string_append(out, "\r\n");
	}
	g_string_append_printf(out, "X-Spam-Status: %s, score=", is_spam ? "Yes" : "No");
	append_points(out, tenths);
	g_string_append(out, " required=");
	append_points(out, filter->required_tenths);
	append_tests(out, tests);
	g_string_append(out, "\r\n");
	return g_string_free(out, FALSE);
}

static void spam_check(struct stage *stage, struct screen_run *run)
{
	struct spam_filter *filter = (struct spam_filter *)stage;
	GString *tests = g_string_new(NULL);
	int tenths = score(filter, run, tests);
	bool is_spam = tenths >= filter->required_tenths;
	GString *evidence = g_string_new("score=");

	append_points(evidence, tenths);
	g_string_append(evidence, "; required=");
	append_points(evidence, filter->required_tenths);
	g_string_append_printf(evidence, "; tests=%s", tests->str);
	stage_answer(run, (struct stage_answer) {
			      .verdict = is_spam ? SCREEN_FAILED : SCREEN_PASSED,
			      .evidence = g_string_free(evidence, FALSE),
			      .fields = fields_of(filter, tenths, tests->str),
			      .reply = is_spam ? g_strdup("554 5.7.1 Spam message rejected") : NULL,
			  });
	g_string_free(tests, TRUE);
}

static struct stage *spam_new(const struct screen_stage_config *config)
{
	struct spam_filter *filter = g_new0(struct spam_filter, 1);
	unsigned points = config->required_points != 0 ? config->required_points : REQUIRED_POINTS;

	filter->patterns = spam_patterns_new();
	filter->required_tenths = (int)points * 10;
	return &filter->stage;
}

static void spam_free(struct stage *stage)
{
	spam_patterns_free(((struct spam_filter *)stage)->patterns);
	g_free(stage);
}

const struct stage_type spam_stage = {
	.kind = SCREEN_SPAM,
	.moments = SCREEN_AT_MESSAGE,
	.fields = {{ .name = "X-Spam-Flag" },
                   { .name = "X-Spam-Level" },
                   { .name = "X-Spam-Status" }},
	.create = spam_new,
	.check = spam_check,
	.free = spam_free,
};
