/*
 * Sessions that are told command by command: POP3, IMAP, HTTP and what people type. Each command has a
 * phrase, with what it is for where it comes first, and less of it from then on.
 */
#include <string.h>
#include "protocols/http/dissect.h"
#include "protocols/http/names.h"
#include "protocols/imap/dissect.h"
#include "protocols/imap/names.h"
#include "protocols/pop3/dissect.h"
#include "protocols/pop3/names.h"
#include "views/narrate_parts.h"

#define COMMANDS_MAX 24 /* told of one session */

/* `first` and `again` have two places: the command and its frame. NULL: not told. */
struct phrase {
	unsigned kind;
	const char *has; /* only commands that hold this; NULL: all */
	unsigned words;  /* of the command that are quoted; 0: its first line */
	const char *first, *again;
};

/* clang-format off */
static const struct phrase pop3_phrases[] = {
	{ POP3_CAPA, NULL, 0,
	  "{} asks what the server can do (frame {}).",
	  NULL },
	{ POP3_STLS, NULL, 0,
	  "{} asks for encryption (frame {}).",
	  "{} asks for encryption (frame {})." },
	{ POP3_USER, NULL, 0,
	  "{} says whose maildrop is wanted (frame {}).",
	  "{} names the maildrop (frame {})." },
	{ POP3_PASS, NULL, 1,
	  "{} carries the password, in clear text for whoever sees frame {}.",
	  "{} gives the password (frame {})." },
	{ POP3_APOP, NULL, 2,
	  "{} logs in by a digest of the password, not the password itself (frame {}).",
	  "{} logs in (frame {})." },
	{ POP3_AUTH, NULL, 2,
	  "{} begins the login (frame {}).",
	  "{} logs in (frame {})." },
	{ POP3_STAT, NULL, 0,
	  "{} asks how much there is (frame {}).",
	  "{} asks how much there is (frame {})." },
	{ POP3_UIDL, NULL, 0,
	  "{} gives each message a name that stays the same from session to session, so that the "
	  "client sees which ones it has not got yet (frame {}).",
	  NULL },
	{ POP3_RETR, NULL, 0,
	  "{} fetches the whole message (frame {}).",
	  "{} fetches another (frame {})." },
	{ POP3_TOP, NULL, 0,
	  "{} fetches only the head of a message (frame {}).",
	  "{} fetches another head (frame {})." },
	{ POP3_DELE, NULL, 0,
	  "{} marks it to be deleted (frame {}).",
	  "{} marks it to be deleted (frame {})." },
	{ POP3_QUIT, NULL, 0,
	  "{} ends the session (frame {}).",
	  "{} ends the session (frame {})." },
};

