#include "protocols/mail/boundary.h"

enum line_kind { LINE_TEXT, LINE_DELIMITER, LINE_CLOSE };

void boundary_scan_init(struct boundary_scan *scan, struct bytes body, const char *boundary)
{
	*scan = (struct boundary_scan) { .body = body, .boundary = boundary };
}

/* The length of the line at `offset`, with its line feed. */
static size_t line_length(struct bytes in, size_t offset)
{
	const uint8_t *start = in.data + offset;
	const uint8_t *feed = memchr(start, '\n', in.length - offset);

	return feed != NULL ? (size_t)(feed - start) + 1 : in.length - offset;
}

/*
 * dash-boundary := "--" boundary
 * delimiter := CRLF dash-boundary transport-padding
 * close-delimiter := delimiter "--"
 */
static enum line_kind classify(struct bytes line, const char *boundary)
{
	size_t length = strlen(boundary);
	enum line_kind kind = LINE_DELIMITER;

	if (line.length < length + 2 || memcmp(line.data, "--", 2) != 0 ||
	    memcmp(line.data + 2, boundary, length) != 0)
		return LINE_TEXT;

	struct bytes rest = bytes_from(line, length + 2);
	if (rest.length >= 2 && memcmp(rest.data, "--", 2) == 0) {
		kind = LINE_CLOSE;
		rest = bytes_from(rest, 2);
	}
	for (size_t i = 0; i < rest.length; i++)
		if (strchr(" \t\r\n", rest.data[i]) == NULL || rest.data[i] == '\0')
			return LINE_TEXT;
	return kind;
}

/* The line end before a delimiter belongs to the delimiter. */
static size_t before_line_end(struct bytes in, size_t start, size_t offset)
{
	if (offset > start && in.data[offset - 1] == '\n')
		offset--;
	if (offset > start && in.data[offset - 1] == '\r')
		offset--;
	return offset;
}

bool boundary_scan_next(struct boundary_scan *scan, size_t *start, size_t *end)
{
	struct bytes body = scan->body;
	size_t part_start = scan->offset;
	bool was_inside = scan->is_inside;

	while (scan->offset < body.length) {
		size_t line_start = scan->offset;
		size_t length = line_length(body, line_start);
		struct bytes line = { body.data + line_start, length };
		enum line_kind kind = classify(line, scan->boundary);

		scan->offset += length;
		if (kind == LINE_TEXT)
			continue;
		scan->is_inside = kind == LINE_DELIMITER;
		if (kind == LINE_CLOSE)
			scan->offset = body.length;
		if (was_inside) {
			*start = part_start;
			*end = before_line_end(body, part_start, line_start);
			return true;
		}
		if (kind == LINE_CLOSE)
			return false;
		was_inside = true;
		part_start = scan->offset;
	}

	scan->is_inside = false;
	*start = part_start;
	*end = body.length;
	return was_inside;
}
