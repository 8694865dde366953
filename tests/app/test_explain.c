/* mailwire explain: captures as they come from anywhere, and what is said of them. */
#include <check.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "stack/wire/checksum.h"
#include "tests/app/program.h"
#include "tests/views/packets.h"

static char *folder, *path;

static void set_up(void)
{
	folder = folder_new();
	path = path_in(folder, "capture.pcap");
}

static void tear_down(void)
{
	g_free(path);
	folder_remove(folder);
}

/* A classic capture, big-endian, of raw IP packets. */
static GByteArray *capture;

static void put(unsigned bytes, uint32_t value)
{
	for (unsigned shift = 8 * bytes; shift > 0; shift -= 8)
		g_byte_array_append(capture, &(uint8_t) { (uint8_t)(value >> (shift - 8)) }, 1);
}

static void begin_capture(void)
{
	capture = g_byte_array_new();
	put(4, 0xa1b2c3d4);
	put(4, 0x00020004);
	put(4, 0);
	put(4, 0);
	put(4, 65535);
	put(4, 101);
}

static void write_capture(void)
{
	ck_assert(g_file_set_contents(path, (const char *)capture->data, capture->len, NULL));
	g_byte_array_free(capture, TRUE);
}

static void put_record(unsigned captured, unsigned original)
{
	put(4, 1);
	put(4, 0);
	put(4, captured);
	put(4, original);
}

enum { CLIENT = 0x0a000001, SERVER = 0x0a000002, FIN = 1, SYN = 2, ACK = 0x10 };

/* The checksum of a packet's `length` bytes from `at`, put `place` bytes behind there. */
static void put_checksum(guint at, guint length, guint place, uint32_t sum)
{
	uint16_t checksum =
	    checksum_finish(checksum_add(sum, (struct bytes) { capture->data + at, length }));

	put_be16(capture->data + at + place, checksum);
}

/* One segment between port 40000 and 25. */
static void segment(bool from_server, uint32_t sequence, uint32_t ack, unsigned flags,
		    const char *data)
{
	unsigned length = (unsigned)strlen(data);
	guint start = capture->len + 16;

	put_record(40 + length, 40 + length);
	put(4, 0x45000000 | (40 + length));
	put(4, 0x00010000);
	put(4, 0x40060000);
	put(4, from_server ? SERVER : CLIENT);
	put(4, from_server ? CLIENT : SERVER);
	put(2, from_server ? 25 : 40000);
	put(2, from_server ? 40000 : 25);
	put(4, sequence);
	put(4, ack);
	put(2, 0x5000 | flags);
	put(2, 1000);
	put(4, 0);
	g_byte_array_append(capture, (const uint8_t *)data, length);
	put_checksum(start, 20, 10, 0);
	put_checksum(start + 20, 20 + length, 16, checksum_pseudo(CLIENT, SERVER, 6, 20 + length));
}

static void handshake(void)
{
	segment(false, 0xfffffff0, 0, SYN, "");
	segment(true, 5000, 0xfffffff1, SYN | ACK, "");
	segment(false, 0xfffffff1, 5001, ACK, "");
	segment(true, 5001, 0xfffffff1, ACK, "220 here\r\n");
}

static char *explained(const char *option, const char *value)
{
	struct outcome *outcome = program_run("explain", path, option, value, NULL);
	char *out;

	ck_assert_status(outcome, 0);
	ck_assert_str_eq(outcome->err, "");
	out = g_strdup(outcome->out);
	outcome_free(outcome);
	return out;
}

/* Fails unless the words stand in `text` in this order. */
static void check_order(const char *text, const char *const *words)
{
	const char *at = text;

	for (; *words != NULL; words++) {
		const char *found = strstr(at, *words);

		ck_assert_msg(found != NULL, "no \"%s\" in: %s", *words, at);
		at = found + 1;
	}
}

