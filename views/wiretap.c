#include "views/wiretap.h"

#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "stack/wire/tcp.h"

struct wiretap {
	const struct dissector *const *dissectors;
	struct credentials *credentials;
	struct streams *streams;
	struct decode decode;
	uint8_t ports[(UINT16_MAX + 1) / 8]; /* set of servers' ports at which something was said */
};

static void hear(void *owner, const struct stream_said *said)
{
	struct wiretap *wiretap = owner;
	uint16_t port = said->connection->server.port;

	wiretap->ports[port / 8] |= (uint8_t)(1u << port % 8);
	credentials_hear(wiretap->credentials, said);
}

struct wiretap *wiretap_new(const struct dissector *const *dissectors, credential_found *found,
			    void *owner)
{
	struct wiretap *wiretap = g_new0(struct wiretap, 1);

	wiretap->dissectors = dissectors;
	wiretap->credentials = credentials_new(found, owner);
	wiretap->streams = streams_new(dissectors);
	streams_listen(wiretap->streams, hear, wiretap);
	return wiretap;
}

void wiretap_free(struct wiretap *wiretap)
{
	if (wiretap == NULL)
		return;
	streams_free(wiretap->streams);
	credentials_free(wiretap->credentials);
	g_free(wiretap);
}

/*
 * Most frames need no closer look: what acknowledges only, what servers say, who are told of users and
 * passwords and do not tell of them, and what nobody here can read.
 */
static bool is_of_interest(const struct wiretap *wiretap, struct bytes frame)
{
	struct ethernet_header ethernet;
	struct ipv4_header ipv4;
	struct tcp_header tcp;
	struct bytes datagram, segment, payload;
	bool is_from_server;

	return ethernet_header_parse(frame, &ethernet, &datagram) == PARSE_OK &&
	       ethernet.type == ETHERTYPE_IPV4 &&
	       ipv4_header_parse(datagram, &ipv4, &segment) == PARSE_OK &&
	       ipv4.protocol == IP_PROTOCOL_TCP && ipv4.fragment_offset_bytes == 0 &&
	       tcp_header_parse(segment, &tcp, &payload) == PARSE_OK &&
	       (payload.length > 0 || (tcp.flags & TCP_SYN) != 0) &&
	       decode_dissector(wiretap->dissectors, true, tcp.source_port, tcp.destination_port,
				&is_from_server) != NULL &&
	       !is_from_server;
}

void wiretap_feed(struct wiretap *wiretap, struct bytes frame, int64_t time_ns)
{
	struct model_segment segment;

	if (!is_of_interest(wiretap, frame))
		return;
	decode_packet(frame, &(struct decode_options) { .link_type = DECODE_LINK_ETHERNET },
		      &wiretap->decode);
	streams_follow(wiretap->streams, &wiretap->decode,
		       &(struct stream_packet) { .time_ns = time_ns }, &segment);
}

bool wiretap_has_heard(const struct wiretap *wiretap, uint16_t port)
{
	return (wiretap->ports[port / 8] & 1u << port % 8) != 0;
}
