/* The TCP part of dialogues: segments to and from bytes, the program's calls, the checks. */
#include "tests/packet/dialogue_private.h"

#include <stdlib.h>
#include <string.h>
#include "sim/time.h"
#include "stack/wire/checksum.h"
#include "stack/wire/icmp.h"
#include "stack/wire/ipv4.h"
#include "tests/packet/dns_text.h"

#define PEER_CLOCK_MS 1000 /* the peer's timestamp at time 0 */

/* Segments to and from bytes. */

static void give_datagram(struct dialogue *d, uint8_t protocol, size_t payload_bytes, uint8_t *out)
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
	dialogue_give_datagram(d, 0, (struct bytes) { out, IPV4_HEADER_BYTES + payload_bytes });
}

static void fill_payload(uint32_t sequence, uint8_t *out, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		out[i] = dialogue_pattern((uint64_t)sequence - 1 + i);
}

static bool nothing_follows(const char *word)
{
	(void)word;
	return false;
}

/* The DNS message that a line describes, behind its length (RFC 1035 section 4.2.2). */
static GByteArray *build_message(const struct dialogue *d, char **description)
{
	struct words words = { .next = description };
	GByteArray *message = g_byte_array_new();

	g_byte_array_set_size(message, 2);
	dns_text_build(&words, nothing_follows, message);
	if (words.problem != NULL)
		dialogue_mismatch(d, "%s", words.problem);
	put_be16(message->data, (uint16_t)(message->len - 2));
	return message;
}

/* Writes the payload that the segment describes. */
static void fill_segment(const struct dialogue *d, const struct described_segment *segment,
			 uint32_t sequence, uint8_t *out)
{
	if (segment->message == NULL) {
		fill_payload(sequence, out, segment->length);
		return;
	}
	GByteArray *message = build_message(d, segment->message);

	memcpy(out, message->data, message->len);
	g_byte_array_free(message, TRUE);
}

/* A message's length is known when it is built. */
static void measure_message(const struct dialogue *d, struct described_segment *segment)
{
	if (segment->message == NULL)
		return;
	GByteArray *message = build_message(d, segment->message);

	segment->length = message->len;
	g_byte_array_free(message, TRUE);
}

static struct tcp_options absolute_options(const struct dialogue *d,
					   const struct described_segment *segment)
{
	struct tcp_options options = segment->options;
	bool is_syn = (segment->flags & TCP_SYN) != 0;
	bool wants = is_syn ? (segment->says & SAYS_TIMESTAMP) != 0 : d->tcp.has_timestamps;

	options.has_mss = (segment->says & SAYS_MSS) != 0;
	options.has_window_scale = (segment->says & SAYS_SCALE) != 0;
	options.has_timestamps = wants && !(segment->says & SAYS_NO_TIMESTAMP);
	if (!(segment->says & SAYS_TIMESTAMP_VALUE))
		options.timestamp_value = PEER_CLOCK_MS + (uint32_t)(d->time_ns / NS_PER_MS);
	options.timestamp_echo = segment->says & SAYS_ECHO
				     ? d->tcp.first_timestamp + segment->options.timestamp_echo
				     : d->tcp.last_timestamp;
	for (unsigned i = 0; i < options.sack_count; i++) {
		options.sack[i].left += d->tcp.host_isn;
		options.sack[i].right += d->tcp.host_isn;
	}
	return options;
}

