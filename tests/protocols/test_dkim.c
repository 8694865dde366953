/* DKIM against the examples of RFC 6376 and RFC 8463, and against itself with every change. */
#include <check.h>
#include <stdlib.h>
#include "protocols/authentic/dkim_sign.h"
#include "protocols/authentic/dkim_verify.h"
#include "tests/protocols/fake_dns.h"

#define NOW INT64_C(1795000000)

static struct fake_dns *dns;

static void setup(void)
{
	dns = fake_dns_new();
}

static void teardown(void)
{
	fake_dns_free(dns);
}

static void answer(void *owner, const struct dns_answer *with)
{
	dkim_check_answer(owner, with);
}

static struct dkim_check *check_message(const char *message)
{
	struct dkim_check *check = dkim_check_new(bytes_of(message), NOW);

	while (dkim_check_wish(check) != NULL)
		fake_dns_answer(dns, dkim_check_wish(check), answer, check);
	return check;
}

static void expect_problem(const char *message, enum dkim_result result, const char *problem)
{
	struct dkim_check *check = check_message(message);
	unsigned count;
	const struct dkim_finding *findings = dkim_check_findings(check, &count);

	ck_assert_uint_ge(count, 1);
	ck_assert_msg(findings[0].result == result, "%s (%s), not %s",
		      dkim_result_names[findings[0].result], findings[0].problem,
		      dkim_result_names[result]);
	if (problem != NULL)
		ck_assert_str_eq(findings[0].problem, problem);
	dkim_check_free(check);
}

static void expect(const char *message, enum dkim_result result)
{
	expect_problem(message, result, NULL);
}

/* The examples. */

#define MAIL_OF_JOE                                                                                \
	"From: Joe SixPack <joe@football.example.com>\r\n"                                         \
	"To: Suzie Q <suzie@shopping.example.net>\r\n"                                             \
	"Subject: Is dinner ready?\r\n"                                                            \
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"                                          \
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"                         \
	"\r\n"                                                                                     \
	"Hi.\r\n"                                                                                  \
	"\r\n"                                                                                     \
	"We lost the game.  Are you hungry yet?\r\n"                                               \
	"\r\n"                                                                                     \
	"Joe.\r\n"

/* RFC 8463 appendix A.3. */
static const char two_signatures[] =
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    " subject : date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
    " date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n" MAIL_OF_JOE;

