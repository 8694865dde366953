#include "protocols/http/form.h"

#include <string.h>

static void field_free(void *data)
{
	struct form_field *field = data;

	g_free(field->name);
	g_free(field->value);
	g_free(field);
}

GPtrArray *form_new(void)
{
	return g_ptr_array_new_with_free_func(field_free);
}

/* '+' is a blank, %XX a byte; a '%' without two digits stays. NULL: it is no text. */
static char *decode(const char *text, size_t length)
{
	GString *out = g_string_sized_new(length);

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '%' && i + 2 < length && g_ascii_isxdigit(text[i + 1]) &&
		    g_ascii_isxdigit(text[i + 2])) {
			int byte = g_ascii_xdigit_value(text[i + 1]) << 4 |
				   g_ascii_xdigit_value(text[i + 2]);

			g_string_append_c(out, (char)byte);
			i += 2;
		} else {
			g_string_append_c(out, text[i] == '+' ? ' ' : text[i]);
		}
	}
	if (!g_utf8_validate(out->str, (gssize)out->len, NULL)) {
		g_string_free(out, TRUE);
		return NULL;
	}
	return g_string_free(out, FALSE);
}

static void parse_pair(GPtrArray *form, const char *pair, size_t length)
{
	const char *equals = memchr(pair, '=', length);
	size_t name_bytes = equals != NULL ? (size_t)(equals - pair) : length;
	size_t skip = MIN(name_bytes + 1, length);
	char *name = decode(pair, name_bytes), *value = decode(pair + skip, length - skip);

	if (name == NULL || value == NULL || length == 0) {
		g_free(name);
		g_free(value);
		return;
	}
	struct form_field *field = g_new0(struct form_field, 1);

	field->name = name;
	field->value = value;
	g_ptr_array_add(form, field);
}

GPtrArray *form_parse(struct bytes text)
{
	GPtrArray *form = form_new();

	while (text.length > 0 && form->len < FORM_FIELDS_MAX) {
		const uint8_t *end = bytes_find_byte(text, '&');
		size_t length = end != NULL ? (size_t)(end - text.data) : text.length;

		parse_pair(form, (const char *)text.data, length);
		text = bytes_from(text, length + 1);
	}
	return form;
}

static struct form_field *find(const GPtrArray *form, const char *name)
{
	for (unsigned i = 0; i < form->len; i++) {
		struct form_field *field = g_ptr_array_index(form, i);

		if (strcmp(field->name, name) == 0)
			return field;
	}
	return NULL;
}

const char *form_value(const GPtrArray *form, const char *name)
{
	const struct form_field *field = find(form, name);

	return field != NULL ? field->value : NULL;
}

void form_set(GPtrArray *form, const char *name, const char *value)
{
	struct form_field *field = find(form, name);

	if (field == NULL) {
		field = g_new0(struct form_field, 1);
		field->name = g_strdup(name);
		g_ptr_array_add(form, field);
	}
	g_free(field->value);
	field->value = g_strdup(value != NULL ? value : "");
}

void form_encode_value(GString *out, const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		if (g_ascii_isalnum(*c) || strchr("*-._", *c) != NULL)
			g_string_append_c(out, *c);
		else if (*c == ' ')
			g_string_append_c(out, '+');
		else
			g_string_append_printf(out, "%%%02X", (unsigned char)*c);
	}
}

char *form_encode(const GPtrArray *form)
{
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < form->len; i++) {
		const struct form_field *field = g_ptr_array_index(form, i);

		if (i > 0)
			g_string_append_c(out, '&');
		form_encode_value(out, field->name);
		g_string_append_c(out, '=');
		form_encode_value(out, field->value);
	}
	return g_string_free(out, FALSE);
}

/* cookie-string = cookie-pair *( ";" SP cookie-pair ) */
char *cookie_value(const char *field, const char *name)
{
	size_t length = strlen(name);
	char *value = NULL;

	if (field == NULL)
		return NULL;
	char **pairs = g_strsplit(field, ";", -1);
	for (char **pair = pairs; *pair != NULL && value == NULL; pair++) {
		const char *text = g_strstrip(*pair);

		if (strncmp(text, name, length) == 0 && text[length] == '=')
			value = g_strdup(text + length + 1);
	}
	g_strfreev(pairs);
	return value;
}
