/*
 * Rewriting of one end of a datagram, in place and with every checksum that covers it updated as RFC
 * 1624 says. Pure: no state, no allocation.
 */
#pragma once
#include "stack/address.h"

enum nat_end { NAT_END_SOURCE, NAT_END_DESTINATION };

/*
 * Gives the datagram of `length` bytes at `datagram`, no fragment but the first, another source or
 * destination: the address, and behind it the port of TCP and UDP or the identifier of an ICMP query.
 * Of a datagram that is cut short, what is there is rewritten. A UDP checksum of 0, which means none,
 * stays 0.
 */
void nat_rewrite(uint8_t *datagram, size_t length, enum nat_end end, struct endpoint endpoint);

/*
 * Rewrites the datagram that an ICMP error quotes; `datagram` is the whole error. The checksum of the
 * ICMP message is updated too (RFC 5508 section 4.2).
 */
void nat_rewrite_quoted(uint8_t *datagram, size_t length, enum nat_end end,
			struct endpoint endpoint);

/* Another source or destination address alone, of whatever protocol has no checksum over it. */
void nat_rewrite_address(uint8_t *datagram, enum nat_end end, uint32_t address);
