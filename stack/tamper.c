#include "stack/tamper.h"

#include "stack/host_private.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp.h"

#define TCP_CHECKSUM_OFFSET 16

struct rule {
	char *replace, *by;
	size_t length;
	uint16_t port_least, port_most;
};

struct tamper {
	struct host *host;
	GArray *rules; /* of struct rule */
};

static void rule_clear(gpointer data)
{
	struct rule *rule = data;

	g_free(rule->replace);
	g_free(rule->by);
}

struct tamper *tamper_new(struct host *host)
{
	struct tamper *tamper = g_new0(struct tamper, 1);

	tamper->host = host;
	tamper->rules = g_array_new(FALSE, FALSE, sizeof(struct rule));
	g_array_set_clear_func(tamper->rules, rule_clear);
	return tamper;
}

void tamper_free(struct tamper *tamper)
{
	if (tamper == NULL)
		return;
	g_array_unref(tamper->rules);
	g_free(tamper);
}

/* Both texts with a NUL between them. */
static void trace_rule(struct tamper *tamper, const struct rule *rule)
{
	uint8_t bytes[2 * TAMPER_TEXT_MAX + 1] = { 0 };

	memcpy(bytes, rule->replace, rule->length);
	memcpy(bytes + rule->length + 1, rule->by, rule->length);
	trace_emit(&tamper->host->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_TABLE,
		       .layer = LAYER_TAMPER,
		       .detail = TAMPER_RULE,
		       .object = tamper->rules->len,
		       .before = rule->port_least,
		       .after = rule->port_most,
		   },
		   (struct bytes) { bytes, 2 * rule->length + 1 });
}

bool tamper_add(struct tamper *tamper, const struct tamper_rule *described)
{
	struct rule rule = {
		.replace = g_strdup(described->replace),
		.by = g_strdup(described->by),
		.length = strlen(described->replace),
		.port_least = described->port_least,
		.port_most = described->port_most,
	};

	g_assert(rule.length >= 1 && rule.length <= TAMPER_TEXT_MAX &&
		 rule.length == strlen(rule.by));
	if (tamper->rules->len >= TAMPER_RULES_MAX) {
		rule_clear(&rule);
		return false;
	}
	g_array_append_val(tamper->rules, rule);
	trace_rule(tamper, &rule);
	return true;
}

/* A segment in the packet's own bytes. */
struct segment {
	uint8_t *start; /* of its header */
	size_t header_bytes, length;
	uint16_t source_port, destination_port;
};

static bool find_segment(struct packet *packet, struct segment *segment)
{
	struct ipv4_header ipv4;
	struct tcp_header tcp;
	struct bytes payload, data;

	if (ipv4_header_parse(packet_bytes(packet), &ipv4, &payload) != PARSE_OK ||
	    ipv4.protocol != IP_PROTOCOL_TCP || ipv4.fragment_offset_bytes != 0 ||
	    tcp_header_parse(payload, &tcp, &data) != PARSE_OK)
		return false;
	*segment = (struct segment) {
		.start = packet_data(packet) + ipv4.header_bytes,
		.header_bytes = payload.length - data.length,
		.length = payload.length,
		.source_port = tcp.source_port,
		.destination_port = tcp.destination_port,
	};
	return true;
}

static bool is_within(uint16_t port, const struct rule *rule)
{
	return (rule->port_least == 0 && rule->port_most == 0) ||
	       (port >= rule->port_least && port <= rule->port_most);
}

/* Checksums are sums of words at even places of the segment; the last may lack its second byte. */
static void put_byte(const struct segment *segment, size_t at, uint8_t byte)
{
	uint8_t *checksum = segment->start + TCP_CHECKSUM_OFFSET;
	size_t even = at & ~(size_t)1;
	bool is_whole = even + 1 < segment->length;
	uint8_t word[2] = { segment->start[even], is_whole ? segment->start[even + 1] : 0 };
	uint16_t before = get_be16(word);

	word[at - even] = byte;
	segment->start[at] = byte;
	put_be16(checksum, checksum_update(get_be16(checksum), before, get_be16(word)));
}

static void overwrite(const struct segment *segment, size_t at, const struct rule *rule)
{
	for (size_t i = 0; i < rule->length; i++)
		put_byte(segment, at + i, (uint8_t)rule->by[i]);
}

/* Overwrites the text wherever it stands; returns how often, and where first. */
static unsigned apply(struct packet *packet, const struct segment *segment, const struct rule *rule,
		      size_t *first)
{
	unsigned count = 0;

	for (size_t at = segment->header_bytes; at + rule->length <= segment->length; at++) {
		if (memcmp(segment->start + at, rule->replace, rule->length) != 0)
			continue;
		if (count++ == 0)
			*first = at - segment->header_bytes;
		packet_bytes_change(packet);
		overwrite(segment, at, rule);
		at += rule->length - 1;
	}
	return count;
}

static void trace_rewrite(struct tamper *tamper, const struct packet *packet, guint number,
			  size_t first, unsigned count)
{
	const struct rule *rule = &g_array_index(tamper->rules, struct rule, number);

	trace_emit(&tamper->host->node, packet,
		   &(struct trace_record) {
		       .kind = TRACE_FORWARD,
		       .layer = LAYER_TAMPER,
		       .detail = TAMPER_OVERWRITTEN,
		       .object = number + 1,
		       .before = first,
		       .after = count,
		       .interface = packet->interface,
		       .start = (uint16_t)packet->start,
		   },
		   bytes_of(rule->by));
}

void tamper_rewrite(struct tamper *tamper, struct packet *packet)
{
	struct segment segment;

	if (!find_segment(packet, &segment))
		return;
	for (guint i = 0; i < tamper->rules->len; i++) {
		const struct rule *rule = &g_array_index(tamper->rules, struct rule, i);
		size_t first = 0;
		unsigned count = 0;

		if (is_within(segment.source_port, rule) ||
		    is_within(segment.destination_port, rule))
			count = apply(packet, &segment, rule, &first);
		if (count > 0)
			trace_rewrite(tamper, packet, i, first, count);
	}
}
