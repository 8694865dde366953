#include "protocols/dns/stub.h"

/* What askers do differently. */
struct habits {
	unsigned attempts;
	bool has_edns;         /* and with it AD and a cookie */
	bool changes_socket;   /* for each attempt, not only after a server failed */
	bool changes_id;       /* when it turns to TCP */
	bool takes_any_answer; /* SERVFAIL and the like are the answer */
};

static const struct habits habits_of[] = {
	[DNS_ASKER_LIBRARY] = { .attempts = 2 },
	[DNS_ASKER_DIG] = {
		.attempts = 3,
		.has_edns = true,
		.changes_socket = true,
		.changes_id = true,
		.takes_any_answer = true,
	},
};

struct dns_stub {
	struct endpoint server;
	const struct habits *habits;
	struct random_stream random;
	const struct dns_network *network;
	void *owner;
	uint64_t numbers;
	GQueue queries; /* of struct dns_query, in order of arrival */
};

struct dns_query {
	struct dns_stub *stub;
	GList link;
	uint64_t lookup; /* number for the trace */
	enum dns_lookup_state state;
	struct dns_question question; /* its name is in `name` */
	struct dns_name_buffer name;
	unsigned attempts;
	struct dns_exchange exchange;
	dns_done_fn *done;
	void *owner;
};

struct dns_stub *dns_stub_new(struct endpoint server, enum dns_asker asker,
			      const struct random_stream *random, const struct dns_network *network,
			      void *network_owner)
{
	struct dns_stub *stub = g_new0(struct dns_stub, 1);

	stub->server = server;
	stub->habits = &habits_of[asker];
	stub->random = *random;
	stub->network = network;
	stub->owner = network_owner;
	g_queue_init(&stub->queries);
	return stub;
}

void dns_stub_free(struct dns_stub *stub)
{
	if (stub == NULL)
		return;
	for (GList *link = stub->queries.head, *next; link != NULL; link = next) {
		next = link->next;
		dns_cancel(link->data);
	}
	g_free(stub);
}

/* The only place where a query's state changes. */
static void enter(struct dns_query *query, enum dns_lookup_state state)
{
	struct dns_stub *stub = query->stub;

	if (stub->network->entered != NULL)
		stub->network->entered(stub->owner, &(struct dns_lookup_note) {
							.lookup = query->lookup,
							.detail = DNS_QUERY_OF_HOST,
							.before = (uint8_t)query->state,
							.after = (uint8_t)state,
							.name = query->question.name,
							.type = query->question.type,
						    });
	query->state = state;
}

/* Sends the query; again with the same id, and from the same socket unless that was closed. */
static void send_query(struct dns_query *query, int64_t now_ns, bool over_tcp)
{
	struct dns_stub *stub = query->stub;
	struct dns_exchange *exchange = &query->exchange;
	uint8_t message[DNS_UDP_BYTES];

	exchange->over_tcp = over_tcp;
	exchange->sent_ns = now_ns;
	exchange->deadline_ns = now_ns + DNS_STUB_WAIT_NS;
	enter(query, DNS_LOOKUP_ASKING);
	size_t length = dns_exchange_emit(exchange, &query->question, message);
	stub->network->send(stub->owner, exchange->number, exchange->server, over_tcp,
			    (struct bytes) { message, length });
}

static uint16_t new_id(struct dns_stub *stub)
{
	return (uint16_t)random_below(&stub->random, UINT16_MAX + 1);
}

static struct dns_query *query_new(struct dns_stub *stub, const struct dns_question *question,
				   dns_done_fn *done, void *owner)
{
	struct dns_query *query = g_new0(struct dns_query, 1);

	query->stub = stub;
	query->link.data = query;
	g_queue_push_tail_link(&stub->queries, &query->link);
	query->lookup = stub->network->new_lookup != NULL ? stub->network->new_lookup(stub->owner)
							  : ++stub->numbers;
	query->question = *question;
	query->question.name.wire =
	    memcpy(query->name.wire, question->name.wire, question->name.length);
	query->done = done;
	query->owner = owner;
	query->attempts = 1;
	query->exchange = (struct dns_exchange) {
		.number = ++stub->numbers,
		.id = new_id(stub),
		.server = stub->server,
		.recursion_desired = true,
		.has_edns = stub->habits->has_edns,
		.authentic_data = stub->habits->has_edns,
		.has_cookie = stub->habits->has_edns,
	};
	if (query->exchange.has_cookie)
		query->exchange.cookie = random_next(&stub->random);
	return query;
}

struct dns_query *dns_stub_ask(struct dns_stub *stub, int64_t now_ns,
			       const struct dns_question *question, dns_done_fn *done, void *owner)
{
	struct dns_query *query = query_new(stub, question, done, owner);

	send_query(query, now_ns, false);
	return query;
}

struct dns_query *dns_stub_ask_too(struct dns_query *first, int64_t now_ns, uint16_t type,
				   dns_done_fn *done, void *owner)
{
	struct dns_stub *stub = first->stub;
	struct dns_question question = first->question;
	struct dns_query *query;

	question.type = type;
	query = query_new(stub, &question, done, owner);
	while (query->exchange.id == first->exchange.id) /* by which alone the answers differ */
		query->exchange.id = new_id(stub);
	if (stub->network->join != NULL)
		stub->network->join(stub->owner, query->exchange.number, first->exchange.number);
	send_query(query, now_ns, false);
	return query;
}

