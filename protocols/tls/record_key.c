#include "protocols/tls/record_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#define HEADER_BYTES    5
#define AAD_1_2_BYTES   13 /* RFC 5246 section 6.2.3.3 */
#define LABEL_BYTES_MAX 12 /* of those used here */
#define KEY_BLOCK_BYTES (2 * (TLS_RECORD_KEY_BYTES_MAX + TLS_NONCE_BYTES))

enum { AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305, CIPHER_COUNT };

static const char *const cipher_names[CIPHER_COUNT] = {
	[AES_128_GCM] = "AES-128-GCM",
	[AES_256_GCM] = "AES-256-GCM",
	[CHACHA20_POLY1305] = "ChaCha20-Poly1305",
};

struct tls_algorithms {
	OSSL_LIB_CTX *library; /* of its own: the machine's configuration file decides nothing */
	EVP_CIPHER *ciphers[CIPHER_COUNT];
	EVP_CIPHER_CTX *context;
	EVP_KDF *expand, *prf;
};

/* clang-format off */
static const struct tls_suite suites[] = {
	{ 0x1301, true,  AES_128_GCM,       16, 12, "SHA256", 32 },
	{ 0x1302, true,  AES_256_GCM,       32, 12, "SHA384", 48 },
	{ 0x1303, true,  CHACHA20_POLY1305, 32, 12, "SHA256", 32 },
	{ 0x009c, false, AES_128_GCM,       16, 4,  "SHA256", 32 }, /* RSA */
	{ 0x009d, false, AES_256_GCM,       32, 4,  "SHA384", 48 },
	{ 0x009e, false, AES_128_GCM,       16, 4,  "SHA256", 32 }, /* DHE_RSA */
	{ 0x009f, false, AES_256_GCM,       32, 4,  "SHA384", 48 },
	{ 0xc02b, false, AES_128_GCM,       16, 4,  "SHA256", 32 }, /* ECDHE_ECDSA */
	{ 0xc02c, false, AES_256_GCM,       32, 4,  "SHA384", 48 },
	{ 0xc02f, false, AES_128_GCM,       16, 4,  "SHA256", 32 }, /* ECDHE_RSA */
	{ 0xc030, false, AES_256_GCM,       32, 4,  "SHA384", 48 },
	{ 0xcca8, false, CHACHA20_POLY1305, 32, 12, "SHA256", 32 }, /* ECDHE_RSA */
	{ 0xcca9, false, CHACHA20_POLY1305, 32, 12, "SHA256", 32 }, /* ECDHE_ECDSA */
	{ 0xccaa, false, CHACHA20_POLY1305, 32, 12, "SHA256", 32 }, /* DHE_RSA */
};
/* clang-format on */

const struct tls_suite *tls_suite_find(uint16_t id)
{
	for (size_t i = 0; i < G_N_ELEMENTS(suites); i++)
		if (suites[i].id == id)
			return &suites[i];
	return NULL;
}

struct tls_algorithms *tls_algorithms_new(void)
{
	struct tls_algorithms *algorithms = g_new0(struct tls_algorithms, 1);

	algorithms->library = OSSL_LIB_CTX_new();
	for (unsigned i = 0; i < CIPHER_COUNT; i++)
		algorithms->ciphers[i] =
		    EVP_CIPHER_fetch(algorithms->library, cipher_names[i], NULL);
	algorithms->context = EVP_CIPHER_CTX_new();
	algorithms->expand = EVP_KDF_fetch(algorithms->library, "HKDF", NULL);
	algorithms->prf = EVP_KDF_fetch(algorithms->library, "TLS1-PRF", NULL);
	ERR_clear_error();
	return algorithms;
}

void tls_algorithms_free(struct tls_algorithms *algorithms)
{
	if (algorithms == NULL)
		return;
	for (unsigned i = 0; i < CIPHER_COUNT; i++)
		EVP_CIPHER_free(algorithms->ciphers[i]);
	EVP_CIPHER_CTX_free(algorithms->context);
	EVP_KDF_free(algorithms->expand);
	EVP_KDF_free(algorithms->prf);
	OSSL_LIB_CTX_free(algorithms->library);
	g_free(algorithms);
}

