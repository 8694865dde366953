/* The servers of a zone that the recursive resolver may ask, and which to ask next. Pure. */
#pragma once
#include "protocols/dns/recursion.h"
#include "protocols/dns/timing.h"

/* A server that may be asked: of the NS records of the zone, one for each address. */
struct dns_server_choice {
	struct dns_name name; /* borrowed from the lookup's storage */
	uint32_t address;
	bool has_address; /* else it has to be looked up first */
	bool was_looked_up;
	bool is_useless;   /* it failed, refused, or is lame */
	bool without_edns; /* it does not understand EDNS */
	unsigned attempts;
};

/* The servers of the zone that is asked at present. */
struct dns_server_list {
	struct dns_name zone; /* borrowed from the storage; length 0: none chosen yet */
	GArray *choices;      /* of struct dns_server_choice */
	GStringChunk *storage;
};

void dns_server_list_init(struct dns_server_list *list);
void dns_server_list_clear(struct dns_server_list *list);

/*
 * Fills `list` anew with the servers of the deepest zone known to hold `name`: by NS records in the
 * cache, by the delegation `cut` of an own zone (count 0: none), or else by the root hints.
 */
void dns_server_list_fill(struct dns_server_list *list, const struct dns_recursion_config *config,
			  int64_t now_ns, struct dns_name name, struct dns_record_set cut);

/* Gives addresses, found meanwhile, to the servers that have none. */
void dns_server_list_refresh(struct dns_server_list *list,
			     const struct dns_recursion_config *config, int64_t now_ns);

/*
 * The server to ask now: at random among those that are about as fast as the fastest (the way of
 * unbound, RFC 5452 section 4.5). NULL when none with an address is left.
 */
struct dns_server_choice *dns_server_list_pick(const struct dns_server_list *list,
					       const struct dns_timing *timing,
					       struct random_stream *random);

/* A server whose address is not known and was not looked up, or NULL. */
struct dns_server_choice *dns_server_list_pick_unknown(const struct dns_server_list *list);

/* The server at `address`, or NULL. */
struct dns_server_choice *dns_server_list_find(const struct dns_server_list *list,
					       uint32_t address);
