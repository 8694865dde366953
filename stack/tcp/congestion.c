#include "stack/tcp/congestion.h"

#include <glib.h>
#include <string.h>

#define WINDOW_MAX (UINT32_C(1) << 30) /* no connection can use more (RFC 7323 section 2.2) */

void congestion_init(struct congestion *congestion, const struct congestion_control *control,
		     uint32_t initial_window)
{
	*congestion = (struct congestion) {
		.control = control,
		.window = initial_window,
		.threshold = UINT32_MAX,
	};
}

void congestion_clear(struct congestion *congestion)
{
	g_clear_pointer(&congestion->state, g_free);
}

void *congestion_state(struct congestion *congestion, size_t bytes)
{
	if (congestion->state == NULL)
		congestion->state = g_malloc0(bytes);
	return congestion->state;
}

uint32_t congestion_slow_start(struct congestion *congestion, uint32_t acknowledged_bytes)
{
	uint32_t room = MIN(congestion->threshold, WINDOW_MAX) - congestion->window;
	uint32_t growth = MIN(acknowledged_bytes, room);

	congestion->window += growth;
	return acknowledged_bytes - growth;
}

const struct congestion_control *congestion_control_find(const char *name)
{
	static const struct congestion_control *const all[] = { &congestion_cubic,
								&congestion_reno };

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}
