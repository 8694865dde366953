/*
 * Fuzzes both sides of SASL. The first byte chooses mechanism and side; the rest are messages of the
 * other side, each ended by a NUL but for PLAIN, whose only one has NULs inside.
 */
#include <stddef.h>
#include <stdint.h>
#include "protocols/sasl/sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bytes take(struct bytes *in, enum sasl_mechanism mechanism)
{
	const uint8_t *end = in->length > 0 ? memchr(in->data, '\0', in->length) : NULL;
	size_t length =
	    end == NULL || mechanism == SASL_PLAIN ? in->length : (size_t)(end - in->data);
	struct bytes message = bytes_first(*in, length);

	*in = bytes_from(*in, end == NULL ? in->length : length + 1);
	return message;
}

static void serve(enum sasl_mechanism mechanism, struct bytes in)
{
	static const uint8_t salt[SASL_SALT_BYTES];
	struct sasl_server *server = sasl_server_new(mechanism, "host", "nonce", NULL);
	GByteArray *out = g_byte_array_new();
	enum sasl_status status = sasl_server_start(server, NULL, out);

	while (status == SASL_SAY && in.length > 0) {
		status = sasl_server_step(server, take(&in, mechanism), out);
		if (status == SASL_ASK)
			status = sasl_server_answer(server, "secret", salt, out);
	}
	sasl_server_free(server);
	g_byte_array_unref(out);
}

static void ask(enum sasl_mechanism mechanism, struct bytes in)
{
	struct sasl_client *client = sasl_client_new(mechanism, "login", "secret", "abc", NULL);
	GByteArray *out = g_byte_array_new();

	sasl_client_start(client, out);
	while (in.length > 0 && sasl_client_step(client, take(&in, mechanism), out) == SASL_SAY)
		;
	sasl_client_may_trust(client);
	sasl_client_free(client);
	g_byte_array_unref(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data + 1, size - 1 };
	size_t length;

	if (size < 1)
		return 0;
	g_free(sasl_base64_decode(in, &length));
	if (data[0] & 4)
		serve((enum sasl_mechanism)(data[0] & 3), in);
	else
		ask((enum sasl_mechanism)(data[0] & 3), in);
	return 0;
}
