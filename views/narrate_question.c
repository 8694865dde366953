/*
 * The five questions that are asked in interviews, each answered by what this run shows. Where it shows
 * nothing, that is said, and no more than the standards have.
 */
#include <string.h>
#include "protocols/actor.h"
#include "protocols/imap/dissect.h"
#include "protocols/imap/names.h"
#include "protocols/mail/names.h"
#include "protocols/pop3/dissect.h"
#include "protocols/pop3/names.h"
#include "views/narrate_parts.h"
#include "views/names.h"

/* Something that was said somewhere in the run, and on which connection. */
struct evidence {
	struct saying saying;
	const struct leg *leg;
};

/* The first command of a protocol of that kind that holds `text` (NULL: any). */
static bool find_said(const struct narrator *narrator, const struct dissector *dissector,
		      unsigned kind, const char *text, struct evidence *found)
{
	for (guint i = 0; i < narrator->legs->len; i++) {
		GArray *sayings;
		bool is_found = false;

		found->leg = narrate_leg(narrator, i);
		if (found->leg->connection->dissector != dissector || found->leg->syn == NULL)
			continue;
		sayings = narrate_sayings(narrator, found->leg, SCENE_NONE, false);
		for (guint k = 0; k < sayings->len && !is_found; k++) {
			found->saying = g_array_index(sayings, struct saying, k);
			is_found = !found->saying.is_from_server &&
				   found->saying.unit->kind == kind &&
				   (text == NULL || saying_has(&found->saying, text));
		}
		g_array_unref(sayings);
		if (is_found)
			return true;
	}
	return false;
}

static struct story_block *ask(struct narrator *narrator, const char *anchor, const char *question)
{
	struct story_block *heading = story_heading(narrator->story, 2, anchor);

	story_say(heading, question, NULL, 0);
	return story_paragraph(narrator->story);
}

static struct story_fact line_of(struct narrator *narrator, const struct evidence *evidence)
{
	return fact_line(narrator, &evidence->saying, 0);
}

static struct story_fact frame_of(struct narrator *narrator, const struct evidence *evidence)
{
	return fact_saying_frame(narrator, &evidence->saying);
}

static void answer_pop(struct narrator *narrator, struct story_block *paragraph)
{
	struct evidence retr, dele;

	if (!find_said(narrator, &pop3_dissector, POP3_RETR, NULL, &retr)) {
		story_say(
		    paragraph,
		    "POP3 brings messages to one computer and by default deletes them on the "
		    "server; "
		    "no message is fetched by POP3 in this run, so I can show no frame of it.",
		    NULL, 0);
		return;
	}
	SAY(paragraph,
	    "POP3 empties a letter box: {} fetches a message from {} by {} (frame {}), all of it "
	    "or "
	    "nothing.",
	    fact_node(narrator, retr.leg->client), fact_node(narrator, retr.leg->server),
	    line_of(narrator, &retr), frame_of(narrator, &retr));
	if (find_said(narrator, &pop3_dissector, POP3_DELE, NULL, &dele))
		SAY(paragraph, "Then it says {} (frame {}), and the server keeps nothing.",
		    line_of(narrator, &dele), frame_of(narrator, &dele));
	else
		SAY(paragraph,
		    "It never says DELE, so here the server keeps its copy, but read or unread "
		    "is known on {} alone.",
		    fact_node(narrator, retr.leg->client), fact_because(retr.leg->syn));
}

static void answer_imap(struct narrator *narrator, struct story_block *paragraph)
{
	struct evidence select, fetch, store;

	if (!find_said(narrator, &imap_dissector, IMAP_SELECT, NULL, &select)) {
		story_say(
		    paragraph,
		    "IMAP leaves messages on the server and shows them from there; this run has no "
		    "IMAP session, so I can show no frame of it.",
		    NULL, 0);
		return;
	}
	SAY(paragraph, "IMAP works in the mailbox itself: {} opens it on {} by {} (frame {}).",
	    fact_node(narrator, select.leg->client), fact_node(narrator, select.leg->server),
	    line_of(narrator, &select), frame_of(narrator, &select));
	if (find_said(narrator, &imap_dissector, IMAP_UID_FETCH, "BODY", &fetch))
		SAY(paragraph,
		    "It reads a copy by {} (frame {}), and the original stays where it is.",
		    line_of(narrator, &fetch), frame_of(narrator, &fetch));
	if (find_said(narrator, &imap_dissector, IMAP_UID_STORE, NULL, &store))
		SAY(paragraph, "Even the mark that it was read is kept there: {} (frame {}).",
		    line_of(narrator, &store), frame_of(narrator, &store));
}

