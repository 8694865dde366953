/* Actions in words, for the trace. */
#include <inttypes.h>
#include "app/mail_actions.h"
#include "protocols/dns/record.h"

static void append_recipients(GString *text, const GPtrArray *recipients)
{
	for (guint i = 0; recipients != NULL && i < recipients->len; i++)
		g_string_append_printf(text, "%s%s", i == 0 ? "" : ", ",
		                       ((struct scenario_recipient *)recipients->pdata[i])->address);
}

static void append_send(GString *text, const struct scenario_action *action)
{
	g_string_append_printf(text, "sends \"%s\" to ",
	                       action->subject == NULL ? "" : action->subject);
	append_recipients(text, action->to);
	if (action->cc != NULL && action->cc->len > 0) {
		g_string_append(text, ", copy to ");
		append_recipients(text, action->cc);
	}
	if (action->bcc != NULL && action->bcc->len > 0) {
		g_string_append(text, ", blind copy to ");
		append_recipients(text, action->bcc);
	}
	if (action->attachments != NULL && action->attachments->len > 0)
		g_string_append_printf(text, ", with %u attachment%s", action->attachments->len,
		                       action->attachments->len == 1 ? "" : "s");
}

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

static void append_message(GString *text, const char *verb, const struct scenario_action *action)
{
	bool is_subject = action->pick == PICK_SUBJECT;

	g_string_append_printf(text, "%s %s%s%s in %s", verb, is_subject ? "\"" : "",
	                       action->message == NULL ? "the newest message" : action->message,
	                       is_subject ? "\"" : "",
	                       action->folder == NULL ? "INBOX" : action->folder);
}

char *action_describe(const struct scenario_action *action)
{
	GString *text = g_string_new(NULL);
	char type[DNS_TYPE_TEXT_BYTES];

	if (action->who != NULL)
		g_string_append_printf(text, "%s ", action->who->name);
	switch (action->verb) {
	case DO_SEND:
		append_send(text, action);
		break;
	case DO_REPLY:
		append_message(text, "answers", action);
		break;
	case DO_CHECK:
		g_string_append(text, "looks for new mail");
		break;
	case DO_READ:
		append_message(text, "reads", action);
		break;
	case DO_DELETE:
		append_message(text, "deletes", action);
		break;
	case DO_MOVE:
		append_message(text, "moves", action);
		g_string_append_printf(text, " to %s", action->into);
		break;
	case DO_SEARCH:
		g_string_append_printf(text, "searches for \"%s\"", action->search_for);
		break;
	case DO_ONLINE:
		g_string_append(text, "goes online");
		break;
	case DO_OFFLINE:
		g_string_append(text, "goes offline");
		break;
	case DO_PING:
		g_string_append_printf(text, "pings %s %" PRIu64 " time%s", action->target,
		                       action->count, action->count == 1 ? "" : "s");
		break;
	case DO_DIG:
		g_string_append_printf(text, "asks DNS for %s of %s",
		                       dns_type_print((uint16_t)action->record_type, type),
		                       action->target);
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
