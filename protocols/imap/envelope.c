#include "protocols/imap/envelope.h"
#include "protocols/mail/message.h"

#define ADDRESSES_MAX 10000 /* of one header; the rest is left out */

static void address_free(void *data)
{
	struct imap_address *address = data;

	g_free(address->name);
	g_free(address->mailbox);
	g_free(address->host);
	g_free(address);
}

/* Addresses of a header. */

struct scan {
	const char *at;
	GPtrArray *found;
	GString *phrase;  /* the words read last, with single spaces between them */
	GString *comment; /* the comment read last: the name in "bob@remote.example (Bob)" */
};

/* Takes a name, mailbox and host, each NULL or owned from here on. */
static void add_address(struct scan *scan, char *name, char *mailbox, char *host)
{
	struct imap_address *address = g_new(struct imap_address, 1);

	*address = (struct imap_address) { name, mailbox, host };
	g_ptr_array_add(scan->found, address);
}

static char *text_or_null(const GString *text)
{
	return text->len > 0 ? g_strdup(text->str) : NULL;
}

/* comment = "(" *([FWS] ccontent) [FWS] ")"; they nest. */
static void skip_comment(struct scan *scan)
{
	unsigned depth = 0;

	g_string_truncate(scan->comment, 0);
	do {
		char c = *scan->at++;

		if (c == ')' && --depth == 0)
			return;
		if (c == '\\' && *scan->at != '\0')
			c = *scan->at++;
		else if (c == '(' && ++depth == 1)
			continue;
		g_string_append_c(scan->comment, c);
	} while (*scan->at != '\0');
}

/* CFWS; true when there was any. */
static bool skip_space(struct scan *scan)
{
	const char *start = scan->at;

	while (*scan->at != '\0') {
		if (*scan->at == '(')
			skip_comment(scan);
		else if (strchr(" \t\r\n", *scan->at) != NULL)
			scan->at++;
		else
			break;
	}
	return scan->at != start;
}

/* quoted-string = DQUOTE *([FWS] qcontent) [FWS] DQUOTE, without its quotes and escapes */
static void read_quoted(struct scan *scan, GString *out)
{
	scan->at++;
	while (*scan->at != '\0' && *scan->at != '"') {
		if (*scan->at == '\\' && scan->at[1] != '\0')
			scan->at++;
		g_string_append_c(out, *scan->at++);
	}
	if (*scan->at == '"')
		scan->at++;
}

/* Words up to a character with a meaning. A space within them becomes `space`, 0 drops it. */
static void read_words(struct scan *scan, const char *stop, char space, GString *out)
{
	g_string_truncate(out, 0);
	skip_space(scan);
	while (*scan->at != '\0' && strchr(stop, *scan->at) == NULL) {
		if (*scan->at == '"')
			read_quoted(scan, out);
		else
			g_string_append_c(out, *scan->at++);
		if (skip_space(scan) && space != 0 && *scan->at != '\0' &&
		    strchr(stop, *scan->at) == NULL)
			g_string_append_c(out, space);
	}
}

/* domain = dot-atom / domain-literal / obs-domain */
static char *read_domain(struct scan *scan)
{
	GString *domain = g_string_new(NULL);

	if (*scan->at == '@') {
		scan->at++;
		read_words(scan, ",;<>@", 0, domain);
	}
	return g_string_free(domain, FALSE);
}

/* angle-addr = [CFWS] "<" [obs-route] addr-spec ">" [CFWS] */
static void read_angle(struct scan *scan)
{
	char *name = text_or_null(scan->phrase);

	scan->at++;
	if (skip_space(scan), *scan->at == '@') { /* obs-route = *("," / "@" domain) ":" */
		const char *colon = strchr(scan->at, ':');

		if (colon != NULL)
			scan->at = colon + 1;
	}
	read_words(scan, ",;<>@", 0, scan->phrase);
	char *mailbox = g_strdup(scan->phrase->str);
	add_address(scan, name, mailbox, read_domain(scan));
	if (*scan->at == '>')
		scan->at++;
}

/* addr-spec = local-part "@" domain; the name may be a comment behind it. */
static void read_plain(struct scan *scan)
{
	if (scan->phrase->len == 0 && *scan->at != '@')
		return;
	char *mailbox = g_strdup(scan->phrase->str);

	g_string_truncate(scan->comment, 0);
	char *host = read_domain(scan);
	skip_space(scan);
	add_address(scan, text_or_null(scan->comment), mailbox, host);
}

