/* A packet and all that is known of it, for the functions that tell of packets. */
#pragma once
#include "stack/wire/address.h"
#include "views/decode.h"

/* Who is who; each returns NULL where it does not know. */
struct view_names {
	const void *owner;
	const char *(*of_mac)(const void *owner, struct mac mac);
	const char *(*of_address)(const void *owner, struct ip_address address);
};

struct model_segment;

struct account {
	const struct decode *decode;
	const struct view_names *names;
	const struct model_segment *segment; /* views/model.h; NULL: of no known connection */
	const struct dissector *const *dissectors;
};

/*
 * The payload of a UDP datagram at a port that one of the dissectors knows, and which side sent it.
 * NULL: there is none, or not all of it.
 */
const struct dissector *account_datagram(const struct account *account, struct bytes *data,
					 bool *is_from_server);
