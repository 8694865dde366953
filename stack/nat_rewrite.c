#include "stack/nat_rewrite.h"

#include "stack/flow.h"
#include "stack/ipv4.h"
#include "stack/wire/checksum.h"
#include "stack/wire/icmp.h"

/* Byte offsets in the headers. */
enum {
	IP_LENGTH_FIELD = 0,
	IP_PROTOCOL = 9,
	IP_CHECKSUM = 10,
	IP_SOURCE = 12,
	IP_DESTINATION = 16
};
enum { SOURCE_PORT = 0, DESTINATION_PORT = 2, UDP_CHECKSUM = 6, TCP_CHECKSUM = 16 };
enum { ICMP_CHECKSUM = 2, ICMP_IDENTIFIER = 4 };

/* What is being rewritten. A checksum that is not there is NULL. */
struct rewriting {
	uint8_t *header;    /* of IPv4 */
	uint8_t *transport; /* behind it */
	size_t transport_bytes;
	uint8_t *message; /* of the ICMP error that quotes all this; NULL: none does */
};

/* Corrects a checksum for one word that changes; what quotes the checksum changes with it. */
static void correct(const struct rewriting *r, uint8_t *checksum, uint16_t old_word,
		    uint16_t new_word)
{
	uint16_t before = get_be16(checksum);
	uint16_t after = checksum_update(before, old_word, new_word);

	put_be16(checksum, after);
	if (r->message != NULL && checksum != r->message + ICMP_CHECKSUM)
		correct(r, r->message + ICMP_CHECKSUM, before, after);
}

static void put_word(const struct rewriting *r, uint8_t *at, uint16_t word, uint8_t *first,
		     uint8_t *second)
{
	uint16_t old_word = get_be16(at);

	if (word == old_word)
		return;
	put_be16(at, word);
	if (r->message != NULL)
		correct(r, r->message + ICMP_CHECKSUM, old_word, word);
	if (first != NULL)
		correct(r, first, old_word, word);
	if (second != NULL)
		correct(r, second, old_word, word);
}

/* The checksum over the pseudo header; NULL: there is none, or its field was cut off. */
static uint8_t *pseudo_checksum(const struct rewriting *r)
{
	uint8_t protocol = r->header[IP_PROTOCOL];
	size_t offset = protocol == IP_PROTOCOL_TCP ? TCP_CHECKSUM : UDP_CHECKSUM;

	if ((protocol != IP_PROTOCOL_TCP && protocol != IP_PROTOCOL_UDP) ||
	    r->transport_bytes < offset + 2)
		return NULL;
	uint8_t *field = r->transport + offset;

	return protocol == IP_PROTOCOL_UDP && get_be16(field) == 0 ? NULL : field;
}

static void put_address(const struct rewriting *r, enum nat_end end, uint32_t address)
{
	uint8_t *field = r->header + (end == NAT_END_SOURCE ? IP_SOURCE : IP_DESTINATION);
	uint8_t *pseudo = pseudo_checksum(r);

	put_word(r, field, (uint16_t)(address >> 16), r->header + IP_CHECKSUM, pseudo);
	put_word(r, field + 2, (uint16_t)address, r->header + IP_CHECKSUM, pseudo);
}

/* The identifier belongs to the end that asks: the source of a query, the destination of an answer. */
static bool has_identifier(const struct rewriting *r, enum nat_end end)
{
	if (r->transport_bytes < ICMP_HEADER_BYTES)
		return false;
	return end == NAT_END_SOURCE ? flow_is_query(r->transport[0])
				     : flow_is_query_answer(r->transport[0]);
}

static void put_identifier(const struct rewriting *r, uint16_t identifier)
{
	uint8_t *checksum = r->transport + ICMP_CHECKSUM;

	put_word(r, r->transport + ICMP_IDENTIFIER, identifier, checksum, NULL);
	/* Of a message that is all zeros now the sum is 0, not 0xffff: RFC 1624 cannot tell. */
	if (r->message == NULL && get_be16(checksum) == 0)
		icmp_checksum_set(r->transport, r->transport_bytes);
}

static void put_port(const struct rewriting *r, enum nat_end end, uint16_t port)
{
	uint8_t protocol = r->header[IP_PROTOCOL];

	if (protocol == IP_PROTOCOL_ICMP && has_identifier(r, end))
		put_identifier(r, port);
	else if ((protocol == IP_PROTOCOL_TCP || protocol == IP_PROTOCOL_UDP) &&
		 r->transport_bytes >= DESTINATION_PORT + 2)
		put_word(r, r->transport + (end == NAT_END_SOURCE ? SOURCE_PORT : DESTINATION_PORT),
			 port, pseudo_checksum(r), NULL);
}

/* A sum that comes out as 0 is sent as 0xffff, for 0 means none (RFC 768). */
static void mend_udp_zero(const struct rewriting *r)
{
	uint8_t *field = r->transport + UDP_CHECKSUM;

	if (r->header[IP_PROTOCOL] != IP_PROTOCOL_UDP || r->transport_bytes < UDP_CHECKSUM + 2 ||
	    get_be16(field) != 0)
		return;
	put_be16(field, 0xffff);
	if (r->message != NULL)
		correct(r, r->message + ICMP_CHECKSUM, 0, 0xffff);
}

static void rewrite(const struct rewriting *r, enum nat_end end, struct endpoint endpoint)
{
	bool has_checksum = pseudo_checksum(r) != NULL;

	put_address(r, end, endpoint.address);
	put_port(r, end, endpoint.port);
	if (has_checksum)
		mend_udp_zero(r);
}

static size_t header_bytes(const uint8_t *datagram)
{
	return (size_t)(datagram[IP_LENGTH_FIELD] & 15) * 4;
}

void nat_rewrite(uint8_t *datagram, size_t length, enum nat_end end, struct endpoint endpoint)
{
	struct ipv4_header header;
	struct bytes payload;

	if (ipv4_header_parse_quoted((struct bytes) { datagram, length }, &header, &payload) !=
	    PARSE_OK)
		return;
	rewrite(
	    &(struct rewriting) { datagram, datagram + header.header_bytes, payload.length, NULL },
	    end, endpoint);
}

void nat_rewrite_quoted(uint8_t *datagram, size_t length, enum nat_end end,
			struct endpoint endpoint)
{
	size_t outer_bytes = header_bytes(datagram);
	uint8_t *message = datagram + outer_bytes;
	uint8_t *quoted = message + ICMP_HEADER_BYTES;
	struct ipv4_header header;
	struct bytes payload;

	if (length < outer_bytes + ICMP_HEADER_BYTES ||
	    ipv4_header_parse_quoted(
		(struct bytes) { quoted, length - outer_bytes - ICMP_HEADER_BYTES }, &header,
		&payload) != PARSE_OK)
		return;
	rewrite(
	    &(struct rewriting) { quoted, quoted + header.header_bytes, payload.length, message },
	    end, endpoint);
}

void nat_rewrite_address(uint8_t *datagram, enum nat_end end, uint32_t address)
{
	put_address(&(struct rewriting) { datagram, datagram + header_bytes(datagram), 0, NULL },
		    end, address);
}
