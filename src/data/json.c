/*
 * json.c
 *	  JSON documents tied to memory contexts, over cJSON.
 *
 * What cJSON would lose is saved before it sees the text:
 *
 * - the escape \u0000, which would end a C string early, is replaced by the
 *	 bytes C0 80.  They are never valid UTF-8, so whoever uses such a string
 *	 finds out, and strings nobody uses do no harm;
 * - so is the escape of half a surrogate pair, for which it would refuse the
 *	 text, by the three bytes that UTF-8 would have if it allowed that;
 * - a number that is not a short whole one becomes a string with a mark in
 *	 front, and afterwards a raw item, so that it is shown as it was sent.
 *
 * src/data/json.c
 */
#include "postgres.h"

#include <cjson/cJSON.h>

#include "utils/memutils.h"

#include "data/json.h"

/* Digits of a whole number that a double always keeps. */
#define EXACT_LENGTH 15

/* What stands for U+0000 inside a string; as in "modified UTF-8". */
#define NUL_MARK "\xC0\x80"

/* What stands before the digits of a long number; never valid UTF-8 either. */
#define NUMBER_MARK "\xC0\x81"

/* Both begin with it, and nothing that is valid has it. */
#define MARK_BYTE '\xC0'

typedef struct Document
{
	MemoryContextCallback cleanup;
	char	   *copy;			/* malloc'd text with marked numbers, or NULL */
	cJSON	   *root;
} Document;

static bool has_mark(const char *text, const char *mark);
static void free_document(void *arg);
static bool mark_text(char *text, size_t *length, int *nnumbers,
					  size_t *nvalues);
static bool skip_string(char *text, size_t length, size_t *in, size_t *out);
static bool copy_escape(char *text, size_t *from, size_t *to);
static int	read_escape(const char *text);
static size_t number_length(const char *text);
static bool is_inexact(const char *number, size_t length);
static char *mark_numbers(const char *text, size_t length, int nnumbers);
static void unmark_numbers(cJSON *item);

/*
 * qf_json_parse
 *		Parse a whole text (UTF-8, NUL-terminated, may be changed) into a
 *		document that is freed with the context "owner".
 *
 * Returns NULL, and a sentence in *problem, if it is not JSON (RFC 8259), is
 * nested deeper than cJSON allows (1,000 levels), or has more than about
 * max_values values: each takes some 80 bytes, and maybe only two of the text.
 */
const QfJson *
qf_json_parse(MemoryContext owner, char *text, size_t length,
			  size_t max_values, const char **problem)
{
	Document   *document;
	int			nnumbers = 0;
	size_t		nvalues = 0;

	*problem = "The body is not JSON.";
	if (!mark_text(text, &length, &nnumbers, &nvalues))
		return NULL;
	if (nvalues > max_values)
	{
		*problem = "The body has more JSON values than \"max_response_size\" makes room for.";
		return NULL;
	}

	document = MemoryContextAllocZero(owner, sizeof(Document));
	document->cleanup.func = free_document;
	document->cleanup.arg = document;
	MemoryContextRegisterResetCallback(owner, &document->cleanup);

	if (nnumbers > 0)
	{
		document->copy = mark_numbers(text, length, nnumbers);
		if (document->copy == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("out of memory")));
		text = document->copy;
		length = strlen(text);
	}
	document->root = cJSON_ParseWithLengthOpts(text, length + 1, NULL, true);
	if (document->root != NULL && nnumbers > 0)
		unmark_numbers(document->root);
	return document->root;
}

QfJsonType
qf_json_type(const QfJson *value)
{
	switch (value->type & 0xFF)
	{
		case cJSON_True:
		case cJSON_False:
			return QF_JSON_BOOL;
		case cJSON_Number:
		case cJSON_Raw:
			return QF_JSON_NUMBER;
		case cJSON_String:
			return QF_JSON_STRING;
		case cJSON_Array:
			return QF_JSON_ARRAY;
		case cJSON_Object:
			return QF_JSON_OBJECT;
		default:
			return QF_JSON_NULL;
	}
}

/*
 * qf_json_member
 *		The value at a dotted path inside an object; NULL if there is none.
 *
 * Of members with the same name the last one counts, as it does for jsonb.
 */
const QfJson *
qf_json_member(const QfJson *object, const char *path)
{
	while (object != NULL && cJSON_IsObject(object))
	{
		const char *dot = strchr(path, '.');
		size_t		length = dot != NULL ? dot - path : strlen(path);
		const cJSON *found = NULL;
		const cJSON *item;

		/* Most names differ in the first byte: save the call. */
		for (item = object->child; item != NULL; item = item->next)
		{
			if (item->string != NULL &&
				(item->string[0] == path[0] || length == 0) &&
				strncmp(item->string, path, length) == 0 &&
				item->string[length] == '\0')
				found = item;
		}
		if (path[length] == '\0')
			return found;
		path += length + 1;
		object = found;
	}
	return NULL;
}

