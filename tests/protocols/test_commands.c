/*
 * Every command of SMTP, POP3 and IMAP in three cases: as it should be, with a bad argument, and in a
 * state where it does not belong. A command that the protocol's names know and that has no row here,
 * or a row that lacks a case, fails.
 */
#include <check.h>
#include <stdlib.h>
#include "protocols/imap/names.h"
#include "protocols/imap/session.h"
#include "protocols/pop3/names.h"
#include "protocols/pop3/session.h"
#include "protocols/smtp/names.h"
#include "protocols/smtp/server.h"
#include "protocols/tls/session.h"

/* `before` brings the session where the command is said; a line of the answer begins with `answer`. */
struct trial {
	const char *before, *line, *answer;
};

struct row {
	unsigned command; /* the detail of its UNIT records */
	struct trial good, bad_argument, wrong_state;
};

/* SMTP: what RFC 5321 section 4.1.4 allows at any time has no wrong state; it is tried early. */

#define EHLO     "EHLO vm\r\n"
#define SENDER   EHLO "MAIL FROM:<a@corp.test>\r\n"
#define ENVELOPE SENDER "RCPT TO:<bob@corp.test>\r\n"

/* clang-format off */
static const struct row smtp_rows[] = {
	{ SMTP_EHLO, { "", "EHLO vm", "250-mail.corp.test" }, { "", "EHLO", "501 " },
	  { ENVELOPE, "EHLO vm\r\nDATA", "503 5.5.1 Error: need RCPT" } },
	{ SMTP_HELO, { "", "HELO vm", "250 mail.corp.test" }, { "", "HELO", "501 " },
	  { ENVELOPE, "HELO vm\r\nDATA", "503 5.5.1 Error: need RCPT" } },
	{ SMTP_AUTH, { EHLO, "AUTH CRAM-MD5", "334 " }, { EHLO, "AUTH BOGUS", "504 5.5.4" },
	  { SENDER, "AUTH CRAM-MD5", "503 5.5.1" } },
	{ SMTP_MAIL, { EHLO, "MAIL FROM:<a@corp.test>", "250 2.1.0" },
	  { EHLO, "MAIL FROM:<a@corp.test> SIZE=x", "501 5.5.4" },
	  { SENDER, "MAIL FROM:<a@corp.test>", "503 5.5.1 Error: nested MAIL" } },
	{ SMTP_RCPT, { SENDER, "RCPT TO:<bob@corp.test>", "250 2.1.5" },
	  { SENDER, "RCPT TO:<bob", "501 5.5.4" },
	  { EHLO, "RCPT TO:<bob@corp.test>", "503 5.5.1 Error: need MAIL" } },
	{ SMTP_DATA, { ENVELOPE, "DATA", "354 " }, { ENVELOPE, "DATA x", "501 5.5.4" },
	  { SENDER, "DATA", "503 5.5.1 Error: need RCPT" } },
	{ SMTP_BDAT, { ENVELOPE, "BDAT 1\r\nx", "250 2.0.0" }, { ENVELOPE, "BDAT x", "501 5.5.4" },
	  { SENDER, "BDAT 2\r\n", "554 5.5.1" } },
	{ SMTP_RSET, { SENDER, "RSET", "250 2.0.0" }, { SENDER, "RSET x", "501 5.5.4" },
	  { "", "RSET", "250 2.0.0" } },
	{ SMTP_NOOP, { SENDER, "NOOP", "250 2.0.0" }, { SENDER, "NOOP x", "250 2.0.0" },
	  { "", "NOOP", "250 2.0.0" } },
	{ SMTP_VRFY, { EHLO, "VRFY bob@corp.test", "252 2.0.0" }, { EHLO, "VRFY", "501 5.5.4" },
	  { SENDER, "VRFY bob@corp.test", "252 2.0.0" } },
	{ SMTP_EXPN, { EHLO, "EXPN list", "502 5.5.1" }, { EHLO, "EXPN", "502 5.5.1" },
	  { "", "EXPN list", "502 5.5.1" } },
	{ SMTP_HELP, { EHLO, "HELP", "214 2.0.0" }, { EHLO, "HELP x", "214 2.0.0" },
	  { "", "HELP", "214 2.0.0" } },
	{ SMTP_STARTTLS, { EHLO, "STARTTLS", "220 2.0.0" }, { EHLO, "STARTTLS x", "501 5.5.4" },
	  { EHLO "STARTTLS\r\n!", "STARTTLS", "554 5.5.1 Error: TLS already" } },
	{ SMTP_QUIT, { SENDER, "QUIT", "221 2.0.0" }, { SENDER, "QUIT x", "501 5.5.4" },
	  { "", "QUIT", "221 2.0.0" } },
};

