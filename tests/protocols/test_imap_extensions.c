/* Pure parts of IMAP extensions: base subjects, capabilities, rights, binary parts, what is gone. */
#include <check.h>
#include "protocols/imap/capability.h"
#include "protocols/imap/subject.h"
#include "protocols/imap/thread.h"
#include "protocols/mail/binary.h"
#include "protocols/mail/rights.h"

/* Base subjects (RFC 5256 section 2.1). */

static const struct {
	const char *value, *base;
	bool is_reply;
} subjects[] = {
	{"plain",				    "PLAIN",                    false},
	{ "  two\t words  ",                         "TWO WORDS",                false},
	{ "Re: x",				   "X",			true },
	{ "re : x",				  "X",                        true },
	{ "RE[2]: x",				"X",                        true },
	{ "Fwd: x",				  "X",                        true },
	{ "FW: x",				   "X",			true },
	{ "Re: Re: Fw: x",			   "X",                        true },
	{ "x (fwd)",				 "X",                        true },
	{ "x (fWd)  (fwd) ",                         "X",                        true },
	{ "[list] x",				"X",                        false},
	{ "[list] Re: [other] x",                    "X",                        true },
	{ "[list]",				  "[LIST]",                   false},
	{ "[a] [b]",				 "[B]",                      false},
	{ "[foo] Fwd: [bar] Re: fw: b (fWd)  (fwd)", "B",                        true },
	{ "b (a)",				   "B (A)",                    false},
	{ "Re: [FWD: c]",			    "C",                        true },
	{ "[fwd: [fwd: c (fwd)]]",                   "C",                        true },
	{ "Remember",				"REMEMBER",                 false},
	{ "Re:",				     "",			 true },
	{ "Re",				      "RE",		       false},
	{ "[unclosed x",			     "[UNCLOSED X",              false},
	{ "=?utf-8?q?Re:_=C3=BCber?=",               "\x55\xcc\x88\x42\x45\x52", true },
	{ "",					"",			 false},
	{ NULL,				      "",			 false},
};

START_TEST(subject_has_its_base)
{
	bool is_reply = !subjects[_i].is_reply;
	char *base = imap_base_subject(subjects[_i].value, &is_reply);

	ck_assert_str_eq(base, subjects[_i].base);
	ck_assert_int_eq(is_reply, subjects[_i].is_reply);
	g_free(base);
}
END_TEST

/* Capabilities. */

static imap_capability_set bit(enum imap_capability capability)
{
	return imap_capability_bit(capability);
}

START_TEST(what_needs_a_capability_goes_with_it)
{
	imap_capability_set all = imap_capabilities_without(0);

	for (unsigned i = 0; i < IMAP_CAPABILITY_COUNT; i++)
		ck_assert(imap_capability_is_in(all, (enum imap_capability)i));
	ck_assert_uint_eq(all & ~imap_capabilities_without(bit(IMAP_CAN_SORT)), bit(IMAP_CAN_SORT));
	ck_assert_uint_eq(all & ~imap_capabilities_without(bit(IMAP_CAN_CONDSTORE)),
			  bit(IMAP_CAN_CONDSTORE) | bit(IMAP_CAN_QRESYNC));
	ck_assert_uint_eq(all & ~imap_capabilities_without(bit(IMAP_CAN_ESEARCH)),
			  bit(IMAP_CAN_ESEARCH) | bit(IMAP_CAN_SEARCHRES) | bit(IMAP_CAN_REV2));
	ck_assert_uint_eq(all & ~imap_capabilities_without(bit(IMAP_CAN_QUOTA)),
			  bit(IMAP_CAN_QUOTA) | bit(IMAP_CAN_QUOTA_STORAGE));
	ck_assert_uint_eq(imap_capabilities_without(bit(IMAP_CAN_REV1)), all);
	ck_assert_uint_eq(imap_capabilities_without(all), bit(IMAP_CAN_REV1));
}
END_TEST

