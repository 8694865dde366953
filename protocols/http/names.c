#include "protocols/http/names.h"

#include <glib.h>
#include "protocols/layer.h"

static const char *const details[HTTP_DETAIL_COUNT] = {
	[HTTP_UNKNOWN] = "unknown line",      [HTTP_GET] = "GET request",
	[HTTP_HEAD] = "HEAD request",         [HTTP_POST] = "POST request",
	[HTTP_REQUEST] = "request",           [HTTP_INFORMATIONAL] = "response 1xx",
	[HTTP_SUCCESSFUL] = "response 2xx",   [HTTP_REDIRECTION] = "response 3xx",
	[HTTP_CLIENT_ERROR] = "response 4xx", [HTTP_SERVER_ERROR] = "response 5xx",
	[HTTP_CONTENT] = "content",
};

const struct layer_names http_layer_names = {
	.layer = LAYER_HTTP,
	.name = "HTTP",
	.key = "http",
	.details = details,
	.detail_count = HTTP_DETAIL_COUNT,
};

static bool begins_with(struct bytes in, const char *word)
{
	size_t length = strlen(word);

	return in.length >= length && memcmp(in.data, word, length) == 0;
}

static enum http_detail request_detail(struct bytes line)
{
	size_t length = 0;

	if (begins_with(line, "GET "))
		return HTTP_GET;
	if (begins_with(line, "HEAD "))
		return HTTP_HEAD;
	if (begins_with(line, "POST "))
		return HTTP_POST;
	while (length < line.length && g_ascii_isupper(line.data[length]))
		length++;
	return length > 0 && length < line.length && line.data[length] == ' ' ? HTTP_REQUEST
									      : HTTP_UNKNOWN;
}

enum http_detail http_detail_of(struct bytes line, bool is_response)
{
	if (!is_response)
		return request_detail(line);
	if (!begins_with(line, "HTTP/1.") || line.length < strlen("HTTP/1.1 2"))
		return HTTP_UNKNOWN;

	unsigned digit = line.data[strlen("HTTP/1.1 ")] - '0';
	return digit >= 1 && digit <= 5 ? HTTP_INFORMATIONAL + digit - 1 : HTTP_UNKNOWN;
}
