/* The resolver's cache in virtual time, and its rows in the trace. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "protocols/dns/names.h"

#define S NS_PER_S

/* A cache that writes down its changes: "+name" added, "-" expired, "!" evicted, "~" replaced. */
struct fixture {
	struct dns_cache *cache;
	GString *changes;
};

static void note_change(void *owner, enum dns_cache_change change,
			const struct dns_cache_entry *entry)
{
	static const char marks[] = {
		[DNS_CACHE_ADDED] = '+',
		[DNS_CACHE_EXPIRED] = '-',
		[DNS_CACHE_EVICTED] = '!',
		[DNS_CACHE_REPLACED] = '~',
	};
	struct fixture *fixture = owner;
	char name[DNS_NAME_TEXT_BYTES];

	g_string_append_printf(fixture->changes, "%c%s ", marks[change],
			       dns_name_print(entry->name, name));
}

static void set_up(struct fixture *fixture, unsigned entries_max)
{
	fixture->cache = dns_cache_new(entries_max, note_change, fixture);
	fixture->changes = g_string_new(NULL);
}

static void tear_down(struct fixture *fixture)
{
	dns_cache_free(fixture->cache);
	g_string_free(fixture->changes, TRUE);
}

/* Puts one A record. */
static void put(struct fixture *fixture, int64_t now_ns, const char *name, uint8_t last_octet,
		enum dns_trust trust, uint32_t ttl_s)
{
	const uint8_t address[] = { 192, 0, 2, last_octet };
	struct dns_name_buffer buffer;
	struct dns_name owner;

	ck_assert(dns_name_from_text(name, &buffer, &owner));
	struct dns_record record = {
		owner, DNS_A, DNS_IN, ttl_s, {address, sizeof address}
	};
	dns_cache_put(fixture->cache, now_ns,
		      &(struct dns_cache_entry) {
			  .kind = DNS_CACHE_RECORDS,
			  .trust = (uint8_t)trust,
			  .name = owner,
			  .type = DNS_A,
			  .records = &record,
			  .count = 1,
		      },
		      ttl_s);
}

static void put_absence(struct fixture *fixture, int64_t now_ns, const char *name,
			enum dns_cache_kind kind, uint32_t ttl_s)
{
	struct dns_name_buffer buffer;
	struct dns_name owner;

	ck_assert(dns_name_from_text(name, &buffer, &owner));
	dns_cache_put(fixture->cache, now_ns,
		      &(struct dns_cache_entry) {
			  .kind = (uint8_t)kind,
			  .trust = DNS_TRUST_ANSWER,
			  .name = owner,
			  .type = kind == DNS_CACHE_NO_NAME ? 0 : DNS_A,
		      },
		      ttl_s);
}

static const struct dns_cache_entry *find(struct fixture *fixture, int64_t now_ns, const char *name,
					  enum dns_trust trust)
{
	struct dns_name_buffer buffer;
	struct dns_name owner;

	ck_assert(dns_name_from_text(name, &buffer, &owner));
	return dns_cache_find(fixture->cache, now_ns, owner, DNS_A, trust);
}

START_TEST(an_entry_lives_to_the_end_of_its_ttl)
{
	struct fixture fixture;

	set_up(&fixture, 10);
	put(&fixture, 5 * S, "a.example", 1, DNS_TRUST_ANSWER, 60);
	const struct dns_cache_entry *entry = find(&fixture, 5 * S, "A.Example", DNS_TRUST_ANSWER);
	ck_assert_ptr_nonnull(entry);
	ck_assert_uint_eq(dns_cache_ttl(entry, 5 * S), 60);
	ck_assert_uint_eq(dns_cache_ttl(entry, 5 * S + 1), 59);
	ck_assert_ptr_nonnull(find(&fixture, 65 * S - 1, "a.example", DNS_TRUST_ANSWER));
	ck_assert_ptr_null(find(&fixture, 65 * S, "a.example", DNS_TRUST_ANSWER));
	ck_assert_uint_eq(dns_cache_count(fixture.cache), 0);
	ck_assert_str_eq(fixture.changes->str, "+a.example -a.example ");
	tear_down(&fixture);
}
END_TEST

