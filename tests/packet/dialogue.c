#include "tests/packet/dialogue.h"

#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include "sim/time.h"
#include "stack/standalone.h"
#include "stack/wire/icmp.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/checksum.h"
#include "tests/packet/segment.h"

#define HOST_ADDRESS  UINT32_C(0xc0000201) /* 192.0.2.1 */
#define PEER_ADDRESS  UINT32_C(0xc0000202)
#define HOST_PORT     25
#define PEER_PORT     40000
#define PEER_CLOCK_MS 1000 /* the peer's timestamp at time 0 */

struct dialogue {
	const char *path;
	unsigned line;
	struct standalone *host;
	struct standalone_config config;
	int64_t time_ns; /* of the present line */
	int listener, socket;
	bool reads;          /* the program reads whatever comes */
	uint64_t read_bytes; /* so far; the pattern goes on */
	uint64_t written_bytes;
	uint32_t host_isn, peer_isn;
	uint32_t host_end, peer_end; /* relative: behind all sent so far */
	uint16_t host_port;          /* of the connection: 25, or ephemeral */
	bool has_host_isn, has_timestamps, peer_offers_timestamps;
	bool has_fixed_isn;
	uint32_t first_timestamp, last_timestamp; /* the host's */
	bool has_timestamp;
};

static void G_GNUC_PRINTF(2, 3) mismatch(const struct dialogue *d, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	ck_abort_msg("%s:%u: %s", d->path, d->line, text);
}

/* Segments to and from bytes. */

static struct bytes build_datagram(uint8_t protocol, size_t payload_bytes, uint8_t *out)
{
	ipv4_header_emit(
	    &(struct ipv4_header) {
		.total_length_bytes = (uint16_t)(IPV4_HEADER_BYTES + payload_bytes),
		.dont_fragment = true,
		.ttl = 64,
		.protocol = protocol,
		.source = PEER_ADDRESS,
		.destination = HOST_ADDRESS,
	    },
	    out);
	ipv4_checksum_set(out);
	return (struct bytes) { out, IPV4_HEADER_BYTES + payload_bytes };
}

static void fill_payload(const struct dialogue *d, uint32_t sequence, uint8_t *out, uint32_t length)
{
	(void)d;
	for (uint32_t i = 0; i < length; i++)
		out[i] = dialogue_pattern((uint64_t)sequence - 1 + i);
}

static struct tcp_options absolute_options(const struct dialogue *d,
					   const struct described_segment *segment)
{
	struct tcp_options options = segment->options;
	bool is_syn = (segment->flags & TCP_SYN) != 0;
	bool wants = is_syn ? (segment->says & SAYS_TIMESTAMP) != 0 : d->has_timestamps;

	options.has_mss = (segment->says & SAYS_MSS) != 0;
	options.has_window_scale = (segment->says & SAYS_SCALE) != 0;
	options.has_timestamps = wants && !(segment->says & SAYS_NO_TIMESTAMP);
	if (!(segment->says & SAYS_TIMESTAMP_VALUE))
		options.timestamp_value = PEER_CLOCK_MS + (uint32_t)(d->time_ns / NS_PER_MS);
	options.timestamp_echo = segment->says & SAYS_ECHO
				     ? d->first_timestamp + segment->options.timestamp_echo
				     : d->last_timestamp;
	for (unsigned i = 0; i < options.sack_count; i++) {
		options.sack[i].left += d->host_isn;
		options.sack[i].right += d->host_isn;
	}
	return options;
}

