/* What came of claims, for people and for programs. */
#include <inttypes.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include "app/claims.h"
#include "sim/time.h"
#include "views/columns.h"

#define STATEMENT_COLUMN 7
#define CASE_COLUMN      9
#define EVIDENCE_COLUMN  13
#define SHOWN_MAX        2 /* of each sort of evidence, unless that is all; JSON has what is kept */

static const struct {
	const char *name, *key, *mark, *colour;
} verdicts[CLAIM_VERDICT_COUNT] = {
	[CLAIM_TRUE] = {"true",                          "true",        "✓", "\033[32m"},
	[CLAIM_PARTLY] = { "true as far as it can be run", "partly",      "✓", "\033[32m"},
	[CLAIM_CONDITIONAL] = { "true under conditions",        "conditional", "◐", "\033[33m"},
	[CLAIM_FALSE] = { "false",                        "false",       "✗", "\033[31m"},
	[CLAIM_TOLD] = { "in the glossary",              "glossary",    "≡", "\033[36m"},
};

const char *claim_verdict_name(enum claim_verdict verdict)
{
	return verdicts[verdict].name;
}

const char *claim_verdict_key(enum claim_verdict verdict)
{
	return verdicts[verdict].key;
}

/* ---- Text ---- */

struct printer {
	FILE *out;
	bool colour;
	unsigned columns;
	GString *line; /* being made */
};

static void begin(struct printer *printer, unsigned column)
{
	g_string_truncate(printer->line, 0);
	columns_pad(printer->line, 0, column);
}

static void look(struct printer *printer, const char *look)
{
	if (printer->colour)
		g_string_append(printer->line, look);
}

/* Ends a line; what does not fit goes on from `column` on. */
static void end(struct printer *printer, unsigned column)
{
	GString *page = g_string_new(NULL);

	columns_append(page, printer->line, column, printer->columns);
	fputs(page->str, printer->out);
	g_string_free(page, TRUE);
}

static void print_paragraph(struct printer *printer, const char *before, const char *text)
{
	g_autofree char *flat = g_strdelimit(g_strchomp(g_strdup(text)), "\n", ' ');

	begin(printer, STATEMENT_COLUMN);
	g_string_append_printf(printer->line, "%s%s", before, flat);
	end(printer, STATEMENT_COLUMN);
}

/* "frame 28      1.076965 s  alice-pc → mail port 587: EHLO alice-pc.office.example" */
static void print_evidence(struct printer *printer, const struct evidence *evidence,
			   bool is_contrary)
{
	begin(printer, EVIDENCE_COLUMN);
	look(printer, "\033[2m");
	if (is_contrary)
		g_string_append(printer->line, "instead: ");
	if (evidence->frame != 0)
		g_string_append_printf(printer->line, "frame %" PRIu64 ", ", evidence->frame);
	g_string_append_printf(printer->line, "%.6f s  %s", time_seconds(evidence->time_ns),
			       evidence->text);
	look(printer, "\033[0m");
	end(printer, EVIDENCE_COLUMN + 2);
}

/* The first of what counted; the last of what did not, when nothing counted or too little. */
static void print_all_evidence(struct printer *printer, const struct expect_judgement *judgement)
{
	const GArray *counted = judgement->counted, *contrary = judgement->contrary;
	bool is_exact = judgement->range.least == judgement->range.most;
	guint shown = is_exact && counted->len == judgement->found ? counted->len : SHOWN_MAX;
	guint first = contrary->len > SHOWN_MAX ? contrary->len - SHOWN_MAX : 0;

	for (guint i = 0; i < counted->len && i < shown; i++)
		print_evidence(printer, &g_array_index(counted, struct evidence, i), false);
	for (guint i = first; counted->len == 0 && i < contrary->len; i++)
		print_evidence(printer, &g_array_index(contrary, struct evidence, i), true);
}

static void print_mark(struct printer *printer, bool is_good)
{
	const char *mark = verdicts[is_good ? CLAIM_TRUE : CLAIM_FALSE].mark;

	look(printer, verdicts[is_good ? CLAIM_TRUE : CLAIM_FALSE].colour);
	g_string_append(printer->line, mark);
	look(printer, "\033[0m");
	g_string_append_c(printer->line, ' ');
}

static void print_judgement(struct printer *printer, const struct expect_judgement *judgement)
{
	begin(printer, CASE_COLUMN);
	print_mark(printer, judgement->is_met);
	g_string_append(printer->line, judgement->expected);
	if (!judgement->is_met || judgement->range.least != judgement->range.most)
		g_string_append_printf(printer->line, "; %s", judgement->found_text);
	end(printer, CASE_COLUMN + 2);
	print_all_evidence(printer, judgement);
}

