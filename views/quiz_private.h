/* The parts of the quiz; for views/quiz*.c only. */
#pragma once
#include "sim/random.h"
#include "views/narrate_passage.h"
#include "views/quiz.h"

struct quizzing {
	struct narrator narrator;
	struct random_stream random;
	GArray *sayings;      /* of struct saying: of all connections */
	GHashTable *asked;    /* texts of questions; look-ups only */
	GPtrArray *questions; /* of struct quiz_question * */
};

/* The kinds: each draws a question and adds it. False: nothing was found, or it is asked already. */
bool quiz_draw_reply(struct quizzing *quizzing);
bool quiz_draw_traffic(struct quizzing *quizzing);
bool quiz_draw_holder(struct quizzing *quizzing);
bool quiz_draw_header(struct quizzing *quizzing);
bool quiz_draw_mac(struct quizzing *quizzing);
bool quiz_draw_ttl(struct quizzing *quizzing);
bool quiz_draw_port(struct quizzing *quizzing);
bool quiz_draw_length(struct quizzing *quizzing);
bool quiz_draw_address(struct quizzing *quizzing);

/* A number below `bound`, which is not 0. */
guint quiz_pick(struct quizzing *quizzing, guint bound);

/*
 * Begins a question, whose text and right answer are taken; NULL, with both freed, when it was asked
 * already. It counts when quiz_finish() says so.
 */
struct quiz_question *quiz_begin(struct quizzing *quizzing, char *text, char *right);

/* A wrong answer, taken; dropped where it is the right one or there already, or where there are enough. */
void quiz_wrong(struct quiz_question *question, char *answer);

/* What proves it: `frame` may be NULL. `proof` is taken. False: too few answers, the question is dropped. */
bool quiz_finish(struct quizzing *quizzing, struct quiz_question *question,
		 const struct trace_record *record, const struct trace_record *frame, char *proof);

/* A passage of a packet of a session with this outcome; false: none was drawn. To be cleared. */
bool quiz_passage(struct quizzing *quizzing, unsigned outcome, struct saying *saying,
		  struct passage *passage);

/* "frame 28 (EHLO alice-pc.office.example)", "frame 30 (MAIL FROM:<...> and 2 more)"; the caller frees it. */
char *quiz_describe(const struct quizzing *quizzing, const struct saying *saying);

/* Whether a summary is words, and no base64 or count of bytes, which say nothing to a reader. */
bool quiz_is_readable(const char *summary);

const char *quiz_node(const struct quizzing *quizzing, uint32_t node);

/* "96 bytes"; the caller frees it. */
char *quiz_bytes(uint64_t bytes);
