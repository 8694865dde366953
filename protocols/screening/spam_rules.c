#include "protocols/screening/spam_rules.h"

#include <string.h>
#include "protocols/mail/address.h"

/* The Generic Test for Unsolicited Bulk Email, on one line of the text (spamassassin.apache.org/gtube). */
#define GTUBE "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

struct spam_patterns {
	GRegex *numeric_link, *urgent, *fee, *money, *click;
};

static GRegex *compile(const char *pattern)
{
	GError *error = NULL;
	GRegex *regex = g_regex_new(pattern, G_REGEX_CASELESS, 0, &error);

	g_assert(error == NULL);
	return regex;
}

struct spam_patterns *spam_patterns_new(void)
{
	struct spam_patterns *patterns = g_new0(struct spam_patterns, 1);

	patterns->numeric_link = compile("https?://[0-9]{1,3}(?:\\.[0-9]{1,3}){3}\\b");
	patterns->urgent = compile("\\burgent.{0,16}(?:assistance|business|confidential|"
				   "notice|reply|response|transfer)\\b");
	patterns->fee = compile("\\b(?:next of kin|inheritance|beneficiary|transfer of funds|"
				"late (?:president|general)|sum of (?:us)?[$€]?[0-9])");
	patterns->money = compile("[$€] ?[0-9]{1,3}(?:[,.][0-9]{3}){2}|\\bmillion (?:us )?"
				  "(?:dollars|euros?|pounds)\\b");
	patterns->click = compile("\\bclick (?:here|below)\\b");
	return patterns;
}

void spam_patterns_free(struct spam_patterns *patterns)
{
	g_regex_unref(patterns->numeric_link);
	g_regex_unref(patterns->urgent);
	g_regex_unref(patterns->fee);
	g_regex_unref(patterns->money);
	g_regex_unref(patterns->click);
	g_free(patterns);
}

/* Facts. */

static void add_text(struct spam_facts *facts, GString *text)
{
	for (unsigned i = 0; i < facts->parts->list->len && text->len < SPAM_TEXT_MAX; i++) {
		const struct screen_part *part = screen_part_at(facts->parts, i);

		if (!screen_part_is_text(part))
			continue;
		bool is_html = strcmp(part->part->subtype, "HTML") == 0;
		char *decoded = screen_part_text(part);

		facts->has_html |= is_html;
		facts->has_plain |= !is_html;
		g_string_append(text, decoded);
		g_string_append_c(text, '\n');
		g_free(decoded);
	}
	if (text->len > SPAM_TEXT_MAX) {
		g_string_truncate(text, SPAM_TEXT_MAX);
		char *valid = g_utf8_make_valid(text->str, -1);

		g_string_assign(text, valid);
		g_free(valid);
	}
}

void spam_facts_init(struct spam_facts *facts, const struct spam_patterns *patterns,
		     const struct screen_case *subject, const struct screen_parts *parts)
{
	gsize length;
	const uint8_t *octets = g_bytes_get_data(subject->data, &length);
	GString *text = g_string_new(NULL);

	*facts = (struct spam_facts) {
		.patterns = patterns,
		.subject = subject,
		.parts = parts,
		.header = message_header_section((struct bytes) { octets, length }),
	};
	char *raw = message_header(facts->header, "Subject");

	facts->title = raw != NULL ? message_decode_words(raw) : NULL;
	g_free(raw);
	add_text(facts, text);
	facts->text = g_string_free(text, FALSE);
}

void spam_facts_clear(struct spam_facts *facts)
{
	g_free(facts->title);
	g_free(facts->text);
}

/* Rules. */

static bool lacks(const struct spam_facts *facts, const char *name)
{
	char *value = message_header(facts->header, name);
	bool is_missing = value == NULL || value[0] == '\0';

	g_free(value);
	return is_missing;
}

static bool matches(const GRegex *regex, const char *text)
{
	return text != NULL && g_regex_match(regex, text, 0, NULL);
}

static bool is_gtube(const struct spam_facts *facts)
{
	return strstr(facts->text, GTUBE) != NULL;
}

static bool lacks_date(const struct spam_facts *facts)
{
	return lacks(facts, "Date");
}

static bool lacks_message_id(const struct spam_facts *facts)
{
	return lacks(facts, "Message-ID");
}

static bool lacks_subject(const struct spam_facts *facts)
{
	return lacks(facts, "Subject");
}

static bool lacks_recipients(const struct spam_facts *facts)
{
	return lacks(facts, "To") && lacks(facts, "Cc");
}

