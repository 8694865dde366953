/* Connections followed in captures: what is in order, early, repeated, missing, damaged or cut. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "app/dissectors.h"
#include "stack/wire/ethernet.h"
#include "tests/views/segments.h"
#include "views/streams.h"

enum { FIN = TCP_FIN, SYN = TCP_SYN, RST = TCP_RST, ACK = TCP_ACK };

#define TCP_START (ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES)

static struct streams *streams;
static struct model_segment seen;
static struct stream_packet packet;
static GString *told; /* "C:RSET " or "S:250 ok ", in the order of telling; held ones with "!" */

static void set_up(void)
{
	streams = streams_new(all_dissectors);
	packet = (struct stream_packet) { 0 };
	told = g_string_new(NULL);
}

static void tear_down(void)
{
	streams_free(streams);
	g_string_free(told, TRUE);
}

static void note_units(void)
{
	for (unsigned i = 0; i < streams_unit_count(streams); i++) {
		struct stream_unit unit = streams_unit(streams, i);

		if (unit.unit->depth > 0)
			continue;
		g_string_append_printf(told, "%s%c:%s ", unit.is_of_segment ? "" : "!",
				       unit.is_from_server ? 'S' : 'C', unit.unit->summary);
	}
}

/* Follows a frame of which `captured` bytes are there. */
static bool follow(struct bytes frame, size_t captured)
{
	static struct decode decode;

	decode_packet(bytes_first(frame, captured),
		      &(struct decode_options) { .link_type = DECODE_LINK_ETHERNET,
						 .original_bytes = frame.length },
		      &decode);
	if (!streams_follow(streams, &decode, &packet, &seen))
		return false;
	note_units();
	return true;
}

static void send(bool is_from_server, uint32_t sequence, uint32_t ack, unsigned flags,
		 const char *payload)
{
	uint8_t room[SEGMENT_FRAME_BYTES_MAX];
	const struct test_segment segment = {
		.is_from_server = is_from_server,
		.sequence = sequence,
		.acknowledgment = ack,
		.flags = (uint8_t)flags,
		.window = 1000,
		.payload = payload,
	};
	struct bytes frame = segment_frame(&segment, room);

	ck_assert(follow(frame, frame.length));
}

static void from_client(uint32_t sequence, uint32_t ack, unsigned flags, const char *payload)
{
	send(false, sequence, ack, flags, payload);
}

static void from_server(uint32_t sequence, uint32_t ack, unsigned flags, const char *payload)
{
	send(true, sequence, ack, flags, payload);
}

/* The client's bytes begin at 101, the server's at 501. */
static void handshake(void)
{
	from_client(100, 0, SYN, NULL);
	from_server(500, 101, SYN | ACK, NULL);
	from_client(101, 501, ACK, NULL);
}

#define check_numbers(wanted_sequence, wanted_ack)                                                 \
	do {                                                                                       \
		ck_assert_uint_eq(seen.sequence, wanted_sequence);                                 \
		ck_assert_uint_eq(seen.acknowledgment, wanted_ack);                                \
	} while (0)

/* RFC 9293 section 3.5.2: the RST for a SYN has sequence number 0. tshark: Seq=1 Ack=1. */
START_TEST(a_refusal_is_of_the_connection_and_numbered_like_it)
{
	from_client(100, 0, SYN, NULL);
	from_server(0, 101, RST | ACK, NULL);
	check_numbers(1, 1);
	ck_assert(seen.direction->is_from_server);
	ck_assert(seen.connection->was_reset);
	from_client(300, 0, SYN, NULL);
	ck_assert_uint_eq(streams_count(streams), 2);
	from_server(7000, 301, SYN | ACK, NULL);
	check_numbers(0, 1);
}
END_TEST

START_TEST(a_reset_that_comes_first_begins_nothing)
{
	from_client(77, 0, RST, NULL);
	check_numbers(1, 0);
	from_client(9000, 5, ACK, "NOOP\r\n");
	check_numbers(1, 1);
	ck_assert_str_eq(told->str, "C:NOOP ");
}
END_TEST

