#include "protocols/programs/evidence.h"

#include "stack/address.h"

GString *evidence_new(const char *text)
{
	return g_string_new(text);
}

void evidence_text(GString *evidence, const char *text)
{
	g_string_append_c(evidence, '\0');
	g_string_append(evidence, text);
}

void evidence_fact(GString *evidence, const char *name, const char *format, ...)
{
	va_list arguments;

	g_string_append_c(evidence, '\0');
	g_string_append(evidence, name);
	g_string_append_c(evidence, '=');
	va_start(arguments, format);
	g_string_append_vprintf(evidence, format, arguments);
	va_end(arguments);
}

void evidence_envelope(GString *evidence, const char *sender, const char *const *recipients,
		       unsigned recipient_count, size_t size_bytes)
{
	GString *list = g_string_new(NULL);
	unsigned named = MIN(recipient_count, EVIDENCE_RECIPIENTS);

	for (unsigned i = 0; i < named; i++)
		g_string_append_printf(list, "%s<%s>", i == 0 ? "" : ",", recipients[i]);
	if (named < recipient_count)
		g_string_append_printf(list, " and %u more", recipient_count - named);
	evidence_fact(evidence, "from", "<%s>", sender);
	evidence_fact(evidence, "to", "%s", list->str);
	evidence_fact(evidence, "size", "%zu", size_bytes);
	g_string_free(list, TRUE);
}

char *evidence_server(const char *host, struct endpoint endpoint)
{
	char address[IPV4_TEXT_BYTES];

	return g_strdup_printf("%s[%s]:%u", host, ipv4_print(endpoint.address, address),
			       endpoint.port);
}

GString *evidence_transaction(const char *server, const struct smtp_transfer *transfer)
{
	GString *evidence = evidence_new(server);

	evidence_envelope(evidence, transfer->sender, transfer->recipients,
			  transfer->recipient_count, g_bytes_get_size(transfer->data));
	return evidence;
}

void evidence_record(struct node *node, enum actor actor, enum mail_detail detail,
		     const struct mail_identity *identity, uint64_t after, GString *evidence)
{
	mail_record(node, actor, detail, identity, after, evidence_bytes(evidence));
	g_string_free(evidence, TRUE);
}
