#include "views/segment_reason.h"

#include <stddef.h>
#include "stack/tcp/names.h"

const char *segment_reason(unsigned why)
{
	switch (why) {
	case TCP_ACK_AT_ONCE:
		return "TCP acknowledges at once, so that the sender may go on";
	case TCP_ACK_DELAYED:
		return "TCP had waited a moment for data that could carry the acknowledgment; "
		       "there was none";
	case TCP_ACK_DUPLICATE:
		return "Something came out of order or twice: the acknowledgment says again which "
		       "byte is missing";
	case TCP_ACK_WINDOW:
		return "The program has read, so there is room again: the window grows";
	case TCP_RETRANSMIT_TIMEOUT:
		return "No acknowledgment came before the timer ran out, so TCP takes the bytes "
		       "for "
		       "lost and sends them again";
	case TCP_RETRANSMIT_FAST:
		return "Acknowledgments that say the same tell TCP what is missing: it sends it "
		       "again before the timer runs out";
	case TCP_RETRANSMIT_RACK:
		return "A later segment has arrived, so this one must be lost: it is sent again";
	case TCP_RETRANSMIT_TAIL:
		return "No acknowledgment came for a while: TCP sends the last segment again to "
		       "learn what is missing";
	case TCP_RETRANSMIT_PATH_MTU:
		return "A router on the way could not pass the larger packet on: the bytes are "
		       "sent "
		       "again in smaller ones";
	case TCP_RETRANSMIT_ASKED:
		return "The SYN came again, so the answer must be lost: it is sent again";
	case TCP_ACK_CHALLENGE:
		return "What came does not fit the connection: a peer that means it is to say it "
		       "again, where it fits";
	case TCP_PROBE_TAIL:
		return "No acknowledgment came for a while: TCP sends new bytes to learn what is "
		       "missing";
	case TCP_PROBE_WINDOW:
		return "The receiver's window is closed: TCP asks whether it still is";
	case TCP_PROBE_KEEPALIVE:
		return "Nothing was heard for long: TCP asks whether the other side is still there";
	case TCP_RESET_NO_CONNECTION:
		return "What came belongs to no connection, and a reset says so";
	case TCP_RESET_ABORT:
		return "The program has given the connection up";
	case TCP_RESET_UNREAD:
		return "Nobody is left to read what still comes";
	case TCP_RESET_FILTERED:
		return "A packet filter does not let the connection through, and answers in place "
		       "of the server";
	default:
		return NULL;
	}
}

bool segment_reason_repeats(unsigned why)
{
	switch (why) {
	case TCP_RETRANSMIT_TIMEOUT:
	case TCP_RETRANSMIT_FAST:
	case TCP_RETRANSMIT_RACK:
	case TCP_RETRANSMIT_TAIL:
	case TCP_RETRANSMIT_PATH_MTU:
	case TCP_RETRANSMIT_ASKED:
		return true;
	default:
		return false;
	}
}
