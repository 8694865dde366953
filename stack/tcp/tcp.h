/*
 * TCP of one host (RFC 9293): what the host wires up, what programs may set beyond stack/socket.h,
 * and what statistics and views of state read.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "stack/ipv4.h"
#include "stack/stream.h"
#include "stack/tcp/names.h"

struct congestion_control;
struct tcp;

/* TCP of `host`; freed by tcp_free(), which ends all connections without a word on the wire. */
struct tcp *tcp_new(struct host *host);
void tcp_free(struct tcp *tcp);

/* Whether somebody listens on the port. */
bool tcp_listens(const struct tcp *tcp, uint16_t port);

/* What IPv4 calls; the owner is a struct tcp. */
extern const struct ipv4_transport tcp_transport;

/* Counted since tcp_new(); names after RFC 4022 where it has one. */
struct tcp_statistics {
	uint64_t segments_in, segments_out;
	uint64_t payload_bytes_in, payload_bytes_out; /* retransmitted bytes count again */
	uint64_t retransmissions;     /* segments made again, whether or not they reach a wire */
	uint64_t timeouts;            /* retransmission timer ran out */
	uint64_t fast_recoveries;     /* losses repaired without it */
	uint64_t spurious_recoveries; /* undone: nothing had been lost (RFC 3522) */
	uint64_t tail_probes;
	uint64_t window_probes;
	uint64_t duplicate_acks_in;
	uint64_t duplicates_in; /* segments received again */
	uint64_t out_of_order_in;
	uint64_t malformed_in;
	uint64_t bad_checksums_in;
	uint64_t old_timestamps_in; /* PAWS */
	uint64_t resets_in, resets_out;
	uint64_t challenge_acks_out;
	uint64_t active_opens, passive_opens;
	uint64_t failed_opens;
	uint64_t backlog_drops;
};

const struct tcp_statistics *tcp_statistics(const struct tcp *tcp);

/* The congestion control of connections opened from now on; congestion_cubic unless set. */
void tcp_set_congestion_control(struct tcp *tcp, const struct congestion_control *control);

/*
 * Bounds how far the receive buffers of connections may grow, as Linux's tcp_rmem does: at most
 * 32 MiB, which is the default, at least the 64 KiB they start with.
 */
void tcp_set_receive_space(struct tcp *tcp, uint32_t most_bytes);

/* Fixes the initial sequence number of connections opened from now on: for tests of wrapping. */
void tcp_set_initial_sequence(struct tcp *tcp, uint32_t initial_sequence);

/* Options of one connection; `stream` must come from tcp_connect() or a tcp_accept_fn. */

struct tcp_keepalive {
	int64_t idle_ns;     /* without a segment from the peer before the first probe */
	int64_t interval_ns; /* between probes */
	unsigned probes;     /* unanswered ones before the connection fails as timed out */
};

/* Linux's: 2 h, 75 s, 9. */
extern const struct tcp_keepalive tcp_keepalive_default;

/* Switches keepalive on (RFC 9293 section 3.8.4), or off with NULL, which is the default. */
void tcp_set_keepalive(struct stream *stream, const struct tcp_keepalive *keepalive);

/* Switches the Nagle algorithm off (RFC 9293 section 3.7.4); it is on by default. */
void tcp_set_no_delay(struct stream *stream, bool no_delay);

/*
 * Marks the last byte written as the end of urgent data (RFC 9293 section 3.8.5, RFC 6093). The data
 * itself is delivered inline.
 */
void tcp_set_urgent(struct stream *stream);

/* Bytes from the next to be read to the end of urgent data; 0: there is none ahead. */
size_t tcp_urgent_bytes(const struct stream *stream);

enum tcp_state tcp_stream_state(const struct stream *stream);

/* What there is to see of a connection. */
struct tcp_connection_info {
	struct endpoint local, remote;
	uint64_t object; /* as in STATE records; 0: none yet */
	enum tcp_state state;
	uint32_t unread_bytes; /* received in order, not yet read */
	uint32_t unsent_bytes; /* written, not yet sent */
	uint32_t flight_bytes; /* sent, not yet acknowledged */
	uint32_t send_window, receive_window;
	uint32_t congestion_window, slow_start_threshold; /* bytes */
	uint32_t round_trip_us, retransmission_timeout_us;
	uint16_t mss; /* payload bytes of a full segment */
};

void tcp_stream_info(const struct stream *stream, struct tcp_connection_info *info);

/*
 * Visits every listener (state LISTEN), then every connection in the order they were made, then
 * those in TIME-WAIT in the order they will leave it.
 */
void tcp_for_each(const struct tcp *tcp,
		  void (*visit)(void *owner, const struct tcp_connection_info *info), void *owner);
