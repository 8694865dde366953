/* mailwire glossary: terms, history and analogies. */
#include <stdio.h>
#include <unistd.h>
#include "app/claims.h"
#include "app/command.h"
#include "app/glossary.h"

static void complain(const struct glossary *glossary, const char *term)
{
	struct suggestion suggestion = { .word = term };

	for (guint i = 0; i < glossary->list->len; i++) {
		const struct glossary_entry *entry = glossary->list->pdata[i];

		suggest_offer(&suggestion, entry->term);
		for (guint k = 0; k < entry->also->len; k++)
			suggest_offer(&suggestion, entry->also->pdata[k]);
	}
	if (suggestion.best != NULL)
		command_complain("the glossary has no \"%s\"; did you mean \"%s\"?", term,
				 suggestion.best);
	else
		command_complain("the glossary has no \"%s\"; mailwire glossary lists its terms",
				 term);
}

/* Without its claims the entry is still worth reading. */
static int print_entry(const struct glossary *glossary, const char *term)
{
	const struct glossary_entry *entry = glossary_find(glossary, term);
	struct diagnostics *ignored = diagnostics_new();
	struct claims *claims;

	if (entry == NULL) {
		diagnostics_free(ignored);
		complain(glossary, term);
		return EXIT_USAGE;
	}
	claims = claims_load(NULL, ignored);
	glossary_print(entry, claims, stdout, command_colours(STDOUT_FILENO),
		       command_page_columns());
	claims_free(claims);
	diagnostics_free(ignored);
	return command_flush();
}

static int print(char **words)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct glossary *glossary = glossary_load(diagnostics);
	g_autofree char *term = g_strjoinv(" ", words); /* a term of two words needs no quotes */
	g_autofree char *text = diagnostics_print(diagnostics);
	int status = EXIT_USAGE;

	fputs(text, stderr);
	diagnostics_free(diagnostics);
	if (glossary != NULL && *term != '\0') {
		status = print_entry(glossary, term);
	} else if (glossary != NULL) {
		glossary_print_terms(glossary, stdout, command_colours(STDOUT_FILENO),
				     command_page_columns());
		status = command_flush();
	}
	glossary_free(glossary);
	return status;
}

int command_glossary(const struct command *command, int argc, char **argv)
{
	char **words = NULL;
	int status = command_parse_many(command, argc, argv, NULL, 0, &words);

	if (status < 0)
		status = print(words);
	g_strfreev(words);
	return status;
}
