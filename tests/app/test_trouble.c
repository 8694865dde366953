/* What goes wrong on the way, and what TCP does about it: named in the log and in comments. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "tests/app/program.h"
#include "views/capture_reader.h"

/* The block of the log that begins with `title`; freed by the caller. */
static char *block_of(const char *log, const char *title)
{
	const char *at = strstr(log, title), *end;

	ck_assert_msg(at != NULL, "nothing in the log begins with \"%s\"", title);
	end = strstr(at, "\n\n");
	return g_strndup(at, end == NULL ? strlen(at) : (gsize)(end - at));
}

static void has(const char *block, const char *words)
{
	ck_assert_msg(strstr(block, words) != NULL, "no \"%s\" in:\n%s", words, block);
}

static void lacks(const char *block, const char *words)
{
	ck_assert_msg(strstr(block, words) == NULL, "\"%s\" in:\n%s", words, block);
}

/* The first of three segments of a message is lost. */
#define LOST "impairments=[{link: alice-pc, direction: out, drop-frames: [56]}]"

START_TEST(what_is_early_is_held_and_not_delivered)
{
	struct outcome *run = program_run("run", "office", "--set", LOST, NULL);
	g_autofree char *early = block_of(run->out, "receives: alice-pc (MUA) to mail (MSA): 1448");
	g_autofree char *filler =
	    block_of(run->out, "receives: alice-pc (MUA) to mail (MSA) again, SMTP: Date: Mon");
	g_autofree char *duplicate = block_of(run->out, "mail (MSA) acknowledges again what");

	has(early, "OUT OF ORDER: held until bytes 350 to 1797 have come");
	lacks(early, "deliver ");
	has(filler, "fills a gap:");
	has(filler, "1945 B held behind it follow");
	has(filler, "deliver     SMTP            Date: Mon");
	ck_assert_uint_eq(count_in(filler, "\n    held      SMTP "), 2);
	has(duplicate, "SACK of bytes 1798 to 3245");
	has(duplicate, "duplicate acknowledgment");
	outcome_free(run);
}
END_TEST

/* Counts the comments of the frames that begin and end so. */
static unsigned comments_like(struct bytes capture, const char *begin, const char *end)
{
	struct capture_reader *reader = capture_reader_new(capture);
	struct captured_frame frame;
	unsigned count = 0;

	while (capture_reader_next(reader, &frame) == CAPTURE_READ_FRAME) {
		g_autofree char *comment =
		    g_strndup((const char *)frame.comments[0].data, frame.comments[0].length);

		count += g_str_has_prefix(comment, begin) && g_str_has_suffix(comment, end);
	}
	capture_reader_free(reader);
	return count;
}

static const struct {
	const char *begin, *end;
} comments[] = {
	{"alice-pc (MUA) to mail (MSA) again, SMTP: Date: Mon",
         "— A later segment has arrived, so this one must be lost: it is sent again"},
	{ "mail (MSA) acknowledges again what alice-pc (MUA) sent up to byte 349 (duplicate ACK), "
	  "and has bytes "
	  "1798 to "
	  "3742 (SACK)",			       "— Something came out of order or twice: the acknowledgment says again which byte is "
	  "missing"				  },
	{ "alice-pc asks which MAC address has 192.0.2.1 (gw)",
         "— It asks the MAC address that it has, to learn whether that still holds" },
};

START_TEST(comments_say_why)
{
	struct outcome *run =
	    program_run("run", "office", "--set", LOST, "-q", "--pcap", "-", NULL);
	struct bytes capture = { (const uint8_t *)run->out, run->out_bytes };

	for (size_t i = 0; i < G_N_ELEMENTS(comments); i++)
		ck_assert_msg(comments_like(capture, comments[i].begin, comments[i].end) > 0,
			      "no frame says \"%s ... %s\"", comments[i].begin, comments[i].end);
	outcome_free(run);
}
END_TEST

/* The filter lets no SYN through; each is another one, and says so. */
START_TEST(each_attempt_to_connect_says_that_it_is_another)
{
	struct outcome *run = program_run("run", "port25", "-q", "--pcap", "-", NULL);
	struct bytes capture = { (const uint8_t *)run->out, run->out_bytes };

	ck_assert_uint_eq(comments_like(capture, "alice-pc (MUA) tries again to open a TCP",
					"so TCP takes the SYN for lost and sends it again"),
			  6);
	ck_assert_uint_gt(comments_like(capture, "alice-pc (MUA) opens a TCP connection", ")"), 0);
	outcome_free(run);
}
END_TEST

