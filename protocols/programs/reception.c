#include "protocols/programs/reception.h"

#include "protocols/programs/evidence.h"
#include "protocols/screening/names.h"
#include "stack/address.h"

#define CHECK_NAME "policy" /* as Postfix calls what it asks before any content filter */

static void record_check(struct node *node, enum actor actor, const struct mail_identity *identity,
			 bool has_failed, const char *text)
{
	GString *evidence = evidence_new(CHECK_NAME);

	evidence_text(evidence, text);
	trace_emit(node, NULL,
		   &(struct trace_record) {
		       .kind = TRACE_MAIL,
		       .layer = LAYER_MAIL,
		       .detail = MAIL_CHECKED,
		       .actor = (uint8_t)actor,
		       .root = identity->root,
		       .object = identity->object,
		       .before = has_failed ? SCREEN_FAILED : SCREEN_PASSED,
		       .after = has_failed ? SCREEN_REJECT : SCREEN_ACCEPT,
		   },
		   evidence_bytes(evidence));
	g_string_free(evidence, TRUE);
}

void reception_record_arrival(const struct reception *reception)
{
	const struct smtp_arrival *arrival = reception->arrival;
	GString *evidence = evidence_new(arrival->protocol);
	char address[IPV4_TEXT_BYTES];
	char *client = g_strdup_printf("%s[%s]", arrival->client_name,
				       ipv4_print(arrival->client_address, address));

	evidence_text(evidence, client);
	evidence_envelope(evidence, arrival->sender, arrival->recipients, arrival->recipient_count,
			  g_bytes_get_size(arrival->data));
	if (arrival->login != NULL)
		evidence_fact(evidence, "login", "%s", arrival->login);
	evidence_record(reception->node, reception->actor, MAIL_ARRIVED, &reception->identity, 0,
			evidence);
	g_free(client);
}

static void append_recipients(GString *text, const struct reception *reception)
{
	const struct smtp_arrival *arrival = reception->arrival;
	unsigned named = MIN(arrival->recipient_count, EVIDENCE_RECIPIENTS);

	for (unsigned i = 0; i < named; i++)
		g_string_append_printf(text, "; <%s> %s", arrival->recipients[i],
				       reception->place(reception->owner, arrival->recipients[i]));
	if (named < arrival->recipient_count)
		g_string_append_printf(text, "; %u more", arrival->recipient_count - named);
}

void reception_record_check(const struct reception *reception, const char *refusal)
{
	const struct smtp_arrival *arrival = reception->arrival;
	GString *text = g_string_new(NULL);

	if (refusal != NULL)
		g_string_append_printf(text, "%s; ", refusal);
	if (arrival->login != NULL)
		g_string_append_printf(text, "authenticated as %s", arrival->login);
	else
		g_string_append(text, "not authenticated");
	g_string_append_printf(text, "; %zu octets", g_bytes_get_size(arrival->data));
	if (reception->size_limit != 0)
		g_string_append_printf(text, " of %" G_GUINT64_FORMAT, reception->size_limit);
	append_recipients(text, reception);
	g_string_append_printf(text, "; hops: %u of %u", reception->hops, reception->hops_limit);
	record_check(reception->node, reception->actor, &reception->identity, refusal != NULL,
		     text->str);
	g_string_free(text, TRUE);
}

void reception_record_recipient(struct node *node, enum actor actor, const char *recipient,
				const char *why)
{
	struct mail_identity identity = mail_identity_of_arrival(node);
	char *text = g_strdup_printf("<%s> %s", recipient, why);

	record_check(node, actor, &identity, true, text);
	g_free(text);
}