/* Sends the described segment to the host. */
void dialogue_give_segment(struct dialogue *d, struct described_segment *segment)
{
	measure_message(d, segment);
	uint8_t datagram[65535] = { 0 }, *at = datagram + IPV4_HEADER_BYTES;
	uint8_t options_bytes[TCP_OPTIONS_MAX_BYTES];
	struct tcp_options options = absolute_options(d, segment);
	uint32_t sequence = segment->says & SAYS_SEQ ? segment->sequence : d->tcp.peer_end;
	uint32_t ack = segment->says & SAYS_ACK ? segment->acknowledgment : d->tcp.host_end;
	struct tcp_header header = {
		.source_port = d->tcp.peer_port,
		.destination_port = segment->says & SAYS_PORT ? segment->port : d->tcp.host_port,
		.sequence = d->tcp.peer_isn + sequence,
		.acknowledgment = segment->flags & TCP_ACK ? d->tcp.host_isn + ack : 0,
		.flags = segment->flags,
		.window = segment->says & SAYS_WINDOW ? segment->window : 65535,
		.urgent_pointer = segment->urgent,
		.options = {options_bytes, tcp_options_emit(&options, options_bytes)},
	};
	size_t header_bytes = tcp_header_length(&header);
	uint32_t taken = tcp_sequence_length(&header, segment->length);

	if (segment->flags & TCP_SYN)
		d->tcp.peer_offers_timestamps = options.has_timestamps;
	if (d->tcp.has_host_isn)
		d->tcp.has_timestamps = d->tcp.peer_offers_timestamps && d->tcp.has_timestamp;
	if ((int32_t)(sequence + taken - d->tcp.peer_end) > 0 && !(segment->flags & TCP_RST))
		d->tcp.peer_end = sequence + taken;
	fill_segment(d, segment, sequence, at + header_bytes);
	tcp_header_emit(&header, at);
	tcp_checksum_set(at, checksum_add(0, (struct bytes) { at + header_bytes, segment->length }),
			 segment->length, PEER_ADDRESS, HOST_ADDRESS);
	if (segment->says & SAYS_BAD)
		at[16] ^= 0x55;
	give_datagram(d, 6, header_bytes + segment->length, datagram);
	dialogue_tcp_after_event(d);
}

/* A segment that the host sent, with absolute numbers. */
struct sent_segment_view {
	struct ipv4_header ip;
	struct tcp_header header;
	struct tcp_options options;
	struct bytes payload;
	int64_t time_ns;
};

static void read_sent(struct dialogue *d, const struct standalone_packet *packet,
		      struct sent_segment_view *sent)
{
	struct ipv4_header ip;
	struct bytes segment, datagram = dialogue_datagram_of(d, packet);

	sent->time_ns = packet->time_ns;
	if (ipv4_header_parse(datagram, &ip, &segment) != PARSE_OK || ip.protocol != 6 ||
	    !ipv4_checksum_is_right(datagram) ||
	    !tcp_checksum_is_right(segment, ip.source, ip.destination) ||
	    tcp_header_parse(segment, &sent->header, &sent->payload) != PARSE_OK ||
	    tcp_options_parse(sent->header.options, &sent->options) != PARSE_OK)
		dialogue_mismatch(d, "the host sent something that is no right segment");
	sent->ip = ip;
	if ((sent->header.flags & TCP_SYN) && !d->tcp.has_host_isn) {
		d->tcp.has_host_isn = true;
		d->tcp.host_isn = sent->header.sequence;
		d->tcp.host_port = sent->header.source_port;
	}
	if (sent->options.has_timestamps) {
		if (!d->tcp.has_timestamp)
			d->tcp.first_timestamp = sent->options.timestamp_value;
		d->tcp.has_timestamp = true;
		d->tcp.last_timestamp = sent->options.timestamp_value;
	}
	uint32_t end = sent->header.sequence - d->tcp.host_isn +
		       tcp_sequence_length(&sent->header, sent->payload.length);

	if ((int32_t)(end - d->tcp.host_end) > 0 && !(sent->header.flags & TCP_RST))
		d->tcp.host_end = end;
}

static char *describe(const struct dialogue *d, const struct sent_segment_view *sent)
{
	char flags[TCP_FLAGS_TEXT_BYTES];
	GString *text = g_string_new(NULL);

	g_string_printf(
	    text, "%s seq %u ack %u len %zu win %u at %.3f ms",
	    tcp_flags_print(sent->header.flags, flags), sent->header.sequence - d->tcp.host_isn,
	    sent->header.flags & TCP_ACK ? sent->header.acknowledgment - d->tcp.peer_isn : 0,
	    sent->payload.length, sent->header.window, (double)sent->time_ns / 1e6);
	for (unsigned i = 0; i < sent->options.sack_count; i++)
		g_string_append_printf(text, "%s%u-%u", i == 0 ? " sack " : ",",
				       sent->options.sack[i].left - d->tcp.peer_isn,
				       sent->options.sack[i].right - d->tcp.peer_isn);
	return g_string_free(text, FALSE);
}