/* POP3 */

#define LOGIN "USER bob\r\nPASS secret\r\n"

static const struct row pop3_rows[] = {
	{ POP3_CAPA, { "", "CAPA", "+OK" }, { "", "CAPA x", "+OK" }, { LOGIN, "CAPA", "+OK" } },
	{ POP3_USER, { "", "USER bob", "+OK" }, { "", "USER", "-ERR Missing username" },
	  { LOGIN, "USER bob", "-ERR Unknown command" } },
	{ POP3_PASS, { "USER bob\r\n", "PASS secret", "+OK Logged in" },
	  { "USER bob\r\n", "PASS x", "-ERR [AUTH]" }, { "", "PASS secret", "-ERR No username" } },
	{ POP3_APOP, { "", "APOP mrose c4c9334bac560ecc979e58001b3e22fb", "+OK Logged in" },
	  { "", "APOP mrose", "-ERR Missing digest" },
	  { LOGIN, "APOP mrose c4c9334bac560ecc979e58001b3e22fb", "-ERR Unknown command" } },
	{ POP3_AUTH, { "", "AUTH CRAM-MD5", "+ " }, { "", "AUTH BOGUS", "-ERR Unsupported" },
	  { LOGIN, "AUTH CRAM-MD5", "-ERR Unknown command" } },
	{ POP3_STLS, { "", "STLS", "+OK Begin" }, { "STLS\r\n!", "STLS", "-ERR TLS is already" },
	  { LOGIN, "STLS", "-ERR Unknown command" } },
	{ POP3_UTF8, { "", "UTF8", "+OK UTF8 enabled" }, { "", "UTF8 x", "-ERR UTF8 takes no" },
	  { LOGIN, "UTF8", "-ERR Unknown command" } },
	{ POP3_LANG, { "", "LANG en", "+OK en" }, { "", "LANG xx", "-ERR Unsupported language" },
	  { LOGIN, "LANG en", "+OK en" } },
	{ POP3_STAT, { LOGIN, "STAT", "+OK 1 " }, { LOGIN, "STAT x", "+OK 1 " },
	  { "", "STAT", "-ERR Unknown command" } },
	{ POP3_LIST, { LOGIN, "LIST 1", "+OK 1 " }, { LOGIN, "LIST 2", "-ERR There's no" },
	  { "", "LIST", "-ERR Unknown command" } },
	{ POP3_UIDL, { LOGIN, "UIDL 1", "+OK 1 " }, { LOGIN, "UIDL x", "-ERR Invalid message" },
	  { "", "UIDL", "-ERR Unknown command" } },
	{ POP3_RETR, { LOGIN, "RETR 1", "+OK " }, { LOGIN, "RETR", "-ERR Invalid message" },
	  { "", "RETR 1", "-ERR Unknown command" } },
	{ POP3_TOP, { LOGIN, "TOP 1 0", "+OK" }, { LOGIN, "TOP 1", "-ERR Invalid line count" },
	  { "", "TOP 1 0", "-ERR Unknown command" } },
	{ POP3_DELE, { LOGIN, "DELE 1", "+OK" }, { LOGIN, "DELE 0", "-ERR There's no" },
	  { "", "DELE 1", "-ERR Unknown command" } },
	{ POP3_RSET, { LOGIN, "RSET", "+OK" }, { LOGIN, "RSET x", "+OK" },
	  { "", "RSET", "-ERR Unknown command" } },
	{ POP3_NOOP, { LOGIN, "NOOP", "+OK" }, { LOGIN, "NOOP x", "+OK" },
	  { "", "NOOP", "-ERR Unknown command" } },
	{ POP3_QUIT, { LOGIN, "QUIT", "+OK Logging out" }, { LOGIN, "QUIT x", "+OK Logging out" },
	  { "", "QUIT", "+OK Logging out" } },
};

/* IMAP */

#define IN_     "a LOGIN bob secret\r\n"
#define OPEN_   IN_ "b SELECT INBOX\r\n"
#define EARLY   "t BAD Please log in first."
#define CLOSED  "t BAD No mailbox selected."
#define BAD     "t BAD Error in IMAP command"

