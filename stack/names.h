/*
 * What the `detail` of trace records of the layers from cable to UDP means, and how their `object`,
 * `before`, `after` and bytes are encoded. Pure: for views as well as for the stack. TCP has its
 * own (stack/tcp/names.h).
 */
#pragma once
#include "stack/layer.h"

/* LAYER_LINK: cables. */
enum link_detail {
	LINK_PLAIN,     /* TRANSMIT, RECEIVE.
	                        TRANSMIT: before: ns behind other frames and for the line; after: ns from the record to
	                        the first bit on the wire (processing and queue together) */
	LINK_CARRIER,   /* STATE; object: the link; before, after: 1 up, 0 cut */
	LINK_CORRUPTED, /* IMPAIR; before: bits flipped; after: the first of them, as bit offset */
	LINK_CORRUPTED_DEEP, /* IMPAIR; the same, where the FCS does not see it: in a faulty device */
	LINK_DUPLICATED,     /* IMPAIR; after: ns that the second copy comes later */
	LINK_HELD_BACK,      /* IMPAIR; after: extra ns, in which later frames overtake */
	LINK_QUEUE_FULL,     /* DROP; before: bytes waiting; after: bytes allowed */
	LINK_LOST,           /* DROP; at random */
	LINK_PICKED,         /* DROP; frame number `before` of this direction was to be dropped */
	LINK_DOWN,           /* DROP; the cable is cut, or is cut before the frame has arrived */
	LINK_NOT_CONNECTED, /* DROP; no cable */
	LINK_TARIFF,  /* STATE; a dial-up line: object: the link; before: ns of silence that end a
	                      call; after: price of a begun minute in millionths */
	LINK_LINE,    /* STATE; object: the link; before, after: enum link_line */
	LINK_ON_HOOK, /* DROP; the line is down, and this end cannot call */
	LINK_DETAIL_COUNT,
};

/* A dial-up line. A call begins, and costs, when it stands. */
enum link_line { LINE_DOWN, LINE_DIALLING, LINE_UP, LINE_STATE_COUNT };

/* LAYER_ETHERNET: interfaces and switches. */
enum ethernet_detail {
	ETHERNET_PLAIN,      /* ENCAPSULATE, DECAPSULATE */
	ETHERNET_KNOWN_PORT, /* FORWARD by a switch; before, after: ports in and out */
	ETHERNET_FLOODED,    /* FORWARD by a switch to every other port; the same */
	ETHERNET_LEARNED, /* TABLE; object: MAC as a 48-bit number; before, after: port, 0: none */
	ETHERNET_AGED,    /* TABLE; the same: not seen for 300 s */
	ETHERNET_BAD_FCS, /* DROP; before, after: FCS received and FCS computed */
	ETHERNET_MALFORMED,     /* DROP */
	ETHERNET_NOT_FOR_US,    /* IGNORE; another interface's MAC address */
	ETHERNET_UNKNOWN_TYPE,  /* DROP; before: the type */
	ETHERNET_SAME_PORT,     /* IGNORE by a switch: its destination is where it came from */
	ETHERNET_NO_OTHER_PORT, /* IGNORE by a switch: nowhere to flood to */
	ETHERNET_MIRRORED,    /* FORWARD by a switch: a copy for the port that mirrors; as above */
	ETHERNET_MIRROR_PORT, /* DROP by a switch: that port takes nothing */
	ETHERNET_DETAIL_COUNT,
};

/* State of a row of the ARP table, after RFC 4861 section 7.3.2 as Linux uses it for IPv4. */
enum arp_state {
	ARP_NONE,       /* no row */
	ARP_FAILED,     /* nobody has answered; whoever still does is believed */
	ARP_INCOMPLETE, /* asked by broadcast, no answer yet */
	ARP_REACHABLE,  /* confirmed not long ago */
	ARP_STALE,      /* not confirmed lately: used, but then checked */
	ARP_DELAY,      /* used while stale: checked in 5 s unless confirmed until then */
	ARP_PROBE,      /* asked by unicast, no answer yet */
	ARP_STATE_COUNT,
};

/*
 * LAYER_ARP. A TABLE record has detail ARP_ROW; object: IPv4 address; interface; before, after:
 * enum arp_state << 48 | MAC as a 48-bit number; after 0: the row is gone. Rows that age from
 * REACHABLE to STALE are recorded when that is noticed: at their next use.
 */
