/*
 * The pages of the webmail server: HTML that needs no script, in light and dark, on a phone too.
 * Whatever came from outside goes through html_escape(). This file has what all of them are made of.
 */
#include <stdlib.h>
#include "protocols/http/html.h"
#include "protocols/programs/webmail_page.h"

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

void web_page_add(GString *page, const char *text)
{
	g_string_append(page, text);
}

void web_page_say(GString *page, const char *text)
{
	html_escape(page, text != NULL ? text : "");
}

static GString *begin_document(const char *title)
{
	GString *page = g_string_new("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
				     "<meta charset=\"utf-8\">\n"
				     "<meta name=\"viewport\" content=\"width=device-width, "
				     "initial-scale=1\">\n"
				     "<link rel=\"icon\" href=\"data:,\">\n"
				     "<link rel=\"stylesheet\" href=\"/style.css\">\n<title>");

	web_page_say(page, title);
	web_page_add(page, "</title>\n</head>\n<body>\n");
	return page;
}

void web_page_add_hidden(GString *page, const char *name, const char *value)
{
	web_page_add(page, "<input type=\"hidden\" name=\"");
	web_page_say(page, name);
	web_page_add(page, "\" value=\"");
	web_page_say(page, value);
	web_page_add(page, "\">");
}

void web_page_add_problem(GString *page, const char *problem)
{
	if (problem == NULL)
		return;
	web_page_add(page, "<p class=\"problem\" role=\"alert\">");
	web_page_say(page, problem);
	web_page_add(page, "</p>\n");
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

	web_page_add(page, "<li><a href=\"");
	web_page_say(page, link);
	web_page_add(page, is_current ? "\" aria-current=\"page\">" : "\">");
	web_page_say(page, strcmp(folder, "INBOX") == 0 ? "Inbox" : folder);
	web_page_add(page, "</a></li>\n");
	g_free(link);
}

static void begin_frame(GString *page, struct web_user *user)
{
	char *notice = g_steal_pointer(&user->notice);

	web_page_add(page, "<header><strong>Webmail</strong>\n<span class=\"who\">");
	web_page_say(page, user->address);
	web_page_add(page, "</span>\n<form id=\"logout\" method=\"post\" action=\"/logout\">");
	web_page_add_hidden(page, "token", user->token);
	web_page_add(page, "<button class=\"plain\">Sign out</button></form></header>\n"
			   "<div class=\"frame\">\n<nav aria-label=\"Folders\">"
			   "<a class=\"button\" href=\"/compose\">New message</a>\n<ul>\n");
	for (unsigned i = 0; i < user->folders->len; i++) {
		const char *folder = g_ptr_array_index(user->folders, i);

		add_folder_link(page, folder, g_strcmp0(folder, user->folder) == 0);
	}
	if (user->folders->len == 0)
		add_folder_link(page, "INBOX", false);
	web_page_add(page, "</ul></nav>\n<main>\n");
	if (notice != NULL) {
		web_page_add(page, "<p class=\"notice\" role=\"status\">");
		web_page_say(page, notice);
		web_page_add(page, "</p>\n");
	}
	g_free(notice);
}

GString *web_page_begin(struct web_user *user, const char *title)
{
	GString *page = begin_document(title);

	if (user != NULL)
		begin_frame(page, user);
	else
		web_page_add(page, "<main class=\"alone\">\n");
	return page;
}

GString *web_page_end(struct web_user *user, GString *page)
{
	web_page_add(page, user != NULL ? "</main>\n</div>\n" : "</main>\n");
	web_page_add(page, "</body>\n</html>\n");
	return page;
}

/* ---- For those who are not signed in, or where there is nothing to show ---- */

GString *web_sign_in_page(const struct webmail *webmail, const char *login, const char *problem)
{
	GString *page = web_page_begin(NULL, "Sign in");

	web_page_add(page, "<h1>Webmail of ");
	web_page_say(page, webmail->config->domain);
	web_page_add(page, "</h1>\n");
	web_page_add_problem(page, problem);
	web_page_add(
	    page, "<form id=\"login\" method=\"post\" action=\"/login\">\n"
		  "<label for=\"name\">Address</label>\n"
		  "<input id=\"name\" name=\"login\" autocomplete=\"username\" required value=\"");
	web_page_say(page, login);
	web_page_add(page, "\">\n<label for=\"password\">Password</label>\n"
			   "<input id=\"password\" name=\"password\" type=\"password\" "
			   "autocomplete=\"current-password\" required>\n"
			   "<p><button>Sign in</button></p>\n</form>\n");
	return web_page_end(NULL, page);
}

GString *web_error_page(struct web_user *user, unsigned status, const char *text)
{
	char *title = g_strdup_printf("%u %s", status, http_reason(status));
	GString *page = web_page_begin(user, title);

	web_page_add(page, "<h1>");
	web_page_say(page, title);
	web_page_add(page, "</h1>\n");
	web_page_add_problem(page, text);
	web_page_add(page, "<p><a href=\"/folder?name=INBOX\">To the inbox</a></p>\n");
	g_free(title);
	return web_page_end(user, page);
}
