#include "stack/udp.h"

#include "stack/drop.h"
#include "stack/host_private.h"
#include "stack/key_map.h"
#include "stack/wire/checksum.h"
#include "stack/wire/udp.h"

#define EPHEMERAL_COUNT (UDP_EPHEMERAL_LAST - UDP_EPHEMERAL_FIRST + 1)

struct udp_socket {
	struct host *host;
	uint16_t port;
	uint16_t identification; /* of the next datagram, when is_client */
	bool is_client; /* on an ephemeral port: writes to one peer, as if connected to it */
	udp_receive_fn *receive;
	void (*error)(void *owner, struct endpoint to, uint8_t icmp_type, uint8_t icmp_code);
	void *owner;
};

struct udp {
	struct host *host;
	struct key_map sockets; /* of port: struct udp_socket * */
	struct random_stream ports;
};

bool udp_is_taken(const struct host *host, uint16_t port)
{
	return host->udp != NULL && key_map_find(&host->udp->sockets, port) != NULL;
}

static struct udp *udp_of(struct host *host)
{
	if (host->udp == NULL) {
		host->udp = g_new0(struct udp, 1);
		host->udp->host = host;
		node_random_init(&host->node, &host->udp->ports, "udp.port");
	}
	return host->udp;
}

static struct udp_socket *socket_of(const struct udp *udp, uint16_t port)
{
	uint64_t *socket = udp != NULL ? key_map_find(&udp->sockets, port) : NULL;

	return socket != NULL ? (struct udp_socket *)(uintptr_t)*socket : NULL;
}

void udp_free(struct udp *udp)
{
	if (udp == NULL)
		return;
	for (uint32_t i = 0; i < udp->sockets.capacity; i++)
		g_free((struct udp_socket *)(uintptr_t)udp->sockets.cells[i].value);
	key_map_clear(&udp->sockets);
	g_free(udp);
}

/* Sockets. */

/* A random free port, or the next one that is free (RFC 6056 section 3.3.1); 0: none is. */
static uint16_t choose_port(struct udp *udp)
{
	uint32_t first = (uint32_t)random_below(&udp->ports, EPHEMERAL_COUNT);

	for (uint32_t i = 0; i < EPHEMERAL_COUNT; i++) {
		uint16_t port = (uint16_t)(UDP_EPHEMERAL_FIRST + (first + i) % EPHEMERAL_COUNT);

		if (socket_of(udp, port) == NULL)
			return port;
	}
	return 0;
}

static void trace_socket(const struct udp_socket *socket, bool was_open, bool is_open)
{
	trace_emit(&socket->host->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_TABLE,
		       .layer = LAYER_UDP,
		       .detail = UDP_SOCKET,
		       .object = socket->port,
		       .before = was_open,
		       .after = is_open,
		   },
		   (struct bytes) { 0 });
}

struct udp_socket *udp_open(struct host *host, uint16_t port, udp_receive_fn *receive, void *owner)
{
	struct udp *udp = udp_of(host);

	bool is_client = port == 0;

	if (is_client)
		port = choose_port(udp);
	if (port == 0 || socket_of(udp, port) != NULL)
		return NULL;
	struct udp_socket *socket = g_new0(struct udp_socket, 1);

	*socket = (struct udp_socket) {
		.host = host,
		.port = port,
		.is_client = is_client,
		.receive = receive,
		.owner = owner,
	};
	if (is_client)
		socket->identification = ipv4_identification(host, (uint32_t)port);
	key_map_set(&udp->sockets, port, (uintptr_t)socket);
	trace_socket(socket, false, true);
	return socket;
}

void udp_close(struct udp_socket *socket)
{
	if (socket == NULL)
		return;
	trace_socket(socket, true, false);
	key_map_remove(&socket->host->udp->sockets, socket->port);
	g_free(socket);
}

void udp_on_error(struct udp_socket *socket, void (*error)(void *owner, struct endpoint to,
							   uint8_t icmp_type, uint8_t icmp_code))
{
	socket->error = error;
}

uint16_t udp_local_port(const struct udp_socket *socket)
{
	return socket->port;
}