START_TEST(segments_out_of_order_are_held_and_told_when_the_gap_is_filled)
{
	static const char *const words[] = {
		"10.0.0.2 to 10.0.0.1, SMTP: 220 here",
		"OUT OF ORDER: 16 B before it",
		"held until those before them come",
		"fills a gap",
		"EHLO a.example",
		"  held",
		"NOOP",
		"RETRANSMISSION",
		"told of before",
		"606 frames; 1 TCP connection",
		NULL,
	};
	g_autofree char *text = NULL;

	begin_capture();
	handshake();
	/* Sequence numbers go round within the first line. */
	for (unsigned i = 0; i < 600; i++) /* again and again: it is held once */
		segment(false, 0x00000001, 5011, ACK, "NOOP\r\n");
	segment(false, 0xfffffff1, 5011, ACK, "EHLO a.example\r\n");
	segment(false, 0xfffffff1, 5011, ACK, "EHLO a.example\r\n");
	write_capture();
	text = explained(NULL, NULL);
	check_order(text, words);
}
END_TEST

/* Puts a cooked header of version 2 in front of the packet whose record begins at `record`. */
static void cook(guint record, uint8_t interface, uint8_t packet_type)
{
	enum { RECORD_BYTES = 16, HEADER_BYTES = 20 };
	uint8_t header[HEADER_BYTES] = { 8, 0, 0, 0, 0, 0, 0, interface, 0, 1, packet_type, 6, 2 };
	guint at = record + RECORD_BYTES, rest = capture->len - at;

	g_byte_array_set_size(capture, capture->len + HEADER_BYTES);
	memmove(capture->data + at + HEADER_BYTES, capture->data + at, rest);
	memcpy(capture->data + at, header, HEADER_BYTES);
	capture->data[record + 11] += HEADER_BYTES;
	capture->data[record + 15] += HEADER_BYTES;
}

/* What `tcpdump -i any` has on a router: in by one interface, out by the other; and what is its own. */
START_TEST(cooked_captures_tell_which_way_a_packet_went)
{
	static const struct {
		uint8_t interface, packet_type;
	} places[] = {
		{2,  0},
                { 3, 4},
                { 2, 3}
	};
	static const char *const words[] = {
		"receives: 10.0.0.1 to 10.0.0.2, SMTP: NOOP",
		"link        Cooked     20 B to us, interface 2",
		"decapsulate IPv4     - 20 B",
		"deliver     SMTP",
		"10.0.0.1 to 10.0.0.2: a segment on its way, told of before",
		"send        data",
		"encapsulate IPv4     + 20 B",
		"link        Cooked     20 B from us, interface 3",
		"sends 10.0.0.2 again what it sent before",
		"link        Cooked     20 B to another host",
		"network     IPv4       20 B",
		NULL,
	};
	static const char *const members[] = { "\"direction\":\"received\"",
					       "\"direction\":\"sent\"", "\"frame\":3", NULL };
	static const char *const in_full[] = { "link type 276 (Linux cooked capture v2)",
					       "Sender Address", "02:00:00:00:00:00",
					       "Rest of Address", NULL };
	g_autofree char *text = NULL, *json = NULL, *full = NULL;

	begin_capture();
	capture->data[22] = 276 >> 8;
	capture->data[23] = 276 & 0xff;
	for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
		guint record = capture->len;

		segment(false, 1, 1, ACK, "NOOP\r\n");
		cook(record, places[i].interface, places[i].packet_type);
	}
	write_capture();
	text = explained(NULL, NULL);
	check_order(text, words);
	json = explained("--format", "json");
	check_order(json, members);
	ck_assert_uint_eq(count_in(json, "\"direction\""), 2);
	full = explained("--packet", "1");
	check_order(full, in_full);
}
END_TEST

