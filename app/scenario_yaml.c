#include "app/scenario_yaml.h"

#include <libfyaml.h>
#include <string.h>

struct builder {
	struct diagnostics *diagnostics;
	struct yaml_node *root;
	struct bytes text;
	bool has_second; /* another document has begun, without a place of its own */
	struct yaml_node *open[YAML_DEPTH_MAX]; /* collections not yet closed */
	unsigned depth;
	unsigned node_count;
	bool has_failed;
};

static void node_free(void *node)
{
	yaml_free(node);
}

void yaml_free(struct yaml_node *node)
{
	if (node == NULL)
		return;
	g_clear_pointer(&node->children, g_ptr_array_unref);
	g_free(node->text);
	g_free(node);
}

/* The collection being read; NULL outside of all. */
static struct yaml_node *innermost(const struct builder *builder)
{
	if (builder->depth == 0)
		return NULL;
	g_assert(builder->open[builder->depth - 1] != NULL);
	return builder->open[builder->depth - 1];
}

/* libfyaml's marks count from 0. A value that is not there has none: what stands in front of it does: its key, or its list. */
static struct mark event_mark(const struct builder *builder, struct fy_event *event)
{
	const struct fy_mark *start = fy_event_start_mark(event);
	const struct fy_mark *end = fy_event_end_mark(event);
	const struct yaml_node *around = innermost(builder);
	struct mark mark = { .line = 1, .column = 1 };

	if (start != NULL) {
		mark.line = (unsigned)start->line + 1;
		mark.column = (unsigned)start->column + 1;
		if (end != NULL && end->line == start->line && end->column > start->column)
			mark.length = (unsigned)(end->column - start->column);
	} else if (around != NULL) {
		const GPtrArray *siblings = around->children;

		mark = siblings->len == 0
			   ? around->mark
			   : ((struct yaml_node *)siblings->pdata[siblings->len - 1])->mark;
	}
	return mark;
}

static void refuse(struct builder *builder, struct mark mark, const char *what, const char *hint)
{
	builder->has_failed = true;
	diagnostics_clear(builder->diagnostics);
	diagnostics_add(builder->diagnostics, SEVERITY_ERROR, mark, "%s", what);
	if (hint != NULL)
		diagnostics_hint(builder->diagnostics, "%s", hint);
}

static struct yaml_node *add_node(struct builder *builder, enum yaml_kind kind, struct mark mark)
{
	if (++builder->node_count > YAML_NODES_MAX) {
		refuse(builder, mark, "the file holds too many values", NULL);
		return NULL;
	}
	struct yaml_node *around = innermost(builder);
	struct yaml_node *node = g_new0(struct yaml_node, 1);

	node->kind = kind;
	node->mark = mark;
	if (around != NULL) {
		g_ptr_array_add(around->children, node);
	} else {
		g_assert(builder->root == NULL); /* a second document was refused */
		builder->root = node;
	}
	return node;
}

static void add_collection(struct builder *builder, enum yaml_kind kind, struct mark mark)
{
	if (builder->depth == YAML_DEPTH_MAX) {
		refuse(builder, mark, "the values are nested too deeply", NULL);
		return;
	}
	struct yaml_node *node = add_node(builder, kind, mark);

	if (node == NULL)
		return;
	node->mark.length = 1;
	node->children = g_ptr_array_new_with_free_func(node_free);
	builder->open[builder->depth++] = node;
}

static void add_scalar(struct builder *builder, struct fy_token *token, struct mark mark)
{
	size_t length = 0;
	const char *text = token == NULL ? "" : fy_token_get_text(token, &length);
	enum fy_scalar_style style = token == NULL ? FYSS_PLAIN : fy_token_scalar_style(token);

	if ((style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) && mark.column > 1) {
		mark.column--; /* libfyaml's mark is behind the quote */
		mark.length += 2;
	}
	if (text == NULL || memchr(text, '\0', length) != NULL) {
		refuse(builder, mark, "a value holds a NUL character", NULL);
		return;
	}
	struct yaml_node *node = add_node(builder, YAML_SCALAR, mark);

	if (node == NULL)
		return;
	node->text = g_strndup(text, length);
	node->is_plain = style == FYSS_PLAIN;
}

/* The place of an anchor or tag; libfyaml's mark of an anchor is behind its `&`. */
static struct mark token_mark(struct fy_token *token, bool is_anchor)
{
	const struct fy_mark *start = fy_token_start_mark(token);
	struct mark mark = { .line = 1, .column = 1, .length = 1 };

