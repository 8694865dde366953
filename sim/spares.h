/*
 * Structs of one kind that come and go: what is given back is kept for who takes next, so that the hot
 * path allocates nothing. As many are kept as are in use, and a few more; while a crowd goes, the
 * spare ones go with it, so that it leaves little behind.
 *
 * In a sanitizer build nothing is kept, so that a use after the end is seen.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#if defined(__SANITIZE_ADDRESS__)
#define SPARES_KEEP false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SPARES_KEEP false
#endif
#endif
#ifndef SPARES_KEEP
#define SPARES_KEEP true
#endif

#define SPARES_LEAST 64 /* kept even when none is in use */

struct spares {      /* all zero: none kept, none in use */
	void *first; /* the next one is named at the start of each */
	uint32_t kept, in_use;
};

/* A struct of `bytes` bytes, at least those of a pointer, whose content is undefined. */
static inline void *spares_take(struct spares *spares, size_t bytes)
{
	void *taken = spares->first;

	spares->in_use++;
	if (taken == NULL)
		return g_malloc(bytes);
	spares->first = *(void **)taken;
	spares->kept--;
	return taken;
}

static inline void spares_drop(struct spares *spares)
{
	void *dropped = spares->first;

	spares->first = *(void **)dropped;
	spares->kept--;
	g_free(dropped);
}

/* Takes back `given`, which came from spares_take(). */
static inline void spares_give_back(struct spares *spares, void *given)
{
	spares->in_use--;
	if (!SPARES_KEEP) {
		g_free(given);
		return;
	}
	*(void **)given = spares->first;
	spares->first = given;
	spares->kept++;
	for (int i = 0; i < 2 && spares->kept > spares->in_use + SPARES_LEAST; i++)
		spares_drop(spares);
}

/* Frees those that are kept; those in use are their owners' matter. */
static inline void spares_clear(struct spares *spares)
{
	while (spares->first != NULL)
		spares_drop(spares);
}
