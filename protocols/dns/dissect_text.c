#include "protocols/dns/dissect_text.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

#include "sim/plural.h"
#include "stack/address.h"

static void append(struct dns_text *text, const char *piece, size_t length)
{
	size_t room = text->room - text->length;

	if (length < room) {
		memcpy(text->out + text->length, piece, length);
		text->length += length;
		text->out[text->length] = '\0';
		return;
	}
	memcpy(text->out + text->length, piece, room - 1);
	text->length = text->room - 1;
	memcpy(text->out + text->room - 4, "...", 4);
}

/*
 * Appends `format` up to its first conversion other than %s, which is returned: most are of words and
 * names alone, and DNS messages are told of by the million.
 */
static const char *append_words(struct dns_text *text, const char *format, va_list *arguments)
{
	for (;;) {
		size_t length = strcspn(format, "%");

		if (length > 0)
			append(text, format, length);
		format += length;
		if (format[0] != '%' || format[1] != 's')
			return format;
		const char *word = va_arg(*arguments, const char *);

		append(text, word, strlen(word));
		format += 2;
	}
}

void dns_text_print(struct dns_text *text, const char *format, ...)
{
	char rest[DISSECT_TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	format = append_words(text, format, &arguments);
	if (*format != '\0') {
		int length = vsnprintf(rest, sizeof rest, format, arguments);

		append(text, rest, MIN((size_t)length, sizeof rest)); /* as long: it is cut */
	}
	va_end(arguments);
}

static void print_strings(struct dns_text *text, struct bytes data)
{
	while (data.length > 0) {
		struct bytes string = bytes_first(bytes_from(data, 1), data.data[0]);

		dns_text_print(text, " \"");
		for (size_t i = 0; i < string.length; i++) {
			uint8_t c = string.data[i];

			dns_text_print(text, "%c", c >= ' ' && c <= '~' ? c : '.');
		}
		dns_text_print(text, "\"");
		data = bytes_from(data, 1 + string.length);
	}
}

/* Prints the field `kind` of a layout at `*at`, and moves `*at` behind it. False: it is cut short. */
static bool print_field(struct dns_text *text, char kind, struct bytes message, size_t *at)
{
	char printed[DNS_NAME_TEXT_BYTES];
	struct dns_name_buffer buffer;
	struct dns_name name;
	struct bytes rest = bytes_from(message, *at);
	size_t length = kind == '2' ? 2 : kind == '6' ? 16 : kind == '4' || kind == 'a' ? 4 : 0;

	if (rest.length < length)
		return false;
	switch (kind) {
	case 'n':
	case 'N':
		if (dns_name_parse(message, at, &buffer, &name) != PARSE_OK)
			return false;
		dns_text_print(text, " %s", dns_name_print(name, printed));
		return true;
	case '2':
		dns_text_print(text, " %u", get_be16(rest.data));
		break;
	case '4':
		dns_text_print(text, " %u", get_be32(rest.data));
		break;
	case 'a':
		dns_text_print(text, " %s", ipv4_print(get_be32(rest.data), printed));
		break;
	case '6':
		dns_text_print(text, " %s",
			       inet_ntop(AF_INET6, rest.data, printed, sizeof printed));
		break;
	case 's':
		print_strings(text, rest);
		length = rest.length;
		break;
	default:
		dns_text_print(text, " %zu byte%s", rest.length, plural(rest.length));
		length = rest.length;
		break;
	}
	*at += length;
	return true;
}

void dns_text_print_data(struct dns_text *text, struct bytes message, const struct dns_part *part)
{
	size_t at = part->data;
	struct bytes whole = bytes_first(message, part->end);

	for (const char *kind = dns_data_layout(part->type); *kind != '\0'; kind++) {
		if (!print_field(text, *kind, whole, &at)) {
			dns_text_print(text, " (malformed)");
			return;
		}
	}
}

void dns_text_print_record(struct dns_text *text, struct bytes message, const struct dns_part *part)
{
	char name[DNS_NAME_TEXT_BYTES], type[DNS_TYPE_TEXT_BYTES];

	dns_text_print(text, "%s %s", dns_name_print(part->name, name),
		       dns_type_print(part->type, type));
	dns_text_print_data(text, message, part);
}

/* "MX of remote.example" */
static void print_question(struct dns_text *text, const struct dns_overview *overview)
{
	char name[DNS_NAME_TEXT_BYTES], type[DNS_TYPE_TEXT_BYTES];

	if (!overview->has_question)
		dns_text_print(text, "nothing");
	else
		dns_text_print(text, "%s of %s", dns_type_print(overview->question.type, type),
			       dns_name_print(overview->question.name, name));
}

/* A response that has no record in its answer section. */
static void print_absence(struct dns_text *text, struct bytes message,
			  const struct dns_overview *overview, unsigned rcode)
{
	static const char *const failures[] = {
		[DNS_FORMERR] = "the question is malformed",
		[DNS_SERVFAIL] = "server failure",
		[DNS_NOTIMP] = "not implemented",
		[DNS_REFUSED] = "refused",
	};
	char name[DNS_NAME_TEXT_BYTES];
	const struct dns_part *authority = &overview->first[DNS_AUTHORITY];

	if (rcode == DNS_NXDOMAIN && overview->has_question) {
		dns_text_print(text, "answer: %s does not exist",
			       dns_name_print(overview->question.name, name));
	} else if (rcode != DNS_NOERROR) {
		if (rcode < G_N_ELEMENTS(failures) && failures[rcode] != NULL)
			dns_text_print(text, "error: %s, asked for ", failures[rcode]);
		else
			dns_text_print(text, "error %u, asked for ", rcode);
		print_question(text, overview);
	} else if (overview->counts[DNS_AUTHORITY] > 0 && authority->type == DNS_NS) {
		dns_text_print(text, "referral: %s, ask", dns_name_print(authority->name, name));
		dns_text_print_data(text, message, authority);
	} else {
		dns_text_print(text, "answer: no ");
		print_question(text, overview);
	}
}

static void print_more(struct dns_text *text, const struct dns_overview *overview)
{
	unsigned answers = overview->counts[DNS_ANSWER];
	unsigned additional = overview->counts[DNS_ADDITIONAL];

	if (answers > 1 && additional > 0)
		dns_text_print(text, " (+%u more, +%u additional)", answers - 1, additional);
	else if (answers > 1)
		dns_text_print(text, " (+%u more)", answers - 1);
	else if (additional > 0)
		dns_text_print(text, " (+%u additional)", additional);
}

/* As far as it is known of a message whose end is not here. */
static void print_beginning(struct dns_text *text, struct bytes message,
			    const struct dns_overview *overview, bool is_response)
{
	if (!overview->has_question) {
		dns_text_print(text, is_response ? "the beginning of an answer"
						 : "the beginning of a question");
		return;
	}
	if (overview->counts[DNS_ANSWER] > 0) {
		dns_text_print(text, "answer: ");
		dns_text_print_record(text, message, &overview->first[DNS_ANSWER]);
	} else {
		dns_text_print(text, is_response ? "answer: about " : "asks for ");
		print_question(text, overview);
	}
	dns_text_print(text, ", and more that is not here");
}

void dns_text_print_summary(struct dns_text *text, struct bytes message,
			    const struct dns_overview *overview)
{
	uint16_t flags = get_be16(message.data + 2);

	if (overview->is_malformed) {
		dns_text_print(text, "malformed message");
	} else if (overview->is_cut) {
		print_beginning(text, message, overview, (flags & 0x8000) != 0);
	} else if ((flags & 0x8000) == 0) {
		dns_text_print(text, "asks for ");
		print_question(text, overview);
	} else {
		if (flags & 0x0200)
			dns_text_print(text, "truncated ");
		if (overview->counts[DNS_ANSWER] > 0) {
			dns_text_print(text, "answer: ");
			dns_text_print_record(text, message, &overview->first[DNS_ANSWER]);
		} else {
			print_absence(text, message, overview, flags & 0xf);
		}
		print_more(text, overview);
	}
}
