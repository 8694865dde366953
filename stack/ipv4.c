#include "stack/ipv4.h"

#include "stack/drop.h"
#include "stack/host_private.h"
#include "stack/ipv4_private.h"
#include "stack/loopback.h"
#include "stack/middlebox.h"
#include "stack/path_mtu.h"
#include "stack/reassembly.h"
#include "stack/redirect.h"
#include "stack/tcp/tcp.h"
#include "stack/wire/ethernet.h"

#define LOOPBACK_NET      UINT32_C(0x7f000000) /* 127.0.0.0/8 */
#define LOOPBACK_MASK     UINT32_C(0xff000000)
#define MULTICAST_NET     UINT32_C(0xe0000000) /* 224.0.0.0/4 */
#define CLASS_E_NET       UINT32_C(0xf0000000) /* 240.0.0.0/4 */
#define HIGH_NIBBLE_MASK  UINT32_C(0xf0000000)
#define LEAST_TTL_FORWARD 2

static bool is_loopback(uint32_t address)
{
	return (address & LOOPBACK_MASK) == LOOPBACK_NET;
}

static bool is_multicast(uint32_t address)
{
	return (address & HIGH_NIBBLE_MASK) == MULTICAST_NET;
}

/* Addresses that no datagram on a wire can come from (RFC 1122 section 3.2.1.3, 1812 5.3.7). */
static bool source_is_possible(const struct interface *interface, uint32_t source)
{
	return source >> 24 != 0 && !is_loopback(source) && source < MULTICAST_NET &&
	       source != interface->address && source != interface->broadcast;
}

static bool destination_is_possible(uint32_t destination)
{
	return destination >> 24 != 0 && !is_loopback(destination) &&
	       (destination < CLASS_E_NET || destination == IPV4_BROADCAST);
}

void ipv4_drop(struct host *host, struct packet *packet, const struct trace_record *why)
{
	struct trace_record record = *why;

	record.layer = LAYER_IPV4;
	packet_drop(&host->node, packet, &record);
}

static void drop_for(struct host *host, struct packet *packet, enum ipv4_detail detail)
{
	ipv4_drop(host, packet, &(struct trace_record) { .detail = (uint16_t)detail });
}

/* Who we are, and how others are reached. */

bool ipv4_is_local(const struct host *host, uint32_t address)
{
	const struct route *route = route_table_find(&host->routes, address);

	return (route != NULL && route->kind == ROUTE_LOCAL) || is_loopback(address);
}

uint32_t ipv4_source_for(const struct host *host, uint32_t destination)
{
	if (is_loopback(destination))
		return LOOPBACK_ADDRESS;
	if (destination == IPV4_BROADCAST)
		return host->interface_count > 0 ? host->interfaces[0]->address : 0;
	const struct route *route = route_table_find(&host->routes, destination);

	if (route == NULL)
		return 0;
	return route->kind == ROUTE_LOCAL ? destination : route->interface->address;
}

static uint16_t at_most(uint16_t a, uint16_t b)
{
	return a < b ? a : b;
}

/* What fits towards `destination` on `interface`, and whether routers may have to fragment it. */
static struct path path_towards(const struct host *host, const struct interface *interface,
				uint32_t destination)
{
	struct path path = { 0 };

	if (host->path_mtu != NULL)
		path = path_mtu_find(host->path_mtu, destination, node_now(&host->node));
	path.mtu_bytes = path.mtu_bytes != 0 ? at_most(path.mtu_bytes, interface->mtu_bytes)
					     : interface->mtu_bytes;
	return path;
}

uint16_t ipv4_path_mtu(const struct host *host, uint32_t destination)
{
	const struct route *route = route_table_find(&host->routes, destination);

	if (is_loopback(destination) || (route != NULL && route->kind == ROUTE_LOCAL))
		return LOOPBACK_MTU_BYTES;
	if (route == NULL)
		return ETHERNET_MTU_BYTES;
	return path_towards(host, route->interface, destination).mtu_bytes;
}

void ipv4_confirm(struct host *host, uint32_t destination)
{
	const struct route *route = route_table_find(&host->routes, destination);

	if (route != NULL && route->kind == ROUTE_UNICAST)
		arp_confirm(host->arp, route->interface,
			    route->gateway != 0 ? route->gateway : destination);
}

