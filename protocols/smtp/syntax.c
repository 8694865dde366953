#include "protocols/smtp/syntax.h"

#include <glib.h>

static const char *const verbs[] = {
	[SMTP_EHLO] = "EHLO",         [SMTP_HELO] = "HELO", [SMTP_AUTH] = "AUTH",
	[SMTP_MAIL] = "MAIL",         [SMTP_RCPT] = "RCPT", [SMTP_DATA] = "DATA",
	[SMTP_BDAT] = "BDAT",         [SMTP_RSET] = "RSET", [SMTP_NOOP] = "NOOP",
	[SMTP_VRFY] = "VRFY",         [SMTP_EXPN] = "EXPN", [SMTP_HELP] = "HELP",
	[SMTP_STARTTLS] = "STARTTLS", [SMTP_QUIT] = "QUIT",
};

static bool is_blank(uint8_t octet)
{
	return octet == ' ' || octet == '\t';
}

static struct bytes skip_blanks(struct bytes in)
{
	size_t i = 0;

	while (i < in.length && is_blank(in.data[i]))
		i++;
	return bytes_from(in, i);
}

static struct bytes drop_trailing_blanks(struct bytes in)
{
	while (in.length > 0 && is_blank(in.data[in.length - 1]))
		in.length--;
	return in;
}

static size_t word_length(struct bytes in)
{
	size_t i = 0;

	while (i < in.length && !is_blank(in.data[i]))
		i++;
	return i;
}

bool smtp_skip(struct bytes in, const char *keyword, struct bytes *rest)
{
	size_t length = strlen(keyword);

	if (in.length < length || g_ascii_strncasecmp((const char *)in.data, keyword, length) != 0)
		return false;
	*rest = bytes_from(in, length);
	return true;
}

struct smtp_command smtp_command_parse(struct bytes line)
{
	struct bytes verb;

	line = drop_trailing_blanks(skip_blanks(line));
	verb = bytes_first(line, word_length(line));
	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (smtp_keyword_is(verb, verbs[i]))
			return (struct smtp_command) { (enum smtp_detail)i,
						       skip_blanks(bytes_from(line, verb.length)) };
	return (struct smtp_command) { SMTP_UNKNOWN, line };
}

/* atext of RFC 5322 section 3.2.3, with UTF8-non-ascii (RFC 6531 section 3.3). */
static bool is_atext(uint8_t octet)
{
	return octet > 127 || g_ascii_isalnum((gchar)octet) ||
	       (octet != 0 && strchr("!#$%&'*+-/=?^_`{|}~", octet) != NULL);
}

/* Dot-string = Atom *("." Atom). Returns its length, 0 when there is none. */
static size_t dot_string_length(struct bytes in)
{
	size_t i = 0;

	while (i < in.length && is_atext(in.data[i])) {
		while (i < in.length && is_atext(in.data[i]))
			i++;
		if (i + 1 < in.length && in.data[i] == '.' && is_atext(in.data[i + 1]))
			i++;
	}
	return i;
}

/* Quoted-string = DQUOTE *(qtextSMTP / "\" %d32-126) DQUOTE. Returns its length or 0. */
static size_t quoted_string_length(struct bytes in)
{
	if (in.length < 2 || in.data[0] != '"')
		return 0;
	for (size_t i = 1; i < in.length; i++) {
		if (in.data[i] == '"')
			return i + 1;
		if (in.data[i] == '\\')
			i++;
		if (i >= in.length || in.data[i] < 32 || in.data[i] == 127)
			return 0;
	}
	return 0;
}

/* Let-dig, and the letters of U-labels. */
static bool is_label(uint8_t octet)
{
	return octet > 127 || g_ascii_isalnum((gchar)octet);
}

/* Domain = sub-domain *("." sub-domain), sub-domain = Let-dig [Ldh-str]; '_' is taken too. */
static size_t domain_length(struct bytes in)
{
	size_t i = 0;

	while (i < in.length && is_label(in.data[i])) {
		while (i < in.length &&
		       (is_label(in.data[i]) || in.data[i] == '-' || in.data[i] == '_'))
			i++;
		if (in.data[i - 1] == '-')
			return 0;
		if (i + 1 < in.length && in.data[i] == '.' && is_label(in.data[i + 1]))
			i++;
	}
	return i;
}

/* address-literal = "[" ( IPv4 / IPv6 / General ) "]": the inside is not examined. */
static size_t literal_length(struct bytes in)
{
	if (in.length < 3 || in.data[0] != '[')
		return 0;
	for (size_t i = 1; i < in.length; i++) {
		if (in.data[i] == ']')
			return i > 1 ? i + 1 : 0;
		if (!g_ascii_isalnum((gchar)in.data[i]) && strchr(".:-", in.data[i]) == NULL)
			return 0;
	}
	return 0;
}

/* Mailbox = Local-part "@" ( Domain / address-literal ). Returns its length or 0. */
static size_t mailbox_length(struct bytes in, bool allow_local)
{
	size_t local =
	    in.length > 0 && in.data[0] == '"' ? quoted_string_length(in) : dot_string_length(in);
	struct bytes rest = bytes_from(in, local);
	size_t domain;

	if (local == 0)
		return 0;
	if (rest.length == 0 || rest.data[0] != '@')
		return allow_local ? local : 0;
	rest = bytes_from(rest, 1);
	domain =
	    rest.length > 0 && rest.data[0] == '[' ? literal_length(rest) : domain_length(rest);
	return domain == 0 ? 0 : local + 1 + domain;
}

bool smtp_mailbox_is_valid(struct bytes mailbox, bool allow_local)
{
	return mailbox.length > 0 && mailbox.length <= SMTP_PATH_MAX - 2 &&
	       mailbox_length(mailbox, allow_local) == mailbox.length;
}

