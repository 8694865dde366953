/* An SMTP session as it is told: hello, login, envelope, message, and who is responsible then. */
#include "protocols/actor.h"
#include "protocols/smtp/names.h"
#include "views/narrate_parts.h"

/* What a client may do where a server says so, with what it is good for. */
static const struct {
	const char *keyword, *meaning;
} extensions[] = {
	{"PIPELINING", "several commands may go in one segment"},
	{ "SIZE",      "how large a message may be"            },
	{ "STARTTLS",  "the connection can be encrypted"       },
	{ "AUTH",      "ways to log in"                        },
	{ "8BITMIME",  "text beyond ASCII as it is"            },
	{ "SMTPUTF8",  "addresses beyond ASCII"                },
	{ "DSN",       "reports about delivery"                },
	{ "CHUNKING",  "messages by counted pieces"            },
};

static const struct saying *command(const GArray *sayings, enum smtp_detail kind)
{
	return narrate_find(sayings, 0, false, kind);
}

static bool is_positive(const struct saying *answer)
{
	return answer != NULL &&
	       (answer->unit->kind == SMTP_COMPLETED || answer->unit->kind == SMTP_CONTINUE ||
		answer->unit->kind == SMTP_GREETING);
}

static struct story_fact because(const struct saying *saying)
{
	return fact_because(saying->frame);
}

static void tell_extensions(struct narrator *narrator, const struct saying *reply,
			    struct story_block *paragraph)
{
	struct story_sentence *sentence = NULL;

	if (narrator->level == NARRATE_SHORT)
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(extensions); i++) {
		g_autofree char *line = g_strconcat("250-", extensions[i].keyword, NULL);
		g_autofree char *last = g_strconcat("250 ", extensions[i].keyword, NULL);

		if (!saying_has(reply, line) && !saying_has(reply, last))
			continue;
		if (sentence == NULL)
			sentence = SAY(paragraph, "Among it:", because(reply));
		else
			story_go_on(sentence, ";", NULL, 0);
		GO_ON(sentence, " {} ({})", fact_part(narrator, reply, extensions[i].keyword),
		      fact_word(extensions[i].meaning));
	}
	if (sentence != NULL)
		story_go_on(sentence, ".", NULL, 0);
}

/* The greeting and EHLO or HELO, as both have it first. */
static void tell_hello(struct narrator *narrator, const struct leg *leg, const GArray *sayings,
		       struct story_block *paragraph)
{
	const struct saying *greeting = narrate_find(sayings, 0, true, SMTP_GREETING);
	const struct saying *hello = command(sayings, SMTP_EHLO), *reply;

	if (greeting != NULL)
		SAY(paragraph, "In SMTP the server speaks first: {} (frame {}).",
		    fact_line(narrator, greeting, 0), fact_saying_frame(narrator, greeting));
	if (hello == NULL)
		hello = command(sayings, SMTP_HELO);
	if (hello == NULL)
		return;
	reply = narrate_answer(sayings, hello);
	SAY(paragraph, "{} introduces itself with {} (frame {}).", fact_node(narrator, leg->client),
	    fact_line(narrator, hello, 0), fact_saying_frame(narrator, hello));
	if (!is_positive(reply))
		return;
	SAY(paragraph, "The reply in frame {} says what {} is able to do.",
	    fact_saying_frame(narrator, reply), fact_node(narrator, leg->server));
	tell_extensions(narrator, reply, paragraph);
}

static void tell_mechanism(struct narrator *narrator, const struct saying *login,
			   struct story_block *paragraph)
{
	bool is_clear = saying_has(login, "PLAIN") || saying_has(login, "LOGIN");

	if (!narrate_is_new(narrator, is_clear ? CONCEPT_PLAIN_PASSWORD : CONCEPT_AUTH))
		return;
	if (!is_clear)
		SAY(paragraph,
		    "The server sends a challenge, and the client an answer that only someone who "
		    "has the password can work out; the password itself never crosses the wire.",
		    because(login));
	else if (login->unit->is_encrypted)
		SAY(paragraph,
		    "That sends the password itself, which is all right here, because TLS hides "
		    "the whole line.",
		    because(login));
	else
		SAY(paragraph,
		    "That sends the password itself, in base64, which is a spelling and no secret: "
		    "whoever sees the frame has the password.",
		    because(login));
}

static void tell_login(struct narrator *narrator, const struct scene *scene, const GArray *sayings,
		       struct story_block *paragraph)
{
	const struct saying *login = command(sayings, SMTP_AUTH), *outcome = NULL;

