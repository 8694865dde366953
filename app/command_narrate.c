/* mailwire narrate: runs a scenario and writes its explanation. */
#include <stdio.h>
#include <string.h>
#include "app/command.h"
#include "app/history_record.h"
#include "app/paper.h"
#include "app/picture.h"
#include "views/figures.h"
#include "views/narrate.h"
#include "views/output.h"
#include "views/story_write.h"

enum form { FORM_MARKDOWN, FORM_HTML, FORM_JSON, FORM_PDF, FORM_COUNT };

static const char *const form_names[] = { "md", "html", "json", "pdf", NULL };

struct narrating {
	char *path, *level_name, *format;
	char **settings;
	char *receive;
	gint64 seed; /* -1: the scenario's own */
	gboolean wants_questions;
	enum narrate_level level;
	enum form form;
};

static int index_in(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (g_ascii_strcasecmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

/* --format, else what the name of the file ends with, else Markdown. */
static bool choose_form(struct narrating *narrating)
{
	const char *dot = narrating->path == NULL ? NULL : strrchr(narrating->path, '.');
	const char *name = narrating->format != NULL ? narrating->format
			   : dot != NULL             ? dot + 1
						     : form_names[FORM_MARKDOWN];
	int form = index_in(form_names, FORM_COUNT, name);

	if (form < 0) {
		command_complain(
		    "%s: the explanation is written as md, html, pdf or json, not as '%s'",
		    narrating->format != NULL ? "--format" : narrating->path, name);
		return false;
	}
	narrating->form = (enum form)form;
	if (narrating->form == FORM_PDF && narrating->path == NULL) {
		command_complain("--format pdf: say where it shall go, such as -o story.pdf");
		return false;
	}
	return true;
}

static bool choose_level(struct narrating *narrating)
{
	int level = narrating->level_name == NULL
			? NARRATE_COURSE
			: index_in(narrate_level_names, NARRATE_LEVEL_COUNT, narrating->level_name);

	if (level < 0) {
		command_complain("--level: '%s' is none; there are short, course and expert",
				 narrating->level_name);
		return false;
	}
	narrating->level = (enum narrate_level)level;
	return true;
}

/* The picture of the network; NULL where mailwire was built without Graphviz. */
static char *draw_network(const struct history *history)
{
	g_autofree char *dot = figure_network_dot(history_model(history));
	char *svg = picture_svg(dot, NULL);
	char *start = svg == NULL ? NULL : strstr(svg, "<svg"), *inner;

	if (start == NULL) {
		g_free(svg);
		return NULL;
	}
	inner = g_strchomp(g_strdup(start));
	g_free(svg);
	return inner;
}

static bool write_text(const char *path, const GString *text)
{
	GError *error = NULL;
	struct output *output = output_open(path, &error);

	if (output != NULL) {
		output_write(output, (struct bytes) { (const uint8_t *)text->str, text->len });
		if (output_close(output, &error))
			return true;
	}
	command_complain("%s", error->message);
	g_error_free(error);
	return false;
}

/* Figures stand beside the Markdown: story.md has story-network.svg. */
static bool write_figures(const struct story *story, const char *prefix)
{
	for (guint i = 0; i < story->blocks->len; i++) {
		const struct story_block *block = story->blocks->pdata[i];
		g_autofree char *path = NULL;
		bool is_written;
		GString *svg;

		if (block->kind != STORY_FIGURE)
			continue;
		path = g_strdup_printf("%s-%s.svg", prefix, block->anchor);
		svg = g_string_new(block->svg);
		is_written = write_text(path, svg);
		g_string_free(svg, TRUE);
		if (!is_written)
			return false;
	}
	return true;
}

static int write_markdown(const struct narrating *narrating, const struct story *story)
{
	g_autofree char *prefix = NULL, *base = NULL;
	GString *text;
	bool is_written = true;

	if (narrating->path != NULL && strcmp(narrating->path, "-") != 0) {
		prefix = g_strndup(narrating->path, g_str_has_suffix(narrating->path, ".md")
							? strlen(narrating->path) - strlen(".md")
							: strlen(narrating->path));
		base = g_path_get_basename(prefix);
		is_written = write_figures(story, prefix);
	}
	text = story_markdown(story, base);
	is_written =
	    is_written && write_text(narrating->path == NULL ? "-" : narrating->path, text);
	g_string_free(text, TRUE);
	return is_written ? EXIT_OK : EXIT_OUTPUT;
}

static int write_pdf(const struct narrating *narrating, const struct story *story)
{
	GString *html = story_html(story);
	GError *error = NULL;
	bool is_written = paper_write_pdf(html->str, narrating->path, story->epoch_s, &error);

	g_string_free(html, TRUE);
	if (is_written)
		return EXIT_OK;
	command_complain("%s: %s", narrating->path, error->message);
	g_error_free(error);
	return EXIT_OUTPUT;
}

static int write_story(const struct narrating *narrating, const struct story *story)
{
	GString *text;
	bool is_written;

	if (narrating->form == FORM_MARKDOWN)
		return write_markdown(narrating, story);
	if (narrating->form == FORM_PDF)
		return write_pdf(narrating, story);
	text = narrating->form == FORM_HTML ? story_html(story) : story_json(story);
	is_written = write_text(narrating->path == NULL ? "-" : narrating->path, text);
	g_string_free(text, TRUE);
	return is_written ? EXIT_OK : EXIT_OUTPUT;
}

static int tell(const struct narrating *narrating, const char *file)
{
	struct scenario *scenario =
	    command_load_changed(file, narrating->receive, narrating->settings);
	struct history_options options;
	struct history *history;
	struct story *story;
	char *picture;
	int status;

	if (scenario == NULL)
		return EXIT_USAGE;
	if (!command_can_write(narrating->path)) {
		scenario_free(scenario);
		return EXIT_OUTPUT;
	}
	options = history_options_of(scenario);
	if (narrating->seed >= 0)
		options.seed = (uint64_t)narrating->seed;
	history = history_record(scenario, options);
	picture = draw_network(history);
	story = narrate(history, &(struct narrate_options) {
				     .title = scenario->title,
				     .topology_svg = picture,
				     .epoch_s = scenario->epoch_s,
				     .level = narrating->level,
				     .wants_questions = narrating->wants_questions,
				 });
	status = write_story(narrating, story);
	story_free(story);
	g_free(picture);
	history_free(history);
	scenario_free(scenario);
	return status;
}

int command_narrate(const struct command *command, int argc, char **argv)
{
	struct narrating narrating = { .seed = -1 };
	const GOptionEntry entries[] = {
		{"output",               'o', 0, G_OPTION_ARG_FILENAME, &narrating.path,
                 "Write to PATH: .md, .html, .pdf or .json; without it Markdown goes to standard "
		  "output", "PATH" },
		{ "level",                     0, 0, G_OPTION_ARG_STRING, &narrating.level_name,
                 "How much to tell: short, course (default) or expert", "short|course|expert" },
		{ "question",       0, 0, G_OPTION_ARG_NONE, &narrating.wants_questions,
                 "Answer the five usual questions of interviews as well, with this run's evidence", NULL },
		{ "format",                0, 0, G_OPTION_ARG_STRING, &narrating.format,
                 "Whatever the name of the file says: md, html, pdf or json", "md|html|pdf|json" },
		{ "receive",               0, 0, G_OPTION_ARG_STRING, &narrating.receive,
                 "All clients receive by this protocol, whatever the scenario says", "pop3|imap" },
		{ "set",                     0, 0, G_OPTION_ARG_STRING_ARRAY, &narrating.settings, COMMAND_SET_HELP,
                 "PATH=VALUE" },
		{ "seed", 0, 0, G_OPTION_ARG_INT64, &narrating.seed,
                 "Use another seed than the scenario's", "N" },
		{ 0}
	};
	const char *file;
	int status = command_parse(command, argc, argv, entries, 1, &file);

	if (status < 0)
		status = choose_form(&narrating) && choose_level(&narrating)
			     ? tell(&narrating, file)
			     : EXIT_USAGE;
	g_free(narrating.path);
	g_free(narrating.level_name);
	g_free(narrating.format);
	g_free(narrating.receive);
	g_strfreev(narrating.settings);
	return status;
}