static bool sack_is_as_written(const struct dialogue *d, const struct described_segment *wanted,
			       const struct sent_segment_view *sent)
{
	if (wanted->options.sack_count != sent->options.sack_count)
		return false;
	for (unsigned i = 0; i < sent->options.sack_count; i++)
		if (sent->options.sack[i].left - d->tcp.peer_isn != wanted->options.sack[i].left ||
		    sent->options.sack[i].right - d->tcp.peer_isn != wanted->options.sack[i].right)
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
		{sent->header.flags != wanted->flags,							   "flags"  },
		{ (says & SAYS_SEQ) && sent->header.sequence - d->tcp.host_isn != wanted->sequence,
                 "seq"												   },
		{ (says & SAYS_ACK) &&
		      sent->header.acknowledgment - d->tcp.peer_isn != wanted->acknowledgment,
                 "ack"												   },
		{ wanted->message == NULL && sent->payload.length != wanted->length,                            "len"    },
		{ (says & SAYS_WINDOW) && sent->header.window != wanted->window,                                "win"    },
		{ (says & SAYS_MSS) && options->mss != wanted->options.mss,                                     "mss"    },
		{ (says & SAYS_SCALE) && options->window_scale != wanted->options.window_scale,
                 "ws"												    },
		{ (says & SAYS_SACK_PERMITTED) && !options->has_sack_permitted,                                 "sackok" },
		{ (says & SAYS_TIMESTAMP) && !options->has_timestamps,                                          "ts"     },
		{ (says & SAYS_NO_TIMESTAMP) && options->has_timestamps,                                        "ts none"},
		{ (says & SAYS_TIMESTAMP_VALUE) &&
		      options->timestamp_value - d->tcp.first_timestamp !=
			  wanted->options.timestamp_value,
                 "ts value"											      },
		{ (says & SAYS_ECHO) && options->timestamp_echo != wanted->options.timestamp_echo,
                 "echo"												  },
		{ (says & SAYS_URGENT) && sent->header.urgent_pointer != wanted->urgent,                        "urg"    },
		{ (says & SAYS_DONT_FRAGMENT) && !sent->ip.dont_fragment,                                       "df"     },
		{ (says & SAYS_MAY_FRAGMENT) &&
		      (sent->ip.dont_fragment || sent->ip.identification == 0),
                 "df none"											       },
		{ !sack_is_as_written(d,									wanted,    sent), "sack" },
		{ llabs(sent->time_ns - d->time_ns) > wanted->tolerance_ns,										       "time"											      },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(checks); i++)
		if (checks[i].differs)
			return checks[i].what;
	return NULL;
}

static void check_payload(const struct dialogue *d, const struct sent_segment_view *sent)
{
	uint32_t sequence = sent->header.sequence - d->tcp.host_isn;

	for (size_t i = 0; i < sent->payload.length; i++)
		if (sent->payload.data[i] != dialogue_pattern((uint64_t)sequence - 1 + i))
			dialogue_mismatch(d, "byte %zu of the payload is not what was written", i);
}

static void read_all(struct dialogue *d, size_t most)
{
	uint8_t buffer[4096];
	size_t length;

	while (most > 0 && d->tcp.socket != 0 &&
	       (length = standalone_read(d->host, d->tcp.socket, buffer,
					 MIN(sizeof buffer, most))) > 0) {
		for (size_t i = 0; i < length; i++)
			if (buffer[i] != dialogue_pattern(d->tcp.read_bytes + i))
				dialogue_mismatch(d, "byte %zu read is wrong",
						  (size_t)d->tcp.read_bytes + i);
		d->tcp.read_bytes += length;
		most -= length;
	}
}

void dialogue_tcp_after_event(struct dialogue *d)
{
	if (d->tcp.socket == 0 && d->tcp.listener != 0)
		d->tcp.socket = standalone_accept(d->host, d->tcp.listener);
	if (d->tcp.reads)
		read_all(d, SIZE_MAX);
}

static void check_message(struct dialogue *d, char **wanted, struct bytes payload)
{
	GString *text = g_string_new(NULL);

	if (payload.length < 2 || get_be16(payload.data) != payload.length - 2 ||
	    !dns_text_of(bytes_from(payload, 2), text))
		dialogue_mismatch(d, "the segment does not hold one whole DNS message");
	dialogue_compare(d, wanted - 1, text->str); /* from the word "dns" on */
	g_string_free(text, TRUE);
}

bool dialogue_is_segment(struct bytes datagram)
{
	struct ipv4_header ip;
	struct bytes payload;

	return ipv4_header_parse(datagram, &ip, &payload) == PARSE_OK && ip.protocol == 6;
}