START_TEST(a_capture_may_begin_with_the_answer_to_the_syn)
{
	from_server(300, 401, SYN | ACK, NULL);
	check_numbers(0, 1);
	from_server(301, 401, ACK, "220 x\r\n");
	check_numbers(1, 1);
	from_client(401, 308, ACK, NULL);
	check_numbers(1, 8);
}
END_TEST

/* An answer offers to scale windows only if the SYN did (RFC 7323 section 2.2). */
START_TEST(an_answer_alone_tells_how_its_sender_scales)
{
	static const uint8_t scale[] = { 3, 3, 7, 1 };
	uint8_t room[SEGMENT_FRAME_BYTES_MAX];
	struct test_segment answer = {
		.is_from_server = true,
		.flags = SYN | ACK,
		.sequence = 300,
		.acknowledgment = 401,
		.options = {scale, sizeof scale},
	};
	struct bytes frame = segment_frame(&answer, room);

	follow(frame, frame.length);
	from_server(301, 401, ACK, "220 x\r\n");
	ck_assert(seen.is_window_known);
	ck_assert_uint_eq(seen.window_bytes, 128000);
	from_client(401, 308, ACK, NULL);
	ck_assert(!seen.is_window_known);
}
END_TEST

START_TEST(a_syn_without_scaling_tells_that_none_is_scaled)
{
	from_client(100, 0, SYN, NULL);
	from_server(0, 101, RST | ACK, NULL);
	ck_assert(seen.is_window_known);
	ck_assert_uint_eq(seen.window_bytes, 1000);
}
END_TEST

START_TEST(openings_and_ends_sent_again_are_repeated)
{
	from_client(100, 0, SYN, NULL);
	ck_assert_int_eq(seen.order, SEGMENT_IN_ORDER);
	from_client(100, 0, SYN, NULL);
	ck_assert_int_eq(seen.order, SEGMENT_REPEATED);
	from_server(500, 101, SYN | ACK, NULL);
	ck_assert_int_eq(seen.order, SEGMENT_IN_ORDER);
	from_server(500, 101, SYN | ACK, NULL);
	ck_assert_int_eq(seen.order, SEGMENT_REPEATED);
	from_client(101, 501, FIN | ACK, NULL);
	ck_assert_int_eq(seen.order, SEGMENT_IN_ORDER);
	packet.interface = 1;
	from_client(101, 501, FIN | ACK, NULL);
	ck_assert_int_eq(seen.order, SEGMENT_ELSEWHERE);
	packet.interface = 0;
	from_client(101, 501, FIN | ACK, NULL);
	ck_assert_int_eq(seen.order, SEGMENT_REPEATED);
	ck_assert_uint_eq(streams_count(streams), 1);
}
END_TEST

START_TEST(both_sides_may_open_at_once)
{
	from_client(100, 0, SYN, NULL);
	from_server(500, 0, SYN, NULL);
	from_client(100, 501, SYN | ACK, NULL);
	ck_assert_int_eq(seen.order, SEGMENT_IN_ORDER);
	from_server(500, 101, SYN | ACK, NULL);
	ck_assert_int_eq(seen.order, SEGMENT_IN_ORDER);
	ck_assert_uint_eq(streams_count(streams), 1);
}
END_TEST

START_TEST(the_end_of_a_stream_is_no_byte_of_it)
{
	const struct model_direction *server;

	handshake();
	from_server(501, 101, FIN | ACK, "220 x\r\n");
	server = seen.direction;
	ck_assert(server->has_fin);
	ck_assert_uint_eq(server->fin_offset, 7);
	from_client(101, 509, ACK, NULL);
	ck_assert_uint_eq(seen.other_missing_bytes, 0);
	from_client(101, 509, ACK, "QUIT\r\n");
	ck_assert_str_eq(told->str, "S:220 x C:QUIT ");
	ck_assert_uint_eq(server->fed_bytes, 7);
}
END_TEST

START_TEST(early_segments_are_held_until_the_gap_is_filled)
{
	handshake();
	from_client(107, 501, ACK, "QUIT\r\n");
	ck_assert_int_eq(seen.order, SEGMENT_EARLY);
	from_client(107, 501, ACK, "QUIT\r\n");
	from_client(101, 501, ACK, "NOOP\r\n");
	ck_assert_int_eq(seen.order, SEGMENT_FILLS_GAP);
	ck_assert_str_eq(told->str, "C:NOOP !C:QUIT ");
	from_client(107, 501, ACK, "QUIT\r\n");
	ck_assert_int_eq(seen.order, SEGMENT_REPEATED);
	ck_assert_uint_eq(streams_untold(streams), 0);
}
END_TEST

