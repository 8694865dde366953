/* Runs side by side: for programs. */
#include <inttypes.h>
#include "views/compare_private.h"
#include "views/text.h"

static const char *const unit_names[FIGURE_UNIT_COUNT] = {
	[FIGURE_BYTES] = "bytes", [FIGURE_COUNT] = "count", [FIGURE_MAILS] = "count",
	[FIGURE_TIME] = "ns",     [FIGURE_MINUTES] = "ns",  [FIGURE_MONEY] = "millionths",
	[FIGURE_SHARE] = "share",
};

/* JSON (RFC 8259). */

/* A string, or null. UTF-8 that came from outside is made valid. */
static void print_member(FILE *out, const char *name, const char *text)
{
	fprintf(out, "\"%s\": ", name);
	if (text != NULL) {
		GString *string = g_string_new(NULL);

		text_json(string, text, strlen(text));
		fputs(string->str, out);
		g_string_free(string, TRUE);
	} else {
		fputs("null", out);
	}
}

static void print_json_figure(FILE *out, const struct figure *figure)
{
	fputs("        {", out);
	print_member(out, "key", figure->kind->key);
	fputs(", ", out);
	print_member(out, "subject", figure->subject);
	fputs(", ", out);
	print_member(out, "unit", unit_names[figure->kind->unit]);
	if (figure->is_known)
		fprintf(out, ", \"value\": %" PRIu64, figure->value);
	else
		fputs(", \"value\": null", out);
	if (figure->kind->unit == FIGURE_SHARE)
		fprintf(out, ", \"of\": %" PRIu64, figure->of);
	fputc('}', out);
}

static void print_json_answer(FILE *out, const struct compare_answer *answer)
{
	fputs("        {", out);
	print_member(out, "key", answer->key);
	fputs(", ", out);
	print_member(out, "answer", answer->answer);
	fputs(", ", out);
	print_member(out, "evidence", answer->evidence);
	fputc('}', out);
}

void compare_print_json(const struct comparison *comparison, FILE *out)
{
	fputs("{\n  \"runs\": [", out);
	for (unsigned i = 0; i < comparison->count; i++) {
		const struct compare_result *result = comparison->results[i];

		fprintf(out, "%s\n    {\n      ", i == 0 ? "" : ",");
		print_member(out, "title", result->title);
		fputs(",\n      \"figures\": [", out);
		for (guint k = 0; k < result->figures->len; k++) {
			fputs(k == 0 ? "\n" : ",\n", out);
			print_json_figure(out, &g_array_index(result->figures, struct figure, k));
		}
		fputs("\n      ],\n      \"answers\": [", out);
		for (unsigned k = 0; k < COMPARE_ANSWERS; k++) {
			fputs(k == 0 ? "\n" : ",\n", out);
			print_json_answer(out, &result->answers[k]);
		}
		fputs("\n      ]\n    }", out);
	}
	fputs("\n  ]\n}\n", out);
}

/* CSV (RFC 4180). */

static void print_field(FILE *out, const char *text)
{
	if (strpbrk(text, ",\"\r\n") == NULL) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (const char *c = text; *c != '\0'; c++)
		fprintf(out, *c == '"' ? "\"\"" : "%c", *c);
	fputc('"', out);
}

static void print_csv_figure(FILE *out, const char *title, const struct figure *figure)
{
	print_field(out, title);
	fprintf(out, ",%s,", figure->kind->key);
	print_field(out, figure->subject);
	fprintf(out, ",%s,", unit_names[figure->kind->unit]);
	if (figure->is_known)
		fprintf(out, "%" PRIu64, figure->value);
	fputc(',', out);
	if (figure->kind->unit == FIGURE_SHARE)
		fprintf(out, "%" PRIu64, figure->of);
	fputs(",,\r\n", out);
}

static void print_csv_answer(FILE *out, const char *title, const struct compare_answer *answer)
{
	print_field(out, title);
	fprintf(out, ",%s,,answer,,,", answer->key);
	if (answer->answer != NULL)
		print_field(out, answer->answer);
	fputc(',', out);
	if (answer->evidence != NULL)
		print_field(out, answer->evidence);
	fputs("\r\n", out);
}

void compare_print_csv(const struct comparison *comparison, FILE *out)
{
	fputs("run,key,subject,unit,value,of,answer,evidence\r\n", out);
	for (unsigned i = 0; i < comparison->count; i++) {
		const struct compare_result *result = comparison->results[i];

		for (guint k = 0; k < result->figures->len; k++)
			print_csv_figure(out, result->title,
					 &g_array_index(result->figures, struct figure, k));
		for (unsigned k = 0; k < COMPARE_ANSWERS; k++)
			print_csv_answer(out, result->title, &result->answers[k]);
	}
}
