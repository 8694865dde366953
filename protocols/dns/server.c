#include "protocols/dns/server.h"

struct dns_server {
	struct dns_server_config config;
	GQueue pending;  /* of struct pending, in order of arrival */
	uint8_t *output; /* room for one message */
};

/* A query that waits for the recursion. */
struct pending {
	struct dns_server *server;
	GList link;
	struct dns_client client;
	struct dns_message *query;
};

struct dns_server *dns_server_new(const struct dns_server_config *config)
{
	struct dns_server *server = g_new0(struct dns_server, 1);

	server->config = *config;
	server->config.recursion_for = g_memdup2(
	    config->recursion_for, config->recursion_for_count * sizeof *config->recursion_for);
	g_queue_init(&server->pending);
	server->output = g_malloc(DNS_TCP_BYTES);
	return server;
}

static void free_pending(struct pending *pending)
{
	g_queue_unlink(&pending->server->pending, &pending->link);
	dns_message_free(pending->query);
	g_free(pending);
}

static void forget(struct pending *pending)
{
	dns_recursion_forget(pending->server->config.recursion, pending);
	free_pending(pending);
}

void dns_server_free(struct dns_server *server)
{
	if (server == NULL)
		return;
	for (GList *link = server->pending.head, *next; link != NULL; link = next) {
		next = link->next;
		forget(link->data);
	}
	g_free((void *)server->config.recursion_for);
	g_free(server->output);
	g_free(server);
}

void dns_server_forget(struct dns_server *server, uint64_t connection)
{
	for (GList *link = server->pending.head; link != NULL;) {
		struct pending *pending = link->data;

		link = link->next;
		if (pending->client.connection == connection)
			forget(pending);
	}
}

static bool offers_recursion(const struct dns_server *server, const struct dns_client *client)
{
	const struct dns_server_config *config = &server->config;

	if (config->recursion == NULL)
		return false;
	for (unsigned i = 0; i < config->recursion_for_count; i++) {
		const struct dns_prefix *prefix = &config->recursion_for[i];

		if (((client->address.address ^ prefix->address) & ipv4_mask(prefix->length)) == 0)
			return true;
	}
	return config->recursion_for_count == 0;
}

/* The longest response the client takes (RFC 6891 section 6.2.5, RFC 7766 section 8). */
static size_t limit_for(const struct dns_client *client, const struct dns_message *query)
{
	if (client->connection != 0)
		return DNS_TCP_BYTES;
	if (!query->edns.is_present)
		return DNS_UDP_BYTES;
	return CLAMP(query->edns.udp_bytes, DNS_UDP_BYTES, DNS_UDP_BYTES_EDNS);
}

/* A response to `query` without records. */
static struct dns_message *new_response(const struct dns_server *server,
					const struct dns_client *client,
					const struct dns_message *query)
{
	struct dns_message *response = dns_message_new();

	response->id = query->id;
	response->opcode = query->opcode;
	response->is_response = true;
	response->recursion_desired = query->recursion_desired;
	response->recursion_available = offers_recursion(server, client);
	response->checking_disabled = query->checking_disabled;
	response->edns = (struct dns_edns) {
		.is_present = query->edns.is_present,
		.dnssec_ok = query->edns.dnssec_ok, /* to be repeated (RFC 3225 section 3) */
		.udp_bytes = DNS_UDP_BYTES_EDNS,
	};
	if (query->question.name.length > 0)
		dns_message_ask(response, &query->question);
	return response;
}

/* Sends `response` (taken). */
static void send_response(struct dns_server *server, const struct dns_client *client,
			  const struct dns_message *query, struct dns_message *response)
{
	size_t length = dns_message_emit(response, limit_for(client, query), server->output);

	dns_message_free(response);
	server->config.reply(server->config.owner, client,
			     (struct bytes) { server->output, length });
}

static void send_rcode(struct dns_server *server, const struct dns_client *client,
		       const struct dns_message *query, enum dns_rcode rcode)
{
	struct dns_message *response = new_response(server, client, query);

	response->rcode = (uint16_t)rcode;
	send_response(server, client, query, response);
}

