/* The player of dialogues: lines, time, and which part plays what. */
#include "tests/packet/dialogue.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "sim/time.h"
#include "stack/wire/ethernet.h"
#include "tests/packet/dialogue_private.h"

void dialogue_mismatch(const struct dialogue *d, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	ck_abort_msg("%s:%u: %s", d->path, d->line, text);
}

/* Packets. */

void dialogue_give_datagram(struct dialogue *d, unsigned interface, struct bytes datagram)
{
	if (!d->config.whole_frames) {
		standalone_give_at(d->host, interface, datagram);
		return;
	}
	size_t length = MAX(ETHERNET_HEADER_BYTES + datagram.length, ETHERNET_MIN_FRAME_BYTES);
	uint8_t *frame = g_malloc0(length);
	struct ethernet_header header = {
		.destination = standalone_mac(interface),
		.source = standalone_neighbour_mac(interface),
		.type = ETHERTYPE_IPV4,
	};

	ethernet_header_emit(&header, frame);
	memcpy(frame + ETHERNET_HEADER_BYTES, datagram.data, datagram.length);
	standalone_give_at(d->host, interface, (struct bytes) { frame, length });
	g_free(frame);
}

struct bytes dialogue_datagram_of(const struct dialogue *d, const struct standalone_packet *packet)
{
	struct ethernet_header header;
	struct bytes payload;

	if (!d->config.whole_frames)
		return packet->bytes;
	if (ethernet_header_parse(packet->bytes, &header, &payload) != PARSE_OK ||
	    header.type != ETHERTYPE_IPV4 || payload.length < 4)
		return (struct bytes) { 0 };
	return bytes_first(payload, get_be16(payload.data + 2)); /* short frames are padded */
}

static char *describe(struct dialogue *d, const struct standalone_packet *packet)
{
	if (dialogue_is_segment(dialogue_datagram_of(d, packet)))
		return dialogue_describe_segment(d, packet);
	return dialogue_describe_text(d, packet);
}

/* Variables: "$name", which the first sent packet binds, and "$name+N". */

/* The text of a variable, its number raised by what follows it; NULL: not bound yet. */
static char *value_of(const struct dialogue *d, const char *word)
{
	size_t length = strcspn(word, "+");
	char *name = g_strndup(word, length);
	const char *value = g_hash_table_lookup(d->variables, name);

	g_free(name);
	if (value == NULL || word[length] == '\0')
		return g_strdup(value);
	return g_strdup_printf(
	    "%u", (unsigned)(strtoul(value, NULL, 10) + strtoul(word + length + 1, NULL, 10)));
}

static void substitute(const struct dialogue *d, char **words)
{
	static const struct {
		const char *name, *mac;
	} stations[] = {
		{"us",         "02:00:00:00:00:10"},
                { "peer",      "02:00:00:00:00:01"},
		{ "us1",       "02:00:00:00:01:10"},
                { "other",     "02:00:00:00:01:01"},
		{ "stranger",  "02:00:00:00:00:99"},
                { "broadcast", "ff:ff:ff:ff:ff:ff"},
	};
	static const char *const before_mac[] = { "is-at", "sender", "mac-from", "mac-to", NULL };

	for (; *words != NULL; words++) {
		char *value = **words == '$' ? value_of(d, *words) : NULL;

		if (value != NULL) {
			g_free(*words);
			*words = value;
		}
		if (words[1] == NULL || !g_strv_contains(before_mac, *words))
			continue;
		for (size_t i = 0; i < G_N_ELEMENTS(stations); i++) {
			if (strcmp(words[1], stations[i].name) == 0) {
				g_free(words[1]);
				words[1] = g_strdup(stations[i].mac);
			}
		}
	}
}

static bool word_matches(struct dialogue *d, const char *wanted, const char *word)
{
	if (*wanted != '$')
		return g_strcmp0(wanted, word) == 0;
	char *value = value_of(d, wanted);

	if (value == NULL) {
		g_hash_table_insert(d->variables, g_strdup(wanted), g_strdup(word));
		return true;
	}
	bool is_same = strcmp(value, word) == 0;

	g_free(value);
	return is_same;
}

