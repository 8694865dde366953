#include "tests/router.h"

#include <check.h>
#include "stack/wire/checksum.h"

void router_init(struct router *router)
{
	router->standalone = standalone_new(&(struct standalone_config) {
	    .address = ROUTER_INSIDE,
	    .prefix_length = 24,
	    .second_address = ROUTER_OUTSIDE,
	    .second_prefix_length = 24,
	});
	router->host = standalone_host(router->standalone);
	router->inside = host_interface(router->host, 1);
	router->outside = host_interface(router->host, 2);
	recorder_init(&router->recorder, host_world(router->host));
}

void router_clear(struct router *router)
{
	standalone_free(router->standalone);
	recorder_clear(&router->recorder);
}

static size_t write_transport(const struct probe *probe, uint8_t *out)
{
	size_t bytes = probe->payload != NULL ? strlen(probe->payload) : probe->payload_bytes;

	if (probe->payload != NULL)
		memcpy(out + (probe->protocol == IP_PROTOCOL_UDP ? UDP_HEADER_BYTES
								 : TCP_HEADER_BYTES),
		       probe->payload, bytes);
	switch (probe->protocol) {
	case IP_PROTOCOL_UDP:
		udp_header_emit(
		    &(struct udp_header) {
			.source_port = probe->source.port,
			.destination_port = probe->destination.port,
			.length_bytes = (uint16_t)(UDP_HEADER_BYTES + bytes),
		    },
		    out);
		if (!probe->has_no_checksum)
			put_be16(out + 6, checksum_finish(checksum_add(
					      checksum_pseudo(probe->source.address,
							      probe->destination.address, 17,
							      UDP_HEADER_BYTES + bytes),
					      (struct bytes) { out, UDP_HEADER_BYTES + bytes })));
		return UDP_HEADER_BYTES + bytes;
	case IP_PROTOCOL_ICMP:
		icmp_header_emit(
		    &(struct icmp_header) {
			.type = probe->source.port != 0 ? ICMP_ECHO_REQUEST : ICMP_ECHO_REPLY,
			.rest = icmp_echo_rest(probe->source.port | probe->destination.port, 1),
		    },
		    out);
		if (probe->quotes != NULL) {
			uint8_t quoted[2000];

			icmp_header_emit(&(struct icmp_header) { .type = probe->icmp_type,
								 .code = probe->icmp_code },
					 out);
			bytes = probe_write(probe->quotes, quoted);
			if (probe->payload_bytes != 0)
				bytes = MIN(bytes, probe->payload_bytes);
			memcpy(out + ICMP_HEADER_BYTES, quoted, bytes);
		}
		icmp_checksum_set(out, ICMP_HEADER_BYTES + bytes);
		return ICMP_HEADER_BYTES + bytes;
	default:
		tcp_header_emit(
		    &(struct tcp_header) {
			.source_port = probe->source.port,
			.destination_port = probe->destination.port,
			.sequence = 1000,
			.acknowledgment = 2000,
			.flags = probe->tcp_flags,
			.window = 1000,
		    },
		    out);
		tcp_checksum_set(out, checksum_add(0, (struct bytes) { out + 20, bytes }), bytes,
				 probe->source.address, probe->destination.address);
		return TCP_HEADER_BYTES + bytes;
	}
}

size_t probe_write(const struct probe *probe, uint8_t *out)
{
	memset(out, 0xa5, 2000);
	size_t bytes = write_transport(probe, out + IPV4_HEADER_BYTES);

	ipv4_header_emit(
	    &(struct ipv4_header) {
		.total_length_bytes = (uint16_t)(IPV4_HEADER_BYTES + bytes),
		.identification = 77,
		.dont_fragment = probe->dont_fragment,
		.ttl = probe->ttl != 0 ? probe->ttl : 64,
		.protocol = probe->protocol != 0 ? probe->protocol : IP_PROTOCOL_TCP,
		.source = probe->source.address,
		.destination = probe->destination.address,
	    },
	    out);
	ipv4_checksum_set(out);
	return IPV4_HEADER_BYTES + bytes;
}

void router_give(struct router *router, unsigned interface, const struct probe *probe)
{
	uint8_t datagram[2000];
	size_t length = probe_write(probe, datagram);

	standalone_give_at(router->standalone, interface, (struct bytes) { datagram, length });
}

static void check_transport(const struct ipv4_header *header, struct bytes payload)
{
	uint32_t pseudo =
	    checksum_pseudo(header->source, header->destination, header->protocol, payload.length);

	switch (header->protocol) {
	case IP_PROTOCOL_TCP:
		ck_assert(tcp_checksum_is_right(payload, header->source, header->destination));
		break;
	case IP_PROTOCOL_UDP:
		ck_assert(get_be16(payload.data + 6) == 0 ||
			  checksum_finish(checksum_add(pseudo, payload)) == 0);
		break;
	case IP_PROTOCOL_ICMP:
		ck_assert(icmp_checksum_is_right(payload));
		break;
	default:
		break;
	}
}

struct bytes router_take(struct router *router, unsigned interface, struct flow_packet *seen)
{
	struct standalone_packet packet;
	struct ipv4_header header;
	struct bytes payload;

	standalone_advance(router->standalone, standalone_now(router->standalone) + 1000000);
	ck_assert_msg(standalone_take(router->standalone, &packet), "nothing was sent");
	ck_assert_uint_eq(packet.interface, interface);
	ck_assert_int_eq(ipv4_header_parse(packet.bytes, &header, &payload), PARSE_OK);
	ck_assert(ipv4_checksum_is_right(packet.bytes));
	if (!header.more_fragments && header.fragment_offset_bytes == 0)
		check_transport(&header, payload);
	flow_read(packet.bytes, seen);
	return packet.bytes;
}

bool router_is_silent(struct router *router)
{
	struct standalone_packet packet;

	standalone_advance(router->standalone, standalone_now(router->standalone) + 1000000);
	return !standalone_take(router->standalone, &packet);
}

void router_wait(struct router *router, unsigned seconds)
{
	standalone_advance(router->standalone,
			   standalone_now(router->standalone) + seconds * INT64_C(1000000000));
}

unsigned router_count(const struct router *router, enum trace_kind kind, int layer, int detail)
{
	return recorder_count(&router->recorder, (struct wanted) { kind, layer, detail, NULL });
}

void check_ends(struct flow_ends ends, uint32_t source, uint16_t source_port, uint32_t destination,
		uint16_t destination_port)
{
	ck_assert_uint_eq(ends.source.address, source);
	ck_assert_uint_eq(ends.source.port, source_port);
	ck_assert_uint_eq(ends.destination.address, destination);
	ck_assert_uint_eq(ends.destination.port, destination_port);
}
