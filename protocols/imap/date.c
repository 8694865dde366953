#include "protocols/imap/date.h"
#include <stdio.h>

#define SECONDS_PER_DAY INT64_C(86400)

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* 1 to 12 for three letters in any case, 0 for anything else. */
static unsigned month_of(const char *name)
{
	for (unsigned i = 0; i < 12; i++)
		if (g_ascii_strncasecmp(month_names + i * 3, name, 3) == 0)
			return i + 1;
	return 0;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static unsigned days_in_month(int year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u);
}

bool imap_day_of(int year, unsigned month, unsigned day, int64_t *days)
{
	if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
	    day > days_in_month(year, month))
		return false;

	/* Years begin in March here, so that the leap day is their last. */
	int64_t y = month > 2 ? year : year - 1;
	int64_t day_of_year =
	    (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	*days = y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
	return true;
}

/* Between `least` and `most` digits at the position. */
static bool parse_digits(struct imap_parser *parser, unsigned least, unsigned most, int *number)
{
	unsigned count = 0;

	*number = 0;
	for (; count < most && g_ascii_isdigit(imap_peek(parser)); count++, parser->position++)
		*number = *number * 10 + (imap_peek(parser) - '0');
	return count >= least || imap_parser_fail(parser, "Invalid date");
}

static bool parse_month(struct imap_parser *parser, unsigned *month)
{
	struct bytes rest = imap_parser_rest(parser);

	*month = rest.length >= 3 ? month_of((const char *)rest.data) : 0;
	if (*month == 0)
		return imap_parser_fail(parser, "Invalid date");
	parser->position += 3;
	return true;
}

/*
 * date-text  = date-day "-" date-month "-" date-year
 * date-day   = 1*2DIGIT
 * date-month = "Jan" / "Feb" / ... / "Dec"
 * date-year  = 4DIGIT
 */
static bool parse_date_text(struct imap_parser *parser, int64_t *days)
{
	int day, year;
	unsigned month;

	if (!parse_digits(parser, 1, 2, &day) || !imap_parse_char(parser, '-') ||
	    !parse_month(parser, &month) || !imap_parse_char(parser, '-') ||
	    !parse_digits(parser, 4, 4, &year))
		return false;
	return imap_day_of(year, month, (unsigned)day, days) ||
	       imap_parser_fail(parser, "Invalid date");
}

bool imap_parse_date(struct imap_parser *parser, int64_t *days)
{
	bool is_quoted = imap_skip(parser, '"');

	return parse_date_text(parser, days) && (!is_quoted || imap_parse_char(parser, '"'));
}

/*
 * time = 2DIGIT ":" 2DIGIT ":" 2DIGIT
 * zone = ("+" / "-") 4DIGIT
 */
static bool parse_time_and_zone(struct imap_parser *parser, int64_t *seconds)
{
	int hour, minute, second, zone;

	if (!parse_digits(parser, 2, 2, &hour) || !imap_parse_char(parser, ':') ||
	    !parse_digits(parser, 2, 2, &minute) || !imap_parse_char(parser, ':') ||
	    !parse_digits(parser, 2, 2, &second) || !imap_parse_space(parser))
		return false;
	bool is_west = imap_skip(parser, '-');
	if ((!is_west && !imap_parse_char(parser, '+')) || !parse_digits(parser, 4, 4, &zone))
		return false;
	if (hour > 23 || minute > 59 || second > 60 || zone % 100 > 59)
		return imap_parser_fail(parser, "Invalid date");

	int64_t offset = (zone / 100 * 60 + zone % 100) * 60;
	*seconds = (hour * 60 + minute) * 60 + second - (is_west ? -offset : offset);
	return true;
}

/*
 * date-time      = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
 * date-day-fixed = (SP DIGIT) / 2DIGIT
 */
bool imap_parse_date_time(struct imap_parser *parser, int64_t *unix_time)
{
	int64_t days = 0, seconds = 0;

	if (!imap_parse_char(parser, '"'))
		return false;
	imap_skip(parser, ' ');
	if (!parse_date_text(parser, &days) || !imap_parse_space(parser) ||
	    !parse_time_and_zone(parser, &seconds) || !imap_parse_char(parser, '"'))
		return false;
	*unix_time = days * SECONDS_PER_DAY + seconds;
	return true;
}

void imap_date_time_print(int64_t unix_time, char out[IMAP_DATE_TIME_BYTES])
{
	GDateTime *time = g_date_time_new_from_unix_utc(unix_time);

	if (time == NULL)
		time = g_date_time_new_from_unix_utc(0);
	snprintf(out, IMAP_DATE_TIME_BYTES, "%02d-%.3s-%04d %02d:%02d:%02d +0000",
		 g_date_time_get_day_of_month(time),
		 month_names + 3 * (g_date_time_get_month(time) - 1), g_date_time_get_year(time),
		 g_date_time_get_hour(time), g_date_time_get_minute(time),
		 g_date_time_get_second(time));
	g_date_time_unref(time);
}

/*
 * date-time = [ day-of-week "," ] day month year time zone (RFC 5322 section 3.3), with the two and
 * three digit years of section 4.3.
 */
bool imap_day_of_header(const char *value, int64_t *days)
{
	const char *comma = strchr(value, ',');
	char month[4];
	int day, year, year_start = 0, year_end = 0;

	if (comma != NULL)
		value = comma + 1;
	if (sscanf(value, "%2d %3[A-Za-z] %n%4d%n", &day, month, &year_start, &year, &year_end) !=
	    3)
		return false;
	if (year_end - year_start == 2)
		year += year < 50 ? 2000 : 1900;
	else if (year_end - year_start == 3)
		year += 1900;
	return strlen(month) == 3 && day > 0 &&
	       imap_day_of(year, month_of(month), (unsigned)day, days);
}
