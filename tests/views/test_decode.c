/* Decoding of frames made by hand: layers, fields, options, quoted datagrams, damage, truncation. */
#include <check.h>
#include <stdlib.h>
#include "stack/wire/ethernet.h"
#include "tests/views/frames.h"
#include "views/decode.h"

/* A dissector that names each line. */
static size_t lines_dissect(const struct dissect_input *input, struct dissect_unit *units,
			    size_t capacity)
{
	size_t count = 0, start = 0;

	for (size_t i = 0; i < input->bytes.length; i++) {
		if (input->bytes.data[i] != '\n')
			continue;
		if (count < capacity) {
			units[count] = (struct dissect_unit) {
				.name = input->is_from_server ? "reply" : "command",
				.offset = (uint32_t)start,
				.length = (uint32_t)(i + 1 - start),
				.is_complete = true,
			};
			dissect_print_line(bytes_from(input->bytes, start), units[count].summary);
		}
		count++;
		start = i + 1;
	}
	return count;
}

static const struct dissector lines = {
	.name = "LINES",
	.key = "lines",
	.tcp_ports = {25, 587 },
	.udp_ports = { 53},
	.dissect = lines_dissect,
};
static const struct dissector *const dissectors[] = { &lines, NULL };

static struct decode decode;

static const struct decode_layer *layer(enum decode_protocol protocol)
{
	const struct decode_layer *found = decode_find(&decode, protocol);

	ck_assert_ptr_nonnull(found);
	return found;
}

static uint64_t value(enum decode_protocol protocol, const char *name)
{
	const struct decode_field *field = decode_find_field(&decode, layer(protocol), name);

	ck_assert_msg(field != NULL, "no field %s", name);
	return field->value;
}

/* The layers of each frame, outermost first. */
static const struct {
	const char *frame;
	const char *layers;
} expected_layers[] = {
	{"arp_request",           "Ethernet ARP padding"            },
	{ "echo_request",         "Ethernet IPv4 ICMP data"         },
	{ "first_fragment",       "Ethernet IPv4 ICMP data"         },
	{ "last_fragment",        "Ethernet IPv4 fragment padding"  },
	{ "udp_datagram",         "Ethernet IPv4 UDP LINES padding" },
	{ "udp_without_checksum", "Ethernet IPv4 UDP data padding"  },
	{ "port_unreachable",     "Ethernet IPv4 ICMP IPv4 UDP data"},
	{ "fragmentation_needed", "Ethernet IPv4 ICMP IPv4 TCP"     },
	{ "tcp_syn",              "Ethernet IPv4 TCP"               },
	{ "tcp_data",             "Ethernet IPv4 TCP LINES"         },
	{ "tcp_reset",            "Ethernet IPv4 TCP padding"       },
	{ "ipv4_options",         "Ethernet IPv4 UDP data"          },
	{ "bad_tcp_checksum",     "Ethernet IPv4 TCP LINES"         },
};

START_TEST(layers_follow_each_other_as_in_the_frame)
{
	char names[200] = "";

	decode_frame(test_frame(expected_layers[_i].frame), dissectors, &decode);
	for (unsigned i = 0; i < decode.layer_count; i++) {
		strcat(names, i > 0 ? " " : "");
		strcat(names, decode.layers[i].name);
	}
	ck_assert_str_eq(names, expected_layers[_i].layers);
}
END_TEST

/* Headers, and what nobody owns, are all the bytes: each byte of a frame is in exactly one layer. */
START_TEST(the_layers_cover_the_frame_without_gap_or_overlap)
{
	uint32_t end = 0;

	decode_frame(test_frames[_i].bytes, dissectors, &decode);
	for (unsigned i = 0; i < decode.layer_count; i++) {
		ck_assert_uint_eq(decode.layers[i].start, end);
		end += decode.layers[i].header_bytes;
	}
	ck_assert_uint_eq(end, decode.frame.length);
}
END_TEST

