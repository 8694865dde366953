#include "protocols/authentic/authentication_results.h"

#include "protocols/authentic/dkim_canonical.h"

static void free_property(gpointer data)
{
	struct authentication_property *property = data;

	g_free(property->type);
	g_free(property->name);
	g_free(property->value);
	g_free(property);
}

static void free_result(gpointer data)
{
	struct authentication_result *result = data;

	g_free(result->method);
	g_free(result->result);
	g_free(result->reason);
	g_ptr_array_unref(result->properties);
	g_free(result);
}

struct authentication_results *authentication_results_new(const char *server)
{
	struct authentication_results *results = g_new0(struct authentication_results, 1);

	results->server = g_strdup(server);
	results->results = g_ptr_array_new_with_free_func(free_result);
	return results;
}

void authentication_results_free(struct authentication_results *results)
{
	if (results == NULL)
		return;
	g_free(results->server);
	g_ptr_array_unref(results->results);
	g_free(results);
}

struct authentication_result *authentication_results_add(struct authentication_results *results,
							 const char *method, const char *result,
							 const char *reason)
{
	struct authentication_result *added = g_new0(struct authentication_result, 1);

	added->method = g_strdup(method);
	added->result = g_strdup(result);
	added->reason = g_strdup(reason);
	added->properties = g_ptr_array_new_with_free_func(free_property);
	g_ptr_array_add(results->results, added);
	return added;
}

void authentication_result_add_property(struct authentication_result *result, const char *type,
					const char *name, const char *value)
{
	struct authentication_property *property = g_new(struct authentication_property, 1);

	*property =
	    (struct authentication_property) { g_strdup(type), g_strdup(name), g_strdup(value) };
	g_ptr_array_add(result->properties, property);
}

/* Reading. */

#define COMMENT_DEPTH_MAX 20

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* comment = "(" *([FWS] ccontent) [FWS] ")"; false when it does not end. */
static bool skip_comment(struct bytes *in)
{
	unsigned depth = 0;

	while (in->length > 0) {
		uint8_t c = in->data[0];

		*in = bytes_from(*in, c == '\\' ? 2 : 1);
		depth += c == '(';
		if (depth > COMMENT_DEPTH_MAX)
			return false;
		if (c == ')' && --depth == 0)
			return true;
	}
	return false;
}

/* [CFWS] */
static bool skip_space(struct bytes *in)
{
	while (in->length > 0) {
		if (is_space(in->data[0]))
			*in = bytes_from(*in, 1);
		else if (in->data[0] != '(')
			break;
		else if (!skip_comment(in))
			return false;
	}
	return true;
}

static bool take_character(struct bytes *in, char c)
{
	if (!skip_space(in) || in->length == 0 || in->data[0] != (uint8_t)c)
		return false;
	*in = bytes_from(*in, 1);
	return true;
}

static char *take_quoted(struct bytes *in)
{
	GString *text = g_string_new(NULL);

	for (*in = bytes_from(*in, 1); in->length > 0; *in = bytes_from(*in, 1)) {
		if (in->data[0] == '"') {
			*in = bytes_from(*in, 1);
			return g_string_free(text, FALSE);
		}
		if (in->data[0] == '\\')
			*in = bytes_from(*in, 1);
		if (in->length > 0 && in->data[0] != '\r' && in->data[0] != '\n')
			g_string_append_c(text, (char)in->data[0]);
	}
	g_string_free(text, TRUE);
	return NULL;
}

/* A run of visible characters without those of `stops`, or a quoted string. NULL: neither. */
static char *take_word(struct bytes *in, const char *stops)
{
	size_t length = 0;
	char *word;

	if (!skip_space(in) || in->length == 0)
		return NULL;
	if (in->data[0] == '"')
		return take_quoted(in);
	while (length < in->length && in->data[length] > 0x20 && in->data[length] < 0x7f &&
	       strchr(stops, in->data[length]) == NULL)
		length++;
	if (length == 0)
		return NULL;
	word = g_strndup((const char *)in->data, length);
	*in = bytes_from(*in, length);
	return word;
}

/* [ [CFWS] "/" [CFWS] version ] */
static bool skip_version(struct bytes *in)
{
	char *version;

	if (!take_character(in, '/'))
		return true;
	version = take_word(in, "()=;/");
	g_free(version);
	return version != NULL;
}

/* propspec = ptype [CFWS] "." [CFWS] property [CFWS] "=" pvalue */
static bool parse_property(const char *type, struct bytes *in, struct authentication_result *result)
{
	char *name = take_word(in, "().=;\"");
	char *value = name != NULL && take_character(in, '=') ? take_word(in, "();\"") : NULL;
	bool is_good = value != NULL;

	if (is_good)
		authentication_result_add_property(result, type, name, value);
	g_free(name);
	g_free(value);
	return is_good;
}

/* reasonspec = "reason" "=" value */
static bool parse_reason(struct bytes *in, struct authentication_result *result)
{
	char *value = take_character(in, '=') ? take_word(in, "();\"") : NULL;

	g_free(result->reason);
	result->reason = value;
	return value != NULL;
}

