/*
 * json_parse.c
 *	  From a text to a JSON document, by cJSON.
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
 * A text of 15 MB can stand for five million values, over which cJSON would be
 * deaf for half a second and take half a gigabyte.  It asks for memory for each
 * value, so that is where it can be stopped: an allocator of ours fails when
 * the document has taken all it may, and when an interrupt is to be served.
 * cJSON's allocator is one for the whole process, so ours is set for the time
 * of one parse and no longer; nothing is called meanwhile that could raise an
 * error.  cJSON does not say which allocator was set before; the one that
 * stands afterwards is the C library's.
 *
 * What a document has lies in a few blocks of its memory context, so that it is
 * freed at once, however many values there are.
 *
 * src/data/json_parse.c
 */
#include "postgres.h"

#include <cjson/cJSON.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/nls.h"
#include "data/json.h"

/* Digits of a whole number that a double always keeps. */
#define EXACT_LENGTH 15

/* What stands before the digits of a long number; never valid UTF-8 either. */
#define NUMBER_MARK "\xC0\x81"

/* Bytes of text that are looked at before interrupts are served. */
#define BYTES_AT_ONCE 65536

/* Sizes of a document's blocks of memory. */
#define SMALLEST_BLOCK 1024
#define LARGEST_BLOCK (1024 * 1024)

typedef struct Block
{
	struct Block *next;
	char		data[FLEXIBLE_ARRAY_MEMBER];
} Block;

/* Why our allocator gave no memory. */
typedef enum Refusal
{
	REFUSAL_NONE,
	REFUSAL_INTERRUPT,			/* one is to be served */
	REFUSAL_SIZE,				/* the document would become too large */
	REFUSAL_MEMORY				/* there is none */
} Refusal;

/* The memory of one document. */
typedef struct Arena
{
	MemoryContext context;		/* of the blocks */
	Block	   *blocks;
	char	   *free;			/* in the first block */
	size_t		nfree;
	size_t		block_size;		/* of the next block */
	size_t		room;			/* bytes the document may still take */
	Refusal		refusal;
} Arena;

/* A text on its way to cJSON. */
typedef struct Text
{
	char	   *bytes;			/* NUL-terminated */
	size_t		length;
	size_t		nnumbers;		/* that cJSON would not show as they are */
} Text;

/* Of the parse that is going on; NULL: none is. */
static Arena *current_arena = NULL;

/* Called by cJSON. */
static void *
allocate(size_t size)
{
	Arena	   *arena = current_arena;
	void	   *result;

	size = MAXALIGN(size);
	if (INTERRUPTS_PENDING_CONDITION() && INTERRUPTS_CAN_BE_PROCESSED())
		arena->refusal = REFUSAL_INTERRUPT;
	else if (size > arena->room)
		arena->refusal = REFUSAL_SIZE;
	if (arena->refusal != REFUSAL_NONE)
		return NULL;

	if (size > arena->nfree)
	{
		size_t		block_size = Max(size, arena->block_size);
		Block	   *block = MemoryContextAllocExtended(arena->context,
													   offsetof(Block, data) +
													   block_size,
													   MCXT_ALLOC_HUGE |
													   MCXT_ALLOC_NO_OOM);

		if (block == NULL)
		{
			arena->refusal = REFUSAL_MEMORY;
			return NULL;
		}
		block->next = arena->blocks;
		arena->blocks = block;
		arena->free = block->data;
		arena->nfree = block_size;
		arena->block_size = Min(arena->block_size * 2, LARGEST_BLOCK);
	}
	arena->room -= size;
	result = arena->free;
	arena->free += size;
	arena->nfree -= size;
	return result;
}

/* Likewise.  What cJSON gives back goes with the document. */
static void
release(void *pointer)
{
}

/* Let cJSON parse a text into an arena; NULL if it refuses, or the arena. */
static cJSON *
parse(Arena *arena, const Text *text)
{
	cJSON_Hooks hooks = {allocate, release};
	cJSON	   *root;

	current_arena = arena;
	cJSON_InitHooks(&hooks);
	root = cJSON_ParseWithLengthOpts(text->bytes, text->length + 1, NULL,
									 true);
	cJSON_InitHooks(NULL);
	current_arena = NULL;
	return root;
}

