/*
 * The stub resolver of a host as a pure machine (RFC 1034 section 5.3.1): asks one server, with 5 s
 * of patience for each attempt, a new socket for each question (glibc: one for A and AAAA of a name
 * together), TCP after a truncated answer, and no cache. What else it does is as glibc or as BIND's
 * dig, whichever program asks.
 */
#pragma once
#include "protocols/dns/exchange.h"
#include "sim/random.h"

#define DNS_STUB_WAIT_NS (5 * NS_PER_S)

/* Which program's habits the stub has. */
enum dns_asker {
	/*
	 * getaddrinfo() of glibc: two attempts, no EDNS. SERVFAIL, REFUSED and NOTIMP send it to the
	 * next server, which with one server is the same once more, from a new socket.
	 */
	DNS_ASKER_LIBRARY,
	/*
	 * dig of BIND 9.18: three attempts, each from a new socket, with AD and EDNS (1232 bytes,
	 * RFC 6891) and a client cookie (RFC 7873). Whatever the server answers is the answer.
	 */
	DNS_ASKER_DIG,
};

enum dns_outcome {
	DNS_FOUND,    /* at least one record of the type, CNAMEs followed */
	DNS_NO_NAME,  /* NXDOMAIN */
	DNS_NO_DATA,  /* the name exists without records of the type */
	DNS_FAILED,   /* SERVFAIL, REFUSED, malformed or no answer: try again later */
	DNS_REFERRAL, /* the server knows only whom to ask, and does not ask itself */
};

/* An answer; borrowed during the call. `message` is NULL when no usable answer came. */
struct dns_answer {
	enum dns_outcome outcome;
	const struct dns_message *message; /* records of the type asked are in its answer section */
};

typedef void dns_done_fn(void *owner, const struct dns_answer *answer);

struct dns_stub;
struct dns_query;

/* `network` outlives the stub; `network_owner` is handed to its functions. */
struct dns_stub *dns_stub_new(struct endpoint server, enum dns_asker asker,
			      const struct random_stream *random, const struct dns_network *network,
			      void *network_owner);
void dns_stub_free(struct dns_stub *stub); /* pending queries are forgotten; NULL is fine */

/* Asks; `done` is called once, never before this call returned. */
struct dns_query *dns_stub_ask(struct dns_stub *stub, int64_t now_ns,
			       const struct dns_question *question, dns_done_fn *done, void *owner);

/* Asks for another type of the same name, from the socket of `first`, which is under way. */
struct dns_query *dns_stub_ask_too(struct dns_query *first, int64_t now_ns, uint16_t type,
				   dns_done_fn *done, void *owner);

/* Forgets the query; `done` is not called. */
void dns_cancel(struct dns_query *query);

/* As in dns_recursion_receive() and those behind it. */
void dns_stub_receive(struct dns_stub *stub, int64_t now_ns, uint64_t exchange,
		      struct endpoint from, struct bytes message);
void dns_stub_failed(struct dns_stub *stub, int64_t now_ns, uint64_t exchange);
int64_t dns_stub_deadline(const struct dns_stub *stub);
void dns_stub_expire(struct dns_stub *stub, int64_t now_ns);
