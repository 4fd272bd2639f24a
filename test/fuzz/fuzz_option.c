/*
 * fuzz_option.c
 *	  src/base/option.c: any option with any value, in a real server.
 *
 * The functions that check a value are static, hence the include.  The first
 * byte of an input chooses the object, the second the option or an unknown
 * name; the rest is the value.
 *
 * Promises: what is taken is within the bounds of its row of the table, and a
 * text that goes into a request has no character that could end a line.
 *
 * test/fuzz/fuzz_option.c
 */
#include "base/option.c"

#include "nodes/makefuncs.h"

#include "fuzz.h"
#include "targets.h"

static void set_up(void);
static void run(const uint8_t *data, size_t size);
static void check_taken(const Option *option, const char *value,
						const QfOptions *target);

const FuzzTarget fuzz_option_target = {"option", set_up, run};

static void
set_up(void)
{
}

static void
run(const uint8_t *data, size_t size)
{
	Oid			catalog;
	int			row;
	char	   *value;
	char	   *name;
	QfOptions	target = {0};

	if (size < 2)
		return;
	catalog = object_table[data[0] % lengthof(object_table)].catalog;
	row = data[1] % (lengthof(option_table) + 1);
	value = fuzz_text(data + 2, size - 2);
	name = row < lengthof(option_table) ?
		pstrdup(option_table[row].name) : value;

	if (row < lengthof(option_table))
	{
		const Option *option = &option_table[row];

		set_defaults(&target);
		check_value(option, pstrdup(value), &target);
		check_taken(option, value, &target);
	}
	qf_option_validate(list_make1(makeDefElem(name,
											  (Node *) makeString(value), -1)),
					   catalog);
}

static void
check_taken(const Option *option, const char *value, const QfOptions *target)
{
	const void *member = (const char *) target + option->offset;

	switch (option->kind)
	{
		case KIND_INT:
		case KIND_DURATION:
		case KIND_SIZE:
			PROMISE(*(const int *) member >= option->min &&
					*(const int *) member <= option->max);
			break;
		case KIND_REAL:
			PROMISE(*(const double *) member >= option->min &&
					*(const double *) member <= option->max);
			break;
		case KIND_ENDPOINT:
		case KIND_PROXY:
		case KIND_SECRET:
			for (const char *p = value; *p != '\0'; p++)
				PROMISE(*p > ' ' && *p < 0x7f);
			break;
		case KIND_RESOURCE:
			PROMISE(target->resource != NULL);
			break;
		default:
			break;
	}
}
