/* The mail queue with a scripted way to deliver, in virtual time; and notifications as others read them. */
#include <check.h>
#include <stdlib.h>
#include "protocols/mail/message.h"
#include "protocols/programs/dsn.h"
#include "protocols/programs/queue.h"

/* How the next attempts at a domain end: a letter each, s sent, d deferred, f failed; then sent. */
struct script {
	const char *domain, *fates;
	unsigned used;
};

struct office {
	struct world *world;
	struct node node;
	struct mail_queue *queue;
	struct script scripts[4];
	bool is_slow; /* jobs are answered by `answer` */
	struct mail_job *pending[8];
	unsigned pending_count;
	GString *jobs;        /* "domain: recipients at second" of each job, a line each */
	GBytes *notification; /* the last message with a null reverse-path */
	char *notified;       /* to whom it went */
	struct trace_sink sink;
	unsigned records[MAIL_DETAIL_COUNT];
};

static char fate_of(struct office *office, const char *domain)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(office->scripts); i++) {
		struct script *script = &office->scripts[i];

		if (script->domain != NULL && strcmp(script->domain, domain) == 0 &&
		    script->fates[script->used] != '\0')
			return script->fates[script->used++];
	}
	return 's';
}

static void answer(struct office *office, struct mail_job *job)
{
	char fate = fate_of(office, job->domain);

	for (unsigned i = 0; i < job->count; i++) {
		struct mail_result *result = &job->results[i];

		result->outcome = fate == 's'   ? SMTP_SENT
				  : fate == 'd' ? SMTP_DEFERRED
						: SMTP_FAILED;
		g_strlcpy(result->status, fate == 'd' ? "4.4.1" : "5.1.1", sizeof result->status);
		result->reason =
		    g_strdup("host mail.remote.example[203.0.113.70] said: "
			     "550 5.1.1 <x>: no such user (in reply to RCPT TO command)");
		if (fate == 'f') {
			result->remote_host = g_strdup("mail.remote.example");
			result->reply = g_strdup("550 5.1.1 <x>: no such user");
		}
	}
	mail_job_done(job);
}

static void deliver(void *owner, struct mail_job *job)
{
	struct office *office = owner;

	g_string_append_printf(office->jobs, "%s:", job->domain);
	for (unsigned i = 0; i < job->count; i++)
		g_string_append_printf(office->jobs, " %s", job->recipients[i]);
	g_string_append_printf(office->jobs, " at %ld\n",
			       (long)(node_now(&office->node) / NS_PER_S));
	if (job->sender[0] == '\0') {
		g_clear_pointer(&office->notification, g_bytes_unref);
		office->notification = g_bytes_ref(job->data);
		g_free(office->notified);
		office->notified = g_strdup(job->recipients[0]);
	}
	if (office->is_slow)
		office->pending[office->pending_count++] = job;
	else
		answer(office, job);
}

static void count_record(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct office *office = owner;

	(void)bytes;
	ck_assert_uint_lt(record->detail, MAIL_DETAIL_COUNT);
	office->records[record->detail]++;
}

static void set_up(struct office *office)
{
	*office = (struct office) { .jobs = g_string_new(NULL) };
	office->world = world_new(1, 1795310098); /* 2026-11-22 01:14:58 UTC */
	node_init(&office->node, office->world, "mail", NODE_HOST);
	office->sink = (struct trace_sink) { .kinds = TRACE_BIT(TRACE_MAIL),
					     .owner = office,
					     .record = count_record };
	trace_add_sink(&office->world->trace, &office->sink);
	office->queue = mail_queue_new(&office->node, &(struct mail_queue_config) {
							  .host_name = "mail.office.example",
							  .software = "mailwire",
							  .retry_ns = QUEUE_RETRY_NS,
							  .retry_max_ns = QUEUE_RETRY_MAX_NS,
							  .lifetime_ns = QUEUE_LIFETIME_NS,
							  .warning_ns = 3600 * NS_PER_S,
							  .deliver = deliver,
							  .owner = office,
						      });
}

