/* Search keys (RFC 3501 section 6.4.4): read into a tree once, asked about each message. */
#pragma once
#include "protocols/imap/parser.h"
#include "protocols/imap/sequence.h"
#include "protocols/imap/view.h"

#define IMAP_SEARCH_DEPTH_MAX 50
#define IMAP_SEARCH_KEYS_MAX  1000

struct imap_search;

/* What keys mean depends on. */
struct imap_search_context {
	const struct imap_view *view;
	int64_t unix_time; /* now: OLDER and YOUNGER count from it */
	bool knows_within; /* these two are offered (RFC 5032) */
	bool knows_modseq; /* MODSEQ is (RFC 7162) */
	/* "$", which must be next, as numbers or UIDs; false when it is not offered (RFC 5182). */
	bool (*parse_saved)(void *owner, struct imap_parser *parser, bool is_uids,
			    struct imap_sequence_set *set);
	void *owner;
};

/*
 * 1*(SP search-key), up to the end. Sequence sets mean the messages in the view; numbers beyond them
 * match nothing. NULL on failure: the error is in the parser.
 */
struct imap_search *imap_search_parse(struct imap_parser *parser,
				      const struct imap_search_context *context);
void imap_search_free(struct imap_search *search);

/* True when a key asked for modification sequences: the answer tells them then. */
bool imap_search_uses_modseq(const struct imap_search *search);

/* Does the message with `number` in the view match? */
bool imap_search_matches(const struct imap_search *search, const struct imap_view *view,
			 uint32_t number);
