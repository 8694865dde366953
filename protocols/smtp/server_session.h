/* The inside of the SMTP server session, shared by the files server*.c alone. */
#pragma once
#include "protocols/layer.h"
#include "protocols/smtp/data.h"
#include "protocols/smtp/server.h"
#include "protocols/smtp/syntax.h"

/* What the environment was asked. */
enum smtp_question {
	SMTP_ASKED_NOTHING,
	SMTP_ASKED_NAME,
	SMTP_ASKED_PASSWORD,
	SMTP_ASKED_RECIPIENT, /* for RCPT */
	SMTP_ASKED_VRFY,      /* the same for VRFY */
	SMTP_ASKED_MESSAGE,
	SMTP_ASKED_PATIENCE, /* nobody: a fault makes us slow */
};

struct smtp_server {
	struct session session; /* first: the two are converted into each other */
	const struct smtp_server_config *config;
	void *owner; /* of the environment */
	enum smtp_state state;
	enum smtp_question question;
	uint32_t client_address;
	char *client_name; /* NULL: unknown */
	char *helo;
	char *login;           /* NULL: nobody */
	bool is_extended;      /* EHLO, not HELO */
	char *why_turned_away; /* NULL: it is not */
	unsigned errors;

	bool is_skipping_line; /* the rest of a line that was too long */
	uint64_t skipped_from;

	struct sasl_server *sasl; /* the exchange under way; NULL: none */

	/* A fault: what is done when the delay is over. */
	int64_t patience_ns;     /* when that is */
	enum smtp_detail faulty; /* the command */
	GBytes *held_line;       /* it, to be run then; NULL: none */
	char *held_reply;        /* to be said in place of that; NULL: none */
	bool resets_then;        /* or this */
	bool resets_message;     /* in the message that comes now */
	uint64_t reset_after;    /* so many octets of it */

	/* the open mail transaction */
	char *sender;          /* NULL: none is open */
	uint64_t transactions; /* that were begun */
	struct smtp_message_wish wish;
	GPtrArray *recipients; /* of char *, accepted; NULL: none */
	GArray *wishes;        /* of struct smtp_recipient_wish: theirs */
	char *asked_recipient;
	struct smtp_recipient_wish asked_wish;
	bool was_recipient_refused;
	bool is_8bit;
	uint64_t declared_bytes; /* SIZE of MAIL; 0: unsaid */
	GByteArray *data;        /* the message so far; NULL: none */
	enum smtp_data_state data_state;
	bool is_oversized;
	uint64_t data_from;   /* stream offset of the message or chunk */
	uint64_t chunk_bytes; /* still to come of a BDAT chunk */
	enum smtp_state state_before_chunk;
	bool is_last_chunk;
	const char
	    *chunk_refusal; /* reply to a chunk that is read but not kept; NULL: it is kept */
};

/* True while AUTH may be used. */
static inline bool smtp_server_offers_auth(const struct smtp_server *server)
{
	return server->config->capabilities & SMTP_CAN_AUTH &&
	       (!server->config->hides_auth || server->session.protection != NULL);
}

/* True while STARTTLS may be used. */
static inline bool smtp_server_offers_tls(const struct smtp_server *server)
{
	return server->config->capabilities & SMTP_CAN_TLS && server->session.protection == NULL;
}

/* The only writer of `state`. */
void smtp_server_enter(struct smtp_server *server, enum smtp_state state);

/* One reply of one line: "250 2.1.0 Ok". Counts refusals. */
void smtp_server_reply(struct smtp_server *server, const char *format, ...) G_GNUC_PRINTF(2, 3);

void smtp_server_note_phase(struct smtp_server *server, enum session_phase phase);

/* Notes that the bytes from stream offset `from` up to and with the next `length` are one unit. */
void smtp_server_note_since(struct smtp_server *server, enum smtp_detail detail, uint64_t from,
			    size_t length);

/* Waits for the answer to `question`. Call before asking, for the answer may come at once. */
void smtp_server_ask(struct smtp_server *server, enum smtp_question question);

/* The envelope's wishes are freed. */
void smtp_server_clear_wishes(struct smtp_server *server);

/* Ends the mail transaction, if one is open (RFC 5321 section 4.1.1.5). */
void smtp_server_reset(struct smtp_server *server);

/* Says why and hangs up. */
void smtp_server_give_up(struct smtp_server *server, const char *status_and_reason);

/* Runs a command line; server_commands.c. */
void smtp_server_run(struct smtp_server *server, struct bytes line);

/* AUTH; server_auth.c. The second takes the client's answer to a challenge, a line. */
void smtp_server_auth(struct smtp_server *server, struct bytes argument);
void smtp_server_credentials(struct smtp_server *server, struct bytes line);
void smtp_server_take_password(struct smtp_server *server, const char *password);
unsigned smtp_server_mechanisms(const struct smtp_server *server); /* set of SASL_BIT() */

/*
 * Faults; server_fault.c. The first is true when the command is dealt with, by a fault; the second
 * does what waited for a delay to end.
 */
bool smtp_server_meet_fault(struct smtp_server *server, enum smtp_detail command,
			    const char *address, struct bytes line);
void smtp_server_end_delay(struct smtp_server *server);

/* What is done when nothing is wrong any more: greets; tells what becomes of the message. */
void smtp_server_greet(struct smtp_server *server);
void smtp_server_finish_message(struct smtp_server *server);

/* Mail data; server_data.c. They return how many octets of `in` they took. */
void smtp_server_begin_data(struct smtp_server *server);
size_t smtp_server_receive_data(struct smtp_server *server, struct bytes in);
void smtp_server_begin_chunk(struct smtp_server *server, struct bytes argument);
size_t smtp_server_receive_chunk(struct smtp_server *server, struct bytes in);