static void tear_down(struct office *office)
{
	mail_queue_free(office->queue);
	g_string_free(office->jobs, TRUE);
	g_clear_pointer(&office->notification, g_bytes_unref);
	g_free(office->notified);
	world_free(office->world);
}

static const char letter[] = "Subject: x\r\nMessage-ID: <1@alice>\r\n\r\nHello.\r\n";

static void add(struct office *office, const char *sender, const char *recipients)
{
	char **list = g_strsplit(recipients, " ", -1);
	char id[QUEUE_ID_BYTES];
	GBytes *data = g_bytes_new_static(letter, strlen(letter));

	mail_queue_new_id(office->queue, id);
	mail_queue_add(office->queue, &(struct mail_envelope) {
					  .queue_id = id,
					  .identity = {1, 1},
					  .sender = sender,
					  .recipients = (const char *const *)list,
					  .recipient_count = g_strv_length(list),
					  .data = data,
        });
	g_bytes_unref(data);
	g_strfreev(list);
}

static void run(struct office *office, int64_t until_s)
{
	engine_run(office->world->engine, until_s * NS_PER_S);
}

static void count_item(void *owner, const struct mail_queue_item *item)
{
	(void)item;
	++*(unsigned *)owner;
}

static unsigned waiting(const struct office *office)
{
	unsigned count = 0;

	mail_queue_each(office->queue, count_item, &count);
	return count;
}

START_TEST(recipients_of_one_domain_are_one_job)
{
	struct office office;

	set_up(&office);
	add(&office, "alice@office.example", "a@x.test b@y.test c@X.Test");
	run(&office, 1);
	ck_assert_str_eq(office.jobs->str,
			 "x.test: a@x.test c@X.Test at 0\ny.test: b@y.test at 0\n");
	ck_assert_uint_eq(waiting(&office), 0);
	tear_down(&office);
}
END_TEST

START_TEST(pauses_double_up_to_the_longest)
{
	struct office office;

	set_up(&office);
	office.scripts[0] = (struct script) { "x.test", "dddddd", 0 };
	add(&office, "", "a@x.test");
	run(&office, 20000);
	ck_assert_str_eq(office.jobs->str, "x.test: a@x.test at 0\nx.test: a@x.test at 300\n"
					   "x.test: a@x.test at 900\nx.test: a@x.test at 2100\n"
					   "x.test: a@x.test at 4500\nx.test: a@x.test at 8500\n"
					   "x.test: a@x.test at 12500\n");
	ck_assert_uint_eq(office.records[MAIL_DEFERRED], 6);
	ck_assert_uint_eq(waiting(&office), 0);
	tear_down(&office);
}
END_TEST

START_TEST(only_those_deferred_are_tried_again)
{
	struct office office;

	set_up(&office);
	office.scripts[0] = (struct script) { "x.test", "d", 0 };
	add(&office, "alice@office.example", "a@x.test b@y.test");
	run(&office, 1);
	ck_assert_uint_eq(waiting(&office), 1);
	run(&office, 400);
	ck_assert_str_eq(office.jobs->str, "x.test: a@x.test at 0\ny.test: b@y.test at 0\n"
					   "x.test: a@x.test at 300\n");
	tear_down(&office);
}
END_TEST

START_TEST(jobs_may_be_answered_later_and_in_any_order)
{
	struct office office;

	set_up(&office);
	office.is_slow = true;
	office.scripts[0] = (struct script) { "x.test", "d", 0 };
	add(&office, "alice@office.example", "a@x.test b@y.test");
	run(&office, 1);
	ck_assert_uint_eq(office.pending_count, 2);
	answer(&office, office.pending[1]);
	ck_assert_uint_eq(waiting(&office), 1);
	answer(&office, office.pending[0]);
	run(&office, 400);
	ck_assert_uint_eq(office.pending_count, 3);
	ck_assert_str_eq(office.pending[2]->domain, "x.test");
	tear_down(&office); /* with a job under way */
}
END_TEST