/* Sends the described segment to the host. */
static void give_segment(struct dialogue *d, struct described_segment *segment)
{
	uint8_t datagram[65535] = { 0 }, *at = datagram + IPV4_HEADER_BYTES;
	uint8_t options_bytes[TCP_OPTIONS_MAX_BYTES];
	struct tcp_options options = absolute_options(d, segment);
	uint32_t sequence = segment->says & SAYS_SEQ ? segment->sequence : d->peer_end;
	uint32_t ack = segment->says & SAYS_ACK ? segment->acknowledgment : d->host_end;
	struct tcp_header header = {
		.source_port = PEER_PORT,
		.destination_port = segment->says & SAYS_PORT ? segment->port : d->host_port,
		.sequence = d->peer_isn + sequence,
		.acknowledgment = segment->flags & TCP_ACK ? d->host_isn + ack : 0,
		.flags = segment->flags,
		.window = segment->says & SAYS_WINDOW ? segment->window : 65535,
		.urgent_pointer = segment->urgent,
		.options = {options_bytes, tcp_options_emit(&options, options_bytes)},
	};
	size_t header_bytes = tcp_header_length(&header);
	uint32_t taken = tcp_sequence_length(&header, segment->length);

	if (segment->flags & TCP_SYN)
		d->peer_offers_timestamps = options.has_timestamps;
	if (d->has_host_isn)
		d->has_timestamps = d->peer_offers_timestamps && d->has_timestamp;
	if ((int32_t)(sequence + taken - d->peer_end) > 0 && !(segment->flags & TCP_RST))
		d->peer_end = sequence + taken;
	fill_payload(d, sequence, at + header_bytes, segment->length);
	tcp_header_emit(&header, at);
	tcp_checksum_set(at, checksum_add(0, (struct bytes) { at + header_bytes, segment->length }),
			 segment->length, PEER_ADDRESS, HOST_ADDRESS);
	if (segment->says & SAYS_BAD)
		at[16] ^= 0x55;
	standalone_give(d->host, build_datagram(6, header_bytes + segment->length, datagram));
}

/* A segment that the host sent, with absolute numbers. */
struct sent_segment_view {
	struct tcp_header header;
	struct tcp_options options;
	struct bytes payload;
	int64_t time_ns;
};

static void read_sent(struct dialogue *d, const struct standalone_packet *packet,
		      struct sent_segment_view *sent)
{
	struct ipv4_header ip;
	struct bytes segment;

	sent->time_ns = packet->time_ns;
	if (ipv4_header_parse(packet->bytes, &ip, &segment) != PARSE_OK || ip.protocol != 6 ||
	    !ipv4_checksum_is_right(packet->bytes) ||
	    !tcp_checksum_is_right(segment, ip.source, ip.destination) ||
	    tcp_header_parse(segment, &sent->header, &sent->payload) != PARSE_OK ||
	    tcp_options_parse(sent->header.options, &sent->options) != PARSE_OK)
		mismatch(d, "the host sent something that is no right segment");
	if ((sent->header.flags & TCP_SYN) && !d->has_host_isn) {
		d->has_host_isn = true;
		d->host_isn = sent->header.sequence;
		d->host_port = sent->header.source_port;
	}
	if (sent->options.has_timestamps) {
		if (!d->has_timestamp)
			d->first_timestamp = sent->options.timestamp_value;
		d->has_timestamp = true;
		d->last_timestamp = sent->options.timestamp_value;
	}
	uint32_t end = sent->header.sequence - d->host_isn +
		       tcp_sequence_length(&sent->header, sent->payload.length);

	if ((int32_t)(end - d->host_end) > 0 && !(sent->header.flags & TCP_RST))
		d->host_end = end;
}

static char *describe(const struct dialogue *d, const struct sent_segment_view *sent)
{
	char flags[TCP_FLAGS_TEXT_BYTES];
	GString *text = g_string_new(NULL);

	g_string_printf(
	    text, "%s seq %u ack %u len %zu win %u at %.3f ms",
	    tcp_flags_print(sent->header.flags, flags), sent->header.sequence - d->host_isn,
	    sent->header.flags & TCP_ACK ? sent->header.acknowledgment - d->peer_isn : 0,
	    sent->payload.length, sent->header.window, (double)sent->time_ns / 1e6);
	for (unsigned i = 0; i < sent->options.sack_count; i++)
		g_string_append_printf(text, "%s%u-%u", i == 0 ? " sack " : ",",
				       sent->options.sack[i].left - d->peer_isn,
				       sent->options.sack[i].right - d->peer_isn);
	return g_string_free(text, FALSE);
}

