/*
 * A library context of OpenSSL for each world, with a provider of our own that answers every wish for
 * random numbers (provider-rand(7)): so a world shares nothing with another, and the same seed makes
 * the same keys, nonces and handshakes.
 */
#include "protocols/tls/library.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include "protocols/tls/session.h"

#define GENERATOR   "MAILWIRE"
#define REQUEST_MAX 65536 /* bytes at once: OpenSSL asks again for more */
#define STRENGTH    256   /* bits of security that are claimed */

/* The provider's context: where to draw from. */
struct source {
	struct random_stream *stream;
};

/* A generator has no state of its own: it draws from the source. */
struct generator {
	struct source *source;
	int state;
};

static void *generator_new(void *provider, void *parent, const OSSL_DISPATCH *parent_calls)
{
	struct generator *generator = g_new0(struct generator, 1);

	(void)parent;
	(void)parent_calls;
	generator->source = provider;
	generator->state = EVP_RAND_STATE_UNINITIALISED;
	return generator;
}

static void generator_free(void *generator)
{
	g_free(generator);
}

static int generator_instantiate(void *generator, unsigned int strength, int resists_prediction,
				 const unsigned char *text, size_t length,
				 const OSSL_PARAM params[])
{
	(void)strength;
	(void)resists_prediction;
	(void)text;
	(void)length;
	(void)params;
	((struct generator *)generator)->state = EVP_RAND_STATE_READY;
	return 1;
}

static int generator_uninstantiate(void *generator)
{
	((struct generator *)generator)->state = EVP_RAND_STATE_UNINITIALISED;
	return 1;
}

static int generator_generate(void *generator, unsigned char *out, size_t length,
			      unsigned int strength, int resists_prediction,
			      const unsigned char *text, size_t text_length)
{
	const struct source *source = ((struct generator *)generator)->source;

	(void)strength;
	(void)resists_prediction;
	(void)text;
	(void)text_length;
	if (source->stream == NULL)
		return 0;
	random_bytes(source->stream, out, length);
	return 1;
}

static int generator_get(void *generator, OSSL_PARAM params[])
{
	OSSL_PARAM *at;

	at = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE);
	if (at != NULL && !OSSL_PARAM_set_int(at, ((struct generator *)generator)->state))
		return 0;
	at = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH);
	if (at != NULL && !OSSL_PARAM_set_uint(at, STRENGTH))
		return 0;
	at = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);
	return at == NULL || OSSL_PARAM_set_size_t(at, REQUEST_MAX);
}

static const OSSL_PARAM *generator_gettable(void *generator, void *provider)
{
	static const OSSL_PARAM known[] = {
		OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, NULL),
		OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, NULL),
		OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, NULL),
		OSSL_PARAM_END,
	};

	(void)generator;
	(void)provider;
	return known;
}

/* A world runs in one thread. */
static int generator_enable_locking(void *generator)
{
	(void)generator;
	return 1;
}

static int generator_lock(void *generator)
{
	(void)generator;
	return 1;
}

static void generator_unlock(void *generator)
{
	(void)generator;
}

/* OpenSSL's tables hold functions of every kind as one. */
#define CALL(function) ((void (*)(void))(function))

static const OSSL_DISPATCH generator_calls[] = {
	{OSSL_FUNC_RAND_NEWCTX,               CALL(generator_new)           },
	{ OSSL_FUNC_RAND_FREECTX,             CALL(generator_free)          },
	{ OSSL_FUNC_RAND_INSTANTIATE,         CALL(generator_instantiate)   },
	{ OSSL_FUNC_RAND_UNINSTANTIATE,       CALL(generator_uninstantiate) },
	{ OSSL_FUNC_RAND_GENERATE,            CALL(generator_generate)      },
	{ OSSL_FUNC_RAND_GET_CTX_PARAMS,      CALL(generator_get)           },
	{ OSSL_FUNC_RAND_GETTABLE_CTX_PARAMS, CALL(generator_gettable)      },
	{ OSSL_FUNC_RAND_ENABLE_LOCKING,      CALL(generator_enable_locking)},
	{ OSSL_FUNC_RAND_LOCK,                CALL(generator_lock)          },
	{ OSSL_FUNC_RAND_UNLOCK,              CALL(generator_unlock)        },
	{ 0,				  NULL			  },
};

static const OSSL_ALGORITHM generators[] = {
	{GENERATOR, "provider=mailwire", generator_calls, "random numbers of a simulated node"},
	{ NULL,     NULL,                NULL,            NULL                                },
};

static const OSSL_ALGORITHM *query(void *provider, int operation, int *is_fresh)
{
	(void)provider;
	*is_fresh = 0;
	return operation == OSSL_OP_RAND ? generators : NULL;
}

static const OSSL_DISPATCH provider_calls[] = {
	{OSSL_FUNC_PROVIDER_TEARDOWN,         CALL(g_free)},
	{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, CALL(query) },
	{ 0,				  NULL        },
};

static int provider_start(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *offered,
			  const OSSL_DISPATCH **calls, void **provider)
{
	(void)core;
	(void)offered;
	*provider = g_new0(struct source, 1);
	*calls = provider_calls;
	return 1;
}

struct tls_library *tls_library_new(void)
{
	struct tls_library *library = g_new0(struct tls_library, 1);
	struct source *source;
	bool is_ready;

	/* Else a file of the machine decides which ciphers there are. */
	OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	library->context = OSSL_LIB_CTX_new();
	is_ready = OSSL_PROVIDER_add_builtin(library->context, "mailwire", provider_start) &&
		   RAND_set_DRBG_type(library->context, GENERATOR, NULL, NULL, NULL) &&
		   RAND_set_seed_source_type(library->context, GENERATOR, NULL);
	g_assert(is_ready);
	library->ours = OSSL_PROVIDER_load(library->context, "mailwire");
	library->standard = OSSL_PROVIDER_load(library->context, "default");
	g_assert(library->ours != NULL && library->standard != NULL);
	source = OSSL_PROVIDER_get0_provider_ctx(library->ours);
	library->source = &source->stream;
	library->wire = tls_session_wire_new();
	return library;
}

void tls_library_free(struct tls_library *library)
{
	if (library == NULL)
		return;
	tls_session_wire_free(library->wire);
	OSSL_PROVIDER_unload(library->standard);
	OSSL_PROVIDER_unload(library->ours);
	OSSL_LIB_CTX_free(library->context);
	g_free(library);
}

void tls_library_draw_from(struct tls_library *library, struct random_stream *stream)
{
	*library->source = stream;
}
