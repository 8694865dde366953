/* A packet and all that is known of it, for the functions that tell of packets. */
#pragma once
#include "stack/wire/address.h"
#include "views/decode.h"

/* Who is who; each returns NULL where it does not know. */
struct view_names {
	const void *owner;
	const char *(*of_mac)(const void *owner, struct mac mac);
	const char *(*of_address)(const void *owner, struct ip_address address);
	/* The program behind a port: "MTA". NULL: such things are not known at all, as of captures. */
	const char *(*of_port)(const void *owner, struct ip_address address, bool is_tcp,
			       uint16_t port);
};

/* What a dissector makes of a whole datagram. */
struct account_datagram {
	const struct dissector *dissector; /* NULL: nothing */
	bool is_from_server;
	size_t length;
	struct dissect_unit unit; /* the message as a whole */
};

struct model_segment;

struct account {
	const struct decode *decode;
	const struct view_names *names;
	const struct model_segment *segment; /* views/model.h; NULL: of no known connection */
	const struct dissector *const *dissectors;
	bool
	    is_outside; /* as somebody without TLS's secrets has it: what is encrypted is not told */
	const struct account_datagram
	    *datagram; /* where it was made already; NULL: it is when asked for */
};

/*
 * The dissector for a UDP datagram at a port that one knows, and what to hand to it: all that is here of
 * the payload, and which side sent it. NULL: there is none.
 */
const struct dissector *account_datagram(const struct account *account,
					 struct dissect_input *input);

/*
 * What there is to say of the datagram: kept, or made now in `room`. Its dissector is NULL where
 * there is nothing.
 */
const struct account_datagram *account_unit(const struct account *account,
					    struct account_datagram *room);
