#include "protocols/programs/signing.h"

#include "protocols/authentic/dmarc.h"
#include "protocols/mail/message.h"

struct signing {
	struct mail_server_signer *signers;
	unsigned count;
};

struct signing *signing_new(const struct mail_server_signer *signers, unsigned count)
{
	struct signing *signing;

	if (count == 0)
		return NULL;
	signing = g_new0(struct signing, 1);
	signing->signers = g_new(struct mail_server_signer, count);
	signing->count = count;
	for (unsigned i = 0; i < count; i++) {
		signing->signers[i] = signers[i];
		signing->signers[i].domain = g_strdup(signers[i].domain);
		signing->signers[i].selector = g_strdup(signers[i].selector);
	}
	return signing;
}

void signing_free(struct signing *signing)
{
	if (signing == NULL)
		return;
	for (unsigned i = 0; i < signing->count; i++) {
		g_free((gpointer)signing->signers[i].domain);
		g_free((gpointer)signing->signers[i].selector);
	}
	g_free(signing->signers);
	g_free(signing);
}

static char *sign(const struct mail_server_signer *signer, struct bytes message, int64_t unix_time)
{
	return dkim_sign(
	    &(struct dkim_signer) {
		.domain = signer->domain,
		.selector = signer->selector,
		.key = signer->key,
		.header_form = signer->form,
		.body_form = signer->form,
		.lifetime_s = signer->lifetime_s,
	    },
	    message, unix_time);
}

static void append_evidence(GString *evidence, const struct mail_server_signer *signer)
{
	g_string_append_printf(evidence, "%sd=%s; s=%s; a=%s", evidence->len > 0 ? "; " : "",
			       signer->domain, signer->selector,
			       dkim_algorithm_names[dkim_key_algorithm(signer->key)]);
}

/* The signatures of all signers for `domain`, in their order. */
static GString *sign_all(const struct signing *signing, const char *domain, struct bytes message,
			 int64_t unix_time, GString *evidence)
{
	GString *fields = g_string_new(NULL);

	for (unsigned i = 0; i < signing->count; i++) {
		const struct mail_server_signer *signer = &signing->signers[i];
		char *field;

		if (g_ascii_strcasecmp(signer->domain, domain) != 0)
			continue;
		field = sign(signer, message, unix_time);
		g_string_append(fields, field);
		g_free(field);
		append_evidence(evidence, signer);
	}
	return fields;
}

GBytes *signing_apply(const struct signing *signing, GBytes *message, int64_t unix_time,
		      char **evidence)
{
	gsize length;
	const uint8_t *octets = g_bytes_get_data(message, &length);
	struct bytes data = { octets, length };
	char *domain = signing != NULL ? dmarc_from_domain(message_header_section(data)) : NULL;
	GString *found, *fields;
	GBytes *marked = NULL;

	*evidence = NULL;
	if (domain == NULL)
		return NULL;
	found = g_string_new(NULL);
	fields = sign_all(signing, domain, data, unix_time, found);
	if (fields->len > 0)
		marked = message_prepend(message, fields->str);
	g_string_free(fields, TRUE);
	*evidence = g_string_free(found, marked == NULL);
	g_free(domain);
	return marked;
}
