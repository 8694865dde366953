#include "protocols/authentic/dkim_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

const char *const dkim_algorithm_names[] = { "rsa-sha256", "ed25519-sha256" };

struct dkim_key {
	enum dkim_algorithm algorithm;
	EVP_PKEY *pkey;
};

/* Takes `pkey`; NULL stays NULL. */
static struct dkim_key *wrap(enum dkim_algorithm algorithm, EVP_PKEY *pkey)
{
	struct dkim_key *key;

	ERR_clear_error();
	if (pkey == NULL)
		return NULL;
	key = g_new(struct dkim_key, 1);
	*key = (struct dkim_key) { algorithm, pkey };
	return key;
}

void dkim_key_free(struct dkim_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	g_free(key);
}

enum dkim_algorithm dkim_key_algorithm(const struct dkim_key *key)
{
	return key->algorithm;
}

unsigned dkim_key_bits(const struct dkim_key *key)
{
	return (unsigned)EVP_PKEY_get_bits(key->pkey);
}

void dkim_hash(struct bytes text, uint8_t hash[DKIM_HASH_BYTES])
{
	g_assert(EVP_Digest(text.data, text.length, hash, NULL, EVP_sha256(), NULL) == 1);
}

/* Making RSA keys, from the numbers of a stream (FIPS 186-5 appendix A.1.3). */

#define RSA_EXPONENT 65537

static void random_odd(BIGNUM *number, struct random_stream *random)
{
	uint8_t octets[DKIM_RSA_BITS / 2 / 8];

	random_bytes(random, octets, sizeof octets);
	octets[0] |= 0xc0; /* the product of two such has all its bits */
	octets[sizeof octets - 1] |= 1;
	BN_bin2bn(octets, sizeof octets, number);
}

/* A prime p such that p - 1 shares no factor with the exponent, which is prime. */
static BIGNUM *make_prime(struct random_stream *random, BN_CTX *context)
{
	BIGNUM *prime = BN_new();

	random_odd(prime, random);
	while (BN_mod_word(prime, RSA_EXPONENT) == 1 || BN_check_prime(prime, context, NULL) != 1)
		BN_add_word(prime, 2);
	return prime;
}

/* The numbers of an RSA key with their names for OpenSSL. */
struct rsa_numbers {
	BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qinv;
};

static void derive(struct rsa_numbers *rsa, BN_CTX *context)
{
	BIGNUM *p1 = BN_dup(rsa->p), *q1 = BN_dup(rsa->q), *phi = BN_new();

	BN_sub_word(p1, 1);
	BN_sub_word(q1, 1);
	BN_mul(rsa->n, rsa->p, rsa->q, context);
	BN_mul(phi, p1, q1, context);
	BN_set_word(rsa->e, RSA_EXPONENT);
	BN_mod_inverse(rsa->d, rsa->e, phi, context);
	BN_mod(rsa->dp, rsa->d, p1, context);
	BN_mod(rsa->dq, rsa->d, q1, context);
	BN_mod_inverse(rsa->qinv, rsa->q, rsa->p, context);
	BN_free(p1);
	BN_free(q1);
	BN_free(phi);
}

static EVP_PKEY *pkey_of(const struct rsa_numbers *rsa)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM *parameters;

	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, rsa->n);
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, rsa->e);
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, rsa->d);
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_FACTOR1, rsa->p);
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_FACTOR2, rsa->q);
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_EXPONENT1, rsa->dp);
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_EXPONENT2, rsa->dq);
	OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, rsa->qinv);
	parameters = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_fromdata_init(context);
	EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_KEYPAIR, parameters);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(context);
	return pkey;
}

static EVP_PKEY *make_rsa(struct random_stream *random)
{
	BN_CTX *context = BN_CTX_new();
	struct rsa_numbers rsa = {
		BN_new(), BN_new(), BN_new(), make_prime(random, context),
		NULL,     BN_new(), BN_new(), BN_new(),
	};
	EVP_PKEY *pkey;

	rsa.q = make_prime(random, context);
	derive(&rsa, context);
	pkey = pkey_of(&rsa);
	BN_free(rsa.n);
	BN_free(rsa.e);
	BN_clear_free(rsa.d);
	BN_clear_free(rsa.p);
	BN_clear_free(rsa.q);
	BN_clear_free(rsa.dp);
	BN_clear_free(rsa.dq);
	BN_clear_free(rsa.qinv);
	BN_CTX_free(context);
	return pkey;
}

struct dkim_key *dkim_key_from_seed(const uint8_t seed[32])
{
	return wrap(DKIM_ED25519_SHA256,
		    EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32));
}

