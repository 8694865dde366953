/* An IMAP server on a host: listens, and runs a session for each connection. */
#pragma once
#include "protocols/imap/capability.h"
#include "protocols/mail/mailbox.h"
#include "stack/socket.h"

#define IMAP_PORT     143
#define IMAP_SESSIONS 100 /* at once, as many as Postfix has of SMTP */
#define IMAP_PER_USER 10  /* Dovecot's mail_max_userip_connections */

struct imap_server;
struct tls_context;

struct imap_server_config {
	struct mail_store *store; /* outlives the server */
	const char *software;     /* shown to clients, e.g. "mailwire"; outlives it */
	const uint16_t *ports;    /* NULL: IMAP_PORT alone */
	size_t port_count;
	const uint16_t *tls_ports; /* where TLS is spoken from the first byte */
	size_t tls_port_count;
	struct tls_context
	    *tls;          /* what clients get, outlives it; NULL: no TLS, and no such ports */
	bool hides_login;  /* without TLS no way that shows the password */
	int64_t wakeup_ns; /* time between bytes arriving and the server reading them */
	size_t message_bytes_max; /* largest message APPEND takes; 0: the default */
	unsigned session_limit;   /* at once; one more gets BYE. 0: IMAP_SESSIONS */
	unsigned per_user_limit;  /* logged in to one account from one address. 0: IMAP_PER_USER */
	const char *host_name;    /* in challenges of AUTHENTICATE; copied; NULL: "localhost" */
	struct random_stream
	    *random;            /* for these, see sasl.h; borrowed, NULL: nonces are all alike */
	struct sasl_keys *keys; /* likewise; may be NULL */
	imap_capability_set without; /* capabilities it does not offer */
};

/* Starts listening. NULL when one of the ports is taken. */
struct imap_server *imap_server_start(struct host *host, const struct imap_server_config *config);

/* Stops listening, resets what is still connected, frees. NULL is fine. */
void imap_server_stop(struct imap_server *server);