void dialogue_compare(struct dialogue *d, char **wanted, const char *text)
{
	char **words = words_split(text);
	guint count = g_strv_length(words);

	if (g_strv_length(wanted) != count)
		dialogue_mismatch(d, "sent: %s", text);
	for (guint i = 0; i < count; i++)
		if (!word_matches(d, wanted[i], words[i]))
			dialogue_mismatch(d, "differs in \"%s\": %s", words[i], text);
	g_strfreev(words);
}

/* Time. */

/* Lets time pass to `until_ns`, or with `packet` until something is sent. */
static bool pass_time(struct dialogue *d, int64_t until_ns, struct standalone_packet *packet)
{
	for (;;) {
		if (packet != NULL && standalone_take(d->host, packet))
			return true;
		int64_t next_ns = standalone_next(d->host);

		if (next_ns > until_ns)
			break;
		standalone_advance(d->host, next_ns);
		dialogue_tcp_after_event(d);
	}
	if (standalone_now(d->host) < until_ns && packet == NULL)
		standalone_advance(d->host, until_ns);
	return false;
}

static void expect_nothing_sent(struct dialogue *d)
{
	struct standalone_packet packet;

	if (standalone_take(d->host, &packet))
		dialogue_mismatch(d, "not expected before this line, at %.3f ms: %s",
				  (double)packet.time_ns / 1e6, describe(d, &packet));
}

/* Lines. */

bool dialogue_run(struct dialogue *d, const struct dialogue_call *calls, size_t count, char **words)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[0], calls[i].name) != 0)
			continue;
		if (g_strv_length(words) <= calls[i].least)
			dialogue_mismatch(d, "%s needs more words", words[0]);
		calls[i].run(d, words);
		return true;
	}
	return false;
}

static void start(struct dialogue *d)
{
	if (d->host != NULL)
		return;
	d->host = standalone_new(&d->config);
	if (d->host == NULL)
		dialogue_mismatch(d, "no such congestion control");
	dialogue_tcp_start(d);
	dialogue_network_start(d);
	dialogue_middlebox_start(d);
	dialogue_dns_start(d);
}

static void play_setting(struct dialogue *d, char **words)
{
	uint32_t number = words[1] != NULL ? (uint32_t)strtoul(words[1], NULL, 10) : 0;

	if (d->host != NULL)
		dialogue_mismatch(d, "a setting must come before the first line with a time");
	if (strcmp(words[0], "mtu") == 0) {
		d->config.mtu_bytes = (uint16_t)number;
	} else if (strcmp(words[0], "seed") == 0) {
		d->config.seed = number;
	} else if (strcmp(words[0], "congestion") == 0) {
		d->config.congestion = g_intern_string(words[1]);
	} else if (strcmp(words[0], "frames") == 0) {
		d->config.whole_frames = true;
	} else if (strcmp(words[0], "router") == 0) {
		d->config.second_address = HOST_SECOND_ADDRESS;
		d->config.second_prefix_length = 24;
	} else if (!dialogue_tcp_set(d, words) && !dialogue_network_set(d, words) &&
		   !dialogue_dns_set(d, words) && !dialogue_middlebox_set(d, words)) {
		dialogue_mismatch(d, "no such setting: %s", words[0]);
	}
}

/* Takes the last two words off when they are `name` and something; NULL otherwise. */
static char *take_last(char **words, const char *name)
{
	guint count = g_strv_length(words);

	if (count < 3 || strcmp(words[count - 2], name) != 0)
		return NULL;
	g_free(words[count - 2]);
	words[count - 2] = NULL;
	return g_steal_pointer(&words[count - 1]);
}

static bool is_flags(const char *word)
{
	return strcmp(word, "-") == 0 || strspn(word, "SFRPAU") == strlen(word);
}

/* `words` behind "<". */
static void play_arrival(struct dialogue *d, char **words)
{
	struct described_segment segment;
	const char *problem;

	if (!is_flags(words[0]))
		dialogue_give_text(d, words);
	else if (described_segment_read(words, &segment, &problem))
		dialogue_give_segment(d, &segment);
	else
		dialogue_mismatch(d, "not understood: %s", problem);
}

