/* SASL exchanges as lines of base64. */
#include "protocols/sasl/sasl.h"

struct sasl_server *sasl_server_begin(enum sasl_mechanism mechanism,
				      const struct sasl_setting *setting)
{
	const char *host_name = setting->host_name != NULL ? setting->host_name : "localhost";
	char *nonce = sasl_nonce_new(setting->random);
	struct sasl_server *server = sasl_server_new(mechanism, host_name, nonce, setting->keys);

	g_free(nonce);
	return server;
}

static void encode(const GByteArray *message, GString *out)
{
	char *encoded = g_base64_encode(message->data, message->len);

	g_string_assign(out, encoded);
	g_free(encoded);
}

/* Answers SASL_ASK until the exchange says something or ends; `message` is taken. */
static enum sasl_status settle(struct sasl_server *server, const struct sasl_users *users,
			       enum sasl_status status, GByteArray *message, GString *out)
{
	if (status == SASL_ASK) {
		const char *password = users->find_password(users->owner, sasl_server_login(server),
							    sasl_server_authorization(server));

		status = sasl_server_answer(server, password, NULL, message);
	}
	encode(message, out);
	g_byte_array_unref(message);
	return status;
}

static enum sasl_status take(struct sasl_server *server, const struct sasl_users *users,
			     struct bytes line, bool is_initial, GString *out)
{
	size_t length;
	char *decoded = sasl_base64_decode(line, &length);
	struct bytes response = { (const uint8_t *)decoded, length };
	GByteArray *message;
	enum sasl_status status;

	if (decoded == NULL)
		return SASL_MALFORMED;
	message = g_byte_array_new();
	status = is_initial ? sasl_server_start(server, &response, message)
			    : sasl_server_step(server, response, message);
	status = settle(server, users, status, message, out);
	g_free(decoded);
	return status;
}

enum sasl_status sasl_server_start_text(struct sasl_server *server, const struct sasl_users *users,
					const struct bytes *initial, GString *out)
{
	if (initial != NULL)
		return take(server, users, *initial, true, out);

	GByteArray *message = g_byte_array_new();

	return settle(server, users, sasl_server_start(server, NULL, message), message, out);
}

enum sasl_status sasl_server_step_text(struct sasl_server *server, const struct sasl_users *users,
				       struct bytes line, GString *out)
{
	return take(server, users, line, false, out);
}

bool sasl_client_start_text(struct sasl_client *client, GString *out)
{
	GByteArray *message = g_byte_array_new();
	bool speaks_first = sasl_client_start(client, message);

	encode(message, out);
	if (speaks_first && message->len == 0)
		g_string_assign(out, "=");
	g_byte_array_unref(message);
	return speaks_first;
}

void sasl_client_step_text(struct sasl_client *client, struct bytes challenge, GString *out)
{
	GByteArray *message = g_byte_array_new();
	enum sasl_status status = SASL_MALFORMED;
	size_t length;
	char *decoded = sasl_base64_decode(challenge, &length);

	if (decoded != NULL)
		status = sasl_client_step(
		    client, (struct bytes) { (const uint8_t *)decoded, length }, message);
	if (status == SASL_SAY)
		encode(message, out);
	else
		g_string_assign(out, "*");
	g_free(decoded);
	g_byte_array_unref(message);
}
