/* What the line about a header says, of the packets put together by hand, and of malformed ones. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "tests/views/packets.h"
#include "views/describe.h"

static const char *mac_name(const void *owner, struct mac mac)
{
	(void)owner;
	return mac.octets[5] == 0x0a ? "alice-pc" : NULL;
}

static const char *address_name(const void *owner, struct ip_address address)
{
	(void)owner;
	return ip_address_equal(address, ip_address_from_ipv4(0xc000020a)) ? "alice-pc" : NULL;
}

/* The lines of all layers of a packet, each ended by a semicolon. */
static char *described(struct bytes packet, uint16_t link_type)
{
	static struct decode decode;
	const struct view_names names = { NULL, mac_name, address_name, NULL };
	const struct account account = { .decode = &decode, .names = &names };
	GString *out = g_string_new(NULL);

	decode_packet(packet, &(struct decode_options) { .link_type = link_type }, &decode);
	for (unsigned i = 0; i < decode.layer_count; i++) {
		describe_layer(out, &account, &decode.layers[i]);
		g_string_append(out, "; ");
	}
	return g_string_free(out, FALSE);
}

static struct bytes packet_called(const char *name, uint16_t *link_type)
{
	const struct test_packet *packet = test_packets;

	while (packet->name != NULL && strcmp(packet->name, name) != 0)
		packet++;
	ck_assert_msg(packet->name != NULL, "no packet %s", name);
	*link_type = packet->link_type;
	return (struct bytes) { (const uint8_t *)packet->bytes, packet->length_bytes };
}

static const struct {
	const char *packet, *lines;
} rows[] = {
	{"vlan_tcp",
         "02:00:00:00:01:0a (alice-pc) → 02:00:00:00:01:01; network 42, priority 5, may be "
	  "dropped "
	  "first; 192.0.2.10 (alice-pc) → 198.51.100.70, TTL 64; 40000 → 25 (smtp), PSH ACK, seq "
	  "1000, ack 2000, win 512 (unscaled); data; "							    },
	{ "two_old_tags_udp",
         "02:00:00:00:01:0a (alice-pc) → 02:00:00:00:01:01; network 7, priority 0; network 42, "
	  "priority 0; 192.0.2.10 (alice-pc) → 198.51.100.70, TTL 64; 5353 → 9999; data; "                    },
	{ "vlan_arp",            "02:00:00:00:01:0a (alice-pc) → 02:00:00:00:01:01, 14 B of padding; network "
		      "1, priority 0; "
		      "request: who has 198.51.100.70? tell 192.0.2.10 (alice-pc); padding; "},
	{ "ipv6_tcp",
         "02:00:00:00:01:0a (alice-pc) → 02:00:00:00:01:01; 2001:db8::1 → 2001:db8:1::beef, hop "
	  "limit 64, flow 0x12345; 40000 → 25 (smtp), PSH ACK, seq 1000, ack 2000, win 512 "
	  "(unscaled); data; "										    },
	{ "tunnel_ipv6",
         "02:00:00:00:01:0a (alice-pc) → 02:00:00:00:01:01; 192.0.2.10 (alice-pc) → "
	  "198.51.100.70, TTL 64; 2001:db8::1 → 2001:db8:1::beef, hop limit 64; 1000 → 9999; "
	  "data; "												},
	{ "ipv4_authentication",
         "02:00:00:00:01:0a (alice-pc) → 02:00:00:00:01:01; 192.0.2.10 (alice-pc) → "
	  "198.51.100.70, TTL 64; Authentication Header, then TCP; 40000 → 25 (smtp), PSH ACK, seq "
	  "1000, ack 2000, win 512 (unscaled); data; "							    },
};

START_TEST(every_header_has_its_line)
{
	uint16_t link_type;
	struct bytes packet = packet_called(rows[_i].packet, &link_type);
	g_autofree char *lines = described(packet, link_type);

	ck_assert_str_eq(lines, rows[_i].lines);
}
END_TEST

/* Loop test: every packet, cut at every byte: of an exact copy, so that sanitizers see each step beyond it. */
START_TEST(a_packet_cut_anywhere_is_described_as_far_as_it_goes)
{
	const struct test_packet *packet = &test_packets[_i];

	for (size_t length = 0; length < packet->length_bytes; length++) {
		uint8_t *copy = g_memdup2(packet->bytes, length);
		g_autofree char *lines =
		    described((struct bytes) { copy, length }, packet->link_type);

		ck_assert(g_utf8_validate(lines, -1, NULL));
		g_free(copy);
	}
}
END_TEST

