/* A quiz as text, as GIFT for Moodle, as JSON. */
#include <inttypes.h>
#include <string.h>
#include "views/quiz.h"
#include "views/story_write.h"
#include "views/text.h"

/* Answer number `index` of all, the right one at its place. */
static const char *answer_at(const struct quiz_question *question, unsigned index)
{
	if (index == question->place)
		return question->right;
	return question->wrong->pdata[index < question->place ? index : index - 1];
}

GString *quiz_text(const GPtrArray *questions, const char *title)
{
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "%s\n", title);
	for (guint i = 0; i < questions->len; i++) {
		const struct quiz_question *question = questions->pdata[i];

		g_string_append_printf(text, "\n%u. %s\n", i + 1, question->text);
		for (unsigned k = 0; k <= question->wrong->len; k++)
			g_string_append_printf(text, "   %c) %s\n", 'a' + (char)k,
					       answer_at(question, k));
	}
	if (questions->len > 0)
		g_string_append(text, "\nAnswers\n\n");
	else
		g_string_append(text, "\nNothing happens in this run that could be asked about.\n");
	for (guint i = 0; i < questions->len; i++) {
		const struct quiz_question *question = questions->pdata[i];

		g_string_append_printf(text, "%u. %c) %s\n   %s\n", i + 1,
				       'a' + (char)question->place, question->right,
				       question->proof);
	}
	return text;
}

/* What GIFT would obey is escaped by a backslash (docs.moodle.org/en/GIFT_format, "Special characters"). */
static void append_gift(GString *out, const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		if (strchr("~=#{}:\\", *c) != NULL)
			g_string_append_c(out, '\\');
		if (*c == '\n' || *c == '\r')
			g_string_append(out, "\\n");
		else
			g_string_append_c(out, *c);
	}
}

static void append_gift_answer(GString *out, const char *sign, const char *answer)
{
	/* [plain]: no answer is taken for markup, or for a weight such as %50%. */
	g_string_append_printf(out, "\t%s[plain]", sign);
	append_gift(out, answer);
	g_string_append_c(out, '\n');
}

GString *quiz_gift(const GPtrArray *questions, const char *title)
{
	GString *gift = g_string_new("$CATEGORY: ");
	g_autofree char *category = g_strdelimit(g_strdup(title), "/\r\n", ' ');

	append_gift(gift, category);
	g_string_append(gift, "\n\n");
	for (guint i = 0; i < questions->len; i++) {
		const struct quiz_question *question = questions->pdata[i];

		g_string_append_printf(gift, "::%u %s::[plain]", i + 1, question->kind);
		append_gift(gift, question->text);
		g_string_append(gift, "{\n");
		for (unsigned k = 0; k <= question->wrong->len; k++)
			append_gift_answer(gift, k == question->place ? "=" : "~",
					   answer_at(question, k));
		g_string_append(gift, "\t####[plain]");
		append_gift(gift, question->proof);
		g_string_append(gift, "\n}\n\n");
	}
	return gift;
}

static void append_member(GString *out, const char *name, const char *text)
{
	g_string_append_printf(out, "\"%s\": ", name);
	text_json(out, text, strlen(text));
}

static void append_question(GString *json, const struct quiz_question *question)
{
	g_string_append(json, "    {");
	append_member(json, "kind", question->kind);
	g_string_append(json, ", ");
	append_member(json, "question", question->text);
	g_string_append(json, ",\n     ");
	append_member(json, "right", question->right);
	g_string_append(json, ", \"wrong\": [");
	for (guint i = 0; i < question->wrong->len; i++) {
		const char *wrong = question->wrong->pdata[i];

		g_string_append(json, i == 0 ? "" : ", ");
		text_json(json, wrong, strlen(wrong));
	}
	g_string_append_printf(json, "], \"place\": %u,\n     ", question->place);
	append_member(json, "proof", question->proof);
	if (question->frame != 0)
		g_string_append_printf(json, ", \"frame\": %" PRIu64, question->frame);
	g_string_append_printf(json, ", \"record\": %" PRIu64 "}", question->record);
}

GString *quiz_json(const GPtrArray *questions, const char *title)
{
	GString *json = g_string_new("{\n  ");

	append_member(json, "title", title);
	g_string_append(json, ",\n  \"questions\": [\n");
	for (guint i = 0; i < questions->len; i++) {
		append_question(json, questions->pdata[i]);
		g_string_append(json, i + 1 < questions->len ? ",\n" : "\n");
	}
	g_string_append(json, "  ]\n}\n");
	return json;
}
