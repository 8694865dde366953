/* A POP3 server on a host: listens, and runs a session for each connection. */
#pragma once
#include "protocols/pop3/session.h"
#include "stack/socket.h"

#define POP3_PORT     110
#define POP3_SESSIONS 100 /* at once, as many as Postfix has of SMTP */

struct pop3_server;
struct tls_context;

struct pop3_server_config {
	struct mail_store *store; /* outlives the server */
	const char *software;     /* in the greeting, e.g. "mailwire"; outlives it too */
	const char *host_name;    /* for time stamps; NULL: APOP is not offered; copied */
	struct random_stream
	    *random;            /* for AUTH, see sasl.h; borrowed, NULL: nonces are all alike */
	struct sasl_keys *keys; /* likewise; may be NULL */
	unsigned without;       /* not offered, a set of enum pop3_offer */
	unsigned no_mechanisms; /* not offered by AUTH, a set of SASL_BIT() */
	const uint16_t *ports;  /* NULL: POP3_PORT alone */
	size_t port_count;
	const uint16_t *tls_ports; /* where TLS is spoken from the first byte */
	size_t tls_port_count;
	struct tls_context
	    *tls;          /* what clients get, outlives it; NULL: no TLS, and no such ports */
	bool hides_login;  /* without TLS no way that shows the password */
	int64_t wakeup_ns; /* time between bytes arriving and the server reading them */
	int64_t refusal_delay_ns; /* a wrong password is answered so late; 0: at once */
	unsigned session_limit;   /* at once; one more gets -ERR. 0: POP3_SESSIONS */
};

/* Starts listening. NULL when one of the ports is taken. */
struct pop3_server *pop3_server_start(struct host *host, const struct pop3_server_config *config);

/* Stops listening, resets what is still connected, frees. NULL is fine. */
void pop3_server_stop(struct pop3_server *server);
