/* Filters of packets in the language of tcpdump, pcap-filter(7), compiled by libpcap. */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include "sim/bytes.h"

struct packet_filter;

/*
 * A filter of packets of any link type. NULL with `error` set (G_FILE_ERROR_INVAL, in libpcap's words)
 * when `expression` is none for Ethernet, to which all of the language applies.
 */
struct packet_filter *packet_filter_new(const char *expression, GError **error);

/* NULL is fine. */
void packet_filter_free(struct packet_filter *filter);

/*
 * True when the filter lets the packet pass. `link_type` is the number that pcapng files have for it
 * (LINKTYPE_..., https://www.tcpdump.org/linktypes.html); `packet` is what was captured, without FCS, of
 * `original_length` bytes. For a link type to which the expression does not apply
 * ("ether host" without Ethernet) none passes, nor any of a link type that is not decoded.
 */
bool packet_filter_passes(struct packet_filter *filter, uint16_t link_type, struct bytes packet,
			  uint32_t original_length);

/* The same for a whole Ethernet frame, without FCS. */
bool packet_filter_passes_frame(struct packet_filter *filter, struct bytes frame);
