#include "protocols/mail/address.h"

#include <string.h>

#define LOCAL_BYTES_MAX  64
#define DOMAIN_BYTES_MAX 255
#define LABEL_BYTES_MAX  63

static void address_clear(struct address *address)
{
	g_free(address->name);
	g_free(address->route);
	g_free(address->local);
	g_free(address->domain);
}

static void address_free(struct address *address)
{
	address_clear(address);
	g_free(address);
}

/* Where the parser of a field body stands. */
struct cursor {
	const char *at;
	char *comment; /* text of the last comment: a name in the form "alice@x (Alice)" */
};

static void read_comment(struct cursor *cursor)
{
	GString *text = g_string_new(NULL);
	unsigned depth = 0;

	/* comment = "(" *([FWS] ccontent) [FWS] ")" */
	while (*cursor->at != '\0') {
		char c = *cursor->at++;

		if (c == '\\' && *cursor->at != '\0') {
			g_string_append_c(text, *cursor->at++);
			continue;
		}
		if (c == ')' && --depth == 0)
			break;
		if (c == '(' && depth++ == 0)
			continue;
		g_string_append_c(text, c);
	}
	g_free(cursor->comment);
	cursor->comment = g_string_free(text, FALSE);
}

/* CFWS. Returns true when there was any. */
static bool skip_space(struct cursor *cursor)
{
	const char *start = cursor->at;

	for (;;) {
		if (*cursor->at == '(')
			read_comment(cursor);
		else if (*cursor->at != '\0' && strchr(" \t\r\n", *cursor->at) != NULL)
			cursor->at++;
		else
			return cursor->at != start;
	}
}

static void read_quoted(struct cursor *cursor, GString *out)
{
	for (cursor->at++; *cursor->at != '\0' && *cursor->at != '"'; cursor->at++) {
		if (*cursor->at == '\\' && cursor->at[1] != '\0')
			cursor->at++;
		g_string_append_c(out, *cursor->at);
	}
	if (*cursor->at == '"')
		cursor->at++;
}

static void read_domain_literal(struct cursor *cursor, GString *out)
{
	while (*cursor->at != '\0') {
		char c = *cursor->at++;

		g_string_append_c(out, c);
		if (c == ']')
			return;
	}
}

/*
 * Words up to a character of `stops`, one space where there was some between them:
 * phrase = 1*word / obs-phrase; word = atom / quoted-string.
 */
static char *read_words(struct cursor *cursor, const char *stops, bool keep_space)
{
	GString *out = g_string_new(NULL);

	for (bool had_space = skip_space(cursor); *cursor->at != '\0';
	     had_space = skip_space(cursor)) {
		if (*cursor->at == '\0' || strchr(stops, *cursor->at) != NULL)
			break;
		if (had_space && keep_space && out->len > 0)
			g_string_append_c(out, ' ');
		if (*cursor->at == '"')
			read_quoted(cursor, out);
		else if (*cursor->at == '[')
			read_domain_literal(cursor, out);
		else
			g_string_append_c(out, *cursor->at++);
	}
	return g_string_free(out, FALSE);
}

static char *null_if_empty(char *text)
{
	if (text[0] != '\0')
		return text;
	g_free(text);
	return NULL;
}

/* angle-addr = "<" [obs-route] addr-spec ">"; obs-route = 1*("@" domain ",") ":" */
static void read_angle(struct cursor *cursor, struct address *address)
{
	cursor->at++;
	skip_space(cursor);
	if (*cursor->at == '@') {
		char *route = read_words(cursor, ":>;", false);

		address->route = null_if_empty(route);
		if (*cursor->at == ':')
			cursor->at++;
	}
	address->local = read_words(cursor, "@>,;", false);
	if (*cursor->at == '@') {
		cursor->at++;
		address->domain = read_words(cursor, ">,;", false);
	}
	while (*cursor->at != '\0' && strchr(">,;", *cursor->at) == NULL)
		cursor->at++;
	if (*cursor->at == '>')
		cursor->at++;
}

static void add_address(GPtrArray *list, struct address address)
{
	struct address *copy = g_new(struct address, 1);

	*copy = address;
	g_ptr_array_add(list, copy);
}

/*
 * mailbox = name-addr / addr-spec, of which `words` (taken) were read. False when it is none, and
 * nothing is left to free.
 */
static bool read_mailbox(struct cursor *cursor, char *words, struct address *address)
{
	*address = (struct address) { 0 };
	if (*cursor->at == '<') {
		address->name = null_if_empty(words);
		read_angle(cursor, address);
	} else if (*cursor->at == '@') {
		cursor->at++;
		address->local = words;
		address->domain = read_words(cursor, "<,;", false);
		address->name = g_steal_pointer(&cursor->comment);
	} else {
		address->local = words;
	}
	if (address->local[0] == '\0' && address->domain == NULL) {
		address_clear(address);
		return false;
	}
	if (address->domain == NULL)
		address->domain = g_strdup("");
	return true;
}

static void skip_to_separator(struct cursor *cursor)
{
	skip_space(cursor);
	while (*cursor->at != '\0' && *cursor->at != ',' && *cursor->at != ';')
		cursor->at++;
}

