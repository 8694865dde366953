/*
 * The lines of SMTP: commands, paths and parameters (RFC 5321 section 4.1), replies (section 4.2).
 * Pure: works on borrowed bytes, remembers nothing.
 */
#pragma once
#include "protocols/smtp/names.h"
#include "sim/bytes.h"

#define SMTP_COMMAND_MAX     2048  /* octets of a command line; 512 at least (RFC 5321 4.5.3.1.4) */
#define SMTP_CREDENTIALS_MAX 12288 /* octets of an answer to AUTH (RFC 4954 section 4) */
#define SMTP_PATH_MAX        256   /* octets of a path with its brackets (4.5.3.1.3) */

struct smtp_command {
	enum smtp_detail verb; /* SMTP_UNKNOWN for what is none */
	struct bytes argument; /* behind the verb's space, trailing blanks gone */
};

/* Splits a command line (without its CRLF). Verbs are taken in any case. */
struct smtp_command smtp_command_parse(struct bytes line);

/* True when `in` starts with `keyword`, in any case; `rest` is what follows it. */
bool smtp_skip(struct bytes in, const char *keyword, struct bytes *rest);

enum smtp_path_status {
	SMTP_PATH_OK,
	SMTP_PATH_MISSING, /* no path at all */
	SMTP_PATH_BAD,     /* something that is not an address */
	SMTP_PATH_FOREIGN, /* octets beyond ASCII: needs SMTPUTF8 (RFC 6531) */
};

/*
 * Parses the path at the front of `in`, brackets or none, blanks before it allowed as real clients
 * send them. `address` gets the mailbox alone, NUL-terminated: no brackets, no source route (which
 * RFC 5321 appendix C tells to ignore); empty for the null path. `rest` is what follows. With
 * `allow_utf8` it may be in UTF-8 (RFC 6531 section 3.3).
 */
enum smtp_path_status smtp_path_parse(struct bytes in, bool allow_utf8, char address[SMTP_PATH_MAX],
				      struct bytes *rest);

/* True for `local@domain`, by RFC 5321 section 4.1.2; UTF-8 is letters. With `allow_local`, also for `local`. */
bool smtp_mailbox_is_valid(struct bytes mailbox, bool allow_local);

/* One esmtp-param of MAIL or RCPT: keyword, or keyword=value. */
struct smtp_parameter {
	struct bytes keyword;
	struct bytes value; /* data is NULL when there is no '=' */
};

/* Takes the next parameter off `in`. False at the end, or when `in` is malformed and not empty. */
bool smtp_parameter_next(struct bytes *in, struct smtp_parameter *parameter);

static inline bool smtp_keyword_is(struct bytes keyword, const char *name)
{
	struct bytes rest;

	return smtp_skip(keyword, name, &rest) && rest.length == 0;
}

/* A decimal number that is all of `text` and fits; false otherwise. */
bool smtp_number_parse(struct bytes text, uint64_t *number);

/* One line of a reply (without its CRLF): "250-text" or "250 text". */
struct smtp_reply_line {
	unsigned code; /* 200 to 599 */
	bool is_last;
	struct bytes text;
};

enum parse_status smtp_reply_line_parse(struct bytes line, struct smtp_reply_line *reply);

/* The enhanced status code (RFC 3463) at the front of a reply's text: its length, or 0. */
size_t smtp_status_length(struct bytes text);
