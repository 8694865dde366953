/* DNS messages: parse and emit (RFC 1035 section 4), EDNS (RFC 6891), one question (RFC 9619). */
#pragma once
#include "protocols/dns/record.h"

#define DNS_PORT           53
#define DNS_HEADER_BYTES   12
#define DNS_UDP_BYTES      512   /* the longest UDP message without EDNS */
#define DNS_UDP_BYTES_EDNS 1232  /* what we offer, and the most we send (DNS flag day 2020) */
#define DNS_ALIASES_MAX    8     /* CNAMEs followed for one question */
#define DNS_TCP_BYTES      65535 /* the longest message behind a length prefix */

enum dns_opcode {
	DNS_QUERY = 0,
	DNS_INVERSE_QUERY = 1, /* obsolete (RFC 3425) */
	DNS_STATUS = 2,
	DNS_NOTIFY = 4,   /* RFC 1996 */
	DNS_UPDATE = 5,   /* RFC 2136 */
	DNS_STATEFUL = 6, /* RFC 8490 */
};

/* RFC 6895 section 2.3; above 15 only with EDNS. */
enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,  /* the question is malformed */
	DNS_SERVFAIL = 2, /* the server could not find out */
	DNS_NXDOMAIN = 3, /* the name does not exist */
	DNS_NOTIMP = 4,   /* not that kind of question */
	DNS_REFUSED = 5,  /* not for you */
	DNS_YXDOMAIN = 6, /* to 10: of an update (RFC 2136) */
	DNS_YXRRSET = 7,
	DNS_NXRRSET = 8,
	DNS_NOTAUTH = 9,
	DNS_NOTZONE = 10,
	DNS_DSOTYPENI = 11, /* RFC 8490 */
	DNS_BADVERS = 16,   /* EDNS version not supported */
	DNS_BADKEY = 17,    /* to 22: of signed messages (RFC 8945, RFC 2930) */
	DNS_BADTIME = 18,
	DNS_BADMODE = 19,
	DNS_BADNAME = 20,
	DNS_BADALG = 21,
	DNS_BADTRUNC = 22,
	DNS_BADCOOKIE = 23, /* RFC 7873 */
};

enum dns_section_index { DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL, DNS_SECTIONS };

/* Records of one section; the bytes belong to the message. */
struct dns_section {
	struct dns_record *records;
	unsigned count, room;
};

struct dns_question {
	struct dns_name name; /* length 0: there is no question */
	uint16_t type;
	uint16_t class;
};

/* The OPT pseudo-record. Options that come are skipped, as they may be; only a cookie is written. */
struct dns_edns {
	bool is_present;
	bool dnssec_ok;
	bool has_cookie; /* to be written */
	uint8_t version;
	uint16_t udp_bytes; /* the sender's limit */
	uint64_t cookie;    /* of a client (RFC 7873 section 4.1) */
};

struct dns_message {
	uint16_t id;
	uint8_t opcode;           /* enum dns_opcode */
	uint16_t rcode;           /* enum dns_rcode; above 15 only with EDNS */
	bool is_response;         /* QR */
	bool is_authoritative;    /* AA */
	bool is_truncated;        /* TC */
	bool recursion_desired;   /* RD */
	bool recursion_available; /* RA */
	bool authentic_data;      /* AD (RFC 4035) */
	bool checking_disabled;   /* CD */
	struct dns_edns edns;
	struct dns_question question;
	struct dns_section sections[DNS_SECTIONS];
	GStringChunk *storage; /* holds names and data */
};

/* An empty message with a header of zeros. */
struct dns_message *dns_message_new(void);
void dns_message_free(struct dns_message *message); /* NULL is fine */

/*
 * Parses a whole message. On PARSE_OK `*message` is new and the caller's. Bytes behind the last
 * record are PARSE_BAD_LENGTH; more than one question or OPT is PARSE_BAD_VALUE.
 */
enum parse_status dns_message_parse(struct bytes in, struct dns_message **message);

/* Sets the question; the name is copied. */
void dns_message_ask(struct dns_message *message, const struct dns_question *question);

/* Appends a copy of `record` to a section. */
void dns_message_add(struct dns_message *message, enum dns_section_index section,
		     const struct dns_record *record);

/* True when the section holds an equal record. */
bool dns_message_has(const struct dns_message *message, enum dns_section_index section,
		     const struct dns_record *record);

/*
 * Writes the message, names compressed, into at most `limit` bytes at `out` (DNS_UDP_BYTES or
 * more, so that header, question and OPT fit) and returns the length. Records that do not fit are left out from the end; TC is set when
 * they are of the answer or authority section (RFC 2181 section 9), and OPT is always kept.
 */
size_t dns_message_emit(const struct dns_message *message, size_t limit, uint8_t *out);
