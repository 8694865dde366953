#include "app/security.h"

#define DAY_S INT64_C(86400)

/* The authority does not change with the time of a run: real clients keep its certificate. */
#define AUTHORITY_NAME   "Mailwire Scenario CA"
#define AUTHORITY_FROM_S INT64_C(946684800)  /* 2000-01-01 */
#define AUTHORITY_TO_S   INT64_C(4102444800) /* 2100-01-01 */

struct security {
	struct world *world;
	struct tls_library *library;     /* NULL: not needed yet */
	struct tls_authority *authority; /* NULL: nobody has a certificate */
	GHashTable *credentials;         /* scenario_tls to tls_credential; look-ups only */
	GPtrArray *contexts;             /* of struct tls_context * */
};

static GPtrArray *names_new(void)
{
	return g_ptr_array_new_with_free_func(g_free);
}

static void add_host(GPtrArray *names, const struct scenario_node *host)
{
	g_ptr_array_add(names, g_strdup(host->fqdn != NULL ? host->fqdn : host->item.name));
}

/* The names by which clients call the server: its own, and those of the domains it is for. */
static GPtrArray *names_of_server(const struct scenario *scenario,
				  const struct scenario_server *server)
{
	static const char *const services[] = { "smtp", "imap", "pop" };
	GPtrArray *names = names_new();

	add_host(names, server->host);
	for (guint i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = scenario->domains->pdata[i];

		for (size_t k = 0; domain->mail == server->host && k < G_N_ELEMENTS(services); k++)
			g_ptr_array_add(names,
					g_strconcat(services[k], ".", domain->item.name, NULL));
	}
	return names;
}

/* That of a site, and its host's. */
static GPtrArray *names_of_site(const char *service, const struct scenario_domain *domain,
				const struct scenario_node *host)
{
	GPtrArray *names = names_new();

	g_ptr_array_add(names, g_strconcat(service, ".", domain->item.name, NULL));
	add_host(names, host);
	return names;
}

/* From when to when it is valid, seen from the beginning of the run. */
static void set_validity(struct tls_certificate *wish, enum scenario_certificate kind,
			 int64_t epoch_s)
{
	int64_t from_day = -30, to_day = 60;

	if (kind == CERTIFICATE_EXPIRED) {
		from_day = -91;
		to_day = -1;
	} else if (kind == CERTIFICATE_NOT_YET_VALID) {
		from_day = 365;
		to_day = 455;
	}
	wish->not_before_s = epoch_s + from_day * DAY_S;
	wish->not_after_s = epoch_s + to_day * DAY_S;
}

/* Issues the certificate that `tls` describes; takes `names`. */
static void issue(struct security *security, const struct scenario_tls *tls, GPtrArray *names)
{
	static const char *const wrong_name[] = { "somebody-else.example" };
	enum scenario_certificate kind = tls->certificate;
	struct tls_certificate wish = {
		.names = (const char *const *)names->pdata,
		.name_count = names->len,
		.key = tls->key == CERTIFICATE_KEY_RSA ? TLS_KEY_RSA_2048 : TLS_KEY_ECDSA_P256,
		.issuer = kind == CERTIFICATE_SELF_SIGNED ? TLS_ISSUED_BY_ITSELF
							  : TLS_ISSUED_BY_AUTHORITY,
		.is_revoked = kind == CERTIFICATE_REVOKED,
	};

	if (kind == CERTIFICATE_WRONG_NAME) {
		wish.names = wrong_name;
		wish.name_count = 1;
	}
	set_validity(&wish, kind, security->world->epoch_s);
	g_hash_table_insert(security->credentials, (gpointer)tls,
			    (gpointer)tls_authority_issue(security->authority, &wish));
	g_ptr_array_free(names, TRUE);
}

static void issue_all(struct security *security, const struct scenario *scenario)
{
	for (guint i = 0; i < scenario->servers->len; i++) {
		const struct scenario_server *server = scenario->servers->pdata[i];

		if (scenario_has_tls(server))
			issue(security, &server->tls, names_of_server(scenario, server));
	}
	for (guint i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = scenario->domains->pdata[i];

		if (scenario_tls_is_given(&domain->webmail_tls))
			issue(security, &domain->webmail_tls,
			      names_of_site("webmail", domain, domain->webmail));
		if (scenario_has_mta_sts(&domain->mta_sts))
			issue(security, &domain->mta_sts.tls,
			      names_of_site("mta-sts", domain, domain->mta_sts.host));
	}
}

