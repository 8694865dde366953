/* What the parts of the player of dialogues share; see dialogue.h. */
#pragma once
#include <glib.h>
#include "protocols/dns/daemon.h"
#include "protocols/dns/resolver.h"
#include "stack/standalone.h"
#include "tests/packet/packet_text.h"
#include "tests/packet/segment.h"

#define HOST_ADDRESS        UINT32_C(0xc000020a) /* 192.0.2.10/26 */
#define PEER_ADDRESS        UINT32_C(0xc0000201) /* 192.0.2.1, also the gateway */
#define HOST_SECOND_ADDRESS UINT32_C(0xc6336401) /* 198.51.100.1/24, of a router */
#define OTHER_ADDRESS       UINT32_C(0xc6336402) /* 198.51.100.2, its neighbour there */

/* TCP: the connection between the host and its peer. */
struct dialogue_tcp {
	int listener, socket;
	bool reads;          /* the program reads whatever comes */
	uint64_t read_bytes; /* so far; the pattern goes on */
	uint64_t written_bytes;
	uint32_t host_isn, peer_isn;
	uint32_t host_end, peer_end;   /* relative: behind all sent so far */
	uint16_t host_port, peer_port; /* the host's: 25, or ephemeral */
	bool has_host_isn, has_timestamps, peer_offers_timestamps;
	bool has_fixed_isn;
	uint32_t first_timestamp, last_timestamp; /* the host's */
	bool has_timestamp;
};

/* ARP, ICMP and UDP: what the programs on the host saw. */
struct dialogue_network {
	uint16_t port; /* of the UDP socket; 0: there is none */
	struct udp_socket *socket;
	unsigned datagrams;        /* received */
	char *error;               /* told to the socket last; NULL: none */
	int64_t ping_result;       /* 0: none yet */
	struct ipv4_header *whole; /* of the datagram whose fragments come out; NULL: none */
	GByteArray *whole_payload;
	size_t whole_bytes; /* that came out so far */
};

/* DNS: the programs on the host. */
struct dialogue_dns {
	GPtrArray *zones; /* of struct dns_zone, until the daemon takes them */
	bool recurses;
	GArray *root_hints;       /* of struct dns_root_hint */
	struct dns_prefix client; /* the only ones that get recursion, if has_client */
	bool has_client;
	struct dns_daemon *daemon;
	struct dns_resolver *resolver, *dig;
	GString *resolved; /* the last outcome in words */
};

struct dialogue_forward {
	uint8_t protocol;
	uint16_t port;
	struct endpoint inside;
};

/* What stands in the way on a router, at eth1. */
struct dialogue_middlebox {
	bool translates;
	GArray *rules;    /* of struct filter_rule; NULL: no setting was seen yet */
	GArray *forwards; /* of struct dialogue_forward */
};

struct dialogue {
	const char *path;
	unsigned line;
	struct standalone *host;
	struct standalone_config config;
	int64_t time_ns;       /* of the present line */
	GHashTable *variables; /* of text, by name with its "$"; looked up only */
	struct dialogue_tcp tcp;
	struct dialogue_network network;
	struct dialogue_dns dns;
	struct dialogue_middlebox middlebox;
};

/* Fails the running test at the present line. */
void dialogue_mismatch(const struct dialogue *d, const char *format, ...)
    G_GNUC_PRINTF(2, 3) G_GNUC_NORETURN;

/* Gives the host an IPv4 datagram on an interface, framed if frames are wanted. */
void dialogue_give_datagram(struct dialogue *d, unsigned interface, struct bytes datagram);

/* The datagram in a packet of the host, without padding; of length 0 when it holds none. */
struct bytes dialogue_datagram_of(const struct dialogue *d, const struct standalone_packet *packet);

/* Fails unless the words, with variables, are those of `text`, which bind what is not yet known. */
void dialogue_compare(struct dialogue *d, char **wanted, const char *text);

/* A call or check by its name. */
struct dialogue_call {
	const char *name;
	unsigned least; /* words behind the name */
	void (*run)(struct dialogue *d, char **words);
};

/* Runs the call of `words[0]`; false when it is not in the table. */
bool dialogue_run(struct dialogue *d, const struct dialogue_call *calls, size_t count,
		  char **words);

/* Each part: a setting before the host is there, the start, a call or check, the end. */
bool dialogue_tcp_set(struct dialogue *d, char **words);
void dialogue_tcp_start(struct dialogue *d);
bool dialogue_tcp_play(struct dialogue *d, char **words);

bool dialogue_network_set(struct dialogue *d, char **words);
void dialogue_network_start(struct dialogue *d);
bool dialogue_network_play(struct dialogue *d, char **words);
void dialogue_network_end(struct dialogue *d);

bool dialogue_dns_set(struct dialogue *d, char **words);
void dialogue_dns_start(struct dialogue *d);
bool dialogue_dns_play(struct dialogue *d, char **words);
void dialogue_dns_end(struct dialogue *d);

bool dialogue_middlebox_set(struct dialogue *d, char **words);
void dialogue_middlebox_start(struct dialogue *d);
void dialogue_middlebox_end(struct dialogue *d);

/* TCP segments. */
bool dialogue_is_segment(struct bytes datagram);
void dialogue_give_segment(struct dialogue *d, struct described_segment *segment);
void dialogue_expect_segment(struct dialogue *d, const struct described_segment *wanted,
			     const struct standalone_packet *packet);
char *dialogue_describe_segment(struct dialogue *d, const struct standalone_packet *packet);

/* After each event: takes what was accepted, reads what came. */
void dialogue_tcp_after_event(struct dialogue *d);

/* Every other packet. `words` may end in "on eth1" and the like. */
void dialogue_give_text(struct dialogue *d, char **words);
void dialogue_expect_text(struct dialogue *d, char **words, const struct standalone_packet *packet);
char *dialogue_describe_text(const struct dialogue *d, const struct standalone_packet *packet);
