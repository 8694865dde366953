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

/* Inside of an event: what is found stands here. */
struct finding {
	const char *where;  /* NULL: in the title */
	uint32_t packet;    /* place; HISTORY_NONE: of the event as a whole */
	uint32_t start_bit; /* in the frame of that packet; 0: nowhere special */
};

/* A number is found as a whole only: 25 is not in 2525. */
static bool contains(const char *text, gssize length, const char *folded)
{
	g_autofree char *there = g_utf8_casefold(text, length);
	size_t wanted = strlen(folded);
	bool is_number = strspn(folded, "0123456789") == wanted;

	for (const char *at = there; (at = strstr(at, folded)) != NULL; at++)
		if (!is_number ||
		    ((at == there || !g_ascii_isdigit(at[-1])) && !g_ascii_isdigit(at[wanted])))
			return true;
	return false;
}

/* Bytes of any kind as a text. */
static bool bytes_contain(const uint8_t *data, size_t length, const char *folded)
{
	g_autofree char *copy = g_memdup2(data, length);
	g_autofree char *valid = NULL;

	for (size_t i = 0; i < length; i++)
		if (copy[i] == '\0')
			copy[i] = ' ';
	valid = g_utf8_make_valid(copy, (gssize)length);
	return contains(valid, -1, folded);
}

static bool sentence_says(const struct stepper *stepper, const struct history_event *event,
			  const char *folded)
{
	g_autoptr(GString) text = g_string_new(NULL);

	history_explain_event(text, stepper->history, event);
	return contains(text->str, (gssize)text->len, folded);
}

/* What its protocol says, decrypted. */
static bool units_say(const struct stepper *stepper, const struct history_event *event,
		      const char *folded)
{
	const GPtrArray *units;

	if (event->unit == HISTORY_NONE)
		return false;
	units = model_connection(history_model(stepper->history), event->connection)
		    ->directions[event->direction]
		    .units;
	for (uint32_t i = event->unit; i < event->unit + event->unit_count; i++) {
		const struct model_unit *unit = units->pdata[i];
		gsize length;
		const uint8_t *data =
		    unit->bytes == NULL ? NULL : g_bytes_get_data(unit->bytes, &length);

		if (data != NULL && bytes_contain(data, length, folded))
			return true;
	}
	return false;
}

/* Values of fields; "time to live = 63" is searched in names as well. */
static bool field_says(const struct box_field *field, const char *folded)
{
	g_autofree char *whole = NULL;

	if (strchr(folded, '=') == NULL)
		return contains(field->value, -1, folded);
	whole = g_strdup_printf("%s = %s", field->name, field->value);
	return contains(whole, -1, folded);
}

static bool boxes_say(const GPtrArray *boxes, const char *folded, struct finding *finding)
{
	for (guint i = 0; i < boxes->len; i++) {
		const struct box *box = boxes->pdata[i];

		for (guint k = 0; k < box->fields->len; k++) {
			const struct box_field *field =
			    &g_array_index(box->fields, struct box_field, k);

			if (!field_says(field, folded))
				continue;
			finding->where = field->name;
			finding->start_bit = field->start_bit;
			return true;
		}
	}
	return false;
}

/* Fields and bytes of its packets, as they were made. */
static bool packets_say(const struct stepper *stepper, const struct history_event *event,
			const char *folded, struct finding *finding)
{
	for (uint32_t i = 0; i < event->packet_count; i++) {
		const struct history_packet *packet = history_packet(
		    stepper->history, history_event_packet(stepper->history, event, i));
		const struct history_hop *hop =
		    history_hop(stepper->history, history_packet_hop(stepper->history, packet, 0));
		struct bytes frame = hop->sent.length > 0 ? hop->sent : hop->received;
		GPtrArray *boxes = boxes_new(history_model(stepper->history), frame);
		bool is_found = boxes_say(boxes, folded, finding);

		boxes_free(boxes);
		finding->packet = i;
		if (is_found)
			return true;
		if (frame.length > 0 && bytes_contain(frame.data, frame.length, folded)) {
			finding->where = "bytes";
			return true;
		}
	}
	finding->packet = HISTORY_NONE;
	return false;
}

static bool finds(const struct stepper *stepper, uint32_t index, const char *folded,
		  struct finding *finding)
{
	const struct history_event *event = history_event(stepper->history, index);

	*finding = (struct finding) { .packet = HISTORY_NONE };
	if (says(stepper, index, folded))
		return true;
	finding->where = "sentence (e)";
	if (sentence_says(stepper, event, folded))
		return true;
	finding->where = "text that is carried";
	return units_say(stepper, event, folded) || packets_say(stepper, event, folded, finding);
}

static void go_to_finding(struct stepper *stepper, uint32_t event, const struct finding *finding)
{
	stepper_go_to(stepper, event);
	if (finding->where == NULL)
		return;
	stepper_say(stepper, g_strdup_printf("found in: %s", finding->where));
	if (finding->packet == HISTORY_NONE)
		return;
	stepper->is_folded = false;
	stepper->at.packet = finding->packet;
	stepper->at.hop = 0;
	stepper->is_found = true;
	stepper->byte = finding->start_bit / 8;
}

void stepper_search(struct stepper *stepper, int way)
{
	guint count = stepper->visible->len;
	guint place = stepper_visible_place(stepper, stepper->at.event);
	struct finding finding;

	if (stepper->searched == NULL) {
		stepper_say(stepper, g_strdup("/ and a text, and Enter, searches for it"));
		return;
	}
	for (guint i = 1; i <= count; i++) {
		guint to = way > 0 ? (place + i) % count : (place + count - i) % count;
		uint32_t event = g_array_index(stepper->visible, uint32_t, to);

		if (finds(stepper, event, stepper->searched, &finding)) {
			go_to_finding(stepper, event, &finding);
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
		return says(stepper, index, stepper->condition_text) ||
		       units_say(stepper, event, stepper->condition_text);
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

bool stepper_is_listed(const struct stepper *stepper, uint32_t event)
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
		if (stepper_is_listed(stepper, i)) {
			stepper_go_to(stepper, i);
			return;
		}
	}
	stepper_say(stepper, g_strdup("the condition does not hold any more behind this step"));
}