/* What the 1,000 in the header stands for; the captured handshake offers no scaling. */
START_TEST(windows_are_said_to_be_unscaled_where_the_handshake_is_missing)
{
	g_autofree char *with = NULL, *without = NULL;

	begin_capture();
	handshake();
	write_capture();
	with = explained(NULL, NULL);
	ck_assert_ptr_nonnull(strstr(with, "win 1000"));
	ck_assert_ptr_null(strstr(with, "unscaled"));
	begin_capture();
	segment(true, 5001, 0xfffffff1, ACK, "220 here\r\n");
	write_capture();
	without = explained(NULL, NULL);
	ck_assert_ptr_nonnull(strstr(without, "win 1000 (unscaled: handshake not seen)"));
}
END_TEST

START_TEST(lines_are_no_longer_than_the_columns_asked_for)
{
	static const char *const asked[] = { NULL, "--packet" };
	g_autofree char *office = path_in(folder, "office.pcapng");
	struct outcome *run = program_run("run", "office", "--pcap", office, "--quiet", NULL);

	outcome_free(run);
	for (unsigned i = 0; i < G_N_ELEMENTS(asked); i++) {
		struct outcome *outcome =
		    program_run("explain", office, "--columns", "80", asked[i], "28", NULL);
		g_auto(GStrv) lines = g_strsplit(outcome->out, "\n", -1);

		ck_assert_uint_gt(g_strv_length(lines), 20);
		for (unsigned line = 0; lines[line] != NULL; line++)
			ck_assert_msg(g_utf8_strlen(lines[line], -1) <= 80, "%s", lines[line]);
		outcome_free(outcome);
	}
}
END_TEST

START_TEST(bytes_that_were_never_captured_are_said_to_be_missing)
{
	static const char *const words[] = {
		"MISSING in the capture: 16 B before it",
		"NOOP",
		NULL,
	};
	g_autofree char *text = NULL;

	begin_capture();
	handshake();
	segment(true, 5011, 1, ACK, "250 ok\r\n"); /* acknowledges what is not there */
	segment(false, 1, 5019, ACK, "NOOP\r\n");
	write_capture();
	text = explained(NULL, NULL);
	check_order(text, words);
}
END_TEST

START_TEST(a_capture_that_begins_in_the_middle_is_followed)
{
	static const char *const words[] = {
		"10.0.0.1 to 10.0.0.2, SMTP: RSET",
		"seq 1, ack 1",
		"10.0.0.2 to 10.0.0.1, SMTP: 250 ok",
		"keep-alive",
		NULL,
	};
	g_autofree char *text = NULL;

	begin_capture();
	segment(false, 70000, 80000, ACK, "RSET\r\n");
	segment(true, 80000, 70006, ACK, "250 ok\r\n");
	segment(false, 70005, 80008, ACK, "");
	write_capture();
	text = explained(NULL, NULL);
	check_order(text, words);
}
END_TEST

START_TEST(frames_cut_short_by_the_capture_say_so)
{
	g_autofree char *text = NULL;

	begin_capture();
	handshake();
	segment(false, 0xfffffff1, 5011, ACK, "EHLO a.example\r\n");
	/* The last record holds ten bytes fewer than the packet had. */
	g_byte_array_set_size(capture, capture->len - 10);
	capture->data[capture->len - 46 - 16 + 11] = 46;
	segment(false, 0x00000001, 5011, ACK, "NOOP\r\n");
	write_capture();
	text = explained(NULL, NULL);
	check_order(text, (const char *const[]) { "only the first 46 of 56 bytes", "EHLO a",
						  "SMTP: NOOP", NULL });
}
END_TEST

/* The frame is all there: nothing was left out by who captured. */
START_TEST(packets_that_say_they_are_longer_than_their_frame_are_told_as_such)
{
	g_autofree char *text = NULL;

	begin_capture();
	put_record(38, 38);
	put(4, 0x45000000 | 60);
	put(4, 0x00010000);
	put(4, 0x40110000);
	put(4, CLIENT);
	put(4, SERVER);
	put(2, 40000);
	put(2, 9999);
	put(4, 0x00280000);
	g_byte_array_append(capture, (const uint8_t *)"only these", 10);
	write_capture();
	text = explained(NULL, NULL);
	ck_assert_msg(strstr(text, "Only 10 of these 32 bytes are in the frame.") != NULL, "%s",
		      text);
	ck_assert_ptr_null(strstr(text, "captured"));
}
END_TEST

