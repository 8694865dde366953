/* Plays every dialogue *.net in tests/packet: one host's or router's ARP, ICMP and UDP. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "stack/arp.h"
#include "stack/ipv4.h"
#include "stack/socket.h"
#include "tests/onehost.h"
#include "tests/packet/frame_text.h"

static GPtrArray *paths;

struct play {
	const char *path;
	unsigned line;
	struct onehost host;
	int64_t time_ns;
	unsigned taken;           /* sent frames that lines have named */
	uint16_t identifier;      /* of the host's last echo request */
	int64_t ping_result;      /* 0: none yet */
	unsigned datagrams;       /* received */
	int icmp_type, icmp_code; /* of the last error told to the socket; -1: none */
	struct udp_socket *socket;
};

static void G_GNUC_PRINTF(2, 3) mismatch(const struct play *play, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	ck_abort_msg("%s:%u: %s", play->path, play->line, text);
}

static void note_ping(void *owner, int64_t round_trip_ns)
{
	((struct play *)owner)->ping_result = round_trip_ns;
}

static void note_datagram(void *owner, struct endpoint from, struct bytes payload)
{
	(void)from;
	(void)payload;
	((struct play *)owner)->datagrams++;
}

static void note_error(void *owner, struct endpoint to, uint8_t type, uint8_t code)
{
	struct play *play = owner;

	(void)to;
	play->icmp_type = type;
	play->icmp_code = code;
}

/* The next sent frame that no line has named; NULL: there is none. */
static const struct trace_record *next_sent(const struct play *play)
{
	return recorder_find(&play->host.recorder,
			     (struct wanted) { TRACE_TRANSMIT, ANY, ANY, NULL }, play->taken);
}

/* Nothing unnamed may have been sent before now. */
static void check_quiet(const struct play *play, bool until_now)
{
	const struct trace_record *sent = next_sent(play);

	if (sent == NULL || (!until_now && sent->time_ns >= play->time_ns))
		return;
	mismatch(play, "at %.6f s this was sent: %s", (double)sent->time_ns / 1e9,
		 frame_print(recorder_bytes(&play->host.recorder, sent)));
}

static void note_identifier(struct play *play, struct bytes frame)
{
	if (frame.length >= 42 && frame.data[23] == 1 && frame.data[34] == ICMP_ECHO_REQUEST)
		play->identifier = get_be16(frame.data + 38);
}

/* `> text`: the next frame is this, sent now. */
static void expect_frame(struct play *play, const char *text)
{
	const struct trace_record *sent = next_sent(play);

	if (sent == NULL)
		mismatch(play, "nothing was sent");
	struct bytes frame = recorder_bytes(&play->host.recorder, sent);
	char *line = frame_print(frame);

	if (sent->time_ns != play->time_ns)
		mismatch(play, "sent at %.6f s, not %.6f s: %s", (double)sent->time_ns / 1e9,
			 (double)play->time_ns / 1e9, line);
	if (strcmp(line, text) != 0)
		mismatch(play, "sent: %s", line);
	note_identifier(play, frame);
	play->taken++;
	g_free(line);
}

/* `< text`: this frame arrives, by eth1 if its MAC address or sender says so. */
static void give_frame(struct play *play, const char *text)
{
	GByteArray *frame = g_byte_array_new();
	char *error = frame_build(text, play->identifier, frame);
	bool is_eth1 = g_str_has_suffix(text, " us1");

	if (error != NULL)
		mismatch(play, "expected %s", error);
	onehost_give(&play->host, is_eth1 ? play->host.eth1 : play->host.eth0,
		     (struct bytes) { frame->data, frame->len });
	g_byte_array_free(frame, TRUE);
}

static uint32_t address_of(const struct play *play, const char *text)
{
	uint32_t address = 0;

	if (!ipv4_parse(text, &address))
		mismatch(play, "\"%s\" is no IPv4 address", text);
	return address;
}

static void send_udp(struct play *play, char **words)
{
	struct endpoint to = { address_of(play, words[1]), (uint16_t)atoi(words[2]) };
	size_t length = (size_t)atoi(words[4]);
	uint8_t *payload = g_malloc0(length + 1);

	if (!udp_send(play->socket, to, (struct bytes) { payload, length }))
		mismatch(play, "could not be sent");
	g_free(payload);
}

static void send_ping(struct play *play, char **words)
{
	play->ping_result = 0;
	icmp_ping(play->host.host, address_of(play, words[1]), (size_t)atoi(words[3]),
		  20 * NS_PER_S, note_ping, play);
}

static void check_ping(const struct play *play, const char *expected)
{
	const char *result = play->ping_result == 0                ? "none"
			     : play->ping_result == PING_TIMED_OUT ? "timed-out"
			     : play->ping_result == PING_FAILED    ? "failed"
								   : "answered";

	if (strcmp(result, expected) != 0)
		mismatch(play, "the ping is %s", result);
}

static void check_state(const struct play *play, uint32_t address, const char *expected)
{
	struct arp_row row = { .state = ARP_NONE };

	arp_find(host_arp(play->host.host), play->host.eth0, address, &row);
	if (strcmp(arp_state_names[row.state], expected) != 0)
		mismatch(play, "the row is %s", arp_state_names[row.state]);
}