enum arp_detail {
	ARP_ROW,        /* TABLE */
	ARP_ASKS,       /* ENCAPSULATE, DECAPSULATE of a request */
	ARP_ANSWERS,    /* of a reply */
	ARP_PROBES,     /* of a request by unicast */
	ARP_ANNOUNCES,  /* of a gratuitous request or reply: sender and target address agree */
	ARP_RESOLVING,  /* WAIT: the MAC address of IPv4 address `object` is not known yet */
	ARP_QUEUE_FULL, /* DROP: the oldest packet waiting for it makes room */
	ARP_NO_ANSWER,  /* DROP: nobody has answered for IPv4 address `object` */
	ARP_MALFORMED,  /* DROP */
	ARP_NOT_FOR_US, /* IGNORE: asks for another host's address */
	ARP_NOT_ASKED,  /* DROP: answers a question nobody here asked */
	ARP_CONFLICT,   /* DROP: another MAC address (`object`) claims our IPv4 address */
	ARP_DETAIL_COUNT,
};

/*
 * LAYER_IPV4. TABLE records: IPV4_ROUTE has object: prefix << 8 | prefix length, before, after:
 * gateway << 32 | interface index (gateway 0: on the link; all 0: no row). IPV4_PATH_MTU has object:
 * destination; before, after: MTU in bytes.
 */
enum ipv4_detail {
	IPV4_PLAIN,            /* ENCAPSULATE, DECAPSULATE */
	IPV4_LOOPBACK,         /* ENCAPSULATE, DECAPSULATE: from this host to itself */
	IPV4_FORWARDED,        /* FORWARD; object: route as in IPV4_ROUTE; before, after: TTL;
	                             bytes: the rewritten header; interface: the outgoing one */
	IPV4_FRAGMENT,         /* DERIVE: a fragment of packet `object`; before: its offset; bytes,
	                             with the first: the datagram that is cut;
	                             ENCAPSULATE: the header of a fragment */
	IPV4_REASSEMBLED,      /* DERIVE: reassembled from packet `object`, a fragment; bytes,
	                             with the last: the datagram; DECAPSULATE: its header */
	IPV4_REASSEMBLING,     /* WAIT: for the other fragments; before: offset; after: length */
	IPV4_ROUTE,            /* TABLE */
	IPV4_PATH_MTU,         /* TABLE */
	IPV4_MALFORMED,        /* DROP */
	IPV4_BAD_CHECKSUM,     /* DROP */
	IPV4_BAD_SOURCE,       /* DROP: no host has this source address (RFC 1812 section 5.3.7) */
	IPV4_BAD_DESTINATION,  /* DROP: no host has this destination address */
	IPV4_BAD_OPTION,       /* DROP: answered with ICMP parameter problem; before: pointer */
	IPV4_SOURCE_ROUTED,    /* DROP: source routes are not obeyed (RFC 7126 section 4.3) */
	IPV4_NOT_FOR_US,       /* DROP: and this host does not forward */
	IPV4_TTL_EXPIRED,      /* DROP */
	IPV4_NO_ROUTE,         /* DROP; object: destination */
	IPV4_TOO_BIG,          /* DROP: DF is set; before: length; after: MTU */
	IPV4_UNKNOWN_PROTOCOL, /* DROP; before: the protocol */
	IPV4_OVERLAP,          /* DROP: fragments overlap: the datagram is given up (RFC 5722) */
	IPV4_DUPLICATE_FRAGMENT, /* DROP: the fragment is there already */
	IPV4_REASSEMBLY_TIMEOUT, /* DROP: the rest did not come within 30 s */
	IPV4_REASSEMBLY_FULL,    /* DROP: too much memory in unfinished datagrams */
	IPV4_DETAIL_COUNT,
};

/* LAYER_ICMP. What a message says is in its bytes. */
enum icmp_detail {
	ICMP_PLAIN,          /* ENCAPSULATE, DECAPSULATE; DERIVE: made because of packet `object` */
	ICMP_MALFORMED,      /* DROP */
	ICMP_BAD_CHECKSUM,   /* DROP */
	ICMP_UNKNOWN_TYPE,   /* DROP; before: the type */
	ICMP_BROADCAST_ECHO, /* DROP: an echo request to a broadcast address is not answered */
	ICMP_NOT_AWAITED,    /* DROP: an echo reply that no ping waits for, or waits for any more */
	ICMP_NOT_BELIEVED, /* DROP: a redirect that the present gateway did not send, or to nowhere */
	ICMP_DETAIL_COUNT,
};

/* LAYER_UDP. TABLE: object: local port; before, after: 1 open, 0 closed. */
enum udp_detail {
	UDP_PLAIN,        /* ENCAPSULATE, DECAPSULATE */
	UDP_SOCKET,       /* TABLE */
	UDP_MALFORMED,    /* DROP */
	UDP_BAD_CHECKSUM, /* DROP */
	UDP_PORT_CLOSED,  /* DROP: answered with ICMP port unreachable; before: the port */
	UDP_DETAIL_COUNT,
};