START_TEST(a_failure_is_told_to_the_sender_once_for_all_recipients)
{
	struct office office;

	set_up(&office);
	office.scripts[0] = (struct script) { "x.test", "f", 0 };
	office.scripts[1] = (struct script) { "y.test", "f", 0 };
	add(&office, "alice@office.example", "a@x.test b@y.test c@z.test");
	run(&office, 1);
	ck_assert_uint_eq(office.records[MAIL_BOUNCED], 2);
	ck_assert_uint_eq(office.records[MAIL_NOTIFIED], 1);
	ck_assert_str_eq(office.notified, "alice@office.example");
	tear_down(&office);
}
END_TEST

START_TEST(a_notification_that_fails_is_dropped)
{
	struct office office;

	set_up(&office);
	office.scripts[0] = (struct script) { "x.test", "f", 0 };
	office.scripts[1] = (struct script) { "office.example", "f", 0 };
	add(&office, "alice@office.example", "a@x.test");
	run(&office, 1);
	ck_assert_uint_eq(office.records[MAIL_BOUNCED], 2);
	ck_assert_uint_eq(office.records[MAIL_NOTIFIED], 1);
	ck_assert_uint_eq(waiting(&office), 0);
	tear_down(&office);
}
END_TEST

START_TEST(what_is_too_old_comes_back_after_a_warning)
{
	static const char fates[] =
	    "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	    "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
	    "dddddddddddddddddddddddddddddd";
	struct office office;

	set_up(&office);
	office.scripts[0] = (struct script) { "x.test", fates, 0 };
	add(&office, "alice@office.example", "a@x.test");
	run(&office, 4000);
	ck_assert_ptr_null(office.notification);
	run(&office, 5000);
	ck_assert_uint_eq(office.records[MAIL_NOTIFIED], 1);
	ck_assert_uint_eq(office.records[MAIL_BOUNCED], 0);
	run(&office, 5 * 86400 - 1);
	ck_assert_uint_eq(office.records[MAIL_NOTIFIED], 1);
	run(&office, 5 * 86400 + 4000);
	ck_assert_uint_eq(office.records[MAIL_NOTIFIED], 2);
	ck_assert_uint_eq(office.records[MAIL_BOUNCED], 1);
	ck_assert_uint_eq(waiting(&office), 0);
	tear_down(&office);
}
END_TEST

START_TEST(queue_ids_are_hexadecimal_and_never_the_same)
{
	struct office office;
	char first[QUEUE_ID_BYTES], second[QUEUE_ID_BYTES];

	set_up(&office);
	run(&office, 0);
	mail_queue_new_id(office.queue, first);
	mail_queue_new_id(office.queue, second);
	ck_assert_str_ne(first, second);
	ck_assert_uint_eq(strspn(first, "0123456789ABCDEF"), strlen(first));
	tear_down(&office);
}
END_TEST

/* The notification of one failure, read as MIME by the message module. */
static struct message *compose_with(enum dsn_action action, enum smtp_return returns,
				    GBytes *original)
{
	static const struct dsn_recipient recipients[] = {
		{
                 .address = "nosuch@remote.example",
                 .original = "rfc822;No+2Bsuch@remote.example",
                 .status = "5.1.1",
                 .reason = "host mail.remote.example[203.0.113.70] said: 550 5.1.1 "
			      "<nosuch@remote.example>: Recipient address rejected: User unknown "
			      "(in reply to RCPT TO command)", .remote_host = "mail.remote.example",
                 .reply = "550 5.1.1 <nosuch@remote.example>: Recipient address rejected: User "
			     "unknown", },
		{
                 .address = "late@elsewhere.example",
                 .status = "4.4.1",
                 .reason = "no answer",
                 .is_relayed = true,
		 },
	};

	return message_new(dsn_compose(&(struct dsn) {
			       .action = action,
			       .host_name = "mail.office.example",
			       .software = "mailwire",
			       .queue_id = "69DEE12002",
			       .original_id = "643D212001",
			       .envelope_id = "QQ+2B1",
			       .returns = returns,
			       .sender = "alice@office.example",
			       .unix_time = 1795310098,
			       .arrived_unix_time = 1795310090,
			       .given_up_unix_time = 1795310090 + 5 * 86400,
			       .recipients = recipients,
			       .recipient_count = 2,
			       .original = original,
			   }),
			   0);
}

