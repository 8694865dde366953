/* Address lists against the examples of RFC 5322 appendix A, and worse. */
#include <check.h>
#include "protocols/mail/address.h"

struct example {
	const char *text;
	const char
	    *expected; /* name|route|local|domain; entries separated by newlines, - for NULL */
};

static const struct example examples[] = {
	{"John Doe <jdoe@machine.example>",                                        "John Doe|-|jdoe|machine.example\n"      },
	{ "\"Joe Q. Public\" <john.q.public@example.com>",
         "Joe Q. Public|-|john.q.public|example.com\n"								      },
	{ "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
         "Mary Smith|-|mary|x.test\n-|-|jdoe|example.org\nWho?|-|one|y.test\n"                                              },
	{ "<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
         "-|-|boss|nil.test\nGiant; \"Big\" Box|-|sysservices|example.net\n"                                                },
	{ "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
         "-|-|A Group|-\nEd "
	  "Jones|-|c|a.test\n-|-|joe|where.test\nJohn|-|jdoe|one.test\n-|-|-|-\n"                                           },
	{ "Undisclosed recipients:;",					      "-|-|Undisclosed recipients|-\n-|-|-|-\n"},
	{ "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
         "Pete|-|pete|silly.test\n"											 },
	{ "Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
         "Mary Smith|@node.test|mary|example.net\n-|-|jdoe|test.example\n"                                                  },
	{ "alice@office.example (Alice in \\(wonder\\)land)",
         "Alice in (wonder)land|-|alice|office.example\n"								   },
	{ "\"john smith\"@[192.0.2.1]",					    "-|-|john smith|[192.0.2.1]\n"           },
	{ "=?utf-8?q?J=C3=BCrgen?= <j@x.example>",                                 "=?utf-8?q?J=C3=BCrgen?=|-|j|x.example\n"},
	{ "postmaster",							    "-|-|postmaster|\n"                      },
	{ "broken <a@b",							   "broken|-|a|b\n"                         },
	{ "<>",								    ""				       },
	{ "",								      ""				       },
	{ ",;:(\"",								"-|-||-\n-|-|-|-\n"                      },
};

static const char *shown(const char *text)
{
	return text != NULL ? text : "-";
}

START_TEST(lists_are_read_as_envelope_shows_them)
{
	GPtrArray *list = address_list_parse(examples[_i].text);
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < list->len; i++) {
		const struct address *address = g_ptr_array_index(list, i);

		g_string_append_printf(out, "%s|%s|%s|%s\n", shown(address->name),
				       shown(address->route), shown(address->local),
				       shown(address->domain));
	}
	ck_assert_str_eq(out->str, examples[_i].expected);
	g_string_free(out, TRUE);
	g_ptr_array_unref(list);
}
END_TEST

START_TEST(specs_leave_out_groups_and_quote_where_they_must)
{
	GPtrArray *specs =
	    address_specs("Friends: a@x.example, \"b c\" <\"b \\\"c\"@y.example>;, d, e@z.example");

	ck_assert_uint_eq(specs->len, 3);
	ck_assert_str_eq(g_ptr_array_index(specs, 0), "a@x.example");
	ck_assert_str_eq(g_ptr_array_index(specs, 1), "\"b \\\"c\"@y.example");
	ck_assert_str_eq(g_ptr_array_index(specs, 2), "e@z.example");
	g_ptr_array_unref(specs);
}
END_TEST

START_TEST(a_list_is_bounded)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < ADDRESS_LIST_MAX + 10; i++)
		g_string_append(text, "a@b,");
	GPtrArray *list = address_list_parse(text->str);
	ck_assert_uint_eq(list->len, ADDRESS_LIST_MAX);
	g_ptr_array_unref(list);
	g_string_free(text, TRUE);
}
END_TEST

static const struct {
	const char *spec;
	bool is_valid;
} specs[] = {
	{"alice@office.example",						 true },
	{ "a.b+c=d@x",							   true },
	{ "\"a b\"@x.example",						   true },
	{ "\"a\\\"b\"@x.example",						true },
	{ "alice@[192.0.2.1]",						   true },
	{ "alice",							       false},
	{ "@x.example",							  false},
	{ "alice@",							      false},
	{ ".a@x.example",							false},
	{ "a..b@x.example",						      false},
	{ "a.@x.example",							false},
	{ "a b@x.example",						       false},
	{ "a@x..example",							false},
	{ "a@-x.example",							false},
	{ "a@x-.example",							false},
	{ "a@x_y.example",						       false},
	{ "a@x.example\r\nRCPT TO:<b@x>",                                        false},
	{ "\"a@x.example",						       false},
	{ "\"a\\\"@x.example",						   false},
	{ "a@[]",								false},
	{ "j\xc3\xbcrgen@x.example",					     false},
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@x", false},
};

START_TEST(envelopes_carry_valid_addresses_only)
{
	ck_assert_msg(address_is_valid(specs[_i].spec) == specs[_i].is_valid, "%s", specs[_i].spec);
}
END_TEST

START_TEST(the_domain_is_behind_the_last_at)
{
	ck_assert_str_eq(address_domain("\"a@b\"@x.example"), "x.example");
	ck_assert_str_eq(address_domain("alice"), "");
	ck_assert(address_equal("Alice@Office.Example", "alice@office.example"));
	ck_assert(!address_equal("alice@office.example", "alice@office"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address");
	TCase *tests = tcase_create("all");

	tcase_add_loop_test(tests, lists_are_read_as_envelope_shows_them, 0,
			    G_N_ELEMENTS(examples));
	tcase_add_test(tests, specs_leave_out_groups_and_quote_where_they_must);
	tcase_add_test(tests, a_list_is_bounded);
	tcase_add_loop_test(tests, envelopes_carry_valid_addresses_only, 0, G_N_ELEMENTS(specs));
	tcase_add_test(tests, the_domain_is_behind_the_last_at);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0 ? 1 : 0;
}
