/* The IMAP server session against written conversations: whole, byte by byte, and cut anywhere. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include "protocols/imap/session.h"
#include "protocols/layer.h"
#include "protocols/mail/message.h"
#include "tests/protocols/transcript.h"

#define SESSIONS "tests/sessions/imap/"
#define SOFTWARE "mailwire"
#define EPOCH    1795309200 /* 2026-11-22 01:00:00 UTC */

/* A store, a session that is played, and one that stands by. */
struct office {
	struct mail_store *store;
	struct session *session, *other;
	GString *heard; /* what the other session said */
	imap_capability_set without;
	bool hides_login;
};

/* Mailboxes. */

static struct message *load(const char *name)
{
	char *path = g_strconcat(SESSIONS "messages/", name, ".eml", NULL), *text;

	ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "cannot read %s", path);
	char **lines = g_strsplit(text, "\n", -1);
	char *wire = g_strjoinv("\r\n", lines);
	g_strfreev(lines);
	g_free(text);
	g_free(path);
	return message_new(g_bytes_new_take(wire, strlen(wire)), 77);
}

static struct mailbox *mailbox_of(const struct office *office, const char *address,
				  const char *name)
{
	return account_find_mailbox(mail_store_find(office->store, address), name);
}

static void deliver(struct mailbox *mailbox, const char *name, uint32_t flags, int64_t date)
{
	struct message *message = load(name);

	mailbox_append(mailbox, message, flags, date);
	message_free(message);
}

/* Alice's mailbox in most conversations. */
static void fill_alice(struct office *office)
{
	static const char *const names[] = { "Drafts", "Sent", "Trash" };
	struct account *alice =
	    mail_store_add_account(office->store, "alice@office.example", "wonderland");
	struct mailbox *inbox = account_find_mailbox(alice, "INBOX");

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		account_create_mailbox(alice, names[i])->uid_validity = 11 + (uint32_t)i;
	inbox->uid_validity = 7;
	inbox->uid_next = 4;
	deliver(inbox, "nested", 0, 760687200);            /* 8 Feb 1994 06:00:00, UID 4 */
	deliver(inbox, "plain", MAILBOX_SEEN, EPOCH + 60); /* UID 5 */
	inbox->uid_next = 9;
	deliver(inbox, "swaks", MAILBOX_FLAGGED, EPOCH + 892); /* 01:14:52, UID 9 */
}

/* Bob's as it was captured from a real server. */
static void fill_bob(struct office *office)
{
	static const char *const names[] = { "Drafts", "Sent", "Trash", "Junk" };
	struct account *bob = mail_store_add_account(office->store, "bob@corp.test", "secret");
	struct mailbox *inbox = account_find_mailbox(bob, "INBOX");

	inbox->uid_validity = 1795310092;
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		account_create_mailbox(bob, names[i]);
	account_find_mailbox(bob, "Drafts")->uid_validity = 1795310093;
	account_find_mailbox(bob, "Trash")->uid_validity = 1795310094;
	for (unsigned i = 0; i < 12; i++)
		deliver(inbox, i == 1 || i > 8 ? "plain" : "swaks", 0, EPOCH + 892);
}

/* The mailbox of the example in RFC 3501 section 8. */
static void fill_mrc(struct office *office)
{
	struct account *mrc =
	    mail_store_add_account(office->store, "mrc@owatagu.siam.edu", "secret");
	struct mailbox *inbox = account_find_mailbox(mrc, "INBOX");

	inbox->uid_validity = 3857529045;
	for (unsigned i = 1; i <= 18; i++) {
		if (i == 18)
			inbox->uid_next = 4392 - 1;
		deliver(inbox, i == 12 ? "gray" : "plain", i < 17 ? MAILBOX_SEEN : 0, 837596665);
		if (i < 17)
			mailbox_take_recent(g_ptr_array_index(inbox->entries, i - 1));
	}
}

static struct session *new_session(struct office *office)
{
	return imap_session_new(&(struct imap_session_config) {
	    .store = office->store,
	    .software = SOFTWARE,
	    .message_bytes_max = 100000,
	    .without = office->without,
	    .hides_login = office->hides_login,
	});
}

/* Conversations called server_without_<capabilities> are with a server that lacks these. */
static imap_capability_set missing_in(const char *name)
{
	const char *prefix = "server_without_";
	imap_capability_set missing = 0;

	if (!g_str_has_prefix(name, prefix))
		return 0;
	char **words = g_strsplit(name + strlen(prefix), "_", -1);
	for (char **word = words; *word != NULL; word++) {
		enum imap_capability capability;

		if (strcmp(*word, "everything") == 0) {
			missing = ~(imap_capability_set)0;
			continue;
		}
		ck_assert_msg(imap_capability_by_name(bytes_of(*word), &capability), "%s", *word);
		missing |= imap_capability_bit(capability);
	}
	g_strfreev(words);
	return missing;
}