static struct message *compose(enum dsn_action action, GBytes *original)
{
	return compose_with(action, SMTP_RETURN_UNSAID, original);
}

static const struct message_part *child(const struct message_part *part, unsigned index)
{
	return g_ptr_array_index(part->children, index);
}

static char *body_of(const struct message *message, const struct message_part *part)
{
	struct bytes bytes =
	    bytes_first(bytes_from(message_bytes(message), part->body_offset), part->body_bytes);

	return g_strndup((const char *)bytes.data, bytes.length);
}

START_TEST(a_notification_is_a_report_of_three_parts)
{
	/* Field by field from RFC 3464 sections 2.2 and 2.3. */
	static const char report[] =
	    "Original-Envelope-Id: QQ+1\r\n"
	    "Reporting-MTA: dns; mail.office.example\r\n"
	    "X-mailwire-Queue-ID: 643D212001\r\n"
	    "Arrival-Date: Sun, 22 Nov 2026 01:14:50 +0000 (UTC)\r\n"
	    "\r\n"
	    "Original-Recipient: rfc822; No+such@remote.example\r\n"
	    "Final-Recipient: rfc822; nosuch@remote.example\r\n"
	    "Action: failed\r\n"
	    "Status: 5.1.1\r\n"
	    "Remote-MTA: dns; mail.remote.example\r\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 <nosuch@remote.example>: Recipient\r\n"
	    "    address rejected: User unknown\r\n"
	    "\r\n"
	    "Final-Recipient: rfc822; late@elsewhere.example\r\n"
	    "Action: failed\r\n"
	    "Status: 4.4.1\r\n";
	GBytes *original = g_bytes_new_static(letter, strlen(letter));
	struct message *message = compose(DSN_FAILED, original);
	const struct message_part *top = message_structure(message);
	struct bytes header = message_header_section(message_bytes(message));
	char *text;

	ck_assert_str_eq(top->type, "MULTIPART");
	ck_assert_str_eq(top->subtype, "REPORT");
	ck_assert_uint_eq(top->children->len, 3);
	ck_assert_str_eq(child(top, 0)->subtype, "PLAIN");
	ck_assert_str_eq(child(top, 1)->type, "MESSAGE");
	ck_assert_str_eq(child(top, 1)->subtype, "DELIVERY-STATUS");
	ck_assert_str_eq(child(top, 2)->subtype, "RFC822");
	text = body_of(message, child(top, 1));
	ck_assert_str_eq(text, report);
	g_free(text);
	text = body_of(message, child(top, 2));
	ck_assert_str_eq(text, letter);
	g_free(text);
	text = message_header(header, "To");
	ck_assert_str_eq(text, "alice@office.example");
	g_free(text);
	text = message_header(header, "Auto-Submitted");
	ck_assert_str_eq(text, "auto-replied");
	g_free(text);
	message_free(message);
	g_bytes_unref(original);
}
END_TEST

START_TEST(no_line_of_a_notification_is_too_long)
{
	GBytes *original = g_bytes_new_static(letter, strlen(letter));
	struct message *message = compose(DSN_FAILED, original);
	struct bytes rest = message_bytes(message);

	while (rest.length > 0) {
		const uint8_t *feed = memchr(rest.data, '\n', rest.length);

		ck_assert_ptr_nonnull(feed);
		ck_assert_int_eq(feed[-1], '\r');
		ck_assert_int_le(feed - rest.data, 80);
		rest = bytes_from(rest, (size_t)(feed + 1 - rest.data));
	}
	message_free(message);
	g_bytes_unref(original);
}
END_TEST

