/* Printable ASCII: all the same whether bytes are looked at one by one or many at a time. */
#include <check.h>
#include "sim/ascii.h"

#define LENGTH_MAX 70

/* What stands among them, and whether it is printable. */
static const struct {
	uint8_t byte;
	bool is_printable;
} bytes[] = {
	{0x00,  false},
        { 0x1f, false},
        { 0x20, true },
        { 0x7e, true },
        { 0x7f, false},
	{ 0x80, false},
        { 0xa0, false},
        { 0xdf, false},
        { 0xff, false},
};

START_TEST(bytes_are_printable_up_to_the_first_that_is_not)
{
	uint8_t text[LENGTH_MAX];

	memset(text, 'x', sizeof text);
	ck_assert(ascii_is_printable(bytes[_i].byte) == bytes[_i].is_printable);
	for (size_t length = 0; length <= sizeof text; length++)
		for (size_t at = 0; at < length; at++) {
			text[at] = bytes[_i].byte;
			ck_assert_uint_eq(ascii_printable_bytes((struct bytes) { text, length }),
					  bytes[_i].is_printable ? length : at);
			text[at] = 'x';
		}
	ck_assert_uint_eq(ascii_printable_bytes((struct bytes) { NULL, 0 }), 0);
}
END_TEST

START_TEST(others_are_printed_as_dots)
{
	static const char text[] = "\tone line of text\r\n\xc3\xa9, and another one\x7f";
	char out[sizeof text + 1];

	memset(out, '#', sizeof out);
	ascii_print((struct bytes) { (const uint8_t *)text, sizeof text }, out);
	ck_assert_mem_eq(out, ".one line of text...., and another one..#", sizeof out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ascii");
	TCase *tests = tcase_create("ascii");

	tcase_add_loop_test(tests, bytes_are_printable_up_to_the_first_that_is_not, 0,
			    sizeof bytes / sizeof bytes[0]);
	tcase_add_test(tests, others_are_printed_as_dots);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
