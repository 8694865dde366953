/*
 * The pages of the webmail server: HTML that needs no script, in light and dark, on a phone too.
 * Whatever came from outside goes through html_escape().
 */
#include <stdlib.h>
#include "protocols/http/html.h"
#include "protocols/programs/webmail_private.h"

/* clang-format off */
const char web_style_sheet[] =
	":root{color-scheme:light dark;--back:#fff;--side:#f3f5f8;--text:#1b1f24;--dim:#57606a;"
	"--line:#d0d7de;--link:#0b57d0;--mark:#0b57d0;--on:#fff;--bad:#b3261e;--good:#146c2e}\n"
	"@media(prefers-color-scheme:dark){:root{--back:#14171a;--side:#1d2125;--text:#e6e8ea;"
	"--dim:#a4acb5;--line:#3a4148;--link:#8ab4f8;--mark:#8ab4f8;--on:#14171a;--bad:#f2b8b5;"
	"--good:#81c995}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0;background:var(--back);color:var(--text);font:16px/1.5 system-ui,sans-serif}\n"
	"a{color:var(--link)}\n"
	"header{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:center;padding:.5rem 1rem;"
	"background:var(--side);border-bottom:1px solid var(--line)}\n"
	"header strong{font-size:1.1rem}\n"
	"header form{margin:0}\n"
	"header .who{margin-left:auto;color:var(--dim);overflow-wrap:anywhere}\n"
	".frame{display:flex;flex-wrap:wrap}\n"
	"nav{flex:0 1 12rem;padding:1rem;background:var(--side)}\n"
	"nav ul{list-style:none;margin:1rem 0 0;padding:0}\n"
	"nav li a{display:block;padding:.4rem .6rem;border-radius:.4rem;text-decoration:none;"
	"overflow-wrap:anywhere}\n"
	"nav a[aria-current]{background:var(--mark);color:var(--on)}\n"
	"main{flex:1 1 20rem;min-width:0;padding:1rem;max-width:70rem}\n"
	"main.alone{max-width:26rem;margin:8vh auto}\n"
	"h1{font-size:1.4rem;margin:.2rem 0 1rem;overflow-wrap:anywhere}\n"
	"label{display:block;margin:.6rem 0 .2rem;color:var(--dim)}\n"
	"input,textarea,select,button{font:inherit;color:inherit;background:var(--back);"
	"border:1px solid var(--line);border-radius:.4rem;padding:.45rem .6rem;max-width:100%}\n"
	"main input:not([type=hidden]),textarea{width:100%}\n"
	"button,.button{display:inline-block;background:var(--mark);color:var(--on);"
	"border:1px solid var(--mark);border-radius:.4rem;padding:.45rem .9rem;text-decoration:none;"
	"cursor:pointer}\n"
	"button.plain{background:transparent;color:var(--link);border-color:var(--line)}\n"
	":focus-visible{outline:3px solid var(--link);outline-offset:2px}\n"
	".search,.tools{display:flex;flex-wrap:wrap;gap:.5rem;margin:0 0 1rem;align-items:center}\n"
	".search input{flex:1 1 10rem;width:auto!important}\n"
	".tools form{display:flex;gap:.5rem;margin:0}\n"
	".tools input{width:9rem!important}\n"
	"ol.messages{list-style:none;margin:0;padding:0;border-top:1px solid var(--line)}\n"
	"ol.messages li{border-bottom:1px solid var(--line)}\n"
	"ol.messages a{display:block;padding:.6rem .4rem;text-decoration:none;color:inherit;"
	"overflow-wrap:anywhere}\n"
	"ol.messages a:hover{background:var(--side)}\n"
	".row{display:flex;flex-wrap:wrap;gap:0 1rem;padding:0 .4rem .5rem;color:var(--dim);"
	"font-size:.9rem}\n"
	".row time{margin-left:auto}\n"
	"ol.messages a{padding-bottom:0}\n"
	"li.new a{font-weight:700}\n"
	"li.new a::before{content:'';display:inline-block;width:.6rem;height:.6rem;"
	"border-radius:50%;background:var(--mark);margin-right:.5rem}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:0 0 1rem}\n"
	"dt{color:var(--dim)}\ndd{margin:0;overflow-wrap:anywhere}\n"
	"pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;border-top:1px solid "
	"var(--line);padding-top:1rem}\n"
	".notice{padding:.6rem .8rem;border:1px solid;border-radius:.4rem;color:var(--good)}\n"
	".problem{padding:.6rem .8rem;border:1px solid;border-radius:.4rem;color:var(--bad)}\n"
	".dim{color:var(--dim)}\n"
	"@media(max-width:40rem){nav{flex:1 1 100%}}\n";
