/* A delivery's conversation with a server, and what comes of it. */
#include "protocols/programs/delivery_private.h"
#include "protocols/programs/delivery_result.h"
#include "protocols/programs/evidence.h"

/* Results of a conversation. */

/* "mail.remote.example[203.0.113.70]" */
static char *name_peer(const struct delivery *delivery)
{
	char address[IPV4_TEXT_BYTES];

	ipv4_print(g_array_index(delivery->addresses, uint32_t, delivery->address - 1), address);
	return g_strdup_printf("%s[%s]", delivery_exchanger(delivery)->host, address);
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
		result->remote_host = g_strdup(delivery_exchanger(delivery)->host);
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

static void send_open_recipients(struct delivery *delivery, struct smtp_client *client);

/* The conversation goes on with the next message for the same domain, or ends. */
static void go_on(struct connection *connection, struct smtp_client *client, const char *domain)
{
	struct delivery_agent *agent = connection->agent;
	struct delivery *next = delivery_first_waiting(agent, domain);
	struct exchanger exchanger = { NULL, 0 };

	if (next == NULL || !smtp_client_is_free(client)) {
		smtp_client_quit(client);
		return;
	}
	delivery_stop_waiting(next);
	next->is_guest = true;
	next->connection = connection;
	connection->delivery = next;
	exchanger.host = g_strdup(connection->host);
	g_array_append_val(next->exchangers, exchanger);
	g_array_append_val(next->addresses, connection->address);
	next->address = 1;
	next->found_address = true;
	delivery_set_root(next);
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
	delivery_connect(delivery, connection->address, SESSION_TLS_NEVER);
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
		delivery_begin_anew(delivery);
	else if (is_any_open)
		delivery_try_next_address(delivery);
	else
		delivery_finish(delivery, SMTP_DEFERRED, "4.0.0", "");
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
		delivery_record_violation(delivery, connection->host, "the connection is in clear");
	else if (stream->protection->distrust != NULL)
		delivery_record_violation(delivery, connection->host, stream->protection->distrust);
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
	       delivery_first_waiting(connection->agent, connection->delivery->job->domain) != NULL;
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

void delivery_connect(struct delivery *delivery, uint32_t address, enum session_tls tls)
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
	connection->host = g_strdup(delivery_exchanger(delivery)->host);
	connection->address = address;
	connection->tls = tls;
	delivery->connection = connection;
	g_ptr_array_add(agent->connections, connection);
	send_open_recipients(delivery, smtp_client_of(session));
	connection->adapter =
	    adapter_new(agent->host, stream, session, false,
			&(struct adapter_config) {
			    .layer = LAYER_SMTP,
			    .actor = ACTOR_MTA,
			    .wakeup_ns = agent->config.wakeup_ns,
			    .connect_timeout_ns = DELIVERY_CONNECT_TIMEOUT_NS,
			    .tls = delivery_is_enforced(delivery) ? agent->config.strict_tls
								  : agent->config.tls_context,
			    .tls_name = connection->host,
			    .opened = connected,
			    .done = connection_done,
			    .owner = connection,
			});
}
