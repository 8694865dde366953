/*
 * The part of an MTA that hands messages to other servers (RFC 5321 section 5): looks up the
 * exchangers of a domain and their addresses, and tries them in order until one takes the message.
 * While jobs for the same domain wait for their turn, a connection goes on with them.
 */
#pragma once
#include "protocols/dns/resolver.h"
#include "protocols/programs/queue.h"
#include "protocols/programs/sts.h"
#include "stack/socket.h"

struct delivery_agent;

#define SMTP_PORT                   25
#define DELIVERY_ADDRESSES_MAX      5  /* tried in one attempt, as in Postfix */
#define DELIVERY_CONCURRENCY        20 /* jobs at once for one domain, likewise; others wait */
#define DELIVERY_CONNECT_TIMEOUT_NS (30 * NS_PER_S)

struct delivery_config {
	const char *host_name; /* said in EHLO; must not be an exchanger of others' domains */
	struct dns_resolver *resolver;   /* borrowed; NULL: only address literals can be reached */
	int64_t wakeup_ns;               /* see struct adapter_config */
	bool converts;                   /* 8-bit messages for servers without 8BITMIME */
	unsigned concurrency;            /* jobs at once for one domain; 0: the default */
	enum session_tls tls;            /* towards other servers; never AT_ONCE */
	struct tls_context *tls_context; /* borrowed; NULL: tls is NEVER */
	struct sts_agent *policies;      /* that it keeps to (MTA-STS), borrowed; NULL: to none */
	struct tls_context *strict_tls;  /* where they want it: verifies. Borrowed */
};

/* An agent on `host`. `config` is copied; its strings are borrowed. */
struct delivery_agent *delivery_agent_new(struct host *host, const struct delivery_config *config);

/* Resets its connections and forgets its jobs. */
void delivery_agent_free(struct delivery_agent *agent);

/* Starts delivering `job`; answers with mail_job_done(), at once or later. */
void delivery_start(struct delivery_agent *agent, struct mail_job *job);
