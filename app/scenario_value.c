#include "app/scenario_value.h"

#include <string.h>
#include "app/scenario_unit.h"

/* clang-format off */
const struct value_type value_types[KEY_TYPE_COUNT] = {
	[KEY_TEXT]      = { "a text", "`Quarterly report`", "\"type\": [\"string\", \"number\", \"boolean\"]" },
	[KEY_FILE]      = { "a file name", "`files/minutes.pdf`, relative to the folder of the scenario and not outside it",
	                    "\"type\": \"string\"" },
	[KEY_NAME]      = { "a name", "`alice-pc` (lower-case letters, digits and hyphens, at most 63)",
	                    "\"type\": \"string\", \"pattern\": \"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$\"" },
	[KEY_LOCAL]     = { "a local part", "`alice`", "\"type\": \"string\", \"pattern\": \"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}$\"" },
	[KEY_MAIL]      = { "a mail address", "`bob@remote.example`",
	                    "\"type\": \"string\", \"pattern\": \"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}(@[a-z0-9.-]+)?$\"" },
	[KEY_DOMAIN]    = { "a domain name", "`mail.office.example` (lower case)", "\"type\": \"string\", \"pattern\": \"^(\\\\.|[a-z0-9_.-]+)$\"" },
	[KEY_OWNER]     = { "a record's name", "`www`, `@` for the zone itself, `www.office.example.` with a final dot",
	                    "\"type\": \"string\", \"pattern\": \"^(@|\\\\.|[*a-z0-9_.-]+)$\"" },
	[KEY_COUNT]     = { "a whole number", "`3`", "\"type\": \"integer\"" },
	[KEY_SIZE]      = { "a size", "`1500B`, `2MB` (units: B, kB, MB, GB, KiB, MiB, GiB)",
	                    "\"type\": \"string\", \"pattern\": \"^[0-9]+([.][0-9]+)? ?(B|kB|MB|GB|KiB|MiB|GiB)$\"" },
	[KEY_RATE]      = { "a rate", "`100Mbps` (units: bps, kbps, Mbps, Gbps)",
	                    "\"type\": \"string\", \"pattern\": \"^[0-9]+([.][0-9]+)? ?(bps|kbps|Mbps|Gbps)$\"" },
	[KEY_TIME]      = { "a time", "`10ms`, `1.5s` (units: ns, us, ms, s, min, h, d)",
	                    "\"type\": \"string\", \"pattern\": \"^[0-9]+([.][0-9]+)? ?(ns|us|ms|s|min|h|d)$\"" },
	[KEY_DATE]      = { "a date", "`2026-01-05T08:00:00Z` (UTC)",
	                    "\"type\": \"string\", \"pattern\": \"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$\"" },
	[KEY_PERCENT]   = { "a percentage", "`0.5%` (from 0% to 100%, at most four decimals)",
	                    "\"type\": \"string\", \"pattern\": \"^[0-9]+([.][0-9]{1,4})? ?%$\"" },
	[KEY_BOOL]      = { "yes or no", "`yes`", "\"enum\": [true, false, \"yes\", \"no\"]" },
	[KEY_WORD]      = { "one of its words", NULL, NULL },
	[KEY_RANGE]     = { "a number or a range", "`1`, `2..5`, `1..` (at least one), `..3` (at most three)",
	                    "\"type\": [\"integer\", \"string\"], \"minimum\": 0, \"pattern\": \"^([0-9]+|[0-9]+[.][.][0-9]*|[.][.][0-9]+)$\"" },
	[KEY_MONEY]     = { "an amount", "`0.05`, in a currency of your own, at most six decimals",
	                    "\"type\": \"number\", \"minimum\": 0" },
	[KEY_MONEY_RANGE] = { "an amount or a range", "`0.15`, `0.1..0.5`, `..2`",
	                    "\"type\": [\"number\", \"string\"], \"minimum\": 0, \"pattern\": \"^([0-9]+([.][0-9]{1,6})?|[0-9]+([.][0-9]{1,6})?[.][.]([0-9]+([.][0-9]{1,6})?)?|[.][.][0-9]+([.][0-9]{1,6})?)$\"" },
	[KEY_IPV4]      = { "an IPv4 address", "`192.0.2.10`", "\"type\": \"string\", \"pattern\": \"^[0-9]{1,3}([.][0-9]{1,3}){3}$\"" },
	[KEY_PREFIX]    = { "a subnet", "`192.0.2.0/26`", "\"type\": \"string\", \"pattern\": \"^(default|[0-9]{1,3}([.][0-9]{1,3}){3}/[0-9]{1,2})$\"" },
	[KEY_MAC]       = { "a MAC address", "`02:00:00:01:00:0a`", "\"type\": \"string\", \"pattern\": \"^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$\"" },
	[KEY_REFERENCE] = { "a name", NULL, "\"type\": \"string\"" },
	[KEY_PORT_OF]   = { "an interface", "`gw`, `gw:eth1`, or `gw:client-lan` for its interface on that network", "\"type\": \"string\"" },
	[KEY_LINK]      = { "a link", "`alice-pc` for the cable of that host, `gw:client-lan`, `client-lan` for all its cables, `all`",
	                    "\"type\": \"string\"" },
	[KEY_MAPPING]   = { "a mapping", NULL, NULL },
	[KEY_TABLE]     = { "a mapping of names", NULL, NULL },
	[KEY_LIST]      = { "a list", NULL, NULL },
};
/* clang-format on */

