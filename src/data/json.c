/*
 * json.c
 *	  Values of JSON documents, read and printed.
 *
 * src/data/json.c
 */
#include "postgres.h"

#include <cjson/cJSON.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "data/json.h"

/* Interrupts are served after so many members, or bytes of one string. */
#define MEMBERS_AT_ONCE 1024
#define BYTES_AT_ONCE 65536

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
 * Serves interrupts.
 */
const QfJson *
qf_json_member(const QfJson *object, const char *path)
{
	while (object != NULL && cJSON_IsObject(object))
	{
		const char *dot = strchr(path, '.');
		size_t		length = dot != NULL ? dot - path : strlen(path);
		const QfJson *found = NULL;
		int			nmembers = 0;

		/* Most names differ in the first byte: save the call. */
		for (const QfJson *item = object->child; item != NULL;
			 item = item->next)
		{
			if ((item->string[0] == path[0] || length == 0) &&
				strncmp(item->string, path, length) == 0 &&
				item->string[length] == '\0')
				found = item;
			if (++nmembers % MEMBERS_AT_ONCE == 0)
				CHECK_FOR_INTERRUPTS();
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

/* First member of an object, of which qf_json_next() has the others; or NULL. */
const QfJson *
qf_json_first_member(const QfJson *object)
{
	return cJSON_IsObject(object) ? object->child : NULL;
}

const char *
qf_json_name(const QfJson *member)
{
	return member->string;
}

/* The member of exactly this name, dots and all; of several, the last one. */
const QfJson *
qf_json_named(const QfJson *object, const char *name)
{
	const QfJson *found = NULL;

	for (const QfJson *item = qf_json_first_member(object); item != NULL;
		 item = item->next)
	{
		if (item->string[0] == name[0] && strcmp(item->string, name) == 0)
			found = item;
	}
	return found;
}

/*
 * qf_json_equals
 *		Are two values written alike, but for white space?  Serves interrupts;
 *		palloc's for what is no string.
 */
bool
qf_json_equals(const QfJson *a, const QfJson *b)
{
	return qf_json_type(a) == qf_json_type(b) &&
		strcmp(qf_json_text(a), qf_json_text(b)) == 0;
}

/* Null, or a string, array or object with nothing in it? */
bool
qf_json_is_empty(const QfJson *value)
{
	switch (qf_json_type(value))
	{
		case QF_JSON_NULL:
			return true;
		case QF_JSON_STRING:
			return value->valuestring[0] == '\0';
		case QF_JSON_ARRAY:
		case QF_JSON_OBJECT:
			return value->child == NULL;
		default:
			return false;
	}
}

/*
 * qf_json_read_bool
 *		What a boolean says, or a word or number that stands for one; returns
 *		false if it is neither true nor false.
 */
bool
qf_json_read_bool(const QfJson *value, bool *result)
{
	static const char *const words[] = {"false", "true", "0", "1"};

	if (!cJSON_IsBool(value) && !cJSON_IsString(value) &&
		qf_json_type(value) != QF_JSON_NUMBER)
		return false;
	for (int i = 0; i < lengthof(words); i++)
	{
		if (pg_strcasecmp(qf_json_text(value), words[i]) == 0)
		{
			*result = i % 2 == 1;
			return true;
		}
	}
	return false;
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

static void
print_string(StringInfo out, const char *text)
{
	static const char special[] =
	"\"\\\x01\x02\x03\x04\x05\x06\x07\b\t\n\x0B\f\r\x0E\x0F\x10\x11\x12\x13"
	"\x14\x15\x16\x17\x18\x19\x1A\x1B\x1C\x1D\x1E\x1F";

	appendStringInfoCharMacro(out, '"');
	while (*text != '\0')
	{
		size_t		plain = strcspn(text, special);
		size_t		length = Min(plain, BYTES_AT_ONCE);
		char		c;

		CHECK_FOR_INTERRUPTS();
		appendBinaryStringInfo(out, text, length);
		text += length;
		if (length < plain || *text == '\0')
			continue;
		c = *text++;
		if (c == '"' || c == '\\')
			appendStringInfo(out, "\\%c", c);
		else if (c >= '\b' && c <= '\r' && c != '\v')
			appendStringInfo(out, "\\%c", "btn?fr"[c - '\b']);
		else
			appendStringInfo(out, "\\u%04x", c);
	}
	appendStringInfoCharMacro(out, '"');
}

/* What has no values inside. */
static void
print_scalar(StringInfo out, const QfJson *value)
{
	if (cJSON_IsString(value))
		print_string(out, value->valuestring);
	else if (cJSON_IsRaw(value))
		appendStringInfoString(out, value->valuestring);
	else if (cJSON_IsNumber(value))
		appendStringInfo(out, "%.0f", value->valuedouble);	/* see json_parse.c */
	else if (cJSON_IsBool(value))
		appendStringInfoString(out, cJSON_IsTrue(value) ? "true" : "false");
	else
		appendStringInfoString(out, "null");
}

static void
print_value(StringInfo out, const QfJson *value)
{
	bool		is_array = cJSON_IsArray(value);

	CHECK_FOR_INTERRUPTS();
	if (!is_array && !cJSON_IsObject(value))
	{
		print_scalar(out, value);
		return;
	}

	appendStringInfoCharMacro(out, is_array ? '[' : '{');
	for (const QfJson *item = value->child; item != NULL; item = item->next)
	{
		if (item != value->child)
			appendStringInfoCharMacro(out, ',');
		if (!is_array)
		{
			print_string(out, item->string);
			appendStringInfoCharMacro(out, ':');
		}
		print_value(out, item);
	}
	appendStringInfoCharMacro(out, is_array ? ']' : '}');
}

/* The JSON of a value, palloc'd.  Serves interrupts. */
char *
qf_json_print(const QfJson *value)
{
	StringInfoData out;

	initStringInfo(&out);
	print_value(&out, value);
	return out.data;
}

/*
 * qf_json_has_mark
 *		Is one of our marks, bytes that are never valid UTF-8, in the text?
 *
 * strstr() takes much longer to find out that there is not even the first byte.
 */
bool
qf_json_has_mark(const char *text, const char *mark)
{
	const char *first = strchr(text, mark[0]);

	return first != NULL && strstr(first, mark) != NULL;
}

/* Does a text that came from here stand for one with U+0000 in it? */
bool
qf_json_has_nul(const char *text)
{
	return qf_json_has_mark(text, QF_JSON_NUL);
}
