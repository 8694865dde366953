#include "stack/wire/icmp.h"
#include "stack/wire/checksum.h"

enum { TYPE = 0, CODE = 1, CHECKSUM = 2, REST = 4 };

enum parse_status icmp_header_parse(struct bytes in, struct icmp_header *header,
				    struct bytes *payload)
{
	if (in.length < ICMP_HEADER_BYTES)
		return PARSE_TRUNCATED;

	*header = (struct icmp_header) {
		.type = in.data[TYPE],
		.code = in.data[CODE],
		.checksum = get_be16(in.data + CHECKSUM),
		.rest = get_be32(in.data + REST),
	};
	*payload = bytes_from(in, ICMP_HEADER_BYTES);
	return PARSE_OK;
}

void icmp_header_emit(const struct icmp_header *header, uint8_t *out)
{
	out[TYPE] = header->type;
	out[CODE] = header->code;
	put_be16(out + CHECKSUM, header->checksum);
	put_be32(out + REST, header->rest);
}

void icmp_checksum_set(uint8_t *out, size_t length_bytes)
{
	put_be16(out + CHECKSUM, 0);
	put_be16(out + CHECKSUM, checksum_of((struct bytes) { out, length_bytes }));
}

bool icmp_checksum_is_right(struct bytes message)
{
	return checksum_of(message) == 0;
}
