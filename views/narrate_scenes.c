/* The scenes of a run, one after the other: each action of a user with all that came of it. */
#include "protocols/actor.h"
#include "protocols/imap/dissect.h"
#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "protocols/pop3/dissect.h"
#include "protocols/smtp/dissect.h"
#include "protocols/tls/dissect.h"
#include "views/narrate_parts.h"

/* Scenes that are told in full, by level. */
static const guint told_max[NARRATE_LEVEL_COUNT] = { 2, 16, 120 };

#define REST_MAX     40 /* of those that are not, listed */
#define ATTEMPTS_MAX 3  /* connections of one kind in a scene that are told, and the last one */

static const struct {
	const struct dissector *dissector;
	void (*tell)(struct narrator *narrator, const struct scene *scene, const struct leg *leg,
		     const GArray *sayings);
} protocols[] = {
	{&smtp_dissector,  narrate_smtp},
	{ &pop3_dissector, narrate_pop3},
	{ &imap_dissector, narrate_imap},
};

static void tell_sayings(struct narrator *narrator, const struct scene *scene,
			 const struct leg *leg, const GArray *sayings)
{
	bool is_typed = leg->connection->actors[0] == ACTOR_TELNET;

	for (size_t i = 0; i < G_N_ELEMENTS(protocols) && !is_typed; i++) {
		if (leg->connection->dissector != protocols[i].dissector)
			continue;
		protocols[i].tell(narrator, scene, leg, sayings);
		return;
	}
	narrate_other(narrator, scene, leg, sayings);
}

static uint32_t index_of(const struct narrator *narrator, const struct scene *scene)
{
	for (guint i = 0; i < narrator->scenes->len; i++)
		if (narrator->scenes->pdata[i] == scene)
			return i;
	return SCENE_NONE;
}

/* What was said before TLS began on a connection, or from then on. */
static GArray *sayings_around_tls(const struct narrator *narrator, const struct leg *leg,
				  uint32_t scene, bool wants_before)
{
	g_autoptr(GArray) all = narrate_sayings(narrator, leg, scene, true);
	GArray *sayings = g_array_new(FALSE, FALSE, sizeof(struct saying));
	bool is_before = true;

	for (guint i = 0; i < all->len; i++) {
		struct saying saying = g_array_index(all, struct saying, i);
		bool is_of_tls = saying.unit->dissector == &tls_dissector;

		is_before = is_before && !is_of_tls && !saying.unit->is_encrypted;
		if (!is_of_tls && is_before == wants_before)
			g_array_append_val(sayings, saying);
	}
	return sayings;
}

/* A session in which TLS has a part: first what is said in clear, which STARTTLS ends, then the rest. */
static void tell_around_tls(struct narrator *narrator, const struct scene *scene,
			    const struct leg *leg, uint32_t index)
{
	g_autoptr(GArray) before = sayings_around_tls(narrator, leg, index, true);
	g_autoptr(GArray) behind = sayings_around_tls(narrator, leg, index, false);

	if (before->len > 0 && leg->connection->dissector == &smtp_dissector)
		narrate_smtp_in_clear(narrator, scene, leg, before);
	else if (before->len > 0)
		tell_sayings(narrator, scene, leg, before);
	narrate_tls(narrator, leg, index, story_paragraph(narrator->story));
	if (behind->len > 0)
		tell_sayings(narrator, scene, leg, behind);
}

void narrate_session(struct narrator *narrator, const struct scene *scene, const struct leg *leg)
{
	uint32_t index = index_of(narrator, scene);
	GArray *sayings = narrate_sayings(narrator, leg, index, false);

	if (leg->connection->is_tls)
		tell_around_tls(narrator, scene, leg, index);
	else if (sayings->len > 0)
		tell_sayings(narrator, scene, leg, sayings);
	if (sayings->len > 0)
		narrate_ladder(narrator, leg, sayings);
	g_array_unref(sayings);
}

static guint sentences_from(const struct story *story, guint block)
{
	guint count = 0;

	for (; block < story->blocks->len; block++)
		count += ((const struct story_block *)story->blocks->pdata[block])->sentences->len;
	return count;
}

static void tell_more(struct narrator *narrator, const struct scene *scene, const struct leg *leg,
		      const GArray *sayings)
{
	struct story_block *paragraph = story_paragraph(narrator->story);
	guint behind = narrator->story->blocks->len;

	tell_sayings(narrator, scene, leg, sayings);
	if (leg->syn == NULL || sentences_from(narrator->story, behind) == 0)
		return;
	SAY(paragraph,
	    "The connection from {} to {} (opened by frame {}) is still there, and is used again.",
	    fact_node(narrator, leg->client), fact_node(narrator, leg->server),
	    fact_frame(narrator, leg->syn));
}

