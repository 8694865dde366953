/* The screening chain: what each stage finds, what is done about it, and what the header tells. */
#include <check.h>
#include <stdlib.h>
#include "protocols/screening/screening.h"
#include "protocols/screening/spam_rules.h"
#include "protocols/screening/stage.h"
#include "sim/time.h"

/* The test strings in halves, so that neither this file nor what is built of it is taken for them. */
#define EICAR_1 "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-"
#define EICAR_2 "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
#define EICAR   EICAR_1 EICAR_2
#define GTUBE   "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

/* A chain, and what it said. */
struct bench {
	struct screening *screening;
	struct screen_marks *marks;
	GString *findings; /* "virus failed reject: evidence\n" */
	char *reply;
	unsigned done;
};

static bool is_local(void *owner, const char *domain)
{
	(void)owner;
	return strcmp(domain, "office.example") == 0;
}

static bool owns(void *owner, const char *login, const char *address)
{
	(void)owner;
	if (strcmp(address, "alice@office.example") == 0)
		return login == NULL || strcmp(login, "alice") == 0;
	if (strcmp(address, "carol@office.example") == 0)
		return login == NULL || strcmp(login, "carol") == 0;
	return false;
}

static const struct screen_environment environment = { .is_local = is_local, .owns = owns };

static void set_up(struct bench *bench, const struct screen_stage_config *stages, unsigned count)
{
	*bench = (struct bench) { .findings = g_string_new(NULL) };
	bench->screening = screening_new(&(struct screening_config) {
	    .host_name = "mail.office.example",
	    .stages = stages,
	    .stage_count = count,
	    .environment = &environment,
	});
	bench->marks = screen_marks_new(bench->screening);
}

static void tear_down(struct bench *bench)
{
	screen_marks_free(bench->marks);
	screening_free(bench->screening);
	g_string_free(bench->findings, TRUE);
	g_free(bench->reply);
}

static void found(void *owner, const struct screen_finding *finding)
{
	struct bench *bench = owner;

	for (const char *c = finding->evidence; *c != '\0'; c++)
		ck_assert(g_ascii_isprint(*c));
	g_string_append_printf(bench->findings, "%s %s %s: %s\n", screen_kind_names[finding->kind],
			       screen_verdict_names[finding->verdict],
			       screen_action_names[finding->action], finding->evidence);
}

static void done(void *owner, const char *reply)
{
	struct bench *bench = owner;

	bench->done++;
	g_free(bench->reply);
	bench->reply = g_strdup(reply);
}

static const struct screen_events events = { .found = found, .done = done };

static void run(struct bench *bench, const struct screen_case *subject)
{
	g_string_truncate(bench->findings, 0);
	bench->done = 0;
	screen_run_start(screen_run_new(bench->screening, subject, bench->marks, &events, bench));
}

/* A message from a server outside. */
static struct screen_case case_of(GBytes *data)
{
	return (struct screen_case) {
		.moment = SCREEN_AT_MESSAGE,
		.unix_time = 1767600000, /* Mon, 5 Jan 2026 08:00:00 UTC */
		.client_address = UINT32_C(0xcb007146),
		.client_name = "mail.remote.example",
		.helo = "mail.remote.example",
		.sender = "bob@remote.example",
		.recipient_count = 1,
		.data = data,
	};
}

static void screen_text(struct bench *bench, const char *text)
{
	GBytes *data = g_bytes_new(text, strlen(text));
	struct screen_case subject = case_of(data);

	run(bench, &subject);
	ck_assert_uint_eq(bench->done, 1);
	g_bytes_unref(data);
}

static char *marked(const struct bench *bench, const char *text)
{
	GBytes *data = g_bytes_new(text, strlen(text));
	GBytes *applied = screen_marks_apply(bench->marks, data);
	gsize length;
	const char *octets = g_bytes_get_data(applied, &length);
	char *result = g_strndup(octets, length);

	g_bytes_unref(applied);
	g_bytes_unref(data);
	return result;
}

/* The virus scanner. */

#define HEADER "Subject: x\r\nMIME-Version: 1.0\r\n"
#define MIXED  HEADER "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"

