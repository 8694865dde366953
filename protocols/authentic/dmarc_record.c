#include "protocols/authentic/dmarc_record.h"

#include "protocols/authentic/tag_list.h"

const char *const dmarc_policy_names[] = { "none", "quarantine", "reject" };

/* dmarc-version = "v" equals %s"DMARC1", which nothing precedes */
bool dmarc_record_is_one(const char *text)
{
	if (text[0] != 'v')
		return false;
	text += 1 + strspn(text + 1, " \t");
	if (*text++ != '=')
		return false;
	text += strspn(text, " \t");
	if (strncmp(text, "DMARC1", 6) != 0)
		return false;
	text += 6 + strspn(text + 6, " \t");
	return *text == '\0' || *text == ';';
}

/* Reads a policy; `otherwise` when the tag is not there. False: it is no policy. */
static bool take_policy(const GPtrArray *tags, const char *name, enum dmarc_policy otherwise,
			enum dmarc_policy *policy)
{
	const char *value = tag_list_find(tags, name);

	*policy = otherwise;
	if (value == NULL)
		return true;
	for (unsigned i = 0; i <= DMARC_POLICY_REJECT; i++)
		if (g_ascii_strcasecmp(value, dmarc_policy_names[i]) == 0) {
			*policy = (enum dmarc_policy)i;
			return true;
		}
	return false;
}

static bool is_value(const GPtrArray *tags, const char *name, const char *wanted)
{
	const char *value = tag_list_find(tags, name);

	return value != NULL && g_ascii_strcasecmp(value, wanted) == 0;
}

/* "mailto:a@b!10m" without the scheme and the limit of size, which no report here reaches. */
static char *address_of(const char *uri)
{
	static const char scheme[] = "mailto:";
	const char *address = uri + sizeof scheme - 1;

	if (g_ascii_strncasecmp(uri, scheme, sizeof scheme - 1) != 0 ||
	    strchr(address, '@') == NULL)
		return NULL;
	return g_strndup(address, strcspn(address, "!?"));
}

/* dmarc-urilist = uri *( "," uri ) */
static char **take_addresses(const char *value)
{
	GPtrArray *addresses = g_ptr_array_new();
	char **uris = tag_value_split(value != NULL ? value : "", ',');

	for (char **uri = uris; *uri != NULL && addresses->len < DMARC_REPORTS_MAX; uri++) {
		char *address = address_of(*uri);

		if (address != NULL)
			g_ptr_array_add(addresses, address);
	}
	g_strfreev(uris);
	g_ptr_array_add(addresses, NULL);
	return (char **)g_ptr_array_free(addresses, FALSE);
}

/* The policies; sp= is p= where it is not there, and np= is sp=. */
static bool take_policies(const GPtrArray *tags, struct dmarc_record *record)
{
	return take_policy(tags, "p", DMARC_POLICY_NONE, &record->policy) &&
	       take_policy(tags, "sp", record->policy, &record->subdomain_policy) &&
	       take_policy(tags, "np", record->subdomain_policy, &record->absent_policy);
}

static void take_psd(const GPtrArray *tags, struct dmarc_record *record)
{
	if (is_value(tags, "psd", "y"))
		record->psd = DMARC_PSD_YES;
	else if (is_value(tags, "psd", "n"))
		record->psd = DMARC_PSD_NO;
}

struct dmarc_record *dmarc_record_parse(const char *text)
{
	GPtrArray *tags = dmarc_record_is_one(text) ? tag_list_parse(bytes_of(text)) : NULL;
	struct dmarc_record *record;

	if (tags == NULL)
		return NULL;
	record = g_new0(struct dmarc_record, 1);
	record->report_addresses = take_addresses(tag_list_find(tags, "rua"));
	record->strict_dkim = is_value(tags, "adkim", "s");
	record->strict_spf = is_value(tags, "aspf", "s");
	record->is_testing = is_value(tags, "t", "y");
	take_psd(tags, record);
	if (!take_policies(tags, record)) {
		record->policy = record->subdomain_policy = record->absent_policy =
		    DMARC_POLICY_NONE;
		if (record->report_addresses[0] == NULL)
			g_clear_pointer(&record, dmarc_record_free);
	}
	g_ptr_array_unref(tags);
	return record;
}

void dmarc_record_free(struct dmarc_record *record)
{
	if (record == NULL)
		return;
	g_strfreev(record->report_addresses);
	g_free(record);
}
