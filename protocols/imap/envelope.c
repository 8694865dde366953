#include "protocols/imap/envelope.h"
#include "protocols/mail/message.h"

/* Envelopes. */

/* The addresses in the field `name`; NULL when there are none. */
static GPtrArray *addresses_in(struct bytes header, const char *name)
{
	char *value = message_header(header, name);
	GPtrArray *addresses = value != NULL ? address_list_parse(value) : NULL;

	g_free(value);
	if (addresses != NULL && addresses->len == 0)
		g_clear_pointer(&addresses, g_ptr_array_unref);
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
		const struct address *address = g_ptr_array_index(addresses, i);

		g_string_append_c(out, '(');
		imap_print_nstring(out, address->name);
		g_string_append_c(out, ' ');
		imap_print_nstring(out, address->route);
		g_string_append_c(out, ' ');
		imap_print_nstring(out, address->local);
		g_string_append_c(out, ' ');
		imap_print_nstring(out, address->domain);
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

static void free_address(void *data)
{
	struct address *address = data;

	g_free(address->name);
	g_free(address->route);
	g_free(address->local);
	g_free(address->domain);
	g_free(address);
}

static bool parse_address(struct imap_parser *parser, struct address *address)
{
	return imap_parse_char(parser, '(') && parse_nstring(parser, &address->name) &&
	       imap_parse_space(parser) && parse_nstring(parser, &address->route) &&
	       imap_parse_space(parser) && parse_nstring(parser, &address->local) &&
	       imap_parse_space(parser) && parse_nstring(parser, &address->domain) &&
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
	*addresses = g_ptr_array_new_with_free_func(free_address);
	while (!imap_skip(parser, ')')) {
		struct address *address = g_new0(struct address, 1);

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
