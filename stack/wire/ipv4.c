#include "stack/wire/ipv4.h"
#include "stack/wire/checksum.h"

enum {
	VERSION_IHL = 0,
	TOS = 1,
	TOTAL_LENGTH = 2,
	IDENTIFICATION = 4,
	FLAGS_OFFSET = 6,
	TTL = 8,
	PROTOCOL = 9,
	CHECKSUM = 10,
	SOURCE = 12,
	DESTINATION = 16,
	OPTIONS = 20,
};

enum { DONT_FRAGMENT = 0x4000, MORE_FRAGMENTS = 0x2000, OFFSET_MASK = 0x1fff };

static size_t header_length(const uint8_t *header)
{
	return (size_t)(header[VERSION_IHL] & 0x0f) * 4;
}

/* Parses a header that says, or is taken to say, that the datagram has `total_length_bytes`. */
static enum parse_status parse(struct bytes in, size_t total_length_bytes,
			       struct ipv4_header *header, struct bytes *payload)
{
	if (in.length < 1)
		return PARSE_TRUNCATED;
	if (in.data[VERSION_IHL] >> 4 != 4)
		return PARSE_UNSUPPORTED;

	size_t header_bytes = header_length(in.data);
	if (header_bytes < IPV4_HEADER_BYTES)
		return PARSE_BAD_LENGTH;
	if (in.length < header_bytes)
		return PARSE_TRUNCATED;

	if (total_length_bytes < header_bytes)
		return PARSE_BAD_LENGTH;

	uint16_t flags_offset = get_be16(in.data + FLAGS_OFFSET);
	*header = (struct ipv4_header) {
		.header_bytes = (uint8_t)header_bytes,
		.tos = in.data[TOS],
		.total_length_bytes =
		    (uint16_t)(total_length_bytes < UINT16_MAX ? total_length_bytes : UINT16_MAX),
		.identification = get_be16(in.data + IDENTIFICATION),
		.dont_fragment = (flags_offset & DONT_FRAGMENT) != 0,
		.more_fragments = (flags_offset & MORE_FRAGMENTS) != 0,
		.fragment_offset_bytes =
		    (uint16_t)((flags_offset & OFFSET_MASK) * IPV4_FRAGMENT_UNIT),
		.ttl = in.data[TTL],
		.protocol = in.data[PROTOCOL],
		.checksum = get_be16(in.data + CHECKSUM),
		.source = get_be32(in.data + SOURCE),
		.destination = get_be32(in.data + DESTINATION),
		.options = bytes_from(bytes_first(in, header_bytes), OPTIONS),
	};
	*payload = bytes_from(bytes_first(in, total_length_bytes), header_bytes);
	return PARSE_OK;
}

enum parse_status ipv4_header_parse_quoted(struct bytes in, struct ipv4_header *header,
					   struct bytes *payload)
{
	size_t length = in.length < IPV4_HEADER_BYTES ? 0 : get_be16(in.data + TOTAL_LENGTH);

	return parse(in, length, header, payload);
}

enum parse_status ipv4_header_parse_captured(struct bytes in, struct ipv4_header *header,
					     struct bytes *payload)
{
	size_t length = in.length < IPV4_HEADER_BYTES ? 0 : get_be16(in.data + TOTAL_LENGTH);

	return parse(in, length == 0 ? in.length : length, header, payload);
}

enum parse_status ipv4_header_parse(struct bytes in, struct ipv4_header *header,
				    struct bytes *payload)
{
	/* The total length is looked at first, so that a truncated datagram touches no output. */
	if (in.length >= IPV4_HEADER_BYTES && in.data[VERSION_IHL] >> 4 == 4 &&
	    get_be16(in.data + TOTAL_LENGTH) > in.length)
		return PARSE_TRUNCATED;
	return ipv4_header_parse_quoted(in, header, payload);
}

void ipv4_header_emit(const struct ipv4_header *header, uint8_t *out)
{
	unsigned flags_offset = header->fragment_offset_bytes / IPV4_FRAGMENT_UNIT |
				(header->dont_fragment ? DONT_FRAGMENT : 0) |
				(header->more_fragments ? MORE_FRAGMENTS : 0);

	unsigned version_ihl = 4 << 4 | (unsigned)ipv4_header_length(header) / 4;

	/* Whole words: the checksum reads them next, and would wait for smaller pieces. */
	put_be32(out + VERSION_IHL,
		 version_ihl << 24 | (uint32_t)header->tos << 16 | header->total_length_bytes);
	put_be32(out + IDENTIFICATION, (uint32_t)header->identification << 16 | flags_offset);
	put_be32(out + TTL,
		 (uint32_t)header->ttl << 24 | (uint32_t)header->protocol << 16 | header->checksum);
	put_be32(out + SOURCE, header->source);
	put_be32(out + DESTINATION, header->destination);
	if (header->options.length > 0)
		memmove(out + OPTIONS, header->options.data, header->options.length);
}

void ipv4_checksum_set(uint8_t *out)
{
	if (get_be16(out + CHECKSUM) != 0)
		put_be16(out + CHECKSUM, 0);
	put_be16(out + CHECKSUM, checksum_of((struct bytes) { out, header_length(out) }));
}

bool ipv4_checksum_is_right(struct bytes datagram)
{
	return checksum_of(bytes_first(datagram, header_length(datagram.data))) == 0;
}

void ipv4_ttl_decrement(uint8_t *out)
{
	uint16_t old_word = get_be16(out + TTL);
	uint16_t new_word = (uint16_t)(old_word - 0x0100);

	put_be16(out + TTL, new_word);
	put_be16(out + CHECKSUM, checksum_update(get_be16(out + CHECKSUM), old_word, new_word));
}
