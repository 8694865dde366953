#include "stack/neighbour.h"

#include "stack/drop.h"
#include "stack/host_private.h"
#include "stack/key_map.h"
#include "stack/wire/ethernet.h"

/* In the order of use: what sending touches comes first. */
struct neighbour {
	struct interface *interface;
	uint32_t address;
	struct mac mac;
	uint8_t state;        /* enum arp_state */
	uint8_t tries;        /* requests sent since INCOMPLETE or PROBE was entered */
	int64_t confirmed_ns; /* when it last was known to be reachable */
	int64_t reachable_ns; /* how long that counts */
	int64_t changed_ns;   /* when its MAC address was last set */
	struct arp *arp;
	struct packet *waiting; /* the oldest; linked by next */
	struct packet **waiting_last;
	unsigned waiting_count;
	struct timer
	    timer; /* INCOMPLETE, PROBE: next request; DELAY: first probe; FAILED: the end */
};

struct arp {
	struct host *host;
	struct key_map rows; /* of interface index << 32 | address: struct neighbour * */
	struct random_stream ages;
	bool has_ages;
	unsigned failed_count; /* rows in state ARP_FAILED */
};

static const struct mac mac_zero;

static uint64_t row_key(const struct interface *interface, uint32_t address)
{
	return (uint64_t)interface->index << 32 | address;
}

static struct neighbour *row_find(const struct arp *arp, const struct interface *interface,
				  uint32_t address)
{
	uint64_t *row = key_map_find(&arp->rows, row_key(interface, address));

	return row != NULL ? (struct neighbour *)(uintptr_t)*row : NULL;
}

struct neighbour *neighbour_find(struct arp *arp, struct interface *interface, uint32_t address)
{
	/* The one last sent to by this interface is at hand. */
	struct neighbour *neighbour = interface->neighbour;

	if (neighbour != NULL && neighbour->address == address)
		return neighbour;
	neighbour = row_find(arp, interface, address);
	if (neighbour != NULL)
		interface->neighbour = neighbour;
	return neighbour;
}

bool neighbour_is_known(const struct neighbour *neighbour)
{
	return neighbour->state > ARP_INCOMPLETE;
}

int64_t neighbour_changed_ns(const struct neighbour *neighbour)
{
	return neighbour->changed_ns;
}

void neighbour_confirm(struct neighbour *neighbour)
{
	neighbour->confirmed_ns = node_now(neighbour->interface->node);
}

static uint64_t row_value(enum arp_state state, struct mac mac)
{
	return (uint64_t)state << 48 | (uint64_t)get_be16(mac.octets) << 32 |
	       get_be32(mac.octets + 2);
}

/* The only place where a row changes. */
static void neighbour_enter(struct neighbour *neighbour, enum arp_state state, struct mac mac)
{
	uint64_t before = row_value(neighbour->state, neighbour->mac);
	uint64_t after = row_value(state, mac);
	struct node *node = neighbour->interface->node;

	if (before == after)
		return;
	trace_emit(node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_TABLE,
		       .layer = LAYER_ARP,
		       .detail = ARP_ROW,
		       .object = neighbour->address,
		       .before = before,
		       .after = after,
		       .interface = interface_number(neighbour->interface),
		   },
		   (struct bytes) { 0 });
	if (!mac_equal(mac, neighbour->mac))
		neighbour->changed_ns = node_now(node);
	neighbour->arp->failed_count += state == ARP_FAILED;
	neighbour->arp->failed_count -= neighbour->state == ARP_FAILED;
	neighbour->state = (uint8_t)state;
	neighbour->mac = mac;
}

/* Arms the timer. Probing what is known already does not keep the world from being quiet. */
static void neighbour_schedule(struct neighbour *neighbour, int64_t in_ns, bool is_background)
{
	struct node *node = neighbour->interface->node;

	timer_cancel(node_engine(node), &neighbour->timer);
	neighbour->timer.is_background = is_background;
	timer_schedule(node_engine(node), &neighbour->timer, node_now(node) + in_ns);
}

static void neighbour_settle(struct neighbour *neighbour)
{
	timer_cancel(node_engine(neighbour->interface->node), &neighbour->timer);
}

/* A random part of the mean, as RFC 4861 section 6.3.2 has it, so that rows do not age in step. */
static int64_t draw_reachable_ns(struct arp *arp)
{
	if (!arp->has_ages) {
		node_random_init(&arp->host->node, &arp->ages, "arp");
		arp->has_ages = true;
	}
	return ARP_REACHABLE_NS / 2 + (int64_t)random_below(&arp->ages, ARP_REACHABLE_NS);
}

/* Asks everybody while the MAC address is unknown, else only the neighbour itself. */
static void neighbour_ask(struct neighbour *neighbour)
{
	bool is_probe = neighbour->state == ARP_PROBE;

	neighbour->tries++;
	arp_ask(neighbour->interface, neighbour->address, is_probe ? &neighbour->mac : NULL);
	neighbour_schedule(neighbour, ARP_RETRY_NS, is_probe);
}

/* Rows and the packets that wait for them. */

