/*
 * Anything as a DNS message: to the parser, the dissector, a server with a zone, and a resolver that
 * waits for an answer. What parses is emitted and must parse again, to the same bytes.
 */
#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include "protocols/dns/dissect.h"
#include "protocols/dns/recursion.h"
#include "protocols/dns/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void emit_and_parse_again(const struct dns_message *message)
{
	uint8_t *once = g_malloc(DNS_TCP_BYTES), *twice = g_malloc(DNS_TCP_BYTES);
	size_t length = dns_message_emit(message, DNS_TCP_BYTES, once);
	struct dns_message *again;

	if (dns_message_parse((struct bytes) { once, length }, &again) != PARSE_OK)
		g_error("what was emitted cannot be parsed");
	size_t second_length = dns_message_emit(again, DNS_TCP_BYTES, twice);
	if (!bytes_equal((struct bytes) { once, length }, (struct bytes) { twice, second_length }))
		g_error("what was emitted changes when it is emitted again");
	dns_message_emit(message, DNS_UDP_BYTES, twice);
	dns_message_free(again);
	g_free(once);
	g_free(twice);
}

static void print_records(const struct dns_message *message)
{
	GString *text = g_string_new(NULL);

	for (unsigned section = 0; section < DNS_SECTIONS; section++) {
		for (unsigned i = 0; i < message->sections[section].count; i++) {
			const struct dns_record *record = &message->sections[section].records[i];
			GByteArray *bytes = g_byte_array_new();

			g_string_truncate(text, 0);
			dns_data_print(record, text);
			if (!dns_data_from_text(record->type, text->str, bytes) ||
			    !bytes_equal((struct bytes) { bytes->data, bytes->len }, record->data))
				g_error("the text of a record does not say what it is: %s",
					text->str);
			g_byte_array_free(bytes, TRUE);
		}
	}
	g_string_free(text, TRUE);
}

static void dissect(struct bytes in, bool is_stream)
{
	struct dissect_unit units[32];
	struct dissect_state state = { 0 };
	const struct dissect_input input = { in, .is_stream = is_stream, .state = &state };

	dns_dissector.dissect(&input, units, G_N_ELEMENTS(units));
	dns_dissector.dissect(&input, units, 1);
}

static void ignore_reply(void *owner, const struct dns_client *client, struct bytes message)
{
	(void)owner;
	(void)client;
	(void)message;
}

static void ask_server(struct bytes in)
{
	struct dns_authority *authority = dns_authority_new();
	struct dns_zone *zone = dns_zone_new("a");
	const struct dns_client client = { .connection = in.length & 1 };

	dns_zone_add(zone, "a", DNS_SOA, 60, "a a 1 2 3 4 5");
	dns_zone_add(zone, "*.a", DNS_MX, 60, "1 b.a");
	dns_zone_add(zone, "b.a", DNS_CNAME, 60, "c.a");
	dns_zone_add(zone, "d.a", DNS_NS, 60, "e.d.a");
	dns_authority_add(authority, zone);
	struct dns_server *server = dns_server_new(&(struct dns_server_config) {
	    .authority = authority,
	    .reply = ignore_reply,
	});
	dns_server_receive(server, 0, &client, in);
	dns_server_free(server);
	dns_authority_free(authority);
}

/* A resolver in the middle of a lookup, whose server sends the input, with a fitting id. */
struct waiting {
	uint64_t exchange;
	struct endpoint server;
	uint8_t id[2];
};

static void note_query(void *owner, uint64_t exchange, struct endpoint server, bool over_tcp,
		       struct bytes message)
{
	struct waiting *waiting = owner;

	(void)over_tcp;
	waiting->exchange = exchange;
	waiting->server = server;
	memcpy(waiting->id, message.data, 2);
}

static void ignore_close(void *owner, uint64_t exchange)
{
	(void)owner;
	(void)exchange;
}

static void ignore_result(void *owner, const struct dns_message *result)
{
	(void)owner;
	(void)result;
}

static void answer_resolver(struct bytes in)
{
	static const struct dns_network network = { .send = note_query, .close = ignore_close };
	static const struct dns_root_hint hint = { "r", 1 };
	struct waiting waiting = { 0 };
	struct dns_cache *cache = dns_cache_new(8, NULL, NULL);
	struct dns_recursion_config config = {
		.root_hints = &hint,
		.root_hint_count = 1,
		.cache = cache,
		.network = &network,
		.owner = &waiting,
	};
	const struct dns_question question = {
		{(const uint8_t *)"\1b\1a", 5},
                (uint16_t)(in.length > 3 ? in.data[3] : 1), DNS_IN
	};

	random_init(&config.random, 1, "fuzz", "fuzz");
	struct dns_recursion *recursion = dns_recursion_new(&config);
	dns_recursion_ask(recursion, 0, &question, ignore_result, NULL);
	uint8_t *message = g_memdup2(in.data, in.length);
	for (int i = 0; i < 4 && dns_recursion_lookups(recursion) > 0; i++) {
		if (in.length >= 2)
			memcpy(message, waiting.id, 2);
		dns_recursion_receive(recursion, i, waiting.exchange, waiting.server,
				      (struct bytes) { message, in.length });
	}
	g_free(message);
	dns_recursion_free(recursion);
	dns_cache_free(cache);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct dns_message *message;

	if (size > DNS_TCP_BYTES)
		return 0;
	dissect(in, false);
	dissect(in, true);
	if (dns_message_parse(in, &message) == PARSE_OK) {
		emit_and_parse_again(message);
		print_records(message);
		dns_message_free(message);
	}
	ask_server(in);
	answer_resolver(in);
	return 0;
}
