#include "protocols/imap/parser.h"

#define NESTING_MAX 64 /* of parentheses in a skipped value */

void imap_parser_init(struct imap_parser *parser, uint8_t *data, size_t length)
{
	*parser = (struct imap_parser) { .data = data, .length = length };
}

bool imap_parser_fail(struct imap_parser *parser, const char *error)
{
	if (parser->error == NULL)
		parser->error = error;
	return false;
}

struct bytes imap_parser_rest(const struct imap_parser *parser)
{
	return (struct bytes) { parser->data + parser->position,
				parser->length - parser->position };
}

int imap_peek(const struct imap_parser *parser)
{
	return parser->position < parser->length ? parser->data[parser->position] : -1;
}

bool imap_skip(struct imap_parser *parser, char c)
{
	if (imap_peek(parser) != (unsigned char)c)
		return false;
	parser->position++;
	return true;
}

/*
 * ATOM-CHAR     = <any CHAR except atom-specials>
 * atom-specials = "(" / ")" / "{" / SP / CTL / list-wildcards / quoted-specials / resp-specials
 */
static bool is_atom_char(int c)
{
	return c > ' ' && c < 0x7f && strchr("(){%*\"\\]", c) == NULL;
}

/* ASTRING-CHAR = ATOM-CHAR / resp-specials */
static bool is_astring_char(int c)
{
	return is_atom_char(c) || c == ']';
}

/* list-char = ATOM-CHAR / list-wildcards / resp-specials */
static bool is_list_char(int c)
{
	return is_astring_char(c) || c == '%' || c == '*';
}

/* tag = 1*<any ASTRING-CHAR except "+"> */
static bool is_tag_char(int c)
{
	return is_astring_char(c) && c != '+';
}

static bool parse_run(struct imap_parser *parser, bool (*belongs)(int c), struct bytes *run)
{
	size_t start = parser->position;

	while (belongs(imap_peek(parser)))
		parser->position++;
	if (parser->position == start)
		return imap_parser_fail(parser, "Missing argument");
	*run = (struct bytes) { parser->data + start, parser->position - start };
	return true;
}

bool imap_skip_word(struct imap_parser *parser, const char *word)
{
	struct bytes rest = imap_parser_rest(parser);
	size_t length = strlen(word);

	if (rest.length < length || !imap_is(bytes_first(rest, length), word))
		return false;
	if (rest.length > length && is_atom_char(rest.data[length]))
		return false;
	parser->position += length;
	return true;
}

bool imap_parse_char(struct imap_parser *parser, char c)
{
	return imap_skip(parser, c) || imap_parser_fail(parser, "Invalid arguments");
}

bool imap_parse_space(struct imap_parser *parser)
{
	return imap_skip(parser, ' ') || imap_parser_fail(parser, "Missing argument");
}

bool imap_parse_end(struct imap_parser *parser)
{
	return parser->position == parser->length || imap_parser_fail(parser, "Too many arguments");
}

bool imap_parse_tag(struct imap_parser *parser, struct bytes *tag)
{
	return parse_run(parser, is_tag_char, tag);
}

/* atom = 1*ATOM-CHAR */
bool imap_parse_atom(struct imap_parser *parser, struct bytes *atom)
{
	return parse_run(parser, is_atom_char, atom);
}

/* number64 = 1*DIGIT, below 2^63 (RFC 9051); the counted number of a literal may be as large */
bool imap_parse_number64(struct imap_parser *parser, uint64_t *number)
{
	uint64_t value = 0;
	size_t start = parser->position;

	for (int c = imap_peek(parser); c >= '0' && c <= '9'; c = imap_peek(parser)) {
		if (value > (INT64_MAX - 9) / 10)
			return imap_parser_fail(parser, "Too large number");
		value = value * 10 + (uint64_t)(c - '0');
		parser->position++;
	}
	if (parser->position == start)
		return imap_parser_fail(parser, "Missing number");
	*number = value;
	return true;
}

/* number = 1*DIGIT, below 2^32 */
bool imap_parse_number(struct imap_parser *parser, uint32_t *number)
{
	uint64_t value;

	if (!imap_parse_number64(parser, &value))
		return false;
	if (value > UINT32_MAX)
		return imap_parser_fail(parser, "Too large number");
	*number = (uint32_t)value;
	return true;
}

/*
 * quoted      = DQUOTE *QUOTED-CHAR DQUOTE
 * QUOTED-CHAR = <any TEXT-CHAR except quoted-specials> / "\" quoted-specials
 *
 * Bytes above 127 are taken too, as all servers do.
 */
