#include "protocols/http/message.h"

#include <string.h>

static void field_free(void *data)
{
	struct http_field *field = data;

	g_free(field->name);
	g_free(field->value);
	g_free(field);
}

static struct http_message *message_make(void)
{
	struct http_message *message = g_new0(struct http_message, 1);

	message->fields = g_ptr_array_new_with_free_func(field_free);
	message->content = g_byte_array_new();
	return message;
}

void http_message_free(struct http_message *message)
{
	if (message == NULL)
		return;
	g_free(message->method);
	g_free(message->target);
	g_ptr_array_unref(message->fields);
	g_byte_array_unref(message->content);
	g_free(message);
}

size_t http_head_length(struct bytes in)
{
	size_t start = 0; /* of the line looked at */

	for (size_t i = 0; i < in.length; i++) {
		if (in.data[i] != '\n')
			continue;
		size_t length = i - start;

		if (length > 0 && in.data[i - 1] == '\r')
			length--;
		if (length == 0 && start > 0)
			return i + 1;
		start = i + 1;
	}
	return 0;
}

/* tchar of RFC 9110 section 5.6.2 */
static bool is_token_char(uint8_t c)
{
	return g_ascii_isalnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct bytes text)
{
	for (size_t i = 0; i < text.length; i++)
		if (!is_token_char(text.data[i]))
			return false;
	return text.length > 0;
}

/* Takes the next line off `rest`, without its end. */
static struct bytes next_line(struct bytes *rest)
{
	const uint8_t *feed = bytes_find_byte(*rest, '\n');
	size_t length = feed != NULL ? (size_t)(feed - rest->data) : rest->length;
	struct bytes line = bytes_first(*rest, length);

	*rest = bytes_from(*rest, length + 1);
	if (line.length > 0 && line.data[line.length - 1] == '\r')
		line.length--;
	return line;
}

static char *copy(struct bytes text)
{
	return g_strndup((const char *)text.data, text.length);
}

/* HTTP-version = "HTTP" "/" DIGIT "." DIGIT. Returns 0 or a status code. */
static unsigned parse_version(struct bytes text, struct http_message *message)
{
	if (text.length != 8 || memcmp(text.data, "HTTP/", 5) != 0 || text.data[6] != '.' ||
	    !g_ascii_isdigit(text.data[5]) || !g_ascii_isdigit(text.data[7]))
		return 400;
	message->minor_version = text.data[7] - '0';
	return text.data[5] == '1' ? 0 : 505;
}

/* request-line = method SP request-target SP HTTP-version */
static unsigned parse_request_line(struct bytes line, struct http_message *message)
{
	const uint8_t *first = bytes_find_byte(line, ' ');
	size_t method_bytes = first != NULL ? (size_t)(first - line.data) : 0;
	struct bytes rest = bytes_from(line, method_bytes + 1);
	const uint8_t *second = first != NULL ? bytes_find_byte(rest, ' ') : NULL;

	if (second == NULL || !is_token(bytes_first(line, method_bytes)))
		return 400;
	struct bytes target = bytes_first(rest, (size_t)(second - rest.data));

	if (target.length > HTTP_TARGET_BYTES_MAX)
		return 414;
	for (size_t i = 0; i < target.length; i++)
		if (target.data[i] <= ' ' || target.data[i] >= 0x7f)
			return 400;
	if (target.length == 0)
		return 400;
	message->method = copy(bytes_first(line, method_bytes));
	message->target = copy(target);
	return parse_version(bytes_from(rest, target.length + 1), message);
}

