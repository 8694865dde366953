/* Values with units, addresses, dates and words: read, refused, and printed again. */
#include <check.h>
#include "app/scenario_value.h"

static const struct word words[] = {
	{"lan",   3, NULL},
        { "link", 4, NULL},
        { NULL,   0, NULL}
};

/* `printed` NULL: the text is refused. */
static const struct {
	enum key_type type;
	const char *text;
	const char *printed;
} rows[] = {
	{KEY_TIME,     "10ms",                  "10ms"                     },
	{ KEY_TIME,    "1.5s",                  "1500ms"                   },
	{ KEY_TIME,    "90s",                   "90s"                      },
	{ KEY_TIME,    "120s",                  "2min"                     },
	{ KEY_TIME,    "0s",                    "0s"                       },
	{ KEY_TIME,    "0ns",                   "0s"                       },
	{ KEY_TIME,    "2 h",                   "2h"                       },
	{ KEY_TIME,    "7d",                    "7d"                       },
	{ KEY_TIME,    "0.000001ms",            "1ns"                      },
	{ KEY_TIME,    "1.50ns",                NULL                       },
	{ KEY_TIME,    "0.0000001ms",           NULL                       },
	{ KEY_TIME,    "10",                    NULL                       },
	{ KEY_TIME,    "10 sec",                NULL                       },
	{ KEY_TIME,    "-1s",                   NULL                       },
	{ KEY_TIME,    "1.s",                   NULL                       },
	{ KEY_TIME,    "1.2.3s",                NULL                       },
	{ KEY_TIME,    "99999999999d",          NULL                       },
	{ KEY_TIME,    "99999999999999999999s", NULL                       },
	{ KEY_TIME,    "",                      NULL                       },
	{ KEY_RATE,    "100Mbps",               "100Mbps"                  },
	{ KEY_RATE,    "1500kbps",              "1500kbps"                 },
	{ KEY_RATE,    "2.5Gbps",               "2500Mbps"                 },
	{ KEY_RATE,    "56kbps",                "56kbps"                   },
	{ KEY_RATE,    "100mbps",               NULL                       },
	{ KEY_SIZE,    "2MB",                   "2MB"                      },
	{ KEY_SIZE,    "65536B",                "64KiB"                    },
	{ KEY_SIZE,    "1500B",                 "1500B"                    },
	{ KEY_SIZE,    "1500",                  NULL                       },
	{ KEY_PERCENT, "0.5%",                  "0.5%"                     },
	{ KEY_PERCENT, "100%",                  "100%"                     },
	{ KEY_PERCENT, "0.0001%",               "0.0001%"                  },
	{ KEY_PERCENT, "0.00001%",              NULL                       },
	{ KEY_PERCENT, "100.1%",                NULL                       },
	{ KEY_PERCENT, "5",                     NULL                       },
	{ KEY_COUNT,   "18446744073709551615",  "18446744073709551615"     },
	{ KEY_COUNT,   "18446744073709551616",  NULL                       },
	{ KEY_COUNT,   "1.5",                   NULL                       },
	{ KEY_COUNT,   "3x",                    NULL                       },
	{ KEY_BOOL,    "yes",                   "yes"                      },
	{ KEY_BOOL,    "true",                  "yes"                      },
	{ KEY_BOOL,    "no",                    "no"                       },
	{ KEY_BOOL,    "on",                    NULL                       },
	{ KEY_WORD,    "link",                  "link"                     },
	{ KEY_WORD,    "LAN",                   NULL                       },
	{ KEY_RANGE,   "3",                     "3"                        },
	{ KEY_RANGE,   "0",                     "0"                        },
	{ KEY_RANGE,   "2..5",                  "2..5"                     },
	{ KEY_RANGE,   "1..",                   "1.."                      },
	{ KEY_RANGE,   "..3",                   "..3"                      },
	{ KEY_RANGE,   "0..3",                  "..3"                      },
	{ KEY_RANGE,   "3..3",                  "3"                        },
	{ KEY_RANGE,   "5..2",                  NULL                       },
	{ KEY_RANGE,   "..",                    NULL                       },
	{ KEY_RANGE,   "a..b",                  NULL                       },
 /* clang-format off */
	{ KEY_MONEY, "0.05", "0.05" },
	{ KEY_MONEY, "2", "2" },
	{ KEY_MONEY, "1.50", "1.5" },
	{ KEY_MONEY, "0.0000001", NULL },
	{ KEY_MONEY, "-1", NULL },
	{ KEY_MONEY, "5 EUR", NULL },
	{ KEY_MONEY_RANGE, "0.1..0.2", "0.1..0.2" },
	{ KEY_MONEY_RANGE, "1.95..", "1.95.." },
	{ KEY_MONEY_RANGE, "..3", "..3" },
	{ KEY_MONEY_RANGE, "0.15", "0.15" },
	{ KEY_MONEY_RANGE, "0.2..0.1", NULL },
  /* clang-format on */
	{ KEY_DATE,    "2026-01-05T08:00:00Z",  "2026-01-05T08:00:00Z"     },
	{ KEY_DATE,    "2024-02-29",            "2024-02-29T00:00:00Z"     },
	{ KEY_DATE,    "2026-02-29",            NULL                       },
	{ KEY_DATE,    "2026-01-05T08:00:00",   NULL                       },
	{ KEY_DATE,    "1969-12-31",            NULL                       },
	{ KEY_DATE,    "5.1.2026",              NULL                       },
	{ KEY_IPV4,    "192.0.2.1",             "192.0.2.1"                },
	{ KEY_IPV4,    "192.0.2.256",           NULL                       },
	{ KEY_IPV4,    "0.0.0.0",               NULL                       },
	{ KEY_PREFIX,  "192.0.2.64/26",         "192.0.2.64/26"            },
	{ KEY_PREFIX,  "default",               "default"                  },
	{ KEY_PREFIX,  "192.0.2.65/26",         NULL                       },
	{ KEY_PREFIX,  "192.0.2.0",             NULL                       },
	{ KEY_PREFIX,  "192.0.2.0/33",          NULL                       },
	{ KEY_MAC,     "02:00:00:01:00:0A",     "02:00:00:01:00:0a"        },
	{ KEY_MAC,     "03:00:00:01:00:0a",     NULL                       }, /* a group address */
	{ KEY_MAC,     "00:00:00:00:00:00",     NULL                       },
	{ KEY_NAME,    "alice-pc",              "alice-pc"                 },
	{ KEY_NAME,    "Alice",                 NULL                       },
	{ KEY_NAME,    "-a",                    NULL                       },
	{ KEY_NAME,    "a_b",                   NULL                       },
	{ KEY_NAME,    "a.b",                   NULL                       },
	{ KEY_NAME,    "",                      NULL                       },
	{ KEY_DOMAIN,  "mail.office.example",   "mail.office.example"      },
	{ KEY_DOMAIN,  "mail..example",         NULL                       },
	{ KEY_DOMAIN,  "mail.example.",         NULL                       },
	{ KEY_OWNER,   "@",                     "\"@\""                    },
	{ KEY_OWNER,   "www.office.example.",   "www.office.example."      },
	{ KEY_OWNER,   "_dmarc",                "\"_dmarc\""               },
	{ KEY_OWNER,   "a..",                   NULL                       },
	{ KEY_MAIL,    "bob@remote.example",    "bob@remote.example"       },
	{ KEY_MAIL,    "bob",                   "bob"                      },
	{ KEY_MAIL,    "a..b@remote.example",   NULL                       },
	{ KEY_MAIL,    "@remote.example",       NULL                       },
	{ KEY_MAIL,    "bob@",                  NULL                       },
	{ KEY_FILE,    "files/minutes.pdf",     "files/minutes.pdf"        },
	{ KEY_FILE,    "/etc/passwd",           NULL                       },
	{ KEY_FILE,    "files/../../x",         NULL                       },
	{ KEY_TEXT,    "Re: Hello",             "\"Re: Hello\""            },
	{ KEY_TEXT,    "Hello",                 "Hello"                    },
	{ KEY_TEXT,    "yes",                   "\"yes\""                  },
	{ KEY_TEXT,    "42",                    "\"42\""                   },
	{ KEY_TEXT,    "say \"hi\" \\o/",       "\"say \\\"hi\\\" \\\\o/\""},
	{ KEY_TEXT,    "a\nb",                  NULL                       }, /* of one line only */
	{ KEY_TEXT,    "a\x07",                 NULL                       },
};

