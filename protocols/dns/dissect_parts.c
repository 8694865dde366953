#include "protocols/dns/dissect_parts.h"

#define OPTION_HEAD_BYTES     4 /* its code and length (RFC 6891 section 6.1.2) */
#define EXTENDED_RCODE_OFFSET 4 /* from the end of the name of OPT */
#define OPTION_HEX_BYTES      24
#define TYPE_REFERENCE        "RFC 1035 section 4.1"
#define EDNS_REFERENCE        "RFC 6891 section 6.1.3"

struct dissect_unit *dns_output_add(struct dns_output *output, const struct dissect_unit *unit)
{
	struct dissect_unit *added =
	    output->count < output->capacity ? &output->units[output->count] : &output->spare;

	output->count++;
	*added = *unit;
	return added;
}

bool dns_output_passes_over(struct dns_output *output, size_t count)
{
	if (output->count < output->capacity)
		return false;
	output->count += count;
	return true;
}

struct dns_text dns_summary_of(struct dissect_unit *unit)
{
	return (struct dns_text) { .out = unit->summary, .room = sizeof unit->summary };
}

/* A field of fixed length behind the name of a question or record; `bits` 0: whole bytes. */
struct part_field {
	const char *name, *purpose, *reference;
	uint8_t offset, length; /* from the end of the part's name; length 0: the data */
	uint8_t bit, bits;
};

static const struct part_field question_fields[] = {
	{.name = "QTYPE",
         .purpose = "The type of records asked for.",
         .reference = TYPE_REFERENCE,
         .length = 2},
	{ .name = "QCLASS",
         .purpose = "The class: IN, the Internet.",
         .reference = TYPE_REFERENCE,
         .offset = 2,
         .length = 2 },
};

static const struct part_field record_fields[] = {
	{.name = "TYPE",
         .purpose = "What kind of data the record holds.",
         .reference = TYPE_REFERENCE,
         .length = 2		       },
	{ .name = "CLASS",
         .purpose = "The class: IN, the Internet.",
         .reference = TYPE_REFERENCE,
         .offset = 2,
         .length = 2 },
	{ .name = "TTL",
         .purpose = "How many seconds a resolver may keep it.",
         .reference = TYPE_REFERENCE,
         .offset = 4,
         .length = 4 },
	{ .name = "RDLENGTH",
         .purpose = "How long the data is.",
         .reference = TYPE_REFERENCE,
         .offset = 8,
         .length = 2 },
	{ .name = "RDATA",
         .purpose = "The data, as the type says.",
         .reference = TYPE_REFERENCE,
         .offset = 10   },
};

/* OPT has other fields where records have class and TTL. */
static const struct part_field edns_fields[] = {
	{.name = "TYPE",
         .purpose = "OPT: extensions, no record.",
         .reference = EDNS_REFERENCE,
         .length = 2		      },
	{ .name = "UDP payload size",
         .purpose = "The longest datagram that the sender takes.",
         .reference = "RFC 6891 section 6.2.3",
         .offset = 2,
         .length = 2 },
	{		      .name = "Extended RCODE",
         .purpose = "The upper bits of the response code; the header has the lower four.",
         .reference = EDNS_REFERENCE,
         .offset = 4,
         .length = 1 },
	{		      .name = "Version",
         .purpose = "Of EDNS; there is only 0.",
         .reference = EDNS_REFERENCE,
         .offset = 5,
         .length = 1 },
	{		      .name = "DNSSEC OK",
         .purpose = "The asker wants signatures along with the answer (DNSSEC).",
         .reference = "RFC 3225 section 3",
         .offset = 6,
         .length = 1,
         .bit = 0,
         .bits = 1 },
	{			    .name = "Z",
         .purpose = "Must be zero.",
         .reference = EDNS_REFERENCE,
         .offset = 6,
         .length = 2,
         .bit = 1,
         .bits = 15 },
	{			 .name = "RDLENGTH",
         .purpose = "How long the options are.",
         .reference = EDNS_REFERENCE,
         .offset = 8,
         .length = 2 },
};

/* What the fields of a type's data are called; as many as its layout has. */
static const struct {
	uint16_t type;
	const char *reference;
	const char *names[7];
} data_names[] = {
	{DNS_MX,   "RFC 1035 section 3.3.9", { "PREFERENCE", "EXCHANGE" }                                           },
	{ DNS_SOA,
         "RFC 1035 section 3.3.13",	  { "MNAME", "RNAME", "SERIAL", "REFRESH", "RETRY", "EXPIRE", "MINIMUM" }},
	{ DNS_SRV, "RFC 2782",               { "Priority", "Weight", "Port", "Target" }                             },
};