/* What the program does or sees. */
static void play_words(struct play *play, char **words)
{
	unsigned count = g_strv_length(words);

	if (strcmp(words[0], "ping") == 0 && count == 4)
		send_ping(play, words);
	else if (strcmp(words[0], "udp") == 0 && count == 5)
		send_udp(play, words);
	else if (strcmp(words[0], "pinged") == 0 && count == 2)
		check_ping(play, words[1]);
	else if (strcmp(words[0], "state") == 0 && count == 3)
		check_state(play, address_of(play, words[1]), words[2]);
	else if (strcmp(words[0], "confirm") == 0 && count == 2)
		ipv4_confirm(play->host.host, address_of(play, words[1]));
	else if (strcmp(words[0], "announce") == 0 && count == 1)
		arp_announce(play->host.eth0);
	else if (strcmp(words[0], "received") == 0 && count == 2)
		ck_assert_msg(play->datagrams == (unsigned)atoi(words[1]), "%s:%u: %u received",
			      play->path, play->line, play->datagrams);
	else if (strcmp(words[0], "error") == 0 && count == 3)
		ck_assert_msg(play->icmp_type == atoi(words[1]) &&
				  play->icmp_code == atoi(words[2]),
			      "%s:%u: the error is %d %d", play->path, play->line, play->icmp_type,
			      play->icmp_code);
	else if (strcmp(words[0], "quiet") == 0 && count == 1)
		check_quiet(play, true);
	else
		mismatch(play, "this is not understood");
}

/* "+40ms" and the like behind the time of the line before. */
static void advance(struct play *play, const char *text)
{
	char *unit;
	double amount = g_ascii_strtod(text + 1, &unit);
	double factor = strcmp(unit, "s") == 0 ? 1e9 : strcmp(unit, "ms") == 0 ? 1e6 : 0;

	if (text[0] != '+' || factor == 0)
		mismatch(play, "\"%s\" is no time", text);
	play->time_ns += (int64_t)(amount * factor + 0.5);
	onehost_run_until(&play->host, play->time_ns);
	check_quiet(play, false);
}

static void play_line(struct play *play, char *line)
{
	char **words = g_strsplit(line, " ", 2);

	advance(play, words[0]);
	if (words[1] == NULL)
		mismatch(play, "nothing behind the time");
	char *rest = g_strstrip(words[1]);

	if (g_str_has_prefix(rest, "> ")) {
		expect_frame(play, rest + 2);
	} else if (g_str_has_prefix(rest, "< ")) {
		give_frame(play, rest + 2);
	} else {
		char **split = g_strsplit(rest, " ", -1);

		play_words(play, split);
		g_strfreev(split);
	}
	g_strfreev(words);
}

/* Settings stand before the first line with a time: so far, what the host is. */
static void begin(struct play *play, const char *contents)
{
	bool is_router = strstr(contents, "\nrouter\n") != NULL;

	onehost_init(&play->host, is_router ? NODE_ROUTER : NODE_HOST);
	play->socket = udp_open(play->host.host, 5000, note_datagram, play);
	udp_on_error(play->socket, note_error);
	recorder_forget(&play->host.recorder);
}

START_TEST(dialogue_goes_as_written)
{
	struct play play = { .path = paths->pdata[_i], .icmp_type = -1, .icmp_code = -1 };
	char *contents;

	ck_assert(g_file_get_contents(play.path, &contents, NULL, NULL));
	begin(&play, contents);
	char **lines = g_strsplit(contents, "\n", -1);

	for (unsigned i = 0; lines[i] != NULL; i++) {
		char *line = g_strstrip(g_strdelimit(lines[i], "\t", ' '));

		play.line = i + 1;
		if (*line == '+')
			play_line(&play, line);
		else if (*line != '#' && *line != '\0' && strcmp(line, "router") != 0)
			mismatch(&play, "this is not understood");
	}
	check_quiet(&play, true);
	g_strfreev(lines);
	g_free(contents);
	onehost_clear(&play.host);
}
END_TEST

START_TEST(there_are_dialogues)
{
	ck_assert_uint_gt(paths->len, 0);
}
END_TEST

static int compare_paths(const void *a, const void *b)
{
	return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

static void find_dialogues(void)
{
	GDir *folder = g_dir_open("tests/packet", 0, NULL);
	const char *name;

	while (folder != NULL && (name = g_dir_read_name(folder)) != NULL)
		if (g_str_has_suffix(name, ".net"))
			g_ptr_array_add(paths, g_build_filename("tests/packet", name, NULL));
	if (folder != NULL)
		g_dir_close(folder);
	g_ptr_array_sort(paths, compare_paths);
}

int main(int argc, char **argv)
{
	paths = g_ptr_array_new_with_free_func(g_free);
	for (int i = 1; i < argc; i++)
		g_ptr_array_add(paths, g_strdup(argv[i]));
	if (argc == 1)
		find_dialogues();
	Suite *suite = suite_create("network dialogues");
	TCase *all = tcase_create("dialogues");

	tcase_add_test(all, there_are_dialogues);
	tcase_add_loop_test(all, dialogue_goes_as_written, 0, (int)paths->len);
	suite_add_tcase(suite, all);
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	g_ptr_array_free(paths, TRUE);
	return failed ? 1 : 0;
}
