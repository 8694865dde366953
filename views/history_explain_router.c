/* What happens at a hop, and why: at routers, with their packet filters and translations. */
#include "protocols/layer.h"
#include "stack/names.h"
#include "views/history_telling.h"
#include "views/middlebox.h"
#include "views/names.h"

static void append_endpoint(const struct telling *telling, uint64_t number)
{
	char text[ENDPOINT_TEXT_BYTES];

	g_string_append(
	    telling->out,
	    endpoint_print((struct endpoint) { (uint32_t)(number >> 16), (uint16_t)number }, text));
}

static void append_translation(const struct telling *telling, const struct trace_record *record)
{
	bool is_source = record->detail == NAT_SOURCE || record->detail == NAT_QUOTED_DESTINATION;

	g_string_append_printf(telling->out, " Address translation (NAT) replaces the %s ",
			       is_source ? "source" : "destination");
	append_endpoint(telling, record->before);
	g_string_append(telling->out, " by ");
	append_endpoint(telling, record->after);
	g_string_append(telling->out, is_source
					  ? ", because the address inside means nothing outside."
					  : ", which is who the packet is really for.");
}

void telling_append_rule(const struct telling *telling, uint64_t number)
{
	const struct history *history = telling->history;
	uint64_t index = history_find_rule(history, telling->hop->node, number);
	const struct trace_record *rule;
	const char *colon;
	GString *text;

	if (index == UINT64_MAX)
		return;
	text = g_string_new(NULL);
	rule = history_record_at(history, index);
	middlebox_describe_rule(text, history->model, telling->hop->node, rule->interface, number,
				history_bytes_at(history, index));
	colon = strstr(text->str, ": "); /* behind "rule 2", which is said already */
	g_string_append_printf(telling->out, " (%s)", colon == NULL ? text->str : colon + 2);
	g_string_free(text, TRUE);
}

/* What the filter says of a packet that it lets through. */
static void append_permission(const struct telling *telling, const struct trace_record *record)
{
	switch (record->detail) {
	case FILTER_ALLOWED:
		g_string_append_printf(telling->out,
				       " Its packet filter lets the packet through by rule %u",
				       (unsigned)record->object);
		telling_append_rule(telling, record->object);
		g_string_append_c(telling->out, '.');
		break;
	case FILTER_ANSWER:
		g_string_append(telling->out, " Its packet filter lets it through, because it "
					      "belongs to what was let through before.");
		break;
	default:
		g_string_append(telling->out, " No rule of its packet filter is about it.");
		break;
	}
}

static void append_tampering(const struct telling *telling, const struct trace_record *record)
{
	g_string_append_printf(
	    telling->out,
	    " An attacker there overwrites text at byte %u of what TCP carries (his rule "
	    "%u), and makes the checksum right again: neither end can tell.",
	    (unsigned)record->before, (unsigned)record->object);
}

void telling_append_middlebox(const struct telling *telling)
{
	const struct history *history = telling->history;

	for (uint64_t i = telling->hop->first_record;
	     (i = history_hop_record(history, telling->hop, i)) != UINT64_MAX; i++) {
		const struct trace_record *record = history_record_at(history, i);

		if (record->kind != TRACE_FORWARD)
			continue;
		if (record->layer == LAYER_FILTER)
			append_permission(telling, record);
		else if (record->layer == LAYER_NAT)
			append_translation(telling, record);
		else if (record->layer == LAYER_TAMPER)
			append_tampering(telling, record);
	}
}

/* "to 192.0.2.64/26 leads out at eth1 (server-lan)". */
static void append_way(const struct telling *telling, const struct trace_record *forward)
{
	char text[IPV4_TEXT_BYTES];

	if (forward == NULL)
		return;
	g_string_append_printf(telling->out, " Its route to %s/%u leads out at ",
			       ipv4_print((uint32_t)(forward->object >> 8), text),
			       (unsigned)(forward->object & 0xff));
	telling_append_interface(telling, forward->interface);
	g_string_append_c(telling->out, '.');
}

static void append_changes(const struct telling *telling, const struct telling_frame *in,
			   const struct telling_frame *out)
{
	if (in->ipv4.ttl != out->ipv4.ttl)
		g_string_append_printf(telling->out,
				       " It lowers the TTL from %u to %u, so that a packet in a "
				       "loop dies some day, and "
				       "computes the header checksum anew (0x%04x to 0x%04x);",
				       in->ipv4.ttl, out->ipv4.ttl, in->ipv4.checksum,
				       out->ipv4.checksum);
	g_string_append(telling->out, " a new Ethernet header addresses the frame to ");
	telling_append_mac(telling, out->ethernet.destination);
	g_string_append_c(telling->out, '.');
}

void telling_route(const struct telling *telling)
{
	const struct trace_record *forward =
	    history_hop_find(telling->history, telling->hop, TRACE_FORWARD, LAYER_IPV4);
	struct telling_frame in, out;

	telling_read(&in, telling, telling->hop->received);
	telling_read(&out, telling, telling->hop->sent);
	g_string_append_printf(telling->out, "The router %s takes the Ethernet header off",
			       telling->node);
	if (!in.has_ipv4 || !out.has_ipv4) {
		g_string_append(telling->out, " and puts a new one on.");
		return;
	}
	g_string_append(telling->out, ", which was addressed to it; the packet inside is for ");
	telling_append_address(telling, in.ipv4.destination);
	g_string_append_c(telling->out, '.');
	telling_append_middlebox(telling);
	append_way(telling, forward);
	if (telling->hop->out == 0)
		g_string_append_printf(
		    telling->out,
		    " Its %u bytes are more than the next network takes: it cuts "
		    "the packet into fragments.",
		    in.ipv4.total_length_bytes);
	else
		append_changes(telling, &in, &out);
	telling_append_wait(telling);
}
