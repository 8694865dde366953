/* Sections of a message: BODY[2.1.HEADER.FIELDS (SUBJECT)] (RFC 3501 section 6.4.5). */
#pragma once
#include "protocols/imap/parser.h"
#include "protocols/mail/message.h"

#define IMAP_SECTION_DEPTH_MAX 64

enum imap_section_text {
	IMAP_SECTION_ALL, /* the whole message, or the body of a part */
	IMAP_SECTION_HEADER,
	IMAP_SECTION_FIELDS,     /* HEADER.FIELDS */
	IMAP_SECTION_FIELDS_NOT, /* HEADER.FIELDS.NOT */
	IMAP_SECTION_TEXT,
	IMAP_SECTION_MIME,
};

struct imap_section {
	uint32_t part[IMAP_SECTION_DEPTH_MAX];
	unsigned depth; /* numbers in `part` */
	enum imap_section_text text;
	GPtrArray *fields; /* of char *; NULL: none */
};

/* "[" [section-spec] "]" */
bool imap_parse_section(struct imap_parser *parser, struct imap_section *section);
void imap_section_clear(struct imap_section *section);

/* Appends it in brackets, as a response names it. */
void imap_section_print(GString *out, const struct imap_section *section);

/*
 * What the section is of `message`: a part of its bytes, or with chosen fields bytes of their own.
 * The caller owns it; NULL when the message has no such section.
 */
GBytes *imap_section_of(const struct imap_section *section, struct message *message);

/*
 * The same without the transfer encoding of a leaf part (RFC 3516). `is_known` becomes false, and the
 * result is NULL, when the encoding is none we know.
 */
GBytes *imap_section_decoded(const struct imap_section *section, struct message *message,
			     bool *is_known);

/*
 * Takes the next field off a header section. `field` is all of it with its line end, `name` what
 * stands before the colon. False at the empty line or the end.
 */
bool imap_header_next(struct bytes *rest, struct bytes *name, struct bytes *field);
