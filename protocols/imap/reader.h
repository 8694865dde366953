/*
 * Cuts a byte stream into IMAP commands or responses: lines with the literals that they announce
 * (RFC 3501 section 4.3). Resumable at every byte; knows nothing of what the lines say.
 */
#pragma once
#include <glib.h>
#include "sim/bytes.h"

enum imap_reader_event {
	IMAP_READ_MORE,      /* nothing complete: feed again with more bytes */
	IMAP_READ_ANNOUNCED, /* a line came that announces a literal: accept or refuse it */
	IMAP_READ_LITERAL,   /* the literal is complete */
	IMAP_READ_COMPLETE,  /* the command is complete: read it, then call reset */
	IMAP_READ_TOO_LONG,  /* a line was longer than the limit and is gone: call reset */
};

struct imap_reader {
	size_t line_bytes_max;
	GByteArray *command;    /* the command so far, CRLFs and literals in place */
	size_t line_start;      /* where in it the line last read begins */
	size_t line_bytes;      /* of all its lines so far */
	uint64_t literal_bytes; /* size that was announced */
	uint64_t literal_left;
	uint64_t literals_bytes; /* of all literals the command has so far */
	bool is_synchronizing;   /* the peer waits for leave to send the literal */
	bool is_literal;         /* inside a literal */
	bool is_refused;         /* the rest of the command is read and dropped */
	bool is_overlong;        /* inside a line beyond the limit */
};

void imap_reader_init(struct imap_reader *reader, size_t line_bytes_max);
void imap_reader_clear(struct imap_reader *reader);

/*
 * Reads up to the next event. Returns how many bytes of `in` were consumed: whole lines and parts
 * of literals; of a line that is not complete none.
 */
size_t imap_reader_feed(struct imap_reader *reader, struct bytes in, enum imap_reader_event *event);

/* After IMAP_READ_ANNOUNCED: the literal shall be read into the command. */
void imap_reader_accept(struct imap_reader *reader);

/*
 * After IMAP_READ_ANNOUNCED: it shall not. When the peer waits for leave, the command ends here and
 * the reader is reset; else literal and rest are dropped up to IMAP_READ_COMPLETE.
 */
void imap_reader_refuse(struct imap_reader *reader);

/* The line read last, without its CRLF. */
struct bytes imap_reader_line(const struct imap_reader *reader);

/* The whole command without its last CRLF; the caller may write to it. */
struct bytes imap_reader_command(const struct imap_reader *reader);

/* Forgets the command: the next line begins a new one. */
void imap_reader_reset(struct imap_reader *reader);
