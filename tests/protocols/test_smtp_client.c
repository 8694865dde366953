/* The SMTP client session against written conversations, whole and byte by byte. */
#include <check.h>
#include <stdlib.h>
#include "protocols/layer.h"
#include "protocols/smtp/client.h"
#include "tests/protocols/transcript.h"

struct sender {
	struct smtp_client *client;
	char *next; /* a message to send when the present one is done, as in `! send` */
	char *data;
	GString *results; /* a line per recipient, in the order they were decided */
	bool is_relayed;  /* the last result said so */
	struct smtp_message_wish wish;
	struct smtp_recipient_wish wishes[4];
};

static const char *const outcomes[] = { "pending", "sent", "deferred", "failed" };

static void send_message(struct sender *sender, const char *words)
{
	char **parts = g_strsplit(words, " ", -1);
	GBytes *data = g_bytes_new(sender->data, strlen(sender->data));

	smtp_client_send(sender->client,
			 &(struct smtp_transfer) {
			     .sender = strcmp(parts[0], "<>") == 0 ? "" : parts[0],
			     .recipients = (const char *const *)parts + 1,
			     .recipient_count = g_strv_length(parts) - 1,
			     .wish = sender->wish,
			     .wishes = g_strv_length(parts) <= 5 ? sender->wishes : NULL,
			     .data = data,
			 });
	g_bytes_unref(data);
	g_strfreev(parts);
}

static void sent(void *owner, struct smtp_client *client, const struct smtp_result *results,
		 unsigned count)
{
	struct sender *sender = owner;
	char *next = g_steal_pointer(&sender->next);

	ck_assert_ptr_eq(client, sender->client);
	sender->is_relayed = results[count - 1].is_relayed;
	for (unsigned i = 0; i < count; i++)
		g_string_append_printf(sender->results, "%s at %u, %u: %s\n",
				       outcomes[results[i].outcome], results[i].stage,
				       results[i].code, results[i].text);
	if (next != NULL)
		send_message(sender, next);
	g_free(next);
}

/* "HDRS ENVID 6:original 0:-": RET, ENVID, and of each recipient NOTIFY as a number and ORCPT. */
static void make_wish(struct sender *sender, const char *words)
{
	char **parts = g_strsplit(words, " ", -1);

	sender->wish.returns =
	    strcmp(parts[0], "HDRS") == 0 ? SMTP_RETURN_HEADERS : SMTP_RETURN_FULL;
	sender->wish.envelope_id = "ENVID";
	for (unsigned i = 2; parts[i] != NULL; i++) {
		struct smtp_recipient_wish *wish = &sender->wishes[i - 2];
		const char *original = strchr(parts[i], ':') + 1;

		wish->notify = (unsigned)atoi(parts[i]);
		wish->original = strcmp(original, "-") == 0 ? NULL : g_strdup(original);
	}
	g_strfreev(parts);
}

/*
 * `! data TEXT`, `! send FROM TO...`, `! then FROM TO...` (when this one is done), `! quit`, `! fail`,
 * `! result TEXT`: the next line of results; `! wish ...`.
 */
static bool direct(void *owner, const char *directive)
{
	struct sender *sender = owner;
	struct session *session = smtp_client_session(sender->client);

	if (g_str_has_prefix(directive, "data ")) {
		g_free(sender->data);
		sender->data = g_strcompress(directive + strlen("data "));
	} else if (g_str_has_prefix(directive, "send ")) {
		send_message(sender, directive + strlen("send "));
	} else if (g_str_has_prefix(directive, "then ")) {
		sender->next = g_strdup(directive + strlen("then "));
	} else if (g_str_has_prefix(directive, "wish ")) {
		make_wish(sender, directive + strlen("wish "));
	} else if (strcmp(directive, "relayed") == 0) {
		ck_assert(sender->is_relayed);
	} else if (strcmp(directive, "not relayed") == 0) {
		ck_assert(!sender->is_relayed);
	} else if (strcmp(directive, "quit") == 0) {
		smtp_client_quit(sender->client);
	} else if (strcmp(directive, "fail") == 0) {
		session->operations->failed(session, STREAM_RESET);
	} else if (g_str_has_prefix(directive, "result ")) {
		const char *end = strchr(sender->results->str, '\n');

		ck_assert_msg(end != NULL, "no result, wanted \"%s\"", directive);
		char *line = g_strndup(sender->results->str, (gsize)(end - sender->results->str));

		ck_assert_str_eq(line, directive + strlen("result "));
		g_string_erase(sender->results, 0, end + 1 - sender->results->str);
		g_free(line);
	} else {
		return false;
	}
	return true;
}

