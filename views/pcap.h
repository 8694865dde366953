/*
 * Writes classic pcap with libpcap, for tools that read no pcapng. It is poorer: frames are without
 * FCS (the format cannot say that it is there), from which interface they are, in which direction
 * they went and all comments and names are lost. Times are nanoseconds, which old tools may refuse.
 */
#pragma once
#include "views/capture.h"
#include "views/output.h"

/* Writes the file header to `output`, which stays the caller's and is used by nobody else. */
struct capture *pcap_writer_new(struct output *output, const struct capture_config *config);
