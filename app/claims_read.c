/* Reading scenarios/claims.yaml. */
#include <string.h>
#include "app/claims.h"

struct reader {
	struct claims *claims;
	struct list_reader list;
};

static void read_settings(struct reader *reader, const struct yaml_node *mapping, GArray *settings)
{
	const struct yaml_node *set = yaml_get(mapping, "set");

	if (set == NULL)
		return;
	if (set->kind != YAML_MAPPING) {
		list_fail(&reader->list, set->mark, "`set` should be a mapping");
		diagnostics_hint(reader->list.diagnostics,
				 "write {PATH: VALUE} such as {clients/alice/incoming: pop3}");
		return;
	}
	for (guint i = 0; i + 1 < set->children->len; i += 2) {
		struct claim_setting setting = { list_child(set, i), list_child(set, i + 1) };

		if (setting.path->kind == YAML_SCALAR)
			g_array_append_val(settings, setting);
		else
			list_fail(&reader->list, setting.path->mark, "a path should be a text");
	}
}

/* An expectation, or two that are compared: {more: LINE, than: LINE}. */
static void read_line(struct reader *reader, const struct yaml_node *line, struct claim_case *test)
{
	static const char *const known[] = { "more", "than", NULL };
	bool is_mapping = line->kind == YAML_MAPPING;
	const struct yaml_node *more = is_mapping ? yaml_get(line, "more") : NULL;
	const struct yaml_node *than = is_mapping ? yaml_get(line, "than") : NULL;

	if (more == NULL && than == NULL) {
		g_ptr_array_add(test->expect, (void *)line);
		return;
	}
	list_check_keys(&reader->list, line, "a comparison", known);
	if (more == NULL || than == NULL) {
		list_fail(&reader->list, line->mark, "a comparison needs both `more` and `than`");
		return;
	}
	g_array_append_val(test->comparisons, test->expect->len);
	g_ptr_array_add(test->expect, (void *)more);
	g_ptr_array_add(test->expect, (void *)than);
}

static void read_expect(struct reader *reader, const struct yaml_node *mapping,
			struct claim_case *test)
{
	const struct yaml_node *expect = yaml_get(mapping, "expect");

	if (expect == NULL || (expect->kind == YAML_SEQUENCE && expect->children->len == 0) ||
	    expect->kind == YAML_SCALAR) {
		list_fail(&reader->list, mapping->mark, "a case needs the key `expect`");
		diagnostics_hint(reader->list.diagnostics,
				 "say what is seen when the statement holds");
		return;
	}
	if (expect->kind == YAML_MAPPING)
		read_line(reader, expect, test);
	for (guint i = 0; expect->kind == YAML_SEQUENCE && i < expect->children->len; i++)
		read_line(reader, list_child(expect, i), test);
}

static void case_free(void *data)
{
	struct claim_case *test = data;

	g_array_free(test->settings, TRUE);
	g_ptr_array_unref(test->expect);
	g_array_free(test->comparisons, TRUE);
	g_free(test);
}

static void read_case(struct reader *reader, const struct yaml_node *mapping, struct claim *claim)
{
	static const char *const known[] = { "scenario", "when", "set", "expect", NULL };
	struct claim_case *test;

	if (mapping->kind != YAML_MAPPING) {
		list_fail(&reader->list, mapping->mark, "a case should be a mapping");
		return;
	}
	test = g_new0(struct claim_case, 1);
	list_check_keys(&reader->list, mapping, "a case", known);
	test->mark = mapping->mark;
	test->settings = g_array_new(FALSE, FALSE, sizeof(struct claim_setting));
	test->expect = g_ptr_array_new();
	test->comparisons = g_array_new(FALSE, FALSE, sizeof(guint));
	test->scenario = list_text(&reader->list, mapping, "scenario");
	test->when = list_text(&reader->list, mapping, "when");
	read_settings(reader, mapping, test->settings);
	read_expect(reader, mapping, test);
	g_ptr_array_add(claim->cases, test);
	if (test->scenario == NULL)
		list_fail(&reader->list, mapping->mark, "a case needs the key `scenario`");
}

static void read_cases(struct reader *reader, const struct yaml_node *mapping, struct claim *claim)
{
	const struct yaml_node *cases = yaml_get(mapping, "cases");

	if (cases == NULL)
		return;
	if (cases->kind != YAML_SEQUENCE) {
		list_fail(&reader->list, cases->mark, "`cases` should be a list");
		return;
	}
	for (guint i = 0; i < cases->children->len; i++)
		read_case(reader, list_child(cases, i), claim);
	/* A condition is named when there is more than one. */
	for (guint i = 0; claim->cases->len > 1 && i < claim->cases->len; i++) {
		const struct claim_case *test = claim->cases->pdata[i];

		if (test->when == NULL)
			list_fail(&reader->list, test->mark,
				  "one of several cases needs the key `when`");
	}
}

/* The setting that decides; every claim that is tested names one. */
static void read_decisive(struct reader *reader, const struct yaml_node *mapping,
			  struct claim *claim)
{
	static const char *const known[] = { "case", "set", NULL };
	const struct yaml_node *decisive = yaml_get(mapping, "decisive");
	const char *number;
	guint64 parsed = 1;