#define ANY_STATE(command, line)                                                                   \
	{ command, { "", "t " line, "t OK" }, { "", "t " line " x", BAD }, { OPEN_, "t " line, "t OK" } }
#define AFTER_LOGIN(command, good, bad)                                                            \
	{ command, { IN_, "t " good, "t OK" }, { IN_, "t " bad, BAD }, { "", "t " good, EARLY } }
#define SELECTED(command, good, bad)                                                               \
	{ command, { OPEN_, "t " good, "t OK" }, { OPEN_, "t " bad, BAD }, { IN_, "t " good, CLOSED } }

static const struct row imap_rows[] = {
	ANY_STATE(IMAP_CAPABILITY, "CAPABILITY"),
	ANY_STATE(IMAP_NOOP, "NOOP"),
	ANY_STATE(IMAP_LOGOUT, "LOGOUT"),
	{ IMAP_ID, { "", "t ID NIL", "t OK" }, { "", "t ID (x)", BAD }, { OPEN_, "t ID NIL", "t OK" } },
	{ IMAP_AUTHENTICATE, { "", "t AUTHENTICATE CRAM-MD5", "+ " },
	  { "", "t AUTHENTICATE BOGUS", "t NO Unsupported" },
	  { IN_, "t AUTHENTICATE CRAM-MD5", "t BAD Already logged in." } },
	{ IMAP_LOGIN, { "", "t LOGIN bob secret", "t OK" }, { "", "t LOGIN bob", BAD },
	  { IN_, "t LOGIN bob secret", "t BAD Already logged in." } },
	{ IMAP_STARTTLS, { "", "t STARTTLS", "t OK Begin" }, { "", "t STARTTLS x", BAD },
	  { IN_, "t STARTTLS", "t BAD Already logged in." } },
	AFTER_LOGIN(IMAP_ENABLE, "ENABLE CONDSTORE", "ENABLE"),
	AFTER_LOGIN(IMAP_NAMESPACE, "NAMESPACE", "NAMESPACE x"),
	AFTER_LOGIN(IMAP_SELECT, "SELECT INBOX", "SELECT"),
	AFTER_LOGIN(IMAP_EXAMINE, "EXAMINE INBOX", "EXAMINE"),
	AFTER_LOGIN(IMAP_CREATE, "CREATE x", "CREATE x y"),
	AFTER_LOGIN(IMAP_DELETE, "DELETE Sent", "DELETE"),
	AFTER_LOGIN(IMAP_RENAME, "RENAME Sent x", "RENAME Sent"),
	AFTER_LOGIN(IMAP_SUBSCRIBE, "SUBSCRIBE INBOX", "SUBSCRIBE"),
	AFTER_LOGIN(IMAP_UNSUBSCRIBE, "UNSUBSCRIBE INBOX", "UNSUBSCRIBE"),
	AFTER_LOGIN(IMAP_LIST, "LIST \"\" *", "LIST \"\""),
	AFTER_LOGIN(IMAP_LSUB, "LSUB \"\" *", "LSUB \"\""),
	AFTER_LOGIN(IMAP_STATUS, "STATUS INBOX (MESSAGES)", "STATUS INBOX"),
	AFTER_LOGIN(IMAP_APPEND, "APPEND INBOX {3+}\r\nabc", "APPEND INBOX"),
	{ IMAP_IDLE, { OPEN_, "t IDLE", "+ idling" }, { IN_, "t IDLE x", BAD }, { "", "t IDLE", EARLY } },
	SELECTED(IMAP_CHECK, "CHECK", "CHECK x"),
	SELECTED(IMAP_CLOSE, "CLOSE", "CLOSE x"),
	SELECTED(IMAP_UNSELECT, "UNSELECT", "UNSELECT x"),
	SELECTED(IMAP_EXPUNGE, "EXPUNGE", "EXPUNGE x"),
	SELECTED(IMAP_SEARCH, "SEARCH ALL", "SEARCH"),
	SELECTED(IMAP_FETCH, "FETCH 1 FLAGS", "FETCH 1"),
	SELECTED(IMAP_STORE, "STORE 1 FLAGS ()", "STORE 1 BOGUS ()"),
	SELECTED(IMAP_COPY, "COPY 1 Sent", "COPY 1"),
	SELECTED(IMAP_MOVE, "MOVE 1 Sent", "MOVE 9 Sent"),
	SELECTED(IMAP_SORT, "SORT (DATE) UTF-8 ALL", "SORT"),
	SELECTED(IMAP_THREAD, "THREAD REFERENCES UTF-8 ALL", "THREAD"),
	AFTER_LOGIN(IMAP_GETQUOTA, "GETQUOTA bob@corp.test", "GETQUOTA"),
	AFTER_LOGIN(IMAP_GETQUOTAROOT, "GETQUOTAROOT INBOX", "GETQUOTAROOT"),
	{ IMAP_SETQUOTA, { IN_, "t SETQUOTA bob@corp.test (STORAGE 9)", "t NO" },
	  { IN_, "t SETQUOTA x", BAD }, { "", "t SETQUOTA x ()", EARLY } },
	AFTER_LOGIN(IMAP_SETACL, "SETACL INBOX alice lr", "SETACL INBOX"),
	AFTER_LOGIN(IMAP_DELETEACL, "DELETEACL INBOX alice", "DELETEACL INBOX"),
	AFTER_LOGIN(IMAP_GETACL, "GETACL INBOX", "GETACL"),
	AFTER_LOGIN(IMAP_LISTRIGHTS, "LISTRIGHTS INBOX alice", "LISTRIGHTS INBOX"),
	AFTER_LOGIN(IMAP_MYRIGHTS, "MYRIGHTS INBOX", "MYRIGHTS"),
	SELECTED(IMAP_UID_EXPUNGE, "UID EXPUNGE 1", "UID EXPUNGE"),
	SELECTED(IMAP_UID_SEARCH, "UID SEARCH ALL", "UID SEARCH"),
	SELECTED(IMAP_UID_SORT, "UID SORT (DATE) UTF-8 ALL", "UID SORT"),
	SELECTED(IMAP_UID_THREAD, "UID THREAD REFERENCES UTF-8 ALL", "UID THREAD"),
	SELECTED(IMAP_UID_FETCH, "UID FETCH 1 FLAGS", "UID FETCH 0 FLAGS"),
	SELECTED(IMAP_UID_STORE, "UID STORE 1 FLAGS ()", "UID STORE 1 FLAGS (\\Bogus)"),
	SELECTED(IMAP_UID_COPY, "UID COPY 1 Sent", "UID COPY 0 Sent"),
	SELECTED(IMAP_UID_MOVE, "UID MOVE 1 Sent", "UID MOVE 1"),
};
/* clang-format on */

