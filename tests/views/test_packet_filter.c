/* Filters of frames: what passes, and what is no filter. */
#include <check.h>
#include <stdlib.h>
#include "views/packet_filter.h"

enum { LINKTYPE_ETHERNET = 1, LINKTYPE_RAW = 101 };

/* An ARP question, padded; and the front of a DNS question by UDP from port 4096 to 53. */
static const uint8_t arp_question[60] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 1, 0, 10, 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1,
};
static const uint8_t dns_question[60] = {
	2, 0, 0,  1,  0, 1, 2,   0, 0, 1,  0,   10, 0x08, 0x00, 0x45, 0,    0, 46, 0, 0,
	0, 0, 64, 17, 0, 0, 192, 0, 2, 10, 192, 0,  2,    53,   0x10, 0x00, 0, 53, 0, 26,
};

static const struct {
	const char *text;
	bool passes_arp, passes_dns;
} filters[] = {
	{"",					true,  true },
	{ "arp",				    true,  false},
	{ "udp port 53",			    false, true },
	{ "tcp port 53",			    false, false},
	{ "host 192.0.2.10 or arp",                 true,  true },
	{ "ether src 02:00:00:01:00:0a and not ip", true,  false},
	{ "greater 61",			     false, false},
};

START_TEST(a_filter_lets_pass_what_it_says)
{
	struct packet_filter *filter = packet_filter_new(filters[_i].text, NULL);

	ck_assert_ptr_nonnull(filter);
	ck_assert_msg(packet_filter_passes_frame(filter, (struct bytes) { arp_question, 60 }) ==
			  filters[_i].passes_arp,
		      "ARP by \"%s\"", filters[_i].text);
	ck_assert_msg(packet_filter_passes_frame(filter, (struct bytes) { dns_question, 60 }) ==
			  filters[_i].passes_dns,
		      "DNS by \"%s\"", filters[_i].text);
	packet_filter_free(filter);
}
END_TEST

START_TEST(what_is_no_filter_is_refused_and_quoted)
{
	GError *error = NULL;

	ck_assert_ptr_null(packet_filter_new("tcp prt 25", &error));
	ck_assert(g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_INVAL));
	ck_assert_ptr_nonnull(strstr(error->message, "\"tcp prt 25\" is no filter: "));
	g_error_free(error);
}
END_TEST

/* The question's datagram without Ethernet: addresses are found, Ethernet's are not there. */
START_TEST(raw_datagrams_are_filtered_by_their_own_offsets)
{
	struct bytes datagram = { dns_question + 14, 46 };
	struct packet_filter *port = packet_filter_new("udp port 53", NULL);
	struct packet_filter *ether = packet_filter_new("ether src 02:00:00:01:00:0a", NULL);

	ck_assert(packet_filter_passes(port, LINKTYPE_RAW, datagram, 46));
	ck_assert(!packet_filter_passes(port, LINKTYPE_ETHERNET, datagram, 46));
	ck_assert(!packet_filter_passes(ether, LINKTYPE_RAW, datagram, 46));
	packet_filter_free(port);
	packet_filter_free(ether);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("packet_filter");
	TCase *tests = tcase_create("packet_filter");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tests, a_filter_lets_pass_what_it_says, 0, G_N_ELEMENTS(filters));
	tcase_add_test(tests, raw_datagrams_are_filtered_by_their_own_offsets);
	tcase_add_test(tests, what_is_no_filter_is_refused_and_quoted);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
