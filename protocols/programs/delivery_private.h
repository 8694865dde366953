/*
 * Mail on its way to other servers, as the files behind delivery.h share it: delivery.c keeps places and
 * brings deliveries to their ends, delivery_route.c finds out which server, delivery_connection.c talks to it.
 */
#pragma once
#include "protocols/adapter.h"
#include "protocols/programs/delivery.h"
#include "protocols/programs/exchangers.h"

/* A conversation with a server. It may outlive its delivery by the time that QUIT takes. */
struct connection {
	struct delivery_agent *agent;
	struct delivery *delivery; /* NULL: it has its results */
	struct adapter *adapter;
	char *host;           /* the exchanger */
	uint32_t address;     /* its address */
	enum session_tls tls; /* what it is to be protected by */
};

/* A domain that there is mail for, and how many deliveries to it wait or are on their way. */
struct destination {
	char *domain;
	GQueue waiting;   /* of struct delivery *, in order of arrival */
	unsigned running; /* at most as many as the configuration allows, but for guests */
};

/* A job on its way. */
struct delivery {
	struct delivery_agent *agent;
	struct mail_job *job;
	struct dns_query *query;        /* under way; NULL: none */
	struct sts_query *policy_query; /* likewise */
	struct mta_sts_policy *policy;  /* of the domain; NULL: none */
	bool was_restrained;            /* by it, from an exchanger */
	GArray *exchangers;             /* of struct exchanger, to try in order */
	guint exchanger;                /* the present one */
	GArray *addresses; /* of uint32_t: the present one's, in the order to try them */
	guint address;     /* the next to be tried */
	unsigned tried;    /* addresses so far */
	struct connection *connection;
	bool found_address; /* any exchanger had one */
	bool dns_failed;    /* an address could not be looked up now */
	struct destination *destination;
	GList entry; /* in the agent's list */
	GList place; /* in the destination's queue, while it waits */
	bool is_waiting;
	bool is_guest; /* it goes on with another's connection; nothing was looked up */
};

struct delivery_agent {
	struct host *host;
	struct node *node;
	struct delivery_config config;
	struct random_stream random;
	GQueue deliveries;        /* of struct delivery * */
	GHashTable *destinations; /* by domain, struct destination *; look-ups only */
	GPtrArray *connections;   /* of struct connection * */
};

/* delivery.c */

/* The first that waits for a place at `domain`; NULL when none does. */
struct delivery *delivery_first_waiting(const struct delivery_agent *agent, const char *domain);

/* It is on its way, if it was not before. */
void delivery_stop_waiting(struct delivery *delivery);

/* What happens from here on belongs to the message, and is the MTA's doing. */
void delivery_set_root(const struct delivery *delivery);

/* All recipients that have no result yet get this one; then the job is done, and the delivery freed. */
void delivery_finish(struct delivery *delivery, enum smtp_outcome outcome, const char *status,
		     const char *reason);
void delivery_finish_with(struct delivery *delivery, enum smtp_outcome outcome, const char *status,
			  const char *format, ...) G_GNUC_PRINTF(4, 5);

/* delivery_route.c */

/* The domain's policy is asked for, then its exchangers, then their addresses, which are tried in order. */
void delivery_begin(struct delivery *delivery);

/* Another's connection did not do: it looks for its own. */
void delivery_begin_anew(struct delivery *delivery);

/* The next server is connected to; if there is none, the delivery ends. */
void delivery_try_next_address(struct delivery *delivery);

/* The present one. */
const struct exchanger *delivery_exchanger(const struct delivery *delivery);

/* True when the domain's policy (RFC 8461) wants TLS that can be trusted. */
bool delivery_is_enforced(const struct delivery *delivery);

/* Records that `host` is not as the domain's policy wants it, for `what`. */
void delivery_record_violation(const struct delivery *delivery, const char *host, const char *what);

/* delivery_connection.c */

/* Connects to the present exchanger, at this one of its addresses, and sends it the message. */
void delivery_connect(struct delivery *delivery, uint32_t address, enum session_tls tls);
