/*
 * The table of a greylister (RFC 6647): who was seen when, and who came back. As postgrey does it: by
 * the network of the client, reverse-path and recipient; a network that came back often enough is
 * asked no more. Pure.
 */
#pragma once
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include "sim/time.h"

struct greylist;

/* postgrey's --delay, --retry-window, --max-age and --auto-whitelist-clients. */
#define GREYLIST_DELAY_NS        (300 * NS_PER_S)
#define GREYLIST_RETRY_WINDOW_NS (2 * 86400 * NS_PER_S)
#define GREYLIST_LIFETIME_NS     (35 * 86400 * NS_PER_S)
#define GREYLIST_WHITELIST_AFTER 5

#define GREYLIST_ENTRIES_MAX     100000 /* triplets; one more, and the one seen first goes */
#define GREYLIST_PREFIX_LENGTH   24     /* of a client's network */

struct greylist_config {
	int64_t delay_ns;        /* until a triplet that is new may pass */
	int64_t retry_window_ns; /* within which it must come again, or be new once more */
	int64_t lifetime_ns;     /* since it last passed, until it is forgotten */
	unsigned
	    whitelist_after; /* triplets of a network that passed; 0: the network is never white */
};

/* `config` is copied; times of 0 are the defaults above. */
struct greylist *greylist_new(const struct greylist_config *config);
void greylist_free(struct greylist *greylist); /* NULL is fine */

enum greylist_outcome {
	GREYLIST_WAIT,      /* it is new, or came back too soon */
	GREYLIST_CAME_BACK, /* it waited: passes for the first time */
	GREYLIST_KNOWN,     /* it has passed before */
	GREYLIST_WHITE,     /* its network has */
};

struct greylist_answer {
	enum greylist_outcome outcome;
	uint32_t network; /* of the client, GREYLIST_PREFIX_LENGTH bits */
	int64_t wait_ns;  /* GREYLIST_WAIT: how long it still has to */
	int64_t since_ns; /* time since it was first seen */
	unsigned passed;  /* triplets of the network that passed so far */
};

struct greylist_answer greylist_ask(struct greylist *greylist, int64_t now_ns, uint32_t client,
				    const char *sender, const char *recipient);

/* Triplets that are remembered. */
unsigned greylist_length(const struct greylist *greylist);