/* A scalar of YAML as it can stand in a flow collection, in quotes where it needs them. */
static void append_scalar(GString *out, const char *text)
{
	bool is_plain = text[strcspn(text, "\n\"\\,[]{}#&*!|>%@`'")] == '\0' &&
			strstr(text, ": ") == NULL && !g_str_has_suffix(text, ":") &&
			g_ascii_isspace(*text) == FALSE && *text != '-';

	if (is_plain) {
		g_string_append(out, text);
		return;
	}
	g_string_append_c(out, '"');
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '\n') {
			g_string_append(out, "\\n");
			continue;
		}
		if (*at == '"' || *at == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *at);
	}
	g_string_append_c(out, '"');
}

static void append_value(GString *out, const struct yaml_node *node)
{
	bool is_list = node->kind == YAML_SEQUENCE;

	if (node->kind == YAML_SCALAR) {
		append_scalar(out, node->text);
		return;
	}
	g_string_append_c(out, is_list ? '[' : '{');
	for (guint i = 0; i < node->children->len; i++) {
		g_string_append(out, i == 0 ? "" : !is_list && i % 2 == 1 ? ": " : ", ");
		append_value(out, node->children->pdata[i]);
	}
	g_string_append_c(out, is_list ? ']' : '}');
}

/* "--set clients/alice/incoming=pop3", for a shell: what `mailwire run` needs to show the same. */
static void add_settings(GPtrArray *words, const GArray *settings)
{
	for (guint i = 0; i < settings->len; i++) {
		const struct claim_setting *setting =
		    &g_array_index(settings, struct claim_setting, i);
		GString *text = g_string_new(setting->path->text);

		g_string_append_c(text, '=');
		append_value(text, setting->value);
		bool is_plain = text->str[strcspn(text->str, " {}[]<>*?$'\"\\;&|()#!~`")] == '\0';

		g_autofree char *quoted = g_shell_quote(text->str);

		g_ptr_array_add(words, g_strconcat("--set ", is_plain ? text->str : quoted, NULL));
		g_string_free(text, TRUE);
	}
}

/*
 * Appends a piece of a command, behind a line end where it does not fit. Between the words of a shell a
 * backslash says that the command goes on; within the quotes of one, YAML reads a line end as a space.
 */
static void append_piece(struct printer *printer, const char *piece, bool is_quoted, bool is_last)
{
	GString *line = printer->line;
	unsigned width = columns_of(line->str) + 1 + columns_of(piece) + (is_last ? 0 : 2);

	if (printer->columns > 0 && width > printer->columns) {
		g_string_append(line, is_quoted ? "" : " \\");
		look(printer, "\033[0m");
		fprintf(printer->out, "%s\n", line->str);
		begin(printer, is_quoted ? EVIDENCE_COLUMN + 1 : EVIDENCE_COLUMN - 1);
		look(printer, "\033[2m");
	}
	g_string_append_printf(line, " %s", piece);
}

/* A word of a command, or an option with its value; it may have spaces in quotes. */
static void append_word(struct printer *printer, const char *word, bool is_last)
{
	g_auto(GStrv) pieces = g_strsplit(word, " ", -1);
	unsigned first = g_str_has_prefix(word, "--set ") ? 1 : 0;
	g_autofree char *begin =
	    g_strndup(word, (first == 0 ? 0 : strlen(pieces[0]) + 1) + strlen(pieces[first]));

	append_piece(printer, begin, false, is_last);
	for (unsigned i = first + 1; pieces[i] != NULL; i++)
		append_piece(printer, pieces[i], true, is_last);
}

/* Prints a command so that it can be copied to a shell. */
static void print_command(struct printer *printer, const GPtrArray *words)
{
	begin(printer, CASE_COLUMN);
	look(printer, "\033[2m");
	g_string_append(printer->line, "mailwire run");
	for (guint i = 0; i < words->len; i++)
		append_word(printer, words->pdata[i], i + 1 == words->len);
	look(printer, "\033[0m");
	fprintf(printer->out, "%s\n", printer->line->str);
}