/* Sending. */

/* IEEE 802 addresses of groups (RFC 1112 section 6.4). */
static struct mac multicast_mac(uint32_t address)
{
	struct mac mac = {
		{0x01, 0x00, 0x5e, (uint8_t)(address >> 16 & 0x7f)}
	};

	put_be16(mac.octets + 4, (uint16_t)address);
	return mac;
}

static bool is_broadcast_of(const struct interface *interface, uint32_t address)
{
	return address == interface->broadcast || address == IPV4_BROADCAST;
}

void ipv4_output(struct host *host, struct interface *interface, uint32_t next_hop,
		 struct packet *packet)
{
	if (is_broadcast_of(interface, next_hop))
		interface_send(interface, mac_broadcast, ETHERTYPE_IPV4, packet);
	else if (is_multicast(next_hop))
		interface_send(interface, multicast_mac(next_hop), ETHERTYPE_IPV4, packet);
	else
		arp_send(host->arp, interface, next_hop, packet);
}

/* Not to be guessed from those to other destinations (RFC 7739 section 5.1 says the same for IPv6). */
uint16_t ipv4_identification(struct host *host, uint32_t destination)
{
	if (host->identification_key == 0) {
		struct random_stream stream;

		node_random_init(&host->node, &stream, "ipv4.identification");
		host->identification_key = random_next(&stream) | 1;
	}
	uint64_t mixed = (destination ^ host->identification_key) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint16_t)((mixed >> 48) + host->identifications++);
}

static uint16_t choose_identification(struct host *host, const struct ipv4_route_request *request)
{
	if (request->has_identification)
		return request->identification;
	return ipv4_identification(host, request->destination);
}

/* Emits the record of a header put in front; `is_shown`: with bytes, where no frame will hold them. */
static uint64_t trace_encapsulate(struct host *host, const struct packet *packet,
				  enum ipv4_detail detail, bool is_shown)
{
	if (!node_traces(&host->node, TRACE_ENCAPSULATE))
		return trace_skip(&host->node);
	return trace_emit(&host->node, packet,
			  &(struct trace_record) {
			      .kind = TRACE_ENCAPSULATE,
			      .layer = LAYER_IPV4,
			      .detail = (uint16_t)detail,
			      .start = (uint16_t)packet->start,
			      .header_bytes = IPV4_HEADER_BYTES,
			  },
			  is_shown ? packet_bytes(packet) : (struct bytes) { 0 });
}

/* Puts the header in front, and returns the id of its record. */
static uint64_t encapsulate(struct host *host, struct packet *packet,
			    const struct ipv4_route_request *request, uint32_t source,
			    enum ipv4_detail detail, bool is_shown)
{
	struct ipv4_header header = {
		.tos = request->tos,
		.total_length_bytes = (uint16_t)(packet_length(packet) + IPV4_HEADER_BYTES),
		.identification = choose_identification(host, request),
		.dont_fragment = request->dont_fragment,
		.ttl = request->ttl ? request->ttl : IPV4_DEFAULT_TTL,
		.protocol = request->protocol,
		.source = source,
		.destination = request->destination,
	};
	uint8_t *out = packet_push(packet, IPV4_HEADER_BYTES);

	ipv4_header_emit(&header, out);
	ipv4_checksum_set(out);
	return trace_encapsulate(host, packet, detail, is_shown);
}

/* Refuses a datagram with DF that does not fit; its sender is told the MTU (RFC 1191 section 4). */
static void refuse_too_big(struct host *host, struct packet *packet, size_t mtu_bytes)
{
	icmp_send_error(host, packet, ICMP_DESTINATION_UNREACHABLE, ICMP_FRAGMENTATION_NEEDED,
			(uint32_t)mtu_bytes);
	ipv4_drop(host, packet,
		  &(struct trace_record) {
		      .detail = IPV4_TOO_BIG,
		      .before = packet_length(packet),
		      .after = mtu_bytes,
		  });
}

static void send_to_self(struct host *host, struct packet *packet,
			 const struct ipv4_route_request *request)
{
	uint32_t source =
	    request->source != 0 ? request->source : ipv4_source_for(host, request->destination);
	uint64_t cause = encapsulate(host, packet, request, source, IPV4_LOOPBACK, true);

	loopback_send(host, packet, cause);
}

