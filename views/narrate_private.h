/* What the parts of a narration share; for views/narrate*.c and views/quiz*.c only. */
#pragma once
#include "views/narrate.h"

#define SCENE_NONE UINT32_MAX

/* What is explained where it happens first, and only named from then on. */
enum narrate_concept {
	CONCEPT_ARP,
	CONCEPT_DNS,
	CONCEPT_DELEGATION,
	CONCEPT_HANDSHAKE,
	CONCEPT_CLOSE,
	CONCEPT_SMTP,
	CONCEPT_ENVELOPE, /* MAIL and RCPT against To: */
	CONCEPT_DOT,      /* the end of DATA */
	CONCEPT_AUTH,
	CONCEPT_PLAIN_PASSWORD,
	CONCEPT_RESPONSIBILITY,
	CONCEPT_RELAY,
	CONCEPT_RECEIVED,
	CONCEPT_MX,
	CONCEPT_IPV6,
	CONCEPT_TXT,
	CONCEPT_MDA,
	CONCEPT_MSA,
	CONCEPT_POLICY_LOGIN,
	CONCEPT_POLICY_LOCAL,
	CONCEPT_GROWTH,
	CONCEPT_REVERSE,
	CONCEPT_SUBMISSION,
	CONCEPT_TRANSFER,
	CONCEPT_POP3,
	CONCEPT_DELETION,
	CONCEPT_IMAP,
	CONCEPT_IMAP_STAYS,
	CONCEPT_IDLE,
	CONCEPT_HTTP,
	CONCEPT_STARTTLS,
	CONCEPT_TLS,
	CONCEPT_TLS_READABLE,
	CONCEPT_RETRANSMISSION,
	CONCEPT_DEFERRAL,
	CONCEPT_BOUNCE,
	CONCEPT_REPLY_LATER,
	CONCEPT_REPLY_NO,
	CONCEPT_FILTER,
	CONCEPT_TAMPERING,
	CONCEPT_NAT,
	CONCEPT_MIME,
	CONCEPT_MESSAGE_ID,
	CONCEPT_PIPELINING,
	CONCEPT_CACHE,
	CONCEPT_OUTBOX,
	CONCEPT_SPF,
	CONCEPT_COUNT,
};

/* A user's action and all that comes of it, or a message that a server writes by itself. */
struct scene {
	const struct trace_record *record; /* the action, or the notification's */
	const struct model_mail *mail;     /* that it writes; NULL: none */
	uint32_t node;
	uint32_t parent; /* of a notification: the scene in which it was written; else SCENE_NONE */
	GArray *stations; /* of uint64_t: indices of records of kind MAIL, in order */
	GArray *lookups;  /* of a host's DNS queries: when they begin and end */
	GArray *arps;     /* questions by ARP, where they are sent */
	const struct trace_record *outcome; /* how the action ended; NULL: not known */
	const struct trace_record *retry; /* the first time that it could not go on; NULL: never */
	GArray *trouble;                  /* drops, retransmissions, and failures */
	GArray *legs;                     /* of uint32_t: connections that open in it, in order */
	uint64_t frames, first_frame_index;
};

/* What is known of a connection besides the model's. */
struct leg {
	const struct model_connection *connection;
	uint32_t scene; /* where it opens; SCENE_NONE */
	/* The first TRANSMIT of each; NULL: there is none. */
	const struct trace_record *syn, *syn_ack, *ack, *fin;
	uint32_t client, server; /* nodes; 0: not known */
	GArray *retransmissions; /* of uint64_t: indices of ENCAPSULATE records */
};

struct narrator {
	struct history *history;
	const struct model *model;
	const struct trace_store *store;
	struct story *story;
	enum narrate_level level;
	const struct trace_record *filed; /* the delivery that was told last */
	bool is_repeating;                /* attempts like those told before are passed over */
	unsigned ladders;                 /* drawn so far */
	uint64_t phrases[4];              /* set of those said; see narrate_fetch.c */
	uint64_t lookups_told;            /* records below this index */
	uint64_t texts_told;              /* likewise, questions for TXT records */
	uint64_t told;                    /* set of 1 << enum narrate_concept */
	GPtrArray *nodes;                 /* by index: TRACE_NODE record; NULL: none */
	GArray *frames;           /* of uint64_t, by number - 1: index of the TRANSMIT record */
	uint32_t *scene_of;       /* by record index */
	GPtrArray *scenes;        /* of struct scene *, in order */
	GPtrArray *legs;          /* of struct leg *, as the model's connections */
	GHashTable *mail_records; /* root to record that wrote the message; look-ups only */
};

/* True the first time it is asked for a concept. */
bool narrate_is_new(struct narrator *narrator, enum narrate_concept concept);

/* Finds scenes, legs and frames; and forgets them. */
void narrate_index(struct narrator *narrator);
void narrate_index_clear(struct narrator *narrator);

/* The record of an index; NULL for UINT64_MAX. */
const struct trace_record *narrate_record(const struct narrator *narrator, uint64_t index);
struct bytes narrate_bytes(const struct narrator *narrator, const struct trace_record *record);

/* First TRANSMIT of a packet; NULL: it was never on a wire. */
const struct trace_record *narrate_transmit(const struct narrator *narrator, uint64_t packet);

/* The record that wrote the message with this root; NULL: none. */
const struct trace_record *narrate_mail_record(const struct narrator *narrator, uint64_t root);

const struct scene *narrate_scene(const struct narrator *narrator, guint index);
struct leg *narrate_leg(const struct narrator *narrator, guint index);

/* Which scene a record belongs to; SCENE_NONE: to none. */
uint32_t narrate_scene_of(const struct narrator *narrator, const struct trace_record *record);

/* Which scene a unit of a connection belongs to. */
uint32_t narrate_unit_scene(const struct narrator *narrator, const struct model_unit *unit);
