/* Which server a delivery goes to: the policy of the domain, its exchangers, and their addresses. */
#include "protocols/programs/delivery_private.h"
#include "protocols/programs/evidence.h"

const struct exchanger *delivery_exchanger(const struct delivery *delivery)
{
	return &g_array_index(delivery->exchangers, struct exchanger, delivery->exchanger);
}

/* The domain's policy (RFC 8461): what is found, and where an exchanger is not as it wants it. */

static void record_policy(const struct delivery *delivery, GString *evidence)
{
	evidence_record(delivery->agent->node, ACTOR_MTA, MAIL_POLICY, &delivery->job->identity, 0,
			evidence);
}

bool delivery_is_enforced(const struct delivery *delivery)
{
	return delivery->policy != NULL && delivery->policy->mode == MTA_STS_ENFORCE;
}

void delivery_record_violation(const struct delivery *delivery, const char *host, const char *what)
{
	GString *evidence = evidence_new(delivery->job->domain);

	evidence_fact(evidence, "mode", "%s", mta_sts_mode_names[delivery->policy->mode]);
	evidence_fact(evidence, "exchanger", "%s", host);
	evidence_fact(evidence, "violation", "%s", what);
	record_policy(delivery, evidence);
}

/* Where it is only tested, mail goes out all the same. True: this exchanger must not have it. */
static bool is_forbidden(struct delivery *delivery)
{
	const char *host = delivery_exchanger(delivery)->host;

	if (delivery->policy == NULL || delivery->policy->mode == MTA_STS_NONE ||
	    mta_sts_policy_names(delivery->policy, host))
		return false;
	delivery_record_violation(delivery, host, "it is not in the policy");
	delivery->was_restrained |= delivery_is_enforced(delivery);
	return delivery_is_enforced(delivery);
}

/* Looking up. */

static void ask_address(struct delivery *delivery);

/* No exchanger is left. What the last one said stands; if there was none, DNS is the reason. */
static void give_up(struct delivery *delivery)
{
	const char *domain = delivery->job->domain;

	if (delivery->was_restrained && !delivery->found_address)
		delivery_finish_with(delivery, SMTP_DEFERRED, "4.7.5",
				     "no exchanger of %s is in its MTA-STS policy", domain);
	else if (delivery->found_address)
		delivery_finish_with(delivery, SMTP_DEFERRED, "4.4.1", "no exchanger of %s answers",
				     domain);
	else if (delivery->dns_failed)
		delivery_finish_with(delivery, SMTP_DEFERRED, "4.4.3",
				     "the exchangers of %s cannot be looked up now", domain);
	else
		delivery_finish_with(delivery, SMTP_FAILED, "5.4.4",
				     "no exchanger of %s has an address", domain);
}

static void try_next_exchanger(struct delivery *delivery)
{
	delivery->exchanger++;
	if (delivery->exchanger < delivery->exchangers->len &&
	    delivery->tried < DELIVERY_ADDRESSES_MAX)
		ask_address(delivery);
	else
		give_up(delivery);
}

void delivery_try_next_address(struct delivery *delivery)
{
	if (delivery->address == delivery->addresses->len ||
	    delivery->tried == DELIVERY_ADDRESSES_MAX) {
		try_next_exchanger(delivery);
		return;
	}
	delivery->tried++;
	delivery_connect(
	    delivery, g_array_index(delivery->addresses, uint32_t, delivery->address++),
	    delivery_is_enforced(delivery) ? SESSION_TLS_REQUIRED : delivery->agent->config.tls);
}

