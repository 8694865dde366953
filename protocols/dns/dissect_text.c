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

static void print_string(struct dns_text *text, struct bytes string)
{
	dns_text_print(text, "\"");
	for (size_t i = 0; i < string.length; i++) {
		uint8_t c = string.data[i];

		dns_text_print(text, "%c", c >= ' ' && c <= '~' ? c : '.');
	}
	dns_text_print(text, "\"");
}

/* False: a string is longer than what there is, or there is none. */
static bool print_strings(struct dns_text *text, struct bytes data)
{
	bool is_good = data.length > 0;

	for (const char *between = ""; data.length > 0; between = " ") {
		struct bytes string = bytes_first(bytes_from(data, 1), data.data[0]);

		dns_text_print(text, "%s", between);
		print_string(text, string);
		is_good = string.length == data.data[0];
		data = bytes_from(data, 1 + string.length);
	}
	return is_good;
}

const char *dns_address_print(const uint8_t *address, size_t length,
			      char out[DNS_ADDRESS_TEXT_BYTES])
{
	return inet_ntop(length == 4 ? AF_INET : AF_INET6, address, out, DNS_ADDRESS_TEXT_BYTES);
}

bool dns_text_print_field(struct dns_text *text, char kind, struct bytes message, size_t *at)
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
		dns_text_print(text, "%s", dns_name_print(name, printed));
		return true;
	case '2':
		dns_text_print(text, "%u", get_be16(rest.data));
		break;
	case '4':
		dns_text_print(text, "%u", get_be32(rest.data));
		break;
	case 'a':
		dns_text_print(text, "%s", ipv4_print(get_be32(rest.data), printed));
		break;
	case '6':
		dns_text_print(text, "%s", dns_address_print(rest.data, length, printed));
		break;
	case 's':
		*at += rest.length;
		return print_strings(text, rest);
	default:
		dns_text_print(text, "%zu byte%s", rest.length, plural(rest.length));
		length = rest.length;
		break;
	}
	*at += length;
	return true;
}

void dns_text_print_bare_data(struct dns_text *text, struct bytes message,
			      const struct dns_part *part)
{
	size_t at = part->data;
	struct bytes whole = bytes_first(message, part->end);
	const char *layout = dns_data_layout(part->type);

	if (!dns_part_has_data(part)) { /* an update says so that no data is meant */
		dns_text_print(text, part->class == DNS_CLASS_ANY ? "(any)" : "(none)");
		return;
	}
	for (const char *kind = layout; *kind != '\0'; kind++) {
		if (kind != layout)
			dns_text_print(text, " ");
		if (!dns_text_print_field(text, *kind, whole, &at)) {
			dns_text_print(text, text->length > 0 && text->out[text->length - 1] != ' '
						 ? " (malformed)"
						 : "(malformed)");
			return;
		}
	}
}

void dns_text_print_data(struct dns_text *text, struct bytes message, const struct dns_part *part)
{
	dns_text_print(text, " ");
	dns_text_print_bare_data(text, message, part);
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

	if (overview->questions == 0) {
		dns_text_print(text, "nothing");
		return;
	}
	if (overview->opcode != DNS_UPDATE)
		dns_text_print(text, "%s of ", dns_type_print(overview->question.type, type));
	dns_text_print(text, "%s", dns_name_print(overview->question.name, name));
	if (overview->questions > 1)
		dns_text_print(text, " (+%u question%s)", overview->questions - 1,
			       overview->questions > 2 ? "s" : "");
}

/* How a message is told of; the question goes behind it. */
struct telling {
	const char *asks;    /* a request */
	const char *answers; /* a response that no record is in */
	const char *asked;   /* behind an error */
};

static const struct telling *telling_of(unsigned opcode)
{
	static const struct telling query = { "asks for ", "answer: no ", "asked for " };
	static const struct telling inverse = { "asks which name has ", "answer: no name has ",
						"asked which name has " };
	static const struct telling status = { "asks for the server's status: ",
					       "answer: the server's status: ",
					       "asked for its status: " };
	static const struct telling notify = { "tells of a change: ", "answer: heard of a change: ",
					       "told of a change: " };
	static const struct telling update = { "asks to update ", "answer: updated ",
					       "asked to update " };
	static const struct telling other = { "asks what is not known here about ",
					      "answer: to what is not known here, about ",
					      "asked what is not known here about " };

	switch (opcode) {
	case DNS_QUERY:
		return &query;
	case DNS_INVERSE_QUERY:
		return &inverse;
	case DNS_STATUS:
		return &status;
	case DNS_NOTIFY:
		return &notify;
	case DNS_UPDATE:
		return &update;
	default:
		return &other;
	}
}

