#include "stack/link.h"

#include "sim/world.h"
#include "stack/dial_up.h"
#include "stack/drop.h"
#include "stack/transit.h"
#include "stack/interface.h"
#include "stack/names.h"
#include "stack/wire/ethernet.h"

/* What a frame occupies on the wire besides its bytes; the gap delays only the next frame. */
enum { AROUND_FRAME = ETHERNET_PREAMBLE_BYTES + ETHERNET_FCS_BYTES };

/* What every frame touches, and no more: with many hosts, memory is what a hop costs. */
struct direction {
	struct timer arrival; /* of the first frame under way; runs at the receiver */
	struct transit transit;
	struct interface *sender, *receiver;
	int64_t free_at_ns; /* when the next frame can begin */
	int64_t delay_ns;
	int64_t queue_ns;          /* the time that a full queue takes to drain */
	uint64_t frames;           /* sent so far, lost ones included */
	struct impairer *impairer; /* NULL: a perfect cable */
	uint32_t byte_ns;          /* a byte's time on the wire; 0: not a whole number of ns */
	bool is_cut;
	bool is_dialled; /* the link has a dial-up line */
};

struct link {
	struct direction directions[2]; /* by the side that sends */
	uint64_t object;
	uint64_t rate_bps[2];
	struct dial_up *line;       /* NULL: always up */
	int64_t last_arrival_ns[2]; /* of frames not held back: jitter never lets them overtake */
};

static struct link *link_of(const struct direction *direction)
{
	return direction->sender->link;
}

static uint64_t rate_of(const struct direction *direction)
{
	return link_of(direction)->rate_bps[direction->sender->side];
}

static int64_t wire_ns(const struct direction *direction, size_t wire_bytes)
{
	if (direction->byte_ns != 0)
		return (int64_t)(direction->byte_ns * wire_bytes);
	return time_to_transmit(wire_bytes, rate_of(direction));
}

/* Numbers of interfaces above 65,535 are alike in the order key; the rest of it tells them apart. */
static uint64_t order_of(const struct direction *direction, uint64_t number)
{
	return (uint64_t)(direction->receiver->index >> 16) << 48 | number;
}

/* Arms the timer for the first frame under way, if there is one. */
static void await_arrival(struct direction *direction)
{
	const struct transit_frame *first = transit_first(&direction->transit);

	if (first == NULL)
		return;
	packet_prefetch(first->packet);
	timer_schedule_arrival(node_engine(direction->receiver->node), &direction->arrival,
			       first->arrival_ns, order_of(direction, first->number));
}

static void arrive(void *owner)
{
	struct direction *direction = owner;
	struct transit_frame frame = transit_pop(&direction->transit);

	await_arrival(direction);
	interface_receive(direction->receiver, frame.packet, frame.cause);
}

static void direction_init(struct direction *direction, struct interface *sender,
			   struct interface *receiver)
{
	direction->sender = sender;
	direction->receiver = receiver;
	timer_init(&direction->arrival, receiver->node->index, arrive, direction);
	direction->arrival.class = EVENT_ARRIVAL;
	direction->arrival.interface = interface_number(receiver);
}

void link_configure(struct link *link, enum link_side from, const struct link_config *config)
{
	struct direction *direction = &link->directions[from];
	uint64_t rate_bps = config->rate_bps ? config->rate_bps : LINK_DEFAULT_RATE_BPS;
	uint64_t queue_bytes = config->queue_bytes ? config->queue_bytes : LINK_DEFAULT_QUEUE_BYTES;
	uint64_t byte_ns = 8 * (uint64_t)NS_PER_S / rate_bps;
	bool is_whole = byte_ns * rate_bps == 8 * (uint64_t)NS_PER_S && byte_ns <= UINT32_MAX;

	link->rate_bps[from] = rate_bps;
	direction->byte_ns = is_whole ? (uint32_t)byte_ns : 0;
	direction->delay_ns = config->delay_ns;
	direction->queue_ns = time_to_transmit(queue_bytes, rate_bps);
}

static uint64_t end_of(const struct interface *interface)
{
	return (uint64_t)interface->node->index << 16 | interface_number(interface);
}

