#include "tests/packet/dns_text.h"

#include <string.h>
#include "protocols/dns/message.h"

static const char *const section_names[DNS_SECTIONS] = { "answer", "authority", "additional" };

static const struct {
	uint16_t code;
	const char *name;
} rcodes[] = {
	{DNS_FORMERR,   "formerr" },
        { DNS_SERVFAIL, "servfail"},
        { DNS_NXDOMAIN, "nxdomain"},
	{ DNS_NOTIMP,   "notimp"  },
        { DNS_REFUSED,  "refused" },
        { DNS_BADVERS,  "badvers" },
};

/* The bits of the header, in the order in which they are written. */
struct flag {
	const char *name;
	bool *is_set;
};

#define FLAG_COUNT 7

static void flags_of(struct dns_message *message, struct flag flags[FLAG_COUNT])
{
	const struct flag all[FLAG_COUNT] = {
		{"reply", &message->is_response        },
                { "aa",   &message->is_authoritative   },
		{ "tc",   &message->is_truncated       },
                { "rd",   &message->recursion_desired  },
		{ "ra",   &message->recursion_available},
                { "ad",   &message->authentic_data     },
		{ "cd",   &message->checking_disabled  },
	};

	memcpy(flags, all, sizeof all);
}

/* Printing. */

static void print_record(const struct dns_record *record, GString *out)
{
	char name[DNS_NAME_TEXT_BYTES], type[DNS_TYPE_TEXT_BYTES];

	g_string_append_printf(out, " %s %u %s ", dns_name_print(record->name, name), record->ttl_s,
			       dns_type_print(record->type, type));
	dns_data_print(record, out);
}

static void print_header(struct dns_message *message, GString *out)
{
	struct flag flags[FLAG_COUNT];

	g_string_append_printf(out, "dns id %u", message->id);
	if (message->opcode != DNS_QUERY)
		g_string_append_printf(out, " opcode %u", message->opcode);
	flags_of(message, flags);
	for (size_t i = 0; i < FLAG_COUNT; i++)
		if (*flags[i].is_set)
			g_string_append_printf(out, " %s", flags[i].name);
	for (size_t i = 0; i < G_N_ELEMENTS(rcodes); i++)
		if (rcodes[i].code == message->rcode)
			g_string_append_printf(out, " %s", rcodes[i].name);
	if (message->edns.is_present)
		g_string_append_printf(out, " edns %u", message->edns.udp_bytes);
}

bool dns_text_of(struct bytes bytes, GString *out)
{
	char name[DNS_NAME_TEXT_BYTES], type[DNS_TYPE_TEXT_BYTES];
	struct dns_message *message;

	if (dns_message_parse(bytes, &message) != PARSE_OK)
		return false;
	print_header(message, out);
	if (message->question.name.length > 0)
		g_string_append_printf(out, " ? %s %s",
				       dns_type_print(message->question.type, type),
				       dns_name_print(message->question.name, name));
	for (size_t i = 0; i < DNS_SECTIONS; i++) {
		for (unsigned k = 0; k < message->sections[i].count; k++) {
			g_string_append_printf(out, " %s", section_names[i]);
			print_record(&message->sections[i].records[k], out);
		}
	}
	dns_message_free(message);
	return true;
}

/* Building. */

static struct dns_name name_of(struct words *words, struct dns_name_buffer *buffer)
{
	struct dns_name name = dns_name_root();

	if (!dns_name_from_text(words_any(words, "a name"), buffer, &name))
		words_complain(words, "a domain name before this");
	return name;
}

static uint16_t type_of(struct words *words)
{
	uint16_t type = 0;

	if (!dns_type_from_text(words_any(words, "a record type"), &type))
		words_complain(words, "a record type before this");
	return type;
}

static bool read_header_word(struct words *words, struct dns_message *message)
{
	struct flag flags[FLAG_COUNT];

	flags_of(message, flags);
	for (size_t i = 0; i < FLAG_COUNT; i++)
		if (words_accept(words, flags[i].name))
			return *flags[i].is_set = true;
	for (size_t i = 0; i < G_N_ELEMENTS(rcodes); i++) {
		if (words_accept(words, rcodes[i].name)) {
			message->rcode = rcodes[i].code;
			return true;
		}
	}
	if (words_accept(words, "opcode")) {
		message->opcode = (uint8_t)words_number(words);
		return true;
	}
	if (!words_accept(words, "edns"))
		return false;
	message->edns.is_present = true;
	message->edns.udp_bytes = (uint16_t)words_number(words);
	return true;
}

static bool is_section(const char *word)
{
	for (size_t i = 0; i < DNS_SECTIONS; i++)
		if (strcmp(word, section_names[i]) == 0)
			return true;
	return false;
}

/* NAME TTL TYPE DATA, where the data is all words up to the next record or the end. */
static void read_record(struct words *words, dns_text_ends *ends, struct dns_message *message,
			enum dns_section_index section)
{
	struct dns_name_buffer buffer;
	struct dns_record record = { .class = DNS_IN };
	GString *text = g_string_new(NULL);
	GByteArray *data = g_byte_array_new();

	record.name = name_of(words, &buffer);
	record.ttl_s = words_number(words);
	record.type = type_of(words);
	while (*words->next != NULL && !is_section(*words->next) && !ends(*words->next))
		g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", *words->next++);
	if (dns_data_from_text(record.type, text->str, data)) {
		record.data = (struct bytes) { data->data, data->len };
		dns_message_add(message, section, &record);
	} else {
		words_complain(words, "a record's data before this");
	}
	g_byte_array_free(data, TRUE);
	g_string_free(text, TRUE);
}

static void read_sections(struct words *words, dns_text_ends *ends, struct dns_message *message)
{
	while (words->problem == NULL && *words->next != NULL && !ends(*words->next)) {
		enum dns_section_index section = DNS_ANSWER;

		while (section < DNS_SECTIONS && !words_accept(words, section_names[section]))
			section++;
		if (section < DNS_SECTIONS)
			read_record(words, ends, message, section);
		else
			words_complain(words, "answer, authority or additional");
	}
}

void dns_text_build(struct words *words, dns_text_ends *ends, GByteArray *out)
{
	struct dns_message *message = dns_message_new();
	struct dns_name_buffer buffer;
	uint8_t *room = g_malloc(DNS_TCP_BYTES);

	words_expect(words, "id");
	message->id = (uint16_t)words_number(words);
	while (read_header_word(words, message))
		;
	if (words_accept(words, "?")) {
		struct dns_question question = { .type = type_of(words), .class = DNS_IN };

		question.name = name_of(words, &buffer);
		dns_message_ask(message, &question);
	}
	read_sections(words, ends, message);
	g_byte_array_append(out, room, (guint)dns_message_emit(message, DNS_TCP_BYTES, room));
	g_free(room);
	dns_message_free(message);
}
