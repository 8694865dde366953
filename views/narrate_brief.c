/* The whole in a few sentences, at the beginning; figures of the whole, at the end. */
#include "protocols/actor.h"
#include "protocols/mail/names.h"
#include "stack/names.h"
#include "views/names.h"
#include "views/narrate_parts.h"

#define MAILS_MAX  40 /* in the table */
#define OPENED_MAX 6  /* frames named for each kind of session */

static const struct story_query all_frames = {
	.kind = TRACE_TRANSMIT, .layer = STORY_ANY, .detail = STORY_ANY, .flags = TRACE_FIRST
};
static const struct story_query all_drops = { .kind = TRACE_DROP,
					      .layer = STORY_ANY,
					      .detail = STORY_ANY };
static const struct story_query all_retransmissions = {
	.kind = TRACE_ENCAPSULATE,
	.layer = LAYER_TCP,
	.detail = STORY_ANY,
	.flags = TRACE_RETRANSMIT,
};

static const struct trace_record *first_frame(const struct narrator *narrator)
{
	return narrator->frames->len == 0
		   ? NULL
		   : narrate_record(narrator, g_array_index(narrator->frames, uint64_t, 0));
}

/* The first record of a kind, for a count of them. */
static const struct trace_record *first_of(const struct narrator *narrator,
					   const struct story_query *query)
{
	for (uint64_t i = 0; i < trace_store_count(narrator->store); i++) {
		const struct trace_record *record = trace_store_record(narrator->store, i);

		if (record->kind == query->kind &&
		    (query->layer == STORY_ANY || record->layer == query->layer) &&
		    (record->flags & query->flags) == query->flags)
			return record;
	}
	return NULL;
}

/* The leg in a scene whose programs are these; NULL: none. */
static const struct leg *leg_between(const struct narrator *narrator, const struct scene *scene,
				     uint8_t client, uint8_t server)
{
	for (guint i = 0; i < scene->legs->len; i++) {
		const struct leg *leg =
		    narrate_leg(narrator, g_array_index(scene->legs, uint32_t, i));

		if (leg->connection->actors[0] == client &&
		    (server == ACTOR_NONE || leg->connection->actors[1] == server))
			return leg;
	}
	return NULL;
}

static struct story_fact fact_port(struct narrator *narrator, const struct leg *leg)
{
	return fact_field(narrator, leg->syn, DECODE_TCP, "Destination Port", STORY_DECIMAL);
}

static void tell_submission(struct narrator *narrator, const struct scene *scene,
			    const struct leg *leg, struct story_block *paragraph)
{
	SAY(paragraph,
	    "{}'s mail program on {} does not bring a message to its reader. It hands the message "
	    "over "
	    "to {}, a mail server, by {} on TCP port {}, and its part is done.",
	    fact_word(narrate_person(narrator, scene)), fact_node(narrator, leg->client),
	    fact_node(narrator, leg->server),
	    fact_word(leg->connection->is_tls ? "SMTP inside TLS" : "SMTP"),
	    fact_port(narrator, leg));
}

static void tell_transfer(struct narrator *narrator, const struct leg *leg,
			  struct story_block *paragraph)
{
	SAY(paragraph,
	    "{} asks DNS which host takes mail for the recipient's domain, and passes the message "
	    "on to "
	    "{}: SMTP again, this time between two servers and on port {}.",
	    fact_node(narrator, leg->client), fact_node(narrator, leg->server),
	    fact_port(narrator, leg));
}

static const struct trace_record *station_of(const struct narrator *narrator, uint64_t root,
					     unsigned detail)
{
	for (guint i = 0; i < narrator->scenes->len; i++) {
		const struct scene *scene = narrate_scene(narrator, i);

		for (guint k = 0; k < scene->stations->len; k++) {
			const struct trace_record *record =
			    narrate_record(narrator, g_array_index(scene->stations, uint64_t, k));

			if (record->root == root && record->detail == detail)
				return record;
		}
	}
	return NULL;
}

static void tell_arrival(struct narrator *narrator, const struct scene *scene,
			 struct story_block *paragraph)
{
	const struct trace_record *delivered =
	    station_of(narrator, scene->record->root, MAIL_DELIVERED);
	const struct trace_record *retrieved =
	    station_of(narrator, scene->record->root, MAIL_RETRIEVED);
	const struct trace_record *deleted =
	    station_of(narrator, scene->record->root, MAIL_DELETED);
	const struct trace_record *bounced =
	    station_of(narrator, scene->record->root, MAIL_BOUNCED);