/* clang-format on */

/* ---- Pieces ---- */

static void add(GString *page, const char *text)
{
	g_string_append(page, text);
}

/* Appends text from outside. */
static void say(GString *page, const char *text)
{
	html_escape(page, text != NULL ? text : "");
}

static GString *begin_page(const char *title)
{
	GString *page = g_string_new("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
				     "<meta charset=\"utf-8\">\n"
				     "<meta name=\"viewport\" content=\"width=device-width, "
				     "initial-scale=1\">\n"
				     "<link rel=\"icon\" href=\"data:,\">\n"
				     "<link rel=\"stylesheet\" href=\"/style.css\">\n<title>");

	say(page, title);
	add(page, "</title>\n</head>\n<body>\n");
	return page;
}

static GString *end_page(GString *page)
{
	add(page, "</main>\n</body>\n</html>\n");
	return page;
}

static void add_hidden(GString *page, const char *name, const char *value)
{
	add(page, "<input type=\"hidden\" name=\"");
	say(page, name);
	add(page, "\" value=\"");
	say(page, value);
	add(page, "\">");
}

static void add_problem(GString *page, const char *problem)
{
	if (problem == NULL)
		return;
	add(page, "<p class=\"problem\" role=\"alert\">");
	say(page, problem);
	add(page, "</p>\n");
}

char *web_folder_link(const char *folder)
{
	GString *link = g_string_new("/folder?name=");

	form_encode_value(link, folder);
	return g_string_free(link, FALSE);
}

static void add_folder_link(GString *page, const char *folder, bool is_current)
{
	char *link = web_folder_link(folder);

	add(page, "<li><a href=\"");
	say(page, link);
	add(page, is_current ? "\" aria-current=\"page\">" : "\">");
	say(page, strcmp(folder, "INBOX") == 0 ? "Inbox" : folder);
	add(page, "</a></li>\n");
	g_free(link);
}

/* The head of every page of someone who is signed in; the notice is shown once. */
static GString *begin_user_page(struct web_user *user, const char *title)
{
	char *notice = g_steal_pointer(&user->notice);
	GString *page = begin_page(title);

	add(page, "<header><strong>Webmail</strong>\n<span class=\"who\">");
	say(page, user->address);
	add(page, "</span>\n<form id=\"logout\" method=\"post\" action=\"/logout\">");
	add_hidden(page, "token", user->token);
	add(page, "<button class=\"plain\">Sign out</button></form></header>\n"
		  "<div class=\"frame\">\n<nav aria-label=\"Folders\">"
		  "<a class=\"button\" href=\"/compose\">New message</a>\n<ul>\n");
	for (unsigned i = 0; i < user->folders->len; i++) {
		const char *folder = g_ptr_array_index(user->folders, i);

		add_folder_link(page, folder, g_strcmp0(folder, user->folder) == 0);
	}
	if (user->folders->len == 0)
		add_folder_link(page, "INBOX", false);
	add(page, "</ul></nav>\n<main>\n");
	if (notice != NULL) {
		add(page, "<p class=\"notice\" role=\"status\">");
		say(page, notice);
		add(page, "</p>\n");
	}
	g_free(notice);
	return page;
}

