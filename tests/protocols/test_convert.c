/* Messages made to fit: into 7 bits, as GMime reads them back; and cut, with whole multiparts. */
#include <check.h>
#include <stdlib.h>
#include "protocols/mail/convert.h"
#include "protocols/mail/message.h"

static GBytes *bytes_new(const char *text)
{
	return g_bytes_new(text, strlen(text));
}

static char *text_of(GBytes *bytes)
{
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);

	return g_strndup(data, length);
}

static const struct {
	const char *before, *after; /* NULL: it cannot be done */
} conversions[] = {
	{"Subject: x\r\n\r\nplain\r\n",							 "Subject: x\r\n\r\nplain\r\n"                                                       },
 /* No MIME at all: nobody knows which letters these are. */
	{ "Subject: x\r\n\r\ngr\303\274n\r\n",
         "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=unknown-8bit\r\n"
	  "Content-Transfer-Encoding: quoted-printable\r\n\r\ngr=C3=BCn\r\n"													},
	{ "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
	  "Content-Transfer-Encoding: 8bit\r\nSubject: x\r\n\r\na=b \xc3\xa9 \r\nend", "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nSubject: x\r\n"
	  "Content-Transfer-Encoding: quoted-printable\r\n\r\na=3Db =C3=A9=20\r\nend"},
 /* A part that is no text, inside a multipart that is labelled as its widest part. */
	{ "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
	  "Content-Transfer-Encoding: 8bit\r\n\r\nfor others\r\n--b\r\n\r\nplain\r\n--b\r\n"
	  "Content-Type: application/x\r\nContent-Transfer-Encoding: "
	  "8bit\r\n\r\n\xff\xfe\r\n--b--\r\n",					 "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
	  "Content-Transfer-Encoding: 7bit\r\n\r\nfor others\r\n--b\r\n\r\nplain\r\n--b\r\n"
	  "Content-Type: application/x\r\nContent-Transfer-Encoding: "
	  "base64\r\n\r\n//4=\r\n--b--\r\n"										  },
	{ "Subject: gr\303\274n\r\n\r\ntext\r\n",                                               NULL										},
	{ "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\ngr\303\274n\r\n"
	  "--b\r\n\r\nx\r\n--b--\r\n",						 NULL										},
};

START_TEST(eight_bits_become_seven)
{
	GBytes *before = bytes_new(conversions[_i].before);
	GBytes *after = message_to_7bit(before);

	if (conversions[_i].after == NULL) {
		ck_assert_ptr_null(after);
	} else {
		char *text = text_of(after);

		ck_assert_str_eq(text, conversions[_i].after);
		g_free(text);
		g_bytes_unref(after);
	}
	g_bytes_unref(before);
}
END_TEST

/* What GMime reads from it is what was written, and no line is longer than 76 characters. */
START_TEST(what_was_converted_says_the_same)
{
	GString *text =
	    g_string_new("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
			 "Content-Transfer-Encoding: 8bit\r\n\r\n");
	gsize body = text->len;

	for (int i = 0; i < 200; i++)
		g_string_append_printf(text, "%d\303\274%*s=\t%s", i, i % 90, "",
				       i % 7 ? "" : "\r\n");
	g_string_append(text, "\r\n");

	GBytes *before = g_bytes_new(text->str, text->len);
	struct message *message = message_new(message_to_7bit(before), 0);
	GBytes *content = message_part_content(message, message_structure(message));
	char *read = text_of(content), *whole = text_of(message->bytes);
	char **lines = g_strsplit(whole, "\r\n", -1);

	ck_assert_str_eq(read, text->str + body);
	for (char **line = lines; *line != NULL; line++)
		ck_assert_uint_le(strlen(*line), 76);
	g_strfreev(lines);
	g_free(read);
	g_free(whole);
	g_bytes_unref(content);
	g_bytes_unref(before);
	message_free(message);
	g_string_free(text, TRUE);
}
END_TEST

static const char nested[] =
    "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\n"
    "--outer\r\nContent-Type: multipart/alternative; boundary=\"in ner\"\r\n\r\n"
    "--in ner\r\n\r\nfirst\r\nline\r\n--in ner\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n"
    "--in ner--\r\n--outer\r\nContent-Type: message/rfc822\r\n\r\nSubject: inside\r\n\r\ntext\r\n"
    "--outer--\r\n";

static unsigned count_open(const struct message_part *part)
{
	unsigned count = 0;

	for (unsigned i = 0; part->children != NULL && i < part->children->len; i++)
		count += count_open(g_ptr_array_index(part->children, i));
	return count + (strcmp(part->type, "MULTIPART") == 0);
}

/* Wherever it is cut: short enough, a beginning of the message, and each multipart ends. */
START_TEST(a_cut_message_is_whole_again)
{
	GBytes *before = bytes_new(nested);
	size_t limit = (size_t)_i, kept;
	GBytes *after = message_cut(before, limit, &kept);

	if (after == NULL) {
		ck_assert_uint_lt(limit, (size_t)(strstr(nested, "\r\n\r\n") + 4 - nested));
	} else {
		struct message *message = message_new(g_bytes_ref(after), 0);
		char *text = text_of(after);
		const char *end = strstr(text, "--outer--\r\n");
		unsigned multiparts = count_open(message_structure(message));

		ck_assert_uint_le(kept, strlen(nested));
		ck_assert(strncmp(text, nested, kept) == 0);
		ck_assert_ptr_nonnull(end);
		ck_assert_uint_eq(strlen(end), strlen("--outer--\r\n"));
		if (strstr(text, "\r\n--in ner\r\n") != NULL)
			ck_assert_ptr_nonnull(strstr(text, "--in ner--\r\n"));
		/* The line end before a delimiter is the delimiter's, yet it stays. */
		ck_assert_uint_le((size_t)(end - text), limit + 2 + strlen("--in ner--\r\n"));
		ck_assert_uint_le(multiparts, 2);
		g_free(text);
		message_free(message);
		g_bytes_unref(after);
	}
	g_bytes_unref(before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("convert");
	TCase *tests = tcase_create("convert");

	tcase_add_loop_test(tests, eight_bits_become_seven, 0, G_N_ELEMENTS(conversions));
	tcase_add_test(tests, what_was_converted_says_the_same);
	tcase_add_loop_test(tests, a_cut_message_is_whole_again, 0, (int)sizeof nested);
	suite_add_tcase(suite, tests);

	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? 1 : 0;
}
