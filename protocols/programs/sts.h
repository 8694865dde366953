/*
 * The part of an MTA that knows which TLS policies domains have (MTA-STS, RFC 8461): asks DNS for the
 * record _mta-sts, fetches the policy by HTTPS when its id is new, and keeps it for as long as it says.
 */
#pragma once
#include "protocols/dns/resolver.h"
#include "protocols/mail/mta_sts.h"
#include "stack/socket.h"

struct sts_agent;
struct sts_query;
struct tls_context;

#define STS_FETCH_NS    (60 * NS_PER_S) /* for a policy to come (RFC 8461 section 3.3) */
#define STS_POLICY_HOST "mta-sts"       /* in front of the domain: who has it */

struct sts_agent_config {
	struct dns_resolver *resolver; /* borrowed */
	struct tls_context *tls;       /* borrowed; verifies */
	const char *software;          /* for User-Agent; borrowed */
	int64_t wakeup_ns;             /* see struct adapter_config */
};

/* What is known of a domain's policy. Borrowed. */
struct sts_answer {
	struct mta_sts_policy *policy; /* NULL: it has none */
	const char *id;                /* of it; "" without one */
	bool is_cached;                /* from before */
	const char *trouble;           /* why there is no newer one; NULL: all is well */
};

struct sts_agent *sts_agent_new(struct host *host, const struct sts_agent_config *config);
void sts_agent_free(struct sts_agent *agent); /* Queries are forgotten; NULL is fine. */

/*
 * Asks for the policy of `domain`. `done` is called once, never before this call returned; the query is
 * gone then. NULL: that is no domain name.
 */
struct sts_query *sts_ask(struct sts_agent *agent, const char *domain,
			  void (*done)(void *owner, const struct sts_answer *answer), void *owner);

/* Forgets the query. */
void sts_cancel(struct sts_query *query);