static void waiting_push(struct neighbour *neighbour, struct packet *packet)
{
	packet->next = NULL;
	*neighbour->waiting_last = packet;
	neighbour->waiting_last = &packet->next;
	neighbour->waiting_count++;
}

static struct packet *waiting_pop(struct neighbour *neighbour)
{
	struct packet *packet = neighbour->waiting;

	neighbour->waiting = packet->next;
	if (neighbour->waiting == NULL)
		neighbour->waiting_last = &neighbour->waiting;
	neighbour->waiting_count--;
	packet->next = NULL;
	return packet;
}

static void neighbour_fire(void *owner);

static struct neighbour *neighbour_new(struct arp *arp, struct interface *interface,
				       uint32_t address)
{
	if (arp->rows.count >= ARP_ROWS_MAX)
		return NULL;
	struct neighbour *neighbour = g_new0(struct neighbour, 1);

	neighbour->arp = arp;
	neighbour->interface = interface;
	neighbour->address = address;
	neighbour->waiting_last = &neighbour->waiting;
	neighbour->confirmed_ns = INT64_MIN / 2; /* never */
	neighbour->reachable_ns = draw_reachable_ns(arp);
	timer_init(&neighbour->timer, interface->node->index, neighbour_fire, neighbour);
	key_map_set(&arp->rows, row_key(interface, address), (uintptr_t)neighbour);
	return neighbour;
}

/* Frees a row that nobody waits for. */
static void neighbour_free(struct neighbour *neighbour)
{
	struct interface *interface = neighbour->interface;

	g_assert(neighbour->waiting == NULL);
	neighbour_settle(neighbour);
	if (interface->neighbour == neighbour)
		interface->neighbour = NULL;
	key_map_remove(&neighbour->arp->rows, row_key(interface, neighbour->address));
	g_free(neighbour);
}

static void neighbour_forget(struct neighbour *neighbour)
{
	neighbour_enter(neighbour, ARP_NONE, mac_zero);
	neighbour_free(neighbour);
}

/* Keeps the row for an answer that is late, or has it forgotten where too many wait for one. */
static void neighbour_give_up(struct neighbour *neighbour)
{
	if (neighbour->arp->failed_count >= ARP_FAILED_MAX) {
		neighbour_forget(neighbour);
		return;
	}
	neighbour_enter(neighbour, ARP_FAILED, mac_zero);
	neighbour_schedule(neighbour, ARP_FAILED_NS, true);
}

/*
 * Gives the row up and tells the sources of the packets that wait. The row has failed before that: the
 * way to a source may lead over the same neighbour.
 */
static void neighbour_fail(struct neighbour *neighbour)
{
	struct host *host = neighbour->arp->host;
	uint32_t address = neighbour->address;
	struct packet *waiting = neighbour->waiting;

	neighbour->waiting = NULL;
	neighbour->waiting_last = &neighbour->waiting;
	neighbour->waiting_count = 0;
	neighbour_give_up(neighbour);
	while (waiting != NULL) {
		struct packet *packet = waiting;

		waiting = packet->next;
		packet->next = NULL;
		icmp_send_error(host, packet, ICMP_DESTINATION_UNREACHABLE, ICMP_HOST_UNREACHABLE,
				0);
		packet_drop(&host->node, packet,
			    &(struct trace_record) {
				.layer = LAYER_ARP,
				.detail = ARP_NO_ANSWER,
				.object = address,
			    });
	}
}

/* Keeps a packet (taken) until the neighbour has answered. */
static void neighbour_wait(struct neighbour *neighbour, struct packet *packet)
{
	struct host *host = neighbour->arp->host;

	if (neighbour->waiting_count == ARP_QUEUE_MAX)
		packet_drop(&host->node, waiting_pop(neighbour),
			    &(struct trace_record) {
				.layer = LAYER_ARP,
				.detail = ARP_QUEUE_FULL,
				.object = neighbour->address,
			    });
	trace_emit(&host->node, packet,
		   &(struct trace_record) {
		       .kind = TRACE_WAIT,
		       .layer = LAYER_ARP,
		       .detail = ARP_RESOLVING,
		       .object = neighbour->address,
		       .interface = interface_number(neighbour->interface),
		   },
		   (struct bytes) { 0 });
	waiting_push(neighbour, packet);
}

static void neighbour_age(struct neighbour *neighbour)
{
	int64_t now_ns = node_now(neighbour->interface->node);

	if (neighbour->state == ARP_REACHABLE &&
	    now_ns - neighbour->confirmed_ns > neighbour->reachable_ns)
		neighbour_enter(neighbour, ARP_STALE, neighbour->mac);
}

/* Sends on a row whose MAC address is known; a stale one is checked a little later. */
static void send_known(struct neighbour *neighbour, struct packet *packet)
{
	neighbour_age(neighbour);
	if (neighbour->state == ARP_STALE) {
		neighbour_enter(neighbour, ARP_DELAY, neighbour->mac);
		neighbour_schedule(neighbour, ARP_DELAY_NS, true);
	}
	interface_send(neighbour->interface, neighbour->mac, ETHERTYPE_IPV4, packet);
}