/* One address, or the start or end of a group, and the separator behind it; always forward. */
static void read_entry(struct cursor *cursor, GPtrArray *list, bool *is_in_group)
{
	struct address address;

	g_clear_pointer(&cursor->comment, g_free);
	char *words = read_words(cursor, "<@,;:>", true);
	if (*cursor->at == ':' && !*is_in_group) {
		cursor->at++;
		*is_in_group = true;
		add_address(list, (struct address) { .local = words });
		return;
	}
	if (read_mailbox(cursor, words, &address))
		add_address(list, address);

	skip_to_separator(cursor);
	if (*cursor->at == ';' && *is_in_group) {
		*is_in_group = false;
		add_address(list, (struct address) { 0 });
	}
	if (*cursor->at != '\0')
		cursor->at++;
}

GPtrArray *address_list_parse(const char *text)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)address_free);
	struct cursor cursor = { .at = text };
	bool is_in_group = false;

	while (skip_space(&cursor), *cursor.at != '\0' && list->len < ADDRESS_LIST_MAX)
		read_entry(&cursor, list, &is_in_group);
	if (is_in_group)
		add_address(list, (struct address) { 0 });
	g_free(cursor.comment);
	return list;
}

/* atext of RFC 5322 section 3.2.3. */
static bool is_atext(char c)
{
	return g_ascii_isalnum(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Dot-string = Atom *("." Atom) */
static bool is_dot_string(const char *text, size_t length)
{
	bool was_dot = true;

	for (size_t i = 0; i < length; i++) {
		bool is_dot = text[i] == '.';

		if ((is_dot && was_dot) || (!is_dot && !is_atext(text[i])))
			return false;
		was_dot = is_dot;
	}
	return !was_dot;
}

char *address_spec(const struct address *address)
{
	const char *local = address->local != NULL ? address->local : "";
	const char *domain = address->domain != NULL ? address->domain : "";

	if (is_dot_string(local, strlen(local)))
		return g_strconcat(local, "@", domain, NULL);

	GString *out = g_string_new("\"");
	for (; *local != '\0'; local++) {
		if (*local == '"' || *local == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *local);
	}
	g_string_append_printf(out, "\"@%s", domain);
	return g_string_free(out, FALSE);
}

GPtrArray *address_specs(const char *text)
{
	GPtrArray *specs = g_ptr_array_new_with_free_func(g_free);
	GPtrArray *list = address_list_parse(text);

	for (unsigned i = 0; i < list->len; i++) {
		const struct address *address = g_ptr_array_index(list, i);

		if (address->domain != NULL && address->domain[0] != '\0')
			g_ptr_array_add(specs, address_spec(address));
	}
	g_ptr_array_unref(list);
	return specs;
}

/* Quoted-string = DQUOTE *QcontentSMTP DQUOTE */
static bool is_quoted_string(const char *text, size_t length)
{
	if (length < 2 || text[0] != '"' || text[length - 1] != '"')
		return false;
	for (size_t i = 1; i < length - 1; i++) {
		if (text[i] == '"' || text[i] < ' ' || text[i] == 0x7f)
			return false;
		if (text[i] == '\\' && (++i == length - 1 || text[i] < ' '))
			return false;
	}
	return true;
}

/* address-literal = "[" 1*dcontent "]" */
static bool is_literal(const char *text, size_t length)
{
	if (length < 3 || text[0] != '[' || text[length - 1] != ']')
		return false;
	for (size_t i = 1; i < length - 1; i++)
		if (text[i] <= ' ' || text[i] == '[' || text[i] == ']' || text[i] == '\\' ||
		    text[i] == 0x7f)
			return false;
	return true;
}

/* Domain = sub-domain *("." sub-domain); sub-domain = Let-dig [Ldh-str] */
static bool is_domain(const char *text)
{
	size_t label = 0;

	for (const char *c = text;; c++) {
		if (*c == '.' || *c == '\0') {
			if (label == 0 || label > LABEL_BYTES_MAX || c[-1] == '-')
				return false;
			if (*c == '\0')
				return true;
			label = 0;
		} else if (g_ascii_isalnum(*c) || (*c == '-' && label > 0)) {
			label++;
		} else {
			return false;
		}
	}
}

bool address_is_valid(const char *spec)
{
	const char *at = strrchr(spec, '@');
	if (at == NULL)
		return false;

	size_t local_length = (size_t)(at - spec);
	size_t domain_length = strlen(at + 1);

	if (local_length == 0 || local_length > LOCAL_BYTES_MAX || domain_length == 0 ||
	    domain_length > DOMAIN_BYTES_MAX)
		return false;
	return (is_dot_string(spec, local_length) || is_quoted_string(spec, local_length)) &&
	       (is_domain(at + 1) || is_literal(at + 1, domain_length));
}

const char *address_domain(const char *spec)
{
	const char *at = strrchr(spec, '@');

	return at != NULL ? at + 1 : "";
}

bool address_equal(const char *a, const char *b)
{
	return g_ascii_strcasecmp(a, b) == 0;
}
