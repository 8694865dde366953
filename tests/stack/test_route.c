/* Longest-prefix match, by scan and by index, against a plain search. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "sim/random.h"
#include "stack/address.h"
#include "stack/route.h"

static uint32_t address(const char *text)
{
	uint32_t value = 0;

	ck_assert(ipv4_parse(text, &value));
	return value;
}

static void set(struct route_table *table, const char *prefix, const char *gateway)
{
	struct route route = { 0 }, old;
	unsigned prefix_length;

	ck_assert(ipv4_prefix_parse(prefix, &route.prefix, &prefix_length));
	route.prefix_length = (uint8_t)prefix_length;
	route.gateway = address(gateway);
	route_table_set(table, &route, &old);
}

static const struct {
	const char *destination, *gateway;
} matches[] = {
	{"192.0.2.70",       "10.0.0.3"}, /* /26 beats /24 */
	{ "192.0.2.130",     "10.0.0.2"}, /* outside of the /26 */
	{ "192.0.2.65",      "10.0.0.4"}, /* a host route beats all */
	{ "203.0.113.1",     "10.0.0.1"}, /* only the default covers it */
	{ "255.255.255.255", "10.0.0.1"},
        { "0.0.0.0",         "10.0.0.1"},
};

static void fill(struct route_table *table)
{
	set(table, "0.0.0.0/0", "10.0.0.1");
	set(table, "192.0.2.0/24", "10.0.0.2");
	set(table, "192.0.2.64/26", "10.0.0.3");
	set(table, "192.0.2.65/32", "10.0.0.4");
}

START_TEST(the_longest_prefix_wins)
{
	struct route_table table_of_test = { 0 }, *table = &table_of_test;

	fill(table);
	const struct route *found = route_table_find(table, address(matches[_i].destination));

	ck_assert_msg(found != NULL && found->gateway == address(matches[_i].gateway),
		      "destination %s", matches[_i].destination);

	/* The same with so many others that there is an index. */
	for (uint32_t i = 0; i < 100; i++)
		route_table_set(
		    table, &(struct route) { .prefix = 0x0a000000 | i << 8, .prefix_length = 24 },
		    &(struct route) { 0 });
	found = route_table_find(table, address(matches[_i].destination));
	ck_assert_msg(found != NULL && found->gateway == address(matches[_i].gateway),
		      "destination %s, with index", matches[_i].destination);
	route_table_clear(table);
}
END_TEST

START_TEST(without_a_covering_prefix_there_is_no_route)
{
	struct route_table table_of_test = { 0 }, *table = &table_of_test;

	ck_assert_ptr_null(route_table_find(table, address("192.0.2.1")));
	set(table, "192.0.2.0/24", "10.0.0.2");
	ck_assert_ptr_null(route_table_find(table, address("192.0.3.1")));
	route_table_clear(table);
}
END_TEST

START_TEST(replacing_tells_what_was_there)
{
	struct route_table table_of_test = { 0 }, *table = &table_of_test;
	struct route route = { .prefix = 0xc0000200, .prefix_length = 24, .gateway = 1 }, old;

	ck_assert(!route_table_set(table, &route, &old));
	route.gateway = 2;
	route.prefix |= 0x77; /* host bits do not make it another prefix */
	ck_assert(route_table_set(table, &route, &old));
	ck_assert_uint_eq(old.gateway, 1);
	ck_assert_uint_eq(route_table_count(table), 1);
	ck_assert_uint_eq(route_table_find(table, 0xc0000201)->prefix, 0xc0000200);
	ck_assert(route_table_remove(table, 0xc0000200, 24, &old));
	ck_assert_uint_eq(old.gateway, 2);
	ck_assert(!route_table_remove(table, 0xc0000200, 24, &old));
	ck_assert_ptr_null(route_table_find(table, 0xc0000201));
	route_table_clear(table);
}
END_TEST

#define MODEL 64

struct model {
	struct route routes[MODEL];
	bool is_used[MODEL];
};

/* Slot i of the model always has the same prefix, different from the others; many are nested. */
static struct route model_prefix(unsigned i)
{
	struct route route = { .prefix_length = (uint8_t)(12 + i % 21) };

	route.prefix = (0x0a000000 + i * 0x010101) & ipv4_mask(route.prefix_length);
	return route;
}

static uint32_t model_find(const struct model *model, uint32_t destination)
{
	int best = -1;

	for (int i = 0; i < MODEL; i++) {
		const struct route *route = &model->routes[i];

		if (model->is_used[i] &&
		    ((destination ^ route->prefix) & ipv4_mask(route->prefix_length)) == 0 &&
		    (best < 0 || route->prefix_length > model->routes[best].prefix_length))
			best = i;
	}
	return best < 0 ? 0 : model->routes[best].gateway;
}

START_TEST(random_tables_agree_with_a_plain_search)
{
	struct route_table table_of_test = { 0 }, *table = &table_of_test;
	struct model model = { 0 };
	struct random_stream stream;
	struct route old;

	random_init(&stream, (uint64_t)_i, "test", "route");
	for (unsigned step = 1; step < 3000; step++) {
		unsigned i = (unsigned)random_below(&stream, MODEL);
		struct route *route = &model.routes[i];

		*route = model_prefix(i);
		route->gateway = step;
		if (random_chance(&stream, 600000)) {
			route_table_set(table, route, &old);
			model.is_used[i] = true;
		} else {
			ck_assert_int_eq(
			    route_table_remove(table, route->prefix, route->prefix_length, &old),
			    model.is_used[i]);
			model.is_used[i] = false;
		}
		uint32_t destination = 0x0a000000 + (uint32_t)random_below(&stream, 0x800000);
		const struct route *found = route_table_find(table, destination);

		ck_assert_uint_eq(found != NULL ? found->gateway : 0,
				  model_find(&model, destination));
	}
	route_table_clear(table);
}
END_TEST

static void note_order(void *owner, const struct route *route)
{
	g_array_append_val((GArray *)owner, *route);
}

START_TEST(routes_are_listed_by_prefix_and_length)
{
	struct route_table table_of_test = { 0 }, *table = &table_of_test;
	GArray *seen = g_array_new(FALSE, FALSE, sizeof(struct route));

	set(table, "192.0.2.64/26", "10.0.0.3");
	set(table, "192.0.2.0/24", "10.0.0.2");
	set(table, "0.0.0.0/0", "10.0.0.1");
	set(table, "192.0.2.0/26", "10.0.0.4");
	route_table_each(table, note_order, seen);
	ck_assert_uint_eq(seen->len, 4);
	for (unsigned i = 0; i < 4; i++) {
		static const uint32_t gateways[] = { 1, 2, 4, 3 };

		ck_assert_uint_eq(g_array_index(seen, struct route, i).gateway,
				  0x0a000000 | gateways[i]);
	}
	g_array_free(seen, TRUE);
	route_table_clear(table);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("route");
	TCase *tcase = tcase_create("route");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(tcase, the_longest_prefix_wins, 0, G_N_ELEMENTS(matches));
	tcase_add_test(tcase, without_a_covering_prefix_there_is_no_route);
	tcase_add_test(tcase, replacing_tells_what_was_there);
	tcase_add_loop_test(tcase, random_tables_agree_with_a_plain_search, 0, 5);
	tcase_add_test(tcase, routes_are_listed_by_prefix_and_length);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