static int compare_addresses(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Into random order, whatever order the server gave them. */
static void shuffle_addresses(struct delivery *delivery)
{
	GArray *addresses = delivery->addresses;

	g_array_sort(addresses, compare_addresses);
	for (guint left = addresses->len; left > 1; left--) {
		guint other = (guint)random_below(&delivery->agent->random, left);
		uint32_t kept = g_array_index(addresses, uint32_t, left - 1);

		g_array_index(addresses, uint32_t, left - 1) =
		    g_array_index(addresses, uint32_t, other);
		g_array_index(addresses, uint32_t, other) = kept;
	}
}

static void read_addresses(struct delivery *delivery, const struct dns_answer *answer)
{
	const struct dns_section *answers;
	uint32_t address;

	delivery->dns_failed |= answer->outcome == DNS_FAILED || answer->outcome == DNS_REFERRAL;
	if (answer->outcome != DNS_FOUND)
		return;
	answers = &answer->message->sections[DNS_ANSWER];
	for (unsigned i = 0; i < answers->count; i++)
		if (dns_record_address(&answers->records[i], &address)) {
			g_array_append_val(delivery->addresses, address);
			delivery->found_address = true;
		}
	shuffle_addresses(delivery);
}

static void address_found(void *owner, const struct dns_answer *answer)
{
	struct delivery *delivery = owner;

	delivery_set_root(delivery);
	delivery->query = NULL;
	read_addresses(delivery, answer);
	delivery_try_next_address(delivery);
}

/* Asks for the present exchanger's addresses. */
static void ask_address(struct delivery *delivery)
{
	struct delivery_agent *agent = delivery->agent;
	const char *host = delivery_exchanger(delivery)->host;

	if (is_forbidden(delivery)) {
		try_next_exchanger(delivery);
		return;
	}
	GString *evidence = evidence_new(delivery->job->domain);

	g_string_append_printf(evidence, " %s", host);
	evidence_fact(evidence, "preference", "%u", delivery_exchanger(delivery)->preference);
	evidence_record(agent->node, ACTOR_MTA, MAIL_LOOKED_UP, &delivery->job->identity, 0,
			evidence);
	g_array_set_size(delivery->addresses, 0);
	delivery->address = 0;
	delivery->query = dns_resolve(agent->config.resolver, host, DNS_A, address_found, delivery);
	if (delivery->query == NULL)
		try_next_exchanger(delivery);
}

static void exchangers_found(void *owner, const struct dns_answer *answer)
{
	struct delivery *delivery = owner;
	struct delivery_agent *agent = delivery->agent;
	const char *domain = delivery->job->domain;

	delivery_set_root(delivery);
	delivery->query = NULL;
	switch (exchangers_read(answer, domain, agent->config.host_name, &agent->random,
				delivery->exchangers)) {
	case EXCHANGERS_FOUND:
		ask_address(delivery);
		break;
	case EXCHANGERS_NULL:
		delivery_finish_with(delivery, SMTP_FAILED, "5.1.10",
				     "domain %s does not accept mail (null MX)", domain);
		break;
	case EXCHANGERS_LOOP:
		delivery_finish_with(delivery, SMTP_FAILED, "5.4.6",
				     "mail for %s loops back to myself", domain);
		break;
	case EXCHANGERS_NO_DOMAIN:
		delivery_finish_with(delivery, SMTP_FAILED, "5.4.4",
				     "host or domain name not found: %s does not exist", domain);
		break;
	case EXCHANGERS_UNKNOWN:
		delivery_finish_with(delivery, SMTP_DEFERRED, "4.4.3",
				     "host or domain name not found: %s cannot be looked up now",
				     domain);
		break;
	}
}

/* A domain written as an address needs no DNS: "[203.0.113.70]" (RFC 5321 section 4.1.3). */
static bool parse_literal(const char *domain, uint32_t *address)
{
	size_t length = strlen(domain);
	char *inside;
	bool is_address;

	if (length < 2 || domain[0] != '[' || domain[length - 1] != ']')
		return false;
	inside = g_strndup(domain + 1, length - 2);
	is_address = ipv4_parse(inside, address);
	g_free(inside);
	return is_address;
}

static void start_literal(struct delivery *delivery, uint32_t address)
{
	struct exchanger exchanger = { g_strdup(delivery->job->domain), 0 };

	g_array_append_val(delivery->exchangers, exchanger);
	g_array_append_val(delivery->addresses, address);
	delivery->found_address = true;
	delivery_try_next_address(delivery);
}

static void ask_exchangers(struct delivery *delivery)
{
	struct delivery_agent *agent = delivery->agent;
	const char *domain = delivery->job->domain;

	if (agent->config.resolver != NULL)
		delivery->query =
		    dns_resolve(agent->config.resolver, domain, DNS_MX, exchangers_found, delivery);
	if (delivery->query == NULL)
		delivery_finish_with(delivery, SMTP_FAILED, "5.1.2", "bad domain name: %s", domain);
}

static void policy_found(void *owner, const struct sts_answer *answer)
{
	struct delivery *delivery = owner;
	GString *evidence = evidence_new(delivery->job->domain);

	delivery_set_root(delivery);
	delivery->policy_query = NULL;
	delivery->policy = mta_sts_policy_ref(answer->policy);
	evidence_fact(evidence, "mode", "%s",
		      answer->policy == NULL ? "no policy"
					     : mta_sts_mode_names[answer->policy->mode]);
	if (answer->policy != NULL) {
		evidence_fact(evidence, "id", "%s", answer->id);
		evidence_fact(evidence, "source", "%s", answer->is_cached ? "kept" : "fetched");
	}
	if (answer->trouble != NULL)
		evidence_fact(evidence, "trouble", "%s", answer->trouble);
	record_policy(delivery, evidence);
	ask_exchangers(delivery);
}

void delivery_begin(struct delivery *delivery)
{
	struct delivery_agent *agent = delivery->agent;
	const struct mail_job *job = delivery->job;
	uint32_t address;

	delivery_stop_waiting(delivery);
	delivery_set_root(delivery);
	if (parse_literal(job->domain, &address)) {
		start_literal(delivery, address);
		return;
	}
	if (agent->config.policies != NULL)
		delivery->policy_query =
		    sts_ask(agent->config.policies, job->domain, policy_found, delivery);
	if (delivery->policy_query == NULL)
		ask_exchangers(delivery);
}

void delivery_begin_anew(struct delivery *delivery)
{
	delivery->is_guest = false;
	g_array_set_size(delivery->exchangers, 0);
	g_array_set_size(delivery->addresses, 0);
	delivery->address = 0;
	delivery->tried = 0;
	delivery->was_restrained = false;
	g_clear_pointer(&delivery->policy, mta_sts_policy_unref);
	delivery_begin(delivery);
}
