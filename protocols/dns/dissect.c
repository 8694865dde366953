#include "protocols/dns/dissect.h"

#include "protocols/dns/dissect_text.h"

#define PREFIX_BYTES        2  /* length in front of a message over TCP (RFC 1035 section 4.2.2) */
#define QUESTION_TAIL_BYTES 4  /* QTYPE, QCLASS */
#define RECORD_TAIL_BYTES   10 /* TYPE, CLASS, TTL, RDLENGTH */

/* Where the units go: all are counted, those that fit are written. */
struct output {
	struct dissect_unit *units;
	size_t capacity, count;
	bool is_cut;               /* the message goes on behind the end of the range */
	struct dissect_unit spare; /* stands in for a unit that does not fit */
};

static struct dissect_unit *add_unit(struct output *output, const struct dissect_unit *unit)
{
	struct dissect_unit *added =
	    output->count < output->capacity ? &output->units[output->count] : &output->spare;

	output->count++;
	*added = *unit;
	return added;
}

/* Counts `count` units that need not be made, as there is no room for them; false: there is some. */
static bool passes_over(struct output *output, size_t count)
{
	if (output->count < output->capacity)
		return false;
	output->count += count;
	return true;
}

static struct dns_text summary_of(struct dissect_unit *unit)
{
	return (struct dns_text) { .out = unit->summary, .room = sizeof unit->summary };
}

/* A message being taken apart. `base` is where it starts in the range of the dissector. */
struct walk {
	struct bytes message;
	size_t base;
	size_t at;
	struct output *output;
};

static enum parse_status walk_question(struct walk *walk, struct dns_part *part)
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

static enum parse_status walk_record(struct walk *walk, struct dns_part *part)
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

static void add_header(struct walk *walk)
{
	char printed[FIELD_TEXT_BYTES];

	if (passes_over(walk->output, 1 + dns_header_fields.field_count))
		return;

	struct dissect_unit *header =
	    add_unit(walk->output, &(struct dissect_unit) {
				       .name = "Header",
				       .purpose = dns_header_fields.purpose,
				       .reference = "RFC 1035 section 4.1.1",
				       .depth = 1,
				       .is_complete = true,
				       .offset = (uint32_t)walk->base,
				       .length = DNS_HEADER_BYTES,
				   });
	struct dns_text text = summary_of(header);

	dns_text_print(&text, "id 0x%04x", get_be16(walk->message.data));
	for (unsigned i = 0; i < dns_header_fields.field_count; i++) {
		const struct field *field = &dns_header_fields.fields[i];
		struct bytes bytes = field_bytes(field, walk->message);
		struct dissect_unit *unit = add_unit(
		    walk->output, &(struct dissect_unit) {
				      .name = field->name,
				      .purpose = field->purpose,
				      .reference = field->reference,
				      .depth = 2,
				      .is_complete = true,
				      .offset = (uint32_t)(walk->base + field->bit_offset / 8),
				      .length = (uint32_t)bytes.length,
				  });
		struct dns_text value = summary_of(unit);

		dns_text_print(&value, "%s", field_print(field, walk->message, printed));
	}
}

/* Units of questions and records. */

struct part_field {
	const char *name, *purpose;
	uint8_t offset, length; /* from the end of the part's name; length 0: the data */
};

static const struct part_field question_fields[] = {
	{"QTYPE",   "The type of records asked for.", 0, 2},
	{ "QCLASS", "The class: IN, the Internet.",   2, 2},
};

static const struct part_field record_fields[] = {
	{"TYPE",      "What kind of data the record holds.",      0,  2},
	{ "CLASS",    "The class: IN, the Internet.",             2,  2},
	{ "TTL",      "How many seconds a resolver may keep it.", 4,  4},
	{ "RDLENGTH", "How long the data is.",                    8,  2},
	{ "RDATA",    "The data, as the type says.",              10, 0},
};

static void print_part_field(struct dns_text *text, const struct part_field *field,
			     struct bytes message, const struct dns_part *part)
{
	const uint8_t *value = message.data + part->name_end + field->offset;
	char type[DNS_TYPE_TEXT_BYTES];
	struct dns_text data = { .out = text->out, .room = text->room };

	if (field->length == 0) {
		dns_text_print_data(&data, message, part);
		if (data.length > 0) /* without the blank in front */
			memmove(text->out, text->out + 1, data.length);
	} else if (field->length == 4) {
		dns_text_print(text, "%u s", get_be32(value));
	} else if (field->offset == 0) {
		dns_text_print(text, "%s (%u)", dns_type_print(get_be16(value), type),
			       get_be16(value));
	} else if (field->offset == 2 && get_be16(value) == DNS_IN) {
		dns_text_print(text, "IN (1)");
	} else {
		dns_text_print(text, "%u", get_be16(value));
	}
}

static void add_part_fields(struct walk *walk, const struct dns_part *part,
			    const struct part_field *fields, size_t count)
{
	char name[DNS_NAME_TEXT_BYTES];

	if (passes_over(walk->output, 1 + count))
		return;

	struct dissect_unit *unit = add_unit(
	    walk->output, &(struct dissect_unit) {
			      .name = fields == question_fields ? "QNAME" : "NAME",
			      .purpose = "The name, its end perhaps a pointer to an earlier one.",
			      .reference = "RFC 1035 section 4.1.4",
			      .depth = 2,
			      .is_complete = true,
			      .offset = (uint32_t)(walk->base + part->start),
			      .length = (uint32_t)(part->name_end - part->start),
			  });
	struct dns_text text = summary_of(unit);

	dns_text_print(&text, "%s", dns_name_print(part->name, name));
	for (size_t i = 0; i < count; i++) {
		size_t start = part->name_end + fields[i].offset;
		size_t length = fields[i].length > 0 ? fields[i].length : part->end - part->data;

		unit = add_unit(walk->output, &(struct dissect_unit) {
						  .name = fields[i].name,
						  .purpose = fields[i].purpose,
						  .reference = "RFC 1035 section 4.1",
						  .depth = 2,
						  .is_complete = true,
						  .offset = (uint32_t)(walk->base + start),
						  .length = (uint32_t)length,
					      });
		text = summary_of(unit);
		print_part_field(&text, &fields[i], walk->message, part);
	}
}