/* What a rule of a packet filter says. */
enum filter_verdict { FILTER_ALLOW, FILTER_DENY, FILTER_REJECT, FILTER_VERDICT_COUNT };

/* Which packets it is about, seen from its interface; a set. */
enum filter_direction { FILTER_IN = 1, FILTER_OUT = 2 };

/*
 * LAYER_FILTER. `object` is the number of the rule, from 1 in the order of the list; 0: none. A TABLE
 * record tells of a rule: before, after: ns from and to when it is in force; interface; bytes: verdict,
 * IP protocol (0: any), set of enum filter_direction, 1 when TCP is rejected by RST, lengths of source
 * and destination network, 1 byte each; least and most destination port, 2 bytes each (0 and 0: any);
 * source and destination network, 4 bytes each.
 */
enum filter_detail {
	FILTER_RULE,      /* TABLE */
	FILTER_ALLOWED,   /* FORWARD: rule `object` lets it through */
	FILTER_ANSWER,    /* FORWARD: it belongs to what was let through before */
	FILTER_NO_RULE,   /* FORWARD: no rule is about it */
	FILTER_DENIED,    /* DROP: by rule `object` */
	FILTER_REJECTED,  /* DROP: by rule `object`, and its sender was told */
	FILTER_MALFORMED, /* DROP: too short to be judged */
	FILTER_FULL,      /* DROP: no room to remember the flow */
	FILTER_DETAIL_COUNT,
};

#define FILTER_RULE_RECORD_BYTES 18

/*
 * LAYER_NAT. Endpoints are address << 16 | port; an ICMP query has its identifier as port. A TABLE
 * record has object: IP protocol << 16 | outside port; before, after: the inside endpoint, 0: none;
 * interface: the outside one. Mappings that expire are recorded when that is noticed: at the next
 * packet that may be translated.
 */
enum nat_detail {
	NAT_MAPPING,     /* TABLE: made by a packet from inside */
	NAT_PORT,        /* TABLE: a port that is always forwarded */
	NAT_SOURCE,      /* FORWARD: on the way out; object: IP protocol; before, after: the source;
	                       bytes: the rewritten headers */
	NAT_DESTINATION, /* FORWARD: on the way in; the same of the destination */
	NAT_QUOTED_SOURCE, /* FORWARD: an ICMP error on its way in; the same of the source of the
	                       datagram that it quotes; its own destination is that address, too */
	NAT_QUOTED_DESTINATION, /* FORWARD: an ICMP error on its way out; likewise reversed */
	NAT_HELD,        /* WAIT: a SYN from outside that nobody asked for (RFC 5382 REQ-4) */
	NAT_UNSOLICITED, /* DROP: 6 s later; answered by ICMP port unreachable */
	NAT_CROSSED,     /* DROP: such a SYN, because one from inside went out in the meantime */
	NAT_FILTERED,   /* DROP: from outside, from whom nothing was sent to; object: IP protocol */
	NAT_NO_MAPPING, /* DROP: about a flow that does not exist */
	NAT_FULL,       /* DROP: no mapping is free; answered by ICMP (RFC 5508 REQ-8) */
	NAT_UNTRANSLATABLE, /* DROP: its protocol has no ports; before: the protocol */
	NAT_MALFORMED,      /* DROP */
	NAT_BAD_CHECKSUM,   /* DROP: an ICMP error, or the header that it quotes (RFC 5508 REQ-3) */
	NAT_DETAIL_COUNT,
};

/*
 * LAYER_TAMPER: an attacker who overwrites text in TCP. `object` is the number of the rule, from 1. A
 * TABLE record has before, after: least and most port of either end (0 and 0: any); bytes: the text, NUL,
 * and what it is overwritten by.
 */
enum tamper_detail {
	TAMPER_RULE,        /* TABLE */
	TAMPER_OVERWRITTEN, /* FORWARD; before: offset in the segment's payload of the first place;
	                       after: how many places; bytes: the new text */
	TAMPER_DETAIL_COUNT,
};

extern const struct layer_names link_layer_names;
extern const struct layer_names ethernet_layer_names;
extern const struct layer_names arp_layer_names;
extern const struct layer_names ipv4_layer_names;
extern const struct layer_names icmp_layer_names;
extern const struct layer_names udp_layer_names;
extern const struct layer_names filter_layer_names;
extern const struct layer_names nat_layer_names;
extern const struct layer_names tamper_layer_names;

/* The name of an ARP state: "reachable". */
extern const char *const arp_state_names[ARP_STATE_COUNT];

/* "allow", "deny", "reject". */
extern const char *const filter_verdict_names[FILTER_VERDICT_COUNT];
