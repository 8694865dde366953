#include "protocols/programs/delivery.h"

#include "protocols/adapter.h"
#include "protocols/programs/delivery_result.h"
#include "protocols/programs/evidence.h"
#include "protocols/programs/exchangers.h"

/* A conversation with a server. It may outlive its delivery by the time that QUIT takes. */
struct connection {
	struct delivery_agent *agent;
	struct delivery *delivery; /* NULL: it has its results */
	struct adapter *adapter;
	char *host;           /* the exchanger */
	uint32_t address;     /* its address */
	enum session_tls tls; /* what it is to be protected by */
};

/* A domain that there is mail for, and how many deliveries to it wait or are on their way. */
struct destination {
	char *domain;
	GQueue waiting;   /* of struct delivery *, in order of arrival */
	unsigned running; /* at most as many as the configuration allows, but for guests */
};

/* A job on its way. */
struct delivery {
	struct delivery_agent *agent;
	struct mail_job *job;
	struct dns_query *query;        /* under way; NULL: none */
	struct sts_query *policy_query; /* likewise */
	struct mta_sts_policy *policy;  /* of the domain; NULL: none */
	bool was_restrained;            /* by it, from an exchanger */
	GArray *exchangers;             /* of struct exchanger, to try in order */
	guint exchanger;                /* the present one */
	GArray *addresses; /* of uint32_t: the present one's, in the order to try them */
	guint address;     /* the next to be tried */
	unsigned tried;    /* addresses so far */
	struct connection *connection;
	bool found_address; /* any exchanger had one */
	bool dns_failed;    /* an address could not be looked up now */
	struct destination *destination;
	GList entry; /* in the agent's list */
	GList place; /* in the destination's queue, while it waits */
	bool is_waiting;
	bool is_guest; /* it goes on with another's connection; nothing was looked up */
};

struct delivery_agent {
	struct host *host;
	struct node *node;
	struct delivery_config config;
	struct random_stream random;
	GQueue deliveries;        /* of struct delivery * */
	GHashTable *destinations; /* by domain, struct destination *; look-ups only */
	GPtrArray *connections;   /* of struct connection * */
};

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

/* The first that waits for a place at `domain`; NULL when none does. */
static struct delivery *first_waiting(const struct delivery_agent *agent, const char *domain)
{
	struct destination *destination = find_destination(agent, domain);

	return destination != NULL ? g_queue_peek_head(&destination->waiting) : NULL;
}

/* NULL, too, when there is no place. */
static struct delivery *find_waiting(const struct delivery_agent *agent, const char *domain)
{
	const struct destination *destination = find_destination(agent, domain);

	return destination != NULL && destination->running < agent->config.concurrency
		   ? first_waiting(agent, domain)
		   : NULL;
}

static void join_waiting(struct delivery *delivery)
{
	delivery->is_waiting = true;
	g_queue_push_tail_link(&delivery->destination->waiting, &delivery->place);
}

/* It is on its way, if it was not before. */
static void stop_waiting(struct delivery *delivery)
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

static void begin(struct delivery *delivery);

/* A place may have become free. What is begun belongs to its own message. */
static void begin_waiting(struct delivery_agent *agent, const char *domain)
{
	struct context *context = engine_context(node_engine(agent->node));
	struct delivery *next = find_waiting(agent, domain);
	uint64_t root = context->root;

	if (next != NULL)
		begin(next);
	context->root = root;
}

/* The end. */