static bool sack_is_as_written(const struct dialogue *d, const struct described_segment *wanted,
			       const struct sent_segment_view *sent)
{
	if (wanted->options.sack_count != sent->options.sack_count)
		return false;
	for (unsigned i = 0; i < sent->options.sack_count; i++)
		if (sent->options.sack[i].left - d->peer_isn != wanted->options.sack[i].left ||
		    sent->options.sack[i].right - d->peer_isn != wanted->options.sack[i].right)
			return false;
	return true;
}

/* The first way in which `sent` differs from what the line says, or NULL. */
static const char *first_difference(const struct dialogue *d,
				    const struct described_segment *wanted,
				    const struct sent_segment_view *sent)
{
	const struct tcp_options *options = &sent->options;
	unsigned says = wanted->says;
	const struct {
		bool differs;
		const char *what;
	} checks[] = {
		{sent->header.flags != wanted->flags,						       "flags"  },
		{ (says & SAYS_SEQ) && sent->header.sequence - d->host_isn != wanted->sequence,
                 "seq"											       },
		{ (says & SAYS_ACK) &&
		      sent->header.acknowledgment - d->peer_isn != wanted->acknowledgment,
                 "ack"											       },
		{ sent->payload.length != wanted->length,                                                   "len"    },
		{ (says & SAYS_WINDOW) && sent->header.window != wanted->window,                            "win"    },
		{ (says & SAYS_MSS) && options->mss != wanted->options.mss,                                 "mss"    },
		{ (says & SAYS_SCALE) && options->window_scale != wanted->options.window_scale,
                 "ws"												},
		{ (says & SAYS_SACK_PERMITTED) && !options->has_sack_permitted,                             "sackok" },
		{ (says & SAYS_TIMESTAMP) && !options->has_timestamps,                                      "ts"     },
		{ (says & SAYS_NO_TIMESTAMP) && options->has_timestamps,                                    "ts none"},
		{ (says & SAYS_TIMESTAMP_VALUE) && options->timestamp_value - d->first_timestamp !=
						       wanted->options.timestamp_value,
                 "ts value"											  },
		{ (says & SAYS_ECHO) && options->timestamp_echo != wanted->options.timestamp_echo,
                 "echo"											      },
		{ (says & SAYS_URGENT) && sent->header.urgent_pointer != wanted->urgent,                    "urg"    },
		{ !sack_is_as_written(d,								    wanted,    sent), "sack" },
		{ llabs(sent->time_ns - d->time_ns) > wanted->tolerance_ns,										   "time"											  },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(checks); i++)
		if (checks[i].differs)
			return checks[i].what;
	return NULL;
}

static void check_payload(const struct dialogue *d, const struct sent_segment_view *sent)
{
	uint32_t sequence = sent->header.sequence - d->host_isn;

	for (size_t i = 0; i < sent->payload.length; i++)
		if (sent->payload.data[i] != dialogue_pattern((uint64_t)sequence - 1 + i))
			mismatch(d, "byte %zu of the payload is not what was written", i);
}

/* Time. */

static void read_all(struct dialogue *d, size_t most)
{
	uint8_t buffer[4096];
	size_t length;

	while (most > 0 && d->socket != 0 &&
	       (length = standalone_read(d->host, d->socket, buffer, MIN(sizeof buffer, most))) >
		   0) {
		for (size_t i = 0; i < length; i++)
			if (buffer[i] != dialogue_pattern(d->read_bytes + i))
				mismatch(d, "byte %zu read is wrong", (size_t)d->read_bytes + i);
		d->read_bytes += length;
		most -= length;
	}
}

static void after_event(struct dialogue *d)
{
	if (d->socket == 0 && d->listener != 0)
		d->socket = standalone_accept(d->host, d->listener);
	if (d->reads)
		read_all(d, SIZE_MAX);
}

/* Lets time pass to `until_ns`, or with `stop_at_packet` until something is sent. */
static bool pass_time(struct dialogue *d, int64_t until_ns, struct standalone_packet *packet)
{
	for (;;) {
		if (packet != NULL && standalone_take(d->host, packet))
			return true;
		int64_t next_ns = standalone_next(d->host);

		if (next_ns > until_ns)
			break;
		standalone_advance(d->host, next_ns);
		after_event(d);
	}
	if (standalone_now(d->host) < until_ns && packet == NULL)
		standalone_advance(d->host, until_ns);
	return false;
}

