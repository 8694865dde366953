/* Authentication-Results against the examples of RFC 8601 appendix B. */
#include <check.h>
#include <stdlib.h>
#include "protocols/authentic/authentication_results.h"

/* What the value reads as: "server; method=result type.name=value ...; ...". NULL: not at all. */
static const struct {
	const char *value, *reading;
} values[] = {
  /* B.2 */
	{"example.org 1; none",					       "example.org"                                         },
 /* B.3 */
	{ "example.com;\r\n spf=pass smtp.mailfrom=example.net",
         "example.com; spf=pass smtp.mailfrom=example.net"									  },
 /* B.4 */
	{ "example.com;\r\n auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n"
	  " spf=pass smtp.mailfrom=example.net",		     "example.com; auth=pass smtp.auth=sender@example.net; spf=pass "
	  "smtp.mailfrom=example.net"				      },
	{ "example.com; iprev=pass\r\n policy.iprev=192.0.2.200",
         "example.com; iprev=pass policy.iprev=192.0.2.200"									 },
 /* B.5 */
	{ "example.com;\r\n dkim=pass (good signature) header.d=example.com",
         "example.com; dkim=pass header.d=example.com"									      },
 /* B.6 */
	{ "example.com;\r\n dkim=pass reason=\"good signature\"\r\n"
	  " header.i=@mail-router.example.net;\r\n dkim=fail reason=\"bad signature\"\r\n"
	  " header.i=@newyork.example.com",			  "example.com; dkim=pass reason good signature header.i=@mail-router.example.net; "
	  "dkim=fail reason bad signature header.i=@newyork.example.com"        },
 /* B.7: comments wherever they may stand */
	{ "foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait "
	  "for it)"
	  " fail\r\n policy (A dot can go here) . (like that) expired\r\n (this surprised me) ="
	  " (as I wasn't expecting it) 1362471462",		  "foo.example.net; dkim=fail policy.expired=1362471462"},
	{ "\"mail \\\"x\\\" server\"; none",                                  "mail \"x\" server"                                   },
	{ "",								 NULL						  },
	{ "example.com",						      NULL						  },
	{ "example.com; spf",						 NULL						  },
	{ "example.com; spf=",						NULL						  },
	{ "example.com; spf=pass smtp",                                       NULL						  },
	{ "example.com; spf=pass smtp.mailfrom",                              NULL                                                  },
	{ "example.com; spf=pass (",					  NULL						  },
	{ "example.com; spf=pass reason=\"",                                  NULL						  },
	{ "example.com; none; spf=pass",                                      NULL						  },
};

static char *reading_of(const struct authentication_results *results)
{
	GString *out = g_string_new(results->server);

	for (guint i = 0; i < results->results->len; i++) {
		const struct authentication_result *result = results->results->pdata[i];

		g_string_append_printf(out, "; %s=%s", result->method, result->result);
		if (result->reason != NULL)
			g_string_append_printf(out, " reason %s", result->reason);
		for (guint k = 0; k < result->properties->len; k++) {
			const struct authentication_property *property =
			    result->properties->pdata[k];

			g_string_append_printf(out, " %s.%s=%s", property->type, property->name,
					       property->value);
		}
	}
	return g_string_free(out, FALSE);
}

static char *read_value(const char *value)
{
	struct authentication_results *results = authentication_results_parse(bytes_of(value));
	char *reading = results != NULL ? reading_of(results) : NULL;

	authentication_results_free(results);
	return reading;
}

START_TEST(values_are_read)
{
	char *reading = read_value(values[_i].value);

	ck_assert_pstr_eq(reading, values[_i].reading);
	g_free(reading);
}
END_TEST

START_TEST(every_truncation_is_survived)
{
	for (size_t cut = 0; cut < strlen(values[_i].value); cut++) {
		char *part = g_strndup(values[_i].value, cut);

		g_free(read_value(part));
		g_free(part);
	}
}
END_TEST

START_TEST(what_is_written_reads_the_same)
{
	struct authentication_results *results = authentication_results_new("mail.office.example");
	struct authentication_result *result =
	    authentication_results_add(results, "dkim", "fail", "body hash did not verify");
	char *field, *reading, *expected = reading_of(results);

	authentication_result_add_property(result, "header", "d", "remote.example");
	authentication_result_add_property(result, "header", "b", "ab/c+=");
	authentication_results_add(results, "spf", "pass", NULL);
	g_free(expected);
	expected = reading_of(results);
	field = authentication_results_emit(results);
	ck_assert(
	    g_str_has_prefix(field, "Authentication-Results: mail.office.example;\r\n\tdkim=fail"));
	ck_assert(g_str_has_suffix(field, "\r\n"));
	reading = read_value(field + strlen("Authentication-Results:"));
	ck_assert_str_eq(reading, expected);
	g_free(reading);
	g_free(expected);
	g_free(field);
	authentication_results_free(results);
}
END_TEST

START_TEST(no_results_are_said_so)
{
	struct authentication_results *results = authentication_results_new("mail.office.example");
	char *field = authentication_results_emit(results);

	ck_assert_str_eq(field, "Authentication-Results: mail.office.example; none\r\n");
	g_free(field);
	authentication_results_free(results);
}
END_TEST

/* Section 5: one's own name in a field that came from outside is a lie. */
START_TEST(claims_to_be_ours_are_removed)
{
	static const char message[] = "Authentication-Results: Mail.Office.Example;\r\n\tspf=pass "
				      "smtp.mailfrom=ceo@bank.example\r\n"
				      "Received: by x\r\n"
				      "Authentication-Results: other.example; spf=fail\r\n"
				      "authentication-results: unreadable\r\n"
				      "From: a@b.example\r\n"
				      "\r\n"
				      "Authentication-Results: mail.office.example; none\r\n";
	static const char expected[] = "Received: by x\r\n"
				       "Authentication-Results: other.example; spf=fail\r\n"
				       "From: a@b.example\r\n"
				       "\r\n"
				       "Authentication-Results: mail.office.example; none\r\n";
	GBytes *before = g_bytes_new_static(message, sizeof message - 1);
	GBytes *after = authentication_results_remove(before, "mail.office.example");
	gsize length;
	const char *data = g_bytes_get_data(after, &length);

	ck_assert_uint_eq(length, sizeof expected - 1);
	ck_assert_mem_eq(data, expected, length);
	ck_assert_ptr_null(authentication_results_remove(after, "mail.office.example"));
	g_bytes_unref(after);
	g_bytes_unref(before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("authentication results");
	TCase *tests = tcase_create("field");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, values_are_read, 0, G_N_ELEMENTS(values));
	tcase_add_loop_test(tests, every_truncation_is_survived, 0, G_N_ELEMENTS(values));
	tcase_add_test(tests, what_is_written_reads_the_same);
	tcase_add_test(tests, no_results_are_said_so);
	tcase_add_test(tests, claims_to_be_ours_are_removed);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