/* How the client is configured; its name says what else than usual. */
static bool has_word(const char *name, const char *word)
{
	return strstr(name, word) != NULL;
}

static void play(const char *name, size_t chunk, bool pipelines, bool has_login)
{
	struct sender sender = { .data = g_strdup("Subject: x\r\n\r\ntext\r\n"),
				 .results = g_string_new(NULL) };
	struct session *session = smtp_client_new(&(struct smtp_client_config) {
	    .host_name = "vm",
	    .login = has_login ? "alice@corp.test" : NULL,
	    .password = has_login ? "secret" : NULL,
	    .pipelines = pipelines,
	    .declares_size = pipelines,
	    .names_originals = has_word(name, "dsn"),
	    .uses_chunks = has_word(name, "chunks"),
	    .converts = has_word(name, "converts"),
	    .sent = sent,
	    .owner = &sender,
	});
	char *path = g_strdup_printf("tests/sessions/smtp/%s", name);

	sender.client = smtp_client_of(session);
	transcript_play(path, &(struct transcript) {
				  .session = session,
				  .side = 'C',
				  .chunk = chunk,
				  .directive = direct,
				  .owner = &sender,
			      });
	ck_assert_msg(sender.results->len == 0, "results not asked for: %s", sender.results->str);
	session_free(session);
	g_string_free(sender.results, TRUE);
	g_free(sender.data);
	g_free(sender.next);
	for (unsigned i = 0; i < G_N_ELEMENTS(sender.wishes); i++)
		g_free(sender.wishes[i].original);
	g_free(path);
}

static const struct {
	const char *name;
	bool pipelines, has_login;
} transcripts[] = {
	{"client_submission.txt",                false, true },
	{ "client_auth_login.txt",               false, true },
	{ "client_auth_failures.txt",            false, true },
	{ "client_no_auth.txt",                  false, true },
	{ "client_pipelining.txt",               true,  false},
	{ "client_unknown_user.txt",             true,  false},
	{ "client_some_refused.txt",             true,  false},
	{ "client_some_refused_slowly.txt",      false, false},
	{ "client_sender_refused.txt",           false, false},
	{ "client_sender_refused_pipelined.txt", true,  false},
	{ "client_data_refused.txt",             true,  false},
	{ "client_empty_data.txt",               true,  false},
	{ "client_content_deferred.txt",         true,  false},
	{ "client_helo.txt",                     true,  false},
	{ "client_greeting_refused.txt",         true,  false},
	{ "client_two_messages.txt",             true,  false},
	{ "client_too_big.txt",                  true,  false},
	{ "client_8bit.txt",                     true,  false},
	{ "client_lost.txt",                     true,  false},
	{ "client_ended.txt",                    true,  false},
	{ "client_timeout.txt",                  true,  false},
	{ "client_closing.txt",                  true,  false},
	{ "client_nonsense.txt",                 true,  false},
	{ "client_auth_scram.txt",               false, true },
	{ "client_auth_cram.txt",                false, true },
	{ "client_auth_false_server.txt",        false, true },
	{ "client_auth_no_proof.txt",            false, true },
	{ "client_dsn.txt",                      true,  false},
	{ "client_no_dsn.txt",                   true,  false},
	{ "client_chunks.txt",                   true,  false},
	{ "client_converts.txt",                 false, false},
	{ "client_utf8.txt",                     false, false},
	{ "client_no_utf8.txt",                  false, false},
};

START_TEST(client_speaks_as_written)
{
	play(transcripts[_i].name, 0, transcripts[_i].pipelines, transcripts[_i].has_login);
}
END_TEST

START_TEST(client_speaks_the_same_byte_by_byte)
{
	play(transcripts[_i].name, 1, transcripts[_i].pipelines, transcripts[_i].has_login);
}
END_TEST

/* Ready for DATA's content of `text`; output so far is thrown away. */
static struct session *client_at_content(struct sender *sender, const char *text)
{
	struct session *session = smtp_client_new(&(struct smtp_client_config) {
	    .host_name = "vm", .pipelines = true, .sent = sent, .owner = sender });

	sender->client = smtp_client_of(session);
	sender->data = g_strdup(text);
	sender->results = g_string_new(NULL);
	session->wants_notes = true;
	session->operations->opened(session);
	send_message(sender, "a@b.test c@d.test");
	session_offer(session, bytes_of("220 hi\r\n250-hi\r\n250 PIPELINING\r\n"));
	g_byte_array_set_size(session->output, 0);
	session_offer(session, bytes_of("250 ok\r\n250 ok\r\n354 go\r\n"));
	return session;
}