static void expect_nothing_sent(struct dialogue *d)
{
	struct standalone_packet packet;
	struct sent_segment_view sent;

	if (!standalone_take(d->host, &packet))
		return;
	read_sent(d, &packet, &sent);
	mismatch(d, "not expected before this line: %s", describe(d, &sent));
}

static void expect_segment(struct dialogue *d, const struct described_segment *wanted)
{
	struct standalone_packet packet;
	struct sent_segment_view sent;

	if (!pass_time(d, d->time_ns + wanted->tolerance_ns, &packet))
		mismatch(d, "nothing was sent");
	read_sent(d, &packet, &sent);
	const char *difference = first_difference(d, wanted, &sent);

	if (difference != NULL)
		mismatch(d, "differs in %s: %s (expected at %.3f ms)", difference,
			 describe(d, &sent), (double)d->time_ns / 1e6);
	check_payload(d, &sent);
}

/* The program's calls and the checks. */

static void do_write(struct dialogue *d, char **words)
{
	size_t length = words[1] != NULL ? strtoul(words[1], NULL, 10) : 0;
	bool more = words[1] != NULL && g_strcmp0(words[2], "more") == 0;
	uint8_t *bytes = g_malloc(length);

	for (size_t i = 0; i < length; i++)
		bytes[i] = dialogue_pattern(d->written_bytes + i);
	size_t written =
	    standalone_write(d->host, d->socket, (struct bytes) { bytes, length }, more);

	d->written_bytes += written;
	g_free(bytes);
	if (written != length)
		mismatch(d, "only %zu bytes were taken", written);
}

static void do_keepalive(struct dialogue *d, char **words)
{
	static const enum standalone_option options[] = { STANDALONE_KEEPALIVE_PROBES,
							  STANDALONE_KEEPALIVE_EVERY_MS,
							  STANDALONE_KEEPALIVE_IDLE_MS };
	int64_t idle_ns, every_ns;

	if (g_strv_length(words) != 4 || !dialogue_time_read(words[1], &idle_ns) ||
	    !dialogue_time_read(words[2], &every_ns))
		mismatch(d, "keepalive IDLE EVERY PROBES");
	int64_t values[] = { atoi(words[3]), every_ns / NS_PER_MS, idle_ns / NS_PER_MS };

	for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
		standalone_set(d->host, d->socket, options[i], values[i]);
}

static void do_connect(struct dialogue *d, char **words)
{
	(void)words;
	d->socket = standalone_connect(d->host, PEER_ADDRESS, PEER_PORT);
}

static void do_read(struct dialogue *d, char **words)
{
	read_all(d, words[1] != NULL ? strtoul(words[1], NULL, 10) : SIZE_MAX);
}

static void do_reader(struct dialogue *d, char **words)
{
	d->reads = g_strcmp0(words[1], "on") == 0;
	after_event(d);
}

static void do_shutdown(struct dialogue *d, char **words)
{
	(void)words;
	standalone_shutdown(d->host, d->socket);
}

static void do_close(struct dialogue *d, char **words)
{
	(void)words;
	standalone_close(d->host, d->socket);
}

static void do_abort(struct dialogue *d, char **words)
{
	(void)words;
	standalone_abort(d->host, d->socket);
}

static void do_unlisten(struct dialogue *d, char **words)
{
	(void)words;
	standalone_close(d->host, d->listener);
	d->listener = 0;
}

static void do_nodelay(struct dialogue *d, char **words)
{
	(void)words;
	standalone_set(d->host, d->socket, STANDALONE_NO_DELAY, 1);
}

static void do_urgent(struct dialogue *d, char **words)
{
	(void)words;
	standalone_set(d->host, d->socket, STANDALONE_URGENT, 1);
}

static void do_again(struct dialogue *d, char **words)
{
	d->peer_isn = words[1] != NULL ? (uint32_t)strtoul(words[1], NULL, 10) : 0;
	d->peer_end = d->host_end = 0;
	d->has_host_isn = d->has_timestamps = false;
	d->read_bytes = d->written_bytes = 0;
	d->socket = 0;
}

