/* The server's side of SASL exchanges. */
#include "protocols/sasl/scram.h"

/* What the next message of the client is. */
enum expected {
	EXPECT_FIRST,    /* its first */
	EXPECT_PASSWORD, /* LOGIN: behind the name; SCRAM: the proof */
	EXPECT_NOTHING,  /* SCRAM: the empty answer to our own proof */
	EXPECT_NO_MORE,
};

struct sasl_server {
	enum sasl_mechanism mechanism;
	enum expected expected;
	char *host_name, *nonce;
	struct sasl_keys *cache;
	char *login;
	char *authorization; /* whom it wants to act as; NULL: itself */
	char *password;      /* that the client gave; CRAM-MD5: its digest */
	char *binding;       /* SCRAM: the gs2-header */
	char *client_nonce;
	GString *transcript; /* SCRAM: the AuthMessage so far */
	struct scram_keys keys;
	bool is_known; /* SCRAM: there is such a user */
};

struct sasl_server *sasl_server_new(enum sasl_mechanism mechanism, const char *host_name,
				    const char *nonce, struct sasl_keys *keys)
{
	struct sasl_server *server = g_new0(struct sasl_server, 1);

	server->mechanism = mechanism;
	server->host_name = g_strdup(host_name);
	server->nonce = g_strdup(nonce);
	server->cache = keys;
	server->transcript = g_string_new(NULL);
	return server;
}

void sasl_server_free(struct sasl_server *server)
{
	if (server == NULL)
		return;
	g_string_free(server->transcript, TRUE);
	g_free(server->client_nonce);
	g_free(server->binding);
	g_free(server->password);
	g_free(server->authorization);
	g_free(server->login);
	g_free(server->nonce);
	g_free(server->host_name);
	g_free(server);
}

const char *sasl_server_login(const struct sasl_server *server)
{
	return server->login;
}

const char *sasl_server_authorization(const struct sasl_server *server)
{
	return server->authorization;
}

void sasl_salt(const char *host_name, const char *login, uint8_t salt[SASL_SALT_BYTES])
{
	GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
	uint8_t digest[SCRAM_HASH_BYTES];
	gsize length = sizeof digest;

	g_checksum_update(checksum, (const guchar *)host_name, (gssize)strlen(host_name) + 1);
	g_checksum_update(checksum, (const guchar *)login, (gssize)strlen(login));
	g_checksum_get_digest(checksum, digest, &length);
	g_checksum_free(checksum);
	memcpy(salt, digest, SASL_SALT_BYTES);
}

static enum sasl_status say(GByteArray *out, const char *text)
{
	g_byte_array_append(out, (const guint8 *)text, (guint)strlen(text));
	return SASL_SAY;
}

/* The message as a string; NULL when there is a NUL in it. The caller frees it. */
static char *text_of(struct bytes in)
{
	if (bytes_find_byte(in, '\0') != NULL)
		return NULL;
	return g_strndup((const char *)in.data, in.length);
}

/* An authorization identity is for whoever knows the users to judge; an empty one says nothing. */
static enum sasl_status ask_for(struct sasl_server *server, const char *authorization)
{
	if (authorization[0] != '\0')
		server->authorization = g_strdup(authorization);
	return SASL_ASK;
}

/* message = [authzid] UTF8NUL authcid UTF8NUL passwd (RFC 4616 section 2) */
static enum sasl_status take_plain(struct sasl_server *server, struct bytes in)
{
	const uint8_t *end = in.data + in.length;
	const uint8_t *first = bytes_find_byte(in, '\0');
	const uint8_t *second =
	    first != NULL ? memchr(first + 1, '\0', (size_t)(end - first - 1)) : NULL;

	if (second == NULL || second == first + 1 ||
	    memchr(second + 1, '\0', (size_t)(end - second - 1)) != NULL)
		return SASL_MALFORMED;
	server->login = g_strndup((const char *)first + 1, (gsize)(second - first - 1));
	server->password = g_strndup((const char *)second + 1, (gsize)(end - second - 1));
	return ask_for(server, (const char *)in.data);
}

static enum sasl_status take_login(struct sasl_server *server, struct bytes in, GByteArray *out)
{
	char *text = text_of(in);

	if (text == NULL || (server->login == NULL && text[0] == '\0')) {
		g_free(text);
		return SASL_MALFORMED;
	}
	if (server->login != NULL) {
		server->password = text;
		return SASL_ASK;
	}
	server->login = text;
	server->expected = EXPECT_PASSWORD;
	return say(out, "Password:");
}

