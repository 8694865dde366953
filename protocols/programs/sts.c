#include "protocols/programs/sts.h"

#include "protocols/adapter.h"
#include "protocols/authentic/dns_view.h"
#include "protocols/http/client.h"
#include "protocols/layer.h"
#include "protocols/programs/lookup.h"

/* A domain, and what is kept of its policy. While it is looked up, who wants to know waits. */
struct sts_domain {
	struct sts_agent *agent;
	char *name;
	char *site;                    /* "mta-sts." and the domain */
	struct mta_sts_policy *policy; /* NULL: none was ever fetched */
	char id[MTA_STS_ID_BYTES];
	int64_t expires_ns;
	GQueue waiting; /* of struct sts_query * */
	/* The look-up under way. */
	uint64_t root;
	char new_id[MTA_STS_ID_BYTES];
	struct dns_query *query;
	struct lookup *lookup;
	struct adapter *adapter; /* may outlive the look-up by the time that closing takes */
	bool is_fetching;
	struct timer deadline;
};

struct sts_query {
	struct sts_domain *domain;
	void (*done)(void *owner, const struct sts_answer *answer);
	void *owner;
};

struct sts_agent {
	struct host *host;
	struct node *node;
	struct sts_agent_config config;
	GPtrArray *domains; /* of struct sts_domain * */
};

static void set_root(const struct sts_domain *domain)
{
	engine_context(node_engine(domain->agent->node))->root = domain->root;
	node_act_as(domain->agent->node, ACTOR_MTA);
}

static void free_domain(gpointer data)
{
	struct sts_domain *domain = data;

	timer_cancel(node_engine(domain->agent->node), &domain->deadline);
	if (domain->query != NULL)
		dns_cancel(domain->query);
	lookup_free(domain->lookup);
	adapter_free(domain->adapter);
	g_queue_clear_full(&domain->waiting, g_free);
	mta_sts_policy_unref(domain->policy);
	g_free(domain->name);
	g_free(domain->site);
	g_free(domain);
}

struct sts_agent *sts_agent_new(struct host *host, const struct sts_agent_config *config)
{
	struct sts_agent *agent = g_new0(struct sts_agent, 1);

	agent->host = host;
	agent->node = host_node(host);
	agent->config = *config;
	agent->domains = g_ptr_array_new_with_free_func(free_domain);
	return agent;
}

void sts_agent_free(struct sts_agent *agent)
{
	if (agent == NULL)
		return;
	g_ptr_array_unref(agent->domains);
	g_free(agent);
}

/* ---- The end of a look-up ---- */

static bool is_kept(const struct sts_domain *domain)
{
	return domain->policy != NULL && node_now(domain->agent->node) < domain->expires_ns;
}

/* All who wait are told; each may ask again meanwhile, which is a look-up of its own. */
static void tell(struct sts_domain *domain, bool is_cached, const char *trouble)
{
	struct mta_sts_policy *policy = is_kept(domain) ? mta_sts_policy_ref(domain->policy) : NULL;
	const struct sts_answer answer = {
		.policy = policy,
		.id = policy != NULL ? domain->id : "",
		.is_cached = is_cached && policy != NULL,
		.trouble = trouble,
	};
	GQueue waiting = domain->waiting;
	struct sts_query *query;

	g_queue_init(&domain->waiting);
	while ((query = g_queue_pop_head(&waiting)) != NULL) {
		struct sts_query told = *query;

		g_free(query);
		told.done(told.owner, &answer);
	}
	mta_sts_policy_unref(policy);
}

/* No newer policy was to be had: that which is kept still holds (section 5.1). */
static void end(struct sts_domain *domain, const char *trouble)
{
	timer_cancel(node_engine(domain->agent->node), &domain->deadline);
	domain->is_fetching = false;
	set_root(domain);
	tell(domain, true, trouble);
}

/* ---- The policy, by HTTPS ---- */

static void keep(struct sts_domain *domain, struct mta_sts_policy *policy)
{
	mta_sts_policy_unref(domain->policy);
	domain->policy = policy;
	g_strlcpy(domain->id, domain->new_id, sizeof domain->id);
	domain->expires_ns = node_now(domain->agent->node) + policy->max_age_s * NS_PER_S;
	timer_cancel(node_engine(domain->agent->node), &domain->deadline);
	domain->is_fetching = false;
	set_root(domain);
	tell(domain, false, NULL);
}

/* Section 3.3: redirects are not followed, and it must be plain text. */
static const char *what_is_wrong(const struct http_message *response)
{
	const char *type = http_field(response, "Content-Type");

	if (response->status != 200)
		return "the policy's site does not answer 200";
	if (type == NULL || g_ascii_strncasecmp(type, "text/plain", strlen("text/plain")) != 0)
		return "the policy is no text/plain";
	return NULL;
}

static void answered(void *owner, struct http_client *client, const struct http_message *response)
{
	struct sts_domain *domain = owner;
	struct mta_sts_policy *policy = NULL;
	const char *why;

	if (response == NULL || !domain->is_fetching)
		return; /* connection_done() tells of it */
	http_client_close(client);
	why = what_is_wrong(response);
	if (why == NULL)
		policy = mta_sts_policy_parse(
		    (struct bytes) { response->content->data, response->content->len }, &why);
	if (policy != NULL)
		keep(domain, policy);
	else
		end(domain, why);
}

