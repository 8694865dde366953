/* Unfinished and long frames become what a cable carries; expected values are worked out by hand. */
#include <check.h>
#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>
#include "app/live_offload.h"

enum { ETHERNET = 14, IPV4 = 20, TCP = 20, HEADERS = ETHERNET + IPV4 + TCP };

static const uint8_t headers[HEADERS] = {
	/* Ethernet: to, from, IPv4 */
	0x02, 0, 0, 1, 0, 0x0a, 0x02, 0, 0, 1, 0, 0x0b, 0x08, 0x00,
	/* IPv4: 192.0.2.11 to 192.0.2.10, identification 0xfffe, DF; length is set by each test */
	0x45, 0, 0, 0, 0xff, 0xfe, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, 11, 192, 0, 2, 10,
	/* TCP: 4096 to 25, sequence 0xfffffff0, CWR PSH ACK FIN */
	0x10, 0x00, 0, 25, 0xff, 0xff, 0xff, 0xf0, 0, 0, 0, 1, 0x50, 0x99, 0x20, 0, 0, 0, 0, 0,
};

struct emitted {
	unsigned count;
	size_t lengths[8];
	uint8_t frames[8][2048];
};

static void keep(void *owner, struct bytes frame)
{
	struct emitted *emitted = owner;

	ck_assert_uint_lt(emitted->count, 8);
	ck_assert_uint_le(frame.length, sizeof emitted->frames[0]);
	memcpy(emitted->frames[emitted->count], frame.data, frame.length);
	emitted->lengths[emitted->count++] = frame.length;
}

static void count(void *owner, struct bytes frame)
{
	(void)frame;
	++*(unsigned *)owner;
}

/* One's complement sum by the book, apart from the code under test. */
static unsigned sum_of(const uint8_t *bytes, size_t length, unsigned long sum)
{
	for (size_t i = 0; i < length; i++)
		sum += (unsigned long)bytes[i] << (i % 2 ? 0 : 8);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (unsigned)sum;
}

/* 0xffff is what a sum that includes its checksum comes to. */
static void assert_checksums(const uint8_t *frame, size_t length, uint8_t protocol)
{
	size_t segment = length - ETHERNET - IPV4;
	unsigned pseudo = sum_of(frame + ETHERNET + 12, 8, protocol + segment);

	ck_assert_uint_eq(sum_of(frame + ETHERNET, IPV4, 0), 0xffff);
	ck_assert_uint_eq(sum_of(frame + ETHERNET + IPV4, segment, pseudo), 0xffff);
}

static size_t make_long(uint8_t *frame, size_t payload_bytes)
{
	size_t total = IPV4 + TCP + payload_bytes;

	memcpy(frame, headers, HEADERS);
	put_be16(frame + ETHERNET + 2, (uint16_t)total);
	for (size_t i = 0; i < payload_bytes; i++)
		frame[HEADERS + i] = (uint8_t)(i * 7);
	return ETHERNET + total;
}

START_TEST(a_long_segment_is_cut_into_three)
{
	static uint8_t frame[4096];
	struct emitted emitted = { 0 };
	size_t length = make_long(frame, 2500);
	struct virtio_net_hdr how = { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN,
		                      .gso_size = 1000 };
	static const uint32_t sequences[] = { 0xfffffff0, 0x3d8, 0x7c0 };
	static const uint8_t flags[] = { 0x90, 0x10, 0x19 }; /* CWR first; PSH and FIN last */
	static const uint16_t identifications[] = { 0xfffe, 0xffff, 0 };
	struct offload_result result = offload_finish(&how, frame, length, keep, &emitted);

	ck_assert_uint_eq(result.frames, 3);
	ck_assert(result.is_split && result.is_completed);
	for (unsigned i = 0; i < 3; i++) {
		const uint8_t *cut = emitted.frames[i];
		size_t payload = i < 2 ? 1000 : 500;

		ck_assert_uint_eq(emitted.lengths[i], HEADERS + payload);
		ck_assert_uint_eq(get_be16(cut + ETHERNET + 2), IPV4 + TCP + payload);
		ck_assert_uint_eq(get_be16(cut + ETHERNET + 4), identifications[i]);
		ck_assert_uint_eq(get_be32(cut + ETHERNET + IPV4 + 4), sequences[i]);
		ck_assert_uint_eq(cut[ETHERNET + IPV4 + 13], flags[i]);
		for (size_t k = 0; k < payload; k++)
			ck_assert_uint_eq(cut[HEADERS + k], (uint8_t)((i * 1000 + k) * 7));
		assert_checksums(cut, emitted.lengths[i], 6);
	}
}
END_TEST

