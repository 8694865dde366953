/*
 * The bytes of a frame as layers of named fields, read by the codecs and their field tables alone.
 *
 * Any bytes are fine: a fragment, a truncated or a malformed frame gives the layers that can be
 * read, and the last of them says what is wrong. Nothing is allocated: the caller gives the struct
 * (about 50 KB), which refers to the frame's bytes and is valid as long as they are.
 */
#pragma once
#include "protocols/dissect.h"
#include "stack/wire/field.h"
#include "stack/wire/ipv6.h"

#define DECODE_BYTES_MAX     (UINT16_MAX + 64) /* of a frame; what is behind is not looked at */
#define DECODE_VLAN_TAGS_MAX 4
#define DECODE_LAYERS_MAX                                                                          \
	40 /* link, tags, IPv6 with 8 extensions, once more inside, ICMPv6, and quoted, TCP */
#define DECODE_FIELDS_MAX 512 /* further ones, as of long lists of addresses, are left out */
#define DECODE_UNITS_MAX  64  /* of the application's; more are counted in `unit_total` */

/* Kinds of captured packets: LINKTYPE_ numbers of tcpdump.org. */
enum decode_link {
	DECODE_LINK_NULL = 0, /* BSD loopback */
	DECODE_LINK_ETHERNET = 1,
	DECODE_LINK_RAW_12 = 12, /* as DECODE_LINK_RAW, as some systems write it */
	DECODE_LINK_RAW_14 = 14,
	DECODE_LINK_RAW = 101, /* IPv4 or IPv6, as its first bits say */
	DECODE_LINK_LOOP = 108,
	DECODE_LINK_COOKED = 113, /* Linux, all interfaces */
	DECODE_LINK_IPV4 = 228,
	DECODE_LINK_IPV6 = 229,
	DECODE_LINK_COOKED_V2 = 276,
};

enum decode_protocol {
	DECODE_ETHERNET,
	DECODE_ARP,
	DECODE_IPV4,
	DECODE_ICMP,
	DECODE_UDP,
	DECODE_TCP,
	DECODE_FRAGMENT,    /* payload of a later fragment: its transport header is in the first */
	DECODE_APPLICATION, /* payload that a dissector knows: `dissector`, units */
	DECODE_DATA,        /* payload that nobody knows, also echo data */
	DECODE_PADDING,     /* what Ethernet added to reach 60 bytes */
	DECODE_VLAN,
	DECODE_IPV6,
	DECODE_IPV6_EXTENSION,
	DECODE_ICMPV6,
	DECODE_COOKED, /* in place of Ethernet: stack/wire/cooked.h */
	DECODE_COOKED_V2,
	DECODE_LOOPBACK,
};

enum decode_checksum {
	CHECKSUM_NONE, /* the layer has none, or its sender computed none */
	CHECKSUM_RIGHT,
	CHECKSUM_WRONG,
	CHECKSUM_UNCHECKED, /* not all the bytes it covers are here */
	CHECKSUM_FORGONE, /* none, where there must be one: UDP over IPv6 (RFC 8200 section 8.1) */
	CHECKSUM_UNFINISHED, /* captured before the sender's network card completed it */
};

/* What else there is to say about a layer. */
enum decode_note {
	DECODE_NOTE_NONE,
	DECODE_NOTE_FIRST_FRAGMENT, /* the datagram goes on in other fragments */
	DECODE_NOTE_QUOTED_CUT,     /* quoted by an ICMP error, which shows only the beginning */
	DECODE_NOTE_OPTIONS_BAD,    /* the list of options is malformed */
	DECODE_NOTE_SNAPPED,        /* not all of its header was captured */
	DECODE_NOTE_HOP_LIMIT, /* Neighbor Discovery that may have come by a router: RFC 4861 */
	DECODE_NOTE_NO_LENGTH, /* IP says length 0: a network card was to cut it into packets */
};

