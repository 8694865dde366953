/* The site mta-sts.DOMAIN: has the policy of a domain (RFC 8461 section 3.3), by HTTPS alone. */
#pragma once
#include "protocols/mail/mta_sts.h"
#include "stack/socket.h"

struct policy_site;
struct tls_context;

struct policy_site_config {
	const struct mta_sts_policy *policy; /* borrowed for the call alone */
	struct tls_context *tls;             /* borrowed */
	const char *software;                /* for Server; borrowed */
	int64_t wakeup_ns;                   /* see struct adapter_config */
};

/* NULL: the port is taken. */
struct policy_site *policy_site_start(struct host *host, const struct policy_site_config *config);
void policy_site_stop(struct policy_site *site); /* NULL is fine */
