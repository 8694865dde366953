#include "app/mail_settings.h"

#include "app/dkim_keys.h"
#include "protocols/pop3/session.h"
#include "protocols/smtp/server.h"

struct mail_settings {
	struct mail_server_signer *signers; /* with keys */
	unsigned signer_count;
	GArray *aliases;           /* of struct mail_server_alias, with arrays of addresses */
	GPtrArray *tagged_domains; /* of const char * */
	struct mail_server_fault *faults; /* with arrays of addresses */
	unsigned fault_count;
	struct screen_stage_config *stages; /* with arrays of rules */
	unsigned stage_count;
};

/* Everybody, for an open relay. */
static const struct mail_server_network everywhere = { .address = 0, .prefix_length = 0 };

static const char **addresses_of(const GPtrArray *recipients)
{
	const char **addresses = g_new0(const char *, recipients->len + 1);

	for (guint i = 0; i < recipients->len; i++)
		addresses[i] = ((const struct scenario_recipient *)recipients->pdata[i])->address;
	return addresses;
}

/* The aliases and lists of the domains whose mail `host` keeps, of struct mail_server_alias. */
static GArray *aliases_of(const struct scenario *scenario, const struct scenario_node *host)
{
	GArray *aliases = g_array_new(FALSE, FALSE, sizeof(struct mail_server_alias));

	for (guint i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = scenario->domains->pdata[i];
		const GPtrArray *tables[] = { domain->aliases, domain->lists };

		for (guint k = 0; domain->mail == host && k < 2; k++)
			for (guint n = 0; n < tables[k]->len; n++) {
				const struct scenario_alias *described = tables[k]->pdata[n];
				struct mail_server_alias alias = {
					.address = described->address,
					.targets = addresses_of(described->targets),
					.target_count = described->targets->len,
					.owner = described->owner,
				};

				g_array_append_val(aliases, alias);
			}
	}
	return aliases;
}

static void aliases_free_all(GArray *aliases)
{
	for (guint i = 0; i < aliases->len; i++)
		g_free((gpointer)g_array_index(aliases, struct mail_server_alias, i).targets);
	g_array_free(aliases, TRUE);
}

static GPtrArray *tagged_domains_of(const struct scenario *scenario,
				    const struct scenario_node *host)
{
	GPtrArray *names = g_ptr_array_new();

	for (guint i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = scenario->domains->pdata[i];

		if (domain->mail == host && domain->has_tags)
			g_ptr_array_add(names, (gpointer)domain->item.name);
	}
	return names;
}

static struct mail_server_fault *faults_of(const struct scenario_server *server)
{
	struct mail_server_fault *faults =
	    g_new0(struct mail_server_fault, server->faults->len + 1);

	for (guint i = 0; i < server->faults->len; i++) {
		const struct scenario_fault *described = server->faults->pdata[i];

		faults[i] = (struct mail_server_fault) {
			.command = (enum smtp_detail)described->command,
			.recipients = addresses_of(described->recipients),
			.recipient_count = described->recipients->len,
			.from_ns = described->from_ns,
			.to_ns = described->to_ns,
			.chance_ppm = described->chance_ppm,
			.fault = {.delay_ns = described->delay_ns,
                                  .reply = described->reply,
                                  .resets = described->resets,
                                  .reset_after = described->reset_after_bytes},
		};
	}
	return faults;
}

static void faults_free_all(struct mail_server_fault *faults, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		g_free((gpointer)faults[i].recipients);
	g_free(faults);
}

static unsigned places_of(const struct scenario_content_rule *rule)
{
	unsigned places = 0;

	for (guint i = 0; i < rule->places->len; i++)
		places |= (unsigned)((const struct scenario_content_place *)rule->places->pdata[i])
			      ->place;
	return places != 0 ? places : SCREEN_EVERYWHERE;
}

static struct screen_rule *rules_of(const struct scenario_stage *stage)
{
	struct screen_rule *rules = g_new0(struct screen_rule, stage->rules->len + 1);

	for (guint i = 0; i < stage->rules->len; i++) {
		const struct scenario_content_rule *described = stage->rules->pdata[i];

		rules[i] = (struct screen_rule) {
			.name = described->rule_name,
			.pattern = described->pattern,
			.places = places_of(described),
		};
	}
	return rules;
}

static struct screen_stage_config *stages_of(const struct scenario_server *server)
{
	struct screen_stage_config *stages =
	    g_new0(struct screen_stage_config, server->stages->len + 1);

