#include "protocols/dns/dissect.h"

#include "protocols/dns/dissect_parts.h"

#define PREFIX_BYTES        2  /* length in front of a message over TCP (RFC 1035 section 4.2.2) */
#define QUESTION_TAIL_BYTES 4  /* QTYPE, QCLASS */
#define RECORD_TAIL_BYTES   10 /* TYPE, CLASS, TTL, RDLENGTH */

static enum parse_status walk_question(struct dns_walk *walk, struct dns_part *part)
{
	part->start = walk->at;
	enum parse_status status =
	    dns_name_parse(walk->message, &walk->at, &part->buffer, &part->name);

	if (status != PARSE_OK)
		return status;
	if (walk->message.length - walk->at < QUESTION_TAIL_BYTES)
		return PARSE_TRUNCATED;
	part->name_end = walk->at;
	part->type = get_be16(walk->message.data + walk->at);
	part->class = get_be16(walk->message.data + walk->at + 2);
	walk->at += QUESTION_TAIL_BYTES;
	part->data = part->end = walk->at;
	return PARSE_OK;
}

static enum parse_status walk_record(struct dns_walk *walk, struct dns_part *part)
{
	enum parse_status status = walk_question(walk, part);

	if (status != PARSE_OK)
		return status;
	const uint8_t *tail = walk->message.data + part->name_end;
	if (walk->message.length - part->name_end < RECORD_TAIL_BYTES)
		return PARSE_TRUNCATED;
	part->ttl_s = get_be32(tail + 4);
	part->data = part->name_end + RECORD_TAIL_BYTES;
	part->end = part->data + get_be16(tail + 8);
	if (part->end > walk->message.length)
		return PARSE_TRUNCATED;
	walk->at = part->end;
	return PARSE_OK;
}

/* Header units. */

static void add_header(struct dns_walk *walk)
{
	char printed[FIELD_TEXT_BYTES];

	if (dns_output_passes_over(walk->output, 1 + dns_header_fields.field_count))
		return;

	struct dissect_unit *header =
	    dns_output_add(walk->output, &(struct dissect_unit) {
					     .name = "Header",
					     .purpose = dns_header_fields.purpose,
					     .reference = "RFC 1035 section 4.1.1",
					     .depth = 1,
					     .is_complete = true,
					     .offset = (uint32_t)walk->base,
					     .length = DNS_HEADER_BYTES,
					 });
	struct dns_text text = dns_summary_of(header);

	dns_text_print(&text, "id 0x%04x", get_be16(walk->message.data));
	for (unsigned i = 0; i < dns_header_fields.field_count; i++) {
		const struct field *field = &dns_header_fields.fields[i];
		struct bytes bytes = field_bytes(field, walk->message);
		struct dissect_unit *unit = dns_output_add(
		    walk->output, &(struct dissect_unit) {
				      .name = field->name,
				      .purpose = field->purpose,
				      .reference = field->reference,
				      .depth = 2,
				      .is_complete = true,
				      .offset = (uint32_t)(walk->base + field->bit_offset / 8),
				      .length = (uint32_t)bytes.length,
				  });

		if (field->bit_width % 8 != 0) {
			unit->bit = field->bit_offset % 8;
			unit->bits = (uint8_t)field->bit_width;
		}
		struct dns_text value = dns_summary_of(unit);

		dns_text_print(&value, "%s", field_print(field, walk->message, printed));
	}
}

/* Units of questions and records. */

static struct dissect_unit *add_part(struct dns_walk *walk, const struct dns_part *part,
				     const char *name, const char *purpose, const char *reference)
{
	return dns_output_add(walk->output, &(struct dissect_unit) {
						.name = name,
						.purpose = purpose,
						.reference = reference,
						.depth = 1,
						.is_complete = true,
						.offset = (uint32_t)(walk->base + part->start),
						.length = (uint32_t)(part->end - part->start),
					    });
}

static void add_question(struct dns_walk *walk, const struct dns_part *part, bool is_update)
{
	char name[DNS_NAME_TEXT_BYTES], type[DNS_TYPE_TEXT_BYTES];

	if (dns_output_passes_over(walk->output, 1 + DNS_QUESTION_FIELDS))
		return;

	struct dns_text text = dns_summary_of(
	    is_update
		? add_part(walk, part, "Zone", "Which zone is to change.", "RFC 2136 section 2.3")
		: add_part(walk, part, "Question", "What is asked.", "RFC 1035 section 4.1.2"));

	dns_text_print(&text, "%s %s", dns_name_print(part->name, name),
		       dns_type_print(part->type, type));
	dns_add_question_fields(walk, part);
}

struct section_text {
	const char *name, *purpose, *reference;
};

static const struct section_text sections[DNS_SECTIONS] = {
	{"Answer",      "A record that answers the question.",                            "RFC 1035 section 4.1.3"},
	{ "Authority",
         "Who is responsible: servers of a zone, or proof that there is no such record.", "RFC 1035 section 4.1.3"},
	{ "Additional", "What the asker will want to know next.",                         "RFC 1035 section 4.1.3"},
};