/* What the parsers below return when all is well. */
static const char *const FINE = NULL;

static bool is_within(const struct key *key, uint64_t value)
{
	return (key->least == 0 && key->most == 0) || (value >= key->least && value <= key->most);
}

/* A number of `units` in the key's bounds; at most `most`. */
static const char *parse_bounded(const struct key *key, const char *text, const struct unit *units,
				 uint64_t most, uint64_t *field)
{
	uint64_t value;
	const char *problem = unit_parse(text, units, &value);

	if (problem != FINE)
		return problem;
	if (key->least == key->most && key->most != 0 && value != key->most)
		return "there is no such one";
	if (value > most || (!is_within(key, value) && value > key->most))
		return "it is too large";
	if (!is_within(key, value))
		return "it is too small";
	*field = value;
	return FINE;
}

#define LABEL_MAX  63
#define DOMAIN_MAX 253
#define LOCAL_MAX  64

/* label = let-dig [ *61( let-dig / "-" ) let-dig ], and "_" where `extra` has it (RFC 1123 2.1) */
static const char *check_label(const char *label, size_t length, const char *extra)
{
	if (length == 0)
		return "a part of it is empty";
	if (length > LABEL_MAX)
		return "a part of it is longer than 63 characters";
	if (label[0] == '-' || label[length - 1] == '-')
		return "a hyphen must not stand first or last";
	for (size_t i = 0; i < length; i++) {
		if (g_ascii_isupper(label[i]))
			return "it has an upper-case letter";
		if (!g_ascii_isalnum(label[i]) && label[i] != '-' &&
		    strchr(extra, label[i]) == NULL)
			return "it holds a character that names do not have";
	}
	return FINE;
}

static const char *check_domain(const char *text, const char *extra)
{
	if (strlen(text) > DOMAIN_MAX)
		return "it is longer than 253 characters";
	for (;;) {
		size_t length = strcspn(text, ".");
		const char *problem = check_label(text, length, extra);

		if (problem != FINE || text[length] == '\0')
			return problem;
		text += length + 1;
	}
}

const char *value_check_server_name(const char *text)
{
	return check_domain(text, "");
}

static const char *check_owner(const char *text)
{
	size_t length = strlen(text);

	if (strcmp(text, "@") == 0 || strcmp(text, ".") == 0)
		return FINE;
	if (length < 2 || text[length - 1] != '.')
		return check_domain(text, "_*");
	g_autofree char *relative = g_strndup(text, length - 1);

	return check_domain(relative, "_*");
}

/* Dot-string = Atom *("." Atom) (RFC 5321 section 4.1.2); quoted strings are not supported. */
static const char *check_local(const char *text, size_t length)
{
	if (length == 0)
		return "it is empty";
	if (length > LOCAL_MAX)
		return "the part before the @ is longer than 64 characters";
	for (size_t i = 0; i < length; i++) {
		bool is_dot = text[i] == '.';

		if (is_dot && (i == 0 || i == length - 1 || text[i - 1] == '.'))
			return "a dot is in the wrong place";
		if (!is_dot && !g_ascii_isalnum(text[i]) &&
		    strchr("!#$%&'*+/=?^_`{|}~-", text[i]) == NULL)
			return "it holds a character that mail addresses do not have";
	}
	return FINE;
}

