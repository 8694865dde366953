/* The part of dialogues below TCP: frames and datagrams as text, ARP, ICMP and UDP of the host. */
#include "tests/packet/dialogue_private.h"

#include <stdlib.h>
#include <string.h>
#include "sim/time.h"
#include "stack/arp.h"
#include "stack/host.h"
#include "stack/ipv4.h"
#include "stack/socket.h"
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"

#define PING_PATIENCE_NS (20 * NS_PER_S)

/* Packets as text. */

static struct packet_ends ends_of(unsigned interface, bool is_sent)
{
	struct packet_ends ends = {
		.source = interface == 0 ? HOST_ADDRESS : HOST_SECOND_ADDRESS,
		.destination = interface == 0 ? PEER_ADDRESS : OTHER_ADDRESS,
		.source_mac = standalone_mac(interface),
		.destination_mac = standalone_neighbour_mac(interface),
	};

	if (is_sent)
		return ends;
	return (struct packet_ends) {
		.source = ends.destination,
		.destination = ends.source,
		.source_mac = ends.destination_mac,
		.destination_mac = ends.source_mac,
	};
}

char *dialogue_describe_text(const struct dialogue *d, const struct standalone_packet *packet)
{
	struct packet_ends ends = ends_of(packet->interface, true);
	GString *text = g_string_new(NULL);

	if (d->config.whole_frames)
		packet_text_of_frame(packet->bytes, &ends, text);
	else
		packet_text_of_datagram(packet->bytes, &ends, text);
	if (packet->interface != 0)
		g_string_append(text, " on eth1");
	return g_string_free(text, FALSE);
}

/* A fragment that came out, for the line "whole". */
static void keep_fragment(struct dialogue *d, struct bytes datagram)
{
	struct dialogue_network *network = &d->network;
	struct ipv4_header ip;
	struct bytes payload;

	if (ipv4_header_parse(datagram, &ip, &payload) != PARSE_OK ||
	    (!ip.more_fragments && ip.fragment_offset_bytes == 0))
		return;
	if (network->whole == NULL) {
		network->whole = g_memdup2(&ip, sizeof ip);
		network->whole->options = (struct bytes) { 0 };
		network->whole_payload = g_byte_array_new();
		network->whole_bytes = 0;
	}
	size_t end = ip.fragment_offset_bytes + payload.length;

	if (ip.identification != network->whole->identification)
		dialogue_mismatch(d, "a fragment of another datagram");
	if (end > network->whole_payload->len)
		g_byte_array_set_size(network->whole_payload, (guint)end);
	memcpy(network->whole_payload->data + ip.fragment_offset_bytes, payload.data,
	       payload.length);
	network->whole_bytes += payload.length;
	network->whole->more_fragments = ip.more_fragments;
}

static void forget_whole(struct dialogue_network *network)
{
	if (network->whole == NULL)
		return;
	g_byte_array_free(g_steal_pointer(&network->whole_payload), TRUE);
	g_clear_pointer(&network->whole, g_free);
}

void dialogue_expect_text(struct dialogue *d, char **words, const struct standalone_packet *packet)
{
	char *text = dialogue_describe_text(d, packet);

	dialogue_compare(d, words, text);
	keep_fragment(d, dialogue_datagram_of(d, packet));
	g_free(text);
}

/* whole WORDS: what the fragments that came out so far make together. */
static void check_whole(struct dialogue *d, char **words)
{
	struct dialogue_network *network = &d->network;
	struct packet_ends ends = ends_of(0, true);
	GByteArray *datagram = g_byte_array_new();
	GString *text = g_string_new(NULL);

	if (network->whole == NULL || network->whole->more_fragments ||
	    network->whole_bytes != network->whole_payload->len)
		dialogue_mismatch(d, "the fragments make no whole datagram");
	network->whole->fragment_offset_bytes = 0;
	network->whole->total_length_bytes =
	    (uint16_t)(IPV4_HEADER_BYTES + network->whole_payload->len);
	g_byte_array_set_size(datagram, IPV4_HEADER_BYTES);
	ipv4_header_emit(network->whole, datagram->data);
	ipv4_checksum_set(datagram->data);
	g_byte_array_append(datagram, network->whole_payload->data, network->whole_payload->len);
	packet_text_of_datagram((struct bytes) { datagram->data, datagram->len }, &ends, text);
	dialogue_compare(d, words + 1, text->str);
	forget_whole(network);
	g_byte_array_free(datagram, TRUE);
	g_string_free(text, TRUE);
}