	if (start != NULL) {
		mark.line = (unsigned)start->line + 1;
		mark.column = (unsigned)start->column + (!is_anchor || start->column == 0);
	}
	return mark;
}

static void refuse_second(struct builder *builder, struct mark mark)
{
	refuse(builder, mark, "a second document begins here",
	       "a scenario is one document: remove the line `---`, or `...`");
}

/* Adds what one event says. Anchors and tags hide in events of three kinds. */
static void take_event(struct builder *builder, struct fy_event *event)
{
	struct mark mark = event_mark(builder, event);
	struct fy_token *anchor = NULL, *tag = NULL;

	if (builder->has_second && event->type != FYET_DOCUMENT_END) {
		refuse_second(builder, mark);
		return;
	}
	switch (event->type) {
	case FYET_DOCUMENT_START:
		if (builder->root != NULL && fy_event_start_mark(event) != NULL)
			refuse_second(builder, mark);
		builder->has_second = builder->root != NULL;
		break;
	case FYET_ALIAS:
		mark.column -= mark.column > 1; /* libfyaml's mark is behind the star */
		refuse(builder, mark, "aliases (`*name`) are not part of the scenario language",
		       "write the value again");
		break;
	case FYET_SCALAR:
		anchor = event->scalar.anchor;
		tag = event->scalar.tag;
		add_scalar(builder, event->scalar.value, mark);
		break;
	case FYET_SEQUENCE_START:
		anchor = event->sequence_start.anchor;
		tag = event->sequence_start.tag;
		add_collection(builder, YAML_SEQUENCE, mark);
		break;
	case FYET_MAPPING_START:
		anchor = event->mapping_start.anchor;
		tag = event->mapping_start.tag;
		add_collection(builder, YAML_MAPPING, mark);
		break;
	case FYET_SEQUENCE_END:
	case FYET_MAPPING_END:
		g_assert(builder->depth > 0); /* libfyaml pairs the ends with starts */
		builder->depth--;
		break;
	default:
		break;
	}
	if (anchor != NULL && !builder->has_failed)
		refuse(builder, token_mark(anchor, true),
		       "anchors (`&name`) are not part of the scenario language",
		       "write the value again where it is needed");
	if (tag != NULL && !builder->has_failed)
		refuse(builder, token_mark(tag, false),
		       "tags (`!name`) are not part of the scenario language",
		       "take it out: each key knows what its value is");
}

/* Whether a space that looks like any other, U+00A0, is on the line. */
static bool has_no_break_space(struct bytes text, unsigned line)
{
	size_t at = 0;

	for (; at < text.length && line > 1; at++)
		line -= text.data[at] == '\n';
	for (; at + 1 < text.length && text.data[at] != '\n'; at++)
		if (text.data[at] == 0xc2 && text.data[at + 1] == 0xa0)
			return true;
	return false;
}

/* The first error that libfyaml collected; it counts from 1 in these. */
static void report_syntax(struct builder *builder, struct fy_diag *diag)
{
	void *previous = NULL;
	const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &previous);
	struct mark mark = { .line = 1, .column = 1 };
	g_autofree char *text = g_strdup("this is not YAML");

	if (error != NULL) {
		mark.line = error->line > 0 ? (unsigned)error->line : 1;
		mark.column = error->column > 0 ? (unsigned)error->column : 1;
		g_free(text);
		text = g_strdup_printf("not YAML: %s", error->msg == NULL ? "" : error->msg);
		g_strchomp(text);
	}
	refuse(
	    builder, mark, text,
	    has_no_break_space(builder->text, mark.line)
		? "a no-break space stands on this line: write a plain one"
		: "check the indentation, colons (`key: value`), quotes and brackets around here");
}

static void take_events(struct builder *builder, struct bytes text)
{
	struct fy_diag_cfg diag_config;

	fy_diag_cfg_default(&diag_config);
	diag_config.fp = NULL;
	struct fy_diag *diag = fy_diag_create(&diag_config);

	fy_diag_set_collect_errors(diag, true);
	struct fy_parse_cfg config = {
		.flags = FYPCF_QUIET | FYPCF_ALLOW_DUPLICATE_KEYS | FYPCF_DEFAULT_VERSION_1_2,
		.diag = diag,
	};
	struct fy_parser *parser = fy_parser_create(&config);
	struct fy_event *event;

	fy_parser_set_string(parser, (const char *)text.data, text.length);
	while (!builder->has_failed && (event = fy_parser_parse(parser)) != NULL) {
		take_event(builder, event);
		fy_parser_event_free(parser, event);
	}
	if (!builder->has_failed && fy_parser_get_stream_error(parser))
		report_syntax(builder, diag);
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
}