/* Sessions that were open before, and in which something is said now. */
static void tell_continued(struct narrator *narrator, const struct scene *scene)
{
	uint32_t index = index_of(narrator, scene);

	for (guint i = 0; i < narrator->legs->len; i++) {
		const struct leg *leg = narrate_leg(narrator, i);
		GArray *sayings;

		if (leg->scene == index || leg->scene == SCENE_NONE || leg->scene > index)
			continue;
		sayings = narrate_sayings(narrator, leg, index, false);
		if (sayings->len > 0)
			tell_more(narrator, scene, leg, sayings);
		g_array_unref(sayings);
	}
}

static void tell_heading(struct narrator *narrator, const struct scene *scene, guint number)
{
	g_autofree char *anchor = g_strdup_printf("scene-%u", number);
	struct story_block *heading = story_heading(narrator->story, 2, anchor);
	struct bytes text = narrate_bytes(narrator, scene->record);
	struct story_fact action;
	g_autofree char *capital = NULL;

	if (scene->record->kind != TRACE_ACTION) {
		SAY(heading, "At {}: {} writes to the sender", fact_time(narrator, scene->record),
		    fact_node(narrator, scene->node));
		return;
	}
	action = fact_quote(narrator, scene->record, text, STORY_NAME);
	capital = g_strdup(action.text);
	if (model_find_node(narrator->model, narrate_person(narrator, scene)) == 0)
		capital[0] = g_ascii_toupper(capital[0]);
	action.text = g_string_chunk_insert(narrator->story->texts, capital);
	SAY(heading, "At {}: {}", fact_time(narrator, scene->record), action);
}

static uint64_t opening_of(const struct narrator *narrator, const struct leg *leg)
{
	return leg->syn == NULL ? UINT64_MAX : trace_store_find(narrator->store, leg->syn->id);
}

static const struct leg *leg_of(const struct narrator *narrator, const struct scene *scene, guint i)
{
	return narrate_leg(narrator, g_array_index(scene->legs, uint32_t, i));
}

/* What there is to say of an action for which no packet is sent. */
static const char *const quiet_actions[] = {
	[USER_READS] =
	    "Not a single packet crosses a cable for this: what {} wants to read is on {} already.",
	[USER_SEARCHES] =
	    "{} finds it without the network: the search goes over what is on the disk of {}.",
	[USER_DELETES] = "What {} deletes is on {} alone, so no packet tells anyone.",
	[USER_MOVES] = "What {} moves is on {} alone, so no packet tells anyone.",
	[USER_SENDS] = "{} can do so without a connection: nothing leaves {} yet.",
	[USER_ANSWERS] = "{} can do so without a connection: nothing leaves {} yet.",
	[USER_BACKS_UP] =
	    "For {} that is a copy of files on {}: no packet is needed, and no server.",
	[USER_RESTORES] =
	    "{} brings the files back to {} from that copy, again without the network.",
	[USER_LOSES_DISK] =
	    "{} loses what was on {} and nowhere else; what a server holds is still there.",
	[USER_CRASHES] = "{} notices, the network does not: a program on {} simply stops.",
	[USER_GOES_OFFLINE] =
	    "From now on {} has no connection; what is on the disk of {} can still be read.",
	[USER_GOES_ONLINE] = "{} has a connection again, and nothing was waiting on {} for it.",
};

static void tell_nothing(struct narrator *narrator, const struct scene *scene)
{
	uint64_t verb = scene->record->after;

	if (scene->frames > 0 || scene->record->kind != TRACE_ACTION ||
	    verb >= G_N_ELEMENTS(quiet_actions) || quiet_actions[verb] == NULL)
		return;
	SAY(story_paragraph(narrator->story), quiet_actions[verb],
	    fact_word(narrate_person(narrator, scene)), fact_node(narrator, scene->node),
	    fact_because(scene->record));
}

/* A message that is read although what its reader asked the network for never came. */
static void tell_read_from_disk(struct narrator *narrator, const struct scene *scene,
				struct story_block *paragraph)
{
	const struct trace_record *read = narrate_station(narrator, scene, MAIL_READ, scene->node);

	if (read == NULL || scene->frames == 0 || scene->legs->len > 0 ||
	    scene->record->after != USER_READS)
		return;
	SAY(paragraph,
	    "No connection comes about, and at {} {} gives up asking. {} can read the message all "
	    "the same, from the copy on the disk of {}.",
	    fact_time(narrator, read), fact_node(narrator, scene->node),
	    fact_word(narrate_person(narrator, scene)), fact_node(narrator, scene->node));
}

