/* Search keys (RFC 3501 section 6.4.4): read into a tree once, asked about each message. */
#pragma once
#include "protocols/imap/parser.h"
#include "protocols/imap/view.h"

#define IMAP_SEARCH_DEPTH_MAX 50
#define IMAP_SEARCH_KEYS_MAX  1000

struct imap_search;

/*
 * 1*(SP search-key), up to the end. Sequence sets mean the messages in `view`. NULL on failure: the
 * error is in the parser.
 */
struct imap_search *imap_search_parse(struct imap_parser *parser, const struct imap_view *view);
void imap_search_free(struct imap_search *search);

/* Does the message with `number` in the view match? */
bool imap_search_matches(const struct imap_search *search, const struct imap_view *view,
			 uint32_t number);
