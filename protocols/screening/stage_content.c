/*
 * The content filter: rules of the scenario, regular expressions as Postfix's header_checks and
 * body_checks have them, but on what a reader sees: encoded words and parts decoded, converted to
 * UTF-8. The first rule that matches decides. X-Content-Filter says which.
 */
#include <string.h>
#include "protocols/screening/stage.h"

#define CONTENT_TEXT_MAX (1024 * 1024) /* octets of a part's text that are searched */

struct content_rule {
	char *name;
	GRegex *regex;
	unsigned places;
};

struct content_filter {
	struct stage stage;
	struct content_rule *rules;
	unsigned count;
};

/* What matched, and where. */
struct match {
	const struct content_rule *rule;
	enum screen_place place;
	const struct screen_part *part; /* NULL: the header */
	unsigned line;                  /* of the text, from 1 */
	char *text;                     /* that matched */
};

static GRegex *compile(const char *pattern, GError **error)
{
	return g_regex_new(pattern, G_REGEX_MULTILINE | G_REGEX_OPTIMIZE, 0, error);
}

char *screen_pattern_error(const char *pattern)
{
	GError *error = NULL;
	GRegex *regex = compile(pattern, &error);
	char *text = error != NULL ? g_strdup(error->message) : NULL;

	g_clear_error(&error);
	g_clear_pointer(&regex, g_regex_unref);
	return text;
}

static unsigned count_lines(const char *text, int until)
{
	unsigned lines = 1;

	for (int i = 0; i < until; i++)
		lines += text[i] == '\n';
	return lines;
}

/* A search that GRegex gives up (its match limit) has found nothing. */
static bool find(const struct content_rule *rule, const char *text, struct match *match)
{
	GMatchInfo *info;
	int from = 0, to = 0;
	bool is_found = g_regex_match(rule->regex, text, 0, &info);

	if (is_found) {
		g_match_info_fetch_pos(info, 0, &from, &to);
		match->rule = rule;
		match->line = count_lines(text, from);
		match->text = g_strndup(text + from, (gsize)(to - from));
	}
	g_match_info_free(info);
	return is_found;
}

/* "Name: value" of a field, unfolded and its words decoded. */
static char *readable_field(struct bytes field)
{
	const uint8_t *colon = bytes_find_byte(field, ':');
	size_t length = colon == NULL ? 0 : (size_t)(colon - field.data);
	char *name = g_strndup((const char *)field.data, length);
	char *raw = message_header(field, name);
	char *value = message_decode_words(raw != NULL ? raw : "");
	char *readable = g_strdup_printf("%s: %s", name, value);
	char *valid = g_utf8_make_valid(readable, -1);

	g_free(readable);
	g_free(value);
	g_free(raw);
	g_free(name);
	return valid;
}

static bool find_in_header(const struct content_rule *rule, GBytes *data, struct match *match)
{
	gsize length;
	const uint8_t *octets = g_bytes_get_data(data, &length);
	struct bytes rest = message_header_section((struct bytes) { octets, length });
	bool is_found = false;

	while (rest.length > 0 && !is_found) {
		struct bytes field = bytes_first(rest, message_field_length(rest));
		char *readable = readable_field(field);

		is_found = find(rule, readable, match);
		rest = bytes_from(rest, field.length);
		g_free(readable);
	}
	match->place = SCREEN_IN_HEADER;
	return is_found;
}

static bool find_in_text(const struct content_rule *rule, const struct screen_part *part,
			 struct match *match)
{
	if (!screen_part_is_text(part))
		return false;
	char *text = screen_part_text(part);

	if (strlen(text) > CONTENT_TEXT_MAX) {
		char *end = g_utf8_find_prev_char(text, text + CONTENT_TEXT_MAX);

		*end = '\0';
	}
	bool is_found = find(rule, text, match);

	match->place = SCREEN_IN_TEXT;
	match->part = part;
	g_free(text);
	return is_found;
}

static bool find_in_name(const struct content_rule *rule, const struct screen_part *part,
			 struct match *match)
{
	if (part->file == NULL)
		return false;
	char *name = g_utf8_make_valid(part->file, -1);
	bool is_found = find(rule, name, match);