union field {
	uint64_t number;
	int64_t time;
	struct scenario_range range;
	const char *text;
	struct scenario_prefix prefix;
	struct mac mac;
	uint8_t bytes[32];
};

START_TEST(values_are_read_and_printed_in_their_shortest_form)
{
	GStringChunk *strings = g_string_chunk_new(256);
	struct key key = { .name = "key", .type = rows[_i].type, .words = words };
	union field field, untouched;

	memset(&field, 0x55, sizeof field);
	untouched = field;
	const char *problem = value_parse(&key, rows[_i].text, &field, strings);

	if (rows[_i].printed == NULL) {
		ck_assert_msg(problem != NULL, "`%s` was not refused", rows[_i].text);
		ck_assert_mem_eq(&field, &untouched, sizeof field);
	} else {
		GString *out = g_string_new(NULL);

		ck_assert_msg(problem == NULL, "`%s`: %s", rows[_i].text, problem);
		ck_assert(value_print(&key, &field, out));
		ck_assert_str_eq(out->str, rows[_i].printed);
		g_string_free(out, TRUE);
	}
	g_string_chunk_free(strings);
}
END_TEST

START_TEST(bounds_hold_on_both_sides)
{
	struct key port = { .name = "port", .type = KEY_COUNT, .least = 1, .most = 65535 };
	uint64_t value = 7;

	ck_assert_ptr_nonnull(value_parse(&port, "0", &value, NULL));
	ck_assert_ptr_nonnull(value_parse(&port, "65536", &value, NULL));
	ck_assert_uint_eq(value, 7);
	ck_assert_ptr_null(value_parse(&port, "65535", &value, NULL));
	ck_assert_uint_eq(value, 65535);
	ck_assert_ptr_null(value_parse(&port, "1", &value, NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scenario_value");
	TCase *tests = tcase_create("scenario_value");

	tcase_add_loop_test(tests, values_are_read_and_printed_in_their_shortest_form, 0,
			    G_N_ELEMENTS(rows));
	tcase_add_test(tests, bounds_hold_on_both_sides);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