/* An environment of the SMTP server that takes everything, at once. */

static void name_client(void *owner, struct smtp_server *server)
{
	(void)owner;
	smtp_server_answer_name(server, "vm.corp.test");
}

static void check_recipient(void *owner, struct smtp_server *server, const char *recipient)
{
	(void)owner, (void)recipient;
	smtp_server_answer_recipient(server, SMTP_RECIPIENT_OK);
}

static void accept_message(void *owner, struct smtp_server *server,
			   const struct smtp_arrival *arrival)
{
	(void)owner, (void)arrival;
	smtp_server_answer_accepted(server, "643D2512022");
}

static const struct smtp_environment environment = {
	.name_client = name_client,
	.check_recipient = check_recipient,
	.accept_message = accept_message,
};

static const struct smtp_server_config smtp_config = {
	.host_name = "mail.corp.test",
	.software = "mailwire",
	.capabilities = SMTP_CAPABILITIES_ALL | SMTP_CAN_TLS,
	.size_limit = 10000,
	.recipient_limit = 10,
	.error_limit = 20,
	.timeout_ns = SMTP_SERVER_TIMEOUT_NS,
	.environment = &environment,
};

static struct session *new_smtp(struct mail_store *store)
{
	(void)store;
	return smtp_server_new(&smtp_config, 1, NULL);
}

static struct session *new_pop3(struct mail_store *store)
{
	return pop3_session_new(&(struct pop3_session_config) {
	    .store = store,
	    .software = "mailwire",
	    .timestamp = "<1896.697170952@dbc.mtview.ca.us>",
	    .offers_tls = true,
	});
}

static struct session *new_imap(struct mail_store *store)
{
	return imap_session_new(&(struct imap_session_config) {
	    .store = store,
	    .software = "mailwire",
	    .message_bytes_max = 1000,
	    .offers_tls = true,
	});
}