	if (login == NULL)
		return;
	SAY(paragraph, "{} has to log in, with {} (frame {}).",
	    fact_word(narrate_person(narrator, scene)), fact_line(narrator, login, 2),
	    fact_saying_frame(narrator, login));
	tell_mechanism(narrator, login, paragraph);
	for (guint i = 0; i < sayings->len && outcome == NULL; i++) {
		const struct saying *saying = &g_array_index(sayings, struct saying, i);

		if (saying->is_from_server &&
		    (saying_has(saying, "235 ") || saying_has(saying, "535 ") ||
		     saying_has(saying, "454 ")))
			outcome = saying;
	}
	if (outcome != NULL)
		SAY(paragraph, "{} answers {} (frame {}).", fact_word("The server"),
		    fact_line(narrator, outcome, 0), fact_saying_frame(narrator, outcome));
}

static void explain_envelope(struct narrator *narrator, const struct saying *mail,
			     struct story_block *paragraph)
{
	if (narrate_is_new(narrator, CONCEPT_ENVELOPE))
		SAY(paragraph,
		    "These two lines are the envelope. Like that of a letter, and unlike the To: "
		    "line "
		    "inside, it alone decides where the message goes and to whom it returns if it "
		    "cannot be delivered.",
		    because(mail));
}

/* MAIL, RCPT and DATA in one segment. */
static bool is_pipelined(const struct saying *mail, const struct saying *data)
{
	return mail != NULL && data != NULL && mail->unit->packet == data->unit->packet;
}

static void tell_recipients(struct narrator *narrator, const GArray *sayings,
			    struct story_sentence *sentence, bool wants_frames)
{
	unsigned count = 0;

	for (guint i = 0; i < sayings->len; i++) {
		const struct saying *saying = &g_array_index(sayings, struct saying, i);

		if (saying->is_from_server || saying->unit->kind != SMTP_RCPT)
			continue;
		if (count++ == 3) {
			story_go_on(sentence, ", and more of them", NULL, 0);
			return;
		}
		GO_ON(sentence, count == 1 ? "{}" : ", {}", fact_line(narrator, saying, 0));
		if (wants_frames)
			GO_ON(sentence, " (frame {})", fact_saying_frame(narrator, saying));
	}
}

static void tell_envelope(struct narrator *narrator, const struct leg *leg, const GArray *sayings,
			  struct story_block *paragraph)
{
	const struct saying *mail = command(sayings, SMTP_MAIL);
	const struct saying *data = command(sayings, SMTP_DATA);
	struct story_sentence *sentence;

	if (mail == NULL)
		return;
	if (is_pipelined(mail, data)) {
		sentence = SAY(paragraph, "Then {} sends {}, ", fact_node(narrator, leg->client),
			       fact_line(narrator, mail, 0));
		tell_recipients(narrator, sayings, sentence, false);
		GO_ON(sentence, " and {} in a single segment (frame {}).",
		      fact_line(narrator, data, 0), fact_saying_frame(narrator, data));
		if (narrate_is_new(narrator, CONCEPT_PIPELINING))
			SAY(paragraph,
			    "It need not wait for each answer, because the server has "
			    "offered PIPELINING; that saves whole round trips.",
			    because(mail));
	} else {
		sentence = SAY(paragraph, "The message begins with {} (frame {}) and ",
			       fact_line(narrator, mail, 0), fact_saying_frame(narrator, mail));
		tell_recipients(narrator, sayings, sentence, true);
		story_go_on(sentence, ".", NULL, 0);
	}
	explain_envelope(narrator, mail, paragraph);
}

/* Replies 4yz and 5yz, the first few. */
static void tell_refusals(struct narrator *narrator, const struct leg *leg, const GArray *sayings,
			  struct story_block *paragraph)
{
	unsigned count = 0;

	for (guint i = 0; i < sayings->len && count < 2; i++) {
		const struct saying *saying = &g_array_index(sayings, struct saying, i);

		if (!saying->is_from_server ||
		    (saying->unit->kind != SMTP_TRY_LATER && saying->unit->kind != SMTP_REFUSED) ||
		    saying_has(saying, "no valid recipients"))
			continue;
		count++;
		SAY(paragraph, "{} says no: {} (frame {}).", fact_node(narrator, leg->server),
		    fact_line(narrator, saying, 0), fact_saying_frame(narrator, saying));
		if (saying->unit->kind == SMTP_TRY_LATER &&
		    narrate_is_new(narrator, CONCEPT_REPLY_LATER))
			SAY(paragraph,
			    "A reply that begins with a four means: not now, try again later.",
			    because(saying));
		if (saying->unit->kind == SMTP_REFUSED &&
		    narrate_is_new(narrator, CONCEPT_REPLY_NO))
			SAY(paragraph,
			    "A reply that begins with a five means: no, and not later either.",
			    because(saying));
	}
}

