/* What domains say of TLS: records and policies (RFC 8461). */
#include <check.h>
#include <stdlib.h>
#include "protocols/mail/mta_sts.h"

static const struct {
	const char *text, *id; /* id NULL: no record */
} records[] = {
	{"v=STSv1; id=20160831085700Z;",                    "20160831085700Z"                 }, /* section 3.1 */
	{ "v=STSv1;id=1",				   "1"			       },
	{ "v=STSv1; other=x; id = abc ; more",              "abc"                             },
	{ "v=STSv1; id=12345678901234567890123456789012;",  "12345678901234567890123456789012"},
	{ "v=STSv1; id=123456789012345678901234567890123;", NULL                              },
	{ "v=STSv1;",				       NULL			      },
	{ "v=STSv1; id=;",				  NULL                              },
	{ "v=STSv1; id=a-b;",			       NULL                              },
	{ "v=STSv1; id=a; id=b;",                           NULL                              },
	{ "v=STSv2; id=1;",				 NULL                              },
	{ "id=1; v=STSv1;",				 NULL                              },
	{ "",					       NULL			      },
};

START_TEST(records_are_read)
{
	char id[MTA_STS_ID_BYTES];
	bool is_one = mta_sts_record_parse(bytes_of(records[_i].text), id);

	ck_assert_int_eq(is_one, records[_i].id != NULL);
	if (is_one)
		ck_assert_str_eq(id, records[_i].id);
}
END_TEST

/* The example of section 3.2. */
START_TEST(a_policy_is_read_and_written_alike)
{
	static const char example[] = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\n"
				      "mx: *.example.net\r\nmx: backupmx.example.com\r\n"
				      "max_age: 604800\r\n";
	const char *why;
	struct mta_sts_policy *policy = mta_sts_policy_parse(bytes_of(example), &why);

	ck_assert_ptr_nonnull(policy);
	ck_assert_ptr_null(why);
	ck_assert_int_eq(policy->mode, MTA_STS_ENFORCE);
	ck_assert_int_eq(policy->max_age_s, 604800);
	ck_assert_uint_eq(policy->mx->len, 3);

	char *text = mta_sts_policy_emit(policy);

	ck_assert_str_eq(text, example);
	g_free(text);

	/* Section 4.1: one label, and that one alone. */
	ck_assert(mta_sts_policy_names(policy, "MAIL.example.com"));
	ck_assert(mta_sts_policy_names(policy, "a.example.net"));
	ck_assert(!mta_sts_policy_names(policy, "example.net"));
	ck_assert(!mta_sts_policy_names(policy, "a.b.example.net"));
	ck_assert(!mta_sts_policy_names(policy, ".example.net"));
	ck_assert(!mta_sts_policy_names(policy, "mail.example.com.evil.example"));
	ck_assert(!mta_sts_policy_names(policy, ""));
	mta_sts_policy_unref(policy);
}
END_TEST

static const struct {
	const char *text, *why; /* why NULL: it is a policy */
} policies[] = {
	{"version: STSv1\nmode: none\nmax_age: 1\n",                                NULL                      },
	{ "mode: testing\nmx: a.example\nunknown: x\nmax_age:\t5\nversion:STSv1",   NULL                      },
	{ "version: STSv1\nmode: enforce\nmode: none\nmx: a.example\nmax_age: 1\n", NULL                      },
	{ "version: STSv1\nmode: enforce\nmax_age: 1\n",                            "it names no mx"          },
	{ "version: STSv1\nmode: enforce\nmx: a.example\n",                         "it has no max_age"       },
	{ "version: STSv1\nmode: strict\nmx: a.example\nmax_age: 1\n",
         "its mode is none of enforce, testing, none"							 },
	{ "version: STSv1\nmode: none\nmax_age: 12345678901\n",                     "its max_age is no number"},
	{ "version: STSv1\nmode: none\nmax_age: -1\n",                              "its max_age is no number"},
	{ "version: STSv1\nmode: enforce\nmx: a b\nmax_age: 1\n",
         "one of its mx is no domain name"								    },
	{ "version: STSv1\nmode: enforce\nmx: a.*.b\nmax_age: 1\n",
         "one of its mx is no domain name"								    },
	{ "version: STSv2\nmode: none\nmax_age: 1\n",                               "its version is not STSv1"},
	{ "<html>not found</html>",						 "it has no version"       },
	{ "",								       "it has no version"       },
};

START_TEST(what_is_no_policy_is_told_why)
{
	const char *why;
	struct mta_sts_policy *policy = mta_sts_policy_parse(bytes_of(policies[_i].text), &why);

	ck_assert_int_eq(policy != NULL, policies[_i].why == NULL);
	if (policies[_i].why != NULL)
		ck_assert_str_eq(why, policies[_i].why);
	mta_sts_policy_unref(policy);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mta_sts");
	TCase *tests = tcase_create("tests");

	tcase_add_loop_test(tests, records_are_read, 0, (int)G_N_ELEMENTS(records));
	tcase_add_test(tests, a_policy_is_read_and_written_alike);
	tcase_add_loop_test(tests, what_is_no_policy_is_told_why, 0, (int)G_N_ELEMENTS(policies));
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
