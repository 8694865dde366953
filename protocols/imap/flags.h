/* Message flags and keywords on the wire (RFC 3501 section 2.3.2). */
#pragma once
#include "protocols/imap/parser.h"
#include "protocols/mail/mailbox.h"

#define IMAP_KEYWORD_BYTES_MAX 255
#define IMAP_KEYWORDS_MAX      64 /* of one message */

/* System flags a client may change. */
#define IMAP_FLAGS_SETTABLE                                                                        \
	(MAILBOX_SEEN | MAILBOX_ANSWERED | MAILBOX_FLAGGED | MAILBOX_DELETED | MAILBOX_DRAFT)

struct imap_flags {
	uint32_t flags;      /* enum mailbox_flag */
	GPtrArray *keywords; /* of char *, owned, each once; NULL: none */
};

void imap_flags_clear(struct imap_flags *flags);

/*
 * Flags in parentheses, or without them where `is_bare_allowed`. \Recent and unknown system flags
 * are errors when a client sends them; `is_lenient`, for what a server sends, takes and drops them.
 */
bool imap_parse_flags(struct imap_parser *parser, bool is_bare_allowed, bool is_lenient,
		      struct imap_flags *flags);

/* Appends "\Answered \Seen $Forwarded", without parentheses. */
void imap_flags_print(GString *out, uint32_t flags, const GPtrArray *keywords);

/* Position of `keyword` in any case, or -1. */
int imap_keywords_find(const GPtrArray *keywords, const char *keyword);

/* Adds it unless it is there; makes the array when NULL. False when it is there. */
bool imap_keywords_add(GPtrArray **keywords, const char *keyword);

/* The flag of a name like "\Seen", 0 when there is none. */
uint32_t imap_flag_by_name(struct bytes name);