/* address = mailbox / group; group = display-name ":" [group-list] ";" [CFWS] */
static void read_address(struct scan *scan, bool *is_group)
{
	read_words(scan, ",:;<>@", ' ', scan->phrase);
	switch (*scan->at) {
	case '<':
		read_angle(scan);
		return;
	case ':':
		scan->at++;
		if (!*is_group)
			add_address(scan, NULL, g_strdup(scan->phrase->str), NULL);
		*is_group = true;
		return;
	case '>':
		scan->at++;
		return;
	default:
		read_plain(scan);
	}
	if (*scan->at == ';') {
		scan->at++;
		if (*is_group)
			add_address(scan, NULL, NULL, NULL);
		*is_group = false;
	} else if (*scan->at == ',') {
		scan->at++;
	}
}

GPtrArray *imap_addresses_of(const char *value)
{
	struct scan scan = {
		.at = value,
		.found = g_ptr_array_new_with_free_func(address_free),
		.phrase = g_string_new(NULL),
		.comment = g_string_new(NULL),
	};
	bool is_group = false;

	while (*scan.at != '\0' && scan.found->len < ADDRESSES_MAX)
		read_address(&scan, &is_group);
	if (is_group)
		add_address(&scan, NULL, NULL, NULL);
	g_string_free(scan.phrase, TRUE);
	g_string_free(scan.comment, TRUE);
	if (scan.found->len == 0)
		g_clear_pointer(&scan.found, g_ptr_array_unref);
	return scan.found;
}

/* Envelopes. */

static GPtrArray *addresses_in(struct bytes header, const char *name)
{
	char *value = message_header(header, name);
	GPtrArray *addresses = value != NULL ? imap_addresses_of(value) : NULL;

	g_free(value);
	return addresses;
}

static GPtrArray *addresses_or(GPtrArray *addresses, GPtrArray *otherwise)
{
	if (addresses != NULL || otherwise == NULL)
		return addresses;
	return g_ptr_array_ref(otherwise);
}

struct imap_envelope *imap_envelope_of(struct bytes header)
{
	struct imap_envelope *envelope = g_new0(struct imap_envelope, 1);

	envelope->date = message_header(header, "Date");
	envelope->subject = message_header(header, "Subject");
	envelope->from = addresses_in(header, "From");
	envelope->sender = addresses_or(addresses_in(header, "Sender"), envelope->from);
	envelope->reply_to = addresses_or(addresses_in(header, "Reply-To"), envelope->from);
	envelope->to = addresses_in(header, "To");
	envelope->cc = addresses_in(header, "Cc");
	envelope->bcc = addresses_in(header, "Bcc");
	envelope->in_reply_to = message_header(header, "In-Reply-To");
	envelope->message_id = message_header(header, "Message-ID");
	return envelope;
}

void imap_envelope_free(struct imap_envelope *envelope)
{
	if (envelope == NULL)
		return;
	g_free(envelope->date);
	g_free(envelope->subject);
	g_free(envelope->in_reply_to);
	g_free(envelope->message_id);
	g_clear_pointer(&envelope->from, g_ptr_array_unref);
	g_clear_pointer(&envelope->sender, g_ptr_array_unref);
	g_clear_pointer(&envelope->reply_to, g_ptr_array_unref);
	g_clear_pointer(&envelope->to, g_ptr_array_unref);
	g_clear_pointer(&envelope->cc, g_ptr_array_unref);
	g_clear_pointer(&envelope->bcc, g_ptr_array_unref);
	g_free(envelope);
}

/* Printing. */

static bool can_be_quoted(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\r' || *text == '\n' || (uint8_t)*text >= 0x80)
			return false;
	return true;
}

void imap_print_nstring(GString *out, const char *text)
{
	if (text == NULL) {
		g_string_append(out, "NIL");
		return;
	}
	if (!can_be_quoted(text)) {
		g_string_append_printf(out, "{%zu}\r\n%s", strlen(text), text);
		return;
	}
	g_string_append_c(out, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_c(out, '\\');
		g_string_append_c(out, *text);
	}
	g_string_append_c(out, '"');
}

