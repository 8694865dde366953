#include "protocols/authentic/spf_record.h"

#include <stdlib.h>

const char *const spf_result_names[SPF_RESULT_COUNT] = {
	[SPF_NONE] = "none",           [SPF_NEUTRAL] = "neutral",   [SPF_PASS] = "pass",
	[SPF_FAIL] = "fail",           [SPF_SOFTFAIL] = "softfail", [SPF_TEMPERROR] = "temperror",
	[SPF_PERMERROR] = "permerror",
};

static const char *const mechanism_names[SPF_MECHANISM_COUNT] = {
	[SPF_ALL] = "all", [SPF_INCLUDE] = "include", [SPF_A] = "a",     [SPF_MX] = "mx",
	[SPF_PTR] = "ptr", [SPF_IP4] = "ip4",         [SPF_IP6] = "ip6", [SPF_EXISTS] = "exists",
};

/* What may stand behind the name of each mechanism. */
static const struct {
	bool may_have_domain, needs_domain, may_have_prefix;
} mechanism_forms[SPF_MECHANISM_COUNT] = {
	[SPF_INCLUDE] = {.may_have_domain = true,  .needs_domain = true   },
	[SPF_A] = { .may_have_domain = true, .may_have_prefix = true},
	[SPF_MX] = { .may_have_domain = true, .may_have_prefix = true},
	[SPF_PTR] = { .may_have_domain = true},
	[SPF_EXISTS] = { .may_have_domain = true,    .needs_domain = true                       },
};

bool spf_record_is_one(const GString *text)
{
	static const char version[] = "v=spf1";
	size_t length = sizeof version - 1;

	return text->len >= length && g_ascii_strncasecmp(text->str, version, length) == 0 &&
	       (text->len == length || text->str[length] == ' ');
}

static void clear_term(gpointer data)
{
	struct spf_term *term = data;

	g_free(term->text);
	g_free(term->domain_spec);
}

void spf_record_free(struct spf_record *record)
{
	if (record == NULL)
		return;
	g_array_unref(record->terms);
	g_free(record->redirect);
	g_free(record->explanation);
	g_free(record);
}

/*
 * toplabel = ( *alphanum ALPHA *alphanum ) / ( 1*alphanum "-" *( alphanum / "-" ) alphanum )
 */
static bool is_toplabel(const char *label, size_t length)
{
	bool has_letter = false;

	if (length == 0 || label[0] == '-' || label[length - 1] == '-')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!g_ascii_isalnum(label[i]) && label[i] != '-')
			return false;
		has_letter |= !g_ascii_isdigit(label[i]);
	}
	return has_letter;
}

/*
 * domain-spec = macro-string domain-end
 * domain-end  = ( "." toplabel [ "." ] ) / macro-expand
 */
static bool is_domain_spec(const char *text)
{
	size_t length = strlen(text);
	const char *dot;

	if (!spf_macro_is_valid(text, false))
		return false;
	if (length > 0 && text[length - 1] == '}')
		return true;
	if (length > 1 && text[length - 2] == '%' && strchr("%_-", text[length - 1]) != NULL)
		return true;
	if (length > 0 && text[length - 1] == '.')
		length--;
	dot = length > 0 ? g_strrstr_len(text, (gssize)length, ".") : NULL;
	return dot != NULL && is_toplabel(dot + 1, length - (size_t)(dot + 1 - text));
}

/* "24" up to `limit`, without leading zeros (RFC 7208 section 5.6). */
static bool parse_prefix(const char *text, unsigned limit, unsigned *length)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 3 || text[digits] != '\0' || (text[0] == '0' && digits > 1))
		return false;
	*length = (unsigned)strtoul(text, NULL, 10);
	return *length <= limit;
}

/* The start of a cidr-length at the end of `text`: the '/' before digits only. NULL: none. */
static char *find_prefix(char *text)
{
	char *slash = strrchr(text, '/');

	if (slash == NULL || slash[1] == '\0')
		return NULL;
	return slash[1 + strspn(slash + 1, "0123456789")] == '\0' ? slash : NULL;
}

/* dual-cidr-length = [ "/" ip4-cidr-length ] [ "//" ip6-cidr-length ]; cut off `text`. */
static bool take_prefixes(char *text, struct spf_term *term)
{
	char *slash = find_prefix(text);

	if (slash != NULL && slash > text && slash[-1] == '/') {
		if (!parse_prefix(slash + 1, 128, &term->prefix_v6))
			return false;
		slash[-1] = '\0';
		slash = find_prefix(text);
	}
	if (slash == NULL)
		return true;
	if (!parse_prefix(slash + 1, 32, &term->prefix_v4))
		return false;
	*slash = '\0';
	return true;
}

