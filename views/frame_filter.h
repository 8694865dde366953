/* Filters of frames as tcpdump and Wireshark write them for captures: BPF, by libpcap. */
#pragma once
#include <glib.h>
#include "sim/bytes.h"

struct frame_filter;

/*
 * Compiles `text` for Ethernet frames. NULL with `error` set (domain G_FILE_ERROR), in libpcap's
 * words, when it is no filter. To be freed with frame_filter_free().
 */
struct frame_filter *frame_filter_new(const char *text, GError **error);

/* Whether a whole frame, without FCS, is one that the filter lets pass. */
bool frame_filter_passes(const struct frame_filter *filter, struct bytes frame);

/* NULL is fine. */
void frame_filter_free(struct frame_filter *filter);
