/* What FETCH was asked for (RFC 3501 section 6.4.5), read by fetch_items.c, answered by command_fetch.c. */
#pragma once
#include "protocols/imap/command.h"
#include "protocols/imap/section.h"

enum imap_item_kind {
	ITEM_FLAGS,
	ITEM_UID,
	ITEM_MODSEQ, /* RFC 7162 */
	ITEM_INTERNALDATE,
	ITEM_SIZE,
	ITEM_ENVELOPE,
	ITEM_BODY,
	ITEM_BODYSTRUCTURE,
	ITEM_SECTION,
	ITEM_BINARY, /* RFC 3516: the section without its transfer encoding */
	ITEM_BINARY_SIZE,
};

struct imap_item {
	enum imap_item_kind kind;
	bool marks_seen;
	const char *label; /* of an RFC822 item; NULL: BODY[section] */
	struct imap_section section;
	bool is_partial;
	uint32_t partial_from, partial_bytes;
};

struct imap_fetch {
	struct imap_session *session;
	GArray *items; /* of struct imap_item */
	struct imap_sequence_set set;
	uint64_t changed_since;     /* 0: whether changed or not */
	bool wants_vanished;        /* to know what is gone (RFC 7162 section 3.2.6) */
	bool has_flags, marks_seen; /* some item does */
	uint32_t number;            /* message being answered; 0: none yet */
	unsigned item_index;        /* next item of it */
	GString *flags;             /* "FLAGS (...)" of it, and ... */
	uint64_t modseq;            /* ... its modification sequence, when its answer began */
	bool shows_flags;           /* \Seen was just set: FLAGS unasked */
	bool has_unknown_encoding;  /* some part could not be decoded */
	GString *text;              /* line in the making */
	GBytes *literal;            /* what follows `text`; NULL: none */
	size_t literal_sent;
};

/* SP sequence-set SP items [SP modifiers], up to the end. */
bool imap_parse_fetch(struct imap_parser *parser, struct imap_fetch *fetch);

/* True when the items ask for `kind`. */
bool imap_fetch_wants(const struct imap_fetch *fetch, enum imap_item_kind kind);