START_TEST(a_damaged_file_gives_what_is_readable_and_one_line)
{
	struct outcome *outcome;

	begin_capture();
	handshake();
	g_byte_array_set_size(capture, capture->len - 3);
	write_capture();
	outcome = program_run("explain", path, NULL);
	ck_assert_status(outcome, 4);
	ck_assert_ptr_nonnull(strstr(outcome->out, "frame 3"));
	ck_assert_ptr_null(strstr(outcome->out, "frame 4"));
	ck_assert_ptr_nonnull(strstr(outcome->err, "truncated record at byte 192, behind frame 3"));
	ck_assert_uint_eq(strcspn(outcome->err, "\n"), outcome->err_bytes - 1);
	outcome_free(outcome);
}
END_TEST

/* Both ways at once: what is in the middle is passed over, what is cut off ends it; one line says both. */
START_TEST(damage_in_the_middle_hides_no_packet)
{
	struct outcome *outcome;

	begin_capture();
	handshake();
	g_byte_array_append(capture, (const uint8_t *)"no packet", 9);
	segment(false, 0xfffffff1, 5011, ACK, "EHLO a.example\r\n");
	segment(false, 0x00000001, 5011, ACK, "NOOP\r\n");
	g_byte_array_set_size(capture, capture->len - 3);
	write_capture();
	outcome = program_run("explain", path, NULL);
	ck_assert_status(outcome, 4);
	check_order(outcome->out,
		    (const char *const[]) { "frame 5",
					    "the capture, in front of this: 9 bytes passed over",
					    "EHLO a.example", NULL });
	ck_assert_ptr_null(strstr(outcome->out, "frame 6"));
	ck_assert_msg(strstr(outcome->err,
			     ": 9 bytes passed over behind frame 4: malformed record at "
			     "byte 258; then truncated record at byte") != NULL,
		      "%s", outcome->err);
	ck_assert_uint_eq(strcspn(outcome->err, "\n"), outcome->err_bytes - 1);
	outcome_free(outcome);
}
END_TEST

/* From a file and from a pipe; cut off, what was packed in front is told. */
START_TEST(what_gzip_packed_is_told_as_it_was)
{
	g_autofree char *plain = NULL, *line = NULL, *packed = NULL;
	const char *arguments[] = { "sh", "-c", NULL, NULL };
	int status;

	begin_capture();
	handshake();
	segment(false, 0xfffffff1, 5011, ACK, "EHLO a.example\r\n");
	write_capture();
	plain = explained(NULL, NULL);
	arguments[2] = line = g_strdup_printf(
	    "gzip -k %1$s && %2$s explain %1$s.gz && cat %1$s.gz | %2$s explain - && "
	    "head -c -9 %1$s.gz | %2$s explain - 2>&1; status=$?; rm %1$s.gz; exit $status",
	    path, program_path());
	ck_assert(g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
			       &packed, NULL, &status, NULL));
	ck_assert_int_eq(WEXITSTATUS(status), 4);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_msg(g_str_has_prefix(packed + i * strlen(plain), plain), "%s", packed);
	ck_assert_ptr_nonnull(
	    strstr(packed + 2 * strlen(plain), "the compressed file is cut off at its byte"));
}
END_TEST

