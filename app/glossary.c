#include "app/glossary.h"

#include <string.h>
#include "app/claims.h"
#include "views/columns.h"

/* ---- Reading ---- */

static void entry_free(void *data)
{
	struct glossary_entry *entry = data;

	g_ptr_array_unref(entry->also);
	g_ptr_array_unref(entry->see);
	g_free(entry);
}

static void read_entry(struct list_reader *reader, struct glossary *glossary,
		       const struct yaml_node *term, const struct yaml_node *mapping)
{
	static const char *const known[] = { "also", "text", "breaks", "reference", "see", NULL };
	struct glossary_entry *entry;

	if (term->kind != YAML_SCALAR || mapping->kind != YAML_MAPPING) {
		list_fail(reader, term->mark, "an entry is a mapping behind its term");
		return;
	}
	if (glossary_find(glossary, term->text) != NULL)
		list_fail(reader, term->mark, "`%s` stands here twice", term->text);
	list_check_keys(reader, mapping, "an entry", known);
	entry = g_new0(struct glossary_entry, 1);
	entry->term = term->text;
	entry->also = g_ptr_array_new();
	entry->see = g_ptr_array_new();
	entry->text = list_text(reader, mapping, "text");
	entry->breaks = list_text(reader, mapping, "breaks");
	entry->reference = list_text(reader, mapping, "reference");
	list_texts(reader, mapping, "also", entry->also);
	list_texts(reader, mapping, "see", entry->see);
	g_ptr_array_add(glossary->list, entry);
	if (entry->text == NULL)
		list_fail(reader, term->mark, "an entry needs the key `text`");
}

static void check_references(struct list_reader *reader, const struct glossary *glossary)
{
	for (guint i = 0; i < glossary->list->len; i++) {
		const struct glossary_entry *entry = glossary->list->pdata[i];

		for (guint k = 0; k < entry->see->len; k++)
			if (glossary_find(glossary, entry->see->pdata[k]) == NULL)
				list_fail(reader, (struct mark) { 0 },
					  "`%s` refers to `%s`, which is not there", entry->term,
					  (const char *)entry->see->pdata[k]);
	}
}

struct glossary *glossary_load(struct diagnostics *diagnostics)
{
	struct glossary *glossary = g_new0(struct glossary, 1);
	struct list_reader reader = { .diagnostics = diagnostics };
	const struct yaml_node *terms;

	glossary->list = g_ptr_array_new_with_free_func(entry_free);
	terms = list_open(&reader, &glossary->file, "glossary", NULL, "terms");
	for (guint i = 0; terms != NULL && i + 1 < terms->children->len; i += 2)
		read_entry(&reader, glossary, list_child(terms, i), list_child(terms, i + 1));
	check_references(&reader, glossary);
	if (terms == NULL || reader.has_failed) {
		glossary_free(glossary);
		return NULL;
	}
	return glossary;
}

void glossary_free(struct glossary *glossary)
{
	if (glossary == NULL)
		return;
	g_ptr_array_unref(glossary->list);
	list_close(&glossary->file);
	g_free(glossary);
}

static bool is_same(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++) {
		char left = *a == '-' ? ' ' : g_ascii_tolower(*a);
		char right = *b == '-' ? ' ' : g_ascii_tolower(*b);

		if (left != right)
			return false;
	}
	return *a == *b;
}

const struct glossary_entry *glossary_find(const struct glossary *glossary, const char *term)
{
	for (guint i = 0; i < glossary->list->len; i++) {
		const struct glossary_entry *entry = glossary->list->pdata[i];
		bool is_it = is_same(entry->term, term);

		for (guint k = 0; k < entry->also->len; k++)
			is_it = is_it || is_same(entry->also->pdata[k], term);
		if (is_it)
			return entry;
	}
	return NULL;
}

/* ---- Printing ---- */

#define TEXT_COLUMN 2
#define TERM_COLUMN 20

static void print_line(FILE *out, GString *line, unsigned column, unsigned columns)
{
	g_autoptr(GString) page = g_string_new(NULL);

	columns_append(page, line, column, columns);
	fputs(page->str, out);
}

/* Paragraphs, which empty lines part; `before` stands in front of the first. */
static void print_text(FILE *out, const char *before, const char *text, unsigned columns)
{
	g_auto(GStrv) paragraphs = g_strsplit(text, "\n\n", -1);

	for (char **paragraph = paragraphs; *paragraph != NULL; paragraph++) {
		g_autoptr(GString) line = g_string_new(NULL);

		g_strdelimit(g_strstrip(*paragraph), "\n", ' ');
		if (**paragraph == '\0')
			continue;
		g_string_append_printf(line, "%*s%s%s", TEXT_COLUMN, "",
				       paragraph == paragraphs ? before : "", *paragraph);
		fputc('\n', out);
		print_line(out, line, TEXT_COLUMN, columns);
	}
}

static void append_list(GString *out, const char *before, const GPtrArray *list)
{
	for (guint i = 0; i < list->len; i++)
		g_string_append_printf(out, "%s%s", i == 0 ? before : ", ",
				       (const char *)list->pdata[i]);
}

/* The claims that point to the entry. */
static void append_claims(GString *out, const struct glossary_entry *entry,
			  const struct claims *claims)
{
	bool is_first = true;

	for (guint i = 0; claims != NULL && i < claims->list->len; i++) {
		const struct claim *claim = claims->list->pdata[i];

		if (claim->glossary == NULL || !is_same(claim->glossary, entry->term))
			continue;
		g_string_append_printf(out, "%s%s", is_first ? "Said of it: mailwire claims " : " ",
				       claim->id);
		is_first = false;
	}
}

void glossary_print(const struct glossary_entry *entry, const struct claims *claims, FILE *out,
		    bool colour, unsigned columns)
{
	g_autoptr(GString) names = g_string_new(NULL), see = g_string_new(NULL),
			   said = g_string_new(NULL);

	append_list(names, ", also ", entry->also);
	fprintf(out, "%s%s%s%s\n", colour ? "\033[1m" : "", entry->term, colour ? "\033[0m" : "",
		names->str);
	print_text(out, "", entry->text, columns);
	if (entry->breaks != NULL)
		print_text(out, "Where it breaks: ", entry->breaks, columns);
	append_list(see, "See ", entry->see);
	append_claims(said, entry, claims);
	if (entry->reference != NULL)
		print_text(out, "", entry->reference, columns);
	if (see->len > 0)
		print_text(out, "", see->str, columns);
	if (said->len > 0)
		print_text(out, "", said->str, columns);
}

/* Up to the first full stop behind which a sentence ends. */
static char *first_sentence(const char *text)
{
	char *flat = g_strdelimit(g_strdup(text), "\n", ' ');
	char *stop = strstr(flat, ". ");

	if (stop != NULL)
		stop[1] = '\0';
	return g_strchomp(flat);
}

void glossary_print_terms(const struct glossary *glossary, FILE *out, bool colour, unsigned columns)
{
	for (guint i = 0; i < glossary->list->len; i++) {
		const struct glossary_entry *entry = glossary->list->pdata[i];
		g_autofree char *sentence = first_sentence(entry->text);
		g_autoptr(GString) line = g_string_new(NULL);

		g_string_append_printf(line, "%s%s%s", colour ? "\033[1m" : "", entry->term,
				       colour ? "\033[0m" : "");
		columns_pad(line, 0, TERM_COLUMN - 1);
		g_string_append_printf(line, " %s", sentence);
		print_line(out, line, TERM_COLUMN, columns);
	}
}
