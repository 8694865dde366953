/* The JSON trace, read back by json-glib: every field of every record, and nothing else. */
#include <check.h>
#include <json-glib/json-glib.h>
#include <stdlib.h>
#include "protocols/layer.h"
#include "protocols/mail/names.h"
#include "stack/names.h"
#include "views/json.h"

/* Prints one record; the caller frees the line. */
static char *print(const struct trace_record *record, struct bytes bytes, const struct model *model)
{
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);
	struct json_view *json = json_view_new(memory, model, NULL);

	json_view_feed(json, record, bytes);
	ck_assert(json_view_finish(json));
	fclose(memory);
	return text;
}

static JsonObject *parse(JsonParser *parser, const char *line)
{
	GError *error = NULL;

	ck_assert_msg(json_parser_load_from_data(parser, line, -1, &error), "%s in %s",
		      error == NULL ? "" : error->message, line);
	return json_node_get_object(json_parser_get_root(parser));
}

START_TEST(every_field_reads_back)
{
	const struct trace_record record = {
		.time_ns = 1004812000,
		.id = (UINT64_C(3) << 40) + 7,
		.cause = 11,
		.root = 12,
		.packet = 13,
		.object = 14,
		.before = 15,
		.after = 16,
		.crossing = 17,
		.start = 18,
		.header_bytes = 19,
		.total_bytes = 20,
		.interface = 1,
		.detail = LINK_PLAIN,
		.flags = TRACE_FIRST | TRACE_SHARED,
		.kind = TRACE_TRANSMIT,
		.layer = LAYER_LINK,
	};
	static const uint8_t frame[] = { 0x00, 0xff, 0x1a };
	static const struct {
		const char *key;
		int64_t value;
	} numbers[] = {
		{"time_ns",       1004812000            },
                { "cause",        11                    },
                { "root",         12                    },
		{ "packet",       13                    },
                { "object",       14                    },
                { "before",       15                    },
		{ "after",        16                    },
                { "crossing",     17                    },
                { "start",        18                    },
		{ "header_bytes", 19                    },
                { "total_bytes",  20                    },
                { "id",           (INT64_C(3) << 40) + 7},
	};
	JsonParser *parser = json_parser_new();
	char *line = print(&record, (struct bytes) { frame, sizeof frame }, NULL);
	JsonObject *object = parse(parser, line);

	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
		ck_assert_msg(json_object_get_int_member(object, numbers[i].key) ==
				  numbers[i].value,
			      "%s in %s", numbers[i].key, line);
	ck_assert_str_eq(json_object_get_string_member(object, "kind"), "transmit");
	ck_assert_str_eq(json_object_get_string_member(object, "layer"), "link");
	ck_assert_str_eq(json_object_get_string_member(object, "bytes"), "00ff1a");
	ck_assert(json_object_get_boolean_member(object, "first"));
	ck_assert(json_object_get_boolean_member(object, "shared"));
	ck_assert(!json_object_has_member(object, "retransmission"));
	ck_assert(line[strlen(line) - 1] == '\n');
	ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
	g_object_unref(parser);
	free(line);
}
END_TEST

START_TEST(what_is_zero_is_left_out)
{
	const struct trace_record record = { .id = 1, .kind = TRACE_DROP, .layer = LAYER_ARP };
	JsonParser *parser = json_parser_new();
	char *line = print(&record, (struct bytes) { 0 }, NULL);
	JsonObject *object = parse(parser, line);

	ck_assert(json_object_has_member(object, "time_ns"));
	ck_assert(!json_object_has_member(object, "packet"));
	ck_assert(!json_object_has_member(object, "bytes"));
	ck_assert(!json_object_has_member(object, "first"));
	g_object_unref(parser);
	free(line);
}
END_TEST