/* `words` behind ">". */
static void play_expected(struct dialogue *d, char **words)
{
	struct described_segment segment = { .tolerance_ns = NS_PER_MS };
	struct standalone_packet packet;
	const char *problem;
	char *within = NULL;

	if (is_flags(words[0])) {
		if (!described_segment_read(words, &segment, &problem))
			dialogue_mismatch(d, "not understood: %s", problem);
	} else {
		within = take_last(words, "within");
		if (within != NULL && !dialogue_time_read(within, &segment.tolerance_ns))
			dialogue_mismatch(d, "not understood: %s", within);
		g_free(within);
	}
	if (!pass_time(d, d->time_ns + segment.tolerance_ns, &packet))
		dialogue_mismatch(d, "nothing was sent");
	if (is_flags(words[0]) != dialogue_is_segment(dialogue_datagram_of(d, &packet)))
		dialogue_mismatch(d, "something else was sent: %s", describe(d, &packet));
	if (is_flags(words[0])) {
		dialogue_expect_segment(d, &segment, &packet);
		return;
	}
	if (llabs(packet.time_ns - d->time_ns) > segment.tolerance_ns)
		dialogue_mismatch(d, "sent at %.3f ms, not at %.3f ms: %s",
				  (double)packet.time_ns / 1e6, (double)d->time_ns / 1e6,
				  describe(d, &packet));
	dialogue_expect_text(d, words, &packet);
}

/* What stands behind the time. */
static void play_words(struct dialogue *d, char **words)
{
	bool is_in = strcmp(words[0], "<") == 0;

	if (is_in && words[1] != NULL)
		play_arrival(d, words + 1);
	else if (is_in || (!dialogue_network_play(d, words) && !dialogue_dns_play(d, words) &&
			   !dialogue_tcp_play(d, words)))
		dialogue_mismatch(d, "not understood: %s", words[0]);
}

/* A line "TIME what [times N]"; `words` begins with the time. */
static void play_timed(struct dialogue *d, char **words)
{
	char *times = take_last(words, "times");
	unsigned long count = times != NULL ? strtoul(times, NULL, 10) : 1;
	bool is_relative = words[0][0] == '+';
	int64_t time_ns;

	g_free(times);
	start(d);
	substitute(d, words);
	if (!dialogue_time_read(words[0] + is_relative, &time_ns) || words[1] == NULL)
		dialogue_mismatch(d, "a time and something to do");
	d->time_ns = is_relative ? d->time_ns + time_ns : time_ns;
	bool is_out = strcmp(words[1], ">") == 0 && words[2] != NULL;

	if (!is_out) {
		pass_time(d, d->time_ns, NULL);
		expect_nothing_sent(d);
	}
	for (unsigned long i = 0; i < count; i++) {
		if (is_out)
			play_expected(d, words + 2);
		else
			play_words(d, words + 1);
	}
}

static void play_line(struct dialogue *d, char *line)
{
	char *comment = strchr(line, '#');

	if (comment != NULL)
		*comment = '\0';
	char **words = words_split(line);

	if (words[0] != NULL && (words[0][0] == '+' || g_ascii_isdigit(words[0][0])))
		play_timed(d, words);
	else if (words[0] != NULL)
		play_setting(d, words);
	g_strfreev(words);
}

static void init(struct dialogue *d, const char *path)
{
	*d = (struct dialogue) {
		.path = path,
		.config = {
			.seed = 1,
			.address = HOST_ADDRESS,
			.prefix_length = 26,
			.gateway = PEER_ADDRESS,
		},
		.variables = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
		.tcp = {
			.reads = true,
			.peer_isn = 7000,
			.host_port = 25,
			.peer_port = PACKET_OTHER_PORT,
		},
	};
}

void dialogue_play(const char *path)
{
	struct dialogue d;
	char *text;

	ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s cannot be read", path);
	char **lines = g_strsplit(text, "\n", 0);

	init(&d, path);
	for (char **line = lines; *line != NULL; line++) {
		d.line++;
		play_line(&d, *line);
	}
	ck_assert_msg(d.host != NULL, "%s says nothing", path);
	expect_nothing_sent(&d);
	dialogue_dns_end(&d);
	dialogue_middlebox_end(&d);
	dialogue_network_end(&d);
	standalone_free(d.host);
	g_hash_table_unref(d.variables);
	g_strfreev(lines);
	g_free(text);
}
