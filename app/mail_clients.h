/* The mail clients of a scenario's users, built from its `clients`. */
#pragma once
#include "app/network.h"

struct mail_clients;
struct mua;
struct programs;

struct mail_clients *mail_clients_new(struct programs *programs, struct network *network,
				      const struct scenario *scenario);
void mail_clients_free(struct mail_clients *clients); /* NULL is fine */

/* The client of a user; NULL: there is none. */
struct mua *mail_clients_find(const struct mail_clients *clients,
			      const struct scenario_client *client);
