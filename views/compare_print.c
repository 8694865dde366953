/* Runs side by side: the table for people. */
#include "views/columns.h"
#include "views/compare_private.h"

#define LABEL_COLUMNS   30 /* the mark in front included */
#define NARROW_COLUMNS  80 /* of the table, with up to NARROW_RUNS runs */
#define NARROW_RUNS     2
#define WIDE_COLUMNS    100
#define RUNS_BESIDE_MAX 3

#define BOLD            "\033[1m"
#define YELLOW          "\033[33m"
#define GREEN           "\033[32m"
#define PLAIN           "\033[0m"

struct table {
	FILE *out;
	bool colour;
	struct comparison runs; /* those that stand side by side */
	unsigned cell_columns;
};

static const char *if_colour(const struct table *table, const char *escape)
{
	return table->colour ? escape : "";
}

static void print_line(const struct table *table, GString *line)
{
	while (line->len > 0 && line->str[line->len - 1] == ' ')
		g_string_truncate(line, line->len - 1);
	fprintf(table->out, "%s\n", line->str);
}

/* Appends a cell, to the right of its column. */
static void append_cell(const struct table *table, GString *line, const char *text,
			const char *escape)
{
	GString *cell = g_string_new(text);

	columns_cut(cell, table->cell_columns - 1);
	for (unsigned i = columns_of(cell->str); i < table->cell_columns; i++)
		g_string_append_c(line, ' ');
	if (*escape != '\0')
		g_string_append_printf(line, "%s%s%s", if_colour(table, escape), cell->str,
				       if_colour(table, PLAIN));
	else
		g_string_append(line, cell->str);
	g_string_free(cell, TRUE);
}

/* Begins a line with its mark and label. */
static GString *begin_line(const struct table *table, bool is_marked, const char *label)
{
	GString *line = g_string_new(is_marked ? "≠ " : "  ");

	g_string_append(line, label);
	columns_cut(line, LABEL_COLUMNS - 1);
	columns_pad(line, 0, LABEL_COLUMNS);
	if (is_marked && table->colour) {
		g_string_prepend(line, YELLOW);
		g_string_append(line, PLAIN);
	}
	return line;
}

static void print_heading(const struct table *table, const char *text)
{
	fprintf(table->out, "\n%s%s%s\n", if_colour(table, BOLD), text, if_colour(table, PLAIN));
}

static void print_titles(const struct table *table)
{
	GString *line = begin_line(table, false, "");

	for (unsigned i = 0; i < table->runs.count; i++)
		append_cell(table, line, table->runs.results[i]->title, BOLD);
	print_line(table, line);
	g_string_free(line, TRUE);
}

/* All runs have the figure, and none has a better one. */
static bool is_best(const struct figure *const *row, unsigned count, const struct figure *figure)
{
	enum figure_better better = figure->kind->better;

	for (unsigned i = 0; i < count; i++) {
		if (row[i] == NULL || !row[i]->is_known)
			return false;
		if (better == FIGURE_LESS ? row[i]->value < figure->value
					  : row[i]->value > figure->value)
			return false;
	}
	return better != FIGURE_NEITHER && figure->is_known;
}

static void print_row(const struct table *table, const struct figure *const *row)
{
	unsigned count = table->runs.count;
	bool is_marked = compare_row_differs(row, count);
	char *label = compare_figure_label(compare_row_figure(row, count));
	GString *line = begin_line(table, is_marked, label);

	for (unsigned i = 0; i < count; i++) {
		char *text = row[i] != NULL ? compare_figure_text(row[i]) : g_strdup("-");
		bool is_green = is_marked && row[i] != NULL && is_best(row, count, row[i]);

		append_cell(table, line, text, is_green ? GREEN : "");
		g_free(text);
	}
	print_line(table, line);
	g_string_free(line, TRUE);
	g_free(label);
}

static void print_figures(const struct table *table)
{
	GPtrArray *rows = compare_rows(&table->runs);
	const char *group = "";

	for (guint i = 0; i < rows->len; i++) {
		const struct figure *figure = compare_row_figure(rows->pdata[i], table->runs.count);

		if (strcmp(figure->kind->group, group) != 0)
			print_heading(table, figure->kind->group);
		group = figure->kind->group;
		print_row(table, rows->pdata[i]);
	}
	g_ptr_array_unref(rows);
}

