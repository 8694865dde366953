#include "stack/standalone.h"

#include "sim/world.h"
#include "stack/host.h"
#include "stack/interface.h"
#include "stack/socket.h"
#include "stack/tcp/congestion.h"
#include "stack/tcp/tcp.h"
#include "stack/wire/arp.h"
#include "stack/wire/ethernet.h"

struct socket {
	struct stream *stream; /* NULL: over, or a listener */
	struct tcp_listener *listener;
	GQueue accepted; /* of a listener: numbers of sockets */
	struct standalone *standalone;
	struct tcp_keepalive keepalive;
	struct standalone_status status; /* what the events told, and the last state */
};

struct sent {
	int64_t time_ns;
	unsigned interface;
	size_t length;
	uint8_t bytes[];
};

/* An interface, and where it leads. */
struct port {
	struct standalone *standalone;
	struct interface *interface; /* NULL: there is none */
	unsigned number;
};

struct standalone {
	struct world *world;
	struct host *host;
	struct port ports[2];
	struct timer alarm; /* keeps the engine going until the time asked for */
	bool whole_frames;
	GPtrArray *sockets; /* of struct socket, by number - 1 */
	GQueue sent;        /* of struct sent */
	struct sent *taken; /* lent out by the last standalone_take() */
};

struct mac standalone_mac(unsigned interface)
{
	return (struct mac) {
		{0x02, 0, 0, 0, (uint8_t)interface, 0x10}
	};
}

struct mac standalone_neighbour_mac(unsigned interface)
{
	return (struct mac) {
		{0x02, 0, 0, 0, (uint8_t)interface, 0x01}
	};
}

/* Packets. */

static void give_frame(struct port *port, struct bytes frame)
{
	struct packet *packet = packet_new(port->standalone->world->packets, frame.length);

	if (frame.length > 0)
		memcpy(packet_data(packet), frame.data, frame.length);
	packet->id = (uint64_t)1 << (TRACE_NODE_SHIFT - 1); /* from outside: no node's number */
	interface_receive(port->interface, packet, 0);
}

static void give_payload(struct port *port, uint16_t type, struct bytes payload)
{
	uint8_t *frame = g_malloc(ETHERNET_HEADER_BYTES + payload.length);

	ethernet_header_emit(
	    &(struct ethernet_header) {
		.destination = standalone_mac(port->number),
		.source = standalone_neighbour_mac(port->number),
		.type = type,
	    },
	    frame);
	if (payload.length > 0)
		memcpy(frame + ETHERNET_HEADER_BYTES, payload.data, payload.length);
	give_frame(port, (struct bytes) { frame, ETHERNET_HEADER_BYTES + payload.length });
	g_free(frame);
}

/* The gateway's answer to an ARP request for any address. */
static void answer_arp(struct port *port, struct bytes payload)
{
	struct arp_packet asked;
	uint8_t answer[ARP_PACKET_BYTES];

	if (arp_packet_parse(payload, &asked) != PARSE_OK || asked.operation != ARP_REQUEST ||
	    asked.target_address == asked.sender_address)
		return;
	arp_packet_emit(
	    &(struct arp_packet) {
		.operation = ARP_REPLY,
		.sender_mac = standalone_neighbour_mac(port->number),
		.sender_address = asked.target_address,
		.target_mac = asked.sender_mac,
		.target_address = asked.sender_address,
	    },
	    answer);
	give_payload(port, ETHERTYPE_ARP, (struct bytes) { answer, sizeof answer });
}

static void keep_sent(const struct port *port, struct bytes bytes)
{
	struct sent *sent = g_malloc(sizeof *sent + bytes.length);

	sent->time_ns = standalone_now(port->standalone);
	sent->interface = port->number;
	sent->length = bytes.length;
	memcpy(sent->bytes, bytes.data, bytes.length);
	g_queue_push_tail(&port->standalone->sent, sent);
}

/* Ethernet pads short frames; the datagram ends where IPv4 says. */
static struct bytes without_padding(struct bytes datagram)
{
	if (datagram.length < 4)
		return datagram;
	return bytes_first(datagram, get_be16(datagram.data + 2));
}

static void frame_left(void *owner, struct packet *packet)
{
	struct port *port = owner;
	struct bytes frame = packet_bytes(packet);
	struct ethernet_header header;
	struct bytes payload;

	if (port->standalone->whole_frames)
		keep_sent(port, frame);
	else if (ethernet_header_parse(frame, &header, &payload) != PARSE_OK)
		g_assert_not_reached();
	else if (header.type == ETHERTYPE_ARP)
		answer_arp(port, payload);
	else
		keep_sent(port, without_padding(payload));
	packet_free(packet);
}

void standalone_give_at(struct standalone *standalone, unsigned interface, struct bytes packet)
{
	struct port *port = &standalone->ports[interface];

	g_assert(interface < G_N_ELEMENTS(standalone->ports) && port->interface != NULL);
	if (standalone->whole_frames)
		give_frame(port, packet);
	else
		give_payload(port, ETHERTYPE_IPV4, packet);
	standalone_advance(standalone, standalone_now(standalone));
}