/* The name, a blank, and the digest in hexadecimal digits (RFC 2195 section 2). */
static enum sasl_status take_digest(struct sasl_server *server, struct bytes in)
{
	char *text = text_of(in);
	char *blank = text != NULL ? strrchr(text, ' ') : NULL;

	if (blank == NULL || blank == text || strlen(blank + 1) != 32) {
		g_free(text);
		return SASL_MALFORMED;
	}
	server->login = g_strndup(text, (gsize)(blank - text));
	server->password = g_strdup(blank + 1);
	g_free(text);
	return SASL_ASK;
}

/* gs2-header = ("n" / "y") "," [ "a=" saslname ] ","; "p=" would bind to a channel that is not. */
static const char *skip_binding(const char *text)
{
	const char *end;

	if ((text[0] != 'n' && text[0] != 'y') || text[1] != ',')
		return NULL;
	if (text[2] != ',' && !g_str_has_prefix(text + 2, "a="))
		return NULL;
	end = strchr(text + 2, ',');
	return end == NULL ? NULL : end + 1;
}

/* The name behind "a=", "" without one; the caller frees it. */
static char *authorization_in(const char *binding)
{
	const char *name = binding + strlen("n,");
	char *escaped, *text;

	if (*name == ',')
		return g_strdup("");
	name += strlen("a=");
	escaped = g_strndup(name, strcspn(name, ","));
	text = scram_unescape(escaped);
	g_free(escaped);
	return text;
}

/* client-first-message = gs2-header "n=" saslname "," "r=" nonce ["," extensions] */
static enum sasl_status take_first(struct sasl_server *server, struct bytes in)
{
	char *text = text_of(in);
	const char *bare = text != NULL ? skip_binding(text) : NULL;
	const char *rest = bare;
	char *name = bare != NULL ? scram_take(&rest, 'n') : NULL;
	char *nonce = name != NULL ? scram_take(&rest, 'r') : NULL;
	char *authorization = nonce != NULL ? authorization_in(text) : NULL;
	enum sasl_status status = SASL_MALFORMED;

	if (authorization != NULL) {
		server->login = scram_unescape(name);
		server->binding = g_strndup(text, (gsize)(bare - text));
		server->client_nonce = g_strdup(nonce);
		g_string_assign(server->transcript, bare);
		if (server->login != NULL)
			status = ask_for(server, authorization);
	}
	g_free(authorization);
	g_free(nonce);
	g_free(name);
	g_free(text);
	return status;
}

/* server-first-message = "r=" c-nonce s-nonce "," "s=" salt "," "i=" iteration-count */
static enum sasl_status say_first(struct sasl_server *server, const char *password,
				  const uint8_t salt[SASL_SALT_BYTES], GByteArray *out)
{
	char *encoded = g_base64_encode(salt, SASL_SALT_BYTES);
	char *text = g_strdup_printf("r=%s%s,s=%s,i=%d", server->client_nonce, server->nonce,
				     encoded, SASL_ITERATIONS);

	server->is_known = password != NULL;
	scram_derive(server->cache, password != NULL ? password : "",
		     (struct bytes) { salt, SASL_SALT_BYTES }, SASL_ITERATIONS, &server->keys);
	g_string_append_printf(server->transcript, ",%s", text);
	server->expected = EXPECT_PASSWORD;
	say(out, text);
	g_free(text);
	g_free(encoded);
	return SASL_SAY;
}

/* ClientKey := ClientProof XOR ClientSignature; its hash is what we keep (RFC 5802 section 3). */
static bool proof_fits(const struct sasl_server *server, const char *encoded)
{
	uint8_t key[SCRAM_HASH_BYTES], stored[SCRAM_HASH_BYTES];
	size_t length;
	char *proof = sasl_base64_decode(bytes_of(encoded), &length);
	bool fits = false;

	if (proof != NULL && length == SCRAM_HASH_BYTES) {
		scram_sign(server->keys.stored, server->transcript->str, key);
		for (size_t i = 0; i < SCRAM_HASH_BYTES; i++)
			key[i] ^= (uint8_t)proof[i];
		scram_hash(key, stored);
		fits = server->is_known && memcmp(stored, server->keys.stored, sizeof stored) == 0;
	}
	g_free(proof);
	return fits;
}

