#include "protocols/authentic/dmarc_report.h"

#include <gio/gio.h>

/* Messages that have all of this in common. */
struct row {
	char *key;    /* source_ip, policy_evaluated and what is behind, as XML */
	char *before; /* "<source_ip>" of it */
	char *after;  /* the rest */
	unsigned count;
};

/* What is reported of one policy domain. */
struct domain {
	char *name, *organization;
	char **addresses;
	char *published; /* <policy_published>, as it was seen last */
	GPtrArray *rows; /* of struct row *, in the order of their first messages */
};

struct dmarc_reports {
	GPtrArray *domains; /* of struct domain * */
};

static void free_row(gpointer data)
{
	struct row *row = data;

	g_free(row->key);
	g_free(row->before);
	g_free(row->after);
	g_free(row);
}

static void free_domain(gpointer data)
{
	struct domain *domain = data;

	g_free(domain->name);
	g_free(domain->organization);
	g_strfreev(domain->addresses);
	g_free(domain->published);
	g_ptr_array_unref(domain->rows);
	g_free(domain);
}

struct dmarc_reports *dmarc_reports_new(void)
{
	struct dmarc_reports *reports = g_new(struct dmarc_reports, 1);

	reports->domains = g_ptr_array_new_with_free_func(free_domain);
	return reports;
}

void dmarc_reports_free(struct dmarc_reports *reports)
{
	if (reports == NULL)
		return;
	g_ptr_array_unref(reports->domains);
	g_free(reports);
}

/* <name>text</name>; what XML has a meaning for is escaped, other octets than ASCII become '?'. */
static void element(GString *out, unsigned depth, const char *name, const char *text)
{
	g_string_append_printf(out, "%*s<%s>", 2 * (int)depth, "", name);
	for (; *text != '\0'; text++) {
		if (*text == '&')
			g_string_append(out, "&amp;");
		else if (*text == '<')
			g_string_append(out, "&lt;");
		else if (*text == '>')
			g_string_append(out, "&gt;");
		else
			g_string_append_c(out, g_ascii_isprint(*text) ? *text : '?');
	}
	g_string_append_printf(out, "</%s>\n", name);
}

static char *published_policy(const struct dmarc_outcome *outcome)
{
	const struct dmarc_record *record = outcome->record;
	GString *out = g_string_new("  <policy_published>\n");

	element(out, 2, "domain", outcome->policy_domain);
	element(out, 2, "discovery_method", "treewalk");
	element(out, 2, "p", dmarc_policy_names[record->policy]);
	element(out, 2, "sp", dmarc_policy_names[record->subdomain_policy]);
	element(out, 2, "np", dmarc_policy_names[record->absent_policy]);
	element(out, 2, "adkim", record->strict_dkim ? "s" : "r");
	element(out, 2, "aspf", record->strict_spf ? "s" : "r");
	element(out, 2, "testing", record->is_testing ? "y" : "n");
	g_string_append(out, "  </policy_published>\n");
	return g_string_free(out, FALSE);
}

static const char *pass_or_fail(const char *aligned)
{
	return aligned != NULL ? "pass" : "fail";
}

/* "pass" is the disposition of what passed. Where less was done than published, the reason follows. */
static void append_evaluation(GString *out, const struct dmarc_judgement *judgement)
{
	const struct dmarc_outcome *dmarc = judgement->dmarc;
	bool is_pass = dmarc->result == DMARC_PASS;

	g_string_append(out, "      <policy_evaluated>\n");
	element(out, 4, "disposition",
		is_pass ? "pass" : dmarc_policy_names[judgement->disposition]);
	element(out, 4, "dkim", pass_or_fail(dmarc->aligned_dkim));
	element(out, 4, "spf", pass_or_fail(dmarc->aligned_spf));
	if (!is_pass && judgement->disposition != dmarc->policy) {
		g_string_append(out, "        <reason>\n");
		element(out, 5, "type",
			dmarc->record->is_testing ? "policy_test_mode" : "local_policy");
		g_string_append(out, "        </reason>\n");
	}
	g_string_append(out, "      </policy_evaluated>\n    </row>\n");
}

