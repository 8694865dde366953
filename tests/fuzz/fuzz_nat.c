/*
 * Datagrams from both sides into a router that filters and translates. The input is a row of them:
 * a control byte, the length in two bytes, the datagram. Control: bit 0 the side, bit 1 to have its
 * checksums corrected, bit 2 to send it on from what came out last (so that answers and errors fit),
 * the rest the time to pass before it in steps of 8 s. What comes out must have right checksums
 * where what went in had.
 */
#include <glib.h>
#include <stdlib.h>
#include "stack/host.h"
#include "stack/ipv4.h"
#include "stack/middlebox.h"
#include "stack/standalone.h"
#include "stack/wire/checksum.h"
#include "stack/wire/icmp.h"
#include "stack/wire/tcp.h"

#define INSIDE             UINT32_C(0x0a000001) /* 10.0.0.1 */
#define OUTSIDE            UINT32_C(0xc6336401) /* 198.51.100.1 */

#define DATAGRAM_BYTES_MAX 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_rules(struct host *host)
{
	struct filter *filter = host_filter(host);

	filter_add(filter, &(struct filter_rule) { .verdict = FILTER_REJECT,
						   .port_least = 25,
						   .port_most = 25,
						   .resets = true,
						   .to_ns = INT64_MAX });
	filter_add(filter, &(struct filter_rule) { .verdict = FILTER_REJECT,
						   .port_least = 26,
						   .port_most = 26,
						   .to_ns = INT64_MAX });
	filter_add(filter, &(struct filter_rule) {
			       .verdict = FILTER_DENY, .protocol = 200, .to_ns = INT64_MAX });
}

static void repair(uint8_t *datagram, size_t length)
{
	struct ipv4_header header;
	struct bytes payload;

	if (ipv4_header_parse((struct bytes) { datagram, length }, &header, &payload) != PARSE_OK)
		return;
	uint8_t *transport = datagram + header.header_bytes;
	uint32_t pseudo =
	    checksum_pseudo(header.source, header.destination, header.protocol, payload.length);

	if (header.protocol == IP_PROTOCOL_ICMP && payload.length >= ICMP_HEADER_BYTES) {
		if (icmp_is_error(transport[0]) && payload.length >= 28)
			ipv4_checksum_set(transport + 8);
		icmp_checksum_set(transport, payload.length);
	} else if (header.protocol == IP_PROTOCOL_TCP && payload.length >= TCP_HEADER_BYTES) {
		put_be16(transport + 16, 0);
		put_be16(transport + 16, checksum_finish(checksum_add(pseudo, payload)));
	} else if (header.protocol == IP_PROTOCOL_UDP && payload.length >= 8) {
		put_be16(transport + 6, 0);
		put_be16(transport + 6, checksum_finish(checksum_add(pseudo, payload)));
	}
	ipv4_checksum_set(datagram);
}

static void check(struct bytes datagram, bool was_right)
{
	struct ipv4_header header;
	struct bytes payload;

	if (ipv4_header_parse(datagram, &header, &payload) != PARSE_OK ||
	    !ipv4_checksum_is_right(datagram))
		abort();
	if (!was_right || header.more_fragments || header.fragment_offset_bytes != 0)
		return;
	if (header.protocol == IP_PROTOCOL_ICMP && payload.length >= ICMP_HEADER_BYTES &&
	    !icmp_checksum_is_right(payload))
		abort();
	if (header.protocol == IP_PROTOCOL_TCP && payload.length >= TCP_HEADER_BYTES &&
	    !tcp_checksum_is_right(payload, header.source, header.destination))
		abort();
}

/* What came out last, to be answered: source and destination exchanged. */
static void answer(struct bytes last, uint8_t *datagram, size_t length)
{
	if (length < 24 || last.length < 24)
		return;
	memcpy(datagram + 12, last.data + 16, 4);
	memcpy(datagram + 16, last.data + 12, 4);
	memcpy(datagram + 20, last.data + 22, 2);
	memcpy(datagram + 22, last.data + 20, 2);
}

static void give_all(struct standalone *standalone, struct bytes in)
{
	uint8_t datagram[DATAGRAM_BYTES_MAX], last[DATAGRAM_BYTES_MAX];
	size_t last_bytes = 0;
	bool all_right = true; /* a fragment that is not joins the others */

	while (in.length >= 3) {
		uint8_t control = in.data[0];
		struct bytes given =
		    bytes_first(bytes_from(in, 3), MIN(get_be16(in.data + 1), DATAGRAM_BYTES_MAX));
		struct standalone_packet packet;

		if (given.length > 0)
			memcpy(datagram, given.data, given.length);
		if (control & 4)
			answer((struct bytes) { last, last_bytes }, datagram, given.length);
		if (control & 2)
			repair(datagram, given.length);
		all_right = all_right && (control & 2);
		standalone_advance(standalone, standalone_now(standalone) +
						   (control >> 3) * INT64_C(8000000000) + 1);
		standalone_give_at(standalone, control & 1,
				   (struct bytes) { datagram, given.length });
		standalone_advance(standalone, standalone_now(standalone) + 1000000);
		while (standalone_take(standalone, &packet)) {
			check(packet.bytes, all_right);
			last_bytes = MIN(packet.bytes.length, sizeof last);
			memcpy(last, packet.bytes.data, last_bytes);
		}
		in = bytes_from(in, 3 + given.length);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct standalone *standalone = standalone_new(&(struct standalone_config) {
	    .address = INSIDE,
	    .prefix_length = 24,
	    .second_address = OUTSIDE,
	    .second_prefix_length = 24,
	});
	struct host *host = standalone_host(standalone);
	struct nat *nat = host_translate(host, host_interface(host, 2));

	nat_forward_port(nat, IP_PROTOCOL_TCP, 80, (struct endpoint) { INSIDE + 9, 8080 });
	add_rules(host);
	give_all(standalone, (struct bytes) { data, size });
	standalone_advance(standalone, standalone_now(standalone) + INT64_C(10000000000000));
	standalone_free(standalone);
	return 0;
}
