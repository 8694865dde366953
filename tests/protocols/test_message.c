/* Messages: structure and offsets worked out by hand, headers, decoding, composing. */
#include <check.h>
#include "protocols/mail/message.h"

static struct message *message_of(const char *text)
{
	return message_new(g_bytes_new(text, strlen(text)), 0);
}

/* The structure as one line: type/subtype(children), with the body in quotes for leaves. */
static void print_part(GString *out, const struct message *message, const struct message_part *part)
{
	struct bytes body = bytes_from(message_bytes(message), part->body_offset);

	g_string_append_printf(out, "%s/%s", part->type, part->subtype);
	if (part->children == NULL) {
		g_string_append_printf(out, "'%.*s'%u", (int)part->body_bytes,
				       (const char *)body.data, part->body_lines);
		return;
	}
	g_string_append_c(out, '(');
	for (unsigned i = 0; i < part->children->len; i++) {
		if (i > 0)
			g_string_append_c(out, ' ');
		print_part(out, message, g_ptr_array_index(part->children, i));
	}
	g_string_append_c(out, ')');
}

struct structure_example {
	const char *name, *text, *expected;
};

#define MIXED "Content-Type: multipart/mixed; boundary="

static const struct structure_example structures[] = {
	{"no MIME header at all",				   "Subject: x\r\n\r\nhello\r\n",                                      "TEXT/PLAIN'hello\r\n'1"                                                               },
	{ "no body",						"Subject: x\r\n\r\n",					       "TEXT/PLAIN''0"									},
	{ "no empty line",					  "Subject: x\r\n",						   "TEXT/PLAIN''0"									},
	{ "nothing",						"",								 "TEXT/PLAIN''0"									},
	{ "no header",					      "\r\nhello",							"TEXT/PLAIN'hello'0"								   },
	{ "invalid type",					   "Content-Type: text\r\n\r\nx",                                      "TEXT/PLAIN'x'0"                                                                       },
	{ "two parts, preamble and epilogue",
         MIXED
	  "b\r\n\r\npreamble\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: image/png\r\n\r\ntwo\r\n"
	  "--b--\r\nepilogue\r\n",												      "MULTIPART/MIXED(TEXT/PLAIN'one'0 IMAGE/PNG'two'0)"                                    },
	{ "the line end before a boundary belongs to the boundary",
         MIXED "b\r\n\r\n--b\r\n\r\none\r\n\r\n--b--\r\n",
         "MULTIPART/MIXED(TEXT/PLAIN'one\r\n'1)"																					       },
	{ "missing final boundary",                                 MIXED "b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n",
         "MULTIPART/MIXED(TEXT/PLAIN'one'0 TEXT/PLAIN'two\r\n'1)"																			      },
	{ "no line end at the end of the message",                  MIXED "b\r\n\r\n--b\r\n\r\none\r\n--b--",
         "MULTIPART/MIXED(TEXT/PLAIN'one'0)"																						   },
	{ "bare line feeds",					"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n",
         "MULTIPART/MIXED(TEXT/PLAIN'one'0)"																						   },
	{ "the longer boundary is another one",
         MIXED "b\r\n\r\n--b\r\n\r\n--bb\r\n--b c\r\n--b--c\r\n--b\t \r\n\r\ntwo\r\n--b-- \r\n",
         "MULTIPART/MIXED(TEXT/PLAIN'--bb\r\n--b c\r\n--b--c'2 TEXT/PLAIN'two'0)"																	      },
	{ "a boundary ends a header",                               MIXED "b\r\n\r\n--b\r\nContent-Type: image/gif\r\n--b--\r\n",
         "MULTIPART/MIXED(IMAGE/GIF''0)"																						       },
	{ "delimiters side by side",                                MIXED "b\r\n\r\n--b\r\n--b\r\n--b--\r\n",
         "MULTIPART/MIXED(TEXT/PLAIN''0 TEXT/PLAIN''0)"																					},
	{ "nothing after the close counts",
         MIXED "b\r\n\r\n--b\r\n\r\n1\r\n--b--\r\n--b\r\n\r\n2\r\n",
         "MULTIPART/MIXED(TEXT/PLAIN'1'0)"																						     },
	{ "quoted boundary with blanks",                            MIXED "\"a b'c\"\r\n\r\n--a b'c\r\n\r\n1\r\n--a b'c--\r\n",
         "MULTIPART/MIXED(TEXT/PLAIN'1'0)"																						     },
	{ "no boundary parameter",                                  "Content-Type: multipart/mixed\r\n\r\n--\r\n",
         "MULTIPART/MIXED'--\r\n'1"																							    },
	{ "no part",						MIXED "b\r\n\r\nnothing\r\n",                                       "MULTIPART/MIXED'nothing\r\n'1"                                                        },
	{ "nested, and the outer boundary ends the inner parts",
         MIXED
	  "o\r\n\r\n--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\n\r\n1\r\n"
	  "--i\r\nContent-Type: text/html\r\n\r\n<p>\r\n--o\r\n\r\n2\r\n--o--\r\n",						     "MULTIPART/MIXED(MULTIPART/ALTERNATIVE(TEXT/PLAIN'1'0 TEXT/HTML'<p>'0) TEXT/PLAIN'2'0)"},
	{ "a message inside",
         MIXED "b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n"
		"Content-Type: text/html\r\n\r\nhi\r\n--b--\r\n",								       "MULTIPART/MIXED(MESSAGE/RFC822(TEXT/HTML'hi'0))"                                      },
	{ "an encoded message is a leaf",
         "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA",					       "MESSAGE/RFC822'AAAA'0"								},
	{ "a digest holds messages",
         "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: "
	  "in\r\n\r\nhi\r\n--b--\r\n",												  "MULTIPART/DIGEST(MESSAGE/RFC822(TEXT/PLAIN'hi'0))"                                    },
	{ "8-bit text",					     "Content-Type: text/plain; charset=utf-8\r\n\r\nh\xc3\xa9\r\n",
         "TEXT/PLAIN'h\xc3\xa9\r\n'1"																							  },
};

