/*
 * The event queue is a radix heap with digits of six bits: an entry waits at the level of the highest
 * digit in which its time differs from the time the queue has come to, in the bucket of that digit
 * of its own time. When the lowest bucket in use is opened, its entries move to lower levels; those
 * whose turn is near go to a small binary heap ordered by the full key. An entry moves at most once
 * per level and in practice two or three times, and no two distant entries are ever compared.
 * As long as there are few entries all of them are in the binary heap, however distant.
 *
 * An entry names a slot and the generation it was made for. Cancelling a timer ages the slot, so
 * stale entries are recognised without touching memory of an owner that may be gone.
 */
#include "sim/engine.h"

#include <stddef.h>
#include <glib.h>
#include <string.h>
#include "sim/spares.h"

#define DIGIT_BITS  6
#define DIGIT_COUNT (1 << DIGIT_BITS)
#define LEVEL_COUNT 11 /* digits of a time: 63 bits */

/*
 * A bucket that spans at most 64^OPEN_LEVEL ns (262 us) and holds at most OPEN_COUNT entries is made
 * ready as a whole. Higher or fuller ones are split first, which keeps the heap small.
 */
#define OPEN_LEVEL 3
#define OPEN_COUNT 256

/* More entries than this are too many for the binary heap alone; of half as many it takes all again. */
#define FEW_COUNT 64

struct entry {
	int64_t time_ns;
	uint32_t slot;
	uint32_t generation;
};

/*
 * Cancelled timers leave their entries behind, which may be due only much later. When more entries
 * are stale than not, and more than so many, they are swept out.
 */
#define STALE_LEAST   4096

#define BLOCK_ENTRIES 31 /* makes a block of 512 bytes */

struct block {
	struct block *next;
	uint32_t count;
	struct entry entries[BLOCK_ENTRIES];
};

struct bucket {
	struct block *blocks; /* the first is filled, all others are full */
	int64_t earliest_ns;
	uint32_t count;
};

/* An entry whose turn is near, with its full key at hand. */
struct ready {
	int64_t time_ns;
	uint64_t key_high; /* node, class, interface */
	uint64_t key_low;  /* sequence */
	uint32_t slot, generation;
};

struct slot {
	struct timer *timer; /* NULL: free, or its timer was cancelled */
	uint32_t generation;
	uint32_t next_free;
};

struct engine {
	int64_t now_ns;
	struct context context;
	uint64_t foreground; /* armed timers that keep the world from being quiet */
	uint64_t events;
	uint64_t armings;
	struct work *work_first, **work_last;
	bool is_stopped;
	const volatile sig_atomic_t *watched; /* not ours; NULL: none */

	/* Everything until then is ready; all entries in buckets are later. Never before now. */
	int64_t taken_ns;
	struct ready *ready;
	uint32_t ready_count, ready_capacity;
	bool
	    has_hole; /* ready[0] was taken; what is pushed next takes its place, as it often may */
	bool has_few; /* all entries are ready, none in buckets */

	uint32_t level_mask;               /* bit l: level l is not empty */
	uint64_t digit_masks[LEVEL_COUNT]; /* bit d: bucket d of the level is not empty */
	uint64_t entry_count;              /* in buckets and ready */
	struct spares blocks;
	struct slot *slots;
	uint32_t slot_count, slot_capacity, free_slot, slots_used;
	struct bucket buckets[LEVEL_COUNT][DIGIT_COUNT];
};

struct engine *engine_new(void)
{
	struct engine *engine = g_new0(struct engine, 1);

	engine->slot_count = 1; /* slot 0 means none */
	engine->slot_capacity = 64;
	engine->slots = g_new0(struct slot, engine->slot_capacity);
	engine->work_last = &engine->work_first;
	return engine;
}

static void blocks_free(struct block *blocks)
{
	while (blocks != NULL) {
		struct block *next = blocks->next;

		g_free(blocks);
		blocks = next;
	}
}

void engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	for (unsigned level = 0; level < LEVEL_COUNT; level++)
		for (unsigned digit = 0; digit < DIGIT_COUNT; digit++)
			blocks_free(engine->buckets[level][digit].blocks);
	spares_clear(&engine->blocks);
	g_free(engine->ready);
	g_free(engine->slots);
	g_free(engine);
}

int64_t engine_now(const struct engine *engine)
{
	return engine->now_ns;
}

const int64_t *engine_clock(const struct engine *engine)
{
	return &engine->now_ns;
}

