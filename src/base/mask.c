/*
 * mask.c
 *	  Foreign text without our secrets.
 *
 * An endpoint may repeat what it was sent, so whatever a request carries of
 * them is looked for in its words before these reach a message.
 *
 * src/base/mask.c
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "base/mask.h"
#include "base/text.h"

/* What every Authorization value begins with, and digits of a signature. */
#define AUTHORIZATION "bce-auth-v1"
#define SIGNATURE_LENGTH 64

/* A message may have been cut off within a secret; that much is no accident. */
#define SHORTEST_PART 4

static size_t secret_length(const QfCredential *credential, const char *text,
							size_t shortest);
static size_t signature_length(const char *text);
static size_t common_length(const char *text, const char *secret,
							size_t shortest);

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
	if (strncmp(text, AUTHORIZATION, strlen(AUTHORIZATION)) == 0)
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
 * Length of the secret at the start of a text, or of as much of it as the text
 * has before it ends, if that is "shortest" bytes or more; else 0.
 */
static size_t
common_length(const char *text, const char *secret, size_t shortest)
{
	size_t		length = 0;

	if (secret == NULL)
		return 0;
	while (secret[length] != '\0' && text[length] == secret[length])
		length++;
	return secret[length] == '\0' ||
		(text[length] == '\0' && length >= shortest) ? length : 0;
}
