/* What gives users away in HTTP: basic authentication, forms, cookies. */
#include "protocols/http/form.h"
#include "protocols/http/names.h"
#include "protocols/sasl/sasl.h"
#include "views/credentials_private.h"

void credentials_forget_head(struct listener *listener)
{
	if (listener->head != NULL)
		g_string_free(listener->head, TRUE);
	listener->head = NULL;
}

/* RFC 7617 section 2: user-id ":" password, in base64. */
static void hear_basic(const struct hearing *hearing, const char *value)
{
	size_t length;
	g_autofree char *text = sasl_base64_decode(bytes_of(value), &length);
	char *colon = text == NULL ? NULL : strchr(text, ':');

	if (colon == NULL)
		return;
	*colon = '\0';
	credentials_tell(hearing, CREDENTIAL_PASSWORD, "basic authentication", text, colon + 1);
}

static void hear_field(const struct hearing *hearing, const char *name, char *value, bool *is_form)
{
	if (g_ascii_strcasecmp(name, "Authorization") == 0 &&
	    g_ascii_strncasecmp(value, "Basic ", 6) == 0)
		hear_basic(hearing, g_strstrip(value + 6));
	else if (g_ascii_strcasecmp(name, "Cookie") == 0)
		credentials_tell(hearing, CREDENTIAL_COOKIE, "cookie", NULL, value);
	else if (g_ascii_strcasecmp(name, "Content-Length") == 0)
		hearing->listener->content_left = g_ascii_strtoull(value, NULL, 10);
	else if (g_ascii_strcasecmp(name, "Content-Type") == 0)
		*is_form = g_ascii_strncasecmp(value, "application/x-www-form-urlencoded", 33) == 0;
}

static void read_head(const struct hearing *hearing, const char *head)
{
	g_auto(GStrv) lines = g_strsplit(head, "\n", -1);
	bool is_form = false;

	credentials_forget_collected(hearing->listener);
	hearing->listener->content_left = 0;
	for (char **line = lines; *line != NULL; line++) {
		char *colon = strchr(*line, ':');

		if (line == lines || colon == NULL)
			continue;
		*colon = '\0';
		hear_field(hearing, *line, g_strstrip(colon + 1), &is_form);
	}
	if (is_form && hearing->listener->content_left > 0 &&
	    hearing->listener->content_left <= CREDENTIAL_CONTENT_MAX)
		hearing->listener->collected = g_byte_array_new();
}

/* A head may come in pieces; an empty line ends it. */
static void hear_head(const struct hearing *hearing)
{
	struct listener *listener = hearing->listener;
	struct bytes piece = hearing->said->bytes;

	if (listener->head == NULL)
		listener->head = g_string_new(NULL);
	g_string_append_len(listener->head, (const char *)piece.data, (gssize)piece.length);
	bool is_whole = g_str_has_suffix(listener->head->str, "\n\r\n") ||
			g_str_has_suffix(listener->head->str, "\n\n");

	if (is_whole)
		read_head(hearing, listener->head->str);
	if (is_whole || listener->head->len > CREDENTIAL_CONTENT_MAX)
		credentials_forget_head(listener);
}

/* The value of the first of the fields that is there; NULL: none is. */
static const char *value_of(const GPtrArray *form, const char *const *names)
{
	for (; *names != NULL; names++)
		if (form_value(form, *names) != NULL)
			return form_value(form, *names);
	return NULL;
}

static void tell_form(const struct hearing *hearing, struct bytes content)
{
	static const char *const users[] = { "login", "user", "username", "email", NULL };
	static const char *const passwords[] = { "password", "passwd", "pass", NULL };
	GPtrArray *form = form_parse(content);
	const char *password = value_of(form, passwords);

	if (password != NULL)
		credentials_tell(hearing, CREDENTIAL_PASSWORD, "form", value_of(form, users),
				 password);
	g_ptr_array_unref(form);
}

static void hear_content(const struct hearing *hearing)
{
	struct listener *listener = hearing->listener;
	struct bytes piece = bytes_first(hearing->said->bytes, listener->content_left);

	if (listener->collected == NULL)
		return;
	g_byte_array_append(listener->collected, piece.data, (guint)piece.length);
	listener->content_left -= piece.length;
	if (listener->content_left > 0)
		return;
	tell_form(hearing, (struct bytes) { listener->collected->data, listener->collected->len });
	credentials_forget_collected(listener);
}

void credentials_hear_http(const struct hearing *hearing)
{
	unsigned kind = hearing->said->unit->kind;

	if (kind == HTTP_CONTENT)
		hear_content(hearing);
	else
		hear_head(hearing);
}
