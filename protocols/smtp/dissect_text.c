#include "protocols/smtp/dissect_text.h"

#include <glib.h>
#include "protocols/smtp/syntax.h"

/* clang-format off */
static const struct dissect_text units[SMTP_DETAIL_COUNT] = {
	[SMTP_EHLO] = { "EHLO command", "The client says its name and asks which extensions the server has.",
	                "RFC 5321 section 4.1.1.1" },
	[SMTP_HELO] = { "HELO command", "The client says its name; it uses no extensions.",
	                "RFC 5321 section 4.1.1.1" },
	[SMTP_AUTH] = { "AUTH command", "The client proves which user it speaks for.",
	                "RFC 4954 section 4" },
	[SMTP_MAIL] = { "MAIL command", "The client begins a message and names the address that notifications go to.",
	                "RFC 5321 section 4.1.1.2" },
	[SMTP_RCPT] = { "RCPT command", "The client names one recipient of the message.",
	                "RFC 5321 section 4.1.1.3" },
	[SMTP_DATA] = { "DATA command", "The client is about to send the message itself.",
	                "RFC 5321 section 4.1.1.4" },
	[SMTP_BDAT] = { "BDAT command", "The client sends the next octets of the message right behind this line.",
	                "RFC 3030 section 2" },
	[SMTP_RSET] = { "RSET command", "The client gives up the message it has begun.",
	                "RFC 5321 section 4.1.1.5" },
	[SMTP_NOOP] = { "NOOP command", "The client asks for nothing but a reply.",
	                "RFC 5321 section 4.1.1.9" },
	[SMTP_VRFY] = { "VRFY command", "The client asks whether an address is valid.",
	                "RFC 5321 section 4.1.1.6" },
	[SMTP_EXPN] = { "EXPN command", "The client asks who is on a mailing list.",
	                "RFC 5321 section 4.1.1.7" },
	[SMTP_HELP] = { "HELP command", "The client asks for a text that helps.",
	                "RFC 5321 section 4.1.1.8" },
	[SMTP_STARTTLS] = { "STARTTLS command", "The client wants the connection encrypted from here on.",
	                    "RFC 3207 section 4" },
	[SMTP_QUIT] = { "QUIT command", "The client ends the session.", "RFC 5321 section 4.1.1.10" },
	[SMTP_UNKNOWN] = { "Unknown command", "No command of SMTP.", NULL },
	[SMTP_CREDENTIALS] = { "Credentials", "The client answers the server's challenge, in base64.",
	                       "RFC 4954 section 4" },
	[SMTP_MESSAGE] = { "Message", "The message, header and body; a line of a single dot ends it.",
	                   "RFC 5321 section 4.5.2" },
	[SMTP_CHUNK] = { "Chunk", "Octets of the message, counted by BDAT.", "RFC 3030 section 2" },
};

static const struct dissect_text arguments[SMTP_DETAIL_COUNT] = {
	[SMTP_EHLO] = { "Domain", "What the client calls itself.", "RFC 5321 section 4.1.1.1" },
	[SMTP_HELO] = { "Domain", "What the client calls itself.", "RFC 5321 section 4.1.1.1" },
	[SMTP_AUTH] = { "Mechanism", "How the client proves who it is; its first response may follow.",
	                "RFC 4954 section 4" },
	[SMTP_MAIL] = { "Reverse-path", "Where notifications go; empty so that none is ever answered by another.",
	                "RFC 5321 section 3.3" },
	[SMTP_RCPT] = { "Forward-path", "The mailbox that shall get the message.", "RFC 5321 section 3.3" },
	[SMTP_BDAT] = { "Chunk size", "How many octets follow; LAST: then the message is whole.",
	                "RFC 3030 section 2" },
	[SMTP_NOOP] = { "Argument", "It is ignored.", "RFC 5321 section 4.1.1.9" },
	[SMTP_VRFY] = { "Address", "What shall be verified.", "RFC 5321 section 4.1.1.6" },
	[SMTP_EXPN] = { "List", "Whose members are asked for.", "RFC 5321 section 4.1.1.7" },
	[SMTP_HELP] = { "Topic", "What help is wanted about.", "RFC 5321 section 4.1.1.8" },
};