static void tell_message(struct narrator *narrator, const struct leg *leg, const GArray *sayings,
			 struct story_block *paragraph)
{
	const struct saying *data = command(sayings, SMTP_DATA), *go_ahead, *done;
	const struct saying *message = command(sayings, SMTP_MESSAGE);

	if (message == NULL)
		message = command(sayings, SMTP_CHUNK);
	if (message == NULL)
		return;
	go_ahead = data == NULL ? NULL : narrate_find(sayings, 0, true, SMTP_CONTINUE);
	for (; go_ahead != NULL && !saying_has(go_ahead, "354");)
		go_ahead = narrate_find(
		    sayings, (guint)(go_ahead - &g_array_index(sayings, struct saying, 0)) + 1,
		    true, SMTP_CONTINUE);
	if (go_ahead != NULL && data != NULL)
		SAY(paragraph,
		    "On {} the server answers {} (frame {}), and now the message itself crosses:"
		    " {} bytes, from frame {} on.",
		    fact_line(narrator, data, 0), fact_line(narrator, go_ahead, 0),
		    fact_saying_frame(narrator, go_ahead), fact_saying_bytes(narrator, message),
		    fact_saying_frame(narrator, message));
	else
		SAY(paragraph, "The message itself crosses: {} bytes, from frame {} on.",
		    fact_saying_bytes(narrator, message), fact_saying_frame(narrator, message));
	if (narrate_is_new(narrator, CONCEPT_DOT) && message->unit->kind == SMTP_MESSAGE)
		SAY(paragraph, "SMTP marks its end by a line that holds nothing but a dot.",
		    because(message));
	if (saying_has(message, "Received: ") && narrate_is_new(narrator, CONCEPT_RECEIVED))
		SAY(paragraph,
		    "It is longer than what the user's program wrote: {} has stamped it on top, "
		    "{}.",
		    fact_node(narrator, leg->client), fact_line(narrator, message, 0));
	done = narrate_answer(sayings, message);
	if (done == NULL || done->unit->kind != SMTP_COMPLETED)
		return;
	SAY(paragraph, "{} replies {} (frame {}).", fact_node(narrator, leg->server),
	    fact_line(narrator, done, 0), fact_saying_frame(narrator, done));
	if (narrate_is_new(narrator, CONCEPT_RESPONSIBILITY))
		SAY(paragraph,
		    "This is the line that counts: with it {} has taken responsibility, and must "
		    "deliver the message or tell the sender that it could not.",
		    fact_node(narrator, leg->server), because(done));
}

static void tell_end(struct narrator *narrator, const struct leg *leg, const GArray *sayings,
		     struct story_block *paragraph)
{
	const struct saying *quit = command(sayings, SMTP_QUIT);

	if (quit == NULL || !narrate_is_new(narrator, CONCEPT_CLOSE))
		return;
	if (leg->fin == NULL)
		SAY(paragraph, "{} ends the session (frame {}).", fact_line(narrator, quit, 0),
		    fact_saying_frame(narrator, quit));
	else
		SAY(paragraph,
		    "{} ends the session (frame {}), and a FIN from each side the TCP "
		    "connection (the first in frame {}).",
		    fact_line(narrator, quit, 0), fact_saying_frame(narrator, quit),
		    fact_frame(narrator, leg->fin));
}

/* What is different from a submission: nobody logs in. */
static void tell_relay(struct narrator *narrator, const struct leg *leg,
		       struct story_block *paragraph)
{
	if (leg->connection->actors[0] == ACTOR_MTA && narrate_is_new(narrator, CONCEPT_RELAY))
		SAY(paragraph,
		    "It is the same language, but now a mail server is the client: {} acts as MTA "
		    "(mail transfer agent), and nobody logs in, because any server of the world "
		    "may "
		    "bring mail for the users of {}.",
		    fact_node(narrator, leg->client), fact_node(narrator, leg->server),
		    fact_because(leg->syn));
}

/* A session as it is known by now, in two sentences. False: it is not that ordinary. */
static bool tell_again(struct narrator *narrator, const struct leg *leg, const GArray *sayings,
		       struct story_block *paragraph)
{
	const struct saying *login = command(sayings, SMTP_AUTH);
	const struct saying *mail = command(sayings, SMTP_MAIL);
	const struct saying *message = command(sayings, SMTP_MESSAGE);
	const struct saying *done = message == NULL ? NULL : narrate_answer(sayings, message);
	struct story_sentence *sentence;

