/*
 * Several clients work on the same mailboxes at random, and each keeps the books that RFC 3501 lets a
 * client keep: which message has which number, UID and flags. What the server tells must never
 * contradict the books, and in the end they must be what the mailbox is.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include "protocols/imap/flags.h"
#include "protocols/imap/sequence.h"
#include "protocols/imap/session.h"

#define CLIENTS 4
#define STEPS   600
#define SEEDS   12
#define UNKNOWN UINT32_MAX

/* One message in a client's books. */
struct booked {
	uint32_t uid;   /* 0: not told yet */
	uint32_t flags; /* UNKNOWN: not told yet, or changed in silence */
};

struct client {
	struct session *session;
	GArray *books;        /* of struct booked; NULL: no mailbox is selected */
	struct mailbox *open; /* the one the books are about */
	unsigned kind;
	bool keeps_numbers; /* the command under way must not tell EXPUNGE */
	bool was_closed;    /* BYE came: the mailbox was deleted */
	unsigned tag;
};

struct run {
	struct mail_store *store;
	struct account *account;
	struct client clients[CLIENTS];
	GRand *random;
	GString *said; /* by the client that speaks, for messages */
};

static const char *const boxes[] = { "INBOX", "Work", "Play" };

static unsigned any(struct run *run, unsigned count)
{
	return (unsigned)g_rand_int_range(run->random, 0, (gint)count);
}

/* The books. */

static struct booked *booked_at(struct client *client, uint32_t number, const char *line)
{
	ck_assert_msg(client->books != NULL && number >= 1 && number <= client->books->len,
		      "no message %u: %s", number, line);
	return &g_array_index(client->books, struct booked, number - 1);
}

static void book_exists(struct client *client, uint32_t count, const char *line)
{
	struct booked unknown = { 0, UNKNOWN };

	ck_assert_msg(count >= client->books->len, "EXISTS shrinks: %s", line);
	while (client->books->len < count)
		g_array_append_val(client->books, unknown);
}

static void book_vanished(struct client *client, const char *text, const char *line)
{
	struct imap_sequence_set set = IMAP_SEQUENCE_INIT;
	struct imap_parser parser;
	char *copy = g_strdup(text);

	imap_parser_init(&parser, (uint8_t *)copy, strlen(copy));
	ck_assert_msg(imap_parse_sequence_set(&parser, &set), "%s", line);
	imap_sequence_resolve(&set, 0);
	for (unsigned i = client->books->len; i > 0; i--) {
		uint32_t uid = g_array_index(client->books, struct booked, i - 1).uid;

		ck_assert_msg(uid != 0, "VANISHED with a message unknown: %s", line);
		if (imap_sequence_contains(&set, uid))
			g_array_remove_index(client->books, i - 1);
	}
	imap_sequence_clear(&set);
	g_free(copy);
}

static void book_fetch(struct client *client, uint32_t number, const char *line)
{
	struct booked *booked = booked_at(client, number, line);
	const char *uid = strstr(line, "UID "), *flags = strstr(line, "FLAGS (");

	if (uid != NULL) {
		uint32_t told = (uint32_t)strtoul(uid + 4, NULL, 10);

		ck_assert_msg(booked->uid == 0 || booked->uid == told, "UID %u was %u: %s", told,
			      booked->uid, line);
		booked->uid = told;
		for (uint32_t i = 1; i < client->books->len; i++) {
			uint32_t before = g_array_index(client->books, struct booked, i - 1).uid;
			uint32_t after = g_array_index(client->books, struct booked, i).uid;

			ck_assert_msg(after == 0 || before < after, "UIDs do not ascend: %s", line);
		}
	}
	if (flags != NULL) {
		struct imap_flags read = { 0 };
		struct imap_parser parser;
		char *copy = g_strdup(flags + 6);

		imap_parser_init(&parser, (uint8_t *)copy, strlen(copy));
		ck_assert_msg(imap_parse_flags(&parser, false, true, &read), "%s", line);
		booked->flags = read.flags & IMAP_FLAGS_SETTABLE;
		imap_flags_clear(&read);
		g_free(copy);
	}
}

