/* Whose mail is ours: domains, mailboxes, aliases, and who may send elsewhere. */
#include "protocols/mail/address.h"
#include "protocols/programs/mail_server_private.h"
#include "protocols/programs/mda.h"

bool mail_server_is_local(const struct mail_server *server, const char *domain)
{
	for (char **own = server->domains; *own != NULL; own++)
		if (g_ascii_strcasecmp(*own, domain) == 0)
			return true;
	return false;
}

static bool is_postmaster(const char *address)
{
	static const char name[] = "postmaster@";

	return g_ascii_strncasecmp(address, name, sizeof name - 1) == 0;
}

/* The first account of a domain reads what is for the postmaster, who has none. NULL: none at all. */
static const struct account *postmaster_of(const struct mail_server *server, const char *domain)
{
	const GPtrArray *accounts = mail_store_accounts(server->store);

	for (guint i = 0; i < accounts->len; i++) {
		const struct account *account = accounts->pdata[i];

		if (g_ascii_strcasecmp(address_domain(account->address), domain) == 0)
			return account;
	}
	return NULL;
}

char *mail_server_complete(const struct mail_server *server, const char *address)
{
	bool is_complete = address_domain(address)[0] != '\0' || server->domains[0] == NULL;
	char *whole =
	    is_complete ? g_strdup(address) : g_strdup_printf("%s@%s", address, server->domains[0]);
	const struct account *reader;

	if (!is_postmaster(whole) || mail_store_find(server->store, whole) != NULL ||
	    !mail_server_is_local(server, address_domain(whole)))
		return whole;
	reader = postmaster_of(server, address_domain(whole));
	if (reader == NULL)
		return whole;
	g_free(whole);
	return g_strdup(reader->address);
}

static bool may_relay(const struct mail_server *server, const struct smtp_server *session)
{
	uint32_t address = smtp_server_client_address(session);

	if (smtp_server_login(session) != NULL)
		return true;
	for (unsigned i = 0; i < server->relay_network_count; i++) {
		const struct mail_server_network *network = &server->relay_networks[i];
		uint32_t mask = ipv4_mask(network->prefix_length);

		if ((address & mask) == (network->address & mask))
			return true;
	}
	return false;
}

/*
 * Another server keeps in its queue what a full mailbox does not take, so it is refused for now, by the SIZE that
 * it declared. A user's mail program has no queue: its mail is taken, and waits in ours.
 */
static bool has_room_for(const struct account *account, const struct smtp_server *session)
{
	return smtp_server_login(session) != NULL ||
	       account_has_room(account, MAX(smtp_server_declared_bytes(session), 1));
}

enum smtp_verdict mail_server_judge(const struct mail_server *server,
				    const struct smtp_server *session, const char *recipient)
{
	const struct account *account;

	if (aliases_has(server->aliases, recipient))
		return SMTP_RECIPIENT_OK;
	if (!mail_server_is_local(server, address_domain(recipient)))
		return may_relay(server, session) ? SMTP_RECIPIENT_OK : SMTP_RECIPIENT_FOREIGN;
	account = mda_find_account(server->store, recipient, server->tagged_domains);
	if (account == NULL)
		return SMTP_RECIPIENT_UNKNOWN;
	return has_room_for(account, session) ? SMTP_RECIPIENT_OK : SMTP_RECIPIENT_FULL;
}

const char *mail_server_place(void *owner, const char *recipient)
{
	const struct mail_server *server = owner;
	char *address = mail_server_complete(server, recipient);
	const char *place = "relayed";

	if (aliases_has(server->aliases, address))
		place = "alias";
	else if (mail_server_is_local(server, address_domain(address)))
		place = "local";
	g_free(address);
	return place;
}

/* Whether an address is of a user: the account's own, or an alias for it alone. */
static bool owns_address(void *owner, const char *login, const char *address)
{
	const struct mail_server *server = owner;
	const struct account *user =
	    login == NULL ? NULL : mail_store_find_login(server->store, login);
	const char *target = aliases_target(server->aliases, address);
	const struct account *account = mda_find_account(
	    server->store, target != NULL ? target : address, server->tagged_domains);

	return account != NULL && (login == NULL || account == user);
}

static bool is_own_domain(void *owner, const char *domain)
{
	return mail_server_is_local(owner, domain);
}

static struct dns_query *ask_dns(void *owner, const char *name, uint16_t type, dns_done_fn *done,
				 void *asker)
{
	const struct mail_server *server = owner;

	return server->resolver != NULL ? dns_resolve(server->resolver, name, type, done, asker)
					: NULL;
}

static void count_for_report(void *owner, const struct dmarc_judgement *judgement)
{
	const struct mail_server *server = owner;

	if (server->reporting != NULL)
		reporting_add(server->reporting, judgement);
}

const struct screen_environment mail_server_screen_environment = {
	.is_local = is_own_domain,
	.owns = owns_address,
	.ask = ask_dns,
	.judged = count_for_report,
};
