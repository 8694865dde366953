/*
 * Parts of a scenario that are written otherwise than in its file: `--set PATH=VALUE`, and the
 * alterations that claims are tested by. They change the YAML tree before anything is read, so that an
 * altered scenario is judged as if it had been written so.
 */
#include <string.h>
#include "app/scenario_private.h"

/* Where a path has led so far. */
struct walk {
	struct yaml_node *node;        /* below which the next step leads */
	const struct mapping *mapping; /* what `node` is described by; NULL: not known */
	const struct key *key; /* of the table or list that `node` is; NULL: it is neither */
};

static bool complain(struct diagnostics *diagnostics, const struct scenario_setting *setting,
		     const char *format, ...) G_GNUC_PRINTF(3, 4);
static bool complain(struct diagnostics *diagnostics, const struct scenario_setting *setting,
		     const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	diagnostics_add(diagnostics, SEVERITY_ERROR, setting->mark, "`%s`: %s", setting->path,
			text);
	return false;
}

/* Makes `node` an empty collection, or one with the scalar that it was. */
static void become(struct yaml_node *node, enum yaml_kind kind, const char *key)
{
	struct yaml_node *scalar = yaml_is_null(node) ? NULL : yaml_copy(node, 0);

	g_clear_pointer(&node->text, g_free);
	node->kind = kind;
	node->is_plain = false;
	struct yaml_node *fresh = yaml_new_collection(kind, node->mark);

	node->children = g_steal_pointer(&fresh->children);
	yaml_free(fresh);
	if (scalar != NULL && key != NULL)
		g_ptr_array_add(node->children, yaml_new_scalar(key, node->mark));
	if (scalar != NULL)
		g_ptr_array_add(node->children, scalar);
}

/* What stands alone in place of a list becomes a list of one. */
static void become_list(struct yaml_node *node)
{
	struct yaml_node *only;

	if (node->kind == YAML_SCALAR) {
		become(node, YAML_SEQUENCE, NULL);
	} else if (node->kind == YAML_MAPPING) {
		only = yaml_new_collection(YAML_MAPPING, node->mark);
		g_ptr_array_unref(only->children);
		only->children = node->children;
		struct yaml_node *fresh = yaml_new_collection(YAML_SEQUENCE, node->mark);

		node->children = g_steal_pointer(&fresh->children);
		yaml_free(fresh);
		node->kind = YAML_SEQUENCE;
		g_ptr_array_add(node->children, only);
	}
}

/* A short form is written out, so that something can be said beside it. */
static bool become_mapping(struct walk *walk)
{
	bool is_short =
	    walk->mapping != NULL && walk->mapping->has_short_form && !walk->mapping->is_scalar;

	if (walk->node->kind == YAML_MAPPING)
		return true;
	if (walk->node->kind != YAML_SCALAR || (!yaml_is_null(walk->node) && !is_short))
		return false;
	become(walk->node, YAML_MAPPING, is_short ? walk->mapping->keys[0].name : NULL);
	return true;
}

/* Index of the value of `name` among the children of a mapping; made when it is not there. */
static guint find_entry(struct yaml_node *mapping, const char *name, struct mark mark)
{
	for (guint i = 0; i + 1 < mapping->children->len; i += 2) {
		const struct yaml_node *key = g_ptr_array_index(mapping->children, i);

		if (key->kind == YAML_SCALAR && strcmp(key->text, name) == 0)
			return i + 1;
	}
	g_ptr_array_add(mapping->children, yaml_new_scalar(name, mark));
	g_ptr_array_add(mapping->children, yaml_new_scalar("", mark));
	return mapping->children->len - 1;
}

/* Index of the element `number`, from 1, or of a new one behind the last for `+`. */
static bool find_element(struct diagnostics *diagnostics, const struct scenario_setting *setting,
			 struct yaml_node *list, const char *number, guint *index)
{
	guint64 parsed;

	if (strcmp(number, "+") == 0) {
		g_ptr_array_add(list->children, yaml_new_scalar("", setting->mark));
		*index = list->children->len - 1;
		return true;
	}
	if (list->children->len == 0) {
		complain(diagnostics, setting, "the list has no element `%s`", number);
		diagnostics_hint(diagnostics, "it is empty; `+` is a new element");
		return false;
	}
	if (!g_ascii_string_to_unsigned(number, 10, 1, list->children->len, &parsed, NULL)) {
		complain(diagnostics, setting, "the list has no element `%s`", number);
		diagnostics_hint(diagnostics,
				 "its elements are numbered 1 to %u; `+` is a new one behind them",
				 list->children->len);
		return false;
	}
	*index = (guint)parsed - 1;
	return true;
}

/* Finds the child that `step` names, its index in walk->node, and what describes it. */
static bool take_step(struct diagnostics *diagnostics, const struct scenario_setting *setting,
		      struct walk *walk, const char *step, guint *index)
{
	if (walk->key != NULL && walk->key->type == KEY_LIST) {
		become_list(walk->node);
		walk->mapping = walk->key->mapping;
		walk->key = NULL;
		return find_element(diagnostics, setting, walk->node, step, index);
	}
	if (!become_mapping(walk)) {
		complain(diagnostics, setting, "there is nothing below a value, such as `%s`",
			 step);
		diagnostics_hint(diagnostics, "`mailwire show` prints all that a scenario has");
		return false;
	}
	*index = find_entry(walk->node, step, setting->mark);
	if (walk->key != NULL) { /* an entry of a table */
		walk->mapping = walk->key->mapping;
		walk->key = NULL;
		return true;
	}
	walk->key = walk->mapping == NULL ? NULL : mapping_key(walk->mapping, step);
	walk->mapping = walk->key == NULL ? NULL : walk->key->mapping;
	if (walk->key != NULL && walk->key->type != KEY_TABLE && walk->key->type != KEY_LIST)
		walk->key = NULL;
	return true;
}