/* `decisive`: settings changed besides; NULL: none. */
static void print_case(struct printer *printer, const struct claim_case *test,
		       const GArray *decisive, const struct case_outcome *outcome)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

	begin(printer, STATEMENT_COLUMN);
	print_mark(printer, outcome->holds);
	g_ptr_array_add(words, g_strdup(test->scenario));
	add_settings(words, test->settings);
	if (decisive != NULL)
		add_settings(words, decisive);
	g_string_append_printf(printer->line, "%s%s%s", outcome->holds ? "holds" : "does not hold",
			       test->when == NULL ? "" : " when ",
			       test->when == NULL ? "" : test->when);
	end(printer, CASE_COLUMN);
	print_command(printer, words);
	for (guint i = 0; i < outcome->judgements->len; i++)
		print_judgement(printer, outcome->judgements->pdata[i]);
}

static void print_others(struct printer *printer, const char *before, const GPtrArray *others)
{
	g_autofree char **texts = g_new0(char *, others->len + 1);

	for (guint i = 0; i < others->len; i++)
		texts[i] = others->pdata[i];
	g_autofree char *joined = g_strjoinv(", ", texts);

	if (others->len > 0)
		print_paragraph(printer, before, joined);
}

static void print_outcome(struct printer *printer, const struct claim_outcome *outcome)
{
	const struct claim *claim = outcome->claim;

	begin(printer, 0);
	look(printer, "\033[1m");
	g_string_append(printer->line, claim->id);
	look(printer, "\033[0m");
	g_string_append_printf(printer->line, "%*s",
			       (int)MAX(STATEMENT_COLUMN - (int)strlen(claim->id), 1), "");
	look(printer, verdicts[outcome->verdict].colour);
	g_string_append_printf(printer->line, "%s %s", verdicts[outcome->verdict].mark,
			       verdicts[outcome->verdict].name);
	look(printer, "\033[0m");
	if (outcome->is_altered && claim->cases->len > 0)
		g_string_append(printer->line, ", with the setting that decides changed");
	end(printer, STATEMENT_COLUMN);
	print_paragraph(printer, "", claim->statement);
	for (guint i = 0; i < outcome->cases->len; i++)
		print_case(printer, claim->cases->pdata[i],
			   outcome->is_altered && i == claim->decisive_case ? claim->decisive
									    : NULL,
			   &g_array_index(outcome->cases, struct case_outcome, i));
	if (claim->untested != NULL)
		print_paragraph(printer, "No run can show: ", claim->untested);
	if (claim->note != NULL)
		print_paragraph(printer, "Note: ", claim->note);
	if (claim->glossary != NULL)
		print_paragraph(printer, "mailwire glossary ", claim->glossary);
	print_others(printer, "Contradicts ", claim->contradicts);
	print_others(printer, "See also ", claim->see);
	fputc('\n', printer->out);
}

void claims_print(const GPtrArray *outcomes, FILE *out, bool colour, unsigned columns)
{
	struct printer printer = { out, colour, columns, g_string_new(NULL) };

	for (guint i = 0; i < outcomes->len; i++)
		print_outcome(&printer, outcomes->pdata[i]);
	g_string_free(printer.line, TRUE);
}

void claims_print_sum(const GPtrArray *outcomes, unsigned runs, FILE *out, unsigned columns)
{
	struct printer printer = { out, false, columns, g_string_new(NULL) };
	unsigned counts[CLAIM_VERDICT_COUNT] = { 0 };
	const char *comma = "";

	for (guint i = 0; i < outcomes->len; i++)
		counts[((const struct claim_outcome *)outcomes->pdata[i])->verdict]++;
	g_string_printf(printer.line, "%u claim%s, %u run%s:", outcomes->len,
			outcomes->len == 1 ? "" : "s", runs, runs == 1 ? "" : "s");
	for (unsigned i = 0; i < CLAIM_VERDICT_COUNT; i++) {
		if (counts[i] == 0)
			continue;
		g_string_append_printf(printer.line, "%s %u %s", comma, counts[i],
				       verdicts[i].name);
		comma = ",";
	}
	end(&printer, STATEMENT_COLUMN);
	g_string_free(printer.line, TRUE);
}

void claims_print_list(const GPtrArray *claims, FILE *out, bool colour, unsigned columns)
{
	struct printer printer = { out, colour, columns, g_string_new(NULL) };

	for (guint i = 0; i < claims->len; i++) {
		const struct claim *claim = claims->pdata[i];
		g_autofree char *flat =
		    g_strdelimit(g_strchomp(g_strdup(claim->statement)), "\n", ' ');

		begin(&printer, 0);
		look(&printer, "\033[1m");
		g_string_append(printer.line, claim->id);
		look(&printer, "\033[0m");
		g_string_append_printf(printer.line, "%*s%s",
				       (int)MAX(STATEMENT_COLUMN - (int)strlen(claim->id), 1), "",
				       flat);
		end(&printer, STATEMENT_COLUMN);
	}
	g_string_free(printer.line, TRUE);
}