static const struct section_text update_sections[DNS_SECTIONS] = {
	{"Prerequisite", "What must be there, or must not, for the update to be made.",
         "RFC 2136 section 2.4"									       },
	{ "Update",      "What is to be added or deleted.",                             "RFC 2136 section 2.5"},
	{ "Additional",  "What belongs to the update, such as addresses.",              "RFC 2136 section 2.6"},
};

static void add_record(struct dns_walk *walk, const struct section_text *section,
		       const struct dns_part *part)
{
	if (walk->output->count >= walk->output->capacity) {
		walk->output->count += 1 + dns_record_field_count(walk->message, part);
		return;
	}
	if (part->type == DNS_OPT) {
		struct dns_text text = dns_summary_of(
		    add_part(walk, part, "OPT", "Extensions of the sender (EDNS), no record.",
			     "RFC 6891 section 6.1"));

		dns_text_print(&text, "EDNS, takes %u bytes over UDP", part->class);
	} else {
		struct dns_text text = dns_summary_of(
		    add_part(walk, part, section->name, section->purpose, section->reference));

		dns_text_print_record(&text, walk->message, part);
	}
	dns_add_record_fields(walk, part);
}

/* A copy of `part`, whose name is in its own buffer. */
static void keep_part(struct dns_part *kept, const struct dns_part *part)
{
	*kept = *part;
	kept->name.wire = kept->buffer.wire;
}

static enum parse_status walk_questions(struct dns_walk *walk, struct dns_overview *overview)
{
	struct dns_part part;

	for (unsigned left = get_be16(walk->message.data + 4); left > 0; left--) {
		enum parse_status status = walk_question(walk, &part);

		if (status != PARSE_OK)
			return status;
		if (overview->questions++ == 0)
			keep_part(&overview->question, &part);
		add_question(walk, &part, overview->opcode == DNS_UPDATE);
	}
	return PARSE_OK;
}

static enum parse_status walk_section(struct dns_walk *walk, unsigned section,
				      struct dns_overview *overview)
{
	const struct section_text *text =
	    overview->opcode == DNS_UPDATE ? &update_sections[section] : &sections[section];
	struct dns_part part;

	for (unsigned left = get_be16(walk->message.data + 6 + 2 * section); left > 0; left--) {
		enum parse_status status = walk_record(walk, &part);

		if (status != PARSE_OK)
			return status;
		add_record(walk, text, &part);
		if (part.type == DNS_OPT)
			overview->rcode |= part.ttl_s >> 24 << 4;
		else if (overview->counts[section]++ == 0)
			keep_part(&overview->first[section], &part);
	}
	return PARSE_OK;
}

static void walk_message(struct dns_walk *walk, struct dns_overview *overview)
{
	enum parse_status status;

	overview->opcode = walk->message.data[2] >> 3 & 0xf;
	overview->rcode = walk->message.data[3] & 0xf;
	walk->at = DNS_HEADER_BYTES;
	add_header(walk);
	status = walk_questions(walk, overview);
	for (unsigned section = 0; section < DNS_SECTIONS && status == PARSE_OK; section++)
		status = walk_section(walk, section, overview);
	overview->is_cut = status != PARSE_OK && walk->output->is_cut;
	overview->is_malformed = status != PARSE_OK && !walk->output->is_cut;
}

/* Adds the units of the whole message at `start` of the range, `prefix` bytes of length before it. */
static void add_message(struct dns_output *output, struct bytes range, size_t start, size_t prefix,
			size_t length)
{
	struct bytes message = { range.data + start + prefix, length };
	struct dns_walk walk = { .message = message, .base = start + prefix, .output = output };
	struct dns_overview overview = { 0 };
	bool is_response = length > 2 && (message.data[2] & 0x80) != 0;
	struct dissect_unit *unit = dns_output_add(
	    output, &(struct dissect_unit) {
			.name = is_response ? "Response" : "Query",
			.purpose = is_response ? "What the server knows about the question."
					       : "A question to a name server.",
			.reference = "RFC 1035 section 4",
			.kind = is_response ? DNS_UNIT_RESPONSE : DNS_UNIT_QUERY,
			.is_complete = !output->is_cut,
			.offset = (uint32_t)start,
			.length = (uint32_t)(prefix + length),
		    });
	struct dns_text text = dns_summary_of(unit);

	if (prefix > 0)
		dns_output_add(
		    output,
		    &(struct dissect_unit) {
			.name = "Length",
			.purpose = "How long the message behind it is: TCP keeps no borders.",
			.reference = "RFC 1035 section 4.2.2",
			.depth = 1,
			.is_complete = true,
			.offset = (uint32_t)start,
			.length = PREFIX_BYTES,
		    });
	if (length < DNS_HEADER_BYTES) {
		dns_text_print(&text,
			       output->is_cut ? "the beginning of a message" : "malformed message");
		return;
	}
	walk_message(&walk, &overview);
	dns_text_print_summary(&text, message, &overview);
}

