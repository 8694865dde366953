#include "app/stepper.h"

#include <string.h>
#include "app/stepper_private.h"

const double stepper_speeds[] = { 0.5, 1, 2, 5, 10, 25, 100 };
const unsigned stepper_speed_count = G_N_ELEMENTS(stepper_speeds);

#define PAGE_STEPS 10

struct stepper *stepper_new(struct history *history, const char *title)
{
	struct stepper *stepper = g_new0(struct stepper, 1);

	stepper->history = history;
	stepper->title = g_strdup(title == NULL ? "" : title);
	stepper->visible = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	stepper->at = (struct position) { HISTORY_NONE, HISTORY_NONE, HISTORY_NONE };
	stepper->typed = g_string_new(NULL);
	stepper->lines = g_ptr_array_new_with_free_func(g_free);
	stepper->causes = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	stepper->speed = 2;
	stepper_filter(stepper);
	if (stepper->visible->len > 0)
		stepper_go_to(stepper, g_array_index(stepper->visible, uint32_t, 0));
	return stepper;
}

void stepper_free(struct stepper *stepper)
{
	if (stepper == NULL)
		return;
	packet_filter_free(stepper->filter);
	g_free(stepper->condition_text);
	g_free(stepper->searched);
	g_free(stepper->message);
	g_free(stepper->nodes);
	g_string_free(stepper->typed, TRUE);
	g_ptr_array_unref(stepper->lines);
	g_array_unref(stepper->causes);
	g_array_unref(stepper->visible);
	g_free(stepper->title);
	g_free(stepper);
}

void stepper_say(struct stepper *stepper, char *message)
{
	g_free(stepper->message);
	stepper->message = message;
}

/* Running. */

int stepper_wait_ms(const struct stepper *stepper)
{
	return stepper->is_running ? (int)(1000 / stepper_speeds[stepper->speed]) : -1;
}

void stepper_tick(struct stepper *stepper)
{
	const struct position before = stepper->at;

	if (!stepper->is_running)
		return;
	stepper_go_hop(stepper, 1);
	stepper_look_at_change(stepper);
	if (memcmp(&stepper->at, &before, sizeof before) == 0) { /* the last step */
		stepper->is_running = false;
	} else if (stepper->at.event != before.event && stepper->condition != CONDITION_NONE &&
		   stepper_condition_holds(stepper, stepper->at.event)) {
		stepper->is_running = false;
		stepper_say(stepper, g_strdup("stopped: the condition holds here"));
	}
}

static void run(struct stepper *stepper)
{
	stepper->is_running = !stepper->is_running;
	if (stepper->is_running)
		stepper_say(stepper, g_strdup_printf("runs at %g steps each second; < slower, > "
						     "faster, any other key stops",
						     stepper_speeds[stepper->speed]));
}

static void change_speed(struct stepper *stepper, int way)
{
	if (way > 0 ? stepper->speed + 1 < stepper_speed_count : stepper->speed > 0)
		stepper->speed += (unsigned)way;
	stepper_say(stepper,
		    g_strdup_printf("%g steps each second", stepper_speeds[stepper->speed]));
}

/* Keys. */

static void follow(struct stepper *stepper)
{
	if (stepper->mail != 0)
		stepper->mail = 0;
	else if (!stepper_is_empty(stepper) && stepper_event(stepper)->mail != 0)
		stepper->mail = stepper_event(stepper)->mail;
	else {
		stepper_say(stepper, g_strdup("this step is due to no message"));
		return;
	}
	stepper_filter(stepper);
	stepper_say_how_many(stepper);
}

static void step(struct stepper *stepper)
{
	if (stepper->predicts)
		stepper_ask(stepper);
	else
		stepper_go_event(stepper, 1);
}

static void predict(struct stepper *stepper)
{
	stepper->predicts = !stepper->predicts;
	stepper_say(stepper,
		    g_strdup(stepper->predicts ? "predict mode: → asks what comes next; p ends it"
					       : "predict mode is over"));
}