void dns_cancel(struct dns_query *query)
{
	struct dns_stub *stub = query->stub;

	stub->network->close(stub->owner, query->exchange.number);
	g_queue_unlink(&stub->queries, &query->link);
	g_free(query);
}

/* Ends the query, which is gone afterwards; the stub may be, too. */
static void finish(struct dns_query *query, enum dns_outcome outcome,
		   const struct dns_message *message)
{
	dns_done_fn *done = query->done;
	void *owner = query->owner;

	enter(query, outcome == DNS_FAILED ? DNS_LOOKUP_FAILED : DNS_LOOKUP_ANSWERED);
	dns_cancel(query);
	done(owner, &(struct dns_answer) { outcome, message });
}

/* Asks once more, or gives up. A server that answered `message` but failed is left for the next. */
static void retry(struct dns_query *query, int64_t now_ns, const struct dns_message *message)
{
	const struct dns_stub *stub = query->stub;

	if (query->attempts == stub->habits->attempts) {
		finish(query, DNS_FAILED, message);
		return;
	}
	query->attempts++;
	if (stub->habits->changes_socket || message != NULL)
		stub->network->close(stub->owner, query->exchange.number);
	send_query(query, now_ns, false);
}

static const struct dns_record *find_answer(const struct dns_message *response,
					    struct dns_name name, uint16_t type)
{
	for (unsigned i = 0; i < response->sections[DNS_ANSWER].count; i++) {
		const struct dns_record *record = &response->sections[DNS_ANSWER].records[i];

		if ((record->type == type || type == DNS_ANY) && dns_name_equal(record->name, name))
			return record;
	}
	return NULL;
}

/* A server that does not recurse names those of a zone below (RFC 1034 section 4.3.1). */
static bool is_referral(const struct dns_message *response)
{
	const struct dns_section *authority = &response->sections[DNS_AUTHORITY];

	return !response->is_authoritative && !response->recursion_available &&
	       response->sections[DNS_ANSWER].count == 0 && authority->count > 0 &&
	       authority->records[0].type == DNS_NS;
}

/* Whether the answer section leads by CNAMEs from the name asked to records of the type. */
static enum dns_outcome read_outcome(const struct dns_message *response,
				     const struct dns_question *question)
{
	struct dns_name name = question->name;

	if (response->rcode == DNS_NXDOMAIN)
		return DNS_NO_NAME;
	if (is_referral(response))
		return DNS_REFERRAL;
	for (unsigned aliases = 0; aliases <= DNS_ALIASES_MAX; aliases++) {
		const struct dns_record *alias;

		if (find_answer(response, name, question->type) != NULL)
			return DNS_FOUND;
		alias = find_answer(response, name, DNS_CNAME);
		if (alias == NULL)
			break;
		dns_record_host(alias, &name);
	}
	return DNS_NO_DATA;
}

static struct dns_query *find_exchange(const struct dns_stub *stub, uint64_t exchange)
{
	for (GList *link = stub->queries.head; link != NULL; link = link->next) {
		struct dns_query *query = link->data;

		if (query->exchange.number == exchange)
			return query;
	}
	return NULL;
}

static void take_response(struct dns_query *query, int64_t now_ns,
			  const struct dns_message *response)
{
	const struct habits *habits = query->stub->habits;

	if (response->is_truncated && !query->exchange.over_tcp) {
		if (habits->changes_id)
			query->exchange.id = new_id(query->stub);
		send_query(query, now_ns, true);
	} else if (response->rcode == DNS_NOERROR || response->rcode == DNS_NXDOMAIN) {
		finish(query, read_outcome(response, &query->question), response);
	} else if (habits->takes_any_answer) {
		finish(query, DNS_FAILED, response);
	} else {
		retry(query, now_ns, response);
	}
}

void dns_stub_receive(struct dns_stub *stub, int64_t now_ns, uint64_t exchange,
		      struct endpoint from, struct bytes message)
{
	struct dns_query *query = find_exchange(stub, exchange);
	enum dns_detail why = DNS_DROP_LATE;
	struct dns_message *response;

	if (query != NULL)
		why = dns_exchange_accept(&query->exchange, &query->question, from, message,
					  &response);
	if (why == DNS_DETAIL_NONE) {
		take_response(query, now_ns, response);
		dns_message_free(response);
		return;
	}
	if (stub->network->dropped != NULL)
		stub->network->dropped(stub->owner, why, message);
	if (query != NULL && query->exchange.over_tcp)
		retry(query, now_ns, NULL);
}

void dns_stub_failed(struct dns_stub *stub, int64_t now_ns, uint64_t exchange)
{
	struct dns_query *query = find_exchange(stub, exchange);

	if (query != NULL)
		retry(query, now_ns, NULL);
}

int64_t dns_stub_deadline(const struct dns_stub *stub)
{
	int64_t deadline_ns = TIME_NEVER;

	for (GList *link = stub->queries.head; link != NULL; link = link->next)
		deadline_ns =
		    MIN(deadline_ns, ((const struct dns_query *)link->data)->exchange.deadline_ns);
	return deadline_ns;
}

void dns_stub_expire(struct dns_stub *stub, int64_t now_ns)
{
	/* A query that ends may take others, or the stub, with it: one at a time, oldest first. */
	for (GList *link = stub->queries.head; link != NULL; link = link->next) {
		struct dns_query *query = link->data;

		if (query->exchange.deadline_ns <= now_ns) {
			retry(query, now_ns, NULL);
			return;
		}
	}
}
