/* The DNS message codec against messages worked out by hand from RFC 1035 and RFC 6891. */
#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include "protocols/dns/message.h"

/*
 * What a server says to "MX of remote.example": one answer, the
 * exchanger's address beside it, and OPT. Names that repeat are pointers.
 */
static const uint8_t mx_answer[] = {
	0x94,
	0x09, /* id */
	0x84,
	0x00, /* QR AA */
	0,
	1,
	0,
	1,
	0,
	0,
	0,
	2, /* counts */
	/* 12: question */
	6,
	'r',
	'e',
	'm',
	'o',
	't',
	'e',
	7,
	'e',
	'x',
	'a',
	'm',
	'p',
	'l',
	'e',
	0,
	0,
	15,
	0,
	1,
	/* 32: remote.example 3600 IN MX 10 mail.remote.example */
	0xc0,
	12,
	0,
	15,
	0,
	1,
	0,
	0,
	0x0e,
	0x10,
	0,
	9,
	0,
	10,
	/* 46 */
	4,
	'm',
	'a',
	'i',
	'l',
	0xc0,
	12,
	/* 53: mail.remote.example 300 IN A 203.0.113.10 */
	0xc0,
	46,
	0,
	1,
	0,
	1,
	0,
	0,
	0x01,
	0x2c,
	0,
	4,
	203,
	0,
	113,
	10,
	/* 69: OPT, 1232 bytes, DO */
	0,
	0,
	41,
	0x04,
	0xd0,
	0,
	0,
	0x80,
	0,
	0,
	0,
};

static struct dns_message *parse(const void *data, size_t length)
{
	struct dns_message *message = NULL;

	ck_assert_int_eq(dns_message_parse((struct bytes) { data, length }, &message), PARSE_OK);
	return message;
}

START_TEST(parse_reads_header_question_and_records)
{
	struct dns_message *message = parse(mx_answer, sizeof mx_answer);
	char text[DNS_NAME_TEXT_BYTES];
	uint16_t preference;
	struct dns_name exchange;
	uint32_t address;

	ck_assert_uint_eq(message->id, 0x9409);
	ck_assert(message->is_response && message->is_authoritative);
	ck_assert(!message->is_truncated && !message->recursion_desired);
	ck_assert(!message->recursion_available);
	ck_assert_uint_eq(message->opcode, DNS_QUERY);
	ck_assert_uint_eq(message->rcode, DNS_NOERROR);
	ck_assert_str_eq(dns_name_print(message->question.name, text), "remote.example");
	ck_assert_uint_eq(message->question.type, DNS_MX);
	ck_assert_uint_eq(message->question.class, DNS_IN);
	ck_assert_uint_eq(message->sections[DNS_ANSWER].count, 1);
	ck_assert_uint_eq(message->sections[DNS_AUTHORITY].count, 0);
	ck_assert_uint_eq(message->sections[DNS_ADDITIONAL].count, 1);

	const struct dns_record *mx = &message->sections[DNS_ANSWER].records[0];
	ck_assert(dns_record_mx(mx, &preference, &exchange));
	ck_assert_uint_eq(preference, 10);
	ck_assert_uint_eq(mx->ttl_s, 3600);
	ck_assert_str_eq(dns_name_print(exchange, text), "mail.remote.example");
	ck_assert(!dns_record_address(mx, &address));
	const struct dns_record *a = &message->sections[DNS_ADDITIONAL].records[0];
	ck_assert(dns_record_address(a, &address));
	ck_assert_uint_eq(address, 0xcb00710a);
	ck_assert_str_eq(dns_name_print(a->name, text), "mail.remote.example");

	ck_assert(message->edns.is_present && message->edns.dnssec_ok);
	ck_assert_uint_eq(message->edns.version, 0);
	ck_assert_uint_eq(message->edns.udp_bytes, 1232);
	dns_message_free(message);
}
END_TEST

