/* What the files of the POP3 client session share. */
#pragma once
#include "protocols/layer.h"
#include "protocols/pop3/client.h"
#include "protocols/pop3/names.h"
#include "protocols/pop3/unstuff.h"

/* Where the client is on its way; each stage begins when the one before has had all its answers. */
enum pop3_stage {
	STAGE_GREETING,
	STAGE_CAPABILITIES,
	STAGE_LOGIN,
	STAGE_SURVEY, /* STAT, UIDL, LIST */
	STAGE_RETRIEVE,
	STAGE_DELETE,
	STAGE_QUIT,
	STAGE_OVER,
};

enum pop3_capability {
	CAN_USER = 1,
	CAN_UIDL = 2,
	CAN_PIPELINE = 4,
	CAN_UTF8 = 8,
	CAN_STLS = 16,
};

/* A message of the maildrop. */
struct pop3_item {
	char *unique_id; /* NULL: the server told none */
	uint64_t size_bytes;
	uint64_t root; /* of the message, once retrieved */
	bool must_retrieve;
	bool must_delete;
	bool is_deleted; /* DELE was accepted; final with QUIT */
};

/* A command whose answer is to come. */
struct pop3_sent {
	enum pop3_detail verb;
	unsigned index; /* of the item it is about */
};

/* What the next bytes are. */
enum pop3_reading {
	READING_LINE,    /* the first line of an answer */
	READING_LISTING, /* further lines up to the dot */
	READING_MESSAGE,
};

struct pop3_client {
	struct session base;
	struct pop3_client_config config;
	char *user, *password;
	enum pop3_state state;
	enum pop3_stage stage;
	unsigned capabilities;    /* set of enum pop3_capability */
	unsigned mechanisms;      /* of AUTH, a set of SASL_BIT() */
	struct sasl_client *sasl; /* the exchange of AUTH; NULL: none */
	char *timestamp;          /* of the greeting, for APOP; NULL: none */
	GArray *sent;             /* of struct pop3_sent, oldest first */
	enum pop3_reading reading;
	uint64_t unit_start; /* stream offset of the listing or message being read */
	struct pop3_unstuffer unstuffer;
	GByteArray *message; /* being read; NULL: none */
	GArray *items;       /* of struct pop3_item; index is message number - 1 */
	unsigned next_item;  /* of the stage RETRIEVE or DELETE */
	unsigned asked;      /* questions of the stage SURVEY */
	bool is_empty;       /* STAT said that there is no message */
	enum pop3_outcome outcome;
	char *text; /* the deciding reply; NULL: none */
	unsigned offered, retrieved, deleted;
};

void pop3_client_enter(struct pop3_client *client, enum pop3_state state);
void pop3_client_phase(struct pop3_client *client, enum session_phase phase);

/* Ends in failure: notes why, says QUIT when the server listens still, or closes. */
void pop3_client_give_up(struct pop3_client *client, enum pop3_outcome outcome, const char *text);

/* Ends it now and tells the owner. */
void pop3_client_finish(struct pop3_client *client);

/* client_script.c: what is said next. */
void pop3_client_begin(struct pop3_client *client, enum pop3_stage stage);
void pop3_client_log_in(struct pop3_client *client);

/* CAPA was answered: TLS if it is wanted, else on to the login. */
void pop3_client_protect(struct pop3_client *client);
void pop3_client_say_password(struct pop3_client *client);

/* Answers a challenge of AUTH, the text behind "+ ". */
void pop3_client_hear_challenge(struct pop3_client *client, struct bytes challenge);

/* Says as much as the stage and the window allow; begins the next stage when this one is done. */
void pop3_client_advance(struct pop3_client *client);

/* client_reply.c: the answers. */
void pop3_client_answered(struct pop3_client *client, struct pop3_sent sent, bool is_ok,
			  const char *text);
void pop3_client_listed(struct pop3_client *client, enum pop3_detail verb, const char *line);
void pop3_client_listing_ended(struct pop3_client *client, struct pop3_sent sent);
void pop3_client_retrieved(struct pop3_client *client, struct pop3_sent sent, GBytes *message);