static const struct protocol {
	const char *name;
	const struct row *rows;
	size_t row_count;
	unsigned first, last; /* of the details that are commands */
	const struct layer_names *names;
	struct session *(*create)(struct mail_store *store);
} protocols[] = {
	{"SMTP",  smtp_rows, G_N_ELEMENTS(smtp_rows), SMTP_EHLO,       SMTP_QUIT,     &smtp_layer_names,
         new_smtp												},
	{ "POP3", pop3_rows, G_N_ELEMENTS(pop3_rows), POP3_CAPA,       POP3_QUIT,     &pop3_layer_names,
         new_pop3												},
	{ "IMAP", imap_rows, G_N_ELEMENTS(imap_rows), IMAP_CAPABILITY, IMAP_UID_MOVE,
         &imap_layer_names,									      new_imap},
};

static struct mail_store *new_store(void)
{
	static const char text[] = "Subject: x\r\n\r\ny\r\n";
	struct mail_store *store = mail_store_new(NULL);
	struct account *bob = mail_store_add_account(store, "bob@corp.test", "secret");
	struct message *message = message_new(g_bytes_new_static(text, strlen(text)), 1);

	mail_store_add_account(store, "alice@corp.test", "secret");
	mail_store_add_account(store, "mrose@dbc.mtview.ca.us", "tanstaaf");
	bob->quota_bytes = 10240;
	account_create_mailbox(bob, "Sent");
	mailbox_append(account_find_mailbox(bob, "INBOX"), message, 0, 0);
	message_free(message);
	return store;
}

/* Lines to the session; '!' at the end: TLS begins then. */
static void feed(struct session *session, const char *text)
{
	static const struct tls_protection protection = { 0 };
	size_t length = strcspn(text, "!");

	session_offer(session, (struct bytes) { (const uint8_t *)text, length });
	if (text[length] != '!')
		return;
	session->protection = &protection;
	session->wants_tls = false;
	session->operations->secured(session);
}

static char *answer_to(const struct protocol *protocol, const struct trial *trial)
{
	struct mail_store *store = new_store();
	struct session *session = protocol->create(store);
	char *line = g_strconcat(trial->line, "\r\n", NULL), *answer;

	session->operations->opened(session);
	feed(session, trial->before);
	g_clear_pointer(&session->output, g_byte_array_unref);
	if (g_str_has_suffix(trial->before, "!") && protocol->rows == smtp_rows)
		feed(session, EHLO);
	feed(session, line);
	answer = session->output == NULL
		     ? g_strdup("")
		     : g_strndup((const char *)session->output->data, session->output->len);
	session_free(session);
	mail_store_free(store);
	g_free(line);
	return answer;
}

static void try(const struct protocol *protocol, const struct row *row, const char *what,
		const struct trial *trial)
{
	const char *name = protocol->names->details[row->command];

	ck_assert_msg(trial->line != NULL && trial->answer != NULL, "%s %s has no case: %s",
		      protocol->name, name, what);
	char *answer = answer_to(protocol, trial);
	char *at_line = g_strconcat("\n", trial->answer, NULL);

	ck_assert_msg(g_str_has_prefix(answer, trial->answer) || strstr(answer, at_line) != NULL,
		      "%s %s, %s: \"%s\" was answered \"%s\", not \"%s\"", protocol->name, name,
		      what, trial->line, answer, trial->answer);
	g_free(at_line);
	g_free(answer);
}

START_TEST(every_command_has_its_three_cases)
{
	const struct protocol *protocol = &protocols[_i];

	for (unsigned command = protocol->first; command <= protocol->last; command++) {
		size_t i = 0;

		/* What answers a challenge is no command. */
		if (protocol->rows == pop3_rows && command == POP3_CREDENTIALS)
			continue;
		while (i < protocol->row_count && protocol->rows[i].command != command)
			i++;
		ck_assert_msg(i < protocol->row_count, "%s %s has no row", protocol->name,
			      protocol->names->details[command]);
		try(protocol, &protocol->rows[i], "good", &protocol->rows[i].good);
		try(protocol, &protocol->rows[i], "bad argument", &protocol->rows[i].bad_argument);
		try(protocol, &protocol->rows[i], "wrong state", &protocol->rows[i].wrong_state);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("commands");
	TCase *tests = tcase_create("commands");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, every_command_has_its_three_cases, 0, G_N_ELEMENTS(protocols));
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
