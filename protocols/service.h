/*
 * A server of mailboxes on a host: listens on ports, and runs a session for each connection. POP3 and
 * IMAP are such; what they have of their own is how a session begins.
 */
#pragma once
#include "protocols/session.h"
#include "stack/socket.h"

struct service;
struct tls_context;

/* A connection and its session. */
struct service_guest {
	void *owner;             /* of the service */
	struct session *session; /* NULL as long as it is being begun */
	uint32_t address;        /* of the client */
	bool is_turned_away;     /* it is one too many, and shall be told so */
};

struct service_config {
	uint8_t layer;         /* of its records: LAYER_POP3 or LAYER_IMAP */
	uint16_t default_port; /* where it listens when no port is given, with or without TLS */
	const uint16_t *ports; /* NULL: the default one */
	size_t port_count;
	const uint16_t *tls_ports; /* where TLS is spoken from the first byte */
	size_t tls_port_count;
	struct tls_context *tls; /* outlives it; NULL: no TLS, and no such ports */
	int64_t wakeup_ns;       /* time between bytes arriving and the server reading them */
	unsigned session_limit;  /* at once; one more is turned away */
	/* A new session for a guest, which outlives it. */
	struct session *(*begin)(void *owner, struct service_guest *guest);
	void *owner;
};

/* Starts listening; the ports are not kept. NULL when one of them is taken. */
struct service *service_start(struct host *host, const struct service_config *config);

/* Stops listening, resets what is still connected, frees. NULL is fine. */
void service_stop(struct service *service);

/* Those connected now, newest first: of struct service_guest *. Borrowed. */
const GList *service_guests(const struct service *service);