/* The receiver has what the capture lacks, and what is held behind it. */
START_TEST(what_is_missing_is_told_at_its_acknowledgment)
{
	handshake();
	from_client(111, 501, ACK, "QUIT\r\n");
	from_server(501, 111, ACK, NULL); /* not of what is held */
	ck_assert_uint_eq(seen.other_missing_bytes, 0);
	from_server(501, 117, ACK, "221 bye\r\n");
	ck_assert_uint_eq(seen.other_missing_bytes, 10);
	ck_assert(seen.tells_other);
	ck_assert_int_eq(seen.order, SEGMENT_IN_ORDER);
	ck_assert_str_eq(told->str, "!C:QUIT S:221 bye ");
}
END_TEST

START_TEST(what_is_missing_before_an_end_is_told_at_its_acknowledgment)
{
	handshake();
	from_client(111, 501, FIN | ACK, NULL);
	from_server(501, 112, ACK, NULL);
	ck_assert_uint_eq(seen.other_missing_bytes, 10);
	from_server(501, 112, FIN | ACK, NULL);
	ck_assert_uint_eq(seen.other_missing_bytes, 0);
}
END_TEST

START_TEST(what_is_missing_is_told_when_the_sender_goes_on)
{
	handshake();
	from_server(501, 111, ACK, NULL); /* one interface may be captured later than another */
	ck_assert_uint_eq(seen.other_missing_bytes, 0);
	from_client(111, 501, ACK, "QUIT\r\n");
	ck_assert_int_eq(seen.order, SEGMENT_AFTER_LOSS);
	ck_assert_uint_eq(seen.missing_bytes, 10);
	ck_assert_str_eq(told->str, "C:QUIT ");
}
END_TEST

START_TEST(a_reset_ends_all_waiting)
{
	handshake();
	from_client(111, 501, ACK, "QUIT\r\n");
	from_server(511, 101, ACK, "221 bye\r\n");
	from_client(117, 501, RST, NULL);
	ck_assert_int_eq(seen.order, SEGMENT_AFTER_LOSS);
	ck_assert_uint_eq(seen.missing_bytes, 10);
	ck_assert_uint_eq(seen.other_missing_bytes, 10);
	ck_assert_str_eq(told->str, "!C:QUIT !S:221 bye ");
}
END_TEST

START_TEST(what_waits_to_the_end_is_counted)
{
	handshake();
	from_client(111, 501, ACK, "QUIT\r\n");
	ck_assert_uint_eq(streams_untold(streams), 6);
	from_client(900, 0, SYN, NULL); /* the same ports, opened anew */
	ck_assert_uint_eq(streams_count(streams), 2);
	ck_assert_uint_eq(streams_untold(streams), 6);
}
END_TEST

/* With no more room the gap is given up, so that memory stays bounded. */
START_TEST(no_more_than_so_many_segments_are_held)
{
	handshake();
	for (unsigned i = 0; i < STREAM_HELD_MAX; i++) {
		from_client(111 + 12 * i, 501, ACK, "NOOP\r\n");
		ck_assert_int_eq(seen.order, SEGMENT_EARLY);
	}
	from_client(111 + 12 * STREAM_HELD_MAX, 501, ACK, "NOOP\r\n");
	ck_assert_int_eq(seen.order, SEGMENT_AFTER_LOSS);
	ck_assert_uint_eq(seen.missing_bytes, 10 + 6 * STREAM_HELD_MAX);
}
END_TEST

START_TEST(bytes_from_before_the_capture_are_no_new_ones)
{
	from_client(1000, 5000, ACK, NULL);
	from_server(4800, 1000, ACK, "250 old\r\n");
	ck_assert_int_eq(seen.order, SEGMENT_BEFORE);
	from_server(5000, 1000, ACK, "250 new\r\n");
	ck_assert_int_eq(seen.order, SEGMENT_IN_ORDER);
	ck_assert_str_eq(told->str, "S:250 new ");
}
END_TEST

