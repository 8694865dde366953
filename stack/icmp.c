#include "stack/icmp.h"

#include "stack/drop.h"
#include "stack/host_private.h"
#include "stack/nat.h"
#include "stack/path_mtu.h"
#include "stack/ping.h"
#include "stack/redirect.h"
#include "stack/tcp/tcp.h"

/* The precedence of errors, Internetwork Control, over the rest of the TOS (RFC 1812 4.3.2.5). */
enum { TOS_INTERNETWORK_CONTROL = 0xc0, TOS_KEPT = 0x1e };

struct icmp {
	int64_t bucket_ns; /* the bucket holds a token for each ICMP_ERROR_NS since then */
	struct ping_table *pings;
};

static struct icmp *icmp_of(struct host *host)
{
	if (host->icmp == NULL) {
		host->icmp = g_new0(struct icmp, 1);
		host->icmp->bucket_ns = INT64_MIN / 2;
	}
	return host->icmp;
}

void icmp_free(struct icmp *icmp)
{
	if (icmp == NULL)
		return;
	ping_table_free(icmp->pings);
	g_free(icmp);
}

struct ping_table **icmp_pings(struct host *host)
{
	return &icmp_of(host)->pings;
}

/* Sending. */

void icmp_send(struct host *host, struct packet *packet, const struct ipv4_route_request *request)
{
	icmp_checksum_set(packet_data(packet), packet_length(packet));
	trace_emit(&host->node, packet,
		   &(struct trace_record) {
		       .kind = TRACE_ENCAPSULATE,
		       .layer = LAYER_ICMP,
		       .detail = ICMP_PLAIN,
		       .start = (uint16_t)packet->start,
		       .header_bytes = ICMP_HEADER_BYTES,
		   },
		   (struct bytes) { 0 });
	ipv4_send(host, packet, request);
}

/* Takes a token from the bucket; false when it is empty. */
static bool error_is_allowed(struct host *host)
{
	struct icmp *icmp = icmp_of(host);
	int64_t now_ns = node_now(&host->node);
	int64_t full_ns = now_ns - ICMP_ERROR_BURST * ICMP_ERROR_NS;

	if (icmp->bucket_ns < full_ns)
		icmp->bucket_ns = full_ns;
	if (icmp->bucket_ns + ICMP_ERROR_NS > now_ns)
		return false;
	icmp->bucket_ns += ICMP_ERROR_NS;
	return true;
}

/* True for an address that stands for one host (RFC 1122 section 3.2.2). */
static bool is_single_host(const struct host *host, uint32_t address)
{
	const struct route *route = route_table_find(&host->routes, address);

	if (address == 0 || address >= UINT32_C(0xe0000000))
		return false;
	return route == NULL || route->kind != ROUTE_BROADCAST;
}

static bool is_error(struct bytes message)
{
	return message.length > 0 && icmp_is_error(message.data[0]);
}

/* No errors about errors, broadcasts, or any fragment but the first (RFC 1122 section 3.2.2). */
static bool deserves_error(const struct host *host, const struct ipv4_header *original,
			   struct bytes payload)
{
	if (original->fragment_offset_bytes != 0)
		return false;
	if (original->protocol == IP_PROTOCOL_ICMP && is_error(payload))
		return false;
	return is_single_host(host, original->source) &&
	       is_single_host(host, original->destination);
}

/* The error message: its header, and as much of the original as fits into 576 bytes. */
static struct packet *error_new(struct host *host, const struct packet *original, uint8_t type,
				uint8_t code, uint32_t info)
{
	struct bytes quoted = bytes_first(
	    packet_bytes(original), ICMP_ERROR_MAX_BYTES - IPV4_HEADER_BYTES - ICMP_HEADER_BYTES);
	struct packet *packet = node_new_packet(&host->node, ICMP_HEADER_BYTES + quoted.length);
	struct icmp_header header = { .type = type, .code = code, .rest = info };

	icmp_header_emit(&header, packet_data(packet));
	memcpy(packet_data(packet) + ICMP_HEADER_BYTES, quoted.data, quoted.length);
	nat_restore(host, packet_data(packet) + ICMP_HEADER_BYTES, quoted.length);
	packet->root = original->root;
	trace_emit(&host->node, packet,
		   &(struct trace_record) {
		       .kind = TRACE_DERIVE,
		       .layer = LAYER_ICMP,
		       .detail = ICMP_PLAIN,
		       .object = original->id,
		   },
		   (struct bytes) { 0 });
	return packet;
}

void icmp_send_error(struct host *host, const struct packet *original, uint8_t type, uint8_t code,
		     uint32_t info)
{
	struct ipv4_header header;
	struct bytes payload;

	if (ipv4_header_parse(packet_bytes(original), &header, &payload) != PARSE_OK ||
	    !deserves_error(host, &header, payload))
		return;
	bool is_own = ipv4_is_local(host, header.source);

	if (!is_own && !error_is_allowed(host))
		return;
	icmp_send(host, error_new(host, original, type, code, info),
		  &(struct ipv4_route_request) {
		      .source = ipv4_is_local(host, header.destination) ? header.destination : 0,
		      .destination = header.source,
		      .protocol = IP_PROTOCOL_ICMP,
		      .tos = TOS_INTERNETWORK_CONTROL | (header.tos & TOS_KEPT),
		  });
}

/* Receiving. */

static void icmp_drop(struct host *host, struct packet *packet, enum icmp_detail detail,
		      uint64_t before)
{
	packet_drop(&host->node, packet,
		    &(struct trace_record) {
			.layer = LAYER_ICMP,
			.detail = (uint16_t)detail,
			.before = before,
		    });
}