START_TEST(emit_compresses_to_the_same_bytes)
{
	struct dns_message *message = parse(mx_answer, sizeof mx_answer);
	uint8_t out[DNS_UDP_BYTES];
	size_t length = dns_message_emit(message, sizeof out, out);

	ck_assert_uint_eq(length, sizeof mx_answer);
	ck_assert_mem_eq(out, mx_answer, sizeof mx_answer);
	dns_message_free(message);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
	uint8_t *copy = g_memdup2(mx_answer, _i);
	struct dns_message *message = NULL;

	ck_assert_int_ne(dns_message_parse((struct bytes) { copy, _i }, &message), PARSE_OK);
	ck_assert_ptr_null(message);
	g_free(copy);
}
END_TEST

START_TEST(no_changed_byte_breaks_the_parser)
{
	uint8_t *copy = g_memdup2(mx_answer, sizeof mx_answer);
	uint8_t out[DNS_UDP_BYTES];

	for (unsigned value = 0; value < 256; value++) {
		struct dns_message *message = NULL;

		copy[_i] = (uint8_t)value;
		if (dns_message_parse((struct bytes) { copy, sizeof mx_answer }, &message) ==
		    PARSE_OK)
			dns_message_emit(message, sizeof out, out);
		dns_message_free(message);
	}
	g_free(copy);
}
END_TEST

#define HEADER(flags, questions, answers, additional)                                              \
	"\x12\x34" flags "\0" questions "\0" answers "\0\0\0" additional

static const struct {
	const char *what;
	const char *bytes;
	size_t length;
	enum parse_status status;
} bad_messages[] = {
	{"trailing bytes",                 HEADER("\1\0",   "\0", "\0", "\0") "x",                                                    13, PARSE_BAD_LENGTH},
	{ "two questions",                 HEADER("\1\0",   "\2", "\0", "\0") "\0\0\1\0\1\0\0\1\0\1",                                 22,
         PARSE_BAD_VALUE																  },
	{ "an address of 3 bytes",         HEADER("\x80\0", "\0", "\1", "\0") "\0\0\1\0\1\0\0\0\0\0\3abc",
         26,															      PARSE_BAD_LENGTH},
	{ "an address of 5 bytes",         HEADER("\x80\0", "\0", "\1", "\0") "\0\0\1\0\1\0\0\0\0\0\5abcde",
         28,															      PARSE_BAD_LENGTH},
	{ "data past the end",             HEADER("\x80\0", "\0", "\1", "\0") "\0\0\1\0\1\0\0\0\0\0\4abc",                            26,
         PARSE_TRUNCATED																  },
	{ "a name longer than its data",
         HEADER("\x80\0",				   "\0", "\1", "\0") "\0\0\2\0\1\0\0\0\0\0\2\1a\0",                          26, PARSE_BAD_LENGTH},
	{ "text whose string is too long",
         HEADER("\x80\0",				   "\0", "\1", "\0") "\0\0\x10\0\1\0\0\0\0\0\3\3ab",                         26, PARSE_BAD_LENGTH},
	{ "a preference without exchange",
         HEADER("\x80\0",				   "\0", "\1", "\0") "\0\0\xf\0\1\0\0\0\0\0\2\0\1",                          25, PARSE_BAD_LENGTH},
	{ "OPT as answer",                 HEADER("\x80\0", "\0", "\1", "\0") "\0\0\x29\4\xd0\0\0\0\0\0\0",                           23,
         PARSE_BAD_VALUE																  },
	{ "OPT twice",
         HEADER("\x80\0",				   "\0", "\0", "\2") "\0\0\x29\4\xd0\0\0\0\0\0\0\0\0\x29\4\xd0\0\0\0\0\0\0",
         34,															      PARSE_BAD_VALUE },
	{ "OPT with a name",               HEADER("\x80\0", "\0", "\0", "\1") "\1a\0\0\x29\4\xd0\0\0\0\0\0\0",                        25,
         PARSE_BAD_VALUE																  },
};

