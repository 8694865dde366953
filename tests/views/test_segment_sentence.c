/* What is said of segments of captures, where it takes more than their headers to know. */
#include <check.h>
#include <stdlib.h>
#include "app/dissectors.h"
#include "stack/wire/ethernet.h"
#include "tests/views/segments.h"
#include "views/sentence.h"
#include "views/streams.h"

enum { FIN = TCP_FIN, SYN = TCP_SYN, RST = TCP_RST, PSH = TCP_PSH, ACK = TCP_ACK, URG = TCP_URG };
enum { ROOM = 1000, SEGMENTS_MAX = 12 };

#define C "192.0.2.1"
#define S "192.0.2.2"

struct step {
	char from; /* 'C' or 'S'; 0: there are no more */
	uint32_t sequence, acknowledgment;
	unsigned flags;
	uint16_t window;
	const char *payload;
	const char *said; /* NULL: that is of no interest */
};

/* The client's bytes begin at 101, the server's at 501. */
#define HANDSHAKE                                                                                  \
	{ 'C', 100, 0, SYN, ROOM, NULL, C " opens a TCP connection to " S " port 25 (smtp)" },     \
	    { 'S',                                                                                 \
	      500,                                                                                 \
	      101,                                                                                 \
	      SYN | ACK,                                                                           \
	      ROOM,                                                                                \
	      NULL,                                                                                \
	      S " agrees to the connection and sends its own SYN" },                               \
	    { 'C', 101, 501, ACK, ROOM, NULL, C " completes the three-way handshake with " S },    \
	{                                                                                          \
		'C', 101, 501, ACK, ROOM, "NOOP\r\n", C " to " S ", SMTP: NOOP"                    \
	}

#define ACKNOWLEDGES S " acknowledges what " C " sent up to byte 6"
#define AGAIN        S " acknowledges again what " C " sent up to byte 6"
#define PROBES       C " asks whether " S " has room again (window probe)"

static const struct {
	const char *name;
	struct step steps[SEGMENTS_MAX];
} rows[] = {
	{"a closed window is asked for, as Linux does, and opens",
         { HANDSHAKE,
	    { 'S', 501, 107, ACK, 0, NULL,
	      ACKNOWLEDGES ", and has no room for more (zero window)" },
	    { 'C', 106, 501, ACK, ROOM, NULL, PROBES },
	    { 'S', 501, 107, ACK, 0, NULL,
	      ACKNOWLEDGES ", and has no room for more (zero window)" },
	    { 'S', 501, 107, ACK, 600, NULL,
	      ACKNOWLEDGES ", and has room for 600 bytes (window update)" },
	    { 'C', 106, 501, ACK, ROOM, NULL, C " asks whether " S " is still there (keep-alive)" },
	    { 'S', 501, 107, ACK, 600, NULL, AGAIN " (duplicate ACK)" } }                       },
	{ "a closed window is asked for by a byte, which comes again",
         { HANDSHAKE,
	    { 'S', 501, 107, ACK, 0, NULL, NULL },
	    { 'C', 107, 501, ACK, ROOM, "R", PROBES },
	    { 'S', 501, 107, ACK, 0, NULL, NULL },
	    { 'C', 107, 501, ACK, ROOM, "R", PROBES },
	    { 'S', 501, 108, ACK, 1, NULL, S " acknowledges what " C " sent up to byte 7" },
	    { 'C', 108, 501, ACK, ROOM, "S", C " to " S ", SMTP: part of a line: RS" } }        },
	{ "what is lost is asked for by the same ACK again",
         { HANDSHAKE,
	    { 'S', 501, 107, ACK, ROOM, NULL, ACKNOWLEDGES },
	    { 'C', 113, 501, ACK, ROOM, "QUIT\r\n",
	      C " to " S ": 6 bytes, while some before them have not come yet" },
	    { 'S', 501, 107, ACK, ROOM, NULL, AGAIN " (duplicate ACK)" },
	    { 'S', 501, 107, ACK, ROOM, NULL, AGAIN " (duplicate ACK)" },
	    { 'S', 501, 107, ACK, 900, NULL, ACKNOWLEDGES } }                                   },
	{ "an ACK of an earlier connection begins nothing",
         { { 'C', 100, 0, SYN, ROOM, NULL, NULL },
	    { 'S', 7000, 4000000000, ACK, ROOM, NULL,
	      S " sends " C " an ACK for an earlier connection of these ports (challenge ACK)" },
	    { 'C', 4000000000, 0, RST, 0, NULL, C " resets the connection with " S },
	    { 'S', 500, 101, SYN | ACK, ROOM, NULL,
	      S " agrees to the connection and sends its own SYN" },
	    { 'C', 101, 501, ACK, ROOM, NULL, NULL },
	    { 'S', 501, 101, ACK, ROOM, "220 hi\r\n", S " to " C ", SMTP: 220 hi" } }           },
	{ "both open at once",
         { { 'C', 100, 0, SYN, ROOM, NULL, C " opens a TCP connection to " S " port 25 (smtp)" },
	    { 'S', 500, 0, SYN, ROOM, NULL,
	      S " opens a TCP connection to " C
		" port 1025, as that does at the same time (simultaneous open)" },
	    { 'C', 100, 501, SYN | ACK, ROOM, NULL,
	      C " agrees to the connection, whose SYN was on its way as well (simultaneous open)" },
	    { 'S', 500, 101, SYN | ACK, ROOM, NULL,
	      S " agrees to the connection, whose SYN was on its way as well (simultaneous open)" },
	    { 'S', 500, 101, SYN | ACK, ROOM, NULL,
	      S " agrees again to the connection and sends its own SYN" } }                     },
	{ "a reset may say why",
         { HANDSHAKE,
	    { 'S', 501, 107, RST | ACK, 0, "full",
	      S " resets the connection with " C ", and says why in 4 bytes" } }                },
	{ "flags that no connection has",
         { { 'C', 100, 0, 0, ROOM, NULL,
	      C " sends " S " a segment without flags, which no connection has" },
	    { 'C', 100, 0, FIN | PSH | URG, ROOM, NULL,
	      C " sends " S " a segment without ACK, which no connection has" },
	    { 'C', 100, 0, SYN | FIN, ROOM, NULL,
	      C " sends " S " a segment with both SYN and FIN, which begins nothing" } }        },
	{ "a capture that begins later",
         { { 'C', 100, 500, ACK, ROOM, NULL,
	      C " acknowledges what " S " sent before what is known of this stream" },
	    { 'S', 500, 100, ACK, ROOM, "250 ok\r\n", NULL },
	    { 'C', 100, 508, ACK, ROOM, NULL, C " acknowledges what " S " sent up to byte 8" } }},
};