START_TEST(structure_follows_the_boundaries)
{
	const struct structure_example *example = &structures[_i];
	struct message *message = message_of(example->text);
	GString *out = g_string_new(NULL);

	print_part(out, message, message_structure(message));
	ck_assert_msg(strcmp(out->str, example->expected) == 0, "%s: %s", example->name, out->str);
	g_string_free(out, TRUE);
	message_free(message);
}
END_TEST

START_TEST(offsets_count_from_the_start_of_the_message)
{
	struct message *message = message_of("Subject: x\r\n"
					     "Content-Type: multipart/mixed; boundary=\"b\"\r\n"
					     "\r\n"
					     "--b\r\n"     /* 59 = 12 + 45 + 2 */
					     "A: b\r\n"    /* 64 */
					     "\r\n"        /* 70 */
					     "one\r\n"     /* 72 */
					     "--b--\r\n"); /* 77 */
	const struct message_part *root = message_structure(message);
	const struct message_part *child = g_ptr_array_index(root->children, 0);

	ck_assert_uint_eq(root->header_offset, 0);
	ck_assert_uint_eq(root->header_bytes, 59);
	ck_assert_uint_eq(root->body_offset, 59);
	ck_assert_uint_eq(root->body_bytes, 84 - 59);
	ck_assert_uint_eq(root->body_lines, 5);
	ck_assert_uint_eq(child->header_offset, 64);
	ck_assert_uint_eq(child->header_bytes, 8);
	ck_assert_uint_eq(child->body_offset, 72);
	ck_assert_uint_eq(child->body_bytes, 3);
	message_free(message);
}
END_TEST

