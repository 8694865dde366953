#include "stack/redirect.h"

#include "stack/host_private.h"
#include "stack/middlebox.h"

enum { REDIRECT_HOST = 1, REDIRECT_TOS_HOST = 3, LAST_CODE = REDIRECT_TOS_HOST };

/* A source that a router has told of a better way. */
struct told {
	uint32_t source;
	unsigned count;
	int64_t last_ns; /* the last redirect; when there are to be no more: its last such packet */
};

/* A route that a host has learned. */
struct learned {
	struct redirects *redirects;
	uint32_t destination;
	struct timer timer; /* its end */
};

struct redirects {
	struct host *host;
	GArray *told;      /* of struct told */
	GPtrArray *routes; /* of struct learned *, the oldest first */
};

static struct redirects *redirects_of(struct host *host)
{
	if (host->redirects == NULL) {
		host->redirects = g_new0(struct redirects, 1);
		host->redirects->host = host;
		host->redirects->told = g_array_new(FALSE, FALSE, sizeof(struct told));
		host->redirects->routes = g_ptr_array_new();
	}
	return host->redirects;
}

static void learned_free(struct learned *learned)
{
	timer_cancel(node_engine(&learned->redirects->host->node), &learned->timer);
	g_free(learned);
}

void redirects_free(struct redirects *redirects)
{
	if (redirects == NULL)
		return;
	for (unsigned i = 0; i < redirects->routes->len; i++)
		learned_free(redirects->routes->pdata[i]);
	g_ptr_array_free(redirects->routes, TRUE);
	g_array_free(redirects->told, TRUE);
	g_free(redirects);
}

/* Sending. */

static struct told *told_of(struct redirects *redirects, uint32_t source)
{
	GArray *all = redirects->told;

	for (unsigned i = 0; i < all->len; i++)
		if (g_array_index(all, struct told, i).source == source)
			return &g_array_index(all, struct told, i);
	if (all->len == REDIRECT_SOURCES_MAX)
		g_array_remove_index(all, 0);
	g_array_append_val(all, ((struct told) { .source = source, .last_ns = INT64_MIN / 2 }));
	return &g_array_index(all, struct told, all->len - 1);
}

/* Linux's ip_rt_send_redirect(). */
static bool may_tell(struct host *host, uint32_t source)
{
	struct told *told = told_of(redirects_of(host), source);
	int64_t now_ns = node_now(&host->node), silent_ns = now_ns - told->last_ns;

	if (silent_ns > REDIRECT_SILENCE_NS)
		told->count = 0;
	if (told->count >= REDIRECT_NUMBER) {
		told->last_ns = now_ns;
		return false;
	}
	if (told->count > 0 && silent_ns <= REDIRECT_LOAD_NS << told->count)
		return false;
	told->last_ns = now_ns;
	told->count++;
	return true;
}

static bool is_neighbour(const struct host *host, const struct interface *interface,
			 uint32_t address)
{
	const struct route *route = route_table_find(&host->routes, address);

	return route != NULL && route->kind == ROUTE_UNICAST && route->gateway == 0 &&
	       route->interface == interface;
}

void redirect_send(struct host *host, const struct packet *packet, const struct ipv4_header *header,
		   const struct route *route)
{
	uint32_t next_hop = route->gateway != 0 ? route->gateway : header->destination;
	bool translates = host->middlebox != NULL && host->middlebox->nat != NULL;

	/* Who was translated would be told of addresses it does not know. */
	if (translates || next_hop == header->source ||
	    !is_neighbour(host, route->interface, header->source) ||
	    !may_tell(host, header->source))
		return;
	icmp_send_error(host, packet, ICMP_REDIRECT, REDIRECT_HOST, next_hop);
}

/* Receiving. */

static void learned_end(struct learned *learned)
{
	struct redirects *redirects = learned->redirects;

	host_remove_route(redirects->host, learned->destination, 32);
	g_ptr_array_remove(redirects->routes, learned);
	learned_free(learned);
}

static void learned_fire(void *owner)
{
	learned_end(owner);
}

static struct learned *learned_of(const struct redirects *redirects, uint32_t destination)
{
	for (unsigned i = 0; i < redirects->routes->len; i++) {
		struct learned *learned = redirects->routes->pdata[i];

		if (learned->destination == destination)
			return learned;
	}
	return NULL;
}

static void learn(struct host *host, uint32_t destination, uint32_t gateway,
		  struct interface *interface)
{
	struct redirects *redirects = redirects_of(host);
	struct learned *learned = learned_of(redirects, destination);

	if (learned == NULL) {
		if (redirects->routes->len == REDIRECT_ROUTES_MAX)
			learned_end(redirects->routes->pdata[0]);
		learned = g_new0(struct learned, 1);
		learned->redirects = redirects;
		learned->destination = destination;
		timer_init(&learned->timer, host->node.index, learned_fire, learned);
		learned->timer.is_background = true;
		g_ptr_array_add(redirects->routes, learned);
	}
	host_add_route(host, destination, 32, gateway, interface);
	timer_cancel(node_engine(&host->node), &learned->timer);
	timer_schedule(node_engine(&host->node), &learned->timer,
		       node_now(&host->node) + REDIRECT_LIFETIME_NS);
}

bool redirect_receive(struct host *host, uint32_t source, const struct icmp_header *redirect,
		      const struct ipv4_header *original)
{
	uint32_t gateway = icmp_redirect_gateway(redirect), destination = original->destination;
	const struct route *route = route_table_find(&host->routes, destination);

	if (host->forwards || redirect->code > LAST_CODE || route == NULL ||
	    route->kind != ROUTE_UNICAST || route->gateway != source || gateway == source ||
	    !is_neighbour(host, route->interface, gateway))
		return false;
	/* A route to this very host that someone has made is not to be overridden. */
	if (route->prefix_length == 32 &&
	    (host->redirects == NULL || learned_of(host->redirects, destination) == NULL))
		return false;
	learn(host, destination, gateway, route->interface);
	return true;
}