	if (delivered != NULL)
		SAY(paragraph,
		    "On {} it is put into the recipient's mailbox, {} after {} pressed Send, and "
		    "waits there.",
		    fact_node(narrator, trace_node_of(delivered->id)),
		    fact_interval(narrator, scene->record, delivered),
		    fact_word(narrate_person(narrator, scene)));
	if (retrieved != NULL)
		SAY(paragraph, "The recipient's own program, on {}, comes for it at {}, by {}.",
		    fact_node(narrator, trace_node_of(retrieved->id)),
		    fact_time(narrator, retrieved),
		    fact_word(retrieved->before == LAYER_POP3 || retrieved->before == LAYER_IMAP
				  ? view_layer_name((unsigned)retrieved->before)
				  : "a way of its own"));
	if (deleted != NULL && retrieved != NULL &&
	    narrate_scene_of(narrator, deleted) == narrate_scene_of(narrator, retrieved))
		SAY(paragraph, "It has the message deleted on {} when it has got it.",
		    fact_node(narrator, trace_node_of(deleted->id)), fact_because(deleted));
	else if (deleted != NULL)
		SAY(paragraph, "{} {}, where a copy is deleted only at {}.",
		    fact_word(retrieved != NULL ? "It leaves the message on" : "It stays on"),
		    fact_node(narrator, trace_node_of(deleted->id)), fact_time(narrator, deleted));
	else if (retrieved != NULL)
		SAY(paragraph, "The original stays on the server.", fact_because(retrieved));
	if (bounced != NULL)
		SAY(paragraph,
		    "It does not reach everyone, though: {} has to give up at {} and writes to "
		    "the sender.",
		    fact_node(narrator, trace_node_of(bounced->id)), fact_time(narrator, bounced));
}

static const struct scene *first_sending(const struct narrator *narrator)
{
	for (guint i = 0; i < narrator->scenes->len; i++) {
		const struct scene *scene = narrate_scene(narrator, i);

		if (scene->mail != NULL && scene->record->kind == TRACE_ACTION)
			return scene;
	}
	return NULL;
}

/* What became of the whole traffic. */
static void tell_totals(struct narrator *narrator, struct story_block *paragraph)
{
	const struct trace_record *frame = first_frame(narrator);
	const struct trace_record *drop = first_of(narrator, &all_drops);
	const struct trace_record *again = first_of(narrator, &all_retransmissions);

	if (frame == NULL) {
		story_say(paragraph, "No packet was sent in this run.", NULL, 0);
		return;
	}
	SAY(paragraph, "The run put {} packets on the wire, {} bytes with all headers.",
	    fact_count(narrator, &all_frames, frame), fact_sum(narrator, &all_frames, frame));
	if (drop == NULL && again == NULL)
		SAY(paragraph, "None was lost, so TCP had nothing to repair.", fact_because(frame));
	if (drop != NULL)
		SAY(paragraph, "On the way {} were lost or thrown away.",
		    fact_count(narrator, &all_drops, drop));
	if (again != NULL)
		SAY(paragraph, "TCP made {} segments a second time.",
		    fact_count(narrator, &all_retransmissions, again));
}

static bool has_router(const struct narrator *narrator)
{
	for (uint32_t i = 1; i <= model_node_count(narrator->model); i++) {
		const struct model_node *node = model_node(narrator->model, i);

		if (node != NULL && node->kind == NODE_ROUTER)
			return true;
	}
	return false;
}

static bool has_lookup(const struct narrator *narrator)
{
	for (guint i = 0; i < narrator->scenes->len; i++)
		if (narrate_scene(narrator, i)->lookups->len > 0)
			return true;
	return false;
}

