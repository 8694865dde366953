/*
 * Simulated hosts look on the wire like real ones. The facts were observed between Linux hosts with
 * Postfix, Dovecot, dnsmasq and common mail clients on the same kind of network as the office has.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "tests/app/program.h"
#include "tests/views/tshark.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { SMTP = 25, SUBMISSION = 587, POP3 = 110, IMAP = 143 };

struct segment {
	unsigned number, stream, source, destination, length, flags, id, total, window;
	bool dont_fragment;
	char *kinds;   /* of its options: "2,4,8,1,3" */
	char *payload; /* ended by NUL */
};

static GArray *segments; /* of struct segment: of the office run, in order */
static char *folder, *path;

static char *text_of_hex(const char *hex)
{
	size_t length = strlen(hex) / 2;
	char *text = g_malloc(length + 1);

	for (size_t i = 0; i < length; i++)
		text[i] = (char)(g_ascii_xdigit_value(hex[2 * i]) << 4 |
				 g_ascii_xdigit_value(hex[2 * i + 1]));
	text[length] = '\0';
	return text;
}

static unsigned number(const char *text)
{
	return (unsigned)strtoul(text, NULL, 0);
}

static void read_segment(const char *line)
{
	g_auto(GStrv) f = g_strsplit(line, "\t", -1);

	ck_assert_uint_eq(g_strv_length(f), 12);
	g_array_append_val(segments, ((struct segment) {
					 .number = number(f[0]),
					 .stream = number(f[1]),
					 .source = number(f[2]),
					 .destination = number(f[3]),
					 .length = number(f[4]),
					 .flags = number(f[5]),
					 .id = number(f[6]),
					 .total = number(f[7]),
					 .window = number(f[8]),
					 .dont_fragment = number(f[9]) == 1,
					 .kinds = g_strdup(f[10]),
					 .payload = text_of_hex(f[11]),
				     }));
}

static void set_up(void)
{
	static const char *const arguments[] = {
		"-T", "fields",
		"-Y", "tcp",
		"-e", "frame.number",
		"-e", "tcp.stream",
		"-e", "tcp.srcport",
		"-e", "tcp.dstport",
		"-e", "tcp.len",
		"-e", "tcp.flags",
		"-e", "ip.id",
		"-e", "ip.len",
		"-e", "tcp.window_size_value",
		"-e", "ip.flags.df",
		"-e", "tcp.option_kind",
		"-e", "tcp.payload",
		"-r", NULL,
	};
	struct outcome *outcome;

	folder = folder_new();
	path = path_in(folder, "office.pcapng");
	outcome = program_run("run", "office", "--quiet", "--pcap", path, NULL);
	ck_assert_status(outcome, 0);
	outcome_free(outcome);
	segments = g_array_new(FALSE, FALSE, sizeof(struct segment));
	if (!tshark_has_program("tshark"))
		return;

	g_autofree char *text = tshark_run("tshark", arguments, path);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (guint i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++)
		read_segment(lines[i]);
	ck_assert_uint_gt(segments->len, 100);
}

static void tear_down(void)
{
	for (guint i = 0; i < segments->len; i++) {
		g_free(g_array_index(segments, struct segment, i).kinds);
		g_free(g_array_index(segments, struct segment, i).payload);
	}
	g_array_free(segments, TRUE);
	g_free(path);
	folder_remove(folder);
}

static const struct segment *at(guint index)
{
	return &g_array_index(segments, struct segment, index);
}

static bool is_to(const struct segment *segment, unsigned port)
{
	return segment->destination == port;
}

static bool is_smtp_server(unsigned port)
{
	return port == SMTP || port == SUBMISSION;
}

/* The next segment of the same connection in order of sending, from `index` + 1 on; NULL: none. */
static const struct segment *next_of(guint index)
{
	for (guint i = index + 1; i < segments->len; i++)
		if (at(i)->stream == at(index)->stream)
			return at(i);
	return NULL;
}

static guint index_of(const struct segment *segment)
{
	return (guint)(segment - at(0));
}

START_TEST(syn_and_its_answer_have_60_bytes_and_the_options_in_linux_order)
{
	unsigned count = 0;

	for (guint i = 0; i < segments->len; i++) {
		const struct segment *s = at(i);

		if (!(s->flags & SYN))
			continue;
		count++;
		ck_assert_uint_eq(s->total, 60);
		ck_assert(s->dont_fragment);
		ck_assert_str_eq(s->kinds, "2,4,8,1,3"); /* MSS, SACK, timestamps, NOP, scale */
		ck_assert_uint_eq(s->window, s->flags & ACK ? 65160 : 64240);
		if (s->flags & ACK)
			ck_assert_uint_eq(s->id, 0);
	}
	ck_assert(count > 0 || segments->len == 0);
}
END_TEST

