/* Times on a wire. */
#include <check.h>
#include <stdlib.h>
#include "sim/time.h"

/* By hand: bytes * 8 / rate, in ns, rounded up. */
static const struct {
	uint64_t size_bytes, rate_bps;
	int64_t time_ns;
} times[] = {
	{1,			UINT64_C(1000000000),    8                           },
	{ 1,		       UINT64_C(1000000000000), 1                           },
	{ 1514,		    56000,                   216285715                   },
	{ (UINT64_C(1) << 30) - 1, 1,                       INT64_C(8589934584000000000)},
	{ UINT64_C(1) << 30,       1,                       INT64_C(8589934592000000000)},
 /* The first that 64 bits did not hold, at 100 kbps: 51 hours, not nothing. */
	{ UINT64_C(2305843010),    100000,                  INT64_C(184467440800000)    },
	{ UINT64_C(4294967296),    UINT64_C(1000000000),    INT64_C(34359738368)        },
	{ UINT64_C(1000000000000), 100000,                  INT64_C(80000000000000000)  },
	{ UINT64_C(1000000000000), 1,                       TIME_NEVER                  },
	{ UINT64_MAX,              1,                       TIME_NEVER                  },
};

START_TEST(large_sizes_take_long)
{
	ck_assert_int_eq(time_to_transmit(times[_i].size_bytes, times[_i].rate_bps),
			 times[_i].time_ns);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("time");
	TCase *tcase = tcase_create("time");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tcase, large_sizes_take_long, 0, sizeof times / sizeof *times);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
