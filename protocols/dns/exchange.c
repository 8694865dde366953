#include "protocols/dns/exchange.h"

size_t dns_exchange_emit(const struct dns_exchange *exchange, const struct dns_question *question,
			 uint8_t out[DNS_UDP_BYTES])
{
	struct dns_message *query = dns_message_new();

	query->id = exchange->id;
	query->recursion_desired = exchange->recursion_desired;
	query->authentic_data = exchange->authentic_data;
	query->edns = (struct dns_edns) {
		.is_present = exchange->has_edns,
		.has_cookie = exchange->has_cookie,
		.cookie = exchange->cookie,
		.udp_bytes = DNS_UDP_BYTES_EDNS,
	};
	dns_message_ask(query, question);
	size_t length = dns_message_emit(query, DNS_UDP_BYTES, out);
	dns_message_free(query);
	return length;
}

/* A server that could not read the question may leave it out of its answer. */
static bool repeats_question(const struct dns_message *response,
			     const struct dns_question *question)
{
	const struct dns_question *repeated = &response->question;

	if (repeated->name.length == 0)
		return response->rcode == DNS_FORMERR || response->rcode == DNS_NOTIMP;
	return repeated->type == question->type && repeated->class == question->class &&
	       dns_name_equal(repeated->name, question->name);
}

enum dns_detail dns_exchange_accept(const struct dns_exchange *exchange,
				    const struct dns_question *question, struct endpoint from,
				    struct bytes message, struct dns_message **response)
{
	struct dns_message *parsed;

	if (from.address != exchange->server.address || from.port != exchange->server.port)
		return DNS_DROP_FORGED;
	if (dns_message_parse(message, &parsed) != PARSE_OK)
		return DNS_DROP_MALFORMED;
	if (!parsed->is_response || parsed->id != exchange->id || parsed->opcode != DNS_QUERY ||
	    !repeats_question(parsed, question)) {
		dns_message_free(parsed);
		return DNS_DROP_FORGED;
	}
	*response = parsed;
	return DNS_DETAIL_NONE;
}

bool dns_exchange_refused_edns(const struct dns_exchange *exchange,
			       const struct dns_message *response)
{
	return exchange->has_edns && !response->edns.is_present &&
	       (response->rcode == DNS_FORMERR || response->rcode == DNS_NOTIMP);
}
