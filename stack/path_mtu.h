/*
 * What path MTU discovery found (RFC 1191): destinations to which less than the interface's MTU
 * gets through. Entries are forgotten after 10 minutes (section 6.3), to find out whether more does.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct path_mtu;

#define PATH_MTU_LIFETIME_NS (600 * INT64_C(1000000000))
#define PATH_MTU_ENTRIES_MAX 1024
#define PATH_MTU_LEAST_BYTES 552 /* Linux's min_pmtu: less is more likely an attack than a link */

struct path_mtu *path_mtu_new(void);
void path_mtu_free(struct path_mtu *path_mtu);

/* What is known of a path. */
struct path {
	uint16_t mtu_bytes; /* 0: nothing */
	bool
	    is_locked; /* it takes less than PATH_MTU_LEAST_BYTES: routers on it must fragment, so no DF */
};

/* What is known of the path to `destination` at `now_ns`. `path_mtu` may be NULL. */
struct path path_mtu_find(const struct path_mtu *path_mtu, uint32_t destination, int64_t now_ns);

/*
 * Notes an MTU; a full table forgets the entry that ends first. Larger than what is known already
 * changes nothing. Less than PATH_MTU_LEAST_BYTES is noted as that, and the path is locked. True when it
 * is news.
 */
bool path_mtu_lower(struct path_mtu *path_mtu, uint32_t destination, uint16_t mtu_bytes,
		    int64_t now_ns);

/*
 * The MTU to try after a datagram of `length_bytes` was too big, and the router did not say how
 * much: the next lower of those found in networks (RFC 1191 section 7).
 */
uint16_t path_mtu_guess(uint16_t length_bytes);
