/* What the parts of the mail server share: mail_server.c, mail_domains.c, mail_clients.c, mail_intake.c. */
#pragma once
#include "protocols/programs/aliases.h"
#include "protocols/programs/delivery.h"
#include "protocols/programs/mail_server.h"
#include "protocols/programs/reporting.h"
#include "protocols/programs/screen.h"
#include "protocols/smtp/server.h"

/* A port with what its sessions share. */
struct mail_service {
	struct mail_server *server;
	struct tcp_listener *listener; /* NULL: suspended */
	uint16_t port;
	enum actor actor; /* the MSA for authors, the MTA for other servers */
	bool begins_with_tls;
	struct smtp_server_config config;
};

/* A client that is connected. */
struct mail_client {
	struct mail_service *service;
	struct smtp_server *session;
	struct adapter *adapter;
	struct dns_query *query; /* for its name; NULL: none */
	bool is_turned_away;     /* it gets a 421, and counts for nothing */
	char *name;              /* what its address is called, until the name proves right */
	struct screen *screen;
	struct smtp_arrival arrival; /* what is being screened */
};

struct mail_server {
	struct host *host;
	struct node *node;
	char *host_name;
	char **domains;
	char **tagged_domains;
	struct aliases *aliases;
	struct faults *faults;
	struct screening *screening; /* NULL: there is none */
	struct signing *signing;     /* likewise */
	struct reporting *reporting; /* likewise */
	struct mail_server_network *relay_networks;
	unsigned relay_network_count;
	struct dns_resolver *resolver;
	struct mail_store *store;
	int64_t wakeup_ns;
	struct mail_service *services;
	unsigned service_count;
	GPtrArray *clients; /* of struct mail_client * */
	struct linger_pool *lingers;
	struct mail_queue *queue;
	struct delivery_agent *agent;
	unsigned session_limit, per_address_limit, queue_limit;
	bool mda_is_stopped;
	struct random_stream random; /* for the challenges of AUTH */
	struct sasl_keys *keys;      /* borrowed */
	struct tls_context *tls;     /* NULL: none */
	bool hides_auth;
};

/* Whose mail is ours (mail_domains.c). */

bool mail_server_is_local(const struct mail_server *server, const char *domain);

/*
 * "postmaster" alone is that of the main domain (RFC 5321 section 4.1.1.3), and each domain of ours
 * has one (section 4.5.1). The caller frees it.
 */
char *mail_server_complete(const struct mail_server *server, const char *address);

/* What is to be said to a client that names this recipient, a complete address. */
enum smtp_verdict mail_server_judge(const struct mail_server *server,
				    const struct smtp_server *session, const char *recipient);

/* Where a recipient's mail goes: "local", "alias", "relayed"; `owner` is the server. */
const char *mail_server_place(void *owner, const char *recipient);

/* What screening asks of the server, its `owner`. */
extern const struct screen_environment mail_server_screen_environment;

/* Clients (mail_clients.c). */

/* Listens on the port. False: it is taken. */
bool mail_service_open(struct mail_service *service);

/* How its sessions are, by the server's settings and the port's; does not listen. */
void mail_service_configure(struct mail_service *service, const struct mail_server_port *port,
			    uint64_t size_limit);

/* Frees a client, but not its adapter. */
void mail_client_free(gpointer client);

/* What arrives (mail_intake.c): functions of struct smtp_environment, whose `owner` is the client. */

bool mail_client_has_room(void *owner);
void mail_client_take(void *owner, struct smtp_server *session, const struct smtp_arrival *arrival);