START_TEST(segments_carry_1448_bytes_and_push_ends_a_write)
{
	unsigned full = 0;

	for (guint i = 0; i < segments->len; i++) {
		const struct segment *s = at(i);

		if (s->length == 0)
			continue;
		ck_assert_uint_le(s->length, 1448);
		ck_assert_str_eq(s->kinds, "1,1,8");
		full += s->length == 1448;
		if (s->length < 1448)
			ck_assert_msg(s->flags & PSH, "frame %u has no PSH", s->number);
		else
			ck_assert_msg(!(s->flags & PSH), "frame %u has PSH", s->number);
	}
	ck_assert(full >= 2 || segments->len == 0); /* the document that Alice attaches */
}
END_TEST

START_TEST(ehlo_is_acknowledged_at_once_and_answered_in_one_segment)
{
	unsigned count = 0;

	for (guint i = 0; i < segments->len; i++) {
		const struct segment *ehlo = at(i), *ack, *reply;

		if (!is_smtp_server(ehlo->destination) || !g_str_has_prefix(ehlo->payload, "EHLO "))
			continue;
		count++;
		ack = next_of(i);
		ck_assert_uint_eq(ack->source, ehlo->destination);
		ck_assert_uint_eq(ack->length, 0);
		reply = next_of(index_of(ack));
		ck_assert_uint_eq(reply->source, ehlo->destination);
		ck_assert(g_str_has_prefix(reply->payload, "250-"));
		ck_assert_ptr_nonnull(strstr(reply->payload, "\r\n250 "));
		ck_assert(g_str_has_suffix(reply->payload, "\r\n"));
	}
	ck_assert(count >= 3 || segments->len == 0);
}
END_TEST

START_TEST(greetings_are_one_segment)
{
	static const struct {
		unsigned port;
		const char *text;
	} greetings[] = {
		{SMTP,        "220 "                      },
		{ SUBMISSION, "220 "                      },
		{ POP3,       "+OK"                       },
		{ IMAP,       "* OK [CAPABILITY IMAP4rev1"}
	};

	for (guint i = 0; i < segments->len; i++) {
		const struct segment *greeting = at(i);

		if (!(greeting->flags & SYN) || !(greeting->flags & ACK))
			continue;
		while (greeting != NULL &&
		       (greeting->length == 0 || greeting->source != at(i)->source))
			greeting = next_of(index_of(greeting));
		ck_assert_ptr_nonnull(greeting);
		for (size_t g = 0; g < G_N_ELEMENTS(greetings); g++)
			if (greeting->source == greetings[g].port)
				ck_assert(g_str_has_prefix(greeting->payload, greetings[g].text));
		ck_assert(g_str_has_suffix(greeting->payload, "\r\n"));
	}
}
END_TEST

static unsigned lines_of(const char *text)
{
	unsigned count = 0;

	for (; (text = strstr(text, "\r\n")) != NULL; text += 2)
		count++;
	return count;
}

START_TEST(servers_pipeline_the_envelope_and_the_replies_come_together)
{
	unsigned count = 0;

	for (guint i = 0; i < segments->len; i++) {
		const struct segment *s = at(i), *reply;

		if (!is_to(s, SMTP) || !g_str_has_prefix(s->payload, "MAIL FROM:"))
			continue;
		count++;
		ck_assert_ptr_nonnull(strstr(s->payload, "\r\nRCPT TO:"));
		ck_assert_ptr_nonnull(strstr(s->payload, "> ORCPT=rfc822;"));
		ck_assert(g_str_has_suffix(s->payload, "\r\nDATA\r\n"));
		reply = next_of(i);
		ck_assert_uint_eq(reply->source, SMTP);
		ck_assert_uint_eq(lines_of(reply->payload), 3);
		ck_assert(g_str_has_prefix(reply->payload, "250 2.1.0"));
		ck_assert_ptr_nonnull(strstr(reply->payload, "\r\n354 "));
	}
	ck_assert(count == 2 || segments->len == 0);
}
END_TEST

START_TEST(a_small_message_goes_with_its_dot_and_quit_in_one_segment)
{
	unsigned count = 0;

	for (guint i = 0; i < segments->len; i++) {
		const struct segment *s = at(i);

		if (!is_to(s, SMTP) || !g_str_has_prefix(s->payload, "Received: "))
			continue;
		count++;
		ck_assert(g_str_has_suffix(s->payload, "\r\n.\r\nQUIT\r\n"));
	}
	ck_assert(count == 2 || segments->len == 0);
}
END_TEST

START_TEST(after_quit_the_smtp_server_closes_first_by_a_segment_of_its_own)
{
	unsigned count = 0;

	for (guint i = 0; i < segments->len; i++) {
		const struct segment *bye = at(i), *fin;

		if (!is_smtp_server(bye->source) || strstr(bye->payload, "221 2.0.0") == NULL)
			continue;
		count++;
		ck_assert(!(bye->flags & FIN));
		fin = next_of(i);
		ck_assert_uint_eq(fin->source, bye->source);
		ck_assert_uint_eq(fin->flags, FIN | ACK);
		ck_assert_uint_eq(fin->length, 0);
		fin = next_of(index_of(fin));
		ck_assert_uint_eq(fin->destination, bye->source);
		ck_assert_uint_eq(fin->flags, FIN | ACK);
		ck_assert_uint_eq(next_of(index_of(fin))->flags, ACK);
	}
	ck_assert(count >= 5 || segments->len == 0);
}
END_TEST