/* The Ethernet part of an arriving packet: where from, where to, on which interface. */
struct arrival {
	unsigned interface;
	struct packet_ends ends;
	struct mac destination;
};

/* The word behind `name`, which is taken out with it; NULL: it is not there. */
static char *take_named(char **words, const char *name)
{
	guint count = g_strv_length(words);

	for (guint i = 0; i + 1 < count; i++) {
		if (strcmp(words[i], name) != 0)
			continue;
		char *value = g_steal_pointer(&words[i + 1]);

		g_free(words[i]);
		memmove(words + i, words + i + 2, (count - i - 1) * sizeof *words);
		return value;
	}
	return NULL;
}

static struct mac mac_of(const struct dialogue *d, char *text, struct mac usual)
{
	struct mac mac = usual;

	if (text != NULL && !mac_parse(text, &mac))
		dialogue_mismatch(d, "%s is no MAC address", text);
	g_free(text);
	return mac;
}

static void read_arrival(struct dialogue *d, char **words, struct arrival *arrival)
{
	bool is_question = g_strcmp0(words[0], "arp") == 0 && g_strcmp0(words[1], "who-has") == 0;
	char *interface = take_named(words, "on");

	arrival->interface = g_strcmp0(interface, "eth1") == 0;
	g_free(interface);
	arrival->ends = ends_of(arrival->interface, false);
	arrival->ends.source_mac =
	    mac_of(d, take_named(words, "mac-from"), arrival->ends.source_mac);
	arrival->destination = mac_of(d, take_named(words, "mac-to"),
				      is_question ? mac_broadcast : arrival->ends.destination_mac);
	if (arrival->interface != 0 && d->config.second_address == 0)
		dialogue_mismatch(d, "only a router has eth1");
}

static void give_frame(struct dialogue *d, const struct arrival *arrival, uint16_t type,
		       GByteArray *payload)
{
	struct ethernet_header ethernet = {
		.destination = arrival->destination,
		.source = arrival->ends.source_mac,
		.type = type,
	};
	size_t length = MAX(ETHERNET_HEADER_BYTES + payload->len, ETHERNET_MIN_FRAME_BYTES);
	uint8_t *frame = g_malloc0(length);

	ethernet_header_emit(&ethernet, frame);
	memcpy(frame + ETHERNET_HEADER_BYTES, payload->data, payload->len);
	standalone_give_at(d->host, arrival->interface, (struct bytes) { frame, length });
	g_free(frame);
}

void dialogue_give_text(struct dialogue *d, char **line)
{
	bool is_arp = strcmp(line[0], "arp") == 0;
	GByteArray *packet = g_byte_array_new();
	char **copy = g_strdupv(line);
	struct words words = { .next = copy };
	struct arrival arrival;

	read_arrival(d, copy, &arrival);
	if (is_arp)
		packet_text_build_arp(&words, &arrival.ends, packet);
	else
		packet_text_build_datagram(&words, &arrival.ends, packet);
	if (*words.next != NULL)
		words_complain(&words, "the end");
	if (words.problem != NULL)
		dialogue_mismatch(d, "%s", words.problem);
	if (is_arp && !d->config.whole_frames)
		dialogue_mismatch(d, "ARP is there with \"frames\" only");
	if (d->config.whole_frames)
		give_frame(d, &arrival, is_arp ? ETHERTYPE_ARP : ETHERTYPE_IPV4, packet);
	else
		dialogue_give_datagram(d, arrival.interface,
				       (struct bytes) { packet->data, packet->len });
	g_strfreev(copy);
	g_byte_array_free(packet, TRUE);
}

/* The programs. */

static uint32_t address_of(const struct dialogue *d, const char *text)
{
	uint32_t address = 0;

	if (!ipv4_parse(text, &address))
		dialogue_mismatch(d, "%s is no IPv4 address", text);
	return address;
}

static void note_datagram(void *owner, struct endpoint from, struct bytes payload)
{
	(void)from;
	(void)payload;
	((struct dialogue *)owner)->network.datagrams++;
}

static void note_error(void *owner, struct endpoint to, uint8_t type, uint8_t code)
{
	struct dialogue *d = owner;
	char text[ICMP_KIND_TEXT_BYTES];

	(void)to;
	g_free(d->network.error);
	d->network.error = g_strdup(icmp_kind_print(type, code, text));
}

static void note_ping(void *owner, int64_t round_trip_ns)
{
	((struct dialogue *)owner)->network.ping_result = round_trip_ns;
}