static const struct {
	const char *name, *text;
	const char *part; /* in which it is found; NULL: it is not */
} infections[] = {
	{"the text itself",             HEADER "\r\n" EICAR,                                      "part=1;"							    },
	{ "white space behind it",      HEADER "\r\n" EICAR " \t\r\n\x1a\r\n",                    "part=1;"                                                            },
	{ "too much behind it",
         HEADER "\r\n" EICAR "                              "
		 "                               ",					       NULL								 },
	{ "text behind it",             HEADER "\r\n" EICAR "\r\nx",                              NULL								 },
	{ "text before it",             HEADER "\r\nThis is " EICAR,                              NULL								 },
	{ "another letter",             HEADER "\r\nx5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" EICAR_2, NULL                                                                 },
 /* base64 by hand of the tool of that name */
	{ "base64",
         MIXED "\r\nHello\r\n--b\r\nContent-Type: application/octet-stream\r\n"
		"Content-Disposition: attachment; filename=a.com\r\n"
		"Content-Transfer-Encoding: base64\r\n\r\n"
		"WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1U\r\n"
		"RVNULUZJTEUhJEgrSCo=\r\n--b--\r\n",					      "part=2; type=application/octet-stream; encoding=base64; file=a.com;"},
	{ "quoted-printable",
         HEADER "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		 "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD=\r\n"
		 "=2DANTIVIRUS-TEST-FILE!$H+H=2A\r\n",					    "part=1; type=text/plain; encoding=quoted-printable;"                },
	{ "a message within",
         MIXED "Content-Type: message/rfc822\r\n\r\n" MIXED "\r\nHello\r\n--b--\r\n",             NULL                                                                 },
	{ "a message within a message",
         MIXED "\r\nHello\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\n" EICAR
		"\r\n--b--\r\n",								  "part=2.1;"							  },
	{ "an encoded message within",
         MIXED
	  "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
	  "Subject: y=0D=0A=0D=0A" EICAR "\r\n--b--\r\n",
         "part=1.1;"																		   },
};

START_TEST(the_test_file_is_found_through_encodings)
{
	const struct screen_stage_config stage = { .kind = SCREEN_VIRUS, .action = SCREEN_REJECT };
	bool is_infected = infections[_i].part != NULL;
	struct bench bench;

	set_up(&bench, &stage, 1);
	screen_text(&bench, infections[_i].text);
	ck_assert_msg(g_str_has_prefix(bench.findings->str,
				       is_infected
					   ? "virus failed reject: signature=Eicar-Signature"
					   : "virus passed accept: scanned="),
		      "%s: %s", infections[_i].name, bench.findings->str);
	if (is_infected)
		ck_assert_msg(strstr(bench.findings->str, infections[_i].part) != NULL, "%s: %s",
			      infections[_i].name, bench.findings->str);
	ck_assert_str_eq(bench.reply != NULL ? bench.reply : "none",
			 is_infected ? "550 5.7.1 Virus found: Eicar-Signature" : "none");
	tear_down(&bench);
}
END_TEST

/* multipart in multipart, so many deep */
static char *nest(unsigned depth)
{
	GString *text = g_string_new("MIME-Version: 1.0\r\n");

	for (unsigned i = 0; i < depth; i++)
		g_string_append_printf(
		    text, "Content-Type: multipart/mixed; boundary=b%u\r\n\r\n--b%u\r\n", i, i);
	g_string_append(text, "\r\n" EICAR "\r\n");
	return g_string_free(text, FALSE);
}

static char *many(unsigned count)
{
	GString *text = g_string_new(HEADER "Content-Type: multipart/mixed; boundary=b\r\n\r\n");

	for (unsigned i = 0; i < count; i++)
		g_string_append(text, "--b\r\n\r\nx\r\n");
	g_string_append(text, "--b--\r\n");
	return g_string_free(text, FALSE);
}

/* A message that holds a message in base64, and so on. */
static char *nest_encoded(unsigned depth)
{
	char *text = g_strdup("Subject: x\r\n\r\n" EICAR "\r\n");

	for (unsigned i = 0; i < depth; i++) {
		char *inner = g_base64_encode((const guchar *)text, strlen(text));

		g_free(text);
		text = g_strdup_printf("Content-Type: message/rfc822\r\n"
				       "Content-Transfer-Encoding: base64\r\n\r\n%s\r\n",
				       inner);
		g_free(inner);
	}
	return text;
}