struct link *link_new(struct interface *a, struct interface *b, const char *network,
		      const struct link_config *config)
{
	struct link *link = g_new0(struct link, 1);

	g_assert(a->link == NULL && b->link == NULL);
	link->object = node_new_object(a->node);
	direction_init(&link->directions[LINK_A], a, b);
	direction_init(&link->directions[LINK_B], b, a);
	link_configure(link, LINK_A, config);
	link_configure(link, LINK_B, config);
	a->link = b->link = link;
	a->side = LINK_A;
	b->side = LINK_B;
	trace_emit(a->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_LINK,
		       .layer = LAYER_LINK,
		       .object = link->object,
		       .before = end_of(a),
		       .after = end_of(b),
		       .interface = interface_number(a),
		   },
		   bytes_of(network != NULL ? network : ""));
	return link;
}

static void direction_clear(struct direction *direction)
{
	timer_cancel(node_engine(direction->sender->node), &direction->arrival);
	transit_clear(&direction->transit);
	impairer_free(direction->impairer);
	direction->sender->link = NULL;
}

void link_free(struct link *link)
{
	if (link == NULL)
		return;
	direction_clear(&link->directions[LINK_A]);
	direction_clear(&link->directions[LINK_B]);
	dial_up_free(link->line);
	g_free(link);
}

void link_impair(struct link *link, enum link_side from, const struct impairment *impairment)
{
	static const struct impairment none;
	struct direction *direction = &link->directions[from];
	const struct interface *sender = direction->sender;

	if (impairment == NULL)
		impairment = &none;
	if (direction->impairer != NULL) {
		impairer_configure(direction->impairer, impairment);
		return;
	}
	struct random_stream stream;

	node_random_init(sender->node, &stream, sender->name);
	direction->impairer = impairer_new(impairment, &stream);
}

void link_dial_up(struct link *link, const struct dial_up_config *config)
{
	g_assert(link->line == NULL);
	link->line = dial_up_new(link->directions[LINK_A].sender, link->object, config);
	link->directions[LINK_A].is_dialled = link->directions[LINK_B].is_dialled = true;
}

bool link_is_cut(const struct link *link)
{
	return link->directions[LINK_A].is_cut;
}

struct interface *link_interface(const struct link *link, enum link_side side)
{
	return link->directions[side].sender;
}

uint64_t link_object(const struct link *link)
{
	return link->object;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t link_backlog_ns(const struct link *link, enum link_side from)
{
	const struct direction *direction = &link->directions[from];

	return later(direction->free_at_ns - node_now(direction->sender->node), 0);
}

static void link_drop(struct direction *direction, struct packet *frame,
		      const struct trace_record *why)
{
	struct trace_record record = *why;

	record.layer = LAYER_LINK;
	record.interface = interface_number(direction->sender);
	packet_drop(direction->sender->node, frame, &record);
}

/* A frame that the sender could not put on the wire. */
static void refuse(struct direction *direction, struct packet *frame,
		   const struct trace_record *why)
{
	direction->sender->counters.dropped_frames++;
	link_drop(direction, frame, why);
}

static void refuse_overflow(struct direction *direction, struct packet *frame, int64_t backlog_ns)
{
	double bytes_per_ns = (double)rate_of(direction) / 8e9;

	refuse(direction, frame,
	       &(struct trace_record) {
		   .detail = LINK_QUEUE_FULL,
		   .before = (uint64_t)((double)backlog_ns * bytes_per_ns + 0.5),
		   .after = (uint64_t)((double)direction->queue_ns * bytes_per_ns + 0.5),
	       });
}

static void lose_all(struct direction *direction)
{
	timer_cancel(node_engine(direction->receiver->node), &direction->arrival);
	while (direction->transit.count > 0)
		link_drop(direction, transit_pop(&direction->transit).packet,
			  &(struct trace_record) { .detail = LINK_DOWN });
}

static void link_enter(struct link *link, bool is_cut)
{
	bool was_cut = link_is_cut(link);

	if (was_cut == is_cut)
		return;
	const struct interface *end = link->directions[LINK_A].sender;

	trace_emit(end->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_STATE,
		       .layer = LAYER_LINK,
		       .detail = LINK_CARRIER,
		       .object = link->object,
		       .before = !was_cut,
		       .after = !is_cut,
		       .interface = interface_number(end),
		   },
		   (struct bytes) { 0 });
	link->directions[LINK_A].is_cut = link->directions[LINK_B].is_cut = is_cut;
}

