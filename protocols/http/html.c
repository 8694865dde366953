#include "protocols/http/html.h"

#include <string.h>

void html_escape(GString *out, const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		switch (*c) {
		case '&':
			g_string_append(out, "&amp;");
			break;
		case '<':
			g_string_append(out, "&lt;");
			break;
		case '>':
			g_string_append(out, "&gt;");
			break;
		case '"':
			g_string_append(out, "&quot;");
			break;
		case '\'':
			g_string_append(out, "&#39;");
			break;
		default:
			/* Control characters are no text of HTML (section 3.2.5 of the standard). */
			if ((unsigned char)*c >= ' ' || *c == '\n' || *c == '\t')
				g_string_append_c(out, *c);
		}
	}
}

/* ---- Reading ---- */

struct tag {
	char name[16]; /* lower case; longer ones are cut */
	bool is_end;
	GPtrArray *attributes; /* a form: names in lower case */
};

struct scanner {
	struct bytes in;
	size_t at;
	struct html_page *page;
	struct html_form *form; /* inside of it; NULL: outside */
	struct html_link *link; /* likewise */
	GString *text;          /* since the last reset */
	bool is_in_alert;
	char *area; /* the name of the textarea that is open; NULL: none */
};

static const struct {
	const char *name;
	gunichar character;
} entities[] = {
	{"amp;",   '&' },
        { "lt;",   '<' },
        { "gt;",   '>' },
        { "quot;", '"' },
        { "nbsp;", 0xa0},
};

/* What stands at an '&': how many bytes it takes; 0: it is no reference. */
static size_t read_reference(struct bytes in, gunichar *character)
{
	size_t at = 2;

	for (unsigned i = 0; i < G_N_ELEMENTS(entities); i++) {
		size_t length = strlen(entities[i].name);

		if (in.length > length && memcmp(in.data + 1, entities[i].name, length) == 0) {
			*character = entities[i].character;
			return length + 1;
		}
	}
	if (in.length < 4 || in.data[1] != '#')
		return 0;
	for (*character = 0; at < in.length && at < 9 && g_ascii_isdigit(in.data[at]); at++)
		*character = *character * 10 + (in.data[at] - '0');
	if (at == 2 || at == in.length || in.data[at] != ';' || *character == 0 ||
	    !g_unichar_validate(*character))
		return 0;
	return at + 1;
}

/* `in` with its character references undone. */
static char *unescape(struct bytes in)
{
	GString *out = g_string_sized_new(in.length);

	for (size_t at = 0; at < in.length;) {
		gunichar character;
		size_t taken =
		    in.data[at] == '&' ? read_reference(bytes_from(in, at), &character) : 0;

		if (taken > 0) {
			g_string_append_unichar(out, character);
			at += taken;
		} else {
			g_string_append_c(out, (char)in.data[at++]);
		}
	}
	return g_string_free(out, FALSE);
}

static uint8_t peek(const struct scanner *scanner)
{
	return scanner->at < scanner->in.length ? scanner->in.data[scanner->at] : '\0';
}

static void skip_space(struct scanner *scanner)
{
	while (scanner->at < scanner->in.length && g_ascii_isspace(peek(scanner)))
		scanner->at++;
}

/* The bytes up to one of `ends`, or to the end. */
static struct bytes take_until(struct scanner *scanner, const char *ends)
{
	size_t from = scanner->at;

	while (scanner->at < scanner->in.length &&
	       (peek(scanner) == '\0' || strchr(ends, peek(scanner)) == NULL))
		scanner->at++;
	return bytes_first(bytes_from(scanner->in, from), scanner->at - from);
}

static struct bytes take_value(struct scanner *scanner)
{
	char quote[2] = { (char)peek(scanner), '\0' };

	if (quote[0] != '"' && quote[0] != '\'')
		return take_until(scanner, " \t\r\n>");
	scanner->at++;
	struct bytes value = take_until(scanner, quote);
	scanner->at += scanner->at < scanner->in.length;
	return value;
}

static void read_attribute(struct scanner *scanner, struct tag *tag)
{
	struct bytes name = take_until(scanner, " \t\r\n=>/");
	struct bytes value = { NULL, 0 };

	if (name.length == 0) {
		scanner->at += peek(scanner) != '>';
		return;
	}
	skip_space(scanner);
	if (peek(scanner) == '=') {
		scanner->at++;
		skip_space(scanner);
		value = take_value(scanner);
	}
	char *lower = g_ascii_strdown((const char *)name.data, (gssize)name.length);
	char *plain = unescape(value);

	if (tag->attributes->len < FORM_FIELDS_MAX && form_value(tag->attributes, lower) == NULL)
		form_set(tag->attributes, lower, plain);
	g_free(lower);
	g_free(plain);
}

