/* What an observer of a link has learned, for views/eavesdrop*.c only. */
#pragma once
#include "views/address_names.h"
#include "views/credentials.h"
#include "views/eavesdrop.h"

/* How an observer knows something of what was said. */
enum heard_kind {
	HEARD_TEXT,      /* a line that is readable */
	HEARD_HANDSHAKE, /* a message of TLS that is readable, in words */
	HEARD_HIDDEN,    /* records that are not */
	HEARD_SECRET,    /* a credential, in words */
};

struct heard {
	enum heard_kind kind;
	bool is_from_server;
	int64_t time_ns;
	uint64_t frame;  /* that completed it, in the default capture */
	char *text;      /* NULL of HEARD_HIDDEN */
	uint64_t bytes;  /* of HEARD_HIDDEN, record headers included, */
	unsigned amount; /* in so many records */
};

/* One direction of a connection. */
struct heard_direction {
	GString *line;         /* of text, that is not over yet */
	GByteArray *records;   /* of TLS: a record that is not whole yet */
	GByteArray *handshake; /* likewise a message of the handshake */
	bool is_encrypted;     /* from here on handshake messages are not readable (TLS 1.2) */
	uint64_t bytes;        /* that TCP carried */
	unsigned segments;
};

struct heard_session {
	unsigned number;
	struct ip_address client, server;
	uint16_t client_port, server_port;
	const struct dissector *dissector; /* NULL: a protocol that is not known */
	int64_t opened_ns, closed_ns;
	bool is_answered, was_reset, is_tls;
	bool is_tls_first; /* from the first byte on */
	unsigned fins;
	struct heard_direction directions[2];
	GArray *heard; /* of struct heard, in order of time */
};

/* A host, as far as the headers tell. */
struct heard_host {
	struct ip_address address;
	uint64_t frames, bytes; /* sent */
};

/* A credential, in words and in parts, and where it was heard first. */
struct heard_secret {
	char *text;
	enum credential_kind kind;
	const char *protocol, *how; /* constant */
	char *user, *secret;        /* as of struct credential */
	uint64_t frame;
	unsigned connection, last_connection, times;
};

struct eavesdrop {
	const struct model *model;
	const struct dissector *const *dissectors;
	char *place;      /* "eve-pc:eth0", "the network lan" */
	uint64_t *tapped; /* of node << 16 | interface; ends with 0 */
	bool is_network;
	struct decode decode;
	struct streams *streams;
	struct credentials *credentials;
	struct address_names *names;
	GPtrArray *sessions; /* of struct heard_session *, by number - 1 */
	GArray *hosts;       /* of struct heard_host, in the order in which they appear */
	GArray *questions;   /* of struct heard: what was said by DNS and the like */
	GArray *secrets; /* of struct heard_secret: each once, in the order in which they appear */
	uint64_t frames, bytes, damaged, arp, icmp;
	int64_t first_ns, last_ns;
	int64_t now_ns;
	uint64_t frame; /* number of the present one */
};

/* eavesdrop_session.c: the session of a connection, made when it is heard of first. */
struct heard_session *eavesdrop_session(struct eavesdrop *eavesdrop,
					const struct model_connection *connection);
void eavesdrop_session_free(struct heard_session *session);

/* Takes in a unit that is at hand, readable or not. */
void eavesdrop_hear(struct eavesdrop *eavesdrop, const struct stream_said *said);

/* Ends what is not over: the last lines of directions. */
void eavesdrop_flush(struct eavesdrop *eavesdrop);

/* The name that DNS gave to an address, as far as it was heard; NULL: none. */
const char *eavesdrop_name(const struct eavesdrop *eavesdrop, struct ip_address address);

/* How a connection ended, as far as it was heard: "closed by both sides". */
const char *eavesdrop_ending(const struct heard_session *session);

/* Adds to what was heard of a session; `text` is taken. */
void eavesdrop_add(struct eavesdrop *eavesdrop, struct heard_session *session, enum heard_kind kind,
		   bool is_from_server, char *text);
void eavesdrop_heard_clear(void *heard);