static void expect_virus(char *text, const char *findings)
{
	const struct screen_stage_config stage = { .kind = SCREEN_VIRUS, .action = SCREEN_REJECT };
	struct bench bench;

	set_up(&bench, &stage, 1);
	screen_text(&bench, text);
	ck_assert_msg(g_str_has_prefix(bench.findings->str, findings), "%s", bench.findings->str);
	tear_down(&bench);
	g_free(text);
}

START_TEST(what_exhausts_a_scanner_fails)
{
	expect_virus(nest(MESSAGE_DEPTH_MAX), "virus failed reject: signature=Eicar-Signature;");
	expect_virus(
	    nest(MESSAGE_DEPTH_MAX + 1),
	    "virus failed reject: signature=Heuristics.Limits.Exceeded.MaxRecursion; scanned=1\n");
	expect_virus(many(MESSAGE_PARTS_MAX - 2), "virus passed accept: scanned=998\n");
	expect_virus(many(MESSAGE_PARTS_MAX),
		     "virus failed reject: signature=Heuristics.Limits.Exceeded.MaxFiles;");
	expect_virus(nest_encoded(SCREEN_NESTED_MAX),
		     "virus failed reject: signature=Eicar-Signature;");
	expect_virus(nest_encoded(SCREEN_NESTED_MAX + 1),
		     "virus failed reject: signature=Heuristics.Limits.Exceeded.MaxRecursion;");
}
END_TEST

/* The spam filter. */

#define GOOD_HEADER                                                                                \
	"Date: Mon, 5 Jan 2026 08:00:00 +0000\r\nFrom: Bob <bob@remote.example>\r\n"               \
	"To: alice@office.example\r\nMessage-ID: <1@remote.example>\r\n"
#define GOOD GOOD_HEADER "Subject: Report\r\n\r\nHello\r\n"

/* For each rule a message that it alone hits. */
static const struct {
	const char *text, *tests;
} spam[] = {
	{GOOD,										 "score=0.0; required=5.0; tests=none"                         },
	{ GOOD GTUBE "\r\n",								   "score=1000.0; required=5.0; tests=GTUBE"                     },
	{ GOOD "XJS*C4JDBQADN1.NSBN3*2IDNEN*\r\nGTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n",
         "score=0.0; required=5.0; tests=none"													       },
	{ GOOD "My late uncle left a sum of US$1,500,000 and I am next of kin.\r\n",
         "score=4.1; required=5.0; tests=ADVANCE_FEE,LOTS_OF_MONEY"											  },
	{ GOOD "We won 2 million dollars.\r\n",						"score=0.6; required=5.0; tests=LOTS_OF_MONEY"                },
	{ GOOD "I need your urgent reply.\r\n",						"score=1.8; required=5.0; tests=URG_BIZ"                      },
	{ GOOD "See http://203.0.113.9/pay\r\n",
         "score=1.2; required=5.0; tests=NORMAL_HTTP_TO_IP"												  },
	{ GOOD "Click here.\r\n",							      "score=0.8; required=5.0; tests=CLICK_BELOW"                  },
	{ GOOD_HEADER "Subject: EARN FAST CASH\r\n\r\nHello\r\n",
         "score=0.5; required=5.0; tests=SUBJ_ALL_CAPS"												      },
	{ GOOD_HEADER "Subject: =?utf-8?q?GR=C3=9CSSE_AUS_BERLIN?=\r\n\r\nHello\r\n",
         "score=0.5; required=5.0; tests=SUBJ_ALL_CAPS"												      },
	{ GOOD_HEADER "\r\nHello\r\n",							 "score=1.8; required=5.0; tests=MISSING_SUBJECT"              },
	{ GOOD_HEADER "Subject: x\r\nContent-Type: text/html\r\n\r\n<p>Hello\r\n",
         "score=0.7; required=5.0; tests=MIME_HTML_ONLY"												     },
	{ GOOD_HEADER "Subject: x\r\nContent-Type: application/x; name=a.EXE\r\n\r\nMZ\r\n",
         "score=2.5; required=5.0; tests=EXECUTABLE_ATTACHMENT"											      },
	{ "Subject: x\r\nFrom: bob@remote.example\r\n\r\nHello\r\n",
         "score=3.1; required=5.0; tests=MISSING_DATE,MISSING_HEADERS,MISSING_MID"                                                                           },
	{ "Date: Mon, 5 Jan 2026 08:00:00 +0000\r\nFrom: boss@office.example\r\nCc: "
	  "alice@office.example"
	  "\r\nMessage-ID: <1@x>\r\nSubject: x\r\n\r\nHello\r\n",		     "score=0.2; required=5.0; tests=HEADER_FROM_DIFFERENT_DOMAINS"},
};

