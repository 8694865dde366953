#include "views/narrate.h"

#include "views/narrate_parts.h"

const char *const narrate_level_names[NARRATE_LEVEL_COUNT] = { "short", "course", "expert" };

static const char question[] =
    "Explain how the employee's email client sends and receives email using the email server, "
    "indicating any protocols involved and where any encapsulation/decapsulation occurs as data "
    "travels between the client, the local mail server, and remote mail servers.";

static void ask(struct narrator *narrator)
{
	struct story_fact label = { .text = "The question.", .look = STORY_STRONG };

	SAY(story_paragraph(narrator->story), "{} {}", label, fact_word(question));
}

struct story *narrate(struct history *history, const struct narrate_options *options)
{
	struct narrator narrator = {
		.history = history,
		.model = history_model(history),
		.store = history_store(history),
		.level = options->level,
		.story = story_new(options->title == NULL ? "How mail travelled in this run"
							  : options->title,
				   options->epoch_s),
	};

	narrate_index(&narrator);
	ask(&narrator);
	narrate_brief(&narrator);
	narrate_network(&narrator, options);
	narrate_envelopes(&narrator);
	narrate_scenes(&narrator);
	narrate_headers_table(&narrator);
	narrate_result(&narrator);
	if (options->wants_questions)
		narrate_questions(&narrator);
	story_tidy(narrator.story);
	narrate_index_clear(&narrator);
	return narrator.story;
}
