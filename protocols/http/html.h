/*
 * The little of HTML that a mail reader's site and its visitors need: escaping, and finding the
 * links and forms of a page (HTML Living Standard section 13.2, without its repairs). Pure.
 */
#pragma once
#include <glib.h>
#include "protocols/http/form.h"

#define HTML_LINKS_MAX 2000
#define HTML_FORMS_MAX 200

/* Appends `text` so that it is text, and may stand inside of a quoted attribute too. */
void html_escape(GString *out, const char *text);

struct html_link {
	char *href, *rel; /* rel: "" when there is none */
	char *text;       /* inside of it, blanks squeezed */
};

struct html_form {
	char *id, *action, *method; /* method in upper case, "GET" when there is none */
	GPtrArray *fields;          /* of struct form_field *: names and first values */
};

struct html_page {
	char *title;
	char *alert;      /* the text of the first element with the role "alert"; NULL: none */
	GPtrArray *links; /* of struct html_link *: <a href>, in order */
	GPtrArray *forms; /* of struct html_form * */
};

/* Never NULL, whatever the bytes. The caller frees it. */
struct html_page *html_parse(struct bytes text);
void html_page_free(struct html_page *page); /* NULL is fine */

/* The form with that id, or NULL. */
const struct html_form *html_find_form(const struct html_page *page, const char *id);

/* The text of a page for people: tags left out. The caller frees it. */
char *html_to_text(struct bytes text);