/* ip4 = "ip4" ":" ip4-network [ ip4-cidr-length ], likewise ip6. */
static bool parse_network(const char *argument, struct spf_term *term)
{
	bool is_v6 = term->mechanism == SPF_IP6;
	unsigned *prefix = is_v6 ? &term->prefix_v6 : &term->prefix_v4;
	char **parts;
	bool is_good;

	if (argument[0] != ':')
		return false;
	parts = g_strsplit(argument + 1, "/", 2);
	is_good = parts[0] != NULL && (strchr(parts[0], ':') != NULL) == is_v6 &&
		  client_address_parse(parts[0], &term->network) &&
		  (parts[1] == NULL || parse_prefix(parts[1], is_v6 ? 128 : 32, prefix));
	g_strfreev(parts);
	/* An IPv4-mapped network in ip6 can match nothing: such clients are IPv4. */
	return is_good;
}

static bool parse_argument(const char *argument, struct spf_term *term)
{
	bool is_good = true;
	char *text;

	if (term->mechanism == SPF_IP4 || term->mechanism == SPF_IP6)
		return parse_network(argument, term);
	text = g_strdup(argument);
	if (mechanism_forms[term->mechanism].may_have_prefix)
		is_good = take_prefixes(text, term);
	if (is_good && text[0] == ':') {
		term->domain_spec = g_strdup(text + 1);
		is_good = mechanism_forms[term->mechanism].may_have_domain &&
			  is_domain_spec(term->domain_spec);
	} else if (is_good) {
		is_good = text[0] == '\0' && !mechanism_forms[term->mechanism].needs_domain;
	}
	g_free(text);
	return is_good;
}

static bool take_qualifier(char c, enum spf_result *qualifier)
{
	switch (c) {
	case '+':
		*qualifier = SPF_PASS;
		return true;
	case '-':
		*qualifier = SPF_FAIL;
		return true;
	case '~':
		*qualifier = SPF_SOFTFAIL;
		return true;
	case '?':
		*qualifier = SPF_NEUTRAL;
		return true;
	default:
		*qualifier = SPF_PASS;
		return false;
	}
}

/* directive = [ qualifier ] mechanism */
static bool parse_mechanism(const char *text, GArray *terms)
{
	struct spf_term term = { .prefix_v4 = 32, .prefix_v6 = 128 };
	const char *name = text + take_qualifier(text[0], &term.qualifier);
	size_t length = strcspn(name, ":/");

	for (unsigned i = 0; i < SPF_MECHANISM_COUNT; i++) {
		if (strlen(mechanism_names[i]) != length ||
		    g_ascii_strncasecmp(mechanism_names[i], name, length) != 0)
			continue;
		term.mechanism = (enum spf_mechanism)i;
		if (!parse_argument(name + length, &term)) {
			g_free(term.domain_spec);
			return false;
		}
		term.text = g_strdup(text);
		g_array_append_val(terms, term);
		return true;
	}
	return false;
}

/* The length of the name of a modifier, which '=' follows; 0: it is none. */
static size_t modifier_name(const char *text)
{
	size_t length = 0;

	if (!g_ascii_isalpha(text[0]))
		return 0;
	while (g_ascii_isalnum(text[length]) ||
	       (text[length] != '\0' && strchr("-_.", text[length]) != NULL))
		length++;
	return text[length] == '=' ? length : 0;
}

static bool set_once(char **field, const char *value)
{
	if (*field != NULL || !is_domain_spec(value))
		return false;
	*field = g_strdup(value);
	return true;
}

/* modifier = redirect / explanation / unknown-modifier */
static bool parse_modifier(const char *text, size_t name_length, struct spf_record *record)
{
	const char *value = text + name_length + 1;

	if (name_length == 8 && g_ascii_strncasecmp(text, "redirect", 8) == 0)
		return set_once(&record->redirect, value);
	if (name_length == 3 && g_ascii_strncasecmp(text, "exp", 3) == 0)
		return set_once(&record->explanation, value);
	return spf_macro_is_valid(value, false);
}

static bool parse_term(const char *text, struct spf_record *record)
{
	size_t name_length = modifier_name(text);

	return name_length > 0 ? parse_modifier(text, name_length, record)
			       : parse_mechanism(text, record->terms);
}

static bool is_printable(const GString *text)
{
	for (gsize i = 0; i < text->len; i++)
		if (text->str[i] < 0x20 || text->str[i] > 0x7e)
			return false;
	return true;
}

struct spf_record *spf_record_parse(const GString *text, char **problem)
{
	struct spf_record *record = g_new0(struct spf_record, 1);
	char **words = NULL;

	record->terms = g_array_new(FALSE, FALSE, sizeof(struct spf_term));
	g_array_set_clear_func(record->terms, clear_term);
	*problem = NULL;
	if (is_printable(text))
		words = g_strsplit(text->str, " ", -1);
	else
		*problem = g_strdup("the record holds other bytes than printable ASCII");
	for (char **word = words != NULL ? words + 1 : NULL;
	     word != NULL && *problem == NULL && *word != NULL; word++)
		if (**word != '\0' && !parse_term(*word, record))
			*problem = g_strdup_printf("\"%s\" is no mechanism and no modifier", *word);
	g_strfreev(words);
	if (*problem == NULL)
		return record;
	spf_record_free(record);
	return NULL;
}
