/* The SMTP server session against written conversations, whole and byte by byte. */
#include <check.h>
#include <stdlib.h>
#include "protocols/layer.h"
#include "protocols/smtp/server.h"
#include "tests/protocols/transcript.h"

/* An environment that answers at once, or when the transcript says `! answer`. */
struct office {
	struct smtp_server *server;
	bool is_slow;
	void (*answer)(struct office *office);
	char *name;
	const char *password;
	enum smtp_verdict verdict;
	unsigned messages;
	char *received; /* sender, recipients, protocol and text of the last message */
	const char *refusal;
	char *wishes; /* of the last message: RET, ENVID, NOTIFY and ORCPT of each recipient */
	char *fault;  /* what goes wrong at the next command: its verb and "delay", "reset N" or a
			 reply; NULL: nothing */
};

static void answer_now(struct office *office)
{
	void (*answer)(struct office * office) = office->answer;

	ck_assert(answer != NULL);
	office->answer = NULL;
	answer(office);
}

static void ask(struct office *office, void (*answer)(struct office *office))
{
	ck_assert_msg(office->answer == NULL, "asked twice");
	office->answer = answer;
	if (!office->is_slow)
		answer_now(office);
}

static void answer_name(struct office *office)
{
	smtp_server_answer_name(office->server, "client1.corp.test");
}

static void name_client(void *owner, struct smtp_server *server)
{
	struct office *office = owner;

	office->server = server;
	ask(office, answer_name);
}

static void answer_password(struct office *office)
{
	smtp_server_answer_password(office->server, office->password);
}

static void find_password(void *owner, struct smtp_server *server, const char *login,
			  const char *authorization)
{
	struct office *office = owner;
	bool is_alice = strcmp(login, "alice@corp.test") == 0 &&
			(authorization == NULL || strcmp(authorization, "alice") == 0);

	(void)server;
	office->password = is_alice ? "secret" : NULL;
	ask(office, answer_password);
}

static void answer_recipient(struct office *office)
{
	smtp_server_answer_recipient(office->server, office->verdict);
}

static enum smtp_verdict judge(const struct smtp_server *server, const char *recipient)
{
	if (g_str_has_prefix(recipient, "nosuch@"))
		return SMTP_RECIPIENT_UNKNOWN;
	if (g_str_has_prefix(recipient, "full@"))
		return SMTP_RECIPIENT_FULL;
	if (g_str_has_prefix(recipient, "small@") && smtp_server_declared_bytes(server) > 1000)
		return SMTP_RECIPIENT_FULL;
	if (g_str_has_prefix(recipient, "later@"))
		return SMTP_RECIPIENT_LATER;
	if (!g_str_has_suffix(recipient, "corp.test") && strcmp(recipient, "postmaster") != 0 &&
	    smtp_server_login(server) == NULL)
		return SMTP_RECIPIENT_FOREIGN;
	return SMTP_RECIPIENT_OK;
}

static void check_recipient(void *owner, struct smtp_server *server, const char *recipient)
{
	struct office *office = owner;

	office->verdict = judge(server, recipient);
	ask(office, answer_recipient);
}

static void answer_message(struct office *office)
{
	if (office->refusal != NULL)
		smtp_server_answer_refused(office->server, office->refusal);
	else
		smtp_server_answer_accepted(office->server, "643D2512022");
}

static void write_wishes(struct office *office, const struct smtp_arrival *arrival)
{
	static const char *const returns[] = { "-", "FULL", "HDRS" };
	const struct smtp_message_wish *wish = &arrival->wish;
	GString *text = g_string_new(returns[wish->returns]);

	g_string_append_printf(text, " %s", wish->envelope_id != NULL ? wish->envelope_id : "-");
	for (unsigned i = 0; i < arrival->recipient_count; i++) {
		const char *original = arrival->wishes[i].original;

		g_string_append_printf(text, " %u:%s", arrival->wishes[i].notify,
				       original != NULL ? original : "-");
	}
	g_free(office->wishes);
	office->wishes = g_string_free(text, FALSE);
}

