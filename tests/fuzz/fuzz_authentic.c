/*
 * Fuzzes the parsers of SPF, DKIM, DMARC and Authentication-Results. The first byte chooses which;
 * the machines get the rest as the record that DNS answers with, or as the message.
 */
#include <stddef.h>
#include <stdint.h>
#include "protocols/authentic/authentication_results.h"
#include "protocols/authentic/dkim_verify.h"
#include "protocols/authentic/dmarc.h"
#include "protocols/authentic/spf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A DNS answer that is the input itself, as TXT record. */
static struct dns_message *answer_with(struct bytes text)
{
	struct dns_message *message = dns_message_new();
	struct dns_record record = {
		.name = {(const uint8_t *)"", 1},
                  .type = DNS_TXT, .class = DNS_IN
	};
	GByteArray *strings = g_byte_array_new();

	do {
		struct bytes piece = bytes_first(text, 255);
		uint8_t length = (uint8_t)piece.length;

		g_byte_array_append(strings, &length, 1);
		if (length > 0)
			g_byte_array_append(strings, piece.data, length);
		text = bytes_from(text, piece.length);
	} while (text.length > 0);
	record.data = (struct bytes) { strings->data, strings->len };
	dns_message_add(message, DNS_ANSWER, &record);
	g_byte_array_unref(strings);
	return message;
}

static void check_spf(const struct dns_answer *answer)
{
	struct spf_request request = { .client = client_address_v4(0xc0000201),
				       .helo = "mx.example.org",
				       .sender = "strong-bad@email.example.com" };
	struct spf_check *check = spf_check_new(&request);

	while (spf_check_wish(check) != NULL)
		spf_check_answer(check, answer);
	spf_check_free(check);
}

static void check_dmarc(const struct dns_answer *answer)
{
	static const char *const signer = "b.example.net";
	struct dmarc_check *check =
	    dmarc_check_new(&(struct dmarc_request) { .from_domain = "a.mail.example.com",
						      .spf_domain = "example.org",
						      .dkim_domains = &signer,
						      .dkim_count = 1 });

	while (dmarc_check_wish(check) != NULL)
		dmarc_check_answer(check, answer);
	dmarc_check_free(check);
}

static void check_dkim(struct bytes message)
{
	struct dns_message *key = answer_with(
	    bytes_of("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="));
	struct dns_answer answer = { DNS_FOUND, key };
	struct dkim_check *check = dkim_check_new(message, 1795000000);

	while (dkim_check_wish(check) != NULL)
		dkim_check_answer(check, &answer);
	dkim_check_free(check);
	dns_message_free(key);
}

static void read_key(struct bytes text)
{
	char *record = g_strndup((const char *)text.data, text.length);
	struct dkim_key_record parsed;
	const char *problem;

	dkim_key_record_parse(record, DKIM_RSA_SHA256, &parsed, &problem);
	dkim_key_free(parsed.key);
	dkim_key_record_parse(record, DKIM_ED25519_SHA256, &parsed, &problem);
	dkim_key_free(parsed.key);
	g_free(record);
}

static void remove_results(struct bytes text)
{
	GBytes *message = g_bytes_new(text.data, text.length);
	GBytes *rest = authentication_results_remove(message, "mail.office.example");

	if (rest != NULL)
		g_bytes_unref(rest);
	g_bytes_unref(message);
	g_free(dmarc_from_domain(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data + 1, size - 1 };
	struct dns_answer answer = { .outcome = DNS_FOUND };
	struct dns_message *message;

	if (size < 1 || size > 20000)
		return 0;
	message = answer_with(in);
	answer.message = message;
	switch (data[0] % 6) {
	case 0:
		check_spf(&answer);
		break;
	case 1:
		check_dmarc(&answer);
		break;
	case 2:
		check_dkim(in);
		break;
	case 3:
		read_key(in);
		break;
	case 4:
		authentication_results_free(authentication_results_parse(in));
		break;
	default:
		remove_results(in);
		break;
	}
	dns_message_free(message);
	return 0;
}
