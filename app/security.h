/*
 * TLS of a scenario: its certificate authority, the servers' certificates, and what each program
 * speaks TLS with. Nothing of it is made while nobody in the scenario speaks TLS.
 */
#pragma once
#include "app/scenario.h"
#include "protocols/session.h"
#include "protocols/tls/tls.h"

struct security;

struct security *security_new(struct world *world, const struct scenario *scenario);

/* Resets the connections that still live. To be called behind the programs; NULL is fine. */
void security_free(struct security *security);

/*
 * Contexts belong to `security`. For clients of a server or a site whose certificate `tls` describes, and
 * whose host runs as `node`; NULL: it has none.
 */
struct tls_context *security_server(struct security *security, const struct scenario_tls *tls,
				    struct node *node);

/* True when some server has a certificate. */
bool security_has_authority(const struct security *security);

/* For connections that programs on `node` open; `versions`: those it speaks, NULL: all. */
struct tls_context *security_client(struct security *security, struct node *node,
				    enum tls_verify verify, const struct scenario_tls *versions);

/*
 * The certificate of the scenario's authority as PEM, the same in every run of it; NULL: no server has
 * a certificate. The caller frees it.
 */
char *security_authority_pem(const struct scenario *scenario);

/*
 * A certificate that the authority issues to a real server called `names` (as many as there are, NULL
 * behind the last one), with its private key, as PEM; the same whenever it is asked for. NULL: as above.
 * The caller frees it.
 */
char *security_issue_pem(const struct scenario *scenario, const char *const *names);

/* What a client's wish means to its sessions. */
enum session_tls security_session(enum scenario_security security);
