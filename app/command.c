#include "app/command.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "app/scenario_unit.h"
#include "views/columns.h"
#include "views/output.h"

void command_complain(const char *format, ...)
{
	va_list arguments;

	fflush(stdout); /* what was said before comes before, in whole lines */
	va_start(arguments, format);
	fputs("mailwire: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

static void print_help(const struct command *command, GOptionContext *context)
{
	char *help = g_option_context_get_help(context, TRUE, NULL);
	/* GLib prints the program's name where the subcommand belongs. */
	char *options = strstr(help, "\n\n");

	printf("Usage: mailwire %s %s\n\n%s%sExample:\n  %s\n", command->name, command->arguments,
	       command->summary, options == NULL ? "\n" : options, command->example);
	g_free(help);
}

/* The option that `argument` is, and whether its value stands in it too; NULL: it is none. */
static const GOptionEntry *option_of(const GOptionEntry *options, const char *argument,
				     bool *has_value)
{
	const char *name;
	size_t length;

	*has_value = false;
	if (argument[0] != '-' || argument[1] == '\0') /* "-" is standard input or output */
		return NULL;
	name = argument + 2;
	length = strcspn(name, "=");
	*has_value = name[length] == '=';
	for (; options->long_name != NULL; options++) {
		if (argument[1] == '-' && strlen(options->long_name) == length &&
		    strncmp(options->long_name, name, length) == 0)
			return options;
		if (argument[1] != '-' && argument[1] == options->short_name)
			return options;
	}
	return NULL;
}

static bool takes_one_value(const GOptionEntry *option)
{
	return option->arg == G_OPTION_ARG_STRING || option->arg == G_OPTION_ARG_FILENAME ||
	       option->arg == G_OPTION_ARG_INT || option->arg == G_OPTION_ARG_INT64;
}

/* GLib takes the last of several without a word; false with a complaint. */
static bool check_repetition(int argc, char **argv, const GOptionEntry *options)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		bool has_value;
		const GOptionEntry *option = option_of(options, argv[i], &has_value);

		if (option == NULL || option->arg == G_OPTION_ARG_NONE)
			continue;
		if (takes_one_value(option) && !g_hash_table_add(seen, (gpointer)option)) {
			command_complain("--%s stands here twice, and only one value counts: leave "
					 "one of them out",
					 option->long_name);
			return false;
		}
		/* The value of a short option may stand right behind it. */
		i += argv[i][1] == '-' ? !has_value : argv[i][2] == '\0';
	}
	return true;
}

static bool check_paths(const GOptionEntry *options)
{
	for (; options->long_name != NULL; options++) {
		const char *path = options->arg == G_OPTION_ARG_FILENAME
				       ? *(char *const *)options->arg_data
				       : NULL;

		if (path == NULL || *path != '\0')
			continue;
		command_complain("--%s: the path is empty", options->long_name);
		return false;
	}
	return true;
}

/* Between `least` and `most` arguments are wanted; they are moved to the front of `argv`. */
static int parse(const struct command *command, int *argc, char ***argv,
		 const GOptionEntry *options, unsigned least, unsigned most)
{
	static const GOptionEntry none[] = { { 0 } };
	gboolean wants_help = FALSE;
	const GOptionEntry common[] = {
		{"help", 'h', 0, G_OPTION_ARG_NONE, &wants_help, "Show this help", NULL },
                { 0    }
	};
	const GOptionEntry *own = options != NULL ? options : none;
	GOptionContext *context = g_option_context_new(NULL);
	GError *error = NULL;
	int status = -1;

	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_add_main_entries(context, own, NULL);
	g_option_context_add_main_entries(context, common, NULL);
	if (!check_repetition(*argc, *argv, own)) {
		status = EXIT_USAGE;
	} else if (!g_option_context_parse(context, argc, argv, &error)) {
		command_complain("%s", error->message);
		status = EXIT_USAGE;
	} else if (wants_help) {
		print_help(command, context);
		status = command_flush();
	} else if (!check_paths(own)) {
		status = EXIT_USAGE;
	} else if ((unsigned)*argc < least + 1 || (unsigned)*argc > most + 1) {
		command_complain("%s %s", command->name,
				 (unsigned)*argc <= least ? "needs another argument"
							  : "has an argument too many");
		status = EXIT_USAGE;
	}
	if (status == EXIT_USAGE)
		fprintf(stderr, "usage: mailwire %s %s (mailwire %s --help tells more)\n",
			command->name, command->arguments, command->name);
	g_clear_error(&error);
	g_option_context_free(context);
	return status;
}

