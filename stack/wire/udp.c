#include "stack/wire/udp.h"
#include "stack/wire/checksum.h"

/* Byte offsets of the fields, in the order of the figure in RFC 768. */
enum { SOURCE_PORT = 0, DESTINATION_PORT = 2, LENGTH = 4, CHECKSUM = 6 };

enum { PROTOCOL = 17 };

enum parse_status udp_header_parse(struct bytes in, struct udp_header *header,
				   struct bytes *payload)
{
	if (in.length < UDP_HEADER_BYTES)
		return PARSE_TRUNCATED;

	uint16_t length_bytes = get_be16(in.data + LENGTH);
	if (length_bytes < UDP_HEADER_BYTES || length_bytes > in.length)
		return PARSE_BAD_LENGTH;

	*header = (struct udp_header) {
		.source_port = get_be16(in.data + SOURCE_PORT),
		.destination_port = get_be16(in.data + DESTINATION_PORT),
		.length_bytes = length_bytes,
		.checksum = get_be16(in.data + CHECKSUM),
	};

	/* The payload ends where UDP says: Ethernet pads short frames. */
	*payload = bytes_from(bytes_first(in, length_bytes), UDP_HEADER_BYTES);
	return PARSE_OK;
}

void udp_header_emit(const struct udp_header *header, uint8_t *out)
{
	put_be16(out + SOURCE_PORT, header->source_port);
	put_be16(out + DESTINATION_PORT, header->destination_port);
	put_be16(out + LENGTH, header->length_bytes);
	put_be16(out + CHECKSUM, header->checksum);
}

void udp_checksum_set(uint8_t *out, uint32_t payload_sum, uint32_t source, uint32_t destination)
{
	put_be16(out + CHECKSUM, 0);

	uint32_t sum = checksum_pseudo(source, destination, PROTOCOL, get_be16(out + LENGTH));
	sum = checksum_add(sum, (struct bytes) { out, UDP_HEADER_BYTES });
	uint16_t checksum = checksum_finish(checksum_join(sum, payload_sum, 0));

	put_be16(out + CHECKSUM, checksum == 0 ? 0xffff : checksum);
}

bool udp_checksum_is_right(struct bytes datagram, uint32_t source, uint32_t destination)
{
	if (get_be16(datagram.data + CHECKSUM) == 0)
		return true;

	uint32_t sum = checksum_pseudo(source, destination, PROTOCOL, datagram.length);
	return checksum_finish(checksum_add(sum, datagram)) == 0;
}

/* clang-format off */
static const struct field fields[] = {
	{ "Source Port", 0, 16, FIELD_DECIMAL,
	  .purpose = "The port of the sending program, where an answer goes.",
	  .reference = "RFC 768" },
	{ "Destination Port", 16, 16, FIELD_DECIMAL,
	  .purpose = "The port of the program that shall get the datagram.",
	  .reference = "RFC 768" },
	{ "Length", 32, 16, FIELD_DECIMAL, .unit = "bytes",
	  .purpose = "How long header and data are together.",
	  .reference = "RFC 768" },
	{ "Checksum", 48, 16, FIELD_HEX,
	  .purpose = "Shows damage to data, header or addresses; 0 says that the sender computed none.",
	  .reference = "RFC 768" },
};
/* clang-format on */

const struct field_table udp_fields = {
	.name = "UDP header",
	.fields = fields,
	.field_count = sizeof fields / sizeof *fields,
	.purpose = "Brings one datagram to a program on the destination host, without guarantee.",
};
