/* The report: its cost grows with the messages, not with their square. */
#include <check.h>
#include <stdlib.h>
#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "views/report.h"

#define MANY 200000

static const struct dissector *const no_dissectors[] = { NULL };

static void feed_mail(struct model *model, struct report *report, enum mail_detail detail,
		      uint64_t root)
{
	static const char text[] = "From: a@a.example\r\nTo: b@b.example\r\nSubject: x\r\n\r\n";
	const struct trace_record record = {
		.kind = TRACE_MAIL,
		.layer = LAYER_MAIL,
		.detail = (uint16_t)detail,
		.root = root,
	};
	struct bytes bytes = { (const uint8_t *)text, sizeof text - 1 };

	model_feed(model, &record, bytes);
	report_feed(report, &record, detail == MAIL_COMPOSED ? bytes : (struct bytes) { 0 });
}

/* With a search through all stations for each message this takes longer than the test may. */
START_TEST(two_hundred_thousand_messages_are_reported)
{
	struct model *model = model_new(no_dissectors);
	struct report *report = report_new(model, no_dissectors);
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	for (uint64_t root = 1; root <= MANY; root++)
		feed_mail(model, report, MAIL_COMPOSED, root);
	for (uint64_t root = 1; root <= MANY; root++)
		feed_mail(model, report, MAIL_DELIVERED, root);
	report_print(report, memory, false);
	report_print_summary(report, memory, false);
	fclose(memory);
	ck_assert_ptr_nonnull(strstr(text, "\nMail 200000  a@a.example"));
	ck_assert_ptr_nonnull(strstr(text, "\n  mail 200000  a@a.example"));
	free(text);
	report_free(report);
	model_free(model);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report");
	TCase *tests = tcase_create("report");

	tcase_set_timeout(tests, 15);
	tcase_add_test(tests, two_hundred_thousand_messages_are_reported);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