struct dkim_key *dkim_key_new(enum dkim_algorithm algorithm, struct random_stream *random)
{
	uint8_t seed[32];

	if (algorithm == DKIM_RSA_SHA256)
		return wrap(algorithm, make_rsa(random));
	random_bytes(random, seed, sizeof seed);
	return dkim_key_from_seed(seed);
}

/* Keys from outside. */

/* Takes `pkey`. */
static struct dkim_key *wrap_known(EVP_PKEY *pkey)
{
	if (pkey != NULL && EVP_PKEY_is_a(pkey, "RSA") &&
	    EVP_PKEY_get_bits(pkey) <= DKIM_RSA_BITS_MAX)
		return wrap(DKIM_RSA_SHA256, pkey);
	if (pkey != NULL && EVP_PKEY_is_a(pkey, "ED25519"))
		return wrap(DKIM_ED25519_SHA256, pkey);
	EVP_PKEY_free(pkey);
	return wrap(DKIM_RSA_SHA256, NULL);
}

/* A key under a pass phrase is none: nobody is asked for it. */
static int no_passphrase(char *buffer, int size, int is_writing, void *owner)
{
	(void)buffer;
	(void)size;
	(void)is_writing;
	(void)owner;
	return -1;
}

struct dkim_key *dkim_key_from_pem(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);

	BIO_free(bio);
	return wrap_known(pkey);
}

static EVP_PKEY *read_rsa(struct bytes data)
{
	const unsigned char *at = data.data;
	EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)data.length);

	if (pkey == NULL) {
		at = data.data;
		pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)data.length);
	}
	if (pkey != NULL && EVP_PKEY_is_a(pkey, "RSA"))
		return pkey;
	EVP_PKEY_free(pkey);
	return NULL;
}

struct dkim_key *dkim_key_from_record(enum dkim_algorithm algorithm, struct bytes data)
{
	if (algorithm == DKIM_RSA_SHA256)
		return wrap(algorithm, read_rsa(data));
	if (data.length != 32)
		return NULL;
	return wrap(algorithm,
		    EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, data.data, data.length));
}

/* What is written. */

char *dkim_key_public(const struct dkim_key *key)
{
	unsigned char *der = NULL, raw[32];
	size_t raw_length = sizeof raw;
	char *text;
	int length;

	if (key->algorithm == DKIM_ED25519_SHA256) {
		g_assert(EVP_PKEY_get_raw_public_key(key->pkey, raw, &raw_length) == 1);
		return g_base64_encode(raw, raw_length);
	}
	length = i2d_PUBKEY(key->pkey, &der);
	g_assert(length > 0);
	text = g_base64_encode(der, (gsize)length);
	OPENSSL_free(der);
	return text;
}

char *dkim_key_to_pem(const struct dkim_key *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;
	long length;

	g_assert(PEM_write_bio_PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1);
	length = BIO_get_mem_data(bio, &data);
	text = g_strndup(data, (gsize)length);
	BIO_free(bio);
	return text;
}

/*
 * RSA signs the text, whose hash is part of the padding (PKCS #1 v1.5); Ed25519 signs the hash of
 * the text as if it were the message (RFC 8463 section 3).
 */
static struct bytes signed_part(const struct dkim_key *key, struct bytes text,
				uint8_t hash[DKIM_HASH_BYTES])
{
	if (key->algorithm == DKIM_RSA_SHA256)
		return text;
	dkim_hash(text, hash);
	return (struct bytes) { hash, DKIM_HASH_BYTES };
}

static const EVP_MD *digest_of(const struct dkim_key *key)
{
	return key->algorithm == DKIM_RSA_SHA256 ? EVP_sha256() : NULL;
}

char *dkim_key_sign(const struct dkim_key *key, struct bytes text)
{
	uint8_t hash[DKIM_HASH_BYTES], signature[DKIM_RSA_BITS_MAX / 8];
	struct bytes part = signed_part(key, text, hash);
	size_t length = sizeof signature;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_signed = EVP_DigestSignInit(context, NULL, digest_of(key), NULL, key->pkey) == 1 &&
			 EVP_DigestSign(context, signature, &length, part.data, part.length) == 1;

	EVP_MD_CTX_free(context);
	g_assert(is_signed);
	return g_base64_encode(signature, length);
}

bool dkim_key_verify(const struct dkim_key *key, struct bytes text, struct bytes signature)
{
	uint8_t hash[DKIM_HASH_BYTES];
	struct bytes part = signed_part(key, text, hash);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool is_good = EVP_DigestVerifyInit(context, NULL, digest_of(key), NULL, key->pkey) == 1 &&
		       EVP_DigestVerify(context, signature.data, signature.length, part.data,
					part.length) == 1;

	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return is_good;
}