/* Sending. */

bool udp_send(struct udp_socket *socket, struct endpoint to, struct bytes payload)
{
	struct host *host = socket->host;
	uint32_t source = ipv4_source_for(host, to.address);
	size_t length = UDP_HEADER_BYTES + payload.length;

	if (payload.length > UDP_PAYLOAD_MAX || source == 0)
		return false;
	struct packet *packet = node_new_packet(&host->node, length);
	uint8_t *out = packet_data(packet);
	struct udp_header header = {
		.source_port = socket->port,
		.destination_port = to.port,
		.length_bytes = (uint16_t)length,
	};

	udp_header_emit(&header, out);
	udp_checksum_set(out, checksum_copy(0, out + UDP_HEADER_BYTES, payload), source,
			 to.address);
	trace_emit(&host->node, packet,
		   &(struct trace_record) {
		       .kind = TRACE_ENCAPSULATE,
		       .layer = LAYER_UDP,
		       .detail = UDP_PLAIN,
		       .start = (uint16_t)packet->start,
		       .header_bytes = UDP_HEADER_BYTES,
		   },
		   (struct bytes) { 0 });
	ipv4_send(
	    host, packet,
	    &(struct ipv4_route_request) {
		.source = source,
		.destination = to.address,
		.protocol = IP_PROTOCOL_UDP,
		.has_identification = socket->is_client,
		.identification = socket->is_client ? socket->identification++ : 0,
		.dont_fragment = IPV4_HEADER_BYTES + length <= ipv4_path_mtu(host, to.address),
	    });
	return true;
}

/* Receiving. */

static void udp_drop(struct host *host, struct packet *packet, enum udp_detail detail,
		     uint64_t before)
{
	packet_drop(&host->node, packet,
		    &(struct trace_record) {
			.layer = LAYER_UDP,
			.detail = (uint16_t)detail,
			.before = before,
		    });
}

static void refuse_port(struct host *host, struct packet *packet, const struct ipv4_header *header,
			uint16_t port)
{
	packet_push(packet, header->header_bytes); /* its bytes are still there */
	icmp_send_error(host, packet, ICMP_DESTINATION_UNREACHABLE, ICMP_PORT_UNREACHABLE, 0);
	packet_pull(packet, header->header_bytes);
	udp_drop(host, packet, UDP_PORT_CLOSED, port);
}

void udp_receive(struct host *host, struct packet *packet, const struct ipv4_header *header)
{
	struct udp_header udp;
	struct bytes payload;

	if (udp_header_parse(packet_bytes(packet), &udp, &payload) != PARSE_OK) {
		udp_drop(host, packet, UDP_MALFORMED, 0);
		return;
	}
	if (!udp_checksum_is_right(packet_bytes(packet), header->source, header->destination)) {
		udp_drop(host, packet, UDP_BAD_CHECKSUM, 0);
		return;
	}
	struct udp_socket *socket = socket_of(host->udp, udp.destination_port);

	if (socket == NULL) {
		refuse_port(host, packet, header, udp.destination_port);
		return;
	}
	trace_emit(&host->node, packet,
		   &(struct trace_record) {
		       .kind = TRACE_DECAPSULATE,
		       .layer = LAYER_UDP,
		       .detail = UDP_PLAIN,
		       .interface = packet->interface,
		       .start = (uint16_t)packet->start,
		       .header_bytes = UDP_HEADER_BYTES,
		   },
		   (struct bytes) { 0 });
	socket->receive(socket->owner, (struct endpoint) { header->source, udp.source_port },
			payload);
	packet_free(packet);
}

void udp_error(struct host *host, uint8_t type, uint8_t code, const struct ipv4_header *header,
	       struct bytes original)
{
	/* The quotation may hold less than the length field says: only the ports count. */
	uint16_t source_port = get_be16(original.data);
	uint16_t destination_port = get_be16(original.data + 2);
	struct udp_socket *socket = socket_of(host->udp, source_port);

	if (socket != NULL && socket->error != NULL)
		socket->error(socket->owner,
			      (struct endpoint) { header->destination, destination_port }, type,
			      code);
}