int command_parse(const struct command *command, int argc, char **argv, const GOptionEntry *options,
		  unsigned count, const char **arguments)
{
	int status = parse(command, &argc, &argv, options, count, count);

	for (unsigned i = 0; status < 0 && i < count; i++)
		arguments[i] = argv[i + 1];
	return status;
}

int command_parse_many(const struct command *command, int argc, char **argv,
		       const GOptionEntry *options, unsigned least, char ***arguments)
{
	int status = parse(command, &argc, &argv, options, least, G_MAXINT - 1);

	*arguments = g_new0(char *, argc);
	for (int i = 1; status < 0 && i < argc; i++)
		(*arguments)[i - 1] = g_strdup(argv[i]);
	return status;
}

bool command_parse_format(const char *format, const char *const *formats)
{
	struct suggestion suggestion = { .word = format };
	g_autoptr(GString) all = g_string_new(NULL);

	for (unsigned i = 0; formats[i] != NULL; i++) {
		if (strcmp(format, formats[i]) == 0)
			return true;
		suggest_offer(&suggestion, formats[i]);
		g_string_append_printf(all, "%s%s",
				       i == 0                   ? ""
				       : formats[i + 1] == NULL ? " and "
								: ", ",
				       formats[i]);
	}
	command_complain("--format: \"%s\" is none of %s%s%s%s", format, all->str,
			 suggestion.best != NULL ? "; did you mean " : "",
			 suggestion.best != NULL ? suggestion.best : "",
			 suggestion.best != NULL ? "?" : "");
	return false;
}

bool command_parse_receive(const char *name, enum scenario_protocol *protocol)
{
	static const struct {
		const char *name;
		enum scenario_protocol protocol;
	} known[] = {
		{"pop3",  PROTOCOL_POP3},
                { "imap", PROTOCOL_IMAP}
	};
	struct suggestion suggestion = { .word = name };

	for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
		if (strcmp(known[i].name, name) == 0) {
			*protocol = known[i].protocol;
			return true;
		}
		suggest_offer(&suggestion, known[i].name);
	}
	if (suggestion.best != NULL)
		command_complain("--receive: there is no \"%s\"; did you mean \"%s\"?", name,
				 suggestion.best);
	else
		command_complain("--receive: clients receive mail by pop3 or imap, not by \"%s\"",
				 name);
	return false;
}

/* Prints what was found, and forgets it. */
static void print_diagnostics(struct diagnostics *diagnostics)
{
	char *text = diagnostics_print(diagnostics);

	fputs(text, stderr);
	g_free(text);
	diagnostics_free(diagnostics);
}

static struct scenario *load(const char *file, const struct scenario_changes *changes)
{
	struct diagnostics *diagnostics = diagnostics_new();
	char *path = scenario_find(file, diagnostics);
	struct scenario *scenario =
	    path == NULL ? NULL : scenario_load_changed(path, changes, diagnostics);

	print_diagnostics(diagnostics);
	g_free(path);
	return scenario;
}

struct scenario *command_load_changed(const char *file, const char *receive, char **settings)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct scenario_changes changes = { 0 };
	struct scenario_settings *parsed = NULL;
	struct scenario *scenario = NULL;
	enum scenario_protocol protocol;
	bool is_good = receive == NULL || command_parse_receive(receive, &protocol);

	if (is_good && settings != NULL) {
		parsed = scenario_settings_parse((const char *const *)settings, diagnostics);
		is_good = parsed != NULL;
	}
	print_diagnostics(diagnostics);
	changes.receive = receive == NULL ? NULL : &protocol;
	changes.settings = parsed;
	if (is_good)
		scenario = load(file, &changes);
	scenario_settings_free(parsed);
	return scenario;
}

