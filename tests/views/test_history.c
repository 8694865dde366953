/* A run as events, packets and hops: from scenarios, and from records that no scenario makes. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "app/dissectors.h"
#include "app/history_record.h"
#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "stack/layer.h"
#include "stack/names.h"
#include "stack/tcp/names.h"
#include "tests/app/scenario_test.h"

static struct scenario *scenario;
static struct history *office;

static void record_office(void)
{
	scenario = load_good_file("scenarios/office.yaml");
	office = history_record(scenario, history_options_of(scenario));
}

static void forget_office(void)
{
	history_free(office);
	scenario_free(scenario);
}

static char *title_of(const struct history *history, uint32_t event)
{
	GString *title = g_string_new(NULL);

	history_title(title, history, history_event(history, event));
	return g_string_free(title, FALSE);
}

static char *sentence_of(const struct history *history, const struct history_hop *hop)
{
	GString *text = g_string_new(NULL);

	history_explain_hop(text, history, hop);
	return g_string_free(text, FALSE);
}

/* The first event at or behind `from` of which the title is this. */
static uint32_t find_from(const struct history *history, uint32_t from, const char *title)
{
	for (uint32_t i = from; i < history_event_count(history); i++) {
		g_autofree char *there = title_of(history, i);

		if (strcmp(there, title) == 0)
			return i;
	}
	ck_abort_msg("no event is called \"%s\"", title);
}

static const struct history_hop *hop_at(const struct history *history, uint32_t event,
					uint32_t packet, uint32_t hop)
{
	const struct history_event *found = history_event(history, event);
	const struct history_packet *carried =
	    history_packet(history, history_event_packet(history, found, packet));

	return history_hop(history, history_packet_hop(history, carried, hop));
}

static void check_order(const struct history *history)
{
	const struct trace_store *store = history_store(history);
	uint32_t packets = 0, hops = 0;

	for (uint32_t i = 0; i < history_event_count(history); i++) {
		const struct history_event *event = history_event(history, i);

		if (i > 0)
			ck_assert_uint_lt(history_event(history, i - 1)->record, event->record);
		ck_assert_uint_eq(event->moment, event->record + 1);
		ck_assert_uint_eq(
		    history_find_event(history, trace_store_record(store, event->record)->id), i);
		packets += event->packet_count;
		for (uint32_t k = 0; k < event->packet_count; k++) {
			uint32_t index = history_event_packet(history, event, k);

			ck_assert_uint_eq(history_packet(history, index)->event, i);
			ck_assert_uint_eq(history_packet(history, index)->place, k);
			if (k > 0)
				ck_assert_uint_gt(index,
						  history_event_packet(history, event, k - 1));
		}
	}
	for (uint32_t i = 0; i < history_packet_count(history); i++) {
		const struct history_packet *packet = history_packet(history, i);

		hops += packet->hop_count;
		ck_assert_uint_eq(history_find_packet(history, packet->id), i);
		for (uint32_t k = 0; k < packet->hop_count; k++)
			ck_assert_uint_eq(
			    history_hop(history, history_packet_hop(history, packet, k))->packet,
			    i);
	}
	for (uint32_t i = 1; i < history_hop_count(history); i++)
		ck_assert_uint_lt(history_hop(history, i - 1)->first_record,
				  history_hop(history, i)->first_record);
	ck_assert_uint_eq(packets, history_packet_count(history));
	ck_assert_uint_eq(hops, history_hop_count(history));
	ck_assert_uint_eq(history_find_packet(history, 1), HISTORY_NONE);
	ck_assert_uint_eq(history_find_event(history, 1), HISTORY_NONE);
}

START_TEST(events_packets_and_hops_are_in_order_and_know_each_other)
{
	ck_assert_uint_gt(history_event_count(office), 300);
	check_order(office);
	ck_assert_ptr_null(history_error(office));
}
END_TEST