static void append_dkim(GString *out, const struct dkim_check *check)
{
	const struct dkim_finding *findings;
	unsigned count;

	if (check == NULL)
		return;
	findings = dkim_check_findings(check, &count);
	for (unsigned i = 0; i < count; i++) {
		if (findings[i].domain == NULL)
			continue;
		g_string_append(out, "      <dkim>\n");
		element(out, 4, "domain", findings[i].domain);
		element(out, 4, "selector", findings[i].selector);
		element(out, 4, "result", dkim_result_names[findings[i].result]);
		if (findings[i].problem != NULL)
			element(out, 4, "human_result", findings[i].problem);
		g_string_append(out, "      </dkim>\n");
	}
}

static void append_spf(GString *out, const struct spf_check *check)
{
	const struct spf_outcome *outcome;

	if (check == NULL)
		return;
	outcome = spf_check_outcome(check);
	g_string_append(out, "      <spf>\n");
	element(out, 4, "domain", outcome->domain);
	element(out, 4, "scope", "mfrom");
	element(out, 4, "result", spf_result_names[outcome->result]);
	g_string_append(out, "      </spf>\n");
}

static char *rest_of_row(const struct dmarc_judgement *judgement)
{
	GString *out = g_string_new(NULL);

	append_evaluation(out, judgement);
	g_string_append(out, "    <identifiers>\n");
	element(out, 3, "header_from", judgement->dmarc->from_domain);
	if (judgement->spf != NULL)
		element(out, 3, "envelope_from", spf_check_outcome(judgement->spf)->domain);
	g_string_append(out, "    </identifiers>\n    <auth_results>\n");
	append_dkim(out, judgement->dkim);
	append_spf(out, judgement->spf);
	g_string_append(out, "    </auth_results>\n");
	return g_string_free(out, FALSE);
}

static struct domain *find_domain(struct dmarc_reports *reports,
				  const struct dmarc_outcome *outcome)
{
	struct domain *domain;

	for (guint i = 0; i < reports->domains->len; i++) {
		domain = reports->domains->pdata[i];
		if (strcmp(domain->name, outcome->policy_domain) == 0)
			return domain;
	}
	if (reports->domains->len == DMARC_REPORT_DOMAINS_MAX)
		return NULL;
	domain = g_new0(struct domain, 1);
	domain->name = g_strdup(outcome->policy_domain);
	domain->organization = g_strdup(outcome->organization);
	domain->rows = g_ptr_array_new_with_free_func(free_row);
	g_ptr_array_add(reports->domains, domain);
	return domain;
}

/* The policy that counts is the one seen last (section 3.1). */
static void publish(struct domain *domain, const struct dmarc_outcome *outcome)
{
	g_free(domain->published);
	domain->published = published_policy(outcome);
	g_strfreev(domain->addresses);
	domain->addresses = g_strdupv(outcome->record->report_addresses);
}

static void count_row(struct domain *domain, const struct dmarc_judgement *judgement)
{
	char address[CLIENT_ADDRESS_TEXT_BYTES];
	GString *before = g_string_new(NULL);
	char *after = rest_of_row(judgement), *key;

	element(before, 3, "source_ip", client_address_print(&judgement->client, address));
	key = g_strconcat(before->str, after, NULL);
	for (guint i = 0; i < domain->rows->len; i++) {
		struct row *row = domain->rows->pdata[i];

		if (strcmp(row->key, key) == 0) {
			row->count++;
			g_string_free(before, TRUE);
			g_free(after);
			g_free(key);
			return;
		}
	}
	struct row *row = g_new(struct row, 1);

	*row = (struct row) { key, g_string_free(before, FALSE), after, 1 };
	g_ptr_array_add(domain->rows, row);
}