START_TEST(a_bad_message_is_refused)
{
	struct dns_message *message = NULL;
	uint8_t *copy = g_memdup2(bad_messages[_i].bytes, bad_messages[_i].length);
	enum parse_status status =
	    dns_message_parse((struct bytes) { copy, bad_messages[_i].length }, &message);

	ck_assert_msg(status == bad_messages[_i].status, "%s: %d", bad_messages[_i].what, status);
	g_free(copy);
}
END_TEST

START_TEST(every_flag_is_carried)
{
	/* One flag a row: the bit in the word (RFC 1035 section 4.1.1, RFC 4035 section 3). */
	static const uint16_t bits[] = { 0x8000, 0x0400, 0x0200, 0x0100, 0x0080,
					 0x0020, 0x0010, 0x2800, 0x0005 };
	uint8_t in[DNS_HEADER_BYTES] = { 0 }, out[DNS_UDP_BYTES];

	put_be16(in + 2, bits[_i]);
	struct dns_message *message = parse(in, sizeof in);
	const bool flags[] = { message->is_response,         message->is_authoritative,
			       message->is_truncated,        message->recursion_desired,
			       message->recursion_available, message->authentic_data,
			       message->checking_disabled,   message->opcode == DNS_UPDATE,
			       message->rcode == DNS_REFUSED };

	for (int i = 0; i < (int)G_N_ELEMENTS(flags); i++)
		ck_assert_int_eq(flags[i], i == _i);
	ck_assert_uint_eq(dns_message_emit(message, sizeof out, out), sizeof in);
	ck_assert_mem_eq(out, in, sizeof in);
	dns_message_free(message);
}
END_TEST

START_TEST(edns_carries_the_high_bits_of_the_rcode)
{
	/* BADVERS is 16: 1 in OPT's first TTL byte, 0 in the header (RFC 6891 section 6.1.3). */
	static const uint8_t badvers[] = { 0, 1, 0x80, 0, 0,    0, 0, 0, 0, 0, 0, 1,
					   0, 0, 41,   4, 0xd0, 1, 0, 0, 0, 0, 0 };
	uint8_t out[DNS_UDP_BYTES];
	struct dns_message *message = parse(badvers, sizeof badvers);

	ck_assert_uint_eq(message->rcode, DNS_BADVERS);
	ck_assert_uint_eq(dns_message_emit(message, sizeof out, out), sizeof badvers);
	ck_assert_mem_eq(out, badvers, sizeof badvers);
	dns_message_free(message);
}
END_TEST

START_TEST(a_ttl_with_the_top_bit_counts_as_zero)
{
	static const uint8_t in[] =
	    HEADER("\x80\0", "\0", "\1", "\0") "\0\0\1\0\1\x80\0\0\1\0\4abcd";
	struct dns_message *message = parse(in, sizeof in - 1);

	ck_assert_uint_eq(message->sections[DNS_ANSWER].records[0].ttl_s, 0);
	dns_message_free(message);
}
END_TEST

START_TEST(an_unknown_type_is_carried_as_it_is)
{
	/* Type 65280 whose data looks like a pointer: not followed, not compressed (RFC 3597). */
	static const uint8_t in[] =
	    HEADER("\x80\0", "\0", "\1", "\0") "\0\xff\0\0\1\0\0\0\1\0\2\xc0\xc";
	struct dns_message *message = parse(in, sizeof in - 1);
	uint8_t out[DNS_UDP_BYTES];

	ck_assert_uint_eq(message->sections[DNS_ANSWER].records[0].data.length, 2);
	ck_assert_uint_eq(dns_message_emit(message, sizeof out, out), sizeof in - 1);
	ck_assert_mem_eq(out, in, sizeof in - 1);
	dns_message_free(message);
}
END_TEST

