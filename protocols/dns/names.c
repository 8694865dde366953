#include "protocols/dns/names.h"

static const char *const details[DNS_DETAIL_COUNT] = {
	[DNS_ROW_ADDED] = "cached",
	[DNS_ROW_EXPIRED] = "expired",
	[DNS_ROW_EVICTED] = "evicted",
	[DNS_ROW_REPLACED] = "replaced",
	[DNS_LOOKUP] = "lookup",
	[DNS_LOOKUP_SPENT] = "lookup: too many queries for one question",
	[DNS_QUERY_OF_HOST] = "query",
	[DNS_UNIT_QUERY] = "query message",
	[DNS_UNIT_RESPONSE] = "response message",
	[DNS_DROP_MALFORMED] = "malformed message",
	[DNS_DROP_FORGED] = "not the answer to a query",
	[DNS_DROP_LATE] = "nobody waits for it",
};

const struct layer_names dns_layer_names = {
	.layer = LAYER_DNS,
	.name = "DNS",
	.key = "dns",
	.details = details,
	.detail_count = DNS_DETAIL_COUNT,
};

const char *const dns_lookup_state_names[DNS_LOOKUP_STATE_COUNT] = {
	[DNS_LOOKUP_NONE] = "new",
	[DNS_LOOKUP_ASKING] = "asking",
	[DNS_LOOKUP_WAITING] = "waiting for a server's address",
	[DNS_LOOKUP_ANSWERED] = "answered",
	[DNS_LOOKUP_FAILED] = "failed",
};

const char *const dns_cache_kind_names[] = {
	[DNS_CACHE_RECORDS] = "records",
	[DNS_CACHE_NO_DATA] = "no such records",
	[DNS_CACHE_NO_NAME] = "no such name",
	[DNS_CACHE_FAILURE] = "failed",
};

static void append(GByteArray *out, const uint8_t *data, size_t length)
{
	g_byte_array_append(out, data, (guint)length);
}

static void append_be16(GByteArray *out, uint16_t value)
{
	uint8_t bytes[2];

	put_be16(bytes, value);
	append(out, bytes, sizeof bytes);
}

/* Type, class, TTL and length of data, as behind a record's name on the wire. */
static void append_record(GByteArray *out, const struct dns_record *record)
{
	uint8_t ttl[4];

	append(out, record->name.wire, record->name.length);
	append_be16(out, record->type);
	append_be16(out, record->class);
	put_be32(ttl, record->ttl_s);
	append(out, ttl, sizeof ttl);
	append_be16(out, (uint16_t)record->data.length);
	append(out, record->data.data, record->data.length);
}

void dns_row_emit(const struct dns_cache_entry *entry, GByteArray *out)
{
	append(out, &entry->kind, 1);
	append(out, &entry->trust, 1);
	append_be16(out, entry->type);
	append(out, entry->name.wire, entry->name.length);
	for (unsigned i = 0; i < entry->count; i++)
		append_record(out, &entry->records[i]);
}

/* Takes an uncompressed name off the front of `in`. */
static enum parse_status take_name(struct bytes *in, struct dns_name *name)
{
	struct dns_name_buffer buffer;
	size_t length = 0;
	enum parse_status status = dns_name_parse(*in, &length, &buffer, name);

	if (status != PARSE_OK)
		return status;
	if (length != name->length)
		return PARSE_BAD_VALUE;
	name->wire = in->data;
	*in = bytes_from(*in, length);
	return PARSE_OK;
}

static enum parse_status take_record(struct bytes *in, struct dns_record *record)
{
	enum parse_status status = take_name(in, &record->name);

	if (status != PARSE_OK)
		return status;
	if (in->length < 10 || in->length - 10 < get_be16(in->data + 8))
		return PARSE_TRUNCATED;
	record->type = get_be16(in->data);
	record->class = get_be16(in->data + 2);
	record->ttl_s = get_be32(in->data + 4);
	record->data = (struct bytes) { in->data + 10, get_be16(in->data + 8) };
	*in = bytes_from(*in, 10 + record->data.length);
	return PARSE_OK;
}

enum parse_status dns_row_parse(struct bytes in, struct dns_cache_entry *entry, GArray *records)
{
	if (in.length < 4)
		return PARSE_TRUNCATED;
	if (in.data[0] > DNS_CACHE_FAILURE || in.data[1] > DNS_TRUST_ANSWER)
		return PARSE_BAD_VALUE;
	*entry = (struct dns_cache_entry) {
		.kind = in.data[0],
		.trust = in.data[1],
		.type = get_be16(in.data + 2),
	};
	in = bytes_from(in, 4);

	enum parse_status status = take_name(&in, &entry->name);
	while (status == PARSE_OK && in.length > 0) {
		struct dns_record record;

		status = take_record(&in, &record);
		if (status == PARSE_OK)
			g_array_append_val(records, record);
	}
	entry->records = (struct dns_record *)(void *)records->data;
	entry->count = records->len;
	return status;
}

void dns_question_emit(struct dns_name name, uint16_t type, struct dns_name zone, GByteArray *out)
{
	append(out, name.wire, name.length);
	append_be16(out, type);
	append(out, zone.wire, zone.length);
}

enum parse_status dns_question_parse(struct bytes in, struct dns_name *name, uint16_t *type,
				     struct dns_name *zone)
{
	enum parse_status status = take_name(&in, name);

	if (status != PARSE_OK)
		return status;
	if (in.length < 2)
		return PARSE_TRUNCATED;
	*type = get_be16(in.data);
	in = bytes_from(in, 2);
	*zone = (struct dns_name) { NULL, 0 };
	return in.length == 0 ? PARSE_OK : take_name(&in, zone);
}
