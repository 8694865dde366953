/*
 * Frames from outside into a router with open ports, Ethernet and up. The input is a row of frames:
 * a control byte, the length in two bytes, the frame. Control: bit 0 the interface, bit 1 to have its
 * checksums corrected (or little would get past them), the rest the time to pass before it in steps
 * of 0.7 s, in which ARP rows age and fragments time out.
 */
#include <glib.h>
#include <stdlib.h>
#include "stack/arp.h"
#include "stack/host.h"
#include "stack/ipv4.h"
#include "stack/socket.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/icmp.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp.h"
#include "stack/wire/udp.h"

#define US   UINT32_C(0xc000020a) /* 192.0.2.10 on eth0 */
#define PEER UINT32_C(0xc0000201)
#define FAR  UINT32_C(0xc6336401) /* 198.51.100.1 on eth1 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_frame(void *owner, struct packet *frame)
{
	(void)owner;
	if (packet_length(frame) < ETHERNET_MIN_FRAME_BYTES)
		abort();
	packet_free(frame);
}

static void take_datagram(void *owner, struct endpoint from, struct bytes payload)
{
	(void)owner;
	(void)from;
	(void)payload;
}

static void take_error(void *owner, struct endpoint to, uint8_t type, uint8_t code)
{
	(void)owner;
	(void)to;
	(void)type;
	(void)code;
}

static void read_all(void *stream)
{
	struct bytes in;

	while ((in = stream_peek(*(struct stream **)stream)).length > 0)
		stream_consume(*(struct stream **)stream, in.length);
}

static void forget(void *stream)
{
	*(struct stream **)stream = NULL;
}

static void fail(void *stream, enum stream_failure why)
{
	(void)why;
	forget(stream);
}

static const struct stream_events events = { .readable = read_all,
					     .closed = forget,
					     .failed = fail };

static void accept_stream(void *owner, struct stream *stream)
{
	struct stream **kept = owner;

	if (*kept != NULL) {
		stream_abort(stream);
		return;
	}
	*kept = stream;
	stream_listen(stream, &events, kept);
}

static void ignore_ping(void *owner, int64_t round_trip_ns)
{
	(void)owner;
	(void)round_trip_ns;
}

static struct interface *add_interface(struct host *host, uint32_t address)
{
	struct interface_config config = {
		.mac = { { 2, 0, 0, 0, 0, (uint8_t)(1 + host_interface_count(host)) } },
		.address = address,
		.prefix_length = 24,
		.mtu_bytes = address == FAR ? 600 : 1500,
	};
	struct interface *interface = host_add_interface(host, &config);

	interface_attach(interface, take_frame, NULL);
	return interface;
}

static void repair_payload(const struct ipv4_header *header, uint8_t *payload, size_t length)
{
	if (header->protocol == IP_PROTOCOL_ICMP && length >= ICMP_HEADER_BYTES)
		icmp_checksum_set(payload, length);
	else if (header->protocol == IP_PROTOCOL_UDP && length >= UDP_HEADER_BYTES)
		put_be16(payload + 6, 0);
}

/* Corrects MAC address and checksums, so that the frame is looked at more closely. */
static void repair(const struct interface *interface, uint8_t *frame, size_t length)
{
	struct ipv4_header header;
	struct bytes payload;

	if (length < ETHERNET_HEADER_BYTES)
		return;
	if (!(frame[0] & 1))
		memcpy(frame, interface->mac.octets, 6);
	struct bytes datagram = { frame + ETHERNET_HEADER_BYTES, length - ETHERNET_HEADER_BYTES };

	if (get_be16(frame + 12) != ETHERTYPE_IPV4 ||
	    ipv4_header_parse(datagram, &header, &payload) != PARSE_OK)
		return;
	repair_payload(&header, frame + (payload.data - frame), payload.length);
	ipv4_checksum_set(frame + ETHERNET_HEADER_BYTES);
}

static void stop(void *engine)
{
	engine_stop(engine);
}

static void pass_time(struct world *world, int64_t ns)
{
	int64_t until_ns = engine_now(world->engine) + ns;
	struct timer alarm;

	timer_init(&alarm, UINT32_MAX, stop, world->engine);
	timer_schedule(world->engine, &alarm, until_ns);
	engine_run(world->engine, until_ns);
	timer_cancel(world->engine, &alarm);
}

static void give_frames(struct world *world, struct interface *const *interfaces, struct bytes in)
{
	while (in.length >= 3) {
		uint8_t control = in.data[0];
		struct bytes frame = bytes_first(bytes_from(in, 3), get_be16(in.data + 1));
		struct packet *packet = packet_new(world->packets, frame.length);

		if (frame.length > 0)
			memcpy(packet_data(packet), frame.data, frame.length);
		if (control & 2)
			repair(interfaces[control & 1], packet_data(packet), frame.length);
		pass_time(world, (control >> 2) * 700 * NS_PER_MS);
		interface_receive(interfaces[control & 1], packet, 0);
		*engine_context(world->engine) = (struct context) { 0 };
		in = bytes_from(in, 3 + frame.length);
	}
	pass_time(world, 60 * NS_PER_S);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *world = world_new(1, 0);
	struct host *host = host_new(world, "us", NODE_ROUTER);
	struct interface *interfaces[] = { add_interface(host, US), add_interface(host, FAR) };
	struct stream *stream = NULL;
	struct udp_socket *socket = udp_open(host, 53, take_datagram, NULL);

	host_add_route(host, 0, 0, PEER, NULL);
	udp_on_error(socket, take_error);
	tcp_listen(host, 25, accept_stream, &stream);
	icmp_ping(host, PEER, 56, 100 * NS_PER_S, ignore_ping, NULL);
	give_frames(world, interfaces, (struct bytes) { data, size });
	host_free(host);
	if (packet_pool_in_use(world->packets) != 0)
		abort();
	world_free(world);
	return 0;
}
