/* Keys, certificates (RFC 5280) and the list of revoked ones. */
#include "protocols/tls/authority.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define SERIAL_BYTES 16 /* RFC 5280 section 4.1.2.2: at most 20 */

/* A key of the kind; what it is follows from what the library draws from. */
static EVP_PKEY *make_key(const struct tls_library *library, enum tls_key_kind kind)
{
	EVP_PKEY *key = kind == TLS_KEY_RSA_2048
			    ? EVP_PKEY_Q_keygen(library->context, NULL, "RSA", (size_t)2048)
			    : EVP_PKEY_Q_keygen(library->context, NULL, "EC", "P-256");

	g_assert(key != NULL);
	return key;
}

static void set_serial(X509 *certificate, struct random_stream *random)
{
	uint8_t bytes[SERIAL_BYTES];
	BIGNUM *number;

	random_bytes(random, bytes, sizeof bytes);
	bytes[0] = (bytes[0] & 0x7f) | 0x40; /* positive, and of full length */
	number = BN_bin2bn(bytes, sizeof bytes, NULL);
	BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
	BN_free(number);
}

static void set_name(X509_NAME *name, const char *common_name)
{
	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"mailwire", -1,
				   -1, 0);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name,
				   -1, -1, 0);
}

static void add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
	g_assert(extension != NULL);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static void add_names(X509 *certificate, const struct tls_certificate *wish)
{
	GString *names = g_string_new(NULL);

	for (unsigned i = 0; i < wish->name_count; i++)
		g_string_append_printf(names, "%sDNS:%s", i == 0 ? "" : ",", wish->names[i]);
	add_extension(certificate, certificate, NID_subject_alt_name, names->str);
	g_string_free(names, TRUE);
}

/* A certificate without names, extensions and signature. */
static X509 *begin_certificate(const struct tls_library *library, EVP_PKEY *key,
			       struct random_stream *random, int64_t from_s, int64_t to_s)
{
	X509 *certificate = X509_new_ex(library->context, NULL);

	X509_set_version(certificate, X509_VERSION_3);
	set_serial(certificate, random);
	ASN1_TIME_set(X509_getm_notBefore(certificate), from_s);
	ASN1_TIME_set(X509_getm_notAfter(certificate), to_s);
	X509_set_pubkey(certificate, key);
	return certificate;
}

static void make_root(struct tls_authority *authority, const char *name)
{
	struct tls_library *library = authority->library;
	struct random_stream random;

	random_init(&random, authority->seed, name, "tls.authority");
	tls_library_draw_from(library, &random);

	EVP_PKEY *key = make_key(library, TLS_KEY_ECDSA_P256);
	X509 *root = begin_certificate(library, key, &random, authority->valid_from_s,
				       authority->valid_to_s);

	set_name(X509_get_subject_name(root), name);
	X509_set_issuer_name(root, X509_get_subject_name(root));
	add_extension(root, root, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(root, root, NID_key_usage, "critical,keyCertSign,cRLSign");
	add_extension(root, root, NID_subject_key_identifier, "hash");
	X509_sign(root, key, EVP_sha256());
	tls_library_draw_from(library, NULL);
	authority->root = (struct tls_credential) { root, key };
}

static void credential_free(gpointer data)
{
	struct tls_credential *credential = data;

	X509_free(credential->certificate);
	EVP_PKEY_free(credential->key);
	g_free(credential);
}

struct tls_authority *tls_authority_new(struct tls_library *library, uint64_t seed,
					const char *name, int64_t valid_from_s, int64_t valid_to_s)
{
	struct tls_authority *authority = g_new0(struct tls_authority, 1);

	authority->library = library;
	authority->seed = seed;
	authority->valid_from_s = valid_from_s;
	authority->valid_to_s = valid_to_s;
	authority->issued = g_ptr_array_new_with_free_func(credential_free);
	authority->revoked = g_ptr_array_new();
	make_root(authority, name);
	return authority;
}

void tls_authority_free(struct tls_authority *authority)
{
	if (authority == NULL)
		return;
	g_ptr_array_free(authority->revoked, TRUE);
	g_ptr_array_free(authority->issued, TRUE);
	X509_free(authority->root.certificate);
	EVP_PKEY_free(authority->root.key);
	g_free(authority);
}

const struct tls_credential *tls_authority_issue(struct tls_authority *authority,
						 const struct tls_certificate *wish)
{
	struct tls_library *library = authority->library;
	struct tls_credential *credential = g_new0(struct tls_credential, 1);
	bool is_own = wish->issuer == TLS_ISSUED_BY_ITSELF;
	g_autofree char *consumer =
	    g_strconcat("tls.certificate", wish->series == NULL ? "" : wish->series, NULL);
	struct random_stream random;

	random_init(&random, authority->seed, wish->names[0], consumer);
	tls_library_draw_from(library, &random);

	EVP_PKEY *key = make_key(library, wish->key);
	X509 *certificate =
	    begin_certificate(library, key, &random, wish->not_before_s, wish->not_after_s);
	X509 *issuer = is_own ? certificate : authority->root.certificate;

	set_name(X509_get_subject_name(certificate), wish->names[0]);
	X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
	add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE");
	add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature");
	add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth");
	add_names(certificate, wish);
	if (!is_own)
		add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
	X509_sign(certificate, is_own ? key : authority->root.key, EVP_sha256());
	tls_library_draw_from(library, NULL);
	*credential = (struct tls_credential) { certificate, key };
	g_ptr_array_add(authority->issued, credential);
	if (wish->is_revoked)
		g_ptr_array_add(authority->revoked, certificate);
	return credential;
}

X509_CRL *tls_authority_revocations(const struct tls_authority *authority)
{
	struct random_stream random;
	X509_CRL *list;
	ASN1_TIME *time;

	if (authority->revoked->len == 0)
		return NULL;
	list = X509_CRL_new_ex(authority->library->context, NULL);
	X509_CRL_set_version(list, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(list, X509_get_subject_name(authority->root.certificate));
	time = ASN1_TIME_set(NULL, authority->valid_from_s);
	X509_CRL_set1_lastUpdate(list, time);
	for (guint i = 0; i < authority->revoked->len; i++) {
		X509_REVOKED *entry = X509_REVOKED_new();

		X509_REVOKED_set_serialNumber(entry,
					      X509_get_serialNumber(authority->revoked->pdata[i]));
		X509_REVOKED_set_revocationDate(entry, time);
		X509_CRL_add0_revoked(list, entry);
	}
	ASN1_TIME_set(time, authority->valid_to_s);
	X509_CRL_set1_nextUpdate(list, time);
	ASN1_TIME_free(time);
	X509_CRL_sort(list);
	random_init(&random, authority->seed, "revocations", "tls.authority");
	tls_library_draw_from(authority->library, &random);
	X509_CRL_sign(list, authority->root.key, EVP_sha256());
	tls_library_draw_from(authority->library, NULL);
	return list;
}

/* What was written to `memory`, which is freed. */
static char *text_of(BIO *memory)
{
	char *text, *copy;
	long length = BIO_get_mem_data(memory, &text);

	copy = g_strndup(text, (gsize)length);
	BIO_free(memory);
	return copy;
}

char *tls_authority_pem(const struct tls_authority *authority)
{
	BIO *memory = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(memory, authority->root.certificate);
	return text_of(memory);
}

char *tls_credential_pem(const struct tls_credential *credential)
{
	BIO *memory = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(memory, credential->certificate);
	PEM_write_bio_PrivateKey(memory, credential->key, NULL, NULL, 0, NULL, NULL);
	return text_of(memory);
}