/* And each bit of a header is in exactly one field. */
START_TEST(the_fields_cover_their_headers_without_gap_or_overlap)
{
	decode_frame(test_frames[_i].bytes, dissectors, &decode);
	for (unsigned i = 0; i < decode.layer_count; i++) {
		const struct decode_layer *at = &decode.layers[i];
		uint32_t bit = at->start * 8;

		if (at->table == NULL)
			continue;
		for (unsigned f = 0; f < at->field_count; f++) {
			const struct decode_field *field = &decode.fields[at->first_field + f];

			ck_assert_msg(field->bit_offset == bit, "%s: %s of %s",
				      test_frames[_i].name, field->field->name, field->table->name);
			bit += field->bit_width;
		}
		ck_assert_uint_eq(bit, (at->start + at->header_bytes) * 8);
	}
}
END_TEST

START_TEST(nothing_is_wrong_with_frames_that_are_right)
{
	if (strncmp(test_frames[_i].name, "bad_", 4) == 0)
		return;
	decode_frame(test_frames[_i].bytes, dissectors, &decode);
	for (unsigned i = 0; i < decode.layer_count; i++) {
		const struct decode_layer *at = &decode.layers[i];

		ck_assert_msg(at->checksum != CHECKSUM_WRONG, "%s: %s", test_frames[_i].name,
			      at->name);
		ck_assert_msg(at->note != DECODE_NOTE_OPTIONS_BAD, "%s", test_frames[_i].name);
		ck_assert_msg(at->status == PARSE_OK || at->is_quoted, "%s: %s: %s",
			      test_frames[_i].name, at->name, decode_complaint(at));
	}
}
END_TEST

START_TEST(damage_is_found_in_the_layer_where_it_is)
{
	decode_frame(test_frame("bad_tcp_checksum"), dissectors, &decode);
	ck_assert_uint_eq(layer(DECODE_TCP)->checksum, CHECKSUM_WRONG);
	ck_assert_uint_eq(layer(DECODE_IPV4)->checksum, CHECKSUM_RIGHT);
	ck_assert_str_eq(decode_complaint(layer(DECODE_TCP)), "checksum wrong");

	decode_frame(test_frame("bad_ipv4_checksum"), dissectors, &decode);
	ck_assert_uint_eq(layer(DECODE_IPV4)->checksum, CHECKSUM_WRONG);
	ck_assert_uint_eq(layer(DECODE_UDP)->checksum, CHECKSUM_RIGHT);
}
END_TEST

START_TEST(options_of_tcp_are_fields_of_their_own_tables)
{
	decode_frame(test_frame("tcp_sack"), dissectors, &decode);
	static const struct {
		const char *name;
		uint64_t value;
	} expected[] = {
		{"TS Value",             7         },
		{ "TS Echo Reply",       8         },
		{ "Left Edge of Block",  1477      },
		{ "Right Edge of Block", 2925      },
		{ "Left Edge of Block",  4373      },
		{ "Right Edge of Block", 5821      },
		{ "Left Edge of Block",  0xfffffff0},
		{ "Right Edge of Block", 16        },
	};
	const struct decode_layer *tcp = layer(DECODE_TCP);
	unsigned found = 0;

	for (unsigned i = 0; i < tcp->field_count && found < 8; i++) {
		const struct decode_field *field = &decode.fields[tcp->first_field + i];

		if (strcmp(field->field->name, expected[found].name) != 0)
			continue;
		ck_assert_uint_eq(field->value, expected[found].value);
		ck_assert_str_eq(field->table->name, found < 2 ? "Timestamps" : "SACK");
		found++;
	}
	ck_assert_uint_eq(found, 8);
	ck_assert_uint_eq(tcp->header_bytes, 60);
}
END_TEST