static const char *no_mac(const void *owner, struct mac mac)
{
	(void)owner;
	(void)mac;
	return NULL;
}

static const char *no_address(const void *owner, struct ip_address address)
{
	(void)owner;
	(void)address;
	return NULL;
}

static void check_step(struct streams *streams, const struct step *step, const char *name)
{
	static const struct view_names names = { .of_mac = no_mac, .of_address = no_address };
	static struct decode decode;
	uint8_t room[SEGMENT_FRAME_BYTES_MAX];
	struct model_segment seen;
	const struct test_segment segment = {
		.is_from_server = step->from == 'S',
		.sequence = step->sequence,
		.acknowledgment = step->acknowledgment,
		.flags = (uint8_t)step->flags,
		.window = step->window,
		.payload = step->payload,
	};
	struct account account = { .decode = &decode, .names = &names, .segment = &seen };
	g_autoptr(GString) said = g_string_new(NULL);

	decode_packet(segment_frame(&segment, room),
		      &(struct decode_options) { .link_type = DECODE_LINK_ETHERNET }, &decode);
	ck_assert(streams_follow(streams, &decode, &(struct stream_packet) { 0 }, &seen));
	sentence_append_account(said, &account);
	g_string_truncate(
	    said, sentence_short_bytes((struct bytes) { (const uint8_t *)said->str, said->len }));
	if (step->said != NULL)
		ck_assert_msg(strcmp(said->str, step->said) == 0, "%s: \"%s\", not \"%s\"", name,
			      said->str, step->said);
}

START_TEST(segments_are_named_by_what_came_before)
{
	struct streams *streams = streams_new(all_dissectors);

	for (const struct step *step = rows[_i].steps;
	     step < rows[_i].steps + SEGMENTS_MAX && step->from != 0; step++)
		check_step(streams, step, rows[_i].name);
	streams_free(streams);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("segment_sentence");
	TCase *tests = tcase_create("segment_sentence");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tests, segments_are_named_by_what_came_before, 0,
			    (int)(sizeof rows / sizeof rows[0]));
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
