/* What a server writes into a header, and takes out of it. */
#include <check.h>
#include <stdlib.h>
#include "protocols/mail/marking.h"

static const struct header_field_name removed[] = {
	{.name = "X-Spam-Flag"                 },
	{ .name = "Authentication-Results", .value_prefix = "mail.office.example" },
};

static const struct {
	const char *name, *fields, *prefix, *before, *after;
} markings[] = {
	{"nothing",							   "",           NULL,      "Subject: x\r\n\r\nbody",                   "Subject: x\r\n\r\nbody"                                   },
	{ "fields come to the front",					 "X-A: 1\r\n", NULL,      "Subject: x\r\n\r\nbody\r\n",
         "X-A: 1\r\nSubject: x\r\n\r\nbody\r\n"																			       },
	{ "fields go, folded and in any case, and what is in the body stays", "",           NULL,
         "x-spam-FLAG:\r\n YES\r\nSubject: x\r\nX-Spam-Flag: NO\r\nX-Spam-Flags: 1\r\n\r\n"
	  "X-Spam-Flag: YES\r\n",														  "Subject: x\r\nX-Spam-Flags: 1\r\n\r\nX-Spam-Flag: YES\r\n"},
	{ "only what begins so goes",					 "",           NULL,
         "Authentication-Results: other.example; spf=pass\r\n"
	  "Authentication-Results:\r\n\tMAIL.office.example; spf=pass\r\n\r\n",								    "Authentication-Results: other.example; spf=pass\r\n\r\n"  },
	{ "the subject is marked once",                                       "",           "[SPAM] ", "Subject: x\r\nSubject: y\r\n\r\n",
         "Subject: [SPAM] x\r\nSubject: y\r\n\r\n"																			    },
	{ "a folded subject",						 "",           "[SPAM] ", "Subject:\r\n =?utf-8?q?x?=\r\n y\r\n\r\n",
         "Subject: [SPAM] =?utf-8?q?x?=\r\n y\r\n\r\n"																			},
	{ "an empty subject",						 "",           "[SPAM] ", "Subject:\r\nTo: x\r\n\r\n",
         "Subject: [SPAM] \r\nTo: x\r\n\r\n"																				  },
	{ "no subject",						       "",           "[SPAM] ", "To: x\r\n\r\nSubject: y\r\n",
         "To: x\r\nSubject: [SPAM] \r\n\r\nSubject: y\r\n"																		    },
	{ "a header without an end",					  "X-A: 1\r\n", "[SPAM] ", "To: x\r\n",
         "X-A: 1\r\nTo: x\r\nSubject: [SPAM] \r\n"																			    },
	{ "no header",							"X-A: 1\r\n", NULL,      "\r\nbody",                                 "X-A: 1\r\n\r\nbody"                                       },
	{ "nothing at all",						   "X-A: 1\r\n", NULL,      "",                                         "X-A: 1\r\n"                                               },
};

START_TEST(a_message_is_marked)
{
	GBytes *before = g_bytes_new_static(markings[_i].before, strlen(markings[_i].before));
	GBytes *after = message_mark(before, &(struct message_marking) {
						 .removed = removed,
						 .removed_count = G_N_ELEMENTS(removed),
						 .fields = markings[_i].fields,
						 .subject_prefix = markings[_i].prefix,
					     });
	gsize length;
	const char *octets = g_bytes_get_data(after, &length);
	char *text = g_strndup(octets != NULL ? octets : "", length);

	ck_assert_msg(strcmp(text, markings[_i].after) == 0, "%s: %s", markings[_i].name, text);
	g_free(text);
	g_bytes_unref(after);
	g_bytes_unref(before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("marking");
	TCase *tests = tcase_create("marking");

	tcase_add_loop_test(tests, a_message_is_marked, 0, G_N_ELEMENTS(markings));
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
