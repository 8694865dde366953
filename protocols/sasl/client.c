/* The client's side of SASL exchanges. */
#include "protocols/sasl/scram.h"

struct sasl_client {
	enum sasl_mechanism mechanism;
	char *login, *password, *nonce;
	struct sasl_keys *cache;
	unsigned steps;      /* messages of the server so far */
	GString *transcript; /* SCRAM: the AuthMessage so far */
	struct scram_keys keys;
	bool is_proved; /* SCRAM: the server knows the password too */
};

#define BINDING "n,," /* SCRAM: no channel is bound, and nobody else is spoken for */

struct sasl_client *sasl_client_new(enum sasl_mechanism mechanism, const char *login,
				    const char *password, const char *nonce, struct sasl_keys *keys)
{
	struct sasl_client *client = g_new0(struct sasl_client, 1);

	client->mechanism = mechanism;
	client->login = g_strdup(login);
	client->password = g_strdup(password);
	client->nonce = g_strdup(nonce);
	client->cache = keys;
	client->transcript = g_string_new(NULL);
	return client;
}

void sasl_client_free(struct sasl_client *client)
{
	if (client == NULL)
		return;
	g_string_free(client->transcript, TRUE);
	g_free(client->nonce);
	g_free(client->password);
	g_free(client->login);
	g_free(client);
}

static enum sasl_status say(GByteArray *out, const char *text)
{
	g_byte_array_append(out, (const guint8 *)text, (guint)strlen(text));
	return SASL_SAY;
}

static void say_plain(const struct sasl_client *client, GByteArray *out)
{
	g_byte_array_append(out, (const guint8 *)"", 1);
	g_byte_array_append(out, (const guint8 *)client->login, (guint)strlen(client->login) + 1);
	say(out, client->password);
}

/* client-first-message = gs2-header "n=" saslname "," "r=" c-nonce */
static void say_first(struct sasl_client *client, GByteArray *out)
{
	char *name = scram_escape(client->login);

	g_string_printf(client->transcript, "n=%s,r=%s", name, client->nonce);
	say(out, BINDING);
	say(out, client->transcript->str);
	g_free(name);
}

bool sasl_client_start(struct sasl_client *client, GByteArray *out)
{
	if (client->mechanism == SASL_PLAIN)
		say_plain(client, out);
	else if (client->mechanism == SASL_SCRAM_SHA_256)
		say_first(client, out);
	else
		return false;
	return true;
}

/* ClientProof := ClientKey XOR HMAC(StoredKey, AuthMessage) (RFC 5802 section 3) */
static void say_proof(struct sasl_client *client, const char *nonce, GByteArray *out)
{
	char *binding = g_base64_encode((const guchar *)BINDING, strlen(BINDING));
	char *text = g_strdup_printf("c=%s,r=%s", binding, nonce);
	uint8_t proof[SCRAM_HASH_BYTES];

	g_string_append_printf(client->transcript, ",%s", text);
	scram_sign(client->keys.stored, client->transcript->str, proof);
	for (size_t i = 0; i < SCRAM_HASH_BYTES; i++)
		proof[i] ^= client->keys.client[i];

	char *encoded = g_base64_encode(proof, sizeof proof);

	say(out, text);
	say(out, ",p=");
	say(out, encoded);
	g_free(encoded);
	g_free(text);
	g_free(binding);
}

static bool derive(struct sasl_client *client, const char *encoded_salt, const char *iterations)
{
	guint64 count;
	size_t length;
	char *salt = sasl_base64_decode(bytes_of(encoded_salt), &length);
	bool is_right =
	    salt != NULL && length > 0 && length <= SCRAM_SALT_MAX &&
	    g_ascii_string_to_unsigned(iterations, 10, 1, SASL_ITERATIONS_MAX, &count, NULL);

	if (is_right)
		scram_derive(client->cache, client->password,
			     (struct bytes) { (const uint8_t *)salt, length }, (unsigned)count,
			     &client->keys);
	g_free(salt);
	return is_right;
}

/* server-first-message = "r=" nonce "," "s=" salt "," "i=" iteration-count ["," extensions] */
static enum sasl_status answer_first(struct sasl_client *client, const char *text, GByteArray *out)
{
	const char *rest = text;
	char *nonce = scram_take(&rest, 'r');
	char *salt = nonce != NULL ? scram_take(&rest, 's') : NULL;
	char *iterations = salt != NULL ? scram_take(&rest, 'i') : NULL;
	enum sasl_status status = SASL_MALFORMED;

	if (iterations != NULL && g_str_has_prefix(nonce, client->nonce) &&
	    strlen(nonce) > strlen(client->nonce) && derive(client, salt, iterations)) {
		g_string_append_printf(client->transcript, ",%s", text);
		say_proof(client, nonce, out);
		status = SASL_SAY;
	}
	g_free(iterations);
	g_free(salt);
	g_free(nonce);
	return status;
}

/* server-final-message = "v=" base64; or "e=" and why not. Nothing is left to say. */
static enum sasl_status check_verifier(struct sasl_client *client, const char *text)
{
	uint8_t wanted[SCRAM_HASH_BYTES];
	char *encoded;

	scram_sign(client->keys.server, client->transcript->str, wanted);
	encoded = g_base64_encode(wanted, sizeof wanted);
	client->is_proved = g_str_has_prefix(text, "v=") && strcmp(text + 2, encoded) == 0;
	g_free(encoded);
	return client->is_proved ? SASL_SAY : SASL_REFUSED;
}

static enum sasl_status answer_digest(const struct sasl_client *client, const char *challenge,
				      GByteArray *out)
{
	char *digest = g_compute_hmac_for_string(G_CHECKSUM_MD5, (const guchar *)client->password,
						 strlen(client->password), challenge, -1);

	say(out, client->login);
	say(out, " ");
	say(out, digest);
	g_free(digest);
	return SASL_SAY;
}

static enum sasl_status step(struct sasl_client *client, const char *text, GByteArray *out)
{
	unsigned number = client->steps++;

	switch (client->mechanism) {
	case SASL_LOGIN:
		return number < 2 ? say(out, number == 0 ? client->login : client->password)
				  : SASL_MALFORMED;
	case SASL_CRAM_MD5:
		return number == 0 ? answer_digest(client, text, out) : SASL_MALFORMED;
	case SASL_SCRAM_SHA_256:
		return number == 0   ? answer_first(client, text, out)
		       : number == 1 ? check_verifier(client, text)
				     : SASL_MALFORMED;
	default:
		return SASL_MALFORMED;
	}
}

enum sasl_status sasl_client_step(struct sasl_client *client, struct bytes in, GByteArray *out)
{
	char *text = g_strndup((const char *)in.data, in.length);
	enum sasl_status status =
	    strlen(text) == in.length ? step(client, text, out) : SASL_MALFORMED;

	g_free(text);
	return status;
}

bool sasl_client_may_trust(const struct sasl_client *client)
{
	return client->mechanism != SASL_SCRAM_SHA_256 || client->is_proved;
}