/* A packet of IPv6 from fe80::1 with one next header, whose sums are as they are. */
static char *described_ipv6(uint8_t next_header, uint8_t hop_limit, const char *hex)
{
	static struct decode decode;
	uint8_t packet[256] = { 0x60, [6] = next_header, [7] = hop_limit, [8] = 0xfe, [9] = 0x80 };
	size_t length = 40;
	const struct view_names names = { NULL, mac_name, address_name, NULL };
	const struct account account = { .decode = &decode, .names = &names };
	GString *out = g_string_new(NULL);
	const char *complaint;

	packet[23] = 1;
	packet[24] = 0xfd;
	for (; hex[0] != '\0'; hex += 2, length++)
		packet[length] =
		    (uint8_t)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
	put_be16(packet + 4, (uint16_t)(length - 40));
	decode_packet(
	    (struct bytes) { packet, length },
	    &(struct decode_options) { .link_type = DECODE_LINK_RAW, .wants_fields = true },
	    &decode);
	describe_layer(out, &account, &decode.layers[1]);
	decode.layers[1].checksum = MAX(decode.layers[1].checksum, CHECKSUM_UNCHECKED);
	complaint = decode_complaint(&decode.layers[1]);
	g_string_append_printf(out, " [%s] %u %u", complaint == NULL ? "" : complaint,
			       decode.layers[1].header_bytes, decode.layers[1].field_count);
	return g_string_free(out, FALSE);
}

#define FD05 "fd000000000000000000000000000005"
#define FE09 "fe800000000000000000000000000009"
#define FF02 "ff0200000000000000000000000000fb"

/* What it says, the complaint, the bytes of the header, and its fields. */
static const struct {
	uint8_t next_header, hop_limit;
	const char *hex, *said;
} rows_ipv6[] = {
	{58,  64,  "0100000000000000",
         "destination unreachable, no route to destination (0) [] 8 4"                          },
	{ 58, 64,  "0301000000000000",
         "time exceeded, fragment reassembly time exceeded (1) [] 8 4"                          },
	{ 58, 64,  "0401000000000000",
         "parameter problem, unrecognized next header type (1) [] 8 4"                          },
	{ 58, 64,  "0163000000000000",           "destination unreachable, code 99 [] 8 4"      },
	{ 58, 255, "8900000000000000" FE09 FD05, "redirect to fe80::9 for fd00::5 [] 40 6"      },
	{ 58, 64,  "8900000000000000" FE09 FD05,
         "redirect to fe80::9 for fd00::5 [hop limit not 255: every host drops it] 40 6"        },
	{ 58, 1,   "8300000000000000" FF02,      "multicast listener report of ff02::fb [] 24 6"},
	{ 58, 1,
         "8f00000000000002"
	  "04000000" FF02 "01000001" FF02 FD05,
         "multicast listener report, version 2 with 2 records [] 64 14"                         },
	{ 58, 1,
         "8f00000000000001"
	  "04000003" FF02,
         "multicast listener report, version 2 with 1 record [malformed options] 28 5"          },
	{ 17, 64,  "0001000200080000",
         "1 → 2 [no checksum: over IPv6 that is for tunnels alone] 8 4"                       },
};

START_TEST(headers_behind_ipv6_have_their_lines)
{
	g_autofree char *said =
	    described_ipv6(rows_ipv6[_i].next_header, rows_ipv6[_i].hop_limit, rows_ipv6[_i].hex);

	ck_assert_str_eq(said, rows_ipv6[_i].said);
}
END_TEST

/* Eight options of 127 addresses each: more fields than there is room for. */
START_TEST(fields_beyond_the_room_for_them_are_left_out)
{
	enum { OPTION_BYTES = 255 * 8, LENGTH = 40 + 16 + 8 * OPTION_BYTES };
	static struct decode decode;
	uint8_t *packet = g_malloc0(LENGTH);

	packet[0] = 0x60;
	put_be16(packet + 4, LENGTH - 40);
	packet[6] = 58;
	packet[7] = 255;
	packet[40] = 134;
	for (unsigned i = 0; i < 8; i++) {
		packet[56 + i * OPTION_BYTES] = 25;
		packet[57 + i * OPTION_BYTES] = 255;
	}
	decode_packet(
	    (struct bytes) { packet, LENGTH },
	    &(struct decode_options) { .link_type = DECODE_LINK_RAW, .wants_fields = true },
	    &decode);
	ck_assert_uint_eq(decode.field_count, DECODE_FIELDS_MAX);
	g_free(packet);
}
END_TEST

/* RFC 9768: a SYN that asks for accurate ECN. */
START_TEST(the_ninth_flag_of_tcp_has_a_name)
{
	uint8_t packet[40] = { 0x45, [3] = 40, [8] = 64, [9] = 6 };
	g_autofree char *lines = NULL;

	packet[32] = 0x51;
	packet[33] = 0xc2;
	lines = described((struct bytes) { packet, sizeof packet }, DECODE_LINK_RAW);
	ck_assert_ptr_nonnull(strstr(lines, "SYN ECE CWR AE, seq 0"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("describe");
	TCase *tests = tcase_create("describe");
	int packets = 0;

	while (test_packets[packets].name != NULL)
		packets++;
	tcase_add_loop_test(tests, every_header_has_its_line, 0, G_N_ELEMENTS(rows));
	tcase_add_loop_test(tests, a_packet_cut_anywhere_is_described_as_far_as_it_goes, 0,
			    packets);
	tcase_add_loop_test(tests, headers_behind_ipv6_have_their_lines, 0,
			    G_N_ELEMENTS(rows_ipv6));
	tcase_add_test(tests, fields_beyond_the_room_for_them_are_left_out);
	tcase_add_test(tests, the_ninth_flag_of_tcp_has_a_name);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