/* An ICMP error that quotes the first 8 bytes of the host's segment. */
static void do_icmp(struct dialogue *d, char **words)
{
	uint8_t datagram[IPV4_HEADER_BYTES + ICMP_HEADER_BYTES + IPV4_HEADER_BYTES + 8] = { 0 };
	uint8_t *icmp = datagram + IPV4_HEADER_BYTES, *quoted = icmp + ICMP_HEADER_BYTES;
	unsigned count = g_strv_length(words);

	if (count < 5)
		mismatch(d, "icmp TYPE CODE seq N [mtu M]");
	icmp[0] = (uint8_t)atoi(words[1]);
	icmp[1] = (uint8_t)atoi(words[2]);
	if (count >= 7)
		put_be16(icmp + 6, (uint16_t)atoi(words[6]));
	ipv4_header_emit(
	    &(struct ipv4_header) {
		.total_length_bytes = 1500,
		.dont_fragment = true,
		.ttl = 60,
		.protocol = 6,
		.source = HOST_ADDRESS,
		.destination = PEER_ADDRESS,
	    },
	    quoted);
	ipv4_checksum_set(quoted);
	put_be16(quoted + IPV4_HEADER_BYTES, d->host_port);
	put_be16(quoted + IPV4_HEADER_BYTES + 2, PEER_PORT);
	put_be32(quoted + IPV4_HEADER_BYTES + 4,
		 d->host_isn + (uint32_t)strtoul(words[4], NULL, 10));
	size_t length = sizeof datagram - IPV4_HEADER_BYTES;

	put_be16(icmp + 2, checksum_of((struct bytes) { icmp, length }));
	standalone_give(d->host, build_datagram(1, length, datagram));
}

static void expect_number(const struct dialogue *d, const char *what, char **words, uint64_t value)
{
	if (words[1] == NULL || strtoull(words[1], NULL, 10) != value)
		mismatch(d, "%s is %" G_GUINT64_FORMAT, what, value);
}

/* True when `words` was a check, which then held. */
static bool check_status(const struct dialogue *d, char **words)
{
	struct standalone_status status = { .state = "CLOSED" };
	const char *what = words[0];
	char *why;

	if (d->socket != 0)
		status = standalone_status(d->host, d->socket);
	const struct {
		const char *what;
		bool holds;
	} facts[] = {
		{"opened",  status.was_opened},
		{ "ended",  status.has_ended },
		{ "closed", status.is_closed },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(facts); i++) {
		if (strcmp(what, facts[i].what) != 0)
			continue;
		if (!facts[i].holds)
			mismatch(d, "not %s; state %s, failure %s", what, status.state,
				 status.failure != NULL ? status.failure : "none");
		return true;
	}
	if (strcmp(what, "state") == 0) {
		if (g_strcmp0(words[1], status.state) != 0)
			mismatch(d, "state is %s", status.state);
	} else if (strcmp(what, "failed") == 0) {
		why = g_strdelimit(g_strdup(status.failure != NULL ? status.failure : "none"), " ",
				   '-');
		if (g_strcmp0(words[1], why) != 0)
			mismatch(d, "failure is %s", why);
		g_free(why);
	} else if (strcmp(what, "readable") == 0) {
		expect_number(d, what, words, status.readable_bytes);
	} else if (strcmp(what, "urgent-bytes") == 0) {
		expect_number(d, what, words, status.urgent_bytes);
	} else if (strcmp(what, "cwnd") == 0) {
		expect_number(d, what, words, status.congestion_window);
	} else {
		return strcmp(what, "quiet") == 0;
	}
	return true;
}

static bool run_call(struct dialogue *d, char **words)
{
	static const struct {
		const char *name;
		void (*run)(struct dialogue *d, char **words);
	} calls[] = {
		{"connect",    do_connect  },
                { "write",     do_write    },
		{ "read",      do_read     },
                { "shutdown",  do_shutdown },
		{ "close",     do_close    },
                { "abort",     do_abort    },
		{ "nodelay",   do_nodelay  },
                { "urgent",    do_urgent   },
		{ "keepalive", do_keepalive},
                { "reader",    do_reader   },
		{ "unlisten",  do_unlisten },
                { "again",     do_again    },
		{ "icmp",      do_icmp     },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
		if (strcmp(words[0], calls[i].name) == 0) {
			calls[i].run(d, words);
			after_event(d);
			return true;
		}
	}
	return false;
}

