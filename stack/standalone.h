/*
 * One host's stack by itself, for tools that drive it from outside: sockets by number, packets in
 * and out as bytes, and a clock that moves only when told. Nothing else of this project is needed
 * to use it; every run with the same calls gives the same packets.
 *
 *     struct standalone *s = standalone_new(&(struct standalone_config) {
 *             .address = 0xc0000201, .prefix_length = 24 });       // 192.0.2.1/24
 *     int listener = standalone_listen(s, 25);
 *     standalone_give(s, syn);                                     // an IPv4 datagram with a SYN
 *     while (standalone_take(s, &packet))                          // its SYN-ACK
 *             judge(packet.bytes, packet.time_ns);
 *     standalone_advance(s, 40000000);                             // 40 ms later
 *
 * Each network has one neighbour, the gateway, which answers ARP by itself for every address unless
 * whole frames are asked for. UDP, ICMP and the programs of this project use standalone_host().
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "sim/bytes.h"
#include "stack/wire/address.h"

struct host;
struct standalone;

struct standalone_config {
	uint64_t seed;
	uint32_t address; /* IPv4, host order */
	uint8_t prefix_length;
	uint32_t gateway;        /* IPv4 of the way to everywhere else; 0: there is none */
	uint16_t mtu_bytes;      /* 0: 1500 */
	uint32_t second_address; /* not 0: a router, with a second interface of this address */
	uint8_t second_prefix_length;
	bool whole_frames; /* give and take Ethernet frames, ARP among them, not IPv4 datagrams */
	const char *congestion; /* "cubic" or "reno"; NULL: "cubic" */
};

/* NULL when there is no such congestion control. */
struct standalone *standalone_new(const struct standalone_config *config);
void standalone_free(struct standalone *standalone);

/* The host, for stack/socket.h, its tables, and programs that run on it and must end before it. */
struct host *standalone_host(struct standalone *standalone);

/* MAC addresses of interface 0 or 1: the host's, and its neighbour's. */
struct mac standalone_mac(unsigned interface);
struct mac standalone_neighbour_mac(unsigned interface);

/* Clock: virtual ns since standalone_new(). */
int64_t standalone_now(const struct standalone *standalone);

/* Moves the clock to `time_ns` and runs all that is due until then, at its time. */
void standalone_advance(struct standalone *standalone, int64_t time_ns);

/* When something is due next, or INT64_MAX. May be early; never late. */
int64_t standalone_next(struct standalone *standalone);

/* Packets. */

struct standalone_packet {
	struct bytes bytes; /* valid until the next call of standalone_take() */
	int64_t time_ns;    /* when it was sent */
	unsigned interface; /* 0, or 1: the second of a router */
};

/* A packet arrives now: an IPv4 datagram, or a whole frame without FCS. */
void standalone_give(struct standalone *standalone, struct bytes packet);

/* The same on a router's interface 0 or 1. */
void standalone_give_at(struct standalone *standalone, unsigned interface, struct bytes packet);

/* The oldest packet sent and not yet taken; false: there is none. */
bool standalone_take(struct standalone *standalone, struct standalone_packet *packet);

/* Sockets: numbers from 1; 0 means failure. A number is not used again. */

/* Listens on `port`; 0 when that is taken. */
int standalone_listen(struct standalone *standalone, uint16_t port);

/* The next connection accepted on the listener; 0: there is none. */
int standalone_accept(struct standalone *standalone, int listener);

/* Opens a connection; how it goes on is told by standalone_status(). */
int standalone_connect(struct standalone *standalone, uint32_t address, uint16_t port);

/* Bytes taken; fewer than asked when the send buffer is full. With `more`, more will follow at once. */
size_t standalone_write(struct standalone *standalone, int socket, struct bytes bytes, bool more);

/* Reads up to `room` bytes and returns how many there were. */
size_t standalone_read(struct standalone *standalone, int socket, uint8_t *out, size_t room);

void standalone_shutdown(struct standalone *standalone, int socket); /* no more will be written */
void standalone_close(struct standalone *standalone, int socket);    /* also of listeners */
void standalone_abort(struct standalone *standalone, int socket);    /* with RST */

enum standalone_option {
	STANDALONE_NO_DELAY,          /* 1: without the Nagle algorithm */
	STANDALONE_KEEPALIVE_IDLE_MS, /* not 0: keepalive probes after so long */
	STANDALONE_KEEPALIVE_EVERY_MS,
	STANDALONE_KEEPALIVE_PROBES,
	STANDALONE_URGENT, /* any value: what is written so far ends urgent data */
	/* Of the whole host, with socket 0: */
	STANDALONE_INITIAL_SEQUENCE, /* of connections opened from now on, not hashed */
};

void standalone_set(struct standalone *standalone, int socket, enum standalone_option option,
		    int64_t value);

struct standalone_status {
	const char *state;   /* "ESTABLISHED", "LISTEN", ...; "CLOSED" when all is over */
	bool was_opened;     /* the handshake was completed */
	bool has_ended;      /* the peer will send no more, and all was read */
	bool is_closed;      /* both directions ended in order */
	const char *failure; /* "refused", "reset", "timed out", "unreachable"; NULL: none */
	size_t readable_bytes;
	size_t urgent_bytes; /* of these and later ones, up to the end of urgent data */
	uint32_t congestion_window, slow_start_threshold; /* bytes; 0 when all is over */
	uint16_t local_port;
};

struct standalone_status standalone_status(const struct standalone *standalone, int socket);