/* Broadcast and multicast leave by the first interface; all else as the routes say. */
static bool find_way(const struct host *host, uint32_t destination, struct route *way)
{
	if (destination == IPV4_BROADCAST || is_multicast(destination)) {
		*way = (struct route) { .kind = ROUTE_BROADCAST };
		if (host->interface_count > 0)
			way->interface = host->interfaces[0];
		return way->interface != NULL;
	}
	if (is_loopback(destination)) {
		*way = (struct route) { .kind = ROUTE_LOCAL };
		return true;
	}
	const struct route *route = route_table_find(&host->routes, destination);

	if (route == NULL)
		return false;
	*way = *route;
	return true;
}

/* Sends on `way`, by `path`, what is not for this host. */
static void send_by(struct host *host, struct packet *packet, const struct route *way,
		    struct path path, const struct ipv4_route_request *request)
{
	uint32_t source = request->source != 0 ? request->source : way->interface->address;
	uint32_t next_hop = way->gateway != 0 ? way->gateway : request->destination;
	bool fits = packet_length(packet) + IPV4_HEADER_BYTES <= path.mtu_bytes;

	encapsulate(host, packet, request, source, IPV4_PLAIN, !fits);
	if (fits)
		ipv4_output(host, way->interface, next_hop, packet);
	else if (request->dont_fragment)
		refuse_too_big(host, packet, path.mtu_bytes);
	else
		ipv4_send_fragments(host, way->interface, next_hop, packet, path.mtu_bytes);
}

/* The same where routers must fragment: without DF, and so with an identification of its own. */
static __attribute__((noinline)) void send_locked(struct host *host, struct packet *packet,
						  const struct route *way, struct path path,
						  const struct ipv4_route_request *request)
{
	struct ipv4_route_request changed = *request;

	changed.dont_fragment = false;
	changed.has_identification = request->identification != 0;
	send_by(host, packet, way, path, &changed);
}

const struct interface *ipv4_send(struct host *host, struct packet *packet,
				  const struct ipv4_route_request *request)
{
	struct route way;

	if (!find_way(host, request->destination, &way)) {
		ipv4_drop(host, packet,
			  &(struct trace_record) {
			      .detail = IPV4_NO_ROUTE,
			      .object = request->destination,
			  });
		return NULL;
	}
	if (way.kind == ROUTE_LOCAL) {
		send_to_self(host, packet, request);
		return NULL;
	}
	struct path path = path_towards(host, way.interface, request->destination);

	if (path.is_locked)
		send_locked(host, packet, &way, path, request);
	else
		send_by(host, packet, &way, path, request);
	return way.interface;
}

/* Delivering to this host. */

static void hand_to_transport(struct host *host, struct packet *packet,
			      const struct ipv4_header *header)
{
	switch (header->protocol) {
	case IP_PROTOCOL_TCP:
		tcp_transport.receive(host_tcp(host), packet, header);
		break;
	case IP_PROTOCOL_UDP:
		udp_receive(host, packet, header);
		break;
	case IP_PROTOCOL_ICMP:
		icmp_receive(host, packet, header);
		break;
	default:
		packet_push(packet, header->header_bytes);
		icmp_send_error(host, packet, ICMP_DESTINATION_UNREACHABLE,
				ICMP_PROTOCOL_UNREACHABLE, 0);
		ipv4_drop(host, packet,
			  &(struct trace_record) {
			      .detail = IPV4_UNKNOWN_PROTOCOL,
			      .before = header->protocol,
			  });
	}
}

static bool is_fragment(const struct ipv4_header *header)
{
	return header->more_fragments || header->fragment_offset_bytes > 0;
}

static void trace_decapsulate(struct host *host, const struct packet *packet,
			      const struct ipv4_header *header, bool was_fragmented)
{
	if (!node_traces(&host->node, TRACE_DECAPSULATE)) {
		trace_skip(&host->node);
		return;
	}
	trace_emit(&host->node, packet,
		   &(struct trace_record) {
		       .kind = TRACE_DECAPSULATE,
		       .layer = LAYER_IPV4,
		       .detail = packet->interface == 0 ? IPV4_LOOPBACK : IPV4_PLAIN,
		       .interface = packet->interface,
		       .start = (uint16_t)packet->start,
		       .header_bytes = header->header_bytes,
		   },
		   was_fragmented ? packet_bytes(packet) : (struct bytes) { 0 });
}