/* Where the path in `in` ends: behind '>' outside a quoted string, or at a blank. */
static size_t path_length(struct bytes in, bool has_brackets)
{
	bool is_quoted = false;

	for (size_t i = 0; i < in.length; i++) {
		uint8_t octet = in.data[i];

		if (octet == '\\' && is_quoted)
			i++;
		else if (octet == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted && has_brackets && octet == '>')
			return i + 1;
		else if (!is_quoted && !has_brackets && is_blank(octet))
			return i;
	}
	return has_brackets ? 0 : in.length;
}

/* A-d-l ":" in front of a mailbox: At-domain *( "," At-domain ). Deprecated, and ignored. */
static struct bytes skip_source_route(struct bytes path)
{
	const uint8_t *colon;

	if (path.length == 0 || path.data[0] != '@')
		return path;
	colon = bytes_find_byte(path, ':');
	return colon == NULL ? path : bytes_from(path, (size_t)(colon + 1 - path.data));
}

static bool is_ascii(struct bytes in)
{
	for (size_t i = 0; i < in.length; i++)
		if (in.data[i] > 126)
			return false;
	return true;
}

/*
 * A quoted local part that need not be quoted is the same mailbox without (RFC 5321 section 4.1.2): writes
 * `path` to `address` in that form.
 */
static void write_address(struct bytes path, char address[SMTP_PATH_MAX])
{
	size_t quoted = quoted_string_length(path), length = 0;
	char plain[SMTP_PATH_MAX] = "";

	for (size_t i = 1; i + 1 < quoted; i++) {
		if (path.data[i] == '\\')
			i++;
		plain[length++] = (char)path.data[i];
	}
	if (length == 0 || dot_string_length((struct bytes) { (uint8_t *)plain, length }) != length)
		length = quoted = 0;
	memcpy(address, plain, length);
	memcpy(address + length, path.data + quoted, path.length - quoted);
	address[length + path.length - quoted] = '\0';
}

enum smtp_path_status smtp_path_parse(struct bytes in, bool allow_utf8, char address[SMTP_PATH_MAX],
				      struct bytes *rest)
{
	struct bytes path;
	bool has_brackets;
	size_t length;

	in = skip_blanks(in);
	has_brackets = in.length > 0 && in.data[0] == '<';
	length = path_length(in, has_brackets);
	if (length == 0)
		return SMTP_PATH_MISSING;

	path = bytes_first(in, length);
	if (has_brackets)
		path = (struct bytes) { path.data + 1, length - 2 };
	path = skip_source_route(path);
	if (!is_ascii(path) && !allow_utf8)
		return SMTP_PATH_FOREIGN;
	if (!g_utf8_validate((const char *)path.data, (gssize)path.length, NULL))
		return SMTP_PATH_BAD;
	if (path.length > 0 && !smtp_mailbox_is_valid(path, true))
		return SMTP_PATH_BAD;

	write_address(path, address);
	*rest = bytes_from(in, length);
	return SMTP_PATH_OK;
}

/* esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-") */
static size_t keyword_length(struct bytes in)
{
	size_t i = 0;

	while (i < in.length &&
	       (g_ascii_isalnum((gchar)in.data[i]) || (i > 0 && in.data[i] == '-')))
		i++;
	return i;
}

bool smtp_parameter_next(struct bytes *in, struct smtp_parameter *parameter)
{
	struct bytes rest = skip_blanks(*in);
	struct bytes word = bytes_first(rest, word_length(rest));
	size_t length = keyword_length(word);

	*in = rest;
	if (length == 0 || (length < word.length && word.data[length] != '='))
		return false;

	parameter->keyword = bytes_first(word, length);
	parameter->value =
	    length < word.length ? bytes_from(word, length + 1) : (struct bytes) { NULL, 0 };
	*in = bytes_from(rest, word.length);
	return true;
}

bool smtp_number_parse(struct bytes text, uint64_t *number)
{
	uint64_t value = 0;

	if (text.length == 0 || text.length > 19)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		if (!g_ascii_isdigit((gchar)text.data[i]))
			return false;
		value = value * 10 + (text.data[i] - '0');
	}
	*number = value;
	return true;
}

enum parse_status smtp_reply_line_parse(struct bytes line, struct smtp_reply_line *reply)
{
	if (line.length < 3)
		return PARSE_TRUNCATED;
	for (int i = 0; i < 3; i++)
		if (!g_ascii_isdigit((gchar)line.data[i]))
			return PARSE_BAD_VALUE;
	if (line.data[0] < '2' || line.data[0] > '5')
		return PARSE_BAD_VALUE;
	if (line.length > 3 && line.data[3] != ' ' && line.data[3] != '-')
		return PARSE_BAD_VALUE;

	*reply = (struct smtp_reply_line) {
		.code =
		    (line.data[0] - '0') * 100u + (line.data[1] - '0') * 10u + line.data[2] - '0',
		.is_last = line.length == 3 || line.data[3] == ' ',
		.text = bytes_from(line, 4),
	};
	return PARSE_OK;
}

/* status-code = class "." subject "." detail, class = "2" / "4" / "5", others 1 to 3 digits. */
size_t smtp_status_length(struct bytes text)
{
	size_t i = 0;

	if (text.length == 0 || strchr("245", text.data[0]) == NULL)
		return 0;
	for (int part = 0; part < 3; part++) {
		size_t from = i;

		while (i < text.length && i < from + 3 && g_ascii_isdigit((gchar)text.data[i]))
			i++;
		if (i == from)
			return 0;
		if (part < 2 && (i >= text.length || text.data[i++] != '.'))
			return 0;
	}
	return i < text.length && text.data[i] != ' ' ? 0 : i;
}
