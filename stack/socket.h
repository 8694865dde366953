/* What programs on a host use of its stack: TCP streams, UDP sockets, ICMP echo. */
#pragma once
#include "sim/packet.h"
#include "stack/address.h"
#include "stack/stream.h"

struct host;
struct node;
struct tcp_listener;
struct udp_socket;

/* The node of a host: for timers, random streams and records of programs. */
struct node *host_node(struct host *host);

/*
 * Called for each connection whose handshake is complete; the callee sets its events with
 * stream_listen() at once, or refuses with stream_abort().
 */
typedef void tcp_accept_fn(void *owner, struct stream *stream);

/* Listens on `port`; NULL when the port is taken. Freed with tcp_listener_close(). */
struct tcp_listener *tcp_listen(struct host *host, uint16_t port, tcp_accept_fn *accept,
				void *owner);

/* Stops listening; connections already accepted live on. */
void tcp_listener_close(struct tcp_listener *listener);

/*
 * Opens a connection from an ephemeral port. Never NULL: what goes wrong comes as `failed`, and
 * never before this call returned.
 */
struct stream *tcp_connect(struct host *host, struct endpoint remote,
			   const struct stream_events *events, void *owner);

/* A datagram for a UDP socket; `payload` is borrowed. */
typedef void udp_receive_fn(void *owner, struct endpoint from, struct bytes payload);

/* Opens UDP `port`, or with 0 a random ephemeral one (RFC 6056); NULL when it is taken. */
struct udp_socket *udp_open(struct host *host, uint16_t port, udp_receive_fn *receive, void *owner);
void udp_close(struct udp_socket *socket);

/*
 * Told of an ICMP error about a datagram sent from the socket, e.g. port unreachable. Optional.
 * May close the socket.
 */
void udp_on_error(struct udp_socket *socket, void (*error)(void *owner, struct endpoint to,
							   uint8_t icmp_type, uint8_t icmp_code));

uint16_t udp_local_port(const struct udp_socket *socket);

/* Sends one datagram; false when it is longer than 65,507 bytes or there is no route. */
bool udp_send(struct udp_socket *socket, struct endpoint to, struct bytes payload);

/* What a ping reports in place of a time. */
#define PING_TIMED_OUT (-1)
#define PING_FAILED    (-2) /* an ICMP error came back, or there is no route */

/* Told of a reply by the round-trip time in ns; or of none, by PING_TIMED_OUT or PING_FAILED. */
typedef void ping_done_fn(void *owner, int64_t round_trip_ns);

/* A run of ping(8): its echo requests have one identifier, and are numbered from 1. */
struct ping_run {
	uint32_t destination;
	uint16_t identifier;  /* chosen with the first request */
	uint16_t sent;        /* requests so far; 0: none */
	size_t payload_bytes; /* at most 65,507 */
	int64_t timeout_ns;
	ping_done_fn *done;      /* called once for each request, never before it was sent */
	ping_done_fn *duplicate; /* NULL, or called for each further reply until `timeout_ns` */
	void *owner; /* with `duplicate`, it must live until `timeout_ns` after the last request */
};

/* Sends the next request of the run. What it tells is told even when `run` is gone. */
void ping_run_send(struct host *host, struct ping_run *run);

/* Sends one request, a run of its own whose duplicates nobody wants to hear of. */
void icmp_ping(struct host *host, uint32_t destination, size_t payload_bytes, int64_t timeout_ns,
	       ping_done_fn *done, void *owner);
