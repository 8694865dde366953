/* mailwire claims: tests statements about email by runs, and prints what came of them. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "app/claims.h"
#include "app/command.h"

struct claims_options {
	char *format, *file;
	gboolean is_list, is_altered;
};

static void print_diagnostics(const struct diagnostics *diagnostics)
{
	char *text = diagnostics_print(diagnostics);

	fputs(text, stderr);
	g_free(text);
}

/* "T1" means all whose identifier begins with "T1-". */
static bool is_of(const struct claim *claim, const char *name)
{
	size_t length = strlen(name);

	return strncmp(claim->id, name, length) == 0 &&
	       (claim->id[length] == '\0' || claim->id[length] == '-');
}

static bool add_named(const struct claims *claims, const char *name, GPtrArray *wanted)
{
	struct suggestion suggestion = { .word = name };
	guint before = wanted->len;

	for (guint i = 0; i < claims->list->len; i++) {
		struct claim *claim = claims->list->pdata[i];

		suggest_offer(&suggestion, claim->id);
		if (is_of(claim, name) && !g_ptr_array_find(wanted, claim, NULL))
			g_ptr_array_add(wanted, claim);
		else if (is_of(claim, name))
			before = G_MAXUINT; /* it is there already */
	}
	if (wanted->len != before)
		return true;
	if (suggestion.best != NULL)
		command_complain("there is no claim \"%s\"; did you mean %s?", name,
				 suggestion.best);
	else
		command_complain("there is no claim \"%s\"; mailwire claims --list shows them",
				 name);
	return false;
}

/* Those that were named, in that order; all when none was. NULL after a complaint. */
static GPtrArray *choose(const struct claims *claims, char **names)
{
	GPtrArray *wanted = g_ptr_array_new();

	for (guint i = 0; names[0] == NULL && i < claims->list->len; i++)
		g_ptr_array_add(wanted, claims->list->pdata[i]);
	for (char **name = names; *name != NULL; name++) {
		if (!add_named(claims, *name, wanted)) {
			g_ptr_array_unref(wanted);
			return NULL;
		}
	}
	return wanted;
}

static int run(const struct claims *claims, const GPtrArray *wanted,
	       const struct claims_options *options)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct claims_run_options how = {
		.is_altered = options->is_altered,
		.progress = isatty(STDERR_FILENO) ? stderr : NULL,
	};
	unsigned runs;
	GPtrArray *outcomes = claims_run(claims, wanted, &how, diagnostics, &runs);

	if (outcomes == NULL) {
		print_diagnostics(diagnostics);
	} else if (g_strcmp0(options->format, "json") == 0) {
		claims_print_json(outcomes, stdout);
	} else {
		claims_print(outcomes, stdout, command_colours(STDOUT_FILENO),
			     command_page_columns());
		claims_print_sum(outcomes, runs, stdout, command_page_columns());
	}
	diagnostics_free(diagnostics);
	if (outcomes == NULL)
		return EXIT_USAGE;
	g_ptr_array_unref(outcomes);
	return command_flush();
}

static int print(const struct claims_options *options, char **names)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct claims *claims = claims_load(options->file, diagnostics);
	GPtrArray *wanted = claims == NULL ? NULL : choose(claims, names);
	int status = EXIT_USAGE;

	print_diagnostics(diagnostics);
	if (wanted != NULL && options->is_list) {
		claims_print_list(wanted, stdout, command_colours(STDOUT_FILENO),
				  command_page_columns());
		status = command_flush();
	} else if (wanted != NULL) {
		status = run(claims, wanted, options);
	}
	if (wanted != NULL)
		g_ptr_array_unref(wanted);
	claims_free(claims);
	diagnostics_free(diagnostics);
	return status;
}

int command_claims(const struct command *command, int argc, char **argv)
{
	static const char *const formats[] = { "text", "json", NULL };
	struct claims_options options = { 0 };
	const GOptionEntry entries[] = {
		{"format",         0, 0, G_OPTION_ARG_STRING, &options.format, "As text (default) or json",
                 "text|json" },
		{ "list",               0, 0, G_OPTION_ARG_NONE, &options.is_list,
                 "Print identifiers and statements, and run nothing", NULL },
		{ "alter", 0, 0, G_OPTION_ARG_NONE, &options.is_altered,
                 "Change the decisive setting of each claim, and see what becomes of it", NULL },
		{ "file",      0, 0, G_OPTION_ARG_FILENAME, &options.file,
                 "Another list of claims than the one that came with mailwire", "PATH" },
		{ 0         }
	};
	char **names = NULL;
	int status = command_parse_many(command, argc, argv, entries, 0, &names);

	if (status < 0)
		status = options.format != NULL && !command_parse_format(options.format, formats)
			     ? EXIT_USAGE
			     : print(&options, names);
	g_strfreev(names);
	g_free(options.format);
	g_free(options.file);
	return status;
}
