/*
 * Inside TCP: the instance of a host, the control block of a connection, and what the files of this
 * folder offer each other. Names of variables are those of RFC 9293 section 3.3.1.
 */
#pragma once
#include "sim/spares.h"
#include "sim/world.h"
#include "stack/socket.h"
#include "stack/tcp/congestion.h"
#include "stack/tcp/demux.h"
#include "stack/tcp/flight.h"
#include "stack/tcp/receive_queue.h"
#include "stack/tcp/round_trip.h"
#include "stack/tcp/secret.h"
#include "stack/tcp/send_queue.h"
#include "stack/tcp/sequence.h"
#include "stack/tcp/tcp.h"
#include "stack/tcp/time_wait.h"
#include "stack/wire/tcp.h"

/* clang-format off */
#define TCP_DEFAULT_MSS        536   /* RFC 9293 section 3.7.1, when the peer names none */
#define TCP_LEAST_OFFERED_MSS  256   /* whatever the path takes: there are fragments (Linux's min_advmss) */
#define TCP_MINIMUM_MSS        48    /* smaller ones are an attack (Linux's tcp_min_snd_mss) */
#define TCP_INITIAL_SEGMENTS   10    /* RFC 6928 */
#define TCP_SYN_RETRIES        6     /* Linux; 127 s in all */
#define TCP_SYN_ACK_RETRIES    5
#define TCP_RETRIES            15    /* Linux's tcp_retries2: 924 s or more */
#define TCP_ORPHAN_RETRIES     8     /* nobody waits for the outcome */
#define TCP_FIN_WAIT_2_NS      (60 * NS_PER_S) /* Linux's tcp_fin_timeout */
#define TCP_BACKLOG_MAX        4096  /* Linux's somaxconn */
#define TCP_RECEIVE_SPACE      86016 /* first receive buffer: what Linux offers of its 131072 */
#define TCP_RECEIVE_SPACE_MAX  (UINT32_C(32) << 20)
#define TCP_WINDOW_SCALE       10    /* for TCP_RECEIVE_SPACE_MAX */
#define TCP_SEND_SPACE         65536 /* least room for what is written */
#define TCP_WRITE_SLICE        65536 /* most that is kept before the interface is looked at again */
#define TCP_PORT_FIRST         32768 /* ephemeral ports, as Linux has them */
#define TCP_PORT_LAST          60999
#define TCP_ACK_DELAY_MS       40    /* Linux's TCP_ATO_MIN */
#define TCP_CHALLENGE_GAP_MS   500   /* between answers to the same kind of nonsense */
#define TCP_QUICK_ACKS_MAX     16
/* clang-format on */

struct keepalive {
	struct tcp_keepalive settings;
	unsigned unanswered;
};

struct tcp_listener {
	struct tcp *tcp;
	struct tcp_listener *next; /* ascending by port */
	tcp_accept_fn *accept;
	void *owner;
	uint16_t port;
	uint32_t half_open; /* connections in SYN-RECEIVED or not yet accepted */
};

struct tcp {
	struct host *host;
	struct node *node;
	struct flow_table flows;
	struct tcp_listener *listeners;
	struct tcp_connection *first, *last; /* all connections, in the order they were made */
	struct time_wait_queue time_waits;
	struct spares flights, alarms;
	struct work work; /* delivers what is pending */
	struct tcp_connection *first_pending, *last_pending;
	const struct congestion_control *congestion;
	struct secret isn_secret, timestamp_secret;
	struct random_stream ports;
	uint32_t receive_space_max; /* the most a receive buffer may hold */
	uint32_t fixed_iss;         /* instead of hashing, when has_fixed_iss */
	bool has_fixed_iss;
	struct tcp_statistics statistics;
};

enum deadline {
	DEADLINE_RETRANSMIT,
	DEADLINE_ACK,
	DEADLINE_IDLE,
	DEADLINE_DEVICE, /* the interface has sent enough of what it was given */
	DEADLINE_COUNT,
};