/* ping ADDRESS len N */
static void do_ping(struct dialogue *d, char **words)
{
	d->network.ping_result = 0;
	icmp_ping(standalone_host(d->host), address_of(d, words[1]), strtoul(words[3], NULL, 10),
		  PING_PATIENCE_NS, note_ping, d);
	standalone_advance(d->host, d->time_ns);
}

/* send ADDRESS PORT len N */
static void do_send(struct dialogue *d, char **words)
{
	struct endpoint to = { address_of(d, words[1]), (uint16_t)atoi(words[2]) };
	size_t length = strtoul(words[4], NULL, 10);
	uint8_t *payload = g_malloc(length + 1);

	for (size_t i = 0; i < length; i++)
		payload[i] = packet_text_payload(i);
	if (d->network.socket == NULL ||
	    !udp_send(d->network.socket, to, (struct bytes) { payload, length }))
		dialogue_mismatch(d, "could not be sent");
	g_free(payload);
	standalone_advance(d->host, d->time_ns);
}

static void do_announce(struct dialogue *d, char **words)
{
	(void)words;
	arp_announce(host_interface(standalone_host(d->host), 1));
	standalone_advance(d->host, d->time_ns);
}

/* confirm ADDRESS: a transport knows that it was reached. */
static void do_confirm(struct dialogue *d, char **words)
{
	ipv4_confirm(standalone_host(d->host), address_of(d, words[1]));
}

/* What must be true. */

static void check_text(const struct dialogue *d, const char *what, const char *is,
		       const char *wanted)
{
	if (strcmp(is, wanted) != 0)
		dialogue_mismatch(d, "%s is %s", what, is);
}

static void check_pinged(struct dialogue *d, char **words)
{
	int64_t result = d->network.ping_result;

	check_text(d, "the ping",
		   result == 0                ? "waiting"
		   : result == PING_TIMED_OUT ? "timed-out"
		   : result == PING_FAILED    ? "failed"
					      : "answered",
		   words[1]);
}

static struct arp_row row_of(struct dialogue *d, const char *address)
{
	struct host *host = standalone_host(d->host);
	struct arp_row row = { .state = ARP_NONE };

	for (unsigned i = 1; i <= host_interface_count(host); i++)
		if (arp_find(host_arp(host), host_interface(host, i), address_of(d, address), &row))
			break;
	return row;
}

static void check_neighbour(struct dialogue *d, char **words)
{
	check_text(d, "the row", arp_state_names[row_of(d, words[1]).state], words[2]);
}

static void check_number(const struct dialogue *d, const char *what, unsigned is,
			 const char *wanted)
{
	if (is != strtoul(wanted, NULL, 10))
		dialogue_mismatch(d, "%s: %u", what, is);
}

static void check_waiting(struct dialogue *d, char **words)
{
	check_number(d, "waiting", row_of(d, words[1]).waiting, words[2]);
}

static void check_received(struct dialogue *d, char **words)
{
	check_number(d, "received", d->network.datagrams, words[1]);
}

static void check_error(struct dialogue *d, char **words)
{
	check_text(d, "the error", d->network.error != NULL ? d->network.error : "none", words[1]);
}

static const struct dialogue_call calls[] = {
	{"ping",       3, do_ping        },
        { "send",      4, do_send        },
	{ "announce",  0, do_announce    },
        { "confirm",   1, do_confirm     },
	{ "pinged",    1, check_pinged   },
        { "neighbour", 2, check_neighbour},
	{ "waiting",   2, check_waiting  },
        { "received",  1, check_received },
	{ "error",     1, check_error    },
        { "whole",     1, check_whole    },
};

bool dialogue_network_play(struct dialogue *d, char **words)
{
	return dialogue_run(d, calls, G_N_ELEMENTS(calls), words);
}

bool dialogue_network_set(struct dialogue *d, char **words)
{
	if (strcmp(words[0], "udp") != 0 || words[1] == NULL)
		return false;
	d->network.port = (uint16_t)atoi(words[1]);
	return true;
}

void dialogue_network_start(struct dialogue *d)
{
	if (d->network.port == 0)
		return;
	d->network.socket = udp_open(standalone_host(d->host), d->network.port, note_datagram, d);
	udp_on_error(d->network.socket, note_error);
}

void dialogue_network_end(struct dialogue *d)
{
	forget_whole(&d->network);
	g_free(d->network.error);
	if (d->network.socket != NULL)
		udp_close(d->network.socket);
}