static const struct phrase imap_phrases[] = {
	{ IMAP_STARTTLS, NULL, 0,
	  "{} asks for encryption (frame {}).",
	  "{} asks for encryption (frame {})." },
	{ IMAP_LOGIN, NULL, 2,
	  "{} logs in with name and password as they are (frame {}).",
	  "{} logs in (frame {})." },
	{ IMAP_AUTHENTICATE, NULL, 3,
	  "{} begins the login (frame {}).",
	  "{} logs in (frame {})." },
	{ IMAP_SELECT, NULL, 0,
	  "{} opens the mailbox (frame {}).",
	  "{} opens the mailbox (frame {})." },
	{ IMAP_EXAMINE, NULL, 0,
	  "{} opens the mailbox to look at it only (frame {}).",
	  "{} looks into the mailbox (frame {})." },
	{ IMAP_LIST, NULL, 0,
	  "{} asks which folders there are (frame {}).",
	  NULL },
	{ IMAP_UID_FETCH, "ENVELOPE", 0,
	  "{} asks for the list alone, who wrote when about what, and how large it is; no message "
	  "comes with it (frame {}).",
	  "{} refreshes the list (frame {})." },
	{ IMAP_UID_FETCH, "BODY.PEEK[]", 0,
	  "{} asks for one whole message without marking it as read (frame {}).",
	  "{} asks for a message (frame {})." },
	{ IMAP_UID_FETCH, "BODY[]", 0,
	  "{} asks for one whole message (frame {}).",
	  "{} asks for a message (frame {})." },
	{ IMAP_UID_FETCH, "BODY", 0,
	  "{} asks for a part of a message (frame {}).",
	  "{} asks for a part (frame {})." },
	{ IMAP_UID_FETCH, "FLAGS", 0,
	  "{} asks for the flags alone (frame {}).",
	  NULL },
	{ IMAP_FETCH, NULL, 0,
	  "{} fetches (frame {}).",
	  "{} fetches (frame {})." },
	{ IMAP_UID_STORE, NULL, 0,
	  "{} changes flags on the server, where every other device sees it (frame {}).",
	  "{} changes flags (frame {})." },
	{ IMAP_UID_SEARCH, NULL, 0,
	  "{} lets the server search, so that no message has to cross the network for it (frame {}).",
	  "{} searches (frame {})." },
	{ IMAP_UID_MOVE, NULL, 0,
	  "{} moves the message from folder to folder on the server (frame {}).",
	  "{} moves it (frame {})." },
	{ IMAP_UID_COPY, NULL, 0,
	  "{} copies the message on the server (frame {}).",
	  "{} copies it (frame {})." },
	{ IMAP_APPEND, NULL, 0,
	  "{} puts a message of the client's into a folder (frame {}).",
	  "{} files a message (frame {})." },
	{ IMAP_UID_EXPUNGE, NULL, 0,
	  "{} removes for good what is flagged as deleted (frame {}).",
	  "{} removes it (frame {})." },
	{ IMAP_EXPUNGE, NULL, 0,
	  "{} removes for good what is flagged as deleted (frame {}).",
	  "{} removes it (frame {})." },
	{ IMAP_CREATE, NULL, 0,
	  "{} makes a folder (frame {}).",
	  "{} makes a folder (frame {})." },
	{ IMAP_IDLE, NULL, 0,
	  "{} keeps the line open: the server will speak up by itself as soon as something changes "
	  "(frame {}).",
	  "{} waits for news (frame {})." },
	{ IMAP_LOGOUT, NULL, 0,
	  "{} ends the session (frame {}).",
	  "{} ends it (frame {})." },
};

static const struct phrase http_phrases[] = {
	{ HTTP_GET, NULL, 2,
	  "The browser asks for a page: {} (frame {}).",
	  "It asks for {} (frame {})." },
	{ HTTP_POST, NULL, 2,
	  "What the user typed goes to the site in a request of its own: {} (frame {}).",
	  "It posts {} (frame {})." },
};
/* clang-format on */

static bool fits(const struct phrase *phrase, const struct saying *saying)
{
	return phrase->kind == saying->unit->kind &&
	       (phrase->has == NULL || saying_has(saying, phrase->has));
}

/* Which phrases were said: a set over all protocols. */
static bool is_new(struct narrator *narrator, unsigned protocol, size_t phrase)
{
	uint64_t bit = UINT64_C(1) << phrase;
	bool is_first = !(narrator->phrases[protocol] & bit);

	narrator->phrases[protocol] |= bit;
	return is_first;
}

struct telling {
	struct narrator *narrator;
	const struct leg *leg;
	const GArray *sayings;
	struct story_block *paragraph;
	unsigned protocol, said;
};

static bool gives_password(const struct telling *telling, const struct saying *saying)
{
	const struct dissector *dissector = telling->leg->connection->dissector;

	return dissector == &pop3_dissector ? saying->unit->kind == POP3_PASS
					    : saying->unit->kind == IMAP_LOGIN;
}