/* The deadlines of a connection that has any, and one engine timer for the nearest. */
struct alarm {
	struct timer timer;
	int64_t at_ns[DEADLINE_COUNT]; /* TIME_NEVER: none */
};

/* What a connection's retransmission deadline is for. */
enum retransmit_timer {
	TIMER_NONE,
	TIMER_RETRANSMIT,
	TIMER_TAIL_PROBE, /* RFC 8985 section 7 */
	TIMER_REORDER,    /* RFC 8985 section 6.3 */
	TIMER_PERSIST,    /* RFC 9293 section 3.8.6.1 */
};

/* Events that wait for the user, delivered in this order. */
enum pending_event {
	PENDING_ACCEPT = 1,
	PENDING_OPENED = 2,
	PENDING_READABLE = 4,
	PENDING_WRITABLE = 8,
	PENDING_ENDED = 16,
	PENDING_CLOSED = 32,
	PENDING_FAILED = 64,
	PENDING_FREE = 128,
};

/* clang-format off */
struct tcp_connection {
	struct stream stream;          /* first: the user's view */
	struct flow flow;
	struct tcp *tcp;
	struct tcp_connection *next, *previous;
	struct tcp_listener *listener; /* until accepted */
	struct tcp_connection *next_pending; /* in the host's list, while is_pending */
	struct alarm *alarm;           /* NULL: no deadline */

	/* Sending. */
	struct send_queue unacknowledged;
	struct flight *flight;         /* NULL: nothing sent is unacknowledged but SYN */
	uint32_t snd_una, snd_nxt;
	uint32_t snd_wnd;              /* in bytes, scaled */
	uint32_t snd_wl1, snd_wl2;
	uint32_t snd_wnd_max;          /* the largest ever seen */
	uint32_t snd_up;               /* end of urgent data */
	uint32_t write_nxt;            /* sequence number of the next byte the user writes */
	uint32_t small_end;            /* end of the last segment sent below the MSS (Nagle) */
	struct round_trip round_trip;
	struct congestion congestion;
	uint32_t used_end, used_max;   /* how full the window was in this round: window_is_used() */
	int64_t sent_ns;               /* last data, or SYN */
	uint32_t tail_probe_end;       /* RFC 8985: TLP.end_seq, when has_tail_probe */

	/* Receiving. */
	struct receive_queue received;
	uint32_t rcv_nxt;
	uint32_t rcv_wup;              /* rcv_nxt of the last acknowledgment sent (Last.ACK.sent) */
	uint32_t rcv_wnd;              /* window it advertised, in bytes */
	uint32_t rcv_up;
	uint32_t read_nxt;             /* sequence number of the next byte the user reads */
	uint32_t fin_sequence;         /* of the peer's FIN, when has_peer_fin */
	uint32_t receive_space;        /* bytes the receive buffer may hold */
	uint32_t receive_limit;        /* of that, offered so far as window */
	uint32_t measured_nxt, measured_bytes; /* read in the last round trip */
	int64_t measured_ns;
	int64_t received_ns;           /* last data */
	struct tcp_sack_block duplicate;       /* to be reported by D-SACK; empty: none */

	/* Timestamps (RFC 7323). */
	uint32_t ts_recent, ts_recent_s, ts_offset;
	uint32_t challenged_ms;        /* when an answer that is limited in rate was last sent */

	struct keepalive *keepalive;   /* NULL: off */

	uint16_t mss;                  /* payload of a full segment we send, timestamps deducted */
	uint16_t peer_mss;             /* as the peer's option said */
	uint16_t local_mss;            /* as our option said */
	uint16_t received_mss;         /* estimate of the segments the peer sends */
	uint16_t ip_identification;
	uint16_t ack_timeout_ms;       /* Linux's ATO; 0: nothing received yet */
	uint8_t quick_acks;            /* acknowledgments to be sent at once */
	uint8_t snd_scale, rcv_scale;
	uint8_t state;                 /* enum tcp_state; changed by connection_enter() alone */
	uint8_t pending;               /* set of enum pending_event */
	uint8_t failure;               /* enum stream_failure for PENDING_FAILED */
	uint8_t retransmit_timer;      /* enum retransmit_timer */
	uint8_t retries;               /* how often the timer was backed off */
	uint8_t unanswered;            /* probes and retransmissions since the peer was last heard */
	uint8_t window_cause;          /* enum tcp_detail: what last wrote window or threshold */
	uint8_t reordering_steps;      /* RACK.reo_wnd_mult */
	uint8_t reordering_persist;    /* RACK.reo_wnd_persist */

