/*
 * What a connection has sent and the peer has not acknowledged, segment by segment: when each was
 * sent, and what SACK (RFC 2018, RFC 6675) and RACK (RFC 8985) say of it. Knows no packets.
 * It exists only while something is outstanding; an idle connection has none.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "stack/wire/tcp_options.h"

enum sent_flag {
	SENT_SACKED = 1, /* the peer has it, behind a gap */
	SENT_LOST = 2,   /* thought lost: to be sent again */
	SENT_AGAIN = 4,  /* retransmitted, and that copy is thought to be under way */
	SENT_REPEAT = 8, /* has ever been retransmitted (Karn) */
	SENT_FIN = 16,   /* its last sequence number is our FIN */
	SENT_PUSH = 32,  /* it ended a write: PSH */
};

struct sent_segment {
	int64_t sent_ns; /* last transmission */
	uint32_t start;  /* sequence number */
	uint16_t length; /* sequence numbers it takes: payload and FIN */
	uint8_t flags;   /* set of enum sent_flag */
};

enum recovery_phase {
	RECOVERY_OPEN,     /* all is well */
	RECOVERY_DISORDER, /* duplicate acknowledgments or SACK, not yet a loss */
	RECOVERY_FAST,     /* repairing losses, sending goes on (RFC 6675, RFC 6582) */
	RECOVERY_TIMEOUT,  /* repairing after a timeout, in slow start (RFC 5681) */
};

struct rack {                   /* RFC 8985 section 5.2 */
	int64_t sent_ns;        /* RACK.xmit_ts: of the most recently sent segment delivered */
	uint32_t end;           /* RACK.end_seq */
	uint32_t round_trip_us; /* RACK.rtt; 0: nothing delivered yet */
	uint32_t highest;       /* RACK.fack */
	uint32_t dsack_round;   /* RACK.dsack_round, when has_dsack_round */
	bool has_dsack_round;
};

struct flight {
	struct sent_segment *segments; /* ring; segment number n lies at n modulo capacity */
	uint32_t capacity;             /* a power of two */
	uint32_t first, next;          /* numbers of the oldest segment and behind the newest */
	uint32_t first_wanted;         /* no segment before this number is to be sent again */

	uint32_t sacked_bytes; /* without SACK: what duplicate acknowledgments stand for */
	uint32_t lost_bytes;   /* SENT_LOST */
	uint32_t again_bytes;  /* SENT_AGAIN */
	uint32_t wanted_bytes; /* SENT_LOST and not SENT_AGAIN */
	uint32_t sacked_segments;

	uint8_t phase;         /* enum recovery_phase */
	bool can_undo;         /* the last reduction may yet prove to be spurious */
	uint32_t recovery_end; /* RFC 6582 recover: snd_nxt when the phase began */
	uint32_t prior_window, prior_threshold; /* before the reduction, for undoing it */
	uint32_t first_repeat_timestamp;        /* TSval of the first retransmission of the phase */
	uint32_t prr_delivered, prr_sent, prr_flight; /* RFC 6937 */
	unsigned duplicate_acks;

	/* When the new segments sent last but one and last will have left the interface. */
	int64_t leaves_ns[2];

	struct rack rack;
	struct tcp_sack_block seen[TCP_SACK_BLOCKS_MAX]; /* of the last acknowledgment */
	struct sent_segment initial[8];
};

/* What one acknowledgment told about the flight. */
struct delivery {
	uint32_t delivered_bytes; /* newly acknowledged or SACKed */
	int64_t oldest_sent_ns;   /* of those, never retransmitted ones; -1: none */
	int64_t newest_sent_ns;
	uint32_t echo; /* timestamp echoed, when has_echo */
	bool has_echo;
	bool has_dsack;    /* the peer received something twice (RFC 2883) */
	bool acked_repeat; /* cumulatively acknowledged a segment sent more than once */
	bool found_reordering;
};

void flight_init(struct flight *flight);
void flight_clear(struct flight *flight);

static inline bool flight_is_empty(const struct flight *flight)
{
	return flight->first == flight->next;
}

static inline struct sent_segment *flight_segment(const struct flight *flight, uint32_t number)
{
	return &flight->segments[number & (flight->capacity - 1)];
}

static inline struct sent_segment *flight_first(const struct flight *flight)
{
	return flight_segment(flight, flight->first);
}

static inline struct sent_segment *flight_last(const struct flight *flight)
{
	return flight_segment(flight, flight->next - 1);
}

/* Notes a segment sent for the first time, behind all others. */
void flight_append(struct flight *flight, uint32_t start, uint16_t length, uint8_t flags,
		   int64_t now_ns);

/* Takes off what lies before `una`; the first segment left may be cut. */
void flight_acknowledge(struct flight *flight, uint32_t una, uint32_t minimum_round_trip_us,
			int64_t now_ns, struct delivery *delivery);

/*
 * Marks what `blocks` cover. `una` is the acknowledgment they came with, `snd_nxt` the end of what
 * was sent; blocks outside are ignored. Recognises D-SACK.
 */
void flight_sack(struct flight *flight, const struct tcp_sack_block *blocks, unsigned count,
		 uint32_t una, uint32_t snd_nxt, uint32_t minimum_round_trip_us, int64_t now_ns,
		 struct delivery *delivery);

/* RFC 8985 step 5: marks what was sent so long before the newest delivered segment that it must be
 * lost. Returns ns until more might be, or 0. */
int64_t flight_detect_losses(struct flight *flight, int64_t reordering_window_ns, int64_t now_ns);

/* Marks segment `number` as lost, also when its retransmission was under way. */
void flight_mark_lost(struct flight *flight, uint32_t number);

/*
 * After a timeout: marks the first segment, and all others sent by `sent_by_ns` and not SACKed, as
 * lost. With `forget_sack` SACK counts for nothing (RFC 2018 section 8).
 */
void flight_mark_all_lost(struct flight *flight, int64_t sent_by_ns, bool forget_sack);

/* Unmarks what is lost and not yet sent again: it was not lost after all. */
void flight_unmark_lost(struct flight *flight);

/* Notes that segment `number` was sent again. */
void flight_repeat(struct flight *flight, uint32_t number, int64_t now_ns);

/* The next segment to be sent again, or false. */
bool flight_next_wanted(struct flight *flight, uint32_t *number);

/* Cuts segment `number` behind its first `length` sequence numbers. */
void flight_split(struct flight *flight, uint32_t number, uint16_t length);

/* RFC 6675 pipe: bytes thought to be in the network, of `outstanding_bytes` from una to nxt. */
static inline uint32_t flight_pipe(const struct flight *flight, uint32_t outstanding_bytes)
{
	return outstanding_bytes - flight->sacked_bytes - flight->lost_bytes + flight->again_bytes;
}