	for (guint i = 0; i < server->stages->len; i++) {
		const struct scenario_stage *described = server->stages->pdata[i];
		bool is_greylist = described->kind == SCREEN_GREYLIST;

		stages[i] = (struct screen_stage_config) {
			.kind = (enum screen_kind)described->kind,
			.action =
			    is_greylist ? SCREEN_DEFER : (enum screen_action)described->action,
			.subject_prefix = described->subject_prefix,
			.rules = rules_of(described),
			.rule_count = described->rules->len,
			.required_points = (unsigned)described->required_points,
			.delay_ns = described->delay_ns,
			.retry_window_ns = described->retry_window_ns,
			.lifetime_ns = described->lifetime_ns,
			.whitelist_after = (unsigned)described->whitelist_after,
		};
	}
	return stages;
}

static void stages_free_all(struct screen_stage_config *stages, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		g_free((gpointer)stages[i].rules);
	g_free(stages);
}

static struct mail_server_signer *signers_of(const struct scenario_server *server,
					     const struct node *node)
{
	struct mail_server_signer *signers =
	    g_new0(struct mail_server_signer, server->signers->len + 1);

	for (guint i = 0; i < server->signers->len; i++) {
		const struct scenario_signer *described = server->signers->pdata[i];

		signers[i] = (struct mail_server_signer) {
			.domain = described->domain->item.name,
			.selector = described->selector,
			.key = dkim_keys_make(node, described),
			.form = (enum dkim_form)described->form,
			.lifetime_s = described->lifetime_ns / NS_PER_S,
		};
	}
	return signers;
}

static void signers_free_all(struct mail_server_signer *signers, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		dkim_key_free((struct dkim_key *)signers[i].key);
	g_free(signers);
}

static void note_missing(int capability, struct mail_settings_missing *missing)
{
	int value = capability & (CAPABILITY_SMTP - 1);

	if (capability & CAPABILITY_SASL) {
		enum sasl_mechanism mechanism = (enum sasl_mechanism)value;

		missing->sasl |= SASL_BIT(mechanism);
		missing->imap |= imap_capability_bit(imap_capability_of_mechanism(mechanism));
	} else if (capability & CAPABILITY_POP3) {
		missing->pop3 |= (unsigned)value;
	} else if (capability & CAPABILITY_SMTP) {
		missing->smtp |= (unsigned)value;
		if (value == SMTP_CAN_PIPELINE)
			missing->pop3 |= POP3_OFFERS_PIPELINING;
	} else {
		missing->imap |= imap_capability_bit((enum imap_capability)value);
	}
}

struct mail_settings_missing mail_settings_missing(const struct scenario_server *server)
{
	struct mail_settings_missing missing = { 0 };

	for (guint i = 0; i < server->without->len; i++)
		note_missing(
		    ((const struct scenario_capability *)server->without->pdata[i])->capability,
		    &missing);
	if (missing.sasl == SASL_ALL)
		missing.smtp |= SMTP_CAN_AUTH;
	return missing;
}

struct mail_settings *mail_settings_new(const struct scenario *scenario,
					const struct scenario_server *server,
					const struct node *node, struct mail_server_config *config)
{
	struct mail_settings *settings = g_new0(struct mail_settings, 1);

	settings->aliases = aliases_of(scenario, server->host);
	settings->tagged_domains = tagged_domains_of(scenario, server->host);
	settings->faults = faults_of(server);
	settings->fault_count = server->faults->len;
	settings->stages = stages_of(server);
	settings->stage_count = server->stages->len;
	settings->signers = signers_of(server, node);
	settings->signer_count = server->signers->len;
	config->tagged_domains = (const char *const *)settings->tagged_domains->pdata;
	config->tagged_domain_count = settings->tagged_domains->len;
	config->aliases = (const struct mail_server_alias *)(const void *)settings->aliases->data;
	config->alias_count = settings->aliases->len;
	config->faults = settings->faults;
	config->fault_count = settings->fault_count;
	config->stages = settings->stages;
	config->stage_count = settings->stage_count;
	config->signers = settings->signers;
	config->signer_count = settings->signer_count;
	config->dmarc_report_ns = server->dmarc_report_ns;
	config->relay_networks = &everywhere;
	config->relay_network_count = server->relay == RELAY_OPEN ? 1 : 0;
	config->never_converts = !server->converts;
	config->connections_per_domain = (unsigned)server->per_domain_limit;
	config->size_limit = server->message_bytes_max;
	config->retry_ns = server->retry_ns;
	config->retry_max_ns = server->retry_max_ns;
	config->lifetime_ns = server->lifetime_ns;
	config->warning_ns = server->warning_ns;
	config->session_limit = (unsigned)server->session_limit;
	config->per_address_limit = (unsigned)server->per_client_limit;
	config->queue_limit = (unsigned)server->queue_limit;
	return settings;
}

void mail_settings_free(struct mail_settings *settings)
{
	if (settings == NULL)
		return;
	aliases_free_all(settings->aliases);
	g_ptr_array_free(settings->tagged_domains, TRUE);
	faults_free_all(settings->faults, settings->fault_count);
	stages_free_all(settings->stages, settings->stage_count);
	signers_free_all(settings->signers, settings->signer_count);
	g_free(settings);
}