/* jq and JavaScript keep a number as a double: what that cannot hold is no number here. */
static const struct {
	struct trace_record record;
	const char *says, *lacks;
} large[] = {
	{{ .id = (UINT64_C(9000) << 40) + 1, .kind = TRACE_DROP },
         "\"id\":\"9895604649984001\"",				   NULL            },
	{ { .id = 1, .kind = TRACE_DROP, .object = (UINT64_C(1) << 53) - 1 },
         "\"object\":9007199254740991",				   NULL            },
	{ { .id = 1,
	    .kind = TRACE_TABLE,
	    .layer = LAYER_IPV4,
	    .detail = IPV4_ROUTE,
	    .object = UINT64_C(0xcb007100) << 8 | 24,
	    .after = UINT64_C(0xc0000201) << 32 | 2 },
         "\"object\":871885766680,\"gateway\":\"192.0.2.1\",\"after\":2", "gateway_before"},
	{ { .id = 1,
	    .kind = TRACE_MAILBOX,
	    .layer = LAYER_MAIL,
	    .detail = MAILBOX_APPENDED,
	    .before = 3,
	    .after = UINT64_C(1767600000) << 32 | 1 },
         "\"internal_date\":1767600000,\"before\":3,\"after\":1",         NULL            },
	{ { .id = 1, .kind = TRACE_TABLE, .layer = LAYER_FILTER, .before = 5, .after = INT64_MAX },
         "\"before\":5",						  "after"         },
};

START_TEST(no_number_is_larger_than_readers_keep)
{
	char *line = print(&large[_i].record, (struct bytes) { 0 }, NULL);

	ck_assert_msg(strstr(line, large[_i].says) != NULL, "%s", line);
	ck_assert_msg(large[_i].lacks == NULL || strstr(line, large[_i].lacks) == NULL, "%s", line);
	free(line);
}
END_TEST

START_TEST(names_with_quotes_are_escaped)
{
	static const struct dissector *const none[] = { NULL };
	struct model *model = model_new(none);
	const struct trace_record node = { .id = (UINT64_C(1) << 40) + 1,
					   .kind = TRACE_NODE,
					   .detail = NODE_HOST };
	const struct trace_record record = { .id = (UINT64_C(1) << 40) + 2, .kind = TRACE_ACTION };
	JsonParser *parser = json_parser_new();

	model_feed(model, &node, bytes_of("a\"b\\c\td"));
	char *line = print(&record, bytes_of("x"), model);
	JsonObject *object = parse(parser, line);

	ck_assert_str_eq(json_object_get_string_member(object, "node"), "a\"b\\c d");
	g_object_unref(parser);
	free(line);
	model_free(model);
}
END_TEST

/* Longer than the view's own buffer: pieces must come out whole and in order. */
START_TEST(bytes_longer_than_the_buffer_come_out_whole)
{
	const struct trace_record record = { .id = 1, .kind = TRACE_MAILBOX };
	size_t length = 3000001;
	uint8_t *message = g_malloc(length);
	JsonParser *parser = json_parser_new();

	for (size_t i = 0; i < length; i++)
		message[i] = (uint8_t)(i * 7);
	char *line = print(&record, (struct bytes) { message, length }, NULL);
	const char *bytes = json_object_get_string_member(parse(parser, line), "bytes");
	size_t wrong = 0;

	ck_assert_uint_eq(strlen(bytes), 2 * length);
	for (size_t i = 0; i < length; i++)
		wrong += g_ascii_xdigit_value(bytes[2 * i]) * 16 +
			     g_ascii_xdigit_value(bytes[2 * i + 1]) !=
			 message[i];
	ck_assert_uint_eq(wrong, 0);
	g_object_unref(parser);
	g_free(message);
	free(line);
}
END_TEST

START_TEST(what_cannot_be_written_is_reported)
{
	const struct trace_record record = { .id = 1, .kind = TRACE_ACTION };
	FILE *full = fopen("/dev/full", "w");

	if (full == NULL) {
		printf("skipped: there is no /dev/full\n");
		return;
	}
	struct json_view *json = json_view_new(full, NULL, NULL);

	json_view_feed(json, &record, (struct bytes) { 0 });
	ck_assert(!json_view_finish(json));
	fclose(full);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json");
	TCase *tests = tcase_create("json");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, every_field_reads_back);
	tcase_add_test(tests, what_is_zero_is_left_out);
	tcase_add_loop_test(tests, no_number_is_larger_than_readers_keep, 0, G_N_ELEMENTS(large));
	tcase_add_test(tests, names_with_quotes_are_escaped);
	tcase_add_test(tests, bytes_longer_than_the_buffer_come_out_whole);
	tcase_add_test(tests, what_cannot_be_written_is_reported);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
