/*
 * grammar.c
 *	  Is a text JSON?  Written straight from the grammar of RFC 8259.
 *
 * Judges what src/data/json.c accepts; shares no code with it or with cJSON,
 * and keeps nothing of what it reads.
 *
 * test/unit/grammar.c
 */
#include <stddef.h>
#include <string.h>

#include "grammar.h"

static const char *reader;		/* what comes next */

static void skip_space(void);
static bool read_value(void);
static bool read_list(char close, bool names);
static bool read_string(void);
static bool read_number(void);
static bool read_digits(void);

/* RFC 8259, section 2, without the byte order mark. */
bool
is_json(const char *text)
{
	reader = text;
	skip_space();
	if (!read_value())
		return false;
	skip_space();
	return *reader == '\0';
}

static void
skip_space(void)
{
	reader += strspn(reader, " \t\n\r");
}

static bool
read_value(void)
{
	static const char *const words[] = {"null", "true", "false"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (strncmp(reader, words[i], strlen(words[i])) == 0)
		{
			reader += strlen(words[i]);
			return true;
		}
	}
	switch (*reader)
	{
		case '[':
			return read_list(']', false);
		case '{':
			return read_list('}', true);
		case '"':
			return read_string();
		default:
			return read_number();
	}
}

/* Sections 4 and 5. */
static bool
read_list(char close, bool names)
{
	reader++;
	skip_space();
	if (*reader == close)
	{
		reader++;
		return true;
	}
	for (;;)
	{
		skip_space();
		if (names)
		{
			if (*reader != '"' || !read_string())
				return false;
			skip_space();
			if (*reader++ != ':')
				return false;
			skip_space();
		}
		if (!read_value())
			return false;
		skip_space();
		if (*reader == close)
		{
			reader++;
			return true;
		}
		if (*reader++ != ',')
			return false;
	}
}

/* Section 7. */
static bool
read_string(void)
{
	for (reader++; *reader != '"'; reader++)
	{
		if ((unsigned char) *reader < 0x20)
			return false;
		if (*reader != '\\')
			continue;
		reader++;
		if (*reader == '\0' || strchr("\"\\/bfnrtu", *reader) == NULL)
			return false;
		if (*reader == 'u')
		{
			if (strspn(reader + 1, "0123456789abcdefABCDEF") < 4)
				return false;
			reader += 4;
		}
	}
	reader++;
	return true;
}

/* Section 6. */
static bool
read_number(void)
{
	if (*reader == '-')
		reader++;
	if (*reader == '0')
		reader++;
	else if (!read_digits())
		return false;
	if (*reader == '.')
	{
		reader++;
		if (!read_digits())
			return false;
	}
	if (*reader == 'e' || *reader == 'E')
	{
		reader++;
		if (*reader == '+' || *reader == '-')
			reader++;
		if (!read_digits())
			return false;
	}
	return true;
}

static bool
read_digits(void)
{
	size_t		length = strspn(reader, "0123456789");

	reader += length;
	return length > 0;
}
