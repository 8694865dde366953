/* The page of a message: its fields, its text, its attachments by name, and what can be done with it. */
#include "protocols/http/html.h"
#include "protocols/programs/webmail_page.h"

char *web_message_field(const struct message *message, const char *name)
{
	char *raw = message_header(message_header_section(message_bytes(message)), name);
	char *decoded = raw != NULL ? message_decode_words(raw) : NULL;

	g_free(raw);
	return decoded;
}

static void add_header(GString *page, const struct message *message, const char *name)
{
	char *value = web_message_field(message, name);

	if (value != NULL) {
		g_string_append_printf(page, "<dt>%s</dt><dd>", name);
		web_page_say(page, value);
		web_page_add(page, "</dd>\n");
	}
	g_free(value);
}

/* The first part of TEXT/`subtype`; NULL: there is none. */
static const struct message_part *find_text(const struct message_part *part, const char *subtype)
{
	if (part->children == NULL)
		return strcmp(part->type, "TEXT") == 0 && strcmp(part->subtype, subtype) == 0
			   ? part
			   : NULL;
	for (unsigned i = 0; i < part->children->len; i++) {
		const struct message_part *found =
		    find_text(g_ptr_array_index(part->children, i), subtype);

		if (found != NULL)
			return found;
	}
	return NULL;
}

char *web_message_text(struct message *message)
{
	const struct message_part *structure = message_structure(message);
	const struct message_part *plain = find_text(structure, "PLAIN");
	const struct message_part *html = plain == NULL ? find_text(structure, "HTML") : NULL;
	char *text;

	if (plain == NULL && html == NULL)
		return g_strdup("(There is no text in this message.)");
	text = message_part_text(message, plain != NULL ? plain : html);
	if (html != NULL) {
		char *stripped = html_to_text(bytes_of(text));

		g_free(text);
		text = stripped;
	}
	if (strlen(text) > WEBMAIL_TEXT_BYTES) {
		char *valid;

		text[WEBMAIL_TEXT_BYTES] = '\0';
		valid = g_utf8_make_valid(text, -1);
		g_free(text);
		text = valid;
	}
	return text;
}

static void add_attachments(GString *page, const struct message_part *part)
{
	char *name = part->children == NULL ? message_part_filename(part) : NULL;

	if (name != NULL) {
		web_page_add(page, "<li>");
		web_page_say(page, name);
		g_string_append_printf(page,
				       " <span class=\"dim\">(%zu bytes as sent)</span></li>\n",
				       part->body_bytes);
	}
	for (unsigned i = 0; part->children != NULL && i < part->children->len; i++)
		add_attachments(page, g_ptr_array_index(part->children, i));
	g_free(name);
}

/* A form with one button, about the message that is shown. */
static void begin_tool(GString *page, const struct web_user *user, const struct web_job *job,
		       const char *id)
{
	g_string_append_printf(page, "<form id=\"%s\" method=\"post\" action=\"/%s\">", id, id);
	web_page_add_hidden(page, "token", user->token);
	web_page_add_hidden(page, "folder", user->folder);
	web_page_add_hidden(page, "uid", web_value(job, "uid"));
}

static void add_tools(GString *page, const struct web_user *user, const struct web_job *job)
{
	GString *link = g_string_new("/compose?folder=");

	form_encode_value(link, user->folder);
	web_page_add(link, "&uid=");
	form_encode_value(link, web_value(job, "uid"));
	web_page_add(page, "<div class=\"tools\"><a class=\"button\" rel=\"reply\" href=\"");
	web_page_say(page, link->str);
	web_page_add(page, "\">Reply</a>\n<a rel=\"reply-all\" href=\"");
	web_page_say(page, link->str);
	web_page_add(page, "&amp;all=1\">Reply to all</a>\n");
	begin_tool(page, user, job, "delete");
	web_page_add(page, "<button class=\"plain\">Delete</button></form>\n");
	begin_tool(page, user, job, "move");
	web_page_add(page, "<input name=\"into\" placeholder=\"Folder\" "
			   "aria-label=\"Folder to move to\" required>"
			   "<button class=\"plain\">Move</button></form></div>\n");
	g_string_free(link, TRUE);
}

GString *web_message_page(struct web_user *user, const struct web_job *job)
{
	static const char *const headers[] = { "From", "To", "Cc", "Date" };
	char *subject = web_message_field(job->message, "Subject"),
	     *text = web_message_text(job->message);
	const char *title = subject != NULL && subject[0] != '\0' ? subject : "(no subject)";
	GString *page = web_page_begin(user, title), *files = g_string_new(NULL);

	web_page_add(page, "<h1>");
	web_page_say(page, title);
	web_page_add(page, "</h1>\n");
	add_tools(page, user, job);
	web_page_add(page, "<dl>\n");
	for (unsigned i = 0; i < G_N_ELEMENTS(headers); i++)
		add_header(page, job->message, headers[i]);
	web_page_add(page, "</dl>\n<pre id=\"text\">\n");
	web_page_say(page, text);
	web_page_add(page, "</pre>\n");
	add_attachments(files, message_structure(job->message));
	if (files->len > 0)
		g_string_append_printf(page, "<h2>Attachments</h2>\n<ul>\n%s</ul>\n", files->str);
	g_string_free(files, TRUE);
	g_free(subject);
	g_free(text);
	return web_page_end(user, page);
}
