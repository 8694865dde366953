/* UDP header codec (RFC 768). Pure: no state, no allocation. */
#pragma once
#include "sim/bytes.h"
#include "stack/wire/field.h"

#define UDP_HEADER_BYTES 8

struct udp_header { /* all fields in host byte order */
	uint16_t source_port;
	uint16_t destination_port;
	uint16_t length_bytes; /* header and payload together */
	uint16_t checksum;     /* 0: the sender computed none */
};

extern const struct field_table udp_fields;

/*
 * Parses the datagram at the front of `in`. On PARSE_OK, `payload` is the part
 * of `in` after the header; otherwise both outputs are untouched.
 * Does not verify the checksum: that needs the IP addresses (udp_checksum_is_right()).
 */
enum parse_status udp_header_parse(struct bytes in, struct udp_header *header,
				   struct bytes *payload);

/* Writes exactly UDP_HEADER_BYTES bytes at `out`. */
void udp_header_emit(const struct udp_header *header, uint8_t *out);

/*
 * Completes the emitted header at `out` with its checksum, whatever stood there. `payload_sum` is
 * checksum_add() or checksum_copy() of the payload from 0. A result of 0 is sent as 0xffff.
 */
void udp_checksum_set(uint8_t *out, uint32_t payload_sum, uint32_t source, uint32_t destination);

/* Verifies `datagram`, header and payload; true when the sender computed none. */
bool udp_checksum_is_right(struct bytes datagram, uint32_t source, uint32_t destination);