START_TEST(rules_add_their_points)
{
	const struct screen_stage_config stage = { .kind = SCREEN_SPAM, .action = SCREEN_TAG };
	struct bench bench;

	set_up(&bench, &stage, 1);
	screen_text(&bench, spam[_i].text);
	g_string_truncate(bench.findings, bench.findings->len - 1);
	ck_assert_str_eq(strchr(bench.findings->str, ':') + 2, spam[_i].tests);
	tear_down(&bench);
}
END_TEST

START_TEST(a_client_without_a_name_and_a_login_count_too)
{
	const struct screen_stage_config stage = { .kind = SCREEN_SPAM, .action = SCREEN_TAG };
	GBytes *data = g_bytes_new_static(GOOD, strlen(GOOD));
	struct screen_case subject = case_of(data);
	struct bench bench;

	set_up(&bench, &stage, 1);
	subject.client_name = "unknown";
	run(&bench, &subject);
	ck_assert_str_eq(bench.findings->str,
			 "spam passed accept: score=0.8; required=5.0; tests=RDNS_NONE\n");
	subject.login = "bob";
	run(&bench, &subject);
	ck_assert_str_eq(bench.findings->str,
			 "spam passed accept: score=-1.0; required=5.0; tests=ALL_TRUSTED\n");
	tear_down(&bench);
	g_bytes_unref(data);
}
END_TEST

START_TEST(from_the_required_points_on_it_is_spam)
{
	const struct screen_stage_config stages[] = {
		{.kind = SCREEN_SPAM,
                 .action = SCREEN_QUARANTINE,
                 .required_points = 3,
                 .subject_prefix = "[SPAM] " },
		{ .kind = SCREEN_SPAM,                  .action = SCREEN_REJECT,     .required_points = 5},
	};
	static const char text[] = "X-Spam-Flag: NO\r\nx-spam-status:\r\n No, score=-100\r\n"
				   "Subject: x\r\nFrom: bob@remote.example\r\n\r\nHello\r\n";
	struct bench bench;

	set_up(&bench, stages, 2);
	screen_text(&bench, text);
	ck_assert_str_eq(bench.findings->str, "spam failed quarantine: score=3.1; required=3.0; "
					      "tests=MISSING_DATE,MISSING_HEADERS,MISSING_MID\n"
					      "spam passed accept: score=3.1; required=5.0; "
					      "tests=MISSING_DATE,MISSING_HEADERS,MISSING_MID\n");
	ck_assert_ptr_null(bench.reply);
	ck_assert(screen_marks_quarantine(bench.marks));
	char *result = marked(&bench, text);

	ck_assert_str_eq(result, "X-Spam-Flag: YES\r\nX-Spam-Level: ***\r\n"
				 "X-Spam-Status: Yes, score=3.1 required=3.0\r\n"
				 "\ttests=MISSING_DATE,MISSING_HEADERS,MISSING_MID\r\n"
				 "Subject: [SPAM] x\r\nFrom: bob@remote.example\r\n\r\nHello\r\n");
	g_free(result);
	screen_text(&bench, GOOD GTUBE);
	ck_assert_str_eq(bench.reply, "554 5.7.1 Spam message rejected");
	tear_down(&bench);
}
END_TEST

START_TEST(every_rule_is_documented)
{
	char *text = NULL;

	ck_assert(g_file_get_contents("docs/PROTOCOLS.md", &text, NULL, NULL));
	for (unsigned i = 0; i < spam_rule_count; i++) {
		const struct spam_rule *rule = &spam_rules[i];
		char *row = g_strdup_printf("| `%s` | %s%d.%d | %s |", rule->name,
					    rule->tenths < 0 ? "-" : "", abs(rule->tenths) / 10,
					    abs(rule->tenths) % 10, rule->meaning);

		ck_assert_msg(strstr(text, row) != NULL, "docs/PROTOCOLS.md lacks: %s", row);
		g_free(row);
	}
	g_free(text);
}
END_TEST

/* The content filter. */

