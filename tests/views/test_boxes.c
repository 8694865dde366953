/* Frames as nested boxes, and what a hop changed in them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "app/dissectors.h"
#include "app/history_record.h"
#include "tests/app/scenario_test.h"
#include "views/boxes.h"

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

/* The first routed hop of an event with this title. */
static const struct history_hop *routed(const char *title)
{
	GString *text = g_string_new(NULL);

	for (uint32_t i = 0; i < history_hop_count(office); i++) {
		const struct history_hop *hop = history_hop(office, i);

		g_string_truncate(text, 0);
		history_title(text, office, history_event(office, hop->event));
		if (hop->outcome == HISTORY_ROUTED && strcmp(text->str, title) == 0) {
			g_string_free(text, TRUE);
			return hop;
		}
	}
	ck_abort_msg("no \"%s\" is routed", title);
}

static const struct box *box_of(const GPtrArray *boxes, guint index)
{
	return boxes->pdata[index];
}

static const struct box_field *field_of(const GPtrArray *boxes, const char *box, const char *name)
{
	for (guint i = 0; i < boxes->len; i++)
		for (guint k = 0; k < box_of(boxes, i)->fields->len; k++) {
			const struct box_field *field =
			    &g_array_index(box_of(boxes, i)->fields, struct box_field, k);

			if (strcmp(box_of(boxes, i)->name, box) == 0 &&
			    strcmp(field->name, name) == 0)
				return field;
		}
	ck_abort_msg("%s has no %s", box, name);
}

START_TEST(a_frame_is_boxes_in_boxes)
{
	static const struct {
		const char *name;
		uint32_t start, header, total;
	} wanted[] = {
		{"Ethernet", 0,  14, 96},
		{ "IPv4",    14, 20, 82},
		{ "TCP",     34, 32, 62},
		{ "SMTP",    66, 30, 30},
	};
	GPtrArray *boxes =
	    boxes_new(history_model(office), routed("EHLO alice-pc.office.example")->sent);

	ck_assert_uint_eq(boxes->len, G_N_ELEMENTS(wanted));
	for (guint i = 0; i < boxes->len; i++) {
		ck_assert_str_eq(box_of(boxes, i)->name, wanted[i].name);
		ck_assert_uint_eq(box_of(boxes, i)->start, wanted[i].start);
		ck_assert_uint_eq(box_of(boxes, i)->header_bytes, wanted[i].header);
		ck_assert_uint_eq(box_of(boxes, i)->total_bytes, wanted[i].total);
	}
	ck_assert_str_eq(box_of(boxes, 3)->lines->pdata[0], "EHLO alice-pc.office.example");
	ck_assert_str_eq(field_of(boxes, "IPv4", "Destination Address")->who, "mail");
	ck_assert_str_eq(field_of(boxes, "Ethernet", "Source Address")->who, "gw");
	ck_assert(field_of(boxes, "IPv4", "Time to Live")->is_main);
	ck_assert_ptr_nonnull(field_of(boxes, "IPv4", "Time to Live")->purpose);
	boxes_free(boxes);
}
END_TEST

START_TEST(what_a_router_changes_is_marked_and_nothing_else)
{
	const struct history_hop *hop = routed("EHLO alice-pc.office.example");
	GPtrArray *before = boxes_new(history_model(office), hop->received);
	GPtrArray *after = boxes_new(history_model(office), hop->sent);
	unsigned changed = 0;

	boxes_compare(before, after);
	for (guint i = 0; i < after->len; i++)
		for (guint k = 0; k < box_of(after, i)->fields->len; k++)
			changed +=
			    g_array_index(box_of(after, i)->fields, struct box_field, k).change !=
			    BOX_SAME;
	ck_assert_uint_eq(changed, 4); /* both MAC addresses, TTL, checksum */
	ck_assert_str_eq(field_of(before, "IPv4", "Time to Live")->value, "64");
	ck_assert_str_eq(field_of(after, "IPv4", "Time to Live")->value, "63");
	ck_assert_uint_eq(field_of(after, "IPv4", "Time to Live")->change, BOX_CHANGED);
	ck_assert_uint_eq(field_of(after, "IPv4", "Header Checksum")->change, BOX_CHANGED);
	ck_assert_uint_eq(box_of(after, 1)->change, BOX_CHANGED);
	ck_assert_uint_eq(box_of(after, 2)->change, BOX_SAME);
	boxes_free(before);
	boxes_free(after);
}
END_TEST

