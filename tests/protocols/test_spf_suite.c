/*
 * SPF against the test suite of openspf.org for RFC 7208, which Debian ships with python3-spf: some
 * 200 cases, each with its own zone. Skipped where the package is not installed.
 */
#include <check.h>
#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include "protocols/authentic/spf.h"
#include "tests/protocols/fake_dns.h"

#define SUITE "/usr/share/doc/python3-spf/rfc7208-tests.yml.gz"

static char *scalar(struct fy_node *node)
{
	size_t length;
	const char *text = node != NULL ? fy_node_get_scalar(node, &length) : NULL;

	return text != NULL ? g_strndup(text, length) : NULL;
}

static char *field(struct fy_node *mapping, const char *key)
{
	return scalar(fy_node_mapping_lookup_by_string(mapping, key, strlen(key)));
}

/* A string of DNS holds 255 bytes; NULs may be among them. */
static void append_strings(struct fy_node *value, GByteArray *data)
{
	size_t length;
	const char *text = fy_node_get_scalar(value, &length);

	do {
		uint8_t piece = (uint8_t)MIN(length, 255);

		g_byte_array_append(data, &piece, 1);
		g_byte_array_append(data, (const guint8 *)text, piece);
		text += piece;
		length -= piece;
	} while (length > 0);
}

/* A TXT or SPF value: one string, or a list of them. */
static void add_text(struct fake_dns *dns, const char *name, struct fy_node *value)
{
	GByteArray *data = g_byte_array_new();
	struct fy_node *item;
	void *at = NULL;

	if (!fy_node_is_sequence(value))
		append_strings(value, data);
	else
		while ((item = fy_node_sequence_iterate(value, &at)) != NULL)
			append_strings(item, data);
	if (data->len != 5 || memcmp(data->data, "\4NONE", 5) != 0)
		fake_dns_add_data(dns, name, DNS_TXT, (struct bytes) { data->data, data->len });
	g_byte_array_unref(data);
}

static void add_value(struct fake_dns *dns, const char *name, const char *type,
		      struct fy_node *value)
{
	uint16_t number;
	char *text;

	if (strcmp(type, "TXT") == 0 || strcmp(type, "SPF") == 0) {
		add_text(dns, name, value);
		return;
	}
	ck_assert_msg(dns_type_from_text(type, &number), "%s", type);
	if (fy_node_is_sequence(value)) {
		char *preference = scalar(fy_node_sequence_get_by_index(value, 0));
		char *host = scalar(fy_node_sequence_get_by_index(value, 1));

		text = g_strdup_printf("%s %s", preference, host[0] != '\0' ? host : ".");
		g_free(preference);
		g_free(host);
	} else {
		text = scalar(value);
	}
	fake_dns_add(dns, name, number, text);
	g_free(text);
}

static bool has_txt(struct fy_node *records)
{
	struct fy_node *record;
	void *at = NULL;

	while ((record = fy_node_sequence_iterate(records, &at)) != NULL)
		if (fy_node_is_mapping(record) &&
		    fy_node_mapping_lookup_by_string(record, "TXT", 3) != NULL)
			return true;
	return false;
}

static void load_name(struct fake_dns *dns, const char *name, struct fy_node *records)
{
	bool ignores_spf = has_txt(records);
	struct fy_node *record;
	void *at = NULL;

	while ((record = fy_node_sequence_iterate(records, &at)) != NULL) {
		struct fy_node_pair *pair;
		void *in = NULL;

		if (!fy_node_is_mapping(record)) {
			fake_dns_time_out(dns, name);
			continue;
		}
		while ((pair = fy_node_mapping_iterate(record, &in)) != NULL) {
			char *type = scalar(fy_node_pair_key(pair));

			if (!ignores_spf || strcmp(type, "SPF") != 0)
				add_value(dns, name, type, fy_node_pair_value(pair));
			g_free(type);
		}
	}
}

static struct fake_dns *load_zone(struct fy_node *zone)
{
	struct fake_dns *dns = fake_dns_new();
	struct fy_node_pair *pair;
	struct dns_wish wish;
	void *at = NULL;

	while ((pair = fy_node_mapping_iterate(zone, &at)) != NULL) {
		char *name = scalar(fy_node_pair_key(pair));

		if (dns_wish_set(&wish, name, DNS_TXT))
			load_name(dns, name, fy_node_pair_value(pair));
		g_free(name);
	}
	return dns;
}

static void answer(void *owner, const struct dns_answer *with)
{
	spf_check_answer(owner, with);
}