static const struct screen_rule rules[] = {
	{"CONFIDENTIAL", "(?i)\\bconfidential\\b", SCREEN_IN_TEXT | SCREEN_IN_HEADER},
	{ "PROGRAMS",    "\\.exe$",                SCREEN_IN_ATTACHMENT             },
	{ "DIGITS",      "^[0-9]{16}$",            SCREEN_IN_TEXT                   },
};

static const struct screen_stage_config content = {
	.kind = SCREEN_CONTENT, .action = SCREEN_REJECT, .rules = rules, .rule_count = 3
};

static const struct {
	const char *text, *finding;
} contents[] = {
	{GOOD,									    "content passed accept: rules=3; scanned=1\n"},
	{ GOOD "\r\nThis is Confidential.\r\n",
         "content failed reject: rule=CONFIDENTIAL; in=text; matched=Confidential; line=3; "
	  "part=1; type=text/plain; encoding=7bit\n"										   },
	{ GOOD_HEADER "Subject: =?utf-8?b?Y29uZmlkZW50aWFs?=\r\n\r\nHello\r\n",
         "content failed reject: rule=CONFIDENTIAL; in=header; matched=confidential\n"                                                 },
	{ HEADER "Content-Transfer-Encoding: base64\r\n\r\nMTIzNDU2Nzg5MDEyMzQ1Ngo=\r\n",
         "content failed reject: rule=DIGITS; in=text; matched=1234567890123456; line=1; part=1; "
	  "type=text/plain; encoding=base64\n"											 },
	{ MIXED "\r\n.exe\r\n--b\r\nContent-Type: application/x; name=\"a;\xc3\xbc.exe\"\r\n\r\n"
		"confidential\r\n--b--\r\n",				     "content failed reject: rule=PROGRAMS; in=attachment; matched=.exe; part=2; "
	  "type=application/x; encoding=7bit; file=a\\x3b\\xc3\\xbc.exe\n"        },
};

START_TEST(the_first_rule_that_matches_decides)
{
	struct bench bench;

	set_up(&bench, &content, 1);
	screen_text(&bench, contents[_i].text);
	ck_assert_str_eq(bench.findings->str, contents[_i].finding);
	tear_down(&bench);
}
END_TEST

START_TEST(a_pattern_that_is_none_is_told)
{
	char *error = screen_pattern_error("(a");

	ck_assert_ptr_nonnull(error);
	ck_assert_ptr_null(screen_pattern_error("(?i)a+"));
	g_free(error);
}
END_TEST

/* Sender verification. */

static const struct {
	const char *login, *sender, *finding, *reply;
} senders[] = {
	{"alice",  "alice@office.example",
         "passed accept: sender=alice@office.example; login=alice; state=owned\n",              NULL                                                                                },
	{ "alice", "carol@office.example",
         "failed reject: sender=carol@office.example; login=alice; state=not owned\n",	  "553 5.7.1 <carol@office.example>: Sender address rejected: not owned by user alice"},
	{ "alice", "bob@remote.example",
         "failed reject: sender=bob@remote.example; login=alice; state=not owned\n",	    "553 5.7.1 <bob@remote.example>: Sender address rejected: not owned by user alice"  },
	{ "alice", "",                     "passed accept: sender=; login=alice; state=null\n", NULL                                                                                },
	{ NULL,    "",		     "passed accept: sender=; state=null\n",              NULL										},
	{ NULL,    "bob@remote.example",
         "passed accept: sender=bob@remote.example; state=of another domain\n",                 NULL                                                                                },
	{ NULL,    "alice@office.example",
         "failed reject: sender=alice@office.example; state=not logged in\n",		   "553 5.7.1 <alice@office.example>: Sender address rejected: not logged in"          },
	{ NULL,    "ghost@office.example",
         "failed reject: sender=ghost@office.example; state=unknown\n",			 "550 5.1.0 <ghost@office.example>: Sender address rejected: User unknown in virtual "
	  "mailbox table"										    },
};

static struct screen_case recipient_case(const char *login, const char *sender)
{
	struct screen_case subject = case_of(NULL);

	subject.moment = SCREEN_AT_RECIPIENT;
	subject.login = login;
	subject.sender = sender;
	subject.recipient = "dora@office.example";
	return subject;
}