static void connection_done(void *owner, struct session *session, int why)
{
	struct sts_domain *domain = owner;
	char *words;

	(void)why;
	domain->adapter = NULL;
	if (!domain->is_fetching)
		return;
	words = g_strdup_printf("the policy's site cannot be reached%s%s",
				session->failure != NULL ? ": " : "",
				session->failure != NULL ? session->failure : "");
	end(domain, words);
	g_free(words);
}

static void fetch_timed_out(void *owner)
{
	struct sts_domain *domain = owner;

	domain->is_fetching = false;
	g_clear_pointer(&domain->lookup, lookup_free);
	g_clear_pointer(&domain->adapter, adapter_free);
	end(domain, "the policy does not come");
}

static void connect_to(struct sts_domain *domain, uint32_t address)
{
	struct sts_agent *agent = domain->agent;
	struct session *session = http_client_new(&(struct http_client_config) {
	    .content_bytes_max = MTA_STS_POLICY_BYTES,
	    .answered = answered,
	    .owner = domain,
	});
	struct stream *stream =
	    tcp_connect(agent->host, (struct endpoint) { address, HTTPS_PORT }, NULL, NULL);
	g_autofree char *fields =
	    g_strdup_printf("User-Agent: %s\r\nAccept: text/plain\r\n", agent->config.software);

	domain->adapter = adapter_new(agent->host, stream, session, false,
				      &(struct adapter_config) {
					  .layer = LAYER_HTTP,
					  .actor = ACTOR_MTA,
					  .wakeup_ns = agent->config.wakeup_ns,
					  .tls = agent->config.tls,
					  .tls_name = domain->site,
					  .begins_with_tls = true,
					  .done = connection_done,
					  .owner = domain,
				      });
	http_client_request(http_client_of(session), &(struct http_request) {
							 .method = "GET",
							 .target = MTA_STS_PATH,
							 .host = domain->site,
							 .fields = fields,
						     });
}

static void site_found(void *owner, enum lookup_outcome outcome, uint32_t address)
{
	struct sts_domain *domain = owner;

	domain->lookup = NULL;
	set_root(domain);
	if (outcome == LOOKUP_FOUND)
		connect_to(domain, address);
	else
		end(domain, "the policy's site has no address");
}

static void fetch(struct sts_domain *domain)
{
	struct sts_agent *agent = domain->agent;

	g_clear_pointer(&domain->adapter, adapter_free);
	domain->is_fetching = true;
	timer_schedule(node_engine(agent->node), &domain->deadline,
		       node_now(agent->node) + STS_FETCH_NS);
	domain->lookup =
	    lookup_new(agent->config.resolver, domain->site, false, site_found, domain);
	if (domain->lookup == NULL)
		end(domain, "the policy's site has no domain name");
}

/* ---- The record ---- */

/* Section 3.1: of several records, or none that makes sense, it is as if there were none. */
static bool read_record(const struct dns_answer *answer, char id[MTA_STS_ID_BYTES])
{
	GPtrArray *texts = dns_view_texts(answer);
	unsigned count = 0;
	bool is_good = false;

	for (guint i = 0; i < texts->len; i++) {
		const GString *text = texts->pdata[i];
		struct bytes bytes = { (const uint8_t *)text->str, text->len };

		if (!g_str_has_prefix(text->str, "v=STSv1;"))
			continue;
		count++;
		is_good = mta_sts_record_parse(bytes, id);
	}
	g_ptr_array_unref(texts);
	return count == 1 && is_good;
}

static void record_found(void *owner, const struct dns_answer *answer)
{
	struct sts_domain *domain = owner;
	bool has_record = answer->outcome == DNS_FOUND && read_record(answer, domain->new_id);

	domain->query = NULL;
	set_root(domain);
	if (!has_record || (is_kept(domain) && strcmp(domain->id, domain->new_id) == 0))
		end(domain, NULL);
	else
		fetch(domain);
}

/* ---- Asking ---- */

static struct sts_domain *get_domain(struct sts_agent *agent, const char *name)
{
	struct sts_domain *domain;

	for (guint i = 0; i < agent->domains->len; i++) {
		domain = agent->domains->pdata[i];
		if (g_ascii_strcasecmp(domain->name, name) == 0)
			return domain;
	}
	domain = g_new0(struct sts_domain, 1);
	domain->agent = agent;
	domain->name = g_strdup(name);
	domain->site = g_strconcat(STS_POLICY_HOST ".", name, NULL);
	g_queue_init(&domain->waiting);
	timer_init(&domain->deadline, agent->node->index, fetch_timed_out, domain);
	g_ptr_array_add(agent->domains, domain);
	return domain;
}

static bool begin(struct sts_domain *domain)
{
	struct sts_agent *agent = domain->agent;
	g_autofree char *owner = g_strconcat("_mta-sts.", domain->name, NULL);

	if (domain->query != NULL || domain->is_fetching)
		return true; /* it is under way */
	domain->root = engine_context(node_engine(agent->node))->root;
	domain->query = dns_resolve(agent->config.resolver, owner, DNS_TXT, record_found, domain);
	return domain->query != NULL;
}

struct sts_query *sts_ask(struct sts_agent *agent, const char *name,
			  void (*done)(void *owner, const struct sts_answer *answer), void *owner)
{
	struct sts_domain *domain = get_domain(agent, name);
	struct sts_query *query;

	if (!begin(domain))
		return NULL;
	query = g_new0(struct sts_query, 1);
	*query = (struct sts_query) { domain, done, owner };
	g_queue_push_tail(&domain->waiting, query);
	return query;
}

void sts_cancel(struct sts_query *query)
{
	g_queue_remove(&query->domain->waiting, query);
	g_free(query);
}
