/* The parts of a stepper; for app/stepper*.c only. */
#pragma once
#include "app/stepper.h"
#include "views/boxes.h"
#include "views/packet_filter.h"

/* A row of the list: an event; with a place, one of its packets; with both, one of that one's hops. */
struct position {
	uint32_t event, packet, hop; /* HISTORY_NONE: not so far down */
};

enum overlay {
	OVERLAY_NONE,
	OVERLAY_HELP,
	OVERLAY_STATE,
	OVERLAY_WHY,
	OVERLAY_DIFF,
	OVERLAY_SENTENCE,
	OVERLAY_QUESTION,
};

enum prompt {
	PROMPT_NONE,
	PROMPT_SEARCH,
	PROMPT_NUMBER,
	PROMPT_TIME,
	PROMPT_BREAK,
	PROMPT_LAYERS,
	PROMPT_HOSTS,
};

enum condition {
	CONDITION_NONE,
	CONDITION_PACKET, /* a frame passes `filter` */
	CONDITION_TEXT,   /* a title, or what a protocol says, has `text` in it */
	CONDITION_STATE,  /* a change of state says `text` */
};

#define STEPPER_OPTIONS 4

/* What comes next? One of the options is right. */
struct question {
	uint32_t events[STEPPER_OPTIONS];
	unsigned count, right;
};

struct stepper {
	struct history *history;
	char *title;
	GArray *visible; /* of uint32_t: events that the filters let through, in order */
	struct position at;
	bool is_folded; /* the event at hand shows no packets */

	uint64_t layers;  /* set of layers; 0: all */
	bool *nodes;      /* by index; NULL: all */
	uint32_t mail;    /* number of the message that is followed; 0: all */
	bool has_changes; /* states, tables, phases are shown as well */

	bool shows_received; /* as bytes: the frame as it came, else as it left */
	bool is_in_bytes;    /* arrows move over the bytes */
	uint32_t byte;
	bool is_found; /* `byte` is what was searched: it stays, once */

	uint32_t pinned[2]; /* indices of hops */
	unsigned pin_count;

	enum overlay overlay;
	GPtrArray *lines; /* of the overlay */
	unsigned scrolled;
	GArray *causes;  /* of uint32_t: events, one for each line of OVERLAY_WHY */
	unsigned chosen; /* line of that */

	enum prompt prompt;
	GString *typed;
	char *message; /* instead of the keys, until the next one; NULL: none */

	char *searched; /* folded */
	enum condition condition;
	char *condition_text; /* folded */
	struct packet_filter *filter;

	bool is_running;
	unsigned speed; /* index of stepper_speeds[] */

	bool predicts;
	struct question question;
	unsigned answered, right;
};

/* app/stepper_go.c: the list and the ways through it. */
void stepper_filter(struct stepper *stepper);
bool stepper_is_empty(const struct stepper *stepper);
const struct history_event *stepper_event(const struct stepper *stepper);
const struct history_packet *stepper_packet(const struct stepper *stepper); /* NULL: none */
const struct history_hop *stepper_hop(const struct stepper *stepper);       /* NULL: none */
uint32_t stepper_hop_index(const struct stepper *stepper);                  /* HISTORY_NONE */
uint64_t stepper_moment(const struct stepper *stepper);
int64_t stepper_time(const struct stepper *stepper);

/* Which of the visible events an event is, or the first behind it. */
guint stepper_visible_place(const struct stepper *stepper, uint32_t event);

/* Rows of the list: `room` events before and behind, and all of the event at hand; of struct position. */
GArray *stepper_rows(const struct stepper *stepper, guint room, guint *cursor);

void stepper_go_to(struct stepper *stepper, uint32_t event);
void stepper_go_event(struct stepper *stepper, int way);
void stepper_go_row(struct stepper *stepper, int way);
void stepper_go_hop(struct stepper *stepper, int way);
void stepper_go_command(struct stepper *stepper, int way);
void stepper_go_layer(struct stepper *stepper, int way);
void stepper_go_node(struct stepper *stepper, int way);
void stepper_go_time(struct stepper *stepper, int64_t time_ns);

/* app/stepper_find.c: search, and conditions to stop at. */
void stepper_search(struct stepper *stepper, int way);
void stepper_set_condition(struct stepper *stepper, const char *text);
void stepper_continue(struct stepper *stepper);
bool stepper_is_listed(const struct stepper *stepper, uint32_t event);
bool stepper_condition_holds(const struct stepper *stepper, uint32_t event);

/* app/stepper_prompt.c: texts that are typed. */
void stepper_open_prompt(struct stepper *stepper, enum prompt prompt);
void stepper_press_in_prompt(struct stepper *stepper, unsigned key);
void stepper_say_how_many(struct stepper *stepper);

/* app/stepper_overlay.c: what lies over the screen. */
void stepper_show(struct stepper *stepper, enum overlay overlay);
void stepper_choose_cause(struct stepper *stepper, int way);
void stepper_go_to_cause(struct stepper *stepper, unsigned line);
void stepper_pin(struct stepper *stepper);
void stepper_ask(struct stepper *stepper);
void stepper_answer(struct stepper *stepper, unsigned option);
void stepper_draw_overlay(struct stepper *stepper, struct canvas *canvas, unsigned row,
			  unsigned rows);

/* Appends an event's title, and that with when and where. */
void stepper_append_event(GString *out, const struct stepper *stepper, uint32_t event);

/* app/stepper_list.c, stepper_boxes.c, stepper_bytes.c, stepper_map.c: parts of the screen. */
void stepper_draw_list(struct stepper *stepper, struct canvas *canvas, unsigned row,
		       unsigned column, unsigned rows, unsigned columns);
void stepper_draw_boxes(struct stepper *stepper, struct canvas *canvas, unsigned row,
			unsigned column, unsigned rows, unsigned columns);
void stepper_draw_bytes(struct stepper *stepper, struct canvas *canvas, unsigned row,
			unsigned rows);
unsigned stepper_draw_map(struct stepper *stepper, struct canvas *canvas, unsigned row,
			  unsigned rows);

/* The frame whose bytes are shown; may be empty. */
struct bytes stepper_frame(const struct stepper *stepper);

/* Puts the cursor on the innermost field that the hop changes: the TTL, at a router. */
void stepper_look_at_change(struct stepper *stepper);

/* Says something in place of the keys; takes `message`. */
void stepper_say(struct stepper *stepper, char *message);
extern const double stepper_speeds[]; /* steps each second */
extern const unsigned stepper_speed_count;
