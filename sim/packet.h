/*
 * Packet buffers: one reference-counted block from a pool, with headroom for every header that
 * can come. Encapsulation pushes a header in front, decapsulation narrows to the payload.
 *
 * Whoever is handed a packet by a `*_send` or `*_receive` function takes it: forwards it or frees
 * it on every path.
 */
#pragma once
#include <glib.h>
#include "sim/bytes.h"

#define PACKET_HEADROOM_BYTES                                                                      \
	144                      /* Ethernet with a VLAN tag 18, IPv4 60, TCP 60; 16-byte aligned */
#define PACKET_TAILROOM_BYTES 64 /* padding to the Ethernet minimum, and the FCS */
#define PACKET_PAYLOAD_MAX    65535

struct packet_pool;

struct packet {
	uint8_t *buffer;
	uint32_t start, end; /* the packet's bytes are buffer[start, end) */
	uint32_t capacity;   /* size of buffer */
	uint32_t references;
	uint32_t crossing;  /* the pass through the present node */
	uint16_t interface; /* index of the interface it came in by; 0: made here */
	uint8_t size_class;
	bool is_corrupted; /* a link changed bytes: the FCS in `fcs` no longer matches */
	bool has_fcs;      /* `fcs` was computed for the present bytes (before corruption) */
	bool is_altered;   /* bytes changed behind the FCS check: no FCS shows it */
	uint32_t fcs;      /* as CRC-32 value, host order */
	bool has_sum;      /* `sum` is that of buffer[sum_start, sum_end) */
	uint32_t sum, sum_start, sum_end;
	uint64_t id;         /* trace identity, kept across hops */
	uint64_t cause;      /* trace record that led to it: its last transmit, drop, ... */
	uint64_t root;       /* user action or message behind it */
	struct packet *next; /* for whoever queues it */
	struct packet_pool *pool;
};

struct packet_pool *packet_pool_new(void);

/* Frees the pool. Packets still out are a bug of their owner and are reported by an assertion. */
void packet_pool_free(struct packet_pool *pool);

/* Packets handed out and not yet freed. */
size_t packet_pool_in_use(const struct packet_pool *pool);

/*
 * A packet of `payload_bytes` uninitialised bytes behind PACKET_HEADROOM_BYTES of room, with one
 * reference. `payload_bytes` is at most PACKET_PAYLOAD_MAX. Identity fields are 0.
 */
struct packet *packet_new(struct packet_pool *pool, size_t payload_bytes);

/* An independent copy with the same bytes, headroom and identity fields, and one reference. */
struct packet *packet_copy(const struct packet *packet);

/* One more reference to the same bytes. A packet with several must not be changed. */
static inline struct packet *packet_reference(struct packet *packet)
{
	packet->references++;
	return packet;
}

void packet_free(struct packet *packet); /* gives up one reference; NULL is fine */

/* `packet` itself when nobody else refers to it, or else a copy; takes and returns a reference. */
struct packet *packet_unshare(struct packet *packet);

static inline struct bytes packet_bytes(const struct packet *packet)
{
	return (struct bytes) { packet->buffer + packet->start, packet->end - packet->start };
}

static inline uint8_t *packet_data(struct packet *packet)
{
	return packet->buffer + packet->start;
}

static inline size_t packet_length(const struct packet *packet)
{
	return packet->end - packet->start;
}

/*
 * Fetches what a receiver reads first, identity and headers, into the cache: a packet that was long
 * under way is no longer there.
 */
static inline void packet_prefetch(const struct packet *packet)
{
	for (size_t offset = 0; offset < sizeof *packet + PACKET_HEADROOM_BYTES; offset += 64)
		__builtin_prefetch((const uint8_t *)packet + offset);
}

/* Makes room for a header of `header_bytes` in front and returns it. The room must be there. */
static inline uint8_t *packet_push(struct packet *packet, size_t header_bytes)
{
	g_assert(header_bytes <= packet->start);
	packet->start -= (uint32_t)header_bytes;
	return packet->buffer + packet->start;
}

/* Takes `header_bytes` off the front. */
static inline void packet_pull(struct packet *packet, size_t header_bytes)
{
	g_assert(header_bytes <= packet_length(packet));
	packet->start += (uint32_t)header_bytes;
}

/* Narrows the packet to `payload`, which must lie inside its bytes. */
static inline void packet_narrow(struct packet *packet, struct bytes payload)
{
	g_assert(payload.data >= packet->buffer + packet->start &&
		 payload.data + payload.length <= packet->buffer + packet->end);
	packet->start = (uint32_t)(payload.data - packet->buffer);
	packet->end = packet->start + (uint32_t)payload.length;
}

/*
 * Notes `sum`, the checksum in progress that whoever wrote the packet's present bytes has made of
 * them, so that a receiver need not read them again. It holds until packet_bytes_change().
 */
static inline void packet_note_sum(struct packet *packet, uint32_t sum)
{
	packet->has_sum = true;
	packet->sum = sum;
	packet->sum_start = packet->start;
	packet->sum_end = packet->end;
}

/* The sum noted for exactly the bytes `part` of the packet; false: there is none. */
static inline bool packet_find_sum(const struct packet *packet, struct bytes part, uint32_t *sum)
{
	*sum = packet->sum;
	return packet->has_sum && part.data == packet->buffer + packet->sum_start &&
	       part.length == packet->sum_end - packet->sum_start;
}

/* Must be called before any of the bytes that were summed are changed; headers in front are not. */
static inline void packet_bytes_change(struct packet *packet)
{
	packet->has_sum = false;
}

/* Appends `length` zero bytes; at most PACKET_TAILROOM_BYTES in the packet's life. */
static inline void packet_pad(struct packet *packet, size_t length)
{
	g_assert(packet->end + length <= packet->capacity);
	memset(packet->buffer + packet->end, 0, length);
	packet->end += (uint32_t)length;
}