void standalone_give(struct standalone *standalone, struct bytes packet)
{
	standalone_give_at(standalone, 0, packet);
}

bool standalone_take(struct standalone *standalone, struct standalone_packet *packet)
{
	g_free(standalone->taken);
	standalone->taken = g_queue_pop_head(&standalone->sent);
	if (standalone->taken == NULL)
		return false;
	*packet = (struct standalone_packet) {
		.bytes = {standalone->taken->bytes, standalone->taken->length},
		.time_ns = standalone->taken->time_ns,
		.interface = standalone->taken->interface,
	};
	return true;
}

/* Clock. */

int64_t standalone_now(const struct standalone *standalone)
{
	return engine_now(standalone->world->engine);
}

static void alarm_rings(void *owner)
{
	(void)owner;
}

void standalone_advance(struct standalone *standalone, int64_t time_ns)
{
	struct engine *engine = standalone->world->engine;

	timer_schedule(engine, &standalone->alarm, time_ns);
	engine_run(engine, time_ns);
}

int64_t standalone_next(struct standalone *standalone)
{
	return engine_next(standalone->world->engine);
}

/* Life. */

static void add_port(struct standalone *standalone, unsigned number, uint32_t address,
		     uint8_t prefix_length, uint16_t mtu_bytes)
{
	struct port *port = &standalone->ports[number];

	*port = (struct port) { .standalone = standalone, .number = number };
	port->interface = host_add_interface(standalone->host, &(struct interface_config) {
								   .mac = standalone_mac(number),
								   .address = address,
								   .prefix_length = prefix_length,
								   .mtu_bytes = mtu_bytes,
							       });
	interface_attach(port->interface, frame_left, port);
}

struct standalone *standalone_new(const struct standalone_config *config)
{
	const struct congestion_control *control =
	    congestion_control_find(config->congestion != NULL ? config->congestion : "cubic");

	if (control == NULL)
		return NULL;
	struct standalone *standalone = g_new0(struct standalone, 1);

	standalone->whole_frames = config->whole_frames;
	standalone->world = world_new(config->seed, 0);
	timer_init(&standalone->alarm, UINT32_MAX, alarm_rings, NULL);
	standalone->alarm.class = EVENT_ACTION; /* behind everything else of its time */
	standalone->host = host_new(standalone->world, "host",
				    config->second_address != 0 ? NODE_ROUTER : NODE_HOST);
	add_port(standalone, 0, config->address, config->prefix_length, config->mtu_bytes);
	if (config->second_address != 0)
		add_port(standalone, 1, config->second_address, config->second_prefix_length,
			 config->mtu_bytes);
	if (config->gateway != 0)
		host_add_route(standalone->host, 0, 0, config->gateway, NULL);
	tcp_set_congestion_control(host_tcp(standalone->host), control);
	standalone->sockets = g_ptr_array_new_with_free_func(g_free);
	return standalone;
}

void standalone_free(struct standalone *standalone)
{
	if (standalone == NULL)
		return;
	host_free(standalone->host);
	world_free(standalone->world);
	for (guint i = 0; i < standalone->sockets->len; i++)
		g_queue_clear(&((struct socket *)standalone->sockets->pdata[i])->accepted);
	g_ptr_array_free(standalone->sockets, TRUE);
	g_queue_clear_full(&standalone->sent, g_free);
	g_free(standalone->taken);
	g_free(standalone);
}

struct host *standalone_host(struct standalone *standalone)
{
	return standalone->host;
}

/* Sockets. */

static struct socket *socket_find(const struct standalone *standalone, int number)
{
	g_assert(number > 0 && (guint)number <= standalone->sockets->len);
	return standalone->sockets->pdata[number - 1];
}

static struct socket *socket_new(struct standalone *standalone, int *number)
{
	struct socket *socket = g_new0(struct socket, 1);

	socket->standalone = standalone;
	socket->keepalive = tcp_keepalive_default;
	g_ptr_array_add(standalone->sockets, socket);
	*number = (int)standalone->sockets->len;
	return socket;
}

static void on_opened(void *owner)
{
	((struct socket *)owner)->status.was_opened = true;
}

static void on_ended(void *owner)
{
	((struct socket *)owner)->status.has_ended = true;
}

static void on_closed(void *owner)
{
	struct socket *socket = owner;

	socket->status.is_closed = true;
	socket->stream = NULL;
}

static void on_failed(void *owner, enum stream_failure why)
{
	static const char *const names[] = {
		[STREAM_REFUSED] = "refused",     [STREAM_RESET] = "reset",
		[STREAM_TIMED_OUT] = "timed out", [STREAM_UNREACHABLE] = "unreachable",
		[STREAM_TRUNCATED] = "truncated", [STREAM_INSECURE] = "insecure",
	};
	struct socket *socket = owner;

	socket->status.failure = names[why];
	socket->stream = NULL;
}

static const struct stream_events socket_events = {
	.opened = on_opened,
	.ended = on_ended,
	.closed = on_closed,
	.failed = on_failed,
};