static void
free_blocks(Arena *arena)
{
	while (arena->blocks != NULL)
	{
		Block	   *block = arena->blocks;

		arena->blocks = block->next;
		pfree(block);
	}
}

/*
 * The same for a text of any length.  Serves interrupts: one that does not end
 * the statement has the parse made again.
 */
static cJSON *
parse_in_room(MemoryContext owner, const Text *text, size_t room,
			  const char **problem)
{
	for (;;)
	{
		Arena		arena = {.context = owner,.room = room};
		cJSON	   *root;

		/* Nearly always enough: a document takes five times its text. */
		arena.block_size = Min(Max(text->length * 5, SMALLEST_BLOCK),
							   LARGEST_BLOCK);
		root = parse(&arena, text);
		if (root != NULL)
			return root;

		free_blocks(&arena);
		switch (arena.refusal)
		{
			case REFUSAL_INTERRUPT:
				CHECK_FOR_INTERRUPTS();
				continue;
			case REFUSAL_SIZE:
				*problem = gettext_noop("The body takes more memory than \"max_response_size\" makes room for.");
				return NULL;
			case REFUSAL_MEMORY:
				ereport(ERROR,
						(errcode(ERRCODE_OUT_OF_MEMORY),
						 errmsg("out of memory")));
				break;
			case REFUSAL_NONE:
				return NULL;
		}
	}
}

