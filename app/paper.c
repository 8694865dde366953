#include "app/paper.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define PRINTER "weasyprint"

/* The page in a file of its own, which the printer reads. NULL with `error` set. */
static char *write_page(const char *html, GError **error)
{
	char *path = NULL;
	int file = g_file_open_tmp("mailwire-XXXXXX.html", &path, error);

	if (file < 0)
		return NULL;
	close(file);
	if (g_file_set_contents(path, html, -1, error))
		return path;
	g_unlink(path);
	g_free(path);
	return NULL;
}

static bool print_page(const char *printer, const char *page, const char *path, int64_t epoch_s,
		       GError **error)
{
	g_autofree char *epoch = g_strdup_printf("%" PRId64, epoch_s);
	g_auto(GStrv) environment =
	    g_environ_setenv(g_get_environ(), "SOURCE_DATE_EPOCH", epoch, TRUE);
	const char *arguments[] = { printer, "--quiet", page, path, NULL };
	g_autofree char *complaint = NULL;
	int status;

	if (!g_spawn_sync(NULL, (char **)arguments, environment, G_SPAWN_DEFAULT, NULL, NULL, NULL,
			  &complaint, &status, error))
		return false;
	if (g_spawn_check_wait_status(status, NULL))
		return true;
	g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s could not write it: %s", PRINTER,
		    g_strstrip(complaint));
	return false;
}

bool paper_write_pdf(const char *html, const char *path, int64_t epoch_s, GError **error)
{
	g_autofree char *printer = g_find_program_in_path(PRINTER);
	g_autofree char *temporary = g_strconcat(path, ".part", NULL);
	g_autofree char *page = NULL;
	bool is_written;

	if (printer == NULL) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
			    "a PDF needs WeasyPrint, which is not installed (Debian: apt install "
			    "weasyprint); or write .html and print it from a browser");
		return false;
	}
	page = write_page(html, error);
	if (page == NULL)
		return false;
	is_written = print_page(printer, page, temporary, epoch_s, error);
	g_unlink(page);
	if (is_written && g_rename(temporary, path) != 0) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "%s",
			    g_strerror(errno));
		is_written = false;
	}
	if (!is_written)
		g_unlink(temporary);
	return is_written;
}
