/* Goes through the timeline as time does, and finds what cannot be at that time. */
#include <string.h>
#include "app/scenario_private.h"

struct state {
	struct load *load;
	GHashTable *offline; /* set of clients */
	GPtrArray *cuts;     /* of struct scenario_action *: what is cut now */
};

static int compare_times(const void *a, const void *b, void *positions)
{
	const struct scenario_action *left = *(struct scenario_action *const *)a;
	const struct scenario_action *right = *(struct scenario_action *const *)b;

	if (left->at_ns != right->at_ns)
		return left->at_ns < right->at_ns ? -1 : 1;
	return GPOINTER_TO_INT(g_hash_table_lookup(positions, left)) -
	       GPOINTER_TO_INT(g_hash_table_lookup(positions, right));
}

/* The timeline by time; equal times in the order of declaration. The caller unreferences it. */
static GPtrArray *sort_timeline(const struct scenario *scenario)
{
	g_autoptr(GHashTable) positions = g_hash_table_new(NULL, NULL);
	GPtrArray *sorted = g_ptr_array_copy(scenario->timeline, NULL, NULL);

	for (unsigned i = 0; i < sorted->len; i++)
		g_hash_table_insert(positions, g_ptr_array_index(sorted, i), GINT_TO_POINTER(i));
	g_ptr_array_sort_with_data(sorted, compare_times, positions);
	return sorted;
}

static void change_presence(struct state *state, const struct scenario_action *action)
{
	bool is_offline = g_hash_table_contains(state->offline, action->client);
	bool goes_offline = action->verb != DO_ONLINE;
	bool may_be_both = action->verb == DO_CRASH || action->verb == DO_LOSE_DISK;

	if (is_offline == goes_offline && !may_be_both)
		load_error(state->load, action->item.mark, "`%s` is %s already at that time",
			   action->client->item.name, is_offline ? "offline" : "online");
	if (goes_offline)
		g_hash_table_add(state->offline, action->client);
	else
		g_hash_table_remove(state->offline, action->client);
}

static bool same_link(const struct scenario_link *a, const struct scenario_link *b)
{
	return a->scope == b->scope && a->network == b->network && a->interface == b->interface &&
	       a->switch_ == b->switch_;
}

static void change_cable(struct state *state, struct scenario_action *action)
{
	unsigned index = 0;

	if (action->link.scope == LINK_NOT_SET)
		return;
	for (; index < state->cuts->len; index++) {
		const struct scenario_action *cut = g_ptr_array_index(state->cuts, index);

		if (same_link(&cut->link, &action->link))
			break;
	}
	bool is_cut = index < state->cuts->len;

	if (is_cut == (action->verb == DO_CUT) && state->load->is_sound)
		load_error(state->load, load_mark(state->load, &action->link, action),
			   is_cut ? "this is cut already at that time"
				  : "nobody has cut this before");
	else if (is_cut)
		g_ptr_array_remove_index(state->cuts, index);
	else
		g_ptr_array_add(state->cuts, action);
}

/* What an offline client does is done to what it has; these need the network. */
static void check_presence(struct state *state, const struct scenario_action *action)
{
	bool needs_network = action->verb == DO_CHECK || action->verb == DO_PING ||
			     action->verb == DO_DIG || action->verb == DO_MOVE ||
			     action->verb == DO_TELNET;

	if (needs_network && g_hash_table_contains(state->offline, action->client))
		load_warning(state->load, action->item.mark, "`%s` is offline at that time",
			     action->client->item.name);
}

static void take_action(struct state *state, struct scenario_action *action)
{
	if (action->verb == DO_CUT || action->verb == DO_MEND)
		change_cable(state, action);
	else if (action->client == NULL)
		return;
	else if (action->verb == DO_ONLINE || action->verb == DO_OFFLINE ||
		 action->verb == DO_CRASH || action->verb == DO_LOSE_DISK)
		change_presence(state, action);
	else
		check_presence(state, action);
}

void scenario_check_states(struct load *load)
{
	struct scenario *scenario = load->scenario;
	g_autoptr(GHashTable) offline = g_hash_table_new(NULL, NULL);
	g_autoptr(GPtrArray) cuts = g_ptr_array_new();
	g_autoptr(GPtrArray) sorted = sort_timeline(scenario);
	struct state state = { load, offline, cuts };

	for (unsigned i = 0; i < scenario->clients->len; i++) {
		struct scenario_client *client = g_ptr_array_index(scenario->clients, i);

		if (!client->is_online)
			g_hash_table_add(offline, client);
	}
	for (unsigned i = 0; i < sorted->len; i++) {
		struct scenario_action *action = g_ptr_array_index(sorted, i);

		/* What is repeated has no one state before and after it. */
		if (action->times == 1 && load_is_given(load, &action->verb))
			take_action(&state, action);
	}
}