/* An interface notices that its cable is cut. */
static void notice_cut(struct interface *interface)
{
	if (interface->cut != NULL)
		interface->cut(interface->owner, interface);
}

void link_cut(struct link *link)
{
	bool was_cut = link_is_cut(link);

	link_enter(link, true);
	if (link->line != NULL)
		dial_up_hang_up(link->line);
	lose_all(&link->directions[LINK_A]);
	lose_all(&link->directions[LINK_B]);
	if (was_cut)
		return;
	notice_cut(link->directions[LINK_A].sender);
	notice_cut(link->directions[LINK_B].sender);
}

void link_mend(struct link *link)
{
	link_enter(link, false);
}

/* Sets a frame that was sent under way. */
static inline void launch(struct direction *direction, struct transit_frame flying)
{
	*transit_place(&direction->transit, flying.arrival_ns) = flying;
	if (transit_first(&direction->transit)->number == flying.number)
		await_arrival(direction);
}

static void trace_impairment(struct direction *direction, const struct packet *frame,
			     uint64_t cause, const struct trace_record *what)
{
	struct trace_record record = *what;

	record.kind = TRACE_IMPAIR;
	record.layer = LAYER_LINK;
	record.cause = cause;
	record.interface = interface_number(direction->sender);
	trace_emit(direction->sender->node, frame, &record, (struct bytes) { 0 });
}

/* Flips the chosen bits; those behind the frame are in its FCS. Takes and returns a reference. */
static struct packet *corrupt(struct direction *direction, struct packet *frame, uint64_t cause,
			      const struct verdict *verdict)
{
	frame = packet_unshare(frame);
	packet_bytes_change(frame);
	if (verdict->is_deep) {
		frame->is_altered = true;
	} else {
		frame->fcs = ethernet_fcs(packet_bytes(frame));
		frame->has_fcs = frame->is_corrupted = true;
	}
	for (unsigned i = 0; i < verdict->flip_count; i++) {
		uint32_t byte = verdict->flips[i] / 8, bit = verdict->flips[i] % 8;

		if (byte < packet_length(frame))
			packet_data(frame)[byte] ^= (uint8_t)(1 << bit);
		else
			frame->fcs ^= UINT32_C(1) << (8 * (byte - packet_length(frame)) + bit);
	}
	trace_impairment(direction, frame, cause,
			 &(struct trace_record) {
			     .detail = verdict->is_deep ? LINK_CORRUPTED_DEEP : LINK_CORRUPTED,
			     .before = verdict->flip_count,
			     .after = verdict->flips[0],
			 });
	return frame;
}

/* A second copy, shared with the first, arrives as if it had been sent right behind it. */
static void duplicate(struct direction *direction, const struct transit_frame *flying)
{
	struct transit_frame copy = *flying;
	int64_t later_ns =
	    wire_ns(direction, AROUND_FRAME + packet_length(flying->packet) + ETHERNET_GAP_BYTES);

	packet_reference(copy.packet);
	copy.arrival_ns += later_ns;
	trace_impairment(direction, copy.packet, copy.cause,
			 &(struct trace_record) {
			     .detail = LINK_DUPLICATED,
			     .after = (uint64_t)later_ns,
			 });
	launch(direction, copy);
}

static bool is_lost(struct direction *direction, const struct transit_frame *flying,
		    const struct verdict *verdict, int64_t start_ns)
{
	struct trace_record why = { .cause = flying->cause, .before = flying->number };

	if (impairer_is_down(direction->impairer, start_ns, flying->arrival_ns))
		why.detail = LINK_DOWN;
	else if (verdict->is_picked)
		why.detail = LINK_PICKED;
	else if (verdict->is_lost)
		why.detail = LINK_LOST;
	else
		return false;
	link_drop(direction, flying->packet, &why);
	return true;
}

