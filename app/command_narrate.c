/* mailwire narrate: runs a scenario and writes its explanation. */
#include <stdio.h>
#include "app/command.h"
#include "app/history_record.h"
#include "views/narrate.h"
#include "views/story_write.h"

int command_narrate(const struct command *command, int argc, char **argv)
{
	const char *file;
	struct scenario *scenario;
	int status = command_parse(command, argc, argv, NULL, 1, &file);

	if (status >= 0)
		return status;
	scenario = command_load(file);
	if (scenario == NULL)
		return EXIT_USAGE;
	struct history *history = history_record(scenario, history_options_of(scenario));
	struct story *story =
	    narrate(history, &(struct narrate_options) { .title = scenario->title,
							 .epoch_s = scenario->epoch_s,
							 .level = NARRATE_COURSE });

	story_write_markdown(story, stdout, NULL);
	story_free(story);
	history_free(history);
	scenario_free(scenario);
	return command_flush();
}
