/*
 * The text log against the frames: every header, size and value that `run --unfold` prints is
 * recomputed here, by hand, from the captured frame of that number; and other bytes make another log.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include "app/dissectors.h"
#include "app/observer.h"
#include "app/simulation.h"
#include "tests/app/program.h"
#include "tests/app/scenario_test.h"
#include "tests/views/tshark.h"
#include "views/capture_reader.h"

/* A captured frame and where it was seen. */
struct seen {
	uint64_t packet;
	char *node;
	bool is_outbound;
	const uint8_t *bytes;
	size_t length;
};

static GArray *seen_frames;  /* of struct seen: everything at every interface */
static GArray *packets;      /* of uint64_t: packet of each frame number, from 1 */
static GArray *windows;      /* of unsigned: what tshark says they are, by frame number; NULL */
static GHashTable *initials; /* "source:port>destination:port" -> sequence number of the SYN */

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static GBytes *capture(const char *path, const char *mode)
{
	struct outcome *outcome =
	    program_run("run", path, "--quiet", "--pcap", "-", "--capture", mode, NULL);
	GBytes *bytes;

	ck_assert_status(outcome, 0);
	bytes = g_bytes_new(outcome->out, outcome->out_bytes);
	outcome_free(outcome);
	return bytes;
}

/* Key of the direction of a TCP frame without IP options; NULL: it is none. */
static char *direction_of(const uint8_t *frame, bool reversed)
{
	const uint8_t *ip = frame + 14, *tcp = ip + 20;

	if (get16(frame + 12) != 0x0800 || ip[9] != 6)
		return NULL;
	return reversed ? g_strdup_printf("%u:%u>%u:%u", get32(ip + 16), get16(tcp + 2),
					  get32(ip + 12), get16(tcp))
			: g_strdup_printf("%u:%u>%u:%u", get32(ip + 12), get16(tcp), get32(ip + 16),
					  get16(tcp + 2));
}

static void note_frame(const struct capture_reader *reader, const struct captured_frame *frame)
{
	struct bytes name = capture_reader_interface(reader, frame->interface)->name;
	struct seen seen = {
		.packet = frame->packet_id,
		.node = g_strndup((const char *)name.data, name.length),
		.is_outbound = frame->direction == CAPTURE_OUTBOUND,
		.bytes = frame->bytes.data,
		.length = frame->bytes.length,
	};
	char *key = direction_of(seen.bytes, false);

	*strchr(seen.node, ':') = '\0';
	g_array_append_val(seen_frames, seen);
	if (key != NULL && seen.bytes[14 + 20 + 13] & 0x02)
		g_hash_table_insert(initials, key, GUINT_TO_POINTER(get32(seen.bytes + 38)));
	else
		g_free(key);
}

/* Fills the tables above; the bytes stay borrowed from `all`. */
static void read_captures(GBytes *all, GBytes *sent)
{
	gsize length;
	const uint8_t *data = g_bytes_get_data(all, &length);
	struct capture_reader *reader = capture_reader_new((struct bytes) { data, length });
	struct captured_frame frame;

	seen_frames = g_array_new(FALSE, FALSE, sizeof(struct seen));
	packets = g_array_new(FALSE, TRUE, sizeof(uint64_t));
	initials = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	while (capture_reader_next(reader, &frame) == CAPTURE_READ_FRAME)
		note_frame(reader, &frame);
	capture_reader_free(reader);
	g_array_set_size(packets, 1);
	data = g_bytes_get_data(sent, &length);
	reader = capture_reader_new((struct bytes) { data, length });
	while (capture_reader_next(reader, &frame) == CAPTURE_READ_FRAME)
		g_array_append_val(packets, frame.packet_id);
	capture_reader_free(reader);
}