START_TEST(capability_is_found_by_name)
{
	for (unsigned i = 0; i < IMAP_CAPABILITY_COUNT; i++) {
		enum imap_capability found;
		char *lower = g_ascii_strdown(imap_capability_name((enum imap_capability)i), -1);

		ck_assert(imap_capability_by_name(bytes_of(lower), &found));
		ck_assert_uint_eq(found, i);
		ck_assert_int_eq(imap_capability_is_optional(found), found != IMAP_CAN_REV1);
		g_free(lower);
	}
	enum imap_capability none;
	ck_assert(!imap_capability_by_name(bytes_of("IMAP4"), &none));
	ck_assert(!imap_capability_by_name(bytes_of(""), &none));
}
END_TEST

/* Rights. */

START_TEST(rights_are_letters)
{
	uint32_t rights = 0;
	GString *out = g_string_new(NULL);

	ck_assert(mailbox_rights_parse("lrsw", &rights));
	ck_assert_uint_eq(rights, RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN | RIGHT_WRITE);
	mailbox_rights_print(out, rights);
	ck_assert_str_eq(out->str, "lrsw");
	ck_assert(mailbox_rights_parse("cd", &rights));
	ck_assert_uint_eq(rights, RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN | RIGHT_WRITE |
				      RIGHT_CREATE | RIGHT_DELETE_MAILBOX | RIGHT_DELETE |
				      RIGHT_EXPUNGE);
	ck_assert(!mailbox_rights_parse("y", &rights));
	ck_assert(!mailbox_rights_parse("L", &rights));
	g_string_free(out, TRUE);
}
END_TEST

START_TEST(list_gives_and_takes)
{
	struct mail_store *store = mail_store_new(NULL);
	struct account *ann = mail_store_add_account(store, "ann@a.example", "p");
	struct mailbox *inbox = account_find_mailbox(ann, "INBOX");

	ck_assert_uint_eq(mailbox_rights_of(inbox, "Ann@A.example"), RIGHTS_ALL);
	ck_assert_uint_eq(mailbox_rights_of(inbox, "bob@a.example"), 0);
	ck_assert(mailbox_grant(inbox, "anyone", RIGHT_LOOKUP));
	ck_assert(mailbox_grant(inbox, "bob@a.example", RIGHT_READ | RIGHT_SEEN));
	ck_assert(mailbox_grant(inbox, "-bob@a.example", RIGHT_SEEN));
	ck_assert_uint_eq(mailbox_rights_of(inbox, "BOB@a.example"), RIGHT_LOOKUP | RIGHT_READ);
	ck_assert_uint_eq(mailbox_rights_of(inbox, "eve@a.example"), RIGHT_LOOKUP);
	ck_assert(mailbox_grant(inbox, "-anyone", RIGHT_LOOKUP));
	ck_assert_uint_eq(mailbox_rights_of(inbox, "eve@a.example"), 0);
	ck_assert(mailbox_grant(inbox, "bob@a.example", 0));
	ck_assert(mailbox_grant(inbox, "bob@a.example", 0));
	ck_assert_uint_eq(mailbox_rights_of(inbox, "bob@a.example"), 0);
	for (unsigned i = inbox->grants->len; i < MAILBOX_GRANTS_MAX; i++) {
		char name[32];

		g_snprintf(name, sizeof name, "u%u@a.example", i);
		ck_assert(mailbox_grant(inbox, name, RIGHT_READ));
	}
	ck_assert(!mailbox_grant(inbox, "more@a.example", RIGHT_READ));
	ck_assert(mailbox_grant(inbox, "u50@a.example", RIGHT_SEEN));
	mail_store_free(store);
}
END_TEST

/* Binary parts. */

static const struct {
	const char *name;
	const char *in, *out; /* \001 stands for NUL */
} binaries[] = {
	{"none",       "Subject: x\r\n\r\ntext\r\n",                                    "Subject: x\r\n\r\ntext\r\n"                                         },
	{ "all of it", "Content-Transfer-Encoding: binary\r\nSubject: x\r\n\r\na\001b",
         "Content-Transfer-Encoding: base64\r\nSubject: x\r\n\r\nYQBi\r\n"										   },
	{ "a part",
         "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n"
	  "Content-Transfer-Encoding: binary\r\n\r\n--o\r\n\r\nplain\r\n--o\r\n"
	  "Content-Transfer-Encoding:\r\n binary\r\n\r\n\001\001\001\r\n--o--\r\n",     "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n"
	  "Content-Transfer-Encoding: 8bit\r\n\r\n--o\r\n\r\nplain\r\n--o\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n\r\n--o--\r\n"},
};