static GString *end_user_page(GString *page)
{
	add(page, "</main>\n</div>\n</body>\n</html>\n");
	return page;
}

/* ---- Sign in ---- */

GString *web_sign_in_page(const struct webmail *webmail, const char *login, const char *problem)
{
	GString *page = begin_page("Sign in");

	add(page, "<main class=\"alone\">\n<h1>Webmail of ");
	say(page, webmail->config->domain);
	add(page, "</h1>\n");
	add_problem(page, problem);
	add(page, "<form id=\"login\" method=\"post\" action=\"/login\">\n"
		  "<label for=\"name\">Address</label>\n"
		  "<input id=\"name\" name=\"login\" autocomplete=\"username\" required value=\"");
	say(page, login);
	add(page, "\">\n<label for=\"password\">Password</label>\n"
		  "<input id=\"password\" name=\"password\" type=\"password\" "
		  "autocomplete=\"current-password\" required>\n"
		  "<p><button>Sign in</button></p>\n</form>\n");
	return end_page(page);
}

/* ---- A folder ---- */

static void add_search(GString *page, const struct web_job *job, const char *folder)
{
	static const char *const wheres[][2] = {
		{"text",     "anywhere"         },
                { "subject", "in the subject"   },
		{ "from",    "in the sender"    },
                { "to",      "in the recipients"},
		{ "body",    "in the text"      },
	};

	add(page, "<form id=\"search\" class=\"search\" method=\"get\" action=\"/search\" "
		  "role=\"search\">");
	add_hidden(page, "folder", folder);
	add(page, "<input name=\"q\" type=\"search\" aria-label=\"Search for\" required value=\"");
	say(page, web_value(job, "q"));
	add(page, "\">\n<select name=\"in\" aria-label=\"Where\">");
	for (unsigned i = 0; i < G_N_ELEMENTS(wheres); i++)
		g_string_append_printf(page, "<option value=\"%s\"%s>%s</option>", wheres[i][0],
				       strcmp(web_value(job, "in"), wheres[i][0]) == 0 ? " selected"
										       : "",
				       wheres[i][1]);
	add(page, "</select>\n<button>Search</button></form>\n");
}

static void add_time(GString *page, int64_t unix_time)
{
	GDateTime *time = g_date_time_new_from_unix_utc(unix_time);
	char *machine = time != NULL ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : NULL;
	char *human = time != NULL ? g_date_time_format(time, "%d %b %Y, %H:%M") : NULL;

	if (machine != NULL && human != NULL)
		g_string_append_printf(page, "<time datetime=\"%s\">%s</time>", machine, human);
	g_free(machine);
	g_free(human);
	if (time != NULL)
		g_date_time_unref(time);
}

static void add_row(GString *page, const char *folder, const struct web_row *row)
{
	bool is_new = !(row->flags & MAILBOX_SEEN);
	GString *link = g_string_new("/message?folder=");

	form_encode_value(link, folder);
	g_string_append_printf(link, "&uid=%u", row->uid);
	add(page, is_new ? "<li class=\"new\"><a href=\"" : "<li><a href=\"");
	say(page, link->str);
	add(page, "\">");
	say(page, row->subject[0] != '\0' ? row->subject : "(no subject)");
	add(page, "</a><div class=\"row\"><span>");
	say(page, row->from);
	add(page, row->flags & MAILBOX_ANSWERED ? "</span><span>answered</span>" : "</span>");
	add_time(page, row->unix_time);
	add(page, "</div></li>\n");
	g_string_free(link, TRUE);
}