/* Nothing in place of a key or an element takes it away; an entry of a table stays, with defaults. */
static void put(struct yaml_node *parent, guint index, const struct yaml_node *value, bool is_entry,
		unsigned lines)
{
	if (!yaml_is_null(value) || is_entry) {
		yaml_free(parent->children->pdata[index]);
		parent->children->pdata[index] = yaml_copy(value, lines);
		return;
	}
	g_ptr_array_remove_index(parent->children, index);
	if (parent->kind == YAML_MAPPING)
		g_ptr_array_remove_index(parent->children, index - 1);
}

bool scenario_set(struct yaml_node *root, const struct scenario_setting *setting, unsigned lines,
		  struct diagnostics *diagnostics)
{
	g_auto(GStrv) steps = g_strsplit(setting->path, "/", -1);
	struct walk walk = { .node = root, .mapping = &scenario_mapping };
	struct scenario_setting placed = *setting;
	guint index = 0;

	placed.mark.line += lines;
	for (char **step = steps; *step != NULL; step++) {
		bool is_entry = walk.key != NULL && walk.key->type == KEY_TABLE;

		if (**step == '\0')
			return complain(diagnostics, &placed, "a step of the path is empty");
		if (!take_step(diagnostics, &placed, &walk, *step, &index))
			return false;
		if (step[1] == NULL)
			put(walk.node, index, setting->value, is_entry, lines);
		else
			walk.node = g_ptr_array_index(walk.node->children, index);
	}
	return true;
}

/* ---- Settings as text ---- */

/*
 * Parses the value of a setting where it stands: behind as many lines and columns, so that its marks
 * are right.
 */
static struct yaml_node *parse_value(const char *value, struct mark mark,
				     struct diagnostics *diagnostics)
{
	g_autoptr(GString) text = g_string_new(NULL);

	if (value[strspn(value, " ")] == '\0')
		return yaml_new_scalar("", mark);
	for (unsigned i = 1; i < mark.line; i++)
		g_string_append_c(text, '\n');
	g_string_append_printf(text, "%*s%s", (int)mark.column - 1, "", value);
	return yaml_parse((struct bytes) { (const uint8_t *)text->str, text->len }, diagnostics);
}

static bool parse_setting(struct scenario_settings *settings, const char *text,
			  struct diagnostics *diagnostics)
{
	unsigned line = settings->list->len + 1;
	const char *equals = strchr(text, '=');
	struct scenario_setting *setting;

	if (equals == NULL || equals == text) {
		diagnostics_add(diagnostics, SEVERITY_ERROR, (struct mark) { line, 1, 1 },
				"this is no setting");
		diagnostics_hint(diagnostics,
				 "write PATH=VALUE such as clients/alice/incoming=pop3");
		return false;
	}
	glong columns = g_utf8_strlen(text, equals - text);

	setting = g_new0(struct scenario_setting, 1);
	setting->path = g_strndup(text, (gsize)(equals - text));
	setting->mark = (struct mark) { line, 1, (unsigned)columns };
	g_ptr_array_add(settings->list, setting);
	setting->owned =
	    parse_value(equals + 1, (struct mark) { line, (unsigned)columns + 2, 1 }, diagnostics);
	setting->value = setting->owned;
	return setting->value != NULL;
}

static void setting_free(void *data)
{
	struct scenario_setting *setting = data;

	g_free(setting->path);
	yaml_free(setting->owned);
	g_free(setting);
}

struct scenario_settings *scenario_settings_new(const char *source_name, const char *source)
{
	struct scenario_settings *settings = g_new0(struct scenario_settings, 1);

	settings->source_name = g_strdup(source_name);
	settings->source = g_strdup(source);
	settings->list = g_ptr_array_new_with_free_func(setting_free);
	return settings;
}

void scenario_settings_free(struct scenario_settings *settings)
{
	if (settings == NULL)
		return;
	g_ptr_array_unref(settings->list);
	g_free(settings->source_name);
	g_free(settings->source);
	g_free(settings);
}

void scenario_settings_add(struct scenario_settings *settings, const char *path, struct mark mark,
			   const struct yaml_node *value)
{
	struct scenario_setting *setting = g_new0(struct scenario_setting, 1);

	setting->path = g_strdup(path);
	setting->mark = mark;
	setting->value = value;
	g_ptr_array_add(settings->list, setting);
}

struct scenario_settings *scenario_settings_parse(const char *const *texts,
						  struct diagnostics *diagnostics)
{
	g_autofree char *source = g_strjoinv("\n", (char **)texts);
	struct scenario_settings *settings = scenario_settings_new("--set", source);

	diagnostics_set_source(diagnostics, "--set",
			       (struct bytes) { (const uint8_t *)source, strlen(source) });
	for (; *texts != NULL; texts++) {
		if (!parse_setting(settings, *texts, diagnostics)) {
			scenario_settings_free(settings);
			return NULL;
		}
	}
	return settings;
}