/* ---- JSON ---- */

static void add_text(JsonBuilder *builder, const char *name, const char *text)
{
	json_builder_set_member_name(builder, name);
	if (text == NULL)
		json_builder_add_null_value(builder);
	else
		json_builder_add_string_value(builder, text);
}

static void add_number(JsonBuilder *builder, const char *name, uint64_t number)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_int_value(builder, (gint64)number);
}

static void add_truth(JsonBuilder *builder, const char *name, bool truth)
{
	json_builder_set_member_name(builder, name);
	json_builder_add_boolean_value(builder, truth);
}

static void add_evidence(JsonBuilder *builder, const char *name, const GArray *list)
{
	json_builder_set_member_name(builder, name);
	json_builder_begin_array(builder);
	for (guint i = 0; i < list->len; i++) {
		const struct evidence *evidence = &g_array_index(list, struct evidence, i);
		g_autofree char *text = g_utf8_make_valid(evidence->text, -1);

		json_builder_begin_object(builder);
		add_number(builder, "time_ns", (uint64_t)evidence->time_ns);
		if (evidence->frame != 0)
			add_number(builder, "frame", evidence->frame);
		add_text(builder, "text", text);
		json_builder_end_object(builder);
	}
	json_builder_end_array(builder);
}

static void add_judgement(JsonBuilder *builder, const struct expect_judgement *judgement)
{
	json_builder_begin_object(builder);
	add_text(builder, "expected", judgement->expected);
	add_truth(builder, "met", judgement->is_met);
	add_number(builder, "found", judgement->found);
	add_evidence(builder, "counted", judgement->counted);
	add_evidence(builder, "instead", judgement->contrary);
	json_builder_end_object(builder);
}

static void add_case(JsonBuilder *builder, const struct claim_case *test,
		     const struct case_outcome *outcome)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

	add_settings(words, test->settings);
	g_ptr_array_add(words, NULL);
	g_autofree char *settings = g_strjoinv(" ", (char **)words->pdata);

	json_builder_begin_object(builder);
	add_text(builder, "scenario", test->scenario);
	add_text(builder, "options", settings);
	add_text(builder, "when", test->when);
	add_truth(builder, "holds", outcome->holds);
	json_builder_set_member_name(builder, "expectations");
	json_builder_begin_array(builder);
	for (guint i = 0; i < outcome->judgements->len; i++)
		add_judgement(builder, outcome->judgements->pdata[i]);
	json_builder_end_array(builder);
	json_builder_end_object(builder);
}

static void add_others(JsonBuilder *builder, const char *name, const GPtrArray *others)
{
	json_builder_set_member_name(builder, name);
	json_builder_begin_array(builder);
	for (guint i = 0; i < others->len; i++)
		json_builder_add_string_value(builder, others->pdata[i]);
	json_builder_end_array(builder);
}

static void add_outcome(JsonBuilder *builder, const struct claim_outcome *outcome)
{
	const struct claim *claim = outcome->claim;

	json_builder_begin_object(builder);
	add_text(builder, "id", claim->id);
	add_text(builder, "statement", claim->statement);
	add_text(builder, "verdict", verdicts[outcome->verdict].key);
	json_builder_set_member_name(builder, "cases");
	json_builder_begin_array(builder);
	for (guint i = 0; i < outcome->cases->len; i++)
		add_case(builder, claim->cases->pdata[i],
			 &g_array_index(outcome->cases, struct case_outcome, i));
	json_builder_end_array(builder);
	add_text(builder, "untested", claim->untested);
	add_text(builder, "note", claim->note);
	add_text(builder, "glossary", claim->glossary);
	add_others(builder, "contradicts", claim->contradicts);
	add_others(builder, "see", claim->see);
	json_builder_end_object(builder);
}

void claims_print_json(const GPtrArray *outcomes, FILE *out)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(JsonGenerator) generator = json_generator_new();

	json_builder_begin_array(builder);
	for (guint i = 0; i < outcomes->len; i++)
		add_outcome(builder, outcomes->pdata[i]);
	json_builder_end_array(builder);
	g_autoptr(JsonNode) root = json_builder_get_root(builder);

	json_generator_set_root(generator, root);
	json_generator_set_pretty(generator, TRUE);
	g_autofree char *text = json_generator_to_data(generator, NULL);

	fputs(text, out);
	fputc('\n', out);
}
