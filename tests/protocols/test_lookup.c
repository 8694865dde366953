/* Looking up the address of a name as glibc does: A and AAAA together. */
#include <check.h>
#include <stdlib.h>
#include "protocols/dns/message.h"
#include "protocols/dns/resolver.h"
#include "protocols/programs/lookup.h"
#include "stack/wire/udp.h"
#include "tests/onehost.h"

struct result {
	unsigned count;
	enum lookup_outcome outcome;
	uint32_t address;
};

static void note(void *owner, enum lookup_outcome outcome, uint32_t address)
{
	struct result *result = owner;

	result->count++;
	result->outcome = outcome;
	result->address = address;
}

/* A query as it was sent, and the answer to it. */
struct sent {
	struct ipv4_header ip;
	struct udp_header udp;
	struct bytes message;
	uint16_t id;
};

static struct sent sent_at(const struct onehost *test, unsigned index)
{
	struct sent sent;
	struct bytes datagram;

	sent.ip = onehost_sent_ipv4(test, index, &datagram);
	ck_assert_int_eq(udp_header_parse(datagram, &sent.udp, &sent.message), PARSE_OK);
	sent.id = get_be16(sent.message.data);
	return sent;
}

/* The server answers `query` with `rcode`, and with the address when it is not 0. */
static void answer(struct onehost *test, const struct sent *query, uint8_t rcode, uint32_t address)
{
	static const uint8_t record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4 };
	uint8_t datagram[512], *message = datagram + UDP_HEADER_BYTES;
	size_t length = query->message.length;

	memcpy(message, query->message.data, length);
	message[2] = 0x85; /* a response, authoritative */
	message[3] = 0x80 | rcode;
	if (address != 0) {
		message[7] = 1;
		memcpy(message + length, record, sizeof record);
		put_be32(message + length + sizeof record, address);
		length += sizeof record + 4;
	}
	struct udp_header udp = {
		.source_port = 53,
		.destination_port = query->udp.source_port,
		.length_bytes = (uint16_t)(UDP_HEADER_BYTES + length),
	};

	udp_header_emit(&udp, datagram);
	onehost_give_ipv4(test,
			  &(struct ipv4_header) {
			      .ttl = 64,
			      .protocol = IP_PROTOCOL_UDP,
			      .source = ONEHOST_PEER,
			      .destination = ONEHOST_US,
			  },
			  (struct bytes) { datagram, UDP_HEADER_BYTES + length });
}

/* The server's host has no such port. */
static void refuse(struct onehost *test, const struct sent *query)
{
	uint8_t message[ICMP_HEADER_BYTES + IPV4_HEADER_BYTES + UDP_HEADER_BYTES];
	struct icmp_header icmp = { .type = ICMP_DESTINATION_UNREACHABLE,
				    .code = ICMP_PORT_UNREACHABLE };

	icmp_header_emit(&icmp, message);
	ipv4_header_emit(&query->ip, message + ICMP_HEADER_BYTES);
	ipv4_checksum_set(message + ICMP_HEADER_BYTES);
	udp_header_emit(&query->udp, message + ICMP_HEADER_BYTES + IPV4_HEADER_BYTES);
	icmp_checksum_set(message, sizeof message);
	onehost_give_ipv4(test,
			  &(struct ipv4_header) {
			      .ttl = 64,
			      .protocol = IP_PROTOCOL_ICMP,
			      .source = ONEHOST_PEER,
			      .destination = ONEHOST_US,
			  },
			  (struct bytes) { message, sizeof message });
}

struct asked {
	struct onehost test;
	struct dns_resolver *resolver;
	struct result result;
	struct sent a, aaaa;
};

static void ask(struct asked *asked)
{
	*asked = (struct asked) { 0 };
	onehost_init(&asked->test, NODE_HOST);
	onehost_resolve_peer(&asked->test);
	asked->resolver = dns_resolver_new(asked->test.host, ONEHOST_PEER, DNS_ASKER_LIBRARY);
	lookup_new(asked->resolver, "mail.x.example", true, note, &asked->result);
	asked->a = sent_at(&asked->test, 0);
	asked->aaaa = sent_at(&asked->test, 1);
}

static void done(struct asked *asked)
{
	dns_resolver_free(asked->resolver);
	onehost_clear(&asked->test);
}

START_TEST(both_questions_leave_by_one_socket)
{
	struct asked asked;

	ask(&asked);
	ck_assert_uint_eq(asked.a.udp.source_port, asked.aaaa.udp.source_port);
	ck_assert_uint_eq(asked.a.ip.identification + 1, asked.aaaa.ip.identification);
	ck_assert_uint_ne(asked.a.id, asked.aaaa.id);
	ck_assert_uint_eq(onehost_count(&asked.test, TRACE_TABLE, LAYER_UDP, UDP_SOCKET), 1);
	answer(&asked.test, &asked.aaaa, 0, 0); /* in either order */
	ck_assert_uint_eq(asked.result.count, 0);
	answer(&asked.test, &asked.a, 0, ONEHOST_FAR);
	ck_assert_uint_eq(asked.result.count, 1);
	ck_assert_int_eq(asked.result.outcome, LOOKUP_FOUND);
	ck_assert_uint_eq(asked.result.address, ONEHOST_FAR);
	ck_assert_uint_eq(onehost_count(&asked.test, TRACE_TABLE, LAYER_UDP, UDP_SOCKET), 2);
	done(&asked);
}
END_TEST

START_TEST(what_was_not_answered_is_asked_again_from_there)
{
	struct asked asked;

	ask(&asked);
	answer(&asked.test, &asked.a, 0, ONEHOST_FAR);
	onehost_run_until(&asked.test, 6 * NS_PER_S);
	unsigned index = 2;

	while (get_be16(onehost_sent(&asked.test, index).data + 12) != ETHERTYPE_IPV4)
		index++; /* ARP probes the server */
	struct sent again = sent_at(&asked.test, index);

	ck_assert_uint_eq(again.id, asked.aaaa.id);
	ck_assert_uint_eq(again.udp.source_port, asked.a.udp.source_port);
	answer(&asked.test, &asked.a, 0, ONEHOST_FAR); /* too late: it was answered */
	ck_assert_uint_eq(asked.result.count, 0);
	answer(&asked.test, &again, 0, 0);
	ck_assert_uint_eq(asked.result.count, 1);
	ck_assert_uint_eq(asked.result.address, ONEHOST_FAR);
	done(&asked);
}
END_TEST

/* One error for each: both try once more, and then give up, without waiting for 5 s. */
START_TEST(errors_are_about_both_in_turn)
{
	struct asked asked;

	ask(&asked);
	refuse(&asked.test, &asked.a);
	ck_assert_uint_eq(sent_at(&asked.test, 2).id, asked.a.id);
	refuse(&asked.test, &asked.aaaa);
	ck_assert_uint_eq(sent_at(&asked.test, 3).id, asked.aaaa.id);
	refuse(&asked.test, &asked.a);
	ck_assert_uint_eq(asked.result.count, 0);
	refuse(&asked.test, &asked.aaaa);
	ck_assert_uint_eq(asked.result.count, 1);
	ck_assert_int_eq(asked.result.outcome, LOOKUP_FAILED);
	ck_assert_uint_eq(asked.test.sent->len, 4);
	done(&asked);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lookup");
	TCase *tcase = tcase_create("lookup");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(tcase, both_questions_leave_by_one_socket);
	tcase_add_test(tcase, what_was_not_answered_is_asked_again_from_there);
	tcase_add_test(tcase, errors_are_about_both_in_turn);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
