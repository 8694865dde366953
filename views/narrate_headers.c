/* The table of headers: what each node on the way of a packet takes off, changes and puts on. */
#include "stack/wire/ipv4.h"
#include "protocols/layer.h"
#include "views/narrate_parts.h"
#include "views/narrate_passage.h"
#include "views/names.h"

#define LEGS_MAX        12   /* kinds of sessions in the table, at the level of a course */
#define QUESTION_FRAMES 1000 /* among which the first question to DNS is looked for */
#define PACKETS_MAX     200  /* packets in the table, for experts */

/* TLS goes on first and comes off last; TCP's record has how long it makes the payload. */
static void say_tls(struct narrator *narrator, struct story_sentence *cell,
		    const struct passage *passage, const GPtrArray *records)
{
	struct story_fact layer = fact_word(view_layer_name(LAYER_TLS));

	if (passage->tls_bytes == 0 || records->len == 0)
		return;
	layer.look = STORY_STRONG;
	layer.layer = LAYER_TLS;
	if (records == passage->off)
		GO_ON(cell, ", {}", layer);
	else
		GO_ON(cell, "{} (makes it {}), ", layer,
		      fact_number(narrator, records->pdata[0], STORY_AFTER));
}

static void say_headers(struct narrator *narrator, struct story_block *table,
			const struct passage *passage, const GPtrArray *records,
			const char *nothing)
{
	struct story_sentence *cell = SAY(table, "", fact_word(NULL));

	if (records == passage->on)
		say_tls(narrator, cell, passage, records);

	for (guint i = 0; i < records->len; i++) {
		const struct trace_record *record = records->pdata[i];
		struct story_fact layer = fact_word(view_layer_name(record->layer));

		layer.look = STORY_STRONG;
		layer.layer = record->layer;
		GO_ON(cell, i == 0 ? "{} {}" : ", {} {}", layer,
		      fact_number(narrator, record, STORY_HEADER));
	}
	if (records == passage->off)
		say_tls(narrator, cell, passage, records);
	if (records->len == 0)
		story_go_on(cell, nothing, NULL, 0);
}

static void say_changed(struct narrator *narrator, struct story_block *table,
			const struct passage *passage)
{
	bool is_routed = passage->hop->outcome == HISTORY_ROUTED && passage->forward != NULL;
	struct story_sentence *cell;

	if (!is_routed) {
		SAY(table, "–", fact_word(NULL));
		return;
	}
	cell = SAY(table, "TTL {} → {}", fact_number(narrator, passage->forward, STORY_BEFORE),
		   fact_number(narrator, passage->forward, STORY_AFTER));
	if (passage->translate != NULL)
		GO_ON(cell, ", address (NAT)", fact_because(passage->translate));
}

static void say_length(struct narrator *narrator, struct story_block *table,
		       const struct trace_record *record)
{
	if (record == NULL)
		SAY(table, "–", fact_word(NULL));
	else
		SAY(table, "{}", fact_number(narrator, record, STORY_LENGTH));
}

/* `saying` is NULL for a question to DNS. */
static void add_row(struct narrator *narrator, struct story_block *table,
		    const struct trace_record *frame, const struct saying *saying,
		    const struct passage *passage, bool is_first)
{
	static const char *const roles[] = {
		[HISTORY_MADE] = "sender: all layers", [HISTORY_SWITCHED] = "switch",
		[HISTORY_ROUTED] = "router",           [HISTORY_DELIVERED] = "receiver: all layers",
		[HISTORY_DROPPED] = "lost here",       [HISTORY_IGNORED] = "not for it",
		[HISTORY_WAITING] = "still waiting",
	};

	if (is_first && saying != NULL)
		SAY(table, "{} {}", fact_frame(narrator, frame), fact_line(narrator, saying, 2));
	else if (is_first)
		SAY(table, "{} question to DNS", fact_frame(narrator, frame));
	else
		SAY(table, "", fact_word(NULL));
	SAY(table, "{}", fact_node(narrator, passage->hop->node));
	SAY(table, "{}", fact_word(roles[passage->hop->outcome]));
	say_length(narrator, table, passage->receive);
	say_headers(narrator, table, passage, passage->off, "–");
	say_changed(narrator, table, passage);
	say_headers(narrator, table, passage, passage->on, "–");
	say_length(narrator, table, passage->transmit);
}

static void add_hops(struct narrator *narrator, struct story_block *table,
		     const struct history_packet *packet, const struct trace_record *frame,
		     const struct saying *saying)
{
	bool is_first = true;

	for (uint32_t i = 0; i < packet->hop_count; i++) {
		struct passage passage;

		narrate_passage_read(narrator, narrate_hop_of(narrator, packet, i), &passage);
		if (passage.hop->outcome != HISTORY_IGNORED) {
			add_row(narrator, table, frame, saying, &passage, is_first);
			is_first = false;
		}
		narrate_passage_clear(&passage);
	}
}

