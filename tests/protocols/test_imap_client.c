/* The IMAP client session against written conversations, and against our own server in memory. */
#include <check.h>
#include <stdio.h>
#include "protocols/imap/client.h"
#include "protocols/imap/session.h"
#include "protocols/layer.h"
#include "protocols/mail/mailbox.h"
#include "tests/protocols/transcript.h"

#define SESSIONS "tests/sessions/imap/"

/* A client, and all that its owner heard, a line each. */
struct user {
	struct imap_client *client;
	GString *heard;
	GBytes *body;       /* the last one that came */
	unsigned retrieved; /* notes */
};

static void hear(struct user *user, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void hear(struct user *user, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_string_append_vprintf(user->heard, format, arguments);
	va_end(arguments);
}

static const char *or_dash(const char *text)
{
	return text != NULL ? text : "-";
}

static void on_ready(void *owner)
{
	hear(owner, "ready\n");
}

static void on_login_failed(void *owner, const char *text)
{
	hear(owner, "login failed %s\n", text);
}

static void on_goodbye(void *owner, bool is_refusal, const char *text)
{
	hear(owner, "%s %s\n", is_refusal ? "refused" : "goodbye", text);
}

static void on_listed(void *owner, const struct imap_listing *listing)
{
	hear(owner, "listed %s %c %d %d %s\n", listing->name,
	     listing->separator != 0 ? listing->separator : '-', listing->is_selectable,
	     listing->has_children, or_dash(listing->special));
}

static void on_status(void *owner, const struct imap_mailbox_status *status)
{
	hear(owner, "status %s %u %u %u %u %u\n", status->name, status->messages, status->recent,
	     status->unseen, status->uid_next, status->uid_validity);
}

static void on_exists(void *owner, uint32_t messages)
{
	hear(owner, "exists %u\n", messages);
}

static void on_expunged(void *owner, uint32_t number, uint32_t uid)
{
	hear(owner, "expunged %u uid %u\n", number, uid);
}

static void hear_envelope(struct user *user, const struct imap_envelope *envelope)
{
	if (envelope->from != NULL) {
		const struct address *from = g_ptr_array_index(envelope->from, 0);

		hear(user, " from %s <%s@%s>", or_dash(from->name), from->local, from->domain);
	} else {
		hear(user, " from -");
	}
	hear(user, " to %u subject %s id %s", envelope->to != NULL ? envelope->to->len : 0,
	     or_dash(envelope->subject), or_dash(envelope->message_id));
}

static void on_fetched(void *owner, const struct imap_fetched *fetched)
{
	struct user *user = owner;

	hear(user, "fetched %u uid %u", fetched->number, fetched->uid);
	if (fetched->has_flags)
		hear(user, " flags %u", fetched->flags);
	for (unsigned i = 0; fetched->keywords != NULL && i < fetched->keywords->len; i++)
		hear(user, " %s", (char *)g_ptr_array_index(fetched->keywords, i));
	if (fetched->has_size)
		hear(user, " size %u", (unsigned)fetched->size_bytes);
	if (fetched->has_date)
		hear(user, " date %d", (int)fetched->internal_date);
	if (fetched->envelope != NULL)
		hear_envelope(user, fetched->envelope);
	if (fetched->body != NULL) {
		hear(user, " body %zu", g_bytes_get_size(fetched->body));
		g_clear_pointer(&user->body, g_bytes_unref);
		user->body = g_bytes_ref(fetched->body);
	}
	hear(user, "\n");
}

static void on_found(void *owner, const uint32_t *uids, size_t count)
{
	hear(owner, "found");
	for (size_t i = 0; i < count; i++)
		hear(owner, " %u", uids[i]);
	hear(owner, "\n");
}

static void on_done(void *owner, unsigned operation, enum imap_result result, const char *text)
{
	hear(owner, "done %u: %d %s\n", operation, (int)result, or_dash(text));
}

static void on_over(void *owner, bool is_orderly)
{
	hear(owner, "over %d\n", is_orderly);
}

static const struct imap_client_events events = {
	.ready = on_ready,
	.login_failed = on_login_failed,
	.goodbye = on_goodbye,
	.listed = on_listed,
	.status = on_status,
	.exists = on_exists,
	.expunged = on_expunged,
	.fetched = on_fetched,
	.found = on_found,
	.done = on_done,
	.over = on_over,
};

static void user_init(struct user *user, uint32_t chunk_bytes, int64_t idle_renew_ns)
{
	*user = (struct user) { .heard = g_string_new(NULL) };
	user->client = imap_client_new(&(struct imap_client_config) {
	    .user = "alice",
	    .password = "wonderland",
	    .events = &events,
	    .owner = user,
	    .chunk_bytes = chunk_bytes,
	    .idle_renew_ns = idle_renew_ns,
	});
}

static void user_clear(struct user *user)
{
	session_free(imap_client_session(user->client));
	g_string_free(user->heard, TRUE);
	g_clear_pointer(&user->body, g_bytes_unref);
}

/* Written conversations. */

static size_t read_uids(const char *text, uint32_t uids[8], const char **rest)
{
	size_t count = 0;
	int used;

	while (count < 8 && sscanf(text, "%u%n", &uids[count], &used) == 1) {
		count++;
		text += used;
		if (*text != ',')
			break;
		text++;
	}
	*rest = *text == ' ' ? text + 1 : text;
	return count;
}

static void check_heard(struct user *user, const char *line)
{
	char *text = g_strconcat(line, "\n", NULL);

	ck_assert_msg(g_str_has_prefix(user->heard->str, text), "heard \"%s\", not \"%s\"",
		      user->heard->str, line);
	g_string_erase(user->heard, 0, (gssize)strlen(text));
	g_free(text);
}

static void check_selected(const struct user *user, const char *expected)
{
	const struct imap_mailbox_status *status = imap_client_selected(user->client);
	char *text =
	    g_strdup_printf("%s %u %u %u %u %u", or_dash(status->name), status->messages,
			    status->recent, status->unseen, status->uid_next, status->uid_validity);

	ck_assert_str_eq(text, expected);
	g_free(text);
}

/* The argument when `directive` is `verb` with one; NULL otherwise. */
static const char *argument_of(const char *directive, const char *verb)
{
	size_t length = strlen(verb);

	return strncmp(directive, verb, length) == 0 && directive[length] == ' '
		   ? directive + length + 1
		   : NULL;
}

static bool direct(void *owner, const char *directive)
{
	struct user *user = owner;
	struct imap_client *client = user->client;
	const char *argument;
	uint32_t uids[8];

	if ((argument = argument_of(directive, "heard")) != NULL)
		check_heard(user, argument);
	else if ((argument = argument_of(directive, "selected")) != NULL)
		check_selected(user, argument);
	else if ((argument = argument_of(directive, "select")) != NULL)
		imap_client_select(client, argument, false);
	else if ((argument = argument_of(directive, "resume")) != NULL) {
		unsigned uid_validity = 0, modseq = 0;

		ck_assert_int_eq(sscanf(argument, "%u %u", &uid_validity, &modseq), 2);
		imap_client_resume(client, "INBOX", uid_validity, modseq);
	} else if ((argument = argument_of(directive, "changes")) != NULL)
		imap_client_fetch_changes(client, (uint64_t)atoi(argument));
	else if ((argument = argument_of(directive, "resynchronized")) != NULL)
		ck_assert_int_eq(imap_client_selected(client)->is_resynchronized, atoi(argument));
	else if ((argument = argument_of(directive, "status")) != NULL)
		imap_client_status(client, argument);
	else if ((argument = argument_of(directive, "headers")) != NULL)
		imap_client_fetch_headers(client, (uint32_t)atoi(argument));
	else if ((argument = argument_of(directive, "body")) != NULL)
		imap_client_fetch_body(client, (uint32_t)atoi(argument), false);
	else if ((argument = argument_of(directive, "search")) != NULL)
		imap_client_search(client, argument);
	else if ((argument = argument_of(directive, "store")) != NULL)
		imap_client_store(client, uids, read_uids(argument, uids, &argument),
				  IMAP_STORE_ADD, MAILBOX_SEEN);
	else if ((argument = argument_of(directive, "expunge")) != NULL)
		imap_client_expunge(client, uids, read_uids(argument, uids, &argument));
	else if ((argument = argument_of(directive, "append")) != NULL) {
		GBytes *message = g_bytes_new_static("hello", 5);

		imap_client_append(client, "Drafts", MAILBOX_DRAFT, message);
		g_bytes_unref(message);
	} else if ((argument = argument_of(directive, "move")) != NULL) {
		size_t count = read_uids(argument, uids, &argument);

		imap_client_move(client, uids, count, argument);
	} else if (strcmp(directive, "list") == 0)
		imap_client_list(client, "", "*");
	else if (strcmp(directive, "idle") == 0)
		imap_client_idle(client);
	else if (strcmp(directive, "noop") == 0)
		imap_client_noop(client);
	else if (strcmp(directive, "logout") == 0)
		imap_client_logout(client);
	else
		return false;
	return true;
}

static const struct {
	const char *name;
	uint32_t chunk_bytes;
	int64_t idle_renew_ns;
} transcripts[] = {
	{"client_bye",                0,  0   },
        { "client_auth_scram",        0,  0   },
	{ "client_auth_no_ir",        0,  0   },
        { "client_auth_cram",         0,  0   },
	{ "client_auth_login",        0,  0   },
        { "client_auth_false_server", 0,  0   },
	{ "client_condstore",         0,  0   },
        { "client_qresync",           0,  0   },
	{ "client_late",              0,  0   },
        { "client_chunks",            10, 0   },
	{ "client_idle",              0,  1740},
        { "client_modern",            0,  0   },
	{ "client_old",               0,  0   },
        { "client_preauth",           0,  0   },
	{ "client_refused",           0,  0   },
};

static void play(int index, size_t chunk)
{
	char *path = g_strconcat(SESSIONS, transcripts[index].name, ".txt", NULL);
	struct user user;

	user_init(&user, transcripts[index].chunk_bytes, transcripts[index].idle_renew_ns);
	transcript_play(path, &(struct transcript) {
				  .session = imap_client_session(user.client),
				  .side = 'C',
				  .chunk = chunk,
				  .directive = direct,
				  .owner = &user,
			      });
	ck_assert_str_eq(user.heard->str, "");
	user_clear(&user);
	g_free(path);
}

START_TEST(conversation_goes_as_written)
{
	play(_i, 0);
}
END_TEST

START_TEST(conversation_goes_as_written_byte_by_byte)
{
	play(_i, 1);
}
END_TEST

/* Client and server, mouth to ear. */

struct line {
	struct user user;
	struct mail_store *store;
	struct session *server;
	GByteArray *to_server, *to_client; /* said, not yet consumed */
};

static void open_line(struct line *line, uint32_t chunk_bytes)
{
	*line = (struct line) { .store = mail_store_new(NULL) };
	struct account *alice =
	    mail_store_add_account(line->store, "alice@office.example", "wonderland");

	account_create_mailbox(alice, "Trash");
	user_init(&line->user, chunk_bytes, 0);
	line->server = imap_session_new(&(struct imap_session_config) {
	    .store = line->store,
	    .software = "mailwire",
	});
	line->to_server = g_byte_array_new();
	line->to_client = g_byte_array_new();
}

static void close_line(struct line *line)
{
	user_clear(&line->user);
	session_free(line->server);
	mail_store_free(line->store);
	g_byte_array_unref(line->to_server);
	g_byte_array_unref(line->to_client);
}

static bool carry(struct session *from, GByteArray *wire, struct session *to)
{
	bool has_moved = false;

	if (from->operations->refill != NULL && !session_is_over(from))
		from->operations->refill(from);
	if (from->output != NULL) {
		g_byte_array_append(wire, from->output->data, from->output->len);
		g_byte_array_unref(from->output);
		from->output = NULL;
		has_moved = true;
	}
	size_t taken = session_offer(to, (struct bytes) { wire->data, wire->len });
	if (taken > 0)
		g_byte_array_remove_range(wire, 0, (guint)taken);
	return has_moved || taken > 0;
}

static void talk(struct line *line)
{
	struct session *client = imap_client_session(line->user.client);
	bool has_moved;

	do {
		has_moved = carry(client, line->to_server, line->server);
		has_moved |= carry(line->server, line->to_client, client);
	} while (has_moved);
}

static struct mailbox *mailbox(const struct line *line, const char *name)
{
	return account_find_mailbox(mail_store_find(line->store, "alice@office.example"), name);
}

static void deliver(const struct line *line, GBytes *bytes)
{
	struct message *message = message_new(g_bytes_ref(bytes), 0);

	mailbox_append(mailbox(line, "INBOX"), message, 0, 0);
	message_free(message);
}

static GBytes *large_message(size_t size)
{
	GByteArray *bytes = g_byte_array_new();

	g_byte_array_append(bytes, (const uint8_t *)"Subject: large\r\n\r\n", 18);
	while (bytes->len < size)
		g_byte_array_append(bytes, (const uint8_t *)"0123456789abcde) a1 OK\r\n", 24);
	return g_byte_array_free_to_bytes(bytes);
}

static void note_client(void *driver, const struct note *note)
{
	struct user *user = driver;

	user->retrieved += note->kind == TRACE_MAIL && note->detail == MAIL_RETRIEVED;
}

/* Loop test: pieces of that size, 0: whole. */
START_TEST(message_arrives_as_it_was_delivered)
{
	static const uint32_t chunks[] = { 0, 4096, 100000, 1000000 };
	struct line line;
	GBytes *sent = large_message(300000);

	open_line(&line, chunks[_i]);
	deliver(&line, sent);
	imap_client_session(line.user.client)->emit = note_client;
	imap_client_session(line.user.client)->driver = &line.user;
	line.server->operations->opened(line.server);
	imap_client_select(line.user.client, "INBOX", false);
	imap_client_fetch_body(line.user.client, 1, true);
	imap_client_logout(line.user.client);
	talk(&line);
	ck_assert_ptr_nonnull(line.user.body);
	ck_assert(g_bytes_equal(line.user.body, sent));
	ck_assert_uint_eq(line.user.retrieved, 1);
	ck_assert(session_is_over(line.server));
	ck_assert(session_is_over(imap_client_session(line.user.client)));
	struct mailbox_entry *entry = mailbox_find(mailbox(&line, "INBOX"), 1, NULL);
	ck_assert(entry->flags & MAILBOX_SEEN);
	g_bytes_unref(sent);
	close_line(&line);
}
END_TEST

START_TEST(appended_message_is_stored_as_it_was_given)
{
	struct line line;
	GBytes *given = large_message(300000);

	open_line(&line, 0);
	line.server->operations->opened(line.server);
	imap_client_append(line.user.client, "INBOX", MAILBOX_DRAFT, given);
	talk(&line);
	struct mailbox_entry *entry = mailbox_find(mailbox(&line, "INBOX"), 1, NULL);
	ck_assert_ptr_nonnull(entry);
	ck_assert(g_bytes_equal(entry->message->bytes, given));
	ck_assert_uint_eq(entry->flags & MAILBOX_DRAFT, MAILBOX_DRAFT);
	g_bytes_unref(given);
	close_line(&line);
}
END_TEST

START_TEST(new_mail_is_heard_of_while_idle)
{
	struct line line;
	GBytes *sent = large_message(100);

	open_line(&line, 0);
	line.server->operations->opened(line.server);
	imap_client_select(line.user.client, "INBOX", false);
	imap_client_idle(line.user.client);
	talk(&line);
	g_string_truncate(line.user.heard, 0);
	deliver(&line, sent);
	talk(&line);
	ck_assert_str_eq(line.user.heard->str, "");
	line.server->now_ns = line.server->deadline_ns;
	line.server->operations->expired(line.server);
	talk(&line);
	ck_assert_str_eq(line.user.heard->str, "exists 1\n");
	imap_client_fetch_headers(line.user.client, 1);
	talk(&line);
	ck_assert_ptr_nonnull(strstr(line.user.heard->str,
				     "done 2: 0 Idle completed.\nfetched 1 uid 1 flags 32 size "));
	ck_assert_ptr_nonnull(strstr(line.user.heard->str, "subject large"));
	g_bytes_unref(sent);
	close_line(&line);
}
END_TEST

/* The server's patience does not begin anew with what it says itself. */
START_TEST(news_does_not_put_off_the_renewal_of_idle)
{
	struct user user;

	user_init(&user, 0, 1740);
	struct session *client = imap_client_session(user.client);
	session_offer(client, bytes_of("* PREAUTH [CAPABILITY IMAP4rev1 IDLE] hello\r\n"));
	imap_client_idle(user.client);
	client->now_ns = 100;
	session_offer(client, bytes_of("+ idling\r\n"));
	ck_assert_int_eq(client->deadline_ns, 1840);
	client->now_ns = 900;
	session_offer(client, bytes_of("* 1 EXISTS\r\n"));
	ck_assert_int_eq(client->deadline_ns, 1840);
	ck_assert(client->deadline_is_background);
	user_clear(&user);
}
END_TEST

START_TEST(all_kinds_of_operations_succeed_against_the_server)
{
	static const uint32_t first = 1, both[] = { 2, 1 };
	struct line line;
	GBytes *sent = large_message(100);

	open_line(&line, 0);
	deliver(&line, sent);
	deliver(&line, sent);
	line.server->operations->opened(line.server);
	struct imap_client *client = line.user.client;
	imap_client_create(client, "Büro/\"Post\"");
	imap_client_rename(client, "Büro/\"Post\"", "Büro & Post");
	imap_client_subscribe(client, "Büro & Post", true);
	imap_client_lsub(client, "", "*");
	imap_client_status(client, "Büro & Post");
	imap_client_select(client, "INBOX", false);
	imap_client_search(client, "SUBJECT \"LARGE\" NOT SEEN");
	imap_client_copy(client, both, 2, "Büro & Post");
	imap_client_store(client, &first, 1, IMAP_STORE_ADD, MAILBOX_DELETED);
	imap_client_expunge(client, &first, 1);
	imap_client_move(client, both, 2, "Trash");
	imap_client_delete(client, "Büro & Post");
	imap_client_noop(client);
	imap_client_logout(client);
	talk(&line);
	for (unsigned i = 1; i <= 14; i++) {
		char *done = g_strdup_printf("done %u: 0 ", i);

		ck_assert_msg(strstr(line.user.heard->str, done) != NULL, "%u failed: %s", i,
			      line.user.heard->str);
		g_free(done);
	}
	ck_assert_ptr_nonnull(strstr(line.user.heard->str, "listed Büro & Post / 1 0 -\n"));
	ck_assert_ptr_nonnull(strstr(line.user.heard->str, "found 1 2\n"));
	ck_assert_ptr_nonnull(strstr(line.user.heard->str, "expunged 1 uid 1\n"));
	ck_assert_uint_eq(mailbox(&line, "INBOX")->entries->len, 0);
	ck_assert_uint_eq(mailbox(&line, "Trash")->entries->len, 1);
	g_bytes_unref(sent);
	close_line(&line);
}
END_TEST

START_TEST(lost_stream_loses_what_was_queued)
{
	struct user user;

	user_init(&user, 0, 0);
	imap_client_noop(user.client);
	struct session *session = imap_client_session(user.client);
	session->operations->failed(session, STREAM_RESET);
	ck_assert_str_eq(user.heard->str, "done 1: 3 -\nover 0\n");
	ck_assert_uint_eq(imap_client_noop(user.client), 0);
	user_clear(&user);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("client");
	Suite *suite = suite_create("imap client");
	SRunner *runner = srunner_create(suite);
	int count = G_N_ELEMENTS(transcripts);

	tcase_set_timeout(cases, 60);
	tcase_add_loop_test(cases, conversation_goes_as_written, 0, count);
	tcase_add_loop_test(cases, conversation_goes_as_written_byte_by_byte, 0, count);
	tcase_add_loop_test(cases, message_arrives_as_it_was_delivered, 0, 4);
	tcase_add_test(cases, appended_message_is_stored_as_it_was_given);
	tcase_add_test(cases, new_mail_is_heard_of_while_idle);
	tcase_add_test(cases, news_does_not_put_off_the_renewal_of_idle);
	tcase_add_test(cases, all_kinds_of_operations_succeed_against_the_server);
	tcase_add_test(cases, lost_stream_loses_what_was_queued);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