/* All recipients that have no result yet get this one; then the job is done. */
static void finish(struct delivery *delivery, enum smtp_outcome outcome, const char *status,
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

G_GNUC_PRINTF(4, 5)
static void finish_with(struct delivery *delivery, enum smtp_outcome outcome, const char *status,
			const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *reason = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	finish(delivery, outcome, status, reason);
	g_free(reason);
}

/* What happens from here on belongs to the message, and is the MTA's doing. */
static void set_root(const struct delivery *delivery)
{
	engine_context(node_engine(delivery->agent->node))->root = delivery->job->identity.root;
	node_act_as(delivery->agent->node, ACTOR_MTA);
}

/* Results of a conversation. */

static const struct exchanger *present_exchanger(const struct delivery *delivery)
{
	return &g_array_index(delivery->exchangers, struct exchanger, delivery->exchanger);
}

/* "mail.remote.example[203.0.113.70]" */
static char *name_peer(const struct delivery *delivery)
{
	char address[IPV4_TEXT_BYTES];

	ipv4_print(g_array_index(delivery->addresses, uint32_t, delivery->address - 1), address);
	return g_strdup_printf("%s[%s]", present_exchanger(delivery)->host, address);
}

static void record_transfer(const struct delivery *delivery, const char *recipient,
			    const char *peer, const char *reply)
{
	GString *evidence = evidence_new(recipient);

	evidence_fact(evidence, "server", "%s", peer);
	evidence_fact(evidence, "reply", "%s", reply);
	evidence_record(delivery->agent->node, ACTOR_MTA, MAIL_TRANSFERRED,
			&delivery->job->identity, 0, evidence);
}

static void take_result(const struct delivery *delivery, const struct smtp_result *from,
			unsigned index)
{
	struct mail_job *job = delivery->job;
	struct mail_result *result = &job->results[index];
	char *peer = name_peer(delivery);

	mail_result_clear(result);
	result->outcome = from->outcome;
	delivery_read_status(from, result);
	result->reason = delivery_explain(from, peer);
	result->is_relayed = from->is_relayed;
	if (from->code != 0) {
		result->remote_host = g_strdup(present_exchanger(delivery)->host);
		result->reply = g_strdup(from->text);
	}
	if (from->outcome == SMTP_SENT)
		record_transfer(delivery, job->recipients[index], peer, from->text);
	else if (from->outcome == SMTP_FAILED)
		mail_record(delivery->agent->node, ACTOR_MTA, MAIL_REFUSED, &job->identity, 0,
			    bytes_of(from->text));
	g_free(peer);
}

/* True while the recipient could still be delivered by another server in this attempt. */
static bool is_open(const struct mail_result *result)
{
	return result->outcome == SMTP_PENDING || result->outcome == SMTP_DEFERRED;
}

static void connect_to(struct delivery *delivery, uint32_t address, enum session_tls tls);
static void try_next_address(struct delivery *delivery);
static void begin_anew(struct delivery *delivery);
static void send_open_recipients(struct delivery *delivery, struct smtp_client *client);

/* The conversation goes on with the next message for the same domain, or ends. */
static void go_on(struct connection *connection, struct smtp_client *client, const char *domain)
{
	struct delivery_agent *agent = connection->agent;
	struct delivery *next = first_waiting(agent, domain);
	struct exchanger exchanger = { NULL, 0 };

	if (next == NULL || !smtp_client_is_free(client)) {
		smtp_client_quit(client);
		return;
	}
	stop_waiting(next);
	next->is_guest = true;
	next->connection = connection;
	connection->delivery = next;
	exchanger.host = g_strdup(connection->host);
	g_array_append_val(next->exchangers, exchanger);
	g_array_append_val(next->addresses, connection->address);
	next->address = 1;
	next->found_address = true;
	set_root(next);
	send_open_recipients(next, client);
}

/*
 * As in Postfix, with `may`: whoever offers TLS and cannot do it gets the message in clear, but at a
 * second attempt, when the trouble has had time to pass.
 */
static bool may_go_on_in_clear(const struct connection *connection,
			       const struct smtp_result *result)
{
	return connection->tls == SESSION_TLS_IF_OFFERED && result->stage == SMTP_STAGE_TLS &&
	       result->code == 0 && connection->delivery->job->attempt > 1;
}

static void go_on_in_clear(struct connection *connection, const char *why)
{
	struct delivery *delivery = g_steal_pointer(&connection->delivery);
	char *server =
	    evidence_server(connection->host, (struct endpoint) { connection->address, SMTP_PORT });
	GString *evidence = evidence_new(server);

	evidence_fact(evidence, "reason", "%s", why);
	evidence_record(connection->agent->node, ACTOR_MTA, MAIL_UNPROTECTED,
			&delivery->job->identity, 0, evidence);
	g_free(server);
	connect_to(delivery, connection->address, SESSION_TLS_NEVER);
}

/* The server has spoken about every recipient it was asked for, which are those still open. */
static void message_sent(void *owner, struct smtp_client *client, const struct smtp_result *results,
			 unsigned count)
{
	struct connection *connection = owner;
	struct delivery *delivery = connection->delivery;
	struct mail_job *job;
	unsigned asked = 0;
	bool is_any_open = false;
	char *domain;

	if (delivery == NULL)
		return;
	if (may_go_on_in_clear(connection, &results[0])) {
		go_on_in_clear(connection, results[0].text);
		return;
	}
	job = delivery->job;
	domain = g_strdup(job->domain);
	for (unsigned i = 0; i < job->count; i++) {
		if (!is_open(&job->results[i]))
			continue;
		g_assert(asked < count);
		take_result(delivery, &results[asked++], i);
		is_any_open |= is_open(&job->results[i]);
	}
	connection->delivery = NULL;
	delivery->connection = NULL;
	go_on(connection, client, domain);
	g_free(domain);
	if (is_any_open && delivery->is_guest)
		begin_anew(delivery);
	else if (is_any_open)
		try_next_address(delivery);
	else
		finish(delivery, SMTP_DEFERRED, "4.0.0", "");
}

/* The domain's policy (RFC 8461): what is found, and where an exchanger is not as it wants it. */

static void record_policy(const struct delivery *delivery, GString *evidence)
{
	evidence_record(delivery->agent->node, ACTOR_MTA, MAIL_POLICY, &delivery->job->identity, 0,
			evidence);
}

static bool is_enforced(const struct delivery *delivery)
{
	return delivery->policy != NULL && delivery->policy->mode == MTA_STS_ENFORCE;
}

static void record_violation(const struct delivery *delivery, const char *host, const char *what)
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
	const char *host = present_exchanger(delivery)->host;

	if (delivery->policy == NULL || delivery->policy->mode == MTA_STS_NONE ||
	    mta_sts_policy_names(delivery->policy, host))
		return false;
	record_violation(delivery, host, "it is not in the policy");
	delivery->was_restrained |= is_enforced(delivery);
	return is_enforced(delivery);
}

