#include "stack/dial_up.h"

#include <glib.h>
#include "sim/world.h"

struct dial_up {
	struct dial_up_config config;
	const struct interface *caller;
	uint64_t object;
	enum link_line state;
	int64_t ready_ns;    /* when the call stands or will */
	int64_t occupied_ns; /* until when frames are on the line */
	struct timer timer;  /* DIALLING: the call stands; UP: nothing was sent for long enough */
};

static void trace(const struct dial_up *line, enum link_detail detail, uint64_t before,
		  uint64_t after)
{
	trace_emit(line->caller->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_STATE,
		       .layer = LAYER_LINK,
		       .detail = (uint16_t)detail,
		       .object = line->object,
		       .before = before,
		       .after = after,
		       .interface = interface_number(line->caller),
		   },
		   (struct bytes) { 0 });
}

static void enter(struct dial_up *line, enum link_line state)
{
	trace(line, LINK_LINE, line->state, state);
	line->state = state;
}

static void await(struct dial_up *line, int64_t at_ns)
{
	timer_schedule(node_engine(line->caller->node), &line->timer, at_ns);
}

static void stand(struct dial_up *line)
{
	enter(line, LINE_UP);
	line->occupied_ns = MAX(line->occupied_ns, line->ready_ns);
	await(line, line->occupied_ns + line->config.idle_ns);
}

/* Frames move the end of silence without touching the timer: it looks again when it fires. */
static void due(void *owner)
{
	struct dial_up *line = owner;
	int64_t silent_ns = line->occupied_ns + line->config.idle_ns;

	if (line->state == LINE_DIALLING)
		stand(line);
	else if (silent_ns > node_now(line->caller->node))
		await(line, silent_ns);
	else
		enter(line, LINE_DOWN);
}

struct dial_up *dial_up_new(const struct interface *caller, uint64_t object,
			    const struct dial_up_config *config)
{
	struct dial_up *line = g_new0(struct dial_up, 1);

	line->config = *config;
	line->caller = caller;
	line->object = object;
	timer_init(&line->timer, caller->node->index, due, line);
	trace(line, LINK_TARIFF, (uint64_t)config->idle_ns, config->price_per_minute);
	return line;
}

void dial_up_free(struct dial_up *line)
{
	if (line == NULL)
		return;
	timer_cancel(node_engine(line->caller->node), &line->timer);
	g_free(line);
}

int64_t dial_up_demand(struct dial_up *line, bool is_caller)
{
	if (line->state != LINE_DOWN)
		return line->ready_ns;
	if (!is_caller)
		return TIME_NEVER;
	line->ready_ns = node_now(line->caller->node) + line->config.setup_ns;
	enter(line, LINE_DIALLING);
	if (line->config.setup_ns == 0)
		stand(line);
	else
		await(line, line->ready_ns);
	return line->ready_ns;
}

void dial_up_occupy(struct dial_up *line, int64_t until_ns)
{
	line->occupied_ns = MAX(line->occupied_ns, until_ns);
}

void dial_up_hang_up(struct dial_up *line)
{
	if (line->state == LINE_DOWN)
		return;
	timer_cancel(node_engine(line->caller->node), &line->timer);
	enter(line, LINE_DOWN);
}
