/* What the pages of the webmail server are made of. */
#pragma once
#include "protocols/programs/webmail_private.h"

/* Appends HTML of our own. */
void web_page_add(GString *page, const char *text);

/* Appends text from outside, escaped; nothing for NULL. */
void web_page_say(GString *page, const char *text);

/*
 * A page up to the inside of its <main>, and its end; `page` is returned. With the name and the folders of
 * `user`, whose notice is shown once; NULL: nobody is signed in.
 */
GString *web_page_begin(struct web_user *user, const char *title);
GString *web_page_end(struct web_user *user, GString *page);

/* Appends a hidden field of a form. */
void web_page_add_hidden(GString *page, const char *name, const char *value);

/* Appends what went wrong, if anything did. */
void web_page_add_problem(GString *page, const char *problem);

/* webmail_page_message.c: a header field with its words decoded, NULL without it; the caller frees it. */
char *web_message_field(const struct message *message, const char *name);

/* What there is to read: plain text; else what is left of HTML without its tags. The caller frees it. */
char *web_message_text(struct message *message);
