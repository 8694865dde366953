#include "protocols/actor.h"

#include <glib.h>

static const char *const names[ACTOR_COUNT] = {
	[ACTOR_NONE] = "",           [ACTOR_MUA] = "MUA",         [ACTOR_MSA] = "MSA",
	[ACTOR_MTA] = "MTA",         [ACTOR_MDA] = "MDA",         [ACTOR_MAILBOX] = "mailbox",
	[ACTOR_BROWSER] = "browser", [ACTOR_WEBMAIL] = "webmail", [ACTOR_DNS] = "DNS",
	[ACTOR_TELNET] = "telnet",   [ACTOR_DIG] = "dig",         [ACTOR_PING] = "ping",
};

const char *actor_name(uint8_t actor)
{
	return actor < ACTOR_COUNT ? names[actor] : "?";
}

bool actor_is_name(struct bytes text)
{
	for (unsigned actor = ACTOR_NONE + 1; text.length > 0 && actor < ACTOR_COUNT; actor++)
		if (names[actor][0] == text.data[0] && bytes_equal(text, bytes_of(names[actor])))
			return true;
	return false;
}

enum actor actor_find(const char *name)
{
	for (unsigned actor = ACTOR_NONE + 1; actor < ACTOR_COUNT; actor++)
		if (g_ascii_strcasecmp(names[actor], name) == 0)
			return (enum actor)actor;
	return ACTOR_NONE;
}
