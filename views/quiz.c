#include "views/quiz_private.h"

#include <inttypes.h>
#include <string.h>
#include "protocols/imap/dissect.h"
#include "protocols/pop3/dissect.h"
#include "protocols/smtp/dissect.h"
#include "sim/plural.h"

#define TRIES_MAX    30    /* for one question of a kind */
#define SAYINGS_MAX  50000 /* that questions are drawn from */
#define DESCRIBE_MAX 70
#define RUN_MAX      45 /* characters without a space */

static const struct quiz_kind {
	const char *name;
	bool (*draw)(struct quizzing *quizzing);
} kinds[] = {
	{"header",   quiz_draw_header },
        { "mac",     quiz_draw_mac    },
	{ "reply",   quiz_draw_reply  },
        { "length",  quiz_draw_length },
	{ "ttl",     quiz_draw_ttl    },
        { "port",    quiz_draw_port   },
	{ "traffic", quiz_draw_traffic},
        { "holder",  quiz_draw_holder },
	{ "address", quiz_draw_address},
};

static void question_free(void *taken)
{
	struct quiz_question *question = taken;

	g_free(question->text);
	g_free(question->right);
	g_free(question->proof);
	g_ptr_array_unref(question->wrong);
	g_free(question);
}

guint quiz_pick(struct quizzing *quizzing, guint bound)
{
	return (guint)random_below(&quizzing->random, bound);
}

struct quiz_question *quiz_begin(struct quizzing *quizzing, char *text, char *right)
{
	struct quiz_question *question;

	if (g_hash_table_contains(quizzing->asked, text)) {
		g_free(text);
		g_free(right);
		return NULL;
	}
	question = g_new0(struct quiz_question, 1);
	question->text = text;
	question->right = right;
	question->wrong = g_ptr_array_new_with_free_func(g_free);
	return question;
}

void quiz_wrong(struct quiz_question *question, char *answer)
{
	bool is_known = answer == NULL || strcmp(answer, question->right) == 0 ||
			question->wrong->len >= QUIZ_WRONG_MAX;

	for (guint i = 0; i < question->wrong->len && !is_known; i++)
		is_known = strcmp(question->wrong->pdata[i], answer) == 0;
	if (is_known)
		g_free(answer);
	else
		g_ptr_array_add(question->wrong, answer);
}

bool quiz_finish(struct quizzing *quizzing, struct quiz_question *question,
		 const struct trace_record *record, const struct trace_record *frame, char *proof)
{
	question->proof = proof;
	question->record = record->id;
	if (frame != NULL)
		question->frame = model_frame(quizzing->narrator.model, frame->packet);
	if (question->wrong->len == 0) {
		question_free(question);
		return false;
	}
	question->place = quiz_pick(quizzing, question->wrong->len + 1);
	g_hash_table_add(quizzing->asked, question->text);
	g_ptr_array_add(quizzing->questions, question);
	return true;
}

bool quiz_passage(struct quizzing *quizzing, unsigned outcome, struct saying *saying,
		  struct passage *passage)
{
	const struct history_packet *packet;
	guint start;

	if (quizzing->sayings->len == 0)
		return false;
	*saying = g_array_index(quizzing->sayings, struct saying,
				quiz_pick(quizzing, quizzing->sayings->len));
	packet = narrate_packet_of(&quizzing->narrator, saying);
	if (packet == NULL || packet->hop_count == 0)
		return false;
	start = quiz_pick(quizzing, packet->hop_count);
	for (uint32_t i = 0; i < packet->hop_count; i++) {
		const struct history_hop *hop =
		    narrate_hop_of(&quizzing->narrator, packet, (start + i) % packet->hop_count);

		if (hop->outcome != outcome)
			continue;
		narrate_passage_read(&quizzing->narrator, hop, passage);
		return true;
	}
	return false;
}

bool quiz_is_readable(const char *summary)
{
	size_t run = 0;

	if (summary[0] == '(' || g_ascii_isdigit(summary[0]))
		run = strspn(summary, "0123456789") == 3 && summary[3] != '\0' &&
			      !g_str_has_prefix(summary + 3, " byte")
			  ? 0
			  : DESCRIBE_MAX;
	for (; *summary != '\0' && run < RUN_MAX; summary++)
		run = *summary == ' ' ? 0 : run + 1;
	return run < RUN_MAX;
}

