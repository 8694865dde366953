/* Languages and scripts in a POP3 server: UTF8, LANG (RFC 6856). */
#include "protocols/pop3/private.h"

/* Once in UTF-8 mode a session stays in it. */
void pop3_utf8(struct pop3_session *session, const char *argument)
{
	if (argument[0] != '\0') {
		pop3_err(session, "UTF8 takes no argument.");
		return;
	}
	session->is_utf8 = true;
	pop3_ok(session, "UTF8 enabled.");
}

/* The texts of this server are English; "i-default" stands for whatever it speaks (RFC 2277). */
static const char *const languages[][2] = {
	{"en",         "English"         },
	{ "i-default", "Default language"},
};

static void list_languages(struct pop3_session *session)
{
	uint64_t from;

	pop3_ok(session, "Language listing follows:");
	from = session->base.produced_bytes;
	for (unsigned i = 0; i < G_N_ELEMENTS(languages); i++)
		session_printf(&session->base, "%s %s\r\n", languages[i][0], languages[i][1]);
	session_write(&session->base, bytes_of(".\r\n"));
	session_note_output(&session->base, POP3_LISTING, from);
}

/* True when `range` means `tag`: the tag itself, or a longer one of it ("en-GB"; RFC 4647 3.4). */
static bool means(const char *range, const char *tag)
{
	size_t length = strlen(tag);

	return g_ascii_strncasecmp(range, tag, length) == 0 &&
	       (range[length] == '\0' || range[length] == '-');
}

/* "*" asks for the server's default (RFC 6856 section 3.2). */
void pop3_lang(struct pop3_session *session, const char *argument)
{
	if (argument[0] == '\0') {
		list_languages(session);
		return;
	}
	if (strcmp(argument, "*") == 0)
		argument = "i-default";
	for (unsigned i = 0; i < G_N_ELEMENTS(languages); i++) {
		if (!means(argument, languages[i][0]))
			continue;
		pop3_ok(session, "%s %s", languages[i][0], languages[i][1]);
		return;
	}
	pop3_err(session, "Unsupported language.");
}

/* Octets above ASCII in the header that are UTF-8; of older 8-bit mail nobody knows what it is. */
static bool has_utf8_header(const struct message *message)
{
	struct bytes header = message_header_section(message_bytes(message));
	bool is_ascii = true;

	for (size_t i = 0; i < header.length && is_ascii; i++)
		is_ascii = header.data[i] < 0x80;
	return !is_ascii && g_utf8_validate_len((const char *)header.data, header.length, NULL);
}

bool pop3_may_send(struct pop3_session *session, const struct pop3_entry *entry)
{
	if (session->is_utf8 || !has_utf8_header(entry->message))
		return true;
	pop3_err(session, "[UTF8] The message has UTF-8 in its header: say UTF8 before the login.");
	return false;
}