static const char *check_mail(const char *text)
{
	const char *at = strchr(text, '@');

	if (at == NULL)
		return check_local(text, strlen(text));
	const char *problem = check_local(text, (size_t)(at - text));

	return problem != FINE ? problem : check_domain(at + 1, "");
}

static const char *check_file(const char *text)
{
	if (text[0] == '\0')
		return "it is empty";
	if (g_path_is_absolute(text))
		return "it is not relative";
	g_auto(GStrv) parts = g_strsplit(text, "/", -1);

	return g_strv_contains((const char *const *)parts, "..") ? "it leads out of the folder"
								 : FINE;
}

static const char *check_text(const struct key *key, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n' && !(key->flags & KEY_MULTILINE))
			return "it must be one line";
		if ((uint8_t)*text < ' ' && *text != '\n' && *text != '\t')
			return "it holds a control character";
	}
	return FINE;
}

static const char *check_string(const struct key *key, const char *text)
{
	switch (key->type) {
	case KEY_FILE:
		return check_file(text);
	case KEY_NAME:
		return check_label(text, strlen(text), "");
	case KEY_LOCAL:
		return check_local(text, strlen(text));
	case KEY_MAIL:
		return check_mail(text);
	case KEY_DOMAIN:
		return strcmp(text, ".") == 0 ? FINE : check_domain(text, "_");
	case KEY_OWNER:
		return check_owner(text);
	default:
		return FINE;
	}
}

static const char *parse_string(const struct key *key, const char *text, const char **field,
				GStringChunk *strings)
{
	const char *problem = check_text(key, text);

	if (problem == FINE)
		problem = check_string(key, text);
	if (problem == FINE)
		*field = g_string_chunk_insert(strings, text);
	return problem;
}

static bool read_digits(const char **text, unsigned count, char after, int *value)
{
	*value = 0;
	for (unsigned i = 0; i < count; i++, (*text)++) {
		if (!g_ascii_isdigit(**text))
			return false;
		*value = *value * 10 + (**text - '0');
	}
	if (**text != after)
		return false;
	*text += after != '\0';
	return true;
}

/* full-date [ "T" time "Z" ] of RFC 3339, without fractions. */
static const char *parse_date(const char *text, int64_t *field)
{
	int year, month, day, hour = 0, minute = 0, second = 0;
	bool is_date = strchr(text, 'T') == NULL;

	if (!read_digits(&text, 4, '-', &year) || !read_digits(&text, 2, '-', &month) ||
	    !read_digits(&text, 2, is_date ? '\0' : 'T', &day))
		return "it is not written as a date";
	if (!is_date &&
	    (!read_digits(&text, 2, ':', &hour) || !read_digits(&text, 2, ':', &minute) ||
	     !read_digits(&text, 2, 'Z', &second) || *text != '\0'))
		return "its time is not written as one in UTC";
	if (year < 1970 || year > 2199)
		return "the year is not between 1970 and 2199";
	g_autoptr(GDateTime) date = g_date_time_new_utc(year, month, day, hour, minute, second);

	if (date == NULL)
		return "there is no such day or time";
	*field = g_date_time_to_unix(date);
	return FINE;
}

/* range = number / number ".." [ number ] / ".." number */
static const char *parse_range(const char *text, const struct unit *units,
			       struct scenario_range *field)
{
	struct scenario_range range = { 0, UINT64_MAX };
	const char *dots = strstr(text, "..");
	g_autofree char *first =
	    dots == NULL ? g_strdup(text) : g_strndup(text, (size_t)(dots - text));
	const char *last = dots == NULL ? text : dots + 2;
	const char *problem = FINE;

	if (strcmp(text, "..") == 0)
		return "it says nothing";
	if (first[0] != '\0' || dots == NULL)
		problem = unit_parse(first, units, &range.least);
	if (problem == FINE && (last[0] != '\0' || dots == NULL))
		problem = unit_parse(last, units, &range.most);
	if (problem != FINE)
		return problem;
	if (range.least > range.most)
		return "its end is before its beginning";
	*field = range;
	return FINE;
}

