#include "views/mail_text.h"

#include "protocols/layer.h"
#include "protocols/mail/message.h"
#include "protocols/mail/names.h"
#include "views/names.h"
#include "views/text.h"

#define VALUE_BYTES_MAX 400 /* shown of one text or fact */

void mail_text_append_line(GString *out, struct bytes bytes, size_t limit)
{
	for (size_t i = 0, length; i < bytes.length && i < limit; i += length) {
		const char *at = (const char *)bytes.data + i;
		gunichar character = g_utf8_get_char_validated(at, (gssize)(bytes.length - i));
		bool is_printable =
		    character < (gunichar)-2 && character != 0 && g_unichar_isprint(character);

		length = is_printable ? (size_t)(g_utf8_next_char(at) - at) : 1;
		if (is_printable)
			g_string_append_len(out, at, (gssize)length);
		else
			g_string_append_c(out, *at == '\0' ? ' ' : '.');
	}
}

static bool is_named(const struct mail_facts *facts, const char *name)
{
	return bytes_equal(facts->name, bytes_of(name));
}

/* What is between the one before and this one, and its name where that is not plain. */
static void append_name(GString *out, const struct mail_facts *facts, bool is_first)
{
	if (!is_first)
		g_string_append(out, facts->is_fact ? ", " : " ");
	if (facts->is_fact) {
		mail_text_append_line(out, facts->name, VALUE_BYTES_MAX);
		g_string_append_c(out, ' ');
	}
}

static void append_retrieval(GString *out, const struct trace_record *record)
{
	if (record->before == LAYER_POP3 || record->before == LAYER_IMAP)
		g_string_append_printf(
		    out, "by %s, %s %" G_GUINT64_FORMAT, view_layer_name((unsigned)record->before),
		    record->before == LAYER_POP3 ? "number" : "UID", record->after);
}

void mail_text_append(GString *out, const struct trace_record *record, struct bytes bytes)
{
	struct mail_facts facts;

	if (record->detail == MAIL_CHECKED) {
		view_append_check(out, record, bytes);
		return;
	}
	if (record->detail == MAIL_RETRIEVED)
		append_retrieval(out, record);
	mail_facts_begin(&facts, record->detail, bytes);
	for (bool is_first = true; mail_facts_next(&facts); is_first = false) {
		if (is_named(&facts, "message-id")) /* the number says it already */
			continue;
		append_name(out, &facts, is_first);
		mail_text_append_line(out, facts.value, VALUE_BYTES_MAX);
	}
}

char *mail_text_header(struct bytes message, const char *name)
{
	g_autofree char *value = message_header(message_header_section(message), name);
	g_autofree char *decoded = value == NULL ? g_strdup("") : message_decode_words(value);

	return text_printable(decoded);
}