static void add_page_link(GString *page, const struct web_job *job, const char *folder,
			  const char *words, const char *rel, unsigned number)
{
	GString *link = g_string_new(NULL);

	if (job->page == WEB_SEARCH) {
		add(link, "/search?folder=");
		form_encode_value(link, folder);
		add(link, "&q=");
		form_encode_value(link, web_value(job, "q"));
		add(link, "&in=");
		form_encode_value(link, web_value(job, "in"));
	} else {
		add(link, "/folder?name=");
		form_encode_value(link, folder);
	}
	g_string_append_printf(link, "&page=%u", number);
	g_string_append_printf(page, "<a rel=\"%s\" href=\"", rel);
	say(page, link->str);
	g_string_append_printf(page, "\">%s</a> ", words);
	g_string_free(link, TRUE);
}

/* The newest first. Returns how many there are in all. */
static unsigned add_rows(GString *page, const struct web_user *user, const struct web_job *job,
			 unsigned first)
{
	unsigned count = 0;

	for (unsigned i = user->rows->len; i > 0; i--) {
		const struct web_row *row = g_ptr_array_index(user->rows, i - 1);

		if (job->page == WEB_SEARCH && !row->is_found)
			continue;
		if (count >= first && count < first + WEBMAIL_PAGE_ROWS)
			add_row(page, user->folder, row);
		count++;
	}
	return count;
}

GString *web_folder_page(struct web_user *user, const struct web_job *job)
{
	const char *title = strcmp(user->folder, "INBOX") == 0 ? "Inbox" : user->folder;
	unsigned number = (unsigned)MIN(strtoul(web_value(job, "page"), NULL, 10), 100000);
	unsigned first = number * WEBMAIL_PAGE_ROWS;
	GString *page = begin_user_page(user, title), *rows = g_string_new(NULL);
	unsigned count = add_rows(rows, user, job, first);

	add(page, "<h1>");
	say(page, title);
	add(page, "</h1>\n");
	add_search(page, job, user->folder);
	g_string_append_printf(page, "<p class=\"dim\" id=\"count\">%u message%s%s</p>\n", count,
			       count == 1 ? "" : "s", job->page == WEB_SEARCH ? " found" : "");
	if (rows->len > 0)
		g_string_append_printf(page, "<ol class=\"messages\">\n%s</ol>\n", rows->str);
	if (number > 0)
		add_page_link(page, job, user->folder, "Newer", "prev", number - 1);
	if (count > first + WEBMAIL_PAGE_ROWS)
		add_page_link(page, job, user->folder, "Older", "next", number + 1);
	g_string_free(rows, TRUE);
	return end_user_page(page);
}

/* ---- A message ---- */

static char *header(const struct message *message, const char *name)
{
	char *raw = message_header(message_header_section(message_bytes(message)), name);
	char *decoded = raw != NULL ? message_decode_words(raw) : NULL;

	g_free(raw);
	return decoded;
}

