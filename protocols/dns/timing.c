#include "protocols/dns/timing.h"

#include <glib.h>

static unsigned slot_index(uint32_t address)
{
	/* Multiplicative hashing (Knuth): neighbours get slots far apart. */
	return address * UINT32_C(2654435761) >> 24;
}

G_STATIC_ASSERT(DNS_TIMING_SLOTS == 1 << 8);

int64_t dns_timing_timeout(const struct dns_timing *timing, uint32_t address)
{
	const struct dns_timing_slot *slot = &timing->slots[slot_index(address)];

	return slot->address == address ? slot->timeout_ns : DNS_TIMEOUT_UNKNOWN_NS;
}

static struct dns_timing_slot *take_slot(struct dns_timing *timing, uint32_t address)
{
	struct dns_timing_slot *slot = &timing->slots[slot_index(address)];

	if (slot->address != address)
		*slot = (struct dns_timing_slot) {
			.address = address,
			.timeout_ns = DNS_TIMEOUT_UNKNOWN_NS,
		};
	return slot;
}

void dns_timing_answered(struct dns_timing *timing, uint32_t address, int64_t round_trip_ns)
{
	struct dns_timing_slot *slot = take_slot(timing, address);

	if (slot->smoothed_ns == 0) { /* RFC 6298 section 2.2 */
		slot->smoothed_ns = round_trip_ns;
		slot->variation_ns = round_trip_ns / 2;
	} else { /* section 2.3 */
		int64_t error_ns = round_trip_ns - slot->smoothed_ns;

		slot->variation_ns += (ABS(error_ns) - slot->variation_ns) / 4;
		slot->smoothed_ns += error_ns / 8;
	}
	slot->timeout_ns = CLAMP(slot->smoothed_ns + 4 * slot->variation_ns, DNS_TIMEOUT_MIN_NS,
				 DNS_TIMEOUT_MAX_NS);
}

void dns_timing_lost(struct dns_timing *timing, uint32_t address)
{
	struct dns_timing_slot *slot = take_slot(timing, address);

	slot->timeout_ns = MIN(slot->timeout_ns * 2, DNS_TIMEOUT_MAX_NS);
}
