/* How secure it is: which messages and which logins others on the way can read, and what they changed. */
#include "protocols/imap/dissect.h"
#include "protocols/imap/names.h"
#include "protocols/mail/names.h"
#include "protocols/pop3/dissect.h"
#include "protocols/pop3/names.h"
#include "protocols/screening/names.h"
#include "protocols/smtp/dissect.h"
#include "protocols/smtp/names.h"
#include "views/credentials.h"
#include "views/narrate_parts.h"

#define LOGINS_MAX 8 /* named of each kind; of more it is said that there are more */

/* The first message that SMTP takes across a wire so that others can read it, or cannot. */
static bool find_message(const struct narrator *narrator, bool is_encrypted, const struct leg **leg,
			 struct saying *found)
{
	for (guint i = 0; i < narrator->legs->len; i++) {
		g_autoptr(GArray) sayings = NULL;

		*leg = narrate_leg(narrator, i);
		if ((*leg)->connection->dissector != &smtp_dissector || (*leg)->syn == NULL)
			continue;
		sayings = narrate_sayings(narrator, *leg, SCENE_NONE, false);
		for (guint k = 0; k < sayings->len; k++) {
			*found = g_array_index(sayings, struct saying, k);
			if (found->unit->kind == SMTP_MESSAGE &&
			    found->unit->is_encrypted == is_encrypted)
				return true;
		}
	}
	return false;
}

/* The first message that a server gives in clear by this protocol, POP3 or IMAP. */
static void tell_fetched(struct narrator *narrator, const struct dissector *dissector,
			 struct story_block *paragraph)
{
	for (guint i = 0; i < narrator->legs->len; i++) {
		const struct leg *leg = narrate_leg(narrator, i);
		g_autoptr(GArray) sayings = narrate_sayings(narrator, leg, SCENE_NONE, false);
		const struct saying *message = narrate_fetched(sayings);

		if (message == NULL || message->unit->dissector != dissector ||
		    message->unit->is_encrypted)
			continue;
		SAY(paragraph,
		    "So it is where {} brings one from {} to {}: it can be read from frame {} on.",
		    fact_word(dissector->name), fact_node(narrator, leg->server),
		    fact_node(narrator, leg->client), fact_saying_frame(narrator, message));
		return;
	}
}

static void tell_open(struct narrator *narrator, struct story_block *paragraph)
{
	const struct leg *leg;
	struct saying message;

	if (find_message(narrator, false, &leg, &message))
		SAY(paragraph,
		    "SMTP by itself hides nothing: from frame {} on the message from {} to {} "
		    "crosses the wire as plain text, and every cable, switch and router on the "
		    "way could keep a copy.",
		    fact_saying_frame(narrator, &message), fact_node(narrator, leg->client),
		    fact_node(narrator, leg->server));
	tell_fetched(narrator, &pop3_dissector, paragraph);
	tell_fetched(narrator, &imap_dissector, paragraph);
}

static void tell_hidden(struct narrator *narrator, struct story_block *paragraph)
{
	const struct leg *leg;
	struct saying message;

	if (find_message(narrator, true, &leg, &message))
		SAY(paragraph,
		    "Where TLS protects the connection, others on the way are kept out: the "
		    "message in frame {}, from {} to {}, can be read by these two alone on its "
		    "way. Each server that it passes sees it in clear, though: TLS protects "
		    "connections, and not messages.",
		    fact_saying_frame(narrator, &message), fact_node(narrator, leg->client),
		    fact_node(narrator, leg->server));
	else
		story_say(paragraph,
			  "TLS, on a port of its own or after STARTTLS, would hide it; no "
			  "message is sent that way in this run.",
			  NULL, 0);
}

/* Logins. */

/* What gives a user away, and where it is said. */
struct login {
	enum credential_kind kind;
	const char *protocol, *how; /* constant */
	const struct leg *leg;
	struct saying saying;
};

struct listening {
	const struct leg *leg;
	const struct saying *saying;
	GArray *logins; /* of struct login */
};

