/* Tables of bounded size: what is kept, what makes room, and that nothing else is touched. */
#include <check.h>
#include <glib.h>
#include "views/lru_table.h"

#define CAPACITY 64

static unsigned forgotten;

static void count_forgotten(void *owner, void *value)
{
	ck_assert_ptr_eq(owner, &forgotten);
	ck_assert_uint_ne(*(uint64_t *)value, 0);
	forgotten++;
}

START_TEST(what_was_put_is_found_until_it_makes_room)
{
	struct lru_table *table = lru_table_new(sizeof(uint32_t), sizeof(uint64_t), CAPACITY,
						count_forgotten, &forgotten);
	unsigned found = 0;

	forgotten = 0;
	for (uint32_t key = 1; key <= 1000; key++) {
		uint64_t *value = lru_table_put(table, &key);

		ck_assert_uint_eq(*value, 0);
		*value = key;
		ck_assert_ptr_eq(lru_table_find(table, &key), value);
		ck_assert_ptr_eq(lru_table_put(table, &key), value);
	}
	for (uint32_t key = 1; key <= 1000; key++) {
		const uint64_t *value = lru_table_look(table, &key);

		found += value != NULL;
		ck_assert(value == NULL || *value == key);
	}
	ck_assert_uint_eq(found, CAPACITY);
	ck_assert_uint_eq(forgotten, 1000 - CAPACITY);
	lru_table_free(table);
	ck_assert_uint_eq(forgotten, 1000);
}
END_TEST

START_TEST(what_is_used_stays)
{
	struct lru_table *table =
	    lru_table_new(sizeof(uint32_t), sizeof(uint64_t), CAPACITY, NULL, NULL);
	uint32_t kept = 0;

	*(uint64_t *)lru_table_put(table, &kept) = 7;
	for (uint32_t key = 1; key <= 1000; key++) {
		lru_table_put(table, &key);
		ck_assert_ptr_nonnull(lru_table_find(table, &kept));
	}
	ck_assert_uint_eq(*(const uint64_t *)lru_table_look(table, &kept), 7);
	lru_table_free(table);
}
END_TEST

#define KEY_MAX 40

/* Keys of every length that differ in one byte alone, wherever it stands, and by its lowest bit. */
START_TEST(keys_are_told_apart_by_each_of_their_bytes)
{
	size_t length = (size_t)_i;
	struct lru_table *table = lru_table_new(length, sizeof(uint64_t), 1024, NULL, NULL);
	uint8_t key[KEY_MAX] = { 0 };

	*(uint64_t *)lru_table_put(table, key) = KEY_MAX;
	for (size_t at = 0; at < length; at++) {
		key[at] = 1;
		ck_assert_ptr_null(lru_table_look(table, key));
		*(uint64_t *)lru_table_put(table, key) = at;
		key[at] = 0;
	}
	for (size_t at = 0; at < length; at++) {
		key[at] = 1;
		ck_assert_uint_eq(*(const uint64_t *)lru_table_look(table, key), at);
		ck_assert_uint_eq(*(const uint64_t *)lru_table_look(table, key), at);
		key[at] = 0;
	}
	ck_assert_uint_eq(*(const uint64_t *)lru_table_look(table, key), KEY_MAX);
	lru_table_free(table);
}
END_TEST

START_TEST(what_yields_makes_room_first_and_may_be_used_again)
{
	struct lru_table *table =
	    lru_table_new(sizeof(uint32_t), sizeof(uint64_t), LRU_WAYS, NULL, NULL);
	const uint32_t old = 1, new = 100, newer = 101, last = LRU_WAYS;

	for (uint32_t key = 1; key <= LRU_WAYS; key++)
		lru_table_put(table, &key);
	lru_table_yield(table, lru_table_find(table, &last));
	lru_table_put(table, &new);
	ck_assert_ptr_null(lru_table_look(table, &last));
	ck_assert_ptr_nonnull(lru_table_look(table, &old));
	lru_table_yield(table, lru_table_find(table, &new));
	ck_assert_ptr_nonnull(lru_table_find(table, &new));
	lru_table_put(table, &newer);
	ck_assert_ptr_null(lru_table_look(table, &old));
	ck_assert_ptr_nonnull(lru_table_look(table, &new));
	lru_table_free(table);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lru table");
	TCase *tests = tcase_create("lru table");

	tcase_add_test(tests, what_was_put_is_found_until_it_makes_room);
	tcase_add_test(tests, what_is_used_stays);
	tcase_add_loop_test(tests, keys_are_told_apart_by_each_of_their_bytes, 1, KEY_MAX + 1);
	tcase_add_test(tests, what_yields_makes_room_first_and_may_be_used_again);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
