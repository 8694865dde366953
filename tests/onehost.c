#include "tests/onehost.h"

#include <check.h>
#include "tests/wiretest.h"

const struct mac onehost_our_mac = {
	{2, 0, 0, 0, 0, 0x10}
};
const struct mac onehost_peer_mac = {
	{2, 0, 0, 0, 0, 1}
};
const struct mac onehost_other_mac = {
	{2, 0, 0, 0, 1, 2}
};

static void take(void *owner, struct packet *frame)
{
	g_ptr_array_add(owner, frame);
}

static void free_packet(void *packet)
{
	packet_free(packet);
}

void onehost_init(struct onehost *test, enum node_kind kind)
{
	struct interface_config eth0 = {
		.mac = onehost_our_mac,
		.address = ONEHOST_US,
		.prefix_length = 26,
	};
	struct interface_config eth1 = {
		.mac = { { 2, 0, 0, 0, 1, 1 } },
		.address = ONEHOST_OTHER - 1,
		.prefix_length = 24,
	};

	*test = (struct onehost) {
		.world = world_new(1, 1767225600),
		.sent = g_ptr_array_new_with_free_func(free_packet),
	};
	recorder_init(&test->recorder, test->world);
	test->host = host_new(test->world, "us", kind);
	test->eth0 = host_add_interface(test->host, &eth0);
	interface_attach(test->eth0, take, test->sent);
	if (kind == NODE_ROUTER) {
		test->eth1 = host_add_interface(test->host, &eth1);
		interface_attach(test->eth1, take, test->sent);
	}
	ck_assert(host_add_route(test->host, 0, 0, ONEHOST_PEER, NULL));
}

void onehost_clear(struct onehost *test)
{
	g_ptr_array_free(test->sent, TRUE);
	host_free(test->host);
	ck_assert_uint_eq(packet_pool_in_use(test->world->packets), 0);
	world_free(test->world);
	recorder_clear(&test->recorder);
}

void onehost_give(struct onehost *test, struct interface *interface, struct bytes frame)
{
	struct packet *packet = packet_new(test->world->packets, frame.length);

	if (frame.length > 0)
		memcpy(packet_data(packet), frame.data, frame.length);
	interface_receive(interface, packet, 0);
	*engine_context(test->world->engine) = (struct context) { 0 };
}

void onehost_run_until(struct onehost *test, int64_t until_ns)
{
	run_world_until(test->world, until_ns);
}

struct bytes onehost_sent(const struct onehost *test, unsigned index)
{
	ck_assert_msg(index < test->sent->len, "frame %u of %u", index, test->sent->len);
	return packet_bytes(g_ptr_array_index(test->sent, index));
}

static struct bytes sent_payload(const struct onehost *test, unsigned index, enum ethertype type)
{
	struct ethernet_header header;
	struct bytes payload;

	ck_assert_int_eq(ethernet_header_parse(onehost_sent(test, index), &header, &payload),
			 PARSE_OK);
	ck_assert_uint_eq(header.type, type);
	return payload;
}

struct arp_packet onehost_sent_arp(const struct onehost *test, unsigned index)
{
	struct arp_packet packet;

	ck_assert_int_eq(arp_packet_parse(sent_payload(test, index, ETHERTYPE_ARP), &packet),
			 PARSE_OK);
	return packet;
}

struct ipv4_header onehost_sent_ipv4(const struct onehost *test, unsigned index,
				     struct bytes *payload)
{
	struct bytes datagram = sent_payload(test, index, ETHERTYPE_IPV4);
	struct ipv4_header header;

	ck_assert_int_eq(ipv4_header_parse(datagram, &header, payload), PARSE_OK);
	ck_assert(ipv4_checksum_is_right(datagram));
	return header;
}

struct icmp_header onehost_sent_icmp(const struct onehost *test, unsigned index,
				     struct bytes *payload)
{
	struct bytes message;
	struct icmp_header header;

	ck_assert_uint_eq(onehost_sent_ipv4(test, index, &message).protocol, 1);
	ck_assert(icmp_checksum_is_right(message));
	ck_assert_int_eq(icmp_header_parse(message, &header, payload), PARSE_OK);
	return header;
}

void onehost_give_arp(struct onehost *test, const struct arp_packet *packet, bool is_broadcast)
{
	uint8_t frame[ETHERNET_MIN_FRAME_BYTES] = { 0 };
	struct ethernet_header header = {
		.destination = is_broadcast ? mac_broadcast : onehost_our_mac,
		.source = packet->sender_mac,
		.type = ETHERTYPE_ARP,
	};

	ethernet_header_emit(&header, frame);
	arp_packet_emit(packet, frame + ETHERNET_HEADER_BYTES);
	onehost_give(test, test->eth0, (struct bytes) { frame, sizeof frame });
}

void onehost_resolve_peer(struct onehost *test)
{
	onehost_give_arp(test,
			 &(struct arp_packet) {
			     .operation = ARP_REQUEST,
			     .sender_mac = onehost_peer_mac,
			     .sender_address = ONEHOST_PEER,
			     .target_address = ONEHOST_US,
			 },
			 true);
	g_ptr_array_set_size(test->sent, 0);
	recorder_forget(&test->recorder);
}

void onehost_give_ipv4(struct onehost *test, const struct ipv4_header *header, struct bytes payload)
{
	uint8_t frame[ETHERNET_HEADER_BYTES + IPV4_HEADER_MAX_BYTES + 65535];
	uint8_t *datagram = frame + ETHERNET_HEADER_BYTES;
	size_t header_bytes = ipv4_header_length(header);
	struct ipv4_header complete = *header;
	struct ethernet_header ethernet = { onehost_our_mac, onehost_peer_mac, ETHERTYPE_IPV4 };

	complete.total_length_bytes = (uint16_t)(header_bytes + payload.length);
	ethernet_header_emit(&ethernet, frame);
	ipv4_header_emit(&complete, datagram);
	ipv4_checksum_set(datagram);
	if (payload.length > 0)
		memcpy(datagram + header_bytes, payload.data, payload.length);
	onehost_give(
	    test, test->eth0,
	    (struct bytes) { frame, ETHERNET_HEADER_BYTES + header_bytes + payload.length });
}

unsigned onehost_count(const struct onehost *test, enum trace_kind kind, int layer, int detail)
{
	return recorder_count(&test->recorder, (struct wanted) { kind, layer, detail, NULL });
}
