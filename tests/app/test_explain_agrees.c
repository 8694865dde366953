/*
 * Runs of several kinds, each with its capture explained: the numbers of TCP against tshark's, the
 * headers against the run's own log, and what was said against the run's own dialogue.
 */
#include <check.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include "tests/app/program.h"
#include "tests/views/tshark.h"

#define BAD_CABLES "impairments=[{link: all, loss: 5%, duplicate: 2%, reorder: 5%}]"

/* One of each kind: mail by all protocols, TLS, cables that are cut, NAT, HTTP, bad cables. */
static const struct {
	const char *scenario;
	const char *option, *value; /* NULL: none */
	int status;
	bool
	    is_translated; /* a connection has other addresses beyond the router: it counts as two */
	unsigned segments, headers, sayings; /* there are more than so many to compare */
} runs[] = {
	{"office",    NULL,    NULL,       0, false, 200, 1000, 200},
	{ "tls",      NULL,    NULL,       0, false, 300, 1000, 40 },
	{ "link-cut", NULL,    NULL,       0, false, 250, 1000, 200},
	{ "nat",      NULL,    NULL,       0, true,  200, 800,  0  },
	{ "webmail",  NULL,    NULL,       0, false, 500, 1500, 400},
	{ "office",   "--set", BAD_CABLES, 1, false, 200, 1000, 100},
};

static char *folder;
static char *capture, *log_text, *dialog, *text;
static GPtrArray *packets; /* JsonNode: what is said of each frame */

static char *output_of(struct outcome *outcome, int status)
{
	char *out;

	ck_assert_status(outcome, status);
	out = g_strdup(outcome->out);
	outcome_free(outcome);
	return out;
}

static void parse_packets(const char *json)
{
	g_auto(GStrv) lines = g_strsplit(json, "\n", -1);

	packets = g_ptr_array_new_with_free_func((GDestroyNotify)json_node_unref);
	for (unsigned i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++) {
		JsonNode *node = json_from_string(lines[i], NULL);

		ck_assert_msg(node != NULL, "no JSON: %s", lines[i]);
		g_ptr_array_add(packets, node);
	}
}

/* One run for its log and its capture, the same once more for its dialogue. */
static void run_and_explain(int index)
{
	const char *scenario = runs[index].scenario;
	const char *option = runs[index].option, *value = runs[index].value;
	const char *logging[] = { "run",       scenario, "--unfold", "--pcap", capture,
				  "--capture", "sent",   option,     value,    NULL };
	const char *talking[] = { "run", scenario, "--dialog", option, value, NULL };
	char *json;

	log_text = output_of(program_run_in(NULL, logging), runs[index].status);
	dialog = output_of(program_run_in(NULL, talking), runs[index].status);
	text = output_of(program_run("explain", capture, NULL), 0);
	json = output_of(program_run("explain", capture, "--format", "json", NULL), 0);
	parse_packets(json);
	g_free(json);
}

static void set_up(void)
{
	folder = folder_new();
	capture = path_in(folder, "capture.pcapng");
}

static void tear_down(void)
{
	g_clear_pointer(&packets, g_ptr_array_unref);
	g_free(text);
	g_free(dialog);
	g_free(log_text);
	g_free(capture);
	folder_remove(folder);
}

static JsonObject *packet_at(unsigned index)
{
	return json_node_get_object(packets->pdata[index]);
}

/* The stream that a packet belongs to; NULL: none. */
static JsonObject *stream_of(JsonObject *packet)
{
	return json_object_has_member(packet, "stream")
		   ? json_object_get_object_member(packet, "stream")
		   : NULL;
}

static gint64 number_in(JsonObject *object, const char *member)
{
	return json_object_get_int_member_with_default(object, member, 0);
}

/* "7 1 41 64512": as tshark has it of each segment. A SYN acknowledges nothing: 0. */
static void compare_numbers(unsigned least)
{
	static const char *const arguments[] = {
		"-n",      "-T", "fields",          "-E", "separator=/s", "-Y",
		"tcp",     "-e", "frame.number",    "-e", "tcp.seq",      "-e",
		"tcp.ack", "-e", "tcp.window_size", "-r", NULL,
	};
	g_autofree char *theirs = tshark_run("tshark", arguments, capture);
	g_autoptr(GString) ours = g_string_new(NULL);
	g_auto(GStrv) their_lines = NULL, our_lines = NULL;

	for (unsigned i = 0; i < packets->len; i++) {
		JsonObject *stream = stream_of(packet_at(i));

		if (stream != NULL)
			g_string_append_printf(ours, "%u %d %d %d\n", i + 1,
					       (int)number_in(stream, "sequence"),
					       (int)number_in(stream, "acknowledgment"),
					       (int)number_in(stream, "window_bytes"));
	}
	their_lines = g_strsplit(theirs, "\n", -1);
	our_lines = g_strsplit(ours->str, "\n", -1);
	for (unsigned i = 0; our_lines[i] != NULL && their_lines[i] != NULL; i++)
		ck_assert_str_eq(our_lines[i], their_lines[i]);
	ck_assert_uint_eq(g_strv_length(our_lines), g_strv_length(their_lines));
	ck_assert_uint_gt(g_strv_length(our_lines), least);
}