/* Says the phrase of a command. False: it has none, or not this time. */
static bool tell_command(struct telling *telling, const struct phrase *phrases, size_t count,
			 const struct saying *saying)
{
	for (size_t i = 0; i < count; i++) {
		const char *text;

		if (!fits(&phrases[i], saying))
			continue;
		text = is_new(telling->narrator, telling->protocol, i) ? phrases[i].first
								       : phrases[i].again;
		if (text == NULL || telling->said++ >= COMMANDS_MAX)
			return false;
		if (saying->unit->is_encrypted && gives_password(telling, saying))
			text = "{} gives the password, which TLS hides from others (frame {}).";
		SAY(telling->paragraph, text,
		    fact_line(telling->narrator, saying, phrases[i].words),
		    fact_saying_frame(telling->narrator, saying));
		return true;
	}
	return false;
}

static void tell_left_out(struct telling *telling)
{
	if (telling->said > COMMANDS_MAX)
		SAY(telling->paragraph,
		    "More commands of the same kinds follow, which I leave out.",
		    fact_because(telling->leg->syn));
}

static const struct saying *at(const GArray *sayings, guint index)
{
	return &g_array_index(sayings, struct saying, index);
}

/* What the other side has to say to the command at `index`, before the next command. */
static const struct saying *reply_that_has(const GArray *sayings, guint index, unsigned kind,
					   const char *text)
{
	for (guint i = index + 1; i < sayings->len; i++) {
		const struct saying *saying = at(sayings, i);

		if (!saying->is_from_server)
			return NULL;
		if (saying->unit->kind == kind && (text == NULL || saying_has(saying, text)))
			return saying;
	}
	return NULL;
}

static void quote_reply(struct telling *telling, const struct saying *reply, const char *text)
{
	if (reply != NULL)
		SAY(telling->paragraph, text, fact_line(telling->narrator, reply, 0),
		    fact_saying_frame(telling->narrator, reply));
}

/* POP3. */

static void tell_pop3_reply(struct telling *telling, guint index)
{
	const struct saying *saying = at(telling->sayings, index), *reply;

	reply = reply_that_has(telling->sayings, index, POP3_ERR, NULL);
	if (reply != NULL) {
		quote_reply(telling, reply, "The server refuses: {} (frame {}).");
		return;
	}
	if (saying->unit->kind == POP3_STAT)
		quote_reply(
		    telling, reply_that_has(telling->sayings, index, POP3_OK, NULL),
		    "The answer {} gives the number of messages and of their bytes (frame {}).");
	if (saying->unit->kind == POP3_RETR) {
		reply = reply_that_has(telling->sayings, index, POP3_MESSAGE, NULL);
		if (reply != NULL)
			SAY(telling->paragraph, "It comes as {} bytes, beginning in frame {}.",
			    fact_saying_bytes(telling->narrator, reply),
			    fact_saying_frame(telling->narrator, reply));
	}
	if (saying->unit->kind == POP3_QUIT)
		quote_reply(telling, reply_that_has(telling->sayings, index, POP3_OK, NULL),
			    "The server says goodbye with {} (frame {}).");
}

/* What became of the messages on the server: the point where POP3 and IMAP differ. */
static void tell_deletion(struct telling *telling)
{
	const struct saying *dele = narrate_find(telling->sayings, 0, false, POP3_DELE);
	const struct saying *retr = narrate_find(telling->sayings, 0, false, POP3_RETR);
	const struct saying *quit = narrate_find(telling->sayings, 0, false, POP3_QUIT);

	if (dele != NULL && quit != NULL && narrate_is_new(telling->narrator, CONCEPT_DELETION))
		SAY(telling->paragraph,
		    "Only this QUIT makes the deletion final: had the connection broken after "
		    "frame {}, "
		    "the message would still be on {}. From now on its reader has it on {}, and "
		    "nowhere "
		    "else.",
		    fact_saying_frame(telling->narrator, dele),
		    fact_node(telling->narrator, telling->leg->server),
		    fact_node(telling->narrator, telling->leg->client));
	else if (dele != NULL && quit == NULL)
		SAY(telling->paragraph,
		    "No QUIT ends this session, so what frame {} marked is not deleted after all.",
		    fact_saying_frame(telling->narrator, dele));
	else if (dele == NULL && retr != NULL)
		SAY(telling->paragraph,
		    "Nothing is deleted in this session: {} keeps what was fetched in frame {}.",
		    fact_node(telling->narrator, telling->leg->server),
		    fact_saying_frame(telling->narrator, retr));
}