	bool is_pending : 1;           /* events wait for their delivery */
	bool is_active : 1;            /* opened by us */
	bool has_user : 1;             /* events go to somebody */
	bool has_timestamps : 1;
	bool has_sack : 1;
	bool has_scale : 1;
	bool no_delay : 1;
	bool more_follows : 1;         /* the last write promised more */
	bool wants_fin : 1;            /* the user will write no more */
	bool fin_sent : 1;
	bool has_peer_fin : 1;         /* its FIN is known, in order or not */
	bool end_told : 1;             /* `ended` was delivered */
	bool write_was_short : 1;      /* the user waits for `writable` */
	bool is_probing : 1;           /* one byte beyond snd_nxt is out as a window probe */
	bool ack_is_due : 1;
	bool ack_now : 1;              /* ... and must not wait */
	bool is_interactive : 1;       /* data goes both ways: acknowledgments may wait (ping-pong) */
	bool saw_push : 1;             /* the peer ended a write since we last acknowledged */
	bool limited_by_window : 1;    /* sending last stopped at the congestion window */
	bool reordering_seen : 1;      /* RACK */
	bool has_tail_probe : 1;
	bool tail_probe_is_repeat : 1; /* RFC 8985: TLP.is_retrans */
	bool has_urgent_out : 1, has_urgent_in : 1;
	bool soft_error : 1;           /* an ICMP error that may pass */
	bool syn_was_repeated : 1;
};
/* clang-format on */

/* A segment on its way through input; the packet is its owner's to free unless it was kept. */
struct segment {
	struct packet *packet; /* narrowed to nothing yet; NULL: kept */
	struct flow flow;
	struct tcp_header header;
	struct tcp_options options;
	struct bytes payload;
	uint32_t sequence; /* of payload[0], or of SYN; moves with trimming */
	uint32_t length;   /* sequence numbers it takes */
	uint8_t flags;     /* FIN is taken out when it is cut off */
	bool is_overtaken; /* a later one came before it: nothing it says of the window holds */
};

static inline struct tcp_connection *connection_of(struct stream *stream)
{
	return (struct tcp_connection *)stream;
}

static inline struct tcp_connection *connection_of_flow(struct flow *flow)
{
	return (struct tcp_connection *)((char *)flow - offsetof(struct tcp_connection, flow));
}

static inline struct engine *tcp_engine(const struct tcp *tcp)
{
	return node_engine(tcp->node);
}

static inline int64_t tcp_now(const struct tcp *tcp)
{
	return node_now(tcp->node);
}

static inline uint32_t tcp_now_ms(const struct tcp *tcp)
{
	return (uint32_t)(tcp_now(tcp) / NS_PER_MS);
}

static inline uint32_t connection_outstanding(const struct tcp_connection *c)
{
	return c->snd_nxt - c->snd_una;
}

static inline bool state_is_synchronized(enum tcp_state state)
{
	return state >= TCP_ESTABLISHED;
}

/* States in which the peer may still send (RFC 9293 section 3.10.7.4, seventh step). */
static inline bool state_receives(enum tcp_state state)
{
	return state == TCP_ESTABLISHED || state == TCP_FIN_WAIT_1 || state == TCP_FIN_WAIT_2;
}

/* connection.c: life of a connection. */

/* A connection with the addresses of `flow`, in the demux; `origin`: TCP_CLOSED or TCP_LISTEN. */
struct tcp_connection *connection_new(struct tcp *tcp, const struct flow *flow,
				      enum tcp_state origin);