static void found(void *owner, const struct model_connection *connection,
		  const struct credential *credential)
{
	struct listening *listening = owner;
	struct login login = { credential->kind, credential->protocol, credential->how,
			       listening->leg, *listening->saying };

	(void)connection;
	g_array_append_val(listening->logins, login);
}

/* Hears what was said in clear on a connection, as anyone at its wire could. */
static void listen_to(const struct narrator *narrator, struct listening *listening,
		      struct credentials *credentials)
{
	g_autoptr(GArray) sayings = narrate_sayings(narrator, listening->leg, SCENE_NONE, false);

	for (guint i = 0; i < sayings->len; i++) {
		const struct saying *saying = &g_array_index(sayings, struct saying, i);
		const struct model_unit *unit = saying->unit;
		struct dissect_unit heard = { .name = unit->name,
					      .kind = unit->kind,
					      .is_complete = unit->is_complete };
		struct stream_said said = { .connection = listening->leg->connection,
					    .is_from_server = saying->is_from_server,
					    .dissector = unit->dissector,
					    .unit = &heard };

		if (unit->is_encrypted || unit->bytes == NULL)
			continue;
		said.bytes.data = g_bytes_get_data(unit->bytes, &said.bytes.length);
		heard.length = (uint32_t)said.bytes.length;
		listening->saying = saying;
		credentials_hear(credentials, &said);
	}
}

static GArray *logins_of(const struct narrator *narrator)
{
	struct listening listening = { .logins = g_array_new(FALSE, FALSE, sizeof(struct login)) };
	struct credentials *credentials = credentials_new(found, &listening);

	for (guint i = 0; i < narrator->legs->len; i++) {
		listening.leg = narrate_leg(narrator, i);
		listen_to(narrator, &listening, credentials);
	}
	credentials_free(credentials);
	return listening.logins;
}

static void name_login(struct narrator *narrator, const struct login *login,
		       struct story_sentence *sentence)
{
	uint32_t scene = narrate_unit_scene(narrator, login->saying.unit);

	if (scene != SCENE_NONE && narrate_scene(narrator, scene)->record->kind == TRACE_ACTION)
		GO_ON(sentence, "of {} ",
		      fact_word(narrate_person(narrator, narrate_scene(narrator, scene))));
	GO_ON(sentence, "in frame {} ({}, {}, from {} to {})",
	      fact_saying_frame(narrator, &login->saying), fact_word(login->protocol),
	      fact_word(login->how), fact_node(narrator, login->leg->client),
	      fact_node(narrator, login->leg->server));
}

/* The same user's further proofs and cookies on the same way are not worth more words; passwords are. */
static bool is_again(const GArray *logins, guint index)
{
	const struct login *login = &g_array_index(logins, struct login, index);

	for (guint i = 0; i < index && login->kind != CREDENTIAL_PASSWORD; i++) {
		const struct login *earlier = &g_array_index(logins, struct login, i);

		if (earlier->kind == login->kind && earlier->how == login->how &&
		    earlier->protocol == login->protocol &&
		    earlier->leg->client == login->leg->client &&
		    earlier->leg->server == login->leg->server)
			return true;
	}
	return false;
}

/* Names the logins of a kind behind `start`, and ends with `end`. False: there are none. */
static bool tell_logins(struct narrator *narrator, const GArray *logins, enum credential_kind kind,
			struct story_block *paragraph, const char *start, const char *end)
{
	struct story_sentence *sentence = NULL;
	unsigned count = 0;

	for (guint i = 0; i < logins->len; i++) {
		const struct login *login = &g_array_index(logins, struct login, i);

		if (login->kind != kind || is_again(logins, i))
			continue;
		if (count == LOGINS_MAX) {
			story_go_on(sentence, ", and more", NULL, 0);
			break;
		}
		if (count++ == 0)
			sentence = SAY(paragraph, start, fact_because(login->saying.frame));
		else
			story_go_on(sentence, ", that ", NULL, 0);
		name_login(narrator, login, sentence);
	}
	if (sentence != NULL)
		story_go_on(sentence, end, NULL, 0);
	return sentence != NULL;
}

