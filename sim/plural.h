/* Numbers of things in English. */
#pragma once
#include <stdint.h>

/* What to put behind the word for `count` of a thing: "1 byte", "2 bytes", "0 bytes". A constant. */
static inline const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}