START_TEST(imap_tells_more_after_login)
{
	unsigned count = 0;

	for (guint i = 0; i < segments->len; i++) {
		const struct segment *s = at(i);

		if (s->source != IMAP || !g_str_has_prefix(s->payload, "a1 OK [CAPABILITY"))
			continue;
		count++;
		ck_assert_ptr_nonnull(strstr(s->payload, "UIDPLUS"));
		ck_assert_ptr_null(strstr(s->payload, "AUTH="));
	}
	ck_assert(count >= 2 || segments->len == 0);
}
END_TEST

/* Rows of fields of all frames that `filter` keeps. */
static GPtrArray *rows_of(const char *filter, const char *const *fields)
{
	g_autoptr(GPtrArray) arguments = g_ptr_array_new();
	GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	g_auto(GStrv) lines = NULL;
	g_autofree char *text = NULL;

	g_ptr_array_add(arguments, (char *)"-Tfields");
	g_ptr_array_add(arguments, (char *)"-Y");
	g_ptr_array_add(arguments, (char *)filter);
	for (; *fields != NULL; fields++) {
		g_ptr_array_add(arguments, (char *)"-e");
		g_ptr_array_add(arguments, (char *)*fields);
	}
	g_ptr_array_add(arguments, (char *)"-r");
	g_ptr_array_add(arguments, NULL);
	text = tshark_run("tshark", (const char *const *)arguments->pdata, path);
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++)
		g_ptr_array_add(rows, g_strsplit(lines[i], "\t", -1));
	return rows;
}

START_TEST(arp_asks_all_and_is_answered_alone_before_anything_else)
{
	static const char *const fields[] = { "frame.number", "arp.opcode", "eth.dst", NULL };
	g_autoptr(GPtrArray) rows = NULL;

	if (segments->len == 0)
		return;
	rows = rows_of("arp", fields);
	ck_assert_uint_gt(rows->len, 10);
	ck_assert_str_eq(((char **)rows->pdata[0])[0], "1");
	for (guint i = 0; i < rows->len; i++) {
		char **row = rows->pdata[i];

		if (strcmp(row[1], "2") == 0)
			ck_assert_str_ne(row[2], "ff:ff:ff:ff:ff:ff");
		else if (strcmp(((char **)rows->pdata[0])[2], row[2]) != 0)
			/* A neighbour that is known but not used for long is probed directly. */
			ck_assert_int_ne(row[2][0], 'f');
	}
}
END_TEST

START_TEST(mail_servers_ask_for_mx_then_for_its_address)
{
	static const char *const questions[] = { "dns.qry.name", "dns.qry.type", "ip.src", NULL };
	static const char *const answers[] = { "dns.count.answers", "dns.count.add_rr", NULL };
	g_autoptr(GPtrArray) asked = NULL, answered = NULL;
	int mx = -1, address = -1;

	if (segments->len == 0)
		return;
	asked = rows_of("dns.flags.response == 0 && ip.src == 192.0.2.74", questions);
	for (guint i = 0; i < asked->len; i++) {
		char **row = asked->pdata[i];

		if (mx < 0 && strcmp(row[1], "15") == 0 && strcmp(row[0], "remote.example") == 0)
			mx = (int)i;
		if (address < 0 && strcmp(row[1], "1") == 0 &&
		    strcmp(row[0], "mail.remote.example") == 0)
			address = (int)i;
	}
	ck_assert_int_ge(mx, 0);
	ck_assert_int_gt(address, mx);
	answered = rows_of(
	    "dns.flags.response == 1 && dns.qry.type == 15 && ip.src == 203.0.113.75", answers);
	ck_assert_uint_gt(answered->len, 0);
	ck_assert_str_eq(((char **)answered->pdata[0])[0], "1");
	ck_assert_str_ne(((char **)answered->pdata[0])[1], "0");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reality");
	TCase *tests = tcase_create("reality");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, syn_and_its_answer_have_60_bytes_and_the_options_in_linux_order);
	tcase_add_test(tests, segments_carry_1448_bytes_and_push_ends_a_write);
	tcase_add_test(tests, ehlo_is_acknowledged_at_once_and_answered_in_one_segment);
	tcase_add_test(tests, greetings_are_one_segment);
	tcase_add_test(tests, servers_pipeline_the_envelope_and_the_replies_come_together);
	tcase_add_test(tests, a_small_message_goes_with_its_dot_and_quit_in_one_segment);
	tcase_add_test(tests, after_quit_the_smtp_server_closes_first_by_a_segment_of_its_own);
	tcase_add_test(tests, imap_tells_more_after_login);
	tcase_add_test(tests, arp_asks_all_and_is_answered_alone_before_anything_else);
	tcase_add_test(tests, mail_servers_ask_for_mx_then_for_its_address);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