static const struct { unsigned code; struct dissect_text explanation; } replies[] = {
	{ 211, { "Reply 211", "System status, or help.", "RFC 5321 section 4.2.3" } },
	{ 214, { "Reply 214", "Help for people.", "RFC 5321 section 4.2.3" } },
	{ 220, { "Greeting", "The server says its name: the session begins.", "RFC 5321 section 3.1" } },
	{ 221, { "Reply 221", "The server closes the connection.", "RFC 5321 section 4.2.3" } },
	{ 235, { "Reply 235", "The client has proved who it is.", "RFC 4954 section 6" } },
	{ 250, { "Reply 250", "What was asked is done.", "RFC 5321 section 4.2.3" } },
	{ 251, { "Reply 251", "The user is elsewhere; the server will forward.", "RFC 5321 section 4.2.3" } },
	{ 252, { "Reply 252", "The server cannot verify the user, but will try to deliver.",
	         "RFC 5321 section 4.2.3" } },
	{ 334, { "Reply 334", "A challenge: the server wants credentials.", "RFC 4954 section 4" } },
	{ 354, { "Reply 354", "The server waits for the message.", "RFC 5321 section 4.2.3" } },
	{ 421, { "Reply 421", "The server must close the connection now.", "RFC 5321 section 4.2.3" } },
	{ 450, { "Reply 450", "The mailbox is not available now, or a policy asks to come again later.", "RFC 5321 section 4.2.3" } },
	{ 451, { "Reply 451", "An error at the server; it may work later.", "RFC 5321 section 4.2.3" } },
	{ 452, { "Reply 452", "Not enough room now.", "RFC 5321 section 4.2.3" } },
	{ 500, { "Reply 500", "The server does not know this command.", "RFC 5321 section 4.2.3" } },
	{ 501, { "Reply 501", "The server does not understand the arguments.", "RFC 5321 section 4.2.3" } },
	{ 502, { "Reply 502", "The server does not have this command.", "RFC 5321 section 4.2.3" } },
	{ 503, { "Reply 503", "Not now: the order of commands is wrong.", "RFC 5321 section 4.2.3" } },
	{ 504, { "Reply 504", "The server does not have this parameter.", "RFC 5321 section 4.2.3" } },
	{ 530, { "Reply 530", "The client must authenticate first.", "RFC 4954 section 6" } },
	{ 535, { "Reply 535", "The credentials are wrong.", "RFC 4954 section 6" } },
	{ 550, { "Reply 550", "Refused: the mailbox does not exist, or a policy forbids it.",
	         "RFC 5321 section 4.2.3" } },
	{ 551, { "Reply 551", "The user is elsewhere.", "RFC 5321 section 4.2.3" } },
	{ 552, { "Reply 552", "Too big.", "RFC 5321 section 4.2.3" } },
	{ 553, { "Reply 553", "The mailbox name is not allowed.", "RFC 5321 section 4.2.3" } },
	{ 554, { "Reply 554", "Refused.", "RFC 5321 section 4.2.3" } },
	{ 555, { "Reply 555", "The server does not know this parameter of MAIL or RCPT.",
	         "RFC 5321 section 4.1.1.11" } },
	{ 556, { "Reply 556", "The domain accepts no mail.", "RFC 7504 section 3" } },
};

static const struct { const char *keyword; struct dissect_text explanation; } keywords[] = {
	{ "PIPELINING", { "PIPELINING", "Commands may be sent without waiting for each reply.", "RFC 2920" } },
	{ "SIZE", { "SIZE", "How many octets a message has, or may have.", "RFC 1870" } },
	{ "VRFY", { "VRFY", "The server can verify addresses.", "RFC 5321 section 4.1.1.6" } },
	{ "ETRN", { "ETRN", "The server sends what is queued when it is asked to.", "RFC 1985" } },
	{ "STARTTLS", { "STARTTLS", "The connection can be encrypted.", "RFC 3207" } },
	{ "AUTH", { "AUTH", "Ways to prove who one is.", "RFC 4954" } },
	{ "ENHANCEDSTATUSCODES", { "ENHANCEDSTATUSCODES", "Replies carry a status such as 5.1.1.", "RFC 2034" } },
	{ "8BITMIME", { "8BITMIME", "Messages may have octets above 127.", "RFC 6152" } },
	{ "DSN", { "DSN", "Delivery notifications can be asked for.", "RFC 3461" } },
	{ "SMTPUTF8", { "SMTPUTF8", "Addresses may be in any script.", "RFC 6531" } },
	{ "CHUNKING", { "CHUNKING", "The message can be sent in counted chunks.", "RFC 3030" } },
	{ "HELP", { "HELP", "The server has the HELP command.", "RFC 5321 section 4.1.1.8" } },
	{ "BODY", { "BODY", "Whether the message has octets above 127.", "RFC 6152" } },
	{ "NOTIFY", { "NOTIFY", "When the sender wants to be told.", "RFC 3461" } },
	{ "ORCPT", { "ORCPT", "The recipient as the author wrote it.", "RFC 3461" } },
	{ "RET", { "RET", "How much of the message a notification returns.", "RFC 3461" } },
	{ "ENVID", { "ENVID", "The sender's name for this message in notifications.", "RFC 3461" } },
};
/* clang-format on */

const struct dissect_text *smtp_explain_unit(enum smtp_detail detail)
{
	return &units[detail];
}

const struct dissect_text *smtp_explain_argument(enum smtp_detail verb)
{
	return arguments[verb].name != NULL ? &arguments[verb] : NULL;
}

const struct dissect_text *smtp_explain_reply(unsigned code)
{
	static const struct dissect_text unknown = { "Reply", NULL, "RFC 5321 section 4.2.1" };

	for (size_t i = 0; i < G_N_ELEMENTS(replies); i++)
		if (replies[i].code == code)
			return &replies[i].explanation;
	return &unknown;
}

const struct dissect_text *smtp_explain_keyword(struct bytes line)
{
	struct smtp_parameter word;

	if (!smtp_parameter_next(&line, &word))
		return NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(keywords); i++)
		if (smtp_keyword_is(word.keyword, keywords[i].keyword))
			return &keywords[i].explanation;
	return NULL;
}