START_TEST(a_segment_across_the_beginning_is_read_from_there)
{
	from_client(1000, 5000, ACK, NULL);
	from_client(994, 5000, ACK, "NOOP\r\nQUIT\r\n");
	ck_assert_uint_eq(seen.before_bytes, 6);
	ck_assert_uint_eq(seen.offset, 0);
	ck_assert_uint_eq(model_segment_end(&seen), 6);
	ck_assert_str_eq(told->str, "C:QUIT ");
}
END_TEST

START_TEST(a_keepalive_may_come_before_the_first_byte)
{
	from_client(1000, 5000, ACK, NULL);
	from_client(999, 5000, ACK, "x");
	ck_assert_int_eq(seen.order, SEGMENT_KEEPALIVE);
	from_client(999, 5000, ACK, NULL);
	ck_assert_int_eq(seen.order, SEGMENT_KEEPALIVE);
	from_client(1000, 5000, ACK, "QUIT\r\n");
	ck_assert_str_eq(told->str, "C:QUIT ");
}
END_TEST

/* The client's RSET with a byte changed: its checksum is that of the right one. */
static void send_damaged(uint32_t sequence)
{
	uint8_t room[SEGMENT_FRAME_BYTES_MAX];
	const struct test_segment segment = {
		.sequence = sequence,
		.acknowledgment = 501,
		.flags = ACK,
		.payload = "RSET\r\n",
	};
	struct bytes frame = segment_frame(&segment, room);

	room[frame.length - 4] = 'X';
	ck_assert(follow(frame, frame.length));
	ck_assert_int_eq(seen.order, SEGMENT_DAMAGED);
}

START_TEST(what_is_damaged_is_not_taken_in)
{
	handshake();
	send_damaged(101);
	ck_assert_str_eq(told->str, "");
	from_client(101, 501, ACK, "RSET\r\n");
	ck_assert_int_eq(seen.order, SEGMENT_IN_ORDER);
	from_server(501, 107, ACK, "250 ok\r\n");
	ck_assert_str_eq(told->str, "C:RSET S:250 ok ");
}
END_TEST

START_TEST(a_wrong_frame_check_sequence_is_damage)
{
	handshake();
	packet.is_damaged = true;
	from_client(101, 501, ACK, "RSET\r\n");
	ck_assert_int_eq(seen.order, SEGMENT_DAMAGED);
	packet.is_damaged = false;
	from_client(101, 501, FIN | ACK, "RSET\r\n");
	ck_assert_str_eq(told->str, "C:RSET ");
}
END_TEST

/* Network cards make checksums behind the place of capture: the receiver has taken it in. */
START_TEST(what_looks_damaged_is_read_when_it_is_acknowledged)
{
	handshake();
	send_damaged(101);
	from_server(501, 107, ACK, "250 ok\r\n");
	ck_assert_uint_eq(seen.other_missing_bytes, 0);
	ck_assert_str_eq(told->str, "!C:RSXT S:250 ok ");
}
END_TEST

/* SYN with MSS, SACK-permitted, timestamps and window scale, as Linux sends it: 40 bytes of header. */
START_TEST(a_packet_cut_by_the_capture_is_what_its_header_says)
{
	static const uint8_t options[] = { 2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0,
					   0, 0, 0, 0,    0, 0, 1, 3,  3, 7 };
	uint8_t room[SEGMENT_FRAME_BYTES_MAX];
	struct test_segment segment = {
		.flags = SYN,
		.sequence = 100,
		.options = {options, sizeof options},
	};
	struct bytes frame = segment_frame(&segment, room);

	ck_assert(follow(frame, TCP_START + 26));
	ck_assert_uint_eq(seen.length, 0);
	ck_assert_uint_eq(seen.flags, SYN);
	ck_assert(seen.direction->is_scale_cut);
	segment.options = (struct bytes) { NULL, 0 };
	segment.flags = ACK;
	segment.sequence = 101;
	segment.payload = "NOOP\r\nQUIT\r\n";
	frame = segment_frame(&segment, room);
	ck_assert(follow(frame, TCP_START + 22));
	check_numbers(1, 0 - seen.connection->directions[1].initial_sequence);
	ck_assert_uint_eq(seen.length, 12);
	ck_assert(!seen.is_window_known || seen.window_bytes == 0);
	from_client(113, 501, ACK, "RSET\r\n");
	ck_assert_int_eq(seen.order, SEGMENT_IN_ORDER);
	ck_assert_str_eq(told->str, "C:NO C:RSET ");
	ck_assert(!follow(frame, TCP_START + 12)); /* not even the flags */
}
END_TEST

