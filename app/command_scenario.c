/* The subcommands about scenario files themselves: check, show, list, new. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "app/command.h"
#include "app/scenario_value.h"
#include "app/security.h"

#define NAME_CHARACTERS "-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

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

/* For editors, which complete and check by it. */
static char *schema_line(void)
{
	g_autofree char *uri = scenario_schema_uri();

	return uri == NULL ? g_strdup("")
			   : g_strdup_printf("# yaml-language-server: $schema=%s\n", uri);
}

static bool has_attachments(const struct scenario *scenario)
{
	for (guint i = 0; i < scenario->timeline->len; i++) {
		const struct scenario_action *action = scenario->timeline->pdata[i];

		if (action->attachments != NULL && action->attachments->len > 0)
			return true;
	}
	return false;
}

/*
 * What is shown of `file` is the same scenario, but only where its attachments are. It says so on
 * standard error, so that what is shown does not depend on where it was.
 */
static void say_where(const char *file)
{
	struct diagnostics *ignored = diagnostics_new();
	g_autofree char *path = scenario_find(file, ignored);
	g_autofree char *absolute = path == NULL ? NULL : g_canonicalize_filename(path, NULL);
	g_autofree char *folder = absolute == NULL ? NULL : g_path_get_dirname(absolute);

	if (folder != NULL)
		command_complain(
		    "note: it attaches files by their paths from its folder: keep what "
		    "is shown in %s, or copy them to where you keep it",
		    folder);
	diagnostics_free(ignored);
}

static int complain_of_no_authority(const char *option)
{
	command_complain("%s: no server of this scenario has a certificate; "
			 "add `servers: {HOST: {tls: valid}}`",
			 option);
	return EXIT_USAGE;
}

/* A file that is there already is written over: it is made again and again. */
static int write_authority(const struct scenario *scenario, const char *path)
{
	g_autofree char *pem = security_authority_pem(scenario);
	GError *error = NULL;

	if (pem == NULL)
		return complain_of_no_authority("--ca");
	if (strcmp(path, "-") == 0) {
		fputs(pem, stdout);
		return command_flush();
	}
	if (!g_file_set_contents(path, pem, -1, &error)) {
		command_complain("--ca: %s", error->message);
		g_error_free(error);
		return EXIT_OUTPUT;
	}
	return EXIT_OK;
}

static int print_issued(const struct scenario *scenario, const char *list)
{
	g_autofree char *lower = g_ascii_strdown(list, -1), *pem = NULL;
	g_auto(GStrv) names = g_strsplit(lower, ",", -1);

	for (char **name = names; *name != NULL; name++) {
		const char *problem = value_check_server_name(g_strstrip(*name));

		if (problem != NULL) {
			command_complain(
			    "--issue: \"%s\" is no name of a server: %s; write such as "
			    "mx.real.example,imap.real.example",
			    *name, problem);
			return EXIT_USAGE;
		}
	}
	if (*names == NULL) {
		command_complain("--issue: name the server, such as mx.real.example");
		return EXIT_USAGE;
	}
	pem = security_issue_pem(scenario, (const char *const *)names);
	if (pem == NULL)
		return complain_of_no_authority("--issue");
	fputs(pem, stdout);
	return command_flush();
}

static int print_scenario(const struct scenario *scenario, const char *file)
{
	g_autofree char *schema = schema_line();
	g_autofree char *text = scenario_print(scenario);

	printf("%s%s", schema, text);
	if (has_attachments(scenario))
		say_where(file);
	return command_flush();
}

int command_show(const struct command *command, int argc, char **argv)
{
	g_autofree char *authority = NULL, *issued = NULL;
	char *receive = NULL, **settings = NULL;
	const GOptionEntry entries[] = {
		{"receive",    0, 0, G_OPTION_ARG_STRING, &receive,
                 "All clients receive by this protocol, whatever the scenario says", "pop3|imap" },
		{ "set",           0, 0, G_OPTION_ARG_STRING_ARRAY, &settings, COMMAND_SET_HELP,
                 "PATH=VALUE" },
		{ "ca",    0, 0, G_OPTION_ARG_FILENAME, &authority,
                 "Instead write the certificate of its authority to PATH, for real clients in a "
		  "lab: whoever has the scenario can make its key, so never trust it elsewhere "
		  "(PEM)", "PATH" },
		{ "issue", 0, 0, G_OPTION_ARG_STRING, &issued,
                 "Instead print a certificate of its authority with its key, for a real server "
		  "in a lab: whoever has the scenario can make that key (PEM)", "NAME,..." },
		{ 0      }
	};
	const char *file;
	int status = command_parse(command, argc, argv, entries, 1, &file);
	struct scenario *scenario;

	if (status < 0)
		scenario = command_load_changed(file, receive, settings);
	g_free(receive);
	g_strfreev(settings);
	if (status >= 0)
		return status;
	if (scenario == NULL)
		return EXIT_USAGE;
	status = authority != NULL ? write_authority(scenario, authority) : EXIT_OK;
	if (issued != NULL && status == EXIT_OK)
		status = print_issued(scenario, issued);
	else if (authority == NULL)
		status = print_scenario(scenario, file);
	scenario_free(scenario);
	return status;
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
	return *name != '\0' && name[strspn(name, NAME_CHARACTERS "_")] == '\0';
}

int command_new(const struct command *command, int argc, char **argv)
{
	const char *name;
	int status = command_parse(command, argc, argv, NULL, 1, &name);
	char *path, *schema, *template, *text;

	if (status >= 0)
		return status;
	if (g_str_has_suffix(name, ".yaml"))
		path = g_strdup(name);
	else
		path = g_strconcat(name, ".yaml", NULL);
	char *base = g_path_get_basename(path);

	base[strlen(base) - strlen(".yaml")] = '\0';
	schema = schema_line();
	template = scenario_template(base);
	text = g_strconcat(schema, *schema == '\0' ? "" : "#\n", template, NULL);
	status = is_plain_name(base) ? write_new_file(path, text) : EXIT_USAGE;
	if (status == EXIT_USAGE && !is_plain_name(base))
		command_complain(
		    "\"%s\" is no good name: use letters, digits, hyphens and underscores", base);
	if (status == EXIT_OK) {
		printf("%s is written. Run it with: mailwire run %s\n", path, path);
		status = command_flush();
	}
	g_free(base);
	g_free(schema);
	g_free(template);
	g_free(text);
	g_free(path);
	return status;
}