#define IPV4_PREFIX_MAX 32

static const char *parse_prefix(const struct key *key, const char *text,
				struct scenario_prefix *field)
{
	struct scenario_prefix prefix = { 0, 0 };
	const char *slash = strchr(text, '/');

	if (strcmp(text, "default") != 0 &&
	    !ipv4_prefix_parse(text, &prefix.address, &prefix.length))
		return slash != NULL && strtoul(slash + 1, NULL, 10) > IPV4_PREFIX_MAX
			   ? "its length is more than 32"
			   : "it is not written as address/length";
	if ((prefix.address & ~ipv4_mask(prefix.length)) != 0)
		return "its address has bits set behind the prefix";
	if (prefix.length < key->least)
		return "it is too large";
	if (key->most != 0 && prefix.length > key->most)
		return "it is too small: two hosts need a /31";
	*field = prefix;
	return FINE;
}

static const char *parse_mac(const char *text, struct mac *field)
{
	struct mac mac;

	if (!mac_parse(text, &mac))
		return "it is not six pairs of hexadecimal digits with colons";
	if (mac_is_group(mac))
		return "it is a group address: its first octet is odd";
	if (mac_equal(mac, (struct mac) { { 0 } }))
		return "an address of zeros means none";
	*field = mac;
	return FINE;
}

static const char *parse_bool(const char *text, bool *field)
{
	bool is_true = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;

	if (!is_true && strcmp(text, "no") != 0 && strcmp(text, "false") != 0)
		return "it is neither yes nor no";
	*field = is_true;
	return FINE;
}

static const char *parse_word(const struct key *key, const char *text, void *field)
{
	for (const struct word *word = key->words; word->text != NULL; word++) {
		if (strcmp(word->text, text) == 0) {
			memcpy(field, &word->value, sizeof word->value);
			return FINE;
		}
	}
	return "there is no such word";
}

static const char *parse_percent(const struct key *key, const char *text, uint32_t *field)
{
	uint64_t value = 0;
	const char *problem = parse_bounded(key, text, percent_units, 1000000, &value);

	if (problem == FINE)
		*field = (uint32_t)value;
	return problem;
}

static const char *parse_time(const struct key *key, const char *text, int64_t *field)
{
	uint64_t value = 0;
	const char *problem = parse_bounded(key, text, time_units, SCENARIO_TIME_MAX_NS, &value);

	if (problem == FINE)
		*field = (int64_t)value;
	return problem;
}

static const char *parse_ipv4(const char *text, uint32_t *field)
{
	uint32_t address;

	if (!ipv4_parse(text, &address))
		return "it is not four numbers up to 255 with dots";
	if (address == 0 || address == IPV4_BROADCAST)
		return "no host can have it";
	*field = address;
	return FINE;
}

const char *value_parse(const struct key *key, const char *text, void *field, GStringChunk *strings)
{
	switch (key->type) {
	case KEY_COUNT:
		return parse_bounded(key, text, no_units, UINT64_MAX, field);
	case KEY_SIZE:
		return parse_bounded(key, text, size_units, UINT64_MAX, field);
	case KEY_RATE:
		return parse_bounded(key, text, rate_units, UINT64_MAX, field);
	case KEY_TIME:
		return parse_time(key, text, field);
	case KEY_DATE:
		return parse_date(text, field);
	case KEY_PERCENT:
		return parse_percent(key, text, field);
	case KEY_BOOL:
		return parse_bool(text, field);
	case KEY_WORD:
		return parse_word(key, text, field);
	case KEY_RANGE:
		return parse_range(text, no_units, field);
	case KEY_MONEY:
		return parse_bounded(key, text, money_units, UINT64_MAX, field);
	case KEY_MONEY_RANGE:
		return parse_range(text, money_units, field);
	case KEY_IPV4:
		return parse_ipv4(text, field);
	case KEY_PREFIX:
		return parse_prefix(key, text, field);
	case KEY_MAC:
		return parse_mac(text, field);
	default:
		return parse_string(key, text, field, strings);
	}
}
