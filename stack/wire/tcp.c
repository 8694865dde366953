#include "stack/wire/tcp.h"
#include "stack/wire/checksum.h"

enum {
	SOURCE_PORT = 0,
	DESTINATION_PORT = 2,
	SEQUENCE = 4,
	ACKNOWLEDGMENT = 8,
	DATA_OFFSET = 12,
	FLAGS = 13,
	WINDOW = 14,
	CHECKSUM = 16,
	URGENT_POINTER = 18,
	OPTIONS = 20,
};

enum { PROTOCOL = 6 };

static size_t header_length(const uint8_t *header)
{
	return (size_t)(header[DATA_OFFSET] >> 4) * 4;
}

enum parse_status tcp_header_parse(struct bytes in, struct tcp_header *header,
				   struct bytes *payload)
{
	if (in.length >= TCP_HEADER_BYTES && header_length(in.data) > in.length)
		return PARSE_BAD_LENGTH;
	return tcp_header_parse_cut(in, header, payload);
}

enum parse_status tcp_header_parse_cut(struct bytes in, struct tcp_header *header,
				       struct bytes *payload)
{
	if (in.length < TCP_HEADER_BYTES)
		return PARSE_TRUNCATED;

	size_t header_bytes = header_length(in.data);
	if (header_bytes < TCP_HEADER_BYTES)
		return PARSE_BAD_LENGTH;

	*header = (struct tcp_header) {
		.source_port = get_be16(in.data + SOURCE_PORT),
		.destination_port = get_be16(in.data + DESTINATION_PORT),
		.sequence = get_be32(in.data + SEQUENCE),
		.acknowledgment = get_be32(in.data + ACKNOWLEDGMENT),
		.header_bytes = (uint8_t)header_bytes,
		.flags = in.data[FLAGS],
		.window = get_be16(in.data + WINDOW),
		.checksum = get_be16(in.data + CHECKSUM),
		.urgent_pointer = get_be16(in.data + URGENT_POINTER),
		.options = bytes_from(bytes_first(in, header_bytes), OPTIONS),
	};
	*payload = bytes_from(in, header_bytes);
	return PARSE_OK;
}

void tcp_header_emit(const struct tcp_header *header, uint8_t *out)
{
	uint32_t data_offset = (uint32_t)tcp_header_length(header) / 4 << 4;

	/* Whole words: the checksum reads them next, and would wait for smaller pieces. */
	put_be32(out + SOURCE_PORT, (uint32_t)header->source_port << 16 | header->destination_port);
	put_be32(out + SEQUENCE, header->sequence);
	put_be32(out + ACKNOWLEDGMENT, header->acknowledgment);
	put_be32(out + DATA_OFFSET,
		 data_offset << 24 | (uint32_t)header->flags << 16 | header->window);
	put_be32(out + CHECKSUM, (uint32_t)header->checksum << 16 | header->urgent_pointer);
	if (header->options.length > 0 && header->options.data != out + OPTIONS)
		memmove(out + OPTIONS, header->options.data, header->options.length);
}

void tcp_checksum_set(uint8_t *out, uint32_t payload_sum, size_t payload_bytes, uint32_t source,
		      uint32_t destination)
{
	size_t header_bytes = header_length(out);

	uint32_t sum = checksum_pseudo(source, destination, PROTOCOL, header_bytes + payload_bytes);

	if (get_be16(out + CHECKSUM) != 0)
		put_be16(out + CHECKSUM, 0);
	sum = checksum_add(sum, (struct bytes) { out, header_bytes });
	put_be16(out + CHECKSUM, checksum_finish(checksum_join(sum, payload_sum, 0)));
}

bool tcp_checksum_is_right(struct bytes segment, uint32_t source, uint32_t destination)
{
	return tcp_checksum_is_right_with(segment, 0, 0, source, destination);
}

bool tcp_checksum_is_right_with(struct bytes segment, uint32_t payload_sum, size_t payload_bytes,
				uint32_t source, uint32_t destination)
{
	uint32_t sum = checksum_pseudo(source, destination, PROTOCOL, segment.length);

	sum = checksum_add(sum, bytes_first(segment, segment.length - payload_bytes));
	return checksum_finish(checksum_join(sum, payload_sum, 0)) == 0;
}

char *tcp_flags_print(uint8_t flags, char out[TCP_FLAGS_TEXT_BYTES])
{
	static const char names[8][4] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR" };
	size_t length = 0;

	for (unsigned bit = 0; bit < 8; bit++) {
		if (!(flags & 1u << bit))
			continue;
		if (length > 0)
			out[length++] = ' ';
		memcpy(out + length, names[bit], 3);
		length += 3;
	}
	out[length] = '\0';
	return length > 0 ? out : memcpy(out, "none", sizeof "none");
}