struct context *engine_context(struct engine *engine)
{
	return &engine->context;
}

uint64_t engine_events(const struct engine *engine)
{
	return engine->events;
}

uint64_t engine_entries(const struct engine *engine)
{
	return engine->entry_count;
}

void engine_stop(struct engine *engine)
{
	engine->is_stopped = true;
}

void engine_watch(struct engine *engine, const volatile sig_atomic_t *flag)
{
	engine->watched = flag;
}

static bool shall_stop(const struct engine *engine)
{
	return engine->is_stopped || (engine->watched != NULL && *engine->watched != 0);
}

/* Slots. */

static uint32_t slot_take(struct engine *engine, struct timer *timer)
{
	uint32_t index = engine->free_slot;

	if (index != 0) {
		engine->free_slot = engine->slots[index].next_free;
	} else {
		if (engine->slot_count == engine->slot_capacity) {
			engine->slot_capacity *= 2;
			engine->slots = g_renew(struct slot, engine->slots, engine->slot_capacity);
		}
		index = engine->slot_count++;
		engine->slots[index].generation = 0;
	}
	engine->slots[index].timer = timer;
	engine->slots_used++;
	return index;
}

static void slot_release(struct engine *engine, uint32_t index)
{
	struct slot *slot = &engine->slots[index];

	engine->slots_used--;
	slot->timer = NULL;
	slot->generation++;
	slot->next_free = engine->free_slot;
	engine->free_slot = index;
}

static bool entry_is_stale(const struct engine *engine, uint32_t slot, uint32_t generation)
{
	return engine->slots[slot].generation != generation;
}

/* The heap of ready entries. */

static inline bool ready_precedes(const struct ready *a, const struct ready *b)
{
	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns;
	if (a->key_high != b->key_high)
		return a->key_high < b->key_high;
	return a->key_low < b->key_low;
}

/*
 * The functions of the heap are inlined, so that the entry they place stays in registers: a copy
 * through memory would wait for its own stores.
 */
#define IN_REGISTERS inline __attribute__((always_inline))

