#include "views/story.h"

#include <string.h>

const char *const story_source_names[STORY_SOURCE_COUNT] = {
	[STORY_NOWHERE] = "",
	[STORY_TIME] = "time",
	[STORY_INTERVAL] = "interval",
	[STORY_LENGTH] = "total_bytes",
	[STORY_HEADER] = "header_bytes",
	[STORY_BEFORE] = "before",
	[STORY_AFTER] = "after",
	[STORY_OBJECT] = "object",
	[STORY_FRAME] = "frame",
	[STORY_BITS] = "bits",
	[STORY_TEXT] = "text",
	[STORY_DECODED] = "decoded",
	[STORY_COUNT] = "count",
	[STORY_SUM] = "sum",
};

const char *const story_form_names[STORY_FORM_COUNT] = {
	[STORY_DECIMAL] = "decimal",
	[STORY_SECONDS] = "seconds",
	[STORY_MILLISECONDS] = "milliseconds",
	[STORY_IPV4] = "ipv4",
	[STORY_MAC] = "mac",
	[STORY_HEXADECIMAL] = "hexadecimal",
};

static void sentence_free(void *taken)
{
	struct story_sentence *sentence = taken;

	g_string_free(sentence->text, TRUE);
	g_array_unref(sentence->spans);
	g_array_unref(sentence->records);
	g_free(sentence);
}

static void block_free(void *taken)
{
	struct story_block *block = taken;

	g_ptr_array_unref(block->sentences);
	g_clear_pointer(&block->labels, g_ptr_array_unref);
	g_free(block->svg);
	g_free(block->alternative);
	g_free(block);
}

struct story *story_new(const char *title, int64_t epoch_s)
{
	struct story *story = g_new0(struct story, 1);

	story->title = g_strdup(title);
	story->epoch_s = epoch_s;
	story->blocks = g_ptr_array_new_with_free_func(block_free);
	story->texts = g_string_chunk_new(4096);
	return story;
}

void story_free(struct story *story)
{
	if (story == NULL)
		return;
	g_ptr_array_unref(story->blocks);
	g_string_chunk_free(story->texts);
	g_free(story->title);
	g_free(story);
}

static struct story_block *add_block(struct story *story, enum story_kind kind)
{
	struct story_block *block = g_new0(struct story_block, 1);

	block->kind = (uint8_t)kind;
	block->sentences = g_ptr_array_new_with_free_func(sentence_free);
	g_ptr_array_add(story->blocks, block);
	return block;
}

struct story_block *story_heading(struct story *story, unsigned level, const char *anchor)
{
	struct story_block *block = add_block(story, STORY_HEADING);

	block->level = (uint8_t)level;
	block->anchor = g_string_chunk_insert(story->texts, anchor);
	return block;
}

struct story_block *story_paragraph(struct story *story)
{
	return add_block(story, STORY_PARAGRAPH);
}

struct story_block *story_list(struct story *story, bool is_numbered)
{
	struct story_block *block = add_block(story, STORY_LIST);

	block->level = is_numbered;
	return block;
}

struct story_block *story_table(struct story *story, unsigned columns, uint32_t right_aligned)
{
	struct story_block *block = add_block(story, STORY_TABLE);

	block->columns = columns;
	block->right_aligned = right_aligned;
	return block;
}

struct story_block *story_figure(struct story *story, const char *anchor, char *svg,
				 const char *alternative)
{
	struct story_block *block = add_block(story, STORY_FIGURE);

	block->anchor = g_string_chunk_insert(story->texts, anchor);
	block->svg = svg;
	block->alternative = g_strdup(alternative);
	return block;
}

static void rest_on(struct story_sentence *sentence, uint64_t record)
{
	if (record == 0)
		return;
	for (guint i = 0; i < sentence->records->len; i++)
		if (g_array_index(sentence->records, uint64_t, i) == record)
			return;
	g_array_append_val(sentence->records, record);
}

static void append_fact(struct story_sentence *sentence, const struct story_fact *fact)
{
	struct story_span span = {
		.start = (uint32_t)sentence->text->len,
		.look = fact->look,
		.layer = fact->layer,
		.evidence = fact->evidence,
	};

	rest_on(sentence, fact->evidence.record);
	rest_on(sentence, fact->evidence.other);
	if (fact->text == NULL)
		return;
	g_string_append(sentence->text, fact->text);
	span.length = (uint32_t)(sentence->text->len - span.start);
	if (span.length > 0 &&
	    (fact->look != STORY_PLAIN || fact->evidence.source != STORY_NOWHERE))
		g_array_append_val(sentence->spans, span);
}

