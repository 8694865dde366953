/*
 * A mail server: submission agent (RFC 6409), transfer agent (RFC 5321) and delivery agent over
 * one queue and one mail store. POP3 and IMAP are other doors to the same store.
 */
#pragma once
#include "protocols/actor.h"
#include "protocols/dns/resolver.h"
#include "protocols/mail/mailbox.h"
#include "protocols/programs/faults.h"
#include "protocols/programs/queue.h"
#include "protocols/programs/signing.h"
#include "protocols/screening/screening.h"
#include "protocols/session.h"
#include "stack/socket.h"

struct mail_server;
struct sts_agent;
struct tls_context;

/* A port that the server listens on. */
struct mail_server_port {
	uint16_t port;
	bool is_submission;    /* AUTH is offered, and no recipient is taken without it */
	unsigned capabilities; /* set of enum smtp_capability; 0: all that fit the port */
	unsigned mechanisms;   /* set of SASL_BIT(); 0: all */
	bool begins_with_tls;  /* implicit TLS (RFC 8314 section 3.3); needs the config's `tls` */
};

/* Clients in this network may send anywhere without AUTH. */
struct mail_server_network {
	uint32_t address;
	unsigned prefix_length;
};

/* A name that stands for others; see aliases.h. */
struct mail_server_alias {
	const char *address;
	const char *const *targets; /* complete addresses */
	unsigned target_count;
	const char *owner; /* of a list; NULL: it is an alias */
};

struct mail_server_config {
	const char *host_name;      /* "mail.office.example"; required */
	const char *const *domains; /* whose mailboxes are here; the first is the main one */
	unsigned domain_count;
	const char *const *tagged_domains; /* those where alice+tag@ is alice@ (RFC 5233) */
	unsigned tagged_domain_count;
	const struct mail_server_alias *aliases;
	unsigned alias_count;
	const struct mail_server_fault *faults; /* borrowed: they must outlive it */
	unsigned fault_count;
	const struct screen_stage_config *stages; /* of the screening, in their order */
	unsigned stage_count;
	const struct mail_server_signer *signers; /* of what users submit; the keys outlive it */
	unsigned signer_count;
	int64_t dmarc_report_ns; /* how often aggregate reports are sent; 0: never */
	bool never_converts;     /* an 8-bit message to a server without 8BITMIME is returned */
	unsigned connections_per_domain; /* at once, of delivery; 0: the default */
	const struct mail_server_port *ports;
	unsigned port_count;
	const struct mail_server_network *relay_networks;
	unsigned relay_network_count;
	struct dns_resolver *resolver; /* borrowed; NULL: no names are looked up */
	struct mail_store *store;      /* borrowed; required */
	struct sasl_keys *keys;        /* borrowed, see sasl.h; may be NULL */
	uint64_t size_limit;           /* octets of a message; 0: none */
	int64_t wakeup_ns;             /* from bytes arriving to the program reading them */
	int64_t pickup_ns;             /* from acceptance to the first attempt to deliver */
	int64_t retry_ns, retry_max_ns, lifetime_ns; /* 0: as Postfix, see queue.h */
	struct tls_context *tls;                     /* what clients get, borrowed; NULL: no TLS */
	bool hides_auth;                             /* AUTH is offered under TLS alone */
	struct tls_context *delivery_tls_context; /* towards other servers, borrowed; NULL: none */
	enum session_tls delivery_tls;
	struct sts_agent
	    *policies; /* of other domains (MTA-STS), borrowed; NULL: it keeps to none */
	struct tls_context *strict_tls; /* towards servers of domains that want it, borrowed */
	int64_t warning_ns;             /* age at which a sender is told of a delay; 0: never */
	unsigned session_limit;     /* at once on each port; one more: 421 4.3.2. 0: the default */
	unsigned per_address_limit; /* of them with one client address: 421 4.7.0. 0: likewise */
	unsigned queue_limit;       /* messages in the queue; one more: 452 4.3.1. 0: likewise */
};

#define MAIL_SERVER_SOFTWARE   "mailwire"
#define MAIL_SERVER_HOPS_MAX   50   /* Received fields; then the message is taken to loop */
#define MAIL_SERVER_RECIPIENTS 1000 /* of one message */
#define MAIL_SERVER_ERRORS     20   /* refusals until a client is sent away */

/* As in Postfix: default_process_limit, smtpd_client_connection_count_limit, and the length of
 * queue that its manager works on, qmgr_message_active_limit. */
#define MAIL_SERVER_SESSIONS    100
#define MAIL_SERVER_PER_ADDRESS 50
#define MAIL_SERVER_QUEUE       20000

/*
 * Starts a mail server on `host`. All of `config` is copied but resolver and store, which must
 * outlive it. NULL when a port is taken.
 */
struct mail_server *mail_server_new(struct host *host, const struct mail_server_config *config);

/* Stops it: connections are reset, what is in the queue is lost. */
void mail_server_free(struct mail_server *server);

/*
 * Stops one of the server's programs, or lets it run again: ACTOR_MSA and ACTOR_MTA close their ports and
 * reset what is connected to them, while ACTOR_MDA is stopped local mail stays in the queue.
 * ACTOR_NONE: all ports. The queue goes on. False when a port is taken.
 */
void mail_server_suspend(struct mail_server *server, enum actor program);
bool mail_server_resume(struct mail_server *server, enum actor program);

const struct mail_queue *mail_server_queue(const struct mail_server *server);