void connection_free(struct tcp_connection *c);

/* Starts our side at `iss`. */
void connection_set_iss(struct tcp_connection *c, uint32_t iss);

/* The only writer of the state: traces, and does what entering a state means. */
void connection_enter(struct tcp_connection *c, enum tcp_state state, enum tcp_detail why);

/* To CLOSED with `failed` for the user. */
void connection_fail(struct tcp_connection *c, enum stream_failure failure, enum tcp_detail why);

/* To CLOSED without a word to the user; with RST when the peer knows the connection. */
void connection_abort(struct tcp_connection *c, enum tcp_detail reset_detail);

/* Makes `event` wait for the user; it is delivered behind the present event. */
void connection_notify(struct tcp_connection *c, enum pending_event event);

/* Sets what the handshake agreed on, from the options of the peer's SYN. */
void connection_negotiate(struct tcp_connection *c, const struct segment *syn);

/* Brings mss in line with the path MTU and what the peer allows. */
void connection_update_mss(struct tcp_connection *c, uint16_t path_mtu);

/* Initial sequence number (RFC 9293 section 3.4.1). */
uint32_t connection_choose_iss(const struct tcp *tcp, const struct flow *flow);

/* Emits a STATE record for the connection `object` with the addresses of `flow`. */
void trace_state(struct tcp *tcp, uint64_t object, const struct flow *flow, enum tcp_state before,
		 enum tcp_state after, enum tcp_detail why);

/* Emits a CONGESTION record of how window and threshold are now, with `window_cause`. */
void trace_congestion(struct tcp_connection *c);

/* A flight from the host's spare ones, and back. */
struct flight *flight_take(struct tcp *tcp);
void flight_give_back(struct tcp *tcp, struct flight *flight);

/* listener.c */
struct tcp_listener *listener_find(const struct tcp *tcp, uint16_t port);
void listener_forget(struct tcp_connection *c); /* it is accepted, or will never be */

/* A SYN arrived at a listener; `minimum_iss` is for a connection that follows one in TIME-WAIT. */
void listener_receive(struct tcp_listener *listener, struct segment *segment,
		      const uint32_t *minimum_iss);

/* stream.c */
extern const struct stream_operations tcp_stream_operations;
void stream_deliver_events(void *tcp); /* work: of the first connection that is pending */

/* Tells the user that the peer has ended, once all was read. */
void stream_check_end(struct tcp_connection *c);

/* Tells the user of room, when it waits for some and there is enough again. */
void stream_check_writable(struct tcp_connection *c);

/* input.c */
void tcp_receive(void *tcp, struct packet *packet, const struct ipv4_header *header);
void segment_drop(struct tcp *tcp, struct segment *segment, enum tcp_detail why);

/* The same where nothing is lost by that: an IGNORE record. */
void segment_ignore(struct tcp *tcp, struct segment *segment, enum tcp_detail why);

/* Whether it only asks if the other side, which waits for `rcv_nxt`, is there (RFC 9293 section 3.8.4). */
bool segment_is_keepalive(const struct segment *segment, uint32_t rcv_nxt);

/* Frees a segment of no connection, and answers it with a RST unless it is one. */
void segment_refuse(struct tcp *tcp, struct segment *segment);

/* Emits the DECAPSULATE record of a segment; `c` NULL: of TIME-WAIT or a listener. */
void segment_trace(struct tcp *tcp, const struct tcp_connection *c, const struct segment *segment,
		   enum tcp_detail what);

/* acknowledge.c: fifth step. False: the segment is done with. */
bool acknowledge_segment(struct tcp_connection *c, struct segment *segment);

/* Takes the acknowledgment of our SYN. */
void acknowledge_handshake(struct tcp_connection *c, const struct segment *segment);

/* icmp_error.c */
void tcp_error(void *tcp, uint8_t icmp_type, uint8_t icmp_code, uint32_t icmp_info,
	       const struct ipv4_header *header, struct bytes original);

/* output.c */
void output_new_data(struct tcp_connection *c); /* sends all that may be sent now */

