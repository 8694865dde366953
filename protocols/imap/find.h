/* What SEARCH, SORT and THREAD have in common: charset, search keys, and what they find. */
#pragma once
#include "protocols/imap/command.h"
#include "protocols/imap/search.h"

/* What was found. */
struct imap_found {
	GArray *numbers;     /* of uint32_t: message numbers, ascending; NULL: not searched yet */
	bool tells_modseq;   /* a key asked for modification sequences */
	uint64_t modseq_max; /* the highest one of what was found */
};

/*
 * Reads 1*(SP search-key) up to the end of the command and looks. False: the command has ended.
 * `found` is to be cleared by the caller in any case.
 */
bool imap_find(struct imap_session *session, struct imap_parser *parser, struct imap_found *found);
void imap_found_clear(struct imap_found *found);

/* The number, or behind UID the UID, of the message at `index` in what was found. */
uint32_t imap_found_at(const struct imap_session *session, const struct imap_found *found,
		       unsigned index);

/* True when texts in that charset can be searched for. */
bool imap_charset_is_known(struct bytes charset);

/* Ends the command with the charsets there are. */
void imap_no_charset(struct imap_session *session);
