#include "app/dkim_keys.h"

#include "protocols/authentic/dkim_signature.h"

#define STRING_BYTES_MAX 255 /* of one character string (RFC 1035 section 3.3) */

struct dkim_key *dkim_keys_make(const struct node *node, const struct scenario_signer *signer)
{
	char *consumer = g_strdup_printf("dkim.%s.%s", signer->selector, signer->domain->item.name);
	struct random_stream random;
	struct dkim_key *key;

	node_random_init(node, &random, consumer);
	key = dkim_key_new((enum dkim_algorithm)signer->algorithm, &random);
	g_free(consumer);
	return key;
}

char *dkim_keys_owner(const struct scenario_signer *signer)
{
	return g_strdup_printf("%s._domainkey.%s", signer->selector, signer->domain->item.name);
}

char *dkim_keys_data(const struct dkim_key *key)
{
	char *text = dkim_key_record_emit(key);
	GString *out = g_string_new("\"");

	for (size_t i = 0; text[i] != '\0'; i++) {
		if (i > 0 && i % STRING_BYTES_MAX == 0)
			g_string_append(out, "\" \"");
		g_string_append_c(out, text[i]);
	}
	g_string_append_c(out, '"');
	g_free(text);
	return g_string_free(out, FALSE);
}