void story_go_on(struct story_sentence *sentence, const char *text, const struct story_fact *facts,
		 size_t count)
{
	const struct story_fact *fact = facts;
	/* No facts may have no address, and C allows no sum with that. */
	const struct story_fact *end = count > 0 ? facts + count : facts;
	const char *hole;

	for (; (hole = strstr(text, "{}")) != NULL; text = hole + 2) {
		g_string_append_len(sentence->text, text, hole - text);
		while (fact < end && fact->text == NULL)
			append_fact(sentence, fact++);
		g_assert(fact < end);
		append_fact(sentence, fact++);
	}
	g_string_append(sentence->text, text);
	for (; fact < end; fact++) {
		g_assert(fact->text == NULL);
		append_fact(sentence, fact);
	}
}

static struct story_sentence *say_in(GPtrArray *sentences, const char *text,
				     const struct story_fact *facts, size_t count)
{
	struct story_sentence *sentence = g_new0(struct story_sentence, 1);

	sentence->text = g_string_new(NULL);
	sentence->spans = g_array_new(FALSE, FALSE, sizeof(struct story_span));
	sentence->records = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	g_ptr_array_add(sentences, sentence);
	story_go_on(sentence, text, facts, count);
	return sentence;
}

struct story_sentence *story_say(struct story_block *block, const char *text,
				 const struct story_fact *facts, size_t count)
{
	return say_in(block->sentences, text, facts, count);
}

struct story_sentence *story_label(struct story_block *figure, const char *text,
				   const struct story_fact *facts, size_t count)
{
	if (figure->labels == NULL)
		figure->labels = g_ptr_array_new_with_free_func(sentence_free);
	return say_in(figure->labels, text, facts, count);
}

/* Says nothing: a heading is judged by what follows it. */
static bool is_empty(const struct story_block *block)
{
	switch ((enum story_kind)block->kind) {
	case STORY_HEADING:
		return false;
	case STORY_TABLE:
		return block->sentences->len <= block->columns;
	case STORY_FIGURE:
		return block->svg == NULL;
	default:
		return block->sentences->len == 0;
	}
}

static bool is_lonely(const struct story *story, guint index)
{
	const struct story_block *heading = story->blocks->pdata[index];
	const struct story_block *next;

	if (heading->kind != STORY_HEADING)
		return false;
	if (index + 1 == story->blocks->len)
		return true;
	next = story->blocks->pdata[index + 1];
	return next->kind == STORY_HEADING && next->level <= heading->level;
}

void story_tidy(struct story *story)
{
	for (guint i = story->blocks->len; i-- > 0;)
		if (is_empty(story->blocks->pdata[i]) || is_lonely(story, i))
			g_ptr_array_remove_index(story->blocks, i);
}

/* Nothing that a reader of the text would obey: line ends, direction marks, invisible ones. */
static bool is_harmless(gunichar character)
{
	return g_unichar_isprint(character) && g_unichar_type(character) != G_UNICODE_FORMAT &&
	       g_unichar_type(character) != G_UNICODE_LINE_SEPARATOR &&
	       g_unichar_type(character) != G_UNICODE_PARAGRAPH_SEPARATOR;
}

#define REPLACEMENT "\xef\xbf\xbd"

const char *story_clean(struct story *story, struct bytes text, size_t limit)
{
	GString *clean = g_string_new(NULL);
	const char *at = (const char *)text.data, *end = at + text.length, *kept;

	while (at < end && clean->len < limit) {
		gunichar character = g_utf8_get_char_validated(at, end - at);
		bool is_character = character < (gunichar)-2;
		size_t length = is_character ? (size_t)(g_utf8_next_char(at) - at) : 1;

		if (is_character && character == '\t')
			g_string_append_c(clean, ' ');
		else if (is_character && is_harmless(character))
			g_string_append_len(clean, at, (gssize)length);
		else
			g_string_append(clean, REPLACEMENT);
		at += length;
	}
	if (at < end)
		g_string_append(clean, "...");
	kept = g_string_chunk_insert(story->texts, clean->str);
	g_string_free(clean, TRUE);
	return kept;
}
