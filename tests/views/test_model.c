/* The model that the views share: connections, and which message their bytes belong to. */
#include <check.h>
#include <stdlib.h>
#include "protocols/smtp/dissect.h"
#include "tests/views/segments.h"

#define STREAM       77 /* the direction from client to server, as TCP calls it */
#define FIRST_PACKET 1000

static const struct dissector *const dissectors[] = { &smtp_dissector, NULL };

static void open_connection(struct model *model)
{
	segment_feed(model, &(struct test_segment) { .flags = TCP_SYN }, 1, STREAM);
	segment_feed(model,
		     &(struct test_segment) { .is_from_server = true, .flags = TCP_SYN | TCP_ACK },
		     2, 0);
}

/* A session says that `length` bytes from `offset` on belong to `root`. */
static void note_unit(struct model *model, uint64_t offset, uint64_t length, uint64_t root)
{
	model_feed(model,
		   &(struct trace_record) {
		       .kind = TRACE_UNIT,
		       .object = STREAM,
		       .before = offset,
		       .after = length,
		       .root = root,
		   },
		   (struct bytes) { 0 });
}

static void say(struct model *model, uint64_t offset, const char *line)
{
	segment_feed(model,
		     &(struct test_segment) {
			 .flags = TCP_ACK | TCP_PSH,
			 .sequence = 1 + (uint32_t)offset,
			 .payload = line,
		     },
		     FIRST_PACKET + offset, STREAM);
}

static const struct model_unit *unit_at(const struct model *model, unsigned index)
{
	const GPtrArray *units = model_connection(model, 0)->directions[0].units;

	ck_assert_uint_lt(index, units->len);
	return units->pdata[index];
}

START_TEST(a_unit_belongs_to_the_innermost_range_around_it)
{
	struct model *model = model_new(dissectors);

	open_connection(model);
	note_unit(model, 12, 6, 3); /* told before what comes before it */
	note_unit(model, 0, 18, 1);
	note_unit(model, 6, 6, 2);
	for (unsigned i = 0; i < 4; i++)
		say(model, i * 6, "NOOP\r\n");
	ck_assert_uint_eq(unit_at(model, 0)->root, 1);
	ck_assert_uint_eq(unit_at(model, 1)->root, 2);
	ck_assert_uint_eq(unit_at(model, 2)->root, 3);
	ck_assert_uint_eq(unit_at(model, 3)->root, 0);
	model_free(model);
}
END_TEST

#define MANY 200000

/* With a search through all ranges for each unit this takes longer than the test may. */
START_TEST(two_hundred_thousand_commands_of_one_connection_find_their_roots)
{
	struct model *model = model_new(dissectors);

	open_connection(model);
	for (unsigned i = 0; i < MANY; i++)
		note_unit(model, i * 6, 6, i + 1);
	for (unsigned i = 0; i < MANY; i++)
		say(model, i * 6, "NOOP\r\n");
	for (unsigned i = 0; i < MANY; i++)
		ck_assert_uint_eq(unit_at(model, i)->root, i + 1);
	model_free(model);
}
END_TEST

/* The window of a segment of the client, in a connection with these options on its SYNs. */
static struct model_segment window_after(const uint8_t *client, const uint8_t *server,
					 const struct test_segment *wanted)
{
	struct model *model = model_new(dissectors);
	struct model_segment segment;
	uint8_t frame[SEGMENT_FRAME_BYTES_MAX];

	struct test_segment syn = { .flags = TCP_SYN };

	syn.options = (struct bytes) { client, 4 };
	segment_feed(model, &syn, 1, STREAM);
	if (server != NULL) {
		syn = (struct test_segment) { .is_from_server = true, .flags = TCP_SYN | TCP_ACK };
		syn.options = (struct bytes) { server, 4 };
		segment_feed(model, &syn, 2, 0);
	}
	ck_assert(model_find_segment(model, segment_frame(wanted, frame), &segment));
	model_free(model);
	return segment;
}

START_TEST(windows_are_scaled_as_both_syns_say)
{
	static const uint8_t by_10[] = { 3, 3, 10, 1 }, by_2[] = { 3, 3, 2, 1 },
			     by_99[] = { 3, 3, 99, 1 }, none[] = { 1, 1, 1, 1 };
	static const struct {
		const uint8_t *client, *server;
		struct test_segment segment;
		uint32_t window_bytes;
		bool is_known;
	} rows[] = {
		{by_10,  by_2, { .flags = TCP_ACK, .window = 63 },                        64512,        true },
		{ by_10,
                 by_2,         { .flags = TCP_ACK, .window = 3, .is_from_server = true },
                 12,										    true },
		{ by_10, none, { .flags = TCP_ACK, .window = 63 },                        63,           true },
		{ none,  by_2, { .flags = TCP_ACK, .window = 7, .is_from_server = true }, 7,            true },
		{ by_99, by_2, { .flags = TCP_ACK, .window = 65535 },                     65535u << 14, true },
		{ by_10, by_2, { .flags = TCP_SYN, .window = 64240 },                     64240,        true },
		{ by_10, NULL, { .flags = TCP_ACK, .window = 63 },                        64512,        true },
		{ by_10,
                 NULL,         { .flags = TCP_ACK, .window = 3, .is_from_server = true },
                 3,										     false},
		{ by_10, NULL, { .flags = TCP_RST, .window = 0 },                         0,            true },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct model_segment segment =
		    window_after(rows[i].client, rows[i].server, &rows[i].segment);

		ck_assert_msg(segment.window_bytes == rows[i].window_bytes, "row %zu: %u", i,
			      segment.window_bytes);
		ck_assert_msg(segment.is_window_known == rows[i].is_known, "row %zu", i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("model");
	TCase *tests = tcase_create("model");

	tcase_set_timeout(tests, 15);
	tcase_add_test(tests, a_unit_belongs_to_the_innermost_range_around_it);
	tcase_add_test(tests, two_hundred_thousand_commands_of_one_connection_find_their_roots);
	tcase_add_test(tests, windows_are_scaled_as_both_syns_say);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
