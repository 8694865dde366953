#include "sim/time.h"

#include <inttypes.h>
#include <stdio.h>

char *time_print(int64_t time_ns, char out[TIME_TEXT_BYTES])
{
	const char *sign = time_ns < 0 ? "-" : "";
	uint64_t magnitude = time_ns < 0 ? -(uint64_t)time_ns : (uint64_t)time_ns;

	snprintf(out, TIME_TEXT_BYTES, "%s%" PRIu64 ".%09" PRIu64, sign,
		 magnitude / (uint64_t)NS_PER_S, magnitude % (uint64_t)NS_PER_S);
	return out;
}
