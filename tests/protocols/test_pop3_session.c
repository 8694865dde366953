/* The POP3 server session against written conversations, whole and byte by byte. */
#include <check.h>
#include "protocols/layer.h"
#include "protocols/pop3/names.h"
#include "protocols/pop3/session.h"
#include "tests/protocols/transcript.h"

struct drop {
	struct mail_store *store;
	struct session *session;
};

static struct account *bob(const struct drop *drop)
{
	return mail_store_find(drop->store, "bob@corp.test");
}

static struct mailbox *inbox(const struct drop *drop)
{
	return account_find_mailbox(bob(drop), "INBOX");
}

static void deliver(const struct drop *drop, const char *text, size_t length)
{
	struct message *message = message_new(g_bytes_new(text, length), 77);

	mailbox_append(inbox(drop), message, 0, 0);
	message_free(message);
}

/* The maildrop of most conversations. */
static void fill(const struct drop *drop)
{
	static const char *const messages[] = {
		"Subject: dots\r\n\r\n.\r\n..\r\n.leading\r\nmid.dle\r\n\r\nlast",
		"Subject: lines\r\nX-Second: header\r\n\r\none\r\ntwo\r\nthree\r\n",
		".Subject: no body, no line end",
	};

	inbox(drop)->uid_validity = 7;
	for (unsigned i = 0; i < G_N_ELEMENTS(messages); i++)
		deliver(drop, messages[i], strlen(messages[i]));
}

/* UTF-8 in a header, UTF-8 in a body alone, and a header in Latin-1, of which nobody knows that. */
static void fill_with_utf8(const struct drop *drop)
{
	static const char *const messages[] = {
		"Subject: Gr\xc3\xbc\xc3\x9f"
		"e aus K\xc3\xb6ln\r\n\r\nHallo\r\n",
		"Subject: 8-bit in the body\r\n\r\nGr\xc3\xbc\xc3\x9f"
		"e aus K\xc3\xb6ln\r\n",
		"Subject: Gr\xfc\xdf"
		"e aus K\xf6ln\r\n\r\nAlt\r\n",
	};

	inbox(drop)->uid_validity = 7;
	for (unsigned i = 0; i < G_N_ELEMENTS(messages); i++)
		deliver(drop, messages[i], strlen(messages[i]));
}

static const char swaks[] = "Return-Path: <alice@corp.test>\r\n"
			    "Delivered-To: bob@corp.test\r\n"
			    "Received: from mail.corp.test\r\n"
			    "\tby mail.corp.test with LMTP\r\n"
			    "\tid AF1YDhZCAmuyaAAAg+zDdQ\r\n"
			    "\t(envelope-from <alice@corp.test>)\r\n"
			    "\tfor <bob@corp.test>; Sun, 22 Nov 2026 01:15:02 +0000\r\n"
			    "Received: from vm (client1.corp.test [192.168.10.11])\r\n"
			    "\tby mail.corp.test (Postfix) with ESMTPA id 39BAD512121\r\n"
			    "\tfor <bob@corp.test>; Sun, 22 Nov 2026 01:15:02 +0000 (UTC)\r\n"
			    "Date: Sun, 22 Nov 2026 01:15:02 +0000\r\n"
			    "To: bob@corp.test\r\n"
			    "From: alice@corp.test\r\n"
			    "Subject: test Sun, 22 Nov 2026 01:15:02 +0000\r\n"
			    "Message-Id: <20261122011502.027420@vm>\r\n"
			    "X-Mailer: swaks v20201014.0 jetmore.org/john/code/swaks/\r\n"
			    "\r\n"
			    "This is a test mailing\r\n"
			    "\r\n"
			    "\r\n";

/* The maildrop of the captured conversation: the message that was read, and the sizes of others. */
static void fill_as_captured(const struct drop *drop)
{
	static const size_t sizes[] = { 670, 671, 671, 648, 614, 681, 211078, 435, 441, 669, 17 };

	inbox(drop)->uid_validity = 0x6b02420c;
	inbox(drop)->uid_next = 3;
	deliver(drop, swaks, strlen(swaks));
	for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
		char *text = g_strnfill(sizes[i], 'x');

		deliver(drop, text, sizes[i]);
		g_free(text);
	}
}

struct conversation {
	const char *name;
	void (*fill)(const struct drop *drop);
	struct pop3_session_config config;
};

