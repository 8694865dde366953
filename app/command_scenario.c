/* The subcommands about scenario files themselves: check, show, list, new. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "app/command.h"

int command_check(const struct command *command, int argc, char **argv)
{
	const char *file;
	int status = command_parse(command, argc, argv, NULL, 1, &file);
	struct scenario *scenario;

	if (status >= 0)
		return status;
	scenario = command_load(file);
	if (scenario == NULL)
		return EXIT_USAGE;
	printf("%s: ok\n", file);
	scenario_free(scenario);
	return command_flush();
}

int command_show(const struct command *command, int argc, char **argv)
{
	char *receive = NULL;
	const GOptionEntry entries[] = {
		{"receive", 0, 0, G_OPTION_ARG_STRING, &receive,
                 "All clients receive by this protocol, whatever the scenario says", "pop3|imap" },
		{ 0       }
	};
	const char *file;
	int status = command_parse(command, argc, argv, entries, 1, &file);
	struct scenario *scenario;
	char *text;

	if (status < 0)
		scenario = command_load_receiving(file, receive);
	g_free(receive);
	if (status >= 0)
		return status;
	if (scenario == NULL)
		return EXIT_USAGE;
	text = scenario_print(scenario);
	fputs(text, stdout);
	g_free(text);
	scenario_free(scenario);
	return command_flush();
}

int command_list(const struct command *command, int argc, char **argv)
{
	int status = command_parse(command, argc, argv, NULL, 0, NULL);
	GPtrArray *list;

	if (status >= 0)
		return status;
	list = scenario_list();
	if (list->len == 0)
		command_complain(
		    "no scenarios were found; set MAILWIRE_SCENARIOS to the folder that "
		    "holds them");
	for (guint i = 0; i < list->len; i++) {
		const struct scenario_listed *listed = list->pdata[i];

		printf("%-24s %s\n", listed->name,
		       listed->title == NULL ? "(cannot be read)" : listed->title);
	}
	g_ptr_array_free(list, TRUE);
	return command_flush();
}

/* Writes a new file; one that exists is left alone. */
static int write_new_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (file == NULL) {
		bool exists = errno == EEXIST;

		command_complain("%s: %s%s", path, g_strerror(errno),
				 exists ? "; choose another name, or remove it first" : "");
		return exists ? EXIT_USAGE : EXIT_OUTPUT;
	}
	bool is_written = fputs(text, file) >= 0;

	if (fclose(file) != 0 || !is_written) {
		command_complain("%s: %s", path, g_strerror(errno));
		return EXIT_OUTPUT;
	}
	return EXIT_OK;
}

static bool is_plain_name(const char *name)
{
	return *name != '\0' &&
	       name[strspn(name, "-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789_")] == '\0';
}

int command_new(const struct command *command, int argc, char **argv)
{
	const char *name;
	int status = command_parse(command, argc, argv, NULL, 1, &name);
	char *path, *text;

	if (status >= 0)
		return status;
	if (g_str_has_suffix(name, ".yaml"))
		path = g_strdup(name);
	else
		path = g_strconcat(name, ".yaml", NULL);
	char *base = g_path_get_basename(path);

	base[strlen(base) - strlen(".yaml")] = '\0';
	text = scenario_template(base);
	status = is_plain_name(base) ? write_new_file(path, text) : EXIT_USAGE;
	if (status == EXIT_USAGE && !is_plain_name(base))
		command_complain(
		    "\"%s\" is no good name: use letters, digits, hyphens and underscores", base);
	if (status == EXIT_OK) {
		printf("%s is written. Run it with: mailwire run %s\n", path, path);
		status = command_flush();
	}
	g_free(base);
	g_free(text);
	g_free(path);
	return status;
}
