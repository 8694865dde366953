#include "protocols/dns/message.h"

/* Byte offsets in the header (RFC 1035 section 4.1.1). */
enum { ID = 0, FLAGS = 2, COUNTS = 4 };

/* Bits of the flags word; AD and CD are of RFC 4035 section 3. */
enum {
	QR = 0x8000,
	OPCODE_SHIFT = 11,
	AA = 0x0400,
	TC = 0x0200,
	RD = 0x0100,
	RA = 0x0080,
	AD = 0x0020,
	CD = 0x0010,
	LOW_FOUR_BITS = 0xf,
};

#define QUESTION_TAIL_BYTES 4  /* QTYPE, QCLASS */
#define RECORD_TAIL_BYTES   10 /* TYPE, CLASS, TTL, RDLENGTH */
#define OPT_BYTES           11 /* root name, tail, no options */
#define OPTION_HEAD_BYTES   4  /* its code and length */
#define COOKIE_OPTION       10 /* RFC 7873 section 4 */
#define COOKIE_BYTES        8  /* of a client */
#define EDNS_DO             0x8000

struct dns_message *dns_message_new(void)
{
	struct dns_message *message = g_new0(struct dns_message, 1);

	message->storage = g_string_chunk_new(256);
	return message;
}

void dns_message_free(struct dns_message *message)
{
	if (message == NULL)
		return;
	for (int i = 0; i < DNS_SECTIONS; i++)
		g_free(message->sections[i].records);
	g_string_chunk_free(message->storage);
	g_free(message);
}

static struct bytes keep_bytes(struct dns_message *message, struct bytes bytes)
{
	const char *kept = g_string_chunk_insert_len(message->storage, (const char *)bytes.data,
						     (gssize)bytes.length);

	return (struct bytes) { (const uint8_t *)kept, bytes.length };
}

static struct dns_name keep_name(struct dns_message *message, struct dns_name name)
{
	struct bytes kept = keep_bytes(message, (struct bytes) { name.wire, name.length });

	return (struct dns_name) { kept.data, kept.length };
}

void dns_message_ask(struct dns_message *message, const struct dns_question *question)
{
	message->question = *question;
	message->question.name = keep_name(message, question->name);
}

void dns_message_add(struct dns_message *message, enum dns_section_index section,
		     const struct dns_record *record)
{
	struct dns_section *to = &message->sections[section];

	if (to->count == to->room) {
		to->room = to->room == 0 ? 4 : to->room * 2;
		to->records = g_renew(struct dns_record, to->records, to->room);
	}
	to->records[to->count] = *record;
	to->records[to->count].name = keep_name(message, record->name);
	to->records[to->count].data = keep_bytes(message, record->data);
	to->count++;
}

bool dns_message_has(const struct dns_message *message, enum dns_section_index section,
		     const struct dns_record *record)
{
	for (unsigned i = 0; i < message->sections[section].count; i++)
		if (dns_record_equal(&message->sections[section].records[i], record))
			return true;
	return false;
}

static void parse_flags(struct dns_message *message, uint16_t flags)
{
	message->is_response = flags & QR;
	message->opcode = flags >> OPCODE_SHIFT & LOW_FOUR_BITS;
	message->is_authoritative = flags & AA;
	message->is_truncated = flags & TC;
	message->recursion_desired = flags & RD;
	message->recursion_available = flags & RA;
	message->authentic_data = flags & AD;
	message->checking_disabled = flags & CD;
	message->rcode = flags & LOW_FOUR_BITS;
}

static enum parse_status parse_question(struct dns_message *message, struct bytes in, size_t *at)
{
	struct dns_name_buffer buffer;
	struct dns_question question;
	enum parse_status status = dns_name_parse(in, at, &buffer, &question.name);

	if (status != PARSE_OK)
		return status;
	if (in.length - *at < QUESTION_TAIL_BYTES)
		return PARSE_TRUNCATED;
	question.type = get_be16(in.data + *at);
	question.class = get_be16(in.data + *at + 2);
	*at += QUESTION_TAIL_BYTES;
	dns_message_ask(message, &question);
	return PARSE_OK;
}

/* OPT puts other things into the fields of a record (RFC 6891 section 6.1.2 and 6.1.3). */
static enum parse_status take_opt(struct dns_message *message, enum dns_section_index section,
				  const struct dns_record *opt, uint32_t ttl)
{
	if (section != DNS_ADDITIONAL || message->edns.is_present || opt->name.length != 1)
		return PARSE_BAD_VALUE;
	message->edns = (struct dns_edns) {
		.is_present = true,
		.dnssec_ok = ttl & EDNS_DO,
		.version = (uint8_t)(ttl >> 16),
		.udp_bytes = opt->class,
	};
	message->rcode |= (uint16_t)(ttl >> 24 << 4);
	return PARSE_OK;
}

/* Parses the record at `*at`; `data` is scratch room. */
static enum parse_status parse_record(struct dns_message *message, enum dns_section_index section,
				      struct bytes in, size_t *at, GByteArray *data)
{
	struct dns_name_buffer buffer;
	struct dns_record record;
	enum parse_status status = dns_name_parse(in, at, &buffer, &record.name);