static const char described[] =
    "content-type: Application/PDF; NAME*0=\"re\"; name*1=\"port.pdf\"\r\n"
    "Content-ID: <part1@x>\r\n"
    "Content-Description: a\r\n\tfolded  one\r\n"
    "Content-Transfer-Encoding: base64 (comment)\r\n"
    "Content-Disposition: ATTACHMENT; filename*=utf-8''n%C3%A9.pdf\r\n"
    "Content-Language: de\r\n"
    "Content-MD5: Q2hlY2s=\r\n"
    "Content-Location: http://x.example/\r\n"
    "\r\n"
    "aGVsbG8=\r\n";

START_TEST(a_part_is_described_by_its_header)
{
	struct message *message = message_of(described);
	const struct message_part *part = message_structure(message);
	char *filename = message_part_filename(part);
	GBytes *content = message_part_content(message, part);

	ck_assert_str_eq(part->type, "APPLICATION");
	ck_assert_str_eq(part->subtype, "PDF");
	ck_assert_uint_eq(part->parameters->len, 2);
	ck_assert_str_eq(g_ptr_array_index(part->parameters, 0), "name");
	ck_assert_str_eq(g_ptr_array_index(part->parameters, 1), "report.pdf");
	ck_assert_str_eq(part->id, "<part1@x>");
	ck_assert_str_eq(part->description, "a\tfolded  one");
	ck_assert_str_eq(part->encoding, "BASE64");
	ck_assert_str_eq(part->disposition, "attachment");
	ck_assert_str_eq(g_ptr_array_index(part->disposition_parameters, 0), "filename*");
	ck_assert_str_eq(g_ptr_array_index(part->disposition_parameters, 1), "utf-8''n%C3%A9.pdf");
	ck_assert_str_eq(part->language, "de");
	ck_assert_str_eq(part->md5, "Q2hlY2s=");
	ck_assert_str_eq(part->location, "http://x.example/");
	ck_assert_str_eq(filename, "n\xc3\xa9.pdf");
	ck_assert_uint_eq(g_bytes_get_size(content), 5);
	ck_assert_mem_eq(g_bytes_get_data(content, NULL), "hello", 5);
	g_bytes_unref(content);
	g_free(filename);
	message_free(message);
}
END_TEST

START_TEST(text_without_charset_is_ascii)
{
	struct message *message = message_of("\r\nx");
	const struct message_part *part = message_structure(message);

	ck_assert_str_eq(part->encoding, "7BIT");
	ck_assert_str_eq(g_ptr_array_index(part->parameters, 0), "charset");
	ck_assert_str_eq(g_ptr_array_index(part->parameters, 1), "us-ascii");
	ck_assert_ptr_null(part->id);
	ck_assert_ptr_null(part->disposition);
	message_free(message);
}
END_TEST

START_TEST(hostile_nesting_is_bounded)
{
	GString *text = g_string_new(NULL);
	unsigned depth = 0;

	for (unsigned i = 0; i < 200; i++)
		g_string_append(text, "Content-Type: message/rfc822\r\n\r\n");
	struct message *message = message_of(text->str);
	const struct message_part *part = message_structure(message);
	for (; part->children != NULL; depth++)
		part = g_ptr_array_index(part->children, 0);
	ck_assert_uint_eq(depth, MESSAGE_DEPTH_MAX);
	message_free(message);

	g_string_assign(text, MIXED "b\r\n\r\n");
	for (unsigned i = 0; i < 3000; i++)
		g_string_append(text, "--b\r\n");
	message = message_of(text->str);
	part = message_structure(message);
	ck_assert_uint_eq(part->children->len, MESSAGE_PARTS_MAX - 1);
	message_free(message);
	g_string_free(text, TRUE);
}
END_TEST

