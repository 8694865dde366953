#include "stack/wire/option.h"

enum { KIND = 0, LENGTH = 1, DATA = 2 };

enum parse_status option_next(struct bytes *rest, struct option *option)
{
	if (rest->length == 0)
		return PARSE_TRUNCATED;

	uint8_t kind = rest->data[KIND];
	size_t length = 1;

	if (kind != OPTION_END && kind != OPTION_NOP) {
		if (rest->length < DATA)
			return PARSE_TRUNCATED;
		length = rest->data[LENGTH];
		if (length < DATA)
			return PARSE_BAD_LENGTH;
		if (length > rest->length)
			return PARSE_TRUNCATED;
	}

	*option = (struct option) {
		.kind = kind,
		.whole = bytes_first(*rest, length),
		.data = bytes_from(bytes_first(*rest, length), DATA),
	};
	*rest = bytes_from(*rest, length);
	return PARSE_OK;
}