/* Where the words begin that the run has better: it knows why something is sent again. */
static size_t common_length(const char *line)
{
	static const char *const own[] = { ", RETRANSMISSION", ", OUT OF ORDER", ", fills a gap",
					   ", seen before" };

	for (unsigned i = 0; i < G_N_ELEMENTS(own); i++) {
		const char *found = strstr(line, own[i]);

		if (found != NULL)
			return (size_t)(found - line);
	}

	/* Or that an acknowledgment is a duplicate: that stands between the header's fields and the size. */
	const char *size =
	    g_str_has_prefix(line, "  encapsulate TCP ") ? g_strrstr(line, "  ") : NULL;

	while (size != NULL && size > line && size[-1] == ' ')
		size--;

	return size == NULL ? strlen(line) : (size_t)(size - line);
}

/* Every header that a host wraps around something is in the log of the run, in the same words. */
static void compare_headers(unsigned least)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	unsigned compared = 0;

	for (unsigned i = 0; lines[i] != NULL; i++) {
		g_autofree char *common = g_strndup(lines[i], common_length(lines[i]));

		if (!g_str_has_prefix(lines[i], "  encapsulate "))
			continue;
		ck_assert_msg(strstr(log_text, common) != NULL, "not in the log: %s", lines[i]);
		compared++;
	}
	ck_assert_uint_gt(compared, least);
}

/* The part of the dialogue about connection `number`, to be freed; NULL: there is none. */
static char *dialog_of(gint64 number)
{
	g_autofree char *title = g_strdup_printf("connection %d  ", (int)number);
	const char *begin = strstr(dialog, title), *end;

	if (begin == NULL)
		return NULL;
	end = strstr(begin, "\n\n");
	return end == NULL ? g_strdup(begin) : g_strndup(begin, (gsize)(end - begin));
}

/* The part of what is said of a line that the dialogue has as well: all but what SASL's base64 means, or "...". */
static char *as_in_dialogue(const char *said)
{
	const char *meaning = strstr(said, "[SCRAM ");

	if (meaning != NULL)
		return g_strndup(said, (gsize)(meaning - said));
	return g_strndup(said, strlen(said) - (g_str_has_suffix(said, "...") ? 3 : 0));
}

/* The line of the dialogue that says what `unit` does; NULL: the dialogue has more than its name. */
static char *line_of(JsonObject *unit, char side)
{
	const char *said = json_object_get_string_member(unit, "text");
	bool is_tls = strcmp(json_object_get_string_member(unit, "protocol"), "TLS") == 0;
	g_autofree char *shown = as_in_dialogue(said);
	char mark = json_object_has_member(unit, "encrypted") ? '=' : ':'; /* as in the dialogue */

	if (number_in(unit, "depth") > 0 || json_object_has_member(unit, "piece") ||
	    (is_tls && g_str_has_suffix(said, "encrypted")) || g_str_has_suffix(said, " bytes") ||
	    g_str_has_suffix(said, " bytes of content"))
		return NULL;
	if (strcmp(said, "(blank line)") == 0 || strcmp(said, "(end of the line)") == 0)
		return g_strdup_printf("  %c%c \n", side, mark);
	return is_tls ? g_strdup_printf("  %c: [TLS: %s", side, shown)
		      : g_strdup_printf("  %c%c %s", side, mark, shown);
}

static unsigned compare_units(JsonObject *packet, JsonObject *stream)
{
	JsonArray *units = json_object_has_member(packet, "application")
			       ? json_object_get_array_member(packet, "application")
			       : NULL;
	g_autofree char *said = dialog_of(number_in(stream, "connection"));
	const char *from = json_object_get_string_member(stream, "from");
	char side = strcmp(from, "client") == 0 ? 'C' : 'S';
	unsigned compared = 0;

	for (unsigned i = 0; units != NULL && i < json_array_get_length(units); i++) {
		JsonObject *unit = json_array_get_object_element(units, i);
		g_autofree char *line = line_of(unit, side);

		if (line == NULL || json_object_has_member(unit, "held"))
			continue;
		ck_assert_msg(said != NULL && strstr(said, line) != NULL,
			      "frame %d: not in the dialogue: %s", (int)number_in(packet, "frame"),
			      line);
		compared++;
	}
	return compared;
}

/* What a segment is said to hold was said on that connection, by that side. */
static void compare_sayings(unsigned least)
{
	unsigned compared = 0;

	for (unsigned i = 0; i < packets->len; i++) {
		JsonObject *stream = stream_of(packet_at(i));

		if (stream != NULL)
			compared += compare_units(packet_at(i), stream);
	}
	ck_assert_uint_gt(compared, least);
}

START_TEST(a_capture_is_explained_as_the_run_and_as_tshark_have_it)
{
	run_and_explain(_i);
	compare_headers(runs[_i].headers);
	if (!runs[_i].is_translated)
		compare_sayings(runs[_i].sayings);
	if (tshark_has_program("tshark"))
		compare_numbers(runs[_i].segments);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("explain_agrees");
	TCase *tests = tcase_create("explain_agrees");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_capture_is_explained_as_the_run_and_as_tshark_have_it, 0,
			    G_N_ELEMENTS(runs));
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