static char *last_part(struct message *message, const char *subtype)
{
	const struct message_part *top = message_structure(message);

	ck_assert_uint_eq(top->children->len, 3);
	ck_assert_str_eq(child(top, 2)->subtype, subtype);
	return body_of(message, child(top, 2));
}

/* What the part for people says, its lines joined, has `text` in it. */
static void ck_assert_explains(struct message *message, const char *text)
{
	g_autofree char *body = body_of(message, child(message_structure(message), 0));
	g_auto(GStrv) lines = g_strsplit(body, "\r\n", -1);
	g_autofree char *joined = g_strjoinv(" ", lines);

	ck_assert_msg(strstr(joined, text) != NULL, "no \"%s\" in \"%s\"", text, joined);
}

/* Loop test: the header alone goes back when it is wanted (0), in a warning (1), of success (2). */
START_TEST(only_the_header_goes_back)
{
	static const enum dsn_action actions[] = { DSN_FAILED, DSN_DELAYED, DSN_SUCCEEDED };
	static const enum smtp_return returns[] = { SMTP_RETURN_HEADERS, SMTP_RETURN_UNSAID,
						    SMTP_RETURN_FULL };
	GBytes *original = g_bytes_new_static("Subject: x\r\n\r\ntext\r\n", 20);
	struct message *message = compose_with(actions[_i], returns[_i], original);
	char *body = last_part(message, "RFC822-HEADERS");

	ck_assert_str_eq(body, "Subject: x\r\n\r\n");
	if (_i == 0)
		ck_assert_explains(message, "Its header is returned to you");
	g_free(body);
	message_free(message);
	g_bytes_unref(original);
}
END_TEST

/* A text (0) and a multipart (1) whose parts were longer; all of it with RET=FULL (2). */
START_TEST(of_a_long_message_the_first_part_goes_back)
{
	GString *text = g_string_new(_i == 1 ? "Subject: long\r\nMIME-Version: 1.0\r\n"
					       "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
					       "--b\r\nContent-Type: text/plain\r\n\r\nshort\r\n"
					       "--b\r\nContent-Type: text/plain\r\n\r\n"
					     : "Subject: long\r\n\r\n");

	while (text->len <= DSN_ORIGINAL_MAX)
		g_string_append(text, "0123456789012345\r\n");
	if (_i == 1)
		g_string_append(text, "--b\r\nContent-Type: text/plain\r\n\r\nthird\r\n--b--\r\n");

	gsize length = text->len;
	GBytes *original = g_string_free_to_bytes(text);
	struct message *message =
	    compose_with(DSN_FAILED, _i == 2 ? SMTP_RETURN_FULL : SMTP_RETURN_UNSAID, original);
	char *body = last_part(message, "RFC822");
	const struct message_part *inside = child(child(message_structure(message), 2), 0);

	ck_assert(_i == 2 ? strlen(body) == length : strlen(body) <= DSN_ORIGINAL_MAX + 20);
	ck_assert_uint_gt(strlen(body), DSN_ORIGINAL_MAX - 20);
	if (_i == 1) {
		ck_assert_uint_eq(inside->children->len, 2);
		ck_assert(g_str_has_suffix(body, "\r\n--b--\r\n"));
	} else {
		ck_assert(g_str_has_suffix(body, "\r\n0123456789012345\r\n"));
	}

	size_t kept = strlen(body) - (_i == 1 ? strlen("--b--\r\n") : 0);
	g_autofree char *cut =
	    g_strdup_printf("It is %zu octets long; not all of it, but the first "
			    "%zu octets of it are returned to you",
			    (size_t)length, kept);

	ck_assert_explains(message, _i == 2 ? "It is returned to you" : cut);
	g_free(body);
	message_free(message);
	g_bytes_unref(original);
}
END_TEST

