/* TCP of a host as a whole: its making and end, options, and what views see of it. */
#include "stack/tcp/connection.h"

const struct tcp_keepalive tcp_keepalive_default = {
	.idle_ns = 7200 * NS_PER_S,
	.interval_ns = 75 * NS_PER_S,
	.probes = 9,
};

const struct ipv4_transport tcp_transport = {
	.receive = tcp_receive,
	.error = tcp_error,
};

static void secret_init(struct secret *secret, const struct node *node, const char *consumer)
{
	struct random_stream stream;

	node_random_init(node, &stream, consumer);
	secret->key[0] = random_next(&stream);
	secret->key[1] = random_next(&stream);
}

struct tcp *tcp_new(struct host *host)
{
	struct tcp *tcp = g_new0(struct tcp, 1);

	tcp->host = host;
	tcp->node = host_node(host);
	tcp->congestion = &congestion_cubic;
	tcp->receive_space_max = TCP_RECEIVE_SPACE_MAX;
	secret_init(&tcp->isn_secret, tcp->node, "tcp.isn");
	secret_init(&tcp->timestamp_secret, tcp->node, "tcp.timestamp");
	node_random_init(tcp->node, &tcp->ports, "tcp.ports");
	flow_table_init(&tcp->flows, tcp->isn_secret.key[0]);
	time_wait_init(tcp);
	work_init(&tcp->work, stream_deliver_events, tcp);
	return tcp;
}

void tcp_free(struct tcp *tcp)
{
	if (tcp == NULL)
		return;
	work_cancel(tcp_engine(tcp), &tcp->work);
	flow_table_clear(&tcp->flows);
	while (tcp->first != NULL)
		connection_free(tcp->first);
	time_wait_clear(tcp);
	while (tcp->listeners != NULL) {
		struct tcp_listener *listener = tcp->listeners;

		tcp->listeners = listener->next;
		g_free(listener);
	}
	spares_clear(&tcp->flights);
	spares_clear(&tcp->alarms);
	g_free(tcp);
}

const struct tcp_statistics *tcp_statistics(const struct tcp *tcp)
{
	return &tcp->statistics;
}

void tcp_set_congestion_control(struct tcp *tcp, const struct congestion_control *control)
{
	tcp->congestion = control;
}

void tcp_set_receive_space(struct tcp *tcp, uint32_t most_bytes)
{
	tcp->receive_space_max = CLAMP(most_bytes, TCP_RECEIVE_SPACE, TCP_RECEIVE_SPACE_MAX);
}

void tcp_set_initial_sequence(struct tcp *tcp, uint32_t initial_sequence)
{
	tcp->fixed_iss = initial_sequence;
	tcp->has_fixed_iss = true;
}

void tcp_set_keepalive(struct stream *stream, const struct tcp_keepalive *keepalive)
{
	struct tcp_connection *c = connection_of(stream);

	g_clear_pointer(&c->keepalive, g_free);
	if (keepalive != NULL) {
		c->keepalive = g_new0(struct keepalive, 1);
		c->keepalive->settings = *keepalive;
	}
	timers_check_idle(c);
	timers_settle(c);
}

void tcp_set_no_delay(struct stream *stream, bool no_delay)
{
	struct tcp_connection *c = connection_of(stream);

	c->no_delay = no_delay;
	output_new_data(c);
	timers_settle(c);
}

void tcp_set_urgent(struct stream *stream)
{
	struct tcp_connection *c = connection_of(stream);

	c->has_urgent_out = true;
	c->snd_up = c->write_nxt;
}

size_t tcp_urgent_bytes(const struct stream *stream)
{
	const struct tcp_connection *c = (const struct tcp_connection *)stream;

	if (!c->has_urgent_in || sequence_at_most(c->rcv_up, c->read_nxt))
		return 0;
	return c->rcv_up - c->read_nxt;
}

enum tcp_state tcp_stream_state(const struct stream *stream)
{
	return (enum tcp_state)((const struct tcp_connection *)stream)->state;
}

void tcp_stream_info(const struct stream *stream, struct tcp_connection_info *info)
{
	const struct tcp_connection *c = (const struct tcp_connection *)stream;
	uint32_t unread = 0;

	for (const struct packet *p = c->received.first; p != NULL; p = p->next)
		unread += (uint32_t)packet_length(p);
	*info = (struct tcp_connection_info) {
		.local = stream->local,
		.remote = stream->remote,
		.object = stream->sent_object,
		.state = (enum tcp_state)c->state,
		.unread_bytes = unread,
		.unsent_bytes =
		    sequence_after(c->write_nxt, c->snd_nxt) ? c->write_nxt - c->snd_nxt : 0,
		.flight_bytes = connection_outstanding(c),
		.send_window = c->snd_wnd,
		.receive_window = c->rcv_wnd,
		.congestion_window = c->congestion.window,
		.slow_start_threshold = c->congestion.threshold,
		.round_trip_us = round_trip_smoothed_us(&c->round_trip),
		.retransmission_timeout_us = round_trip_timeout_us(&c->round_trip),
		.mss = c->mss,
	};
}

struct visitor {
	void (*visit)(void *owner, const struct tcp_connection_info *info);
	void *owner;
};

static void visit_time_wait(void *owner, const struct time_wait *entry)
{
	const struct visitor *visitor = owner;

	visitor->visit(visitor->owner,
		       &(struct tcp_connection_info) {
			   .local = {entry->flow.local_address,   entry->flow.local_port },
			   .remote = { entry->flow.remote_address, entry->flow.remote_port},
			   .object = entry->object,
			   .state = TCP_TIME_WAIT,
        });
}

void tcp_for_each(const struct tcp *tcp,
		  void (*visit)(void *owner, const struct tcp_connection_info *info), void *owner)
{
	struct visitor visitor = { visit, owner };
	struct tcp_connection_info info;

	for (const struct tcp_listener *l = tcp->listeners; l != NULL; l = l->next) {
		info = (struct tcp_connection_info) { .local.port = l->port, .state = TCP_LISTEN };
		visit(owner, &info);
	}
	for (const struct tcp_connection *c = tcp->first; c != NULL; c = c->next) {
		if (c->state == TCP_CLOSED || c->state == TCP_TIME_WAIT)
			continue;
		tcp_stream_info(&c->stream, &info);
		visit(owner, &info);
	}
	time_wait_for_each(tcp, visit_time_wait, &visitor);
}