/* Serve interrupts each time so many bytes have been passed. */
static inline void
pause_at(size_t position, size_t *next)
{
	if (position < *next)
		return;
	CHECK_FOR_INTERRUPTS();
	*next = position + BYTES_AT_ONCE;
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
		memcpy(text + *to, QF_JSON_NUL, 2);
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

/*
 * Copy the string that starts at *in to *out, marking it, and move both
 * behind it.  Returns false if it cannot be JSON.
 */
static bool
skip_string(const Text *text, size_t *in, size_t *out)
{
	char	   *bytes = text->bytes;
	size_t		from = *in;
	size_t		to = *out;
	size_t		pause = from + BYTES_AT_ONCE;

	bytes[to++] = bytes[from++];
	while (from < text->length)
	{
		size_t		plain = 0;

		pause_at(from, &pause);
		while ((unsigned char) bytes[from + plain] >= ' ' &&
			   bytes[from + plain] != '"' && bytes[from + plain] != '\\' &&
			   plain < BYTES_AT_ONCE)
			plain++;
		if (to != from)
			memmove(bytes + to, bytes + from, plain);
		to += plain;
		from += plain;
		if (plain == BYTES_AT_ONCE)
			continue;
		if (from >= text->length)
			break;
		if (bytes[from] == '"')
		{
			bytes[to++] = bytes[from++];
			break;
		}
		if (bytes[from] != '\\')
			return false;
		if (bytes[from + 1] == 'u')
		{
			if (!copy_escape(bytes, &from, &to))
				return false;
		}
		else
		{
			bytes[to++] = bytes[from++];
			if (from < text->length)
				bytes[to++] = bytes[from++];
		}
	}
	*in = from;
	*out = to;
	return true;
}

/*
 * Mark strings in place, and count the numbers that need a mark.
 *
 * Returns false for what cJSON would take though it is not JSON: control
 * characters, escapes without four digits (which would end the string),
 * numbers such as "01" and "1.", long numbers that would become names, and
 * bytes that are our own mark.  Refusing bad numbers here also keeps the time
 * linear: none of them is looked at twice.
 */
static bool
mark_strings(Text *text)
{
	char	   *bytes = text->bytes;
	size_t		in = 0;
	size_t		out = 0;
	size_t		pause = BYTES_AT_ONCE;

	if (memchr(bytes, '\0', text->length) != NULL ||
		qf_json_has_mark(bytes, NUMBER_MARK))
		return false;

	while (in < text->length)
	{
		char		c = bytes[in];
		size_t		number = 1;

		pause_at(in, &pause);
		if (c == '"')
		{
			if (!skip_string(text, &in, &out))
				return false;
			continue;
		}
		if ((unsigned char) c < ' ' && strchr("\t\n\r", c) == NULL)
			return false;
		if ((c >= '0' && c <= '9') || c == '-')
		{
			number = number_length(bytes + in);
			if (number == 0)
				return false;
			if (is_inexact(bytes + in, number))
			{
				const char *next = bytes + in + number;

				if (next[strspn(next, " \t\n\r")] == ':')
					return false;
				text->nnumbers++;
			}
		}
		if (out != in)
			memmove(bytes + out, bytes + in, number);
		in += number;
		out += number;
	}
	bytes[out] = '\0';
	text->length = out;
	return true;
}

/* The end of the string that starts at "in". */
static size_t
string_end(const Text *text, size_t in)
{
	size_t		pause = in + BYTES_AT_ONCE;

	in++;
	while (in < text->length && text->bytes[in] != '"')
	{
		pause_at(in, &pause);
		in += text->bytes[in] == '\\' && in + 1 < text->length ? 2 : 1;
	}
	return in < text->length ? in + 1 : in;
}

/* Copy a text that mark_strings() has been over, long numbers as strings. */
static void
mark_numbers(const Text *text, Text *copy)
{
	const char *bytes = text->bytes;
	char	   *out = copy->bytes;
	size_t		in = 0;
	size_t		pause = BYTES_AT_ONCE;

	while (in < text->length)
	{
		size_t		length = 0;

		pause_at(in, &pause);
		if (bytes[in] == '"')
			length = string_end(text, in) - in;
		else if ((bytes[in] >= '0' && bytes[in] <= '9') || bytes[in] == '-')
			length = number_length(bytes + in);
		if (bytes[in] != '"' && is_inexact(bytes + in, length))
		{
			*out++ = '"';
			memcpy(out, NUMBER_MARK, 2);
			memcpy(out + 2, bytes + in, length);
			out += length + 2;
			*out++ = '"';
		}
		else
		{
			length = Max(length, 1);
			memcpy(out, bytes + in, length);
			out += length;
		}
		in += length;
	}
	*out = '\0';
	copy->length = out - copy->bytes;
}

/* Make marked strings raw items, which are shown as they are. */
static void
unmark_numbers(cJSON *item)
{
	for (; item != NULL; item = item->next)
	{
		CHECK_FOR_INTERRUPTS();
		if (cJSON_IsString(item) &&
			strncmp(item->valuestring, NUMBER_MARK, 2) == 0)
		{
			item->valuestring += 2;
			item->type = (item->type & ~0xFF) | cJSON_Raw;
		}
		if (item->child != NULL)
			unmark_numbers(item->child);
	}
}

/*
 * qf_json_parse
 *		Parse a whole text (UTF-8, NUL-terminated, may be changed) into a
 *		document that lives in the context "owner"; it, and what making it takes,
 *		are at most max_size bytes there.
 *
 * Returns NULL, and a sentence in *problem, if the text is not JSON (RFC 8259),
 * is nested deeper than cJSON allows (1,000 levels), or would take more.  Serves
 * interrupts, and raises "out of memory".
 */
const QfJson *
qf_json_parse(MemoryContext owner, char *text, size_t length, size_t max_size,
			  const char **problem)
{
	Text		plain = {text, length};
	Text		marked = {0};
	size_t		marked_size;
	cJSON	   *root;

	*problem = gettext_noop("The body is not JSON.");
	if (!mark_strings(&plain))
		return NULL;
	if (plain.nnumbers == 0)
		return parse_in_room(owner, &plain, max_size, problem);

	/* Two quotes and two bytes of mark for each of them. */
	marked_size = plain.length + plain.nnumbers * 4 + 1;
	if (marked_size > max_size)
	{
		*problem = gettext_noop("The body takes more memory than \"max_response_size\" makes room for.");
		return NULL;
	}
	marked.bytes = MemoryContextAllocHuge(owner, marked_size);
	mark_numbers(&plain, &marked);
	root = parse_in_room(owner, &marked, max_size - marked_size, problem);
	pfree(marked.bytes);
	unmark_numbers(root);
	return root;
}
