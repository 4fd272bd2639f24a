/*
 * mask.c
 *	  Foreign text without our secrets.
 *
 * An endpoint may repeat what it was sent, so whatever a request carries of
 * them is looked for in its words before these reach a message, in all the
 * ways in which pages and programs write characters down.
 *
 * src/base/mask.c
 */
#include "postgres.h"

#include <ctype.h>

#include "lib/stringinfo.h"

#include "base/mask.h"
#include "base/text.h"

/* What every Authorization value begins with, and digits of a signature. */
#define AUTHORIZATION "bce-auth-v1"
#define SIGNATURE_LENGTH 64

/* A message may have been cut off within a secret; that much is no accident. */
#define SHORTEST_PART 4

/* Bytes of text that one byte of a secret takes at most, more or less. */
#define LONGEST_SPELLING 20

/* The value of so many digits, or -1 if that is not what the text has. */
static int
read_digits(const char *text, int count, int base)
{
	int			value = 0;

	for (int i = 0; i < count; i++)
	{
		const char *digits = "0123456789abcdef";
		const char *digit = text[i] == '\0' ? NULL :
		strchr(digits, pg_ascii_tolower((unsigned char) text[i]));

		if (digit == NULL || digit - digits >= base)
			return -1;
		value = value * base + (digit - digits);
	}
	return value;
}

/* As in a URL, which may have been put into another: %2F, %252f, %25252F. */
static size_t
percent_length(const char *text, int byte)
{
	size_t		length = 1;

	while (strncmp(text + length, "25", 2) == 0)
		length += 2;
	if (byte == '%')
		return length > 1 ? length : 0;
	return read_digits(text + length, 2, 16) == byte ? length + 2 : 0;
}

/* As in a string of JSON or of a program: \/, \u002f, \x2f, \057, \\/. */
static size_t
escape_length(const char *text, int byte)
{
	size_t		length = strspn(text, "\\");
	const char *rest = text + length;

	if (*rest == 'u' && read_digits(rest + 1, 4, 16) == byte)
		return length + 5;
	if (*rest == 'x' && read_digits(rest + 1, 2, 16) == byte)
		return length + 3;
	if (read_digits(rest, 3, 8) == byte)
		return length + 3;
	if (*rest == byte && !isalnum((unsigned char) byte))
		return length + 1;
	return byte == '\\' && length > 1 ? length : 0;
}