/* As on a terminal, where Control-C reaches the one that captures, too: it writes what is left, and ends. */
START_TEST(an_interrupt_waits_for_the_end_of_a_pipe)
{
	int in[2], out[2], status;
	char text[65536] = "";
	size_t length = 0;
	ssize_t count;
	pid_t pid;

	begin_capture();
	handshake();
	ck_assert(pipe(in) == 0 && pipe(out) == 0);
	pid = fork();
	if (pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		close(in[1]);
		signal(SIGINT, SIG_DFL);
		execl(program_path(), program_path(), "explain", "-", NULL);
		_exit(99);
	}
	close(in[0]);
	close(out[1]);
	ck_assert_int_eq(write(in[1], capture->data, 100), 100);
	ck_assert_int_gt(read(out[0], text, 1), 0); /* it is reading */
	kill(pid, SIGINT);
	ck_assert_int_gt(write(in[1], capture->data + 100, capture->len - 100), 0);
	close(in[1]);
	while ((count = read(out[0], text + length, sizeof text - 1 - length)) > 0)
		length += (size_t)count;
	close(out[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_msg(strstr(text, "4 frames") != NULL, "%s", text);
	g_byte_array_free(capture, TRUE);
}
END_TEST

/* The same from a pipe as from the file. */
START_TEST(standard_input_is_read_as_a_file_is)
{
	g_autofree char *text = NULL, *line = NULL;
	const char *arguments[] = { "sh", "-c", NULL, NULL };
	char *out = NULL;
	int status;

	begin_capture();
	handshake();
	write_capture();
	text = explained(NULL, NULL);
	line = g_strdup_printf("cat %s | %s explain -", path, program_path());
	arguments[2] = line;
	ck_assert(g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
			       &out, NULL, &status, NULL));
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(out, text);
	g_free(out);
}
END_TEST

static const struct {
	const char *filter;
	const char *frames; /* shown */
} filters[] = {
	{"src port 25",                   "4 frames, 2 of them shown"},
	{ "tcp[tcpflags] & tcp-syn != 0", "4 frames, 2 of them shown"},
	{ "udp",			  "4 frames, 0 of them shown"},
	{ "ether host 02:00:00:00:00:01", "4 frames, 0 of them shown"}, /* there is no Ethernet */
};

START_TEST(filters_choose_what_is_shown_and_streams_stay_whole)
{
	g_autofree char *text = NULL;

	begin_capture();
	handshake();
	write_capture();
	text = explained("--filter", filters[_i].filter);
	ck_assert_msg(strstr(text, filters[_i].frames) != NULL, "%s", text);
	ck_assert_ptr_nonnull(strstr(text, "1 TCP connection"));
}
END_TEST

/* All link types, one after the other, in every form; the JSON is read by another's parser. */
START_TEST(packets_of_every_link_type_are_told_in_every_form)
{
	const char *bytes = test_packets[_i].bytes;
	unsigned length = test_packets[_i].length_bytes;
	g_autofree char *text = NULL, *full = NULL, *json = NULL;
	g_autoptr(JsonParser) parser = json_parser_new();
	JsonObject *object;

	begin_capture();
	capture->data[22] = (uint8_t)(test_packets[_i].link_type >> 8);
	capture->data[23] = (uint8_t)test_packets[_i].link_type;
	put_record(length, length);
	g_byte_array_append(capture, (const uint8_t *)bytes, length);
	write_capture();
	text = explained(NULL, NULL);
	full = explained("--packet", "1");
	json = explained("--format", "json");
	ck_assert_ptr_null(strstr(text, "not known here"));
	ck_assert_ptr_null(strstr(text, "no IP packet"));
	ck_assert_ptr_nonnull(strstr(full, "\n  0000  "));
	ck_assert(json_parser_load_from_data(parser, json, -1, NULL));
	object = json_node_get_object(json_parser_get_root(parser));
	ck_assert_int_eq(json_object_get_int_member(object, "frame"), 1);
	ck_assert_int_eq(json_object_get_int_member(object, "captured_bytes"), length);
	ck_assert_uint_gt(json_array_get_length(json_object_get_array_member(object, "layers")), 0);
}
END_TEST

/* A run tells of itself and of its capture with the same words, decrypted where it was encrypted. */
static const struct {
	const char *scenario;
	unsigned lines; /* at least */
} told[] = {
	{"office", 900 },
	{ "tls",   1800},
};

START_TEST(a_run_and_its_capture_are_told_alike)
{
	g_autofree char *captured = path_in(folder, "captured.pcapng");
	struct outcome *run = program_run("run", told[_i].scenario, "--unfold", "--pcap", captured,
					  "--capture", "sent", NULL);
	struct outcome *outcome = program_run("explain", captured, NULL);
	g_auto(GStrv) lines = g_strsplit(outcome->out, "\n", -1);
	unsigned compared = 0;

	ck_assert_status(run, 0);
	ck_assert_status(outcome, 0);
	for (unsigned i = 0; lines[i] != NULL; i++) {
		bool is_layer = g_str_has_prefix(lines[i], "  encapsulate ") ||
				g_str_has_prefix(lines[i], "  send ");

		if (!is_layer)
			continue;
		ck_assert_msg(strstr(run->out, lines[i]) != NULL, "not in the log: %s", lines[i]);
		compared++;
	}
	ck_assert_uint_gt(compared, told[_i].lines);
	outcome_free(run);
	outcome_free(outcome);
}
END_TEST

/* Without secrets a capture tells nothing that TLS hides: its comments neither. */
START_TEST(comments_keep_what_tls_hides)
{
	g_autofree char *commented = path_in(folder, "commented.pcapng");
	gsize length;
	g_autofree char *bytes = NULL;

	for (int has_secrets = 0; has_secrets < 2; has_secrets++) {
		outcome_free(program_run("run", "tls", "--quiet", "--pcap", commented,
					 has_secrets ? NULL : "--no-secrets", NULL));
		g_clear_pointer(&bytes, g_free);
		ck_assert(g_file_get_contents(commented, &bytes, &length, NULL));
		ck_assert((memmem(bytes, length, " in TLS: ", 9) != NULL) == (has_secrets == 1));
		ck_assert((memmem(bytes, length, " bytes, encrypted by TLS", 24) != NULL) ==
			  (has_secrets == 0));
	}
}
END_TEST

/* The same capture with and without secrets, in it or beside it. */
START_TEST(tls_is_decrypted_by_secrets_in_the_capture_or_beside_it)
{
	g_autofree char *with = path_in(folder, "with.pcapng");
	g_autofree char *without = path_in(folder, "without.pcapng");
	g_autofree char *secrets = path_in(folder, "keys.txt");
	g_autofree char *few = path_in(folder, "few.txt");
	g_autofree char *log = NULL;

	outcome_free(program_run("run", "tls", "--quiet", "--no-comments", "--pcap", with,
				 "--keylog", secrets, NULL));
	outcome_free(program_run("run", "tls", "--quiet", "--no-comments", "--pcap", without,
				 "--no-secrets", NULL));
	ck_assert(g_file_get_contents(secrets, &log, NULL, NULL));
	ck_assert(g_file_set_contents(few, log, strchr(log, '\n') - log + 1, NULL));

	struct outcome *inside = program_run("explain", with, "--format", "json", NULL);
	struct outcome *beside =
	    program_run("explain", without, "--format", "json", "--keylog", secrets, NULL);
	struct outcome *closed = program_run("explain", without, "--format", "json", NULL);
	struct outcome *part = program_run("explain", without, "--keylog", few, NULL);
	struct outcome *full = program_run("explain", with, "--packet", "28", NULL);

	ck_assert_str_eq(inside->out, beside->out);
	ck_assert(strstr(inside->out, "\"name\":\"MAIL command\"") != NULL);
	ck_assert(strstr(inside->out, "\"encrypted\":true") != NULL);
	ck_assert(strstr(closed->out, "\"name\":\"MAIL command\"") == NULL);
	ck_assert(strstr(part->out, "encrypted: no secret of this connection") != NULL);
	ck_assert(strstr(part->out, "could not be: the secrets here do not fit") != NULL);
	ck_assert(strstr(full->out, "(encrypted on the wire)") != NULL);
	outcome_free(inside);
	outcome_free(beside);
	outcome_free(closed);
	outcome_free(part);
	outcome_free(full);
}
END_TEST

/* What a run comments its packets with is their title; a line of its own is what it knows more. */
START_TEST(comments_of_a_run_are_the_titles)
{
	g_autofree char *office = path_in(folder, "office.pcapng");
	struct outcome *run = program_run("run", "office", "--pcap", office, "--quiet", NULL);
	struct outcome *outcome = program_run("explain", office, NULL);

	ck_assert_status(run, 0);
	ck_assert_status(outcome, 0);
	ck_assert_uint_eq(count_in(outcome->out, "\n  comment"),
			  count_in(outcome->out, "; screening: "));
	ck_assert_ptr_nonnull(strstr(outcome->out, "alice-pc (MUA) to mail (MSA), SMTP: EHLO"));
	ck_assert_ptr_nonnull(
	    strstr(outcome->out, "alice-pc (MUA) opens a TCP connection to mail (MSA) port 587"));
	outcome_free(run);
	outcome_free(outcome);
}
END_TEST

/* Standard output is no terminal here. */
START_TEST(what_capture_files_say_cannot_reach_the_terminal)
{
	g_autofree char *text = NULL;

	begin_capture();
	segment(false, 1, 1, ACK, "EHLO \033[2J\r\n");
	write_capture();
	text = explained(NULL, NULL);
	ck_assert_ptr_null(strchr(text, '\033'));
}
END_TEST

static const struct {
	const char *name, *content, *option, *value, *said;
} wrong[] = {
	{"absent", NULL,				   NULL,       NULL,              "No such file" },
	{ "text",  "this is no capture, whatever it is\n", NULL,       NULL,              "not a capture"},
	{ "gz",    "\037\213and so on, and so on, and on", NULL,       NULL,              "gzip data"    },
	{ "xz",    "\3757zXZ",			     NULL,       NULL,              "by xz"        },
	{ "zst",   "\050\265\057\375 and so on",           NULL,       NULL,              "by zstd"      },
	{ "cut",   "\012\015\015\012cut here",             NULL,       NULL,
         "malformed block at byte 0, in front of the first frame"                                        },
	{ "text",  "",				     NULL,       NULL,              "not a capture"},
	{ "text",  "x",				    "--filter", "nonsense filter", "pcap-filter"  },
	{ "text",  "x",				    "--format", "xml",             "json"         },
	{ "text",  "x",				    "--packet", "0",               "from 1"       },
	{ "text",  "x",				    "--packet", "one",             "one"          },
};

START_TEST(wrong_use_is_explained)
{
	g_autofree char *file = path_in(folder, wrong[_i].name);
	struct outcome *outcome;

	if (wrong[_i].content != NULL)
		file_write(file, wrong[_i].content);
	outcome = program_run("explain", file, wrong[_i].option, wrong[_i].value, NULL);
	ck_assert_status(outcome, 2);
	ck_assert_str_eq(outcome->out, wrong[_i].option == NULL ? "" : outcome->out);
	ck_assert_msg(strstr(outcome->err, wrong[_i].said) != NULL, "%s", outcome->err);
	outcome_free(outcome);
}
END_TEST

START_TEST(a_folder_is_no_capture)
{
	struct outcome *outcome = program_run("explain", folder, NULL);

	ck_assert_status(outcome, 2);
	ck_assert_ptr_nonnull(strstr(outcome->err, "reading failed: Is a directory"));
	outcome_free(outcome);
}
END_TEST

START_TEST(one_packet_and_a_filter_exclude_each_other)
{
	struct outcome *outcome;

	begin_capture();
	handshake();
	write_capture();
	outcome = program_run("explain", path, "--packet", "2", "--filter", "udp", NULL);
	ck_assert_status(outcome, 2);
	ck_assert_str_eq(outcome->out, "");
	ck_assert_ptr_nonnull(strstr(outcome->err, "give one of them"));
	outcome_free(outcome);
}
END_TEST

/* What a router advertises, by name; no value runs into what it means. */
START_TEST(options_of_neighbor_discovery_are_fields)
{
	static const char *const words[] = {
		"interface  link type 1 (Ethernet)\n",
		"Default Router Preference",
		"high (1)",
		"Prefix information",
		"Prefix Length",
		"64 bits",
		"Autonomous Flag",
		"set",
		"2001:db8:1::",
		"1400 bytes",
		"Route Preference",
		"low (3)",
		"8 bytes: 20010db8 00020000 ",
		"2001:db8::54",
		"706c6500\n",
		NULL,
	};
	g_autofree char *full = NULL;
	unsigned index = 0;

	while (strcmp(test_packets[index].name, "ipv6_router_options") != 0)
		index++;
	begin_capture();
	capture->data[23] = 1;
	put_record(test_packets[index].length_bytes, test_packets[index].length_bytes);
	g_byte_array_append(capture, (const uint8_t *)test_packets[index].bytes,
			    test_packets[index].length_bytes);
	write_capture();
	full = explained("--packet", "1");
	check_order(full, words);
}
END_TEST

START_TEST(a_packet_that_is_not_there_is_an_error)
{
	struct outcome *outcome;

	begin_capture();
	handshake();
	write_capture();
	outcome = program_run("explain", path, "--packet", "5", NULL);
	ck_assert_status(outcome, 2);
	ck_assert_ptr_nonnull(strstr(outcome->err, "has 4 frames"));
	outcome_free(outcome);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("explain");
	TCase *tests = tcase_create("explain");
	int packets = 0;

	while (test_packets[packets].name != NULL)
		packets++;
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, segments_out_of_order_are_held_and_told_when_the_gap_is_filled);
	tcase_add_test(tests, cooked_captures_tell_which_way_a_packet_went);
	tcase_add_test(tests, windows_are_said_to_be_unscaled_where_the_handshake_is_missing);
	tcase_add_test(tests, lines_are_no_longer_than_the_columns_asked_for);
	tcase_add_test(tests, bytes_that_were_never_captured_are_said_to_be_missing);
	tcase_add_test(tests, a_capture_that_begins_in_the_middle_is_followed);
	tcase_add_test(tests, frames_cut_short_by_the_capture_say_so);
	tcase_add_test(tests, packets_that_say_they_are_longer_than_their_frame_are_told_as_such);
	tcase_add_test(tests, a_damaged_file_gives_what_is_readable_and_one_line);
	tcase_add_test(tests, damage_in_the_middle_hides_no_packet);
	tcase_add_test(tests, what_gzip_packed_is_told_as_it_was);
	tcase_add_test(tests, an_interrupt_waits_for_the_end_of_a_pipe);
	tcase_add_test(tests, standard_input_is_read_as_a_file_is);
	tcase_add_loop_test(tests, filters_choose_what_is_shown_and_streams_stay_whole, 0,
			    G_N_ELEMENTS(filters));
	tcase_add_loop_test(tests, packets_of_every_link_type_are_told_in_every_form, 0, packets);
	tcase_add_loop_test(tests, a_run_and_its_capture_are_told_alike, 0,
			    (int)G_N_ELEMENTS(told));
	tcase_add_test(tests, comments_keep_what_tls_hides);
	tcase_add_test(tests, tls_is_decrypted_by_secrets_in_the_capture_or_beside_it);
	tcase_add_test(tests, comments_of_a_run_are_the_titles);
	tcase_add_test(tests, what_capture_files_say_cannot_reach_the_terminal);
	tcase_add_loop_test(tests, wrong_use_is_explained, 0, G_N_ELEMENTS(wrong));
	tcase_add_test(tests, a_folder_is_no_capture);
	tcase_add_test(tests, one_packet_and_a_filter_exclude_each_other);
	tcase_add_test(tests, options_of_neighbor_discovery_are_fields);
	tcase_add_test(tests, a_packet_that_is_not_there_is_an_error);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