START_TEST(values_offsets_and_texts_are_those_of_the_frame)
{
	char text[FIELD_TEXT_BYTES];

	decode_frame(test_frame("tcp_syn"), dissectors, &decode);
	ck_assert_uint_eq(value(DECODE_ETHERNET, "Type"), ETHERTYPE_IPV4);
	ck_assert_uint_eq(value(DECODE_IPV4, "Time to Live"), 64);
	ck_assert_uint_eq(value(DECODE_TCP, "Sequence Number"), 0xfffffffe);
	ck_assert_uint_eq(value(DECODE_TCP, "Maximum Segment Size"), 1460);
	ck_assert_uint_eq(value(DECODE_TCP, "Shift Count"), 7);

	const struct decode_field *ttl =
	    decode_find_field(&decode, layer(DECODE_IPV4), "Time to Live");
	const struct decode_field *destination =
	    decode_find_field(&decode, layer(DECODE_IPV4), "Destination Address");

	ck_assert_uint_eq(ttl->bit_offset, (14 + 8) * 8);
	ck_assert_uint_eq(ttl->bit_width, 8);
	ck_assert_str_eq(decode_field_print(&decode, ttl, text), "64");
	ck_assert_str_eq(decode_field_print(&decode, destination, text), "198.51.100.70");
	ck_assert(decode.has_addresses && decode.has_ports);
	ck_assert_uint_eq(ip_address_ipv4(decode.source), 0xc000020a);
	ck_assert_uint_eq(decode.destination_port, 587);
}
END_TEST

START_TEST(the_payload_goes_to_the_dissector_of_the_port)
{
	decode_frame(test_frame("tcp_data"), dissectors, &decode);
	ck_assert_uint_eq(decode.unit_count, 1);
	ck_assert_str_eq(decode.units[0].name, "command");
	ck_assert_str_eq(decode.units[0].summary, "EHLO alice-pc.office.example");
	ck_assert_ptr_eq(layer(DECODE_APPLICATION)->dissector, &lines);
	ck_assert_uint_eq(decode_payload(&decode, layer(DECODE_TCP)).length, 30);

	decode_frame(test_frame("tcp_data"), NULL, &decode);
	ck_assert_ptr_null(decode_find(&decode, DECODE_APPLICATION));
	ck_assert_uint_eq(layer(DECODE_DATA)->header_bytes, 30);
}
END_TEST

START_TEST(who_is_the_server_is_told_by_the_port)
{
	bool is_from_server = true;

	ck_assert_ptr_eq(decode_dissector(dissectors, true, 40000, 25, &is_from_server), &lines);
	ck_assert(!is_from_server);
	ck_assert_ptr_eq(decode_dissector(dissectors, true, 25, 40000, &is_from_server), &lines);
	ck_assert(is_from_server);
	ck_assert_ptr_null(decode_dissector(dissectors, false, 25, 40000, &is_from_server));
	ck_assert_ptr_null(decode_dissector(dissectors, true, 40000, 0, &is_from_server));
	ck_assert_ptr_null(decode_dissector(NULL, true, 25, 25, &is_from_server));
}
END_TEST

START_TEST(a_quoted_datagram_is_marked_and_may_be_cut)
{
	decode_frame(test_frame("fragmentation_needed"), dissectors, &decode);
	ck_assert_uint_eq(value(DECODE_ICMP, "Next-Hop MTU"), 1400);
	ck_assert(!decode.layers[1].is_quoted);
	ck_assert(decode.layers[3].is_quoted && decode.layers[4].is_quoted);
	ck_assert_str_eq(decode_complaint(&decode.layers[3]), "quoted in part");
	ck_assert_str_eq(decode_complaint(&decode.layers[4]), "quoted in part");
	ck_assert_uint_eq(decode.layers[4].header_bytes, 8);
	ck_assert_uint_eq(decode.layers[4].field_count, 3);
	ck_assert_uint_eq(decode.fields[decode.layers[4].first_field + 2].value, 1);
	ck_assert(!decode.has_ports);
	ck_assert_uint_eq(ip_address_ipv4(decode.source), 0xc0000201);
}
END_TEST

START_TEST(a_first_fragment_says_so_and_its_checksum_is_not_judged)
{
	decode_frame(test_frame("first_fragment"), dissectors, &decode);
	ck_assert_uint_eq(layer(DECODE_ICMP)->note, DECODE_NOTE_FIRST_FRAGMENT);
	ck_assert_uint_eq(layer(DECODE_ICMP)->checksum, CHECKSUM_UNCHECKED);
	decode_frame(test_frame("last_fragment"), dissectors, &decode);
	ck_assert_uint_eq(value(DECODE_IPV4, "Fragment Offset"), 6);
	ck_assert_uint_eq(layer(DECODE_FRAGMENT)->header_bytes, 24);
}
END_TEST

