/* Actions in words, for the trace: what mail clients do they record themselves. */
#include <inttypes.h>
#include "app/mail_actions.h"
#include "protocols/dns/record.h"

static void append_link(GString *text, const struct scenario_link *link)
{
	if (link->interface != NULL)
		g_string_append_printf(text, "the cable of %s", link->interface->node->item.name);
	else if (link->switch_ != NULL)
		g_string_append_printf(text, "the uplink of %s", link->switch_->item.name);
	else if (link->network != NULL)
		g_string_append_printf(text, "all cables of %s", link->network->item.name);
	else
		g_string_append(text, "every cable");
}

char *action_describe(const struct scenario_action *action)
{
	GString *text = g_string_new(NULL);
	char type[DNS_TYPE_TEXT_BYTES];

	if (action->who != NULL)
		g_string_append_printf(text, "%s ", action->who->name);
	switch (action->verb) {
	case DO_PING:
		g_string_append_printf(text, "pings %s %" PRIu64 " time%s", action->target,
				       action->count, action->count == 1 ? "" : "s");
		break;
	case DO_DIG:
		g_string_append_printf(text, "asks DNS for %s of %s",
				       dns_type_print((uint16_t)action->record_type, type),
				       action->target);
		break;
	case DO_TELNET:
		g_string_append_printf(
		    text, "speaks to port %" PRIu64 " of %s%s", action->port, action->target,
		    action->characters == CHARACTERS_16 ? " in 16-bit units" : "");
		break;
	case DO_CUT:
		g_string_append(text, "somebody cuts ");
		append_link(text, &action->link);
		break;
	case DO_MEND:
		g_string_append(text, "somebody mends ");
		append_link(text, &action->link);
		break;
	default:
		break;
	}
	return g_string_free(text, FALSE);
}