static const char *const faulty_verbs[SMTP_DETAIL_COUNT] = {
	[SMTP_MAIL] = "MAIL ", [SMTP_RCPT] = "RCPT ",       [SMTP_DATA] = "DATA ",
	[SMTP_QUIT] = "QUIT ", [SMTP_MESSAGE] = "message ",
};

static bool find_fault(void *owner, struct smtp_server *server, enum smtp_detail command,
		       const char *address, struct smtp_fault *fault)
{
	static char reply[100];
	struct office *office = owner;
	const char *verb = faulty_verbs[command];
	char *text = office->fault;

	(void)server;
	ck_assert_msg(command != SMTP_RCPT || address != NULL, "no address");
	if (text == NULL || verb == NULL || !g_str_has_prefix(text, verb))
		return false;
	office->fault = NULL;
	const char *rest = text + strlen(verb);

	if (g_str_has_prefix(rest, "delay")) {
		fault->delay_ns = NS_PER_S;
		rest += strlen("delay");
		rest += *rest == ' ';
	}
	fault->resets = g_str_has_prefix(rest, "reset ");
	if (fault->resets)
		fault->reset_after = (uint64_t)atoi(rest + strlen("reset "));
	g_strlcpy(reply, rest, sizeof reply);
	if (!fault->resets && *rest != '\0')
		fault->reply = reply;
	g_free(text);
	return true;
}

static void accept_message(void *owner, struct smtp_server *server,
			   const struct smtp_arrival *arrival)
{
	struct office *office = owner;
	GString *text = g_string_new(arrival->sender);
	gsize length;
	const char *data = g_bytes_get_data(arrival->data, &length);

	(void)server;
	for (unsigned i = 0; i < arrival->recipient_count; i++)
		g_string_append_printf(text, " %s", arrival->recipients[i]);
	g_string_append_printf(text, " %s %s %s%s\n", arrival->protocol, arrival->helo,
			       arrival->client_name, arrival->is_8bit ? " 8bit" : "");
	g_string_append_len(text, data, (gssize)length);
	g_free(office->received);
	office->received = g_string_free(text, FALSE);
	write_wishes(office, arrival);
	office->messages++;
	ask(office, answer_message);
}

static const struct smtp_environment environment = {
	.name_client = name_client,
	.find_password = find_password,
	.check_recipient = check_recipient,
	.accept_message = accept_message,
	.find_fault = find_fault,
};

/* `! answer`: the slow environment answers. `! received TEXT`: the last message began like that. */
static bool direct(void *owner, const char *directive)
{
	struct office *office = owner;

	if (strcmp(directive, "answer") == 0)
		answer_now(office);
	else if (strcmp(directive, "refuse") == 0)
		office->refusal = "554 5.7.1 Message rejected";
	else if (g_str_has_prefix(directive, "received ")) {
		char *wanted = g_strcompress(directive + strlen("received "));

		ck_assert_str_eq(office->received, wanted);
		g_free(wanted);
	} else if (g_str_has_prefix(directive, "wishes ")) {
		ck_assert_str_eq(office->wishes, directive + strlen("wishes "));
	} else if (g_str_has_prefix(directive, "fault ")) {
		office->fault = g_strdup(directive + strlen("fault "));
	} else if (strcmp(directive, "aborted") == 0) {
		ck_assert(smtp_server_session(office->server)->is_aborted);
	} else
		return false;
	return true;
}

static void play(const char *name, size_t chunk, bool is_slow,
		 const struct smtp_server_config *with)
{
	struct office office = { .is_slow = is_slow };
	struct smtp_server_config config = *with;
	struct session *session;
	char *path = g_strdup_printf("tests/sessions/smtp/%s", name);

	session = smtp_server_new(&config, 0xc0a80a0b, &office);
	office.server = smtp_server_of(session);
	transcript_play(path, &(struct transcript) {
				  .session = session,
				  .side = 'S',
				  .chunk = chunk,
				  .directive = direct,
				  .owner = &office,
			      });
	session_free(session);
	g_free(office.received);
	g_free(office.wishes);
	ck_assert_ptr_null(office.fault);
	g_free(path);
}