START_TEST(only_owners_may_use_an_address)
{
	const struct screen_stage_config stage = { .kind = SCREEN_SENDER, .action = SCREEN_REJECT };
	struct screen_case subject = recipient_case(senders[_i].login, senders[_i].sender);
	struct bench bench;

	set_up(&bench, &stage, 1);
	run(&bench, &subject);
	ck_assert_str_eq(bench.findings->str + strlen("sender "), senders[_i].finding);
	ck_assert_str_eq(bench.reply != NULL ? bench.reply : "none",
			 senders[_i].reply != NULL ? senders[_i].reply : "none");
	tear_down(&bench);
}
END_TEST

START_TEST(a_sender_who_passed_is_not_asked_at_the_next_recipient)
{
	const struct screen_stage_config stage = { .kind = SCREEN_SENDER, .action = SCREEN_REJECT };
	struct screen_case good = recipient_case("alice", "alice@office.example");
	struct screen_case bad = recipient_case("alice", "carol@office.example");
	struct bench bench;

	set_up(&bench, &stage, 1);
	run(&bench, &good);
	run(&bench, &good);
	ck_assert_str_eq(bench.findings->str, "");
	char *text = marked(&bench, "Authentication-Results: mail.office.example; auth=pass\r\n"
				    "Authentication-Results: other.example; spf=pass\r\n\r\n");

	ck_assert_str_eq(text, "Authentication-Results: mail.office.example;\r\n"
			       "\tauth=pass smtp.auth=alice\r\n"
			       "\tsmtp.mailfrom=alice@office.example\r\n"
			       "Authentication-Results: other.example; spf=pass\r\n\r\n");
	g_free(text);
	screen_marks_reset(bench.marks);
	run(&bench, &bad);
	run(&bench, &bad);
	ck_assert_ptr_nonnull(strstr(bench.findings->str, "failed"));
	tear_down(&bench);
}
END_TEST

/* Greylisting. */

START_TEST(a_stranger_comes_again_and_the_header_tells)
{
	const struct screen_stage_config stage = { .kind = SCREEN_GREYLIST,
						   .action = SCREEN_DEFER,
						   .whitelist_after = 1 };
	struct screen_case subject = recipient_case(NULL, "Bob@remote.example");
	struct bench bench;

	set_up(&bench, &stage, 1);
	run(&bench, &subject);
	ck_assert_str_eq(bench.findings->str,
			 "greylist failed defer: client=203.0.113.0/24; sender=Bob@remote.example; "
			 "recipient=dora@office.example; state=greylisted; wait=300\n");
	ck_assert_str_eq(bench.reply, "450 4.7.1 <dora@office.example>: Recipient address "
				      "rejected: Greylisted for 300 seconds");
	subject.now_ns = 301 * NS_PER_S + 1;
	run(&bench, &subject);
	ck_assert_ptr_null(bench.reply);
	ck_assert_ptr_nonnull(strstr(bench.findings->str, "state=came back; delayed=301\n"));
	char *text = marked(&bench, "X-Greylist: whitelisted, surely\r\n\r\n");

	ck_assert_str_eq(text, "X-Greylist: delayed 301 seconds by mailwire at "
			       "mail.office.example;\r\n\tMon, 5 Jan 2026 08:00:00 +0000\r\n\r\n");
	g_free(text);
	screen_marks_reset(bench.marks);
	subject.sender = "another@remote.example";
	run(&bench, &subject);
	ck_assert_ptr_nonnull(strstr(bench.findings->str, "passed accept: client=203.0.113.0/24; "
							  "sender=another@remote.example; "
							  "recipient=dora@office.example; "
							  "state=whitelisted; after=1\n"));
	subject.login = "alice";
	run(&bench, &subject);
	ck_assert_str_eq(bench.findings->str, "greylist skipped accept: login=alice\n");
	tear_down(&bench);
}
END_TEST

/* The chain. */

START_TEST(a_refusal_ends_the_chain)
{
	const struct screen_stage_config stages[] = {
		{.kind = SCREEN_VIRUS,    .action = SCREEN_TAG},
		{ .kind = SCREEN_CONTENT,
                 .action = SCREEN_REJECT,
                 .rules = rules,
                 .rule_count = 3 },
		{ .kind = SCREEN_SPAM,         .action = SCREEN_REJECT                           },
	};
	struct bench bench;

	set_up(&bench, stages, 3);
	screen_text(&bench, GOOD "confidential " GTUBE);
	ck_assert_str_eq(bench.reply, "550 5.7.1 Message content rejected: CONFIDENTIAL");
	ck_assert_ptr_null(strstr(bench.findings->str, "spam"));
	screen_text(&bench, "Subject: Report\r\n\r\n" EICAR);
	ck_assert_ptr_nonnull(strstr(bench.findings->str, "virus failed tag"));
	ck_assert_ptr_nonnull(strstr(bench.findings->str, "spam passed"));
	tear_down(&bench);
}
END_TEST

