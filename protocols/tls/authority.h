/* Certificates and keys as OpenSSL has them; for the files of this folder. */
#pragma once
#include "protocols/tls/library.h"

struct tls_credential {
	X509 *certificate;
	EVP_PKEY *key;
};

struct tls_authority {
	struct tls_library *library;
	uint64_t seed;
	struct tls_credential root;
	GPtrArray *issued;  /* of struct tls_credential * */
	GPtrArray *revoked; /* of X509 *, which belong to `issued` */
	int64_t valid_from_s, valid_to_s;
};

/*
 * The certificates that the authority takes back, signed by it; NULL: there are none. The caller
 * frees it.
 */
X509_CRL *tls_authority_revocations(const struct tls_authority *authority);