/* Scrambled or not, the login is over with this. */
static void tell_secret_kept(struct telling *telling, const struct saying *login)
{
	if (saying_has(login, "SCRAM") || saying_has(login, "CRAM"))
		if (narrate_is_new(telling->narrator, CONCEPT_AUTH))
			SAY(telling->paragraph,
			    "Challenge and answer prove that the client has the password; the "
			    "password itself never crosses the wire.",
			    fact_because(login->frame));
}

void narrate_pop3(struct narrator *narrator, const struct scene *scene, const struct leg *leg,
		  const GArray *sayings)
{
	struct telling telling = { narrator, leg, sayings, story_paragraph(narrator->story), 0, 0 };
	const struct saying *greeting = narrate_find(sayings, 0, true, POP3_GREETING);

	(void)scene;
	if (narrate_is_new(narrator, CONCEPT_POP3) && greeting != NULL)
		SAY(telling.paragraph,
		    "POP3 is the simpler way to fetch mail. Here, too, the server begins: {} "
		    "(frame {}).",
		    fact_line(narrator, greeting, 0), fact_saying_frame(narrator, greeting));
	for (guint i = 0; i < sayings->len; i++) {
		const struct saying *saying = at(sayings, i);

		if (saying->is_from_server)
			continue;
		if (tell_command(&telling, pop3_phrases, G_N_ELEMENTS(pop3_phrases), saying))
			tell_pop3_reply(&telling, i);
		if (saying->unit->kind == POP3_AUTH)
			tell_secret_kept(&telling, saying);
	}
	tell_left_out(&telling);
	tell_deletion(&telling);
}

/* IMAP. */

static void tell_imap_reply(struct telling *telling, guint index)
{
	const struct saying *saying = at(telling->sayings, index), *reply;

	reply = reply_that_has(telling->sayings, index, IMAP_NO, NULL);
	if (reply != NULL)
		quote_reply(telling, reply, "The server refuses: {} (frame {}).");
	if (saying->unit->kind == IMAP_SELECT)
		quote_reply(telling,
			    reply_that_has(telling->sayings, index, IMAP_DATA_EXISTS, NULL),
			    "The answer {} says how many messages it holds (frame {}).");
	reply = reply_that_has(telling->sayings, index, IMAP_LITERAL, NULL);
	if (reply != NULL && saying->unit->kind == IMAP_UID_FETCH)
		SAY(telling->paragraph,
		    "It comes as a literal, {} bytes counted beforehand, from frame "
		    "{} on.",
		    fact_saying_bytes(telling->narrator, reply),
		    fact_saying_frame(telling->narrator, reply));
	if (saying->unit->kind == IMAP_UID_SEARCH)
		quote_reply(telling,
			    reply_that_has(telling->sayings, index, IMAP_DATA_ESEARCH, NULL),
			    "The answer is {} (frame {}).");
}

/* News that the server tells by itself, between IDLE and DONE. */
static void tell_news(struct telling *telling, guint index)
{
	const struct saying *saying = at(telling->sayings, index);
	bool follows_command = index > 0 && !at(telling->sayings, index - 1)->is_from_server;

	if (saying->is_from_server && saying->unit->kind == IMAP_DATA_EXISTS &&
	    (index == 0 ||
	     (!follows_command && at(telling->sayings, index - 1)->unit->kind == IMAP_CONTINUE)))
		quote_reply(telling, saying, "The server reports {} by itself (frame {}).");
}