static void answer_difference(struct narrator *narrator)
{
	struct story_block *paragraph =
	    ask(narrator, "question-difference", "What is the difference between POP and IMAP?");

	answer_pop(narrator, paragraph);
	answer_imap(narrator, paragraph);
}

/* The first IMAP session that opens in a scene; NULL: none. */
static const struct leg *imap_leg(const struct narrator *narrator, const struct scene *scene)
{
	for (guint i = 0; i < scene->legs->len; i++) {
		const struct leg *leg =
		    narrate_leg(narrator, g_array_index(scene->legs, uint32_t, i));

		if (leg->connection->dissector == &imap_dissector && leg->client == scene->node)
			return leg;
	}
	return NULL;
}

/* The same person at two hosts, both times by IMAP. */
static bool find_two_devices(struct narrator *narrator, const struct leg **first,
			     const struct leg **second)
{
	for (guint i = 0; i < narrator->scenes->len; i++) {
		const struct scene *scene = narrate_scene(narrator, i);

		*first = imap_leg(narrator, scene);
		for (guint k = i + 1; *first != NULL && k < narrator->scenes->len; k++) {
			const struct scene *later = narrate_scene(narrator, k);

			*second = imap_leg(narrator, later);
			if (*second != NULL && later->node != scene->node &&
			    strcmp(narrate_person(narrator, scene),
				   narrate_person(narrator, later)) == 0)
				return true;
		}
	}
	return false;
}

static void answer_companies(struct narrator *narrator)
{
	struct story_block *paragraph =
	    ask(narrator, "question-companies", "Why do companies prefer IMAP?");
	const struct leg *first, *second;
	struct evidence evidence;
	bool has_shown = false;

	story_say(
	    paragraph,
	    "Because the mail is in one place: on a server that the company runs, backs up and "
	    "controls, and that every device of an employee looks into.",
	    NULL, 0);
	if (find_two_devices(narrator, &first, &second)) {
		SAY(paragraph,
		    "In this run one and the same user comes from {} and from {} to {}, both times "
		    "by "
		    "IMAP (frames {} and {}), and finds the same mailbox.",
		    fact_node(narrator, first->client), fact_node(narrator, second->client),
		    fact_node(narrator, first->server), fact_frame(narrator, first->syn),
		    fact_frame(narrator, second->syn));
		has_shown = true;
	}
	if (find_said(narrator, &imap_dissector, IMAP_UID_SEARCH, NULL, &evidence)) {
		SAY(paragraph, "The server searches, too: {} (frame {}).",
		    line_of(narrator, &evidence), frame_of(narrator, &evidence));
		has_shown = true;
	}
	if (find_said(narrator, &imap_dissector, IMAP_IDLE, NULL, &evidence)) {
		SAY(paragraph, "It reports new mail at once to who waits with {} (frame {}).",
		    line_of(narrator, &evidence), frame_of(narrator, &evidence));
		has_shown = true;
	}
	if (!has_shown)
		story_say(
		    paragraph,
		    "This run does not show it: nobody uses a second device by IMAP here, and "
		    "nothing is searched or pushed.",
		    NULL, 0);
	if (find_said(narrator, &pop3_dissector, POP3_DELE, NULL, &evidence))
		SAY(paragraph,
		    "The counterpart is in frame {}: by {} a message leaves the server of the "
		    "company, and if the disk of {} breaks it is gone.",
		    frame_of(narrator, &evidence), line_of(narrator, &evidence),
		    fact_node(narrator, evidence.leg->client));
}

static const char *const steps[STEP_COUNT] = {
	[STEP_COMPOSE] = "writes the message",
	[STEP_CONNECT] = "turns to the next server",
	[STEP_SUBMIT] = "begins to hand it in",
	[STEP_RECEIVE] = "has all of it",
	[STEP_CHECK] = "looks whether it may pass",
	[STEP_ACCEPT] = "takes responsibility for it",
	[STEP_QUEUE] = "puts it into its queue",
	[STEP_LOOK_UP] = "has learnt from DNS which host comes next",
	[STEP_TRANSFER] = "begins to pass it on",
	[STEP_HAND_OVER] = "has handed it over",
	[STEP_DELIVER] = "puts it into the mailbox",
	[STEP_READ] = "fetches it for its reader",
};

