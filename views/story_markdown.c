/* A story as Markdown: CommonMark with the tables of GitHub. */
#include <string.h>
#include "views/story_write.h"

static bool is_outside(const struct story_span *span)
{
	return span->evidence.source == STORY_TEXT || span->evidence.source == STORY_DECODED;
}

/*
 * What means something within a line is escaped by a backslash (CommonMark section 2.4). In text from
 * outside also what GitHub would make a link of.
 */
static bool is_special(const char *text, size_t i, size_t length, bool is_from_outside)
{
	if (text[i] != '\0' && strchr("\\`*_[]<>|&~", text[i]) != NULL)
		return true;
	if (!is_from_outside)
		return false;
	if (text[i] == ':')
		return i + 2 < length && text[i + 1] == '/' && text[i + 2] == '/';
	if (text[i] == '.')
		return i >= 3 && g_ascii_strncasecmp(text + i - 3, "www", 3) == 0;
	return text[i] != '\0' && strchr("@#!$", text[i]) != NULL;
}

static void append_text(GString *out, const char *text, size_t length, bool is_from_outside)
{
	for (size_t i = 0; i < length; i++) {
		if (is_special(text, i, length, is_from_outside))
			g_string_append_c(out, '\\');
		g_string_append_c(out, text[i]);
	}
}

/* A code span, fenced by more backticks than stand in it; a bar would end the cell of a table. */
static void append_code(GString *out, const char *text, size_t length)
{
	size_t longest = 0, run = 0;
	bool needs_space;

	for (size_t i = 0; i < length; i++) {
		run = text[i] == '`' ? run + 1 : 0;
		longest = MAX(longest, run);
	}
	needs_space = length > 0 && (text[0] == '`' || text[length - 1] == '`' ||
				     (text[0] == ' ' && text[length - 1] == ' '));
	for (size_t i = 0; i <= longest; i++)
		g_string_append_c(out, '`');
	g_string_append(out, needs_space ? " " : "");
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '|')
			g_string_append_c(out, '\\');
		g_string_append_c(out, text[i]);
	}
	g_string_append(out, needs_space ? " " : "");
	for (size_t i = 0; i <= longest; i++)
		g_string_append_c(out, '`');
}

static void append_span(GString *out, const char *text, const struct story_span *span)
{
	const char *mark = span->look == STORY_STRONG ? "**" : span->look == STORY_NODE ? "*" : "";

	if (span->look == STORY_CODE) {
		append_code(out, text, span->length);
		return;
	}
	g_string_append(out, mark);
	append_text(out, text, span->length, is_outside(span));
	g_string_append(out, mark);
}

static void append_sentence(GString *out, const struct story_sentence *sentence)
{
	const char *text = sentence->text->str;
	uint32_t at = 0;

	for (guint i = 0; i < sentence->spans->len; i++) {
		const struct story_span *span =
		    &g_array_index(sentence->spans, struct story_span, i);

		append_text(out, text + at, span->start - at, false);
		append_span(out, text + span->start, span);
		at = span->start + span->length;
	}
	append_text(out, text + at, sentence->text->len - at, false);
}

static void append_sentences(GString *out, const struct story_block *block)
{
	for (guint i = 0; i < block->sentences->len; i++) {
		if (i > 0)
			g_string_append_c(out, ' ');
		append_sentence(out, block->sentences->pdata[i]);
	}
}

static void append_rule(GString *out, const struct story_block *block)
{
	for (unsigned i = 0; i < block->columns; i++)
		g_string_append(out, block->right_aligned & 1u << i ? "| ---: " : "| --- ");
	g_string_append(out, "|\n");
}

static void append_table(GString *out, const struct story_block *block)
{
	for (guint i = 0; i < block->sentences->len; i++) {
		g_string_append(out, "| ");
		append_sentence(out, block->sentences->pdata[i]);
		g_string_append_c(out, ' ');
		if ((i + 1) % block->columns == 0)
			g_string_append(out, "|\n");
		if (i + 1 == block->columns)
			append_rule(out, block);
	}
	g_string_append_c(out, '\n');
}

static void append_list(GString *out, const struct story_block *block)
{
	for (guint i = 0; i < block->sentences->len; i++) {
		if (block->level == 1)
			g_string_append_printf(out, "%u. ", i + 1);
		else
			g_string_append(out, "- ");
		append_sentence(out, block->sentences->pdata[i]);
		g_string_append_c(out, '\n');
	}
	g_string_append_c(out, '\n');
}

static void append_figure(GString *out, const struct story_block *block, const char *prefix)
{
	if (prefix != NULL) {
		g_string_append(out, "![");
		append_text(out, block->alternative, strlen(block->alternative), false);
		g_string_append_printf(out, "](<%s-%s.svg>)\n\n", prefix, block->anchor);
	}
	g_string_append(out, prefix != NULL ? "*Figure:* " : "*Figure (left out here):* ");
	append_sentences(out, block);
	g_string_append(out, "\n\n");
}

static void append_block(GString *out, const struct story_block *block, const char *prefix)
{
	switch ((enum story_kind)block->kind) {
	case STORY_HEADING:
		for (unsigned i = 0; i <= block->level; i++)
			g_string_append_c(out, '#');
		g_string_append_c(out, ' ');
		append_sentences(out, block);
		g_string_append(out, "\n\n");
		break;
	case STORY_PARAGRAPH:
		append_sentences(out, block);
		g_string_append(out, "\n\n");
		break;
	case STORY_LIST:
		append_list(out, block);
		break;
	case STORY_TABLE:
		append_table(out, block);
		break;
	case STORY_FIGURE:
		append_figure(out, block, prefix);
		break;
	}
}

GString *story_markdown(const struct story *story, const char *prefix)
{
	GString *text = g_string_new("# ");

	append_text(text, story->title, strlen(story->title), true);
	g_string_append(text, "\n\n");
	for (guint i = 0; i < story->blocks->len; i++)
		append_block(text, story->blocks->pdata[i], prefix);
	g_string_truncate(text, text->len - 1);
	return text;
}