/* A stage from elsewhere that answers when it is let. */
struct slow_stage {
	struct stage stage;
	struct screen_run **asked;
};

static struct stage *slow_new(const struct screen_stage_config *config)
{
	struct slow_stage *slow = g_new0(struct slow_stage, 1);

	slow->asked = config->context;
	return &slow->stage;
}

static void slow_check(struct stage *stage, struct screen_run *run)
{
	*((struct slow_stage *)stage)->asked = run;
}

static void slow_forget(struct stage *stage, struct screen_run *run)
{
	struct slow_stage *slow = (struct slow_stage *)stage;

	ck_assert_ptr_eq(*slow->asked, run);
	*slow->asked = NULL;
}

static const struct stage_type slow_stage = {
	.kind = SCREEN_CONTENT,
	.moments = SCREEN_AT_MESSAGE,
	.fields = { { .name = "X-Slow" } },
	.create = slow_new,
	.check = slow_check,
	.forget = slow_forget,
};

START_TEST(a_stage_may_answer_later_or_never)
{
	struct screen_run *asked = NULL;
	const struct screen_stage_config stages[] = {
		{.kind = SCREEN_CONTENT,
                 .type = &slow_stage,
                 .context = &asked,
                 .action = SCREEN_TAG },
		{ .kind = SCREEN_VIRUS,   .action = SCREEN_REJECT},
	};
	GBytes *data = g_bytes_new_static(GOOD, strlen(GOOD));
	struct screen_case subject = case_of(data);
	struct bench bench;

	set_up(&bench, stages, 2);
	run(&bench, &subject);
	ck_assert_uint_eq(bench.done, 0);
	stage_answer(asked, (struct stage_answer) { .verdict = SCREEN_FAILED,
						    .evidence = g_strdup("late=yes"),
						    .fields = g_strdup("X-Slow: yes\r\n"),
						    .reply = g_strdup("550 5.7.1 Late") });
	ck_assert_uint_eq(bench.done, 1);
	ck_assert_ptr_null(bench.reply);
	ck_assert_str_eq(bench.findings->str, "content failed tag: late=yes\n"
					      "virus passed accept: scanned=1\n");

	struct screen_run *given_up =
	    screen_run_new(bench.screening, &subject, bench.marks, &events, &bench);

	screen_run_start(given_up);
	ck_assert_ptr_nonnull(asked);
	screen_run_cancel(given_up);
	ck_assert_ptr_null(asked);
	ck_assert_uint_eq(bench.done, 1);
	tear_down(&bench);
	g_bytes_unref(data);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("screening");
	TCase *stages = tcase_create("stages"), *chain = tcase_create("chain");

	tcase_set_timeout(stages, 60);
	tcase_add_loop_test(stages, the_test_file_is_found_through_encodings, 0,
			    G_N_ELEMENTS(infections));
	tcase_add_test(stages, what_exhausts_a_scanner_fails);
	tcase_add_loop_test(stages, rules_add_their_points, 0, G_N_ELEMENTS(spam));
	tcase_add_test(stages, a_client_without_a_name_and_a_login_count_too);
	tcase_add_test(stages, from_the_required_points_on_it_is_spam);
	tcase_add_test(stages, every_rule_is_documented);
	tcase_add_loop_test(stages, the_first_rule_that_matches_decides, 0, G_N_ELEMENTS(contents));
	tcase_add_test(stages, a_pattern_that_is_none_is_told);
	tcase_add_loop_test(stages, only_owners_may_use_an_address, 0, G_N_ELEMENTS(senders));
	tcase_add_test(stages, a_sender_who_passed_is_not_asked_at_the_next_recipient);
	tcase_add_test(stages, a_stranger_comes_again_and_the_header_tells);
	suite_add_tcase(suite, stages);
	tcase_add_test(chain, a_refusal_ends_the_chain);
	tcase_add_test(chain, a_stage_may_answer_later_or_never);
	suite_add_tcase(suite, chain);

	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
