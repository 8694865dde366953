#include "app/live_offload.h"

#include <glib.h>
#include <linux/virtio_net.h>
#include "stack/ipv4.h"
#include "stack/wire/checksum.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp.h"
#include "stack/wire/udp.h"

/* Not in every linux/virtio_net.h yet. */
#define GSO_UDP_SEGMENTS 5

/* Byte offsets of the header fields that differ from segment to segment. */
enum {
	IPV4_TOTAL_LENGTH = 2,
	IPV4_IDENTIFICATION = 4,
	TCP_SEQUENCE = 4,
	TCP_FLAGS = 13,
	TCP_CHECKSUM = 16,
	UDP_LENGTH = 4,
	UDP_CHECKSUM = 6,
};

/* A long frame taken apart: headers, as parsed, and what is to be cut. */
struct long_frame {
	uint8_t *bytes;
	size_t ipv4_at, transport_at, payload_at, end;
	struct ipv4_header ipv4;
	bool is_tcp;
	uint32_t sequence;
	uint8_t flags;
};

/* The kernel left the sum of the pseudo header in the field; the rest is added here. */
static bool complete_checksum(const struct virtio_net_hdr *header, uint8_t *frame, size_t length)
{
	size_t start = header->csum_start, field = start + header->csum_offset;

	if (start >= length || field + 2 > length)
		return false;
	uint16_t checksum =
	    checksum_finish(checksum_add(0, (struct bytes) { frame + start, length - start }));

	/* RFC 768: 0 says that there is none. For TCP both mean the same. */
	put_be16(frame + field, checksum == 0 ? 0xffff : checksum);
	return true;
}

static bool parse_ipv4(struct long_frame *frame, struct bytes *segment)
{
	struct bytes whole = { frame->bytes, frame->end };
	struct ethernet_header ethernet;
	struct bytes datagram;

	if (ethernet_header_parse(whole, &ethernet, &datagram) != PARSE_OK ||
	    ethernet.type != ETHERTYPE_IPV4 ||
	    ipv4_header_parse(datagram, &frame->ipv4, segment) != PARSE_OK)
		return false;
	frame->ipv4_at = (size_t)(datagram.data - whole.data);
	frame->transport_at = (size_t)(segment->data - whole.data);
	frame->end = frame->transport_at + segment->length;
	return true;
}

static bool parse_transport(struct long_frame *frame, struct bytes segment)
{
	struct udp_header udp;
	struct tcp_header tcp;
	struct bytes payload;

	if (frame->is_tcp) {
		if (frame->ipv4.protocol != IP_PROTOCOL_TCP ||
		    tcp_header_parse(segment, &tcp, &payload) != PARSE_OK)
			return false;
		frame->sequence = tcp.sequence;
		frame->flags = tcp.flags;
	} else if (frame->ipv4.protocol != IP_PROTOCOL_UDP ||
		   udp_header_parse(segment, &udp, &payload) != PARSE_OK) {
		return false;
	}
	frame->payload_at = (size_t)(payload.data - frame->bytes);
	return true;
}

static void put_transport(const struct long_frame *frame, uint8_t *transport, size_t length,
			  size_t offset, bool is_last)
{
	uint8_t protocol = frame->ipv4.protocol;
	size_t field = frame->is_tcp ? TCP_CHECKSUM : UDP_CHECKSUM;
	uint32_t sum =
	    checksum_pseudo(frame->ipv4.source, frame->ipv4.destination, protocol, length);

	if (frame->is_tcp) {
		uint8_t flags = frame->flags;

		if (!is_last)
			flags &= (uint8_t) ~(TCP_FIN | TCP_PSH);
		if (offset > 0)
			flags &= (uint8_t)~TCP_CWR;
		put_be32(transport + TCP_SEQUENCE, frame->sequence + (uint32_t)offset);
		transport[TCP_FLAGS] = flags;
	} else {
		put_be16(transport + UDP_LENGTH, (uint16_t)length);
	}
	put_be16(transport + field, 0);
	uint16_t checksum =
	    checksum_finish(checksum_add(sum, (struct bytes) { transport, length }));

	put_be16(transport + field, checksum == 0 && !frame->is_tcp ? 0xffff : checksum);
}

/*
 * Makes the segment of `length` payload bytes that begins `offset` into the payload. Its headers are
 * written in front of it, over bytes that went out before.
 */
static struct bytes cut_segment(const struct long_frame *frame, const uint8_t *headers,
				size_t offset, size_t length, unsigned index)
{
	uint8_t *out = frame->bytes + offset;
	uint8_t *ipv4 = out + frame->ipv4_at;
	size_t total = frame->payload_at + length;

	memcpy(out, headers, frame->payload_at);
	put_be16(ipv4 + IPV4_TOTAL_LENGTH, (uint16_t)(total - frame->ipv4_at));
	put_be16(ipv4 + IPV4_IDENTIFICATION, (uint16_t)(frame->ipv4.identification + index));
	ipv4_checksum_set(ipv4);
	put_transport(frame, out + frame->transport_at, total - frame->transport_at, offset,
		      frame->payload_at + offset + length == frame->end);
	return (struct bytes) { out, total };
}

static unsigned split(struct long_frame *frame, size_t segment_bytes,
		      void (*emit)(void *owner, struct bytes frame), void *owner)
{
	uint8_t headers[ETHERNET_HEADER_BYTES + 60 + 60];
	size_t payload_bytes = frame->end - frame->payload_at;
	unsigned count = 0;

	g_assert(frame->payload_at <= sizeof headers);
	memcpy(headers, frame->bytes, frame->payload_at);
	for (size_t offset = 0; offset < payload_bytes; offset += segment_bytes) {
		size_t length = MIN(segment_bytes, payload_bytes - offset);

		emit(owner, cut_segment(frame, headers, offset, length, count++));
	}
	return count;
}

struct offload_result offload_finish(const struct virtio_net_hdr *header, uint8_t *frame,
				     size_t length, void (*emit)(void *owner, struct bytes frame),
				     void *owner)
{
	uint8_t kind = header->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
	struct long_frame long_frame = { .bytes = frame, .end = length };
	struct offload_result result = { 0 };
	struct bytes segment;

	if (kind == VIRTIO_NET_HDR_GSO_NONE) {
		if ((header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
			if (!complete_checksum(header, frame, length))
				return result;
			result.is_completed = true;
		}
		result.frames = 1;
		emit(owner, (struct bytes) { frame, length });
		return result;
	}
	long_frame.is_tcp = kind == VIRTIO_NET_HDR_GSO_TCPV4;
	if ((!long_frame.is_tcp && kind != GSO_UDP_SEGMENTS) || header->gso_size == 0 ||
	    !parse_ipv4(&long_frame, &segment) || !parse_transport(&long_frame, segment))
		return result;
	result.is_split = result.is_completed = true;
	result.frames = split(&long_frame, header->gso_size, emit, owner);
	return result;
}