START_TEST(a_report_of_success_tells_delivered_from_relayed)
{
	GBytes *original = g_bytes_new_static(letter, strlen(letter));
	struct message *message = compose(DSN_SUCCEEDED, original);
	char *report = body_of(message, child(message_structure(message), 1));

	ck_assert_ptr_nonnull(strstr(report, "nosuch@remote.example\r\nAction: delivered\r\n"));
	ck_assert_ptr_nonnull(strstr(report, "late@elsewhere.example\r\nAction: relayed\r\n"));
	g_free(report);
	message_free(message);
	g_bytes_unref(original);
}
END_TEST

/* What senders wish, how the attempts end, and how many notifications there are (RFC 3461 4.1). */
static const struct {
	unsigned notify;
	const char *fates;
	unsigned notified;
} wishes[] = {
	{0,					"s",     0},
	{ 0,				       "f",     1},
	{ SMTP_NOTIFY_SUCCESS,                     "s",     1},
	{ SMTP_NOTIFY_SUCCESS,                     "f",     0},
	{ SMTP_NOTIFY_NEVER,                       "f",     0},
	{ SMTP_NOTIFY_FAILURE,                     "f",     1},
	{ SMTP_NOTIFY_FAILURE,                     "ddddd", 0},
	{ SMTP_NOTIFY_DELAY,                       "ddddd", 1},
	{ SMTP_NOTIFY_DELAY | SMTP_NOTIFY_SUCCESS, "ddddd", 2},
};

START_TEST(senders_are_told_what_they_wish_to_know)
{
	struct office office;
	struct smtp_recipient_wish wish = { wishes[_i].notify, NULL };
	GBytes *data = g_bytes_new_static(letter, strlen(letter));

	set_up(&office);
	office.scripts[0] = (struct script) { "x.test", wishes[_i].fates, 0 };
	mail_queue_add(office.queue, &(struct mail_envelope) {
					 .queue_id = "1",
					 .identity = {1,  1 },
					 .sender = "alice@office.example",
					 .recipients = (const char *const[]) { "a@x.test"},
					 .wishes = &wish,
					 .recipient_count = 1,
					 .data = data,
        });
	run(&office, 10000);
	ck_assert_uint_eq(waiting(&office), 0);
	ck_assert_uint_eq(office.records[MAIL_NOTIFIED], wishes[_i].notified);
	g_bytes_unref(data);
	tear_down(&office);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queue");
	TCase *tcase = tcase_create("queue");

	tcase_add_test(tcase, recipients_of_one_domain_are_one_job);
	tcase_add_test(tcase, pauses_double_up_to_the_longest);
	tcase_add_test(tcase, only_those_deferred_are_tried_again);
	tcase_add_test(tcase, jobs_may_be_answered_later_and_in_any_order);
	tcase_add_test(tcase, a_failure_is_told_to_the_sender_once_for_all_recipients);
	tcase_add_test(tcase, a_notification_that_fails_is_dropped);
	tcase_add_test(tcase, what_is_too_old_comes_back_after_a_warning);
	tcase_add_test(tcase, queue_ids_are_hexadecimal_and_never_the_same);
	tcase_add_test(tcase, a_notification_is_a_report_of_three_parts);
	tcase_add_test(tcase, no_line_of_a_notification_is_too_long);
	tcase_add_loop_test(tcase, only_the_header_goes_back, 0, 3);
	tcase_add_loop_test(tcase, of_a_long_message_the_first_part_goes_back, 0, 3);
	tcase_add_test(tcase, a_report_of_success_tells_delivered_from_relayed);
	tcase_add_loop_test(tcase, senders_are_told_what_they_wish_to_know, 0,
			    G_N_ELEMENTS(wishes));
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
