/* Macros of SPF (RFC 7208 section 7). */
#include <stdlib.h>
#include "protocols/authentic/spf_record.h"

/* One macro-expand: "%{" macro-letter transformers *delimiter "}". */
struct macro {
	char letter;      /* in lower case */
	bool escapes;     /* the letter is in upper case: URL escaping */
	unsigned keep;    /* right-hand parts to keep; 0: all */
	bool is_reversed; /* "r" */
	char delimiters[8];
};

static bool read_count(const char **text, unsigned *count)
{
	size_t digits = strspn(*text, "0123456789");

	*count = 0;
	if (digits == 0)
		return true;
	*count = digits < 4 ? (unsigned)strtoul(*text, NULL, 10) : 999;
	*text += digits;
	return *count > 0;
}

/* Reads what follows "%{" and moves `*text` behind the "}". */
static bool read_macro(const char **text, bool is_explanation, struct macro *macro)
{
	const char *letters = is_explanation ? "slodiphcrtv" : "slodiphv";
	size_t delimiters;

	*macro = (struct macro) { .letter = (char)g_ascii_tolower(**text) };
	if (**text == '\0' || strchr(letters, macro->letter) == NULL)
		return false;
	macro->escapes = g_ascii_isupper(**text);
	(*text)++;
	if (!read_count(text, &macro->keep))
		return false;
	macro->is_reversed = **text == 'r' || **text == 'R';
	*text += macro->is_reversed;
	delimiters = strspn(*text, ".-+,/_=");
	for (size_t i = 0; i < delimiters; i++) {
		char one[2] = { (*text)[i], '\0' };

		if (strchr(macro->delimiters, one[0]) == NULL)
			g_strlcat(macro->delimiters, one, sizeof macro->delimiters);
	}
	if (macro->delimiters[0] == '\0')
		macro->delimiters[0] = '.';
	*text += delimiters;
	if (**text != '}')
		return false;
	(*text)++;
	return true;
}

bool spf_macro_is_valid(const char *text, bool is_explanation)
{
	struct macro macro;

	while (*text != '\0') {
		if (*text < (is_explanation ? 0x20 : 0x21) || *text > 0x7e)
			return false;
		if (*text++ != '%')
			continue;
		if (*text == '\0' || strchr("%_-{", *text) == NULL)
			return false;
		if (*text++ == '{' && !read_macro(&text, is_explanation, &macro))
			return false;
	}
	return true;
}

bool spf_macro_needs_name(const char *text)
{
	struct macro macro;

	while ((text = strstr(text, "%")) != NULL) {
		text++;
		if (*text == '\0')
			break;
		if (*text++ == '{' && read_macro(&text, true, &macro) && macro.letter == 'p')
			return true;
	}
	return false;
}

/* "192.0.2.3", or the 32 nibbles of an IPv6 address with dots (section 7.3). */
static char *dotted_client(const struct client_address *client)
{
	char text[CLIENT_ADDRESS_TEXT_BYTES];
	GString *nibbles;

	if (!client->is_v6)
		return g_strdup(client_address_print(client, text));
	nibbles = g_string_new(NULL);
	for (unsigned i = 0; i < sizeof client->octets; i++)
		g_string_append_printf(nibbles, "%s%x.%x", i > 0 ? "." : "", client->octets[i] >> 4,
				       client->octets[i] & 15u);
	return g_string_free(nibbles, FALSE);
}

static char *local_part(const char *sender)
{
	const char *at = strrchr(sender, '@');

	return at != NULL ? g_strndup(sender, (gsize)(at - sender)) : g_strdup(sender);
}

static char *sender_domain(const char *sender)
{
	const char *at = strrchr(sender, '@');

	return g_strdup(at != NULL ? at + 1 : "");
}

static char *value_of(char letter, const struct spf_macro_values *values)
{
	char text[CLIENT_ADDRESS_TEXT_BYTES];

	switch (letter) {
	case 's':
		return g_strdup(values->sender);
	case 'l':
		return local_part(values->sender);
	case 'o':
		return sender_domain(values->sender);
	case 'd':
		return g_strdup(values->domain);
	case 'i':
		return dotted_client(values->client);
	case 'p':
		return g_strdup(values->validated != NULL ? values->validated : "unknown");
	case 'v':
		return g_strdup(values->client->is_v6 ? "ip6" : "in-addr");
	case 'h':
		return g_strdup(values->helo);
	case 'c':
		return g_strdup(client_address_print(values->client, text));
	case 'r':
		return g_strdup(values->receiver != NULL ? values->receiver : "unknown");
	default:
		return g_strdup_printf("%" G_GINT64_FORMAT, values->unix_time);
	}
}

static void reverse(char **parts)
{
	guint count = g_strv_length(parts);

	for (guint i = 0; i < count / 2; i++) {
		char *kept = parts[i];

		parts[i] = parts[count - 1 - i];
		parts[count - 1 - i] = kept;
	}
}

/* Splits at the delimiters, reverses, keeps the last parts, joins with dots. */
static char *transform(const char *value, const struct macro *macro)
{
	char **parts = g_strsplit_set(value, macro->delimiters, -1);
	guint count, skipped;
	char *joined;

	if (macro->is_reversed)
		reverse(parts);
	count = g_strv_length(parts);
	skipped = macro->keep > 0 && macro->keep < count ? count - macro->keep : 0;
	joined = g_strjoinv(".", parts + skipped);
	g_strfreev(parts);
	return joined;
}

static void append_macro(GString *out, const struct macro *macro,
			 const struct spf_macro_values *values)
{
	char *value = value_of(macro->letter, values);
	char *text = transform(value, macro);

	if (macro->escapes)
		g_string_append_uri_escaped(out, text, NULL, FALSE);
	else
		g_string_append(out, text);
	g_free(text);
	g_free(value);
}

/* Section 7.3: a name that is too long loses labels from the left. */
static void shorten(GString *name)
{
	while (name->len > AUTHENTIC_NAME_BYTES) {
		const char *dot = strchr(name->str, '.');

		g_string_erase(name, 0, dot != NULL ? dot + 1 - name->str : (gssize)name->len);
	}
}

char *spf_macro_expand(const char *text, const struct spf_macro_values *values)
{
	GString *out = g_string_new(NULL);
	struct macro macro;

	while (*text != '\0') {
		if (*text != '%') {
			g_string_append_c(out, *text++);
			continue;
		}
		text++;
		switch (*text++) {
		case '%':
			g_string_append_c(out, '%');
			break;
		case '_':
			g_string_append_c(out, ' ');
			break;
		case '-':
			g_string_append(out, "%20");
			break;
		default:
			if (read_macro(&text, true, &macro))
				append_macro(out, &macro, values);
		}
	}
	if (!values->is_explanation)
		shorten(out);
	return g_string_free(out, FALSE);
}
