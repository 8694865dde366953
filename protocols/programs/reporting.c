#include "protocols/programs/reporting.h"

#include "protocols/mail/address.h"
#include "protocols/mail/message.h"

struct reporting {
	struct node *node;
	struct reporting_config config;
	char *host_name, *sender;
	struct dmarc_reports *reports;
	struct timer timer; /* the end of the period; armed by its first message */
	int64_t began;      /* in Unix time */
	GPtrArray *parcels; /* of struct parcel *: they wait for DNS */
};

/* A report to one address outside, until DNS has told whether it is welcome. */
struct parcel {
	struct reporting *reporting;
	char *address;
	char *domain, *id, *subject, *file_name; /* of the report, see struct dmarc_report */
	GBytes *compressed;
	GPtrArray *posted; /* of char *: whom this report went to; shared by its parcels */
	struct dns_query *query;
};

static void free_parcel(gpointer data)
{
	struct parcel *parcel = data;

	if (parcel->query != NULL)
		dns_cancel(parcel->query);
	g_free(parcel->address);
	g_free(parcel->domain);
	g_free(parcel->id);
	g_free(parcel->subject);
	g_free(parcel->file_name);
	g_bytes_unref(parcel->compressed);
	g_ptr_array_unref(parcel->posted);
	g_free(parcel);
}

static GBytes *compose(const struct reporting *reporting, const struct dmarc_report *report,
		       const char *address)
{
	char *from = g_strdup_printf("DMARC reports <%s>", reporting->sender);
	char *text = g_strdup_printf(
	    "This is a DMARC aggregate report for %s (RFC 9990), in the attached file.\n",
	    report->domain);
	struct attachment attachment = { report->file_name, "application/gzip",
					 report->compressed };
	GBytes *message = message_compose(&(struct composition) {
	    .from = from,
	    .to = address,
	    .subject = report->subject,
	    .text = text,
	    .unix_time = world_unix_time(reporting->node->world),
	    .message_id = report->id,
	    .boundary = "=_dmarc-report",
	    .user_agent = reporting->config.software,
	    .attachments = &attachment,
	    .attachment_count = 1,
	});

	g_free(text);
	g_free(from);
	return message;
}

/* Into the queue, signed: a report is to pass DMARC itself (section 3.5.2). */
static void queue(const struct reporting *reporting, const struct dmarc_report *report,
		  const char *address)
{
	struct mail_identity identity = mail_identity_of_new(reporting->node);
	GBytes *message = compose(reporting, report, address);
	char queue_id[QUEUE_ID_BYTES], *evidence;
	GBytes *signed_message = signing_apply(reporting->config.signing, message,
					       world_unix_time(reporting->node->world), &evidence);
	gsize length;
	const uint8_t *data;

	if (signed_message != NULL) {
		g_bytes_unref(message);
		message = signed_message;
	}
	data = g_bytes_get_data(message, &length);
	engine_context(node_engine(reporting->node))->root = identity.root;
	mail_record(reporting->node, ACTOR_MTA, MAIL_NOTIFIED, &identity, 0,
		    (struct bytes) { data, length });
	mail_queue_new_id(reporting->config.queue, queue_id);
	mail_queue_add(reporting->config.queue, &(struct mail_envelope) {
						    .queue_id = queue_id,
						    .identity = identity,
						    .sender = reporting->sender,
						    .recipients = &address,
						    .recipient_count = 1,
						    .data = message,
						});
	g_bytes_unref(message);
	g_free(evidence);
}

/* Once to each address, though a record may name it twice, or several may send it there (see below). */
static void post(const struct reporting *reporting, const struct dmarc_report *report,
		 GPtrArray *posted, const char *address)
{
	for (guint i = 0; i < posted->len; i++)
		if (address_equal(posted->pdata[i], address))
			return;
	g_ptr_array_add(posted, g_strdup(address));
	queue(reporting, report, address);
}

/*
 * Section 4, steps 6 to 9: a record that begins with v=DMARC1 is consent. With rua= it may say to which
 * other addresses of the same host; those of others are passed over.
 */
static void post_as_consented(const struct parcel *parcel, const char *text)
{
	const struct dmarc_report report = {
		.domain = parcel->domain,
		.id = parcel->id,
		.subject = parcel->subject,
		.file_name = parcel->file_name,
		.compressed = parcel->compressed,
	};
	struct dmarc_record *record = dmarc_record_parse(text);
	const char *host = address_domain(parcel->address);
	bool is_elsewhere = false;

	for (char *const *other = record == NULL ? NULL : record->report_addresses;
	     other != NULL && *other != NULL; other++) {
		if (!address_is_valid(*other) ||
		    g_ascii_strcasecmp(address_domain(*other), host) != 0)
			continue;
		is_elsewhere = true;
		post(parcel->reporting, &report, parcel->posted, *other);
	}
	if (!is_elsewhere)
		post(parcel->reporting, &report, parcel->posted, parcel->address);
	dmarc_record_free(record);
}