/* *( CFWS propspec / CFWS reasonspec ), up to ";" or the end */
static bool parse_details(struct bytes *in, struct authentication_result *result)
{
	for (;;) {
		char *word;
		bool is_good;

		if (!skip_space(in))
			return false;
		if (in->length == 0 || in->data[0] == ';')
			return true;
		word = take_word(in, "().=;\"");
		is_good = word != NULL;
		if (is_good && (strcmp(word, "reason") == 0 || strcmp(word, "action") == 0))
			is_good = parse_reason(in, result);
		else if (is_good)
			is_good = take_character(in, '.') && parse_property(word, in, result);
		g_free(word);
		if (!is_good || result->properties->len > AUTHENTICATION_RESULTS_MAX)
			return false;
	}
}

/* methodspec = [CFWS] method [CFWS] "=" [CFWS] result; "none" alone stands for no result. */
static bool parse_result(struct bytes *in, struct authentication_results *results)
{
	char *method = take_word(in, "()=;/\"");
	char *result = NULL;
	bool is_good = method != NULL && skip_version(in);

	if (is_good && strcmp(method, "none") == 0 && skip_space(in) && in->length == 0) {
		g_free(method);
		return results->results->len == 0;
	}
	if (is_good && take_character(in, '='))
		result = take_word(in, "()=;\"");
	is_good = result != NULL &&
		  parse_details(in, authentication_results_add(results, method, result, NULL));
	g_free(method);
	g_free(result);
	return is_good;
}

/* authres-payload = [CFWS] authserv-id [ CFWS version ] ( no-result / 1*resinfo ) [CFWS] */
static bool parse_payload(struct bytes *in, struct authentication_results *results)
{
	char *version;

	results->server = take_word(in, "()=;\"");
	if (results->server == NULL)
		return false;
	version = take_word(in, "()=;\"");
	g_free(version);
	do {
		if (!take_character(in, ';') || !parse_result(in, results) ||
		    results->results->len > AUTHENTICATION_RESULTS_MAX)
			return false;
	} while (skip_space(in) && in->length > 0);
	return in->length == 0;
}

struct authentication_results *authentication_results_parse(struct bytes value)
{
	struct authentication_results *results = authentication_results_new(NULL);

	if (parse_payload(&value, results))
		return results;
	authentication_results_free(results);
	return NULL;
}

/* Writing. */

#define LINE_BYTES 76

/* A value as it is, or quoted where a token cannot hold it. */
static char *quote(const char *value)
{
	GString *out;

	if (value[0] != '\0' && strpbrk(value, " \t()<>,;:\\\"/[]?=") == NULL)
		return g_strdup(value);
	out = g_string_new("\"");
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, (uint8_t)*value < 0x20 || *value > 0x7e ? '?' : *value);
	}
	g_string_append_c(out, '"');
	return g_string_free(out, FALSE);
}

/* Appends `word` (taken), on a new line when the present one is full. */
static void append_word(GString *out, size_t *column, char *word)
{
	size_t length = strlen(word);

	if (*column + 1 + length > LINE_BYTES) {
		g_string_append(out, "\r\n\t");
		*column = 8;
	} else {
		g_string_append_c(out, ' ');
		(*column)++;
	}
	g_string_append(out, word);
	*column += length;
	g_free(word);
}

static void emit_result(const struct authentication_result *result, GString *out)
{
	size_t column = 8 + strlen(result->method) + 1 + strlen(result->result);

	g_string_append_printf(out, ";\r\n\t%s=%s", result->method, result->result);
	if (result->reason != NULL) {
		char *reason = quote(result->reason);

		append_word(out, &column, g_strconcat("reason=", reason, NULL));
		g_free(reason);
	}
	for (guint i = 0; i < result->properties->len; i++) {
		const struct authentication_property *property = result->properties->pdata[i];
		char *value = quote(property->value);

		append_word(out, &column,
			    g_strdup_printf("%s.%s=%s", property->type, property->name, value));
		g_free(value);
	}
}

char *authentication_results_emit(const struct authentication_results *results)
{
	GString *out = g_string_new(AUTHENTICATION_RESULTS_FIELD ": ");

	g_string_append(out, results->server);
	if (results->results->len == 0)
		g_string_append(out, "; none");
	for (guint i = 0; i < results->results->len; i++)
		emit_result(results->results->pdata[i], out);
	g_string_append(out, "\r\n");
	return g_string_free(out, FALSE);
}

/* Removing. */

static bool is_claim_of(const struct dkim_field *field, const char *server)
{
	struct authentication_results *results;
	bool is_claim;

	if (!dkim_field_is(field, AUTHENTICATION_RESULTS_FIELD))
		return false;
	results = authentication_results_parse(dkim_field_value(field));
	is_claim = results == NULL || g_ascii_strcasecmp(results->server, server) == 0;
	authentication_results_free(results);
	return is_claim;
}

GBytes *authentication_results_remove(GBytes *message, const char *server)
{
	gsize length;
	const uint8_t *data = g_bytes_get_data(message, &length);
	struct dkim_message *parts = dkim_message_new((struct bytes) { data, length });
	GByteArray *kept = g_byte_array_new();
	size_t copied = 0;

	for (guint i = 0; i < parts->fields->len; i++) {
		const struct dkim_field *field =
		    &g_array_index(parts->fields, struct dkim_field, i);
		size_t start = (size_t)(field->raw.data - data);

		if (!is_claim_of(field, server))
			continue;
		g_byte_array_append(kept, data + copied, (guint)(start - copied));
		copied = start + field->raw.length;
	}
	dkim_message_free(parts);
	if (copied == 0) {
		g_byte_array_unref(kept);
		return NULL;
	}
	g_byte_array_append(kept, data + copied, (guint)(length - copied));
	return g_byte_array_free_to_bytes(kept);
}