static void open_office(struct office *office, const char *conversation)
{
	*office = (struct office) {
		.store = mail_store_new(NULL),
		.without = missing_in(conversation),
		.hides_login = strcmp(conversation, "server_hides_login") == 0,
	};
	office->heard = g_string_new(NULL);
	fill_alice(office);
	fill_bob(office);
	fill_mrc(office);
	office->session = new_session(office);
	office->session->unix_time = EPOCH;
}

static void close_office(struct office *office)
{
	session_free(office->session);
	session_free(office->other);
	g_string_free(office->heard, TRUE);
	mail_store_free(office->store);
}

/* The other session. */

static void hear_other(struct office *office)
{
	GByteArray *output = office->other->output;

	if (output == NULL)
		return;
	g_string_append_len(office->heard, (const char *)output->data, output->len);
	g_byte_array_unref(output);
	office->other->output = NULL;
}

static void other_says(struct office *office, const char *line)
{
	char *text = g_strconcat(line, "\r\n", NULL);

	if (office->other == NULL) {
		office->other = new_session(office);
		office->other->operations->opened(office->other);
		hear_other(office);
		g_string_truncate(office->heard, 0);
	}
	ck_assert_uint_eq(session_offer(office->other, bytes_of(text)), strlen(text));
	hear_other(office);
	g_free(text);
}

static void other_hears(struct office *office, const char *line)
{
	char *text = g_strconcat(line, "\r\n", NULL);

	hear_other(office);
	ck_assert_msg(g_str_has_prefix(office->heard->str, text),
		      "the other session said \"%s\", not \"%s\"", office->heard->str, text);
	g_string_erase(office->heard, 0, (gssize)strlen(text));
	g_free(text);
}

/* What a line "! ..." may do besides what the player knows. */
static bool direct(void *owner, const char *directive)
{
	struct office *office = owner;
	struct session *session = office->session;
	char name[64];
	long number;

	if (g_str_has_prefix(directive, "2> ")) {
		other_says(office, directive + 3);
	} else if (g_str_has_prefix(directive, "2< ")) {
		other_hears(office, directive + 3);
	} else if (strcmp(directive, "2 silent") == 0) {
		hear_other(office);
		ck_assert_str_eq(office->heard->str, "");
	} else if (sscanf(directive, "deliver %63s", name) == 1) {
		deliver(mailbox_of(office, "alice@office.example", "INBOX"), name, 0, EPOCH);
	} else if (sscanf(directive, "pass %ld ms", &number) == 1) {
		session->now_ns += number * NS_PER_MS;
		if (session->deadline_ns <= session->now_ns) {
			session->deadline_ns = TIME_NEVER;
			session->operations->expired(session);
		}
	} else if (sscanf(directive, "quota %ld", &number) == 1) {
		mail_store_find(office->store, "alice@office.example")->quota_bytes =
		    (uint64_t)number;
	} else {
		return false;
	}
	return true;
}

static const char *const transcripts[] = {
	"server_append",
	"server_auth_cram",
	"server_auth_plain",
	"server_auth_scram",
	"server_copy",
	"server_errors",
	"server_fetch",
	"server_hides_login",
	"server_impatient",
	"server_idle",
	"server_list",
	"server_literals",
	"server_login",
	"server_mailboxes",
	"server_reality",
	"server_rfc3501",
	"server_search",
	"server_search_address",
	"server_select",
	"server_store",
	"server_too_many",
	"server_two",
	"server_held_back",
	"server_condstore",
	"server_qresync",
	"server_esearch",
	"server_sort",
	"server_thread",
	"server_list_extended",
	"server_quota",
	"server_acl",
	"server_binary",
	"server_multiappend",
	"server_rev2",
	"server_within",
	"server_status",
	"server_states",
	"server_without_ACL_QRESYNC_UIDPLUS_LITERAL+",
	"server_without_IDLE_CONDSTORE_ESEARCH",
	"server_without_everything",
};

static void play(const char *name, size_t chunk)
{
	char *path = g_strconcat(SESSIONS, name, ".txt", NULL);
	struct office office;

	open_office(&office, name);
	transcript_play(path, &(struct transcript) {
				  .session = office.session,
				  .side = 'S',
				  .chunk = chunk,
				  .directive = direct,
				  .owner = &office,
			      });
	close_office(&office);
	g_free(path);
}

START_TEST(conversation_goes_as_written)
{
	play(transcripts[_i], 0);
}
END_TEST

START_TEST(conversation_goes_as_written_byte_by_byte)
{
	play(transcripts[_i], 1);
}
END_TEST