/* The windows of all frames, scaled by tshark. */
static void ask_windows(GBytes *sent)
{
	static const char *const arguments[] = {
		"-T", "fields", "-e", "tcp.window_size", "-r", NULL
	};
	char *folder, *path;
	gsize length;
	const char *data = g_bytes_get_data(sent, &length);

	windows = NULL;
	if (!tshark_has_program("tshark"))
		return;
	folder = folder_new();
	path = path_in(folder, "sent.pcapng");
	ck_assert(g_file_set_contents(path, data, (gssize)length, NULL));
	g_autofree char *text = tshark_run("tshark", arguments, path);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	windows = g_array_new(FALSE, TRUE, sizeof(unsigned));
	g_array_set_size(windows, 1);
	for (char **line = lines; *line != NULL; line++) {
		unsigned window = (unsigned)strtoul(*line, NULL, 10);

		g_array_append_val(windows, window);
	}
	g_free(path);
	folder_remove(folder);
}

static const struct seen *find_frame(unsigned long number, const char *node, bool is_outbound)
{
	uint64_t packet;

	ck_assert_uint_lt(number, packets->len);
	packet = g_array_index(packets, uint64_t, number);
	for (guint i = 0; i < seen_frames->len; i++) {
		const struct seen *seen = &g_array_index(seen_frames, struct seen, i);

		if (seen->packet == packet && seen->is_outbound == is_outbound &&
		    strcmp(seen->node, node) == 0)
			return seen;
	}
	return NULL;
}

/* What a line should say of a frame: its header's size, what is left, and texts in this order. */
struct expected {
	size_t header_bytes, size_bytes;
	GPtrArray *texts;
};

