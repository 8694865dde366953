/* What a scenario says about a mail server, as the mail server wants to have it. */
#pragma once
#include "app/scenario.h"
#include "protocols/imap/capability.h"
#include "protocols/programs/mail_server.h"

struct mail_settings;

/*
 * Fills in all of `config` that the scenario's entry for the server decides. What it points to
 * belongs to the result, which must outlive the mail server; that is to run on `node`.
 */
struct mail_settings *mail_settings_new(const struct scenario *scenario,
					const struct scenario_server *server,
					const struct node *node, struct mail_server_config *config);
void mail_settings_free(struct mail_settings *settings); /* NULL is fine */

/* What the scenario takes away from the server. */
struct mail_settings_missing {
	unsigned smtp, sasl, pop3; /* sets of enum smtp_capability, SASL_BIT(), enum pop3_offer */
	imap_capability_set imap;
};

struct mail_settings_missing mail_settings_missing(const struct scenario_server *server);
