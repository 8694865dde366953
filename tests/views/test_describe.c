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
	  "priority 0; 192.0.2.10 (alice-pc) → 198.51.100.70, TTL 64; 5353 → 9999; data; "             },
	{ "vlan_arp",            "02:00:00:00:01:0a (alice-pc) → 02:00:00:00:01:01, 14 B of padding; network "
		      "1, priority 0; "
		      "request: who has 198.51.100.70? tell 192.0.2.10 (alice-pc); padding; "},
	{ "ipv6_tcp",
         "02:00:00:00:01:0a (alice-pc) → 02:00:00:00:01:01; 2001:db8::1 → 2001:db8:1::beef, hop "
	  "limit 64, flow 0x12345; 40000 → 25 (smtp), PSH ACK, seq 1000, ack 2000, win 512 "
	  "(unscaled); data; "										    },
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
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