#define CAPITALS_MIN 8

static bool is_all_capitals(const struct spam_facts *facts)
{
	unsigned capitals = 0;

	for (const char *c = facts->title; c != NULL && *c != '\0'; c = g_utf8_next_char(c)) {
		gunichar character = g_utf8_get_char(c);

		if (g_unichar_islower(character))
			return false;
		capitals += g_unichar_isupper(character);
	}
	return capitals >= CAPITALS_MIN;
}

static bool is_html_only(const struct spam_facts *facts)
{
	return facts->has_html && !facts->has_plain;
}

static bool has_no_name(const struct spam_facts *facts)
{
	return facts->subject->login == NULL &&
	       g_strcmp0(facts->subject->client_name, "unknown") == 0;
}

static bool is_from_elsewhere(const struct spam_facts *facts)
{
	char *from = message_header(facts->header, "From");
	GPtrArray *specs = from != NULL ? address_specs(from) : NULL;
	bool differs = specs != NULL && specs->len > 0 && facts->subject->sender[0] != '\0' &&
		       g_ascii_strcasecmp(address_domain(g_ptr_array_index(specs, 0)),
					  address_domain(facts->subject->sender)) != 0;

	if (specs != NULL)
		g_ptr_array_unref(specs);
	g_free(from);
	return differs;
}

static bool has_numeric_link(const struct spam_facts *facts)
{
	return matches(facts->patterns->numeric_link, facts->text);
}

static bool is_urgent(const struct spam_facts *facts)
{
	return matches(facts->patterns->urgent, facts->title) ||
	       matches(facts->patterns->urgent, facts->text);
}

static bool has_money(const struct spam_facts *facts)
{
	return matches(facts->patterns->money, facts->text);
}

static bool asks_for_a_fee(const struct spam_facts *facts)
{
	return has_money(facts) && matches(facts->patterns->fee, facts->text);
}

static bool asks_to_click(const struct spam_facts *facts)
{
	return matches(facts->patterns->click, facts->text);
}

static bool has_program(const struct spam_facts *facts)
{
	static const char *const ends[] = { ".exe", ".com", ".scr", ".bat", ".js", ".vbs" };

	for (unsigned i = 0; i < facts->parts->list->len; i++) {
		const char *file = screen_part_at(facts->parts, i)->file;
		size_t length = file != NULL ? strlen(file) : 0;

		for (size_t k = 0; k < G_N_ELEMENTS(ends); k++)
			if (length >= strlen(ends[k]) &&
			    g_ascii_strcasecmp(file + length - strlen(ends[k]), ends[k]) == 0)
				return true;
	}
	return false;
}

static bool is_of_a_user(const struct spam_facts *facts)
{
	return facts->subject->login != NULL;
}

/* clang-format off */
const struct spam_rule spam_rules[] = {
	{ "GTUBE", 10000, "the text holds the test string for spam filters", is_gtube },
	{ "ADVANCE_FEE", 35, "a fortune waits for whoever pays first", asks_for_a_fee },
	{ "EXECUTABLE_ATTACHMENT", 25, "a file is attached that is a program by its name", has_program },
	{ "URG_BIZ", 18, "it is urgent business", is_urgent },
	{ "MISSING_SUBJECT", 18, "no Subject", lacks_subject },
	{ "MISSING_DATE", 14, "no Date", lacks_date },
	{ "MISSING_HEADERS", 12, "neither To nor Cc", lacks_recipients },
	{ "NORMAL_HTTP_TO_IP", 12, "a link to a number instead of a name", has_numeric_link },
	{ "CLICK_BELOW", 8, "asks to click here or below", asks_to_click },
	{ "RDNS_NONE", 8, "the client's address has no name in DNS that leads back to it", has_no_name },
	{ "MIME_HTML_ONLY", 7, "text in HTML and in nothing else", is_html_only },
	{ "LOTS_OF_MONEY", 6, "millions are talked of", has_money },
	{ "MISSING_MID", 5, "no Message-ID", lacks_message_id },
	{ "SUBJ_ALL_CAPS", 5, "the subject is all capitals", is_all_capitals },
	{ "HEADER_FROM_DIFFERENT_DOMAINS", 2, "From and MAIL FROM are of different domains", is_from_elsewhere },
	{ "ALL_TRUSTED", -10, "a user of ours has logged in to send it", is_of_a_user },
};
/* clang-format on */

const unsigned spam_rule_count = G_N_ELEMENTS(spam_rules);
