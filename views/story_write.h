/*
 * A story on paper: Markdown, HTML, JSON. Whatever came from outside (names, subjects, lines of
 * a session) is escaped, so that it is read and never obeyed. The caller frees each text.
 */
#pragma once
#include "views/story.h"

/*
 * Markdown as GitHub reads it. Figures are linked as PREFIX-ANCHOR.svg, which the caller writes; with
 * NULL only their captions are there.
 */
GString *story_markdown(const struct story *story, const char *prefix);

/* One HTML page that needs nothing else, made for screen and paper. */
GString *story_html(const struct story *story);

/* Everything with all its evidence, for other programs and languages: docs/NARRATE.md. */
GString *story_json(const struct story *story);
