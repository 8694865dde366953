/* Aggregate reports of DMARC (RFC 9990): what was seen of a domain's mail in a while, as XML. Pure. */
#pragma once
#include "protocols/authentic/dkim_verify.h"
#include "protocols/authentic/dmarc.h"
#include "protocols/authentic/spf.h"

#define DMARC_REPORT_ROWS_MAX    1000 /* different rows of one report; what is more is not counted */
#define DMARC_REPORT_DOMAINS_MAX 1000 /* policy domains of one period; likewise */

/* A message that was judged. Borrowed during the call. */
struct dmarc_judgement {
	struct client_address client;
	const struct dmarc_outcome *dmarc; /* with a record */
	const struct spf_check *spf;       /* NULL: not checked */
	const struct dkim_check *dkim;     /* likewise */
	enum dmarc_policy disposition;     /* what was done */
};

/* What was seen so far. */
struct dmarc_reports;

struct dmarc_reports *dmarc_reports_new(void);
void dmarc_reports_free(struct dmarc_reports *reports); /* NULL is fine */

/* Counts a message, when the domain's record asks for reports; false, and nothing counted, when not. */
bool dmarc_reports_add(struct dmarc_reports *reports, const struct dmarc_judgement *judgement);

/* Who reports, and of when. */
struct dmarc_reporter {
	const char *organization; /* "mail.remote.example" */
	const char *email;        /* "postmaster@remote.example" */
	const char *software;
	int64_t begin, end; /* Unix time */
};

/* A report, ready to be sent. Borrowed during the call. */
struct dmarc_report {
	const char *domain;       /* the policy domain */
	const char *organization; /* its organizational domain */
	char *const *addresses;   /* where the domain wants it; ends with NULL */
	const char *id;           /* of the report: "domain.begin.end@organization" */
	const char *subject;      /* section 3.5.2 of the RFC */
	const char *file_name;    /* likewise */
	const char *xml;
	GBytes *
	    compressed; /* the XML by gzip, without a time stamp: the same bytes for the same text */
};

typedef void dmarc_report_fn(void *owner, const struct dmarc_report *report);

/* Hands out a report for each policy domain, in the order they were first seen, and forgets them. */
void dmarc_reports_take(struct dmarc_reports *reports, const struct dmarc_reporter *reporter,
			dmarc_report_fn *take, void *owner);
