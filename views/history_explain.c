/* What happens at a hop, and why. */
#include "views/history_private.h"
#include "views/sentence.h"

void history_explain_hop(GString *out, const struct history *history, const struct history_hop *hop)
{
	const char *node = model_node_name(history->model, hop->node);

	switch ((enum history_outcome)hop->outcome) {
	case HISTORY_MADE:
		sentence_append(out, history->model, hop->sent);
		break;
	case HISTORY_SWITCHED:
		g_string_append_printf(out, "The switch %s passes the frame on as it is.", node);
		break;
	case HISTORY_ROUTED:
		g_string_append_printf(
		    out,
		    "The router %s takes off the Ethernet header, lowers the TTL "
		    "and puts a new Ethernet header in front.",
		    node);
		break;
	case HISTORY_DROPPED:
		g_string_append_printf(out, "The packet is lost at %s: %s.", node, hop->reason);
		break;
	case HISTORY_IGNORED:
		g_string_append_printf(out, "The packet ends at %s: %s.", node, hop->reason);
		break;
	case HISTORY_DELIVERED:
		g_string_append_printf(out, "%s takes off all headers.", node);
		break;
	case HISTORY_WAITING:
		g_string_append_printf(out, "The packet still waits at %s.", node);
		break;
	}
}
