#include "protocols/dns/tcp_session.h"

#include "protocols/dns/names.h"

#define PREFIX_BYTES 2

struct tcp_session {
	struct session base;
	bool is_server;
	GByteArray *query;   /* of a client, until it is sent */
	unsigned unanswered; /* messages received and not answered */
	bool has_ended;      /* the peer sends no more */
	void (*message)(void *owner, struct session *session, struct bytes message);
	void *owner;
};

/* A server closes idle connections, so that they cannot pile up (RFC 7766 section 6.2.3). */
static void restart_idle_timer(struct tcp_session *self)
{
	if (self->is_server)
		self->base.deadline_ns = self->base.now_ns + DNS_TCP_IDLE_NS;
}

static void opened(struct session *session)
{
	struct tcp_session *self = (struct tcp_session *)session;

	restart_idle_timer(self);
	if (self->query == NULL)
		return;
	dns_tcp_session_send(session, (struct bytes) { self->query->data, self->query->len });
	g_byte_array_unref(g_steal_pointer(&self->query));
}

static size_t receive(struct session *session, struct bytes in)
{
	struct tcp_session *self = (struct tcp_session *)session;

	if (in.length < PREFIX_BYTES)
		return 0;
	size_t length = get_be16(in.data);
	if (in.length - PREFIX_BYTES < length)
		return 0;

	session_note_input(session, self->is_server ? DNS_UNIT_QUERY : DNS_UNIT_RESPONSE, 0,
			   PREFIX_BYTES + length);
	restart_idle_timer(self);
	self->unanswered++;
	self->message(self->owner, session, (struct bytes) { in.data + PREFIX_BYTES, length });
	return PREFIX_BYTES + length;
}

/* Queries that came before the end are still answered. */
static void ended(struct session *session)
{
	struct tcp_session *self = (struct tcp_session *)session;

	self->has_ended = true;
	session->is_closing |= self->unanswered == 0 || !self->is_server;
}

static void expired(struct session *session)
{
	session->is_closing = true;
}

static void free_session(struct session *session)
{
	struct tcp_session *self = (struct tcp_session *)session;

	if (self->query != NULL)
		g_byte_array_unref(self->query);
	session_clear(session);
	g_free(self);
}

static const struct session_operations operations = {
	.opened = opened,
	.receive = receive,
	.ended = ended,
	.expired = expired,
	.free = free_session,
};

struct session *dns_tcp_session_new(const struct dns_tcp_config *config)
{
	struct tcp_session *self = g_new0(struct tcp_session, 1);

	session_init(&self->base, &operations);
	self->base.deadline_is_background = true;
	self->is_server = config->is_server;
	self->base.send_timeout_ns = DNS_TCP_IDLE_NS;
	self->message = config->message;
	self->owner = config->owner;
	if (!config->is_server) {
		self->query = g_byte_array_new();
		g_byte_array_append(self->query, config->query.data, (guint)config->query.length);
	}
	return &self->base;
}

void dns_tcp_session_send(struct session *session, struct bytes message)
{
	struct tcp_session *self = (struct tcp_session *)session;
	uint64_t from = session->produced_bytes;
	uint8_t prefix[PREFIX_BYTES];

	g_assert(message.length <= UINT16_MAX);
	session_tick(session);
	put_be16(prefix, (uint16_t)message.length);
	session_write(session, (struct bytes) { prefix, sizeof prefix });
	session_write(session, message);
	session_note_output(session, self->is_server ? DNS_UNIT_RESPONSE : DNS_UNIT_QUERY, from);
	restart_idle_timer(self);
	if (self->unanswered > 0)
		self->unanswered--;
	session->is_closing |= self->has_ended && self->unanswered == 0;
}

void dns_tcp_session_close(struct session *session)
{
	session->is_closing = true;
}
