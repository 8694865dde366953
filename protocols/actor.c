#include "protocols/actor.h"

#include <glib.h>

#define NAME(text)                                                                                 \
	{                                                                                          \
		text, sizeof text - 1                                                              \
	}

/* clang-format off */
static const struct {
	const char *text;
	size_t length;
} names[ACTOR_COUNT] = {
	[ACTOR_NONE] = NAME(""),
	[ACTOR_MUA] = NAME("MUA"),
	[ACTOR_MSA] = NAME("MSA"),
	[ACTOR_MTA] = NAME("MTA"),
	[ACTOR_MDA] = NAME("MDA"),
	[ACTOR_MAILBOX] = NAME("mailbox"),
	[ACTOR_BROWSER] = NAME("browser"),
	[ACTOR_WEBMAIL] = NAME("webmail"),
	[ACTOR_DNS] = NAME("DNS"),
	[ACTOR_TELNET] = NAME("telnet"),
	[ACTOR_DIG] = NAME("dig"),
	[ACTOR_PING] = NAME("ping"),
};
/* clang-format on */

const char *actor_name(uint8_t actor)
{
	return actor < ACTOR_COUNT ? names[actor].text : "?";
}

bool actor_is_name(struct bytes text)
{
	for (unsigned actor = ACTOR_NONE + 1; actor < ACTOR_COUNT; actor++)
		if (names[actor].length == text.length &&
		    memcmp(names[actor].text, text.data, text.length) == 0)
			return true;
	return false;
}

enum actor actor_find(const char *name)
{
	for (unsigned actor = ACTOR_NONE + 1; actor < ACTOR_COUNT; actor++)
		if (g_ascii_strcasecmp(names[actor].text, name) == 0)
			return (enum actor)actor;
	return ACTOR_NONE;
}
