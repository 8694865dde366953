/* A story as JSON (RFC 8259), with the evidence of every number and quotation. */
#include <inttypes.h>
#include "protocols/layer.h"
#include "views/names.h"
#include "views/story_write.h"
#include "views/text.h"

static void append_member(GString *out, const char *name, const char *text)
{
	g_string_append_printf(out, "\"%s\": ", name);
	text_json(out, text, strlen(text));
}

static void append_number(GString *out, const char *name, uint64_t number)
{
	if (number != 0)
		g_string_append_printf(out, ", \"%s\": %" PRIu64, name, number);
}

static void append_query(GString *out, const struct story_query *query)
{
	struct trace_record record = { .kind = (uint8_t)query->kind,
				       .layer = (uint8_t)query->layer,
				       .detail = query->detail };

	g_string_append_printf(out, ", \"where\": {\"kind\": \"%s\"",
			       view_kind_name((enum trace_kind)query->kind));
	if (query->layer != STORY_ANY)
		g_string_append_printf(out, ", \"layer\": \"%s\"", view_layer_key(query->layer));
	if (query->detail != STORY_ANY)
		g_string_append_printf(out, ", \"detail\": \"%s\"", view_detail_name(&record));
	append_number(out, "flags", query->flags);
	append_number(out, "node", query->node);
	append_number(out, "root", query->root);
	append_number(out, "object", query->object);
	g_string_append_c(out, '}');
}

static void append_evidence(GString *out, const struct story_evidence *evidence)
{
	g_string_append(out, ", ");
	append_member(out, "source", story_source_names[evidence->source]);
	if (evidence->source != STORY_TEXT && evidence->source != STORY_DECODED) {
		g_string_append(out, ", ");
		append_member(out, "form", story_form_names[evidence->form]);
	}
	append_number(out, "record", evidence->record);
	append_number(out, "until", evidence->other);
	if (evidence->source == STORY_BITS)
		g_string_append_printf(out, ", \"bit\": %u, \"bits\": %u", evidence->bit,
				       evidence->bits);
	if (evidence->name != NULL) {
		g_string_append(out, ", ");
		append_member(out, "field", evidence->name);
	}
	if (evidence->source == STORY_COUNT || evidence->source == STORY_SUM)
		append_query(out, &evidence->query);
}

static void append_span(GString *out, const struct story_sentence *sentence,
			const struct story_span *span)
{
	g_autofree char *text = g_strndup(sentence->text->str + span->start, span->length);

	g_string_append_printf(out, "{\"start\": %u, \"length\": %u, ", span->start, span->length);
	append_member(out, "text", text);
	if (span->layer != 0) {
		g_string_append(out, ", ");
		append_member(out, "layer", view_layer_key(span->layer));
	}
	if (span->evidence.source != STORY_NOWHERE)
		append_evidence(out, &span->evidence);
	g_string_append_c(out, '}');
}

static void append_sentence(GString *out, const struct story_sentence *sentence)
{
	g_string_append_c(out, '{');
	append_member(out, "text", sentence->text->str);
	g_string_append(out, ", \"records\": [");
	for (guint i = 0; i < sentence->records->len; i++)
		g_string_append_printf(out, "%s%" PRIu64, i == 0 ? "" : ", ",
				       g_array_index(sentence->records, uint64_t, i));
	g_string_append(out, "], \"spans\": [");
	for (guint i = 0; i < sentence->spans->len; i++) {
		g_string_append(out, i == 0 ? "" : ", ");
		append_span(out, sentence, &g_array_index(sentence->spans, struct story_span, i));
	}
	g_string_append(out, "]}");
}

static void append_sentences(GString *out, const char *name, const GPtrArray *sentences)
{
	g_string_append_printf(out, ", \"%s\": [", name);
	for (guint i = 0; i < sentences->len; i++) {
		g_string_append(out, i == 0 ? "\n      " : ",\n      ");
		append_sentence(out, sentences->pdata[i]);
	}
	g_string_append_c(out, ']');
}

static void append_block(GString *out, const struct story_block *block)
{
	static const char *const kinds[] = { "heading", "paragraph", "list", "table", "figure" };

	g_string_append(out, "    {");
	append_member(out, "kind", kinds[block->kind]);
	if (block->kind == STORY_HEADING)
		append_number(out, "level", block->level);
	if (block->kind == STORY_LIST)
		g_string_append_printf(out, ", \"numbered\": %s", block->level ? "true" : "false");
	append_number(out, "columns", block->columns);
	if (block->anchor != NULL) {
		g_string_append(out, ", ");
		append_member(out, "anchor", block->anchor);
	}
	if (block->svg != NULL) {
		g_string_append(out, ", ");
		append_member(out, "alternative", block->alternative);
		g_string_append(out, ", ");
		append_member(out, "svg", block->svg);
	}
	if (block->labels != NULL)
		append_sentences(out, "labels", block->labels);
	append_sentences(out, "sentences", block->sentences);
	g_string_append_c(out, '}');
}

GString *story_json(const struct story *story)
{
	GString *text = g_string_new("{\n  ");

	append_member(text, "title", story->title);
	g_string_append_printf(text, ",\n  \"epoch\": %" PRId64 ",\n  \"blocks\": [\n",
			       story->epoch_s);
	for (guint i = 0; i < story->blocks->len; i++) {
		append_block(text, story->blocks->pdata[i]);
		g_string_append(text, i + 1 < story->blocks->len ? ",\n" : "\n");
	}
	g_string_append(text, "  ]\n}\n");
	return text;
}