/* First item of an array; NULL if it is empty or not an array. */
const QfJson *
qf_json_first(const QfJson *array)
{
	return cJSON_IsArray(array) ? array->child : NULL;
}

const QfJson *
qf_json_next(const QfJson *item)
{
	return item->next;
}

/* Null, or a string, array or object with nothing in it? */
bool
qf_json_is_empty(const QfJson *value)
{
	if (cJSON_IsNull(value))
		return true;
	if (cJSON_IsString(value))
		return value->valuestring[0] == '\0';
	return (cJSON_IsArray(value) || cJSON_IsObject(value)) &&
		value->child == NULL;
}

/* True, or a word or number that says so? */
bool
qf_json_is_true(const QfJson *value)
{
	if (value == NULL)
		return false;
	if (cJSON_IsString(value))
		return pg_strcasecmp(value->valuestring, "true") == 0 ||
			strcmp(value->valuestring, "1") == 0;
	return cJSON_IsTrue(value) ||
		(cJSON_IsNumber(value) && value->valuedouble != 0) ||
		(cJSON_IsRaw(value) && strtod(value->valuestring, NULL) != 0);
}

/*
 * qf_json_text
 *		The value as text: a string as it is, anything else as its JSON.
 *
 * A string belongs to the document, other text is palloc'd.  UTF-8 as it came:
 * not checked; see qf_json_has_nul().
 */
const char *
qf_json_text(const QfJson *value)
{
	return cJSON_IsString(value) || cJSON_IsRaw(value) ?
		value->valuestring : qf_json_print(value);
}

