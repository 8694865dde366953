/* What trace records of LAYER_MAIL say about mailboxes, and the names of all its details. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "protocols/layer.h"
#include "sim/bytes.h"

/*
 * Details of TRACE_MAILBOX records. They go on from enum mail_detail, so that one table names both.
 * `object` is the mailbox. From these records alone a view rebuilds every mailbox at any time.
 */
enum mailbox_detail {
	/* A mailbox exists. before: its UIDVALIDITY; after: 1 when subscribed; bytes: the owner's
	   address, NUL, name. INBOX announces the account. */
	MAILBOX_CREATED = MAIL_DETAIL_COUNT,
	MAILBOX_REMOVED,    /* it is gone with all it held */
	MAILBOX_RENAMED,    /* bytes: the new name */
	MAILBOX_SUBSCRIBED, /* after: 1 subscribed, 0 no longer */
	MAILBOX_APPENDED,   /* before: UID; after: mailbox_record_state(); bytes: the message */
	MAILBOX_COPIED,     /* the same, from another mailbox */
	MAILBOX_FLAGS,      /* before: UID; after: flags; bytes: keywords, space between them */
	MAILBOX_EXPUNGED,   /* before: UID; after: the flags it had */
	MAILBOX_GRANTED, /* after: rights, a bit for each letter, 0: none; bytes: whose they are */
	MAILBOX_DETAIL_COUNT,
};

/* `after` of MAILBOX_APPENDED and MAILBOX_COPIED: flags below, internal date (unsigned) above. */
static inline uint64_t mailbox_record_state(uint32_t flags, int64_t internal_date)
{
	return (uint64_t)(uint32_t)internal_date << 32 | flags;
}

static inline uint32_t mailbox_record_flags(uint64_t after)
{
	return (uint32_t)after;
}

/* Seconds since 1970. */
static inline int64_t mailbox_record_date(uint64_t after)
{
	return (int64_t)(after >> 32);
}

/*
 * The steps of a message's way from who writes it to who reads it. Each is recorded by the program that
 * takes it, when it does; a message goes through those from `connect` to `hand over` once for each
 * server on its way.
 */
enum mail_step {
	STEP_NONE,      /* a station that is no step: an outcome, or what clients show */
	STEP_COMPOSE,   /* MUA */
	STEP_CONNECT,   /* MUA, MTA: to the next server, by SMTP */
	STEP_SUBMIT,    /* MUA: an SMTP transaction with the MSA begins */
	STEP_RECEIVE,   /* MSA, MTA: the message has arrived */
	STEP_CHECK,     /* MSA, MTA: may it pass? */
	STEP_ACCEPT,    /* MSA, MTA: takes responsibility (RFC 5321 section 6.1) */
	STEP_QUEUE,     /* MTA */
	STEP_LOOK_UP,   /* MTA: the exchanger of the recipient's domain */
	STEP_TRANSFER,  /* MTA: an SMTP transaction with the next MTA begins */
	STEP_HAND_OVER, /* MTA: the other server has accepted it */
	STEP_DELIVER,   /* MDA: into the mailbox */
	STEP_READ,      /* MUA: fetches it, by POP3 or IMAP */
	STEP_COUNT,
};

/* "look up"; "" for STEP_NONE. */
extern const char *const mail_step_names[STEP_COUNT];

/* The step that a TRACE_MAIL record of this detail is. */
enum mail_step mail_step_of(unsigned detail);

/* True when the bytes of a record of this detail are a whole message. */
bool mail_record_holds_message(unsigned detail);

#define MAIL_TEXTS_MAX 2 /* in the bytes of a record, before its facts */

/* Goes through the texts and facts in the bytes of a TRACE_MAIL record; borrows from them. */
struct mail_facts {
	struct bytes name, value;
	bool is_fact;           /* the present one; else it is one of the texts */
	unsigned detail, count; /* count: of texts so far */
	struct bytes rest;
};

/* There are none in a record that holds a message. */
void mail_facts_begin(struct mail_facts *facts, unsigned detail, struct bytes bytes);

/* On to the first, and the next; false: that was all. */
bool mail_facts_next(struct mail_facts *facts);

/*
 * The Message-ID in the bytes of a TRACE_MAIL record of MAIL_LISTED, MAIL_SHOWN_READ or MAIL_UNLISTED;
 * `data` is NULL for all other details. Borrows from `bytes`.
 */
struct bytes mail_record_message_id(unsigned detail, struct bytes bytes);

/* The mailbox for unwanted mail (RFC 6154: \Junk). */
#define MAIL_JUNK "Junk"

/* The letters of enum mailbox_right, in the order of its bits (RFC 4314 section 2.1). */
#define MAILBOX_RIGHT_LETTERS "lrswipkxtea"

/* LAYER_MAIL; `details` covers enum mail_detail and enum mailbox_detail. */
extern const struct layer_names mail_layer_names;

/* Indexed by enum session_phase; PHASE_COUNT entries. */
extern const char *const session_phase_names[];