static bool parse_quoted(struct imap_parser *parser, struct bytes *string)
{
	uint8_t *start = parser->data + ++parser->position, *end = start;

	for (;;) {
		int c = imap_peek(parser);

		if (c <= 0 || c == '\r' || c == '\n')
			return imap_parser_fail(parser, "Unterminated quoted string");
		parser->position++;
		if (c == '"')
			break;
		if (c == '\\') {
			c = imap_peek(parser);
			if (c != '"' && c != '\\')
				return imap_parser_fail(parser, "Invalid quoted string");
			parser->position++;
		}
		*end++ = (uint8_t)c;
	}
	*string = (struct bytes) { start, (size_t)(end - start) };
	return true;
}

/* literal = "{" number ["+"] "}" CRLF *CHAR8 (RFC 7888 for the plus) */
static bool parse_literal(struct imap_parser *parser, struct bytes *string)
{
	uint64_t size;

	parser->position++;
	if (!imap_parse_number64(parser, &size))
		return false;
	imap_skip(parser, '+');
	if (!imap_skip(parser, '}') || !imap_skip(parser, '\r') || !imap_skip(parser, '\n') ||
	    size > parser->length - parser->position)
		return imap_parser_fail(parser, "Invalid literal");
	*string = (struct bytes) { parser->data + parser->position, (size_t)size };
	parser->position += (size_t)size;
	return true;
}

/* string = quoted / literal */
bool imap_parse_string(struct imap_parser *parser, struct bytes *string)
{
	switch (imap_peek(parser)) {
	case '"':
		return parse_quoted(parser, string);
	case '{':
		return parse_literal(parser, string);
	default:
		return imap_parser_fail(parser, "Missing string");
	}
}

/* astring = 1*ASTRING-CHAR / string */
bool imap_parse_astring(struct imap_parser *parser, struct bytes *string)
{
	int c = imap_peek(parser);

	if (c == '"' || c == '{')
		return imap_parse_string(parser, string);
	return parse_run(parser, is_astring_char, string);
}

/* list-mailbox = 1*list-char / string */
bool imap_parse_list_mailbox(struct imap_parser *parser, struct bytes *string)
{
	int c = imap_peek(parser);

	if (c == '"' || c == '{')
		return imap_parse_string(parser, string);
	return parse_run(parser, is_list_char, string);
}

/* nstring = string / nil */
bool imap_parse_nstring(struct imap_parser *parser, struct bytes *string)
{
	if (imap_skip_word(parser, "NIL")) {
		*string = (struct bytes) { NULL, 0 };
		return true;
	}
	return imap_parse_string(parser, string);
}

bool imap_parse_text(struct imap_parser *parser, char **text)
{
	struct bytes string;

	if (!imap_parse_astring(parser, &string))
		return false;
	if (bytes_find_byte(string, '\0') != NULL)
		return imap_parser_fail(parser, "NUL in argument");
	*text = g_strndup((const char *)string.data, string.length);
	return true;
}

static bool is_value_char(int c)
{
	return is_list_char(c) || c == '\\' || c == '[';
}

bool imap_parse_any(struct imap_parser *parser)
{
	unsigned depth = 0;
	struct bytes ignored;

	do {
		int c = imap_peek(parser);

		if (c == '(') {
			if (++depth > NESTING_MAX)
				return imap_parser_fail(parser, "Too deep a list");
			parser->position++;
		} else if (c == ')' && depth > 0) {
			depth--;
			parser->position++;
		} else if (c == ' ' && depth > 0) {
			parser->position++;
		} else if (c == '"' || c == '{') {
			if (!imap_parse_string(parser, &ignored))
				return false;
		} else if (!parse_run(parser, is_value_char, &ignored)) {
			return false;
		}
	} while (depth > 0);
	return true;
}

bool imap_is(struct bytes token, const char *word)
{
	return token.length == strlen(word) &&
	       g_ascii_strncasecmp((const char *)token.data, word, token.length) == 0;
}

bool imap_literal_at_end(struct bytes line, uint64_t *size, bool *is_synchronizing)
{
	size_t at = line.length;
	uint64_t value = 0;

	if (at < 3 || line.data[--at] != '}')
		return false;
	bool has_plus = line.data[at - 1] == '+';
	if (has_plus)
		at--;
	size_t end = at;
	while (at > 0 && g_ascii_isdigit(line.data[at - 1]))
		at--;
	if (at == end || at == 0 || line.data[at - 1] != '{')
		return false;
	for (; at < end; at++) {
		unsigned digit = line.data[at] - '0';

		value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
	}
	*size = value;
	*is_synchronizing = !has_plus;
	return true;
}