/* What enforcement would not have put up with. */
static void test_protection(const struct connection *connection)
{
	const struct delivery *delivery = connection->delivery;
	const struct stream *stream =
	    connection->adapter == NULL ? NULL : adapter_stream(connection->adapter);

	if (delivery->policy == NULL || delivery->policy->mode != MTA_STS_TESTING || stream == NULL)
		return;
	if (stream->protection == NULL)
		record_violation(delivery, connection->host, "the connection is in clear");
	else if (stream->protection->distrust != NULL)
		record_violation(delivery, connection->host, stream->protection->distrust);
}

static void transaction_begun(void *owner, const struct smtp_transfer *transfer)
{
	const struct connection *connection = owner;
	char *server =
	    evidence_server(connection->host, (struct endpoint) { connection->address, SMTP_PORT });

	test_protection(connection);
	evidence_record(connection->agent->node, ACTOR_MTA, MAIL_TRANSFERS,
			&connection->delivery->job->identity, 0,
			evidence_transaction(server, transfer));
	g_free(server);
}

static bool has_more(void *owner)
{
	const struct connection *connection = owner;

	return connection->delivery != NULL &&
	       first_waiting(connection->agent, connection->delivery->job->domain) != NULL;
}

static void connection_done(void *owner, struct session *session, int why)
{
	struct connection *connection = owner;

	(void)session;
	(void)why;
	g_ptr_array_remove(connection->agent->connections, connection);
}

/* Connecting. */

static void send_open_recipients(struct delivery *delivery, struct smtp_client *client)
{
	const struct mail_job *job = delivery->job;
	const char **recipients = g_new0(const char *, job->count);
	struct smtp_recipient_wish *wishes = g_new0(struct smtp_recipient_wish, job->count);
	unsigned count = 0;

	for (unsigned i = 0; i < job->count; i++)
		if (is_open(&job->results[i])) {
			recipients[count] = job->recipients[i];
			wishes[count++] = job->wishes[i];
		}
	smtp_client_send(client, &(struct smtp_transfer) {
				     .sender = job->sender,
				     .recipients = recipients,
				     .wishes = wishes,
				     .recipient_count = count,
				     .wish = job->wish,
				     .data = job->data,
				 });
	g_free(wishes);
	g_free(recipients);
}

static void connected(void *owner)
{
	const struct connection *connection = owner;
	struct endpoint server = { connection->address, SMTP_PORT };
	char *text;

	if (connection->delivery == NULL)
		return;
	text = evidence_server(connection->host, server);
	mail_record(connection->agent->node, ACTOR_MTA, MAIL_CONNECTS,
		    &connection->delivery->job->identity, 0, bytes_of(text));
	g_free(text);
}

static void connect_to(struct delivery *delivery, uint32_t address, enum session_tls tls)
{
	struct delivery_agent *agent = delivery->agent;
	struct connection *connection = g_new0(struct connection, 1);
	struct session *session = smtp_client_new(&(struct smtp_client_config) {
	    .host_name = agent->config.host_name,
	    .pipelines = true,
	    .declares_size = true,
	    .names_originals = true,
	    .converts = agent->config.converts,
	    .begun = transaction_begun,
	    .tls = tls,
	    .sent = message_sent,
	    .has_more = has_more,
	    .owner = connection,
	});
	struct endpoint server = { address, SMTP_PORT };
	struct stream *stream = tcp_connect(agent->host, server, NULL, NULL);

	connection->agent = agent;
	connection->delivery = delivery;
	connection->host = g_strdup(present_exchanger(delivery)->host);
	connection->address = address;
	connection->tls = tls;
	delivery->connection = connection;
	g_ptr_array_add(agent->connections, connection);
	send_open_recipients(delivery, smtp_client_of(session));
	connection->adapter = adapter_new(
	    agent->host, stream, session, false,
	    &(struct adapter_config) {
		.layer = LAYER_SMTP,
		.actor = ACTOR_MTA,
		.wakeup_ns = agent->config.wakeup_ns,
		.connect_timeout_ns = DELIVERY_CONNECT_TIMEOUT_NS,
		.tls = is_enforced(delivery) ? agent->config.strict_tls : agent->config.tls_context,
		.tls_name = connection->host,
		.opened = connected,
		.done = connection_done,
		.owner = connection,
	    });
}