START_TEST(a_line_in_pieces_is_named_when_it_is_whole)
{
	static const char line[] = "ehlo x\r\n";

	handshake();
	for (unsigned i = 0; i < strlen(line); i++)
		from_client(101 + i, 501, ACK, (const char[]) { line[i], '\0' });
	ck_assert_uint_eq(streams_unit(streams, 0).offset, 0);
	ck_assert_uint_eq(streams_unit(streams, 0).unit->length, 8);
	ck_assert_str_eq(streams_unit(streams, 0).unit->name, "EHLO command");
	ck_assert_ptr_nonnull(strstr(told->str, "C:part of a line: eh C:part of a line: ehl "));
	ck_assert(g_str_has_suffix(told->str, "C:part of a line: ehlo x C:ehlo x "));
}
END_TEST

START_TEST(a_gap_ends_a_line_that_waits)
{
	handshake();
	from_client(101, 501, ACK, "NO");
	from_client(113, 501, ACK, "QUIT\r\n");
	from_server(501, 119, ACK, NULL);
	ck_assert_uint_eq(seen.other_missing_bytes, 10);
	ck_assert_str_eq(told->str, "C:part of a line: NO !C:QUIT ");
}
END_TEST

/* No line end for longer than any line is: told of in pieces, as they come. */
START_TEST(a_line_without_end_is_not_kept_for_ever)
{
	char piece[257] = { 0 };

	handshake();
	memset(piece, 'x', sizeof piece - 1);
	for (unsigned i = 0; i <= DISSECT_LINE_MAX / 256; i++)
		from_client(101 + 256 * i, 501, ACK, piece);
	ck_assert_str_eq(streams_unit(streams, 0).unit->name, "Unknown command");
	ck_assert_uint_gt(streams_unit(streams, 0).unit->length, DISSECT_LINE_MAX);
}
END_TEST

/* Against RFC 2920, and servers take it as message all the same. */
START_TEST(a_message_may_come_right_behind_data)
{
	handshake();
	from_client(101, 501, ACK, "DATA\r\n");
	from_client(107, 501, ACK, "QUIT is no command here\r\n");
	from_client(132, 501, ACK, "\r\n.\r\n");
	from_server(501, 137, ACK, "354 go\r\n250 queued\r\n");
	from_client(137, 521, ACK, "QUIT\r\n");
	ck_assert_str_eq(told->str, "C:DATA C:QUIT is no command here "
				    "C:. (the end of the message) S:354 go S:250 queued C:QUIT ");
	ck_assert_str_eq(streams_unit(streams, 0).unit->name, "QUIT command");
}
END_TEST

START_TEST(what_follows_data_in_vain_are_commands)
{
	handshake();
	from_client(101, 501, ACK, "RSET\r\nDATA\r\n");
	from_server(501, 113, ACK, "250 ok\r\n503 no\r\n");
	from_client(113, 517, ACK, "QUIT\r\n");
	ck_assert_str_eq(streams_unit(streams, 0).unit->name, "QUIT command");
}
END_TEST

START_TEST(the_reply_to_starttls_is_no_greeting)
{
	handshake();
	from_server(501, 101, ACK, "220 here\r\n");
	ck_assert_str_eq(streams_unit(streams, 0).unit->name, "Greeting");
	from_client(101, 511, ACK, "STARTTLS\r\n");
	from_server(511, 111, ACK, "220 go\r\n");
	ck_assert_str_eq(streams_unit(streams, 0).unit->name, "Reply 220");
}
END_TEST