struct decode_layer {
	uint8_t protocol;                  /* enum decode_protocol */
	uint8_t status;                    /* enum parse_status: what is wrong with its header */
	uint8_t checksum;                  /* enum decode_checksum */
	uint8_t note;                      /* enum decode_note */
	bool is_quoted;                    /* part of the datagram that an ICMP error quotes */
	const char *name;                  /* "IPv4", "SMTP", "data" */
	const struct field_table *table;   /* of its header; NULL for data and padding */
	const struct dissector *dissector; /* of DECODE_APPLICATION, else NULL */
	uint32_t start;                    /* offset in the frame; */
	uint32_t header_bytes;  /* of the header with its options; all of data and padding; */
	uint32_t payload_bytes; /* of what follows it and belongs to it */
	uint32_t cut_header_bytes, cut_payload_bytes; /* further ones of both, which are not here */
	uint16_t first_field; /* its fields are fields[first_field] and following */
	uint16_t field_count;
};

struct decode_field {
	const struct field *field;       /* name, purpose, reference, format */
	const struct field_table *table; /* the structure it is in: the header's or an option's */
	uint32_t structure; /* where that structure starts in the frame, and its length */
	uint32_t structure_bytes;
	uint32_t shift;      /* bytes behind its place in the table: repeated fields */
	uint32_t bit_offset; /* of the field, from the start of the frame */
	uint32_t bit_width;
	bool is_missing; /* the frame ends before the field does; `value` is 0 */
	uint64_t value;  /* 0 for fields of bytes */
};

struct decode {
	struct bytes frame;
	uint16_t layer_count, field_count, unit_count;
	uint32_t unit_total;
	bool has_addresses,
	    has_ports; /* not of what is quoted; of a tunnel the inner ones: who talks */
	struct ip_address source, destination;
	uint16_t source_port, destination_port;
	struct decode_layer layers[DECODE_LAYERS_MAX];
	struct decode_field fields[DECODE_FIELDS_MAX];
	struct dissect_unit
	    units[DECODE_UNITS_MAX]; /* offsets are from the application layer's start */
};

struct decode_options {
	uint16_t link_type;                        /* enum decode_link; of others all is data */
	bool wants_fields;                         /* else layers alone, which is faster */
	const struct dissector *const *dissectors; /* as below */
	size_t original_bytes; /* of the packet, where fewer were captured; 0: all were */
};

/* True for a link type of enum decode_link. */
bool decode_knows_link(uint16_t link_type);

/* What a link type is called, "Linux cooked capture v2"; a constant. NULL: it is not known here. */
const char *decode_link_name(uint16_t link_type);

/* Decodes a packet as it was captured, without FCS. */
void decode_packet(struct bytes packet, const struct decode_options *options,
		   struct decode *decode);

/*
 * Decodes `frame`, which begins with the Ethernet header and has no FCS. Payload at a port of one
 * of `dissectors` (ends with NULL; may be NULL) is handed to it without a state.
 */
void decode_frame(struct bytes frame, const struct dissector *const *dissectors,
		  struct decode *decode);

/* The same from the IPv4 or IPv6 header on, as after decapsulation. */
void decode_datagram(struct bytes datagram, const struct dissector *const *dissectors,
		     struct decode *decode);

/* The outermost layer of `protocol`, or NULL. */
const struct decode_layer *decode_find(const struct decode *decode, enum decode_protocol protocol);

/* The field of `layer` whose name is `name`, the first where it repeats; NULL: none. */
const struct decode_field *decode_find_field(const struct decode *decode,
					     const struct decode_layer *layer, const char *name);

/* Prints the value of a field as people read it; returns `out`. */
char *decode_field_print(const struct decode *decode, const struct decode_field *field,
			 char out[FIELD_TEXT_BYTES]);

/* What follows a layer's header and belongs to it. */
struct bytes decode_payload(const struct decode *decode, const struct decode_layer *layer);

/* What status, checksum and note of a layer say, for people: "checksum wrong"; NULL: all is well. */
const char *decode_complaint(const struct decode_layer *layer);

/*
 * Which layer of protocols/layer.h it is: the colour of its header. Data is the user's, what else stands
 * between headers the link's.
 */
unsigned decode_stack_layer(const struct decode_layer *layer);

/*
 * The dissector of a conversation between two ports, and whether the sender is its server. Ports of
 * servers are matched first at the destination. NULL: none.
 */
const struct dissector *decode_dissector(const struct dissector *const *dissectors, bool is_tcp,
					 uint16_t source_port, uint16_t destination_port,
					 bool *is_from_server);
