#include "tests/app/program.h"

#include <check.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

const char *program_path(void)
{
	static char path[4096];
	const char *wanted = g_getenv("MAILWIRE");

	if (*path == '\0') {
		char *absolute = g_canonicalize_filename(
		    wanted == NULL ? "build/release/mailwire" : wanted, NULL);

		g_strlcpy(path, absolute, sizeof path);
		g_free(absolute);
	}
	return path;
}

static char *steal(GBytes *bytes, gsize *length)
{
	gconstpointer data = g_bytes_get_data(bytes, length);
	char *text = g_malloc(*length + 1);

	if (*length > 0)
		memcpy(text, data, *length);
	text[*length] = '\0';
	g_bytes_unref(bytes);
	return text;
}

static int status_of(GSubprocess *process)
{
	if (g_subprocess_get_if_exited(process))
		return g_subprocess_get_exit_status(process);
	return 128 + g_subprocess_get_term_sig(process);
}

struct outcome *program_run_in(const struct surroundings *surroundings,
			       const char *const *arguments)
{
	static const struct surroundings here;
	GSubprocessLauncher *launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_PIPE |
								  G_SUBPROCESS_FLAGS_STDOUT_PIPE |
								  G_SUBPROCESS_FLAGS_STDERR_PIPE);
	GPtrArray *argv = g_ptr_array_new();
	struct outcome *outcome = g_new0(struct outcome, 1);
	GBytes *out, *err;
	GError *error = NULL;

	if (surroundings == NULL)
		surroundings = &here;
	for (const char *const *word = surroundings->wrapper; word != NULL && *word != NULL; word++)
		g_ptr_array_add(argv, (char *)*word);
	g_ptr_array_add(argv, (char *)program_path());
	for (const char *const *word = arguments; *word != NULL; word++)
		g_ptr_array_add(argv, (char *)*word);
	g_ptr_array_add(argv, NULL);
	if (surroundings->folder != NULL)
		g_subprocess_launcher_set_cwd(launcher, surroundings->folder);
	for (const char *const *entry = surroundings->environment; entry != NULL && *entry != NULL;
	     entry++) {
		char **parts = g_strsplit(*entry, "=", 2);

		g_subprocess_launcher_setenv(launcher, parts[0], parts[1], TRUE);
		g_strfreev(parts);
	}

	GSubprocess *process =
	    g_subprocess_launcher_spawnv(launcher, (const char *const *)argv->pdata, &error);

	ck_assert_msg(process != NULL, "%s", error == NULL ? "" : error->message);
	const char *typed = surroundings->input == NULL ? "" : surroundings->input;
	GBytes *input = g_bytes_new_static(typed, strlen(typed));

	g_subprocess_communicate(process, input, NULL, &out, &err, &error);
	g_bytes_unref(input);
	ck_assert_msg(error == NULL, "%s", error == NULL ? "" : error->message);
	outcome->status = status_of(process);
	outcome->out = steal(out, &outcome->out_bytes);
	outcome->err = steal(err, &outcome->err_bytes);
	g_object_unref(process);
	g_object_unref(launcher);
	g_ptr_array_free(argv, TRUE);
	return outcome;
}

struct outcome *program_run(const char *first, ...)
{
	GPtrArray *arguments = g_ptr_array_new();
	struct outcome *outcome;
	va_list more;

	va_start(more, first);
	for (const char *word = first; word != NULL; word = va_arg(more, const char *))
		g_ptr_array_add(arguments, (char *)word);
	va_end(more);
	g_ptr_array_add(arguments, NULL);
	outcome = program_run_in(NULL, (const char *const *)arguments->pdata);
	g_ptr_array_free(arguments, TRUE);
	return outcome;
}

void outcome_free(struct outcome *outcome)
{
	if (outcome == NULL)
		return;
	g_free(outcome->out);
	g_free(outcome->err);
	g_free(outcome);
}

char *folder_new(void)
{
	char *folder = g_dir_make_tmp("mailwire-XXXXXX", NULL);

	ck_assert_ptr_nonnull(folder);
	return folder;
}

static void remove_all(const char *path)
{
	GDir *directory =
	    g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
	const char *name;

	while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
		char *inner = g_build_filename(path, name, NULL);

		remove_all(inner);
		g_free(inner);
	}
	if (directory != NULL)
		g_dir_close(directory);
	g_remove(path);
}

void folder_remove(char *folder)
{
	remove_all(folder);
	g_free(folder);
}

char *path_in(const char *folder, const char *name)
{
	return g_build_filename(folder, name, NULL);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *folder_list(const char *folder)
{
	GDir *directory = g_dir_open(folder, 0, NULL);
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GString *list = g_string_new(NULL);
	const char *name;

	ck_assert_ptr_nonnull(directory);
	while ((name = g_dir_read_name(directory)) != NULL)
		g_ptr_array_add(names, g_strdup(name));
	g_dir_close(directory);
	g_ptr_array_sort(names, compare_names);
	for (guint i = 0; i < names->len; i++)
		g_string_append_printf(list, "%s ", (char *)names->pdata[i]);
	g_ptr_array_free(names, TRUE);
	return g_string_free(list, FALSE);
}

GBytes *file_read(const char *path)
{
	char *content;
	gsize length;

	ck_assert_msg(g_file_get_contents(path, &content, &length, NULL), "%s cannot be read",
		      path);
	return g_bytes_new_take(content, length);
}

void file_write(const char *path, const char *text)
{
	ck_assert_msg(g_file_set_contents(path, text, -1, NULL), "%s cannot be written", path);
}

char *scenario_write(const char *folder, const char *text)
{
	char *path = path_in(folder, "scenario.yaml"), *files = path_in(folder, "files");
	GDir *directory = g_dir_open("scenarios/files", 0, NULL);
	const char *name;

	file_write(path, text);
	g_mkdir(files, 0700);
	while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
		char *from = g_build_filename("scenarios/files", name, NULL),
		     *to = path_in(files, name);
		GBytes *content = file_read(from);

		g_file_set_contents(to, g_bytes_get_data(content, NULL),
				    (gssize)g_bytes_get_size(content), NULL);
		g_bytes_unref(content);
		g_free(from);
		g_free(to);
	}
	if (directory != NULL)
		g_dir_close(directory);
	g_free(files);
	return path;
}

unsigned count_in(const char *text, const char *what)
{
	unsigned found = 0;

	for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
		found++;
	return found;
}
