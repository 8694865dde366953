/* Searching, and conditions at which running stops. */
#include <string.h>
#include "app/stepper_private.h"

static bool says(const struct stepper *stepper, uint32_t event, const char *folded)
{
	GString *text = g_string_new(NULL);
	char *there;
	bool is_found;

	stepper_append_event(text, stepper, event);
	there = g_utf8_casefold(text->str, (gssize)text->len);
	is_found = strstr(there, folded) != NULL;
	g_free(there);
	g_string_free(text, TRUE);
	return is_found;
}

void stepper_search(struct stepper *stepper, int way)
{
	guint count = stepper->visible->len;
	guint place = stepper_visible_place(stepper, stepper->at.event);

	if (stepper->searched == NULL) {
		stepper_say(stepper, g_strdup("/ and a text, and Enter, searches for it"));
		return;
	}
	for (guint i = 1; i <= count; i++) {
		guint to = way > 0 ? (place + i) % count : (place + count - i) % count;
		uint32_t event = g_array_index(stepper->visible, uint32_t, to);

		if (says(stepper, event, stepper->searched)) {
			stepper_go_to(stepper, event);
			return;
		}
	}
	stepper_say(stepper, g_strdup("no step says that"));
}

static bool passes(const struct stepper *stepper, const struct history_event *event)
{
	for (uint32_t i = 0; i < event->packet_count; i++) {
		const struct history_packet *packet = history_packet(
		    stepper->history, history_event_packet(stepper->history, event, i));

		for (uint32_t k = 0; k < packet->hop_count; k++) {
			const struct history_hop *hop = history_hop(
			    stepper->history, history_packet_hop(stepper->history, packet, k));
			struct bytes frame = hop->sent.length > 0 ? hop->sent : hop->received;

			if (frame.length > 0 && packet_filter_passes_frame(stepper->filter, frame))
				return true;
		}
	}
	return false;
}

bool stepper_condition_holds(const struct stepper *stepper, uint32_t index)
{
	const struct history_event *event = history_event(stepper->history, index);

	switch (stepper->condition) {
	case CONDITION_PACKET:
		return passes(stepper, event);
	case CONDITION_TEXT:
		return says(stepper, index, stepper->condition_text);
	case CONDITION_STATE:
		return event->kind == HISTORY_CHANGE &&
		       says(stepper, index, stepper->condition_text);
	case CONDITION_NONE:
		break;
	}
	return false;
}

/* "/text", "state text", else the language of tcpdump. */
void stepper_set_condition(struct stepper *stepper, const char *text)
{
	GError *error = NULL;
	const char *about = text[0] == '/'                     ? text + 1
			    : g_str_has_prefix(text, "state ") ? text + strlen("state ")
							       : NULL;

	packet_filter_free(stepper->filter);
	stepper->filter = NULL;
	g_clear_pointer(&stepper->condition_text, g_free);
	stepper->condition = CONDITION_NONE;
	if (*text == '\0') {
		stepper_say(stepper, g_strdup("no condition any more"));
		return;
	}
	if (about != NULL) {
		stepper->condition = text[0] == '/' ? CONDITION_TEXT : CONDITION_STATE;
		stepper->condition_text = g_utf8_casefold(about, -1);
		stepper_continue(stepper);
		return;
	}
	stepper->filter = packet_filter_new(text, &error);
	if (stepper->filter == NULL) {
		stepper_say(stepper, g_strdup(error->message));
		g_error_free(error);
		return;
	}
	stepper->condition = CONDITION_PACKET;
	stepper_continue(stepper);
}

static bool is_listed(const struct stepper *stepper, uint32_t event)
{
	guint place = stepper_visible_place(stepper, event);

	return place < stepper->visible->len &&
	       g_array_index(stepper->visible, uint32_t, place) == event;
}

void stepper_continue(struct stepper *stepper)
{
	if (stepper->condition == CONDITION_NONE) {
		stepper_say(stepper, g_strdup("b sets a condition to stop at"));
		return;
	}
	for (uint32_t i = stepper_is_empty(stepper) ? 0 : stepper->at.event + 1;
	     i < history_event_count(stepper->history); i++) {
		if (!stepper_condition_holds(stepper, i))
			continue;
		if (stepper->condition == CONDITION_STATE && !stepper->has_changes) {
			stepper->has_changes = true;
			stepper_filter(stepper);
		}
		if (is_listed(stepper, i)) {
			stepper_go_to(stepper, i);
			return;
		}
	}
	stepper_say(stepper, g_strdup("the condition does not hold any more behind this step"));
}