/* What the client says in a transcript, without the directives. */
static GString *client_side(const char *name)
{
	char *path = g_strconcat(SESSIONS, name, ".txt", NULL), *text;
	GString *said = g_string_new(NULL);

	ck_assert(g_file_get_contents(path, &text, NULL, NULL));
	char **lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line != NULL; line++)
		if (g_str_has_prefix(*line, "C: "))
			g_string_append_printf(said, "%s\r\n", *line + 3);
	g_strfreev(lines);
	g_free(text);
	g_free(path);
	return said;
}

static void drain(struct session *session)
{
	while (session->output != NULL) {
		g_byte_array_unref(session->output);
		session->output = NULL;
		session->operations->refill(session);
	}
}

START_TEST(conversation_may_be_cut_anywhere)
{
	GString *said = client_side(transcripts[_i]);

	for (size_t length = 0; length < said->len; length += 1 + length / 64) {
		struct office office;
		uint8_t *copy = malloc(length + 1);

		memcpy(copy, said->str, length);
		open_office(&office, transcripts[_i]);
		office.session->operations->opened(office.session);
		for (size_t at = 0; at < length;) {
			size_t taken = session_offer(office.session,
						     (struct bytes) { copy + at, length - at });
			drain(office.session);
			if (taken == 0 && !office.session->is_busy)
				break;
			at += taken;
		}
		office.session->operations->ended(office.session);
		drain(office.session);
		close_office(&office);
		free(copy);
	}
	g_string_free(said, TRUE);
}
END_TEST

/* Long answers. */

static void say(struct session *session, const char *text)
{
	ck_assert_uint_eq(session_offer(session, bytes_of(text)), strlen(text));
}

static void log_in(struct office *office)
{
	office->session->operations->opened(office->session);
	say(office->session, "a LOGIN alice wonderland\r\na SELECT INBOX\r\n");
	drain(office->session);
}

/* Alice's message 4. */
static struct mailbox_entry *append_large(struct office *office, size_t size)
{
	struct mailbox *inbox = mailbox_of(office, "alice@office.example", "INBOX");
	struct message *message = message_new(g_bytes_new_take(g_strnfill(size, 'x'), size), 0);
	struct mailbox_entry *entry = mailbox_append(inbox, message, 0, 0);

	message_free(message);
	return entry;
}

/* Appends to `heard` all that the session says. */
static void hear_all(struct session *session, GString *heard)
{
	while (session->output != NULL) {
		g_string_append_len(heard, (const char *)session->output->data,
				    session->output->len);
		g_byte_array_unref(session->output);
		session->output = NULL;
		session->operations->refill(session);
	}
}

START_TEST(large_message_leaves_in_pieces)
{
	struct office office;
	const char *end = ")\r\nb OK Fetch completed.\r\n";
	size_t size = 1000000, total = 0;

	open_office(&office, "");
	append_large(&office, size);
	log_in(&office);

	struct session *session = office.session;
	say(session, "b FETCH 4 BODY.PEEK[]\r\n");
	ck_assert(session->is_busy);
	while (session->output != NULL) {
		guint length = session->output->len;

		ck_assert_uint_le(length, 2 * SESSION_OUTPUT_LOW);
		total += length;
		if (!session->is_busy)
			ck_assert_mem_eq(session->output->data + length - strlen(end), end,
					 strlen(end));
		g_byte_array_unref(session->output);
		session->output = NULL;
		session->operations->refill(session);
	}
	ck_assert(!session->is_busy);
	ck_assert_uint_eq(total, strlen("* 4 FETCH (BODY[] {1000000}\r\n") + size + strlen(end));
	close_office(&office);
}
END_TEST

START_TEST(next_command_waits_for_a_long_answer)
{
	struct office office;

	open_office(&office, "");
	append_large(&office, 300000);
	log_in(&office);

	const char *commands = "b FETCH 4 BODY.PEEK[]\r\nc NOOP\r\n";
	size_t taken = session_offer(office.session, bytes_of(commands));
	ck_assert_uint_eq(taken, strlen("b FETCH 4 BODY.PEEK[]\r\n"));
	drain(office.session);
	ck_assert(!office.session->is_busy);
	say(office.session, "c NOOP\r\n");
	ck_assert_uint_eq(office.session->output->len, strlen("c OK NOOP completed.\r\n"));
	close_office(&office);
}
END_TEST