void imap_print_astring(GString *out, const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		if (*c <= ' ' || *c == 0x7f || strchr("(){%*\"\\", *c) != NULL) {
			imap_print_nstring(out, text);
			return;
		}
	}
	if (*text == '\0' || g_ascii_strcasecmp(text, "NIL") == 0)
		imap_print_nstring(out, text);
	else
		g_string_append(out, text);
}

/* address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")" */
static void print_addresses(GString *out, const GPtrArray *addresses)
{
	if (addresses == NULL) {
		g_string_append(out, " NIL");
		return;
	}
	g_string_append(out, " (");
	for (unsigned i = 0; i < addresses->len; i++) {
		const struct imap_address *address = g_ptr_array_index(addresses, i);

		g_string_append_c(out, '(');
		imap_print_nstring(out, address->name);
		g_string_append(out, " NIL ");
		imap_print_nstring(out, address->mailbox);
		g_string_append_c(out, ' ');
		imap_print_nstring(out, address->host);
		g_string_append_c(out, ')');
	}
	g_string_append_c(out, ')');
}

/*
 * envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP
 *            env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"
 */
void imap_envelope_print(GString *out, const struct imap_envelope *envelope)
{
	g_string_append_c(out, '(');
	imap_print_nstring(out, envelope->date);
	g_string_append_c(out, ' ');
	imap_print_nstring(out, envelope->subject);
	print_addresses(out, envelope->from);
	print_addresses(out, envelope->sender);
	print_addresses(out, envelope->reply_to);
	print_addresses(out, envelope->to);
	print_addresses(out, envelope->cc);
	print_addresses(out, envelope->bcc);
	g_string_append_c(out, ' ');
	imap_print_nstring(out, envelope->in_reply_to);
	g_string_append_c(out, ' ');
	imap_print_nstring(out, envelope->message_id);
	g_string_append_c(out, ')');
}

/* Reading back. */

static bool parse_nstring(struct imap_parser *parser, char **text)
{
	struct bytes string;

	if (!imap_parse_nstring(parser, &string))
		return false;
	*text = string.data != NULL ? g_strndup((const char *)string.data, string.length) : NULL;
	return true;
}

static bool parse_address(struct imap_parser *parser, struct imap_address *address)
{
	struct bytes route;

	return imap_parse_char(parser, '(') && parse_nstring(parser, &address->name) &&
	       imap_parse_space(parser) && imap_parse_nstring(parser, &route) &&
	       imap_parse_space(parser) && parse_nstring(parser, &address->mailbox) &&
	       imap_parse_space(parser) && parse_nstring(parser, &address->host) &&
	       imap_parse_char(parser, ')');
}

/* SP ("(" 1*address ")" / nil) */
static bool parse_addresses(struct imap_parser *parser, GPtrArray **addresses)
{
	if (!imap_parse_space(parser))
		return false;
	if (imap_skip_word(parser, "NIL"))
		return true;
	if (!imap_parse_char(parser, '('))
		return false;
	*addresses = g_ptr_array_new_with_free_func(address_free);
	while (!imap_skip(parser, ')')) {
		struct imap_address *address = g_new0(struct imap_address, 1);

		g_ptr_array_add(*addresses, address);
		imap_skip(parser, ' ');
		if (!parse_address(parser, address))
			return false;
	}
	return true;
}

bool imap_parse_envelope(struct imap_parser *parser, struct imap_envelope **envelope)
{
	struct imap_envelope *read = g_new0(struct imap_envelope, 1);

	bool is_read = imap_parse_char(parser, '(') && parse_nstring(parser, &read->date) &&
		       imap_parse_space(parser) && parse_nstring(parser, &read->subject) &&
		       parse_addresses(parser, &read->from) &&
		       parse_addresses(parser, &read->sender) &&
		       parse_addresses(parser, &read->reply_to) &&
		       parse_addresses(parser, &read->to) && parse_addresses(parser, &read->cc) &&
		       parse_addresses(parser, &read->bcc) && imap_parse_space(parser) &&
		       parse_nstring(parser, &read->in_reply_to) && imap_parse_space(parser) &&
		       parse_nstring(parser, &read->message_id) && imap_parse_char(parser, ')');
	if (!is_read) {
		imap_envelope_free(read);
		return false;
	}
	imap_envelope_free(*envelope);
	*envelope = read;
	return true;
}
