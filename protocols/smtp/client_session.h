/* The inside of the SMTP client session, shared by the files client*.c alone. */
#pragma once
#include "protocols/layer.h"
#include "protocols/smtp/client.h"
#include "protocols/smtp/data.h"
#include "protocols/smtp/syntax.h"

#define SMTP_REPLY_LINE_MAX 4096  /* octets; RFC 5321 4.5.3.1.5 asks for 512 */
#define SMTP_REPLY_TEXT_MAX 65536 /* octets kept of one reply; the rest is read and dropped */

/* What a reply is awaited for, in the order of the commands. */
struct smtp_expectation {
	enum smtp_detail
	    command;        /* SMTP_GREETING, SMTP_EHLO, ..., SMTP_MESSAGE for the final dot */
	unsigned recipient; /* of RCPT */
};

/* What the server said it can do. */
struct smtp_offer {
	bool has_pipelining, has_size, has_8bit, has_dsn, has_utf8, has_chunking, has_tls;
	unsigned mechanisms; /* set of SASL_BIT() */
	uint64_t size_limit; /* 0: none */
};

/* The message under way. */
struct smtp_job {
	char *sender;
	char **recipients;
	struct smtp_recipient_wish *wishes;
	unsigned count;
	struct smtp_message_wish wish;
	GBytes *data;
	bool is_8bit;
	bool needs_utf8;             /* addresses or header fields are in UTF-8 */
	struct smtp_result *results; /* per recipient; SMTP_PENDING until decided */
	unsigned accepted;           /* recipients the server took */
	unsigned next;               /* command to say: 0 MAIL, 1 to count RCPT, count + 1 DATA */
	bool is_chunked;             /* BDAT in place of DATA */
	size_t chunk_written;        /* octets of it */
	bool was_sender_refused;
	bool is_writing; /* the content is being sent */
	struct smtp_data_writer writer;
	uint64_t content_from; /* stream offset of the content */
};

struct smtp_client {
	struct session session; /* first: the two are converted into each other */
	struct smtp_client_config config;
	enum smtp_state state;
	struct smtp_offer offer;
	struct smtp_job *job; /* NULL: none */
	GArray *expected;     /* of struct smtp_expectation */
	guint answered;       /* how many of them had their reply */
	bool is_ready;        /* greeted, and authenticated if wanted */
	bool is_doomed;       /* this server takes no more messages from us */
	bool wants_quit, has_quit;
	struct sasl_client *sasl; /* the exchange under way; NULL: none */

	GString *reply;      /* lines of the reply so far, joined by blanks; NULL: none */
	uint64_t reply_from; /* stream offset of its first line */
	bool reply_has_lines;
};

void smtp_client_enter(struct smtp_client *client, enum smtp_state state);
void smtp_client_note_phase(struct smtp_client *client, enum session_phase phase);

/* Says a command (with its CRLF) and expects a reply to it. */
void smtp_client_say(struct smtp_client *client, struct smtp_expectation expectation,
		     const char *format, ...) G_GNUC_PRINTF(3, 4);

/* True while a reply is awaited. */
static inline bool smtp_client_expects(const struct smtp_client *client)
{
	return client->answered < client->expected->len;
}

/* Says whatever may be said now. */
void smtp_client_advance(struct smtp_client *client);

/* Sets the deadline by what is awaited (RFC 5321 section 4.5.3.2). */
void smtp_client_arm(struct smtp_client *client);

/*
 * The session cannot go on: what is undecided of the message becomes `outcome`. With `says_quit`
 * the server is told; without, the connection is closed.
 */
void smtp_client_give_up(struct smtp_client *client, enum smtp_outcome outcome,
			 enum smtp_stage stage, unsigned code, const char *text, bool says_quit);

/* Greeting, EHLO and AUTH; client_hello.c. */
void smtp_client_hear_greeting(struct smtp_client *client, unsigned code, const char *text);
void smtp_client_hear_capability(struct smtp_client *client, struct bytes line);
void smtp_client_hear_hello(struct smtp_client *client, enum smtp_detail command, unsigned code,
			    const char *text);
void smtp_client_hear_auth(struct smtp_client *client, unsigned code, const char *text);
void smtp_client_hear_starttls(struct smtp_client *client, unsigned code, const char *text);

/* TLS protects the connection: greets anew, and forgets what was offered before. */
void smtp_client_say_hello(struct smtp_client *client);

/* The mail transaction; client_mail.c. */
struct smtp_job *smtp_job_new(const struct smtp_transfer *transfer);
void smtp_job_free(struct smtp_job *job);

/* The message was handed to the output whole. */
static inline bool smtp_job_is_written(const struct smtp_job *job)
{
	return job->is_chunked ? job->chunk_written == g_bytes_get_size(job->data)
			       : job->writer.is_finished;
}
void smtp_client_say_envelope(struct smtp_client *client);
void smtp_client_write_content(struct smtp_client *client);
void smtp_client_hear_mail(struct smtp_client *client, struct smtp_expectation expectation,
			   unsigned code, const char *text);

/* Ends the job: undecided recipients get this result, and the owner is told. */
void smtp_client_finish_job(struct smtp_client *client, enum smtp_outcome outcome,
			    enum smtp_stage stage, unsigned code, const char *text);

/* The outcome that a refusal's code means. */
static inline enum smtp_outcome smtp_outcome_of(unsigned code)
{
	return code / 100 == 5 ? SMTP_FAILED : SMTP_DEFERRED;
}
