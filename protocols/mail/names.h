/* What trace records of LAYER_MAIL say about mailboxes, and the names of all its details. */
#pragma once
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
