/* Dates of IMAP (RFC 3501 section 9: date, date-time) and of the Date header (RFC 5322 3.3). */
#pragma once
#include "protocols/imap/parser.h"

#define IMAP_DATE_TIME_BYTES 32 /* room for every printed date-time */

/* Days since 1970-01-01 of the calendar date; false when there is no such date. */
bool imap_day_of(int year, unsigned month, unsigned day, int64_t *days);

/* date = date-text / DQUOTE date-text DQUOTE, as "1-Feb-1994". */
bool imap_parse_date(struct imap_parser *parser, int64_t *days);

/* date-time, as "\" 1-Feb-1994 21:52:25 -0800\"", in seconds since 1970. */
bool imap_parse_date_time(struct imap_parser *parser, int64_t *unix_time);

/* "22-Nov-2026 01:14:52 +0000", without quotes. */
void imap_date_time_print(int64_t unix_time, char out[IMAP_DATE_TIME_BYTES]);

/*
 * The day in a Date header's value, disregarding time and zone, as SENTON wants it
 * (RFC 3501 section 6.4.4); false when there is none.
 */
bool imap_day_of_header(const char *value, int64_t *days);