	if (status != PARSE_OK)
		return status;
	if (in.length - *at < RECORD_TAIL_BYTES)
		return PARSE_TRUNCATED;
	record.type = get_be16(in.data + *at);
	record.class = get_be16(in.data + *at + 2);
	uint32_t ttl = get_be32(in.data + *at + 4);
	size_t data_bytes = get_be16(in.data + *at + 8);
	*at += RECORD_TAIL_BYTES;

	g_byte_array_set_size(data, 0);
	status = dns_data_parse(in, *at, data_bytes, record.type, data);
	if (status != PARSE_OK)
		return status;
	*at += data_bytes;
	if (record.type == DNS_OPT)
		return take_opt(message, section, &record, ttl);

	/* A TTL with the top bit set counts as 0 (RFC 2181 section 8). */
	record.ttl_s = ttl > INT32_MAX ? 0 : ttl;
	record.data = (struct bytes) { data->data, data->len };
	dns_message_add(message, section, &record);
	return PARSE_OK;
}

static enum parse_status parse_body(struct dns_message *message, struct bytes in, GByteArray *data)
{
	enum parse_status status = PARSE_OK;
	size_t at = DNS_HEADER_BYTES;
	unsigned questions = get_be16(in.data + COUNTS);

	if (questions > 1) /* RFC 9619 */
		return PARSE_BAD_VALUE;
	if (questions == 1)
		status = parse_question(message, in, &at);
	for (unsigned section = 0; section < DNS_SECTIONS; section++) {
		unsigned left = get_be16(in.data + COUNTS + 2 + 2 * section);

		for (; left > 0 && status == PARSE_OK; left--)
			status = parse_record(message, section, in, &at, data);
	}
	if (status == PARSE_OK && at != in.length)
		status = PARSE_BAD_LENGTH;
	return status;
}

enum parse_status dns_message_parse(struct bytes in, struct dns_message **message)
{
	if (in.length < DNS_HEADER_BYTES)
		return PARSE_TRUNCATED;

	struct dns_message *parsed = dns_message_new();
	GByteArray *data = g_byte_array_new();

	parsed->id = get_be16(in.data + ID);
	parse_flags(parsed, get_be16(in.data + FLAGS));
	enum parse_status status = parse_body(parsed, in, data);
	g_byte_array_free(data, TRUE);
	if (status == PARSE_OK)
		*message = parsed;
	else
		dns_message_free(parsed);
	return status;
}

#define TARGETS_MAX 128 /* names remembered as targets of pointers; later ones are just longer */

/* A message being written: what is already there, and where names in it start. */
struct writer {
	uint8_t *out;
	size_t limit, length;
	bool is_full; /* something did not fit */
	unsigned target_count;
	uint16_t targets[TARGETS_MAX];
};

static uint8_t *reserve(struct writer *writer, size_t length)
{
	if (writer->is_full || length > writer->limit - writer->length) {
		writer->is_full = true;
		return NULL;
	}
	writer->length += length;
	return writer->out + writer->length - length;
}

static void write_bytes(struct writer *writer, struct bytes bytes)
{
	uint8_t *to = reserve(writer, bytes.length);

	if (to != NULL && bytes.length > 0)
		memcpy(to, bytes.data, bytes.length);
}

static void write_be16(struct writer *writer, uint16_t value)
{
	uint8_t *to = reserve(writer, 2);

	if (to != NULL)
		put_be16(to, value);
}

static void write_be32(struct writer *writer, uint32_t value)
{
	write_be16(writer, (uint16_t)(value >> 16));
	write_be16(writer, (uint16_t)value);
}

/* True when the name we wrote at `at` is `name`, to the letter: case is kept on the wire. */
static bool is_written_at(const struct writer *writer, size_t at, struct dns_name name)
{
	const uint8_t *label = name.wire;

	for (;;) {
		const uint8_t *written = writer->out + at;

		if (written[0] >= 0xc0) {
			at = get_be16(written) & 0x3fff;
			continue;
		}
		if (written[0] != label[0] || memcmp(written + 1, label + 1, label[0]) != 0)
			return false;
		if (label[0] == 0)
			return true;
		at += 1 + (size_t)label[0];
		label += 1 + label[0];
	}
}

/* Writes a pointer to where `name` stands already; false when it stands nowhere. */
static bool write_pointer(struct writer *writer, struct dns_name name)
{
	for (unsigned i = 0; i < writer->target_count; i++) {
		if (is_written_at(writer, writer->targets[i], name)) {
			write_be16(writer, (uint16_t)(0xc000 | writer->targets[i]));
			return true;
		}
	}
	return false;
}

