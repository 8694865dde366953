/* DMARC policy records: TXT at _dmarc.domain (RFC 9989 section 4.7). Pure. */
#pragma once
#include <glib.h>
#include <stdbool.h>

enum dmarc_policy { DMARC_POLICY_NONE, DMARC_POLICY_QUARANTINE, DMARC_POLICY_REJECT };

extern const char *const dmarc_policy_names[]; /* "none", "quarantine", "reject" */

/* Whether a domain is one below which others register: psd=. */
enum dmarc_psd { DMARC_PSD_UNKNOWN, DMARC_PSD_YES, DMARC_PSD_NO };

struct dmarc_record {
	enum dmarc_policy policy;           /* p=, for the domain itself */
	enum dmarc_policy subdomain_policy; /* sp=, for names below that exist */
	enum dmarc_policy absent_policy;    /* np=, for names below that do not */
	bool strict_dkim, strict_spf;       /* adkim=s, aspf=s */
	bool is_testing;                    /* t=y: apply the next weaker policy */
	enum dmarc_psd psd;
	char **report_addresses; /* rua=, those of mailto: without it; never NULL */
};

#define DMARC_REPORTS_MAX 10 /* addresses of rua= that are read */

/* True for a text whose first tag is v=DMARC1, in this very case. */
bool dmarc_record_is_one(const char *text);

/*
 * Reads a record. NULL: its grammar is broken, or its policy is and it asks for no reports; with
 * reports a broken policy counts as none (section 4.10.1).
 */
struct dmarc_record *dmarc_record_parse(const char *text);
void dmarc_record_free(struct dmarc_record *record); /* NULL is fine */