/* Lines. */

static void start(struct dialogue *d)
{
	if (d->host != NULL)
		return;
	d->config.address = HOST_ADDRESS;
	d->config.prefix_length = 24;
	d->host = standalone_new(&d->config);
	if (d->has_fixed_isn)
		standalone_set(d->host, 0, STANDALONE_INITIAL_SEQUENCE, d->host_isn);
	if (d->listener != 0)
		d->listener = standalone_listen(d->host, HOST_PORT);
}

static void play_setting(struct dialogue *d, char **words)
{
	uint32_t number = words[1] != NULL ? (uint32_t)strtoul(words[1], NULL, 10) : 0;

	if (d->host != NULL)
		mismatch(d, "a setting must come before the first line with a time");
	if (strcmp(words[0], "listen") == 0) {
		d->listener = 1;
	} else if (strcmp(words[0], "mtu") == 0) {
		d->config.mtu_bytes = (uint16_t)number;
	} else if (strcmp(words[0], "isn") == 0) {
		d->host_isn = number;
		d->has_fixed_isn = true;
	} else if (strcmp(words[0], "peer-isn") == 0) {
		d->peer_isn = number;
	} else if (strcmp(words[0], "seed") == 0) {
		d->config.seed = number;
	} else if (strcmp(words[0], "congestion") == 0) {
		d->config.congestion = g_intern_string(words[1]);
	} else if (strcmp(words[0], "reader") == 0) {
		d->reads = g_strcmp0(words[1], "on") == 0;
	} else {
		mismatch(d, "no such setting: %s", words[0]);
	}
}

static void play_timed(struct dialogue *d, char **words)
{
	struct described_segment segment;
	const char *problem;
	int64_t delay_ns;

	start(d);
	if (!dialogue_time_read(words[0] + 1, &delay_ns) || words[1] == NULL)
		mismatch(d, "+TIME and something to do");
	d->time_ns += delay_ns;
	bool is_in = strcmp(words[1], "<") == 0, is_out = strcmp(words[1], ">") == 0;

	if ((is_in || is_out) && !described_segment_read(words + 2, &segment, &problem))
		mismatch(d, "not understood: %s", problem);
	if (is_out) {
		expect_segment(d, &segment);
		return;
	}
	pass_time(d, d->time_ns, NULL);
	expect_nothing_sent(d);
	if (is_in) {
		give_segment(d, &segment);
		after_event(d);
	} else if (!check_status(d, words + 1) && !run_call(d, words + 1)) {
		mismatch(d, "not understood: %s", words[1]);
	}
}

static void play_line(struct dialogue *d, char *line)
{
	char *comment = strchr(line, '#');

	if (comment != NULL)
		*comment = '\0';
	GPtrArray *words = g_ptr_array_new();

	for (char *word = strtok(line, " \t"); word != NULL; word = strtok(NULL, " \t"))
		g_ptr_array_add(words, word);
	g_ptr_array_add(words, NULL);
	char **list = (char **)words->pdata;

	if (list[0] != NULL && list[0][0] == '+')
		play_timed(d, list);
	else if (list[0] != NULL)
		play_setting(d, list);
	g_ptr_array_free(words, TRUE);
}

void dialogue_play(const char *path)
{
	struct dialogue d = { .path = path,
			      .reads = true,
			      .peer_isn = 7000,
			      .host_port = HOST_PORT,
			      .config.seed = 1 };
	char *text;

	ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s cannot be read", path);
	char **lines = g_strsplit(text, "\n", 0);

	for (char **line = lines; *line != NULL; line++) {
		d.line++;
		play_line(&d, *line);
	}
	expect_nothing_sent(&d);
	standalone_free(d.host);
	g_strfreev(lines);
	g_free(text);
}