static void tell_step(struct narrator *narrator, const struct trace_record *record,
		      struct story_block *list)
{
	enum mail_step step = mail_step_of(record->detail);

	if (step == STEP_NONE)
		return;
	SAY(list, "{}: the {} on {} {}.", fact_time(narrator, record),
	    fact_word(record->actor == ACTOR_NONE ? "program" : actor_name(record->actor)),
	    fact_node(narrator, trace_node_of(record->id)), fact_word(steps[step]));
}

static void answer_flow(struct narrator *narrator)
{
	struct story_block *paragraph =
	    ask(narrator, "question-flow", "How does a message flow from sender to receiver?");
	const struct history_station *stations;
	struct story_block *list;
	uint32_t count = 0;

	stations = model_mail_count(narrator->model) == 0
		       ? NULL
		       : history_stations(narrator->history, 1, &count);
	if (count == 0) {
		story_say(paragraph, "No message is written in this run, so it cannot show that.",
			  NULL, 0);
		return;
	}
	story_say(paragraph, "These are the steps of the first message of this run.", NULL, 0);
	list = story_list(narrator->story, true);
	for (uint32_t i = 0; i < count; i++)
		tell_step(narrator, narrate_record(narrator, stations[i].moment - 1), list);
}

static const struct trace_record *first_mail_record(const struct narrator *narrator, uint8_t actor,
						    unsigned detail)
{
	for (uint64_t i = 0; i < trace_store_count(narrator->store); i++) {
		const struct trace_record *record = trace_store_record(narrator->store, i);

		if (record->kind == TRACE_MAIL && record->actor == actor &&
		    record->detail == detail)
			return record;
	}
	return NULL;
}

static void answer_roles(struct narrator *narrator)
{
	/* clang-format off */
	static const struct {
		uint8_t actor;
		unsigned detail;
		const char *text, *missing;
	} roles[] = {
		{ ACTOR_MUA, MAIL_COMPOSED,
		  "The MUA, mail user agent, is the program in front of the user: on {} it writes a message at {}.",
		  "The MUA, mail user agent, is the program in front of the user; none writes a message here." },
		{ ACTOR_MSA, MAIL_SUBMITTED,
		  "The MSA, mail submission agent, takes mail from users who log in: on {} it accepts one at {}.",
		  "The MSA, mail submission agent, takes mail from users who log in; none does so here." },
		{ ACTOR_MTA, MAIL_TRANSFERRED,
		  "The MTA, mail transfer agent, brings mail from server to server: that on {} has handed one over "
		  "at {}.",
		  "The MTA, mail transfer agent, brings mail from server to server; in this run no message is handed "
		  "from one to another." },
		{ ACTOR_MDA, MAIL_DELIVERED,
		  "The MDA, mail delivery agent, puts it into the mailbox: on {} at {}.",
		  "The MDA, mail delivery agent, puts mail into mailboxes; it has nothing to do in this run." },
	};
	/* clang-format on */
	struct story_block *paragraph =
	    ask(narrator, "question-roles", "What are the roles of MUA, MTA and MDA?");

	for (size_t i = 0; i < G_N_ELEMENTS(roles); i++) {
		const struct trace_record *record =
		    first_mail_record(narrator, roles[i].actor, roles[i].detail);

		if (record != NULL)
			SAY(paragraph, roles[i].text,
			    fact_node(narrator, trace_node_of(record->id)),
			    fact_time(narrator, record));
		else
			story_say(paragraph, roles[i].missing, NULL, 0);
	}
}

static void answer_security(struct narrator *narrator)
{
	narrate_security(narrator, ask(narrator, "question-security", "How secure is it?"));
}

void narrate_questions(struct narrator *narrator)
{
	struct story_block *heading = story_heading(narrator->story, 1, "questions");

	story_say(heading, "Five questions", NULL, 0);
	answer_difference(narrator);
	answer_companies(narrator);
	answer_flow(narrator);
	answer_roles(narrator);
	answer_security(narrator);
}
