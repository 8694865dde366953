#include "protocols/actor.h"

#include <glib.h>

#define NAME(text)                                                                                 \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
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

/* Letter by letter: there are few, and the first or second is another. */
static bool is_called(struct bytes text, const char *name)
{
	size_t count = 0;

	while (count < text.length && name[count] == (char)text.data[count])
		count++;
	return count == text.length;
}

bool actor_is_name(struct bytes text)
{
	for (unsigned actor = ACTOR_NONE + 1; actor < ACTOR_COUNT; actor++)
		if (names[actor].length == text.length && is_called(text, names[actor].text))
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