START_TEST(a_huge_header_is_read)
{
	GString *text = g_string_new("Subject: start\r\n");

	for (unsigned i = 0; i < 100000; i++)
		g_string_append(text, " continued\r\n");
	g_string_append(text, "To: bob@x.example\r\n\r\nbody");
	struct message *message = message_of(text->str);
	struct bytes header = message_header_section(message_bytes(message));
	char *to = message_header(header, "to");
	char *subject = message_header(header, "Subject");

	ck_assert_str_eq(to, "bob@x.example");
	ck_assert_uint_eq(strlen(subject), strlen("start") + 100000 * strlen(" continued"));
	ck_assert_uint_eq(message_structure(message)->body_bytes, 4);
	g_free(to);
	g_free(subject);
	message_free(message);
	g_string_free(text, TRUE);
}
END_TEST

START_TEST(headers_are_found_whatever_their_form)
{
	struct bytes header = bytes_of("Received: a\r\n"
				       "SUBJECT : Hello\r\n there\r\n"
				       "no colon here\r\n"
				       "Subject: second\r\n"
				       "Empty:\r\n"
				       "X: y\r\n"
				       "\r\n");
	char *subject = message_header(header, "Subject");
	char *empty = message_header(header, "empty");

	ck_assert_str_eq(subject, "Hello there");
	ck_assert_str_eq(empty, "");
	ck_assert_ptr_null(message_header(header, "Sub"));
	ck_assert_ptr_null(message_header(header, "no"));
	g_free(subject);
	g_free(empty);
}
END_TEST

static const struct {
	const char *encoded, *decoded;
} words[] = {
	{"plain",				  "plain"                    },
 /* RFC 2047 section 8 */
	{ "=?ISO-8859-1?Q?a?= b",                  "a b"                      },
	{ "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"                       },
	{ "=?ISO-8859-1?Q?a_b?=",                  "a b"                      },
	{ "=?utf-8?b?R3LDvMOfZQ==?=",              "Gr\xc3\xbc\xc3\x9f"
				      "e"},
	{ "raw latin \xe9",                        "raw latin \xc3\xa9"       },
	{ "raw utf \xc3\xa9",                      "raw utf \xc3\xa9"         },
};

START_TEST(encoded_words_are_decoded)
{
	char *decoded = message_decode_words(words[_i].encoded);

	ck_assert_str_eq(decoded, words[_i].decoded);
	g_free(decoded);
}
END_TEST

static const struct {
	const char *text, *decoded;
} texts[] = {
	{"\r\nhello\r\n",								     "hello\r\n"        },
	{ "Content-Transfer-Encoding: quoted-printable\r\n"
	  "Content-Type: text/plain; charset=iso-8859-1\r\n\r\nh=E9l=\r\nlo=20\r\n", "h\xc3\xa9llo \r\n"},
	{ "Content-Transfer-Encoding: BASE64\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
	  "aMOp\r\n",								"h\xc3\xa9"        },
	{ "Content-Type: text/plain; charset=no-such\r\n\r\nh\xe9",                           "h\xc3\xa9"        },
	{ "Content-Type: text/plain; charset=utf-8\r\n\r\nh\xe9",                             "h\xc3\xa9"        },
};

static const struct {
	const char *encoded, *decoded;
} printables[] = {
	{"hello  \r\nbar=\r\n baz\r\n", "hello\r\nbar baz\r\n"},
	{ "foo\t=\r\nbar\r\n",          "foo\tbar\r\n"        },
	{ "foo\t=20\t=  \r\nb",         "foo\t \tb"           },
	{ "a=20 \r\n",                  "a \r\n"              },
	{ "\t\r\n\r\n",                 "\r\n\r\n"            },
	{ "=C3=BC=3D",                  "\xc3\xbc="           },
	{ "",			   ""		    },
};