static void hear_line(struct run *run, struct client *client, const char *line)
{
	unsigned number;
	char word[32] = "";

	if (g_str_has_prefix(line, "* BYE")) {
		client->was_closed = true;
	} else if (g_str_has_prefix(line, "* VANISHED (EARLIER)")) {
		return;
	} else if (g_str_has_prefix(line, "* VANISHED ")) {
		ck_assert_msg(!client->keeps_numbers, "%s after %s", line, run->said->str);
		book_vanished(client, line + strlen("* VANISHED "), line);
	} else if (sscanf(line, "* %u %31s", &number, word) == 2) {
		if (strcmp(word, "EXISTS") == 0) {
			book_exists(client, number, line);
		} else if (strcmp(word, "EXPUNGE") == 0) {
			ck_assert_msg(!client->keeps_numbers, "%s after %s", line, run->said->str);
			ck_assert(client->kind != 1);
			booked_at(client, number, line);
			g_array_remove_index(client->books, number - 1);
		} else if (strcmp(word, "FETCH") == 0) {
			book_fetch(client, number, line);
		}
	} else if (!g_str_has_prefix(line, "* ")) {
		ck_assert_msg(strstr(line, " BAD ") == NULL, "%s: %s", run->said->str, line);
	}
}

static void hear(struct run *run, struct client *client)
{
	struct session *session = client->session;

	while (session->output != NULL) {
		char *text = g_strndup((const char *)session->output->data, session->output->len);
		char **lines = g_strsplit(text, "\r\n", -1);

		g_byte_array_unref(session->output);
		session->output = NULL;
		for (char **line = lines; *line != NULL; line++)
			hear_line(run, client, *line);
		g_strfreev(lines);
		g_free(text);
		session->operations->refill(session);
	}
}