/* Key schedule. */

static bool derive(EVP_KDF *function, const OSSL_PARAM *parameters, uint8_t *out, size_t length)
{
	EVP_KDF_CTX *context = function == NULL ? NULL : EVP_KDF_CTX_new(function);
	bool is_done = context != NULL && EVP_KDF_derive(context, out, length, parameters) > 0;

	EVP_KDF_CTX_free(context);
	ERR_clear_error();
	return is_done;
}

static OSSL_PARAM octets(const char *key, struct bytes bytes)
{
	return OSSL_PARAM_construct_octet_string(key, (void *)bytes.data, bytes.length);
}

static OSSL_PARAM digest_of(const struct tls_suite *suite)
{
	return OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)suite->digest, 0);
}

/* HKDF-Expand-Label (RFC 8446 section 7.1) with an empty context. */
static bool expand_label(struct tls_algorithms *algorithms, const struct tls_suite *suite,
			 const uint8_t *secret, const char *label, uint8_t *out, size_t length)
{
	static const char prefix[] = "tls13 ";
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	uint8_t info[2 + 1 + sizeof prefix + LABEL_BYTES_MAX + 1];
	size_t label_bytes = strlen(prefix) + strlen(label);

	g_assert(strlen(label) <= LABEL_BYTES_MAX);
	put_be16(info, (uint16_t)length);
	info[2] = (uint8_t)label_bytes;
	memcpy(info + 3, prefix, strlen(prefix));
	memcpy(info + 3 + strlen(prefix), label, strlen(label));
	info[3 + label_bytes] = 0;

	const OSSL_PARAM parameters[] = {
		digest_of(suite),
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		octets(OSSL_KDF_PARAM_KEY, (struct bytes) { secret, suite->digest_bytes }),
		octets(OSSL_KDF_PARAM_INFO, (struct bytes) { info, 4 + label_bytes }),
		OSSL_PARAM_construct_end(),
	};

	return derive(algorithms->expand, parameters, out, length);
}

bool tls_record_key_derive(struct tls_algorithms *algorithms, const struct tls_suite *suite,
			   struct bytes secret, struct tls_record_key *key)
{
	if (secret.length != suite->digest_bytes || secret.length > sizeof key->secret)
		return false;
	memmove(key->secret, secret.data, secret.length);
	key->suite = suite;
	return expand_label(algorithms, suite, key->secret, "key", key->key, suite->key_bytes) &&
	       expand_label(algorithms, suite, key->secret, "iv", key->iv, TLS_NONCE_BYTES);
}

bool tls_record_key_update(struct tls_algorithms *algorithms, struct tls_record_key *key)
{
	uint8_t next[TLS_SECRET_BYTES_MAX];

	return expand_label(algorithms, key->suite, key->secret, "traffic upd", next,
			    key->suite->digest_bytes) &&
	       tls_record_key_derive(algorithms, key->suite,
				     (struct bytes) { next, key->suite->digest_bytes }, key);
}

bool tls_record_keys_expand(struct tls_algorithms *algorithms, const struct tls_suite *suite,
			    struct bytes master, const uint8_t *client_random,
			    const uint8_t *server_random, struct tls_record_key keys[2])
{
	uint8_t block[KEY_BLOCK_BYTES];
	size_t length = 2 * ((size_t)suite->key_bytes + suite->salt_bytes), at = 0;
	const OSSL_PARAM parameters[] = {
		digest_of(suite),
		octets(OSSL_KDF_PARAM_SECRET, master),
		octets(OSSL_KDF_PARAM_SEED, bytes_of("key expansion")),
		octets(OSSL_KDF_PARAM_SEED, (struct bytes) { server_random, TLS_RANDOM_BYTES }),
		octets(OSSL_KDF_PARAM_SEED, (struct bytes) { client_random, TLS_RANDOM_BYTES }),
		OSSL_PARAM_construct_end(),
	};

	if (!derive(algorithms->prf, parameters, block, length))
		return false;
	for (unsigned i = 0; i < 2; i++, at += suite->key_bytes)
		memcpy(keys[i].key, block + at, suite->key_bytes);
	for (unsigned i = 0; i < 2; i++, at += suite->salt_bytes) {
		memcpy(keys[i].iv, block + at, suite->salt_bytes);
		keys[i].suite = suite;
	}
	return true;
}