/* Writes `name`, its end as a pointer where possible (RFC 1035 section 4.1.4). */
static void write_name(struct writer *writer, struct dns_name name)
{
	size_t start = writer->length;
	unsigned labels = 0;

	for (; name.wire[0] != 0; name = dns_name_parent(name), labels++) {
		if (write_pointer(writer, name))
			break;
		write_bytes(writer, (struct bytes) { name.wire, 1 + (size_t)name.wire[0] });
	}
	if (name.wire[0] == 0)
		write_bytes(writer, (struct bytes) { name.wire, 1 });
	if (writer->is_full)
		return;

	/* Every label written out may be pointed to, now that the whole name stands. */
	for (size_t at = start; labels > 0; labels--, at += 1 + (size_t)writer->out[at])
		if (at <= 0x3fff && writer->target_count < TARGETS_MAX)
			writer->targets[writer->target_count++] = (uint16_t)at;
}

static void write_data(struct writer *writer, const struct dns_record *record)
{
	struct bytes rest = record->data;

	for (const char *kind = dns_data_layout(record->type); *kind != '\0'; kind++) {
		size_t length = dns_field_length(*kind, rest);

		if (*kind == 'n')
			write_name(writer, dns_name_at(rest.data));
		else
			write_bytes(writer, bytes_first(rest, length));
		rest = bytes_from(rest, length);
	}
}

/* Writes a whole record, or nothing and returns false: then no name will be written any more. */
static bool write_record(struct writer *writer, const struct dns_record *record)
{
	size_t length_before = writer->length;

	write_name(writer, record->name);
	write_be16(writer, record->type);
	write_be16(writer, record->class);
	write_be32(writer, record->ttl_s);
	uint8_t *data_length = reserve(writer, 2);
	size_t data_start = writer->length;
	write_data(writer, record);
	if (!writer->is_full) {
		put_be16(data_length, (uint16_t)(writer->length - data_start));
		return true;
	}
	writer->length = length_before;
	return false;
}

static void write_opt(struct writer *writer, const struct dns_message *message)
{
	const struct dns_edns *edns = &message->edns;

	write_name(writer, dns_name_root());
	write_be16(writer, DNS_OPT);
	write_be16(writer, edns->udp_bytes);
	write_be32(writer, (uint32_t)message->rcode >> 4 << 24 | (uint32_t)edns->version << 16 |
			       (edns->dnssec_ok ? EDNS_DO : 0));
	if (!edns->has_cookie) {
		write_be16(writer, 0);
		return;
	}
	write_be16(writer, OPTION_HEAD_BYTES + COOKIE_BYTES);
	write_be16(writer, COOKIE_OPTION);
	write_be16(writer, COOKIE_BYTES);
	write_be32(writer, (uint32_t)(edns->cookie >> 32));
	write_be32(writer, (uint32_t)edns->cookie);
}

static size_t opt_bytes(const struct dns_edns *edns)
{
	if (!edns->is_present)
		return 0;
	return OPT_BYTES + (edns->has_cookie ? OPTION_HEAD_BYTES + COOKIE_BYTES : 0);
}

static uint16_t flags_of(const struct dns_message *message)
{
	unsigned flags = (unsigned)(message->opcode & LOW_FOUR_BITS) << OPCODE_SHIFT |
			 (message->rcode & LOW_FOUR_BITS);

	flags |= message->is_response ? QR : 0;
	flags |= message->is_authoritative ? AA : 0;
	flags |= message->is_truncated ? TC : 0;
	flags |= message->recursion_desired ? RD : 0;
	flags |= message->recursion_available ? RA : 0;
	flags |= message->authentic_data ? AD : 0;
	flags |= message->checking_disabled ? CD : 0;
	return (uint16_t)flags;
}

/* Writes the records that fit, from the first on, and their counts. */
static void write_sections(struct writer *writer, const struct dns_message *message)
{
	for (unsigned i = 0; i < DNS_SECTIONS; i++) {
		const struct dns_section *section = &message->sections[i];
		unsigned written = 0;

		while (written < section->count && write_record(writer, &section->records[written]))
			written++;
		put_be16(writer->out + COUNTS + 2 + 2 * i, (uint16_t)written);
		if (written < section->count && i != DNS_ADDITIONAL)
			put_be16(writer->out + FLAGS, get_be16(writer->out + FLAGS) | TC);
	}
}

size_t dns_message_emit(const struct dns_message *message, size_t limit, uint8_t *out)
{
	struct writer writer = { .out = out, .limit = limit, .length = DNS_HEADER_BYTES };
	bool has_question = message->question.name.length != 0;

	g_assert(limit >= DNS_UDP_BYTES);
	writer.limit -= opt_bytes(&message->edns);
	put_be16(out + ID, message->id);
	put_be16(out + FLAGS, flags_of(message));
	put_be16(out + COUNTS, has_question);
	if (has_question) {
		write_name(&writer, message->question.name);
		write_be16(&writer, message->question.type);
		write_be16(&writer, message->question.class);
	}
	write_sections(&writer, message);
	if (message->edns.is_present) {
		uint8_t *additional = out + COUNTS + 2 + 2 * DNS_ADDITIONAL;

		writer.limit += opt_bytes(&message->edns);
		writer.is_full = false;
		write_opt(&writer, message);
		put_be16(additional, (uint16_t)(get_be16(additional) + 1));
	}
	return writer.length;
}