void dialogue_expect_segment(struct dialogue *d, const struct described_segment *wanted,
			     const struct standalone_packet *packet)
{
	struct sent_segment_view sent;

	read_sent(d, packet, &sent);
	const char *difference = first_difference(d, wanted, &sent);

	if (difference != NULL)
		dialogue_mismatch(d, "differs in %s: %s (expected at %.3f ms)", difference,
				  describe(d, &sent), (double)d->time_ns / 1e6);
	if (wanted->message != NULL)
		check_message(d, wanted->message, sent.payload);
	else
		check_payload(d, &sent);
}

char *dialogue_describe_segment(struct dialogue *d, const struct standalone_packet *packet)
{
	struct sent_segment_view sent;

	read_sent(d, packet, &sent);
	return describe(d, &sent);
}

/* The program's calls and the checks. */

static void do_write(struct dialogue *d, char **words)
{
	size_t length = words[1] != NULL ? strtoul(words[1], NULL, 10) : 0;
	bool more = words[1] != NULL && g_strcmp0(words[2], "more") == 0;
	uint8_t *bytes = g_malloc(length);

	for (size_t i = 0; i < length; i++)
		bytes[i] = dialogue_pattern(d->tcp.written_bytes + i);
	size_t written =
	    standalone_write(d->host, d->tcp.socket, (struct bytes) { bytes, length }, more);

	d->tcp.written_bytes += written;
	g_free(bytes);
	if (written != length)
		dialogue_mismatch(d, "only %zu bytes were taken", written);
}

static void do_keepalive(struct dialogue *d, char **words)
{
	static const enum standalone_option options[] = { STANDALONE_KEEPALIVE_PROBES,
							  STANDALONE_KEEPALIVE_EVERY_MS,
							  STANDALONE_KEEPALIVE_IDLE_MS };
	int64_t idle_ns, every_ns;

	if (g_strv_length(words) != 4 || !dialogue_time_read(words[1], &idle_ns) ||
	    !dialogue_time_read(words[2], &every_ns))
		dialogue_mismatch(d, "keepalive IDLE EVERY PROBES");
	int64_t values[] = { atoi(words[3]), every_ns / NS_PER_MS, idle_ns / NS_PER_MS };

	for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
		standalone_set(d->host, d->tcp.socket, options[i], values[i]);
}

static void do_connect(struct dialogue *d, char **words)
{
	(void)words;
	d->tcp.socket = standalone_connect(d->host, PEER_ADDRESS, d->tcp.peer_port);
}

static void do_read(struct dialogue *d, char **words)
{
	read_all(d, words[1] != NULL ? strtoul(words[1], NULL, 10) : SIZE_MAX);
}

static void do_reader(struct dialogue *d, char **words)
{
	d->tcp.reads = g_strcmp0(words[1], "on") == 0;
	dialogue_tcp_after_event(d);
}

static void do_shutdown(struct dialogue *d, char **words)
{
	(void)words;
	standalone_shutdown(d->host, d->tcp.socket);
}

static void do_close(struct dialogue *d, char **words)
{
	(void)words;
	standalone_close(d->host, d->tcp.socket);
}

static void do_abort(struct dialogue *d, char **words)
{
	(void)words;
	standalone_abort(d->host, d->tcp.socket);
}

static void do_unlisten(struct dialogue *d, char **words)
{
	(void)words;
	standalone_close(d->host, d->tcp.listener);
	d->tcp.listener = 0;
}

static void do_nodelay(struct dialogue *d, char **words)
{
	(void)words;
	standalone_set(d->host, d->tcp.socket, STANDALONE_NO_DELAY, 1);
}

static void do_urgent(struct dialogue *d, char **words)
{
	(void)words;
	standalone_set(d->host, d->tcp.socket, STANDALONE_URGENT, 1);
}

static void do_again(struct dialogue *d, char **words)
{
	d->tcp.peer_isn = words[1] != NULL ? (uint32_t)strtoul(words[1], NULL, 10) : 0;
	d->tcp.peer_end = d->tcp.host_end = 0;
	d->tcp.has_host_isn = d->tcp.has_timestamps = false;
	d->tcp.read_bytes = d->tcp.written_bytes = 0;
	d->tcp.socket = 0;
}

