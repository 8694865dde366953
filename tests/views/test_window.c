/* Windows in bytes: which handshakes scale them, and where that is not known. */
#include <check.h>
#include <stdlib.h>
#include "views/window.h"

static const uint8_t scale_7[] = { 3, 3, 7, 1 };   /* kind 3, length 3, shift 7; no operation */
static const uint8_t scale_20[] = { 3, 3, 20, 1 }; /* more than RFC 7323 section 2.3 allows */
static const uint8_t mss[] = { 2, 4, 5, 0xb4 };
static const uint8_t malformed[] = { 3, 9, 7, 1 };

/* What one side's SYN says; without options and `header_bytes` 0 it was not seen. */
struct opening {
	const uint8_t *options;
	uint8_t options_bytes;
	uint8_t header_bytes;
};

#define OPTIONS(name)                                                                              \
	{                                                                                          \
		(name), sizeof(name), 20 + sizeof(name)                                            \
	}
#define UNSEEN                                                                                     \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}
#define CUT                                                                                        \
	{                                                                                          \
		NULL, 0, 24                                                                        \
	} /* the options were not captured */

static const struct {
	const char *name;
	struct opening own, other;
	uint16_t window;
	uint8_t flags;
	bool is_known;
	uint32_t window_bytes;
} rows[] = {
	{"both scale",                       OPTIONS(scale_7),   OPTIONS(scale_7),  1000, TCP_ACK,           true,  128000 },
	{ "by each side's own shift",        OPTIONS(scale_7),   OPTIONS(scale_20), 1000, TCP_ACK,           true,
         128000													    },
	{ "a SYN is never scaled",           OPTIONS(scale_7),   OPTIONS(scale_7),  1000, TCP_SYN | TCP_ACK,
         true,												      1000   },
	{ "the other does not scale",        OPTIONS(scale_7),   OPTIONS(mss),      1000, TCP_ACK,           true,  1000   },
	{ "the sender does not scale",       OPTIONS(mss),       OPTIONS(scale_7),  1000, TCP_ACK,           true,  1000   },
	{ "14 bits at most",                 OPTIONS(scale_20),  OPTIONS(scale_7),  1,    TCP_ACK,           true,  1 << 14},
	{ "the other's SYN is missing",      OPTIONS(scale_7),   UNSEEN,            1000, TCP_ACK,           true,  128000 },
	{ "the sender's SYN is missing",     UNSEEN,             OPTIONS(scale_7),  1000, TCP_ACK,           false, 1000   },
	{ "both are missing",                UNSEEN,             UNSEEN,            1000, TCP_ACK,           false, 1000   },
	{ "zero is zero at any scale",       UNSEEN,             UNSEEN,            0,    TCP_ACK,           true,  0      },
	{ "the options were cut",            CUT,                OPTIONS(scale_7),  1000, TCP_ACK,           false, 1000   },
	{ "the other's options were cut",    OPTIONS(scale_7),   CUT,               1000, TCP_ACK,           true,  128000 },
	{ "malformed options offer nothing", OPTIONS(malformed), OPTIONS(scale_7),  1000, TCP_ACK,
         true,												      1000   },
};

static void learn(struct model_direction *direction, const struct opening *opening)
{
	if (opening->header_bytes > 0)
		window_learn(direction, &(struct tcp_header) {
					    .header_bytes = opening->header_bytes,
					    .flags = TCP_SYN,
					    .options = {opening->options, opening->options_bytes},
                });
}

START_TEST(windows_are_scaled_as_the_handshake_says)
{
	struct model_connection connection = {
		.directions = {{ .is_from_server = false }, { .is_from_server = true }}
	};
	struct model_segment segment = { .connection = &connection,
					 .direction = &connection.directions[0] };

	learn(&connection.directions[0], &rows[_i].own);
	learn(&connection.directions[1], &rows[_i].other);
	window_find(&segment,
		    &(struct tcp_header) { .flags = rows[_i].flags, .window = rows[_i].window });
	ck_assert_msg(segment.is_window_known == rows[_i].is_known, "%s", rows[_i].name);
	ck_assert_msg(segment.window_bytes == rows[_i].window_bytes, "%s: %u", rows[_i].name,
		      segment.window_bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("window");
	TCase *tests = tcase_create("window");

	tcase_add_loop_test(tests, windows_are_scaled_as_the_handshake_says, 0,
			    sizeof rows / sizeof rows[0]);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
