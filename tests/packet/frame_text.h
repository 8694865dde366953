/* Frames of ARP, ICMP and UDP as lines of text, both ways, for the dialogues in tests/packet. */
#pragma once
#include <glib.h>
#include "sim/bytes.h"

/* The line that describes `frame`; freed by the caller. See tests/packet/NETWORK.md. */
char *frame_print(struct bytes frame);

/*
 * Builds the frame that `line` describes at `out`, which is emptied first. Echo messages carry
 * `identifier`. NULL, or what could not be understood; freed by the caller.
 */
char *frame_build(const char *line, uint16_t identifier, GByteArray *out);