void ipv4_deliver(struct host *host, struct packet *packet, struct ipv4_header *header,
		  bool is_broadcast)
{
	bool was_fragmented = is_fragment(header);
	struct bytes payload;

	if (is_broadcast && header->protocol == IP_PROTOCOL_TCP) {
		drop_for(host, packet, IPV4_BAD_DESTINATION); /* RFC 9293 section 3.9.2.3 */
		return;
	}
	if (was_fragmented) {
		packet = reassembly_add(host, packet, header);
		if (packet == NULL)
			return;
		ipv4_header_parse(packet_bytes(packet), header, &payload);
	}
	trace_decapsulate(host, packet, header, was_fragmented);
	packet_pull(packet, header->header_bytes);
	hand_to_transport(host, packet, header);
}

/* Forwarding (RFC 1812 section 5.2). */

static void trace_forward(struct host *host, const struct packet *packet,
			  const struct ipv4_header *header, const struct route *route)
{
	if (!node_traces(&host->node, TRACE_FORWARD)) {
		trace_skip(&host->node);
		return;
	}
	trace_emit(&host->node, packet,
		   &(struct trace_record) {
		       .kind = TRACE_FORWARD,
		       .layer = LAYER_IPV4,
		       .detail = IPV4_FORWARDED,
		       .object = (uint64_t)route->prefix << 8 | route->prefix_length,
		       .before = header->ttl,
		       .after = header->ttl - 1u,
		       .interface = interface_number(route->interface),
		       .start = (uint16_t)packet->start,
		       .header_bytes = header->header_bytes,
		   },
		   bytes_first(packet_bytes(packet), header->header_bytes));
}

/*
 * There are two of these and of dispatch(): a host without a middlebox, nearly every one, pays no more
 * for what it does not have than the one branch in ipv4_receive().
 */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/*
 * Passes a datagram on by `route`. `is_guarded`: through packet filter and address translation, which
 * come when its sender can still be told, in the words it used, what is wrong with it.
 */
static ALWAYS_INLINE void forward(struct host *host, struct packet *packet,
				  struct ipv4_header *header, const struct route *route,
				  bool is_guarded)
{
	struct interface *interface = route->interface;
	uint32_t next_hop = route->gateway != 0 ? route->gateway : header->destination;

	if (header->ttl < LEAST_TTL_FORWARD) {
		icmp_send_error(host, packet, ICMP_TIME_EXCEEDED, ICMP_TTL_EXCEEDED, 0);
		drop_for(host, packet, IPV4_TTL_EXPIRED);
		return;
	}
	if (header->total_length_bytes > interface->mtu_bytes && header->dont_fragment) {
		refuse_too_big(host, packet, interface->mtu_bytes);
		return;
	}
	if (interface_number(interface) == packet->interface)
		redirect_send(host, packet, header, route);
	if (is_guarded && !middlebox_forward(host, &packet, header, interface))
		return;
	ipv4_ttl_decrement(packet_data(packet));
	trace_forward(host, packet, header, route);
	if (header->total_length_bytes <= interface->mtu_bytes)
		ipv4_output(host, interface, next_hop, packet);
	else
		ipv4_send_fragments(host, interface, next_hop, packet, interface->mtu_bytes);
}

static void refuse_without_route(struct host *host, struct packet *packet,
				 const struct ipv4_header *header)
{
	icmp_send_error(host, packet, ICMP_DESTINATION_UNREACHABLE, ICMP_NET_UNREACHABLE, 0);
	ipv4_drop(host, packet,
		  &(struct trace_record) {
		      .detail = IPV4_NO_ROUTE,
		      .object = header->destination,
		  });
}

/* Receiving. */