/* Records. */

/* RFC 8446 section 5.3, RFC 7905 section 2; RFC 5288 section 3 has the rest in the record. */
static void make_nonce(const struct tls_record_key *key, uint64_t sequence, struct bytes body,
		       uint8_t nonce[TLS_NONCE_BYTES])
{
	uint32_t prefix = tls_record_key_prefix(key->suite);

	memcpy(nonce, key->iv, TLS_NONCE_BYTES);
	if (prefix > 0) {
		memcpy(nonce + TLS_NONCE_BYTES - prefix, body.data, prefix);
		return;
	}
	for (unsigned i = 0; i < 8; i++)
		nonce[TLS_NONCE_BYTES - 1 - i] ^= (uint8_t)(sequence >> 8 * i);
}

/* What is authenticated beside the plaintext. Returns its length. */
static size_t make_aad(const struct tls_record_key *key, uint64_t sequence, struct bytes record,
		       size_t length, uint8_t aad[AAD_1_2_BYTES])
{
	if (key->suite->is_1_3) {
		memcpy(aad, record.data, HEADER_BYTES);
		return HEADER_BYTES;
	}
	put_be32(aad, (uint32_t)(sequence >> 32));
	put_be32(aad + 4, (uint32_t)sequence);
	memcpy(aad + 8, record.data, 3);
	put_be16(aad + 11, (uint16_t)length);
	return AAD_1_2_BYTES;
}

static bool decrypt(struct tls_algorithms *algorithms, const struct tls_record_key *key,
		    const uint8_t *nonce, struct bytes aad, struct bytes sealed, uint8_t *out)
{
	EVP_CIPHER_CTX *context = algorithms->context;
	struct bytes tag = bytes_from(sealed, sealed.length - TLS_TAG_BYTES);
	int length = (int)(sealed.length - TLS_TAG_BYTES), done;
	bool is_right = EVP_CIPHER_CTX_reset(context) &&
			EVP_DecryptInit_ex2(context, algorithms->ciphers[key->suite->cipher],
					    key->key, nonce, NULL) &&
			EVP_DecryptUpdate(context, NULL, &done, aad.data, (int)aad.length) &&
			EVP_DecryptUpdate(context, out, &done, sealed.data, length) &&
			EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TLS_TAG_BYTES,
					    (void *)tag.data) > 0 &&
			EVP_DecryptFinal_ex(context, out + length, &done) > 0;

	ERR_clear_error();
	return is_right;
}

bool tls_record_key_open(struct tls_algorithms *algorithms, const struct tls_record_key *key,
			 uint64_t sequence, struct bytes record, GByteArray *plaintext)
{
	struct bytes body = bytes_from(record, HEADER_BYTES);
	uint32_t prefix = tls_record_key_prefix(key->suite);
	uint8_t nonce[TLS_NONCE_BYTES], aad[AAD_1_2_BYTES];
	guint before = plaintext->len;

	if (body.length < prefix + TLS_TAG_BYTES || algorithms->ciphers[key->suite->cipher] == NULL)
		return false;
	struct bytes sealed = bytes_from(body, prefix);
	size_t length = sealed.length - TLS_TAG_BYTES;
	size_t aad_bytes = make_aad(key, sequence, record, length, aad);

	make_nonce(key, sequence, body, nonce);
	g_byte_array_set_size(plaintext, before + (guint)length + 1);
	bool is_right = decrypt(algorithms, key, nonce, (struct bytes) { aad, aad_bytes }, sealed,
				plaintext->data + before);

	g_byte_array_set_size(plaintext, before + (is_right ? (guint)length : 0));
	return is_right;
}