/* An ICMP error that quotes the first 8 bytes of the host's segment. */
static void do_icmp(struct dialogue *d, char **words)
{
	uint8_t datagram[IPV4_HEADER_BYTES + ICMP_HEADER_BYTES + IPV4_HEADER_BYTES + 8] = { 0 };
	uint8_t *icmp = datagram + IPV4_HEADER_BYTES, *quoted = icmp + ICMP_HEADER_BYTES;
	unsigned count = g_strv_length(words);

	if (count < 5)
		dialogue_mismatch(d, "icmp TYPE CODE seq N [mtu M]");
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
	put_be16(quoted + IPV4_HEADER_BYTES, d->tcp.host_port);
	put_be16(quoted + IPV4_HEADER_BYTES + 2, d->tcp.peer_port);
	put_be32(quoted + IPV4_HEADER_BYTES + 4,
		 d->tcp.host_isn + (uint32_t)strtoul(words[4], NULL, 10));
	size_t length = sizeof datagram - IPV4_HEADER_BYTES;

	put_be16(icmp + 2, checksum_of((struct bytes) { icmp, length }));
	give_datagram(d, 1, length, datagram);
}

static void expect_number(const struct dialogue *d, const char *what, char **words, uint64_t value)
{
	if (words[1] == NULL || strtoull(words[1], NULL, 10) != value)
		dialogue_mismatch(d, "%s is %" G_GUINT64_FORMAT, what, value);
}

/* True when `words` was a check, which then held. */
static bool check_status(struct dialogue *d, char **words)
{
	struct standalone_status status = { .state = "CLOSED" };
	const char *what = words[0];
	char *why;

	if (d->tcp.socket != 0)
		status = standalone_status(d->host, d->tcp.socket);
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
			dialogue_mismatch(d, "not %s; state %s, failure %s", what, status.state,
					  status.failure != NULL ? status.failure : "none");
		return true;
	}
	if (strcmp(what, "state") == 0) {
		if (g_strcmp0(words[1], status.state) != 0)
			dialogue_mismatch(d, "state is %s", status.state);
	} else if (strcmp(what, "failed") == 0) {
		why = g_strdelimit(g_strdup(status.failure != NULL ? status.failure : "none"), " ",
				   '-');
		if (g_strcmp0(words[1], why) != 0)
			dialogue_mismatch(d, "failure is %s", why);
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

static const struct dialogue_call calls[] = {
	{"connect",    0, do_connect  },
        { "write",     1, do_write    },
	{ "read",      1, do_read     },
        { "shutdown",  0, do_shutdown },
	{ "close",     0, do_close    },
        { "abort",     0, do_abort    },
	{ "nodelay",   0, do_nodelay  },
        { "urgent",    0, do_urgent   },
	{ "keepalive", 3, do_keepalive},
        { "reader",    1, do_reader   },
	{ "unlisten",  0, do_unlisten },
        { "again",     1, do_again    },
	{ "icmp",      4, do_icmp     },
};

bool dialogue_tcp_play(struct dialogue *d, char **words)
{
	if (check_status(d, words))
		return true;
	if (!dialogue_run(d, calls, G_N_ELEMENTS(calls), words))
		return false;
	dialogue_tcp_after_event(d);
	return true;
}

bool dialogue_tcp_set(struct dialogue *d, char **words)
{
	uint32_t number = words[1] != NULL ? (uint32_t)strtoul(words[1], NULL, 10) : 0;

	if (strcmp(words[0], "listen") == 0) {
		d->tcp.listener = 1;
	} else if (strcmp(words[0], "isn") == 0) {
		d->tcp.host_isn = number;
		d->tcp.has_fixed_isn = true;
	} else if (strcmp(words[0], "peer-isn") == 0) {
		d->tcp.peer_isn = number;
	} else if (strcmp(words[0], "port") == 0) {
		d->tcp.host_port = (uint16_t)number;
	} else if (strcmp(words[0], "peer-port") == 0) {
		d->tcp.peer_port = (uint16_t)number;
	} else if (strcmp(words[0], "reader") == 0) {
		d->tcp.reads = g_strcmp0(words[1], "on") == 0;
	} else {
		return false;
	}
	return true;
}

void dialogue_tcp_start(struct dialogue *d)
{
	if (d->tcp.has_fixed_isn)
		standalone_set(d->host, 0, STANDALONE_INITIAL_SEQUENCE, d->tcp.host_isn);
	if (d->tcp.listener != 0)
		d->tcp.listener = standalone_listen(d->host, d->tcp.host_port);
}