static void expect_text(struct expected *expected, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void expect_text(struct expected *expected, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_ptr_array_add(expected->texts, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

static void expect_mac(struct expected *expected, const uint8_t *m)
{
	static const uint8_t all[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	if (memcmp(m, all, 6) == 0)
		expect_text(expected, "broadcast");
	else
		expect_text(expected, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4],
			    m[5]);
}

static void expect_address(struct expected *expected, const uint8_t *a)
{
	expect_text(expected, "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
}

static void expect_arp(const struct seen *frame, struct expected *expected)
{
	const uint8_t *arp = frame->bytes + 14;

	expected->header_bytes = expected->size_bytes = 28;
	if (get16(arp + 6) == 1) {
		expect_text(expected, "who has ");
		expect_address(expected, arp + 24);
		expect_text(expected, "tell ");
		expect_address(expected, arp + 14);
	} else {
		expect_address(expected, arp + 14);
		expect_text(expected, " is at ");
		expect_mac(expected, arp + 8);
	}
}

static void expect_tcp(const struct seen *frame, unsigned long number, struct expected *expected)
{
	static const char *const names[] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG" };
	const uint8_t *ip = frame->bytes + 14, *tcp = ip + 20;
	char *own = direction_of(frame->bytes, false), *other = direction_of(frame->bytes, true);

	expected->header_bytes = (size_t)(tcp[12] >> 4) * 4;
	expected->size_bytes = get16(ip + 2) - 20u;
	expect_text(expected, "%u", get16(tcp));
	expect_text(expected, " → %u", get16(tcp + 2));
	for (int i = 1; i < 6; i++)
		if (tcp[13] & 1 << i && i != 4)
			expect_text(expected, "%s", names[i]);
	if (g_hash_table_contains(initials, own))
		expect_text(expected, ", seq %u,",
			    get32(tcp + 4) - GPOINTER_TO_UINT(g_hash_table_lookup(initials, own)));
	else /* a refusal: Wireshark takes it for the first byte */
		expect_text(expected, ", seq 1,");
	if (tcp[13] & 0x10)
		expect_text(expected, "ack %u,",
			    get32(tcp + 8) -
				GPOINTER_TO_UINT(g_hash_table_lookup(initials, other)));
	if (windows != NULL) {
		ck_assert_uint_lt(number, windows->len);
		expect_text(expected, "win %u", g_array_index(windows, unsigned, number));
	}
	if (tcp[13] & 0x02)
		expect_text(expected, "MSS %u", get16(tcp + 22));
	g_free(own);
	g_free(other);
}

/* Works out what the line of `layer` must say of frame `number`; false: no such layer here. */
static bool expect_layer(const char *layer, const struct seen *frame, unsigned long number,
			 struct expected *expected)
{
	const uint8_t *ip = frame->bytes + 14;

	if (strcmp(layer, "Ethernet") == 0) {
		expected->header_bytes = 14;
		expected->size_bytes = frame->length;
		expect_mac(expected, frame->bytes + 6);
		expect_mac(expected, frame->bytes);
	} else if (strcmp(layer, "ARP") == 0) {
		expect_arp(frame, expected);
	} else if (strcmp(layer, "IPv4") == 0) {
		expected->header_bytes = (size_t)(ip[0] & 15) * 4;
		expected->size_bytes = get16(ip + 2);
		expect_address(expected, ip + 12);
		expect_address(expected, ip + 16);
		expect_text(expected, "TTL %u", ip[8]);
		if (get16(ip + 6) & 0x3fff)
			expect_text(expected, "fragment of datagram %u at byte %u", get16(ip + 4),
				    (get16(ip + 6) & 0x1fff) * 8u);
	} else if (strcmp(layer, "UDP") == 0) {
		expected->header_bytes = 8;
		expected->size_bytes = get16(ip + 24);
		expect_text(expected, "%u", get16(ip + 20));
		expect_text(expected, " → %u", get16(ip + 22));
	} else if (strcmp(layer, "ICMP") == 0) {
		expected->header_bytes = 8;
		expected->size_bytes = get16(ip + 2) - 20u;
		if (ip[20] == 8 || ip[20] == 0)
			expect_text(expected, "seq %u", get16(ip + 26));
	} else if (strcmp(layer, "TCP") == 0) {
		expect_tcp(frame, number, expected);
	} else {
		return false;
	}
	return true;
}

/* NULL, or what the line lacks. */
static const char *missing_text(const char *line, const GPtrArray *texts)
{
	for (guint i = 0; i < texts->len; i++) {
		line = strstr(line, texts->pdata[i]);
		if (line == NULL)
			return texts->pdata[i];
		line += strlen(texts->pdata[i]);
	}
	return NULL;
}

/* A line "  encapsulate TCP      + 32 B text  97 B ▶": what stands where. */
struct line {
	bool is_added;
	char layer[16];
	unsigned long header_bytes, size_bytes;
	const char *text;
};

static bool read_line(const char *text, struct line *line)
{
	char action[16], sign;
	const char *size;
	int at = 0;

	if (sscanf(text, "  %15s %15s %c %lu B %n", action, line->layer, &sign, &line->header_bytes,
		   &at) != 4 ||
	    (strcmp(action, "encapsulate") != 0 && strcmp(action, "decapsulate") != 0))
		return false;
	line->is_added = action[0] == 'e';
	ck_assert_int_eq(sign, line->is_added ? '+' : '-');
	line->text = text + at;
	size = g_strrstr(line->text, " B");
	ck_assert_msg(size != NULL, "%s", text);
	while (size > line->text && g_ascii_isdigit(size[-1]))
		size--;
	line->size_bytes = strtoul(size, NULL, 10);
	return true;
}

/* Ethernet takes the padding off with its header. */
static size_t padding_of(const struct line *line, const struct seen *frame)
{
	if (strcmp(line->layer, "Ethernet") != 0)
		return 0;
	if (get16(frame->bytes + 12) == 0x0806)
		return frame->length - 14 - 28;
	return get16(frame->bytes + 12) == 0x0800 ? frame->length - 14 - get16(frame->bytes + 16)
						  : 0;
}

/* `whole`: the datagram that the block is about, which is on no wire; NULL: it is frame_number. */
static void check_line(const char *text, unsigned long frame_number, const char *node,
		       const struct seen *whole)
{
	struct expected expected = { .texts = g_ptr_array_new_with_free_func(g_free) };
	const struct seen *frame;
	const char *missing;
	struct line line;

	if (!read_line(text, &line)) {
		g_ptr_array_free(expected.texts, TRUE);
		return;
	}
	frame = whole != NULL ? whole : find_frame(frame_number, node, line.is_added);
	if (frame == NULL || !expect_layer(line.layer, frame, frame_number, &expected))
		ck_abort_msg("frame %lu at %s: nothing to compare with: %s", frame_number, node,
			     text);
	missing = missing_text(line.text, expected.texts);
	if (missing != NULL)
		ck_abort_msg("frame %lu at %s should say \"%s\": %s", frame_number, node, missing,
			     text);
	if (line.header_bytes != expected.header_bytes ||
	    line.size_bytes !=
		expected.size_bytes -
		    (line.is_added ? 0 : expected.header_bytes + padding_of(&line, frame)))
		ck_abort_msg("frame %lu at %s: %zu of %zu bytes: %s", frame_number, node,
			     expected.header_bytes, expected.size_bytes, text);
	g_ptr_array_free(expected.texts, TRUE);
}

static void check_forward(const char *text, unsigned long frame_number, const char *node)
{
	const struct seen *in = find_frame(frame_number, node, false);
	const struct seen *out = find_frame(frame_number, node, true);
	g_autofree char *wanted = NULL;

	ck_assert_msg(in != NULL, "%s", text);
	if (out == NULL) { /* made into fragments: the header of the datagram is on no wire */
		g_autofree char *start = g_strdup_printf(
		    "TTL %u → %u, checksum 0x%04x → 0x%04x", in->bytes[22], in->bytes[22] - 1,
		    get16(in->bytes + 24), get16(in->bytes + 24) + 0x100);

		if (get16(in->bytes + 24) < 0xfe00)
			ck_assert_msg(strstr(text, start) != NULL, "%s should be in: %s", start,
				      text);
		return;
	}
	wanted = g_strdup_printf("TTL %u → %u, checksum 0x%04x → 0x%04x", in->bytes[22],
				 out->bytes[22], get16(in->bytes + 24), get16(out->bytes + 24));
	if (strstr(text, wanted) == NULL)
		ck_abort_msg("frame %lu at %s should say \"%s\": %s", frame_number, node, wanted,
			     text);
}

/* "   1.000 026 s  alice-pc:eth0    ...   frame 3": where, and which; 0: it is of no frame. */
static bool read_title(const char *text, char *node, unsigned long *frame)
{
	const char *number = g_strrstr(text, " frame ");

	if (sscanf(text, " %*u.%*u %*u s %63[^: ]", node) != 1)
		return false;
	*frame = number == NULL ? 0 : strtoul(number + strlen(" frame "), NULL, 10);
	return true;
}

/*
 * The datagram of a block that says "... 3 fragments of datagram 4711": put together here from the
 * captured fragments that leave or reach `node`. False: the block says no such thing.
 */
static bool join_fragments(char **block, const char *node, struct seen *whole)
{
	static uint8_t bytes[65536];
	const char *said = NULL;
	char other_node[64];
	unsigned long other_frame;
	unsigned identification, wanted, count = 0, length = 0;
	bool is_cut;

	for (; *block != NULL && **block != '\0' && said == NULL &&
	       !read_title(*block, other_node, &other_frame);
	     block++)
		said = strstr(*block, " fragments of datagram ");
	if (said == NULL)
		return false;
	is_cut = strstr(block[-1], "  fragment    IPv4") != NULL;
	ck_assert_msg(is_cut || strstr(block[-1], "  reassemble  IPv4") != NULL, "%s", block[-1]);
	identification = (unsigned)strtoul(said + strlen(" fragments of datagram "), NULL, 10);
	while (g_ascii_isdigit(said[-1]))
		said--;
	wanted = (unsigned)strtoul(said, NULL, 10);
	for (guint i = 0; i < seen_frames->len; i++) {
		const struct seen *seen = &g_array_index(seen_frames, struct seen, i);
		unsigned offset = (get16(seen->bytes + 20) & 0x1fff) * 8u;

		if (seen->is_outbound != is_cut || strcmp(seen->node, node) != 0 ||
		    get16(seen->bytes + 12) != 0x0800 ||
		    get16(seen->bytes + 18) != identification ||
		    (get16(seen->bytes + 20) & 0x3fff) == 0)
			continue;
		if (offset == 0)
			memcpy(bytes, seen->bytes, 34);
		memcpy(bytes + 34 + offset, seen->bytes + 34, get16(seen->bytes + 16) - 20u);
		length += get16(seen->bytes + 16) - 20u;
		count++;
	}
	ck_assert_uint_eq(count, wanted);
	bytes[16] = (uint8_t)((length + 20) >> 8);
	bytes[17] = (uint8_t)(length + 20);
	bytes[20] = bytes[21] = 0;
	*whole = (struct seen) { .bytes = bytes, .length = length + 34 };
	return true;
}

static void check_log(const char *log, unsigned *headers, unsigned *forwards, unsigned *wholes)
{
	g_auto(GStrv) lines = g_strsplit(log, "\n", -1);
	unsigned long frame = 0;
	struct seen whole = { 0 };
	bool is_whole = false;
	char node[64] = "";

	for (guint i = 0; lines[i] != NULL; i++) {
		struct line line;

		if (read_title(lines[i], node, &frame)) {
			is_whole = join_fragments(lines + i + 1, node, &whole);
			*wholes += is_whole;
			continue;
		}
		if (read_line(lines[i], &line)) {
			bool is_of_frame = strcmp(line.layer, "Ethernet") == 0;

			check_line(lines[i], frame, node, is_whole && !is_of_frame ? &whole : NULL);
			(*headers)++;
		} else if (strstr(lines[i], "  forward     IPv4") != NULL) {
			check_forward(lines[i], frame, node);
			(*forwards)++;
		}
	}
}

/* Sums of what the logs of a run hold. */
struct counts {
	unsigned headers, forwards, wholes;
};

static struct counts check_run(const char *path)
{
	GBytes *all = capture(path, "all"), *sent = capture(path, "sent");
	struct outcome *outcome = program_run("run", path, "--unfold", NULL);
	struct counts counts = { 0 };

	ck_assert_status(outcome, 0);
	read_captures(all, sent);
	ask_windows(sent);
	check_log(outcome->out, &counts.headers, &counts.forwards, &counts.wholes);
	/* Each packet is wrapped and unwrapped at least at Ethernet, at both ends of each cable. */
	ck_assert_uint_gt(counts.headers, 2 * packets->len);
	outcome_free(outcome);
	for (guint i = 0; i < seen_frames->len; i++)
		g_free(g_array_index(seen_frames, struct seen, i).node);
	g_array_free(seen_frames, TRUE);
	g_array_free(packets, TRUE);
	if (windows != NULL)
		g_array_free(windows, TRUE);
	g_hash_table_destroy(initials);
	g_bytes_unref(all);
	g_bytes_unref(sent);
	return counts;
}

START_TEST(every_header_size_and_value_is_that_of_the_frame)
{
	ck_assert_uint_gt(check_run("office").forwards, 50);
}
END_TEST

/* Connections that are refused. */
START_TEST(refusals_are_told_as_they_are_on_the_wire)
{
	ck_assert_uint_gt(check_run("port25").headers, 100);
}
END_TEST

/* Pings that the sender cuts, and answers that the router does. */
static const char fragments_scenario[] = "mailwire: 1\n"
					 "title: Fragments\n"
					 "networks:\n"
					 "  a: {subnet: 192.0.2.0/26, mtu: 576B}\n"
					 "  b: {subnet: 192.0.2.64/26, mtu: 1500B}\n"
					 "routers:\n"
					 "  gw: {interfaces: [a, b]}\n"
					 "hosts:\n"
					 "  x: {network: a}\n"
					 "  y: {network: b}\n"
					 "timeline:\n"
					 "  - {at: 1s, who: x, do: ping, target: y, size: 1400B}\n"
					 "  - {at: 8s, who: y, do: ping, target: x, size: 1400B}\n";

START_TEST(fragments_are_told_as_they_are_on_the_wire)
{
	char *folder = folder_new(), *path = path_in(folder, "fragments.yaml");
	struct counts counts;

	ck_assert(g_file_set_contents(path, fragments_scenario, -1, NULL));
	counts = check_run(path);
	/*
	 * Eight pings, of which one only brings back the path MTU; of the others each question and
	 * each answer is cut once and put together once.
	 */
	ck_assert_uint_eq(counts.wholes, 7 * 2 * 2);
	ck_assert_uint_ge(counts.forwards, 7 * 2);
	g_free(path);
	folder_remove(folder);
}
END_TEST

/* Hands records on with other bytes in their frames. */
struct forger {
	struct trace_sink sink;
	struct observer *observer;
	void (*forge)(uint8_t *frame, size_t length);
	uint8_t frame[2048];
};

static void forge(void *owner, const struct trace_record *record, struct bytes bytes)
{
	struct forger *forger = owner;

	if ((record->kind == TRACE_TRANSMIT || record->kind == TRACE_RECEIVE) &&
	    bytes.length <= sizeof forger->frame && forger->forge != NULL) {
		memcpy(forger->frame, bytes.data, bytes.length);
		forger->forge(forger->frame, bytes.length);
		bytes.data = forger->frame;
	}
	forger->observer->sink.record(forger->observer, record, bytes);
}

static char *forged_log(void (*alter)(uint8_t *frame, size_t length))
{
	struct observer observer;
	struct forger forger = { .observer = &observer, .forge = alter };
	struct trace_sink *sinks[] = { &forger.sink };
	struct scenario *scenario = load_good_file("scenarios/hello.yaml");
	struct simulation *simulation;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	forger.sink = (struct trace_sink) { .kinds = TRACE_ALL, .owner = &forger, .record = forge };
	observer_init(&observer, TRACE_ALL);
	simulation = simulation_new(
	    scenario, &(struct simulation_options) { .seed = 1, .sinks = sinks, .sink_count = 1 });
	observer.log = log_new(observer.model, &(struct log_options) {
						   .out = out,
						   .unfold = true,
						   .dissectors = all_dissectors,
					       });
	observer_start(&observer);
	simulation_run(simulation, TIME_NEVER);
	observer_stop(&observer);
	log_finish(observer.log);
	simulation_free(simulation);
	observer_clear(&observer);
	scenario_free(scenario);
	fclose(out);
	return text;
}

static bool is_tcp(const uint8_t *frame)
{
	return get16(frame + 12) == 0x0800 && frame[23] == 6;
}

static void alter_ttl(uint8_t *frame, size_t length)
{
	(void)length;
	if (get16(frame + 12) == 0x0800 && frame[22] == 64)
		frame[22] = 77;
}

static void alter_port(uint8_t *frame, size_t length)
{
	(void)length;
	if (is_tcp(frame) && get16(frame + 36) == 110)
		frame[37] = 111;
}

static void alter_payload(uint8_t *frame, size_t length)
{
	uint8_t *found = memmem(frame, length, "RCPT TO:<bob@", 13);

	if (found != NULL)
		found[9] = 'r';
}

/* The SYN of the client does not offer to scale windows: a NOP instead of the option. */
static void alter_scale(uint8_t *frame, size_t length)
{
	static const uint8_t nops[] = { 1, 1, 1 };
	uint8_t *found;

	if (!is_tcp(frame) || frame[47] != 0x02)
		return;
	found = memmem(frame + 54, length - 54, "\x03\x03\x0a", 3);
	if (found != NULL)
		memcpy(found, nops, sizeof nops);
}

/* The SYN of the server is none. */
static void alter_handshake(uint8_t *frame, size_t length)
{
	(void)length;
	if (is_tcp(frame) && frame[47] == 0x12)
		frame[47] = 0x10;
}

static void alter_source(uint8_t *frame, size_t length)
{
	(void)length;
	frame[11] = 0xee;
}

static const struct {
	void (*alter)(uint8_t *frame, size_t length);
	const char *gone, *come;
} forgeries[] = {
	{alter_ttl,        ", TTL 64",                          ", TTL 77"                             },
	{ alter_port,      " → 110 (pop3)",                   " → 111"                             },
	{ alter_scale,     "win 64512",                         "win 63"                               },
	{ alter_handshake, "SYN ACK, seq 0",                    "win 64 (unscaled: handshake not seen)"},
	{ alter_payload,   "RCPT TO:<bob@",                     "RCPT TO:<rob@"                        },
	{ alter_source,    "02:00:00:01:00:0a (alice-pc) → ", ":ee → "                             },
};

START_TEST(other_bytes_make_another_log)
{
	char *plain = forged_log(NULL), *forged = forged_log(forgeries[_i].alter);

	ck_assert_ptr_nonnull(strstr(plain, forgeries[_i].gone));
	ck_assert_ptr_null(strstr(plain, forgeries[_i].come));
	ck_assert_ptr_null(strstr(forged, forgeries[_i].gone));
	ck_assert_ptr_nonnull(strstr(forged, forgeries[_i].come));
	free(plain);
	free(forged);
}
END_TEST

static const char *const columns[] = { "60", "80", "100", "119", "120" };

/* Counts the characters of a log but those of the titles, which may be cut. */
static void count_characters(const char *log, unsigned counts[256])
{
	g_auto(GStrv) lines = g_strsplit(log, "\n", -1);
	bool is_title = false;

	for (char **line = lines; *line != NULL; line++) {
		/* Titles and events go on behind column 33, headers behind column 30. */
		if (!g_str_has_prefix(*line, "                                 "))
			is_title = strlen(*line) > 15 && (*line)[4] == '.' && (*line)[13] == 's';
		for (const char *at = *line; !is_title && *at != '\0'; at++)
			counts[(uint8_t)*at] += *at != ' ';
	}
}

START_TEST(no_line_is_longer_than_asked_for_and_nothing_is_lost)
{
	struct outcome *whole = program_run("run", "office", "--unfold", "--log", "-", NULL);
	struct outcome *broken =
	    program_run("run", "office", "--unfold", "--columns", columns[_i], NULL);
	g_auto(GStrv) lines = NULL;
	unsigned wanted[256] = { 0 }, got[256] = { 0 };

	*strstr(whole->out, "\nSummary") = '\0';
	*strstr(broken->out, "\nSummary") = '\0';
	lines = g_strsplit(broken->out, "\n", -1);
	for (char **line = lines; *line != NULL; line++)
		ck_assert_msg(g_utf8_strlen(*line, -1) <= atoi(columns[_i]), "%s", *line);
	count_characters(whole->out, wanted);
	count_characters(broken->out, got);
	for (int i = 0; i < 256; i++)
		ck_assert_msg(got[i] == wanted[i], "%u times '%c' instead of %u", got[i], i,
			      wanted[i]);
	outcome_free(whole);
	outcome_free(broken);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *tests = tcase_create("log");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, every_header_size_and_value_is_that_of_the_frame);
	tcase_add_test(tests, refusals_are_told_as_they_are_on_the_wire);
	tcase_add_test(tests, fragments_are_told_as_they_are_on_the_wire);
	tcase_add_loop_test(tests, other_bytes_make_another_log, 0, (int)G_N_ELEMENTS(forgeries));
	tcase_add_loop_test(tests, no_line_is_longer_than_asked_for_and_nothing_is_lost, 0,
			    (int)G_N_ELEMENTS(columns));
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
