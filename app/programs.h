/* The programs on the hosts of a scenario: DNS servers, mail servers with POP3 and IMAP, clients. */
#pragma once
#include "app/network.h"
#include "protocols/dns/resolver.h"

struct mua;
struct programs;
struct security;

/* Starts all of them, in the order of declaration. */
struct programs *programs_new(struct world *world, const struct scenario *scenario,
			      struct network *network);

/* Stops them; must precede network_free(). */
void programs_free(struct programs *programs);

/* The mail client of a user. */
struct mua *programs_mua(const struct programs *programs, const struct scenario_client *client);

/* What they speak TLS with. */
struct security *programs_security(const struct programs *programs);

/* The resolver that programs on `node` use; NULL: it has no DNS server to ask. */
struct dns_resolver *programs_resolver(struct programs *programs, const struct scenario_node *node);
