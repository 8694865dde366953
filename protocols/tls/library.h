/* OpenSSL for one world, with a source of random numbers that is ours; for the files of this folder. */
#pragma once
#include <openssl/bio.h>
#include "protocols/tls/tls.h"

struct tls_library {
	OSSL_LIB_CTX *context; /* for every call that takes one */
	OSSL_PROVIDER *standard, *ours;
	struct random_stream **source; /* what ours draws from now; in the provider's own memory */
	BIO_METHOD *wire;              /* see session.c */
};

/*
 * All that OpenSSL draws from now on comes from `stream`. To be called before everything that may
 * draw. NULL: nothing may.
 */
void tls_library_draw_from(struct tls_library *library, struct random_stream *stream);
