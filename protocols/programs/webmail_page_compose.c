/* The page on which a message is written, empty or begun as an answer. */
#include "protocols/programs/webmail_page.h"

static void add_line(GString *page, const char *name, const char *words, const char *value)
{
	g_string_append_printf(page,
			       "<label for=\"%s\">%s</label>\n"
			       "<input id=\"%s\" name=\"%s\" value=\"",
			       name, words, name, name);
	web_page_say(page, value);
	web_page_add(page, "\">\n");
}

/* Adds the mailboxes of a field to `list`, but not our own address. */
static void add_people(GString *list, const struct web_user *user, const struct message *message,
		       const char *name)
{
	char *raw = message_header(message_header_section(message_bytes(message)), name);
	GPtrArray *specs = address_specs(raw != NULL ? raw : "");

	for (unsigned i = 0; i < specs->len; i++)
		if (!address_equal(g_ptr_array_index(specs, i), user->address))
			g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "",
					       (const char *)g_ptr_array_index(specs, i));
	g_ptr_array_unref(specs);
	g_free(raw);
}

static char *quoted(struct message *message)
{
	char *text = web_message_text(message), *from = web_message_field(message, "From");
	GString *out = g_string_new(NULL);
	char **lines = g_strsplit(g_strchomp(text), "\n", -1);

	g_string_append_printf(out, "\n\n%s wrote:\n", from != NULL ? from : "Somebody");
	for (char **line = lines; *line != NULL; line++)
		g_string_append_printf(out, "%s%s\n", (*line)[0] == '>' ? ">" : "> ",
				       g_strchomp(*line));
	g_strfreev(lines);
	g_free(from);
	g_free(text);
	return g_string_free(out, FALSE);
}

/* Fills `form` with an answer to the job's message (RFC 5322 section 3.6.4). */
static void begin_answer(GPtrArray *form, const struct web_user *user, const struct web_job *job)
{
	GString *to = g_string_new(NULL), *cc = g_string_new(NULL);
	char *subject = web_message_field(job->message, "Subject");
	char *id = web_message_field(job->message, "Message-ID");
	char *before = web_message_field(job->message, "References"), *text = quoted(job->message);
	bool is_answer = subject != NULL && g_ascii_strncasecmp(subject, "Re:", 3) == 0;
	char *title = g_strconcat(is_answer ? "" : "Re: ", subject != NULL ? subject : "", NULL);
	char *references = g_strdup_printf("%s%s%s", before != NULL ? before : "",
					   before != NULL ? " " : "", id != NULL ? id : "");

	add_people(to, user, job->message, "Reply-To");
	if (to->len == 0)
		add_people(to, user, job->message, "From");
	if (web_value(job, "all")[0] != '\0') {
		add_people(to, user, job->message, "To");
		add_people(cc, user, job->message, "Cc");
	}
	form_set(form, "to", to->str);
	form_set(form, "cc", cc->str);
	form_set(form, "subject", title);
	form_set(form, "text", text);
	form_set(form, "in-reply-to", id);
	form_set(form, "references", references);
	g_string_free(to, TRUE);
	g_string_free(cc, TRUE);
	g_free(subject);
	g_free(id);
	g_free(before);
	g_free(text);
	g_free(title);
	g_free(references);
}

static const char *value_of(const GPtrArray *form, const char *name)
{
	const char *value = form_value(form, name);

	return value != NULL ? value : "";
}

GString *web_compose_page(struct web_user *user, const struct web_job *job, const char *problem)
{
	static const char *const hidden[] = { "in-reply-to", "references", "folder", "uid" };
	GString *page = web_page_begin(user, "New message");
	GPtrArray *form = g_ptr_array_ref(job->form);

	if (job->message != NULL)
		begin_answer(form, user, job);
	web_page_add(page, "<h1>New message</h1>\n");
	web_page_add_problem(page, problem);
	web_page_add(page, "<form id=\"compose\" method=\"post\" action=\"/send\">\n");
	web_page_add_hidden(page, "token", user->token);
	for (unsigned i = 0; i < G_N_ELEMENTS(hidden); i++)
		if (value_of(form, hidden[i])[0] != '\0')
			web_page_add_hidden(page, hidden[i], value_of(form, hidden[i]));
	add_line(page, "to", "To", value_of(form, "to"));
	add_line(page, "cc", "Cc", value_of(form, "cc"));
	add_line(page, "bcc", "Bcc", value_of(form, "bcc"));
	add_line(page, "subject", "Subject", value_of(form, "subject"));
	web_page_add(page, "<label for=\"body\">Text</label>\n"
			   "<textarea id=\"body\" name=\"text\" rows=\"14\">\n");
	web_page_say(page, value_of(form, "text"));
	web_page_add(page, "</textarea>\n<p><button>Send</button></p>\n</form>\n");
	g_ptr_array_unref(form);
	return web_page_end(user, page);
}
