/*
 * instant.c
 *	  Which instant does a text name?
 *
 * The server's own function for this takes much more, and raises errors.
 *
 * src/base/instant.c
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/datetime.h"

#include "base/instant.h"

/* So many digits; -1: they are not there. */
static int
read_digits(const char **text, int ndigits)
{
	int			value = 0;

	for (; ndigits > 0; ndigits--, (*text)++)
	{
		if (**text < '0' || **text > '9')
			return -1;
		value = value * 10 + (**text - '0');
	}
	return value;
}

/* A number of so many digits behind this character. */
static bool
read_part(const char **text, char before, int ndigits, int most, int *value)
{
	if (**text != before)
		return false;
	(*text)++;
	*value = read_digits(text, ndigits);
	return *value >= 0 && *value <= most;
}

/* The zone's offset from UTC in seconds: Z, or as in +08:00 or +0800. */
static bool
read_zone(const char **text, int *offset)
{
	char		sign = **text;
	int			hours;
	int			minutes;

	*offset = 0;
	if (sign == 'Z')
	{
		(*text)++;
		return true;
	}
	if ((sign != '+' && sign != '-') || !read_part(text, sign, 2, 15, &hours))
		return false;
	if (**text == ':')
		(*text)++;
	minutes = read_digits(text, 2);
	if (minutes < 0 || minutes > 59)
		return false;
	*offset = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
	return true;
}

/*
 * qf_instant_read
 *		Read a date, a time and a zone (RFC 3339), in seconds since 1970; false if
 *		it is anything else.  What is below a second is left out.
 */
bool
qf_instant_read(const char *text, int64 *seconds)
{
	int			year = read_digits(&text, 4);
	int			month;
	int			day;
	int			hour;
	int			minute;
	int			second;
	int			offset;

	if (year < 1 || !read_part(&text, '-', 2, 12, &month) ||
		!read_part(&text, '-', 2, 31, &day) || month < 1 || day < 1 ||
		!read_part(&text, *text == ' ' ? ' ' : 'T', 2, 23, &hour) ||
		!read_part(&text, ':', 2, 59, &minute) ||
		!read_part(&text, ':', 2, 60, &second))
		return false;
	if (*text == '.')
		text += 1 + strspn(text + 1, "0123456789");
	if (!read_zone(&text, &offset) || *text != '\0')
		return false;
	*seconds = ((int64) date2j(year, month, day) - UNIX_EPOCH_JDATE) *
		SECS_PER_DAY + hour * SECS_PER_HOUR + minute * SECS_PER_MINUTE +
		second - offset;
	return true;
}