static const struct smtp_server_config relay = {
	.host_name = "mail.corp.test",
	.software = "mailwire",
	.capabilities = SMTP_CAPABILITIES_ALL & ~SMTP_CAN_AUTH,
	.size_limit = 10485760,
	.recipient_limit = 1000,
	.error_limit = 20,
	.timeout_ns = SMTP_SERVER_TIMEOUT_NS,
	.environment = &environment,
};

static struct smtp_server_config submission(void)
{
	struct smtp_server_config config = relay;

	config.capabilities |= SMTP_CAN_AUTH;
	config.requires_login = true;
	return config;
}

static struct smtp_server_config narrow(void)
{
	struct smtp_server_config config = relay;

	config.size_limit = 100;
	config.recipient_limit = 2;
	config.error_limit = 3;
	return config;
}

static const struct {
	const char *name;
	char service; /* relay, submission or narrow */
	bool is_slow;
} transcripts[] = {
	{"server_auth_plain.txt",   's', false},
        { "server_auth_login.txt",  's', false},
	{ "server_auth_errors.txt", 's', false},
        { "server_pipelining.txt",  'r', false},
	{ "server_refusals.txt",    'r', false},
        { "server_order.txt",       'r', false},
	{ "server_syntax.txt",      'r', false},
        { "server_dots.txt",        'r', false},
	{ "server_chunks.txt",      'r', false},
        { "server_verify.txt",      'r', false},
	{ "server_helo.txt",        'r', false},
        { "server_limits.txt",      'n', false},
	{ "server_errors.txt",      'n', false},
        { "server_timeout.txt",     'r', false},
	{ "server_ended.txt",       'r', false},
        { "server_slow.txt",        's', true },
	{ "server_auth_scram.txt",  's', false},
        { "server_auth_cram.txt",   's', false},
	{ "server_dsn.txt",         'r', false},
        { "server_utf8.txt",        'r', false},
	{ "server_faults.txt",      'r', false},
        { "server_broken_off.txt",  'r', false},
	{ "server_bare_feeds.txt",  'r', false},
        { "server_http.txt",        'r', false},
	{ "server_http_data.txt",   'r', false},
};

static void play_row(int row, size_t chunk)
{
	struct smtp_server_config config = transcripts[row].service == 's'   ? submission()
					   : transcripts[row].service == 'n' ? narrow()
									     : relay;

	play(transcripts[row].name, chunk, transcripts[row].is_slow, &config);
}

START_TEST(server_speaks_as_written)
{
	play_row(_i, 0);
}
END_TEST

START_TEST(server_speaks_the_same_byte_by_byte)
{
	play_row(_i, 1);
}
END_TEST

static struct session *opened_relay(struct office *office, struct smtp_server_config *config)
{
	struct session *session;

	*config = relay;
	session = smtp_server_new(config, 1, office);
	office->server = smtp_server_of(session);
	session->wants_notes = true;
	session->operations->opened(session);
	return session;
}

static void expect_output(struct session *session, const char *text)
{
	ck_assert_ptr_nonnull(session->output);
	g_byte_array_append(session->output, (const guint8 *)"", 1);
	ck_assert_str_eq((const char *)session->output->data, text);
	g_byte_array_set_size(session->output, 0);
}

