#include "protocols/tls/context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include "protocols/tls/authority.h"
#include "protocols/tls/session.h"
#include "protocols/tls/stream.h"

/*
 * What is offered, in this order, whatever the library's own defaults and the machine's ciphers: AEAD
 * with forward secrecy (RFC 9325 section 4.2).
 */
#define SUITES_1_3 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define SUITES_1_2                                                                                 \
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"                               \
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"                               \
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
#define GROUPS "X25519:P-256"

#define OPTIONS                                                                                    \
	(SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |                      \
	 SSL_OP_CIPHER_SERVER_PREFERENCE)

/* Goes on with whoever it is; what is wrong stays in the result. */
static int accept_anybody(int is_right, X509_STORE_CTX *store)
{
	(void)is_right;
	(void)store;
	return 1;
}

static void trust(SSL_CTX *settings, const struct tls_authority *authority)
{
	X509_STORE *store = SSL_CTX_get_cert_store(settings);
	X509_CRL *revocations = tls_authority_revocations(authority);

	X509_STORE_add_cert(store, authority->root.certificate);
	if (revocations == NULL)
		return;
	X509_STORE_add_crl(store, revocations);
	X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
	X509_CRL_free(revocations);
}

static void set_up_client(SSL_CTX *settings, const struct tls_context_config *config)
{
	if (config->trusted != NULL)
		trust(settings, config->trusted);
	SSL_CTX_set_verify(settings, SSL_VERIFY_PEER,
			   config->verify == TLS_VERIFY_NOT ? accept_anybody : NULL);
}

static void set_up_server(SSL_CTX *settings, const struct tls_credential *credential)
{
	g_assert(credential != NULL);
	bool is_usable = SSL_CTX_use_certificate(settings, credential->certificate) &&
			 SSL_CTX_use_PrivateKey(settings, credential->key);

	g_assert(is_usable);
}

static void set_up(SSL_CTX *settings, const struct tls_context_config *config)
{
	int oldest = config->oldest != 0 ? (int)config->oldest : TLS_1_2;
	int newest = config->newest != 0 ? (int)config->newest : TLS_1_3;
	bool is_known = SSL_CTX_set_min_proto_version(settings, oldest) &&
			SSL_CTX_set_max_proto_version(settings, newest) &&
			SSL_CTX_set_ciphersuites(settings, SUITES_1_3) &&
			SSL_CTX_set_cipher_list(settings, SUITES_1_2) &&
			SSL_CTX_set1_groups_list(settings, GROUPS);

	g_assert(is_known);
	SSL_CTX_set_options(settings, OPTIONS);
	SSL_CTX_set_num_tickets(settings, 0);
	SSL_CTX_set_session_cache_mode(settings, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(settings, SSL_MODE_RELEASE_BUFFERS);
	tls_session_log_secrets(settings);
}

struct tls_context *tls_context_new(struct tls_library *library, struct node *node,
				    const struct tls_context_config *config)
{
	struct tls_context *context = g_new0(struct tls_context, 1);

	context->library = library;
	context->node = node;
	context->verify = config->verify;
	context->is_server = config->credential != NULL;
	node_random_init(node, &context->random, context->is_server ? "tls.server" : "tls.client");
	g_queue_init(&context->streams);
	tls_library_draw_from(library, &context->random);
	context->settings = SSL_CTX_new_ex(library->context, NULL, TLS_method());
	set_up(context->settings, config);
	if (context->is_server)
		set_up_server(context->settings, config->credential);
	else
		set_up_client(context->settings, config);
	ERR_clear_error();
	tls_library_draw_from(library, NULL);
	return context;
}

void tls_context_free(struct tls_context *context)
{
	if (context == NULL)
		return;
	tls_streams_abort(&context->streams);
	SSL_CTX_free(context->settings);
	g_free(context);
}

bool tls_context_is_server(const struct tls_context *context)
{
	return context->is_server;
}