static void move_byte(struct stepper *stepper, int way)
{
	size_t length = stepper_frame(stepper).length;
	int to = (int)stepper->byte + way;

	if (to >= 0 && (size_t)to < length)
		stepper->byte = (uint32_t)to;
}

/* True: the key moves over the bytes. */
static bool press_in_bytes(struct stepper *stepper, unsigned key)
{
	switch (key) {
	case STEPPER_LEFT:
		move_byte(stepper, -1);
		return true;
	case STEPPER_RIGHT:
		move_byte(stepper, 1);
		return true;
	case STEPPER_UP:
		move_byte(stepper, -16);
		return true;
	case STEPPER_DOWN:
		move_byte(stepper, 16);
		return true;
	case STEPPER_ESCAPE:
		stepper->is_in_bytes = false;
		return true;
	default:
		return false;
	}
}

/* True: the key chooses among causes. */
static bool press_why(struct stepper *stepper, unsigned key)
{
	switch (key) {
	case STEPPER_DOWN:
	case STEPPER_UP:
		stepper_choose_cause(stepper, key == STEPPER_DOWN ? 1 : -1);
		return true;
	case STEPPER_ENTER:
		stepper_go_to_cause(stepper, stepper->chosen);
		return true;
	default:
		if (key < '1' || key > '9' || key - '0' >= stepper->causes->len)
			return false;
		stepper_go_to_cause(stepper, key - '0');
		return true;
	}
}

static void press_overlay(struct stepper *stepper, unsigned key)
{
	if (stepper->overlay == OVERLAY_WHY && press_why(stepper, key))
		return;
	switch (key) {
	case STEPPER_DOWN:
		stepper->scrolled++;
		break;
	case STEPPER_UP:
		stepper->scrolled -= stepper->scrolled > 0;
		break;
	case STEPPER_PAGE_DOWN:
	case ' ':
		stepper->scrolled += PAGE_STEPS;
		break;
	case STEPPER_PAGE_UP:
		stepper->scrolled -= MIN(stepper->scrolled, PAGE_STEPS);
		break;
	default:
		if (stepper->overlay == OVERLAY_QUESTION && key >= '1' &&
		    key < '1' + stepper->question.count)
			stepper_answer(stepper, key - '1');
		else
			stepper->overlay = OVERLAY_NONE;
		break;
	}
}

/* Keys that move. */
static bool press_way(struct stepper *stepper, unsigned key)
{
	switch (key) {
	case STEPPER_RIGHT:
	case ' ':
		step(stepper);
		break;
	case STEPPER_LEFT:
	case STEPPER_BACKSPACE:
		stepper_go_event(stepper, -1);
		break;
	case STEPPER_DOWN:
	case STEPPER_UP:
		stepper_go_row(stepper, key == STEPPER_DOWN ? 1 : -1);
		break;
	case STEPPER_PAGE_DOWN:
	case STEPPER_PAGE_UP:
		stepper_go_row(stepper, key == STEPPER_PAGE_DOWN ? PAGE_STEPS : -PAGE_STEPS);
		break;
	case STEPPER_SHIFT_RIGHT:
	case '.':
		stepper_go_hop(stepper, 1);
		break;
	case STEPPER_SHIFT_LEFT:
	case ',':
		stepper_go_hop(stepper, -1);
		break;
	case STEPPER_HOME:
	case STEPPER_END:
		if (stepper->visible->len > 0)
			stepper_go_to(
			    stepper,
			    g_array_index(stepper->visible, uint32_t,
					  key == STEPPER_HOME ? 0 : stepper->visible->len - 1));
		break;
	case 'm':
	case 'M':
		stepper_go_command(stepper, key == 'm' ? 1 : -1);
		break;
	case 'y':
	case 'Y':
		stepper_go_layer(stepper, key == 'y' ? 1 : -1);
		break;
	case 'h':
	case 'H':
		stepper_go_node(stepper, key == 'h' ? 1 : -1);
		break;
	case 'n':
	case 'N':
		stepper_search(stepper, key == 'n' ? 1 : -1);
		break;
	case 'c':
		stepper_continue(stepper);
		break;
	default:
		return false;
	}
	return true;
}