/* The part of the way that impairments rule: loses, changes, delays or doubles a frame (taken). */
static void launch_impaired(struct direction *direction, struct transit_frame flying,
			    int64_t start_ns)
{
	struct verdict verdict =
	    impairer_judge(direction->impairer, flying.number, packet_length(flying.packet),
			   ETHERNET_FCS_BYTES, ETHERNET_HEADER_BYTES);

	int64_t *last_ns = &link_of(direction)->last_arrival_ns[direction->sender->side];

	flying.arrival_ns = later(flying.arrival_ns + verdict.jitter_ns, *last_ns);
	if (is_lost(direction, &flying, &verdict, start_ns))
		return;
	if (verdict.is_held_back) {
		flying.arrival_ns += verdict.held_back_ns;
		trace_impairment(direction, flying.packet, flying.cause,
				 &(struct trace_record) {
				     .detail = LINK_HELD_BACK,
				     .after = (uint64_t)verdict.held_back_ns,
				 });
	} else {
		*last_ns = flying.arrival_ns;
	}
	if (verdict.flip_count > 0)
		flying.packet = corrupt(direction, flying.packet, flying.cause, &verdict);
	launch(direction, flying);
	if (verdict.is_duplicated)
		duplicate(direction, &flying);
}

static uint64_t trace_transmit(struct direction *direction, const struct packet *frame,
			       int64_t ready_ns, int64_t start_ns, uint8_t flags)
{
	const struct interface *sender = direction->sender;

	if (!node_traces(sender->node, TRACE_TRANSMIT))
		return trace_skip(sender->node);
	return trace_emit(sender->node, frame,
			  &(struct trace_record) {
			      .kind = TRACE_TRANSMIT,
			      .layer = LAYER_LINK,
			      .detail = LINK_PLAIN,
			      .flags = flags,
			      .interface = interface_number(sender),
			      .start = (uint16_t)frame->start,
			      .before = (uint64_t)(start_ns - ready_ns),
			      .after = (uint64_t)(start_ns - node_now(sender->node)),
			  },
			  packet_bytes(frame));
}

/* Brings the line up if this side may. False: it is down, and the frame (not taken) cannot go. */
static bool await_line(struct direction *direction)
{
	struct dial_up *line = link_of(direction)->line;
	int64_t ready_ns = dial_up_demand(line, direction->sender->side == LINK_A);

	if (ready_ns == TIME_NEVER)
		return false;
	direction->free_at_ns = later(direction->free_at_ns, ready_ns);
	return true;
}

void link_send(struct link *link, enum link_side from, struct packet *frame, int64_t ready_ns,
	       uint8_t flags)
{
	struct direction *direction = &link->directions[from];
	struct interface *sender = direction->sender;

	if (direction->is_dialled && !direction->is_cut && !await_line(direction)) {
		refuse(direction, frame, &(struct trace_record) { .detail = LINK_ON_HOOK });
		return;
	}
	int64_t start_ns = later(ready_ns, direction->free_at_ns);
	int64_t frame_ns = wire_ns(direction, AROUND_FRAME + packet_length(frame));
	int64_t gap_ns = wire_ns(direction, ETHERNET_GAP_BYTES);

	if (direction->is_cut || (direction->impairer != NULL &&
				  impairer_is_down(direction->impairer, start_ns, start_ns))) {
		refuse(direction, frame, &(struct trace_record) { .detail = LINK_DOWN });
		return;
	}
	if (start_ns > ready_ns && start_ns - ready_ns + frame_ns > direction->queue_ns) {
		refuse_overflow(direction, frame, start_ns - ready_ns);
		return;
	}
	direction->free_at_ns = start_ns + frame_ns + gap_ns;
	sender->counters.sent_frames++;
	sender->counters.sent_bytes += packet_length(frame);

	int64_t arrival_ns = start_ns + frame_ns + direction->delay_ns;
	uint64_t number = ++direction->frames;

	if (direction->is_dialled)
		dial_up_occupy(link->line, arrival_ns);
	uint64_t cause = trace_transmit(direction, frame, ready_ns, start_ns, flags);

	if (direction->impairer == NULL)
		launch(direction, (struct transit_frame) { frame, arrival_ns, number, cause });
	else
		launch_impaired(direction,
				(struct transit_frame) { frame, arrival_ns, number, cause },
				start_ns);
}
