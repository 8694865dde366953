/* One question under way in the recursive resolver. Private to recursion.c and lookup.c. */
#pragma once
#include "protocols/dns/recursion.h"
#include "protocols/dns/servers.h"

/* Somebody who waits for the result. */
struct dns_waiter {
	dns_recursion_done_fn *done;
	void *owner;
};

/* One question under way. */
struct dns_lookup {
	struct dns_recursion *recursion;
	GList link;
	uint64_t number;
	enum dns_lookup_state state;
	struct dns_message *result; /* its question is the one asked */
	struct dns_name target;     /* what is looked for now: behind aliases another name */
	struct dns_name_buffer target_buffer;
	unsigned aliases, referrals, queries;
	unsigned depth;         /* 0: asked from outside; 1: a server's address for that; ... */
	struct dns_lookup *top; /* of depth 0: itself, or the one that this is for, which waits */
	unsigned spent;         /* of the top one: queries, those of all below included */
	bool is_waiting;        /* for a child, that looks up a server's address */
	bool is_starting_child; /* the child must not call back when it ends at once */
	struct dns_server_list servers; /* of the zone that is asked now */
	struct dns_exchange exchange;   /* with one of them */
	GArray *waiters;                /* of struct dns_waiter */
};

struct dns_recursion {
	struct dns_recursion_config config;
	struct dns_timing timing;
	int64_t now_ns; /* the time of the present call */
	GQueue lookups; /* of struct dns_lookup, in order of arrival */
	uint64_t numbers;
};

/*
 * A new lookup at the end of the list, for a client, or with `parent` for that; dns_lookup_step()
 * starts it.
 */
struct dns_lookup *dns_lookup_new(struct dns_recursion *recursion,
				  const struct dns_question *question, struct dns_lookup *parent);

/* Frees a lookup that is in no list any more. */
void dns_lookup_free(struct dns_lookup *lookup);

/* What is asked at present: the target, with the type of the question. */
struct dns_question dns_lookup_question(const struct dns_lookup *lookup);

/* Each of the following may end the lookup, which is gone then, and tell all who wait. */

/* Tries the sources in order: own zones, cache, servers of the deepest zone that is known. */
void dns_lookup_step(struct dns_lookup *lookup);

/* Takes the response to the exchange under way. */
void dns_lookup_take_response(struct dns_lookup *lookup, const struct dns_message *response);

/* The server asked is of no use for this lookup any more: asks another. */
void dns_lookup_give_up_server(struct dns_lookup *lookup);

/* The server asked did not answer in time: asks it again, or another. */
void dns_lookup_expire(struct dns_lookup *lookup);
