#include "protocols/authentic/dns_view.h"

#include <arpa/inet.h>

/* What is no letter of a host name means itself: names come from mail, not from zone files. */
static char *escape_name(const char *name)
{
	GString *out = g_string_new(NULL);

	for (; *name != '\0'; name++) {
		if (g_ascii_isalnum(*name) || strchr("-_.", *name) != NULL)
			g_string_append_c(out, *name);
		else
			g_string_append_printf(out, "\\%03u", (unsigned)(uint8_t)*name);
	}
	return g_string_free(out, FALSE);
}

bool dns_wish_set(struct dns_wish *wish, const char *name, uint16_t type)
{
	char *text = escape_name(name);
	struct dns_name_buffer buffer;
	struct dns_name parsed;
	bool is_name = text[0] != '\0' && dns_name_from_text(text, &buffer, &parsed);

	g_free(text);
	if (!is_name)
		return false;
	dns_name_print(parsed, wish->name);
	wish->type = type;
	return true;
}

bool dns_view_has_failed(const struct dns_answer *answer)
{
	return answer->outcome == DNS_FAILED || answer->outcome == DNS_REFERRAL;
}

static const struct dns_section *answers_of(const struct dns_answer *answer)
{
	static const struct dns_section none;

	if (answer->outcome != DNS_FOUND || answer->message == NULL)
		return &none;
	return &answer->message->sections[DNS_ANSWER];
}

static void free_string(gpointer string)
{
	g_string_free(string, TRUE);
}

/* <character-string>s, each behind its length (RFC 1035 section 3.3). */
static GString *join_strings(struct bytes data)
{
	GString *text = g_string_new(NULL);

	while (data.length > 0) {
		struct bytes part = bytes_first(bytes_from(data, 1), data.data[0]);

		g_string_append_len(text, (const char *)part.data, (gssize)part.length);
		data = bytes_from(data, 1 + part.length);
	}
	return text;
}

GPtrArray *dns_view_texts(const struct dns_answer *answer)
{
	const struct dns_section *answers = answers_of(answer);
	GPtrArray *texts = g_ptr_array_new_with_free_func(free_string);

	for (unsigned i = 0; i < answers->count; i++)
		if (answers->records[i].type == DNS_TXT)
			g_ptr_array_add(texts, join_strings(answers->records[i].data));
	return texts;
}

GPtrArray *dns_view_hosts(const struct dns_answer *answer)
{
	const struct dns_section *answers = answers_of(answer);
	GPtrArray *hosts = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 0; i < answers->count; i++) {
		const struct dns_record *record = &answers->records[i];
		char text[DNS_NAME_TEXT_BYTES];
		struct dns_name host;
		uint16_t preference;

		if (dns_record_mx(record, &preference, &host) ||
		    (record->type == DNS_PTR && dns_record_host(record, &host)))
			g_ptr_array_add(hosts, g_strdup(dns_name_print(host, text)));
	}
	return hosts;
}

struct client_address client_address_v4(uint32_t address)
{
	struct client_address result = { .is_v6 = false };

	put_be32(result.octets, address);
	return result;
}

bool client_address_parse(const char *text, struct client_address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	*address = (struct client_address) { .is_v6 = false };
	if (inet_pton(AF_INET, text, address->octets) == 1)
		return true;
	if (inet_pton(AF_INET6, text, address->octets) != 1)
		return false;
	address->is_v6 = memcmp(address->octets, mapped, sizeof mapped) != 0;
	if (!address->is_v6)
		*address = client_address_v4(get_be32(address->octets + sizeof mapped));
	return true;
}

const char *client_address_print(const struct client_address *address,
				 char out[CLIENT_ADDRESS_TEXT_BYTES])
{
	return inet_ntop(address->is_v6 ? AF_INET6 : AF_INET, address->octets, out,
			 CLIENT_ADDRESS_TEXT_BYTES);
}

bool client_address_matches(const struct client_address *a, const struct client_address *b,
			    unsigned prefix_length)
{
	unsigned whole = prefix_length / 8, rest = prefix_length % 8;
	uint8_t mask = (uint8_t)(0xff << (8 - rest));

	if (a->is_v6 != b->is_v6 || memcmp(a->octets, b->octets, whole) != 0)
		return false;
	return rest == 0 || ((a->octets[whole] ^ b->octets[whole]) & mask) == 0;
}

static bool read_address(const struct dns_record *record, struct client_address *address)
{
	uint32_t v4;

	if (dns_record_address(record, &v4)) {
		*address = client_address_v4(v4);
		return true;
	}
	if (record->type != DNS_AAAA || record->data.length != sizeof address->octets)
		return false;
	address->is_v6 = true;
	memcpy(address->octets, record->data.data, sizeof address->octets);
	return true;
}

bool dns_view_has_address(const struct dns_answer *answer, const struct client_address *address,
			  unsigned prefix_length)
{
	const struct dns_section *answers = answers_of(answer);
	struct client_address found;

	for (unsigned i = 0; i < answers->count; i++)
		if (read_address(&answers->records[i], &found) &&
		    client_address_matches(&found, address, prefix_length))
			return true;
	return false;
}
