#include "protocols/dns/record.h"

#include <stdio.h>

struct type_info {
	uint16_t type;
	const char *name;
	const char *layout;
};

/* Only the types of RFC 1035 may hold compressed names (RFC 3597 section 4). */
/* clang-format off */
static const struct type_info types[] = {
	{ DNS_A, "A", "a" },
	{ DNS_NS, "NS", "n" },
	{ DNS_CNAME, "CNAME", "n" },
	{ DNS_SOA, "SOA", "nn44444" },
	{ DNS_PTR, "PTR", "n" },
	{ DNS_MX, "MX", "2n" },
	{ DNS_TXT, "TXT", "s" },
	{ DNS_AAAA, "AAAA", "6" },
	{ DNS_SRV, "SRV", "222N" },
	{ DNS_OPT, "OPT", "x" },
	{ DNS_AXFR, "AXFR", "x" },
	{ DNS_ANY, "ANY", "x" },
	/* Those that have no more than a name here. */
	{ 13, "HINFO", "x" },
	{ 35, "NAPTR", "x" },
	{ 43, "DS", "x" },
	{ 44, "SSHFP", "x" },
	{ 46, "RRSIG", "x" },
	{ 47, "NSEC", "x" },
	{ 48, "DNSKEY", "x" },
	{ 50, "NSEC3", "x" },
	{ 51, "NSEC3PARAM", "x" },
	{ 52, "TLSA", "x" },
	{ 61, "OPENPGPKEY", "x" },
	{ 64, "SVCB", "x" },
	{ 65, "HTTPS", "x" },
	{ 99, "SPF", "x" },
	{ 249, "TKEY", "x" },
	{ 250, "TSIG", "x" },
	{ 251, "IXFR", "x" },
	{ 257, "CAA", "x" },
};
/* clang-format on */

static const struct type_info *find_type(uint16_t type)
{
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
		if (types[i].type == type)
			return &types[i];
	return NULL;
}

const char *dns_data_layout(uint16_t type)
{
	const struct type_info *info = find_type(type);

	return info == NULL ? "x" : info->layout;
}

char *dns_type_print(uint16_t type, char out[DNS_TYPE_TEXT_BYTES])
{
	const struct type_info *info = find_type(type);

	if (info != NULL)
		g_strlcpy(out, info->name, DNS_TYPE_TEXT_BYTES);
	else
		snprintf(out, DNS_TYPE_TEXT_BYTES, "TYPE%u", type);
	return out;
}

bool dns_type_from_text(const char *text, uint16_t *type)
{
	guint64 number;

	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		if (g_ascii_strcasecmp(types[i].name, text) == 0) {
			*type = types[i].type;
			return true;
		}
	}
	if (g_ascii_strncasecmp(text, "TYPE", 4) != 0 ||
	    !g_ascii_string_to_unsigned(text + 4, 10, 0, UINT16_MAX, &number, NULL))
		return false;
	*type = (uint16_t)number;
	return true;
}

bool dns_record_address(const struct dns_record *record, uint32_t *address)
{
	if (record->type != DNS_A)
		return false;
	*address = get_be32(record->data.data);
	return true;
}

bool dns_record_host(const struct dns_record *record, struct dns_name *host)
{
	if (record->type != DNS_NS && record->type != DNS_CNAME && record->type != DNS_PTR)
		return false;
	*host = dns_name_at(record->data.data);
	return true;
}

bool dns_record_mx(const struct dns_record *record, uint16_t *preference, struct dns_name *exchange)
{
	if (record->type != DNS_MX)
		return false;
	*preference = get_be16(record->data.data);
	*exchange = dns_name_at(record->data.data + 2);
	return true;
}