bool dmarc_reports_add(struct dmarc_reports *reports, const struct dmarc_judgement *judgement)
{
	const struct dmarc_outcome *outcome = judgement->dmarc;
	struct domain *domain;

	if (outcome->record == NULL || outcome->record->report_addresses[0] == NULL)
		return false;
	domain = find_domain(reports, outcome);
	if (domain == NULL || domain->rows->len == DMARC_REPORT_ROWS_MAX)
		return false;
	publish(domain, outcome);
	count_row(domain, judgement);
	return true;
}

/* Writing. */

static void append_metadata(GString *out, const struct dmarc_reporter *reporter, const char *id)
{
	char *begin = g_strdup_printf("%" G_GINT64_FORMAT, reporter->begin);
	char *end = g_strdup_printf("%" G_GINT64_FORMAT, reporter->end);

	g_string_append(out, "  <report_metadata>\n");
	element(out, 2, "org_name", reporter->organization);
	element(out, 2, "email", reporter->email);
	element(out, 2, "report_id", id);
	g_string_append(out, "    <date_range>\n");
	element(out, 3, "begin", begin);
	element(out, 3, "end", end);
	g_string_append(out, "    </date_range>\n");
	element(out, 2, "generator", reporter->software);
	g_string_append(out, "  </report_metadata>\n");
	g_free(end);
	g_free(begin);
}

static void append_row(GString *out, const struct row *row)
{
	g_string_append_printf(out,
			       "  <record>\n    <row>\n%s      <count>%u</count>\n%s  </record>\n",
			       row->before, row->count, row->after);
}

static char *xml_of(const struct domain *domain, const struct dmarc_reporter *reporter,
		    const char *id)
{
	GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
				    "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">\n");

	element(out, 1, "version", "1.0");
	append_metadata(out, reporter, id);
	g_string_append(out, domain->published);
	for (guint i = 0; i < domain->rows->len; i++)
		append_row(out, domain->rows->pdata[i]);
	g_string_append(out, "</feedback>\n");
	return g_string_free(out, FALSE);
}

static GBytes *compress(const char *text)
{
	GConverter *converter =
	    G_CONVERTER(g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9));
	GByteArray *out = g_byte_array_new();
	size_t length = strlen(text), done = 0;
	GConverterResult result;

	do {
		uint8_t room[4096];
		gsize taken, made;

		result =
		    g_converter_convert(converter, text + done, length - done, room, sizeof room,
					G_CONVERTER_INPUT_AT_END, &taken, &made, NULL);
		g_assert(result != G_CONVERTER_ERROR);
		g_byte_array_append(out, room, (guint)made);
		done += taken;
	} while (result != G_CONVERTER_FINISHED);
	g_object_unref(converter);
	return g_byte_array_free_to_bytes(out);
}

static void hand_out(const struct domain *domain, const struct dmarc_reporter *reporter,
		     dmarc_report_fn *take, void *owner)
{
	char *id = g_strdup_printf("%s.%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT "@%s", domain->name,
				   reporter->begin, reporter->end, reporter->organization);
	char *subject = g_strdup_printf("Report Domain: %s Submitter: %s Report-ID: <%s>",
					domain->name, reporter->organization, id);
	char *file_name =
	    g_strdup_printf("%s!%s!%" G_GINT64_FORMAT "!%" G_GINT64_FORMAT ".xml.gz",
			    reporter->organization, domain->name, reporter->begin, reporter->end);
	char *xml = xml_of(domain, reporter, id);
	GBytes *compressed = compress(xml);

	take(owner, &(struct dmarc_report) {
			.domain = domain->name,
			.organization = domain->organization,
			.addresses = domain->addresses,
			.id = id,
			.subject = subject,
			.file_name = file_name,
			.xml = xml,
			.compressed = compressed,
		    });
	g_bytes_unref(compressed);
	g_free(xml);
	g_free(file_name);
	g_free(subject);
	g_free(id);
}

void dmarc_reports_take(struct dmarc_reports *reports, const struct dmarc_reporter *reporter,
			dmarc_report_fn *take, void *owner)
{
	for (guint i = 0; i < reports->domains->len; i++)
		hand_out(reports->domains->pdata[i], reporter, take, owner);
	g_ptr_array_set_size(reports->domains, 0);
}