	if (decisive == NULL || decisive->kind != YAML_MAPPING) {
		if (claim->cases->len > 0)
			list_fail(&reader->list, mapping->mark,
				  "a claim with cases needs the key `decisive`");
		return;
	}
	list_check_keys(&reader->list, decisive, "a decisive setting", known);
	read_settings(reader, decisive, claim->decisive);
	number = list_text(&reader->list, decisive, "case");
	if (number != NULL &&
	    !g_ascii_string_to_unsigned(number, 10, 1, MAX(claim->cases->len, 1), &parsed, NULL))
		list_fail(&reader->list, decisive->mark, "there is no case %s; the first is 1",
			  number);
	claim->decisive_case = (unsigned)parsed - 1;
	if (claim->decisive->len == 0)
		list_fail(&reader->list, decisive->mark, "a decisive setting needs the key `set`");
}

static void claim_free(void *data)
{
	struct claim *claim = data;

	g_ptr_array_unref(claim->see);
	g_ptr_array_unref(claim->contradicts);
	g_ptr_array_unref(claim->cases);
	g_array_free(claim->decisive, TRUE);
	g_free(claim);
}

static void read_claim(struct reader *reader, const struct yaml_node *id,
		       const struct yaml_node *mapping)
{
	static const char *const known[] = { "statement", "untested", "note",
					     "glossary",  "see",      "contradicts",
					     "cases",     "decisive", NULL };
	struct claim *claim;

	if (id->kind != YAML_SCALAR || mapping->kind != YAML_MAPPING) {
		list_fail(&reader->list, id->mark, "a claim is a mapping behind its identifier");
		return;
	}
	if (claims_find(reader->claims, id->text) != NULL)
		list_fail(&reader->list, id->mark, "`%s` stands here twice", id->text);
	claim = g_new0(struct claim, 1);
	list_check_keys(&reader->list, mapping, "a claim", known);
	claim->mark = id->mark;
	claim->id = id->text;
	claim->statement = list_text(&reader->list, mapping, "statement");
	claim->untested = list_text(&reader->list, mapping, "untested");
	claim->note = list_text(&reader->list, mapping, "note");
	claim->glossary = list_text(&reader->list, mapping, "glossary");
	claim->see = g_ptr_array_new();
	claim->contradicts = g_ptr_array_new();
	claim->cases = g_ptr_array_new_with_free_func(case_free);
	claim->decisive = g_array_new(FALSE, FALSE, sizeof(struct claim_setting));
	g_ptr_array_add(reader->claims->list, claim);
	list_texts(&reader->list, mapping, "see", claim->see);
	list_texts(&reader->list, mapping, "contradicts", claim->contradicts);
	read_cases(reader, mapping, claim);
	read_decisive(reader, mapping, claim);
	if (claim->statement == NULL)
		list_fail(&reader->list, id->mark, "a claim needs the key `statement`");
	if (claim->cases->len == 0 && claim->glossary == NULL)
		list_fail(&reader->list, id->mark,
			  "a claim needs `cases` that test it, or `glossary`");
}

/* What a claim refers to is there. */
static void check_references(struct reader *reader, const struct claim *claim,
			     const GPtrArray *others)
{
	for (guint i = 0; i < others->len; i++)
		if (claims_find(reader->claims, others->pdata[i]) == NULL)
			list_fail(&reader->list, claim->mark, "there is no claim `%s`",
				  (const char *)others->pdata[i]);
}

static void read_claims(struct reader *reader, const struct yaml_node *statements)
{
	const GPtrArray *list = reader->claims->list;

	for (guint i = 0; i + 1 < statements->children->len; i += 2)
		read_claim(reader, list_child(statements, i), list_child(statements, i + 1));
	for (guint i = 0; i < list->len; i++) {
		const struct claim *claim = list->pdata[i];

		check_references(reader, claim, claim->see);
		check_references(reader, claim, claim->contradicts);
	}
}

static struct claims *claims_new(void)
{
	struct claims *claims = g_new0(struct claims, 1);

	claims->list = g_ptr_array_new_with_free_func(claim_free);
	return claims;
}

/* Reads what was found in the file (NULL: nothing). Returns the claims, or frees them. */
static struct claims *claims_finish(struct reader *reader, const struct yaml_node *statements)
{
	if (statements != NULL)
		read_claims(reader, statements);
	if (statements != NULL && !reader->list.has_failed)
		return reader->claims;
	claims_free(reader->claims);
	return NULL;
}

struct claims *claims_load(const char *path, struct diagnostics *diagnostics)
{
	struct reader reader = { claims_new(), { .diagnostics = diagnostics } };

	return claims_finish(
	    &reader, list_open(&reader.list, &reader.claims->file, "claims", path, "statements"));
}

struct claims *claims_load_bytes(struct bytes text, const char *name,
				 struct diagnostics *diagnostics)
{
	struct reader reader = { claims_new(), { .diagnostics = diagnostics } };

	return claims_finish(&reader, list_open_text(&reader.list, &reader.claims->file, "claims",
						     name, text, "statements"));
}

void claims_free(struct claims *claims)
{
	if (claims == NULL)
		return;
	g_ptr_array_unref(claims->list);
	list_close(&claims->file);
	g_free(claims);
}

const struct claim *claims_find(const struct claims *claims, const char *id)
{
	for (guint i = 0; i < claims->list->len; i++) {
		const struct claim *claim = claims->list->pdata[i];

		if (strcmp(claim->id, id) == 0)
			return claim;
	}
	return NULL;
}