/* Says what stands at the front of `rest`, which is no text. */
static void refuse_bytes(struct builder *builder, struct bytes rest, struct mark mark)
{
	uint16_t two = rest.length < 2 ? 0 : get_be16(rest.data);
	char what[64];

	if (two == 0xfffe || two == 0xfeff) {
		refuse(builder, mark, "this is UTF-16, not UTF-8", "save the file in UTF-8");
	} else if (rest.length > 0 && (rest.data[0] < ' ' || rest.data[0] == 0x7f)) {
		g_snprintf(what, sizeof what, "a control character stands here, U+%04X%s",
			   rest.data[0], rest.data[0] == 0 ? " (NUL)" : "");
		refuse(builder, mark, what, "take it out: a scenario is plain text");
	} else {
		refuse(builder, mark, "this is not text in UTF-8",
		       "save the file as plain text in UTF-8");
	}
}

/* Bytes that libfyaml need not be trusted with: broken UTF-8, NUL and other control characters. */
static bool is_clean_text(struct builder *builder, struct bytes text)
{
	const char *end = NULL;
	struct mark mark = { .line = 1, .column = 1 };
	bool is_clean = g_utf8_validate_len((const char *)text.data, text.length, &end);
	size_t good = (size_t)((const uint8_t *)end - text.data), at = 0;

	for (; at < good; at++) {
		uint8_t c = text.data[at];

		if (c == 0x7f || (c < ' ' && c != '\t' && c != '\n' && c != '\r')) {
			is_clean = false;
			break;
		}
		mark.column += (c & 0xc0) != 0x80;
		if (c == '\n') {
			mark.line++;
			mark.column = 1;
		}
	}
	if (!is_clean)
		refuse_bytes(builder, bytes_from(text, at), mark);
	return is_clean;
}

struct yaml_node *yaml_parse(struct bytes text, struct diagnostics *diagnostics)
{
	struct builder builder = { .diagnostics = diagnostics, .text = text };

	if (is_clean_text(&builder, text))
		take_events(&builder, text);
	if (!builder.has_failed && builder.root == NULL)
		refuse(&builder, (struct mark) { .line = 1, .column = 1 }, "the file is empty",
		       "a scenario starts with the line `mailwire: 1`");
	if (builder.has_failed)
		g_clear_pointer(&builder.root, yaml_free);
	return builder.root;
}

struct yaml_node *yaml_new_scalar(const char *text, struct mark mark)
{
	struct yaml_node *node = g_new0(struct yaml_node, 1);

	node->kind = YAML_SCALAR;
	node->is_plain = true;
	node->mark = mark;
	node->text = g_strdup(text);
	return node;
}

struct yaml_node *yaml_new_collection(enum yaml_kind kind, struct mark mark)
{
	struct yaml_node *node = g_new0(struct yaml_node, 1);

	node->kind = kind;
	node->mark = mark;
	node->children = g_ptr_array_new_with_free_func(node_free);
	return node;
}

struct yaml_node *yaml_copy(const struct yaml_node *node, unsigned lines)
{
	struct mark mark = node->mark;
	struct yaml_node *copy;

	mark.line += lines;
	if (node->kind == YAML_SCALAR) {
		copy = yaml_new_scalar(node->text, mark);
		copy->is_plain = node->is_plain;
		return copy;
	}
	copy = yaml_new_collection(node->kind, mark);
	for (guint i = 0; i < node->children->len; i++)
		g_ptr_array_add(copy->children,
				yaml_copy(g_ptr_array_index(node->children, i), lines));
	return copy;
}

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
	if (mapping == NULL || mapping->kind != YAML_MAPPING)
		return NULL;
	for (unsigned i = 0; i + 1 < mapping->children->len; i += 2) {
		const struct yaml_node *name = g_ptr_array_index(mapping->children, i);

		if (name->kind == YAML_SCALAR && strcmp(name->text, key) == 0)
			return g_ptr_array_index(mapping->children, i + 1);
	}
	return NULL;
}

bool yaml_is_null(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && node->is_plain &&
	       (node->text[0] == '\0' || strcmp(node->text, "~") == 0 ||
		strcmp(node->text, "null") == 0);
}
