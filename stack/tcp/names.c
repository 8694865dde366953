#include "stack/tcp/names.h"

#include <glib.h>

static const char *const state_names[TCP_STATE_COUNT] = {
	[TCP_CLOSED] = "CLOSED",           [TCP_LISTEN] = "LISTEN",
	[TCP_SYN_SENT] = "SYN-SENT",       [TCP_SYN_RECEIVED] = "SYN-RECEIVED",
	[TCP_ESTABLISHED] = "ESTABLISHED", [TCP_FIN_WAIT_1] = "FIN-WAIT-1",
	[TCP_FIN_WAIT_2] = "FIN-WAIT-2",   [TCP_CLOSE_WAIT] = "CLOSE-WAIT",
	[TCP_CLOSING] = "CLOSING",         [TCP_LAST_ACK] = "LAST-ACK",
	[TCP_TIME_WAIT] = "TIME-WAIT",
};

const char *tcp_state_name(enum tcp_state state)
{
	g_assert(state < TCP_STATE_COUNT);
	return state_names[state];
}

static const char *const detail_names[TCP_DETAIL_COUNT] = {
	[TCP_NEW_DATA] = "new data",
	[TCP_HANDSHAKE] = "handshake",
	[TCP_CLOSES] = "closes its direction",
	[TCP_ACK_AT_ONCE] = "acknowledges at once",
	[TCP_ACK_DELAYED] = "delayed acknowledgment",
	[TCP_ACK_DUPLICATE] = "duplicate acknowledgment",
	[TCP_ACK_WINDOW] = "window update",
	[TCP_ACK_CHALLENGE] = "challenge acknowledgment",
	[TCP_RETRANSMIT_TIMEOUT] = "retransmission: timeout",
	[TCP_RETRANSMIT_FAST] = "retransmission: duplicate acknowledgments",
	[TCP_RETRANSMIT_RACK] = "retransmission: overdue",
	[TCP_RETRANSMIT_TAIL] = "retransmission: tail loss probe",
	[TCP_RETRANSMIT_PATH_MTU] = "retransmission: path MTU",
	[TCP_RETRANSMIT_ASKED] = "retransmission: the SYN came again",
	[TCP_PROBE_TAIL] = "tail loss probe with new data",
	[TCP_PROBE_WINDOW] = "zero window probe",
	[TCP_PROBE_KEEPALIVE] = "keepalive probe",
	[TCP_RESET_NO_CONNECTION] = "reset: no such connection",
	[TCP_RESET_ABORT] = "reset: given up",
	[TCP_RESET_UNREAD] = "reset: nobody reads this",
	[TCP_RESET_FILTERED] = "reset: the packet filter does not let it through",
	[TCP_IN_ORDER] = "in order",
	[TCP_OUT_OF_ORDER] = "out of order",
	[TCP_NO_DATA] = "no data",
	[TCP_DROP_MALFORMED] = "malformed",
	[TCP_DROP_BAD_CHECKSUM] = "bad checksum",
	[TCP_DROP_NO_CONNECTION] = "no such connection",
	[TCP_DROP_BACKLOG_FULL] = "too many half-open connections",
	[TCP_DROP_DUPLICATE] = "duplicate",
	[TCP_DROP_OUT_OF_WINDOW] = "outside the window",
	[TCP_DROP_OLD_TIMESTAMP] = "old timestamp",
	[TCP_DROP_BAD_RESET] = "reset not at the next sequence number",
	[TCP_DROP_BAD_SYN] = "SYN on an open connection",
	[TCP_DROP_BAD_ACK] = "acknowledges what was not sent",
	[TCP_DROP_NO_ACK] = "no acknowledgment",
	[TCP_DROP_NOT_READ] = "the application is gone",
	[TCP_DROP_QUEUE_FULL] = "too many gaps",
	[TCP_IGNORE_KEEPALIVE] = "keep-alive",
	[TCP_IGNORE_LATE_ACK] = "late acknowledgment",
	[TCP_BY_USER] = "user",
	[TCP_BY_SEGMENT] = "segment",
	[TCP_BY_RESET] = "reset",
	[TCP_BY_TIMEOUT] = "timeout",
	[TCP_BY_ICMP] = "ICMP error",
	[TCP_BY_ROUTING] = "no route",
	[TCP_BY_REUSE] = "new connection",
	[TCP_CWND_INITIAL] = "initial window",
	[TCP_CWND_SLOW_START] = "slow start",
	[TCP_CWND_AVOIDANCE] = "congestion avoidance",
	[TCP_CWND_REPAIRING] = "fast recovery",
	[TCP_CWND_REPAIRED] = "loss repaired",
	[TCP_CWND_TIMEOUT] = "timeout",
	[TCP_CWND_SPURIOUS] = "nothing was lost",
	[TCP_CWND_IDLE] = "idle",
};

const struct layer_names tcp_layer_names = {
	.layer = LAYER_TCP,
	.name = "TCP",
	.key = "tcp",
	.details = detail_names,
	.detail_count = G_N_ELEMENTS(detail_names),
};