/* Keys that ask for a text. */
static bool press_question(struct stepper *stepper, unsigned key)
{
	static const struct {
		unsigned key;
		enum prompt prompt;
	} prompts[] = {
		{'/',  PROMPT_SEARCH},
                { 't', PROMPT_TIME  },
                { 'b', PROMPT_BREAK },
		{ 'l', PROMPT_LAYERS},
                { 'o', PROMPT_HOSTS },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(prompts); i++) {
		if (prompts[i].key != key)
			continue;
		stepper_open_prompt(stepper, prompts[i].prompt);
		return true;
	}
	if (key < '0' || key > '9')
		return false;
	stepper_open_prompt(stepper, PROMPT_NUMBER);
	g_string_append_c(stepper->typed, (char)key);
	return true;
}

static void toggle_bytes(struct stepper *stepper)
{
	if (stepper_frame(stepper).length > 0)
		stepper->is_in_bytes = !stepper->is_in_bytes;
	else
		stepper_say(stepper, g_strdup("this step has no frame"));
}

/* Keys that show something else. */
static bool press_view(struct stepper *stepper, unsigned key)
{
	switch (key) {
	case STEPPER_ENTER:
		stepper->is_folded = !stepper->is_folded;
		stepper_go_to(stepper, stepper->at.event);
		break;
	case STEPPER_TAB:
	case 'x':
		toggle_bytes(stepper);
		break;
	case 'a':
		stepper->shows_received = !stepper->shows_received;
		break;
	case 'f':
		follow(stepper);
		break;
	case 'z':
		stepper->has_changes = !stepper->has_changes;
		stepper_filter(stepper);
		stepper_say_how_many(stepper);
		break;
	case 'd':
		stepper_pin(stepper);
		break;
	case 's':
		stepper_show(stepper, OVERLAY_STATE);
		break;
	case 'w':
		stepper_show(stepper, OVERLAY_WHY);
		break;
	case 'e':
		stepper_show(stepper, OVERLAY_SENTENCE);
		break;
	case '?':
		stepper_show(stepper, OVERLAY_HELP);
		break;
	case 'p':
		predict(stepper);
		break;
	case 'r':
		run(stepper);
		break;
	case '<':
	case '>':
		change_speed(stepper, key == '>' ? 1 : -1);
		break;
	case STEPPER_ESCAPE:
		break;
	default:
		return false;
	}
	return true;
}

static bool press(struct stepper *stepper, unsigned key)
{
	stepper_say(stepper, NULL);
	if (stepper->is_running && key != '<' && key != '>') {
		stepper->is_running = false;
		return key != 'q';
	}
	if (stepper->prompt != PROMPT_NONE) {
		stepper_press_in_prompt(stepper, key);
		return true;
	}
	if (stepper->overlay != OVERLAY_NONE) {
		press_overlay(stepper, key);
		return true;
	}
	if (key == 'q')
		return false;
	if (stepper->is_in_bytes && press_in_bytes(stepper, key))
		return true;
	if (!press_way(stepper, key) && !press_view(stepper, key) && !press_question(stepper, key))
		stepper_say(stepper, g_strdup("that key does nothing; ? tells which do"));
	if (stepper_frame(stepper).length <= stepper->byte)
		stepper->byte = 0;
	return true;
}

bool stepper_press(struct stepper *stepper, unsigned key)
{
	uint32_t hop = stepper_hop_index(stepper);
	bool goes_on = press(stepper, key);

	if (stepper_hop_index(stepper) != hop && !stepper->is_found)
		stepper_look_at_change(stepper);
	stepper->is_found = false;
	return goes_on;
}
