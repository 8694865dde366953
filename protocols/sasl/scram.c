#include "protocols/sasl/scram.h"

/* Keys by what they come from, for look-ups only. */
struct sasl_keys {
	GHashTable *by_source; /* char * to struct scram_keys * */
};

#define KEYS_MAX 10000 /* then all are forgotten: hostile servers choose the salts of clients */

struct sasl_keys *sasl_keys_new(void)
{
	struct sasl_keys *keys = g_new0(struct sasl_keys, 1);

	keys->by_source = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return keys;
}

void sasl_keys_free(struct sasl_keys *keys)
{
	if (keys == NULL)
		return;
	g_hash_table_unref(keys->by_source);
	g_free(keys);
}

static void finish(GHmac *hmac, uint8_t digest[SCRAM_HASH_BYTES])
{
	gsize length = SCRAM_HASH_BYTES;

	g_hmac_get_digest(hmac, digest, &length);
	g_hmac_unref(hmac);
}

static void hmac(const GHmac *keyed, struct bytes first, struct bytes second,
		 uint8_t digest[SCRAM_HASH_BYTES])
{
	GHmac *copy = g_hmac_copy(keyed);

	g_hmac_update(copy, first.data, (gssize)first.length);
	if (second.length > 0)
		g_hmac_update(copy, second.data, (gssize)second.length);
	finish(copy, digest);
}

/* Hi(str, salt, i): PBKDF2 with one block (section 2.2). */
static void stretch(const char *password, struct bytes salt, unsigned iterations,
		    uint8_t out[SCRAM_HASH_BYTES])
{
	static const uint8_t block[] = { 0, 0, 0, 1 };
	GHmac *keyed = g_hmac_new(G_CHECKSUM_SHA256, (const guchar *)password, strlen(password));
	uint8_t round[SCRAM_HASH_BYTES];

	hmac(keyed, salt, (struct bytes) { block, sizeof block }, round);
	memcpy(out, round, SCRAM_HASH_BYTES);
	for (unsigned i = 1; i < iterations; i++) {
		hmac(keyed, (struct bytes) { round, sizeof round }, (struct bytes) { NULL, 0 },
		     round);
		for (size_t k = 0; k < SCRAM_HASH_BYTES; k++)
			out[k] ^= round[k];
	}
	g_hmac_unref(keyed);
}

void scram_sign(const uint8_t key[SCRAM_HASH_BYTES], const char *message,
		uint8_t signature[SCRAM_HASH_BYTES])
{
	GHmac *keyed = g_hmac_new(G_CHECKSUM_SHA256, key, SCRAM_HASH_BYTES);

	g_hmac_update(keyed, (const guchar *)message, (gssize)strlen(message));
	finish(keyed, signature);
}

void scram_hash(const uint8_t in[SCRAM_HASH_BYTES], uint8_t hash[SCRAM_HASH_BYTES])
{
	GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize length = SCRAM_HASH_BYTES;

	g_checksum_update(checksum, in, SCRAM_HASH_BYTES);
	g_checksum_get_digest(checksum, hash, &length);
	g_checksum_free(checksum);
}

static void compute(const char *password, struct bytes salt, unsigned iterations,
		    struct scram_keys *keys)
{
	stretch(password, salt, iterations, keys->salted);
	scram_sign(keys->salted, "Client Key", keys->client);
	scram_hash(keys->client, keys->stored);
	scram_sign(keys->salted, "Server Key", keys->server);
}

void scram_derive(struct sasl_keys *cache, const char *password, struct bytes salt,
		  unsigned iterations, struct scram_keys *keys)
{
	char *encoded = g_base64_encode(salt.data, salt.length);
	char *source = g_strdup_printf("%u,%s,%s", iterations, encoded, password);
	const struct scram_keys *known =
	    cache != NULL ? g_hash_table_lookup(cache->by_source, source) : NULL;

	g_free(encoded);
	if (known != NULL) {
		*keys = *known;
		g_free(source);
		return;
	}
	compute(password, salt, iterations, keys);
	if (cache == NULL) {
		g_free(source);
		return;
	}
	if (g_hash_table_size(cache->by_source) >= KEYS_MAX)
		g_hash_table_remove_all(cache->by_source);
	g_hash_table_insert(cache->by_source, source, g_memdup2(keys, sizeof *keys));
}

/* attr-val = ALPHA "=" value, value = 1*value-char, which is no comma. */
char *scram_take(const char **in, char name)
{
	const char *text = *in;
	size_t length;

	if (text[0] != name || text[1] != '=')
		return NULL;
	text += 2;
	length = strcspn(text, ",");
	if (length == 0)
		return NULL;
	*in = text[length] == ',' ? text + length + 1 : text + length;
	return g_strndup(text, length);
}

char *scram_escape(const char *name)
{
	GString *out = g_string_new(NULL);

	for (; *name != '\0'; name++)
		if (*name == ',')
			g_string_append(out, "=2C");
		else if (*name == '=')
			g_string_append(out, "=3D");
		else
			g_string_append_c(out, *name);
	return g_string_free(out, FALSE);
}

char *scram_unescape(const char *name)
{
	GString *out = g_string_new(NULL);

	while (*name != '\0') {
		bool is_comma = g_str_has_prefix(name, "=2C");

		if (*name != '=') {
			g_string_append_c(out, *name++);
		} else if (is_comma || g_str_has_prefix(name, "=3D")) {
			g_string_append_c(out, is_comma ? ',' : '=');
			name += 3;
		} else {
			g_string_free(out, TRUE);
			return NULL;
		}
	}
	return g_string_free(out, FALSE);
}
