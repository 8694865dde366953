/* The page of a folder: its messages, a page at a time, or those that a search found. */
#include <stdlib.h>
#include "protocols/programs/webmail_page.h"

static void add_search(GString *page, const struct web_job *job, const char *folder)
{
	static const char *const wheres[][2] = {
		{"text",     "anywhere"         },
                { "subject", "in the subject"   },
		{ "from",    "in the sender"    },
                { "to",      "in the recipients"},
		{ "body",    "in the text"      },
	};

	web_page_add(page, "<form id=\"search\" class=\"search\" method=\"get\" action=\"/search\" "
			   "role=\"search\">");
	web_page_add_hidden(page, "folder", folder);
	web_page_add(
	    page, "<input name=\"q\" type=\"search\" aria-label=\"Search for\" required value=\"");
	web_page_say(page, web_value(job, "q"));
	web_page_add(page, "\">\n<select name=\"in\" aria-label=\"Where\">");
	for (unsigned i = 0; i < G_N_ELEMENTS(wheres); i++)
		g_string_append_printf(page, "<option value=\"%s\"%s>%s</option>", wheres[i][0],
				       strcmp(web_value(job, "in"), wheres[i][0]) == 0 ? " selected"
										       : "",
				       wheres[i][1]);
	web_page_add(page, "</select>\n<button>Search</button></form>\n");
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
	web_page_add(page, is_new ? "<li class=\"new\"><a href=\"" : "<li><a href=\"");
	web_page_say(page, link->str);
	web_page_add(page, "\">");
	web_page_say(page, row->subject[0] != '\0' ? row->subject : "(no subject)");
	web_page_add(page, "</a><div class=\"row\"><span>");
	web_page_say(page, row->from);
	web_page_add(page,
		     row->flags & MAILBOX_ANSWERED ? "</span><span>answered</span>" : "</span>");
	add_time(page, row->unix_time);
	web_page_add(page, "</div></li>\n");
	g_string_free(link, TRUE);
}

static void add_page_link(GString *page, const struct web_job *job, const char *folder,
			  const char *words, const char *rel, unsigned number)
{
	GString *link = g_string_new(NULL);

	if (job->page == WEB_SEARCH) {
		web_page_add(link, "/search?folder=");
		form_encode_value(link, folder);
		web_page_add(link, "&q=");
		form_encode_value(link, web_value(job, "q"));
		web_page_add(link, "&in=");
		form_encode_value(link, web_value(job, "in"));
	} else {
		web_page_add(link, "/folder?name=");
		form_encode_value(link, folder);
	}
	g_string_append_printf(link, "&page=%u", number);
	g_string_append_printf(page, "<a rel=\"%s\" href=\"", rel);
	web_page_say(page, link->str);
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
	GString *page = web_page_begin(user, title), *rows = g_string_new(NULL);
	unsigned count = add_rows(rows, user, job, first);

	web_page_add(page, "<h1>");
	web_page_say(page, title);
	web_page_add(page, "</h1>\n");
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
	return web_page_end(user, page);
}