/* From alice's action on, in this order; other events stand between them. */
START_TEST(a_mail_is_told_in_the_words_of_its_protocols)
{
	static const struct {
		const char *title;
		enum history_event_kind kind;
		uint8_t layer;
		uint32_t packets;
	} wanted[] = {
		{"alice sends \"Quarterly report\" to bob@remote.example", HISTORY_ACTION,
                 LAYER_USER,									      0},
		{ "A of smtp.office.example?",                             HISTORY_DATAGRAM,  LAYER_DNS,  1},
		{ "who has 192.0.2.1 (gw)?",                               HISTORY_RESOLVE,   LAYER_ARP,  2},
		{ "smtp.office.example A 192.0.2.74",                      HISTORY_DATAGRAM,  LAYER_DNS,  1},
		{ "SYN  connection to mail port 587",                      HISTORY_HANDSHAKE, LAYER_TCP,  3},
		{ "EHLO alice-pc.office.example",                          HISTORY_UNIT,      LAYER_SMTP, 2},
		{ "MAIL FROM:<alice@office.example> SIZE=479",             HISTORY_UNIT,      LAYER_SMTP, 1},
		{ "Message: Date: Mon, 5 Jan 2026 08:00:01 +0000",         HISTORY_UNIT,      LAYER_SMTP, 1},
		{ "mail 1  queued  132F8512001 bob@remote.example",        HISTORY_MAIL,      LAYER_MAIL, 0},
		{ "QUIT",						  HISTORY_UNIT,      LAYER_SMTP, 1},
		{ "FIN  connection with mail port 587 ends",               HISTORY_CLOSE,     LAYER_TCP,  3},
	};
	uint32_t at = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
		const struct history_event *event;

		at = find_from(office, at, wanted[i].title);
		event = history_event(office, at);
		ck_assert_msg(event->kind == wanted[i].kind && event->layer == wanted[i].layer &&
				  event->packet_count == wanted[i].packets && event->mail == 1,
			      "%s: kind %u, layer %u, %u packets, mail %u", wanted[i].title,
			      event->kind, event->layer, event->packet_count, event->mail);
	}
}
END_TEST

/* Of the EHLO: alice-pc, client-lan, gw, server-lan, mail. */
static const struct {
	enum history_outcome outcome;
	size_t received, sent;
	const char *says; /* parts, "|" between them */
} ehlo_hops[] = {
	{HISTORY_MADE,       0,  96,
         "In front of 30 bytes of SMTP go 32 bytes of TCP header, 20 of IPv4 and 14 of Ethernet: "
	  "96 "
	  "bytes|so the frame is addressed to the router gw"         },
	{ HISTORY_SWITCHED,  96, 96,
         "The switch client-lan reads the Ethernet header only|it has seen gw behind port 3|came "
	  "in at "
	  "port 1|Not one byte of it changes"                        },
	{ HISTORY_ROUTED,    96, 96,
         "The router gw takes the Ethernet header off|for 192.0.2.74 (mail)|route to "
	  "192.0.2.64/26 "
	  "leads out at eth1 (server-lan)|TTL from 64 to 63|checksum anew|addresses the frame to "
	  "mail"						     },
	{ HISTORY_SWITCHED,  96, 96, "it has seen mail behind port 1"},
	{ HISTORY_DELIVERED, 96, 0,
         "mail takes the headers off|14 bytes of Ethernet and 20 of IPv4|then 32 of TCP|30 bytes "
	  "of "
	  "SMTP, goes to the MSA at port 587"                        },
};

START_TEST(each_hop_says_what_happens_there_and_why)
{
	uint32_t ehlo = find_from(office, 0, "EHLO alice-pc.office.example");

	for (uint32_t i = 0; i < G_N_ELEMENTS(ehlo_hops); i++) {
		const struct history_hop *hop = hop_at(office, ehlo, 0, i);
		g_autofree char *text = sentence_of(office, hop);
		g_auto(GStrv) parts = g_strsplit(ehlo_hops[i].says, "|", -1);

		ck_assert_uint_eq(hop->outcome, ehlo_hops[i].outcome);
		ck_assert_uint_eq(hop->received.length, ehlo_hops[i].received);
		ck_assert_uint_eq(hop->sent.length, ehlo_hops[i].sent);
		for (char **part = parts; *part != NULL; part++)
			ck_assert_msg(strstr(text, *part) != NULL, "no \"%s\" in: %s", *part, text);
	}
}
END_TEST