void neighbour_send(struct neighbour *neighbour, struct packet *packet)
{
	if (neighbour_is_known(neighbour)) {
		send_known(neighbour, packet);
		return;
	}
	bool is_asked_for = neighbour->state == ARP_INCOMPLETE;

	neighbour_enter(neighbour, ARP_INCOMPLETE, mac_zero);
	neighbour_wait(neighbour, packet);
	if (is_asked_for)
		return;
	neighbour->tries = 0;
	neighbour_ask(neighbour);
}

static void neighbour_flush(struct neighbour *neighbour)
{
	while (neighbour->waiting != NULL)
		send_known(neighbour, waiting_pop(neighbour));
}

void neighbour_learn(struct neighbour *neighbour, enum arp_state state, struct mac mac)
{
	neighbour_settle(neighbour);
	if (state == ARP_REACHABLE)
		neighbour_confirm(neighbour);
	neighbour_enter(neighbour, state, mac);
	neighbour_flush(neighbour);
}

static void neighbour_fire(void *owner)
{
	struct neighbour *neighbour = owner;
	int64_t now_ns = node_now(neighbour->interface->node);

	if (neighbour->state == ARP_FAILED) {
		neighbour_forget(neighbour);
		return;
	}
	if (neighbour->state == ARP_DELAY) {
		if (now_ns - neighbour->confirmed_ns < ARP_DELAY_NS) {
			neighbour_enter(neighbour, ARP_REACHABLE, neighbour->mac);
			return;
		}
		neighbour_enter(neighbour, ARP_PROBE, neighbour->mac);
		neighbour->tries = 0;
	}
	if (neighbour->tries < ARP_TRIES)
		neighbour_ask(neighbour);
	else
		neighbour_fail(neighbour);
}

struct neighbour *neighbour_make(struct arp *arp, struct interface *interface, uint32_t address)
{
	struct neighbour *neighbour = neighbour_find(arp, interface, address);

	return neighbour != NULL ? neighbour : neighbour_new(arp, interface, address);
}

/* The table as a whole. */

struct host *neighbour_host(const struct arp *arp)
{
	return arp->host;
}

struct arp *arp_new(struct host *host)
{
	struct arp *arp = g_new0(struct arp, 1);

	arp->host = host;
	return arp;
}

void arp_free(struct arp *arp)
{
	if (arp == NULL)
		return;
	for (uint32_t i = 0; i < arp->rows.capacity; i++) {
		struct neighbour *neighbour =
		    (struct neighbour *)(uintptr_t)arp->rows.cells[i].value;

		if (neighbour == NULL)
			continue;
		while (neighbour->waiting != NULL)
			packet_free(waiting_pop(neighbour));
		neighbour_settle(neighbour);
		g_free(neighbour);
	}
	key_map_clear(&arp->rows);
	g_free(arp);
}

struct arp_row neighbour_row(const struct neighbour *neighbour)
{
	return (struct arp_row) {
		.interface = neighbour->interface,
		.address = neighbour->address,
		.mac = neighbour->mac,
		.state = neighbour->state,
		.waiting = neighbour->waiting_count,
	};
}

bool arp_find(const struct arp *arp, const struct interface *interface, uint32_t address,
	      struct arp_row *row)
{
	const struct neighbour *neighbour = row_find(arp, interface, address);

	if (neighbour == NULL)
		return false;
	*row = neighbour_row(neighbour);
	return true;
}

void arp_each(const struct arp *arp, void (*each)(void *owner, const struct arp_row *row),
	      void *owner)
{
	struct key_map_cell *cells = key_map_sorted(&arp->rows);

	for (uint32_t i = 0; i < arp->rows.count; i++) {
		struct arp_row row = neighbour_row((struct neighbour *)(uintptr_t)cells[i].value);

		each(owner, &row);
	}
	g_free(cells);
}

static void drop_waiting(struct neighbour *neighbour)
{
	while (neighbour->waiting != NULL)
		packet_drop(neighbour->interface->node, waiting_pop(neighbour),
			    &(struct trace_record) {
				.layer = LAYER_LINK,
				.detail = LINK_DOWN,
				.interface = interface_number(neighbour->interface),
			    });
}

void arp_forget(struct arp *arp, const struct interface *interface)
{
	uint32_t count = arp->rows.count;
	struct key_map_cell *cells = key_map_sorted(&arp->rows);

	for (uint32_t i = 0; i < count; i++) {
		struct neighbour *neighbour = (struct neighbour *)(uintptr_t)cells[i].value;

		if (neighbour->interface != interface)
			continue;
		drop_waiting(neighbour);
		neighbour_forget(neighbour);
	}
	g_free(cells);
}

void arp_age(struct arp *arp)
{
	struct key_map_cell *cells = key_map_sorted(&arp->rows);

	for (uint32_t i = 0; i < arp->rows.count; i++)
		neighbour_age((struct neighbour *)(uintptr_t)cells[i].value);
	g_free(cells);
}
