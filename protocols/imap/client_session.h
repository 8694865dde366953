/* What the files of the IMAP client session share: its insides, operations, commands. */
#pragma once
#include "protocols/imap/client.h"
#include "protocols/imap/output.h"
#include "protocols/imap/parser.h"
#include "protocols/imap/reader.h"
#include "protocols/imap/sequence.h"
#include "protocols/layer.h"
#include "protocols/mail/mailbox.h"

#define IMAP_RESPONSE_BYTES_MAX (8 * 1024 * 1024) /* of a response without its literals */
#define IMAP_CLIENT_UIDS_MAX    1000000           /* numbers whose UID is remembered */

struct imap_operation;

/*
 * Sends the command for `operation->step`, counted from 0 after each OK. False when there is none:
 * the operation is complete.
 */
typedef bool imap_send_fn(struct imap_client *client, struct imap_operation *operation);

struct imap_operation {
	unsigned number; /* 0: made by the client itself */
	imap_send_fn *send;
	unsigned step;

	/* Arguments, as the operation needs them. */
	char *name, *second; /* mailboxes in UTF-8, patterns, criteria */
	struct imap_sequence_set uids;
	uint32_t uid, flags;
	uint32_t uid_validity; /* of the mailbox as it was known */
	uint64_t modseq;       /* up to which it was */
	enum imap_store_mode mode;
	bool is_selecting; /* SELECT was sent */
	bool is_resuming;  /* with what was known */
	bool is_option;    /* read only, subscribed, mark seen */
	GBytes *message;

	GByteArray *body;    /* of a message that comes in pieces; NULL: none yet */
	guint asked_from;    /* where in it the piece asked for last begins */
	uint64_t size_bytes; /* of that message, once known */
	bool is_done_sent;   /* IDLE was ended */
};

/* A command on its way: pieces that follow each other, some only when the server says "+". */
struct imap_piece {
	GBytes *bytes;
	size_t sent;
	bool waits;
};

struct imap_client {
	struct session base;
	struct imap_client_config config;
	char *user, *password;

	enum imap_state state;
	struct imap_reader reader;
	struct imap_tiler tiler; /* of what we send */
	uint64_t literal_from;   /* stream offset of the literal being read */
	GPtrArray *capabilities; /* of char *; NULL: not known yet */
	int phase;               /* enum session_phase noted last, -1 none */
	bool is_inside;          /* the driver is calling us */
	bool is_over;            /* `over` was told */

	GQueue operations;              /* of struct imap_operation *, waiting */
	struct imap_operation *current; /* running; NULL: none */
	unsigned last_operation, last_tag;
	char tag[16];             /* of the command in flight, "" none */
	GQueue pieces;            /* of struct imap_piece *, of it, not sent yet */
	GString *line;            /* command being written */
	struct sasl_client *sasl; /* the exchange of AUTHENTICATE; NULL: none */
	bool is_answering;        /* its initial response waits for "+" */
	bool is_starting_tls;     /* STARTTLS was sent */
	bool was_tls_answered;    /* and that was its answer */
	bool is_idling;           /* IDLE was answered with "+" */
	int64_t idle_from_ns;     /* at that time */
	bool has_qresync;         /* it is enabled */
	bool has_selected;        /* some mailbox was: ENABLE is allowed no more */

	struct imap_mailbox_status selected; /* `name` is owned */
	GArray *uids;                        /* of uint32_t, by message number - 1; 0 not known */
};

/* Writing a command: begin, append, end. */
void imap_command_begin(struct imap_client *client, const char *verb);
void imap_command_append(struct imap_client *client, const char *format, ...) G_GNUC_PRINTF(2, 3);
void imap_command_append_string(struct imap_client *client, const char *text);  /* SP astring */
void imap_command_append_mailbox(struct imap_client *client, const char *name); /* SP mailbox */
void imap_command_append_literal(struct imap_client *client, GBytes *bytes);    /* SP literal */
void imap_command_append_set(struct imap_client *client, const struct imap_sequence_set *set);
void imap_command_append_criteria(struct imap_client *client, const char *criteria);
bool imap_command_end(struct imap_client *client); /* always true */

/* Sends what pieces may go; with `is_invited` the one that waits for "+" too. */
void imap_client_send_pieces(struct imap_client *client, bool is_invited);

/* Forgets what was not sent of a command. */
void imap_client_drop_pieces(struct imap_client *client);

/* Sends the line that ends IDLE. */
void imap_client_send_done(struct imap_client *client);

/* Answers a challenge of AUTHENTICATE: what stands behind "+ ". */
void imap_client_hear_challenge(struct imap_client *client, struct bytes challenge);

/* The only writers of state and phase. */
void imap_client_enter(struct imap_client *client, enum imap_state state);
void imap_client_enter_phase(struct imap_client *client, enum session_phase phase);

/* Reads one response that is not tagged and no "+"; what makes no sense is passed over. */
void imap_client_take_untagged(struct imap_client *client, struct imap_parser *parser);

/* Reads the response code at the front of a status text, if there is one. */
void imap_client_take_code(struct imap_client *client, struct imap_parser *parser);

/* Forgets the selected mailbox. */
void imap_client_unselect(struct imap_client *client);

/* The operations the client makes itself. */
bool imap_send_login(struct imap_client *client, struct imap_operation *operation);
bool imap_send_idle(struct imap_client *client, struct imap_operation *operation);
bool imap_send_logout(struct imap_client *client, struct imap_operation *operation);
bool imap_send_select(struct imap_client *client, struct imap_operation *operation);
bool imap_send_resume(struct imap_client *client, struct imap_operation *operation);
bool imap_send_fetch_headers(struct imap_client *client, struct imap_operation *operation);
bool imap_send_fetch_body(struct imap_client *client, struct imap_operation *operation);

/* Queues `operation` (taken) and returns its number; starts it when nothing else runs. */
unsigned imap_client_queue(struct imap_client *client, struct imap_operation *operation);
struct imap_operation *imap_operation_new(imap_send_fn *send);
void imap_operation_free(struct imap_operation *operation);

/* Queues an operation with one or two names (`second` may be NULL). */
unsigned imap_client_queue_names(struct imap_client *client, imap_send_fn *send, const char *name,
				 const char *second);