START_TEST(nothing_is_kept_for_a_ttl_of_zero_and_nothing_for_ever)
{
	struct fixture fixture;

	set_up(&fixture, 10);
	put(&fixture, 0, "a.example", 1, DNS_TRUST_ANSWER, 0);
	ck_assert_ptr_null(find(&fixture, 0, "a.example", DNS_TRUST_ANSWER));
	put(&fixture, 0, "a.example", 1, DNS_TRUST_ANSWER, INT32_MAX);
	ck_assert_ptr_nonnull(find(&fixture, 86400 * S - 1, "a.example", DNS_TRUST_ANSWER));
	ck_assert_ptr_null(find(&fixture, 86400 * S, "a.example", DNS_TRUST_ANSWER));
	put_absence(&fixture, 0, "b.example", DNS_CACHE_NO_DATA, INT32_MAX);
	ck_assert_ptr_null(find(&fixture, 3600 * S, "b.example", DNS_TRUST_ANSWER));
	tear_down(&fixture);
}
END_TEST

START_TEST(the_entry_used_longest_ago_makes_room)
{
	struct fixture fixture;

	set_up(&fixture, 2);
	put(&fixture, 0, "a.example", 1, DNS_TRUST_ANSWER, 60);
	put(&fixture, 0, "b.example", 2, DNS_TRUST_ANSWER, 60);
	find(&fixture, 1, "a.example", DNS_TRUST_ANSWER);
	put(&fixture, 2, "c.example", 3, DNS_TRUST_ANSWER, 60);
	ck_assert_str_eq(fixture.changes->str, "+a.example +b.example !b.example +c.example ");
	ck_assert_ptr_nonnull(find(&fixture, 3, "a.example", DNS_TRUST_ANSWER));
	ck_assert_ptr_null(find(&fixture, 3, "b.example", DNS_TRUST_ANSWER));
	tear_down(&fixture);
}
END_TEST

START_TEST(glue_is_not_an_answer_and_does_not_replace_one)
{
	struct fixture fixture;

	set_up(&fixture, 10);
	put(&fixture, 0, "a.example", 1, DNS_TRUST_ADDITIONAL, 60);
	ck_assert_ptr_null(find(&fixture, 0, "a.example", DNS_TRUST_ANSWER));
	ck_assert_ptr_nonnull(find(&fixture, 0, "a.example", DNS_TRUST_ADDITIONAL));
	put(&fixture, 0, "a.example", 2, DNS_TRUST_ANSWER, 60);
	put(&fixture, 0, "a.example", 3, DNS_TRUST_ADDITIONAL, 60);
	const struct dns_cache_entry *entry = find(&fixture, 0, "a.example", DNS_TRUST_ANSWER);
	ck_assert_ptr_nonnull(entry);
	ck_assert_uint_eq(entry->records->data.data[3], 2);
	ck_assert_str_eq(fixture.changes->str, "+a.example ~a.example +a.example ");
	tear_down(&fixture);
}
END_TEST

START_TEST(a_name_that_does_not_exist_has_no_type)
{
	struct fixture fixture;

	set_up(&fixture, 10);
	put_absence(&fixture, 0, "a.example", DNS_CACHE_NO_NAME, 60);
	const struct dns_cache_entry *entry = find(&fixture, 0, "a.example", DNS_TRUST_ANSWER);
	ck_assert_ptr_nonnull(entry);
	ck_assert_uint_eq(entry->kind, DNS_CACHE_NO_NAME);
	put(&fixture, 1, "a.example", 1, DNS_TRUST_ANSWER, 60);
	entry = find(&fixture, 1, "a.example", DNS_TRUST_ANSWER);
	ck_assert_uint_eq(entry->kind, DNS_CACHE_RECORDS);
	ck_assert_uint_eq(dns_cache_count(fixture.cache), 1);
	tear_down(&fixture);
}
END_TEST

/* RFC 8020: what is below a name that does not exist does not either, until something proves it does. */
START_TEST(nothing_exists_below_a_name_that_does_not)
{
	struct fixture fixture;

	set_up(&fixture, 10);
	put_absence(&fixture, 0, "nosuch.example", DNS_CACHE_NO_NAME, 60);
	const struct dns_cache_entry *entry =
	    find(&fixture, 0, "a.b.nosuch.example", DNS_TRUST_ANSWER);
	ck_assert_ptr_nonnull(entry);
	ck_assert_uint_eq(entry->kind, DNS_CACHE_NO_NAME);
	ck_assert_ptr_null(find(&fixture, 0, "example", DNS_TRUST_ANSWER));
	ck_assert_ptr_null(find(&fixture, 0, "other.example", DNS_TRUST_ANSWER));
	put_absence(&fixture, 0, "data.example", DNS_CACHE_NO_DATA, 60);
	ck_assert_ptr_null(find(&fixture, 0, "a.data.example", DNS_TRUST_ANSWER));
	put(&fixture, 1 * S, "b.nosuch.example", 1, DNS_TRUST_ANSWER, 60);
	ck_assert_ptr_null(find(&fixture, 1 * S, "a.b.nosuch.example", DNS_TRUST_ANSWER));
	tear_down(&fixture);
}
END_TEST

