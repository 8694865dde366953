/*
 * Sends the aggregate reports of DMARC (RFC 9990): once in a while, to the addresses that a domain's
 * record names. One outside of the domain's organization must want them, which DNS tells (section 4).
 */
#pragma once
#include "protocols/authentic/dmarc_report.h"
#include "protocols/dns/resolver.h"
#include "protocols/programs/queue.h"
#include "protocols/programs/signing.h"

struct reporting;

struct reporting_config {
	const char *host_name; /* who reports */
	const char *domain;    /* of the sender, postmaster@domain */
	const char *software;
	int64_t period_ns;             /* from the first message to the report */
	struct dns_resolver *resolver; /* borrowed; NULL: nobody outside gets any */
	struct mail_queue *queue;      /* borrowed */
	const struct signing *signing; /* borrowed; NULL: reports are not signed */
};

/* Strings are copied. */
struct reporting *reporting_new(struct node *node, const struct reporting_config *config);
void reporting_free(struct reporting *reporting); /* what is not sent is lost; NULL is fine */

/* Counts a message that DMARC has judged. */
void reporting_add(struct reporting *reporting, const struct dmarc_judgement *judgement);
