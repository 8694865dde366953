/* What the sentences about a hop are made of; for views/history_explain*.c only. */
#pragma once
#include "stack/wire/ethernet.h"
#include "stack/wire/ipv4.h"
#include "views/history_private.h"

struct telling {
	GString *out;
	const struct history *history;
	const struct history_hop *hop;
	const char *node; /* the name of its node */
};

/* The headers of a frame that a sentence may be about. */
struct telling_frame {
	bool has_ethernet, has_ipv4;
	struct ethernet_header ethernet;
	struct ipv4_header ipv4;
	uint32_t transport_bytes; /* of the header above IPv4; 0: none can be read */
	uint32_t payload_bytes;   /* behind it */
	const char *transport;    /* "TCP", "UDP", "ICMP", "ARP", "fragment"; NULL: none */
	const char *payload;      /* "SMTP", "TLS", "data"; NULL: there is none */
};

void telling_read(struct telling_frame *frame, const struct telling *telling, struct bytes bytes);

/* Appends the name of who has the address, else the address; "everybody" for the broadcast one. */
void telling_append_mac(const struct telling *telling, struct mac mac);
void telling_append_address(const struct telling *telling, uint32_t address);

/* "eth1 (server-lan)". */
void telling_append_interface(const struct telling *telling, unsigned interface);

/* " It had to wait 0.136 ms, ..." where the hop's packet waited for ARP; else nothing. */
void telling_append_wait(const struct telling *telling);

/* What a router did: views/history_explain_router.c. */
void telling_route(const struct telling *telling);

/* What a packet filter, or the translation of addresses, decided; with a space in front. */
void telling_append_middlebox(const struct telling *telling);

/* " (deny TCP to port 110, in at eth0)", when the trace tells of that rule. */
void telling_append_rule(const struct telling *telling, uint64_t number);

/* Where a packet ends: views/history_explain_end.c. */
void telling_deliver(const struct telling *telling);
void telling_drop(const struct telling *telling);
void telling_ignore(const struct telling *telling);