	if (mail == NULL || done == NULL || done->unit->kind != SMTP_COMPLETED ||
	    narrator->level == NARRATE_EXPERT)
		return false;
	sentence =
	    SAY(paragraph, "{} and {} talk as I have described: ", fact_node(narrator, leg->client),
		fact_node(narrator, leg->server));
	if (login != NULL)
		GO_ON(sentence, "the login (frame {}), ", fact_saying_frame(narrator, login));
	GO_ON(sentence, "{} (frame {}), ", fact_line(narrator, mail, 0),
	      fact_saying_frame(narrator, mail));
	tell_recipients(narrator, sayings, sentence, false);
	GO_ON(sentence, ", and {} bytes of message from frame {} on.",
	      fact_saying_bytes(narrator, message), fact_saying_frame(narrator, message));
	SAY(paragraph, "The answer is {} (frame {}).", fact_line(narrator, done, 0),
	    fact_saying_frame(narrator, done));
	return true;
}

void narrate_smtp_in_clear(struct narrator *narrator, const struct scene *scene,
			   const struct leg *leg, const GArray *sayings)
{
	struct story_block *paragraph = story_paragraph(narrator->story);
	const struct saying *starttls = command(sayings, SMTP_STARTTLS), *answer;

	tell_relay(narrator, leg, paragraph);
	if (narrate_is_new(narrator, CONCEPT_SMTP)) {
		narrate_reverse_lookup(narrator, scene, leg, paragraph);
		tell_hello(narrator, leg, sayings, paragraph);
	}
	if (starttls == NULL)
		return;
	SAY(paragraph, "{} asks for encryption by {} (frame {}).", fact_node(narrator, leg->client),
	    fact_line(narrator, starttls, 0), fact_saying_frame(narrator, starttls));
	answer = narrate_answer(sayings, starttls);
	if (answer != NULL)
		SAY(paragraph, "{} answers {} (frame {}).", fact_node(narrator, leg->server),
		    fact_line(narrator, answer, 0), fact_saying_frame(narrator, answer));
}

/* Behind STARTTLS the client has to introduce itself a second time. */
static void tell_second_hello(struct narrator *narrator, const struct leg *leg,
			      const GArray *sayings, struct story_block *paragraph)
{
	const struct saying *hello = command(sayings, SMTP_EHLO), *reply;

	if (hello == NULL || !hello->unit->is_encrypted ||
	    narrate_find(sayings, 0, true, SMTP_GREETING) != NULL ||
	    !narrate_is_new(narrator, CONCEPT_STARTTLS))
		return;
	SAY(paragraph,
	    "Both sides forget what was said before, for anyone could have changed it: {} "
	    "introduces itself a second time, {} (frame {}).",
	    fact_node(narrator, leg->client), fact_line(narrator, hello, 0),
	    fact_saying_frame(narrator, hello));
	reply = narrate_answer(sayings, hello);
	if (is_positive(reply))
		SAY(paragraph, "{} says once more what it is able to do (frame {}).",
		    fact_node(narrator, leg->server), fact_saying_frame(narrator, reply));
}

void narrate_smtp(struct narrator *narrator, const struct scene *scene, const struct leg *leg,
		  const GArray *sayings)
{
	struct story_block *paragraph = story_paragraph(narrator->story);
	bool is_first = narrate_is_new(narrator, CONCEPT_SMTP);
	bool is_transfer = leg->connection->actors[0] == ACTOR_MTA;
	bool is_role_new =
	    narrate_is_new(narrator, is_transfer ? CONCEPT_TRANSFER : CONCEPT_SUBMISSION);

	tell_relay(narrator, leg, paragraph);
	if (is_first) {
		narrate_reverse_lookup(narrator, scene, leg, paragraph);
		tell_hello(narrator, leg, sayings, paragraph);
	}
	tell_second_hello(narrator, leg, sayings, paragraph);
	if (!is_role_new && tell_again(narrator, leg, sayings, paragraph)) {
		tell_refusals(narrator, leg, sayings, paragraph);
		return;
	}
	tell_login(narrator, scene, sayings, paragraph);
	if (is_first)
		paragraph = story_paragraph(narrator->story);
	tell_envelope(narrator, leg, sayings, paragraph);
	tell_message(narrator, leg, sayings, paragraph);
	tell_refusals(narrator, leg, sayings, paragraph);
	tell_end(narrator, leg, sayings, paragraph);
}