static void end_client(struct session *session, struct sender *sender)
{
	session_free(session);
	g_string_free(sender->results, TRUE);
	g_free(sender->data);
}

START_TEST(a_large_message_is_written_in_portions_with_its_dots)
{
	GString *text = g_string_new(NULL), *wanted = g_string_new(NULL);
	GString *written = g_string_new(NULL);
	struct sender sender = { 0 };

	for (int i = 0; i < 20000; i++) {
		g_string_append_printf(text, "%sline %d\r\n", i % 7 == 0 ? "." : "", i);
		g_string_append_printf(wanted, "%sline %d\r\n", i % 7 == 0 ? ".." : "", i);
	}
	g_string_append(wanted, ".\r\n");

	struct session *session = client_at_content(&sender, text->str);

	while (session->output != NULL && session->output->len > 0) {
		ck_assert_uint_le(session->output->len, SESSION_OUTPUT_LOW + 8);
		g_string_append_len(written, (const char *)session->output->data,
				    session->output->len);
		g_byte_array_set_size(session->output, 0);
		session->operations->refill(session);
	}
	ck_assert_str_eq(written->str, wanted->str);
	session_offer(session, bytes_of("250 2.0.0 Ok: queued as 1\r\n"));
	ck_assert_str_eq(sender.results->str, "sent at 8, 250: 250 2.0.0 Ok: queued as 1\n");
	end_client(session, &sender);
	g_string_free(text, TRUE);
	g_string_free(wanted, TRUE);
	g_string_free(written, TRUE);
}
END_TEST

/* So a client with many recipients hears of them while it goes on, and need not say all in vain. */
START_TEST(a_long_envelope_is_written_in_portions)
{
	struct sender sender = { .data = (char *)"", .results = g_string_new(NULL) };
	GString *envelope = g_string_new("a@b.test"), *said = g_string_new(NULL);
	struct session *session = smtp_client_new(&(struct smtp_client_config) {
	    .host_name = "vm", .pipelines = true, .sent = sent, .owner = &sender });
	unsigned portions = 0;
	char **lines;

	for (unsigned i = 0; i < 10000; i++)
		g_string_append_printf(envelope, " number-%u@d.test", i);
	sender.client = smtp_client_of(session);
	session->operations->opened(session);
	session_offer(session, bytes_of("220 x\r\n250-x\r\n250 PIPELINING\r\n"));
	g_byte_array_set_size(session->output, 0);
	send_message(&sender, envelope->str);
	while (session->output->len > 0) {
		ck_assert_uint_lt(session->output->len, SESSION_OUTPUT_LOW + 1000);
		g_string_append_len(said, (char *)session->output->data, session->output->len);
		g_byte_array_set_size(session->output, 0);
		session->operations->refill(session);
		portions++;
	}
	ck_assert_uint_gt(portions, 2);
	ck_assert(g_str_has_suffix(said->str, "\r\nDATA\r\n"));
	lines = g_strsplit(said->str, "\r\n", -1);
	ck_assert_uint_eq(g_strv_length(lines), 1 + 10000 + 1 + 1);
	g_strfreev(lines);
	session_free(session);
	g_string_free(envelope, TRUE);
	g_string_free(said, TRUE);
	g_string_free(sender.results, TRUE);
}
END_TEST

START_TEST(the_message_is_noted_with_its_dot)
{
	struct sender sender = { 0 };
	struct session *session = client_at_content(&sender, "hi\r\n");
	const struct note *note = NULL;

	for (guint i = 0; i < session->notes->len; i++)
		if (g_array_index(session->notes, struct note, i).detail == SMTP_MESSAGE &&
		    g_array_index(session->notes, struct note, i).kind == TRACE_UNIT)
			note = &g_array_index(session->notes, struct note, i);
	ck_assert_ptr_nonnull(note);
	/* EHLO vm 9, MAIL FROM:<a@b.test> 22, RCPT TO:<c@d.test> 20, DATA 6 octets before it */
	ck_assert_uint_eq(note->before, 9 + 22 + 20 + 6);
	ck_assert_uint_eq(note->after, strlen("hi\r\n.\r\n"));
	end_client(session, &sender);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp client");
	TCase *tcase = tcase_create("transcripts");
	int rows = (int)G_N_ELEMENTS(transcripts);

	tcase_add_loop_test(tcase, client_speaks_as_written, 0, rows);
	tcase_add_loop_test(tcase, client_speaks_the_same_byte_by_byte, 0, rows);
	tcase_add_test(tcase, a_large_message_is_written_in_portions_with_its_dots);
	tcase_add_test(tcase, a_long_envelope_is_written_in_portions);
	tcase_add_test(tcase, the_message_is_noted_with_its_dot);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