/* ARP floods, is ignored by who is not asked, and answered; a datagram waits for it. */
START_TEST(the_sentences_of_arp_tell_who_waits_and_who_answers)
{
	uint32_t question = find_from(office, 0, "A of smtp.office.example?");
	uint32_t arp = find_from(office, question, "who has 192.0.2.1 (gw)?");
	g_autofree char *waits = sentence_of(office, hop_at(office, question, 0, 0));
	g_autofree char *flooded = sentence_of(office, hop_at(office, arp, 0, 1));
	g_autofree char *ignored = sentence_of(office, hop_at(office, arp, 0, 2));
	g_autofree char *answered = sentence_of(office, hop_at(office, arp, 0, 3));

	ck_assert_ptr_nonnull(strstr(waits, "It had to wait 0.026 ms for ARP"));
	ck_assert_ptr_nonnull(strstr(flooded, "out of every port but 1"));
	ck_assert_ptr_nonnull(strstr(flooded, "it learns that alice-pc is behind port 1"));
	ck_assert_ptr_nonnull(strstr(ignored, "carol-pc says nothing"));
	ck_assert_ptr_nonnull(strstr(answered, "gw is who is asked for"));
	ck_assert_str_eq(hop_at(office, arp, 0, 2)->reason, "not for this host");
}
END_TEST

START_TEST(causes_lead_back_to_what_a_user_did)
{
	uint32_t ehlo = find_from(office, 0, "EHLO alice-pc.office.example");
	GArray *chain = history_causes(office, ehlo);

	ck_assert_uint_eq(g_array_index(chain, uint32_t, 0), ehlo);
	ck_assert_uint_eq(
	    history_event(office, g_array_index(chain, uint32_t, chain->len - 1))->kind,
	    HISTORY_ACTION);
	for (guint i = 0; i < chain->len; i++) /* none twice: no way round */
		for (guint k = 0; k < i; k++)
			ck_assert_uint_ne(g_array_index(chain, uint32_t, i),
					  g_array_index(chain, uint32_t, k));
	g_array_unref(chain);
}
END_TEST

START_TEST(times_are_found)
{
	const int64_t second = 1000000000;
	uint32_t hop = history_hop_at(office, second);

	ck_assert_int_ge(history_hop(office, hop)->time_ns, second);
	ck_assert(hop == 0 || history_hop(office, hop - 1)->time_ns < second);
	ck_assert_uint_eq(history_hop_at(office, INT64_MAX), HISTORY_NONE);
	ck_assert_uint_eq(history_event_at(office, -1), HISTORY_NONE);
	ck_assert_uint_eq(history_event_at(office, INT64_MAX), history_event_count(office) - 1);
	ck_assert_int_le(history_event(office, history_event_at(office, second))->time_ns, second);
}
END_TEST

static unsigned messages_at(uint64_t moment)
{
	const struct mailboxes *mailboxes = history_mailboxes(office, moment);
	unsigned count = 0;

	for (unsigned i = 0; i < mailboxes_count(mailboxes); i++)
		count += mailboxes_get(mailboxes, i)->messages->len;
	return count;
}

static char *state_at(uint64_t moment)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	state_print(history_state(office, moment), out, 0, NULL, false);
	fclose(out);
	return text;
}

START_TEST(moments_can_be_asked_for_in_any_order)
{
	uint64_t end = trace_store_count(history_store(office));
	char *last = state_at(end), *first = state_at(0), *again = state_at(end + 100);

	ck_assert_str_eq(last, again);
	ck_assert_str_ne(last, first);
	ck_assert_uint_gt(messages_at(end), 0);
	ck_assert_uint_eq(messages_at(0), 0);
	ck_assert_uint_gt(messages_at(end), 0);
	free(last);
	free(first);
	free(again);
}
END_TEST