/* The first command by which a user logs in, inside TLS. */
static bool find_hidden_login(const struct narrator *narrator, struct saying *found)
{
	static const struct {
		const struct dissector *dissector;
		unsigned kind;
	} commands[] = {
		{&smtp_dissector,  SMTP_AUTH        },
                { &pop3_dissector, POP3_PASS        },
		{ &pop3_dissector, POP3_AUTH        },
                { &imap_dissector, IMAP_LOGIN       },
		{ &imap_dissector, IMAP_AUTHENTICATE},
	};

	for (guint i = 0; i < narrator->legs->len; i++) {
		const struct leg *leg = narrate_leg(narrator, i);
		g_autoptr(GArray) sayings = narrate_sayings(narrator, leg, SCENE_NONE, false);

		for (guint k = 0; k < sayings->len; k++) {
			*found = g_array_index(sayings, struct saying, k);
			for (size_t c = 0; c < G_N_ELEMENTS(commands); c++)
				if (found->unit->is_encrypted && !found->is_from_server &&
				    found->unit->dissector == commands[c].dissector &&
				    found->unit->kind == commands[c].kind)
					return true;
		}
	}
	return false;
}

static void tell_every_login(struct narrator *narrator, struct story_block *paragraph)
{
	g_autoptr(GArray) logins = logins_of(narrator);
	struct saying hidden;
	bool is_read = tell_logins(narrator, logins, CREDENTIAL_PASSWORD, paragraph,
				   "Worse, whoever listens can read passwords: that ", ".");

	tell_logins(narrator, logins, CREDENTIAL_COOKIE, paragraph,
		    "A cookie is as good as a password while it is valid, and can be read, too: "
		    "that ",
		    ".");
	tell_logins(narrator, logins, CREDENTIAL_PROOF, paragraph,
		    "Not the password but a proof of it crosses where a digest is computed: that ",
		    ". A listener cannot read the password there, but try guesses against the "
		    "proof.");
	if (find_hidden_login(narrator, &hidden))
		SAY(paragraph, "Inside TLS, as in frame {}, a login gives nothing away.",
		    fact_saying_frame(narrator, &hidden));
	if (!is_read && logins->len > 0)
		SAY(paragraph, "No password is readable on any wire of this run.",
		    fact_because(g_array_index(logins, struct login, 0).saying.frame));
}

/* Attacks, and what servers do for themselves. */

static void tell_attack(struct narrator *narrator, struct story_block *paragraph)
{
	const struct trace_record *record = narrate_tampered(narrator, 0);

	if (record == NULL)
		return;
	SAY(paragraph, "And not everybody on the way only listens.", fact_because(record));
	if (narrate_tampering(narrator, record, paragraph))
		SAY(paragraph,
		    "Where the word is an offer of TLS, a program that encrypts only if it can "
		    "goes on in clear; one that demands TLS stops, and one that uses a port on "
		    "which TLS comes first is out of reach of this.",
		    fact_because(record));
}

static void tell_checks(struct narrator *narrator, struct story_block *paragraph)
{
	for (uint64_t i = 0; i < trace_store_count(narrator->store); i++) {
		const struct trace_record *record = trace_store_record(narrator->store, i);
		struct bytes stage, evidence;

		if (record->kind != TRACE_MAIL || record->detail != MAIL_CHECKED ||
		    record->before != SCREEN_FAILED)
			continue;
		screen_record_split(narrate_bytes(narrator, record), &stage, &evidence);
		SAY(paragraph,
		    "Servers also look whom and what they take: on {} the check {} fails at {} "
		    "({}).",
		    fact_node(narrator, trace_node_of(record->id)),
		    fact_quote(narrator, record, stage, STORY_CODE), fact_time(narrator, record),
		    fact_quote(narrator, record, evidence, STORY_CODE));
		return;
	}
}

void narrate_security(struct narrator *narrator, struct story_block *paragraph)
{
	tell_open(narrator, paragraph);
	tell_hidden(narrator, paragraph);
	tell_every_login(narrator, paragraph);
	tell_attack(narrator, paragraph);
	tell_checks(narrator, paragraph);
}