/* The JSON of a value, palloc'd. */
char *
qf_json_print(const QfJson *value)
{
	char	   *volatile printed = cJSON_PrintUnformatted(value);
	char	   *volatile result = NULL;

	if (printed == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	PG_TRY();
	{
		result = pstrdup(printed);
	}
	PG_FINALLY();
	{
		cJSON_free(printed);
	}
	PG_END_TRY();
	return result;
}

/* Does a text that came from here stand for one with U+0000 in it? */
bool
qf_json_has_nul(const char *text)
{
	return has_mark(text, NUL_MARK);
}

/* strstr() takes much longer to find out that there is not even the first. */
static bool
has_mark(const char *text, const char *mark)
{
	const char *first = strchr(text, MARK_BYTE);

	return first != NULL && strstr(first, mark) != NULL;
}

static void
free_document(void *arg)
{
	Document   *document = arg;

	cJSON_Delete(document->root);
	document->root = NULL;
	free(document->copy);
	document->copy = NULL;
}

/*
 * Mark strings in place, count the numbers that need a mark, and the
 * values, for which brackets and commas stand.
 *
 * Returns false for what cJSON would take though it is not JSON: control
 * characters, escapes without four digits (which would end the string),
 * numbers such as "01" and "1.", long numbers that would become names, and
 * bytes that are our own mark.  Refusing bad numbers here also keeps the time
 * linear: none of them is looked at twice.
 */
static bool
mark_text(char *text, size_t *length, int *nnumbers, size_t *nvalues)
{
	size_t		in = 0;
	size_t		out = 0;

	if (memchr(text, '\0', *length) != NULL ||
		has_mark(text, NUMBER_MARK))
		return false;

	while (in < *length)
	{
		char		c = text[in];
		size_t		number = 1;

		if (c == '"')
		{
			if (!skip_string(text, *length, &in, &out))
				return false;
			continue;
		}
		if ((unsigned char) c < ' ' && strchr("\t\n\r", c) == NULL)
			return false;
		if (c == ',' || c == '[' || c == '{')
			(*nvalues)++;
		if ((c >= '0' && c <= '9') || c == '-')
		{
			number = number_length(text + in);
			if (number == 0)
				return false;
			if (is_inexact(text + in, number))
			{
				const char *next = text + in + number;

				if (next[strspn(next, " \t\n\r")] == ':')
					return false;
				(*nnumbers)++;
			}
		}
		if (out != in)
			memmove(text + out, text + in, number);
		in += number;
		out += number;
	}
	text[out] = '\0';
	*length = out;
	return true;
}

/*
 * Copy the string that starts at *in to *out, marking it, and move both
 * behind it.  Returns false if it cannot be JSON.
 */
static bool
skip_string(char *text, size_t length, size_t *in, size_t *out)
{
	size_t		from = *in;
	size_t		to = *out;

	text[to++] = text[from++];
	while (from < length)
	{
		size_t		plain = 0;

		while ((unsigned char) text[from + plain] >= ' ' &&
			   text[from + plain] != '"' && text[from + plain] != '\\')
			plain++;
		if (to != from)
			memmove(text + to, text + from, plain);
		to += plain;
		from += plain;
		if (from >= length)
			break;
		if (text[from] == '"')
		{
			text[to++] = text[from++];
			break;
		}
		if (text[from] != '\\')
			return false;
		if (text[from + 1] == 'u')
		{
			if (!copy_escape(text, &from, &to))
				return false;
		}
		else
		{
			text[to++] = text[from++];
			if (from < length)
				text[to++] = text[from++];
		}
	}
	*in = from;
	*out = to;
	return true;
}

/*
 * Copy the escape \uXXXX at *from to *to, or what stands for it, and move both
 * behind it.  Returns false if digits are missing.
 */
static bool
copy_escape(char *text, size_t *from, size_t *to)
{
	int			code = read_escape(text + *from);
	size_t		length = 6;

	if (code < 0)
		return false;
	if (code == 0)
	{
		memcpy(text + *to, NUL_MARK, 2);
		*to += 2;
		*from += length;
		return true;
	}
	if (code >= 0xD800 && code <= 0xDFFF)
	{
		int			other = read_escape(text + *from + length);

		if (code > 0xDBFF || other < 0xDC00 || other > 0xDFFF)
		{
			text[(*to)++] = (char) (0xE0 | (code >> 12));
			text[(*to)++] = (char) (0x80 | ((code >> 6) & 0x3F));
			text[(*to)++] = (char) (0x80 | (code & 0x3F));
			*from += length;
			return true;
		}
		length *= 2;
	}
	memmove(text + *to, text + *from, length);
	*to += length;
	*from += length;
	return true;
}

/* The code of the escape \uXXXX at the start of a text; -1: there is none. */
static int
read_escape(const char *text)
{
	int			code = 0;

	if (text[0] != '\\' || text[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++)
	{
		static const char digits[] = "0123456789abcdef";
		const char *digit = text[i] == '\0' ?
		NULL : strchr(digits, pg_ascii_tolower((unsigned char) text[i]));

		if (digit == NULL)
			return -1;
		code = code * 16 + (int) (digit - digits);
	}
	return code;
}

/* Length of the JSON number at the start of a text; 0 if there is none. */
static size_t
number_length(const char *text)
{
	static const char digits[] = "0123456789";
	const char *p = text;
	size_t		length;

	if (*p == '-')
		p++;
	length = strspn(p, digits);
	if (length == 0 || (length > 1 && *p == '0'))
		return 0;
	p += length;
	if (*p == '.')
	{
		length = strspn(++p, digits);
		if (length == 0)
			return 0;
		p += length;
	}
	if (*p == 'e' || *p == 'E')
	{
		p++;
		if (*p == '+' || *p == '-')
			p++;
		length = strspn(p, digits);
		if (length == 0)
			return 0;
		p += length;
	}
	return p - text;
}

/* Might cJSON not print this number as it is written? */
static bool
is_inexact(const char *number, size_t length)
{
	return length > EXACT_LENGTH || memchr(number, '.', length) != NULL ||
		memchr(number, 'e', length) != NULL ||
		memchr(number, 'E', length) != NULL ||
		(length == 2 && strncmp(number, "-0", 2) == 0);
}

/* Copy a text that mark_text() has been over, long numbers as strings. */
static char *
mark_numbers(const char *text, size_t length, int nnumbers)
{
	char	   *copy = malloc(length + (size_t) nnumbers * 4 + 1);
	size_t		in = 0;
	size_t		out = 0;

	if (copy == NULL)
		return NULL;
	while (in < length)
	{
		size_t		number = 0;

		if (text[in] == '"')
		{
			size_t		start = in++;

			while (in < length && text[in] != '"')
				in += text[in] == '\\' && in + 1 < length ? 2 : 1;
			if (in < length)
				in++;
			memcpy(copy + out, text + start, in - start);
			out += in - start;
			continue;
		}
		if ((text[in] >= '0' && text[in] <= '9') || text[in] == '-')
			number = number_length(text + in);
		if (is_inexact(text + in, number))
		{
			memcpy(copy + out, "\"" NUMBER_MARK, 3);
			memcpy(copy + out + 3, text + in, number);
			out += number + 3;
			copy[out++] = '"';
			in += number;
		}
		else
		{
			number = Max(number, 1);
			memcpy(copy + out, text + in, number);
			out += number;
			in += number;
		}
	}
	copy[out] = '\0';
	return copy;
}

/* Make marked strings raw items, which cJSON prints as they are. */
static void
unmark_numbers(cJSON *item)
{
	for (; item != NULL; item = item->next)
	{
		if (cJSON_IsString(item) &&
			strncmp(item->valuestring, NUMBER_MARK, 2) == 0 &&
			number_length(item->valuestring + 2) ==
			strlen(item->valuestring + 2) &&
			item->valuestring[2] != '\0')
		{
			memmove(item->valuestring, item->valuestring + 2,
					strlen(item->valuestring + 2) + 1);
			item->type = (item->type & ~0xFF) | cJSON_Raw;
		}
		if (item->child != NULL)
			unmark_numbers(item->child);
	}
}