static void consent_answered(void *owner, const struct dns_answer *answer)
{
	struct parcel *parcel = owner;
	GPtrArray *texts = dns_view_texts(answer);
	const char *consent = NULL;

	parcel->query = NULL;
	for (guint i = 0; i < texts->len && consent == NULL; i++)
		if (dmarc_record_is_one(((const GString *)texts->pdata[i])->str))
			consent = ((const GString *)texts->pdata[i])->str;
	if (consent != NULL)
		post_as_consented(parcel, consent);
	g_ptr_array_unref(texts);
	g_ptr_array_remove(parcel->reporting->parcels, parcel);
}

static void ask_consent(struct reporting *reporting, const struct dmarc_report *report,
			GPtrArray *posted, const char *address)
{
	struct parcel *parcel = g_new(struct parcel, 1);
	char *name =
	    g_strdup_printf("%s._report._dmarc.%s", report->domain, address_domain(address));

	*parcel = (struct parcel) {
		.reporting = reporting,
		.address = g_strdup(address),
		.domain = g_strdup(report->domain),
		.id = g_strdup(report->id),
		.subject = g_strdup(report->subject),
		.file_name = g_strdup(report->file_name),
		.compressed = g_bytes_ref(report->compressed),
		.posted = g_ptr_array_ref(posted),
	};
	g_ptr_array_add(reporting->parcels, parcel);
	if (reporting->config.resolver != NULL)
		parcel->query = dns_resolve(reporting->config.resolver, name, DNS_TXT,
					    consent_answered, parcel);
	if (parcel->query == NULL)
		g_ptr_array_remove(reporting->parcels, parcel);
	g_free(name);
}

/* True for an address in the organization that the policy is of. */
static bool is_inside(const char *address, const char *organization)
{
	const char *domain = address_domain(address);
	size_t length = strlen(domain), suffix = strlen(organization);

	return length >= suffix &&
	       g_ascii_strcasecmp(domain + length - suffix, organization) == 0 &&
	       (length == suffix || domain[length - suffix - 1] == '.');
}

static void take_report(void *owner, const struct dmarc_report *report)
{
	struct reporting *reporting = owner;
	GPtrArray *posted = g_ptr_array_new_with_free_func(g_free);

	for (char *const *address = report->addresses; *address != NULL; address++) {
		if (!address_is_valid(*address))
			continue;
		if (is_inside(*address, report->organization))
			post(reporting, report, posted, *address);
		else
			ask_consent(reporting, report, posted, *address);
	}
	g_ptr_array_unref(posted);
}

static void period_ends(void *owner)
{
	struct reporting *reporting = owner;

	node_act_as(reporting->node, ACTOR_MTA);
	dmarc_reports_take(reporting->reports,
			   &(struct dmarc_reporter) {
			       .organization = reporting->host_name,
			       .email = reporting->sender,
			       .software = reporting->config.software,
			       .begin = reporting->began,
			       .end = world_unix_time(reporting->node->world),
			   },
			   take_report, reporting);
}

void reporting_add(struct reporting *reporting, const struct dmarc_judgement *judgement)
{
	if (!dmarc_reports_add(reporting->reports, judgement) || timer_is_armed(&reporting->timer))
		return;
	reporting->began = world_unix_time(reporting->node->world);
	timer_schedule(node_engine(reporting->node), &reporting->timer,
		       node_now(reporting->node) + reporting->config.period_ns);
}

struct reporting *reporting_new(struct node *node, const struct reporting_config *config)
{
	struct reporting *reporting = g_new0(struct reporting, 1);

	reporting->node = node;
	reporting->config = *config;
	reporting->host_name = g_strdup(config->host_name);
	reporting->sender = g_strdup_printf("postmaster@%s", config->domain);
	reporting->reports = dmarc_reports_new();
	reporting->parcels = g_ptr_array_new_with_free_func(free_parcel);
	timer_init(&reporting->timer, node->index, period_ends, reporting);
	return reporting;
}

void reporting_free(struct reporting *reporting)
{
	if (reporting == NULL)
		return;
	timer_cancel(node_engine(reporting->node), &reporting->timer);
	g_ptr_array_unref(reporting->parcels);
	dmarc_reports_free(reporting->reports);
	g_free(reporting->host_name);
	g_free(reporting->sender);
	g_free(reporting);
}