/* Behind a '<'. */
static void read_tag(struct scanner *scanner, struct tag *tag)
{
	tag->is_end = peek(scanner) == '/';
	scanner->at += tag->is_end;
	struct bytes name = bytes_first(take_until(scanner, " \t\r\n/>"), sizeof tag->name - 1);

	for (size_t i = 0; i < name.length; i++)
		tag->name[i] = g_ascii_tolower((char)name.data[i]);
	tag->name[name.length] = '\0';
	while (scanner->at < scanner->in.length && peek(scanner) != '>') {
		skip_space(scanner);
		if (scanner->at < scanner->in.length && peek(scanner) != '>')
			read_attribute(scanner, tag);
	}
	scanner->at += scanner->at < scanner->in.length;
}

static char *attribute(const struct tag *tag, const char *name)
{
	const char *value = form_value(tag->attributes, name);

	return g_strdup(value != NULL ? value : "");
}

static void begin_form(struct scanner *scanner, const struct tag *tag)
{
	struct html_form *form;

	if (scanner->page->forms->len == HTML_FORMS_MAX)
		return;
	form = g_new0(struct html_form, 1);
	form->id = attribute(tag, "id");
	form->action = attribute(tag, "action");
	form->method = g_ascii_strup(form_value(tag->attributes, "method") != NULL
					 ? form_value(tag->attributes, "method")
					 : "GET",
				     -1);
	form->fields = form_new();
	g_ptr_array_add(scanner->page->forms, form);
	scanner->form = form;
}

static void begin_link(struct scanner *scanner, const struct tag *tag)
{
	struct html_link *link;

	if (scanner->page->links->len == HTML_LINKS_MAX ||
	    form_value(tag->attributes, "href") == NULL)
		return;
	link = g_new0(struct html_link, 1);
	link->href = attribute(tag, "href");
	link->rel = attribute(tag, "rel");
	link->text = g_strdup("");
	g_ptr_array_add(scanner->page->links, link);
	scanner->link = link;
	g_string_truncate(scanner->text, 0);
}

/* An <input>: a check box that is not checked and a button say nothing. */
static void add_input(struct scanner *scanner, const struct tag *tag)
{
	const char *name = form_value(tag->attributes, "name");
	const char *type = form_value(tag->attributes, "type");
	bool is_silent =
	    g_strcmp0(type, "submit") == 0 || g_strcmp0(type, "button") == 0 ||
	    (g_strcmp0(type, "checkbox") == 0 && form_value(tag->attributes, "checked") == NULL);

	if (scanner->form != NULL && name != NULL && !is_silent &&
	    scanner->form->fields->len < FORM_FIELDS_MAX)
		form_set(scanner->form->fields, name, form_value(tag->attributes, "value"));
}

static void begin(struct scanner *scanner, const struct tag *tag)
{
	const char *name = form_value(tag->attributes, "name");

	if (g_strcmp0(form_value(tag->attributes, "role"), "alert") == 0) {
		scanner->is_in_alert = true;
		g_string_truncate(scanner->text, 0);
	}
	if (strcmp(tag->name, "form") == 0) {
		begin_form(scanner, tag);
	} else if (strcmp(tag->name, "a") == 0) {
		begin_link(scanner, tag);
	} else if (strcmp(tag->name, "input") == 0) {
		add_input(scanner, tag);
	} else if (strcmp(tag->name, "textarea") == 0 && name != NULL && scanner->area == NULL) {
		scanner->area = g_strdup(name);
		g_string_truncate(scanner->text, 0);
	} else if (strcmp(tag->name, "title") == 0) {
		g_string_truncate(scanner->text, 0);
	}
}

static void end_area(struct scanner *scanner)
{
	const char *text = scanner->text->str;

	/* The line end right behind <textarea> is none of it. */
	text += text[0] == '\r';
	text += text[0] == '\n';
	if (scanner->form != NULL && scanner->area != NULL &&
	    scanner->form->fields->len < FORM_FIELDS_MAX)
		form_set(scanner->form->fields, scanner->area, text);
	g_clear_pointer(&scanner->area, g_free);
}

static char *squeezed(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text != '\0'; text++)
		if (!g_ascii_isspace(*text))
			g_string_append_c(out, *text);
		else if (out->len > 0 && out->str[out->len - 1] != ' ')
			g_string_append_c(out, ' ');
	return g_strchomp(g_string_free(out, FALSE));
}