static bool has_certificates(const struct scenario *scenario)
{
	for (guint i = 0; i < scenario->servers->len; i++)
		if (scenario_has_tls(scenario->servers->pdata[i]))
			return true;
	for (guint i = 0; i < scenario->domains->len; i++) {
		const struct scenario_domain *domain = scenario->domains->pdata[i];

		if (scenario_tls_is_given(&domain->webmail_tls) ||
		    scenario_has_mta_sts(&domain->mta_sts))
			return true;
	}
	return false;
}

static struct tls_authority *make_authority(struct tls_library *library,
					    const struct scenario *scenario)
{
	return tls_authority_new(library, scenario->seed, AUTHORITY_NAME, AUTHORITY_FROM_S,
				 AUTHORITY_TO_S);
}

struct security *security_new(struct world *world, const struct scenario *scenario)
{
	struct security *security = g_new0(struct security, 1);

	security->world = world;
	security->credentials = g_hash_table_new(NULL, NULL);
	security->contexts = g_ptr_array_new_with_free_func((GDestroyNotify)tls_context_free);
	if (!has_certificates(scenario))
		return security;
	security->library = tls_library_new();
	security->authority = make_authority(security->library, scenario);
	issue_all(security, scenario);
	return security;
}

void security_free(struct security *security)
{
	if (security == NULL)
		return;
	g_ptr_array_free(security->contexts, TRUE);
	tls_authority_free(security->authority);
	tls_library_free(security->library);
	g_hash_table_destroy(security->credentials);
	g_free(security);
}

bool security_has_authority(const struct security *security)
{
	return security->authority != NULL;
}

static struct tls_context *add_context(struct security *security, struct node *node,
				       const struct tls_context_config *config)
{
	struct tls_context *context = tls_context_new(security->library, node, config);

	g_ptr_array_add(security->contexts, context);
	return context;
}

struct tls_context *security_server(struct security *security, const struct scenario_tls *tls,
				    struct node *node)
{
	const struct tls_credential *credential = g_hash_table_lookup(security->credentials, tls);

	if (credential == NULL)
		return NULL;
	return add_context(security, node,
			   &(struct tls_context_config) {
			       .credential = credential,
			       .oldest = (enum tls_version)tls->oldest,
			       .newest = (enum tls_version)tls->newest,
			   });
}

struct tls_context *security_client(struct security *security, struct node *node,
				    enum tls_verify verify, const struct scenario_tls *versions)
{
	if (security->library == NULL)
		security->library = tls_library_new();
	return add_context(security, node,
			   &(struct tls_context_config) {
			       .trusted = security->authority,
			       .verify = verify,
			       .oldest = versions != NULL ? (enum tls_version)versions->oldest : 0,
			       .newest = versions != NULL ? (enum tls_version)versions->newest : 0,
			   });
}

char *security_authority_pem(const struct scenario *scenario)
{
	return security_issue_pem(scenario, NULL);
}

/* A real server keeps it from one run to the next, so it is valid as long as the authority. */
static char *issue_pem(struct tls_authority *authority, const char *const *names)
{
	g_autofree char *series = g_strjoinv(",", (char **)names);

	return tls_credential_pem(
	    tls_authority_issue(authority, &(struct tls_certificate) {
					       .names = names,
					       .name_count = g_strv_length((char **)names),
					       .not_before_s = AUTHORITY_FROM_S,
					       .not_after_s = AUTHORITY_TO_S,
					       .series = series,
					   }));
}

char *security_issue_pem(const struct scenario *scenario, const char *const *names)
{
	struct tls_library *library;
	struct tls_authority *authority;
	char *pem;

	if (!has_certificates(scenario))
		return NULL;
	library = tls_library_new();
	authority = make_authority(library, scenario);
	pem = names == NULL ? tls_authority_pem(authority) : issue_pem(authority, names);
	tls_authority_free(authority);
	tls_library_free(library);
	return pem;
}

enum session_tls security_session(enum scenario_security security)
{
	switch (security) {
	case SECURITY_OPPORTUNISTIC:
		return SESSION_TLS_IF_OFFERED;
	case SECURITY_STARTTLS:
		return SESSION_TLS_REQUIRED;
	case SECURITY_TLS:
		return SESSION_TLS_AT_ONCE;
	case SECURITY_NONE:
		break;
	}
	return SESSION_TLS_NEVER;
}