START_TEST(a_datagram_without_ethernet_is_decoded_alike)
{
	decode_datagram(bytes_from(test_frame("tcp_syn"), ETHERNET_HEADER_BYTES), dissectors,
			&decode);
	ck_assert_uint_eq(decode.layers[0].protocol, DECODE_IPV4);
	ck_assert_uint_eq(value(DECODE_TCP, "Window"), 64240);
}
END_TEST

START_TEST(malformed_options_are_named_and_the_rest_is_read)
{
	struct bytes whole = test_frame("tcp_data");
	uint8_t *frame = malloc(whole.length);

	memcpy(frame, whole.data, whole.length);
	frame[14 + 20 + 20 + 3] = 99; /* length of the timestamps */
	decode_frame((struct bytes) { frame, whole.length }, dissectors, &decode);
	ck_assert_uint_eq(layer(DECODE_TCP)->note, DECODE_NOTE_OPTIONS_BAD);
	ck_assert_uint_eq(layer(DECODE_APPLICATION)->header_bytes, 30);
	free(frame);
}
END_TEST

/* Loop test over frames: cut at every length, in an exact-size copy. */
/* As captured in front of a network card that is to cut it into packets. */
START_TEST(a_datagram_of_length_0_is_as_long_as_its_frame)
{
	uint8_t bytes[128];
	struct bytes frame = test_frame("tcp_data");
	const struct decode_layer *ipv4, *tcp;

	memcpy(bytes, frame.data, frame.length);
	put_be16(bytes + 16, 0);
	bytes[50]++; /* its checksum is that of no packet yet */
	decode_frame((struct bytes) { bytes, frame.length }, dissectors, &decode);
	ipv4 = decode_find(&decode, DECODE_IPV4);
	tcp = decode_find(&decode, DECODE_TCP);
	ck_assert_int_eq(ipv4->note, DECODE_NOTE_NO_LENGTH);
	ck_assert_uint_eq(ipv4->payload_bytes, frame.length - 34);
	ck_assert_int_eq(tcp->status, PARSE_OK);
	ck_assert_int_eq(tcp->checksum, CHECKSUM_UNFINISHED);
}
END_TEST

/* Those of the payload, here or cut off. */
static size_t data_bytes(void)
{
	const struct decode_layer *data = decode_find(&decode, DECODE_DATA);

	return data == NULL ? 0 : (size_t)data->header_bytes + data->cut_header_bytes;
}

/* The capture has the first `_i` bytes of the frame: no length is wrong, and all is told that is here. */
START_TEST(a_frame_cut_by_the_capture_has_the_lengths_of_its_headers)
{
	struct bytes frame = test_frame("tcp_data"); /* headers of 14, 20 and 32 bytes */
	const struct decode_layer *tcp;

	decode_packet(bytes_first(frame, (size_t)_i),
		      &(struct decode_options) { .link_type = DECODE_LINK_ETHERNET,
						 .original_bytes = frame.length },
		      &decode);
	tcp = decode_find(&decode, DECODE_TCP);
	ck_assert_ptr_nonnull(tcp);
	ck_assert_int_eq(tcp->status, PARSE_OK);
	ck_assert_int_eq(decode_find(&decode, DECODE_IPV4)->status, PARSE_OK);
	ck_assert_int_eq(tcp->note, _i < 66 ? DECODE_NOTE_SNAPPED : DECODE_NOTE_NONE);
	ck_assert(decode.has_ports);
	ck_assert_uint_eq(tcp->header_bytes + tcp->cut_header_bytes, _i > 46 ? 32 : _i - 34);
	if (_i <= 46) /* where the data begin is not known */
		ck_assert_ptr_null(decode_find(&decode, DECODE_DATA));
	else
		ck_assert_uint_eq(data_bytes(), frame.length - 66);
	ck_assert_uint_eq(tcp->header_bytes + tcp->cut_header_bytes + tcp->payload_bytes +
			      tcp->cut_payload_bytes,
			  frame.length - 34);
}
END_TEST