static void tell_layers(const struct narrator *narrator, const struct leg *leg,
			struct story_block *paragraph)
{
	SAY(paragraph, "All mail goes by TCP over IPv4 over Ethernet{}.",
	    fact_word(has_lookup(narrator) ? ", and questions to DNS by UDP in TCP's place" : ""),
	    fact_because(leg->syn));
	if (!has_router(narrator)) {
		SAY(paragraph,
		    "Hosts put three headers around every command and take them off again; the "
		    "switch between them passes frames on as they are; and a mail server unpacks "
		    "everything, keeps the message, and packs it anew.",
		    fact_because(leg->syn));
		return;
	}
	SAY(paragraph,
	    "Hosts put three headers around every command and take them off again; switches pass "
	    "frames on as they are; routers exchange the Ethernet header and lower the TTL; and a "
	    "mail server unpacks everything, keeps the message, and packs it anew.",
	    fact_because(leg->syn));
}

/* The first message that a server gives to the mail program on a host; NULL: none. */
static const struct leg *find_reception(const struct narrator *narrator, uint32_t host,
					struct saying *message)
{
	for (guint i = 0; i < narrator->legs->len; i++) {
		const struct leg *leg = narrate_leg(narrator, i);
		g_autoptr(GArray) sayings = NULL;
		const struct saying *found;

		if (leg->client != host || leg->syn == NULL || leg->connection->dissector == NULL)
			continue;
		sayings = narrate_sayings(narrator, leg, SCENE_NONE, false);
		found = narrate_fetched(sayings);
		if (found == NULL)
			continue;
		*message = *found;
		return leg;
	}
	return NULL;
}

/* The other direction: how the one who sends gets mail. */
static void tell_reception(struct narrator *narrator, uint32_t host, struct story_block *paragraph)
{
	struct saying message;
	const struct leg *leg = find_reception(narrator, host, &message);

	if (leg == NULL)
		return;
	SAY(paragraph,
	    "Mail to the user of {} comes the other way round: servers bring it into a mailbox on "
	    "{}, and nothing happens until the mail program on {} asks. It does so by {}{} on TCP "
	    "port {} (from frame {} on), and a message comes to it in frame {}.",
	    fact_node(narrator, host), fact_node(narrator, leg->server), fact_node(narrator, host),
	    fact_word(leg->connection->dissector->name),
	    fact_word(leg->connection->is_tls ? " inside TLS" : ""), fact_port(narrator, leg),
	    fact_frame(narrator, leg->syn), fact_saying_frame(narrator, &message));
}

void narrate_brief(struct narrator *narrator)
{
	const struct scene *scene = first_sending(narrator);
	struct story_block *heading = story_heading(narrator->story, 1, "brief"), *paragraph;
	const struct leg *submission = NULL, *transfer = NULL;

	story_say(heading, "The answer in brief", NULL, 0);
	paragraph = story_paragraph(narrator->story);
	if (scene != NULL) {
		submission = leg_between(narrator, scene, ACTOR_MUA, ACTOR_NONE);
		transfer = leg_between(narrator, scene, ACTOR_MTA, ACTOR_MTA);
	}
	if (submission != NULL)
		tell_submission(narrator, scene, submission, paragraph);
	if (transfer != NULL)
		tell_transfer(narrator, transfer, paragraph);
	if (scene != NULL)
		tell_arrival(narrator, scene, paragraph);
	if (submission != NULL)
		tell_reception(narrator, submission->client, paragraph);
	if (submission != NULL)
		tell_layers(narrator, submission, paragraph);
	tell_totals(narrator, paragraph);
}

/* The end: messages, and sessions by protocol. */

static void say_outcome(struct narrator *narrator, struct story_block *table,
			const struct trace_record *written)
{
	static const struct {
		unsigned detail;
		const char *text;
	} outcomes[] = {
		{MAIL_DELIVERED,  "delivered on {} at {}"      },
		{ MAIL_RETRIEVED, "fetched by {} at {}"        },
		{ MAIL_READ,      "read on {} at {}"           },
		{ MAIL_DELETED,   "deleted from {} at {}"      },
		{ MAIL_BOUNCED,   "given up by {} at {}"       },
		{ MAIL_REFUSED,   "refused, as {} learns at {}"},
	};
	struct story_sentence *cell = SAY(table, "", fact_because(written));
	bool is_first = true;

	for (size_t i = 0; i < G_N_ELEMENTS(outcomes); i++) {
		const struct trace_record *record =
		    station_of(narrator, written->root, outcomes[i].detail);

		if (record == NULL)
			continue;
		story_go_on(cell, is_first ? "" : "; ", NULL, 0);
		GO_ON(cell, outcomes[i].text, fact_node(narrator, trace_node_of(record->id)),
		      fact_time(narrator, record));
		is_first = false;
	}
	if (is_first)
		story_go_on(cell, "not delivered in this run", NULL, 0);
}

