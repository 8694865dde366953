/* Runs, and real programs on their network, field by field: our dissection against tshark's. */
#include <check.h>
#include <stdio.h>
#include "app/dissectors.h"
#include "tests/app/program.h"
#include "tests/views/tshark_fields.h"
#include "views/capture_reader.h"

static char *folder, *path;

static void set_up(void)
{
	folder = folder_new();
	path = path_in(folder, "office.pcapng");
}

static void tear_down(void)
{
	g_free(path);
	folder_remove(folder);
}

static bool capture_office(void)
{
	struct outcome *outcome = program_run("run", "office", "--quiet", "--pcap", path, NULL);

	ck_assert_status(outcome, 0);
	outcome_free(outcome);
	return true;
}

/* The kernel's TCP, ARP and IPv6, ping, and Python's mail and DNS clients. */
static bool capture_real_programs(void)
{
	static const char script[] =
	    "import imaplib, poplib, smtplib, socket, subprocess\n"
	    "s = smtplib.SMTP('mail.office.example', 587)\n"
	    "s.login('carol@office.example', 'christmas')\n"
	    "s.sendmail('carol@office.example', ['carol@office.example'],\n"
	    "           'Subject: real\\r\\n\\r\\n' + 'A line.\\r\\n.dot\\r\\n' * 5000)\n"
	    "s.quit()\n"
	    "p = poplib.POP3('mail.office.example')\n"
	    "p.user('carol@office.example'); p.pass_('christmas'); p.list(); p.quit()\n"
	    "i = imaplib.IMAP4('mail.office.example')\n"
	    "i.login('carol@office.example', 'christmas'); i.select(); i.logout()\n"
	    "try: socket.create_connection(('mail.office.example', 4), 2)\n"
	    "except OSError: pass\n"
	    "u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
	    "u.sendto(b'x' * 4000, (socket.gethostbyname('mail.office.example'), 9))\n";
	struct outcome *outcome =
	    program_run("shell", "office", "--pcap", path, "--", "python3", "-c", script, NULL);
	bool has_run = outcome->status == 0;

	if (!has_run)
		printf("skipped: no shell on a simulated network here: %.200s\n", outcome->err);
	ck_assert(has_run || g_getenv("MAILWIRE_CI") == NULL);
	outcome_free(outcome);
	return has_run;
}

static bool (*const captures[])(void) = { capture_office, capture_real_programs };

START_TEST(every_field_of_every_frame_is_where_tshark_finds_it)
{
	static struct decode decode;
	g_autoptr(GPtrArray) theirs = NULL;
	GBytes *file;
	struct capture_reader *reader;
	struct captured_frame frame;
	unsigned count = 0, compared = 0;

	if (!tshark_has_program("tshark"))
		return;
	if (!captures[_i]())
		return;
	file = file_read(path);
	theirs = tshark_dissect(path);
	reader = capture_reader_new(
	    (struct bytes) { g_bytes_get_data(file, NULL), g_bytes_get_size(file) });
	for (; capture_reader_next(reader, &frame) == CAPTURE_READ_FRAME; count++) {
		char name[32];

		g_snprintf(name, sizeof name, "frame %u", count + 1);
		if (count >= theirs->len)
			ck_abort_msg("tshark has only %u frames", theirs->len);
		decode_frame(frame.bytes, all_dissectors, &decode);
		for (unsigned f = 0; f < decode.field_count; f++, compared++)
			tshark_compare_field(name, &decode, &decode.fields[f],
					     theirs->pdata[count]);
		tshark_compare_checksums(name, &decode, theirs->pdata[count]);
	}
	ck_assert_ptr_null(capture_reader_damage(reader)->end);
	ck_assert_uint_eq(capture_reader_damage(reader)->places, 0);
	ck_assert_uint_eq(count, theirs->len);
	/* A TCP segment has 3 fields of Ethernet, 13 of IPv4 and at least 15 of TCP. */
	ck_assert_uint_gt(compared, 20 * count);
	ck_assert_uint_gt(count, 100);
	capture_reader_free(reader);
	g_bytes_unref(file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dissection");
	TCase *tests = tcase_create("dissection");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, every_field_of_every_frame_is_where_tshark_finds_it, 0,
			    G_N_ELEMENTS(captures));
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
