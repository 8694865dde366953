/*
 * One question to one server: the query that is sent, and whether what comes back answers it
 * (RFC 5452). Used alike by the recursive resolver and the resolver of a host. Pure.
 */
#pragma once
#include "protocols/dns/message.h"
#include "protocols/dns/names.h"
#include "stack/address.h"

struct dns_exchange {
	uint64_t number; /* 0: none is under way */
	uint16_t id;
	struct endpoint server;
	bool over_tcp;
	bool has_edns;
	bool recursion_desired;
	bool authentic_data; /* AD: the asker understands it in answers (RFC 6840 section 5.7) */
	bool has_cookie;
	uint64_t cookie; /* the client's, where it has one (RFC 7873) */
	int64_t sent_ns;
	int64_t deadline_ns; /* TIME_NEVER: none is under way */
};

/* A change of a lookup's state, for the trace. */
struct dns_lookup_note {
	uint64_t lookup;
	uint16_t detail;       /* DNS_LOOKUP, DNS_LOOKUP_SPENT or DNS_QUERY_OF_HOST */
	uint8_t before, after; /* enum dns_lookup_state */
	struct dns_name name;
	uint16_t type;
	struct dns_name zone; /* whose server is asked; length 0: none */
};

/* What asking machines want of the network, given to them at creation. */
struct dns_network {
	/*
	 * Sends `message` to `server`. Each exchange has a socket of its own, opened by its first
	 * message, with a random source port; over TCP the message goes behind its length.
	 */
	void (*send)(void *owner, uint64_t exchange, struct endpoint server, bool over_tcp,
		     struct bytes message);
	/*
	 * Before its first message: the exchange shares the socket of another that is under way with the
	 * same server. May be NULL: then it does not.
	 */
	void (*join)(void *owner, uint64_t exchange, uint64_t other);
	/* The exchange is over: nothing that still comes is wanted. */
	void (*close)(void *owner, uint64_t exchange);
	/* A number for a new lookup, for the trace. May be NULL: then they are counted. */
	uint64_t (*new_lookup)(void *owner);
	void (*entered)(void *owner, const struct dns_lookup_note *note); /* may be NULL */
	/* A message is not used. May be NULL. */
	void (*dropped)(void *owner, enum dns_detail why, struct bytes message);
};

/* Writes the query into `out` and returns its length. */
size_t dns_exchange_emit(const struct dns_exchange *exchange, const struct dns_question *question,
			 uint8_t out[DNS_UDP_BYTES]);

/*
 * Judges a message that came for `exchange`: DNS_DETAIL_NONE, and `*response` is new and the
 * caller's, or why it is not the answer.
 */
enum dns_detail dns_exchange_accept(const struct dns_exchange *exchange,
				    const struct dns_question *question, struct endpoint from,
				    struct bytes message, struct dns_message **response);

/* True when the server does not understand EDNS, and is to be asked again without. */
bool dns_exchange_refused_edns(const struct dns_exchange *exchange,
			       const struct dns_message *response);