static void on_accept(void *owner, struct stream *stream)
{
	struct socket *listener = owner;
	int number;
	struct socket *socket = socket_new(listener->standalone, &number);

	socket->stream = stream;
	socket->status.was_opened = true;
	socket->status.local_port = stream->local.port;
	stream_listen(stream, &socket_events, socket);
	g_queue_push_tail(&listener->accepted, GINT_TO_POINTER(number));
}

int standalone_listen(struct standalone *standalone, uint16_t port)
{
	int number;
	struct socket *socket = socket_new(standalone, &number);

	socket->status.local_port = port;
	socket->listener = tcp_listen(standalone->host, port, on_accept, socket);
	return socket->listener != NULL ? number : 0;
}

int standalone_accept(struct standalone *standalone, int listener)
{
	return GPOINTER_TO_INT(g_queue_pop_head(&socket_find(standalone, listener)->accepted));
}

int standalone_connect(struct standalone *standalone, uint32_t address, uint16_t port)
{
	int number;
	struct socket *socket = socket_new(standalone, &number);

	socket->stream = tcp_connect(standalone->host, (struct endpoint) { address, port },
				     &socket_events, socket);
	socket->status.local_port = socket->stream->local.port;
	standalone_advance(standalone, standalone_now(standalone));
	return number;
}

size_t standalone_write(struct standalone *standalone, int number, struct bytes bytes, bool more)
{
	struct socket *socket = socket_find(standalone, number);
	size_t written = socket->stream != NULL ? stream_write(socket->stream, bytes, more) : 0;

	standalone_advance(standalone, standalone_now(standalone));
	return written;
}

size_t standalone_read(struct standalone *standalone, int number, uint8_t *out, size_t room)
{
	struct socket *socket = socket_find(standalone, number);
	size_t done = 0;

	while (socket->stream != NULL && done < room) {
		struct bytes part = bytes_first(stream_peek(socket->stream), room - done);

		if (part.length == 0)
			break;
		memcpy(out + done, part.data, part.length);
		done += part.length;
		stream_consume(socket->stream, part.length);
	}
	standalone_advance(standalone, standalone_now(standalone));
	return done;
}

void standalone_shutdown(struct standalone *standalone, int number)
{
	struct socket *socket = socket_find(standalone, number);

	if (socket->stream != NULL)
		stream_shutdown(socket->stream);
	standalone_advance(standalone, standalone_now(standalone));
}

void standalone_close(struct standalone *standalone, int number)
{
	struct socket *socket = socket_find(standalone, number);

	tcp_listener_close(g_steal_pointer(&socket->listener));
	if (socket->stream != NULL)
		stream_release(g_steal_pointer(&socket->stream));
	standalone_advance(standalone, standalone_now(standalone));
}

void standalone_abort(struct standalone *standalone, int number)
{
	struct socket *socket = socket_find(standalone, number);

	if (socket->stream != NULL)
		stream_abort(g_steal_pointer(&socket->stream));
	standalone_advance(standalone, standalone_now(standalone));
}

/* Options and status. */

static void set_keepalive(struct socket *socket, enum standalone_option option, int64_t value)
{
	if (option == STANDALONE_KEEPALIVE_IDLE_MS)
		socket->keepalive.idle_ns = value * NS_PER_MS;
	else if (option == STANDALONE_KEEPALIVE_EVERY_MS)
		socket->keepalive.interval_ns = value * NS_PER_MS;
	else
		socket->keepalive.probes = (unsigned)value;
	tcp_set_keepalive(socket->stream,
			  socket->keepalive.idle_ns != 0 ? &socket->keepalive : NULL);
}

void standalone_set(struct standalone *standalone, int number, enum standalone_option option,
		    int64_t value)
{
	if (option == STANDALONE_INITIAL_SEQUENCE) {
		tcp_set_initial_sequence(host_tcp(standalone->host), (uint32_t)value);
		return;
	}
	struct socket *socket = socket_find(standalone, number);

	if (socket->stream == NULL)
		return;
	if (option == STANDALONE_NO_DELAY)
		tcp_set_no_delay(socket->stream, value != 0);
	else if (option == STANDALONE_URGENT)
		tcp_set_urgent(socket->stream);
	else
		set_keepalive(socket, option, value);
	standalone_advance(standalone, standalone_now(standalone));
}

struct standalone_status standalone_status(const struct standalone *standalone, int number)
{
	const struct socket *socket = socket_find(standalone, number);
	struct standalone_status status = socket->status;
	struct tcp_connection_info info;

	status.state = tcp_state_name(socket->listener != NULL ? TCP_LISTEN : TCP_CLOSED);
	if (socket->stream == NULL)
		return status;
	tcp_stream_info(socket->stream, &info);
	status.state = tcp_state_name(info.state);
	status.readable_bytes = info.unread_bytes;
	status.urgent_bytes = tcp_urgent_bytes(socket->stream);
	status.congestion_window = info.congestion_window;
	status.slow_start_threshold = info.slow_start_threshold;
	return status;
}