/* The recursion has an answer for a query that waited. */
static void pass_on(void *owner, const struct dns_message *result)
{
	struct pending *pending = owner;
	struct dns_server *server = pending->server;
	struct dns_client client = pending->client;
	struct dns_message *query = g_steal_pointer(&pending->query);
	struct dns_message *response = new_response(server, &client, query);

	response->rcode = result->rcode;
	response->is_authoritative = result->is_authoritative && result->rcode != DNS_SERVFAIL;
	for (unsigned section = 0; section < DNS_SECTIONS; section++)
		for (unsigned i = 0; i < result->sections[section].count; i++)
			dns_message_add(response, section, &result->sections[section].records[i]);
	free_pending(pending);
	send_response(server, &client, query, response);
	dns_message_free(query);
}

/* Hands `query` (taken) to the recursion. */
static void recurse(struct dns_server *server, int64_t now_ns, const struct dns_client *client,
		    struct dns_message *query)
{
	if (server->pending.length >= DNS_PENDING_MAX) {
		send_rcode(server, client, query, DNS_SERVFAIL);
		dns_message_free(query);
		return;
	}
	struct pending *pending = g_new0(struct pending, 1);
	*pending = (struct pending) { .server = server, .client = *client, .query = query };
	pending->link.data = pending;
	g_queue_push_tail_link(&server->pending, &pending->link);
	dns_recursion_ask(server->config.recursion, now_ns, &query->question, pass_on, pending);
}

/* What is wrong with a query, or DNS_NOERROR. */
static enum dns_rcode check_query(const struct dns_message *query)
{
	const struct dns_question *question = &query->question;

	if (query->edns.version != 0)
		return DNS_BADVERS;
	if (query->opcode != DNS_QUERY)
		return DNS_NOTIMP;
	if (question->name.length == 0)
		return DNS_FORMERR;
	if (question->class != DNS_IN)
		return DNS_REFUSED;
	/* Types from 128 to 254 ask for transfers and the like (RFC 6895 section 3.1). */
	if (question->type >= 128 && question->type < DNS_ANY)
		return DNS_REFUSED;
	return DNS_NOERROR;
}

/* Answers a well-formed query (taken). */
static void answer(struct dns_server *server, int64_t now_ns, const struct dns_client *client,
		   struct dns_message *query)
{
	struct dns_message *response = new_response(server, client, query);
	enum dns_authority_result result = DNS_AUTHORITY_NONE;

	if (server->config.authority != NULL)
		result = dns_authority_answer(server->config.authority, response);
	if (result != DNS_AUTHORITY_ANSWER && query->recursion_desired &&
	    response->recursion_available) {
		dns_message_free(response);
		recurse(server, now_ns, client, query);
		return;
	}
	if (result == DNS_AUTHORITY_NONE)
		response->rcode = DNS_REFUSED;
	send_response(server, client, query, response);
	dns_message_free(query);
}

/* Answers what cannot be parsed but has a header (RFC 1035 section 4.1.1, FORMERR). */
static void answer_malformed(struct dns_server *server, const struct dns_client *client,
			     struct bytes message)
{
	struct dns_message *header;

	if (message.length < DNS_HEADER_BYTES)
		return;
	uint8_t alone[DNS_HEADER_BYTES] = { 0 };
	memcpy(alone, message.data, 4); /* id and flags, with all counts 0 */
	if (dns_message_parse((struct bytes) { alone, sizeof alone }, &header) != PARSE_OK)
		return;
	if (!header->is_response)
		send_rcode(server, client, header, DNS_FORMERR);
	dns_message_free(header);
}

void dns_server_receive(struct dns_server *server, int64_t now_ns, const struct dns_client *client,
			struct bytes message)
{
	struct dns_message *query;

	if (dns_message_parse(message, &query) != PARSE_OK) {
		answer_malformed(server, client, message);
		return;
	}
	enum dns_rcode rcode = check_query(query);
	if (!query->is_response && rcode == DNS_NOERROR) {
		answer(server, now_ns, client, query);
		return;
	}
	if (!query->is_response) /* an answer to an answer would be the first of many */
		send_rcode(server, client, query, rcode);
	dns_message_free(query);
}