static void end(struct scanner *scanner, const struct tag *tag)
{
	if (scanner->is_in_alert && scanner->page->alert == NULL)
		scanner->page->alert = squeezed(scanner->text->str);
	scanner->is_in_alert = false;
	if (strcmp(tag->name, "form") == 0) {
		scanner->form = NULL;
	} else if (strcmp(tag->name, "textarea") == 0) {
		end_area(scanner);
	} else if (strcmp(tag->name, "a") == 0 && scanner->link != NULL) {
		g_free(scanner->link->text);
		scanner->link->text = squeezed(scanner->text->str);
		scanner->link = NULL;
	} else if (strcmp(tag->name, "title") == 0 && scanner->page->title == NULL) {
		scanner->page->title = squeezed(scanner->text->str);
	}
}

/* True when only the end tag of what is open ends it: its text holds no other tags. */
static bool is_hidden_text(const char *name)
{
	return strcmp(name, "script") == 0 || strcmp(name, "style") == 0;
}

static void skip_comment(struct scanner *scanner)
{
	struct bytes rest = bytes_from(scanner->in, scanner->at);
	const char *end = g_strstr_len((const char *)rest.data, (gssize)rest.length, "-->");

	scanner->at = end != NULL ? (size_t)((const uint8_t *)end - scanner->in.data) + 3
				  : scanner->in.length;
}

static void handle_tag(struct scanner *scanner)
{
	struct tag tag = { .attributes = form_new() };
	struct bytes rest = bytes_from(scanner->in, scanner->at);

	if (rest.length >= 3 && memcmp(rest.data, "!--", 3) == 0) {
		skip_comment(scanner);
	} else {
		read_tag(scanner, &tag);
		if (scanner->area != NULL && !(tag.is_end && strcmp(tag.name, "textarea") == 0))
			; /* inside of a textarea all is text but its end */
		else if (tag.is_end)
			end(scanner, &tag);
		else
			begin(scanner, &tag);
		if (!tag.is_end && is_hidden_text(tag.name))
			take_until(scanner, "<");
	}
	g_ptr_array_unref(tag.attributes);
}

static void scan(struct scanner *scanner)
{
	while (scanner->at < scanner->in.length) {
		struct bytes text = take_until(scanner, "<");
		char *plain = unescape(text);

		g_string_append(scanner->text, plain);
		g_free(plain);
		if (scanner->at < scanner->in.length) {
			scanner->at++;
			handle_tag(scanner);
		}
	}
}

static void link_free(void *data)
{
	struct html_link *link = data;

	g_free(link->href);
	g_free(link->rel);
	g_free(link->text);
	g_free(link);
}

static void html_form_free(void *data)
{
	struct html_form *form = data;

	g_free(form->id);
	g_free(form->action);
	g_free(form->method);
	g_ptr_array_unref(form->fields);
	g_free(form);
}

struct html_page *html_parse(struct bytes text)
{
	struct scanner scanner = {
		.in = text,
		.page = g_new0(struct html_page, 1),
		.text = g_string_new(NULL),
	};

	scanner.page->links = g_ptr_array_new_with_free_func(link_free);
	scanner.page->forms = g_ptr_array_new_with_free_func(html_form_free);
	scan(&scanner);
	if (scanner.page->title == NULL)
		scanner.page->title = g_strdup("");
	g_free(scanner.area);
	g_string_free(scanner.text, TRUE);
	return scanner.page;
}

char *html_to_text(struct bytes text)
{
	GString *out = g_string_new(NULL);
	struct scanner scanner = { .in = text };

	/* Tags are skipped by the same rules; links and forms are of no interest here. */
	while (scanner.at < text.length) {
		char *plain = unescape(take_until(&scanner, "<"));
		struct tag tag = { .attributes = form_new() };

		g_string_append(out, plain);
		g_free(plain);
		if (scanner.at < text.length) {
			scanner.at++;
			read_tag(&scanner, &tag);
			if (strcmp(tag.name, "br") == 0 || strcmp(tag.name, "p") == 0 ||
			    strcmp(tag.name, "div") == 0 || strcmp(tag.name, "tr") == 0)
				g_string_append_c(out, '\n');
			if (!tag.is_end && is_hidden_text(tag.name))
				take_until(&scanner, "<");
		}
		g_ptr_array_unref(tag.attributes);
	}
	return g_string_free(out, FALSE);
}

void html_page_free(struct html_page *page)
{
	if (page == NULL)
		return;
	g_free(page->title);
	g_free(page->alert);
	g_ptr_array_unref(page->links);
	g_ptr_array_unref(page->forms);
	g_free(page);
}

const struct html_form *html_find_form(const struct html_page *page, const char *id)
{
	for (unsigned i = 0; i < page->forms->len; i++) {
		const struct html_form *form = g_ptr_array_index(page->forms, i);

		if (strcmp(form->id, id) == 0)
			return form;
	}
	return NULL;
}