static const struct {
	uint16_t code;
	const char *name, *purpose, *reference;
} options[] = {
	{3,   "NSID",           "Which of many servers of one address it is.",                 "RFC 5001"},
	{ 8,  "CLIENT-SUBNET",  "The network of whom the resolver asks for.",                  "RFC 7871"},
	{ 9,  "EXPIRE",         "How long a copy of the zone is good.",                        "RFC 7314"},
	{ 10, "COOKIE",
         "Shows each side that the other is where it says it is; the client's part, then the "
	  "server's.",									 "RFC 7873"},
	{ 11, "TCP-KEEPALIVE",  "How long an idle TCP connection stays open.",                 "RFC 7828"},
	{ 12, "PADDING",        "Hides how long the message is.",                              "RFC 7830"},
	{ 15, "EXTENDED-ERROR", "What went wrong, in more detail than the response code has.",
         "RFC 8914"										      },
};

static size_t find_option(uint16_t code)
{
	size_t at = 0;

	while (at < G_N_ELEMENTS(options) && options[at].code != code)
		at++;
	return at;
}

static struct dissect_unit *add(struct dns_walk *walk, const char *name, unsigned depth,
				size_t start, size_t length)
{
	return dns_output_add(walk->output, &(struct dissect_unit) {
						.name = name,
						.depth = (uint8_t)depth,
						.is_complete = true,
						.offset = (uint32_t)(walk->base + start),
						.length = (uint32_t)length,
					    });
}

/* ---- Options ---- */

static struct bytes options_of(struct bytes message, const struct dns_part *part)
{
	return bytes_from(bytes_first(message, part->end), part->data);
}

/* The option at the front of `rest`; what is there of one that is cut short. */
static struct bytes first_option(struct bytes rest)
{
	if (rest.length < OPTION_HEAD_BYTES)
		return rest;
	return bytes_first(rest, OPTION_HEAD_BYTES + (size_t)get_be16(rest.data + 2));
}

static void print_hex(struct dns_text *text, struct bytes value)
{
	for (size_t i = 0; i < MIN(value.length, OPTION_HEX_BYTES); i++)
		dns_text_print(text, "%02x", value.data[i]);
	if (value.length > OPTION_HEX_BYTES)
		dns_text_print(text, "... (%zu bytes)", value.length);
}

/* "192.0.2.0/24, scope 0": only the bytes that the prefix needs are there. */
static bool print_subnet(struct dns_text *text, struct bytes value)
{
	uint8_t address[16] = { 0 };
	char printed[DNS_ADDRESS_TEXT_BYTES];
	uint16_t family = value.length < 4 ? 0 : get_be16(value.data);
	size_t length = value.length - 4, whole = family == 1 ? 4 : 16;

	if ((family != 1 && family != 2) || length > whole)
		return false;
	memcpy(address, value.data + 4, length);
	dns_text_print(text, "%s/%u, scope %u", dns_address_print(address, whole, printed),
		       value.data[2], value.data[3]);
	return true;
}

static void print_option(struct dns_text *text, uint16_t code, struct bytes value)
{
	if (code == 8 && print_subnet(text, value))
		return;
	if (code == 12) {
		dns_text_print(text, "%zu bytes", value.length);
	} else if (code == 15 && value.length >= 2) {
		dns_text_print(text, "info code %u", get_be16(value.data));
		for (size_t i = 2; i < value.length; i++)
			dns_text_print(text, "%s%c", i == 2 ? ": " : "",
				       g_ascii_isprint(value.data[i]) ? value.data[i] : '.');
	} else if (value.length == 0) {
		dns_text_print(text, "asked for");
	} else {
		print_hex(text, value);
	}
}

static void add_option(struct dns_walk *walk, struct bytes option)
{
	size_t start = (size_t)(option.data - walk->message.data);
	struct dissect_unit *unit = add(walk, "Option", 2, start, option.length);
	struct dns_text text = dns_summary_of(unit);
	bool has_head = option.length >= OPTION_HEAD_BYTES;
	size_t known = has_head ? find_option(get_be16(option.data)) : G_N_ELEMENTS(options);

	unit->purpose = "An extension that is not known here.";
	unit->reference = "RFC 6891 section 6.1.2";
	if (!has_head || option.length - OPTION_HEAD_BYTES < get_be16(option.data + 2)) {
		dns_text_print(&text, "malformed: it ends before its length says so");
		return;
	}
	if (known < G_N_ELEMENTS(options)) {
		unit->purpose = options[known].purpose;
		unit->reference = options[known].reference;
		dns_text_print(&text, "%s (%u): ", options[known].name, options[known].code);
	} else {
		dns_text_print(&text, "%u: ", get_be16(option.data));
	}
	print_option(&text, get_be16(option.data), bytes_from(option, OPTION_HEAD_BYTES));
}

/* ---- Data ---- */

/* Where its names are; behind all of them: its data is not told field by field. */
static size_t find_data_names(const struct dns_part *part)
{
	size_t at = 0;

	while (at < G_N_ELEMENTS(data_names) &&
	       (data_names[at].type != part->type || !dns_part_has_data(part)))
		at++;
	return at;
}