	match->place = SCREEN_IN_ATTACHMENT;
	match->part = part;
	g_free(name);
	return is_found;
}

static bool find_anywhere(const struct content_rule *rule, GBytes *data,
			  const struct screen_parts *parts, struct match *match)
{
	*match = (struct match) { 0 };
	if (rule->places & SCREEN_IN_HEADER && find_in_header(rule, data, match))
		return true;
	for (unsigned i = 0; i < parts->list->len; i++) {
		const struct screen_part *part = screen_part_at(parts, i);

		if ((rule->places & SCREEN_IN_TEXT && find_in_text(rule, part, match)) ||
		    (rule->places & SCREEN_IN_ATTACHMENT && find_in_name(rule, part, match)))
			return true;
	}
	return false;
}

static const char *place_name(enum screen_place place)
{
	switch (place) {
	case SCREEN_IN_HEADER:
		return "header";
	case SCREEN_IN_TEXT:
		return "text";
	default:
		return "attachment";
	}
}

static void answer_failed(struct screen_run *run, struct match *match)
{
	GString *evidence = g_string_new(NULL);
	char *name = evidence_value(match->rule->name);

	evidence_append(evidence, "rule", match->rule->name);
	evidence_append(evidence, "in", place_name(match->place));
	evidence_append(evidence, "matched", match->text);
	if (match->place == SCREEN_IN_TEXT)
		evidence_append_count(evidence, "line", match->line);
	if (match->part != NULL)
		evidence_append_part(evidence, match->part);
	stage_answer(run,
		     (struct stage_answer) {
			 .verdict = SCREEN_FAILED,
			 .evidence = g_string_free(evidence, FALSE),
			 .fields = g_strdup_printf("X-Content-Filter: matched %s (%s)\r\n", name,
						   place_name(match->place)),
			 .reply = g_strdup_printf("550 5.7.1 Message content rejected: %s", name),
		     });
	g_free(name);
	g_free(match->text);
}

static void answer_passed(const struct content_filter *filter, struct screen_run *run)
{
	GString *evidence = g_string_new(NULL);

	evidence_append_count(evidence, "rules", filter->count);
	evidence_append_count(evidence, "scanned", stage_parts(run)->list->len);
	stage_answer(run, (struct stage_answer) {
			      .verdict = SCREEN_PASSED,
			      .evidence = g_string_free(evidence, FALSE),
			      .fields = g_strdup("X-Content-Filter: passed\r\n"),
			  });
}

static void content_check(struct stage *stage, struct screen_run *run)
{
	const struct content_filter *filter = (const struct content_filter *)stage;
	struct match match;

	for (unsigned i = 0; i < filter->count; i++)
		if (find_anywhere(&filter->rules[i], stage_case(run)->data, stage_parts(run),
				  &match)) {
			answer_failed(run, &match);
			return;
		}
	answer_passed(filter, run);
}

static struct stage *content_new(const struct screen_stage_config *config)
{
	struct content_filter *filter = g_new0(struct content_filter, 1);

	filter->rules = g_new0(struct content_rule, config->rule_count + 1);
	filter->count = config->rule_count;
	for (unsigned i = 0; i < config->rule_count; i++) {
		filter->rules[i] = (struct content_rule) {
			.name = g_strdup(config->rules[i].name),
			.regex = compile(config->rules[i].pattern, NULL),
			.places = config->rules[i].places,
		};
		g_assert(filter->rules[i].regex != NULL);
	}
	return &filter->stage;
}

static void content_free(struct stage *stage)
{
	struct content_filter *filter = (struct content_filter *)stage;

	for (unsigned i = 0; i < filter->count; i++) {
		g_free(filter->rules[i].name);
		g_regex_unref(filter->rules[i].regex);
	}
	g_free(filter->rules);
	g_free(filter);
}

const struct stage_type content_stage = {
	.kind = SCREEN_CONTENT,
	.moments = SCREEN_AT_MESSAGE,
	.fields = { { .name = "X-Content-Filter" } },
	.create = content_new,
	.check = content_check,
	.free = content_free,
};