/* Looking up. */

static void ask_address(struct delivery *delivery);

/* No exchanger is left. What the last one said stands; if there was none, DNS is the reason. */
static void give_up(struct delivery *delivery)
{
	const char *domain = delivery->job->domain;

	if (delivery->was_restrained && !delivery->found_address)
		finish_with(delivery, SMTP_DEFERRED, "4.7.5",
			    "no exchanger of %s is in its MTA-STS policy", domain);
	else if (delivery->found_address)
		finish_with(delivery, SMTP_DEFERRED, "4.4.1", "no exchanger of %s answers", domain);
	else if (delivery->dns_failed)
		finish_with(delivery, SMTP_DEFERRED, "4.4.3",
			    "the exchangers of %s cannot be looked up now", domain);
	else
		finish_with(delivery, SMTP_FAILED, "5.4.4", "no exchanger of %s has an address",
			    domain);
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

static void try_next_address(struct delivery *delivery)
{
	if (delivery->address == delivery->addresses->len ||
	    delivery->tried == DELIVERY_ADDRESSES_MAX) {
		try_next_exchanger(delivery);
		return;
	}
	delivery->tried++;
	connect_to(delivery, g_array_index(delivery->addresses, uint32_t, delivery->address++),
		   is_enforced(delivery) ? SESSION_TLS_REQUIRED : delivery->agent->config.tls);
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

	set_root(delivery);
	delivery->query = NULL;
	read_addresses(delivery, answer);
	try_next_address(delivery);
}

/* Asks for the present exchanger's addresses. */
static void ask_address(struct delivery *delivery)
{
	struct delivery_agent *agent = delivery->agent;
	const char *host = present_exchanger(delivery)->host;

	if (is_forbidden(delivery)) {
		try_next_exchanger(delivery);
		return;
	}
	GString *evidence = evidence_new(delivery->job->domain);

	g_string_append_printf(evidence, " %s", host);
	evidence_fact(evidence, "preference", "%u", present_exchanger(delivery)->preference);
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

	set_root(delivery);
	delivery->query = NULL;
	switch (exchangers_read(answer, domain, agent->config.host_name, &agent->random,
				delivery->exchangers)) {
	case EXCHANGERS_FOUND:
		ask_address(delivery);
		break;
	case EXCHANGERS_NULL:
		finish_with(delivery, SMTP_FAILED, "5.1.10",
			    "domain %s does not accept mail (null MX)", domain);
		break;
	case EXCHANGERS_LOOP:
		finish_with(delivery, SMTP_FAILED, "5.4.6", "mail for %s loops back to myself",
			    domain);
		break;
	case EXCHANGERS_NO_DOMAIN:
		finish_with(delivery, SMTP_FAILED, "5.4.4",
			    "host or domain name not found: %s does not exist", domain);
		break;
	case EXCHANGERS_UNKNOWN:
		finish_with(delivery, SMTP_DEFERRED, "4.4.3",
			    "host or domain name not found: %s cannot be looked up now", domain);
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
	try_next_address(delivery);
}

static void ask_exchangers(struct delivery *delivery)
{
	struct delivery_agent *agent = delivery->agent;
	const char *domain = delivery->job->domain;

	if (agent->config.resolver != NULL)
		delivery->query =
		    dns_resolve(agent->config.resolver, domain, DNS_MX, exchangers_found, delivery);
	if (delivery->query == NULL)
		finish_with(delivery, SMTP_FAILED, "5.1.2", "bad domain name: %s", domain);
}

static void policy_found(void *owner, const struct sts_answer *answer)
{
	struct delivery *delivery = owner;
	GString *evidence = evidence_new(delivery->job->domain);

	set_root(delivery);
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

static void begin(struct delivery *delivery)
{
	struct delivery_agent *agent = delivery->agent;
	const struct mail_job *job = delivery->job;
	uint32_t address;

	stop_waiting(delivery);
	set_root(delivery);
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

/* Another's connection did not do: it looks for its own. */
static void begin_anew(struct delivery *delivery)
{
	delivery->is_guest = false;
	g_array_set_size(delivery->exchangers, 0);
	g_array_set_size(delivery->addresses, 0);
	delivery->address = 0;
	delivery->tried = 0;
	delivery->was_restrained = false;
	g_clear_pointer(&delivery->policy, mta_sts_policy_unref);
	begin(delivery);
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
