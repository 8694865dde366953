/* Listeners, and the connections that are not yet accepted (RFC 9293 section 3.10.7.2). */
#include "stack/tcp/connection.h"

#include "stack/host.h"

static void trace_listener(const struct tcp_listener *listener, bool was_open, bool is_open)
{
	trace_emit(listener->tcp->node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_TABLE,
		       .layer = LAYER_TCP,
		       .object = listener->port,
		       .before = was_open,
		       .after = is_open,
		   },
		   (struct bytes) { 0 });
}

/* Where a listener for `port` is, or would have to be put. */
static struct tcp_listener **find_place(struct tcp *tcp, uint16_t port)
{
	struct tcp_listener **place = &tcp->listeners;

	while (*place != NULL && (*place)->port < port)
		place = &(*place)->next;
	return place;
}

struct tcp_listener *listener_find(const struct tcp *tcp, uint16_t port)
{
	struct tcp_listener *listener = tcp->listeners;

	while (listener != NULL && listener->port < port)
		listener = listener->next;
	return listener != NULL && listener->port == port ? listener : NULL;
}

bool tcp_listens(const struct tcp *tcp, uint16_t port)
{
	return listener_find(tcp, port) != NULL;
}

struct tcp_listener *tcp_listen(struct host *host, uint16_t port, tcp_accept_fn *accept,
				void *owner)
{
	struct tcp *tcp = host_tcp(host);
	struct tcp_listener **place = find_place(tcp, port);

	if (*place != NULL && (*place)->port == port)
		return NULL;
	struct tcp_listener *listener = g_new0(struct tcp_listener, 1);

	*listener = (struct tcp_listener) {
		.tcp = tcp,
		.next = *place,
		.accept = accept,
		.owner = owner,
		.port = port,
	};
	*place = listener;
	trace_listener(listener, false, true);
	return listener;
}

void tcp_listener_close(struct tcp_listener *listener)
{
	if (listener == NULL)
		return;
	for (struct tcp_connection *c = listener->tcp->first; c != NULL; c = c->next)
		if (c->listener == listener)
			connection_abort(c, TCP_RESET_ABORT);
	trace_listener(listener, true, false);
	*find_place(listener->tcp, listener->port) = listener->next;
	g_free(listener);
}

void listener_forget(struct tcp_connection *c)
{
	if (c->listener != NULL)
		c->listener->half_open--;
	c->listener = NULL;
}

static void listener_open(struct tcp_listener *listener, const struct segment *syn,
			  const uint32_t *minimum_iss)
{
	struct tcp *tcp = listener->tcp;
	struct tcp_connection *c = connection_new(tcp, &syn->flow, TCP_LISTEN);
	uint32_t iss = connection_choose_iss(tcp, &syn->flow);

	if (minimum_iss != NULL)
		iss = sequence_max(iss, *minimum_iss);
	connection_set_iss(c, iss);
	c->listener = listener;
	listener->half_open++;
	tcp->statistics.passive_opens++;
	connection_negotiate(c, syn);
	segment_trace(tcp, c, syn, TCP_NO_DATA);
	connection_enter(c, TCP_SYN_RECEIVED, TCP_BY_SEGMENT);
	output_syn(c, TCP_HANDSHAKE, false);
	timers_settle(c);
}

void listener_receive(struct tcp_listener *listener, struct segment *segment,
		      const uint32_t *minimum_iss)
{
	struct tcp *tcp = listener->tcp;

	if (segment->flags & (TCP_RST | TCP_ACK)) {
		segment_refuse(tcp, segment);
	} else if (!(segment->flags & TCP_SYN)) {
		segment_drop(tcp, segment, TCP_DROP_NO_ACK);
	} else if (listener->half_open >= TCP_BACKLOG_MAX) {
		tcp->statistics.backlog_drops++;
		segment_drop(tcp, segment, TCP_DROP_BACKLOG_FULL);
	} else {
		listener_open(listener, segment, minimum_iss);
	}
}
