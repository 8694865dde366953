/* What is wrong with domains, their accounts and their sites, and in which order mail is checked. */
#include <string.h>
#include "app/scenario_private.h"
#include "protocols/mail/mta_sts.h"
#include "protocols/mail/rights.h"

static bool has_folder(const struct scenario_account *account, const char *name)
{
	if (g_ascii_strcasecmp(name, "INBOX") == 0)
		return true;
	for (unsigned i = 0; i < account->folders->len; i++) {
		const struct scenario_folder *folder = g_ptr_array_index(account->folders, i);

		if (strcmp(folder->folder, name) == 0)
			return true;
	}
	return false;
}

static void check_share(struct load *load, const struct scenario_account *account,
			const struct scenario_share *share)
{
	uint32_t rights = 0;

	if (!mailbox_rights_parse(share->rights, &rights) || rights == 0)
		load_error(load, load_mark(load, &share->rights, share),
			   "`%s` are no rights: use letters of `lrswipkxtea`", share->rights);
	if (!has_folder(account, share->folder))
		load_error(load, load_mark(load, &share->folder, share),
			   "`%s` has no folder `%s`: list it under `folders`", account->address,
			   share->folder);
	if (share->with == NULL)
		return;
	if (share->with == account)
		load_error(load, load_mark(load, &share->with, share),
			   "the owner of a folder has all rights anyway");
	else if (share->with->domain->mail != account->domain->mail)
		load_error(load, load_mark(load, &share->with, share),
			   "`%s` is kept on another server, which cannot see this folder",
			   share->with->address);
}

/* By IMAP such a name means another user's folder. */
static void check_folder_names(struct load *load, const struct scenario_account *account)
{
	for (unsigned i = 0; i < account->folders->len; i++) {
		const struct scenario_folder *folder = g_ptr_array_index(account->folders, i);

		if (g_str_has_prefix(folder->folder, "shared/"))
			load_error(load, load_mark(load, &folder->folder, folder),
				   "names below `shared/` are for folders of other users");
	}
}

static void check_shares(struct load *load, const struct scenario_domain *domain)
{
	for (unsigned i = 0; i < domain->accounts->len; i++) {
		const struct scenario_account *account = g_ptr_array_index(domain->accounts, i);

		check_folder_names(load, account);
		for (unsigned s = 0; s < account->shares->len; s++)
			check_share(load, account, g_ptr_array_index(account->shares, s));
	}
}

/* A site is by itself on its host: port 80 is one, and its mail server is elsewhere on the network. */
static void check_webmail(struct load *load, const struct scenario_domain *domain)
{
	struct mark mark = load_mark(load, &domain->webmail, domain);

	if (!load->is_sound)
		return;
	if (domain->webmail == NULL && scenario_tls_is_given(&domain->webmail_tls))
		load_error(load, domain->webmail_tls.item.mark,
			   "`webmail-tls` is for a webmail site, which `%s` has not",
			   domain->item.name);
	if (domain->webmail == NULL && domain->webmail_security != SECURITY_NONE)
		load_error(load, load_mark(load, &domain->webmail_security, domain),
			   "`webmail-security` is for a webmail site, which `%s` has not",
			   domain->item.name);
	if (domain->webmail == NULL)
		return;
	if (domain->mail == NULL)
		load_error(load, mark, "the webmail site of `%s` has no mail server to work with",
			   domain->item.name);
	if (domain->mail == domain->webmail) {
		load_error(load, mark,
			   "the webmail site and the mail server of `%s` are on one host",
			   domain->item.name);
		load_hint(load, "give the site a host of its own, so that what they say is seen");
	}
	if (domain->webmail->resolver == NULL)
		load_error(load, mark,
			   "the webmail site on `%s` cannot look up its mail server: the host has "
			   "no DNS server",
			   domain->webmail->item.name);
	for (unsigned i = 0; i < load->scenario->domains->len; i++) {
		const struct scenario_domain *other = g_ptr_array_index(load->scenario->domains, i);

		if (other == domain)
			break;
		if (other->webmail == domain->webmail)
			load_error(load, mark, "`%s` has the webmail site of `%s` already",
				   domain->webmail->item.name, other->item.name);
	}
}