/* The fields of data of a type that has several; from the first that is cut short on, what is left. */
static void add_data_fields(struct dns_walk *walk, const struct dns_part *part, size_t names)
{
	struct bytes whole = bytes_first(walk->message, part->end);
	const char *layout = dns_data_layout(part->type);
	size_t at = part->data;
	bool is_good = true;

	for (size_t i = 0; layout[i] != '\0'; i++) {
		size_t start = at;
		struct dissect_unit *unit = add(walk, data_names[names].names[i], 3, start, 0);
		struct dns_text text = dns_summary_of(unit);

		unit->reference = data_names[names].reference;
		is_good = is_good && dns_text_print_field(&text, layout[i], whole, &at);
		if (!is_good) {
			text.length = 0;
			dns_text_print(&text, "malformed");
			at = part->end;
		}
		unit->length = (uint32_t)(at - start);
	}
}

/* ---- Fields that all have ---- */

static void print_type(struct dns_text *text, uint16_t type)
{
	char name[DNS_TYPE_TEXT_BYTES];

	dns_text_print(text, "%s (%u)", dns_type_print(type, name), type);
}

static void print_class(struct dns_text *text, uint16_t class)
{
	const char *name = class == DNS_IN           ? "IN"
			   : class == DNS_CLASS_NONE ? "NONE"
			   : class == DNS_CLASS_ANY  ? "ANY"
						     : NULL;

	if (name != NULL)
		dns_text_print(text, "%s (%u)", name, class);
	else
		dns_text_print(text, "%u", class);
}

static void print_bits(struct dns_text *text, const struct part_field *field, uint16_t value)
{
	if (field->bits == 1)
		dns_text_print(text, (value >> (15 - field->bit)) & 1 ? "set" : "not set");
	else
		dns_text_print(text, "0x%04x", value & (0xffff >> field->bit));
}

static void print_part_field(struct dns_text *text, const struct part_field *field,
			     struct bytes message, const struct dns_part *part)
{
	const uint8_t *value = message.data + part->name_end + field->offset;

	if (field->length == 0)
		dns_text_print_bare_data(text, message, part);
	else if (field->bits > 0)
		print_bits(text, field, get_be16(value));
	else if (field->length == 1 && field->offset == EXTENDED_RCODE_OFFSET)
		dns_text_print(text, "%u (in all %u)", *value,
			       *value << 4 | (message.data[3] & 0xf));
	else if (field->length == 1)
		dns_text_print(text, "%u", *value);
	else if (field->length == 4)
		dns_text_print(text, "%u s", get_be32(value));
	else if (field->offset == 0)
		print_type(text, get_be16(value));
	else if (field->offset == 2 && part->type != DNS_OPT)
		print_class(text, get_be16(value));
	else
		dns_text_print(text, "%u", get_be16(value));
}

static void add_name(struct dns_walk *walk, const struct dns_part *part, const char *called)
{
	char name[DNS_NAME_TEXT_BYTES];
	struct dissect_unit *unit = add(walk, called, 2, part->start, part->name_end - part->start);
	struct dns_text text = dns_summary_of(unit);

	unit->purpose = part->type == DNS_OPT
			    ? "The root, as there is no name."
			    : "The name, its end perhaps a pointer to an earlier one.";
	unit->reference = part->type == DNS_OPT ? EDNS_REFERENCE : "RFC 1035 section 4.1.4";
	dns_text_print(&text, "%s", dns_name_print(part->name, name));
}

static void add_fields(struct dns_walk *walk, const struct dns_part *part,
		       const struct part_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct part_field *field = &fields[i];
		size_t length = field->length > 0 ? field->length : part->end - part->data;
		struct dissect_unit *unit =
		    add(walk, field->name, 2, part->name_end + field->offset, length);
		struct dns_text text = dns_summary_of(unit);

		unit->purpose = field->purpose;
		unit->reference = field->reference;
		unit->bit = field->bit;
		unit->bits = field->bits;
		print_part_field(&text, field, walk->message, part);
	}
}

size_t dns_record_field_count(struct bytes message, const struct dns_part *part)
{
	size_t count = 1 + G_N_ELEMENTS(record_fields);

	if (part->type != DNS_OPT)
		return find_data_names(part) == G_N_ELEMENTS(data_names)
			   ? count
			   : count + strlen(dns_data_layout(part->type));
	count = 1 + G_N_ELEMENTS(edns_fields);
	for (struct bytes rest = options_of(message, part); rest.length > 0; count++)
		rest = bytes_from(rest, first_option(rest).length);
	return count;
}

void dns_add_question_fields(struct dns_walk *walk, const struct dns_part *part)
{
	add_name(walk, part, "QNAME");
	add_fields(walk, part, question_fields, G_N_ELEMENTS(question_fields));
}

void dns_add_record_fields(struct dns_walk *walk, const struct dns_part *part)
{
	size_t names = find_data_names(part);

	add_name(walk, part, "NAME");
	if (part->type != DNS_OPT) {
		add_fields(walk, part, record_fields, G_N_ELEMENTS(record_fields));
		if (names < G_N_ELEMENTS(data_names))
			add_data_fields(walk, part, names);
		return;
	}
	add_fields(walk, part, edns_fields, G_N_ELEMENTS(edns_fields));
	for (struct bytes rest = options_of(walk->message, part); rest.length > 0;) {
		struct bytes option = first_option(rest);

		add_option(walk, option);
		rest = bytes_from(rest, option.length);
	}
}
