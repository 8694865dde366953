#include "protocols/programs/delivery_private.h"

static void free_delivery(struct delivery *delivery)
{
	if (delivery->query != NULL)
		dns_cancel(delivery->query);
	if (delivery->policy_query != NULL)
		sts_cancel(delivery->policy_query);
	mta_sts_policy_unref(delivery->policy);
	g_array_unref(delivery->exchangers);
	g_array_unref(delivery->addresses);
	g_free(delivery);
}

static void free_destination(gpointer data)
{
	g_free(((struct destination *)data)->domain);
	g_free(data);
}

static void free_connection(gpointer data)
{
	g_free(((struct connection *)data)->host);
	g_free(data);
}

struct delivery_agent *delivery_agent_new(struct host *host, const struct delivery_config *config)
{
	struct delivery_agent *agent = g_new0(struct delivery_agent, 1);

	agent->host = host;
	agent->node = host_node(host);
	agent->config = *config;
	if (agent->config.concurrency == 0)
		agent->config.concurrency = DELIVERY_CONCURRENCY;
	node_random_init(agent->node, &agent->random, "mail.exchangers");
	g_queue_init(&agent->deliveries);
	agent->destinations =
	    g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_destination);
	agent->connections = g_ptr_array_new_with_free_func(free_connection);
	return agent;
}

void delivery_agent_free(struct delivery_agent *agent)
{
	if (agent == NULL)
		return;
	for (guint i = 0; i < agent->connections->len; i++) {
		struct connection *connection = g_ptr_array_index(agent->connections, i);

		connection->delivery = NULL;
		adapter_free(connection->adapter);
	}
	g_ptr_array_unref(agent->connections);
	while (!g_queue_is_empty(&agent->deliveries))
		free_delivery(g_queue_pop_head_link(&agent->deliveries)->data);
	g_hash_table_unref(agent->destinations);
	g_free(agent);
}

/* Places. */

static struct destination *find_destination(const struct delivery_agent *agent, const char *domain)
{
	return g_hash_table_lookup(agent->destinations, domain);
}

static struct destination *get_destination(struct delivery_agent *agent, const char *domain)
{
	struct destination *destination = find_destination(agent, domain);

	if (destination == NULL) {
		destination = g_new0(struct destination, 1);
		destination->domain = g_strdup(domain);
		g_queue_init(&destination->waiting);
		g_hash_table_insert(agent->destinations, destination->domain, destination);
	}
	return destination;
}

struct delivery *delivery_first_waiting(const struct delivery_agent *agent, const char *domain)
{
	struct destination *destination = find_destination(agent, domain);

	return destination != NULL ? g_queue_peek_head(&destination->waiting) : NULL;
}

/* NULL, too, when there is no place. */
static struct delivery *find_waiting(const struct delivery_agent *agent, const char *domain)
{
	const struct destination *destination = find_destination(agent, domain);

	return destination != NULL && destination->running < agent->config.concurrency
		   ? delivery_first_waiting(agent, domain)
		   : NULL;
}

static void join_waiting(struct delivery *delivery)
{
	delivery->is_waiting = true;
	g_queue_push_tail_link(&delivery->destination->waiting, &delivery->place);
}

void delivery_stop_waiting(struct delivery *delivery)
{
	if (!delivery->is_waiting)
		return;
	delivery->is_waiting = false;
	g_queue_unlink(&delivery->destination->waiting, &delivery->place);
	delivery->destination->running++;
}

/* A delivery that was on its way is over: frees it, and its destination with the last one. */
static void leave(struct delivery_agent *agent, struct delivery *delivery)
{
	struct destination *destination = delivery->destination;

	destination->running--;
	g_queue_unlink(&agent->deliveries, &delivery->entry);
	free_delivery(delivery);
	if (destination->running == 0 && g_queue_is_empty(&destination->waiting))
		g_hash_table_remove(agent->destinations, destination->domain);
}

/* A place may have become free. What is begun belongs to its own message. */
static void begin_waiting(struct delivery_agent *agent, const char *domain)
{
	struct context *context = engine_context(node_engine(agent->node));
	struct delivery *next = find_waiting(agent, domain);
	uint64_t root = context->root;

	if (next != NULL)
		delivery_begin(next);
	context->root = root;
}

/* The end. */

void delivery_finish(struct delivery *delivery, enum smtp_outcome outcome, const char *status,
		     const char *reason)
{
	struct delivery_agent *agent = delivery->agent;
	struct mail_job *job = delivery->job;
	char *domain = g_strdup(job->domain);

	for (unsigned i = 0; i < job->count; i++) {
		struct mail_result *result = &job->results[i];

		if (result->outcome != SMTP_PENDING)
			continue;
		result->outcome = outcome;
		g_strlcpy(result->status, status, sizeof result->status);
		result->reason = g_strdup(reason);
	}
	if (delivery->connection != NULL)
		delivery->connection->delivery = NULL;
	leave(agent, delivery);
	mail_job_done(job);
	begin_waiting(agent, domain);
	g_free(domain);
}

void delivery_finish_with(struct delivery *delivery, enum smtp_outcome outcome, const char *status,
			  const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *reason = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	delivery_finish(delivery, outcome, status, reason);
	g_free(reason);
}

void delivery_set_root(const struct delivery *delivery)
{
	engine_context(node_engine(delivery->agent->node))->root = delivery->job->identity.root;
	node_act_as(delivery->agent->node, ACTOR_MTA);
}

void delivery_start(struct delivery_agent *agent, struct mail_job *job)
{
	struct delivery *delivery = g_new0(struct delivery, 1);

	delivery->agent = agent;
	delivery->job = job;
	delivery->exchangers = exchangers_new();
	delivery->addresses = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	delivery->place.data = delivery->entry.data = delivery;
	delivery->destination = get_destination(agent, job->domain);
	g_queue_push_tail_link(&agent->deliveries, &delivery->entry);
	join_waiting(delivery);
	begin_waiting(agent, job->domain);
}
