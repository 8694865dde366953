/* Filters of packets in the language of tcpdump, pcap-filter(7), compiled by libpcap. */
#pragma once
#include <stdbool.h>
#include "sim/bytes.h"

struct packet_filter;

/*
 * A filter for `expression`, which must be right for Ethernet or for raw IP. NULL with `*problem`
 * set to what libpcap says, to be freed, when it is neither.
 */
struct packet_filter *packet_filter_new(const char *expression, char **problem);
void packet_filter_free(struct packet_filter *filter);

/*
 * True when the filter lets the packet pass. For a link type to which the expression does not apply
 * ("ether host" without Ethernet) none passes.
 */
bool packet_filter_passes(struct packet_filter *filter, uint16_t link_type, struct bytes packet,
			  uint32_t original_length);
