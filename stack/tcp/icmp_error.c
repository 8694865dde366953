/*
 * ICMP errors about segments we sent (RFC 1122 section 4.2.3.9, RFC 5461, RFC 5927). They are believed
 * only when they quote a sequence number that is outstanding; and an open connection outlives all
 * of them, since they may pass, or be forged.
 */
#include "stack/tcp/connection.h"

#include "stack/wire/icmp.h"

#define QUOTED_BYTES 8 /* of the TCP header: ports and sequence number */

static struct tcp_connection *find_quoted(const struct tcp *tcp, const struct ipv4_header *header,
					  struct bytes original)
{
	struct flow wanted = {
		.local_address = header->source,
		.remote_address = header->destination,
		.local_port = get_be16(original.data),
		.remote_port = get_be16(original.data + 2),
	};
	struct flow *flow = flow_table_find(&tcp->flows, &wanted);

	if (flow == NULL || flow->is_time_wait)
		return NULL;
	struct tcp_connection *c = connection_of_flow(flow);
	uint32_t sequence = get_be32(original.data + 4);

	/* RFC 5927 section 4.1: what is not outstanding cannot have caused an error. */
	return sequence_in(sequence, c->snd_una, connection_outstanding(c) + c->is_probing) ? c
											    : NULL;
}

/* IPv4 has taken note of the MTU before (RFC 1191 section 6.3). */
static void path_mtu_fell(struct tcp_connection *c)
{
	uint16_t old_mss = c->mss;

	connection_update_mss(c, ipv4_path_mtu(c->tcp->host, c->flow.remote_address));
	if (!state_is_synchronized((enum tcp_state)c->state) || c->mss >= old_mss)
		return;
	recovery_path_mtu(c);
	output_new_data(c);
}

static void unreachable(struct tcp_connection *c, uint8_t type, uint8_t code)
{
	bool port_is_closed = type == ICMP_DESTINATION_UNREACHABLE &&
			      (code == ICMP_PORT_UNREACHABLE || code == ICMP_PROTOCOL_UNREACHABLE);

	if (state_is_synchronized((enum tcp_state)c->state))
		c->soft_error = true;
	else
		connection_fail(c, port_is_closed ? STREAM_REFUSED : STREAM_UNREACHABLE,
				TCP_BY_ICMP);
}

void tcp_error(void *owner, uint8_t icmp_type, uint8_t icmp_code, uint32_t icmp_info,
	       const struct ipv4_header *header, struct bytes original)
{
	struct tcp *tcp = owner;

	(void)icmp_info; /* an MTU, which IPv4 has noted */
	if (original.length < QUOTED_BYTES || icmp_type == ICMP_SOURCE_QUENCH) /* RFC 6633 */
		return;
	struct tcp_connection *c = find_quoted(tcp, header, original);

	if (c == NULL)
		return;
	if (icmp_type == ICMP_DESTINATION_UNREACHABLE && icmp_code == ICMP_FRAGMENTATION_NEEDED)
		path_mtu_fell(c);
	else
		unreachable(c, icmp_type, icmp_code);
	timers_settle(c);
}