static void answer_echo(struct host *host, struct packet *packet, const struct ipv4_header *header)
{
	if (!is_single_host(host, header->destination)) {
		icmp_drop(host, packet, ICMP_BROADCAST_ECHO, 0);
		return;
	}
	struct packet *reply = node_copy_packet(&host->node, packet);

	packet_data(reply)[0] = ICMP_ECHO_REPLY;
	packet_free(packet);
	icmp_send(host, reply,
		  &(struct ipv4_route_request) {
		      .source = header->destination,
		      .destination = header->source,
		      .protocol = IP_PROTOCOL_ICMP,
		      .tos = header->tos,
		  });
}

/* RFC 792: an error quotes at least 64 bits behind the header. */
enum { QUOTED_BYTES_MIN = 8 };

static void learn_path_mtu(struct host *host, const struct icmp_header *error,
			   const struct ipv4_header *original)
{
	uint16_t mtu_bytes = icmp_next_hop_mtu(error);
	uint16_t before = ipv4_path_mtu(host, original->destination);

	if (mtu_bytes == 0)
		mtu_bytes = path_mtu_guess(original->total_length_bytes);
	if (mtu_bytes >= before)
		return;
	if (host->path_mtu == NULL)
		host->path_mtu = path_mtu_new();
	if (!path_mtu_lower(host->path_mtu, original->destination, mtu_bytes,
			    node_now(&host->node)))
		return;
	trace_emit(&host->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_TABLE,
		       .layer = LAYER_IPV4,
		       .detail = IPV4_PATH_MTU,
		       .object = original->destination,
		       .before = before,
		       .after = ipv4_path_mtu(host, original->destination),
		   },
		   (struct bytes) { 0 });
}

/* Tells the layer whose datagram went wrong. */
static void report_error(struct host *host, const struct icmp_header *error,
			 const struct ipv4_header *original, struct bytes payload)
{
	switch (original->protocol) {
	case IP_PROTOCOL_TCP:
		if (host->tcp != NULL)
			tcp_transport.error(host->tcp, error->type, error->code, error->rest,
					    original, payload);
		break;
	case IP_PROTOCOL_UDP:
		udp_error(host, error->type, error->code, original, payload);
		break;
	case IP_PROTOCOL_ICMP:
		ping_error(host, payload);
		break;
	default:
		break;
	}
}

static void receive_error(struct host *host, struct packet *packet, const struct icmp_header *error,
			  struct bytes quotation)
{
	struct ipv4_header original;
	struct bytes payload;

	if (ipv4_header_parse_quoted(quotation, &original, &payload) != PARSE_OK ||
	    payload.length < QUOTED_BYTES_MIN || !ipv4_is_local(host, original.source)) {
		icmp_drop(host, packet, ICMP_MALFORMED, 0);
		return;
	}
	if (error->type == ICMP_DESTINATION_UNREACHABLE && error->code == ICMP_FRAGMENTATION_NEEDED)
		learn_path_mtu(host, error, &original);
	report_error(host, error, &original, payload);
	packet_free(packet);
}

static void take_redirect(struct host *host, struct packet *packet, uint32_t source,
			  const struct icmp_header *redirect, struct bytes quotation)
{
	struct ipv4_header original;
	struct bytes payload;

	if (ipv4_header_parse_quoted(quotation, &original, &payload) != PARSE_OK ||
	    payload.length < QUOTED_BYTES_MIN || !ipv4_is_local(host, original.source))
		icmp_drop(host, packet, ICMP_MALFORMED, 0);
	else if (!redirect_receive(host, source, redirect, &original))
		icmp_drop(host, packet, ICMP_NOT_BELIEVED, 0);
	else
		packet_free(packet);
}

static void dispatch(struct host *host, struct packet *packet, const struct ipv4_header *header,
		     const struct icmp_header *icmp, struct bytes payload)
{
	switch (icmp->type) {
	case ICMP_ECHO_REQUEST:
		answer_echo(host, packet, header);
		break;
	case ICMP_ECHO_REPLY:
		if (ping_reply(host, header->source, icmp))
			packet_free(packet);
		else
			icmp_drop(host, packet, ICMP_NOT_AWAITED, 0);
		break;
	case ICMP_REDIRECT:
		take_redirect(host, packet, header->source, icmp, payload);
		break;
	case ICMP_DESTINATION_UNREACHABLE:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETER_PROBLEM:
		receive_error(host, packet, icmp, payload);
		break;
	default:
		icmp_drop(host, packet, ICMP_UNKNOWN_TYPE, icmp->type);
	}
}

void icmp_receive(struct host *host, struct packet *packet, const struct ipv4_header *header)
{
	struct icmp_header icmp;
	struct bytes payload;

	if (icmp_header_parse(packet_bytes(packet), &icmp, &payload) != PARSE_OK) {
		icmp_drop(host, packet, ICMP_MALFORMED, 0);
		return;
	}
	if (!icmp_checksum_is_right(packet_bytes(packet))) {
		icmp_drop(host, packet, ICMP_BAD_CHECKSUM, 0);
		return;
	}
	trace_emit(&host->node, packet,
		   &(struct trace_record) {
		       .kind = TRACE_DECAPSULATE,
		       .layer = LAYER_ICMP,
		       .detail = ICMP_PLAIN,
		       .interface = packet->interface,
		       .start = (uint16_t)packet->start,
		       .header_bytes = ICMP_HEADER_BYTES,
		   },
		   (struct bytes) { 0 });
	dispatch(host, packet, header, &icmp, payload);
}
