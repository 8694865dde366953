/* Hops in order of time, and the packets that they are passes of. */
#include "stack/names.h"
#include "stack/tcp/names.h"
#include "views/history_private.h"

/* Where hop `a` stood before, and its first record: for sorting. */
struct place {
	uint64_t record;
	uint32_t index;
};

static int by_record(const void *a, const void *b)
{
	const struct place *left = a, *right = b;

	return left->record < right->record ? -1 : left->record > right->record;
}

/* Sorts the hops, and says so to the records and to the packets' ids. */
static void sort_hops(struct history *history)
{
	guint count = history->hops->len;
	GArray *hops = g_array_sized_new(FALSE, FALSE, sizeof(struct history_hop), count);
	GArray *packets = g_array_sized_new(FALSE, FALSE, sizeof(uint64_t), count);
	struct place *places = g_new(struct place, count);
	uint32_t *moved = g_new(uint32_t, count);

	for (guint i = 0; i < count; i++)
		places[i] = (struct place) { history_hop(history, i)->first_record, i };
	if (count > 0)
		qsort(places, count, sizeof *places, by_record);
	for (guint i = 0; i < count; i++) {
		moved[places[i].index] = i;
		g_array_append_vals(hops, history_hop(history, places[i].index), 1);
		g_array_append_vals(
		    packets, &g_array_index(history->hop_packets, uint64_t, places[i].index), 1);
	}
	for (guint i = 0; i < history->record_hops->len; i++) {
		uint32_t *hop = &g_array_index(history->record_hops, uint32_t, i);

		if (*hop != HISTORY_NONE)
			*hop = moved[*hop];
	}
	g_free(moved);
	g_free(places);
	g_array_unref(history->hops);
	g_array_unref(history->hop_packets);
	history->hops = hops;
	history->hop_packets = packets;
}

static uint32_t packet_for(struct history *history, uint64_t id)
{
	struct history_packet packet = { .id = id, .event = HISTORY_NONE };
	uint32_t found = history_find_packet(history, id);

	if (found != HISTORY_NONE)
		return found;
	packet.frame = model_frame(history->model, id);
	g_array_append_val(history->packets, packet);
	g_hash_table_insert(history->packet_by_id, g_memdup2(&id, sizeof id),
			    GUINT_TO_POINTER(history->packets->len));
	return history->packets->len - 1;
}

static struct history_packet *packet_at(struct history *history, uint32_t index)
{
	return &g_array_index(history->packets, struct history_packet, index);
}

static struct history_hop *hop_at(struct history *history, uint32_t index)
{
	return &g_array_index(history->hops, struct history_hop, index);
}

/* Drops of what has arrived whole where it was to go, and is not wanted there. */
static const struct {
	uint8_t layer;
	uint16_t detail;
} unwanted[] = {
	{LAYER_TCP,   TCP_DROP_DUPLICATE     },
	{ LAYER_TCP,  TCP_DROP_OUT_OF_WINDOW },
	{ LAYER_TCP,  TCP_DROP_OLD_TIMESTAMP },
	{ LAYER_TCP,  TCP_DROP_NO_CONNECTION },
	{ LAYER_TCP,  TCP_DROP_BAD_RESET     },
	{ LAYER_TCP,  TCP_DROP_BAD_SYN       },
	{ LAYER_TCP,  TCP_DROP_BAD_ACK       },
	{ LAYER_TCP,  TCP_DROP_NO_ACK        },
	{ LAYER_TCP,  TCP_DROP_NOT_READ      },
	{ LAYER_UDP,  UDP_PORT_CLOSED        },
	{ LAYER_ICMP, ICMP_UNKNOWN_TYPE      },
	{ LAYER_ICMP, ICMP_BROADCAST_ECHO    },
	{ LAYER_ICMP, ICMP_NOT_AWAITED       },
	{ LAYER_ICMP, ICMP_NOT_BELIEVED      },
	{ LAYER_ARP,  ARP_NOT_ASKED          },
	{ LAYER_ARP,  ARP_CONFLICT           },
	{ LAYER_IPV4, IPV4_DUPLICATE_FRAGMENT},
	{ LAYER_IPV4, IPV4_UNKNOWN_PROTOCOL  },
};

static bool is_lost_at(const struct history *history, const struct history_hop *hop)
{
	const struct trace_record *drop;

	if (hop->outcome != HISTORY_DROPPED)
		return false;
	drop = history_hop_find(history, hop, TRACE_DROP, -1);
	for (size_t i = 0; drop != NULL && i < G_N_ELEMENTS(unwanted); i++)
		if (drop->layer == unwanted[i].layer && drop->detail == unwanted[i].detail)
			return false;
	return true;
}

/* Whether it was lost, and no copy of it arrived. */
static void judge(struct history *history, struct history_packet *packet)
{
	bool is_dropped = false, is_delivered = false;

	for (uint32_t i = 0; i < packet->hop_count; i++) {
		const struct history_hop *hop =
		    history_hop(history, history_packet_hop(history, packet, i));

		is_dropped = is_dropped || is_lost_at(history, hop);
		is_delivered = is_delivered || hop->outcome == HISTORY_DELIVERED;
	}
	packet->is_lost = is_dropped && !is_delivered;
}

void history_arrange(struct history *history)
{
	uint32_t first = 0;

	sort_hops(history);
	for (guint i = 0; i < history->hops->len; i++) {
		struct history_hop *hop = hop_at(history, i);

		hop->packet = packet_for(history, g_array_index(history->hop_packets, uint64_t, i));
		hop->place = packet_at(history, hop->packet)->hop_count++;
	}
	for (guint i = 0; i < history->packets->len; i++) {
		packet_at(history, i)->first_hop = first;
		first += packet_at(history, i)->hop_count;
	}
	g_array_set_size(history->packet_hops, first);
	for (guint i = 0; i < history->hops->len; i++) {
		const struct history_hop *hop = history_hop(history, i);

		g_array_index(history->packet_hops, uint32_t,
			      packet_at(history, hop->packet)->first_hop + hop->place) = i;
	}
	for (guint i = 0; i < history->packets->len; i++)
		judge(history, packet_at(history, i));
}