static enum sasl_status say_verifier(struct sasl_server *server, GByteArray *out)
{
	uint8_t signature[SCRAM_HASH_BYTES];

	scram_sign(server->keys.server, server->transcript->str, signature);

	char *encoded = g_base64_encode(signature, sizeof signature);

	say(out, "v=");
	say(out, encoded);
	g_free(encoded);
	server->expected = EXPECT_NOTHING;
	return SASL_SAY;
}

/* client-final-message = "c=" base64 "," "r=" nonce ["," extensions] "," "p=" base64 */
static enum sasl_status take_proof(struct sasl_server *server, struct bytes in, GByteArray *out)
{
	char *text = text_of(in);
	const char *rest = text;
	const char *last = text != NULL ? strstr(text, ",p=") : NULL;
	char *binding = last != NULL ? scram_take(&rest, 'c') : NULL;
	char *nonce = binding != NULL ? scram_take(&rest, 'r') : NULL;
	char *wanted_nonce = g_strconcat(server->client_nonce, server->nonce, NULL);
	char *wanted_binding =
	    g_base64_encode((const guchar *)server->binding, strlen(server->binding));
	enum sasl_status status = SASL_MALFORMED;

	if (nonce != NULL && strcmp(nonce, wanted_nonce) == 0 &&
	    strcmp(binding, wanted_binding) == 0) {
		g_string_append_c(server->transcript, ',');
		g_string_append_len(server->transcript, text, last - text);
		status = proof_fits(server, last + 3) ? say_verifier(server, out) : SASL_REFUSED;
	}
	g_free(wanted_binding);
	g_free(wanted_nonce);
	g_free(nonce);
	g_free(binding);
	g_free(text);
	return status;
}

enum sasl_status sasl_server_start(struct sasl_server *server, const struct bytes *initial,
				   GByteArray *out)
{
	/* RFC 4954 section 4: no initial response where the server speaks first. */
	if (server->mechanism == SASL_CRAM_MD5) {
		if (initial != NULL)
			return SASL_MALFORMED;
		char *challenge = g_strdup_printf("<%s@%s>", server->nonce, server->host_name);

		say(out, challenge);
		g_free(challenge);
		return SASL_SAY;
	}
	if (initial != NULL)
		return sasl_server_step(server, *initial, out);
	return say(out, server->mechanism == SASL_LOGIN ? "Username:" : "");
}

static enum sasl_status step(struct sasl_server *server, struct bytes in, GByteArray *out)
{
	switch (server->mechanism) {
	case SASL_PLAIN:
		return take_plain(server, in);
	case SASL_LOGIN:
		return take_login(server, in, out);
	case SASL_CRAM_MD5:
		return take_digest(server, in);
	default:
		return server->expected == EXPECT_FIRST ? take_first(server, in)
							: take_proof(server, in, out);
	}
}

enum sasl_status sasl_server_step(struct sasl_server *server, struct bytes in, GByteArray *out)
{
	enum sasl_status status;

	if (server->expected == EXPECT_NO_MORE)
		return SASL_MALFORMED;
	if (server->expected == EXPECT_NOTHING)
		status = in.length == 0 ? SASL_SUCCEEDED : SASL_MALFORMED;
	else
		status = step(server, in, out);
	if (status != SASL_SAY)
		server->expected = EXPECT_NO_MORE;
	return status;
}

static bool digest_fits(const struct sasl_server *server, const char *password)
{
	char *challenge = g_strdup_printf("<%s@%s>", server->nonce, server->host_name);
	char *digest = g_compute_hmac_for_string(G_CHECKSUM_MD5, (const guchar *)password,
						 strlen(password), challenge, -1);
	bool fits = strcmp(digest, server->password) == 0;

	g_free(digest);
	g_free(challenge);
	return fits;
}

enum sasl_status sasl_server_answer(struct sasl_server *server, const char *password,
				    const uint8_t *salt, GByteArray *out)
{
	uint8_t own_salt[SASL_SALT_BYTES];
	bool fits;

	if (server->mechanism == SASL_SCRAM_SHA_256) {
		sasl_salt(server->host_name, server->login, own_salt);
		return say_first(server, password, salt != NULL ? salt : own_salt, out);
	}
	if (password == NULL)
		return SASL_REFUSED;
	fits = server->mechanism == SASL_CRAM_MD5 ? digest_fits(server, password)
						  : strcmp(password, server->password) == 0;
	return fits ? SASL_SUCCEEDED : SASL_REFUSED;
}