static void publish_football(void)
{
	fake_dns_add_text(dns, "brisbane._domainkey.football.example.com",
			  "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
	fake_dns_add_text(dns, "test._domainkey.football.example.com",
			  "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
			  "iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"
			  "DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3"
			  "Ip3G+2kryOTIKT+l/K4w3QIDAQAB");
}

START_TEST(both_signatures_of_rfc_8463_verify)
{
	struct dkim_check *check;
	const struct dkim_finding *findings;
	unsigned count;

	publish_football();
	check = check_message(two_signatures);
	findings = dkim_check_findings(check, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_msg(findings[0].result == DKIM_PASS, "ed25519: %s", findings[0].problem);
	ck_assert_msg(findings[1].result == DKIM_PASS, "rsa: %s", findings[1].problem);
	ck_assert_str_eq(findings[0].algorithm, "ed25519-sha256");
	ck_assert_str_eq(findings[0].domain, "football.example.com");
	ck_assert_str_eq(findings[0].selector, "brisbane");
	ck_assert_uint_eq(findings[1].key_bits, 1024);
	dkim_check_free(check);
}
END_TEST

/* RFC 8463 appendix A.2: the private key gives the same signature, as Ed25519 knows only one. */
START_TEST(the_signature_of_rfc_8463_is_made_again)
{
	const char *names[] = { "from", "to",      "subject", "date", "message-id",
				"from", "subject", "date",    NULL };
	gsize length;
	guchar *seed = g_base64_decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=", &length);
	struct dkim_key *key = dkim_key_from_seed(seed);
	struct dkim_signer signer = { .domain = "football.example.com",
				      .selector = "brisbane",
				      .key = key,
				      .header_form = DKIM_RELAXED,
				      .body_form = DKIM_RELAXED };
	char *public = dkim_key_public(key);
	char *field = dkim_sign_fields(&signer, bytes_of(MAIL_OF_JOE), 1528637909, names);
	char *message = g_strconcat(field, MAIL_OF_JOE, NULL);

	ck_assert_uint_eq(length, 32);
	ck_assert_str_eq(public, "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
	ck_assert_ptr_nonnull(strstr(field, "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="));
	publish_football();
	expect(message, DKIM_PASS);
	g_free(message);
	g_free(field);
	g_free(public);
	g_free(seed);
	dkim_key_free(key);
}
END_TEST

/* RFC 6376 appendix A.2, with the key of appendix C; simple/simple. */
START_TEST(the_signature_of_rfc_6376_verifies)
{
	static const char message[] =
	    "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
	    "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
	    "      h=Received : From : To : Subject : Date : Message-ID;\r\n"
	    "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
	    "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"
	    "      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"
	    "      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"
	    "      4bmp/YzhwvcubU4=;\r\n"
	    "Received: from client1.football.example.com  [192.0.2.1]\r\n"
	    "      by submitserver.example.com with SUBMISSION;\r\n"
	    "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n"
	    "From: Joe SixPack <joe@football.example.com>\r\n"
	    "To: Suzie Q <suzie@shopping.example.net>\r\n"
	    "Subject: Is dinner ready?\r\n"
	    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
	    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
	    "\r\n"
	    "Hi.\r\n"
	    "\r\n"
	    "We lost the game. Are you hungry yet?\r\n"
	    "\r\n"
	    "Joe.\r\n";

	fake_dns_add_text(
	    dns, "brisbane._domainkey.example.com",
	    "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1"
	    "fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/N"
	    "MqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB");
	expect_problem(message, DKIM_PASS, NULL);
}
END_TEST

/* RFC 6376 section 3.4.5. */
START_TEST(canonical_forms_of_section_3_4_5)
{
	static const char message[] = "A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n";
	struct dkim_message *parts = dkim_message_new(bytes_of(message));
	const char *names[] = { "a", "b", NULL };
	GString *header = g_string_new(NULL), *body;

	dkim_canonicalize_header(DKIM_RELAXED, parts, names, header);
	ck_assert_str_eq(header->str, "a:X\r\nb:Y Z\r\n");
	g_string_truncate(header, 0);
	dkim_canonicalize_header(DKIM_SIMPLE, parts, names, header);
	ck_assert_str_eq(header->str, "A: X\r\nB : Y\t\r\n\tZ  \r\n");
	body = dkim_canonicalize_body(DKIM_RELAXED, parts->body);
	ck_assert_str_eq(body->str, " C\r\nD E\r\n");
	g_string_free(body, TRUE);
	body = dkim_canonicalize_body(DKIM_SIMPLE, parts->body);
	ck_assert_str_eq(body->str, " C \r\nD \t E\r\n");
	g_string_free(body, TRUE);
	g_string_free(header, TRUE);
	dkim_message_free(parts);
}
END_TEST

/* Sections 3.4.3 and 3.4.4 give the hashes of an empty body. */
START_TEST(an_empty_body_has_its_hash)
{
	static const char *const hashes[] = { "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=",
					      "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" };
	GString *body = dkim_canonicalize_body((enum dkim_form)_i, bytes_of(""));
	uint8_t hash[DKIM_HASH_BYTES];
	char *text;

	dkim_hash((struct bytes) { (const uint8_t *)body->str, body->len }, hash);
	text = g_base64_encode(hash, sizeof hash);
	ck_assert_str_eq(text, hashes[_i]);
	g_free(text);
	g_string_free(body, TRUE);
}
END_TEST

/* What we sign ourselves. */

static struct dkim_key *make_key(enum dkim_algorithm algorithm)
{
	struct random_stream random;

	random_init(&random, 1, "mail", "dkim");
	return dkim_key_new(algorithm, &random);
}

/* The mail of Joe signed, its key published. The caller frees it. */
static char *sign(enum dkim_algorithm algorithm, enum dkim_form header_form,
		  enum dkim_form body_form, int64_t lifetime_s)
{
	struct dkim_key *key = make_key(algorithm);
	struct dkim_signer signer = {
		"football.example.com", "s1", key, header_form, body_form, lifetime_s
	};
	char *field = dkim_sign(&signer, bytes_of(MAIL_OF_JOE), NOW - 1000);
	char *record = dkim_key_record_emit(key);
	char *message = g_strconcat(field, MAIL_OF_JOE, NULL);

	fake_dns_add_text(dns, "s1._domainkey.football.example.com", record);
	g_free(record);
	g_free(field);
	dkim_key_free(key);
	return message;
}

/* `message` with its first `from` replaced. The caller frees it. */
static char *replace(const char *message, const char *from, const char *to)
{
	char **parts = g_strsplit(message, from, 2);
	char *changed;

	ck_assert_ptr_nonnull(parts[1]);
	changed = g_strconcat(parts[0], to, parts[1], NULL);
	g_strfreev(parts);
	return changed;
}

static void expect_changed(const char *message, const char *from, const char *to,
			   enum dkim_result result)
{
	char *changed = replace(message, from, to);

	expect(changed, result);
	g_free(changed);
}

START_TEST(what_is_signed_verifies_until_it_is_changed)
{
	enum dkim_form header_form = _i & 1 ? DKIM_RELAXED : DKIM_SIMPLE;
	enum dkim_form body_form = _i & 2 ? DKIM_RELAXED : DKIM_SIMPLE;
	char *message =
	    sign(_i & 4 ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256, header_form, body_form, 0);

	expect(message, DKIM_PASS);
	expect_changed(message, "hungry", "angry", DKIM_FAIL);
	expect_changed(message, "Is dinner", "Is Dinner", DKIM_FAIL);
	expect_changed(message, "s1; t=", "s1; t=1", DKIM_FAIL);
	expect_changed(message, "game.  Are", "game. Are",
		       body_form == DKIM_RELAXED ? DKIM_PASS : DKIM_FAIL);
	expect_changed(message, "Subject: Is", "subject:\r\n Is ",
		       header_form == DKIM_RELAXED ? DKIM_PASS : DKIM_FAIL);
	expect_changed(message, "Joe.\r\n", "Joe.\r\n\r\n\r\n", DKIM_PASS);
	expect_changed(message, "To: Suzie", "Received: by x\r\nTo: Suzie", DKIM_PASS);
	g_free(message);
}
END_TEST

START_TEST(nothing_can_be_added_that_readers_are_shown)
{
	static const char *const added[] = {
		"From: x@y.example\r\n",     "Subject: other\r\n",  "To: all@y.example\r\n",
		"Reply-To: x@y.example\r\n", "Cc: x@y.example\r\n", "Content-Type: text/html\r\n"
	};
	char *message = sign(DKIM_ED25519_SHA256, DKIM_RELAXED, DKIM_RELAXED, 0);
	char *more = g_strconcat(added[_i], message, NULL);

	expect(more, DKIM_FAIL);
	g_free(more);
	g_free(message);
}
END_TEST

START_TEST(every_truncation_fails)
{
	char *message = sign(DKIM_ED25519_SHA256, DKIM_RELAXED, DKIM_RELAXED, 0);
	size_t length = strlen(message);

	for (size_t cut = 3; cut < length; cut += 7) {
		char *part = g_strndup(message, length - cut);
		struct dkim_check *check = check_message(part);

		ck_assert_int_ne(dkim_check_result(check), DKIM_PASS);
		dkim_check_free(check);
		g_free(part);
	}
	g_free(message);
}
END_TEST

START_TEST(a_signature_expires)
{
	char *fresh = sign(DKIM_ED25519_SHA256, DKIM_RELAXED, DKIM_RELAXED, 1000);
	char *stale = sign(DKIM_ED25519_SHA256, DKIM_RELAXED, DKIM_RELAXED, 999);

	expect(fresh, DKIM_PASS);
	expect_problem(stale, DKIM_FAIL, "signature expired");
	g_free(stale);
	g_free(fresh);
}
END_TEST

/* l= : made by hand, as dkim_sign() never writes it. */
START_TEST(text_behind_l_is_not_covered)
{
	static const char prefix[] = "DKIM-Signature: v=1; a=ed25519-sha256; c=simple/simple; "
				     "d=example.net; s=s1; h=from; l=7; bh=";
	struct dkim_key *key = make_key(DKIM_ED25519_SHA256);
	char *record = dkim_key_record_emit(key);
	uint8_t hash[DKIM_HASH_BYTES];
	char *hash_text, *unsigned_field, *signed_text, *data, *message;

	dkim_hash(bytes_of("Hello\r\n"), hash);
	hash_text = g_base64_encode(hash, sizeof hash);
	unsigned_field = g_strconcat(prefix, hash_text, "; b=", NULL);
	signed_text = g_strconcat("From: a@example.net\r\n", unsigned_field, NULL);
	data = dkim_key_sign(key, bytes_of(signed_text));
	message =
	    g_strconcat(unsigned_field, data, "\r\nFrom: a@example.net\r\n\r\nHello\r\n", NULL);
	fake_dns_add_text(dns, "s1._domainkey.example.net", record);

	expect(message, DKIM_PASS);
	expect_changed(message, "\r\nHello\r\n", "\r\nHello\r\nBuy this!\r\n", DKIM_POLICY);
	expect_changed(message, "\r\nHello\r\n", "\r\nHell\r\n", DKIM_FAIL);
	g_free(message);
	g_free(data);
	g_free(signed_text);
	g_free(unsigned_field);
	g_free(hash_text);
	g_free(record);
	dkim_key_free(key);
}
END_TEST

/* Keys and DNS. */

static const struct {
	const char *record; /* NULL: no answer */
	enum dkim_result result;
	const char *problem;
} key_records[] = {
	{"v=DKIM1; k=ed25519; p=",					      DKIM_PERMERROR, "key revoked"                      },
	{ "v=DKIM1; k=ed25519; p=AAAA",					 DKIM_PERMERROR, "p= is no such key"                },
	{ "v=DKIM1; k=ed25519; p=!",					    DKIM_PERMERROR, "p= is no base64"                  },
	{ "v=DKIM1; k=ed25519",						 DKIM_PERMERROR, "no p= in the key record"          },
	{ "v=DKIM2; k=ed25519; p=AAAA",					 DKIM_PERMERROR, "no DKIM1 key record"              },
	{ "k=ed25519; v=DKIM1; p=AAAA",					 DKIM_PERMERROR, "no DKIM1 key record"              },
	{ "v=DKIM1; k=rsa; p=AAAA",					     DKIM_PERMERROR, "the key is of another algorithm"  },
	{ "v=DKIM1; h=sha1; k=ed25519; p=AAAA",                                 DKIM_PERMERROR, "the key is not for sha256"        },
	{ "v=DKIM1; s=web; k=ed25519; p=AAAA",                                  DKIM_PERMERROR, "the key is not for mail"          },
	{ "nonsense",							   DKIM_PERMERROR, "no list of tags in the key record"},
	{ "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", DKIM_FAIL,
         "signature did not verify"												},
	{ NULL,								 DKIM_TEMPERROR, "no answer for the key"            },
};

START_TEST(key_records_that_do_not_serve)
{
	char *message = sign(DKIM_ED25519_SHA256, DKIM_RELAXED, DKIM_RELAXED, 0);

	fake_dns_free(dns);
	dns = fake_dns_new();
	expect_problem(message, DKIM_PERMERROR, "no key in DNS");
	if (key_records[_i].record == NULL)
		fake_dns_time_out(dns, "s1._domainkey.football.example.com");
	else
		fake_dns_add_text(dns, "s1._domainkey.football.example.com",
				  key_records[_i].record);
	expect_problem(message, key_records[_i].result, key_records[_i].problem);
	g_free(message);
}
END_TEST

#define VALUE "v=1; a=rsa-sha256; d=a.example; s=s; h=from; bh=AAAA; b=AAAA"

static const struct {
	const char *value, *problem; /* NULL: it is good */
} values[] = {
	{VALUE,								     NULL		      },
	{ VALUE ";",								NULL                      },
	{ VALUE "; x=5; t=4; q=dns/txt; l=3; c=relaxed; i=u@b.a.example; z=From:a", NULL                      },
	{ VALUE "; v=1",							    "no list of tags"         },
	{ "",								       "no v=1"                  },
	{ "v=1; a=rsa-sha256; d=a.example; s=s; h=to; bh=AAAA; b=AAAA",             "From is not signed"      },
	{ "v=2; a=rsa-sha256; d=a.example; s=s; h=from; bh=AAAA; b=AAAA",           "no v=1"                  },
	{ "v=1; a=rsa-md5; d=a.example; s=s; h=from; bh=AAAA; b=AAAA",              "unknown algorithm"       },
	{ "v=1; a=rsa-sha256; d=a..example; s=s; h=from; bh=AAAA; b=AAAA",          "no usable d= and s="     },
	{ "v=1; a=rsa-sha256; d=a.example; h=from; bh=AAAA; b=AAAA",                "no usable d= and s="     },
	{ "v=1; a=rsa-sha256; d=a.example; s=s; h=from; bh=AAA; b=AAAA",            "no usable bh= and b="    },
	{ VALUE "; i=u@b.example",						  "i= is not within d="     },
	{ VALUE "; i=u@ba.example",						 "i= is not within d="     },
	{ VALUE "; c=nofws",							"unknown canonicalization"},
	{ VALUE "; x=4; t=5",						       "t= and x= make no sense" },
	{ VALUE "; l=-1",							   "l= is no number"         },
	{ VALUE "; q=http",							 "unknown query method"    },
};

START_TEST(values_of_the_field)
{
	const char *problem;
	struct dkim_signature *signature =
	    dkim_signature_parse(bytes_of(values[_i].value), &problem);

	ck_assert_int_eq(signature == NULL, values[_i].problem != NULL);
	if (signature == NULL)
		ck_assert_str_eq(problem, values[_i].problem);
	dkim_signature_free(signature);
}
END_TEST

START_TEST(sha1_does_not_count)
{
	expect("DKIM-Signature: v=1; a=rsa-sha1; d=a.example; s=s; h=from; bh=AAAA; b=AAAA\r\n"
	       "From: a@a.example\r\n\r\n",
	       DKIM_POLICY);
}
END_TEST

START_TEST(a_message_without_signature_has_none)
{
	struct dkim_check *check = check_message(MAIL_OF_JOE);

	ck_assert_int_eq(dkim_check_result(check), DKIM_NONE);
	dkim_check_free(check);
}
END_TEST

START_TEST(the_same_numbers_make_the_same_key)
{
	struct dkim_key *a = make_key((enum dkim_algorithm)_i),
			*b = make_key((enum dkim_algorithm)_i);
	char *text_a = dkim_key_to_pem(a), *text_b = dkim_key_to_pem(b);
	struct dkim_key *again = dkim_key_from_pem(text_a);
	char *public_a = dkim_key_public(a), *public_again = dkim_key_public(again);

	ck_assert_str_eq(text_a, text_b);
	ck_assert_str_eq(public_a, public_again);
	ck_assert_uint_eq(dkim_key_bits(a), _i == DKIM_RSA_SHA256 ? 2048 : 256);
	g_free(public_a);
	g_free(public_again);
	g_free(text_a);
	g_free(text_b);
	dkim_key_free(again);
	dkim_key_free(a);
	dkim_key_free(b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dkim");
	TCase *tests = tcase_create("dkim");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, both_signatures_of_rfc_8463_verify);
	tcase_add_test(tests, the_signature_of_rfc_8463_is_made_again);
	tcase_add_test(tests, the_signature_of_rfc_6376_verifies);
	tcase_add_test(tests, canonical_forms_of_section_3_4_5);
	tcase_add_loop_test(tests, an_empty_body_has_its_hash, 0, 2);
	tcase_add_loop_test(tests, what_is_signed_verifies_until_it_is_changed, 0, 8);
	tcase_add_loop_test(tests, nothing_can_be_added_that_readers_are_shown, 0, 6);
	tcase_add_test(tests, every_truncation_fails);
	tcase_add_test(tests, a_signature_expires);
	tcase_add_test(tests, text_behind_l_is_not_covered);
	tcase_add_loop_test(tests, key_records_that_do_not_serve, 0, G_N_ELEMENTS(key_records));
	tcase_add_loop_test(tests, values_of_the_field, 0, G_N_ELEMENTS(values));
	tcase_add_test(tests, sha1_does_not_count);
	tcase_add_test(tests, a_message_without_signature_has_none);
	tcase_add_loop_test(tests, the_same_numbers_make_the_same_key, 0, 2);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
