/* Pages as PDF, by WeasyPrint (weasyprint.org) where it is installed. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Writes the HTML page as PDF to `path`. The same page gives the same bytes: its date is `epoch_s`,
 * seconds since 1970. False with `error` set, which says what to install where that is missing.
 */
bool paper_write_pdf(const char *html, const char *path, int64_t epoch_s, GError **error);
