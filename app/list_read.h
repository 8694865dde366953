/*
 * Reading lists that come with the scenarios (claims, the glossary): a YAML file with a version under its
 * own name and one mapping of entries. What they share; each has its reader.
 */
#pragma once
#include "app/scenario.h"
#include "app/scenario_yaml.h"

struct list_reader {
	struct diagnostics *diagnostics;
	bool has_failed;
};

struct list_file {
	char *path;
	char *source;           /* the text of the file */
	struct yaml_node *root; /* texts that are read belong to it */
};

/*
 * Reads `path`, or the list called `name` that came with the program when that is NULL, and returns the
 * mapping `entries` in it; NULL with an error. It starts with the line "NAME: 1".
 */
const struct yaml_node *list_open(struct list_reader *reader, struct list_file *file,
				  const char *name, const char *path, const char *entries);

/* The same from memory: `source_name` is what messages call it. */
const struct yaml_node *list_open_text(struct list_reader *reader, struct list_file *file,
				       const char *name, const char *source_name, struct bytes text,
				       const char *entries);
void list_close(struct list_file *file);

/* Adds an error, and remembers that there was one. */
void list_fail(struct list_reader *reader, struct mark mark, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Complains about keys of `mapping` that are not among `known`, up to a NULL. */
void list_check_keys(struct list_reader *reader, const struct yaml_node *mapping, const char *what,
		     const char *const *known);

/* The text of a key; NULL when it is not there. */
const char *list_text(struct list_reader *reader, const struct yaml_node *mapping, const char *key);

/* A list of texts, or one alone, appended to `list` as const char *. */
void list_texts(struct list_reader *reader, const struct yaml_node *mapping, const char *key,
		GPtrArray *list);

static inline const struct yaml_node *list_child(const struct yaml_node *node, guint index)
{
	return (const struct yaml_node *)g_ptr_array_index(node->children, index);
}