START_TEST(what_is_on_one_side_alone_is_added_or_removed)
{
	struct bytes frame = routed("EHLO alice-pc.office.example")->sent;
	GPtrArray *none = boxes_new(history_model(office), (struct bytes) { 0 });
	GPtrArray *all = boxes_new(history_model(office), frame);

	ck_assert_uint_eq(none->len, 0);
	boxes_compare(none, all);
	for (guint i = 0; i < all->len; i++)
		ck_assert_uint_eq(box_of(all, i)->change, BOX_ADDED);
	boxes_compare(all, none);
	ck_assert_uint_eq(field_of(all, "TCP", "Window")->change, BOX_REMOVED);
	boxes_free(none);
	boxes_free(all);
	boxes_free(NULL);
}
END_TEST

START_TEST(a_byte_is_of_its_innermost_field)
{
	GPtrArray *boxes =
	    boxes_new(history_model(office), routed("EHLO alice-pc.office.example")->sent);
	const struct box *box;

	ck_assert_str_eq(boxes_field_at(boxes, 22, &box)->name, "Time to Live");
	ck_assert_str_eq(box->name, "IPv4");
	ck_assert_str_eq(boxes_field_at(boxes, 0, &box)->name, "Destination Address");
	ck_assert_str_eq(boxes_field_at(boxes, 70, &box)->name, "EHLO command");
	ck_assert_str_eq(box->name, "SMTP");
	ck_assert_ptr_null(boxes_field_at(boxes, 96, &box));
	ck_assert_ptr_null(box);
	boxes_free(boxes);
}
END_TEST

/* DNS has the parts of its message as fields; short frames their padding in the Ethernet box. */
START_TEST(datagrams_and_padding_are_told_of)
{
	GPtrArray *boxes =
	    boxes_new(history_model(office), routed("A of smtp.office.example?")->sent);
	const struct box *box;

	ck_assert_str_eq(box_of(boxes, 3)->name, "DNS");
	ck_assert_str_eq(field_of(boxes, "DNS", "QNAME")->value, "smtp.office.example");
	ck_assert_uint_eq(field_of(boxes, "DNS", "QNAME")->start_bit, (42 + 12) * 8);
	boxes_free(boxes);
	for (uint32_t i = 0; i < history_hop_count(office); i++) {
		struct bytes frame = history_hop(office, i)->sent;

		if (frame.length != 60)
			continue;
		boxes = boxes_new(history_model(office), frame);
		ck_assert_str_eq(boxes_field_at(boxes, 59, &box)->name, "Padding");
		ck_assert_str_eq(box->name, "Ethernet");
		boxes_free(boxes);
		return;
	}
	ck_abort_msg("no frame is padded");
}
END_TEST

/* Every hop of every frame, cut at every length that is not too many. */
START_TEST(cut_frames_are_tolerated)
{
	struct bytes frame = routed("EHLO alice-pc.office.example")->sent;

	for (size_t length = 0; length <= frame.length; length++) {
		GPtrArray *cut = boxes_new(history_model(office), bytes_first(frame, length));
		GPtrArray *whole = boxes_new(history_model(office), frame);

		boxes_compare(cut, whole);
		for (guint i = 0; i < cut->len; i++)
			ck_assert_uint_le(box_of(cut, i)->start, length);
		boxes_free(cut);
		boxes_free(whole);
	}
}
END_TEST

START_TEST(tls_is_a_box_around_what_it_protects)
{
	struct scenario *tls = load_good_file("scenarios/tls.yaml");
	struct history *history = history_record(tls, history_options_of(tls));
	bool is_found = false;

	for (uint32_t i = 0; i < history_hop_count(history) && !is_found; i++) {
		GPtrArray *boxes = boxes_new(history_model(history), history_hop(history, i)->sent);

		if (boxes->len == 5 && strcmp(box_of(boxes, 3)->name, "TLS") == 0) {
			is_found = true;
			ck_assert_str_eq(box_of(boxes, 4)->name, "SMTP");
			ck_assert(box_of(boxes, 3)->is_encrypted && box_of(boxes, 4)->is_encrypted);
			ck_assert_uint_eq(box_of(boxes, 3)->header_bytes +
					      box_of(boxes, 4)->total_bytes,
					  box_of(boxes, 3)->total_bytes);
		}
		boxes_free(boxes);
	}
	ck_assert(is_found);
	history_free(history);
	scenario_free(tls);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("boxes");
	TCase *all = tcase_create("all");

	tcase_set_timeout(all, 60);
	tcase_add_unchecked_fixture(all, record_office, forget_office);
	tcase_add_test(all, a_frame_is_boxes_in_boxes);
	tcase_add_test(all, what_a_router_changes_is_marked_and_nothing_else);
	tcase_add_test(all, what_is_on_one_side_alone_is_added_or_removed);
	tcase_add_test(all, a_byte_is_of_its_innermost_field);
	tcase_add_test(all, datagrams_and_padding_are_told_of);
	tcase_add_test(all, cut_frames_are_tolerated);
	tcase_add_test(all, tls_is_a_box_around_what_it_protects);
	suite_add_tcase(suite, all);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