/* Puts `moved` at the top or where it belongs below. */
static IN_REGISTERS void ready_sink(struct engine *engine, struct ready moved)
{
	struct ready *heap = engine->ready;
	uint32_t count = engine->ready_count, at = 0;

	for (uint32_t child = 1; child < count; child = 2 * at + 1) {
		if (child + 1 < count && ready_precedes(&heap[child + 1], &heap[child]))
			child++;
		if (!ready_precedes(&heap[child], &moved))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

static IN_REGISTERS void ready_insert(struct engine *engine, struct ready added)
{
	struct ready *heap = engine->ready;

	if (engine->has_hole) {
		engine->has_hole = false;
		ready_sink(engine, added);
		return;
	}
	uint32_t at = engine->ready_count++;

	while (at > 0 && ready_precedes(&added, &heap[(at - 1) / 2])) {
		heap[at] = heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap[at] = added;
}

/* Closes the hole with the last entry. */
static void ready_close(struct engine *engine)
{
	if (!engine->has_hole)
		return;
	engine->has_hole = false;
	if (--engine->ready_count > 0)
		ready_sink(engine, engine->ready[engine->ready_count]);
}

static void ready_push(struct engine *engine, struct entry entry)
{
	const struct timer *timer = engine->slots[entry.slot].timer;

	if (engine->ready_count == engine->ready_capacity) {
		engine->ready_capacity = engine->ready_capacity ? 2 * engine->ready_capacity : 64;
		engine->ready = g_renew(struct ready, engine->ready, engine->ready_capacity);
	}
	ready_insert(engine, (struct ready) {
				 .time_ns = entry.time_ns,
				 .key_high = (uint64_t)timer->node << 32 |
					     (uint64_t)timer->class << 16 | timer->interface,
				 .key_low = timer->sequence,
				 .slot = entry.slot,
				 .generation = entry.generation,
			     });
}

/* Buckets. */

static struct block *block_take(struct engine *engine)
{
	struct block *block = spares_take(&engine->blocks, sizeof *block);

	block->count = 0;
	return block;
}

static void bucket_append(struct engine *engine, unsigned level, unsigned digit, struct entry entry)
{
	struct bucket *bucket = &engine->buckets[level][digit];
	struct block *block = bucket->blocks;

	if (bucket->count == 0) {
		bucket->earliest_ns = entry.time_ns;
		engine->level_mask |= UINT32_C(1) << level;
		engine->digit_masks[level] |= UINT64_C(1) << digit;
	} else if (entry.time_ns < bucket->earliest_ns) {
		bucket->earliest_ns = entry.time_ns;
	}
	if (block == NULL || block->count == BLOCK_ENTRIES) {
		block = block_take(engine);
		block->next = bucket->blocks;
		bucket->blocks = block;
	}
	block->entries[block->count++] = entry;
	bucket->count++;
}

static void bucket_push(struct engine *engine, struct entry entry)
{
	uint64_t differs = (uint64_t)entry.time_ns ^ (uint64_t)engine->taken_ns;
	unsigned level = (63 - (unsigned)__builtin_clzll(differs)) / DIGIT_BITS;
	unsigned digit = (unsigned)(entry.time_ns >> (level * DIGIT_BITS)) % DIGIT_COUNT;

	bucket_append(engine, level, digit, entry);
}

/* There are no longer few: those that are not due at this instant go to buckets. */
static void ready_spill(struct engine *engine)
{
	ready_close(engine);
	uint32_t count = engine->ready_count;

	engine->has_few = false;
	engine->ready_count = 0;
	engine->taken_ns = engine->now_ns;
	for (uint32_t i = 0; i < count; i++) { /* puts each back at its place or before */
		struct ready ready = engine->ready[i];

		if (ready.time_ns <= engine->taken_ns)
			ready_insert(engine, ready);
		else
			bucket_push(engine, (struct entry) {
						.time_ns = ready.time_ns,
						.slot = ready.slot,
						.generation = ready.generation,
					    });
	}
}

/* An entry goes by value, in registers: a copy through memory would wait for its own stores. */
static IN_REGISTERS void queue_place(struct engine *engine, struct entry entry)
{
	if (entry.time_ns <= engine->taken_ns)
		ready_push(engine, entry);
	else
		bucket_push(engine, entry);
}

static void queue_push(struct engine *engine, struct entry entry)
{
	if (engine->has_few && engine->ready_count >= FEW_COUNT)
		ready_spill(engine);
	else if (engine->level_mask == 0 && engine->ready_count < FEW_COUNT / 2)
		engine->has_few = true;
	if (engine->has_few && entry.time_ns > engine->taken_ns)
		engine->taken_ns = entry.time_ns;
	queue_place(engine, entry);
}

/* Takes all entries out of a bucket. */
static struct block *bucket_empty(struct engine *engine, unsigned level, unsigned digit)
{
	struct bucket *bucket = &engine->buckets[level][digit];
	struct block *blocks = bucket->blocks;

	*bucket = (struct bucket) { 0 };
	engine->digit_masks[level] &= ~(UINT64_C(1) << digit);
	if (engine->digit_masks[level] == 0)
		engine->level_mask &= ~(UINT32_C(1) << level);
	return blocks;
}

/*
 * Fetches a timer, which may lie across two cache lines. A free slot has none: fetching from NULL is
 * harmless, but C knows no member of it, hence the number.
 */
static void timer_prefetch(const struct timer *timer)
{
	__builtin_prefetch(timer);
	__builtin_prefetch(
	    (const void *)((uintptr_t)timer + offsetof(struct timer, is_background)));
}

static bool entry_is_due(const struct engine *engine, const struct entry *entry)
{
	return entry->time_ns <= engine->taken_ns;
}

/*
 * Moves a block's entries on. The slots and timers of those that are due lie anywhere in memory: they
 * are asked for all at once. Others are moved unseen, stale ones too.
 */
static void block_move(struct engine *engine, const struct block *block)
{
	const struct entry *end = block->entries + block->count;

	for (const struct entry *entry = block->entries; entry < end; entry++)
		if (entry_is_due(engine, entry))
			__builtin_prefetch(&engine->slots[entry->slot]);
	for (const struct entry *entry = block->entries; entry < end; entry++)
		if (entry_is_due(engine, entry))
			timer_prefetch(engine->slots[entry->slot].timer);
	for (const struct entry *entry = block->entries; entry < end; entry++)
		if (!entry_is_due(engine, entry) ||
		    !entry_is_stale(engine, entry->slot, entry->generation))
			queue_place(engine, *entry);
		else
			engine->entry_count--;
}

/* Moves the entries of a bucket down: all go to lower levels or are ready, none comes back. */
static void bucket_open(struct engine *engine, unsigned level, unsigned digit)
{
	const struct bucket *bucket = &engine->buckets[level][digit];
	int64_t span_ns = INT64_C(1) << (level * DIGIT_BITS);

	engine->taken_ns = bucket->earliest_ns;
	if (level <= OPEN_LEVEL && bucket->count <= OPEN_COUNT)
		engine->taken_ns |= span_ns - 1;
	for (struct block *block = bucket_empty(engine, level, digit), *next; block != NULL;
	     block = next) {
		next = block->next;
		block_move(engine, block);
		spares_give_back(&engine->blocks, block);
	}
}

static void bucket_sweep(struct engine *engine, unsigned level, unsigned digit)
{
	struct block *next;

	for (struct block *block = bucket_empty(engine, level, digit); block != NULL;
	     block = next) {
		const struct entry *end = block->entries + block->count;

		next = block->next;
		for (const struct entry *entry = block->entries; entry < end; entry++)
			if (entry_is_stale(engine, entry->slot, entry->generation))
				engine->entry_count--;
			else
				bucket_append(engine, level, digit, *entry);
		spares_give_back(&engine->blocks, block);
	}
}

static void ready_sweep(struct engine *engine)
{
	ready_close(engine);
	uint32_t count = engine->ready_count;

	engine->ready_count = 0;
	for (uint32_t i = 0; i < count; i++) { /* puts each back at its place or before */
		struct ready ready = engine->ready[i];

		if (entry_is_stale(engine, ready.slot, ready.generation))
			engine->entry_count--;
		else
			ready_insert(engine, ready);
	}
}

/* Drops stale entries: each armed timer has one that counts, so all others are. */
static void queue_sweep(struct engine *engine)
{
	ready_sweep(engine);
	for (unsigned level = 0; level < LEVEL_COUNT; level++)
		for (uint64_t left = engine->digit_masks[level]; left != 0; left &= left - 1)
			bucket_sweep(engine, level, (unsigned)__builtin_ctzll(left));
}

/*
 * Makes the earliest entries ready, unless they are later than `until_ns`. Returns the time of the
 * next entry, or TIME_NEVER when the queue is empty.
 */
static int64_t queue_prepare(struct engine *engine, int64_t until_ns)
{
	ready_close(engine);
	while (engine->ready_count == 0) {
		if (engine->level_mask == 0)
			return TIME_NEVER;
		unsigned level = (unsigned)__builtin_ctz(engine->level_mask);
		unsigned digit = (unsigned)__builtin_ctzll(engine->digit_masks[level]);
		int64_t earliest_ns = engine->buckets[level][digit].earliest_ns;

		if (earliest_ns > until_ns)
			return earliest_ns;
		bucket_open(engine, level, digit);
	}
	return engine->ready[0].time_ns;
}

int64_t engine_next(struct engine *engine)
{
	return queue_prepare(engine, engine->now_ns);
}

/* Timers. */

void timer_init(struct timer *timer, uint32_t node, void (*fire)(void *owner), void *owner)
{
	*timer = (struct timer) {
		.fire = fire,
		.owner = owner,
		.deadline_ns = TIME_NEVER,
		.node = node,
		.class = EVENT_TIMER,
	};
}

static void timer_enqueue(struct engine *engine, struct timer *timer)
{
	struct entry entry = {
		.time_ns = timer->deadline_ns,
		.slot = timer->slot,
		.generation = engine->slots[timer->slot].generation,
	};

	timer->queued_ns = timer->deadline_ns;
	queue_push(engine, entry);
	if (++engine->entry_count > STALE_LEAST + 2 * (uint64_t)engine->slots_used)
		queue_sweep(engine);
}

static void timer_arm(struct engine *engine, struct timer *timer, int64_t deadline_ns)
{
	if (deadline_ns < engine->now_ns)
		deadline_ns = engine->now_ns;
	if (!timer_is_armed(timer) && !timer->is_background)
		engine->foreground++;
	timer->deadline_ns = deadline_ns;

	/* Lazy: an entry that comes up earlier will be queued again then. One of this very time that is
	 * already ready has its old key in the heap and is replaced. */
	if (timer->slot != 0 &&
	    (timer->queued_ns < deadline_ns ||
	     (timer->queued_ns == deadline_ns && timer->queued_ns > engine->taken_ns)))
		return;
	if (timer->slot != 0)
		engine->slots[timer->slot].generation++;
	else
		timer->slot = slot_take(engine, timer);
	timer_enqueue(engine, timer);
}

void timer_schedule(struct engine *engine, struct timer *timer, int64_t deadline_ns)
{
	timer->sequence = ++engine->armings;
	timer->cause = engine->context.cause;
	timer->root = engine->context.root;
	timer->actor = engine->context.actor;
	timer_arm(engine, timer, deadline_ns);
}

void timer_schedule_arrival(struct engine *engine, struct timer *timer, int64_t deadline_ns,
			    uint64_t sequence)
{
	timer->sequence = sequence;
	timer->cause = timer->root = 0;
	timer->actor = 0;
	timer_arm(engine, timer, deadline_ns);
}

void timer_set_background(struct engine *engine, struct timer *timer, bool is_background)
{
	if (timer_is_armed(timer))
		engine->foreground += timer->is_background - is_background;
	timer->is_background = is_background;
}

void timer_pause(struct engine *engine, struct timer *timer)
{
	if (timer_is_armed(timer) && !timer->is_background)
		engine->foreground--;
	timer->deadline_ns = TIME_NEVER;
}

void timer_cancel(struct engine *engine, struct timer *timer)
{
	timer_pause(engine, timer);
	if (timer->slot != 0)
		slot_release(engine, timer->slot);
	timer->slot = 0;
}

/* Deferred work. */

void work_init(struct work *work, void (*run)(void *owner), void *owner)
{
	*work = (struct work) { .run = run, .owner = owner };
}

void work_defer(struct engine *engine, struct work *work)
{
	if (work->is_queued)
		return;
	work->is_queued = true;
	work->context = engine->context;
	work->next = NULL;
	*engine->work_last = work;
	engine->work_last = &work->next;
}

void work_cancel(struct engine *engine, struct work *work)
{
	if (!work->is_queued)
		return;
	for (struct work **at = &engine->work_first; *at != NULL; at = &(*at)->next) {
		if (*at != work)
			continue;
		*at = work->next;
		if (work->next == NULL)
			engine->work_last = at;
		break;
	}
	work->is_queued = false;
}

/* Runs what the event deferred, and what that defers; false when it never ends. */
static bool work_drain(struct engine *engine)
{
	for (unsigned count = 0; engine->work_first != NULL; count++) {
		struct work *work = engine->work_first;

		if (count == ENGINE_WORK_LIMIT)
			return false;
		engine->work_first = work->next;
		if (engine->work_first == NULL)
			engine->work_last = &engine->work_first;
		work->is_queued = false;
		engine->context = work->context;
		work->run(work->owner);
	}
	return true;
}

/* Takes the first ready entry; returns its timer when it is due, else NULL. */
static struct timer *queue_take(struct engine *engine)
{
	const struct ready *first = &engine->ready[0];
	bool is_stale = entry_is_stale(engine, first->slot, first->generation);
	struct timer *timer = engine->slots[first->slot].timer;
	int64_t time_ns = first->time_ns;

	engine->has_hole = true;
	engine->entry_count--;
	if (is_stale)
		return NULL;
	if (timer->deadline_ns > time_ns && timer_is_armed(timer)) {
		timer_enqueue(engine, timer); /* it was moved: its turn comes later */
		return NULL;
	}
	slot_release(engine, timer->slot);
	timer->slot = 0;
	return timer_is_armed(timer) ? timer : NULL;
}

static bool engine_execute(struct engine *engine, struct timer *timer)
{
	if (!timer->is_background)
		engine->foreground--;
	engine->now_ns = timer->deadline_ns;
	timer->deadline_ns = TIME_NEVER;
	engine->events++;
	engine->context.cause = timer->cause;
	engine->context.root = timer->root;
	engine->context.crossing = 0;
	engine->context.actor = timer->actor;
	timer->fire(timer->owner);
	return work_drain(engine);
}

enum engine_outcome engine_run(struct engine *engine, int64_t until_ns)
{
	enum engine_outcome outcome;

	engine->is_stopped = false;
	if (!work_drain(engine))
		return ENGINE_LIVELOCK;
	for (;;) {
		if (engine->foreground == 0) {
			outcome = ENGINE_QUIET;
			break;
		}
		int64_t next_ns = queue_prepare(engine, until_ns);

		if (next_ns > until_ns) {
			engine->now_ns = until_ns;
			outcome = ENGINE_DEADLINE;
			break;
		}
		if (shall_stop(engine) && next_ns > engine->now_ns) {
			outcome = ENGINE_STOPPED;
			break;
		}
		struct timer *timer = queue_take(engine);

		if (timer != NULL && !engine_execute(engine, timer)) {
			outcome = ENGINE_LIVELOCK;
			break;
		}
	}
	engine->context = (struct context) { 0 };
	return outcome;
}
