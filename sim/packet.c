#include "sim/packet.h"

#include "sim/spares.h"

/* Payload sizes: acknowledgements and short commands; Ethernet; jumbo frames; the IPv4 maximum. */
static const uint32_t class_payload_bytes[] = { 256, 1536, 9216, PACKET_PAYLOAD_MAX };

#define CLASS_COUNT G_N_ELEMENTS(class_payload_bytes)

struct packet_pool {
	struct spares classes[CLASS_COUNT];
};

struct packet_pool *packet_pool_new(void)
{
	return g_new0(struct packet_pool, 1);
}

void packet_pool_free(struct packet_pool *pool)
{
	if (pool == NULL)
		return;
	for (size_t i = 0; i < CLASS_COUNT; i++) {
		g_assert(pool->classes[i].in_use == 0);
		spares_clear(&pool->classes[i]);
	}
	g_free(pool);
}

size_t packet_pool_in_use(const struct packet_pool *pool)
{
	size_t in_use = 0;

	for (size_t i = 0; i < CLASS_COUNT; i++)
		in_use += pool->classes[i].in_use;
	return in_use;
}

static struct packet *block_take(struct packet_pool *pool, uint8_t size_class)
{
	uint32_t capacity =
	    PACKET_HEADROOM_BYTES + class_payload_bytes[size_class] + PACKET_TAILROOM_BYTES;
	struct packet *packet = spares_take(&pool->classes[size_class], sizeof *packet + capacity);

	*packet = (struct packet) {
		.buffer = (uint8_t *)(packet + 1),
		.capacity = capacity,
		.references = 1,
		.size_class = size_class,
		.pool = pool,
	};
	return packet;
}

struct packet *packet_new(struct packet_pool *pool, size_t payload_bytes)
{
	uint8_t size_class = 0;

	g_assert(payload_bytes <= PACKET_PAYLOAD_MAX);
	while (class_payload_bytes[size_class] < payload_bytes)
		size_class++;
	struct packet *packet = block_take(pool, size_class);

	packet->start = PACKET_HEADROOM_BYTES;
	packet->end = PACKET_HEADROOM_BYTES + (uint32_t)payload_bytes;
	return packet;
}

struct packet *packet_copy(const struct packet *packet)
{
	struct packet *copy = block_take(packet->pool, packet->size_class);
	struct packet identity = *packet;

	identity.buffer = copy->buffer;
	identity.references = 1;
	identity.next = NULL;
	*copy = identity;
	memcpy(copy->buffer + copy->start, packet->buffer + packet->start, packet_length(packet));
	return copy;
}

void packet_free(struct packet *packet)
{
	if (packet == NULL || --packet->references > 0)
		return;
	spares_give_back(&packet->pool->classes[packet->size_class], packet);
}

struct packet *packet_unshare(struct packet *packet)
{
	if (packet->references == 1)
		return packet;
	struct packet *copy = packet_copy(packet);

	packet_free(packet);
	return copy;
}