static void say(struct run *run, struct client *client, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void say(struct run *run, struct client *client, const char *format, ...)
{
	va_list arguments;

	if (client->was_closed)
		return;
	g_string_printf(run->said, "t%u ", ++client->tag);
	va_start(arguments, format);
	g_string_append_vprintf(run->said, format, arguments);
	va_end(arguments);
	g_string_append(run->said, "\r\n");
	ck_assert_uint_eq(session_offer(client->session, bytes_of(run->said->str)), run->said->len);
	hear(run, client);
	client->keeps_numbers = false;
}

/* What clients do. */

static void open_session(struct run *run, struct client *client)
{
	session_free(client->session);
	g_clear_pointer(&client->books, g_array_unref);
	client->was_closed = false;
	client->session = imap_session_new(
	    &(struct imap_session_config) { .store = run->store, .software = "stress" });
	client->session->operations->opened(client->session);
	hear(run, client);
	say(run, client, "LOGIN a p");
	if (client->kind == 1)
		say(run, client, "ENABLE QRESYNC");
	else if (client->kind == 2)
		say(run, client, "ENABLE CONDSTORE");
	else if (client->kind == 3)
		say(run, client, "ENABLE IMAP4rev2");
}

static void select_box(struct run *run, struct client *client)
{
	const char *name = boxes[any(run, G_N_ELEMENTS(boxes))];

	if (account_find_mailbox(run->account, name) == NULL)
		say(run, client, "CREATE %s", name);
	g_clear_pointer(&client->books, g_array_unref);
	client->books = g_array_new(FALSE, FALSE, sizeof(struct booked));
	client->open = account_find_mailbox(run->account, name);
	say(run, client, "SELECT %s", name);
	say(run, client, "UID FETCH 1:* FLAGS");
}

/* With messages unknown it asks for them first, as a client with books must. */
static void learn(struct run *run, struct client *client)
{
	for (uint32_t i = 0; i < client->books->len; i++) {
		if (g_array_index(client->books, struct booked, i).uid != 0)
			continue;
		client->keeps_numbers = true;
		say(run, client, "FETCH %u:* (UID FLAGS)", i + 1);
		return;
	}
}

static void store_flags(struct run *run, struct client *client, uint32_t number)
{
	static const char *const flags[] = { "\\Seen", "\\Deleted", "\\Flagged",
					     "\\Deleted \\Draft", "" };
	static const char *const modes[] = { "+FLAGS", "-FLAGS", "FLAGS" };
	bool is_silent = any(run, 2) == 0, is_uid = any(run, 2) == 0;
	struct booked *booked = booked_at(client, number, "");
	uint32_t name = is_uid ? booked->uid : number;

	if (is_silent)
		booked->flags = UNKNOWN;
	client->keeps_numbers = !is_uid;
	say(run, client, "%sSTORE %u %s%s (%s)", is_uid ? "UID " : "", name, modes[any(run, 3)],
	    is_silent ? ".SILENT" : "", flags[any(run, 5)]);
}

static void use_message(struct run *run, struct client *client)
{
	uint32_t number = 1 + any(run, client->books->len);
	uint32_t last = number + any(run, client->books->len - number + 1);
	const char *target = boxes[any(run, G_N_ELEMENTS(boxes))];

	switch (any(run, 7)) {
	case 0:
		client->keeps_numbers = true;
		say(run, client, "FETCH %u:%u (FLAGS BODY.PEEK[HEADER] UID)", number, last);
		break;
	case 1:
		client->keeps_numbers = true;
		say(run, client, "FETCH %u BODY[TEXT]", number);
		break;
	case 2:
		client->keeps_numbers = true;
		say(run, client, "SEARCH UNSEEN OR FLAGGED NOT DELETED");
		break;
	case 3:
		say(run, client, "COPY %u:%u %s", number, MIN(last, number + 1), target);
		break;
	case 4:
		say(run, client, "UID MOVE %u %s", booked_at(client, number, "")->uid, target);
		break;
	default:
		store_flags(run, client, number);
	}
}

static void delete_box(struct run *run, struct client *client)
{
	const char *name = boxes[1 + any(run, 2)];
	struct mailbox *mailbox = account_find_mailbox(run->account, name);

	if (mailbox == NULL)
		return;
	for (unsigned i = 0; i < CLIENTS; i++)
		if (run->clients[i].open == mailbox)
			run->clients[i].open = NULL;
	say(run, client, "DELETE %s", name);
	for (unsigned i = 0; i < CLIENTS; i++) {
		hear(run, &run->clients[i]);
		if (run->clients[i].open == NULL)
			g_clear_pointer(&run->clients[i].books, g_array_unref);
	}
}

static void step(struct run *run, struct client *client)
{
	unsigned what = any(run, 100);

	if (client->was_closed) {
		open_session(run, client);
	} else if (client->books == NULL || what < 3) {
		select_box(run, client);
	} else if (what < 15) {
		say(run, client, "APPEND %s (\\Flagged) {20+}\r\nSubject: x\r\n\r\ntext\r\n",
		    boxes[any(run, G_N_ELEMENTS(boxes))]);
	} else if (what < 20) {
		say(run, client, "NOOP");
	} else if (what < 28) {
		say(run, client, "EXPUNGE");
	} else if (what < 29) {
		delete_box(run, client);
	} else if (what < 34) {
		say(run, client, "IDLE\r\nDONE");
	} else if (client->books->len > 0) {
		learn(run, client);
		if (client->books->len > 0)
			use_message(run, client);
	}
	if (client->books != NULL && !client->was_closed)
		learn(run, client);
}

/* After NOOP the books are what the mailbox is. */
static void check_books(struct run *run, struct client *client)
{
	if (client->books == NULL || client->was_closed)
		return;
	say(run, client, "NOOP");
	learn(run, client);
	ck_assert_uint_eq(client->books->len, client->open->entries->len);
	for (unsigned i = 0; i < client->books->len; i++) {
		const struct booked *booked = &g_array_index(client->books, struct booked, i);
		const struct mailbox_entry *entry = g_ptr_array_index(client->open->entries, i);

		ck_assert_uint_eq(booked->uid, entry->uid);
		if (booked->flags != UNKNOWN)
			ck_assert_uint_eq(booked->flags, entry->flags & IMAP_FLAGS_SETTABLE);
	}
}

START_TEST(books_of_all_clients_stay_true)
{
	struct run run = {
		.store = mail_store_new(NULL),
		.random = g_rand_new_with_seed((guint32)_i),
		.said = g_string_new(NULL),
	};

	run.account = mail_store_add_account(run.store, "a", "p");
	for (unsigned i = 0; i < CLIENTS; i++) {
		run.clients[i].kind = i;
		open_session(&run, &run.clients[i]);
	}
	for (unsigned i = 0; i < STEPS; i++) {
		step(&run, &run.clients[any(&run, CLIENTS)]);
		if (i % 100 == 99)
			for (unsigned k = 0; k < CLIENTS; k++)
				check_books(&run, &run.clients[k]);
	}
	for (unsigned i = 0; i < CLIENTS; i++) {
		session_free(run.clients[i].session);
		if (run.clients[i].books != NULL)
			g_array_unref(run.clients[i].books);
	}
	g_string_free(run.said, TRUE);
	g_rand_free(run.random);
	mail_store_free(run.store);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("stress");
	Suite *suite = suite_create("imap stress");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(cases, 120);
	tcase_add_loop_test(cases, books_of_all_clients_stay_true, 0, SEEDS);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
