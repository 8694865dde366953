#include "app/list_read.h"

#include <string.h>

void list_fail(struct list_reader *reader, struct mark mark, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	diagnostics_add(reader->diagnostics, SEVERITY_ERROR, mark, "%s", text);
	reader->has_failed = true;
}

void list_check_keys(struct list_reader *reader, const struct yaml_node *mapping, const char *what,
		     const char *const *known)
{
	for (guint i = 0; i + 1 < mapping->children->len; i += 2) {
		const struct yaml_node *key = list_child(mapping, i);
		struct suggestion suggestion = { .word =
						     key->kind == YAML_SCALAR ? key->text : "" };

		if (g_strv_contains(known, suggestion.word))
			continue;
		list_fail(reader, key->mark, "%s has no key `%s`", what, suggestion.word);
		for (unsigned k = 0; known[k] != NULL; k++)
			suggest_offer(&suggestion, known[k]);
		if (suggestion.best != NULL)
			diagnostics_hint(reader->diagnostics, "did you mean `%s`?",
					 suggestion.best);
	}
}

const char *list_text(struct list_reader *reader, const struct yaml_node *mapping, const char *key)
{
	const struct yaml_node *value = yaml_get(mapping, key);

	if (value == NULL)
		return NULL;
	if (value->kind == YAML_SCALAR && !yaml_is_null(value))
		return value->text;
	list_fail(reader, value->mark, "`%s` should be a text", key);
	return NULL;
}

void list_texts(struct list_reader *reader, const struct yaml_node *mapping, const char *key,
		GPtrArray *list)
{
	const struct yaml_node *value = yaml_get(mapping, key);

	if (value == NULL)
		return;
	if (value->kind == YAML_SCALAR)
		g_ptr_array_add(list, value->text);
	for (guint i = 0; value->kind == YAML_SEQUENCE && i < value->children->len; i++) {
		if (list_child(value, i)->kind == YAML_SCALAR)
			g_ptr_array_add(list, list_child(value, i)->text);
		else
			list_fail(reader, list_child(value, i)->mark,
				  "`%s` should be a list of texts", key);
	}
}

const struct yaml_node *list_open_text(struct list_reader *reader, struct list_file *file,
				       const char *name, const char *source_name, struct bytes text,
				       const char *entries)
{
	const char *const known[] = { name, entries, NULL };
	const struct yaml_node *found;

	if (file->path == NULL)
		file->path = g_strdup(source_name);
	diagnostics_set_source(reader->diagnostics, source_name, text);
	if (text.length > SCENARIO_BYTES_MAX) {
		list_fail(reader, (struct mark) { 0 }, "it is longer than %u bytes",
			  SCENARIO_BYTES_MAX);
		return NULL;
	}
	file->source = g_strndup((const char *)text.data, text.length);
	file->root = yaml_parse(text, reader->diagnostics);
	if (file->root == NULL)
		return NULL;
	found = yaml_get(file->root, entries);
	if (file->root->kind == YAML_MAPPING)
		list_check_keys(reader, file->root, "the list", known);
	if (yaml_get(file->root, name) != NULL && found != NULL && found->kind == YAML_MAPPING &&
	    g_strcmp0(list_text(reader, file->root, name), "1") == 0)
		return found;
	list_fail(reader, file->root->mark, "this is no such list");
	diagnostics_hint(reader->diagnostics, "it starts with the line `%s: 1`, and `%s` follow",
			 name, entries);
	return NULL;
}

const struct yaml_node *list_open(struct list_reader *reader, struct list_file *file,
				  const char *name, const char *path, const char *entries)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	gsize length;

	file->path = path != NULL ? g_strdup(path) : scenario_find(name, reader->diagnostics);
	if (file->path == NULL)
		return NULL;
	if (!g_file_get_contents(file->path, &text, &length, &error)) {
		list_fail(reader, (struct mark) { 0 }, "%s", error->message);
		return NULL;
	}
	return list_open_text(reader, file, name, file->path,
			      (struct bytes) { (const uint8_t *)text, length }, entries);
}

void list_close(struct list_file *file)
{
	yaml_free(file->root);
	g_free(file->source);
	g_free(file->path);
}
