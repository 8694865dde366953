/* Which segments are put on a wire again, and what receivers hold until a gap is filled. */
#include <check.h>
#include <stdlib.h>
#include "stack/layer.h"
#include "stack/tcp/names.h"
#include "stack/wire/tcp.h"
#include "views/held.h"
#include "views/sent_segments.h"

#define STREAM 7

/* A segment that TCP makes, and whether it comes to a wire then. */
struct made {
	uint64_t offset, length;
	uint8_t flags;
	bool is_lost; /* before any wire */
	bool is_again;
	uint16_t why;
};

/* clang-format off */
static const struct made story[] = {
	{ 0,   0,   TCP_SYN,           true,  false, TCP_HANDSHAKE },
	{ 0,   0,   TCP_SYN,           false, false, TCP_RETRANSMIT_TIMEOUT }, /* the first on a wire */
	{ 0,   0,   TCP_SYN,           false, true,  TCP_RETRANSMIT_TIMEOUT },
	{ 0,   100, TCP_ACK,           false, false, TCP_NEW_DATA },
	{ 200, 100, TCP_ACK,           false, false, TCP_NEW_DATA }, /* 100 to 199 died before, */
	{ 100, 100, TCP_ACK,           false, false, TCP_RETRANSMIT_FAST }, /* and are new there now */
	{ 50,  100, TCP_ACK,           false, true,  TCP_RETRANSMIT_FAST },
	{ 300, 0,   TCP_ACK,           false, false, TCP_ACK_AT_ONCE }, /* nothing to repeat */
	{ 300, 0,   TCP_ACK,           false, false, TCP_ACK_DUPLICATE },
	{ 300, 1,   TCP_ACK,           false, false, TCP_PROBE_WINDOW },
	{ 300, 100, TCP_ACK,           false, false, TCP_NEW_DATA }, /* a probe does not count */
	{ 400, 100, TCP_ACK,           false, false, TCP_NEW_DATA },
	{ 450, 200, TCP_ACK,           false, true,  TCP_RETRANSMIT_PATH_MTU }, /* in part */
	{ 650, 0,   TCP_FIN | TCP_ACK, false, false, TCP_CLOSES },
	{ 650, 0,   TCP_FIN | TCP_ACK, false, true,  TCP_RETRANSMIT_TIMEOUT },
	{ 0,   650, TCP_ACK,           true,  false, TCP_RETRANSMIT_TIMEOUT },
	{ 0,   1,   TCP_ACK,           false, true,  TCP_RETRANSMIT_TIMEOUT },
};
/* clang-format on */

static struct bytes header_with(uint8_t flags, uint8_t out[TCP_HEADER_BYTES])
{
	tcp_header_emit(&(struct tcp_header) { .flags = flags }, out);
	return (struct bytes) { out, TCP_HEADER_BYTES };
}

START_TEST(again_is_what_a_wire_has_seen)
{
	struct sent_segments *segments = sent_segments_new();

	for (guint i = 0; i < G_N_ELEMENTS(story); i++) {
		const struct made *made = &story[i];
		uint8_t header[TCP_HEADER_BYTES];
		struct trace_record record = {
			.kind = TRACE_ENCAPSULATE,
			.layer = LAYER_TCP,
			.detail = made->why,
			.packet = i + 1,
			.object = STREAM,
			.before = made->offset,
			.after = made->length,
		};
		const struct sent_segment *waiting;

		ck_assert(
		    !sent_segments_repeat(segments, &record, header_with(made->flags, header)));
		waiting = sent_segments_find(segments, i + 1);
		ck_assert_ptr_nonnull(waiting);
		ck_assert_uint_eq(waiting->why, made->why);
		if (made->is_lost)
			continue;
		record = (struct trace_record) { .kind = TRACE_TRANSMIT,
						 .flags = TRACE_FIRST,
						 .packet = i + 1 };
		ck_assert_msg(sent_segments_repeat(segments, &record, (struct bytes) { 0 }) ==
				  made->is_again,
			      "segment %u", i);
		ck_assert_ptr_null(sent_segments_find(segments, i + 1));
	}
	sent_segments_free(segments);
}
END_TEST

static struct held_news arrive(struct held *held, uint16_t detail, uint64_t offset, uint64_t length)
{
	struct held_news news;

	held_feed(held,
		  &(struct trace_record) {
		      .kind = TRACE_DECAPSULATE,
		      .layer = LAYER_TCP,
		      .detail = detail,
		      .object = STREAM,
		      .before = offset,
		      .after = length,
		  },
		  &news);
	return news;
}

START_TEST(what_is_early_is_held_until_the_gap_is_filled)
{
	struct held *held = held_new();
	struct held_news news = arrive(held, TCP_IN_ORDER, 0, 100);

	ck_assert_uint_eq(news.released_end, 0);
	news = arrive(held, TCP_OUT_OF_ORDER, 300, 100);
	ck_assert_uint_eq(news.missing_begin, 100);
	ck_assert_uint_eq(news.missing_end, 300);
	news = arrive(held, TCP_OUT_OF_ORDER, 200, 50);
	ck_assert_uint_eq(news.missing_end, 200);
	news = arrive(held, TCP_NO_DATA, 0, 0);
	ck_assert_uint_eq(news.missing_end, 0);
	news = arrive(held, TCP_IN_ORDER, 100, 100); /* one of two gaps */
	ck_assert_uint_eq(news.missing_end, 0);
	ck_assert_uint_eq(news.released_end, 250);
	news = arrive(held, TCP_IN_ORDER, 250, 60); /* more than what is missing */
	ck_assert_uint_eq(news.released_end, 400);
	news = arrive(held, TCP_IN_ORDER, 400, 10);
	ck_assert_uint_eq(news.released_end, 0);
	held_free(held);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sent segments");
	TCase *tests = tcase_create("segments");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, again_is_what_a_wire_has_seen);
	tcase_add_test(tests, what_is_early_is_held_until_the_gap_is_filled);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