static void add_packet(struct narrator *narrator, struct story_block *table,
		       const struct saying *saying)
{
	add_hops(narrator, table, narrate_packet_of(narrator, saying), saying->frame, saying);
}

/* Sessions are of one kind when the same programs speak the same protocol between the same hosts. */
static bool is_known_kind(const struct narrator *narrator, guint index)
{
	const struct leg *leg = narrate_leg(narrator, index);

	for (guint i = 0; i < index; i++) {
		const struct leg *other = narrate_leg(narrator, i);

		if (other->connection->dissector == leg->connection->dissector &&
		    other->connection->actors[0] == leg->connection->actors[0] &&
		    other->connection->server.port == leg->connection->server.port)
			return true;
	}
	return false;
}

/* The first question to DNS: UDP in place of TCP. */
static void add_question(struct narrator *narrator, struct story_block *table)
{
	for (guint i = 0; i < narrator->frames->len && i < QUESTION_FRAMES; i++) {
		const struct trace_record *frame =
		    narrate_record(narrator, g_array_index(narrator->frames, uint64_t, i));
		struct bytes bytes = narrate_bytes(narrator, frame);
		uint32_t index = history_find_packet(narrator->history, frame->packet);

		if (bytes.length < 38 || bytes.data[23] != IP_PROTOCOL_UDP ||
		    get_be16(bytes.data + 36) != 53 || index == HISTORY_NONE)
			continue;
		add_hops(narrator, table, history_packet(narrator->history, index), frame, NULL);
		return;
	}
}

/* One command of each kind of session. */
static unsigned fill_for_course(struct narrator *narrator, struct story_block *table)
{
	unsigned count = 0;

	for (guint i = 0; i < narrator->legs->len && count < LEGS_MAX; i++) {
		struct saying saying;

		if (is_known_kind(narrator, i) ||
		    !narrate_first_command(narrator, narrate_leg(narrator, i), &saying))
			continue;
		add_packet(narrator, table, &saying);
		count++;
	}
	return count;
}

/* Everything that is said, up to a limit. Returns whether some was left out. */
static bool fill_for_experts(struct narrator *narrator, struct story_block *table)
{
	unsigned count = 0;

	for (guint i = 0; i < narrator->legs->len; i++) {
		GArray *sayings =
		    narrate_sayings(narrator, narrate_leg(narrator, i), SCENE_NONE, false);
		uint64_t last = 0;

		for (guint k = 0; k < sayings->len && count < PACKETS_MAX; k++) {
			struct saying *saying = &g_array_index(sayings, struct saying, k);

			if (saying->unit->packet == last ||
			    narrate_packet_of(narrator, saying) == NULL)
				continue;
			last = saying->unit->packet;
			add_packet(narrator, table, saying);
			count++;
		}
		g_array_unref(sayings);
	}
	return count == PACKETS_MAX;
}

static struct story_block *begin_table(struct narrator *narrator)
{
	static const char *const heads[] = { "Frame",     "Node",    "Role",   "Bytes in",
					     "Taken off", "Changed", "Put on", "Bytes out" };
	struct story_block *table =
	    story_table(narrator->story, G_N_ELEMENTS(heads), 1u << 3 | 1u << 7);

	for (size_t i = 0; i < G_N_ELEMENTS(heads); i++)
		story_say(table, heads[i], NULL, 0);
	return table;
}

void narrate_headers_table(struct narrator *narrator)
{
	bool is_expert = narrator->level == NARRATE_EXPERT, is_cut;
	struct story_block *heading, *intro, *table;

	if (narrator->level == NARRATE_SHORT || narrator->legs->len == 0)
		return;
	heading = story_heading(narrator->story, 1, "headers");
	story_say(heading, "Every header, on and off", NULL, 0);
	intro = story_paragraph(narrator->story);
	table = begin_table(narrator);
	add_question(narrator, table);
	if (!is_expert) {
		fill_for_course(narrator, table);
		story_say(
		    intro,
		    "The first question to DNS and the first command of each kind of session, "
		    "node by node. All other packets of their kind fare the same.",
		    NULL, 0);
		return;
	}
	is_cut = fill_for_experts(narrator, table);
	story_say(intro,
		  is_cut ? "The packets of the sessions, node by node; I stop after the first few "
			   "hundred rows, as the rest repeats them."
			 : "Every packet that carries a part of a session, node by node.",
		  NULL, 0);
}