/* Loop test: a long line in one piece (0), or in two cut at a place that tells (1, 2). */
START_TEST(a_line_that_is_too_long_is_refused_once)
{
	static const size_t cuts[] = { 3002, 2048, 100 };
	struct office office = { 0 };
	struct smtp_server_config config;
	struct session *session = opened_relay(&office, &config);
	GString *line = g_string_new(NULL);
	size_t taken;

	g_byte_array_set_size(session->output, 0);
	for (int i = 0; i < 3000; i++)
		g_string_append_c(line, 'x');
	g_string_append(line, "\r\nNOOP\r\n");
	taken = session_offer(session, (struct bytes) { (uint8_t *)line->str, cuts[_i] });
	taken += session_offer(session,
			       (struct bytes) { (uint8_t *)line->str + taken, line->len - taken });
	ck_assert_uint_eq(taken, line->len);
	expect_output(session, "500 5.5.2 Error: line too long\r\n250 2.0.0 Ok\r\n");
	g_string_free(line, TRUE);
	session_free(session);
}
END_TEST

START_TEST(notes_name_the_ranges_of_commands_replies_and_message)
{
	static const char said[] = "EHLO a\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<bob@corp.test>\r\n"
				   "DATA\r\nhello\r\n.\r\nQUIT\r\n";
	/* Offsets counted by hand in the text above; the greeting is 33 and CRLF. */
	static const struct {
		unsigned detail, flags, before, after;
	} wanted[] = {
		{SMTP_GREETING, 0,             0,  35},
                { SMTP_EHLO,    TRACE_INBOUND, 0,  8 },
		{ SMTP_MAIL,    TRACE_INBOUND, 8,  22},
                { SMTP_RCPT,    TRACE_INBOUND, 30, 25},
		{ SMTP_DATA,    TRACE_INBOUND, 55, 6 },
                { SMTP_MESSAGE, TRACE_INBOUND, 61, 10},
		{ SMTP_QUIT,    TRACE_INBOUND, 71, 6 },
	};
	struct office office = { 0 };
	struct smtp_server_config config;
	struct session *session = opened_relay(&office, &config);
	unsigned row = 0;

	ck_assert_uint_eq(session_offer(session, bytes_of(said)), strlen(said));
	for (guint i = 0; i < session->notes->len && row < G_N_ELEMENTS(wanted); i++) {
		const struct note *note = &g_array_index(session->notes, struct note, i);

		if (note->kind != TRACE_UNIT || note->detail != wanted[row].detail)
			continue;
		ck_assert_uint_eq(note->flags, wanted[row].flags);
		ck_assert_uint_eq(note->before, wanted[row].before);
		ck_assert_uint_eq(note->after, wanted[row].after);
		row++;
	}
	ck_assert_uint_eq(row, G_N_ELEMENTS(wanted));
	g_free(office.received);
	g_free(office.wishes);
	session_free(session);
}
END_TEST

START_TEST(phases_come_in_order)
{
	static const char said[] = "EHLO a\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<bob@corp.test>\r\n"
				   "RCPT TO:<bob@corp.test>\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n";
	static const unsigned wanted[] = { PHASE_GREETED, PHASE_RECIPIENT, PHASE_TRANSFER,
					   PHASE_QUIT };
	struct office office = { 0 };
	struct smtp_server_config config;
	struct session *session = opened_relay(&office, &config);
	unsigned row = 0;

	session_offer(session, bytes_of(said));
	for (guint i = 0; i < session->notes->len; i++) {
		const struct note *note = &g_array_index(session->notes, struct note, i);

		if (note->kind != TRACE_PHASE)
			continue;
		ck_assert_uint_lt(row, G_N_ELEMENTS(wanted));
		ck_assert_uint_eq(note->detail, wanted[row++]);
	}
	ck_assert_uint_eq(row, G_N_ELEMENTS(wanted));
	g_free(office.received);
	g_free(office.wishes);
	session_free(session);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp server");
	TCase *tcase = tcase_create("transcripts");
	int rows = (int)G_N_ELEMENTS(transcripts);

	tcase_add_loop_test(tcase, server_speaks_as_written, 0, rows);
	tcase_add_loop_test(tcase, server_speaks_the_same_byte_by_byte, 0, rows);
	tcase_add_loop_test(tcase, a_line_that_is_too_long_is_refused_once, 0, 3);
	tcase_add_test(tcase, notes_name_the_ranges_of_commands_replies_and_message);
	tcase_add_test(tcase, phases_come_in_order);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