START_TEST(a_failure_does_not_replace_what_is_known)
{
	struct fixture fixture;

	set_up(&fixture, 10);
	put(&fixture, 0, "a.example", 1, DNS_TRUST_ANSWER, 60);
	put_absence(&fixture, 0, "a.example", DNS_CACHE_FAILURE, 5);
	ck_assert_uint_eq(find(&fixture, 0, "a.example", DNS_TRUST_ANSWER)->kind,
			  DNS_CACHE_RECORDS);
	tear_down(&fixture);
}
END_TEST

/* What a_row_is_read_back expects, byte by byte. */
static const uint8_t row[] = {
	DNS_CACHE_RECORDS,
	DNS_TRUST_ANSWER,
	0,
	1, /* A */
	1,
	'a',
	7,
	'e',
	'x',
	'a',
	'm',
	'p',
	'l',
	'e',
	0, /* the name asked for */
	1,
	'a',
	7,
	'e',
	'x',
	'a',
	'm',
	'p',
	'l',
	'e',
	0, /* and the record as on the wire */
	0,
	1,
	0,
	1,
	0,
	0,
	0,
	60,
	0,
	4,
	192,
	0,
	2,
	7,
};

START_TEST(a_row_of_the_trace_holds_the_entry)
{
	struct fixture fixture;
	GByteArray *bytes = g_byte_array_new();

	set_up(&fixture, 10);
	put(&fixture, 0, "a.example", 7, DNS_TRUST_ANSWER, 60);
	dns_row_emit(find(&fixture, 0, "a.example", DNS_TRUST_ANSWER), bytes);
	ck_assert_uint_eq(bytes->len, sizeof row);
	ck_assert_mem_eq(bytes->data, row, sizeof row);
	g_byte_array_free(bytes, TRUE);
	tear_down(&fixture);
}
END_TEST

START_TEST(a_row_is_read_back)
{
	GArray *records = g_array_new(FALSE, FALSE, sizeof(struct dns_record));
	struct dns_cache_entry entry;
	char name[DNS_NAME_TEXT_BYTES];
	uint32_t address;

	ck_assert_int_eq(dns_row_parse((struct bytes) { row, sizeof row }, &entry, records),
			 PARSE_OK);
	ck_assert_uint_eq(entry.kind, DNS_CACHE_RECORDS);
	ck_assert_uint_eq(entry.trust, DNS_TRUST_ANSWER);
	ck_assert_uint_eq(entry.type, DNS_A);
	ck_assert_str_eq(dns_name_print(entry.name, name), "a.example");
	ck_assert_uint_eq(entry.count, 1);
	ck_assert_uint_eq(entry.records[0].ttl_s, 60);
	ck_assert(dns_record_address(&entry.records[0], &address));
	ck_assert_uint_eq(address, 0xc0000207);
	g_array_free(records, TRUE);
}
END_TEST

START_TEST(a_row_cut_short_is_refused)
{
	GArray *records = g_array_new(FALSE, FALSE, sizeof(struct dns_record));
	uint8_t *copy = g_memdup2(row, _i);
	struct dns_cache_entry entry;
	enum parse_status status = dns_row_parse((struct bytes) { copy, _i }, &entry, records);

	/* Behind the name, a row without records is whole. */
	ck_assert_int_eq(status == PARSE_OK, _i == 15);
	g_free(copy);
	g_array_free(records, TRUE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dns cache");
	TCase *tcase = tcase_create("cache");

	tcase_add_test(tcase, an_entry_lives_to_the_end_of_its_ttl);
	tcase_add_test(tcase, nothing_is_kept_for_a_ttl_of_zero_and_nothing_for_ever);
	tcase_add_test(tcase, the_entry_used_longest_ago_makes_room);
	tcase_add_test(tcase, glue_is_not_an_answer_and_does_not_replace_one);
	tcase_add_test(tcase, a_name_that_does_not_exist_has_no_type);
	tcase_add_test(tcase, nothing_exists_below_a_name_that_does_not);
	tcase_add_test(tcase, a_failure_does_not_replace_what_is_known);
	tcase_add_test(tcase, a_row_of_the_trace_holds_the_entry);
	tcase_add_test(tcase, a_row_is_read_back);
	tcase_add_loop_test(tcase, a_row_cut_short_is_refused, 0, sizeof row);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