static void tell_mails(struct narrator *narrator)
{
	static const char *const heads[] = { "Written", "From", "To", "Subject",
					     "What became of it" };
	struct story_block *table = story_table(narrator->story, G_N_ELEMENTS(heads), 0);
	unsigned count = model_mail_count(narrator->model);

	for (size_t i = 0; i < G_N_ELEMENTS(heads); i++)
		story_say(table, heads[i], NULL, 0);
	for (unsigned i = 0; i < count && i < MAILS_MAX; i++) {
		const struct model_mail *mail = model_mail(narrator->model, i);
		const struct trace_record *written = narrate_mail_record(narrator, mail->root);

		if (written == NULL)
			continue;
		SAY(table, "{}", fact_time(narrator, written));
		SAY(table, "{}", fact_header(narrator, written, "From", mail->from));
		SAY(table, "{}", fact_header(narrator, written, "To", mail->to));
		SAY(table, "{}", fact_header(narrator, written, "Subject", mail->subject));
		say_outcome(narrator, table, written);
	}
	if (count > MAILS_MAX)
		story_say(story_paragraph(narrator->story),
			  "Later messages are left out of this table.", NULL, 0);
}

static bool is_same_kind(const struct leg *a, const struct leg *b)
{
	return a->connection->dissector == b->connection->dissector &&
	       a->connection->server.port == b->connection->server.port &&
	       a->connection->actors[0] == b->connection->actors[0] && a->client == b->client &&
	       a->server == b->server;
}

static void say_openings(struct narrator *narrator, struct story_block *table, guint first)
{
	struct story_sentence *cell = SAY(table, "", fact_word(NULL));
	unsigned count = 0;

	for (guint i = first; i < narrator->legs->len; i++) {
		const struct leg *leg = narrate_leg(narrator, i);

		if (leg->syn == NULL || !is_same_kind(leg, narrate_leg(narrator, first)))
			continue;
		if (count++ == OPENED_MAX) {
			story_go_on(cell, " and later", NULL, 0);
			return;
		}
		GO_ON(cell, count == 1 ? "{}" : ", {}", fact_frame(narrator, leg->syn));
	}
}

static bool is_first_of_kind(const struct narrator *narrator, guint index)
{
	for (guint i = 0; i < index; i++)
		if (narrate_leg(narrator, i)->syn != NULL &&
		    is_same_kind(narrate_leg(narrator, i), narrate_leg(narrator, index)))
			return false;
	return narrate_leg(narrator, index)->syn != NULL;
}

static void tell_protocols(struct narrator *narrator)
{
	static const char *const heads[] = { "Protocol", "Port", "From", "To", "Opened in frames" };
	struct story_block *table = story_table(narrator->story, G_N_ELEMENTS(heads), 1u << 1);

	for (size_t i = 0; i < G_N_ELEMENTS(heads); i++)
		story_say(table, heads[i], NULL, 0);
	for (guint i = 0; i < narrator->legs->len; i++) {
		const struct leg *leg = narrate_leg(narrator, i);
		const struct dissector *dissector = leg->connection->dissector;

		if (!is_first_of_kind(narrator, i))
			continue;
		SAY(table, "{}{}", fact_word(dissector == NULL ? "TCP" : dissector->name),
		    fact_word(leg->connection->is_tls && dissector != NULL ? " with TLS" : ""),
		    fact_because(leg->syn));
		SAY(table, "{}", fact_port(narrator, leg));
		SAY(table, "{} {}", fact_node(narrator, leg->client),
		    fact_word(actor_name(leg->connection->actors[0])));
		SAY(table, "{} {}", fact_node(narrator, leg->server),
		    fact_word(actor_name(leg->connection->actors[1])));
		say_openings(narrator, table, i);
	}
}

void narrate_result(struct narrator *narrator)
{
	struct story_block *heading = story_heading(narrator->story, 1, "result");

	story_say(heading, "What came of it", NULL, 0);
	tell_mails(narrator);
	if (narrator->level != NARRATE_SHORT)
		tell_protocols(narrator);
}