/* "server failure"; in the words of RFC 6895 section 2.3 where nothing is clearer. */
static const char *failure_of(unsigned rcode)
{
	static const char *const failures[] = {
		[DNS_FORMERR] = "the question is malformed",
		[DNS_SERVFAIL] = "server failure",
		[DNS_NXDOMAIN] = "there is no such name",
		[DNS_NOTIMP] = "not implemented",
		[DNS_REFUSED] = "refused",
		[DNS_YXDOMAIN] = "a name exists that should not",
		[DNS_YXRRSET] = "records exist that should not",
		[DNS_NXRRSET] = "records that should exist do not",
		[DNS_NOTAUTH] = "not responsible for the zone, or not allowed",
		[DNS_NOTZONE] = "a name is not in the zone",
		[DNS_DSOTYPENI] = "that kind of DSO is not implemented",
		[DNS_BADVERS] = "EDNS version not supported",
		[DNS_BADKEY] = "the key is not known",
		[DNS_BADTIME] = "the signature is out of its time",
		[DNS_BADMODE] = "bad mode of TKEY",
		[DNS_BADNAME] = "there is a key of that name",
		[DNS_BADALG] = "the algorithm is not supported",
		[DNS_BADTRUNC] = "the signature is too short",
		[DNS_BADCOOKIE] = "the server's cookie is missing or wrong",
	};

	return rcode < G_N_ELEMENTS(failures) ? failures[rcode] : NULL;
}

static void print_failure(struct dns_text *text, unsigned rcode)
{
	const char *failure = failure_of(rcode);

	if (failure != NULL)
		dns_text_print(text, "error: %s", failure);
	else
		dns_text_print(text, "error %u", rcode);
}

/* A response that has no record in its answer section. */
static void print_absence(struct dns_text *text, struct bytes message,
			  const struct dns_overview *overview, bool is_truncated)
{
	const struct telling *telling = telling_of(overview->opcode);
	const struct dns_part *authority = &overview->first[DNS_AUTHORITY];
	char name[DNS_NAME_TEXT_BYTES];
	bool is_query = overview->opcode == DNS_QUERY;

	if (overview->rcode == DNS_NXDOMAIN && is_query && overview->questions > 0) {
		dns_text_print(text, "answer: %s does not exist",
			       dns_name_print(overview->question.name, name));
	} else if (overview->rcode != DNS_NOERROR) {
		print_failure(text, overview->rcode);
		dns_text_print(text, ", %s", telling->asked);
		print_question(text, overview);
	} else if (is_truncated) {
		dns_text_print(text, "answer: ");
		print_question(text, overview);
		dns_text_print(text, " did not fit, ask over TCP");
	} else if (is_query && overview->counts[DNS_AUTHORITY] > 0 && authority->type == DNS_NS) {
		dns_text_print(text, "referral: %s, ask", dns_name_print(authority->name, name));
		dns_text_print_data(text, message, authority);
	} else if (overview->questions == 0) {
		dns_text_print(text, "answer: nothing was asked, and there is none");
	} else {
		dns_text_print(text, "%s", telling->answers);
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
	if (answers > 0 && overview->questions > 1)
		dns_text_print(text, " (%u questions)", overview->questions);
	if (answers > 0 && overview->rcode != DNS_NOERROR) {
		dns_text_print(text, ", ");
		print_failure(text, overview->rcode);
	}
}

static void print_count(struct dns_text *text, const char *before, unsigned count, const char *what)
{
	if (count > 0)
		dns_text_print(text, "%s%u %s%s", before, count, what, count > 1 ? "s" : "");
}

static void print_request(struct dns_text *text, const struct dns_overview *overview)
{
	unsigned conditions = overview->counts[DNS_ANSWER];
	unsigned changes = overview->counts[DNS_AUTHORITY];

	dns_text_print(text, "%s", telling_of(overview->opcode)->asks);
	print_question(text, overview);
	if (overview->opcode != DNS_UPDATE)
		return;
	print_count(text, ": ", changes, "change");
	print_count(text, changes > 0 ? ", " : ": ", conditions, "prerequisite");
}

/* As far as it is known of a message whose end is not here. */
static void print_beginning(struct dns_text *text, struct bytes message,
			    const struct dns_overview *overview, bool is_response)
{
	if (overview->questions == 0) {
		dns_text_print(text, is_response ? "the beginning of an answer"
						 : "the beginning of a question");
		return;
	}
	if (is_response && overview->counts[DNS_ANSWER] > 0) {
		dns_text_print(text, "answer: ");
		dns_text_print_record(text, message, &overview->first[DNS_ANSWER]);
	} else if (is_response) {
		dns_text_print(text, "answer: about ");
		print_question(text, overview);
	} else {
		print_request(text, overview);
	}
	dns_text_print(text, ", and more that is not here");
}

void dns_text_print_summary(struct dns_text *text, struct bytes message,
			    const struct dns_overview *overview)
{
	uint16_t flags = get_be16(message.data + 2);
	bool is_response = (flags & 0x8000) != 0, is_truncated = (flags & 0x0200) != 0;

	if (overview->is_malformed) {
		dns_text_print(text, "malformed message");
	} else if (overview->is_cut) {
		print_beginning(text, message, overview, is_response);
	} else if (!is_response) {
		print_request(text, overview);
	} else {
		if (is_truncated)
			dns_text_print(text, "truncated ");
		if (overview->counts[DNS_ANSWER] > 0) {
			dns_text_print(text, "answer: ");
			dns_text_print_record(text, message, &overview->first[DNS_ANSWER]);
		} else {
			print_absence(text, message, overview, is_truncated);
		}
		print_more(text, overview);
	}
}
