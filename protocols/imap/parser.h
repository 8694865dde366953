/*
 * Tokens of IMAP commands and responses (RFC 3501 section 9): pure, over one complete command or
 * response with its literals in place, as the reader hands it out.
 *
 * Each function reads one token at the parser's position. On failure it returns false, leaves a
 * reason in `error` (the first one stays) and the position anywhere: the command is lost then.
 */
#pragma once
#include <glib.h>
#include "sim/bytes.h"

struct imap_parser {
	uint8_t *data; /* quoted strings lose their escapes in place */
	size_t length;
	size_t position;
	const char *error; /* NULL: all well so far */
};

void imap_parser_init(struct imap_parser *parser, uint8_t *data, size_t length);

/* Sets the error if none is set yet; always false. */
bool imap_parser_fail(struct imap_parser *parser, const char *error);

/* What is not read yet. */
struct bytes imap_parser_rest(const struct imap_parser *parser);

/* The byte at the position, or -1 at the end. Never fails. */
int imap_peek(const struct imap_parser *parser);

/* True and past it when `c` is next; else nothing happens. */
bool imap_skip(struct imap_parser *parser, char c);

/* True and past it when the atom `word` is next, in any case; else nothing happens. */
bool imap_skip_word(struct imap_parser *parser, const char *word);

bool imap_parse_char(struct imap_parser *parser, char c);
bool imap_parse_space(struct imap_parser *parser);
bool imap_parse_end(struct imap_parser *parser);
bool imap_parse_tag(struct imap_parser *parser, struct bytes *tag);
bool imap_parse_atom(struct imap_parser *parser, struct bytes *atom);
bool imap_parse_number(struct imap_parser *parser, uint32_t *number);
bool imap_parse_number64(struct imap_parser *parser, uint64_t *number);
bool imap_parse_string(struct imap_parser *parser, struct bytes *string);
bool imap_parse_astring(struct imap_parser *parser, struct bytes *string);

/* An astring that may hold the wildcards % and *. */
bool imap_parse_list_mailbox(struct imap_parser *parser, struct bytes *string);

/* A string, or NIL: then `string->data` is NULL. */
bool imap_parse_nstring(struct imap_parser *parser, struct bytes *string);

/* An astring as text the caller frees; a NUL byte in it is an error. */
bool imap_parse_text(struct imap_parser *parser, char **text);

/* Skips one value of any kind: atom, string, or list to a bounded depth. */
bool imap_parse_any(struct imap_parser *parser);

/* True when the token equals `word` in any case. */
bool imap_is(struct bytes token, const char *word);

/*
 * What announces a literal at the end of `line` (without its CRLF): "{" number ["+"] "}". False
 * when it ends in something else. `size` saturates at UINT64_MAX.
 */
bool imap_literal_at_end(struct bytes line, uint64_t *size, bool *is_synchronizing);
