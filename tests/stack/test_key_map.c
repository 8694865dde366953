/* The index behind the stack's tables, compared with a plain array. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "sim/random.h"
#include "stack/key_map.h"

START_TEST(an_empty_map_owns_nothing_and_finds_nothing)
{
	struct key_map map = { 0 };

	ck_assert_ptr_null(key_map_find(&map, 0));
	ck_assert(!key_map_remove(&map, 0));
	ck_assert_ptr_null(key_map_sorted(&map));
	ck_assert_ptr_null(map.cells);
	key_map_clear(&map);
}
END_TEST

START_TEST(a_value_can_be_replaced_and_changed_in_place)
{
	struct key_map map = { 0 };

	key_map_set(&map, 0, 7);
	key_map_set(&map, 0, 8);
	ck_assert_uint_eq(map.count, 1);
	ck_assert_uint_eq(*key_map_find(&map, 0), 8);
	*key_map_find(&map, 0) = 9;
	ck_assert_uint_eq(*key_map_find(&map, 0), 9);
	key_map_clear(&map);
}
END_TEST

#define KEYS 512

/* Keys that differ only in their high or only in their low bits crowd together if hashed badly. */
static uint64_t key_of(unsigned i)
{
	return (i & 1) ? (uint64_t)i << 32 : (uint64_t)i * 4;
}

START_TEST(random_changes_agree_with_an_array)
{
	struct key_map map = { 0 };
	struct random_stream stream;
	uint64_t values[KEYS] = { 0 };

	random_init(&stream, (uint64_t)_i, "test", "key_map");
	for (unsigned step = 0; step < 20000; step++) {
		unsigned i = (unsigned)random_below(&stream, KEYS);

		if (random_chance(&stream, 500000)) {
			values[i] = 1 + random_below(&stream, 1000);
			key_map_set(&map, key_of(i), values[i]);
		} else {
			ck_assert_int_eq(key_map_remove(&map, key_of(i)), values[i] != 0);
			values[i] = 0;
		}
	}

	unsigned count = 0;

	for (unsigned i = 0; i < KEYS; i++) {
		uint64_t *found = key_map_find(&map, key_of(i));

		ck_assert_uint_eq(found != NULL ? *found : 0, values[i]);
		count += values[i] != 0;
	}
	ck_assert_uint_eq(map.count, count);

	struct key_map_cell *sorted = key_map_sorted(&map);

	for (unsigned i = 1; i < count; i++)
		ck_assert_uint_lt(sorted[i - 1].key, sorted[i].key);
	g_free(sorted);
	key_map_clear(&map);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_map");
	TCase *tcase = tcase_create("key_map");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tcase, an_empty_map_owns_nothing_and_finds_nothing);
	tcase_add_test(tcase, a_value_can_be_replaced_and_changed_in_place);
	tcase_add_loop_test(tcase, random_changes_agree_with_an_array, 0, 5);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
