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

int main(void)
{
	Suite *suite = suite_create("model");
	TCase *tests = tcase_create("model");

	tcase_set_timeout(tests, 15);
	tcase_add_test(tests, a_unit_belongs_to_the_innermost_range_around_it);
	tcase_add_test(tests, two_hundred_thousand_commands_of_one_connection_find_their_roots);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