bool dns_record_soa(const struct dns_record *record, struct dns_soa *soa)
{
	if (record->type != DNS_SOA)
		return false;

	struct dns_name primary = dns_name_at(record->data.data);
	struct dns_name mailbox = dns_name_at(primary.wire + primary.length);
	const uint8_t *numbers = mailbox.wire + mailbox.length;

	*soa = (struct dns_soa) {
		.primary = primary,
		.mailbox = mailbox,
		.serial = get_be32(numbers),
		.refresh_s = get_be32(numbers + 4),
		.retry_s = get_be32(numbers + 8),
		.expire_s = get_be32(numbers + 12),
		.minimum_s = get_be32(numbers + 16),
	};
	return true;
}

size_t dns_field_length(char kind, struct bytes data)
{
	switch (kind) {
	case 'n':
	case 'N':
		return dns_name_at(data.data).length;
	case '2':
		return 2;
	case '4':
	case 'a':
		return 4;
	case '6':
		return 16;
	default:
		return data.length;
	}
}

static bool field_equal(char kind, struct bytes a, struct bytes b)
{
	if (kind == 'n' || kind == 'N')
		return dns_name_equal(dns_name_at(a.data), dns_name_at(b.data));
	return bytes_equal(a, b);
}

/* Equal in meaning: names inside are compared without case (RFC 4343 section 3). */
static bool data_equal(uint16_t type, struct bytes a, struct bytes b)
{
	for (const char *kind = dns_data_layout(type); *kind != '\0'; kind++) {
		size_t length_a = dns_field_length(*kind, a), length_b = dns_field_length(*kind, b);

		if (!field_equal(*kind, bytes_first(a, length_a), bytes_first(b, length_b)))
			return false;
		a = bytes_from(a, length_a);
		b = bytes_from(b, length_b);
	}
	return true;
}

bool dns_record_equal(const struct dns_record *a, const struct dns_record *b)
{
	return a->type == b->type && a->class == b->class && dns_name_equal(a->name, b->name) &&
	       data_equal(a->type, a->data, b->data);
}

/* Checks that `data` is a run of one or more character strings (RFC 1035 section 3.3). */
static bool are_strings(struct bytes data)
{
	if (data.length == 0)
		return false;
	while (data.length > 0) {
		if ((size_t)data.data[0] + 1 > data.length)
			return false;
		data = bytes_from(data, (size_t)data.data[0] + 1);
	}
	return true;
}

/* Parses one field of RDATA ending at `end`, appends it to `out` and moves `*at` behind it. */
static enum parse_status parse_field(char kind, struct bytes message, size_t *at, size_t end,
				     GByteArray *out)
{
	size_t left = end - *at;
	size_t length = left;

	switch (kind) {
	case 'n':
	case 'N': {
		struct dns_name_buffer buffer;
		struct dns_name name;
		enum parse_status status =
		    dns_name_parse(bytes_first(message, end), at, &buffer, &name);

		if (status == PARSE_OK)
			g_byte_array_append(out, name.wire, (guint)name.length);
		return status;
	}
	case '2':
		length = 2;
		break;
	case '4':
	case 'a':
		length = 4;
		break;
	case '6':
		length = 16;
		break;
	case 's':
		if (!are_strings((struct bytes) { message.data + *at, left }))
			return PARSE_BAD_LENGTH;
		break;
	default:
		break;
	}
	if (length > left)
		return PARSE_BAD_LENGTH;
	g_byte_array_append(out, message.data + *at, (guint)length);
	*at += length;
	return PARSE_OK;
}

enum parse_status dns_data_parse(struct bytes message, size_t offset, size_t length, uint16_t type,
				 GByteArray *out)
{
	size_t at = offset, end = offset + length;

	if (end > message.length)
		return PARSE_TRUNCATED;
	for (const char *kind = dns_data_layout(type); *kind != '\0'; kind++) {
		enum parse_status status = parse_field(*kind, message, &at, end, out);

		/* What ends early here ends inside the message: RDLENGTH is wrong. */
		if (status != PARSE_OK)
			return status == PARSE_TRUNCATED ? PARSE_BAD_LENGTH : status;
	}
	return at == end ? PARSE_OK : PARSE_BAD_LENGTH;
}