/* Padding at the end of a line is not text (RFC 2045 section 6.7, rule 3). */
START_TEST(quoted_printable_loses_its_padding)
{
	char *text = g_strconcat("Content-Transfer-Encoding: quoted-printable\r\n\r\n",
				 printables[_i].encoded, NULL);
	struct message *message = message_new(g_bytes_new_take(text, strlen(text)), 0);
	GBytes *content = message_part_content(message, message_structure(message));
	gsize length;
	const char *data = g_bytes_get_data(content, &length);

	ck_assert_uint_eq(length, strlen(printables[_i].decoded));
	if (length > 0)
		ck_assert_mem_eq(data, printables[_i].decoded, length);
	g_bytes_unref(content);
	message_free(message);
}
END_TEST

START_TEST(text_comes_out_as_utf8)
{
	struct message *message = message_of(texts[_i].text);
	char *text = message_part_text(message, message_structure(message));

	ck_assert_str_eq(text, texts[_i].decoded);
	g_free(text);
	message_free(message);
}
END_TEST

/* Composing. */

static const char expected_plain[] = "Date: Sun, 22 Nov 2026 01:14:58 +0000\r\n"
				     "From: Alice <alice@office.example>\r\n"
				     "To: bob@remote.example\r\n"
				     "Subject: Quarterly report\r\n"
				     "Message-ID: <1.alice-pc@office.example>\r\n"
				     "MIME-Version: 1.0\r\n"
				     "Content-Type: text/plain; charset=us-ascii\r\n"
				     "Content-Transfer-Encoding: 7bit\r\n"
				     "\r\n"
				     "Dear Bob,\r\n"
				     ".\r\n"
				     "Alice\r\n";

static const struct composition plain = {
	.from = "Alice <alice@office.example>",
	.to = "bob@remote.example",
	.subject = "Quarterly report",
	.text = "Dear Bob,\n.\r\nAlice",
	.unix_time = 1795310098,
	.message_id = "1.alice-pc@office.example",
};

static struct message *compose(const struct composition *composition)
{
	return message_new(message_compose(composition), 0);
}

static char *header_of(const struct message *message, const char *name)
{
	return message_header(message_header_section(message_bytes(message)), name);
}

START_TEST(a_plain_message_is_composed)
{
	struct message *message = compose(&plain);
	struct bytes bytes = message_bytes(message);

	ck_assert_msg(bytes.length == strlen(expected_plain) &&
			  memcmp(bytes.data, expected_plain, bytes.length) == 0,
		      "%.*s", (int)bytes.length, bytes.data);
	message_free(message);
}
END_TEST

START_TEST(composing_twice_gives_the_same_bytes)
{
	struct attachment attachment = { "a.txt", "text/plain", g_bytes_new_static("hi", 2) };
	struct composition composition = plain;

	composition.attachments = &attachment;
	composition.attachment_count = 1;
	composition.boundary = "boundary-1";
	struct message *one = compose(&composition);
	struct message *two = compose(&composition);

	ck_assert(bytes_equal(message_bytes(one), message_bytes(two)));
	message_free(one);
	message_free(two);
	g_bytes_unref(attachment.content);
}
END_TEST

/* No line over 998 bytes, every line ended by CRLF, nothing but ASCII. */
static void check_wire_form(const struct message *message)
{
	struct bytes bytes = message_bytes(message);
	size_t line = 0;

	for (size_t i = 0; i < bytes.length; i++) {
		uint8_t byte = bytes.data[i];

		ck_assert_uint_lt(byte, 0x80);
		ck_assert(byte != '\n' || (i > 0 && bytes.data[i - 1] == '\r'));
		ck_assert(byte != '\r' || (i + 1 < bytes.length && bytes.data[i + 1] == '\n'));
		line = byte == '\n' ? 0 : line + 1;
		ck_assert_uint_le(line, 999);
	}
	ck_assert_uint_eq(line, 0);
}