static GBytes *with_nul(const char *text)
{
	GByteArray *bytes = g_byte_array_new();

	for (; *text != '\0'; text++) {
		uint8_t byte = *text == '\001' ? 0 : (uint8_t)*text;

		g_byte_array_append(bytes, &byte, 1);
	}
	return g_byte_array_free_to_bytes(bytes);
}

START_TEST(binary_parts_become_base64)
{
	GBytes *out = message_without_binary(with_nul(binaries[_i].in));
	GBytes *expected = with_nul(binaries[_i].out);
	gsize length;
	const char *data = g_bytes_get_data(out, &length);

	ck_assert_msg(g_bytes_equal(out, expected), "%s: \"%.*s\"", binaries[_i].name, (int)length,
		      data);
	g_bytes_unref(out);
	g_bytes_unref(expected);
}
END_TEST

/* What is gone. */

START_TEST(expunged_messages_are_remembered_up_to_a_bound)
{
	struct mail_store *store = mail_store_new(NULL);
	struct account *ann = mail_store_add_account(store, "ann@a.example", "p");
	struct mailbox *inbox = account_find_mailbox(ann, "INBOX");
	struct message *message = message_new(g_bytes_new_static("x", 1), 0);
	uint64_t modseq = inbox->modseq;

	for (unsigned i = 0; i < MAILBOX_EXPUNGED_MAX + 10; i++) {
		mailbox_expunge(inbox, mailbox_append(inbox, message, 0, 0));
		ck_assert_uint_gt(inbox->modseq, modseq);
		modseq = inbox->modseq;
	}
	ck_assert_uint_le(inbox->expunged->len, MAILBOX_EXPUNGED_MAX);
	ck_assert_uint_gt(inbox->forgotten, 0);
	ck_assert_uint_gt(g_array_index(inbox->expunged, struct mailbox_expunged, 0).modseq,
			  inbox->forgotten);
	ck_assert_uint_eq(inbox->bytes, 0);
	message_free(message);
	mail_store_free(store);
}
END_TEST

/* Threads of hostile depth are answered, in reasonable time. */
START_TEST(long_chain_of_replies_is_one_thread)
{
	enum { LENGTH = 2000 };
	struct imap_threaded *messages = g_new(struct imap_threaded, LENGTH);
	GString *out = g_string_new(NULL);

	for (unsigned i = 0; i < LENGTH; i++) {
		char *text = g_strdup_printf("Message-ID: <%u@x>\r\nIn-Reply-To: <%u@x>\r\n\r\n", i,
					     i == 0 ? 999999 : i - 1);

		messages[i] = (struct imap_threaded) {
			.id = i + 1,
			.message = message_new(g_bytes_new_take(text, strlen(text)), 0),
		};
	}
	imap_thread_by_references(out, messages, LENGTH);
	ck_assert(g_str_has_prefix(out->str, "(1 2 3 4 "));
	ck_assert(g_str_has_suffix(out->str, " 1999 2000)"));
	for (unsigned i = 0; i < LENGTH; i++)
		message_free((struct message *)messages[i].message);
	g_free(messages);
	g_string_free(out, TRUE);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("extensions");
	Suite *suite = suite_create("imap extensions");
	SRunner *runner = srunner_create(suite);

	tcase_set_timeout(cases, 60);
	tcase_add_loop_test(cases, subject_has_its_base, 0, G_N_ELEMENTS(subjects));
	tcase_add_test(cases, what_needs_a_capability_goes_with_it);
	tcase_add_test(cases, capability_is_found_by_name);
	tcase_add_test(cases, rights_are_letters);
	tcase_add_test(cases, list_gives_and_takes);
	tcase_add_loop_test(cases, binary_parts_become_base64, 0, G_N_ELEMENTS(binaries));
	tcase_add_test(cases, expunged_messages_are_remembered_up_to_a_bound);
	tcase_add_test(cases, long_chain_of_replies_is_one_thread);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