static void check_aliases(struct load *load, const struct scenario_domain *domain,
			  const GPtrArray *aliases)
{
	for (unsigned i = 0; i < aliases->len; i++) {
		const struct scenario_alias *alias = g_ptr_array_index(aliases, i);

		if (scenario_lookup(load->scenario, SCENARIO_ACCOUNT, alias->address) != NULL)
			load_error(load, alias->item.mark,
				   "`%s` is an account already, and would get no mail any more",
				   alias->address);
		if (alias->targets->len == 0)
			load_error(load, alias->item.mark, "`%s` stands for nobody",
				   alias->address);
		scenario_check_targets(load, alias->targets);
	}
	for (unsigned i = 0; aliases == domain->lists && i < aliases->len; i++) {
		const struct scenario_alias *list = g_ptr_array_index(aliases, i);

		if (list->owner != NULL && strchr(list->owner, '@') == NULL)
			load_error(load, load_mark(load, &list->owner, list),
				   "nobody in the scenario has the address `%s`", list->owner);
		for (unsigned k = 0; k < domain->aliases->len; k++)
			if (strcmp(((struct scenario_alias *)domain->aliases->pdata[k])->address,
				   list->address) == 0)
				load_error(load, list->item.mark, "`%s` is an alias already",
					   list->address);
	}
}

/* The site is by itself on its host, too: it has port 443. */
static void check_mta_sts(struct load *load, const struct scenario_domain *domain)
{
	const struct scenario_mta_sts *policy = &domain->mta_sts;
	char id[MTA_STS_ID_BYTES];
	g_autofree char *record = g_strdup_printf("v=STSv1; id=%s;", policy->id);

	if (!scenario_has_mta_sts(policy) || !load->is_sound)
		return;
	if (policy->host == NULL) {
		load_error(load, policy->item.mark, "the TLS policy of `%s` has no site",
			   domain->item.name);
		load_hint(load, "say which host has it: `mta-sts: {host: HOST}`");
	}
	if (policy->tls.certificate == CERTIFICATE_NONE)
		load_error(
		    load, policy->item.mark,
		    "the site of a TLS policy is there by HTTPS alone: it needs a certificate");
	if (!mta_sts_record_parse(bytes_of(record), id))
		load_error(load, load_mark(load, &policy->id, policy),
			   "an id is 1 to 32 letters and digits (RFC 8461 section 3.1)");
	for (unsigned i = 0; i < load->scenario->domains->len; i++) {
		const struct scenario_domain *other = g_ptr_array_index(load->scenario->domains, i);
		bool has_site = scenario_has_mta_sts(&other->mta_sts) && other != domain &&
				other->mta_sts.host == policy->host;
		bool has_webmail =
		    other->webmail == policy->host && scenario_tls_is_given(&other->webmail_tls);

		if (policy->host != NULL && (has_site || has_webmail))
			load_error(load, policy->item.mark,
				   "`%s` has a site of `%s` by HTTPS already",
				   policy->host->item.name, other->item.name);
	}
}

static void check_domain(struct load *load, const struct scenario_domain *domain)
{
	check_shares(load, domain);
	check_aliases(load, domain, domain->aliases);
	check_aliases(load, domain, domain->lists);
	check_webmail(load, domain);
	check_mta_sts(load, domain);
	if (strcmp(domain->item.name, ".") == 0)
		load_error(load, domain->item.mark, "the root cannot be a mail domain");
}

void scenario_check_mail(struct load *load)
{
	const struct scenario *scenario = load->scenario;

	scenario_check_hosts(load);
	for (unsigned i = 0; i < scenario->domains->len; i++)
		check_domain(load, g_ptr_array_index(scenario->domains, i));
	for (unsigned i = 0; i < scenario->zones->len; i++)
		scenario_check_zone(load, g_ptr_array_index(scenario->zones, i));
	for (unsigned i = 0; i < scenario->servers->len; i++)
		scenario_check_server(load, g_ptr_array_index(scenario->servers, i));
	for (unsigned i = 0; i < scenario->clients->len; i++)
		scenario_check_client(load, g_ptr_array_index(scenario->clients, i));
}