START_TEST(a_message_has_its_stations_in_order)
{
	uint32_t count, none;
	const struct history_station *stations = history_stations(office, 1, &count);

	ck_assert_uint_gt(count, 8);
	ck_assert_uint_eq(stations[0].detail, MAIL_COMPOSED);
	ck_assert_uint_eq(stations[0].step, STEP_COMPOSE);
	ck_assert_uint_eq(stations[count - 1].detail, MAIL_READ);
	for (uint32_t i = 0; i < count; i++) {
		ck_assert_uint_eq(history_stations_until(office, 1, stations[i].moment), i + 1);
		ck_assert_uint_eq(history_event(office, stations[i].event)->kind, HISTORY_MAIL);
	}
	ck_assert_uint_eq(history_stations_until(office, 1, 0), 0);
	ck_assert_ptr_null(history_stations(office, 0, &none));
	ck_assert_ptr_null(history_stations(office, 1000, &none));
	ck_assert_uint_eq(none, 0);
}
END_TEST

/* What is lost, repeated, denied and translated: one run each. */
static const struct {
	const char *file, *says;
} others[] = {
	{"scenarios/blocked.yaml",   "denied by rule 2 (deny TCP to port 110"                  },
	{ "scenarios/link-cut.yaml", "does not arrive: the cable is cut"                       },
	{ "scenarios/nat.yaml",      "replaces the source 10.1.0.10:37031 by 203.0.113.1:37031"},
	{ "scenarios/tls.yaml",      "bytes of TLS"                                            },
};

START_TEST(other_roles_have_their_sentences)
{
	struct scenario *other = load_good_file(others[_i].file);
	struct history *history = history_record(other, history_options_of(other));
	bool is_said = false;

	check_order(history);
	for (uint32_t i = 0; i < history_hop_count(history); i++) {
		g_autofree char *text = sentence_of(history, history_hop(history, i));

		ck_assert_msg(strlen(text) > 20 && strchr(".?!", text[strlen(text) - 1]) != NULL,
			      "hop %u: %s", i, text);
		is_said = is_said || strstr(text, others[_i].says) != NULL;
	}
	for (uint32_t i = 0; i < history_event_count(history); i++) {
		GString *text = g_string_new(NULL);

		history_explain_event(text, history, history_event(history, i));
		ck_assert_uint_gt(text->len, 0);
		g_string_free(text, TRUE);
	}
	ck_assert_msg(is_said, "%s: nowhere \"%s\"", others[_i].file, others[_i].says);
	history_free(history);
	scenario_free(other);
}
END_TEST

/* All frames of the server's cable come twice; some are cut off from it at last. */
START_TEST(what_arrives_and_is_not_wanted_is_not_lost)
{
	struct scenario *twice;
	struct history *history;
	unsigned unwanted = 0, lost = 0;
	g_autofree char *text = NULL;

	ck_assert(g_file_get_contents("scenarios/hello.yaml", &text, NULL, NULL));
	g_autofree char *more = g_strconcat(text,
					    "\nimpairments:\n"
					    "  - {link: mail, duplicate: 100%, loss: 10%}\n",
					    NULL);

	twice = load_good(more);
	history = history_record(twice, history_options_of(twice));
	check_order(history);
	for (uint32_t i = 0; i < history_packet_count(history); i++) {
		const struct history_packet *packet = history_packet(history, i);
		const struct history_hop *last = history_hop(
		    history, history_packet_hop(history, packet, packet->hop_count - 1));

		if (last->outcome != HISTORY_DROPPED)
			continue;
		if (strcmp(last->reason, "duplicate") == 0) {
			unwanted++;
			ck_assert(!packet->is_lost);
		} else if (strcmp(last->reason, "lost") == 0) {
			lost++;
			ck_assert(packet->is_lost);
		}
	}
	ck_assert_uint_gt(unwanted, 2);
	ck_assert_uint_gt(lost, 1);
	history_free(history);
	scenario_free(twice);
}
END_TEST

/* Traces that no run makes. */