static const struct conversation conversations[] = {
	{"reality",       fill_as_captured, { .software = "Dovecot (Debian)" }                                       },
	{ "login",        fill,             { 0 }								    },
	{ "auth",         fill,             { 0 }								    },
	{ "auth_login",   fill,             { 0 }								    },
	{ "auth_scram",   fill,             { 0 }								    },
	{ "auth_cram",    fill,             { 0 }								    },
	{ "apop",         fill,             { .timestamp = "<1896.697170952@dbc.mtview.ca.us>" }                     },
	{ "hides_login",
         fill,			      { .timestamp = "<1896.697170952@dbc.mtview.ca.us>", .hides_login = true }},
	{ "stuffing",     fill,             { 0 }								    },
	{ "arguments",    fill,             { 0 }								    },
	{ "update",       fill,             { 0 }								    },
	{ "lost",         fill,             { 0 }								    },
	{ "timeout",      fill,             { 0 }								    },
	{ "locked",       fill,             { 0 }								    },
	{ "pipelining",   fill,             { 0 }								    },
	{ "late_refusal", fill,             { .refusal_delay_ns = 2 * NS_PER_S }                                     },
	{ "long_line",    fill,             { 0 }								    },
	{ "nonsense",     fill,             { 0 }								    },
	{ "utf8_name",    fill,             { 0 }								    },
	{ "quit",         fill,             { 0 }								    },
	{ "impatient",    fill,             { 0 }								    },
	{ "commands",     fill,             { 0 }								    },
	{ "lang",         fill,             { 0 }								    },
	{ "utf8",         fill_with_utf8,   { 0 }								    },
	{ "utf8_on",      fill_with_utf8,   { 0 }								    },
};

static bool direct(void *owner, const char *directive)
{
	struct drop *drop = owner;

	if (g_str_has_prefix(directive, "bob: "))
		ck_assert_uint_eq(inbox(drop)->entries->len, strtoul(directive + 5, NULL, 10));
	else if (strcmp(directive, "lock") == 0)
		ck_assert(account_lock_maildrop(bob(drop)));
	else if (strcmp(directive, "unlock") == 0)
		account_unlock_maildrop(bob(drop));
	else if (strcmp(directive, "is locked") == 0)
		ck_assert(bob(drop)->maildrop_is_locked);
	else if (strcmp(directive, "ten minutes are left") == 0)
		ck_assert_int_eq(drop->session->deadline_ns - drop->session->now_ns,
				 600 * NS_PER_S);
	else if (strcmp(directive, "waits two seconds") == 0)
		ck_assert(drop->session->is_waiting &&
			  drop->session->deadline_ns - drop->session->now_ns == 2 * NS_PER_S);
	else
		return false;
	return true;
}

static void open_drop(struct drop *drop, const struct conversation *conversation)
{
	struct pop3_session_config config = conversation->config;

	drop->store = mail_store_new(NULL);
	mail_store_add_account(drop->store, "bob@corp.test", "secret");
	mail_store_add_account(drop->store, "mrose@dbc.mtview.ca.us", "tanstaaf");
	mail_store_add_account(drop->store, "g\xc3\xbcnter@corp.test", "schl\xc3\xbcssel");
	conversation->fill(drop);
	config.store = drop->store;
	if (config.software == NULL)
		config.software = "mailwire";
	drop->session = pop3_session_new(&config);
}

static void close_drop(struct drop *drop)
{
	session_free(drop->session);
	ck_assert(!bob(drop)->maildrop_is_locked);
	mail_store_free(drop->store);
}

static void play(const struct conversation *conversation, size_t chunk)
{
	char *path = g_strdup_printf("tests/sessions/pop3/server_%s.txt", conversation->name);
	struct drop drop;

	open_drop(&drop, conversation);
	transcript_play(path, &(struct transcript) {
				  .session = drop.session,
				  .side = 'S',
				  .chunk = chunk,
				  .directive = direct,
				  .owner = &drop,
			      });
	close_drop(&drop);
	g_free(path);
}

START_TEST(conversation_fed_whole)
{
	play(&conversations[_i], 0);
}
END_TEST

START_TEST(conversation_fed_byte_by_byte)
{
	play(&conversations[_i], 1);
}
END_TEST

static void say(struct session *session, const char *text)
{
	size_t length = strlen(text);

	ck_assert_uint_eq(session_offer(session, (struct bytes) { (const uint8_t *)text, length }),
			  length);
}

static void forget_output(struct session *session)
{
	g_clear_pointer(&session->output, g_byte_array_unref);
}

START_TEST(a_large_message_is_written_in_pieces_while_input_waits)
{
	static const char *const rest = "STAT\r\n";
	struct drop drop;
	GString *big = g_string_new("Subject: big\r\n\r\n");
	while (big->len < 1000000)
		g_string_append(big, ".0123456789012345678901234567890123456789\r\n");

	open_drop(&drop, &conversations[1]);
	deliver(&drop, big->str, big->len);
	struct session *session = drop.session;
	session->operations->opened(session);
	say(session, "USER bob\r\nPASS secret\r\n");
	forget_output(session);
	say(session, "RETR 4\r\n");
	ck_assert(session->is_busy);
	ck_assert_uint_eq(session_offer(session, bytes_of(rest)), 0);

	size_t total = 0, largest = 0;
	while (session->output != NULL) {
		largest = MAX(largest, session->output->len);
		total += session->output->len;
		forget_output(session);
		session->operations->refill(session);
	}
	size_t lines = (big->len - 16) / 43;
	ck_assert_uint_eq(total, strlen("+OK 1000016 octets\r\n") + big->len + lines + 3);
	ck_assert_uint_lt(largest, SESSION_OUTPUT_LOW + 100);
	ck_assert(!session->is_busy);
	say(session, rest);
	ck_assert_ptr_nonnull(session->output);
	g_string_free(big, TRUE);
	close_drop(&drop);
}
END_TEST