START_TEST(foreign_letters_survive_the_wire)
{
	struct composition composition = plain;
	composition.subject = "Gr\xc3\xbc\xc3\x9f"
			      "e an alle, die hier lesen und noch viel mehr, "
			      "denn dieser Betreff ist sehr lang \xe2\x82\xac";
	composition.to = "J\xc3\xbcrgen <j@x.example>, \"Smith, Bob\" <b@y.example>";
	composition.text = "Sch\xc3\xb6ne Gr\xc3\xbc\xc3\x9f"
			   "e aus dem sonnigen S\xc3\xbc"
			   "den\n";
	struct message *message = compose(&composition);
	check_wire_form(message);

	char *subject = header_of(message, "Subject");
	char *decoded = message_decode_words(subject);
	char *to = header_of(message, "To");
	char *decoded_to = message_decode_words(to);
	char *text = message_part_text(message, message_structure(message));
	ck_assert_str_eq(decoded, composition.subject);
	ck_assert_str_eq(decoded_to, "J\xc3\xbcrgen <j@x.example>, \"Smith, Bob\" <b@y.example>");
	ck_assert_str_eq(text, "Sch\xc3\xb6ne Gr\xc3\xbc\xc3\x9f"
			       "e aus dem sonnigen S\xc3\xbc"
			       "den\r\n");
	ck_assert_str_eq(message_structure(message)->encoding, "QUOTED-PRINTABLE");
	g_free(subject);
	g_free(decoded);
	g_free(to);
	g_free(decoded_to);
	g_free(text);
	message_free(message);
}
END_TEST

START_TEST(mostly_foreign_text_goes_as_base64_with_crlf_inside)
{
	struct composition composition = plain;
	composition.text = "\xd0\x9f\xd1\x80\xd0\xb8\n\xd0\xb2\xd0\xb5\xd1\x82";
	struct message *message = compose(&composition);
	char *text = message_part_text(message, message_structure(message));

	check_wire_form(message);
	ck_assert_str_eq(message_structure(message)->encoding, "BASE64");
	ck_assert_str_eq(text, "\xd0\x9f\xd1\x80\xd0\xb8\r\n\xd0\xb2\xd0\xb5\xd1\x82\r\n");
	g_free(text);
	message_free(message);
}
END_TEST

START_TEST(a_long_line_is_encoded)
{
	struct composition composition = plain;
	char *line = g_strnfill(5000, 'x');
	composition.text = line;
	struct message *message = compose(&composition);
	char *text = message_part_text(message, message_structure(message));

	check_wire_form(message);
	ck_assert_uint_eq(strlen(text), 5002);
	g_free(text);
	g_free(line);
	message_free(message);
}
END_TEST

START_TEST(many_recipients_are_folded)
{
	GString *to = g_string_new("first@x.example");
	for (unsigned i = 0; i < 200; i++)
		g_string_append_printf(to, ", recipient-%u@department.office.example", i);
	struct composition composition = plain;
	composition.to = to->str;
	struct message *message = compose(&composition);
	char *header = header_of(message, "To");

	check_wire_form(message);
	ck_assert(g_str_has_suffix(header, "recipient-199@department.office.example"));
	g_free(header);
	g_string_free(to, TRUE);
	message_free(message);
}
END_TEST

START_TEST(a_line_end_in_the_subject_starts_no_header)
{
	struct composition composition = plain;
	composition.subject = "Hello\r\nBcc: eve@evil.example";
	struct message *message = compose(&composition);

	check_wire_form(message);
	ck_assert_ptr_null(header_of(message, "Bcc"));
	message_free(message);
}
END_TEST

