/*
 * YAML text to a tree with the place of everything in it. The only user of libfyaml.
 *
 * Only what a scenario needs: one document of mappings, sequences and scalars. Anchors, aliases
 * and tags are refused; duplicate keys are kept for the reader to report.
 */
#pragma once
#include <glib.h>
#include "app/diagnostic.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	enum yaml_kind kind;
	bool is_plain; /* a scalar without quotes */
	struct mark mark;
	char *text;          /* of a scalar: UTF-8 without NUL */
	GPtrArray *children; /* of struct yaml_node *; of a mapping: key, value, key, value */
};

#define YAML_DEPTH_MAX 32
#define YAML_NODES_MAX 4000000

/*
 * Parses `text`. NULL when it is no such YAML: then exactly one error was added to `diagnostics`,
 * whose earlier complaints are forgotten.
 */
struct yaml_node *yaml_parse(struct bytes text, struct diagnostics *diagnostics);
void yaml_free(struct yaml_node *node);

/* A copy of all of it, its places `lines` further down. */
struct yaml_node *yaml_copy(const struct yaml_node *node, unsigned lines);

/* New nodes at `mark`: a plain scalar, a mapping or sequence without children. */
struct yaml_node *yaml_new_scalar(const char *text, struct mark mark);
struct yaml_node *yaml_new_collection(enum yaml_kind kind, struct mark mark);

/* The value of `key` in a mapping, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);

/* True for an empty plain scalar, `~` and `null`: nothing was written. */
bool yaml_is_null(const struct yaml_node *node);