/* Source routes are an invitation to lie about addresses; others are passed on as they are. */
static bool options_are_right(struct host *host, struct packet *packet,
			      const struct ipv4_header *header)
{
	struct bytes rest = header->options;
	struct option option;

	while (rest.length > 0) {
		if (option_next(&rest, &option) != PARSE_OK) {
			uint32_t pointer = (uint32_t)(rest.data - packet_data(packet));

			icmp_send_error(host, packet, ICMP_PARAMETER_PROBLEM, 0, pointer << 24);
			ipv4_drop(host, packet,
				  &(struct trace_record) {
				      .detail = IPV4_BAD_OPTION,
				      .before = pointer,
				  });
			return false;
		}
		if (option.kind == OPTION_END)
			break;
		if (option.kind == IPV4_OPTION_LOOSE_SOURCE_ROUTE ||
		    option.kind == IPV4_OPTION_STRICT_SOURCE_ROUTE) {
			icmp_send_error(host, packet, ICMP_DESTINATION_UNREACHABLE,
					ICMP_SOURCE_ROUTE_FAILED, 0);
			drop_for(host, packet, IPV4_SOURCE_ROUTED);
			return false;
		}
	}
	return true;
}

/* Everything that makes a datagram worth no further look; drops it and returns false. */
static bool is_acceptable(struct host *host, const struct interface *interface,
			  struct packet *packet, const struct ipv4_header *header, bool is_group)
{
	bool is_group_address =
	    is_multicast(header->destination) || is_broadcast_of(interface, header->destination);

	if (!source_is_possible(interface, header->source))
		drop_for(host, packet, IPV4_BAD_SOURCE);
	else if (!destination_is_possible(header->destination))
		drop_for(host, packet, IPV4_BAD_DESTINATION);
	else if (is_group && !is_group_address) /* RFC 1122 section 3.3.6 */
		drop_for(host, packet, IPV4_BAD_DESTINATION);
	else
		return header->options.length == 0 || options_are_right(host, packet, header);
	return false;
}

/* Decides between this host, another, and nobody. `is_guarded`: see forward(). */
static ALWAYS_INLINE void dispatch(struct host *host, struct interface *interface,
				   struct packet *packet, struct ipv4_header *header,
				   bool is_guarded)
{
	if (header->destination == interface->address) { /* the usual case on hosts */
		ipv4_deliver(host, packet, header, false);
		return;
	}
	const struct route *route = route_table_find(&host->routes, header->destination);

	if (is_broadcast_of(interface, header->destination))
		ipv4_deliver(host, packet, header, true);
	else if (route != NULL && route->kind == ROUTE_LOCAL)
		ipv4_deliver(host, packet, header, false);
	else if (is_multicast(header->destination) || !host->forwards)
		drop_for(host, packet, IPV4_NOT_FOR_US); /* it has joined no group */
	else if (route == NULL)
		refuse_without_route(host, packet, header);
	else if (route->kind == ROUTE_BROADCAST)
		drop_for(host, packet, IPV4_BAD_DESTINATION); /* RFC 2644 */
	else
		forward(host, packet, header, route, is_guarded);
}

/* The same on a router with a middlebox: what has its address may be for a host inside. */
static __attribute__((noinline)) void dispatch_guarded(struct host *host,
						       struct interface *interface,
						       struct packet *packet,
						       struct ipv4_header *header)
{
	if (!ipv4_is_local(host, header->destination) ||
	    middlebox_receive(host, &packet, header) != NAT_GONE)
		dispatch(host, interface, packet, header, true);
}

void ipv4_receive(struct host *host, struct interface *interface, struct packet *packet,
		  bool is_group)
{
	struct ipv4_header header;
	struct bytes payload;

	if (ipv4_header_parse(packet_bytes(packet), &header, &payload) != PARSE_OK) {
		drop_for(host, packet, IPV4_MALFORMED);
		return;
	}
	if (!ipv4_checksum_is_right(packet_bytes(packet))) {
		drop_for(host, packet, IPV4_BAD_CHECKSUM);
		return;
	}
	packet->end = packet->start + header.total_length_bytes; /* what follows is padding */
	if (!is_acceptable(host, interface, packet, &header, is_group))
		return;
	if (host->middlebox == NULL)
		dispatch(host, interface, packet, &header, false);
	else
		dispatch_guarded(host, interface, packet, &header);
}
