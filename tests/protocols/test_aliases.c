/* Aliases and lists: who gets a message in the end, from whom, and with which wishes. */
#include <check.h>
#include <stdlib.h>
#include "protocols/programs/aliases.h"

static struct aliases *office(void)
{
	struct aliases *aliases = aliases_new();

	aliases_add(aliases, "info@a.test", (const char *const[]) { "alice@a.test" }, 1, NULL);
	aliases_add(aliases, "sales@a.test",
		    (const char *const[]) { "Alice@a.test", "info@a.test", "bob@b.test" }, 3, NULL);
	aliases_add(aliases, "x@a.test", (const char *const[]) { "y@a.test" }, 1, NULL);
	aliases_add(aliases, "y@a.test", (const char *const[]) { "x@a.test", "carol@a.test" }, 2,
		    NULL);
	aliases_add(aliases, "all@a.test", (const char *const[]) { "sales@a.test", "dave@a.test" },
		    2, "owner@a.test");
	aliases_add(aliases, "wide@a.test", (const char *const[]) { "all@a.test", "wide@a.test" },
		    2, "wide-owner@a.test");
	return aliases;
}

/* "sender: recipient/notify/original recipient/...", a line for each expansion. */
static char *expand(const char *recipients, unsigned notify)
{
	struct aliases *aliases = office();
	char **list = g_strsplit(recipients, " ", -1);
	unsigned count = g_strv_length(list);
	struct smtp_recipient_wish *wishes = g_new0(struct smtp_recipient_wish, count);
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < count; i++)
		wishes[i].notify = notify;

	GPtrArray *all = aliases_expand(aliases, (const char *const *)list, wishes, count);

	for (guint i = 0; i < all->len; i++) {
		const struct expansion *each = g_ptr_array_index(all, i);

		g_string_append_printf(text, "%s:", each->sender != NULL ? each->sender : "-");
		for (guint k = 0; k < each->recipients->len; k++) {
			const struct smtp_recipient_wish *wish =
			    &g_array_index(each->wishes, struct smtp_recipient_wish, k);

			g_string_append_printf(
			    text, " %s/%u/%s", (char *)g_ptr_array_index(each->recipients, k),
			    wish->notify, wish->original != NULL ? wish->original : "-");
		}
		g_string_append_c(text, '\n');
	}
	g_ptr_array_unref(all);
	g_free(wishes);
	g_strfreev(list);
	aliases_free(aliases);
	return g_string_free(text, FALSE);
}

static const struct {
	const char *recipients, *expanded;
} rows[] = {
	{"dave@a.test",               "-: dave@a.test/2/-\n"                                         },
	{ "INFO@a.test",              "-: alice@a.test/2/rfc822;INFO@a.test\n"                       },
	{ "alice@a.test info@a.test", "-: alice@a.test/2/-\n"                                        },
	{ "sales@a.test",
         "-: Alice@a.test/2/rfc822;sales@a.test bob@b.test/2/rfc822;sales@a.test\n"                  },
	{ "x@a.test",                 "-: carol@a.test/2/rfc822;x@a.test\n"                          },
	{ "dave@a.test all@a.test",
         "-: dave@a.test/2/-\nowner@a.test: Alice@a.test/0/rfc822;sales@a.test "
	  "bob@b.test/0/rfc822;sales@a.test dave@a.test/0/-\n"                                       },
	{ "wide@a.test",              "-:\nwide-owner@a.test:\nowner@a.test: Alice@a.test/0/rfc822;sales@a.test "
			 "bob@b.test/0/rfc822;sales@a.test dave@a.test/0/-\n"},
};

START_TEST(names_are_replaced)
{
	char *expanded = expand(rows[_i].recipients, SMTP_NOTIFY_SUCCESS);

	ck_assert_str_eq(expanded, rows[_i].expanded);
	g_free(expanded);
}
END_TEST

START_TEST(xtext_and_notify_are_read_as_they_are_written)
{
	static const char *const bad[] = { "a=b", "a+2", "a+2g", "a+2b", "a b", "gr\303\274n" };
	static const char *const bad_notify[] = { "", "NEVER,DELAY", "SUCCESS,", ",DELAY", "NOW" };
	GString *text = g_string_new(NULL);
	char *encoded = smtp_xtext_encode("a+b=c d"), *decoded = smtp_xtext_decode(encoded);

	ck_assert_str_eq(encoded, "a+2Bb+3Dc+20d");
	ck_assert_str_eq(decoded, "a+b=c d");
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		ck_assert_msg(!smtp_xtext_is_valid(bytes_of(bad[i])), "%s", bad[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(bad_notify); i++)
		ck_assert_msg(smtp_notify_parse(bytes_of(bad_notify[i])) == 0, "%s", bad_notify[i]);
	ck_assert_ptr_null(smtp_xtext_decode("a+0Ab"));
	smtp_notify_print(smtp_notify_parse(bytes_of("delay,Success")), text);
	ck_assert_str_eq(text->str, "SUCCESS,DELAY");
	g_string_free(text, TRUE);
	g_free(encoded);
	g_free(decoded);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("aliases");
	TCase *tests = tcase_create("aliases");

	tcase_add_loop_test(tests, names_are_replaced, 0, G_N_ELEMENTS(rows));
	tcase_add_test(tests, xtext_and_notify_are_read_as_they_are_written);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