START_TEST(a_message_that_imap_removed_meanwhile_is_still_sent)
{
	struct drop drop;

	open_drop(&drop, &conversations[1]);
	struct session *session = drop.session;
	session->operations->opened(session);
	say(session, "USER bob\r\nPASS secret\r\n");
	mailbox_expunge(inbox(&drop), mailbox_find(inbox(&drop), 2, NULL));
	forget_output(session);
	say(session, "RETR 2\r\n");
	ck_assert_int_eq(memcmp(session->output->data, "+OK 53 octets\r\nSubject: lines", 29), 0);
	say(session, "DELE 2\r\nDELE 1\r\nQUIT\r\n");
	ck_assert_uint_eq(inbox(&drop)->entries->len, 1);
	close_drop(&drop);
}
END_TEST

START_TEST(what_was_retrieved_is_seen_after_quit)
{
	struct drop drop;

	open_drop(&drop, &conversations[1]);
	drop.session->operations->opened(drop.session);
	say(drop.session, "USER bob\r\nPASS secret\r\nRETR 2\r\n");
	ck_assert_uint_eq(mailbox_find(inbox(&drop), 2, NULL)->flags, 0);
	say(drop.session, "QUIT\r\n");
	ck_assert_uint_eq(mailbox_find(inbox(&drop), 1, NULL)->flags, 0);
	ck_assert_uint_eq(mailbox_find(inbox(&drop), 2, NULL)->flags, MAILBOX_SEEN);
	close_drop(&drop);
}
END_TEST

START_TEST(notes_tile_both_directions)
{
	struct drop drop;
	uint64_t next[2] = { 0, 0 };
	unsigned messages = 0, deleted = 0;

	open_drop(&drop, &conversations[1]);
	struct session *session = drop.session;
	session->wants_notes = true;
	session->operations->opened(session);
	say(session, "USER bob\r\nPASS secret\r\nUIDL\r\nRETR 1\r\nTOP 2 1\r\nRETR 3\r\nDELE 1\r\n"
		     "FROB\r\nQUIT\r\n");
	for (unsigned i = 0; i < session->notes->len; i++) {
		const struct note *note = &g_array_index(session->notes, struct note, i);
		bool is_inbound = note->flags & TRACE_INBOUND;

		if (note->kind == TRACE_MAIL) {
			ck_assert_uint_eq(note->detail, MAIL_DELETED);
			ck_assert_uint_eq(note->root, 77);
			deleted++;
		}
		if (note->kind != TRACE_UNIT)
			continue;
		ck_assert_uint_eq(note->before, next[is_inbound]);
		next[is_inbound] += note->after;
		messages += note->detail == POP3_MESSAGE && note->root == 77;
	}
	ck_assert_uint_eq(next[0], session->produced_bytes);
	ck_assert_uint_eq(next[1], session->received_bytes);
	ck_assert_uint_eq(messages, 3);
	ck_assert_uint_eq(deleted, 1);
	close_drop(&drop);
}
END_TEST

/* A client that writes two octets for each character gets no further than a real one would. */
START_TEST(commands_in_16_bit_units_are_unknown)
{
	static const uint8_t wide[] = "\0C\0A\0P\0A\0\r\0\n\0U\0S\0E\0R\0 \0b\0o\0b\0\r\0\n"
				      "\0Q\0U\0I\0T\0\r\0\n";
	static const char *const answers = "+OK mailwire ready.\r\n-ERR Unknown command.\r\n"
					   "-ERR Unknown command.\r\n-ERR Unknown command.\r\n"
					   "-ERR Too many invalid bad commands.\r\n";
	struct drop drop;

	open_drop(&drop, &conversations[1]);
	drop.session->operations->opened(drop.session);
	session_offer(drop.session, (struct bytes) { wide, sizeof wide - 1 });
	ck_assert_uint_eq(drop.session->output->len, strlen(answers));
	ck_assert_mem_eq(drop.session->output->data, answers, strlen(answers));
	ck_assert(drop.session->is_closing);
	close_drop(&drop);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pop3 session");
	TCase *tests = tcase_create("all");

	tcase_add_loop_test(tests, conversation_fed_whole, 0, G_N_ELEMENTS(conversations));
	tcase_add_loop_test(tests, conversation_fed_byte_by_byte, 0, G_N_ELEMENTS(conversations));
	tcase_add_test(tests, a_large_message_is_written_in_pieces_while_input_waits);
	tcase_add_test(tests, a_message_that_imap_removed_meanwhile_is_still_sent);
	tcase_add_test(tests, what_was_retrieved_is_seen_after_quit);
	tcase_add_test(tests, notes_tile_both_directions);
	tcase_add_test(tests, commands_in_16_bit_units_are_unknown);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0 ? 1 : 0;
}
