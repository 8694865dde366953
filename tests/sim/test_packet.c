/* Packet buffers: headroom, narrowing, sharing, recycling. */
#include <check.h>
#include <stdlib.h>
#include "sim/packet.h"

START_TEST(headers_go_in_front_and_come_off_again)
{
	struct packet_pool *pool = packet_pool_new();
	struct packet *packet = packet_new(pool, 4);

	memcpy(packet_data(packet), "data", 4);
	memcpy(packet_push(packet, 2), "h2", 2);
	memcpy(packet_push(packet, 2), "h1", 2);
	ck_assert(bytes_equal(packet_bytes(packet), bytes_of("h1h2data")));
	packet_pull(packet, 2);
	ck_assert(bytes_equal(packet_bytes(packet), bytes_of("h2data")));
	packet_narrow(packet, bytes_first(bytes_from(packet_bytes(packet), 2), 3));
	ck_assert(bytes_equal(packet_bytes(packet), bytes_of("dat")));
	packet_pad(packet, 2);
	ck_assert(
	    bytes_equal(packet_bytes(packet), (struct bytes) { (const uint8_t *)"dat\0\0", 5 }));
	packet_free(packet);
	ck_assert_uint_eq(packet_pool_in_use(pool), 0);
	packet_pool_free(pool);
}
END_TEST

START_TEST(every_size_class_has_room_for_all_headers)
{
	static const size_t sizes[] = { 0, 1, 256, 257, 1460, 1536, 1537, 9000, 65535 };
	struct packet_pool *pool = packet_pool_new();
	struct packet *packet = packet_new(pool, sizes[_i]);

	ck_assert_uint_eq(packet_length(packet), sizes[_i]);
	memset(packet_data(packet), 0xaa, sizes[_i]);
	memset(packet_push(packet, PACKET_HEADROOM_BYTES), 0xbb, PACKET_HEADROOM_BYTES);
	packet_pad(packet, PACKET_TAILROOM_BYTES);
	packet_free(packet);
	packet_pool_free(pool);
}
END_TEST

START_TEST(unsharing_copies_only_when_shared)
{
	struct packet_pool *pool = packet_pool_new();
	struct packet *packet = packet_new(pool, 4);

	memcpy(packet_data(packet), "same", 4);
	packet->id = 7;
	ck_assert_ptr_eq(packet_unshare(packet), packet);

	struct packet *own = packet_unshare(packet_reference(packet));

	ck_assert_ptr_ne(own, packet);
	ck_assert_uint_eq(own->id, 7);
	packet_data(own)[0] = 'S';
	ck_assert(bytes_equal(packet_bytes(packet), bytes_of("same")));
	ck_assert(bytes_equal(packet_bytes(own), bytes_of("Same")));
	packet_free(own);
	packet_free(packet);
	packet_pool_free(pool);
}
END_TEST

START_TEST(a_noted_sum_is_found_for_its_bytes_alone_and_until_they_change)
{
	struct packet_pool *pool = packet_pool_new();
	struct packet *packet = packet_new(pool, 8);
	struct bytes payload = packet_bytes(packet);
	uint32_t sum = 0;

	ck_assert(!packet_find_sum(packet, payload, &sum));
	packet_note_sum(packet, 0x1234);
	packet_push(packet, 20);
	packet_pad(packet, 12);
	ck_assert(packet_find_sum(packet, payload, &sum));
	ck_assert_uint_eq(sum, 0x1234);
	ck_assert(!packet_find_sum(packet, packet_bytes(packet), &sum));
	ck_assert(!packet_find_sum(packet, bytes_first(payload, 7), &sum));

	struct packet *copy = packet_copy(packet);
	struct bytes of_copy = { copy->buffer + PACKET_HEADROOM_BYTES, payload.length };

	packet_bytes_change(packet);
	ck_assert(!packet_find_sum(packet, payload, &sum));
	ck_assert(packet_find_sum(copy, of_copy, &sum));
	packet_free(copy);
	packet_free(packet);
	packet_pool_free(pool);
}
END_TEST

/* The name of an interface that has none is an empty run without an address. */
START_TEST(in_an_empty_run_no_byte_is_found)
{
	struct bytes none = { NULL, 0 }, some = bytes_of("eth0:1");

	ck_assert_ptr_null(bytes_find_byte(none, ':'));
	ck_assert_ptr_eq(bytes_find_byte(some, ':'), some.data + 4);
	ck_assert_ptr_null(bytes_find_byte(bytes_first(some, 4), ':'));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("packet");
	TCase *tests = tcase_create("packet");

	tcase_add_test(tests, headers_go_in_front_and_come_off_again);
	tcase_add_loop_test(tests, every_size_class_has_room_for_all_headers, 0, 9);
	tcase_add_test(tests, unsharing_copies_only_when_shared);
	tcase_add_test(tests, a_noted_sum_is_found_for_its_bytes_alone_and_until_they_change);
	tcase_add_test(tests, in_an_empty_run_no_byte_is_found);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
