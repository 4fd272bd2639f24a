/*
 * text.c
 *	  Foreign text made fit for a message, and ours for the API.
 *
 * src/base/text.c
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "base/text.h"

static bool append_character(StringInfo buf, const char *character,
							 int length, Oid conversion);
static bool is_control(const unsigned char *character, int length);

/*
 * qf_text_clean
 *		Return a palloc'd copy of UTF-8 text that is safe to put in a message.
 *
 * Control characters, line separators, bytes that are not UTF-8 and
 * characters the database encoding lacks are shown as escapes; text longer
 * than "limit" bytes is cut and ends in "...".  Never raises an error because
 * of what the text holds.
 */
char *
qf_text_clean(const char *text, int limit)
{
	const char *end = text + strlen(text);
	Oid			conversion = InvalidOid;
	StringInfoData buf;

	initStringInfo(&buf);
	if (GetDatabaseEncoding() != PG_UTF8 &&
		GetDatabaseEncoding() != PG_SQL_ASCII)
		conversion = FindDefaultConversionProc(PG_UTF8, GetDatabaseEncoding());

	while (text < end)
	{
		int			length = pg_encoding_mblen(PG_UTF8, text);
		int			start = buf.len;

		if (length > end - text ||
			!pg_utf8_islegal((const unsigned char *) text, length))
			length = 1;

		if (!append_character(&buf, text, length, conversion))
		{
			for (int i = 0; i < length; i++)
				appendStringInfo(&buf, "\\x%02x", (unsigned char) text[i]);
		}

		if (buf.len > limit - 3)
		{
			buf.len = start;
			buf.data[start] = '\0';
			appendStringInfoString(&buf, "...");
			break;
		}
		text += length;
	}
	return buf.data;
}

/*
 * qf_text_to_utf8
 *		A text in the database encoding as UTF-8, itself or palloc'd; NULL if it
 *		cannot be written so, hence is nothing the API can know.
 */
char *
qf_text_to_utf8(char *text)
{
	int			encoding = GetDatabaseEncoding();
	int			length = strlen(text);
	Size		room = (Size) length * MAX_CONVERSION_GROWTH + 1;
	Oid			conversion;
	char	   *converted;

	if (encoding == PG_UTF8)
		return text;
	if (encoding == PG_SQL_ASCII)
		return pg_encoding_verifymbstr(PG_UTF8, text, length) == length ?
			text : NULL;

	conversion = FindDefaultConversionProc(encoding, PG_UTF8);
	if (!OidIsValid(conversion))
		return pg_server_to_any(text, length, PG_UTF8); /* says so */
	converted = palloc(room);
	return pg_do_encoding_conversion_buf(conversion, encoding, PG_UTF8,
										 (unsigned char *) text, length,
										 (unsigned char *) converted, (int) room,
										 true) == length ? converted : NULL;
}

/* Is a text UTF-8 throughout? */
bool
qf_text_is_utf8(const char *text)
{
	int			length = strlen(text);

	return pg_encoding_verifymbstr(PG_UTF8, text, length) == length;
}

/*
 * Append one UTF-8 character in the database encoding; false if it has to be
 * shown as an escape.
 */
static bool
append_character(StringInfo buf, const char *character, int length,
				 Oid conversion)
{
	unsigned char converted[MAX_CONVERSION_GROWTH * 4 + 1];

	if (is_control((const unsigned char *) character, length))
		return false;
	if (length == 1 || GetDatabaseEncoding() == PG_UTF8)
	{
		appendBinaryStringInfo(buf, character, length);
		return true;
	}
	if (!OidIsValid(conversion) ||
		pg_do_encoding_conversion_buf(conversion, PG_UTF8,
									  GetDatabaseEncoding(),
									  (unsigned char *) unconstify(char *, character),
									  length, converted, sizeof(converted),
									  true) != length)
		return false;
	appendStringInfoString(buf, (char *) converted);
	return true;
}

/* C0, DEL, C1, U+2028, U+2029, bidirectional controls, or a stray byte? */
static bool
is_control(const unsigned char *character, int length)
{
	pg_wchar	code;

	if (length == 1)
		return character[0] < 0x20 || character[0] >= 0x7f;
	code = utf8_to_unicode(character);
	return (code >= 0x80 && code <= 0x9f) ||
		(code >= 0x2028 && code <= 0x202e) ||
		(code >= 0x2066 && code <= 0x2069);
}