/* Whether the interface has so much of the connection's data waiting that no more is given to it. */
bool output_device_is_full(const struct tcp_connection *c);

void output_device_ready(struct tcp_connection *c); /* the same when DEADLINE_DEVICE has come */
void output_ack(struct tcp_connection *c, enum tcp_detail why);
void output_syn(struct tcp_connection *c, enum tcp_detail why, bool is_repeat);
void output_reset(struct tcp_connection *c, enum tcp_detail why);
void output_window_probe(struct tcp_connection *c);
void output_keepalive_probe(struct tcp_connection *c);

/* Sends segment `number` of the flight again. */
void output_repeat(struct tcp_connection *c, uint32_t number, enum tcp_detail why);

/* Sends one new segment although the congestion window is full; false: there is none. */
bool output_tail_probe(struct tcp_connection *c);

/* Answers `segment`, which belongs to nothing, with RST (RFC 9293 section 3.10.7.1). */
void output_reset_for(struct tcp *tcp, const struct segment *segment);
void output_time_wait_ack(struct tcp *tcp, const struct time_wait *entry);

/* Sends an ACK for nonsense that may be an attack, or a mistake; limited in rate (RFC 5961). */
void output_challenge_ack(struct tcp_connection *c, enum tcp_detail why);

/* Our timestamp clock of 1 ms for a connection with `offset`. */
uint32_t timestamp_now(const struct tcp *tcp, uint32_t offset);

/* window.c: what we offer, and when we acknowledge. */
uint16_t window_to_offer(struct tcp_connection *c); /* for the header; notes it as advertised */
void window_data_arrived(struct tcp_connection *c, const struct segment *segment);
void window_data_read(struct tcp_connection *c, size_t length);
void window_ack_sent(struct tcp_connection *c);
void window_data_sent(struct tcp_connection *c);
void window_check_ack(struct tcp_connection *c); /* acknowledges, or sets the timer for it */
void window_ack_timeout(struct tcp_connection *c);
void window_enter_quick_acks(struct tcp_connection *c);

/* recovery.c: losses. */

/*
 * After an acknowledgment: what is lost, what is repaired, what to send again. Returns ns until more
 * may prove to be lost, or 0.
 */
int64_t recovery_acknowledged(struct tcp_connection *c, const struct delivery *delivery,
			      uint32_t acknowledged_bytes, bool is_duplicate);
void recovery_timeout(struct tcp_connection *c);
void recovery_reorder_timeout(struct tcp_connection *c);
void recovery_tail_probe_timeout(struct tcp_connection *c);

/* The path MTU fell: all larger segments are sent again at once. */
void recovery_path_mtu(struct tcp_connection *c);

/* Bytes in the network now; and how many more the congestion window lets us send. */
uint32_t recovery_pipe(const struct tcp_connection *c);
uint32_t recovery_room(const struct tcp_connection *c);
void recovery_data_sent(struct tcp_connection *c, uint32_t length);

/* timers.c */

/* At the end of every entry: tells the trace of the congestion window, and arms the timer. */
void timers_settle(struct tcp_connection *c);
void timers_release(struct tcp_connection *c); /* no deadline any more */
int64_t timers_deadline(const struct tcp_connection *c, enum deadline which);
void timers_set_deadline(struct tcp_connection *c, enum deadline which, int64_t at_ns);
void timers_arm_retransmit(struct tcp_connection *c); /* RTO from now, backed off by `retries` */
void timers_after_ack(struct tcp_connection *c);      /* new data was acknowledged */
void timers_after_send(struct tcp_connection *c);     /* new data was sent */
void timers_set(struct tcp_connection *c, enum retransmit_timer what, int64_t delay_ns);
void timers_stop(struct tcp_connection *c);
void timers_check_persist(struct tcp_connection *c); /* nothing could be sent: for the window? */
void timers_heard(struct tcp_connection *c);         /* the peer is alive */
void timers_check_idle(struct tcp_connection *c);    /* keepalive or FIN-WAIT-2 as it now is */
