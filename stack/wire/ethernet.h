/* Ethernet II frame header codec (IEEE 802.3 section 3, RFC 894). Pure. */
#pragma once
#include "sim/bytes.h"
#include "stack/wire/address.h"
#include "stack/wire/field.h"

#define ETHERNET_HEADER_BYTES    14
#define ETHERNET_FCS_BYTES       4
#define ETHERNET_MIN_FRAME_BYTES 60 /* without FCS; shorter frames are padded by their sender */
#define ETHERNET_MTU_BYTES       1500
#define ETHERNET_PREAMBLE_BYTES  8    /* with the start frame delimiter */
#define ETHERNET_GAP_BYTES       12   /* interpacket gap */
#define ETHERNET_TYPE_MIN        1536 /* smaller values are a length (IEEE 802.3 section 3.2.6) */

enum ethertype {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_ARP = 0x0806,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_SERVICE_VLAN = 0x88a8,     /* IEEE 802.1ad: the outer one of two tags */
	ETHERTYPE_OLD_SERVICE_VLAN = 0x9100, /* the same as switches had it before that */
};

struct ethernet_header {
	struct mac destination;
	struct mac source;
	uint16_t type; /* enum ethertype, or any other above ETHERNET_TYPE_MIN */
};

extern const struct field_table ethernet_fields;
extern const struct field_table ethernet_length_fields; /* with a length in place of the type */
extern const struct field_name ethertype_names[];       /* for every header with such a type */

/*
 * Parses the frame `in`, which ends before the FCS. `payload` may end in padding. A length instead
 * of a type is PARSE_UNSUPPORTED: ethernet_length() reads it.
 */
enum parse_status ethernet_header_parse(struct bytes in, struct ethernet_header *header,
					struct bytes *payload);

/* The addresses alone of a frame of at least ETHERNET_HEADER_BYTES; `header->type` stays. */
void ethernet_addresses_parse(struct bytes in, struct ethernet_header *header);

/* True when `in` has a length in place of a type: `length_bytes` of LLC behind the header. */
bool ethernet_length(struct bytes in, uint16_t *length_bytes);

/* Writes exactly ETHERNET_HEADER_BYTES bytes at `out`. */
void ethernet_header_emit(const struct ethernet_header *header, uint8_t *out);

/* The frame check sequence of `frame` as CRC-32 value. */
uint32_t ethernet_fcs(struct bytes frame);

/* Writes `fcs` at `out` as its 4 bytes stand on the wire: least significant first. */
void ethernet_fcs_emit(uint32_t fcs, uint8_t *out);