struct scenario *command_load(const char *file)
{
	return command_load_changed(file, NULL, NULL);
}

/* The reader of standard output has seen enough, and knows why it ends. */
static bool has_no_reader(void)
{
	struct pollfd standard_output = { .fd = STDOUT_FILENO };

	return poll(&standard_output, 1, 0) == 1 &&
	       (standard_output.revents & (POLLERR | POLLHUP)) != 0;
}

int command_flush(void)
{
	/* Where an earlier write failed its reason is not known any more. */
	const char *why = fflush(stdout) != 0 ? g_strerror(errno) : "not all could be written";

	if (!ferror(stdout))
		return EXIT_OK;
	if (!has_no_reader())
		command_complain("standard output: %s", why);
	return EXIT_OUTPUT;
}

bool command_colours(int fd)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(fd) && (no_color == NULL || *no_color == '\0') &&
	       g_strcmp0(getenv("TERM"), "dumb") != 0;
}

unsigned command_columns(int fd)
{
	struct winsize size;

	return isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

#define PAGE_COLUMNS 80 /* of prose, where the terminal is not narrower */

unsigned command_page_columns(void)
{
	unsigned columns = command_columns(STDOUT_FILENO);

	return columns == 0 ? PAGE_COLUMNS : MIN(columns, PAGE_COLUMNS);
}

FILE *page_begin(struct page *page, FILE *out, unsigned columns)
{
	*page = (struct page) { .in = out, .out = out, .columns = columns };
	if (columns > 0)
		page->in = open_memstream(&page->text, &page->text_bytes);
	return page->in;
}

void page_end(struct page *page)
{
	if (page->in == page->out)
		return;
	fclose(page->in);
	columns_print_text(page->out, page->text, page->columns);
	free(page->text);
}

bool command_parse_number(const char *option, const char *rule, const char *text, uint64_t least,
			  uint64_t most, uint64_t *number)
{
	guint64 parsed;

	if (text == NULL)
		return true;
	if (!g_ascii_string_to_unsigned(text, 10, least, most, &parsed, NULL)) {
		command_complain("%s: \"%s\" is no good: %s", option, text, rule);
		return false;
	}
	*number = parsed;
	return true;
}

bool command_parse_time(const char *option, const char *text, int64_t *time_ns)
{
	uint64_t value = 0;
	const char *problem = unit_parse(text, time_units, &value);

	if (problem == NULL && value <= SCENARIO_TIME_MAX_NS) {
		*time_ns = (int64_t)value;
		return true;
	}
	/* It has its unit: what is wrong is the size. */
	if (problem == NULL || g_str_has_prefix(problem, "it is too") ||
	    g_str_has_suffix(problem, "too many digits"))
		command_complain("%s: \"%s\" is too large: times go up to " SCENARIO_TIME_MAX,
				 option, text);
	else
		command_complain(
		    "%s: \"%s\" is no time: %s; write a number and a unit (ns, us, ms, "
		    "s, min, h, d), such as 1.5s, 20ms or 2h",
		    option, text, problem);
	return false;
}

char **command_split_names(const char *option, const char *text)
{
	char **names = g_strsplit(text, ",", -1);
	bool is_good = *names != NULL;

	for (char **name = names; *name != NULL; name++)
		is_good = *g_strstrip(*name) != '\0' && is_good;
	if (is_good)
		return names;
	command_complain("%s: no name stands %s", option,
			 *names == NULL ? "there" : "before or behind a comma");
	g_strfreev(names);
	return NULL;
}

bool command_can_write(const char *path)
{
	GError *error = NULL;
	struct output *output = output_open(path == NULL ? "-" : path, &error);

	if (output == NULL) {
		command_complain("%s", error->message);
		g_error_free(error);
		return false;
	}
	output_abandon(output);
	return true;
}
