/* Reading scenarios/claims.yaml. */
#include <string.h>
#include "app/claims.h"

struct reader {
	struct claims *claims;
	struct diagnostics *diagnostics;
	bool has_failed;
};

static void fail(struct reader *reader, struct mark mark, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static void fail(struct reader *reader, struct mark mark, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	diagnostics_add(reader->diagnostics, SEVERITY_ERROR, mark, "%s", text);
	reader->has_failed = true;
}

static const struct yaml_node *child(const struct yaml_node *node, guint index)
{
	return g_ptr_array_index(node->children, index);
}

/* Complains about keys of `mapping` that are not among `known`. */
static void check_keys(struct reader *reader, const struct yaml_node *mapping, const char *what,
		       const char *const *known)
{
	for (guint i = 0; i + 1 < mapping->children->len; i += 2) {
		const struct yaml_node *key = child(mapping, i);
		struct suggestion suggestion = { .word =
						     key->kind == YAML_SCALAR ? key->text : "" };

		if (g_strv_contains(known, suggestion.word))
			continue;
		fail(reader, key->mark, "%s has no key `%s`", what, suggestion.word);
		for (unsigned k = 0; known[k] != NULL; k++)
			suggest_offer(&suggestion, known[k]);
		if (suggestion.best != NULL)
			diagnostics_hint(reader->diagnostics, "did you mean `%s`?",
					 suggestion.best);
	}
}

/* The text of a key; NULL when it is not there. */
static const char *read_text(struct reader *reader, const struct yaml_node *mapping,
			     const char *key)
{
	const struct yaml_node *value = yaml_get(mapping, key);

	if (value == NULL)
		return NULL;
	if (value->kind == YAML_SCALAR && !yaml_is_null(value))
		return value->text;
	fail(reader, value->mark, "`%s` should be a text", key);
	return NULL;
}

/* A list of texts, or one alone, appended to `list`. */
static void read_texts(struct reader *reader, const struct yaml_node *mapping, const char *key,
		       GPtrArray *list)
{
	const struct yaml_node *value = yaml_get(mapping, key);

	if (value == NULL)
		return;
	if (value->kind == YAML_SCALAR)
		g_ptr_array_add(list, value->text);
	for (guint i = 0; value->kind == YAML_SEQUENCE && i < value->children->len; i++) {
		if (child(value, i)->kind == YAML_SCALAR)
			g_ptr_array_add(list, child(value, i)->text);
		else
			fail(reader, child(value, i)->mark, "`%s` should be a list of texts", key);
	}
}

static void read_settings(struct reader *reader, const struct yaml_node *mapping, GArray *settings)
{
	const struct yaml_node *set = yaml_get(mapping, "set");

	if (set == NULL)
		return;
	if (set->kind != YAML_MAPPING) {
		fail(reader, set->mark, "`set` should be a mapping");
		diagnostics_hint(reader->diagnostics,
				 "write {PATH: VALUE} such as {clients/alice/incoming: pop3}");
		return;
	}
	for (guint i = 0; i + 1 < set->children->len; i += 2) {
		struct claim_setting setting = { child(set, i), child(set, i + 1) };

		if (setting.path->kind == YAML_SCALAR)
			g_array_append_val(settings, setting);
		else
			fail(reader, setting.path->mark, "a path should be a text");
	}
}

static void read_expect(struct reader *reader, const struct yaml_node *mapping,
			struct claim_case *test)
{
	const struct yaml_node *expect = yaml_get(mapping, "expect");

	if (expect == NULL || (expect->kind == YAML_SEQUENCE && expect->children->len == 0) ||
	    expect->kind == YAML_SCALAR) {
		fail(reader, mapping->mark, "a case needs the key `expect`");
		diagnostics_hint(reader->diagnostics, "say what is seen when the statement holds");
		return;
	}
	if (expect->kind == YAML_SEQUENCE) {
		test->expect = expect->children;
		return;
	}
	test->lone_expect = g_ptr_array_new();
	g_ptr_array_add(test->lone_expect, (void *)expect);
	test->expect = test->lone_expect;
}

static void case_free(void *data)
{
	struct claim_case *test = data;

	g_array_free(test->settings, TRUE);
	if (test->lone_expect != NULL)
		g_ptr_array_unref(test->lone_expect);
	g_free(test);
}

static void read_case(struct reader *reader, const struct yaml_node *mapping, struct claim *claim)
{
	static const char *const known[] = { "scenario", "when", "set", "expect", NULL };
	struct claim_case *test;

	if (mapping->kind != YAML_MAPPING) {
		fail(reader, mapping->mark, "a case should be a mapping");
		return;
	}
	test = g_new0(struct claim_case, 1);
	check_keys(reader, mapping, "a case", known);
	test->mark = mapping->mark;
	test->settings = g_array_new(FALSE, FALSE, sizeof(struct claim_setting));
	test->scenario = read_text(reader, mapping, "scenario");
	test->when = read_text(reader, mapping, "when");
	read_settings(reader, mapping, test->settings);
	read_expect(reader, mapping, test);
	g_ptr_array_add(claim->cases, test);
	if (test->scenario == NULL)
		fail(reader, mapping->mark, "a case needs the key `scenario`");
}

static void read_cases(struct reader *reader, const struct yaml_node *mapping, struct claim *claim)
{
	const struct yaml_node *cases = yaml_get(mapping, "cases");

	if (cases == NULL)
		return;
	if (cases->kind != YAML_SEQUENCE) {
		fail(reader, cases->mark, "`cases` should be a list");
		return;
	}
	for (guint i = 0; i < cases->children->len; i++)
		read_case(reader, child(cases, i), claim);
	/* A condition is named when there is more than one. */
	for (guint i = 0; claim->cases->len > 1 && i < claim->cases->len; i++) {
		const struct claim_case *test = claim->cases->pdata[i];

		if (test->when == NULL)
			fail(reader, test->mark, "one of several cases needs the key `when`");
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
			fail(reader, mapping->mark, "a claim with cases needs the key `decisive`");
		return;
	}
	check_keys(reader, decisive, "a decisive setting", known);
	read_settings(reader, decisive, claim->decisive);
	number = read_text(reader, decisive, "case");
	if (number != NULL &&
	    !g_ascii_string_to_unsigned(number, 10, 1, MAX(claim->cases->len, 1), &parsed, NULL))
		fail(reader, decisive->mark, "there is no case %s; the first is 1", number);
	claim->decisive_case = (unsigned)parsed - 1;
	if (claim->decisive->len == 0)
		fail(reader, decisive->mark, "a decisive setting needs the key `set`");
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
	static const char *const known[] = { "statement",   "note",  "glossary", "see",
					     "contradicts", "cases", "decisive", NULL };
	struct claim *claim;

	if (id->kind != YAML_SCALAR || mapping->kind != YAML_MAPPING) {
		fail(reader, id->mark, "a claim is a mapping behind its identifier");
		return;
	}
	if (claims_find(reader->claims, id->text) != NULL)
		fail(reader, id->mark, "`%s` stands here twice", id->text);
	claim = g_new0(struct claim, 1);
	check_keys(reader, mapping, "a claim", known);
	claim->mark = id->mark;
	claim->id = id->text;
	claim->statement = read_text(reader, mapping, "statement");
	claim->note = read_text(reader, mapping, "note");
	claim->glossary = read_text(reader, mapping, "glossary");
	claim->see = g_ptr_array_new();
	claim->contradicts = g_ptr_array_new();
	claim->cases = g_ptr_array_new_with_free_func(case_free);
	claim->decisive = g_array_new(FALSE, FALSE, sizeof(struct claim_setting));
	g_ptr_array_add(reader->claims->list, claim);
	read_texts(reader, mapping, "see", claim->see);
	read_texts(reader, mapping, "contradicts", claim->contradicts);
	read_cases(reader, mapping, claim);
	read_decisive(reader, mapping, claim);
	if (claim->statement == NULL)
		fail(reader, id->mark, "a claim needs the key `statement`");
	if (claim->cases->len == 0 && claim->glossary == NULL)
		fail(reader, id->mark, "a claim needs `cases` that test it, or `glossary`");
}

/* What a claim refers to is there. */
static void check_references(struct reader *reader, const struct claim *claim,
			     const GPtrArray *others)
{
	for (guint i = 0; i < others->len; i++)
		if (claims_find(reader->claims, others->pdata[i]) == NULL)
			fail(reader, claim->mark, "there is no claim `%s`",
			     (const char *)others->pdata[i]);
}

static void read_root(struct reader *reader, const struct yaml_node *root)
{
	static const char *const known[] = { "claims", "statements", NULL };
	const char *version = NULL;
	const struct yaml_node *statements = yaml_get(root, "statements");

	if (root->kind == YAML_MAPPING) {
		check_keys(reader, root, "a list of claims", known);
		version = read_text(reader, root, "claims");
	}
	if (g_strcmp0(version, "1") != 0 || statements == NULL ||
	    statements->kind != YAML_MAPPING) {
		fail(reader, root->mark, "this is no list of claims");
		diagnostics_hint(reader->diagnostics,
				 "it starts with the line `claims: 1`, and `statements` follow");
		return;
	}
	for (guint i = 0; i + 1 < statements->children->len; i += 2)
		read_claim(reader, child(statements, i), child(statements, i + 1));
	for (guint i = 0; i < reader->claims->list->len; i++) {
		const struct claim *claim = reader->claims->list->pdata[i];

		check_references(reader, claim, claim->see);
		check_references(reader, claim, claim->contradicts);
	}
}

static bool read_file(struct claims *claims, struct diagnostics *diagnostics)
{
	struct reader reader = { .claims = claims, .diagnostics = diagnostics };
	g_autoptr(GError) error = NULL;
	struct bytes text;
	gsize length;

	if (!g_file_get_contents(claims->path, &claims->source, &length, &error)) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, (struct mark) { 0 }, "%s",
				error->message);
		return false;
	}
	text = (struct bytes) { (const uint8_t *)claims->source, length };
	diagnostics_set_source(diagnostics, claims->path, text);
	if (length > SCENARIO_BYTES_MAX) {
		fail(&reader, (struct mark) { 0 }, "it is longer than %u bytes",
		     SCENARIO_BYTES_MAX);
		return false;
	}
	claims->root = yaml_parse(text, diagnostics);
	if (claims->root == NULL)
		return false;
	read_root(&reader, claims->root);
	return !reader.has_failed;
}

struct claims *claims_load(const char *path, struct diagnostics *diagnostics)
{
	struct claims *claims = g_new0(struct claims, 1);

	claims->list = g_ptr_array_new_with_free_func(claim_free);
	claims->path = path != NULL ? g_strdup(path) : scenario_find("claims", diagnostics);
	if (claims->path == NULL || !read_file(claims, diagnostics)) {
		claims_free(claims);
		return NULL;
	}
	return claims;
}

void claims_free(struct claims *claims)
{
	if (claims == NULL)
		return;
	g_ptr_array_unref(claims->list);
	yaml_free(claims->root);
	g_free(claims->source);
	g_free(claims->path);
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