/* status-line = HTTP-version SP status-code SP [ reason-phrase ] */
static unsigned parse_status_line(struct bytes line, struct http_message *message)
{
	unsigned problem = parse_version(bytes_first(line, 8), message);

	if (problem != 0 || line.length < 12 || line.data[8] != ' ' ||
	    (line.length > 12 && line.data[12] != ' '))
		return 400;
	for (size_t i = 9; i < 12; i++) {
		if (!g_ascii_isdigit(line.data[i]))
			return 400;
		message->status = message->status * 10 + (line.data[i] - '0');
	}
	return message->status >= 100 && message->status < 600 ? 0 : 400;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* field-line = field-name ":" OWS field-value OWS; no obs-fold (RFC 9112 section 5.2) */
static unsigned parse_field(struct bytes line, struct http_message *message)
{
	const uint8_t *colon = bytes_find_byte(line, ':');
	struct http_field *field;

	if (colon == NULL || !is_token(bytes_first(line, (size_t)(colon - line.data))))
		return 400;
	struct bytes value = bytes_from(line, (size_t)(colon - line.data) + 1);

	while (value.length > 0 && is_blank(value.data[0]))
		value = bytes_from(value, 1);
	while (value.length > 0 && is_blank(value.data[value.length - 1]))
		value.length--;
	for (size_t i = 0; i < value.length; i++)
		if ((value.data[i] < ' ' && value.data[i] != '\t') || value.data[i] == 0x7f)
			return 400;
	if (message->fields->len == HTTP_FIELDS_MAX)
		return 431;
	field = g_new0(struct http_field, 1);
	field->name = copy(bytes_first(line, (size_t)(colon - line.data)));
	field->value = copy(value);
	g_ptr_array_add(message->fields, field);
	return 0;
}

static unsigned count_fields(const struct http_message *message, const char *name)
{
	unsigned count = 0;

	for (unsigned i = 0; i < message->fields->len; i++) {
		const struct http_field *field = g_ptr_array_index(message->fields, i);

		count += g_ascii_strcasecmp(field->name, name) == 0;
	}
	return count;
}

/* RFC 9112 section 3.2: a request of HTTP/1.1 has exactly one Host; none has several. */
static unsigned check_host(const struct http_message *message)
{
	unsigned count = count_fields(message, "Host");

	return count > 1 || (count == 0 && message->minor_version > 0) ? 400 : 0;
}

unsigned http_head_parse(struct bytes head, bool is_response, struct http_message **message)
{
	struct http_message *parsed = message_make();
	struct bytes rest = head;
	struct bytes line = next_line(&rest);
	unsigned problem =
	    is_response ? parse_status_line(line, parsed) : parse_request_line(line, parsed);

	while (problem == 0 && rest.length > 0 && (line = next_line(&rest)).length > 0)
		problem = parse_field(line, parsed);
	if (problem == 0 && !is_response)
		problem = check_host(parsed);
	if (problem != 0)
		http_message_free(parsed);
	else
		*message = parsed;
	return problem;
}

const char *http_field(const struct http_message *message, const char *name)
{
	for (unsigned i = 0; i < message->fields->len; i++) {
		const struct http_field *field = g_ptr_array_index(message->fields, i);

		if (g_ascii_strcasecmp(field->name, name) == 0)
			return field->value;
	}
	return NULL;
}

static bool lists(const char *value, const char *token)
{
	char **items = g_strsplit(value, ",", -1);
	bool is_there = false;

	for (char **item = items; *item != NULL; item++)
		is_there |= g_ascii_strcasecmp(g_strstrip(*item), token) == 0;
	g_strfreev(items);
	return is_there;
}

bool http_field_lists(const struct http_message *message, const char *name, const char *token)
{
	for (unsigned i = 0; i < message->fields->len; i++) {
		const struct http_field *field = g_ptr_array_index(message->fields, i);

		if (g_ascii_strcasecmp(field->name, name) == 0 && lists(field->value, token))
			return true;
	}
	return false;
}

bool http_is_persistent(const struct http_message *message)
{
	if (http_field_lists(message, "Connection", "close"))
		return false;
	return message->minor_version > 0 || http_field_lists(message, "Connection", "keep-alive");
}

const char *http_reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *reason;
	} reasons[] = {
		{100,  "Continue"                       },
		{ 200, "OK"			     },
		{ 303, "See Other"                      },
		{ 304, "Not Modified"                   },
		{ 400, "Bad Request"                    },
		{ 401, "Unauthorized"                   },
		{ 403, "Forbidden"                      },
		{ 404, "Not Found"                      },
		{ 405, "Method Not Allowed"             },
		{ 408, "Request Timeout"                },
		{ 413, "Content Too Large"              },
		{ 414, "URI Too Long"                   },
		{ 415, "Unsupported Media Type"         },
		{ 417, "Expectation Failed"             },
		{ 422, "Unprocessable Content"          },
		{ 431, "Request Header Fields Too Large"},
		{ 500, "Internal Server Error"          },
		{ 501, "Not Implemented"                },
		{ 502, "Bad Gateway"                    },
		{ 503, "Service Unavailable"            },
		{ 505, "HTTP Version Not Supported"     },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}
