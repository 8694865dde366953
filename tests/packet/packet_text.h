/* ARP packets and IPv4 datagrams as words of a dialogue (tests/packet/README.md), both ways. */
#pragma once
#include "sim/bytes.h"
#include "tests/packet/words.h"

#define PACKET_OTHER_PORT 40000 /* of the end that is not at port 53, where no line says it */

/* Whose packet it is when the words do not say. */
struct packet_ends {
	uint32_t source, destination;
	struct mac source_mac, destination_mac;
};

/* Appends the words of a datagram, or of an ARP packet. */
void packet_text_of_datagram(struct bytes datagram, const struct packet_ends *ends, GString *out);
void packet_text_of_arp(struct bytes packet, const struct packet_ends *ends, GString *out);

/*
 * Appends the words of a frame: those of what is in it, and "mac-to" where it goes to another MAC
 * address than ARP's broadcast or the ends' destination.
 */
void packet_text_of_frame(struct bytes frame, const struct packet_ends *ends, GString *out);

/* Builds the datagram, or the ARP packet, that the words describe. */
void packet_text_build_datagram(struct words *words, const struct packet_ends *ends,
				GByteArray *out);
void packet_text_build_arp(struct words *words, const struct packet_ends *ends, GByteArray *out);

/* The byte at `offset` of a payload that the words leave open. */
uint8_t packet_text_payload(size_t offset);

#define ICMP_KIND_TEXT_BYTES 32

/* "port-unreachable", ..., or "type 9 code 0". */
const char *icmp_kind_print(uint8_t type, uint8_t code, char out[ICMP_KIND_TEXT_BYTES]);
void icmp_kind_read(struct words *words, uint8_t *type, uint8_t *code);