/* A response with `count` TXT records of 101 bytes each, in `section`. */
static struct dns_message *large_message(unsigned count, enum dns_section_index section)
{
	static const uint8_t question[] = HEADER("\1\0", "\1", "\0", "\0") "\1a\0\0\x10\0\1";
	uint8_t text[89] = { 88 };
	struct dns_message *message = parse(question, sizeof question - 1);

	message->is_response = true;
	for (unsigned i = 0; i < count; i++) {
		text[1] = (uint8_t)i;
		dns_message_add(message, section,
				&(struct dns_record) {
				    .name = message->question.name,
				    .type = DNS_TXT,
				    .class = DNS_IN,
				    .data = {text, sizeof text},
                });
	}
	return message;
}

START_TEST(what_does_not_fit_is_left_out_and_told)
{
	/* 12 + 7 + 4 * 101 = 423; a fifth record would make 524. */
	struct dns_message *message = large_message(5, DNS_ANSWER);
	uint8_t out[2 * DNS_UDP_BYTES];

	ck_assert_uint_eq(dns_message_emit(message, DNS_UDP_BYTES, out), 423);
	struct dns_message *cut = parse(out, 423);
	ck_assert(cut->is_truncated);
	ck_assert_uint_eq(cut->sections[DNS_ANSWER].count, 4);
	dns_message_free(cut);
	ck_assert_uint_eq(dns_message_emit(message, sizeof out, out), 524);
	dns_message_free(message);
}
END_TEST

START_TEST(additional_records_go_without_a_word)
{
	struct dns_message *message = large_message(5, DNS_ADDITIONAL);
	uint8_t out[DNS_UDP_BYTES];

	message->edns = (struct dns_edns) { .is_present = true, .udp_bytes = 512 };
	ck_assert_uint_eq(dns_message_emit(message, DNS_UDP_BYTES, out), 423 + 11);
	struct dns_message *cut = parse(out, 423 + 11);
	ck_assert(!cut->is_truncated);
	ck_assert_uint_eq(cut->sections[DNS_ADDITIONAL].count, 4);
	ck_assert(cut->edns.is_present);
	dns_message_free(cut);
	dns_message_free(message);
}
END_TEST

START_TEST(a_message_of_64_kilobytes_goes_there_and_back)
{
	struct dns_message *message = large_message(648, DNS_ANSWER);
	uint8_t *out = g_malloc(DNS_TCP_BYTES);
	size_t length = dns_message_emit(message, DNS_TCP_BYTES, out);

	ck_assert_uint_eq(length, 12 + 7 + 648 * 101);
	struct dns_message *back = parse(out, length);
	ck_assert_uint_eq(back->sections[DNS_ANSWER].count, 648);
	ck_assert(dns_message_has(back, DNS_ANSWER, &message->sections[DNS_ANSWER].records[255]));
	dns_message_free(back);
	dns_message_free(message);
	g_free(out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dns message");
	TCase *tcase = tcase_create("message");

	tcase_add_test(tcase, parse_reads_header_question_and_records);
	tcase_add_test(tcase, emit_compresses_to_the_same_bytes);
	tcase_add_loop_test(tcase, every_truncation_is_refused, 0, sizeof mx_answer);
	tcase_add_loop_test(tcase, no_changed_byte_breaks_the_parser, 0, sizeof mx_answer);
	tcase_add_loop_test(tcase, a_bad_message_is_refused, 0, G_N_ELEMENTS(bad_messages));
	tcase_add_loop_test(tcase, every_flag_is_carried, 0, 9);
	tcase_add_test(tcase, edns_carries_the_high_bits_of_the_rcode);
	tcase_add_test(tcase, a_ttl_with_the_top_bit_counts_as_zero);
	tcase_add_test(tcase, an_unknown_type_is_carried_as_it_is);
	tcase_add_test(tcase, what_does_not_fit_is_left_out_and_told);
	tcase_add_test(tcase, additional_records_go_without_a_word);
	tcase_add_test(tcase, a_message_of_64_kilobytes_goes_there_and_back);
	suite_add_tcase(suite, tcase);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
