#include "protocols/pop3/names.h"

#include <glib.h>
#include "protocols/layer.h"

static const char *const details[POP3_DETAIL_COUNT] = {
	[POP3_STATE] = "state",       [POP3_UNKNOWN] = "unknown command",
	[POP3_CAPA] = "CAPA",         [POP3_USER] = "USER",
	[POP3_PASS] = "PASS",         [POP3_APOP] = "APOP",
	[POP3_AUTH] = "AUTH",         [POP3_CREDENTIALS] = "credentials",
	[POP3_STLS] = "STLS",         [POP3_UTF8] = "UTF8",
	[POP3_LANG] = "LANG",         [POP3_STAT] = "STAT",
	[POP3_LIST] = "LIST",         [POP3_UIDL] = "UIDL",
	[POP3_RETR] = "RETR",         [POP3_TOP] = "TOP",
	[POP3_DELE] = "DELE",         [POP3_RSET] = "RSET",
	[POP3_NOOP] = "NOOP",         [POP3_QUIT] = "QUIT",
	[POP3_GREETING] = "greeting", [POP3_OK] = "+OK",
	[POP3_ERR] = "-ERR",          [POP3_CONTINUE] = "challenge",
	[POP3_LISTING] = "listing",   [POP3_MESSAGE] = "message",
};

const struct layer_names pop3_layer_names = {
	.layer = LAYER_POP3,
	.name = "POP3",
	.key = "pop3",
	.details = details,
	.detail_count = POP3_DETAIL_COUNT,
};

const char *const pop3_state_names[POP3_STATE_COUNT] = {
	[POP3_CONNECTED] = "connected",
	[POP3_AUTHORIZATION] = "authorization",
	[POP3_HAS_USER] = "has user",
	[POP3_IN_AUTH] = "in authentication",
	[POP3_TRANSACTION] = "transaction",
	[POP3_UPDATE] = "update",
	[POP3_OVER] = "over",
};

enum pop3_detail pop3_command_of(struct bytes line)
{
	size_t length = 0;

	while (length < line.length && g_ascii_isalnum(line.data[length]))
		length++;
	if (length < line.length && line.data[length] != ' ')
		return POP3_UNKNOWN;
	for (enum pop3_detail each = POP3_CAPA; each <= POP3_QUIT; each++)
		if (each != POP3_CREDENTIALS && strlen(details[each]) == length &&
		    g_ascii_strncasecmp(details[each], (const char *)line.data, length) == 0)
			return each;
	return POP3_UNKNOWN;
}