static void tell_imap_point(struct telling *telling, const GArray *sayings)
{
	for (guint i = 0; i < sayings->len; i++) {
		const struct saying *saying = at(sayings, i), *message;

		if (saying->is_from_server || !saying_has(saying, "BODY"))
			continue;
		message = reply_that_has(sayings, i, IMAP_LITERAL, NULL);
		if (message == NULL || !narrate_is_new(telling->narrator, CONCEPT_IMAP_STAYS))
			continue;
		SAY(telling->paragraph,
		    "Here is the difference to POP3: what crossed in frame {} is a copy. The "
		    "message "
		    "stays on {}, and any other device of the same user will find it there.",
		    fact_saying_frame(telling->narrator, message),
		    fact_node(telling->narrator, telling->leg->server));
	}
}

void narrate_imap(struct narrator *narrator, const struct scene *scene, const struct leg *leg,
		  const GArray *sayings)
{
	struct telling telling = { narrator, leg, sayings, story_paragraph(narrator->story), 1, 0 };

	(void)scene;
	if (narrate_is_new(narrator, CONCEPT_IMAP) && at(sayings, 0)->is_from_server)
		SAY(telling.paragraph,
		    "In IMAP every command has a tag of its own, which the answer repeats. The "
		    "server "
		    "begins with {} (frame {}).",
		    fact_line(narrator, at(sayings, 0), 2),
		    fact_saying_frame(narrator, at(sayings, 0)));
	for (guint i = 0; i < sayings->len; i++) {
		const struct saying *saying = at(sayings, i);

		if (saying->is_from_server)
			tell_news(&telling, i);
		else if (tell_command(&telling, imap_phrases, G_N_ELEMENTS(imap_phrases), saying))
			tell_imap_reply(&telling, i);
		if (!saying->is_from_server && saying->unit->kind == IMAP_AUTHENTICATE)
			tell_secret_kept(&telling, saying);
	}
	tell_left_out(&telling);
	tell_imap_point(&telling, sayings);
}

/* HTTP, and all else: what is said, line by line. */

#define LINES_MAX 6

static void tell_lines(struct telling *telling)
{
	for (guint i = 0; i < telling->sayings->len && telling->said < LINES_MAX; i++) {
		const struct saying *saying = at(telling->sayings, i);

		if (saying->unit->bytes == NULL)
			continue;
		telling->said++;
		SAY(telling->paragraph, "{} says {} (frame {}).",
		    fact_node(telling->narrator,
			      saying->is_from_server ? telling->leg->server : telling->leg->client),
		    fact_line(telling->narrator, saying, 0),
		    fact_saying_frame(telling->narrator, saying));
	}
}

static void tell_http(struct telling *telling)
{
	for (guint i = 0; i < telling->sayings->len; i++) {
		const struct saying *saying = at(telling->sayings, i), *answer;

		if (saying->is_from_server ||
		    !tell_command(telling, http_phrases, G_N_ELEMENTS(http_phrases), saying))
			continue;
		answer = narrate_answer(telling->sayings, saying);
		if (answer != NULL)
			quote_reply(telling, answer, "The site answers {} (frame {}).");
	}
	tell_left_out(telling);
}

void narrate_other(struct narrator *narrator, const struct scene *scene, const struct leg *leg,
		   const GArray *sayings)
{
	struct telling telling = { narrator, leg, sayings, story_paragraph(narrator->story), 2, 0 };

	(void)scene;
	if (leg->connection->dissector != &http_dissector) {
		tell_lines(&telling);
		return;
	}
	if (narrate_is_new(narrator, CONCEPT_HTTP))
		SAY(telling.paragraph,
		    "With webmail the mail program runs on a server, and the user has a browser: "
		    "between {} and {} there is only HTTP, and the site speaks SMTP and IMAP in "
		    "the "
		    "user's place.",
		    fact_node(narrator, leg->client), fact_node(narrator, leg->server),
		    fact_because(leg->syn));
	tell_http(&telling);
}