START_TEST(an_unfinished_checksum_is_finished)
{
	static uint8_t frame[2048];
	struct emitted emitted = { 0 };
	size_t length = make_long(frame, 101);
	struct virtio_net_hdr how = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.csum_start = ETHERNET + IPV4,
		.csum_offset = 16,
	};

	/* The kernel has filled in the IPv4 checksum, and for TCP the sum of the pseudo header. */
	put_be16(frame + ETHERNET + 10, (uint16_t)~sum_of(frame + ETHERNET, IPV4, 0));
	put_be16(frame + ETHERNET + IPV4 + 16,
	         (uint16_t)sum_of(frame + ETHERNET + 12, 8, 6 + length - ETHERNET - IPV4));
	struct offload_result result = offload_finish(&how, frame, length, keep, &emitted);

	ck_assert_uint_eq(result.frames, 1);
	ck_assert(result.is_completed && !result.is_split);
	ck_assert_uint_eq(emitted.lengths[0], length);
	assert_checksums(emitted.frames[0], length, 6);
}
END_TEST

START_TEST(a_finished_frame_is_left_as_it_is)
{
	uint8_t frame[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x86, 0xdd, 99 };
	struct emitted emitted = { 0 };
	struct virtio_net_hdr how = { 0 };
	struct offload_result result = offload_finish(&how, frame, sizeof frame, keep, &emitted);

	ck_assert_uint_eq(result.frames, 1);
	ck_assert(!result.is_completed);
	ck_assert_mem_eq(emitted.frames[0], frame, sizeof frame);
}
END_TEST

START_TEST(nonsense_is_not_emitted)
{
	static uint8_t frame[4096];
	size_t length = make_long(frame, 2500);
	struct emitted emitted = { 0 };
	const struct virtio_net_hdr nonsense[] = {
		{ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = (uint16_t)length, .csum_offset = 0 },
		{ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 34, .csum_offset = 0xffff },
		{ .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 0 },
		{ .gso_type = VIRTIO_NET_HDR_GSO_TCPV6, .gso_size = 1000 },
		{ .gso_type = VIRTIO_NET_HDR_GSO_UDP, .gso_size = 1000 },
		{ .gso_type = 5, .gso_size = 1000 }, /* UDP, but the frame is TCP */
		{ .gso_type = 0x7f, .gso_size = 1 },
	};

	for (size_t i = 0; i < sizeof nonsense / sizeof *nonsense; i++)
		ck_assert_uint_eq(offload_finish(&nonsense[i], frame, length, keep, &emitted).frames, 0);
	ck_assert_uint_eq(emitted.count, 0);
}
END_TEST

/* Loop test: _i bytes of a long frame are there, in a buffer of that very size. */
START_TEST(every_truncation_is_survived)
{
	static uint8_t whole[256];
	size_t length = make_long(whole, 100);
	uint8_t *part = malloc(_i ? _i : 1);
	unsigned frames = 0;
	struct virtio_net_hdr how = { .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 40 };

	ck_assert_int_lt(_i, (int)length);
	memcpy(part, whole, _i);
	offload_finish(&how, part, _i, count, &frames);
	ck_assert_uint_le(frames, 3);
	free(part);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("live offload");
	TCase *tests = tcase_create("offload");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tests);
	tcase_add_test(tests, a_long_segment_is_cut_into_three);
	tcase_add_test(tests, an_unfinished_checksum_is_finished);
	tcase_add_test(tests, a_finished_frame_is_left_as_it_is);
	tcase_add_test(tests, nonsense_is_not_emitted);
	tcase_add_loop_test(tests, every_truncation_is_survived, 0, HEADERS + 99);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