/* The text in lines of a cell; the caller frees them. */
static char **wrap(const struct table *table, const char *text)
{
	GString *line = g_string_new(text), *rest = g_string_new(NULL);
	GPtrArray *lines = g_ptr_array_new();

	while (columns_break(line, (struct columns_mark) { 0 }, 0, table->cell_columns - 2, rest)) {
		g_ptr_array_add(lines, g_strdup(line->str));
		g_string_assign(line, g_strchug(rest->str));
	}
	g_ptr_array_add(lines, g_string_free(line, FALSE));
	g_ptr_array_add(lines, NULL);
	g_string_free(rest, TRUE);
	return (char **)g_ptr_array_free(lines, FALSE);
}

/* Wrapped texts side by side, `label` before the first line. */
static void print_texts(const struct table *table, bool is_marked, const char *label,
			const char *const *texts, const char *escape)
{
	char **cells[RUNS_BESIDE_MAX];
	unsigned count = table->runs.count, height = 0;

	for (unsigned i = 0; i < count; i++) {
		cells[i] = wrap(table, texts[i]);
		height = MAX(height, g_strv_length(cells[i]));
	}
	for (unsigned y = 0; y < height; y++) {
		GString *line = begin_line(table, is_marked && y == 0, y == 0 ? label : "");

		for (unsigned i = 0; i < count; i++) {
			const char *text = y < g_strv_length(cells[i]) ? cells[i][y] : "";
			GString *cell = g_string_new("  ");

			g_string_append(cell, text);
			columns_pad(cell, 0, table->cell_columns);
			g_string_append_printf(line, "%s%s%s", if_colour(table, escape), cell->str,
					       if_colour(table, *escape != '\0' ? PLAIN : ""));
			g_string_free(cell, TRUE);
		}
		print_line(table, line);
		g_string_free(line, TRUE);
	}
	for (unsigned i = 0; i < count; i++)
		g_strfreev(cells[i]);
}

static void print_answer(const struct table *table, unsigned question)
{
	struct compare_result *const *results = table->runs.results;
	const char *answers[RUNS_BESIDE_MAX];
	char *evidence[RUNS_BESIDE_MAX];
	bool is_marked = false, has_evidence = false;

	for (unsigned i = 0; i < table->runs.count; i++) {
		const struct compare_answer *answer = &results[i]->answers[question];

		answers[i] = answer->answer != NULL ? answer->answer : "not in this scenario";
		evidence[i] = answer->answer != NULL ? g_strdup_printf("(%s)", answer->evidence)
						     : g_strdup("");
		has_evidence |= answer->answer != NULL;
		is_marked |= strcmp(answers[0], answers[i]) != 0;
	}
	print_texts(table, is_marked, results[0]->answers[question].question, answers, BOLD);
	if (has_evidence)
		print_texts(table, false, "", (const char *const *)evidence, "");
	for (unsigned i = 0; i < table->runs.count; i++)
		g_free(evidence[i]);
}

/* With one run there is nothing it could be best for. */
static void print_answers(const struct table *table)
{
	print_heading(table, "What follows");
	for (unsigned i = 0; i < COMPARE_ANSWERS; i++)
		if (table->runs.results[0]->answers[i].answer != NULL || table->runs.count > 1)
			print_answer(table, i);
}

void compare_print(const struct comparison *comparison, FILE *out, bool colour)
{
	unsigned columns = comparison->count <= NARROW_RUNS ? NARROW_COLUMNS : WIDE_COLUMNS;
	unsigned beside = MIN(comparison->count, RUNS_BESIDE_MAX);

	for (unsigned from = 0; from < comparison->count; from += beside) {
		struct table table = {
			.out = out,
			.colour = colour,
			.runs = {comparison->results + from,
                                 MIN(beside, comparison->count - from)},
			.cell_columns = (columns - LABEL_COLUMNS) / beside,
		};

		if (from > 0)
			fputc('\n', out);
		print_titles(&table);
		print_figures(&table);
		print_answers(&table);
	}
	if (comparison->count > 1)
		fputs("\n≠ the runs differ: in what became of mails, or by more than a tenth\n",
		      out);
}