static struct dissect_unit *add_part(struct walk *walk, const struct dns_part *part,
				     const char *name, const char *purpose, const char *reference)
{
	return add_unit(walk->output, &(struct dissect_unit) {
					  .name = name,
					  .purpose = purpose,
					  .reference = reference,
					  .depth = 1,
					  .is_complete = true,
					  .offset = (uint32_t)(walk->base + part->start),
					  .length = (uint32_t)(part->end - part->start),
				      });
}

static void add_question(struct walk *walk, const struct dns_part *part)
{
	char name[DNS_NAME_TEXT_BYTES], type[DNS_TYPE_TEXT_BYTES];

	if (passes_over(walk->output, 2 + G_N_ELEMENTS(question_fields)))
		return;

	struct dns_text text = summary_of(
	    add_part(walk, part, "Question", "What is asked.", "RFC 1035 section 4.1.2"));

	dns_text_print(&text, "%s %s", dns_name_print(part->name, name),
		       dns_type_print(part->type, type));
	add_part_fields(walk, part, question_fields, G_N_ELEMENTS(question_fields));
}

static const struct {
	const char *name, *purpose;
} sections[DNS_SECTIONS] = {
	{"Answer",      "A record that answers the question."                           },
	{ "Authority",
         "Who is responsible: servers of a zone, or proof that there is no such record."},
	{ "Additional", "What the asker will want to know next."                        },
};

static void add_record(struct walk *walk, unsigned section, const struct dns_part *part)
{
	size_t fields = part->type == DNS_OPT ? 0 : 1 + G_N_ELEMENTS(record_fields);

	if (passes_over(walk->output, 1 + fields))
		return;
	if (part->type == DNS_OPT) {
		struct dns_text text = summary_of(
		    add_part(walk, part, "OPT", "Extensions of the sender (EDNS), no record.",
			     "RFC 6891 section 6.1"));

		dns_text_print(&text, "EDNS, takes %u bytes over UDP", part->class);
		return;
	}
	struct dns_text text =
	    summary_of(add_part(walk, part, sections[section].name, sections[section].purpose,
				"RFC 1035 section 4.1.3"));
	dns_text_print_record(&text, walk->message, part);
	add_part_fields(walk, part, record_fields, G_N_ELEMENTS(record_fields));
}

static void walk_message(struct walk *walk, struct dns_overview *overview)
{
	const uint8_t *counts = walk->message.data + 4;
	unsigned questions = get_be16(counts);

	walk->at = DNS_HEADER_BYTES;
	add_header(walk);
	for (; questions > 0; questions--) {
		if (walk_question(walk, &overview->question) != PARSE_OK) {
			overview->is_cut = walk->output->is_cut;
			overview->is_malformed = !overview->is_cut;
			return;
		}
		overview->has_question = true;
		add_question(walk, &overview->question);
	}
	for (unsigned section = 0; section < DNS_SECTIONS; section++) {
		unsigned left = get_be16(counts + 2 + 2 * section);

		for (; left > 0; left--) {
			struct dns_part part;

			if (walk_record(walk, &part) != PARSE_OK) {
				overview->is_cut = walk->output->is_cut;
				overview->is_malformed = !overview->is_cut;
				return;
			}
			add_record(walk, section, &part);
			if (part.type == DNS_OPT)
				continue;
			if (overview->counts[section]++ == 0) {
				overview->first[section] = part;
				overview->first[section].name.wire =
				    overview->first[section].buffer.wire;
			}
		}
	}
}

/* Adds the units of the whole message at `start` of the range, `prefix` bytes of length before it. */
static void add_message(struct output *output, struct bytes range, size_t start, size_t prefix,
			size_t length)
{
	struct bytes message = { range.data + start + prefix, length };
	struct walk walk = { .message = message, .base = start + prefix, .output = output };
	struct dns_overview overview = { 0 };
	bool is_response = length > 2 && (message.data[2] & 0x80) != 0;
	struct dissect_unit *unit = add_unit(
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
	struct dns_text text = summary_of(unit);

	if (prefix > 0)
		add_unit(output,
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

static struct dissect_unit *add_fragment(struct output *output, const struct dissect_input *input,
					 size_t start, size_t length, const char *what)
{
	struct dissect_unit *unit =
	    add_unit(output, &(struct dissect_unit) {
				 .name = input->is_from_server ? "Response (part)" : "Query (part)",
				 .purpose = "A message that spans several segments.",
				 .reference = "RFC 1035 section 4.2.2",
				 .kind = input->is_from_server ? DNS_UNIT_RESPONSE : DNS_UNIT_QUERY,
				 .offset = (uint32_t)start,
				 .length = (uint32_t)length,
			     });
	struct dns_text text = summary_of(unit);

	dns_text_print(&text, "%s, %zu byte%s", what, length, length == 1 ? "" : "s");
	return unit;
}

/* The beginning of a message: kept until all of it has come where somebody keeps it, else told of in parts. */
static void begin_message(struct output *output, const struct dissect_input *input, size_t start,
			  struct progress *progress)
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
static size_t finish_earlier(struct output *output, const struct dissect_input *input,
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

static void dissect_stream(struct output *output, const struct dissect_input *input)
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
	struct output output = { .units = units, .capacity = capacity, .is_cut = input->is_cut };

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