/* Where an action did not simply succeed. */
static void tell_outcome(struct narrator *narrator, const struct scene *scene)
{
	struct story_block *paragraph = story_paragraph(narrator->story);

	if (scene->retry != NULL)
		SAY(paragraph, "At {} it cannot go on ({}) and is tried again.",
		    fact_time(narrator, scene->retry),
		    fact_quote(narrator, scene->retry, narrate_bytes(narrator, scene->retry),
			       STORY_CODE));
	if (scene->outcome != NULL && scene->outcome->after != 0)
		SAY(paragraph, "In the end, at {}, it has failed: {}.",
		    fact_time(narrator, scene->outcome),
		    fact_quote(narrator, scene->outcome, narrate_bytes(narrator, scene->outcome),
			       STORY_CODE));
	else if (scene->outcome != NULL && scene->record->after == USER_READS)
		tell_read_from_disk(narrator, scene, paragraph);
	else if (scene->outcome != NULL && scene->record->after == USER_SEARCHES)
		SAY(paragraph, "The search ends with: {}.",
		    fact_quote(narrator, scene->outcome, narrate_bytes(narrator, scene->outcome),
			       STORY_CODE));
}

static bool is_like(const struct leg *a, const struct leg *b)
{
	return a->client == b->client && a->connection->server.port == b->connection->server.port;
}

/* There were some like it in the scene, and there is another one. */
static bool is_repetition(const struct narrator *narrator, const struct scene *scene, guint index)
{
	const struct leg *leg = leg_of(narrator, scene, index);
	unsigned before = 0;
	bool has_later = false;

	for (guint i = 0; i < scene->legs->len; i++) {
		bool is_alike = is_like(leg_of(narrator, scene, i), leg);

		before += i < index && is_alike;
		has_later |= i > index && is_alike;
	}
	return before >= ATTEMPTS_MAX && has_later;
}

static void pass_over(struct narrator *narrator, const struct scene *scene, const struct leg *leg)
{
	if (!narrator->is_repeating && leg->syn != NULL)
		SAY(story_paragraph(narrator->story),
		    "More connections like these follow, from frame {} on, before something else "
		    "happens.",
		    fact_frame(narrator, leg->syn));
	narrator->is_repeating = true;
	narrator->lookups_told = opening_of(narrator, leg);
	(void)scene;
}

static void tell_scene(struct narrator *narrator, const struct scene *scene, guint number)
{
	guint station = 0;

	tell_heading(narrator, scene, number);
	narrate_compose(narrator, scene);
	for (guint i = 0; i < scene->legs->len; i++) {
		const struct leg *leg = leg_of(narrator, scene, i);

		if (is_repetition(narrator, scene, i) && narrator->level != NARRATE_EXPERT) {
			pass_over(narrator, scene, leg);
			continue;
		}
		narrate_stations(narrator, scene, &station, opening_of(narrator, leg));
		narrator->is_repeating = false;
		narrate_opening(narrator, scene, leg);
		narrate_session(narrator, scene, leg);
	}
	tell_continued(narrator, scene);
	narrator->is_repeating = false;
	narrate_stations(narrator, scene, &station, UINT64_MAX);
	narrate_trouble(narrator, scene);
	tell_nothing(narrator, scene);
	tell_outcome(narrator, scene);
}

/* What is left out: the actions alone. */
static void tell_rest(struct narrator *narrator, guint first)
{
	struct story_block *list;

	if (first >= narrator->scenes->len)
		return;
	SAY(story_heading(narrator->story, 2, "rest"), "What else was done",
	    fact_because(narrate_scene(narrator, first)->record));
	SAY(story_paragraph(narrator->story),
	    "The rest of the run I only list. It adds no new protocol; a higher level tells more "
	    "of it.",
	    fact_because(narrate_scene(narrator, first)->record));
	list = story_list(narrator->story, false);
	for (guint i = first; i < narrator->scenes->len && i < first + REST_MAX; i++) {
		const struct scene *scene = narrate_scene(narrator, i);

		if (scene->record->kind == TRACE_ACTION)
			SAY(list, "{}: {}", fact_time(narrator, scene->record),
			    fact_quote(narrator, scene->record,
				       narrate_bytes(narrator, scene->record), STORY_NAME));
		else
			SAY(list, "{}: {} writes a notification",
			    fact_time(narrator, scene->record), fact_node(narrator, scene->node));
	}
	if (narrator->scenes->len > first + REST_MAX)
		SAY(story_paragraph(narrator->story), "And more, which I leave out.",
		    fact_because(narrate_scene(narrator, first + REST_MAX)->record));
}

void narrate_scenes(struct narrator *narrator)
{
	guint told = MIN(narrator->scenes->len, told_max[narrator->level]);

	if (narrator->scenes->len == 0)
		return;
	SAY(story_heading(narrator->story, 1, "run"), "What happened, step by step",
	    fact_because(narrate_scene(narrator, 0)->record));
	for (guint i = 0; i < told; i++)
		tell_scene(narrator, narrate_scene(narrator, i), i + 1);
	tell_rest(narrator, told);
}
