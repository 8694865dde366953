#include "protocols/dns/resolver.h"

#include <inttypes.h>
#include <stdio.h>

#include "protocols/dns/transport.h"
#include "sim/world.h"

struct dns_resolver {
	struct host *host;
	struct dns_stub *stub;
	struct dns_transport *transport;
	struct timer deadline;
	bool is_busy;  /* an event is being handled: whom it tells may free the resolver */
	bool is_freed; /* and did so */
};

static int64_t now(const struct dns_resolver *resolver)
{
	return node_now(host_node(resolver->host));
}

static void settle(struct dns_resolver *resolver)
{
	struct engine *engine = node_engine(host_node(resolver->host));
	int64_t deadline_ns = dns_stub_deadline(resolver->stub);

	if (deadline_ns == TIME_NEVER)
		timer_cancel(engine, &resolver->deadline);
	else if (deadline_ns != resolver->deadline.deadline_ns)
		timer_schedule(engine, &resolver->deadline, deadline_ns);
}

/* Ends the handling of an event. */
static void leave(struct dns_resolver *resolver)
{
	resolver->is_busy = false;
	if (resolver->is_freed)
		dns_resolver_free(resolver);
	else
		settle(resolver);
}

static void deadline_came(void *owner)
{
	struct dns_resolver *resolver = owner;

	resolver->is_busy = true;
	dns_stub_expire(resolver->stub, now(resolver));
	leave(resolver);
}

static void response_came(void *owner, uint64_t exchange, struct endpoint from,
			  struct bytes message)
{
	struct dns_resolver *resolver = owner;

	resolver->is_busy = true;
	dns_stub_receive(resolver->stub, now(resolver), exchange, from, message);
	leave(resolver);
}

static void exchange_failed(void *owner, uint64_t exchange)
{
	struct dns_resolver *resolver = owner;

	resolver->is_busy = true;
	dns_stub_failed(resolver->stub, now(resolver), exchange);
	leave(resolver);
}

static const struct dns_transport_events transport_events = {
	.receive = response_came,
	.failed = exchange_failed,
};

struct dns_resolver *dns_resolver_new(struct host *host, uint32_t server, enum dns_asker asker)
{
	struct dns_resolver *resolver = g_new0(struct dns_resolver, 1);
	struct node *node = host_node(host);
	struct random_stream random;
	char consumer[32]; /* each resolver of a host has ids of its own */

	resolver->host = host;
	timer_init(&resolver->deadline, node->index, deadline_came, resolver);
	resolver->transport = dns_transport_new(host, 0, &transport_events, resolver);
	snprintf(consumer, sizeof consumer, "dns.stub.%" PRIx64, node_new_object(node));
	node_random_init(node, &random, consumer);
	resolver->stub = dns_stub_new((struct endpoint) { server, DNS_PORT }, asker, &random,
				      &dns_transport_network, resolver->transport);
	return resolver;
}

void dns_resolver_free(struct dns_resolver *resolver)
{
	if (resolver == NULL)
		return;
	resolver->is_freed = true;
	if (resolver->is_busy)
		return;
	timer_cancel(node_engine(host_node(resolver->host)), &resolver->deadline);
	dns_stub_free(resolver->stub);
	dns_transport_free(resolver->transport);
	g_free(resolver);
}

struct dns_query *dns_resolve(struct dns_resolver *resolver, const char *name, uint16_t type,
			      dns_done_fn *done, void *owner)
{
	struct dns_question question = { .type = type, .class = DNS_IN };
	struct dns_name_buffer buffer;

	if (!dns_name_from_text(name, &buffer, &question.name))
		return NULL;
	struct dns_query *query =
	    dns_stub_ask(resolver->stub, now(resolver), &question, done, owner);
	settle(resolver);
	return query;
}

struct dns_query *dns_resolve_too(struct dns_resolver *resolver, struct dns_query *first,
				  uint16_t type, dns_done_fn *done, void *owner)
{
	struct dns_query *query = dns_stub_ask_too(first, now(resolver), type, done, owner);

	settle(resolver);
	return query;
}
