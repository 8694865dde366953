#include "protocols/dns/recursion.h"

#include "protocols/dns/lookup.h"

struct dns_recursion *dns_recursion_new(const struct dns_recursion_config *config)
{
	struct dns_root_hint *hints =
	    g_memdup2(config->root_hints, config->root_hint_count * sizeof *hints);
	bool are_valid = true;

	for (unsigned i = 0; i < config->root_hint_count; i++) {
		struct dns_name_buffer buffer;
		struct dns_name name;

		are_valid &= dns_name_from_text(hints[i].name, &buffer, &name);
		hints[i].name = g_strdup(hints[i].name);
	}
	struct dns_recursion *recursion = g_new0(struct dns_recursion, 1);
	recursion->config = *config;
	recursion->config.root_hints = hints;
	g_queue_init(&recursion->lookups);
	if (!are_valid)
		g_clear_pointer(&recursion, dns_recursion_free);
	return recursion;
}

void dns_recursion_free(struct dns_recursion *recursion)
{
	if (recursion == NULL)
		return;
	for (GList *link = recursion->lookups.head; link != NULL;) {
		struct dns_lookup *lookup = link->data;

		link = link->next;
		dns_lookup_free(lookup);
	}
	for (unsigned i = 0; i < recursion->config.root_hint_count; i++)
		g_free((char *)recursion->config.root_hints[i].name);
	g_free((void *)recursion->config.root_hints);
	g_free(recursion);
}

static struct dns_lookup *find_exchange(const struct dns_recursion *recursion, uint64_t exchange)
{
	for (GList *link = recursion->lookups.head; link != NULL; link = link->next) {
		struct dns_lookup *lookup = link->data;

		if (exchange != 0 && lookup->exchange.number == exchange)
			return lookup;
	}
	return NULL;
}

void dns_recursion_receive(struct dns_recursion *recursion, int64_t now_ns, uint64_t exchange,
			   struct endpoint from, struct bytes message)
{
	const struct dns_recursion_config *config = &recursion->config;
	struct dns_lookup *lookup = find_exchange(recursion, exchange);
	enum dns_detail why = DNS_DROP_LATE;
	struct dns_message *response;

	recursion->now_ns = now_ns;
	if (lookup != NULL) {
		const struct dns_question question = dns_lookup_question(lookup);

		why = dns_exchange_accept(&lookup->exchange, &question, from, message, &response);
	}
	if (why == DNS_DETAIL_NONE) {
		dns_lookup_take_response(lookup, response);
		dns_message_free(response);
		return;
	}
	if (config->network->dropped != NULL)
		config->network->dropped(config->owner, why, message);
	/* Over UDP the right answer may still come; a TCP connection brings no other. */
	if (lookup != NULL && lookup->exchange.over_tcp)
		dns_lookup_give_up_server(lookup);
}

void dns_recursion_failed(struct dns_recursion *recursion, int64_t now_ns, uint64_t exchange)
{
	struct dns_lookup *lookup = find_exchange(recursion, exchange);

	recursion->now_ns = now_ns;
	if (lookup != NULL)
		dns_lookup_give_up_server(lookup);
}

int64_t dns_recursion_deadline(const struct dns_recursion *recursion)
{
	int64_t deadline_ns = TIME_NEVER;

	for (GList *link = recursion->lookups.head; link != NULL; link = link->next)
		deadline_ns =
		    MIN(deadline_ns, ((const struct dns_lookup *)link->data)->exchange.deadline_ns);
	return deadline_ns;
}

static struct dns_lookup *find_expired(const struct dns_recursion *recursion)
{
	for (GList *link = recursion->lookups.head; link != NULL; link = link->next) {
		struct dns_lookup *lookup = link->data;

		if (lookup->exchange.deadline_ns <= recursion->now_ns)
			return lookup;
	}
	return NULL;
}

void dns_recursion_expire(struct dns_recursion *recursion, int64_t now_ns)
{
	struct dns_lookup *lookup;

	recursion->now_ns = now_ns;
	while ((lookup = find_expired(recursion)) != NULL)
		dns_lookup_expire(lookup);
}

/* A lookup for somebody outside that asks the same already, or NULL. */
static struct dns_lookup *find_same(const struct dns_recursion *recursion,
				    const struct dns_question *question)
{
	for (GList *link = recursion->lookups.head; link != NULL; link = link->next) {
		struct dns_lookup *lookup = link->data;
		const struct dns_question *other = &lookup->result->question;

		if (lookup->depth == 0 && lookup->state < DNS_LOOKUP_ANSWERED &&
		    other->type == question->type && dns_name_equal(other->name, question->name))
			return lookup;
	}
	return NULL;
}

static void refuse(const struct dns_question *question, const struct dns_waiter *waiter)
{
	struct dns_message *result = dns_message_new();

	dns_message_ask(result, question);
	result->rcode = DNS_SERVFAIL;
	waiter->done(waiter->owner, result);
	dns_message_free(result);
}

void dns_recursion_ask(struct dns_recursion *recursion, int64_t now_ns,
		       const struct dns_question *question, dns_recursion_done_fn *done,
		       void *owner)
{
	const struct dns_waiter waiter = { done, owner };
	struct dns_lookup *lookup = find_same(recursion, question);

	recursion->now_ns = now_ns;
	if (lookup != NULL) {
		g_array_append_val(lookup->waiters, waiter);
	} else if (recursion->lookups.length >= DNS_LOOKUPS_MAX) {
		refuse(question, &waiter);
	} else {
		lookup = dns_lookup_new(recursion, question, NULL);
		g_array_append_val(lookup->waiters, waiter);
		dns_lookup_step(lookup);
	}
}

void dns_recursion_forget(struct dns_recursion *recursion, void *owner)
{
	for (GList *link = recursion->lookups.head; link != NULL; link = link->next) {
		GArray *waiters = ((struct dns_lookup *)link->data)->waiters;
		guint i = 0;

		while (i < waiters->len) {
			if (g_array_index(waiters, struct dns_waiter, i).owner == owner)
				g_array_remove_index(waiters, i);
			else
				i++;
		}
	}
}

unsigned dns_recursion_lookups(const struct dns_recursion *recursion)
{
	return recursion->lookups.length;
}