/* Of UDP and ICMP it is known how long the header is; what was not captured makes no datagram malformed. */
START_TEST(a_header_of_eight_bytes_may_be_cut)
{
	static const struct {
		const char *frame;
		enum decode_protocol protocol;
	} cut[] = {
		{"udp_datagram",  DECODE_UDP },
                { "echo_request", DECODE_ICMP}
	};

	for (unsigned i = 0; i < 2; i++) {
		struct bytes frame = test_frame(cut[i].frame);
		const struct decode_layer *layer;

		decode_packet(bytes_first(frame, 38),
			      &(struct decode_options) { .link_type = DECODE_LINK_ETHERNET,
							 .original_bytes = frame.length },
			      &decode);
		layer = decode_find(&decode, cut[i].protocol);
		ck_assert_ptr_nonnull(layer);
		ck_assert_int_eq(layer->status, PARSE_OK);
		ck_assert_int_eq(layer->note, DECODE_NOTE_SNAPPED);
		ck_assert_uint_eq(layer->header_bytes, 4);
		ck_assert_uint_eq(layer->cut_header_bytes, 4);
		ck_assert_uint_eq(layer->cut_payload_bytes, get_be16(frame.data + 16) - 28);
	}
}
END_TEST

START_TEST(every_truncation_gives_what_is_there_and_a_status)
{
	struct bytes whole = test_frames[_i].bytes;

	for (size_t length = 0; length < whole.length; length++) {
		uint8_t *cut = malloc(length ? length : 1);
		uint32_t end = 0;

		memcpy(cut, whole.data, length);
		decode_frame((struct bytes) { cut, length }, dissectors, &decode);
		ck_assert_uint_ge(decode.layer_count, 1);
		for (unsigned i = 0; i < decode.layer_count; i++)
			end += decode.layers[i].header_bytes;
		ck_assert_uint_eq(end, length);
		if (length < 34)
			ck_assert_ptr_nonnull(
			    decode_complaint(&decode.layers[length < 14 ? 0 : 1]));
		free(cut);
	}
}
END_TEST

#define COUNT(array) ((int)(sizeof array / sizeof *array))

static int frame_count(void)
{
	int count = 0;

	while (test_frames[count].name != NULL)
		count++;
	return count;
}

int main(void)
{
	Suite *suite = suite_create("decode");
	TCase *tests = tcase_create("decode");

	tcase_add_loop_test(tests, layers_follow_each_other_as_in_the_frame, 0,
			    COUNT(expected_layers));
	tcase_add_loop_test(tests, the_layers_cover_the_frame_without_gap_or_overlap, 0,
			    frame_count());
	tcase_add_loop_test(tests, the_fields_cover_their_headers_without_gap_or_overlap, 0,
			    frame_count());
	tcase_add_loop_test(tests, nothing_is_wrong_with_frames_that_are_right, 0, frame_count());
	tcase_add_test(tests, damage_is_found_in_the_layer_where_it_is);
	tcase_add_test(tests, options_of_tcp_are_fields_of_their_own_tables);
	tcase_add_test(tests, values_offsets_and_texts_are_those_of_the_frame);
	tcase_add_test(tests, the_payload_goes_to_the_dissector_of_the_port);
	tcase_add_test(tests, who_is_the_server_is_told_by_the_port);
	tcase_add_test(tests, a_quoted_datagram_is_marked_and_may_be_cut);
	tcase_add_test(tests, a_first_fragment_says_so_and_its_checksum_is_not_judged);
	tcase_add_test(tests, a_datagram_without_ethernet_is_decoded_alike);
	tcase_add_test(tests, malformed_options_are_named_and_the_rest_is_read);
	tcase_add_test(tests, a_datagram_of_length_0_is_as_long_as_its_frame);
	tcase_add_loop_test(tests, a_frame_cut_by_the_capture_has_the_lengths_of_its_headers, 38,
			    (int)test_frame("tcp_data").length);
	tcase_add_test(tests, a_header_of_eight_bytes_may_be_cut);
	tcase_add_loop_test(tests, every_truncation_gives_what_is_there_and_a_status, 0,
			    frame_count());
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