START_TEST(an_empty_trace_has_nothing)
{
	struct history *history = history_new(all_dissectors);
	uint32_t count;

	history_finish(history);
	ck_assert_uint_eq(history_event_count(history), 0);
	ck_assert_uint_eq(history_hop_at(history, 0), HISTORY_NONE);
	ck_assert_uint_eq(history_event_at(history, 0), HISTORY_NONE);
	ck_assert_ptr_null(history_stations(history, 1, &count));
	ck_assert_ptr_nonnull(history_state(history, 5));
	history_free(history);
}
END_TEST

#define NODE_1 (UINT64_C(1) << TRACE_NODE_SHIFT)

/* An action without a node, one event alone; a cause that is not there. */
START_TEST(one_event_is_enough_and_nothing_it_says_is_believed)
{
	static const char text[] = "eve sends \"\033[2J\" \xff\x9b <b>";
	struct history *history = history_new(all_dissectors);
	GArray *chain;

	history_feed(history,
		     &(struct trace_record) { .kind = TRACE_ACTION,
					      .id = NODE_1 + 1,
					      .cause = NODE_1 + 77,
					      .detail = USER_ACTS,
					      .blob_bytes = sizeof text - 1 },
		     bytes_of(text));
	history_finish(history);
	ck_assert_uint_eq(history_event_count(history), 1);
	g_autofree char *title = title_of(history, 0);

	ck_assert_str_eq(title, "eve sends \".[2J\" .. <b>");
	chain = history_causes(history, 0);
	ck_assert_uint_eq(chain->len, 1);
	g_array_unref(chain);
	history_free(history);
}
END_TEST

/* A message's header may say anything, also by encoded words. */
START_TEST(a_subject_cannot_hold_control_characters_in_a_title)
{
	static const char message[] = "From: a@x.example\r\nTo: b@x.example\r\n"
				      "Subject: =?utf-8?q?=1B[2J=07hi?=\r\n\r\n";
	struct history *history = history_new(all_dissectors);

	history_feed(history,
		     &(struct trace_record) { .kind = TRACE_MAIL,
					      .layer = LAYER_MAIL,
					      .id = NODE_1 + 1,
					      .root = NODE_1 + 1,
					      .detail = MAIL_COMPOSED,
					      .blob_bytes = sizeof message - 1 },
		     bytes_of(message));
	history_finish(history);
	g_autofree char *title = title_of(history, 0);

	for (const char *at = title; *at != '\0'; at++)
		ck_assert_msg((unsigned char)*at >= ' ', "%s", title);
	ck_assert_ptr_nonnull(strstr(title, "hi\""));
	history_free(history);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("history");
	TCase *run = tcase_create("office"), *other = tcase_create("others");

	tcase_set_timeout(run, 60);
	tcase_add_unchecked_fixture(run, record_office, forget_office);
	tcase_add_test(other, what_arrives_and_is_not_wanted_is_not_lost);
	tcase_add_test(run, events_packets_and_hops_are_in_order_and_know_each_other);
	tcase_add_test(run, a_mail_is_told_in_the_words_of_its_protocols);
	tcase_add_test(run, each_hop_says_what_happens_there_and_why);
	tcase_add_test(run, the_sentences_of_arp_tell_who_waits_and_who_answers);
	tcase_add_test(run, causes_lead_back_to_what_a_user_did);
	tcase_add_test(run, times_are_found);
	tcase_add_test(run, moments_can_be_asked_for_in_any_order);
	tcase_add_test(run, a_message_has_its_stations_in_order);
	suite_add_tcase(suite, run);
	tcase_set_timeout(other, 60);
	tcase_add_loop_test(other, other_roles_have_their_sentences, 0, (int)G_N_ELEMENTS(others));
	tcase_add_test(other, an_empty_trace_has_nothing);
	tcase_add_test(other, one_event_is_enough_and_nothing_it_says_is_believed);
	tcase_add_test(other, a_subject_cannot_hold_control_characters_in_a_title);
	suite_add_tcase(suite, other);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