static void add_header(GString *page, const struct message *message, const char *name)
{
	char *value = header(message, name);

	if (value != NULL) {
		g_string_append_printf(page, "<dt>%s</dt><dd>", name);
		say(page, value);
		add(page, "</dd>\n");
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

/* What there is to read: plain text; else what is left of HTML without its tags. */
static char *text_of(struct message *message)
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
		add(page, "<li>");
		say(page, name);
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
	add_hidden(page, "token", user->token);
	add_hidden(page, "folder", user->folder);
	add_hidden(page, "uid", web_value(job, "uid"));
}

static void add_tools(GString *page, const struct web_user *user, const struct web_job *job)
{
	GString *link = g_string_new("/compose?folder=");

	form_encode_value(link, user->folder);
	add(link, "&uid=");
	form_encode_value(link, web_value(job, "uid"));
	add(page, "<div class=\"tools\"><a class=\"button\" rel=\"reply\" href=\"");
	say(page, link->str);
	add(page, "\">Reply</a>\n<a rel=\"reply-all\" href=\"");
	say(page, link->str);
	add(page, "&amp;all=1\">Reply to all</a>\n");
	begin_tool(page, user, job, "delete");
	add(page, "<button class=\"plain\">Delete</button></form>\n");
	begin_tool(page, user, job, "move");
	add(page, "<input name=\"into\" placeholder=\"Folder\" "
		  "aria-label=\"Folder to move to\" required>"
		  "<button class=\"plain\">Move</button></form></div>\n");
	g_string_free(link, TRUE);
}

GString *web_message_page(struct web_user *user, const struct web_job *job)
{
	static const char *const headers[] = { "From", "To", "Cc", "Date" };
	char *subject = header(job->message, "Subject"), *text = text_of(job->message);
	const char *title = subject != NULL && subject[0] != '\0' ? subject : "(no subject)";
	GString *page = begin_user_page(user, title), *files = g_string_new(NULL);

	add(page, "<h1>");
	say(page, title);
	add(page, "</h1>\n");
	add_tools(page, user, job);
	add(page, "<dl>\n");
	for (unsigned i = 0; i < G_N_ELEMENTS(headers); i++)
		add_header(page, job->message, headers[i]);
	add(page, "</dl>\n<pre id=\"text\">\n");
	say(page, text);
	add(page, "</pre>\n");
	add_attachments(files, message_structure(job->message));
	if (files->len > 0)
		g_string_append_printf(page, "<h2>Attachments</h2>\n<ul>\n%s</ul>\n", files->str);
	g_string_free(files, TRUE);
	g_free(subject);
	g_free(text);
	return end_user_page(page);
}

/* ---- Writing ---- */

static void add_line(GString *page, const char *name, const char *words, const char *value)
{
	g_string_append_printf(page,
			       "<label for=\"%s\">%s</label>\n"
			       "<input id=\"%s\" name=\"%s\" value=\"",
			       name, words, name, name);
	say(page, value);
	add(page, "\">\n");
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
	char *text = text_of(message), *from = header(message, "From");
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
	char *subject = header(job->message, "Subject");
	char *id = header(job->message, "Message-ID");
	char *before = header(job->message, "References"), *text = quoted(job->message);
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
	GString *page = begin_user_page(user, "New message");
	GPtrArray *form = g_ptr_array_ref(job->form);

	if (job->message != NULL)
		begin_answer(form, user, job);
	add(page, "<h1>New message</h1>\n");
	add_problem(page, problem);
	add(page, "<form id=\"compose\" method=\"post\" action=\"/send\">\n");
	add_hidden(page, "token", user->token);
	for (unsigned i = 0; i < G_N_ELEMENTS(hidden); i++)
		if (value_of(form, hidden[i])[0] != '\0')
			add_hidden(page, hidden[i], value_of(form, hidden[i]));
	add_line(page, "to", "To", value_of(form, "to"));
	add_line(page, "cc", "Cc", value_of(form, "cc"));
	add_line(page, "bcc", "Bcc", value_of(form, "bcc"));
	add_line(page, "subject", "Subject", value_of(form, "subject"));
	add(page, "<label for=\"body\">Text</label>\n"
		  "<textarea id=\"body\" name=\"text\" rows=\"14\">\n");
	say(page, value_of(form, "text"));
	add(page, "</textarea>\n<p><button>Send</button></p>\n</form>\n");
	g_ptr_array_unref(form);
	return end_user_page(page);
}

GString *web_error_page(struct web_user *user, unsigned status, const char *text)
{
	char *title = g_strdup_printf("%u %s", status, http_reason(status));
	GString *page = user != NULL ? begin_user_page(user, title) : begin_page(title);

	if (user == NULL)
		add(page, "<main class=\"alone\">\n");
	add(page, "<h1>");
	say(page, title);
	add(page, "</h1>\n");
	add_problem(page, text);
	add(page, "<p><a href=\"/folder?name=INBOX\">To the inbox</a></p>\n");
	g_free(title);
	return user != NULL ? end_user_page(page) : end_page(page);
}
