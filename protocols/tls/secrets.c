#include "protocols/tls/secrets.h"

#include <glib.h>

static const char *const labels[TLS_SECRET_KIND_COUNT] = {
	[TLS_SECRET_MASTER] = "CLIENT_RANDOM",
	[TLS_SECRET_CLIENT_HANDSHAKE] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
	[TLS_SECRET_SERVER_HANDSHAKE] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
	[TLS_SECRET_CLIENT_TRAFFIC] = "CLIENT_TRAFFIC_SECRET_0",
	[TLS_SECRET_SERVER_TRAFFIC] = "SERVER_TRAFFIC_SECRET_0",
};

struct secret {
	uint8_t length; /* 0: not known */
	uint8_t bytes[TLS_SECRET_BYTES_MAX];
};

/* What is known of a connection. */
struct connection {
	uint8_t random[TLS_RANDOM_BYTES];
	struct secret secrets[TLS_SECRET_KIND_COUNT];
};

struct tls_secrets {
	GHashTable *connections; /* set of struct connection, by its random; look-ups only */
	size_t count;
};

static guint hash_random(gconstpointer data)
{
	const uint8_t *random = data;
	guint hash = 5381;

	for (unsigned i = 0; i < TLS_RANDOM_BYTES; i++)
		hash = hash * 33 + random[i];
	return hash;
}

static gboolean is_same_random(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, TLS_RANDOM_BYTES) == 0;
}

struct tls_secrets *tls_secrets_new(void)
{
	struct tls_secrets *secrets = g_new0(struct tls_secrets, 1);

	secrets->connections = g_hash_table_new_full(hash_random, is_same_random, g_free, NULL);
	return secrets;
}

void tls_secrets_free(struct tls_secrets *secrets)
{
	if (secrets == NULL)
		return;
	g_hash_table_destroy(secrets->connections);
	g_free(secrets);
}

/* The next word of a line, and what is behind it. */
static struct bytes take_word(struct bytes *line)
{
	struct bytes word = *line;

	word.length = 0;
	while (word.length < line->length && line->data[word.length] != ' ')
		word.length++;
	*line = bytes_from(*line, MIN(word.length + 1, line->length));
	return word;
}

/* Hexadecimal digits, two for each byte: how many bytes there are; 0: that is something else. */
static size_t read_hexadecimal(struct bytes digits, uint8_t *out, size_t capacity)
{
	if (digits.length % 2 != 0 || digits.length / 2 > capacity)
		return 0;
	for (size_t i = 0; i < digits.length; i += 2) {
		int high = g_ascii_xdigit_value((char)digits.data[i]);
		int low = g_ascii_xdigit_value((char)digits.data[i + 1]);

		if (high < 0 || low < 0)
			return 0;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	return digits.length / 2;
}

static int kind_of(struct bytes label)
{
	int kind = 0;

	while (kind < TLS_SECRET_KIND_COUNT && !bytes_equal(label, bytes_of(labels[kind])))
		kind++;
	return kind;
}

/* That of the ClientHello with this random, made where there is none; NULL: there is no room. */
static struct connection *connection_of(struct tls_secrets *secrets, const uint8_t *random)
{
	struct connection *connection = g_hash_table_lookup(secrets->connections, random);

	if (connection != NULL || g_hash_table_size(secrets->connections) >= TLS_SECRETS_MAX)
		return connection;
	connection = g_new0(struct connection, 1);
	memcpy(connection->random, random, TLS_RANDOM_BYTES);
	g_hash_table_add(secrets->connections, connection);
	return connection;
}

/* "CLIENT_RANDOM <64 digits> <96 digits>" */
static void add_line(struct tls_secrets *secrets, struct bytes line)
{
	int kind = kind_of(take_word(&line));
	uint8_t random[TLS_RANDOM_BYTES];
	struct secret secret = { 0 };
	struct connection *connection;

	if (kind == TLS_SECRET_KIND_COUNT ||
	    read_hexadecimal(take_word(&line), random, sizeof random) != sizeof random)
		return;
	secret.length =
	    (uint8_t)read_hexadecimal(take_word(&line), secret.bytes, sizeof secret.bytes);
	if (secret.length == 0)
		return;
	secrets->count++;
	connection = connection_of(secrets, random);
	if (connection != NULL)
		connection->secrets[kind] = secret;
}

void tls_secrets_add(struct tls_secrets *secrets, struct bytes text)
{
	while (text.length > 0) {
		const uint8_t *end = bytes_find_byte(text, '\n');
		size_t length = end == NULL ? text.length : (size_t)(end - text.data);
		struct bytes line = bytes_first(text, length);

		text = bytes_from(text, MIN(length + 1, text.length));
		if (line.length > 0 && line.data[line.length - 1] == '\r')
			line.length--;
		if (line.length <= TLS_SECRETS_LINE_BYTES)
			add_line(secrets, line);
	}
}

size_t tls_secrets_count(const struct tls_secrets *secrets)
{
	return secrets->count;
}

struct bytes tls_secrets_find(const struct tls_secrets *secrets, const uint8_t *random,
			      enum tls_secret_kind kind)
{
	const struct connection *connection = g_hash_table_lookup(secrets->connections, random);

	if (connection == NULL)
		return (struct bytes) { NULL, 0 };
	return (struct bytes) { connection->secrets[kind].bytes, connection->secrets[kind].length };
}