START_TEST(attachments_come_back_byte_for_byte)
{
	uint8_t content[1000];
	for (unsigned i = 0; i < sizeof content; i++)
		content[i] = (uint8_t)(i * 7);
	struct attachment attachments[] = {
		{"Bericht f\xc3\xbcr M\xc3\xa4rz.pdf", "application/pdf",
                 g_bytes_new_static(content,						     sizeof content)},
		{ "empty",			     NULL,              g_bytes_new_static("", 0)             },
	};
	struct composition composition = plain;
	composition.attachments = attachments;
	composition.attachment_count = 2;
	composition.boundary = "=_1";
	struct message *message = compose(&composition);
	const struct message_part *root = message_structure(message);
	const struct message_part *first = g_ptr_array_index(root->children, 1);
	const struct message_part *second = g_ptr_array_index(root->children, 2);
	char *name = message_part_filename(first);
	GBytes *decoded = message_part_content(message, first);
	GBytes *empty = message_part_content(message, second);

	check_wire_form(message);
	ck_assert_uint_eq(root->children->len, 3);
	ck_assert_str_eq(name, attachments[0].name);
	ck_assert_str_eq(first->disposition, "attachment");
	ck_assert_str_eq(first->subtype, "PDF");
	ck_assert_str_eq(second->subtype, "OCTET-STREAM");
	ck_assert(g_bytes_equal(decoded, attachments[0].content));
	ck_assert_uint_eq(g_bytes_get_size(empty), 0);
	g_free(name);
	g_bytes_unref(decoded);
	g_bytes_unref(empty);
	g_bytes_unref(attachments[0].content);
	g_bytes_unref(attachments[1].content);
	message_free(message);
}
END_TEST

START_TEST(dates_are_written_in_any_zone)
{
	char *utc = message_date(1795310098, 0);
	char *west = message_date(1795310098, -5400);

	ck_assert_str_eq(utc, "Sun, 22 Nov 2026 01:14:58 +0000");
	ck_assert_str_eq(west, "Sat, 21 Nov 2026 23:44:58 -0130");
	g_free(utc);
	g_free(west);
}
END_TEST

START_TEST(trace_headers_go_in_front)
{
	GBytes *body = g_bytes_new_static("Subject: x\r\n\r\n", 14);
	GBytes *joined = message_prepend(body, "Return-Path: <>\r\n");

	ck_assert_uint_eq(g_bytes_get_size(joined), 31);
	ck_assert_mem_eq(g_bytes_get_data(joined, NULL), "Return-Path: <>\r\nSubject: x\r\n\r\n",
			 31);
	g_bytes_unref(body);
	g_bytes_unref(joined);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("message");
	TCase *tests = tcase_create("all");

	tcase_add_loop_test(tests, structure_follows_the_boundaries, 0, G_N_ELEMENTS(structures));
	tcase_add_test(tests, offsets_count_from_the_start_of_the_message);
	tcase_add_test(tests, a_part_is_described_by_its_header);
	tcase_add_test(tests, text_without_charset_is_ascii);
	tcase_add_test(tests, hostile_nesting_is_bounded);
	tcase_add_test(tests, a_huge_header_is_read);
	tcase_add_test(tests, headers_are_found_whatever_their_form);
	tcase_add_loop_test(tests, encoded_words_are_decoded, 0, G_N_ELEMENTS(words));
	tcase_add_loop_test(tests, quoted_printable_loses_its_padding, 0, G_N_ELEMENTS(printables));
	tcase_add_loop_test(tests, text_comes_out_as_utf8, 0, G_N_ELEMENTS(texts));
	tcase_add_test(tests, a_plain_message_is_composed);
	tcase_add_test(tests, composing_twice_gives_the_same_bytes);
	tcase_add_test(tests, foreign_letters_survive_the_wire);
	tcase_add_test(tests, mostly_foreign_text_goes_as_base64_with_crlf_inside);
	tcase_add_test(tests, a_long_line_is_encoded);
	tcase_add_test(tests, many_recipients_are_folded);
	tcase_add_test(tests, a_line_end_in_the_subject_starts_no_header);
	tcase_add_test(tests, attachments_come_back_byte_for_byte);
	tcase_add_test(tests, dates_are_written_in_any_zone);
	tcase_add_test(tests, trace_headers_go_in_front);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0 ? 1 : 0;
}