/* The message is gone while its bytes are still leaving: the client gets all of it. */
START_TEST(message_expunged_during_its_fetch_still_arrives)
{
	struct office office;
	GString *heard = g_string_new(NULL);

	open_office(&office, "");
	struct mailbox_entry *entry = append_large(&office, 300000);
	log_in(&office);

	say(office.session, "b FETCH 4 (BODY.PEEK[] FLAGS)\r\n");
	mailbox_expunge(mailbox_of(&office, "alice@office.example", "INBOX"), entry);
	hear_all(office.session, heard);
	ck_assert_uint_eq(heard->len,
			  strlen("* 4 FETCH (BODY[] {300000}\r\n") + 300000 +
			      strlen(" FLAGS (\\Recent))\r\nb OK Fetch completed.\r\n"));
	g_string_free(heard, TRUE);
	close_office(&office);
}
END_TEST

/* What another session changes while a literal leaves is told behind it, with its keywords announced first. */
START_TEST(flags_changed_during_a_fetch_are_told_behind_it)
{
	static const char end[] =
	    " FLAGS (\\Recent) MODSEQ (5))\r\n"
	    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $New)\r\n"
	    "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $New \\*)] "
	    "Flags permitted.\r\n"
	    "* 4 FETCH (UID 10 FLAGS (\\Recent $New) MODSEQ (6))\r\n"
	    "b OK Fetch completed.\r\n";
	GString *heard = g_string_new(NULL);
	struct office office;

	open_office(&office, "");
	append_large(&office, 300000);
	log_in(&office);
	other_says(&office, "a LOGIN alice wonderland");
	other_says(&office, "a SELECT INBOX");

	say(office.session, "b FETCH 4 (BODY.PEEK[] FLAGS MODSEQ)\r\n");
	ck_assert(office.session->is_busy);
	other_says(&office, "c STORE 4 +FLAGS.SILENT ($New)");
	hear_all(office.session, heard);
	ck_assert_msg(g_str_has_suffix(heard->str, end), "%s", strrchr(heard->str, 'x') + 1);
	g_string_free(heard, TRUE);
	close_office(&office);
}
END_TEST

/* Notes. */

struct tally {
	uint64_t inbound, outbound; /* stream offsets up to which units were noted */
	unsigned phases, states, read, deleted;
};

static void count_note(void *driver, const struct note *note)
{
	struct tally *tally = driver;

	if (note->kind == TRACE_UNIT) {
		uint64_t *end = note->flags & TRACE_INBOUND ? &tally->inbound : &tally->outbound;

		ck_assert_uint_eq(note->before, *end);
		*end += note->after;
	}
	tally->phases += note->kind == TRACE_PHASE;
	tally->states += note->kind == TRACE_STATE;
	if (note->kind == TRACE_MAIL) {
		ck_assert_uint_eq(note->root, 77);
		tally->read += note->detail == MAIL_READ;
		tally->deleted += note->detail == MAIL_DELETED;
	}
}

START_TEST(units_tile_both_directions_of_a_conversation)
{
	static const char said[] = "a LOGIN {5}\r\nalice {10+}\r\nwonderland\r\nb SELECT INBOX\r\n"
				   "c FETCH 1:3 (BODY[] ENVELOPE BODY[TEXT])\r\n"
				   "d STORE 1 +FLAGS (\\Deleted)\r\ne EXPUNGE\r\nf LOGOUT\r\n";
	struct office office;
	struct tally tally = { 0 };

	open_office(&office, "");
	office.session->emit = count_note;
	office.session->driver = &tally;
	office.session->operations->opened(office.session);
	for (size_t taken = 0, fed = 1; fed <= strlen(said); fed++) {
		struct bytes waiting = { (const uint8_t *)said + taken, fed - taken };

		taken += session_offer(office.session, waiting);
		drain(office.session);
	}
	ck_assert_uint_eq(tally.inbound, strlen(said));
	ck_assert_uint_eq(tally.outbound, office.session->produced_bytes);
	ck_assert_uint_eq(tally.phases, 4); /* greeted, authenticated, retrieve, quit */
	ck_assert_uint_eq(tally.states, 4);
	ck_assert_uint_eq(tally.read, 0); /* that is the reader's to say */
	ck_assert_uint_eq(tally.deleted, 1);
	close_office(&office);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("server");
	Suite *suite = suite_create("imap server");
	SRunner *runner = srunner_create(suite);
	int count = G_N_ELEMENTS(transcripts);

	tcase_set_timeout(cases, 120);
	tcase_add_loop_test(cases, conversation_goes_as_written, 0, count);
	tcase_add_loop_test(cases, conversation_goes_as_written_byte_by_byte, 0, count);
	tcase_add_loop_test(cases, conversation_may_be_cut_anywhere, 0, count);
	tcase_add_test(cases, large_message_leaves_in_pieces);
	tcase_add_test(cases, next_command_waits_for_a_long_answer);
	tcase_add_test(cases, message_expunged_during_its_fetch_still_arrives);
	tcase_add_test(cases, flags_changed_during_a_fetch_are_told_behind_it);
	tcase_add_test(cases, units_tile_both_directions_of_a_conversation);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
