#include "protocols/linger.h"

#include <glib.h>

struct linger_pool {
	struct node *node;
	GQueue lingering; /* of struct lingering */
};

struct lingering {
	struct linger_pool *pool;
	struct stream *stream;
	struct timer timer;
	int64_t most_ns; /* when it is closed at the latest */
	GList link;
};

static void forget(struct lingering *lingering)
{
	timer_cancel(node_engine(lingering->pool->node), &lingering->timer);
	g_queue_unlink(&lingering->pool->lingering, &lingering->link);
	g_free(lingering);
}

static void discard_input(struct lingering *lingering)
{
	struct bytes run;

	while ((run = stream_peek(lingering->stream)).length > 0)
		stream_consume(lingering->stream, run.length);
}

static void wait_for_peer(struct lingering *lingering)
{
	struct node *node = lingering->pool->node;

	timer_schedule(node_engine(node), &lingering->timer,
		       MIN(node_now(node) + LINGER_SILENCE_NS, lingering->most_ns));
}

static void waited_enough(void *owner)
{
	struct lingering *lingering = owner;

	stream_release(lingering->stream);
	forget(lingering);
}

static void stream_is_readable(void *owner)
{
	discard_input(owner);
	wait_for_peer(owner);
}

static void stream_has_ended(void *owner)
{
	waited_enough(owner);
}

static void stream_has_failed(void *owner, enum stream_failure why)
{
	(void)why;
	forget(owner);
}

static const struct stream_events events = {
	.readable = stream_is_readable,
	.ended = stream_has_ended,
	.failed = stream_has_failed,
};

struct linger_pool *linger_pool_new(struct node *node)
{
	struct linger_pool *pool = g_new0(struct linger_pool, 1);

	pool->node = node;
	g_queue_init(&pool->lingering);
	return pool;
}

void linger_pool_free(struct linger_pool *pool)
{
	if (pool == NULL)
		return;
	for (GList *link = pool->lingering.head, *next; link != NULL; link = next) {
		struct lingering *lingering = link->data;

		next = link->next;
		stream_abort(lingering->stream);
		forget(lingering);
	}
	g_free(pool);
}

void linger_close(struct linger_pool *pool, struct stream *stream)
{
	struct lingering *lingering = g_new0(struct lingering, 1);

	if (pool->lingering.length == LINGER_STREAMS)
		waited_enough(pool->lingering.head->data);
	lingering->pool = pool;
	lingering->stream = stream;
	lingering->most_ns = node_now(pool->node) + LINGER_MOST_NS;
	lingering->link.data = lingering;
	g_queue_push_tail_link(&pool->lingering, &lingering->link);
	timer_init(&lingering->timer, pool->node->index, waited_enough, lingering);
	stream_listen(stream, &events, lingering);
	stream_shutdown(stream);
	discard_input(lingering);
	wait_for_peer(lingering);
}
