#include "stack/wire/field.h"
#include <inttypes.h>
#include <stdio.h>
#include "stack/wire/address.h"
#include "stack/wire/ipv6.h"

struct bytes field_bytes(const struct field *field, struct bytes in)
{
	size_t first = field->bit_offset / 8;
	size_t end = (size_t)(field->bit_offset + field->bit_width + 7) / 8;
	struct bytes rest = bytes_from(in, first);

	return field->bit_width == 0 ? rest : bytes_first(rest, end - first);
}

enum parse_status field_value(const struct field *field, struct bytes in, uint64_t *value)
{
	if (field->bit_width == 0 || field->bit_width > 64)
		return PARSE_UNSUPPORTED;
	if (field->bit_offset + (size_t)field->bit_width > in.length * 8)
		return PARSE_TRUNCATED;

	/* A field of 64 bits begins at a byte, so no bit is shifted out. */
	struct bytes bytes = field_bytes(field, in);
	unsigned bits_behind = (8 - (unsigned)(field->bit_offset + field->bit_width) % 8) % 8;
	uint64_t number = 0;

	for (size_t i = 0; i < bytes.length; i++)
		number = number << 8 | bytes.data[i];
	number >>= bits_behind;
	if (field->bit_width < 64)
		number &= (UINT64_C(1) << field->bit_width) - 1;
	*value = number;
	return PARSE_OK;
}

const char *field_value_name(const struct field *field, uint64_t value)
{
	if (field->names == NULL)
		return NULL;
	for (const struct field_name *entry = field->names; entry->name != NULL; entry++) {
		if (entry->value == value)
			return entry->name;
	}
	return NULL;
}

static char *print_text(const char *text, char *out)
{
	return memcpy(out, text, strlen(text) + 1);
}

static void print_decimal(const struct field *field, uint64_t value, char *out)
{
	unsigned scale = field->scale == 0 ? 1 : field->scale;
	const char *space = field->unit == NULL ? "" : " ";
	const char *unit = field->unit == NULL ? "" : field->unit;
	int length = snprintf(out, FIELD_TEXT_BYTES, "%" PRIu64 "%s%s", value * scale, space, unit);

	if (scale != 1)
		snprintf(out + length, FIELD_TEXT_BYTES - (size_t)length, " (%" PRIu64 ")", value);
}

static void print_enum(const struct field *field, uint64_t value, char *out)
{
	const char *name = field_value_name(field, value);

	if (name == NULL)
		snprintf(out, FIELD_TEXT_BYTES, "%" PRIu64, value);
	else if (field->bit_width == 16 && value >= 0x600)
		snprintf(out, FIELD_TEXT_BYTES, "%s (0x%04" PRIx64 ")", name, value);
	else
		snprintf(out, FIELD_TEXT_BYTES, "%s (%" PRIu64 ")", name, value);
}

static void print_mac(uint64_t value, char *out)
{
	mac_print(mac_from_number(value), out);
}

static void print_bytes(struct bytes bytes, char *out)
{
	static const size_t shown_max = 24;
	size_t shown = bytes.length < shown_max ? bytes.length : shown_max;
	int length = snprintf(out, FIELD_TEXT_BYTES, "%zu byte%s", bytes.length,
			      bytes.length == 1 ? "" : "s");

	for (size_t i = 0; i < shown; i++)
		length += snprintf(out + length, FIELD_TEXT_BYTES - (size_t)length, "%s%02x",
				   i == 0       ? ": "
				   : i % 4 == 0 ? " "
						: "",
				   bytes.data[i]);
	if (shown < bytes.length)
		snprintf(out + length, FIELD_TEXT_BYTES - (size_t)length, "...");
}

/* Wider than a number: from its bytes. */
static void print_ipv6(struct bytes bytes, char *out)
{
	struct ip_address address;

	if (bytes.length < sizeof address.octets) {
		print_text("(missing)", out);
		return;
	}
	memcpy(address.octets, bytes.data, sizeof address.octets);
	ip_address_print(address, out);
}

char *field_print(const struct field *field, struct bytes in, char out[FIELD_TEXT_BYTES])
{
	uint64_t value;
	enum parse_status status = field_value(field, in, &value);

	if (status == PARSE_TRUNCATED)
		return print_text("(missing)", out);
	if (field->format == FIELD_IPV6) {
		print_ipv6(field_bytes(field, in), out);
		return out;
	}
	if (status != PARSE_OK || field->format == FIELD_BYTES) {
		print_bytes(field_bytes(field, in), out);
		return out;
	}

	switch ((enum field_format)field->format) {
	case FIELD_DECIMAL:
		print_decimal(field, value, out);
		break;
	case FIELD_HEX:
		snprintf(out, FIELD_TEXT_BYTES, "0x%0*" PRIx64, (field->bit_width + 3) / 4, value);
		break;
	case FIELD_FLAG:
		print_text(value ? "set" : "not set", out);
		break;
	case FIELD_ENUM:
		print_enum(field, value, out);
		break;
	case FIELD_MAC:
		print_mac(value, out);
		break;
	case FIELD_IPV4:
		ipv4_print((uint32_t)value, out);
		break;
	case FIELD_IPV6:
	case FIELD_BYTES:
		break;
	}
	return out;
}