/* What is said first in the frame where `saying` begins, and how much more begins there. */
static const struct saying *first_in_frame(const struct quizzing *quizzing,
					   const struct saying *saying, unsigned *more)
{
	const struct saying *first = NULL;

	*more = 0;
	for (guint i = 0; i < quizzing->sayings->len; i++) {
		const struct saying *other = &g_array_index(quizzing->sayings, struct saying, i);

		if (other->unit->packet != saying->unit->packet)
			continue;
		*more += first != NULL;
		if (first == NULL || other->unit->offset < first->unit->offset)
			first = other;
	}
	return first == NULL ? saying : first;
}

char *quiz_describe(const struct quizzing *quizzing, const struct saying *saying)
{
	uint64_t frame = model_frame(quizzing->narrator.model, saying->unit->packet);
	unsigned more;
	const struct model_unit *unit = first_in_frame(quizzing, saying, &more)->unit;
	const char *summary = unit->summary == NULL ? "" : unit->summary;
	struct bytes text = { (const uint8_t *)summary, strlen(summary) };
	const char *clean;

	if (unit->is_encrypted)
		return g_strdup_printf("frame %" PRIu64 " (encrypted)", frame);
	if (!quiz_is_readable(summary))
		return g_strdup_printf("frame %" PRIu64, frame);
	clean = story_clean(quizzing->narrator.story, text, DESCRIBE_MAX);
	if (more > 0)
		return g_strdup_printf("frame %" PRIu64 " (%s and %u more)", frame, clean, more);
	return g_strdup_printf("frame %" PRIu64 " (%s)", frame, clean);
}

const char *quiz_node(const struct quizzing *quizzing, uint32_t node)
{
	const char *name = model_node_name(quizzing->narrator.model, node);
	struct bytes text = { (const uint8_t *)name, strlen(name) };

	return story_clean(quizzing->narrator.story, text, 80);
}

char *quiz_bytes(uint64_t bytes)
{
	return g_strdup_printf("%" PRIu64 " byte%s", bytes, plural(bytes));
}

static void gather(struct quizzing *quizzing)
{
	for (guint i = 0; i < quizzing->narrator.legs->len; i++) {
		GArray *sayings = narrate_sayings(
		    &quizzing->narrator, narrate_leg(&quizzing->narrator, i), SCENE_NONE, false);

		if (quizzing->sayings->len < SAYINGS_MAX)
			g_array_append_vals(quizzing->sayings, sayings->data, sayings->len);
		g_array_unref(sayings);
	}
}

/* One of a kind after the other, until there are enough or no kind has another. */
static void draw_all(struct quizzing *quizzing, unsigned count)
{
	size_t dry = 0;

	for (size_t kind = 0; quizzing->questions->len < count && dry < G_N_ELEMENTS(kinds);
	     kind = (kind + 1) % G_N_ELEMENTS(kinds)) {
		bool is_drawn = false;

		for (unsigned i = 0; i < TRIES_MAX && !is_drawn; i++)
			is_drawn = kinds[kind].draw(quizzing);
		dry = is_drawn ? 0 : dry + 1;
		if (is_drawn) {
			struct quiz_question *question =
			    quizzing->questions->pdata[quizzing->questions->len - 1];

			question->kind = kinds[kind].name;
		}
	}
}

GPtrArray *quiz_new(struct history *history, const struct quiz_options *options)
{
	struct quizzing quizzing = {
		.narrator = {
			.history = history,
			.model = history_model(history),
			.store = history_store(history),
			.story = story_new("quiz", 0),
		},
		.sayings = g_array_new(FALSE, FALSE, sizeof(struct saying)),
		.asked = g_hash_table_new(g_str_hash, g_str_equal),
		.questions = g_ptr_array_new_with_free_func(question_free),
	};

	random_init(&quizzing.random, options->seed, "", "quiz");
	narrate_index(&quizzing.narrator);
	gather(&quizzing);
	draw_all(&quizzing, options->count);
	narrate_index_clear(&quizzing.narrator);
	story_free(quizzing.narrator.story);
	g_hash_table_unref(quizzing.asked);
	g_array_unref(quizzing.sayings);
	return quizzing.questions;
}
