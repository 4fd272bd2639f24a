/*
 * server_entry.c
 *	  Targets that run inside a server: a SQL function that never returns.
 *
 * SELECT qianfan_fuzz(target, arguments of libFuzzer) runs a target until it
 * ends, and the process with it.  Each input has memory of its own, and an
 * error it raises is caught here.
 *
 * test/fuzz/server_entry.c
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "fuzz.h"
#include "targets.h"

typedef int (*Callback) (const uint8_t *data, size_t size);

extern int	LLVMFuzzerRunDriver(int *argc, char ***argv, Callback callback);

static const FuzzTarget *const targets[] = {
	&fuzz_row_target, &fuzz_option_target,
};

static const FuzzTarget *target;
static MemoryContext input_context;

PG_FUNCTION_INFO_V1(qianfan_fuzz);

static int	run_input(const uint8_t *data, size_t size);

Datum
qianfan_fuzz(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	Datum	   *words;
	int			argc;
	char	  **argv;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT,
					  &words, NULL, &argc);
	argv = palloc0(sizeof(char *) * (argc + 2));
	argv[0] = name;
	for (int i = 0; i < argc; i++)
		argv[i + 1] = TextDatumGetCString(words[i]);
	argc++;

	for (int i = 0; i < lengthof(targets); i++)
	{
		if (strcmp(targets[i]->name, name) == 0)
			target = targets[i];
	}
	if (target == NULL)
		elog(ERROR, "no target \"%s\"", name);
	target->set_up();
	input_context = AllocSetContextCreate(CurrentMemoryContext, "fuzz input",
										  ALLOCSET_DEFAULT_SIZES);
	exit(LLVMFuzzerRunDriver(&argc, &argv, run_input));
}

static int
run_input(const uint8_t *data, size_t size)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(input_context);

	PG_TRY();
	{
		target->run(data, size);
	}
	PG_CATCH();
	{
		int			sqlstate = geterrcode();

		/* An elog() that bytes can bring about is a bug. */
		PROMISE(sqlstate != ERRCODE_INTERNAL_ERROR);
		FlushErrorState();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(input_context);
	return 0;
}

void
fuzz_broken(const char *promise, const char *file, int line)
{
	fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, promise);
	abort();
}

char *
fuzz_text(const uint8_t *data, size_t size)
{
	char	   *text = palloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}