/* 4,000 at once: each is followed on, in whatever order they go on. */
START_TEST(many_connections_are_followed_at_once)
{
	uint8_t room[SEGMENT_FRAME_BYTES_MAX];

	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < 4000; i++) {
			const struct test_segment segment = {
				.flags = round == 0 ? SYN : ACK,
				.sequence = 100 + round + i,
			};
			struct bytes frame = segment_frame(&segment, room);

			put_be16(room + TCP_START, (uint16_t)(20000 + i));
			follow(frame, frame.length);
		}
	ck_assert_uint_eq(streams_count(streams), 4000);
	ck_assert_uint_eq(streams_forgotten(streams), 0);
}
END_TEST

/* Many more than there is room for, all closed by a reset: one that stays silent is not forgotten for them. */
START_TEST(ended_connections_make_room_first)
{
	enum { WINDOW = 60000, CLIENT_PORT = 1025, WINDOW_OFFSET = 14 };
	uint8_t room[SEGMENT_FRAME_BYTES_MAX];

	from_client(100, 0, SYN, NULL);
	for (unsigned port = 2000; port < WINDOW; port++)
		for (unsigned i = 0; i < 2; i++) {
			const struct test_segment segment = { .flags = i == 0 ? SYN : RST,
							      .sequence = 100 + i,
							      .window = WINDOW };
			struct bytes frame = segment_frame(&segment, room);

			/* The sum of both, and with it the checksum, stays as it is. */
			put_be16(room + TCP_START, (uint16_t)port);
			put_be16(room + TCP_START + WINDOW_OFFSET,
				 (uint16_t)(WINDOW + CLIENT_PORT - port));
			ck_assert(follow(frame, frame.length));
			ck_assert_uint_ne(seen.order, SEGMENT_DAMAGED);
		}
	from_server(500, 101, SYN | ACK, NULL);
	ck_assert_uint_eq(seen.connection->number, 1);
	ck_assert_uint_eq(streams_forgotten(streams), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("streams");
	TCase *tests = tcase_create("streams");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_refusal_is_of_the_connection_and_numbered_like_it);
	tcase_add_test(tests, a_reset_that_comes_first_begins_nothing);
	tcase_add_test(tests, a_capture_may_begin_with_the_answer_to_the_syn);
	tcase_add_test(tests, an_answer_alone_tells_how_its_sender_scales);
	tcase_add_test(tests, a_syn_without_scaling_tells_that_none_is_scaled);
	tcase_add_test(tests, openings_and_ends_sent_again_are_repeated);
	tcase_add_test(tests, both_sides_may_open_at_once);
	tcase_add_test(tests, the_end_of_a_stream_is_no_byte_of_it);
	tcase_add_test(tests, early_segments_are_held_until_the_gap_is_filled);
	tcase_add_test(tests, what_is_missing_is_told_at_its_acknowledgment);
	tcase_add_test(tests, what_is_missing_before_an_end_is_told_at_its_acknowledgment);
	tcase_add_test(tests, what_is_missing_is_told_when_the_sender_goes_on);
	tcase_add_test(tests, a_reset_ends_all_waiting);
	tcase_add_test(tests, what_waits_to_the_end_is_counted);
	tcase_add_test(tests, no_more_than_so_many_segments_are_held);
	tcase_add_test(tests, bytes_from_before_the_capture_are_no_new_ones);
	tcase_add_test(tests, a_segment_across_the_beginning_is_read_from_there);
	tcase_add_test(tests, a_keepalive_may_come_before_the_first_byte);
	tcase_add_test(tests, what_is_damaged_is_not_taken_in);
	tcase_add_test(tests, a_wrong_frame_check_sequence_is_damage);
	tcase_add_test(tests, what_looks_damaged_is_read_when_it_is_acknowledged);
	tcase_add_test(tests, a_packet_cut_by_the_capture_is_what_its_header_says);
	tcase_add_test(tests, a_line_in_pieces_is_named_when_it_is_whole);
	tcase_add_test(tests, a_gap_ends_a_line_that_waits);
	tcase_add_test(tests, a_line_without_end_is_not_kept_for_ever);
	tcase_add_test(tests, a_message_may_come_right_behind_data);
	tcase_add_test(tests, what_follows_data_in_vain_are_commands);
	tcase_add_test(tests, the_reply_to_starttls_is_no_greeting);
	tcase_add_test(tests, many_connections_are_followed_at_once);
	tcase_add_test(tests, ended_connections_make_room_first);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
