/*
 * DNS messages over a stream, each behind its length (RFC 1035 section 4.2.2, RFC 7766): for server
 * and client alike. Messages may come and go in any number and order.
 */
#pragma once
#include "protocols/session.h"

#define DNS_TCP_IDLE_NS (30 * NS_PER_S) /* an idle connection is closed by the server after this */

struct dns_tcp_config {
	bool is_server;     /* else a client, whose connection carries one query */
	struct bytes query; /* of a client: sent first; copied */
	/* A message came; borrowed. May call dns_tcp_session_send() and dns_tcp_session_close(). */
	void (*message)(void *owner, struct session *session, struct bytes message);
	void *owner;
};

struct session *dns_tcp_session_new(const struct dns_tcp_config *config);

/* Sends a message of at most 65,535 bytes. From outside of the session, wake it afterwards. */
void dns_tcp_session_send(struct session *session, struct bytes message);

/* Closes the connection once all output is sent; `message` is not called any more. */
void dns_tcp_session_close(struct session *session);