/* A question that waits for a MAC address goes out because of the answer, and is told behind it. */
START_TEST(what_was_waited_for_is_told_first)
{
	struct outcome *run = program_run("run", "hello", "--unfold", NULL);
	const char *answer = strstr(run->out, "receives: dns answers alice-pc: 192.0.2.13 is at");
	const char *question = strstr(run->out, "alice-pc (MUA) asks dns (DNS) for A of smtp");

	ck_assert_ptr_nonnull(answer);
	ck_assert_ptr_nonnull(question);
	ck_assert_msg(answer < question, "the question is told before what let it go");
	outcome_free(run);
}
END_TEST

/* A cable of 100 kbit/s, on which three pings are sent at once. */
#define SLOW                                                                                       \
	"mailwire: 1\ntitle: slow\n"                                                               \
	"networks:\n  a: {kind: link, subnet: 10.0.0.0/30, rate: 100kbps, delay: 1ms}\n"           \
	"hosts: {p: , q: }\n"                                                                      \
	"timeline:\n"                                                                              \
	" - {at: 1s, who: p, do: ping, target: q, count: 1}\n"                                     \
	" - {at: 2s, who: p, do: ping, target: q, count: 1, size: 1000B}\n"                        \
	" - {at: 2s, who: p, do: ping, target: q, count: 1}\n"

START_TEST(frames_that_wait_for_others_say_how_long)
{
	char *folder = folder_new(), *path = scenario_write(folder, SLOW);
	struct outcome *run = program_run("run", path, NULL);
	g_autofree char *first = block_of(run->out, "p pings q with 1000 bytes");
	g_autofree char *second = block_of(strstr(run->out, first), "p pings q with 56 bytes");

	lacks(first, "behind other frames");
	has(second, "queue       Link            85.280 ms behind other frames");
	outcome_free(run);
	g_free(path);
	folder_remove(folder);
}
END_TEST

/* The first segment of the message is lost: what came behind it is held, and all of it unacknowledged. */
START_TEST(state_shows_what_waits_in_sockets_and_interfaces)
{
	char *folder = folder_new(), *slow = scenario_write(folder, SLOW);
	GBytes *office = file_read("scenarios/office.yaml");
	g_autofree char *text = g_strdup_printf(
	    "%.*s\nimpairments: [{link: alice-pc, direction: out, drop-frames: [56]}]\n",
	    (int)g_bytes_get_size(office), (const char *)g_bytes_get_data(office, NULL));
	struct outcome *queue, *before, *behind, *done;

	queue = program_run("state", slow, "--at", "2.05s", "--host", "p", NULL);
	behind = program_run("state", slow, "--at", "2.2s", "--host", "p", NULL);
	has(queue->out,
	    "  transmit queues\n    eth0  1 frame, 98 bytes; the last leaves in 35.290 ms\n");
	lacks(behind->out, "transmit queues");
	outcome_free(queue);
	outcome_free(behind);
	g_free(slow);
	slow = scenario_write(folder, text);
	before = program_run("state", slow, "--at", "40.00217s", "--host", "alice-pc,mail", NULL);
	done = program_run("state", slow, "--at", "40.00231s", "--host", "alice-pc,mail", NULL);
	has(before->out, "; send queue 3393 bytes\n");
	has(before->out, "; 1945 bytes held behind a gap\n");
	lacks(done->out, "held behind a gap");
	lacks(done->out, "send queue");
	outcome_free(before);
	outcome_free(done);
	g_bytes_unref(office);
	g_free(slow);
	folder_remove(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trouble");
	TCase *tests = tcase_create("trouble");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, what_is_early_is_held_and_not_delivered);
	tcase_add_test(tests, frames_that_wait_for_others_say_how_long);
	tcase_add_test(tests, what_was_waited_for_is_told_first);
	tcase_add_test(tests, state_shows_what_waits_in_sockets_and_interfaces);
	tcase_add_test(tests, comments_say_why);
	tcase_add_test(tests, each_attempt_to_connect_says_that_it_is_another);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