/* What is remembered of each direction of a stream, packed into one word of the state. */
struct progress {
	uint32_t left; /* bytes of the message under way that are still to come */
	uint8_t first; /* first byte of a length prefix whose second is still to come */
	bool has_first;
	bool is_kept; /* what came of the message is handed in again, unless bytes are missing */
};

static struct progress load(const struct dissect_input *input)
{
	uint64_t word = input->state == NULL ? 0 : input->state->words[input->is_from_server];

	struct progress progress = { (uint32_t)word, (uint8_t)(word >> 32), word >> 40 & 1,
				     word >> 41 & 1 };

	if (progress.is_kept && input->missing == 0)
		return (struct progress) { 0 };
	progress.left -= (uint32_t)MIN(progress.left, input->missing);
	progress.has_first = progress.has_first && input->missing == 0;
	return progress;
}

static void save(const struct dissect_input *input, struct progress progress)
{
	if (input->state != NULL)
		input->state->words[input->is_from_server] =
		    progress.left | (uint64_t)progress.first << 32 |
		    (progress.has_first ? UINT64_C(1) << 40 : 0) |
		    (progress.is_kept ? UINT64_C(1) << 41 : 0);
}

static struct dissect_unit *add_fragment(struct dns_output *output,
					 const struct dissect_input *input, size_t start,
					 size_t length, const char *what)
{
	struct dissect_unit *unit = dns_output_add(
	    output, &(struct dissect_unit) {
			.name = input->is_from_server ? "Response (part)" : "Query (part)",
			.purpose = "A message that spans several segments.",
			.reference = "RFC 1035 section 4.2.2",
			.kind = input->is_from_server ? DNS_UNIT_RESPONSE : DNS_UNIT_QUERY,
			.offset = (uint32_t)start,
			.length = (uint32_t)length,
		    });
	struct dns_text text = dns_summary_of(unit);

	dns_text_print(&text, "%s, %zu byte%s", what, length, length == 1 ? "" : "s");
	return unit;
}

/* The beginning of a message: kept until all of it has come where somebody keeps it, else told of in parts. */
static void begin_message(struct dns_output *output, const struct dissect_input *input,
			  size_t start, struct progress *progress)
{
	struct bytes rest = bytes_from(input->bytes, start);
	bool has_length = rest.length >= PREFIX_BYTES;
	size_t length = has_length ? PREFIX_BYTES + (size_t)get_be16(rest.data) : 0;
	struct dissect_unit *unit;

	*progress = (struct progress) {
		.left = has_length ? (uint32_t)(length - rest.length) : 0,
		.first = rest.data[0],
		.has_first = !has_length,
		.is_kept = input->unfinished != NULL,
	};
	if (input->unfinished == NULL) {
		add_fragment(output, input, start, rest.length, "begins");
		return;
	}
	*input->unfinished = rest.length;
	unit = add_fragment(output, input, start, rest.length, "part of a message");
	unit->purpose = "The message is told of when its end has come.";
	unit->kind = DISSECT_PART;
}

/* Takes what belongs to a message that began in an earlier segment; returns how much that is. */
static size_t finish_earlier(struct dns_output *output, const struct dissect_input *input,
			     struct progress *progress)
{
	struct bytes in = input->bytes;
	size_t taken = 0;

	if (in.length == 0)
		return 0;
	progress->is_kept = false;
	if (progress->has_first) {
		progress->left = (uint32_t)progress->first << 8 | in.data[0];
		progress->has_first = false;
		taken = 1;
	}
	size_t rest = MIN(progress->left, in.length - taken);
	progress->left -= (uint32_t)rest;
	taken += rest;
	if (taken > 0)
		add_fragment(output, input, 0, taken, "continues");
	return taken;
}

static void dissect_stream(struct dns_output *output, const struct dissect_input *input)
{
	struct bytes in = input->bytes;
	struct progress progress = load(input);
	size_t at = finish_earlier(output, input, &progress);

	while (at < in.length) {
		size_t rest = in.length - at;
		size_t length = rest < PREFIX_BYTES ? 0 : get_be16(in.data + at);

		if (rest >= PREFIX_BYTES && rest - PREFIX_BYTES >= length) {
			add_message(output, in, at, PREFIX_BYTES, length);
			at += PREFIX_BYTES + length;
			continue;
		}
		begin_message(output, input, at, &progress);
		at = in.length;
	}
	save(input, progress);
}

static size_t dissect(const struct dissect_input *input, struct dissect_unit *units,
		      size_t capacity)
{
	struct dns_output output = { .units = units,
				     .capacity = capacity,
				     .is_cut = input->is_cut };

	if (input->is_stream)
		dissect_stream(&output, input);
	else
		add_message(&output, input->bytes, 0, 0, input->bytes.length);
	return output.count;
}

const struct dissector dns_dissector = {
	.name = "DNS",
	.key = "dns",
	.tcp_ports = { DNS_PORT },
	.udp_ports = { DNS_PORT },
	.dissect = dissect,
};