/* The result may be one of a list. */
static bool is_expected(struct fy_node *expected, const char *result)
{
	struct fy_node *item;
	bool is_found = false;
	void *at = NULL;
	char *text;

	if (!fy_node_is_sequence(expected)) {
		text = scalar(expected);
		is_found = strcmp(text, result) == 0;
		g_free(text);
		return is_found;
	}
	while (!is_found && (item = fy_node_sequence_iterate(expected, &at)) != NULL) {
		text = scalar(item);
		is_found = strcmp(text, result) == 0;
		g_free(text);
	}
	return is_found;
}

/* Letter case does not count: the nibbles of %{i} are lower case in RFC 7208, upper in the suite. */
static bool explains_as_expected(struct fy_node *test, const struct spf_outcome *outcome)
{
	char *expected = field(test, "explanation");
	bool is_good = true;

	if (expected != NULL && strcmp(expected, "DEFAULT") == 0)
		is_good = !outcome->is_explained;
	else if (expected != NULL)
		is_good = outcome->is_explained &&
			  g_ascii_strcasecmp(expected, outcome->explanation) == 0;
	g_free(expected);
	return is_good;
}

static bool run_test(const char *id, struct fy_node *test, struct fake_dns *dns)
{
	char *helo = field(test, "helo"), *host = field(test, "host"),
	     *sender = field(test, "mailfrom"), *receiver = field(test, "receiver");
	struct spf_request request = {
		.helo = helo, .sender = sender, .receiver = receiver, .unix_time = 1000
	};
	struct fy_node *expected = fy_node_mapping_lookup_by_string(test, "result", 6);
	const struct spf_outcome *outcome;
	struct spf_check *check;
	bool is_good;

	ck_assert_msg(client_address_parse(host, &request.client), "%s", host);
	check = spf_check_new(&request);
	while (spf_check_wish(check) != NULL)
		fake_dns_answer(dns, spf_check_wish(check), answer, check);
	outcome = spf_check_outcome(check);
	is_good = is_expected(expected, spf_result_names[outcome->result]) &&
		  explains_as_expected(test, outcome);
	if (!is_good)
		fprintf(stderr, "%s: %s, mechanism %s, explanation \"%s\", problem \"%s\"\n", id,
			spf_result_names[outcome->result], outcome->mechanism, outcome->explanation,
			outcome->problem);
	spf_check_free(check);
	g_free(helo);
	g_free(host);
	g_free(sender);
	g_free(receiver);
	return is_good;
}

static void run_scenario(struct fy_node *root, unsigned *count, unsigned *failed)
{
	struct fy_node *tests = fy_node_mapping_lookup_by_string(root, "tests", 5);
	struct fake_dns *dns = load_zone(fy_node_mapping_lookup_by_string(root, "zonedata", 8));
	struct fy_node_pair *pair;
	void *at = NULL;

	while ((pair = fy_node_mapping_iterate(tests, &at)) != NULL) {
		char *id = scalar(fy_node_pair_key(pair));

		(*count)++;
		*failed += !run_test(id, fy_node_pair_value(pair), dns);
		g_free(id);
	}
	fake_dns_free(dns);
}

/* NULL: it is not installed. An empty block scalar there is one that libfyaml reads too far. */
static char *read_suite(void)
{
	char *text, **parts, *whole;

	if (!g_file_test(SUITE, G_FILE_TEST_EXISTS))
		return NULL;
	ck_assert(g_spawn_command_line_sync("gzip -dc " SUITE, &text, NULL, NULL, NULL));
	parts = g_strsplit(text, "description: >-\n    spec:", -1);
	whole = g_strjoinv("description: none\n    spec:", parts);
	g_strfreev(parts);
	g_free(text);
	return whole;
}

START_TEST(every_case_of_the_suite_has_its_result)
{
	char *text = read_suite();
	struct fy_parse_cfg config = { .flags = FYPCF_RESOLVE_DOCUMENT };
	struct fy_parser *parser = fy_parser_create(&config);
	struct fy_document *document;
	unsigned count = 0, failed = 0;

	if (text == NULL) {
		puts("skipped: " SUITE " is not there (python3-spf)");
		fy_parser_destroy(parser);
		return;
	}
	fy_parser_set_string(parser, text, FY_NT);
	while ((document = fy_parse_load_document(parser)) != NULL) {
		run_scenario(fy_document_root(document), &count, &failed);
		fy_parse_document_destroy(parser, document);
	}
	fy_parser_destroy(parser);
	g_free(text);
	ck_assert_uint_ge(count, 200);
	ck_assert_msg(failed == 0, "%u of %u cases failed", failed, count);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spf suite");
	TCase *tests = tcase_create("openspf");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, every_case_of_the_suite_has_its_result);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