/* As in HTML or XML: &#47;, &#x2F;, &sol;, &amp;#47;. */
static size_t
entity_length(const char *text, int byte)
{
	static const struct
	{
		const char *name;
		char		byte;
	}			entities[] = {
		{"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'},
		{"apos;", '\''}, {"sol;", '/'}, {"plus;", '+'}, {"equals;", '='},
		{"percnt;", '%'}, {"lowbar;", '_'}, {"colon;", ':'}, {"period;", '.'},
	};
	size_t		length = 1;
	char	   *end;
	int			base = 10;

	while (strncmp(text + length, "amp;", 4) == 0)
		length += 4;
	if (byte == '&' && length > 1)
		return length;
	for (int i = 0; i < lengthof(entities); i++)
	{
		if (entities[i].byte == byte &&
			strncmp(text + length, entities[i].name,
					strlen(entities[i].name)) == 0)
			return length + strlen(entities[i].name);
	}
	if (text[length++] != '#')
		return 0;
	if (text[length] == 'x' || text[length] == 'X')
	{
		base = 16;
		length++;
	}
	if (!isxdigit((unsigned char) text[length]) ||
		strtoul(text + length, &end, base) != byte)
		return 0;
	return end - text + (*end == ';' ? 1 : 0);
}

/* A spelling that is longer than the byte itself. */
static size_t
encoded_length(const char *text, int byte)
{
	switch (text[0])
	{
		case '%':
			return percent_length(text, byte);
		case '\\':
			return escape_length(text, byte);
		case '&':
			return entity_length(text, byte);
		default:
			return 0;
	}
}

/*
 * The byte itself, or what stands for it: tokens are in base64, where "-" and
 * "_" replace "+" and "/" in the alphabet made for URLs, and a form that was
 * read has a space for "+".
 */
static size_t
plain_length(const char *text, int byte)
{
	return (unsigned char) text[0] == byte ||
		(byte == '+' && (text[0] == '-' || text[0] == ' ')) ||
		(byte == '/' && text[0] == '_') ? 1 : 0;
}

/*
 * How many bytes of a text spell this byte of a secret; 0 if they begin with
 * another.
 */
static size_t
spelling_length(const char *text, int byte, bool plain)
{
	size_t		length = plain ? plain_length(text, byte) :
	encoded_length(text, byte);

	if (length > 0)
		return length;
	return plain ? encoded_length(text, byte) : plain_length(text, byte);
}

/* Does the text end here, perhaps within the spelling of another byte? */
static bool
is_cut_off(const char *text)
{
	return text[0] == '\0' ||
		(strchr("%\\&", text[0]) != NULL && strlen(text) < LONGEST_SPELLING &&
		 text[1 + strspn(text + 1, "\\%#;0123456789abcdefABCDEFxuamp")] == '\0');
}

/*
 * Length of the secret at the start of a text, or of as much of it as the text
 * has before it ends, if that is "shortest" bytes of the secret or more; else 0.
 * "plain": where a byte could be one of the secret or begin a longer spelling,
 * it is the former.  The "=" at the end of base64 may be missing.
 */
static size_t
spelled_length(const char *text, const char *secret, size_t shortest,
			   bool plain)
{
	size_t		length = 0;
	size_t		matched = 0;
	size_t		next;

	while (secret[matched] != '\0' &&
		   (next = spelling_length(text + length,
								   (unsigned char) secret[matched],
								   plain)) > 0)
	{
		length += next;
		matched++;
	}
	if (matched == 0)
		return 0;
	if (secret[matched + strspn(secret + matched, "=")] == '\0')
		return length;
	return matched >= shortest && is_cut_off(text + length) ?
		length + strlen(text + length) : 0;
}

/* The same, however the secret is spelled. */
static size_t
common_length(const char *text, const char *secret, size_t shortest)
{
	size_t		length;

	if (secret == NULL)
		return 0;
	length = spelled_length(text, secret, shortest, true);
	return length > 0 ? length :
		spelled_length(text, secret, shortest, false);
}

/*
 * Length of the secret that starts here, 0 if none does: a key or token, or an
 * Authorization value.
 */
static size_t
secret_length(const QfCredential *credential, const char *text,
			  size_t shortest)
{
	size_t		length;

	if ((length = common_length(text, credential->access_key, shortest)) > 0 ||
		(length = common_length(text, credential->secret_key, shortest)) > 0 ||
		(length = common_length(text, credential->session_token, shortest)) > 0)
		return length;
	if (common_length(text, AUTHORIZATION, SIZE_MAX) > 0)
		return strcspn(text, " \t\r\n\"',");
	return 0;
}

/* Length of hexadecimal text as long as a signature that starts here, or 0. */
static size_t
signature_length(const char *text)
{
	size_t		length = strspn(text, "0123456789abcdefABCDEF");

	return length >= SIGNATURE_LENGTH ? length : 0;
}

/*
 * qf_mask_text
 *		Foreign text (UTF-8) with secrets masked, and then made fit for a message
 *		by qf_text_clean(), palloc'd.
 */
char *
qf_mask_text(const QfCredential *credential, const char *text, int limit)
{
	StringInfoData masked;

	initStringInfo(&masked);
	while (*text != '\0' && masked.len <= limit)
	{
		size_t		length = Max(secret_length(credential, text, SHORTEST_PART),
								 signature_length(text));

		if (length > 0)
			appendStringInfoString(&masked, "[masked]");
		else
			appendStringInfoChar(&masked, text[length++]);
		text += length;
	}
	return qf_text_clean(masked.data, limit);
}

/*
 * Does a text have a whole secret in it?  "signatures": does whatever looks like
 * one count?  A hash of the user's does.
 */
bool
qf_mask_finds(const QfCredential *credential, const char *text,
			  bool signatures)
{
	for (; *text != '\0'; text++)
	{
		if (secret_length(credential, text, SIZE_MAX) > 0 ||
			(signatures && signature_length(text) > 0))
			return true;
	}
	return false;
}
